from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Lead", [("lead_id", models.BigAutoField(primary_key=True)), ("email", models.TextField())], options={"db_table": "leads"}),
        migrations.CreateModel(
            "Event",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("lead", models.ForeignKey("Lead", models.CASCADE)),
                ("type", models.TextField()),
                ("occurred_at", models.DateTimeField()),
                ("properties", models.JSONField()),
            ],
            options={"db_table": "events"},
        ),
    ]

-- Working time, in which service levels may count. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.calendar (
    weekday text,
    opens   time,
    closes  time NOT NULL,
    CONSTRAINT calendar_pkey PRIMARY KEY (weekday, opens),
    CONSTRAINT calendar_weekday CHECK (weekday = ANY (lead_scoring_internal.weekdays())),
    CONSTRAINT calendar_closes CHECK (opens < closes)
);

CREATE TABLE lead_scoring_internal.holidays (
    day date,
    CONSTRAINT holidays_pkey PRIMARY KEY (day),
    CONSTRAINT holidays_day CHECK (day BETWEEN '1900-01-01' AND '2299-12-31')
);

DO $checked$
DECLARE
    checked text;
BEGIN
    FOREACH checked IN ARRAY '{calendar,holidays}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner()', checked || '_checked', checked);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed()', checked || '_valid', checked);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.draft_begins()', checked || '_begins', checked);
    END LOOP;
END
$checked$;
SELECT lead_scoring_internal.describe('lead_scoring_internal.calendar',
    'Draft: the hours of the week that are working time, by the clocks of the model''s time zone; a row for each stretch. See set_calendar.',
    '{"weekday": "monday to sunday.",
      "opens": "When working time begins on that day.",
      "closes": "When it ends: later than opens, 24:00 at the latest."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.holidays',
    'Draft: days without working time, whatever the calendar says of their weekday. See add_holidays.',
    '{"day": "The day, from midnight to midnight in the model''s time zone."}');

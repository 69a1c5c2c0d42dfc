-- What reports read. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.report_settings (
    spend_table    text,
    spend_campaign text,
    spend_date     text,
    spend_amount   text,
    spend_channel  text,
    revenue_table  text,
    revenue_lead   text,
    revenue_date   text,
    revenue_amount text,
    lead_created   text,
    event_channel  text,
    event_asset    text,
    look_back      interval,
    half_life      interval,
    mql_stage      text,
    sql_stage      text,
    customer_stage text,
    qualified_low  double precision NOT NULL DEFAULT 0.02,
    qualified_high double precision NOT NULL DEFAULT 0.05,
    dimensions     jsonb NOT NULL DEFAULT '{}',
    week_starts    text NOT NULL DEFAULT 'monday',
    max_touches    integer,
    only_row       boolean NOT NULL DEFAULT true,
    CONSTRAINT report_settings_pkey PRIMARY KEY (only_row),
    CONSTRAINT report_settings_only_row CHECK (only_row),
    CONSTRAINT report_settings_spend CHECK (num_nulls(spend_table, spend_campaign, spend_date, spend_amount) IN (0, 4)
        AND (spend_channel IS NULL OR spend_table IS NOT NULL)),
    CONSTRAINT report_settings_revenue CHECK (num_nulls(revenue_table, revenue_lead, revenue_date, revenue_amount) IN (0, 4)),
    CONSTRAINT report_settings_look_back CHECK (lead_scoring_internal.is_span(look_back)),
    CONSTRAINT report_settings_half_life CHECK (lead_scoring_internal.is_span(half_life)),
    CONSTRAINT report_settings_band CHECK (qualified_low >= 0 AND qualified_low <= qualified_high AND qualified_high <= 1),
    CONSTRAINT report_settings_dimensions CHECK (lead_scoring_internal.are_dimensions(dimensions)),
    CONSTRAINT report_settings_week_starts CHECK (week_starts = ANY (lead_scoring_internal.weekdays())),
    CONSTRAINT report_settings_max_touches CHECK (max_touches BETWEEN 0 AND 1000)
);
CREATE TRIGGER report_settings_valid BEFORE INSERT OR UPDATE ON lead_scoring_internal.report_settings FOR EACH ROW
    EXECUTE FUNCTION lead_scoring_internal.check_report_settings_as_owner();
CREATE TRIGGER report_settings_begins BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.report_settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.draft_begins();
-- After the statement: INSERT ... ON CONFLICT DO UPDATE is an UPDATE to the triggers of statements, and has made the row by then.
CREATE TRIGGER report_settings_updated AFTER UPDATE ON lead_scoring_internal.report_settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.report_settings_updated();
SELECT lead_scoring_internal.describe('lead_scoring_internal.report_settings',
    'What the report views read besides the model''s own tables, in one row at most; effective at once. Without a row all is default.',
    '{"spend_table": "Table or view of what was spent, with its schema and quoted where needed; see set_spend.",
      "spend_campaign": "Its column that names the campaign.",
      "spend_date": "Its column with the day: a date, timestamp or timestamptz.",
      "spend_amount": "Its column with the amount, a number.",
      "spend_channel": "Its column that names the channel; NULL: the view channels shows no spend.",
      "revenue_table": "Table or view of what leads brought in, with its schema and quoted where needed; see set_revenue.",
      "revenue_lead": "Its column with the lead''s key.",
      "revenue_date": "Its column with the day: a date, timestamp or timestamptz.",
      "revenue_amount": "Its column with the amount, a number.",
      "lead_created": "Column of the leads table that says when a lead came: a date, timestamp or timestamptz; NULL: the settings.lead_created of the newest version, or its first event.",
      "event_channel": "Channel of a touch: a column or an SQL expression over the row of the event; NULL: the campaign.",
      "event_asset": "Asset of a touch, such as a whitepaper: a column or an SQL expression over the row of the event; NULL: the view lead_magnets is empty.",
      "look_back": "Touches that are older than this at the conversion are not credited; NULL: all are.",
      "half_life": "Attribution time_decay: after this a touch counts half; NULL: 7 days.",
      "mql_stage": "Stage that reports take for MQL; NULL: the one that counts as mql; by place where none counts as anything.",
      "sql_stage": "Stage that reports take for SQL; NULL: the one that counts as sql; by place where none counts as anything.",
      "customer_stage": "Stage that reports take for customer; NULL: the one that counts as customer; by place where none counts as anything.",
      "qualified_low": "Lower end of the band of the view qualified_rate.",
      "qualified_high": "Upper end of the band of the view qualified_rate.",
      "dimensions": "What reports can be split by: an object of names and SQL expressions over the row of a lead. Readers of a report may name these; campaign and channel are there without.",
      "week_starts": "Day that weeks of reports begin on: monday to sunday.",
      "max_touches": "How many touches the row of a lead in scores keeps, with the time of its first event, its campaign and its first match of each rule, so that reports need not read the events, which writes then pay for; of leads with more touches they do. 0: nothing is kept. NULL: 64 where event_channel or event_asset is set, else nothing. From the next publish on.",
      "only_row": "Always true: the key that keeps the table at one row."}');

GRANT SELECT ON ALL TABLES IN SCHEMA lead_scoring_internal TO PUBLIC;  -- for CREATE TABLE ... LIKE

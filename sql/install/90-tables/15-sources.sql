-- Further tables of events. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.sources (
    name           text,
    events         text NOT NULL,
    event_lead     text NOT NULL,
    event_type     text,
    every_event    text,
    event_time     text NOT NULL,
    event_campaign text,
    event_channel  text,
    event_asset    text,
    time_zone      text,
    event_id       text,
    event_anonymous text,
    CONSTRAINT sources_pkey PRIMARY KEY (name),
    CONSTRAINT sources_name CHECK (octet_length(name) >= 1 AND octet_length(name) <= 63 AND name <> 'events'),
    CONSTRAINT sources_type CHECK (num_nonnulls(event_type, every_event) = 1)
);
CREATE TRIGGER sources_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.sources FOR EACH ROW
    EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
CREATE TRIGGER sources_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.sources FOR EACH ROW
    EXECUTE FUNCTION lead_scoring_internal.draft_changed();
CREATE TRIGGER sources_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.sources FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.binding_changed();
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.sources ENABLE ALWAYS TRIGGER sources_changed;
SELECT lead_scoring_internal.describe('lead_scoring_internal.sources',
    'The model''s tables of events besides that of settings, which is the source "events"; rows come and go by add_source and drop_source. Effective at once, but for the time zone, the event_id and for what names touches, which are part of the draft, and a version looks at the sources that were there when it was published.',
    '{"name": "Name of the source.",
      "events": "Table of its events, with its schema and quoted where needed.",
      "event_lead": "Column that names the lead.",
      "event_type": "Column that holds the type of the event; NULL where all are of one type.",
      "every_event": "Type of all its events; NULL where a column says it.",
      "event_time": "Column that holds when it happened: a timestamptz, timestamp or date.",
      "event_campaign": "Column that names the campaign; NULL for none.",
      "event_channel": "Channel of a touch: a column or an SQL expression over the row of the event; NULL: the campaign.",
      "event_asset": "Asset of a touch: a column or an SQL expression over the row of the event; NULL for none.",
      "time_zone": "Time zone of times that have none; NULL: that of the model.",
      "event_id": "Column that holds an event''s id, which counts once for a lead; NULL: all rows count.",
      "event_anonymous": "Column that names the anonymous visitor of an event without a lead; NULL for none."}');

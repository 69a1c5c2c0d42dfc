-- The tables of a model, as they are to be: create_model copies them into the model's schema, models() tells in what the
-- model's own differ from them, and repair() gives those back what they lack. They stay empty.
--
-- No foreign key points at or from the state of leads: a key share lock an event would cost more than the event.

CREATE DOMAIN lead_scoring_internal.lead_key AS text;
COMMENT ON DOMAIN lead_scoring_internal.lead_key IS 'Stands for the type of the leads'' key, which differs from model to model.';

-- By its later formats: a model that is older works without.
CREATE VIEW lead_scoring_internal.later_parts AS
SELECT l.relation, l.name, l.format FROM (VALUES ('sources', NULL, 2), ('rules', 'source', 2), ('rules', 'enabled', 2), ('rules', 'comment', 2), ('rules', 'at_least', 2), ('rules', 'within', 2), ('rules', 'distinct_key', 2), ('rules', 'keep', 2), ('rules', 'quiet_for', 2), ('rule_groups', 'comment', 2), ('stages', 'comment', 2), ('stages', 'on_event_source', 2), ('settings', 'event_id', 2), ('settings', 'lead_created', 2), ('settings', 'lead_condition', 2),
    ('settings', 'event_anonymous', 2), ('settings', 'identities', 2), ('settings', 'identity_anonymous', 2), ('settings', 'identity_lead', 2), ('scores', 'stage_barred', 2), ('transitions', 'undone_at', 2), ('transitions', 'undone_by', 2),
    ('transitions', 'undo_reason', 2), ('transitions', 'superseded', 2), ('adjustments', 'resets', 2), ('settings', 'lead_account', 2), ('scores', 'account', 2), ('account_rules', NULL, 2), ('account_states', NULL, 2), ('merged', 'at', 2), ('calendar', NULL, 2), ('holidays', NULL, 2), ('stages', 'working_time', 2),
    ('settings', 'handoff_notify', 2), ('settings', 'handoff_outbox', 2), ('stages', 'hand_off', 2), ('stages', 'accepted_stage', 2), ('stages', 'rejected_stage', 2), ('stages', 'max_attempts', 2), ('stages', 'hand_off_max_age', 2),
    ('handoffs', NULL, 2), ('outbox', NULL, 2), ('entries', NULL, 2), ('lead_types', NULL, 2), ('transitions', 'entry', 2), ('transitions', 'lead_type', 2)) l (relation, name, format);
COMMENT ON VIEW lead_scoring_internal.later_parts IS 'Tables (name is NULL) and columns that a model''s tables did not have in format 1, with the format that brought each.';
GRANT SELECT ON lead_scoring_internal.later_parts TO PUBLIC;

CREATE TABLE lead_scoring_internal.settings (
    leads            text NOT NULL,
    events           text NOT NULL,
    lead_key         text NOT NULL,
    event_lead       text NOT NULL,
    event_type       text NOT NULL,
    event_time       text NOT NULL,
    event_campaign   text,
    status_columns   jsonb NOT NULL,
    trigger_path     text,
    paused           boolean NOT NULL DEFAULT false,
    time_zone        text NOT NULL,
    min_score        numeric,
    max_score        numeric,
    future_tolerance interval NOT NULL DEFAULT '5 minutes',
    only_row         boolean NOT NULL DEFAULT true,
    format           integer NOT NULL DEFAULT 1,
    event_id         text,
    lead_created     text,
    lead_condition   text,
    event_anonymous  text,
    identities       text,
    identity_anonymous text,
    identity_lead    text,
    lead_account     text,
    handoff_notify   boolean NOT NULL DEFAULT false,
    handoff_outbox   boolean NOT NULL DEFAULT false,
    CONSTRAINT settings_pkey PRIMARY KEY (only_row),
    CONSTRAINT settings_only_row CHECK (only_row),
    CONSTRAINT settings_identities CHECK (num_nulls(identities, identity_anonymous, identity_lead) IN (0, 3)),
    CONSTRAINT settings_score_bounds CHECK (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(max_score)),
    CONSTRAINT settings_score_range CHECK (min_score <= max_score),
    CONSTRAINT settings_future_tolerance CHECK (future_tolerance = '0' OR lead_scoring_internal.is_span(future_tolerance))
);
CREATE TRIGGER settings_keep_row BEFORE DELETE ON lead_scoring_internal.settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.refuse_change('Without its row the model would silently stop scoring.',
        'Use lead_scoring.drop_model to end a model. TRUNCATE empties the table for a data-only restore.');
CREATE TRIGGER settings_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.binding_changed();
-- What else there is, its constraints check.
DO $valid$
BEGIN
    EXECUTE (SELECT format('CREATE OR REPLACE TRIGGER settings_valid AFTER INSERT OR UPDATE OF %s ON lead_scoring_internal.settings
                            FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed()', string_agg(quote_ident(f.field), ', ' ORDER BY f.place))
               FROM lead_scoring_internal.draft_fields f WHERE f.entity = 'settings' AND (f.is_owners OR f.kind = 'time zone'));
END
$valid$;
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.settings ENABLE ALWAYS TRIGGER settings_changed;
SELECT lead_scoring_internal.describe('lead_scoring_internal.settings',
    'What the model is bound to, in one row: effective at once, but for what is part of the draft: time zone, score range, future tolerance, event_id, and what leads are dated, left out and put into accounts by. Without a row nothing is scored.',
    '{"leads": "Table of leads, with its schema and quoted where needed.",
      "events": "Table of events, with its schema and quoted where needed.",
      "lead_key": "Unique column of the leads table by which a lead is known.",
      "event_lead": "Column of the events table that names the lead.",
      "event_type": "Column of the events table that holds the type of the event.",
      "event_time": "Column of the events table that holds when it happened.",
      "event_campaign": "Column of the events table that names the campaign; NULL for none.",
      "status_columns": "What is written into which column of the leads table: an object of stage, score, grade or <stage>_at and column name.",
      "trigger_path": "The search_path that triggers, checks and defaults of the leads and events tables find while the model writes there; NULL: pg_catalog, then the schema of leads, then pg_temp.",
      "paused": "While true, nothing is scored. Set by pause() and resume(); changed by hand, what was stored meanwhile stays uncounted until repair().",
      "time_zone": "Draft: where the hours, days, weeks and months of limits begin.",
      "min_score": "Draft: no score is below this, in points; NULL for no floor.",
      "max_score": "Draft: no score is above this, in points; NULL for no ceiling.",
      "future_tolerance": "Draft: an event up to this far ahead of the clock counts at once; later ones wait.",
      "only_row": "Always true: the key that keeps the table at one row.",
      "format": "The layout of the model''s tables: upgrade_model() raises it.",
      "event_id": "Draft: column of the events table that holds an event''s id, which counts once for a lead; NULL: all rows count.",
      "lead_created": "Draft: column of the leads table that says when a lead came: a date, timestamp or timestamptz, the first two at the model''s time zone; NULL: its first event does.",
      "lead_condition": "Draft: condition over the row of a lead. Where it does not hold, the lead is scored, but is left out of reports and of the view leads and enters no stage. NULL: all leads count.",
      "event_anonymous": "Column of the events table that names the anonymous visitor of an event without a lead; NULL for none.",
      "identities": "Table that says which anonymous visitor is which lead, with its schema and quoted where needed; NULL for none. Set by set_identities().",
      "identity_anonymous": "Its column that names the visitor.",
      "identity_lead": "Its column that names the lead.",
      "lead_account": "Draft: the account that a lead belongs to: a column of the leads table, or an SQL expression over the row of a lead; by NULL or an empty text it belongs to none. NULL: there are no accounts.",
      "handoff_notify": "Whether hand-offs wake up who waits: NOTIFY lead_scoring_handoffs, with the model''s name.",
      "handoff_outbox": "Whether hand-offs and decisions are written into the table outbox too."}');

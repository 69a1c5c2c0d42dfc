-- It is empty. Models keep the order of columns that theirs were made with.
DROP TABLE lead_scoring_internal.scores;
CREATE TABLE lead_scoring_internal.scores (
    lead_id     lead_scoring_internal.lead_key,
    version     bigint,
    stage_since timestamptz,
    due_at      timestamptz,
    fit         double precision,
    stage_seq   integer,
    stage_armed boolean,
    counted     boolean,
    scored_at   timestamptz,
    score       double precision,
    engagement  double precision,
    stage       text,
    grade       text,
    stage_barred text,
    account     text,
    card        lead_scoring.scorecard,
    memory      bytea,
    CONSTRAINT scores_pkey PRIMARY KEY (lead_id)
) USING heap WITH (fillfactor = 64);
CREATE INDEX scores_stage_idx ON lead_scoring_internal.scores (stage);
CREATE INDEX scores_due_at_idx ON lead_scoring_internal.scores (due_at) WHERE due_at IS NOT NULL;
ALTER TABLE lead_scoring_internal.report_settings DROP CONSTRAINT report_settings_max_touches,
    ADD CONSTRAINT report_settings_max_touches CHECK (max_touches BETWEEN 0 AND 1000);

-- Reports read all events of a model through event_log().
DROP FUNCTION lead_scoring_internal.touch_expression(model text, settings jsonb, setting text);
DROP FUNCTION lead_scoring_internal.own_log(model text, remembering bigint);
DROP FUNCTION lead_scoring_internal.named_types(model text);

-- A model may have several tables of events.
DROP FUNCTION lead_scoring.add_rule(model text, name text, event_type text, points numeric, condition text, per text, rule_group text, decay text, half_life interval, lifespan interval, "drop" double precision, step interval, min_points numeric, max_points numeric, limit_count integer, limit_window text, limit_key text, max_occurrences integer);
DROP FUNCTION lead_scoring_internal.add_rule(model text, name text, event_type text, points numeric, condition text, per text, rule_group text, decay text, half_life interval, lifespan interval, "drop" double precision, step interval, min_points numeric, max_points numeric, limit_count integer, limit_window text, limit_key text, max_occurrences integer);
DROP FUNCTION lead_scoring.add_stage(model text, name text, min_score numeric, on_event text, on_event_condition text, requires jsonb, grades text[], min_engagement numeric, min_fit numeric, falls_below numeric, within interval, timeout_stage text, cooldown interval, rank integer, kind text, exit text, counts_as text);
DROP FUNCTION lead_scoring_internal.add_stage(model text, name text, min_score numeric, on_event text, on_event_condition text, requires jsonb, grades text[], min_engagement numeric, min_fit numeric, falls_below numeric, within interval, timeout_stage text, cooldown interval, rank integer, kind text, exit text, counts_as text);
DROP FUNCTION lead_scoring_internal.expected_triggers(model text, leads regclass, events regclass);
DROP FUNCTION lead_scoring_internal.add_triggers(model text, leads regclass, events regclass);
DROP FUNCTION lead_scoring_internal.rebind_statement(model text, leads text, events text);
DROP FUNCTION lead_scoring_internal.lock_tables(model text);
ALTER TABLE lead_scoring_internal.rules ADD COLUMN source text;
ALTER TABLE lead_scoring_internal.rules ADD CONSTRAINT rules_source CHECK (source IS NULL OR event_type IS NOT NULL);
ALTER TABLE lead_scoring_internal.stages ADD COLUMN on_event_source text;
ALTER TABLE lead_scoring_internal.stages ADD CONSTRAINT stages_on_event_source CHECK (on_event_source IS NULL OR on_event IS NOT NULL);

-- Of events that were delivered twice one counts.
DROP FUNCTION lead_scoring.create_model(name text, leads regclass, events regclass, lead_key text, event_lead text, event_type text, event_time text, event_campaign text, time_zone text, status_columns jsonb, min_score numeric, max_score numeric, require_index boolean);
DROP FUNCTION lead_scoring_internal.create_model(name text, leads regclass, events regclass, lead_key text, event_lead text, event_type text, event_time text, event_campaign text, time_zone text, status_columns jsonb, min_score numeric, max_score numeric, require_index boolean);
ALTER TABLE lead_scoring_internal.settings ADD COLUMN event_id text, ADD COLUMN lead_created text, ADD COLUMN lead_condition text;

-- Events of anonymous visitors become those of leads.
ALTER TABLE lead_scoring_internal.settings ADD COLUMN event_anonymous text, ADD COLUMN identities text, ADD COLUMN identity_anonymous text, ADD COLUMN identity_lead text,
    ADD CONSTRAINT settings_identities CHECK (num_nulls(identities, identity_anonymous, identity_lead) IN (0, 3));
ALTER TABLE lead_scoring_internal.transitions DROP CONSTRAINT transitions_cause,
    ADD CONSTRAINT transitions_cause CHECK (cause IN ('event', 'attribute', 'time', 'manual', 'publish', 'identity'));

-- Moves can be taken back, and the engagement of a lead be reset.
ALTER TABLE lead_scoring_internal.transitions ADD COLUMN undone_at timestamptz, ADD COLUMN undone_by text, ADD COLUMN undo_reason text,
    ADD COLUMN superseded boolean NOT NULL DEFAULT false;
ALTER TABLE lead_scoring_internal.adjustments ADD COLUMN resets boolean NOT NULL DEFAULT false;
DROP FUNCTION lead_scoring_internal.move_rows(model text);
-- Rules can wait, and what is named can be told of in words.
ALTER TABLE lead_scoring_internal.rule_groups ADD COLUMN comment text;
ALTER TABLE lead_scoring_internal.rules ADD COLUMN enabled boolean NOT NULL DEFAULT true, ADD COLUMN comment text;
ALTER TABLE lead_scoring_internal.stages ADD COLUMN comment text;
DROP FUNCTION lead_scoring_internal.follow_names(model text, before jsonb, now jsonb);
-- Leads belong to accounts.
ALTER TABLE lead_scoring_internal.settings ADD COLUMN lead_account text;
-- Rules of frequency and silence.
ALTER TABLE lead_scoring_internal.rules ADD COLUMN at_least integer, ADD COLUMN within interval, ADD COLUMN distinct_key text, ADD COLUMN keep boolean NOT NULL DEFAULT false,
    ADD COLUMN quiet_for interval,
    ADD CONSTRAINT rules_at_least CHECK (at_least BETWEEN 1 AND 1000),
    ADD CONSTRAINT rules_frequency CHECK ((at_least IS NULL) = (within IS NULL) AND (at_least IS NOT NULL OR (distinct_key IS NULL AND NOT keep))),
    ADD CONSTRAINT rules_within_span CHECK (lead_scoring_internal.is_span(within)),
    ADD CONSTRAINT rules_quiet_for_span CHECK (lead_scoring_internal.is_span(quiet_for)),
    ADD CONSTRAINT rules_switched CHECK (num_nonnulls(at_least, quiet_for) = 0 OR (num_nonnulls(at_least, quiet_for) = 1 AND event_type IS NOT NULL
        AND per IS NULL AND decay = 'none' AND min_points IS NULL AND max_points IS NULL AND limit_count IS NULL));
-- Service levels may count in working time.
ALTER TABLE lead_scoring_internal.stages ADD COLUMN working_time boolean NOT NULL DEFAULT false;
ALTER TABLE lead_scoring_internal.stages ADD CONSTRAINT stages_working_time CHECK (NOT working_time OR within IS NOT NULL AND lead_scoring_internal.is_working_span(within));
-- What comes for a lead after it was merged is the other's.
ALTER TABLE lead_scoring_internal.merged ADD COLUMN at timestamptz;

-- Moves are handed over.
ALTER TABLE lead_scoring_internal.settings ADD COLUMN handoff_notify boolean NOT NULL DEFAULT false, ADD COLUMN handoff_outbox boolean NOT NULL DEFAULT false;
ALTER TABLE lead_scoring_internal.stages ADD COLUMN hand_off boolean NOT NULL DEFAULT false, ADD COLUMN accepted_stage text, ADD COLUMN rejected_stage text, ADD COLUMN max_attempts integer, ADD COLUMN hand_off_max_age interval,
    ADD CONSTRAINT stages_hand_off CHECK (hand_off OR num_nonnulls(accepted_stage, rejected_stage, max_attempts, hand_off_max_age) = 0),
    ADD CONSTRAINT stages_decided CHECK ((accepted_stage <> name) IS NOT FALSE AND (rejected_stage <> name) IS NOT FALSE),
    ADD CONSTRAINT stages_max_attempts CHECK (max_attempts BETWEEN 1 AND 1000),
    ADD CONSTRAINT stages_hand_off_max_age_span CHECK (lead_scoring_internal.is_span(hand_off_max_age));
-- Stages have further entries, and leads are of types.
ALTER TABLE lead_scoring_internal.transitions ADD COLUMN entry text, ADD COLUMN lead_type text;

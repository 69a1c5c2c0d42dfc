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

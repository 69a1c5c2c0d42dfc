-- Versions, and the state of leads. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.versions (
    version      bigint,
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    note         text,
    definition   jsonb NOT NULL,
    CONSTRAINT versions_pkey PRIMARY KEY (version),
    CONSTRAINT versions_positive CHECK (version > 0)
);
CREATE TRIGGER versions_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.versions FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.refuse_change('Scores and transitions refer to what was published.',
        'Change the draft, then call lead_scoring.publish to make a new version.');
CREATE TRIGGER versions_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.versions FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.binding_changed();
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.versions ENABLE ALWAYS TRIGGER versions_changed;
SELECT lead_scoring_internal.describe('lead_scoring_internal.versions',
    'What was published. The triggers use the newest version; none is ever changed.',
    '{"version": "Number of the version, from 1.",
      "published_at": "When it was published.",
      "published_by": "Role that published it.",
      "note": "What it was published for.",
      "definition": "Rules, groups, bands and stages as published: expressions as the server deparses them, intervals in seconds, points as numbers."}');

-- First what most events leave as it is, last what grows from the front: an update repeats in the log what lies between the first
-- byte that it changes and the last.
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

CREATE TABLE lead_scoring_internal.transitions (
    lead_id     lead_scoring_internal.lead_key,
    seq         integer,
    from_stage  text,
    to_stage    text NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    score       double precision,
    engagement  double precision,
    fit         double precision,
    grade       text,
    version     bigint,
    cause       text NOT NULL,
    rule        text,
    actor       text,
    reason      text,
    merged_from text,
    undone_at   timestamptz,
    undone_by   text,
    undo_reason text,
    superseded  boolean NOT NULL DEFAULT false,
    entry       text,
    lead_type   text,
    CONSTRAINT transitions_pkey PRIMARY KEY (lead_id, seq),
    CONSTRAINT transitions_cause CHECK (cause IN ('event', 'attribute', 'time', 'manual', 'publish', 'identity'))
);
CREATE INDEX transitions_merged_from_idx ON lead_scoring_internal.transitions (merged_from) WHERE merged_from IS NOT NULL;
CREATE INDEX transitions_undone_at_idx ON lead_scoring_internal.transitions (undone_at) WHERE undone_at IS NOT NULL;

CREATE TABLE lead_scoring_internal.merged (
    merged_from lead_scoring_internal.lead_key,
    lead_id     lead_scoring_internal.lead_key NOT NULL,
    at          timestamptz,
    CONSTRAINT merged_pkey PRIMARY KEY (merged_from)
);
CREATE INDEX merged_lead_id_idx ON lead_scoring_internal.merged (lead_id);

CREATE TABLE lead_scoring_internal.forgotten (
    campaign text,
    came     date,
    entered  jsonb NOT NULL,
    leads    bigint NOT NULL,
    CONSTRAINT forgotten_campaign_came_entered_key UNIQUE NULLS NOT DISTINCT (campaign, came, entered)
);

CREATE TABLE lead_scoring_internal.adjustments (
    lead_id       lead_scoring_internal.lead_key,
    id            uuid DEFAULT gen_random_uuid(),
    points        numeric NOT NULL,
    reason        text,
    author        text NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at    timestamptz,
    cancelled_at  timestamptz,
    cancelled_by  text,
    cancel_reason text,
    resets        boolean NOT NULL DEFAULT false,
    CONSTRAINT adjustments_pkey PRIMARY KEY (lead_id, id),
    CONSTRAINT adjustments_points CHECK (points BETWEEN -1e9 AND 1e9),
    CONSTRAINT adjustments_expires_at CHECK (isfinite(expires_at))
);
CREATE INDEX adjustments_id_idx ON lead_scoring_internal.adjustments (id);

CREATE TABLE lead_scoring_internal.account_states (
    account text,
    rule    text NOT NULL,
    mqa_at  timestamptz NOT NULL,
    CONSTRAINT account_states_pkey PRIMARY KEY (account)
);

CREATE TABLE lead_scoring_internal.handoffs (
    lead_id      lead_scoring_internal.lead_key,
    seq          integer,
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    is_first     boolean NOT NULL,
    ready_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    claimed_by   text,
    claimed_at   timestamptz,
    lease_token  uuid,
    done_at      timestamptz,
    ended        text,
    owner        text,
    why          text,
    outcome      text,
    reason       text,
    decided_at   timestamptz,
    decided_by   text,
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT handoffs_pkey PRIMARY KEY (lead_id, seq),
    CONSTRAINT handoffs_ended CHECK ((ended IS NULL) = (done_at IS NULL) AND ended IN ('acknowledged', 'parked', 'withdrawn')),
    CONSTRAINT handoffs_is_first CHECK (NOT is_first OR done_at IS NULL),
    CONSTRAINT handoffs_outcome CHECK (outcome IN ('accepted', 'rejected'))
);
CREATE INDEX handoffs_id_idx ON lead_scoring_internal.handoffs (id);
-- What is done is in none of these, so that nobody who claims comes across it.
CREATE INDEX handoffs_ready_at_idx ON lead_scoring_internal.handoffs (ready_at) WHERE is_first;
CREATE INDEX handoffs_owner_ready_at_idx ON lead_scoring_internal.handoffs (owner, ready_at) WHERE is_first AND owner IS NOT NULL;
CREATE INDEX handoffs_last_attempt_idx ON lead_scoring_internal.handoffs (ready_at) WHERE is_first AND attempts >= max_attempts;
CREATE INDEX handoffs_waiting_idx ON lead_scoring_internal.handoffs (lead_id, seq) WHERE done_at IS NULL AND NOT is_first;
CREATE INDEX handoffs_done_at_idx ON lead_scoring_internal.handoffs (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE lead_scoring_internal.outbox (
    id            uuid DEFAULT gen_random_uuid(),
    aggregatetype text NOT NULL,
    aggregateid   text NOT NULL,
    type          text NOT NULL,
    payload       jsonb NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
);

CREATE TABLE lead_scoring_internal.problems (
    lead_id  lead_scoring_internal.lead_key,
    rule     text,
    message  text,
    count    bigint,
    first_at timestamptz,
    last_at  timestamptz,
    CONSTRAINT problems_pkey PRIMARY KEY (lead_id, rule)
);
SELECT lead_scoring_internal.describe('lead_scoring_internal.scores',
    'One row a lead that either table ever named: where it stands since the last event that mattered. Written by the triggers only; the view "leads" has the scores as of now.',
    '{"lead_id": "Key of the lead.",
      "scored_at": "The lead''s clock: the instant the stored numbers are true for.",
      "due_at": "Time alone changes nothing before this; NULL for never.",
      "stage_since": "When the lead entered its stage.",
      "score": "Score as of scored_at, in points, with adjustments.",
      "engagement": "Points for behaviour as of scored_at.",
      "fit": "Points for attributes.",
      "version": "Published version the row was computed under.",
      "stage_seq": "Number of the lead''s latest transition.",
      "stage_armed": "Whether the score has been at or above falls_below during this stay.",
      "stage_barred": "Stages that the lead enters again by hand only, by a later event, or once their conditions have ceased to hold, since undo_move took back its moves: for each its id, @ and the instant in microseconds since 2000, with ! while the conditions have held ever since, and t where service levels that were over then stay so. NULL where no move of the lead was ever taken back.",
      "counted": "Whether the leads table has a row of that key, for which settings.lead_condition holds and which was not merged into another: the view \"leads\" shows these, and reports count them.",
      "account": "Account that the lead belongs to, by settings.lead_account as the row was computed; NULL for none. Of a long name the first 500 bytes.",
      "stage": "Stage of the lead.",
      "grade": "Letter of fit and number of engagement by the model''s bands; NULL without bands.",
      "card": "The whole scoring state, from which all numbers follow.",
      "memory": "What reports ask of the lead''s events: the time of the first one, its campaign, the first match of each rule, its touches."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.transitions',
    'Every move of every lead between stages, in order: append-only, but for merge_leads, forget_lead, and the marks that undo_move and replay set.',
    '{"lead_id": "Key of the lead.",
      "seq": "Number of the move within the lead, from 1 without gaps.",
      "from_stage": "Stage left.",
      "to_stage": "Stage entered.",
      "at": "The instant the move belongs to.",
      "recorded_at": "When the row was written.",
      "score": "Score at that instant, in points.",
      "engagement": "Points for behaviour at that instant.",
      "fit": "Points for attributes at that instant.",
      "grade": "Grade at that instant.",
      "version": "Published version that decided.",
      "cause": "event, attribute, time, manual, publish or identity.",
      "rule": "Rule that gave the most points at that instant, where points of an event moved the lead; NULL otherwise.",
      "actor": "Role that moved it by hand.",
      "reason": "Why it was moved by hand.",
      "merged_from": "Lead and number the transition had before merge_leads, as in 42#3; NULL for the lead''s own.",
      "undone_at": "When it was taken back, by undo_move or replay; NULL while it stands.",
      "undone_by": "Role that took it back.",
      "undo_reason": "Why it was taken back.",
      "superseded": "Whether a replay took it back, which made the lead''s moves anew.",
      "entry": "Entry by which the lead came into the stage; NULL: by the stage''s own conditions or event, or otherwise.",
      "lead_type": "Type of the lead at that instant; NULL for none."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.merged',
    'Leads that merge_leads made part of another, by which what still comes for the old one, and reports that find it named, go to the other.',
    '{"merged_from": "Key of the lead that was merged.",
      "lead_id": "Key of the lead it is now; its own where that one was forgotten.",
      "at": "When it was merged; what comes for the old key after that is the other''s. NULL for who was merged before the model kept it: what comes for them is their own."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.forgotten',
    'Leads that forget_lead erased, as numbers without names: how many had the same campaign and the same months. The views funnel, campaigns, qualified_rate and, for MQLs, forecast go on counting them.',
    '{"campaign": "Their campaign; NULL for none.",
      "came": "First day of the month in which they came, in the model''s time zone; NULL where nothing dates it.",
      "entered": "Each stage they entered, with the first day of the month of the first entry.",
      "leads": "How many of the forgotten leads."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.adjustments',
    'Points given or taken by hand, kept beside the computed score: what adjust was called for, and cancel_adjustment.',
    '{"lead_id": "Key of the lead.",
      "id": "Identifies the adjustment.",
      "points": "Points added to the score; negative ones are taken away.",
      "reason": "Why.",
      "author": "Role that made it.",
      "made_at": "When it was made.",
      "expires_at": "From when on it counts no more; NULL for never.",
      "cancelled_at": "When it was taken back; NULL while it counts.",
      "cancelled_by": "Role that took it back.",
      "cancel_reason": "Why it was taken back.",
      "resets": "Whether it is a reset by reset_engagement: rules count the matches after made_at alone."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.problems',
    'Expressions of rules that raised an error on an event or a lead, and so counted as no match.',
    '{"lead_id": "Key of the lead.",
      "rule": "Name of the rule.",
      "message": "The latest error.",
      "count": "How often it was raised.",
      "first_at": "When it was first raised.",
      "last_at": "When it was last raised."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.account_states',
    'Accounts that met an account rule when refresh looked. What accounts are like now says the view "accounts".',
    '{"account": "Name of the account.",
      "rule": "Rule that it met.",
      "mqa_at": "When refresh first found so."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.handoffs',
    'Moves into stages with hand_off, to be delivered to sales: claimed, acknowledged and decided upon by the functions of these names. Those of a lead are delivered one after the other, in the order of its moves. What is done is removed after 90 days.',
    '{"lead_id": "Key of the lead.",
      "seq": "Number of the move within the lead.",
      "id": "Identifies the hand-off, however often it is delivered.",
      "is_first": "Whether it is the first one of the lead that is to be delivered: no other is given out.",
      "ready_at": "From when on it can be claimed; of one that is claimed, when the lease runs out.",
      "attempts": "How often it was claimed.",
      "max_attempts": "How often it is given out at the most.",
      "claimed_by": "Worker that has it, or had it last.",
      "claimed_at": "When it was claimed last.",
      "lease_token": "By which the worker that has it acknowledges it.",
      "done_at": "From when on there is nothing to be delivered; NULL while there is.",
      "ended": "Why: acknowledged, parked (given out as often as may be), or withdrawn (the move was taken back).",
      "owner": "Whose lead it was at the move: what report_settings.dimensions calls \"owner\"; NULL where nothing is called so.",
      "why": "What moved the lead, in a sentence, from its score at the move.",
      "outcome": "What sales decided: accepted or rejected; NULL while they have not.",
      "reason": "Why.",
      "decided_at": "When.",
      "decided_by": "Role that said so.",
      "made_at": "When the row was written."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.outbox',
    'Hand-offs and decisions for a change feed, as Debezium''s outbox event router reads them, where settings.handoff_outbox is true. Rows are only added; its owner removes them.',
    '{"id": "Identifies the event.",
      "aggregatetype": "Always lead.",
      "aggregateid": "Key of the lead.",
      "type": "handed_off, accepted or rejected.",
      "payload": "The hand-off: id, lead_id, stage, at, score, grade, rule, owner, why, outcome, reason."}');

DO $guards$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['scores', 'transitions', 'merged', 'forgotten', 'adjustments', 'handoffs', 'problems', 'account_states', 'versions'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.refuse_write(''lead_scoring_internal'')',
                       guarded || '_guard', CASE guarded WHEN 'versions' THEN 'INSERT' ELSE 'INSERT OR UPDATE OR DELETE OR TRUNCATE' END, guarded);
    END LOOP;
END
$guards$;

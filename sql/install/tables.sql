-- The tables of a model, as they are to be: create_model copies them into the model's schema, models() tells in what the
-- model's own differ from them, and repair() gives those back what they lack. They stay empty.
--
-- No foreign key points at or from the state of leads: a key share lock an event would cost more than the event.

SET LOCAL search_path = pg_catalog, pg_temp;

CREATE DOMAIN lead_scoring_internal.lead_key AS text;
COMMENT ON DOMAIN lead_scoring_internal.lead_key IS 'Stands for the type of the leads'' key, which differs from model to model.';

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
    CONSTRAINT settings_pkey PRIMARY KEY (only_row),
    CONSTRAINT settings_only_row CHECK (only_row),
    CONSTRAINT settings_score_bounds CHECK (lead_scoring.is_bound(min_score) AND lead_scoring.is_bound(max_score)),
    CONSTRAINT settings_score_range CHECK (min_score <= max_score),
    CONSTRAINT settings_future_tolerance CHECK (future_tolerance = '0' OR lead_scoring.is_span(future_tolerance))
);
CREATE TRIGGER settings_keep_row BEFORE DELETE ON lead_scoring_internal.settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring.refuse_change('Without its row the model would silently stop scoring.',
        'Use lead_scoring.drop_model to end a model. TRUNCATE empties the table for a data-only restore.');
CREATE TRIGGER settings_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring.binding_changed();
CREATE TRIGGER settings_valid
    AFTER INSERT OR UPDATE OF leads, events, lead_key, event_lead, event_type, event_time, event_campaign, status_columns, time_zone, trigger_path
    ON lead_scoring_internal.settings FOR EACH ROW EXECUTE FUNCTION lead_scoring.draft_changed();
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.settings ENABLE ALWAYS TRIGGER settings_changed;
SELECT lead_scoring.describe('lead_scoring_internal.settings',
    'What the model is bound to, in one row: effective at once, but for time zone, score range and future tolerance, which are part of the draft. Without a row nothing is scored.',
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
      "only_row": "Always true: the key that keeps the table at one row."}');

CREATE TABLE lead_scoring_internal.rule_groups (
    name       text,
    kind       text NOT NULL,
    min_points numeric,
    max_points numeric,
    CONSTRAINT rule_groups_pkey PRIMARY KEY (name),
    CONSTRAINT rule_groups_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT rule_groups_kind CHECK (kind IN ('engagement', 'fit')),
    CONSTRAINT rule_groups_bounds CHECK (lead_scoring.is_bound(min_points) AND lead_scoring.is_bound(max_points)),
    CONSTRAINT rule_groups_range CHECK (min_points <= max_points)
);

CREATE TABLE lead_scoring_internal.rules (
    name            text,
    rule_group      text NOT NULL,
    event_type      text,
    condition       text,
    points          numeric NOT NULL,
    per             text,
    decay           text NOT NULL DEFAULT 'none',
    half_life       interval,
    lifespan        interval,
    "drop"          double precision,
    step            interval,
    min_points      numeric,
    max_points      numeric,
    limit_count     integer,
    limit_window    text,
    limit_key       text,
    max_occurrences integer NOT NULL DEFAULT 1000,
    CONSTRAINT rules_pkey PRIMARY KEY (name),
    CONSTRAINT rules_rule_group FOREIGN KEY (rule_group) REFERENCES lead_scoring_internal.rule_groups (name) ON UPDATE CASCADE,
    CONSTRAINT rules_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT rules_fit CHECK (event_type IS NOT NULL OR (condition IS NOT NULL AND per IS NULL AND decay = 'none'
        AND min_points IS NULL AND max_points IS NULL AND limit_count IS NULL)),
    CONSTRAINT rules_points CHECK (points BETWEEN -1e9 AND 1e9),
    CONSTRAINT rules_decay CHECK (decay IN ('none', 'exponential', 'linear', 'step', 'window')),
    CONSTRAINT rules_half_life CHECK ((half_life IS NOT NULL) = (decay = 'exponential')),
    CONSTRAINT rules_half_life_span CHECK (lead_scoring.is_span(half_life)),
    CONSTRAINT rules_lifespan CHECK ((lifespan IS NOT NULL) = (decay IN ('linear', 'window'))),
    CONSTRAINT rules_lifespan_span CHECK (lead_scoring.is_span(lifespan)),
    CONSTRAINT rules_step CHECK ((step IS NOT NULL) = (decay = 'step') AND ("drop" IS NOT NULL) = (decay = 'step')),
    CONSTRAINT rules_step_span CHECK (lead_scoring.is_span(step)),
    CONSTRAINT rules_drop_share CHECK ("drop" > 0 AND "drop" <= 1),
    CONSTRAINT rules_bounds CHECK (lead_scoring.is_bound(min_points) AND lead_scoring.is_bound(max_points)),
    CONSTRAINT rules_range CHECK (min_points <= max_points),
    CONSTRAINT rules_limit CHECK ((limit_count IS NULL) = (limit_window IS NULL) AND (limit_key IS NULL OR limit_count IS NOT NULL)),
    CONSTRAINT rules_limit_count CHECK (limit_count > 0),
    CONSTRAINT rules_limit_window CHECK (limit_window IN ('hour', 'day', 'week', 'month', 'ever')),
    CONSTRAINT rules_max_occurrences CHECK (max_occurrences BETWEEN 1 AND 100000)
);

CREATE TABLE lead_scoring_internal.bands (
    axis       text,
    label      text,
    min_points numeric NOT NULL,
    CONSTRAINT bands_pkey PRIMARY KEY (axis, label),
    CONSTRAINT bands_axis_min_points_key UNIQUE (axis, min_points),
    CONSTRAINT bands_axis CHECK (axis IN ('fit', 'engagement')),
    CONSTRAINT bands_label CHECK (octet_length(label) BETWEEN 1 AND 63),
    CONSTRAINT bands_bounds CHECK (lead_scoring.is_bound(min_points))
);

CREATE TRIGGER rule_groups_valid AFTER UPDATE OF kind ON lead_scoring_internal.rule_groups
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.draft_changed();
CREATE TRIGGER rules_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.rules
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.draft_changed();
CREATE TRIGGER bands_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.bands
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.draft_changed();
SELECT lead_scoring.describe('lead_scoring_internal.rule_groups',
    'Draft: sets of rules whose points are added up and bounded together.',
    '{"name": "Name of the group.",
      "kind": "engagement for rules on events, fit for rules on the lead.",
      "min_points": "The group never gives less, in points; NULL for no floor.",
      "max_points": "The group never gives more, in points; NULL for no ceiling."}');
SELECT lead_scoring.describe('lead_scoring_internal.rules',
    'Draft: points for what leads do (an event_type) and for what they are (no event_type).',
    '{"name": "Name of the rule.",
      "rule_group": "Group whose floor and ceiling apply.",
      "event_type": "Type of the events that match; NULL for a rule on the lead.",
      "condition": "SQL boolean expression over the row of the event, or of the lead; NULL for every row.",
      "points": "Points of one match.",
      "per": "SQL numeric expression over the event by which the points are multiplied.",
      "decay": "none, exponential, linear, step or window.",
      "half_life": "Decay exponential: after this the points are worth half.",
      "lifespan": "Decay linear and window: after this the points are worth nothing.",
      "drop": "Decay step: share of the points lost with each step, above 0 and up to 1.",
      "step": "Decay step: length of a step.",
      "min_points": "The rule never gives less, in points; NULL for no floor.",
      "max_points": "The rule never gives more, in points; NULL for no ceiling.",
      "limit_count": "So many matches count within limit_window, the earliest ones.",
      "limit_window": "hour, day, week or month by the calendar of the model''s time zone, or ever.",
      "limit_key": "SQL expression over the event: the limit holds for each of its values by itself.",
      "max_occurrences": "So many live matches count at the most, the latest ones."}');
SELECT lead_scoring.describe('lead_scoring_internal.bands',
    'Draft: the bands that make a grade, a letter of fit followed by a number of engagement.',
    '{"axis": "fit or engagement.",
      "label": "What the band puts into the grade.",
      "min_points": "Points from which on the band applies."}');

CREATE TABLE lead_scoring_internal.stages (
    name               text,
    rank               integer NOT NULL,
    kind               text NOT NULL DEFAULT 'progress',
    min_score          numeric,
    min_engagement     numeric,
    min_fit            numeric,
    grades             text[],
    requires           jsonb,
    on_event           text,
    on_event_condition text,
    falls_below        numeric,
    within             interval,
    timeout_stage      text,
    cooldown           interval,
    exit               text,
    CONSTRAINT stages_pkey PRIMARY KEY (name),
    CONSTRAINT stages_name CHECK (octet_length(name) >= 1 AND octet_length(name) <= 60 AND name NOT IN ('scored', 'due', 'stage')),
    CONSTRAINT stages_kind CHECK (kind IN ('progress', 'detour')),
    CONSTRAINT stages_bounds CHECK (lead_scoring.is_bound(min_score) AND lead_scoring.is_bound(min_engagement)
        AND lead_scoring.is_bound(min_fit) AND lead_scoring.is_bound(falls_below)),
    CONSTRAINT stages_grades CHECK (cardinality(grades) > 0 AND array_position(grades, NULL) IS NULL),
    CONSTRAINT stages_requires CHECK (jsonb_typeof(requires) = 'object' AND requires <> '{}' AND NOT jsonb_path_exists(requires,
        'strict $.* ? (@.type() != "number" || @ < 1 || @ > 1000000000 || @.floor() != @)')),
    CONSTRAINT stages_thresholds CHECK (kind = 'progress'
        OR num_nonnulls(min_score, min_engagement, min_fit, grades, requires, falls_below) = 0),
    CONSTRAINT stages_on_event CHECK (on_event_condition IS NULL OR on_event IS NOT NULL),
    CONSTRAINT stages_falls_below CHECK (falls_below <= min_score),
    CONSTRAINT stages_within_span CHECK (lead_scoring.is_span(within)),
    CONSTRAINT stages_timeout CHECK ((within IS NULL) = (timeout_stage IS NULL) AND (timeout_stage <> name) IS NOT FALSE),
    CONSTRAINT stages_cooldown_span CHECK (lead_scoring.is_span(cooldown)),
    CONSTRAINT stages_exit CHECK (exit IS NULL OR kind = 'detour' AND exit IN ('score', 'hand'))
);
CREATE TRIGGER stages_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.stages
    FOR EACH ROW EXECUTE FUNCTION lead_scoring.draft_changed();
SELECT lead_scoring.describe('lead_scoring_internal.stages',
    'Draft: where a lead can stand. It enters the highest progress stage whose conditions all hold.',
    '{"name": "Name of the stage.",
      "rank": "Order of the stages, lowest first; each progress stage has a rank of its own.",
      "kind": "progress, entered upwards by rank, or detour, entered by event, time or hand only.",
      "min_score": "Least score, in points; NULL for any.",
      "min_engagement": "Least engagement, in points; NULL for any.",
      "min_fit": "Least fit, in points; NULL for any.",
      "grades": "Grades that qualify; NULL for any.",
      "requires": "Rules that must have matched, with how often at least: {\"webinar\": 1}.",
      "on_event": "Type of the events that move a lead here at once, whatever its score.",
      "on_event_condition": "SQL boolean expression over the row of such an event; NULL for all of them.",
      "falls_below": "The lead falls back when its score decays under this, in points; never above min_score.",
      "within": "A lead that has not moved on within this goes to timeout_stage.",
      "timeout_stage": "Stage for the leads that have not moved on in time.",
      "cooldown": "Least time after entering before the same lead enters again.",
      "exit": "How a detour is left: by score or by hand; NULL for by hand if it is called disqualified, else by score."}');

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
    EXECUTE FUNCTION lead_scoring.refuse_change('Scores and transitions refer to what was published.',
        'Change the draft, then call lead_scoring.publish to make a new version.');
CREATE TRIGGER versions_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.versions FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring.binding_changed();
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.versions ENABLE ALWAYS TRIGGER versions_changed;
SELECT lead_scoring.describe('lead_scoring_internal.versions',
    'What was published. The triggers use the newest version; none is ever changed.',
    '{"version": "Number of the version, from 1.",
      "published_at": "When it was published.",
      "published_by": "Role that published it.",
      "note": "What it was published for.",
      "definition": "Rules, groups, bands and stages as published: expressions as the server deparses them, intervals in seconds, points as numbers."}');

CREATE TABLE lead_scoring_internal.scores (
    lead_id     lead_scoring_internal.lead_key,
    scored_at   timestamptz,
    due_at      timestamptz,
    stage_since timestamptz,
    score       double precision,
    engagement  double precision,
    fit         double precision,
    version     bigint,
    stage_seq   integer,
    stage_armed boolean,
    counted     boolean,
    stage       text,
    grade       text,
    card        lead_scoring.scorecard,
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
    CONSTRAINT transitions_pkey PRIMARY KEY (lead_id, seq),
    CONSTRAINT transitions_cause CHECK (cause IN ('event', 'attribute', 'time', 'manual', 'publish'))
);
CREATE INDEX transitions_merged_from_idx ON lead_scoring_internal.transitions (merged_from) WHERE merged_from IS NOT NULL;

CREATE TABLE lead_scoring_internal.merged (
    merged_from lead_scoring_internal.lead_key,
    lead_id     lead_scoring_internal.lead_key NOT NULL,
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
    CONSTRAINT adjustments_pkey PRIMARY KEY (lead_id, id),
    CONSTRAINT adjustments_points CHECK (points BETWEEN -1e9 AND 1e9),
    CONSTRAINT adjustments_expires_at CHECK (isfinite(expires_at))
);
CREATE INDEX adjustments_id_idx ON lead_scoring_internal.adjustments (id);

CREATE TABLE lead_scoring_internal.problems (
    lead_id  lead_scoring_internal.lead_key,
    rule     text,
    message  text,
    count    bigint,
    first_at timestamptz,
    last_at  timestamptz,
    CONSTRAINT problems_pkey PRIMARY KEY (lead_id, rule)
);
SELECT lead_scoring.describe('lead_scoring_internal.scores',
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
      "counted": "Whether the leads table has a row of that key: the view \"leads\" shows these.",
      "stage": "Stage of the lead.",
      "grade": "Letter of fit and number of engagement by the model''s bands; NULL without bands.",
      "card": "The whole scoring state, from which all numbers follow."}');
SELECT lead_scoring.describe('lead_scoring_internal.transitions',
    'Every move of every lead between stages, in order: append-only, but for merge_leads and forget_lead.',
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
      "cause": "event, attribute, time, manual or publish.",
      "rule": "Rule that gave the most points at that instant, where points of an event moved the lead; NULL otherwise.",
      "actor": "Role that moved it by hand.",
      "reason": "Why it was moved by hand.",
      "merged_from": "Lead and number the transition had before merge_leads, as in 42#3; NULL for the lead''s own."}');
SELECT lead_scoring.describe('lead_scoring_internal.merged',
    'Leads that merge_leads made part of another, by which reports find what still names the old one.',
    '{"merged_from": "Key of the lead that was merged.",
      "lead_id": "Key of the lead it is now."}');
SELECT lead_scoring.describe('lead_scoring_internal.forgotten',
    'Leads that forget_lead erased, as numbers without names: how many had the same campaign and the same months. The views funnel, campaigns and qualified_rate go on counting them.',
    '{"campaign": "Their campaign; NULL for none.",
      "came": "First day of the month in which they came, in the model''s time zone; NULL where nothing dates it.",
      "entered": "Each stage they entered, with the first day of the month of the first entry.",
      "leads": "How many of the forgotten leads."}');
SELECT lead_scoring.describe('lead_scoring_internal.adjustments',
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
      "cancel_reason": "Why it was taken back."}');
SELECT lead_scoring.describe('lead_scoring_internal.problems',
    'Expressions of rules that raised an error on an event or a lead, and so counted as no match.',
    '{"lead_id": "Key of the lead.",
      "rule": "Name of the rule.",
      "message": "The latest error.",
      "count": "How often it was raised.",
      "first_at": "When it was first raised.",
      "last_at": "When it was last raised."}');

DO $guards$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['scores', 'transitions', 'merged', 'forgotten', 'adjustments', 'problems', 'versions'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE %s ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.refuse_write(''lead_scoring_internal'')',
                       guarded || '_guard', CASE guarded WHEN 'versions' THEN 'INSERT' ELSE 'INSERT OR UPDATE OR DELETE OR TRUNCATE' END, guarded);
    END LOOP;
END
$guards$;

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
    only_row       boolean NOT NULL DEFAULT true,
    CONSTRAINT report_settings_pkey PRIMARY KEY (only_row),
    CONSTRAINT report_settings_only_row CHECK (only_row),
    CONSTRAINT report_settings_spend CHECK (num_nulls(spend_table, spend_campaign, spend_date, spend_amount) IN (0, 4)
        AND (spend_channel IS NULL OR spend_table IS NOT NULL)),
    CONSTRAINT report_settings_revenue CHECK (num_nulls(revenue_table, revenue_lead, revenue_date, revenue_amount) IN (0, 4)),
    CONSTRAINT report_settings_look_back CHECK (lead_scoring.is_span(look_back)),
    CONSTRAINT report_settings_half_life CHECK (lead_scoring.is_span(half_life)),
    CONSTRAINT report_settings_band CHECK (qualified_low >= 0 AND qualified_low <= qualified_high AND qualified_high <= 1)
);
CREATE TRIGGER report_settings_valid BEFORE INSERT OR UPDATE ON lead_scoring_internal.report_settings FOR EACH ROW
    EXECUTE FUNCTION lead_scoring.check_report_settings();
SELECT lead_scoring.describe('lead_scoring_internal.report_settings',
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
      "lead_created": "Column of the leads table that says when a lead came: a date, timestamp or timestamptz; NULL: its first event does.",
      "event_channel": "Channel of a touch: a column or an SQL expression over the row of the event; NULL: the campaign.",
      "event_asset": "Asset of a touch, such as a whitepaper: a column or an SQL expression over the row of the event; NULL: the view lead_magnets is empty.",
      "look_back": "Touches that are older than this at the conversion are not credited; NULL: all are.",
      "half_life": "Attribution time_decay: after this a touch counts half; NULL: 7 days.",
      "mql_stage": "Stage that reports take for MQL; NULL: the one called mql, else by place.",
      "sql_stage": "Stage that reports take for SQL; NULL: the one called sql, else by place.",
      "customer_stage": "Stage that reports take for customer; NULL: the one called customer, else by place.",
      "qualified_low": "Lower end of the band of the view qualified_rate.",
      "qualified_high": "Upper end of the band of the view qualified_rate.",
      "only_row": "Always true: the key that keeps the table at one row."}');

GRANT SELECT ON ALL TABLES IN SCHEMA lead_scoring_internal TO PUBLIC;  -- for CREATE TABLE ... LIKE

-- The draft: what publish() makes a version of. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.rule_groups (
    name       text,
    kind       text NOT NULL,
    min_points numeric,
    max_points numeric,
    comment    text,
    CONSTRAINT rule_groups_pkey PRIMARY KEY (name),
    CONSTRAINT rule_groups_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT rule_groups_kind CHECK (kind IN ('engagement', 'fit')),
    CONSTRAINT rule_groups_bounds CHECK (lead_scoring_internal.is_bound(min_points) AND lead_scoring_internal.is_bound(max_points)),
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
    id              integer,
    source          text,
    enabled         boolean NOT NULL DEFAULT true,
    comment         text,
    at_least        integer,
    within          interval,
    distinct_key    text,
    keep            boolean NOT NULL DEFAULT false,
    quiet_for       interval,
    CONSTRAINT rules_pkey PRIMARY KEY (name),
    CONSTRAINT rules_rule_group FOREIGN KEY (rule_group) REFERENCES lead_scoring_internal.rule_groups (name) ON UPDATE CASCADE,
    CONSTRAINT rules_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT rules_fit CHECK (event_type IS NOT NULL OR (condition IS NOT NULL AND per IS NULL AND decay = 'none'
        AND min_points IS NULL AND max_points IS NULL AND limit_count IS NULL)),
    CONSTRAINT rules_source CHECK (source IS NULL OR event_type IS NOT NULL),
    CONSTRAINT rules_points CHECK (points BETWEEN -1e9 AND 1e9),
    CONSTRAINT rules_decay CHECK (decay IN ('none', 'exponential', 'linear', 'step', 'window')),
    CONSTRAINT rules_half_life CHECK ((half_life IS NOT NULL) = (decay = 'exponential')),
    CONSTRAINT rules_half_life_span CHECK (lead_scoring_internal.is_span(half_life)),
    CONSTRAINT rules_lifespan CHECK ((lifespan IS NOT NULL) = (decay IN ('linear', 'window'))),
    CONSTRAINT rules_lifespan_span CHECK (lead_scoring_internal.is_span(lifespan)),
    CONSTRAINT rules_step CHECK ((step IS NOT NULL) = (decay = 'step') AND ("drop" IS NOT NULL) = (decay = 'step')),
    CONSTRAINT rules_step_span CHECK (lead_scoring_internal.is_span(step)),
    CONSTRAINT rules_drop_share CHECK ("drop" > 0 AND "drop" <= 1),
    CONSTRAINT rules_bounds CHECK (lead_scoring_internal.is_bound(min_points) AND lead_scoring_internal.is_bound(max_points)),
    CONSTRAINT rules_range CHECK (min_points <= max_points),
    CONSTRAINT rules_limit CHECK ((limit_count IS NULL) = (limit_window IS NULL) AND (limit_key IS NULL OR limit_count IS NOT NULL)),
    CONSTRAINT rules_limit_count CHECK (limit_count > 0),
    CONSTRAINT rules_limit_window CHECK (limit_window IN ('hour', 'day', 'week', 'month', 'ever')),
    CONSTRAINT rules_max_occurrences CHECK (max_occurrences BETWEEN 1 AND 100000),
    CONSTRAINT rules_at_least CHECK (at_least BETWEEN 1 AND 1000),
    CONSTRAINT rules_frequency CHECK ((at_least IS NULL) = (within IS NULL) AND (at_least IS NOT NULL OR (distinct_key IS NULL AND NOT keep))),
    CONSTRAINT rules_within_span CHECK (lead_scoring_internal.is_span(within)),
    CONSTRAINT rules_quiet_for_span CHECK (lead_scoring_internal.is_span(quiet_for)),
    CONSTRAINT rules_switched CHECK (num_nonnulls(at_least, quiet_for) = 0 OR (num_nonnulls(at_least, quiet_for) = 1 AND event_type IS NOT NULL
        AND per IS NULL AND decay = 'none' AND min_points IS NULL AND max_points IS NULL AND limit_count IS NULL))
);

CREATE TABLE lead_scoring_internal.bands (
    axis       text,
    label      text,
    min_points numeric NOT NULL,
    CONSTRAINT bands_pkey PRIMARY KEY (axis, label),
    CONSTRAINT bands_axis_min_points_key UNIQUE (axis, min_points),
    CONSTRAINT bands_axis CHECK (axis IN ('fit', 'engagement')),
    CONSTRAINT bands_label CHECK (octet_length(label) BETWEEN 1 AND 63),
    CONSTRAINT bands_bounds CHECK (lead_scoring_internal.is_bound(min_points))
);

DO $checked$
DECLARE
    checked text;
BEGIN
    FOREACH checked IN ARRAY '{settings,rule_groups,rules,bands}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner()',
                       checked || '_checked', checked);
    END LOOP;
END
$checked$;
-- By its name it comes before those of the foreign key.
CREATE TRIGGER "0_rules_group" AFTER INSERT OR UPDATE OF rule_group ON lead_scoring_internal.rules
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_rule_group_as_owner();
CREATE TRIGGER rule_groups_valid AFTER UPDATE OF kind ON lead_scoring_internal.rule_groups
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
CREATE TRIGGER rules_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.rules
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
CREATE TRIGGER rules_renamed AFTER UPDATE OF name ON lead_scoring_internal.rules FOR EACH ROW WHEN (OLD.name <> NEW.name)
    EXECUTE FUNCTION lead_scoring_internal.draft_renamed();
CREATE TRIGGER bands_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.bands
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
SELECT lead_scoring_internal.describe('lead_scoring_internal.rule_groups',
    'Draft: sets of rules whose points are added up and bounded together.',
    '{"name": "Name of the group.",
      "kind": "engagement for rules on events, fit for rules on the lead.",
      "min_points": "The group never gives less, in points; NULL for no floor.",
      "max_points": "The group never gives more, in points; NULL for no ceiling.",
      "comment": "What it is for, in words; no part of a version."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.rules',
    'Draft: points for what leads do (an event_type) and for what they are (no event_type).',
    '{"name": "Name of the rule.",
      "rule_group": "Group whose floor and ceiling apply.",
      "event_type": "Type of the events that match, * for any; NULL for a rule on the lead.",
      "condition": "SQL boolean expression over the row of the event, or of the lead; NULL for every row.",
      "points": "Points of one match; of a rule with at_least or quiet_for what it gives while it holds.",
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
      "max_occurrences": "So many live matches count at the most, the latest ones.",
      "id": "By this cards know the rule, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "source": "Source of the events; NULL: the one whose events are all of the type, else the only one with a column of types.",
      "enabled": "While false, the rule waits: it is not checked, and is no part of what is published, but keeps its id.",
      "comment": "What it is for, in words; no part of a version.",
      "at_least": "The points are given while so many matches lie within the interval, and once however many more do; NULL: each match gives them.",
      "within": "Length of the interval that ends now; a match at its very beginning is no more in it.",
      "distinct_key": "SQL expression over the event: values are counted rather than matches; an event without one counts nothing.",
      "keep": "Whether the points stay from the first time on at which so many lay within.",
      "quiet_for": "The points are given while the latest match is older than this; a lead that never matched counts from settings.lead_created, and without it has none."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.bands',
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
    counts_as          text,
    id                 integer,
    on_event_source    text,
    comment            text,
    working_time       boolean NOT NULL DEFAULT false,
    hand_off           boolean NOT NULL DEFAULT false,
    accepted_stage     text,
    rejected_stage     text,
    max_attempts       integer,
    hand_off_max_age   interval,
    CONSTRAINT stages_pkey PRIMARY KEY (name),
    CONSTRAINT stages_name CHECK (octet_length(name) >= 1 AND octet_length(name) <= 60 AND name NOT IN ('scored', 'due', 'stage')),
    CONSTRAINT stages_kind CHECK (kind IN ('progress', 'detour')),
    CONSTRAINT stages_bounds CHECK (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(min_engagement)
        AND lead_scoring_internal.is_bound(min_fit) AND lead_scoring_internal.is_bound(falls_below)),
    CONSTRAINT stages_grades CHECK (cardinality(grades) > 0 AND array_position(grades, NULL) IS NULL),
    CONSTRAINT stages_requires CHECK (jsonb_typeof(requires) = 'object' AND requires <> '{}' AND NOT jsonb_path_exists(requires,
        'strict $.* ? (@.type() != "number" || @ < 1 || @ > 1000000000 || @.floor() != @)')),
    CONSTRAINT stages_thresholds CHECK (kind = 'progress'
        OR num_nonnulls(min_score, min_engagement, min_fit, grades, requires, falls_below) = 0),
    CONSTRAINT stages_on_event CHECK (on_event_condition IS NULL OR on_event IS NOT NULL),
    CONSTRAINT stages_on_event_source CHECK (on_event_source IS NULL OR on_event IS NOT NULL),
    CONSTRAINT stages_falls_below CHECK (falls_below <= min_score),
    CONSTRAINT stages_within_span CHECK (lead_scoring_internal.is_span(within)),
    CONSTRAINT stages_timeout CHECK ((within IS NULL) = (timeout_stage IS NULL) AND (timeout_stage <> name) IS NOT FALSE),
    CONSTRAINT stages_working_time CHECK (NOT working_time OR within IS NOT NULL AND lead_scoring_internal.is_working_span(within)),
    CONSTRAINT stages_cooldown_span CHECK (lead_scoring_internal.is_span(cooldown)),
    CONSTRAINT stages_counts_as CHECK (counts_as IN ('mql', 'sal', 'sql', 'opportunity', 'customer')),
    CONSTRAINT stages_exit CHECK (exit IS NULL OR kind = 'detour' AND exit IN ('score', 'hand')),
    CONSTRAINT stages_hand_off CHECK (hand_off OR num_nonnulls(accepted_stage, rejected_stage, max_attempts, hand_off_max_age) = 0),
    CONSTRAINT stages_decided CHECK ((accepted_stage <> name) IS NOT FALSE AND (rejected_stage <> name) IS NOT FALSE),
    CONSTRAINT stages_max_attempts CHECK (max_attempts BETWEEN 1 AND 1000),
    CONSTRAINT stages_hand_off_max_age_span CHECK (lead_scoring_internal.is_span(hand_off_max_age))
);
CREATE TRIGGER stages_renamed AFTER UPDATE OF name ON lead_scoring_internal.stages FOR EACH ROW WHEN (OLD.name <> NEW.name)
    EXECUTE FUNCTION lead_scoring_internal.draft_renamed();
CREATE TRIGGER stages_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.stages
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
CREATE TRIGGER stages_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.stages
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
CREATE TABLE lead_scoring_internal.account_rules (
    name          text,
    people        integer,
    active_within interval,
    min_points    numeric,
    top_n         integer,
    min_score     numeric,
    comment       text,
    CONSTRAINT account_rules_pkey PRIMARY KEY (name),
    CONSTRAINT account_rules_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT account_rules_asks CHECK (num_nonnulls(people, min_points) > 0),
    CONSTRAINT account_rules_counts CHECK (people IS NOT NULL OR num_nonnulls(active_within, min_score) = 0),
    CONSTRAINT account_rules_people CHECK (people > 0),
    CONSTRAINT account_rules_top_n CHECK (top_n > 0),
    CONSTRAINT account_rules_active_within_span CHECK (lead_scoring_internal.is_span(active_within)),
    CONSTRAINT account_rules_bounds CHECK (lead_scoring_internal.is_bound(min_points) AND lead_scoring_internal.is_bound(min_score))
);
CREATE TRIGGER account_rules_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.account_rules
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
DO $begins$
DECLARE
    begun text;
BEGIN
    FOREACH begun IN ARRAY '{settings,sources,rule_groups,rules,bands,stages,account_rules}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.draft_begins()',
                       begun || '_begins', begun);
    END LOOP;
END
$begins$;
SELECT lead_scoring_internal.describe('lead_scoring_internal.stages',
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
      "within": "A lead that has not moved on within this goes to timeout_stage. Where working_time is set, a day of it is a working day.",
      "timeout_stage": "Stage for the leads that have not moved on in time.",
      "cooldown": "Least time after entering before the same lead enters again.",
      "exit": "How a detour is left: by score or by hand; NULL for by hand if it is called disqualified, else by score.",
      "counts_as": "What reports and status columns take it for, whatever it is called: mql, sal, sql, opportunity or customer; NULL: what its name says, in any case of letters.",
      "id": "By this cards know the stage, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "on_event_source": "Source of such events; NULL: the one whose events are all of the type, else the only one with a column of types.",
      "comment": "What it is for, in words; no part of a version.",
      "working_time": "Whether within counts in working time: the hours of table calendar but for those of holidays.",
      "hand_off": "Whether each entry puts a row on the table handoffs, to be delivered to sales.",
      "accepted_stage": "Where decide_handoff() moves a lead that sales accept, if it stands lower; NULL: nowhere.",
      "rejected_stage": "Where it moves a lead that sales reject, from this stage; NULL: nowhere.",
      "max_attempts": "How often a hand-off is given to a worker before it is parked; NULL: 5.",
      "hand_off_max_age": "A move that is older when it is recorded is not handed over; NULL: 7 days."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.account_rules',
    'Draft: what is asked of accounts, any of which an account may meet.',
    '{"name": "Name of the rule.",
      "people": "So many leads of the account have to count, at least; NULL: none has to.",
      "active_within": "A lead counts whose latest event that a rule or stage waits for is no older; NULL: however long ago.",
      "min_points": "Least points of the account; NULL for any.",
      "top_n": "The points of the account are those of so many of its leads, the best ones; NULL: of all.",
      "min_score": "A lead counts whose score is this or more, in points; NULL for any.",
      "comment": "What it is for, in words; no part of a version."}');

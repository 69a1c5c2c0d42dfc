-- A row of the draft that is written by hand is refused in the words of the function that writes such rows, and takes the
-- same defaults.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE TABLE leads (lead_id bigint PRIMARY KEY, name text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('hand', 'leads', 'events', status_columns => '{}');
CREATE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
    broken text;
BEGIN
    EXECUTE statement;
    RETURN 'nothing';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, broken = CONSTRAINT_NAME;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, detail, hint, broken);
END
$$;

-- One mistake for each constraint of the four tables: by the function, and by hand.
CREATE TABLE mistakes (relation text, given jsonb);
INSERT INTO mistakes SELECT 'rules', m FROM unnest(ARRAY[
    '{"name": "", "event_type": "a", "points": 1}', '{"name": "x", "event_type": "a", "points": null}', '{"name": "x", "event_type": "a", "points": 1e10}',
    '{"name": "x", "event_type": "a", "points": 1, "rule_group": "none"}', '{"name": "x", "event_type": "a", "points": 1, "decay": "slow"}',
    '{"name": "x", "event_type": "a", "points": 1, "decay": "exponential"}', '{"name": "x", "event_type": "a", "points": 1, "decay": "exponential", "half_life": "1 month"}',
    '{"name": "x", "event_type": "a", "points": 1, "decay": "linear"}', '{"name": "x", "event_type": "a", "points": 1, "decay": "window", "lifespan": "-1 day"}',
    '{"name": "x", "event_type": "a", "points": 1, "decay": "step", "step": "1 day"}', '{"name": "x", "event_type": "a", "points": 1, "decay": "step", "drop": 1, "step": "1 year"}',
    '{"name": "x", "event_type": "a", "points": 1, "decay": "step", "drop": 2, "step": "1 day"}', '{"name": "x", "event_type": "a", "points": 1, "min_points": "NaN"}',
    '{"name": "x", "event_type": "a", "points": 1, "min_points": 2, "max_points": 1}', '{"name": "x", "event_type": "a", "points": 1, "limit_count": 1}',
    '{"name": "x", "event_type": "a", "points": 1, "limit_count": 0, "limit_window": "day"}', '{"name": "x", "event_type": "a", "points": 1, "limit_count": 1, "limit_window": "year"}',
    '{"name": "x", "event_type": "a", "points": 1, "max_occurrences": 0}', '{"name": "x", "event_type": "a", "points": 1, "decay": null}']::jsonb[]) m
UNION ALL SELECT 'rule_groups', m FROM unnest(ARRAY['{"name": ""}', '{"name": "x", "kind": "other"}', '{"name": "x", "kind": "fit", "max_points": 1e13}',
    '{"name": "x", "kind": "fit", "min_points": 2, "max_points": 1}', '{"name": "x", "kind": null}']::jsonb[]) m
UNION ALL SELECT 'bands', m FROM unnest(ARRAY['{"axis": "score", "label": "A", "min_points": 1}', '{"axis": "fit", "label": "", "min_points": 1}',
    '{"axis": "fit", "label": "A", "min_points": "Infinity"}', '{"axis": "fit", "label": null, "min_points": 1}']::jsonb[]) m
UNION ALL SELECT 'stages', m FROM unnest(ARRAY['{"name": "due"}', '{"name": "x", "kind": "other"}', '{"name": "x", "min_score": "NaN"}', '{"name": "x", "kind": "detour", "min_score": 1}',
    '{"name": "x", "grades": []}', '{"name": "x", "on_event_source": "events"}', '{"name": "x", "requires": {"visit": 0}}', '{"name": "x", "on_event_condition": "true"}', '{"name": "x", "min_score": 1, "falls_below": 2}',
    '{"name": "x", "within": "1 day"}', '{"name": "x", "within": "1 month", "timeout_stage": "lead"}', '{"name": "x", "cooldown": "-1 day"}', '{"name": "x", "max_attempts": 3}', '{"name": "x", "hand_off": true, "max_attempts": 0}', '{"name": "x", "hand_off": true, "accepted_stage": "x"}', '{"name": "x", "hand_off": true, "hand_off_max_age": "1 month"}', '{"name": "x", "exit": "door", "kind": "detour"}',
    '{"name": null}']::jsonb[]) m
UNION ALL SELECT 'account_rules', m FROM unnest(ARRAY['{"name": "", "people": 1}', '{"name": "x"}', '{"name": "x", "people": 0}', '{"name": "x", "min_points": 1, "top_n": 0}', '{"name": "x", "min_points": 1, "min_score": 1}',
    '{"name": "x", "people": 1, "active_within": "1 month"}', '{"name": "x", "people": 1, "min_score": "NaN"}', '{"name": null, "people": 1}']::jsonb[]) m;
CREATE VIEW both_ways AS
SELECT m.relation, m.given,
       said(format('SELECT lead_scoring.%s(''hand'', %s)', CASE m.relation WHEN 'rules' THEN 'add_rule' WHEN 'rule_groups' THEN 'add_group' WHEN 'bands' THEN 'add_band' WHEN 'account_rules' THEN 'add_account_rule' ELSE 'add_stage' END,
                   (SELECT string_agg(format('%I => %s', CASE WHEN m.relation = 'stages' AND g.key = 'rank' THEN 'rank' ELSE g.key END, v.typed), ', ')
                      FROM jsonb_each(m.given) g CROSS JOIN LATERAL (SELECT CASE WHEN g.key = 'grades' THEN '''{}''' ELSE quote_nullable(g.value #>> '{}') END) v (typed)))) AS by_function,
       said(format('INSERT INTO hand.%1$I (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::hand.%1$I, %3$L)', m.relation,
                   (SELECT string_agg(quote_ident(k), ', ') FROM jsonb_object_keys(m.given || CASE m.relation WHEN 'rule_groups' THEN '{"kind": null}' ELSE '{}' END::jsonb) k),
                   CASE m.relation WHEN 'rule_groups' THEN '{"kind": "engagement"}'::jsonb ELSE '{}' END || m.given)) AS by_hand
  FROM mistakes m;
SELECT relation, given, by_function, by_hand FROM both_ways WHERE by_function IS DISTINCT FROM by_hand OR by_hand = 'nothing';
SELECT relation, count(*), count(DISTINCT by_hand), count(*) FILTER (WHERE by_hand ~ 'violates|Failing') FROM both_ways GROUP BY 1 ORDER BY 1;
-- Every constraint is tried.
SELECT c.conname FROM pg_constraint c WHERE c.contype = 'c' AND c.conrelid IN ('hand.rules'::regclass, 'hand.rule_groups'::regclass, 'hand.bands'::regclass, 'hand.stages'::regclass, 'hand.account_rules'::regclass)
   AND c.conname NOT IN ('rules_fit', 'rules_source') AND NOT EXISTS (SELECT FROM both_ways b WHERE b.by_hand LIKE '% | ' || c.conname) ORDER BY 1;
SELECT by_hand FROM both_ways WHERE by_hand ~ 'half_life|rank|none"' ORDER BY 1;
SELECT said('INSERT INTO hand.rules (name, points) VALUES (''x'', 1)'), said('SELECT lead_scoring.add_fit_rule(''hand'', ''x'', NULL, 1)');

-- The same by UPDATE.
SELECT lead_scoring.add_rule('hand', 'visit', 'visit', 1);
UPDATE hand.rules SET decay = 'exponential';
UPDATE hand.rules SET points = NULL;
UPDATE hand.rules SET rule_group = 'none';
UPDATE hand.stages SET within = '1 day';
UPDATE hand.rule_groups SET min_points = 5, max_points = 1;
INSERT INTO hand.rules (name, event_type, points) VALUES ('visit', 'visit', 2) ON CONFLICT (name) DO UPDATE SET points = excluded.points;

-- A group of the rule's kind, the next rank.
INSERT INTO hand.rules (name, event_type, condition, points) VALUES ('demo', 'demo', NULL, 5), ('ann', NULL, 'name = ''Ann''', 3);
INSERT INTO hand.stages (name, min_score) VALUES ('mql', 5), ('sql', 10);
INSERT INTO hand.stages (name, rank) VALUES ('partner', 15);
SELECT name, rule_group, points FROM hand.rules ORDER BY name;
SELECT name, rank FROM hand.stages ORDER BY rank;

-- Rows that rest on each other, in any order: at the end of the statement for groups, of the transaction for all else.
WITH g AS (INSERT INTO hand.rule_groups (name, kind) VALUES ('content', 'engagement') RETURNING name)
INSERT INTO hand.rules (name, rule_group, event_type, points) SELECT 'read', g.name, 'read', 1 FROM g;
WITH r AS (INSERT INTO hand.rules (name, rule_group, event_type, points) VALUES ('late', 'later', 'late', 1) RETURNING rule_group)
INSERT INTO hand.rule_groups (name, kind) SELECT r.rule_group, 'engagement' FROM r;
BEGIN;
UPDATE hand.stages SET requires = '{"call": 1}' WHERE name = 'sql';
INSERT INTO hand.rules (name, event_type, points) VALUES ('call', 'call', 1);
COMMIT;
UPDATE hand.rule_groups SET name = 'pages' WHERE name = 'content';
SELECT name, rule_group FROM hand.rules WHERE rule_group = 'pages';
SELECT lead_scoring.publish('hand');

-- A role that may write numbers, and neither read nor bring expressions.
CREATE ROLE regress_lead_scoring_hand;
GRANT USAGE ON SCHEMA hand TO regress_lead_scoring_hand;
GRANT INSERT ON hand.rules, hand.stages TO regress_lead_scoring_hand;
SET ROLE regress_lead_scoring_hand;
INSERT INTO hand.stages (name, min_score) VALUES ('customer', 20);
INSERT INTO hand.rules (name, event_type, points) VALUES ('paid', 'paid', 1);
INSERT INTO hand.rules (name, event_type, points) VALUES ('much', 'paid', 1e10);
INSERT INTO hand.rules (name, event_type, points, condition) VALUES ('cheat', 'paid', 1, 'true');
RESET ROLE;
SELECT name, rank FROM hand.stages WHERE name = 'customer';

-- Restored: into a model that is paused, and into one whose settings have no row.
CREATE TABLE kept AS TABLE hand.rules;
CREATE TABLE kept_settings AS TABLE hand.settings;
SELECT lead_scoring.pause('hand');
DELETE FROM hand.rules;
INSERT INTO hand.rules TABLE kept;
TRUNCATE hand.settings;
DELETE FROM hand.rules;
INSERT INTO hand.rules TABLE kept;
INSERT INTO hand.settings TABLE kept_settings;
SELECT lead_scoring.resume('hand'), lead_scoring.publish('hand');
SELECT * FROM lead_scoring.verify('hand');

SELECT lead_scoring.drop_model('hand');
DROP VIEW both_ways;
DROP TABLE leads, events, mistakes, kept, kept_settings;
DROP FUNCTION said;
DROP ROLE regress_lead_scoring_hand;

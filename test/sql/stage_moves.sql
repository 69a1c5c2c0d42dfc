-- How leads move between stages. :moves prints what a lead went through: instants of events and of time are exact,
-- those of now are not shown.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA stage_moves_test;
SET search_path = stage_moves_test, public;
CREATE TYPE kind AS ENUM ('visit', 'webinar', 'jackpot', 'mail', 'complaint', 'demo_request', 'sales_accepted', 'deal_won', 'recycle', 'bounce');
CREATE TABLE leads (id integer PRIMARY KEY, employees integer, lead_stage varchar(60) DEFAULT 'lead');
CREATE TABLE events (lead_id integer, type kind, occurred_at timestamptz, note text);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('stage_moves', 'leads', 'events', status_columns => '{"stage": "lead_stage", "mql_at": "mql_at", "customer_at": "won_at", "grade": "grade"}');
SELECT lead_scoring.add_rule('stage_moves', 'visit', 'visit', 5);
SELECT lead_scoring.add_rule('stage_moves', 'webinar', 'webinar', 2);
SELECT lead_scoring.add_rule('stage_moves', 'jackpot', 'jackpot', 50);
SELECT lead_scoring.add_rule('stage_moves', 'mail', 'mail', 8, decay => 'exponential', half_life => '10 days');
SELECT lead_scoring.add_rule('stage_moves', 'complaint', 'complaint', -20, decay => 'window', lifespan => '5 days');
SELECT lead_scoring.add_fit_rule('stage_moves', 'large', 'employees >= 1000', 10);
SELECT lead_scoring.add_band('stage_moves', 'fit', 'A', 10), lead_scoring.add_band('stage_moves', 'fit', 'B', -1000),
       lead_scoring.add_band('stage_moves', 'engagement', '1', 40), lead_scoring.add_band('stage_moves', 'engagement', '2', -1000);
SELECT lead_scoring.add_stage('stage_moves', 'engaged', min_score => 10, falls_below => 5);
SELECT lead_scoring.add_stage('stage_moves', 'mql', min_score => 30, requires => '{"webinar": 1}', falls_below => 20, cooldown => '30 days',
                              on_event => 'demo_request', on_event_condition => $$note = 'verified'$$);
SELECT lead_scoring.add_stage('stage_moves', 'hot', grades => '{A1}');
SELECT lead_scoring.add_stage('stage_moves', 'recycled', kind => 'detour', on_event => 'recycle', rank => 100, cooldown => '2 days');
SELECT lead_scoring.add_stage('stage_moves', 'sql', rank => 40, on_event => 'sales_accepted', within => '24 hours', timeout_stage => 'recycled');
SELECT lead_scoring.add_stage('stage_moves', 'customer', rank => 50, on_event => 'deal_won');
SELECT lead_scoring.add_stage('stage_moves', 'disqualified', kind => 'detour', on_event => 'bounce', rank => 110);
\set moves 'SELECT lead_id, seq, from_stage, to_stage, CASE WHEN cause IN (''event'', ''time'') THEN date_trunc(''second'', at)::text ELSE ''now'' END AS at, score, cause, rule FROM stage_moves.transitions WHERE lead_id IN (SELECT id FROM leads WHERE note_this) ORDER BY lead_id, seq; UPDATE leads SET note_this = false WHERE note_this; SELECT * FROM lead_scoring.verify(''stage_moves'');'
ALTER TABLE leads ADD note_this boolean NOT NULL DEFAULT true;

-- History that was there before the model bears its own dates. The user counts what is written into leads.
CREATE TABLE written (id integer, lead_stage text, grade text);
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql SET search_path = stage_moves_test AS $$
BEGIN
    INSERT INTO written VALUES (NEW.id, NEW.lead_stage, NEW.grade);
    RETURN NULL;
END $$;
INSERT INTO leads (id) VALUES (1), (2);
INSERT INTO events VALUES (1, 'webinar', '2023-01-03'), (1, 'visit', '2023-01-01'), (1, 'jackpot', '2023-02-01'), (2, 'visit', '2023-01-01');
SELECT lead_scoring.publish('stage_moves', 'first');
:moves
SELECT id, lead_stage, mql_at, won_at, grade FROM leads ORDER BY id;
CREATE TRIGGER write_down AFTER UPDATE ON leads FOR EACH ROW WHEN (OLD.note_this = NEW.note_this) EXECUTE FUNCTION write_down();

-- Thresholds and requires: engaged with 10 points, not mql with 30 before there is a webinar.
INSERT INTO leads (id) VALUES (11);
INSERT INTO events SELECT 11, 'visit', timestamptz '2024-01-01' + i * interval '1 day' FROM generate_series(0, 9) i;
SELECT stage, score FROM stage_moves.scores WHERE lead_id = 11;
INSERT INTO events VALUES (11, 'webinar', '2024-02-01');
:moves
-- Skipping a stage: engaged_at stays NULL.
INSERT INTO leads (id) VALUES (12);
INSERT INTO events VALUES (12, 'webinar', '2024-01-01'), (12, 'jackpot', '2024-01-02');
:moves
SELECT stage, lead_at, engaged_at, mql_at, hot_at FROM stage_moves.leads WHERE lead_id = 12;
-- Grades: an A1 needs ten points of fit and forty of engagement. The attribute tips it, now.
-- Lead 14 is known from its event only, and moves, before there is a row of it.
INSERT INTO leads (id, employees) VALUES (13, 5);
INSERT INTO events SELECT l, 'jackpot', '2024-01-01' FROM unnest('{13,14}'::integer[]) l;
INSERT INTO leads (id, employees) VALUES (14, 5000);
UPDATE leads SET employees = 1000 WHERE id = 13;
:moves
-- All at one instant: the highest, and no stage twice.
INSERT INTO leads (id) VALUES (15);
INSERT INTO events VALUES (15, 'demo_request', '2024-01-01', 'verified'), (15, 'sales_accepted', '2024-01-01', NULL), (15, 'deal_won', '2024-01-01', NULL), (15, 'jackpot', '2024-01-01', NULL);
:moves

-- on_event, with its condition: at once, whatever the score; never to a lower stage.
INSERT INTO leads (id) VALUES (21);
INSERT INTO events VALUES (21, 'demo_request', '2024-01-01', 'spam');
INSERT INTO events VALUES (21, 'demo_request', '2024-01-02', 'verified');
INSERT INTO events VALUES (21, 'deal_won', '2024-01-03');
INSERT INTO events VALUES (21, 'demo_request', '2024-01-04', 'verified'), (21, 'sales_accepted', '2024-01-05', NULL);
:moves
SELECT id, lead_stage, mql_at, won_at FROM leads WHERE id = 21;

-- Detours. Recycled for at least two days, then out with the next event that qualifies; disqualified is for good.
INSERT INTO leads (id) VALUES (22), (23);
INSERT INTO events VALUES (22, 'recycle', '2024-01-01'), (23, 'bounce', '2024-01-01');
INSERT INTO events SELECT l, 'jackpot', timestamptz '2024-01-02' + i * interval '1 day' FROM generate_series(0, 2) i, unnest('{22,23}'::integer[]) l;
INSERT INTO events VALUES (23, 'deal_won', '2024-01-09');
:moves

-- Falling back: engaged with 16, under 5 after 10 x log2(16 / 4.99995) = 16.781 days, noticed with the next event.
INSERT INTO leads (id) VALUES (31);
INSERT INTO events VALUES (31, 'mail', '2024-01-01'), (31, 'mail', '2024-01-01');
SELECT stage, stage_armed, date_trunc('second', due_at) FROM stage_moves.scores WHERE lead_id = 31;
INSERT INTO events VALUES (31, 'webinar', '2024-02-10');
:moves
-- From mql to engaged, which still holds. Five days later the complaint is over and the score back at 32, but mql has a
-- cooldown: 30 days after the entry, and not before, time alone lets the lead in again.
INSERT INTO leads (id) VALUES (32);
INSERT INTO events VALUES (32, 'webinar', '2024-01-01');
INSERT INTO events SELECT 32, 'visit', '2024-01-02' FROM generate_series(1, 6);
INSERT INTO events VALUES (32, 'complaint', '2024-01-03');
:moves
UPDATE leads SET note_this = true WHERE id = 32;
INSERT INTO events VALUES (32, 'visit', '2024-01-10');
SELECT stage, score, due_at FROM stage_moves.scores WHERE lead_id = 32;
INSERT INTO events VALUES (32, 'visit', '2024-03-01');
:moves
-- Entered by event with no points: falls_below is not armed until the score has been there.
INSERT INTO leads (id) VALUES (33);
INSERT INTO events VALUES (33, 'demo_request', '2024-01-01', 'verified');
INSERT INTO events VALUES (33, 'visit', '2024-01-05'), (33, 'complaint', '2024-01-06');
SELECT stage, stage_armed FROM stage_moves.scores WHERE lead_id = 33;
INSERT INTO events SELECT 33, 'visit', '2024-01-20' FROM generate_series(1, 3);
SELECT stage, stage_armed FROM stage_moves.scores WHERE lead_id = 33;
INSERT INTO events VALUES (33, 'complaint', '2024-01-21');
:moves

-- Service level: not moved on within 24 hours, at that very instant. What comes later acts on where the lead is by then.
INSERT INTO leads (id) VALUES (41), (42);
INSERT INTO events VALUES (41, 'sales_accepted', '2024-01-01 10:00'), (42, 'sales_accepted', '2024-01-01 10:00');
SELECT lead_id, stage, due_at FROM stage_moves.scores WHERE lead_id IN (41, 42) ORDER BY 1;
INSERT INTO events VALUES (41, 'deal_won', '2024-01-02 09:59:59'), (42, 'deal_won', '2024-01-02 10:00');
SELECT lead_id, stage, due_at FROM stage_moves.scores WHERE lead_id IN (41, 42) ORDER BY 1;
:moves

-- Late events count at the lead's clock; they and deletions rewrite no history.
INSERT INTO leads (id) VALUES (51);
INSERT INTO events VALUES (51, 'visit', '2024-02-01');
INSERT INTO events VALUES (51, 'visit', '2024-01-01');
SELECT stage, score FROM stage_moves.scores WHERE lead_id = 51;
DELETE FROM events WHERE lead_id = 51 AND occurred_at = '2024-01-01';
SELECT stage, score FROM stage_moves.scores WHERE lead_id = 51;
INSERT INTO events VALUES (51, 'deal_won', '2024-01-15');
:moves

-- In one load, in time order, each lead gets the dates of its history; the same event by event.
INSERT INTO leads (id) SELECT generate_series(61, 80);
CREATE TABLE log AS SELECT i % 10 AS lead_id, (enum_range(NULL::kind))[i * 31 % 10 + 1] AS type, timestamptz '2024-01-01' + i * interval '7 hours' AS occurred_at, CASE WHEN i % 3 = 0 THEN 'verified' END AS note
  FROM generate_series(1, 400) i WHERE i * 31 % 10 <> 9 OR i > 350;
INSERT INTO events SELECT lead_id + 61, type, occurred_at, note FROM log ORDER BY occurred_at;
DO $$
DECLARE
    e log;
BEGIN
    FOR e IN SELECT * FROM log ORDER BY occurred_at LOOP
        INSERT INTO events VALUES (e.lead_id + 71, e.type, e.occurred_at, e.note);
    END LOOP;
END $$;
SELECT count(*), count(*) FILTER (WHERE a.to_stage = b.to_stage AND a.from_stage = b.from_stage AND a.at = b.at AND a.score = b.score AND a.cause = b.cause AND a.rule IS NOT DISTINCT FROM b.rule)
  FROM (SELECT * FROM stage_moves.transitions WHERE lead_id BETWEEN 61 AND 70) a
  FULL JOIN (SELECT * FROM stage_moves.transitions WHERE lead_id BETWEEN 71 AND 80) b ON b.lead_id = a.lead_id + 10 AND b.seq = a.seq;
UPDATE leads SET note_this = id IN (61, 62) WHERE note_this OR id IN (61, 62);
:moves

-- What was written into leads: changes of stage or grade, nothing else.
SELECT id, lead_stage, grade FROM written WHERE id < 50 ORDER BY id, ctid;
TRUNCATE written;
INSERT INTO events SELECT id, 'webinar', '2024-12-01' FROM leads WHERE id IN (2, 12, 21);
SELECT * FROM written;

-- Another version: each lead is evaluated once, now. A stage that is gone is left; new ones get their column.
UPDATE stage_moves.stages SET min_score = 7, falls_below = 3 WHERE name = 'engaged';
SELECT lead_scoring.add_stage('stage_moves', 'aware', rank => 5, min_score => 1);
DELETE FROM stage_moves.stages WHERE name = 'disqualified';
SELECT lead_scoring.publish('stage_moves', 'second');
UPDATE leads SET note_this = true WHERE id IN (2, 23, 51);
:moves
SELECT lead_id, stage, aware_at IS NOT NULL AS aware, engaged_at IS NOT NULL AS engaged FROM stage_moves.leads WHERE lead_id IN (2, 23) ORDER BY 1;

SELECT lead_scoring.drop_model('stage_moves');

-- A model without cooldowns: no stage is entered twice at one instant there either, with a statement for each event.
SELECT lead_scoring.create_model('stage_moves', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_stage('stage_moves', 'sql', on_event => 'sales_accepted'),
       lead_scoring.add_stage('stage_moves', 'recycled', kind => 'detour', on_event => 'recycle');
SELECT lead_scoring.publish('stage_moves');
INSERT INTO events VALUES (99, 'sales_accepted', '2025-01-01');
INSERT INTO events VALUES (99, 'recycle', '2025-01-01');
INSERT INTO events VALUES (99, 'sales_accepted', '2025-01-01');
SELECT seq, from_stage, to_stage, at FROM stage_moves.transitions WHERE lead_id = 99 ORDER BY seq;
SELECT * FROM lead_scoring.verify('stage_moves');
SELECT lead_scoring.drop_model('stage_moves');
DROP SCHEMA stage_moves_test CASCADE;

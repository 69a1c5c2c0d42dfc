-- Points for what leads are: attributes filled in bit by bit, leads that are not known, leads that come after their events.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA fit_test;
SET search_path = fit_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, title text, employees integer, attributes jsonb, updated_at timestamptz,
                    domain text GENERATED ALWAYS AS (lower(attributes->>'email')) STORED);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('fit', 'leads', 'events');
SELECT lead_scoring.add_group('fit', 'person', 'fit', max_points => 20);
SELECT lead_scoring.add_group('fit', 'firm', 'fit', min_points => -5);
SELECT lead_scoring.add_rule('fit', 'visit', 'visit', 4);
SELECT lead_scoring.add_fit_rule('fit', 'executive', $$title ~* '\m(ceo|cto|vp)\M'$$, 15, 'person');
SELECT lead_scoring.add_fit_rule('fit', 'technical', $$title ILIKE '%cto%'$$, 10, 'person');
SELECT lead_scoring.add_fit_rule('fit', 'sized', 'employees BETWEEN 50 AND 500', 10, 'firm');
SELECT lead_scoring.add_fit_rule('fit', 'tiny', 'employees < 3', -20, 'firm');
SELECT lead_scoring.add_fit_rule('fit', 'customer', $$attributes @> '{"tags": ["partner"]}'$$, 2.5);
SELECT lead_scoring.add_fit_rule('fit', 'free mail', $$domain LIKE '%@gmail.com'$$, -7);
SELECT lead_scoring.add_band('fit', 'fit', 'A', 20), lead_scoring.add_band('fit', 'fit', 'B', 0), lead_scoring.add_band('fit', 'fit', 'C', -100);
SELECT lead_scoring.add_stage('fit', 'mql', min_fit => 20, min_score => 24);
SELECT lead_scoring.add_stage('fit', 'sql', min_fit => 30, requires => '{"sized": 1, "visit": 2}');
SELECT lead_scoring.publish('fit');
\set show 'SELECT lead_id, score, engagement, fit, grade, stage FROM fit.scores ORDER BY lead_id; SELECT * FROM lead_scoring.verify(''fit'');'

-- Progressive profiling: field by field. 20 at the most for the person, -5 at the least for the firm.
INSERT INTO leads (id) VALUES (1), (2);
:show
UPDATE leads SET title = 'CTO & VP Engineering' WHERE id = 1;
:show
UPDATE leads SET employees = 2 WHERE id = 1;
:show
UPDATE leads SET employees = 50 WHERE id = 1;
:show
UPDATE leads SET attributes = '{"tags": ["partner", "x"], "email": "Ann@Gmail.com"}' WHERE id = 1;
:show
UPDATE leads SET title = NULL, attributes = attributes - 'email' WHERE id = 1;
:show
SELECT rule_group, rule, times, raw, decayed, capped, last_at IS NULL FROM lead_scoring.explain('fit', 1);
UPDATE leads SET title = 'cto' WHERE id = 1;
SELECT rule_group, rule, times, raw, decayed, capped, last_at IS NULL FROM lead_scoring.explain('fit', 1);
-- Events of the same lead fold into it; thresholds on fit and requires on both kinds of rules.
INSERT INTO events VALUES (1, 'visit', '2024-01-01');
:show
INSERT INTO events VALUES (1, 'visit', '2024-01-02');
:show
SELECT from_stage, to_stage, cause, rule, fit, grade FROM fit.transitions WHERE lead_id = 1 ORDER BY seq;

-- Unknown leads have no fit. A row that comes after its events brings it; the stage is entered when it comes.
INSERT INTO events VALUES (3, 'visit', '2024-01-01'), (3, 'visit', '2024-01-02');
:show
INSERT INTO leads (id, title, employees) VALUES (3, 'CEO', 100), (4, 'VP', 100);
:show
SELECT lead_id, from_stage, to_stage, cause, rule, at > '2025-01-01' AS now FROM fit.transitions WHERE lead_id IN (3, 4) ORDER BY lead_id, seq;
SELECT id, lead_stage, mql_at IS NOT NULL AS mql FROM leads ORDER BY id;

-- Many at once; those that no rule reads are left alone: their rows stay where they are.
INSERT INTO leads (id, title, employees) SELECT i, CASE WHEN i % 2 = 0 THEN 'CTO' END, i FROM generate_series(10, 509) i;
SELECT stage, grade, fit, count(*) FROM fit.scores WHERE lead_id >= 10 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
CREATE TABLE places AS SELECT lead_id, ctid AS place FROM fit.scores;
UPDATE leads SET updated_at = now();
UPDATE leads SET employees = employees + 0;
SELECT count(*) FROM fit.scores s JOIN places p ON p.lead_id = s.lead_id AND p.place <> s.ctid;
UPDATE leads SET employees = 510 - employees + 9 WHERE id >= 10;
SELECT stage, grade, fit, count(*) FROM fit.scores WHERE lead_id >= 10 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT * FROM lead_scoring.verify('fit');

-- The stage is not lost with the attribute; score and grade are.
DELETE FROM leads WHERE id >= 10;
UPDATE leads SET title = NULL, employees = NULL WHERE id = 3;
:show
-- COPY into leads, INSERT ... ON CONFLICT, and a status column that the application writes itself.
TRUNCATE leads, events;
COPY leads (id, title, employees, attributes) FROM stdin;
1	CEO	60	\N
2	\N	\N	{"tags": ["partner"]}
\.
:show
INSERT INTO leads (id, title, employees) VALUES (1, NULL, 60), (5, 'CTO', 60) ON CONFLICT (id) DO UPDATE SET title = excluded.title;
:show
SET session_replication_role = replica;
UPDATE leads SET lead_stage = 'nonsense' WHERE id = 2;
SELECT lead_id, problem, stored, recomputed FROM lead_scoring.verify('fit');
UPDATE leads SET lead_stage = 'lead' WHERE id = 2;
RESET session_replication_role;
:show

-- No rule reads what the model writes, be it with the whole row.
SELECT lead_scoring.add_fit_rule('fit', 'circular', $$lead_stage = 'mql'$$, 10);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.add_fit_rule('fit', 'whole row', 'leads IS NOT NULL', 100);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.verify('fit');
SELECT lead_scoring.drop_model('fit');
DROP SCHEMA fit_test CASCADE;

-- Entries: several ways into a stage. Errors are shown in full, but for the context; :fine shows after each of them its
-- SQLSTATE and that the session goes on with the draft as it was.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
\set fine 'SELECT :''LAST_ERROR_SQLSTATE'', (SELECT count(*) FROM e.entries) AS entries;'
CREATE SCHEMA entries_test;
SET search_path = entries_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, title text);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id bigint, type text, occurred_at timestamptz, props jsonb);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('e', 'leads', 'events');
SELECT lead_scoring.add_rule('e', 'visit', 'page_view', 10), lead_scoring.add_rule('e', 'webinar', 'webinar', 5), lead_scoring.add_fit_rule('e', 'vp', $$title = 'VP'$$, 20),
       lead_scoring.add_stage('e', 'mql', 50, falls_below => 15), lead_scoring.add_stage('e', 'sql', on_event => 'accepted', rank => 20),
       lead_scoring.add_stage('e', 'disqualified', kind => 'detour', rank => 90);

-- Every parameter arrives in its column.
BEGIN;
SELECT lead_scoring.add_band('e', 'fit', 'A', 10);
SELECT lead_scoring.add_entry('e', 'all', 'mql', 30, 'demo_request', $$props ->> 'country' = 'NZ'$$, '{"webinar": 2}', '{A}', 5, 7, 'events');
SELECT * FROM e.entries;
ROLLBACK;
SELECT lead_scoring.add_entry('e', 'demo', 'mql', on_event => 'demo_request', on_event_condition => $$props ->> 'spam' IS NULL$$),
       lead_scoring.add_entry('e', 'committee', 'mql', 25, requires => '{"webinar": 1}', min_fit => 20),
       lead_scoring.add_entry('e', 'form', 'mql', on_event => 'contact_form'),
       lead_scoring.add_entry('e', 'spam', 'disqualified', on_event => 'spam');

-- What cannot be.
SELECT lead_scoring.add_entry('e', 'demo', 'mql', 60);
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mqll', 60);
:fine
SELECT lead_scoring.add_entry('e', 'x', NULL, 60);
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql');
:fine
SELECT lead_scoring.add_entry('e', '', 'mql', 60);
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', 14);
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', 'Infinity');
:fine
SELECT lead_scoring.add_entry('e', 'x', 'disqualified', 60);
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', requires => '{"webinars": 1}');
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', requires => '{}');
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', grades => '{A}');
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', 60, on_event_condition => 'true');
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', on_event => 'x', on_event_condition => 'colour = 1');
:fine
SELECT lead_scoring.add_entry('e', 'x', 'mql', on_event => 'x', on_event_source => 'crm');
:fine
-- By whatever row of the draft it comes about.
UPDATE e.stages SET falls_below = 30 WHERE name = 'mql';
:fine
DELETE FROM e.stages WHERE name = 'disqualified';
:fine
DELETE FROM e.rules WHERE name = 'webinar';
:fine

SELECT lead_scoring.publish('e');
SELECT jsonb_pretty(definition -> 'entries') FROM e.versions;
SELECT what, sentence FROM lead_scoring.definition('e') WHERE what = 'entry' ORDER BY place;
-- Another version without entries has none, letter by letter.
SELECT definition ? 'entries', definition ->> 'format' FROM e.versions;

-- A lead of each way. Where several hold it is by the stage's own, else by the first by name.
INSERT INTO leads SELECT n, CASE WHEN n IN (3, 8) THEN 'VP' END FROM generate_series(1, 9) n;
INSERT INTO events (lead_id, type, occurred_at, props)
SELECT lead_id, type, timestamptz '2024-01-01' + lead_id * interval '1 day' + n * interval '1 hour', props::jsonb
  FROM (VALUES (1, 'page_view', 1, NULL), (1, 'page_view', 2, NULL), (1, 'page_view', 3, NULL), (1, 'page_view', 4, NULL), (1, 'page_view', 5, NULL),
    (2, 'demo_request', 1, NULL), (3, 'webinar', 1, NULL), (4, 'contact_form', 1, NULL), (5, 'demo_request', 1, '{"spam": 1}'), (6, 'spam', 1, NULL),
    (7, 'demo_request', 1, NULL), (7, 'contact_form', 1, NULL), (8, 'contact_form', 1, NULL), (8, 'webinar', 1, NULL), (9, 'contact_form', 1, NULL), (9, 'accepted', 1, NULL)) v (lead_id, type, n, props);
SELECT lead_id, seq, to_stage, score, cause, rule, entry FROM e.transitions ORDER BY lead_id, seq;
SELECT * FROM lead_scoring.verify('e');
SELECT type, rules, stages FROM e.event_types WHERE type IN ('demo_request', 'contact_form', 'webinar') ORDER BY type;
SELECT what, needed, has, missing, verdict, how FROM lead_scoring.why_not('e', 5, 'mql');
SELECT source, event_type, rule, points, score, stage FROM lead_scoring.history('e', 2) ORDER BY at, source;

-- Late events, corrections and replay come to the same.
CREATE TABLE moves AS SELECT lead_id, to_stage, at, entry FROM e.transitions;
SELECT lead_scoring.replay('e');
TABLE moves EXCEPT SELECT lead_id, to_stage, at, entry FROM e.transitions WHERE undone_at IS NULL;
INSERT INTO events (lead_id, type, occurred_at) VALUES (5, 'contact_form', '2024-01-02'), (1, 'demo_request', '2024-01-02');
SELECT to_stage, cause, entry FROM e.transitions WHERE lead_id = 5;
-- An event ahead of the clock waits in the card, and another version finds it.
INSERT INTO leads VALUES (10), (11);
INSERT INTO events (lead_id, type, occurred_at) VALUES (10, 'contact_form', clock_timestamp() + interval '1 day'), (11, 'page_view', '2024-02-01');
-- What was taken back is not entered again, by any way, while it holds.
SELECT lead_scoring.undo_move('e', 3, 2, 'a wrong title');
SELECT what, needed, verdict FROM lead_scoring.why_not('e', 3, 'mql') WHERE what = 'undone';
INSERT INTO events (lead_id, type, occurred_at) VALUES (3, 'webinar', '2024-02-01');
SELECT stage FROM e.scores WHERE lead_id = 3;
INSERT INTO events (lead_id, type, occurred_at) VALUES (3, 'contact_form', clock_timestamp());
SELECT to_stage, entry, undone_at IS NULL AS stands FROM e.transitions WHERE lead_id = 3 ORDER BY seq;
SELECT * FROM lead_scoring.verify('e');

-- What another version makes of it, and another name.
UPDATE e.entries SET name = 'demo asked for' WHERE name = 'demo';
UPDATE e.stages SET name = 'MQL' WHERE name = 'mql';
UPDATE e.rules SET name = 'web seminar' WHERE name = 'webinar';
SELECT lead_scoring.add_entry('e', 'one visit', 'MQL', 15, min_engagement => 10);
UPDATE e.entries SET min_score = NULL WHERE name = 'one visit';
DELETE FROM e.entries WHERE name = 'form';
SELECT what, name, field, old, new FROM lead_scoring.diff('e');
SELECT lead_id, stage_now, stage_after FROM lead_scoring.preview_leads('e') WHERE stage_now <> stage_after ORDER BY lead_id;
SELECT lead_scoring.publish('e');
SELECT lead_id, to_stage, cause, entry FROM e.transitions WHERE undone_at IS NULL AND lead_id IN (2, 4, 7, 11) ORDER BY lead_id, seq;
SELECT * FROM lead_scoring.verify('e');
SELECT lead_scoring.load_draft('e', 1);
SELECT count(*) FROM lead_scoring.diff('e', 1);
SELECT name, stage, requires FROM e.entries ORDER BY name;
-- A name that was another's is refused.
UPDATE e.entries SET name = 'gone' WHERE name = 'demo';
UPDATE e.entries SET name = 'demo' WHERE name = 'form';
SELECT lead_scoring.publish('e');
SELECT lead_scoring.load_draft('e', 2);

-- As a document.
SELECT lead_scoring.export_model('e') ->> 'entries';
SELECT lead_scoring.apply_model('e', lead_scoring.export_model('e')::jsonb) AS unchanged;
SELECT lead_scoring.apply_model('e', '{"entries": [{"name": "committee", "stage": "MQL", "min_score": 14}]}');
:fine
SELECT lead_scoring.apply_model('e', '{"entries": [{"name": "committee", "stage": "mqls", "min_score": 20}]}');
:fine
SELECT lead_scoring.apply_model('e', '{"entries": [{"name": "board", "formerly": ["committee"], "stage": "MQL", "min_score": 20}]}');
SELECT DISTINCT entry FROM e.transitions ORDER BY 1;

-- A source of its own.
CREATE TABLE calls (lead bigint, at timestamptz, won boolean);
CREATE INDEX ON calls (lead);
SELECT lead_scoring.add_source('e', 'calls', 'calls', event_lead => 'lead', every_event => 'call', event_time => 'at');
SELECT lead_scoring.add_entry('e', 'called', 'sql', on_event => 'call', on_event_condition => 'won');
SELECT lead_scoring.publish('e');
INSERT INTO calls VALUES (11, '2024-03-01', false), (10, '2024-03-01', true);
SELECT lead_id, to_stage, entry FROM e.transitions WHERE lead_id IN (10, 11) ORDER BY lead_id, seq;
SELECT lead_scoring.drop_source('e', 'calls');
:fine
SELECT * FROM lead_scoring.verify('e');
SELECT lead_scoring.drop_model('e');
RESET search_path;
SET client_min_messages = error;
DROP SCHEMA entries_test CASCADE;

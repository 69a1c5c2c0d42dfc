-- Documents that are refused: each tells its place, and leaves nothing behind.
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA apply_test;
CREATE TABLE apply_test.leads (lead_id text PRIMARY KEY, country text);
CREATE TABLE apply_test.events (lead_id text, type text, occurred_at timestamptz);
CREATE INDEX ON apply_test.events (lead_id);
CREATE TABLE apply_test.other (lead_id text, type text, occurred_at timestamptz);
CREATE INDEX ON apply_test.other (lead_id);
-- No model yet.
SELECT lead_scoring.apply_model('a', NULL);
SELECT lead_scoring.apply_model(NULL, '{}');
SELECT lead_scoring.apply_model('a', '[]');
SELECT lead_scoring.apply_model('a', '{}');
SELECT lead_scoring.apply_model('a', '{"leads": "apply_test.leads"}');
SELECT lead_scoring.apply_model('a', '{"leads": "leads"}');
SELECT lead_scoring.apply_model('a', '{"leads": "apply_test.leads"}', tables => '{"events": "apply_test.event"}');
SELECT lead_scoring.apply_model('a', '{}', tables => '{"leads": "apply_test.leads", "events": "apply_test.leads"}');
SELECT lead_scoring.apply_model('a', '{}', tables => '{"leads": "apply_test.leads", "event": "apply_test.events"}');
SELECT lead_scoring.apply_model('a', '{}', tables => '{"leads": 1}');
SELECT lead_scoring.apply_model('a', '{"sources": [{"name": "calls", "events": "apply_test.events"}]}', tables => '{"leads": "apply_test.leads"}');
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "decay": "exponential"}]}', tables => '{"leads": "apply_test.leads", "events": "apply_test.events"}');
SELECT lead_scoring.apply_model('a', '{"settings": {"status_columns": {}}, "rules": [{"name": "visit", "event_type": "visit", "points": 5, "rule_group": "engagment"}]}', tables => '{"leads": "apply_test.leads", "events": "apply_test.events"}');
SELECT lead_scoring.apply_model('a', '{"settings": {"status_columns": {}}, "sources": null, "stages": [{"name": "lead"}, {"name": "mql", "timeout_stage": "leed", "within": "1 day"}]}', tables => '{"leads": "apply_test.leads", "events": "apply_test.events"}');
SELECT lead_scoring.apply_model('a', '{"settings": {"status_columns": {}}, "reports": {"mql_stage": "sqll"}}', tables => '{"leads": "apply_test.leads", "events": "apply_test.events"}');
SELECT lead_scoring.apply_model('a', '{"settings": {"status_columns": {}}, "lead_key": "id"}', tables => '{"leads": "apply_test.leads", "events": "apply_test.events"}');
SELECT count(*) FROM lead_scoring.models() WHERE model = 'a';
SELECT lead_scoring.apply_model('a', '{"settings": {"status_columns": {}}, "rules": [{"name": "visit", "event_type": "visit", "points": 5}, {"name": "near", "condition": "country = ''NZ''", "points": 5}]}', 'first',
    tables => '{"leads": "apply_test.leads", "events": "apply_test.events"}');
-- The form; what a row cannot be; what names what is not there.
\set ECHO none
CREATE TEMPORARY TABLE refused (place integer GENERATED ALWAYS AS IDENTITY, document text);
INSERT INTO refused (document) VALUES
    ('1'), ('{"rulez": []}'), ('{"frobs": 1}'), ('{"leads": 1}'), ('{"rules": {}}'), ('{"settings": []}'), ('{"rules": ["visit"]}'),
    ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "half_live": "1 day"}]}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": "5"}]}'), ('{"rules": [{"event_type": "visit", "points": 5}]}'),
    ('{"rules": [{"name": "", "event_type": "visit", "points": 5}]}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5}, {"name": "v", "event_type": "visit", "points": 5, "decay": "exponential", "half_life": 14}]}'),
    ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "decay": "exponential", "half_life": "fourteen days"}]}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "limit_count": 1.5, "limit_window": "day"}]}'),
    ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "enabled": "no"}]}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5}, {"name": "near", "condition": "true", "points": 1}, {"name": "visit", "event_type": "visit", "points": 6}]}'),
    ('{"stages": [{"name": "lead"}, {"name": "mql", "grades": "A1"}]}'), ('{"stages": [{"name": "lead"}, {"name": "mql", "requires": ["visit"]}]}'), ('{"stages": [{"name": "lead", "formerly": "prospect"}]}'), ('{"stages": [{"name": "lead", "formerly": [1]}]}'),
    ('{"bands": [{"axis": "fit", "label": "A", "min_points": 1}, {"axis": "fit", "label": "A", "min_points": 2}]}'), ('{"bands": [{"axis": "fit", "min_points": 1}]}'), ('{"groups": [{"name": "g", "kind": "fit", "id": 1}]}'),
    ('{"settings": {"time_zone": "UTC", "paused": true}}'), ('{"settings": {"future_tolerance": "soon"}}'), ('{"reports": {"dimensions": "country"}}'), ('{"identities": {"table": "x.y"}}'), ('{"sources": [{"name": "events", "events": "apply_test.events", "every_event": "x"}]}'),
    ('{"rules": [{"name": "near", "condition": "true", "points": 1}, {"name": "visit", "event_type": "visit", "points": 5, "decay": "exponential"}]}'), ('{"rules": [{"name": "visit", "event_type": "visit"}]}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "rule_group": "fitt"}]}'),
    ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "condition": "type = "}]}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "condition": "type + 1"}]}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "source": "calls"}]}'),
    ('{"groups": [{"name": "engagement", "kind": "engagement"}]}'), ('{"groups": [{"name": "engagement", "kind": "fit"}, {"name": "fit", "kind": "fit"}]}'), ('{"groups": [{"name": "engagement", "kind": "nothing"}, {"name": "fit", "kind": "fit"}]}'),
    ('{"bands": [{"axis": "fit", "label": "A", "min_points": 1}, {"axis": "fit", "label": "B", "min_points": 1}]}'), ('{"bands": [{"axis": "fitness", "label": "A", "min_points": 1}]}'), ('{"stages": []}'), ('{"stages": [{"name": "lead", "rank": 1}, {"name": "mql", "rank": 1}]}'),
    ('{"stages": [{"name": "lead", "rank": 2147483647}, {"name": "mql"}]}'),
    ('{"stages": [{"name": "lead"}, {"name": "mql", "timeout_stage": "lost", "within": "1 day"}]}'), ('{"stages": [{"name": "lead"}, {"name": "mql", "requires": {"vizit": 1}}]}'), ('{"stages": [{"name": "lead"}, {"name": "mql", "on_event": "demo", "on_event_condition": "plan = 1"}]}'),
    ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5, "enabled": false}], "stages": [{"name": "lead"}, {"name": "mql", "requires": {"visit": 1}}]}'), ('{"settings": {"time_zone": "Mars/Olympus", "status_columns": {}}}'), ('{"settings": {"min_score": 5, "max_score": 1, "status_columns": {}}}'),
    ('{"settings": {"lead_created": "came", "status_columns": {}}}'), ('{"settings": {"status_columns": {"stage": "country", "score": "country"}}}'), ('{"reports": {"mql_stage": "mql"}}'), ('{"reports": {"spend_table": "apply_test.spend"}}'), ('{"identities": {"identities": "apply_test.ids"}}'),
    ('{"sources": [{"name": "events", "events": "apply_test.events"}, {"name": "calls", "events": "apply_test.calls"}]}'), ('{"sources": [{"name": "events", "events": "apply_test.events"}, {"name": "other", "events": "apply_test.other", "event_time": "at"}]}'),
    ('{"sources": [{"name": "events", "events": "apply_test.other"}]}'), ('{"lead_key": "country"}'), ('{"leads": "apply_test.other"}'), ('{"sources": [{"name": "events", "events": "apply_test.events", "event_type": "kind"}]}'),
    ('{"reports": []}'), ('{"identities": "x"}'), ('{"sources": {}}'), ('{"bands": ["A"]}'), ('{"reports": {"dimensions": {"day": "now()"}}}'), ('{"rules": [{"name": "f", "event_type": "a", "points": 1, "rule_group": "fit"}]}'), ('{"stages": [{"name": "lead"}, {"name": "mql", "counts_as": "sql"}, {"name": "sql", "counts_as": "sql"}]}'),
    ('{"identities": {"identities": "apply_test.other", "anonymous": "type", "lead": "lead_id"}}'), ('{"reports": {"week_starts": "mon"}}'), ('{"settings": {"status_columns": {"scor": "country"}}}'), ('{"sources": [{"name": "events"}, {"name": "calls", "events": "apply_test.events", "every_event": "call"}]}'), ('{"identities": {"identities": "apply_test.zzz"}}'), ('{"rules": [{"name": "visit", "event_type": "visit", "points": 5}, {"name": "b", "event_type": "visit", "points": 1, "condition": "type = ''b"}]}'),
    ('{"rules": [{"name": "near", "condition": "true", "points": 1, "rule_group": "engagment"}]}'), ('{"stages": [{"name": "lead"}, {"name": "mql", "grades": ["A1"]}]}'), ('{"bands": [{"axis": "fit", "label": "A", "min_points": 1}, {"axis": "fit", "label": "AA", "min_points": 1}, {"axis": "fit", "label": "C", "min_points": 1}]}');
\set ECHO queries
SELECT format('SELECT lead_scoring.apply_model(%L, %L);', 'a', r.document) FROM refused r ORDER BY r.place \gexec
\set ECHO all
CREATE FUNCTION pg_temp.code_of(document text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM lead_scoring.apply_model('a', document::jsonb); RETURN NULL; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
-- A section that is null is as if it were not there.
SELECT lead_scoring.apply_model('a', '{"rules": null, "settings": null, "sources": null, "leads": null}');
SELECT string_agg(format('%s: %s', r.place, pg_temp.code_of(r.document)), ', ' ORDER BY r.place) FROM refused r;
-- Former names: of another, of two, and what is left to do when all is done.
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "view", "event_type": "visit", "points": 5, "formerly": ["visit"]}, {"name": "near", "condition": "true", "points": 5, "formerly": ["visit"]}]}');
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "view", "event_type": "visit", "points": 5, "formerly": ["visit", "near"]}]}');
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "near", "event_type": "visit", "points": 5, "formerly": ["visit"]}]}');
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "view", "event_type": "visit", "points": 5, "formerly": ["visit", "click"]}, {"name": "near", "condition": "true", "points": 5}]}', 'renamed');
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "view", "event_type": "visit", "points": 5, "formerly": ["visit", "click"]}, {"name": "near", "condition": "true", "points": 5}]}');
SELECT name, id FROM a.rules ORDER BY 1;
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "view", "event_type": "visit", "points": 5}, {"name": "close", "condition": "true", "points": 5, "formerly": ["near", "visit"]}]}');
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "view", "event_type": "visit", "points": 5}, {"name": "visit", "condition": "true", "points": 5, "formerly": ["near"]}]}');
SELECT lead_scoring.apply_model('a', '{"rules": [{"name": "look", "event_type": "visit", "points": 5, "formerly": ["visit"]}, {"name": "near", "condition": "true", "points": 5}]}');
-- Nothing of all that is left.
SELECT version, note FROM lead_scoring.versions('a');
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'a';
SELECT * FROM lead_scoring.diff('a', 1);
-- Only the owner applies, and only he makes.
CREATE ROLE apply_reader;
GRANT USAGE ON SCHEMA lead_scoring, a TO apply_reader;
GRANT ALL ON ALL TABLES IN SCHEMA a TO apply_reader;
\set VERBOSITY terse
SET ROLE apply_reader;
SELECT lead_scoring.apply_model('a', '{}');
SELECT lead_scoring.apply_model('b', '{}', tables => '{"leads": "apply_test.leads", "events": "apply_test.events"}');
RESET ROLE;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lead_scoring.apply_model('a', '{}');
ROLLBACK;
\set VERBOSITY default
SELECT * FROM lead_scoring.export_model('nobody');
SELECT * FROM lead_scoring.verify('a');
SELECT lead_scoring.drop_model('a') \g /dev/null
DROP OWNED BY apply_reader;
DROP ROLE apply_reader;
DROP SCHEMA apply_test CASCADE;

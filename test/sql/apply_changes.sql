-- What a document changes of a model that is there: columns, settings, sources, identities, and what it takes away.
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA changes;
CREATE TABLE changes.leads (lead_id bigint PRIMARY KEY, country text);
CREATE TABLE changes.events (lead_id bigint, type text, kind text, occurred_at timestamptz, visitor bigint);
CREATE INDEX ON changes.events (lead_id);
CREATE INDEX ON changes.events (visitor) WHERE lead_id IS NULL;
CREATE TABLE changes.calls (lead_id bigint, at timestamptz);
CREATE INDEX ON changes.calls (lead_id);
CREATE TABLE changes.identities (visitor bigint PRIMARY KEY, lead_id bigint);
CREATE INDEX ON changes.identities (lead_id);
INSERT INTO changes.leads VALUES (1, 'NZ'), (2, 'DE'), (3, NULL);
INSERT INTO changes.events VALUES (1, 'a', 'b', '2024-01-01', NULL), (2, 'a', 'a', '2024-01-02', NULL), (NULL, 'b', 'b', '2024-01-03', 7);
INSERT INTO changes.calls VALUES (1, '2024-01-05'), (3, '2024-01-06');
INSERT INTO changes.identities VALUES (7, 2);
CREATE FUNCTION pg_temp.apply(document text, tables jsonb DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
SELECT lead_scoring.apply_model('c', format('{"rules": [{"name": "a", "event_type": "a", "points": 5}, {"name": "b", "event_type": "b", "points": 7}%s}', document)::jsonb, tables => tables) $$;
SELECT pg_temp.apply('], "settings": {"status_columns": {"score": "points"}}', '{"leads": "changes.leads", "events": "changes.events"}');
TABLE changes.leads ORDER BY 1;
-- Another column of types, a table of calls, visitors.
SELECT pg_temp.apply(', {"name": "call", "event_type": "call", "points": 1}], "sources": [{"name": "events", "events": "changes.events", "event_type": "kind", "event_anonymous": "visitor"},
    {"name": "calls", "events": "changes.calls", "every_event": "call", "event_time": "at"}], "identities": {"identities": "changes.identities", "anonymous": "visitor", "lead": "lead_id"}');
TABLE changes.leads ORDER BY 1;
SELECT * FROM lead_scoring.verify('c');
-- Another column of the lead, a range of scores, and bands.
SELECT pg_temp.apply(', {"name": "call", "event_type": "call", "points": 1}], "settings": {"status_columns": {"score": "points", "grade": "grade"}, "max_score": 10}, "bands": [{"axis": "engagement", "label": "hot", "min_points": 6}, {"axis": "engagement", "label": "cold", "min_points": 0}]');
TABLE changes.leads ORDER BY 1;
SELECT * FROM lead_scoring.verify('c');
-- A source that is not in the list is taken out, with its triggers; identities end.
SELECT pg_temp.apply('], "sources": [{"name": "events", "events": "changes.events", "event_type": "kind", "event_anonymous": "visitor"}], "identities": {}');
TABLE changes.leads ORDER BY 1;
INSERT INTO changes.calls VALUES (2, '2024-01-07');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('changes.calls'::regclass, 'changes.identities'::regclass) AND NOT tgisinternal;
SELECT * FROM lead_scoring.verify('c');
-- One that a rule still waits for is not.
SELECT pg_temp.apply(', {"name": "call", "event_type": "call", "points": 1, "source": "calls"}], "sources": [{"name": "events", "events": "changes.events", "event_type": "kind"}, {"name": "calls", "events": "changes.calls", "every_event": "call", "event_time": "at"}]');
SELECT lead_scoring.apply_model('c', '{"sources": [{"name": "events", "events": "changes.events", "event_type": "kind"}]}');
-- What is not a section of the document stays; what others left unfinished is published with it.
UPDATE c.rules SET points = 6 WHERE name = 'a';
SELECT lead_scoring.apply_model('c', '{"bands": []}', 'no bands');
SELECT what, name, field, old, new FROM lead_scoring.diff('c', 5, 6);
SELECT lead_scoring.apply_model('c', '{}');
-- A move to "mql", by what it was called.
SELECT lead_scoring.apply_model('c', '{"stages": [{"name": "lead"}, {"name": "hot", "min_score": 6}]}');
SELECT lead_scoring.apply_model('c', '{"stages": [{"name": "lead"}, {"name": "mql", "min_score": 6, "formerly": ["warm", "hot"], "requires": {"b": 1}}]}');
SELECT lead_id, to_stage FROM c.moves ORDER BY 1, seq;
SELECT name, id FROM c.stages ORDER BY 2;
-- Reports and status columns go by the names that stages have in the draft.
SELECT lead_scoring.apply_model('c', '{"stages": [{"name": "lead"}, {"name": "warm", "min_score": 6, "formerly": ["mql"]}], "reports": {"mql_stage": "warm"}, "settings": {"status_columns": {"warm_at": "warm_at"}}}');
UPDATE c.stages SET name = 'hot2' WHERE name = 'warm';
SELECT d #>> '{reports,mql_stage}', d #> '{settings,status_columns}' FROM lead_scoring.export_model('c') d;
CREATE TABLE changes.copied (lead_id bigint PRIMARY KEY);
SELECT lead_scoring.apply_model('d', lead_scoring.export_model('c')::jsonb, tables => '{"leads": "changes.copied"}');
SELECT lead_scoring.apply_model('c', lead_scoring.export_model('c')::jsonb);
SELECT mql_stage, status_columns FROM c.report_settings, c.settings;
SELECT * FROM lead_scoring.verify('d');
SELECT lead_scoring.drop_model('d') \g /dev/null
SELECT * FROM lead_scoring.verify('c');
SELECT lead_scoring.drop_model('c') \g /dev/null
DROP SCHEMA changes CASCADE;

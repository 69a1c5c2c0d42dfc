-- Tables that are partitioned, whose columns stand in another order or were dropped, that have generated and composite
-- columns. Keys are uuid.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA partitions_test;
SET search_path = partitions_test, public;
CREATE TYPE page AS (path text, seconds integer);
CREATE TABLE leads (gone1 text, id uuid NOT NULL, country text, gone2 integer, PRIMARY KEY (id)) PARTITION BY HASH (id);
CREATE TABLE leads_0 PARTITION OF leads FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE leads_1 (country text, gone2 integer, more integer, gone1 text, id uuid NOT NULL);
ALTER TABLE leads_1 DROP COLUMN more;
ALTER TABLE leads ATTACH PARTITION leads_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE leads DROP COLUMN gone1, DROP COLUMN gone2;
CREATE TABLE events (lost integer, lead_id uuid, type text, occurred_at timestamptz NOT NULL, visited page, amount numeric, doubled numeric GENERATED ALWAYS AS (amount * 2) STORED)
    PARTITION BY RANGE (occurred_at);
CREATE INDEX ON events (lead_id, occurred_at);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
ALTER TABLE events DROP COLUMN lost;
CREATE TABLE events_2024 (occurred_at timestamptz NOT NULL, amount numeric, other text, doubled numeric GENERATED ALWAYS AS (amount * 2) STORED, visited page, type text, lead_id uuid) PARTITION BY LIST (type);
ALTER TABLE events_2024 DROP COLUMN other;
ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2024_visits PARTITION OF events_2024 FOR VALUES IN ('visit');
CREATE TABLE events_2024_rest PARTITION OF events_2024 DEFAULT;
SELECT lead_scoring.create_model('partitions', 'leads', 'events');
SELECT lead_scoring.add_rule('partitions', 'visit', 'visit', 1, $$(visited).path LIKE '/pricing%'$$, per => '(visited).seconds');
SELECT lead_scoring.add_rule('partitions', 'order', 'order', 1, per => 'doubled');
SELECT lead_scoring.add_rule('partitions', 'any order', 'order', 1000, limit_count => 1, limit_window => 'ever');
SELECT lead_scoring.add_fit_rule('partitions', 'domestic', $$country = 'DE'$$, 0.5);
SELECT lead_scoring.add_stage('partitions', 'mql', min_score => 1000);
SELECT lead_scoring.publish('partitions');
\set one '''00000000-0000-0000-0000-000000000001'''
\set two '''00000000-0000-0000-0000-000000000002'''
\set new '''00000000-0000-0000-0000-000000000003'''
\set show 'SELECT right(s.lead_id::text, 1) AS lead, s.score, s.stage, l.lead_stage, l.mql_at FROM partitions.scores s LEFT JOIN leads l ON l.id = s.lead_id ORDER BY 1; SELECT * FROM lead_scoring.verify(''partitions'');'
SELECT * FROM lead_scoring.models() WHERE model = 'partitions';

-- Through the parent and directly into a partition, at any level; one statement over several partitions.
INSERT INTO leads VALUES (:one, 'DE'), (:two, 'FR');
INSERT INTO events VALUES (:one, 'visit', '2023-05-01', ('/pricing', 10), NULL), (:one, 'visit', '2024-05-01', ('/pricing/x', 20), NULL), (:two, 'order', '2024-05-01', NULL, 100), (:new, 'visit', '2024-05-01', ('/', 99), NULL);
:show
INSERT INTO events_2023 (lead_id, type, occurred_at, visited) VALUES (:one, 'visit', '2023-06-01', ('/pricing', 3)), (:two, 'visit', '2023-06-01', ('/pricing', 3));
INSERT INTO events_2024 (lead_id, type, occurred_at, amount) VALUES (:one, 'order', '2024-06-01', 1), (:new, 'order', '2024-06-01', 2);
INSERT INTO events_2024_visits (lead_id, type, occurred_at, visited) VALUES (:one, 'visit', '2024-06-01', ('/pricing', 4));
COPY events_2024_rest (lead_id, type, occurred_at, amount) FROM stdin;
00000000-0000-0000-0000-000000000001	order	2024-06-02	0.25
00000000-0000-0000-0000-000000000002	order	2024-01-02	\N
\.
:show

-- Rows that move: from one partition to another, within and across levels, through the parent and by a partition.
UPDATE events SET occurred_at = occurred_at - interval '1 year' WHERE occurred_at >= '2024-01-01' AND lead_id = :one AND type = 'visit';
:show
UPDATE events SET type = 'visit', visited = ('/pricing', 7) WHERE lead_id = :two AND type = 'order';
:show
UPDATE events_2024 SET type = 'order', amount = 5 WHERE lead_id = :two AND type = 'visit';
:show
UPDATE events SET lead_id = :two, occurred_at = '2024-12-31' WHERE lead_id = :one AND type = 'visit';
SELECT tableoid::regclass AS partition, count(*) FROM events GROUP BY 1 ORDER BY 1;
:show
UPDATE events_2023 SET occurred_at = '2024-01-01';
\echo :LAST_ERROR_SQLSTATE
DELETE FROM events_2024_visits WHERE (visited).seconds < 5;
:show
MERGE INTO events e USING (VALUES (:one::uuid, '2024-06-01'::timestamptz, 50), (:new::uuid, '2023-06-09', 60)) n (lead_id, at, amount) ON e.lead_id = n.lead_id AND e.occurred_at = n.at
 WHEN MATCHED THEN UPDATE SET amount = n.amount WHEN NOT MATCHED THEN INSERT (lead_id, type, occurred_at, amount) VALUES (n.lead_id, 'order', n.at, n.amount);
:show

-- Leads: attributes, new rows in either partition, and keys that move a row from one to the other.
UPDATE leads SET country = CASE WHEN country = 'FR' THEN 'DE' END;
INSERT INTO leads SELECT ('00000000-0000-0000-0000-0000000000' || i)::uuid, 'DE' FROM generate_series(10, 29) i;
SELECT count(*), sum(score) FROM partitions.scores WHERE lead_id NOT IN (:one, :two, :new);
SELECT count(DISTINCT tableoid) FROM leads;
UPDATE leads SET id = ('10000000' || substr(id::text, 9))::uuid WHERE id NOT IN (:one, :two);
SELECT count(*), sum(score) FROM partitions.scores WHERE lead_id NOT IN (:one, :two, :new);
DELETE FROM leads_0 WHERE id NOT IN (:one, :two);
DELETE FROM leads_1 WHERE id NOT IN (:one, :two);
:show

-- New partitions: made, attached with rows in them, detached, dropped and truncated. Rows that come or go with a table
-- fire no trigger; repair takes them in.
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events VALUES (:one, 'order', '2025-05-01', NULL, 4);
INSERT INTO events_2025 (lead_id, type, occurred_at, amount) VALUES (:one, 'order', '2025-05-01', 8);
SELECT * FROM lead_scoring.models() WHERE model = 'partitions';
:show
CREATE TABLE events_2022 (LIKE events INCLUDING GENERATED);
INSERT INTO events_2022 VALUES (:one, 'order', '2022-05-01', NULL, 4);
ALTER TABLE events ATTACH PARTITION events_2022 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
INSERT INTO events_2022 VALUES (:two, 'order', '2022-05-01', NULL, 4);
SELECT problem IS NULL FROM lead_scoring.models() WHERE model = 'partitions';
SELECT right(lead_id, 1), problem FROM lead_scoring.verify('partitions');
SELECT lead_scoring.repair('partitions');
:show
TRUNCATE events_2024_visits;
:show
ALTER TABLE events DETACH PARTITION events_2025;
SELECT right(lead_id, 1), problem FROM lead_scoring.verify('partitions');
SELECT lead_scoring.repair('partitions');
:show
INSERT INTO events_2025 (lead_id, type, occurred_at, amount) VALUES (:one, 'order', '2025-05-01', 8);
\echo :LAST_ERROR_SQLSTATE
:show
DROP TABLE events_2022;
SELECT lead_scoring.repair('partitions');
:show

-- A replica session, through the parent and a partition, with a row that moves.
SET session_replication_role = replica;
INSERT INTO events VALUES (:one, 'order', '2023-08-01', NULL, 16);
INSERT INTO events_2024_rest (lead_id, type, occurred_at, amount) VALUES (:new, 'order', '2024-08-01', 32);
UPDATE events SET occurred_at = '2024-09-01', lead_id = :two WHERE amount = 16;
UPDATE leads SET id = '00000000-0000-0000-0000-00000000000a' WHERE id = :one;
RESET session_replication_role;
:show

-- Rows that move to another partition, where a BEFORE INSERT trigger lets some of them go: of leads, by their key, and of
-- events. What is let go is gone, and the others are what they are.
CREATE FUNCTION let_go() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN row_to_json(NEW) ->> 'mark' = 'gone' THEN NULL ELSE NEW END; END $$;
CREATE TABLE people (id bigint PRIMARY KEY, country text, mark text) PARTITION BY RANGE (id);
CREATE TABLE people_1 PARTITION OF people FOR VALUES FROM (0) TO (100);
CREATE TABLE people_2 PARTITION OF people FOR VALUES FROM (100) TO (200);
CREATE TRIGGER let_go BEFORE INSERT ON people_2 FOR EACH ROW EXECUTE FUNCTION let_go();
CREATE TABLE visits (lead_id bigint, type text, occurred_at timestamptz, mark text) PARTITION BY LIST (type);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES IN ('visit');
CREATE TABLE visits_2 PARTITION OF visits DEFAULT;
CREATE TRIGGER let_go BEFORE INSERT ON visits_2 FOR EACH ROW EXECUTE FUNCTION let_go();
CREATE INDEX ON visits (lead_id);
SELECT lead_scoring.create_model('moving', 'people', 'visits');
SELECT lead_scoring.add_rule('moving', 'visit', 'visit', 10), lead_scoring.add_rule('moving', 'other', 'other', 1), lead_scoring.add_fit_rule('moving', 'domestic', $$country = 'DE'$$, 5);
SELECT lead_scoring.add_stage('moving', 'mql', min_score => 10);
SELECT lead_scoring.publish('moving');
INSERT INTO people SELECT i, CASE WHEN i % 3 = 0 THEN 'DE' END, CASE WHEN i % 3 = 2 THEN 'gone' END FROM generate_series(1, 9) i;
INSERT INTO visits SELECT i, 'visit', '2026-01-01' FROM unnest('{1,2,3,102,103}'::integer[]) i;
UPDATE people SET id = id + 100 WHERE id <> 8;
SELECT s.lead_id, s.score, s.stage, l.lead_stage FROM moving.scores s LEFT JOIN people l ON l.id = s.lead_id ORDER BY 1;
SELECT * FROM lead_scoring.verify('moving');
UPDATE people SET id = CASE WHEN id < 100 THEN id + 100 ELSE id - 100 END, country = 'DE' WHERE id IN (8, 101, 103);
UPDATE visits SET type = 'other', mark = CASE WHEN lead_id IN (2, 102) THEN 'gone' END;
SELECT s.lead_id, s.score, s.stage, l.lead_stage FROM moving.scores s LEFT JOIN people l ON l.id = s.lead_id ORDER BY 1;
SELECT * FROM lead_scoring.verify('moving');
SELECT lead_scoring.drop_model('moving');

SELECT lead_scoring.drop_model('partitions');
DROP SCHEMA partitions_test CASCADE;

-- What BI tools and drivers can count on: plain types only, a comment on every view and column, and never NaN or infinity,
-- over a model with everything switched on.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA contract_test;
SET search_path = contract_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text, came date);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, campaign text, properties jsonb);
CREATE INDEX ON events (lead_id);
CREATE TABLE spend (campaign text, medium text, spent_on date, amount float8);
CREATE TABLE deals (lead_id bigint, earned_on date, amount float4);
SELECT lead_scoring.create_model('contract_model', 'leads', 'events', event_campaign => 'campaign', time_zone => 'Pacific/Auckland',
    status_columns => '{"stage": "stage", "score": "score", "grade": "grade", "mql_at": "mql_at"}', min_score => 0, max_score => 100) \g /dev/null
SELECT lead_scoring.add_group('contract_model', 'content', max_points => 50), lead_scoring.add_rule('contract_model', 'visit', 'visit', 10, per => $$(properties->>'n')::numeric$$,
           rule_group => 'content', decay => 'exponential', half_life => '30 days'),
       lead_scoring.add_rule('contract_model', 'download', 'download', 5, limit_count => 1, limit_window => 'month', limit_key => $$properties->>'asset'$$),
       lead_scoring.add_fit_rule('contract_model', 'near', $$country = 'NZ'$$, 5),
       lead_scoring.add_band('contract_model', 'fit', 'A', 5), lead_scoring.add_band('contract_model', 'fit', 'B', -100), lead_scoring.add_band('contract_model', 'engagement', '1', 0),
       lead_scoring.add_stage('contract_model', 'recycled', kind => 'detour', rank => 90, on_event => 'recycle'),
       lead_scoring.add_stage('contract_model', 'mql', min_score => 10, rank => 10, falls_below => 1, within => '3 days', timeout_stage => 'recycled'),
       lead_scoring.add_stage('contract_model', 'sql', on_event => 'accepted', rank => 20), lead_scoring.add_stage('contract_model', 'customer', on_event => 'won', rank => 30) \g /dev/null
SELECT lead_scoring.publish('contract_model') \g /dev/null
SELECT lead_scoring.set_spend('contract_model', 'spend', channel => 'medium'), lead_scoring.set_revenue('contract_model', 'deals') \g /dev/null
UPDATE contract_model.report_settings SET event_channel = $$properties->>'channel'$$, event_asset = $$properties->>'asset'$$, lead_created = 'came', look_back = '400 days', half_life = '3 days';
INSERT INTO leads SELECT n, CASE WHEN n % 2 = 0 THEN 'NZ' END, CASE WHEN n = 1 THEN date 'infinity' WHEN n = 2 THEN '-infinity' WHEN n < 20 THEN '2024-01-01' END FROM generate_series(1, 60) n;
INSERT INTO events
SELECT n, e.type, e.at + n * interval '7 days', 'c' || n % 3, jsonb_build_object('n', n % 4, 'channel', 'm' || n % 4, 'asset', 'a' || n % 5)
  FROM generate_series(1, 50) n, (VALUES ('visit', timestamptz '2024-01-05', 1), ('download', '2024-01-06', 2), ('accepted', '2024-01-07', 4), ('recycle', '2024-01-09', 5), ('won', '2024-01-20', 8)) e (type, at, every)
 WHERE n % e.every = 0 ORDER BY e.at;
INSERT INTO events VALUES (3, 'visit', 'infinity', 'c', '{"n": "NaN"}'), (4, 'visit', '2024-05-05', 'c', '{"n": "1e300"}'), (NULL, 'visit', '2024-05-05', NULL, NULL), (7, NULL, NULL, NULL, NULL),
    (9, 'visit', '2024-05-05', 'c', '{"n": "x"}');
INSERT INTO spend VALUES ('c1', 'm1', '2024-02-01', 10), ('c1', 'm1', '2024-02-01', 'NaN'), ('c2', 'm2', 'infinity', 'Infinity'), ('c3', NULL, NULL, '-Infinity'), (NULL, NULL, '2024-02-02', 0), ('c1', 'm3', '2024-03-01', -10);
INSERT INTO deals VALUES (8, '2024-03-01', 100), (8, 'infinity', 'NaN'), (16, NULL, 'Infinity'), (24, '2024-05-01', -5);
CALL lead_scoring.refresh('contract_model');
SELECT lead_scoring.adjust('contract_model', 1, 5, 'a call') \g /dev/null

-- All views, and the functions that return rows to users.
WITH columns AS (
    SELECT format('%I.%I', c.relnamespace::regnamespace, c.relname) AS object, a.attname AS name, format_type(a.atttypid, NULL) AS type, a.atttypmod AS typmod,
           col_description(c.oid, a.attnum) IS NOT NULL AND obj_description(c.oid, 'pg_class') IS NOT NULL AS commented
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('v', 'm') AND c.relnamespace IN ('contract_model'::regnamespace, 'lead_scoring'::regnamespace)
    UNION ALL
    SELECT p.oid::regprocedure::text, coalesce(o.name, 'result'), format_type(coalesce(o.type, p.prorettype), NULL), -1, obj_description(p.oid, 'pg_proc') IS NOT NULL
      FROM pg_proc p
      LEFT JOIN LATERAL (SELECT u.name, u.type FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes) u (name, type, mode) WHERE u.mode IN ('t', 'o')) o ON true
     WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.proretset
       AND p.proname NOT IN ('model_schemas', 'expected_triggers', 'report'))
SELECT count(*) > 150 AS looked_at, count(DISTINCT object) > 15 AS objects, count(*) FILTER (WHERE type = 'numeric' AND typmod = -1 AND object LIKE 'contract_model.%') AS unbounded,
       string_agg(object || ' ' || name || ': ' || CASE WHEN commented THEN type ELSE 'no comment' END, E'\n')
           FILTER (WHERE NOT commented OR type NOT IN ('text', 'bigint', 'integer', 'double precision', 'numeric', 'boolean', 'date', 'timestamp with time zone')) AS problems
  FROM columns;

-- Each view has rows, and no value is NaN or infinite.
SELECT format('SELECT %L, count(*) > 0 AS has_rows, count(*) FILTER (WHERE to_jsonb(v)::text ~ ''"-?(NaN|[Ii]nfinity)"'') AS not_finite FROM %I.%I v', c.relname, 'contract_model', c.relname)
  FROM pg_class c WHERE c.relnamespace = 'contract_model'::regnamespace AND c.relkind = 'v' ORDER BY c.relname \gexec

-- No view rests on a table of the user's, but for the key of leads; so nothing they do to their own columns is refused.
SELECT DISTINCT v.ev_class::regclass, d.refobjid::regclass, a.attname FROM pg_depend d JOIN pg_rewrite v ON v.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid JOIN pg_class c ON c.oid = d.refobjid
 WHERE d.refclassid = 'pg_class'::regclass AND v.ev_class::regclass::text LIKE 'contract_model.%' AND c.relnamespace = 'contract_test'::regnamespace;
SELECT * FROM lead_scoring.verify('contract_model');
SELECT lead_scoring.drop_model('contract_model') \g /dev/null
DROP SCHEMA contract_test CASCADE;

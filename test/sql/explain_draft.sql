-- The draft explained before it is published: what explain says afterwards, while the published version goes on as it is.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_other;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_lead_scoring_owner;
CREATE SCHEMA draft_test AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SET search_path = draft_test;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, minutes integer) PARTITION BY LIST (type);
CREATE TABLE visits PARTITION OF events FOR VALUES IN ('visit');
CREATE TABLE others (minutes integer, occurred_at timestamptz, lead_id bigint, type text);
ALTER TABLE events ATTACH PARTITION others DEFAULT;
CREATE INDEX ON events (lead_id);
CREATE FUNCTION is_long(minutes integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN minutes > 20; END';
INSERT INTO leads SELECT i, (ARRAY['DE', 'FR', 'NZ', NULL])[i % 4 + 1] FROM generate_series(1, 20) i;
INSERT INTO events SELECT i * 7 % 22, (ARRAY['visit', 'mail', 'call'])[i % 3 + 1], timestamptz '2024-01-01' + i * 7919 % 500 * interval '17 hours', i % 60
  FROM generate_series(1, 400) i;

-- What explain, or explain_draft, says of every lead at some instants; the number tells that it says something.
CREATE FUNCTION lines(function text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    asked record;
BEGIN
    FOR asked IN SELECT i, at FROM generate_series(0, 22) i, unnest('{2024-01-15,2024-05-31 22:30,2024-12-01,2030-01-01}'::timestamptz[]) at LOOP
        RETURN QUERY EXECUTE format('SELECT format(''%%s|%%s|%%s'', $1, $2, e) FROM %s(''drafted'', $1, $2) e', function) USING asked.i::text, asked.at;
    END LOOP;
END $$;
-- The lines that only one of two tables has.
CREATE FUNCTION difference(one regclass, other regclass) RETURNS TABLE (lines bigint, differing bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM %1$s),
        (SELECT count(*) FROM ((SELECT * FROM %1$s EXCEPT ALL SELECT * FROM %2$s) UNION ALL (SELECT * FROM %2$s EXCEPT ALL SELECT * FROM %1$s)) d)', one, other);
END $$;

-- Before anything is published.
SELECT lead_scoring.create_model('drafted', 'leads', 'events', min_score => 0, status_columns => '{}');
SELECT lead_scoring.add_rule('drafted', 'visit', 'visit', 1.25), lead_scoring.add_rule('drafted', 'mail', 'mail', 8, decay => 'exponential', half_life => '100 days');
CREATE TABLE first_draft AS SELECT lines('lead_scoring_internal.explain_draft_as_owner');
SELECT * FROM lead_scoring.versions('drafted');
SELECT lead_scoring.publish('drafted');
CREATE TABLE first_version AS SELECT lines('lead_scoring.explain');
SELECT * FROM difference('first_version', 'first_draft');

-- All that a draft may change.
SELECT lead_scoring.add_group('drafted', 'content', min_points => -5, max_points => 25);
UPDATE drafted.rules SET points = -3, condition = 'is_long(minutes)', rule_group = 'content', decay = 'step', "drop" = 0.25, step = '30 days' WHERE name = 'visit';
UPDATE drafted.rules SET half_life = '50 days', max_points = 30, name = 'post' WHERE name = 'mail';
SELECT lead_scoring.add_rule('drafted', 'call', 'call', 0.3, per => 'minutes', rule_group => 'content', limit_count => 2, limit_window => 'month', limit_key => 'minutes / 10'),
       lead_scoring.add_rule('drafted', 'fails', 'call', 5, '10 / (minutes % 7) > 1', decay => 'window', lifespan => '60 days'),
       lead_scoring.add_fit_rule('drafted', 'domestic', $$country = 'DE'$$, 10);
UPDATE drafted.settings SET time_zone = 'Europe/Berlin', max_score = 60;
CREATE TABLE second_draft AS SELECT lines('lead_scoring_internal.explain_draft_as_owner');
CREATE TABLE first_again AS SELECT lines('lead_scoring.explain');
SELECT * FROM difference('first_version', 'first_again');
SELECT differing > 0 FROM difference('first_version', 'second_draft');
SELECT version FROM lead_scoring.versions('drafted');
SELECT * FROM lead_scoring.verify('drafted');
-- In the midst of events under the published version.
BEGIN;
INSERT INTO events VALUES (1, 'visit', '2024-12-01', 30);
SELECT e.rule, e.times > 0 FROM lead_scoring_internal.explain_draft_as_owner('drafted', '1', '2025-01-01') e WHERE e.rule IN ('visit', 'post', 'mail') ORDER BY 1;
INSERT INTO events VALUES (1, 'mail', '2024-12-02', 30);
SELECT * FROM lead_scoring.verify('drafted');
ROLLBACK;
SELECT lead_scoring.publish('drafted');
CREATE TABLE second_version AS SELECT lines('lead_scoring.explain');
SELECT * FROM difference('second_version', 'second_draft');

-- A condition's function is changed: the next call goes by the new one.
CREATE OR REPLACE FUNCTION is_long(minutes integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN minutes > 40; END';
CREATE TABLE third_draft AS SELECT lines('lead_scoring_internal.explain_draft_as_owner');
CREATE TABLE third_version AS SELECT lines('lead_scoring.explain');
SELECT * FROM difference('third_version', 'third_draft');
SELECT differing > 0 FROM difference('second_version', 'third_version');

-- An unknown lead has no lines; what cannot be published cannot be explained.
SELECT * FROM lead_scoring_internal.explain_draft_as_owner('drafted', '77', '2025-01-01');
SELECT * FROM lead_scoring_internal.explain_draft_as_owner('drafted', NULL, '2025-01-01');
ALTER TABLE events RENAME minutes TO seconds;
SELECT count(*) FROM lead_scoring_internal.explain_draft_as_owner('drafted', '1', '2025-01-01');
SELECT :'LAST_ERROR_SQLSTATE';
ALTER TABLE events RENAME seconds TO minutes;
SELECT count(*) > 0 FROM lead_scoring_internal.explain_draft_as_owner('drafted', '1', '2025-01-01');

-- For the owner, and a definition for nobody.
GRANT USAGE ON SCHEMA drafted TO regress_lead_scoring_other;
GRANT SELECT ON ALL TABLES IN SCHEMA drafted TO regress_lead_scoring_other;
SELECT count(*) FROM lead_scoring_internal.explain_definition('drafted', '1', '2025-01-01', (SELECT definition FROM drafted.versions ORDER BY version LIMIT 1));
SELECT :'LAST_ERROR_SQLSTATE';
RESET ROLE;
SET ROLE regress_lead_scoring_other;
SELECT count(*) FROM lead_scoring_internal.explain_draft_as_owner('drafted', '1', '2025-01-01');
SELECT :'LAST_ERROR_SQLSTATE';
RESET ROLE;
SELECT lead_scoring.repair('drafted') > 0;
SELECT * FROM lead_scoring.verify('drafted');
SELECT lead_scoring.drop_model('drafted');
\set VERBOSITY terse
DROP SCHEMA draft_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_other;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_other;

-- The one row of report_settings: an UPDATE before it is there is refused, and whatever makes it is not.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_clerk;
CREATE SCHEMA rs_test;
CREATE TABLE rs_test.leads (id bigint PRIMARY KEY);
CREATE TABLE rs_test.events (lead_id bigint, type text, occurred_at timestamptz, channel text);
CREATE TABLE rs_test.spend (campaign text, spent_on date, amount numeric);
CREATE INDEX ON rs_test.events (lead_id);
SELECT lead_scoring.create_model('my "own" model', 'rs_test.leads', 'rs_test.events', status_columns => '{}') \g /dev/null
SELECT lead_scoring.publish('my "own" model') \g /dev/null
INSERT INTO rs_test.events VALUES (1, 'visit', '2024-01-01', 'mail');
SET search_path = "my ""own"" model", rs_test;

UPDATE report_settings SET look_back = '90 days';
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
INSERT INTO "my ""own"" model".report_settings DEFAULT VALUES;
UPDATE report_settings SET look_back = '90 days';
UPDATE report_settings SET look_back = '30 days' WHERE look_back < '1 day';
SELECT look_back FROM report_settings;

-- Whoever may write it need not be able to read it.
GRANT USAGE ON SCHEMA "my ""own"" model" TO regress_lead_scoring_clerk;
GRANT UPDATE, DELETE ON report_settings TO regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
UPDATE report_settings SET week_starts = 'sunday';
DELETE FROM report_settings;
UPDATE report_settings SET week_starts = 'sunday';
RESET ROLE;

-- What may be an UPDATE and makes the row.
SELECT lead_scoring.set_spend('my "own" model', 'spend') \g /dev/null
SELECT spend_table, week_starts FROM report_settings;
DELETE FROM report_settings;
INSERT INTO report_settings (week_starts) VALUES ('friday') ON CONFLICT (only_row) DO UPDATE SET week_starts = EXCLUDED.week_starts;
INSERT INTO report_settings (week_starts) VALUES ('sunday') ON CONFLICT (only_row) DO UPDATE SET week_starts = EXCLUDED.week_starts;
SELECT week_starts FROM report_settings;
DELETE FROM report_settings;
MERGE INTO report_settings r USING (VALUES ('friday')) v (day) ON r.only_row WHEN MATCHED THEN UPDATE SET week_starts = v.day WHEN NOT MATCHED THEN INSERT (week_starts) VALUES (v.day);
SELECT week_starts FROM report_settings;

-- A model that version 0.9 made has no such trigger, which is no fault of it; upgrade_model() adds it.
DELETE FROM report_settings;
DROP TRIGGER report_settings_updated ON report_settings;
SELECT problem FROM lead_scoring.models() WHERE model = 'my "own" model';
UPDATE settings SET format = 1;
SELECT problem FROM lead_scoring.models() WHERE model = 'my "own" model';
UPDATE report_settings SET look_back = '90 days';
INSERT INTO events VALUES (1, 'visit', '2024-01-02', 'mail');
SELECT lead_scoring.upgrade_model('my "own" model') \g /dev/null
SELECT problem FROM lead_scoring.models() WHERE model = 'my "own" model';
UPDATE report_settings SET look_back = '90 days';
SELECT * FROM lead_scoring.verify('my "own" model');

RESET search_path;
SELECT lead_scoring.drop_model('my "own" model') \g /dev/null
DROP SCHEMA rs_test CASCADE;
DROP ROLE regress_lead_scoring_clerk;

-- A model as a document: exported, applied to other tables, keys of other types, and to itself.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
\set ECHO none
\i test/lib/full_model.sql
\set ECHO all
SELECT lead_scoring.export_model('full_model');
SET client_min_messages = notice;
-- Applied to the model itself it changes nothing.
SELECT lead_scoring.apply_model('full_model', lead_scoring.export_model('full_model')::jsonb);
-- Tables of the same shape with keys of other types; where there is no model, it is made.
CREATE SCHEMA twin;
CREATE TABLE twin.leads (id uuid PRIMARY KEY, country text, came date);
CREATE TABLE twin.events (lead_id uuid, type text, occurred_at timestamptz, campaign text, properties jsonb, visitor text);
CREATE INDEX ON twin.events (lead_id);
CREATE INDEX ON twin.events (visitor) WHERE lead_id IS NULL;
CREATE TABLE twin.calls (number uuid, on_day date, minutes integer, medium text);
CREATE INDEX ON twin.calls (number);
CREATE TABLE twin.spend (campaign text, medium text, spent_on date, amount numeric);
CREATE TABLE twin.deals (lead_id uuid, earned_on date, amount float4);
CREATE TABLE twin.identities (visitor text PRIMARY KEY, lead_id uuid);
CREATE INDEX ON twin.identities (lead_id);
INSERT INTO twin.leads VALUES (md5('1')::uuid, 'NZ', '2024-01-01');
INSERT INTO twin.events VALUES (md5('1')::uuid, 'visit', '2024-01-05', 'c', '{"n": 1}');
SELECT lead_scoring.apply_model('twin_model', lead_scoring.export_model('full_model')::jsonb, 'from the other', tables =>
    '{"leads": "twin.leads", "events": "twin.events", "calls": "twin.calls", "identities": "twin.identities", "spend": "twin.spend", "revenue": "twin.deals"}');
SELECT version, note FROM lead_scoring.versions('twin_model');
SELECT lead_id, stage FROM twin_model.leads;
SELECT replace(lead_scoring.export_model('twin_model')::text, 'twin.', 'full_test.') = lead_scoring.export_model('full_model')::text;
SELECT lead_scoring.apply_model('twin_model', lead_scoring.export_model('full_model')::jsonb, tables =>
    '{"leads": "twin.leads", "events": "twin.events", "calls": "twin.calls", "identities": "twin.identities", "spend": "twin.spend", "revenue": "twin.deals"}');
SELECT * FROM lead_scoring.verify('twin_model');
SELECT * FROM lead_scoring.verify('full_model');
-- Into another database, with keys that are texts: tables of the same names need no list of them.
SELECT lead_scoring.export_model('full_model') AS document, current_database() AS here \gset
CREATE DATABASE apply_elsewhere;
\set QUIET on
\c apply_elsewhere
SET client_min_messages = warning;
CREATE EXTENSION lead_scoring;
CREATE SCHEMA full_test;
SET search_path = full_test;
CREATE TABLE leads (id text PRIMARY KEY, country text, came date);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz, campaign text, properties jsonb, visitor text);
CREATE INDEX ON events (lead_id);
CREATE INDEX ON events (visitor) WHERE lead_id IS NULL;
CREATE TABLE calls (number text, on_day date, minutes integer, medium text);
CREATE INDEX ON calls (number);
CREATE TABLE spend (campaign text, medium text, spent_on date, amount numeric);
CREATE TABLE deals (lead_id text, earned_on date, amount float4);
CREATE TABLE identities (visitor text PRIMARY KEY, lead_id text);
CREATE INDEX ON identities (lead_id);
SET intervalstyle = sql_standard;
SET extra_float_digits = -3;
SELECT lead_scoring.apply_model('elsewhere', :'document');
SELECT lead_scoring.export_model('elsewhere')::text = :'document';
SELECT * FROM lead_scoring.verify('elsewhere');
\c :here
DROP DATABASE apply_elsewhere;
SELECT lead_scoring.drop_model('twin_model'), lead_scoring.drop_model('full_model') \g /dev/null
DROP SCHEMA twin, full_test CASCADE;

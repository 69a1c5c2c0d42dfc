-- Keys of every kind, through all that is done with them; and those that are refused, each with a statement that can be typed.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA keys_test;
SET search_path = keys_test, public;
CREATE FUNCTION state() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
RETURN coalesce(string_agg(format('%s %s %s', l.lead_id, l.score, l.stage), ', ' ORDER BY l.lead_id::text COLLATE "C"), 'nobody')
       || (SELECT coalesce(string_agg(format(E'\n  WRONG: %s', v), ''), '') FROM lead_scoring.verify('keys') v)
  FROM keys.leads l;
END $$;
-- What becomes of three leads in two tables with these columns. `id` and `lead_id` are what is written, and may be what key and lead are
-- generated from.
CREATE FUNCTION walk(leads text, events text, ids text[], id text DEFAULT 'id', lead_id text DEFAULT 'lead_id') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    add_events text;
    keys text[];
BEGIN
    EXECUTE format('CREATE TABLE leads (%s); CREATE TABLE events (%s, number integer, type text, occurred_at timestamptz); CREATE INDEX ON events (lead)', leads, events);
    PERFORM lead_scoring.create_model('keys', 'leads', 'events', lead_key => 'key', event_lead => 'lead');
    PERFORM lead_scoring.add_rule('keys', 'visit', 'visit', 10), lead_scoring.add_rule('keys', 'mail', 'mail', 3, limit_count => 1, limit_window => 'day'),
            lead_scoring.add_stage('keys', 'mql', min_score => 20), lead_scoring.publish('keys');
    EXECUTE format('INSERT INTO leads (%I) VALUES (%L), (%L), (%L)', id, ids[1], ids[2], ids[3]);
    EXECUTE format('SELECT array_agg(key::text ORDER BY array_position(%L, %I::text)) FROM leads', ids, id) INTO keys;
    add_events := format('INSERT INTO events (%I, number, type, occurred_at) VALUES ', lead_id) || '(%L, %s, %L, %L)';
    FOR i IN 1 .. 6 LOOP
        EXECUTE format(add_events, ids[1 + i % 3], i, 'visit', timestamptz '2024-01-01' + i * interval '1 day');
    END LOOP;
    RETURN NEXT 'inserted   ' || state();
    EXECUTE format(add_events || ', (%1$L, 8, %3$L, ''2023-06-01 11:00'')', ids[1], 7, 'mail', '2023-06-01 12:00');
    RETURN NEXT 'late       ' || state();
    EXECUTE format('UPDATE events SET %I = %L WHERE number = 1', lead_id, ids[3]);
    DELETE FROM events WHERE number = 2;
    RETURN NEXT 'corrected  ' || state();
    RETURN NEXT 'explained  ' || (SELECT string_agg(format('%s x %s', e.rule, e.times), ', ' ORDER BY e.rule) FROM lead_scoring.explain('keys', keys[1]) e)
        || format('; %s in 2023', lead_scoring.score_at('keys', keys[1], '2024-01-01'));
    PERFORM lead_scoring.merge_leads('keys', keys[3], keys[1]);
    EXECUTE format('SELECT format(''; %%s events of %%s'', count(*), string_agg(DISTINCT %I::text, '' and '')) FROM events WHERE lead::text = $1', lead_id) INTO add_events USING keys[1];
    RETURN NEXT 'merged     ' || state() || add_events;
    PERFORM lead_scoring.forget_lead('keys', keys[1]);
    RETURN NEXT 'forgotten  ' || state() || (SELECT format('; %s events', count(*)) FROM events);
    EXECUTE format('UPDATE leads SET %1$I = %2$L WHERE %1$I = %3$L', id, ids[1], ids[3]);
    EXECUTE format('INSERT INTO events (%I, type, occurred_at) VALUES (%L, ''visit'', ''2024-01-09'')', lead_id, ids[1]);
    RETURN NEXT 'renamed    ' || state();
    PERFORM lead_scoring.drop_model('keys');
    DROP TABLE leads, events;
END
$$;
CREATE FUNCTION walk_stored(key_type text, lead_type text, ids text[]) RETURNS SETOF text LANGUAGE sql AS $$
SELECT walk(format('key %s PRIMARY KEY', key_type), 'lead ' || lead_type, ids, 'key', 'lead')
$$;
CREATE DOMAIN number AS integer CHECK (VALUE > 0);
CREATE DOMAIN big AS bigint;
CREATE DOMAIN ticket AS uuid;
CREATE DOMAIN word AS text;
CREATE DOMAIN short AS varchar(20) NOT NULL;
CREATE DOMAIN shorter AS short CHECK (length(VALUE) < 15);
\set uuids '{00000000-0000-0000-0000-00000000000a,00000000-0000-0000-0000-00000000000b,00000000-0000-0000-0000-00000000000c}'

-- Stored.
SELECT walk_stored('integer', 'integer', '{1,2,3}');
SELECT walk_stored('bigint', 'bigint', '{1,2,9007199254740993}');
SELECT walk_stored('uuid', 'uuid', :'uuids');
SELECT walk_stored('text', 'text', '{ann,Bob,bob}');
SELECT walk_stored('varchar(20)', 'varchar(20)', '{ann,Bob,bob}');
-- Domains, and what is as good.
SELECT walk_stored('number', 'number', '{1,2,3}');
SELECT walk_stored('big', 'bigint', '{1,2,3}');
SELECT walk_stored('uuid', 'ticket', :'uuids');
SELECT walk_stored('word', 'shorter', '{ann,Bob,bob}');
SELECT walk_stored('short', 'text', '{ann,Bob,bob}');
SELECT walk_stored('text', 'varchar(20)', '{ann,Bob,bob}');
-- Generated: of one column, in both tables or in one; joined of several.
SELECT walk('id integer, key bigint GENERATED ALWAYS AS (id) STORED PRIMARY KEY', 'lead_id text, lead bigint GENERATED ALWAYS AS (lead_id::bigint) STORED', '{1,2,3}');
SELECT walk('id smallint, key integer GENERATED ALWAYS AS (id) STORED PRIMARY KEY', 'lead integer', '{1,2,3}', lead_id => 'lead');
SELECT walk('key uuid PRIMARY KEY', 'lead_id varchar(40), lead ticket GENERATED ALWAYS AS (lead_id::uuid) STORED', :'uuids', id => 'key');
SELECT walk('id text, key text GENERATED ALWAYS AS (lower(id)) STORED PRIMARY KEY', 'lead_id text, lead varchar(20) GENERATED ALWAYS AS (lower(lead_id)) STORED', '{Ann,BOB,kim}');
SELECT walk('tenant integer DEFAULT 7, id uuid, key text GENERATED ALWAYS AS (tenant::text || '':'' || id::text) STORED UNIQUE, PRIMARY KEY (tenant, id)',
            'lead_id uuid, tenant bigint DEFAULT 7, lead text GENERATED ALWAYS AS (tenant::text || '':'' || lead_id::text) STORED', :'uuids');

-- Refused, each with what can be typed; then it works. Makes a model and runs a statement, doing what hints say.
CREATE FUNCTION follow(statement text, lead_key text DEFAULT NULL, event_lead text DEFAULT 'lead_id') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    code text;
    detail text;
    hint text;
    passed text[];
BEGIN
    FOR attempt IN 1 .. 5 LOOP
        BEGIN
            PERFORM lead_scoring.create_model('keys', 'leads', 'events', lead_key => lead_key, event_lead => event_lead, status_columns => '{}');
            PERFORM lead_scoring.add_rule('keys', 'visit', 'visit', 10), lead_scoring.publish('keys');
            EXECUTE statement;
            RETURN NEXT 'works  ' || state();
            RETURN;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, code = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        END;
        RETURN NEXT code || ': ' || message;
        RETURN NEXT '  ' || detail;
        RETURN NEXT '  ' || hint;
        passed := regexp_match(hint, 'ass lead_key => .(\w+)., event_lead => .(\w+).');
        lead_key := coalesce(passed[1], lead_key);
        event_lead := coalesce(passed[2], event_lead);
        EXECUTE regexp_replace(hint, '^Pass .*', '');
    END LOOP;
END
$$;
CREATE FUNCTION start_again() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM lead_scoring.drop_model('keys'); DROP TABLE leads, events; END $$;
CREATE EXTENSION citext SCHEMA public;
CREATE TABLE leads (email citext PRIMARY KEY);
CREATE TABLE events (lead_id citext REFERENCES leads, type text, occurred_at timestamptz);
INSERT INTO leads VALUES ('Ann@example.com'), ('bob@example.com');
SELECT follow($$INSERT INTO events VALUES ('ANN@example.com', 'visit', '2024-01-01'), ('ann@Example.com', 'visit', '2024-01-02'), ('BOB@example.com', 'visit', '2024-01-01')$$);
SELECT lead_scoring.merge_leads('keys', 'bob@example.com', 'ann@example.com');
SELECT state(), (SELECT string_agg(lead_id::text, ' ' ORDER BY occurred_at, lead_id) FROM events);
SELECT start_again();
-- In a collation of its own, as a domain, and beside a text.
CREATE DOMAIN email AS citext COLLATE "C";
CREATE TABLE leads (email email PRIMARY KEY);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz);
SELECT follow($$INSERT INTO leads VALUES ('Ann'); INSERT INTO events VALUES ('aNN', 'visit', '2024-01-01')$$, 'email');
SELECT start_again();
-- Events alone take them for equal.
CREATE TABLE leads (email text PRIMARY KEY);
CREATE TABLE events (lead_id citext, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT follow($$INSERT INTO leads VALUES ('ann'); INSERT INTO events VALUES ('ann', 'visit', '2024-01-01'), ('ANN', 'visit', '2024-01-01')$$);
SELECT start_again();

-- Narrow and padded ones, and a generated one of another type.
CREATE DOMAIN tiny AS smallint;
CREATE TABLE leads (id tiny PRIMARY KEY);
CREATE TABLE events (lead_id text, n smallint GENERATED ALWAYS AS (lead_id::smallint) STORED, type text, occurred_at timestamptz);
SELECT follow($$INSERT INTO leads VALUES (1); INSERT INTO events VALUES ('1', 'visit', '2024-01-01')$$, event_lead => 'n');
-- Changed behind the model's back, it can be made as it was.
ALTER TABLE events ALTER n TYPE numeric;
INSERT INTO events VALUES ('1', 'visit', '2024-01-02');
ALTER TABLE keys_test.events DROP COLUMN n, ADD COLUMN n integer GENERATED ALWAYS AS ((((lead_id)::smallint)::integer)::integer) STORED;
INSERT INTO events VALUES ('1', 'visit', '2024-01-02');
SELECT state();
SELECT start_again();
CREATE DOMAIN code AS char(4);
CREATE TABLE leads (id code PRIMARY KEY);
CREATE TABLE events (lead_id code, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT follow($$INSERT INTO leads VALUES ('a'); INSERT INTO events VALUES ('a', 'visit', '2024-01-01')$$);
SELECT start_again();
-- No key.
CREATE TABLE leads (id numeric UNIQUE, name text PRIMARY KEY);
CREATE TABLE events (lead_id numeric, type text, occurred_at timestamptz);
SELECT lead_scoring.create_model('keys', 'leads', 'events', lead_key => 'id');
\echo :LAST_ERROR_SQLSTATE
DROP TABLE leads, events;
-- One that rows do not have, as PostgreSQL 18 makes them.
CREATE TABLE leads (id integer PRIMARY KEY);
CREATE TABLE events (payload jsonb, type text, occurred_at timestamptz, lead_id integer GENERATED ALWAYS AS ((payload ->> 'user')::integer) STORED);
BEGIN;
UPDATE pg_attribute SET attgenerated = 'v' WHERE attrelid = 'events'::regclass AND attname = 'lead_id';
SELECT follow($$INSERT INTO leads VALUES (1); INSERT INTO events VALUES ('{"user": 1}', 'visit', '2024-01-01')$$);
UPDATE pg_attribute SET attgenerated = 'v' WHERE attrelid = 'events'::regclass AND attname = 'lead_id';
SELECT count(*) FROM lead_scoring.explain('keys', 1);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- A document cannot be made to tell of another lead; a column of its own can.
CREATE INDEX ON events (lead_id);
SELECT follow($$INSERT INTO leads VALUES (1), (2); INSERT INTO events VALUES ('{"user": 1, "page": "/"}', 'visit', '2024-01-01')$$);
SELECT lead_scoring.merge_leads('keys', 2, 1);
SELECT state();
INSERT INTO leads VALUES (3);
SELECT lead_scoring.merge_leads('keys', 1, 3);
\echo :LAST_ERROR_SQLSTATE
SELECT state();
ALTER TABLE keys_test.events ALTER COLUMN lead_id DROP EXPRESSION;
SELECT lead_scoring.merge_leads('keys', 1, 3);
SELECT state(), (SELECT payload FROM events);
SELECT start_again();

-- Of two and of three columns, by tenant; a column that is not there; what the hint asks for is there already.
CREATE TABLE leads (tenant integer, id bigint, name text, PRIMARY KEY (tenant, id));
CREATE TABLE events (tenant integer, lead_id bigint, type text, occurred_at timestamptz, FOREIGN KEY (tenant, lead_id) REFERENCES leads);
SELECT lead_scoring.create_model('keys', 'leads', 'events', event_lead => 'lead');
\echo :LAST_ERROR_SQLSTATE
SELECT follow($$INSERT INTO leads VALUES (1, 1), (1, 2), (2, 1); INSERT INTO events VALUES (1, 1, 'visit', '2024-01-01'), (1, 2, 'visit', '2024-01-01'), (2, 1, 'visit', '2024-01-02')$$);
SELECT lead_scoring.merge_leads('keys', '1:2', '1:1'), lead_scoring.merge_leads('keys', '2:1', '1:1');
SELECT state(), (SELECT array_agg(DISTINCT (tenant, lead_id)) FROM events);
SELECT lead_scoring.drop_model('keys');
SELECT follow('SELECT');
SELECT start_again();
-- Of two texts that are joined none is the other two.
CREATE TABLE leads (region text, tenant varchar(20), id uuid, PRIMARY KEY (region, tenant, id));
CREATE TABLE events (id uuid, region text, tenant text, type text, occurred_at timestamptz, lead_key integer);
SELECT follow($$INSERT INTO leads VALUES ('a:b', 'c', '00000000-0000-0000-0000-00000000000a'), ('a', 'b:c', '00000000-0000-0000-0000-00000000000a'), ('a%3Ab', 'c', '00000000-0000-0000-0000-00000000000a');
                INSERT INTO events (region, tenant, id, type, occurred_at) SELECT region, tenant, id, 'visit', '2024-01-01' FROM leads$$, event_lead => 'id');
INSERT INTO events (region, tenant, id, type, occurred_at) VALUES ('x', 'y', '00000000-0000-0000-0000-00000000000b', 'visit', '2024-01-01');
SELECT lead_scoring.merge_leads('keys', 'a:b%3Ac:00000000-0000-0000-0000-00000000000a', 'a%3Ab:c:00000000-0000-0000-0000-00000000000a');
SELECT state(), (SELECT string_agg(region || ' ' || tenant, ', ' ORDER BY region || ' ' || tenant COLLATE "C") FROM events);
-- Events of nobody in leads.
SELECT lead_scoring.merge_leads('keys', 'a%3Ab:c:00000000-0000-0000-0000-00000000000a', 'x:y:00000000-0000-0000-0000-00000000000b');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO leads VALUES ('x', 'y', '00000000-0000-0000-0000-00000000000b');
SELECT lead_scoring.merge_leads('keys', 'a%3Ab:c:00000000-0000-0000-0000-00000000000a', 'x:y:00000000-0000-0000-0000-00000000000b');
SELECT state();
SELECT start_again();
-- What no text can be generated from, and what events do not have.
CREATE TABLE leads (day date, id integer, PRIMARY KEY (day, id));
CREATE TABLE events (day date, lead_id integer, type text, occurred_at timestamptz);
SELECT lead_scoring.create_model('keys', 'leads', 'events');
DROP TABLE leads;
CREATE TABLE leads (tenant integer, shop integer, id integer, PRIMARY KEY (tenant, shop, id));
SELECT lead_scoring.create_model('keys', 'leads', 'events');
DROP SCHEMA keys_test CASCADE;
DROP EXTENSION citext;

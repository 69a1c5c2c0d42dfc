-- A hint is a statement that can be typed, and then what was tried works.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
-- Runs a statement; where it fails, what its hint says, and then the statement again.
CREATE FUNCTION follow(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    FOR attempt IN 1 .. 5 LOOP
        BEGIN
            EXECUTE statement;
            RETURN NEXT 'works';
            RETURN;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        END;
        RETURN NEXT message;
        RETURN NEXT '  ' || detail;
        RETURN NEXT '  ' || hint;
        EXECUTE hint;
    END LOOP;
END
$$;
CREATE TABLE leads (lead_id bigint PRIMARY KEY, name text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, channel text);
CREATE INDEX ON events (lead_id, occurred_at);

-- Points by hand before anything is published, and while the model is paused.
SELECT lead_scoring.create_model('hints', 'leads', 'events', status_columns => '{}');
INSERT INTO leads VALUES (1, 'Ann');
SELECT * FROM follow($$SELECT lead_scoring.adjust('hints', 1, 5)$$);
SELECT lead_id, score FROM hints.leads;
SELECT lead_scoring.pause('hints');
INSERT INTO leads VALUES (2, 'Bob');
SELECT lead_scoring.adjust('hints', 1, 1) IS NOT NULL AS is_kept;
SELECT * FROM follow($$SELECT lead_scoring.adjust('hints', 2, 5)$$);
SELECT lead_id, score FROM hints.leads ORDER BY 1;
SELECT lead_scoring.adjust('hints', 3, 5);
SELECT * FROM lead_scoring.verify('hints');
SELECT lead_scoring.drop_model('hints');

-- Times that are none: the hint makes instants of them, whatever the zone of the session.
CREATE FUNCTION bind(events text, event_time text DEFAULT 'at', leads text DEFAULT 'leads', arguments text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT * FROM follow(format('SELECT lead_scoring.create_model(''hints'', %L, %L, event_time => %L, status_columns => ''{}''%s)', leads, events, event_time, arguments));
    PERFORM lead_scoring.drop_model('hints');
END
$$;
CREATE TABLE words (lead_id bigint, type text, at varchar(40));
CREATE TABLE epochs (lead_id bigint, type text, at bigint);
CREATE TABLE flags (lead_id bigint, type text, at boolean);
CREATE INDEX ON words (lead_id); CREATE INDEX ON epochs (lead_id); CREATE INDEX ON flags (lead_id);
INSERT INTO words VALUES (1, 'a', '2023-04-13 12:00');
INSERT INTO epochs VALUES (1, 'a', 1681387200);
SET timezone = 'America/New_York';
SELECT * FROM bind('words');
SELECT * FROM bind('epochs');
SELECT lead_scoring.create_model('hints', 'leads', 'flags', event_time => 'at');
SET timezone = 'UTC';
SELECT w.at AS word, e.at AS epoch FROM words w, epochs e;

-- Keys: of another type, of several columns, none.
CREATE TABLE people (id uuid PRIMARY KEY);
CREATE TABLE acts (lead_id text, type integer, at timestamptz);
CREATE INDEX ON acts (lead_id);
INSERT INTO acts VALUES ('00000000-0000-0000-0000-000000000001', 7, '2024-01-01');
SELECT * FROM bind('acts', leads => 'people');
ALTER TABLE acts ALTER lead_id TYPE integer USING 1;
SELECT lead_scoring.create_model('hints', 'people', 'acts', event_time => 'at');
CREATE TABLE tenants_leads (tenant integer, id integer, name text, PRIMARY KEY (tenant, id));
CREATE TABLE tenants_events (tenant integer, lead_id integer, type text, at timestamptz, FOREIGN KEY (tenant, lead_id) REFERENCES tenants_leads);
CREATE INDEX ON tenants_events (lead_id);
CREATE FUNCTION type_hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'works';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    EXECUTE hint;
    RETURN SQLERRM || E'\n  ' || hint;
END
$$;
SELECT lead_scoring.create_model('hints', 'tenants_leads', 'tenants_events', event_time => 'at', lead_key => 'id');
SELECT type_hint($$SELECT lead_scoring.create_model('hints', 'tenants_leads', 'tenants_events', event_time => 'at')$$);
SELECT lead_scoring.create_model('hints', 'tenants_leads', 'tenants_events', event_time => 'at', lead_key => 'lead_key', event_lead => 'lead_key', status_columns => '{}'),
       lead_scoring.add_rule('hints', 'visit', 'visit', 5), lead_scoring.publish('hints');
INSERT INTO tenants_leads VALUES (1, 1, 'Ann'), (2, 1, 'Bob');
INSERT INTO tenants_events VALUES (1, 1, 'visit', '2024-01-01'), (2, 1, 'visit', '2024-01-01'), (2, 1, 'visit', '2024-01-02');
SELECT lead_id, score FROM hints.leads ORDER BY 1;
SELECT * FROM lead_scoring.verify('hints');
SELECT lead_scoring.drop_model('hints');
CREATE TABLE nobody (name text, uid bigint);
SELECT * FROM bind('events', 'occurred_at', 'nobody');
CREATE TABLE sizes (size numeric);
SELECT * FROM bind('events', 'occurred_at', 'sizes');
CREATE TABLE mails (email text NOT NULL UNIQUE);
SELECT lead_scoring.create_model('hints', 'mails', 'events');
CREATE TABLE small (id smallint PRIMARY KEY);
CREATE TABLE small_events (lead_id smallint, type text, at timestamptz);
CREATE INDEX ON small_events (lead_id);
SELECT * FROM bind('small_events', 'at', 'small');

-- A name that is a schema's; a second table of events; other settings.
SELECT lead_scoring.create_model('public', 'leads', 'events');
SELECT lead_scoring.create_model('hints', 'leads', 'events', status_columns => '{}');
CREATE TABLE email_events (lead_id bigint, kind text, occurred_at timestamptz);
CREATE INDEX ON email_events (lead_id);
SELECT type_hint($$SELECT lead_scoring.create_model('hints', 'leads', 'email_events', event_type => 'kind', status_columns => '{}')$$);
SELECT name, events, event_type FROM hints.sources;
SELECT lead_scoring.drop_source('hints', 'email_events');
CREATE TABLE partners (id bigint PRIMARY KEY);
SELECT type_hint($$SELECT lead_scoring.create_model('hints', 'partners', 'email_events', event_type => 'kind', status_columns => '{}')$$);
SELECT model, leads, events FROM lead_scoring.models() WHERE model LIKE 'hints%';
SELECT * FROM follow($$SELECT lead_scoring.create_model('hints', 'leads', 'events', status_columns => '{}', min_score => 0, time_zone => 'Asia/Tokyo')$$);
SELECT * FROM follow($$SELECT lead_scoring.create_model('hints', 'leads', 'events', status_columns => '{"stage": "name"}', min_score => 0, time_zone => 'Asia/Tokyo', event_campaign => 'channel')$$);

-- A date is a fine key of a limit, as the hint says: the same in every session. Other times are to be made one.
SELECT lead_scoring.add_rule('hints', 'hours', 'visit', 1, limit_count => 1, limit_window => 'ever', limit_key => $$extract(hour from occurred_at)$$);
SELECT lead_scoring.add_rule('hints', 'instantly', 'visit', 1, limit_count => 1, limit_window => 'ever', limit_key => 'occurred_at');
SELECT lead_scoring.add_rule('hints', 'daily', 'visit', 1, limit_count => 1, limit_window => 'ever', limit_key => $$(occurred_at AT TIME ZONE 'UTC')::date$$),
       lead_scoring.add_rule('hints', 'monthly', 'visit', 100, limit_count => 1, limit_window => 'ever', limit_key => $$date_trunc('month', occurred_at AT TIME ZONE 'UTC')::date$$),
       lead_scoring.add_rule('hints', 'once', 'visit', 10000, limit_count => 1, limit_window => 'ever', limit_key => $$date '2024-01-01'$$);
SELECT lead_scoring.add_rule('hints', 'words', 'visit', 1, condition => $$(occurred_at AT TIME ZONE 'UTC')::date::text = 'x'$$);
SELECT lead_scoring.publish('hints') > 0 AS is_published;
INSERT INTO events VALUES (1, 'visit', '2024-01-02 10:00+00');
SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Tokyo'; SET intervalstyle = 'iso_8601';
INSERT INTO events SELECT * FROM events;
RESET datestyle; SET timezone = 'America/New_York'; RESET intervalstyle;
INSERT INTO events VALUES (1, 'visit', '2024-01-02 10:00:30+00'), (1, 'visit', '2024-01-03 10:00+00');
SELECT lead_id, score FROM hints.leads WHERE lead_id = 1;
SELECT * FROM lead_scoring.verify('hints');
SET timezone = 'UTC';
SELECT * FROM lead_scoring.verify('hints');
SELECT jsonb_path_query(definition, '$.rules[*].limit_key') FROM hints.versions WHERE version = (SELECT max(version) FROM hints.versions);

-- Grades without bands.
SELECT lead_scoring.add_stage('hints', 'graded', grades => '{A}');
SELECT * FROM follow($$SELECT lead_scoring.add_stage('hints', 'graded', grades => '{A}')$$);

-- A time zone that the server does not know any more, as after an upgrade; a format of later versions.
SET session_replication_role = replica;
UPDATE hints.settings SET time_zone = 'Mars/Olympus';
UPDATE hints.versions SET definition = jsonb_set(definition, '{time_zone}', '"Mars/Olympus"');
RESET session_replication_role;
ALTER TABLE hints.versions SET (fillfactor = 100);  -- whoever has read it reads it again
INSERT INTO events VALUES (1, 'visit', '2024-01-04 10:00+00');
SELECT * FROM follow($$INSERT INTO events VALUES (1, 'visit', '2024-01-04 10:00+00')$$);
SELECT * FROM lead_scoring.verify('hints');
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE hints.settings SET format = 1000;
SET LOCAL session_replication_role = origin;
SELECT lead_scoring.upgrade_model('hints');
ROLLBACK;

SELECT lead_scoring.drop_model('hints'), lead_scoring.drop_model('hints_email_events');
DROP TABLE partners, leads, events, words, epochs, flags, people, acts, tenants_events, tenants_leads, nobody, sizes, mails, small, small_events, email_events;
DROP FUNCTION follow, bind, type_hint;

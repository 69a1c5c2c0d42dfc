-- Who may write what of a draft. An expression is run with the rights of the model's owner, when it is checked too: when
-- constants in it are read, before anything is known of it.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_clerk;
CREATE ROLE regress_lead_scoring_member IN ROLE regress_lead_scoring_owner;
CREATE SCHEMA at AUTHORIZATION regress_lead_scoring_owner;
CREATE SCHEMA clerks AUTHORIZATION regress_lead_scoring_clerk;
GRANT USAGE ON SCHEMA at, clerks TO PUBLIC;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_owner', current_database()) \gexec
SET ROLE regress_lead_scoring_owner;
SET search_path = at;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT '2026-01-01 10:00+00', channel text);
CREATE INDEX ON events (lead_id);
CREATE TABLE spent (campaign text, spent_on date, amount numeric);
SELECT lead_scoring.create_model('at_model', 'leads', 'events');
SELECT lead_scoring.add_rule('at_model', 'visit', 'visit', 1, condition => 'channel = ''a''');
SELECT lead_scoring.add_fit_rule('at_model', 'home', 'country = ''DE''', 1);
SELECT lead_scoring.add_stage('at_model', 'won', on_event => 'won', on_event_condition => 'channel = ''a''');
SELECT lead_scoring.add_band('at_model', 'fit', 'A', 1);
SELECT lead_scoring.set_spend('at_model', 'spent');
SELECT lead_scoring.publish('at_model');
GRANT USAGE, CREATE ON SCHEMA at_model TO regress_lead_scoring_clerk;
GRANT ALL ON ALL TABLES IN SCHEMA at_model TO regress_lead_scoring_clerk;

-- A clerk with all privileges on the tables.
SET ROLE regress_lead_scoring_clerk;
CREATE SEQUENCE clerks.ran;
GRANT USAGE ON SEQUENCE clerks.ran TO PUBLIC;
CREATE FUNCTION clerks.take(v text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_lead_scoring_clerk' THEN PERFORM nextval('clerks.ran'); END IF;
    RETURN true;
END
$$;
CREATE FUNCTION clerks.evil(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM clerks.take(v); RETURN v; END $$;
CREATE DOMAIN clerks.taking AS text CHECK (clerks.take(VALUE));
CREATE DOMAIN clerks.lying AS text CHECK (clerks.evil(VALUE) = VALUE);
INSERT INTO at_model.rules (name, rule_group, event_type, points, condition) VALUES ('x', 'engagement', 'visit', 1, $$'{a}'::clerks.taking[] IS NOT NULL$$);
INSERT INTO at_model.rules (name, rule_group, event_type, points, condition) VALUES ('x', 'engagement', 'visit', 1, $$clerks.evil('x') = 'x'$$);
\set VERBOSITY terse
INSERT INTO at_model.rules (name, rule_group, event_type, points, per) VALUES ('x', 'engagement', 'visit', 1, $$length(clerks.evil('x'))$$);
INSERT INTO at_model.rules (name, rule_group, event_type, points, limit_count, limit_window, limit_key) VALUES ('x', 'engagement', 'visit', 1, 1, 'day', $$clerks.evil('x')$$);
UPDATE at_model.rules SET condition = $$clerks.evil('x') = 'x'$$;
UPDATE at_model.rules SET condition = 'country = ''FR''' WHERE name = 'home';
MERGE INTO at_model.rules r USING (SELECT 1) x ON r.name = 'visit' WHEN MATCHED THEN UPDATE SET per = $$length(clerks.evil('x'))$$;
INSERT INTO at_model.rules SELECT * FROM at_model.rules WHERE name = 'visit' ON CONFLICT (name) DO UPDATE SET condition = $$clerks.evil('x') = 'x'$$;
COPY at_model.rules (name, rule_group, event_type, points, condition) FROM stdin;
x	engagement	visit	1	clerks.evil('x') = 'x'
\.
INSERT INTO at_model.stages (name, rank, kind, on_event, on_event_condition) VALUES ('x', 1000, 'detour', 'lost', $$'{a}'::clerks.taking[] IS NOT NULL$$);
UPDATE at_model.stages SET on_event_condition = $$clerks.evil('x') = 'x'$$ WHERE name = 'won';
UPDATE at_model.report_settings SET event_channel = $$('{a}'::clerks.taking[])[1]$$;
UPDATE at_model.report_settings SET event_asset = $$clerks.evil('x')$$;
UPDATE at_model.report_settings SET spend_table = 'at.other';
UPDATE at_model.report_settings SET lead_created = 'country';
UPDATE at_model.settings SET trigger_path = 'clerks';
UPDATE at_model.settings SET status_columns = '{"stage": "country"}';
UPDATE at_model.settings SET leads = 'clerks.leads';
BEGIN;
CREATE TEMPORARY TABLE bound AS TABLE at_model.settings;
TRUNCATE at_model.settings;
INSERT INTO at_model.settings SELECT * FROM bound;
ROLLBACK;
BEGIN;
TRUNCATE at_model.report_settings;
INSERT INTO at_model.report_settings (event_channel) VALUES ($$clerks.evil('x')$$);
ROLLBACK;
-- Nor by a table of the clerk's own, and nothing of what was tried ran.
CREATE TABLE at_model.mine (LIKE at_model.report_settings);
CREATE TRIGGER mine BEFORE INSERT ON at_model.mine FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_report_settings_as_owner();
INSERT INTO at_model.mine (event_channel, qualified_low, qualified_high, only_row) VALUES ($$clerks.evil('x')$$, 0, 0, true);
DROP TABLE at_model.mine;
SELECT is_called FROM clerks.ran;

-- Numbers, times and names are what such a privilege is for, and expressions that are there stay.
UPDATE at_model.rules SET points = 5, decay = 'exponential', half_life = '7 days' WHERE name = 'visit';
UPDATE at_model.rules SET condition = condition, event_type = 'call', name = 'call' WHERE name = 'visit';
INSERT INTO at_model.rules (name, rule_group, event_type, points) VALUES ('mail', 'engagement', 'mail', 1);
UPDATE at_model.stages SET cooldown = '1 day' WHERE name = 'won';
INSERT INTO at_model.stages (name, rank, min_score) VALUES ('mql', 1000, 100);
UPDATE at_model.bands SET min_points = 2;
UPDATE at_model.settings SET max_score = 100;
UPDATE at_model.report_settings SET qualified_low = 0.01;
DELETE FROM at_model.rules WHERE name = 'mail';
UPDATE at_model.rules SET decay = 'none', half_life = NULL WHERE name = 'call';
SELECT name, points, condition FROM at_model.rules ORDER BY name;

-- A member of the owner, a function of the owner's, a superuser.
SET ROLE regress_lead_scoring_member;
UPDATE at_model.rules SET condition = 'channel = ''b''' WHERE name = 'call';
SET ROLE regress_lead_scoring_owner;
CREATE FUNCTION set_channel(rule text, value text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ UPDATE at_model.rules SET condition = format('channel = %L', value) WHERE name = rule $$;
GRANT USAGE ON SCHEMA at TO regress_lead_scoring_clerk;
SET ROLE regress_lead_scoring_clerk;
SELECT at.set_channel('call', 'c');
RESET ROLE;
UPDATE at_model.stages SET on_event_condition = 'channel = ''b''' WHERE name = 'won';
SELECT lead_scoring.publish('at_model');

-- What the owner writes is looked at as the owner, whoever does it, and nothing is left of what it runs.
SET ROLE regress_lead_scoring_owner;
CREATE TABLE log (line text);
CREATE FUNCTION leaves(v text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_lock(77);
    IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 11 AND pid = pg_backend_pid()) THEN PERFORM pg_advisory_unlock(11); END IF;
    EXECUTE 'INSERT INTO at.log VALUES (current_user)';
    RETURN true;
END
$$;
CREATE FUNCTION leaves_too(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN at.leaves(v); END';
CREATE DOMAIN leaving AS text CHECK (leaves(VALUE));
CREATE DOMAIN leaving_too AS text CHECK (leaves_too(VALUE));
CREATE TYPE pair AS (a leaving, b integer);
CREATE TYPE span AS RANGE (SUBTYPE = leaving);
RESET ROLE;
CREATE VIEW at.held AS SELECT coalesce(string_agg(objid::text, ', ' ORDER BY objid), 'none') AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT pg_advisory_lock(11);
\set VERBOSITY default
UPDATE at_model.rules SET condition = $$'{a}'::at.leaving[] IS NOT NULL$$ WHERE name = 'call';
\set VERBOSITY terse
UPDATE at_model.rules SET condition = $$'(a,1)'::at.pair IS NOT NULL$$ WHERE name = 'call';
UPDATE at_model.rules SET condition = $$'[a,b]'::at.span IS NOT NULL$$ WHERE name = 'call';
UPDATE at_model.rules SET condition = $$'{[a,b]}'::at.span_multirange IS NOT NULL$$ WHERE name = 'call';
UPDATE at_model.rules SET condition = $$'a'::at.leaving IS NOT NULL$$ WHERE name = 'call';
UPDATE at_model.rules SET condition = $$channel::at.leaving IS NOT NULL$$ WHERE name = 'call';
SELECT lead_scoring.check_expression('at.events', $$'{a}'::leaving[] IS NOT NULL$$, 'condition');
SELECT locks FROM at.held;
-- Declared immutable, it is believed to be; it runs, as the owner.
UPDATE at_model.rules SET condition = $$'{a}'::at.leaving_too[] IS NOT NULL$$ WHERE name = 'call';
UPDATE at_model.stages SET on_event_condition = $$'{a}'::at.leaving_too[] IS NOT NULL$$ WHERE name = 'won';
UPDATE at_model.report_settings SET event_channel = $$('{a}'::at.leaving_too[])[1]$$, event_asset = $$('{a}'::at.leaving_too[])[1]$$;
SELECT lead_scoring.check_expression('at.events', $$'{a}'::leaving_too[] IS NOT NULL$$, 'condition');
SELECT locks FROM at.held;
SELECT lead_scoring.publish('at_model');
INSERT INTO at.events (lead_id, type, channel) VALUES (1, 'call', 'x');
SELECT lead_id, score > 0 FROM at_model.scores;
SELECT locks FROM at.held;
SELECT count(*) FROM at.log;
SELECT pg_advisory_unlock(11);

-- What is checked at the end of a transaction may change drafts, its own and another model's; that is undone,
-- and has an end.
SET ROLE regress_lead_scoring_owner;
CREATE FUNCTION touches(v text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'UPDATE at_model.rules SET points = points + 1; UPDATE at_other.rules SET points = points + 1';
    RETURN true;
END
$$;
CREATE FUNCTION touches_too(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN at.touches(v); END';
SELECT lead_scoring.create_model('at_other', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('at_other', 'visit', 'visit', 1, condition => 'touches_too(''a'')');
INSERT INTO at_model.rules (name, rule_group, event_type, points, condition) VALUES ('touching', 'engagement', 'visit', 1, 'touches_too(''a'')');
BEGIN;
UPDATE at_model.rules SET points = 2 WHERE name = 'touching';
SAVEPOINT s;
UPDATE at_other.rules SET points = 7;
UPDATE at_model.rules SET condition = 'nothing' WHERE name = 'call';
ROLLBACK TO s;
COMMIT;
SELECT name, points FROM at_model.rules UNION ALL SELECT name, points FROM at_other.rules ORDER BY 1, 2;
CREATE TYPE loud AS ENUM ('x');
CREATE FUNCTION as_json(v loud) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM at.touches('a'); RETURN '1'; END $$;
RESET ROLE;
CREATE CAST (at.loud AS json) WITH FUNCTION at.as_json(at.loud);
SET ROLE regress_lead_scoring_owner;
ALTER TABLE at_other.rules ADD COLUMN mark at.loud DEFAULT 'x';
UPDATE at_other.rules SET points = 3;
SELECT name, points FROM at_model.rules UNION ALL SELECT name, points FROM at_other.rules ORDER BY 1, 2;
SELECT lead_scoring.drop_model('at_other');
RESET ROLE;

SELECT * FROM lead_scoring.verify('at_model');

SELECT lead_scoring.drop_model('at_model');
DROP SCHEMA at, clerks CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_clerk;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_clerk, regress_lead_scoring_member;

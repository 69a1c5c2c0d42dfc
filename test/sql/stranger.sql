-- What a stranger may lay in the way of a model's owner: schemas that look like models, operators, and triggers that name
-- somebody else's model.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_stranger;
CREATE SCHEMA stranger_test AUTHORIZATION regress_lead_scoring_owner;
CREATE SCHEMA shared;
GRANT USAGE, CREATE ON SCHEMA shared TO PUBLIC;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_owner, regress_lead_scoring_stranger', current_database()); END$$;

SET ROLE regress_lead_scoring_stranger;
CREATE TABLE shared.older (lead_id bigint, type text, occurred_at timestamptz);
CREATE FUNCTION shared.evil(varchar, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
CREATE OPERATOR shared.= (FUNCTION = shared.evil, LEFTARG = varchar, RIGHTARG = text);
CREATE OPERATOR shared.<> (FUNCTION = shared.evil, LEFTARG = varchar, RIGHTARG = text);
RESET ROLE;

SET ROLE regress_lead_scoring_owner;
SET search_path = stranger_test, shared;
CREATE TABLE leads (lead_id bigint PRIMARY KEY, lead_stage varchar DEFAULT 'lead');
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY RANGE (occurred_at);
CREATE INDEX ON events (lead_id);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT lead_scoring.create_model('stranger', 'leads', 'events');
SELECT lead_scoring.add_rule('stranger', 'visit', 'visit', 10);
SELECT lead_scoring.add_stage('stranger', 'mql', min_score => 20);
SELECT lead_scoring.publish('stranger');
INSERT INTO leads VALUES (1), (2);
INSERT INTO events VALUES (1, 'visit', '2024-01-01'), (2, 'visit', '2024-01-01');

-- No operator is looked up by the search_path, not even for a status column whose type the server has no exact one for.
ALTER TABLE leads DISABLE TRIGGER USER;
UPDATE leads SET lead_stage = 'wrong' WHERE lead_id = 1;
UPDATE leads SET lead_stage = NULL WHERE lead_id = 2;
SELECT lead_scoring.repair('stranger');
SELECT lead_scoring.merge_leads('stranger', 1, 2);

-- Whoever may create in the schema of leads puts nothing in the place of the server's own: the owner's triggers there find
-- that first, as they do in an application's session.
ALTER TABLE leads ADD COLUMN note text;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note := lower('NOTED ' || NEW.lead_id::text); RETURN NEW; END$$;
CREATE TRIGGER note BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION note();
GRANT USAGE, CREATE ON SCHEMA stranger_test TO regress_lead_scoring_stranger;
SET ROLE regress_lead_scoring_stranger;
CREATE FUNCTION stranger_test.lower(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'ran as ' || current_user; END$$;
CREATE DOMAIN stranger_test.text AS pg_catalog.text CHECK (stranger_test.lower(VALUE) IS NULL);
SET ROLE regress_lead_scoring_owner;
SELECT lead_scoring.set_stage('stranger', 2, 'lead');
SELECT lead_scoring.set_stage('stranger', 2, 'mql');
SELECT note FROM leads ORDER BY lead_id;
DROP DOMAIN stranger_test.text;
DROP FUNCTION stranger_test.lower(text);
DROP TRIGGER note ON leads;
ALTER TABLE leads DROP COLUMN note;
REVOKE ALL ON SCHEMA stranger_test FROM regress_lead_scoring_stranger;

-- Where a report's view is missing, a stranger who may create in the schema gets no report by a view of his own.
\set VERBOSITY default
SET ROLE regress_lead_scoring_owner;
GRANT USAGE, CREATE ON SCHEMA stranger TO regress_lead_scoring_stranger;
DROP VIEW stranger.velocity, stranger.sla, stranger.moves;
SET ROLE regress_lead_scoring_stranger;
CREATE VIEW stranger.velocity AS SELECT 1;
CREATE TABLE stranger.sla ();
CREATE FUNCTION stranger.spring() RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
CREATE VIEW stranger.moves AS SELECT t.*, stranger.spring() FROM stranger.transitions t;
SELECT count(*) FROM lead_scoring.velocity('stranger');
SELECT count(*) FROM lead_scoring.sla('stranger');
SET ROLE regress_lead_scoring_owner;
-- Nor do reports go by a view of his on moves.
SELECT count(*) FROM stranger.feedback;
DROP VIEW stranger.velocity, stranger.moves;
DROP FUNCTION stranger.spring();
DROP TABLE stranger.sla; SELECT lead_scoring.repair('stranger');
SELECT count(*) FROM stranger.velocity, stranger.sla;
SELECT count(*) > 0 FROM stranger.moves;
REVOKE ALL ON SCHEMA stranger FROM regress_lead_scoring_stranger;
SELECT * FROM lead_scoring.verify('stranger');
\set VERBOSITY terse
SELECT lead_id, lead_stage FROM leads ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('stranger');

-- A trigger on a stranger's table does not stop the model from getting partitions, nor get their triggers.
SET ROLE regress_lead_scoring_stranger;
CREATE TRIGGER aimed AFTER INSERT OR UPDATE OR DELETE ON older FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.events_changed('stranger');
CREATE TRIGGER aimed_too AFTER INSERT OR UPDATE OR DELETE ON older FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.leads_changed('stranger');
SET ROLE regress_lead_scoring_owner;
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
RESET ROLE;
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE events_2026 OWNER TO regress_lead_scoring_owner;
SELECT tgrelid::regclass, count(*) FROM pg_trigger WHERE tgrelid IN ('events_2024'::regclass, 'events_2025'::regclass, 'events_2026'::regclass, 'older'::regclass)
GROUP BY 1 ORDER BY 1;
SET ROLE regress_lead_scoring_owner;
INSERT INTO events_2025 VALUES (2, 'visit', '2025-01-01');
SELECT lead_id, score FROM stranger.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('stranger');

-- A partition that became a stranger's is not read: planning would run what he puts into its indexes. One that is the
-- superuser's is.
RESET ROLE;
ALTER TABLE events_2026 OWNER TO CURRENT_USER;
SET ROLE regress_lead_scoring_owner;
INSERT INTO events VALUES (2, 'visit', '2025-01-02');
RESET ROLE;
ALTER TABLE events_2025 OWNER TO regress_lead_scoring_stranger;
GRANT ALL ON SCHEMA stranger_test TO regress_lead_scoring_stranger;
SET ROLE regress_lead_scoring_stranger;
CREATE FUNCTION shared.spring(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN IF current_user <> 'regress_lead_scoring_stranger' THEN RAISE EXCEPTION 'ran as %', current_user; END IF; RETURN $1; END$$;
CREATE INDEX ON stranger_test.events_2025 (type) WHERE shared.spring('x') = 'x';
SET ROLE regress_lead_scoring_owner;
SELECT problem FROM lead_scoring.models() WHERE model = 'stranger';
INSERT INTO events VALUES (2, 'visit', '2024-01-03');
\echo :LAST_ERROR_SQLSTATE
DELETE FROM events_2024 WHERE occurred_at = '2024-01-01';
SELECT lead_scoring.publish('stranger');
SELECT lead_scoring.repair('stranger');
SELECT lead_scoring.merge_leads('stranger', 1, 2);
SELECT FROM stranger.funnel;
SELECT * FROM lead_scoring.verify('stranger');
SELECT count(*) FROM lead_scoring.explain('stranger', 2);
RESET ROLE;
DROP INDEX events_2025_type_idx;
ALTER TABLE events_2025 OWNER TO regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
INSERT INTO events VALUES (2, 'visit', '2024-01-03');
SELECT * FROM lead_scoring.verify('stranger');

-- Nor does it keep the model from being dropped.
SELECT lead_scoring.drop_model('stranger');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('leads'::regclass, 'events'::regclass, 'events_2024'::regclass);

-- A schema that looks like a model is not read where a type of it brings a cast of its own.
SET ROLE regress_lead_scoring_stranger;
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE TYPE trap.bait AS ENUM ('x');
CREATE FUNCTION trap.spring(trap.bait) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ran as %', current_user; END$$;
CREATE CAST (trap.bait AS text) WITH FUNCTION trap.spring(trap.bait) AS ASSIGNMENT;
CREATE TABLE trap.scores (lead_id bigint, card lead_scoring.scorecard);
CREATE TABLE trap.versions (version bigint);
CREATE TABLE trap.settings (leads text, events text, lead_key text, event_lead trap.bait, event_type text, event_time text, event_campaign text,
                            status_columns jsonb, time_zone text, paused boolean);
INSERT INTO trap.settings VALUES ('stranger_test.leads', 'stranger_test.events', 'lead_id', 'x', 'type', 'occurred_at', NULL, '{}', 'UTC', false);
GRANT SELECT ON ALL TABLES IN SCHEMA trap TO PUBLIC;
RESET ROLE;
SELECT * FROM lead_scoring.models() WHERE model = 'trap';
ALTER TABLE trap.settings DROP COLUMN event_lead, ADD COLUMN event_lead text, DROP COLUMN time_zone, ADD COLUMN time_zone trap.bait DEFAULT 'x';
SELECT * FROM lead_scoring.models() WHERE model = 'trap';
DROP TABLE trap.settings, trap.versions, trap.scores;

-- Nor does verify read a stranger's model that was turned into a trap after it was made; its owner may do as he likes.
SET ROLE regress_lead_scoring_stranger;
CREATE SCHEMA lure;
CREATE TABLE lure.leads (lead_id bigint PRIMARY KEY);
CREATE TABLE lure.events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON lure.events (lead_id);
SELECT lead_scoring.create_model('lured', 'lure.leads', 'lure.events');
SELECT lead_scoring.publish('lured');
INSERT INTO lure.leads VALUES (1);
RESET ROLE;
SELECT * FROM lead_scoring.verify('lured');
SET ROLE regress_lead_scoring_stranger;
ALTER TABLE lured.versions ADD COLUMN remark trap.bait;
ALTER TABLE lured.transitions ENABLE ROW LEVEL SECURITY;
SELECT * FROM lead_scoring.verify('lured');
SELECT version FROM lead_scoring.versions('lured');
RESET ROLE;
SELECT * FROM lead_scoring.verify('lured');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE lured.transitions DISABLE ROW LEVEL SECURITY;
SELECT * FROM lead_scoring.verify('lured');
ALTER TABLE lured.transitions RENAME TO moved;
CREATE VIEW lured.transitions AS SELECT * FROM lured.moved WHERE trap.spring('x') IS NULL;
SELECT * FROM lead_scoring.verify('lured');
DROP VIEW lured.transitions;
ALTER TABLE lured.moved RENAME TO transitions;
DROP VIEW lured.moves;
ALTER TABLE lured.transitions ALTER COLUMN from_stage TYPE trap.bait USING NULL;
SELECT * FROM lead_scoring.verify('lured');
SELECT version FROM lead_scoring.versions('lured');
SELECT lead_scoring.drop_model('lured');

DROP SCHEMA trap, lure, shared, stranger_test CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_stranger;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_stranger;

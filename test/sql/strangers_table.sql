-- Spend and revenue in tables of another role: reports read them, and nothing that role hung on them runs as the model's
-- owner or as whoever reads.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE ROLE regress_lead_scoring_owner;
CREATE ROLE regress_lead_scoring_attacker;
CREATE ROLE regress_lead_scoring_reader;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_owner, regress_lead_scoring_attacker', current_database()); END$$;
CREATE SCHEMA shop AUTHORIZATION regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
CREATE TABLE shop.leads (id bigint PRIMARY KEY);
CREATE TABLE shop.events (lead_id bigint, type text, occurred_at timestamptz, campaign text);
CREATE INDEX ON shop.events (lead_id);
SELECT lead_scoring.create_model('books', 'shop.leads', 'shop.events', event_campaign => 'campaign'),
       lead_scoring.add_rule('books', 'visit', 'visit', 10), lead_scoring.add_stage('books', 'mql', min_score => 20),
       lead_scoring.publish('books') \g /dev/null
INSERT INTO shop.leads VALUES (1), (2);
INSERT INTO shop.events VALUES (1, 'visit', '2024-01-02', 'a'), (1, 'visit', '2024-01-03', 'a'), (2, 'visit', '2024-01-04', 'b');
GRANT USAGE ON SCHEMA books TO regress_lead_scoring_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA books TO regress_lead_scoring_reader;

-- The traps: functions that the server takes for immutable and harmless, and that tell as whom they ran.
SET ROLE regress_lead_scoring_attacker;
CREATE SCHEMA attack;
GRANT USAGE ON SCHEMA attack TO PUBLIC;
CREATE SEQUENCE attack.ran;
CREATE SEQUENCE attack.hit;
GRANT ALL ON ALL SEQUENCES IN SCHEMA attack TO PUBLIC;
CREATE FUNCTION attack.spring(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 0.0001 SET search_path = pg_catalog AS $$
BEGIN
    PERFORM nextval(CASE WHEN current_user = 'regress_lead_scoring_attacker' THEN 'attack.ran' ELSE 'attack.hit' END::regclass);
    RETURN value;
END $$;
CREATE FUNCTION attack.on_row() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM attack.spring(''); RETURN NEW; END$$;
CREATE FUNCTION attack.on_statement() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM attack.spring(''); RETURN NULL; END$$;
CREATE FUNCTION attack.compare(date, date) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.spring(''); RETURN date_cmp($1, $2); END$$;
CREATE TABLE attack.spend (campaign text, spent_on date, amount numeric(10,2), channel character(3), old text);
CREATE TABLE attack.revenue (lead_id bigint, earned_on timestamptz, amount integer);
INSERT INTO attack.spend VALUES ('a', '2024-01-05', 10, 'ads', 'x'), ('b', '2024-01-05', 'NaN', 'ads', 'x'), ('', '2024-02-05', 5, NULL, 'x');
INSERT INTO attack.revenue VALUES (1, '2024-01-20 12:00+00', 100), (77, '2024-01-20', 1000);
ALTER TABLE attack.spend DROP COLUMN old;
GRANT USAGE ON SCHEMA attack TO regress_lead_scoring_owner;
-- An operator class takes a superuser, who may make one for somebody else.
RESET ROLE;
CREATE OPERATOR CLASS attack.dates FOR TYPE date USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 attack.compare(date, date);
ALTER OPERATOR CLASS attack.dates USING btree OWNER TO regress_lead_scoring_attacker;

-- The owner's rights on the table are asked for, not the reader's.
SET ROLE regress_lead_scoring_owner;
SELECT lead_scoring.set_spend('books', 'attack.spend', channel => 'channel'), lead_scoring.set_revenue('books', 'attack.revenue') \g /dev/null
SELECT count(*) FROM books.campaigns;
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_lead_scoring_attacker;
GRANT SELECT (campaign, spent_on, amount) ON attack.spend TO regress_lead_scoring_owner;
GRANT SELECT ON attack.revenue TO regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
SELECT count(*) FROM books.campaigns;
SET ROLE regress_lead_scoring_attacker;
GRANT SELECT (channel) ON attack.spend TO regress_lead_scoring_owner;
\set figures 'SELECT campaign, period, spend, leads, revenue FROM books.campaigns ORDER BY 1, 2;'
SET ROLE regress_lead_scoring_reader;
:figures

-- What a table may carry, one after the other and then all together.
RESET ROLE;
CREATE TABLE attack.kinds (place serial, kind text, statement text);
INSERT INTO attack.kinds (kind, statement) VALUES
    ('index predicate', $$CREATE INDEX ON %1$s (amount) WHERE attack.spring('x') = 'x'$$),
    ('index expression', $$CREATE INDEX ON %1$s ((attack.spring('y')))$$),
    ('index expression of a column', $$CREATE INDEX ON %1$s (amount, (attack.spring(amount::text)))$$),
    ('unique index', $$CREATE UNIQUE INDEX ON %1$s (amount, (attack.spring('z')))$$),
    ('statistics', $$CREATE STATISTICS attack.%3$s ON (attack.spring('s') || amount), amount FROM %1$s; ANALYZE %1$s$$),
    ('check', $$ALTER TABLE %1$s ADD CHECK (attack.spring('c') = 'c')$$),
    ('check not valid', $$ALTER TABLE %1$s ADD CHECK (attack.spring('d') = 'd') NOT VALID$$),
    ('default', $$ALTER TABLE %1$s ADD COLUMN more text DEFAULT attack.spring('e')$$),
    ('default of a mapped column', $$ALTER TABLE %1$s ALTER COLUMN amount SET DEFAULT length(attack.spring('f'))$$),
    ('generated column', $$ALTER TABLE %1$s ADD COLUMN made text GENERATED ALWAYS AS (attack.spring('g')) STORED$$),
    ('row trigger', $$CREATE TRIGGER t BEFORE INSERT OR UPDATE ON %1$s FOR EACH ROW EXECUTE FUNCTION attack.on_row()$$),
    ('statement trigger', $$CREATE TRIGGER u AFTER INSERT OR UPDATE OR DELETE ON %1$s EXECUTE FUNCTION attack.on_statement()$$),
    ('rule', $$CREATE RULE r AS ON UPDATE TO %1$s WHERE attack.spring('h') = 'h' DO ALSO SELECT attack.spring('i')$$),
    ('operator class', $$CREATE INDEX ON %1$s (%2$s attack.dates)$$),
    ('policy, not enabled', $$CREATE POLICY p ON %1$s USING (attack.spring('j') = 'j')$$);
SET ROLE regress_lead_scoring_attacker;
GRANT SELECT ON attack.spend TO PUBLIC;
RESET ROLE;
GRANT SELECT ON attack.kinds TO PUBLIC;
CREATE TABLE attack.seen (kind text, who text, figures text, hit bigint);
GRANT SELECT, INSERT ON attack.seen TO PUBLIC;
CREATE FUNCTION attack.look(kind text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v text;
BEGIN
    -- A new plan each time.
    DISCARD PLANS;
    INSERT INTO attack.seen SELECT kind, current_user, string_agg(concat_ws(' ', c.campaign, c.period, c.spend, c.leads, c.revenue), ', ' ORDER BY c.campaign, c.period) FROM books.campaigns c;
    FOREACH v IN ARRAY '{funnel,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,sla,feedback}'::text[] LOOP
        EXECUTE format('SELECT FROM books.%I', v);
    END LOOP;
END $$;
CREATE PROCEDURE attack.walk() LANGUAGE plpgsql AS $$
DECLARE
    k record;
    who text;
    t text;
BEGIN
    FOR k IN SELECT * FROM attack.kinds ORDER BY place LOOP
        SET ROLE regress_lead_scoring_attacker;
        FOREACH t IN ARRAY '{spend,revenue}'::text[] LOOP
            IF k.kind <> 'operator class' OR t = 'spend' THEN
                EXECUTE format(k.statement, 'attack.' || t, 'spent_on', t || '_statistics');
            END IF;
        END LOOP;
        COMMIT;
        FOREACH who IN ARRAY '{regress_lead_scoring_owner,regress_lead_scoring_reader,none}'::text[] LOOP
            EXECUTE format('SET ROLE %I', who);
            IF who = 'none' THEN RESET ROLE; END IF;
            PERFORM attack.look(k.kind);
            COMMIT;
        END LOOP;
        RESET ROLE;
    END LOOP;
END $$;
SET constraint_exclusion = on;
CALL attack.walk();
RESET constraint_exclusion;
RESET ROLE;
SELECT count(DISTINCT kind), count(*), count(DISTINCT figures), min(figures) FROM attack.seen;
SELECT (SELECT is_called FROM attack.ran) AS traps_work, (SELECT is_called FROM attack.hit) AS hit;
SELECT format('promise: attacks: %s tried, %s wrong', count(*), (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attack.hit)) FROM attack.seen \g |cat >>"${PROMISE:-/dev/null}"

-- What cannot be read without running it is refused.
SET ROLE regress_lead_scoring_attacker;
ALTER TABLE attack.spend ENABLE ROW LEVEL SECURITY;
SET ROLE regress_lead_scoring_reader;
SELECT count(*) FROM books.campaigns;
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_lead_scoring_attacker;
ALTER TABLE attack.spend DISABLE ROW LEVEL SECURITY;
CREATE DOMAIN attack.bait AS text CHECK (attack.spring(value) = value);
ALTER TABLE attack.spend ADD COLUMN baited attack.bait;
SET ROLE regress_lead_scoring_reader;
SELECT count(*) FROM books.campaigns;
SET ROLE regress_lead_scoring_attacker;
ALTER TABLE attack.spend DROP COLUMN baited;
CREATE TABLE attack.child () INHERITS (attack.spend);
SET ROLE regress_lead_scoring_reader;
SELECT count(*) FROM books.campaigns;
SET ROLE regress_lead_scoring_attacker;
ALTER TABLE attack.child NO INHERIT attack.spend;
DROP TABLE attack.child;
ALTER TABLE attack.spend RENAME TO kept;
CREATE VIEW attack.spend AS SELECT * FROM attack.kept WHERE attack.spring('v') = 'v';
GRANT SELECT ON attack.spend TO PUBLIC;
SET ROLE regress_lead_scoring_reader;
SELECT count(*) FROM books.campaigns;
SET ROLE regress_lead_scoring_attacker;
DROP VIEW attack.spend;
CREATE MATERIALIZED VIEW attack.spend AS SELECT campaign, spent_on, amount, channel FROM attack.kept WITH NO DATA;
GRANT SELECT ON attack.spend TO PUBLIC;
SET ROLE regress_lead_scoring_reader;
\set VERBOSITY default
SELECT count(*) FROM books.campaigns;
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SET ROLE regress_lead_scoring_attacker;
REFRESH MATERIALIZED VIEW attack.spend;
CREATE INDEX ON attack.spend (amount) WHERE attack.spring('m') = 'm';
SET ROLE regress_lead_scoring_reader;
:figures

-- A view of the owner's on it would be planned with it; so would a partition that became somebody else's.
SET ROLE regress_lead_scoring_owner;
CREATE VIEW shop.spend AS SELECT * FROM attack.spend;
CREATE VIEW shop.behind AS SELECT * FROM shop.spend;
SELECT lead_scoring.set_spend('books', 'shop.behind');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE shop.bought (campaign text, spent_on date, amount numeric) PARTITION BY LIST (campaign);
CREATE TABLE shop.bought_a PARTITION OF shop.bought FOR VALUES IN ('a');
INSERT INTO shop.bought VALUES ('a', '2024-01-01', 3);
SELECT lead_scoring.set_spend('books', 'shop.bought') \g /dev/null
:figures
RESET ROLE;
ALTER TABLE shop.bought_a OWNER TO regress_lead_scoring_attacker;
SET ROLE regress_lead_scoring_reader;
:figures
SET ROLE regress_lead_scoring_owner;
CREATE MATERIALIZED VIEW shop.copied AS SELECT campaign, spent_on, amount FROM shop.bought WITH NO DATA;
RESET ROLE;
ALTER TABLE shop.bought_a OWNER TO regress_lead_scoring_owner;
SET ROLE regress_lead_scoring_owner;
REFRESH MATERIALIZED VIEW shop.copied;
SELECT lead_scoring.set_spend('books', 'shop.copied') \g /dev/null
:figures
-- A table of a superuser's in a view of the owner's is no stranger's.
RESET ROLE;
CREATE TABLE shop.from_above (campaign text, spent_on date, amount numeric);
GRANT SELECT ON shop.from_above TO regress_lead_scoring_owner;
INSERT INTO shop.from_above VALUES ('b', '2024-03-01', 4);
SET ROLE regress_lead_scoring_owner;
CREATE VIEW shop.seen AS SELECT * FROM shop.from_above;
SELECT lead_scoring.set_spend('books', 'shop.seen') \g /dev/null
:figures

-- Nobody calls the function that reads by himself.
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring_internal.stranger_rows('books', 'attack.kept'::regclass, 'campaign') r (campaign text);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT is_called AS hit FROM attack.hit;
SELECT * FROM lead_scoring.verify('books');
DROP SCHEMA books, shop, attack CASCADE;
DROP OWNED BY regress_lead_scoring_owner, regress_lead_scoring_attacker, regress_lead_scoring_reader;
DROP ROLE regress_lead_scoring_owner, regress_lead_scoring_attacker, regress_lead_scoring_reader;

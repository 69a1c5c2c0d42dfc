-- A score must come out the same whenever it is computed again: what is not immutable is refused, wherever it hides in
-- what is evaluated.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA immutability_test;
SET search_path = immutability_test, public;

-- Default arguments come in when a call is planned.
CREATE FUNCTION fresh(at timestamptz, now_ timestamptz DEFAULT clock_timestamp()) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN at > now_ - interval '1 day'; END $$;
CREATE FUNCTION stable_default(amount numeric, day date DEFAULT current_date) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$ SELECT amount $$;
CREATE FUNCTION nested_default(amount numeric, fresh boolean DEFAULT immutability_test.fresh('2024-01-01')) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN amount; END $$;
CREATE FUNCTION sound_default(amount numeric, factor numeric DEFAULT 2) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN amount * factor; END $$;
-- Inlining shows what a function is made of.
CREATE FUNCTION calls_fresh(at timestamptz) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT immutability_test.fresh(at) $$;
CREATE FUNCTION calls_calls(at timestamptz) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT NOT immutability_test.calls_fresh(at) $$;
-- Domains, operators, comparisons, conversions.
CREATE FUNCTION early(n integer) RETURNS boolean STABLE LANGUAGE sql AS $$ SELECT extract(hour FROM now()) < n $$;
CREATE DOMAIN by_hour AS integer CHECK (immutability_test.early(VALUE));
CREATE DOMAIN over_domain AS by_hour CHECK (VALUE > 0);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE FUNCTION by_default(n integer, at timestamptz DEFAULT now()) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN n > 0; END $$;
CREATE FUNCTION sometimes_equal(integer, text) RETURNS boolean STABLE LANGUAGE sql AS $$ SELECT $1::text = $2 $$;
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = text, FUNCTION = sometimes_equal);
CREATE TYPE mood AS ENUM ('sad', 'happy');

-- A generated column stands for what generates it.
CREATE FUNCTION is_new(at timestamptz, since timestamptz DEFAULT '2024-01-01 00:00+00') RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN at > since; END $$;

CREATE TABLE leads (id bigint PRIMARY KEY, employees integer);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, amount numeric, n integer, mood mood, day date, local timestamp,
                     shown boolean GENERATED ALWAYS AS (is_new(occurred_at)) STORED);
CREATE OR REPLACE FUNCTION is_new(at timestamptz, since timestamptz DEFAULT clock_timestamp()) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN at > since; END $$;
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('immutable', 'leads', 'events');

CREATE FUNCTION try_rule(condition text, per text DEFAULT NULL, limit_key text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.add_rule('immutable', 'rule', 'visit', 1, condition => condition, per => per, limit_key => limit_key,
        limit_count => CASE WHEN limit_key IS NOT NULL THEN 1 END, limit_window => CASE WHEN limit_key IS NOT NULL THEN 'day' END);
    DELETE FROM "immutable".rules;
    RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT condition, try_rule(condition) FROM unnest(ARRAY['fresh(occurred_at)', 'fresh(occurred_at, ''2024-01-01'')', 'fresh(now_ => ''2024-01-01'', at => occurred_at)',
    'fresh(at => occurred_at)', 'calls_fresh(occurred_at)', 'calls_calls(occurred_at)', 'shown', 'NOT shown AND n > 1', 'n::by_hour > 1', 'n::over_domain > 1', 'n::positive > 1',
    'n === ''5''', '(n, 1) = (5, 1)', 'n IN (1, 2)', 'greatest(n, 5) = 5', 'mood = ''sad''', 'mood::text = ''sad''', 'day = ''today''', 'local > occurred_at',
    'nullif(n, 5) IS NULL', 'ARRAY[n]::by_hour[] IS NULL', 'ROW(occurred_at)::text = ''x''', 'CASE WHEN true THEN true ELSE now() > occurred_at END', 'by_default(n)', 'n > 1 / 0']) condition;
SELECT per, try_rule(NULL, per) FROM unnest(ARRAY['stable_default(amount)', 'nested_default(amount)', 'sound_default(amount)', 'n::by_hour']) per;
SELECT key, try_rule(NULL, NULL, key) FROM unnest(ARRAY['occurred_at', 'local', 'mood', 'ARRAY[n]', 'stable_default(amount)', 'amount', 'n::positive']) key;

-- What is published stays so: a default that comes later is met by the next event.
CREATE DOMAIN later AS integer;
SELECT lead_scoring.add_rule('immutable', 'sound', 'visit', 1, per => 'sound_default(amount)');
SELECT lead_scoring.add_rule('immutable', 'domain', 'visit', 1, condition => 'n::later > 0');
SELECT lead_scoring.publish('immutable');
INSERT INTO events (lead_id, type, occurred_at, amount, n) VALUES (1, 'visit', '2024-01-01', 5, 1);
BEGIN;
CREATE OR REPLACE FUNCTION sound_default(amount numeric, factor numeric DEFAULT random()) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN amount * factor; END $$;
INSERT INTO events (lead_id, type, occurred_at, amount, n) VALUES (1, 'visit', '2024-01-01', 5, 1);
ROLLBACK;
BEGIN;
ALTER DOMAIN later ADD CHECK (immutability_test.early(VALUE));
INSERT INTO events (lead_id, type, occurred_at, amount, n) VALUES (1, 'visit', '2024-01-01', 5, 1);
ROLLBACK;
INSERT INTO events (lead_id, type, occurred_at, amount, n) VALUES (1, 'visit', '2024-01-02', 5, 1);
SELECT score FROM "immutable".scores;
SELECT * FROM lead_scoring.verify('immutable');

-- Whoever may only read the table has nothing evaluated; its owner does, whoever asks for it.
CREATE ROLE regress_immutability_reader;
CREATE FUNCTION who(n integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'ran as %', current_user; RETURN true; END $$;
GRANT USAGE ON SCHEMA immutability_test TO regress_immutability_reader;
GRANT SELECT ON events TO regress_immutability_reader;
SET ROLE regress_immutability_reader;
SELECT lead_scoring.check_expression('events', 'who(1)', 'condition');
RESET ROLE;
CREATE ROLE regress_immutability_owner;
GRANT USAGE ON SCHEMA immutability_test TO regress_immutability_owner;
CREATE TABLE owned (n integer);
ALTER TABLE owned OWNER TO regress_immutability_owner;
SELECT lead_scoring.check_expression('owned', 'who(1)', 'condition');

SELECT lead_scoring.drop_model('immutable');
DROP SCHEMA immutability_test CASCADE;
DROP ROLE regress_immutability_reader, regress_immutability_owner;

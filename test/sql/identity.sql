-- Everything is done to a model as its owner, whoever calls. Here the owner is an attacker: his tables, those of his
-- model, its conditions and whatever hangs on them count who ran them; and a superuser calls every function there is.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_lead_scoring_attacker;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_attacker', current_database()); END$$;
CREATE SCHEMA attack AUTHORIZATION regress_lead_scoring_attacker;
GRANT USAGE ON SCHEMA attack TO PUBLIC;
SET ROLE regress_lead_scoring_attacker;
SET search_path = attack;

-- Sequences count, for functions that must not write may call nextval: how often a trap ran at all, and how often not as
-- the attacker.
CREATE FUNCTION spring(trap text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
    PERFORM nextval(format('attack.%I', trap || CASE WHEN current_user = 'regress_lead_scoring_attacker' THEN '_ran' ELSE '_hit' END));
    RETURN true;
END $$;
CREATE FUNCTION trigger_trap() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM attack.spring(TG_ARGV[0]);
    IF TG_LEVEL = 'STATEMENT' OR TG_WHEN = 'AFTER' THEN RETURN NULL; END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION set_trap(trap text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS attack.%I; CREATE SEQUENCE IF NOT EXISTS attack.%I', trap || '_ran', trap || '_hit');
    EXECUTE format('GRANT ALL ON ALL SEQUENCES IN SCHEMA attack TO PUBLIC');
    RETURN trap;
END $$;

CREATE TABLE leads (id bigint PRIMARY KEY, country text, lead_stage text, mql_at timestamptz);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, campaign text, asset text);
CREATE INDEX ON events (lead_id);
CREATE TABLE spent (campaign text, spent_on date, amount numeric);
CREATE TABLE earned (lead_id bigint, earned_on date, amount numeric);
SELECT set_trap(t) FROM unnest('{condition,per,limit_key,fit,on_event,channel,asset,spend,revenue}'::text[]) t \g /dev/null
CREATE VIEW spend AS SELECT campaign, spent_on, amount FROM spent WHERE spring('spend');
CREATE VIEW revenue AS SELECT lead_id, earned_on, amount FROM earned WHERE spring('revenue');
INSERT INTO spent VALUES ('a', '2024-01-01', 10);
INSERT INTO earned VALUES (1, '2024-01-01', 10);
SELECT lead_scoring.create_model('trap', 'leads', 'events', event_campaign => 'campaign'),
       lead_scoring.add_rule('trap', 'visit', 'visit', 10, 'attack.spring(''condition'')', per => 'attack.spring(''per'')::int', limit_count => 100,
                             limit_window => 'day', limit_key => 'attack.spring(''limit_key'')'),
       lead_scoring.add_rule('trap', 'fading', 'visit', 10, decay => 'exponential', half_life => '1 day'),
       lead_scoring.add_fit_rule('trap', 'fit', 'attack.spring(''fit'')', 5),
       lead_scoring.add_stage('trap', 'mql', min_score => 20, falls_below => 20, within => '1 day', timeout_stage => 'lead'),
       lead_scoring.add_stage('trap', 'customer', on_event => 'won', on_event_condition => 'attack.spring(''on_event'')'),
       lead_scoring.set_spend('trap', 'spend'), lead_scoring.set_revenue('trap', 'revenue') \g /dev/null
UPDATE trap.report_settings SET event_channel = 'attack.spring(''channel'')', event_asset = 'attack.spring(''asset'')';
SELECT lead_scoring.publish('trap') \g /dev/null
INSERT INTO leads SELECT i FROM generate_series(1, 30) i;
INSERT INTO events SELECT i % 30 + 1, CASE WHEN i % 20 = 0 THEN 'won' ELSE 'visit' END, '2024-01-01'::timestamptz + i * interval '1 hour', 'a', 'b' FROM generate_series(1, 90) i;

-- On each table: triggers of all kinds, also deferred ones, checks, defaults, policies, index expressions, rules; view functions.
DO $$
DECLARE
    t regclass;
    n text;
BEGIN
    FOR t, n IN SELECT c.oid::regclass, n.nspname || '_' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind = 'r' AND n.nspname IN ('attack', 'trap') AND c.relname NOT IN ('spent', 'earned') LOOP
        EXECUTE format('CREATE TRIGGER a_before BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION attack.trigger_trap(%L)', t, attack.set_trap(n || '_before'));
        EXECUTE format('CREATE TRIGGER z_after AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION attack.trigger_trap(%L)', t, attack.set_trap(n || '_after'));
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT trap CHECK (attack.spring(%L))', t, attack.set_trap(n || '_check'));
        EXECUTE format('ALTER TABLE %s ADD COLUMN bait boolean DEFAULT attack.spring(%L)', t, attack.set_trap(n || '_default'));
        EXECUTE format('CREATE INDEX ON %s ((attack.spring(%L)))', t, attack.set_trap(n || '_index'));
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY trap ON %s USING (attack.spring(%L))', t, attack.set_trap(n || '_policy'));
        -- Deferred ones on the model's own tables are refused in a restricted operation, and INSERT ... ON CONFLICT takes no rules.
        IF n LIKE 'attack%' THEN
            EXECUTE format('CREATE CONSTRAINT TRIGGER z_deferred AFTER INSERT OR UPDATE OR DELETE ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION attack.trigger_trap(%L)', t, attack.set_trap(n || '_deferred'));
            EXECUTE format('CREATE RULE trap AS ON UPDATE TO %s WHERE attack.spring(%L) AND false DO ALSO NOTHING', t, attack.set_trap(n || '_rule'));
        END IF;
    END LOOP;
END $$;

-- The superuser calls. What a call takes is made up from the names and types of its parameters; each is a transaction of
-- its own, so that what is deferred comes too.
RESET ROLE;
SET search_path = pg_catalog;
CREATE TABLE attack.calls (place serial, call text, sqlstate text);
CREATE FUNCTION attack.argument(name text, type regtype) RETURNS text LANGUAGE sql AS $$
SELECT coalesce(
    (SELECT v FROM (VALUES ('model', '''trap'''), ('lead', '''1'''), ('from_lead', '''2'''), ('into_lead', '''1'''), ('stage', '''mql'''),
        ('leads', CASE WHEN type = 'text[]'::regtype THEN '''{1,2}''' ELSE '''attack.leads''' END), ('events', '''attack.events'''),
        ('relation', '''attack.events'''), ('spend_table', '''attack.spend'''), ('revenue_table', '''attack.revenue'''), ('view_name', '''funnel'''),
        ('rule', '''visit'''), ('expression', '''attack.spring(''''condition'''')'''), ('kind', '''condition'''), ('event_type', '''visit'''),
        ('condition', '''attack.spring(''''fit'''')'''), ('axis', '''fit'''), ('strength', '''UPDATE'''), ('stages', '''replay'''),
        ('scores', '''trap.scores''::regclass'), ('card', '(SELECT card FROM trap.scores LIMIT 1)'), ('at', 'now()'), ('due', '''infinity'''), ('most', '10'),
        ('column_name', '''id'''), ('table_name', '''attack.spend'''), ('statement', '''UPDATE attack.leads SET country = country'''),
        ('settings', '''{}'''), ('with_spend', 'true'), ('touched', '''channel'''), ('setting', '''event_channel'''), ('definition', '''{}'''),
        ('as_of', 'now()'), ('by', '''attack.spring(''''dimension'''')'''), ('grain', '''week'''), ('report', '''funnel'''), ('new_row', '''{"name": "x", "rank": 77}'''), ('changes', '''{"qualified_low": 0}''')) k (n, v)
      WHERE n = name AND NOT (n = 'stages' AND type = 'boolean'::regtype)),
    CASE WHEN type IN ('text'::regtype, 'name'::regtype) THEN '''trap''' WHEN type = 'boolean'::regtype THEN 'true'
         WHEN type IN ('bigint'::regtype, 'integer'::regtype, 'numeric'::regtype, 'double precision'::regtype) THEN '5'
         WHEN type = 'jsonb'::regtype THEN '''{}''' WHEN type = 'interval'::regtype THEN '''1 day''' WHEN type = 'regclass'::regtype THEN '''attack.leads'''
         WHEN type = 'uuid'::regtype THEN 'gen_random_uuid()' ELSE 'NULL' END)
$$;
INSERT INTO attack.calls (call) VALUES
    ('SELECT lead_scoring.add_group(''trap'', ''more'')'), ($q$SELECT lead_scoring.add_rule('trap', 'more', 'visit', 1, $$attack.spring('condition')$$)$q$),
    ('SELECT lead_scoring.add_band(''trap'', ''fit'', ''A'', 5)'), ('SELECT lead_scoring.add_stage(''trap'', ''sql'', min_score => 1000)'),
    ('SELECT lead_scoring.publish(''trap'')'), ('SELECT lead_scoring.adjust(''trap'', 3, 100)'), ('SELECT lead_scoring.set_stage(''trap'', 4, ''customer'')'),
    ('SELECT lead_scoring.create_model(''other'', ''attack.leads'', ''attack.events'', status_columns => ''{}'')'), ('SELECT lead_scoring.drop_model(''other'')'),
    ('SELECT lead_scoring.set_spend(''trap'', ''attack.spend'')'), ('SELECT lead_scoring.set_revenue(''trap'', ''attack.revenue'')');
INSERT INTO attack.calls (call)
SELECT format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT count(*) FROM' END, p.pronamespace::regnamespace::text, p.proname,
              (SELECT string_agg(attack.argument(coalesce(p.proargnames[place], ''), t::regtype) || '::' || t::regtype, ', ' ORDER BY place)
                 FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (t, place)))
       || CASE WHEN p.prorettype = 'record'::regtype AND p.proargmodes IS NULL THEN ' r (period date)' ELSE '' END
  FROM pg_proc p
 WHERE p.pronamespace IN ('lead_scoring'::regnamespace, 'lead_scoring_internal'::regnamespace)
   AND p.prokind IN ('f', 'p') AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
   AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn))
   AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
 ORDER BY p.proname = 'drop_model', p.prokind DESC, p.proname LIKE 'add\_%' DESC, p.proname = 'publish' DESC, p.proname COLLATE "C", p.oid::regprocedure::text COLLATE "C";
INSERT INTO attack.calls (call) SELECT format('SELECT count(*) FROM trap.%I', c.relname) FROM pg_class c
 WHERE c.relnamespace = 'trap'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('leads', 'accounts') ORDER BY c.relname;
-- Before the model is gone.
UPDATE attack.calls SET place = place + 1000 WHERE call LIKE '%.drop_model(%';

CREATE PROCEDURE attack.walk() LANGUAGE plpgsql AS $$
DECLARE
    c record;
    failed text;
BEGIN
    FOR c IN SELECT * FROM attack.calls WHERE call NOT LIKE 'CALL %' ORDER BY place LOOP
        BEGIN
            failed := NULL;
            EXECUTE c.call;
        EXCEPTION WHEN OTHERS THEN
            failed := SQLSTATE;
        END;
        COMMIT;
        -- What a call did to the model is not to keep the next one from reaching anything.
        IF EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('trap.settings')) AND c.call LIKE '%.pause(%' THEN
            PERFORM lead_scoring.resume('trap');
        END IF;
        UPDATE attack.calls SET sqlstate = coalesce(failed, '00000') WHERE place = c.place;
        COMMIT;
    END LOOP;
END $$;
CALL lead_scoring.refresh('trap');
UPDATE attack.calls SET sqlstate = '00000' WHERE call LIKE 'CALL %refresh(%';
CALL lead_scoring.rescore('trap');
UPDATE attack.calls SET sqlstate = '00000' WHERE call LIKE 'CALL %rescore(%';
CALL attack.walk();
-- Commands are run, not refused, and what they are made of is refused; the server is there.
SELECT DISTINCT sqlstate FROM attack.calls ORDER BY 1;
SELECT call, sqlstate FROM attack.calls WHERE place <= 11 AND sqlstate <> '00000' ORDER BY place;
SELECT count(*) > 150 AS walked, bool_and(sqlstate IS NOT NULL) AS all_of_them FROM attack.calls;

-- Nothing ran as the superuser.
CREATE FUNCTION attack.used(suffix text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    s record;
    called boolean;
BEGIN
    FOR s IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'attack'::regnamespace AND c.relkind = 'S' AND c.relname LIKE '%' || suffix ORDER BY 1 LOOP
        EXECUTE format('SELECT is_called FROM attack.%I', s.relname) INTO called;
        IF called THEN RETURN NEXT left(s.relname, -length(suffix)); END IF;
    END LOOP;
END $$;
SELECT * FROM attack.used('_hit');
-- And the traps work: these ran as the attacker.
SELECT count(*) > 60 AS many, '{condition,per,limit_key,fit,on_event,channel,asset,spend,revenue,attack_leads_deferred,attack_leads_check,trap_rules_before,trap_transitions_before}' <@ array_agg(u) AS all_kinds
  FROM attack.used('_ran') u;
SELECT format('promise: entry points: %s tried, %s wrong', count(*), (SELECT count(*) FROM attack.used('_hit'))) FROM attack.calls \g |cat >>"${PROMISE:-/dev/null}"
SET client_min_messages = error;
DROP SCHEMA attack CASCADE;
DROP OWNED BY regress_lead_scoring_attacker;
DROP ROLE regress_lead_scoring_attacker;

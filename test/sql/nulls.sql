-- What a model's own tables do not say, and rows that triggers of the user's keep out: whatever is NULL or missing there, each
-- call works or says what is wrong. Each case is rolled back.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA nulls_test;
SET search_path = nulls_test;
CREATE TABLE leads (id integer PRIMARY KEY, country text, lead_stage text, mql_at timestamptz);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz DEFAULT '2026-01-01');
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('nulls', 'leads', 'events');
SELECT lead_scoring.add_rule('nulls', 'visit', 'visit', 10), lead_scoring.add_rule('nulls', 'once', 'download', 5, limit_count => 1, limit_window => 'day'),
       lead_scoring.add_rule('nulls', 'paid', 'visit', 1, '1 / (length(type) - 5) > 0'),
       lead_scoring.add_fit_rule('nulls', 'domestic', $$country = 'DE'$$, 5), lead_scoring.add_band('nulls', 'fit', 'A', 5),
       lead_scoring.add_stage('nulls', 'mql', min_score => 30), lead_scoring.add_stage('nulls', 'lost', kind => 'detour', on_event => 'lost', cooldown => '1 day');
SELECT lead_scoring.publish('nulls');
INSERT INTO leads VALUES (1, 'DE'), (2, 'DE'), (3, NULL), (4, NULL);
INSERT INTO events SELECT i % 3 + 1, 'visit' FROM generate_series(1, 10) i;
INSERT INTO events VALUES (1, 'download'), (2, 'lost'), (9, 'visit'), (8, 'oops');
SELECT lead_scoring.adjust('nulls', 1, 3) IS NOT NULL, lead_scoring.adjust('nulls', 2, -3, expires_at => now() + interval '1 day') IS NOT NULL;
SELECT lead_scoring.merge_leads('nulls', 3, 4);

CREATE TABLE calls (number integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO calls (statement) VALUES ('INSERT INTO events VALUES (1, ''visit'')'), ('INSERT INTO events VALUES (1, ''lost''), (2, ''visit''), (7, ''visit'')'),
    ('DELETE FROM events WHERE lead_id = 2'), ('UPDATE leads SET country = ''FR'''), ('INSERT INTO leads VALUES (9)'), ('DELETE FROM leads WHERE id = 1'),
    ('SELECT lead_scoring.set_stage(''nulls'', 1, ''lost'')'), ('SELECT lead_scoring.adjust(''nulls'', 3, 1)'),
    ('SELECT lead_scoring.cancel_adjustment(''nulls'', a.id) FROM nulls.adjustments a'), ('SELECT lead_scoring.merge_leads(''nulls'', 2, 1)'),
    ('SELECT lead_scoring.forget_lead(''nulls'', 2)'), ('SELECT lead_scoring.explain(''nulls'', 1)'), ('SELECT lead_scoring.score_at(''nulls'', 1, now())'),
    ('SELECT lead_scoring.verify(''nulls'')'), ('SELECT lead_scoring.models()'), ('SELECT lead_scoring.versions(''nulls'')'),
    ('SELECT lead_scoring.pause(''nulls'')'), ('SELECT lead_scoring.publish(''nulls'')'), ('SELECT lead_scoring.repair(''nulls'')'),
    ('SELECT nulls.lead_id FROM nulls.leads nulls'), ('SELECT * FROM nulls.funnel'), ('SELECT lead_scoring.drop_model(''nulls'')');

-- try(damage): what every second call does after it: the states of those that fail, and whether one says nothing of what to do. Each by itself.
CREATE FUNCTION try(damage text) RETURNS text LANGUAGE plpgsql SET search_path = nulls_test AS $$
DECLARE
    said text := '';
    c record;
    state text;
    hint text;
    message text;
BEGIN
    FOR c IN SELECT * FROM calls WHERE (number + length(damage)) % 2 = 0 ORDER BY number LOOP
        BEGIN
            SET LOCAL session_replication_role = replica;
            EXECUTE damage;
            SET LOCAL session_replication_role = origin;
            EXECUTE c.statement;
            RAISE SQLSTATE 'RB000';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT;
            CONTINUE WHEN state = 'RB000';
            said := said || format(' %s%s', state, CASE WHEN hint = '' OR state LIKE 'XX%' THEN format('(%s: %s)', c.statement, regexp_replace(message, '\d{4,}', 'N')) END);
        END;
    END LOOP;
    RETURN (SELECT string_agg(DISTINCT s, ' ' ORDER BY s) FROM regexp_split_to_table(trim(said), ' (?=[0-9A-Z]{5}($| |\())') s);
END $$;

\echo -- each column of each table is NULL
SELECT format('%s.%s', c.relname, a.attname),
       try(concat((SELECT string_agg(format('ALTER TABLE nulls.%I DROP CONSTRAINT %I CASCADE; ', c.relname, k.conname), '') FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n' AND a.attnum = ANY (k.conkey)),
                  format('ALTER TABLE nulls.%1$I ALTER %2$I DROP NOT NULL; UPDATE nulls.%1$I SET %2$I = NULL', c.relname, a.attname)))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'nulls'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1;
\echo -- settings that map nothing to nothing
SELECT d, try(format('ALTER TABLE nulls.settings ALTER status_columns DROP NOT NULL; UPDATE nulls.settings SET status_columns = %L', d))
  FROM unnest('{"{\"stage\": null}","{\"_at\": \"mql_at\"}","{\"x_at\": null}","[]","\"stage\"","null",1,"{\"stage\": 1}","{\"stage\": [\"lead_stage\"]}"}'::text[]) d;
\echo -- a trigger of the user''s keeps rows out
CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
SELECT c.relname, o.operation, try(format('CREATE TRIGGER keep_out BEFORE %s ON nulls.%I FOR EACH ROW EXECUTE FUNCTION nulls_test.keep_out()', o.operation, c.relname))
  FROM pg_class c, unnest('{INSERT,UPDATE,DELETE}'::text[]) o (operation) WHERE c.relnamespace = 'nulls'::regnamespace AND c.relkind = 'r' ORDER BY 1, 2;
\echo -- partitioned tables
SELECT c.relname, try(format('ALTER TABLE nulls.%1$I RENAME TO was; CREATE TABLE nulls.%1$I (LIKE nulls.was INCLUDING ALL) PARTITION BY LIST (%2$I);
    CREATE TABLE nulls.part PARTITION OF nulls.%1$I DEFAULT; INSERT INTO nulls.%1$I OVERRIDING SYSTEM VALUE SELECT * FROM nulls.was', c.relname, a.attname))
  FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
 WHERE c.relnamespace = 'nulls'::regnamespace AND c.relkind = 'r' ORDER BY 1;

SELECT lead_id, problem FROM lead_scoring.verify('nulls');
SELECT lead_scoring.drop_model('nulls');
DROP SCHEMA nulls_test CASCADE;

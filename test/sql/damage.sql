-- Whatever a row of scores or transitions says: no statement on events or leads fails because of it, and repair mends it.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE SCHEMA damage_test;
SET search_path = damage_test;
CREATE TABLE leads (id bigint PRIMARY KEY, title text, lead_stage text, mql_at timestamptz, points float8, grade text);
CREATE TABLE events (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id bigint, type text, occurred_at timestamptz, value text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('dmg', leads => 'leads', events => 'events',
    status_columns => '{"stage": "lead_stage", "mql_at": "mql_at", "score": "points", "grade": "grade"}');
SELECT lead_scoring.add_rule('dmg', 'visit', 'visit', 10),
       lead_scoring.add_rule('dmg', 'read', 'read', 10, limit_count => 1, limit_window => 'day'),
       lead_scoring.add_rule('dmg', 'mail', 'mail', 5, decay => 'window', lifespan => '10 days'),
       lead_scoring.add_rule('dmg', 'call', 'call', 8, decay => 'exponential', half_life => '30 days'),
       lead_scoring.add_rule('dmg', 'paid', 'visit', 1, 'value::numeric > 5'),
       lead_scoring.add_fit_rule('dmg', 'chief', $$title = 'CEO'$$, 5),
       lead_scoring.add_band('dmg', 'fit', 'A', 5), lead_scoring.add_band('dmg', 'engagement', '1', 20),
       lead_scoring.add_stage('dmg', 'mql', min_score => 30, falls_below => 10),
       lead_scoring.add_stage('dmg', 'sql', on_event => 'accepted'),
       lead_scoring.add_stage('dmg', 'lost', kind => 'detour', on_event => 'lost', cooldown => '1 day');
SELECT lead_scoring.publish('dmg');
INSERT INTO leads SELECT i, CASE WHEN i % 2 = 0 THEN 'CEO' END FROM generate_series(1, 6) i;
INSERT INTO events (lead_id, type, occurred_at)
SELECT i, t.type, '2026-01-01'::timestamptz + t.day * interval '1 day' + i * interval '1 hour'
  FROM generate_series(1, 6) i,
       unnest(ARRAY['visit', 'read', 'mail', 'call', 'visit', 'accepted', 'lost', 'visit', 'visit']) WITH ORDINALITY t (type, day)
 WHERE i = 1 OR t.day < 10 - i;  -- so that each lead is somewhere else
INSERT INTO leads VALUES (7);
INSERT INTO events (lead_id, type, occurred_at) SELECT 7, 'mail', now() - interval '1 day' FROM generate_series(1, 6);  -- due in nine days
INSERT INTO events (lead_id, type, occurred_at, value) VALUES (1, 'visit', '2026-01-01', 'none');
SELECT lead_scoring.adjust('dmg', 2, 3) IS NOT NULL;
SELECT s.lead_id, s.stage, s.stage_seq FROM dmg.scores s ORDER BY 1;
SELECT * FROM lead_scoring.verify('dmg');

-- Bytes that are no card.
CREATE CAST (bytea AS lead_scoring.scorecard) WITHOUT FUNCTION;

CREATE TABLE damages (number integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO damages (statement)
SELECT format('UPDATE dmg.scores SET %I = %s', c.name, v.value)
  FROM (VALUES ('timestamptz', ARRAY['scored_at', 'due_at', 'stage_since', 'lead_at', 'mql_at', 'sql_at', 'lost_at'],
                ARRAY['NULL', '''infinity''', '''-infinity''', '''2025-01-01''', '''2026-01-08''', '''2026-05-01''']),
               ('float8', ARRAY['score', 'engagement', 'fit'], ARRAY['NULL', '''NaN''', '''Infinity''', '-3', '1e300']),
               ('bigint', ARRAY['version'], ARRAY['NULL', '-1', '0', '2', '9223372036854775807']),
               ('integer', ARRAY['stage_seq'], ARRAY['NULL', '-2147483648', '-1', '0', '1', '5', '2147483646', '2147483647']),
               ('boolean', ARRAY['stage_armed', 'counted'], ARRAY['NULL', 'true', 'false']),
               ('text', ARRAY['stage', 'grade'], ARRAY['NULL', '''''', '''nonsense''', '''lead''', '''mql''', '''lost''']),
               ('card', ARRAY['card'], ARRAY['NULL', '''\x''::bytea::lead_scoring.scorecard', '''\x01''::bytea::lead_scoring.scorecard', '''\xff00ff''::bytea::lead_scoring.scorecard',
                '(SELECT o.card FROM dmg.scores o WHERE o.lead_id = 6)',
                $$'clock -9223372036854775808 sections 0'$$,
                $$'clock 9223372036854775807 sections 0'$$,
                $$'clock 9223372036854775806 sections 8 pending_more 1 pending 0'$$,
                $$'clock 0 sections 1 fit 1 rule 99'$$,
                $$'clock 0 sections 8 pending_more 0 pending 1 at 5 stage_event 1 target 77 points 0 bucket 0 key 0'$$]))
         AS d (type, names, "values"), unnest(d.names) c (name), unnest(d."values") v (value);
INSERT INTO damages (statement)
SELECT format('UPDATE dmg.transitions SET %I = %s', c.name, v.value)
  FROM (VALUES (ARRAY['seq'], ARRAY['seq + 1000', '-seq', '-2147483648 + seq', '2147483647 - seq', '10 - seq', 'CASE seq WHEN 2 THEN 0 ELSE seq END',
                'CASE seq WHEN 1 THEN 2147483647 ELSE seq END', 'CASE seq WHEN 3 THEN 40 ELSE seq END']),
               (ARRAY['from_stage'], ARRAY['NULL', '''''', '''nonsense''', '''lost''']),
               (ARRAY['to_stage'], ARRAY['''''', '''nonsense''', '''lead''', '''lost''', 'CASE seq WHEN 1 THEN ''lost'' ELSE to_stage END']),
               (ARRAY['at'], ARRAY['''infinity''', '''-infinity''', '''2020-01-01''', '''2100-01-01''', 'at - seq * interval ''10 days''',
                'CASE seq WHEN 1 THEN ''2100-01-01'' ELSE at END', 'CASE seq WHEN 2 THEN ''infinity'' ELSE at END']),
               (ARRAY['recorded_at'], ARRAY['''infinity''', '''-infinity''']),
               (ARRAY['score', 'engagement', 'fit'], ARRAY['NULL', '''NaN''']), (ARRAY['version'], ARRAY['NULL', '-1']),
               (ARRAY['rule', 'actor', 'grade', 'merged_from'], ARRAY['NULL', '''nonsense''']))
         AS d (names, "values"), unnest(d.names) c (name), unnest(d."values") v (value);
INSERT INTO damages (statement)
SELECT format('INSERT INTO dmg.transitions (lead_id, seq, to_stage, at, cause) SELECT lead_id, stage_seq + %s, ''%s'', ''%s'', ''event'' FROM dmg.scores',
              ahead, stage, at)
  FROM unnest('{1,2,100000}'::integer[]) ahead, unnest('{lead,mql,nonsense}'::text[]) stage, unnest('{2026-01-03,2026-02-01,2100-01-01}'::text[]) at;
INSERT INTO damages (statement) VALUES
    ('DELETE FROM dmg.scores'), ('DELETE FROM dmg.scores WHERE lead_id % 2 = 0'), ('TRUNCATE dmg.scores'),
    ('UPDATE dmg.scores SET lead_id = lead_id + 1000'), ('INSERT INTO dmg.scores (lead_id) VALUES (77)'),
    ('INSERT INTO dmg.scores SELECT (s).* FROM (SELECT jsonb_populate_record(o, ''{"lead_id": 77}'') AS s FROM dmg.scores o WHERE lead_id = 1) c'),
    ('DELETE FROM dmg.transitions'), ('TRUNCATE dmg.transitions'), ('DELETE FROM dmg.transitions WHERE seq = 1'),
    ('DELETE FROM dmg.transitions WHERE seq = 2'), ('DELETE FROM dmg.transitions t USING dmg.scores s WHERE s.lead_id = t.lead_id AND s.stage_seq = t.seq'),
    ('UPDATE dmg.transitions SET lead_id = lead_id + 1000'), ('UPDATE dmg.transitions SET lead_id = lead_id % 3, seq = seq + 10 * lead_id'),
    ('INSERT INTO dmg.transitions (lead_id, seq, to_stage, at, cause) VALUES (77, 1, ''mql'', ''2026-01-01'', ''event'')'),
    ('UPDATE dmg.problems SET count = NULL'), ('UPDATE dmg.problems SET count = 9223372036854775807'), ('UPDATE dmg.problems SET first_at = NULL, message = NULL'),
    ('UPDATE leads SET lead_stage = ''nonsense'', mql_at = NULL, points = ''NaN'''),
    ('UPDATE dmg.scores SET scored_at = NULL, due_at = NULL, stage_since = NULL, score = NULL, engagement = NULL, fit = NULL, version = NULL,
      stage_seq = NULL, stage_armed = NULL, counted = NULL, stage = NULL, grade = NULL, card = NULL, mql_at = NULL');

CREATE TABLE statements (number integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO statements (statement) VALUES
    ('INSERT INTO events (lead_id, type, occurred_at) SELECT id, type, ''2026-02-01'' FROM leads, unnest(''{visit,read,mail,call}''::text[]) type'),
    ('INSERT INTO events (lead_id, type, occurred_at, value) VALUES (1, ''accepted'', ''2026-02-01'', NULL), (1, ''visit'', ''2026-02-01'', ''none'')'),
    ('INSERT INTO events (lead_id, type, occurred_at) SELECT id, ''lost'', ''2026-02-01'' FROM leads'),
    ('INSERT INTO events (lead_id, type, occurred_at) SELECT id, ''accepted'', ''2026-01-02'' FROM leads'),
    ('DELETE FROM events WHERE type = ''read'''), ('UPDATE events SET occurred_at = occurred_at + interval ''1 day'''),
    ('UPDATE leads SET title = ''CEO'''), ('DELETE FROM leads WHERE id < 4'),
    ('INSERT INTO leads VALUES (8), (9)'), ('TRUNCATE events'),
    ('SELECT lead_scoring.adjust(''dmg'', s.lead_id, 100) FROM dmg.scores s'),
    ('SELECT lead_scoring.set_stage(''dmg'', s.lead_id, ''sql'') FROM dmg.scores s'),
    ('SELECT lead_scoring_internal.refresh_leads(''dmg'', now(), 100)'),
    ('SELECT lead_scoring.publish(''dmg'')'), ('SELECT lead_scoring.pause(''dmg''), lead_scoring.resume(''dmg'')');

-- The damage and then the statements, all in what is rolled back again: the error that one of them raises, or what verify
-- lists at the end.
CREATE FUNCTION outcome_of(damage text[], VARIADIC statements text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    problems text;
BEGIN
    BEGIN
        PERFORM set_config('session_replication_role', 'replica', true);
        FOREACH statement IN ARRAY damage LOOP
            EXECUTE statement;
        END LOOP;
        PERFORM set_config('session_replication_role', 'origin', true);
    EXCEPTION WHEN OTHERS THEN RETURN 'undone';
    END;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    SELECT string_agg(DISTINCT v.problem, ', ') INTO problems FROM lead_scoring.verify('dmg') v;
    RAISE EXCEPTION USING ERRCODE = 'XX999', MESSAGE = coalesce(problems, 'none');
EXCEPTION
    WHEN SQLSTATE 'XX999' THEN RETURN SQLERRM;
    WHEN OTHERS THEN RETURN format('%s %s in: %s', SQLSTATE, SQLERRM, statement);
END
$$;

-- verify sees what it is to see, and does not fail on anything.
SELECT d.statement, outcome_of(ARRAY[d.statement]) FROM damages d ORDER BY d.number;

-- No statement fails.
SELECT d.statement, outcome
  FROM damages d, statements s, LATERAL outcome_of(ARRAY[d.statement], s.statement) AS outcome
 WHERE (s.number = 1 OR (s.number + d.number) % 12 = 0) AND outcome ~ '^[0-9A-Z]{5} ' ORDER BY d.number, s.number;

-- repair mends it, before other statements or after.
SELECT d.statement, outcome
  FROM damages d, LATERAL outcome_of(ARRAY[d.statement], 'SELECT lead_scoring.repair(''dmg'')') AS outcome
 WHERE d.number % 2 = 0 AND outcome <> 'none' ORDER BY d.number;
SELECT d.statement, outcome
  FROM damages d, statements s, LATERAL outcome_of(ARRAY[d.statement], s.statement, 'SELECT lead_scoring.repair(''dmg'')') AS outcome
 WHERE d.number % 2 = 1 AND s.number = 1 + d.number % 15 AND outcome <> 'none' ORDER BY d.number;

-- So it does where several things are wrong, of some of the leads. What cannot be done to them together is left out.
SELECT setseed(0.5) IS NULL;
CREATE TABLE several AS
SELECT i, array_agg(CASE WHEN d.statement LIKE 'UPDATE dmg.%' THEN d.statement || ' WHERE lead_id % 2 = ' || i % 2 ELSE d.statement END ORDER BY d.place) AS damage
  FROM generate_series(1, 60) i, LATERAL (SELECT e.*, random() + 0 * i AS place FROM damages e ORDER BY place LIMIT 3) d GROUP BY i;
CREATE TABLE outcomes AS
SELECT s.*, outcome_of(s.damage, (SELECT t.statement FROM statements t WHERE t.number = 1 + s.i % 15), 'SELECT lead_scoring.repair(''dmg'')') AS outcome FROM several s;
SELECT damage, outcome FROM outcomes WHERE outcome NOT IN ('none', 'undone') ORDER BY i;
SELECT count(*) FILTER (WHERE outcome = 'none') > 40 FROM outcomes;

SELECT * FROM lead_scoring.verify('dmg');
SELECT lead_scoring.drop_model('dmg');
DROP CAST (bytea AS lead_scoring.scorecard);
DROP SCHEMA damage_test CASCADE;

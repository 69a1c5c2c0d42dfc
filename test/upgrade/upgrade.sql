-- A model of the version that is installed, under a later library, becomes one of the latest version. Raises an error where
-- anything is not as it should be.
\i full_model.sql
SET client_min_messages = warning;
CREATE SCHEMA upgrade_test;
CREATE FUNCTION upgrade_test.expect(what text, is_so boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF is_so IS NOT TRUE THEN
        RAISE EXCEPTION '%: not so', what;
    END IF;
END
$$;
CREATE FUNCTION upgrade_test.sound(at text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM upgrade_test.expect(at || ': verify is empty', NOT EXISTS (SELECT FROM lead_scoring.verify('full_model')));
    PERFORM upgrade_test.expect(at || ': all rows are there', (SELECT count(*) FROM full_model.scores) = (SELECT count(*) FROM full_test.leads));
END
$$;
-- Everything that a reader saw before, a row of text for each row, by the columns that there were. Reports are of an instant
-- to come: some count the days until now.
CREATE FUNCTION upgrade_test.seen(OUT view text, OUT line text) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    shown text;
BEGIN
    FOR view, shown IN SELECT b.view, string_agg(format('v.%I', b.name), ', ' ORDER BY b.place) FROM upgrade_test.columns_before b GROUP BY 1 ORDER BY 1 LOOP
        FOR line IN EXECUTE (SELECT CASE WHEN view = ANY (lead_scoring_internal.report_views())
                THEN format('SELECT ROW(%2$s)::text FROM (TABLE full_model.%1$I LIMIT 0) n RIGHT JOIN lead_scoring.%1$I(''full_model'', ''2040-01-01 UTC'') v ON false ORDER BY 1', view, shown)
                ELSE format('SELECT ROW(%2$s)::text FROM full_model.%1$I v ORDER BY 1', view, shown) END) LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
CREATE FUNCTION upgrade_test.columns() RETURNS TABLE (view text, name text, place integer) LANGUAGE sql AS $$
SELECT c.relname, a.attname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'full_model'::regnamespace AND c.relkind = 'v'
$$;
-- Events of leads old and new, a correction, a removal, a change of attributes, hands and time.
CREATE PROCEDURE upgrade_test.write(round integer) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO full_test.leads VALUES (1000 + round, 'NZ', '2024-02-01');
    INSERT INTO full_test.events
    SELECT l, t, timestamptz '2024-06-01' + round * interval '1 day', 'c1', '{"n": 2, "channel": "m1", "asset": "a1"}'
      FROM unnest(ARRAY[1000 + round, 5, 6]) l, unnest('{visit,visit,download,accepted}'::text[]) t;
    UPDATE full_test.events SET occurred_at = occurred_at - interval '1 hour' WHERE lead_id = 8 AND type = 'visit';
    DELETE FROM full_test.events WHERE lead_id = 10 + round;
    UPDATE full_test.leads SET country = 'AU' WHERE id = 20 + round;
    PERFORM lead_scoring.adjust('full_model', 30 + round, 7, 'round');
    PERFORM lead_scoring.set_stage('full_model', 40 + round, 'sql', 'round');
    INSERT INTO full_test.events VALUES (9, 'visit', '2024-05-06', 'c', '{"n": "y"}');
END
$$;

SELECT extversion AS old_version FROM pg_extension WHERE extname = 'lead_scoring' \gset
SELECT upgrade_test.sound('made');
-- The library is newer than all else.
CALL upgrade_test.write(1);
SELECT upgrade_test.sound('library');
SELECT upgrade_test.expect('nothing is wrong', (SELECT problem IS NULL FROM lead_scoring.models() WHERE model = 'full_model'));
CREATE TABLE upgrade_test.columns_before AS SELECT * FROM upgrade_test.columns();
CREATE TABLE upgrade_test.before AS SELECT * FROM upgrade_test.seen();
SELECT upgrade_test.expect('there is something to see', count(*) > 100) FROM upgrade_test.before;

-- The extension's objects are.
ALTER EXTENSION lead_scoring UPDATE;
SELECT upgrade_test.expect('it is another version', extversion <> :'old_version') FROM pg_extension WHERE extname = 'lead_scoring';
CREATE TABLE upgrade_test.after AS SELECT * FROM upgrade_test.seen();
SELECT upgrade_test.expect('views show the same', NOT EXISTS ((TABLE upgrade_test.before EXCEPT ALL TABLE upgrade_test.after) UNION ALL (TABLE upgrade_test.after EXCEPT ALL TABLE upgrade_test.before)));
SELECT upgrade_test.expect('models() says what to type', problem LIKE '%SELECT lead_scoring.upgrade_model(''full_model'')%') FROM lead_scoring.models() WHERE model = 'full_model';
CALL upgrade_test.write(2);
SELECT upgrade_test.sound('objects');
\c
SET client_min_messages = warning;
CALL upgrade_test.write(3);
SELECT upgrade_test.sound('objects, another session');
-- What reads works on tables of the older format, and what needs another says so.
SELECT upgrade_test.expect('previews', count(*) > 0) FROM lead_scoring.preview_leads('full_model', version => 1);
SELECT upgrade_test.expect('months of previews', count(*) > 0) FROM lead_scoring.preview('full_model', version => 1);
SELECT upgrade_test.expect('sentences', count(*) > 0) FROM lead_scoring.definition('full_model');
SELECT upgrade_test.expect('a history', count(*) > 0) FROM lead_scoring.history('full_model', (SELECT min(lead_id) FROM full_model.moves));
SELECT upgrade_test.expect('a document', lead_scoring.export_model('full_model') IS NOT NULL);
SELECT upgrade_test.expect('no difference', NOT EXISTS (SELECT FROM lead_scoring.diff('full_model')));
DO $$
BEGIN
    PERFORM lead_scoring.undo_move('full_model', m.lead_id, m.seq) FROM full_model.moves m LIMIT 1;
    IF NOT lead_scoring_internal.keeps_undone('full_model') THEN
        RAISE 'a move was taken back where that cannot be kept';
    END IF;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    NULL;
END
$$;
SELECT upgrade_test.sound('read');

-- The model's tables are.
DROP TABLE upgrade_test.before, upgrade_test.after;
CREATE TABLE upgrade_test.before AS SELECT * FROM upgrade_test.seen();
SELECT lead_scoring.upgrade_model('full_model');
SELECT upgrade_test.sound('model');
SELECT upgrade_test.expect('nothing is wrong', (SELECT problem IS NULL FROM lead_scoring.models() WHERE model = 'full_model'));
SELECT upgrade_test.expect('the format is the newest', format = lead_scoring_internal.newest_format()) FROM full_model.settings;
CREATE TABLE upgrade_test.after AS SELECT * FROM upgrade_test.seen();
SELECT upgrade_test.expect('views show the same', NOT EXISTS ((TABLE upgrade_test.before EXCEPT ALL SELECT * FROM upgrade_test.after WHERE view IN (SELECT view FROM upgrade_test.before)) UNION ALL (SELECT * FROM upgrade_test.after WHERE view IN (SELECT view FROM upgrade_test.before) EXCEPT ALL TABLE upgrade_test.before)));
SELECT upgrade_test.expect('columns of views only grow at the end', NOT EXISTS (TABLE upgrade_test.columns_before EXCEPT ALL SELECT * FROM upgrade_test.columns()));
SELECT upgrade_test.expect('all tables have all columns',
                           NOT EXISTS (SELECT FROM lead_scoring_internal.later_parts l
                                        WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('full_model.%I', l.relation)::regclass AND (a.attname = l.name OR l.name IS NULL))));
CALL upgrade_test.write(4);
SELECT upgrade_test.sound('model, written to');
SELECT lead_scoring.undo_move('full_model', m.lead_id, m.seq), lead_scoring.reset_engagement('full_model', m.lead_id) FROM (SELECT t.lead_id, max(t.seq) AS seq FROM full_model.moves t GROUP BY 1 ORDER BY 1 LIMIT 3) m \g /dev/null
SELECT upgrade_test.sound('taken back');
SELECT lead_scoring.replay('full_model', (SELECT max(t.lead_id) FROM full_model.moves t)) \g /dev/null
SELECT upgrade_test.sound('replayed');
SELECT lead_scoring.add_rule('full_model', 'late', 'accepted', 1) \g /dev/null
CREATE TABLE full_test.late_calls (lead_id bigint, type text, occurred_at timestamp);
INSERT INTO full_test.late_calls SELECT id, 'call', '2024-03-03 02:00' FROM full_test.leads WHERE id % 3 = 0;
SELECT lead_scoring.add_source('full_model', 'late calls', 'full_test.late_calls', require_index => false),
       lead_scoring.add_rule('full_model', 'late call', 'call', 1, source => 'late calls') \g /dev/null
SELECT upgrade_test.sound('another source');
SELECT lead_scoring.publish('full_model') \g /dev/null
CALL upgrade_test.write(5);
SELECT lead_scoring.repair('full_model') \g /dev/null
SELECT upgrade_test.sound('published and repaired');
UPDATE full_model.settings SET lead_created = 'came', lead_condition = $$country IS DISTINCT FROM 'AU'$$, lead_account = 'country';
SELECT lead_scoring.add_account_rule('full_model', 'whoever', people => 1) \g /dev/null
SELECT lead_scoring.publish('full_model') \g /dev/null
CALL upgrade_test.write(6);
SELECT upgrade_test.sound('with leads that are left out');
SELECT upgrade_test.expect('they are not shown', (SELECT count(*) FROM full_model.leads) = (SELECT count(*) FROM full_test.leads l WHERE country IS DISTINCT FROM 'AU' AND NOT EXISTS (SELECT FROM full_model.merged m WHERE m.merged_from = l.id)));
SELECT upgrade_test.expect('and accounts have the others', (SELECT sum(people) FROM full_model.accounts WHERE meets) = (SELECT count(*) FROM full_test.leads l WHERE country <> 'AU' AND NOT EXISTS (SELECT FROM full_model.merged m WHERE m.merged_from = l.id)));

-- A model that is made now is of the newest format; one that is newer than the library is refused.
SELECT lead_scoring.create_model('another', 'full_test.leads', 'full_test.events', status_columns => '{}') \g /dev/null
SELECT upgrade_test.expect('so is that of a new one', format = lead_scoring_internal.newest_format()) FROM another.settings;
UPDATE another.settings SET format = format + 1;
DO $$
BEGIN
    INSERT INTO full_test.events VALUES (5, 'visit', '2024-06-01', 'c', '{"n": 2}');
    RAISE 'a format that is not known was worked with';
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;

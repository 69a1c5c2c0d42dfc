-- Definitions that nobody published: parts of one are changed, left out, doubled, put elsewhere; and settings likewise.
-- Then one goes on with the model. Each round is undone at its end.
CREATE TABLE parts AS
WITH RECURSIVE walk (path, value) AS (
    SELECT '{}'::text[], v.definition FROM full_model.versions v
    UNION ALL
    SELECT w.path || c.key, c.value FROM walk w CROSS JOIN LATERAL (
        SELECT o.key, o.value FROM jsonb_each(CASE jsonb_typeof(w.value) WHEN 'object' THEN w.value ELSE '{}' END) o
        UNION ALL SELECT (a.place - 1)::text, a.value FROM jsonb_array_elements(CASE jsonb_typeof(w.value) WHEN 'array' THEN w.value ELSE '[]' END) WITH ORDINALITY a (value, place)) c)
SELECT path, value FROM walk WHERE cardinality(path) > 0;

CREATE FUNCTION some_part(OUT path text[], OUT value jsonb) LANGUAGE sql AS $$ SELECT p.path, p.value FROM parts p ORDER BY random() LIMIT 1 $$;

CREATE FUNCTION odd_value() RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE below(8) WHEN 0 THEN to_jsonb(odd_text()) WHEN 1 THEN to_jsonb(odd_expression()) WHEN 2 THEN pick('null', 'true', 'false', '[]', '{}', '[null]', '{"": 1}', '[[1]]')::jsonb
        WHEN 3 THEN to_jsonb(odd_number()) WHEN 4 THEN to_jsonb(pick('exponential', 'linear', 'step', 'window', 'none', 'day', 'ever', 'fit', 'engagement', 'detour', 'progress', 'hand', 'visit', 'near', 'mql', 'lead'))
        WHEN 5 THEN (SELECT value FROM some_part()) ELSE odd_number()::jsonb END
$$;

CREATE FUNCTION changed_definition() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    definition jsonb;
    part record;
BEGIN
    SELECT v.definition INTO definition FROM full_model.versions v;
    FOR change IN 1 .. 1 + below(3) LOOP
        part := some_part();
        definition := CASE WHEN one_in(8) THEN definition #- part.path
                           WHEN one_in(8) AND part.path[cardinality(part.path)] ~ '^\d+$' AND part.path[1] <> 'grades' THEN jsonb_insert(definition, part.path, part.value)
                           ELSE jsonb_set(definition, part.path, odd_value()) END;
        EXIT WHEN definition IS NULL;
    END LOOP;
    RETURN coalesce(definition, 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN odd_value();
END $$;

CREATE FUNCTION changed_settings() RETURNS text LANGUAGE sql AS $$
    SELECT format('UPDATE full_model.settings SET %I = %s', c.attname, CASE WHEN one_in(8) THEN 'NULL' WHEN c.atttypid = 'jsonb'::regtype THEN format('%L', odd_value()) WHEN c.atttypid = 'text'::regtype
               THEN quote_literal(pick(odd_text(), odd_text(), 'full_test.events', 'full_model.scores', 'pg_catalog.pg_class', 'id', 'type', 'came', 'lead_id')) ELSE quote_literal(odd_number()) END)
      FROM pg_attribute c WHERE c.attrelid = 'full_model.settings'::regclass AND c.attnum > 0 AND NOT c.attisdropped ORDER BY random() LIMIT 1
$$;

CREATE FUNCTION use_of_definition() RETURNS text LANGUAGE sql AS $$
    SELECT format(CASE WHEN one_in(30) THEN pick(
        'SELECT * FROM lead_scoring.verify(''full_model'')', 'SELECT lead_scoring.merge_leads(''full_model'', %1$s, 10)', 'SELECT lead_scoring.adjust(''full_model'', %1$s, 3)', 'SELECT lead_scoring.publish(''full_model'')',
        'SELECT lead_scoring.repair(''full_model'')', 'SELECT lead_scoring.pause(''full_model''), lead_scoring.resume(''full_model'')', 'SELECT * FROM full_model.funnel', 'SELECT * FROM full_model.rule_lift', 'SELECT * FROM full_model.sla',
        'SELECT * FROM full_model.channels', 'SELECT * FROM full_model.leads', 'SELECT lead_scoring.drop_model(''full_model'')', 'TRUNCATE full_test.events')
    ELSE pick(
        'INSERT INTO full_test.events VALUES (%1$s, ''visit'', now(), ''c'', ''{"n": 2}''), (%1$s, ''download'', now(), ''c'', ''{"asset": "a1"}'')', 'INSERT INTO full_test.events VALUES (%1$s, ''visit'', ''2024-01-02'', ''c'', ''{"n": 2}'')',
        'INSERT INTO full_test.events VALUES (%1$s, ''visit'', now() + interval ''3 days'', ''c'', ''{"n": 2}''), (%1$s, ''won'', now(), NULL, NULL), (%1$s, ''recycle'', now(), NULL, NULL)',
        'DELETE FROM full_test.events WHERE lead_id = %1$s', 'UPDATE full_test.leads SET country = CASE WHEN country IS NULL THEN ''NZ'' END WHERE id = %1$s', 'INSERT INTO full_test.leads VALUES (1000 + %1$s, ''NZ'', NULL)',
        'SELECT * FROM lead_scoring.explain(''full_model'', %1$s)', 'SELECT lead_scoring.score_at(''full_model'', %1$s, ''2024-03-01'')', 'SELECT * FROM full_model.leads WHERE lead_id = %1$s',
        'SELECT lead_scoring.set_stage(''full_model'', %1$s, ''sql'')', 'SELECT * FROM lead_scoring.models()', 'SELECT * FROM lead_scoring.versions(''full_model'')') END, 1 + below(60))
$$;

CREATE FUNCTION definitions(seed bigint, calls bigint) RETURNS TABLE (code text, calls_made bigint, example text) LANGUAGE plpgsql AS $$
DECLARE
    outcomes outcome[] := '{}';
    forged text;
    round outcome[];
BEGIN
    CALL begin_choices(seed);
    WHILE cardinality(outcomes) < calls LOOP
        forged := CASE WHEN one_in(4) THEN changed_settings()
                       ELSE format('INSERT INTO full_model.versions (version, published_at, published_by, definition) VALUES (2, now(), ''nobody'', %L)', changed_definition()) END;
        BEGIN
            PERFORM set_config('session_replication_role', CASE WHEN one_in(4) THEN 'origin' ELSE 'replica' END, true);
            round := ARRAY[try(forged)];
            PERFORM set_config('session_replication_role', 'origin', true);
            round := round || try('UPDATE full_model.settings SET paused = paused');  -- so that it is read again
            FOR use IN 1 .. 4 LOOP
                round := round || try(use_of_definition());
            END LOOP;
            RAISE EXCEPTION USING ERRCODE = 'GB000';
        EXCEPTION WHEN SQLSTATE 'GB000' THEN
            NULL;
        END;
        outcomes := outcomes || blame(round, forged);
    END LOOP;
    RETURN QUERY SELECT * FROM count_outcomes(outcomes);
END $$;

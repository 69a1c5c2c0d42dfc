-- A model's own tables: from one description of each they are made, found wanting, and made whole again.
--
-- The descriptions stand with their nouns (settings_table, rule_tables, ...): a table, what it is for, and lines of
--     column | type, default | what it holds
--     STORAGE | how the table is stored
--     CONSTRAINT name | definition
--     INDEX name | columns, condition
--     TRIGGER name | when, as the server writes it | FOR EACH ... EXECUTE FUNCTION ...       ALWAYS TRIGGER: in replica sessions too
-- in which %1$I is the model and %2$s the type of its keys. What a model's owner adds to these tables is left alone.

CREATE FUNCTION lead_scoring_internal.table_parts(model text, key_type text)
RETURNS TABLE (place bigint, relation text, kind text, name text, definition text, detail text, state text, found_state text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 250 SET search_path = pg_catalog, pg_temp
AS $$
WITH tables AS (
    SELECT row_number() OVER () AS place, t.*
      FROM (SELECT * FROM lead_scoring_internal.settings_table() UNION ALL SELECT * FROM lead_scoring_internal.rule_tables()
            UNION ALL SELECT * FROM lead_scoring_internal.stages_table() UNION ALL SELECT * FROM lead_scoring_internal.versions_table()
            UNION ALL SELECT * FROM lead_scoring_internal.state_tables() UNION ALL SELECT * FROM lead_scoring_internal.report_settings_table()) t),
parts AS (
    SELECT t.place * 1000 + l.place AS place, t.relation, coalesce(k[1], 'COLUMN') AS kind, k[2] AS name, format(f[2], model, key_type) AS definition,
           format(f[3], model, key_type) AS detail
      FROM tables t
     CROSS JOIN LATERAL unnest(ARRAY[NULL] || t.lines) WITH ORDINALITY l (line, place)
     CROSS JOIN LATERAL regexp_split_to_array(CASE WHEN l.place = 1 THEN 'TABLE | ' || t.note ELSE l.line END, ' \| ') f
     CROSS JOIN LATERAL regexp_match(f[1], '^(?:(TABLE|STORAGE|CONSTRAINT|INDEX|TRIGGER|ALWAYS TRIGGER)(?: |$))?(.*)$') k),
found AS (
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = model AND c.relkind IN ('r', 'p'))
SELECT p.place, p.relation, replace(p.kind, 'ALWAYS ', ''), p.name, p.definition, p.detail, CASE p.kind WHEN 'ALWAYS TRIGGER' THEN 'A' WHEN 'TRIGGER' THEN 'O' ELSE '' END,
       CASE p.kind
           WHEN 'TABLE' THEN CASE WHEN f.oid IS NOT NULL THEN '' END
           WHEN 'STORAGE' THEN ''
           WHEN 'COLUMN' THEN (SELECT '' FROM pg_attribute a WHERE a.attrelid = f.oid AND a.attname = p.name AND a.attnum > 0 AND NOT a.attisdropped)
           -- A primary key may have been replaced by another; whether that will do is for shape_faults to say.
           WHEN 'CONSTRAINT' THEN (SELECT '' FROM pg_constraint c WHERE c.conrelid = f.oid AND (c.conname = p.name OR c.contype = 'p' AND p.definition LIKE 'PRIMARY KEY%') LIMIT 1)
           WHEN 'INDEX' THEN (SELECT '' FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = f.oid AND x.relname = p.name AND i.indisvalid)
           ELSE (SELECT CASE WHEN left(pg_get_triggerdef(t.oid), length(d.prefix)) = d.prefix THEN t.tgenabled::text ELSE 'wrong' END
                   FROM pg_trigger t, format('CREATE TRIGGER %I %s ON %I.%I %s(', p.name, p.definition, model, p.relation, split_part(p.detail, '(', 1)) d (prefix)
                  WHERE t.tgrelid = f.oid AND t.tgname = p.name)
       END
  FROM parts p LEFT JOIN found f ON f.relname = p.relation
$$;
COMMENT ON FUNCTION lead_scoring_internal.table_parts IS 'What a model''s own tables consist of, a row each: tables (definition is the comment), columns (detail is the comment), constraints, indexes and triggers. What is found as it should be has found_state = state; it is NULL where a part is missing, wrong where a trigger is another one, and for triggers as in pg_trigger.tgenabled.';

CREATE FUNCTION lead_scoring_internal.table_problems(model text)
RETURNS SETOF text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN p.kind = 'TABLE' THEN format('table %I.%I is missing', model, p.relation)
            WHEN p.kind IN ('COLUMN', 'CONSTRAINT') THEN format('table %I.%I has no %s "%s"', model, p.relation, lower(p.kind), p.name)
            WHEN p.kind = 'INDEX' THEN format('index %I.%I is missing', model, p.name)
            ELSE format('trigger %I on %I.%I is %s', p.name, model, p.relation, CASE coalesce(p.found_state, '') WHEN '' THEN 'missing' WHEN 'wrong' THEN 'another one'
                        WHEN 'D' THEN 'disabled' ELSE 'enabled for the wrong sessions' END) END
  FROM lead_scoring_internal.table_parts(model, 'text') p
 WHERE p.found_state IS DISTINCT FROM p.state
   -- Of a table that is missing, that is all there is to say.
   AND (p.kind = 'TABLE' OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                     WHERE n.nspname = model AND c.relname = p.relation AND c.relkind IN ('r', 'p')))
 ORDER BY p.place
$$;
COMMENT ON FUNCTION lead_scoring_internal.table_problems IS 'What is missing of a model''s own tables, in words.';

CREATE FUNCTION lead_scoring_internal.make_tables(model text, key_type text, only_missing boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
    part record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR wanted IN
        SELECT p.relation, min(p.definition) FILTER (WHERE p.kind = 'TABLE') AS note, bool_and(p.found_state IS NOT NULL) FILTER (WHERE p.kind = 'TABLE') AS is_there,
               coalesce(min(p.definition) FILTER (WHERE p.kind = 'STORAGE'), '') AS storage,
               array_agg(CASE p.kind WHEN 'COLUMN' THEN format('%I %s', p.name, p.definition) ELSE format('CONSTRAINT %I %s', p.name, p.definition) END ORDER BY p.place)
                   FILTER (WHERE p.kind IN ('COLUMN', 'CONSTRAINT') AND p.found_state IS NULL) AS lost,
               coalesce(jsonb_object_agg(p.name, p.detail) FILTER (WHERE p.kind = 'COLUMN' AND p.found_state IS NULL), '{}') AS notes
          FROM lead_scoring_internal.table_parts(model, key_type) p
         GROUP BY p.relation ORDER BY min(p.place) LOOP
        CONTINUE WHEN wanted.is_there AND only_missing;
        IF NOT wanted.is_there THEN
            EXECUTE format('CREATE TABLE %I.%I (%s) %s', model, wanted.relation, array_to_string(wanted.lost, ', '), wanted.storage);
        ELSIF wanted.lost IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I.%I ADD %s', model, wanted.relation, array_to_string(wanted.lost, ', ADD '));
        END IF;
        IF wanted.lost IS NOT NULL THEN
            PERFORM lead_scoring.describe(format('%I.%I', model, wanted.relation)::regclass, wanted.note, wanted.notes);
        END IF;
    END LOOP;
    FOR part IN SELECT * FROM lead_scoring_internal.table_parts(model, key_type) p
                 WHERE p.found_state IS DISTINCT FROM p.state AND p.kind IN ('INDEX', 'TRIGGER') AND NOT only_missing
                 ORDER BY p.place LOOP
        IF part.kind = 'INDEX' THEN
            IF to_regclass(format('%I.%I', model, part.name)) IS NOT NULL THEN
                EXECUTE format('DROP INDEX %I.%I', model, part.name);  -- it is not valid
            END IF;
            EXECUTE format('CREATE INDEX %I ON %I.%I %s', part.name, model, part.relation, part.definition);
            CONTINUE;
        END IF;
        IF part.found_state = 'wrong' THEN
            EXECUTE format('DROP TRIGGER %I ON %I.%I', part.name, model, part.relation);
        END IF;
        IF part.found_state IS NULL OR part.found_state = 'wrong' THEN
            EXECUTE format('CREATE TRIGGER %I %s ON %I.%I %s', part.name, part.definition, model, part.relation, part.detail);
        END IF;
        IF coalesce(part.found_state, 'O') <> part.state THEN
            EXECUTE format('ALTER TABLE %I.%I ENABLE %s TRIGGER %I', model, part.relation, CASE part.state WHEN 'A' THEN 'ALWAYS' ELSE '' END, part.name);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_tables IS 'Makes what is missing of a model''s own tables: all of a new model, what was lost of an old one, or of that just the tables that are missing as a whole, without their indexes and triggers. What they held is lost with them.';

CREATE FUNCTION lead_scoring_internal.own_key_type(model text)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    own CONSTANT text := (SELECT format_type(a.atttypid, NULL) || CASE WHEN a.attcollation IN (0, 100) THEN '' ELSE ' COLLATE ' || a.attcollation::regcollation END
                            FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.scores', model)) AND a.attname = 'lead_id' AND NOT a.attisdropped);
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF own IS NOT NULL THEN
        RETURN own;
    END IF;
    EXECUTE format('SELECT to_jsonb(s) FROM %I.settings s', model) INTO settings;
    RETURN coalesce(lead_scoring.stored_key_type(lead_scoring.resolve_table(settings ->> 'leads'), settings ->> 'lead_key'), 'bigint');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.own_key_type IS 'The type of the keys in a model''s own tables: that of scores, or where these are missing, that of the leads table.';

-- Models: a schema a model, with its settings and its state; made, checked and dropped here.
--
-- Whose rights: commands are entered through C (src/pg/sql/command.cpp) and run as the model's owner, in a security-restricted
-- operation; whatever reads or writes a model calls require_identity() first. So every role may have EXECUTE on what
-- commands are made of.

-- ---------------------------------------------------------------- names and lookups

CREATE FUNCTION lead_scoring.model_schemas(OUT schema oid, OUT name text, OUT owner oid)
RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT n.oid, n.nspname::text, n.nspowner
  FROM pg_namespace n
 WHERE n.nspname <> 'lead_scoring_internal'
   AND EXISTS (SELECT FROM (VALUES ('scores', '{stage_since,stage_seq,stage_armed}'::name[]), ('settings', '{lead_key,event_lead,status_columns}'),
                                   ('transitions', '{from_stage,to_stage,recorded_at}')) known (name, columns)
                 JOIN pg_class c ON c.relname = known.name AND c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
                 JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
                GROUP BY c.oid
               HAVING bool_or(a.atttypid = 'lead_scoring.scorecard'::regtype) OR count(*) FILTER (WHERE a.attname = ANY (known.columns)) = 3
               UNION ALL
               SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = n.oid
                 JOIN pg_class own ON own.relname = c.relname AND own.relnamespace = 'lead_scoring_internal'::regnamespace
                WHERE t.tgfoid = 'lead_scoring.refuse_write()'::regprocedure)
$$;
COMMENT ON FUNCTION lead_scoring.model_schemas IS 'The schemas that hold a model, or what is left of one: those with a table "scores", "settings" or "transitions" that has columns of ours, or with any table of a model''s that has our guard. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring.resolve_table(qualified_name text)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts text[];
BEGIN
    parts := parse_ident(qualified_name);
    RETURN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE cardinality(parts) = 2 AND n.nspname = parts[1] AND c.relname = parts[2] AND c.relkind IN ('r', 'p'));
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring.resolve_table IS 'The table of a name as settings holds it, with its schema and quoted where needed; NULL when there is none or the text is no such name. Unlike to_regclass it asks for no privilege, so that models() can speak of tables its caller may not use.';

CREATE FUNCTION lead_scoring.is_span(span interval)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT span > '0'::interval AND extract(year FROM span) = 0 AND extract(month FROM span) = 0
$$;
COMMENT ON FUNCTION lead_scoring.is_span IS 'Whether an interval is positive, finite and free of months and years, so that it stands for a fixed number of seconds (a day is 24 hours). NULL for NULL.';

CREATE FUNCTION lead_scoring.is_bound(points numeric)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT points BETWEEN -1e12 AND 1e12
$$;
COMMENT ON FUNCTION lead_scoring.is_bound IS 'Whether a number of points can be a threshold, a floor or a ceiling: finite, and far from where the sums of points end. NULL for NULL.';

CREATE FUNCTION lead_scoring.describe(relation regclass, note text, column_notes jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry record;
BEGIN
    EXECUTE format('COMMENT ON %s %s IS %L',
        (SELECT CASE WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END FROM pg_class c WHERE c.oid = relation),
        relation, note);
    FOR entry IN SELECT e.key, e.value FROM jsonb_each_text(column_notes) e LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', relation, entry.key, entry.value);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring.describe IS 'Comments a table or view and its columns; column_notes is an object of column name and text.';

-- ---------------------------------------------------------------- what a model may be bound to

CREATE FUNCTION lead_scoring.check_model_name(name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF octet_length(name) NOT BETWEEN 1 AND 63 THEN
        RAISE EXCEPTION USING ERRCODE = 'name_too_long',
            MESSAGE = format('model name "%s" has %s bytes', CASE WHEN length(name) > 100 THEN left(name, 60) || '...' ELSE name END, octet_length(name)),
            DETAIL = 'A model is a schema, and a schema''s name has 1 to 63 bytes.',
            HINT = 'Choose a shorter name, such as ''sales''.';
    END IF;
    IF name LIKE 'pg\_%' THEN
        RAISE EXCEPTION USING ERRCODE = 'reserved_name',
            MESSAGE = format('model name "%s" is reserved', name),
            DETAIL = 'Schema names that start with "pg_" belong to the system.',
            HINT = 'Choose another name, such as ''sales''.';
    END IF;
    IF EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = check_model_name.name) THEN
        RAISE EXCEPTION USING ERRCODE = 'duplicate_schema',
            MESSAGE = format('schema "%s" already exists and is no model', name),
            DETAIL = 'A model is a schema of its own.',
            HINT = format('Choose another name, or ALTER SCHEMA %I RENAME TO another_name.', name);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_model_name IS 'Raises when a new model cannot have this name: empty or over 63 bytes (42622), reserved (42939), taken by a schema (42P06).';

CREATE FUNCTION lead_scoring_internal.table_faults(relation regclass)
RETURNS TABLE (fault text, statement text, refused boolean)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH member AS (
    SELECT c.oid::regclass AS name, c.* FROM pg_class c
     WHERE c.oid = relation OR c.oid IN (SELECT p.relid FROM pg_partition_tree(relation) p))
SELECT f.fault, f.statement, f.refused
  FROM (SELECT 1, format('table %s inherits from %s', i.inhrelid::regclass, i.inhparent::regclass),
               format('ALTER TABLE %s NO INHERIT %s;', i.inhrelid::regclass, i.inhparent::regclass), true
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE (i.inhrelid = relation OR i.inhparent = relation) AND NOT c.relispartition
        UNION ALL
        SELECT 2, format('table %s is a partition of %s', m.name, i.inhparent::regclass),
               format('ALTER TABLE %s DETACH PARTITION %s;', i.inhparent::regclass, m.name), true
          FROM member m JOIN pg_inherits i ON i.inhrelid = m.oid WHERE m.oid = relation AND m.relispartition
        UNION ALL
        SELECT 3, format('partition %s of table %s is a foreign table', m.name, i.inhparent::regclass),
               format('ALTER TABLE %s DETACH PARTITION %s;', i.inhparent::regclass, m.name), true
          FROM member m JOIN pg_inherits i ON i.inhrelid = m.oid WHERE m.relkind = 'f'
        UNION ALL
        SELECT 7, format('table %s, which is read with %s, belongs to role "%s"', m.name, relation, pg_get_userbyid(m.relowner)),
               format('ALTER TABLE %s OWNER TO %I;', m.name, pg_get_userbyid(p.relowner)), true
          FROM member m JOIN pg_class p ON p.oid = relation WHERE NOT pg_has_role(m.relowner, p.relowner, 'MEMBER')
        UNION ALL
        SELECT 4, format('table %s is unlogged, and a crash empties it', m.name), format('ALTER TABLE %s SET LOGGED;', m.name), false
          FROM member m WHERE m.relpersistence = 'u'
        UNION ALL
        SELECT 5, format('table %s has the rule "%s", which does something instead', m.name, r.rulename),
               format('DROP RULE %I ON %s;', r.rulename, m.name), false
          FROM member m JOIN pg_rewrite r ON r.ev_class = m.oid WHERE r.is_instead AND r.ev_enabled <> 'D'
        UNION ALL
        SELECT 6, format('table %s is partitioned, but the event trigger "%s", which sees to new partitions, is %s', m.name, wanted.name,
                         CASE WHEN e.oid IS NULL THEN 'missing' ELSE 'disabled' END),
               CASE WHEN e.oid IS NULL THEN format('CREATE EVENT TRIGGER %1$I ON ddl_command_end WHEN TAG IN (''CREATE TABLE'', ''ALTER TABLE'', ''CREATE SCHEMA'') EXECUTE FUNCTION lead_scoring.partitions_changed(); ALTER EVENT TRIGGER %1$I ENABLE ALWAYS;', wanted.name)
                    ELSE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS;', wanted.name) END, false
          FROM member m CROSS JOIN (VALUES ('lead_scoring_partitions_changed')) wanted (name)
          LEFT JOIN pg_event_trigger e ON e.evtname = wanted.name
         WHERE m.oid = relation AND m.relkind = 'p' AND e.evtenabled IS DISTINCT FROM 'A') f (place, fault, statement, refused)
 ORDER BY f.place, f.fault COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring_internal.table_faults IS 'What a table of leads or events is like, or has become, so that rows come and go without the model''s triggers, each with the statement that ends it, and whether create_model and publish refuse it.';

CREATE FUNCTION lead_scoring.check_table(relation regclass, argument text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT c.relkind, c.relpersistence, c.relowner INTO found FROM pg_class c WHERE c.oid = relation;
    IF found.relkind IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table',
            MESSAGE = format('%s: there is no table with OID %s', argument, relation::oid),
            DETAIL = 'It was dropped, or the number is wrong.',
            HINT = format('Name the table, as in %s => ''public.%1$s''.', argument);
    END IF;
    IF found.relkind NOT IN ('r', 'p') OR found.relpersistence = 't' THEN
        RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s is not an ordinary or partitioned table', relation),
            DETAIL = 'A model lives on triggers that views, foreign tables and temporary tables cannot keep.',
            HINT = format('Give the table that holds the rows, as in %s => ''public.%1$s''.', argument);
    END IF;
    IF pg_get_userbyid(found.relowner) <> current_user THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('role "%s" does not own table %s', current_user, relation),
            DETAIL = 'One role owns the leads, the events and the model.',
            HINT = format('ALTER TABLE %s OWNER TO %I;', relation, current_user);
    END IF;
    PERFORM lead_scoring_internal.refuse_citus(relation);
    SELECT f.* INTO found FROM lead_scoring_internal.table_faults(relation) f WHERE f.refused LIMIT 1;
    IF found.fault IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
            MESSAGE = found.fault,
            DETAIL = 'Rows that come and go there would fire none of the model''s triggers.',
            HINT = found.statement;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_table IS 'Raises unless the current role owns the table (42501) and it is a permanent ordinary or partitioned one (42809) outside of any inheritance and of Citus (0A000). "argument" is the name it was given under.';

CREATE FUNCTION lead_scoring.column_type(relation regclass, column_name text, argument text)
RETURNS regtype LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT a.atttypid::regtype AS type, c.collisdeterministic IS FALSE AS is_fuzzy INTO found
      FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation
     WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
    IF found.type IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column',
            MESSAGE = format('column "%s" of table %s does not exist', column_name, relation),
            DETAIL = format('The table has the columns %s.',
                (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped)),
            HINT = format('Name the right one: %s => ''...''.', argument);
    END IF;
    IF found.is_fuzzy THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
            MESSAGE = format('column "%s" of table %s has a nondeterministic collation', column_name, relation),
            DETAIL = 'Keys and types are compared byte by byte.',
            HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE text COLLATE "C".', relation, column_name);
    END IF;
    RETURN found.type;
END
$$;
COMMENT ON FUNCTION lead_scoring.column_type IS 'The type of a column; raises 42703 when the table has no such column, 0A000 when its collation takes different texts for equal.';

CREATE FUNCTION lead_scoring.primary_key_column(leads regclass)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_columns text[];
BEGIN
    SELECT array_agg(a.attname::text ORDER BY a.attnum) INTO key_columns
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = leads AND i.indisprimary;
    IF cardinality(key_columns) = 1 THEN
        RETURN key_columns[1];
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = CASE WHEN key_columns IS NULL THEN format('table %s has no primary key', leads)
                       ELSE format('primary key of table %s has %s columns', leads, cardinality(key_columns)) END,
        DETAIL = 'A lead is known by one column.',
        HINT = 'Name a unique column: lead_key => ''id''.';
END
$$;
COMMENT ON FUNCTION lead_scoring.primary_key_column IS 'The one column of the table''s primary key; raises 55000 when it has none or several.';

CREATE FUNCTION lead_scoring.check_columns(leads regclass, events regclass, lead_key text, event_lead text,
                                           event_type text, event_time text, event_campaign text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_type regtype := lead_scoring.column_type(leads, lead_key, 'lead_key');
    found regtype;
BEGIN
    IF key_type NOT IN ('integer'::regtype, 'bigint'::regtype, 'uuid'::regtype, 'text'::regtype, 'varchar'::regtype) THEN
        RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
            MESSAGE = format('column "%s" of table %s has type %s', lead_key, leads, key_type),
            DETAIL = 'A lead''s key is an integer, bigint, uuid, text or varchar.',
            HINT = 'Name another unique column: lead_key => ''id''.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                    WHERE i.indrelid = leads AND a.attname = lead_key AND i.indnkeyatts = 1
                      AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('column "%s" of table %s is not unique', lead_key, leads),
            DETAIL = 'A lead is known by its key, so no two rows may share one.',
            HINT = format('ALTER TABLE %s ADD UNIQUE (%I).', leads, lead_key);
    END IF;

    found := lead_scoring.column_type(events, event_lead, 'event_lead');
    IF found <> key_type
       AND NOT (found IN ('text'::regtype, 'varchar'::regtype) AND key_type IN ('text'::regtype, 'varchar'::regtype)) THEN
        RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
            MESSAGE = format('column "%s" of table %s has type %s, but the leads'' key has type %s',
                             event_lead, events, found, key_type),
            DETAIL = 'An event names its lead by the very key of the leads table.',
            HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE %s.', events, event_lead, key_type);
    END IF;

    found := lead_scoring.column_type(events, event_type, 'event_type');
    IF found NOT IN ('text'::regtype, 'varchar'::regtype)
       AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = found AND t.typtype = 'e') THEN
        RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
            MESSAGE = format('column "%s" of table %s has type %s', event_type, events, found),
            DETAIL = 'An event''s type is a text, a varchar or an enum.',
            HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE text.', events, event_type);
    END IF;

    found := lead_scoring.column_type(events, event_time, 'event_time');
    IF found <> 'timestamptz'::regtype THEN
        RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
            MESSAGE = format('column "%s" of table %s has type %s', event_time, events, found),
            DETAIL = 'An event''s time is an instant: a timestamp with time zone.',
            HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I AT TIME ZONE ''UTC''.', events, event_time);
    END IF;

    IF event_campaign IS NOT NULL THEN
        PERFORM lead_scoring.column_type(events, event_campaign, 'event_campaign');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_columns IS 'Raises unless the columns a model reads are there (42703), have types it can read (42804) and the lead key is unique (55000).';

CREATE FUNCTION lead_scoring.check_event_index(events regclass, event_lead text, event_time text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_index i
                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                     JOIN pg_class c ON c.oid = i.indexrelid
                     JOIN pg_am m ON m.oid = c.relam
                    WHERE i.indrelid = events AND a.attname = event_lead AND m.amname = 'btree'
                      AND i.indisvalid AND i.indpred IS NULL AND i.indcollation[0] = a.attcollation) THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('table %s has no index led by column "%s"', events, event_lead),
            DETAIL = 'Rebuilding one lead from its events would read the whole table.',
            HINT = format('CREATE INDEX ON %s (%I, %I);  -- or pass require_index => false', events, event_lead, event_time);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_event_index IS 'Raises 55000 unless a valid btree index over all events starts with the lead column.';

CREATE FUNCTION lead_scoring.check_time_zone(time_zone text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- The view reads hundreds of files, which publish would do with the tables locked.
    IF time_zone <> 'UTC' AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(time_zone)) THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('time zone "%s" is not known', time_zone),
            DETAIL = 'It decides where the days, weeks and months of limits begin.',
            HINT = 'Take a name of the view pg_timezone_names, such as ''Europe/Berlin''.';
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_time_zone IS 'Raises 22023 unless the text is the full name of a time zone.';

CREATE FUNCTION lead_scoring.check_status_columns(model text, leads regclass, lead_key text, status_columns jsonb)
RETURNS TABLE (missing_column text, missing_type text)
LANGUAGE plpgsql PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry record;
    status_column text;
    wanted regtype;
    found record;
    other record;
    claimed text;
    seen text[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF jsonb_typeof(status_columns) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'status_columns is not a JSON object',
            DETAIL = 'It maps what is to be written to columns of the leads table.',
            HINT = 'status_columns => ''{"stage": "lead_stage", "mql_at": "mql_at"}'', or ''{}'' for none.';
    END IF;
    FOR entry IN SELECT e.key, e.value FROM jsonb_each(status_columns) e ORDER BY e.key COLLATE "C" LOOP
        wanted := CASE WHEN entry.key IN ('stage', 'grade') THEN 'text'
                       WHEN entry.key = 'score' THEN 'double precision'
                       WHEN entry.key LIKE '_%\_at' AND octet_length(entry.key) <= 63 THEN 'timestamptz' END;
        IF wanted IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('status_columns has an unknown key "%s"', entry.key),
                DETAIL = 'The keys are "stage", "score", "grade" and a stage''s name with "_at", such as "mql_at".',
                HINT = 'status_columns => ''{"stage": "lead_stage", "mql_at": "mql_at"}''.';
        END IF;
        status_column := entry.value #>> '{}';
        IF jsonb_typeof(entry.value) <> 'string' OR octet_length(status_column) NOT BETWEEN 1 AND 63 THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('status_columns names no column for "%s"', entry.key),
                DETAIL = format('A column''s name is a string of 1 to 63 bytes, not %s.', left(entry.value::text, 70)),
                HINT = format('Write it as in ''{"%s": "lead_%1$s"}''.', entry.key);
        END IF;
        IF status_column = lead_key OR status_column = ANY (seen) THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('status_columns uses column "%s" twice', status_column),
                DETAIL = 'Each status has a column of its own, which is not the key.',
                HINT = format('Give "%s" another column.', entry.key);
        END IF;
        seen := seen || status_column;

        SELECT a.atttypid::regtype AS type, a.atttypmod, a.attnotnull, a.attgenerated <> '' AS is_generated INTO found
          FROM pg_attribute a
         WHERE a.attrelid = leads AND a.attname = status_column AND a.attnum > 0 AND NOT a.attisdropped;
        IF found.type IS NULL THEN
            RETURN QUERY SELECT status_column, CASE WHEN entry.key = 'stage' THEN 'text DEFAULT ''lead''' ELSE wanted::text END;
            CONTINUE;
        END IF;
        -- A varchar(n) that can cut a stage or grade short would make the user's own INSERT fail.
        IF found.type <> wanted
           AND NOT (wanted = 'text'::regtype AND found.type = 'varchar'::regtype
                    AND (found.atttypmod = -1 OR found.atttypmod - 4 >= CASE WHEN entry.key = 'stage' THEN 60 ELSE 126 END)) THEN
            RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
                MESSAGE = format('status column "%s" of table %s has type %s instead of %s', status_column, leads,
                                 CASE WHEN found.atttypmod >= 4 THEN format('%s(%s)', found.type, found.atttypmod - 4)
                                      ELSE found.type::text END, wanted),
                DETAIL = format('It holds the lead''s %s.', entry.key),
                HINT = format('ALTER TABLE %s ALTER COLUMN %I TYPE %s, or give "%s" another column in status_columns.',
                              leads, status_column, wanted, entry.key);
        END IF;
        IF found.is_generated OR found.attnotnull AND entry.key <> 'stage' THEN
            RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('status column "%s" of table %s %s', status_column, leads,
                                 CASE WHEN found.is_generated THEN 'is a generated column' ELSE 'is NOT NULL' END),
                DETAIL = 'The model writes it, and writes NULL as long as there is nothing to say.',
                HINT = CASE WHEN found.is_generated THEN format('Give "%s" another column in status_columns.', entry.key)
                            ELSE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL.', leads, status_column) END;
        END IF;
    END LOOP;

    -- No column is written by two models. A model that cannot be looked into is known by its trigger.
    FOR other IN SELECT m.name FROM lead_scoring.model_schemas() m
                  WHERE m.name <> model AND seen <> '{}' ORDER BY m.name COLLATE "C" LOOP
        IF lead_scoring_internal.is_sound(other.name)
           AND NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(other.name) f WHERE f.relation = 'settings') THEN
            EXECUTE format('SELECT e.value FROM ONLY %I.settings s, jsonb_each_text(s.status_columns) e
                             WHERE s.leads = $1 AND e.value = ANY ($2) ORDER BY e.value COLLATE "C" LIMIT 1', other.name)
               INTO claimed USING leads::text, seen;
            IF claimed IS NOT NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'object_in_use',
                    MESSAGE = format('status column "%s" of table %s belongs to model "%s"', claimed, leads, other.name),
                    DETAIL = 'Two models would write it in turns.',
                    HINT = 'Pass status_columns => ''{}'' for none, or name other columns.';
            END IF;
        ELSIF EXISTS (SELECT FROM pg_trigger t
                       WHERE t.tgrelid = leads AND t.tgfoid = 'lead_scoring.leads_changed()'::regprocedure
                         AND t.tgargs = lead_scoring.trigger_argument(other.name)) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('permission denied for the settings of model "%s"', other.name),
                DETAIL = format('It scores table %s too, and belongs to another role, or tables of it do, or its settings were altered.', leads),
                HINT = format('Pass status_columns => ''{}'' for none; or SELECT lead_scoring.drop_model(%L);', other.name);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_status_columns IS 'Raises when the leads table cannot hold these status columns for this model (22023, 42804, 55000, 55006); returns those that are still to be added, with type and default.';

CREATE FUNCTION lead_scoring.binding(model text, OUT leads regclass, OUT events regclass, OUT lead_key text, OUT event_lead text,
    OUT event_type text, OUT event_time text, OUT event_campaign text, OUT status_columns jsonb, OUT time_zone text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    missing text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT s.* FROM %I.settings s', model) INTO bound;
    IF bound IS NULL THEN
        RETURN;
    END IF;
    leads := lead_scoring.resolve_table(bound.leads);
    events := lead_scoring.resolve_table(bound.events);
    missing := CASE WHEN leads IS NULL THEN 'leads' WHEN events IS NULL THEN 'events' END;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table',
            MESSAGE = format('table %s of model "%s" does not exist', CASE WHEN missing = 'leads' THEN bound.leads ELSE bound.events END, model),
            DETAIL = format('The model''s settings name it as the table of %s.', missing),
            HINT = coalesce(lead_scoring.rebind_statement(model, bound.leads, bound.events),
                            format('UPDATE %I.settings SET %s = ''schema.new_name'';', model, missing));
    END IF;
    PERFORM lead_scoring_internal.require_own(leads, false), lead_scoring_internal.require_own(events, false);
    IF leads <> lead_scoring.resolve_table(bound.leads) OR events <> lead_scoring.resolve_table(bound.events) THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
            MESSAGE = format('the tables of model "%s" were swapped while it was looked at', model),
            DETAIL = 'What was looked at is to be what is used.',
            HINT = 'Run the statement again.';
    END IF;
    SELECT bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign, bound.status_columns, bound.time_zone
      INTO lead_key, event_lead, event_type, event_time, event_campaign, status_columns, time_zone;
END
$$;
COMMENT ON FUNCTION lead_scoring.binding IS 'The tables and columns a model''s settings name; all NULL without a settings row (a half-restored dump). Raises 42P01 when a table is gone, 42501 when it is not the owner''s.';

CREATE FUNCTION lead_scoring.check_trigger_path(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    path text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT s.trigger_path FROM %I.settings s', model) INTO path;
    IF path IS NOT NULL THEN
        PERFORM set_config('search_path', path, true);
    END IF;
EXCEPTION WHEN invalid_parameter_value THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('trigger_path of model "%s" is no search_path: %s', model, path),
        DETAIL = 'It lists schemas, quoted where needed, in which triggers on leads and events find names.',
        HINT = format('UPDATE %I.settings SET trigger_path = NULL;', model);
END
$$;
COMMENT ON FUNCTION lead_scoring.check_trigger_path IS 'Raises 22023 unless settings.trigger_path can be a search_path.';

CREATE FUNCTION lead_scoring.check_settings(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    missing record;
BEGIN
    SELECT * INTO bound FROM lead_scoring.binding(model);
    PERFORM lead_scoring.check_table(bound.leads, 'leads');
    PERFORM lead_scoring.check_table(bound.events, 'events');
    PERFORM lead_scoring.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type,
                                       bound.event_time, bound.event_campaign);
    PERFORM lead_scoring.check_time_zone(bound.time_zone);
    PERFORM lead_scoring.check_trigger_path(model);
    SELECT * INTO missing
      FROM lead_scoring.check_status_columns(model, bound.leads, bound.lead_key, bound.status_columns);
    IF missing.missing_column IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column',
            MESSAGE = format('status column "%s" of table %s does not exist', missing.missing_column, bound.leads),
            DETAIL = format('The settings of model "%s" name it in status_columns.', model),
            HINT = format('ALTER TABLE %s ADD COLUMN %I %s;  -- or UPDATE %I.settings SET status_columns', bound.leads,
                          missing.missing_column, missing.missing_type, model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_settings IS 'Raises unless the settings of a model hold together: the same checks as at create_model, but for the index; all status columns must be there.';

-- ---------------------------------------------------------------- triggers on the user's tables

CREATE FUNCTION lead_scoring.trigger_argument(model text)
RETURNS bytea LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT convert_to(model, getdatabaseencoding()) || '\x00'::bytea
$$;
COMMENT ON FUNCTION lead_scoring.trigger_argument IS 'A model''s name as pg_trigger.tgargs stores it.';

CREATE FUNCTION lead_scoring.trigger_name(model text, operation text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'lead_scoring_' || operation || '_'
       || CASE WHEN octet_length(model) > 42 OR model ~ '^[0-9a-f]{32}$' THEN md5(model) ELSE model END
$$;
COMMENT ON FUNCTION lead_scoring.trigger_name IS 'The name of a model''s trigger, different for each model even where the model''s name leaves no room: a long name stands there as its MD5 (as does a name that looks like one).';

CREATE FUNCTION lead_scoring.expected_triggers(model text, leads regclass, events regclass)
RETURNS TABLE (relation regclass, is_partition boolean, function_name text, operation text, state "char",
               found_name name, found_state "char")
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT member.relid, member.relid <> bound.root, bound.function_name, kind.operation, kind.state, t.tgname, t.tgenabled
  FROM (VALUES (leads, 'leads_changed', 'lead_scoring.leads_changed()'::regprocedure),
               (events, 'events_changed', 'lead_scoring.events_changed()'::regprocedure)) bound (root, function_name, function)
 CROSS JOIN LATERAL (SELECT p.relid FROM pg_partition_tree(bound.root) p UNION SELECT bound.root WHERE bound.root IS NOT NULL
                      EXCEPT SELECT c.oid FROM pg_class c WHERE c.relkind = 'f') member
 CROSS JOIN (VALUES (1, 'before', 30, 'O'::"char"), (2, 'insert', 4, 'O'), (3, 'update', 16, 'O'), (4, 'delete', 8, 'O'),
                    (5, 'truncate', 32, 'A'), (0, 'row', 29, 'R'), (6, 'status', 19, 'O')) kind (place, operation, type_bits, state)
  LEFT JOIN pg_trigger t ON t.tgrelid = member.relid AND t.tgfoid = bound.function AND t.tgtype = kind.type_bits
                        AND t.tgargs = lead_scoring.trigger_argument(model)
 WHERE kind.operation <> 'status' OR bound.function_name = 'leads_changed'
 ORDER BY bound.function_name DESC, member.relid <> bound.root, member.relid::text COLLATE "C", kind.place
$$;
COMMENT ON FUNCTION lead_scoring.expected_triggers IS 'The triggers a model needs on its tables (NULL: one that is not asked about) and all their partitions, leads first, and those found: a statement trigger for each operation, so that rows count once whichever table of a tree they are addressed to, one before statements, which tells how many of these a query will fire, and a row trigger for sessions in replica mode, where statement triggers do not fire (TRUNCATE has no row trigger and is enabled always); on leads also one before each row of an update, which keeps the status columns as they are.';

CREATE FUNCTION lead_scoring.rebind_statement(model text, leads text, events text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('UPDATE %I.settings SET %s;', model, string_agg(format('%s = %L', moved.setting, moved.name), ', ' ORDER BY moved.setting DESC))
  FROM (SELECT bound.setting, min(format('%I.%I', n.nspname, c.relname)) AS name
          FROM (VALUES ('leads', leads, 'lead_scoring.leads_changed()'::regprocedure),
                       ('events', events, 'lead_scoring.events_changed()'::regprocedure)) bound (setting, name, function)
          JOIN pg_trigger t ON t.tgfoid = bound.function AND t.tgtype = 29 AND t.tgparentid = 0
                           AND t.tgargs = lead_scoring.trigger_argument(model)
          JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         GROUP BY bound.setting, bound.name
        HAVING count(*) = 1 AND min(c.oid) IS DISTINCT FROM lead_scoring.resolve_table(bound.name)) moved
HAVING count(*) > 0
$$;
COMMENT ON FUNCTION lead_scoring.rebind_statement IS 'The statement that makes the settings of a model name the tables which have its row triggers, where these are called otherwise by now; NULL where the triggers do not tell.';

CREATE FUNCTION lead_scoring.make_statement(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.create_model(%L, leads => %L, events => %L);  -- with the arguments it was made with', model,
              coalesce(min(t.tgrelid::regclass::text) FILTER (WHERE t.tgfoid = 'lead_scoring.leads_changed()'::regprocedure), 'public.leads'),
              coalesce(min(t.tgrelid::regclass::text) FILTER (WHERE t.tgfoid = 'lead_scoring.events_changed()'::regprocedure), 'public.events'))
  FROM pg_trigger t
 WHERE t.tgtype = 29 AND t.tgparentid = 0 AND t.tgargs = lead_scoring.trigger_argument(model)
$$;
COMMENT ON FUNCTION lead_scoring.make_statement IS 'The statement that puts the settings of a model back which have lost their row, with the tables that have its row triggers.';

CREATE FUNCTION lead_scoring.renamed_model(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT min(n.nspname::text)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE t.tgfoid = 'lead_scoring.refuse_write()'::regprocedure AND t.tgargs = lead_scoring.trigger_argument(model)
$$;
COMMENT ON FUNCTION lead_scoring.renamed_model IS 'The name that the schema of a model was given later, known by the triggers of its tables, which still bear the name it was made with; NULL where there is no such schema.';

CREATE FUNCTION lead_scoring.is_left_behind(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_trigger t
                WHERE t.tgfoid IN ('lead_scoring.leads_changed()'::regprocedure, 'lead_scoring.events_changed()'::regprocedure)
                  AND t.tgargs = lead_scoring.trigger_argument(model))
$$;
COMMENT ON FUNCTION lead_scoring.is_left_behind IS 'Whether tables have triggers of a model, which may be gone itself.';

CREATE FUNCTION lead_scoring.add_triggers(model text, leads regclass, events regclass)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
    new_name text;
BEGIN
    FOR wanted IN SELECT * FROM lead_scoring.expected_triggers(model, leads, events) e
                   WHERE e.found_name IS NULL
                     AND NOT (e.operation IN ('row', 'status') AND e.is_partition) LOOP  -- the server clones these from the parent
        new_name := lead_scoring.trigger_name(model, wanted.operation);
        -- The event trigger may have made those of partitions meanwhile.
        CONTINUE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = wanted.relation AND t.tgname = new_name);
        EXECUTE format('CREATE TRIGGER %I %s ON %s %s EXECUTE FUNCTION lead_scoring.%I(%L)', new_name,
            CASE wanted.operation WHEN 'row' THEN 'AFTER INSERT OR UPDATE OR DELETE'
                                  WHEN 'before' THEN 'BEFORE INSERT OR UPDATE OR DELETE'
                                  WHEN 'status' THEN 'BEFORE UPDATE'
                                  ELSE 'AFTER ' || wanted.operation END,
            wanted.relation,
            CASE WHEN wanted.operation = 'insert' THEN 'REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT'
                 WHEN wanted.operation = 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT'
                 WHEN wanted.operation = 'delete' THEN 'REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT'
                 WHEN wanted.operation IN ('before', 'truncate') THEN 'FOR EACH STATEMENT'
                 ELSE 'FOR EACH ROW' END,
            wanted.function_name, model);
        IF wanted.state <> 'O' THEN
            EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', wanted.relation,
                           CASE WHEN wanted.state = 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, new_name);
        END IF;
        EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', new_name, wanted.relation,
                       format('Keeps the scores of lead scoring model "%s".', model));
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring.add_triggers IS 'Creates those of a model''s triggers that are missing, on both tables (or the one that is not NULL) and all their partitions.';

-- ---------------------------------------------------------------- tables of a model

CREATE FUNCTION lead_scoring.stored_key_type(leads regclass, lead_key text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE base (type) AS (
    SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = leads AND a.attname = lead_key
    UNION ALL
    SELECT t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd')
SELECT CASE WHEN b.type = 'varchar'::regtype THEN 'text' ELSE b.type::regtype::text END
       || CASE WHEN c.oid IS NULL THEN '' ELSE format(' COLLATE %I.%I', n.nspname, c.collname) END
  FROM pg_attribute a
  JOIN base b ON (SELECT t.typtype FROM pg_type t WHERE t.oid = b.type) <> 'd'
  LEFT JOIN pg_collation c ON c.oid = a.attcollation AND c.collname <> 'default'
  LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
 WHERE a.attrelid = leads AND a.attname = lead_key
$$;
COMMENT ON FUNCTION lead_scoring.stored_key_type IS 'The type, with its collation, in which a model keeps the keys of that column.';

CREATE FUNCTION lead_scoring.refuse_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_refuse_write';
COMMENT ON FUNCTION lead_scoring.refuse_write IS 'Trigger function before statements on the tables of a model''s state: raises 55000 with the call that does what was tried, unless the extension itself writes, or the owner while the model is paused or not yet restored. Its argument is the name that the model was made with.';

-- ---------------------------------------------------------------- interface

CREATE FUNCTION lead_scoring.create_model(
    name text,
    leads regclass,
    events regclass,
    lead_key text DEFAULT NULL,
    event_lead text DEFAULT 'lead_id',
    event_type text DEFAULT 'type',
    event_time text DEFAULT 'occurred_at',
    event_campaign text DEFAULT NULL,
    time_zone text DEFAULT 'UTC',
    status_columns jsonb DEFAULT '{"stage": "lead_stage", "mql_at": "mql_at"}',
    min_score numeric DEFAULT NULL,
    max_score numeric DEFAULT NULL,
    require_index boolean DEFAULT true)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_create_model';
CREATE FUNCTION lead_scoring_internal.create_model(
    name text,
    leads regclass,
    events regclass,
    lead_key text,
    event_lead text,
    event_type text,
    event_time text,
    event_campaign text,
    time_zone text,
    status_columns jsonb,
    min_score numeric,
    max_score numeric,
    require_index boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted jsonb;
    is_there boolean;
    existing jsonb;
    differing text;
    added record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(name);
    IF num_nulls(name, leads, events, event_lead, event_type, event_time, time_zone, status_columns, require_index) > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'an argument of create_model is NULL',
            DETAIL = 'Only lead_key, event_campaign, min_score and max_score may be NULL.',
            HINT = 'Leave an argument out for its default; status_columns => ''{}'' stands for none.';
    END IF;
    PERFORM lead_scoring.check_table(leads, 'leads');
    PERFORM lead_scoring.check_table(events, 'events');
    lead_key := coalesce(lead_key, lead_scoring.primary_key_column(leads));
    wanted := jsonb_build_object('leads', leads::text, 'events', events::text, 'lead_key', lead_key,
        'event_lead', event_lead, 'event_type', event_type, 'event_time', event_time, 'event_campaign', event_campaign,
        'time_zone', time_zone, 'status_columns', status_columns, 'min_score', min_score, 'max_score', max_score);

    is_there := EXISTS (SELECT FROM lead_scoring.model_schemas() m WHERE m.name = create_model.name);
    IF is_there THEN
        existing := lead_scoring.settings_row(name);
    ELSE
        PERFORM lead_scoring.check_model_name(name);
    END IF;
    IF existing IS NOT NULL THEN
        SELECT string_agg(w.key, ', ' ORDER BY w.key COLLATE "C") INTO differing
          FROM jsonb_each(wanted) w WHERE existing -> w.key IS DISTINCT FROM w.value;
        IF differing IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'duplicate_object',
                MESSAGE = format('model "%s" already exists with other settings', name),
                DETAIL = format('These differ: %s.', differing),
                HINT = format('UPDATE %I.settings to change them, or SELECT lead_scoring.drop_model(%L) first.', name, name);
        END IF;
        RETURN;
    END IF;

    IF leads = events THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('leads and events are the same table %s', leads),
            DETAIL = 'A lead has many events, each a row of its own.',
            HINT = 'Give two tables: leads => ''public.leads'', events => ''public.events''.';
    END IF;
    -- Leads before events, as everywhere. From here on nobody else can claim a column or write a row.
    PERFORM lead_scoring_internal.require_own(leads, true);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', leads);
    PERFORM lead_scoring_internal.require_own(events, true);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', events);
    PERFORM lead_scoring.check_columns(leads, events, lead_key, event_lead, event_type, event_time, event_campaign);
    PERFORM lead_scoring.check_time_zone(time_zone);
    IF NOT (lead_scoring.is_bound(min_score) AND lead_scoring.is_bound(max_score)) OR min_score > max_score THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('no score lies between min_score %s and max_score %s',
                             coalesce(min_score::text, 'NULL'), coalesce(max_score::text, 'NULL')),
            DETAIL = 'Both are numbers between -1e12 and 1e12, the smaller one first.',
            HINT = 'For example min_score => 0, max_score => 100.';
    END IF;
    IF require_index THEN
        PERFORM lead_scoring.check_event_index(events, event_lead, event_time);
    END IF;
    FOR added IN SELECT * FROM lead_scoring.check_status_columns(name, leads, lead_key, status_columns) LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', leads, added.missing_column, added.missing_type);
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', leads, added.missing_column,
                       format('Written by lead scoring model "%s".', name));
        RAISE NOTICE 'added column "%" to table %', added.missing_column, leads;
    END LOOP;

    IF NOT is_there THEN
        PERFORM lead_scoring_internal.create_schema(name);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, format('Lead scoring model of %s.', leads));
    END IF;
    PERFORM lead_scoring_internal.mend_shape(name);
    EXECUTE format('INSERT INTO %1$I.settings (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.settings, $1)', name,
                   (SELECT string_agg(quote_ident(w.key), ', ') FROM jsonb_each(wanted) w)) USING wanted;
    IF is_there THEN
        PERFORM lead_scoring_internal.repair(name);
        RETURN;
    END IF;
    PERFORM lead_scoring.mend_keys(name);
    EXECUTE format('INSERT INTO %1$I.rule_groups (name, kind) VALUES (''engagement'', ''engagement''), (''fit'', ''fit'');
                    INSERT INTO %1$I.stages (name, rank) VALUES (''lead'', 0)', name);
    PERFORM lead_scoring.make_leads_view(name);
    PERFORM lead_scoring.make_reports(name);
    PERFORM lead_scoring.add_triggers(name, leads, events);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.create_model IS 'Implements lead_scoring.create_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.create_model IS
'Makes a model: a schema of that name, owned by the role that owns both tables, which the caller is, or is a member of, with the draft of its rules and stages, its state and its triggers on both tables.
lead_key defaults to the primary key of leads; event_lead, event_type and event_time (a timestamptz) are columns of events. status_columns maps stage, score, grade and <stage>_at to columns of leads, which are added, with a notice, where missing; ''{}'' for none. min_score and max_score, in points, bound every score. An index led by event_lead is required unless require_index is false.
Nothing is scored before the first publish. Calling it again with the same arguments changes nothing; with other ones it raises 42710. Where the model''s settings have lost their row, or the table itself is gone, it puts them back and repairs the model.';

CREATE FUNCTION lead_scoring.settings_row(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = model AND c.relname = 'settings' AND c.relkind IN ('r', 'p')) THEN
        EXECUTE format('SELECT to_jsonb(s) FROM ONLY %I.settings s LIMIT 1', model) INTO found;
    END IF;
    RETURN found;
END
$$;
COMMENT ON FUNCTION lead_scoring.settings_row IS 'The row of a model''s settings, whatever columns they have; NULL where there is none, or no such table.';

CREATE FUNCTION lead_scoring.drop_triggers(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    dropped bigint := 0;
BEGIN
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation
                   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid IN ('lead_scoring.leads_changed()'::regprocedure, 'lead_scoring.events_changed()'::regprocedure)
                    AND t.tgargs = lead_scoring.trigger_argument(model) AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                  ORDER BY t.tgfoid = 'lead_scoring.leads_changed()'::regprocedure DESC, t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION lead_scoring.drop_triggers IS 'Drops a model''s triggers from all tables that are the caller''s, and returns how many there were. Whoever else aimed one at the model cannot keep it from being dropped; such a trigger refuses every row.';

CREATE FUNCTION lead_scoring.drop_model(name text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_drop_model';
CREATE FUNCTION lead_scoring_internal.drop_model(name text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    bound jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(name);
    bound := lead_scoring.settings_row(name);
    PERFORM lead_scoring.drop_triggers(name);

    -- Views and tables go without CASCADE: what others have built upon them outside of the schema is refused, not dropped.
    FOR found IN SELECT k.kind, string_agg(c.oid::regclass::text, ', ') AS relations
                   FROM pg_class c
                   JOIN pg_namespace n ON n.oid = c.relnamespace
                   JOIN (VALUES (1, 'm', 'MATERIALIZED VIEW'), (2, 'v', 'VIEW'), (3, 'r', 'TABLE'), (3, 'p', 'TABLE')) k (place, relkind, kind)
                     ON k.relkind = c.relkind
                  WHERE n.nspname = name AND NOT c.relispartition
                  GROUP BY k.place, k.kind ORDER BY k.place LOOP
        EXECUTE format('DROP %s %s', found.kind, found.relations);
    END LOOP;
    EXECUTE format('DROP SCHEMA %I CASCADE', name);

    IF jsonb_typeof(bound -> 'status_columns') = 'object' AND bound -> 'status_columns' <> '{}' THEN
        RAISE NOTICE 'status columns of table % stay: %', bound ->> 'leads',
            (SELECT string_agg(quote_ident(e.value), ', ' ORDER BY e.value COLLATE "C") FROM jsonb_each_text(bound -> 'status_columns') e);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.drop_model IS 'Implements lead_scoring.drop_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.drop_model IS 'Drops a model: its triggers and its schema with scores, history and all else in it. The leads and events tables stay, and so do the status columns on leads, which a notice names. Works whatever has become of the model''s own tables. Raises 42501 for anybody but the owner, 2BP01 when an object outside of the schema depends on it.';

CREATE FUNCTION lead_scoring.model_state(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_model_state';
COMMENT ON FUNCTION lead_scoring.model_state IS 'The row of a model in models(): read as the model''s owner, and not read at all where its tables have another owner, or where the caller may not SELECT its settings and versions.';
CREATE FUNCTION lead_scoring_internal.model_state(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT s.found ->> 'leads', s.found ->> 'events', (s.found ->> 'paused')::boolean INTO leads, events, paused
      FROM lead_scoring.settings_row(model) s (found);
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation = 'versions') THEN
        EXECUTE format('SELECT max(v.version) FROM ONLY %I.versions v', model) INTO version;
    END IF;
    problem := lead_scoring.model_problem(model, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = model), leads, events, version);
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    -- Whatever one model is like, the others are to be seen.
    problem := format('cannot be read: %s', SQLERRM);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_state IS 'Implements lead_scoring.model_state, as the model''s owner.';

CREATE FUNCTION lead_scoring.models()
RETURNS TABLE (model text, leads text, events text, version bigint, paused boolean, problem text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT m.name, s.leads, s.events, s.version, s.paused, s.problem
  FROM lead_scoring.model_schemas() m CROSS JOIN LATERAL lead_scoring.model_state(m.name) s
 WHERE has_schema_privilege(m.schema, 'USAGE') ORDER BY m.name COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring.models IS 'All models of this database whose schema the caller may use: the tables they score, the current version (NULL before the first publish), whether they are paused, and what is wrong: tables that are gone or have another owner, triggers missing or disabled on a table or partition, rows that come and go without them, its own tables altered, nothing published; NULL when all is well.';

CREATE FUNCTION lead_scoring.model_problem(model text, owner oid, leads text, events text, version bigint)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leads_table CONSTANT regclass := lead_scoring.resolve_table(leads);
    events_table CONSTANT regclass := lead_scoring.resolve_table(events);
    own text[];
    problems text[] := '{}';
    is_bound boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    own := ARRAY(SELECT format('table %I.%I %s', model, f.relation, f.fault) FROM lead_scoring_internal.shape_faults(model) f)
           || ARRAY(SELECT f.fault FROM lead_scoring_internal.lost_parts(model) f);
    IF lead_scoring.settings_row(model) IS NULL THEN
        own := own || format('settings has no row: %s', lead_scoring.make_statement(model));
    ELSIF own <> '{}' THEN
        own := own || format('SELECT lead_scoring.repair(%L) gives back what is missing', model);
    END IF;
    IF leads IS NULL OR events IS NULL THEN
        RETURN array_to_string(own, '; ');
    END IF;
    problems := ARRAY(SELECT CASE WHEN t.relation IS NULL THEN format('table %s does not exist', t.name)
                                  WHEN c.relowner <> owner THEN format('table %s is not owned by %I', t.name, pg_get_userbyid(owner))
                                  ELSE format('table %s %s', t.name, lead_scoring_internal.found_in_citus(t.relation)) END
                        FROM (VALUES (leads, leads_table), (events, events_table)) t (name, relation)
                        LEFT JOIN pg_class c ON c.oid = t.relation
                       WHERE c.oid IS NULL OR c.relowner <> owner OR lead_scoring_internal.found_in_citus(t.relation) IS NOT NULL);
    is_bound := problems = '{}';
    IF is_bound THEN
        problems := ARRAY(
            SELECT format(CASE WHEN e.found_state IS NULL THEN '%s trigger on %s is missing'
                               WHEN e.found_state = 'D' THEN '%s trigger on %s is disabled'
                               ELSE '%s trigger on %s is enabled for the wrong sessions' END, e.operation, e.relation)
              FROM lead_scoring.expected_triggers(model, leads_table, events_table) e
             WHERE e.found_state IS DISTINCT FROM e.state)
            || ARRAY(
            SELECT format('%s: %s', f.fault, rtrim(f.statement, ';'))
              FROM unnest(ARRAY[leads_table, events_table]) t CROSS JOIN LATERAL lead_scoring_internal.table_faults(t) f)
            || ARRAY(
            SELECT format('table %s has no index led by column "%s"', events_table, s.found ->> 'event_lead')
              FROM lead_scoring.settings_row(model) s (found)
             WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                                WHERE i.indrelid = events_table AND a.attname = s.found ->> 'event_lead' AND i.indisvalid))
            || ARRAY(
            SELECT format('view %I.%I is missing', model, v) FROM unnest('{leads}' || lead_scoring.report_views()) v
             WHERE to_regclass(format('%I.%I', model, v)) IS NULL);
    END IF;
    problems := problems || own;
    IF version IS NULL THEN
        problems := problems || 'no version is published'::text;
    END IF;
    RETURN nullif(array_to_string(problems, '; '), '');
END
$$;
COMMENT ON FUNCTION lead_scoring.model_problem IS 'What keeps a model from scoring, in words; NULL when nothing does.';

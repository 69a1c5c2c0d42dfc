-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION lead_scoring" to load this file. \quit

-- Made here and not by the control file, so that a schema that is already there is refused, not adopted.
CREATE SCHEMA lead_scoring;
GRANT USAGE ON SCHEMA lead_scoring TO PUBLIC;
COMMENT ON SCHEMA lead_scoring IS 'Lead scoring: functions, aggregates and types. Models live in schemas of their own.';

CREATE SCHEMA lead_scoring_internal;
GRANT USAGE ON SCHEMA lead_scoring_internal TO PUBLIC;
COMMENT ON SCHEMA lead_scoring_internal IS 'Lead scoring: what its commands are made of. They run as the owner of a model, so that every role may have to call them; whoever calls them by himself is refused.';

CREATE FUNCTION lead_scoring_internal.fail(code text, message text, detail text, hint text, constraint_name text DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_fail';
COMMENT ON FUNCTION lead_scoring_internal.fail IS 'Raises an error with that SQLSTATE. Its CONTEXT is that of the command''s caller: which functions of ours found the mistake is not shown.';

CREATE FUNCTION lead_scoring_internal.require_identity(model text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_identity';
COMMENT ON FUNCTION lead_scoring_internal.require_identity IS 'The first line of whatever reads or writes a model: raises 42501 unless it works as the owner of that model, in a command that has found all of its tables to be the owner''s.';

CREATE FUNCTION lead_scoring_internal.asking_role() RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_asking_role';
COMMENT ON FUNCTION lead_scoring_internal.asking_role IS 'The role that called the command, while the current role is the model''s owner.';

CREATE FUNCTION lead_scoring_internal.is_sound(model text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_is_sound';
COMMENT ON FUNCTION lead_scoring_internal.is_sound IS 'Whether the current role owns that model and all of its own tables, which are plain ones.';

CREATE FUNCTION lead_scoring_internal.require_own(relation regclass, exclusive boolean) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_own';
COMMENT ON FUNCTION lead_scoring_internal.require_own IS 'Raises 42501 unless the current role, a model''s owner, owns the table, 0A000 where Citus has it, which is looked at under lock. "exclusive" keeps everybody else from writing or changing it until the transaction ends.';

CREATE FUNCTION lead_scoring_internal.found_in_citus(relation regclass) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_found_in_citus';
COMMENT ON FUNCTION lead_scoring_internal.found_in_citus IS 'What a table is to Citus, in words that go behind "table x": distributed, a reference table, a shard. NULL where it is nothing to it, or Citus is not installed.';

CREATE FUNCTION lead_scoring_internal.refuse_citus(relation regclass) RETURNS void
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_refuse_citus';
COMMENT ON FUNCTION lead_scoring_internal.refuse_citus IS 'Raises 0A000 where a table is something to Citus.';

CREATE FUNCTION lead_scoring_internal.require_readable(relation regclass) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_readable';
COMMENT ON FUNCTION lead_scoring_internal.require_readable IS 'Raises 42501 unless the current role, a model''s owner, can read the table or view without running anybody else''s code: his own, or another''s ordinary table of the server''s types without row security, by stranger_rows. It is looked at under lock.';

CREATE FUNCTION lead_scoring_internal.stranger_rows(model text, relation oid, VARIADIC columns text[]) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 100000 AS 'MODULE_PATHNAME', 'lead_scoring_stranger_rows';
COMMENT ON FUNCTION lead_scoring_internal.stranger_rows IS 'These columns of all rows of a table that belongs to another role than the model''s owner, which is looked at again under lock: as they are stored, without a plan, since planning would run what its owner put into its indexes and statistics. Takes SELECT on the table or the columns.';

CREATE FUNCTION lead_scoring_internal.create_schema(name text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_create_schema';
COMMENT ON FUNCTION lead_scoring_internal.create_schema IS 'Makes the schema of a new model for the current role, by its own right or that of the role that asked. Raises 42501 where neither may.';

CREATE FUNCTION lead_scoring_internal.write_table(model text, statement text, VARIADIC arguments text[] DEFAULT '{}') RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_write_table';
COMMENT ON FUNCTION lead_scoring_internal.write_table IS 'Runs a statement that writes the tables of leads or events, with text parameters: triggers and checks there find names by the path that settings.trigger_path says. Returns the number of rows.';
-- The type that holds a lead's whole scoring state.

CREATE TYPE lead_scoring.scorecard;

CREATE FUNCTION lead_scoring_internal.scorecard_in(cstring) RETURNS lead_scoring.scorecard
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_in';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_in IS 'Reads the text form of a scorecard; 22P02 where it is none.';

CREATE FUNCTION lead_scoring_internal.scorecard_out(lead_scoring.scorecard) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_out';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_out IS 'Writes a scorecard as words and integers: points in 1/10000, times in microseconds since 2000-01-01 UTC.';

CREATE FUNCTION lead_scoring_internal.scorecard_recv(internal) RETURNS lead_scoring.scorecard
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_recv';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_recv IS 'Reads the binary form of a scorecard, which is its stored form.';

CREATE FUNCTION lead_scoring_internal.scorecard_send(lead_scoring.scorecard) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_send';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_send IS 'Writes the binary form of a scorecard.';

CREATE TYPE lead_scoring.scorecard (
    INPUT = lead_scoring_internal.scorecard_in,
    OUTPUT = lead_scoring_internal.scorecard_out,
    RECEIVE = lead_scoring_internal.scorecard_recv,
    SEND = lead_scoring_internal.scorecard_send,
    INTERNALLENGTH = VARIABLE,
    STORAGE = extended
);
COMMENT ON TYPE lead_scoring.scorecard IS
'A lead''s scoring state: what is needed to add further events exactly and to tell the score at any later time. A function of the set of counted events, the lead''s attributes and its adjustments: equal sets give equal cards, in whatever order they came.';

CREATE FUNCTION lead_scoring_internal.card_matches(card lead_scoring.scorecard) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_card_matches';
COMMENT ON FUNCTION lead_scoring_internal.card_matches IS 'Whether an event has matched a rule or stage, one that waits for its time too.';

CREATE FUNCTION lead_scoring_internal.card_clock(card lead_scoring.scorecard) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_card_clock';
COMMENT ON FUNCTION lead_scoring_internal.card_clock IS 'The time of the latest event that a card counts; -infinity where there is none.';
-- Users' expressions over one row of a table.

CREATE FUNCTION lead_scoring.check_expression(relation regclass, expression text, kind text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_check_expression';
COMMENT ON FUNCTION lead_scoring.check_expression IS
'Parses and type-checks an SQL expression over one row of a table, as that of a CHECK constraint, and returns it with every name qualified. "kind" is condition (boolean), number (casts to double precision) or key (casts to text; a date does). Names are looked up in pg_catalog and in the table''s own schema. Refused, with the place in the expression: subqueries, aggregates, window and set-returning functions, and mutable functions, also where they come in as a default argument, by inlining, in a domain''s constraint, that of a constant too, in comparing what arrays and rows are made of, or a generated column. Takes SELECT on the table; for its owner the expression is planned as well, which evaluates what is constant in it. That, and what reading its constants runs, leaves nothing behind.
Raises 42601 for what cannot be parsed, 42703 for an unknown column, 42804 or 42883 for wrong types, 42P17 for a function that is not immutable, 0A000 for a subquery or a system column.';
-- Statements with named places, for what takes more than a few values: names and order cannot be mixed up.

CREATE FUNCTION lead_scoring_internal.fill(template text, places jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place CONSTANT text := '\{(!?)([a-z][a-z0-9_]*)\}|\{''([a-z][a-z0-9_]*)''\}';
    filled text;
    named text[];
    wrong text;
BEGIN
    -- What is filled in is not looked at again, whatever braces are in it.
    SELECT string_agg(t.before || CASE WHEN m.found[3] IS NOT NULL THEN quote_nullable(places ->> m.found[3])
                                       WHEN m.found[1] = '!' THEN coalesce(places ->> m.found[2], '')
                                       WHEN m.found IS NOT NULL THEN quote_ident(places ->> m.found[2])
                                       ELSE '' END, '' ORDER BY n),
           array_agg(coalesce(m.found[2], m.found[3])) FILTER (WHERE m.found IS NOT NULL),
           min(m.found[2]) FILTER (WHERE m.found[1] = '' AND places ->> m.found[2] IS NULL)
      INTO filled, named, wrong
      FROM regexp_split_to_table(template, place) WITH ORDINALITY t (before, n)
      LEFT JOIN regexp_matches(template, place, 'g') WITH ORDINALITY m (found, n) USING (n);
    wrong := coalesce(wrong, (SELECT min(k) FROM (SELECT unnest(named) EXCEPT SELECT jsonb_object_keys(places)) k (k)));
    IF wrong IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('XX000', format('place {%s} of a template has no value', wrong), left(template, 200), NULL);
    END IF;
    SELECT min(k) INTO wrong FROM (SELECT jsonb_object_keys(places) EXCEPT SELECT unnest(named)) k (k);
    IF wrong IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('XX000', format('value "%s" has no place in a template', wrong), left(template, 200), NULL);
    END IF;
    RETURN filled;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.fill IS 'The template with its places filled in: {name} by the value as an identifier, {''name''} as a literal (NULL for NULL), {!name} as a piece of SQL (nothing for NULL). Arrays are given as text. Raises XX000 for a place without a value, an identifier that is NULL, and a value without a place.';
-- Names that are misspelt.

CREATE FUNCTION lead_scoring_internal.edit_distance(a text, b text) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_edit_distance';
COMMENT ON FUNCTION lead_scoring_internal.edit_distance IS 'How many characters are to be put in, taken out or replaced to make one text of the other; of long ones, the first 63 bytes are compared.';

CREATE FUNCTION lead_scoring_internal.near(a text, b text)
RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN d.distance * 3 <= GREATEST(length(a), length(b)) THEN d.distance END
  FROM lead_scoring_internal.edit_distance(translate(lower(a), ' -.', '___'), translate(lower(b), ' -.', '___')) d (distance)
$$;
COMMENT ON FUNCTION lead_scoring_internal.near IS 'The distance of two names of which one may be the other misspelt; NULL where a third or more of it differs. Case and what stands between words do not count.';

CREATE FUNCTION lead_scoring_internal.nearest_name(name text, names text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT n.name FROM unnest(names) n (name) WHERE lead_scoring_internal.near(nearest_name.name, n.name) IS NOT NULL
 ORDER BY lead_scoring_internal.near(nearest_name.name, n.name), n.name COLLATE "C" LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.nearest_name IS 'Of the names the one that is most likely meant by a misspelt one; NULL where none is near.';

CREATE FUNCTION lead_scoring_internal.perhaps(name text, names text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce('  -- perhaps "' || lead_scoring_internal.nearest_name(name, names) || '" is meant', '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.perhaps IS 'What a hint says behind its statement of the nearest name, as a remark; empty where none is near.';
-- The shape of a model's own tables: what the library, which reads and writes them, relies on.

CREATE FUNCTION lead_scoring_internal.shape_faults(model text, stage_columns text[] DEFAULT '{}')
RETURNS TABLE (relation text, fault text, statement text, by_hand text)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_shape_faults';
COMMENT ON FUNCTION lead_scoring_internal.shape_faults IS 'What keeps the library from working with a model''s own tables, with the statement that puts it right, or, where none does without losing anything, with what to do by hand. "stage_columns" are further columns that scores needs. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring_internal.moved_to(model text, definition text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT replace(regexp_replace(definition, '\mlead_scoring_internal\.(?=(' || string_agg(c.relname, '|') || ')\M)', replace(quote_ident(model), '\', '\\') || '.', 'g'),
               quote_literal('lead_scoring_internal'), quote_literal(model))
  FROM pg_class c WHERE c.relnamespace = 'lead_scoring_internal'::regnamespace AND c.relkind = 'r'
$$;
COMMENT ON FUNCTION lead_scoring_internal.moved_to IS 'What a constraint or trigger of a table that models get a copy of is in that model: the tables it names are the model''s, the functions it calls stay.';

CREATE FUNCTION lead_scoring_internal.lost_parts(model text)
RETURNS TABLE (fault text, statement text, by_hand text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
WITH own AS (
    -- A model is nothing without the row of its settings, and rules stand in groups: such rows are put right, others go.
    SELECT w.oid AS wanted, c.oid AS found, c.oid::regclass AS name,
           EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = w.oid)
           OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = w.oid AND a.attname = 'only_row') AS keeps_rows
      FROM pg_class w
      JOIN pg_class c ON c.relname = w.relname AND c.relkind IN ('r', 'p')
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = model
     WHERE w.relnamespace = 'lead_scoring_internal'::regnamespace AND w.relkind = 'r')
SELECT p.fault, lead_scoring_internal.moved_to(model, p.statement), p.by_hand
  FROM (SELECT 1 AS place, o.name::text AS relation,
               format('table %s has lost constraint "%s"', o.name, c.conname) AS fault,
               format('ALTER TABLE %s %sADD CONSTRAINT %I %s', o.name,
                      CASE WHEN EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = o.found AND f.conname = c.conname)
                           THEN format('DROP CONSTRAINT %I, ', c.conname) END, c.conname, pg_get_constraintdef(c.oid)) AS statement,
               CASE WHEN c.contype <> 'f' THEN format('ALTER TABLE %s DISABLE TRIGGER USER; ', o.name) ELSE '' END  -- repair() enables those of the model
               || CASE WHEN c.contype = 'f' THEN format('SELECT lead_scoring.add_group(%1$L, r.rule_group, max(CASE WHEN r.event_type IS NULL THEN ''fit'' ELSE ''engagement'' END)) FROM %1$I.rules r LEFT JOIN %1$I.rule_groups g ON g.name = r.rule_group WHERE g.name IS NULL GROUP BY r.rule_group; ', model)
                       WHEN c.contype = 'u' THEN format('DELETE FROM %1$s a USING %1$s b WHERE a.ctid > b.ctid AND %2$s; ', o.name, k.same)
                       WHEN NOT o.keeps_rows THEN format('DELETE FROM %s WHERE NOT %s; ', o.name, pg_get_expr(c.conbin, c.conrelid))
                       ELSE CASE WHEN k.is_only_row THEN format('DELETE FROM %1$s WHERE NOT %2$s AND EXISTS (SELECT FROM %1$s WHERE %2$s); ', o.name, pg_get_expr(c.conbin, c.conrelid)) ELSE '' END
                            || format('UPDATE %s SET %s WHERE NOT %s; ', o.name, k.resets, pg_get_expr(c.conbin, c.conrelid)) END
               || format('SELECT lead_scoring.repair(%L);', model) AS by_hand
          FROM own o
          JOIN pg_constraint c ON c.conrelid = o.wanted AND c.contype IN ('c', 'u', 'f')
          LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND c.contype = 'u'
         CROSS JOIN LATERAL (
            SELECT string_agg(format('a.%1$I %2$s b.%1$I', a.attname, CASE WHEN i.indnullsnotdistinct THEN 'IS NOT DISTINCT FROM' ELSE '=' END), ' AND ' ORDER BY r.place) AS same,
                   bool_and(a.attname = 'only_row') AS is_only_row,
                   string_agg(format('%I = %s', a.attname,
                       CASE WHEN d.adbin IS NOT NULL THEN pg_get_expr(d.adbin, d.adrelid)
                            WHEN NOT a.attnotnull THEN 'NULL'
                            WHEN a.attname = 'kind' THEN format('CASE WHEN EXISTS (SELECT FROM %I.rules r WHERE r.rule_group = rule_groups.name AND r.event_type IS NULL) THEN ''fit'' ELSE ''engagement'' END', model)
                            ELSE format('md5(%I)', a.attname) END), ', ' ORDER BY r.place) AS resets
              FROM unnest(c.conkey) WITH ORDINALITY r (attnum, place)
              JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = r.attnum
              LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum) k
         WHERE NOT EXISTS (SELECT FROM pg_constraint f
                            WHERE f.conrelid = o.found AND f.contype = c.contype
                              AND replace(pg_get_constraintdef(f.oid), format(' REFERENCES %I.', model), ' REFERENCES lead_scoring_internal.') = pg_get_constraintdef(c.oid))
        UNION ALL
        SELECT 2, o.name::text,
               format('trigger %s on %s is %s', t.tgname, o.name,
                      CASE WHEN f.oid IS NULL THEN 'missing' WHEN f.tgenabled = 'D' THEN 'disabled' ELSE 'enabled for the wrong sessions' END),
               coalesce(CASE WHEN f.oid IS NULL THEN pg_get_triggerdef(t.oid) || '; ' END, '')
               || format('ALTER TABLE %s ENABLE %s TRIGGER %I', o.name, CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' END, coalesce(f.tgname, t.tgname)), NULL
          FROM own o
          JOIN pg_trigger t ON t.tgrelid = o.wanted AND NOT t.tgisinternal
          LEFT JOIN pg_trigger f ON f.tgrelid = o.found AND f.tgfoid = t.tgfoid AND f.tgtype = t.tgtype
         WHERE f.tgenabled IS DISTINCT FROM t.tgenabled) p
 ORDER BY p.place, p.relation COLLATE "C", p.fault COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring_internal.lost_parts IS 'Constraints, other than primary keys and NOT NULL, and triggers that the model''s own tables do not have, or not enabled, each with the statement that puts it right, and what to do first where rows break a constraint. Scoring goes on without them. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring_internal.mend_shape(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stage_columns text[] := '{}';
    has_view CONSTANT boolean := EXISTS (SELECT FROM unnest(lead_scoring_internal.lead_views()) v WHERE to_regclass(format('%I.%I', model, v)) IS NOT NULL);
    grants text[];
    statements text[];
    done text[];
    before jsonb := '{}';  -- statements of earlier rounds, by table
    this_round jsonb;
    broken text;
    left_over record;
    lost record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- What is mended shows what else is wrong: a table that is made has no keys yet; and the names of the columns of stages
    -- are in versions.
    LOOP
        IF NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation = 'versions') THEN
            stage_columns := coalesce(lead_scoring_internal.stage_columns(model), '{}');
        END IF;
        statements := ARRAY(SELECT f.statement FROM lead_scoring_internal.shape_faults(model, stage_columns) f WHERE f.statement IS NOT NULL);
        EXIT WHEN statements = '{}' OR statements = done;
        done := statements;
        -- The views stand in the way of the columns they read.
        grants := coalesce(grants, lead_scoring_internal.take_lead_views(model));
        this_round := before;
        FOR left_over IN SELECT f.* FROM lead_scoring_internal.shape_faults(model, stage_columns) f WHERE f.statement IS NOT NULL LOOP
            BEGIN
                EXECUTE left_over.statement;
            EXCEPTION WHEN data_exception OR cannot_coerce OR integrity_constraint_violation THEN
                GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
                -- All that was mended is lost with this error, and what to do by hand may rest on it.
                PERFORM lead_scoring_internal.fail('55000', format('table "%s" of model "%s" %s', left_over.relation, model, left_over.fault),
                    format('What it holds does not go with that: %s.', SQLERRM),
                    coalesce(before ->> left_over.relation, '')
                    || coalesce(left_over.by_hand,
                                (SELECT format('ALTER TABLE %s DROP CONSTRAINT %I; ', c.conrelid::regclass, c.conname) FROM pg_constraint c
                                  WHERE c.conrelid = to_regclass(format('%I.%I', model, left_over.relation)) AND c.conname = broken),
                                '')
                    || CASE WHEN left_over.by_hand IS NULL THEN format('SELECT lead_scoring.repair(%L);', model) ELSE '' END);
            END;
            this_round := this_round || jsonb_build_object(left_over.relation, coalesce(this_round ->> left_over.relation, '') || left_over.statement || '; ');
        END LOOP;
        before := this_round;
    END LOOP;
    SELECT f.* INTO left_over FROM lead_scoring_internal.shape_faults(model, stage_columns) f LIMIT 1;
    IF FOUND THEN
        PERFORM lead_scoring_internal.fail('55000', format('table "%s" of model "%s" %s', left_over.relation, model, left_over.fault),
            'This is what repair() cannot put right.', coalesce(left_over.by_hand, left_over.statement));
    END IF;
    FOR lost IN SELECT p.* FROM lead_scoring_internal.lost_parts(model) p LOOP
        BEGIN
            EXECUTE lost.statement;
        EXCEPTION WHEN integrity_constraint_violation THEN
            -- Scores do not depend on it, and publish says what is wrong with a draft.
            RAISE WARNING USING MESSAGE = format('%s, which cannot be put back', lost.fault),
                DETAIL = format('Rows break it that were written without it: %s.', SQLERRM),
                HINT = lost.by_hand;
        END;
    END LOOP;
    IF has_view AND grants IS NOT NULL THEN
        PERFORM lead_scoring_internal.put_back_lead_views(model, grants);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mend_shape IS 'Makes the tables of a model that are not there, which for create_model are all, and gives those that are back the shape they are to have; keeps what is in them. Raises 55000 for what it cannot put right.';

CREATE FUNCTION lead_scoring_internal.lead_views()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{leads,moves}'::text[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_views IS 'The names of the views of a model that show leads one by one. They rest on the model''s own tables, and are read with the rights of who reads them.';

CREATE FUNCTION lead_scoring_internal.take_lead_views(model text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    views CONSTANT regclass[] := ARRAY(SELECT to_regclass(format('%I.%I', model, v)) FROM unnest(lead_scoring_internal.lead_views()) v);
    grants CONSTANT text[] := ARRAY(
        SELECT format('GRANT %s%s ON %s TO %s%s', g.privilege_type, CASE WHEN a.attnum > 0 THEN format(' (%I)', a.attname) END, format('%I.%I', model, c.relname),
                      CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
          FROM pg_class c
         CROSS JOIN LATERAL (SELECT 0 AS attnum, NULL AS attname, c.relacl AS acl
                             UNION ALL SELECT b.attnum, b.attname, b.attacl FROM pg_attribute b WHERE b.attrelid = c.oid) a
         CROSS JOIN LATERAL aclexplode(a.acl) g
         WHERE c.oid = ANY (views));
    view_name regclass;
    dependence text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOREACH view_name IN ARRAY array_remove(views, NULL) LOOP
        EXECUTE format('DROP VIEW %s', view_name);
    END LOOP;
    RETURN grants;
EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS dependence = PG_EXCEPTION_DETAIL;
    PERFORM lead_scoring_internal.fail('2BP01', format('view %s cannot be made anew, since others rest on it', view_name), dependence || '.',
        coalesce((WITH RECURSIVE resting (class, object) AS (
                      SELECT 'pg_class'::regclass::oid, view_name::oid
                      UNION SELECT CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END, coalesce(w.ev_class, d.objid) FROM resting r
                        JOIN pg_depend d ON d.refclassid = r.class AND d.refobjid = r.object AND d.deptype = 'n'
                        LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid)
                  SELECT string_agg(format('DROP %s %s;', upper(i.type), i.identity), ' ' ORDER BY r.object DESC)
                         || format(' SELECT lead_scoring.repair(%L);  -- and make them again', model)
                    FROM resting r, pg_identify_object(r.class, r.object, 0) i
                   WHERE r.object <> view_name AND i.type IN ('view', 'materialized view', 'function', 'procedure', 'policy')),
                 format('SELECT lead_scoring.repair(%L);  -- when that is dropped', model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.take_lead_views IS 'Drops the views of a model that show leads one by one, which stand in the way of the columns they read, and returns the statements that grant again what is granted on them. Raises 2BP01, with the statements that drop them, where views, functions or policies of somebody else''s rest on one.';

CREATE FUNCTION lead_scoring_internal.put_back_lead_views(model text, grants text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.make_leads_view(model), lead_scoring_internal.make_moves(model);
    FOREACH statement IN ARRAY grants LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_back_lead_views IS 'Makes the views again that take_lead_views() dropped, with their grants.';
-- Models: a schema a model, with its settings and its state; made, checked and dropped here.
--
-- Whose rights: commands are entered through C (src/pg/sql/command.cpp) and run as the model's owner, in a security-restricted
-- operation; whatever reads or writes a model calls require_identity() first. So every role may have EXECUTE on what
-- commands are made of.

-- ---------------------------------------------------------------- names and lookups

CREATE FUNCTION lead_scoring_internal.model_schemas(OUT schema oid, OUT name text, OUT owner oid)
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
                WHERE t.tgfoid = 'lead_scoring_internal.refuse_write()'::regprocedure)
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_schemas IS 'The schemas that hold a model, or what is left of one: those with a table "scores", "settings" or "transitions" that has columns of ours, or with any table of a model''s that has our guard. Looks at the catalogs only.';

CREATE FUNCTION lead_scoring_internal.resolve_table(qualified_name text)
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
COMMENT ON FUNCTION lead_scoring_internal.resolve_table IS 'The table of a name as settings holds it, with its schema and quoted where needed; NULL when there is none or the text is no such name. Unlike to_regclass it asks for no privilege, so that models() can speak of tables its caller may not use.';

CREATE FUNCTION lead_scoring_internal.is_span(span interval)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT span > '0'::interval AND extract(year FROM span) = 0 AND extract(month FROM span) = 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_span IS 'Whether an interval is positive, finite and free of months and years, so that it stands for a fixed number of seconds (a day is 24 hours). NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.is_bound(points numeric)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT points BETWEEN -1e12 AND 1e12
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_bound IS 'Whether a number of points can be a threshold, a floor or a ceiling: finite, and far from where the sums of points end. NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.describe(relation regclass, note text, column_notes jsonb)
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
COMMENT ON FUNCTION lead_scoring_internal.describe IS 'Comments a table or view and its columns; column_notes is an object of column name and text.';
-- What a model may be bound to: the tables and columns of the user, and what they have to be like.

CREATE FUNCTION lead_scoring_internal.check_model_name(name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF octet_length(name) NOT BETWEEN 1 AND 63 THEN
        PERFORM lead_scoring_internal.fail('42622',
            format('model name "%s" has %s bytes', CASE WHEN length(name) > 100 THEN left(name, 60) || '...' ELSE name END, octet_length(name)),
            'A model is a schema, and a schema''s name has 1 to 63 bytes.', 'Choose a shorter name, such as ''sales''.');
    END IF;
    IF name LIKE 'pg\_%' THEN
        PERFORM lead_scoring_internal.fail('42939', format('model name "%s" is reserved', name),
            'Schema names that start with "pg_" belong to the system.', 'Choose another name, such as ''sales''.');
    END IF;
    IF EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = check_model_name.name) THEN
        PERFORM lead_scoring_internal.fail('42P06', format('schema "%s" already exists and is no model', name), 'A model is a schema of its own.',
            format('Choose another name, such as %L.', CASE WHEN EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'sales') THEN left(name, 55) || '_scores' ELSE 'sales' END));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_model_name IS 'Raises when a new model cannot have this name: empty or over 63 bytes (42622), reserved (42939), taken by a schema (42P06).';

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
               CASE WHEN e.oid IS NULL THEN format('CREATE EVENT TRIGGER %1$I ON ddl_command_end WHEN TAG IN (''CREATE TABLE'', ''ALTER TABLE'', ''CREATE SCHEMA'') EXECUTE FUNCTION lead_scoring_internal.partitions_changed(); ALTER EVENT TRIGGER %1$I ENABLE ALWAYS;', wanted.name)
                    ELSE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS;', wanted.name) END, false
          FROM member m CROSS JOIN (VALUES ('lead_scoring_partitions_changed')) wanted (name)
          LEFT JOIN pg_event_trigger e ON e.evtname = wanted.name
         WHERE m.oid = relation AND m.relkind = 'p' AND e.evtenabled IS DISTINCT FROM 'A') f (place, fault, statement, refused)
 ORDER BY f.place, f.fault COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring_internal.table_faults IS 'What a table of leads or events is like, or has become, so that rows come and go without the model''s triggers, each with the statement that ends it, and whether create_model and publish refuse it.';

CREATE FUNCTION lead_scoring_internal.check_table(relation regclass, argument text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT c.relkind, c.relpersistence, c.relowner INTO found FROM pg_class c WHERE c.oid = relation;
    IF found.relkind IS NULL THEN
        PERFORM lead_scoring_internal.fail('42P01', format('%s: there is no table with OID %s', argument, relation::oid),
            'It was dropped, or the number is wrong.', format('Name the table, as in %s => ''public.%1$s''.', argument));
    END IF;
    IF found.relkind NOT IN ('r', 'p') OR found.relpersistence = 't' THEN
        PERFORM lead_scoring_internal.fail('42809', format('%s is not an ordinary or partitioned table', relation),
            'A model lives on triggers that views, foreign tables and temporary tables cannot keep.',
            format('Give the table that holds the rows, as in %s => ''public.%1$s''.', argument));
    END IF;
    IF pg_get_userbyid(found.relowner) <> current_user THEN
        PERFORM lead_scoring_internal.fail('42501', format('role "%s" does not own table %s', current_user, relation),
            'One role owns the leads, the events and the model.', format('ALTER TABLE %s OWNER TO %I;', relation, current_user));
    END IF;
    PERFORM lead_scoring_internal.refuse_citus(relation);
    SELECT f.* INTO found FROM lead_scoring_internal.table_faults(relation) f WHERE f.refused LIMIT 1;
    IF found.fault IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('0A000', found.fault, 'Rows that come and go there would fire none of the model''s triggers.',
            found.statement);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_table IS 'Raises unless the current role owns the table (42501) and it is a permanent ordinary or partitioned one (42809) outside of any inheritance and of Citus (0A000). "argument" is the name it was given under.';

CREATE FUNCTION lead_scoring_internal.column_type(relation regclass, column_name text, argument text)
RETURNS regtype LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT a.atttypid::regtype AS type, c.collisdeterministic IS FALSE AS is_fuzzy INTO found
      FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation
     WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
    IF found.type IS NULL THEN
        PERFORM lead_scoring_internal.fail('42703', format('column "%s" of table %s does not exist', column_name, relation),
            format('The table has the columns %s.',
                (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped)),
            format('Name the right one: %s => %L.', argument, coalesce(lead_scoring_internal.nearest_name(column_name, ARRAY(
                SELECT a.attname FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped)), '...')));
    END IF;
    IF found.is_fuzzy THEN
        PERFORM lead_scoring_internal.fail('0A000', format('column "%s" of table %s has a nondeterministic collation', column_name, relation),
            'Keys and types are compared byte by byte.', format('ALTER TABLE %s ALTER COLUMN %I TYPE text COLLATE "C";', relation, column_name));
    END IF;
    RETURN found.type;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.column_type IS 'The type of a column; raises 42703 when the table has no such column, 0A000 when its collation takes different texts for equal.';

CREATE FUNCTION lead_scoring_internal.conversion(relation regclass, column_name text, wanted regtype)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
-- Text goes into whatever can be read; numbers and uuids not into each other.
SELECT format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::%3$s;', relation, column_name, wanted)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = relation AND a.attname = column_name
   AND (t.typcategory IN ('S', 'E') OR wanted::oid IN ('text'::regtype, 'varchar'::regtype) OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = t.oid AND c.casttarget = wanted))
$$;
COMMENT ON FUNCTION lead_scoring_internal.conversion IS 'The statement that gives a column that type; NULL where no value of its own can be one.';

CREATE FUNCTION lead_scoring_internal.time_conversion(relation regclass, column_name text, type regtype)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE type::oid
           WHEN 'date'::regtype THEN format('ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I::timestamp AT TIME ZONE ''UTC'';  -- or the zone of its days', relation, column_name)
           -- In this way, and in that zone alone, the server leaves the rows as they are.
           WHEN 'timestamp'::regtype THEN format('SET timezone = ''UTC''; ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz; RESET timezone;  -- rewrites nothing; of another zone: USING %2$I AT TIME ZONE ''its name''', relation, column_name)
           WHEN 'text'::regtype THEN format('SET timezone = ''UTC''; ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I::timestamptz; RESET timezone;', relation, column_name)
           WHEN 'varchar'::regtype THEN format('SET timezone = ''UTC''; ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I::timestamptz; RESET timezone;', relation, column_name)
           ELSE CASE WHEN (SELECT t.typcategory FROM pg_type t WHERE t.oid = type) = 'N'
                     THEN format('ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING to_timestamp(%2$I);  -- of milliseconds: to_timestamp(%2$I / 1000.0)', relation, column_name)
                     ELSE 'Name another column: event_time => ''...''.' END END
$$;
COMMENT ON FUNCTION lead_scoring_internal.time_conversion IS 'The statement that makes instants of the values of a column, whatever the zone of the session.';

CREATE FUNCTION lead_scoring_internal.key_statement(leads regclass, events regclass, event_lead text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH parts AS (  -- of a key of several columns; the one that events do not have is what names the lead there
    SELECT a.attnum, a.attname AS in_leads, CASE WHEN EXISTS (SELECT FROM pg_attribute e WHERE e.attrelid = events AND e.attname = a.attname AND a.attname <> event_lead) THEN a.attname ELSE event_lead END AS in_events
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = leads AND i.indisprimary
), several AS (
    SELECT string_agg(format('%I::text', p.in_leads), ' || '':'' || ' ORDER BY p.attnum) AS of_leads, CASE WHEN count(*) FILTER (WHERE p.in_events = event_lead) = 1 THEN string_agg(format('%I::text', p.in_events), ' || '':'' || ' ORDER BY p.attnum) END AS of_events
      FROM parts p HAVING count(*) > 1
), candidates AS (  -- of no key at all
    SELECT a.attname, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leads AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) AS is_unique,
           row_number() OVER (ORDER BY a.attname <> event_lead, a.atttypid IS DISTINCT FROM (SELECT e.atttypid FROM pg_attribute e WHERE e.attrelid = events AND e.attname = event_lead), a.attname !~ 'id$|key$', a.attnum) AS place
      FROM pg_attribute a
     WHERE a.attrelid = leads AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('integer'::regtype, 'bigint'::regtype, 'uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
)
SELECT coalesce(
    (SELECT format('ALTER TABLE %1$s ADD COLUMN lead_key text GENERATED ALWAYS AS (%2$s) STORED UNIQUE;', leads, s.of_leads)
            || CASE WHEN s.of_events IS NULL THEN '  -- its events need the same column;'
                    ELSE format(' ALTER TABLE %1$s ADD COLUMN lead_key text GENERATED ALWAYS AS (%2$s) STORED; CREATE INDEX ON %1$s (lead_key);  -- and', events, s.of_events) END
            || ' pass lead_key => ''lead_key'', event_lead => ''lead_key''' FROM several s),
    (SELECT format('Pass lead_key => %L, which is unique.', c.attname) FROM candidates c WHERE c.is_unique ORDER BY c.place LIMIT 1),
    (SELECT format('ALTER TABLE %s ADD PRIMARY KEY (%I);', leads, c.attname) FROM candidates c ORDER BY c.place LIMIT 1),
    format('ALTER TABLE %s ADD COLUMN lead_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;', leads))
$$;
COMMENT ON FUNCTION lead_scoring_internal.key_statement IS 'What gives a table of leads a key of one column, where its primary key is none.';

CREATE FUNCTION lead_scoring_internal.primary_key_column(leads regclass, events regclass, event_lead text)
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
    PERFORM lead_scoring_internal.fail('55000',
        CASE WHEN key_columns IS NULL THEN format('table %s has no primary key', leads)
             ELSE format('primary key of table %s has %s columns', leads, cardinality(key_columns)) END,
        'A lead is known by one column, which its events name too.', lead_scoring_internal.key_statement(leads, events, event_lead));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.primary_key_column IS 'The one column of the table''s primary key; raises 55000 when it has none or several.';

CREATE FUNCTION lead_scoring_internal.check_columns(leads regclass, events regclass, lead_key text, event_lead text,
                                           event_type text, event_time text, event_campaign text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_type regtype := lead_scoring_internal.column_type(leads, lead_key, 'lead_key');
    found regtype;
BEGIN
    IF key_type NOT IN ('integer'::regtype, 'bigint'::regtype, 'uuid'::regtype, 'text'::regtype, 'varchar'::regtype) THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', lead_key, leads, key_type),
            'A lead''s key is an integer, bigint, uuid, text or varchar.',
            CASE WHEN key_type IN ('smallint'::regtype, 'char'::regtype) THEN lead_scoring_internal.conversion(leads, lead_key, CASE key_type WHEN 'smallint'::regtype THEN 'integer'::regtype ELSE 'text'::regtype END)
                 ELSE 'Name another unique column: lead_key => ''...''.' END);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                    WHERE i.indrelid = leads AND a.attname = lead_key AND i.indnkeyatts = 1
                      AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) THEN
        PERFORM lead_scoring_internal.fail('55000', format('column "%s" of table %s is not unique', lead_key, leads),
            'A lead is known by its key, so no two rows may share one.',
            CASE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leads AND i.indisprimary AND i.indnkeyatts > 1
                                 AND (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = leads AND a.attname = lead_key) = ANY (i.indkey))
                 THEN lead_scoring_internal.key_statement(leads, events, event_lead) ELSE format('ALTER TABLE %s ADD UNIQUE (%I);', leads, lead_key) END);
    END IF;

    found := lead_scoring_internal.column_type(events, event_lead, 'event_lead');
    IF found <> key_type
       AND NOT (found IN ('text'::regtype, 'varchar'::regtype) AND key_type IN ('text'::regtype, 'varchar'::regtype)) THEN
        PERFORM lead_scoring_internal.fail('42804',
            format('column "%s" of table %s has type %s, but the leads'' key has type %s',
                   event_lead, events, found, key_type),
            'An event names its lead by the very key of the leads table.',
            coalesce(lead_scoring_internal.conversion(events, event_lead, key_type), 'Name another column: event_lead => ''...''.'));
    END IF;

    found := lead_scoring_internal.column_type(events, event_type, 'event_type');
    IF found NOT IN ('text'::regtype, 'varchar'::regtype)
       AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = found AND t.typtype = 'e') THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', event_type, events, found),
            'An event''s type is a text, a varchar or an enum.', lead_scoring_internal.conversion(events, event_type, 'text'));
    END IF;

    found := lead_scoring_internal.column_type(events, event_time, 'event_time');
    IF found <> 'timestamptz'::regtype THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', event_time, events, found),
            'An event''s time is an instant: a timestamp with time zone.',
            lead_scoring_internal.time_conversion(events, event_time, found));
    END IF;

    IF event_campaign IS NOT NULL THEN
        PERFORM lead_scoring_internal.column_type(events, event_campaign, 'event_campaign');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_columns IS 'Raises unless the columns a model reads are there (42703), have types it can read (42804) and the lead key is unique (55000).';

CREATE FUNCTION lead_scoring_internal.check_event_index(events regclass, event_lead text, event_time text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_index i
                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                     JOIN pg_class c ON c.oid = i.indexrelid
                     JOIN pg_am m ON m.oid = c.relam
                    WHERE i.indrelid = events AND a.attname = event_lead AND m.amname = 'btree'
                      AND i.indisvalid AND i.indpred IS NULL AND i.indcollation[0] = a.attcollation) THEN
        PERFORM lead_scoring_internal.fail('55000', format('table %s has no index led by column "%s"', events, event_lead),
            'Rebuilding one lead from its events would read the whole table.',
            format('CREATE INDEX ON %s (%I, %I);  -- or pass require_index => false', events, event_lead, event_time));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_event_index IS 'Raises 55000 unless a valid btree index over all events starts with the lead column.';
-- What else a model's settings may say, and all of it together: binding(), check_settings().

CREATE FUNCTION lead_scoring_internal.check_time_zone(time_zone text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- The view reads hundreds of files, which publish would do with the tables locked.
    IF time_zone <> 'UTC' AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(time_zone)) THEN
        PERFORM lead_scoring_internal.fail('22023', format('time zone "%s" is not known', time_zone),
            'It decides where the days, weeks and months of limits begin.', 'Take a name of the view pg_timezone_names, such as ''Europe/Berlin''.');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_time_zone IS 'Raises 22023 unless the text is the full name of a time zone.';

CREATE FUNCTION lead_scoring_internal.check_status_columns(model text, leads regclass, lead_key text, status_columns jsonb)
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
        PERFORM lead_scoring_internal.fail('22023', 'status_columns is not a JSON object',
            'It maps what is to be written to columns of the leads table.',
            'status_columns => ''{"stage": "lead_stage", "mql_at": "mql_at"}'', or ''{}'' for none.');
    END IF;
    FOR entry IN SELECT e.key, e.value FROM jsonb_each(status_columns) e ORDER BY e.key COLLATE "C" LOOP
        wanted := CASE WHEN entry.key IN ('stage', 'grade') THEN 'text'
                       WHEN entry.key = 'score' THEN 'double precision'
                       WHEN entry.key LIKE '_%\_at' AND octet_length(entry.key) <= 63 THEN 'timestamptz' END;
        IF wanted IS NULL THEN
            PERFORM lead_scoring_internal.fail('22023', format('status_columns has an unknown key "%s"', entry.key),
                'The keys are "stage", "score", "grade" and a stage''s name with "_at", such as "mql_at".',
                'status_columns => ''{"stage": "lead_stage", "mql_at": "mql_at"}''.');
        END IF;
        status_column := entry.value #>> '{}';
        IF jsonb_typeof(entry.value) <> 'string' OR octet_length(status_column) NOT BETWEEN 1 AND 63 THEN
            PERFORM lead_scoring_internal.fail('22023', format('status_columns names no column for "%s"', entry.key),
                format('A column''s name is a string of 1 to 63 bytes, not %s.', left(entry.value::text, 70)),
                format('Write it as in ''{"%s": "lead_%1$s"}''.', entry.key));
        END IF;
        IF status_column = lead_key OR status_column = ANY (seen) THEN
            PERFORM lead_scoring_internal.fail('22023', format('status_columns uses column "%s" twice', status_column),
                'Each status has a column of its own, which is not the key.', format('Give "%s" another column.', entry.key));
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
            PERFORM lead_scoring_internal.fail('42804',
                format('status column "%s" of table %s has type %s instead of %s', status_column, leads,
                       CASE WHEN found.atttypmod >= 4 THEN format('%s(%s)', found.type, found.atttypmod - 4)
                            ELSE found.type::text END, wanted),
                format('It holds the lead''s %s.', entry.key),
                format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::%3$s;', leads, status_column, wanted)
                || format('  -- or give "%s" another column in status_columns', entry.key));
        END IF;
        IF found.is_generated OR found.attnotnull AND entry.key <> 'stage' THEN
            PERFORM lead_scoring_internal.fail('55000',
                format('status column "%s" of table %s %s', status_column, leads,
                       CASE WHEN found.is_generated THEN 'is a generated column' ELSE 'is NOT NULL' END),
                'The model writes it, and writes NULL as long as there is nothing to say.',
                CASE WHEN found.is_generated THEN format('Give "%s" another column in status_columns.', entry.key)
                     ELSE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL;', leads, status_column) END);
        END IF;
    END LOOP;

    -- No column is written by two models. A model that cannot be looked into is known by its trigger.
    FOR other IN SELECT m.name FROM lead_scoring_internal.model_schemas() m
                  WHERE m.name <> model AND seen <> '{}' ORDER BY m.name COLLATE "C" LOOP
        IF lead_scoring_internal.is_sound(other.name)
           AND NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(other.name) f WHERE f.relation = 'settings') THEN
            EXECUTE format('SELECT e.value FROM ONLY %I.settings s, jsonb_each_text(s.status_columns) e
                             WHERE s.leads = $1 AND e.value = ANY ($2) ORDER BY e.value COLLATE "C" LIMIT 1', other.name)
               INTO claimed USING leads::text, seen;
            IF claimed IS NOT NULL THEN
                PERFORM lead_scoring_internal.fail('55006',
                    format('status column "%s" of table %s belongs to model "%s"', claimed, leads, other.name),
                    'Two models would write it in turns.', 'Pass status_columns => ''{}'' for none, or name other columns.');
            END IF;
        ELSIF EXISTS (SELECT FROM pg_trigger t
                       WHERE t.tgrelid = leads AND t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure
                         AND t.tgargs = lead_scoring_internal.trigger_argument(other.name)) THEN
            PERFORM lead_scoring_internal.fail('42501', format('permission denied for the settings of model "%s"', other.name),
                format('It scores table %s too, and belongs to another role, or tables of it do, or its settings were altered.', leads),
                format('Pass status_columns => ''{}'' for none; or SELECT lead_scoring.drop_model(%L);', other.name));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_status_columns IS 'Raises when the leads table cannot hold these status columns for this model (22023, 42804, 55000, 55006); returns those that are still to be added, with type and default.';

CREATE FUNCTION lead_scoring_internal.binding(model text, OUT leads regclass, OUT events regclass, OUT lead_key text, OUT event_lead text,
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
    leads := lead_scoring_internal.resolve_table(bound.leads);
    events := lead_scoring_internal.resolve_table(bound.events);
    missing := CASE WHEN leads IS NULL THEN 'leads' WHEN events IS NULL THEN 'events' END;
    IF missing IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42P01',
            format('table %s of model "%s" does not exist', CASE WHEN missing = 'leads' THEN bound.leads ELSE bound.events END, model),
            format('The model''s settings name it as the table of %s.', missing),
            coalesce(lead_scoring_internal.rebind_statement(model, bound.leads, bound.events),
                     format('Name the table that it is now, by UPDATE %I.settings SET %s = ''...''.', model, missing)));
    END IF;
    PERFORM lead_scoring_internal.require_own(leads, false), lead_scoring_internal.require_own(events, false);
    IF leads <> lead_scoring_internal.resolve_table(bound.leads) OR events <> lead_scoring_internal.resolve_table(bound.events) THEN
        PERFORM lead_scoring_internal.fail('40001', format('the tables of model "%s" were swapped while it was looked at', model),
            'What was looked at is to be what is used.', 'Run the statement again.');
    END IF;
    SELECT bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign, bound.status_columns, bound.time_zone
      INTO lead_key, event_lead, event_type, event_time, event_campaign, status_columns, time_zone;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.binding IS 'The tables and columns a model''s settings name; all NULL without a settings row (a half-restored dump). Raises 42P01 when a table is gone, 42501 when it is not the owner''s.';

CREATE FUNCTION lead_scoring_internal.check_trigger_path(model text)
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
    PERFORM lead_scoring_internal.fail('22023', format('trigger_path of model "%s" is no search_path: %s', model, path),
        'It lists schemas, quoted where needed, in which triggers on leads and events find names.',
        format('UPDATE %I.settings SET trigger_path = NULL;', model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_trigger_path IS 'Raises 22023 unless settings.trigger_path can be a search_path.';

CREATE FUNCTION lead_scoring_internal.check_settings(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    missing record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_table(bound.leads, 'leads');
    PERFORM lead_scoring_internal.check_table(bound.events, 'events');
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type,
                                       bound.event_time, bound.event_campaign);
    PERFORM lead_scoring_internal.check_time_zone(bound.time_zone);
    PERFORM lead_scoring_internal.check_trigger_path(model);
    SELECT * INTO missing
      FROM lead_scoring_internal.check_status_columns(model, bound.leads, bound.lead_key, bound.status_columns);
    IF missing.missing_column IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42703', format('status column "%s" of table %s does not exist', missing.missing_column, bound.leads),
            format('The settings of model "%s" name it in status_columns.', model),
            format('ALTER TABLE %s ADD COLUMN %I %s;  -- or UPDATE %I.settings SET status_columns', bound.leads,
                   missing.missing_column, missing.missing_type, model));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_settings IS 'Raises unless the settings of a model hold together: the same checks as at create_model, but for the index; all status columns must be there.';
-- Triggers on the user's tables, and a model whose schema was renamed or whose extension was dropped.

CREATE FUNCTION lead_scoring_internal.trigger_argument(model text)
RETURNS bytea LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT convert_to(model, getdatabaseencoding()) || '\x00'::bytea
$$;
COMMENT ON FUNCTION lead_scoring_internal.trigger_argument IS 'A model''s name as pg_trigger.tgargs stores it.';

CREATE FUNCTION lead_scoring_internal.trigger_name(model text, operation text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'lead_scoring_' || operation || '_'
       || CASE WHEN octet_length(model) > 42 OR model ~ '^[0-9a-f]{32}$' THEN md5(model) ELSE model END
$$;
COMMENT ON FUNCTION lead_scoring_internal.trigger_name IS 'The name of a model''s trigger, different for each model even where the model''s name leaves no room: a long name stands there as its MD5 (as does a name that looks like one).';

CREATE FUNCTION lead_scoring_internal.expected_triggers(model text, leads regclass, events regclass)
RETURNS TABLE (relation regclass, is_partition boolean, function_name text, operation text, state "char",
               found_name name, found_state "char")
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT member.relid, member.relid <> bound.root, bound.function_name, kind.operation, kind.state, t.tgname, t.tgenabled
  FROM (VALUES (leads, 'leads_changed', 'lead_scoring_internal.leads_changed()'::regprocedure),
               (events, 'events_changed', 'lead_scoring_internal.events_changed()'::regprocedure)) bound (root, function_name, function)
 CROSS JOIN LATERAL (SELECT p.relid FROM pg_partition_tree(bound.root) p UNION SELECT bound.root WHERE bound.root IS NOT NULL
                      EXCEPT SELECT c.oid FROM pg_class c WHERE c.relkind = 'f') member
 CROSS JOIN (VALUES (1, 'before', 30, 'O'::"char"), (2, 'insert', 4, 'O'), (3, 'update', 16, 'O'), (4, 'delete', 8, 'O'),
                    (5, 'truncate', 32, 'A'), (0, 'row', 29, 'R'), (6, 'status', 19, 'O')) kind (place, operation, type_bits, state)
  LEFT JOIN pg_trigger t ON t.tgrelid = member.relid AND t.tgfoid = bound.function AND t.tgtype = kind.type_bits
                        AND t.tgargs = lead_scoring_internal.trigger_argument(model)
 WHERE kind.operation <> 'status' OR bound.function_name = 'leads_changed'
 ORDER BY bound.function_name DESC, member.relid <> bound.root, member.relid::text COLLATE "C", kind.place
$$;
COMMENT ON FUNCTION lead_scoring_internal.expected_triggers IS 'The triggers a model needs on its tables (NULL: one that is not asked about) and all their partitions, leads first, and those found: a statement trigger for each operation, so that rows count once whichever table of a tree they are addressed to, one before statements, which tells how many of these a query will fire, and a row trigger for sessions in replica mode, where statement triggers do not fire (TRUNCATE has no row trigger and is enabled always); on leads also one before each row of an update, which keeps the status columns as they are.';

CREATE FUNCTION lead_scoring_internal.rebind_statement(model text, leads text, events text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('UPDATE %I.settings SET %s;', model, string_agg(format('%s = %L', moved.setting, moved.name), ', ' ORDER BY moved.setting DESC))
  FROM (SELECT bound.setting, min(format('%I.%I', n.nspname, c.relname)) AS name
          FROM (VALUES ('leads', leads, 'lead_scoring_internal.leads_changed()'::regprocedure),
                       ('events', events, 'lead_scoring_internal.events_changed()'::regprocedure)) bound (setting, name, function)
          JOIN pg_trigger t ON t.tgfoid = bound.function AND t.tgtype = 29 AND t.tgparentid = 0
                           AND t.tgargs = lead_scoring_internal.trigger_argument(model)
          JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         GROUP BY bound.setting, bound.name
        HAVING count(*) = 1 AND min(c.oid) IS DISTINCT FROM lead_scoring_internal.resolve_table(bound.name)) moved
HAVING count(*) > 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.rebind_statement IS 'The statement that makes the settings of a model name the tables which have its row triggers, where these are called otherwise by now; NULL where the triggers do not tell.';

CREATE FUNCTION lead_scoring_internal.make_statement(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.create_model(%L, leads => %L, events => %L);  -- with the arguments it was made with', model,
              coalesce(min(t.tgrelid::regclass::text) FILTER (WHERE t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure), 'public.leads'),
              coalesce(min(t.tgrelid::regclass::text) FILTER (WHERE t.tgfoid = 'lead_scoring_internal.events_changed()'::regprocedure), 'public.events'))
  FROM pg_trigger t
 WHERE t.tgtype = 29 AND t.tgparentid = 0 AND t.tgargs = lead_scoring_internal.trigger_argument(model)
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_statement IS 'The statement that puts the settings of a model back which have lost their row, with the tables that have its row triggers.';

CREATE FUNCTION lead_scoring_internal.renamed_model(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT min(n.nspname::text)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE t.tgfoid = 'lead_scoring_internal.refuse_write()'::regprocedure AND t.tgargs = lead_scoring_internal.trigger_argument(model)
$$;
COMMENT ON FUNCTION lead_scoring_internal.renamed_model IS 'The name that the schema of a model was given later, known by the triggers of its tables, which still bear the name it was made with; NULL where there is no such schema.';

CREATE FUNCTION lead_scoring_internal.is_left_behind(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_trigger t
                WHERE t.tgfoid IN ('lead_scoring_internal.leads_changed()'::regprocedure, 'lead_scoring_internal.events_changed()'::regprocedure)
                  AND t.tgargs = lead_scoring_internal.trigger_argument(model))
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_left_behind IS 'Whether tables have triggers of a model, which may be gone itself.';

CREATE FUNCTION lead_scoring_internal.add_triggers(model text, leads regclass, events regclass)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
    new_name text;
BEGIN
    FOR wanted IN SELECT * FROM lead_scoring_internal.expected_triggers(model, leads, events) e
                   WHERE e.found_name IS NULL
                     AND NOT (e.operation IN ('row', 'status') AND e.is_partition) LOOP  -- the server clones these from the parent
        new_name := lead_scoring_internal.trigger_name(model, wanted.operation);
        -- The event trigger may have made those of partitions meanwhile.
        CONTINUE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = wanted.relation AND t.tgname = new_name);
        EXECUTE lead_scoring_internal.fill('CREATE TRIGGER {trigger} {!events} ON {!relation} {!rows} EXECUTE FUNCTION lead_scoring_internal.{function}({''model''})',
            jsonb_build_object('trigger', new_name,
                'events', CASE wanted.operation WHEN 'row' THEN 'AFTER INSERT OR UPDATE OR DELETE'
                                                WHEN 'before' THEN 'BEFORE INSERT OR UPDATE OR DELETE'
                                                WHEN 'status' THEN 'BEFORE UPDATE'
                                                ELSE 'AFTER ' || wanted.operation END,
                'relation', wanted.relation,
                'rows', CASE WHEN wanted.operation = 'insert' THEN 'REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT'
                             WHEN wanted.operation = 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT'
                             WHEN wanted.operation = 'delete' THEN 'REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT'
                             WHEN wanted.operation IN ('before', 'truncate') THEN 'FOR EACH STATEMENT'
                             ELSE 'FOR EACH ROW' END,
                'function', wanted.function_name, 'model', model));
        IF wanted.state <> 'O' THEN
            EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', wanted.relation,
                           CASE WHEN wanted.state = 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, new_name);
        END IF;
        EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', new_name, wanted.relation,
                       format('Keeps the scores of lead scoring model "%s".', model));
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_triggers IS 'Creates those of a model''s triggers that are missing, on both tables (or the one that is not NULL) and all their partitions.';
-- create_model, drop_model.

CREATE FUNCTION lead_scoring_internal.stored_key_type(leads regclass, lead_key text)
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
COMMENT ON FUNCTION lead_scoring_internal.stored_key_type IS 'The type, with its collation, in which a model keeps the keys of that column.';

CREATE FUNCTION lead_scoring_internal.refuse_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_refuse_write';
COMMENT ON FUNCTION lead_scoring_internal.refuse_write IS 'Trigger function before statements on the tables of a model''s state: raises 55000 with the call that does what was tried, unless the extension itself writes, or the owner while the model is paused or not yet restored. Its argument is the name that the model was made with.';

CREATE FUNCTION lead_scoring_internal.settings_statement(model text, existing jsonb, wanted jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('UPDATE %I.settings SET %s;', model, string_agg(format('%I = %s', w.key, quote_nullable(w.value #>> '{}')), ', ' ORDER BY w.key COLLATE "C"))
       || CASE WHEN bool_or(f.is_owners) THEN format(' SELECT lead_scoring.repair(%L);', model) ELSE '' END
       || CASE WHEN NOT bool_and(f.is_owners) THEN format(' SELECT lead_scoring.publish(%L);', model) ELSE '' END
       || '  -- or drop_model() first'
  FROM jsonb_each(wanted) w JOIN lead_scoring_internal.draft_fields f ON f.entity = 'settings' AND f.field = w.key
 WHERE existing -> w.key IS DISTINCT FROM w.value
$$;
COMMENT ON FUNCTION lead_scoring_internal.settings_statement IS 'The statements that make the settings of a model what is wanted.';

CREATE FUNCTION lead_scoring_internal.second_model(model text, wanted jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.create_model(%L, leads => %L, events => %L%s, status_columns => ''{}'');', left(model, 30) || '_' || left((parse_ident(wanted ->> 'events'))[2], 30), wanted ->> 'leads', wanted ->> 'events',
              (SELECT string_agg(format(', %s => %L', w.key, w.value #>> '{}'), '' ORDER BY w.key COLLATE "C") FROM jsonb_each(wanted) w
                WHERE jsonb_typeof(w.value) <> 'null' AND (w.key, w.value #>> '{}') NOT IN (('event_lead', 'lead_id'), ('event_type', 'type'), ('event_time', 'occurred_at'), ('time_zone', 'UTC'))
                  AND w.key NOT IN ('leads', 'events', 'status_columns')))
$$;
COMMENT ON FUNCTION lead_scoring_internal.second_model IS 'The statement that makes another model, of another table of events.';

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
    is_of_other_tables boolean;
    added record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(name);
    IF num_nulls(name, leads, events, event_lead, event_type, event_time, time_zone, status_columns, require_index) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of create_model is NULL',
            'Only lead_key, event_campaign, min_score and max_score may be NULL.',
            'Leave an argument out for its default; status_columns => ''{}'' stands for none.');
    END IF;
    PERFORM lead_scoring_internal.check_table(leads, 'leads');
    PERFORM lead_scoring_internal.check_table(events, 'events');
    lead_key := coalesce(lead_key, lead_scoring_internal.primary_key_column(leads, events, event_lead));
    wanted := jsonb_build_object('leads', leads::text, 'events', events::text, 'lead_key', lead_key,
        'event_lead', event_lead, 'event_type', event_type, 'event_time', event_time, 'event_campaign', event_campaign,
        'time_zone', time_zone, 'status_columns', status_columns, 'min_score', min_score, 'max_score', max_score);

    is_there := EXISTS (SELECT FROM lead_scoring_internal.model_schemas() m WHERE m.name = create_model.name);
    IF is_there THEN
        existing := lead_scoring_internal.settings_row(name);
    ELSE
        PERFORM lead_scoring_internal.check_model_name(name);
    END IF;
    IF existing IS NOT NULL THEN
        SELECT string_agg(w.key, ', ' ORDER BY w.key COLLATE "C") INTO differing
          FROM jsonb_each(wanted) w WHERE existing -> w.key IS DISTINCT FROM w.value;
        is_of_other_tables := EXISTS (SELECT FROM unnest('{leads,events}'::text[]) t WHERE existing ->> t <> wanted ->> t AND lead_scoring_internal.resolve_table(existing ->> t) IS NOT NULL);
        IF differing IS NOT NULL THEN
            PERFORM lead_scoring_internal.fail('42710', format('model "%s" already exists with other settings', name),
                format('These differ: %s.', differing)
                || CASE WHEN is_of_other_tables THEN ' A model scores one table of leads by one of events: rows of another are stored there too, or have a model of their own.' ELSE '' END,
                CASE WHEN is_of_other_tables THEN lead_scoring_internal.second_model(name, wanted)
                     ELSE lead_scoring_internal.settings_statement(name, existing, wanted) END);
        END IF;
        RETURN;
    END IF;

    IF leads = events THEN
        PERFORM lead_scoring_internal.fail('22023', format('leads and events are the same table %s', leads),
            'A lead has many events, each a row of its own.', 'Give two tables: leads => ''public.leads'', events => ''public.events''.');
    END IF;
    -- Leads before events, as everywhere. From here on nobody else can claim a column or write a row.
    PERFORM lead_scoring_internal.require_own(leads, true);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', leads);
    PERFORM lead_scoring_internal.require_own(events, true);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', events);
    PERFORM lead_scoring_internal.check_columns(leads, events, lead_key, event_lead, event_type, event_time, event_campaign);
    PERFORM lead_scoring_internal.check_time_zone(time_zone);
    IF NOT (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(max_score)) OR min_score > max_score THEN
        PERFORM lead_scoring_internal.fail('22023',
            format('no score lies between min_score %s and max_score %s',
                   coalesce(min_score::text, 'NULL'), coalesce(max_score::text, 'NULL')),
            'Both are numbers between -1e12 and 1e12, the smaller one first.', 'For example min_score => 0, max_score => 100.');
    END IF;
    IF require_index THEN
        PERFORM lead_scoring_internal.check_event_index(events, event_lead, event_time);
    END IF;
    FOR added IN SELECT * FROM lead_scoring_internal.check_status_columns(name, leads, lead_key, status_columns) LOOP
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
    wanted := wanted || jsonb_build_object('format', lead_scoring_internal.newest_format());
    EXECUTE format('INSERT INTO %1$I.settings (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.settings, $1)', name,
                   (SELECT string_agg(quote_ident(w.key), ', ') FROM jsonb_each(wanted) w)) USING wanted;
    IF is_there THEN
        PERFORM lead_scoring_internal.repair(name);
        RETURN;
    END IF;
    PERFORM lead_scoring_internal.mend_keys(name);
    EXECUTE format('INSERT INTO %1$I.rule_groups (name, kind) VALUES (''engagement'', ''engagement''), (''fit'', ''fit'');
                    INSERT INTO %1$I.stages (name, rank) VALUES (''lead'', 0)', name);
    PERFORM lead_scoring_internal.make_leads_view(name), lead_scoring_internal.make_moves(name);
    PERFORM lead_scoring_internal.make_reports(name);
    PERFORM lead_scoring_internal.add_triggers(name, leads, events);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.create_model IS 'Implements lead_scoring.create_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.create_model IS
'Makes a model: a schema of that name, owned by the role that owns both tables, which the caller is, or is a member of, with the draft of its rules and stages, its state and its triggers on both tables.
lead_key defaults to the primary key of leads; event_lead, event_type and event_time (a timestamptz) are columns of events. status_columns maps stage, score, grade and <stage>_at to columns of leads, which are added, with a notice, where missing; ''{}'' for none. min_score and max_score, in points, bound every score. An index led by event_lead is required unless require_index is false.
Nothing is scored before the first publish. Calling it again with the same arguments changes nothing; with other ones it raises 42710. Where the model''s settings have lost their row, or the table itself is gone, it puts them back and repairs the model.
Raises 42622 for a name that is empty or over 63 bytes, 42939 for one that begins with pg_, 42P06 where a schema of that name is no model, 42710 as said; 42501 where the tables are not the caller''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions and a table of Citus; 42703 for an unknown column, 42804 for one whose type does not do, 55000 where the key is not unique, leads has no primary key of one column, events has no such index, or a status column is generated or NOT NULL, 55006 where a status column is another model''s; 22023 for the same table twice, an unknown time zone, and bounds or status_columns that make no sense.';

CREATE FUNCTION lead_scoring_internal.settings_row(model text)
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
COMMENT ON FUNCTION lead_scoring_internal.settings_row IS 'The row of a model''s settings, whatever columns they have; NULL where there is none, or no such table.';

CREATE FUNCTION lead_scoring_internal.drop_triggers(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    dropped bigint := 0;
BEGIN
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation
                   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid IN ('lead_scoring_internal.leads_changed()'::regprocedure, 'lead_scoring_internal.events_changed()'::regprocedure)
                    AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                  ORDER BY t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure DESC, t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.drop_triggers IS 'Drops a model''s triggers from all tables that are the caller''s, and returns how many there were. Whoever else aimed one at the model cannot keep it from being dropped; such a trigger refuses every row.';

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
    bound := lead_scoring_internal.settings_row(name);
    PERFORM lead_scoring_internal.drop_triggers(name);

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
-- models(): what models there are, and what is wrong with each.

CREATE FUNCTION lead_scoring_internal.model_state_as_owner(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text, draft_differs boolean)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_model_state';
COMMENT ON FUNCTION lead_scoring_internal.model_state_as_owner IS 'The row of a model in models(): read as the model''s owner, and not read at all where its tables have another owner, or where the caller may not SELECT its settings and versions.';
CREATE FUNCTION lead_scoring_internal.model_state(model text)
RETURNS TABLE (leads text, events text, version bigint, paused boolean, problem text, draft_differs boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT s.found ->> 'leads', s.found ->> 'events', (s.found ->> 'paused')::boolean INTO leads, events, paused
      FROM lead_scoring_internal.settings_row(model) s (found);
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation = 'versions') THEN
        EXECUTE format('SELECT max(v.version) FROM ONLY %I.versions v', model) INTO version;
    END IF;
    problem := lead_scoring_internal.model_problem(model, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = model), leads, events, version);
    IF version IS NOT NULL AND NOT EXISTS (SELECT FROM lead_scoring_internal.shape_faults(model) f WHERE f.relation IN ('settings', 'rule_groups', 'rules', 'bands', 'stages')) THEN
        draft_differs := lead_scoring_internal.draft_differs(model);
    END IF;
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    -- Whatever one model is like, the others are to be seen.
    problem := format('cannot be read: %s', SQLERRM);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_state IS 'Implements lead_scoring_internal.model_state_as_owner, as the model''s owner.';

CREATE FUNCTION lead_scoring.models()
RETURNS TABLE (model text, leads text, events text, version bigint, paused boolean, problem text, draft_differs boolean)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT m.name, s.leads, s.events, s.version, s.paused, s.problem, s.draft_differs
  FROM lead_scoring_internal.model_schemas() m CROSS JOIN LATERAL lead_scoring_internal.model_state_as_owner(m.name) s
 WHERE has_schema_privilege(m.schema, 'USAGE') ORDER BY m.name COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring.models IS 'All models of this database whose schema the caller may use: the tables they score, the current version (NULL before the first publish), whether they are paused, and what is wrong: tables that are gone or have another owner, triggers missing or disabled on a table or partition, rows that come and go without them, its own tables altered, nothing published, events or leads that would be refused because a table, column or function that the model reads has changed, and events of which none has matched a rule or stage yet; NULL when all is well. draft_differs: whether the draft says something else than the current version; NULL where there is none.';

CREATE FUNCTION lead_scoring_internal.model_problem(model text, owner oid, leads text, events text, version bigint)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leads_table CONSTANT regclass := lead_scoring_internal.resolve_table(leads);
    events_table CONSTANT regclass := lead_scoring_internal.resolve_table(events);
    own text[];
    problems text[] := '{}';
    is_bound boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    own := ARRAY(SELECT format('table %I.%I %s', model, f.relation, f.fault) FROM lead_scoring_internal.shape_faults(model) f)
           || ARRAY(SELECT f.fault FROM lead_scoring_internal.lost_parts(model) f);
    IF lead_scoring_internal.settings_row(model) IS NULL THEN
        own := own || format('settings has no row: %s', lead_scoring_internal.make_statement(model));
    ELSIF lead_scoring_internal.is_older(model) THEN
        own := ARRAY[format('its tables are of an older version: SELECT lead_scoring.upgrade_model(%L)', model)];
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
              FROM lead_scoring_internal.expected_triggers(model, leads_table, events_table) e
             WHERE e.found_state IS DISTINCT FROM e.state)
            || ARRAY(
            SELECT format('%s: %s', f.fault, rtrim(f.statement, ';'))
              FROM unnest(ARRAY[leads_table, events_table]) t CROSS JOIN LATERAL lead_scoring_internal.table_faults(t) f)
            || ARRAY(
            SELECT format('table %s has no index led by column "%s"', events_table, s.found ->> 'event_lead')
              FROM lead_scoring_internal.settings_row(model) s (found)
             WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                                WHERE i.indrelid = events_table AND a.attname = s.found ->> 'event_lead' AND i.indisvalid))
            || ARRAY(
            SELECT format('view %I.%I is missing', model, v) FROM unnest(lead_scoring_internal.lead_views() || lead_scoring_internal.report_views()) v
             WHERE to_regclass(format('%I.%I', model, v)) IS NULL);
    END IF;
    IF is_bound AND own = '{}' THEN
        problems := problems || lead_scoring_internal.refusal(model);
    END IF;
    problems := problems || own;
    IF version IS NULL THEN
        problems := problems || 'no version is published'::text;
    ELSIF is_bound AND problems = '{}' AND lead_scoring_internal.matches_nothing(model) THEN
        problems := problems || format('no event has matched a rule or a stage yet: SELECT * FROM %I.event_types', model);
    END IF;
    RETURN nullif(array_to_string(problems, '; '), '');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.model_problem IS 'What keeps a model from scoring, in words; NULL when nothing does.';

CREATE FUNCTION lead_scoring_internal.dry_run(model text, of_leads boolean) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_dry_run';
COMMENT ON FUNCTION lead_scoring_internal.dry_run IS 'Raises what the triggers of a model would raise with the next lead, or event, before they look at it: of the tables and columns it is bound to, of its settings, and of the expressions of the current version. Reads no row of the user''s.';

CREATE FUNCTION lead_scoring_internal.refusal(model text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    what text;
    bound record;
    hint text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOREACH what IN ARRAY '{events,leads}'::text[] LOOP
        PERFORM lead_scoring_internal.dry_run(model, what = 'leads');
    END LOOP;
    what := NULL;
    -- What can be stored, until a lead moves or two have the same key.
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign),
            lead_scoring_internal.check_status_columns(model, bound.leads, bound.lead_key, bound.status_columns);
    RETURN '{}';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN ARRAY[concat_ws(': ', what || ' are refused', SQLERRM, nullif(rtrim(hint, ';.'), ''))];
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refusal IS 'Why the next event or lead, or its move, would be refused, with what ends that; empty where it would not.';

CREATE FUNCTION lead_scoring_internal.matches_nothing(model text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    waits_for_any boolean;
    found_none boolean;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    EXECUTE format('SELECT jsonb_path_exists(v.definition, ''$.rules[*].event_type ? (@ != null)'') OR jsonb_path_exists(v.definition, ''$.stages[*].on_event ? (@ != null)'')
                      FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO waits_for_any;
    IF waits_for_any THEN
        -- Of so many leads that a match is as good as sure to be among them, the first and the last to come where keys rise.
        EXECUTE lead_scoring_internal.fill($query$
            SELECT EXISTS (SELECT FROM {!events})
                   AND NOT EXISTS (SELECT FROM (SELECT s.card FROM {model}.scores s ORDER BY s.lead_id DESC LIMIT 5000) s WHERE lead_scoring_internal.card_matches(s.card))
                   AND NOT EXISTS (SELECT FROM (SELECT s.card FROM {model}.scores s ORDER BY s.lead_id LIMIT 5000) s WHERE lead_scoring_internal.card_matches(s.card))
            $query$, jsonb_build_object('events', bound.events, 'model', model)) INTO found_none;
    END IF;
    RETURN found_none IS TRUE;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.matches_nothing IS 'Whether there are events, and the current version waits for some, but none has matched. Of a large model it looks at the cards of the leads with the lowest and the highest keys only.';

CREATE FUNCTION lead_scoring_internal.draft_differs(model text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    differs boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill($query$
        WITH published AS (
            SELECT v.definition FROM {model}.versions v ORDER BY v.version DESC LIMIT 1
        ), drafted (section, item) AS (
            SELECT 'groups', to_jsonb(g) FROM {model}.rule_groups g
            UNION ALL SELECT 'bands', to_jsonb(b) FROM {model}.bands b
            UNION ALL SELECT 'rules', lead_scoring_internal.compile_row('rules', NULL, to_jsonb(r)) FROM {model}.rules r
            UNION ALL SELECT 'stages', lead_scoring_internal.compile_row('stages', NULL, to_jsonb(s)) || jsonb_build_object('exit', lead_scoring_internal.stage_exit(s.name, s.kind, s.exit)) FROM {model}.stages s
            UNION ALL SELECT 'settings', lead_scoring_internal.compile_row('settings', NULL, lead_scoring_internal.versioned_settings(to_jsonb(s)))
                                    || lead_scoring_internal.draft_touches({'model'})
                         FROM {model}.settings s
        ), stored (section, item) AS (
            SELECT d.key, CASE d.key WHEN 'stages'
                       THEN i.item || jsonb_build_object('counts_as', i.item #> '{typed,counts_as}', 'typed', (i.item -> 'typed') - 'counts_as') ELSE i.item END
              FROM published p, jsonb_each(p.definition) d CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(d.value) WHEN 'array' THEN d.value END) i (item)
            UNION ALL SELECT 'settings', (SELECT jsonb_object_agg(d.key, d.value) FROM jsonb_each(p.definition) d WHERE jsonb_typeof(d.value) <> 'array') FROM published p
        ), expressions (entity, fields) AS (  -- what was typed stands beside what the server made of it
            SELECT f.entity, array_agg(f.field) FROM lead_scoring_internal.draft_fields f WHERE f.kind ~ 'condition|expression' OR f.kind = 'id' GROUP BY 1
        )
        SELECT EXISTS (SELECT FROM published)
               AND (EXISTS (SELECT d.section, d.item - coalesce(x.fields, '{}') FROM drafted d LEFT JOIN expressions x ON x.entity = d.section
                            EXCEPT ALL SELECT s.section, s.item - coalesce(x.fields, '{}') FROM stored s LEFT JOIN expressions x ON x.entity = s.section)
                    OR EXISTS (SELECT s.section, s.item - coalesce(x.fields, '{}') FROM stored s LEFT JOIN expressions x ON x.entity = s.section
                               EXCEPT ALL SELECT d.section, d.item - coalesce(x.fields, '{}') FROM drafted d LEFT JOIN expressions x ON x.entity = d.section))
        $query$, jsonb_build_object('model', model)) INTO differs;
    RETURN differs;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_differs IS 'Whether the draft, as it is typed, says something else than the current version; false where nothing is published. Nothing is compiled.';
-- Rules, their groups and the bands of grades: the draft tables, what they refuse, and the functions that fill them.
--
-- What a row tells by itself is a CHECK constraint, refused at once: by a trigger that looks before the server does, and says
-- what is wrong and what to do, whoever writes the row. What takes other rows or the catalog is checked at the end of the
-- transaction (src/pg/sql/draft.cpp), so that rows may be put in in any order, and by the add functions as soon as they are
-- called.

-- ---------------------------------------------------------------- refusing

CREATE FUNCTION lead_scoring_internal.refuse_change()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.fail('55000', format('%s on %I.%I is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME), TG_ARGV[0], TG_ARGV[1]);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_change IS 'Trigger that raises 55000; its two arguments are detail and hint.';

CREATE FUNCTION lead_scoring_internal.draft_subject(model text, relation text, draft_row jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE relation WHEN 'rules' THEN format('rule "%s"', draft_row ->> 'name')
                     WHEN 'rule_groups' THEN format('group "%s"', draft_row ->> 'name')
                     WHEN 'stages' THEN format('stage "%s"', draft_row ->> 'name')
                     WHEN 'bands' THEN format('band "%s" of axis "%s"', draft_row ->> 'label', draft_row ->> 'axis')
                     ELSE format('model "%s"', model) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_subject IS 'What errors call a row of that table of the draft.';

CREATE FUNCTION lead_scoring_internal.refuse_draft_row(model text, relation text, draft_row jsonb, constraint_name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    subject CONSTANT text := lead_scoring_internal.draft_subject(model, relation, draft_row);
    found record;
BEGIN
    SELECT m.message, m.detail, m.hint INTO found FROM (VALUES
        ('rule_groups_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''content''.'),
        ('rules_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''visit''.'),
        ('stages_name', 'name of %s cannot be a stage''s name', 'It has 1 to 60 bytes, since it makes the column <name>_at, and is not "scored", "due" or "stage".', 'Choose another name, such as ''mql''.'),
        ('rule_groups_kind', 'kind of %s is not known', 'A group is for rules on events or for rules on the lead.', 'Pass kind => ''engagement'' or ''fit''.'),
        ('stages_kind', 'kind of %s is not known', 'A stage is entered by rank, or it is a detour.', 'Pass kind => ''progress'' or ''detour''.'),
        ('_bounds', 'a bound of %s is out of range', 'Bounds and thresholds are numbers between -1e12 and 1e12.', 'Leave the bound out for none.'),
        ('_range', 'min_points of %s is above max_points', 'No number of points lies between them.', 'For example min_points => 0, max_points => 40.'),
        ('rules_fit', '%s has no event_type and is more than a condition with points', 'A rule on the lead has a condition and points, and neither decay nor limits nor bounds.', 'Use add_fit_rule, or pass event_type => ''page_view''.'),
        ('rules_points', 'points of %s are out of range', 'Points are a number between -1e9 and 1e9.', 'For example points => 5.'),
        ('rules_decay', 'decay of %s is not known', 'Points decay in one of five ways.', 'Pass decay => ''none'', ''exponential'', ''linear'', ''step'' or ''window''.'),
        ('rules_half_life', 'half_life of %s does not go with its decay', 'Exponential decay takes a half_life, and no other decay does.', 'Pass decay => ''exponential'', half_life => ''14 days''.'),
        ('rules_lifespan', 'lifespan of %s does not go with its decay', 'Linear and window decay take a lifespan, and no other decay does.', 'Pass decay => ''linear'', lifespan => ''90 days''.'),
        ('rules_step', 'drop and step of %s do not go with its decay', 'Step decay takes both, and no other decay takes either.', 'Pass decay => ''step'', drop => 0.25, step => ''30 days''.'),
        ('_span', '%2$s of %1$s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''30 days''.'),
        ('rules_drop_share', 'drop of %s is not a share', 'It is the share of the points lost with each step, above 0 and up to 1.', 'For example drop => 0.25.'),
        ('rules_limit', 'limit of %s is incomplete', 'limit_count and limit_window come together, and limit_key only with them.', 'For example limit_count => 3, limit_window => ''day''.'),
        ('rules_limit_count', 'limit_count of %s is not positive', 'It says how many matches count within limit_window.', 'For example limit_count => 3, limit_window => ''day''.'),
        ('rules_limit_window', 'limit_window of %s is not known', 'A limit holds for a span of the calendar, or for ever.', 'Pass limit_window => ''hour'', ''day'', ''week'', ''month'' or ''ever''.'),
        ('rules_max_occurrences', 'max_occurrences of %s is out of range', 'The scorecard keeps the times of 1 to 100000 matches.', 'Leave it out for 1000.'),
        ('bands_axis', 'axis of %s is not known', 'Grades have two axes.', 'Pass axis => ''fit'' or ''engagement''.'),
        ('bands_label', 'label of %s is empty or too long', 'A label has 1 to 63 bytes.', 'For example label => ''A''.'),
        ('stages_thresholds', '%s is a detour with thresholds', 'A detour is entered by event, time or hand only.', 'Leave out min_score, min_engagement, min_fit, grades, requires and falls_below, or pass kind => ''progress''.'),
        ('stages_grades', 'grades of %s are empty or have a NULL among them', 'They list the grades that qualify.', 'For example grades => ''{A1,A2,B1}'', or NULL for any.'),
        ('stages_requires', 'requires of %s is not an object of rules and counts', 'It maps names of rules to how often each must have matched, 1 or more.', 'For example requires => ''{"webinar": 1}''.'),
        ('stages_on_event', 'on_event_condition of %s goes with no on_event', 'The condition is over the events of type on_event.', 'For example on_event => ''demo_request''.'),
        ('stages_falls_below', 'falls_below of %s is above min_score', 'A lead would fall back in the moment it qualifies.', 'For example min_score => 50, falls_below => 40.'),
        ('stages_timeout', 'within and timeout_stage of %s do not come together', 'A lead that has not moved on within the interval goes to timeout_stage, another stage.', 'For example within => ''24 hours'', timeout_stage => ''recycled''.'),
        ('settings_score_bounds', 'a bound of the score of %s is out of range', 'Both are numbers between -1e12 and 1e12.', 'For example min_score = 0, max_score = 100, or NULL for none.'),
        ('settings_score_range', 'min_score of %s is above max_score', 'No score lies between them.', 'For example min_score = 0, max_score = 100.'),
        ('settings_future_tolerance', 'future_tolerance of %s is no fixed length of time', 'Months and years differ in length, and what lies behind the clock is not ahead of it.', 'Write it in days or smaller units, such as ''5 minutes'', or ''0''.'),
        ('report_settings_spend', 'the settings of spend of %s are incomplete', 'A table of spend comes with its columns of campaign, day and amount; that of channel comes with it only.', 'Set spend_table, spend_campaign, spend_date and spend_amount together, as set_spend() does, or none of them.'),
        ('report_settings_revenue', 'the settings of revenue of %s are incomplete', 'A table of revenue comes with its columns of lead, day and amount.', 'Set revenue_table, revenue_lead, revenue_date and revenue_amount together, as set_revenue() does, or none of them.'),
        ('report_settings_look_back', 'look_back of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''90 days'', or NULL for any.'),
        ('report_settings_half_life', 'half_life of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''7 days'', or NULL for that.'),
        ('report_settings_dimensions', 'dimensions of %s are no object of names and expressions', 'A name has 1 to 63 bytes and is not "campaign" or "channel", which reports know already; an expression is SQL over the row of a lead.', 'For example dimensions = ''{"country": "country"}''.'),
        ('report_settings_week_starts', 'week_starts of %s is no day of the week', 'A week of reports begins on a day from monday to sunday, in lower case.', 'For example week_starts = ''sunday''.'),
        ('report_settings_band', 'qualified_low and qualified_high of %s are no band', 'Both are shares from 0 to 1, the lower one first.', 'For example qualified_low = 0.02, qualified_high = 0.05.'),
        ('stages_exit', 'exit of %s does not fit', 'A detour is left by score or by hand; other stages have no exit.', 'Pass exit => ''score'' or ''hand'' with kind => ''detour''.'),
        ('stages_counts_as', 'counts_as of %s is unknown', 'A stage counts as mql, sal, sql, opportunity or customer, or as nothing (NULL).', 'For example counts_as => ''mql''.')
        ) m (constraint_name, message, detail, hint)
     WHERE m.constraint_name = refuse_draft_row.constraint_name
        OR m.constraint_name LIKE '\_%' AND right(refuse_draft_row.constraint_name, length(m.constraint_name)) = m.constraint_name
     ORDER BY m.constraint_name LIKE '\_%' LIMIT 1;
    IF found.message IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023',
            format(found.message, subject, regexp_replace(constraint_name, '^' || relation || '_|_span$', '', 'g')), found.detail, found.hint,
            constraint_name);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_draft_row IS 'Raises 22023 with what is wrong with a row of a table of the draft that breaks a constraint. Returns when the constraint is none of ours.';

CREATE FUNCTION lead_scoring_internal.check_draft_values(model text, relation text, draft_row jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted CONSTANT regclass := format('lead_scoring_internal.%I', relation);
    own CONSTANT regclass := to_regclass(format('%I.%I', model, relation));
    broken text;
BEGIN
    SELECT a.attname INTO broken
      FROM pg_attribute w JOIN pg_attribute a ON a.attrelid = own AND a.attname = w.attname AND a.atttypid = w.atttypid AND a.attnotnull
     WHERE w.attrelid = wanted AND w.attnum > 0 AND w.attnotnull AND draft_row ->> a.attname IS NULL ORDER BY a.attnum LIMIT 1;
    IF broken IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('%s of %s is NULL', broken, lead_scoring_internal.draft_subject(model, relation, draft_row)),
            'It has no meaning without a value.', format('Pass %s => ..., or leave it out if it has a default.', broken));
    END IF;
    -- In the order in which the server would look at them.
    EXECUTE format('SELECT CASE %s END FROM jsonb_populate_record(NULL::%s, $1)',
                   (SELECT string_agg(format('WHEN NOT %s THEN %L', pg_get_expr(w.conbin, w.conrelid), w.conname), ' ' ORDER BY w.conname)
                      FROM pg_constraint w JOIN pg_constraint c ON c.conrelid = own AND c.conname = w.conname AND c.contype = 'c'
                     WHERE w.conrelid = wanted AND w.contype = 'c'), wanted) INTO broken USING draft_row;
    PERFORM lead_scoring_internal.refuse_draft_row(model, relation, draft_row, broken);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_draft_values IS 'Raises what is wrong with a row of a table of the draft by itself, as its constraints have it: 22004 for a NULL, 22023 for all else. What a table has lost, which models() tells, is not looked at.';

CREATE FUNCTION lead_scoring_internal.known_fields(own regclass)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT jsonb_build_object(%s)', string_agg(format('%L, ($1).%1$I', a.attname), ', ' ORDER BY a.attnum))
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid
  JOIN pg_attribute w ON w.attrelid = format('lead_scoring_internal.%I', c.relname)::regclass AND w.attname = a.attname AND w.atttypid = a.atttypid
 WHERE c.oid = own AND a.attnum > 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.known_fields IS 'The query that makes JSON of a row, $1, of a table of the draft: of the columns that it is to have, as they are to be. Nothing is called that belongs to the type of any other.';

CREATE FUNCTION lead_scoring_internal.check_draft_row_as_owner()
RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.check_draft_row()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    draft_row jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(TG_TABLE_SCHEMA);
    IF TG_TABLE_NAME = 'rules' AND TG_OP = 'INSERT' THEN
        NEW.rule_group := coalesce(NEW.rule_group, CASE WHEN NEW.event_type IS NULL THEN 'fit' ELSE 'engagement' END);
    ELSIF TG_TABLE_NAME = 'stages' AND TG_OP = 'INSERT' THEN
        IF NEW.rank IS NULL THEN
            EXECUTE format('SELECT coalesce(max(s.rank) + 10, 0) FROM %I.stages s', TG_TABLE_SCHEMA) INTO NEW.rank;
        END IF;
    END IF;
    EXECUTE lead_scoring_internal.known_fields(TG_RELID) INTO draft_row USING NEW;
    PERFORM lead_scoring_internal.check_draft_values(TG_TABLE_SCHEMA, TG_TABLE_NAME, draft_row);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_draft_row IS 'Implements lead_scoring_internal.check_draft_row_as_owner, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring_internal.check_draft_row_as_owner IS 'Trigger before each row of the tables of a draft: gives a rule without a group that of its kind, a stage without a rank the next one, and raises what check_draft_values raises, and 42501 where a role without the rights of the model''s owner writes an expression, a table or a column.';

CREATE FUNCTION lead_scoring_internal.refuse_group(model text, rule_group text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    groups text[];
BEGIN
    EXECUTE format('SELECT array_agg(g.name) FROM %I.rule_groups g', model) INTO groups;
    PERFORM lead_scoring_internal.fail('42704', format('rule_group "%s" of %s does not exist', rule_group, subject),
        format('The groups of model "%s" are the rows of %I.rule_groups.', model, model),
        format('SELECT lead_scoring.add_group(%L, %L);', model, rule_group) || lead_scoring_internal.perhaps(rule_group, groups));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_group IS 'Raises 42704 for a rule whose group is not there; "subject" is what the error calls the rule.';

CREATE FUNCTION lead_scoring_internal.check_rule_group_as_owner()
RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.check_rule_group()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_there boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(TG_TABLE_SCHEMA);
    EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %I.rule_groups g WHERE g.name = $1)', TG_TABLE_SCHEMA) INTO is_there USING NEW.rule_group;
    IF NOT is_there THEN
        PERFORM lead_scoring_internal.refuse_group(TG_TABLE_SCHEMA, NEW.rule_group,
                                                   format('rule "%s"', NEW.name));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_rule_group IS 'Implements lead_scoring_internal.check_rule_group_as_owner, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring_internal.check_rule_group_as_owner IS 'Trigger after each rule, before the foreign key is looked at: raises what refuse_group raises where the group is not there when the statement ends.';

CREATE FUNCTION lead_scoring_internal.insert_draft_row(model text, relation text, draft_row jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_first_change boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.versions) AND NOT lead_scoring_internal.draft_differs($1)', model) INTO is_first_change USING model;
    EXECUTE format('INSERT INTO %1$I.%2$I (%3$s) SELECT %3$s FROM jsonb_populate_record(NULL::%1$I.%2$I, $1)', model, relation,
                   (SELECT string_agg(quote_ident(c.key), ', ') FROM jsonb_object_keys(draft_row) c (key))) USING draft_row;
    IF is_first_change THEN
        RAISE NOTICE USING MESSAGE = format('%s counts once the draft is published', lead_scoring_internal.draft_subject(model, relation, draft_row)),
            HINT = format('SELECT lead_scoring.publish(%L);', model);
    END IF;
EXCEPTION WHEN unique_violation THEN
    PERFORM lead_scoring_internal.fail('42710', format('%s already exists in model "%s"', lead_scoring_internal.draft_subject(model, relation, draft_row), model),
        CASE WHEN relation = 'bands' THEN 'An axis has one band of a label, and one of a number of points.'
             ELSE 'Names are unique within a model.' END,
        format('SELECT * FROM %I.%I;  -- UPDATE or DELETE its row', model, relation));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.insert_draft_row IS 'Adds a row to a draft table, for the owner of the model only. A notice says so where the draft is no more what is published. Raises what its triggers raise, 42710 for a name that is taken.';
-- What of the draft is checked with the catalog at hand, and becomes part of a version.

CREATE FUNCTION lead_scoring_internal.compile_expression(relation regclass, expression text, kind text, subject text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_compile_expression';
COMMENT ON FUNCTION lead_scoring_internal.compile_expression IS 'The expression as the server deparses it, NULL for NULL; raises what check_expression raises, with the subject in the context.';

CREATE FUNCTION lead_scoring_internal.reads_column(expression text, column_name text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT bare ~ '\.\*' OR EXISTS (
           SELECT FROM regexp_matches(bare, '(?<![.:"\w$])("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)(?![\w$"(.])', 'g') m (token)
            WHERE m.token[1] = quote_ident(column_name))
  FROM (SELECT regexp_replace(expression, '''(?:[^'']|'''')*''|OPERATOR\([^)]*\)', '', 'g')) e (bare)
$$;
COMMENT ON FUNCTION lead_scoring_internal.reads_column IS 'Whether an expression, as deparsed over a single table, reads the column, by itself or with the whole row. There, a column is a name with no dot or cast before it and no parenthesis behind it.';

CREATE FUNCTION lead_scoring_internal.seconds(span interval)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT trim_scale(extract(epoch FROM span))
$$;
COMMENT ON FUNCTION lead_scoring_internal.seconds IS 'Length of an interval in seconds, a day being 86400; NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.check_event_type(events regclass, event_column text, event_type text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    labels text;
BEGIN
    SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) INTO labels
      FROM pg_attribute a JOIN pg_enum e ON e.enumtypid = a.atttypid
     WHERE a.attrelid = events AND a.attname = event_column
    HAVING NOT bool_or(e.enumlabel = event_type);
    IF labels IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('%s waits for events of type "%s", which cannot occur', subject, event_type),
            format('Column "%s" of table %s is an enum of %s.', event_column, events, labels),
            'Name one of these, or add the value to the enum with ALTER TYPE.');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_event_type IS 'Raises 22023 when the type column of events is an enum without such a label.';

CREATE FUNCTION lead_scoring_internal.compile_row(entity text, subject text, draft_row jsonb, leads regclass DEFAULT NULL, events regclass DEFAULT NULL,
                                                  type_column text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waits_for CONSTANT text := (SELECT draft_row ->> f.field FROM lead_scoring_internal.draft_fields f
                                 WHERE f.entity = compile_row.entity AND f.kind = 'event type');
BEGIN
    IF waits_for IS NOT NULL THEN
        PERFORM lead_scoring_internal.check_event_type(events, type_column, waits_for, subject);
    END IF;
    RETURN (
        SELECT draft_row
               || jsonb_object_agg(f.field, CASE f.kind
                      WHEN 'interval' THEN to_jsonb(lead_scoring_internal.seconds((draft_row ->> f.field)::interval))
                      ELSE to_jsonb(lead_scoring_internal.compile_expression(CASE WHEN waits_for IS NULL THEN leads ELSE events END, draft_row ->> f.field,
                                                                    split_part(f.kind, ' ', 1), f.field || ' of ' || subject)) END)
               || CASE WHEN bool_or(f.is_owners) THEN jsonb_build_object('typed', jsonb_object_agg(f.field, draft_row -> f.field) FILTER (WHERE f.is_owners)) ELSE '{}' END
          FROM lead_scoring_internal.draft_fields f
         WHERE f.entity = compile_row.entity AND f.kind IN ('interval', 'condition', 'number expression', 'key expression'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_row IS 'A row of a table of the draft as a version holds it: expressions deparsed, with the text as typed beside them, intervals in seconds. Raises 22023 for an event type that cannot occur, and what check_expression raises; "subject" is what errors call the row.';

CREATE FUNCTION lead_scoring_internal.compile_rules(model text, only_rule text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    r record;
    subject text;
    compiled jsonb;
    status_column text;
    rules jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR r IN EXECUTE format('SELECT r.name, r.rule_group, r.event_type IS NULL AS is_fit, g.kind AS group_kind, to_jsonb(r) AS draft_row
                               FROM %1$I.rules r LEFT JOIN %1$I.rule_groups g ON g.name = r.rule_group
                              WHERE $1 IS NULL OR r.name = $1 ORDER BY r.name COLLATE "C"', model) USING only_rule LOOP
        subject := format('rule "%s"', r.name);
        -- The foreign key holds in sessions that are no replica's, and as long as nobody drops it.
        IF r.group_kind IS NULL THEN
            PERFORM lead_scoring_internal.refuse_group(model, r.rule_group, subject);
        END IF;
        IF r.is_fit <> (r.group_kind = 'fit') THEN
            PERFORM lead_scoring_internal.fail('22023',
                format('%s is about %s, but its group "%s" is of kind %s', subject,
                       CASE WHEN r.is_fit THEN 'the lead' ELSE 'events' END, r.rule_group, r.group_kind),
                'Rules with an event_type belong to groups of kind engagement, rules without to groups of kind fit.',
                format('SELECT name FROM %I.rule_groups WHERE kind = ''%s'';  -- the groups that fit', model,
                       CASE WHEN r.is_fit THEN 'fit' ELSE 'engagement' END));
        END IF;
        compiled := lead_scoring_internal.compile_row('rules', subject, r.draft_row, bound.leads, bound.events, bound.event_type);
        FOR status_column IN SELECT e.value FROM jsonb_each_text(bound.status_columns) e WHERE r.is_fit ORDER BY e.value COLLATE "C" LOOP
            IF lead_scoring_internal.reads_column(compiled ->> 'condition', status_column) THEN
                PERFORM lead_scoring_internal.fail('22023', format('condition of %s reads the status column "%s"', subject, status_column),
                    'The model writes that column from the score, so the score cannot depend on it.',
                    'Use other columns of the lead; requires and falls_below of a stage say what depends on stages.');
            END IF;
        END LOOP;
        rules := rules || compiled;
    END LOOP;
    RETURN to_jsonb(rules);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_rules IS 'Checks each rule of the draft (or only_rule) against its group and the tables of the model, and returns these as a version holds them, by name.';

CREATE FUNCTION lead_scoring_internal.draft_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_draft_changed';
COMMENT ON FUNCTION lead_scoring_internal.draft_changed IS 'Trigger function of the tables of a draft: has the draft checked at the end of the transaction, as the model''s owner; raises 42501 where a role without his rights writes an expression, a table or a column.';

CREATE FUNCTION lead_scoring_internal.draft_renamed()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'stages' THEN
        EXECUTE format('UPDATE %I.stages SET timeout_stage = $2 WHERE timeout_stage = $1', TG_TABLE_SCHEMA) USING OLD.name, NEW.name;
    ELSE
        EXECUTE format('UPDATE %I.stages SET requires = requires - $1 || jsonb_build_object($2, requires -> $1) WHERE requires ? $1', TG_TABLE_SCHEMA)
          USING OLD.name, NEW.name;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_renamed IS 'Trigger function of rules and stages of a draft: what names a row goes by its new name, as a foreign key would have it.';

CREATE FUNCTION lead_scoring_internal.validate_draft(model text, rules text[], stages text[], named boolean, everything boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule text;
    stage text;
    scoring boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- A dump of data alone is restored table by table; the model is paused for it, or its settings are not there yet.
    EXECUTE format('SELECT NOT s.paused FROM %I.settings s', model) INTO scoring;
    IF scoring IS NOT TRUE OR (SELECT b.leads IS NULL FROM lead_scoring_internal.binding(model) b) THEN
        RETURN;
    END IF;
    IF everything THEN
        PERFORM lead_scoring_internal.compile_draft(model);
        RETURN;
    END IF;
    FOR rule IN SELECT DISTINCT r COLLATE "C" FROM unnest(rules) r ORDER BY 1 LOOP
        PERFORM lead_scoring_internal.compile_rules(model, rule);
    END LOOP;
    FOR stage IN SELECT DISTINCT s COLLATE "C" FROM unnest(stages) s ORDER BY 1 LOOP
        PERFORM lead_scoring_internal.compile_stages(model, stage);
    END LOOP;
    IF named THEN
        PERFORM lead_scoring_internal.check_stages(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.validate_draft IS 'Refuses at the end of a transaction what could not be published, by the same checks as publish: of these rules and stages, of how stages fit what they name, or of everything. Does nothing while the model is paused or settings has no row, as in a half-restored dump.';
-- add_group, add_rule, add_fit_rule, add_band.

CREATE FUNCTION lead_scoring.add_group(
    model text,
    name text,
    kind text DEFAULT 'engagement',
    min_points numeric DEFAULT NULL,
    max_points numeric DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_group(
    model text,
    name text,
    kind text,
    min_points numeric,
    max_points numeric)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.insert_draft_row(model, 'rule_groups',
        jsonb_build_object('name', name, 'kind', kind, 'min_points', min_points, 'max_points', max_points));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_group IS 'Implements lead_scoring.add_group, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_group IS 'Adds a group of rules to the draft: kind engagement (rules on events) or fit (rules on the lead); min_points and max_points bound what the group gives. Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none. Every model has the groups engagement and fit. Effective with the next publish.';

CREATE FUNCTION lead_scoring.add_rule(
    model text,
    name text,
    event_type text,
    points numeric,
    condition text DEFAULT NULL,
    per text DEFAULT NULL,
    rule_group text DEFAULT 'engagement',
    decay text DEFAULT 'none',
    half_life interval DEFAULT NULL,
    lifespan interval DEFAULT NULL,
    "drop" double precision DEFAULT NULL,
    step interval DEFAULT NULL,
    min_points numeric DEFAULT NULL,
    max_points numeric DEFAULT NULL,
    limit_count integer DEFAULT NULL,
    limit_window text DEFAULT NULL,
    limit_key text DEFAULT NULL,
    max_occurrences integer DEFAULT 1000)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_rule(
    model text,
    name text,
    event_type text,
    points numeric,
    condition text,
    per text,
    rule_group text,
    decay text,
    half_life interval,
    lifespan interval,
    "drop" double precision,
    step interval,
    min_points numeric,
    max_points numeric,
    limit_count integer,
    limit_window text,
    limit_key text,
    max_occurrences integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF event_type IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('event_type of rule "%s" is NULL', name), 'A rule on events names the type that matches.',
            'Pass event_type => ''page_view'', or use add_fit_rule for a rule on the lead.');
    END IF;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'rules',
        jsonb_build_object('name', name, 'rule_group', rule_group, 'event_type', event_type, 'condition', condition, 'points', points,
            'per', per, 'decay', decay, 'half_life', half_life, 'lifespan', lifespan, 'drop', "drop", 'step', step,
            'min_points', min_points, 'max_points', max_points, 'limit_count', limit_count, 'limit_window', limit_window,
            'limit_key', limit_key, 'max_occurrences', max_occurrences));
    PERFORM lead_scoring_internal.compile_rules(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_rule IS 'Implements lead_scoring.add_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_rule IS
'Adds a rule on events to the draft: points, negative ones too, for each event of the type that meets the condition (an immutable SQL expression over the row of the event).
per is a numeric expression by which the points are multiplied. decay: none, exponential (half_life), linear (lifespan), step (drop, a share, with each step) or window (lifespan); intervals in days or smaller units. min_points and max_points bound what the rule gives. limit_count matches at the most count within limit_window (hour, day, week, month, ever), for each limit_key. Effective with the next publish. Linear, step and window rules count the latest max_occurrences matches of a lead.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none, 42704 for an unknown group, and for an expression what check_expression() raises.';

CREATE FUNCTION lead_scoring.add_fit_rule(
    model text,
    name text,
    condition text,
    points numeric,
    rule_group text DEFAULT 'fit')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_fit_rule(
    model text,
    name text,
    condition text,
    points numeric,
    rule_group text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF condition IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('condition of rule "%s" is NULL', name),
            'A rule on the lead gives its points to the leads that meet the condition.', 'Pass condition => ''true'' for all leads.');
    END IF;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'rules',
        jsonb_build_object('name', name, 'rule_group', rule_group, 'condition', condition, 'points', points));
    PERFORM lead_scoring_internal.compile_rules(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_fit_rule IS 'Implements lead_scoring.add_fit_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_fit_rule IS 'Adds a rule on the lead to the draft: points, negative ones too, while the row of the lead meets the condition, an immutable SQL expression over it that reads no status column. Fit does not decay. Effective with the next publish. Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none; 22023 too for a condition that reads a status column, 42704 for an unknown group, and for the condition what check_expression() raises.';

CREATE FUNCTION lead_scoring.add_band(
    model text,
    axis text,
    label text,
    min_points numeric)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_band(
    model text,
    axis text,
    label text,
    min_points numeric)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.insert_draft_row(model, 'bands',
        jsonb_build_object('axis', axis, 'label', label, 'min_points', min_points));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_band IS 'Implements lead_scoring.add_band, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_band IS 'Adds a band to the draft: from min_points of fit or engagement on (axis), the grade bears this label. A grade is the label of fit followed by the label of engagement. Effective with the next publish. Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none.';
-- Stages: the draft table, its checks, and the function that fills it.

CREATE FUNCTION lead_scoring_internal.check_stages(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT count(*) = 0 AS none FROM %I.stages s WHERE s.kind = ''progress''', model) INTO found;
    IF found.none THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" has no progress stage', model), 'Every lead starts in the lowest one.',
            format('SELECT lead_scoring.add_stage(%L, ''lead'', rank => 0);', model));
    END IF;

    EXECUTE format('SELECT * FROM (SELECT s.name, lead(s.name) OVER (PARTITION BY s.rank ORDER BY s.name COLLATE "C") AS other, s.rank
                                     FROM %1$I.stages s WHERE s.kind = ''progress'') s
                     WHERE s.other IS NOT NULL ORDER BY s.rank, s.name COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('stages "%s" and "%s" both have rank %s', found.name, found.other, found.rank),
            'Leads move up by rank, so each progress stage has one of its own.', 'Give one of them another rank, or leave rank out to come last.');
    END IF;

    EXECUTE format('SELECT s.name, s.timeout_stage, ARRAY(SELECT o.name FROM %1$I.stages o WHERE o.name <> s.name) AS others FROM %1$I.stages s
                     WHERE s.timeout_stage IS NOT NULL AND NOT EXISTS (SELECT FROM %1$I.stages o WHERE o.name = s.timeout_stage)
                     ORDER BY s.rank, s.name COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('timeout_stage "%s" of stage "%s" does not exist', found.timeout_stage, found.name),
            format('The stages of model "%s" are the rows of %I.stages.', model, model),
            format('SELECT lead_scoring.add_stage(%L, %L, kind => ''detour'');', model, found.timeout_stage)
                || lead_scoring_internal.perhaps(found.timeout_stage, found.others));
    END IF;

    EXECUTE format('SELECT s.name, q.rule, ARRAY(SELECT r.name FROM %1$I.rules r) AS rules FROM %1$I.stages s, jsonb_object_keys(s.requires) q (rule)
                     WHERE NOT EXISTS (SELECT FROM %1$I.rules r WHERE r.name = q.rule)
                     ORDER BY s.rank, s.name COLLATE "C", q.rule COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('stage "%s" requires rule "%s", which does not exist', found.name, found.rule),
            'No lead could ever reach the stage by its score.', format('SELECT name FROM %I.rules;', model) || lead_scoring_internal.perhaps(found.rule, found.rules));
    END IF;

    -- An axis without bands adds nothing to a grade; without any bands there are no grades.
    EXECUTE format('SELECT s.name, q.grade, (SELECT count(*) FROM %1$I.bands) AS bands
                      FROM %1$I.stages s, unnest(s.grades) q (grade)
                     WHERE NOT EXISTS (
                           SELECT FROM (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''fit''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''fit'')) f (label),
                                       (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''engagement''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''engagement'')) e (label)
                            WHERE f.label || e.label = q.grade AND q.grade <> '''')
                     ORDER BY s.rank, s.name COLLATE "C", q.grade COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('grade "%s" of stage "%s" cannot occur', found.grade, found.name),
            CASE WHEN found.bands = 0 THEN 'The model has no bands, and so no grades.'
                 ELSE 'A grade is a label of fit followed by a label of engagement.' END,
            CASE WHEN found.bands = 0 THEN format('SELECT lead_scoring.add_band(%L, ''fit'', ''A'', 40);', model)
                 ELSE format('SELECT * FROM %I.bands;', model) END);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_stages IS 'Raises when the stages of the draft do not fit each other, the rules or the bands: none of kind progress (55000), a rank twice or a grade that cannot occur (22023), an unknown stage or rule (42704).';

CREATE FUNCTION lead_scoring_internal.stage_exit(name text, kind text, exit text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN kind = 'detour' THEN coalesce(exit, CASE WHEN name = 'disqualified' THEN 'hand' ELSE 'score' END) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_exit IS 'How a stage is left, where it is a detour; NULL for any other.';

CREATE FUNCTION lead_scoring_internal.compile_stages(model text, only_stage text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    s record;
    stages jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.check_stages(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR s IN EXECUTE format('SELECT s.name, s.kind, s.exit, to_jsonb(s) AS draft_row FROM %I.stages s
                              WHERE $1 IS NULL OR s.name = $1 ORDER BY s.rank, s.name COLLATE "C"', model) USING only_stage LOOP
        stages := stages || (lead_scoring_internal.compile_row('stages', format('stage "%s"', s.name), s.draft_row, bound.leads, bound.events, bound.event_type)
            || jsonb_build_object('exit', lead_scoring_internal.stage_exit(s.name, s.kind, s.exit)));
    END LOOP;
    RETURN to_jsonb(stages);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_stages IS 'Checks how the stages of the draft fit each other, and each by itself (or only_stage, for whoever adds one after the other), and returns these as a version holds them, by rank, the exit of each detour resolved.';

CREATE FUNCTION lead_scoring.add_stage(
    model text,
    name text,
    min_score numeric DEFAULT NULL,
    on_event text DEFAULT NULL,
    on_event_condition text DEFAULT NULL,
    requires jsonb DEFAULT NULL,
    grades text[] DEFAULT NULL,
    min_engagement numeric DEFAULT NULL,
    min_fit numeric DEFAULT NULL,
    falls_below numeric DEFAULT NULL,
    within interval DEFAULT NULL,
    timeout_stage text DEFAULT NULL,
    cooldown interval DEFAULT NULL,
    rank integer DEFAULT NULL,
    kind text DEFAULT 'progress',
    exit text DEFAULT NULL,
    counts_as text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_stage(
    model text,
    name text,
    min_score numeric,
    on_event text,
    on_event_condition text,
    requires jsonb,
    grades text[],
    min_engagement numeric,
    min_fit numeric,
    falls_below numeric,
    within interval,
    timeout_stage text,
    cooldown interval,
    rank integer,
    kind text,
    exit text,
    counts_as text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'stages',
        jsonb_build_object('name', name, 'rank', rank, 'kind', kind, 'min_score', min_score, 'min_engagement', min_engagement,
            'min_fit', min_fit, 'grades', grades, 'requires', requires, 'on_event', on_event,
            'on_event_condition', on_event_condition, 'falls_below', falls_below, 'within', within,
            'timeout_stage', timeout_stage, 'cooldown', cooldown, 'exit', exit, 'counts_as', counts_as));
    PERFORM lead_scoring_internal.compile_stages(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_stage IS 'Implements lead_scoring.add_stage, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_stage IS
'Adds a stage to the draft; rank defaults to 10 above the highest. A progress stage is entered when min_score, min_engagement, min_fit (points), grades and requires (rules and how often they must have matched) all hold; without any of them only by event, time or hand, as a detour is.
on_event, with on_event_condition, moves a lead here at once. Under falls_below points it falls back. A lead that has not moved on within the interval goes to timeout_stage. cooldown is the least time after entering before it may enter again. exit says how a detour is left: score or hand. counts_as is what reports and status columns take the stage for (mql, sal, sql, opportunity, customer), by default what its name says. Effective with the next publish.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none; 42704 for an unknown timeout_stage or a rule in requires, 22023 for a grade that cannot occur or a rank that is taken, and for on_event_condition what check_expression() raises.';
-- What a version says of what leads remember: which events are touches, and how many are kept of a lead.

CREATE FUNCTION lead_scoring_internal.draft_touches(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    IF settings ->> 'max_touches' IS NULL THEN
        RETURN '{}';
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    RETURN jsonb_build_object('touches', jsonb_build_object(
        'channel', coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)), 'asset', settings -> 'event_asset',
        'campaign', quote_ident(bound.event_campaign), 'max_touches', settings -> 'max_touches'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_touches IS 'What the next version says of touches, as a part of its definition: channel, asset and campaign as SQL over the row of an event, null for none, and max_touches. The channel is the campaign where report_settings say nothing else. Empty where leads are to remember nothing.';

CREATE FUNCTION lead_scoring_internal.compile_touches(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    draft CONSTANT jsonb := lead_scoring_internal.draft_touches(model);
    touches CONSTANT jsonb := draft -> 'touches';
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF touches -> 'channel' IS DISTINCT FROM touches -> 'campaign' THEN
        PERFORM lead_scoring_internal.report_key(bound.events, touches ->> 'channel', 'event_channel');
    END IF;
    PERFORM lead_scoring_internal.report_key(bound.events, touches ->> 'asset', 'event_asset');
    RETURN draft;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_touches IS 'What draft_touches says, checked against the table of events; raises what check_expression raises.';

CREATE FUNCTION lead_scoring_internal.remembering_version(model text)
RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.version FROM (SELECT v.version, v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1) v
                     WHERE (v.definition -> ''touches'') - ''max_touches'' = ($1 -> ''touches'') - ''max_touches''', model)
       INTO number USING lead_scoring_internal.draft_touches(model);
    RETURN number;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.remembering_version IS 'The newest version, where leads that are of it remember what report_settings ask for now; else NULL, and reports read the events.';
-- Who is who from version to version: ids, what a stage counts as, and what follows from a new name.

CREATE FUNCTION lead_scoring_internal.with_ids(model text, section text, items jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong record;
    names CONSTANT text := lead_scoring_internal.fill(
        'SELECT (d.item ->> ''id'')::bigint AS id, d.item ->> ''name'' AS name, v.version FROM {model}.versions v, jsonb_array_elements(v.definition -> $1) d (item)',
        jsonb_build_object('model', model));
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill($query$
        WITH known AS (  -- what each was called last
            SELECT DISTINCT ON (n.id) n.* FROM ({!names}) n ORDER BY n.id, n.version DESC
        ), numbered AS (
            SELECT i.place, i.item, (i.item ->> 'id')::bigint AS id FROM jsonb_array_elements($2) WITH ORDINALITY i (item, place)
        ), found AS (
            SELECT n.place, n.item, coalesce(n.id, (
                       SELECT k.id FROM known k WHERE k.name = n.item ->> 'name' AND NOT EXISTS (SELECT FROM numbered o WHERE o.id = k.id)
                        ORDER BY k.version DESC LIMIT 1)) AS id
              FROM numbered n
        ), given AS (
            SELECT f.place, f.item, coalesce(f.id, row_number() OVER (PARTITION BY f.id IS NULL ORDER BY f.place)
                       + (SELECT coalesce(max(i.id), -1) FROM (SELECT k.id FROM known k UNION ALL SELECT o.id FROM found o) i)) AS id
              FROM found f
        )
        SELECT coalesce(jsonb_agg(g.item || jsonb_build_object('id', g.id) ORDER BY CASE $1 WHEN 'rules' THEN g.id END, g.place), '[]') FROM given g
        $query$, jsonb_build_object('names', names)) INTO items USING section, items;
    SELECT d.id, d.name, d.other INTO wrong
      FROM (SELECT (i.item ->> 'id')::bigint AS id, i.item ->> 'name' AS name,
                   lead(i.item ->> 'name') OVER (PARTITION BY i.item ->> 'id' ORDER BY i.item ->> 'name' COLLATE "C") AS other
              FROM jsonb_array_elements(items) i (item)) d
     WHERE d.other IS NOT NULL OR d.id NOT BETWEEN 0 AND 65535 ORDER BY d.id, d.name COLLATE "C" LIMIT 1;
    IF wrong.other IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('%s "%s" and "%s" both have id %s', section, wrong.name, wrong.other, wrong.id),
            'By its id cards know whose points they hold.', format('UPDATE %I.%I SET id = NULL WHERE name = %L;', model, section, wrong.other));
    ELSIF wrong.id IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('54000', format('id %s of "%s" in %s.%s is out of range', wrong.id, wrong.name, quote_ident(model), section),
            'Ids go from 0 to 65535, and that of what is deleted is not given again.',
            format('UPDATE %I.%I SET id = NULL WHERE name = %L;  -- and where none is left, make another model', model, section, wrong.name));
    END IF;
    -- History and dates bear names. One that was another's would be taken for it.
    EXECUTE format('SELECT i.item ->> ''name'' AS name, n.now FROM jsonb_array_elements($2) i (item)
                      JOIN (SELECT DISTINCT ON (k.id) k.id, k.name AS now, array_agg(k.name) OVER (PARTITION BY k.id) AS names
                              FROM (%s) k ORDER BY k.id, k.version DESC) n ON i.item ->> ''name'' = ANY (n.names) AND n.id <> (i.item ->> ''id'')::bigint
                     ORDER BY i.item ->> ''name'' COLLATE "C" LIMIT 1', names) INTO wrong USING section, items;
    IF wrong.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42710', format('"%s" was the name of another of the %s of model "%s"', wrong.name, section, model),
            format('What is now called "%s" bore it in a version that was published, and history goes by names.', wrong.now),
            format('UPDATE %I.%I SET name = %L WHERE name = %L;', model, section, wrong.name || ' 2', wrong.name));
    END IF;
    RETURN items;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_ids IS 'Rules or stages of the draft, each with its id, and rules in their order: its own, else that of what was called so in a version last, so that a rule which is deleted and added again is the same, else the next one. Raises 22023 where two have the same, 54000 for one out of range, 42710 for a name that was another''s.';

CREATE FUNCTION lead_scoring_internal.keep_ids(model text, section text, items jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('UPDATE %1$I.%2$I d SET id = (i.item ->> ''id'')::integer FROM jsonb_array_elements($1) i (item)
                     WHERE d.name = i.item ->> ''name'' AND d.id IS NULL', model, section) USING items;
    -- It waits for whoever is changing a row, and finds no row where he renames or deletes it.
    EXECUTE format('SELECT i.item ->> ''name'' FROM jsonb_array_elements($1) i (item)
                     WHERE NOT EXISTS (SELECT FROM %I.%I d WHERE d.id = (i.item ->> ''id'')::integer) ORDER BY 1 LIMIT 1', model, section)
       INTO changed USING items;
    IF changed IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('40001', format('the draft of model "%s" was changed while it was published', model),
            format('"%s" in %I.%s has another name now, or is gone.', changed, model, section), format('SELECT lead_scoring.publish(%L);', model));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.keep_ids IS 'Writes the ids that rules or stages were given into the draft, so that they go along with a new name. Raises 40001 where a row was changed meanwhile.';

CREATE FUNCTION lead_scoring_internal.newest_stages(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stages jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition -> ''stages'' FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO stages;
    RETURN stages;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.newest_stages IS 'The stages of the newest version, by rank; NULL where nothing is published.';

CREATE FUNCTION lead_scoring_internal.entry_note(stage text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('When the lead first entered stage "%s"; NULL if it never did.', stage)
$$;
COMMENT ON FUNCTION lead_scoring_internal.entry_note IS 'The comment on a column that says when leads entered a stage.';

CREATE FUNCTION lead_scoring_internal.meanings()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{mql,sal,sql,opportunity,customer}'::text[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.meanings IS 'What a stage can count as.';

CREATE FUNCTION lead_scoring_internal.with_meaning(model text, stages jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    twice record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- A stage counts as what it says, else as what it is called, else as what it counted as under another name.
    EXECUTE $query$
        WITH stage AS (
            SELECT s.place, s.stage, s.stage ->> 'counts_as' AS said, b.stage ->> 'counts_as' AS before,
                   CASE WHEN lower(s.stage ->> 'name') = ANY (lead_scoring_internal.meanings()) THEN lower(s.stage ->> 'name') END AS called
              FROM jsonb_array_elements($1) WITH ORDINALITY s (stage, place)
              LEFT JOIN jsonb_array_elements(lead_scoring_internal.newest_stages($2)) b (stage) ON b.stage -> 'id' = s.stage -> 'id'
        ), chosen AS (
            SELECT s.*, coalesce(s.said, CASE WHEN NOT EXISTS (SELECT FROM stage o WHERE o.said = s.called) THEN s.called END) AS meaning FROM stage s
        )
        SELECT jsonb_agg(c.stage || jsonb_build_object('counts_as', coalesce(c.meaning,
                   CASE WHEN c.called IS NULL AND NOT EXISTS (SELECT FROM chosen o WHERE o.meaning = c.before) THEN c.before END),
                   'typed', c.stage -> 'typed' || jsonb_build_object('counts_as', c.said)) ORDER BY c.place)
          FROM chosen c
        $query$ INTO stages USING stages, model;
    SELECT s.stage ->> 'counts_as' AS meaning, min(s.stage ->> 'name' COLLATE "C") AS one, max(s.stage ->> 'name' COLLATE "C") AS other INTO twice
      FROM jsonb_array_elements(stages) s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1;
    IF twice.meaning IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('stages "%s" and "%s" both count as %s', twice.one, twice.other, twice.meaning),
            'Reports and status columns go by one stage; which one it is says its column counts_as, and without that its name.',
            format('UPDATE %I.stages SET counts_as = CASE name WHEN %L THEN %L END WHERE name IN (%L, %L);', model, twice.one, twice.meaning, twice.one, twice.other));
    END IF;
    RETURN stages;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_meaning IS 'Stages of the draft, each with what it counts as, in which a new name changes nothing. Raises 22023 where two count as the same.';

CREATE FUNCTION lead_scoring_internal.status_stage(model text, key text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT d.stage ->> 'name' FROM jsonb_array_elements(lead_scoring_internal.newest_stages(model)) d (stage)
 WHERE key IN (d.stage ->> 'name' || '_at', d.stage ->> 'counts_as' || '_at')
 ORDER BY d.stage ->> 'name' || '_at' = key DESC LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.status_stage IS 'The stage whose first entry a status column of that key shows, such as mql_at: the one of that name in the newest version, else the one that counts as it; NULL where there is neither.';

CREATE FUNCTION lead_scoring_internal.shown_stages(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shown jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT jsonb_object_agg(e.value, coalesce(lead_scoring_internal.status_stage($1, e.key), '''')) FROM %I.settings s, jsonb_each_text(s.status_columns) e', model)
       INTO shown USING model;
    RETURN shown;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.shown_stages IS 'The stage that each status column shows the first entry of; empty for those of other kinds and of no stage.';

CREATE FUNCTION lead_scoring_internal.rename_in_history(model text, section text, former text, name text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_rename_in_history';
COMMENT ON FUNCTION lead_scoring_internal.rename_in_history IS 'Has the rows of a model''s state call one of its rules or stages by its new name.';

CREATE FUNCTION lead_scoring_internal.follow_names(model text, before jsonb, now jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed record;
    status jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR renamed IN SELECT s.section, b.item ->> 'name' AS former, n.item ->> 'name' AS name
                     FROM unnest('{rules,stages}'::text[]) s (section)
                    CROSS JOIN LATERAL jsonb_array_elements(before -> s.section) b (item)
                     JOIN LATERAL jsonb_array_elements(now -> s.section) n (item) ON n.item -> 'id' = b.item -> 'id' AND n.item -> 'name' <> b.item -> 'name'
                    ORDER BY s.section, b.item ->> 'name' COLLATE "C" LOOP
        PERFORM lead_scoring_internal.rename_in_history(model, renamed.section, renamed.former, renamed.name);
        CONTINUE WHEN renamed.section = 'rules';
        IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid IN (format('%I.scores', model)::regclass, to_regclass(format('%I.leads', model)))
                      AND a.attname = renamed.name || '_at' AND NOT a.attisdropped) THEN
            PERFORM lead_scoring_internal.fail('42701', format('stage "%s" of model "%s" cannot be called "%s"', renamed.former, model, renamed.name),
                format('Table %I.scores or view %1$I.leads has a column "%s_at" already, of a stage that is gone or of your own.', model, renamed.name),
                format('UPDATE %I.stages SET name = %L WHERE name = %L;  -- or another name', model, renamed.name || ' 2', renamed.name));
        END IF;
        EXECUTE lead_scoring_internal.fill('ALTER TABLE {model}.scores RENAME COLUMN {former} TO {name}',
            jsonb_build_object('model', model, 'former', renamed.former || '_at', 'name', renamed.name || '_at'));
        EXECUTE format('COMMENT ON COLUMN %I.scores.%I IS %L', model, renamed.name || '_at',
                       lead_scoring_internal.entry_note(renamed.name));
        IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.leads', model)) AND a.attname = renamed.former || '_at') THEN
            EXECUTE lead_scoring_internal.fill('ALTER VIEW {model}.leads RENAME COLUMN {former} TO {name}',
                jsonb_build_object('model', model, 'former', renamed.former || '_at', 'name', renamed.name || '_at'));
            EXECUTE format('COMMENT ON COLUMN %I.leads.%I IS %L', model, renamed.name || '_at',
                           lead_scoring_internal.entry_note(renamed.name));
        END IF;
        EXECUTE format('UPDATE %I.report_settings r SET mql_stage = CASE r.mql_stage WHEN $1 THEN $2 ELSE r.mql_stage END,
                               sql_stage = CASE r.sql_stage WHEN $1 THEN $2 ELSE r.sql_stage END,
                               customer_stage = CASE r.customer_stage WHEN $1 THEN $2 ELSE r.customer_stage END
                         WHERE $1 IN (r.mql_stage, r.sql_stage, r.customer_stage)', model) USING renamed.former, renamed.name;
        EXECUTE format('SELECT s.status_columns FROM %I.settings s', model) INTO status;
        IF status ? (renamed.former || '_at') AND NOT status ? (renamed.name || '_at') AND lead_scoring_internal.status_stage(model, renamed.former || '_at') IS NULL THEN
            EXECUTE format('UPDATE %I.settings SET status_columns = status_columns - $1 || jsonb_build_object($2, status_columns -> $1)', model)
              USING renamed.former || '_at', renamed.name || '_at';
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.follow_names IS 'What goes by the name of a rule or stage goes by its new one: history, dates, keys of status columns, what reports are told. No move is recorded. Raises 42701 where a column of the new name is there already.';

CREATE FUNCTION lead_scoring_internal.tell_what_stays_empty(model text, definition jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    status record;
    told boolean := false;
    -- Which stage is meant only the user knows; it is none that counts as something, and not where leads begin.
    candidate CONSTANT text := (SELECT s.stage ->> 'name' FROM jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place)
                                 WHERE s.stage ->> 'counts_as' IS NULL AND s.place > 1 AND s.stage ->> 'kind' = 'progress' ORDER BY s.place LIMIT 1);
    hint CONSTANT text := CASE WHEN candidate IS NULL THEN 'SELECT lead_scoring.add_stage(%1$L, %2$L, 50), lead_scoring.publish(%1$L);'
        ELSE 'UPDATE %1$I.stages SET counts_as = %2$L WHERE name = %3$L; SELECT lead_scoring.publish(%1$L);  -- if that is the stage' END;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR status IN EXECUTE format('SELECT e.key, e.value AS name, left(e.key, -3) AS stage FROM %I.settings s, jsonb_each_text(s.status_columns) e
                                   WHERE e.key LIKE ''_%%\_at'' ORDER BY e.key COLLATE "C"', model) LOOP
        CONTINUE WHEN lead_scoring_internal.status_stage(model, status.key) IS NOT NULL;
        told := told OR status.stage = 'mql';
        RAISE NOTICE USING MESSAGE = format('status column "%s" stays empty: no stage of model "%s" is called or counts as %s', status.name, model, status.stage),
            HINT = CASE WHEN status.stage = ANY (lead_scoring_internal.meanings()) THEN format(hint, model, status.stage, candidate)
                        ELSE format('UPDATE %I.settings SET status_columns = status_columns - %L;', model, status.key) END;
    END LOOP;
    -- Where no stage counts as anything, reports go by their order.
    IF NOT told AND lead_scoring_internal.report_setting(model) ->> 'mql' IS NULL
       AND EXISTS (SELECT FROM jsonb_array_elements(definition -> 'stages') s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL) THEN
        RAISE NOTICE USING MESSAGE = format('reports of model "%s" show no MQLs: no stage counts as mql', model), HINT = format(hint, model, 'mql', candidate);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_stays_empty IS 'A notice for each status column and for the reports that a version leaves without a stage.';

CREATE FUNCTION lead_scoring_internal.tell_what_is_skipped(model text, definition jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    skipped record;
BEGIN
    FOR skipped IN
        WITH stage AS (
            SELECT s.place, d.*, num_nonnulls(d.min_score, d.min_engagement, d.min_fit, d.grades, d.requires) > 0 AS by_score
              FROM jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place)
             CROSS JOIN LATERAL jsonb_to_record(s.stage) d (name text, kind text, min_score numeric, min_engagement numeric, min_fit numeric, grades text[], requires jsonb)
             WHERE d.kind = 'progress')
        SELECT DISTINCT ON (l.place) l.name, l.min_score, h.name AS higher
          FROM stage l JOIN stage h ON h.place > l.place AND l.by_score AND h.by_score
           AND coalesce(h.min_score, '-Infinity') <= coalesce(l.min_score, '-Infinity')
           AND coalesce(h.min_engagement, '-Infinity') <= coalesce(l.min_engagement, '-Infinity')
           AND coalesce(h.min_fit, '-Infinity') <= coalesce(l.min_fit, '-Infinity')
           AND (h.grades IS NULL OR h.grades @> l.grades)
           AND NOT EXISTS (SELECT FROM jsonb_each(h.requires) r
                            WHERE coalesce((l.requires ->> r.key)::numeric, 0) < (r.value #>> '{}')::numeric)
         ORDER BY l.place, h.place LOOP
        RAISE NOTICE USING MESSAGE = format('no lead of model "%s" will enter stage "%s" by its score: whoever qualifies for it enters "%s"', model, skipped.name, skipped.higher),
            HINT = format('UPDATE %1$I.stages SET min_score = %2$s WHERE name = %3$L; SELECT lead_scoring.publish(%1$L);  -- or another number above that of the stage below',
                          model, coalesce(skipped.min_score, 0) + 20, skipped.higher);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_is_skipped IS 'A notice for each stage that leads jump over because the conditions of a higher one hold wherever its own do.';
-- Publishing: the draft, checked and written down, becomes the version that the triggers use.

CREATE FUNCTION lead_scoring_internal.stage_columns(model text)
RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT array_agg(n.name || ''_at'')
                      FROM (SELECT DISTINCT ON (s.stage -> ''id'') s.stage ->> ''name'' AS name
                              FROM %I.versions v, jsonb_array_elements(v.definition -> ''stages'') s (stage)
                             ORDER BY s.stage -> ''id'', v.version DESC) n', model) INTO columns;
    RETURN columns;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_columns IS 'The columns of a model''s scores that tell when a stage was entered: one for each stage that was ever published, by its latest name. Others there are the user''s own.';

CREATE FUNCTION lead_scoring_internal.newest_version(model text, OUT version bigint, OUT first_stage text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.version, s.stage ->> ''name'' FROM %I.versions v, jsonb_array_elements(v.definition -> ''stages'')
                           WITH ORDINALITY s (stage, place)
                     WHERE s.stage ->> ''kind'' = ''progress'' ORDER BY v.version DESC, s.place LIMIT 1', model)
       INTO version, first_stage;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.newest_version IS 'Number and first stage of the version published last; NULL where nothing was.';

CREATE FUNCTION lead_scoring_internal.make_leads_view(model text, anew boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scores CONSTANT regclass := format('%I.scores', model);
    -- A column that is there stays, also where the versions are lost that had the stage.
    shown CONSTANT name[] := ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.leads', model))
                                      AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
    stage_column record;
    stage_columns text := '';
    columns name[] := '{lead_id,score,engagement,fit,grade,stage}';
    column_notes jsonb := '{"lead_id": "Key of the lead.",
        "score": "Score as of now, in points.",
        "engagement": "Points for behaviour as of now.",
        "fit": "Points for attributes.",
        "grade": "Letter of fit and number of engagement as of now; NULL without bands.",
        "stage": "Stage of the lead."}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- In the order in which they were added, so that a new one comes last and OR REPLACE takes it.
    FOR stage_column IN SELECT a.attname AS name, left(a.attname, -3) AS stage FROM pg_attribute a
                         WHERE a.attrelid = scores AND NOT a.attisdropped
                           AND a.attname = ANY (lead_scoring_internal.stage_columns(model) || shown[cardinality(columns) + 1:])
                         ORDER BY a.attnum LOOP
        stage_columns := stage_columns || format(', s.%I', stage_column.name);
        columns := columns || stage_column.name;
        column_notes := column_notes || jsonb_build_object(stage_column.name,
            lead_scoring_internal.entry_note(stage_column.stage));
    END LOOP;
    -- To replace it is to wait for everybody who reads it, and to keep the next ones waiting.
    IF NOT anew AND columns = shown THEN
        RETURN;
    END IF;
    -- The clock is read once by whoever reads the view, through a cursor too.
    EXECUTE format('CREATE OR REPLACE VIEW %1$I.leads WITH (security_invoker = true) AS
        SELECT s.lead_id, n.score, n.engagement, n.fit, n.grade, s.stage%2$s
          FROM %1$I.scores s
         CROSS JOIN LATERAL lead_scoring_internal.score_now(s.tableoid, s.version, s.card, (SELECT pg_catalog.statement_timestamp())) n
         WHERE s.counted', model, stage_columns);
    PERFORM lead_scoring_internal.describe(format('%I.leads', model)::regclass,
        'The leads with their scores as of now, decayed when read; join the table of leads by lead_id.', column_notes);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_leads_view IS 'Creates the view "leads" of a model, or replaces it where stages have come, or anew. It is read with the rights of who reads it, so that row security on scores holds, and names no column of the user''s, so that it stands in the way of no migration.';

CREATE FUNCTION lead_scoring_internal.versioned_settings(settings jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT jsonb_object_agg(f.field, settings -> f.field) FROM lead_scoring_internal.draft_fields f
             WHERE f.entity = 'settings' AND NOT f.is_owners AND f.kind <> 'state');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.versioned_settings IS 'What of a model''s settings is part of a version.';

CREATE FUNCTION lead_scoring_internal.compile_draft(model text)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition jsonb;
    lost text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- What a row of the draft tells by itself is for its constraints to refuse.
    SELECT p.fault INTO lost FROM lead_scoring_internal.lost_parts(model) p WHERE p.by_hand IS NOT NULL LIMIT 1;
    IF lost IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('55000', lost, 'Without it the draft may say what cannot be scored.',
            format('SELECT lead_scoring.repair(%L);', model));
    END IF;
    PERFORM lead_scoring_internal.check_settings(model);
    EXECUTE format($query$
        SELECT lead_scoring_internal.compile_row('settings', NULL, lead_scoring_internal.versioned_settings(to_jsonb(s)))
               || lead_scoring_internal.compile_touches($1)
               || jsonb_build_object(
                   'groups', (SELECT coalesce(jsonb_agg(to_jsonb(g) ORDER BY g.name COLLATE "C"), '[]') FROM %1$I.rule_groups g),
                   'rules', lead_scoring_internal.with_ids($1, 'rules', lead_scoring_internal.compile_rules($1)),
                   'bands', (SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.axis COLLATE "C", b.min_points), '[]') FROM %1$I.bands b),
                   'stages', lead_scoring_internal.with_meaning($1, lead_scoring_internal.with_ids($1, 'stages', lead_scoring_internal.compile_stages($1))))
          FROM %1$I.settings s
        $query$, model) INTO definition USING model;
    RETURN definition;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_draft IS 'Checks the whole draft and returns the definition that publishing it would store.';

CREATE FUNCTION lead_scoring_internal.add_version(model text, version bigint, note text, definition jsonb) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_add_version';
COMMENT ON FUNCTION lead_scoring_internal.add_version IS 'Writes down a version, published now by the role that asked.';

CREATE FUNCTION lead_scoring_internal.publish_draft(model text, note text, OUT version bigint, OUT published boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    draft jsonb;
    current_version bigint;
    current_definition jsonb;
    stage_column text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    draft := lead_scoring_internal.compile_draft(model);
    PERFORM lead_scoring_internal.keep_ids(model, s.section, draft -> s.section) FROM unnest('{rules,stages}'::text[]) s (section);
    EXECUTE format('SELECT v.version, v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model)
       INTO current_version, current_definition;
    published := draft IS DISTINCT FROM current_definition;
    IF NOT published THEN
        RAISE NOTICE 'the draft of model "%" is unchanged, version % stays', model, current_version;
        PERFORM lead_scoring_internal.make_leads_view(model);
        version := current_version;
        RETURN;
    END IF;
    version := coalesce(current_version, 0) + 1;
    PERFORM lead_scoring_internal.add_version(model, version, note, draft);
    PERFORM lead_scoring_internal.follow_names(model, current_definition, draft);
    PERFORM lead_scoring_internal.tell_what_stays_empty(model, draft);
    PERFORM lead_scoring_internal.tell_what_is_skipped(model, draft);

    FOR stage_column IN SELECT d.stage ->> 'name' || '_at' FROM jsonb_array_elements(draft -> 'stages') WITH ORDINALITY d (stage, place)
                         WHERE NOT EXISTS (SELECT FROM pg_attribute a
                                            WHERE a.attrelid = format('%I.scores', model)::regclass
                                              AND a.attname = d.stage ->> 'name' || '_at' AND NOT a.attisdropped)
                         ORDER BY d.place LOOP
        EXECUTE format('ALTER TABLE %I.scores ADD COLUMN %I timestamptz', model, stage_column);
        EXECUTE format('COMMENT ON COLUMN %I.scores.%I IS %L', model, stage_column,
                       lead_scoring_internal.entry_note(left(stage_column, -3)));
    END LOOP;
    PERFORM lead_scoring_internal.make_leads_view(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.publish_draft IS 'The part of publish() that checks the draft and writes it down as a version, with the tables locked. "published" is false where the draft is the current version.';

CREATE FUNCTION lead_scoring.publish(
    model text,
    note text DEFAULT NULL,
    rescore boolean DEFAULT true)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.publish(
    model text,
    note text,
    rescore boolean)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_version bigint;
    published boolean;
    shown CONSTANT jsonb := lead_scoring_internal.shown_stages(model);
    named CONSTANT text[] := lead_scoring_internal.stage_columns(model);
BEGIN
    -- What was due is done under the version that was in force then, so that it does not matter when refresh last ran;
    -- unless that version cannot be computed any more, which is what this one may be for.
    PERFORM lead_scoring_internal.lock_tables(model);
    PERFORM lead_scoring_internal.upgrade_model(model);
    BEGIN
        PERFORM lead_scoring_internal.refresh_leads(model, clock_timestamp(), 1000000000000);
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_corrupted THEN
        NULL;
    END;
    SELECT d.version, d.published INTO new_version, published FROM lead_scoring_internal.publish_draft(model, note) d;
    IF published AND rescore THEN
        PERFORM lead_scoring_internal.rescore_now(model, CASE WHEN new_version > 1 THEN 'evaluate' ELSE 'replay' END);
        PERFORM lead_scoring_internal.notice_types(model);
    END IF;
    -- What status columns show may be another stage now, or the same by another name.
    IF published AND (shown IS DISTINCT FROM lead_scoring_internal.shown_stages(model) OR NOT named <@ lead_scoring_internal.stage_columns(model)) THEN
        PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, false));
    END IF;
    RETURN new_version;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.publish IS 'Implements lead_scoring.publish, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.publish IS
'Makes the draft of a model the version that scores, and returns its number; an unchanged draft keeps the current one, with a notice. For the model''s owner only.
Leads, then events with their partitions, are locked against writing until the transaction ends. With rescore every lead is computed anew: the first version replays history, so that stages bear historic dates; later ones evaluate each lead once, as of now. Moves that were due are made before, under the version that ends. Without it a lead is computed anew with its next event; with it, notices name the types of events that rules or stages wait for and that never came, where there are events.
Raises what the checks of rules and stages raise, 25000 at any isolation level but READ COMMITTED. Also 42P01, 42703 or 42804 where a table or column it reads has changed.';

CREATE FUNCTION lead_scoring.versions(model text)
RETURNS TABLE (version bigint, published_at timestamptz, published_by text, note text)
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.versions(model text)
RETURNS TABLE (version bigint, published_at timestamptz, published_by text, note text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY EXECUTE format('SELECT v.version, v.published_at, v.published_by, v.note FROM %I.versions v ORDER BY v.version', model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.versions IS 'Implements lead_scoring.versions, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.versions IS 'What was published of a model: number, time, role and note of each version. Takes USAGE on the schema and SELECT on its table "versions"; 42501 where row security limits the caller. 42704 for an unknown model.';
-- What time does to leads: refresh and rescore, and how far they are.

CREATE FUNCTION lead_scoring_internal.refresh_leads(model text, due timestamptz, most bigint) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_refresh_leads';
COMMENT ON FUNCTION lead_scoring_internal.refresh_leads IS
'Brings up to date at most that many of the leads that were due at a time and have not been looked at since, leaving out those that another session is working on, and returns how many it took. A batch of refresh(). Takes INSERT on the model''s transitions.';

CREATE FUNCTION lead_scoring_internal.require_commit(command text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_commit';
COMMENT ON FUNCTION lead_scoring_internal.require_commit IS 'Raises 25001 in a transaction block, where a procedure that commits in batches cannot run.';

-- No SET search_path, for a procedure that has one cannot commit: every name and operator is qualified instead.
CREATE PROCEDURE lead_scoring.refresh(model text, batch_size bigint DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
    started CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
BEGIN
    PERFORM lead_scoring_internal.require_commit('refresh');
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1::pg_catalog.int8 THEN
        PERFORM lead_scoring_internal.fail('22023', 'batch_size must be at least 1', 'It is the number of leads after which refresh commits.',
            'For example CALL lead_scoring.refresh(''sales'', 1000).');
    END IF;
    WHILE lead_scoring_internal.refresh_leads(model, started, batch_size) OPERATOR(pg_catalog.>) 0::pg_catalog.int8 LOOP
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE lead_scoring.refresh IS
'A procedure: CALL it outside of a transaction block. Applies what time alone does to leads: scores that decay under falls_below or out of negative points, service levels (within) that have passed, cooldowns that end, events that were future. Looks only at leads that are due (scores.due_at), commits after each batch_size of them, may run in several sessions at once and may be stopped at any time. Each move bears the instant it belongs to, whenever refresh runs. Raises 25001 in a transaction block. Takes INSERT on the model''s transitions. 22023 for a batch_size under 1, 42501 without these rights.';

CREATE FUNCTION lead_scoring_internal.rescore_leads(model text, last text, most bigint) RETURNS text
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_rescore_leads';
COMMENT ON FUNCTION lead_scoring_internal.rescore_leads IS
'Looks at so many leads after the last one (NULL: from the first one on), in order of their keys, computes those anew that are of an older version or have no row, and returns the key it came to; NULL when there are no more. A batch of rescore(). For the model''s owner only.';

CREATE PROCEDURE lead_scoring.rescore(model text, batch_size bigint DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
    last pg_catalog.text;
BEGIN
    PERFORM lead_scoring_internal.require_commit('rescore');
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1::pg_catalog.int8 THEN
        PERFORM lead_scoring_internal.fail('22023', 'batch_size must be at least 1', 'It is the number of leads after which rescore commits.',
            'For example CALL lead_scoring.rescore(''sales'', 1000).');
    END IF;
    LOOP
        last := lead_scoring_internal.rescore_leads(model, last, batch_size);
        EXIT WHEN last IS NULL;
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE lead_scoring.rescore IS
'A procedure: CALL it outside of a transaction block. Computes the leads anew that are of an older version, after a publish with rescore => false: each is evaluated once, as of now. Writers of leads and events go on meanwhile. Commits after each batch_size leads it looked at; stopped at any time, it leaves out what is done when called again. Raises 25001 in a transaction block. For the model''s owner only. 22023 for a batch_size under 1, 55000 where the model is paused or not published.';

-- ---------------------------------------------------------------- progress

CREATE FUNCTION lead_scoring_internal.progress_reports(OUT pid integer, OUT scores bigint, OUT phase text, OUT leads_done bigint,
                                              OUT leads_total bigint, OUT started_at timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'lead_scoring_progress_reports';
COMMENT ON FUNCTION lead_scoring_internal.progress_reports IS 'What the backends of this database report of long operations on models, each known by its table "scores". Numbers only, so that everybody may ask.';

CREATE VIEW lead_scoring.progress AS
SELECT r.pid, n.nspname::text AS model, r.phase, r.leads_done, r.leads_total, r.started_at
  FROM lead_scoring_internal.progress_reports() r
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.scores::pg_catalog.oid
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE');
GRANT SELECT ON lead_scoring.progress TO PUBLIC;
COMMENT ON VIEW lead_scoring.progress IS 'What publish, rescore, resume and repair are doing right now, a row each, for models whose schema the reader may use. Nothing where track_activities is off.';
COMMENT ON COLUMN lead_scoring.progress.pid IS 'Process of the session, as in pg_stat_activity.';
COMMENT ON COLUMN lead_scoring.progress.model IS 'Name of the model.';
COMMENT ON COLUMN lead_scoring.progress.phase IS 'reading events, scoring leads or writing status columns.';
COMMENT ON COLUMN lead_scoring.progress.leads_done IS 'Leads that are done.';
COMMENT ON COLUMN lead_scoring.progress.leads_total IS 'Leads there are; NULL until that is known.';
COMMENT ON COLUMN lead_scoring.progress.started_at IS 'When the operation began.';
-- What hands do: set_stage, adjust, cancel_adjustment, clear_problems.

CREATE FUNCTION lead_scoring.set_stage(model text, lead text, stage text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_set_stage';
CREATE FUNCTION lead_scoring.set_stage(model text, lead bigint, stage text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_set_stage';
CREATE FUNCTION lead_scoring.set_stage(model text, lead uuid, stage text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_set_stage';

CREATE FUNCTION lead_scoring.adjust(model text, lead text, points numeric, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS uuid LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_adjust';
CREATE FUNCTION lead_scoring.adjust(model text, lead bigint, points numeric, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS uuid LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_adjust';
CREATE FUNCTION lead_scoring.adjust(model text, lead uuid, points numeric, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS uuid LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_adjust';

CREATE FUNCTION lead_scoring.cancel_adjustment(model text, id uuid, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_cancel_adjustment';
COMMENT ON FUNCTION lead_scoring.cancel_adjustment IS
'Takes an adjustment back: its points count no more, as if they had never been given, but for the stages the lead has reached meanwhile. The row of the model''s adjustments stays, marked with when, by whom and why. Nothing happens where that was done already. Raises P0002 for an unknown id. Takes INSERT on the model''s adjustments and USAGE on the schema.';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.set_stage(text, %s, text, text) IS %L', key,
'Moves a lead to a stage by hand, whatever its score: a transition with cause manual, the role that did it and the reason. Nothing happens where the lead is in that stage already. Out of a detour, too. Raises 42704 for an unknown model or stage, P0002 for an unknown lead, 55000 where the model is paused or not published. Takes INSERT on the model''s transitions and USAGE on the schema.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.adjust(text, %s, numeric, text, timestamptz) IS %L', key,
'Adds points to a lead''s score by hand, or takes them away, until expires_at (NULL: for good), and returns the id of the new row of the model''s adjustments, by which cancel_adjustment() takes them back. Kept beside the computed score: engagement and fit never include it, and it survives every new version. Raises P0002 for an unknown lead, 55000 for one that has no score because the model is paused or not published, 22023 for points that are NULL or beyond 1e9 and for an infinite expires_at. Takes INSERT on the model''s adjustments and USAGE on the schema.');
    END LOOP;
END
$comments$;

CREATE FUNCTION lead_scoring.clear_problems(model text) RETURNS bigint
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_clear_problems';
COMMENT ON FUNCTION lead_scoring.clear_problems IS 'Empties the model''s list of problems, when they have been seen to, and returns how many there were. For the model''s owner only.';
-- Pausing a model and putting it right again.

CREATE FUNCTION lead_scoring_internal.lock_tables(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    tables text[];
    relation text;
    held integer;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM lead_scoring_internal.fail('25000',
            format('model "%s" cannot be changed at isolation level %s', model, upper(current_setting('transaction_isolation'))),
            'Events committed between the transaction''s snapshot and the locks would be missed.', 'BEGIN ISOLATION LEVEL READ COMMITTED;');
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF bound.leads IS NULL THEN
        PERFORM lead_scoring_internal.fail('55000', format('settings of model "%s" have no row', model),
            'The model was not restored completely, or its settings were truncated.', lead_scoring_internal.make_statement(model));
    END IF;
    -- An event comes to the leads table for its status, a cascading delete of leads to the events table, an adjustment
    -- to leads: no order suits all. So one table is waited for and the others are not; where one of those is taken, all
    -- are given back, and the next time it is the one that is waited for.
    tables := ARRAY[bound.leads::text, bound.events::text, format('%I.adjustments', model)];
    LOOP
        held := 0;
        BEGIN
            FOREACH relation IN ARRAY tables LOOP
                EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE %s', relation, CASE WHEN held > 0 THEN 'NOWAIT' END);
                held := held + 1;
            END LOOP;
            -- What was locked by name is what is used.
            PERFORM lead_scoring_internal.require_own(t::regclass, false) FROM unnest(tables) t;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            IF held = 0 THEN
                RAISE;  -- lock_timeout
            END IF;
            tables := tables[held + 1] || array_remove(tables, tables[held + 1]);
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.lock_tables IS 'For owner commands that change how a model scores: keeps everybody from writing leads, events (partitions of both included) and adjustments, and from moving leads, until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring.pause(model text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.pause(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    EXECUTE format('UPDATE %I.settings SET paused = true WHERE NOT paused', model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.pause IS 'Implements lead_scoring.pause, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.pause IS 'Stops scoring: leads and events are stored, but no score, stage or status column changes until resume(). For the model''s owner only. Writers of both tables, adjustments and moves by hand wait until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.status_update(model text, of_one_lead boolean) RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_status_update';
COMMENT ON FUNCTION lead_scoring_internal.status_update IS 'The statement, for write_table(), that writes the status columns which differ from the model''s scores, of lead $1 or of all leads; NULL where there are none.';

CREATE FUNCTION lead_scoring_internal.catch_up(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    looked_at bigint;
BEGIN
    looked_at := lead_scoring_internal.rescore_now(model, CASE WHEN lead_scoring_internal.has_scores(model) THEN 'catch up' ELSE 'replay' END);
    PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, false));
    RETURN looked_at;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.catch_up IS 'Computes every lead from the event log; stages move on from where they were, with the events that came since, each at its own time. Then writes the status columns that differ, whoever wrote them meanwhile. The tables must be locked.';

CREATE FUNCTION lead_scoring_internal.has_scores(model text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_one boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.scores)', model) INTO found_one;
    RETURN found_one;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.has_scores IS 'Whether the model has scored any lead.';

CREATE FUNCTION lead_scoring_internal.end_pause(model text)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was_paused boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    EXECUTE format('UPDATE %I.settings SET paused = false WHERE paused RETURNING true', model) INTO was_paused;
    RETURN was_paused IS TRUE;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.end_pause IS 'Locks the tables and lets the model score again; whether it was paused.';

CREATE FUNCTION lead_scoring.resume(model text)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.resume(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF lead_scoring_internal.end_pause(model) THEN
        RETURN lead_scoring_internal.catch_up(model);
    END IF;
    RETURN 0;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.resume IS 'Implements lead_scoring.resume, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.resume IS 'Scores again after pause(): first everything that was stored meanwhile, exactly as if it had come now. Returns the number of leads looked at; 0 where the model was not paused. For the model''s owner only. Writers of both tables, adjustments and moves by hand wait until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.mend_keys(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    wanted text;
    plain_type text;
    grants text[];
    stored record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    wanted := lead_scoring_internal.stored_key_type(bound.leads, bound.lead_key);
    plain_type := split_part(wanted, ' COLLATE ', 1);
    IF plain_type NOT IN ('integer', 'bigint', 'uuid', 'text') THEN
        RETURN;  -- no key of any model, which scoring refuses
    END IF;
    FOR stored IN SELECT a.attrelid::regclass AS relation, a.attname AS name
                    FROM pg_attribute w
                    JOIN pg_class t ON t.oid = w.attrelid AND t.relnamespace = 'lead_scoring_internal'::regnamespace AND t.relkind = 'r'
                    JOIN pg_class c ON c.relname = t.relname
                    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = model
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attname
                   WHERE w.atttypid = 'lead_scoring_internal.lead_key'::regtype
                     AND (a.atttypid = w.atttypid OR lead_scoring_internal.stored_key_type(c.oid, a.attname) <> wanted) LOOP
        -- The views stand in the way of the columns they read.
        grants := coalesce(grants, lead_scoring_internal.take_lead_views(model));
        EXECUTE lead_scoring_internal.fill('ALTER TABLE {!table} ALTER COLUMN {column} TYPE {!type} USING {column}::text::{!plain_type}',
            jsonb_build_object('table', stored.relation, 'column', stored.name, 'type', wanted, 'plain_type', plain_type));
    END LOOP;
    IF grants IS NOT NULL THEN
        PERFORM lead_scoring_internal.put_back_lead_views(model, grants);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mend_keys IS 'Gives the model''s own columns of keys the type, with its collation, that the key of the leads table has by now.';

CREATE FUNCTION lead_scoring_internal.newest_format()
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS 'SELECT 1';
COMMENT ON FUNCTION lead_scoring_internal.newest_format IS 'The format that this version of the extension gives the tables of models.';

CREATE FUNCTION lead_scoring_internal.is_older(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce((lead_scoring_internal.settings_row(model) ->> 'format')::integer, 1) < lead_scoring_internal.newest_format() $$;
COMMENT ON FUNCTION lead_scoring_internal.is_older IS 'Whether the tables of a model are of an older format than this version gives them.';

CREATE FUNCTION lead_scoring_internal.mend_binding(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    wrong record;
    is_paused boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.mend_shape(model);
    EXECUTE format('UPDATE %I.settings SET format = $1 WHERE format < $1', model) USING lead_scoring_internal.newest_format();
    PERFORM lead_scoring_internal.lock_tables(model);
    PERFORM lead_scoring_internal.mend_keys(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR wrong IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid IN ('lead_scoring_internal.leads_changed()'::regprocedure, 'lead_scoring_internal.events_changed()'::regprocedure)
                    AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                    AND NOT EXISTS (SELECT FROM lead_scoring_internal.expected_triggers(model, bound.leads, bound.events) e
                                     WHERE e.relation = t.tgrelid AND e.found_name = t.tgname
                                       AND NOT (e.is_partition AND e.operation IN ('row', 'status'))) LOOP  -- that comes from its table
        EXECUTE format('DROP TRIGGER %I ON %s', wrong.tgname, wrong.relation);
    END LOOP;
    PERFORM lead_scoring_internal.add_triggers(model, bound.leads, bound.events);
    FOR wrong IN SELECT e.* FROM lead_scoring_internal.expected_triggers(model, bound.leads, bound.events) e
                  WHERE e.found_state <> e.state LOOP
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', wrong.relation,
                       CASE wrong.state WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, wrong.found_name);
    END LOOP;
    PERFORM lead_scoring_internal.make_leads_view(model, anew => true), lead_scoring_internal.make_moves(model);
    PERFORM lead_scoring_internal.make_reports(model);
    EXECUTE format('SELECT s.paused FROM %I.settings s', model) INTO is_paused;
    IF is_paused THEN
        RAISE NOTICE 'model "%" is paused: resume() computes its leads', model;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mend_binding IS 'The part of repair() that mends triggers and views, with the tables locked.';

CREATE FUNCTION lead_scoring_internal.mend_state(model text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_mend_state';
COMMENT ON FUNCTION lead_scoring_internal.mend_state IS 'The part of repair() that makes chains of the transitions of leads that are none: numbered without gaps, each move from where the last one led, never back in time; then puts each lead''s row of scores where its transitions end, and makes the rows that are missing: history is right, whatever a row says.';

CREATE FUNCTION lead_scoring.upgrade_model(model text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.upgrade_model(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF (lead_scoring_internal.settings_row(model) ->> 'format')::integer > lead_scoring_internal.newest_format() THEN
        PERFORM lead_scoring_internal.fail('0A000', format('model "%s" is of a later format than this version of the extension', model),
            'A later version made its tables.', 'ALTER EXTENSION lead_scoring UPDATE;');
    ELSIF lead_scoring_internal.is_older(model) THEN
        PERFORM lead_scoring_internal.mend_binding(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.upgrade_model IS 'Implements lead_scoring.upgrade_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.upgrade_model IS 'Brings the tables and views of a model to the format of the extension''s version (settings.format), after ALTER EXTENSION lead_scoring UPDATE. Events are scored before it as well, but what a later version brings takes its format. publish() and repair() do it too. It locks the tables of leads and events while it works. Nothing happens where the model is of that format already. For the model''s owner only. Raises 42704 for an unknown model, 0A000 where the model is of a later format than the extension.';

CREATE FUNCTION lead_scoring.repair(model text)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.repair(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.mend_binding(model);
    PERFORM lead_scoring_internal.mend_state(model);
    RETURN lead_scoring_internal.catch_up(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.repair IS 'Implements lead_scoring.repair, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.repair IS 'Puts a model right: adds the triggers that are missing on its tables and partitions, enables those that are disabled, drops those left on tables that are the model''s no more, makes the views of the model again, makes chains of transitions that are none and puts each lead where its transitions end, then computes every lead from the event log and writes the status columns that differ. For when a schema loader lost the triggers, a table was swapped, a partition was attached or detached with rows, or verify() lists leads. Returns the number of leads looked at. For the model''s owner only. Writers of both tables, adjustments and moves by hand wait until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';
-- Partitions that come and go.

CREATE FUNCTION lead_scoring_internal.partitions_changed() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_partitions_changed';
COMMENT ON FUNCTION lead_scoring_internal.partitions_changed IS 'Event trigger function: gives partitions that a command created or attached the statement triggers of their table, and takes them from those that it detached. Looks at nothing but what the command did, and at the catalogs.';

CREATE EVENT TRIGGER lead_scoring_partitions_changed ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE SCHEMA') EXECUTE FUNCTION lead_scoring_internal.partitions_changed();
-- A partition that a replica's session makes is one for all.
ALTER EVENT TRIGGER lead_scoring_partitions_changed ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER lead_scoring_partitions_changed IS 'Keeps the triggers of partitioned leads and events tables complete.';
-- Two leads that are one person, and a person who wants to be forgotten. What write_table() runs does so under the path of
-- the user's triggers, so every name and operator there is qualified.

CREATE FUNCTION lead_scoring_internal.key_type(model text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('pg_catalog.%I', t.typname)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = format('%I.scores', model)::regclass AND a.attname = 'lead_id'
$$;
COMMENT ON FUNCTION lead_scoring_internal.key_type IS 'The type of a model''s lead_id, qualified.';

CREATE FUNCTION lead_scoring_internal.is_known(model text, lead text)
RETURNS boolean LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    known boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    EXECUTE lead_scoring_internal.fill('SELECT EXISTS (SELECT FROM {!leads} l WHERE l.{lead_key} = $1::{!key_type}) OR EXISTS (SELECT FROM {!events} e WHERE e.{event_lead} = $1::{!key_type})',
        jsonb_build_object('leads', bound.leads, 'lead_key', bound.lead_key, 'events', bound.events, 'event_lead', bound.event_lead,
            'key_type', lead_scoring_internal.key_type(model)))
       INTO known USING lead;
    RETURN known;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_known IS 'Whether one of the two tables has a row of that key.';

CREATE FUNCTION lead_scoring_internal.lock_leads(model text, leads text[], strength text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_type CONSTANT text := lead_scoring_internal.key_type(model);
    key_order CONSTANT text := CASE WHEN key_type = 'pg_catalog.text' THEN ' COLLATE "C"' ELSE '' END;
    bound record;
    lead text;
    keys text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT $1::%s[]::text[]', key_type) INTO keys USING leads;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    EXECUTE format('LOCK TABLE ONLY %s, ONLY %s IN ROW EXCLUSIVE MODE', bound.leads, bound.events);
    EXECUTE lead_scoring_internal.fill('SELECT FROM {!leads} l WHERE l.{key} = ANY ($1::{!key_type}[]) ORDER BY l.{key}{!order} FOR {!strength}',
        jsonb_build_object('leads', bound.leads, 'key', bound.lead_key, 'key_type', key_type, 'order', key_order, 'strength', strength)) USING keys;
    EXECUTE format('SELECT FROM %1$I.scores s WHERE s.lead_id = ANY ($1::%2$s[]) ORDER BY s.lead_id%3$s FOR UPDATE',
                   model, key_type, key_order) USING keys;
    FOREACH lead IN ARRAY keys LOOP
        IF NOT lead_scoring_internal.is_known(model, lead) THEN
            PERFORM lead_scoring_internal.fail('P0002', format('model "%s" knows no lead "%s"', model, lead), 'Neither table has a row of that key.',
                format('SELECT lead_id FROM %I.leads;', model));
        END IF;
    END LOOP;
    RETURN keys;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.lock_leads IS 'Locks the rows of some leads, in the order that all others keep too: leads before scores, each in key order. Returns the keys as the server writes them. Raises P0002 for a key that neither table has. "strength" is that of the lock on the leads table.';

-- ---------------------------------------------------------------- merging

CREATE FUNCTION lead_scoring_internal.begin_merge(model text, from_lead text, into_lead text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state record;
    keys text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(model, from_lead, into_lead) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of merge_leads is NULL',
            'It takes a model, the lead to be merged, and the one that stays.', 'For example lead_scoring.merge_leads(''sales'', 42, 7).');
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.versions) AS is_published,
                           (SELECT s.paused FROM %1$I.settings s) IS NOT false AS is_paused', model) INTO state;
    IF state.is_paused OR NOT state.is_published THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" does not score at present', model), 
            CASE WHEN state.is_paused THEN 'It is paused.' ELSE 'Nothing is published yet, so that no lead has a score.' END,
            format('SELECT lead_scoring.%s(%L);', CASE WHEN state.is_paused THEN 'resume' ELSE 'publish' END, model));
    END IF;
    keys := lead_scoring_internal.lock_leads(model, ARRAY[from_lead, into_lead], 'NO KEY UPDATE');
    IF keys[1] = keys[2] THEN
        PERFORM lead_scoring_internal.fail('22023', format('cannot merge lead "%s" into itself', keys[1]), 'Both arguments are the same key.',
            'Name the lead to be merged first, then the one that stays.');
    END IF;
    RETURN keys;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.begin_merge IS 'Checks the arguments of merge_leads and locks both leads; returns their keys.';

CREATE FUNCTION lead_scoring_internal.withhold_leads(model text, leads text[]) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_withhold_leads';
COMMENT ON FUNCTION lead_scoring_internal.withhold_leads IS 'Until release_leads, or until an error, nothing that becomes of these leads is scored.';
CREATE FUNCTION lead_scoring_internal.release_leads(model text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_release_leads';
COMMENT ON FUNCTION lead_scoring_internal.release_leads IS 'Ends the latest withhold_leads; what became of the leads is for settle_leads.';

CREATE FUNCTION lead_scoring_internal.settle_leads(model text, leads text[]) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_settle_leads';
COMMENT ON FUNCTION lead_scoring_internal.settle_leads IS 'Brings leads up to now: makes rows of scores that are missing, computes stale ones from the event log, applies what time and adjustments have done. Removes what is left of leads that neither table names. For the model''s owner only.';

CREATE FUNCTION lead_scoring_internal.progress_stages(model text)
RETURNS TABLE (stage text, rank integer)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT d.stage ->> 'name', (d.stage ->> 'rank')::integer FROM jsonb_array_elements(lead_scoring_internal.newest_stages(model)) d (stage)
 WHERE d.stage ->> 'kind' = 'progress'
$$;
COMMENT ON FUNCTION lead_scoring_internal.progress_stages IS 'The progress stages of the newest version.';

CREATE FUNCTION lead_scoring_internal.higher_stage(model text, leads text[])
RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    highest text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT CASE WHEN count(*) = cardinality($1) THEN (array_agg(p.stage ORDER BY p.rank DESC))[1] END
                      FROM %I.scores s JOIN lead_scoring_internal.progress_stages($2) p ON p.stage = s.stage
                     WHERE s.lead_id = ANY ($1::%s[])', model, lead_scoring_internal.key_type(model)) INTO highest USING leads, model;
    RETURN highest;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.higher_stage IS 'The highest stage that one of the leads is in; NULL where one of them is in a detour.';

CREATE FUNCTION lead_scoring_internal.is_below(model text, lead text, stage text)
RETURNS boolean LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM lead_scoring_internal.progress_stages(model) now, lead_scoring_internal.progress_stages(model) other
                WHERE now.stage = lead_scoring_internal.higher_stage(model, ARRAY[lead]) AND other.stage = is_below.stage
                  AND now.rank < other.rank)
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_below IS 'Whether a lead is in a progress stage under that one.';

CREATE FUNCTION lead_scoring_internal.join_leads(model text, from_lead text, into_lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_join_leads';
COMMENT ON FUNCTION lead_scoring_internal.join_leads IS 'Makes the transitions of one lead those of another, numbered anew in order of time and linked anew, with their adjustments and problems; puts the other''s row of scores to the end of the joined history, removes the one''s row, and notes that it is the other now.';

CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys CONSTANT text[] := lead_scoring_internal.begin_merge(model, from_lead, into_lead);
    bound record;
    reached text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.settle_leads(model, keys);
    reached := lead_scoring_internal.higher_stage(model, keys);
    SELECT b.* INTO bound FROM lead_scoring_internal.binding(model) b;

    -- The triggers do not live through the other lead's events a second time.
    PERFORM lead_scoring_internal.withhold_leads(model, keys);
    PERFORM lead_scoring_internal.write_table(model, format('UPDATE %1$s e SET %2$I = $2::%3$s WHERE e.%2$I OPERATOR(pg_catalog.=) $1::%3$s',
        bound.events, bound.event_lead, lead_scoring_internal.key_type(model)), keys[1], keys[2]);
    PERFORM lead_scoring_internal.join_leads(model, keys[1], keys[2]);
    PERFORM lead_scoring_internal.release_leads(model);

    PERFORM lead_scoring_internal.settle_leads(model, keys);
    IF lead_scoring_internal.is_below(model, keys[2], reached) THEN
        PERFORM lead_scoring.set_stage(model, keys[2], reached, 'merge_leads');
    END IF;
    PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, true), keys[2]);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.merge_leads IS 'Implements lead_scoring.merge_leads, as the model''s owner.';
CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead bigint, into_lead bigint)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.merge_leads(model, from_lead::pg_catalog.text, into_lead::pg_catalog.text) $$;
CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead uuid, into_lead uuid)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.merge_leads(model, from_lead::pg_catalog.text, into_lead::pg_catalog.text) $$;
-- A person who wants to be forgotten.

CREATE FUNCTION lead_scoring_internal.count_forgotten(model text, campaign text, came date, entered jsonb) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_count_forgotten';
COMMENT ON FUNCTION lead_scoring_internal.count_forgotten IS 'Counts one more forgotten lead of that campaign and those months.';

CREATE FUNCTION lead_scoring_internal.begin_forgetting(model text, lead text)
RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key text;
    settings jsonb;
    forgotten record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(model, lead) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of forget_lead is NULL', 'It takes a model and the lead to be forgotten.',
            'For example lead_scoring.forget_lead(''sales'', 42).');
    END IF;
    -- The row is going to be deleted: a weaker lock would have to grow, which might deadlock.
    key := (lead_scoring_internal.lock_leads(model, ARRAY[lead], 'UPDATE'))[1];
    -- Before the first publish there are no reports.
    settings := lead_scoring_internal.report_setting(model);
    IF settings ->> 'time_zone' IS NOT NULL THEN
        EXECUTE lead_scoring_internal.fill($query$
            SELECT l.campaign, {!came} AS came,
                   (SELECT coalesce(jsonb_object_agg(e.stage, e.month), '{}')
                      FROM (SELECT t.to_stage, {!entered} FROM ({!moves}) t WHERE t.lead_id = $2::{!key_type} GROUP BY 1) e (stage, month)) AS entered
              FROM ({!lead}) l
            $query$, jsonb_build_object(
            'moves', lead_scoring_internal.move_rows(model), 'key_type', lead_scoring_internal.key_type(model), 'came', lead_scoring_internal.period_expression('l.came_at', settings),
            'entered', lead_scoring_internal.period_expression('lead_scoring_internal.report_time(min(t.at))', settings),
            'lead', lead_scoring_internal.lead_rows(model, settings, true, only_lead => format('$2::%s', lead_scoring_internal.key_type(model))))) INTO forgotten USING clock_timestamp(), key;
        IF forgotten.entered IS NOT NULL THEN
            PERFORM lead_scoring_internal.count_forgotten(model, forgotten.campaign, forgotten.came, forgotten.entered);
        END IF;
    END IF;
    RETURN key;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.begin_forgetting IS 'Checks the arguments of forget_lead, locks the lead and adds it to the counts of forgotten leads; returns its key.';

CREATE FUNCTION lead_scoring_internal.detach_merged(model text, lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_detach_merged';
COMMENT ON FUNCTION lead_scoring_internal.detach_merged IS 'Takes the key of a lead that is going to be forgotten out of what was merged into it. Those that are there still are merged into themselves then, which keeps them from being counted: the person they are has been.';

CREATE FUNCTION lead_scoring_internal.erase_lead(model text, lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_erase_lead';
COMMENT ON FUNCTION lead_scoring_internal.erase_lead IS 'Removes whatever a model''s own tables hold of a lead: the triggers have done so already, unless the model is paused or has lost them. Takes its key out of what was merged into other leads too.';

CREATE FUNCTION lead_scoring.forget_lead(model text, lead text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.forget_lead(model text, lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key CONSTANT text := lead_scoring_internal.begin_forgetting(model, lead);
    bound record;
BEGIN
    PERFORM lead_scoring_internal.detach_merged(model, key);
    SELECT b.* INTO bound FROM lead_scoring_internal.binding(model) b;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s e WHERE e.%I OPERATOR(pg_catalog.=) $1::%s',
        bound.events, bound.event_lead, lead_scoring_internal.key_type(model)), key);
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s l WHERE l.%I OPERATOR(pg_catalog.=) $1::%s',
        bound.leads, bound.lead_key, lead_scoring_internal.key_type(model)), key);
    IF lead_scoring_internal.is_known(model, key) THEN
        PERFORM lead_scoring_internal.fail('55000', format('lead "%s" of model "%s" cannot be forgotten', key, model),
            'Its rows were deleted and are there still: a trigger of the tables keeps them, or stores them again.',
            format('SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN (%L::regclass, %L::regclass) AND NOT tgisinternal;',
                   bound.leads, bound.events));
    END IF;
    PERFORM lead_scoring_internal.erase_lead(model, key);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.forget_lead IS 'Implements lead_scoring.forget_lead, as the model''s owner.';
CREATE FUNCTION lead_scoring.forget_lead(model text, lead bigint)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.forget_lead(model, lead::pg_catalog.text) $$;
CREATE FUNCTION lead_scoring.forget_lead(model text, lead uuid)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.forget_lead(model, lead::pg_catalog.text) $$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.merge_leads(text, %1$s, %1$s) IS %2$L', key,
'Makes one lead of two that are the same person: events, adjustments, problems and transitions of from_lead become those of into_lead, and both are computed anew, so that limits and bounds hold for the events together and nothing counts twice. Fit follows the attributes of into_lead alone.
Transitions are numbered anew by time; merged_from keeps the lead and number they had. The lead is then where the later of the last moves led, or higher if the events together call for it. Where both were in progress stages it is not below the higher of the two: if the later move led lower, one more transition, of cause manual and reason merge_leads, puts it back.
The row of from_lead in the leads table stays, a lead without events or history, which reports do not count; what is to become of it is for the caller to say. Revenue that names it is, to reports, that of into_lead, whether the row stays or not: the model''s table "merged" has who is who. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 22023 for the same lead twice, 55000 where the model is paused or not published.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.forget_lead(text, %s) IS %L', key,
'Erases a lead: its events, its row in the leads table, its score, transitions, adjustments and problems, and its key where it was merged into another (merged_from). The model''s table "forgotten" keeps how many such leads of which campaign came, and first entered which stage, in which month, so that the views funnel, campaigns and qualified_rate and the MQLs of forecast do not change, but for revenue, which is that of leads in the leads table. Works while the model is paused, too. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where triggers of the user''s keep its rows, and what foreign keys of the user''s say, 23503: then nothing is erased.');
    END LOOP;
END
$comments$;
-- Scoring: the triggers that keep the state, and what computes it anew.

CREATE FUNCTION lead_scoring_internal.events_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_events_changed';
COMMENT ON FUNCTION lead_scoring_internal.events_changed IS
'Trigger function of a model''s events table; its argument is the model. Folds new events into the scorecards of their leads and rebuilds those whose events were changed or removed, with the rights of the model''s owner. Raises 42501 on a table that the model''s settings do not name.';

CREATE FUNCTION lead_scoring_internal.leads_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_leads_changed';
COMMENT ON FUNCTION lead_scoring_internal.leads_changed IS
'Trigger function of a model''s leads table; its argument is the model. Takes over which fit rules match when a lead comes or its attributes change, and removes the state of deleted leads. Raises 42501 on a table that the model''s settings do not name.';

CREATE FUNCTION lead_scoring_internal.binding_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_binding_changed';
COMMENT ON FUNCTION lead_scoring_internal.binding_changed IS
'Trigger function of a model''s settings and versions: makes every session read the model again.';

CREATE FUNCTION lead_scoring_internal.rescore_now(model text, stages text) RETURNS bigint
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_rescore_now';
COMMENT ON FUNCTION lead_scoring_internal.rescore_now IS
'Computes every lead anew under the newest version and returns how many there are. Stages: replay (through history), evaluate (each lead once, now) or catch up (from where the lead stood, with what came since). publish(), resume() and repair() call it with the tables locked. For the model''s owner only.';

CREATE FUNCTION lead_scoring_internal.score_now(scores oid, version bigint, card lead_scoring.scorecard,
                                       at timestamptz DEFAULT pg_catalog.statement_timestamp(),
                                       OUT score float8, OUT engagement float8, OUT fit float8, OUT grade text)
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_now';
COMMENT ON FUNCTION lead_scoring_internal.score_now IS
'The score that a card of table "scores" has as of a time, in points; a time before the card''s last event counts as that event''s. For the view "leads" of a model, which runs it as the one who reads: takes USAGE on the schema and SELECT on the column "card".';
-- Reading: why a score is what it is, what it was, and whether it is right.

CREATE FUNCTION lead_scoring.explain(model text, lead text, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain';
CREATE FUNCTION lead_scoring.explain(model text, lead bigint, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain';
CREATE FUNCTION lead_scoring.explain(model text, lead uuid, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain';

CREATE FUNCTION lead_scoring.score_at(model text, lead text, at timestamptz) RETURNS float8
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_at';
CREATE FUNCTION lead_scoring.score_at(model text, lead bigint, at timestamptz) RETURNS float8
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_at';
CREATE FUNCTION lead_scoring.score_at(model text, lead uuid, at timestamptz) RETURNS float8
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_at';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.explain(text, %s, timestamptz) IS %L', key,
'A lead''s score as of a time, line by line, computed from the event log. A line is a rule: how often it counted, its points undecayed (raw), as of then (decayed) and within the rule''s bounds (capped), and when it counted last. Where the bounds of a group or of the model change the sum, a line without rule says by how much. The column capped sums to the score: each part is rounded to 1/10000 of a point by itself. No rows for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.score_at(text, %s, timestamptz) IS %L', key,
'The score a lead had, or will have if nothing happens, at a time: from the events up to then, the lead''s present attributes and the newest version that the caller''s snapshot sees, in points. The parts of rules that decay are rounded to 1/10000 each, so that many small ones may be lost; undecayed sums are exact. NULL for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

-- What a change of the draft will do is asked before it is published: for preview.
CREATE FUNCTION lead_scoring_internal.explain_definition(model text, lead text, at timestamptz, definition jsonb)
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain_definition';
COMMENT ON FUNCTION lead_scoring_internal.explain_definition IS 'What explain() says under a definition that is not published, as compile_draft() returns it.';

CREATE FUNCTION lead_scoring_internal.explain_draft_as_owner(model text, lead text, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
COMMENT ON FUNCTION lead_scoring_internal.explain_draft_as_owner IS 'What explain() will say of a lead once the draft is published; for the model''s owner only. Raises what publish() raises of a draft that cannot be published.';
CREATE FUNCTION lead_scoring_internal.explain_draft(model text, lead text, at timestamptz)
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY SELECT * FROM lead_scoring_internal.explain_definition(model, lead, at, lead_scoring_internal.compile_draft(model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.explain_draft IS 'Implements lead_scoring_internal.explain_draft_as_owner, as the model''s owner.';

CREATE FUNCTION lead_scoring_internal.verify_cards(model text)
RETURNS TABLE (lead_id text, problem text, stored text, recomputed text)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_verify_cards';
COMMENT ON FUNCTION lead_scoring_internal.verify_cards IS 'The part of verify() that computes every scorecard again from the event log.';

CREATE FUNCTION lead_scoring.verify(model text)
RETURNS TABLE (lead_id text, problem text, stored text, recomputed text)
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.verify(model text)
RETURNS TABLE (lead_id text, problem text, stored text, recomputed text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    status record;
    score_column text;
    newest record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY SELECT v.lead_id, v.problem, v.stored, v.recomputed FROM lead_scoring_internal.verify_cards(model) v;

    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    SELECT * INTO newest FROM lead_scoring_internal.newest_version(model);

    -- The chain of transitions: numbered without gaps, each from where the last one led, never back in time, up to
    -- the stage the lead is in.
    RETURN QUERY EXECUTE format($query$
        SELECT coalesce(c.lead_id, s.lead_id)::text, 'transitions', c.chain, s.stage_seq || ' to ' || s.stage
          FROM %1$I.scores s
          FULL JOIN (SELECT t.lead_id, max(t.seq) AS last_seq,
                            (array_agg(t.to_stage ORDER BY t.seq DESC))[1] AS last_stage,
                            max(t.at) AS last_at,
                            string_agg(t.seq || ' ' || coalesce(t.from_stage, '-') || ' to ' || t.to_stage, ', ' ORDER BY t.seq) AS chain,
                            bool_and(t.sound) AS sound
                       FROM (SELECT w.*,
                                    w.seq = row_number() OVER lead
                                    AND w.from_stage IS NOT DISTINCT FROM lag(w.to_stage, 1, w.from_stage) OVER lead
                                    AND w.at >= lag(w.at, 1, w.at) OVER lead AS sound
                               FROM %1$I.transitions w
                             WINDOW lead AS (PARTITION BY w.lead_id ORDER BY w.seq)) t
                      GROUP BY t.lead_id) c ON c.lead_id = s.lead_id
         WHERE s.lead_id IS NULL OR NOT coalesce(c.sound, true)
            OR s.stage_seq IS DISTINCT FROM coalesce(c.last_seq, 0) OR s.stage_since IS DISTINCT FROM c.last_at
            OR c.last_seq IS NULL AND s.version > 0 AND s.stage IS DISTINCT FROM $1
            OR c.last_seq IS NOT NULL AND c.last_stage IS DISTINCT FROM s.stage
        $query$, model) USING newest.first_stage;

    FOR status IN EXECUTE format('SELECT left(a.attname, -3) AS stage, a.attname AS name FROM pg_attribute a
                                   WHERE a.attrelid = %L::regclass AND NOT a.attisdropped
                                     AND a.attname = ANY (lead_scoring_internal.stage_columns(%L))
                                   ORDER BY a.attnum', format('%I.scores', model), model) LOOP
        RETURN QUERY EXECUTE format('SELECT s.lead_id::text, %2$L::text, s.%2$I::text, t.at::text
              FROM %1$I.scores s
              LEFT JOIN LATERAL (SELECT min(w.at) AS at FROM %1$I.transitions w
                                  WHERE w.lead_id = s.lead_id AND w.to_stage = $1) t ON true
             WHERE s.%2$I IS DISTINCT FROM t.at', model, status.name) USING status.stage;
    END LOOP;

    -- The status columns of the leads table.
    FOR status IN EXECUTE format('SELECT e.key, e.value AS name FROM %I.settings s, jsonb_each_text(s.status_columns) e
                                   WHERE e.key IN (''stage'', ''score'', ''grade'') OR e.key LIKE ''%%\_at''', model) LOOP
        -- That of a stage which the version does not have shows nothing.
        score_column := CASE WHEN status.key LIKE '%\_at' THEN lead_scoring_internal.status_stage(model, status.key) || '_at' ELSE status.key END;
        RETURN QUERY EXECUTE lead_scoring_internal.fill('SELECT s.lead_id::text, {''problem''}::text, l.{status_column}::text, ({!shown})::text
              FROM {!leads} l JOIN {model}.scores s ON s.lead_id = l.{key} WHERE s.version > 0 AND l.{status_column} IS DISTINCT FROM {!shown}',
            jsonb_build_object('problem', 'status column ' || status.name, 'status_column', status.name, 'shown', CASE WHEN score_column IS NULL THEN 'NULL::timestamptz' ELSE format('s.%I', score_column) END, 'leads', bound.leads,
                'model', model, 'key', bound.lead_key));
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.verify IS 'Implements lead_scoring.verify, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.verify IS
'The leads for which the stored state is not what the event log says; no rows: all is exact. "problem" tells what differs: card, score, engagement, fit, grade, due_at (all computed again from the log, as of the row''s scored_at), damaged (a column of its row, which "stored" names, says what cannot be), stale (computed under an older version), missing (no row), superfluous (a row, but neither table has the lead), counted (whether the leads table has the lead), transitions (a break in the chain of moves), a <stage>_at column, or a status column of the leads table. Reads everything, under one snapshot: cost grows with the log. Takes USAGE on the schema and SELECT on scores, settings, versions and transitions; 42501 where row security on one of these limits the caller. 42809 for anybody but the owner where a table of the model was made a view, got row security or columns of other types.';
-- How many of those who reached one stage reached another: conversion_rate, conversion_interval, wilson_interval.
-- State: bigint[3] of leads, conversions and confidence (in 10^-15, 0 for none); 64 bytes a group.

CREATE TYPE lead_scoring.rate_interval AS (rate float8, low float8, high float8, n bigint);
COMMENT ON TYPE lead_scoring.rate_interval IS 'A rate with the bounds of its confidence interval, and the number of leads it was taken from.';
COMMENT ON COLUMN lead_scoring.rate_interval.rate IS 'Converted leads over all leads; NULL where there are none.';
COMMENT ON COLUMN lead_scoring.rate_interval.low IS 'Lower bound of the interval.';
COMMENT ON COLUMN lead_scoring.rate_interval.high IS 'Upper bound of the interval.';
COMMENT ON COLUMN lead_scoring.rate_interval.n IS 'Leads the rate was taken from.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_accum';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz, confidence float8) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_accum_confidence';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz, confidence float8) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_within_accum';
COMMENT ON FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval, confidence float8) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_within_accum_confidence';
COMMENT ON FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval, confidence float8) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_flags_accum';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean, confidence float8) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_flags_accum_confidence';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean, confidence float8) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_combine';
COMMENT ON FUNCTION lead_scoring_internal.conversion_combine(state bigint[], other bigint[]) IS 'Combine function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_rate_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_rate_final';
COMMENT ON FUNCTION lead_scoring_internal.conversion_rate_final(state bigint[]) IS 'Final function of conversion_rate.';

CREATE FUNCTION lead_scoring_internal.conversion_interval_final(state bigint[]) RETURNS lead_scoring.rate_interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_interval_final';
COMMENT ON FUNCTION lead_scoring_internal.conversion_interval_final(state bigint[]) IS 'Final function of conversion_interval.';

CREATE AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_rate_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz) IS 'Share of the leads with from_at that have to_at too. NULL where no lead has from_at. A time that is NULL or infinite was not reached. A to_at before from_at was not reached, as in lead_velocity and median_time_to. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz, within interval) (
    SFUNC = lead_scoring_internal.conversion_within_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_rate_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz, within interval) IS 'Share of the leads with from_at that have to_at too. NULL where no lead has from_at. A time that is NULL or infinite was not reached. A to_at before from_at was not reached, as in lead_velocity and median_time_to. Conversions count where they came within this time (inclusive; days of 24 hours, no months); NULL sets no limit.';

CREATE AGGREGATE lead_scoring.conversion_rate(from_reached boolean, to_reached boolean) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_rate_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_rate(from_reached boolean, to_reached boolean) IS 'Share of the rows with from_reached in which to_reached is true as well; NULL counts as false. NULL where from_reached is never true. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz) IS 'conversion_rate(from_at, to_at) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. Confidence 0.95. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, confidence float8) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, confidence float8) IS 'conversion_rate(from_at, to_at) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. The confidence must be the same in all rows; NULL is 0.95.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, within interval, confidence float8) (
    SFUNC = lead_scoring_internal.conversion_within_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, within interval, confidence float8) IS 'conversion_rate(from_at, to_at, within) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. The confidence must be the same in all rows; NULL is 0.95.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean) IS 'conversion_rate(from_reached, to_reached) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. Confidence 0.95. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean, confidence float8) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean, confidence float8) IS 'conversion_rate(from_reached, to_reached) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. The confidence must be the same in all rows; NULL is 0.95.';

CREATE FUNCTION lead_scoring.wilson_interval(converted bigint, n bigint, confidence float8 DEFAULT 0.95) RETURNS lead_scoring.rate_interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_wilson_interval';
COMMENT ON FUNCTION lead_scoring.wilson_interval(bigint, bigint, float8) IS 'The interval of conversion_interval (Wilson''s score interval, 1927) from counts that are there already, such as the columns of a report. It is a plain function.';
-- What one qualified lead costs: cost_per_mql, and cost_per for any other stage.
-- State: bigint[] of six numbers and a counter for each four decimal digits that amounts have; 136 bytes a group for amounts from 10^-8 to 10^24.

CREATE FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached bigint) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_accum_count';
COMMENT ON FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached bigint) IS 'Transition function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached_at timestamptz) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_accum_time';
COMMENT ON FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached_at timestamptz) IS 'Transition function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_accum_flag';
COMMENT ON FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached boolean) IS 'Transition function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_combine';
COMMENT ON FUNCTION lead_scoring_internal.cost_combine(state bigint[], other bigint[]) IS 'Combine function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_final(state bigint[]) RETURNS numeric
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_final';
COMMENT ON FUNCTION lead_scoring_internal.cost_final(state bigint[]) IS 'Final function of cost_per_mql and cost_per.';

CREATE AGGREGATE lead_scoring.cost_per_mql(spend numeric, mqls bigint) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per_mql(spend numeric, mqls bigint) IS 'Sum of spend over sum of mqls. Both sums are exact, rows with spend and no MQL included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no MQL, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per_mql(spend numeric, mql_at timestamptz) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per_mql(spend numeric, mql_at timestamptz) IS 'Sum of spend over the number of rows with a time in mql_at (not NULL, not infinite). Both sums are exact, rows with spend and no MQL included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no MQL, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per(spend numeric, reached bigint) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per(spend numeric, reached bigint) IS 'Sum of spend over sum of reached: cost per lead, SQL, customer or click. Both sums are exact, rows with spend and no count included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no count, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per(spend numeric, reached_at timestamptz) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per(spend numeric, reached_at timestamptz) IS 'Sum of spend over the number of rows with a time in reached_at (not NULL, not infinite). Both sums are exact, rows with spend and no such row included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no such row, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per(spend numeric, reached boolean) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per(spend numeric, reached boolean) IS 'Sum of spend over the number of rows in which reached is true. Both sums are exact, rows with spend and no such row included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no such row, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';
-- How long leads take when those still on their way are not forgotten: Kaplan and Meier's estimate.
-- State: bytea of 32 bytes and 8 a lead, its length a power of two.

CREATE FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_accum';
COMMENT ON FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz) IS 'Transition function of median_time_to.';

CREATE FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_accum_days';
COMMENT ON FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) IS 'Transition function of share_converted and share_converted_interval.';

CREATE FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_accum_days_confidence';
COMMENT ON FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) IS 'Transition function of share_converted_interval.';

CREATE FUNCTION lead_scoring_internal.survival_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_combine';
COMMENT ON FUNCTION lead_scoring_internal.survival_combine(state bytea, other bytea) IS 'Combine function of median_time_to, share_converted and share_converted_interval.';

CREATE FUNCTION lead_scoring_internal.median_time_final(state bytea) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_median_time_final';
COMMENT ON FUNCTION lead_scoring_internal.median_time_final(state bytea) IS 'Final function of median_time_to.';

CREATE FUNCTION lead_scoring_internal.share_converted_final(state bytea) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_share_converted_final';
COMMENT ON FUNCTION lead_scoring_internal.share_converted_final(state bytea) IS 'Final function of share_converted.';

CREATE FUNCTION lead_scoring_internal.share_converted_interval_final(state bytea) RETURNS lead_scoring.rate_interval
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_share_converted_interval_final';
COMMENT ON FUNCTION lead_scoring_internal.share_converted_interval_final(state bytea) IS 'Final function of share_converted_interval.';

CREATE AGGREGATE lead_scoring.median_time_to(from_at timestamptz, to_at timestamptz, as_of timestamptz) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.median_time_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.median_time_to(from_at timestamptz, to_at timestamptz, as_of timestamptz) IS 'Days after which half of the leads with from_at have reached to_at; NULL where it was not seen that half of them do. Where exactly half have converted for a while, the middle of that while, as survfit of R has it (summary(survfit(Surv(days, converted) ~ 1))$table["median"]); where that stays so to the end, its beginning. Kaplan-Meier: a lead without to_at, or with one after as_of, was watched until as_of and counts for that long. Leads with from_at after as_of are not in it. as_of is usually now(); NULL is an error, infinity watches for ever. NULL or infinite from_at and to_at were not reached. A to_at before from_at was not reached, as in conversion_rate and lead_velocity.';

CREATE AGGREGATE lead_scoring.share_converted(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.share_converted_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.share_converted(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) IS 'Share of the leads with from_at that reach to_at within so many days; NULL where no lead was watched that long. Kaplan-Meier: a lead without to_at, or with one after as_of, was watched until as_of and counts for that long. Leads with from_at after as_of are not in it. as_of is usually now(); NULL is an error, infinity watches for ever. NULL or infinite from_at and to_at were not reached. A to_at before from_at was not reached, as in conversion_rate and lead_velocity. days must be the same in all rows.';

CREATE AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.share_converted_interval_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) IS 'share_converted with its interval, as (rate, low, high, n): the log-log interval (Greenwood''s variance; conf.type = "log-log" of R''s survfit), confidence 0.95. Where the share is 0 or 1, which has no variance, it is the Wilson interval, of as many leads as were still watched.';

CREATE AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.share_converted_interval_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) IS 'share_converted with its interval, as (rate, low, high, n): the log-log interval (Greenwood''s variance; conf.type = "log-log" of R''s survfit). Where the share is 0 or 1, which has no variance, it is the Wilson interval, of as many leads as were still watched. The confidence must be the same in all rows; NULL is 0.95.';
-- lead_velocity: the mean time between two stages.
-- State: bigint[4] of the number of leads, the sum of microseconds as high and low word, and infinite terms (none here); 64 bytes a group.
-- brier and log_loss keep the same state.

CREATE FUNCTION lead_scoring_internal.lead_velocity_accum(state bigint[], from_at timestamptz, to_at timestamptz) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_velocity_accum';
COMMENT ON FUNCTION lead_scoring_internal.lead_velocity_accum(state bigint[], from_at timestamptz, to_at timestamptz) IS 'Transition function of lead_velocity.';

CREATE FUNCTION lead_scoring_internal.mean_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_mean_combine';
COMMENT ON FUNCTION lead_scoring_internal.mean_combine(state bigint[], other bigint[]) IS 'Combine function of lead_velocity, brier and log_loss.';

CREATE FUNCTION lead_scoring_internal.lead_velocity_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_velocity_final';
COMMENT ON FUNCTION lead_scoring_internal.lead_velocity_final(state bigint[]) IS 'Final function of lead_velocity.';

CREATE AGGREGATE lead_scoring.lead_velocity(from_at timestamptz, to_at timestamptz) (
    SFUNC = lead_scoring_internal.lead_velocity_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.lead_velocity_final,
    COMBINEFUNC = lead_scoring_internal.mean_combine,
    INITCOND = '{0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.lead_velocity(from_at timestamptz, to_at timestamptz) IS 'Mean time from from_at to to_at in days (of 24 hours), over the rows that have both; NULL where none has. Infinite times count as NULL. A to_at before from_at was not reached, as in conversion_rate and median_time_to. Leads still on their way are not in it: see median_time_to. Growth, by how much more leads qualify in a month than in the one before, is another thing: lead_velocity_rate of the view funnel.';
-- retention: which of several conditions a lead met, given that it met the first.
-- State: one bigint, held by value.

CREATE FUNCTION lead_scoring_internal.retention_accum(state bigint, VARIADIC conditions boolean[]) RETURNS bigint
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_retention_accum';
COMMENT ON FUNCTION lead_scoring_internal.retention_accum(state bigint, VARIADIC conditions boolean[]) IS 'Transition function of retention.';

CREATE FUNCTION lead_scoring_internal.retention_combine(state bigint, other bigint) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_retention_combine';
COMMENT ON FUNCTION lead_scoring_internal.retention_combine(state bigint, other bigint) IS 'Combine function of retention.';

CREATE FUNCTION lead_scoring_internal.retention_final(state bigint) RETURNS boolean[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_retention_final';
COMMENT ON FUNCTION lead_scoring_internal.retention_final(state bigint) IS 'Final function of retention.';

CREATE AGGREGATE lead_scoring.retention(VARIADIC conditions boolean[]) (
    SFUNC = lead_scoring_internal.retention_accum,
    STYPE = bigint,
    FINALFUNC = lead_scoring_internal.retention_final,
    COMBINEFUNC = lead_scoring_internal.retention_combine,
    INITCOND = '0',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.retention(VARIADIC conditions boolean[]) IS 'For the rows of one lead: element 1 says whether condition 1 held in any row, element i whether condition 1 and condition i did, in any rows and any order. 1 to 32 conditions, NULL counts as false. NULL without rows.';
-- How well a score or a probability predicts who converts: auc, brier, log_loss, calibration.
-- States. auc: bytea of 16 bytes and 24 a distinct score, its length a power of two. brier, log_loss: bigint[4]; 64 bytes a group.
-- calibration: bigint[] of 40 bytes a bin. Terms are rounded to fixed point and summed as whole numbers.

CREATE FUNCTION lead_scoring_internal.auc_accum(state bytea, score float8, converted boolean) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_auc_accum';
COMMENT ON FUNCTION lead_scoring_internal.auc_accum(state bytea, score float8, converted boolean) IS 'Transition function of auc.';

CREATE FUNCTION lead_scoring_internal.auc_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_auc_combine';
COMMENT ON FUNCTION lead_scoring_internal.auc_combine(state bytea, other bytea) IS 'Combine function of auc.';

CREATE FUNCTION lead_scoring_internal.auc_final(state bytea) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_auc_final';
COMMENT ON FUNCTION lead_scoring_internal.auc_final(state bytea) IS 'Final function of auc.';

CREATE AGGREGATE lead_scoring.auc(score float8, converted boolean) (
    SFUNC = lead_scoring_internal.auc_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.auc_final,
    COMBINEFUNC = lead_scoring_internal.auc_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.auc(score float8, converted boolean) IS 'Area under the ROC curve: the chance that a lead that converted has a higher score than one that did not, equal scores counting one half (Mann and Whitney). Exact. Rows with NULL, or with NaN for a score, are passed over; NULL where all or none converted.';

CREATE FUNCTION lead_scoring_internal.brier_accum(state bigint[], probability float8, converted boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_brier_accum';
COMMENT ON FUNCTION lead_scoring_internal.brier_accum(state bigint[], probability float8, converted boolean) IS 'Transition function of brier.';

CREATE FUNCTION lead_scoring_internal.brier_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_brier_final';
COMMENT ON FUNCTION lead_scoring_internal.brier_final(state bigint[]) IS 'Final function of brier.';

CREATE FUNCTION lead_scoring_internal.log_loss_accum(state bigint[], probability float8, converted boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_log_loss_accum';
COMMENT ON FUNCTION lead_scoring_internal.log_loss_accum(state bigint[], probability float8, converted boolean) IS 'Transition function of log_loss.';

CREATE FUNCTION lead_scoring_internal.log_loss_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_log_loss_final';
COMMENT ON FUNCTION lead_scoring_internal.log_loss_final(state bigint[]) IS 'Final function of log_loss.';

CREATE AGGREGATE lead_scoring.brier(probability float8, converted boolean) (
    SFUNC = lead_scoring_internal.brier_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.brier_final,
    COMBINEFUNC = lead_scoring_internal.mean_combine,
    INITCOND = '{0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.brier(probability float8, converted boolean) IS 'Brier score (1950): the mean of (probability - outcome)^2; 0 is perfect. Rows with NULL are passed over, NULL where there are no others. A probability outside 0..1 is an error.';

CREATE AGGREGATE lead_scoring.log_loss(probability float8, converted boolean) (
    SFUNC = lead_scoring_internal.log_loss_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.log_loss_final,
    COMBINEFUNC = lead_scoring_internal.mean_combine,
    INITCOND = '{0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.log_loss(probability float8, converted boolean) IS 'Mean of -ln of the probability given to what happened; Infinity where something happened that was given 0 (clamp with least and greatest if that is not wanted). Rows with NULL are passed over, NULL where there are no others. A probability outside 0..1 is an error.';

CREATE TYPE lead_scoring.calibration_bin AS (bin integer, low float8, high float8, n bigint, converted bigint, predicted float8, observed float8);
COMMENT ON TYPE lead_scoring.calibration_bin IS 'Leads whose predicted probability lies within one range.';
COMMENT ON COLUMN lead_scoring.calibration_bin.bin IS 'Number of the bin, from 1.';
COMMENT ON COLUMN lead_scoring.calibration_bin.low IS 'Lowest probability of the bin.';
COMMENT ON COLUMN lead_scoring.calibration_bin.high IS 'Where the next bin begins; the last bin holds 1 too.';
COMMENT ON COLUMN lead_scoring.calibration_bin.n IS 'Leads in the bin.';
COMMENT ON COLUMN lead_scoring.calibration_bin.converted IS 'How many of them converted.';
COMMENT ON COLUMN lead_scoring.calibration_bin.predicted IS 'Mean of their probabilities; NULL where the bin is empty.';
COMMENT ON COLUMN lead_scoring.calibration_bin.observed IS 'converted / n; NULL where the bin is empty.';

CREATE FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_accum';
COMMENT ON FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean) IS 'Transition function of calibration.';

CREATE FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean, bins integer) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_accum';
COMMENT ON FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean, bins integer) IS 'Transition function of calibration.';

CREATE FUNCTION lead_scoring_internal.calibration_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_combine';
COMMENT ON FUNCTION lead_scoring_internal.calibration_combine(state bigint[], other bigint[]) IS 'Combine function of calibration.';

CREATE FUNCTION lead_scoring_internal.calibration_final(state bigint[]) RETURNS lead_scoring.calibration_bin[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_final';
COMMENT ON FUNCTION lead_scoring_internal.calibration_final(state bigint[]) IS 'Final function of calibration.';

CREATE AGGREGATE lead_scoring.calibration(probability float8, converted boolean) (
    SFUNC = lead_scoring_internal.calibration_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.calibration_final,
    COMBINEFUNC = lead_scoring_internal.calibration_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.calibration(probability float8, converted boolean) IS 'Leads in ten bins of equal width by predicted probability, with what was predicted and what came; unnest(calibration(...)) makes a table of it. Empty bins are in it. An edge belongs to the bin above it, 1 to the last bin (cut(probability, edges, right = FALSE, include.lowest = TRUE) of R). Rows with NULL are passed over; NULL where there are no others. A probability outside 0..1 is an error.';

CREATE AGGREGATE lead_scoring.calibration(probability float8, converted boolean, bins integer) (
    SFUNC = lead_scoring_internal.calibration_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.calibration_final,
    COMBINEFUNC = lead_scoring_internal.calibration_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.calibration(probability float8, converted boolean, bins integer) IS 'Leads in so many (1 to 1000, the same in all rows, NULL for ten) bins of equal width by predicted probability, with what was predicted and what came; unnest(calibration(...)) makes a table of it. Empty bins are in it. An edge belongs to the bin above it, 1 to the last bin (cut(probability, edges, right = FALSE, include.lowest = TRUE) of R). Rows with NULL are passed over; NULL where there are no others. A probability outside 0..1 is an error.';
-- window_funnel and funnel_times: how far a lead got through the steps of a funnel, and when.
-- State: bytea of 32 bytes and 12 an event that matches a step (any event under strict_order), its length a power of two from 128.

CREATE FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, VARIADIC steps boolean[]) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_accum';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, VARIADIC steps boolean[]) IS 'Transition function of window_funnel and funnel_times.';

CREATE FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, mode text, VARIADIC steps boolean[]) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_accum_mode';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, mode text, VARIADIC steps boolean[]) IS 'Transition function of window_funnel and funnel_times.';

CREATE FUNCTION lead_scoring_internal.window_funnel_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_combine';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_combine(state bytea, other bytea) IS 'Combine function of window_funnel and funnel_times.';

CREATE FUNCTION lead_scoring_internal.window_funnel_final(state bytea) RETURNS integer
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_final';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_final(state bytea) IS 'Final function of window_funnel.';

CREATE FUNCTION lead_scoring_internal.funnel_times_final(state bytea) RETURNS timestamptz[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_funnel_times_final';
COMMENT ON FUNCTION lead_scoring_internal.funnel_times_final(state bytea) IS 'Final function of funnel_times.';

CREATE AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.window_funnel_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, VARIADIC steps boolean[]) IS 'For the events of one lead: the number of steps, from the first, that were reached in order within this time (inclusive; days of 24 hours, no months) of the first of them; 0 where the first was not. The best of all chains counts. 1 to 32 steps, NULL counts as false; events without a time are passed over. At equal times lower steps come first, so that the order of rows never matters.';

CREATE AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.window_funnel_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) IS 'For the events of one lead: the number of steps, from the first, that were reached in order within this time (inclusive; days of 24 hours, no months) of the first of them; 0 where the first was not. The best of all chains counts. 1 to 32 steps, NULL counts as false; events without a time are passed over. At equal times lower steps come first, so that the order of rows never matters. Mode: comma separated of strict_increase (each step later than the one before), strict_once (an event takes at most one step), strict_order (an event that matches no step, or a step whose predecessor was not reached, ends the search), allow_reentry (with strict_order: only events that match no step end it), strict_deduplication (a step but the first matched again ends it); NULL or '''' for none of them.';

CREATE AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.funnel_times_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, VARIADIC steps boolean[]) IS 'The times of the steps that window_funnel counts, in order; empty where the first was not reached. Of several chains it is the one that got that far first, and of those the one that began last.';

CREATE AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.funnel_times_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) IS 'The times of the steps that window_funnel counts, in order; empty where the first was not reached. Of several chains it is the one that got that far first, and of those the one that began last. Modes as for window_funnel.';
-- attribution: which channels a conversion is credited to. Two levels: the aggregate shares one conversion out, sum() adds up by channel.
--
--     SELECT c.channel, sum(c.credit) AS conversions, sum(c.value) AS revenue
--     FROM (SELECT lead_scoring.attribution('linear', t.channel, t.at, v.at, v.amount) AS credits
--           FROM conversions v LEFT JOIN touches t USING (lead_id) GROUP BY v.id) AS shared, unnest(credits) AS c
--     GROUP BY c.channel;
--
-- State: bytea of 48 bytes and, for each channel, 28 with its name; time_decay: each channel's name and 12 a touch. Its length is a power of two from 256.

CREATE TYPE lead_scoring.channel_credit AS (channel text, touches bigint, credit numeric, value numeric);
COMMENT ON TYPE lead_scoring.channel_credit IS 'The share that one channel has in one conversion.';
COMMENT ON COLUMN lead_scoring.channel_credit.channel IS 'The channel; NULL where there was no touch to credit.';
COMMENT ON COLUMN lead_scoring.channel_credit.touches IS 'Touches by this channel before the conversion.';
COMMENT ON COLUMN lead_scoring.channel_credit.credit IS 'Share in the conversion, with 15 decimals; the shares of one conversion sum to 1 exactly.';
COMMENT ON COLUMN lead_scoring.channel_credit.value IS 'Share in its value, credit * value, unrounded; sums to the value exactly.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_combine';
COMMENT ON FUNCTION lead_scoring_internal.attribution_combine(state bytea, other bytea) IS 'Combine function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_final(state bytea) RETURNS lead_scoring.channel_credit[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_final';
COMMENT ON FUNCTION lead_scoring_internal.attribution_final(state bytea) IS 'Final function of attribution.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite. value is shared out like the conversion.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite. value (may be NULL) is shared out like the conversion. Touches more than look_back before the conversion are passed over; NULL sets no limit.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite. value (may be NULL) is shared out like the conversion. Touches more than look_back before the conversion are passed over; NULL sets no limit. half_life is that of time_decay, 7 days where NULL.';

-- first_touch: the channel of the earliest touch. State: bytea of 12 bytes and the channel's name.

CREATE FUNCTION lead_scoring_internal.first_touch_accum(state bytea, channel text, at timestamptz) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_touch_accum';
COMMENT ON FUNCTION lead_scoring_internal.first_touch_accum(state bytea, channel text, at timestamptz) IS 'Transition function of first_touch.';

CREATE FUNCTION lead_scoring_internal.first_touch_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_touch_combine';
COMMENT ON FUNCTION lead_scoring_internal.first_touch_combine(state bytea, other bytea) IS 'Combine function of first_touch.';

CREATE FUNCTION lead_scoring_internal.first_touch_final(state bytea) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_touch_final';
COMMENT ON FUNCTION lead_scoring_internal.first_touch_final(state bytea) IS 'Final function of first_touch.';

CREATE AGGREGATE lead_scoring.first_touch(channel text, at timestamptz) (
    SFUNC = lead_scoring_internal.first_touch_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.first_touch_final,
    COMBINEFUNC = lead_scoring_internal.first_touch_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.first_touch(channel text, at timestamptz) IS 'The channel, or campaign, of the earliest touch that names one; of several at that time the first by its bytes. NULL without any. Touches with NULL or an infinite time are passed over.';
-- attribution_markov: attribution by removal effect, from the paths of all leads, those that never converted included.
--
--     SELECT m.* FROM (SELECT lead_scoring.attribution_markov(path, converted) AS credits FROM
--         (SELECT array_agg(channel ORDER BY at, channel) AS path, bool_or(converted) AS converted FROM touches GROUP BY lead_id) AS paths) AS a,
--         unnest(credits) AS m;
--
-- State: bytea of 40 bytes, 16 a distinct step and each channel's name once, its length a power of two: no more for more leads.

CREATE TYPE lead_scoring.markov_credit AS (channel text, removal_effect float8, credit float8);
COMMENT ON TYPE lead_scoring.markov_credit IS 'What one channel contributes to conversions.';
COMMENT ON COLUMN lead_scoring.markov_credit.channel IS 'The channel; NULL for conversions without a touch.';
COMMENT ON COLUMN lead_scoring.markov_credit.removal_effect IS 'Share of conversions that would be lost without the channel.';
COMMENT ON COLUMN lead_scoring.markov_credit.credit IS 'Conversions credited to it, in proportion to the removal effects; sums to the conversions.';

CREATE FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_accum';
COMMENT ON FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean) IS 'Transition function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean, model_order integer) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_accum_order';
COMMENT ON FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean, model_order integer) IS 'Transition function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], conversions bigint, lost bigint, model_order integer) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_accum_counts';
COMMENT ON FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], conversions bigint, lost bigint, model_order integer) IS 'Transition function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_combine';
COMMENT ON FUNCTION lead_scoring_internal.markov_combine(state bytea, other bytea) IS 'Combine function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_final(state bytea) RETURNS lead_scoring.markov_credit[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_final';
COMMENT ON FUNCTION lead_scoring_internal.markov_final(state bytea) IS 'Final function of attribution_markov.';

CREATE AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean) (
    SFUNC = lead_scoring_internal.markov_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.markov_final,
    COMBINEFUNC = lead_scoring_internal.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean) IS 'Credits conversions to channels by the removal effect in a Markov chain of paths: how much of the chance to convert is lost without the channel (Anderl and others, 2016). The chain is solved exactly, not simulated. One row a path: the channels of one lead in order (NULL ones are passed over), and whether it converted; NULL is not. Conversions with an empty or NULL path are credited to channel NULL. 54000 for more than 1000 channels or 50000 states. Order 1: only the last channel matters for what comes next.';

CREATE AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean, model_order integer) (
    SFUNC = lead_scoring_internal.markov_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.markov_final,
    COMBINEFUNC = lead_scoring_internal.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean, model_order integer) IS 'Credits conversions to channels by the removal effect in a Markov chain of paths: how much of the chance to convert is lost without the channel (Anderl and others, 2016). The chain is solved exactly, not simulated. One row a path: the channels of one lead in order (NULL ones are passed over), and whether it converted; NULL is not. Conversions with an empty or NULL path are credited to channel NULL. 54000 for more than 1000 channels or 50000 states. model_order, 1 to 3 and the same in all rows, says how many of the last channels matter for what comes next; NULL is 1.';

CREATE AGGREGATE lead_scoring.attribution_markov(path text[], conversions bigint, lost bigint, model_order integer) (
    SFUNC = lead_scoring_internal.markov_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.markov_final,
    COMBINEFUNC = lead_scoring_internal.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution_markov(path text[], conversions bigint, lost bigint, model_order integer) IS 'Credits conversions to channels by the removal effect in a Markov chain of paths: how much of the chance to convert is lost without the channel (Anderl and others, 2016). The chain is solved exactly, not simulated. One row a path: the channels of one lead in order (NULL ones are passed over), and whether it converted; NULL is not. Conversions with an empty or NULL path are credited to channel NULL. 54000 for more than 1000 channels or 50000 states. Here a row stands for conversions + lost leads of the same path. model_order is 1 to 3; NULL is 1.';
-- What reports read of the column "memory" of scores.

CREATE FUNCTION lead_scoring_internal.first_event(memory bytea) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_event';
COMMENT ON FUNCTION lead_scoring_internal.first_event IS 'When the lead''s first event was; NULL where it had none. This and the next ones raise 22023 for what is no memory.';

CREATE FUNCTION lead_scoring_internal.keeps_names(memory bytea) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_keeps_names';
COMMENT ON FUNCTION lead_scoring_internal.keeps_names IS 'Whether it knows the campaign and the first touches: not where a name is longer than 255 bytes. Else they are to be read from the events.';

CREATE FUNCTION lead_scoring_internal.keeps_touches(memory bytea) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_keeps_touches';
COMMENT ON FUNCTION lead_scoring_internal.keeps_touches IS 'Whether it knows all touches: not where there are more than report_settings.max_touches.';

CREATE FUNCTION lead_scoring_internal.first_campaign(memory bytea, as_of timestamptz) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_campaign';
COMMENT ON FUNCTION lead_scoring_internal.first_campaign IS 'The campaign of the earliest event up to as_of that names one.';

CREATE FUNCTION lead_scoring_internal.first_channel(memory bytea, as_of timestamptz) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_channel';
COMMENT ON FUNCTION lead_scoring_internal.first_channel IS 'The channel of the earliest touch up to as_of that names one.';

CREATE FUNCTION lead_scoring_internal.first_matches(memory bytea, card lead_scoring.scorecard, rules integer[]) RETURNS timestamptz[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_matches';
COMMENT ON FUNCTION lead_scoring_internal.first_matches IS 'When the lead first matched each of these rules, which are ids: infinity for never, -infinity for fit rules that match, as its card says.';

CREATE FUNCTION lead_scoring_internal.remembered_touches(memory bytea)
RETURNS TABLE (at timestamptz, channel text, asset text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'lead_scoring_remembered_touches';
COMMENT ON FUNCTION lead_scoring_internal.remembered_touches IS 'The touches it keeps, by time.';

CREATE FUNCTION lead_scoring_internal.touches_accum(state internal, at timestamptz, channel text, asset text) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touches_accum';
COMMENT ON FUNCTION lead_scoring_internal.touches_accum IS 'Transition function of touches.';
CREATE FUNCTION lead_scoring_internal.touches_final(state internal) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touches_final';
COMMENT ON FUNCTION lead_scoring_internal.touches_final IS 'Final function of touches.';
CREATE AGGREGATE lead_scoring_internal.touches(at timestamptz, channel text, asset text) (
    SFUNC = lead_scoring_internal.touches_accum,
    STYPE = internal,
    FINALFUNC = lead_scoring_internal.touches_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.touches(timestamptz, text, text) IS 'A memory of all these touches, however many; quick where they come by time.';

CREATE TYPE lead_scoring_internal.touch_credit AS (attribution text, channel text, touches bigint, leads_touched bigint, leads bigint,
    mqls numeric, sqls numeric, customers numeric, revenue numeric);
COMMENT ON TYPE lead_scoring_internal.touch_credit IS 'What touch_credits knows of a channel, or with NULL of leads without one.';

CREATE FUNCTION lead_scoring_internal.touch_credits_accum(state internal, touches bytea, of_assets boolean, mql_at timestamptz, sql_at timestamptz, customer_at timestamptz,
    revenue numeric, as_of timestamptz, look_back interval, half_life interval, since timestamptz, before timestamptz) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touch_credits_accum';
COMMENT ON FUNCTION lead_scoring_internal.touch_credits_accum IS 'Transition function of touch_credits.';
CREATE FUNCTION lead_scoring_internal.touch_credits_final(state internal) RETURNS lead_scoring_internal.touch_credit[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touch_credits_final';
COMMENT ON FUNCTION lead_scoring_internal.touch_credits_final IS 'Final function of touch_credits.';
CREATE AGGREGATE lead_scoring_internal.touch_credits(touches bytea, of_assets boolean, mql_at timestamptz, sql_at timestamptz, customer_at timestamptz, revenue numeric,
    as_of timestamptz, look_back interval, half_life interval, since timestamptz, before timestamptz) (
    SFUNC = lead_scoring_internal.touch_credits_accum,
    STYPE = internal,
    FINALFUNC = lead_scoring_internal.touch_credits_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.touch_credits(bytea, boolean, timestamptz, timestamptz, timestamptz, numeric, timestamptz, interval, interval, timestamptz, timestamptz) IS 'What channels, or assets, are credited with by every method of attribution at once. A row is a lead: its memory, NULL for no touches, when it became MQL, SQL and customer, and what it brought in, which goes with the customer and with who is none as of as_of. Touches later than as_of are passed over, those older than look_back at the conversion are not credited, those from since to before are counted. From as_of on, arguments are the same in all rows; NULL sets no limit, but for half_life, which is 7 days then. The methods are those of lead_scoring.attribution and, where there are no more than 1000 channels, markov.';
-- What the report views read besides the model's own tables: report_settings, set_spend, set_revenue.

CREATE FUNCTION lead_scoring_internal.plain_type(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT t.oid, t.typtype, t.typbasetype INTO found FROM pg_type t
     WHERE t.oid = lead_scoring_internal.column_type(relation, column_name, argument);
    WHILE found.typtype = 'd' LOOP
        SELECT t.oid, t.typtype, t.typbasetype INTO found FROM pg_type t WHERE t.oid = found.typbasetype;
    END LOOP;
    RETURN format_type(found.oid, NULL);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.plain_type IS 'The type of a column, of a domain the type below it; raises 42703 when there is no such column.';

CREATE FUNCTION lead_scoring_internal.time_expression(relation regclass, column_name text, zone text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT text := lead_scoring_internal.plain_type(relation, column_name, argument);
BEGIN
    IF found NOT IN ('date', 'timestamp without time zone', 'timestamp with time zone') THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', column_name, relation, found),
            'A time is a date, a timestamp or a timestamptz.', format('Name another column: %s => ''...''.', argument));
    END IF;
    RETURN CASE found WHEN 'timestamp with time zone'
        THEN format('(CASE WHEN isfinite(r.%1$I) THEN lead_scoring_internal.report_time(r.%1$I::timestamptz) END)', column_name)
        ELSE lead_scoring_internal.fill(
            '(CASE WHEN isfinite(r.{column}) THEN LEAST(GREATEST(r.{column}, ''4000-01-01 BC''::{!type}), ''200000-01-01''::{!type})::timestamp AT TIME ZONE {''zone''} END)',
            jsonb_build_object('column', column_name, 'type', found, 'zone', zone)) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.time_expression IS 'SQL for a time in a column of table r as a timestamptz, NULL where it is infinite, within what report_time says; a date or timestamp is taken as one of the time zone. Raises 42804 for any other type.';

CREATE FUNCTION lead_scoring_internal.amount_expression(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT text := lead_scoring_internal.plain_type(relation, column_name, argument);
BEGIN
    IF found NOT IN ('numeric', 'integer', 'bigint', 'smallint', 'double precision', 'real') THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', column_name, relation, found),
            'An amount is a number; sums are exact where it is a numeric or an integer.',
            format('Name another column, as in %s => ''amount'', or give a view that casts it to numeric.', argument));
    END IF;
    RETURN format('(CASE WHEN r.%1$I::numeric NOT IN (''NaN'', ''Infinity'', ''-Infinity'') THEN r.%1$I::numeric END)', column_name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.amount_expression IS 'SQL for an amount in a column of table r as a numeric, NULL where it is not finite. Raises 42804 for a type that is no number.';

CREATE FUNCTION lead_scoring_internal.read_from_strangers(relation regclass)
RETURNS regclass LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
-- Who may act as the current role has nothing to gain.
WITH RECURSIVE reads (relation, kind, is_own, is_harmless) AS (
    SELECT c.oid, c.relkind, r.oid = c.relowner, true FROM pg_class c JOIN pg_roles r ON r.rolname = current_user WHERE c.oid = relation
    UNION
    SELECT c.oid, c.relkind, m.oid = c.relowner, pg_has_role(c.relowner, m.oid, 'MEMBER')
      FROM reads r
     CROSS JOIN LATERAL (SELECT d.refobjid FROM pg_rewrite w
                           JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
                          WHERE w.ev_class = r.relation AND r.kind = 'v'
                          UNION ALL SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = r.relation) o (relation)
      JOIN pg_class c ON c.oid = o.relation
      JOIN pg_roles m ON m.rolname = current_user
     WHERE r.is_own AND c.relkind NOT IN ('S', 'c'))
SELECT r.relation::regclass FROM reads r WHERE NOT r.is_harmless ORDER BY r.relation LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.read_from_strangers IS 'A table or view of another role that reading a table or view of the current role would read with it: through views of its own, or as a child or partition. NULL where there is none.';

CREATE FUNCTION lead_scoring_internal.mapped_table(model text, table_name text, argument text)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation CONSTANT regclass := to_regclass(table_name);
    stranger regclass;
BEGIN
    IF relation IS NULL THEN
        PERFORM lead_scoring_internal.fail('42P01', format('table %s of model "%s" does not exist', table_name, model),
            format('The model''s report_settings name it as %s.', argument),
            format('SELECT lead_scoring.set_%s(%L, NULL);  -- or name the table that it is now', split_part(argument, '_', 1), model));
    END IF;
    IF (SELECT c.relpersistence = 't' FROM pg_class c WHERE c.oid = relation) THEN
        PERFORM lead_scoring_internal.fail('42809', format('table %s of model "%s" is temporary', relation, model),
            'Other sessions cannot read it, and it is gone with this one.',
            format('Name one that stays, as CREATE TABLE public.%1$s AS TABLE pg_temp.%1$s makes it.', relation));
    END IF;
    PERFORM lead_scoring_internal.require_readable(relation);
    stranger := lead_scoring_internal.read_from_strangers(relation);
    IF stranger IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42501',
            format('%s of model "%s" reads table %s, which belongs to another role than the model''s owner', relation, model, stranger),
            'A query on it runs what that role has put into its indexes and statistics, with the rights of the model''s owner.',
            format('Name table %s itself as %s, or a materialized view in the place of %s.', stranger, argument, relation));
    END IF;
    IF relation IS DISTINCT FROM to_regclass(table_name) THEN
        PERFORM lead_scoring_internal.fail('40001', format('table %s of model "%s" was swapped while it was looked at', table_name, model),
            'What was looked at is to be what is used.', 'Run the statement again.');
    END IF;
    RETURN relation;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mapped_table IS 'The table that a column of report_settings names; raises 42P01 when it is gone, 42809 when it is temporary, 42501 when another role''s code would run with it.';

CREATE FUNCTION lead_scoring_internal.mapped_rows(model text, relation regclass, VARIADIC columns text[])
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN c.relowner = (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user) THEN format('%s r', relation)
            ELSE (SELECT lead_scoring_internal.fill('lead_scoring_internal.stranger_rows({''model''}, {''relation''}::oid, {!columns}) r ({!definitions})',
                        jsonb_build_object('model', model, 'relation', relation::oid,
                            'columns', string_agg(quote_literal(a.attname), ', ' ORDER BY a.attnum),
                            'definitions', string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)))
                    FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (columns)) END
  FROM pg_class c WHERE c.oid = relation
$$;
COMMENT ON FUNCTION lead_scoring_internal.mapped_rows IS 'What stands behind FROM to read these columns of a table that report_settings name, as r: the table itself where it is the model''s owner''s, else stranger_rows.';

CREATE FUNCTION lead_scoring_internal.report_key(relation regclass, expression text, subject text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
-- The labels of an enum may be renamed, so that the server does not take its text for immutable; no setting changes it.
SELECT CASE WHEN EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                          WHERE a.attrelid = report_key.relation AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'e' AND quote_ident(a.attname) = expression)
            THEN expression ELSE lead_scoring_internal.compile_expression(relation, expression, 'key', subject) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_key IS 'The expression that names the channel or asset of an event, or a dimension of a lead, as the server deparses it: a column that is an enum, or else raises what check_expression raises.';
-- The view "moves" of a model: what reports know of the moves of leads. The table "transitions" is for who writes and proves them.

CREATE FUNCTION lead_scoring_internal.move_rows(model text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT t.lead_id, t.seq, t.from_stage, t.to_stage, t.at, t.recorded_at, t.score, t.engagement, t.fit, t.grade, t.version, t.cause, t.rule, t.actor, t.reason
                 FROM %I.transitions t', model)
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_rows IS 'SQL that gives the moves of leads: what the view "moves" shows, for reports, which do not read it by its name: whoever may create in the schema could put something of his own in its place, where it is missing.';

CREATE FUNCTION lead_scoring_internal.make_moves(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('CREATE OR REPLACE VIEW %I.moves WITH (security_invoker = true) AS %s', model, lead_scoring_internal.move_rows(model));
    PERFORM lead_scoring_internal.describe(v.view, 'Every move of every lead between stages: what reports go by.',
                (SELECT jsonb_object_agg(a.attname, col_description('lead_scoring_internal.transitions'::regclass, t.attnum))
                   FROM pg_attribute a JOIN pg_attribute t ON t.attrelid = 'lead_scoring_internal.transitions'::regclass AND t.attname = a.attname
                  WHERE a.attrelid = v.view AND a.attnum > 0))
       FROM CAST(format('%I.moves', model) AS regclass) v (view);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_moves IS 'Creates or replaces the view "moves" of a model. It is read with the rights of who reads it, so that row security on transitions holds.';
-- report_settings, set_spend, set_revenue.

CREATE FUNCTION lead_scoring_internal.own_dimensions()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{campaign,channel}'::text[] $$;
COMMENT ON FUNCTION lead_scoring_internal.own_dimensions IS 'The dimensions that reports know by themselves.';

CREATE FUNCTION lead_scoring_internal.are_dimensions(dimensions jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN jsonb_typeof(dimensions) = 'object'
            THEN NOT EXISTS (SELECT FROM jsonb_each(dimensions) d
                              WHERE jsonb_typeof(d.value) <> 'string' OR octet_length(d.key) NOT BETWEEN 1 AND 63 OR d.key = ANY (lead_scoring_internal.own_dimensions()))
            ELSE false END
$$;
COMMENT ON FUNCTION lead_scoring_internal.are_dimensions IS 'Whether it is an object of names, none of which is one of own_dimensions, and texts.';

CREATE FUNCTION lead_scoring_internal.weekdays()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'::text[] $$;
COMMENT ON FUNCTION lead_scoring_internal.weekdays IS 'The days that a week may begin on.';

CREATE FUNCTION lead_scoring_internal.check_report_settings_as_owner()
RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.check_report_settings()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known jsonb;
    bound record;
    relation regclass;
    key_type text;
    stage text;
    stages text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(TG_TABLE_SCHEMA);
    EXECUTE lead_scoring_internal.known_fields(TG_RELID) INTO known USING NEW;
    PERFORM lead_scoring_internal.check_draft_values(TG_TABLE_SCHEMA, TG_TABLE_NAME, known);
    SELECT * INTO bound FROM lead_scoring_internal.binding(TG_TABLE_SCHEMA);
    IF num_nulls(NEW.spend_table, NEW.spend_campaign, NEW.spend_date, NEW.spend_amount) = 0 THEN
        relation := lead_scoring_internal.mapped_table(TG_TABLE_SCHEMA, NEW.spend_table, 'spend_table');
        PERFORM lead_scoring_internal.column_type(relation, NEW.spend_campaign, 'campaign'),
                lead_scoring_internal.time_expression(relation, NEW.spend_date, 'UTC', 'spent_on'),
                lead_scoring_internal.amount_expression(relation, NEW.spend_amount, 'amount'),
                CASE WHEN NEW.spend_channel IS NOT NULL THEN lead_scoring_internal.column_type(relation, NEW.spend_channel, 'channel') END;
    END IF;
    IF num_nulls(NEW.revenue_table, NEW.revenue_lead, NEW.revenue_date, NEW.revenue_amount) = 0 THEN
        relation := lead_scoring_internal.mapped_table(TG_TABLE_SCHEMA, NEW.revenue_table, 'revenue_table');
        key_type := lead_scoring_internal.plain_type(format('%I.scores', TG_TABLE_SCHEMA)::regclass, 'lead_id', 'lead');
        IF replace(lead_scoring_internal.plain_type(relation, NEW.revenue_lead, 'lead'), 'character varying', 'text') <> key_type THEN
            PERFORM lead_scoring_internal.fail('42804',
                format('column "%s" of table %s has type %s, but the leads'' key has type %s', NEW.revenue_lead, relation,
                       lead_scoring_internal.plain_type(relation, NEW.revenue_lead, 'lead'), key_type),
                'Revenue names its lead by the very key of the leads table.', 'Name another column: lead => ''lead_id''.');
        END IF;
        PERFORM lead_scoring_internal.time_expression(relation, NEW.revenue_date, 'UTC', 'earned_on'),
                lead_scoring_internal.amount_expression(relation, NEW.revenue_amount, 'amount');
    END IF;
    IF NEW.lead_created IS NOT NULL THEN
        PERFORM lead_scoring_internal.time_expression(bound.leads, NEW.lead_created, 'UTC', 'lead_created');
    END IF;
    NEW.event_channel := lead_scoring_internal.report_key(bound.events, NEW.event_channel, 'event_channel');
    NEW.event_asset := lead_scoring_internal.report_key(bound.events, NEW.event_asset, 'event_asset');
    NEW.dimensions := (SELECT coalesce(jsonb_object_agg(d.key, lead_scoring_internal.report_key(bound.leads, d.value, format('dimension "%s"', d.key))), '{}')
                         FROM jsonb_each_text(NEW.dimensions) d);
    FOREACH stage IN ARRAY array_remove(ARRAY[NEW.mql_stage, NEW.sql_stage, NEW.customer_stage], NULL) LOOP
        EXECUTE format('SELECT array_agg(s.name) FROM %I.stages s WHERE s.kind = ''progress''', TG_TABLE_SCHEMA) INTO stages;
        IF stage = ANY (stages) IS NOT TRUE THEN
            PERFORM lead_scoring_internal.fail('42704', format('report_settings of model "%s" name a stage that is none', TG_TABLE_SCHEMA),
                'mql_stage, sql_stage and customer_stage are progress stages.',
                format('SELECT name FROM %I.stages WHERE kind = ''progress'';', TG_TABLE_SCHEMA) || lead_scoring_internal.perhaps(stage, stages));
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_report_settings IS 'Implements lead_scoring_internal.check_report_settings_as_owner, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring_internal.check_report_settings_as_owner IS 'Trigger of report_settings: raises when it names a table, column or stage that is not there (42P01, 42703, 42704), a temporary table (42809) or a type that does not do (42804), what check_expression raises, and 42501 where a role without the rights of the model''s owner writes one of these; writes expressions as the server deparses them.';

CREATE FUNCTION lead_scoring_internal.change_report_settings(model text, changes jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF current_setting('session_replication_role') = 'replica' THEN
        PERFORM lead_scoring_internal.fail('55000', format('report_settings of model "%s" cannot be changed by a replica''s session', model),
            'The trigger that checks them does not fire there.', 'SET session_replication_role = origin;');
    END IF;
    EXECUTE format('INSERT INTO %1$I.report_settings (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.report_settings, $1)
                    ON CONFLICT (only_row) DO UPDATE SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.report_settings, $1))',
                   model, (SELECT string_agg(quote_ident(c.key), ', ') FROM jsonb_object_keys(changes) c (key))) USING changes;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.change_report_settings IS 'Sets these columns of a model''s report_settings; for its owner only.';

CREATE FUNCTION lead_scoring_internal.require_columns(function_name text, example text, VARIADIC columns text[])
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF array_position(columns, NULL) IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('an argument of %s is NULL', function_name), 'Each names a column of the table.', example);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_columns IS 'Raises 22004 when one of the columns is NULL; "example" is the hint.';

CREATE FUNCTION lead_scoring.set_spend(model text, spend_table regclass, campaign text DEFAULT 'campaign', spent_on text DEFAULT 'spent_on',
                                       amount text DEFAULT 'amount', channel text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_spend(model text, spend_table regclass, campaign text, spent_on text,
                                       amount text, channel text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF spend_table IS NOT NULL THEN
        PERFORM lead_scoring_internal.require_columns('set_spend',
            'For example campaign => ''campaign'', spent_on => ''spent_on'', amount => ''amount''.',
            campaign, spent_on, amount);
    END IF;
    PERFORM lead_scoring_internal.change_report_settings(model, jsonb_build_object('spend_table', spend_table::text,
        'spend_campaign', CASE WHEN spend_table IS NOT NULL THEN campaign END,
        'spend_date', CASE WHEN spend_table IS NOT NULL THEN spent_on END,
        'spend_amount', CASE WHEN spend_table IS NOT NULL THEN amount END,
        'spend_channel', CASE WHEN spend_table IS NOT NULL THEN channel END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_spend IS 'Implements lead_scoring.set_spend, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_spend IS 'Names the table or view from which reports read what was spent: its columns of campaign (any type), day (date, timestamp or timestamptz), amount (a number; NULL and NaN count as nothing) and, optionally, channel. NULL as the table unmaps it. A table of another role, which grants SELECT to the model''s owner, is read row by row and without a plan, so that nothing which that role puts into its indexes or statistics runs as the model''s owner. For the model''s owner only. Raises 42501 where that cannot be: it is no ordinary table or materialized view, has row security, children, columns of types that are not the server''s own or columns computed when read, or is a view of the owner''s over tables of other roles. Raises 42703 for an unknown column, 42804 for a type that does not do, 42809 for a temporary table, 22004 for a NULL.';

CREATE FUNCTION lead_scoring.set_revenue(model text, revenue_table regclass, lead text DEFAULT 'lead_id', earned_on text DEFAULT 'earned_on',
                                         amount text DEFAULT 'amount')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_revenue(model text, revenue_table regclass, lead text, earned_on text,
                                         amount text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF revenue_table IS NOT NULL THEN
        PERFORM lead_scoring_internal.require_columns('set_revenue',
            'For example lead => ''lead_id'', earned_on => ''earned_on'', amount => ''amount''.',
            lead, earned_on, amount);
    END IF;
    PERFORM lead_scoring_internal.change_report_settings(model, jsonb_build_object('revenue_table', revenue_table::text,
        'revenue_lead', CASE WHEN revenue_table IS NOT NULL THEN lead END,
        'revenue_date', CASE WHEN revenue_table IS NOT NULL THEN earned_on END,
        'revenue_amount', CASE WHEN revenue_table IS NOT NULL THEN amount END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_revenue IS 'Implements lead_scoring.set_revenue, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_revenue IS 'Names the table or view from which reports read what leads brought in: its columns of the lead''s key, day (date, timestamp or timestamptz) and amount (a number; NULL and NaN count as nothing). Revenue of nobody in the leads table is left out. NULL as the table unmaps it. A table of another role, which grants SELECT to the model''s owner, is read row by row and without a plan, so that nothing which that role puts into its indexes or statistics runs as the model''s owner. For the model''s owner only. Raises 42501 where that cannot be: it is no ordinary table or materialized view, has row security, children, columns of types that are not the server''s own or columns computed when read, or is a view of the owner''s over tables of other roles. Raises 42703 for an unknown column, 42804 for a type that does not do, 42809 for a temporary table, 22004 for a NULL.';
-- Reports of a model: what they have in common. Each is a function, lead_scoring.<report>, and a view in the model's schema,
-- which is one call of it. The function builds its statement when it is called, by <report>_report of the part of that
-- noun, and runs it as the model's owner. So the views name nothing of the user's, follow every publish and every change
-- of settings by themselves, and need no right but SELECT on the view. What a report takes and gives, and what that means,
-- is told once, by <report>_form: the function, the view and the reference are made from it.

-- ---------------------------------------------------------------- statements

CREATE FUNCTION lead_scoring_internal.report_setting(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    version jsonb;
    names text[] := ARRAY(SELECT p.stage FROM lead_scoring_internal.progress_stages(model) p ORDER BY p.rank);
    meanings jsonb;
    role_stage record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    settings := coalesce(settings, '{"qualified_low": 0.02, "qualified_high": 0.05, "dimensions": {}, "week_starts": "monday"}');
    EXECUTE format('SELECT v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO version;
    SELECT jsonb_object_agg(s.stage ->> 'counts_as', s.stage ->> 'name') INTO meanings
      FROM jsonb_array_elements(version -> 'stages') s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL;
    FOR role_stage IN SELECT * FROM (VALUES
            ('mql', CASE WHEN cardinality(names) >= 2 THEN 2 END),
            ('sql', CASE WHEN cardinality(names) >= 4 THEN 3 END),
            ('customer', CASE WHEN cardinality(names) >= 3 THEN cardinality(names) END)) d (role, place) LOOP
        settings := settings || jsonb_build_object(role_stage.role, array_position(names,
            coalesce(settings ->> (role_stage.role || '_stage'), CASE WHEN meanings IS NOT NULL THEN meanings ->> role_stage.role ELSE names[role_stage.place] END)));
    END LOOP;
    RETURN settings || jsonb_build_object('stages', names, 'time_zone', version ->> 'time_zone');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_setting IS 'What a report goes by: report_settings with, in addition, time_zone and stages (the progress stages of the newest version by rank), and mql, sql and customer as places in these, NULL where the model has no such stage.';

CREATE FUNCTION lead_scoring_internal.report_time(at timestamptz) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_report_time';
COMMENT ON FUNCTION lead_scoring_internal.report_time(timestamptz) IS 'A time as reports take it: an absurd one, before 4000 BC or after the year 200000, for the nearer of these. So there is room on both sides for time zones, months and intervals, and differences fit into 64 bits.';

CREATE FUNCTION lead_scoring_internal.report_time(at timestamptz, as_of timestamptz) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_report_time_as_of';
COMMENT ON FUNCTION lead_scoring_internal.report_time(timestamptz, timestamptz) IS 'A time as a report of as_of takes it: NULL where it is later.';

CREATE FUNCTION lead_scoring_internal.period_expression(instant text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN settings ->> 'grain' = 'week' AND w.days > 0
            THEN format('(date_trunc(''week'', %1$s AT TIME ZONE %2$L - interval ''%3$s days'') + interval ''%3$s days'')::date', instant, settings ->> 'time_zone', w.days)
            ELSE format('date_trunc(%L, %s AT TIME ZONE %L)::date', coalesce(settings ->> 'grain', 'month'), instant, settings ->> 'time_zone') END
  FROM (SELECT array_position(lead_scoring_internal.weekdays(), settings ->> 'week_starts') - 1) w (days)
$$;
COMMENT ON FUNCTION lead_scoring_internal.period_expression IS 'SQL for the first day of the period of a timestamptz, in the model''s time zone: of the settings'' grain, a month where they have none. See report_time.';

CREATE FUNCTION lead_scoring_internal.is_over(period text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%s + interval %L <= $1 AT TIME ZONE %L', period, settings ->> 'step', settings ->> 'time_zone')
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_over IS 'SQL for whether a period, by its first day, is over at parameter 1, the time of the report.';

CREATE FUNCTION lead_scoring_internal.is_asked_for(day text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(nullif(concat_ws(' AND ', day || ' >= date ' || quote_literal(settings ->> 'since'), day || ' <= date ' || quote_literal(settings ->> 'until')), ''), 'true')
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_asked_for IS 'SQL for whether a day lies from the settings'' since to their until; where they say neither, it is true without the day.';

CREATE FUNCTION lead_scoring_internal.is_asked_for_at(instant text, settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.is_asked_for(format('(lead_scoring_internal.report_time(%s) AT TIME ZONE %L)::date', instant, settings ->> 'time_zone'), settings)
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_asked_for_at IS 'The same for the day of a timestamptz.';

CREATE FUNCTION lead_scoring_internal.report_dimension(model text, report text, split_by text, settings jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    names CONSTANT text[] := lead_scoring_internal.own_dimensions() || ARRAY(SELECT k FROM jsonb_object_keys(settings -> 'dimensions') k ORDER BY k COLLATE "C");
    expression CONSTANT text := settings -> 'dimensions' ->> split_by;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF split_by IS NULL OR split_by = ANY (lead_scoring_internal.own_dimensions()) THEN
        RETURN jsonb_build_object('kind', split_by);
    END IF;
    -- Whoever may not act as the owner is not to have him evaluate an expression.
    IF expression IS NULL AND NOT pg_has_role(lead_scoring_internal.asking_role(), current_user, 'USAGE') THEN
        PERFORM lead_scoring_internal.fail('42704', format('model "%s" has no dimension "%s"', model, split_by),
            format('Its dimensions are %s.', (SELECT string_agg(quote_ident(n), ', ' ORDER BY place) FROM unnest(names) WITH ORDINALITY u (n, place))),
            format('SELECT * FROM lead_scoring.%I(%L, by => %L);', report, model, coalesce(lead_scoring_internal.nearest_name(split_by, names), 'campaign')));
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign);
    RETURN jsonb_build_object('kind', 'expression',
        'expression', lead_scoring_internal.report_key(bound.leads, coalesce(expression, split_by), CASE WHEN expression IS NULL THEN 'by' ELSE format('dimension "%s"', split_by) END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_dimension IS 'What a report is split by: an object of kind (campaign, channel, expression, or NULL) and, of an expression over the row of a lead, its SQL, checked against the table as it is. Raises 42704 for a name that is no dimension, where the caller may not act as the owner; for the owner that is an expression, which raises what check_expression raises.';

CREATE FUNCTION lead_scoring_internal.report_request(model text, report text, grain text, split_by text, since date, until date)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- how long it is, and how long a year is to it
    grains CONSTANT jsonb := '{"day": ["1 day", "1 year"], "week": ["7 days", "364 days"], "month": ["1 month", "1 year"], "quarter": ["3 months", "1 year"]}';
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
BEGIN
    IF grain IS NULL OR NOT grains ? grain THEN
        PERFORM lead_scoring_internal.fail('22023', format('there is no grain %s', coalesce('"' || grain || '"', 'NULL')), 'A report is by day, week, month or quarter.',
            format('SELECT * FROM lead_scoring.%I(%L, grain => %L);', report, model,
                   coalesce(lead_scoring_internal.nearest_name(grain, '{day,week,month,quarter}'), 'month')));
    ELSIF since > until THEN
        PERFORM lead_scoring_internal.fail('22023', format('since, %s, is after until, %s', to_jsonb(since) #>> '{}', to_jsonb(until) #>> '{}'),
            'A report has what lies from the one to the other.',
            format('SELECT * FROM lead_scoring.%I(%L, since => %L, until => %L);', report, model, to_jsonb(until) #>> '{}', to_jsonb(since) #>> '{}'));
    END IF;
    RETURN settings || jsonb_build_object('grain', grain, 'step', grains -> grain ->> 0, 'year', grains -> grain ->> 1, 'since', since, 'until', until,
                                          'by', lead_scoring_internal.report_dimension(model, report, split_by, settings));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_request IS 'What a report goes by and what is asked of it: report_setting with, in addition, grain, step (the length of a period), year (how far before it that of the year before lies), since, until, and by, as report_dimension has it. Raises 22023 for another grain or where since is after until, 42704 for an unknown dimension.';

CREATE FUNCTION lead_scoring_internal.fill_report(settings jsonb, template text, places jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked CONSTANT text := '\[\[([^|]*?)(?:\|(.*?))?\]\]';
    taken CONSTANT text := regexp_replace(template, marked, CASE WHEN settings #>> '{by,kind}' IS NULL THEN '\2' ELSE '\1' END, 'g');
BEGIN
    RETURN lead_scoring_internal.fill(taken, (
        SELECT jsonb_object_agg(p.key, p.value) FROM jsonb_each(places) p
         WHERE taken ~ format('\{[!'']?%s''?\}', p.key) OR template !~ format('\{[!'']?%s''?\}', p.key)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.fill_report IS 'The template filled in, as fill does: of [[this|that]] with "this" where the report is split by a dimension, else with "that", or nothing. So what it costs to split is paid by whoever asks for it. A place may be in what is left out.';

CREATE FUNCTION lead_scoring_internal.report_query(model text, report text, grain text, split_by text, since date, until date)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF report <> ALL (lead_scoring_internal.report_views()) THEN
        PERFORM lead_scoring_internal.fail('42704', format('there is no report "%s"', report),
            format('The reports are %s.', array_to_string(lead_scoring_internal.report_views(), ', ')),
            format('SELECT * FROM lead_scoring.%I(%L);', coalesce(lead_scoring_internal.nearest_name(report, lead_scoring_internal.report_views()), 'funnel'), model));
    END IF;
    EXECUTE format('SELECT lead_scoring_internal.%I($1, $2)', report || '_report') INTO statement
      USING model, lead_scoring_internal.report_request(model, report, grain, split_by, since, until);
    RETURN statement;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_query IS 'The statement of a report, whose parameter 1 is the time of the report. Raises 42704 where there is none of that name.';

-- ---------------------------------------------------------------- functions and views

CREATE TYPE lead_scoring_internal.report_form AS (note text, arguments text[], columns text[]);
COMMENT ON TYPE lead_scoring_internal.report_form IS 'What a report is: in words; the arguments it takes besides the model and as_of, each "name", or "name | meaning" where it (or as_of) means something else than report_arguments says, "name | + meaning" where it means that besides; its columns, each "name | type | meaning".';

CREATE FUNCTION lead_scoring_internal.report_views()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{funnel,campaigns,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,sla,feedback,event_types}'::text[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_views IS 'The names of the reports, which are those of the functions and of the views.';

CREATE FUNCTION lead_scoring_internal.report_note(report text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form lead_scoring_internal.report_form;
BEGIN
    EXECUTE format('SELECT f.* FROM lead_scoring_internal.%I() f', report || '_form') INTO form;
    RETURN form.note;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_note IS 'What a report is, in words.';

CREATE FUNCTION lead_scoring_internal.report_arguments(report text)
RETURNS TABLE (name text, declaration text, note text) LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 6 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form lead_scoring_internal.report_form;
BEGIN
    EXECUTE format('SELECT f.* FROM lead_scoring_internal.%I() f', report || '_form') INTO form;
    RETURN QUERY
    SELECT d.name, d.declaration, CASE WHEN a.c[2] LIKE '+ %' THEN d.note || substr(a.c[2], 2) ELSE coalesce(a.c[2], d.note) END
      FROM (VALUES
        (1, 'model', 'text', NULL),
        (2, 'as_of', 'timestamptz DEFAULT pg_catalog.now()', 'as_of: what had happened by then, by its own time, and nothing later.'),
        (3, 'grain', 'text DEFAULT ''month''', 'grain: a period is a day, week (from the day that report_settings.week_starts names), month or quarter.'),
        (4, 'by', 'text DEFAULT NULL', 'by: rows are of one value of a dimension each, which is the first column: campaign (the lead''s), channel (of its first touch), or a name in report_settings.dimensions; from whoever has the rights of the model''s owner any SQL expression over the row of a lead.'),
        (5, 'since', 'date DEFAULT NULL', 'since, until: only periods whose first day lies from the one to the other, both included; what they say is what they say without.'),
        (6, 'until', 'date DEFAULT NULL', NULL)) d (place, name, declaration, note)
      LEFT JOIN (SELECT regexp_split_to_array(line, ' \| ') FROM unnest(form.arguments) u (line)) a (c) ON a.c[1] = d.name
     WHERE d.place <= 2 OR a.c IS NOT NULL ORDER BY d.place;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_arguments IS 'The arguments of a report''s function, in order: their names, types with defaults, and what they mean.';

CREATE FUNCTION lead_scoring_internal.report_columns(report text)
RETURNS TABLE (place bigint, name text, type text, note text) LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form lead_scoring_internal.report_form;
BEGIN
    EXECUTE format('SELECT f.* FROM lead_scoring_internal.%I() f', report || '_form') INTO form;
    RETURN QUERY
    SELECT 0::bigint, 'dimension', 'text', 'Value of the dimension that "by" names; NULL without "by", and where the value is NULL or empty. The view does not have this column.'
     WHERE EXISTS (SELECT FROM lead_scoring_internal.report_arguments(report) a WHERE a.name = 'by')
    UNION ALL
    SELECT u.place, c[1], c[2], c[3] FROM unnest(form.columns) WITH ORDINALITY u (line, place), regexp_split_to_array(u.line, ' \| ') c
     ORDER BY 1;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_columns IS 'The columns of a report, in order: their names, types, and what they mean. Place 0 is that of the dimension, which the view leaves out.';

CREATE FUNCTION lead_scoring_internal.make_report_view(model text, report text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- A function's columns do not keep the places behind the decimal point that their types say.
    EXECUTE lead_scoring_internal.fill('CREATE OR REPLACE VIEW {model}.{report} AS SELECT {!columns} FROM lead_scoring.{report}({''model''}) r',
        jsonb_build_object('model', model, 'report', report,
            'columns', (SELECT string_agg(format(CASE WHEN c.type LIKE '%(%' THEN 'r.%1$I::%2$s AS %1$I' ELSE 'r.%1$I' END, c.name, c.type), ', ' ORDER BY c.place)
                          FROM lead_scoring_internal.report_columns(report) c WHERE c.place > 0)));
    PERFORM lead_scoring_internal.describe(format('%I.%I', model, report)::regclass,
        lead_scoring_internal.report_note(report) || CASE WHEN EXISTS (SELECT FROM lead_scoring_internal.report_arguments(report) a WHERE a.name = 'grain') THEN ' A period is a month.' ELSE '' END,
        (SELECT jsonb_object_agg(c.name, c.note) FROM lead_scoring_internal.report_columns(report) c WHERE c.place > 0));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_report_view IS 'Creates or replaces the view of a report in a model.';

CREATE FUNCTION lead_scoring_internal.make_reports(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    report text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOREACH report IN ARRAY lead_scoring_internal.report_views() LOOP
        PERFORM lead_scoring_internal.make_report_view(model, report);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_reports IS 'Creates or replaces the report views of a model.';
-- The leads that reports count, each once, with when it came and reached each stage.

CREATE FUNCTION lead_scoring_internal.own_log(model text, remembering bigint)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    RETURN jsonb_build_object('remembers', CASE WHEN remembering IS NOT NULL THEN format('(s.version = %s AND s.memory IS NOT NULL) IS TRUE', remembering) END, 'time', bound.event_time,
        'of_lead', lead_scoring_internal.fill('{!events} e WHERE e.{lead} = s.lead_id AND e.{time} > ''-infinity'' AND e.{time} < ''infinity''',
            jsonb_build_object('events', bound.events, 'lead', bound.event_lead, 'time', bound.event_time)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.own_log IS 'SQL over a row s of scores, to be filled in: "remembers", whether it has a memory by that version (NULL: none has), "of_lead", what stands behind FROM to read its events e that have a time, and "time", the column that has it.';

CREATE FUNCTION lead_scoring_internal.fill_from_log(template text, own_log jsonb, places jsonb DEFAULT '{}')
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill(template, places || (SELECT coalesce(jsonb_object_agg(l.key, l.value), '{}') FROM jsonb_each(own_log) l WHERE template ~ format('\{!?%s\}', l.key)))
$$;
COMMENT ON FUNCTION lead_scoring_internal.fill_from_log IS 'The template filled in, as fill does, with the places and with those of own_log that it has.';

CREATE FUNCTION lead_scoring_internal.lead_rows(model text, settings jsonb, with_campaign boolean DEFAULT false, with_forgotten boolean DEFAULT false, only_lead text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    kind CONSTANT text := settings #>> '{by,kind}';
    remembering CONSTANT bigint := lead_scoring_internal.remembering_version(model);
    channel text := CASE kind WHEN 'channel' THEN coalesce(lead_scoring_internal.touch_expression(model, settings, 'event_channel'), 'NULL') END;
    campaign text;
    entered text[] := ARRAY(SELECT format('s.%I', n || '_at') FROM unnest(names) n);
    reached text[];
    came_at text;
    created text;
    known text;
    touches text;
    first text;
    had_come text;
    own_log jsonb;
    leads text;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time,
                                       bound.event_campaign);
    own_log := lead_scoring_internal.own_log(model, remembering);
    created := CASE WHEN settings ->> 'lead_created' IS NOT NULL THEN
        lead_scoring_internal.time_expression(bound.leads, settings ->> 'lead_created', settings ->> 'time_zone', 'lead_created') END;
    known := format('LEAST(%s)', concat_ws(', ', VARIADIC entered || created));
    campaign := CASE WHEN bound.event_campaign IS NOT NULL AND (with_campaign OR kind IS NOT DISTINCT FROM 'campaign') THEN format('nullif(e.%I::text, '''')', bound.event_campaign) END;
    IF remembering IS NOT NULL THEN
        -- Leads of another version, and what a memory does not keep, are asked one by one.
        first := lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} THEN lead_scoring_internal.first_event(s.memory) ELSE (SELECT min(e.{time}) FROM {!of_lead}) END', own_log);
        campaign := CASE WHEN campaign IS NOT NULL THEN lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} AND lead_scoring_internal.keeps_names(s.memory) THEN lead_scoring_internal.first_campaign(s.memory, $1)
            ELSE (SELECT lead_scoring.first_touch({!campaign}, e.{time}) FROM {!of_lead} AND e.{time} <= $1) END', own_log, jsonb_build_object('campaign', campaign)) END;
        channel := CASE WHEN channel IS NOT NULL THEN lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} AND lead_scoring_internal.keeps_names(s.memory) THEN lead_scoring_internal.first_channel(s.memory, $1)
            ELSE (SELECT lead_scoring.first_touch(nullif(({!channel})::text, ''''), e.{time}) FROM {!of_lead} AND e.{time} <= $1) END', own_log, jsonb_build_object('channel', channel)) END;
        had_come := format('%1$s <= $1 OR %2$s IS NULL AND %1$s IS NULL', first, known);
    ELSE
        touches := lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, e.{time} AS at{!campaign}{!channel} FROM {!events} e WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1{!only_lead}',
            jsonb_build_object('lead', bound.event_lead, 'time', bound.event_time, 'campaign', ', ' || campaign || ' AS campaign',
                'channel', ', nullif((' || channel || ')::text, '''') AS channel',
                'events', bound.events, 'only_lead', ' AND e.' || quote_ident(bound.event_lead) || ' = ' || only_lead));
        -- OFFSET 0 keeps the events out of parallel joins, each worker of which would read them all; they may be read in parallel.
        -- An index may have the first time of each lead, but not its campaign or channel: for these all are read as they lie, and
        -- sorted, since a hash table of all leads would outgrow its memory.
        touches := lead_scoring_internal.fill(CASE WHEN num_nonnulls(campaign, channel) > 0
            THEN 'LEFT JOIN (SELECT t.lead_id, min(t.at) AS first_at{!campaign}{!channel} FROM (SELECT t.* FROM ({!touches} OFFSET bigint ''0'') t ORDER BY t.lead_id) t GROUP BY 1 OFFSET 0) f ON f.lead_id = s.lead_id'
            ELSE 'LEFT JOIN (SELECT t.lead_id, min(t.at) AS first_at{!campaign}{!channel} FROM ({!touches}) t GROUP BY 1 OFFSET 0) f ON f.lead_id = s.lead_id' END,
            jsonb_build_object('touches', touches, 'campaign', CASE WHEN campaign IS NOT NULL THEN ', lead_scoring.first_touch(t.campaign, t.at) AS campaign' END,
                'channel', CASE WHEN channel IS NOT NULL THEN ', lead_scoring.first_touch(t.channel, t.at) AS channel' END));
        first := 'f.first_at';
        campaign := CASE WHEN campaign IS NOT NULL THEN 'f.campaign' END;
        channel := CASE WHEN channel IS NOT NULL THEN 'f.channel' END;
        had_come := lead_scoring_internal.fill_from_log('EXISTS (SELECT FROM {!of_lead} AND e.{time} <= $1) OR {!known} IS NULL AND NOT EXISTS (SELECT FROM {!of_lead})', own_log, jsonb_build_object('known', known));
    END IF;
    -- Whoever was merged into another is counted there, unless there are events of its own again. Whoever is there now has
    -- come by now, whatever the dates: so events are read to find who had come by a day in the past alone.
    leads := lead_scoring_internal.fill_report(settings, $query$
        SELECT s.lead_id, s.stage_since, s.stage, {!entered}, {!campaign} AS campaign, [[{!dimension} AS dimension, ]]LEAST({!first}{!created}) AS first_at, s.memory, s.card, {!remembers} AS remembers
          FROM {model}.scores s{!attributes}{!dimensions}
          {!touches}
          LEFT JOIN {model}.merged m ON m.merged_from = s.lead_id
         WHERE s.counted AND (m.merged_from IS NULL OR (SELECT true FROM {!events} e WHERE e.{event_lead} = s.lead_id LIMIT 1)){!only_lead}
           AND (now() <= $1 OR {!known} <= $1 OR {!had_come})
        $query$, jsonb_build_object(
        'entered', array_to_string(entered, ', '), 'created', ', ' || created, 'known', known, 'first', first, 'had_come', had_come, 'campaign', coalesce(campaign, 'NULL::text'),
        'attributes', CASE WHEN created IS NOT NULL THEN format(' LEFT JOIN %s r ON r.%I = s.lead_id', bound.leads, bound.lead_key) END,
        'dimension', CASE kind WHEN 'campaign' THEN coalesce(campaign, 'NULL::text') WHEN 'channel' THEN channel WHEN 'expression' THEN 'd.dimension' ELSE 'NULL::text' END,
        -- The expression names columns without their table, and a whole row by its name.
        'dimensions', CASE kind WHEN 'expression' THEN lead_scoring_internal.fill(' LEFT JOIN (SELECT {key} AS lead_id, nullif(({!expression})::text, '''') AS dimension FROM {!leads}) d ON d.lead_id = s.lead_id',
            jsonb_build_object('key', bound.lead_key, 'expression', settings #>> '{by,expression}', 'leads', bound.leads)) END,
        'model', model, 'touches', touches, 'only_lead', ' AND s.lead_id = ' || only_lead,
        'events', bound.events, 'event_lead', bound.event_lead, 'remembers', coalesce(own_log ->> 'remembers', 'false')));
    IF with_forgotten THEN
        leads := lead_scoring_internal.fill_report(settings, $query$
            {!leads}
            UNION ALL
            SELECT NULL, NULL, NULL, {!entered}, o.campaign, [[{!dimension}, ]]o.came::timestamp AT TIME ZONE {'zone'}, NULL, NULL, false
              FROM {model}.forgotten o, generate_series(1, o.leads)
             WHERE (o.came::timestamp AT TIME ZONE {'zone'} <= $1) IS NOT FALSE
            $query$,
            jsonb_build_object('leads', leads, 'dimension', CASE kind WHEN 'campaign' THEN 'o.campaign' ELSE 'NULL::text' END,
                'entered', (SELECT string_agg(format('(o.entered ->> %L)::timestamp AT TIME ZONE %L', n, settings ->> 'time_zone'), ', ' ORDER BY place)
                              FROM unnest(names) WITH ORDINALITY u (n, place)),
                'zone', settings ->> 'time_zone', 'model', model));
    END IF;

    -- Times are made those of the report here, as late as can be: the server evaluates each as often as it is used.
    reached := ARRAY(SELECT format('lead_scoring_internal.report_time(LEAST(%s), $1)', array_to_string(entered[i:], ', ')) FROM generate_subscripts(names, 1) i ORDER BY i);
    came_at := format('lead_scoring_internal.report_time(LEAST(%s, s.first_at), $1)', array_to_string(entered, ', '));
    reached[1] := came_at;
    entered := ARRAY(SELECT format('lead_scoring_internal.report_time(%s, $1)', e) FROM unnest(entered) WITH ORDINALITY u (e, place) ORDER BY place);
    -- Whoever stands in the first stage was there from the beginning, without a transition.
    entered[1] := came_at;
    -- Where a lead that has moved since stood then, its history says: in the first stage before its first move.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        SELECT s.lead_id, lead_scoring_internal.report_time(CASE WHEN s.stage_since > $1 THEN (SELECT t.at {!last_move}) ELSE s.stage_since END) AS stage_since,
               (CASE WHEN s.stage_since > $1 THEN (SELECT t.to_stage {!last_move}) ELSE s.stage END <> ALL ({'stages'}::text[])) IS TRUE AS is_out,
               s.campaign, [[s.dimension COLLATE "C" AS dimension, ]]{!came_at} AS came_at,
               {!mql_at} AS mql_at, {!sql_at} AS sql_at, {!customer_at} AS customer_at, {!mql_entered} IS NOT NULL AS mql_entered, {!sql_entered} IS NOT NULL AS sql_entered,
               s.memory, s.card, s.remembers, {!reached}
          FROM ({!leads}) s
        $query$, jsonb_build_object(
        'last_move', format('FROM (%s) t WHERE t.lead_id = s.lead_id AND t.at <= $1 ORDER BY t.seq DESC LIMIT 1', lead_scoring_internal.move_rows(model)),
        'stages', names::text, 'came_at', came_at, 'mql_at', coalesce(reached[(settings ->> 'mql')::integer], 'NULL::timestamptz'),
        'sql_at', coalesce(reached[(settings ->> 'sql')::integer], 'NULL::timestamptz'),
        'customer_at', coalesce(reached[(settings ->> 'customer')::integer], 'NULL::timestamptz'),
        'mql_entered', coalesce(entered[(settings ->> 'mql')::integer], 'NULL'),
        'sql_entered', coalesce(entered[(settings ->> 'sql')::integer], 'NULL'),
        'reached', (SELECT string_agg(format('%s AS reached_%s, %s AS entered_%2$s', r, place, entered[place]), ', ' ORDER BY place)
                      FROM unnest(reached) WITH ORDINALITY u (r, place)),
        'leads', leads));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_rows IS 'SQL that gives each lead that counts (scores.counted) once for a report that is told these settings, as report_request has them, but for those that were merged into another, as of parameter 1, the time of the report: since when it is in its stage, whether that is a detour (is_out), its campaign (of the earliest event that names one) if asked for, with "by" its dimension, when it came, and when it reached each stage (entered it or a higher one, at the earliest such time: reached_1 and so on, by place) and entered it (entered_1); with remembers, whether it has a memory that says what report_settings ask for, and then memory and card. What is later than the report is NULL, and a lead all of whose times are later is left out; where nothing dates a lead it counts at all times. Events are read only where the campaign or the time it came is used, or the report is of the past, and only of leads that do not remember these. only_lead is SQL for the key of the one lead wanted. Forgotten leads, if asked for, are rows without lead_id whose times are first days of months.';
-- The report "funnel".

CREATE FUNCTION lead_scoring_internal.funnel_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Each count is of the period in which its leads came, qualified, or moved; periods without any are filled in, but no
    -- more than the last century of them, for an event or a lead may bear an absurd date.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS (
            SELECT [[l.dimension, ]]{!came} AS came, {!mql} AS mql, {!sql} AS sql, {!customer} AS customer, l.mql_entered, l.sql_entered FROM ({!leads}) l),
        counts ([[dimension, ]]period, leads, leads_qualified, mqls, mqls_skipped, sqls, sqls_skipped, customers, sqls_in_period, customers_in_period) AS (
            SELECT [[dimension, ]]came, count(*), count(mql), 0, 0, 0, 0, 0, 0, 0 FROM leads GROUP BY [[dimension, ]]came
            UNION ALL
            SELECT [[dimension, ]]mql, 0, 0, count(*), count(*) FILTER (WHERE NOT mql_entered), count(sql), count(sql) FILTER (WHERE NOT sql_entered), count(customer), 0, 0
              FROM leads WHERE mql IS NOT NULL GROUP BY [[dimension, ]]mql
            UNION ALL
            SELECT [[dimension, ]]sql, 0, 0, 0, 0, 0, 0, 0, count(*), 0 FROM leads WHERE sql IS NOT NULL GROUP BY [[dimension, ]]sql
            UNION ALL
            SELECT [[dimension, ]]customer, 0, 0, 0, 0, 0, 0, 0, 0, count(*) FROM leads WHERE customer IS NOT NULL GROUP BY [[dimension, ]]customer),
        periods AS (
            SELECT [[a.dimension, ]]a.period, {!over} AS complete, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN sum(leads_qualified)::bigint END AS leads_qualified,
                   CASE WHEN {'has_mql'} THEN sum(mqls)::bigint END AS mqls,
                   CASE WHEN {'has_mql'} THEN sum(mqls_skipped)::bigint END AS mqls_skipped,
                   CASE WHEN {'has_mql'} AND {'has_sql'} THEN sum(sqls)::bigint END AS sqls,
                   CASE WHEN {'has_mql'} AND {'has_sql'} THEN sum(sqls_skipped)::bigint END AS sqls_skipped,
                   CASE WHEN {'has_mql'} AND {'has_customer'} THEN sum(customers)::bigint END AS customers,
                   CASE WHEN {'has_sql'} THEN sum(sqls_in_period)::bigint END AS sqls_in_period,
                   CASE WHEN {'has_customer'} THEN sum(customers_in_period)::bigint END AS customers_in_period
              FROM (TABLE counts UNION ALL
                    SELECT [[d.dimension, ]]p::date, 0, 0, 0, 0, 0, 0, 0, 0, 0
                      FROM [[(SELECT DISTINCT dimension FROM counts) d, ]](SELECT min(period) AS first, max(period) AS last FROM counts) span,
                           generate_series(span.last::timestamp, greatest(span.first, span.last - interval '100 years'), -interval {'step'}) p) a
             GROUP BY [[a.dimension, ]]a.period),
        changes AS (
            SELECT p.*, CASE WHEN p.period IS NOT NULL THEN max(p.mqls) OVER (by_period RANGE BETWEEN interval {'step'} PRECEDING AND interval {'step'} PRECEDING) END AS mqls_before,
                   -- the 29th of February has no such day
                   CASE WHEN p.period - interval {'year'} + interval {'year'} = p.period
                        THEN max(p.mqls) OVER (by_period RANGE BETWEEN interval {'year'} PRECEDING AND interval {'year'} PRECEDING) END AS mqls_year_before
              FROM periods p WINDOW by_period AS ([[PARTITION BY p.dimension ]]ORDER BY p.period))
        SELECT [[p.dimension|NULL::text]], p.period, p.leads, p.leads_qualified, p.mqls, p.mqls_skipped, p.sqls, p.sqls_skipped, p.customers, p.sqls_in_period, p.customers_in_period,
               q.rate, q.low, q.high, s.rate, s.low, s.high, c.rate, c.low, c.high, w.rate, w.low, w.high,
               p.mqls_before, p.mqls - p.mqls_before, CASE WHEN p.complete THEN (p.mqls - p.mqls_before)::float8 / nullif(p.mqls_before, 0) END,
               p.mqls_year_before, p.mqls - p.mqls_year_before, CASE WHEN p.complete THEN (p.mqls - p.mqls_year_before)::float8 / nullif(p.mqls_year_before, 0) END,
               p.complete
          FROM changes p
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.leads_qualified, p.leads) q ON p.complete IS NOT FALSE
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.sqls, p.mqls) s ON p.complete IS NOT FALSE
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.customers, p.sqls) c ON p.complete IS NOT FALSE
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.customers, p.mqls) w ON p.complete IS NOT FALSE
         WHERE {!asked_for} ORDER BY [[p.dimension, ]]p.period
        $query$, jsonb_build_object(
        'came', lead_scoring_internal.period_expression('l.came_at', settings), 'mql', lead_scoring_internal.period_expression('l.mql_at', settings),
        'sql', lead_scoring_internal.period_expression('l.sql_at', settings), 'customer', lead_scoring_internal.period_expression('l.customer_at', settings),
        'leads', lead_scoring_internal.lead_rows(model, settings, with_forgotten => true), 'has_mql', settings ->> 'mql' IS NOT NULL,
        'has_sql', settings ->> 'sql' IS NOT NULL, 'has_customer', settings ->> 'customer' IS NOT NULL,
        'step', settings ->> 'step', 'year', settings ->> 'year', 'over', lead_scoring_internal.is_over('a.period', settings),
        'asked_for', lead_scoring_internal.is_asked_for('p.period', settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.funnel_report IS 'The statement of the report "funnel".';

CREATE FUNCTION lead_scoring_internal.funnel_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Leads, MQLs, SQLs and customers by period, with step rates and growth. Periods without any are there too; a last row without period has the leads that nothing up to now dates.',
    ARRAY['grain', 'by | + Erased leads have none but their campaign.', 'since', 'until'],
    ARRAY['period | date | First day of the period, in the model''s time zone; NULL for leads that nothing dates. Erased leads count on the first day of their month.',
    'leads | bigint | Leads that came in the period.',
    'leads_qualified | bigint | Of these, MQLs by now.',
    'mqls | bigint | Leads that became MQLs in the period.',
    'mqls_skipped | bigint | Of these, leads that were never in the MQL stage itself.',
    'sqls | bigint | Of the MQLs of the period, SQLs by now.',
    'sqls_skipped | bigint | Of these, leads that were never in the SQL stage itself.',
    'customers | bigint | Of the MQLs of the period, customers by now.',
    'sqls_in_period | bigint | Leads that became SQLs in the period, whenever they qualified.',
    'customers_in_period | bigint | Leads that became customers in the period, whenever they qualified.',
    'lead_to_mql_rate | double precision | leads_qualified / leads. NULL until the period is over (complete), as are all rates and their bounds.',
    'lead_to_mql_low | double precision | Lower bound of its 95 % interval.',
    'lead_to_mql_high | double precision | Upper bound of its 95 % interval.',
    'mql_to_sql_rate | double precision | sqls / mqls.',
    'mql_to_sql_low | double precision | Lower bound of its 95 % interval.',
    'mql_to_sql_high | double precision | Upper bound of its 95 % interval.',
    'sql_to_customer_rate | double precision | customers / sqls.',
    'sql_to_customer_low | double precision | Lower bound of its 95 % interval.',
    'sql_to_customer_high | double precision | Upper bound of its 95 % interval.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'mql_to_customer_low | double precision | Lower bound of its 95 % interval.',
    'mql_to_customer_high | double precision | Upper bound of its 95 % interval.',
    'mqls_before | bigint | MQLs of the period before.',
    'mqls_change | bigint | mqls - mqls_before.',
    'lead_velocity_rate | double precision | mqls_change / mqls_before: growth of qualified leads; NULL in the first period, after one without any, and until the period is over. The aggregate lead_velocity is something else, days.',
    'mqls_year_before | bigint | MQLs of the same month, quarter or date of the year before, of a week those of 52 weeks before.',
    'mqls_year_change | bigint | mqls - mqls_year_before.',
    'yearly_growth | double precision | mqls_year_change / mqls_year_before; NULL until the period is over.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.funnel_form IS 'What the report "funnel" is.';
-- The report "velocity".

CREATE FUNCTION lead_scoring_internal.velocity_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    stages CONSTANT integer := cardinality(names);
    starts CONSTANT integer := greatest(stages - 1, 1);
    spans text;
    sums text;
BEGIN
    SELECT string_agg(format('ARRAY[%s]', line), ', ' ORDER BY i) INTO spans
      FROM (SELECT i, string_agg(CASE WHEN i < j THEN format('CASE WHEN count(l.at_%s) >= 10 THEN percentile_cont(0.9) WITHIN GROUP (ORDER BY l.at_%1$s - l.at_%s) END', j, i)
                                      ELSE 'NULL::interval' END, ', ' ORDER BY j) AS line
              FROM generate_series(1, starts) i, generate_series(1, stages) j GROUP BY 1) lines;
    -- An array of each number, by the place of the stage that the time is taken to, which comes for # from the second on.
    SELECT string_agg(format('ARRAY[NULL%s]::%s[] AS %s', (SELECT string_agg(', ' || replace(n.expression, '#', j::text), '' ORDER BY j) FROM generate_series(2, stages) j),
                             n.type, n.name), ', ' ORDER BY n.place) INTO sums
      FROM (VALUES
          (1, 'converted', 'bigint', 'count(l.at_#)'),
          (2, 'skipped', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NOT NULL AND l.skipped_#)'),
          (3, 'waiting', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND NOT l.is_out)'),
          (4, 'left_out', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND l.is_out)'),
          (5, 'stalled', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND NOT l.is_out AND $1 - f.from_at > ((SELECT s.spans FROM slow s))[f.i][#])'),
          (6, 'seconds', 'numeric', 'sum(extract(epoch FROM l.at_# - f.from_at)) FILTER (WHERE f.i < #)'),
          (7, 'mean_days', 'float8', 'lead_scoring.lead_velocity(f.from_at, l.at_#) FILTER (WHERE f.i < #)'),
          (8, 'median_days', 'float8', 'lead_scoring.median_time_to(f.from_at, l.at_#, $1) FILTER (WHERE f.i < #)'),
          (9, 'p90_days', 'float8', 'percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM l.at_# - f.from_at)::float8 / 86400) FILTER (WHERE f.i < #)'),
          (10, 'p50_days', 'float8', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM l.at_# - f.from_at)::float8 / 86400) FILTER (WHERE f.i < #)')) n (place, name, type, expression);
    -- A lead is sorted into a period once for each stage it reached, not for each pair of stages.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS MATERIALIZED (
            SELECT [[l.dimension, ]]l.is_out, {!times} FROM ({!leads}) l WHERE l.reached_1 IS NOT NULL),
        slow AS (
            SELECT ARRAY[{!spans}] AS spans FROM leads l),
        sums AS (
            SELECT [[l.dimension, ]]f.i, {!period} AS period, count(*) AS leads, {!sums}
              FROM leads l, LATERAL (VALUES {!starts}) f (i, from_at)
             WHERE f.from_at IS NOT NULL
             GROUP BY [[l.dimension, ]]f.i, {!period})
        SELECT [[m.dimension|NULL::text]], ({'stages'}::text[])[m.i], ({'stages'}::text[])[j], m.i, j, m.period, m.leads, m.converted[j], m.skipped[j], m.waiting[j], m.left_out[j],
               CASE WHEN s.spans[m.i][j] IS NOT NULL THEN m.stalled[j] END,
               coalesce(m.seconds[j], 0)::float8 / 86400, m.mean_days[j], m.median_days[j], m.p90_days[j], m.p50_days[j]
          FROM slow s, sums m, generate_series(m.i + 1, {!count}) j
         WHERE {!asked_for} ORDER BY [[m.dimension, ]]m.i, j, m.period
        $query$, jsonb_build_object(
        'times', (SELECT string_agg(format('l.reached_%s AS at_%1$s, l.entered_%1$s IS NULL AS skipped_%1$s', i), ', ' ORDER BY i)
                    FROM generate_series(1, stages) i),
        'leads', lead_scoring_internal.lead_rows(model, settings), 'spans', spans,
        'period', lead_scoring_internal.period_expression('f.from_at', settings), 'sums', sums,
        'asked_for', lead_scoring_internal.is_asked_for('m.period', settings),
        'starts', (SELECT string_agg(format('(%s, l.at_%1$s)', i), ', ' ORDER BY i) FROM generate_series(1, starts) i), 'stages', names::text,
        'count', stages));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.velocity_report IS 'The statement of the report "velocity".';

CREATE FUNCTION lead_scoring_internal.velocity_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How fast leads move, for each pair of progress stages, by the period in which they reached the lower one.',
    ARRAY['grain', 'by', 'since', 'until'],
    ARRAY['from_stage | text | Stage the time is taken from.',
    'to_stage | text | Stage the time is taken to.',
    'from_rank | integer | Place of from_stage among the progress stages, from 1.',
    'to_rank | integer | Place of to_stage among the progress stages.',
    'period | date | First day of the period in which the leads reached from_stage.',
    'leads | bigint | Leads that did.',
    'converted | bigint | Of these, leads that reached to_stage.',
    'skipped | bigint | Of these, leads that were never in to_stage itself.',
    'waiting | bigint | Leads that have not reached to_stage and are in no detour.',
    'out | bigint | Leads that have not reached to_stage and are in a detour, such as recycled.',
    'stalled | bigint | Of the waiting ones, those that wait longer than 90 % of all that ever made this way took; NULL while fewer than 10 have. All leads are looked at for that, whatever rows are asked for.',
    'days_sum | double precision | Sum of the days that the converted took.',
    'mean_days | double precision | days_sum / converted.',
    'median_days | double precision | Days after which half of the leads have converted (Kaplan and Meier); NULL where fewer do.',
    'p90_days | double precision | Days within which 90 % of the converted did so.',
    'p50_days | double precision | Days within which half of the converted did so; of a recent period that tells of the fast alone.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.velocity_form IS 'What the report "velocity" is.';
-- The report "campaigns": what campaigns cost and brought, by period.

CREATE FUNCTION lead_scoring_internal.spend_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass;
BEGIN
    IF settings ->> 'spend_table' IS NULL THEN
        RETURN 'SELECT NULL::text AS campaign, NULL::text AS channel, NULL::timestamptz AS at, NULL::numeric AS amount WHERE false';
    END IF;
    relation := lead_scoring_internal.mapped_table(model, settings ->> 'spend_table', 'spend_table');
    PERFORM lead_scoring_internal.column_type(relation, settings ->> 'spend_campaign', 'campaign'),
            CASE WHEN settings ->> 'spend_channel' IS NOT NULL THEN lead_scoring_internal.column_type(relation, settings ->> 'spend_channel', 'channel') END;
    RETURN lead_scoring_internal.fill('SELECT nullif(r.{campaign}::text, '''') AS campaign, {!channel} AS channel, {!time} AS at, {!amount} AS amount FROM {!rows} WHERE ({!time} <= $1) IS NOT FALSE',
        jsonb_build_object('campaign', settings ->> 'spend_campaign',
            'channel', CASE WHEN settings ->> 'spend_channel' IS NULL THEN 'NULL::text' ELSE format('nullif(r.%I::text, '''')', settings ->> 'spend_channel') END,
            'time', lead_scoring_internal.time_expression(relation, settings ->> 'spend_date', settings ->> 'time_zone', 'spent_on'),
            'amount', lead_scoring_internal.amount_expression(relation, settings ->> 'spend_amount', 'amount'),
            'rows', lead_scoring_internal.mapped_rows(model, relation, settings ->> 'spend_campaign', settings ->> 'spend_date', settings ->> 'spend_amount', settings ->> 'spend_channel')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.spend_rows IS 'SQL that gives what was spent up to parameter 1, or at no known time: campaign, channel, at, amount. Raises 42P01, 42703 or 42804 where the table has changed.';

CREATE FUNCTION lead_scoring_internal.spend_dimension(settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE settings #>> '{by,kind}' WHEN 'campaign' THEN 't.campaign COLLATE "C"' WHEN 'channel' THEN 't.channel COLLATE "C"' ELSE 'NULL::text' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.spend_dimension IS 'SQL for the dimension of a row t of spend_rows: of spend the campaign and the channel are known, and no lead.';

CREATE FUNCTION lead_scoring_internal.revenue_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass;
BEGIN
    IF settings ->> 'revenue_table' IS NULL THEN
        RETURN format('SELECT NULL::%s AS lead_id, NULL::timestamptz AS at, NULL::numeric AS amount WHERE false', lead_scoring_internal.key_type(model));
    END IF;
    relation := lead_scoring_internal.mapped_table(model, settings ->> 'revenue_table', 'revenue_table');
    PERFORM lead_scoring_internal.column_type(relation, settings ->> 'revenue_lead', 'lead');
    RETURN lead_scoring_internal.fill('SELECT coalesce(m.lead_id, r.{lead}) AS lead_id, {!time} AS at, {!amount} AS amount FROM {!rows} LEFT JOIN {model}.merged m ON m.merged_from = r.{lead} WHERE ({!time} <= $1) IS NOT FALSE',
        jsonb_build_object('lead', settings ->> 'revenue_lead',
            'time', lead_scoring_internal.time_expression(relation, settings ->> 'revenue_date', settings ->> 'time_zone', 'earned_on'),
            'amount', lead_scoring_internal.amount_expression(relation, settings ->> 'revenue_amount', 'amount'),
            'rows', lead_scoring_internal.mapped_rows(model, relation, settings ->> 'revenue_lead', settings ->> 'revenue_date', settings ->> 'revenue_amount'),
            'model', model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.revenue_rows IS 'SQL that gives what leads brought in up to parameter 1, or at no known time: lead_id, at, amount; of a merged lead, by the one it is now. Raises 42P01, 42703 or 42804 where the table has changed.';

CREATE FUNCTION lead_scoring_internal.campaigns_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Leads, spend and revenue are summed by themselves before they meet, so that none is counted twice for another.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS (
            SELECT l.lead_id, [[l.dimension, ]]l.campaign, {!came} AS came, {!mql} AS mql, {!sql} AS sql, {!customer} AS customer FROM ({!leads}) l),
        parts ([[dimension, ]]campaign, period, spend, leads, mqls, sqls, customers, mqls_converted, revenue) AS (
            SELECT [[dimension, ]]campaign, came, NULL::numeric, count(*), 0, 0, 0, 0, 0::numeric FROM leads GROUP BY [[dimension, ]]campaign, came
            UNION ALL
            SELECT [[dimension, ]]campaign, mql, NULL, 0, count(*), 0, 0, count(customer), 0 FROM leads WHERE mql IS NOT NULL GROUP BY [[dimension, ]]campaign, mql
            UNION ALL
            SELECT [[dimension, ]]campaign, sql, NULL, 0, 0, count(*), 0, 0, 0 FROM leads WHERE sql IS NOT NULL GROUP BY [[dimension, ]]campaign, sql
            UNION ALL
            SELECT [[dimension, ]]campaign, customer, NULL, 0, 0, 0, count(*), 0, 0 FROM leads WHERE customer IS NOT NULL GROUP BY [[dimension, ]]campaign, customer
            UNION ALL
            SELECT [[{!spend_dimension}, ]]t.campaign, {!period}, sum(t.amount), 0, 0, 0, 0, 0, 0 FROM ({!spend}) t GROUP BY [[1, ]]t.campaign, {!period}
            UNION ALL
            SELECT [[l.dimension, ]]l.campaign, {!period}, NULL, 0, 0, 0, 0, 0, sum(t.amount) FROM ({!revenue}) t JOIN leads l USING (lead_id) GROUP BY [[l.dimension, ]]l.campaign, {!period}),
        sums AS (
            SELECT [[dimension, ]]campaign, period, {!over} AS complete, CASE WHEN {'has_spend'} THEN sum(spend) END AS spend, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN sum(mqls)::bigint END AS mqls, CASE WHEN {'has_sql'} THEN sum(sqls)::bigint END AS sqls,
                   CASE WHEN {'has_customer'} THEN sum(customers)::bigint END AS customers,
                   CASE WHEN {'has_mql'} AND {'has_customer'} THEN sum(mqls_converted)::bigint END AS mqls_converted,
                   CASE WHEN {'has_revenue'} THEN coalesce(sum(revenue), 0) END AS revenue
              FROM parts GROUP BY [[dimension, ]]campaign, period)
        SELECT [[dimension|NULL::text]], campaign, period, spend::numeric(20,2), leads, mqls, sqls, customers, mqls_converted, revenue::numeric(20,2),
               (spend / nullif(leads, 0))::numeric(20,2), (spend / nullif(mqls, 0))::numeric(20,2),
               (spend / nullif(sqls, 0))::numeric(20,2), (spend / nullif(customers, 0))::numeric(20,2),
               w.rate, w.low, w.high, ((revenue - spend) / nullif(spend, 0))::float8, complete
          FROM sums LEFT JOIN LATERAL lead_scoring.wilson_interval(mqls_converted, mqls) w ON complete IS NOT FALSE
         WHERE {!asked_for} ORDER BY [[dimension, ]]campaign COLLATE "C", period
        $query$, jsonb_build_object(
        'came', lead_scoring_internal.period_expression('l.came_at', settings), 'mql', lead_scoring_internal.period_expression('l.mql_at', settings),
        'sql', lead_scoring_internal.period_expression('l.sql_at', settings), 'customer', lead_scoring_internal.period_expression('l.customer_at', settings),
        'leads', lead_scoring_internal.lead_rows(model, settings, true, true), 'period', lead_scoring_internal.period_expression('t.at', settings),
        'spend', lead_scoring_internal.spend_rows(model, settings), 'revenue', lead_scoring_internal.revenue_rows(model, settings),
        'spend_dimension', lead_scoring_internal.spend_dimension(settings), 'over', lead_scoring_internal.is_over('period', settings),
        'asked_for', lead_scoring_internal.is_asked_for('period', settings),
        'has_spend', settings ->> 'spend_table' IS NOT NULL, 'has_mql', settings ->> 'mql' IS NOT NULL, 'has_sql', settings ->> 'sql' IS NOT NULL,
        'has_customer', settings ->> 'customer' IS NOT NULL, 'has_revenue', settings ->> 'revenue_table' IS NOT NULL));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.campaigns_report IS 'The statement of the report "campaigns".';

CREATE FUNCTION lead_scoring_internal.campaigns_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What campaigns cost and brought, by campaign and period. A lead belongs to the campaign of its earliest event that names one. Campaigns with spend and no lead, and leads without campaign, are rows too.',
    ARRAY['grain', 'by | + Spend is of no lead: it has a campaign and a channel, and is otherwise of none. Erased leads have none but their campaign.', 'since', 'until'],
    ARRAY['campaign | text | Campaign; NULL for none.',
    'period | date | First day of the period in which what is counted happened, in the model''s time zone; NULL where nothing dates it. Erased leads count on the first day of their month.',
    'spend | numeric(20,2) | Spent in the period; NULL where none is recorded, or set_spend names no table.',
    'leads | bigint | Leads that came in the period.',
    'mqls | bigint | Leads that became MQLs in the period.',
    'sqls | bigint | Leads that became SQLs in the period.',
    'customers | bigint | Leads that became customers in the period.',
    'mqls_converted | bigint | Of the MQLs of the period, customers by now.',
    'revenue | numeric(20,2) | What leads of the campaign brought in in the period; NULL where set_revenue names no table.',
    'cost_per_lead | numeric(20,2) | spend / leads; NULL without spend that is recorded, as are the other costs.',
    'cost_per_mql | numeric(20,2) | spend / mqls.',
    'cost_per_sql | numeric(20,2) | spend / sqls.',
    'cost_per_customer | numeric(20,2) | spend / customers.',
    'mql_to_customer_rate | double precision | mqls_converted / mqls; NULL until the period is over (complete), and so are its bounds.',
    'mql_to_customer_low | double precision | Lower bound of its 95 % interval.',
    'mql_to_customer_high | double precision | Upper bound of its 95 % interval.',
    'roi | double precision | (revenue - spend) / spend.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.campaigns_form IS 'What the report "campaigns" is.';
-- The reports "channels" and "lead_magnets": what touches are credited with, by attribution.
--
-- All but markov share each conversion out by itself. Markov asks of all leads together, stage by stage, what would be lost
-- without the channel; it takes no more channels than the aggregate does.

CREATE FUNCTION lead_scoring_internal.touch_spend(model text, settings jsonb, with_spend boolean)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN with_spend THEN lead_scoring_internal.spend_rows(model, settings)
            ELSE 'SELECT NULL::text AS campaign, NULL::text AS channel, NULL::timestamptz AS at, NULL::numeric AS amount WHERE false' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_spend IS 'What spend_rows gives, or no rows.';

CREATE FUNCTION lead_scoring_internal.touch_sums(settings jsonb, with_spend boolean, has_touches boolean)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill_report(settings, $query$
        sums AS (
            SELECT attribution, [[dimension, ]]channel, sum(touches)::bigint AS touches, sum(leads_touched)::bigint AS leads_touched, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN coalesce(sum(mqls), 0) END AS mqls, CASE WHEN {'has_sql'} THEN coalesce(sum(sqls), 0) END AS sqls,
                   CASE WHEN {'has_customer'} THEN coalesce(sum(customers), 0) END AS customers,
                   CASE WHEN {'has_spend'} THEN sum(spend) END AS spend, CASE WHEN {'has_revenue'} THEN coalesce(sum(revenue), 0) END AS revenue
              FROM parts GROUP BY attribution, [[dimension, ]]channel)
        SELECT [[dimension|NULL::text]], attribution, channel, touches, leads_touched, leads, mqls::numeric(20,6), sqls::numeric(20,6), customers::numeric(20,6), {!costs}
               (customers / nullif(mqls, 0))::float8, revenue::numeric(20,2) {!roi}
          FROM sums WHERE {'has_touches'} ORDER BY [[dimension, ]]array_position('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}', attribution), channel COLLATE "C"
        $query$, jsonb_build_object(
        'has_mql', settings ->> 'mql' IS NOT NULL, 'has_sql', settings ->> 'sql' IS NOT NULL, 'has_customer', settings ->> 'customer' IS NOT NULL,
        'has_spend', settings ->> 'spend_channel' IS NOT NULL, 'has_revenue', settings ->> 'revenue_table' IS NOT NULL,
        'costs', CASE WHEN with_spend THEN 'spend::numeric(20,2), (spend / nullif(leads, 0))::numeric(20,2), (spend / nullif(mqls, 0))::numeric(20,2),
               (spend / nullif(sqls, 0))::numeric(20,2), (spend / nullif(customers, 0))::numeric(20,2),' END,
        'roi', CASE WHEN with_spend THEN ', ((revenue - spend) / nullif(spend, 0))::float8' END, 'has_touches', has_touches))
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_sums IS 'The end of the statement of "channels" and "lead_magnets": rows of their parts, summed by attribution and channel.';

CREATE FUNCTION lead_scoring_internal.touches_of_lead(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_from_log('CASE WHEN s.remembers AND lead_scoring_internal.keeps_touches(s.memory) THEN s.memory
            ELSE (SELECT lead_scoring_internal.touches(e.{time}, nullif(({!channel})::text, ''''), nullif(({!asset})::text, '''') ORDER BY e.{time}) FROM {!of_lead}) END',
        lead_scoring_internal.own_log(model, NULL), jsonb_build_object('channel', coalesce(lead_scoring_internal.touch_expression(model, settings, 'event_channel'), 'NULL'),
            'asset', coalesce(lead_scoring_internal.touch_expression(model, settings, 'event_asset'), 'NULL')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touches_of_lead IS 'SQL for all touches, as a memory, of a row s that has lead_id, memory and remembers: what the lead remembers, or what its events say.';

CREATE FUNCTION lead_scoring_internal.credit_report(model text, settings jsonb, asset boolean, with_spend boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- What the statement of touch_report makes of the events, an aggregate makes of what leads remember.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH credits AS (
            SELECT [[c.dimension, ]]u.* FROM (
                   SELECT [[s.dimension, ]]lead_scoring_internal.touch_credits({!touches}, {'asset'}, s.mql_at, s.sql_at, s.customer_at, v.revenue, $1, {'look_back'}, {'half_life'}, NULL, NULL) AS credits
                     FROM ({!leads}) s
                     LEFT JOIN (SELECT t.lead_id, sum(t.amount) AS revenue FROM ({!revenue}) t GROUP BY 1) v ON v.lead_id = s.lead_id
                    [[GROUP BY s.dimension]]) c, unnest(c.credits) u
             WHERE u.channel IS NOT NULL OR u.leads > 0 OR u.mqls > 0 OR u.sqls > 0 OR u.customers > 0 OR u.revenue <> 0),
        attributions AS (
            SELECT a.name FROM unnest('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}'::text[]) a (name)
             WHERE a.name <> 'markov' OR (SELECT count(DISTINCT c.channel) FROM credits c) <= 1000),
        parts (attribution, [[dimension, ]]channel, touches, leads_touched, leads, mqls, sqls, customers, spend, revenue) AS (
            SELECT c.attribution, [[c.dimension, ]]c.channel, c.touches, c.leads_touched, c.leads, c.mqls, c.sqls, c.customers, NULL::numeric, c.revenue FROM credits c
             WHERE c.attribution IN (SELECT a.name FROM attributions a)
            UNION ALL
            SELECT a.name, p.* FROM attributions a,
                   (SELECT [[{!spend_dimension}, ]]t.channel, 0::bigint, 0::bigint, 0::bigint, 0::numeric, 0::numeric, 0::numeric, sum(t.amount), 0::numeric FROM ({!spend}) t GROUP BY [[1, ]]t.channel) p),
        {!sums}
        $query$, jsonb_build_object(
        'touches', lead_scoring_internal.touches_of_lead(model, settings), 'asset', asset, 'leads', lead_scoring_internal.lead_rows(model, settings),
        'revenue', lead_scoring_internal.revenue_rows(model, settings), 'look_back', settings ->> 'look_back', 'half_life', coalesce(settings ->> 'half_life', '7 days'),
        'spend', lead_scoring_internal.touch_spend(model, settings, with_spend), 'spend_dimension', lead_scoring_internal.spend_dimension(settings),
        'sums', lead_scoring_internal.touch_sums(settings, with_spend, true)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.credit_report IS 'The statement of "channels" and "lead_magnets" where leads remember their touches.';

CREATE FUNCTION lead_scoring_internal.touch_report(model text, settings jsonb, of_assets boolean, with_spend boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    touches text;
    remembering CONSTANT bigint := lead_scoring_internal.remembering_version(model);
    touched CONSTANT text := lead_scoring_internal.touch_expression(model, settings, CASE WHEN of_assets THEN 'event_asset' ELSE 'event_channel' END);
    is_of_days CONSTANT boolean := num_nonnulls(settings ->> 'since', settings ->> 'until') > 0;
    -- elapsed time, as attribution() has it; no more than an interval can hold
    look_back CONSTANT text := make_interval(secs => LEAST(extract(epoch FROM (settings ->> 'look_back')::interval), 9e12)::float8)::text;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF remembering IS NOT NULL AND touched IS NOT NULL AND NOT is_of_days THEN
        RETURN lead_scoring_internal.credit_report(model, settings, of_assets, with_spend);
    END IF;
    touches := CASE WHEN remembering IS NOT NULL AND touched IS NOT NULL
        THEN lead_scoring_internal.fill_from_log('SELECT s.lead_id, r.{channel} AS channel, r.at FROM (SELECT s.lead_id, s.memory, {!remembers} AS remembers FROM {model}.scores s OFFSET 0) s,
                    lead_scoring_internal.remembered_touches({!touches}) r WHERE r.at <= $1',
            lead_scoring_internal.own_log(model, remembering), jsonb_build_object('channel', CASE WHEN of_assets THEN 'asset' ELSE 'channel' END, 'model', model,
                'touches', lead_scoring_internal.touches_of_lead(model, settings)))
        ELSE lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, nullif(({!touched})::text, '''') AS channel, e.{time} AS at FROM {!events} e WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1',
        jsonb_build_object('lead', bound.event_lead, 'touched', coalesce(touched, 'NULL'), 'time', bound.event_time, 'events', bound.events)) END;
    -- Events are read and sorted once, into one row a lead with its touches in order; all else is taken from those. A
    -- conversion is shared out per lead; the value of a customer goes with that conversion, that of anybody else by the
    -- touches so far.
    -- Of certain days are the touches that are counted, the conversions and the revenue, each by its own day; what is
    -- credited with a conversion are all touches before. A lead that converted on another day has no chain.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH touches AS (
            SELECT t.lead_id, array_agg(t.channel) AS path, array_agg(t.at) AS times
              FROM (SELECT t.* FROM ({!touches} OFFSET bigint '0') t WHERE t.channel IS NOT NULL ORDER BY t.lead_id, t.at, t.channel COLLATE "C") t GROUP BY 1),
        leads AS MATERIALIZED (
            SELECT [[l.dimension, ]]{!came_at}l.mql_at, l.sql_at, l.customer_at, v.revenue, t.path, t.times
              FROM ({!leads}) l
              LEFT JOIN (SELECT t.lead_id, sum(t.amount) AS revenue FROM ({!revenue}) t WHERE {!is_of_days} GROUP BY 1) v ON v.lead_id = l.lead_id
              LEFT JOIN touches t ON t.lead_id = l.lead_id),
        touched AS (
            SELECT [[l.dimension, ]]t.channel, sum(t.touches) AS touches, count(*) AS leads
              FROM leads l, LATERAL (SELECT t.channel, count(*) AS touches FROM {!counted_touches} WHERE {!is_of_days} GROUP BY 1) t GROUP BY [[l.dimension, ]]t.channel),
        attributions AS (
            SELECT a.name FROM unnest('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}'::text[]) a (name)
             WHERE a.name <> 'markov' OR (SELECT {!count_channels}) <= 1000),
        -- Of its times, sorted as they are, width_bucket counts those up to and including another.
        conversions AS (
            SELECT [[l.dimension, ]]c.stage, c.value, CASE WHEN c.place > 0 THEN l.path[:c.place] END AS path, CASE WHEN c.place > 0 THEN l.times[:c.place] END AS times, c.at
              FROM leads l, LATERAL (
                   SELECT v.*, width_bucket(v.at, l.times) FROM (VALUES
                        {!conversions}) v (stage, at, value)
                    WHERE v.at IS NOT NULL) c (stage, at, value, place)),
        shared AS (
            SELECT [[c.dimension, ]]c.stage, s.*
              FROM conversions c, LATERAL (
                   SELECT lead_scoring.attribution('first', t.channel, t.at, c.at, c.value, {'look_back'}) AS first,
                          lead_scoring.attribution('last', t.channel, t.at, c.at, c.value, {'look_back'}) AS last,
                          lead_scoring.attribution('last_non_direct', t.channel, t.at, c.at, c.value, {'look_back'}) AS last_non_direct,
                          lead_scoring.attribution('linear', t.channel, t.at, c.at, c.value, {'look_back'}) AS linear,
                          lead_scoring.attribution('linear_channel', t.channel, t.at, c.at, c.value, {'look_back'}) AS linear_channel,
                          lead_scoring.attribution('position', t.channel, t.at, c.at, c.value, {'look_back'}) AS position,
                          lead_scoring.attribution('time_decay', t.channel, t.at, c.at, c.value, {'look_back'}, {'half_life'}) AS time_decay
                     FROM unnest(coalesce(c.path, '{NULL}'), c.times) t (channel, at)) s),
        credits AS (
            SELECT [[s.dimension, ]]s.stage, a.name, unnest(a.credits) AS credit
              FROM shared s, LATERAL (VALUES ('first', s.first), ('last', s.last), ('last_non_direct', s.last_non_direct), ('linear', s.linear),
                                             ('linear_channel', s.linear_channel), ('position', s.position), ('time_decay', s.time_decay)) a (name, credits)),
        -- Who has not converted has lost the chain at the last touch so far, however long ago.
        chains AS (
            SELECT [[l.dimension, ]]v.stage, lead_scoring.attribution_markov(CASE WHEN v.converted THEN l.path[v.before + 1:v.place] ELSE l.path END, v.converted) AS credits,
                   count(*) FILTER (WHERE v.converted AND v.place > v.before) AS conversions,
                   sum(v.value) FILTER (WHERE v.converted AND v.place > v.before) AS value,
                   sum(v.value) FILTER (WHERE v.converted AND v.place = v.before) AS value_untouched
              FROM leads l, LATERAL (
                   SELECT c.stage, c.at IS NOT NULL AS converted, coalesce(width_bucket(c.at, l.times), 0),
                          coalesce(CASE WHEN c.at - '4714-11-24 00:00:00+00 BC' > {'elapsed'}::interval
                               THEN width_bucket(c.at - {'elapsed'}::interval - interval '1 microsecond', l.times) END, 0), c.value
                     FROM (VALUES {!chained}) c (stage, at, value)
                    WHERE {!has_chain} OFFSET 0) v (stage, converted, place, before, value)
             WHERE EXISTS (SELECT FROM attributions a WHERE a.name = 'markov')
             GROUP BY [[l.dimension, ]]v.stage),
        parts (attribution, [[dimension, ]]channel, touches, leads_touched, leads, mqls, sqls, customers, spend, revenue) AS (
            SELECT a.name, p.* FROM attributions a,
                   (SELECT [[dimension, ]]channel, touches, leads, 0::bigint, 0::numeric, 0::numeric, 0::numeric, NULL::numeric, 0::numeric FROM touched
                    UNION ALL
                    SELECT [[l.dimension, ]]l.path[1], 0, 0, count(*), 0, 0, 0, NULL, 0 FROM leads l WHERE {!first_is_of_days} GROUP BY [[l.dimension, ]]l.path[1]
                    UNION ALL
                    SELECT [[{!spend_dimension}, ]]t.channel, 0, 0, 0, 0, 0, 0, sum(t.amount), 0 FROM ({!spend}) t WHERE {!is_of_days} GROUP BY [[1, ]]t.channel) p
            UNION ALL
            SELECT c.name, [[c.dimension, ]](c.credit).channel, 0, 0, 0, sum((c.credit).credit) FILTER (WHERE c.stage = 'mql'), sum((c.credit).credit) FILTER (WHERE c.stage = 'sql'),
                   sum((c.credit).credit) FILTER (WHERE c.stage = 'customer'), NULL, sum((c.credit).value)
              FROM credits c GROUP BY c.name, [[c.dimension, ]](c.credit).channel
            UNION ALL
            SELECT 'markov', [[s.dimension, ]]c.channel, 0, 0, 0, sum(c.credit::numeric) FILTER (WHERE s.stage = 'mql'), sum(c.credit::numeric) FILTER (WHERE s.stage = 'sql'),
                   sum(c.credit::numeric) FILTER (WHERE s.stage = 'customer'), NULL,
                   sum(CASE WHEN c.channel IS NULL THEN s.value_untouched ELSE s.value * (c.credit / nullif(s.conversions, 0))::numeric END)
              FROM chains s, unnest(s.credits) c GROUP BY [[s.dimension, ]]c.channel),
        {!sums}
        $query$, jsonb_build_object(
        'leads', lead_scoring_internal.lead_rows(model, settings), 'revenue', lead_scoring_internal.revenue_rows(model, settings), 'touches', touches,
        'look_back', settings ->> 'look_back', 'half_life', coalesce(settings ->> 'half_life', '7 days'),
        'spend', lead_scoring_internal.touch_spend(model, settings, with_spend), 'spend_dimension', lead_scoring_internal.spend_dimension(settings),
        'sums', lead_scoring_internal.touch_sums(settings, with_spend, touched IS NOT NULL),
        'elapsed', look_back,
        -- When a lead came is read from the events.
        'came_at', CASE WHEN is_of_days THEN 'l.came_at, ' END, 'is_of_days', lead_scoring_internal.is_asked_for_at('t.at', settings),
        'first_is_of_days', CASE WHEN is_of_days THEN lead_scoring_internal.is_asked_for_at('coalesce(l.times[1], l.came_at)', settings) ELSE 'true' END,
        'counted_touches', CASE WHEN is_of_days THEN 'unnest(l.path, l.times) t (channel, at)' ELSE 'unnest(l.path) t (channel)' END,
        'count_channels', CASE WHEN is_of_days THEN 'count(DISTINCT t.channel) FROM leads l, unnest(l.path) t (channel)' WHEN settings #>> '{by,kind}' IS NOT NULL THEN 'count(DISTINCT t.channel) FROM touched t'
                               ELSE 'count(*) FROM touched t' END,
        'conversions', CASE WHEN is_of_days
            THEN format('(''mql'', CASE WHEN %s THEN l.mql_at END, NULL::numeric), (''sql'', CASE WHEN %s THEN l.sql_at END, NULL), (''customer'', CASE WHEN %s THEN l.customer_at END, NULL)',
                        lead_scoring_internal.is_asked_for_at('l.mql_at', settings), lead_scoring_internal.is_asked_for_at('l.sql_at', settings),
                        lead_scoring_internal.is_asked_for_at('l.customer_at', settings))
                 || ', (''none'', CASE WHEN l.revenue IS NOT NULL THEN coalesce(l.customer_at, $1) END, l.revenue)'
            ELSE '(''mql'', l.mql_at, NULL::numeric), (''sql'', l.sql_at, NULL), (''customer'', l.customer_at, l.revenue),
                        (''none'', CASE WHEN l.customer_at IS NULL AND l.revenue IS NOT NULL THEN $1 END, l.revenue)' END,
        'chained', CASE WHEN is_of_days
            THEN '(''mql'', l.mql_at, NULL::numeric), (''sql'', l.sql_at, NULL), (''customer'', l.customer_at, NULL),
                                  (''none'', CASE WHEN l.revenue IS NOT NULL THEN coalesce(l.customer_at, $1) END, l.revenue)'
            ELSE '(''mql'', l.mql_at, NULL::numeric), (''sql'', l.sql_at, NULL), (''customer'', l.customer_at, l.revenue),
                                  (''none'', CASE WHEN l.revenue IS NOT NULL THEN $1 END, l.revenue)' END,
        'has_chain', CASE WHEN is_of_days THEN format('c.stage = ''none'' OR c.at IS NULL OR %s', lead_scoring_internal.is_asked_for_at('c.at', settings))
                          ELSE 'c.stage <> ''none'' OR l.customer_at IS NULL' END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_report IS 'The statement of "channels" and "lead_magnets"; "of_assets": what is touched is the asset of an event, not its channel.';

CREATE FUNCTION lead_scoring_internal.touch_expression(model text, settings jsonb, setting text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time,
                                       bound.event_campaign);
    RETURN lead_scoring_internal.report_key(bound.events,
        coalesce(settings ->> setting, CASE WHEN setting = 'event_channel' THEN quote_ident(bound.event_campaign) END), setting);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_expression IS 'SQL over the row of an event that names its channel or asset, checked against the table as it is; NULL where nothing does. The channel is the campaign where nothing else is said.';

CREATE FUNCTION lead_scoring_internal.channels_report(model text, settings jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.touch_report(model, settings, false, true)
$$;
COMMENT ON FUNCTION lead_scoring_internal.channels_report IS 'The statement of the report "channels".';

CREATE FUNCTION lead_scoring_internal.lead_magnets_report(model text, settings jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.touch_report(model, settings, true, false)
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_magnets_report IS 'The statement of the report "lead_magnets".';

CREATE FUNCTION lead_scoring_internal.channels_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What channels cost and brought, by attribution. A touch is an event that names a channel; conversions are shared out among the touches before them, and a row without channel has those without any.',
    ARRAY['by | + Spend is of no lead: it has a campaign and a channel, and is otherwise of none. Attribution markov looks at the leads of each value by themselves: its conversions add up over the rows of all channels.', 'since | since, until: touches, conversions, spend and revenue dated from the one to the other, both included, and leads whose first touch was then, or who came then without one. Touches before still get credit. A lead that converted on another day is none of those from which markov learns.', 'until'],
    ARRAY['attribution | text | How conversions are shared out: first, last, last_non_direct, linear (each touch), linear_channel (each distinct channel), position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 channels).',
    'channel | text | Channel; NULL for none.',
    'touches | bigint | Touches by the channel.',
    'leads_touched | bigint | Leads with a touch by it; a lead touched by several channels counts in each.',
    'leads | bigint | Leads whose first touch it was, under any attribution.',
    'mqls | numeric(20,6) | Share in the leads that became MQLs; sums to their number.',
    'sqls | numeric(20,6) | Share in the leads that became SQLs.',
    'customers | numeric(20,6) | Share in the leads that became customers.',
    'spend | numeric(20,2) | Spent on the channel; NULL where none is recorded, or set_spend names no column for it.',
    'cost_per_lead | numeric(20,2) | spend / leads; NULL without spend that is recorded, as are the other costs.',
    'cost_per_mql | numeric(20,2) | spend / mqls.',
    'cost_per_sql | numeric(20,2) | spend / sqls.',
    'cost_per_customer | numeric(20,2) | spend / customers.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'revenue | numeric(20,2) | Share in the revenue; NULL where set_revenue names no table.',
    'roi | double precision | (revenue - spend) / spend.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.channels_form IS 'What the report "channels" is.';

CREATE FUNCTION lead_scoring_internal.lead_magnets_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What assets brought, by attribution: as the view channels, for the whitepapers, webinars and the like that report_settings.event_asset names.',
    ARRAY['by | + Attribution markov looks at the leads of each value by themselves: its conversions add up over the rows of all assets.', 'since | since, until: events of assets, conversions and revenue dated from the one to the other, both included, and leads whose first asset was then, or who came then without one. Assets before still get credit. A lead that converted on another day is none of those from which markov learns.', 'until'],
    ARRAY['attribution | text | How conversions are shared out: first, last, last_non_direct, linear (each touch), linear_channel (each distinct channel), position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 assets).',
    'asset | text | Asset; NULL for none.',
    'touches | bigint | Events of the asset.',
    'leads_touched | bigint | Leads with such an event; a lead of several assets counts in each.',
    'leads | bigint | Leads whose first asset it was, under any attribution.',
    'mqls | numeric(20,6) | Share in the leads that became MQLs; sums to their number.',
    'sqls | numeric(20,6) | Share in the leads that became SQLs.',
    'customers | numeric(20,6) | Share in the leads that became customers.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'revenue | numeric(20,2) | Share in the revenue; NULL where set_revenue names no table.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_magnets_form IS 'What the report "lead_magnets" is.';
-- The report "cohorts": how many of a period's leads convert as they grow older.

CREATE FUNCTION lead_scoring_internal.cohorts_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mql CONSTANT integer := settings ->> 'mql';
    pairs text;
    from_stages text[];
    to_stages text[];
BEGIN
    SELECT string_agg(format('(%s, l.reached_%s, l.reached_%s)', p.place, p.from_place, p.to_place), ', ' ORDER BY p.place),
           array_agg(settings -> 'stages' ->> p.from_place - 1 ORDER BY p.place), array_agg(settings -> 'stages' ->> p.to_place - 1 ORDER BY p.place)
      INTO pairs, from_stages, to_stages
      FROM (SELECT row_number() OVER (ORDER BY c.place) AS place, c.from_place, c.to_place
              FROM (VALUES (1, 1, mql), (2, mql, (settings ->> 'sql')::integer), (3, mql, (settings ->> 'customer')::integer)) c (place, from_place, to_place)
             WHERE c.from_place < c.to_place) p;
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH cohorts AS (
            SELECT [[l.dimension, ]]p.place, {!period} AS period,
                   CASE WHEN p.to_at IS NOT NULL THEN greatest(ceil(extract(epoch FROM p.to_at - p.from_at) / 2592000), 1)::integer END AS age, count(*) AS leads
              FROM ({!leads}) l, LATERAL (VALUES {!pairs}) p (place, from_at, to_at)
             WHERE p.from_at IS NOT NULL
             GROUP BY 1, 2, 3[[, 4]]),
        cumulated AS (
            SELECT [[c.dimension, ]]c.place, c.period, a.age, sum(c.leads)::bigint AS leads,
                   coalesce(sum(c.leads) FILTER (WHERE c.age <= a.age), 0)::bigint AS converted,
                   c.period + interval {'step'} + a.age * interval '30 days' <= $1 AT TIME ZONE {'zone'} AS mature
              FROM cohorts c, generate_series(1, 12) a (age)
             GROUP BY [[c.dimension, ]]c.place, c.period, a.age)
        SELECT [[c.dimension|NULL::text]], ({'from_stages'}::text[])[c.place], ({'to_stages'}::text[])[c.place], c.period, c.age, c.leads, c.converted, c.mature, w.rate, w.low, w.high
          FROM cumulated c LEFT JOIN LATERAL lead_scoring.wilson_interval(c.converted, c.leads) w ON c.mature
         WHERE {!asked_for} ORDER BY [[c.dimension, ]]c.place, c.period, c.age
        $query$, jsonb_build_object(
        'period', lead_scoring_internal.period_expression('p.from_at', settings), 'step', settings ->> 'step',
        'asked_for', lead_scoring_internal.is_asked_for('c.period', settings), 'leads', lead_scoring_internal.lead_rows(model, settings),
        'pairs', coalesce(pairs, '(0, NULL::timestamptz, NULL::timestamptz)'), 'zone', settings ->> 'time_zone', 'from_stages', from_stages::text,
        'to_stages', to_stages::text));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.cohorts_report IS 'The statement of the report "cohorts".';

CREATE FUNCTION lead_scoring_internal.cohorts_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How many leads convert within 1 to 12 times 30 days, by the period in which they reached the first stage: from lead to MQL, from MQL to SQL, from MQL to customer.',
    ARRAY['grain', 'by', 'since', 'until'],
    ARRAY['from_stage | text | Stage the cohort starts from.',
    'to_stage | text | Stage that counts as conversion.',
    'period | date | First day of the period in which the leads reached from_stage.',
    'age | integer | Conversions count within age times 30 days.',
    'leads | bigint | Leads of the cohort.',
    'converted | bigint | Of these, leads that reached to_stage within that time.',
    'mature | boolean | Whether all of the cohort are of that age; until then converted may grow.',
    'rate | double precision | converted / leads; NULL while the cohort is not mature.',
    'rate_low | double precision | Lower bound of its 95 % interval.',
    'rate_high | double precision | Upper bound of its 95 % interval.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.cohorts_form IS 'What the report "cohorts" is.';
-- The report "qualified_rate": does the share of leads that qualify stay where it should?

CREATE FUNCTION lead_scoring_internal.qualified_rate_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        SELECT [[m.dimension|NULL::text]], m.period, m.leads, m.qualified, w.rate, w.low, w.high, b.low, b.high,
               CASE WHEN w.rate < b.low THEN 'below' WHEN w.rate > b.high THEN 'above' WHEN w.rate IS NOT NULL THEN 'within' END,
               CASE WHEN w.rate < b.low THEN w.high < b.low WHEN w.rate > b.high THEN w.low > b.high ELSE w.low >= b.low AND w.high <= b.high END,
               m.complete
          FROM (SELECT [[l.dimension, ]]{!period} AS period, {!over} AS complete, count(*) AS leads, CASE WHEN {'has_mql'} THEN count(l.mql_at) END AS qualified FROM ({!leads}) l
                 WHERE l.came_at IS NOT NULL GROUP BY [[l.dimension, ]]{!period}) m
          LEFT JOIN LATERAL lead_scoring.wilson_interval(m.qualified, m.leads) w ON m.complete
         CROSS JOIN (VALUES ({'low'}::float8, {'high'}::float8)) b (low, high)
         WHERE {!asked_for} ORDER BY [[m.dimension, ]]m.period
        $query$, jsonb_build_object(
        'period', lead_scoring_internal.period_expression('l.came_at', settings), 'over', lead_scoring_internal.is_over(lead_scoring_internal.period_expression('l.came_at', settings), settings),
        'asked_for', lead_scoring_internal.is_asked_for('m.period', settings),
        'has_mql', settings ->> 'mql' IS NOT NULL, 'leads', lead_scoring_internal.lead_rows(model, settings, with_forgotten => true),
        'low', settings ->> 'qualified_low', 'high', settings ->> 'qualified_high'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.qualified_rate_report IS 'The statement of the report "qualified_rate".';

CREATE FUNCTION lead_scoring_internal.qualified_rate_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Share of the leads of a period that became MQLs, flagged where it is outside of the band that report_settings state.',
    ARRAY['grain', 'by | + Erased leads have none but their campaign.', 'since', 'until'],
    ARRAY['period | date | First day of the period in which the leads came. Erased leads count on the first day of their month.',
    'leads | bigint | Leads that came in the period.',
    'qualified | bigint | Of these, MQLs by now.',
    'rate | double precision | qualified / leads; NULL until the period is over (complete), and so are its bounds and the flag.',
    'rate_low | double precision | Lower bound of its 95 % interval.',
    'rate_high | double precision | Upper bound of its 95 % interval.',
    'band_low | double precision | Lower end of the band.',
    'band_high | double precision | Upper end of the band.',
    'flag | text | below, within or above the band.',
    'certain | boolean | Whether the whole interval is where the flag says.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.qualified_rate_form IS 'What the report "qualified_rate" is.';
-- The report "rule_lift": do leads convert more often once they match a rule?

CREATE FUNCTION lead_scoring_internal.rule_matches(model text)
RETURNS TABLE (lead_id text, first_at timestamptz[])
LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 100000 AS 'MODULE_PATHNAME', 'lead_scoring_rule_matches';
COMMENT ON FUNCTION lead_scoring_internal.rule_matches IS 'For each lead, known or not, when it first matched each rule of the newest version, in the order of their ids: infinity for never, -infinity for fit rules. A match is what it is to scores, before limits. Takes USAGE on the schema and SELECT on its scores; 42501 where row security limits the caller.';

CREATE TYPE lead_scoring_internal.rule_exposure AS (leads_with bigint, converted_with bigint, days_with float8, leads_without bigint, converted_without bigint, days_without float8,
    lift float8, lift_low float8, lift_high float8);
COMMENT ON TYPE lead_scoring_internal.rule_exposure IS 'What exposure knows of a rule.';

CREATE FUNCTION lead_scoring_internal.exposure_accum(state bigint[], came_at timestamptz, until timestamptz, converted boolean, first_at timestamptz[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_exposure_accum';
COMMENT ON FUNCTION lead_scoring_internal.exposure_accum IS 'Transition function of exposure.';

CREATE FUNCTION lead_scoring_internal.exposure_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_exposure_combine';
COMMENT ON FUNCTION lead_scoring_internal.exposure_combine IS 'Combine function of exposure.';

CREATE FUNCTION lead_scoring_internal.exposure_final(state bigint[]) RETURNS lead_scoring_internal.rule_exposure[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_exposure_final';
COMMENT ON FUNCTION lead_scoring_internal.exposure_final IS 'Final function of exposure.';

CREATE AGGREGATE lead_scoring_internal.exposure(came_at timestamptz, until timestamptz, converted boolean, first_at timestamptz[]) (
    SFUNC = lead_scoring_internal.exposure_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.exposure_final,
    COMBINEFUNC = lead_scoring_internal.exposure_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.exposure(timestamptz, timestamptz, boolean, timestamptz[]) IS 'For each rule, how leads convert since they matched it and before or without, and the ratio of both (core/statistics/rate_ratio.hpp). A row is a lead: when it came, until when it was at risk, whether it converted then, and when it first matched each rule, as rule_matches has it. Who was never at risk, no time between coming and until, is passed over.';

CREATE FUNCTION lead_scoring_internal.rule_lift_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome CONSTANT integer := coalesce((settings ->> 'customer')::integer, jsonb_array_length(settings -> 'stages'));
    remembers CONSTANT text := lead_scoring_internal.own_log(model, lead_scoring_internal.remembering_version(model)) ->> 'remembers';
    rules jsonb;
    first_matches text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition -> ''rules'' FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO rules;
    first_matches := format('coalesce(m.first_at, array_fill(timestamptz ''infinity'', ARRAY[%s]))', jsonb_array_length(rules));
    IF remembers IS NOT NULL THEN
        first_matches := format('CASE WHEN l.remembers THEN lead_scoring_internal.first_matches(l.memory, l.card, %L) ELSE %s END',
            ARRAY(SELECT (r ->> 'id')::integer FROM jsonb_array_elements(rules) r ORDER BY 1), first_matches);
    END IF;
    -- A lead is at risk from when it came until it converts, or goes to the detour that it is in, or until now.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS (
            SELECT [[l.dimension, ]]l.came_at, CASE WHEN l.outcome_at <= $1 THEN l.outcome_at WHEN l.is_out AND l.stage_since <= $1 THEN l.stage_since
                                   ELSE lead_scoring_internal.report_time($1) END AS until,
                   coalesce(l.outcome_at <= $1, false) AS converted, {!first_matches} AS first_at
              FROM (SELECT l.lead_id, [[l.dimension, ]]l.memory, l.card, l.remembers, l.came_at, l.is_out, l.stage_since, l.reached_{!outcome} AS outcome_at FROM ({!leads}) l WHERE {!asked_for}) l
              LEFT JOIN (SELECT m.* FROM lead_scoring_internal.rule_matches({'model'}) m{!if_any}) m ON m.lead_id::{!key_type} = l.lead_id OFFSET 0),
        dimensions AS (
            SELECT [[dimension, ]]lead_scoring_internal.exposure(came_at, until, converted, first_at) AS rules FROM leads[[ GROUP BY dimension]]),
        sums AS (
            SELECT [[s.dimension, ]]e.* FROM dimensions s,
                   unnest(s.rules) WITH ORDINALITY e (leads_with, converted_with, days_with, leads_without, converted_without, days_without, lift, low, high, place))
        SELECT [[d.dimension|NULL::text]], r.rule ->> 'name', r.rule ->> 'rule_group', CASE WHEN r.rule ->> 'event_type' IS NULL THEN 'fit' ELSE 'engagement' END, {'outcome_name'}::text,
               coalesce(s.leads_with, 0), coalesce(s.converted_with, 0), coalesce(s.days_with, 0), 1000 * s.converted_with / nullif(s.days_with, 0),
               coalesce(s.leads_without, 0), coalesce(s.converted_without, 0), coalesce(s.days_without, 0), 1000 * s.converted_without / nullif(s.days_without, 0),
               s.lift, s.low, s.high, s.low >= 2
          FROM (SELECT r, row_number() OVER (ORDER BY (r ->> 'id')::integer, place) FROM jsonb_array_elements({'rules'}) WITH ORDINALITY u (r, place)) r (rule, place)
[[         CROSS JOIN dimensions d
]]          LEFT JOIN sums s ON s.place = r.place[[ AND s.dimension IS NOT DISTINCT FROM d.dimension]]
         ORDER BY [[d.dimension, ]]s.lift DESC NULLS LAST, r.rule ->> 'name' COLLATE "C"
        $query$, jsonb_build_object(
        'outcome', outcome, 'asked_for', lead_scoring_internal.is_asked_for_at('l.came_at', settings),
        'leads', lead_scoring_internal.lead_rows(model, settings), 'model', model, 'first_matches', first_matches,
        -- Events are read where a lead does not remember, and then all of them are.
        'if_any', CASE WHEN remembers IS NOT NULL THEN format(' WHERE (SELECT EXISTS (SELECT FROM %I.scores s WHERE NOT %s))', model, remembers) END,
        'rules', rules, 'outcome_name', settings -> 'stages' ->> outcome - 1, 'key_type', lead_scoring_internal.key_type(model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.rule_lift_report IS 'The statement of the report "rule_lift".';

CREATE FUNCTION lead_scoring_internal.rule_lift_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How often leads convert once they have matched a rule, against leads of the same age that have not, for each rule of the current version. A lead is at risk from when it came until it converts, goes to the detour that it is in, or until now; before its first match it counts as one without. Who converts the very instant he comes was never at risk, and is left out. Attributes are those of today, and hold from the start.',
    ARRAY['by | + Rules are compared among the leads of each, and each has all rules.',
    'since | since, until: only leads that came on a day from the one to the other, both included.', 'until'],
    ARRAY['rule | text | Rule.',
    'rule_group | text | Its group.',
    'kind | text | engagement or fit.',
    'outcome | text | Stage that counts as conversion: that of customers, else the highest.',
    'leads_with | bigint | Leads that were at risk after their first match of the rule.',
    'converted_with | bigint | Of these, converted after it. A match at the very instant of the conversion is none.',
    'days_with | double precision | Days at risk after the first match, of all leads together.',
    'per_1000_days_with | double precision | Conversions per 1000 lead-days with a match: 1000 * converted_with / days_with.',
    'leads_without | bigint | Leads that were at risk before their first match, or without any; who matched later is in leads_with too.',
    'converted_without | bigint | Of these, converted before a match, at its very instant, or without any.',
    'days_without | double precision | Days at risk before the first match, or without any, of all leads together.',
    'per_1000_days_without | double precision | Conversions per 1000 lead-days without a match.',
    'lift | double precision | How many times as often leads with a match convert as leads of the same age without: the ratio of the two rates, estimated over bands of age (stratified Poisson rates, maximum likelihood). Where conversions do not depend on age, that is per_1000_days_with / per_1000_days_without. NULL where no lead converts at an age that leads of both kinds had, or none without a match does; lift_low then says what it is at least.',
    'lift_low | double precision | Lower bound of its 95 % interval (score interval of Breslow and Day, 1987).',
    'lift_high | double precision | Upper bound of its 95 % interval; NULL where there is none.',
    'twice | boolean | Whether lift_low is 2 or more.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.rule_lift_form IS 'What the report "rule_lift" is.';
-- The report "forecast": MQLs of the months to come, and customers from today's pipeline.
--
-- MQLs: from 24 complete months on trend and season by least squares together, what they leave smoothed exponentially; of
-- fewer months simple exponential smoothing. The method, with its sources: src/core/statistics/forecast.hpp.
-- Complete are the months before the running one, 60 at the most, and after the first: records that begin in the middle of
-- a month have a part of it. It counts as complete where its first MQL came on its first day, or as early in it as in half
-- of the months since, so that nothing speaks for a later beginning.
-- Customers: landmark analysis by exact ages: src/core/statistics/landmark.hpp.

CREATE FUNCTION lead_scoring_internal.forecast_counts(months float8[], ahead integer)
RETURNS TABLE (period_ahead integer, expected float8, low float8, high float8)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_forecast_counts';
COMMENT ON FUNCTION lead_scoring_internal.forecast_counts IS 'Counts of the months after the last of these, the oldest of which is the first, with the bounds of their 80 % prediction intervals; NULL with fewer than 4 months. No rows where there are no months. From 24 months on trend and season by least squares with exponentially smoothed errors (Hyndman, Koehler, Ord and Snyder 2008), else simple exponential smoothing with Muth''s constant (1960); only the last 60 months are looked at.';

CREATE FUNCTION lead_scoring_internal.expected_customers_accum(state bytea, from_at timestamptz, left_at timestamptz, customer_at timestamptz, as_of timestamptz) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_expected_customers_accum';
COMMENT ON FUNCTION lead_scoring_internal.expected_customers_accum IS 'Transition function of expected_customers.';
CREATE FUNCTION lead_scoring_internal.expected_customers_final(state bytea) RETURNS float8[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_expected_customers_final';
COMMENT ON FUNCTION lead_scoring_internal.expected_customers_final IS 'Final function of expected_customers.';
CREATE AGGREGATE lead_scoring_internal.expected_customers(from_at timestamptz, left_at timestamptz, customer_at timestamptz, as_of timestamptz) (
    SFUNC = lead_scoring_internal.expected_customers_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.expected_customers_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.expected_customers(from_at timestamptz, left_at timestamptz, customer_at timestamptz, as_of timestamptz) IS 'Of the leads that are in a stage at as_of, the customers expected in each of the six times 30 days from then on: landmark analysis (Anderson, Cain and Gelber 1983), which compares each lead with those that were still in the stage at its very age, chained as in a life table. One row a lead that was ever in the stage: from when, until when (NULL: it still is), and when it became a customer.';

CREATE FUNCTION lead_scoring_internal.forecast_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mql CONSTANT integer := settings ->> 'mql';
    customer CONSTANT integer := settings ->> 'customer';
BEGIN
    -- Forgotten leads count for the month in which they became MQLs. They are in no stage, and their days are not known.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS MATERIALIZED (
            SELECT [[l.dimension|NULL::text]] AS dimension, {!month} AS month, CASE WHEN l.lead_id IS NOT NULL THEN extract(day FROM l.mql_at AT TIME ZONE {'zone'}) END AS day,
                   l.lead_id IS NOT NULL AS is_known, l.customer_at, ARRAY[{!reached}] AS reached, CASE WHEN l.is_out THEN l.stage_since END AS out_at
              FROM ({!leads}) l WHERE l.mql_at <= $1),
        -- Without "by" there is a forecast without leads too.
        dimensions AS (SELECT [[DISTINCT dimension FROM leads|NULL::text AS dimension]]),
        months AS (SELECT dimension, month, count(*) AS mqls, min(day) AS day FROM leads GROUP BY 1, 2),
        span AS (
            SELECT d.dimension, r.month AS running, f.month AS first, f.day, (extract(year FROM age(r.month, f.month)) * 12 + extract(month FROM age(r.month, f.month)))::integer AS since
              FROM (SELECT {!this_month} AS month) r, dimensions d,
                   LATERAL (SELECT m.* FROM months m WHERE m.dimension IS NOT DISTINCT FROM d.dimension ORDER BY m.month LIMIT 1) f WHERE f.month < r.month),
        begun AS (
            SELECT s.dimension, s.running, greatest(s.running - interval '60 months',
                       s.first + CASE WHEN s.day = 1 OR 2 * s.earlier <= s.others AND s.others > 0 THEN interval '0' ELSE interval '1 month' END) AS first
              FROM (SELECT s.*, s.since - 1 + count(*) FILTER (WHERE m.month = s.running) AS others, count(*) FILTER (WHERE m.day < s.day OR s.day IS NULL) AS earlier
                      FROM span s LEFT JOIN months m ON m.dimension IS NOT DISTINCT FROM s.dimension AND m.month > s.first AND m.month <= s.running
                     GROUP BY s.dimension, s.running, s.first, s.day, s.since) s),
        history AS (
            SELECT d.dimension, coalesce(array_agg(coalesce(c.mqls, 0)::float8 ORDER BY m.month) FILTER (WHERE m.month IS NOT NULL), '{}') AS mqls
              FROM dimensions d
              LEFT JOIN begun b ON b.dimension IS NOT DISTINCT FROM d.dimension
              LEFT JOIN LATERAL (SELECT m::date AS month FROM generate_series(b.first, b.running - interval '1 month', '1 month') m) m ON true
              LEFT JOIN months c ON c.month = m.month AND c.dimension IS NOT DISTINCT FROM d.dimension
             GROUP BY 1),
        stages AS (
            SELECT g.dimension, g.stage, count(*) FILTER (WHERE g.left_at IS NULL) AS leads, lead_scoring_internal.expected_customers(g.from_at, g.left_at, g.customer_at, $1) AS customers
              FROM (SELECT l.dimension, g.stage, l.reached[g.stage] AS from_at, l.customer_at,
                           CASE WHEN LEAST(l.reached[g.stage + 1], l.out_at) <= $1 THEN LEAST(l.reached[g.stage + 1], l.out_at) END AS left_at
                      FROM leads l, generate_series({!first}, {!last} - 1) g (stage) WHERE l.is_known) g
             WHERE g.from_at <= $1 GROUP BY 1, 2),
        pipeline AS (
            SELECT s.dimension, a.ahead, sum(s.leads)::bigint AS leads, sum(s.customers[a.ahead] ORDER BY s.stage) AS customers
              FROM stages s, generate_series(1, 6) a (ahead) GROUP BY 1, 2)
        SELECT h.dimension, a.ahead, ({!this_month} + a.ahead * interval '1 month')::date, f.expected, f.low, f.high, cardinality(h.mqls), cardinality(h.mqls) >= 24,
               CASE WHEN {'has_pipeline'} THEN coalesce(p.leads, 0) END, CASE WHEN {'has_pipeline'} THEN coalesce(p.customers, 0) END,
               CASE WHEN {'has_pipeline'} THEN coalesce(sum(p.customers) OVER (PARTITION BY h.dimension ORDER BY a.ahead), 0) END
          FROM history h CROSS JOIN generate_series(1, 6) a (ahead)
          LEFT JOIN lead_scoring_internal.forecast_counts(h.mqls, 7) f ON f.period_ahead = a.ahead + 1
          LEFT JOIN pipeline p ON p.ahead = a.ahead AND p.dimension IS NOT DISTINCT FROM h.dimension
         ORDER BY h.dimension, a.ahead
        $query$, jsonb_build_object(
        'month', lead_scoring_internal.period_expression('l.mql_at', settings), 'leads', lead_scoring_internal.lead_rows(model, settings, with_forgotten => true),
        'this_month', lead_scoring_internal.period_expression('$1', settings), 'first', coalesce(mql, 1), 'last', coalesce(customer, 1),
        'has_pipeline', mql < customer IS TRUE, 'zone', settings ->> 'time_zone',
        -- No stage below the pipeline: when a lead came would be read from the events.
        'reached', (SELECT string_agg(CASE WHEN i < mql THEN 'NULL::timestamptz' ELSE format('l.reached_%s', i) END, ', ' ORDER BY i) FROM generate_series(1, coalesce(customer, 1)) i)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.forecast_report IS 'The statement of the report "forecast".';

CREATE FUNCTION lead_scoring_internal.forecast_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What the six months after the running one will bring. MQLs: from 24 complete months on trend and season by least squares together, with exponentially smoothed errors, on the scale of roots or logarithms, whichever the months make likelier (Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing, 2008); with fewer simple exponential smoothing. Customers from today''s pipeline: landmark analysis, by what came of leads that had been in the same stage for exactly as long. Forgotten leads count as MQLs of their months.',
    ARRAY['by | + Each has a forecast by itself, from its own months. Leads in the pipeline add up, what is expected need not. Erased leads have none but their campaign.'],
    ARRAY['period_ahead | integer | 1 to 6; 1 is the month after the running one.',
    'period | date | First day of that month.',
    'mqls | double precision | MQLs expected: as many or more are as likely as fewer.',
    'mqls_low | double precision | Lower bound of its 80 % prediction interval; NULL with fewer than 4 complete months.',
    'mqls_high | double precision | Upper bound of its 80 % prediction interval.',
    'periods_used | integer | Complete months it is taken from, the last 60 at the most. The running month is none, nor is the first, unless its first MQL came on its first day or as early as in half of the months since.',
    'seasonal | boolean | Whether trend and season are in it, as they are from 24 months on.',
    'pipeline | bigint | Leads in the pipeline: MQLs and above, not yet customers, in no detour.',
    'customers | double precision | Of these, customers expected in the period_ahead-th 30 days from now.',
    'customers_to_date | double precision | The same from now on.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.forecast_form IS 'What the report "forecast" is.';
-- The reports "sla" and "feedback": what becomes of leads once they are handed over.

CREATE FUNCTION lead_scoring_internal.sla_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH stages AS (
            SELECT d.place, d.stage ->> 'name' AS stage, (d.stage ->> 'within')::float8 AS seconds,
                   make_interval(secs => LEAST((d.stage ->> 'within')::float8, 9e12)) AS within  -- no more than an interval can hold
              FROM jsonb_array_elements((SELECT v.definition -> 'stages' FROM {model}.versions v ORDER BY v.version DESC LIMIT 1)) WITH ORDINALITY d (stage, place)
             WHERE d.stage ->> 'within' IS NOT NULL),
        stays AS (
            SELECT [[t.dimension, ]]s.place, s.stage, s.seconds, s.within, t.at, t.left_at - t.at < s.within AND t.left_by <> 'time' AS met, t.left_by, t.left_at
              FROM stages s
              JOIN (SELECT [[l.dimension, ]]t.to_stage, t.at, lead(t.at) OVER moves AS left_at, lead(t.cause) OVER moves AS left_by
                      FROM (SELECT t.lead_id, t.seq, t.to_stage, t.cause, lead_scoring_internal.report_time(t.at) AS at FROM ({!moves}) t WHERE t.at <= $1) t
                      JOIN ({!leads}) l ON l.lead_id = t.lead_id WINDOW moves AS (PARTITION BY t.lead_id ORDER BY t.seq)) t ON t.to_stage = s.stage),
        counts AS (
            SELECT [[dimension, ]]place, stage, seconds, {!period} AS period, {!over} AS complete, count(*) AS entered, count(*) FILTER (WHERE met) AS met,
                   count(*) FILTER (WHERE met IS NOT TRUE AND $1 - at >= within) AS missed,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM left_at - at)::float8 / 86400) FILTER (WHERE left_by <> 'time' AND left_at <= $1) AS median_days
              FROM stays t GROUP BY [[dimension, ]]place, stage, seconds, {!period})
        SELECT [[dimension|NULL::text]], stage, seconds / 86400, period, entered, met, missed, entered - met - missed, CASE WHEN complete THEN met::float8 / nullif(met + missed, 0) END,
               median_days, complete
          FROM counts WHERE {!asked_for} ORDER BY [[dimension, ]]place, period
        $query$, jsonb_build_object(
        'model', model, 'period', lead_scoring_internal.period_expression('t.at', settings),
        'over', lead_scoring_internal.is_over(lead_scoring_internal.period_expression('t.at', settings), settings), 'asked_for', lead_scoring_internal.is_asked_for('period', settings), 'leads', lead_scoring_internal.lead_rows(model, settings),
        'moves', lead_scoring_internal.move_rows(model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.sla_report IS 'The statement of the report "sla".';

CREATE FUNCTION lead_scoring_internal.sla_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Service levels: how many of the leads that entered a stage with "within" were moved on in time, by period. What time alone moved, by decay or at the end of the service level, nobody saw to.',
    ARRAY['grain', 'by', 'since', 'until'],
    ARRAY['stage | text | Stage.',
    'within_days | double precision | Its service level in the current version, in days.',
    'period | date | First day of the period of entry.',
    'entered | bigint | Entries into the stage; a lead may enter several times.',
    'met | bigint | Moved on in time, by an event, by hand or by what else is not time alone.',
    'missed | bigint | Not moved on in time, though the time is over.',
    'open | bigint | Not moved on yet, or by time alone, as long as there is time.',
    'met_rate | double precision | met / (met + missed); NULL until the period is over (complete).',
    'median_days | double precision | Median of the days in the stage of those that were moved on, not by time alone.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.sla_form IS 'What the report "sla" is.';

CREATE FUNCTION lead_scoring_internal.feedback_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mql CONSTANT integer := settings ->> 'mql';
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH entries AS (
            SELECT DISTINCT ON (t.lead_id) t.lead_id, t.seq, t.rule, t.at FROM ({!moves}) t
             WHERE t.to_stage = {'mql'} AND t.at <= $1 ORDER BY t.lead_id, t.seq),
        judged AS (
            SELECT [[l.dimension, ]]e.rule, {!period} AS period, l.accepted_at IS NOT NULL AS accepted,
                   d.rejected, d.expired
              FROM entries e
              LEFT JOIN (SELECT d.lead_id, bool_or(d.cause <> 'time') AS rejected, bool_or(d.cause = 'time') AS expired
                           FROM ({!moves}) d JOIN entries e ON e.lead_id = d.lead_id AND e.seq < d.seq
                          WHERE d.at <= $1 AND d.to_stage <> ALL ({'stages'}::text[]) GROUP BY 1) d USING (lead_id)
              JOIN (SELECT l.lead_id, [[l.dimension, ]]{!accepted_at} AS accepted_at FROM ({!leads}) l) l USING (lead_id))
        SELECT [[dimension|NULL::text]], rule, period, count(*), count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired IS NOT TRUE),
               CASE WHEN {!over} THEN (count(*) FILTER (WHERE accepted))::float8 / nullif(count(*) FILTER (WHERE accepted OR rejected), 0) END, {!over}
          FROM judged WHERE {!asked_for} GROUP BY [[dimension, ]]rule, period ORDER BY [[dimension, ]]rule COLLATE "C", period
        $query$, jsonb_build_object(
        'moves', lead_scoring_internal.move_rows(model), 'mql', names[mql],
        'period', lead_scoring_internal.period_expression('lead_scoring_internal.report_time(e.at)', settings),
        'over', lead_scoring_internal.is_over('period', settings), 'asked_for', lead_scoring_internal.is_asked_for('period', settings), 'stages', names::text,
        'accepted_at', CASE WHEN mql < cardinality(names) THEN format('l.reached_%s', mql + 1) ELSE 'NULL::timestamptz' END,
        'leads', lead_scoring_internal.lead_rows(model, settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.feedback_report IS 'The statement of the report "feedback".';

CREATE FUNCTION lead_scoring_internal.feedback_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What sales made of MQLs, by the rule that made them and the period.',
    ARRAY['grain', 'by', 'since', 'until'],
    ARRAY['rule | text | Rule of the move into the MQL stage; NULL where no points of an event moved the lead.',
    'period | date | First day of the period of that move, the first of the lead.',
    'mqls | bigint | MQLs.',
    'accepted | bigint | Of these, leads that reached the next stage or a higher one.',
    'rejected | bigint | Of the others, leads that went to a detour afterwards, by event or by hand.',
    'expired | bigint | Of the others, leads that went to a detour by time: nobody took care of them.',
    'open | bigint | All others.',
    'acceptance_rate | double precision | accepted / (accepted + rejected); NULL until the period is over (complete).',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.feedback_form IS 'What the report "feedback" is.';
-- The report "event_types": what its events are of, beside what its rules and stages wait for.

CREATE FUNCTION lead_scoring_internal.named_types(model text)
RETURNS TABLE (type text, rules text, stages text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY EXECUTE format($query$
        SELECT w.type, string_agg(w.rule, ', ' ORDER BY w.rule COLLATE "C"), string_agg(w.stage, ', ' ORDER BY w.stage COLLATE "C")
          FROM (SELECT r.event_type, r.name, NULL FROM %1$I.rules r UNION ALL SELECT s.on_event, NULL, s.name FROM %1$I.stages s) w (type, rule, stage)
         WHERE w.type IS NOT NULL GROUP BY 1
        $query$, model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.named_types IS 'The types of events that rules and stages of the draft wait for, with their names.';

CREATE FUNCTION lead_scoring_internal.event_types_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign);
    RETURN lead_scoring_internal.fill($query$
        WITH settings AS (
            SELECT $1 + LEAST(s.future_tolerance, interval '100000 days') AS horizon FROM {model}.settings s
        ), came AS (
            SELECT e.{type}::text AS type, count(*) AS events, max(e.{time}) FILTER (WHERE e.{time} <= $1 AND isfinite(e.{time})) AS last_at,
                   count(*) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waiting, max(e.{time}) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waits_until
              FROM {!events} e CROSS JOIN settings s GROUP BY e.{type}
        ), types AS (
            SELECT coalesce(c.type, n.type) AS type, coalesce(c.events, 0) AS events, c.last_at, coalesce(c.waiting, 0) AS waiting, c.waits_until, n.rules, n.stages,
                   c.events IS NOT NULL AS has_come, n.type IS NOT NULL AS is_named
              FROM came c FULL JOIN lead_scoring_internal.named_types({'model'}) n ON n.type = c.type
        ), lost AS MATERIALIZED (  -- few, where types of events may be many
            SELECT t.type FROM types t WHERE t.is_named AND NOT t.has_come
        )
        SELECT t.type, 'events'::text, t.events, lead_scoring_internal.report_time(t.last_at), t.waiting, lead_scoring_internal.report_time(t.waits_until), t.rules, t.stages, o.type,
               nullif(concat_ws('; ',
                   CASE WHEN t.type IS NULL THEN 'events without a type match nothing'
                        WHEN NOT t.has_come THEN 'no event of this type has come' || coalesce(', but of "' || o.type || '"', '')
                        WHEN o.type IS NOT NULL THEN format('no rule or stage waits for it, but for "%s", of which no event has come', o.type) END,
                   CASE WHEN t.waiting > 0 THEN format('%s ahead of the clock, by up to %s hours, and waiting until then: if they have happened already, what stores them takes a local time for one of another time zone',
                                                       t.waiting, round(extract(epoch FROM lead_scoring_internal.report_time(t.waits_until) - $1) / 3600, 1)) END), '')
          FROM types t
          LEFT JOIN LATERAL (SELECT o.type FROM (SELECT l.type FROM lost l WHERE t.has_come AND NOT t.is_named
                                                  UNION ALL SELECT c.type FROM came c WHERE t.is_named AND NOT t.has_come) o
                              ORDER BY lead_scoring_internal.near(t.type, o.type), o.type COLLATE "C" LIMIT 1) o ON lead_scoring_internal.near(t.type, o.type) IS NOT NULL
         ORDER BY t.events DESC, t.type COLLATE "C"
        $query$, jsonb_build_object('model', model, 'type', bound.event_type, 'time', bound.event_time, 'events', bound.events));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_types_report IS 'The statement of the report "event_types".';

CREATE FUNCTION lead_scoring_internal.event_types_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Types of events: those that came, and those that rules and stages of the draft wait for. Counted from the events, also before the first publish.',
    ARRAY['as_of | as_of: the time that events have come by or are ahead of; all are counted.'],
    ARRAY['type | text | Type; NULL for events that have none.',
    'source | text | Table of the model that has them: events.',
    'events | bigint | Events of the type.',
    'last_at | timestamp with time zone | Time of the latest event that is not ahead of the clock.',
    'waiting | bigint | Events further ahead of the clock than settings.future_tolerance, which count when their time comes.',
    'waits_until | timestamp with time zone | Time of the last of these.',
    'rules | text | Rules that the events can match, by name.',
    'stages | text | Stages that they can move a lead to, by name.',
    'nearest | text | Of a type that is waited for and never came, the most similar one that did, where one is; of one that came and is not waited for, the other way round.',
    'note | text | What is odd about it, in words.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_types_form IS 'What the report "event_types" is.';

CREATE FUNCTION lead_scoring_internal.notice_types(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    came text[];
    missing record;
    others text[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    -- Most often the first events tell that there is nothing to say.
    EXECUTE format('SELECT array_agg(DISTINCT e.type) FROM (SELECT e.%1$I::text FROM %2$s e WHERE e.%1$I IS NOT NULL LIMIT 10000) e (type)', bound.event_type, bound.events) INTO came;
    IF came IS NULL OR NOT EXISTS (SELECT FROM lead_scoring_internal.named_types(model) n WHERE n.type <> ALL (came)) THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT array_agg(e.type) FROM (SELECT e.%1$I::text FROM %2$s e WHERE e.%1$I IS NOT NULL GROUP BY e.%1$I) e (type)', bound.event_type, bound.events) INTO came;
    FOR missing IN SELECT n.*, o.type AS nearest
                     FROM lead_scoring_internal.named_types(model) n
                     LEFT JOIN LATERAL (SELECT o.type FROM unnest(came) o (type) WHERE lead_scoring_internal.near(n.type, o.type) IS NOT NULL
                                         ORDER BY lead_scoring_internal.near(n.type, o.type), o.type COLLATE "C" LIMIT 1) o ON true
                    WHERE n.type <> ALL (came) ORDER BY n.type COLLATE "C" LOOP
        IF missing.nearest IS NULL THEN
            others := others || quote_ident(missing.type);
            CONTINUE;
        END IF;
        RAISE NOTICE USING MESSAGE = format('no event of type "%s" has come, but of "%s"', missing.type, missing.nearest),
            DETAIL = concat_ws(' ', 'Wait for it:', 'rules ' || missing.rules, 'stages ' || missing.stages) || '.',
            HINT = concat_ws(' ', CASE WHEN missing.rules IS NOT NULL THEN format('UPDATE %I.rules SET event_type = %L WHERE event_type = %L;', model, missing.nearest, missing.type) END,
                                  CASE WHEN missing.stages IS NOT NULL THEN format('UPDATE %I.stages SET on_event = %L WHERE on_event = %L;', model, missing.nearest, missing.type) END,
                                  format('SELECT lead_scoring.publish(%L);', model));
    END LOOP;
    IF others <> '{}' THEN
        RAISE NOTICE USING MESSAGE = format('no event of type %s has come yet', array_to_string(others, ', ')), HINT = format('SELECT * FROM %I.event_types;', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.notice_types IS 'Says by notices which types of events the draft waits for and never came, with the nearest one that did; nothing while there are no events.';
-- The functions of reports, made of what each of them is: see report_form.

SET LOCAL search_path = pg_catalog, pg_temp;

DO $functions$
DECLARE
    report text;
BEGIN
    FOREACH report IN ARRAY lead_scoring_internal.report_views() LOOP
        EXECUTE lead_scoring_internal.fill('CREATE FUNCTION lead_scoring.{report}({!arguments}) RETURNS TABLE ({!columns}) LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100 AS {!body}',
            jsonb_build_object('report', report,
                'arguments', (SELECT string_agg(format('%I %s', a.name, a.declaration), ', ' ORDER BY a.place)
                                FROM lead_scoring_internal.report_arguments(report) WITH ORDINALITY a (name, declaration, note, place)),
                'columns', (SELECT string_agg(format('%I %s', c.name, c.type), ', ' ORDER BY c.place) FROM lead_scoring_internal.report_columns(report) c),
                'body', $$'MODULE_PATHNAME', 'lead_scoring_report'$$));
        EXECUTE format('COMMENT ON FUNCTION lead_scoring.%I IS %L', report,
            (SELECT concat_ws(' ', lead_scoring_internal.report_note(report) || E'\n' || string_agg(a.note, E'\n' ORDER BY a.place) || E'\n'
                              || 'Takes USAGE on the schema and SELECT on the view of that name, and runs as the model''s owner.',
                              CASE WHEN count(*) FILTER (WHERE a.name = 'since') > 0 THEN 'Raises 22023 where since is after until'
                                   || CASE WHEN count(*) FILTER (WHERE a.name = 'grain') > 0 THEN ' and for another grain' ELSE '' END || '.' END,
                              CASE WHEN count(*) FILTER (WHERE a.name = 'by') > 0 THEN 'Raises 42704 for another dimension; of an expression what check_expression raises, and what it raises for a lead.' END)
               FROM lead_scoring_internal.report_arguments(report) WITH ORDINALITY a (name, declaration, note, place)));
    END LOOP;
END
$functions$;
-- What a draft is made of: one list of its tables and their fields, which all go by that take a draft as a whole.

SET LOCAL search_path = pg_catalog, pg_temp;

-- A line a field, in the order of the table: its name and its kind.
CREATE VIEW lead_scoring_internal.draft_fields AS
SELECT e.entity, f.place::integer AS place, split_part(f.line, ': ', 1) AS field, k.kind,
       k.kind IN ('table', 'column', 'columns', 'path', 'condition', 'number expression', 'key expression', 'key expressions', 'id') AS is_owners
  FROM (VALUES
    ('settings', '{leads: table, events: table, lead_key: column, event_lead: column, event_type: column, event_time: column, event_campaign: column,
                   status_columns: columns, trigger_path: path, paused: state, time_zone: time zone, min_score: points, max_score: points,
                   future_tolerance: interval, only_row: state, format: state}'::text[]),
    ('report_settings', '{spend_table: table, spend_campaign: column, spend_date: column, spend_amount: column, spend_channel: column,
                          revenue_table: table, revenue_lead: column, revenue_date: column, revenue_amount: column, lead_created: column,
                          event_channel: key expression, event_asset: key expression, look_back: interval, half_life: interval,
                          mql_stage: stage, sql_stage: stage, customer_stage: stage, qualified_low: share, qualified_high: share, dimensions: key expressions,
                          week_starts: choice, max_touches: number, only_row: state}'),
    ('rule_groups', '{name: name, kind: choice, min_points: points, max_points: points}'),
    ('rules', '{name: name, rule_group: group, event_type: event type, condition: condition, points: points, per: number expression,
                decay: choice, half_life: interval, lifespan: interval, drop: share, step: interval, min_points: points, max_points: points,
                limit_count: number, limit_window: choice, limit_key: key expression, max_occurrences: number, id: id}'),
    ('bands', '{axis: name, label: name, min_points: points}'),
    ('stages', '{name: name, rank: number, kind: choice, min_score: points, min_engagement: points, min_fit: points, grades: grades, requires: rules,
                 on_event: event type, on_event_condition: condition, falls_below: points, within: interval, timeout_stage: stage,
                 cooldown: interval, exit: choice, counts_as: choice, id: id}')) e (entity, fields)
 CROSS JOIN unnest(e.fields) WITH ORDINALITY f (line, place)
 CROSS JOIN LATERAL split_part(f.line, ': ', 2) k (kind);
COMMENT ON VIEW lead_scoring_internal.draft_fields IS 'The tables of a draft and of what reports are told, with their fields. The kind says what becomes of a value: those of kind "name" identify a row; a condition or expression is one over the events of the row''s event type, over leads where it has none; a group, stage, rules or grades name rows of other tables; what is state is no part of what a user says, and an id is given by publish(). What is the owner''s (is_owners) is run or read with his rights, or decides whose a lead''s points are, so that nobody else may write it.';
-- The tables of a model, as they are to be: create_model copies them into the model's schema, models() tells in what the
-- model's own differ from them, and repair() gives those back what they lack. They stay empty.
--
-- No foreign key points at or from the state of leads: a key share lock an event would cost more than the event.

CREATE DOMAIN lead_scoring_internal.lead_key AS text;
COMMENT ON DOMAIN lead_scoring_internal.lead_key IS 'Stands for the type of the leads'' key, which differs from model to model.';

-- By its later formats: a model that is older works without.
CREATE VIEW lead_scoring_internal.later_parts AS
SELECT NULL::text AS relation, NULL::text AS name, NULL::integer AS format WHERE false;
COMMENT ON VIEW lead_scoring_internal.later_parts IS 'Tables (name is NULL) and columns that a model''s tables did not have in format 1, with the format that brought each.';
GRANT SELECT ON lead_scoring_internal.later_parts TO PUBLIC;

CREATE TABLE lead_scoring_internal.settings (
    leads            text NOT NULL,
    events           text NOT NULL,
    lead_key         text NOT NULL,
    event_lead       text NOT NULL,
    event_type       text NOT NULL,
    event_time       text NOT NULL,
    event_campaign   text,
    status_columns   jsonb NOT NULL,
    trigger_path     text,
    paused           boolean NOT NULL DEFAULT false,
    time_zone        text NOT NULL,
    min_score        numeric,
    max_score        numeric,
    future_tolerance interval NOT NULL DEFAULT '5 minutes',
    only_row         boolean NOT NULL DEFAULT true,
    format           integer NOT NULL DEFAULT 1,
    CONSTRAINT settings_pkey PRIMARY KEY (only_row),
    CONSTRAINT settings_only_row CHECK (only_row),
    CONSTRAINT settings_score_bounds CHECK (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(max_score)),
    CONSTRAINT settings_score_range CHECK (min_score <= max_score),
    CONSTRAINT settings_future_tolerance CHECK (future_tolerance = '0' OR lead_scoring_internal.is_span(future_tolerance))
);
CREATE TRIGGER settings_keep_row BEFORE DELETE ON lead_scoring_internal.settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.refuse_change('Without its row the model would silently stop scoring.',
        'Use lead_scoring.drop_model to end a model. TRUNCATE empties the table for a data-only restore.');
CREATE TRIGGER settings_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.binding_changed();
-- What else there is, its constraints check.
DO $valid$
BEGIN
    EXECUTE (SELECT format('CREATE TRIGGER settings_valid AFTER INSERT OR UPDATE OF %s ON lead_scoring_internal.settings
                            FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed()', string_agg(quote_ident(f.field), ', ' ORDER BY f.place))
               FROM lead_scoring_internal.draft_fields f WHERE f.entity = 'settings' AND (f.is_owners OR f.kind = 'time zone'));
END
$valid$;
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.settings ENABLE ALWAYS TRIGGER settings_changed;
SELECT lead_scoring_internal.describe('lead_scoring_internal.settings',
    'What the model is bound to, in one row: effective at once, but for time zone, score range and future tolerance, which are part of the draft. Without a row nothing is scored.',
    '{"leads": "Table of leads, with its schema and quoted where needed.",
      "events": "Table of events, with its schema and quoted where needed.",
      "lead_key": "Unique column of the leads table by which a lead is known.",
      "event_lead": "Column of the events table that names the lead.",
      "event_type": "Column of the events table that holds the type of the event.",
      "event_time": "Column of the events table that holds when it happened.",
      "event_campaign": "Column of the events table that names the campaign; NULL for none.",
      "status_columns": "What is written into which column of the leads table: an object of stage, score, grade or <stage>_at and column name.",
      "trigger_path": "The search_path that triggers, checks and defaults of the leads and events tables find while the model writes there; NULL: pg_catalog, then the schema of leads, then pg_temp.",
      "paused": "While true, nothing is scored. Set by pause() and resume(); changed by hand, what was stored meanwhile stays uncounted until repair().",
      "time_zone": "Draft: where the hours, days, weeks and months of limits begin.",
      "min_score": "Draft: no score is below this, in points; NULL for no floor.",
      "max_score": "Draft: no score is above this, in points; NULL for no ceiling.",
      "future_tolerance": "Draft: an event up to this far ahead of the clock counts at once; later ones wait.",
      "only_row": "Always true: the key that keeps the table at one row.",
      "format": "The layout of the model''s tables: upgrade_model() raises it."}');
-- The draft: what publish() makes a version of. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.rule_groups (
    name       text,
    kind       text NOT NULL,
    min_points numeric,
    max_points numeric,
    CONSTRAINT rule_groups_pkey PRIMARY KEY (name),
    CONSTRAINT rule_groups_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT rule_groups_kind CHECK (kind IN ('engagement', 'fit')),
    CONSTRAINT rule_groups_bounds CHECK (lead_scoring_internal.is_bound(min_points) AND lead_scoring_internal.is_bound(max_points)),
    CONSTRAINT rule_groups_range CHECK (min_points <= max_points)
);

CREATE TABLE lead_scoring_internal.rules (
    name            text,
    rule_group      text NOT NULL,
    event_type      text,
    condition       text,
    points          numeric NOT NULL,
    per             text,
    decay           text NOT NULL DEFAULT 'none',
    half_life       interval,
    lifespan        interval,
    "drop"          double precision,
    step            interval,
    min_points      numeric,
    max_points      numeric,
    limit_count     integer,
    limit_window    text,
    limit_key       text,
    max_occurrences integer NOT NULL DEFAULT 1000,
    id              integer,
    CONSTRAINT rules_pkey PRIMARY KEY (name),
    CONSTRAINT rules_rule_group FOREIGN KEY (rule_group) REFERENCES lead_scoring_internal.rule_groups (name) ON UPDATE CASCADE,
    CONSTRAINT rules_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT rules_fit CHECK (event_type IS NOT NULL OR (condition IS NOT NULL AND per IS NULL AND decay = 'none'
        AND min_points IS NULL AND max_points IS NULL AND limit_count IS NULL)),
    CONSTRAINT rules_points CHECK (points BETWEEN -1e9 AND 1e9),
    CONSTRAINT rules_decay CHECK (decay IN ('none', 'exponential', 'linear', 'step', 'window')),
    CONSTRAINT rules_half_life CHECK ((half_life IS NOT NULL) = (decay = 'exponential')),
    CONSTRAINT rules_half_life_span CHECK (lead_scoring_internal.is_span(half_life)),
    CONSTRAINT rules_lifespan CHECK ((lifespan IS NOT NULL) = (decay IN ('linear', 'window'))),
    CONSTRAINT rules_lifespan_span CHECK (lead_scoring_internal.is_span(lifespan)),
    CONSTRAINT rules_step CHECK ((step IS NOT NULL) = (decay = 'step') AND ("drop" IS NOT NULL) = (decay = 'step')),
    CONSTRAINT rules_step_span CHECK (lead_scoring_internal.is_span(step)),
    CONSTRAINT rules_drop_share CHECK ("drop" > 0 AND "drop" <= 1),
    CONSTRAINT rules_bounds CHECK (lead_scoring_internal.is_bound(min_points) AND lead_scoring_internal.is_bound(max_points)),
    CONSTRAINT rules_range CHECK (min_points <= max_points),
    CONSTRAINT rules_limit CHECK ((limit_count IS NULL) = (limit_window IS NULL) AND (limit_key IS NULL OR limit_count IS NOT NULL)),
    CONSTRAINT rules_limit_count CHECK (limit_count > 0),
    CONSTRAINT rules_limit_window CHECK (limit_window IN ('hour', 'day', 'week', 'month', 'ever')),
    CONSTRAINT rules_max_occurrences CHECK (max_occurrences BETWEEN 1 AND 100000)
);

CREATE TABLE lead_scoring_internal.bands (
    axis       text,
    label      text,
    min_points numeric NOT NULL,
    CONSTRAINT bands_pkey PRIMARY KEY (axis, label),
    CONSTRAINT bands_axis_min_points_key UNIQUE (axis, min_points),
    CONSTRAINT bands_axis CHECK (axis IN ('fit', 'engagement')),
    CONSTRAINT bands_label CHECK (octet_length(label) BETWEEN 1 AND 63),
    CONSTRAINT bands_bounds CHECK (lead_scoring_internal.is_bound(min_points))
);

DO $checked$
DECLARE
    checked text;
BEGIN
    FOREACH checked IN ARRAY '{settings,rule_groups,rules,bands}'::text[] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner()',
                       checked || '_checked', checked);
    END LOOP;
END
$checked$;
-- By its name it comes before those of the foreign key.
CREATE TRIGGER "0_rules_group" AFTER INSERT OR UPDATE OF rule_group ON lead_scoring_internal.rules
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_rule_group_as_owner();
CREATE TRIGGER rule_groups_valid AFTER UPDATE OF kind ON lead_scoring_internal.rule_groups
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
CREATE TRIGGER rules_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.rules
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
CREATE TRIGGER rules_renamed AFTER UPDATE OF name ON lead_scoring_internal.rules FOR EACH ROW WHEN (OLD.name <> NEW.name)
    EXECUTE FUNCTION lead_scoring_internal.draft_renamed();
CREATE TRIGGER bands_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.bands
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
SELECT lead_scoring_internal.describe('lead_scoring_internal.rule_groups',
    'Draft: sets of rules whose points are added up and bounded together.',
    '{"name": "Name of the group.",
      "kind": "engagement for rules on events, fit for rules on the lead.",
      "min_points": "The group never gives less, in points; NULL for no floor.",
      "max_points": "The group never gives more, in points; NULL for no ceiling."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.rules',
    'Draft: points for what leads do (an event_type) and for what they are (no event_type).',
    '{"name": "Name of the rule.",
      "rule_group": "Group whose floor and ceiling apply.",
      "event_type": "Type of the events that match; NULL for a rule on the lead.",
      "condition": "SQL boolean expression over the row of the event, or of the lead; NULL for every row.",
      "points": "Points of one match.",
      "per": "SQL numeric expression over the event by which the points are multiplied.",
      "decay": "none, exponential, linear, step or window.",
      "half_life": "Decay exponential: after this the points are worth half.",
      "lifespan": "Decay linear and window: after this the points are worth nothing.",
      "drop": "Decay step: share of the points lost with each step, above 0 and up to 1.",
      "step": "Decay step: length of a step.",
      "min_points": "The rule never gives less, in points; NULL for no floor.",
      "max_points": "The rule never gives more, in points; NULL for no ceiling.",
      "limit_count": "So many matches count within limit_window, the earliest ones.",
      "limit_window": "hour, day, week or month by the calendar of the model''s time zone, or ever.",
      "limit_key": "SQL expression over the event: the limit holds for each of its values by itself.",
      "max_occurrences": "So many live matches count at the most, the latest ones.",
      "id": "By this cards know the rule, whatever it is called: given by publish(), and never another''s. Leave it NULL."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.bands',
    'Draft: the bands that make a grade, a letter of fit followed by a number of engagement.',
    '{"axis": "fit or engagement.",
      "label": "What the band puts into the grade.",
      "min_points": "Points from which on the band applies."}');

CREATE TABLE lead_scoring_internal.stages (
    name               text,
    rank               integer NOT NULL,
    kind               text NOT NULL DEFAULT 'progress',
    min_score          numeric,
    min_engagement     numeric,
    min_fit            numeric,
    grades             text[],
    requires           jsonb,
    on_event           text,
    on_event_condition text,
    falls_below        numeric,
    within             interval,
    timeout_stage      text,
    cooldown           interval,
    exit               text,
    counts_as          text,
    id                 integer,
    CONSTRAINT stages_pkey PRIMARY KEY (name),
    CONSTRAINT stages_name CHECK (octet_length(name) >= 1 AND octet_length(name) <= 60 AND name NOT IN ('scored', 'due', 'stage')),
    CONSTRAINT stages_kind CHECK (kind IN ('progress', 'detour')),
    CONSTRAINT stages_bounds CHECK (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(min_engagement)
        AND lead_scoring_internal.is_bound(min_fit) AND lead_scoring_internal.is_bound(falls_below)),
    CONSTRAINT stages_grades CHECK (cardinality(grades) > 0 AND array_position(grades, NULL) IS NULL),
    CONSTRAINT stages_requires CHECK (jsonb_typeof(requires) = 'object' AND requires <> '{}' AND NOT jsonb_path_exists(requires,
        'strict $.* ? (@.type() != "number" || @ < 1 || @ > 1000000000 || @.floor() != @)')),
    CONSTRAINT stages_thresholds CHECK (kind = 'progress'
        OR num_nonnulls(min_score, min_engagement, min_fit, grades, requires, falls_below) = 0),
    CONSTRAINT stages_on_event CHECK (on_event_condition IS NULL OR on_event IS NOT NULL),
    CONSTRAINT stages_falls_below CHECK (falls_below <= min_score),
    CONSTRAINT stages_within_span CHECK (lead_scoring_internal.is_span(within)),
    CONSTRAINT stages_timeout CHECK ((within IS NULL) = (timeout_stage IS NULL) AND (timeout_stage <> name) IS NOT FALSE),
    CONSTRAINT stages_cooldown_span CHECK (lead_scoring_internal.is_span(cooldown)),
    CONSTRAINT stages_counts_as CHECK (counts_as IN ('mql', 'sal', 'sql', 'opportunity', 'customer')),
    CONSTRAINT stages_exit CHECK (exit IS NULL OR kind = 'detour' AND exit IN ('score', 'hand'))
);
CREATE TRIGGER stages_renamed AFTER UPDATE OF name ON lead_scoring_internal.stages FOR EACH ROW WHEN (OLD.name <> NEW.name)
    EXECUTE FUNCTION lead_scoring_internal.draft_renamed();
CREATE TRIGGER stages_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.stages
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
CREATE TRIGGER stages_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.stages
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
SELECT lead_scoring_internal.describe('lead_scoring_internal.stages',
    'Draft: where a lead can stand. It enters the highest progress stage whose conditions all hold.',
    '{"name": "Name of the stage.",
      "rank": "Order of the stages, lowest first; each progress stage has a rank of its own.",
      "kind": "progress, entered upwards by rank, or detour, entered by event, time or hand only.",
      "min_score": "Least score, in points; NULL for any.",
      "min_engagement": "Least engagement, in points; NULL for any.",
      "min_fit": "Least fit, in points; NULL for any.",
      "grades": "Grades that qualify; NULL for any.",
      "requires": "Rules that must have matched, with how often at least: {\"webinar\": 1}.",
      "on_event": "Type of the events that move a lead here at once, whatever its score.",
      "on_event_condition": "SQL boolean expression over the row of such an event; NULL for all of them.",
      "falls_below": "The lead falls back when its score decays under this, in points; never above min_score.",
      "within": "A lead that has not moved on within this goes to timeout_stage.",
      "timeout_stage": "Stage for the leads that have not moved on in time.",
      "cooldown": "Least time after entering before the same lead enters again.",
      "exit": "How a detour is left: by score or by hand; NULL for by hand if it is called disqualified, else by score.",
      "counts_as": "What reports and status columns take it for, whatever it is called: mql, sal, sql, opportunity or customer; NULL: what its name says, in any case of letters.",
      "id": "By this cards know the stage, whatever it is called: given by publish(), and never another''s. Leave it NULL."}');
-- Versions, and the state of leads. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.versions (
    version      bigint,
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    note         text,
    definition   jsonb NOT NULL,
    CONSTRAINT versions_pkey PRIMARY KEY (version),
    CONSTRAINT versions_positive CHECK (version > 0)
);
CREATE TRIGGER versions_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.versions FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.refuse_change('Scores and transitions refer to what was published.',
        'Change the draft, then call lead_scoring.publish to make a new version.');
CREATE TRIGGER versions_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.versions FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.binding_changed();
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.versions ENABLE ALWAYS TRIGGER versions_changed;
SELECT lead_scoring_internal.describe('lead_scoring_internal.versions',
    'What was published. The triggers use the newest version; none is ever changed.',
    '{"version": "Number of the version, from 1.",
      "published_at": "When it was published.",
      "published_by": "Role that published it.",
      "note": "What it was published for.",
      "definition": "Rules, groups, bands and stages as published: expressions as the server deparses them, intervals in seconds, points as numbers."}');

CREATE TABLE lead_scoring_internal.scores (
    lead_id     lead_scoring_internal.lead_key,
    scored_at   timestamptz,
    due_at      timestamptz,
    stage_since timestamptz,
    score       double precision,
    engagement  double precision,
    fit         double precision,
    version     bigint,
    stage_seq   integer,
    stage_armed boolean,
    counted     boolean,
    stage       text,
    grade       text,
    card        lead_scoring.scorecard,
    memory      bytea,
    CONSTRAINT scores_pkey PRIMARY KEY (lead_id)
) USING heap WITH (fillfactor = 64);
CREATE INDEX scores_stage_idx ON lead_scoring_internal.scores (stage);
CREATE INDEX scores_due_at_idx ON lead_scoring_internal.scores (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE lead_scoring_internal.transitions (
    lead_id     lead_scoring_internal.lead_key,
    seq         integer,
    from_stage  text,
    to_stage    text NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    score       double precision,
    engagement  double precision,
    fit         double precision,
    grade       text,
    version     bigint,
    cause       text NOT NULL,
    rule        text,
    actor       text,
    reason      text,
    merged_from text,
    CONSTRAINT transitions_pkey PRIMARY KEY (lead_id, seq),
    CONSTRAINT transitions_cause CHECK (cause IN ('event', 'attribute', 'time', 'manual', 'publish'))
);
CREATE INDEX transitions_merged_from_idx ON lead_scoring_internal.transitions (merged_from) WHERE merged_from IS NOT NULL;

CREATE TABLE lead_scoring_internal.merged (
    merged_from lead_scoring_internal.lead_key,
    lead_id     lead_scoring_internal.lead_key NOT NULL,
    CONSTRAINT merged_pkey PRIMARY KEY (merged_from)
);
CREATE INDEX merged_lead_id_idx ON lead_scoring_internal.merged (lead_id);

CREATE TABLE lead_scoring_internal.forgotten (
    campaign text,
    came     date,
    entered  jsonb NOT NULL,
    leads    bigint NOT NULL,
    CONSTRAINT forgotten_campaign_came_entered_key UNIQUE NULLS NOT DISTINCT (campaign, came, entered)
);

CREATE TABLE lead_scoring_internal.adjustments (
    lead_id       lead_scoring_internal.lead_key,
    id            uuid DEFAULT gen_random_uuid(),
    points        numeric NOT NULL,
    reason        text,
    author        text NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at    timestamptz,
    cancelled_at  timestamptz,
    cancelled_by  text,
    cancel_reason text,
    CONSTRAINT adjustments_pkey PRIMARY KEY (lead_id, id),
    CONSTRAINT adjustments_points CHECK (points BETWEEN -1e9 AND 1e9),
    CONSTRAINT adjustments_expires_at CHECK (isfinite(expires_at))
);
CREATE INDEX adjustments_id_idx ON lead_scoring_internal.adjustments (id);

CREATE TABLE lead_scoring_internal.problems (
    lead_id  lead_scoring_internal.lead_key,
    rule     text,
    message  text,
    count    bigint,
    first_at timestamptz,
    last_at  timestamptz,
    CONSTRAINT problems_pkey PRIMARY KEY (lead_id, rule)
);
SELECT lead_scoring_internal.describe('lead_scoring_internal.scores',
    'One row a lead that either table ever named: where it stands since the last event that mattered. Written by the triggers only; the view "leads" has the scores as of now.',
    '{"lead_id": "Key of the lead.",
      "scored_at": "The lead''s clock: the instant the stored numbers are true for.",
      "due_at": "Time alone changes nothing before this; NULL for never.",
      "stage_since": "When the lead entered its stage.",
      "score": "Score as of scored_at, in points, with adjustments.",
      "engagement": "Points for behaviour as of scored_at.",
      "fit": "Points for attributes.",
      "version": "Published version the row was computed under.",
      "stage_seq": "Number of the lead''s latest transition.",
      "stage_armed": "Whether the score has been at or above falls_below during this stay.",
      "counted": "Whether the leads table has a row of that key: the view \"leads\" shows these.",
      "stage": "Stage of the lead.",
      "grade": "Letter of fit and number of engagement by the model''s bands; NULL without bands.",
      "card": "The whole scoring state, from which all numbers follow.",
      "memory": "What reports ask of the lead''s events: the time of the first one, its campaign, the first match of each rule, its touches."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.transitions',
    'Every move of every lead between stages, in order: append-only, but for merge_leads and forget_lead.',
    '{"lead_id": "Key of the lead.",
      "seq": "Number of the move within the lead, from 1 without gaps.",
      "from_stage": "Stage left.",
      "to_stage": "Stage entered.",
      "at": "The instant the move belongs to.",
      "recorded_at": "When the row was written.",
      "score": "Score at that instant, in points.",
      "engagement": "Points for behaviour at that instant.",
      "fit": "Points for attributes at that instant.",
      "grade": "Grade at that instant.",
      "version": "Published version that decided.",
      "cause": "event, attribute, time, manual or publish.",
      "rule": "Rule that gave the most points at that instant, where points of an event moved the lead; NULL otherwise.",
      "actor": "Role that moved it by hand.",
      "reason": "Why it was moved by hand.",
      "merged_from": "Lead and number the transition had before merge_leads, as in 42#3; NULL for the lead''s own."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.merged',
    'Leads that merge_leads made part of another, by which reports find what still names the old one.',
    '{"merged_from": "Key of the lead that was merged.",
      "lead_id": "Key of the lead it is now; its own where that one was forgotten."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.forgotten',
    'Leads that forget_lead erased, as numbers without names: how many had the same campaign and the same months. The views funnel, campaigns, qualified_rate and, for MQLs, forecast go on counting them.',
    '{"campaign": "Their campaign; NULL for none.",
      "came": "First day of the month in which they came, in the model''s time zone; NULL where nothing dates it.",
      "entered": "Each stage they entered, with the first day of the month of the first entry.",
      "leads": "How many of the forgotten leads."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.adjustments',
    'Points given or taken by hand, kept beside the computed score: what adjust was called for, and cancel_adjustment.',
    '{"lead_id": "Key of the lead.",
      "id": "Identifies the adjustment.",
      "points": "Points added to the score; negative ones are taken away.",
      "reason": "Why.",
      "author": "Role that made it.",
      "made_at": "When it was made.",
      "expires_at": "From when on it counts no more; NULL for never.",
      "cancelled_at": "When it was taken back; NULL while it counts.",
      "cancelled_by": "Role that took it back.",
      "cancel_reason": "Why it was taken back."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.problems',
    'Expressions of rules that raised an error on an event or a lead, and so counted as no match.',
    '{"lead_id": "Key of the lead.",
      "rule": "Name of the rule.",
      "message": "The latest error.",
      "count": "How often it was raised.",
      "first_at": "When it was first raised.",
      "last_at": "When it was last raised."}');

DO $guards$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['scores', 'transitions', 'merged', 'forgotten', 'adjustments', 'problems', 'versions'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE %s ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.refuse_write(''lead_scoring_internal'')',
                       guarded || '_guard', CASE guarded WHEN 'versions' THEN 'INSERT' ELSE 'INSERT OR UPDATE OR DELETE OR TRUNCATE' END, guarded);
    END LOOP;
END
$guards$;
-- What reports read. See 10-settings.sql.

CREATE TABLE lead_scoring_internal.report_settings (
    spend_table    text,
    spend_campaign text,
    spend_date     text,
    spend_amount   text,
    spend_channel  text,
    revenue_table  text,
    revenue_lead   text,
    revenue_date   text,
    revenue_amount text,
    lead_created   text,
    event_channel  text,
    event_asset    text,
    look_back      interval,
    half_life      interval,
    mql_stage      text,
    sql_stage      text,
    customer_stage text,
    qualified_low  double precision NOT NULL DEFAULT 0.02,
    qualified_high double precision NOT NULL DEFAULT 0.05,
    dimensions     jsonb NOT NULL DEFAULT '{}',
    week_starts    text NOT NULL DEFAULT 'monday',
    max_touches    integer,
    only_row       boolean NOT NULL DEFAULT true,
    CONSTRAINT report_settings_pkey PRIMARY KEY (only_row),
    CONSTRAINT report_settings_only_row CHECK (only_row),
    CONSTRAINT report_settings_spend CHECK (num_nulls(spend_table, spend_campaign, spend_date, spend_amount) IN (0, 4)
        AND (spend_channel IS NULL OR spend_table IS NOT NULL)),
    CONSTRAINT report_settings_revenue CHECK (num_nulls(revenue_table, revenue_lead, revenue_date, revenue_amount) IN (0, 4)),
    CONSTRAINT report_settings_look_back CHECK (lead_scoring_internal.is_span(look_back)),
    CONSTRAINT report_settings_half_life CHECK (lead_scoring_internal.is_span(half_life)),
    CONSTRAINT report_settings_band CHECK (qualified_low >= 0 AND qualified_low <= qualified_high AND qualified_high <= 1),
    CONSTRAINT report_settings_dimensions CHECK (lead_scoring_internal.are_dimensions(dimensions)),
    CONSTRAINT report_settings_week_starts CHECK (week_starts = ANY (lead_scoring_internal.weekdays())),
    CONSTRAINT report_settings_max_touches CHECK (max_touches BETWEEN 1 AND 1000)
);
CREATE TRIGGER report_settings_valid BEFORE INSERT OR UPDATE ON lead_scoring_internal.report_settings FOR EACH ROW
    EXECUTE FUNCTION lead_scoring_internal.check_report_settings_as_owner();
SELECT lead_scoring_internal.describe('lead_scoring_internal.report_settings',
    'What the report views read besides the model''s own tables, in one row at most; effective at once. Without a row all is default.',
    '{"spend_table": "Table or view of what was spent, with its schema and quoted where needed; see set_spend.",
      "spend_campaign": "Its column that names the campaign.",
      "spend_date": "Its column with the day: a date, timestamp or timestamptz.",
      "spend_amount": "Its column with the amount, a number.",
      "spend_channel": "Its column that names the channel; NULL: the view channels shows no spend.",
      "revenue_table": "Table or view of what leads brought in, with its schema and quoted where needed; see set_revenue.",
      "revenue_lead": "Its column with the lead''s key.",
      "revenue_date": "Its column with the day: a date, timestamp or timestamptz.",
      "revenue_amount": "Its column with the amount, a number.",
      "lead_created": "Column of the leads table that says when a lead came: a date, timestamp or timestamptz; NULL: its first event does.",
      "event_channel": "Channel of a touch: a column or an SQL expression over the row of the event; NULL: the campaign.",
      "event_asset": "Asset of a touch, such as a whitepaper: a column or an SQL expression over the row of the event; NULL: the view lead_magnets is empty.",
      "look_back": "Touches that are older than this at the conversion are not credited; NULL: all are.",
      "half_life": "Attribution time_decay: after this a touch counts half; NULL: 7 days.",
      "mql_stage": "Stage that reports take for MQL; NULL: the one that counts as mql; by place where none counts as anything.",
      "sql_stage": "Stage that reports take for SQL; NULL: the one that counts as sql; by place where none counts as anything.",
      "customer_stage": "Stage that reports take for customer; NULL: the one that counts as customer; by place where none counts as anything.",
      "qualified_low": "Lower end of the band of the view qualified_rate.",
      "qualified_high": "Upper end of the band of the view qualified_rate.",
      "dimensions": "What reports can be split by: an object of names and SQL expressions over the row of a lead. Readers of a report may name these; campaign and channel are there without.",
      "week_starts": "Day that weeks of reports begin on: monday to sunday.",
      "max_touches": "How many touches the row of a lead in scores keeps, with the time of its first event, its campaign and its first match of each rule, so that reports need not read the events, which writes then pay for; of leads with more touches they do. NULL: nothing is kept. From the next publish on.",
      "only_row": "Always true: the key that keeps the table at one row."}');

GRANT SELECT ON ALL TABLES IN SCHEMA lead_scoring_internal TO PUBLIC;  -- for CREATE TABLE ... LIKE
-- Support functions of aggregates are called by these, which asks for no privilege of the user, a type's by the server, the
-- event trigger's too. Nobody else has to call them, or to make an aggregate of his own of them.
DO $support$
DECLARE
    support pg_catalog.regprocedure;
BEGIN
    FOR support IN
        SELECT DISTINCT s.oid::pg_catalog.regprocedure
          FROM pg_catalog.pg_aggregate a
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) a.aggfnoid::pg_catalog.oid
          JOIN pg_catalog.pg_proc s ON s.oid OPERATOR(pg_catalog.=) ANY (ARRAY[a.aggtransfn, a.aggcombinefn, a.aggfinalfn]::pg_catalog.oid[])
         WHERE p.pronamespace OPERATOR(pg_catalog.=) 'lead_scoring'::pg_catalog.regnamespace::pg_catalog.oid
        UNION ALL
        SELECT f.oid::pg_catalog.regprocedure FROM pg_catalog.pg_type t
         CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend]::pg_catalog.oid[]) f (oid)
         WHERE t.oid OPERATOR(pg_catalog.=) 'lead_scoring.scorecard'::pg_catalog.regtype::pg_catalog.oid
        UNION ALL
        SELECT 'lead_scoring_internal.partitions_changed()' LOOP
        EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', support);
    END LOOP;
END
$support$;

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

CREATE FUNCTION lead_scoring_internal.trigger_functions()
RETURNS regprocedure[] LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{lead_scoring_internal.leads_changed(),lead_scoring_internal.events_changed(),lead_scoring_internal.identities_changed()}'::regprocedure[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.trigger_functions IS 'The functions of triggers on the user''s tables: leads, events and identities.';

CREATE FUNCTION lead_scoring_internal.expected_triggers(model text, leads regclass, identities regclass, VARIADIC events regclass[])
RETURNS TABLE (relation regclass, is_partition boolean, function_name text, operation text, state "char",
               found_name name, found_state "char")
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT member.relid, member.relid <> bound.root, bound.function_name, kind.operation, kind.state, t.tgname, t.tgenabled
  FROM (SELECT leads, 'leads_changed', 'lead_scoring_internal.leads_changed()'::regprocedure, 0
        UNION ALL SELECT e, 'events_changed', 'lead_scoring_internal.events_changed()', place FROM unnest(events) WITH ORDINALITY u (e, place)
        UNION ALL SELECT identities, 'identities_changed', 'lead_scoring_internal.identities_changed()', cardinality(events) + 1 WHERE identities IS NOT NULL) bound (root, function_name, function, place)
 CROSS JOIN LATERAL (SELECT p.relid FROM pg_partition_tree(bound.root) p UNION SELECT bound.root WHERE bound.root IS NOT NULL
                      EXCEPT SELECT c.oid FROM pg_class c WHERE c.relkind = 'f') member
 CROSS JOIN (VALUES (1, 'before', 30, 'O'::"char"), (2, 'insert', 4, 'O'), (3, 'update', 16, 'O'), (4, 'delete', 8, 'O'),
                    (5, 'truncate', 32, 'A'), (0, 'row', 29, 'R'), (6, 'status', 19, 'O')) kind (place, operation, type_bits, state)
  LEFT JOIN pg_trigger t ON t.tgrelid = member.relid AND t.tgfoid = bound.function AND t.tgtype = kind.type_bits
                        AND t.tgargs = lead_scoring_internal.trigger_argument(model)
 WHERE kind.operation <> 'status' OR bound.function_name = 'leads_changed'
 ORDER BY bound.place, member.relid <> bound.root, member.relid::text COLLATE "C", kind.place
$$;
COMMENT ON FUNCTION lead_scoring_internal.expected_triggers IS 'The triggers a model needs on its tables (NULL: one that is not asked about) and all their partitions, leads first and identities last, and those found: a statement trigger for each operation, so that rows count once whichever table of a tree they are addressed to, one before statements, which tells how many of these a query will fire, and a row trigger for sessions in replica mode, where statement triggers do not fire (TRUNCATE has no row trigger and is enabled always); on leads also one before each row of an update, which keeps the status columns as they are.';

CREATE FUNCTION lead_scoring_internal.rebind_statement(model text, leads text, events text, further jsonb DEFAULT '{}', identities text DEFAULT NULL)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH known AS (
    SELECT b.*, lead_scoring_internal.resolve_table(b.name) AS relation
      FROM (SELECT 'leads', NULL, leads, 'lead_scoring_internal.leads_changed()'::regprocedure
            UNION ALL SELECT 'events', NULL, events, 'lead_scoring_internal.events_changed()'
            UNION ALL SELECT 'events', f.key, f.value, 'lead_scoring_internal.events_changed()' FROM jsonb_each_text(further) f
            UNION ALL SELECT 'identities', NULL, identities, 'lead_scoring_internal.identities_changed()' WHERE identities IS NOT NULL) b (setting, source, name, function)
), carrying AS (
    SELECT t.tgfoid AS function, c.oid AS relation, format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE t.tgtype = 29 AND t.tgparentid = 0 AND t.tgargs = lead_scoring_internal.trigger_argument(model)
), moved AS (  -- where one name and one table are left
    SELECT k.setting, k.source, min(c.name) AS name, row_number() OVER (PARTITION BY k.function) AS other
      FROM known k JOIN carrying c ON c.function = k.function
     WHERE (k.relation IS NULL OR NOT EXISTS (SELECT FROM carrying o WHERE o.function = k.function AND o.relation = k.relation))
       AND NOT EXISTS (SELECT FROM known o WHERE o.function = c.function AND o.relation = c.relation)
     GROUP BY k.setting, k.source, k.function
    HAVING count(*) = 1
)
SELECT concat_ws(' ', (SELECT format('UPDATE %I.settings SET %s;', model, string_agg(format('%s = %L', m.setting, m.name), ', ' ORDER BY m.setting DESC)) FROM moved m WHERE m.source IS NULL HAVING count(*) > 0),
                      (SELECT format('UPDATE %I.sources SET events = %L WHERE name = %L;', model, m.name, m.source) FROM moved m WHERE m.source IS NOT NULL))
 WHERE EXISTS (SELECT FROM moved) AND NOT EXISTS (SELECT FROM moved m WHERE m.other > 1)
$$;
COMMENT ON FUNCTION lead_scoring_internal.rebind_statement IS 'The statement that makes the settings of a model, and its further sources, name the tables which have its row triggers, where these are called otherwise by now; NULL where the triggers do not tell.';

CREATE FUNCTION lead_scoring_internal.make_statement(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.create_model(%L, leads => %L, events => %L);  -- with the arguments it was made with', model,
              coalesce(min(t.tgrelid::regclass::text) FILTER (WHERE t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure), 'public.leads'),
              -- the source that was there first
              coalesce((array_agg(t.tgrelid::regclass::text ORDER BY t.oid) FILTER (WHERE t.tgfoid = 'lead_scoring_internal.events_changed()'::regprocedure))[1], 'public.events'))
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
                WHERE t.tgfoid = ANY (lead_scoring_internal.trigger_functions())
                  AND t.tgargs = lead_scoring_internal.trigger_argument(model))
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_left_behind IS 'Whether tables have triggers of a model, which may be gone itself.';

CREATE FUNCTION lead_scoring_internal.add_triggers(model text, leads regclass, identities regclass, VARIADIC events regclass[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
    new_name text;
BEGIN
    FOR wanted IN SELECT * FROM lead_scoring_internal.expected_triggers(model, leads, identities, VARIADIC events) e
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
COMMENT ON FUNCTION lead_scoring_internal.add_triggers IS 'Creates those of a model''s triggers that are missing, on these tables (NULL: none) and all their partitions.';

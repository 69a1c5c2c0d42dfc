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

CREATE FUNCTION lead_scoring_internal.generation(relation regclass, column_name text, wanted regtype)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill('ALTER TABLE {!table} DROP COLUMN {column}, ADD COLUMN {column} {!type} GENERATED ALWAYS AS ({!expression}) STORED;',
           jsonb_build_object('table', relation, 'column', column_name, 'type', coalesce(format_type(wanted, NULL), format_type(a.atttypid, a.atttypmod)),
               'expression', CASE WHEN wanted IS NULL THEN g.expression ELSE format('(%s)::%s', g.expression, wanted) END))
  FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 CROSS JOIN LATERAL (SELECT pg_get_expr(d.adbin, d.adrelid)) g (expression)
 WHERE a.attrelid = relation AND a.attname = column_name AND a.attgenerated <> ''
$$;
COMMENT ON FUNCTION lead_scoring_internal.generation IS 'The statement that makes a generated column anew, as one that is stored, of that type (NULL: its own); NULL for any other column.';

CREATE FUNCTION lead_scoring_internal.conversion(relation regclass, column_name text, wanted regtype)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
-- Text goes into whatever can be read; numbers and uuids not into each other.
SELECT coalesce(lead_scoring_internal.generation(relation, column_name, wanted), format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::%3$s;', relation, column_name, wanted))
  FROM pg_attribute a JOIN pg_type t ON t.oid = lead_scoring_internal.base_type(a.atttypid)
 WHERE a.attrelid = relation AND a.attname = column_name
   AND (t.typcategory IN ('S', 'E') OR wanted::oid IN ('text'::regtype, 'varchar'::regtype) OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = t.oid AND c.casttarget = wanted))
$$;
COMMENT ON FUNCTION lead_scoring_internal.conversion IS 'The statement that gives a column that type; NULL where no value of its own can be one.';

CREATE FUNCTION lead_scoring_internal.time_conversion(relation regclass, column_name text, type regtype)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE type::oid
           WHEN 'text'::regtype THEN format('SET timezone = ''UTC''; ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I::timestamptz; RESET timezone;', relation, column_name)
           WHEN 'varchar'::regtype THEN format('SET timezone = ''UTC''; ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I::timestamptz; RESET timezone;', relation, column_name)
           ELSE CASE WHEN (SELECT t.typcategory FROM pg_type t WHERE t.oid = type) = 'N'
                     THEN format('ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING to_timestamp(%2$I);  -- of milliseconds: to_timestamp(%2$I / 1000.0)', relation, column_name)
                     ELSE 'Name another column: event_time => ''...''.' END END
$$;
COMMENT ON FUNCTION lead_scoring_internal.time_conversion IS 'The statement that makes instants of the values of a column, whatever the zone of the session.';

CREATE FUNCTION lead_scoring_internal.check_stored(relation regclass, column_name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = column_name AND a.attgenerated = 'v') THEN
        PERFORM lead_scoring_internal.fail('0A000', format('column "%s" of table %s is a virtual generated column', column_name, relation),
            'Rows do not have it: it is computed when they are read.', lead_scoring_internal.generation(relation, column_name, NULL));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_stored IS 'Raises 0A000 for a virtual generated column.';

CREATE FUNCTION lead_scoring_internal.check_columns(leads regclass, events regclass, lead_key text, event_lead text,
                                           event_type text, event_time text, event_campaign text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given regtype := lead_scoring_internal.column_type(leads, lead_key, 'lead_key');
    key_type regtype := lead_scoring_internal.base_type(given);
    is_citext boolean := (SELECT t.typname = 'citext' FROM pg_type t WHERE t.oid = key_type);
    found regtype;
    computed text;
BEGIN
    IF key_type <> ALL (lead_scoring_internal.key_types()) THEN
        PERFORM lead_scoring_internal.column_type(events, event_lead, 'event_lead'),
                lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', lead_key, leads, given),
            'A lead''s key is an integer, bigint, uuid, text or varchar, or a domain over one of these'
            || CASE WHEN is_citext THEN ': keys are compared byte by byte, and citext takes different texts for equal.' ELSE '.' END,
            coalesce(CASE WHEN is_citext THEN lead_scoring_internal.generated_key(leads, events, ARRAY[lead_key], ARRAY[event_lead])
                          WHEN key_type = 'smallint'::regtype THEN lead_scoring_internal.conversion(leads, lead_key, 'integer')
                          WHEN key_type = 'char'::regtype THEN lead_scoring_internal.conversion(leads, lead_key, 'text') END,
                     'Name another unique column: lead_key => ''...''.'));
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
    IF lead_scoring_internal.base_type(found) <> key_type
       AND NOT (lead_scoring_internal.base_type(found) IN ('text'::regtype, 'varchar'::regtype) AND key_type IN ('text'::regtype, 'varchar'::regtype)) THEN
        PERFORM lead_scoring_internal.fail('42804',
            format('column "%s" of table %s has type %s, but the leads'' key has type %s',
                   event_lead, events, found, given),
            'An event names its lead by the very key of the leads table.',
            coalesce(lead_scoring_internal.conversion(events, event_lead, key_type), 'Name another column: event_lead => ''...''.'));
    END IF;

    found := CASE WHEN event_type IS NOT NULL THEN lead_scoring_internal.column_type(events, event_type, 'event_type') END;
    IF found NOT IN ('text'::regtype, 'varchar'::regtype)
       AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = found AND t.typtype = 'e') THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', event_type, events, found),
            'An event''s type is a text, a varchar or an enum.', lead_scoring_internal.conversion(events, event_type, 'text'));
    END IF;

    found := lead_scoring_internal.column_type(events, event_time, 'event_time');
    IF found NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', event_time, events, found),
            'An event''s time is a timestamp with or without time zone, or a date.',
            lead_scoring_internal.time_conversion(events, event_time, found));
    END IF;

    IF event_campaign IS NOT NULL THEN
        PERFORM lead_scoring_internal.column_type(events, event_campaign, 'event_campaign');
    END IF;
    FOREACH computed IN ARRAY ARRAY[event_lead, event_type, event_time] LOOP
        PERFORM lead_scoring_internal.check_stored(events, computed);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_columns IS 'Raises unless the columns a model reads are there (42703), have types it can read (42804), are stored (0A000), and the lead key is unique (55000). event_type may be NULL, where all events are of one type.';

CREATE FUNCTION lead_scoring_internal.has_index(relation regclass, column_name text, with_null text DEFAULT NULL)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_index i
                 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                 JOIN pg_class c ON c.oid = i.indexrelid
                 JOIN pg_am m ON m.oid = c.relam
                WHERE i.indrelid = relation AND a.attname = column_name AND m.amname = 'btree' AND i.indisvalid AND i.indcollation[0] = a.attcollation
                  AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = '(' || quote_ident(with_null) || ' IS NULL)'))
$$;
COMMENT ON FUNCTION lead_scoring_internal.has_index IS 'Whether a valid btree index over all rows, or over those in which another column is NULL, starts with the column.';

CREATE FUNCTION lead_scoring_internal.check_event_index(events regclass, event_lead text, event_time text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT lead_scoring_internal.has_index(events, event_lead) THEN
        PERFORM lead_scoring_internal.fail('55000', format('table %s has no index led by column "%s"', events, event_lead),
            'Rebuilding one lead from its events would read the whole table.',
            format('CREATE INDEX ON %s (%I, %I);  -- or pass require_index => false', events, event_lead, event_time));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_event_index IS 'Raises 55000 unless a valid btree index over all events starts with the lead column.';

CREATE FUNCTION lead_scoring_internal.check_event_id(events regclass, event_lead text, event_id text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found regtype;
BEGIN
    IF event_id IS NULL THEN
        RETURN;
    END IF;
    found := lead_scoring_internal.column_type(events, event_id, 'event_id');
    IF event_id = event_lead THEN
        PERFORM lead_scoring_internal.fail('22023', format('event_id is the column "%s" of table %s, which names the lead', event_id, events),
            'Of all events of a lead one alone would count.', 'Name the column that each event has a value of its own in: event_id => ''...'', or NULL for none.');
    END IF;
    IF NOT EXISTS (SELECT FROM pg_type t CROSS JOIN pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
                    WHERE t.oid = lead_scoring_internal.base_type(found) AND t.typtype IN ('b', 'e') AND t.typcategory <> 'A' AND m.amname IN ('btree', 'hash') AND o.opcdefault
                      AND (o.opcintype = t.oid OR o.opcintype = 'anyenum'::regtype AND t.typtype = 'e'
                           OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = t.oid AND c.casttarget = o.opcintype AND c.castmethod = 'b' AND c.castcontext = 'i'))) THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', event_id, events, found),
            'An event''s id is of a type whose values are looked up by an index, such as text, uuid or bigint.',
            coalesce(CASE WHEN found IN ('json'::regtype, 'xml'::regtype) THEN lead_scoring_internal.conversion(events, event_id, 'text') END, 'Name another column: event_id => ''...'', or NULL for none.'));
    END IF;
    PERFORM lead_scoring_internal.check_stored(events, event_id);
    IF NOT EXISTS (SELECT FROM pg_index i
                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = event_id
                     JOIN pg_attribute l ON l.attrelid = i.indrelid AND l.attname = event_lead
                     JOIN pg_class c ON c.oid = i.indexrelid
                     JOIN pg_am m ON m.oid = c.relam
                    WHERE i.indrelid = events AND i.indisvalid AND i.indpred IS NULL AND m.amname IN ('btree', 'hash')
                      AND (i.indkey[0] = a.attnum AND i.indcollation[0] = a.attcollation
                           OR i.indnkeyatts > 1 AND i.indkey[0] = l.attnum AND i.indkey[1] = a.attnum AND i.indcollation[1] = a.attcollation)) THEN
        PERFORM lead_scoring_internal.fail('55000', format('table %s has no index on column "%s"', events, event_id),
            'Each event looks there whether the lead has another one of its id.', format('CREATE INDEX ON %s (%I, %I);', events, event_lead, event_id));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_event_id IS 'Raises unless the column is there (42703) and stored (0A000), its type can be looked up (42804), it is not that of leads (22023), and a valid index over all events begins with it, or with the lead and it (55000). event_id may be NULL, for none.';

CREATE FUNCTION lead_scoring_internal.check_visitor(relation regclass, column_name text, argument text, wanted regtype DEFAULT NULL)
RETURNS regtype LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given CONSTANT regtype := lead_scoring_internal.column_type(relation, column_name, argument);
    found CONSTANT regtype := replace(lead_scoring_internal.base_type(given)::text, 'character varying', 'text');
BEGIN
    IF found <> ALL (lead_scoring_internal.key_types()) OR found <> wanted THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', column_name, relation, given),
            CASE WHEN wanted IS NULL THEN 'A visitor is known by an integer, bigint, uuid, text or varchar, or a domain over one of these.'
                 ELSE format('Events and identities name a visitor alike, and identities by the type %s.', wanted) END,
            coalesce(lead_scoring_internal.conversion(relation, column_name, coalesce(wanted, 'text'::regtype)), format('Name another column: %s => ''...''.', argument)));
    END IF;
    PERFORM lead_scoring_internal.check_stored(relation, column_name);
    RETURN found;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_visitor IS 'The type by which a column names visitors. Raises unless the column is there (42703), has a type that it can be, that which is wanted where one is (42804), and is stored (0A000).';

CREATE FUNCTION lead_scoring_internal.check_visitor_index(events regclass, event_anonymous text, event_lead text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT lead_scoring_internal.has_index(events, event_anonymous, event_lead) THEN
        PERFORM lead_scoring_internal.fail('55000', format('table %s has no index led by column "%s"', events, event_anonymous),
            'Finding the events of one visitor would read the whole table.',
            format('CREATE INDEX ON %s (%I) WHERE %I IS NULL;  -- or pass require_index => false', events, event_anonymous, event_lead));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_visitor_index IS 'Raises 55000 unless a valid btree index over all events, or over those without a lead, starts with the column of the visitor.';

CREATE FUNCTION lead_scoring_internal.check_identities(model text, leads regclass, lead_key text, identities regclass, anonymous text, lead text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_type CONSTANT regtype := replace(lead_scoring_internal.plain_type(leads, lead_key, 'lead_key'), 'character varying', 'text');
    visitor regtype;
    given regtype;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF identities = leads OR identities = ANY (lead_scoring_internal.event_tables(model)) THEN
        PERFORM lead_scoring_internal.fail('22023', format('identities are the table of %s of model "%s"', CASE WHEN identities = leads THEN 'leads' ELSE 'events' END, model),
            'Which visitor is which lead is said by a table of its own, with a row for each visitor.',
            'Give a table of its own, with columns of visitors and leads: identities => ''public.identities''.');
    END IF;
    visitor := lead_scoring_internal.check_visitor(identities, anonymous, 'anonymous');
    given := lead_scoring_internal.column_type(identities, lead, 'lead');
    IF lead_scoring_internal.base_type(given) <> key_type AND NOT (lead_scoring_internal.base_type(given) = 'varchar'::regtype AND key_type = 'text'::regtype) THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s, but the leads'' key has type %s', lead, identities, given, key_type),
            'An identity names its lead by the very key of the leads table.',
            coalesce(lead_scoring_internal.conversion(identities, lead, key_type), 'Name another column: lead => ''...''.'));
    END IF;
    PERFORM lead_scoring_internal.check_stored(identities, lead);
    IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                    WHERE i.indrelid = identities AND a.attname = anonymous AND i.indnkeyatts = 1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) THEN
        PERFORM lead_scoring_internal.fail('55000', format('column "%s" of table %s is not unique', anonymous, identities),
            'A visitor is one lead at a time.', format('ALTER TABLE %s ADD UNIQUE (%I);', identities, anonymous));
    END IF;
    PERFORM lead_scoring_internal.check_visitor(s.events, s.event_anonymous, 'event_anonymous', visitor) FROM lead_scoring_internal.sources(model) s WHERE s.event_anonymous IS NOT NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_identities IS 'Raises unless a table of identities is none of leads or events (22023), its columns are there (42703), have types by which events and leads go (42804), are stored (0A000), and the visitor is unique (55000).';

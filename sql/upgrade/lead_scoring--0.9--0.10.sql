\echo Use "ALTER EXTENSION lead_scoring UPDATE" to load this file. \quit
-- Made by sql/step 0.9

-- Reports read all events of a model through event_log().
DROP FUNCTION lead_scoring_internal.touch_expression(model text, settings jsonb, setting text);

-- Times without a zone.
CREATE FUNCTION lead_scoring_internal.instant(local timestamp, time_zone text) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_instant_of_time';
COMMENT ON FUNCTION lead_scoring_internal.instant(timestamp, text) IS 'When clocks of the zone showed that time: of two such instants the first; a time that a change of the clocks left out is what the server makes of it. Infinite times stay infinite, and one that no timestamptz can be is the nearest that can. Raises 22023 for an unknown zone.';

CREATE FUNCTION lead_scoring_internal.instant(day date, time_zone text) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_instant_of_day';
COMMENT ON FUNCTION lead_scoring_internal.instant(date, text) IS 'When that day began in the zone: at midnight, or at the first instant of the day where that was left out.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.lost_parts(model text)
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
                      CASE WHEN f.oid IS NULL THEN 'missing' WHEN b.is_blind THEN 'not fired by every column' WHEN f.tgenabled = 'D' THEN 'disabled' ELSE 'enabled for the wrong sessions' END),
               coalesce(CASE WHEN b.is_blind THEN format('DROP TRIGGER %I ON %s; ', f.tgname, o.name) END, '')
               || coalesce(CASE WHEN f.oid IS NULL OR b.is_blind THEN pg_get_triggerdef(t.oid) || '; ' END, '')
               || format('ALTER TABLE %s ENABLE %s TRIGGER %I', o.name, CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' END, CASE WHEN b.is_blind THEN t.tgname ELSE coalesce(f.tgname, t.tgname) END), NULL
          FROM own o
          JOIN pg_trigger t ON t.tgrelid = o.wanted AND NOT t.tgisinternal
          LEFT JOIN pg_trigger f ON f.tgrelid = o.found AND f.tgfoid = t.tgfoid AND f.tgtype = t.tgtype
         CROSS JOIN LATERAL (
            SELECT f.tgattr <> '' AND EXISTS (SELECT FROM pg_attribute w JOIN pg_attribute a ON a.attrelid = o.found AND a.attname = w.attname
                                               WHERE w.attrelid = o.wanted AND w.attnum = ANY (t.tgattr) AND a.attnum <> ALL (f.tgattr)) AS is_blind) b
         WHERE f.tgenabled IS DISTINCT FROM t.tgenabled OR b.is_blind) p
 ORDER BY p.place, p.relation COLLATE "C", p.fault COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring_internal.lost_parts IS 'Constraints, other than primary keys and NOT NULL, and triggers that the model''s own tables do not have, or not enabled or for all columns, each with the statement that puts it right, and what to do first where rows break a constraint. Scoring goes on without them. Looks at the catalogs only.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.lead_views()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{leads,moves,accounts}'::text[]
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.put_back_lead_views(model text, grants text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.make_leads_view(model), lead_scoring_internal.make_moves(model), lead_scoring_internal.make_accounts(model);
    FOREACH statement IN ARRAY grants LOOP
        EXECUTE statement;
    END LOOP;
END
$$;

-- By what a lead is known: the types of keys, and keys that are made of several columns.
CREATE FUNCTION lead_scoring_internal.base_type(type regtype)
RETURNS regtype LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE base (type, below) AS (
    SELECT t.oid, t.typbasetype FROM pg_type t WHERE t.oid = base_type.type
    UNION ALL
    SELECT t.oid, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.below)
SELECT b.type::regtype FROM base b WHERE b.below = 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.base_type IS 'Of a domain the type beneath it, any other type as it is.';

CREATE FUNCTION lead_scoring_internal.key_types()
RETURNS regtype[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{integer,bigint,uuid,text,varchar}'::regtype[] $$;
COMMENT ON FUNCTION lead_scoring_internal.key_types IS 'What the key of a lead can be, itself or beneath a domain.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.stored_key_type(leads regclass, lead_key text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE b.type WHEN 'varchar'::regtype THEN 'text' ELSE b.type::text END
       || CASE WHEN c.oid IS NULL THEN '' ELSE format(' COLLATE %I.%I', n.nspname, c.collname) END
  FROM pg_attribute a
 CROSS JOIN lead_scoring_internal.base_type(a.atttypid) b (type)
  LEFT JOIN pg_collation c ON c.oid = a.attcollation AND c.collname <> 'default'
  LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
 WHERE a.attrelid = leads AND a.attname = lead_key
$$;

CREATE FUNCTION lead_scoring_internal.generated_key(leads regclass, events regclass, in_leads text[], in_events text[])
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH cell AS (
    SELECT p.place, c.is_of_leads, a.attname AS name, t.typname = 'citext' AS is_citext, t.typcategory = 'S' AS is_text, a.attcollation <> t.typcollation AS is_collated
      FROM unnest(in_leads, in_events) WITH ORDINALITY p (in_leads, in_events, place)
     CROSS JOIN LATERAL (VALUES (true, leads, p.in_leads), (false, events, p.in_events)) c (is_of_leads, relation, name)
      JOIN pg_attribute a ON a.attrelid = c.relation AND a.attname = c.name AND a.attgenerated = ''
      JOIN pg_type t ON t.oid = lead_scoring_internal.base_type(a.atttypid)
     WHERE t.typname = 'citext' OR t.oid = ANY (lead_scoring_internal.key_types() || '{smallint,char}'::regtype[])
), part AS (  -- Equal values, and no others, give equal texts: citext by the letters it compares; of two texts either may have the colon.
    SELECT p.place, (SELECT count(DISTINCT c.place) FROM cell c WHERE c.is_text) > 1 AND p.is_text AS is_escaped, p.is_citext
      FROM (SELECT c.place, bool_or(c.is_text) AS is_text, bool_or(c.is_citext) AS is_citext FROM cell c GROUP BY 1) p
), key AS (
    SELECT c.is_of_leads, count(*) = cardinality(in_leads) AS is_whole,
           string_agg(format(CASE WHEN p.is_escaped THEN 'replace(replace(%s, ''%%'', ''%%25''), '':'', ''%%3A'')' ELSE '%s' END,
               format(CASE WHEN p.is_citext AND c.is_collated THEN 'lower(%I::text COLLATE "default")' WHEN p.is_citext THEN 'lower(%I::text)' ELSE '%I::text' END, c.name)), ' || '':'' || ' ORDER BY c.place) AS expression
      FROM cell c JOIN part p USING (place) GROUP BY 1
)
SELECT format('ALTER TABLE %s ADD COLUMN %I text GENERATED ALWAYS AS (%s) STORED UNIQUE;', leads, free.name, l.expression)
       || CASE WHEN e.is_whole THEN format(' ALTER TABLE %1$s ADD COLUMN %2$I text GENERATED ALWAYS AS (%3$s) STORED; CREATE INDEX ON %1$s (%2$I);  -- and', events, free.name, e.expression)
               ELSE '  -- its events need the same column;' END
       || format(' pass lead_key => %1$L, event_lead => %1$L', free.name)
  FROM key l LEFT JOIN key e ON NOT e.is_of_leads
 CROSS JOIN LATERAL (SELECT n FROM unnest('{lead_key,scoring_key}'::text[]) n WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid IN (leads, events) AND a.attname = n) LIMIT 1) free (name)
 WHERE l.is_of_leads AND l.is_whole
$$;
COMMENT ON FUNCTION lead_scoring_internal.generated_key IS 'The statements that give both tables a generated column for these columns, which is the lead''s key in the one and names the lead in the other; NULL where nothing can be generated from them. No two leads have one key.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.key_statement(leads regclass, events regclass, event_lead text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH parts AS (  -- of a key of several columns; the one that events do not have is what names the lead there
    SELECT a.attnum, a.attname AS in_leads, CASE WHEN EXISTS (SELECT FROM pg_attribute e WHERE e.attrelid = events AND e.attname = a.attname AND a.attname <> event_lead) THEN a.attname ELSE event_lead END AS in_events
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = leads AND i.indisprimary
), several AS (
    SELECT array_agg(p.in_leads::text ORDER BY p.attnum) AS in_leads,
           array_agg(CASE WHEN p.in_events <> event_lead OR (SELECT count(*) FROM parts o WHERE o.in_events = event_lead) = 1 THEN p.in_events::text END ORDER BY p.attnum) AS in_events
      FROM parts p HAVING count(*) > 1
), candidates AS (  -- of no key at all
    SELECT a.attname, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leads AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) AS is_unique,
           row_number() OVER (ORDER BY a.attname <> event_lead, a.atttypid IS DISTINCT FROM (SELECT e.atttypid FROM pg_attribute e WHERE e.attrelid = events AND e.attname = event_lead), a.attname !~ 'id$|key$', a.attnum) AS place
      FROM pg_attribute a
     WHERE a.attrelid = leads AND a.attnum > 0 AND NOT a.attisdropped AND lead_scoring_internal.base_type(a.atttypid) = ANY (lead_scoring_internal.key_types())
)
SELECT coalesce(
    (SELECT format('Pass lead_key => %1$L, event_lead => %1$L, which are there.', l.attname) FROM several, pg_attribute l JOIN pg_attribute e ON e.attrelid = events AND e.attname = l.attname AND e.attgenerated <> ''
      WHERE l.attrelid = leads AND l.attgenerated <> '' AND l.attname IN ('lead_key', 'scoring_key') LIMIT 1),
    (SELECT coalesce(lead_scoring_internal.generated_key(leads, events, s.in_leads, s.in_events), 'Name another unique column: lead_key => ''...''.') FROM several s),
    (SELECT format('Pass lead_key => %L, which is unique.', c.attname) FROM candidates c WHERE c.is_unique ORDER BY c.place LIMIT 1),
    (SELECT format('ALTER TABLE %s ADD PRIMARY KEY (%I);', leads, c.attname) FROM candidates c ORDER BY c.place LIMIT 1),
    format('ALTER TABLE %s ADD COLUMN lead_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;', leads))
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.primary_key_column(leads regclass, events regclass, event_lead text)
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
    PERFORM lead_scoring_internal.column_type(events, event_lead, 'event_lead');
    PERFORM lead_scoring_internal.fail('55000',
        CASE WHEN key_columns IS NULL THEN format('table %s has no primary key', leads)
             ELSE format('primary key of table %s has %s columns', leads, cardinality(key_columns)) END,
        'A lead is known by one column, which its events name too.', lead_scoring_internal.key_statement(leads, events, event_lead));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.primary_key_column IS 'The one column of the table''s primary key; raises 55000 when it has none or several, 42703 where events lack the column that is to name the lead.';

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

CREATE OR REPLACE FUNCTION lead_scoring_internal.conversion(relation regclass, column_name text, wanted regtype)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
-- Text goes into whatever can be read; numbers and uuids not into each other.
SELECT coalesce(lead_scoring_internal.generation(relation, column_name, wanted), format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::%3$s;', relation, column_name, wanted))
  FROM pg_attribute a JOIN pg_type t ON t.oid = lead_scoring_internal.base_type(a.atttypid)
 WHERE a.attrelid = relation AND a.attname = column_name
   AND (t.typcategory IN ('S', 'E') OR wanted::oid IN ('text'::regtype, 'varchar'::regtype) OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = t.oid AND c.casttarget = wanted))
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.time_conversion(relation regclass, column_name text, type regtype)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE type::oid
           WHEN 'text'::regtype THEN format('SET timezone = ''UTC''; ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I::timestamptz; RESET timezone;', relation, column_name)
           WHEN 'varchar'::regtype THEN format('SET timezone = ''UTC''; ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING %2$I::timestamptz; RESET timezone;', relation, column_name)
           ELSE CASE WHEN (SELECT t.typcategory FROM pg_type t WHERE t.oid = type) = 'N'
                     THEN format('ALTER TABLE %s ALTER COLUMN %I TYPE timestamptz USING to_timestamp(%2$I);  -- of milliseconds: to_timestamp(%2$I / 1000.0)', relation, column_name)
                     ELSE 'Name another column: event_time => ''...''.' END END
$$;

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

CREATE OR REPLACE FUNCTION lead_scoring_internal.check_columns(leads regclass, events regclass, lead_key text, event_lead text,
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.check_event_index(events regclass, event_lead text, event_time text)
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.binding(model text, OUT leads regclass, OUT events regclass, OUT lead_key text, OUT event_lead text,
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
            coalesce(lead_scoring_internal.rebind_statement(model, bound.leads, bound.events, lead_scoring_internal.further_tables(model), to_jsonb(bound) ->> 'identities'),
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.check_settings(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    missing record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_table(bound.leads, 'leads');
    PERFORM lead_scoring_internal.check_sources(model);
    PERFORM lead_scoring_internal.check_table(s.events, 'events'),
            lead_scoring_internal.check_columns(bound.leads, s.events, bound.lead_key, s.event_lead, s.event_type, s.event_time, s.event_campaign),
            lead_scoring_internal.check_event_id(s.events, s.event_lead, s.event_id), lead_scoring_internal.check_time_zone(s.time_zone),
            CASE WHEN s.event_anonymous IS NOT NULL THEN lead_scoring_internal.check_visitor(s.events, s.event_anonymous, 'event_anonymous') END
       FROM lead_scoring_internal.sources(model) s;
    PERFORM lead_scoring_internal.check_table(i.identities, 'identities'), lead_scoring_internal.check_identities(model, bound.leads, bound.lead_key, i.identities, i.anonymous, i.lead)
       FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL;
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
COMMENT ON FUNCTION lead_scoring_internal.check_settings IS 'Raises unless the settings of a model hold together: the same checks as at create_model and add_source, but for the index led by event_lead; all status columns must be there.';

-- The tables of events of a model: the first is that of its settings, the others are the rows of its table "sources".
CREATE FUNCTION lead_scoring_internal.source_tables(model text)
RETURNS TABLE (name text, events text, event_lead text) LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = model AND c.relname = 'sources' AND c.relkind IN ('r', 'p')) THEN
        RETURN QUERY EXECUTE format('SELECT s.name, s.events, s.event_lead FROM ONLY %I.sources s ORDER BY s.name COLLATE "C"', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_tables IS 'The sources of a model besides the first, by name, with what they say their tables and the columns of leads are called. A model of an older format has none.';

CREATE FUNCTION lead_scoring_internal.further_tables(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_object_agg(t.name, t.events), '{}') FROM lead_scoring_internal.source_tables(model) t
$$;
COMMENT ON FUNCTION lead_scoring_internal.further_tables IS 'What source_tables says, as an object of names and tables.';

CREATE FUNCTION lead_scoring_internal.sources(model text)
RETURNS TABLE (name text, events regclass, event_lead text, event_type text, every_event text, event_time text, event_campaign text,
               event_channel text, event_asset text, time_zone text, event_id text, event_anonymous text, place integer)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    further record;
    settings CONSTANT jsonb := lead_scoring_internal.settings_row(model);  -- of format 1 without what came later
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF bound.leads IS NULL THEN
        RETURN;
    END IF;
    SELECT 'events', bound.events, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign, bound.time_zone, settings ->> 'event_id', settings ->> 'event_anonymous', 1
      INTO name, events, event_lead, event_type, event_time, event_campaign, time_zone, event_id, event_anonymous, place;
    EXECUTE format('SELECT r.event_channel, r.event_asset FROM %I.report_settings r', model) INTO event_channel, event_asset;
    RETURN NEXT;
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.source_tables(model)) THEN
        RETURN;
    END IF;
    FOR further IN EXECUTE format('SELECT s.* FROM %I.sources s ORDER BY s.name COLLATE "C"', model) LOOP
        events := lead_scoring_internal.resolve_table(further.events);
        IF events IS NULL THEN
            PERFORM lead_scoring_internal.fail('42P01', format('table %s of source "%s" of model "%s" does not exist', further.events, further.name, model),
                'The table was renamed, moved or dropped after the source was added.',
                coalesce(lead_scoring_internal.rebind_statement(model, bound.leads::text, bound.events::text, lead_scoring_internal.further_tables(model), settings ->> 'identities'),
                         format('SELECT lead_scoring.drop_source(%L, %L);  -- or name the table that it is now, by UPDATE %I.sources SET events = ''...'' WHERE name = %2$L', model, further.name, model)));
        END IF;
        PERFORM lead_scoring_internal.require_own(events, false);
        SELECT further.name, further.event_lead, further.event_type, further.every_event, further.event_time, further.event_campaign,
               further.event_channel, further.event_asset, coalesce(further.time_zone, bound.time_zone), further.event_id, further.event_anonymous, place + 1
          INTO name, event_lead, event_type, every_event, event_time, event_campaign, event_channel, event_asset, time_zone, event_id, event_anonymous, place;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.sources IS 'The tables of events of a model, first that of its settings, then the others by name, in the order in which they are locked: columns, channel and asset as SQL over their rows (the channel is the campaign where nothing is said), the time zone of times without one, and the columns of ids that count once and of the visitor. No rows without a row of settings. Raises 42P01 when a table is gone, 42501 when it is not the owner''s.';

CREATE FUNCTION lead_scoring_internal.check_source(model text, name text, events regclass, leads regclass)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF events = leads THEN
        PERFORM lead_scoring_internal.fail('22023', format('events of source "%s" are the leads table %s', name, events),
            'A lead has many events, each a row of its own.', 'Give another table, such as events => ''public.page_views''.');
    ELSIF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = check_source.events AND n.nspname = model) THEN
        PERFORM lead_scoring_internal.fail('22023', format('events of source "%s" are the table %s of model "%s" itself', name, events, model),
            'What the model writes would be an event that has it write again.', 'Give another table, such as events => ''public.page_views''.');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_source IS 'Raises 22023 where the events of a source are the leads table, or one in the model''s own schema.';

CREATE FUNCTION lead_scoring_internal.check_sources(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    again record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_source(model, s.name, s.events, bound.leads) FROM lead_scoring_internal.sources(model) s;
    SELECT s.events, min(s.place) AS first, (array_agg(s.name ORDER BY s.place))[1:2] AS names INTO again
      FROM lead_scoring_internal.sources(model) s
     GROUP BY s.events HAVING count(*) > 1 ORDER BY 2 LIMIT 1;
    IF again.events IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42710', format('table %s is source "%s" and source "%s" of model "%s"', again.events, again.names[1], again.names[2], model),
            'Its events would count twice.', format('Name the table that it is, by UPDATE %I.sources SET events = ''...'' WHERE name = %L.', model, again.names[2]));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_sources IS 'Raises what check_source raises of each source of a model, and 42710 where two are of one table.';

CREATE FUNCTION lead_scoring_internal.event_tables(model text)
RETURNS regclass[] LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(s.events ORDER BY s.place)
  FROM lead_scoring_internal.sources(model) s
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_tables IS 'The tables of events of a model, as sources() has them.';

CREATE FUNCTION lead_scoring_internal.identities(model text, OUT identities regclass, OUT anonymous text, OUT lead text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.settings_row(model);
BEGIN
    IF settings ->> 'identities' IS NULL THEN
        RETURN;
    END IF;
    identities := lead_scoring_internal.resolve_table(settings ->> 'identities');
    IF identities IS NULL THEN
        PERFORM lead_scoring_internal.fail('42P01', format('table %s of model "%s" does not exist', settings ->> 'identities', model),
            'The model''s settings name it as the table of identities.',
            coalesce(lead_scoring_internal.rebind_statement(model, settings ->> 'leads', settings ->> 'events', lead_scoring_internal.further_tables(model), settings ->> 'identities'),
                     format('SELECT lead_scoring.set_identities(%L, NULL);  -- or name the table that it is now', model)));
    END IF;
    PERFORM lead_scoring_internal.require_own(identities, false);
    anonymous := settings ->> 'identity_anonymous';
    lead := settings ->> 'identity_lead';
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.identities IS 'The table of identities of a model and its columns of visitor and lead; all NULL where it has none. Raises 42P01 when it is gone, 42501 when it is not the owner''s.';

CREATE FUNCTION lead_scoring_internal.bound_tables(model text)
RETURNS regclass[] LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.event_tables(model) || ARRAY(SELECT i.identities FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL)
$$;
COMMENT ON FUNCTION lead_scoring_internal.bound_tables IS 'The user''s tables of a model but that of leads, in the order in which they are locked: its tables of events, then that of identities.';

CREATE FUNCTION lead_scoring_internal.lead_tables(model text)
RETURNS TABLE (relation regclass, lead text) LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT s.events, s.event_lead FROM lead_scoring_internal.sources(model) s
UNION ALL SELECT i.identities, i.lead FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_tables IS 'The same, each with its column that names the lead.';

CREATE FUNCTION lead_scoring_internal.anonymous_events(model text)
RETURNS TABLE (events regclass, condition text) LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT s.events, lead_scoring_internal.fill('e.{event_lead} IS NULL AND e.{event_anonymous} OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT i.{anonymous} FROM {!identities} i WHERE i.{lead} OPERATOR(pg_catalog.=) $1::{!key_type}))',
           jsonb_build_object('event_lead', s.event_lead, 'event_anonymous', s.event_anonymous, 'anonymous', i.anonymous, 'identities', i.identities, 'lead', i.lead, 'key_type', lead_scoring_internal.key_type(model)))
  FROM lead_scoring_internal.sources(model) s, lead_scoring_internal.identities(model) i WHERE s.event_anonymous IS NOT NULL AND i.identities IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.anonymous_events IS 'The tables of events of a model that have events of visitors who are leads, and the condition that an event e there is one of lead $1.';

CREATE FUNCTION lead_scoring_internal.source_list(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_agg(to_jsonb(s) - 'place' || jsonb_build_object('events', s.events::oid) ORDER BY s.place), '[]')
  FROM lead_scoring_internal.sources(model) s
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_list IS 'What sources() says, as an array of objects, for whoever looks at it once for each rule. Tables are OIDs: whoever may not use a schema cannot look up a name in it.';

CREATE FUNCTION lead_scoring_internal.source_of(sources jsonb, named text, event_type text)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH possible AS (
    SELECT s.source, s.source ->> 'every_event' IS NOT NULL AS is_of_one FROM jsonb_array_elements(sources) s (source)
     WHERE CASE WHEN named IS NULL THEN '*' = source_of.event_type OR coalesce(s.source ->> 'every_event', source_of.event_type) = source_of.event_type ELSE s.source ->> 'name' = named END
), chosen AS (
    SELECT p.source FROM possible p WHERE '*' = source_of.event_type OR p.is_of_one = (SELECT bool_or(o.is_of_one) FROM possible o)
)
SELECT (array_agg(c.source))[1] FROM chosen c HAVING count(*) = 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_of IS 'Of a source_list that which events of the type come from: the one that is named, else the one whose events are all of that type, else the only one with a column of types; of any type (*), the only one there is; NULL where there is none, or several.';

CREATE FUNCTION lead_scoring_internal.with_source(sources jsonb, item jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT item - f.source || CASE WHEN jsonb_array_length(sources) > 1 AND item ->> f.event_type IS NOT NULL
                               THEN jsonb_build_object(f.source, CASE WHEN lead_scoring_internal.is_of_all_sources(item) THEN '"*"' ELSE lead_scoring_internal.source_of(sources, item ->> f.source, item ->> f.event_type) -> 'name' END) ELSE '{}' END
  FROM (SELECT CASE WHEN item ? 'on_event' THEN 'on_event_source' ELSE 'source' END, CASE WHEN item ? 'on_event' THEN 'on_event' ELSE 'event_type' END) f (source, event_type)
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_source IS 'A rule or stage as a version holds it: with the name of the source of its events, * for all of them, where the model has several, and without where it has one.';

CREATE FUNCTION lead_scoring_internal.source_hint(place jsonb, argument text, value text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('Pass %s => %L; where the row is there already, ', quote_ident(argument), value) || format('UPDATE %s.%s SET ', quote_ident(place ->> 'model'), quote_ident(place ->> 'table'))
       || format('%s = %L WHERE name = %L.', quote_ident(argument), value, place ->> 'name')
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_hint IS 'How the row of the draft at that place (model, table, name) is given another value.';

CREATE FUNCTION lead_scoring_internal.resolve_source(model text, sources jsonb, named text, event_type text, argument text, subject text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT jsonb := lead_scoring_internal.source_of(sources, named, event_type);
    listed text;
    place jsonb;
    names text[];
    likely text;
BEGIN
    IF found IS NOT NULL AND (event_type = '*' OR coalesce(found ->> 'every_event', event_type) = event_type) THEN
        RETURN found;
    END IF;
    SELECT jsonb_build_object('model', model, 'table', CASE p[1] WHEN 'entry' THEN 'entries' ELSE p[1] || 's' END, 'name', p[2]) INTO place FROM regexp_match(subject, '^(rule|stage|entry) "(.*)"$') p;
    SELECT string_agg(quote_ident(s.source ->> 'name') || coalesce(' (every event is "' || (s.source ->> 'every_event') || '")', ''), ', ' ORDER BY s.place), array_agg(s.source ->> 'name'),
           (array_agg(s.source ->> 'name' ORDER BY s.source ->> 'every_event' IS NOT DISTINCT FROM event_type DESC, s.place) FILTER (WHERE event_type = '*' OR coalesce(s.source ->> 'every_event', event_type) = event_type))[1]
      INTO listed, names, likely
      FROM jsonb_array_elements(sources) WITH ORDINALITY s (source, place);
    IF found IS NULL AND named IS NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('%s does not say which source its events of type "%s" come from', subject, event_type),
            format('The sources of model "%s" are %s.', model, listed), lead_scoring_internal.source_hint(place, argument, likely));
    ELSIF found IS NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('%s "%s" of %s does not exist', argument, named, subject), format('The sources of model "%s" are %s.', model, listed),
            lead_scoring_internal.source_hint(place, argument, coalesce(lead_scoring_internal.nearest_name(named, names), likely)));
    END IF;
    PERFORM lead_scoring_internal.fail('22023', format('%s waits for events of type "%s", which cannot occur', subject, event_type),
        format('Every event of source "%s" is of type "%s".', found ->> 'name', found ->> 'every_event'),
        lead_scoring_internal.source_hint(place, CASE argument WHEN 'source' THEN 'event_type' ELSE 'on_event' END, found ->> 'every_event'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.resolve_source IS 'The source of a rule or stage of the draft, as source_of has it. Raises 22023 where it cannot be told, or has no events of that type, 42704 where there is none of that name. "argument" is the column that names it, "subject" what errors call the row.';

CREATE FUNCTION lead_scoring_internal.trigger_functions()
RETURNS regprocedure[] LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{lead_scoring_internal.leads_changed(),lead_scoring_internal.events_changed(),lead_scoring_internal.identities_changed()}'::regprocedure[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.trigger_functions IS 'The functions of triggers on the user''s tables: leads, events and identities.';
DROP FUNCTION lead_scoring_internal.expected_triggers(model text, leads regclass, events regclass);

CREATE OR REPLACE FUNCTION lead_scoring_internal.expected_triggers(model text, leads regclass, identities regclass, VARIADIC events regclass[])
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
DROP FUNCTION lead_scoring_internal.rebind_statement(model text, leads text, events text);

CREATE OR REPLACE FUNCTION lead_scoring_internal.rebind_statement(model text, leads text, events text, further jsonb DEFAULT '{}', identities text DEFAULT NULL)
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.make_statement(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.create_model(%L, leads => %L, events => %L);  -- with the arguments it was made with', model,
              coalesce(min(t.tgrelid::regclass::text) FILTER (WHERE t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure), 'public.leads'),
              -- the source that was there first
              coalesce((array_agg(t.tgrelid::regclass::text ORDER BY t.oid) FILTER (WHERE t.tgfoid = 'lead_scoring_internal.events_changed()'::regprocedure))[1], 'public.events'))
  FROM pg_trigger t
 WHERE t.tgtype = 29 AND t.tgparentid = 0 AND t.tgargs = lead_scoring_internal.trigger_argument(model)
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.is_left_behind(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_trigger t
                WHERE t.tgfoid = ANY (lead_scoring_internal.trigger_functions())
                  AND t.tgargs = lead_scoring_internal.trigger_argument(model))
$$;

DROP FUNCTION lead_scoring_internal.add_triggers(model text, leads regclass, events regclass);

CREATE OR REPLACE FUNCTION lead_scoring_internal.add_triggers(model text, leads regclass, identities regclass, VARIADIC events regclass[])
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.settings_statement(model text, existing jsonb, wanted jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('UPDATE %I.settings SET %s;', model, string_agg(format('%I = %s', w.key, quote_nullable(w.value #>> '{}')), ', ' ORDER BY w.key COLLATE "C"))
       || CASE WHEN bool_or(f.is_owners AND f.kind <> 'draft column') THEN format(' SELECT lead_scoring.repair(%L);', model) ELSE '' END
       || CASE WHEN NOT bool_and(f.is_owners AND f.kind <> 'draft column') THEN format(' SELECT lead_scoring.publish(%L);', model) ELSE '' END
       || '  -- or drop_model() first'
  FROM jsonb_each(wanted) w JOIN lead_scoring_internal.draft_fields f ON f.entity = 'settings' AND f.field = w.key
 WHERE coalesce(existing -> w.key, 'null') <> w.value
$$;

COMMENT ON FUNCTION lead_scoring_internal.second_model IS 'The statement that makes another model, of other tables.';

CREATE FUNCTION lead_scoring_internal.source_statement(model text, wanted jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.add_source(%L, %L, %L%s);', model, left((parse_ident(wanted ->> 'events'))[2], 60), wanted ->> 'events',
              (SELECT string_agg(format(', %s => %L', w.key, w.value #>> '{}'), '' ORDER BY w.key COLLATE "C") FROM jsonb_each(wanted) w
                WHERE w.key LIKE 'event\_%' AND jsonb_typeof(w.value) <> 'null' AND (w.key, w.value #>> '{}') NOT IN (('event_lead', 'lead_id'), ('event_type', 'type'), ('event_time', 'occurred_at'))))
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_statement IS 'The statement that makes a table of events a further source of the model.';

CREATE FUNCTION lead_scoring_internal.add_status_columns(model text, leads regclass, lead_key text, status_columns jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    added record;
BEGIN
    FOR added IN SELECT * FROM lead_scoring_internal.check_status_columns(model, leads, lead_key, status_columns) LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', leads, added.missing_column, added.missing_type);
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', leads, added.missing_column,
                       format('Written by lead scoring model "%s".', model));
        RAISE NOTICE 'added column "%" to table %', added.missing_column, leads;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_status_columns IS 'Adds the status columns that the leads table lacks, each with a notice. Raises what check_status_columns raises.';

-- Of events that were delivered twice one counts.
DROP FUNCTION lead_scoring.create_model(name text, leads regclass, events regclass, lead_key text, event_lead text, event_type text, event_time text, event_campaign text, time_zone text, status_columns jsonb, min_score numeric, max_score numeric, require_index boolean);

-- ---------------------------------------------------------------- interface
CREATE OR REPLACE FUNCTION lead_scoring.create_model(
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
    require_index boolean DEFAULT true,
    event_id text DEFAULT NULL,
    event_anonymous text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_create_model';
DROP FUNCTION lead_scoring_internal.create_model(name text, leads regclass, events regclass, lead_key text, event_lead text, event_type text, event_time text, event_campaign text, time_zone text, status_columns jsonb, min_score numeric, max_score numeric, require_index boolean);
CREATE OR REPLACE FUNCTION lead_scoring_internal.create_model(
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
    require_index boolean,
    event_id text,
    event_anonymous text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted jsonb;
    is_there boolean;
    existing jsonb;
    differing text;
    is_of_other_tables boolean;
    is_source boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(name);
    IF num_nulls(name, leads, events, event_lead, event_type, event_time, time_zone, status_columns, require_index) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of create_model is NULL',
            'Only lead_key, event_campaign, event_id, event_anonymous, min_score and max_score may be NULL.',
            'Leave an argument out for its default; status_columns => ''{}'' stands for none.');
    END IF;
    PERFORM lead_scoring_internal.check_table(leads, 'leads');
    PERFORM lead_scoring_internal.check_table(events, 'events');
    lead_key := coalesce(lead_key, lead_scoring_internal.primary_key_column(leads, events, event_lead));
    wanted := jsonb_build_object('leads', leads::text, 'events', events::text, 'lead_key', lead_key,
        'event_lead', event_lead, 'event_type', event_type, 'event_time', event_time, 'event_campaign', event_campaign,
        'time_zone', time_zone, 'status_columns', status_columns, 'min_score', min_score, 'max_score', max_score, 'event_id', event_id, 'event_anonymous', event_anonymous);

    is_there := EXISTS (SELECT FROM lead_scoring_internal.model_schemas() m WHERE m.name = create_model.name);
    IF is_there THEN
        existing := lead_scoring_internal.settings_row(name);
    ELSE
        PERFORM lead_scoring_internal.check_model_name(name);
    END IF;
    IF existing IS NOT NULL THEN
        SELECT string_agg(w.key, ', ' ORDER BY w.key COLLATE "C") INTO differing
          FROM jsonb_each(wanted) w WHERE coalesce(existing -> w.key, 'null') <> w.value;
        is_of_other_tables := EXISTS (SELECT FROM unnest('{leads,events}'::text[]) t WHERE existing ->> t <> wanted ->> t AND lead_scoring_internal.resolve_table(existing ->> t) IS NOT NULL);
        is_source := is_of_other_tables AND existing ->> 'leads' = wanted ->> 'leads' AND existing ->> 'lead_key' = wanted ->> 'lead_key';
        IF differing IS NOT NULL THEN
            PERFORM lead_scoring_internal.fail('42710', format('model "%s" already exists with other settings', name),
                format('These differ: %s.', differing)
                || CASE WHEN is_source THEN ' Another table of events of the same leads is a further source of the model.'
                        WHEN is_of_other_tables THEN ' A model scores one table of leads: another has a model of its own.' ELSE '' END,
                CASE WHEN is_source THEN lead_scoring_internal.source_statement(name, wanted) WHEN is_of_other_tables THEN lead_scoring_internal.second_model(name, wanted)
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
    PERFORM lead_scoring_internal.check_columns(leads, events, lead_key, event_lead, event_type, event_time, event_campaign),
            lead_scoring_internal.check_event_id(events, event_lead, event_id);
    PERFORM lead_scoring_internal.check_time_zone(time_zone);
    IF NOT (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(max_score)) OR min_score > max_score THEN
        PERFORM lead_scoring_internal.fail('22023',
            format('no score lies between min_score %s and max_score %s',
                   coalesce(min_score::text, 'NULL'), coalesce(max_score::text, 'NULL')),
            'Both are numbers between -1e12 and 1e12, the smaller one first.', 'For example min_score => 0, max_score => 100.');
    END IF;
    IF event_anonymous IS NOT NULL THEN
        PERFORM lead_scoring_internal.check_visitor(events, event_anonymous, 'event_anonymous');
    END IF;
    IF require_index THEN
        PERFORM lead_scoring_internal.check_event_index(events, event_lead, event_time),
                CASE WHEN event_anonymous IS NOT NULL THEN lead_scoring_internal.check_visitor_index(events, event_anonymous, event_lead) END;
    END IF;
    PERFORM lead_scoring_internal.add_status_columns(name, leads, lead_key, status_columns);

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
    PERFORM lead_scoring_internal.make_leads_view(name), lead_scoring_internal.make_moves(name), lead_scoring_internal.make_accounts(name);
    PERFORM lead_scoring_internal.make_reports(name);
    PERFORM lead_scoring_internal.add_triggers(name, leads, NULL, events);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.create_model IS 'Implements lead_scoring.create_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.create_model IS
'Makes a model: a schema of that name, owned by the role that owns both tables, which the caller is, or is a member of, with the draft of its rules and stages, its state and its triggers on both tables.
lead_key, a unique column of type integer, bigint, uuid, text or varchar or a domain over one, generated or not, defaults to the primary key of leads; event_lead, event_type and event_time are columns of events; a time is a timestamptz, or a timestamp or date of time_zone (a date is its midnight, a time that comes twice its first passing). event_anonymous is the column of events that names the visitor of an event whose event_lead is NULL, for set_identities(). status_columns maps stage, score, grade and <stage>_at to columns of leads, which are added, with a notice, where missing; ''{}'' for none. min_score and max_score, in points, bound every score. An index led by event_lead, and one led by event_anonymous where there is such a column, are required unless require_index is false. event_id is a column of events by which a row that was delivered twice is known: of a lead''s rows of one id the earliest counts alone. It needs an index too, which every event looks into.
Nothing is scored before the first publish. Calling it again with the same arguments changes nothing; with other ones it raises 42710. Where the model''s settings have lost their row, or the table itself is gone, it puts them back and repairs the model.
Raises 42622 for a name that is empty or over 63 bytes, 42939 for one that begins with pg_, 42P06 where a schema of that name is no model, 42710 as said; 42501 where the tables are not the caller''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions, a table of Citus and a virtual generated column; 42703 for an unknown column, 42804 for one whose type does not do, 55000 where the key is not unique, leads has no primary key of one column, events has no such index, or none on event_id, or a status column is generated or NOT NULL, 55006 where a status column is another model''s; 22023 for the same table twice, an unknown time zone, and bounds or status_columns that make no sense.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.drop_triggers(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    dropped bigint := 0;
BEGIN
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation
                   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid = ANY (lead_scoring_internal.trigger_functions())
                    AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                  ORDER BY t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure DESC, t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.model_state(model text)
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
        BEGIN
            draft_differs := lead_scoring_internal.draft_differs(model);
        EXCEPTION WHEN OTHERS THEN  -- of what is wrong, the problem tells
            problem := coalesce(problem, format('cannot be read: %s', SQLERRM));
        END;
    END IF;
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    -- Whatever one model is like, the others are to be seen.
    problem := format('cannot be read: %s', SQLERRM);
    RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.model_problem(model text, owner oid, leads text, events text, version bigint)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leads_table CONSTANT regclass := lead_scoring_internal.resolve_table(leads);
    further CONSTANT text[] := events || ARRAY(SELECT s.events FROM lead_scoring_internal.source_tables(model) s);
    identities CONSTANT text := lead_scoring_internal.settings_row(model) ->> 'identities';
    names CONSTANT text[] := further || identities;
    tables CONSTANT regclass[] := ARRAY(SELECT lead_scoring_internal.resolve_table(n) FROM unnest(further) WITH ORDINALITY u (n, place) ORDER BY place);
    identities_table CONSTANT regclass := lead_scoring_internal.resolve_table(identities);
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
                        FROM unnest(leads || names, leads_table || tables || identities_table) WITH ORDINALITY t (name, relation, place)
                        LEFT JOIN pg_class c ON c.oid = t.relation
                       WHERE t.name IS NOT NULL AND (c.oid IS NULL OR c.relowner <> owner OR lead_scoring_internal.found_in_citus(t.relation) IS NOT NULL)
                       ORDER BY t.place);
    is_bound := problems = '{}';
    IF is_bound THEN
        problems := ARRAY(
            SELECT format(CASE WHEN e.found_state IS NULL THEN '%s trigger on %s is missing'
                               WHEN e.found_state = 'D' THEN '%s trigger on %s is disabled'
                               ELSE '%s trigger on %s is enabled for the wrong sessions' END, e.operation, e.relation)
              FROM lead_scoring_internal.expected_triggers(model, leads_table, identities_table, VARIADIC tables) e
             WHERE e.found_state IS DISTINCT FROM e.state)
            || ARRAY(
            SELECT format('%s: %s', f.fault, rtrim(f.statement, ';'))
              FROM unnest(leads_table || tables || identities_table) t CROSS JOIN LATERAL lead_scoring_internal.table_faults(t) f)
            || ARRAY(
            SELECT format('table %s has no index led by column "%s"', u.relation, u.lead)
              FROM unnest(tables, lead_scoring_internal.settings_row(model) ->> 'event_lead' || ARRAY(SELECT s.event_lead FROM lead_scoring_internal.source_tables(model) s)) u (relation, lead)
             WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                                WHERE i.indrelid = u.relation AND a.attname = u.lead AND i.indisvalid))
            || ARRAY(
            SELECT format('table %s has no index led by column "%s"', u.relation, u.name)
              FROM (SELECT s.events, s.event_anonymous, s.event_lead FROM lead_scoring_internal.sources(model) s WHERE identities IS NOT NULL
                    UNION ALL SELECT i.identities, i.lead, NULL FROM lead_scoring_internal.identities(model) i) u (relation, name, with_null)
             WHERE u.name IS NOT NULL AND NOT lead_scoring_internal.has_index(u.relation, u.name, u.with_null))
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.refusal(model text)
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
    -- What can be stored, until a lead moves or two have the same key; without an index on ids, in no time that is bearable.
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_sources(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, s.events, bound.lead_key, s.event_lead, s.event_type, s.event_time, s.event_campaign), lead_scoring_internal.check_event_id(s.events, s.event_lead, s.event_id)
       FROM lead_scoring_internal.sources(model) s;
    PERFORM lead_scoring_internal.check_identities(model, bound.leads, bound.lead_key, i.identities, i.anonymous, i.lead) FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL;
    PERFORM lead_scoring_internal.check_status_columns(model, bound.leads, bound.lead_key, bound.status_columns);
    RETURN '{}';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN ARRAY[concat_ws(': ', what || ' are refused', SQLERRM, nullif(rtrim(hint, ';.'), ''))];
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.matches_nothing(model text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waits_for_any boolean;
    found_none boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT jsonb_path_exists(v.definition, ''$.rules[*].event_type ? (@ != null)'') OR jsonb_path_exists(v.definition, ''$.stages[*].on_event ? (@ != null)'')
                        OR jsonb_path_exists(v.definition, ''$.entries[*].on_event ? (@ != null)'')
                      FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO waits_for_any;
    IF waits_for_any THEN
        -- Of so many leads that a match is as good as sure to be among them, the first and the last to come where keys rise.
        EXECUTE lead_scoring_internal.fill($query$
            SELECT ({!events})
                   AND NOT EXISTS (SELECT FROM (SELECT s.card FROM {model}.scores s ORDER BY s.lead_id DESC LIMIT 5000) s WHERE lead_scoring_internal.card_matches(s.card))
                   AND NOT EXISTS (SELECT FROM (SELECT s.card FROM {model}.scores s ORDER BY s.lead_id LIMIT 5000) s WHERE lead_scoring_internal.card_matches(s.card))
            $query$, jsonb_build_object('model', model,
                'events', (SELECT string_agg(format('EXISTS (SELECT FROM %s)', s.events), ' OR ') FROM lead_scoring_internal.sources(model) s))) INTO found_none;
    END IF;
    RETURN found_none IS TRUE;
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.draft_subject(model text, relation text, draft_row jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE relation WHEN 'rules' THEN format('rule "%s"', draft_row ->> 'name')
                     WHEN 'rule_groups' THEN format('group "%s"', draft_row ->> 'name')
                     WHEN 'stages' THEN format('stage "%s"', draft_row ->> 'name')
                     WHEN 'entries' THEN format('entry "%s"', draft_row ->> 'name')
                     WHEN 'lead_types' THEN format('lead type "%s"', draft_row ->> 'name')
                     WHEN 'sources' THEN format('source "%s"', draft_row ->> 'name')
                     WHEN 'account_rules' THEN format('account rule "%s"', draft_row ->> 'name')
                     WHEN 'bands' THEN format('band "%s" of axis "%s"', draft_row ->> 'label', draft_row ->> 'axis')
                     WHEN 'calendar' THEN format('hours of %s from %s', draft_row ->> 'weekday', draft_row ->> 'opens')
                     WHEN 'holidays' THEN format('holiday %s', draft_row ->> 'day')
                     ELSE format('model "%s"', model) END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.refuse_draft_row(model text, relation text, draft_row jsonb, constraint_name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    subject CONSTANT text := lead_scoring_internal.draft_subject(model, relation, draft_row);
    found record;
BEGIN
    SELECT m.message, m.detail, m.hint INTO found FROM (VALUES
        ('rule_groups_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''content''.'),
        ('rules_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''visit''.'),
        ('entries_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''demo''.'),
        ('lead_types_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''social''.'),
        ('stages_name', 'name of %s cannot be a stage''s name', 'It has 1 to 60 bytes, since it makes the column <name>_at, and is not "scored", "due" or "stage".', 'Choose another name, such as ''mql''.'),
        ('rule_groups_kind', 'kind of %s is not known', 'A group is for rules on events or for rules on the lead.', 'Pass kind => ''engagement'' or ''fit''.'),
        ('stages_kind', 'kind of %s is not known', 'A stage is entered by rank, or it is a detour.', 'Pass kind => ''progress'' or ''detour''.'),
        ('_bounds', 'a bound of %s is out of range', 'Bounds and thresholds are numbers between -1e12 and 1e12.', 'Leave the bound out for none.'),
        ('_range', 'min_points of %s is above max_points', 'No number of points lies between them.', 'For example min_points => 0, max_points => 40.'),
        ('rules_fit', '%s has no event_type and is more than a condition with points', 'A rule on the lead has a condition and points, and neither decay nor limits nor bounds.', 'Leave these out, or pass event_type => ''page_view''.'),
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
        ('rules_at_least', 'at_least of %s is out of range', 'It says how many matches, or values of distinct_key, must lie within the interval: 1 to 1000.', 'For example at_least => 3, within => ''7 days''.'),
        ('rules_frequency', 'frequency of %s is incomplete', 'at_least and within come together, and distinct_key and keep only with them.', 'For example at_least => 3, within => ''7 days''.'),
        ('rules_switched', '%s counts by frequency or silence and is more than points', 'While at_least or quiet_for holds, the points of an event_type are given, once. There is no more to decay, multiply, limit or bound, and one rule waits for one of them.', 'Leave these out, or add another rule for them.'),
        ('bands_axis', 'axis of %s is not known', 'Grades have two axes.', 'Pass axis => ''fit'' or ''engagement''.'),
        ('bands_label', 'label of %s is empty or too long', 'A label has 1 to 63 bytes.', 'For example label => ''A''.'),
        ('stages_thresholds', '%s is a detour with thresholds', 'A detour is entered by event, time or hand only.', 'Leave out min_score, min_engagement, min_fit, grades, requires and falls_below, or pass kind => ''progress''.'),
        ('entries_ways', '%s lets nobody in', 'An entry has thresholds, grades or requires, which must all hold, or an on_event.', 'For example min_score => 30, requires => ''{"webinar": 1}'', or on_event => ''demo_request''.'),
        ('_grades', 'grades of %s are empty or have a NULL among them', 'They list the grades that qualify.', 'For example grades => ''{A1,A2,B1}'', or NULL for any.'),
        ('_requires', 'requires of %s is not an object of rules and counts', 'It maps names of rules to how often each must have matched, 1 or more.', 'For example requires => ''{"webinar": 1}''.'),
        ('_on_event', 'on_event_condition of %s goes with no on_event', 'The condition is over the events of type on_event.', 'For example on_event => ''demo_request''.'),
        ('stages_falls_below', 'falls_below of %s is above min_score', 'A lead would fall back in the moment it qualifies.', 'For example min_score => 50, falls_below => 40.'),
        ('stages_timeout', 'within and timeout_stage of %s do not come together', 'A lead that has not moved on within the interval goes to timeout_stage, another stage.', 'For example within => ''24 hours'', timeout_stage => ''recycled''.'),
        ('settings_score_bounds', 'a bound of the score of %s is out of range', 'Both are numbers between -1e12 and 1e12.', 'For example min_score = 0, max_score = 100, or NULL for none.'),
        ('settings_score_range', 'min_score of %s is above max_score', 'No score lies between them.', 'For example min_score = 0, max_score = 100.'),
        ('settings_future_tolerance', 'future_tolerance of %s is no fixed length of time', 'Months and years differ in length, and what lies behind the clock is not ahead of it.', 'Write it in days or smaller units, such as ''5 minutes'', or ''0''.'),
        ('settings_identities', 'the settings of identities of %s are incomplete', 'A table of identities comes with its columns of visitor and lead.', 'Set identities, identity_anonymous and identity_lead together, as set_identities() does, or none of them.'),
        ('report_settings_spend', 'the settings of spend of %s are incomplete', 'A table of spend comes with its columns of campaign, day and amount; that of channel comes with it only.', 'Set spend_table, spend_campaign, spend_date and spend_amount together, as set_spend() does, or none of them.'),
        ('report_settings_revenue', 'the settings of revenue of %s are incomplete', 'A table of revenue comes with its columns of lead, day and amount.', 'Set revenue_table, revenue_lead, revenue_date and revenue_amount together, as set_revenue() does, or none of them.'),
        ('report_settings_look_back', 'look_back of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''90 days'', or NULL for any.'),
        ('report_settings_half_life', 'half_life of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''7 days'', or NULL for that.'),
        ('report_settings_dimensions', 'dimensions of %s are no object of names and expressions', 'A name has 1 to 63 bytes and is not "campaign", "channel" or "lead_type", which reports know already; an expression is SQL over the row of a lead.', 'For example dimensions = ''{"country": "country"}''.'),
        ('report_settings_week_starts', 'week_starts of %s is no day of the week', 'A week of reports begins on a day from monday to sunday, in lower case.', 'For example week_starts = ''sunday''.'),
        ('report_settings_band', 'qualified_low and qualified_high of %s are no band', 'Both are shares from 0 to 1, the lower one first.', 'For example qualified_low = 0.02, qualified_high = 0.05.'),
        ('rules_source', '%s is about the lead and names a source', 'A source has events; what a rule without event_type looks at is the lead.', 'Leave source out.'),
        ('_on_event_source', 'on_event_source of %s goes with no on_event', 'It is the source of the events of type on_event.', 'For example on_event => ''demo_request''.'),
        ('sources_name', 'name of %s cannot be a source''s name', 'It has 1 to 63 bytes, and "events" is the first source, that of settings.', 'Choose another name, such as ''crm''.'),
        ('sources_type', '%s has no type of its events, or two', 'A column says of what type each event is (event_type), or all are of one (every_event).', 'Pass event_type => ''type'', or every_event => ''page_view''.'),
        ('account_rules_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''buying group''.'),
        ('account_rules_asks', '%s asks nothing of an account', 'It asks for people, for points, or for both.', 'For example people => 3, or min_points => 100.'),
        ('account_rules_counts', '%s says which people count and not how many of them it takes', 'active_within and min_score are about the people that are counted.', 'For example people => 3, active_within => ''30 days''.'),
        ('account_rules_people', 'people of %s is not positive', 'It says how many leads of the account have to count, at least.', 'For example people => 3.'),
        ('account_rules_top_n', 'top_n of %s is not positive', 'It says of how many leads the points of the account are, the best ones.', 'For example top_n => 5, or NULL for all.'),
        ('stages_hand_off', '%s hands nothing off and says how', 'accepted_stage, rejected_stage, max_attempts and hand_off_max_age are about hand-offs.', 'Pass hand_off => true.'),
        ('stages_decided', 'a decision on %s leads to that stage itself', 'Leads that were handed over are accepted into another stage, or rejected into one.', 'For example accepted_stage => ''sql'', rejected_stage => ''recycled''.'),
        ('stages_max_attempts', 'max_attempts of %s is out of range', 'A hand-off is given to workers from 1 to 1000 times.', 'Leave it out for 5.'),
        ('stages_exit', 'exit of %s does not fit', 'A detour is left by score or by hand; other stages have no exit.', 'Pass exit => ''score'' or ''hand'' with kind => ''detour''.'),
        ('stages_counts_as', 'counts_as of %s is unknown', 'A stage counts as mql, sal, sql, opportunity or customer, or as nothing (NULL).', 'For example counts_as => ''mql''.'),
        ('stages_working_time', 'working_time of %s does not go with its within', 'What counts in working time is a length of time, so many working days and so much of another.', 'For example within => ''1 day 4 hours'', timeout_stage => ''recycled'', working_time => true.'),
        ('calendar_weekday', 'weekday of %s is unknown', 'The days of the week are monday to sunday, in lower case.', 'For example weekday = ''monday''.'),
        ('calendar_closes', '%s end before they begin', 'Hours that last through midnight are two: until 24:00, and from 00:00 of the next day.', 'For example opens = ''09:00'', closes = ''17:00''.'),
        ('holidays_day', '%s is out of range', 'The years are 1900 to 2299.', 'For example day = ''2027-01-01''.')
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.check_draft_row()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    draft_row jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(TG_TABLE_SCHEMA);
    IF TG_TABLE_NAME = 'rules' AND TG_OP = 'INSERT' THEN
        NEW.rule_group := coalesce(NEW.rule_group, CASE WHEN NEW.event_type IS NULL THEN 'fit' ELSE 'engagement' END);
    ELSIF TG_TABLE_NAME IN ('stages', 'lead_types') AND TG_OP = 'INSERT' THEN
        IF NEW.rank IS NULL THEN
            EXECUTE format('SELECT coalesce(max(s.rank) + 10, 0) FROM %I.%I s', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO NEW.rank;
        END IF;
    ELSIF TG_TABLE_NAME = 'sources' THEN
        -- A restore brings the table later.
        IF lead_scoring_internal.resolve_table(NEW.events) IS NOT NULL THEN
            NEW.event_channel := lead_scoring_internal.report_key(lead_scoring_internal.resolve_table(NEW.events), NEW.event_channel, 'event_channel');
            NEW.event_asset := lead_scoring_internal.report_key(lead_scoring_internal.resolve_table(NEW.events), NEW.event_asset, 'event_asset');
        END IF;
    END IF;
    EXECUTE lead_scoring_internal.known_fields(TG_RELID) INTO draft_row USING NEW;
    PERFORM lead_scoring_internal.check_draft_values(TG_TABLE_SCHEMA, TG_TABLE_NAME, draft_row);
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION lead_scoring_internal.check_draft_row_as_owner IS 'Trigger before each row of the tables of a draft: gives a rule without a group that of its kind, a stage or type of leads without a rank the next one, writes expressions of a source as the server deparses them, and raises what check_draft_values raises, and 42501 where a role without the rights of the model''s owner writes an expression, a table or a column.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.insert_draft_row(model text, relation text, draft_row jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('INSERT INTO %1$I.%2$I (%3$s) SELECT %3$s FROM jsonb_populate_record(NULL::%1$I.%2$I, $1)', model, relation,
                   (SELECT string_agg(quote_ident(c.key), ', ') FROM jsonb_object_keys(draft_row) c (key))) USING draft_row;
EXCEPTION WHEN unique_violation THEN
    PERFORM lead_scoring_internal.fail('42710', format('%s already exists in model "%s"', lead_scoring_internal.draft_subject(model, relation, draft_row), model),
        CASE WHEN relation = 'bands' THEN 'An axis has one band of a label, and one of a number of points.'
             WHEN relation IN ('calendar', 'holidays') THEN 'On a day hours begin once, and a day is a holiday once.'
             ELSE 'Names are unique within a model.' END,
        format('SELECT * FROM %I.%I;  -- UPDATE or DELETE its row', model, relation));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.insert_draft_row IS 'Adds a row to a draft table, for the owner of the model only. Raises what its triggers raise, 42710 for a name that is taken.';

-- What a draft says of leads: when they came, which of them count, and whose people they are.
CREATE FUNCTION lead_scoring_internal.draft_leads(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN num_nonnulls(s.settings ->> 'lead_created', s.settings ->> 'lead_condition', s.settings ->> 'lead_account') = 0 THEN '{}'
            ELSE jsonb_strip_nulls(jsonb_build_object('format', 2, 'lead_created', s.settings -> 'lead_created', 'lead_condition', s.settings -> 'lead_condition', 'lead_account', s.settings -> 'lead_account'))
                 || coalesce((SELECT jsonb_build_object('typed', jsonb_object_agg(f.field, s.settings -> f.field)) FROM unnest('{lead_condition,lead_account}'::text[]) f (field)
                               WHERE s.settings ->> f.field IS NOT NULL HAVING count(*) > 0), '{}') END
  FROM lead_scoring_internal.settings_row(model) s (settings)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_leads IS 'What the next version says of leads, as a part of its definition: the column that says when they came, the condition of those that count, and the account that they belong to, as these were typed. Empty where it says none of it, as does every model of an older format.';

CREATE FUNCTION lead_scoring_internal.time_columns(leads regclass)
RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') FROM pg_attribute a
 WHERE a.attrelid = leads AND a.attnum > 0 AND NOT a.attisdropped
   AND lead_scoring_internal.base_type(a.atttypid::regtype) IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
$$;
COMMENT ON FUNCTION lead_scoring_internal.time_columns IS 'The columns of the leads table that hold a time.';

CREATE FUNCTION lead_scoring_internal.check_lead_created(model text, leads regclass, column_name text, status_columns jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statuses CONSTANT text[] := ARRAY(SELECT e.value FROM jsonb_each_text(status_columns) e);
    times CONSTANT text[] := ARRAY(SELECT t FROM unnest(lead_scoring_internal.time_columns(leads)) WITH ORDINALITY u (t, place) WHERE t <> ALL (statuses) ORDER BY place);
    found regtype;
    nearest CONSTANT text := coalesce(lead_scoring_internal.nearest_name(column_name, times), times[1]);
    hint CONSTANT text := format('UPDATE %I.settings SET lead_created = %L;', model, nearest);
    detail CONSTANT text := format('settings.lead_created of model "%s" names it as the column that says when a lead came.', model);
BEGIN
    SELECT lead_scoring_internal.base_type(a.atttypid::regtype) INTO found FROM pg_attribute a
     WHERE a.attrelid = leads AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
    IF found IS NULL THEN
        PERFORM lead_scoring_internal.fail('42703', format('column "%s" of table %s does not exist', column_name, leads), detail, hint);
    ELSIF found NOT IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', column_name, leads, found),
            detail || ' That is a date, a timestamp or a timestamptz.', hint);
    ELSIF column_name = ANY (statuses) THEN
        PERFORM lead_scoring_internal.fail('22023', format('lead_created of model "%s" is the status column "%s"', model, column_name),
            'The model writes that column itself.', hint);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_lead_created IS 'Raises unless leads can be dated by that column: 42703 where it is not there, 42804 where it holds no time, 22023 where it is a status column.';

CREATE FUNCTION lead_scoring_internal.compile_leads(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    draft CONSTANT jsonb := lead_scoring_internal.draft_leads(model);
    subject CONSTANT text := format('lead_condition of model "%s"', model);
    condition text;
    account text;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF draft ? 'lead_created' THEN
        PERFORM lead_scoring_internal.check_lead_created(model, bound.leads, draft ->> 'lead_created', bound.status_columns);
    END IF;
    IF draft ? 'lead_condition' THEN
        condition := lead_scoring_internal.compile_expression(bound.leads, draft ->> 'lead_condition', 'condition', subject);
        PERFORM lead_scoring_internal.refuse_status(bound.status_columns, condition, subject);
    END IF;
    IF draft ? 'lead_account' THEN
        account := lead_scoring_internal.compile_expression(bound.leads, draft ->> 'lead_account', 'key', format('lead_account of model "%s"', model));
        PERFORM lead_scoring_internal.refuse_status(bound.status_columns, account, format('lead_account of model "%s"', model));
    END IF;
    RETURN draft || jsonb_strip_nulls(jsonb_build_object('lead_condition', condition, 'lead_account', account));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_leads IS 'What draft_leads says, checked against the leads table, condition and account as the server deparses them; raises what check_lead_created, check_expression and refuse_status raise.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.check_event_type(events regclass, event_column text, event_type text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    labels text;
BEGIN
    SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) INTO labels
      FROM pg_attribute a JOIN pg_enum e ON e.enumtypid = a.atttypid
     WHERE a.attrelid = events AND a.attname = event_column
    HAVING NOT bool_or(e.enumlabel = event_type);
    IF labels IS NOT NULL AND event_type <> '*' THEN
        PERFORM lead_scoring_internal.fail('22023', format('%s waits for events of type "%s", which cannot occur', subject, event_type),
            format('Column "%s" of table %s is an enum of %s.', event_column, events, labels),
            'Name one of these, or add the value to the enum with ALTER TYPE.');
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.compile_row(entity text, subject text, draft_row jsonb, leads regclass DEFAULT NULL, events regclass DEFAULT NULL,
                                                  type_column text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waits_for CONSTANT text := (SELECT draft_row ->> f.field FROM lead_scoring_internal.draft_fields f
                                 WHERE f.entity = compile_row.entity AND f.kind = 'event type');
    -- What a model of an older format does not have is left out where it says nothing, so that a version is what it would be without.
    said CONSTANT jsonb := draft_row - ARRAY(SELECT f.field FROM lead_scoring_internal.draft_fields f JOIN lead_scoring_internal.later_parts l ON (l.relation, l.name) = (f.entity, f.field)
                                              WHERE f.entity = compile_row.entity AND coalesce(draft_row ->> f.field, 'false') = 'false');
    unversioned CONSTANT text[] := ARRAY(SELECT f.field FROM lead_scoring_internal.draft_fields f
                                          WHERE f.entity = compile_row.entity AND (f.kind IN ('switch', 'comment') OR f.kind = 'flag' AND draft_row -> f.field IS DISTINCT FROM 'true'));
BEGIN
    IF waits_for IS NOT NULL THEN
        PERFORM lead_scoring_internal.check_event_type(events, type_column, waits_for, subject);
    END IF;
    RETURN (
        SELECT said - unversioned
               || coalesce(jsonb_object_agg(f.field, CASE f.kind
                      WHEN 'interval' THEN CASE WHEN f.field = 'within' AND draft_row -> 'working_time' = 'true' THEN lead_scoring_internal.working_span((draft_row ->> f.field)::interval)
                                           ELSE to_jsonb(lead_scoring_internal.seconds((draft_row ->> f.field)::interval)) END
                      ELSE to_jsonb(lead_scoring_internal.compile_expression(CASE WHEN f.kind = 'condition of features' THEN 'lead_scoring_internal.lead_features' WHEN waits_for IS NULL THEN leads ELSE events END, draft_row ->> f.field,
                                                                    split_part(f.kind, ' ', 1), f.field || ' of ' || subject)) END), '{}')
               || CASE WHEN bool_or(f.is_owners) THEN jsonb_build_object('typed', jsonb_object_agg(f.field, said -> f.field) FILTER (WHERE f.is_owners)) ELSE '{}' END
          FROM lead_scoring_internal.draft_fields f
         WHERE f.entity = compile_row.entity AND f.kind IN ('interval', 'condition', 'number expression', 'key expression', 'condition of features') AND said ? f.field);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_row IS 'A row of a table of the draft, or some fields of it, as a version holds it: expressions deparsed, with the text as typed beside them, intervals in seconds, without what is no part of a version. Raises 22023 for an event type that cannot occur, and what check_expression raises; "subject" is what errors call the row.';

CREATE FUNCTION lead_scoring_internal.refuse_status(status_columns jsonb, expression text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    status_column text;
BEGIN
    FOR status_column IN SELECT e.value FROM jsonb_each_text(status_columns) e ORDER BY e.value COLLATE "C" LOOP
        IF lead_scoring_internal.reads_column(expression, status_column) THEN
            PERFORM lead_scoring_internal.fail('22023', format('%s reads the status column "%s"', subject, status_column),
                'The model writes that column from the score, so the score cannot depend on it.',
                'Use other columns of the lead; requires and falls_below of a stage say what depends on stages.');
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_status IS 'Raises 22023 where an expression over leads, as deparsed, reads a status column; "subject" is what the error calls it.';

CREATE FUNCTION lead_scoring_internal.is_enabled(draft_row jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT draft_row ->> 'enabled' IS DISTINCT FROM 'false' $$;
COMMENT ON FUNCTION lead_scoring_internal.is_enabled IS 'Whether a rule of the draft is published; those of a model of an older format all are.';

CREATE FUNCTION lead_scoring_internal.is_of_all_sources(draft_row jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(draft_row ->> 'event_type' = '*', false) AND num_nonnulls(draft_row ->> 'source', draft_row ->> 'condition', draft_row ->> 'per', draft_row ->> 'limit_key', draft_row ->> 'distinct_key') = 0 $$;
COMMENT ON FUNCTION lead_scoring_internal.is_of_all_sources IS 'Whether a rule matches whatever happens: it names neither type nor source, and has no expression, which would be over the rows of one table.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.compile_rules(model text, only_rule text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    r record;
    subject text;
    compiled jsonb;
    sources CONSTANT jsonb := lead_scoring_internal.source_list(model);
    source jsonb;
    rules jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR r IN EXECUTE format('SELECT r.name, r.rule_group, r.event_type IS NULL AS is_fit, g.kind AS group_kind, to_jsonb(r) AS draft_row
                               FROM %1$I.rules r LEFT JOIN %1$I.rule_groups g ON g.name = r.rule_group
                              WHERE ($1 IS NULL OR r.name = $1) AND lead_scoring_internal.is_enabled(to_jsonb(r)) ORDER BY r.name COLLATE "C"', model) USING only_rule LOOP
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
        source := CASE WHEN NOT r.is_fit AND NOT lead_scoring_internal.is_of_all_sources(r.draft_row) THEN lead_scoring_internal.resolve_source(model, sources, r.draft_row ->> 'source', r.draft_row ->> 'event_type', 'source', subject) END;
        compiled := lead_scoring_internal.compile_row('rules', subject, r.draft_row, bound.leads, (source ->> 'events')::oid::regclass, source ->> 'event_type');
        IF r.is_fit THEN
            PERFORM lead_scoring_internal.refuse_status(bound.status_columns, compiled ->> 'condition', format('condition of %s', subject));
        END IF;
        rules := rules || lead_scoring_internal.with_source(sources, compiled);
    END LOOP;
    RETURN to_jsonb(rules);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_rules IS 'Checks each rule of the draft that is enabled (or only_rule) against its group and the tables of the model, and returns these as a version holds them, by name.';

CREATE FUNCTION lead_scoring_internal.draft_begins() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_draft_begins';
COMMENT ON FUNCTION lead_scoring_internal.draft_begins IS 'Trigger function of the tables of a draft and of report_settings: where the draft is what is published before a transaction''s first statement on it, and not any more at the transaction''s end, a notice says so then.';

CREATE FUNCTION lead_scoring_internal.draft_is_published(model text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_there boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.versions)', model) INTO is_there;
    RETURN is_there AND NOT lead_scoring_internal.draft_differs(model);
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;  -- what is wrong with the model, others say, and it may be just being put right
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_is_published IS 'Whether the draft is what is published; NULL where it cannot be told.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.draft_renamed()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'stages' THEN
        EXECUTE format('UPDATE %I.stages SET timeout_stage = $2 WHERE timeout_stage = $1', TG_TABLE_SCHEMA) USING OLD.name, NEW.name;
        IF to_jsonb(NEW) ? 'accepted_stage' THEN  -- not in a model of an older format
            EXECUTE format('UPDATE %I.stages SET accepted_stage = CASE accepted_stage WHEN $1 THEN $2 ELSE accepted_stage END,
                                                  rejected_stage = CASE rejected_stage WHEN $1 THEN $2 ELSE rejected_stage END WHERE $1 IN (accepted_stage, rejected_stage)', TG_TABLE_SCHEMA) USING OLD.name, NEW.name;
        END IF;
        IF to_regclass(format('%I.entries', TG_TABLE_SCHEMA)) IS NOT NULL THEN
            EXECUTE format('UPDATE %I.entries SET stage = $2 WHERE stage = $1', TG_TABLE_SCHEMA) USING OLD.name, NEW.name;
        END IF;
    ELSE
        EXECUTE format('UPDATE %I.stages SET requires = requires - $1 || jsonb_build_object($2, requires -> $1) WHERE requires ? $1', TG_TABLE_SCHEMA)
          USING OLD.name, NEW.name;
        IF to_regclass(format('%I.entries', TG_TABLE_SCHEMA)) IS NOT NULL THEN
            EXECUTE format('UPDATE %I.entries SET requires = requires - $1 || jsonb_build_object($2, requires -> $1) WHERE requires ? $1', TG_TABLE_SCHEMA)
              USING OLD.name, NEW.name;
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.validate_draft(model text, rules text[], stages text[], named boolean, everything boolean)
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
        PERFORM lead_scoring_internal.check_sources(model);
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
        PERFORM lead_scoring_internal.check_stages(model), lead_scoring_internal.compile_entries(model), lead_scoring_internal.compile_lead_types(model);
    END IF;
END
$$;

-- A model may have several tables of events.
DROP FUNCTION lead_scoring.add_rule(model text, name text, event_type text, points numeric, condition text, per text, rule_group text, decay text, half_life interval, lifespan interval, "drop" double precision, step interval, min_points numeric, max_points numeric, limit_count integer, limit_window text, limit_key text, max_occurrences integer);

CREATE OR REPLACE FUNCTION lead_scoring.add_rule(
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
    max_occurrences integer DEFAULT 1000,
    source text DEFAULT NULL,
    at_least integer DEFAULT NULL,
    within interval DEFAULT NULL,
    distinct_key text DEFAULT NULL,
    keep boolean DEFAULT false,
    quiet_for interval DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
DROP FUNCTION lead_scoring_internal.add_rule(model text, name text, event_type text, points numeric, condition text, per text, rule_group text, decay text, half_life interval, lifespan interval, "drop" double precision, step interval, min_points numeric, max_points numeric, limit_count integer, limit_window text, limit_key text, max_occurrences integer);
CREATE OR REPLACE FUNCTION lead_scoring_internal.add_rule(
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
    max_occurrences integer,
    source text,
    at_least integer,
    within interval,
    distinct_key text,
    keep boolean,
    quiet_for interval)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF event_type IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('event_type of rule "%s" is NULL', name), 'A rule on events names the type that matches.',
            'Pass event_type => ''page_view'', ''*'' for any event, or use add_fit_rule for a rule on the lead.');
    END IF;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'rules',
        jsonb_build_object('name', name, 'rule_group', rule_group, 'event_type', event_type, 'condition', condition, 'points', points,
            'per', per, 'decay', decay, 'half_life', half_life, 'lifespan', lifespan, 'drop', "drop", 'step', step,
            'min_points', min_points, 'max_points', max_points, 'limit_count', limit_count, 'limit_window', limit_window,
            'limit_key', limit_key, 'max_occurrences', max_occurrences)
        || jsonb_strip_nulls(jsonb_build_object('source', source, 'at_least', at_least, 'within', within, 'distinct_key', distinct_key, 'quiet_for', quiet_for))
        || CASE WHEN keep IS DISTINCT FROM false THEN jsonb_build_object('keep', keep) ELSE '{}' END);
    PERFORM lead_scoring_internal.compile_rules(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_rule IS 'Implements lead_scoring.add_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_rule IS
'Adds a rule on events to the draft: points, negative ones too, for each event of the type that meets the condition (an immutable SQL expression over the row of the event).
per is a numeric expression by which the points are multiplied. decay: none, exponential (half_life), linear (lifespan), step (drop, a share, with each step) or window (lifespan); intervals in days or smaller units. min_points and max_points bound what the rule gives. limit_count matches at the most count within limit_window (hour, day, week, month, ever), for each limit_key. Effective with the next publish. Linear, step and window rules count the latest max_occurrences matches of a lead. source is where the events come from: by default the source whose events are all of that type, else the only one with a column of types.
event_type * matches all events of its source; of several sources one is to be named where there is an expression, else the events of all match.
With at_least and within, the points are given, once, while so many matches lie within the interval that ends now (each after its beginning, and up to its end); with distinct_key, an SQL expression over the event, so many of its values; with keep, from the first instant on at which they did. With quiet_for they are given while the latest match is older than that; a lead that never matched counts from when it came, as settings.lead_created says, and without that gets none. Both count as matched once, for a stage that requires them, while they give their points. They go with no decay, per, bounds or limits.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none, 42704 for an unknown group or source, 22023 where several sources may have such events and none is named, and for an expression what check_expression() raises.';

-- Stages: the draft table, its checks, and the function that fills it.
CREATE OR REPLACE FUNCTION lead_scoring_internal.check_stages(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    -- What asks for rules and grades: stages, by rank, and entries.
    ways CONSTANT text := format('(SELECT format(''stage "%%s"'', s.name) AS subject, s.name, s.rank, s.requires, s.grades FROM %I.stages s
        UNION ALL SELECT format(''entry "%%s"'', e.item ->> ''name''), e.item ->> ''name'', NULL, nullif(e.item -> ''requires'', ''null''), CASE jsonb_typeof(e.item -> ''grades'') WHEN ''array'' THEN ARRAY(SELECT jsonb_array_elements_text(e.item -> ''grades'')) END
          FROM lead_scoring_internal.rows_of(%L, ''entries'') e (item))', model, model);
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

    EXECUTE format($query$SELECT s.name, d.key AS field, d.value AS target, ARRAY(SELECT o.name FROM %1$I.stages o WHERE o.name <> s.name) AS others
                     FROM %1$I.stages s, jsonb_each_text(to_jsonb(s)) d WHERE d.key IN ('accepted_stage', 'rejected_stage') AND NOT EXISTS (SELECT FROM %1$I.stages o WHERE o.name = d.value)
                      AND d.value IS NOT NULL ORDER BY s.rank, s.name COLLATE "C", d.key LIMIT 1$query$, model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('%s "%s" of stage "%s" does not exist', found.field, found.target, found.name),
            format('The stages of model "%s" are the rows of %I.stages.', model, model),
            format('SELECT lead_scoring.add_stage(%L, %L);', model, found.target) || lead_scoring_internal.perhaps(found.target, found.others));
    END IF;

    EXECUTE format('SELECT s.subject AS name, q.rule, ARRAY(SELECT r.name FROM %1$I.rules r) AS rules FROM %2$s s, jsonb_object_keys(s.requires) q (rule)
                     WHERE NOT EXISTS (SELECT FROM %1$I.rules r WHERE r.name = q.rule)
                     ORDER BY s.rank, s.name COLLATE "C", q.rule COLLATE "C" LIMIT 1', model, ways) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('%s requires rule "%s", which does not exist', found.name, found.rule),
            'No lead could ever reach the stage by its score.', format('SELECT name FROM %I.rules;', model) || lead_scoring_internal.perhaps(found.rule, found.rules));
    END IF;

    EXECUTE format('SELECT s.subject AS name, q.rule FROM %2$s s, jsonb_object_keys(s.requires) q (rule) JOIN %1$I.rules r ON r.name = q.rule
                     WHERE NOT lead_scoring_internal.is_enabled(to_jsonb(r)) ORDER BY s.rank, s.name COLLATE "C", q.rule COLLATE "C" LIMIT 1', model, ways) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('55000', format('%s requires rule "%s", which is disabled', found.name, found.rule),
            'No lead could ever reach the stage by its score.', format('UPDATE %I.rules SET enabled = true WHERE name = %L;  -- or take it out of requires', model, found.rule));
    END IF;

    EXECUTE format('SELECT s.name, q.key AS rule FROM %1$I.stages s, jsonb_each_text(s.requires) q JOIN %1$I.rules r ON r.name = q.key
                     WHERE q.value::numeric > 1 AND num_nonnulls(to_jsonb(r) ->> ''at_least'', to_jsonb(r) ->> ''quiet_for'') > 0 ORDER BY s.rank, s.name COLLATE "C", q.key COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('stage "%s" requires rule "%s" more than once', found.name, found.rule),
            'A rule with at_least or quiet_for counts as matched once, while it gives its points.',
            format('UPDATE %1$I.stages SET requires = requires || %2$L WHERE name = %3$L;', model, jsonb_build_object(found.rule, 1), found.name));
    END IF;

    -- An axis without bands adds nothing to a grade; without any bands there are no grades.
    EXECUTE format('SELECT s.subject AS name, q.grade, (SELECT count(*) FROM %1$I.bands) AS bands
                      FROM %2$s s, unnest(s.grades) q (grade)
                     WHERE NOT EXISTS (
                           SELECT FROM (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''fit''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''fit'')) f (label),
                                       (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''engagement''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''engagement'')) e (label)
                            WHERE f.label || e.label = q.grade AND q.grade <> '''')
                     ORDER BY s.rank, s.name COLLATE "C", q.grade COLLATE "C" LIMIT 1', model, ways) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('grade "%s" of %s cannot occur', found.grade, found.name),
            CASE WHEN found.bands = 0 THEN 'The model has no bands, and so no grades.'
                 ELSE 'A grade is a label of fit followed by a label of engagement.' END,
            CASE WHEN found.bands = 0 THEN format('SELECT lead_scoring.add_band(%L, ''fit'', ''A'', 40);', model)
                 ELSE format('SELECT * FROM %I.bands;', model) END);
    END IF;
    PERFORM lead_scoring_internal.check_calendar(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_stages IS 'Raises when the stages of the draft do not fit each other, or they or entries the rules or the bands, or, as check_calendar does, the calendar: none of kind progress, or a disabled rule in requires (55000), a rank twice, a rule of frequency or silence required more than once, or a grade that cannot occur (22023), an unknown stage or rule (42704).';

CREATE FUNCTION lead_scoring_internal.with_hand_off(stage jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT stage - ARRAY(SELECT e.key FROM jsonb_each(stage) e WHERE e.key IN ('hand_off', 'accepted_stage', 'rejected_stage', 'max_attempts', 'hand_off_max_age') AND e.value IN ('null', 'false'))
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_hand_off IS 'A stage as a version holds it: what it says of hand-offs, where it says anything.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.compile_stages(model text, only_stage text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    s record;
    sources CONSTANT jsonb := lead_scoring_internal.source_list(model);
    source jsonb;
    stages jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.check_stages(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR s IN EXECUTE format('SELECT s.name, s.kind, s.exit, to_jsonb(s) AS draft_row FROM %I.stages s
                              WHERE $1 IS NULL OR s.name = $1 ORDER BY s.rank, s.name COLLATE "C"', model) USING only_stage LOOP
        source := CASE WHEN s.draft_row ->> 'on_event' IS NOT NULL
                       THEN lead_scoring_internal.resolve_source(model, sources, s.draft_row ->> 'on_event_source', s.draft_row ->> 'on_event', 'on_event_source', format('stage "%s"', s.name)) END;
        stages := stages || (lead_scoring_internal.with_hand_off(lead_scoring_internal.with_source(sources, lead_scoring_internal.compile_row('stages', format('stage "%s"', s.name), s.draft_row, bound.leads, (source ->> 'events')::oid::regclass, source ->> 'event_type')))
            || jsonb_build_object('exit', lead_scoring_internal.stage_exit(s.name, s.kind, s.exit)));
    END LOOP;
    RETURN to_jsonb(stages);
END
$$;

DROP FUNCTION lead_scoring.add_stage(model text, name text, min_score numeric, on_event text, on_event_condition text, requires jsonb, grades text[], min_engagement numeric, min_fit numeric, falls_below numeric, within interval, timeout_stage text, cooldown interval, rank integer, kind text, exit text, counts_as text);

CREATE OR REPLACE FUNCTION lead_scoring.add_stage(
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
    counts_as text DEFAULT NULL,
    on_event_source text DEFAULT NULL,
    working_time boolean DEFAULT false,
    hand_off boolean DEFAULT false,
    accepted_stage text DEFAULT NULL,
    rejected_stage text DEFAULT NULL,
    max_attempts integer DEFAULT NULL,
    hand_off_max_age interval DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
DROP FUNCTION lead_scoring_internal.add_stage(model text, name text, min_score numeric, on_event text, on_event_condition text, requires jsonb, grades text[], min_engagement numeric, min_fit numeric, falls_below numeric, within interval, timeout_stage text, cooldown interval, rank integer, kind text, exit text, counts_as text);
CREATE OR REPLACE FUNCTION lead_scoring_internal.add_stage(
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
    counts_as text,
    on_event_source text,
    working_time boolean,
    hand_off boolean,
    accepted_stage text,
    rejected_stage text,
    max_attempts integer,
    hand_off_max_age interval)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'stages',
        jsonb_build_object('name', name, 'rank', rank, 'kind', kind, 'min_score', min_score, 'min_engagement', min_engagement,
            'min_fit', min_fit, 'grades', grades, 'requires', requires, 'on_event', on_event,
            'on_event_condition', on_event_condition, 'falls_below', falls_below, 'within', within,
            'timeout_stage', timeout_stage, 'cooldown', cooldown, 'exit', exit, 'counts_as', counts_as)
        || CASE WHEN on_event_source IS NULL THEN '{}' ELSE jsonb_build_object('on_event_source', on_event_source) END
        || CASE WHEN working_time IS NOT DISTINCT FROM false THEN '{}' ELSE jsonb_build_object('working_time', working_time) END
        || lead_scoring_internal.with_hand_off(jsonb_build_object('hand_off', hand_off, 'accepted_stage', accepted_stage, 'rejected_stage', rejected_stage, 'max_attempts', max_attempts,
            'hand_off_max_age', hand_off_max_age)));
    PERFORM lead_scoring_internal.compile_stages(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_stage IS 'Implements lead_scoring.add_stage, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_stage IS
'Adds a stage to the draft; rank defaults to 10 above the highest. A progress stage is entered when min_score, min_engagement, min_fit (points), grades and requires (rules and how often they must have matched) all hold; without any of them only by event, time or hand, as a detour is.
on_event, with on_event_condition, moves a lead here at once; on_event_source is the source of such events, by default as with add_rule. Under falls_below points it falls back. A lead that has not moved on within the interval goes to timeout_stage. With working_time the interval counts in the hours of set_calendar(), and a day of it is a working day. cooldown is the least time after entering before it may enter again. exit says how a detour is left: score or hand. counts_as is what reports and status columns take the stage for (mql, sal, sql, opportunity, customer), by default what its name says. hand_off puts a row on the model''s table handoffs with each entry, for claim_handoffs(), which delivers it max_attempts times at the most (by default 5), unless the move is older than hand_off_max_age (by default 7 days) when it is recorded; decide_handoff() moves a lead to accepted_stage or rejected_stage. Effective with the next publish.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none; 42704 for an unknown timeout_stage or a rule in requires, 55000 for working_time without a calendar, 22023 for a grade that cannot occur or a rank that is taken, and for on_event_condition what check_expression() raises.';

-- What is asked of accounts, which are the companies that several leads belong to.
CREATE FUNCTION lead_scoring_internal.draft_account_rules(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rules jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF to_regclass(format('%I.account_rules', model)) IS NOT NULL THEN
        EXECUTE format('SELECT jsonb_agg(lead_scoring_internal.compile_row(''account_rules'', NULL, to_jsonb(a)) ORDER BY a.name COLLATE "C") FROM %I.account_rules a', model) INTO rules;
    END IF;
    RETURN CASE WHEN rules IS NULL THEN '{}' ELSE jsonb_build_object('format', 2, 'account_rules', rules) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_account_rules IS 'What the next version asks of accounts, as a part of its definition; empty where it asks nothing, as does every model of an older format.';

CREATE FUNCTION lead_scoring_internal.tell_what_no_account_meets(model text, definition jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF definition ? 'account_rules' AND NOT definition ? 'lead_account' THEN
        RAISE NOTICE USING MESSAGE = format('account rules of model "%s" look at no account: no lead belongs to any', model),
            HINT = format('UPDATE %I.settings SET lead_account = ''company''; SELECT lead_scoring.publish(%L);  -- or another column, or an SQL expression', model, model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_no_account_meets IS 'A notice where a version has account rules and does not say which account a lead belongs to.';

CREATE FUNCTION lead_scoring_internal.make_account_index(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scores CONSTANT regclass := format('%I.scores', model);
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = scores AND a.attname = 'account') THEN
        EXECUTE format('CREATE INDEX ON %s (account) WHERE account IS NOT NULL', scores);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_account_index IS 'Makes the index by which the people of one account are found, which models without accounts do not have.';

CREATE FUNCTION lead_scoring.add_account_rule(
    model text,
    name text,
    people integer DEFAULT NULL,
    active_within interval DEFAULT NULL,
    min_points numeric DEFAULT NULL,
    top_n integer DEFAULT NULL,
    min_score numeric DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_account_rule(
    model text,
    name text,
    people integer,
    active_within interval,
    min_points numeric,
    top_n integer,
    min_score numeric)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'account_rules',
        jsonb_build_object('name', name, 'people', people, 'active_within', active_within, 'min_points', min_points, 'top_n', top_n, 'min_score', min_score));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_account_rule IS 'Implements lead_scoring.add_account_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_account_rule IS
'Adds a rule on accounts to the draft: an account that meets it is one that marketing hands over. Leads belong to the account that settings.lead_account says.
people: at least so many of its leads count; a lead counts if its score is min_score points or more, where that is given, and its latest event that a rule or stage waits for is no older than active_within, where that is given. min_points: the points of the account are at least so many; these are the scores of its leads added up, of the top_n best ones, or of all. Where both people and min_points are given, both must hold. Of several rules one is enough. Effective with the next publish; what accounts are like says the view "accounts" of the model.
Raises 42710 where the name is taken, 22004 for a NULL name, 22023 for a rule without people and min_points, for active_within or min_score without people, and for counts under 1, negative or calendar lengths of time and bounds out of range.';

-- Working time: the calendar and the holidays of a draft, and the functions that fill them.
CREATE FUNCTION lead_scoring_internal.is_working_span(span interval)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT extract(day FROM span) >= 0 AND extract(epoch FROM span) >= 86400 * extract(day FROM span) $$;
COMMENT ON FUNCTION lead_scoring_internal.is_working_span IS 'Whether an interval, which is a span, is so many days and so much time, neither of them negative. NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.working_span(span interval)
RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('days', extract(day FROM span), 'seconds', trim_scale(extract(epoch FROM span) - 86400 * extract(day FROM span)))
$$;
COMMENT ON FUNCTION lead_scoring_internal.working_span IS 'How a definition has a length of working time, whose days are working days.';

CREATE FUNCTION lead_scoring_internal.draft_calendar(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    calendar jsonb;
    holidays jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF to_regclass(format('%I.calendar', model)) IS NULL OR to_regclass(format('%I.holidays', model)) IS NULL THEN
        RETURN '{}';
    END IF;
    EXECUTE lead_scoring_internal.fill($query$
        SELECT (SELECT jsonb_agg(jsonb_build_object('weekday', c.weekday, 'opens', c.opens, 'closes', c.closes) ORDER BY array_position(lead_scoring_internal.weekdays(), c.weekday), c.opens) FROM ONLY {model}.calendar c),
               (SELECT jsonb_agg(jsonb_build_object('day', h.day) ORDER BY h.day) FROM ONLY {model}.holidays h)
        $query$, jsonb_build_object('model', model)) INTO calendar, holidays;
    RETURN CASE WHEN calendar IS NULL AND holidays IS NULL THEN '{}' ELSE jsonb_strip_nulls(jsonb_build_object('format', 2, 'calendar', calendar, 'holidays', holidays)) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_calendar IS 'What the draft says of working time, as a part of a definition: the hours by weekday and time, the holidays. Empty where it says nothing, as does every model of an older format.';

CREATE FUNCTION lead_scoring_internal.check_calendar(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    calendar CONSTANT jsonb := lead_scoring_internal.draft_calendar(model) -> 'calendar';
    stage text;
    twice record;
    worked interval;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT h.weekday, h.opens, h.closes, h.next_opens, h.next_closes INTO twice
      FROM (SELECT c.weekday, c.place, c.opens, c.closes, lead(c.opens) OVER days AS next_opens, lead(c.closes) OVER days AS next_closes
              FROM (SELECT i.item ->> 'weekday' AS weekday, i.place, (i.item ->> 'opens')::time AS opens, (i.item ->> 'closes')::time AS closes
                      FROM jsonb_array_elements(calendar) WITH ORDINALITY i (item, place)) c WINDOW days AS (PARTITION BY c.weekday ORDER BY c.opens)) h
     WHERE h.next_opens < h.closes ORDER BY h.place LIMIT 1;
    IF twice.weekday IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('hours of the calendar of model "%s" overlap on %s', model, twice.weekday),
            format('From %s to %s, and from %s to %s.', twice.opens, twice.closes, twice.next_opens, twice.next_closes),
            format('SELECT lead_scoring.set_calendar(%L, ''%s-%s'', %L);', model, to_char(twice.opens, 'HH24:MI'), to_char(GREATEST(twice.closes, twice.next_closes), 'HH24:MI'), ARRAY[twice.weekday]));
    END IF;
    SELECT sum((i.item ->> 'closes')::time - (i.item ->> 'opens')::time) INTO worked FROM jsonb_array_elements(calendar) i (item);
    IF worked < '1 minute' THEN
        PERFORM lead_scoring_internal.fail('22023', format('calendar of model "%s" has no working minute', model), format('The hours of a week are %s seconds.', trim_scale(extract(epoch FROM worked))),
            format('SELECT lead_scoring.set_calendar(%L, ''09:00-17:00'');', model));
    END IF;
    IF worked IS NULL THEN
        EXECUTE format('SELECT (array_agg(s.name ORDER BY s.rank, s.name COLLATE "C"))[1] FROM %I.stages s WHERE (to_jsonb(s) ->> ''working_time'')::boolean', model) INTO stage;
        IF stage IS NOT NULL THEN
            PERFORM lead_scoring_internal.fail('55000', format('within of stage "%s" counts in working time, of which there is none', stage), format('The calendar of model "%s" has no hours.', model),
                format('SELECT lead_scoring.set_calendar(%L, ''09:00-17:00'');', model));
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_calendar IS 'Raises 22023 where hours of the draft''s calendar overlap, or are less than a minute in a week, 55000 where there are none and a stage counts in working time.';

CREATE FUNCTION lead_scoring.set_calendar(
    model text,
    hours text DEFAULT '09:00-17:00',
    weekdays text[] DEFAULT '{monday,tuesday,wednesday,thursday,friday}')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_calendar(
    model text,
    hours text,
    weekdays text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stretches CONSTANT text[] := CASE WHEN hours ~ '\S' THEN regexp_split_to_array(btrim(hours), '\s*,\s*') ELSE '{}' END;
    wrong text := (SELECT s FROM unnest(stretches) s WHERE s !~ '^([01]?\d|2[0-4])(:[0-5]\d)?\s*-\s*([01]?\d|2[0-4])(:[0-5]\d)?$' LIMIT 1);
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF weekdays IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'the weekdays of set_calendar are NULL', 'They are the days whose hours are set.', 'Pass weekdays => ''{monday,friday}'', or leave it out for monday to friday.');
    ELSIF wrong IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('hours "%s" cannot be read', wrong), 'Hours are from one time of the day to another, of a clock of 24 hours.', 'For example hours => ''09:00-12:30, 13:30-18:00''.');
    END IF;
    wrong := (SELECT w FROM unnest(weekdays) w WHERE (w = ANY (lead_scoring_internal.weekdays())) IS NOT TRUE LIMIT 1);
    IF wrong IS NOT NULL OR array_position(weekdays, NULL) IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('weekday "%s" is unknown', coalesce(wrong, 'NULL')), 'The days of the week are monday to sunday, in lower case.', 'For example weekdays => ''{monday,friday}''.');
    END IF;
    PERFORM lead_scoring_internal.upgrade_model(model);
    EXECUTE format('DELETE FROM %I.calendar c WHERE c.weekday = ANY ($1)', model) USING weekdays;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'calendar', jsonb_build_object('weekday', w.weekday, 'opens', lead_scoring_internal.clock_time(split_part(s.stretch, '-', 1)),
            'closes', lead_scoring_internal.clock_time(split_part(s.stretch, '-', 2))))
       FROM (SELECT DISTINCT unnest(weekdays)) w (weekday), unnest(stretches) s (stretch);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_calendar IS 'Implements lead_scoring.set_calendar, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_calendar IS
'Makes these the working hours of some weekdays in the draft, in place of those they had: one stretch or several, as in ''09:00-12:30, 13:30-18:00'', by the clocks of the model''s time zone, up to 24:00; '''' or NULL: none. Other weekdays keep theirs. Stages with working_time count their service level in these hours, but for days of add_holidays. Effective with the next publish. For the model''s owner only.
Raises 22023 for hours that cannot be read, end before they begin or overlap, and for an unknown weekday; 42710 for two stretches that begin at once, 22004 for a NULL in the place of weekdays, and at the end of the transaction what publish() raises. A model of an older format is upgraded.';

CREATE FUNCTION lead_scoring_internal.clock_time(hour text)
RETURNS time LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT (btrim(hour) || CASE WHEN strpos(hour, ':') = 0 THEN ':00' ELSE '' END)::time $$;
COMMENT ON FUNCTION lead_scoring_internal.clock_time IS 'A time of the day, of hours and perhaps minutes.';

CREATE FUNCTION lead_scoring.add_holidays(model text, VARIADIC days date[])
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_holidays(model text, days date[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known date[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF days IS NULL OR array_position(days, NULL) IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'a day of add_holidays is NULL', 'They are days without working time.', format('For example SELECT lead_scoring.add_holidays(%L, ''2027-01-01'');', model));
    END IF;
    PERFORM lead_scoring_internal.upgrade_model(model);
    EXECUTE format('SELECT array_agg(h.day) FROM %I.holidays h', model) INTO known;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'holidays', jsonb_build_object('day', d.day)) FROM (SELECT DISTINCT unnest(days) AS day ORDER BY 1) d
      WHERE (d.day = ANY (known)) IS NOT TRUE;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_holidays IS 'Implements lead_scoring.add_holidays, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_holidays IS
'Adds days without working time to the draft, from midnight to midnight in the model''s time zone; those that are there already stay. To take one back, delete its row of the model''s table "holidays". Effective with the next publish. For the model''s owner only.
Raises 22023 for a day that is not from 1900 to 2299, 22004 for a NULL. A model of an older format is upgraded.';

-- Entries: further ways into stages. What they require of rules and bands is checked with the stages.
CREATE FUNCTION lead_scoring_internal.rows_of(model text, relation text)
RETURNS SETOF jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = model AND c.relname = relation AND c.relkind IN ('r', 'p')) THEN
        RETURN QUERY EXECUTE format('SELECT to_jsonb(d) FROM ONLY %I.%I d', model, relation);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.rows_of IS 'The rows of a table of the draft that models of an older format do not have: they have no rows.';

CREATE FUNCTION lead_scoring_internal.check_entries(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT e.item ->> ''name'' AS name, e.item ->> ''stage'' AS stage, s.name IS NULL AS is_lost, s.falls_below,
                           (e.item ->> ''min_score'')::numeric AS min_score, ARRAY(SELECT o.name FROM %1$I.stages o) AS stages
                      FROM lead_scoring_internal.rows_of($1, ''entries'') e (item) LEFT JOIN %1$I.stages s ON s.name = e.item ->> ''stage''
                     WHERE s.name IS NULL OR s.falls_below > (e.item ->> ''min_score'')::numeric
                        OR s.kind = ''detour'' AND jsonb_strip_nulls(e.item) ?| ''{min_score,min_engagement,min_fit,grades,requires}''
                     ORDER BY e.item ->> ''name'' COLLATE "C" LIMIT 1', model) INTO wrong USING model;
    IF wrong.name IS NULL THEN
        RETURN;
    ELSIF wrong.is_lost THEN
        PERFORM lead_scoring_internal.fail('42704', format('stage "%s" of entry "%s" does not exist', wrong.stage, wrong.name),
            format('The stages of model "%s" are the rows of %I.stages.', model, model),
            format('SELECT lead_scoring.add_stage(%L, %L);', model, wrong.stage) || lead_scoring_internal.perhaps(wrong.stage, wrong.stages));
    ELSIF wrong.falls_below > wrong.min_score THEN
        PERFORM lead_scoring_internal.fail('22023', format('min_score of entry "%s" is under falls_below of stage "%s"', wrong.name, wrong.stage),
            format('A lead that it lets in with %s points would fall back under %s.', wrong.min_score, wrong.falls_below),
            format('Pass min_score => %s.', wrong.falls_below));
    END IF;
    PERFORM lead_scoring_internal.fail('22023', format('entry "%s" has thresholds, and stage "%s" is a detour', wrong.name, wrong.stage),
        'A detour is entered by event, time or hand only.', 'Leave out min_score, min_engagement, min_fit, grades and requires, and pass on_event => ''disqualified''.');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_entries IS 'Raises when an entry of the draft does not fit its stage: 42704 where this is not there, 22023 where it would fall back at once, or is a detour and the entry has thresholds.';

CREATE FUNCTION lead_scoring_internal.draft_entries(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN count(*) = 0 THEN '{}' ELSE jsonb_build_object('format', 2, 'entries',
           jsonb_agg(lead_scoring_internal.with_source(s.list, lead_scoring_internal.compile_row('entries', NULL, e.item)))) END
  FROM lead_scoring_internal.rows_of(model, 'entries') e (item) CROSS JOIN (SELECT lead_scoring_internal.source_list(model)) s (list)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_entries IS 'What the next version says of entries, as a part of its definition, with expressions as they are typed; empty where there are none.';

CREATE FUNCTION lead_scoring_internal.compile_entries(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sources jsonb;
    source jsonb;
    e record;
    entries jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.check_entries(model);
    FOR e IN EXECUTE format('SELECT e.item ->> ''name'' AS name, e.item FROM lead_scoring_internal.rows_of($1, ''entries'') e (item)
                              LEFT JOIN %I.stages s ON s.name = e.item ->> ''stage'' ORDER BY s.rank, s.name COLLATE "C", e.item ->> ''name'' COLLATE "C"', model) USING model LOOP
        sources := coalesce(sources, lead_scoring_internal.source_list(model));
        source := CASE WHEN e.item ->> 'on_event' IS NOT NULL
                       THEN lead_scoring_internal.resolve_source(model, sources, e.item ->> 'on_event_source', e.item ->> 'on_event', 'on_event_source', format('entry "%s"', e.name)) END;
        entries := entries || lead_scoring_internal.with_source(sources, lead_scoring_internal.compile_row('entries', format('entry "%s"', e.name), e.item, NULL,
            (source ->> 'events')::oid::regclass, source ->> 'event_type'));
    END LOOP;
    RETURN CASE WHEN entries = '{}' THEN '{}' ELSE jsonb_build_object('format', 2, 'entries', lead_scoring_internal.with_ids(model, 'entries', to_jsonb(entries))) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_entries IS 'Checks the entries of the draft, and returns what a version says of them: an object with the list, by the ranks of their stages and by name, or an empty one.';

CREATE FUNCTION lead_scoring.add_entry(
    model text,
    name text,
    stage text,
    min_score numeric DEFAULT NULL,
    on_event text DEFAULT NULL,
    on_event_condition text DEFAULT NULL,
    requires jsonb DEFAULT NULL,
    grades text[] DEFAULT NULL,
    min_engagement numeric DEFAULT NULL,
    min_fit numeric DEFAULT NULL,
    on_event_source text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_entry(
    model text,
    name text,
    stage text,
    min_score numeric,
    on_event text,
    on_event_condition text,
    requires jsonb,
    grades text[],
    min_engagement numeric,
    min_fit numeric,
    on_event_source text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'entries',
        jsonb_build_object('name', name, 'stage', stage, 'min_score', min_score, 'min_engagement', min_engagement, 'min_fit', min_fit,
            'grades', grades, 'requires', requires, 'on_event', on_event, 'on_event_condition', on_event_condition, 'on_event_source', on_event_source));
    PERFORM lead_scoring_internal.check_stages(model), lead_scoring_internal.compile_entries(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_entry IS 'Implements lead_scoring.add_entry, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_entry IS
'Adds a further way into a stage to the draft: a stage is entered by its own conditions or event, or by those of any of its entries. min_score, min_engagement, min_fit (points), grades and requires of one entry must all hold; on_event, with on_event_condition and on_event_source, moves a lead to the stage at once, as that of add_stage() does. Column "entry" of the model''s transitions tells by which a lead came: the stage itself (NULL) where its own conditions hold, else the first entry by name. falls_below, cooldown, within and all else is the stage''s. Effective with the next publish. A model of an older format is upgraded.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, where it asks for nothing, for thresholds into a detour or a min_score under the stage''s falls_below; 22004 for a NULL where there must be none; 42704 for an unknown stage or a rule in requires, 22023 for a grade that cannot occur, and for on_event_condition what check_expression() raises.';

-- Types of leads: conditions over what is known of a lead.
CREATE FUNCTION lead_scoring_internal.draft_lead_types(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN count(*) = 0 THEN '{}' ELSE jsonb_build_object('format', 2, 'lead_types', jsonb_agg(lead_scoring_internal.compile_row('lead_types', NULL, t.item))) END
  FROM lead_scoring_internal.rows_of(model, 'lead_types') t (item)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_lead_types IS 'What the next version says of types of leads, as a part of its definition, with conditions as they are typed; empty where there are none.';

CREATE FUNCTION lead_scoring_internal.compile_lead_types(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
    types jsonb[] := '{}';
BEGIN
    FOR t IN SELECT r.item, format('lead type "%s"', r.item ->> 'name') AS subject FROM lead_scoring_internal.rows_of(model, 'lead_types') r (item)
              ORDER BY (r.item ->> 'rank')::integer, r.item ->> 'name' COLLATE "C" LOOP
        IF t.item ->> 'condition' IS NULL THEN  -- its constraint is lost
            PERFORM lead_scoring_internal.fail('22004', format('condition of %s is NULL', t.subject), 'No lead could ever be of that type.',
                format('DELETE FROM %I.lead_types WHERE name = %L;', model, t.item ->> 'name'));
        END IF;
        types := types || lead_scoring_internal.compile_row('lead_types', t.subject, t.item, 'lead_scoring_internal.lead_features');
    END LOOP;
    RETURN CASE WHEN types = '{}' THEN '{}' ELSE jsonb_build_object('format', 2, 'lead_types', lead_scoring_internal.with_ids(model, 'lead_types', to_jsonb(types))) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_lead_types IS 'Checks the types of leads of the draft, and returns what a version says of them: an object with the list in the order in which they are tried, or an empty one.';

CREATE FUNCTION lead_scoring.add_lead_type(
    model text,
    name text,
    condition text,
    rank integer DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_lead_type(
    model text,
    name text,
    condition text,
    rank integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'lead_types', jsonb_build_object('name', name, 'rank', rank, 'condition', condition));
    PERFORM lead_scoring_internal.compile_lead_types(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_lead_type IS 'Implements lead_scoring.add_lead_type, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_lead_type IS
'Adds a type of leads to the draft. A lead is of the first type whose condition holds, by rank (default: after all others), then name: so a type hides those behind it. The condition is an SQL boolean expression over what is known of the lead: score, engagement, fit (points), grade, points (jsonb: points by rule and by group), times (jsonb: matches by rule), days_since (jsonb: days since the latest match by rule), channels (text[]: of the touches that are remembered), days_since_last (days since the latest event that counted); what has not happened is not there, and so NULL. Only immutable expressions are taken.
The view "leads" shows the type as of now, and transitions keep that of each move as it was then. A condition that raises an error for a lead is listed in "problems", and holds not. Effective with the next publish. A model of an older format is upgraded.
Raises 42710 where the name is taken, 22023 or 22004 for a value that makes no sense, 42703 for a column there is none of, and what else check_expression() raises.';

-- What a version says of what leads remember: which events are touches, and how many are kept of a lead.
CREATE OR REPLACE FUNCTION lead_scoring_internal.draft_touches(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings jsonb;
    most integer;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    most := coalesce((settings ->> 'max_touches')::integer, CASE WHEN EXISTS (SELECT FROM lead_scoring_internal.sources(model) s WHERE num_nonnulls(s.event_channel, s.event_asset) > 0) THEN 64 ELSE 0 END);
    IF most = 0 THEN
        RETURN '{}';
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    RETURN jsonb_build_object('touches', jsonb_build_object(
        'channel', coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)), 'asset', settings -> 'event_asset',
        'campaign', quote_ident(bound.event_campaign), 'max_touches', most));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_touches IS 'What the next version says of touches, as a part of its definition: channel, asset and campaign as SQL over the row of an event, null for none, and max_touches. The channel is the campaign where report_settings say nothing else. Empty where leads are to remember nothing, which is the default where no source sets a channel or an asset; else it is 64 touches.';

CREATE FUNCTION lead_scoring_internal.draft_sources(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN count(*) FILTER (WHERE s.name <> 'events' OR s.event_id IS NOT NULL) = 0 THEN '{}' ELSE '{"format": 2}' END::jsonb
       || coalesce(jsonb_object_agg('event_id', s.event_id) FILTER (WHERE s.name = 'events' AND s.event_id IS NOT NULL), '{}')
       || CASE WHEN count(*) FILTER (WHERE s.name <> 'events') = 0 THEN '{}'
            ELSE jsonb_build_object('sources', jsonb_agg(
                jsonb_build_object('name', s.name, 'time_zone', s.time_zone)
                || CASE WHEN s.event_id IS NULL THEN '{}' ELSE jsonb_build_object('event_id', s.event_id) END
                || CASE WHEN t.touches = '{}' THEN '{}' ELSE jsonb_build_object('channel', coalesce(s.event_channel, quote_ident(s.event_campaign)), 'asset', s.event_asset, 'campaign', quote_ident(s.event_campaign)) END
                ORDER BY s.name COLLATE "C") FILTER (WHERE s.name <> 'events')) END
  FROM lead_scoring_internal.sources(model) s CROSS JOIN lead_scoring_internal.draft_touches(model) t (touches)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_sources IS 'What the next version says of the sources of the model, as a part of its definition: of those besides the first, by name, the time zone of their times, the column of ids that count once, where they have one, and what names touches, where leads are to remember these; of the first such a column alone. Empty where there is nothing to say.';

CREATE FUNCTION lead_scoring_internal.compile_sources(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.report_key(s.events, s.event_channel, format('event_channel of source "%s"', s.name)),
            lead_scoring_internal.report_key(s.events, s.event_asset, format('event_asset of source "%s"', s.name))
       FROM lead_scoring_internal.sources(model) s WHERE s.name <> 'events';
    RETURN lead_scoring_internal.draft_sources(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_sources IS 'What draft_sources says, checked against the tables of events; raises what check_expression raises.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.remembering_version(model text)
RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.version FROM (SELECT v.version, v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1) v
                     WHERE (v.definition -> ''touches'') - ''max_touches'' = ($1 -> ''touches'') - ''max_touches''
                       AND v.definition -> ''sources'' IS NOT DISTINCT FROM $2 -> ''sources'' AND v.definition -> ''event_id'' IS NOT DISTINCT FROM $2 -> ''event_id''', model)
       INTO number USING lead_scoring_internal.draft_touches(model), lead_scoring_internal.draft_sources(model);
    RETURN number;
END
$$;

-- Who is who from version to version: ids, what a stage counts as, and what follows from a new name.
CREATE OR REPLACE FUNCTION lead_scoring_internal.with_ids(model text, section text, items jsonb)
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
                       SELECT k.id FROM known k WHERE k.name = n.item ->> 'name' AND NOT EXISTS (SELECT FROM {model}.{section} o WHERE o.id = k.id)
                        ORDER BY k.version DESC LIMIT 1)) AS id
              FROM numbered n
        ), given AS (
            SELECT f.place, f.item, coalesce(f.id, row_number() OVER (PARTITION BY f.id IS NULL ORDER BY f.place)
                       + (SELECT coalesce(max(i.id), -1) FROM (SELECT k.id FROM known k UNION ALL SELECT o.id FROM found o UNION ALL SELECT d.id FROM {model}.{section} d) i)) AS id
              FROM found f
        )
        SELECT coalesce(jsonb_agg(g.item || jsonb_build_object('id', g.id) ORDER BY CASE $1 WHEN 'rules' THEN g.id END, g.place), '[]') FROM given g
        $query$, jsonb_build_object('names', names, 'model', model, 'section', section)) INTO items USING section, items;
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
COMMENT ON FUNCTION lead_scoring_internal.with_ids IS 'Rules, stages, entries or types of leads of the draft, each with its id, and rules in their order: its own, else that of what was called so in a version last, so that a rule which is deleted and added again is the same, else the next one. Raises 22023 where two have the same, 54000 for one out of range, 42710 for a name that was another''s.';

CREATE FUNCTION lead_scoring_internal.newest_definition(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO definition;
    RETURN definition;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.newest_definition IS 'The definition that was published last; NULL where none was.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.newest_stages(model text)
RETURNS jsonb LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.newest_definition(model) -> 'stages'
$$;

DROP FUNCTION lead_scoring_internal.follow_names(model text, before jsonb, now jsonb);

CREATE OR REPLACE FUNCTION lead_scoring_internal.follow_names(model text, version bigint)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed record;
    status jsonb;
    is_named boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- What is back was called last as in the version that had it last.
    FOR renamed IN EXECUTE format('SELECT n.section, b.name AS former, n.item ->> ''name'' AS name
                                     FROM (SELECT s.section, i.item FROM %1$I.versions v, unnest(''{rules,stages,entries,lead_types}''::text[]) s (section), jsonb_array_elements(v.definition -> s.section) i (item)
                                            WHERE v.version = $1) n
                                    CROSS JOIN LATERAL (SELECT i.item ->> ''name'' AS name FROM %1$I.versions v, jsonb_array_elements(v.definition -> n.section) i (item)
                                                         WHERE v.version < $1 AND i.item -> ''id'' = n.item -> ''id'' ORDER BY v.version DESC LIMIT 1) b
                                    WHERE b.name <> n.item ->> ''name'' ORDER BY n.section, b.name COLLATE "C"', model) USING version LOOP
        PERFORM lead_scoring_internal.rename_in_history(model, renamed.section, renamed.former, renamed.name);
        CONTINUE WHEN renamed.section <> 'stages';
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
        EXECUTE format('SELECT EXISTS (SELECT FROM %I.report_settings r WHERE $1 IN (r.mql_stage, r.sql_stage, r.customer_stage))', model) INTO is_named USING renamed.former;
        IF is_named THEN
            EXECUTE format('UPDATE %I.report_settings r SET mql_stage = CASE r.mql_stage WHEN $1 THEN $2 ELSE r.mql_stage END,
                                   sql_stage = CASE r.sql_stage WHEN $1 THEN $2 ELSE r.sql_stage END,
                                   customer_stage = CASE r.customer_stage WHEN $1 THEN $2 ELSE r.customer_stage END', model) USING renamed.former, renamed.name;
        END IF;
        EXECUTE format('SELECT s.status_columns FROM %I.settings s', model) INTO status;
        IF status ? (renamed.former || '_at') AND NOT status ? (renamed.name || '_at') AND lead_scoring_internal.status_stage(model, renamed.former || '_at') IS NULL THEN
            EXECUTE format('UPDATE %I.settings SET status_columns = status_columns - $1 || jsonb_build_object($2, status_columns -> $1)', model)
              USING renamed.former || '_at', renamed.name || '_at';
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.follow_names IS 'What goes by the name of a rule or stage goes by its new one, that of the version which is published: history, dates, keys of status columns, what reports are told. No move is recorded. Raises 42701 where a column of the new name is there already.';

CREATE FUNCTION lead_scoring_internal.tell_what_waits(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waiting text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT array_agg(r.name ORDER BY r.name COLLATE "C") FROM %I.rules r WHERE NOT lead_scoring_internal.is_enabled(to_jsonb(r))', model) INTO waiting;
    IF waiting IS NOT NULL THEN
        RAISE NOTICE USING MESSAGE = format('disabled rules of model "%s" are not published: %s', model, array_to_string(waiting, ', ')),
            HINT = format('SELECT name, comment FROM %I.rules WHERE NOT enabled;', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_waits IS 'A notice of the rules that a version leaves out because they are disabled.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.make_leads_view(model text, anew boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scores CONSTANT regclass := format('%I.scores', model);
    -- A column that is there stays, also where the versions are lost that had the stage.
    shown CONSTANT name[] := ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.leads', model))
                                      AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
    further record;
    further_columns text := '';
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
    FOR further IN SELECT c.* FROM (
                       SELECT a.attname AS name, format('s.%I', a.attname) AS expression, lead_scoring_internal.entry_note(left(a.attname, -3)) AS note, a.attnum::integer AS place
                         FROM pg_attribute a WHERE a.attrelid = scores AND NOT a.attisdropped
                          AND a.attname = ANY (lead_scoring_internal.stage_columns(model) || shown[cardinality(columns) + 1:])
                       UNION ALL
                       SELECT 'lead_type', 'lead_scoring_internal.lead_type_now(s.tableoid, s.version, s.card, s.memory, (SELECT pg_catalog.statement_timestamp())) AS lead_type',
                              'Type of the lead as of now; NULL for none.', NULL
                        WHERE 'lead_type' = ANY (shown) OR lead_scoring_internal.newest_definition(model) ? 'lead_types') c
                    ORDER BY array_position(shown, c.name), c.place LOOP
        further_columns := concat(further_columns, ', ', further.expression);
        columns := columns || further.name;
        column_notes := column_notes || jsonb_build_object(further.name, further.note);
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
         WHERE s.counted', model, further_columns);
    PERFORM lead_scoring_internal.describe(format('%I.leads', model)::regclass,
        'The leads with their scores as of now, decayed when read; join the table of leads by lead_id.', column_notes);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_leads_view IS 'Creates the view "leads" of a model, or replaces it where stages or types of leads have come, or anew. It is read with the rights of who reads it, so that row security on scores holds, and names no column of the user''s, so that it stands in the way of no migration.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.compile_draft(model text)
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
               || lead_scoring_internal.compile_touches($1) || lead_scoring_internal.compile_sources($1) || lead_scoring_internal.compile_leads($1)
               || lead_scoring_internal.draft_account_rules($1) || lead_scoring_internal.draft_calendar($1) || lead_scoring_internal.compile_entries($1) || lead_scoring_internal.compile_lead_types($1)
               || jsonb_build_object(
                   'groups', (SELECT coalesce(jsonb_agg(lead_scoring_internal.compile_row('rule_groups', NULL, to_jsonb(g)) ORDER BY g.name COLLATE "C"), '[]') FROM %1$I.rule_groups g),
                   'rules', lead_scoring_internal.with_ids($1, 'rules', lead_scoring_internal.compile_rules($1)),
                   'bands', (SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.axis COLLATE "C", b.min_points), '[]') FROM %1$I.bands b),
                   'stages', lead_scoring_internal.with_meaning($1, lead_scoring_internal.with_ids($1, 'stages', lead_scoring_internal.compile_stages($1))))
          FROM %1$I.settings s
        $query$, model) INTO definition USING model;
    -- A library that does not know these would pass over them.
    IF jsonb_path_exists(definition, '$.rules[*] ? (exists(@.at_least) || exists(@.quiet_for) || @.event_type == "*")') THEN
        definition := definition || '{"format": 3}';
    END IF;
    RETURN definition;
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.publish_draft(model text, note text, OUT version bigint, OUT published boolean)
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
    PERFORM lead_scoring_internal.keep_ids(model, s.section, draft -> s.section) FROM unnest('{rules,stages,entries,lead_types}'::text[]) s (section) WHERE draft ? s.section;
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
    PERFORM lead_scoring_internal.follow_names(model, version);
    PERFORM lead_scoring_internal.tell_what_stays_empty(model, draft);
    PERFORM lead_scoring_internal.tell_what_is_skipped(model, draft), lead_scoring_internal.tell_what_waits(model), lead_scoring_internal.tell_what_no_account_meets(model, draft);

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
    IF draft ? 'lead_account' THEN
        PERFORM lead_scoring_internal.make_account_index(model);
    END IF;
END
$$;

CREATE FUNCTION lead_scoring_internal.carry_over(model text, former bigint, version bigint) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_carry_over';
COMMENT ON FUNCTION lead_scoring_internal.carry_over IS 'Has the rows of scores of one version be of another, by which their cards are the same.';

CREATE FUNCTION lead_scoring_internal.publish_hours(model text, version bigint)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before jsonb;
    now CONSTANT jsonb := lead_scoring_internal.version_definition(model, version);
    leads text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition FROM %I.versions v WHERE v.version = $1', model) INTO before USING version - 1;
    IF before IS NULL OR EXISTS (SELECT FROM lead_scoring_internal.differences(before, now) d WHERE (d.what IN ('hours', 'holiday') OR d.field = 'working_time') IS NOT TRUE) THEN
        RETURN false;
    END IF;
    PERFORM lead_scoring_internal.carry_over(model, version - 1, version);
    EXECUTE format('SELECT array_agg(s.lead_id::text) FROM %I.scores s WHERE s.version <> $1 OR s.stage IN (SELECT d.stage ->> ''name'' FROM jsonb_array_elements($2 -> ''stages'') d (stage) WHERE d.stage ->> ''within'' IS NOT NULL)', model)
       INTO leads USING version, now;
    PERFORM lead_scoring_internal.settle_leads(model, coalesce(leads, '{}'));
    RETURN true;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.publish_hours IS 'Where a version differs from the one before in what is working time alone: has the leads go on by it, of which no card is computed anew, and those with a service level find out when it is over. False, and nothing is done, where it differs otherwise.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.publish(
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
        IF new_version = 1 THEN
            PERFORM lead_scoring_internal.rescore_now(model, 'replay');
        ELSIF NOT lead_scoring_internal.publish_hours(model, new_version) THEN
            PERFORM lead_scoring_internal.rescore_now(model, 'evaluate');
        END IF;
        PERFORM lead_scoring_internal.notice_types(model);
    END IF;
    -- What status columns show may be another stage now, or the same by another name.
    IF published AND (shown IS DISTINCT FROM lead_scoring_internal.shown_stages(model) OR NOT named <@ lead_scoring_internal.stage_columns(model)) THEN
        PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, false));
    END IF;
    RETURN new_version;
END
$$;

COMMENT ON FUNCTION lead_scoring.publish IS
'Makes the draft of a model the version that scores, and returns its number; an unchanged draft keeps the current one, with a notice. For the model''s owner only.
Leads, then events with their partitions, are locked against writing until the transaction ends. With rescore every lead is computed anew: the first version replays history, so that stages bear historic dates; later ones evaluate each lead once, as of now. Where nothing but working time is another than before, no card is computed, and leads whose service level counts in it find out when that is over. Moves that were due are made before, under the version that ends. Without it a lead is computed anew with its next event; with it, notices name the types of events that rules or stages wait for and that never came, where there are events.
Raises what the checks of rules and stages raise, 25000 at any isolation level but READ COMMITTED. Also 42P01, 42703 or 42804 where a table or column it reads has changed.';

-- What two definitions say differently: diff(), and whether the draft is what is published.
CREATE FUNCTION lead_scoring_internal.draft_definition(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sources CONSTANT jsonb := lead_scoring_internal.source_list(model);
    definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill($query$
        SELECT lead_scoring_internal.compile_row('settings', NULL, lead_scoring_internal.versioned_settings(to_jsonb(s)))
               || lead_scoring_internal.draft_touches($1) || lead_scoring_internal.draft_sources($1) || lead_scoring_internal.draft_leads($1)
               || lead_scoring_internal.draft_account_rules($1) || lead_scoring_internal.draft_calendar($1) || lead_scoring_internal.draft_entries($1) || lead_scoring_internal.draft_lead_types($1)
               || jsonb_build_object(
                   'groups', (SELECT jsonb_agg(lead_scoring_internal.compile_row('rule_groups', NULL, to_jsonb(g))) FROM {model}.rule_groups g),
                   'rules', (SELECT jsonb_agg(lead_scoring_internal.with_source($2, lead_scoring_internal.compile_row('rules', NULL, to_jsonb(r)))) FROM {model}.rules r
                              WHERE lead_scoring_internal.is_enabled(to_jsonb(r))),
                   'bands', (SELECT jsonb_agg(to_jsonb(b)) FROM {model}.bands b),
                   'stages', (SELECT jsonb_agg(lead_scoring_internal.with_hand_off(lead_scoring_internal.with_source($2, lead_scoring_internal.compile_row('stages', NULL, to_jsonb(s))))
                                               || jsonb_build_object('exit', lead_scoring_internal.stage_exit(s.name, s.kind, s.exit))) FROM {model}.stages s))
          FROM {model}.settings s
        $query$, jsonb_build_object('model', model)) INTO definition USING model, sources;
    RETURN definition;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_definition IS 'The draft in the form of a version''s definition, with expressions as they are typed, and with such ids only as are there. Nothing is checked or compiled.';

CREATE FUNCTION lead_scoring_internal.version_definition(model text, version bigint)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition FROM %I.versions v WHERE v.version = $1', model) INTO definition USING version;
    IF definition IS NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('version %s of model "%s" does not exist', coalesce(version::text, 'NULL'), model),
            'Versions are numbered from 1 as they are published.', format('SELECT version, published_at, note FROM lead_scoring.versions(%L);', model));
    END IF;
    RETURN definition;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.version_definition IS 'What a version of the model says. Raises 42704 for one that was never published.';

CREATE FUNCTION lead_scoring_internal.item_name(item jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(item ->> 'name', item ->> 'axis' || ' ' || (item ->> 'label'), item ->> 'weekday' || ' ' || (item ->> 'opens'), item ->> 'day')
$$;
COMMENT ON FUNCTION lead_scoring_internal.item_name IS 'What a part of a definition or of a document is called: its name, the axis and label of a band, the weekday and the beginning of hours, the day of a holiday.';

CREATE FUNCTION lead_scoring_internal.definition_rows(definition jsonb, with_sources boolean)
RETURNS TABLE (what text, entity text, id bigint, name text, fields jsonb) LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT i.what, i.entity, (i.item ->> 'id')::bigint, lead_scoring_internal.item_name(i.item),
       jsonb_strip_nulls((i.source || i.item || coalesce(i.item -> 'typed', '{}')) - '{id,typed,format}'::text[])
  FROM (SELECT k.what, k.entity, e.item,  -- where there is one, it has no name in the definition
               CASE WHEN with_sources AND e.item ->> 'event_type' IS NOT NULL THEN '{"source": "events"}' WHEN with_sources AND e.item ->> 'on_event' IS NOT NULL THEN '{"on_event_source": "events"}' ELSE '{}' END::jsonb AS source
          FROM (VALUES ('group', 'rule_groups', 'groups'), ('rule', 'rules', 'rules'), ('band', 'bands', 'bands'), ('stage', 'stages', 'stages'), ('source', 'sources', 'sources'), ('account rule', 'account_rules', 'account_rules'), ('hours', 'calendar', 'calendar'), ('holiday', 'holidays', 'holidays'),
                       ('entry', 'entries', 'entries'), ('lead type', 'lead_types', 'lead_types')) k (what, entity, section)
         CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(definition -> k.section) WHEN 'array' THEN definition -> k.section END) e (item)
        UNION ALL SELECT 'settings', 'settings', definition - '{groups,rules,bands,stages,sources,touches,account_rules,calendar,holidays,entries,lead_types}'::text[], '{}'
        UNION ALL SELECT 'touches', 'report_settings', coalesce(definition -> 'touches', '{}'), '{}') i
$$;
COMMENT ON FUNCTION lead_scoring_internal.definition_rows IS 'What a definition is made of, a row for each thing that has a name, and one for the settings and for what leads remember: its fields that are not NULL, expressions as they were typed; "entity" is the table of the draft. With "with_sources" each rule or stage on events names its source.';

CREATE FUNCTION lead_scoring_internal.field_text(entity text, field text, value jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
SELECT CASE WHEN EXISTS (SELECT FROM lead_scoring_internal.draft_fields f WHERE (f.entity, f.field, f.kind) = (field_text.entity, field_text.field, 'interval'))
            THEN to_jsonb(CASE jsonb_typeof(value) WHEN 'object' THEN make_interval(days => (value ->> 'days')::integer, secs => (value ->> 'seconds')::double precision)
                                                    ELSE lead_scoring_internal.span((value #>> '{}')::numeric) END) ELSE value END
$$;
COMMENT ON FUNCTION lead_scoring_internal.field_text IS 'The value of a field of a definition as it is typed: lengths of time in days and smaller units, where a definition has seconds.';

CREATE FUNCTION lead_scoring_internal.span(seconds numeric)
RETURNS interval LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT make_interval(days => div(seconds, 86400)::integer, secs => (seconds % 86400)::double precision)
$$;
COMMENT ON FUNCTION lead_scoring_internal.span IS 'An interval of so many seconds, in days and the rest.';

CREATE FUNCTION lead_scoring_internal.fields_text(entity text, fields jsonb)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{' || coalesce(string_agg(format('%s: %s', to_json(e.key), lead_scoring_internal.field_text(entity, e.key, e.value)), ', ' ORDER BY f.place, e.key COLLATE "C"), '') || '}'
  FROM jsonb_each(fields) e LEFT JOIN lead_scoring_internal.draft_fields f ON f.entity = fields_text.entity AND f.field = e.key
 WHERE f.kind IS DISTINCT FROM 'name'
$$;
COMMENT ON FUNCTION lead_scoring_internal.fields_text IS 'What a thing of a definition is besides its name, as JSON in the order of the table of the draft.';

CREATE FUNCTION lead_scoring_internal.differences(before jsonb, after jsonb)
RETURNS TABLE (what text, name text, field text, old text, new text) LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
WITH a AS MATERIALIZED (
    SELECT r.* FROM lead_scoring_internal.definition_rows(before, before ? 'sources' OR after ? 'sources') r
), drafted AS MATERIALIZED (
    SELECT r.* FROM lead_scoring_internal.definition_rows(after, before ? 'sources' OR after ? 'sources') r
), b AS (  -- what has no id yet is what was called so, as publish() has it
    SELECT r.what, r.entity, coalesce(r.id, (SELECT a.id FROM a WHERE a.what = r.what AND a.name = r.name AND NOT EXISTS (SELECT FROM drafted o WHERE o.what = a.what AND o.id = a.id))) AS id,
           r.name, r.fields
      FROM drafted r
), pair AS (
    SELECT coalesce(b.what, a.what) AS what, coalesce(b.entity, a.entity) AS entity, coalesce(b.name, a.name) AS name, a.fields AS old, b.fields AS new
      FROM a FULL JOIN b ON b.what = a.what AND coalesce(b.id::text, 'called ' || b.name, '') = coalesce(a.id::text, 'called ' || a.name, '')
     WHERE a.fields IS DISTINCT FROM b.fields
)
SELECT p.what, p.name, d.field, d.old, d.new
  FROM pair p
 CROSS JOIN LATERAL (
    SELECT NULL AS field, lead_scoring_internal.fields_text(p.entity, p.old) AS old, lead_scoring_internal.fields_text(p.entity, p.new) AS new, 0 AS place WHERE p.old IS NULL OR p.new IS NULL
    UNION ALL
    SELECT k.field, lead_scoring_internal.field_text(p.entity, k.field, p.old -> k.field) #>> '{}', lead_scoring_internal.field_text(p.entity, k.field, p.new -> k.field) #>> '{}', f.place
      FROM (SELECT jsonb_object_keys(p.old) UNION SELECT jsonb_object_keys(p.new)) k (field)
      LEFT JOIN lead_scoring_internal.draft_fields f ON f.entity = p.entity AND f.field = k.field
     WHERE p.old IS NOT NULL AND p.new IS NOT NULL AND p.old -> k.field IS DISTINCT FROM p.new -> k.field
       AND lead_scoring_internal.field_text(p.entity, k.field, p.old -> k.field) IS DISTINCT FROM lead_scoring_internal.field_text(p.entity, k.field, p.new -> k.field)) d
 ORDER BY array_position('{settings,touches,source,hours,holiday,group,rule,band,stage,account rule,entry,lead type}'::text[], p.what), p.name COLLATE "C", d.place, d.field COLLATE "C"
$$;
COMMENT ON FUNCTION lead_scoring_internal.differences IS 'What the second definition says otherwise than the first, as diff() has it.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.draft_differs(model text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    published CONSTANT jsonb := lead_scoring_internal.newest_definition(model);
BEGIN
    RETURN published IS NOT NULL AND EXISTS (SELECT FROM lead_scoring_internal.differences(published, lead_scoring_internal.draft_definition(model)));
END
$$;

CREATE FUNCTION lead_scoring.diff(model text, a bigint DEFAULT NULL, b bigint DEFAULT NULL)
RETURNS TABLE (what text, name text, field text, old text, new text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.diff(model text, a bigint, b bigint)
RETURNS TABLE (what text, name text, field text, old text, new text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    newest bigint;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT max(v.version) FROM %I.versions v', model) INTO newest;
    RETURN QUERY SELECT d.* FROM lead_scoring_internal.differences(
        CASE WHEN a IS NULL AND newest IS NULL THEN '{}' ELSE lead_scoring_internal.version_definition(model, coalesce(a, newest)) END,
        CASE WHEN b IS NULL THEN lead_scoring_internal.draft_definition(model) ELSE lead_scoring_internal.version_definition(model, b) END) d;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.diff IS 'Implements lead_scoring.diff, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.diff IS
'What version b of a model says otherwise than version a, a row a field: by default the draft otherwise than the current version, or, where nothing is published, than nothing.
"what" is settings, touches (what leads remember for reports), source, hours (of a weekday, by when they begin), holiday, group, rule, band, stage, account rule, entry or lead type, "name" which one, as b calls it; NULL for settings and touches. Rules, stages, entries and types of leads are told by their ids, so that another name is one row, of the field "name". What is there in one of the two only is a row whose field is NULL, with what it is as JSON in "old" or "new". Expressions are as they were typed, NULL stands for a field that is not set; of the draft nothing is checked. Comments and disabled rules are no part of what is compared.
Takes USAGE on the schema and SELECT on the tables of the draft and on "versions"; 42501 where row security limits the caller. Raises 42704 for an unknown model or version.';

-- The way back: the draft becomes what a version says.
CREATE FUNCTION lead_scoring_internal.write_draft_row(model text, relation text, name text, draft_row jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    places CONSTANT jsonb := jsonb_build_object('model', model, 'table', relation);
    wanted jsonb;
    existing jsonb;
    columns text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill('SELECT to_jsonb(n) FROM jsonb_populate_record(NULL::{model}.{table}, $1) n', places) INTO wanted USING draft_row;
    EXECUTE lead_scoring_internal.fill('SELECT to_jsonb(t) FROM {model}.{table} t WHERE t.name = $1', places) INTO existing USING name;
    SELECT string_agg(quote_ident(k), ', ' ORDER BY k COLLATE "C") INTO columns FROM jsonb_object_keys(draft_row) k WHERE existing IS NULL OR existing ->> k IS DISTINCT FROM wanted ->> k;
    IF existing IS NULL THEN
        EXECUTE lead_scoring_internal.fill('INSERT INTO {model}.{table} ({!columns}) SELECT {!columns} FROM jsonb_populate_record(NULL::{model}.{table}, $1)',
            places || jsonb_build_object('columns', columns)) USING draft_row;
    ELSIF columns IS NOT NULL THEN
        EXECUTE lead_scoring_internal.fill('UPDATE {model}.{table} SET ({!columns}) = (SELECT {!columns} FROM jsonb_populate_record(NULL::{model}.{table}, $1)) WHERE name = $2',
            places || jsonb_build_object('columns', columns)) USING draft_row, name;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.write_draft_row IS 'Gives the row of that name of a table of the draft these values, or makes it; does nothing where it has them, letter by letter.';

CREATE FUNCTION lead_scoring_internal.write_rows(model text, relation text, items jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    places CONSTANT jsonb := jsonb_build_object('model', model, 'table', relation);
    item record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill('DELETE FROM {model}.{table} d WHERE NOT EXISTS (SELECT FROM jsonb_populate_recordset(NULL::{model}.{table}, $1) n WHERE to_jsonb(n)::text = to_jsonb(d)::text)', places) USING items;
    FOR item IN EXECUTE lead_scoring_internal.fill('SELECT i.item FROM jsonb_array_elements($1) WITH ORDINALITY i (item, place) CROSS JOIN jsonb_populate_record(NULL::{model}.{table}, i.item) n
                 WHERE NOT EXISTS (SELECT FROM {model}.{table} d WHERE to_jsonb(n)::text = to_jsonb(d)::text) ORDER BY i.place', places) USING items LOOP
        PERFORM lead_scoring_internal.insert_draft_row(model, relation, item.item);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.write_rows IS 'Makes the rows of a table of the draft, which are all that they say, these and no others; those that are there stay.';

CREATE FUNCTION lead_scoring_internal.restored_row(entity text, item jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_object_agg(f.field, CASE WHEN f.kind = 'source' AND item ->> f.field = '*' THEN 'null' ELSE lead_scoring_internal.field_text(entity, f.field, (item || coalesce(item -> 'typed', '{}')) -> f.field) END)
  FROM lead_scoring_internal.draft_fields f WHERE f.entity = restored_row.entity AND item ? f.field
$$;
COMMENT ON FUNCTION lead_scoring_internal.restored_row IS 'The row of a table of the draft that says what a part of a definition does, expressions as they were typed.';

CREATE FUNCTION lead_scoring_internal.load_named(model text, relation text, items jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    places CONSTANT jsonb := jsonb_build_object('model', model, 'table', relation);
    former jsonb;
    source jsonb := '{}';
    wanted jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- Two may have changed names. What waits disabled is no part of any version.
    EXECUTE lead_scoring_internal.fill('WITH gone AS (DELETE FROM {model}.{table} t
              WHERE lead_scoring_internal.is_enabled(to_jsonb(t)) OR EXISTS (SELECT FROM jsonb_array_elements($1) i (item) WHERE (i.item ->> ''id'')::integer = t.id OR i.item ->> ''name'' = t.name)
              RETURNING t.name, t.id, t.comment) SELECT coalesce(jsonb_agg(to_jsonb(g)), ''[]'') FROM gone g', places) INTO former USING items;
    FOR wanted IN SELECT i.item FROM jsonb_array_elements(items) WITH ORDINALITY i (item, place) ORDER BY i.place LOOP
        -- A version of a time when there was one source does not name it.
        IF relation = 'rules' AND NOT wanted ? 'source' AND wanted ->> 'event_type' IS NOT NULL AND EXISTS (SELECT FROM lead_scoring_internal.source_tables(model)) THEN
            source := '{"source": "events"}';
        ELSIF relation IN ('stages', 'entries') AND NOT wanted ? 'on_event_source' AND wanted ->> 'on_event' IS NOT NULL AND EXISTS (SELECT FROM lead_scoring_internal.source_tables(model)) THEN
            source := '{"on_event_source": "events"}';
        ELSE
            source := '{}';
        END IF;
        PERFORM lead_scoring_internal.write_draft_row(model, relation, wanted ->> 'name', lead_scoring_internal.restored_row(relation, wanted) || source || jsonb_build_object('comment',
            (SELECT f.item -> 'comment' FROM jsonb_array_elements(former) f (item) WHERE f.item -> 'id' = wanted -> 'id' OR f.item -> 'name' = wanted -> 'name' ORDER BY f.item -> 'id' = wanted -> 'id' DESC LIMIT 1)));
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.load_named IS 'Has the rules, stages, entries or types of leads of the draft be these of a definition, with their ids, the comments staying where they are, and disabled rules as well.';

CREATE FUNCTION lead_scoring_internal.load_touches(model text, definition jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touches CONSTANT jsonb := definition -> 'touches';
    drafted CONSTANT jsonb := lead_scoring_internal.draft_touches(model) -> 'touches';
    source jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF touches IS NULL AND drafted IS NOT NULL THEN
        PERFORM lead_scoring_internal.change_report_settings(model, '{"max_touches": 0}');
    ELSIF touches IS DISTINCT FROM drafted THEN
        PERFORM lead_scoring_internal.change_report_settings(model, jsonb_build_object('max_touches', touches -> 'max_touches', 'event_asset', touches -> 'asset',
            'event_channel', nullif(touches -> 'channel', touches -> 'campaign')));
    END IF;
    FOR source IN SELECT d.item FROM jsonb_array_elements(definition -> 'sources') d (item)
                   WHERE d.item <> ALL (ARRAY(SELECT s.item FROM jsonb_array_elements(lead_scoring_internal.draft_sources(model) -> 'sources') s (item))) LOOP
        EXECUTE format('UPDATE %I.sources SET time_zone = $2, event_id = $3 WHERE name = $1', model) USING source ->> 'name', source ->> 'time_zone', source ->> 'event_id';
        IF source ? 'channel' THEN
            EXECUTE format('UPDATE %I.sources SET event_channel = $2, event_asset = $3 WHERE name = $1', model)
              USING source ->> 'name', nullif(source ->> 'channel', source ->> 'campaign'), source ->> 'asset';
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.load_touches IS 'Has what leads remember, and what is versioned of sources that are there, be what a definition says.';

CREATE FUNCTION lead_scoring_internal.draft_is_loaded(model text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_draft_is_loaded';
COMMENT ON FUNCTION lead_scoring_internal.draft_is_loaded IS 'Has no notice say at the end of the transaction that the draft is not what is published any more: whoever made it so knows.';

CREATE FUNCTION lead_scoring.load_draft(model text, version bigint)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.load_draft(model text, version bigint)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
    definition CONSTANT jsonb := lead_scoring_internal.version_definition(model, version);
    item jsonb;
    section text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.upgrade_model(model), lead_scoring_internal.draft_is_loaded(model);
    EXECUTE lead_scoring_internal.fill('UPDATE {model}.settings SET ({!columns}) = (SELECT {!columns} FROM jsonb_populate_record(NULL::{model}.settings, $1))', jsonb_build_object('model', model,
        'columns', (SELECT string_agg(quote_ident(f.field), ', ' ORDER BY f.place) FROM lead_scoring_internal.draft_fields f
                     WHERE f.entity = 'settings' AND f.kind NOT IN ('state', 'switch') AND (NOT f.is_owners OR f.kind IN ('draft column', 'condition', 'key expression')))))
      USING lead_scoring_internal.restored_row('settings', definition);
    PERFORM lead_scoring_internal.load_named(model, 'stages', definition -> 'stages');
    FOREACH section IN ARRAY '{bands,calendar,holidays}'::text[] LOOP
        PERFORM lead_scoring_internal.write_rows(model, section, coalesce(definition -> section, '[]'));
    END LOOP;
    FOR item IN SELECT g.item FROM jsonb_array_elements(definition -> 'groups') g (item) LOOP
        PERFORM lead_scoring_internal.write_draft_row(model, 'rule_groups', item ->> 'name', item);
    END LOOP;
    PERFORM lead_scoring_internal.load_named(model, 'rules', definition -> 'rules'),
            lead_scoring_internal.load_named(model, s.section, coalesce(definition -> s.section, '[]')) FROM unnest('{entries,lead_types}'::text[]) s (section);
    EXECUTE format('DELETE FROM %1$I.rule_groups g WHERE NOT EXISTS (SELECT FROM %1$I.rules r WHERE r.rule_group = g.name)
                       AND NOT EXISTS (SELECT FROM jsonb_array_elements($1) i (item) WHERE i.item ->> ''name'' = g.name)', model) USING definition -> 'groups';
    PERFORM lead_scoring_internal.load_touches(model, definition);
    EXECUTE format('DELETE FROM %I.account_rules a WHERE NOT EXISTS (SELECT FROM jsonb_array_elements($1) i (item) WHERE i.item ->> ''name'' = a.name)', model) USING coalesce(definition -> 'account_rules', '[]');
    FOR item IN SELECT a.item FROM jsonb_array_elements(definition -> 'account_rules') a (item) LOOP
        PERFORM lead_scoring_internal.write_draft_row(model, 'account_rules', item ->> 'name', lead_scoring_internal.restored_row('account_rules', item));
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.load_draft IS 'Implements lead_scoring.load_draft, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.load_draft IS
'Makes the draft of a model what one of its versions says, so that publish() puts it in force again: groups, rules, bands, stages, account rules, working time, entries and types of leads, those that have ids with them, expressions as they were typed, and of the settings what is versioned. What the draft said otherwise is lost; comments stay, and so do disabled rules, which are no part of a version, with their groups; but one that has the name or id of a rule of the version becomes that rule, enabled. No notice tells it, nor that the draft is not what is published: diff() shows what is. Nothing is published, and nothing happens to leads, their stages or their history. Bindings, such as tables, columns and sources, stay what they are: a rule that names a source which is no more, or a column, is refused when the transaction ends, as it is by publish().
For the model''s owner only. A model of an older format is upgraded. Raises 42704 for an unknown model or version, and at the end of the transaction what publish() raises.';

-- A model as a document: what it is bound to, its draft and what its reports are told. See the view document_fields.
CREATE FUNCTION lead_scoring_internal.draft_defaults(entity text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    defaults jsonb;
BEGIN
    EXECUTE (SELECT format('SELECT jsonb_build_object(%s)', string_agg(format('%L, %s', a.attname, pg_get_expr(d.adbin, d.adrelid)), ', '))
               FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
              WHERE d.adrelid = format('lead_scoring_internal.%I', entity)::regclass) INTO defaults;
    RETURN defaults;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_defaults IS 'The defaults that the columns of a table of the draft have, but for NULL.';

CREATE FUNCTION lead_scoring_internal.document_object(section text, entity text, draft_row jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(string_agg(format('%s: %s', to_json(f.key), draft_row -> f.field), ', ' ORDER BY f.place), '')
  FROM lead_scoring_internal.document_fields f CROSS JOIN lead_scoring_internal.draft_defaults(document_object.entity) d (defaults)
 WHERE f.section = document_object.section AND f.entity = document_object.entity AND draft_row ? f.field AND draft_row -> f.field <> coalesce(d.defaults -> f.field, 'null')
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_object IS 'What a row of a table of the draft says in a section of the document, without what is its default, as the inside of a JSON object.';

CREATE FUNCTION lead_scoring_internal.document_list(key text, items text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%s: [%s]', to_json(key), (SELECT E'\n    ' || string_agg('{' || i.item || '}', E',\n    ' ORDER BY i.place) || E'\n  ' FROM unnest(items) WITH ORDINALITY i (item, place)))
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_list IS 'A section of the document that is a list, an item a line.';

CREATE FUNCTION lead_scoring_internal.renamed_stages(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT jsonb_object_agg(p.stage ->> ''name'', d.name) FROM jsonb_array_elements(lead_scoring_internal.newest_stages($1)) p (stage) JOIN %I.stages d ON d.id = (p.stage ->> ''id'')::integer
                     WHERE d.name <> p.stage ->> ''name''', model) INTO renamed USING model;
    RETURN coalesce(renamed, '{}');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.renamed_stages IS 'The stages of the newest version that the draft calls otherwise, with their new names, which publish() gives to all that goes by the old ones.';

CREATE FUNCTION lead_scoring.export_model(model text)
RETURNS json LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.export_model(model text)
RETURNS json LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres SET extra_float_digits = 1
AS $$
DECLARE
    settings jsonb := lead_scoring_internal.settings_row(model);
    renamed CONSTANT jsonb := lead_scoring_internal.renamed_stages(model);
    reports jsonb;
    sources text[];
    groups text[];
    rules text[];
    bands text[];
    working_time CONSTANT jsonb := lead_scoring_internal.draft_calendar(model);
    stages text[];
    account_rules text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO reports;
    -- Reports and status columns go by the published names, as publish() has them follow: follow_names.
    reports := reports || (SELECT coalesce(jsonb_object_agg(f.field, renamed -> (reports ->> f.field)), '{}') FROM lead_scoring_internal.document_fields f
                            WHERE f.entity = 'report_settings' AND f.kind = 'stage' AND renamed ? (reports ->> f.field));
    settings := settings || jsonb_build_object('status_columns', (SELECT coalesce(jsonb_object_agg(coalesce(renamed ->> s.stage || '_at', e.key), e.value), '{}')
        FROM jsonb_each(settings -> 'status_columns') e
       CROSS JOIN LATERAL (SELECT CASE WHEN e.key LIKE '%\_at' AND left(e.key, -3) <> ALL (lead_scoring_internal.meanings()) THEN left(e.key, -3) END) s (stage)));
    IF EXISTS (SELECT FROM lead_scoring_internal.source_tables(model)) THEN
        EXECUTE format('SELECT array_agg(lead_scoring_internal.document_object(''sources'', ''sources'', to_jsonb(s)) ORDER BY s.name COLLATE "C") FROM %I.sources s', model) INTO sources;
    END IF;
    EXECUTE lead_scoring_internal.fill($query$
        SELECT (SELECT array_agg(lead_scoring_internal.document_object('groups', 'rule_groups', to_jsonb(g)) ORDER BY g.name COLLATE "C") FROM {model}.rule_groups g),
               (SELECT array_agg(lead_scoring_internal.document_object('rules', 'rules', to_jsonb(r)) ORDER BY r.name COLLATE "C") FROM {model}.rules r),
               (SELECT array_agg(lead_scoring_internal.document_object('bands', 'bands', to_jsonb(b)) ORDER BY b.axis COLLATE "C", b.min_points) FROM {model}.bands b),
               (SELECT array_agg(lead_scoring_internal.document_object('stages', 'stages', to_jsonb(s)) ORDER BY s.rank, s.name COLLATE "C") FROM {model}.stages s)
        $query$, jsonb_build_object('model', model)) INTO groups, rules, bands, stages;
    IF to_regclass(format('%I.account_rules', model)) IS NOT NULL THEN
        EXECUTE format('SELECT array_agg(lead_scoring_internal.document_object(''account_rules'', ''account_rules'', to_jsonb(a)) ORDER BY a.name COLLATE "C") FROM %I.account_rules a', model) INTO account_rules;
    END IF;
    RETURN format(E'{\n  %s\n}', concat_ws(E',\n  ',
        lead_scoring_internal.document_object('model', 'settings', settings),
        lead_scoring_internal.document_list('sources', ('"name": "events", ' || lead_scoring_internal.document_object('sources', 'settings', settings)) || sources),
        format('"identities": {%s}', lead_scoring_internal.document_object('identities', 'settings', settings)),
        format('"settings": {%s}', lead_scoring_internal.document_object('settings', 'settings', settings)),
        lead_scoring_internal.document_list('calendar', ARRAY(SELECT lead_scoring_internal.document_object('calendar', 'calendar', i.item) FROM jsonb_array_elements(working_time -> 'calendar') WITH ORDINALITY i (item, place) ORDER BY i.place)),
        lead_scoring_internal.document_list('holidays', ARRAY(SELECT lead_scoring_internal.document_object('holidays', 'holidays', i.item) FROM jsonb_array_elements(working_time -> 'holidays') WITH ORDINALITY i (item, place) ORDER BY i.place)),
        lead_scoring_internal.document_list('groups', groups), lead_scoring_internal.document_list('rules', rules),
        lead_scoring_internal.document_list('bands', bands), lead_scoring_internal.document_list('stages', stages),
        lead_scoring_internal.document_list('account_rules', account_rules),
        lead_scoring_internal.document_list('entries', (SELECT array_agg(lead_scoring_internal.document_object('entries', 'entries', e.item) ORDER BY e.item ->> 'name' COLLATE "C")
                                                          FROM lead_scoring_internal.rows_of(model, 'entries') e (item))),
        lead_scoring_internal.document_list('lead_types', (SELECT array_agg(lead_scoring_internal.document_object('lead_types', 'lead_types', t.item) ORDER BY (t.item ->> 'rank')::integer, t.item ->> 'name' COLLATE "C")
                                                             FROM lead_scoring_internal.rows_of(model, 'lead_types') t (item))),
        format('"reports": {%s}', lead_scoring_internal.document_object('reports', 'report_settings', reports))));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.export_model IS 'Implements lead_scoring.export_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.export_model IS
'The model as a document, for apply_model(), version control or another database: what it is bound to, the settings, working time, groups, rules, bands, stages, account rules, entries and types of leads of its draft, and what its reports are told, in the order of the manual and of names, so that what is the same is so letter by letter. Fields that have their default are left out, expressions are as they were typed, lengths of time as in ''1 day 12:00:00''. Ids, versions and leads are no part of it.
Takes USAGE on the schema and SELECT on the tables of the draft; 42501 where row security limits the caller. Raises 42704 for an unknown model.';

-- A document in one's own words: types of events and columns that are called otherwise, tables of other names.
CREATE FUNCTION lead_scoring_internal.column_names(expression text)
RETURNS TABLE (place integer, length integer, name text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'lead_scoring_column_names';
COMMENT ON FUNCTION lead_scoring_internal.column_names IS 'What is a column in an expression, each as the server folds it, with its first character, from 1, and how many there are: the last name of each that the server''s grammar takes for a column. Raises 42601 where it is none.';

CREATE FUNCTION lead_scoring_internal.expression_in_own_words(INOUT expression text, words jsonb, OUT missing text)
LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    typed CONSTANT text := expression;
    found record;
BEGIN
    FOR found IN SELECT n.* FROM lead_scoring_internal.column_names(typed) n WHERE words ? n.name ORDER BY n.place DESC LOOP
        IF words ->> found.name IS NULL THEN
            expression := typed;
            missing := found.name;
            RETURN;
        END IF;
        expression := overlay(expression PLACING quote_ident(words ->> found.name) FROM found.place FOR found.length);
    END LOOP;
EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_exception OR feature_not_supported THEN  -- who compiles it tells what and where
    expression := typed;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.expression_in_own_words IS 'An expression with columns as "words" has them; as it was where it cannot be parsed, or where "missing" has nothing instead.';

CREATE FUNCTION lead_scoring_internal.in_own_words(kind text, value jsonb, words jsonb, OUT translated jsonb, OUT missing text)
LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expression text := value #>> '{}';
    entry record;
BEGIN
    translated := value;
    IF kind IN ('event type', 'column', 'draft column') AND words ? expression THEN
        translated := words -> expression;
        missing := CASE WHEN translated = 'null' THEN expression END;
    ELSIF kind IN ('condition', 'number expression', 'key expression') THEN
        SELECT to_jsonb(w.expression), w.missing INTO translated, missing FROM lead_scoring_internal.expression_in_own_words(expression, words) w;
    ELSIF kind IN ('columns', 'key expressions') THEN
        translated := '{}';
        FOR entry IN SELECT e.key, w.translated, w.missing FROM jsonb_each(value) e
                      CROSS JOIN LATERAL lead_scoring_internal.in_own_words(CASE kind WHEN 'columns' THEN 'column' ELSE 'key expression' END, e.value, words) w LOOP
            IF entry.missing IS NOT NULL THEN
                missing := entry.missing;
            ELSE
                translated := translated || jsonb_build_object(entry.key, entry.translated);
            END IF;
        END LOOP;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.in_own_words IS 'A value of a document with event types and columns as "words" has them, by the kind of its field. "missing" is a word that has nothing instead; then the value is as it was, or, of several, without that one.';

CREATE FUNCTION lead_scoring_internal.item_in_own_words(path text, section text, item jsonb, words jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    field record;
BEGIN
    FOR field IN SELECT f.key, w.* FROM (SELECT d.key, d.kind, min(d.place) AS place FROM lead_scoring_internal.document_fields d WHERE d.section = item_in_own_words.section AND item ? d.key GROUP BY 1, 2) f
                 CROSS JOIN LATERAL lead_scoring_internal.in_own_words(f.kind, item -> f.key, words) w WHERE w.missing IS NOT NULL OR w.translated <> item -> f.key ORDER BY f.place LOOP
        IF NOT item ? field.key THEN  -- left out with another
            CONTINUE;
        END IF;
        IF field.missing IS NULL OR jsonb_typeof(field.translated) = 'object' THEN
            item := item || jsonb_build_object(field.key, field.translated);
        ELSIF section = 'rules' THEN
            item := item || '{"enabled": false}';
        ELSIF field.key LIKE 'on\_event%' THEN
            item := item - '{on_event,on_event_condition,on_event_source}'::text[];
        ELSE
            item := item - field.key;
        END IF;
        IF field.missing IS NOT NULL THEN
            RAISE NOTICE USING MESSAGE = CASE WHEN section = 'rules' THEN format('rule "%s" is disabled: there is no "%s"', item ->> 'name', field.missing)
                                              ELSE format('%s.%s is left out: there is no "%s"', path, field.key, field.missing) END;
        END IF;
    END LOOP;
    RETURN item;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.item_in_own_words IS 'An object of a document in one''s own words. A rule that needs what there is not is disabled, any other field that does is left out, with a notice.';

CREATE FUNCTION lead_scoring_internal.document_in_own_words(document jsonb, words jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN words = '{}' THEN document ELSE lead_scoring_internal.item_in_own_words('definition', 'model', document, words)
       || coalesce((SELECT jsonb_object_agg(s.key, CASE WHEN jsonb_typeof(s.value) = 'object' THEN lead_scoring_internal.item_in_own_words(s.key, s.key, s.value, words)
                             ELSE (SELECT coalesce(jsonb_agg(lead_scoring_internal.item_in_own_words(format('%s[%s]', s.key, i.place - 1), s.key, i.item, words) ORDER BY i.place), '[]')
                                     FROM jsonb_array_elements(s.value) WITH ORDINALITY i (item, place)) END)
                      FROM jsonb_each(document) s WHERE jsonb_typeof(s.value) IN ('object', 'array')), '{}') END
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_in_own_words IS 'A document with its event types and columns as "words" has them.';

CREATE FUNCTION lead_scoring_internal.with_tables(document jsonb, tables jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT document || jsonb_strip_nulls(jsonb_build_object('leads', tables -> 'leads'))
       || CASE WHEN document ? 'sources' THEN jsonb_build_object('sources', (
              SELECT jsonb_agg(i.item || jsonb_strip_nulls(jsonb_build_object('events', tables -> (i.item ->> 'name'))) ORDER BY i.place)
                FROM jsonb_array_elements(document -> 'sources') WITH ORDINALITY i (item, place))) ELSE '{}' END
       || CASE WHEN tables ? 'identities' THEN jsonb_build_object('identities', document -> 'identities' || jsonb_build_object('identities', tables -> 'identities')) ELSE '{}' END
       || CASE WHEN tables ?| '{spend,revenue}' THEN jsonb_build_object('reports', document -> 'reports'
              || jsonb_strip_nulls(jsonb_build_object('spend_table', tables -> 'spend', 'revenue_table', tables -> 'revenue'))) ELSE '{}' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_tables IS 'A document with these tables instead of those that it names.';

-- What a document is refused for, before anything is looked at but itself. Paths are as in JSON: rules[0] is the first.
CREATE FUNCTION lead_scoring_internal.json_type(type text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE type WHEN 'string' THEN 'a text' WHEN 'number' THEN 'a number' WHEN 'boolean' THEN 'true or false' WHEN 'object' THEN 'an object' WHEN 'array' THEN 'a list' ELSE 'null' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.json_type IS 'What errors call a type of JSON.';

CREATE FUNCTION lead_scoring_internal.require_json(path text, value jsonb, type text, example text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(value) <> type THEN
        PERFORM lead_scoring_internal.fail('42804', format('%s is %s instead of %s', path, lead_scoring_internal.json_type(jsonb_typeof(value)), lead_scoring_internal.json_type(type)),
            format('It is %s.', left(value::text, 70)), format('For example %s.', example));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_json IS 'Raises 42804 unless the value at that path of a document is of that type of JSON.';

CREATE FUNCTION lead_scoring_internal.require_known_key(path text, object jsonb, known text[])
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown CONSTANT text := (SELECT k FROM jsonb_object_keys(object) k WHERE k <> ALL (known) ORDER BY k COLLATE "C" LIMIT 1);
    nearest CONSTANT text := lead_scoring_internal.nearest_name(unknown, known);
BEGIN
    IF unknown IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42703', format('%s has an unknown field "%s"', path, unknown), format('Its fields are %s.', array_to_string(known, ', ')),
            CASE WHEN nearest IS NULL THEN 'Leave it out.' ELSE format('Write "%s".', nearest) END);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_known_key IS 'Raises 42703, with the nearest one, for a field of an object that is none of these.';

CREATE FUNCTION lead_scoring_internal.example_of(kind text, key text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE key WHEN 'label' THEN '"A"' WHEN 'axis' THEN '"fit"' WHEN 'weekday' THEN '"monday"' WHEN 'opens' THEN '"09:00"' WHEN 'day' THEN '"2027-01-01"' WHEN 'decay' THEN '"none"' WHEN 'limit_window' THEN '"day"' WHEN 'exit' THEN '"score"' WHEN 'counts_as' THEN '"mql"'
                WHEN 'week_starts' THEN '"monday"' WHEN 'lead_account' THEN '"company"' WHEN 'kind' THEN '"engagement"' ELSE
       CASE kind WHEN 'interval' THEN '"14 days"' WHEN 'points' THEN '10' WHEN 'number' THEN '3' WHEN 'share' THEN '0.25' WHEN 'switch' THEN 'false' WHEN 'flag' THEN 'true' WHEN 'time' THEN '"17:00"' WHEN 'grades' THEN '["A1", "A2"]'
                 WHEN 'rules' THEN '{"webinar": 1}' WHEN 'columns' THEN '{"stage": "lead_stage"}' WHEN 'key expressions' THEN '{"country": "country"}'
                 WHEN 'condition of features' THEN '"score >= 80"' WHEN 'condition' THEN '"country = ''NZ''"' WHEN 'table' THEN '"public.leads"' WHEN 'column' THEN '"lead_id"' WHEN 'time zone' THEN '"Europe/Berlin"' WHEN 'group' THEN '"engagement"' ELSE '"webinar"' END END
$$;
COMMENT ON FUNCTION lead_scoring_internal.example_of IS 'What a field of that kind and name may be in a document.';

CREATE FUNCTION lead_scoring_internal.example_of_section(section text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE section WHEN 'sources' THEN '{"name": "events", "events": "public.events"}' WHEN 'groups' THEN '{"name": "engagement", "kind": "engagement"}'
                    WHEN 'rules' THEN '{"name": "webinar", "event_type": "webinar", "points": 20}' WHEN 'bands' THEN '{"axis": "fit", "label": "A", "min_points": 10}' WHEN 'stages' THEN '{"name": "lead"}' WHEN 'account_rules' THEN '{"name": "buying group", "people": 3}'
                    WHEN 'calendar' THEN '{"weekday": "monday", "opens": "09:00", "closes": "17:00"}' WHEN 'holidays' THEN '{"day": "2027-01-01"}'
                    WHEN 'entries' THEN '{"name": "demo", "stage": "mql", "on_event": "demo_request"}' WHEN 'lead_types' THEN '{"name": "hot", "condition": "score >= 80"}'
                    WHEN 'identities' THEN '{"identities": "public.identities", "anonymous": "visitor", "lead": "lead_id"}' WHEN 'settings' THEN '{"time_zone": "Europe/Berlin"}'
                    WHEN 'reports' THEN '{"week_starts": "monday"}' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.example_of_section IS 'What a section of a document, or an item of one that is a list, may be.';

CREATE FUNCTION lead_scoring_internal.check_document_object(path text, section text, item jsonb, of text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
    known text[];
    field record;
BEGIN
    PERFORM lead_scoring_internal.require_json(path, item, 'object', concat(CASE path WHEN section THEN format('"%s": ', section) END, lead_scoring_internal.example_of_section(section)));
    SELECT array_agg(f.key ORDER BY f.place) INTO known FROM lead_scoring_internal.document_fields f WHERE f.section = check_document_object.section AND f.entity = coalesce(of, f.entity);
    PERFORM lead_scoring_internal.require_known_key(path, item, CASE WHEN section IN ('rules', 'stages', 'entries', 'lead_types') THEN known || 'formerly'::text WHEN of = 'settings' THEN 'name'::text || known ELSE known END);
    FOR field IN SELECT f.key, f.kind, f.type, item -> f.key AS value, format_type(a.atttypid, a.atttypmod) AS column_type
                   FROM lead_scoring_internal.document_fields f
                   JOIN pg_attribute a ON a.attrelid = format('lead_scoring_internal.%I', f.entity)::regclass AND a.attname = f.field
                  WHERE f.section = check_document_object.section AND f.entity = coalesce(of, f.entity) AND coalesce(item -> f.key, 'null') <> 'null' ORDER BY f.place LOOP
        PERFORM lead_scoring_internal.require_json(format('%s.%s', path, field.key), field.value, field.type, format('"%s": %s', field.key, lead_scoring_internal.example_of(field.kind, field.key)));
        IF field.kind IN ('interval', 'points', 'number', 'share', 'time') OR field.key IN ('opens', 'day') THEN
            BEGIN
                EXECUTE format('SELECT ($1 #>> ''{}'')::%s', field.column_type) USING field.value;
            EXCEPTION WHEN data_exception THEN
                PERFORM lead_scoring_internal.fail('22023', format('%s.%s cannot be %s', path, field.key, left(field.value::text, 70)), format('The field has type %s.', field.column_type),
                    format('For example "%s": %s.', field.key, lead_scoring_internal.example_of(field.kind, field.key)));
            END;
        ELSIF field.kind = 'name' AND field.value = '""' THEN
            PERFORM lead_scoring_internal.fail('22023', format('%s.%s is empty', path, field.key), 'By it the rest is known.', format('For example "%s": %s.', field.key, lead_scoring_internal.example_of('name', field.key)));
        END IF;
    END LOOP;
    FOR field IN SELECT k.key FROM unnest(CASE WHEN of = 'settings' THEN '{name}'::text[]
                                               ELSE ARRAY(SELECT f.key FROM lead_scoring_internal.document_fields f WHERE f.section = check_document_object.section AND f.kind = 'name' ORDER BY f.place) END) k (key)
                  WHERE coalesce(item -> k.key, 'null') = 'null' LOOP
        PERFORM lead_scoring_internal.fail('22004', format('%s has no %s', path, field.key), 'By it the rest is known.', format('For example "%s": %s.', field.key, lead_scoring_internal.example_of('name', field.key)));
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_document_object IS 'Raises what is wrong with an object of a document by itself: 42804 for what is none, or a field of another type of JSON, 42703 for an unknown field, 22023 for a value that the field cannot have, 22004 for one without a name. Of two tables that a section is made of, "of" is the one meant.';

CREATE FUNCTION lead_scoring_internal.check_document_names(section text, items jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    twice record;
BEGIN
    WITH named AS (
        SELECT i.place - 1 AS place, n.name, n.path
          FROM jsonb_array_elements(items) WITH ORDINALITY i (item, place)
         CROSS JOIN LATERAL (
            SELECT lead_scoring_internal.item_name(i.item) AS name, format('%s[%s]', section, i.place - 1) AS path
            UNION ALL SELECT f.name, format('%s[%s].formerly[%s]', section, i.place - 1, f.place - 1)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(i.item -> 'formerly') WHEN 'array' THEN i.item -> 'formerly' END) WITH ORDINALITY f (name, place)) n
    )
    SELECT b.name, a.path AS first, b.path AS second INTO twice FROM named a JOIN named b ON b.name = a.name AND (b.place, b.path COLLATE "C") > (a.place, a.path COLLATE "C")
     ORDER BY b.place, b.path COLLATE "C", a.place LIMIT 1;
    IF twice.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42710', format('%s and %s are both called "%s"', twice.first, twice.second, twice.name),
            'A name is that of one, and was that of one.', CASE WHEN twice.first || twice.second LIKE '%formerly%' THEN 'Leave the former name out.' ELSE 'Give one of them another name.' END);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_document_names IS 'Raises 42710 where two items of a list are called the same, or were.';

CREATE FUNCTION lead_scoring_internal.check_document(document jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lists CONSTANT text[] := '{sources,calendar,holidays,groups,rules,bands,stages,account_rules,entries,lead_types}';
    objects CONSTANT text[] := '{identities,settings,reports}';
    section record;
    item record;
    former record;
BEGIN
    IF document IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'the definition is NULL', 'It is a document as export_model() makes it.', 'Pass what export_model() made of another model, or a definition of templates().');
    END IF;
    PERFORM lead_scoring_internal.require_json('the definition', document, 'object', format('{"rules": [%s]}', lead_scoring_internal.example_of_section('rules'))),
            lead_scoring_internal.require_known_key('the definition', document, '{leads,lead_key}'::text[] || lists || objects),
            lead_scoring_internal.require_json(k, document -> k, 'string', format('"%s": %s', k, CASE k WHEN 'leads' THEN '"public.leads"' ELSE '"id"' END))
       FROM unnest('{leads,lead_key}'::text[]) k;
    FOR section IN SELECT k.key, document -> k.key AS value FROM unnest(lists || objects) WITH ORDINALITY k (key, place) WHERE document ? k.key ORDER BY k.place LOOP
        IF section.key = ANY (objects) THEN
            PERFORM lead_scoring_internal.check_document_object(section.key, section.key, section.value);
            CONTINUE;
        END IF;
        PERFORM lead_scoring_internal.require_json(section.key, section.value, 'array', format('"%s": [%s]', section.key, lead_scoring_internal.example_of_section(section.key)));
        FOR item IN SELECT i.item, format('%s[%s]', section.key, i.place - 1) AS path FROM jsonb_array_elements(section.value) WITH ORDINALITY i (item, place) ORDER BY i.place LOOP
            PERFORM lead_scoring_internal.check_document_object(item.path, section.key, item.item,
                CASE WHEN section.key <> 'sources' THEN NULL WHEN jsonb_typeof(item.item) = 'object' AND item.item ->> 'name' = 'events' THEN 'settings' ELSE 'sources' END);
            IF item.item ? 'formerly' THEN
                PERFORM lead_scoring_internal.require_json(item.path || '.formerly', item.item -> 'formerly', 'array', '"formerly": ["seminar"]');
                PERFORM lead_scoring_internal.require_json(format('%s.formerly[%s]', item.path, f.place - 1), f.name, 'string', '"formerly": ["seminar"]')
                   FROM jsonb_array_elements(item.item -> 'formerly') WITH ORDINALITY f (name, place);
            END IF;
        END LOOP;
        PERFORM lead_scoring_internal.check_document_names(section.key, section.value);
        IF section.key = 'stages' AND NOT EXISTS (SELECT FROM jsonb_array_elements(section.value) s (item) WHERE coalesce(s.item ->> 'kind', 'progress') = 'progress') THEN
            PERFORM lead_scoring_internal.fail('55000', 'stages have none of kind progress', 'Every lead starts in the lowest one.', 'Add {"name": "lead"} to stages.');
        END IF;
        IF section.key = 'sources' AND section.value -> 0 ->> 'name' IS DISTINCT FROM 'events' THEN
            PERFORM lead_scoring_internal.fail('22023', 'sources do not begin with "events"', 'The first source is the table of events that a model is made with, and is called so.',
                '"sources": [{"name": "events", "events": "public.events"}]');
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_document IS 'Raises what is wrong with a document by itself.';

CREATE FUNCTION lead_scoring_internal.check_own_words(words jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    example CONSTANT text := '{"page_view": "pageview", "webinar": null}';
BEGIN
    PERFORM lead_scoring_internal.require_json('words', words, 'object', example);
    PERFORM lead_scoring_internal.require_json('words.' || w.key, w.value, 'string', example) FROM jsonb_each(words) w WHERE w.value <> 'null' ORDER BY w.key COLLATE "C";
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_own_words IS 'Raises 42804 unless it is an object of texts and nulls, or NULL.';

CREATE FUNCTION lead_scoring_internal.check_own_tables(document jsonb, tables jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    example CONSTANT text := '{"leads": "crm.contacts", "events": "crm.activity"}';
    known CONSTANT text[] := '{leads,events}'::text[] || ARRAY(SELECT s.item ->> 'name' FROM jsonb_array_elements(document -> 'sources') s (item) WHERE s.item ->> 'name' <> 'events')
        || ARRAY(SELECT k.name FROM (VALUES ('identities', 'identities', 'identities'), ('spend', 'reports', 'spend_table'), ('revenue', 'reports', 'revenue_table')) k (name, section, key)
                  WHERE document -> k.section ? k.key);
BEGIN
    PERFORM lead_scoring_internal.require_json('tables', tables, 'object', example);
    PERFORM lead_scoring_internal.require_known_key('tables', tables, known);
    PERFORM lead_scoring_internal.require_json('tables.' || t.key, t.value, 'string', example) FROM jsonb_each(tables) t ORDER BY t.key COLLATE "C";
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_own_tables IS 'Raises 42804 unless it is an object of texts, or NULL, 42703 for a table that the document has not.';

-- What a document says of a model besides its draft: tables and columns, settings, sources, identities, reports.
CREATE FUNCTION lead_scoring_internal.require_table(name text, path text, argument text)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT regclass := lead_scoring_internal.resolve_table(name);
    called CONSTANT text := regexp_replace(name, '^.*\.|"', '', 'g');
    other text;
BEGIN
    IF found IS NULL THEN
        WITH tables AS (SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_')
        SELECT coalesce((SELECT format('%I.%I', t.nspname, t.relname) FROM tables t WHERE t.relname = called ORDER BY t.nspname COLLATE "C" LIMIT 1),
                        (SELECT format('%I.%I', t.nspname, lead_scoring_internal.nearest_name(called, array_agg(t.relname::text))) FROM tables t WHERE strpos(replace(name, '"', ''), t.nspname || '.') = 1
                          GROUP BY t.nspname HAVING lead_scoring_internal.nearest_name(called, array_agg(t.relname::text)) IS NOT NULL)) INTO other;
        PERFORM lead_scoring_internal.fail('42P01', format('%s: table %s does not exist', path, name), 'A document names a table with its schema, quoted where needed.',
            CASE WHEN other IS NULL THEN format('Name a table that is there, in the document or by tables => ''{%s: ...}''.', to_json(argument)) ELSE format('Pass tables => %L.', jsonb_build_object(argument, other)) END);
    END IF;

    RETURN found;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_table IS 'The table that a document names at that path, and apply_model() takes otherwise by that key of its argument tables. Raises 42P01 where there is none.';

CREATE FUNCTION lead_scoring_internal.create_defaults()
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    defaults jsonb;
BEGIN
    EXECUTE (SELECT format('SELECT jsonb_strip_nulls(jsonb_build_object(%s))', string_agg(format('%L, %s', a.name, pg_get_function_arg_default(p.oid, a.place::integer)), ', '))
               FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargnames) WITH ORDINALITY a (name, place)
              WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.proname = 'create_model' AND pg_get_function_arg_default(p.oid, a.place::integer) IS NOT NULL) INTO defaults;
    RETURN defaults;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.create_defaults IS 'The defaults of the arguments of create_model(), but for NULL: what settings are where a document does not say it.';

CREATE FUNCTION lead_scoring_internal.without_nulls(object jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE jsonb_typeof(object) WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(object) e WHERE e.value <> 'null') ELSE object END
$$;
COMMENT ON FUNCTION lead_scoring_internal.without_nulls IS 'An object of a document without the keys that are null, which is as if they were not there; what is no object as it is.';

CREATE FUNCTION lead_scoring_internal.plain_document(document jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_object_agg(s.key, CASE jsonb_typeof(s.value)
           WHEN 'object' THEN lead_scoring_internal.without_nulls(s.value)
           WHEN 'array' THEN (
               SELECT coalesce(jsonb_agg(CASE WHEN s.key = 'sources' THEN (SELECT jsonb_object_agg(d.key, d.value) FROM jsonb_each(c.defaults) d
                                                                            WHERE d.key IN ('event_lead', 'event_time') OR d.key = 'event_type' AND coalesce(i.item -> 'every_event', 'null') = 'null') ELSE '{}' END
                                         || lead_scoring_internal.without_nulls(i.item) ORDER BY i.place), '[]')
                 FROM jsonb_array_elements(s.value) WITH ORDINALITY i (item, place) CROSS JOIN lead_scoring_internal.create_defaults() c (defaults))
           ELSE s.value END), '{}')
  FROM jsonb_each(document) s
$$;
COMMENT ON FUNCTION lead_scoring_internal.plain_document IS 'A document without its nulls, in which each source says what its columns are called.';

CREATE FUNCTION lead_scoring_internal.document_row(section text, of text, item jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_object_agg(f.field, coalesce(nullif(item -> f.key, 'null'), d.defaults -> f.field, CASE WHEN of = 'settings' THEN c.defaults -> f.field END))
  FROM lead_scoring_internal.document_fields f CROSS JOIN lead_scoring_internal.draft_defaults(of) d (defaults) CROSS JOIN lead_scoring_internal.create_defaults() c (defaults)
 WHERE f.section = document_row.section AND f.entity = of
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_row IS 'What an object of a document says of the row of that table of the draft: all of its fields that stand in that section, with their defaults.';

CREATE FUNCTION lead_scoring_internal.make_from_document(name text, document jsonb, leads regclass, events regclass)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first CONSTANT jsonb := lead_scoring_internal.document_row('sources', 'settings', document #> '{sources,0}');
    settings CONSTANT jsonb := lead_scoring_internal.document_row('settings', 'settings', coalesce(document -> 'settings', '{}'));
BEGIN
    PERFORM lead_scoring_internal.create_model(name, leads, events, document ->> 'lead_key', first ->> 'event_lead', first ->> 'event_type', first ->> 'event_time', first ->> 'event_campaign',
        settings ->> 'time_zone', settings -> 'status_columns', (settings ->> 'min_score')::numeric, (settings ->> 'max_score')::numeric, true, first ->> 'event_id', first ->> 'event_anonymous');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_from_document IS 'Makes the model of a document by create_model().';

CREATE FUNCTION lead_scoring_internal.refuse_rebinding(name text, path text, existing text, wanted text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.fail('42710', format('model "%s" already exists, and its %s is %s instead of %s', name, path, existing, wanted),
        'A model stays with its tables and keys: of others it would be another model.', format('Leave it out of the document and of tables, or SELECT lead_scoring.drop_model(%L);', name));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_rebinding IS 'Raises 42710 for a document that names another table or key than the model has.';

CREATE FUNCTION lead_scoring_internal.put_settings(model text, wanted jsonb)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    existing CONSTANT jsonb := lead_scoring_internal.settings_row(model);
    normal jsonb;
    changed text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(n) FROM jsonb_populate_record(NULL::%I.settings, $1) n', model) INTO normal USING wanted;
    changed := ARRAY(SELECT k FROM jsonb_object_keys(wanted) k WHERE existing ->> k IS DISTINCT FROM normal ->> k ORDER BY k COLLATE "C");
    IF changed <> '{}' THEN
        EXECUTE lead_scoring_internal.fill('UPDATE {model}.settings SET ({!columns}) = (SELECT {!columns} FROM jsonb_populate_record(NULL::{model}.settings, $1))',
            jsonb_build_object('model', model, 'columns', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(changed) c))) USING wanted;
    END IF;
    RETURN EXISTS (SELECT FROM lead_scoring_internal.draft_fields f WHERE f.entity = 'settings' AND f.field = ANY (changed) AND f.is_owners AND f.kind NOT IN ('draft column', 'condition', 'key expression'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_settings IS 'Writes what differs into the model''s settings; whether that is more than draft, so that repair() has to follow.';

CREATE FUNCTION lead_scoring_internal.put_source(model text, item jsonb, events regclass)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted jsonb := lead_scoring_internal.document_row('sources', 'sources', item);
    existing jsonb;
    changed text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(s) FROM %I.sources s WHERE s.name = $1', model) INTO existing USING item ->> 'name';
    IF existing IS NULL THEN
        PERFORM lead_scoring_internal.add_source(model, item ->> 'name', events, item ->> 'event_lead', item ->> 'event_type', item ->> 'event_time',
            item ->> 'every_event', item ->> 'event_campaign', item ->> 'event_channel', item ->> 'event_asset', item ->> 'event_anonymous', item ->> 'event_id', item ->> 'time_zone', true);
        RETURN false;
    END IF;
    IF lead_scoring_internal.resolve_table(existing ->> 'events') <> events THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, format('source "%s"', item ->> 'name'), existing ->> 'events', events::text);
    END IF;
    wanted := wanted || jsonb_build_object('events', existing -> 'events',
        'event_channel', lead_scoring_internal.report_key(events, item ->> 'event_channel', 'event_channel'), 'event_asset', lead_scoring_internal.report_key(events, item ->> 'event_asset', 'event_asset'));
    changed := ARRAY(SELECT k FROM jsonb_object_keys(wanted) k WHERE existing ->> k IS DISTINCT FROM wanted ->> k);
    IF changed <> '{}' THEN
        PERFORM lead_scoring_internal.write_draft_row(model, 'sources', item ->> 'name', wanted);
    END IF;
    RETURN changed && '{event_lead,event_type,every_event,event_time,event_campaign,event_anonymous}'::text[];
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_source IS 'Makes a source of a model what an item of a document says; whether that is more than draft, so that repair() has to follow.';

CREATE FUNCTION lead_scoring_internal.check_binding(model text, document jsonb, events text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF document ? 'leads' AND lead_scoring_internal.require_table(document ->> 'leads', 'leads', 'leads') <> bound.leads THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, 'table of leads', bound.leads::text, document ->> 'leads');
    ELSIF events IS NOT NULL AND lead_scoring_internal.require_table(events, 'sources[0].events', 'events') <> bound.events THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, 'table of events', bound.events::text, events);
    ELSIF document ->> 'lead_key' <> bound.lead_key THEN
        PERFORM lead_scoring_internal.refuse_rebinding(model, 'lead_key', bound.lead_key, document ->> 'lead_key');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_binding IS 'Raises 42710 where a document, or "events", names other tables of leads and events, or another key, than the model has.';

CREATE FUNCTION lead_scoring_internal.write_bindings(model text, document jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings jsonb := '{}';
    source record;
    needs_repair boolean;
    identities jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF document ? 'sources' THEN
        settings := lead_scoring_internal.document_row('sources', 'settings', document #> '{sources,0}') - 'events';
    END IF;
    IF document ? 'settings' THEN
        settings := settings || lead_scoring_internal.document_row('settings', 'settings', document -> 'settings');
        PERFORM lead_scoring_internal.add_status_columns(model, bound.leads, bound.lead_key, settings -> 'status_columns');
    END IF;
    needs_repair := lead_scoring_internal.put_settings(model, settings);
    FOR source IN SELECT s.item, format('sources[%s].events', s.place - 1) AS path FROM jsonb_array_elements(document -> 'sources') WITH ORDINALITY s (item, place) WHERE s.place > 1 ORDER BY s.place LOOP
        needs_repair := lead_scoring_internal.put_source(model, source.item, lead_scoring_internal.require_table(source.item ->> 'events', source.path, source.item ->> 'name')) OR needs_repair;
    END LOOP;
    IF document ? 'identities' AND document -> 'identities' IS DISTINCT FROM
           (SELECT jsonb_strip_nulls(jsonb_build_object('identities', i.identities::text, 'anonymous', i.anonymous, 'lead', i.lead)) FROM lead_scoring_internal.identities(model) i) THEN
        identities := document -> 'identities';
        PERFORM lead_scoring_internal.set_identities(model, CASE WHEN identities ? 'identities' THEN lead_scoring_internal.require_table(identities ->> 'identities', 'identities.identities', 'identities') END,
            identities ->> 'anonymous', identities ->> 'lead');
    END IF;
    IF needs_repair THEN
        PERFORM lead_scoring_internal.check_settings(model);
        PERFORM lead_scoring_internal.repair(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.write_bindings IS 'Makes settings, sources and identities of a model what the document says, but for sources that it has no more; what that changes of the leads is computed.';

CREATE FUNCTION lead_scoring_internal.write_reports(model text, item jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted CONSTANT jsonb := lead_scoring_internal.document_row('reports', 'report_settings', item);
    existing jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO existing;
    IF EXISTS (SELECT FROM jsonb_each(wanted) w WHERE w.value #>> '{}' IS DISTINCT FROM coalesce(existing, lead_scoring_internal.document_row('reports', 'report_settings', '{}')) ->> w.key) THEN
        PERFORM lead_scoring_internal.change_report_settings(model, wanted);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.write_reports IS 'Makes report_settings what the document says.';

CREATE FUNCTION lead_scoring_internal.remove_sources(model text, sources jsonb)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone record;
    any_gone boolean := false;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR gone IN SELECT t.name, t.events FROM lead_scoring_internal.source_tables(model) t
                 WHERE jsonb_typeof(sources) = 'array' AND t.name <> ALL (ARRAY(SELECT s.item ->> 'name' FROM jsonb_array_elements(sources) s (item))) LOOP
        PERFORM lead_scoring_internal.lock_tables(model);
        PERFORM lead_scoring_internal.refuse_draft_drop(model, gone.name, false);
        PERFORM lead_scoring_internal.remove_source(model, gone.name, lead_scoring_internal.resolve_table(gone.events));
        any_gone := true;
    END LOOP;
    RETURN any_gone;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.remove_sources IS 'Takes the sources out of a model that a document has no more; whether there were any. What is published has to be published anew before anybody writes.';

-- Where in a document an error comes from, which was raised for the model that it makes, and what to write there.
CREATE FUNCTION lead_scoring_internal.document_items(model text, document jsonb)
RETURNS TABLE (path text, section text, entity text, subject text, item jsonb) LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT i.path, i.section, i.entity, CASE WHEN i.entity NOT IN ('settings', 'report_settings') THEN lead_scoring_internal.draft_subject(model, i.entity, i.item) END, i.item
  FROM (SELECT format('%s[%s]', s.key, e.place - 1) AS path, s.key AS section,
               CASE WHEN s.key = 'groups' THEN 'rule_groups' WHEN s.key = 'sources' AND e.place = 1 THEN 'settings' ELSE s.key END AS entity, e.item
          FROM jsonb_each(document) s CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(s.value) WHEN 'array' THEN s.value END) WITH ORDINALITY e (item, place)
        UNION ALL SELECT s.key, s.key, CASE s.key WHEN 'reports' THEN 'report_settings' ELSE 'settings' END, s.value FROM jsonb_each(document) s WHERE jsonb_typeof(s.value) = 'object'
        UNION ALL SELECT NULL, 'model', 'settings', document) i
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_items IS 'The objects that a document is made of, itself among them, with the section and table of the draft whose fields each has, and what errors call it; of that is NULL what there is one of.';

CREATE FUNCTION lead_scoring_internal.place_in_document(model text, document jsonb, said text, OUT path text, OUT key text, OUT kind text, OUT item jsonb)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.path, c.key, c.kind, c.item
  FROM (SELECT i.path, i.item, i.named_at, w.said_as, w.said_at, strpos(said, i.item ->> 'events') > 0 AS of_table,
               CASE WHEN w.said_as < 5 THEN f.key END AS key, CASE WHEN w.said_as < 5 THEN f.kind END AS kind
          FROM (SELECT d.*, (SELECT min(p.at) FROM unnest(ARRAY[strpos(said, d.subject), strpos(said, replace(d.subject, ' "', 's "'))]) p (at) WHERE p.at > 0) AS named_at  -- stage "a", stages "a" and "b"
                  FROM lead_scoring_internal.document_items(model, document) d) i
          JOIN lead_scoring_internal.document_fields f ON (f.section, f.entity) = (i.section, i.entity)
         CROSS JOIN LATERAL (SELECT regexp_instr(said, '\m' || f.key || '\M') AS word_at, (
                SELECT min(p.at) FROM (
                    SELECT CASE f.kind WHEN 'table' THEN strpos(said, v.value) ELSE strpos(said, format('"%s"', v.value)) END
                      FROM (SELECT i.item ->> f.key WHERE f.type = 'string'
                            UNION ALL SELECT e.value FROM jsonb_each_text(CASE f.type WHEN 'object' THEN i.item -> f.key END) e
                            UNION ALL SELECT e.value FROM jsonb_array_elements_text(CASE f.type WHEN 'array' THEN i.item -> f.key END) e) v (value)
                     WHERE f.kind NOT IN ('name', 'comment', 'event type')) p (at) WHERE p.at > 0) AS value_at) a
         CROSS JOIN LATERAL (SELECT CASE WHEN said ~ ('(?n)^' || f.key || '\M') THEN 1
                                         WHEN a.word_at > 0 AND f.kind <> 'name' AND (i.item ? f.key AND i.named_at > 0 OR f.key LIKE '%\_%' AND (i.item ? f.key OR i.named_at > 0 AND a.word_at <= length(split_part(said, E'\n', 1)))) THEN 2
                                         WHEN a.value_at > 0 AND i.item ? f.key THEN CASE f.kind WHEN 'table' THEN 4 ELSE 3 END
                                         WHEN i.path = i.section AND said ~* ('\m' || i.section || '\M') THEN 5 END AS said_as,
                                    LEAST(nullif(a.word_at, 0), a.value_at) AS said_at) w) c
 WHERE c.named_at > 0 OR c.said_as IS NOT NULL AND c.path ~ '^(sources|settings|identities|reports)' IS NOT FALSE AND said !~ '\m((rule|stage|band|group|lead type)s?|entry|entries) "'
 ORDER BY c.named_at, c.said_as > 1, c.said_as > 3, c.said_at > length(split_part(said, E'\n', 1)), c.said_as, c.of_table DESC NULLS LAST, c.said_at, c.path COLLATE "C" DESC LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.place_in_document IS 'The object of a document, and its field if one can be told, that an error is about, by what it says: it calls a row of the draft as draft_subject() does, names the field, at the beginning of a line above all, or quotes its value. Nothing where it is about something else.';

CREATE FUNCTION lead_scoring_internal.known_to_document(model text, document jsonb, section text, relation text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    items jsonb := document -> section;
BEGIN
    IF items IS NULL AND EXISTS (SELECT FROM lead_scoring_internal.model_schemas() m WHERE m.name = model) THEN
        PERFORM lead_scoring_internal.require_identity(model);
        EXECUTE format('SELECT jsonb_agg(to_jsonb(d) ORDER BY d.name COLLATE "C") FROM %I.%I d', model, relation) INTO items;
    END IF;
    RETURN coalesce(items, CASE section WHEN 'groups' THEN '[{"name": "engagement", "kind": "engagement"}, {"name": "fit", "kind": "fit"}]' WHEN 'sources' THEN '[{"name": "events"}]' ELSE '[]' END::jsonb);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.known_to_document IS 'The groups, rules, stages or sources that a document may name: its own, else those that the model has, else those that one is made with.';

CREATE FUNCTION lead_scoring_internal.document_hint(model text, document jsonb, place record, hint text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    value CONSTANT jsonb := place.item -> place.key;
    wanted text := value #>> '{}';
    said text;
    names text[];
    name text;
BEGIN
    IF strpos(hint, 'document') > 0 THEN
        RETURN hint;
    ELSIF strpos(hint, ' ' || quote_ident(model) || '.') = 0 AND strpos(hint, quote_literal(model)) = 0 THEN
        IF hint ~ '\w => |^For example \w+ = ' AND hint !~ '\m(ALTER|CREATE|SELECT|UPDATE) ' AND strpos(hint, 'tables =>') = 0 THEN  -- arguments are called as fields are
            hint := regexp_replace(regexp_replace(regexp_replace(hint, '(\w+) =>? ', '"\1": ', 'g'), '''(\{[^'']*\})''', '\1', 'g'), '''([^'']*)''', '"\1"', 'g');
            said := substring(hint FROM '"(\w+)": ');  -- but for some
            hint := replace(hint, 'Pass "', 'Write "');
            IF NOT EXISTS (SELECT FROM lead_scoring_internal.document_fields f WHERE f.key = said) AND place.key IS NOT NULL THEN
                hint := replace(hint, format('"%s": ', said), format('"%s": ', place.key));
            END IF;
        END IF;
        RETURN hint;
    END IF;
    IF place.key IS NULL THEN
        RETURN format('Change %s, or leave it out.', coalesce(place.path, 'the document'));
    END IF;
    names := CASE place.kind
        WHEN 'group' THEN ARRAY(SELECT g.item ->> 'name' FROM jsonb_array_elements(lead_scoring_internal.known_to_document(model, document, 'groups', 'rule_groups')) g (item)
                                 WHERE g.item ->> 'kind' = CASE WHEN place.item ? 'event_type' THEN 'engagement' ELSE 'fit' END)
        WHEN 'rules' THEN ARRAY(SELECT r.item ->> 'name' FROM jsonb_array_elements(lead_scoring_internal.known_to_document(model, document, 'rules', 'rules')) r (item) WHERE r.item -> 'enabled' IS DISTINCT FROM 'false')
        WHEN 'stage' THEN ARRAY(SELECT s.item ->> 'name' FROM jsonb_array_elements(lead_scoring_internal.known_to_document(model, document, 'stages', 'stages')) s (item)
                                 WHERE s.item -> 'name' IS DISTINCT FROM place.item -> 'name' AND (place.path LIKE 'entries%' OR coalesce(s.item ->> 'kind', 'progress') = 'progress'))
        WHEN 'source' THEN ARRAY(SELECT s.item ->> 'name' FROM jsonb_array_elements(lead_scoring_internal.known_to_document(model, document, 'sources', 'sources') || '[{"name": "events"}]') s (item)) END;
    IF place.kind = 'rules' THEN
        wanted := (SELECT k FROM jsonb_object_keys(value) k WHERE k <> ALL (names) LIMIT 1);
    END IF;
    name := coalesce(lead_scoring_internal.nearest_name(wanted, names), names[1]);
    IF name IS NOT NULL THEN
        RETURN format('Write "%s": %s.', place.key, CASE place.kind WHEN 'rules' THEN jsonb_build_object(name, 1) ELSE to_jsonb(name) END);
    ELSIF names IS NULL AND (value IS NULL OR place.kind IN ('choice', 'points', 'number', 'share', 'interval', 'switch', 'flag', 'time zone')) THEN
        RETURN format('For example "%s": %s.', place.key, lead_scoring_internal.example_of(place.kind, place.key));
    END IF;
    RETURN CASE place.kind WHEN 'table' THEN 'Name another table.' ELSE format('Leave "%s" out.', place.key) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_hint IS 'What helps against an error at that place of a document: the hint that it came with, with fields instead of arguments; where that is a statement on the model, which may not be there and becomes what the document says again, what to write.';

CREATE FUNCTION lead_scoring_internal.refuse_document(model text, document jsonb, state text, message text, detail text, hint text, context text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place record;
    path text;
BEGIN
    -- Which expression is at fault the context alone says, in the line that lead_scoring_internal.compile_expression makes.
    SELECT * INTO place FROM lead_scoring_internal.place_in_document(model, document, concat_ws(E'\n', message, substring(context FROM '(?n)^(?:\w+ of \w+ ".*|dimensions? ".*|event_\w+)$'), detail, hint));
    path := concat_ws('.', place.path, place.key);
    IF path <> '' AND NOT starts_with(message, path) THEN
        detail := concat_ws(' ', nullif(detail, ''), format('It is %s of the document.', path));
    END IF;
    IF path <> '' OR NOT EXISTS (SELECT FROM lead_scoring_internal.model_schemas() m WHERE m.name = model) THEN
        hint := lead_scoring_internal.document_hint(model, document, place, hint);
    END IF;
    PERFORM lead_scoring_internal.fail(state, message, nullif(detail, ''), nullif(hint, ''));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_document IS 'Raises an error again with its place in the document, and with a hint that can be followed there.';

-- apply_model: a model becomes what a document says.
CREATE FUNCTION lead_scoring_internal.document_leads(name text, document jsonb, tables jsonb)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    document := lead_scoring_internal.without_nulls(document);
    PERFORM lead_scoring_internal.check_document(document), lead_scoring_internal.check_own_tables(document, tables);
    IF coalesce(tables ->> 'leads', document ->> 'leads') IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('no table of leads is named for model "%s"', name), 'The model does not exist, and the document does not say which tables to make it for.',
            'Pass tables => ''{"leads": "public.leads", "events": "public.events"}''.');
    END IF;
    RETURN lead_scoring_internal.require_table(coalesce(tables ->> 'leads', document ->> 'leads'), 'leads', 'leads');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.document_leads IS 'The table of leads of a model that is to be made of a document: whose owner is to own it. What is wrong with the document is raised before.';

CREATE FUNCTION lead_scoring_internal.follow_former_names(model text, relation text, items jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    places CONSTANT jsonb := jsonb_build_object('model', model, 'table', relation);
    borne jsonb;  -- what each was called in versions
    wanted record;
    subject text;
    there text[];
    other record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill($query$
        SELECT jsonb_agg(to_jsonb(b)) FROM (SELECT i.item -> 'id' AS id, i.item ->> 'name' AS name, max(v.version) AS version
          FROM {model}.versions v, jsonb_array_elements(v.definition -> {'table'}) i (item) GROUP BY 1, 2) b
        $query$, places) INTO borne;
    FOR wanted IN SELECT i.item ->> 'name' AS name, ARRAY(SELECT jsonb_array_elements_text(i.item -> 'formerly')) AS former
                    FROM jsonb_array_elements(items) WITH ORDINALITY i (item, place) ORDER BY i.place LOOP
        subject := lead_scoring_internal.draft_subject(model, relation, jsonb_build_object('name', wanted.name));
        EXECUTE lead_scoring_internal.fill('SELECT array_agg(d.name ORDER BY d.name COLLATE "C") FROM {model}.{table} d WHERE d.name = $1 OR d.name = ANY ($2)', places)
           INTO there USING wanted.name, wanted.former;
        IF cardinality(there) > 1 THEN
            PERFORM lead_scoring_internal.fail('42710', format('%s cannot be both "%s" and "%s" of model "%s"', subject, there[1], there[2], model),
                'A former name is that of one which is to be called otherwise.', format('Leave "%s" out of "formerly".', (array_remove(there, wanted.name))[1]));
        END IF;
        CONTINUE WHEN wanted.former = '{}' AND there = ARRAY[wanted.name];  -- it is called so already
        -- History goes by names, those of versions too.
        EXECUTE lead_scoring_internal.fill($query$
            SELECT d.name, b.item ->> 'name' AS bore FROM jsonb_array_elements($3) b (item) JOIN {model}.{table} d ON d.id = (b.item ->> 'id')::integer
             WHERE d.name <> $1 AND d.name <> ALL ($2) AND b.item ->> 'name' = ANY ($1 || $2) ORDER BY (b.item ->> 'version')::bigint DESC, d.name COLLATE "C" LIMIT 1
            $query$, places) INTO other USING wanted.name, wanted.former, borne;
        IF other.name IS NOT NULL THEN
            PERFORM lead_scoring_internal.fail('42710', format('"%s", which %s %s called, is a former name of "%s"', other.bore, subject, CASE WHEN other.bore = wanted.name THEN 'is to be' ELSE 'was' END, other.name),
                format('In a version of model "%s" it was the name of that one, and history goes by names.', model),
                CASE WHEN other.bore = wanted.name THEN format('Choose another name, such as "%s 2".', wanted.name) ELSE format('Write "formerly": ["%s"] if that one is meant, else leave it out.', other.name) END);
        END IF;
        IF there[1] <> wanted.name THEN
            EXECUTE lead_scoring_internal.fill('UPDATE {model}.{table} d SET name = $1 WHERE d.name = $2', places) USING wanted.name, there[1];
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.follow_former_names IS 'Renames the rules or stages of the draft that items of a document say were called otherwise; nothing where none is called so any more. Raises 42710 where a name, or a former one, is or was that of another.';

CREATE FUNCTION lead_scoring_internal.fit_to_tables(model text, relation text, draft_row jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    subject CONSTANT text := lead_scoring_internal.draft_subject(model, relation, draft_row);
    event_type CONSTANT text := coalesce(draft_row ->> 'event_type', draft_row ->> 'on_event');
    source jsonb;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF event_type IS NOT NULL AND NOT lead_scoring_internal.is_of_all_sources(draft_row) THEN
        source := lead_scoring_internal.resolve_source(model, lead_scoring_internal.source_list(model), coalesce(draft_row ->> 'source', draft_row ->> 'on_event_source'), event_type,
            CASE relation WHEN 'rules' THEN 'source' ELSE 'on_event_source' END, subject);
    END IF;
    PERFORM lead_scoring_internal.compile_row(relation, subject, draft_row, bound.leads, (source ->> 'events')::oid::regclass, source ->> 'event_type');
    RETURN draft_row;
EXCEPTION WHEN undefined_column THEN
    IF relation <> 'rules' THEN
        RAISE;
    END IF;
    RAISE NOTICE '% is disabled: %', subject, SQLERRM;
    RETURN draft_row || '{"enabled": false}';
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.fit_to_tables IS 'A rule or stage as it can be with the tables that the model has: a rule whose column is not there is disabled, with a notice. Raises all else that keeps it from being compiled.';

CREATE FUNCTION lead_scoring_internal.refuse_lost_group(model text, groups jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lost record;
BEGIN
    EXECUTE format('SELECT r.name, r.rule_group, g.kind FROM %1$I.rules r JOIN %1$I.rule_groups g ON g.name = r.rule_group
                     WHERE r.rule_group <> ALL (ARRAY(SELECT i.item ->> ''name'' FROM jsonb_array_elements($1) i (item))) ORDER BY r.name COLLATE "C" LIMIT 1', model) INTO lost USING groups;
    IF lost.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('groups have no "%s", which rule "%s" is in', lost.rule_group, lost.name), 'A section of a document that is there is whole.',
            format('Add %s to groups.', jsonb_build_object('name', lost.rule_group, 'kind', lost.kind)));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_lost_group IS 'Raises 42704 where a rule of the draft is in a group that is none of these of a document.';

CREATE FUNCTION lead_scoring_internal.write_document(model text, document jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part record;
    item record;
    draft_row jsonb;
    rank integer := -10;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR part IN SELECT k.section, k.relation FROM (VALUES (1, 'groups', 'rule_groups'), (2, 'rules', 'rules'), (3, 'stages', 'stages'), (4, 'account_rules', 'account_rules'), (5, 'entries', 'entries'), (6, 'lead_types', 'lead_types')) k (place, section, relation) WHERE document ? k.section ORDER BY k.place LOOP
        IF part.relation NOT IN ('rule_groups', 'account_rules') THEN
            PERFORM lead_scoring_internal.follow_former_names(model, part.relation, document -> part.section);
        END IF;
        rank := -10;
        FOR item IN SELECT i.item, i.place FROM jsonb_array_elements(document -> part.section) WITH ORDINALITY i (item, place) ORDER BY i.place LOOP
            draft_row := lead_scoring_internal.document_row(part.section, part.relation, item.item);
            IF part.relation = 'rules' THEN
                draft_row := draft_row || jsonb_build_object('rule_group', coalesce(draft_row ->> 'rule_group', CASE WHEN draft_row ->> 'event_type' IS NULL THEN 'fit' ELSE 'engagement' END));
            ELSIF part.relation IN ('stages', 'lead_types') THEN
                IF draft_row ->> 'rank' IS NULL AND rank > 2147483637 THEN
                    PERFORM lead_scoring_internal.fail('22023', format('%s would have a rank beyond 2147483647', lead_scoring_internal.draft_subject(model, part.relation, item.item)),
                        'Without a rank, it comes 10 after the one before it in the document.', 'Give it a rank, or the one before it a lower one.');
                END IF;
                rank := coalesce((draft_row ->> 'rank')::integer, rank + 10);
                draft_row := draft_row || jsonb_build_object('rank', rank);
            END IF;
            PERFORM lead_scoring_internal.check_draft_values(model, part.relation, draft_row);
            IF part.relation NOT IN ('rule_groups', 'account_rules') AND lead_scoring_internal.is_enabled(draft_row) THEN
                draft_row := lead_scoring_internal.fit_to_tables(model, part.relation, draft_row);
            END IF;
            PERFORM lead_scoring_internal.write_draft_row(model, part.relation, item.item ->> 'name', draft_row);
        END LOOP;
        IF part.relation <> 'rule_groups' THEN
            EXECUTE format('DELETE FROM %I.%I d WHERE d.name <> ALL (ARRAY(SELECT i.item ->> ''name'' FROM jsonb_array_elements($1) i (item)))', model, part.relation) USING document -> part.section;
        END IF;
    END LOOP;
    IF document ? 'groups' THEN
        PERFORM lead_scoring_internal.refuse_lost_group(model, document -> 'groups');
        EXECUTE format('DELETE FROM %I.rule_groups d WHERE d.name <> ALL (ARRAY(SELECT i.item ->> ''name'' FROM jsonb_array_elements($1) i (item)))', model) USING document -> 'groups';
    END IF;
    FOR part IN SELECT k.section FROM unnest('{bands,calendar,holidays}'::text[]) WITH ORDINALITY k (section, place) WHERE document ? k.section ORDER BY k.place LOOP
        PERFORM lead_scoring_internal.write_rows(model, part.section, document -> part.section);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.write_document IS 'Makes groups, rules, bands, stages, account rules, working time, entries and types of leads of the draft what the document says, and nothing else, as far as it has these sections.';

CREATE FUNCTION lead_scoring.apply_model(
    name text,
    definition jsonb,
    note text DEFAULT NULL,
    words jsonb DEFAULT NULL,
    tables jsonb DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_apply_model';
CREATE FUNCTION lead_scoring_internal.apply_model(
    name text,
    definition jsonb,
    note text,
    words jsonb,
    tables jsonb)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres SET extra_float_digits = 1
AS $$
DECLARE
    is_there CONSTANT boolean := EXISTS (SELECT FROM lead_scoring_internal.model_schemas() m WHERE m.name = apply_model.name);
    given CONSTANT jsonb := lead_scoring_internal.without_nulls(definition);
    document jsonb;
    any_gone boolean;
    version bigint;
    state text;
    message text;
    detail text;
    hint text;
    context text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(name);
    PERFORM lead_scoring_internal.check_document(given), lead_scoring_internal.check_own_words(words), lead_scoring_internal.check_own_tables(given, tables);
    document := CASE WHEN is_there THEN '{}' ELSE '{"sources": [{"name": "events"}]}'::jsonb END || given;
    document := lead_scoring_internal.document_in_own_words(
        lead_scoring_internal.with_tables(lead_scoring_internal.plain_document(document), coalesce(tables, '{}')), coalesce(words, '{}'));
    IF is_there THEN
        -- Nobody edits the draft meanwhile, by another document or by hand: what is compared with the document is what is published.
        PERFORM lead_scoring_internal.lock_tables(name, VARIADIC ARRAY(SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = quote_ident(name)::regnamespace
                    AND c.relname = ANY (ARRAY(SELECT f.entity FROM lead_scoring_internal.draft_fields f))));
        PERFORM lead_scoring_internal.upgrade_model(name);
        PERFORM lead_scoring_internal.check_binding(name, document, coalesce(document #>> '{sources,0,events}', tables ->> 'events'));
    ELSIF document #>> '{sources,0,events}' IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('no table of events is named for model "%s"', name), 'The model does not exist, and the document does not say which tables to make it for.',
            'Pass tables => ''{"leads": "public.leads", "events": "public.events"}''.');
    END IF;
    BEGIN
        IF NOT is_there THEN
            PERFORM lead_scoring_internal.make_from_document(name, document, lead_scoring_internal.require_table(document ->> 'leads', 'leads', 'leads'),
                lead_scoring_internal.require_table(document #>> '{sources,0,events}', 'sources[0].events', 'events'));
        END IF;
        PERFORM lead_scoring_internal.write_bindings(name, document);
        PERFORM lead_scoring_internal.write_document(name, document);
        IF document ? 'reports' THEN
            PERFORM lead_scoring_internal.write_reports(name, document -> 'reports');
        END IF;
        any_gone := lead_scoring_internal.remove_sources(name, document -> 'sources');
        version := lead_scoring_internal.publish(name, note, true);
        IF any_gone THEN  -- leads may have been known by its events alone
            PERFORM lead_scoring_internal.catch_up(name);
        END IF;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR syntax_error_or_access_rule_violation OR feature_not_supported OR program_limit_exceeded OR object_not_in_prerequisite_state THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
        PERFORM lead_scoring_internal.refuse_document(name, document, state, message, detail, hint, context);
    END;
    RETURN version;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.apply_model IS 'Implements lead_scoring.apply_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.apply_model IS
'Makes a model what a document says, as export_model() gives one, publishes it with that note, and returns the version; all or nothing, and nothing at all where nothing differs. Where there is no such model it is made, as by create_model(), for the owner of the tables of leads and events that the document or "tables" names; a model that is there stays with its tables and its key.
A section that is there is whole: what it does not have is deleted, and a field that is left out, or null, has its default. A section that is not there, or null, is left alone. "formerly" of a rule, stage, entry or type of leads lists what it was called, so that its history follows. "tables" is an object of leads, events, names of sources, identities, spend and revenue, with the tables to take instead. "words" is an object of event types and columns of the document and what they are called here, also in expressions; null: there is none. A rule that needs an event type or a column which there is not is disabled, and any other field that does so left out, with a notice. What else of the draft was not published yet is published with it. Waits for who edits the draft, and keeps others from it and from writing leads and events until the transaction ends.
For the model''s owner, or who may act as the owner of the tables. Raises with the place in the document 42804 for a wrong type of JSON, 42703 for an unknown field or a table that the document has not, 22023 for a value that makes no sense, 22004 for a missing name or table, 42710 for two of one name, a former name that is or was another''s, and other tables or another key than the model has, 42P01 for a table that is not there; and what create_model(), add_source(), set_identities(), the draft and publish() raise.';

-- The score sheet that most teams begin with.
CREATE FUNCTION lead_scoring_internal.practitioner_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0},
 "groups": [
  {"name": "engagement", "kind": "engagement", "comment": "What they do. All of it counts for 90 days, so that an MQL is somebody of this quarter."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "download", "rule_group": "engagement", "event_type": "download", "points": 5, "decay": "window", "lifespan": "90 days",
   "limit_count": 3, "limit_window": "month", "comment": "Three papers a month tell as much as thirty."},
  {"name": "e-mail opened", "rule_group": "engagement", "event_type": "email_opened", "points": 2, "decay": "window", "lifespan": "90 days",
   "limit_count": 2, "limit_window": "week", "comment": "Mail programs open mails by themselves, so that the limit is low."},
  {"name": "pricing page", "rule_group": "engagement", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 10,
   "decay": "window", "lifespan": "90 days", "limit_count": 3, "limit_window": "day", "comment": "Who looks at prices has begun to reckon."},
  {"name": "live session", "rule_group": "engagement", "event_type": "webinar_attended", "points": 20, "decay": "window", "lifespan": "90 days",
   "comment": "A webinar, a workshop, a sprint: an hour of their time."},
  {"name": "unsubscribed", "rule_group": "engagement", "event_type": "unsubscribed", "points": -15, "decay": "window", "lifespan": "90 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear less; it takes a live session to make up for it."},
  {"name": "executive", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|ceo|cto|cfo|cmo|coo|cio|vp|vice president|director)\\M'", "points": 15,
   "comment": "Can say yes."},
  {"name": "firm of 50 to 500", "rule_group": "fit", "condition": "employees BETWEEN 50 AND 500", "points": 10, "comment": "The firms that stay."},
  {"name": "not a buyer", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern|professor|freelance)'", "points": -25,
   "comment": "Reads a lot and does not buy."}],
 "bands": [],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 30, "min_engagement": 2, "falls_below": 20, "within": "3 days", "timeout_stage": "recycled", "cooldown": "14 days",
   "comment": "Sales calls within three days. Fit alone makes none: there must be something to call about."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "60 days", "timeout_stage": "recycled", "comment": "Sales has spoken to them and goes on."},
  {"name": "customer", "rank": 30, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: back to nurture, and again an MQL by what they do next."},
  {"name": "disqualified", "rank": 91, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.practitioner_template IS 'The definition of the template "practitioner".';

-- Software as a service, sold to companies: the seven actions that make an MQL.
CREATE FUNCTION lead_scoring_internal.b2b_saas_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0, "max_score": 200},
 "groups": [
  {"name": "content", "kind": "engagement", "max_points": 40, "comment": "Reading makes nobody an MQL by itself, however much of it."},
  {"name": "intent", "kind": "engagement", "comment": "What they ask for, and what they try."},
  {"name": "fit", "kind": "fit", "min_points": -60, "max_points": 40, "comment": "Who they are."}],
 "rules": [
  {"name": "demo request", "rule_group": "intent", "event_type": "demo_request", "points": 60, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Asks for a demo: an MQL at once, unless the fit says no."},
  {"name": "contact request", "rule_group": "intent", "event_type": "contact_request", "points": 60, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Asks to be called: as good as a demo."},
  {"name": "free trial", "rule_group": "intent", "event_type": "trial_started", "points": 45, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Tries it; with one sign more, or in the right company, an MQL."},
  {"name": "pricing page", "rule_group": "intent", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 10, "max_points": 40,
   "decay": "exponential", "half_life": "14 days", "limit_count": 2, "limit_window": "day", "comment": "Comes back to the prices: the third day of it counts more than ten views of the first."},
  {"name": "webinar", "rule_group": "content", "event_type": "webinar_attended", "points": 20, "decay": "exponential", "half_life": "30 days",
   "comment": "Gave an hour."},
  {"name": "download", "rule_group": "content", "event_type": "download", "points": 8, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "limit_key": "properties->>'asset'", "comment": "Each paper once a month."},
  {"name": "newsletter", "rule_group": "content", "event_type": "newsletter_subscribed", "points": 5, "limit_count": 1, "limit_window": "ever",
   "comment": "Wants to hear from us; does not fade while they stay."},
  {"name": "unsubscribed", "rule_group": "content", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "60 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more."},
  {"name": "careers page", "rule_group": "intent", "event_type": "page_view", "condition": "properties->>'path' LIKE '/careers%'", "points": -10, "min_points": -20,
   "decay": "linear", "lifespan": "30 days", "comment": "Looks for a job rather than for software."},
  {"name": "decision maker", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|c[etfmoi]o|founder|owner|president|vp|head|director)\\M'", "points": 20,
   "comment": "Decides, or sits beside who does."},
  {"name": "our size", "rule_group": "fit", "condition": "employees BETWEEN 20 AND 2000", "points": 15, "comment": "Big enough to need it, small enough to buy it online."},
  {"name": "free mail", "rule_group": "fit", "condition": "email ~* '@(gmail|yahoo|hotmail|outlook|icloud|gmx|qq)[.]'", "points": -10, "comment": "A private address: perhaps no company behind it."},
  {"name": "student", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern|teacher|professor)'", "points": -60, "comment": "Not an MQL even with a demo request."}],
 "bands": [],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 50, "min_engagement": 20, "falls_below": 30, "within": "1 day", "timeout_stage": "recycled", "cooldown": "3 days",
   "comment": "Sales answers within a day: the sooner the call, the likelier the sale."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "30 days", "timeout_stage": "recycled", "comment": "Sales has spoken to them: need, money, and a date."},
  {"name": "opportunity", "rank": 30, "on_event": "opportunity_created", "comment": "There is an offer."},
  {"name": "customer", "rank": 40, "on_event": "deal_won", "comment": "Pays."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: back to nurture, and again an MQL by what they do next."},
  {"name": "lost", "rank": 91, "kind": "detour", "on_event": "deal_lost", "exit": "score", "comment": "Bought elsewhere; a new demo request counts all the same."},
  {"name": "disqualified", "rank": 92, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.b2b_saas_template IS 'The definition of the template "b2b_saas".';

-- Few, large companies and long sales: who they are counts as much as what they do, so that grades decide.
CREATE FUNCTION lead_scoring_internal.enterprise_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0},
 "groups": [
  {"name": "website", "kind": "engagement", "min_points": -20, "max_points": 30, "comment": "What a browser does is cheap; no more than 30 of it."},
  {"name": "meetings", "kind": "engagement", "comment": "What takes their time."},
  {"name": "role", "kind": "fit", "max_points": 40, "comment": "Who they are in their company."},
  {"name": "company", "kind": "fit", "max_points": 40, "comment": "What company it is."}],
 "rules": [
  {"name": "page view", "rule_group": "website", "event_type": "page_view", "points": 1, "decay": "exponential", "half_life": "14 days",
   "limit_count": 5, "limit_window": "day", "comment": "Five a day, so that a robot gains nothing."},
  {"name": "white paper", "rule_group": "website", "event_type": "download", "points": 8, "decay": "linear", "lifespan": "180 days",
   "limit_count": 1, "limit_window": "ever", "limit_key": "properties->>'asset'", "comment": "Each once; large companies read for half a year."},
  {"name": "unsubscribed", "rule_group": "website", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "90 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more from marketing; sales may go on."},
  {"name": "webinar", "rule_group": "meetings", "event_type": "webinar_attended", "points": 15, "decay": "exponential", "half_life": "90 days", "max_points": 45,
   "comment": "Gave an hour."},
  {"name": "event visit", "rule_group": "meetings", "event_type": "event_attended", "points": 20, "decay": "exponential", "half_life": "90 days",
   "comment": "Met us at a fair or a dinner."},
  {"name": "meeting", "rule_group": "meetings", "event_type": "meeting_held", "points": 30, "decay": "exponential", "half_life": "90 days", "comment": "Sat down with us."},
  {"name": "demo request", "rule_group": "meetings", "event_type": "demo_request", "points": 40, "decay": "exponential", "half_life": "60 days",
   "limit_count": 1, "limit_window": "month", "comment": "Asks to be shown."},
  {"name": "no show", "rule_group": "meetings", "event_type": "meeting_missed", "points": -15, "decay": "exponential", "half_life": "60 days", "comment": "Had other things to do."},
  {"name": "top of the house", "rule_group": "role", "condition": "job_title ~* '\\m(chief|c[etfmoi]o|president|evp|svp)\\M'", "points": 30, "comment": "Signs."},
  {"name": "head of something", "rule_group": "role", "condition": "job_title ~* '\\m(vp|head|director)\\M'", "points": 20, "comment": "Has the budget."},
  {"name": "student", "rule_group": "role", "condition": "job_title ~* '\\m(student|intern)\\M'", "points": -40, "comment": "Reads a lot and does not buy."},
  {"name": "enterprise", "rule_group": "company", "condition": "employees >= 1000", "points": 20, "comment": "Whom the offer is made for."},
  {"name": "large enterprise", "rule_group": "company", "condition": "employees >= 10000", "points": 10, "comment": "On top of the points for an enterprise."},
  {"name": "home market", "rule_group": "company", "condition": "country IN ('US', 'CA', 'GB', 'IE', 'AU', 'NZ')", "points": 10, "comment": "Where there is somebody to visit them: change the list to yours."}],
 "bands": [
  {"axis": "engagement", "label": "3", "min_points": -1000}, {"axis": "engagement", "label": "2", "min_points": 15}, {"axis": "engagement", "label": "1", "min_points": 40},
  {"axis": "fit", "label": "C", "min_points": -1000}, {"axis": "fit", "label": "B", "min_points": 20}, {"axis": "fit", "label": "A", "min_points": 40}],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "engaged", "rank": 5, "min_score": 35, "min_engagement": 15, "falls_below": 25, "comment": "Worth a mail by a person, not yet a call."},
  {"name": "mql", "rank": 10, "min_score": 60, "grades": ["A1", "A2", "B1"], "falls_below": 45, "within": "1 day", "timeout_stage": "recycled", "cooldown": "7 days",
   "comment": "The right person of the right company, and busy: both letters and numbers, since one sum would hide which is missing."},
  {"name": "sal", "rank": 15, "on_event": "sales_accepted", "within": "14 days", "timeout_stage": "recycled", "comment": "Sales has taken it over and makes a first meeting within two weeks."},
  {"name": "sql", "rank": 20, "on_event": "sales_qualified", "within": "180 days", "timeout_stage": "recycled", "comment": "Need, budget and who decides are known."},
  {"name": "opportunity", "rank": 30, "on_event": "opportunity_created", "comment": "There is an offer."},
  {"name": "customer", "rank": 40, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not this year: back to nurture."},
  {"name": "lost", "rank": 91, "kind": "detour", "on_event": "deal_lost", "exit": "hand", "comment": "Bought elsewhere; sales says when to begin again."},
  {"name": "disqualified", "rank": 92, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.enterprise_template IS 'The definition of the template "enterprise".';

-- A shop: interest lasts for days, and nobody is called.
CREATE FUNCTION lead_scoring_internal.ecommerce_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0, "max_score": 150},
 "groups": [
  {"name": "browsing", "kind": "engagement", "max_points": 30, "comment": "Looking around is no more than 30."},
  {"name": "buying", "kind": "engagement", "comment": "What is done on the way to the till."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "product viewed", "rule_group": "browsing", "event_type": "product_viewed", "points": 2, "decay": "exponential", "half_life": "7 days",
   "limit_count": 1, "limit_window": "day", "limit_key": "properties->>'product'", "comment": "Each product once a day."},
  {"name": "mail clicked", "rule_group": "browsing", "event_type": "email_clicked", "points": 5, "decay": "exponential", "half_life": "7 days",
   "limit_count": 1, "limit_window": "day", "comment": "A click, for opening is often done by the mail program."},
  {"name": "newsletter", "rule_group": "browsing", "event_type": "newsletter_subscribed", "points": 5, "limit_count": 1, "limit_window": "ever", "comment": "Wants to hear of offers; does not fade."},
  {"name": "wish list", "rule_group": "buying", "event_type": "wishlist_added", "points": 10, "decay": "exponential", "half_life": "30 days", "max_points": 30,
   "comment": "Wants it, not now."},
  {"name": "cart", "rule_group": "buying", "event_type": "cart_added", "points": 15, "decay": "exponential", "half_life": "5 days", "max_points": 45,
   "limit_count": 3, "limit_window": "day", "comment": "Forgotten after a week."},
  {"name": "large cart", "rule_group": "buying", "event_type": "cart_added", "condition": "(properties->>'value')::numeric >= 100", "points": 10, "decay": "exponential", "half_life": "5 days",
   "limit_count": 1, "limit_window": "day", "comment": "On top of the points for a cart; set the amount to yours."},
  {"name": "checkout", "rule_group": "buying", "event_type": "checkout_started", "points": 30, "decay": "exponential", "half_life": "3 days",
   "limit_count": 1, "limit_window": "day", "comment": "Was at the till. Fades fast: what is left for three days is bought elsewhere."},
  {"name": "returned", "rule_group": "buying", "event_type": "order_returned", "points": -20, "decay": "linear", "lifespan": "90 days", "min_points": -40,
   "comment": "Sends back what is ordered."},
  {"name": "unsubscribed", "rule_group": "browsing", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more."},
  {"name": "where we deliver", "rule_group": "fit", "condition": "country IN ('DE', 'AT', 'CH')", "points": 10, "comment": "Change the list to yours."},
  {"name": "where we do not", "rule_group": "fit", "condition": "country NOT IN ('DE', 'AT', 'CH')", "points": -100, "comment": "No offer to whom nothing can be sent."},
  {"name": "throw-away address", "rule_group": "fit", "condition": "email ~* '@(mailinator|guerrillamail|10minutemail)[.]'", "points": -50, "comment": "After a discount, not after the goods."}],
 "bands": [],
 "stages": [
  {"name": "visitor", "rank": 0, "comment": "Has an account or an address with us."},
  {"name": "mql", "rank": 10, "min_score": 40, "min_engagement": 20, "falls_below": 25, "within": "7 days", "timeout_stage": "cooled", "cooldown": "7 days",
   "comment": "Worth an offer: a reminder of the cart, a small discount."},
  {"name": "sql", "rank": 20, "on_event": "checkout_started", "within": "3 days", "timeout_stage": "cooled", "comment": "At the till: the mail for carts that were left goes out by this."},
  {"name": "customer", "rank": 30, "on_event": "order_placed", "comment": "Has bought."},
  {"name": "cooled", "rank": 90, "kind": "detour", "exit": "score", "comment": "Got the offer and did not buy; comes back by what is done next."},
  {"name": "blocked", "rank": 91, "kind": "detour", "on_event": "fraud_found", "exit": "hand", "comment": "Fraud: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.ecommerce_template IS 'The definition of the template "ecommerce".';

-- The product sells itself, until an account is worth a call: product-qualified leads.
CREATE FUNCTION lead_scoring_internal.product_led_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0, "max_score": 200},
 "groups": [
  {"name": "usage", "kind": "engagement", "max_points": 60, "comment": "How much they use it: the habit."},
  {"name": "growth", "kind": "engagement", "comment": "What shows that they outgrow the free plan."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "active day", "rule_group": "usage", "event_type": "logged_in", "points": 2, "decay": "window", "lifespan": "14 days",
   "limit_count": 1, "limit_window": "day", "comment": "Days, not clicks: ten of the last fourteen are 20."},
  {"name": "key action", "rule_group": "usage", "event_type": "key_action", "points": 10, "decay": "exponential", "half_life": "14 days", "max_points": 40,
   "limit_count": 2, "limit_window": "day", "comment": "What the product is for: a report made, an invoice sent. Name your own."},
  {"name": "integration", "rule_group": "usage", "event_type": "integration_connected", "points": 15, "max_points": 30, "comment": "Is woven in; does not fade."},
  {"name": "teammate invited", "rule_group": "growth", "event_type": "teammate_invited", "points": 10, "decay": "exponential", "half_life": "30 days", "max_points": 30,
   "comment": "It spreads: the best sign of an account that will pay."},
  {"name": "limit reached", "rule_group": "growth", "event_type": "limit_reached", "points": 25, "decay": "exponential", "half_life": "14 days",
   "limit_count": 1, "limit_window": "week", "comment": "The free plan is too small."},
  {"name": "pricing page", "rule_group": "growth", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 10, "decay": "exponential", "half_life": "14 days",
   "limit_count": 2, "limit_window": "day", "comment": "Reckons what it would cost."},
  {"name": "export of all data", "rule_group": "growth", "event_type": "data_exported", "points": -15, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "week", "comment": "Packs."},
  {"name": "ticket without answer", "rule_group": "usage", "event_type": "ticket_escalated", "points": -10, "decay": "exponential", "half_life": "14 days", "min_points": -20,
   "comment": "Mend that before you sell."},
  {"name": "company address", "rule_group": "fit", "condition": "email !~* '@(gmail|yahoo|hotmail|outlook|icloud|gmx|qq)[.]'", "points": 10, "comment": "There is a company behind it."},
  {"name": "company of some size", "rule_group": "fit", "condition": "employees >= 50", "points": 15, "comment": "Has seats to fill."},
  {"name": "student", "rule_group": "fit", "condition": "email ~* '[.]edu$'", "points": -40, "comment": "Uses it gladly, and free of charge."}],
 "bands": [],
 "stages": [
  {"name": "signed up", "rank": 0, "comment": "Has an account."},
  {"name": "activated", "rank": 5, "min_engagement": 10, "min_score": 10, "falls_below": 5, "comment": "Has seen what it is for."},
  {"name": "pql", "rank": 10, "counts_as": "mql", "min_score": 60, "min_engagement": 35, "falls_below": 40, "within": "5 days", "timeout_stage": "nurtured", "cooldown": "30 days",
   "comment": "Product-qualified: uses it, and outgrows it. Somebody offers help within five days."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "30 days", "timeout_stage": "nurtured", "comment": "Has spoken to sales."},
  {"name": "customer", "rank": 30, "on_event": "subscription_started", "comment": "Pays, whether sales had a part in it or not."},
  {"name": "nurtured", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Goes on by itself; comes back by what they do next."},
  {"name": "disqualified", "rank": 91, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.product_led_template IS 'The definition of the template "product_led".';

-- Companies buy, not people: minutes that the people of an account spend with us, and how many of them do.
CREATE FUNCTION lead_scoring_internal.account_based_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"lead_account": "company"},
 "groups": [
  {"name": "minutes", "kind": "engagement", "comment": "Minutes of their time within three months: a point a minute."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "page view", "rule_group": "minutes", "event_type": "page_view", "points": 1, "decay": "window", "lifespan": "90 days",
   "limit_count": 10, "limit_window": "day", "comment": "A minute each; who leaves the page open is no keener for it."},
  {"name": "mail clicked", "rule_group": "minutes", "event_type": "email_clicked", "points": 2, "decay": "window", "lifespan": "90 days",
   "limit_count": 1, "limit_window": "day", "comment": "Opened is nothing: mail programs do that."},
  {"name": "download", "rule_group": "minutes", "event_type": "download", "points": 10, "decay": "window", "lifespan": "90 days",
   "limit_count": 2, "limit_window": "week", "comment": "A paper takes ten minutes to read."},
  {"name": "webinar", "rule_group": "minutes", "event_type": "webinar_attended", "points": 45, "decay": "window", "lifespan": "90 days", "comment": "Three quarters of an hour."},
  {"name": "meeting", "rule_group": "minutes", "event_type": "meeting_held", "points": 30, "decay": "window", "lifespan": "90 days", "comment": "Half an hour with one of us."},
  {"name": "unsubscribed", "rule_group": "minutes", "event_type": "unsubscribed", "points": -20, "decay": "window", "lifespan": "90 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear less."},
  {"name": "decides", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|ceo|cto|cfo|cmo|coo|cio|vp|vice president|director|head of)\\M'", "points": 10, "comment": "Has a say."},
  {"name": "not a buyer", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern|professor|freelance)'", "points": -40, "comment": "Reads a lot and does not buy."}],
 "bands": [],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 50, "min_engagement": 20, "falls_below": 30, "within": "3 days", "timeout_stage": "recycled", "cooldown": "30 days",
   "comment": "One person who is worth a call, whatever the account."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "90 days", "timeout_stage": "recycled", "comment": "Sales works on the account with them."},
  {"name": "customer", "rank": 30, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: comes back by what they do next."},
  {"name": "disqualified", "rank": 91, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}],
 "account_rules": [
  {"name": "buying group", "people": 3, "active_within": "90 days", "min_score": 10,
   "comment": "Depth, breadth and time, as Engagio has it: three people, each with ten minutes or a say, within three months."},
  {"name": "engagement minutes", "min_points": 100, "comment": "A hundred minutes in three months, as Demandbase has it, whoever spent them."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.account_based_template IS 'The definition of the template "account_based".';

-- Kinds of MQLs: what brought a lead there says how to speak to it.
CREATE FUNCTION lead_scoring_internal.mql_types_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0},
 "groups": [
  {"name": "in social media", "kind": "engagement", "max_points": 30, "comment": "Talks with us where others see it."},
  {"name": "by mail", "kind": "engagement", "max_points": 30, "comment": "Reads what we send."},
  {"name": "about symptoms", "kind": "engagement", "max_points": 40, "comment": "Reads of what hurts."},
  {"name": "about problems", "kind": "engagement", "max_points": 40, "comment": "Reads of why it hurts."},
  {"name": "about solutions", "kind": "engagement", "comment": "Reads of what helps, ours among it."},
  {"name": "in the product", "kind": "engagement", "comment": "Works with it."},
  {"name": "fit", "kind": "fit", "min_points": -100, "max_points": 30, "comment": "Who they are."}],
 "rules": [
  {"name": "social", "rule_group": "in social media", "event_type": "social_engaged", "points": 10, "decay": "exponential", "half_life": "30 days",
   "limit_count": 2, "limit_window": "day", "comment": "Commented, shared, or wrote to us; twice a day at the most."},
  {"name": "mail click", "rule_group": "by mail", "event_type": "email_clicked", "points": 10, "decay": "exponential", "half_life": "30 days",
   "limit_count": 2, "limit_window": "day", "comment": "Followed a link of a mail."},
  {"name": "symptom paper", "rule_group": "about symptoms", "event_type": "content_read", "condition": "properties->>'topic' = 'symptom'", "points": 10,
   "decay": "exponential", "half_life": "30 days", "comment": "Why is it so slow?"},
  {"name": "problem paper", "rule_group": "about problems", "event_type": "content_read", "condition": "properties->>'topic' = 'problem'", "points": 15,
   "decay": "exponential", "half_life": "30 days", "comment": "What slow handovers cost."},
  {"name": "solution paper", "rule_group": "about solutions", "event_type": "content_read", "condition": "properties->>'topic' = 'solution'", "points": 20,
   "decay": "exponential", "half_life": "30 days", "comment": "How others do it, and with what."},
  {"name": "pricing page", "rule_group": "about solutions", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 15, "max_points": 45,
   "decay": "exponential", "half_life": "14 days", "limit_count": 1, "limit_window": "day", "comment": "What it costs, once a day."},
  {"name": "usage", "rule_group": "in the product", "event_type": "feature_used", "points": 10, "max_points": 60, "decay": "exponential", "half_life": "14 days",
   "limit_count": 1, "limit_window": "day", "limit_key": "properties->>'feature'", "comment": "Each feature once a day."},
  {"name": "unsubscribed", "rule_group": "by mail", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "60 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more by mail."},
  {"name": "decision maker", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|c[etfmoi]o|founder|owner|president|vp|head|director)\\M'", "points": 20,
   "comment": "Decides, or sits beside who does."},
  {"name": "student", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern)\\M'", "points": -100, "comment": "Reads a lot and buys nothing."}],
 "bands": [
  {"axis": "engagement", "label": "level 1", "min_points": 0}, {"axis": "engagement", "label": "level 2", "min_points": 20},
  {"axis": "engagement", "label": "level 3", "min_points": 50}, {"axis": "engagement", "label": "level 4", "min_points": 80}],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 30, "min_engagement": 20, "falls_below": 15, "within": "3 days", "timeout_stage": "recycled", "cooldown": "3 days", "comment": "Did enough to be spoken to; of what type it is says about what."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "comment": "Sales has spoken to them."},
  {"name": "customer", "rank": 30, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 89, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: back to nurture, and again an MQL by what they do next."},
  {"name": "disqualified", "rank": 90, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}],
 "entries": [
  {"name": "asked for a demo", "stage": "mql", "on_event": "demo_request", "comment": "Whatever the score."},
  {"name": "uses it", "stage": "mql", "min_engagement": 20, "requires": {"usage": 3}, "comment": "Three features are as good as thirty points."}],
 "lead_types": [
  {"name": "cold", "rank": 0, "condition": "days_since_last > 90", "comment": "Nothing for three months, whatever it was before: a mail of another kind, or none."},
  {"name": "product-qualified", "rank": 10, "condition": "(times -> 'usage')::integer >= 3 AND (points -> 'in the product')::numeric > 0", "comment": "Knows the product: speak of plans and limits."},
  {"name": "level 4", "rank": 20, "condition": "grade = 'level 4'", "comment": "Did so much of all kinds that it is called today."},
  {"name": "solution-aware", "rank": 30, "condition": "(points -> 'about solutions')::numeric >= 15", "comment": "Compares: speak of what sets us apart."},
  {"name": "problem-aware", "rank": 40, "condition": "(points -> 'about problems')::numeric >= 15", "comment": "Knows why it hurts: speak of what helps."},
  {"name": "symptom-aware", "rank": 50, "condition": "(points -> 'about symptoms')::numeric >= 10", "comment": "Knows that it hurts: speak of why."},
  {"name": "social", "rank": 60, "condition": "(points -> 'in social media')::numeric >= (points -> 'by mail')::numeric AND (points -> 'in social media')::numeric > 0", "comment": "Answer where it spoke."},
  {"name": "e-mail", "rank": 70, "condition": "(points -> 'by mail')::numeric > 0", "comment": "Write, rather than call."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.mql_types_template IS 'The definition of the template "mql_types".';

-- Definitions to begin with.
CREATE FUNCTION lead_scoring.templates(template text DEFAULT NULL)
RETURNS TABLE (name text, meaning text, event_types text, columns text, definition jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT t.name, t.meaning,
               (SELECT string_agg(DISTINCT n.type COLLATE "C", ', ' ORDER BY n.type COLLATE "C")
                  FROM (SELECT r.item ->> 'event_type' FROM jsonb_array_elements(t.definition -> 'rules') r (item)
                         UNION ALL SELECT s.item ->> 'on_event' FROM jsonb_array_elements(t.definition -> 'stages') s (item)
                         UNION ALL SELECT e.item ->> 'on_event' FROM jsonb_array_elements(t.definition -> 'entries') e (item)) n (type)),
               t.columns, t.definition
          FROM (VALUES
            (1, 'practitioner', 'The score sheet that most teams begin with: papers, mails, prices, live sessions, title and size; an MQL has 30 points.',
                'leads.job_title, leads.employees, events.properties', lead_scoring_internal.practitioner_template()),
            (2, 'b2b_saas', 'Software for companies: the seven actions that make an MQL, from the newsletter to the demo, unless the fit says no.',
                'leads.job_title, leads.employees, leads.email, events.properties', lead_scoring_internal.b2b_saas_template()),
            (3, 'enterprise', 'Large companies and long sales: an MQL takes a grade, a letter for who they are and a number for what they do.',
                'leads.job_title, leads.employees, leads.country, events.properties', lead_scoring_internal.enterprise_template()),
            (4, 'ecommerce', 'A shop: interest fades within days, an MQL gets an offer in place of a call, and the till counts as an SQL.',
                'leads.country, leads.email, events.properties', lead_scoring_internal.ecommerce_template()),
            (5, 'product_led', 'A product that is tried before it is bought: usage makes product-qualified leads, which count as MQLs.',
                'leads.email, leads.employees, events.properties', lead_scoring_internal.product_led_template()),
            (6, 'account_based', 'Companies buy, not people: minutes that the people of an account spend with you, and what makes an account an MQA.',
                'leads.company, leads.job_title', lead_scoring_internal.account_based_template()),
            (7, 'mql_types', 'Kinds of MQLs: social, e-mail, level 4, symptom-, problem- and solution-aware, product-qualified, and who went cold.',
                'leads.job_title, events.properties', lead_scoring_internal.mql_types_template())) t (place, name, meaning, columns, definition)
         WHERE templates.template IS NULL OR t.name = templates.template ORDER BY t.place;
    IF NOT FOUND THEN
        PERFORM lead_scoring_internal.fail('42704', format('template "%s" does not exist', template), 'A template is a definition that comes with the extension.',
            'SELECT name, meaning FROM lead_scoring.templates();' || lead_scoring_internal.perhaps(template, ARRAY(SELECT t.name FROM lead_scoring.templates() t)));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.templates IS 'Definitions to begin with, for apply_model(), all or the one of that name: what each is for, the types of events it waits for and the columns it reads, both separated by commas, and the definition, with a comment on each group, rule, stage, account rule, entry and type of leads. Types and columns that are called otherwise are mapped by the argument "words" of apply_model(), and what is not there is left out. Raises 42704 for an unknown template.';

CREATE FUNCTION lead_scoring_internal.refresh_accounts(model text) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_refresh_accounts';
COMMENT ON FUNCTION lead_scoring_internal.refresh_accounts IS
'Notes the accounts that meet an account rule now and never did when it looked before, forgets those that no lead belongs to any more, and returns how many it noted. Nothing where the newest version has no accounts. The last step of refresh(). Takes INSERT on the model''s transitions.';

CREATE FUNCTION lead_scoring_internal.sweep_handoffs(model text, most bigint) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_sweep_handoffs';
COMMENT ON FUNCTION lead_scoring_internal.sweep_handoffs IS
'Parks hand-offs that were delivered as often as may be, and removes at most that many of those that have been done for 90 days. Returns how many there were. A batch of refresh(). Takes INSERT on the model''s transitions.';

-- No SET search_path, for a procedure that has one cannot commit: every name and operator is qualified instead.
CREATE OR REPLACE PROCEDURE lead_scoring.refresh(model text, batch_size bigint DEFAULT 1000)
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
    PERFORM lead_scoring_internal.refresh_accounts(model);
    WHILE lead_scoring_internal.sweep_handoffs(model, batch_size) OPERATOR(pg_catalog.>) 0::pg_catalog.int8 LOOP
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE lead_scoring.refresh IS
'A procedure: CALL it outside of a transaction block. Applies what time alone does to leads: scores that decay under falls_below or out of negative points, service levels (within) that have passed, cooldowns that end, events that were future. Looks only at leads that are due (scores.due_at), commits after each batch_size of them, may run in several sessions at once and may be stopped at any time. Each move bears the instant it belongs to, whenever refresh runs. Of a model with account rules it looks at all accounts in the end, and notes when it first found one that meets a rule (accounts.mqa_at). Then hand-offs that were delivered too often are parked, and those removed that have been done for 90 days. Raises 25001 in a transaction block. Takes INSERT on the model''s transitions. 22023 for a batch_size under 1, 42501 without these rights.';

COMMENT ON VIEW lead_scoring.progress IS 'What publish, rescore, resume, repair and previews are doing right now, a row each, for models whose schema the reader may use. Nothing where track_activities is off.';

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

-- What a hand takes back: moves, engagement, and with replay the whole history of a lead.
CREATE FUNCTION lead_scoring.undo_move(model text, lead text, seq integer, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_undo_move';
CREATE FUNCTION lead_scoring.undo_move(model text, lead bigint, seq integer, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_undo_move';
CREATE FUNCTION lead_scoring.undo_move(model text, lead uuid, seq integer, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_undo_move';

CREATE FUNCTION lead_scoring.reset_engagement(model text, lead text, reason text DEFAULT NULL) RETURNS uuid
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_reset_engagement';
CREATE FUNCTION lead_scoring.reset_engagement(model text, lead bigint, reason text DEFAULT NULL) RETURNS uuid
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_reset_engagement';
CREATE FUNCTION lead_scoring.reset_engagement(model text, lead uuid, reason text DEFAULT NULL) RETURNS uuid
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_reset_engagement';

CREATE FUNCTION lead_scoring_internal.replay_leads(model text, lead text) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_replay_leads';
COMMENT ON FUNCTION lead_scoring_internal.replay_leads IS 'Supersedes the moves of a lead, or with NULL of all, and makes them anew. The part of replay() that has the tables or the lead locked. Returns how many leads there were.';

CREATE FUNCTION lead_scoring_internal.notice_made_again(model text, lead text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    again bigint;
    first_lead text;
    first_move integer;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format($query$
        SELECT count(*) OVER (), s.lead_id::text AS lead, s.seq
          FROM %1$I.transitions t JOIN %1$I.transitions s ON s.lead_id = t.lead_id AND s.to_stage = t.to_stage
         WHERE t.undone_at IS NOT NULL AND NOT t.superseded AND s.undone_at IS NULL AND s.cause <> 'manual'
           AND s.at <= t.undone_at AND s.recorded_at > t.undone_at AND ($1 IS NULL OR s.lead_id = $1::%2$s)
         ORDER BY s.lead_id, s.seq LIMIT 1
        $query$, model, lead_scoring_internal.key_type(model)) INTO again, first_lead, first_move USING lead;
    IF again > 0 THEN
        RAISE NOTICE USING MESSAGE = format('moves of model "%s" that were taken back are made again: %s', model, again),
            DETAIL = 'The scores of then call for them. Only what an event named stays taken back.',
            HINT = format('SELECT lead_scoring.undo_move(%L, %L, %s, ''taken back again'');  -- the first of them', model, first_lead, first_move);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.notice_made_again IS 'Says in a notice how many moves a replay, of that lead or of all, has made that a hand had taken back.';

CREATE FUNCTION lead_scoring.replay(model text) RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.replay(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leads bigint;
BEGIN
    PERFORM lead_scoring_internal.require_scoring(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    leads := lead_scoring_internal.replay_leads(model, NULL);
    PERFORM lead_scoring_internal.notice_made_again(model);
    RETURN leads;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.replay(text) IS 'Implements lead_scoring.replay of all leads, as the model''s owner.';

CREATE FUNCTION lead_scoring.replay(model text, lead text) RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.replay(model text, lead text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys text[];
    leads bigint;
BEGIN
    -- All leads are another call, so that a lead that was not found replays none.
    IF lead IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'lead is NULL', 'It is the key of the lead whose history is made anew.',
            format('SELECT lead_scoring.replay(%L);  -- that of all leads', model));
    END IF;
    PERFORM lead_scoring_internal.require_scoring(model);
    keys := lead_scoring_internal.lock_leads(model, ARRAY[lead], 'NO KEY UPDATE');
    leads := lead_scoring_internal.replay_leads(model, keys[1]);
    PERFORM lead_scoring_internal.notice_made_again(model, keys[1]);
    RETURN leads;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.replay(text, text) IS 'Implements lead_scoring.replay of one lead, as the model''s owner.';
CREATE FUNCTION lead_scoring.replay(model text, lead bigint)
RETURNS bigint LANGUAGE sql
AS $$ SELECT lead_scoring.replay(model, lead::pg_catalog.text) $$;
CREATE FUNCTION lead_scoring.replay(model text, lead uuid)
RETURNS bigint LANGUAGE sql
AS $$ SELECT lead_scoring.replay(model, lead::pg_catalog.text) $$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.undo_move(text, %s, integer, text) IS %L', key,
'Takes back a move of a lead, by its number in the model''s transitions, and every later one that stands: a wrong click, a bot, a win that was none. The rows stay, marked with when, by whom and why; the lead stands where the move began. It enters the stages that it left, and those its score calls for at that moment, again only by hand, by an event of the stage''s on_event that is later than the undoing, or once the stage''s conditions have ceased to hold. <stage>_at, status columns and reports follow the moves that stand; a report as of before the undoing counts the move. Raises P0002 for an unknown lead or move, 55000 where the move was taken back already, where the model is paused or not published, or of an older format, 42704 for an unknown model, 22004 for a NULL. Takes INSERT on the model''s transitions and USAGE on the schema.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.reset_engagement(text, %s, text) IS %L', key,
'Begins a lead''s engagement anew: rules count its events after this instant alone, decayed or not, for points, limits and what stages require. Fit, adjustments and the moves so far stay. It is a row of the model''s adjustments, whose id is returned: cancel_adjustment() takes the reset back, and all events count again. Raises P0002 for an unknown lead, 55000 for one that has no score because the model is paused or not published, or where it is of an older format, 42704 for an unknown model, 22004 for a NULL. Takes INSERT on the model''s adjustments and USAGE on the schema.');
    END LOOP;
    FOREACH key IN ARRAY ARRAY['text', 'text, text', 'text, bigint', 'text, uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.replay(%s) IS %L', key,
'Makes the history of a lead anew, or where none is named of all leads, as the events, attributes and version of today have it: moves bear the dates at which they would have happened, as at a first publish. The old moves stay, marked as superseded; moves by hand that stood are made again at their time, with their actor and reason; what undo_move took back stays so where an event named the stage; where scores call for it, it is made again, with a notice that says how many. Status columns and reports, those of the past too, follow the new history. Returns the number of leads. For all leads the tables of leads and events are locked against writing until the transaction ends. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where the model is paused or not published, or of an older format.');
    END LOOP;
END
$comments$;
DROP FUNCTION lead_scoring_internal.lock_tables(model text);

-- Pausing a model and putting it right again.
CREATE OR REPLACE FUNCTION lead_scoring_internal.lock_tables(model text, VARIADIC further regclass[] DEFAULT '{}')
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
    tables := bound.leads::text || ARRAY(SELECT t::text FROM unnest(lead_scoring_internal.bound_tables(model) || further) WITH ORDINALITY u (t, place) ORDER BY place) || format('%I.adjustments', model);
    LOOP
        held := 0;
        BEGIN
            FOREACH relation IN ARRAY tables LOOP
                EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE %s', relation, CASE WHEN held > 0 THEN 'NOWAIT' END);
                held := held + 1;
            END LOOP;
            -- What was locked by name is what is used, and all there is by now.
            PERFORM lead_scoring_internal.require_own(t::regclass, false) FROM unnest(tables) t;
            IF lead_scoring_internal.bound_tables(model)::text[] <@ tables THEN
                RETURN;
            END IF;
            tables := tables || lead_scoring_internal.bound_tables(model)::text[];
        EXCEPTION WHEN lock_not_available THEN
            IF held = 0 THEN
                RAISE;  -- lock_timeout
            END IF;
            tables := tables[held + 1] || array_remove(tables, tables[held + 1]);
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.lock_tables IS 'For owner commands that change how a model scores: keeps everybody from writing leads, events (partitions and all sources included), identities, further tables and adjustments, and from moving leads, until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.catch_up(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    looked_at bigint;
BEGIN
    PERFORM lead_scoring_internal.move_merged(model);
    looked_at := lead_scoring_internal.rescore_now(model, CASE WHEN lead_scoring_internal.has_scores(model) THEN 'catch up' ELSE 'replay' END);
    PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, false));
    RETURN looked_at;
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.newest_format()
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS 'SELECT 2';

CREATE OR REPLACE FUNCTION lead_scoring_internal.is_older(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT (lead_scoring_internal.settings_row(model) ->> 'format')::integer < lead_scoring_internal.newest_format() $$;
COMMENT ON FUNCTION lead_scoring_internal.is_older IS 'Whether the tables of a model are of an older format than this version gives them; NULL where they do not say of which.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.mend_binding(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    tables regclass[];
    identities regclass;
    wrong record;
    is_paused boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.mend_shape(model);
    EXECUTE format('UPDATE %I.settings SET format = $1 WHERE format < $1', model) USING lead_scoring_internal.newest_format();
    PERFORM lead_scoring_internal.lock_tables(model);
    PERFORM lead_scoring_internal.mend_keys(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    tables := lead_scoring_internal.event_tables(model);
    identities := (SELECT i.identities FROM lead_scoring_internal.identities(model) i);
    FOR wrong IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid = ANY (lead_scoring_internal.trigger_functions())
                    AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                    AND NOT EXISTS (SELECT FROM lead_scoring_internal.expected_triggers(model, bound.leads, identities, VARIADIC tables) e
                                     WHERE e.relation = t.tgrelid AND e.found_name = t.tgname
                                       AND NOT (e.is_partition AND e.operation IN ('row', 'status'))) LOOP  -- that comes from its table
        EXECUTE format('DROP TRIGGER %I ON %s', wrong.tgname, wrong.relation);
    END LOOP;
    PERFORM lead_scoring_internal.add_triggers(model, bound.leads, identities, VARIADIC tables);
    FOR wrong IN SELECT e.* FROM lead_scoring_internal.expected_triggers(model, bound.leads, identities, VARIADIC tables) e
                  WHERE e.found_state <> e.state LOOP
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', wrong.relation,
                       CASE wrong.state WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, wrong.found_name);
    END LOOP;
    PERFORM lead_scoring_internal.make_leads_view(model, anew => true), lead_scoring_internal.make_moves(model), lead_scoring_internal.make_accounts(model);
    PERFORM lead_scoring_internal.make_reports(model);
    EXECUTE format('SELECT s.paused FROM %I.settings s', model) INTO is_paused;
    IF is_paused THEN
        RAISE NOTICE 'model "%" is paused: resume() computes its leads', model;
    END IF;
END
$$;

-- A partition that a replica's session makes is one for all.
ALTER EVENT TRIGGER lead_scoring_partitions_changed ENABLE ALWAYS;

CREATE OR REPLACE FUNCTION lead_scoring_internal.is_known(model text, lead text)
RETURNS boolean LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    known boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    EXECUTE (SELECT 'SELECT ' || string_agg(format('EXISTS (SELECT FROM %s t WHERE t.%I = $1::%s)', t.relation, t.lead, lead_scoring_internal.key_type(model)), ' OR ')
               FROM (SELECT bound.leads, bound.lead_key UNION ALL SELECT s.events, s.event_lead FROM lead_scoring_internal.sources(model) s) t (relation, lead)) INTO known USING lead;
    IF NOT known AND EXISTS (SELECT FROM lead_scoring_internal.anonymous_events(model)) THEN
        EXECUTE (SELECT 'SELECT ' || string_agg(format('EXISTS (SELECT FROM %s e WHERE %s)', a.events, a.condition), ' OR ') FROM lead_scoring_internal.anonymous_events(model) a) INTO known USING lead;
    END IF;
    RETURN known;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_known IS 'Whether the leads table, or one of events, has a row of that key.';

CREATE FUNCTION lead_scoring_internal.lock_visitors(model text, leads text[]) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_lock_visitors';
COMMENT ON FUNCTION lead_scoring_internal.lock_visitors IS 'Keeps others from storing events of the visitors that these leads are, and from saying whose they are, until the transaction ends.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.lock_leads(model text, leads text[], strength text)
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
    EXECUTE (SELECT format('LOCK TABLE ONLY %s, %s IN ROW EXCLUSIVE MODE', bound.leads, string_agg('ONLY ' || t, ', ' ORDER BY place))
               FROM unnest(lead_scoring_internal.bound_tables(model)::text[]) WITH ORDINALITY u (t, place));
    PERFORM lead_scoring_internal.lock_visitors(model, keys);
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
COMMENT ON FUNCTION lead_scoring_internal.lock_leads IS 'Locks the rows of some leads, in the order that all others keep too: visitors before leads before scores, each in their order. Returns the keys as the server writes them. Raises P0002 for a key that neither table has. "strength" is that of the lock on the leads table.';

CREATE FUNCTION lead_scoring_internal.require_scoring(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.versions) AS is_published,
                           (SELECT s.paused FROM %1$I.settings s) IS NOT false AS is_paused', model) INTO state;
    IF state.is_paused OR NOT state.is_published THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" does not score at present', model),
            CASE WHEN state.is_paused THEN 'It is paused.' ELSE 'Nothing is published yet, so that no lead has a score.' END,
            format('SELECT lead_scoring.%s(%L);', CASE WHEN state.is_paused THEN 'resume' ELSE 'publish' END, model));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_scoring IS 'Raises 55000 where the model is paused or not published.';

-- ---------------------------------------------------------------- merging
CREATE OR REPLACE FUNCTION lead_scoring_internal.begin_merge(model text, from_lead text, into_lead text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(model, from_lead, into_lead) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of merge_leads is NULL',
            'It takes a model, the lead to be merged, and the one that stays.', 'For example lead_scoring.merge_leads(''sales'', 42, 7).');
    END IF;
    PERFORM lead_scoring_internal.require_scoring(model);
    keys := lead_scoring_internal.lock_leads(model, ARRAY[from_lead, into_lead], 'NO KEY UPDATE');
    IF keys[1] = keys[2] THEN
        PERFORM lead_scoring_internal.fail('22023', format('cannot merge lead "%s" into itself', keys[1]), 'Both arguments are the same key.',
            'Name the lead to be merged first, then the one that stays.');
    END IF;
    RETURN keys;
END
$$;

CREATE FUNCTION lead_scoring_internal.key_parts(relation regclass, column_name text) RETURNS text[]
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_key_parts';
COMMENT ON FUNCTION lead_scoring_internal.key_parts IS 'The columns that have to be written for a column to have another value: itself; of a generated one those it is made of, in their order there, where it is made of their values as a whole, cast, joined, in lower case or with characters replaced, and NULL otherwise.';

CREATE FUNCTION lead_scoring_internal.key_values(model text, events regclass, event_lead text, from_lead text, into_lead text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    parts text[];
    in_leads text[];
    expression text;
    is_there boolean;
    found text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    parts := lead_scoring_internal.key_parts(events, event_lead);
    IF parts = ARRAY[event_lead] THEN
        RETURN ARRAY[into_lead];
    END IF;
    in_leads := lead_scoring_internal.key_parts(bound.leads, bound.lead_key);
    SELECT pg_get_expr(d.adbin, d.adrelid) INTO expression
      FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attrelid = events AND a.attname = event_lead;
    IF cardinality(parts) = cardinality(in_leads) THEN
        BEGIN
            EXECUTE lead_scoring_internal.fill('SELECT ARRAY[{!texts}] FROM (SELECT {!values} FROM {!leads} l WHERE l.{lead_key} = $1::{!key_type}) e WHERE ({!key})::{!key_type} = $1::{!key_type}',
                (SELECT jsonb_build_object('texts', string_agg(format('e.%I::text', p.in_events), ', ' ORDER BY p.place),
                            'values', string_agg(format('l.%I::text::%s AS %I', p.in_leads, a.atttypid::regtype, p.in_events), ', ' ORDER BY p.place),
                            'leads', bound.leads, 'lead_key', bound.lead_key, 'key', expression, 'key_type', lead_scoring_internal.key_type(model))
                   FROM unnest(parts, in_leads) WITH ORDINALITY p (in_events, in_leads, place)
                   JOIN pg_attribute a ON a.attrelid = events AND a.attname = p.in_events)) INTO found USING into_lead;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            found := NULL;  -- no value of that column
        END;
    END IF;
    IF found IS NOT NULL THEN
        RETURN found;
    END IF;
    EXECUTE lead_scoring_internal.fill('SELECT EXISTS (SELECT FROM {!events} e WHERE e.{lead} = $1::{!key_type})',
        jsonb_build_object('events', events, 'lead', event_lead, 'key_type', lead_scoring_internal.key_type(model))) INTO is_there USING from_lead;
    IF is_there THEN
        EXECUTE lead_scoring_internal.fill('SELECT EXISTS (SELECT FROM {!leads} l WHERE l.{lead_key} = $1::{!key_type})',
            jsonb_build_object('leads', bound.leads, 'lead_key', bound.lead_key, 'key_type', lead_scoring_internal.key_type(model))) INTO is_there USING into_lead;
        PERFORM lead_scoring_internal.fail('55000', format('events of lead "%s" cannot be made those of lead "%s"', from_lead, into_lead),
            format('Column "%s" of table %s is generated from %s, and %s.', event_lead, events, coalesce(array_to_string(parts, ', '), expression),
                CASE WHEN is_there OR parts IS NULL THEN 'what that has to be for the other key is not known' ELSE format('table %s has no row that says what that is', bound.leads) END),
            CASE WHEN is_there OR parts IS NULL THEN format('ALTER TABLE %s ALTER COLUMN %I DROP EXPRESSION;  -- whoever stores events fills it then', events, event_lead)
                 ELSE format('Store lead "%s" in table %s first.', into_lead, bound.leads) END);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.key_values IS 'What the columns of key_parts of a table of events have to be for events to be those of into_lead; NULL where that is not known and from_lead has none. Raises 55000 where it has.';

CREATE FUNCTION lead_scoring_internal.moving_statements(model text, from_lead text, into_lead text)
RETURNS TABLE (statement text, arguments text[]) LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 2 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY
    SELECT format('UPDATE %s e SET %s WHERE e.%I OPERATOR(pg_catalog.=) $1::%s', s.relation, a.assignments, s.lead, lead_scoring_internal.key_type(model)), from_lead || k.key_values
      FROM lead_scoring_internal.lead_tables(model) s
     CROSS JOIN LATERAL lead_scoring_internal.key_values(model, s.relation, s.lead, from_lead, into_lead) k (key_values)
     CROSS JOIN LATERAL (
        SELECT string_agg(format('%I = $%s::%I.%I', p.name, p.place + 1, n.nspname, t.typname), ', ' ORDER BY p.place)
          FROM unnest(lead_scoring_internal.key_parts(s.relation, s.lead)) WITH ORDINALITY p (name, place)
          JOIN pg_attribute a ON a.attrelid = s.relation AND a.attname = p.name
          JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace) a (assignments)
     WHERE k.key_values IS NOT NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.moving_statements IS 'The statements by which events and identities of one lead become those of another, with their arguments, for write_table(). Raises 55000 as key_values() does.';

CREATE FUNCTION lead_scoring_internal.moves_of_merged(model text, leads text[] DEFAULT NULL)
RETURNS TABLE (statement text, arguments text[]) LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    merged record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('%I.merged', model)::regclass AND a.attname = 'at' AND NOT a.attisdropped) THEN
        RETURN;
    END IF;
    -- Who was merged when the statement found it, and is not any more, has its rows written as they are, and so scored.
    FOR merged IN EXECUTE CASE WHEN leads IS NULL
            THEN lead_scoring_internal.fill('SELECT m.merged_from::text AS lead, m.lead_id::text AS now FROM {model}.merged m WHERE m.at IS NOT NULL AND m.lead_id <> m.merged_from AND ({!has_rows}) ORDER BY m.merged_from',
                jsonb_build_object('model', model, 'has_rows', (SELECT string_agg(format('EXISTS (SELECT FROM %s e WHERE e.%I = m.merged_from)', t.relation, t.lead), ' OR ') FROM lead_scoring_internal.lead_tables(model) t)))
            ELSE lead_scoring_internal.fill('SELECT k.lead::text, coalesce(m.lead_id, k.lead)::text AS now FROM (SELECT unnest($1)::{!key_type}) k (lead) LEFT JOIN {model}.merged m ON m.merged_from = k.lead AND m.at IS NOT NULL ORDER BY k.lead',
                jsonb_build_object('model', model, 'key_type', lead_scoring_internal.key_type(model))) END USING leads LOOP
        RETURN QUERY SELECT s.statement, s.arguments FROM lead_scoring_internal.moving_statements(model, merged.lead, merged.now) s;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.moves_of_merged IS 'The statements by which what has come for these leads, which were merged, becomes that of the leads they are now; NULL: for all leads that were.';

CREATE FUNCTION lead_scoring_internal.move_merged(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.write_table(model, m.statement, VARIADIC m.arguments) FROM lead_scoring_internal.moves_of_merged(model) m;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_merged IS 'Makes what was stored for leads that were merged, while nothing was scored, that of the leads they are now.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys CONSTANT text[] := lead_scoring_internal.begin_merge(model, from_lead, into_lead);
    reached text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.settle_leads(model, keys);
    reached := lead_scoring_internal.higher_stage(model, keys);

    -- The triggers do not live through the other lead's events a second time.
    PERFORM lead_scoring_internal.withhold_leads(model, keys);
    PERFORM lead_scoring_internal.write_table(model, s.statement, VARIADIC s.arguments) FROM lead_scoring_internal.moving_statements(model, keys[1], keys[2]) s;
    PERFORM lead_scoring_internal.join_leads(model, keys[1], keys[2]);
    PERFORM lead_scoring_internal.release_leads(model);

    PERFORM lead_scoring_internal.settle_leads(model, keys);
    IF lead_scoring_internal.is_below(model, keys[2], reached) THEN
        PERFORM lead_scoring.set_stage(model, keys[2], reached, 'merge_leads');
    END IF;
    PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, true), keys[2]);
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.forget_lead(model text, lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key CONSTANT text := lead_scoring_internal.begin_forgetting(model, lead);
    bound record;
BEGIN
    PERFORM lead_scoring_internal.detach_merged(model, key);
    SELECT b.* INTO bound FROM lead_scoring_internal.binding(model) b;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s e WHERE %s', a.events, a.condition), key) FROM lead_scoring_internal.anonymous_events(model) a;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s e WHERE e.%I OPERATOR(pg_catalog.=) $1::%s',
        s.relation, s.lead, lead_scoring_internal.key_type(model)), key) FROM lead_scoring_internal.lead_tables(model) s;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s l WHERE l.%I OPERATOR(pg_catalog.=) $1::%s',
        bound.leads, bound.lead_key, lead_scoring_internal.key_type(model)), key);
    IF lead_scoring_internal.is_known(model, key) THEN
        PERFORM lead_scoring_internal.fail('55000', format('lead "%s" of model "%s" cannot be forgotten', key, model),
            'Its rows were deleted and are there still: a trigger of the tables keeps them, or stores them again.',
            (SELECT format('SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN (%s) AND NOT tgisinternal;', string_agg(format('%L::regclass', t), ', ' ORDER BY place))
               FROM unnest(bound.leads || lead_scoring_internal.bound_tables(model)) WITH ORDINALITY u (t, place)));
    END IF;
    PERFORM lead_scoring_internal.erase_lead(model, key);
END
$$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.merge_leads(text, %1$s, %1$s) IS %2$L', key,
'Makes one lead of two that are the same person: events, identities, adjustments, problems and transitions of from_lead become those of into_lead, and both are computed anew, so that limits and bounds hold for the events together and nothing counts twice. Fit follows the attributes of into_lead alone.
Transitions are numbered anew by time; merged_from keeps the lead and number they had. The lead is then where the later of the last moves led, or higher if the events together call for it. Where both were in progress stages it is not below the higher of the two: if the later move led lower, one more transition, of cause manual and reason merge_leads, puts it back.
The row of from_lead in the leads table stays, without events or history, and is left out: it is not in the view leads, counts in no report and enters no stage; what is to become of it is for the caller to say. What comes for it later, events or what identities say, is written to into_lead in the statement that stores it, or, if nothing was scored then, by resume() and repair(); a lead that is stored anew under its key, or merged into, is one again. Revenue that names it is, to reports, that of into_lead, whether the row stays or not: the model''s table "merged" has who is who. Where the column of events that names the lead is generated, the columns it is generated from are written, as the row of into_lead has them. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 22023 for the same lead twice, 55000 where the model is paused or not published, or where nothing tells what to write for a generated column.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.forget_lead(text, %s) IS %L', key,
'Erases a lead: its events, those of the visitors that it was included, what identities say of it, its row in the leads table, its score, transitions, adjustments and problems, and its key where it was merged into another (merged_from). The model''s table "forgotten" keeps how many such leads of which campaign came, and first entered which stage, in which month, so that the views funnel, campaigns and qualified_rate and the MQLs of forecast do not change, but for revenue, which is that of leads in the leads table. Works while the model is paused, too. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where triggers of the user''s keep its rows, and what foreign keys of the user''s say, 23503: then nothing is erased.');
    END LOOP;
END
$comments$;

-- Hand-offs: what a row says of its move, and the calls of workers and of sales.
CREATE FUNCTION lead_scoring_internal.require_writing(model text) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_writing';
COMMENT ON FUNCTION lead_scoring_internal.require_writing IS 'Raises 42501 unless it is called within a statement of the extension that writes a model''s tables, as their owner.';

CREATE FUNCTION lead_scoring_internal.handoff_owner(model text, lead text, leads text, lead_key text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expression text;
    owner text;
BEGIN
    PERFORM lead_scoring_internal.require_writing(model);
    EXECUTE format('SELECT r.dimensions ->> ''owner'' FROM %I.report_settings r', model) INTO expression;
    IF expression IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE lead_scoring_internal.fill('SELECT nullif(({!expression})::text, '''') FROM {!leads} WHERE {key} = $1::{!key_type}',
        jsonb_build_object('expression', expression, 'leads', leads, 'key', lead_key, 'key_type', lead_scoring_internal.key_type(model))) INTO owner USING lead;
    RETURN owner;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;  -- as of an expression of a rule
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.handoff_owner IS 'Whose lead it is, by its row in that table, as the dimension "owner" of report_settings has it; NULL where there is no such dimension, no such lead, or the expression raises a data exception.';

CREATE FUNCTION lead_scoring_internal.day_text(day timestamptz, at timestamptz, zone text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT to_char(day AT TIME ZONE zone, CASE WHEN (at AT TIME ZONE zone)::date - (day AT TIME ZONE zone)::date < 7 THEN 'FMDay'
                                           WHEN extract(year FROM at AT TIME ZONE zone) = extract(year FROM day AT TIME ZONE zone) THEN 'FMDD FMMonth' ELSE 'FMDD FMMonth YYYY' END)
$$;
COMMENT ON FUNCTION lead_scoring_internal.day_text IS 'A day as one says it at a time: the weekday within a week, else the date, with its year where that is another.';

CREATE FUNCTION lead_scoring_internal.handoff_why(model text, lead text, at timestamptz, stage text, cause text, rule text, reason text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_writing(model);
    EXECUTE format('SELECT v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO definition;
    RETURN (SELECT coalesce(string_agg(p.part, ', ' ORDER BY p.place), reason) FROM (
    SELECT 0 AS place, replace(s.stage ->> 'on_event', '_', ' ') || ' on ' || lead_scoring_internal.day_text(at, at, definition ->> 'time_zone') AS part
      FROM jsonb_array_elements(definition -> 'stages') s (stage)
     WHERE handoff_why.cause = 'event' AND handoff_why.rule IS NULL AND s.stage ->> 'name' = handoff_why.stage AND s.stage ->> 'on_event' IS NOT NULL
    UNION ALL
    (SELECT row_number() OVER (ORDER BY e.capped DESC, e.rule COLLATE "C"),
            replace(e.rule, '_', ' ') || CASE WHEN e.times > 1 THEN format(' %s times', e.times)
                                              WHEN e.last_at IS NOT NULL THEN ' on ' || lead_scoring_internal.day_text(e.last_at, at, definition ->> 'time_zone') ELSE '' END
       FROM lead_scoring.explain(model, lead, at) e WHERE e.rule_group IS NOT NULL AND e.rule IS NOT NULL AND e.capped > 0
      ORDER BY e.capped DESC, e.rule COLLATE "C" LIMIT 5)) p);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.handoff_why IS 'What moved a lead, in a sentence for whoever calls: the event that names the stage, then the rules that gave the most points at that time, at most five; where there are none, the reason that a hand gave.';

-- ---------------------------------------------------------------- workers
CREATE FUNCTION lead_scoring.claim_handoffs(model text, worker text, n bigint DEFAULT 1, lease interval DEFAULT '5 minutes', stage text DEFAULT NULL, owner text DEFAULT NULL)
RETURNS TABLE (id text, lead_id text, stage text, at timestamptz, score float8, grade text, lead_type text, rule text, entry text, why text, attempt integer, lease_token text)
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_claim_handoffs';
COMMENT ON FUNCTION lead_scoring.claim_handoffs IS
'Gives a worker at most n of the hand-offs that wait, oldest first, and nobody else for as long as the lease lasts: of each lead the first that is to be delivered, so that what happened first is told first. "stage" and "owner" choose those of one stage or one salesperson. A row is a move into a stage with hand_off: where and when, with what score, grade and rule, and why, in a sentence. "id" stays the same however often it is delivered, "attempt" counts. Whoever has told the CRM calls ack_handoff() with id and lease_token; who could not, release_handoff(); who needs longer, extend_handoff(). When the lease runs out, the hand-off is for whoever claims it next, and the token does nothing any more. After max_attempts of the stage it is parked. Delivery is at least once. Any number of workers may claim; none waits for another.
Takes USAGE on the schema and INSERT on the model''s handoffs; 42501 where row security on scores limits the caller. Raises 42704 for an unknown model or stage, 22023 for n under 1 or above 10000, an empty worker and a lease under a second or over a day, 22004 for a NULL, 55000 where the model is of an older format.';

CREATE FUNCTION lead_scoring.ack_handoff(model text, id text, lease_token text) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_ack_handoff';
COMMENT ON FUNCTION lead_scoring.ack_handoff IS
'Says that a hand-off was delivered: it is given to nobody any more, and the next one of the lead may be claimed. Takes id and lease_token of claim_handoffs(). Raises 55000, and nothing happens, where the token is not that of the lease: it ran out, another worker has it, or the hand-off is done already. Raises P0002 for an unknown id, 22004 for a NULL. Takes USAGE on the schema and INSERT on the model''s handoffs.';

CREATE FUNCTION lead_scoring.release_handoff(model text, id text, lease_token text, retry_in interval DEFAULT '1 minute') RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_release_handoff';
COMMENT ON FUNCTION lead_scoring.release_handoff IS
'Gives back a hand-off that could not be delivered: it can be claimed again after retry_in, and later ones of the lead wait behind it; after the last attempt it is parked. Raises as ack_handoff() does, 22023 for a retry_in under 0 or over 30 days.';

CREATE FUNCTION lead_scoring.extend_handoff(model text, id text, lease_token text, lease interval DEFAULT '5 minutes') RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_extend_handoff';
COMMENT ON FUNCTION lead_scoring.extend_handoff IS
'Has the lease of a hand-off end so long from now, sooner or later than it would have: the heartbeat of a worker that needs longer. Raises as ack_handoff() does, 22023 for a lease under a second or over a day.';

-- ---------------------------------------------------------------- sales
CREATE FUNCTION lead_scoring.decide_handoff(model text, lead text, outcome text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_decide_handoff';
CREATE FUNCTION lead_scoring.decide_handoff(model text, lead bigint, outcome text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_decide_handoff';
CREATE FUNCTION lead_scoring.decide_handoff(model text, lead uuid, outcome text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_decide_handoff';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.decide_handoff(text, %s, text, text) IS %L', key,
'Says what sales decided of the lead''s latest hand-off, "accepted" or "rejected", delivered or not, and why. The lead moves to accepted_stage of the stage that handed it over, if it stands lower or in a detour, or to rejected_stage, if it stands where it was handed over: a transition with cause manual, the role that decided, and the reason. The same decision again does nothing; another one takes the place of the first, by the same rules. Raises 22023 for another outcome, P0002 for an unknown lead or one that was not handed over (hand-offs whose move was taken back do not count, nor those done for more than 90 days), 55000 where the model is paused, not published or of an older format, 42704 for an unknown model, 22004 for a NULL. Takes USAGE on the schema and INSERT on the model''s handoffs.');
    END LOOP;
END
$comments$;

-- add_source, drop_source.
CREATE FUNCTION lead_scoring.add_source(
    model text,
    name text,
    events regclass,
    event_lead text DEFAULT 'lead_id',
    event_type text DEFAULT 'type',
    event_time text DEFAULT 'occurred_at',
    every_event text DEFAULT NULL,
    event_campaign text DEFAULT NULL,
    event_channel text DEFAULT NULL,
    event_asset text DEFAULT NULL,
    event_anonymous text DEFAULT NULL,
    event_id text DEFAULT NULL,
    time_zone text DEFAULT NULL,
    require_index boolean DEFAULT true)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_source(
    model text,
    name text,
    events regclass,
    event_lead text,
    event_type text,
    event_time text,
    every_event text,
    event_campaign text,
    event_channel text,
    event_asset text,
    event_anonymous text,
    event_id text,
    time_zone text,
    require_index boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    other record;
    before jsonb;
    kept text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(name, events, event_lead, event_time, require_index) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of add_source is NULL',
            'name, events, event_lead, event_time and require_index have no meaning without a value.',
            format('For example SELECT lead_scoring.add_source(%L, ''page views'', ''public.page_views'', every_event => ''page_view'');', model));
    END IF;
    event_type := CASE WHEN every_event IS NULL OR event_type <> 'type' THEN event_type END;
    PERFORM lead_scoring_internal.check_table(events, 'events');
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    SELECT s.name, s.events INTO other FROM lead_scoring_internal.sources(model) s WHERE s.events = add_source.events;
    IF other.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42710', format('table %s is source "%s" of model "%s" already', events, other.name, model),
            'Its events would count twice. Rules tell its types apart.', format('SELECT lead_scoring.add_rule(%L, ''visit'', ''page_view'', 5%s);', model,
            CASE WHEN other.name <> 'events' THEN format(', source => %L', other.name) ELSE '' END));
    END IF;
    PERFORM lead_scoring_internal.check_source(model, name, events, bound.leads);
    PERFORM lead_scoring_internal.require_own(events, true);
    PERFORM lead_scoring_internal.lock_tables(model, events);
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, events, bound.lead_key, event_lead, event_type, event_time, event_campaign),
            lead_scoring_internal.check_event_id(events, event_lead, event_id), lead_scoring_internal.check_time_zone(coalesce(time_zone, 'UTC'));
    IF event_anonymous IS NOT NULL THEN
        PERFORM lead_scoring_internal.check_visitor(events, event_anonymous, 'event_anonymous',
            (SELECT lead_scoring_internal.check_visitor(i.identities, i.anonymous, 'anonymous') FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL));
    END IF;
    IF require_index THEN
        PERFORM lead_scoring_internal.check_event_index(events, event_lead, event_time),
                CASE WHEN event_anonymous IS NOT NULL THEN lead_scoring_internal.check_visitor_index(events, event_anonymous, event_lead) END;
    END IF;
    before := lead_scoring_internal.source_list(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'sources', jsonb_build_object('name', name, 'events', events, 'event_lead', event_lead, 'event_type', event_type,
        'every_event', every_event, 'event_time', event_time, 'event_campaign', event_campaign, 'event_channel', event_channel, 'event_asset', event_asset, 'time_zone', time_zone, 'event_id', event_id, 'event_anonymous', event_anonymous));
    PERFORM lead_scoring_internal.add_triggers(model, NULL, NULL, events);
    -- What was told by there being one table with a column of types is told by name from now on.
    EXECUTE lead_scoring_internal.fill($query$
        WITH rule AS (UPDATE {model}.rules r SET source = lead_scoring_internal.source_of($1, NULL, r.event_type) ->> 'name'
                       WHERE r.source IS NULL AND lead_scoring_internal.source_of($1, NULL, r.event_type) IS NOT NULL AND lead_scoring_internal.source_of($2, NULL, r.event_type) IS NULL RETURNING r.name),
            stage AS (UPDATE {model}.stages s SET on_event_source = lead_scoring_internal.source_of($1, NULL, s.on_event) ->> 'name'
                       WHERE s.on_event_source IS NULL AND lead_scoring_internal.source_of($1, NULL, s.on_event) IS NOT NULL AND lead_scoring_internal.source_of($2, NULL, s.on_event) IS NULL RETURNING s.name),
            entry AS (UPDATE {model}.entries e SET on_event_source = lead_scoring_internal.source_of($1, NULL, e.on_event) ->> 'name'
                       WHERE e.on_event_source IS NULL AND lead_scoring_internal.source_of($1, NULL, e.on_event) IS NOT NULL AND lead_scoring_internal.source_of($2, NULL, e.on_event) IS NULL RETURNING e.name)
        SELECT array_agg(k.name ORDER BY k.place, k.name COLLATE "C") FROM (SELECT 1, format('rule "%s"', r.name) FROM rule r UNION ALL SELECT 2, format('stage "%s"', s.name) FROM stage s
                                                                              UNION ALL SELECT 3, format('entry "%s"', e.name) FROM entry e) k (place, name)
        $query$, jsonb_build_object('model', model)) INTO kept USING before, lead_scoring_internal.source_list(model);
    IF kept <> '{}' THEN
        RAISE NOTICE USING MESSAGE = format('the source of %s stays what it was', array_to_string(kept, ', ')),
            DETAIL = 'Several sources have a column of types now, so that it takes the name of one to tell which is meant: it was written into the draft.',
            HINT = format('SELECT name, event_type, source FROM %I.rules;', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_source IS 'Implements lead_scoring.add_source, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_source IS
'Adds a table of events to a model, with columns of its own and, in its rules and stages, conditions over its own rows. The table that create_model was given is the source "events".
Of what type an event is says the column event_type, or, of a table whose rows are all of one type, every_event. event_lead, event_time, event_campaign, event_id, event_anonymous, require_index and how times are taken are as with create_model; times without a zone are of time_zone, by default the model''s. event_channel and event_asset name touches, as report_settings do for the first source. The log of a lead is that of all sources by time.
Rules, stages and entries that name no source, and could not be told to be of one any more, are given the name of theirs, with a notice. Its events count from the next publish on, the stored ones too; what is published now does not look at them. For the model''s owner, who owns the table too. Writers of leads and events wait until the transaction ends. A model of an older format is upgraded.
Raises 42710 for a name or a table that is there already, 42501 where the table is not the owner''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions and a table of Citus; 42703 for an unknown column, 42804 for one whose type does not do, 55000 where it has no index led by event_lead, or none on event_id; 22023 for the leads table and the model''s own, for neither or both of event_type and every_event, and for an unknown time zone; 22004 for a NULL, and for an expression what check_expression() raises; 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.refuse_drop(model text, name text, definition jsonb, published boolean, is_gone boolean)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rules CONSTANT text[] := ARRAY(SELECT r ->> 'name' FROM jsonb_path_query(definition, '$.rules[*]') r WHERE r ->> 'source' = refuse_drop.name ORDER BY r ->> 'name' COLLATE "C");
    entries CONSTANT text[] := ARRAY(SELECT e ->> 'name' FROM jsonb_path_query(definition, '$.entries[*]') e WHERE e ->> 'on_event_source' = refuse_drop.name ORDER BY e ->> 'name' COLLATE "C");
    stages CONSTANT text[] := ARRAY(SELECT s ->> 'name' FROM jsonb_path_query(definition, '$.stages[*]') s WHERE s ->> 'on_event_source' = refuse_drop.name ORDER BY s ->> 'name' COLLATE "C");
BEGIN
    IF rules || stages || entries = '{}' THEN
        RETURN;
    END IF;
    PERFORM lead_scoring_internal.fail('55000', format('source "%s" of model "%s" is in use', name, model),
        format('In %s, %s wait for its events.', CASE WHEN published THEN 'the current version' ELSE 'the draft' END,
               concat_ws(' and ', 'rules ' || nullif(array_to_string(rules, ', '), ''), 'stages ' || nullif(array_to_string(stages, ', '), ''), 'entries ' || nullif(array_to_string(entries, ', '), ''))),
        CASE WHEN published THEN format('SELECT lead_scoring.publish(%L);', model)
             ELSE concat_ws(' ', CASE WHEN rules <> '{}' THEN format('DELETE FROM %I.rules WHERE name = ANY (%L);', model, rules) END,
                                 CASE WHEN stages <> '{}' THEN format('UPDATE %I.stages SET on_event = NULL, on_event_condition = NULL, on_event_source = NULL WHERE name = ANY (%L);', model, stages) END,
                                 CASE WHEN entries <> '{}' THEN format('DELETE FROM %I.entries WHERE name = ANY (%L);', model, entries) END,
                                 CASE WHEN is_gone THEN ' -- and drop the source in the same transaction' ELSE format('SELECT lead_scoring.publish(%L);', model) END) END);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_drop IS 'Raises 55000 where rules, stages or entries of a definition look at the source. Without its table nothing of the draft can be changed while it is there, and nothing published.';

CREATE FUNCTION lead_scoring_internal.refuse_draft_drop(model text, name text, is_gone boolean)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    draft jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill('SELECT jsonb_build_object(''rules'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, to_jsonb(r))) FROM {model}.rules r),
            ''stages'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, to_jsonb(s))) FROM {model}.stages s),
            ''entries'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, e.item)) FROM lead_scoring_internal.rows_of({''model''}, ''entries'') e (item)))
          FROM (SELECT ''[{"name": "events"}]'' || jsonb_agg(to_jsonb(s)) FROM {model}.sources s) l (sources)',
        jsonb_build_object('model', model)) INTO draft;
    PERFORM lead_scoring_internal.refuse_drop(model, name, draft, false, is_gone);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_draft_drop IS 'Raises what refuse_drop raises of the draft.';

CREATE FUNCTION lead_scoring_internal.remove_source(model text, name text, events regclass)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('DELETE FROM %I.sources WHERE name = $1', model) USING name;
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t
                  WHERE t.tgrelid IN (SELECT p.relid FROM pg_partition_tree(events) p UNION SELECT events)
                    AND t.tgfoid = 'lead_scoring_internal.events_changed()'::regprocedure AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0
                  ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.remove_source IS 'Takes a source out of a model, with its triggers; "events" is its table, NULL where that is gone.';

CREATE FUNCTION lead_scoring.drop_source(model text, name text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.drop_source(model text, name text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[];
    source record;
    is_there boolean;
    current_definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF name IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'the name of a source is NULL', 'drop_source takes a model and the name of a source.', format('SELECT name FROM %I.sources;', model));
    ELSIF name = 'events' THEN
        PERFORM lead_scoring_internal.fail('55000', format('source "events" of model "%s" cannot be dropped', model), 'It is the table of events that the model was made with, which its settings name.',
            format('SELECT lead_scoring.drop_model(%L);  -- or name another table, by UPDATE %I.settings', model, model));
    END IF;
    names := ARRAY(SELECT t.name FROM lead_scoring_internal.source_tables(model) t);
    IF name <> ALL (names) THEN
        PERFORM lead_scoring_internal.fail('42704', format('source "%s" of model "%s" does not exist', name, model), 'The sources of a model are "events" and the rows of its table sources.',
            CASE WHEN names = '{}' THEN format('SELECT model, events FROM lead_scoring.models() WHERE model = %L;', model)
                 ELSE format('SELECT name FROM %I.sources;', model) || lead_scoring_internal.perhaps(name, names) END);
    END IF;
    SELECT t.events INTO source FROM lead_scoring_internal.source_tables(model) t WHERE t.name = drop_source.name;
    -- A table that is gone does not keep its source: what is published waits for events that cannot come, and writers are refused.
    is_there := lead_scoring_internal.resolve_table(source.events) IS NOT NULL;
    IF is_there THEN
        PERFORM lead_scoring_internal.lock_tables(model);
    END IF;
    PERFORM lead_scoring_internal.refuse_draft_drop(model, name, NOT is_there);
    current_definition := lead_scoring_internal.newest_definition(model);
    IF is_there THEN
        PERFORM lead_scoring_internal.refuse_drop(model, name, current_definition, true, false);
    END IF;
    PERFORM lead_scoring_internal.remove_source(model, name, lead_scoring_internal.resolve_table(source.events));
    -- Leads may be known by its events alone.
    IF EXISTS (SELECT FROM jsonb_path_query(current_definition, '$.sources[*]') s WHERE s ->> 'name' = drop_source.name) THEN
        PERFORM lead_scoring_internal.lock_tables(model);
        PERFORM lead_scoring_internal.catch_up(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.drop_source IS 'Implements lead_scoring.drop_source, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.drop_source IS 'Takes a table of events out of a model: its triggers go, and leads are computed without it. The table stays. For the model''s owner only. Writers of leads and events wait until the transaction ends. Raises 42704 for an unknown source, 55000 for the first one, "events", and where rules or stages of the draft or of the current version wait for its events, of the draft alone where its table is gone; 22004 for a NULL; 25000 at any isolation level but READ COMMITTED.';

-- set_identities.
CREATE FUNCTION lead_scoring_internal.identify_leads(model text, identities oid, lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_identify_leads';
COMMENT ON FUNCTION lead_scoring_internal.identify_leads IS 'Computes the leads that a table of identities names from the event log, and moves them as of now. The tables must be locked.';

CREATE FUNCTION lead_scoring_internal.put_identities(model text, identities regclass, anonymous text, lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before CONSTANT jsonb := lead_scoring_internal.settings_row(model);
    former CONSTANT regclass := lead_scoring_internal.resolve_table(before ->> 'identities');
    found record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('UPDATE %I.settings SET identities = $1, identity_anonymous = $2, identity_lead = $3', model) USING identities::text, anonymous, lead;
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid = 'lead_scoring_internal.identities_changed()'::regprocedure AND t.tgargs = lead_scoring_internal.trigger_argument(model)
                    AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                    AND t.tgrelid NOT IN (SELECT p.relid FROM pg_partition_tree(identities) p WHERE identities IS NOT NULL UNION SELECT identities WHERE identities IS NOT NULL)
                  ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
    END LOOP;
    IF identities IS NOT NULL THEN
        PERFORM lead_scoring_internal.add_triggers(model, NULL, identities, VARIADIC '{}'::regclass[]);
    END IF;
    IF before ->> 'identities' IS NOT NULL AND former IS NULL THEN
        PERFORM lead_scoring_internal.lock_tables(model);
        PERFORM lead_scoring_internal.catch_up(model);  -- nobody knows which leads they were
        RETURN;
    END IF;
    IF former IS NOT NULL AND (former, before ->> 'identity_lead') IS DISTINCT FROM (identities, lead) THEN
        PERFORM lead_scoring_internal.identify_leads(model, former, before ->> 'identity_lead');
    END IF;
    IF identities IS NOT NULL THEN
        PERFORM lead_scoring_internal.identify_leads(model, identities, lead);
    END IF;
    PERFORM lead_scoring_internal.move_merged(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_identities IS 'Writes the table of identities of a model down (NULL: none), puts its triggers there, and computes the leads that were or are named by it.';

CREATE FUNCTION lead_scoring.set_identities(
    model text,
    identities regclass,
    anonymous text DEFAULT 'anonymous_id',
    lead text DEFAULT 'lead_id')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_identities(
    model text,
    identities regclass,
    anonymous text,
    lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    before CONSTANT jsonb := lead_scoring_internal.settings_row(model);
    former CONSTANT regclass := lead_scoring_internal.resolve_table(before ->> 'identities');
    likely text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF identities IS NULL THEN
        IF former IS NOT NULL THEN
            PERFORM lead_scoring_internal.lock_tables(model);
        END IF;
        IF before ->> 'identities' IS NOT NULL THEN
            PERFORM lead_scoring_internal.put_identities(model, NULL, NULL, NULL);
        END IF;
        RETURN;
    END IF;
    IF num_nulls(anonymous, lead) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of set_identities is NULL', 'Both columns of identities have names.',
            format('For example SELECT lead_scoring.set_identities(%L, %L, anonymous => ''anonymous_id'', lead => ''lead_id'');', model, identities));
    END IF;
    PERFORM lead_scoring_internal.check_table(identities, 'identities');
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.sources(model) s WHERE s.event_anonymous IS NOT NULL) THEN
        likely := (SELECT coalesce(max(a.attname) FILTER (WHERE a.attname = anonymous), lead_scoring_internal.nearest_name(anonymous, array_agg(a.attname::text)), '...')
                     FROM pg_attribute a WHERE a.attrelid = bound.events AND a.attnum > 0 AND NOT a.attisdropped);
        PERFORM lead_scoring_internal.fail('55000', format('no source of model "%s" says which visitor its events are of', model),
            'Identities are about events that name a visitor in the place of a lead.',
            format('UPDATE %I.settings SET event_anonymous = %L;  -- or, of another source, UPDATE %1$I.sources', model, likely));
    END IF;
    PERFORM lead_scoring_internal.require_own(identities, true);
    PERFORM lead_scoring_internal.lock_tables(model, identities);
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.check_identities(model, bound.leads, bound.lead_key, identities, anonymous, lead);
    IF NOT lead_scoring_internal.has_index(identities, lead) THEN
        PERFORM lead_scoring_internal.fail('55000', format('table %s has no index led by column "%s"', identities, lead),
            'Finding the visitors that one lead was would read the whole table.', format('CREATE INDEX ON %s (%I);', identities, lead));
    END IF;
    PERFORM lead_scoring_internal.check_visitor_index(s.events, s.event_anonymous, s.event_lead) FROM lead_scoring_internal.sources(model) s WHERE s.event_anonymous IS NOT NULL;
    IF (former, before ->> 'identity_anonymous', before ->> 'identity_lead') IS DISTINCT FROM (identities, anonymous, lead) THEN
        PERFORM lead_scoring_internal.put_identities(model, identities, anonymous, lead);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_identities IS 'Implements lead_scoring.set_identities, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_identities IS
'Names the table that says which anonymous visitor is which lead, a row for each visitor: "anonymous" is its column of visitors, which is unique, "lead" that of leads, NULL as long as nobody knows. An event without a lead whose visitor (event_anonymous of create_model and add_source) has a lead there counts for that lead. To insert, change or delete a row of it moves all events of the visitor, however old, in that statement; the events stay as they are. What a lead reaches or loses by that bears the time at which it was learned, and the cause identity. NULL in the place of the table ends it.
The table belongs to the model''s owner, and has indexes led by each of the two columns, and so have tables of events by theirs. Leads that it names are computed at once. Writers of leads, events and the table wait until the transaction ends. A model of an older format is upgraded. For the model''s owner only.
Raises 42501 where the table is not the owner''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions, a table of Citus and a virtual generated column; 42703 for an unknown column, 42804 for one whose type is not that of the leads'' key or of the events'' visitors, 55000 where the visitor is not unique, an index is missing, or no source has event_anonymous; 22023 for the table of leads or one of events; 22004 for a NULL; 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.identities_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_identities_changed';
COMMENT ON FUNCTION lead_scoring_internal.identities_changed IS
'Trigger function of a model''s table of identities; its argument is the model. Computes the leads that visitors became or ceased to be from the event log, and moves them as of now. Raises 42501 on a table that the model''s settings do not name, and 40001 where the transaction''s snapshot does not see the events of the visitors as they are.';

CREATE FUNCTION lead_scoring_internal.lead_type_now(scores oid, version bigint, card lead_scoring.scorecard, memory bytea, at timestamptz) RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_type_now';
COMMENT ON FUNCTION lead_scoring_internal.lead_type_now IS
'The type of leads that a row of table "scores" is of, as of a time: by what its version says, whose conditions are evaluated as the model''s owner; NULL for none. For the view "leads" of a model, which runs it as the one who reads: takes what score_now() does.';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.explain(text, %s, timestamptz) IS %L', key,
'A lead''s score as of a time, line by line, computed from the event log. A line is a rule: how often it counted, its points undecayed (raw), as of then (decayed) and within the rule''s bounds (capped), and when it counted last. Where the bounds of a group or of the model change the sum, a line without rule says by how much. Adjustments are those that counted then: from when they were made until they expire or are cancelled. The column capped sums to the score: each part is rounded to 1/10000 of a point by itself. No rows for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.score_at(text, %s, timestamptz) IS %L', key,
'The score a lead had, or will have if nothing happens, at a time: from the events up to then, the adjustments that counted then, the lead''s present attributes and the newest version that the caller''s snapshot sees, in points. The parts of rules that decay are rounded to 1/10000 each, so that many small ones may be lost; undecayed sums are exact. NULL for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.verify(model text)
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
                            (array_agg(t.to_stage ORDER BY t.seq DESC) FILTER (WHERE t.stands))[1] AS last_stage,
                            max(t.at) FILTER (WHERE t.stands) AS last_at,
                            string_agg(t.seq || ' ' || coalesce(t.from_stage, '-') || ' to ' || t.to_stage, ', ' ORDER BY t.seq) AS chain,
                            bool_and(t.sound) AS sound
                       FROM (SELECT t.*, %2$s AS stands,
                                    t.seq = row_number() OVER (PARTITION BY t.lead_id ORDER BY t.seq)
                                    AND (NOT %2$s OR t.from_stage IS NOT DISTINCT FROM lag(t.to_stage, 1, t.from_stage) OVER lead
                                                     AND t.at >= lag(t.at, 1, t.at) OVER lead) AS sound
                               FROM %1$I.transitions t
                             WINDOW lead AS (PARTITION BY t.lead_id, %2$s ORDER BY t.seq)) t
                      GROUP BY t.lead_id) c ON c.lead_id = s.lead_id
         WHERE s.lead_id IS NULL OR NOT coalesce(c.sound, true)
            OR s.stage_seq IS DISTINCT FROM coalesce(c.last_seq, 0) OR s.stage_since IS DISTINCT FROM c.last_at
            OR c.last_stage IS NULL AND s.version > 0 AND s.stage IS DISTINCT FROM $1
            OR c.last_stage IS NOT NULL AND c.last_stage IS DISTINCT FROM s.stage
        $query$, model, lead_scoring_internal.move_stands(model)) USING newest.first_stage;

    FOR status IN EXECUTE format('SELECT left(a.attname, -3) AS stage, a.attname AS name FROM pg_attribute a
                                   WHERE a.attrelid = %L::regclass AND NOT a.attisdropped
                                     AND a.attname = ANY (lead_scoring_internal.stage_columns(%L))
                                   ORDER BY a.attnum', format('%I.scores', model), model) LOOP
        RETURN QUERY EXECUTE format('SELECT s.lead_id::text, %2$L::text, s.%2$I::text, t.at::text
              FROM %1$I.scores s
              LEFT JOIN LATERAL (SELECT min(t.at) AS at FROM %1$I.transitions t
                                  WHERE t.lead_id = s.lead_id AND t.to_stage = $1 AND %3$s) t ON true
             WHERE s.%2$I IS DISTINCT FROM t.at', model, status.name, lead_scoring_internal.move_stands(model)) USING status.stage;
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

COMMENT ON FUNCTION lead_scoring.verify IS
'The leads for which the stored state is not what the event log says; no rows: all is exact. "problem" tells what differs: card, score, engagement, fit, grade, due_at (all computed again from the log, as of the row''s scored_at), damaged (a column of its row, which "stored" names, says what cannot be), stale (computed under an older version), missing (no row), superfluous (a row, but neither table has the lead), counted (whether the leads table has the lead, and settings.lead_condition holds for it), transitions (a break in the chain of moves, or in that of those which stand), a <stage>_at column, or a status column of the leads table. Reads everything, under one snapshot: cost grows with the log. Takes USAGE on the schema and SELECT on scores, settings, versions and transitions; 42501 where row security on one of these limits the caller. 42809 for anybody but the owner where a table of the model was made a view, got row security or columns of other types.';

-- What another definition than the one in force would make of the leads: as if it had been in force since ever, and if it
-- were published now.
CREATE FUNCTION lead_scoring_internal.backtest(model text, definition jsonb, stage text, at timestamptz)
RETURNS TABLE (lead_id text, seen boolean, reached_at timestamptz)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_backtest';
COMMENT ON FUNCTION lead_scoring_internal.backtest IS 'The leads that count by a definition and would have reached a progress stage of it, or a higher one, had it been in force since ever; "at" is now. "seen" tells whether there is an event of the lead.';

CREATE FUNCTION lead_scoring_internal.look_ahead(model text, definition jsonb, stage text, at timestamptz, publishes boolean, refreshes boolean)
RETURNS TABLE (lead_id text, seen boolean, counts boolean, stage_now text, stage_after text, reached_at timestamptz, score_now float8, score_after float8, rules text, damaged boolean)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_look_ahead';
COMMENT ON FUNCTION lead_scoring_internal.look_ahead IS 'The leads that count now or by a definition, by key: where each stands, where it would stand if the definition were published ("counts": whether it does by the definition; "publishes": it is another than the one in force; "refreshes": what is due is done before), when it would have reached that stage, and the rules that make the difference in points. A row that is damaged has no outlook.';

CREATE FUNCTION lead_scoring_internal.definition_of(model text, version bigint)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_paused boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT s.paused FROM %I.settings s', model) INTO is_paused;
    IF is_paused THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" does not score at present', model), 'It is paused, so that what is stored is not what the events say.',
            format('SELECT lead_scoring.resume(%L);', model));
    ELSIF version IS NULL THEN
        RETURN lead_scoring_internal.compile_draft(model);
    END IF;
    RETURN lead_scoring_internal.version_definition(model, version);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.definition_of IS 'The definition of a version, or that of the draft (NULL). Raises 42704 for an unknown version, 55000 where the model is paused, and what publish() raises of a draft that cannot be published.';

CREATE FUNCTION lead_scoring_internal.mql_stage_of(model text, definition jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
-- Settings call stages as the newest version does.
SELECT r.roles -> 'stages' ->> (r.roles ->> 'mql')::integer - 1
  FROM (SELECT lead_scoring_internal.stage_roles(definition, jsonb_build_object('mql_stage', coalesce(d.stage ->> 'name', s.name)))
          FROM (SELECT lead_scoring_internal.report_setting(model) ->> 'mql_stage') s (name)
          LEFT JOIN jsonb_array_elements(lead_scoring_internal.newest_stages(model)) n (stage) ON n.stage ->> 'name' = s.name
          LEFT JOIN jsonb_array_elements(definition -> 'stages') d (stage) ON d.stage -> 'id' = n.stage -> 'id') r (roles)
$$;
COMMENT ON FUNCTION lead_scoring_internal.mql_stage_of IS 'The stage of a definition that reports would take for the MQL stage; NULL where there is none.';

CREATE FUNCTION lead_scoring_internal.tested_rows(model text, definition jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill('SELECT * FROM (SELECT b.lead_id, lead_scoring_internal.report_time(b.reached_at, $1) AS at
          FROM lead_scoring_internal.backtest({''model''}, {''definition''}, {''stage''}, $1) b LEFT JOIN {model}.merged m ON m.merged_from::text = b.lead_id
         WHERE m.merged_from IS NULL OR b.seen) b WHERE b.at IS NOT NULL',
    jsonb_build_object('model', model, 'definition', definition, 'stage', lead_scoring_internal.mql_stage_of(model, definition)))
$$;
COMMENT ON FUNCTION lead_scoring_internal.tested_rows IS 'SQL that gives the leads that would be MQLs up to parameter 1, the time of the report, by a definition that had been in force since ever: lead_id and at. Those that were merged into another are none.';

CREATE FUNCTION lead_scoring_internal.recorded_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF jsonb_array_length(settings -> 'stages') = 0 THEN
        RETURN 'SELECT NULL::text AS lead_id, NULL::timestamptz AS mql_at, NULL::timestamptz AS customer_at, false AS handed_over, false AS accepted, false AS rejected WHERE false';
    END IF;
    RETURN lead_scoring_internal.fill('SELECT l.lead_id::text AS lead_id, l.mql_at, l.customer_at, h.lead_id IS NOT NULL AS handed_over,
               h.lead_id IS NOT NULL AND {!accepted_at} IS NOT NULL AS accepted, (h.rejected AND {!accepted_at} IS NULL) IS TRUE AS rejected
          FROM ({!leads}) l LEFT JOIN ({!handed_over}) h ON h.lead_id = l.lead_id',
        jsonb_build_object('leads', lead_scoring_internal.lead_rows(model, settings), 'handed_over', lead_scoring_internal.hand_over_rows(model, settings),
            'accepted_at', lead_scoring_internal.acceptance_expression(settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.recorded_rows IS 'SQL that gives the leads that count with what was recorded of them up to parameter 1, the time of the report: lead_id as text, mql_at, customer_at, whether it was handed over, accepted and rejected, as the report "feedback" has it. None where nothing was published.';

CREATE FUNCTION lead_scoring.preview(model text, since timestamptz DEFAULT NULL, version bigint DEFAULT NULL, against bigint DEFAULT NULL)
RETURNS TABLE (period date, mqls bigint, mqls_before bigint, joins bigint, leaves bigint, customers bigint, customers_before bigint,
               customer_rate float8, customer_rate_before float8, customers_missed bigint, customers_missed_before bigint,
               handed_over bigint, handed_over_before bigint, accepted bigint, accepted_before bigint, rejected bigint, rejected_before bigint,
               acceptance_rate float8, acceptance_rate_before float8, spend numeric, cost_per_mql numeric, cost_per_mql_before numeric, complete boolean)
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100 AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.preview(model text, since timestamptz, version bigint, against bigint)
RETURNS TABLE (period date, mqls bigint, mqls_before bigint, joins bigint, leaves bigint, customers bigint, customers_before bigint,
               customer_rate float8, customer_rate_before float8, customers_missed bigint, customers_missed_before bigint,
               handed_over bigint, handed_over_before bigint, accepted bigint, accepted_before bigint, rejected bigint, rejected_before bigint,
               acceptance_rate float8, acceptance_rate_before float8, spend numeric, cost_per_mql numeric, cost_per_mql_before numeric, complete boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    as_of CONSTANT timestamptz := lead_scoring_internal.report_time(clock_timestamp());
    definition CONSTANT jsonb := lead_scoring_internal.definition_of(model, version);
    other CONSTANT jsonb := CASE WHEN against IS NOT NULL THEN lead_scoring_internal.definition_of(model, against) END;
    settings jsonb := lead_scoring_internal.report_request(model, 'funnel', 'month', NULL, NULL, NULL);
    published CONSTANT boolean := jsonb_array_length(settings -> 'stages') > 0;
BEGIN
    settings := settings || jsonb_build_object('time_zone', coalesce(settings ->> 'time_zone', definition ->> 'time_zone'));
    RETURN QUERY EXECUTE lead_scoring_internal.fill($query$
        WITH recorded AS MATERIALIZED ({!recorded}), after AS ({!after}), before AS ({!before}),
        leads AS (
            SELECT a.at, b.at AS before_at, r.customer_at, r.handed_over, r.accepted, r.rejected
              FROM after a FULL JOIN before b USING (lead_id) FULL JOIN recorded r USING (lead_id)),
        parts (at, mqls, mqls_before, joins, leaves, customers, customers_before, missed, missed_before,
               handed_over, handed_over_before, accepted, accepted_before, rejected, rejected_before, spend) AS (
            SELECT at, 1, 0, (before_at IS NULL)::integer, 0, (customer_at >= at)::integer, 0, 0, 0,
                   handed_over::integer, 0, accepted::integer, 0, rejected::integer, 0, NULL::numeric FROM leads WHERE at IS NOT NULL
            UNION ALL
            SELECT before_at, 0, 1, 0, (at IS NULL)::integer, 0, (customer_at >= before_at)::integer, 0, 0,
                   0, handed_over::integer, 0, accepted::integer, 0, rejected::integer, NULL FROM leads WHERE before_at IS NOT NULL
            UNION ALL
            SELECT customer_at, 0, 0, 0, 0, 0, 0, ((at < customer_at) IS NOT TRUE)::integer, ((before_at < customer_at) IS NOT TRUE)::integer,
                   0, 0, 0, 0, 0, 0, NULL FROM leads WHERE customer_at IS NOT NULL
            UNION ALL
            SELECT t.at, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, t.amount FROM ({!spend}) t WHERE t.at IS NOT NULL),
        dated AS (SELECT {!period} AS period, p.* FROM parts p WHERE $2 IS NULL OR p.at >= $2),
        filled AS (
            TABLE dated
            UNION ALL
            SELECT m::date, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL
              FROM (SELECT min(d.period) AS first, max(d.period) AS last FROM dated d) span,
                   generate_series(span.last::timestamp, greatest(span.first, span.last - interval '100 years'), -interval '1 month') m),
        sums AS (
            SELECT f.period, {!over} AS complete, coalesce(sum(mqls), 0) AS mqls, coalesce(sum(mqls_before), 0) AS mqls_before,
                   coalesce(sum(joins), 0) AS joins, coalesce(sum(leaves), 0) AS leaves,
                   coalesce(sum(customers), 0) AS customers, coalesce(sum(customers_before), 0) AS customers_before,
                   coalesce(sum(missed), 0) AS missed, coalesce(sum(missed_before), 0) AS missed_before,
                   coalesce(sum(handed_over), 0) AS handed_over, coalesce(sum(handed_over_before), 0) AS handed_over_before,
                   coalesce(sum(accepted), 0) AS accepted, coalesce(sum(accepted_before), 0) AS accepted_before,
                   coalesce(sum(rejected), 0) AS rejected, coalesce(sum(rejected_before), 0) AS rejected_before, sum(spend) AS spend
              FROM filled f GROUP BY GROUPING SETS ((f.period), ()))
        SELECT s.period, has.mql_s, has.mql_b, CASE WHEN has.mql AND has.other THEN s.joins END, CASE WHEN has.mql AND has.other THEN s.leaves END,
               CASE WHEN has.won THEN s.customers END, CASE WHEN has.won_before THEN s.customers_before END,
               CASE WHEN has.won AND s.complete IS NOT FALSE THEN s.customers::float8 / nullif(s.mqls, 0) END,
               CASE WHEN has.won_before AND s.complete IS NOT FALSE THEN s.customers_before::float8 / nullif(s.mqls_before, 0) END,
               CASE WHEN has.won THEN s.missed END, CASE WHEN has.won_before THEN s.missed_before END,
               CASE WHEN has.judged THEN s.handed_over END, CASE WHEN has.judged_before THEN s.handed_over_before END,
               CASE WHEN has.judged THEN s.accepted END, CASE WHEN has.judged_before THEN s.accepted_before END,
               CASE WHEN has.judged THEN s.rejected END, CASE WHEN has.judged_before THEN s.rejected_before END,
               CASE WHEN has.judged AND s.complete IS NOT FALSE THEN s.accepted::float8 / nullif(s.accepted + s.rejected, 0) END,
               CASE WHEN has.judged_before AND s.complete IS NOT FALSE THEN s.accepted_before::float8 / nullif(s.accepted_before + s.rejected_before, 0) END,
               s.spend::numeric(20,2), (s.spend / nullif(has.mql_s, 0))::numeric(20,2), (s.spend / nullif(has.mql_b, 0))::numeric(20,2), s.complete
          FROM sums s
         CROSS JOIN LATERAL (SELECT CASE WHEN {'has_mql'} THEN s.mqls END AS mql_s, CASE WHEN {'has_other'} THEN s.mqls_before END AS mql_b,
                                    {'has_mql'}::boolean AS mql, {'has_other'}::boolean AS other,
                                    {'has_mql'} AND {'has_customer'} AS won, {'has_other'} AND {'has_customer'} AS won_before,
                                    {'has_mql'} AND {'has_handed'} AS judged, {'has_other'} AND {'has_handed'} AS judged_before) has
         ORDER BY s.period
        $query$, jsonb_build_object(
        'recorded', lead_scoring_internal.recorded_rows(model, settings), 'after', lead_scoring_internal.tested_rows(model, definition),
        'before', CASE WHEN against IS NULL THEN 'SELECT r.lead_id, r.mql_at AS at FROM recorded r WHERE r.mql_at IS NOT NULL'
                       ELSE lead_scoring_internal.tested_rows(model, other) END,
        'spend', lead_scoring_internal.spend_rows(model, settings), 'period', lead_scoring_internal.period_expression('lead_scoring_internal.report_time(p.at)', settings),
        'over', lead_scoring_internal.is_over('f.period', settings),
        'has_mql', lead_scoring_internal.mql_stage_of(model, definition) IS NOT NULL,
        'has_other', CASE WHEN against IS NULL THEN settings ->> 'mql' IS NOT NULL ELSE lead_scoring_internal.mql_stage_of(model, other) IS NOT NULL END,
        'has_customer', published AND settings ->> 'customer' IS NOT NULL, 'has_handed', published AND settings ->> 'mql' IS NOT NULL))
        USING as_of, since;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.preview IS 'Implements lead_scoring.preview, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.preview IS
'A backtest: what a version would have made of the leads, had it been in force since ever, beside what is recorded, by month (in the model''s time zone) and in total (the last row, without period). "version" is the draft where it is NULL; with "against" the columns ..._before are those of a backtest of that version, else of moves that are recorded and stand. "since" leaves out what happened before.
mqls are leads by when they reached the stage that counts as mql, or a higher one; joins are those that are no MQLs before at all, leaves MQLs before that are none. customers of these became customers then or later; customers_missed were no MQLs before they became customers, and are in the month of that. handed_over of the MQLs were handed to sales (recorded in the MQL stage), accepted and rejected are as in the report feedback, acceptance_rate is accepted / (accepted + rejected); customer_rate is customers / mqls, cost_per_mql spend / mqls. Customers, acceptance and spend are those that are recorded. Rates are NULL in a month that is not over (complete); those of the last row are of all there is. What a definition has no stage for, and what is not recorded, is NULL. Erased leads, which cannot be tested, and spend without a date are left out.
Reads all events once for each version that is tested, under the snapshot of the statement, writes nothing and locks out no writer. Takes USAGE on the schema and SELECT on its scores, settings, versions, transitions, rules, stages and report_settings; 42501 without these, and where row security limits the caller. 42704 for an unknown version, 55000 where the model is paused, and what publish raises of a draft that cannot be published.';

-- What publishing a version would do, lead by lead, and why.
CREATE FUNCTION lead_scoring_internal.changed_conditions(before jsonb, after jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_object_agg(c.name, c.text), '{}')
  FROM (SELECT d.name, string_agg(CASE WHEN d.field IS NOT NULL THEN format('%s of %s %s -> %s', d.field, d.name, coalesce(d.old, 'none'), coalesce(d.new, 'none'))
                                       ELSE d.name || CASE WHEN d.old IS NULL THEN ' is new' ELSE ' is removed' END END, ', ' ORDER BY d.field COLLATE "C") AS text
          FROM lead_scoring_internal.differences(before, after) d
         WHERE d.what = 'stage' AND (d.field IN ('name', 'counts_as')) IS NOT TRUE GROUP BY d.name) c
$$;
COMMENT ON FUNCTION lead_scoring_internal.changed_conditions IS 'What differs in the stages of two definitions, in words, by the name of the stage.';

CREATE FUNCTION lead_scoring.preview_leads(model text, version bigint DEFAULT NULL)
RETURNS TABLE (lead_id text, stage_now text, stage_after text, mql_at_now timestamptz, mql_at_backtest timestamptz, score_now float8, score_after float8, because text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.preview_leads(model text, version bigint)
RETURNS TABLE (lead_id text, stage_now text, stage_after text, mql_at_now timestamptz, mql_at_backtest timestamptz, score_now float8, score_after float8, because text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    as_of CONSTANT timestamptz := lead_scoring_internal.report_time(clock_timestamp());
    definition CONSTANT jsonb := lead_scoring_internal.definition_of(model, version);
    current CONSTANT jsonb := lead_scoring_internal.newest_definition(model);
    mql_stage CONSTANT text := lead_scoring_internal.mql_stage_of(model, definition);
    settings CONSTANT jsonb := lead_scoring_internal.report_request(model, 'funnel', 'month', NULL, NULL, NULL);
    names CONSTANT jsonb := (SELECT jsonb_object_agg(b.stage ->> 'name', a.stage ->> 'name') FROM jsonb_array_elements(current -> 'stages') b (stage)
                               JOIN jsonb_array_elements(definition -> 'stages') a (stage) ON a.stage -> 'id' = b.stage -> 'id');
    statement CONSTANT text := lead_scoring_internal.fill($query$
        SELECT p.lead_id, p.stage_now, p.stage_after, r.mql_at, p.at, p.score_now, p.score_after,
               coalesce(CASE WHEN p.damaged THEN 'its row in scores is damaged, lead_scoring.repair mends it' END,
                   nullif(concat_ws('; ',
                       CASE WHEN NOT c.loses THEN NULL WHEN NOT p.counts THEN 'it does not count by lead_condition' WHEN EXISTS (SELECT FROM ({!moves}) t WHERE t.lead_id::text = p.lead_id AND t.at = r.mql_at AND t.cause = 'manual')
                            THEN 'it became an MQL by hand' ELSE 'no event of today makes it an MQL' END,
                       CASE WHEN p.stage_now <> p.stage_after AND NOT c.moves THEN format('%s is called %s', p.stage_now, p.stage_after) END, p.rules,
                       CASE WHEN c.moves OR c.turns THEN
                           (SELECT string_agg(k.value, ', ' ORDER BY k.key COLLATE "C") FROM jsonb_each_text($4) k
                             WHERE k.key IN (p.stage_after, c.stage_now, CASE WHEN c.turns THEN {'mql'} END)) END), ''),
                   CASE WHEN c.moves THEN 'it is evaluated anew, as of now' WHEN c.turns THEN 'its events of today, in order of time, say so' END)
          FROM (SELECT p.*, lead_scoring_internal.report_time(p.reached_at, $1) AS at FROM lead_scoring_internal.look_ahead({'model'}, $2, {'mql'}, $1, {'publishes'}, $3)
                       WITH ORDINALITY p (lead_id, seen, counts, stage_now, stage_after, reached_at, score_now, score_after, rules, damaged, place)) p
          LEFT JOIN ({!recorded}) r ON r.lead_id = p.lead_id
          LEFT JOIN {model}.merged m ON m.merged_from::text = p.lead_id
         CROSS JOIN LATERAL (SELECT coalesce($5 ->> p.stage_now, p.stage_now) AS stage_now, coalesce($5 ->> p.stage_now, p.stage_now) <> p.stage_after AS moves,
                                    r.mql_at IS NOT NULL AND p.at IS NULL AS loses, r.mql_at IS DISTINCT FROM p.at AS turns) c
         WHERE m.merged_from IS NULL OR p.seen
         ORDER BY p.place
        $query$, jsonb_build_object('model', model, 'mql', mql_stage, 'publishes', definition IS DISTINCT FROM current,
        'moves', lead_scoring_internal.move_rows(model), 'recorded', lead_scoring_internal.recorded_rows(model, settings)));
BEGIN
    -- As publish does: where what is due cannot be computed any more by the version in force, it stays as it is.
    BEGIN
        RETURN QUERY EXECUTE statement USING as_of, definition, true, lead_scoring_internal.changed_conditions(current, definition), names;
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_corrupted THEN
        RETURN QUERY EXECUTE statement USING as_of, definition, false, lead_scoring_internal.changed_conditions(current, definition), names;
    END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.preview_leads IS 'Implements lead_scoring.preview_leads, as the model''s owner.';

COMMENT ON FUNCTION lead_scoring.preview_leads IS
'Each lead that counts, now or by a version (the draft where it is NULL), by key: its stage now and the one that publish would put it in (stage_after), when it became an MQL by recorded moves that stand and by a first publish of the version (mql_at_backtest), its score now and after, and in "because" the reason where something differs: the rules that make the largest differences, with points before and after, what bounds make besides, the conditions of its stages that differ, or that no event of today makes it an MQL. stage_after is that of an unchanged definition where the version is the one in force: what is due is done, and no lead is evaluated anew; so its rows show recorded moves that the events do not give any more. stage_after and score_after are NULL where the row in scores is damaged, or missing and not made.
One snapshot, nothing written, no lock that keeps writers out. Takes what preview takes, but for report_settings, and raises what it raises.';

-- What a version says, in sentences that marketing and sales can sign.
CREATE FUNCTION lead_scoring_internal.span_text(seconds numeric)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(string_agg(format('%s %s%s', trim_scale(u.n), u.unit, CASE WHEN u.n <> 1 THEN 's' END), ' ' ORDER BY u.place), '0 seconds')
  FROM (VALUES (1, 'day', div(seconds, 86400)), (2, 'hour', div(mod(seconds, 86400), 3600)),
               (3, 'minute', div(mod(seconds, 3600), 60)), (4, 'second', mod(seconds, 60))) u (place, unit, n)
 WHERE u.n <> 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.span_text IS 'A length of time in words, a day being 86400 seconds: 1 day 12 hours.';

CREATE FUNCTION lead_scoring_internal.points_text(points numeric)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT trim_scale(points) || CASE WHEN abs(points) = 1 THEN ' point' ELSE ' points' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.points_text IS 'A number of points in words.';

CREATE FUNCTION lead_scoring_internal.bounds_text(item jsonb, lower_name text, upper_name text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT nullif(concat_ws(' and ', 'never below ' || lead_scoring_internal.points_text((item ->> lower_name)::numeric),
                                 'never above ' || lead_scoring_internal.points_text((item ->> upper_name)::numeric)), '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.bounds_text IS 'Floor and ceiling of a part of a definition, which are its fields of those names, in words; NULL where it has neither.';

CREATE FUNCTION lead_scoring_internal.typed_text(item jsonb, field text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(item #>> ARRAY['typed', field], item ->> field)
$$;
COMMENT ON FUNCTION lead_scoring_internal.typed_text IS 'An expression of a part of a definition as it was typed; NULL for none.';

CREATE FUNCTION lead_scoring_internal.event_text(item jsonb, type_field text, condition_field text, source_field text, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN item ->> type_field = '*' AND type_field = 'event_type' THEN 'event of any type' ELSE format('event "%s"', item ->> type_field) END
       || CASE WHEN NOT several THEN '' WHEN item ->> source_field = '*' THEN ' of any source' ELSE format(' of source "%s"', coalesce(item ->> source_field, 'events')) END
       || coalesce(' where ' || lead_scoring_internal.typed_text(item, condition_field), '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_text IS 'Which events a rule or stage waits for, in words; the source is named where the model has several.';

CREATE FUNCTION lead_scoring_internal.decay_text(rule jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE rule ->> 'decay'
       WHEN 'exponential' THEN format('worth half after %s, a quarter after %s, and so on', lead_scoring_internal.span_text(s.half_life), lead_scoring_internal.span_text(2 * s.half_life))
       WHEN 'linear' THEN format('fading evenly to nothing within %s', lead_scoring_internal.span_text(s.lifespan))
       WHEN 'step' THEN format('losing %s %% of its full worth every %s', trim_scale(100 * (rule ->> 'drop')::numeric), lead_scoring_internal.span_text(s.step))
       WHEN 'window' THEN format('in full for %s, then nothing', lead_scoring_internal.span_text(s.lifespan))
       END
  FROM (SELECT (rule ->> 'half_life')::numeric, (rule ->> 'lifespan')::numeric, (rule ->> 'step')::numeric) s (half_life, lifespan, step)
$$;
COMMENT ON FUNCTION lead_scoring_internal.decay_text IS 'How the points of a rule fade, in words; NULL where they do not.';

CREATE FUNCTION lead_scoring_internal.limit_text(rule jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ', 'only the first', CASE rule ->> 'limit_count' WHEN '1' THEN 'one' ELSE rule ->> 'limit_count' END, CASE WHEN rule ->> 'limit_window' <> 'ever' THEN 'of each ' || (rule ->> 'limit_window') END,
           CASE rule ->> 'limit_count' WHEN '1' THEN 'counts' ELSE 'count' END) || coalesce(', for each value of ' || lead_scoring_internal.typed_text(rule, 'limit_key'), '')
 WHERE rule ->> 'limit_count' IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.limit_text IS 'How many events of a rule count, in words; NULL where all do.';

CREATE FUNCTION lead_scoring_internal.switch_text(rule jsonb, event text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN rule ->> 'quiet_for' IS NOT NULL THEN format(' while the latest %s is older than %s; if there was none, since the lead came', event, lead_scoring_internal.span_text((rule ->> 'quiet_for')::numeric))
            WHEN rule ->> 'keep' = 'true' THEN format(' as soon as there %s', f.frequency) || ', and from then on'
            ELSE format(' while there %s', f.frequency) END
  FROM (SELECT concat('were at least ', rule ->> 'at_least', CASE WHEN rule ->> 'distinct_key' IS NULL THEN ' ' || regexp_replace(event, '^event', 'events')
                                                           ELSE format(' different values of %s, each of an %s,', lead_scoring_internal.typed_text(rule, 'distinct_key'), event) END)
         WHERE rule ->> 'at_least' <> '1'
         UNION ALL
        SELECT concat('was at least 1 ', CASE WHEN rule ->> 'distinct_key' IS NULL THEN event ELSE format('value of %s, each of an %s,', lead_scoring_internal.typed_text(rule, 'distinct_key'), event) END)
         WHERE rule ->> 'at_least' = '1') n (counted)
 CROSS JOIN LATERAL concat(n.counted, ' within ' || lead_scoring_internal.span_text((rule ->> 'within')::numeric)) f (frequency)
 WHERE num_nonnulls(rule ->> 'at_least', rule ->> 'quiet_for') > 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.switch_text IS 'When a rule of frequency or silence gives its points, in words, "event" being what it waits for; NULL for any other rule.';

CREATE FUNCTION lead_scoring_internal.rule_sentence(rule jsonb, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('"%s" gives %s.', rule ->> 'name', concat_ws('; ',
           lead_scoring_internal.points_text((rule ->> 'points')::numeric)
           || coalesce(' times ' || lead_scoring_internal.typed_text(rule, 'per'), '')
           || coalesce(lead_scoring_internal.switch_text(rule, lead_scoring_internal.event_text(rule, 'event_type', 'condition', 'source', several)), ' for each ' || CASE WHEN rule ->> 'event_type' IS NOT NULL THEN lead_scoring_internal.event_text(rule, 'event_type', 'condition', 'source', several) END,
                       ' to a lead while ' || lead_scoring_internal.typed_text(rule, 'condition')),
           lead_scoring_internal.decay_text(rule),
           -- Other decays keep a sum, whatever it says; where it says what it does by default, nobody asked for it.
           CASE WHEN rule ->> 'decay' IN ('linear', 'step', 'window') AND rule ->> 'max_occurrences' <> '1000' THEN format('of those that still give points the latest %s count', rule ->> 'max_occurrences') END,
           lead_scoring_internal.limit_text(rule),
           'in all ' || lead_scoring_internal.bounds_text(rule, 'min_points', 'max_points')))
$$;
COMMENT ON FUNCTION lead_scoring_internal.rule_sentence IS 'A rule of a definition as a sentence; "several": the model has several sources.';

CREATE FUNCTION lead_scoring_internal.stage_conditions(stage jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(c.condition, ' and ' ORDER BY c.place)
  FROM (SELECT t.place, t.what || ' at least ' || lead_scoring_internal.points_text((stage ->> t.field)::numeric)
          FROM (VALUES (1, 'min_score', 'a score of'), (2, 'min_engagement', 'an engagement of'), (3, 'min_fit', 'a fit of')) t (place, field, what)
         UNION ALL
        SELECT 4, 'the grade ' || (SELECT string_agg(g.grade, ' or ' ORDER BY g.place) FROM jsonb_array_elements_text(nullif(stage -> 'grades', 'null')) WITH ORDINALITY g (grade, place))
         UNION ALL
        SELECT 5, format('"%s" at least %s', r.key, CASE r.value WHEN '1' THEN 'once' ELSE r.value || ' times' END)
          FROM jsonb_each_text(nullif(stage -> 'requires', 'null')) r) c (place, condition)
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_conditions IS 'What a lead must have for a stage, in words; NULL where no score leads there.';

CREATE FUNCTION lead_scoring_internal.hours_text(seconds numeric)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ', CASE h.hours WHEN 0 THEN NULL WHEN 1 THEN '1 hour' ELSE h.hours || ' hours' END, CASE WHEN seconds > 3600 * h.hours THEN lead_scoring_internal.span_text(seconds - 3600 * h.hours) END)
  FROM (SELECT div(seconds, 3600)) h (hours)
$$;
COMMENT ON FUNCTION lead_scoring_internal.hours_text IS 'A length of time in words, of hours that make no days: 30 hours 15 minutes.';

CREATE FUNCTION lead_scoring_internal.service_level_text(stage jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE jsonb_typeof(w.within) WHEN 'object' THEN concat_ws(' and ',
           CASE w.within ->> 'days' WHEN '0' THEN NULL WHEN '1' THEN '1 working day' ELSE (w.within ->> 'days') || ' working days' END,
           CASE w.within ->> 'seconds' WHEN '0' THEN NULL ELSE lead_scoring_internal.hours_text((w.within ->> 'seconds')::numeric) || ' of working time' END)
       WHEN 'number' THEN lead_scoring_internal.span_text((w.within #>> '{}')::numeric) END
  FROM (SELECT stage -> 'within') w (within)
$$;
COMMENT ON FUNCTION lead_scoring_internal.service_level_text IS 'The service level of a stage in words; NULL where it has none.';

CREATE FUNCTION lead_scoring_internal.hand_off_sentence(stage jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('Each entry is handed over to sales%s%s.',
              CASE WHEN stage ? 'hand_off_max_age' THEN ', unless it is older than ' || lead_scoring_internal.span_text((stage ->> 'hand_off_max_age')::numeric) END,
              CASE WHEN stage ? 'max_attempts' THEN format(', in %s attempts at the most', stage ->> 'max_attempts') END)
       || coalesce(' ' || nullif(concat_ws(' ', CASE WHEN stage ? 'accepted_stage' THEN format('A lead that they accept goes to "%s".', stage ->> 'accepted_stage') END, CASE WHEN stage ? 'rejected_stage' THEN format('One that they reject goes to "%s".', stage ->> 'rejected_stage') END), ''), '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.hand_off_sentence IS 'What a stage of a definition says of hand-offs, in sentences.';

CREATE FUNCTION lead_scoring_internal.stage_sentences(stage jsonb, first_stage text, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ',
    format('Stage "%s" (%s).', stage ->> 'name', concat_ws(', ', 'rank ' || (stage ->> 'rank'), CASE stage ->> 'kind' WHEN 'detour' THEN 'a detour' END,
           'counts as ' || (stage ->> 'counts_as'))),
    CASE WHEN stage ->> 'name' = first_stage THEN 'Every lead begins here.' END,
    'A lead comes here when it has ' || lead_scoring_internal.stage_conditions(stage) || '.',
    'Whatever its score, it comes here at once with an ' || CASE WHEN stage ->> 'on_event' IS NOT NULL THEN lead_scoring_internal.event_text(stage, 'on_event', 'on_event_condition', 'on_event_source', several) END || '.',
    'It falls back when its score sinks below ' || lead_scoring_internal.points_text((stage ->> 'falls_below')::numeric) || '.',
    'If it has not moved on within ' || lead_scoring_internal.service_level_text(stage) || format(' it goes to "%s".', stage ->> 'timeout_stage'),
    'It does not come here again within ' || lead_scoring_internal.span_text((stage ->> 'cooldown')::numeric) || '.',
    CASE WHEN stage ->> 'hand_off' = 'true' THEN lead_scoring_internal.hand_off_sentence(stage) END,
    CASE stage ->> 'exit' WHEN 'score' THEN 'It leaves when an event brings it to a stage that is no detour.' WHEN 'hand' THEN 'It leaves by hand only.' END)
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_sentences IS 'A stage of a definition in sentences; "several": the model has several sources.';

CREATE FUNCTION lead_scoring_internal.entry_sentences(entry jsonb, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ', format('Entry "%s" of stage "%s".', entry ->> 'name', entry ->> 'stage'),
    'A lead comes there, too, when it has ' || lead_scoring_internal.stage_conditions(entry) || '.',
    'Whatever its score, it comes there at once with an ' || CASE WHEN entry ->> 'on_event' IS NOT NULL THEN lead_scoring_internal.event_text(entry, 'on_event', 'on_event_condition', 'on_event_source', several) END || '.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.entry_sentences IS 'An entry of a definition in sentences; "several": the model has several sources.';

CREATE FUNCTION lead_scoring_internal.touch_sentence(touch jsonb, source text, most text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('Touches of source "%s": %s%s.', source,
              coalesce(nullif(concat_ws(', ', 'channel is ' || (touch ->> 'channel'), 'asset is ' || (touch ->> 'asset'), 'campaign is ' || (touch ->> 'campaign')), ''), 'none'),
              '; of each lead the first and the latest ' || most || ' are remembered')
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_sentence IS 'What names the touches of a source, as a sentence, with how many are remembered of a lead where that is given.';

CREATE FUNCTION lead_scoring_internal.account_rule_sentence(rule jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('By "%s" marketing hands over an account that has %s.', rule ->> 'name', concat_ws(' and ',
           'at least ' || CASE rule ->> 'people' WHEN '1' THEN 'one lead' ELSE (rule ->> 'people') || ' leads' END
           || coalesce(' of ' || lead_scoring_internal.points_text((rule ->> 'min_score')::numeric) || ' or more', '')
           || coalesce(' active within ' || lead_scoring_internal.span_text((rule ->> 'active_within')::numeric), ''),
           'in all at least ' || lead_scoring_internal.points_text((rule ->> 'min_points')::numeric)))
       || coalesce(' The points of an account are those of its best ' || CASE rule ->> 'top_n' WHEN '1' THEN 'lead' ELSE (rule ->> 'top_n') || ' leads' END || '.', '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.account_rule_sentence IS 'An account rule of a definition in sentences.';

CREATE FUNCTION lead_scoring_internal.hours_of_week(calendar jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(format('%s from %s', d.weekday, d.hours), ', ' ORDER BY d.place)
  FROM (SELECT i.item ->> 'weekday', min(i.place), string_agg(format('%s to %s', left(i.item ->> 'opens', 5), left(i.item ->> 'closes', 5)), ' and ' ORDER BY i.place)
          FROM jsonb_array_elements(calendar) WITH ORDINALITY i (item, place) GROUP BY 1) d (weekday, place, hours)
$$;
COMMENT ON FUNCTION lead_scoring_internal.hours_of_week IS 'The hours of a calendar in words.';

CREATE FUNCTION lead_scoring_internal.sentences(definition jsonb)
RETURNS TABLE (place integer, what text, name text, sentence text) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH model AS (
    SELECT definition ? 'sources' AS several, (
        SELECT s.stage ->> 'name' FROM jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place) WHERE s.stage ->> 'kind' = 'progress' ORDER BY s.place LIMIT 1) AS first_stage
), lines (section, place, part, what, name, sentence) AS (
    SELECT 1, 0, t.place, 'settings', t.name, t.sentence
      FROM (VALUES
        (1, NULL, 'The score of a lead is the sum of what its groups of rules give' || coalesce(', ' || lead_scoring_internal.bounds_text(definition, 'min_score', 'max_score'), '') || '. Points neither fade nor have limits but where a rule says so.'),
        (2, 'time_zone', format('Hours, days, weeks and months of limits are those of the time zone %s.', definition ->> 'time_zone')),
        (3, 'future_tolerance', format('An event that is up to %s ahead of the clock counts at once, a later one when its time has come.', lead_scoring_internal.span_text((definition ->> 'future_tolerance')::numeric))),
        (4, 'event_id', 'Of events of a lead with the same ' || (definition ->> 'event_id') || ' one counts.'),
        (5, 'lead_created', 'A lead came when its column ' || (definition ->> 'lead_created') || ' says, else with its first event.'),
        (6, 'lead_condition', 'Only leads count for which ' || lead_scoring_internal.typed_text(definition, 'lead_condition') || '; others are in no report and enter no stage.'),
        (7, 'lead_account', 'A lead belongs to the account that ' || lead_scoring_internal.typed_text(definition, 'lead_account') || ' says.'),
        (8, 'touches', CASE WHEN definition ? 'touches' THEN lead_scoring_internal.touch_sentence(definition -> 'touches', 'events', definition #>> '{touches,max_touches}') END),
        (8, 'calendar', 'Working time is on ' || lead_scoring_internal.hours_of_week(definition -> 'calendar') || ', by the clocks of the time zone ' || (definition ->> 'time_zone') || '.'),
        (9, 'holidays', 'No working time is on ' || (SELECT string_agg(h.item ->> 'day', ', ' ORDER BY h.place) FROM jsonb_array_elements(definition -> 'holidays') WITH ORDINALITY h (item, place)) || '.')) t (place, name, sentence)
    UNION ALL
    SELECT 2, s.place, 0, 'source', s.source ->> 'name', concat_ws(' ',
           format('Times without a zone of source "%s" are of the time zone %s.', s.source ->> 'name', coalesce(s.source ->> 'time_zone', definition ->> 'time_zone')),
           'Of its events of a lead with the same ' || (s.source ->> 'event_id') || ' one counts.',
           CASE WHEN definition ? 'touches' THEN lead_scoring_internal.touch_sentence(s.source, s.source ->> 'name', NULL) END)
      FROM jsonb_array_elements(definition -> 'sources') WITH ORDINALITY s (source, place)
    UNION ALL
    SELECT 3, g.place, 0, 'group', g.item ->> 'name', format('Group "%s" adds up points for what a lead %s%s.', g.item ->> 'name', CASE g.item ->> 'kind' WHEN 'fit' THEN 'is' ELSE 'does' END,
           ', ' || lead_scoring_internal.bounds_text(g.item, 'min_points', 'max_points'))
      FROM jsonb_array_elements(definition -> 'groups') WITH ORDINALITY g (item, place)
    UNION ALL
    SELECT 3, g.place, (row_number() OVER (ORDER BY r.rule ->> 'name' COLLATE "C"))::integer, 'rule', r.rule ->> 'name',
           lead_scoring_internal.rule_sentence(r.rule, m.several)
      FROM model m, jsonb_array_elements(definition -> 'rules') r (rule)
      JOIN jsonb_array_elements(definition -> 'groups') WITH ORDINALITY g (item, place) ON g.item ->> 'name' = r.rule ->> 'rule_group'
    UNION ALL
    SELECT 4, 0, b.place::integer, 'band', (b.item ->> 'axis') || ' ' || (b.item ->> 'label'), format('From %s of %s on a grade has %s "%s".', lead_scoring_internal.points_text((b.item ->> 'min_points')::numeric),
           b.item ->> 'axis', CASE b.item ->> 'axis' WHEN 'fit' THEN 'the first part' ELSE 'the second part' END, b.item ->> 'label')
      FROM jsonb_array_elements(definition -> 'bands') WITH ORDINALITY b (item, place)
    UNION ALL
    SELECT 5, 0, 0, 'stages', NULL, 'A lead moves up to the stage of the highest rank for which it has all that is asked, over those in between where it must; an event never moves it down, but to a detour. Where it falls back, it goes to the highest stage below for which it has all, else to the first one. By hand it can be put into any stage.'
    UNION ALL
    SELECT 5, s.place, 0, 'stage', s.stage ->> 'name', lead_scoring_internal.stage_sentences(s.stage, m.first_stage, m.several)
      FROM model m, jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place)
    UNION ALL
    SELECT 6, a.place, 0, 'account rule', a.rule ->> 'name', lead_scoring_internal.account_rule_sentence(a.rule)
      FROM jsonb_array_elements(definition -> 'account_rules') WITH ORDINALITY a (rule, place)
    UNION ALL
    SELECT 7, e.place, 0, 'entry', e.item ->> 'name', lead_scoring_internal.entry_sentences(e.item, m.several)
      FROM model m, jsonb_array_elements(definition -> 'entries') WITH ORDINALITY e (item, place)
    UNION ALL
    SELECT 8, 0, 0, 'lead types', NULL, 'A lead is of the first type whose condition holds, and when it moves its type then is kept with the move.' WHERE definition ? 'lead_types'
    UNION ALL
    SELECT 8, t.place, 0, 'lead type', t.item ->> 'name', format('Lead type "%s": %s.', t.item ->> 'name', lead_scoring_internal.typed_text(t.item, 'condition'))
      FROM jsonb_array_elements(definition -> 'lead_types') WITH ORDINALITY t (item, place))
SELECT row_number() OVER (ORDER BY l.section, l.place, l.part)::integer, l.what, l.name, l.sentence FROM lines l WHERE l.sentence IS NOT NULL ORDER BY 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.sentences IS 'What definition() says of a definition as versions hold it.';

CREATE FUNCTION lead_scoring.definition(model text, version bigint DEFAULT NULL)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.definition(model text, version bigint)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    meant CONSTANT bigint := coalesce(version, (SELECT n.version FROM lead_scoring_internal.newest_version(model) n));
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF meant IS NULL THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" has no version', model), 'Nothing is published yet.', format('SELECT lead_scoring.publish(%L);', model));
    END IF;
    RETURN QUERY SELECT * FROM lead_scoring_internal.sentences(lead_scoring_internal.version_definition(model, meant));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.definition IS 'Implements lead_scoring.definition, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.definition IS 'What a version of a model says, by default the one published last, in sentences to be signed: of the settings, of each source, each group with its rules by name, each band, the stages by rank, their entries, and the types of leads. "what" is settings, source, group, rule, band, stages, stage, entry, lead types or lead type, and name its name, of a band its axis and label. Expressions are as they were typed. Takes USAGE on the schema and SELECT on its table "versions"; 42501 where row security limits the caller. 42704 for an unknown model or version, 55000 before the first publish.';

CREATE FUNCTION lead_scoring.definition_of_draft(model text)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.definition_of_draft(model text)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY SELECT * FROM lead_scoring_internal.sentences(lead_scoring_internal.compile_draft(model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.definition_of_draft IS 'Implements lead_scoring.definition_of_draft, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.definition_of_draft IS 'What definition() will say once the draft of the model is published: what is signed before. For the model''s owner only. Raises what publish() raises of a draft that cannot be published.';

-- Why a lead is not in a stage, and what would bring it there.
CREATE FUNCTION lead_scoring.why_not(model text, lead text, stage text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (what text, needed text, has text, missing text, verdict text, how text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_why_not';
CREATE FUNCTION lead_scoring.why_not(model text, lead bigint, stage text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (what text, needed text, has text, missing text, verdict text, how text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_why_not';
CREATE FUNCTION lead_scoring.why_not(model text, lead uuid, stage text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (what text, needed text, has text, missing text, verdict text, how text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_why_not';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.why_not(text, %s, text, timestamptz) IS %L', key,
'Why a lead is not in a stage (NULL: the next progress stage above), as of a time: a row for the stage itself, one for each of its conditions (min_score, min_engagement, min_fit, grades, each rule of requires, on_event), and one for each thing that stands in the way: a detour, a cooldown, moves that were taken back (undone), a paused or unpublished model, lead_condition, a lead that has not come, events in the future, types of events that nothing names (where the caller may read the view event_types of the model). Verdict: yes, no or unknown; unknown where a condition of a rule is NULL for the lead or its events, and what it waits for would hold if it were true: "missing" names the columns to ask for. Points are as of then. "how" of the stage: the cheapest few things of which each by itself brings the lead there or higher, "how" of a condition what makes that hold alone; tried on a copy of the lead, by the same rules, limits, caps and stages as real events, up to 100 events, and right for as long as it says ("before"), else for two years at least. It knows of an event what its rule says: that it matches other rules too, it reckons with where these have the same condition or none. NULL where nothing is known to do, a refresh() where time alone has moved the lead already and nobody has looked. No rows for a lead that row security on scores hides from the caller. Raises P0002 for an unknown lead, 42704 for an unknown stage, 22004 for a model, lead or time that is NULL, 22023 for an infinite time. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

-- The course of a lead's score.
CREATE FUNCTION lead_scoring.history(model text, lead text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (at timestamptz, source text, event_type text, rule text, points float8, score float8, stage text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_history';
CREATE FUNCTION lead_scoring.history(model text, lead bigint, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (at timestamptz, source text, event_type text, rule text, points float8, score float8, stage text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_history';
CREATE FUNCTION lead_scoring.history(model text, lead uuid, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (at timestamptz, source text, event_type text, rule text, points float8, score float8, stage text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_history';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.history(text, %s, timestamptz, timestamptz) IS %L', key,
'The course of a lead''s score by the newest version that the caller''s snapshot sees, in the order of time from since (NULL: the beginning) to until (NULL: now): what each event gave, what time, attributes and hands did, and the moves. Column source: the source of an event, with its type and the rule that matched (none where it names a stage); lead for a rule on the lead, from when it came (at is NULL where nothing says when); adjustment, its event_type made, expired or cancelled, or of engagement reset or reset cancelled; time, its event_type decay for what falls at once (the end of a window, a drop of step decay), since and until for the first and last instant asked for; stage for a recorded move, its event_type the cause, or undone for when moves were taken back: the moves are shown too, but for those that a replay superseded. Points: by how much the rule within its bounds, the adjustment, or of a reset the engagement changed at that instant; 0 for a match that a limit or ceiling lets count for nothing, NULL where nothing was given. Score: after it; of a move, as it was recorded, which may have been by an older version or other events. Stage: the one after it; of a move, where it led. Points that fade steadily show in the scores of the rows that follow; the last row has the score of score_at(until). No rows for a lead that row security on scores hides from the caller. Raises P0002 for an unknown lead, 22004 for a model or lead that is NULL, 22023 for an infinite until. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

-- The view "accounts" of a model: its accounts as of now, from the rows of their leads alone. No row is shared by the writers of
-- an account, and the people of one account are found by an index.
CREATE FUNCTION lead_scoring_internal.person_now(scores oid, version bigint, card lead_scoring.scorecard, at timestamptz,
                                        OUT points bigint, OUT active_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lead_scoring_person_now';
COMMENT ON FUNCTION lead_scoring_internal.person_now IS
'The score that a card of table "scores" has as of a time, in 1/10000 point, and the time of its latest event that counts; NULL where there was none. As score_now() in all else.';

CREATE FUNCTION lead_scoring_internal.account_rules(scores oid, at timestamptz)
RETURNS TABLE (place integer, rule text, needed bigint, active_since timestamptz, least_score bigint, least_points bigint, most_people bigint)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_account_rules';
COMMENT ON FUNCTION lead_scoring_internal.account_rules IS
'The account rules of the newest version of the model whose table "scores" that is, as of a time, by name: from when on people are active, scores and points in 1/10000 point, and how many people make the points of an account. A row of NULLs where there are none, for accounts are there all the same. Takes what score_now() takes.';

CREATE FUNCTION lead_scoring_internal.account_rows(model text, at text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill($query$
    SELECT DISTINCT ON (j.account) j.account, j.score, j.people, j.active_people, j.best_lead, j.best_score, j.last_active_at, j.rule, j.meets, a.mqa_at
      FROM (
        SELECT p.account, p.place, p.rule, (sum(p.points) FILTER (WHERE p.nth <= p.most_people) / 10000)::float8 AS score, count(*) AS people,
               count(*) FILTER (WHERE p.counts) AS active_people, (array_agg(p.lead_id) FILTER (WHERE p.nth = 1))[1] AS best_lead,
               max(p.points) / 10000::float8 AS best_score, max(p.active_at) AS last_active_at,
               p.rule IS NOT NULL AND (p.needed IS NULL OR count(*) FILTER (WHERE p.counts) >= p.needed)
               AND (p.least_points IS NULL OR sum(p.points) FILTER (WHERE p.nth <= p.most_people) >= p.least_points) AS meets
          FROM (
            SELECT s.account, s.lead_id, n.points, n.active_at, r.place, r.rule, r.needed, r.least_points, r.most_people,
                   ((r.least_score IS NULL OR n.points >= r.least_score) AND (r.active_since IS NULL OR n.active_at >= r.active_since)) IS TRUE AS counts,
                   row_number() OVER (PARTITION BY s.account, r.place ORDER BY n.points DESC, s.lead_id) AS nth
              FROM {model}.scores s
             CROSS JOIN LATERAL lead_scoring_internal.person_now(s.tableoid, s.version, s.card, {!at}) n
             CROSS JOIN lead_scoring_internal.account_rules({'scores'}::regclass, {!at}) r
             WHERE s.counted AND s.account IS NOT NULL AND n.points IS NOT NULL
               AND (n.active_at IS NOT NULL OR NOT EXISTS (SELECT FROM {model}.merged m WHERE m.merged_from = s.lead_id))) p
         GROUP BY p.account, p.place, p.rule, p.needed, p.least_points) j
      LEFT JOIN {model}.account_states a ON a.account = j.account
     ORDER BY j.account, j.meets DESC, j.place
    $query$, jsonb_build_object('model', model, 'scores', format('%I.scores', model), 'at', at))
$$;
COMMENT ON FUNCTION lead_scoring_internal.account_rows IS 'SQL that gives the accounts of a model as of an instant, which is SQL too. Whoever was merged into another is counted there, unless there are events of its own again.';

CREATE FUNCTION lead_scoring_internal.make_accounts(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('CREATE OR REPLACE VIEW %I.accounts WITH (security_invoker = true) AS %s', model,
                   lead_scoring_internal.account_rows(model, '(SELECT pg_catalog.statement_timestamp())'));
    PERFORM lead_scoring_internal.describe(format('%I.accounts', model)::regclass,
        'The accounts that leads belong to by settings.lead_account, as of now: a row for each that has a lead which counts. What depends on a rule is by the one in column "rule".',
        '{"account": "Name of the account.",
          "score": "Points of the account: the scores of its people as of now added up, of the best top_n ones by the rule, or of all.",
          "people": "Leads of the account that count.",
          "active_people": "Those of them that the rule counts: whose score is at least min_score, and whose latest event is no older than active_within.",
          "best_lead": "Key of the lead with the highest score, of several the first one.",
          "best_score": "Score of that lead, in points.",
          "last_active_at": "Time of the latest event of any of its people that a rule or stage waits for; NULL for none.",
          "rule": "Account rule by which the account is judged: the first one by name that it meets, else the first one; NULL where there are none.",
          "meets": "Whether the account meets it.",
          "mqa_at": "When refresh first found that the account meets a rule; NULL where it never did."}');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_accounts IS 'Creates or replaces the view "accounts" of a model. It is read with the rights of who reads it, so that row security on scores holds: accounts have the people then that the reader may see.';

-- What the report views read besides the model's own tables: report_settings, set_spend, set_revenue.
CREATE OR REPLACE FUNCTION lead_scoring_internal.plain_type(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT lead_scoring_internal.base_type(lead_scoring_internal.column_type(relation, column_name, argument))::text $$;

-- All events of a model, as reports read them.
CREATE FUNCTION lead_scoring_internal.rows_once(source jsonb, at text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN source ->> 'event_id' IS NULL THEN source ->> 'events'
    ELSE lead_scoring_internal.fill('(SELECT e.* FROM (SELECT e.*, row_number() OVER (PARTITION BY e.{lead}, e.{id}, isfinite({!at}) ORDER BY {!at}, e USING OPERATOR(pg_catalog.*<)) AS lead_scoring_place FROM {!events} e) e
             WHERE e.lead_scoring_place = 1 OR e.{id} IS NULL OR isfinite({!at}) IS NOT TRUE)',
        jsonb_build_object('lead', source ->> 'event_lead', 'id', source ->> 'event_id', 'events', source ->> 'events', 'at', at)) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.rows_once IS 'What stands behind FROM to read the rows of a source that count: of a lead''s rows of one id the earliest, and of several at its instant the one whose content comes first. What has no id or no time takes no part. "at" is SQL for the instant of a row e. Conditions on the lead reach the table.';

CREATE FUNCTION lead_scoring_internal.source_rows(model text, source jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    time_type text;
    at text;
    lead text := format('e.%I', source ->> 'event_lead');
    log jsonb := source;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    time_type := lead_scoring_internal.plain_type((source ->> 'events')::regclass, source ->> 'event_time', 'event_time');
    at := CASE time_type WHEN 'timestamp with time zone' THEN format('e.%I::timestamptz', source ->> 'event_time')
                         ELSE format('lead_scoring_internal.instant(e.%I::%s, %L)', source ->> 'event_time', time_type, source ->> 'time_zone') END;
    IF source ->> 'identities' IS NOT NULL THEN
        -- In two parts, so that what is asked of one lead finds its events by an index.
        log := log || jsonb_build_object('event_lead', 'lead by identity', 'events', lead_scoring_internal.fill('(SELECT e.*, e.{lead} AS "lead by identity" FROM {!events} e WHERE e.{lead} IS NOT NULL
            UNION ALL SELECT e.*, i.{identity_lead} FROM {!events} e LEFT JOIN {!identities} i ON i.{visitor} = e.{anonymous} WHERE e.{lead} IS NULL)',
            jsonb_build_object('events', source ->> 'events', 'lead', source ->> 'event_lead', 'identities', source ->> 'identities', 'identity_lead', source ->> 'identity_lead',
                'visitor', source ->> 'visitor', 'anonymous', source ->> 'event_anonymous')));
        lead := 'e."lead by identity"';
    END IF;
    RETURN lead_scoring_internal.fill('SELECT {!lead}::{!key_type} AS lead_id, {!at} AS at, {!type} AS type, {''name''}::text AS source, {!campaign} AS campaign, {!channel} AS channel, {!asset} AS asset FROM {!events} e',
    jsonb_build_object('lead', lead, 'key_type', lead_scoring_internal.key_type(model), 'name', source ->> 'name', 'events', lead_scoring_internal.rows_once(log, at), 'at', at,
        'type', CASE WHEN source ->> 'every_event' IS NULL THEN format('e.%I::text', source ->> 'event_type') ELSE format('%L::text', source ->> 'every_event') END,
        'campaign', coalesce('nullif(e.' || quote_ident(source ->> 'event_campaign') || '::text, '''')', 'NULL::text'),
        'channel', coalesce('nullif((' || (source ->> 'channel') || ')::text, '''')', 'NULL::text'),
        'asset', coalesce('nullif((' || (source ->> 'asset') || ')::text, '''')', 'NULL::text')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_rows IS 'SQL for the events of a source, those of visitors with the lead that "identities", where the source has them, say: lead_id, at (an instant), type, source, campaign, channel, asset.';

CREATE FUNCTION lead_scoring_internal.event_log(model text, settings jsonb, VARIADIC named text[] DEFAULT '{}')
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source record;
    bound record;
    sources jsonb[] := '{}';
    logged jsonb;
    identities jsonb;
BEGIN
    SELECT jsonb_build_object('identities', i.identities, 'visitor', i.anonymous, 'identity_lead', i.lead) INTO identities
      FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR source IN SELECT s.*, s.name = 'events' AS is_first FROM lead_scoring_internal.sources(model) s LOOP
        -- A version looks at the sources that there were.
        logged := (SELECT l.source FROM jsonb_array_elements(settings -> 'sources') l (source) WHERE l.source ->> 'name' = source.name);
        CONTINUE WHEN NOT source.is_first AND logged IS NULL;
        logged := CASE WHEN source.is_first THEN settings ELSE logged END;
        PERFORM lead_scoring_internal.check_columns(bound.leads, source.events, bound.lead_key, source.event_lead, source.event_type, source.event_time, source.event_campaign),
                CASE WHEN logged ->> 'event_id' IS NOT NULL THEN lead_scoring_internal.column_type(source.events, logged ->> 'event_id', 'event_id') END;
        sources := sources || (to_jsonb(source) || CASE WHEN source.event_anonymous IS NOT NULL THEN coalesce(identities, '{}') ELSE '{}' END
            || jsonb_build_object('time_zone', coalesce(logged ->> 'time_zone', source.time_zone), 'event_id', logged -> 'event_id',
            'channel', lead_scoring_internal.report_key(source.events, CASE WHEN 'channel' = ANY (named) THEN coalesce(source.event_channel, quote_ident(source.event_campaign)) END, 'event_channel'),
            'asset', lead_scoring_internal.report_key(source.events, CASE WHEN 'asset' = ANY (named) THEN source.event_asset END, 'event_asset')));
    END LOOP;
    -- One table whose times are instants is read as it is, by its indexes too.
    IF cardinality(sources) = 1 AND num_nonnulls(sources[1] ->> 'event_id', sources[1] ->> 'identities') = 0 AND lead_scoring_internal.plain_type(bound.events, bound.event_time, 'event_time') = 'timestamp with time zone' THEN
        RETURN jsonb_build_object('rows', format('%s e', bound.events), 'lead', bound.event_lead, 'time', bound.event_time, 'type', bound.event_type, 'source', '''events''::text',
            'campaign', 'nullif(e.' || quote_ident(bound.event_campaign) || '::text, '''')', 'channel', sources[1] ->> 'channel', 'asset', sources[1] ->> 'asset');
    END IF;
    RETURN (
        SELECT jsonb_build_object('rows', format('(%s) e', string_agg(lead_scoring_internal.source_rows(model, s.source), ' UNION ALL ' ORDER BY s.place)),
            'lead', 'lead_id', 'time', 'at', 'type', 'type', 'source', 'e.source', 'campaign', CASE WHEN count(s.source ->> 'event_campaign') > 0 THEN 'e.campaign' END,
            'channel', CASE WHEN count(s.source ->> 'channel') > 0 THEN 'e.channel' END, 'asset', CASE WHEN count(s.source ->> 'asset') > 0 THEN 'e.asset' END)
          FROM unnest(sources) WITH ORDINALITY s (source, place));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_log IS 'All events of a model, for a report that is told these settings, of which "sources" are those that are looked at besides the first and "event_id" is the column of the first whose ids count once: "rows", what stands behind FROM to read them as e, "lead", "time" and "type", the columns of e that have the key, the instant and the type, and SQL over e for its "source", its "campaign" and, where they are asked for, "channel" and "asset", NULL where no event names one. The channel is the campaign where nothing else is said. Raises what check_columns and check_expression raise where a table has changed.';

-- The view "moves" of a model: what reports know of the moves of leads. The table "transitions" is for who writes and proves them.
CREATE FUNCTION lead_scoring_internal.keeps_undone(model text)
RETURNS boolean LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.transitions', model)) AND a.attname = 'undone_at' AND NOT a.attisdropped)
$$;
COMMENT ON FUNCTION lead_scoring_internal.keeps_undone IS 'Whether the model can keep moves that were taken back; those of older formats cannot.';

CREATE FUNCTION lead_scoring_internal.move_stands(model text, as_of text DEFAULT NULL)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN NOT lead_scoring_internal.keeps_undone(model) THEN 'true'
            WHEN as_of IS NULL THEN 't.undone_at IS NULL'
            ELSE format('(t.undone_at IS NULL OR t.undone_at > %s AND NOT t.superseded)', as_of) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_stands IS 'SQL for whether a transition, t, stands: nobody took it back, or nobody had as of that instant, which is SQL too. What a replay superseded never stood: its history is the one of the past as well.';
DROP FUNCTION lead_scoring_internal.move_rows(model text);

CREATE OR REPLACE FUNCTION lead_scoring_internal.move_rows(model text, as_of text DEFAULT NULL)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT t.lead_id, t.seq, t.from_stage, t.to_stage, t.at, t.recorded_at, t.score, t.engagement, t.fit, t.grade, t.version, t.cause, t.rule, t.actor, t.reason%s
                 FROM %I.transitions t WHERE %s', CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.transitions', model)) AND a.attname = 'lead_type' AND NOT a.attisdropped) THEN ', t.entry, t.lead_type' END, model, lead_scoring_internal.move_stands(model, as_of))
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_rows IS 'SQL that gives the moves of leads that stand, or stood as of an instant: what the view "moves" shows, for reports, which do not read it by its name: whoever may create in the schema could put something of his own in its place, where it is missing.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.make_moves(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('CREATE OR REPLACE VIEW %I.moves WITH (security_invoker = true) AS %s', model, lead_scoring_internal.move_rows(model));
    PERFORM lead_scoring_internal.describe(v.view, 'Every move of every lead between stages that stands, which is all but those that undo_move or replay took back: what reports go by.',
                (SELECT jsonb_object_agg(a.attname, col_description('lead_scoring_internal.transitions'::regclass, t.attnum))
                   FROM pg_attribute a JOIN pg_attribute t ON t.attrelid = 'lead_scoring_internal.transitions'::regclass AND t.attname = a.attname
                  WHERE a.attrelid = v.view AND a.attnum > 0))
       FROM CAST(format('%I.moves', model) AS regclass) v (view);
END
$$;

-- report_settings, set_spend, set_revenue.
CREATE OR REPLACE FUNCTION lead_scoring_internal.own_dimensions()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{campaign,channel,lead_type}'::text[] $$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.check_report_settings()
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
    NEW.dimensions := (SELECT coalesce(jsonb_object_agg(d.key, lead_scoring_internal.report_key(bound.leads, d.value, format('dimensions "%s"', d.key))), '{}')
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

CREATE FUNCTION lead_scoring_internal.report_settings_updated() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_report_settings_updated';
COMMENT ON FUNCTION lead_scoring_internal.report_settings_updated IS 'Trigger of report_settings: raises 55000 when an UPDATE is over and there is no row, which it could only leave out.';

-- ---------------------------------------------------------------- statements
CREATE FUNCTION lead_scoring_internal.stage_roles(definition jsonb, settings jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names CONSTANT text[] := ARRAY(SELECT s.stage ->> 'name' FROM jsonb_array_elements(definition -> 'stages') s (stage)
                                    WHERE s.stage ->> 'kind' = 'progress' ORDER BY (s.stage ->> 'rank')::integer);
    meanings CONSTANT jsonb := (SELECT jsonb_object_agg(s.stage ->> 'counts_as', s.stage ->> 'name')
                                  FROM jsonb_array_elements(definition -> 'stages') s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL);
BEGIN
    RETURN (SELECT jsonb_object_agg(d.role, array_position(names,
                       coalesce(settings ->> (d.role || '_stage'), CASE WHEN meanings IS NOT NULL THEN meanings ->> d.role ELSE names[d.place] END)))
              FROM (VALUES ('mql', CASE WHEN cardinality(names) >= 2 THEN 2 END),
                           ('sql', CASE WHEN cardinality(names) >= 4 THEN 3 END),
                           ('customer', CASE WHEN cardinality(names) >= 3 THEN cardinality(names) END)) d (role, place))
           || jsonb_build_object('stages', names);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_roles IS 'What the stages of a definition are to reports told these settings: stages (the progress stages by rank), and mql, sql and customer as places in these, NULL where there is no such stage.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.report_setting(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings jsonb;
    version jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    settings := coalesce(settings, '{"qualified_low": 0.02, "qualified_high": 0.05, "dimensions": {}, "week_starts": "monday"}');
    version := lead_scoring_internal.newest_definition(model);
    RETURN settings || lead_scoring_internal.stage_roles(version, settings) || jsonb_build_object('time_zone', version ->> 'time_zone', 'sources', coalesce(version -> 'sources', '[]'), 'event_id', version -> 'event_id',
        'lead_created', coalesce(settings ->> 'lead_created', version ->> 'lead_created'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_setting IS 'What a report goes by: report_settings with, in addition, time_zone, sources, event_id (of the first) and stages (the progress stages by rank) of the newest version, and mql, sql and customer as places in these, NULL where the model has no such stage; lead_created is that of the version where report_settings name none.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.report_dimension(model text, report text, split_by text, settings jsonb)
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
    ELSIF split_by = 'reason' AND report IN ('sla', 'feedback') AND expression IS NULL THEN
        RETURN jsonb_build_object('kind', 'reason');
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
COMMENT ON FUNCTION lead_scoring_internal.report_dimension IS 'What a report is split by: an object of kind (campaign, channel, lead_type, expression, or NULL; reason, of the reports on what sales made of leads) and, of an expression over the row of a lead, its SQL, checked against the table as it is. Raises 42704 for a name that is no dimension, where the caller may not act as the owner; for the owner that is an expression, which raises what check_expression raises.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.report_views()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{funnel,campaigns,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,sla,feedback,stage_times,event_types}'::text[]
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.report_arguments(report text)
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
        (4, 'by', 'text DEFAULT NULL', 'by: rows are of one value of a dimension each, which is the first column: campaign (the lead''s), channel (of its first touch), lead_type (that it had when it became an MQL), or a name in report_settings.dimensions; from whoever has the rights of the model''s owner any SQL expression over the row of a lead.'),
        (5, 'since', 'date DEFAULT NULL', 'since, until: only periods whose first day lies from the one to the other, both included; what they say is what they say without.'),
        (6, 'until', 'date DEFAULT NULL', NULL)) d (place, name, declaration, note)
      LEFT JOIN (SELECT regexp_split_to_array(line, ' \| ') FROM unnest(form.arguments) u (line)) a (c) ON a.c[1] = d.name
     WHERE d.place <= 2 OR a.c IS NOT NULL ORDER BY d.place;
END
$$;

-- The leads that reports count, each once, with when it came and reached each stage.
CREATE FUNCTION lead_scoring_internal.remembers(remembering bigint)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('(s.version = %s AND s.memory IS NOT NULL) IS TRUE', remembering) WHERE remembering IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.remembers IS 'SQL for whether a row s of scores has a memory by that version; NULL where there is none.';
DROP FUNCTION lead_scoring_internal.own_log(model text, remembering bigint);

CREATE OR REPLACE FUNCTION lead_scoring_internal.own_log(model text, event_log jsonb, remembering bigint)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN jsonb_build_object('remembers', lead_scoring_internal.remembers(remembering), 'time', event_log ->> 'time',
    'of_lead', lead_scoring_internal.fill('{!rows} WHERE e.{lead} = s.lead_id AND e.{time} > ''-infinity'' AND e.{time} < ''infinity''',
        jsonb_build_object('rows', event_log ->> 'rows', 'lead', event_log ->> 'lead', 'time', event_log ->> 'time')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.own_log IS 'SQL over a row s of scores, to be filled in: "remembers", whether it has a memory by that version (NULL: none has), "of_lead", what stands behind FROM to read its events e of the log that have a time, and "time", the column that has it.';

CREATE FUNCTION lead_scoring_internal.undone_rows(model text, stages text[])
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    any_undone boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF NOT lead_scoring_internal.keeps_undone(model) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.transitions t WHERE t.undone_at IS NOT NULL AND NOT t.superseded)', model) INTO any_undone;
    RETURN (SELECT format('SELECT t.lead_id%s FROM %I.transitions t WHERE t.undone_at > $1 AND NOT t.superseded AND t.at <= $1 GROUP BY t.lead_id',
                          string_agg(format(', min(t.at) FILTER (WHERE t.to_stage = %L) AS %I', n, n || '_at'), '' ORDER BY place), model)
              FROM unnest(stages) WITH ORDINALITY u (n, place) WHERE any_undone HAVING any_undone);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.undone_rows IS 'SQL for the leads that stood elsewhere as of parameter 1, before moves of theirs were taken back, with when these entered each of the stages; NULL where nothing was ever taken back.';

CREATE FUNCTION lead_scoring_internal.type_dimension(model text, settings jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.transitions', model)) AND a.attname = 'lead_type' AND NOT a.attisdropped)
            THEN format('(SELECT t.lead_type FROM %I.transitions t WHERE t.lead_id = s.lead_id AND t.to_stage = ANY (%L::text[]) AND t.at <= $1 AND %s ORDER BY t.seq LIMIT 1)', model,
                        ARRAY(SELECT n FROM jsonb_array_elements_text(settings -> 'stages') WITH ORDINALITY u (n, place) WHERE place >= (settings ->> 'mql')::integer ORDER BY place),
                        lead_scoring_internal.move_stands(model, '$1'))
            ELSE 'NULL::text' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.type_dimension IS 'SQL for the type that the lead of a row s of scores had when it became an MQL, or moved higher at once, as of parameter 1; NULL for who did not, and for models of an older format.';

CREATE FUNCTION lead_scoring_internal.reason_expression(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill('coalesce({!decided}(SELECT t.reason FROM ({!moves}) t WHERE t.lead_id = s.lead_id AND t.at <= $1 AND t.reason IS NOT NULL ORDER BY t.seq DESC LIMIT 1))', jsonb_build_object(
    'moves', lead_scoring_internal.move_rows(model, '$1'),
    'decided', CASE WHEN to_regclass(format('%I.handoffs', model)) IS NULL THEN ''
                    ELSE format('(SELECT h.reason FROM %I.handoffs h WHERE h.lead_id = s.lead_id AND h.decided_at <= $1 ORDER BY h.seq DESC LIMIT 1), ', model) END))
$$;
COMMENT ON FUNCTION lead_scoring_internal.reason_expression IS 'SQL for what was said last of a lead, a row s of scores, up to parameter 1: the reason of the decision on its latest hand-off, else of its latest move that bears one.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.lead_rows(model text, settings jsonb, with_campaign boolean DEFAULT false, with_forgotten boolean DEFAULT false, only_lead text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    kind CONSTANT text := settings #>> '{by,kind}';
    remembering CONSTANT bigint := lead_scoring_internal.remembering_version(model);
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings, kind);
    channel text := CASE kind WHEN 'channel' THEN coalesce(log ->> 'channel', 'NULL') END;
    campaign text;
    undone text;
    entered text[];
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
    own_log := lead_scoring_internal.own_log(model, log, remembering);
    undone := lead_scoring_internal.undone_rows(model, names);
    entered := ARRAY(SELECT format(CASE WHEN undone IS NULL THEN 's.%1$I' ELSE 'LEAST(s.%1$I, u.%1$I)' END, n || '_at') FROM unnest(names) n);
    created := CASE WHEN settings ->> 'lead_created' IS NOT NULL THEN
        lead_scoring_internal.time_expression(bound.leads, settings ->> 'lead_created', settings ->> 'time_zone', 'lead_created') END;
    known := format('LEAST(%s)', concat_ws(', ', VARIADIC entered || created));
    campaign := CASE WHEN with_campaign OR kind IS NOT DISTINCT FROM 'campaign' THEN log ->> 'campaign' END;
    IF remembering IS NOT NULL THEN
        -- Leads of another version, and what a memory does not keep, are asked one by one.
        first := lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} THEN lead_scoring_internal.first_event(s.memory) ELSE (SELECT min(e.{time}) FROM {!of_lead}) END', own_log);
        campaign := CASE WHEN campaign IS NOT NULL THEN lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} AND lead_scoring_internal.keeps_names(s.memory) THEN lead_scoring_internal.first_campaign(s.memory, $1)
            ELSE (SELECT lead_scoring.first_touch({!campaign}, e.{time}) FROM {!of_lead} AND e.{time} <= $1) END', own_log, jsonb_build_object('campaign', campaign)) END;
        channel := CASE WHEN channel IS NOT NULL THEN lead_scoring_internal.fill_from_log('CASE WHEN {!remembers} AND lead_scoring_internal.keeps_names(s.memory) THEN lead_scoring_internal.first_channel(s.memory, $1)
            ELSE (SELECT lead_scoring.first_touch(nullif(({!channel})::text, ''''), e.{time}) FROM {!of_lead} AND e.{time} <= $1) END', own_log, jsonb_build_object('channel', channel)) END;
        had_come := format('%1$s <= $1 OR %2$s IS NULL AND %1$s IS NULL', first, known);
    ELSE
        touches := lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, e.{time} AS at{!campaign}{!channel} FROM {!rows} WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1{!only_lead}',
            jsonb_build_object('lead', log ->> 'lead', 'time', log ->> 'time', 'campaign', ', ' || campaign || ' AS campaign',
                'channel', ', nullif((' || channel || ')::text, '''') AS channel',
                'rows', log ->> 'rows', 'only_lead', ' AND e.' || quote_ident(log ->> 'lead') || ' = ' || only_lead));
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
        SELECT s.lead_id, s.stage_since, s.stage, {!stood_elsewhere} AS stood_elsewhere, {!entered}, {!campaign} AS campaign, [[{!dimension} AS dimension, ]]LEAST({!first}{!created}) AS first_at, s.memory, s.card, {!remembers} AS remembers
          FROM {model}.scores s{!attributes}{!dimensions}{!undone}
          {!touches}
          LEFT JOIN {model}.merged m ON m.merged_from = s.lead_id
         WHERE s.counted AND (m.merged_from IS NULL OR (SELECT true FROM {!rows} WHERE e.{lead} = s.lead_id LIMIT 1)){!only_lead}
           AND (now() <= $1 OR {!known} <= $1 OR {!had_come})
        $query$, jsonb_build_object(
        'undone', ' LEFT JOIN (' || undone || ') u ON u.lead_id = s.lead_id', 'stood_elsewhere', CASE WHEN undone IS NULL THEN 'false' ELSE 'u.lead_id IS NOT NULL' END,
        'entered', (SELECT string_agg(format('%s AS %I', e, n || '_at'), ', ' ORDER BY place) FROM unnest(entered, names) WITH ORDINALITY c (e, n, place)), 'created', ', ' || created, 'known', known, 'first', first, 'had_come', had_come, 'campaign', coalesce(campaign, 'NULL::text'),
        'attributes', CASE WHEN created IS NOT NULL THEN format(' LEFT JOIN %s r ON r.%I = s.lead_id', bound.leads, bound.lead_key) END,
        'dimension', CASE kind WHEN 'campaign' THEN coalesce(campaign, 'NULL::text') WHEN 'channel' THEN channel WHEN 'reason' THEN lead_scoring_internal.reason_expression(model) WHEN 'expression' THEN 'd.dimension' WHEN 'lead_type' THEN lead_scoring_internal.type_dimension(model, settings) ELSE 'NULL::text' END,
        -- The expression names columns without their table, and a whole row by its name.
        'dimensions', CASE kind WHEN 'expression' THEN lead_scoring_internal.fill(' LEFT JOIN (SELECT {key} AS lead_id, nullif(({!expression})::text, '''') AS dimension FROM {!leads}) d ON d.lead_id = s.lead_id',
            jsonb_build_object('key', bound.lead_key, 'expression', settings #>> '{by,expression}', 'leads', bound.leads)) END,
        'model', model, 'touches', touches, 'only_lead', ' AND s.lead_id = ' || only_lead,
        'rows', log ->> 'rows', 'lead', log ->> 'lead', 'remembers', coalesce(own_log ->> 'remembers', 'false')));
    IF with_forgotten THEN
        leads := lead_scoring_internal.fill_report(settings, $query$
            {!leads}
            UNION ALL
            SELECT NULL, NULL, NULL, false, {!entered}, o.campaign, [[{!dimension}, ]]o.came::timestamp AT TIME ZONE {'zone'}, NULL, NULL, false
              FROM {model}.forgotten o, generate_series(1, o.leads)
             WHERE (o.came::timestamp AT TIME ZONE {'zone'} <= $1) IS NOT FALSE
            $query$,
            jsonb_build_object('leads', leads, 'dimension', CASE kind WHEN 'campaign' THEN 'o.campaign' ELSE 'NULL::text' END,
                'entered', (SELECT string_agg(format('(o.entered ->> %L)::timestamp AT TIME ZONE %L', n, settings ->> 'time_zone'), ', ' ORDER BY place)
                              FROM unnest(names) WITH ORDINALITY u (n, place)),
                'zone', settings ->> 'time_zone', 'model', model));
    END IF;

    entered := ARRAY(SELECT format('s.%I', n || '_at') FROM unnest(names) n);
    -- Times are made those of the report here, as late as can be: the server evaluates each as often as it is used.
    reached := ARRAY(SELECT format('lead_scoring_internal.report_time(LEAST(%s), $1)', array_to_string(entered[i:], ', ')) FROM generate_subscripts(names, 1) i ORDER BY i);
    came_at := format('lead_scoring_internal.report_time(LEAST(%s, s.first_at), $1)', array_to_string(entered, ', '));
    reached[1] := came_at;
    entered := ARRAY(SELECT format('lead_scoring_internal.report_time(%s, $1)', e) FROM unnest(entered) WITH ORDINALITY u (e, place) ORDER BY place);
    -- Whoever stands in the first stage was there from the beginning, without a transition.
    entered[1] := came_at;
    -- Where a lead that has moved since stood then, its history says: in the first stage before its first move.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        SELECT s.lead_id, lead_scoring_internal.report_time(CASE WHEN s.stage_since > $1 OR s.stood_elsewhere THEN (SELECT t.at {!last_move}) ELSE s.stage_since END) AS stage_since,
               (CASE WHEN s.stage_since > $1 OR s.stood_elsewhere THEN (SELECT t.to_stage {!last_move}) ELSE s.stage END <> ALL ({'stages'}::text[])) IS TRUE AS is_out,
               s.campaign, [[s.dimension COLLATE "C" AS dimension, ]]{!came_at} AS came_at,
               {!mql_at} AS mql_at, {!sql_at} AS sql_at, {!customer_at} AS customer_at, {!mql_entered} IS NOT NULL AS mql_entered, {!sql_entered} IS NOT NULL AS sql_entered,
               s.memory, s.card, s.remembers, {!reached}
          FROM ({!leads}) s
        $query$, jsonb_build_object(
        'last_move', format('FROM (%s) t WHERE t.lead_id = s.lead_id AND t.at <= $1 ORDER BY t.seq DESC LIMIT 1', lead_scoring_internal.move_rows(model, '$1')),
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

-- The report "velocity".
CREATE OR REPLACE FUNCTION lead_scoring_internal.velocity_report(model text, settings jsonb)
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
          (6, 'span', 'interval', 'sum(l.at_# - f.from_at) FILTER (WHERE f.i < #)'),
          (7, 'mean_days', 'float8', 'lead_scoring.lead_velocity(f.from_at, l.at_#) FILTER (WHERE f.i < #)'),
          (8, 'median_days', 'float8', 'lead_scoring.median_time_to(f.from_at, l.at_#, $1) FILTER (WHERE f.i < #)'),
          (9, 'p90_days', 'float8', 'percentile_cont(0.9) WITHIN GROUP (ORDER BY date_part(''epoch'', l.at_# - f.from_at) / 86400) FILTER (WHERE f.i < #)'),
          (10, 'p50_days', 'float8', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part(''epoch'', l.at_# - f.from_at) / 86400) FILTER (WHERE f.i < #)')) n (place, name, type, expression);
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
               coalesce(extract(epoch FROM m.span[j]), 0)::float8 / 86400, m.mean_days[j], m.median_days[j], m.p90_days[j], m.p50_days[j]
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.revenue_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    customer CONSTANT text := settings -> 'stages' ->> ((settings ->> 'customer')::integer - 1);
    relation regclass;
BEGIN
    IF settings ->> 'revenue_table' IS NULL THEN
        RETURN format('SELECT NULL::%s AS lead_id, NULL::timestamptz AS at, NULL::numeric AS amount WHERE false', lead_scoring_internal.key_type(model));
    END IF;
    relation := lead_scoring_internal.mapped_table(model, settings ->> 'revenue_table', 'revenue_table');
    PERFORM lead_scoring_internal.column_type(relation, settings ->> 'revenue_lead', 'lead');
    RETURN lead_scoring_internal.fill('SELECT coalesce(m.lead_id, r.{lead}) AS lead_id, {!time} AS at, {!amount} AS amount FROM {!rows} LEFT JOIN {model}.merged m ON m.merged_from = r.{lead} WHERE ({!time} <= $1) IS NOT FALSE{!won}',
        jsonb_build_object('lead', settings ->> 'revenue_lead',
            'won', CASE WHEN customer IS NOT NULL AND lead_scoring_internal.undone_rows(model, ARRAY[customer]) IS NOT NULL THEN
                lead_scoring_internal.fill(' AND (EXISTS (SELECT FROM ({!moves}) t WHERE t.lead_id = coalesce(m.lead_id, r.{lead}) AND t.to_stage = {''customer''} AND t.at <= $1)
                    OR NOT EXISTS (SELECT FROM {model}.transitions t WHERE t.lead_id = coalesce(m.lead_id, r.{lead}) AND t.to_stage = {''customer''} AND t.undone_at <= $1 AND NOT t.superseded))',
                    jsonb_build_object('moves', lead_scoring_internal.move_rows(model, '$1'), 'lead', settings ->> 'revenue_lead', 'customer', customer, 'model', model)) END,
            'time', lead_scoring_internal.time_expression(relation, settings ->> 'revenue_date', settings ->> 'time_zone', 'earned_on'),
            'amount', lead_scoring_internal.amount_expression(relation, settings ->> 'revenue_amount', 'amount'),
            'rows', lead_scoring_internal.mapped_rows(model, relation, settings ->> 'revenue_lead', settings ->> 'revenue_date', settings ->> 'revenue_amount'),
            'model', model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.revenue_rows IS 'SQL that gives what leads brought in up to parameter 1, or at no known time: lead_id, at, amount; of a merged lead, by the one it is now, and nothing of a lead that is no customer since its win was taken back. Raises 42P01, 42703 or 42804 where the table has changed.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.touches_of_lead(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings, 'channel', 'asset');
BEGIN
    RETURN lead_scoring_internal.fill_from_log('CASE WHEN s.remembers AND lead_scoring_internal.keeps_touches(s.memory) THEN s.memory
            ELSE (SELECT lead_scoring_internal.touches(e.{time}, nullif(({!channel})::text, ''''), nullif(({!asset})::text, '''') ORDER BY e.{time}) FROM {!of_lead}) END',
        lead_scoring_internal.own_log(model, log, NULL), jsonb_build_object('channel', coalesce(log ->> 'channel', 'NULL'), 'asset', coalesce(log ->> 'asset', 'NULL')));
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.touch_report(model text, settings jsonb, of_assets boolean, with_spend boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touches text;
    remembering CONSTANT bigint := lead_scoring_internal.remembering_version(model);
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings, CASE WHEN of_assets THEN 'asset' ELSE 'channel' END);
    touched CONSTANT text := log ->> CASE WHEN of_assets THEN 'asset' ELSE 'channel' END;
    is_of_days CONSTANT boolean := num_nonnulls(settings ->> 'since', settings ->> 'until') > 0;
    -- elapsed time, as attribution() has it; no more than an interval can hold
    look_back CONSTANT text := make_interval(secs => LEAST(extract(epoch FROM (settings ->> 'look_back')::interval), 9e12)::float8)::text;
BEGIN
    IF remembering IS NOT NULL AND touched IS NOT NULL AND NOT is_of_days THEN
        RETURN lead_scoring_internal.credit_report(model, settings, of_assets, with_spend);
    END IF;
    touches := CASE WHEN remembering IS NOT NULL AND touched IS NOT NULL
        THEN lead_scoring_internal.fill_from_log('SELECT s.lead_id, r.{channel} AS channel, r.at FROM (SELECT s.lead_id, s.memory, {!remembers} AS remembers FROM {model}.scores s OFFSET 0) s,
                    lead_scoring_internal.remembered_touches({!touches}) r WHERE r.at <= $1',
            jsonb_build_object('remembers', lead_scoring_internal.remembers(remembering)), jsonb_build_object('channel', CASE WHEN of_assets THEN 'asset' ELSE 'channel' END, 'model', model,
                'touches', lead_scoring_internal.touches_of_lead(model, settings)))
        ELSE lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, nullif(({!touched})::text, '''') AS channel, e.{time} AS at FROM {!rows} WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1',
        jsonb_build_object('lead', log ->> 'lead', 'touched', coalesce(touched, 'NULL'), 'time', log ->> 'time', 'rows', log ->> 'rows')) END;
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

COMMENT ON FUNCTION lead_scoring_internal.rule_matches IS 'For each lead, known or not, when it first matched each rule of the newest version, in the order of their ids: infinity for never, -infinity for fit rules. A match is what it is to scores, before limits; a rule of frequency or silence is first matched when it first gives its points. Takes USAGE on the schema and SELECT on its scores; 42501 where row security limits the caller.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.rule_lift_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome CONSTANT integer := coalesce((settings ->> 'customer')::integer, jsonb_array_length(settings -> 'stages'));
    remembers CONSTANT text := lead_scoring_internal.remembers(lead_scoring_internal.remembering_version(model));
    rules jsonb;
    first_matches text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    rules := lead_scoring_internal.newest_definition(model) -> 'rules';
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

-- The reports "sla" and "feedback": what becomes of leads once they are handed over.
CREATE FUNCTION lead_scoring_internal.working_end(at timestamptz, days bigint, seconds numeric, calendar jsonb) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_working_end';
COMMENT ON FUNCTION lead_scoring_internal.working_end IS 'When so many working days and so much working time have passed since that time, by the calendar, the holidays and the time zone of a definition; infinity where they never have.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.sla_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH stages AS (
            SELECT d.place, d.stage ->> 'name' AS stage, coalesce(w.seconds, (w.working ->> 'days')::float8 * 86400 + (w.working ->> 'seconds')::float8) AS seconds,
                   make_interval(secs => LEAST(w.seconds, 9e12)) AS within,  -- no more than an interval can hold
                   w.working, jsonb_build_object('time_zone', v.definition -> 'time_zone', 'calendar', v.definition -> 'calendar', 'holidays', v.definition -> 'holidays') AS calendar
              FROM (SELECT v.definition FROM {model}.versions v ORDER BY v.version DESC LIMIT 1) v CROSS JOIN jsonb_array_elements(v.definition -> 'stages') WITH ORDINALITY d (stage, place)
             CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(d.stage -> 'within') WHEN 'number' THEN (d.stage ->> 'within')::float8 END, CASE jsonb_typeof(d.stage -> 'within') WHEN 'object' THEN d.stage -> 'within' END) w (seconds, working)
             WHERE d.stage ->> 'within' IS NOT NULL),
        stays AS (
            SELECT [[t.dimension, ]]s.place, s.stage, s.seconds, t.at, CASE WHEN s.working IS NULL THEN t.left_at - t.at < s.within ELSE t.left_at < w.due END AND t.left_by <> 'time' AS met,
                   CASE WHEN s.working IS NULL THEN $1 - t.at >= s.within ELSE $1 >= w.due END AS is_over, t.left_by, t.left_at
              FROM stages s
              JOIN (SELECT [[l.dimension, ]]t.to_stage, t.at, lead(t.at) OVER moves AS left_at, lead(t.cause) OVER moves AS left_by
                      FROM (SELECT t.lead_id, t.seq, t.to_stage, t.cause, lead_scoring_internal.report_time(t.at) AS at FROM ({!moves}) t WHERE t.at <= $1) t
                      JOIN ({!leads}) l ON l.lead_id = t.lead_id WINDOW moves AS (PARTITION BY t.lead_id ORDER BY t.seq)) t ON t.to_stage = s.stage
             CROSS JOIN LATERAL (SELECT lead_scoring_internal.working_end(t.at, (s.working ->> 'days')::bigint, (s.working ->> 'seconds')::numeric, s.calendar)) w (due)),
        counts AS (
            SELECT [[dimension, ]]place, stage, seconds, {!period} AS period, {!over} AS complete, count(*) AS entered, count(*) FILTER (WHERE met) AS met,
                   count(*) FILTER (WHERE met IS NOT TRUE AND is_over) AS missed,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM left_at - at)::float8 / 86400) FILTER (WHERE left_by <> 'time' AND left_at <= $1) AS median_days
              FROM stays t GROUP BY [[dimension, ]]place, stage, seconds, {!period})
        SELECT [[dimension|NULL::text]], stage, seconds / 86400, period, entered, met, missed, entered - met - missed, CASE WHEN complete THEN met::float8 / nullif(met + missed, 0) END,
               median_days, complete
          FROM counts WHERE {!asked_for} ORDER BY [[dimension, ]]place, period
        $query$, jsonb_build_object(
        'model', model, 'period', lead_scoring_internal.period_expression('t.at', settings),
        'over', lead_scoring_internal.is_over(lead_scoring_internal.period_expression('t.at', settings), settings), 'asked_for', lead_scoring_internal.is_asked_for('period', settings), 'leads', lead_scoring_internal.lead_rows(model, settings),
        'moves', lead_scoring_internal.move_rows(model, '$1')));
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.sla_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Service levels: how many of the leads that entered a stage with "within" were moved on in time, by period. Where a stage counts in working time, so does this. What time alone moved, by decay or at the end of the service level, nobody saw to.',
    ARRAY['grain', 'by | + And reason: what was said last of the lead, when sales decided on its hand-off or somebody moved it.', 'since', 'until'],
    ARRAY['stage | text | Stage.',
    'within_days | double precision | Its service level in the current version, in days; in working days, and what is left in days of 24 hours, where it counts in working time.',
    'period | date | First day of the period of entry.',
    'entered | bigint | Entries into the stage; a lead may enter several times.',
    'met | bigint | Moved on in time, by an event, by hand or by what else is not time alone.',
    'missed | bigint | Not moved on in time, though the time is over.',
    'open | bigint | Not moved on yet, or by time alone, as long as there is time.',
    'met_rate | double precision | met / (met + missed); NULL until the period is over (complete).',
    'median_days | double precision | Median of the days in the stage of those that were moved on, not by time alone.',
    'complete | boolean | Whether the period is over.']
$$;

CREATE FUNCTION lead_scoring_internal.hand_over_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH entries AS (
            SELECT DISTINCT ON (t.lead_id) t.lead_id, t.seq, t.rule, t.at FROM ({!moves}) t
             WHERE t.to_stage = {'mql'} AND t.at <= $1 ORDER BY t.lead_id, t.seq)
        SELECT e.lead_id, e.rule, e.at, d.rejected, d.expired
          FROM entries e
          LEFT JOIN (SELECT d.lead_id, bool_or(d.cause <> 'time') AS rejected, bool_or(d.cause = 'time') AS expired
                       FROM ({!moves}) d JOIN entries e ON e.lead_id = d.lead_id AND e.seq < d.seq
                      WHERE d.at <= $1 AND d.to_stage <> ALL ({'stages'}::text[]) GROUP BY 1) d USING (lead_id)
        $query$, jsonb_build_object('moves', lead_scoring_internal.move_rows(model, '$1'),
        'mql', settings -> 'stages' ->> (settings ->> 'mql')::integer - 1, 'stages', ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'))::text));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.hand_over_rows IS 'SQL that gives the leads that were handed over up to parameter 1, the time of the report, each once: its first move into the MQL stage (rule, at), and whether it went to a detour afterwards by event or by hand (rejected) or by time (expired); NULL where it went to none. It is accepted where it reached the next stage or a higher one, as lead_rows have it, see acceptance_expression.';

CREATE FUNCTION lead_scoring_internal.acceptance_expression(settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN (settings ->> 'mql')::integer < jsonb_array_length(settings -> 'stages') THEN format('l.reached_%s', (settings ->> 'mql')::integer + 1) ELSE 'NULL::timestamptz' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.acceptance_expression IS 'SQL for when a row l of lead_rows reached the stage behind the MQL stage, or a higher one.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.feedback_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH judged AS (
            SELECT [[l.dimension, ]]e.rule, {!period} AS period, l.accepted_at IS NOT NULL AS accepted,
                   e.rejected, e.expired
              FROM ({!handed_over}) e
              JOIN (SELECT l.lead_id, [[l.dimension, ]]{!accepted_at} AS accepted_at FROM ({!leads}) l) l USING (lead_id))
        SELECT [[dimension|NULL::text]], rule, period, count(*), count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired IS NOT TRUE),
               CASE WHEN {!over} THEN (count(*) FILTER (WHERE accepted))::float8 / nullif(count(*) FILTER (WHERE accepted OR rejected), 0) END, {!over}
          FROM judged WHERE {!asked_for} GROUP BY [[dimension, ]]rule, period ORDER BY [[dimension, ]]rule COLLATE "C", period
        $query$, jsonb_build_object(
        'handed_over', lead_scoring_internal.hand_over_rows(model, settings),
        'period', lead_scoring_internal.period_expression('lead_scoring_internal.report_time(e.at)', settings),
        'over', lead_scoring_internal.is_over('period', settings), 'asked_for', lead_scoring_internal.is_asked_for('period', settings),
        'accepted_at', lead_scoring_internal.acceptance_expression(settings),
        'leads', lead_scoring_internal.lead_rows(model, settings)));
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.feedback_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What sales made of MQLs, by the rule that made them and the period.',
    ARRAY['grain', 'by | + And reason: what was said last of the lead, when sales decided on its hand-off or somebody moved it.', 'since', 'until'],
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

-- The report "stage_times": how long each lead was in each stage, and how many leads are slower.
CREATE FUNCTION lead_scoring_internal.stage_times_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Of each stay that has ended the share of those that last longer (Kaplan and Meier): the product of what is left at each
    -- length at which some end. Nothing is left where all end that are still there.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS MATERIALIZED (SELECT l.lead_id, [[l.dimension, ]]l.came_at FROM ({!leads}) l),
        moves AS MATERIALIZED (
            SELECT t.lead_id, t.seq, t.from_stage, t.to_stage, t.cause, t.rule, lead_scoring_internal.report_time(t.at) AS at FROM ({!moves}) t WHERE t.at <= $1),
        entries AS (  -- whoever has come is in the first stage, without a move
            SELECT l.lead_id, [[l.dimension, ]]0 AS seq, NULL::text AS from_stage, coalesce(f.from_stage, {'first'}) AS stage, NULL::text AS cause, NULL::text AS rule, LEAST(l.came_at, f.at) AS at
              FROM leads l LEFT JOIN (SELECT DISTINCT ON (t.lead_id) t.lead_id, t.from_stage, t.at FROM moves t ORDER BY t.lead_id, t.seq) f ON f.lead_id = l.lead_id
            UNION ALL
            SELECT l.lead_id, [[l.dimension, ]]t.seq, t.from_stage, t.to_stage, t.cause, t.rule, t.at FROM moves t JOIN leads l ON l.lead_id = t.lead_id),
        stays AS (
            SELECT e.*, lead(e.at) OVER moves AS left_at, lead(e.stage) OVER moves AS to_stage, GREATEST(extract(epoch FROM coalesce(lead(e.at) OVER moves, $1) - e.at)::float8, 0) / 86400 AS days,
                   row_number() OVER visits AS visit, count(*) OVER (PARTITION BY e.lead_id, e.stage) AS visits
              FROM entries e WHERE e.at IS NOT NULL WINDOW moves AS (PARTITION BY e.lead_id ORDER BY e.seq), visits AS (PARTITION BY e.lead_id, e.stage ORDER BY e.seq)),
        ends AS (
            SELECT [[s.dimension, ]]s.stage, s.days, sum(count(*)) OVER longest AS lasting, count(s.left_at) AS ending
              FROM stays s GROUP BY [[s.dimension, ]]s.stage, s.days WINDOW longest AS (PARTITION BY [[s.dimension, ]]s.stage ORDER BY s.days DESC)),
        shares AS (
            SELECT [[e.dimension, ]]e.stage, e.days,  CASE WHEN bool_or(e.ending = e.lasting) OVER shortest THEN 0 ELSE exp(GREATEST(sum(CASE WHEN e.ending < e.lasting THEN ln(1 - e.ending::float8 / e.lasting::float8) END) OVER shortest, -700)) END AS slower
              FROM ends e WINDOW shortest AS (PARTITION BY [[e.dimension, ]]e.stage ORDER BY e.days))
        SELECT [[s.dimension|NULL::text]], s.lead_id::text, s.stage, s.visit, s.visits, s.from_stage, s.cause, s.rule, s.at, s.left_at, s.to_stage, s.days, h.slower
          FROM stays s JOIN shares h ON h.stage = s.stage AND h.days = s.days[[ AND h.dimension IS NOT DISTINCT FROM s.dimension]]
         WHERE {!asked_for} ORDER BY [[s.dimension, ]]array_position({'stages'}::text[], s.stage), s.stage COLLATE "C", s.lead_id, s.seq
        $query$, jsonb_build_object(
        'leads', lead_scoring_internal.lead_rows(model, settings), 'moves', lead_scoring_internal.move_rows(model, '$1'), 'first', settings -> 'stages' ->> 0,
        'stages', ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'))::text, 'asked_for', lead_scoring_internal.is_asked_for_at('s.at', settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_times_report IS 'The statement of the report "stage_times".';

CREATE FUNCTION lead_scoring_internal.stage_times_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How long each lead was in each stage, a row a stay, and how many are slower: who moves unusually fast, and who is stuck. By the moves that stand; leads that count, by stage and lead.',
    ARRAY['by', 'since | since, until: only stays that began on a day from the one to the other, both included; all are looked at for slower_share.', 'until'],
    ARRAY['lead_id | text | Key of the lead.',
    'stage | text | Stage.',
    'visit | bigint | Which of the lead''s stays in the stage it is, from 1.',
    'visits | bigint | How many there are.',
    'from_stage | text | Stage from which the lead came; NULL for the first one.',
    'cause | text | What moved it here: event, attribute, time, manual, publish or identity; NULL in the first stage.',
    'rule | text | Rule of that move, where points of an event did it.',
    'entered_at | timestamp with time zone | When the stay began; that in the first stage when the lead came. A stay that nothing dates is left out.',
    'left_at | timestamp with time zone | When it ended; NULL while it lasts.',
    'to_stage | text | Stage to which the lead went; NULL while it lasts.',
    'days | double precision | Days that the stay lasted, or has lasted so far.',
    'slower_share | double precision | Estimated share of the stays in the stage that last longer than that (Kaplan and Meier, so that those that still last count for what is known of them): near 1 for a lead that moved on fast, near 0 for one that is stuck. By a dimension it is that of the stays of its value.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_times_form IS 'What the report "stage_times" is.';
DROP FUNCTION lead_scoring_internal.named_types(model text);

-- The report "event_types": what its events are of, beside what its rules and stages wait for.
CREATE OR REPLACE FUNCTION lead_scoring_internal.named_types(model text)
RETURNS TABLE (type text, source text, rules text, stages text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY EXECUTE format($query$
        SELECT w.type, coalesce(lead_scoring_internal.source_of($1, w.named, w.type) ->> 'name', w.named),
               string_agg(w.rule, ', ' ORDER BY w.rule COLLATE "C"), string_agg(w.stage, ', ' ORDER BY w.stage COLLATE "C")
          FROM (SELECT r.event_type, to_jsonb(r) ->> 'source', r.name, NULL FROM %1$I.rules r WHERE lead_scoring_internal.is_enabled(to_jsonb(r)) AND r.event_type <> '*' UNION ALL SELECT s.on_event, to_jsonb(s) ->> 'on_event_source', NULL, s.name FROM %1$I.stages s
                UNION SELECT e.item ->> 'on_event', e.item ->> 'on_event_source', NULL, e.item ->> 'stage' FROM lead_scoring_internal.rows_of(%1$L, 'entries') e (item)) w (type, named, rule, stage)
         WHERE w.type IS NOT NULL GROUP BY 1, 2
        $query$, model) USING lead_scoring_internal.source_list(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.named_types IS 'The types of events that rules and stages of the draft wait for, each with its source, and with their names; rules that wait for any are not among them.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.event_types_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings - 'event_id' || lead_scoring_internal.draft_sources(model));
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH settings AS (
            SELECT $1 + LEAST(s.future_tolerance, interval '100000 days') AS horizon FROM {model}.settings s
        ), came AS (
            SELECT e.{type}::text AS type, {!source} AS source, count(*) AS events, max(e.{time}) FILTER (WHERE e.{time} <= $1 AND isfinite(e.{time})) AS last_at,
                   count(*) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waiting, max(e.{time}) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waits_until
              FROM {!rows} CROSS JOIN settings s GROUP BY e.{type}, {!source}
        ), types AS (
            SELECT coalesce(c.type, n.type) AS type, coalesce(c.source, n.source) AS source, coalesce(c.events, 0) AS events, c.last_at, coalesce(c.waiting, 0) AS waiting, c.waits_until, n.rules, n.stages,
                   c.events IS NOT NULL AS has_come, n.type IS NOT NULL AS is_named
              FROM came c FULL JOIN lead_scoring_internal.named_types({'model'}) n ON n.type = c.type AND n.source = c.source
        ), lost AS MATERIALIZED (  -- few, where types of events may be many
            SELECT t.type FROM types t WHERE t.is_named AND NOT t.has_come
        )
        SELECT t.type, t.source, t.events, lead_scoring_internal.report_time(t.last_at), t.waiting, lead_scoring_internal.report_time(t.waits_until), t.rules, t.stages, o.type,
               nullif(concat_ws('; ',
                   CASE WHEN t.type IS NULL THEN 'events without a type match nothing'
                        WHEN NOT t.has_come THEN 'no event of this type has come' || coalesce(', but of "' || o.type || '"', '')
                        WHEN o.type IS NOT NULL THEN format('no rule or stage waits for it, but for "%s", of which no event has come', o.type) END,
                   CASE WHEN t.waiting > 0 THEN format('%s ahead of the clock, by up to %s hours, and waiting until then: if they have happened already, what stores them takes a local time for one of another time zone',
                                                       t.waiting, round(extract(epoch FROM lead_scoring_internal.report_time(t.waits_until) - $1) / 3600, 1)) END), '')
          FROM types t
          LEFT JOIN LATERAL (SELECT o.type FROM (SELECT l.type FROM lost l WHERE t.has_come AND NOT t.is_named
                                                  UNION ALL SELECT c.type FROM types c WHERE t.is_named AND NOT t.has_come AND c.has_come AND NOT c.is_named) o
                              ORDER BY lead_scoring_internal.near(t.type, o.type), o.type COLLATE "C" LIMIT 1) o ON lead_scoring_internal.near(t.type, o.type) IS NOT NULL
         ORDER BY t.events DESC, t.type COLLATE "C", t.source COLLATE "C"
        $query$, jsonb_build_object('model', model, 'type', log ->> 'type', 'source', log ->> 'source', 'time', log ->> 'time', 'rows', log ->> 'rows'));
END
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.event_types_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Types of events: those that came, and those that rules and stages of the draft wait for. Counted from the events, also before the first publish.',
    ARRAY['as_of | as_of: the time that events have come by or are ahead of; all are counted.'],
    ARRAY['type | text | Type; NULL for events that have none.',
    'source | text | Source that has them, or is to have them; NULL where the draft does not say which.',
    'events | bigint | Events of the type.',
    'last_at | timestamp with time zone | Time of the latest event that is not ahead of the clock.',
    'waiting | bigint | Events further ahead of the clock than settings.future_tolerance, which count when their time comes.',
    'waits_until | timestamp with time zone | Time of the last of these.',
    'rules | text | Rules that the events can match, by name.',
    'stages | text | Stages that they can move a lead to, by name.',
    'nearest | text | Of a type that is waited for and never came, the most similar one that did and is not waited for, where one is; of one that came and is not waited for, the other way round.',
    'note | text | What is odd about it, in words.']
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.notice_types(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, lead_scoring_internal.draft_sources(model));
    came text[];
    waited text[];  -- what is waited for itself is spelt right: deal_won is no deal_lost
    missing record;
    others text[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- Most often the first events tell that there is nothing to say.
    EXECUTE format('SELECT array_agg(DISTINCT e.type) FROM (SELECT e.%1$I::text FROM %2$s WHERE e.%1$I IS NOT NULL LIMIT 10000) e (type)', log ->> 'type', log ->> 'rows') INTO came;
    IF came IS NULL OR NOT EXISTS (SELECT FROM lead_scoring_internal.named_types(model) n WHERE n.type <> ALL (came)) THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT array_agg(e.type) FROM (SELECT e.%1$I::text FROM %2$s WHERE e.%1$I IS NOT NULL GROUP BY e.%1$I) e (type)', log ->> 'type', log ->> 'rows') INTO came;
    SELECT array_agg(n.type) FROM lead_scoring_internal.named_types(model) n INTO waited;
    FOR missing IN SELECT n.*, o.type AS nearest
                     FROM (SELECT t.type, string_agg(t.rules, ', ') AS rules, string_agg(t.stages, ', ') AS stages FROM lead_scoring_internal.named_types(model) t GROUP BY 1) n
                     LEFT JOIN LATERAL (SELECT o.type FROM unnest(came) o (type) WHERE lead_scoring_internal.near(n.type, o.type) IS NOT NULL AND o.type <> ALL (waited)
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

-- The functions of reports, made of what each of them is: see report_form.
SET LOCAL search_path = pg_catalog, pg_temp;

DO $functions$
DECLARE
    report text;
BEGIN
    FOREACH report IN ARRAY lead_scoring_internal.report_views() LOOP
        EXECUTE lead_scoring_internal.fill('CREATE OR REPLACE FUNCTION lead_scoring.{report}({!arguments}) RETURNS TABLE ({!columns}) LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100 AS {!body}',
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
CREATE OR REPLACE VIEW lead_scoring_internal.draft_fields AS
SELECT e.entity, f.place::integer AS place, split_part(f.line, ': ', 1) AS field, k.kind,
       k.kind IN ('table', 'column', 'draft column', 'columns', 'path', 'condition', 'condition of features', 'number expression', 'key expression', 'key expressions', 'id') AS is_owners
  FROM (VALUES
    ('settings', '{leads: table, events: table, lead_key: column, event_lead: column, event_type: column, event_time: column, event_campaign: column,
                   status_columns: columns, trigger_path: path, paused: state, time_zone: time zone, min_score: points, max_score: points,
                   future_tolerance: interval, only_row: state, format: state, event_id: draft column, lead_created: draft column, lead_condition: condition, event_anonymous: column, identities: table,
                   identity_anonymous: column, identity_lead: column, lead_account: key expression, handoff_notify: switch, handoff_outbox: switch}'::text[]),
    ('sources', '{name: name, events: table, event_lead: column, event_type: column, every_event: event type, event_time: column, event_campaign: column,
                  event_channel: key expression, event_asset: key expression, time_zone: time zone, event_id: draft column, event_anonymous: column}'),
    ('report_settings', '{spend_table: table, spend_campaign: column, spend_date: column, spend_amount: column, spend_channel: column,
                          revenue_table: table, revenue_lead: column, revenue_date: column, revenue_amount: column, lead_created: column,
                          event_channel: key expression, event_asset: key expression, look_back: interval, half_life: interval,
                          mql_stage: stage, sql_stage: stage, customer_stage: stage, qualified_low: share, qualified_high: share, dimensions: key expressions,
                          week_starts: choice, max_touches: number, only_row: state}'),
    ('rule_groups', '{name: name, kind: choice, min_points: points, max_points: points, comment: comment}'),
    ('rules', '{name: name, rule_group: group, event_type: event type, condition: condition, points: points, per: number expression,
                decay: choice, half_life: interval, lifespan: interval, drop: share, step: interval, min_points: points, max_points: points,
                limit_count: number, limit_window: choice, limit_key: key expression, max_occurrences: number, id: id, source: source, enabled: switch,
                comment: comment, at_least: number, within: interval, distinct_key: key expression, keep: flag, quiet_for: interval}'),
    ('bands', '{axis: name, label: name, min_points: points}'),
    ('stages', '{name: name, rank: number, kind: choice, min_score: points, min_engagement: points, min_fit: points, grades: grades, requires: rules,
                 on_event: event type, on_event_condition: condition, falls_below: points, within: interval, timeout_stage: stage,
                 cooldown: interval, exit: choice, counts_as: choice, id: id, on_event_source: source, comment: comment, working_time: flag,
                 hand_off: flag, accepted_stage: stage, rejected_stage: stage, max_attempts: number, hand_off_max_age: interval}'),
    ('calendar', '{weekday: name, opens: name, closes: time}'),
    ('holidays', '{day: name}'),
    ('account_rules', '{name: name, people: number, active_within: interval, min_points: points, top_n: number, min_score: points, comment: comment}'),
    ('entries', '{name: name, stage: stage, min_score: points, min_engagement: points, min_fit: points, grades: grades, requires: rules,
                  on_event: event type, on_event_condition: condition, on_event_source: source, id: id, comment: comment}'),
    ('lead_types', '{name: name, rank: number, condition: condition of features, id: id, comment: comment}')) e (entity, fields)
 CROSS JOIN unnest(e.fields) WITH ORDINALITY f (line, place)
 CROSS JOIN LATERAL split_part(f.line, ': ', 2) k (kind);
COMMENT ON VIEW lead_scoring_internal.draft_fields IS 'The tables of a draft and of what reports are told, with their fields. The kind says what becomes of a value: those of kind "name" identify a row; a condition or expression is one over the events of the row''s event type and source, over leads where it has none, one of features over a row of lead_features; a group, stage, rules or grades name rows of other tables; a draft column is one that counts from the next publish on, where other columns of settings are effective at once; what is state is no part of what a user says, and an id is given by publish(). A switch and a comment are no part of a version. A flag is one where it is set. What is the owner''s (is_owners) is run or read with his rights, or decides whose a lead''s points are, so that nobody else may write it.';

CREATE VIEW lead_scoring_internal.document_fields AS
SELECT s.section, CASE WHEN s.section = 'identities' THEN regexp_replace(f.field, '^identity_', '') ELSE f.field END AS key, f.entity, f.field, f.kind, f.place,
       CASE WHEN f.kind IN ('points', 'number', 'share') THEN 'number' WHEN f.kind IN ('switch', 'flag') THEN 'boolean' WHEN f.kind = 'grades' THEN 'array'
            WHEN f.kind IN ('rules', 'columns', 'key expressions') THEN 'object' ELSE 'string' END AS type
  FROM lead_scoring_internal.draft_fields f
 CROSS JOIN LATERAL (SELECT CASE f.entity WHEN 'rule_groups' THEN 'groups' WHEN 'report_settings' THEN 'reports' WHEN 'settings' THEN
                                CASE WHEN f.field IN ('leads', 'lead_key') THEN 'model' WHEN f.field LIKE 'event%' THEN 'sources' WHEN f.field LIKE 'identit%' THEN 'identities' ELSE 'settings' END
                            ELSE f.entity END) s (section)
 WHERE f.kind NOT IN ('state', 'id');
COMMENT ON VIEW lead_scoring_internal.document_fields IS 'Where the fields of a draft stand in the document of export_model() and apply_model(): the section ("model": the document itself), the key there, the field of the table of the draft, and the type of JSON. What settings say of events is the first of the sources.';

-- By its later formats: a model that is older works without.
CREATE OR REPLACE VIEW lead_scoring_internal.later_parts AS
SELECT l.relation, l.name, l.format FROM (VALUES ('sources', NULL, 2), ('rules', 'source', 2), ('rules', 'enabled', 2), ('rules', 'comment', 2), ('rules', 'at_least', 2), ('rules', 'within', 2), ('rules', 'distinct_key', 2), ('rules', 'keep', 2), ('rules', 'quiet_for', 2), ('rule_groups', 'comment', 2), ('stages', 'comment', 2), ('stages', 'on_event_source', 2), ('settings', 'event_id', 2), ('settings', 'lead_created', 2), ('settings', 'lead_condition', 2),
    ('settings', 'event_anonymous', 2), ('settings', 'identities', 2), ('settings', 'identity_anonymous', 2), ('settings', 'identity_lead', 2), ('scores', 'stage_barred', 2), ('transitions', 'undone_at', 2), ('transitions', 'undone_by', 2),
    ('transitions', 'undo_reason', 2), ('transitions', 'superseded', 2), ('adjustments', 'resets', 2), ('settings', 'lead_account', 2), ('scores', 'account', 2), ('account_rules', NULL, 2), ('account_states', NULL, 2), ('merged', 'at', 2), ('calendar', NULL, 2), ('holidays', NULL, 2), ('stages', 'working_time', 2),
    ('settings', 'handoff_notify', 2), ('settings', 'handoff_outbox', 2), ('stages', 'hand_off', 2), ('stages', 'accepted_stage', 2), ('stages', 'rejected_stage', 2), ('stages', 'max_attempts', 2), ('stages', 'hand_off_max_age', 2),
    ('handoffs', NULL, 2), ('outbox', NULL, 2), ('entries', NULL, 2), ('lead_types', NULL, 2), ('transitions', 'entry', 2), ('transitions', 'lead_type', 2)) l (relation, name, format);

ALTER TABLE lead_scoring_internal.settings ADD COLUMN event_id text, ADD COLUMN lead_created text, ADD COLUMN lead_condition text;

-- Events of anonymous visitors become those of leads.
ALTER TABLE lead_scoring_internal.settings ADD COLUMN event_anonymous text, ADD COLUMN identities text, ADD COLUMN identity_anonymous text, ADD COLUMN identity_lead text,
    ADD CONSTRAINT settings_identities CHECK (num_nulls(identities, identity_anonymous, identity_lead) IN (0, 3));
-- Leads belong to accounts.
ALTER TABLE lead_scoring_internal.settings ADD COLUMN lead_account text;

-- Moves are handed over.
ALTER TABLE lead_scoring_internal.settings ADD COLUMN handoff_notify boolean NOT NULL DEFAULT false, ADD COLUMN handoff_outbox boolean NOT NULL DEFAULT false;

-- What else there is, its constraints check.
DO $valid$
BEGIN
    EXECUTE (SELECT format('CREATE OR REPLACE TRIGGER settings_valid AFTER INSERT OR UPDATE OF %s ON lead_scoring_internal.settings
                            FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed()', string_agg(quote_ident(f.field), ', ' ORDER BY f.place))
               FROM lead_scoring_internal.draft_fields f WHERE f.entity = 'settings' AND (f.is_owners OR f.kind = 'time zone'));
END
$valid$;
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.settings ENABLE ALWAYS TRIGGER settings_changed;
SELECT lead_scoring_internal.describe('lead_scoring_internal.settings',
    'What the model is bound to, in one row: effective at once, but for what is part of the draft: time zone, score range, future tolerance, event_id, and what leads are dated, left out and put into accounts by. Without a row nothing is scored.',
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
      "format": "The layout of the model''s tables: upgrade_model() raises it.",
      "event_id": "Draft: column of the events table that holds an event''s id, which counts once for a lead; NULL: all rows count.",
      "lead_created": "Draft: column of the leads table that says when a lead came: a date, timestamp or timestamptz, the first two at the model''s time zone; NULL: its first event does.",
      "lead_condition": "Draft: condition over the row of a lead. Where it does not hold, the lead is scored, but is left out of reports and of the view leads and enters no stage. NULL: all leads count.",
      "event_anonymous": "Column of the events table that names the anonymous visitor of an event without a lead; NULL for none.",
      "identities": "Table that says which anonymous visitor is which lead, with its schema and quoted where needed; NULL for none. Set by set_identities().",
      "identity_anonymous": "Its column that names the visitor.",
      "identity_lead": "Its column that names the lead.",
      "lead_account": "Draft: the account that a lead belongs to: a column of the leads table, or an SQL expression over the row of a lead; by NULL or an empty text it belongs to none. NULL: there are no accounts.",
      "handoff_notify": "Whether hand-offs wake up who waits: NOTIFY lead_scoring_handoffs, with the model''s name.",
      "handoff_outbox": "Whether hand-offs and decisions are written into the table outbox too."}');

-- Further tables of events. See 10-settings.sql.
CREATE TABLE lead_scoring_internal.sources (
    name           text,
    events         text NOT NULL,
    event_lead     text NOT NULL,
    event_type     text,
    every_event    text,
    event_time     text NOT NULL,
    event_campaign text,
    event_channel  text,
    event_asset    text,
    time_zone      text,
    event_id       text,
    event_anonymous text,
    CONSTRAINT sources_pkey PRIMARY KEY (name),
    CONSTRAINT sources_name CHECK (octet_length(name) >= 1 AND octet_length(name) <= 63 AND name <> 'events'),
    CONSTRAINT sources_type CHECK (num_nonnulls(event_type, every_event) = 1)
);
CREATE TRIGGER sources_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.sources FOR EACH ROW
    EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
CREATE TRIGGER sources_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.sources FOR EACH ROW
    EXECUTE FUNCTION lead_scoring_internal.draft_changed();
CREATE TRIGGER sources_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lead_scoring_internal.sources FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.binding_changed();
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.sources ENABLE ALWAYS TRIGGER sources_changed;
SELECT lead_scoring_internal.describe('lead_scoring_internal.sources',
    'The model''s tables of events besides that of settings, which is the source "events"; rows come and go by add_source and drop_source. Effective at once, but for the time zone, the event_id and for what names touches, which are part of the draft, and a version looks at the sources that were there when it was published.',
    '{"name": "Name of the source.",
      "events": "Table of its events, with its schema and quoted where needed.",
      "event_lead": "Column that names the lead.",
      "event_type": "Column that holds the type of the event; NULL where all are of one type.",
      "every_event": "Type of all its events; NULL where a column says it.",
      "event_time": "Column that holds when it happened: a timestamptz, timestamp or date.",
      "event_campaign": "Column that names the campaign; NULL for none.",
      "event_channel": "Channel of a touch: a column or an SQL expression over the row of the event; NULL: the campaign.",
      "event_asset": "Asset of a touch: a column or an SQL expression over the row of the event; NULL for none.",
      "time_zone": "Time zone of times that have none; NULL: that of the model.",
      "event_id": "Column that holds an event''s id, which counts once for a lead; NULL: all rows count.",
      "event_anonymous": "Column that names the anonymous visitor of an event without a lead; NULL for none."}');
-- Rules can wait, and what is named can be told of in words.
ALTER TABLE lead_scoring_internal.rule_groups ADD COLUMN comment text;
ALTER TABLE lead_scoring_internal.rules ADD COLUMN source text;
ALTER TABLE lead_scoring_internal.rules ADD CONSTRAINT rules_source CHECK (source IS NULL OR event_type IS NOT NULL);
ALTER TABLE lead_scoring_internal.rules ADD COLUMN enabled boolean NOT NULL DEFAULT true, ADD COLUMN comment text;
-- Rules of frequency and silence.
ALTER TABLE lead_scoring_internal.rules ADD COLUMN at_least integer, ADD COLUMN within interval, ADD COLUMN distinct_key text, ADD COLUMN keep boolean NOT NULL DEFAULT false,
    ADD COLUMN quiet_for interval,
    ADD CONSTRAINT rules_at_least CHECK (at_least BETWEEN 1 AND 1000),
    ADD CONSTRAINT rules_frequency CHECK ((at_least IS NULL) = (within IS NULL) AND (at_least IS NOT NULL OR (distinct_key IS NULL AND NOT keep))),
    ADD CONSTRAINT rules_within_span CHECK (lead_scoring_internal.is_span(within)),
    ADD CONSTRAINT rules_quiet_for_span CHECK (lead_scoring_internal.is_span(quiet_for)),
    ADD CONSTRAINT rules_switched CHECK (num_nonnulls(at_least, quiet_for) = 0 OR (num_nonnulls(at_least, quiet_for) = 1 AND event_type IS NOT NULL
        AND per IS NULL AND decay = 'none' AND min_points IS NULL AND max_points IS NULL AND limit_count IS NULL));

DO $checked$
DECLARE
    checked text;
BEGIN
    FOREACH checked IN ARRAY '{settings,rule_groups,rules,bands}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner()',
                       checked || '_checked', checked);
    END LOOP;
END
$checked$;

SELECT lead_scoring_internal.describe('lead_scoring_internal.rule_groups',
    'Draft: sets of rules whose points are added up and bounded together.',
    '{"name": "Name of the group.",
      "kind": "engagement for rules on events, fit for rules on the lead.",
      "min_points": "The group never gives less, in points; NULL for no floor.",
      "max_points": "The group never gives more, in points; NULL for no ceiling.",
      "comment": "What it is for, in words; no part of a version."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.rules',
    'Draft: points for what leads do (an event_type) and for what they are (no event_type).',
    '{"name": "Name of the rule.",
      "rule_group": "Group whose floor and ceiling apply.",
      "event_type": "Type of the events that match, * for any; NULL for a rule on the lead.",
      "condition": "SQL boolean expression over the row of the event, or of the lead; NULL for every row.",
      "points": "Points of one match; of a rule with at_least or quiet_for what it gives while it holds.",
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
      "id": "By this cards know the rule, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "source": "Source of the events; NULL: the one whose events are all of the type, else the only one with a column of types.",
      "enabled": "While false, the rule waits: it is not checked, and is no part of what is published, but keeps its id.",
      "comment": "What it is for, in words; no part of a version.",
      "at_least": "The points are given while so many matches lie within the interval, and once however many more do; NULL: each match gives them.",
      "within": "Length of the interval that ends now; a match at its very beginning is no more in it.",
      "distinct_key": "SQL expression over the event: values are counted rather than matches; an event without one counts nothing.",
      "keep": "Whether the points stay from the first time on at which so many lay within.",
      "quiet_for": "The points are given while the latest match is older than this; a lead that never matched counts from settings.lead_created, and without it has none."}');

ALTER TABLE lead_scoring_internal.stages ADD COLUMN on_event_source text;
ALTER TABLE lead_scoring_internal.stages ADD CONSTRAINT stages_on_event_source CHECK (on_event_source IS NULL OR on_event IS NOT NULL);
ALTER TABLE lead_scoring_internal.stages ADD COLUMN comment text;
-- Service levels may count in working time.
ALTER TABLE lead_scoring_internal.stages ADD COLUMN working_time boolean NOT NULL DEFAULT false;
ALTER TABLE lead_scoring_internal.stages ADD CONSTRAINT stages_working_time CHECK (NOT working_time OR within IS NOT NULL AND lead_scoring_internal.is_working_span(within));
ALTER TABLE lead_scoring_internal.stages ADD COLUMN hand_off boolean NOT NULL DEFAULT false, ADD COLUMN accepted_stage text, ADD COLUMN rejected_stage text, ADD COLUMN max_attempts integer, ADD COLUMN hand_off_max_age interval,
    ADD CONSTRAINT stages_hand_off CHECK (hand_off OR num_nonnulls(accepted_stage, rejected_stage, max_attempts, hand_off_max_age) = 0),
    ADD CONSTRAINT stages_decided CHECK ((accepted_stage <> name) IS NOT FALSE AND (rejected_stage <> name) IS NOT FALSE),
    ADD CONSTRAINT stages_max_attempts CHECK (max_attempts BETWEEN 1 AND 1000),
    ADD CONSTRAINT stages_hand_off_max_age_span CHECK (lead_scoring_internal.is_span(hand_off_max_age));

CREATE TABLE lead_scoring_internal.account_rules (
    name          text,
    people        integer,
    active_within interval,
    min_points    numeric,
    top_n         integer,
    min_score     numeric,
    comment       text,
    CONSTRAINT account_rules_pkey PRIMARY KEY (name),
    CONSTRAINT account_rules_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT account_rules_asks CHECK (num_nonnulls(people, min_points) > 0),
    CONSTRAINT account_rules_counts CHECK (people IS NOT NULL OR num_nonnulls(active_within, min_score) = 0),
    CONSTRAINT account_rules_people CHECK (people > 0),
    CONSTRAINT account_rules_top_n CHECK (top_n > 0),
    CONSTRAINT account_rules_active_within_span CHECK (lead_scoring_internal.is_span(active_within)),
    CONSTRAINT account_rules_bounds CHECK (lead_scoring_internal.is_bound(min_points) AND lead_scoring_internal.is_bound(min_score))
);
CREATE TRIGGER account_rules_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.account_rules
    FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
DO $begins$
DECLARE
    begun text;
BEGIN
    FOREACH begun IN ARRAY '{settings,sources,rule_groups,rules,bands,stages,account_rules}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.draft_begins()',
                       begun || '_begins', begun);
    END LOOP;
END
$begins$;
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
      "within": "A lead that has not moved on within this goes to timeout_stage. Where working_time is set, a day of it is a working day.",
      "timeout_stage": "Stage for the leads that have not moved on in time.",
      "cooldown": "Least time after entering before the same lead enters again.",
      "exit": "How a detour is left: by score or by hand; NULL for by hand if it is called disqualified, else by score.",
      "counts_as": "What reports and status columns take it for, whatever it is called: mql, sal, sql, opportunity or customer; NULL: what its name says, in any case of letters.",
      "id": "By this cards know the stage, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "on_event_source": "Source of such events; NULL: the one whose events are all of the type, else the only one with a column of types.",
      "comment": "What it is for, in words; no part of a version.",
      "working_time": "Whether within counts in working time: the hours of table calendar but for those of holidays.",
      "hand_off": "Whether each entry puts a row on the table handoffs, to be delivered to sales.",
      "accepted_stage": "Where decide_handoff() moves a lead that sales accept, if it stands lower; NULL: nowhere.",
      "rejected_stage": "Where it moves a lead that sales reject, from this stage; NULL: nowhere.",
      "max_attempts": "How often a hand-off is given to a worker before it is parked; NULL: 5.",
      "hand_off_max_age": "A move that is older when it is recorded is not handed over; NULL: 7 days."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.account_rules',
    'Draft: what is asked of accounts, any of which an account may meet.',
    '{"name": "Name of the rule.",
      "people": "So many leads of the account have to count, at least; NULL: none has to.",
      "active_within": "A lead counts whose latest event that a rule or stage waits for is no older; NULL: however long ago.",
      "min_points": "Least points of the account; NULL for any.",
      "top_n": "The points of the account are those of so many of its leads, the best ones; NULL: of all.",
      "min_score": "A lead counts whose score is this or more, in points; NULL for any.",
      "comment": "What it is for, in words; no part of a version."}');

-- The draft, continued: further ways into stages, and what kinds of leads there are.
CREATE TABLE lead_scoring_internal.entries (
    name               text,
    stage              text NOT NULL,
    min_score          numeric,
    min_engagement     numeric,
    min_fit            numeric,
    grades             text[],
    requires           jsonb,
    on_event           text,
    on_event_condition text,
    on_event_source    text,
    id                 integer,
    comment            text,
    CONSTRAINT entries_pkey PRIMARY KEY (name),
    CONSTRAINT entries_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT entries_ways CHECK (num_nonnulls(min_score, min_engagement, min_fit, grades, requires, on_event) > 0),
    CONSTRAINT entries_bounds CHECK (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(min_engagement)
        AND lead_scoring_internal.is_bound(min_fit)),
    CONSTRAINT entries_grades CHECK (cardinality(grades) > 0 AND array_position(grades, NULL) IS NULL),
    CONSTRAINT entries_requires CHECK (jsonb_typeof(requires) = 'object' AND requires <> '{}' AND NOT jsonb_path_exists(requires,
        'strict $.* ? (@.type() != "number" || @ < 1 || @ > 1000000000 || @.floor() != @)')),
    CONSTRAINT entries_on_event CHECK (on_event_condition IS NULL OR on_event IS NOT NULL),
    CONSTRAINT entries_on_event_source CHECK (on_event_source IS NULL OR on_event IS NOT NULL)
);
SELECT lead_scoring_internal.describe('lead_scoring_internal.entries',
    'Draft: further ways into stages. A stage is entered by its own conditions or event, or by those of any of its entries.',
    '{"name": "Name of the entry; transitions tell by which a lead came.",
      "stage": "Stage that it leads into.",
      "min_score": "Least score, in points; NULL for any.",
      "min_engagement": "Least engagement, in points; NULL for any.",
      "min_fit": "Least fit, in points; NULL for any.",
      "grades": "Grades that qualify; NULL for any.",
      "requires": "Rules that must have matched, with how often at least: {\"webinar\": 1}.",
      "on_event": "Type of the events that move a lead to the stage at once, whatever its score.",
      "on_event_condition": "SQL boolean expression over the row of such an event; NULL for all of them.",
      "on_event_source": "Source of such events; NULL: the one whose events are all of the type, else the only one with a column of types.",
      "id": "By this cards know the entry, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "comment": "What it is for, in words; no part of a version."}');

CREATE TABLE lead_scoring_internal.lead_types (
    name      text,
    rank      integer NOT NULL,
    condition text NOT NULL,
    id        integer,
    comment   text,
    CONSTRAINT lead_types_pkey PRIMARY KEY (name),
    CONSTRAINT lead_types_name CHECK (octet_length(name) BETWEEN 1 AND 63)
);
SELECT lead_scoring_internal.describe('lead_scoring_internal.lead_types',
    'Draft: the types of leads. A lead is of the first whose condition holds, by rank, then name.',
    '{"name": "Name of the type.",
      "rank": "The lower it is, the sooner the type is tried.",
      "condition": "SQL boolean expression over what is known of a lead: score, engagement, fit, grade, points, times, days_since, channels, days_since_last.",
      "id": "By this it is the same type under another name: given by publish(). Leave it NULL.",
      "comment": "What it is for, in words; no part of a version."}');

DO $further$
DECLARE
    further text;
BEGIN
    FOREACH further IN ARRAY '{entries,lead_types}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %1$s_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.%1$I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
                        CREATE OR REPLACE TRIGGER %1$s_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%1$I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
                        CREATE OR REPLACE TRIGGER %1$s_begins BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%1$I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.draft_begins()',
                       further);
    END LOOP;
END
$further$;

-- What conditions of types read: its columns are what counts.
CREATE VIEW lead_scoring_internal.lead_features AS
SELECT NULL::double precision AS score, NULL::double precision AS engagement, NULL::double precision AS fit, NULL::text AS grade, NULL::jsonb AS points, NULL::jsonb AS times,
       NULL::jsonb AS days_since, NULL::text[] AS channels, NULL::double precision AS days_since_last
 WHERE false;
SELECT lead_scoring_internal.describe('lead_scoring_internal.lead_features',
    'What is known of a lead at an instant, for the conditions of types of leads; it has no rows.',
    '{"score": "Score, in points.",
      "engagement": "Points for behaviour.",
      "fit": "Points for attributes.",
      "grade": "Letter of fit and number of engagement; NULL without bands.",
      "points": "Points by the names of rules, then of groups, of those that give any: points -> ''webinar''.",
      "times": "How often each rule matched, of those that count matches and have any.",
      "days_since": "Days since the latest match of each rule that has any.",
      "channels": "Channels of the touches that are remembered, by name; NULL where leads remember none.",
      "days_since_last": "Days since the latest event that matched a rule or moved the lead; NULL where there was none."}');
GRANT SELECT ON lead_scoring_internal.lead_features TO PUBLIC;

-- Working time, in which service levels may count. See 10-settings.sql.
CREATE TABLE lead_scoring_internal.calendar (
    weekday text,
    opens   time,
    closes  time NOT NULL,
    CONSTRAINT calendar_pkey PRIMARY KEY (weekday, opens),
    CONSTRAINT calendar_weekday CHECK (weekday = ANY (lead_scoring_internal.weekdays())),
    CONSTRAINT calendar_closes CHECK (opens < closes)
);

CREATE TABLE lead_scoring_internal.holidays (
    day date,
    CONSTRAINT holidays_pkey PRIMARY KEY (day),
    CONSTRAINT holidays_day CHECK (day BETWEEN '1900-01-01' AND '2299-12-31')
);

DO $checked$
DECLARE
    checked text;
BEGIN
    FOREACH checked IN ARRAY '{calendar,holidays}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner()', checked || '_checked', checked);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed()', checked || '_valid', checked);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.draft_begins()', checked || '_begins', checked);
    END LOOP;
END
$checked$;
SELECT lead_scoring_internal.describe('lead_scoring_internal.calendar',
    'Draft: the hours of the week that are working time, by the clocks of the model''s time zone; a row for each stretch. See set_calendar.',
    '{"weekday": "monday to sunday.",
      "opens": "When working time begins on that day.",
      "closes": "When it ends: later than opens, 24:00 at the latest."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.holidays',
    'Draft: days without working time, whatever the calendar says of their weekday. See add_holidays.',
    '{"day": "The day, from midnight to midnight in the model''s time zone."}');

-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.versions ENABLE ALWAYS TRIGGER versions_changed;

-- It is empty. Models keep the order of columns that theirs were made with.
DROP TABLE lead_scoring_internal.scores;
CREATE TABLE lead_scoring_internal.scores (
    lead_id     lead_scoring_internal.lead_key,
    version     bigint,
    stage_since timestamptz,
    due_at      timestamptz,
    fit         double precision,
    stage_seq   integer,
    stage_armed boolean,
    counted     boolean,
    scored_at   timestamptz,
    score       double precision,
    engagement  double precision,
    stage       text,
    grade       text,
    stage_barred text,
    account     text,
    card        lead_scoring.scorecard,
    memory      bytea,
    CONSTRAINT scores_pkey PRIMARY KEY (lead_id)
) USING heap WITH (fillfactor = 64);
CREATE INDEX scores_stage_idx ON lead_scoring_internal.scores (stage);

CREATE INDEX scores_due_at_idx ON lead_scoring_internal.scores (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE lead_scoring_internal.transitions DROP CONSTRAINT transitions_cause,
    ADD CONSTRAINT transitions_cause CHECK (cause IN ('event', 'attribute', 'time', 'manual', 'publish', 'identity'));

-- Moves can be taken back, and the engagement of a lead be reset.
ALTER TABLE lead_scoring_internal.transitions ADD COLUMN undone_at timestamptz, ADD COLUMN undone_by text, ADD COLUMN undo_reason text,
    ADD COLUMN superseded boolean NOT NULL DEFAULT false;
-- Stages have further entries, and leads are of types.
ALTER TABLE lead_scoring_internal.transitions ADD COLUMN entry text, ADD COLUMN lead_type text;

CREATE INDEX transitions_undone_at_idx ON lead_scoring_internal.transitions (undone_at) WHERE undone_at IS NOT NULL;
-- What comes for a lead after it was merged is the other's.
ALTER TABLE lead_scoring_internal.merged ADD COLUMN at timestamptz;

ALTER TABLE lead_scoring_internal.adjustments ADD COLUMN resets boolean NOT NULL DEFAULT false;

CREATE TABLE lead_scoring_internal.account_states (
    account text,
    rule    text NOT NULL,
    mqa_at  timestamptz NOT NULL,
    CONSTRAINT account_states_pkey PRIMARY KEY (account)
);

CREATE TABLE lead_scoring_internal.handoffs (
    lead_id      lead_scoring_internal.lead_key,
    seq          integer,
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    is_first     boolean NOT NULL,
    ready_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    claimed_by   text,
    claimed_at   timestamptz,
    lease_token  uuid,
    done_at      timestamptz,
    ended        text,
    owner        text,
    why          text,
    outcome      text,
    reason       text,
    decided_at   timestamptz,
    decided_by   text,
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT handoffs_pkey PRIMARY KEY (lead_id, seq),
    CONSTRAINT handoffs_ended CHECK ((ended IS NULL) = (done_at IS NULL) AND ended IN ('acknowledged', 'parked', 'withdrawn')),
    CONSTRAINT handoffs_is_first CHECK (NOT is_first OR done_at IS NULL),
    CONSTRAINT handoffs_outcome CHECK (outcome IN ('accepted', 'rejected'))
);
CREATE INDEX handoffs_id_idx ON lead_scoring_internal.handoffs (id);
-- What is done is in none of these, so that nobody who claims comes across it.
CREATE INDEX handoffs_ready_at_idx ON lead_scoring_internal.handoffs (ready_at) WHERE is_first;
CREATE INDEX handoffs_owner_ready_at_idx ON lead_scoring_internal.handoffs (owner, ready_at) WHERE is_first AND owner IS NOT NULL;
CREATE INDEX handoffs_last_attempt_idx ON lead_scoring_internal.handoffs (ready_at) WHERE is_first AND attempts >= max_attempts;
CREATE INDEX handoffs_waiting_idx ON lead_scoring_internal.handoffs (lead_id, seq) WHERE done_at IS NULL AND NOT is_first;
CREATE INDEX handoffs_done_at_idx ON lead_scoring_internal.handoffs (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE lead_scoring_internal.outbox (
    id            uuid DEFAULT gen_random_uuid(),
    aggregatetype text NOT NULL,
    aggregateid   text NOT NULL,
    type          text NOT NULL,
    payload       jsonb NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
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
      "stage_barred": "Stages that the lead enters again by hand only, by a later event, or once their conditions have ceased to hold, since undo_move took back its moves: for each its id, @ and the instant in microseconds since 2000, with ! while the conditions have held ever since, and t where service levels that were over then stay so. NULL where no move of the lead was ever taken back.",
      "counted": "Whether the leads table has a row of that key, for which settings.lead_condition holds and which was not merged into another: the view \"leads\" shows these, and reports count them.",
      "account": "Account that the lead belongs to, by settings.lead_account as the row was computed; NULL for none. Of a long name the first 500 bytes.",
      "stage": "Stage of the lead.",
      "grade": "Letter of fit and number of engagement by the model''s bands; NULL without bands.",
      "card": "The whole scoring state, from which all numbers follow.",
      "memory": "What reports ask of the lead''s events: the time of the first one, its campaign, the first match of each rule, its touches."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.transitions',
    'Every move of every lead between stages, in order: append-only, but for merge_leads, forget_lead, and the marks that undo_move and replay set.',
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
      "cause": "event, attribute, time, manual, publish or identity.",
      "rule": "Rule that gave the most points at that instant, where points of an event moved the lead; NULL otherwise.",
      "actor": "Role that moved it by hand.",
      "reason": "Why it was moved by hand.",
      "merged_from": "Lead and number the transition had before merge_leads, as in 42#3; NULL for the lead''s own.",
      "undone_at": "When it was taken back, by undo_move or replay; NULL while it stands.",
      "undone_by": "Role that took it back.",
      "undo_reason": "Why it was taken back.",
      "superseded": "Whether a replay took it back, which made the lead''s moves anew.",
      "entry": "Entry by which the lead came into the stage; NULL: by the stage''s own conditions or event, or otherwise.",
      "lead_type": "Type of the lead at that instant; NULL for none."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.merged',
    'Leads that merge_leads made part of another, by which what still comes for the old one, and reports that find it named, go to the other.',
    '{"merged_from": "Key of the lead that was merged.",
      "lead_id": "Key of the lead it is now; its own where that one was forgotten.",
      "at": "When it was merged; what comes for the old key after that is the other''s. NULL for who was merged before the model kept it: what comes for them is their own."}');

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
      "cancel_reason": "Why it was taken back.",
      "resets": "Whether it is a reset by reset_engagement: rules count the matches after made_at alone."}');

SELECT lead_scoring_internal.describe('lead_scoring_internal.account_states',
    'Accounts that met an account rule when refresh looked. What accounts are like now says the view "accounts".',
    '{"account": "Name of the account.",
      "rule": "Rule that it met.",
      "mqa_at": "When refresh first found so."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.handoffs',
    'Moves into stages with hand_off, to be delivered to sales: claimed, acknowledged and decided upon by the functions of these names. Those of a lead are delivered one after the other, in the order of its moves. What is done is removed after 90 days.',
    '{"lead_id": "Key of the lead.",
      "seq": "Number of the move within the lead.",
      "id": "Identifies the hand-off, however often it is delivered.",
      "is_first": "Whether it is the first one of the lead that is to be delivered: no other is given out.",
      "ready_at": "From when on it can be claimed; of one that is claimed, when the lease runs out.",
      "attempts": "How often it was claimed.",
      "max_attempts": "How often it is given out at the most.",
      "claimed_by": "Worker that has it, or had it last.",
      "claimed_at": "When it was claimed last.",
      "lease_token": "By which the worker that has it acknowledges it.",
      "done_at": "From when on there is nothing to be delivered; NULL while there is.",
      "ended": "Why: acknowledged, parked (given out as often as may be), or withdrawn (the move was taken back).",
      "owner": "Whose lead it was at the move: what report_settings.dimensions calls \"owner\"; NULL where nothing is called so.",
      "why": "What moved the lead, in a sentence, from its score at the move.",
      "outcome": "What sales decided: accepted or rejected; NULL while they have not.",
      "reason": "Why.",
      "decided_at": "When.",
      "decided_by": "Role that said so.",
      "made_at": "When the row was written."}');
SELECT lead_scoring_internal.describe('lead_scoring_internal.outbox',
    'Hand-offs and decisions for a change feed, as Debezium''s outbox event router reads them, where settings.handoff_outbox is true. Rows are only added; its owner removes them.',
    '{"id": "Identifies the event.",
      "aggregatetype": "Always lead.",
      "aggregateid": "Key of the lead.",
      "type": "handed_off, accepted or rejected.",
      "payload": "The hand-off: id, lead_id, stage, at, score, grade, rule, owner, why, outcome, reason."}');

DO $guards$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['scores', 'transitions', 'merged', 'forgotten', 'adjustments', 'handoffs', 'problems', 'account_states', 'versions'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.refuse_write(''lead_scoring_internal'')',
                       guarded || '_guard', CASE guarded WHEN 'versions' THEN 'INSERT' ELSE 'INSERT OR UPDATE OR DELETE OR TRUNCATE' END, guarded);
    END LOOP;
END
$guards$;
ALTER TABLE lead_scoring_internal.report_settings DROP CONSTRAINT report_settings_max_touches,
    ADD CONSTRAINT report_settings_max_touches CHECK (max_touches BETWEEN 0 AND 1000);

CREATE TRIGGER report_settings_begins BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.report_settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.draft_begins();
-- After the statement: INSERT ... ON CONFLICT DO UPDATE is an UPDATE to the triggers of statements, and has made the row by then.
CREATE TRIGGER report_settings_updated AFTER UPDATE ON lead_scoring_internal.report_settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.report_settings_updated();
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
      "lead_created": "Column of the leads table that says when a lead came: a date, timestamp or timestamptz; NULL: the settings.lead_created of the newest version, or its first event.",
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
      "max_touches": "How many touches the row of a lead in scores keeps, with the time of its first event, its campaign and its first match of each rule, so that reports need not read the events, which writes then pay for; of leads with more touches they do. 0: nothing is kept. NULL: 64 where event_channel or event_asset is set, else nothing. From the next publish on.",
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

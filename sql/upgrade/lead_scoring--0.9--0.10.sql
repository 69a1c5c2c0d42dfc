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
     WHERE CASE WHEN named IS NULL THEN coalesce(s.source ->> 'every_event', source_of.event_type) = source_of.event_type ELSE s.source ->> 'name' = named END
), chosen AS (
    SELECT p.source FROM possible p WHERE p.is_of_one = (SELECT bool_or(o.is_of_one) FROM possible o)
)
SELECT (array_agg(c.source))[1] FROM chosen c HAVING count(*) = 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_of IS 'Of a source_list that which events of the type come from: the one that is named, else the one whose events are all of that type, else the only one with a column of types; NULL where there is none, or several.';

CREATE FUNCTION lead_scoring_internal.with_source(sources jsonb, item jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT item - f.source || CASE WHEN jsonb_array_length(sources) > 1 AND item ->> f.event_type IS NOT NULL
                               THEN jsonb_build_object(f.source, lead_scoring_internal.source_of(sources, item ->> f.source, item ->> f.event_type) -> 'name') ELSE '{}' END
  FROM (SELECT CASE WHEN item ? 'on_event' THEN 'on_event_source' ELSE 'source' END, CASE WHEN item ? 'on_event' THEN 'on_event' ELSE 'event_type' END) f (source, event_type)
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_source IS 'A rule or stage as a version holds it: with the name of the source of its events, where the model has several, and without where it has one.';

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
    IF found IS NOT NULL AND coalesce(found ->> 'every_event', event_type) = event_type THEN
        RETURN found;
    END IF;
    SELECT jsonb_build_object('model', model, 'table', p[1] || 's', 'name', p[2]) INTO place FROM regexp_match(subject, '^(rule|stage) "(.*)"$') p;
    SELECT string_agg(quote_ident(s.source ->> 'name') || coalesce(' (every event is "' || (s.source ->> 'every_event') || '")', ''), ', ' ORDER BY s.place), array_agg(s.source ->> 'name'),
           (array_agg(s.source ->> 'name' ORDER BY s.source ->> 'every_event' IS NOT DISTINCT FROM event_type DESC, s.place) FILTER (WHERE coalesce(s.source ->> 'every_event', event_type) = event_type))[1]
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
    added record;
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.draft_differs(model text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    differs boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill($query$
        WITH published AS (
            SELECT v.definition FROM {model}.versions v ORDER BY v.version DESC LIMIT 1
        ), list (sources) AS (
            SELECT lead_scoring_internal.source_list({'model'})
        ), drafted (section, item) AS (
            SELECT 'groups', to_jsonb(g) FROM {model}.rule_groups g
            UNION ALL SELECT 'bands', to_jsonb(b) FROM {model}.bands b
            UNION ALL SELECT 'rules', lead_scoring_internal.with_source((SELECT l.sources FROM list l), lead_scoring_internal.compile_row('rules', NULL, to_jsonb(r))) FROM {model}.rules r
            UNION ALL SELECT 'stages', lead_scoring_internal.with_source((SELECT l.sources FROM list l), lead_scoring_internal.compile_row('stages', NULL, to_jsonb(s))) || jsonb_build_object('exit', lead_scoring_internal.stage_exit(s.name, s.kind, s.exit)) FROM {model}.stages s
            UNION ALL SELECT 'settings', lead_scoring_internal.compile_row('settings', NULL, lead_scoring_internal.versioned_settings(to_jsonb(s)))
                                    || lead_scoring_internal.draft_touches({'model'}) || lead_scoring_internal.draft_sources({'model'}) - 'sources' || lead_scoring_internal.draft_leads({'model'})
                         FROM {model}.settings s
            UNION ALL SELECT 'sources', i.item FROM jsonb_array_elements(lead_scoring_internal.draft_sources({'model'}) -> 'sources') i (item)
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.draft_subject(model text, relation text, draft_row jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE relation WHEN 'rules' THEN format('rule "%s"', draft_row ->> 'name')
                     WHEN 'rule_groups' THEN format('group "%s"', draft_row ->> 'name')
                     WHEN 'stages' THEN format('stage "%s"', draft_row ->> 'name')
                     WHEN 'sources' THEN format('source "%s"', draft_row ->> 'name')
                     WHEN 'bands' THEN format('band "%s" of axis "%s"', draft_row ->> 'label', draft_row ->> 'axis')
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
        ('settings_identities', 'the settings of identities of %s are incomplete', 'A table of identities comes with its columns of visitor and lead.', 'Set identities, identity_anonymous and identity_lead together, as set_identities() does, or none of them.'),
        ('report_settings_spend', 'the settings of spend of %s are incomplete', 'A table of spend comes with its columns of campaign, day and amount; that of channel comes with it only.', 'Set spend_table, spend_campaign, spend_date and spend_amount together, as set_spend() does, or none of them.'),
        ('report_settings_revenue', 'the settings of revenue of %s are incomplete', 'A table of revenue comes with its columns of lead, day and amount.', 'Set revenue_table, revenue_lead, revenue_date and revenue_amount together, as set_revenue() does, or none of them.'),
        ('report_settings_look_back', 'look_back of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''90 days'', or NULL for any.'),
        ('report_settings_half_life', 'half_life of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''7 days'', or NULL for that.'),
        ('report_settings_dimensions', 'dimensions of %s are no object of names and expressions', 'A name has 1 to 63 bytes and is not "campaign" or "channel", which reports know already; an expression is SQL over the row of a lead.', 'For example dimensions = ''{"country": "country"}''.'),
        ('report_settings_week_starts', 'week_starts of %s is no day of the week', 'A week of reports begins on a day from monday to sunday, in lower case.', 'For example week_starts = ''sunday''.'),
        ('report_settings_band', 'qualified_low and qualified_high of %s are no band', 'Both are shares from 0 to 1, the lower one first.', 'For example qualified_low = 0.02, qualified_high = 0.05.'),
        ('rules_source', '%s is about the lead and names a source', 'A source has events; what a rule without event_type looks at is the lead.', 'Leave source out.'),
        ('stages_on_event_source', 'on_event_source of %s goes with no on_event', 'It is the source of the events of type on_event.', 'For example on_event => ''demo_request''.'),
        ('sources_name', 'name of %s cannot be a source''s name', 'It has 1 to 63 bytes, and "events" is the first source, that of settings.', 'Choose another name, such as ''crm''.'),
        ('sources_type', '%s has no type of its events, or two', 'A column says of what type each event is (event_type), or all are of one (every_event).', 'Pass event_type => ''type'', or every_event => ''page_view''.'),
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.check_draft_row()
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

COMMENT ON FUNCTION lead_scoring_internal.check_draft_row_as_owner IS 'Trigger before each row of the tables of a draft: gives a rule without a group that of its kind, a stage without a rank the next one, writes expressions of a source as the server deparses them, and raises what check_draft_values raises, and 42501 where a role without the rights of the model''s owner writes an expression, a table or a column.';

-- What a draft says of leads: when they came, and which of them count.
CREATE FUNCTION lead_scoring_internal.draft_leads(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN num_nonnulls(s.settings ->> 'lead_created', s.settings ->> 'lead_condition') = 0 THEN '{}'
            ELSE jsonb_strip_nulls(jsonb_build_object('format', 2, 'lead_created', s.settings -> 'lead_created', 'lead_condition', s.settings -> 'lead_condition'))
                 || CASE WHEN s.settings ->> 'lead_condition' IS NULL THEN '{}' ELSE jsonb_build_object('typed', jsonb_build_object('lead_condition', s.settings -> 'lead_condition')) END END
  FROM lead_scoring_internal.settings_row(model) s (settings)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_leads IS 'What the next version says of leads, as a part of its definition: the column that says when they came, and the condition of those that count, as it was typed. Empty where it says neither, as does every model of an older format.';

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
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF draft ? 'lead_created' THEN
        PERFORM lead_scoring_internal.check_lead_created(model, bound.leads, draft ->> 'lead_created', bound.status_columns);
    END IF;
    IF draft ? 'lead_condition' THEN
        condition := lead_scoring_internal.compile_expression(bound.leads, draft ->> 'lead_condition', 'condition', subject);
        PERFORM lead_scoring_internal.refuse_status(bound.status_columns, condition, subject);
    END IF;
    RETURN draft || jsonb_strip_nulls(jsonb_build_object('lead_condition', condition));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_leads IS 'What draft_leads says, checked against the leads table, the condition as the server deparses it; raises what check_lead_created, check_expression and refuse_status raise.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.compile_row(entity text, subject text, draft_row jsonb, leads regclass DEFAULT NULL, events regclass DEFAULT NULL,
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
         WHERE f.entity = compile_row.entity AND f.kind IN ('interval', 'condition', 'number expression', 'key expression') AND draft_row ? f.field);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_row IS 'A row of a table of the draft, or some fields of it, as a version holds it: expressions deparsed, with the text as typed beside them, intervals in seconds. Raises 22023 for an event type that cannot occur, and what check_expression raises; "subject" is what errors call the row.';

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
        source := CASE WHEN NOT r.is_fit THEN lead_scoring_internal.resolve_source(model, sources, r.draft_row ->> 'source', r.draft_row ->> 'event_type', 'source', subject) END;
        compiled := lead_scoring_internal.compile_row('rules', subject, r.draft_row, bound.leads, (source ->> 'events')::oid::regclass, source ->> 'event_type');
        IF r.is_fit THEN
            PERFORM lead_scoring_internal.refuse_status(bound.status_columns, compiled ->> 'condition', format('condition of %s', subject));
        END IF;
        rules := rules || lead_scoring_internal.with_source(sources, compiled);
    END LOOP;
    RETURN to_jsonb(rules);
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
        PERFORM lead_scoring_internal.check_stages(model);
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
    source text DEFAULT NULL)
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
    source text)
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
            'limit_key', limit_key, 'max_occurrences', max_occurrences)
        || CASE WHEN source IS NULL THEN '{}' ELSE jsonb_build_object('source', source) END);
    PERFORM lead_scoring_internal.compile_rules(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_rule IS 'Implements lead_scoring.add_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_rule IS
'Adds a rule on events to the draft: points, negative ones too, for each event of the type that meets the condition (an immutable SQL expression over the row of the event).
per is a numeric expression by which the points are multiplied. decay: none, exponential (half_life), linear (lifespan), step (drop, a share, with each step) or window (lifespan); intervals in days or smaller units. min_points and max_points bound what the rule gives. limit_count matches at the most count within limit_window (hour, day, week, month, ever), for each limit_key. Effective with the next publish. Linear, step and window rules count the latest max_occurrences matches of a lead. source is where the events come from: by default the source whose events are all of that type, else the only one with a column of types.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none, 42704 for an unknown group or source, 22023 where several sources may have such events and none is named, and for an expression what check_expression() raises.';

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
        stages := stages || (lead_scoring_internal.with_source(sources, lead_scoring_internal.compile_row('stages', format('stage "%s"', s.name), s.draft_row, bound.leads, (source ->> 'events')::oid::regclass, source ->> 'event_type'))
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
    on_event_source text DEFAULT NULL)
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
    on_event_source text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'stages',
        jsonb_build_object('name', name, 'rank', rank, 'kind', kind, 'min_score', min_score, 'min_engagement', min_engagement,
            'min_fit', min_fit, 'grades', grades, 'requires', requires, 'on_event', on_event,
            'on_event_condition', on_event_condition, 'falls_below', falls_below, 'within', within,
            'timeout_stage', timeout_stage, 'cooldown', cooldown, 'exit', exit, 'counts_as', counts_as)
        || CASE WHEN on_event_source IS NULL THEN '{}' ELSE jsonb_build_object('on_event_source', on_event_source) END);
    PERFORM lead_scoring_internal.compile_stages(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_stage IS 'Implements lead_scoring.add_stage, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_stage IS
'Adds a stage to the draft; rank defaults to 10 above the highest. A progress stage is entered when min_score, min_engagement, min_fit (points), grades and requires (rules and how often they must have matched) all hold; without any of them only by event, time or hand, as a detour is.
on_event, with on_event_condition, moves a lead here at once; on_event_source is the source of such events, by default as with add_rule. Under falls_below points it falls back. A lead that has not moved on within the interval goes to timeout_stage. cooldown is the least time after entering before it may enter again. exit says how a detour is left: score or hand. counts_as is what reports and status columns take the stage for (mql, sal, sql, opportunity, customer), by default what its name says. Effective with the next publish.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none; 42704 for an unknown timeout_stage or a rule in requires, 22023 for a grade that cannot occur or a rank that is taken, and for on_event_condition what check_expression() raises.';

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

CREATE OR REPLACE FUNCTION lead_scoring_internal.follow_names(model text, before jsonb, now jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed record;
    status jsonb;
    is_named boolean;
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
    PERFORM lead_scoring_internal.make_leads_view(model, anew => true), lead_scoring_internal.make_moves(model);
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys CONSTANT text[] := lead_scoring_internal.begin_merge(model, from_lead, into_lead);
    source record;
    reached text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.settle_leads(model, keys);
    reached := lead_scoring_internal.higher_stage(model, keys);

    -- The triggers do not live through the other lead's events a second time.
    PERFORM lead_scoring_internal.withhold_leads(model, keys);
    FOR source IN SELECT s.relation, s.lead, lead_scoring_internal.key_values(model, s.relation, s.lead, keys[1], keys[2]) AS key_values,
                         (SELECT string_agg(format('%I = $%s::%I.%I', p.name, p.place + 1, n.nspname, t.typname), ', ' ORDER BY p.place)
                            FROM unnest(lead_scoring_internal.key_parts(s.relation, s.lead)) WITH ORDINALITY p (name, place)
                            JOIN pg_attribute a ON a.attrelid = s.relation AND a.attname = p.name
                            JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace) AS assignments
                    FROM lead_scoring_internal.lead_tables(model) s LOOP
        IF source.key_values IS NOT NULL THEN
            PERFORM lead_scoring_internal.write_table(model, format('UPDATE %s e SET %s WHERE e.%I OPERATOR(pg_catalog.=) $1::%s',
                source.relation, source.assignments, source.lead, lead_scoring_internal.key_type(model)), VARIADIC keys[1] || source.key_values);
        END IF;
    END LOOP;
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
The row of from_lead in the leads table stays, a lead without events or history, which reports do not count; what is to become of it is for the caller to say. Revenue that names it is, to reports, that of into_lead, whether the row stays or not: the model''s table "merged" has who is who. Where the column of events that names the lead is generated, the columns it is generated from are written, as the row of into_lead has them. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 22023 for the same lead twice, 55000 where the model is paused or not published, or where nothing tells what to write for a generated column.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.forget_lead(text, %s) IS %L', key,
'Erases a lead: its events, those of the visitors that it was included, what identities say of it, its row in the leads table, its score, transitions, adjustments and problems, and its key where it was merged into another (merged_from). The model''s table "forgotten" keeps how many such leads of which campaign came, and first entered which stage, in which month, so that the views funnel, campaigns and qualified_rate and the MQLs of forecast do not change, but for revenue, which is that of leads in the leads table. Works while the model is paused, too. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where triggers of the user''s keep its rows, and what foreign keys of the user''s say, 23503: then nothing is erased.');
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
                       WHERE s.on_event_source IS NULL AND lead_scoring_internal.source_of($1, NULL, s.on_event) IS NOT NULL AND lead_scoring_internal.source_of($2, NULL, s.on_event) IS NULL RETURNING s.name)
        SELECT array_agg(k.name ORDER BY k.place, k.name COLLATE "C") FROM (SELECT 1, format('rule "%s"', r.name) FROM rule r UNION ALL SELECT 2, format('stage "%s"', s.name) FROM stage s) k (place, name)
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
Rules and stages that name no source, and could not be told to be of one any more, are given the name of theirs, with a notice. Its events count from the next publish on, the stored ones too; what is published now does not look at them. For the model''s owner, who owns the table too. Writers of leads and events wait until the transaction ends. A model of an older format is upgraded.
Raises 42710 for a name or a table that is there already, 42501 where the table is not the owner''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions and a table of Citus; 42703 for an unknown column, 42804 for one whose type does not do, 55000 where it has no index led by event_lead, or none on event_id; 22023 for the leads table and the model''s own, for neither or both of event_type and every_event, and for an unknown time zone; 22004 for a NULL, and for an expression what check_expression() raises; 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.refuse_drop(model text, name text, definition jsonb, published boolean, is_gone boolean)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rules CONSTANT text[] := ARRAY(SELECT r ->> 'name' FROM jsonb_path_query(definition, '$.rules[*]') r WHERE r ->> 'source' = refuse_drop.name ORDER BY r ->> 'name' COLLATE "C");
    stages CONSTANT text[] := ARRAY(SELECT s ->> 'name' FROM jsonb_path_query(definition, '$.stages[*]') s WHERE s ->> 'on_event_source' = refuse_drop.name ORDER BY s ->> 'name' COLLATE "C");
BEGIN
    IF rules || stages = '{}' THEN
        RETURN;
    END IF;
    PERFORM lead_scoring_internal.fail('55000', format('source "%s" of model "%s" is in use', name, model),
        format('In %s, %s wait for its events.', CASE WHEN published THEN 'the current version' ELSE 'the draft' END,
               concat_ws(' and ', 'rules ' || nullif(array_to_string(rules, ', '), ''), 'stages ' || nullif(array_to_string(stages, ', '), ''))),
        CASE WHEN published THEN format('SELECT lead_scoring.publish(%L);', model)
             ELSE concat_ws(' ', CASE WHEN rules <> '{}' THEN format('DELETE FROM %I.rules WHERE name = ANY (%L);', model, rules) END,
                                 CASE WHEN stages <> '{}' THEN format('UPDATE %I.stages SET on_event = NULL, on_event_condition = NULL, on_event_source = NULL WHERE name = ANY (%L);', model, stages) END,
                                 CASE WHEN is_gone THEN ' -- and drop the source in the same transaction' ELSE format('SELECT lead_scoring.publish(%L);', model) END) END);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_drop IS 'Raises 55000 where rules or stages of a definition look at the source. Without its table nothing of the draft can be changed while it is there, and nothing published.';

CREATE FUNCTION lead_scoring.drop_source(model text, name text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.drop_source(model text, name text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[];
    source record;
    is_there boolean;
    draft jsonb;
    current_definition jsonb;
    found record;
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
    EXECUTE lead_scoring_internal.fill('SELECT jsonb_build_object(''rules'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, to_jsonb(r))) FROM {model}.rules r),
            ''stages'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, to_jsonb(s))) FROM {model}.stages s))
          FROM (SELECT ''[{"name": "events"}]'' || jsonb_agg(to_jsonb(s)) FROM {model}.sources s) l (sources)',
        jsonb_build_object('model', model)) INTO draft;
    PERFORM lead_scoring_internal.refuse_drop(model, name, draft, false, NOT is_there);
    EXECUTE format('SELECT v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO current_definition;
    IF is_there THEN
        PERFORM lead_scoring_internal.refuse_drop(model, name, current_definition, true, false);
    END IF;
    EXECUTE format('DELETE FROM %I.sources WHERE name = $1', model) USING name;
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t
                  WHERE t.tgrelid IN (SELECT p.relid FROM pg_partition_tree(lead_scoring_internal.resolve_table(source.events)) p UNION SELECT lead_scoring_internal.resolve_table(source.events))
                    AND t.tgfoid = 'lead_scoring_internal.events_changed()'::regprocedure AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0
                  ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
    END LOOP;
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

COMMENT ON FUNCTION lead_scoring.verify IS
'The leads for which the stored state is not what the event log says; no rows: all is exact. "problem" tells what differs: card, score, engagement, fit, grade, due_at (all computed again from the log, as of the row''s scored_at), damaged (a column of its row, which "stored" names, says what cannot be), stale (computed under an older version), missing (no row), superfluous (a row, but neither table has the lead), counted (whether the leads table has the lead, and settings.lead_condition holds for it), transitions (a break in the chain of moves), a <stage>_at column, or a status column of the leads table. Reads everything, under one snapshot: cost grows with the log. Takes USAGE on the schema and SELECT on scores, settings, versions and transitions; 42501 where row security on one of these limits the caller. 42809 for anybody but the owner where a table of the model was made a view, got row security or columns of other types.';

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

CREATE FUNCTION lead_scoring_internal.report_settings_updated() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_report_settings_updated';
COMMENT ON FUNCTION lead_scoring_internal.report_settings_updated IS 'Trigger of report_settings: raises 55000 when an UPDATE is over and there is no row, which it could only leave out.';

-- ---------------------------------------------------------------- statements
CREATE OR REPLACE FUNCTION lead_scoring_internal.report_setting(model text)
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
    RETURN settings || jsonb_build_object('stages', names, 'time_zone', version ->> 'time_zone', 'sources', coalesce(version -> 'sources', '[]'), 'event_id', version -> 'event_id',
        'lead_created', coalesce(settings ->> 'lead_created', version ->> 'lead_created'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_setting IS 'What a report goes by: report_settings with, in addition, time_zone, sources, event_id (of the first) and stages (the progress stages by rank) of the newest version, and mql, sql and customer as places in these, NULL where the model has no such stage; lead_created is that of the version where report_settings name none.';

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
    own_log := lead_scoring_internal.own_log(model, log, remembering);
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
        SELECT s.lead_id, s.stage_since, s.stage, {!entered}, {!campaign} AS campaign, [[{!dimension} AS dimension, ]]LEAST({!first}{!created}) AS first_at, s.memory, s.card, {!remembers} AS remembers
          FROM {model}.scores s{!attributes}{!dimensions}
          {!touches}
          LEFT JOIN {model}.merged m ON m.merged_from = s.lead_id
         WHERE s.counted AND (m.merged_from IS NULL OR (SELECT true FROM {!rows} WHERE e.{lead} = s.lead_id LIMIT 1)){!only_lead}
           AND (now() <= $1 OR {!known} <= $1 OR {!had_come})
        $query$, jsonb_build_object(
        'entered', array_to_string(entered, ', '), 'created', ', ' || created, 'known', known, 'first', first, 'had_come', had_come, 'campaign', coalesce(campaign, 'NULL::text'),
        'attributes', CASE WHEN created IS NOT NULL THEN format(' LEFT JOIN %s r ON r.%I = s.lead_id', bound.leads, bound.lead_key) END,
        'dimension', CASE kind WHEN 'campaign' THEN coalesce(campaign, 'NULL::text') WHEN 'channel' THEN channel WHEN 'expression' THEN 'd.dimension' ELSE 'NULL::text' END,
        -- The expression names columns without their table, and a whole row by its name.
        'dimensions', CASE kind WHEN 'expression' THEN lead_scoring_internal.fill(' LEFT JOIN (SELECT {key} AS lead_id, nullif(({!expression})::text, '''') AS dimension FROM {!leads}) d ON d.lead_id = s.lead_id',
            jsonb_build_object('key', bound.lead_key, 'expression', settings #>> '{by,expression}', 'leads', bound.leads)) END,
        'model', model, 'touches', touches, 'only_lead', ' AND s.lead_id = ' || only_lead,
        'rows', log ->> 'rows', 'lead', log ->> 'lead', 'remembers', coalesce(own_log ->> 'remembers', 'false')));
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
          FROM (SELECT r.event_type, to_jsonb(r) ->> 'source', r.name, NULL FROM %1$I.rules r UNION ALL SELECT s.on_event, to_jsonb(s) ->> 'on_event_source', NULL, s.name FROM %1$I.stages s) w (type, named, rule, stage)
         WHERE w.type IS NOT NULL GROUP BY 1, 2
        $query$, model) USING lead_scoring_internal.source_list(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.named_types IS 'The types of events that rules and stages of the draft wait for, each with its source, and with their names.';

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
                                                  UNION ALL SELECT c.type FROM came c WHERE t.is_named AND NOT t.has_come) o
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
    'nearest | text | Of a type that is waited for and never came, the most similar one that did, where one is; of one that came and is not waited for, the other way round.',
    'note | text | What is odd about it, in words.']
$$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.notice_types(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, lead_scoring_internal.draft_sources(model));
    came text[];
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
    FOR missing IN SELECT n.*, o.type AS nearest
                     FROM (SELECT t.type, string_agg(t.rules, ', ') AS rules, string_agg(t.stages, ', ') AS stages FROM lead_scoring_internal.named_types(model) t GROUP BY 1) n
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
       k.kind IN ('table', 'column', 'draft column', 'columns', 'path', 'condition', 'number expression', 'key expression', 'key expressions', 'id') AS is_owners
  FROM (VALUES
    ('settings', '{leads: table, events: table, lead_key: column, event_lead: column, event_type: column, event_time: column, event_campaign: column,
                   status_columns: columns, trigger_path: path, paused: state, time_zone: time zone, min_score: points, max_score: points,
                   future_tolerance: interval, only_row: state, format: state, event_id: draft column, lead_created: draft column, lead_condition: condition, event_anonymous: column, identities: table,
                   identity_anonymous: column, identity_lead: column}'::text[]),
    ('sources', '{name: name, events: table, event_lead: column, event_type: column, every_event: event type, event_time: column, event_campaign: column,
                  event_channel: key expression, event_asset: key expression, time_zone: time zone, event_id: draft column, event_anonymous: column}'),
    ('report_settings', '{spend_table: table, spend_campaign: column, spend_date: column, spend_amount: column, spend_channel: column,
                          revenue_table: table, revenue_lead: column, revenue_date: column, revenue_amount: column, lead_created: column,
                          event_channel: key expression, event_asset: key expression, look_back: interval, half_life: interval,
                          mql_stage: stage, sql_stage: stage, customer_stage: stage, qualified_low: share, qualified_high: share, dimensions: key expressions,
                          week_starts: choice, max_touches: number, only_row: state}'),
    ('rule_groups', '{name: name, kind: choice, min_points: points, max_points: points}'),
    ('rules', '{name: name, rule_group: group, event_type: event type, condition: condition, points: points, per: number expression,
                decay: choice, half_life: interval, lifespan: interval, drop: share, step: interval, min_points: points, max_points: points,
                limit_count: number, limit_window: choice, limit_key: key expression, max_occurrences: number, id: id, source: source}'),
    ('bands', '{axis: name, label: name, min_points: points}'),
    ('stages', '{name: name, rank: number, kind: choice, min_score: points, min_engagement: points, min_fit: points, grades: grades, requires: rules,
                 on_event: event type, on_event_condition: condition, falls_below: points, within: interval, timeout_stage: stage,
                 cooldown: interval, exit: choice, counts_as: choice, id: id, on_event_source: source}')) e (entity, fields)
 CROSS JOIN unnest(e.fields) WITH ORDINALITY f (line, place)
 CROSS JOIN LATERAL split_part(f.line, ': ', 2) k (kind);
COMMENT ON VIEW lead_scoring_internal.draft_fields IS 'The tables of a draft and of what reports are told, with their fields. The kind says what becomes of a value: those of kind "name" identify a row; a condition or expression is one over the events of the row''s event type and source, over leads where it has none; a group, stage, rules or grades name rows of other tables; a draft column is one that counts from the next publish on, where other columns of settings are effective at once; what is state is no part of what a user says, and an id is given by publish(). What is the owner''s (is_owners) is run or read with his rights, or decides whose a lead''s points are, so that nobody else may write it.';

-- By its later formats: a model that is older works without.
CREATE OR REPLACE VIEW lead_scoring_internal.later_parts AS
SELECT l.relation, l.name, l.format FROM (VALUES ('sources', NULL, 2), ('rules', 'source', 2), ('stages', 'on_event_source', 2), ('settings', 'event_id', 2), ('settings', 'lead_created', 2), ('settings', 'lead_condition', 2),
    ('settings', 'event_anonymous', 2), ('settings', 'identities', 2), ('settings', 'identity_anonymous', 2), ('settings', 'identity_lead', 2)) l (relation, name, format);

ALTER TABLE lead_scoring_internal.settings ADD COLUMN event_id text, ADD COLUMN lead_created text, ADD COLUMN lead_condition text;

-- Events of anonymous visitors become those of leads.
ALTER TABLE lead_scoring_internal.settings ADD COLUMN event_anonymous text, ADD COLUMN identities text, ADD COLUMN identity_anonymous text, ADD COLUMN identity_lead text,
    ADD CONSTRAINT settings_identities CHECK (num_nulls(identities, identity_anonymous, identity_lead) IN (0, 3));

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
    'What the model is bound to, in one row: effective at once, but for what is part of the draft: time zone, score range, future tolerance, event_id, and what leads are dated and left out by. Without a row nothing is scored.',
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
      "identity_lead": "Its column that names the lead."}');

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

ALTER TABLE lead_scoring_internal.rules ADD COLUMN source text;
ALTER TABLE lead_scoring_internal.rules ADD CONSTRAINT rules_source CHECK (source IS NULL OR event_type IS NOT NULL);

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
      "id": "By this cards know the rule, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "source": "Source of the events; NULL: the one whose events are all of the type, else the only one with a column of types."}');

ALTER TABLE lead_scoring_internal.stages ADD COLUMN on_event_source text;
ALTER TABLE lead_scoring_internal.stages ADD CONSTRAINT stages_on_event_source CHECK (on_event_source IS NULL OR on_event IS NOT NULL);

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
      "id": "By this cards know the stage, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "on_event_source": "Source of such events; NULL: the one whose events are all of the type, else the only one with a column of types."}');

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
    card        lead_scoring.scorecard,
    memory      bytea,
    CONSTRAINT scores_pkey PRIMARY KEY (lead_id)
) USING heap WITH (fillfactor = 64);
CREATE INDEX scores_stage_idx ON lead_scoring_internal.scores (stage);

CREATE INDEX scores_due_at_idx ON lead_scoring_internal.scores (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE lead_scoring_internal.transitions DROP CONSTRAINT transitions_cause,
    ADD CONSTRAINT transitions_cause CHECK (cause IN ('event', 'attribute', 'time', 'manual', 'publish', 'identity'));

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
      "counted": "Whether the leads table has a row of that key, for which settings.lead_condition holds: the view \"leads\" shows these, and reports count them.",
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
      "cause": "event, attribute, time, manual, publish or identity.",
      "rule": "Rule that gave the most points at that instant, where points of an event moved the lead; NULL otherwise.",
      "actor": "Role that moved it by hand.",
      "reason": "Why it was moved by hand.",
      "merged_from": "Lead and number the transition had before merge_leads, as in 42#3; NULL for the lead''s own."}');

DO $guards$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['scores', 'transitions', 'merged', 'forgotten', 'adjustments', 'problems', 'versions'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.refuse_write(''lead_scoring_internal'')',
                       guarded || '_guard', CASE guarded WHEN 'versions' THEN 'INSERT' ELSE 'INSERT OR UPDATE OR DELETE OR TRUNCATE' END, guarded);
    END LOOP;
END
$guards$;
ALTER TABLE lead_scoring_internal.report_settings DROP CONSTRAINT report_settings_max_touches,
    ADD CONSTRAINT report_settings_max_touches CHECK (max_touches BETWEEN 0 AND 1000);

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

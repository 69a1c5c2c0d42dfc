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

CREATE FUNCTION lead_scoring_internal.stored_key_type(leads regclass, lead_key text)
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
COMMENT ON FUNCTION lead_scoring_internal.stored_key_type IS 'The type, with its collation, in which a model keeps the keys of that column.';

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

CREATE FUNCTION lead_scoring_internal.key_statement(leads regclass, events regclass, event_lead text)
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
    PERFORM lead_scoring_internal.column_type(events, event_lead, 'event_lead');
    PERFORM lead_scoring_internal.fail('55000',
        CASE WHEN key_columns IS NULL THEN format('table %s has no primary key', leads)
             ELSE format('primary key of table %s has %s columns', leads, cardinality(key_columns)) END,
        'A lead is known by one column, which its events name too.', lead_scoring_internal.key_statement(leads, events, event_lead));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.primary_key_column IS 'The one column of the table''s primary key; raises 55000 when it has none or several, 42703 where events lack the column that is to name the lead.';

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

    found := lead_scoring_internal.column_type(events, event_type, 'event_type');
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
        IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = events AND a.attname = computed AND a.attgenerated = 'v') THEN
            PERFORM lead_scoring_internal.fail('0A000', format('column "%s" of table %s is a virtual generated column', computed, events),
                'Rows do not have it: it is computed when they are read.', lead_scoring_internal.generation(events, computed, NULL));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_columns IS 'Raises unless the columns a model reads are there (42703), have types it can read (42804), are stored (0A000), and the lead key is unique (55000).';

COMMENT ON FUNCTION lead_scoring.create_model IS
'Makes a model: a schema of that name, owned by the role that owns both tables, which the caller is, or is a member of, with the draft of its rules and stages, its state and its triggers on both tables.
lead_key, a unique column of type integer, bigint, uuid, text or varchar or a domain over one, generated or not, defaults to the primary key of leads; event_lead, event_type and event_time are columns of events; a time is a timestamptz, or a timestamp or date of time_zone (a date is its midnight, a time that comes twice its first passing). status_columns maps stage, score, grade and <stage>_at to columns of leads, which are added, with a notice, where missing; ''{}'' for none. min_score and max_score, in points, bound every score. An index led by event_lead is required unless require_index is false.
Nothing is scored before the first publish. Calling it again with the same arguments changes nothing; with other ones it raises 42710. Where the model''s settings have lost their row, or the table itself is gone, it puts them back and repairs the model.
Raises 42622 for a name that is empty or over 63 bytes, 42939 for one that begins with pg_, 42P06 where a schema of that name is no model, 42710 as said; 42501 where the tables are not the caller''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions, a table of Citus and a virtual generated column; 42703 for an unknown column, 42804 for one whose type does not do, 55000 where the key is not unique, leads has no primary key of one column, events has no such index, or a status column is generated or NOT NULL, 55006 where a status column is another model''s; 22023 for the same table twice, an unknown time zone, and bounds or status_columns that make no sense.';

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
    most := coalesce((settings ->> 'max_touches')::integer, CASE WHEN num_nonnulls(settings ->> 'event_channel', settings ->> 'event_asset') > 0 THEN 64 ELSE 0 END);
    IF most = 0 THEN
        RETURN '{}';
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    RETURN jsonb_build_object('touches', jsonb_build_object(
        'channel', coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)), 'asset', settings -> 'event_asset',
        'campaign', quote_ident(bound.event_campaign), 'max_touches', most));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_touches IS 'What the next version says of touches, as a part of its definition: channel, asset and campaign as SQL over the row of an event, null for none, and max_touches. The channel is the campaign where report_settings say nothing else. Empty where leads are to remember nothing, which is the default where neither channel nor asset is set; else it is 64 touches.';

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

CREATE OR REPLACE FUNCTION lead_scoring_internal.newest_format()
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS 'SELECT 2';

CREATE OR REPLACE FUNCTION lead_scoring_internal.is_older(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT (lead_scoring_internal.settings_row(model) ->> 'format')::integer < lead_scoring_internal.newest_format() $$;
COMMENT ON FUNCTION lead_scoring_internal.is_older IS 'Whether the tables of a model are of an older format than this version gives them; NULL where they do not say of which.';

-- A partition that a replica's session makes is one for all.
ALTER EVENT TRIGGER lead_scoring_partitions_changed ENABLE ALWAYS;

CREATE FUNCTION lead_scoring_internal.key_parts(relation regclass, column_name text) RETURNS text[]
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_key_parts';
COMMENT ON FUNCTION lead_scoring_internal.key_parts IS 'The columns that have to be written for a column to have another value: itself; of a generated one those it is made of, in their order there, where it is made of their values as a whole, cast, joined, in lower case or with characters replaced, and NULL otherwise.';

CREATE FUNCTION lead_scoring_internal.key_values(model text, from_lead text, into_lead text)
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
    parts := lead_scoring_internal.key_parts(bound.events, bound.event_lead);
    IF parts = ARRAY[bound.event_lead] THEN
        RETURN ARRAY[into_lead];
    END IF;
    in_leads := lead_scoring_internal.key_parts(bound.leads, bound.lead_key);
    SELECT pg_get_expr(d.adbin, d.adrelid) INTO expression
      FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attrelid = bound.events AND a.attname = bound.event_lead;
    IF cardinality(parts) = cardinality(in_leads) THEN
        BEGIN
            EXECUTE lead_scoring_internal.fill('SELECT ARRAY[{!texts}] FROM (SELECT {!values} FROM {!leads} l WHERE l.{lead_key} = $1::{!key_type}) e WHERE ({!key})::{!key_type} = $1::{!key_type}',
                (SELECT jsonb_build_object('texts', string_agg(format('e.%I::text', p.in_events), ', ' ORDER BY p.place),
                            'values', string_agg(format('l.%I::text::%s AS %I', p.in_leads, a.atttypid::regtype, p.in_events), ', ' ORDER BY p.place),
                            'leads', bound.leads, 'lead_key', bound.lead_key, 'key', expression, 'key_type', lead_scoring_internal.key_type(model))
                   FROM unnest(parts, in_leads) WITH ORDINALITY p (in_events, in_leads, place)
                   JOIN pg_attribute a ON a.attrelid = bound.events AND a.attname = p.in_events)) INTO found USING into_lead;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            found := NULL;  -- no value of that column
        END;
    END IF;
    IF found IS NOT NULL THEN
        RETURN found;
    END IF;
    EXECUTE lead_scoring_internal.fill('SELECT EXISTS (SELECT FROM {!events} e WHERE e.{lead} = $1::{!key_type})',
        jsonb_build_object('events', bound.events, 'lead', bound.event_lead, 'key_type', lead_scoring_internal.key_type(model))) INTO is_there USING from_lead;
    IF is_there THEN
        EXECUTE lead_scoring_internal.fill('SELECT EXISTS (SELECT FROM {!leads} l WHERE l.{lead_key} = $1::{!key_type})',
            jsonb_build_object('leads', bound.leads, 'lead_key', bound.lead_key, 'key_type', lead_scoring_internal.key_type(model))) INTO is_there USING into_lead;
        PERFORM lead_scoring_internal.fail('55000', format('events of lead "%s" cannot be made those of lead "%s"', from_lead, into_lead),
            format('Column "%s" of table %s is generated from %s, and %s.', bound.event_lead, bound.events, coalesce(array_to_string(parts, ', '), expression),
                CASE WHEN is_there OR parts IS NULL THEN 'what that has to be for the other key is not known' ELSE format('table %s has no row that says what that is', bound.leads) END),
            CASE WHEN is_there OR parts IS NULL THEN format('ALTER TABLE %s ALTER COLUMN %I DROP EXPRESSION;  -- whoever stores events fills it then', bound.events, bound.event_lead)
                 ELSE format('Store lead "%s" in table %s first.', into_lead, bound.leads) END);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.key_values IS 'What the columns of key_parts of the events table have to be for events to be those of into_lead; NULL where that is not known and from_lead has none. Raises 55000 where it has.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys CONSTANT text[] := lead_scoring_internal.begin_merge(model, from_lead, into_lead);
    key_values CONSTANT text[] := lead_scoring_internal.key_values(model, keys[1], keys[2]);
    bound record;
    assignments text;
    reached text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.settle_leads(model, keys);
    reached := lead_scoring_internal.higher_stage(model, keys);
    SELECT b.* INTO bound FROM lead_scoring_internal.binding(model) b;
    SELECT string_agg(format('%I = $%s::%I.%I', p.name, p.place + 1, n.nspname, t.typname), ', ' ORDER BY p.place) INTO assignments
      FROM unnest(lead_scoring_internal.key_parts(bound.events, bound.event_lead)) WITH ORDINALITY p (name, place)
      JOIN pg_attribute a ON a.attrelid = bound.events AND a.attname = p.name
      JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace;

    -- The triggers do not live through the other lead's events a second time.
    PERFORM lead_scoring_internal.withhold_leads(model, keys);
    IF key_values IS NOT NULL THEN
        PERFORM lead_scoring_internal.write_table(model, format('UPDATE %s e SET %s WHERE e.%I OPERATOR(pg_catalog.=) $1::%s',
            bound.events, assignments, bound.event_lead, lead_scoring_internal.key_type(model)), VARIADIC keys[1] || key_values);
    END IF;
    PERFORM lead_scoring_internal.join_leads(model, keys[1], keys[2]);
    PERFORM lead_scoring_internal.release_leads(model);

    PERFORM lead_scoring_internal.settle_leads(model, keys);
    IF lead_scoring_internal.is_below(model, keys[2], reached) THEN
        PERFORM lead_scoring.set_stage(model, keys[2], reached, 'merge_leads');
    END IF;
    PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, true), keys[2]);
END
$$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.merge_leads(text, %1$s, %1$s) IS %2$L', key,
'Makes one lead of two that are the same person: events, adjustments, problems and transitions of from_lead become those of into_lead, and both are computed anew, so that limits and bounds hold for the events together and nothing counts twice. Fit follows the attributes of into_lead alone.
Transitions are numbered anew by time; merged_from keeps the lead and number they had. The lead is then where the later of the last moves led, or higher if the events together call for it. Where both were in progress stages it is not below the higher of the two: if the later move led lower, one more transition, of cause manual and reason merge_leads, puts it back.
The row of from_lead in the leads table stays, a lead without events or history, which reports do not count; what is to become of it is for the caller to say. Revenue that names it is, to reports, that of into_lead, whether the row stays or not: the model''s table "merged" has who is who. Where the column of events that names the lead is generated, the columns it is generated from are written, as the row of into_lead has them. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 22023 for the same lead twice, 55000 where the model is paused or not published, or where nothing tells what to write for a generated column.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.forget_lead(text, %s) IS %L', key,
'Erases a lead: its events, its row in the leads table, its score, transitions, adjustments and problems, and its key where it was merged into another (merged_from). The model''s table "forgotten" keeps how many such leads of which campaign came, and first entered which stage, in which month, so that the views funnel, campaigns and qualified_rate and the MQLs of forecast do not change, but for revenue, which is that of leads in the leads table. Works while the model is paused, too. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where triggers of the user''s keep its rows, and what foreign keys of the user''s say, 23503: then nothing is erased.');
    END LOOP;
END
$comments$;

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

-- What the report views read besides the model's own tables: report_settings, set_spend, set_revenue.
CREATE OR REPLACE FUNCTION lead_scoring_internal.plain_type(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT lead_scoring_internal.base_type(lead_scoring_internal.column_type(relation, column_name, argument))::text $$;

-- All events of a model, as reports read them.
CREATE FUNCTION lead_scoring_internal.source_rows(source jsonb, key_type text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill('SELECT e.{lead}::{!key_type} AS lead_id, {!at} AS at, {!type} AS type, {''name''}::text AS source, {!campaign} AS campaign, {!channel} AS channel, {!asset} AS asset FROM {!events} e',
    jsonb_build_object('lead', source ->> 'event_lead', 'key_type', key_type, 'name', source ->> 'name', 'events', source ->> 'events',
        'at', CASE t.type WHEN 'timestamp with time zone' THEN format('e.%I::timestamptz', source ->> 'event_time')
                          ELSE format('lead_scoring_internal.instant(e.%I::%s, %L)', source ->> 'event_time', t.type, source ->> 'time_zone') END,
        'type', CASE WHEN source ->> 'every_event' IS NULL THEN format('e.%I::text', source ->> 'event_type') ELSE format('%L::text', source ->> 'every_event') END,
        'campaign', coalesce('nullif(e.' || quote_ident(source ->> 'event_campaign') || '::text, '''')', 'NULL::text'),
        'channel', coalesce('nullif((' || (source ->> 'channel') || ')::text, '''')', 'NULL::text'),
        'asset', coalesce('nullif((' || (source ->> 'asset') || ')::text, '''')', 'NULL::text')))
  FROM lead_scoring_internal.plain_type((source ->> 'events')::regclass, source ->> 'event_time', 'event_time') t (type)
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_rows IS 'SQL for the events of a source: lead_id, at (an instant), type, source, campaign, channel, asset.';

CREATE FUNCTION lead_scoring_internal.event_log(model text, settings jsonb, VARIADIC named text[] DEFAULT '{}')
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sources jsonb[];
    source jsonb;
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time, bound.event_campaign);
    source := jsonb_build_object('name', 'events', 'events', bound.events, 'event_lead', bound.event_lead, 'event_type', bound.event_type, 'event_time', bound.event_time,
        'event_campaign', bound.event_campaign, 'time_zone', coalesce(settings ->> 'time_zone', bound.time_zone),
        'channel', lead_scoring_internal.report_key(bound.events, CASE WHEN 'channel' = ANY (named) THEN coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)) END, 'event_channel'),
        'asset', lead_scoring_internal.report_key(bound.events, CASE WHEN 'asset' = ANY (named) THEN settings ->> 'event_asset' END, 'event_asset'));
    sources := ARRAY[source];
    -- One table whose times are instants is read as it is, by its indexes too.
    IF cardinality(sources) = 1 AND lead_scoring_internal.plain_type(bound.events, bound.event_time, 'event_time') = 'timestamp with time zone' THEN
        RETURN jsonb_build_object('rows', format('%s e', bound.events), 'lead', bound.event_lead, 'time', bound.event_time, 'type', bound.event_type,
            'campaign', 'nullif(e.' || quote_ident(bound.event_campaign) || '::text, '''')', 'channel', source ->> 'channel', 'asset', source ->> 'asset');
    END IF;
    RETURN (
        SELECT jsonb_build_object('rows', format('(%s) e', string_agg(lead_scoring_internal.source_rows(s.source, lead_scoring_internal.key_type(model)), ' UNION ALL ' ORDER BY s.place)),
            'lead', 'lead_id', 'time', 'at', 'type', 'type', 'campaign', CASE WHEN count(s.source ->> 'event_campaign') > 0 THEN 'e.campaign' END,
            'channel', CASE WHEN count(s.source ->> 'channel') > 0 THEN 'e.channel' END, 'asset', CASE WHEN count(s.source ->> 'asset') > 0 THEN 'e.asset' END)
          FROM unnest(sources) WITH ORDINALITY s (source, place));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_log IS 'All events of a model, for a report that is told these settings: "rows", what stands behind FROM to read them as e, "lead", "time" and "type", the columns of e that have the key, the instant and the type, and "campaign" and, where they are asked for, "channel" and "asset", SQL over e, NULL where no event names one. The channel is the campaign where nothing else is said. Raises what check_columns and check_expression raise where a table has changed.';

CREATE FUNCTION lead_scoring_internal.report_settings_updated() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_report_settings_updated';
COMMENT ON FUNCTION lead_scoring_internal.report_settings_updated IS 'Trigger of report_settings: raises 55000 when an UPDATE is over and there is no row, which it could only leave out.';

-- The leads that reports count, each once, with when it came and reached each stage.
CREATE FUNCTION lead_scoring_internal.remembers(remembering bigint)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('(s.version = %s AND s.memory IS NOT NULL) IS TRUE', remembering) WHERE remembering IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.remembers IS 'SQL for whether a row s of scores has a memory by that version; NULL where there is none.';
DROP FUNCTION lead_scoring_internal.own_log(model text, remembering bigint);

CREATE OR REPLACE FUNCTION lead_scoring_internal.own_log(event_log jsonb, remembering bigint)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('remembers', lead_scoring_internal.remembers(remembering), 'time', event_log ->> 'time',
    'of_lead', lead_scoring_internal.fill('{!rows} WHERE e.{lead} = s.lead_id AND e.{time} > ''-infinity'' AND e.{time} < ''infinity''',
        jsonb_build_object('rows', event_log ->> 'rows', 'lead', event_log ->> 'lead', 'time', event_log ->> 'time')))
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
    own_log := lead_scoring_internal.own_log(log, remembering);
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
        lead_scoring_internal.own_log(log, NULL), jsonb_build_object('channel', coalesce(log ->> 'channel', 'NULL'), 'asset', coalesce(log ->> 'asset', 'NULL')));
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

CREATE OR REPLACE FUNCTION lead_scoring_internal.event_types_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings);
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH settings AS (
            SELECT $1 + LEAST(s.future_tolerance, interval '100000 days') AS horizon FROM {model}.settings s
        ), came AS (
            SELECT e.{type}::text AS type, count(*) AS events, max(e.{time}) FILTER (WHERE e.{time} <= $1 AND isfinite(e.{time})) AS last_at,
                   count(*) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waiting, max(e.{time}) FILTER (WHERE e.{time} > s.horizon AND isfinite(e.{time})) AS waits_until
              FROM {!rows} CROSS JOIN settings s GROUP BY e.{type}
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
        $query$, jsonb_build_object('model', model, 'type', log ->> 'type', 'time', log ->> 'time', 'rows', log ->> 'rows'));
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

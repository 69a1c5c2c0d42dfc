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

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

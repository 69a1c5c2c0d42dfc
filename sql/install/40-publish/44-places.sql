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

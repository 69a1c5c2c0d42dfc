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

CREATE FUNCTION lead_scoring_internal.draft_differs(model text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    published CONSTANT jsonb := lead_scoring_internal.newest_definition(model);
BEGIN
    RETURN published IS NOT NULL AND EXISTS (SELECT FROM lead_scoring_internal.differences(published, lead_scoring_internal.draft_definition(model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_differs IS 'Whether the draft, as it is typed, says something else than the current version; false where nothing is published. Nothing is compiled.';

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


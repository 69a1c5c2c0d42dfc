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

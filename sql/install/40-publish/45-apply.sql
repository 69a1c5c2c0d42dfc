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

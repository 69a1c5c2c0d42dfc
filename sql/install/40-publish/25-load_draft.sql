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

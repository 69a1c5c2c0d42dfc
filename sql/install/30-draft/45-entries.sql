-- Entries: further ways into stages. What they require of rules and bands is checked with the stages.

CREATE FUNCTION lead_scoring_internal.rows_of(model text, relation text)
RETURNS SETOF jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = model AND c.relname = relation AND c.relkind IN ('r', 'p')) THEN
        RETURN QUERY EXECUTE format('SELECT to_jsonb(d) FROM ONLY %I.%I d', model, relation);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.rows_of IS 'The rows of a table of the draft that models of an older format do not have: they have no rows.';

CREATE FUNCTION lead_scoring_internal.check_entries(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT e.item ->> ''name'' AS name, e.item ->> ''stage'' AS stage, s.name IS NULL AS is_lost, s.falls_below,
                           (e.item ->> ''min_score'')::numeric AS min_score, ARRAY(SELECT o.name FROM %1$I.stages o) AS stages
                      FROM lead_scoring_internal.rows_of($1, ''entries'') e (item) LEFT JOIN %1$I.stages s ON s.name = e.item ->> ''stage''
                     WHERE s.name IS NULL OR s.falls_below > (e.item ->> ''min_score'')::numeric
                        OR s.kind = ''detour'' AND jsonb_strip_nulls(e.item) ?| ''{min_score,min_engagement,min_fit,grades,requires}''
                     ORDER BY e.item ->> ''name'' COLLATE "C" LIMIT 1', model) INTO wrong USING model;
    IF wrong.name IS NULL THEN
        RETURN;
    ELSIF wrong.is_lost THEN
        PERFORM lead_scoring_internal.fail('42704', format('stage "%s" of entry "%s" does not exist', wrong.stage, wrong.name),
            format('The stages of model "%s" are the rows of %I.stages.', model, model),
            format('SELECT lead_scoring.add_stage(%L, %L);', model, wrong.stage) || lead_scoring_internal.perhaps(wrong.stage, wrong.stages));
    ELSIF wrong.falls_below > wrong.min_score THEN
        PERFORM lead_scoring_internal.fail('22023', format('min_score of entry "%s" is under falls_below of stage "%s"', wrong.name, wrong.stage),
            format('A lead that it lets in with %s points would fall back under %s.', wrong.min_score, wrong.falls_below),
            format('Pass min_score => %s.', wrong.falls_below));
    END IF;
    PERFORM lead_scoring_internal.fail('22023', format('entry "%s" has thresholds, and stage "%s" is a detour', wrong.name, wrong.stage),
        'A detour is entered by event, time or hand only.', 'Leave out min_score, min_engagement, min_fit, grades and requires, and pass on_event => ''disqualified''.');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_entries IS 'Raises when an entry of the draft does not fit its stage: 42704 where this is not there, 22023 where it would fall back at once, or is a detour and the entry has thresholds.';

CREATE FUNCTION lead_scoring_internal.draft_entries(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN count(*) = 0 THEN '{}' ELSE jsonb_build_object('format', 2, 'entries',
           jsonb_agg(lead_scoring_internal.with_source(s.list, lead_scoring_internal.compile_row('entries', NULL, e.item)))) END
  FROM lead_scoring_internal.rows_of(model, 'entries') e (item) CROSS JOIN (SELECT lead_scoring_internal.source_list(model)) s (list)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_entries IS 'What the next version says of entries, as a part of its definition, with expressions as they are typed; empty where there are none.';

CREATE FUNCTION lead_scoring_internal.compile_entries(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sources jsonb;
    source jsonb;
    e record;
    entries jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.check_entries(model);
    FOR e IN EXECUTE format('SELECT e.item ->> ''name'' AS name, e.item FROM lead_scoring_internal.rows_of($1, ''entries'') e (item)
                              LEFT JOIN %I.stages s ON s.name = e.item ->> ''stage'' ORDER BY s.rank, s.name COLLATE "C", e.item ->> ''name'' COLLATE "C"', model) USING model LOOP
        sources := coalesce(sources, lead_scoring_internal.source_list(model));
        source := CASE WHEN e.item ->> 'on_event' IS NOT NULL
                       THEN lead_scoring_internal.resolve_source(model, sources, e.item ->> 'on_event_source', e.item ->> 'on_event', 'on_event_source', format('entry "%s"', e.name)) END;
        entries := entries || lead_scoring_internal.with_source(sources, lead_scoring_internal.compile_row('entries', format('entry "%s"', e.name), e.item, NULL,
            (source ->> 'events')::oid::regclass, source ->> 'event_type'));
    END LOOP;
    RETURN CASE WHEN entries = '{}' THEN '{}' ELSE jsonb_build_object('format', 2, 'entries', lead_scoring_internal.with_ids(model, 'entries', to_jsonb(entries))) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_entries IS 'Checks the entries of the draft, and returns what a version says of them: an object with the list, by the ranks of their stages and by name, or an empty one.';

CREATE FUNCTION lead_scoring.add_entry(
    model text,
    name text,
    stage text,
    min_score numeric DEFAULT NULL,
    on_event text DEFAULT NULL,
    on_event_condition text DEFAULT NULL,
    requires jsonb DEFAULT NULL,
    grades text[] DEFAULT NULL,
    min_engagement numeric DEFAULT NULL,
    min_fit numeric DEFAULT NULL,
    on_event_source text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_entry(
    model text,
    name text,
    stage text,
    min_score numeric,
    on_event text,
    on_event_condition text,
    requires jsonb,
    grades text[],
    min_engagement numeric,
    min_fit numeric,
    on_event_source text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'entries',
        jsonb_build_object('name', name, 'stage', stage, 'min_score', min_score, 'min_engagement', min_engagement, 'min_fit', min_fit,
            'grades', grades, 'requires', requires, 'on_event', on_event, 'on_event_condition', on_event_condition, 'on_event_source', on_event_source));
    PERFORM lead_scoring_internal.check_stages(model), lead_scoring_internal.compile_entries(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_entry IS 'Implements lead_scoring.add_entry, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_entry IS
'Adds a further way into a stage to the draft: a stage is entered by its own conditions or event, or by those of any of its entries. min_score, min_engagement, min_fit (points), grades and requires of one entry must all hold; on_event, with on_event_condition and on_event_source, moves a lead to the stage at once, as that of add_stage() does. Column "entry" of the model''s transitions tells by which a lead came: the stage itself (NULL) where its own conditions hold, else the first entry by name. falls_below, cooldown, within and all else is the stage''s. Effective with the next publish. A model of an older format is upgraded.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, where it asks for nothing, for thresholds into a detour or a min_score under the stage''s falls_below; 22004 for a NULL where there must be none; 42704 for an unknown stage or a rule in requires, 22023 for a grade that cannot occur, and for on_event_condition what check_expression() raises.';

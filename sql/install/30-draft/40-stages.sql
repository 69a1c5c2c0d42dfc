-- Stages: the draft table, its checks, and the function that fills it.

CREATE FUNCTION lead_scoring_internal.check_stages(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    -- What asks for rules and grades: stages, by rank, and entries.
    ways CONSTANT text := format('(SELECT format(''stage "%%s"'', s.name) AS subject, s.name, s.rank, s.requires, s.grades FROM %I.stages s
        UNION ALL SELECT format(''entry "%%s"'', e.item ->> ''name''), e.item ->> ''name'', NULL, nullif(e.item -> ''requires'', ''null''), CASE jsonb_typeof(e.item -> ''grades'') WHEN ''array'' THEN ARRAY(SELECT jsonb_array_elements_text(e.item -> ''grades'')) END
          FROM lead_scoring_internal.rows_of(%L, ''entries'') e (item))', model, model);
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT count(*) = 0 AS none FROM %I.stages s WHERE s.kind = ''progress''', model) INTO found;
    IF found.none THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" has no progress stage', model), 'Every lead starts in the lowest one.',
            format('SELECT lead_scoring.add_stage(%L, ''lead'', rank => 0);', model));
    END IF;

    EXECUTE format('SELECT * FROM (SELECT s.name, lead(s.name) OVER (PARTITION BY s.rank ORDER BY s.name COLLATE "C") AS other, s.rank
                                     FROM %1$I.stages s WHERE s.kind = ''progress'') s
                     WHERE s.other IS NOT NULL ORDER BY s.rank, s.name COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('stages "%s" and "%s" both have rank %s', found.name, found.other, found.rank),
            'Leads move up by rank, so each progress stage has one of its own.', 'Give one of them another rank, or leave rank out to come last.');
    END IF;

    EXECUTE format('SELECT s.name, s.timeout_stage, ARRAY(SELECT o.name FROM %1$I.stages o WHERE o.name <> s.name) AS others FROM %1$I.stages s
                     WHERE s.timeout_stage IS NOT NULL AND NOT EXISTS (SELECT FROM %1$I.stages o WHERE o.name = s.timeout_stage)
                     ORDER BY s.rank, s.name COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('timeout_stage "%s" of stage "%s" does not exist', found.timeout_stage, found.name),
            format('The stages of model "%s" are the rows of %I.stages.', model, model),
            format('SELECT lead_scoring.add_stage(%L, %L, kind => ''detour'');', model, found.timeout_stage)
                || lead_scoring_internal.perhaps(found.timeout_stage, found.others));
    END IF;

    EXECUTE format($query$SELECT s.name, d.key AS field, d.value AS target, ARRAY(SELECT o.name FROM %1$I.stages o WHERE o.name <> s.name) AS others
                     FROM %1$I.stages s, jsonb_each_text(to_jsonb(s)) d WHERE d.key IN ('accepted_stage', 'rejected_stage') AND NOT EXISTS (SELECT FROM %1$I.stages o WHERE o.name = d.value)
                      AND d.value IS NOT NULL ORDER BY s.rank, s.name COLLATE "C", d.key LIMIT 1$query$, model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('%s "%s" of stage "%s" does not exist', found.field, found.target, found.name),
            format('The stages of model "%s" are the rows of %I.stages.', model, model),
            format('SELECT lead_scoring.add_stage(%L, %L);', model, found.target) || lead_scoring_internal.perhaps(found.target, found.others));
    END IF;

    EXECUTE format('SELECT s.subject AS name, q.rule, ARRAY(SELECT r.name FROM %1$I.rules r) AS rules FROM %2$s s, jsonb_object_keys(s.requires) q (rule)
                     WHERE NOT EXISTS (SELECT FROM %1$I.rules r WHERE r.name = q.rule)
                     ORDER BY s.rank, s.name COLLATE "C", q.rule COLLATE "C" LIMIT 1', model, ways) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42704', format('%s requires rule "%s", which does not exist', found.name, found.rule),
            'No lead could ever reach the stage by its score.', format('SELECT name FROM %I.rules;', model) || lead_scoring_internal.perhaps(found.rule, found.rules));
    END IF;

    EXECUTE format('SELECT s.subject AS name, q.rule FROM %2$s s, jsonb_object_keys(s.requires) q (rule) JOIN %1$I.rules r ON r.name = q.rule
                     WHERE NOT lead_scoring_internal.is_enabled(to_jsonb(r)) ORDER BY s.rank, s.name COLLATE "C", q.rule COLLATE "C" LIMIT 1', model, ways) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('55000', format('%s requires rule "%s", which is disabled', found.name, found.rule),
            'No lead could ever reach the stage by its score.', format('UPDATE %I.rules SET enabled = true WHERE name = %L;  -- or take it out of requires', model, found.rule));
    END IF;

    EXECUTE format('SELECT s.name, q.key AS rule FROM %1$I.stages s, jsonb_each_text(s.requires) q JOIN %1$I.rules r ON r.name = q.key
                     WHERE q.value::numeric > 1 AND num_nonnulls(to_jsonb(r) ->> ''at_least'', to_jsonb(r) ->> ''quiet_for'') > 0 ORDER BY s.rank, s.name COLLATE "C", q.key COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('stage "%s" requires rule "%s" more than once', found.name, found.rule),
            'A rule with at_least or quiet_for counts as matched once, while it gives its points.',
            format('UPDATE %1$I.stages SET requires = requires || %2$L WHERE name = %3$L;', model, jsonb_build_object(found.rule, 1), found.name));
    END IF;

    -- An axis without bands adds nothing to a grade; without any bands there are no grades.
    EXECUTE format('SELECT s.subject AS name, q.grade, (SELECT count(*) FROM %1$I.bands) AS bands
                      FROM %2$s s, unnest(s.grades) q (grade)
                     WHERE NOT EXISTS (
                           SELECT FROM (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''fit''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''fit'')) f (label),
                                       (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''engagement''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''engagement'')) e (label)
                            WHERE f.label || e.label = q.grade AND q.grade <> '''')
                     ORDER BY s.rank, s.name COLLATE "C", q.grade COLLATE "C" LIMIT 1', model, ways) INTO found;
    IF found.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('grade "%s" of %s cannot occur', found.grade, found.name),
            CASE WHEN found.bands = 0 THEN 'The model has no bands, and so no grades.'
                 ELSE 'A grade is a label of fit followed by a label of engagement.' END,
            CASE WHEN found.bands = 0 THEN format('SELECT lead_scoring.add_band(%L, ''fit'', ''A'', 40);', model)
                 ELSE format('SELECT * FROM %I.bands;', model) END);
    END IF;
    PERFORM lead_scoring_internal.check_calendar(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_stages IS 'Raises when the stages of the draft do not fit each other, or they or entries the rules or the bands, or, as check_calendar does, the calendar: none of kind progress, or a disabled rule in requires (55000), a rank twice, a rule of frequency or silence required more than once, or a grade that cannot occur (22023), an unknown stage or rule (42704).';

CREATE FUNCTION lead_scoring_internal.stage_exit(name text, kind text, exit text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN kind = 'detour' THEN coalesce(exit, CASE WHEN name = 'disqualified' THEN 'hand' ELSE 'score' END) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_exit IS 'How a stage is left, where it is a detour; NULL for any other.';

CREATE FUNCTION lead_scoring_internal.with_hand_off(stage jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT stage - ARRAY(SELECT e.key FROM jsonb_each(stage) e WHERE e.key IN ('hand_off', 'accepted_stage', 'rejected_stage', 'max_attempts', 'hand_off_max_age') AND e.value IN ('null', 'false'))
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_hand_off IS 'A stage as a version holds it: what it says of hand-offs, where it says anything.';

CREATE FUNCTION lead_scoring_internal.compile_stages(model text, only_stage text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    s record;
    sources CONSTANT jsonb := lead_scoring_internal.source_list(model);
    source jsonb;
    stages jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.check_stages(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR s IN EXECUTE format('SELECT s.name, s.kind, s.exit, to_jsonb(s) AS draft_row FROM %I.stages s
                              WHERE $1 IS NULL OR s.name = $1 ORDER BY s.rank, s.name COLLATE "C"', model) USING only_stage LOOP
        source := CASE WHEN s.draft_row ->> 'on_event' IS NOT NULL
                       THEN lead_scoring_internal.resolve_source(model, sources, s.draft_row ->> 'on_event_source', s.draft_row ->> 'on_event', 'on_event_source', format('stage "%s"', s.name)) END;
        stages := stages || (lead_scoring_internal.with_hand_off(lead_scoring_internal.with_source(sources, lead_scoring_internal.compile_row('stages', format('stage "%s"', s.name), s.draft_row, bound.leads, (source ->> 'events')::oid::regclass, source ->> 'event_type')))
            || jsonb_build_object('exit', lead_scoring_internal.stage_exit(s.name, s.kind, s.exit)));
    END LOOP;
    RETURN to_jsonb(stages);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_stages IS 'Checks how the stages of the draft fit each other, and each by itself (or only_stage, for whoever adds one after the other), and returns these as a version holds them, by rank, the exit of each detour resolved.';

CREATE FUNCTION lead_scoring.add_stage(
    model text,
    name text,
    min_score numeric DEFAULT NULL,
    on_event text DEFAULT NULL,
    on_event_condition text DEFAULT NULL,
    requires jsonb DEFAULT NULL,
    grades text[] DEFAULT NULL,
    min_engagement numeric DEFAULT NULL,
    min_fit numeric DEFAULT NULL,
    falls_below numeric DEFAULT NULL,
    within interval DEFAULT NULL,
    timeout_stage text DEFAULT NULL,
    cooldown interval DEFAULT NULL,
    rank integer DEFAULT NULL,
    kind text DEFAULT 'progress',
    exit text DEFAULT NULL,
    counts_as text DEFAULT NULL,
    on_event_source text DEFAULT NULL,
    working_time boolean DEFAULT false,
    hand_off boolean DEFAULT false,
    accepted_stage text DEFAULT NULL,
    rejected_stage text DEFAULT NULL,
    max_attempts integer DEFAULT NULL,
    hand_off_max_age interval DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_stage(
    model text,
    name text,
    min_score numeric,
    on_event text,
    on_event_condition text,
    requires jsonb,
    grades text[],
    min_engagement numeric,
    min_fit numeric,
    falls_below numeric,
    within interval,
    timeout_stage text,
    cooldown interval,
    rank integer,
    kind text,
    exit text,
    counts_as text,
    on_event_source text,
    working_time boolean,
    hand_off boolean,
    accepted_stage text,
    rejected_stage text,
    max_attempts integer,
    hand_off_max_age interval)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'stages',
        jsonb_build_object('name', name, 'rank', rank, 'kind', kind, 'min_score', min_score, 'min_engagement', min_engagement,
            'min_fit', min_fit, 'grades', grades, 'requires', requires, 'on_event', on_event,
            'on_event_condition', on_event_condition, 'falls_below', falls_below, 'within', within,
            'timeout_stage', timeout_stage, 'cooldown', cooldown, 'exit', exit, 'counts_as', counts_as)
        || CASE WHEN on_event_source IS NULL THEN '{}' ELSE jsonb_build_object('on_event_source', on_event_source) END
        || CASE WHEN working_time IS NOT DISTINCT FROM false THEN '{}' ELSE jsonb_build_object('working_time', working_time) END
        || lead_scoring_internal.with_hand_off(jsonb_build_object('hand_off', hand_off, 'accepted_stage', accepted_stage, 'rejected_stage', rejected_stage, 'max_attempts', max_attempts,
            'hand_off_max_age', hand_off_max_age)));
    PERFORM lead_scoring_internal.compile_stages(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_stage IS 'Implements lead_scoring.add_stage, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_stage IS
'Adds a stage to the draft; rank defaults to 10 above the highest. A progress stage is entered when min_score, min_engagement, min_fit (points), grades and requires (rules and how often they must have matched) all hold; without any of them only by event, time or hand, as a detour is.
on_event, with on_event_condition, moves a lead here at once; on_event_source is the source of such events, by default as with add_rule. Under falls_below points it falls back. A lead that has not moved on within the interval goes to timeout_stage. With working_time the interval counts in the hours of set_calendar(), and a day of it is a working day. cooldown is the least time after entering before it may enter again. exit says how a detour is left: score or hand. counts_as is what reports and status columns take the stage for (mql, sal, sql, opportunity, customer), by default what its name says. hand_off puts a row on the model''s table handoffs with each entry, for claim_handoffs(), which delivers it max_attempts times at the most (by default 5), unless the move is older than hand_off_max_age (by default 7 days) when it is recorded; decide_handoff() moves a lead to accepted_stage or rejected_stage. Effective with the next publish.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none; 42704 for an unknown timeout_stage or a rule in requires, 55000 for working_time without a calendar, 22023 for a grade that cannot occur or a rank that is taken, and for on_event_condition what check_expression() raises.';

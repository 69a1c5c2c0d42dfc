-- Stages: the draft table, its checks, and the function that fills it.

CREATE FUNCTION lead_scoring.make_stages(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- A stage's name makes the column <name>_at, next to scored_at and due_at.
    EXECUTE format($ddl$
        CREATE TABLE %1$I.stages (
            name               text,
            rank               integer NOT NULL,
            kind               text NOT NULL DEFAULT 'progress',
            min_score          numeric,
            min_engagement     numeric,
            min_fit            numeric,
            grades             text[],
            requires           jsonb,
            on_event           text,
            on_event_condition text,
            falls_below        numeric,
            within             interval,
            timeout_stage      text,
            cooldown           interval,
            exit               text,
            CONSTRAINT stages_pkey PRIMARY KEY (name),
            CONSTRAINT stages_name CHECK (octet_length(name) >= 1 AND octet_length(name) <= 60 AND name NOT IN ('scored', 'due', 'stage')),
            CONSTRAINT stages_kind CHECK (kind IN ('progress', 'detour')),
            CONSTRAINT stages_bounds CHECK (lead_scoring.is_bound(min_score) AND lead_scoring.is_bound(min_engagement)
                AND lead_scoring.is_bound(min_fit) AND lead_scoring.is_bound(falls_below)),
            CONSTRAINT stages_grades CHECK (cardinality(grades) > 0 AND array_position(grades, NULL) IS NULL),
            CONSTRAINT stages_requires CHECK (jsonb_typeof(requires) = 'object' AND requires <> '{}' AND NOT jsonb_path_exists(requires,
                'strict $.* ? (@.type() != "number" || @ < 1 || @ > 1000000000 || @.floor() != @)')),
            CONSTRAINT stages_thresholds CHECK (kind = 'progress'
                OR num_nonnulls(min_score, min_engagement, min_fit, grades, requires, falls_below) = 0),
            CONSTRAINT stages_on_event CHECK (on_event_condition IS NULL OR on_event IS NOT NULL),
            CONSTRAINT stages_falls_below CHECK (falls_below <= min_score),
            CONSTRAINT stages_within_span CHECK (lead_scoring.is_span(within)),
            CONSTRAINT stages_timeout CHECK ((within IS NULL) = (timeout_stage IS NULL) AND (timeout_stage <> name) IS NOT FALSE),
            CONSTRAINT stages_cooldown_span CHECK (lead_scoring.is_span(cooldown)),
            CONSTRAINT stages_exit CHECK (exit IS NULL OR kind = 'detour' AND exit IN ('score', 'hand'))
        );
        CREATE TRIGGER stages_valid AFTER INSERT OR UPDATE OR DELETE ON %1$I.stages
            FOR EACH ROW EXECUTE FUNCTION lead_scoring.draft_changed();
        $ddl$, model);
    PERFORM lead_scoring.describe(format('%I.stages', model)::regclass,
        'Draft: where a lead can stand. It enters the highest progress stage whose conditions all hold.',
        '{"name": "Name of the stage.",
          "rank": "Order of the stages, lowest first; each progress stage has a rank of its own.",
          "kind": "progress, entered upwards by rank, or detour, entered by event, time or hand only.",
          "min_score": "Least score, in points; NULL for any.",
          "min_engagement": "Least engagement, in points; NULL for any.",
          "min_fit": "Least fit, in points; NULL for any.",
          "grades": "Grades that qualify; NULL for any.",
          "requires": "Rules that must have matched, with how often at least: {\"webinar\": 1}.",
          "on_event": "Type of the events that move a lead here at once, whatever its score.",
          "on_event_condition": "SQL boolean expression over the row of such an event; NULL for all of them.",
          "falls_below": "The lead falls back when its score decays under this, in points; never above min_score.",
          "within": "A lead that has not moved on within this goes to timeout_stage.",
          "timeout_stage": "Stage for the leads that have not moved on in time.",
          "cooldown": "Least time after entering before the same lead enters again.",
          "exit": "How a detour is left: by score or by hand; NULL for by hand if it is called disqualified, else by score."}');
END
$$;
COMMENT ON FUNCTION lead_scoring.make_stages IS 'Creates the draft table "stages" of a new model, with its constraints and trigger.';

CREATE FUNCTION lead_scoring.check_stages(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT count(*) = 0 AS none FROM %I.stages s WHERE s.kind = ''progress''', model) INTO found;
    IF found.none THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('model "%s" has no progress stage', model),
            DETAIL = 'Every lead starts in the lowest one.',
            HINT = format('SELECT lead_scoring.add_stage(%L, ''lead'', rank => 0).', model);
    END IF;

    EXECUTE format('SELECT * FROM (SELECT s.name, lead(s.name) OVER (PARTITION BY s.rank ORDER BY s.name COLLATE "C") AS other, s.rank
                                     FROM %1$I.stages s WHERE s.kind = ''progress'') s
                     WHERE s.other IS NOT NULL ORDER BY s.rank, s.name COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('stages "%s" and "%s" both have rank %s', found.name, found.other, found.rank),
            DETAIL = 'Leads move up by rank, so each progress stage has one of its own.',
            HINT = format('UPDATE %I.stages, or leave rank out to come last.', model);
    END IF;

    EXECUTE format('SELECT s.name, s.timeout_stage FROM %1$I.stages s
                     WHERE s.timeout_stage IS NOT NULL AND NOT EXISTS (SELECT FROM %1$I.stages o WHERE o.name = s.timeout_stage)
                     ORDER BY s.rank, s.name COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('timeout_stage "%s" of stage "%s" does not exist', found.timeout_stage, found.name),
            DETAIL = format('The stages of model "%s" are the rows of %I.stages.', model, model),
            HINT = format('SELECT lead_scoring.add_stage(%L, %L, kind => ''detour'') first, or in the same transaction by INSERT.',
                          model, found.timeout_stage);
    END IF;

    EXECUTE format('SELECT s.name, q.rule FROM %1$I.stages s, jsonb_object_keys(s.requires) q (rule)
                     WHERE NOT EXISTS (SELECT FROM %1$I.rules r WHERE r.name = q.rule)
                     ORDER BY s.rank, s.name COLLATE "C", q.rule COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('stage "%s" requires rule "%s", which does not exist', found.name, found.rule),
            DETAIL = 'No lead could ever reach the stage by its score.',
            HINT = format('SELECT name FROM %I.rules lists the rules.', model);
    END IF;

    -- An axis without bands adds nothing to a grade; without any bands there are no grades.
    EXECUTE format('SELECT s.name, q.grade, (SELECT count(*) FROM %1$I.bands) AS bands
                      FROM %1$I.stages s, unnest(s.grades) q (grade)
                     WHERE NOT EXISTS (
                           SELECT FROM (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''fit''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''fit'')) f (label),
                                       (SELECT b.label FROM %1$I.bands b WHERE b.axis = ''engagement''
                                        UNION ALL SELECT '''' WHERE NOT EXISTS (SELECT FROM %1$I.bands b WHERE b.axis = ''engagement'')) e (label)
                            WHERE f.label || e.label = q.grade AND q.grade <> '''')
                     ORDER BY s.rank, s.name COLLATE "C", q.grade COLLATE "C" LIMIT 1', model) INTO found;
    IF found.name IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('grade "%s" of stage "%s" cannot occur', found.grade, found.name),
            DETAIL = CASE WHEN found.bands = 0 THEN 'The model has no bands, and so no grades.'
                          ELSE 'A grade is a label of fit followed by a label of engagement.' END,
            HINT = format('SELECT lead_scoring.add_band(%L, ''fit'', ''A'', 40) adds a band; SELECT * FROM %I.bands lists them.', model, model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_stages IS 'Raises when the stages of the draft do not fit each other, the rules or the bands: none of kind progress (55000), a rank twice or a grade that cannot occur (22023), an unknown stage or rule (42704).';

CREATE FUNCTION lead_scoring.compile_stages(model text, only_stage text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    s record;
    subject text;
    stages jsonb := '[]';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring.check_stages(model);
    SELECT * INTO bound FROM lead_scoring.binding(model);
    FOR s IN EXECUTE format('SELECT s.* FROM %I.stages s WHERE $1 IS NULL OR s.name = $1 ORDER BY s.rank, s.name COLLATE "C"', model) USING only_stage LOOP
        subject := format('stage "%s"', s.name);
        IF s.on_event IS NOT NULL THEN
            PERFORM lead_scoring.check_event_type(bound.events, bound.event_type, s.on_event, subject);
        END IF;
        stages := stages || jsonb_build_array(to_jsonb(s) || jsonb_build_object(
            'on_event_condition', lead_scoring.compile_expression(bound.events, s.on_event_condition, 'condition',
                                                                  'on_event_condition of ' || subject),
            'within', lead_scoring.seconds(s.within),
            'cooldown', lead_scoring.seconds(s.cooldown),
            'exit', CASE WHEN s.kind = 'detour' THEN coalesce(s.exit, CASE WHEN s.name = 'disqualified' THEN 'hand' ELSE 'score' END) END,
            'typed', jsonb_build_object('on_event_condition', s.on_event_condition)));
    END LOOP;
    RETURN stages;
END
$$;
COMMENT ON FUNCTION lead_scoring.compile_stages IS 'Checks how the stages of the draft fit each other, and each by itself (or only_stage, for whoever adds one after the other), and returns these as a version holds them, by rank: expressions deparsed, with the text as typed beside them, intervals in seconds, the exit of each detour resolved.';

CREATE FUNCTION lead_scoring.add_stage(
    model text,
    name text,
    rank integer DEFAULT NULL,
    kind text DEFAULT 'progress',
    min_score numeric DEFAULT NULL,
    min_engagement numeric DEFAULT NULL,
    min_fit numeric DEFAULT NULL,
    grades text[] DEFAULT NULL,
    requires jsonb DEFAULT NULL,
    on_event text DEFAULT NULL,
    on_event_condition text DEFAULT NULL,
    falls_below numeric DEFAULT NULL,
    within interval DEFAULT NULL,
    timeout_stage text DEFAULT NULL,
    cooldown interval DEFAULT NULL,
    exit text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_stage(
    model text,
    name text,
    rank integer,
    kind text,
    min_score numeric,
    min_engagement numeric,
    min_fit numeric,
    grades text[],
    requires jsonb,
    on_event text,
    on_event_condition text,
    falls_below numeric,
    within interval,
    timeout_stage text,
    cooldown interval,
    exit text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF rank IS NULL THEN
        EXECUTE format('SELECT coalesce(max(s.rank) + 10, 0) FROM %I.stages s', model) INTO rank;
    END IF;
    PERFORM lead_scoring.insert_draft_row(model, format('stage "%s"', name), 'stages', jsonb_build_object(
        'name', name, 'rank', rank, 'kind', kind, 'min_score', min_score, 'min_engagement', min_engagement,
        'min_fit', min_fit, 'grades', grades, 'requires', requires, 'on_event', on_event,
        'on_event_condition', on_event_condition, 'falls_below', falls_below, 'within', within,
        'timeout_stage', timeout_stage, 'cooldown', cooldown, 'exit', exit));
    PERFORM lead_scoring.compile_stages(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_stage IS 'Implements lead_scoring.add_stage, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_stage IS
'Adds a stage to the draft; rank defaults to 10 above the highest. A progress stage is entered when min_score, min_engagement, min_fit (points), grades and requires (rules and how often they must have matched) all hold; without any of them only by event, time or hand, as a detour is.
on_event, with on_event_condition, moves a lead here at once. Under falls_below points it falls back. A lead that has not moved on within the interval goes to timeout_stage. cooldown is the least time after entering before it may enter again. exit says how a detour is left: score or hand. Effective with the next publish.';

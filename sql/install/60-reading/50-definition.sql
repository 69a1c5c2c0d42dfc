-- What a version says, in sentences that marketing and sales can sign.

CREATE FUNCTION lead_scoring_internal.span_text(seconds numeric)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(string_agg(format('%s %s%s', trim_scale(u.n), u.unit, CASE WHEN u.n <> 1 THEN 's' END), ' ' ORDER BY u.place), '0 seconds')
  FROM (VALUES (1, 'day', div(seconds, 86400)), (2, 'hour', div(mod(seconds, 86400), 3600)),
               (3, 'minute', div(mod(seconds, 3600), 60)), (4, 'second', mod(seconds, 60))) u (place, unit, n)
 WHERE u.n <> 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.span_text IS 'A length of time in words, a day being 86400 seconds: 1 day 12 hours.';

CREATE FUNCTION lead_scoring_internal.points_text(points numeric)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT trim_scale(points) || CASE WHEN abs(points) = 1 THEN ' point' ELSE ' points' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.points_text IS 'A number of points in words.';

CREATE FUNCTION lead_scoring_internal.bounds_text(item jsonb, lower_name text, upper_name text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT nullif(concat_ws(' and ', 'never below ' || lead_scoring_internal.points_text((item ->> lower_name)::numeric),
                                 'never above ' || lead_scoring_internal.points_text((item ->> upper_name)::numeric)), '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.bounds_text IS 'Floor and ceiling of a part of a definition, which are its fields of those names, in words; NULL where it has neither.';

CREATE FUNCTION lead_scoring_internal.typed_text(item jsonb, field text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(item #>> ARRAY['typed', field], item ->> field)
$$;
COMMENT ON FUNCTION lead_scoring_internal.typed_text IS 'An expression of a part of a definition as it was typed; NULL for none.';

CREATE FUNCTION lead_scoring_internal.event_text(item jsonb, type_field text, condition_field text, source_field text, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN item ->> type_field = '*' AND type_field = 'event_type' THEN 'event of any type' ELSE format('event "%s"', item ->> type_field) END
       || CASE WHEN NOT several THEN '' WHEN item ->> source_field = '*' THEN ' of any source' ELSE format(' of source "%s"', coalesce(item ->> source_field, 'events')) END
       || coalesce(' where ' || lead_scoring_internal.typed_text(item, condition_field), '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.event_text IS 'Which events a rule or stage waits for, in words; the source is named where the model has several.';

CREATE FUNCTION lead_scoring_internal.decay_text(rule jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE rule ->> 'decay'
       WHEN 'exponential' THEN format('worth half after %s, a quarter after %s, and so on', lead_scoring_internal.span_text(s.half_life), lead_scoring_internal.span_text(2 * s.half_life))
       WHEN 'linear' THEN format('fading evenly to nothing within %s', lead_scoring_internal.span_text(s.lifespan))
       WHEN 'step' THEN format('losing %s %% of its full worth every %s', trim_scale(100 * (rule ->> 'drop')::numeric), lead_scoring_internal.span_text(s.step))
       WHEN 'window' THEN format('in full for %s, then nothing', lead_scoring_internal.span_text(s.lifespan))
       END
  FROM (SELECT (rule ->> 'half_life')::numeric, (rule ->> 'lifespan')::numeric, (rule ->> 'step')::numeric) s (half_life, lifespan, step)
$$;
COMMENT ON FUNCTION lead_scoring_internal.decay_text IS 'How the points of a rule fade, in words; NULL where they do not.';

CREATE FUNCTION lead_scoring_internal.limit_text(rule jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ', 'only the first', CASE rule ->> 'limit_count' WHEN '1' THEN 'one' ELSE rule ->> 'limit_count' END, CASE WHEN rule ->> 'limit_window' <> 'ever' THEN 'of each ' || (rule ->> 'limit_window') END,
           CASE rule ->> 'limit_count' WHEN '1' THEN 'counts' ELSE 'count' END) || coalesce(', for each value of ' || lead_scoring_internal.typed_text(rule, 'limit_key'), '')
 WHERE rule ->> 'limit_count' IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring_internal.limit_text IS 'How many events of a rule count, in words; NULL where all do.';

CREATE FUNCTION lead_scoring_internal.switch_text(rule jsonb, event text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN rule ->> 'quiet_for' IS NOT NULL THEN format(' while the latest %s is older than %s; if there was none, since the lead came', event, lead_scoring_internal.span_text((rule ->> 'quiet_for')::numeric))
            WHEN rule ->> 'keep' = 'true' THEN format(' as soon as there %s', f.frequency) || ', and from then on'
            ELSE format(' while there %s', f.frequency) END
  FROM (SELECT concat('were at least ', rule ->> 'at_least', CASE WHEN rule ->> 'distinct_key' IS NULL THEN ' ' || regexp_replace(event, '^event', 'events')
                                                           ELSE format(' different values of %s, each of an %s,', lead_scoring_internal.typed_text(rule, 'distinct_key'), event) END)
         WHERE rule ->> 'at_least' <> '1'
         UNION ALL
        SELECT concat('was at least 1 ', CASE WHEN rule ->> 'distinct_key' IS NULL THEN event ELSE format('value of %s, each of an %s,', lead_scoring_internal.typed_text(rule, 'distinct_key'), event) END)
         WHERE rule ->> 'at_least' = '1') n (counted)
 CROSS JOIN LATERAL concat(n.counted, ' within ' || lead_scoring_internal.span_text((rule ->> 'within')::numeric)) f (frequency)
 WHERE num_nonnulls(rule ->> 'at_least', rule ->> 'quiet_for') > 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.switch_text IS 'When a rule of frequency or silence gives its points, in words, "event" being what it waits for; NULL for any other rule.';

CREATE FUNCTION lead_scoring_internal.rule_sentence(rule jsonb, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('"%s" gives %s.', rule ->> 'name', concat_ws('; ',
           lead_scoring_internal.points_text((rule ->> 'points')::numeric)
           || coalesce(' times ' || lead_scoring_internal.typed_text(rule, 'per'), '')
           || coalesce(lead_scoring_internal.switch_text(rule, lead_scoring_internal.event_text(rule, 'event_type', 'condition', 'source', several)), ' for each ' || CASE WHEN rule ->> 'event_type' IS NOT NULL THEN lead_scoring_internal.event_text(rule, 'event_type', 'condition', 'source', several) END,
                       ' to a lead while ' || lead_scoring_internal.typed_text(rule, 'condition')),
           lead_scoring_internal.decay_text(rule),
           -- Other decays keep a sum, whatever it says; where it says what it does by default, nobody asked for it.
           CASE WHEN rule ->> 'decay' IN ('linear', 'step', 'window') AND rule ->> 'max_occurrences' <> '1000' THEN format('of those that still give points the latest %s count', rule ->> 'max_occurrences') END,
           lead_scoring_internal.limit_text(rule),
           'in all ' || lead_scoring_internal.bounds_text(rule, 'min_points', 'max_points')))
$$;
COMMENT ON FUNCTION lead_scoring_internal.rule_sentence IS 'A rule of a definition as a sentence; "several": the model has several sources.';

CREATE FUNCTION lead_scoring_internal.stage_conditions(stage jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(c.condition, ' and ' ORDER BY c.place)
  FROM (SELECT t.place, t.what || ' at least ' || lead_scoring_internal.points_text((stage ->> t.field)::numeric)
          FROM (VALUES (1, 'min_score', 'a score of'), (2, 'min_engagement', 'an engagement of'), (3, 'min_fit', 'a fit of')) t (place, field, what)
         UNION ALL
        SELECT 4, 'the grade ' || (SELECT string_agg(g.grade, ' or ' ORDER BY g.place) FROM jsonb_array_elements_text(nullif(stage -> 'grades', 'null')) WITH ORDINALITY g (grade, place))
         UNION ALL
        SELECT 5, format('"%s" at least %s', r.key, CASE r.value WHEN '1' THEN 'once' ELSE r.value || ' times' END)
          FROM jsonb_each_text(nullif(stage -> 'requires', 'null')) r) c (place, condition)
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_conditions IS 'What a lead must have for a stage, in words; NULL where no score leads there.';

CREATE FUNCTION lead_scoring_internal.hours_text(seconds numeric)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ', CASE h.hours WHEN 0 THEN NULL WHEN 1 THEN '1 hour' ELSE h.hours || ' hours' END, CASE WHEN seconds > 3600 * h.hours THEN lead_scoring_internal.span_text(seconds - 3600 * h.hours) END)
  FROM (SELECT div(seconds, 3600)) h (hours)
$$;
COMMENT ON FUNCTION lead_scoring_internal.hours_text IS 'A length of time in words, of hours that make no days: 30 hours 15 minutes.';

CREATE FUNCTION lead_scoring_internal.service_level_text(stage jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE jsonb_typeof(w.within) WHEN 'object' THEN concat_ws(' and ',
           CASE w.within ->> 'days' WHEN '0' THEN NULL WHEN '1' THEN '1 working day' ELSE (w.within ->> 'days') || ' working days' END,
           CASE w.within ->> 'seconds' WHEN '0' THEN NULL ELSE lead_scoring_internal.hours_text((w.within ->> 'seconds')::numeric) || ' of working time' END)
       WHEN 'number' THEN lead_scoring_internal.span_text((w.within #>> '{}')::numeric) END
  FROM (SELECT stage -> 'within') w (within)
$$;
COMMENT ON FUNCTION lead_scoring_internal.service_level_text IS 'The service level of a stage in words; NULL where it has none.';

CREATE FUNCTION lead_scoring_internal.hand_off_sentence(stage jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('Each entry is handed over to sales%s%s.',
              CASE WHEN stage ? 'hand_off_max_age' THEN ', unless it is older than ' || lead_scoring_internal.span_text((stage ->> 'hand_off_max_age')::numeric) END,
              CASE WHEN stage ? 'max_attempts' THEN format(', in %s attempts at the most', stage ->> 'max_attempts') END)
       || coalesce(' ' || nullif(concat_ws(' ', CASE WHEN stage ? 'accepted_stage' THEN format('A lead that they accept goes to "%s".', stage ->> 'accepted_stage') END, CASE WHEN stage ? 'rejected_stage' THEN format('One that they reject goes to "%s".', stage ->> 'rejected_stage') END), ''), '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.hand_off_sentence IS 'What a stage of a definition says of hand-offs, in sentences.';

CREATE FUNCTION lead_scoring_internal.stage_sentences(stage jsonb, first_stage text, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ',
    format('Stage "%s" (%s).', stage ->> 'name', concat_ws(', ', 'rank ' || (stage ->> 'rank'), CASE stage ->> 'kind' WHEN 'detour' THEN 'a detour' END,
           'counts as ' || (stage ->> 'counts_as'))),
    CASE WHEN stage ->> 'name' = first_stage THEN 'Every lead begins here.' END,
    'A lead comes here when it has ' || lead_scoring_internal.stage_conditions(stage) || '.',
    'Whatever its score, it comes here at once with an ' || CASE WHEN stage ->> 'on_event' IS NOT NULL THEN lead_scoring_internal.event_text(stage, 'on_event', 'on_event_condition', 'on_event_source', several) END || '.',
    'It falls back when its score sinks below ' || lead_scoring_internal.points_text((stage ->> 'falls_below')::numeric) || '.',
    'If it has not moved on within ' || lead_scoring_internal.service_level_text(stage) || format(' it goes to "%s".', stage ->> 'timeout_stage'),
    'It does not come here again within ' || lead_scoring_internal.span_text((stage ->> 'cooldown')::numeric) || '.',
    CASE WHEN stage ->> 'hand_off' = 'true' THEN lead_scoring_internal.hand_off_sentence(stage) END,
    CASE stage ->> 'exit' WHEN 'score' THEN 'It leaves when an event brings it to a stage that is no detour.' WHEN 'hand' THEN 'It leaves by hand only.' END)
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_sentences IS 'A stage of a definition in sentences; "several": the model has several sources.';

CREATE FUNCTION lead_scoring_internal.entry_sentences(entry jsonb, several boolean)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT concat_ws(' ', format('Entry "%s" of stage "%s".', entry ->> 'name', entry ->> 'stage'),
    'A lead comes there, too, when it has ' || lead_scoring_internal.stage_conditions(entry) || '.',
    'Whatever its score, it comes there at once with an ' || CASE WHEN entry ->> 'on_event' IS NOT NULL THEN lead_scoring_internal.event_text(entry, 'on_event', 'on_event_condition', 'on_event_source', several) END || '.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.entry_sentences IS 'An entry of a definition in sentences; "several": the model has several sources.';

CREATE FUNCTION lead_scoring_internal.touch_sentence(touch jsonb, source text, most text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('Touches of source "%s": %s%s.', source,
              coalesce(nullif(concat_ws(', ', 'channel is ' || (touch ->> 'channel'), 'asset is ' || (touch ->> 'asset'), 'campaign is ' || (touch ->> 'campaign')), ''), 'none'),
              '; of each lead the first and the latest ' || most || ' are remembered')
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_sentence IS 'What names the touches of a source, as a sentence, with how many are remembered of a lead where that is given.';

CREATE FUNCTION lead_scoring_internal.account_rule_sentence(rule jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('By "%s" marketing hands over an account that has %s.', rule ->> 'name', concat_ws(' and ',
           'at least ' || CASE rule ->> 'people' WHEN '1' THEN 'one lead' ELSE (rule ->> 'people') || ' leads' END
           || coalesce(' of ' || lead_scoring_internal.points_text((rule ->> 'min_score')::numeric) || ' or more', '')
           || coalesce(' active within ' || lead_scoring_internal.span_text((rule ->> 'active_within')::numeric), ''),
           'in all at least ' || lead_scoring_internal.points_text((rule ->> 'min_points')::numeric)))
       || coalesce(' The points of an account are those of its best ' || CASE rule ->> 'top_n' WHEN '1' THEN 'lead' ELSE (rule ->> 'top_n') || ' leads' END || '.', '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.account_rule_sentence IS 'An account rule of a definition in sentences.';

CREATE FUNCTION lead_scoring_internal.hours_of_week(calendar jsonb)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(format('%s from %s', d.weekday, d.hours), ', ' ORDER BY d.place)
  FROM (SELECT i.item ->> 'weekday', min(i.place), string_agg(format('%s to %s', left(i.item ->> 'opens', 5), left(i.item ->> 'closes', 5)), ' and ' ORDER BY i.place)
          FROM jsonb_array_elements(calendar) WITH ORDINALITY i (item, place) GROUP BY 1) d (weekday, place, hours)
$$;
COMMENT ON FUNCTION lead_scoring_internal.hours_of_week IS 'The hours of a calendar in words.';

CREATE FUNCTION lead_scoring_internal.sentences(definition jsonb)
RETURNS TABLE (place integer, what text, name text, sentence text) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH model AS (
    SELECT definition ? 'sources' AS several, (
        SELECT s.stage ->> 'name' FROM jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place) WHERE s.stage ->> 'kind' = 'progress' ORDER BY s.place LIMIT 1) AS first_stage
), lines (section, place, part, what, name, sentence) AS (
    SELECT 1, 0, t.place, 'settings', t.name, t.sentence
      FROM (VALUES
        (1, NULL, 'The score of a lead is the sum of what its groups of rules give' || coalesce(', ' || lead_scoring_internal.bounds_text(definition, 'min_score', 'max_score'), '') || '. Points neither fade nor have limits but where a rule says so.'),
        (2, 'time_zone', format('Hours, days, weeks and months of limits are those of the time zone %s.', definition ->> 'time_zone')),
        (3, 'future_tolerance', format('An event that is up to %s ahead of the clock counts at once, a later one when its time has come.', lead_scoring_internal.span_text((definition ->> 'future_tolerance')::numeric))),
        (4, 'event_id', 'Of events of a lead with the same ' || (definition ->> 'event_id') || ' one counts.'),
        (5, 'lead_created', 'A lead came when its column ' || (definition ->> 'lead_created') || ' says, else with its first event.'),
        (6, 'lead_condition', 'Only leads count for which ' || lead_scoring_internal.typed_text(definition, 'lead_condition') || '; others are in no report and enter no stage.'),
        (7, 'lead_account', 'A lead belongs to the account that ' || lead_scoring_internal.typed_text(definition, 'lead_account') || ' says.'),
        (8, 'touches', CASE WHEN definition ? 'touches' THEN lead_scoring_internal.touch_sentence(definition -> 'touches', 'events', definition #>> '{touches,max_touches}') END),
        (8, 'calendar', 'Working time is on ' || lead_scoring_internal.hours_of_week(definition -> 'calendar') || ', by the clocks of the time zone ' || (definition ->> 'time_zone') || '.'),
        (9, 'holidays', 'No working time is on ' || (SELECT string_agg(h.item ->> 'day', ', ' ORDER BY h.place) FROM jsonb_array_elements(definition -> 'holidays') WITH ORDINALITY h (item, place)) || '.')) t (place, name, sentence)
    UNION ALL
    SELECT 2, s.place, 0, 'source', s.source ->> 'name', concat_ws(' ',
           format('Times without a zone of source "%s" are of the time zone %s.', s.source ->> 'name', coalesce(s.source ->> 'time_zone', definition ->> 'time_zone')),
           'Of its events of a lead with the same ' || (s.source ->> 'event_id') || ' one counts.',
           CASE WHEN definition ? 'touches' THEN lead_scoring_internal.touch_sentence(s.source, s.source ->> 'name', NULL) END)
      FROM jsonb_array_elements(definition -> 'sources') WITH ORDINALITY s (source, place)
    UNION ALL
    SELECT 3, g.place, 0, 'group', g.item ->> 'name', format('Group "%s" adds up points for what a lead %s%s.', g.item ->> 'name', CASE g.item ->> 'kind' WHEN 'fit' THEN 'is' ELSE 'does' END,
           ', ' || lead_scoring_internal.bounds_text(g.item, 'min_points', 'max_points'))
      FROM jsonb_array_elements(definition -> 'groups') WITH ORDINALITY g (item, place)
    UNION ALL
    SELECT 3, g.place, (row_number() OVER (ORDER BY r.rule ->> 'name' COLLATE "C"))::integer, 'rule', r.rule ->> 'name',
           lead_scoring_internal.rule_sentence(r.rule, m.several)
      FROM model m, jsonb_array_elements(definition -> 'rules') r (rule)
      JOIN jsonb_array_elements(definition -> 'groups') WITH ORDINALITY g (item, place) ON g.item ->> 'name' = r.rule ->> 'rule_group'
    UNION ALL
    SELECT 4, 0, b.place::integer, 'band', (b.item ->> 'axis') || ' ' || (b.item ->> 'label'), format('From %s of %s on a grade has %s "%s".', lead_scoring_internal.points_text((b.item ->> 'min_points')::numeric),
           b.item ->> 'axis', CASE b.item ->> 'axis' WHEN 'fit' THEN 'the first part' ELSE 'the second part' END, b.item ->> 'label')
      FROM jsonb_array_elements(definition -> 'bands') WITH ORDINALITY b (item, place)
    UNION ALL
    SELECT 5, 0, 0, 'stages', NULL, 'A lead moves up to the stage of the highest rank for which it has all that is asked, over those in between where it must; an event never moves it down, but to a detour. Where it falls back, it goes to the highest stage below for which it has all, else to the first one. By hand it can be put into any stage.'
    UNION ALL
    SELECT 5, s.place, 0, 'stage', s.stage ->> 'name', lead_scoring_internal.stage_sentences(s.stage, m.first_stage, m.several)
      FROM model m, jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place)
    UNION ALL
    SELECT 6, a.place, 0, 'account rule', a.rule ->> 'name', lead_scoring_internal.account_rule_sentence(a.rule)
      FROM jsonb_array_elements(definition -> 'account_rules') WITH ORDINALITY a (rule, place)
    UNION ALL
    SELECT 7, e.place, 0, 'entry', e.item ->> 'name', lead_scoring_internal.entry_sentences(e.item, m.several)
      FROM model m, jsonb_array_elements(definition -> 'entries') WITH ORDINALITY e (item, place)
    UNION ALL
    SELECT 8, 0, 0, 'lead types', NULL, 'A lead is of the first type whose condition holds, and when it moves its type then is kept with the move.' WHERE definition ? 'lead_types'
    UNION ALL
    SELECT 8, t.place, 0, 'lead type', t.item ->> 'name', format('Lead type "%s": %s.', t.item ->> 'name', lead_scoring_internal.typed_text(t.item, 'condition'))
      FROM jsonb_array_elements(definition -> 'lead_types') WITH ORDINALITY t (item, place))
SELECT row_number() OVER (ORDER BY l.section, l.place, l.part)::integer, l.what, l.name, l.sentence FROM lines l WHERE l.sentence IS NOT NULL ORDER BY 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.sentences IS 'What definition() says of a definition as versions hold it.';

CREATE FUNCTION lead_scoring.definition(model text, version bigint DEFAULT NULL)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.definition(model text, version bigint)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    meant CONSTANT bigint := coalesce(version, (SELECT n.version FROM lead_scoring_internal.newest_version(model) n));
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF meant IS NULL THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" has no version', model), 'Nothing is published yet.', format('SELECT lead_scoring.publish(%L);', model));
    END IF;
    RETURN QUERY SELECT * FROM lead_scoring_internal.sentences(lead_scoring_internal.version_definition(model, meant));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.definition IS 'Implements lead_scoring.definition, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.definition IS 'What a version of a model says, by default the one published last, in sentences to be signed: of the settings, of each source, each group with its rules by name, each band, the stages by rank, their entries, and the types of leads. "what" is settings, source, group, rule, band, stages, stage, entry, lead types or lead type, and name its name, of a band its axis and label. Expressions are as they were typed. Takes USAGE on the schema and SELECT on its table "versions"; 42501 where row security limits the caller. 42704 for an unknown model or version, 55000 before the first publish.';

CREATE FUNCTION lead_scoring.definition_of_draft(model text)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.definition_of_draft(model text)
RETURNS TABLE (place integer, what text, name text, sentence text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY SELECT * FROM lead_scoring_internal.sentences(lead_scoring_internal.compile_draft(model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.definition_of_draft IS 'Implements lead_scoring.definition_of_draft, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.definition_of_draft IS 'What definition() will say once the draft of the model is published: what is signed before. For the model''s owner only. Raises what publish() raises of a draft that cannot be published.';

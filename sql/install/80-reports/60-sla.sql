-- The reports "sla" and "feedback": what becomes of leads once they are handed over.

CREATE FUNCTION lead_scoring_internal.working_end(at timestamptz, days bigint, seconds numeric, calendar jsonb) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_working_end';
COMMENT ON FUNCTION lead_scoring_internal.working_end IS 'When so many working days and so much working time have passed since that time, by the calendar, the holidays and the time zone of a definition; infinity where they never have.';

CREATE FUNCTION lead_scoring_internal.sla_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH stages AS (
            SELECT d.place, d.stage ->> 'name' AS stage, coalesce(w.seconds, (w.working ->> 'days')::float8 * 86400 + (w.working ->> 'seconds')::float8) AS seconds,
                   make_interval(secs => LEAST(w.seconds, 9e12)) AS within,  -- no more than an interval can hold
                   w.working, jsonb_build_object('time_zone', v.definition -> 'time_zone', 'calendar', v.definition -> 'calendar', 'holidays', v.definition -> 'holidays') AS calendar
              FROM (SELECT v.definition FROM {model}.versions v ORDER BY v.version DESC LIMIT 1) v CROSS JOIN jsonb_array_elements(v.definition -> 'stages') WITH ORDINALITY d (stage, place)
             CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(d.stage -> 'within') WHEN 'number' THEN (d.stage ->> 'within')::float8 END, CASE jsonb_typeof(d.stage -> 'within') WHEN 'object' THEN d.stage -> 'within' END) w (seconds, working)
             WHERE d.stage ->> 'within' IS NOT NULL),
        stays AS (
            SELECT [[t.dimension, ]]s.place, s.stage, s.seconds, t.at, CASE WHEN s.working IS NULL THEN t.left_at - t.at < s.within ELSE t.left_at < w.due END AND t.left_by <> 'time' AS met,
                   CASE WHEN s.working IS NULL THEN $1 - t.at >= s.within ELSE $1 >= w.due END AS is_over, t.left_by, t.left_at
              FROM stages s
              JOIN (SELECT [[l.dimension, ]]t.to_stage, t.at, lead(t.at) OVER moves AS left_at, lead(t.cause) OVER moves AS left_by
                      FROM (SELECT t.lead_id, t.seq, t.to_stage, t.cause, lead_scoring_internal.report_time(t.at) AS at FROM ({!moves}) t WHERE t.at <= $1) t
                      JOIN ({!leads}) l ON l.lead_id = t.lead_id WINDOW moves AS (PARTITION BY t.lead_id ORDER BY t.seq)) t ON t.to_stage = s.stage
             CROSS JOIN LATERAL (SELECT lead_scoring_internal.working_end(t.at, (s.working ->> 'days')::bigint, (s.working ->> 'seconds')::numeric, s.calendar)) w (due)),
        counts AS (
            SELECT [[dimension, ]]place, stage, seconds, {!period} AS period, {!over} AS complete, count(*) AS entered, count(*) FILTER (WHERE met) AS met,
                   count(*) FILTER (WHERE met IS NOT TRUE AND is_over) AS missed,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM left_at - at)::float8 / 86400) FILTER (WHERE left_by <> 'time' AND left_at <= $1) AS median_days
              FROM stays t GROUP BY [[dimension, ]]place, stage, seconds, {!period})
        SELECT [[dimension|NULL::text]], stage, seconds / 86400, period, entered, met, missed, entered - met - missed, CASE WHEN complete THEN met::float8 / nullif(met + missed, 0) END,
               median_days, complete
          FROM counts WHERE {!asked_for} ORDER BY [[dimension, ]]place, period
        $query$, jsonb_build_object(
        'model', model, 'period', lead_scoring_internal.period_expression('t.at', settings),
        'over', lead_scoring_internal.is_over(lead_scoring_internal.period_expression('t.at', settings), settings), 'asked_for', lead_scoring_internal.is_asked_for('period', settings), 'leads', lead_scoring_internal.lead_rows(model, settings),
        'moves', lead_scoring_internal.move_rows(model, '$1')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.sla_report IS 'The statement of the report "sla".';

CREATE FUNCTION lead_scoring_internal.sla_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Service levels: how many of the leads that entered a stage with "within" were moved on in time, by period. Where a stage counts in working time, so does this. What time alone moved, by decay or at the end of the service level, nobody saw to.',
    ARRAY['grain', 'by | + And reason: what was said last of the lead, when sales decided on its hand-off or somebody moved it.', 'since', 'until'],
    ARRAY['stage | text | Stage.',
    'within_days | double precision | Its service level in the current version, in days; in working days, and what is left in days of 24 hours, where it counts in working time.',
    'period | date | First day of the period of entry.',
    'entered | bigint | Entries into the stage; a lead may enter several times.',
    'met | bigint | Moved on in time, by an event, by hand or by what else is not time alone.',
    'missed | bigint | Not moved on in time, though the time is over.',
    'open | bigint | Not moved on yet, or by time alone, as long as there is time.',
    'met_rate | double precision | met / (met + missed); NULL until the period is over (complete).',
    'median_days | double precision | Median of the days in the stage of those that were moved on, not by time alone.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.sla_form IS 'What the report "sla" is.';

CREATE FUNCTION lead_scoring_internal.hand_over_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH entries AS (
            SELECT DISTINCT ON (t.lead_id) t.lead_id, t.seq, t.rule, t.at FROM ({!moves}) t
             WHERE t.to_stage = {'mql'} AND t.at <= $1 ORDER BY t.lead_id, t.seq)
        SELECT e.lead_id, e.rule, e.at, d.rejected, d.expired
          FROM entries e
          LEFT JOIN (SELECT d.lead_id, bool_or(d.cause <> 'time') AS rejected, bool_or(d.cause = 'time') AS expired
                       FROM ({!moves}) d JOIN entries e ON e.lead_id = d.lead_id AND e.seq < d.seq
                      WHERE d.at <= $1 AND d.to_stage <> ALL ({'stages'}::text[]) GROUP BY 1) d USING (lead_id)
        $query$, jsonb_build_object('moves', lead_scoring_internal.move_rows(model, '$1'),
        'mql', settings -> 'stages' ->> (settings ->> 'mql')::integer - 1, 'stages', ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'))::text));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.hand_over_rows IS 'SQL that gives the leads that were handed over up to parameter 1, the time of the report, each once: its first move into the MQL stage (rule, at), and whether it went to a detour afterwards by event or by hand (rejected) or by time (expired); NULL where it went to none. It is accepted where it reached the next stage or a higher one, as lead_rows have it, see acceptance_expression.';

CREATE FUNCTION lead_scoring_internal.acceptance_expression(settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN (settings ->> 'mql')::integer < jsonb_array_length(settings -> 'stages') THEN format('l.reached_%s', (settings ->> 'mql')::integer + 1) ELSE 'NULL::timestamptz' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.acceptance_expression IS 'SQL for when a row l of lead_rows reached the stage behind the MQL stage, or a higher one.';

CREATE FUNCTION lead_scoring_internal.feedback_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH judged AS (
            SELECT [[l.dimension, ]]e.rule, {!period} AS period, l.accepted_at IS NOT NULL AS accepted,
                   e.rejected, e.expired
              FROM ({!handed_over}) e
              JOIN (SELECT l.lead_id, [[l.dimension, ]]{!accepted_at} AS accepted_at FROM ({!leads}) l) l USING (lead_id))
        SELECT [[dimension|NULL::text]], rule, period, count(*), count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired IS NOT TRUE),
               CASE WHEN {!over} THEN (count(*) FILTER (WHERE accepted))::float8 / nullif(count(*) FILTER (WHERE accepted OR rejected), 0) END, {!over}
          FROM judged WHERE {!asked_for} GROUP BY [[dimension, ]]rule, period ORDER BY [[dimension, ]]rule COLLATE "C", period
        $query$, jsonb_build_object(
        'handed_over', lead_scoring_internal.hand_over_rows(model, settings),
        'period', lead_scoring_internal.period_expression('lead_scoring_internal.report_time(e.at)', settings),
        'over', lead_scoring_internal.is_over('period', settings), 'asked_for', lead_scoring_internal.is_asked_for('period', settings),
        'accepted_at', lead_scoring_internal.acceptance_expression(settings),
        'leads', lead_scoring_internal.lead_rows(model, settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.feedback_report IS 'The statement of the report "feedback".';

CREATE FUNCTION lead_scoring_internal.feedback_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What sales made of MQLs, by the rule that made them and the period.',
    ARRAY['grain', 'by | + And reason: what was said last of the lead, when sales decided on its hand-off or somebody moved it.', 'since', 'until'],
    ARRAY['rule | text | Rule of the move into the MQL stage; NULL where no points of an event moved the lead.',
    'period | date | First day of the period of that move, the first of the lead.',
    'mqls | bigint | MQLs.',
    'accepted | bigint | Of these, leads that reached the next stage or a higher one.',
    'rejected | bigint | Of the others, leads that went to a detour afterwards, by event or by hand.',
    'expired | bigint | Of the others, leads that went to a detour by time: nobody took care of them.',
    'open | bigint | All others.',
    'acceptance_rate | double precision | accepted / (accepted + rejected); NULL until the period is over (complete).',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.feedback_form IS 'What the report "feedback" is.';

-- The views "sla" and "feedback" of a model: what becomes of leads once they are handed over.

CREATE FUNCTION lead_scoring_internal.sla_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH stages AS (
            SELECT d.place, d.stage ->> 'name' AS stage, (d.stage ->> 'within')::float8 AS seconds,
                   make_interval(secs => LEAST((d.stage ->> 'within')::float8, 9e12)) AS within  -- no more than an interval can hold
              FROM jsonb_array_elements((SELECT v.definition -> 'stages' FROM {model}.versions v ORDER BY v.version DESC LIMIT 1)) WITH ORDINALITY d (stage, place)
             WHERE d.stage ->> 'within' IS NOT NULL),
        stays AS (
            SELECT s.place, s.stage, s.seconds, s.within, t.at, t.left_at - t.at < s.within AND t.left_by <> 'time' AS met, t.left_by, t.left_at
              FROM stages s
              JOIN (SELECT t.lead_id, t.to_stage, t.at, lead(t.at) OVER moves AS left_at, lead(t.cause) OVER moves AS left_by
                      FROM (SELECT t.lead_id, t.seq, t.to_stage, t.cause, lead_scoring_internal.report_time(t.at) AS at FROM ({!moves}) t WHERE t.at <= $1) t
                      JOIN ({!leads}) l ON l.lead_id = t.lead_id WINDOW moves AS (PARTITION BY t.lead_id ORDER BY t.seq)) t ON t.to_stage = s.stage),
        counts AS (
            SELECT place, stage, seconds, {!month} AS month, count(*) AS entered, count(*) FILTER (WHERE met) AS met,
                   count(*) FILTER (WHERE met IS NOT TRUE AND $1 - at >= within) AS missed,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM left_at - at)::float8 / 86400) FILTER (WHERE left_by <> 'time' AND left_at <= $1) AS median_days
              FROM stays t GROUP BY 1, 2, 3, 4)
        SELECT stage, seconds / 86400, month, entered, met, missed, entered - met - missed, met::float8 / nullif(met + missed, 0), median_days
          FROM counts ORDER BY place, month
        $query$, jsonb_build_object(
        'model', model, 'month', lead_scoring_internal.month_expression('t.at', settings ->> 'time_zone'), 'leads', lead_scoring_internal.lead_rows(model),
        'moves', lead_scoring_internal.move_rows(model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.sla_report IS 'The statement of the view "sla".';

CREATE FUNCTION lead_scoring_internal.make_sla(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'sla',
    'Service levels: how many of the leads that entered a stage with "within" were moved on in time, by month. What time alone moved, by decay or at the end of the service level, nobody saw to.',
    'stage | text | Stage.',
    'within_days | double precision | Its service level in the current version, in days.',
    'period | date | First day of the month of entry.',
    'entered | bigint | Entries into the stage; a lead may enter several times.',
    'met | bigint | Moved on in time, by an event, by hand or by what else is not time alone.',
    'missed | bigint | Not moved on in time, though the time is over.',
    'open | bigint | Not moved on yet, or by time alone, as long as there is time.',
    'met_rate | double precision | met / (met + missed).',
    'median_days | double precision | Median of the days in the stage of those that were moved on, not by time alone.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_sla IS 'Creates the view "sla" of a model.';

CREATE FUNCTION lead_scoring_internal.feedback_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
    mql CONSTANT integer := settings ->> 'mql';
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH entries AS (
            SELECT DISTINCT ON (t.lead_id) t.lead_id, t.seq, t.rule, t.at FROM ({!moves}) t
             WHERE t.to_stage = {'mql'} AND t.at <= $1 ORDER BY t.lead_id, t.seq),
        judged AS (
            SELECT e.rule, {!month} AS month, l.accepted_at IS NOT NULL AS accepted,
                   d.rejected, d.expired
              FROM entries e
              LEFT JOIN (SELECT d.lead_id, bool_or(d.cause <> 'time') AS rejected, bool_or(d.cause = 'time') AS expired
                           FROM ({!moves}) d JOIN entries e ON e.lead_id = d.lead_id AND e.seq < d.seq
                          WHERE d.at <= $1 AND d.to_stage <> ALL ({'stages'}::text[]) GROUP BY 1) d USING (lead_id)
              JOIN (SELECT l.lead_id, {!accepted_at} AS accepted_at FROM ({!leads}) l) l USING (lead_id))
        SELECT rule, month, count(*), count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired),
               count(*) FILTER (WHERE accepted IS NOT TRUE AND rejected IS NOT TRUE AND expired IS NOT TRUE),
               (count(*) FILTER (WHERE accepted))::float8 / nullif(count(*) FILTER (WHERE accepted OR rejected), 0)
          FROM judged GROUP BY 1, 2 ORDER BY rule COLLATE "C", month
        $query$, jsonb_build_object(
        'moves', lead_scoring_internal.move_rows(model), 'mql', names[mql],
        'month', lead_scoring_internal.month_expression('lead_scoring_internal.report_time(e.at)', settings ->> 'time_zone'), 'stages', names::text,
        'accepted_at', CASE WHEN mql < cardinality(names) THEN format('l.reached_%s', mql + 1) ELSE 'NULL::timestamptz' END,
        'leads', lead_scoring_internal.lead_rows(model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.feedback_report IS 'The statement of the view "feedback".';

CREATE FUNCTION lead_scoring_internal.make_feedback(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'feedback',
    'What sales made of MQLs, by the rule that made them and the month.',
    'rule | text | Rule of the move into the MQL stage; NULL where no points of an event moved the lead.',
    'period | date | First day of the month of that move, the first of the lead.',
    'mqls | bigint | MQLs.',
    'accepted | bigint | Of these, leads that reached the next stage or a higher one.',
    'rejected | bigint | Of the others, leads that went to a detour afterwards, by event or by hand.',
    'expired | bigint | Of the others, leads that went to a detour by time: nobody took care of them.',
    'open | bigint | All others.',
    'acceptance_rate | double precision | accepted / (accepted + rejected).')
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_feedback IS 'Creates the view "feedback" of a model.';

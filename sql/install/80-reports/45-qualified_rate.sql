-- The report "qualified_rate": does the share of leads that qualify stay where it should?

CREATE FUNCTION lead_scoring_internal.qualified_rate_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN lead_scoring_internal.fill_report(settings, $query$
        SELECT [[m.dimension|NULL::text]], m.period, m.leads, m.qualified, w.rate, w.low, w.high, b.low, b.high,
               CASE WHEN w.rate < b.low THEN 'below' WHEN w.rate > b.high THEN 'above' WHEN w.rate IS NOT NULL THEN 'within' END,
               CASE WHEN w.rate < b.low THEN w.high < b.low WHEN w.rate > b.high THEN w.low > b.high ELSE w.low >= b.low AND w.high <= b.high END,
               m.complete
          FROM (SELECT [[l.dimension, ]]{!period} AS period, {!over} AS complete, count(*) AS leads, CASE WHEN {'has_mql'} THEN count(l.mql_at) END AS qualified FROM ({!leads}) l
                 WHERE l.came_at IS NOT NULL GROUP BY [[l.dimension, ]]{!period}) m
          LEFT JOIN LATERAL lead_scoring.wilson_interval(m.qualified, m.leads) w ON m.complete
         CROSS JOIN (VALUES ({'low'}::float8, {'high'}::float8)) b (low, high)
         WHERE {!asked_for} ORDER BY [[m.dimension, ]]m.period
        $query$, jsonb_build_object(
        'period', lead_scoring_internal.period_expression('l.came_at', settings), 'over', lead_scoring_internal.is_over(lead_scoring_internal.period_expression('l.came_at', settings), settings),
        'asked_for', lead_scoring_internal.is_asked_for('m.period', settings),
        'has_mql', settings ->> 'mql' IS NOT NULL, 'leads', lead_scoring_internal.lead_rows(model, settings, with_forgotten => true),
        'low', settings ->> 'qualified_low', 'high', settings ->> 'qualified_high'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.qualified_rate_report IS 'The statement of the report "qualified_rate".';

CREATE FUNCTION lead_scoring_internal.qualified_rate_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Share of the leads of a period that became MQLs, flagged where it is outside of the band that report_settings state.',
    ARRAY['grain', 'by | + Erased leads have none but their campaign.', 'since', 'until'],
    ARRAY['period | date | First day of the period in which the leads came. Erased leads count on the first day of their month.',
    'leads | bigint | Leads that came in the period.',
    'qualified | bigint | Of these, MQLs by now.',
    'rate | double precision | qualified / leads; NULL until the period is over (complete), and so are its bounds and the flag.',
    'rate_low | double precision | Lower bound of its 95 % interval.',
    'rate_high | double precision | Upper bound of its 95 % interval.',
    'band_low | double precision | Lower end of the band.',
    'band_high | double precision | Upper end of the band.',
    'flag | text | below, within or above the band.',
    'certain | boolean | Whether the whole interval is where the flag says.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.qualified_rate_form IS 'What the report "qualified_rate" is.';

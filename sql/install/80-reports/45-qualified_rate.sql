-- The view "qualified_rate" of a model: does the share of leads that qualify stay where it should?

CREATE FUNCTION lead_scoring_internal.qualified_rate_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
BEGIN
    RETURN lead_scoring_internal.fill($query$
        SELECT m.month, m.leads, m.qualified, w.rate, w.low, w.high, b.low, b.high,
               CASE WHEN w.rate < b.low THEN 'below' WHEN w.rate > b.high THEN 'above' WHEN w.rate IS NOT NULL THEN 'within' END,
               CASE WHEN w.rate < b.low THEN w.high < b.low WHEN w.rate > b.high THEN w.low > b.high ELSE w.low >= b.low AND w.high <= b.high END,
               m.month + interval '1 month' <= $1 AT TIME ZONE {'zone'}
          FROM (SELECT {!month} AS month, count(*) AS leads, CASE WHEN {'has_mql'} THEN count(l.mql_at) END AS qualified FROM ({!leads}) l
                 WHERE l.came_at IS NOT NULL GROUP BY 1) m,
               LATERAL lead_scoring.wilson_interval(m.qualified, m.leads) w,
               (VALUES ({'low'}::float8, {'high'}::float8)) b (low, high)
         ORDER BY m.month
        $query$, jsonb_build_object(
        'zone', settings ->> 'time_zone', 'month', lead_scoring_internal.month_expression('l.came_at', settings ->> 'time_zone'),
        'has_mql', settings ->> 'mql' IS NOT NULL, 'leads', lead_scoring_internal.lead_rows(model, with_forgotten => true),
        'low', settings ->> 'qualified_low', 'high', settings ->> 'qualified_high'));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.qualified_rate_report IS 'The statement of the view "qualified_rate".';

CREATE FUNCTION lead_scoring_internal.make_qualified_rate(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'qualified_rate',
    'Share of the leads of a month that became MQLs, flagged where it is outside of the band that report_settings state.',
    'period | date | First day of the month in which the leads came.',
    'leads | bigint | Leads that came in the month.',
    'qualified | bigint | Of these, MQLs by now.',
    'rate | double precision | qualified / leads.',
    'rate_low | double precision | Lower bound of its 95 % interval.',
    'rate_high | double precision | Upper bound of its 95 % interval.',
    'band_low | double precision | Lower end of the band.',
    'band_high | double precision | Upper end of the band.',
    'flag | text | below, within or above the band.',
    'certain | boolean | Whether the whole interval is where the flag says.',
    'complete | boolean | Whether the month is over.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_qualified_rate IS 'Creates the view "qualified_rate" of a model.';

-- The report "funnel".

CREATE FUNCTION lead_scoring_internal.funnel_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Each count is of the period in which its leads came, qualified, or moved; periods without any are filled in, but no
    -- more than the last century of them, for an event or a lead may bear an absurd date.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS (
            SELECT [[l.dimension, ]]{!came} AS came, {!mql} AS mql, {!sql} AS sql, {!customer} AS customer, l.mql_entered, l.sql_entered FROM ({!leads}) l),
        counts ([[dimension, ]]period, leads, leads_qualified, mqls, mqls_skipped, sqls, sqls_skipped, customers, sqls_in_period, customers_in_period) AS (
            SELECT [[dimension, ]]came, count(*), count(mql), 0, 0, 0, 0, 0, 0, 0 FROM leads GROUP BY [[dimension, ]]came
            UNION ALL
            SELECT [[dimension, ]]mql, 0, 0, count(*), count(*) FILTER (WHERE NOT mql_entered), count(sql), count(sql) FILTER (WHERE NOT sql_entered), count(customer), 0, 0
              FROM leads WHERE mql IS NOT NULL GROUP BY [[dimension, ]]mql
            UNION ALL
            SELECT [[dimension, ]]sql, 0, 0, 0, 0, 0, 0, 0, count(*), 0 FROM leads WHERE sql IS NOT NULL GROUP BY [[dimension, ]]sql
            UNION ALL
            SELECT [[dimension, ]]customer, 0, 0, 0, 0, 0, 0, 0, 0, count(*) FROM leads WHERE customer IS NOT NULL GROUP BY [[dimension, ]]customer),
        periods AS (
            SELECT [[a.dimension, ]]a.period, {!over} AS complete, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN sum(leads_qualified)::bigint END AS leads_qualified,
                   CASE WHEN {'has_mql'} THEN sum(mqls)::bigint END AS mqls,
                   CASE WHEN {'has_mql'} THEN sum(mqls_skipped)::bigint END AS mqls_skipped,
                   CASE WHEN {'has_mql'} AND {'has_sql'} THEN sum(sqls)::bigint END AS sqls,
                   CASE WHEN {'has_mql'} AND {'has_sql'} THEN sum(sqls_skipped)::bigint END AS sqls_skipped,
                   CASE WHEN {'has_mql'} AND {'has_customer'} THEN sum(customers)::bigint END AS customers,
                   CASE WHEN {'has_sql'} THEN sum(sqls_in_period)::bigint END AS sqls_in_period,
                   CASE WHEN {'has_customer'} THEN sum(customers_in_period)::bigint END AS customers_in_period
              FROM (TABLE counts UNION ALL
                    SELECT [[d.dimension, ]]p::date, 0, 0, 0, 0, 0, 0, 0, 0, 0
                      FROM [[(SELECT DISTINCT dimension FROM counts) d, ]](SELECT min(period) AS first, max(period) AS last FROM counts) span,
                           generate_series(span.last::timestamp, greatest(span.first, span.last - interval '100 years'), -interval {'step'}) p) a
             GROUP BY [[a.dimension, ]]a.period),
        changes AS (
            SELECT p.*, CASE WHEN p.period IS NOT NULL THEN max(p.mqls) OVER (by_period RANGE BETWEEN interval {'step'} PRECEDING AND interval {'step'} PRECEDING) END AS mqls_before,
                   -- the 29th of February has no such day
                   CASE WHEN p.period - interval {'year'} + interval {'year'} = p.period
                        THEN max(p.mqls) OVER (by_period RANGE BETWEEN interval {'year'} PRECEDING AND interval {'year'} PRECEDING) END AS mqls_year_before
              FROM periods p WINDOW by_period AS ([[PARTITION BY p.dimension ]]ORDER BY p.period))
        SELECT [[p.dimension|NULL::text]], p.period, p.leads, p.leads_qualified, p.mqls, p.mqls_skipped, p.sqls, p.sqls_skipped, p.customers, p.sqls_in_period, p.customers_in_period,
               q.rate, q.low, q.high, s.rate, s.low, s.high, c.rate, c.low, c.high, w.rate, w.low, w.high,
               p.mqls_before, p.mqls - p.mqls_before, CASE WHEN p.complete THEN (p.mqls - p.mqls_before)::float8 / nullif(p.mqls_before, 0) END,
               p.mqls_year_before, p.mqls - p.mqls_year_before, CASE WHEN p.complete THEN (p.mqls - p.mqls_year_before)::float8 / nullif(p.mqls_year_before, 0) END,
               p.complete
          FROM changes p
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.leads_qualified, p.leads) q ON p.complete IS NOT FALSE
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.sqls, p.mqls) s ON p.complete IS NOT FALSE
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.customers, p.sqls) c ON p.complete IS NOT FALSE
          LEFT JOIN LATERAL lead_scoring.wilson_interval(p.customers, p.mqls) w ON p.complete IS NOT FALSE
         WHERE {!asked_for} ORDER BY [[p.dimension, ]]p.period
        $query$, jsonb_build_object(
        'came', lead_scoring_internal.period_expression('l.came_at', settings), 'mql', lead_scoring_internal.period_expression('l.mql_at', settings),
        'sql', lead_scoring_internal.period_expression('l.sql_at', settings), 'customer', lead_scoring_internal.period_expression('l.customer_at', settings),
        'leads', lead_scoring_internal.lead_rows(model, settings, with_forgotten => true), 'has_mql', settings ->> 'mql' IS NOT NULL,
        'has_sql', settings ->> 'sql' IS NOT NULL, 'has_customer', settings ->> 'customer' IS NOT NULL,
        'step', settings ->> 'step', 'year', settings ->> 'year', 'over', lead_scoring_internal.is_over('a.period', settings),
        'asked_for', lead_scoring_internal.is_asked_for('p.period', settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.funnel_report IS 'The statement of the report "funnel".';

CREATE FUNCTION lead_scoring_internal.funnel_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'Leads, MQLs, SQLs and customers by period, with step rates and growth. Periods without any are there too; a last row without period has the leads that nothing up to now dates.',
    ARRAY['grain', 'by | + Erased leads have none but their campaign.', 'since', 'until'],
    ARRAY['period | date | First day of the period, in the model''s time zone; NULL for leads that nothing dates. Erased leads count on the first day of their month.',
    'leads | bigint | Leads that came in the period.',
    'leads_qualified | bigint | Of these, MQLs by now.',
    'mqls | bigint | Leads that became MQLs in the period.',
    'mqls_skipped | bigint | Of these, leads that were never in the MQL stage itself.',
    'sqls | bigint | Of the MQLs of the period, SQLs by now.',
    'sqls_skipped | bigint | Of these, leads that were never in the SQL stage itself.',
    'customers | bigint | Of the MQLs of the period, customers by now.',
    'sqls_in_period | bigint | Leads that became SQLs in the period, whenever they qualified.',
    'customers_in_period | bigint | Leads that became customers in the period, whenever they qualified.',
    'lead_to_mql_rate | double precision | leads_qualified / leads. NULL until the period is over (complete), as are all rates and their bounds.',
    'lead_to_mql_low | double precision | Lower bound of its 95 % interval.',
    'lead_to_mql_high | double precision | Upper bound of its 95 % interval.',
    'mql_to_sql_rate | double precision | sqls / mqls.',
    'mql_to_sql_low | double precision | Lower bound of its 95 % interval.',
    'mql_to_sql_high | double precision | Upper bound of its 95 % interval.',
    'sql_to_customer_rate | double precision | customers / sqls.',
    'sql_to_customer_low | double precision | Lower bound of its 95 % interval.',
    'sql_to_customer_high | double precision | Upper bound of its 95 % interval.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'mql_to_customer_low | double precision | Lower bound of its 95 % interval.',
    'mql_to_customer_high | double precision | Upper bound of its 95 % interval.',
    'mqls_before | bigint | MQLs of the period before.',
    'mqls_change | bigint | mqls - mqls_before.',
    'lead_velocity_rate | double precision | mqls_change / mqls_before: growth of qualified leads; NULL in the first period, after one without any, and until the period is over. The aggregate lead_velocity is something else, days.',
    'mqls_year_before | bigint | MQLs of the same month, quarter or date of the year before, of a week those of 52 weeks before.',
    'mqls_year_change | bigint | mqls - mqls_year_before.',
    'yearly_growth | double precision | mqls_year_change / mqls_year_before; NULL until the period is over.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.funnel_form IS 'What the report "funnel" is.';

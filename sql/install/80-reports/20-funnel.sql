-- The view "funnel" of a model.

CREATE FUNCTION lead_scoring_internal.funnel_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
    zone CONSTANT text := settings ->> 'time_zone';
BEGIN
    -- Each count is of the month in which its leads came, qualified, or moved; months without any are filled in, but no
    -- more than the last century of them, for an event or a lead may bear an absurd date.
    RETURN lead_scoring_internal.fill($query$
        WITH leads AS (
            SELECT {!came} AS came, {!mql} AS mql, {!sql} AS sql, {!customer} AS customer, l.mql_entered, l.sql_entered FROM ({!leads}) l),
        counts (month, leads, leads_qualified, mqls, mqls_skipped, sqls, sqls_skipped, customers, sqls_in_period, customers_in_period) AS (
            SELECT came, count(*), count(mql), 0, 0, 0, 0, 0, 0, 0 FROM leads GROUP BY 1
            UNION ALL
            SELECT mql, 0, 0, count(*), count(*) FILTER (WHERE NOT mql_entered), count(sql), count(sql) FILTER (WHERE NOT sql_entered), count(customer), 0, 0
              FROM leads WHERE mql IS NOT NULL GROUP BY 1
            UNION ALL
            SELECT sql, 0, 0, 0, 0, 0, 0, 0, count(*), 0 FROM leads WHERE sql IS NOT NULL GROUP BY 1
            UNION ALL
            SELECT customer, 0, 0, 0, 0, 0, 0, 0, 0, count(*) FROM leads WHERE customer IS NOT NULL GROUP BY 1),
        months AS (
            SELECT a.month, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN sum(leads_qualified)::bigint END AS leads_qualified,
                   CASE WHEN {'has_mql'} THEN sum(mqls)::bigint END AS mqls,
                   CASE WHEN {'has_mql'} THEN sum(mqls_skipped)::bigint END AS mqls_skipped,
                   CASE WHEN {'has_mql'} AND {'has_sql'} THEN sum(sqls)::bigint END AS sqls,
                   CASE WHEN {'has_mql'} AND {'has_sql'} THEN sum(sqls_skipped)::bigint END AS sqls_skipped,
                   CASE WHEN {'has_mql'} AND {'has_customer'} THEN sum(customers)::bigint END AS customers,
                   CASE WHEN {'has_sql'} THEN sum(sqls_in_period)::bigint END AS sqls_in_period,
                   CASE WHEN {'has_customer'} THEN sum(customers_in_period)::bigint END AS customers_in_period
              FROM (TABLE counts UNION ALL
                    SELECT m::date, 0, 0, 0, 0, 0, 0, 0, 0, 0
                      FROM (SELECT min(month) AS first, max(month) AS last FROM counts) span,
                           generate_series(greatest(span.first, span.last - interval '100 years'), span.last::timestamp, '1 month') m) a
             GROUP BY a.month),
        changes AS (
            SELECT m.*, CASE WHEN month IS NOT NULL THEN lag(mqls) OVER by_month END AS month_before,
                   CASE WHEN month IS NOT NULL THEN lag(mqls, 12) OVER by_month END AS year_before
              FROM months m WINDOW by_month AS (ORDER BY month))
        SELECT month, leads, leads_qualified, mqls, mqls_skipped, sqls, sqls_skipped, customers, sqls_in_period, customers_in_period,
               q.rate, q.low, q.high, s.rate, s.low, s.high, c.rate, c.low, c.high, w.rate, w.low, w.high,
               month_before, mqls - month_before, (mqls - month_before)::float8 / nullif(month_before, 0),
               year_before, mqls - year_before, (mqls - year_before)::float8 / nullif(year_before, 0),
               month + interval '1 month' <= $1 AT TIME ZONE {'zone'}
          FROM changes, LATERAL lead_scoring.wilson_interval(leads_qualified, leads) q, LATERAL lead_scoring.wilson_interval(sqls, mqls) s,
               LATERAL lead_scoring.wilson_interval(customers, sqls) c, LATERAL lead_scoring.wilson_interval(customers, mqls) w
         ORDER BY month
        $query$, jsonb_build_object(
        'came', lead_scoring_internal.month_expression('l.came_at', zone), 'mql', lead_scoring_internal.month_expression('l.mql_at', zone),
        'sql', lead_scoring_internal.month_expression('l.sql_at', zone), 'customer', lead_scoring_internal.month_expression('l.customer_at', zone),
        'leads', lead_scoring_internal.lead_rows(model, with_forgotten => true), 'has_mql', settings ->> 'mql' IS NOT NULL,
        'has_sql', settings ->> 'sql' IS NOT NULL, 'has_customer', settings ->> 'customer' IS NOT NULL, 'zone', zone));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.funnel_report IS 'The statement of the view "funnel".';

CREATE FUNCTION lead_scoring_internal.make_funnel(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'funnel',
    'Leads, MQLs, SQLs and customers by month, with step rates and growth. Months without any are there too; a last row without month has the leads that nothing up to now dates.',
    'period | date | First day of the month, in the model''s time zone.',
    'leads | bigint | Leads that came in the month.',
    'leads_qualified | bigint | Of these, MQLs by now.',
    'mqls | bigint | Leads that became MQLs in the month.',
    'mqls_skipped | bigint | Of these, leads that were never in the MQL stage itself.',
    'sqls | bigint | Of the MQLs of the month, SQLs by now.',
    'sqls_skipped | bigint | Of these, leads that were never in the SQL stage itself.',
    'customers | bigint | Of the MQLs of the month, customers by now.',
    'sqls_in_period | bigint | Leads that became SQLs in the month, whenever they qualified.',
    'customers_in_period | bigint | Leads that became customers in the month, whenever they qualified.',
    'lead_to_mql_rate | double precision | leads_qualified / leads.',
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
    'mqls_before | bigint | MQLs of the month before.',
    'mqls_change | bigint | mqls - mqls_before.',
    'lead_velocity_rate | double precision | mqls_change / mqls_before: growth of qualified leads; NULL in the first month and after one without any. The aggregate lead_velocity is something else, days.',
    'mqls_year_before | bigint | MQLs of the same month of the year before.',
    'mqls_year_change | bigint | mqls - mqls_year_before.',
    'yearly_growth | double precision | mqls_year_change / mqls_year_before.',
    'complete | boolean | Whether the month is over.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_funnel IS 'Creates the view "funnel" of a model.';

-- The report "forecast": MQLs of the months to come, and customers from today's pipeline.
--
-- MQLs: from 24 complete months on trend and season by least squares together, what they leave smoothed exponentially; of
-- fewer months simple exponential smoothing. The method, with its sources: src/core/statistics/forecast.hpp.
-- Complete are the months before the running one, 60 at the most, and after the first: records that begin in the middle of
-- a month have a part of it. It counts as complete where its first MQL came on its first day, or as early in it as in half
-- of the months since, so that nothing speaks for a later beginning.
-- Customers: landmark analysis by exact ages: src/core/statistics/landmark.hpp.

CREATE FUNCTION lead_scoring_internal.forecast_counts(months float8[], ahead integer)
RETURNS TABLE (period_ahead integer, expected float8, low float8, high float8)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_forecast_counts';
COMMENT ON FUNCTION lead_scoring_internal.forecast_counts IS 'Counts of the months after the last of these, the oldest of which is the first, with the bounds of their 80 % prediction intervals; NULL with fewer than 4 months. No rows where there are no months. From 24 months on trend and season by least squares with exponentially smoothed errors (Hyndman, Koehler, Ord and Snyder 2008), else simple exponential smoothing with Muth''s constant (1960); only the last 60 months are looked at.';

CREATE FUNCTION lead_scoring_internal.expected_customers_accum(state bytea, from_at timestamptz, left_at timestamptz, customer_at timestamptz, as_of timestamptz) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_expected_customers_accum';
COMMENT ON FUNCTION lead_scoring_internal.expected_customers_accum IS 'Transition function of expected_customers.';
CREATE FUNCTION lead_scoring_internal.expected_customers_final(state bytea) RETURNS float8[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_expected_customers_final';
COMMENT ON FUNCTION lead_scoring_internal.expected_customers_final IS 'Final function of expected_customers.';
CREATE AGGREGATE lead_scoring_internal.expected_customers(from_at timestamptz, left_at timestamptz, customer_at timestamptz, as_of timestamptz) (
    SFUNC = lead_scoring_internal.expected_customers_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.expected_customers_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.expected_customers(from_at timestamptz, left_at timestamptz, customer_at timestamptz, as_of timestamptz) IS 'Of the leads that are in a stage at as_of, the customers expected in each of the six times 30 days from then on: landmark analysis (Anderson, Cain and Gelber 1983), which compares each lead with those that were still in the stage at its very age, chained as in a life table. One row a lead that was ever in the stage: from when, until when (NULL: it still is), and when it became a customer.';

CREATE FUNCTION lead_scoring_internal.forecast_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mql CONSTANT integer := settings ->> 'mql';
    customer CONSTANT integer := settings ->> 'customer';
BEGIN
    -- Forgotten leads count for the month in which they became MQLs. They are in no stage, and their days are not known.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS MATERIALIZED (
            SELECT [[l.dimension|NULL::text]] AS dimension, {!month} AS month, CASE WHEN l.lead_id IS NOT NULL THEN extract(day FROM l.mql_at AT TIME ZONE {'zone'}) END AS day,
                   l.lead_id IS NOT NULL AS is_known, l.customer_at, ARRAY[{!reached}] AS reached, CASE WHEN l.is_out THEN l.stage_since END AS out_at
              FROM ({!leads}) l WHERE l.mql_at <= $1),
        -- Without "by" there is a forecast without leads too.
        dimensions AS (SELECT [[DISTINCT dimension FROM leads|NULL::text AS dimension]]),
        months AS (SELECT dimension, month, count(*) AS mqls, min(day) AS day FROM leads GROUP BY 1, 2),
        span AS (
            SELECT d.dimension, r.month AS running, f.month AS first, f.day, (extract(year FROM age(r.month, f.month)) * 12 + extract(month FROM age(r.month, f.month)))::integer AS since
              FROM (SELECT {!this_month} AS month) r, dimensions d,
                   LATERAL (SELECT m.* FROM months m WHERE m.dimension IS NOT DISTINCT FROM d.dimension ORDER BY m.month LIMIT 1) f WHERE f.month < r.month),
        begun AS (
            SELECT s.dimension, s.running, greatest(s.running - interval '60 months',
                       s.first + CASE WHEN s.day = 1 OR 2 * s.earlier <= s.others AND s.others > 0 THEN interval '0' ELSE interval '1 month' END) AS first
              FROM (SELECT s.*, s.since - 1 + count(*) FILTER (WHERE m.month = s.running) AS others, count(*) FILTER (WHERE m.day < s.day OR s.day IS NULL) AS earlier
                      FROM span s LEFT JOIN months m ON m.dimension IS NOT DISTINCT FROM s.dimension AND m.month > s.first AND m.month <= s.running
                     GROUP BY s.dimension, s.running, s.first, s.day, s.since) s),
        history AS (
            SELECT d.dimension, coalesce(array_agg(coalesce(c.mqls, 0)::float8 ORDER BY m.month) FILTER (WHERE m.month IS NOT NULL), '{}') AS mqls
              FROM dimensions d
              LEFT JOIN begun b ON b.dimension IS NOT DISTINCT FROM d.dimension
              LEFT JOIN LATERAL (SELECT m::date AS month FROM generate_series(b.first, b.running - interval '1 month', '1 month') m) m ON true
              LEFT JOIN months c ON c.month = m.month AND c.dimension IS NOT DISTINCT FROM d.dimension
             GROUP BY 1),
        stages AS (
            SELECT g.dimension, g.stage, count(*) FILTER (WHERE g.left_at IS NULL) AS leads, lead_scoring_internal.expected_customers(g.from_at, g.left_at, g.customer_at, $1) AS customers
              FROM (SELECT l.dimension, g.stage, l.reached[g.stage] AS from_at, l.customer_at,
                           CASE WHEN LEAST(l.reached[g.stage + 1], l.out_at) <= $1 THEN LEAST(l.reached[g.stage + 1], l.out_at) END AS left_at
                      FROM leads l, generate_series({!first}, {!last} - 1) g (stage) WHERE l.is_known) g
             WHERE g.from_at <= $1 GROUP BY 1, 2),
        pipeline AS (
            SELECT s.dimension, a.ahead, sum(s.leads)::bigint AS leads, sum(s.customers[a.ahead] ORDER BY s.stage) AS customers
              FROM stages s, generate_series(1, 6) a (ahead) GROUP BY 1, 2)
        SELECT h.dimension, a.ahead, ({!this_month} + a.ahead * interval '1 month')::date, f.expected, f.low, f.high, cardinality(h.mqls), cardinality(h.mqls) >= 24,
               CASE WHEN {'has_pipeline'} THEN coalesce(p.leads, 0) END, CASE WHEN {'has_pipeline'} THEN coalesce(p.customers, 0) END,
               CASE WHEN {'has_pipeline'} THEN coalesce(sum(p.customers) OVER (PARTITION BY h.dimension ORDER BY a.ahead), 0) END
          FROM history h CROSS JOIN generate_series(1, 6) a (ahead)
          LEFT JOIN lead_scoring_internal.forecast_counts(h.mqls, 7) f ON f.period_ahead = a.ahead + 1
          LEFT JOIN pipeline p ON p.ahead = a.ahead AND p.dimension IS NOT DISTINCT FROM h.dimension
         ORDER BY h.dimension, a.ahead
        $query$, jsonb_build_object(
        'month', lead_scoring_internal.period_expression('l.mql_at', settings), 'leads', lead_scoring_internal.lead_rows(model, settings, with_forgotten => true),
        'this_month', lead_scoring_internal.period_expression('$1', settings), 'first', coalesce(mql, 1), 'last', coalesce(customer, 1),
        'has_pipeline', mql < customer IS TRUE, 'zone', settings ->> 'time_zone',
        -- No stage below the pipeline: when a lead came would be read from the events.
        'reached', (SELECT string_agg(CASE WHEN i < mql THEN 'NULL::timestamptz' ELSE format('l.reached_%s', i) END, ', ' ORDER BY i) FROM generate_series(1, coalesce(customer, 1)) i)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.forecast_report IS 'The statement of the report "forecast".';

CREATE FUNCTION lead_scoring_internal.forecast_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What the six months after the running one will bring. MQLs: from 24 complete months on trend and season by least squares together, with exponentially smoothed errors, on the scale of roots or logarithms, whichever the months make likelier (Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing, 2008); with fewer simple exponential smoothing. Customers from today''s pipeline: landmark analysis, by what came of leads that had been in the same stage for exactly as long. Forgotten leads count as MQLs of their months.',
    ARRAY['by | + Each has a forecast by itself, from its own months. Leads in the pipeline add up, what is expected need not. Erased leads have none but their campaign.'],
    ARRAY['period_ahead | integer | 1 to 6; 1 is the month after the running one.',
    'period | date | First day of that month.',
    'mqls | double precision | MQLs expected: as many or more are as likely as fewer.',
    'mqls_low | double precision | Lower bound of its 80 % prediction interval; NULL with fewer than 4 complete months.',
    'mqls_high | double precision | Upper bound of its 80 % prediction interval.',
    'periods_used | integer | Complete months it is taken from, the last 60 at the most. The running month is none, nor is the first, unless its first MQL came on its first day or as early as in half of the months since.',
    'seasonal | boolean | Whether trend and season are in it, as they are from 24 months on.',
    'pipeline | bigint | Leads in the pipeline: MQLs and above, not yet customers, in no detour.',
    'customers | double precision | Of these, customers expected in the period_ahead-th 30 days from now.',
    'customers_to_date | double precision | The same from now on.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.forecast_form IS 'What the report "forecast" is.';

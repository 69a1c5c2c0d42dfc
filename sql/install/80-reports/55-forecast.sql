-- The view "forecast" of a model: MQLs of the months to come, and customers from today's pipeline.
--
-- MQLs: a straight line by least squares through the square roots of the MQLs of the complete months of the last five
-- years; from 24 months on with a season, for each calendar month the mean deviation from that line, all twelve centred.
-- The root makes the spread of counts even and keeps growth from exploding, as it would on a log scale. The interval is
-- that of a single future value of the regression, with Student's quantile by its expansion from the normal one, good
-- to 0.2 % from 2 degrees of freedom on.
-- Customers: of the leads that once stood in the same stage for as long (in steps of 30 days, 12 and more as one) as one
-- in today's pipeline does, the share that became customers in the h-th 30 days from then on. Each lead that was watched
-- for so long counts; where none was, those of the stage at any age do.

CREATE FUNCTION lead_scoring_internal.student_quantile(z float8, degrees float8)
RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT z + (z ^ 3 + z) / (4 * degrees) + (5 * z ^ 5 + 16 * z ^ 3 + 3 * z) / (96 * degrees ^ 2)
       + (3 * z ^ 7 + 19 * z ^ 5 + 17 * z ^ 3 - 15 * z) / (384 * degrees ^ 3)
       + (79 * z ^ 9 + 776 * z ^ 7 + 1482 * z ^ 5 - 1920 * z ^ 3 - 945 * z) / (92160 * degrees ^ 4)
$$;
COMMENT ON FUNCTION lead_scoring_internal.student_quantile IS 'Quantile of Student''s distribution from that of the normal one.';

CREATE FUNCTION lead_scoring_internal.forecast_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
    zone CONSTANT text := settings ->> 'time_zone';
    mql CONSTANT integer := settings ->> 'mql';
    customer CONSTANT integer := settings ->> 'customer';
BEGIN
    RETURN lead_scoring_internal.fill($query$
        WITH leads AS MATERIALIZED (
            SELECT {!month} AS month, l.customer_at, ARRAY[{!reached}] AS reached, CASE WHEN l.is_out THEN l.stage_since END AS out_at
              FROM ({!leads}) l WHERE l.mql_at <= $1),
        running AS (SELECT {!this_month} AS month),
        span AS (
            SELECT greatest(min(l.month), (r.month - interval '60 months')::date) AS first, r.month AS running
              FROM leads l, running r WHERE l.month < r.month GROUP BY r.month),
        history AS (
            SELECT m::date AS month, (row_number() OVER (ORDER BY m))::float8 - 1 AS x, sqrt(coalesce(c.leads, 0)::float8) AS y
              FROM span, generate_series(span.first::timestamp, span.running - interval '1 month', '1 month') m
              LEFT JOIN (SELECT l.month, count(*) AS leads FROM leads l GROUP BY 1) c ON c.month = m::date),
        trend AS (
            SELECT count(*)::float8 AS n, avg(x) AS mean_x, regr_sxx(y, x) AS sxx, coalesce(regr_slope(y, x), 0) AS slope, avg(y) AS mean_y,
                   count(*) >= 24 AS seasonal
              FROM history),
        seasons AS (
            SELECT s.part, s.deviation - avg(s.deviation) OVER () AS factor
              FROM (SELECT extract(month FROM h.month) AS part, avg(h.y - t.mean_y - t.slope * (h.x - t.mean_x)) AS deviation
                      FROM history h, trend t WHERE t.seasonal GROUP BY 1) s),
        spread AS (
            SELECT sum((h.y - t.mean_y - t.slope * (h.x - t.mean_x) - coalesce(s.factor, 0)) ^ 2) / nullif(t.n - CASE WHEN t.seasonal THEN 13 ELSE 2 END, 0) AS variance
              FROM trend t, history h LEFT JOIN seasons s ON s.part = extract(month FROM h.month) GROUP BY t.n, t.seasonal),
        expected AS (
            SELECT a.ahead, (r.month + a.ahead * interval '1 month')::date AS month, t.n, t.seasonal,
                   CASE WHEN t.n >= 1 THEN t.mean_y + t.slope * (t.n + a.ahead - t.mean_x) + coalesce(s.factor, 0) END AS y,
                   CASE WHEN t.n >= 4 THEN lead_scoring_internal.student_quantile(1.2815515655446004, t.n - CASE WHEN t.seasonal THEN 13 ELSE 2 END)
                       * sqrt(v.variance * (1 + 1 / t.n + (t.n + a.ahead - t.mean_x) ^ 2 / t.sxx)) END AS half_width
              FROM running r, trend t LEFT JOIN spread v ON true, generate_series(1, 6) a (ahead)
              LEFT JOIN seasons s ON s.part = extract(month FROM $1 AT TIME ZONE {'zone'} + a.ahead * interval '1 month')),
        -- Where leads stood, every 30 days of their stay in a stage: what came of it, and for how many 30 days it was watched.
        -- OFFSET 0 has a row's times computed once, not in each of the counts.
        landmarks AS (
            SELECT stage, age, {!outcomes}
              FROM (SELECT g.stage, k.age, l.customer_at, g.from_at + k.span AS at
                      FROM leads l, generate_series({!first}, {!last} - 1) g0 (stage),
                           LATERAL (SELECT g0.stage, l.reached[g0.stage] AS from_at, LEAST(l.reached[g0.stage + 1], l.out_at, $1) AS until OFFSET 0) g,
                           (SELECT k, k * interval '720 hours' FROM generate_series(0, 12) k OFFSET 0) k (age, span)
                     WHERE g.from_at + k.span < g.until OFFSET 0) m
             GROUP BY 1, 2),
        outcomes AS (
            SELECT m.stage, m.age, h.ahead, m.watched[h.ahead] AS watched, m.won[h.ahead] AS won
              FROM landmarks m, generate_series(1, 6) h (ahead) WHERE m.watched[h.ahead] > 0),
        pipeline AS (
            SELECT g.stage, least(floor(extract(epoch FROM $1 - l.reached[g.stage]) / 2592000), 12)::integer AS age, count(*) AS leads
              FROM leads l, generate_series({!first}, {!last} - 1) g (stage)
             WHERE l.out_at IS NULL AND l.reached[g.stage] <= $1 AND (l.reached[g.stage + 1] <= $1) IS NOT TRUE
             GROUP BY 1, 2),
        won AS (
            SELECT a.ahead, sum(p.leads * coalesce(o.won::float8 / o.watched, s.won::float8 / s.watched, 0) ORDER BY p.stage, p.age) AS customers, sum(p.leads)::bigint AS leads
              FROM generate_series(1, 6) a (ahead) CROSS JOIN pipeline p
              LEFT JOIN outcomes o ON o.stage = p.stage AND o.age = p.age AND o.ahead = a.ahead
              LEFT JOIN (SELECT stage, ahead, sum(won) AS won, sum(watched) AS watched FROM outcomes GROUP BY 1, 2) s
                     ON s.stage = p.stage AND s.ahead = a.ahead
             GROUP BY 1)
        SELECT e.ahead, e.month, CASE WHEN e.y IS NOT NULL THEN greatest(e.y, 0) ^ 2 END,
               CASE WHEN e.half_width IS NOT NULL THEN greatest(e.y - e.half_width, 0) ^ 2 END,
               CASE WHEN e.half_width IS NOT NULL THEN greatest(e.y + e.half_width, 0) ^ 2 END, e.n::integer, e.seasonal,
               CASE WHEN {'has_pipeline'} THEN coalesce(w.leads, 0) END, CASE WHEN {'has_pipeline'} THEN coalesce(w.customers, 0) END,
               CASE WHEN {'has_pipeline'} THEN coalesce(sum(w.customers) OVER (ORDER BY e.ahead), 0) END
          FROM expected e LEFT JOIN won w USING (ahead)
         ORDER BY e.ahead
        $query$, jsonb_build_object(
        'month', lead_scoring_internal.month_expression('l.mql_at', zone), 'leads', lead_scoring_internal.lead_rows(model),
        'this_month', lead_scoring_internal.month_expression('$1', zone), 'first', coalesce(mql, 1), 'last', coalesce(customer, 1),
        'has_pipeline', mql < customer IS TRUE, 'zone', zone,
        -- No stage below the pipeline: when a lead came would be read from the events.
        'reached', (SELECT string_agg(CASE WHEN i < mql THEN 'NULL::timestamptz' ELSE format('l.reached_%s', i) END, ', ' ORDER BY i) FROM generate_series(1, coalesce(customer, 1)) i),
        'outcomes', (SELECT format('ARRAY[%s] AS watched, ARRAY[%s] AS won',
                                   string_agg(format('count(*) FILTER (WHERE at + interval ''%s hours'' <= $1)', 720 * h), ', ' ORDER BY h),
                                   string_agg(format('count(*) FILTER (WHERE customer_at > at + interval ''%s hours'' AND customer_at <= at + interval ''%s hours'' AND at + interval ''%2$s hours'' <= $1)',
                                                     720 * (h - 1), 720 * h), ', ' ORDER BY h))
                       FROM generate_series(1, 6) h)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.forecast_report IS 'The statement of the view "forecast".';

CREATE FUNCTION lead_scoring_internal.make_forecast(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'forecast',
    'What the six months after the running one will bring: MQLs by trend and season of the complete months so far, customers from today''s pipeline by what came of leads that had been in the same stage for as long.',
    'period_ahead | integer | 1 to 6; 1 is the month after the running one.',
    'period | date | First day of that month.',
    'mqls | double precision | MQLs expected.',
    'mqls_low | double precision | Lower bound of its 80 % prediction interval; NULL with fewer than 4 complete months.',
    'mqls_high | double precision | Upper bound of its 80 % prediction interval.',
    'periods_used | integer | Complete months the trend is taken from, 60 at the most.',
    'seasonal | boolean | Whether a factor of the calendar month is in it, as it is from 24 months on.',
    'pipeline | bigint | Leads in the pipeline: MQLs and above, not yet customers, in no detour.',
    'customers | double precision | Of these, customers expected in the period_ahead-th 30 days from now.',
    'customers_to_date | double precision | The same from now on.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_forecast IS 'Creates the view "forecast" of a model.';

-- The report "cohorts": how many of a period's leads convert as they grow older.

CREATE FUNCTION lead_scoring_internal.cohorts_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mql CONSTANT integer := settings ->> 'mql';
    pairs text;
    from_stages text[];
    to_stages text[];
BEGIN
    SELECT string_agg(format('(%s, l.reached_%s, l.reached_%s)', p.place, p.from_place, p.to_place), ', ' ORDER BY p.place),
           array_agg(settings -> 'stages' ->> p.from_place - 1 ORDER BY p.place), array_agg(settings -> 'stages' ->> p.to_place - 1 ORDER BY p.place)
      INTO pairs, from_stages, to_stages
      FROM (SELECT row_number() OVER (ORDER BY c.place) AS place, c.from_place, c.to_place
              FROM (VALUES (1, 1, mql), (2, mql, (settings ->> 'sql')::integer), (3, mql, (settings ->> 'customer')::integer)) c (place, from_place, to_place)
             WHERE c.from_place < c.to_place) p;
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH cohorts AS (
            SELECT [[l.dimension, ]]p.place, {!period} AS period,
                   CASE WHEN p.to_at IS NOT NULL THEN greatest(ceil(extract(epoch FROM p.to_at - p.from_at) / 2592000), 1)::integer END AS age, count(*) AS leads
              FROM ({!leads}) l, LATERAL (VALUES {!pairs}) p (place, from_at, to_at)
             WHERE p.from_at IS NOT NULL
             GROUP BY 1, 2, 3[[, 4]]),
        cumulated AS (
            SELECT [[c.dimension, ]]c.place, c.period, a.age, sum(c.leads)::bigint AS leads,
                   coalesce(sum(c.leads) FILTER (WHERE c.age <= a.age), 0)::bigint AS converted,
                   c.period + interval {'step'} + a.age * interval '30 days' <= $1 AT TIME ZONE {'zone'} AS mature
              FROM cohorts c, generate_series(1, 12) a (age)
             GROUP BY [[c.dimension, ]]c.place, c.period, a.age)
        SELECT [[c.dimension|NULL::text]], ({'from_stages'}::text[])[c.place], ({'to_stages'}::text[])[c.place], c.period, c.age, c.leads, c.converted, c.mature, w.rate, w.low, w.high
          FROM cumulated c LEFT JOIN LATERAL lead_scoring.wilson_interval(c.converted, c.leads) w ON c.mature
         WHERE {!asked_for} ORDER BY [[c.dimension, ]]c.place, c.period, c.age
        $query$, jsonb_build_object(
        'period', lead_scoring_internal.period_expression('p.from_at', settings), 'step', settings ->> 'step',
        'asked_for', lead_scoring_internal.is_asked_for('c.period', settings), 'leads', lead_scoring_internal.lead_rows(model, settings),
        'pairs', coalesce(pairs, '(0, NULL::timestamptz, NULL::timestamptz)'), 'zone', settings ->> 'time_zone', 'from_stages', from_stages::text,
        'to_stages', to_stages::text));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.cohorts_report IS 'The statement of the report "cohorts".';

CREATE FUNCTION lead_scoring_internal.cohorts_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How many leads convert within 1 to 12 times 30 days, by the period in which they reached the first stage: from lead to MQL, from MQL to SQL, from MQL to customer.',
    ARRAY['grain', 'by', 'since', 'until'],
    ARRAY['from_stage | text | Stage the cohort starts from.',
    'to_stage | text | Stage that counts as conversion.',
    'period | date | First day of the period in which the leads reached from_stage.',
    'age | integer | Conversions count within age times 30 days.',
    'leads | bigint | Leads of the cohort.',
    'converted | bigint | Of these, leads that reached to_stage within that time.',
    'mature | boolean | Whether all of the cohort are of that age; until then converted may grow.',
    'rate | double precision | converted / leads; NULL while the cohort is not mature.',
    'rate_low | double precision | Lower bound of its 95 % interval.',
    'rate_high | double precision | Upper bound of its 95 % interval.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.cohorts_form IS 'What the report "cohorts" is.';

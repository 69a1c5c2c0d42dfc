-- lead_velocity: the mean time between two stages.
-- State: bigint[4] of the number of leads, the sum of microseconds as high and low word, and infinite terms (none here); 64 bytes a group.
-- brier and log_loss keep the same state.

CREATE FUNCTION lead_scoring.lead_velocity_accum(state bigint[], from_at timestamptz, to_at timestamptz) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_velocity_accum';
COMMENT ON FUNCTION lead_scoring.lead_velocity_accum(state bigint[], from_at timestamptz, to_at timestamptz) IS 'Transition function of lead_velocity.';

CREATE FUNCTION lead_scoring.mean_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_mean_combine';
COMMENT ON FUNCTION lead_scoring.mean_combine(state bigint[], other bigint[]) IS 'Combine function of lead_velocity, brier and log_loss.';

CREATE FUNCTION lead_scoring.lead_velocity_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_velocity_final';
COMMENT ON FUNCTION lead_scoring.lead_velocity_final(state bigint[]) IS 'Final function of lead_velocity.';

CREATE AGGREGATE lead_scoring.lead_velocity(from_at timestamptz, to_at timestamptz) (
    SFUNC = lead_scoring.lead_velocity_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring.lead_velocity_final,
    COMBINEFUNC = lead_scoring.mean_combine,
    INITCOND = '{0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.lead_velocity(from_at timestamptz, to_at timestamptz) IS 'Mean time from from_at to to_at in days (of 24 hours), over the rows that have both; NULL where none has. Infinite times count as NULL. Where to_at is before from_at the time is negative and counts: FILTER (WHERE to_at >= from_at) leaves such rows out. Leads still on their way are not in it: see median_time_to.';

-- The view "velocity" of a model.

CREATE FUNCTION lead_scoring.velocity_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring.report_setting(model);
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    pairs text;
BEGIN
    SELECT string_agg(format('(%s, %s)', i, j), ', ') INTO pairs
      FROM generate_subscripts(names, 1) i, generate_subscripts(names, 1) j WHERE i < j;
    RETURN format($query$
        WITH moves AS (
            SELECT p.i, p.j, l.reached[p.i] AS from_at, CASE WHEN l.reached[p.j] <= $1 THEN l.reached[p.j] END AS to_at, l.entered[p.j] IS NULL AS skipped, l.is_out
              FROM (%1$s) l, (VALUES %2$s) p (i, j)
             WHERE l.reached[p.i] <= $1),
        slow AS (
            SELECT i, j, percentile_cont(0.9) WITHIN GROUP (ORDER BY to_at - from_at) AS span
              FROM moves WHERE to_at IS NOT NULL GROUP BY 1, 2 HAVING count(*) >= 10)
        SELECT (%4$L::text[])[m.i], (%4$L::text[])[m.j], m.i, m.j, %3$s, count(*), count(m.to_at),
               count(*) FILTER (WHERE m.to_at IS NOT NULL AND m.skipped),
               count(*) FILTER (WHERE m.to_at IS NULL AND NOT m.is_out),
               count(*) FILTER (WHERE m.to_at IS NULL AND m.is_out),
               CASE WHEN min(s.span) IS NOT NULL THEN count(*) FILTER (WHERE m.to_at IS NULL AND NOT m.is_out AND $1 - m.from_at > s.span) END,
               coalesce(sum(extract(epoch FROM m.to_at - m.from_at)::float8 / 86400), 0),
               lead_scoring.lead_velocity(m.from_at, m.to_at),
               lead_scoring.median_time_to(m.from_at, m.to_at, $1),
               percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM m.to_at - m.from_at)::float8 / 86400),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM m.to_at - m.from_at)::float8 / 86400)
          FROM moves m LEFT JOIN slow s USING (i, j)
         GROUP BY m.i, m.j, 5
         ORDER BY m.i, m.j, 5
        $query$, lead_scoring.lead_rows(model), coalesce(pairs, '(NULL::integer, NULL::integer)'),
        lead_scoring.month_expression('m.from_at', settings ->> 'time_zone'), names);
END
$$;
COMMENT ON FUNCTION lead_scoring.velocity_report IS 'The statement of the view "velocity".';

CREATE FUNCTION lead_scoring.make_velocity(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring.make_report_view(model, 'velocity',
    'How fast leads move, for each pair of progress stages, by the month in which they reached the lower one.',
    'from_stage | text | Stage the time is taken from.',
    'to_stage | text | Stage the time is taken to.',
    'from_rank | integer | Place of from_stage among the progress stages, from 1.',
    'to_rank | integer | Place of to_stage among the progress stages.',
    'month | date | First day of the month in which the leads reached from_stage.',
    'leads | bigint | Leads that did.',
    'converted | bigint | Of these, leads that reached to_stage.',
    'skipped | bigint | Of these, leads that were never in to_stage itself.',
    'waiting | bigint | Leads that have not reached to_stage and are in no detour.',
    'out | bigint | Leads that have not reached to_stage and are in a detour, such as recycled.',
    'stalled | bigint | Of the waiting ones, those that wait longer than 90 % of all that ever made this way took; NULL while fewer than 10 have.',
    'days_sum | double precision | Sum of the days that the converted took.',
    'mean_days | double precision | days_sum / converted.',
    'median_days | double precision | Days after which half of the leads have converted (Kaplan and Meier); NULL where fewer do.',
    'p90_days | double precision | Days within which 90 % of the converted did so.',
    'p50_days | double precision | Days within which half of the converted did so; of a recent month that tells of the fast alone.')
$$;
COMMENT ON FUNCTION lead_scoring.make_velocity IS 'Creates the view "velocity" of a model.';

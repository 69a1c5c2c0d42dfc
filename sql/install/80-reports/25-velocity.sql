-- The report "velocity".

CREATE FUNCTION lead_scoring_internal.velocity_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    stages CONSTANT integer := cardinality(names);
    starts CONSTANT integer := greatest(stages - 1, 1);
    spans text;
    sums text;
BEGIN
    SELECT string_agg(format('ARRAY[%s]', line), ', ' ORDER BY i) INTO spans
      FROM (SELECT i, string_agg(CASE WHEN i < j THEN format('CASE WHEN count(l.at_%s) >= 10 THEN percentile_cont(0.9) WITHIN GROUP (ORDER BY l.at_%1$s - l.at_%s) END', j, i)
                                      ELSE 'NULL::interval' END, ', ' ORDER BY j) AS line
              FROM generate_series(1, starts) i, generate_series(1, stages) j GROUP BY 1) lines;
    -- An array of each number, by the place of the stage that the time is taken to, which comes for # from the second on.
    SELECT string_agg(format('ARRAY[NULL%s]::%s[] AS %s', (SELECT string_agg(', ' || replace(n.expression, '#', j::text), '' ORDER BY j) FROM generate_series(2, stages) j),
                             n.type, n.name), ', ' ORDER BY n.place) INTO sums
      FROM (VALUES
          (1, 'converted', 'bigint', 'count(l.at_#)'),
          (2, 'skipped', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NOT NULL AND l.skipped_#)'),
          (3, 'waiting', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND NOT l.is_out)'),
          (4, 'left_out', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND l.is_out)'),
          (5, 'stalled', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND NOT l.is_out AND $1 - f.from_at > ((SELECT s.spans FROM slow s))[f.i][#])'),
          (6, 'span', 'interval', 'sum(l.at_# - f.from_at) FILTER (WHERE f.i < #)'),
          (7, 'mean_days', 'float8', 'lead_scoring.lead_velocity(f.from_at, l.at_#) FILTER (WHERE f.i < #)'),
          (8, 'median_days', 'float8', 'lead_scoring.median_time_to(f.from_at, l.at_#, $1) FILTER (WHERE f.i < #)'),
          (9, 'p90_days', 'float8', 'percentile_cont(0.9) WITHIN GROUP (ORDER BY date_part(''epoch'', l.at_# - f.from_at) / 86400) FILTER (WHERE f.i < #)'),
          (10, 'p50_days', 'float8', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part(''epoch'', l.at_# - f.from_at) / 86400) FILTER (WHERE f.i < #)')) n (place, name, type, expression);
    -- A lead is sorted into a period once for each stage it reached, not for each pair of stages.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS MATERIALIZED (
            SELECT [[l.dimension, ]]l.is_out, {!times} FROM ({!leads}) l WHERE l.reached_1 IS NOT NULL),
        slow AS (
            SELECT ARRAY[{!spans}] AS spans FROM leads l),
        sums AS (
            SELECT [[l.dimension, ]]f.i, {!period} AS period, count(*) AS leads, {!sums}
              FROM leads l, LATERAL (VALUES {!starts}) f (i, from_at)
             WHERE f.from_at IS NOT NULL
             GROUP BY [[l.dimension, ]]f.i, {!period})
        SELECT [[m.dimension|NULL::text]], ({'stages'}::text[])[m.i], ({'stages'}::text[])[j], m.i, j, m.period, m.leads, m.converted[j], m.skipped[j], m.waiting[j], m.left_out[j],
               CASE WHEN s.spans[m.i][j] IS NOT NULL THEN m.stalled[j] END,
               coalesce(extract(epoch FROM m.span[j]), 0)::float8 / 86400, m.mean_days[j], m.median_days[j], m.p90_days[j], m.p50_days[j]
          FROM slow s, sums m, generate_series(m.i + 1, {!count}) j
         WHERE {!asked_for} ORDER BY [[m.dimension, ]]m.i, j, m.period
        $query$, jsonb_build_object(
        'times', (SELECT string_agg(format('l.reached_%s AS at_%1$s, l.entered_%1$s IS NULL AS skipped_%1$s', i), ', ' ORDER BY i)
                    FROM generate_series(1, stages) i),
        'leads', lead_scoring_internal.lead_rows(model, settings), 'spans', spans,
        'period', lead_scoring_internal.period_expression('f.from_at', settings), 'sums', sums,
        'asked_for', lead_scoring_internal.is_asked_for('m.period', settings),
        'starts', (SELECT string_agg(format('(%s, l.at_%1$s)', i), ', ' ORDER BY i) FROM generate_series(1, starts) i), 'stages', names::text,
        'count', stages));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.velocity_report IS 'The statement of the report "velocity".';

CREATE FUNCTION lead_scoring_internal.velocity_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How fast leads move, for each pair of progress stages, by the period in which they reached the lower one.',
    ARRAY['grain', 'by', 'since', 'until'],
    ARRAY['from_stage | text | Stage the time is taken from.',
    'to_stage | text | Stage the time is taken to.',
    'from_rank | integer | Place of from_stage among the progress stages, from 1.',
    'to_rank | integer | Place of to_stage among the progress stages.',
    'period | date | First day of the period in which the leads reached from_stage.',
    'leads | bigint | Leads that did.',
    'converted | bigint | Of these, leads that reached to_stage.',
    'skipped | bigint | Of these, leads that were never in to_stage itself.',
    'waiting | bigint | Leads that have not reached to_stage and are in no detour.',
    'out | bigint | Leads that have not reached to_stage and are in a detour, such as recycled.',
    'stalled | bigint | Of the waiting ones, those that wait longer than 90 % of all that ever made this way took; NULL while fewer than 10 have. All leads are looked at for that, whatever rows are asked for.',
    'days_sum | double precision | Sum of the days that the converted took.',
    'mean_days | double precision | days_sum / converted.',
    'median_days | double precision | Days after which half of the leads have converted (Kaplan and Meier); NULL where fewer do.',
    'p90_days | double precision | Days within which 90 % of the converted did so.',
    'p50_days | double precision | Days within which half of the converted did so; of a recent period that tells of the fast alone.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.velocity_form IS 'What the report "velocity" is.';

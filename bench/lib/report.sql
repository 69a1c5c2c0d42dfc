-- The table, as text and as JSON.
CREATE TABLE bench.measures (measure integer, name text);
CREATE TABLE bench.run (key text, value text);

-- short(): three digits that matter.
CREATE FUNCTION bench.short(value float8) RETURNS text
BEGIN ATOMIC
    SELECT CASE WHEN value = 0 THEN '0'
                ELSE rtrim(to_char(round(value::numeric, greatest(0, 2 - floor(log(abs(value)))::integer)), 'FM999,999,999,990.999999'), '.') END;
END;

-- A measure that failed a check has met nothing.
CREATE VIEW bench.report AS
SELECT line, measure AS "#", what AS measure, bench.short(ours_median) || ' ' || unit AS ours, bench.short(peer_median) AS peer,
       CASE WHEN peer IS NOT NULL THEN bench.short(ratio) END AS ratio,
       bench.short(low) || ' - ' || bench.short(high) AS range, bench.short(cpu_ratio) AS cpu, target,
       CASE WHEN EXISTS (SELECT FROM bench.checks c WHERE c.measure = r.measure AND failures > 0) THEN 'failed'
            WHEN met THEN 'yes' WHEN NOT met THEN 'no' ELSE '' END AS "met?"
FROM bench.results r;

CREATE VIEW bench.report_json AS
SELECT jsonb_pretty(jsonb_build_object(
    'run', (SELECT jsonb_object_agg(key, value) FROM bench.run),
    'results', (SELECT jsonb_agg(to_jsonb(r) ORDER BY line) FROM bench.results r),
    'checks', (SELECT jsonb_agg(to_jsonb(c)) FROM bench.checks c),
    'samples', (SELECT jsonb_agg(to_jsonb(s) ORDER BY measure, name, round) FROM bench.samples s)));

-- What docs/performance.md shows: the machine, and a line a target.
CREATE VIEW bench.markdown AS
SELECT (SELECT format('Measured with %s on %s cores of %s, %s of memory, %s; sizes and settings: %s.',
                      max(value) FILTER (WHERE key = 'server'), max(value) FILTER (WHERE key = 'cores'), max(value) FILTER (WHERE key = 'cpu'),
                      max(value) FILTER (WHERE key = 'memory'), max(value) FILTER (WHERE key = 'date'),
                      string_agg(key || ' ' || value, ', ') FILTER (WHERE key NOT IN ('server', 'cores', 'cpu', 'memory', 'date', 'commit')))
        FROM bench.run) || E'\n\n| # | measure | median | range | cpu | target | met? |\n|---|---|---|---|---|---|---|\n' ||
       string_agg(format('| %s | %s | %s | %s | %s | %s | %s |', "#", measure, coalesce(ratio, ours), range, cpu, target, "met?"), E'\n' ORDER BY line) AS text
FROM bench.report WHERE target IS NOT NULL;

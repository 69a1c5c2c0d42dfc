-- What the hand-written peers share: how a score is put together from the sums of its rules.
--
-- Decaying points are kept as they were worth in 2020: an event at t, in seconds since then, adds points * 2^(t / half_life),
-- and the sum is worth sum * 2^(-now / half_life). So a sum is only ever added to. (It overflows after 1023 half-lives: 19
-- years of 7 days.)
CREATE FUNCTION bench.seconds(at text) RETURNS text
RETURN format($$(date_part('epoch', %s) - 1577836800)$$, at);

CREATE FUNCTION bench.rate(half_life_days float8) RETURNS float8
RETURN ln(2) / (half_life_days * 86400);

-- added(): the points that one event at `at` adds to a rule's sum.
CREATE FUNCTION bench.added(r bench.rules, at text) RETURNS text
RETURN CASE WHEN r.half_life_days IS NULL THEN r.points::text
            ELSE format('%s * exp(%s * %s)', r.points, bench.rate(r.half_life_days), bench.seconds(at)) END;

-- score(): the score as of `at`, where `sum` is a pattern for the sum of rule %1$s.
CREATE FUNCTION bench.score(model text, sum text, at text) RETURNS text
BEGIN ATOMIC
    SELECT string_agg(format('least(%s, %s)', g.max_points, terms), ' + ')
    FROM (SELECT rule_group,
                 string_agg(CASE WHEN half_life_days IS NOT NULL
                                 THEN format('%s * exp(%s * %s)', format(sum, ordinal), -bench.rate(half_life_days), bench.seconds(at))
                                 WHEN max_points IS NOT NULL THEN format('least(%s, %s)', max_points, format(sum, ordinal))
                                 ELSE format(sum, ordinal) END, ' + ' ORDER BY ordinal) AS terms
          FROM bench.rules r WHERE rule_set = model GROUP BY rule_group) AS t
    JOIN bench.groups g ON g.name = t.rule_group;
END;

CREATE FUNCTION bench.type_list(model text) RETURNS text
BEGIN ATOMIC
    SELECT string_agg(DISTINCT quote_literal(event_type), ', ') FROM bench.rules WHERE rule_set = model;
END;

-- sums(): a FILTER aggregate for each rule, over events, as columns r1, r2 ...
CREATE FUNCTION bench.sums(model text) RETURNS text
BEGIN ATOMIC
    SELECT string_agg(CASE WHEN half_life_days IS NULL THEN format('%s * count(*) FILTER (WHERE %s)', points, matches)
                           ELSE format('coalesce(sum(%s) FILTER (WHERE %s), 0)', bench.added(r, 'occurred_at'), matches) END
                      || ' AS r' || ordinal, E',\n' ORDER BY ordinal)
    FROM bench.rules r,
         LATERAL (SELECT concat_ws(' AND ', format('type = %L', event_type), condition) AS matches) AS m
    WHERE rule_set = model;
END;

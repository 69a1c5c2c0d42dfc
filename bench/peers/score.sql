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

-- score(): the score as of `seconds`, where `sum` is a pattern for the sum of rule %1$s.
CREATE FUNCTION bench.score(model text, sum text, seconds text) RETURNS text
BEGIN ATOMIC
    SELECT string_agg(format('least(%s, %s)', g.max_points, terms), ' + ')
    FROM (SELECT rule_group,
                 string_agg(CASE WHEN half_life_days IS NOT NULL
                                 THEN format('%s * exp(%s * %s)', format(sum, ordinal), -bench.rate(half_life_days), seconds)
                                 WHEN max_points IS NOT NULL THEN format('least(%s, %s)', max_points, format(sum, ordinal))
                                 ELSE format(sum, ordinal) END, ' + ' ORDER BY ordinal) AS terms
          FROM bench.rules r WHERE rule_set = model GROUP BY rule_group) AS t
    JOIN bench.groups g ON g.name = t.rule_group;
END;

CREATE FUNCTION bench.type_list(model text) RETURNS text
BEGIN ATOMIC
    SELECT string_agg(DISTINCT quote_literal(event_type), ', ') FROM bench.rules WHERE rule_set = model;
END;

-- The set-based ones look an event's type up once, for to compare it with that of 40 rules is cheaper as a number.
CREATE FUNCTION bench.type_number(model text, type text) RETURNS bigint
BEGIN ATOMIC
    SELECT count(DISTINCT event_type) FROM bench.rules WHERE rule_set = model AND event_type < type;
END;

-- typed(): the events of a table whose type some rule names, to be read as type_number.
CREATE FUNCTION bench.typed(model text, events text) RETURNS text
BEGIN ATOMIC
    SELECT format('%s JOIN (VALUES %s) AS types (type, type_number) USING (type)', events,
                  string_agg(DISTINCT format('(%L, %s)', event_type, bench.type_number(model, event_type)), ', '))
    FROM bench.rules WHERE rule_set = model;
END;

-- sums(): a FILTER aggregate for each rule, over typed events or a window of these, as columns r1, r2 ...
CREATE FUNCTION bench.sums(model text, over_window text DEFAULT '') RETURNS text
BEGIN ATOMIC
    SELECT string_agg(CASE WHEN half_life_days IS NULL THEN format('%s * count(*) FILTER (WHERE %s) %s', points, matches, over_window)
                           ELSE format('coalesce(sum(%s) FILTER (WHERE %s) %s, 0)', bench.added(r, 'occurred_at'), matches, over_window) END
                      || ' AS r' || ordinal, E',\n' ORDER BY ordinal)
    FROM bench.rules r,
         LATERAL (SELECT concat_ws(' AND ', 'type_number = ' || bench.type_number(model, event_type), condition) AS matches) AS m
    WHERE rule_set = model;
END;

SET TIME ZONE 'UTC';
SET DateStyle = 'ISO';

-- A lead's path is written as letters, a minute apart; A to D are the steps of the funnel, X is none of them.
CREATE FUNCTION level(path text, mode text, within interval DEFAULT '1 day') RETURNS int LANGUAGE sql AS $$
    SELECT lead_scoring.window_funnel(within, '2024-01-01'::timestamptz + i * interval '1 minute', mode, c = 'A', c = 'B', c = 'C', c = 'D')
    FROM regexp_split_to_table(path, '') WITH ORDINALITY AS p(c, i)
$$;
SELECT path, level(path, NULL) AS plain, level(path, 'strict_order') AS ordered, level(path, 'strict_order, allow_reentry') AS reentry, level(path, 'strict_deduplication') AS dedup,
       level(path, 'strict_increase') AS increase, level(path, 'strict_once') AS once, level(path, 'strict_once,strict_order,strict_deduplication,strict_increase') AS all_strict
FROM unnest(ARRAY['', 'X', 'B', 'A', 'AB', 'BA', 'ABCD', 'ABDC', 'ABXCD', 'AXBCD', 'XABCD', 'AABBCCDD', 'ABCBD', 'ABABCD', 'ABACD', 'DCBA', 'DCBABCD', 'ACBD', 'ABDCD', 'BABCD']) AS path;

-- The window opens with the first step and includes its end; the best chain counts, not the first one.
SELECT within, level('AXXBXC', NULL, within) AS late, level('AXXBABC', NULL, within) AS again
FROM unnest(ARRAY['0', '1 min', '2 min', '3 min', '4 min 59.999999 s', '5 min', '1 day']::interval[]) AS within;
SELECT level('AB', NULL, '1 month');
SELECT level('AB', NULL, '-1 s');
SELECT level('AB', NULL, NULL);

-- One event that matches several steps takes them all, or one of them.
CREATE FUNCTION levels(events text[]) RETURNS TABLE (mode text, level int, times text) LANGUAGE sql AS $$
    SELECT mode, lead_scoring.window_funnel('1 hour', e.at, mode, a, b, c),
           (SELECT string_agg(to_char(t, 'MI'), ' ' ORDER BY o) FROM unnest(lead_scoring.funnel_times('1 hour', e.at, mode, a, b, c)) WITH ORDINALITY AS u(t, o))
    FROM unnest(ARRAY['', 'strict_once', 'strict_increase', 'strict_deduplication', 'strict_once, strict_deduplication', 'strict_order, strict_once']) WITH ORDINALITY AS m(mode, n),
    LATERAL (SELECT '2024-01-01'::timestamptz + split_part(e, ' ', 1)::int * interval '1 min' AS at, e LIKE '% %A%' AS a, e LIKE '% %B%' AS b, e LIKE '% %C%' AS c FROM unnest(events) AS e) AS e
    GROUP BY n, mode ORDER BY n
$$;
SELECT * FROM levels('{1 ABC}');
SELECT * FROM levels('{1 AB,2 C}');
SELECT * FROM levels('{1 AB,2 BC,3 C}');
-- At one time lower steps come first, so that the order of rows never matters; strict_once wants an event for each step.
SELECT * FROM levels('{1 C,1 B,1 A}');
SELECT * FROM levels('{1 AB,1 AB,1 C}');
SELECT * FROM levels('{1 A,1 ABC,1 A}');
SELECT * FROM levels('{1 ABC,1 ABC,1 ABC}');
SELECT * FROM levels('{1 A,2 BC,2 B}');
SELECT * FROM levels('{1 A,2 B,2 B,3 C}');
-- An event that matches nothing comes before others of its time.
SELECT * FROM levels('{1 A,2 B,2 -,3 C}');
-- One step too early ends a strict order, even where the event takes another.
SELECT * FROM levels('{1 A,2 AC,3 B,4 C}');
SELECT level, n FROM (SELECT lead_scoring.window_funnel('1 day', '2024-01-01'::timestamptz + i * interval '1 h', m, c ~ 'A', c ~ 'B', c ~ 'C') AS level, n
    FROM unnest('{A,AC,B,C}'::text[]) WITH ORDINALITY AS p(c, i), unnest('{strict_order,"strict_order,allow_reentry"}'::text[]) WITH ORDINALITY AS o(m, n) GROUP BY n) AS f ORDER BY n;
-- Repeated steps at one time in front of a strictly later one (a search that forgets the earlier A finds two steps).
SELECT * FROM levels('{1 A,2 A,2 B,3 C}');

-- Chains that only one choice of events completes.
SELECT level('AABBC', 'strict_once'), level('ABC', 'strict_once', '1 min');

-- Times: of the chain that got that far first, and of those the one that began last.
SELECT lead_scoring.funnel_times('1 day', '2024-01-01'::timestamptz + i * interval '1 hour', c = 'A', c = 'B', c = 'C') AS times
FROM regexp_split_to_table('AABXBC', '') WITH ORDINALITY AS p(c, i);
SELECT t[1] AS mql, t[2] AS sql, t[3] AS customer FROM (SELECT lead_scoring.funnel_times('1 day', '2024-01-01', true, false, true) AS t) AS f;

-- NULL conditions are false; rows without a time are passed over; no rows are level 0. Infinite times are none.
SELECT lead_scoring.window_funnel('1 day', at, a, b), lead_scoring.funnel_times('1 day', at, a, b)
FROM (VALUES (timestamptz '2024-01-01', true, NULL::boolean), (NULL, true, true), ('infinity', true, true), ('-infinity', true, true)) AS v(at, a, b);
SELECT lead_scoring.window_funnel('1 day', NULL, true), lead_scoring.window_funnel('1 day', now(), VARIADIC NULL::boolean[]), lead_scoring.window_funnel('1 day', now(), NULL::text, true);
SELECT lead_scoring.window_funnel('1 day', now(), true) FILTER (WHERE false), lead_scoring.funnel_times('1 day', now(), true) FILTER (WHERE false);
SELECT lead_scoring.window_funnel('178000000 days', at, a, b) FROM (VALUES ('4713-01-01 00:00:00+00 BC'::timestamptz, true, false), ('294276-12-31 00:00:00+00', false, true)) AS v(at, a, b);

-- A bare NULL for the mode is a text.
SELECT lead_scoring.window_funnel('1 day', now(), NULL, true, false) AS level;

-- Mistakes.
SELECT level('AB', 'strict');
SELECT level('AB', 'strict_order; strict_once');
SELECT level('AB', 'allow_reentry');
SELECT level('AB', ' strict_once , strict_once,, ');
SELECT lead_scoring.window_funnel('1 day', now(), VARIADIC array_fill(true, ARRAY[33]));
SELECT lead_scoring.window_funnel('1 day', now(), VARIADIC '{}'::boolean[]);
SELECT lead_scoring.window_funnel('1 day', now(), VARIADIC array_fill(true, ARRAY[32]));
SELECT lead_scoring.window_funnel(i * interval '1 day', now(), true) FROM generate_series(1, 2) AS i;
SELECT lead_scoring.window_funnel('1 day', now(), CASE i WHEN 1 THEN 'strict_once' END, true) FROM generate_series(1, 2) AS i;
SELECT lead_scoring.window_funnel('1 day', now(), VARIADIC array_fill(true, ARRAY[i])) FROM generate_series(1, 2) AS i;

-- The same answer as window functions give: for each step the latest start of a chain that got there.
CREATE TABLE funnel_events AS
SELECT i * 7919 % 53 AS lead_id, '2024-01-01'::timestamptz + (i * 104729 % 40009) * interval '1 s' AS at, ('x' || left(md5(i::text), 4))::bit(16)::int % 4 AS kind FROM generate_series(1, 3000) AS i;
WITH first AS (SELECT *, max(at) FILTER (WHERE kind = 0) OVER w AS begun_1 FROM funnel_events WINDOW w AS (PARTITION BY lead_id ORDER BY at, kind ROWS UNBOUNDED PRECEDING)),
     second AS (SELECT *, max(begun_1) FILTER (WHERE kind = 1 AND at <= begun_1 + interval '18 min') OVER w AS begun_2 FROM first WINDOW w AS (PARTITION BY lead_id ORDER BY at, kind ROWS UNBOUNDED PRECEDING)),
     third AS (SELECT *, max(begun_2) FILTER (WHERE kind = 2 AND at <= begun_2 + interval '18 min') OVER w AS begun_3 FROM second WINDOW w AS (PARTITION BY lead_id ORDER BY at, kind ROWS UNBOUNDED PRECEDING)),
     plain AS (SELECT lead_id, (max(begun_1) IS NOT NULL)::int + (max(begun_2) IS NOT NULL)::int + (max(begun_3) IS NOT NULL)::int AS level FROM third GROUP BY lead_id),
     ours AS (SELECT lead_id, lead_scoring.window_funnel('18 min', at, kind = 0, kind = 1, kind = 2) AS level FROM funnel_events GROUP BY lead_id)
SELECT ours.level, count(*), count(*) FILTER (WHERE plain.level = ours.level) AS same FROM ours JOIN plain USING (lead_id) GROUP BY 1 ORDER BY 1;

DROP TABLE funnel_events;
DROP FUNCTION level, levels;

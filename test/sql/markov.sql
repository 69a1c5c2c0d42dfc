SET extra_float_digits = -3;
SET client_min_messages = warning;

-- Anderl and others (2014), as it is usually retold: three paths. Removing C1 loses half of the conversions, C2 and C3 all of them.
SELECT m.* FROM (SELECT lead_scoring.attribution_markov(path, converted) AS credits
    FROM (VALUES ('{C1,C2,C3}'::text[], true), ('{C1}', false), ('{C2,C3}', false)) AS v(path, converted)) AS a, unnest(credits) AS m;

-- By hand: from the start to A always, from A to B or to a conversion, from B to a conversion or away. P = 1/2 + 1/2 * 1/2.
SELECT m.* FROM (SELECT lead_scoring.attribution_markov(path, converted) AS credits FROM (VALUES ('{A}'::text[], true), ('{A}', true), ('{A,B}', true), ('{A,B}', false)) AS v(path, converted)) AS a, unnest(credits) AS m;

-- Counts of like paths are the same as the paths one by one.
CREATE TABLE paths (path text[], conversions bigint, lost bigint);
INSERT INTO paths VALUES ('{search,mail,search}', 10, 30), ('{mail}', 5, 100), ('{social,search}', 7, 3), ('{social,social,mail,search,mail}', 2, 8), ('{}', 4, 50), (NULL, 1, 9), ('{NULL,mail,NULL}', 0, 3);
SELECT m.* FROM (SELECT lead_scoring.attribution_markov(path, conversions, lost, 1) AS credits FROM paths) AS a, unnest(credits) AS m;
SELECT model_order, (SELECT lead_scoring.attribution_markov(path, conversions, lost, model_order) FROM paths)
    = (SELECT lead_scoring.attribution_markov(path, n <= conversions, model_order) FROM paths, generate_series(1, conversions + lost) AS n) AS same
FROM generate_series(1, 3) AS model_order;

-- Credits sum to the conversions, under every order; effects are shares.
SELECT model_order, m.channel, m.removal_effect, m.credit, sum(m.credit) OVER (PARTITION BY model_order) AS conversions
FROM generate_series(1, 3) AS model_order, LATERAL (SELECT lead_scoring.attribution_markov(path, conversions, lost, model_order) AS credits FROM paths) AS a, unnest(credits) AS m;

-- Where each path has one channel, each channel has its own conversions, under every order.
SELECT m.* FROM (SELECT lead_scoring.attribution_markov(ARRAY[c], n, 10 * n, 3) AS credits FROM (VALUES ('a', 1), ('b', 2), ('c', 5)) AS v(c, n)) AS a, unnest(credits) AS m;

-- A higher order knows more of the path than the last channel: A,C converts and B,C never does. At order 1 that cannot be seen.
SELECT model_order, m.* FROM unnest(ARRAY[1, 2, NULL]) AS model_order,
LATERAL (SELECT lead_scoring.attribution_markov(path, n, lost, model_order) AS credits FROM (VALUES ('{A,C}'::text[], 10, 0), ('{B,C}', 0, 10)) AS v(path, n, lost)) AS a, unnest(credits) AS m;

-- Loops are solved, not walked.
SELECT m.channel, round(m.removal_effect::numeric, 9) AS removal_effect FROM (SELECT lead_scoring.attribution_markov(array_fill('a'::text, ARRAY[10000]) || '{b}'::text[], converted) AS credits FROM unnest(ARRAY[true, false]) AS converted) AS a, unnest(credits) AS m;

-- No conversions: no effect, no credit. No paths at all; NULL for converted.
SELECT m.* FROM (SELECT lead_scoring.attribution_markov('{a,b}', false) AS credits) AS a, unnest(credits) AS m;
SELECT lead_scoring.attribution_markov('{a}'::text[], NULL::boolean), lead_scoring.attribution_markov(NULL, true), lead_scoring.attribution_markov('{}'::text[], false), lead_scoring.attribution_markov('{a}'::text[], NULL, NULL, NULL);
SELECT lead_scoring.attribution_markov('{a}'::text[], true) FILTER (WHERE false);

-- Mistakes and limits.
SELECT lead_scoring.attribution_markov('{a}'::text[], true, 4);
SELECT lead_scoring.attribution_markov('{a}'::text[], true, 0);
SELECT lead_scoring.attribution_markov('{a}'::text[], true, i) FROM generate_series(1, 2) AS i;
SELECT lead_scoring.attribution_markov('{a}'::text[], -1, 1, 1);
SELECT lead_scoring.attribution_markov(ARRAY['channel ' || i], true) FROM generate_series(1, 1001) AS i;
SELECT count(*), round(sum(m.credit)) AS conversions FROM (SELECT lead_scoring.attribution_markov(ARRAY['channel ' || i, 'channel ' || i * 7 % 100], i % 3 = 0, 2) AS credits FROM generate_series(1, 100) AS i) AS a, unnest(credits) AS m;

DROP TABLE paths;

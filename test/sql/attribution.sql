SET TIME ZONE 'UTC';

CREATE TABLE touches (lead_id int, channel text, at timestamptz);
CREATE TABLE conversions (lead_id int, converted_at timestamptz, amount numeric(12, 2));
INSERT INTO touches VALUES (1, 'search', '2024-01-01'), (1, 'mail', '2024-01-03'), (1, 'social', '2024-01-05'), (1, 'mail', '2024-01-07'), (1, 'direct', '2024-01-08'), (1, 'mail', '2024-01-09'),
    (2, 'mail', '2024-01-01'), (3, 'social', '2024-01-02'), (3, 'search', '2024-01-04'), (5, 'direct', '2024-01-01'), (5, 'Direct', '2024-01-02'), (6, 'search', '2024-01-01');
INSERT INTO conversions VALUES (1, '2024-01-08', 100.00), (2, '2024-01-10', 33.33), (3, '2024-01-04', 0.01), (4, '2024-01-10', 50.00), (5, '2024-01-10', 7.77);
CREATE VIEW journeys AS SELECT lead_id, converted_at, amount, channel, at FROM conversions LEFT JOIN touches USING (lead_id);

-- Each model for lead 1: search, mail, social, mail, direct, and a touch after the conversion, which does not count.
SELECT model, c.channel, c.touches, round(c.credit, 6) AS credit, round(c.value, 4) AS value
FROM (SELECT n, model, lead_scoring.attribution(model, channel, at, converted_at, amount) AS credits
      FROM journeys, unnest(ARRAY['first', 'last', 'last_non_direct', 'linear', 'linear_channel', 'position', 'time_decay']) WITH ORDINALITY AS m(model, n)
      WHERE lead_id = 1 GROUP BY n, model) AS a, unnest(credits) AS c ORDER BY n, c.channel COLLATE "C";

-- One and two touches by position; all direct; none: credited to no channel.
SELECT lead_id, c.* FROM (SELECT lead_id, lead_scoring.attribution('position', channel, at, converted_at, amount) AS credits FROM journeys WHERE lead_id > 1 GROUP BY lead_id) AS a, unnest(credits) AS c ORDER BY 1, c.channel COLLATE "C";
SELECT c.* FROM (SELECT lead_scoring.attribution('last_non_direct', channel, at, converted_at) AS credits FROM journeys WHERE lead_id = 5) AS a, unnest(credits) AS c;

-- Direct: the names that tools give to visits without a source, in any case, and the empty one; not what only begins so.
SELECT direct, c.channel FROM unnest(ARRAY['direct', 'Direct Entry', 'Direct Traffic', '(Direct)', '(none)', '(direct) / (none)', '', 'direct mail', 'none']) WITH ORDINALITY AS v(direct, n),
LATERAL (SELECT lead_scoring.attribution('last_non_direct', channel, at, '2026-01-04') AS credits FROM (VALUES ('search', timestamptz '2026-01-02'), (direct, '2026-01-03')) AS t(channel, at)) AS a,
unnest(credits) AS c WHERE c.credit = 1 ORDER BY n;

-- Credits sum to the conversions and values to the revenue, exactly, under every model and half-life.
SELECT model, sum(c.credit) = 5 AS conversions, sum(c.value) = 191.11 AS revenue, count(*)
FROM unnest(ARRAY['first', 'last', 'last_non_direct', 'linear', 'linear_channel', 'position', 'time_decay']) AS model,
LATERAL (SELECT lead_scoring.attribution(model, channel, at, converted_at, amount, NULL, '1 hour') AS credits FROM journeys GROUP BY lead_id, converted_at) AS a, unnest(credits) AS c GROUP BY model ORDER BY model;

-- Credits are stored as any numeric is.
SELECT model, bool_and(numeric_send(c.credit) = numeric_send(c.credit::text::numeric)) AS plain, min(scale(c.credit)) AS scale, min(c.credit), max(c.credit)
FROM unnest(ARRAY['first', 'linear', 'time_decay']) AS model,
LATERAL (SELECT lead_scoring.attribution(model, channel, at, converted_at, amount, NULL, '5 hours') AS credits FROM journeys GROUP BY lead_id, converted_at) AS a, unnest(credits) AS c GROUP BY model ORDER BY model;

-- The report.
SELECT c.channel, sum(c.credit) AS conversions, sum(c.value) AS revenue, sum(c.touches) AS touches
FROM (SELECT lead_scoring.attribution('linear', channel, at, converted_at, amount) AS credits FROM journeys GROUP BY lead_id, converted_at) AS a, unnest(credits) AS c GROUP BY ROLLUP (c.channel) ORDER BY c.channel COLLATE "C", 2;

-- Look-back, to the microsecond; half-life.
SELECT look_back, c.channel, c.credit FROM unnest(ARRAY['0', '23:59:59.999999', '1 day', '7 days', NULL]::interval[]) AS look_back,
LATERAL (SELECT lead_scoring.attribution('first', channel, at, converted_at, NULL, look_back) AS credits FROM journeys WHERE lead_id = 1) AS a, unnest(credits) AS c WHERE c.credit > 0;
SELECT half_life, c.channel, round(c.credit, 9) AS credit FROM unnest(ARRAY['1 us', '1 day', '7 days', NULL, '100000 days']::interval[]) AS half_life,
LATERAL (SELECT lead_scoring.attribution('time_decay', channel, at, converted_at, NULL, NULL, half_life) AS credits FROM journeys WHERE lead_id = 3) AS a, unnest(credits) AS c;

-- Equal times are ordered by name, and NULL channels and times are no touches.
SELECT model, c.channel, c.credit FROM unnest(ARRAY['first', 'last', 'position']) AS model, LATERAL (SELECT lead_scoring.attribution(model, channel, at, '2024-01-02') AS credits
FROM (VALUES ('b', timestamptz '2024-01-01'), ('a', '2024-01-01'), ('c', '2024-01-01'), (NULL, '2024-01-01'), ('d', NULL), ('e', 'infinity'), ('f', '-infinity'), ('', '2024-01-01')) AS v(channel, at)) AS a,
unnest(credits) AS c WHERE c.credit > 0;

-- No conversion, no credit.
SELECT lead_scoring.attribution('linear', channel, at, NULL), lead_scoring.attribution('linear', channel, at, 'infinity'), lead_scoring.attribution('linear', channel, at, converted_at) FILTER (WHERE false) FROM journeys;
-- A value may be NULL, nothing, a loss, or equal in other words.
SELECT v, c.channel, c.value FROM unnest(ARRAY[NULL, 0, -10, 'NaN', 'Infinity']::numeric[]) AS v, LATERAL (SELECT lead_scoring.attribution('linear', channel, at, converted_at, v) AS credits FROM journeys WHERE lead_id = 3) AS a, unnest(credits) AS c;
SELECT c.channel, c.value FROM (SELECT lead_scoring.attribution('linear', 'x', '2024-01-01', '2024-01-02', v) AS credits FROM unnest(ARRAY[1, 1.00, 1.0]) AS v) AS a, unnest(credits) AS c;

-- Mistakes.
SELECT lead_scoring.attribution('shapley', channel, at, converted_at) FROM journeys;
SELECT lead_scoring.attribution(NULL, channel, at, converted_at) FROM journeys;
SELECT lead_scoring.attribution('linear', channel, at, converted_at) FROM journeys;
SELECT lead_scoring.attribution('linear', channel, at, '2024-01-10', amount) FROM journeys;
SELECT lead_scoring.attribution(CASE lead_id WHEN 1 THEN 'linear' ELSE 'first' END, channel, at, '2024-01-10') FROM journeys;
SELECT lead_scoring.attribution(CASE lead_id WHEN 1 THEN 'linear' ELSE 'time_decay' END, channel, at, '2024-01-10') FROM journeys;
SELECT lead_scoring.attribution('linear', channel, at, '2024-01-10', 1, '1 month') FROM journeys;
SELECT lead_scoring.attribution('linear', channel, at, '2024-01-10', 1, '-1 day') FROM journeys;
SELECT lead_scoring.attribution('time_decay', channel, at, '2024-01-10', 1, NULL, '0') FROM journeys;
SELECT lead_scoring.attribution('linear', channel, at, '2024-01-10', 1, lead_id * interval '1 day') FROM journeys;

-- Many touches of many channels: the same as window functions say.
CREATE TABLE many AS SELECT i * 7919 % 101 AS lead_id, 'channel ' || i * 31 % 23 AS channel, '2024-01-01'::timestamptz + (i * 104729 % 2000003) * interval '1 s' AS at FROM generate_series(1, 5000) AS i;
SELECT count(*), max(abs(ours.credit - plain.credit)) < 1e-12 AS same FROM
    (SELECT c.channel, sum(c.credit) AS credit FROM (SELECT lead_scoring.attribution('position', channel, at, '2024-01-20') AS credits FROM many GROUP BY lead_id) AS a, unnest(credits) AS c GROUP BY 1) AS ours
    JOIN (SELECT channel, sum(CASE WHEN n = 1 THEN 1 WHEN n = 2 THEN 0.5 WHEN place IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END) AS credit
          FROM (SELECT channel, row_number() OVER (PARTITION BY lead_id ORDER BY at, channel COLLATE "C") AS place, count(*) OVER (PARTITION BY lead_id) AS n FROM many WHERE at <= '2024-01-20') AS t GROUP BY 1) AS plain USING (channel);
SELECT count(*), max(abs(ours.credit - plain.credit::numeric)) < 1e-9 AS same FROM
    (SELECT c.channel, sum(c.credit) AS credit FROM (SELECT lead_scoring.attribution('time_decay', channel, at, '2024-01-20') AS credits FROM many GROUP BY lead_id) AS a, unnest(credits) AS c GROUP BY 1) AS ours
    JOIN (SELECT channel, sum(w / total) AS credit FROM (SELECT channel, w, sum(w) OVER (PARTITION BY lead_id) AS total
          FROM (SELECT lead_id, channel, power(2::float8, extract(epoch FROM at - '2024-01-20')::float8 / 604800) AS w FROM many WHERE at <= '2024-01-20') AS t) AS t GROUP BY 1) AS plain USING (channel);

DROP VIEW journeys;
DROP TABLE touches, conversions, many;

-- The earliest touch that names a channel.
SELECT lead_scoring.first_touch(channel, at) AS first, lead_scoring.first_touch(channel, at) FILTER (WHERE at > '2024-01-02') AS later,
       lead_scoring.first_touch(channel, at) FILTER (WHERE channel IS NULL) AS unnamed, lead_scoring.first_touch('x', NULL) AS undated
FROM (VALUES (NULL, timestamptz '2024-01-01'), ('search', '2024-01-02'), ('mail', '2024-01-02'), ('always', '-infinity'), ('', '2024-01-04'), ('web', '2024-01-03')) AS v (channel, at);
SELECT lead_scoring_internal.first_touch_final('\x00');
SELECT lead_scoring_internal.first_touch_combine('\x', lead_scoring_internal.first_touch_accum(NULL, 'a', '2024-01-01'));

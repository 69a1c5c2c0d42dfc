-- $5,000 for 50 MQLs are $100, $3,000 for 20 are $150. With 5 and 15 percent of them converting, a customer costs $2,000 and $1,000: the dearer
-- MQL is the cheaper customer.
CREATE TABLE campaigns (campaign text, spend numeric(12, 2), mqls bigint, customer_rate numeric);
INSERT INTO campaigns VALUES ('broad', 5000, 50, 0.05), ('narrow', 3000, 20, 0.15);
SELECT campaign, round(lead_scoring.cost_per_mql(spend, mqls), 2) AS per_mql, round(lead_scoring.cost_per(spend, 1) / sum(mqls * customer_rate), 2) AS per_customer
FROM campaigns GROUP BY campaign ORDER BY campaign;

-- Rolled up it is the ratio of the sums, 8000 / 70, and not the mean of 100 and 150.
SELECT campaign, round(lead_scoring.cost_per_mql(spend, mqls), 2) AS per_mql FROM campaigns GROUP BY ROLLUP (campaign) ORDER BY campaign;

-- One row a lead: spend without an MQL still counts, campaigns without MQLs have no cost per MQL, and nothing is an error.
CREATE TABLE spendings (campaign text, spend numeric, mql_at timestamptz);
INSERT INTO spendings VALUES ('a', 10.01, '2024-01-01'), ('a', 20.02, NULL), ('a', NULL, '2024-01-02'), ('b', 99, NULL), ('c', NULL, '2024-01-03'), ('d', 1, 'infinity');
SELECT campaign, lead_scoring.cost_per_mql(spend, mql_at) AS per_mql, lead_scoring.cost_per(spend, mql_at IS NOT NULL) AS per_flag, lead_scoring.cost_per(spend, mql_at) AS per_time
FROM spendings GROUP BY ROLLUP (campaign) ORDER BY campaign;
SELECT lead_scoring.cost_per_mql(spend, mql_at), lead_scoring.cost_per(spend, 3) FROM spendings WHERE false;

-- Exact to the cent, whatever the order and the number of rows.
SELECT lead_scoring.cost_per(0.01, 1), lead_scoring.cost_per(0.1, i) = 3 * 0.1 / 6 AS tenths FROM generate_series(1, 3) AS i;
SELECT lead_scoring.cost_per(i * 0.01, i % 2 = 0) = sum(i * 0.01) / 50000 AS same FROM generate_series(1, 100000) AS i;
SELECT lead_scoring.cost_per(spend, reached) = sum(spend) / sum(reached) AS same, lead_scoring.cost_per(spend, reached)
FROM (VALUES (12345678901234567890123456789.99, 1), (-0.0000000000000000000000000001, 2), (1e-20, NULL), (NULL, 4), (99999999.9999, 0)) AS v(spend, reached);
SELECT lead_scoring.cost_per(s, 1) = avg(s) AS same FROM (VALUES (1e1000), (-1e1000), (1e-1000), (0), (0.00), (-1e-900)) AS v(s);
CREATE TABLE amounts AS
SELECT i % 97 AS g, (i * 7919 % 1000003 - 500000) * 10::numeric ^ (i % 23 - 11) AS s FROM generate_series(1::bigint, 20000) AS i;
SELECT bool_and(cost = plain) AS stored FROM (SELECT lead_scoring.cost_per(s, 1) AS cost, avg(s) AS plain FROM amounts GROUP BY g) AS sums;
SELECT bool_and(cost = plain) AS computed FROM (SELECT lead_scoring.cost_per(s + 0, 1) AS cost, avg(s) AS plain FROM amounts GROUP BY g) AS sums;
SELECT lead_scoring.cost_per(round(abs(s), 2), 1) = avg(round(abs(s), 2)) AS money, lead_scoring.cost_per(s, 1) = avg(s) AS all_of_them FROM amounts;

-- The smallest and the largest that numeric can hold.
SELECT lead_scoring.cost_per(s, 1) = avg(s) AS same FROM (VALUES (('0.' || repeat('0', 16382) || '1')::numeric), ((repeat('9', 131072))::numeric), (-1)) AS v(s);
SELECT lead_scoring.cost_per(s, 1) = avg(s) AS same FROM (VALUES (('0.' || repeat('0', 1001))::numeric), (2)) AS v(s);

-- Refunds are subtracted.
SELECT lead_scoring.cost_per_mql(spend, 1), lead_scoring.cost_per_mql(-spend, 1) FROM (VALUES (100.00), (-30.50), (0)) AS v(spend);
SELECT lead_scoring.cost_per_mql(spend, 2) FROM (VALUES (0.5), (-99999.75), (10000)) AS v(spend);

-- Zero or fewer MQLs, as a correction may leave: no cost.
SELECT lead_scoring.cost_per_mql(10, 0), lead_scoring.cost_per_mql(10, -1), lead_scoring.cost_per_mql(0, 5), lead_scoring.cost_per(10, false),
       lead_scoring.cost_per_mql(10, NULL::bigint), lead_scoring.cost_per_mql(NULL, 1), lead_scoring.cost_per_mql(10, NULL::timestamptz);

-- NaN and infinity, as sum() has them.
SELECT lead_scoring.cost_per(s, 1) AS cost, sum(s) AS sum FROM (VALUES (1, 'NaN'::numeric), (1, 5), (2, 'Infinity'), (2, 5), (3, '-Infinity'), (3, 1e10), (4, 'Infinity'), (4, '-Infinity')) AS v(g, s)
GROUP BY g ORDER BY g;
SELECT lead_scoring.cost_per(1, n) FROM (VALUES (9223372036854775807), (1)) AS v(n);

-- A bare NULL could be any of them; float8 is no money.
SELECT lead_scoring.cost_per_mql(spend, NULL) FROM spendings;
SELECT lead_scoring.cost_per_mql(spend::float8, mql_at) FROM spendings;

DROP TABLE amounts, campaigns, spendings;

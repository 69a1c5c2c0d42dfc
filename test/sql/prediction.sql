SET extra_float_digits = -3;

CREATE TABLE predictions (score float8, converted boolean);
INSERT INTO predictions VALUES (0.1, false), (0.4, false), (0.35, true), (0.8, true);
SELECT lead_scoring.auc(score, converted), lead_scoring.brier(score, converted), lead_scoring.log_loss(score, converted) FROM predictions;

-- Equal scores count one half; any monotone scale gives the same; points do as well as probabilities; infinities are scores.
SELECT lead_scoring.auc(score * 1000 - 77, converted) AS scaled, lead_scoring.auc(-score, converted) AS reversed, lead_scoring.auc(1, converted) AS constant,
       lead_scoring.auc((score * 10)::int, converted) AS points FROM predictions;
SELECT lead_scoring.auc(s, c) FROM (VALUES ('-Infinity'::float8, false), (0, false), ('-0', true), ('Infinity', true), ('NaN', true), (NULL, true), (7, NULL)) AS v(s, c);
SELECT lead_scoring.auc(score, true), lead_scoring.auc(score, false), lead_scoring.auc(score, converted) FILTER (WHERE false) FROM predictions;
-- Many leads, few scores: the state stays small.
SELECT lead_scoring.auc(i % 100, i % 3 = 0 OR i % 100 > 90) AS auc FROM generate_series(1, 100000) AS i;
CREATE AGGREGATE auc_state(float8, boolean) (SFUNC = lead_scoring_internal.auc_accum, STYPE = bytea);
SELECT length(auc_state(i % 100, i % 3 = 0)) < 8192 AS few_scores, length(auc_state(i, i % 3 = 0)) BETWEEN 2400000 AND 2 * 2400000 AS distinct_scores FROM generate_series(1, 100000) AS i;
DROP AGGREGATE auc_state(float8, boolean);

-- Perfect, and worst possible.
SELECT lead_scoring.brier(p, c), lead_scoring.log_loss(p, c), lead_scoring.auc(p, c) FROM (VALUES (1, true), (0, false)) AS v(p, c);
SELECT lead_scoring.brier(p, c), lead_scoring.log_loss(p, c), lead_scoring.log_loss(least(greatest(p, 1e-15), 1 - 1e-15), c) AS clamped, lead_scoring.auc(p, c)
FROM (VALUES (0::float8, true), (1, false)) AS v(p, c);
SELECT lead_scoring.brier(p, c), lead_scoring.log_loss(p, c) FROM (VALUES (NULL::float8, true), (0.5, NULL), (0.25, true)) AS v(p, c);
SELECT lead_scoring.brier(NULL, true), lead_scoring.log_loss(0.5, NULL), lead_scoring.calibration(NULL, true);
SELECT lead_scoring.log_loss(1e-300, true) AS tiny, lead_scoring.log_loss(1e-17, false) AS nothing;

-- What is no probability.
SELECT lead_scoring.brier(1.5, true);
SELECT lead_scoring.log_loss(-0.1, true);
SELECT lead_scoring.calibration('NaN', true);
SELECT lead_scoring.brier('Infinity', true);

-- Bins of equal width: the lower edge belongs to the bin, 1 to the last one; edges such as 0.29 of 100 bins too, and 0.1 * 3, which is above 0.3.
-- R: cut(c(0, 0.1, 0.2, 0.3, 0.1 * 3, 0.7, 0.9999999, 1), (0:10) / 10, right = FALSE, include.lowest = TRUE, labels = FALSE): 1 2 3 4 4 8 10 10.
SELECT p, b.bin FROM (SELECT n, p, lead_scoring.calibration(p, true) AS bins FROM unnest(ARRAY[0, 0.1, 0.2, 0.3, 0.1::float8 * 3, 0.7, 0.9999999, 1]) WITH ORDINALITY v (p, n) GROUP BY n, p) c, unnest(bins) b
WHERE b.n > 0 ORDER BY c.n;
SELECT b.* FROM (SELECT lead_scoring.calibration(p, c, 4) AS bins FROM (VALUES (0, false), (0.25, true), (0.2499999, false), (0.5, true), (0.5, false), (1, true), (NULL, true)) AS v(p, c)) AS x, unnest(bins) AS b;
SELECT bool_and(b.n = 1 AND b.bin = i + 1) AS right_bin FROM (SELECT i, lead_scoring.calibration(i / 100.0, true, 100) AS bins FROM generate_series(0, 99) AS i GROUP BY i) AS c, unnest(bins) AS b WHERE b.n > 0;
SELECT array_length(lead_scoring.calibration(0.5, true), 1) AS ten, array_length(lead_scoring.calibration(0.5, true, NULL), 1) AS also_ten, array_length(lead_scoring.calibration(0.5, true, 1000), 1) AS most;
SELECT lead_scoring.calibration(0.5, true, 0);
SELECT lead_scoring.calibration(0.5, true, 1001);
SELECT lead_scoring.calibration(score, converted, (score * 10)::int) FROM predictions;

DROP TABLE predictions;

-- Who came in week 0, and again in weeks 1 to 3.
CREATE TABLE visits (lead_id int, week int);
INSERT INTO visits VALUES (1, 0), (1, 1), (1, 3), (2, 0), (3, 1), (3, 2), (4, 2), (4, 0);
SELECT lead_id, lead_scoring.retention(week = 0, week = 1, week = 2, week = 3) FROM visits GROUP BY lead_id ORDER BY lead_id;
SELECT count(*) FILTER (WHERE kept[1]) AS week_0, count(*) FILTER (WHERE kept[2]) AS week_1, count(*) FILTER (WHERE kept[3]) AS week_2, count(*) FILTER (WHERE kept[4]) AS week_3
FROM (SELECT lead_scoring.retention(week = 0, week = 1, week = 2, week = 3) AS kept FROM visits GROUP BY lead_id) AS r;

-- NULL counts as false; one condition is enough; an array does as well.
SELECT lead_scoring.retention(NULL, true), lead_scoring.retention(week = 0, NULL), lead_scoring.retention(true), lead_scoring.retention(VARIADIC ARRAY[true, false, week = 2]) FROM visits;
SELECT lead_scoring.retention(VARIADIC NULL::boolean[]), lead_scoring.retention(true) FILTER (WHERE false) FROM visits;
SELECT lead_scoring.retention(VARIADIC array_fill(true, ARRAY[32])) FROM visits;
SELECT lead_scoring.retention(VARIADIC array_fill(true, ARRAY[33])) FROM visits;
SELECT lead_scoring.retention(VARIADIC '{}'::boolean[]) FROM visits;
SELECT lead_scoring.retention(VARIADIC array_fill(true, ARRAY[week + 1])) FROM visits;
DROP TABLE visits;

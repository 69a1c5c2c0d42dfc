-- COPY of the same events scored by 1000 rules, 990 of them for one page each, and by 10 rules that give the same points.
SELECT format('CALL bench.copy(%s, %s, %L, %L, %s, %s, %L)', :measure, round, 'ours_' || rule_set, rule_set, :leads, :events, :'events_file')
FROM generate_series(1, :rounds) AS round, bench.rotated(ARRAY['ten', 'thousand'], round) WITH ORDINALITY AS c (rule_set, place)
ORDER BY round, place \gexec

INSERT INTO bench.checks
SELECT :measure, 'leads that differ between 10 and 1000 rules', count(*)
FROM ours_ten_model.scores a FULL JOIN ours_thousand_model.scores b USING (lead_id) WHERE a.score IS DISTINCT FROM b.score;
CALL bench.compare(:measure, 'COPY, 1000 rules over 10', 'ours_thousand', 'ours_ten', '>= 0.80');

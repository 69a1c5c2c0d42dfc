-- COPY of events into tables that hold leads and no events yet: 40 rules in 4 groups, half with conditions on jsonb, a
-- third decaying, a third capped. The slow ones are measured in half of the rounds.
SELECT format('CALL bench.copy(%s, %s, %L, ''forty'', %s, %s, %L)', :measure, round, contender, :leads, :events, :'events_file')
FROM generate_series(1, :rounds) AS round,
     bench.rotated(ARRAY['floor', 'ours', 'foreign_key', 'row_trigger', 'statement_trigger', 'statement_trigger_end', 'floor_without_index'], round)
         WITH ORDINALITY AS c (contender, place)
WHERE contender IN ('floor', 'ours') OR round <= (:rounds + 1) / 2
ORDER BY round, place \gexec

-- What scoring adds to an event's cost, in the same round.
INSERT INTO bench.samples
SELECT s.measure, s.name || ' added', s.round, 1e6 / s.value - 1e6 / f.value, 'us/event', 1e6 / s.cpu - 1e6 / f.cpu
FROM bench.samples s JOIN bench.samples f USING (measure, round)
WHERE measure = :measure AND s.name IN ('ours', 'row_trigger', 'statement_trigger', 'statement_trigger_end') AND f.name = 'floor';

CALL bench.check_scores(:measure, 'row_trigger', true);
CALL bench.check_scores(:measure, 'statement_trigger', true);
CALL bench.check_scores(:measure, 'statement_trigger_end', false);
CALL bench.compare(:measure, 'COPY, over the floor', 'ours', 'floor', '>= 0.80');
CALL bench.compare(:measure, 'COPY, over a row trigger in PL/pgSQL', 'ours', 'row_trigger', '>= 10');
CALL bench.compare(:measure, 'COPY, over a set-based trigger in PL/pgSQL', 'ours', 'statement_trigger', '>= 5');
CALL bench.compare(:measure, 'for scale: a foreign key over the floor', 'foreign_key', 'floor');
CALL bench.compare(:measure, 'for scale: the set-based trigger over the floor', 'statement_trigger', 'floor');
CALL bench.compare(:measure, 'for scale: the floor over tables without an index by lead', 'floor', 'floor_without_index');
CALL bench.compare(:measure, 'what scoring adds, over a row trigger', 'ours added', 'row_trigger added');
CALL bench.compare(:measure, 'what scoring adds, over a set-based trigger', 'ours added', 'statement_trigger added');
CALL bench.compare(:measure, 'for scale: the same, over one that looks at the end of a statement only', 'ours added', 'statement_trigger_end added');

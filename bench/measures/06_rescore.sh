# Rescoring all leads from all their events: publish of a changed rule on a filled model, beside a recomputation in one
# statement of SQL that makes a new table; each in one process, and with one parallel worker.
write_many_events
sql -c "CALL bench.make('ours', $many_leads, NULL)" \
    -c "COPY ours.events (lead_id, type, occurred_at, properties) FROM '$RUN/many_events'" \
    -c 'SET search_path = ours' -c "CALL bench.add_model('ours', 'forty')" -c 'RESET search_path' -c 'VACUUM ANALYZE'

for ((round = 1; round <= (rounds + 1) / 2; round++)); do
    for workers in 0 1; do
        sql -c "SET max_parallel_workers_per_gather = $workers" \
            -c "UPDATE ours_model.rules SET points = points + 1 WHERE name = 'r2'" \
            -c "CALL bench.time($measure, 'ours $workers', $round, 'SELECT lead_scoring.publish(''ours_model'')', $many_events)"
        sql -c "SET max_parallel_workers_per_gather = $workers" \
            -c "UPDATE bench.rules SET points = points + 1 WHERE rule_set = 'forty' AND ordinal = 2" \
            -c "CALL bench.time($measure, 'recomputation $workers', $round, 'CREATE TABLE ours.recomputed AS ' ||
                bench.recomputation('forty', 'ours.events', 'now()'), $many_events)" \
            -c 'DROP TABLE ours.recomputed'
    done
done

# the same scores as of the instant that ours are stored for
value "SELECT bench.recomputation('forty', 'ours.events', '(SELECT scored_at FROM ours_model.scores AS o WHERE o.lead_id = sums.lead_id)')" >"$RUN/recomputation"
sql -c "INSERT INTO bench.checks SELECT $measure, 'leads whose scores differ', count(*) FROM ($(<"$RUN/recomputation")) AS p
        JOIN ours_model.scores AS o USING (lead_id) WHERE (abs(o.score - p.score) > 0.005) IS NOT FALSE"
sql -c "UPDATE bench.rules SET points = 10 WHERE rule_set = 'forty' AND ordinal = 2"
verify ours
compare 'publish, over a recomputation in one statement, one process' 'ours 0' 'recomputation 0' '>= 1.00'
compare 'publish, over a recomputation in one statement, one more worker' 'ours 1' 'recomputation 1' '>= 1.00'

# What a preview of a changed draft takes, by month and lead by lead, beside the publish of the same change; each in one process.
write_many_events
sql -c "CALL bench.make('ours', $many_leads, NULL)" \
    -c "COPY ours.events (lead_id, type, occurred_at, properties) FROM '$RUN/many_events'" \
    -c 'SET search_path = ours' -c "CALL bench.add_model('ours', 'forty')" -c 'RESET search_path' -c 'VACUUM ANALYZE'

for ((round = 1; round <= (rounds + 1) / 2; round++)); do
    sql -c 'SET max_parallel_workers_per_gather = 0' \
        -c "UPDATE ours_model.rules SET points = points + 1 WHERE name = 'r2'" \
        -c "CALL bench.time($measure, 'preview', $round, 'SELECT count(*) FROM lead_scoring.preview(''ours_model'')', $many_events)" \
        -c "CALL bench.time($measure, 'preview_leads', $round, 'SELECT count(*) FROM lead_scoring.preview_leads(''ours_model'')', $many_events)" \
        -c "CREATE TABLE ours.said AS SELECT lead_id::bigint AS lead_id, stage_after FROM lead_scoring.preview_leads('ours_model')" \
        -c "CALL bench.time($measure, 'publish', $round, 'SELECT lead_scoring.publish(''ours_model'')', $many_events)" \
        -c "INSERT INTO bench.checks SELECT $measure, 'leads that publish put elsewhere', count(*)
            FROM ours.said AS s JOIN ours_model.scores AS o USING (lead_id) WHERE o.stage IS DISTINCT FROM s.stage_after" \
        -c 'DROP TABLE ours.said'
done
verify ours
compare 'preview, over publish' preview publish '>= 0.67'
compare 'preview_leads, over publish' preview_leads publish '>= 0.67'

# 8 clients that all store events of one lead; then 8 clients with batches of 20 events of 50 leads in no order.
# by_hand updates the same row in the same transaction; for batches it locks the rows in order first.
contenders=(by_hand ours)
for contender in "${contenders[@]}"; do
    sql -c "CALL bench.make('$contender', 50)"
done
mapfile -t ours < <(write_inserts ours 1)
mapfile -t by_hand < <(write_inserts by_hand 1 '\startpipeline' \
    'UPDATE scores SET score = score + 1, scored_at = clock_timestamp() WHERE lead_id = :lead;
\endpipeline')

batch="INSERT INTO events (lead_id, type, occurred_at, properties)
    SELECT 1 + floor(random() * 50), 'page_view', clock_timestamp(), '{\"path\": \"/pricing\", \"seconds\": 140}' FROM generate_series(1, 20)"
echo "$batch;" >"$RUN/ours.batch"
cat >"$RUN/by_hand.batch" <<SQL
WITH stored AS ($batch RETURNING lead_id),
     added AS (SELECT lead_id, count(*) AS n FROM stored GROUP BY lead_id),
     locked AS (SELECT lead_id FROM scores WHERE lead_id IN (SELECT lead_id FROM added) ORDER BY lead_id FOR UPDATE)
UPDATE scores s SET score = score + n, scored_at = clock_timestamp() FROM added JOIN locked USING (lead_id) WHERE s.lead_id = added.lead_id;
SQL

deadlocks="SELECT deadlocks FROM pg_stat_database WHERE datname = 'bench'"
before=$(value "$deadlocks")
for commit in off on; do
    set_server fsync $commit
    for ((round = 1; round <= rounds; round++)); do
        for contender in $(value "SELECT bench.rotated('{by_hand, ours}', $round)"); do
            declare -n scripts=$contender
            run_pgbench "$contender $commit" "$round" "$contender" "$commit" -c 8 -j 2 -T "$seconds" "${scripts[@]}"
            run_pgbench "$contender batch $commit" "$round" "$contender" "$commit" -c 8 -j 2 -T "$seconds" -f "$RUN/$contender.batch"
        done
    done
done
set_server fsync off
sql -c "CALL bench.add_sample($measure, 'deadlocks', 1, $(value "$deadlocks") - $before, 'deadlocks')"

verify ours
for commit in on off; do
    compare "one hot lead, synchronous_commit $commit, over an UPDATE by hand" "ours $commit" "by_hand $commit" '>= 1.00'
    compare "50 hot leads in batches, synchronous_commit $commit, over an UPDATE by hand" "ours batch $commit" "by_hand batch $commit" '>= 1.00'
done
compare 'deadlocks' deadlocks '' '<= 0'

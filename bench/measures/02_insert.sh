# Single-row INSERT, prepared, 4 clients, each event of a random lead, into the tables that a COPY of the events left.
# by_hand is the least that anything keeping a number a lead has to do: one UPDATE of a narrow row in the same transaction,
# sent along with the INSERT without a round trip of its own.
contenders=(floor by_hand ours row_trigger statement_trigger)
for contender in "${contenders[@]}"; do
    sql -c "CALL bench.fill('$contender', $leads, '$RUN/events')"
done
sql -c 'VACUUM ANALYZE'

lead="random(1, $leads)"
mapfile -t inserts < <(write_inserts insert "$lead")
mapfile -t updates < <(write_inserts update "$lead" '\startpipeline' \
    'UPDATE scores SET score = score + 1, scored_at = clock_timestamp() WHERE lead_id = :lead;
\endpipeline')

for commit in off on; do
    set_server fsync $commit
    for ((round = 1; round <= rounds; round++)); do
        for contender in $(value "SELECT bench.rotated(string_to_array('${contenders[*]}', ' '), $round)"); do
            [[ $contender != *_trigger ]] || ((round <= (rounds + 1) / 2)) || continue
            scripts=("${inserts[@]}")
            [[ $contender != by_hand ]] || scripts=("${updates[@]}")
            run_pgbench "$contender $commit" "$round" "$contender" "$commit" -c 4 -j 2 -T "$seconds" "${scripts[@]}"
        done
    done
done
set_server fsync off

verify ours
for commit in on off; do
    what="single INSERT, synchronous_commit $commit"
    compare "$what, over an UPDATE by hand" "ours $commit" "by_hand $commit" '>= 1.00'
    compare "$what, over the floor" "ours $commit" "floor $commit" ">= $([[ $commit == on ]] && echo 0.78 || echo 0.72)"
    compare "$what, over a row trigger in PL/pgSQL" "ours $commit" "row_trigger $commit" '>= 1.00'
    compare "$what, over a set-based trigger in PL/pgSQL" "ours $commit" "statement_trigger $commit" '>= 1.00'
    compare "for scale: the UPDATE by hand over the floor, $commit" "by_hand $commit" "floor $commit"
done

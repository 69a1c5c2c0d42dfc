# Private memory of the backend, sampled while it works: the peak of a COPY over that of the floor, and what single
# inserts in one session add to it between the first tenth and the end. work_mem is 4MB, as the server has it by default.
write_many_events

# memory_of PID FILE: writes the kilobytes of its private memory to FILE, a line each 50 ms, until it ends.
memory_of() {
    local key kilobytes
    while [[ -e /proc/$1/status ]]; do
        while read -r key kilobytes _; do
            [[ $key != RssAnon: ]] || echo "$kilobytes"
        done <"/proc/$1/status" 2>/dev/null
        sleep 0.05
    done >"$2"
}

# watch_backend NAME COMMAND...: runs it; RUN/memory has the samples of the backend with that application name.
watch_backend() {
    local name=$1 pid
    shift
    PGAPPNAME=$name "$@" &
    for ((i = 0; i < 200; i++)); do
        pid=$(value "SELECT pid FROM pg_stat_activity WHERE application_name = '$name'")
        [[ -z $pid ]] || break
    done
    memory_of "$pid" "$RUN/memory"
    wait $!
}

for contender in floor ours; do
    sql -c "CALL bench.make('$contender', $many_leads)"
    watch_backend copy_events sql -c 'SET work_mem = "4MB"' -c 'SELECT pg_sleep(0.5)' -c "COPY $contender.events (lead_id, type, occurred_at, properties) FROM '$RUN/many_events'"
    peak=$(sort -n "$RUN/memory" | tail -n 1)
    sql -c "CALL bench.add_sample($measure, '$contender', 1, $peak / 1024.0, 'MiB')"
done
verify ours
sql -c "INSERT INTO bench.samples SELECT $measure, 'added', 1, o.value - f.value, 'MiB' FROM bench.samples o JOIN bench.samples f USING (measure)
        WHERE measure = $measure AND o.name = 'ours' AND f.name = 'floor'" \
    -c "CALL bench.make('ours', $leads)"

mapfile -t inserts < <(write_inserts insert "random(1, $leads)")
watch_backend pgbench run_pgbench singles 1 ours off -c 1 -t "$singles" "${inserts[@]}"
growth=$(awk '{kb[NR] = $1} END {print kb[NR - 1] - kb[int(NR / 10) + 1]}' "$RUN/memory")
sql -c "CALL bench.add_sample($measure, 'growth', 1, $growth / 1024.0, 'MiB')"
verify ours

compare "peak of a COPY of $many_events events, over that of the floor" added '' '<= 64'
compare 'for scale: peak of the floor' floor ''
compare "growth over $singles single inserts" growth '' '<= 1'

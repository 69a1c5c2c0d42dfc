# Runs measures: those in SQL with psql, those in bash in this shell. Sourced by bench/run.

# sql [PSQL ARGUMENT]...: in the database of the benchmark; options are variables there. Stops at the first error.
sql() {
    local name variables=()
    for name in "${OPTIONS[@]}"; do
        variables+=(-v "$name=${!name}")
    done
    as_server_user psql -X -q -d bench -v ON_ERROR_STOP=1 -v events_file="$RUN/events" "${variables[@]}" "$@"
}

# value QUERY: what it returns.
value() { sql -A -t -c "$1"; }

# run_measure FILE
run_measure() {
    local number=$((10#${1%%_*}))
    SECONDS=0
    sql -c "INSERT INTO bench.measures VALUES ($number, '${1%.*}')"
    # in the background, where `set -e` holds although its failure is looked at
    (
        measure=$number
        case $1 in
            *.sql) sql -v measure="$number" -f "bench/measures/$1" ;;
            *.sh) source "$ROOT/bench/measures/$1" ;;
        esac
    ) >"$RUN/measure.log" 2>&1 &
    wait $! || {
        tail -n 20 "$RUN/measure.log" >&2
        sql -c "CALL bench.check($number, 'ran to its end', 1)"
    }
    echo "measured ${1%.*} in $SECONDS s" >&2
}

# compare WHAT OURS PEER [TARGET], verify CONTENDER: see harness.sql. These and the next know the measure by $measure.
compare() { sql -c "CALL bench.compare($measure, '$1', '$2', nullif('$3', '')${4:+, '$4'})"; }
verify() { sql -c "CALL bench.check_verify($measure, '$1_model')"; }

# run_pgbench NAME ROUND SCHEMA SYNCHRONOUS_COMMIT [PGBENCH ARGUMENT]...: a sample of transactions per second. Scripts
# find the tables through the search path.
run_pgbench() {
    local name=$1 round=$2 options="-c search_path=$3 -c synchronous_commit=$4" tps
    shift 4
    tps=$(as_server_user env PGOPTIONS="$options" pgbench -n -M prepared "$@" bench |
        sed -n 's/^tps = \([0-9.]*\) .*/\1/p')
    sql -c "CALL bench.add_sample($measure, '$name', $round, $tps, 'tps')"
}

# set_server SETTING VALUE: for the sessions to come and those that are there.
set_server() {
    sql -c "ALTER SYSTEM SET $1 = $2" -c 'SELECT pg_reload_conf()' -c 'SELECT pg_sleep(0.1)' -c CHECKPOINT >"$RUN/reload.log"
}

# write_events: the events of a COPY, in RUN/events.
write_events() {
    sql -c "COPY (SELECT * FROM bench.events($events, $leads)) TO '$RUN/events'"
}

# write_many_events: those of the measures with many, in RUN/many_events, once.
write_many_events() {
    [[ -e $RUN/many_events ]] || sql -c "COPY (SELECT * FROM bench.events($many_events, $many_leads)) TO '$RUN/many_events'"
}

# write_inserts NAME LEAD [BEFORE AFTER]: pgbench scripts, each the INSERT of one event out of RUN/events for LEAD, a pgbench
# expression, with more SQL around it. Prints, in lines, the arguments by which pgbench draws from them evenly.
write_inserts() {
    local i=0 type properties
    while IFS=$'\t' read -r _ type _ properties; do
        i=$((i + 1))
        cat >"$RUN/$1.$i" <<SQL
\set lead $2
${3-}
INSERT INTO events (lead_id, type, occurred_at, properties) VALUES (:lead, '$type', clock_timestamp(), '$properties');
${4-}
SQL
        printf '%s\n' -f "$RUN/$1.$i"
    done < <(shuf -n 50 --random-source="$RUN/events" "$RUN/events")
}

wal_bytes() { value "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"; }
multixacts() { sql -c CHECKPOINT && value 'SELECT next_multixact_id FROM pg_control_checkpoint()'; }

# wal_of NAME ROUND EVENTS COMMAND...: a sample of the WAL it writes for an event.
wal_of() {
    local name=$1 round=$2 n=$3 before
    shift 3
    before=$(wal_bytes)
    "$@"
    sql -c "CALL bench.add_sample($measure, '$name WAL', $round, ($(wal_bytes) - $before) / $n::float8, 'bytes/event')"
}

# hot_share NAME ROUND SCHEMA: a sample of the share of HOT among the updates of SCHEMA.scores since the last call.
hot_share() {
    sql -c "INSERT INTO bench.samples SELECT $measure, '$1 HOT', $2, 100.0 * n_tup_hot_upd / nullif(n_tup_upd, 0), '%'
            FROM pg_stat_all_tables WHERE relid = '$3.scores'::regclass" \
        -c "SELECT pg_stat_reset_single_table_counters('$3.scores'::regclass)" >"$RUN/reset.log"
}

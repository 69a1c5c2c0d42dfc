# What it costs writes that leads remember what reports ask of their events (report_settings.max_touches). Each contender has the
# events of a COPY; measured are further COPYs, each event of a random lead, and single INSERTs, in turn with one that remembers
# nothing: where events name a channel, an asset and a campaign, where they name nothing, and where a lead has 64 touches.
names="event_channel = \$\$properties->>'source'\$\$, event_asset = \$\$CASE WHEN type = 'download' THEN properties->>'kind' END\$\$"

# make_remembering CONTENDER LEADS SETTINGS: CONTENDER_model, with the events of so many leads.
make_remembering() {
    local set_campaign=()
    [[ $3 != *event_channel* ]] || set_campaign=(-c "UPDATE ${1}_model.settings SET event_campaign = 'campaign'")
    sql -c "CALL bench.make('$1', $2)" -c "ALTER TABLE $1.events ADD COLUMN campaign text GENERATED ALWAYS AS (properties->>'campaign') STORED" \
        "${set_campaign[@]}" -c "INSERT INTO ${1}_model.report_settings DEFAULT VALUES" -c "UPDATE ${1}_model.report_settings SET $3" \
        -c "SELECT lead_scoring.publish('${1}_model')" \
        -c "COPY (SELECT lead_id % $2 + 1, type, occurred_at, properties FROM bench.events($events, $leads)) TO '$RUN/history'" \
        -c "COPY $1.events (lead_id, type, occurred_at, properties) FROM '$RUN/history'" -c 'VACUUM ANALYZE' >"$RUN/remembering.log"
    hot_share "$1 made" 1 "${1}_model"
}

# write_in_turn LEADS CONTENDER...
write_in_turn() {
    local few=$1 n=$((events / 5)) round contender inserts
    shift
    mapfile -t inserts < <(write_inserts insert "random(1, $few)")
    for ((round = 1; round <= rounds; round++)); do
        sql -c "COPY (SELECT 1 + floor(random() * $few)::bigint, type, now() + i * interval '1 us', properties
                        FROM (SELECT e.*, row_number() OVER () AS i FROM bench.events($n, $few) AS e) AS e) TO '$RUN/fresh'"
        for contender in $(value "SELECT bench.rotated(string_to_array('$*', ' '), $round)"); do
            wal_of "$contender" "$round" "$n" sql -c "CALL bench.time($measure, '$contender', $round,
                'COPY $contender.events (lead_id, type, occurred_at, properties) FROM ''$RUN/fresh''', $n)"
            hot_share "$contender" "$round" "${contender}_model"
            run_pgbench "$contender INSERT" "$round" "$contender" off -c 1 -T "$seconds" "${inserts[@]}"
            sql -c "SELECT pg_stat_reset_single_table_counters('${contender}_model.scores'::regclass)" >"$RUN/reset.log"
        done
    done
    for contender in "$@"; do
        sql -c "INSERT INTO bench.samples SELECT $measure, '$contender row', 1, avg(pg_column_size(s.*)), 'bytes' FROM ${contender}_model.scores AS s"
        verify "$contender"
    done
}

set_server full_page_writes off  # how many images there are depends on the time between checkpoints, not on who writes
make_remembering ours_plain "$leads" 'max_touches = 0'
make_remembering ours_remembering "$leads" "max_touches = 64, $names"
make_remembering ours_nameless "$leads" 'max_touches = 64'
first_multixact=$(multixacts)
write_in_turn "$leads" ours_plain ours_remembering ours_nameless
sql -c "CALL bench.add_sample($measure, 'multixacts', 1, $(multixacts) - $first_multixact, 'multixacts')"
long=$((events / 64))
make_remembering ours_long_plain "$long" 'max_touches = 0'
make_remembering ours_long "$long" "max_touches = 1000, $names"
write_in_turn "$long" ours_long_plain ours_long
set_server full_page_writes on

# compare_remembering WHAT CONTENDER PLAIN COPY INSERT: with the least ratios to be.
compare_remembering() {
    compare "COPY, leads remember $1, over one that remembers nothing" "$2" "$3" "$4"
    compare "single INSERT, leads remember $1" "$2 INSERT" "$3 INSERT" "$5"
    compare "WAL of COPY, leads remember $1" "$2 WAL" "$3 WAL" '<= 1.10'
    compare "HOT share of updates, COPY, leads remember $1" "$2 HOT" "$3 HOT" '>= 1.00'
    compare "for scale: bytes of a row of scores, leads remember $1" "$2 row" "$3 row"
}
compare_remembering 'channel, asset and campaign' ours_remembering ours_plain '>= 0.95' '>= 0.97'
compare_remembering 'no names, first matches alone' ours_nameless ours_plain '>= 0.99' '>= 0.99'
compare_remembering 'more than 64 touches each' ours_long ours_long_plain '>= 0.95' '>= 0.97'
compare 'multixacts of these COPYs' multixacts ''

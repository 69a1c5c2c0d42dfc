# What identities cost: COPYs of events of random leads and single INSERTs where there are none, where a table says which visitor
# is which lead and events name their leads, and COPYs where they name visitors; and a visitor's events, who turns out to be a lead.

# make_model CONTENDER: the tables of a contender, with a column of visitors, and CONTENDER_model; a visitor for each lead, but with
# ours_plain.
make_model() {
    sql -c "CALL bench.make('$1', $leads)" \
        -c "ALTER TABLE $1.events ALTER lead_id DROP NOT NULL, ADD COLUMN visitor text" \
        -c "CREATE INDEX ON $1.events (visitor) WHERE lead_id IS NULL"
    [[ $1 == ours_plain ]] ||
        sql -c "CREATE TABLE $1.identities (visitor text PRIMARY KEY, lead_id bigint)" -c "CREATE INDEX ON $1.identities (lead_id)" \
            -c "INSERT INTO $1.identities SELECT 'v' || i, i FROM generate_series(1, $leads) i" \
            -c "UPDATE ${1}_model.settings SET event_anonymous = 'visitor'" \
            -c "SELECT lead_scoring.set_identities('${1}_model', '$1.identities', anonymous => 'visitor')"
    sql -c "SELECT lead_scoring.publish('${1}_model')" -c "COPY $1.events (lead_id, type, occurred_at, properties) FROM '$RUN/events'" -c 'VACUUM ANALYZE'
}

contenders="ours_plain ours_named ours_visitors"
for contender in $contenders; do
    make_model "$contender" >"$RUN/identities.log"
done
mapfile -t inserts < <(write_inserts insert "random(1, $leads)")
n=$((events / 5))
stitched=$((events / 10))
for ((round = 1; round <= rounds; round++)); do
    sql -c "CREATE TABLE fresh AS SELECT 1 + floor(random() * $leads)::bigint AS lead_id, type, now() + i * interval '1 us' AS at, properties
              FROM (SELECT e.*, row_number() OVER () AS i FROM bench.events($n, $leads) AS e) AS e" \
        -c "COPY (SELECT * FROM fresh) TO '$RUN/fresh'" \
        -c "COPY (SELECT 'v' || lead_id, type, at, properties FROM fresh) TO '$RUN/fresh_visitors'" -c 'DROP TABLE fresh'
    for contender in $(value "SELECT bench.rotated(string_to_array('$contenders', ' '), $round)"); do
        [[ $contender == ours_visitors ]] && column=visitor file=fresh_visitors || column=lead_id file=fresh
        sql -c "CALL bench.time($measure, '$contender', $round, 'COPY $contender.events ($column, type, occurred_at, properties) FROM ''$RUN/$file''', $n)"
        [[ $contender == ours_visitors ]] || run_pgbench "$contender INSERT" "$round" "$contender" off -c 1 -T "$seconds" "${inserts[@]}"
    done
    sql -c "INSERT INTO ours_visitors.events (visitor, type, occurred_at, properties) SELECT 'new $round', type, now(), properties FROM bench.events($stitched, $leads)" \
        -c "CALL bench.time($measure, 'events of a visitor who is known now', $round, 'INSERT INTO ours_visitors.identities VALUES (''new $round'', $round)', $stitched)"
done
for contender in $contenders; do
    verify "$contender"
done
compare 'COPY where identities are there, over none' ours_named ours_plain '>= 0.95'
compare 'single INSERT where identities are there, over none' 'ours_named INSERT' 'ours_plain INSERT' '>= 0.97'
compare 'for scale: COPY of events of visitors' ours_visitors ours_plain
compare 'for scale: events of a visitor who turns out to be a lead' 'events of a visitor who is known now' ours_plain

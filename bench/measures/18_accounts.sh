# What accounts cost: 8 clients that store events of leads of one account, of as many accounts as there are leads, and where there
# are none; and what reading one account, and all of them, takes beside reading all leads.

# make_model CONTENDER ACCOUNT: `account` is an expression over leads; NULL for none.
make_model() {
    sql -c "CALL bench.make('$1', $leads)" -c "UPDATE ${1}_model.settings SET lead_account = $2" \
        -c "SELECT lead_scoring.add_account_rule('${1}_model', 'group', people => 3, active_within => '30 days', min_points => 100)" \
        -c "SELECT lead_scoring.publish('${1}_model')" -c "COPY $1.events (lead_id, type, occurred_at, properties) FROM '$RUN/events'" -c 'VACUUM ANALYZE'
}

make_model ours_plain NULL >"$RUN/accounts.log" 2>&1
make_model ours_one "'left(email, 4)'" >>"$RUN/accounts.log" 2>&1
make_model ours_many "'email'" >>"$RUN/accounts.log" 2>&1
contenders="ours_plain ours_one ours_many"
mapfile -t inserts < <(write_inserts accounts "random(1, $leads)")
for ((round = 1; round <= rounds; round++)); do
    for contender in $(value "SELECT bench.rotated(string_to_array('$contenders', ' '), $round)"); do
        run_pgbench "$contender" "$round" "$contender" off -c 8 -j 2 -T "$seconds" "${inserts[@]}"
    done
    sql -c "CALL bench.time($measure, 'all leads', $round, 'SELECT sum(score) FROM ours_many_model.leads', $leads)" \
        -c "CALL bench.time($measure, 'all accounts', $round, 'SELECT sum(score) FROM ours_many_model.accounts', $leads)" \
        -c "CALL bench.time($measure, 'one account', $round, 'SELECT sum(score) FROM ours_many_model.accounts WHERE account = ''lead7@example.com''', $leads)"
done
for contender in $contenders; do
    verify "$contender"
done
compare '8 writers of one account, over 8 of as many accounts' ours_one ours_many '>= 0.90'
compare '8 writers of one account, over a model without accounts' ours_one ours_plain '>= 0.90'
compare 'for scale: all accounts, over all leads' 'all accounts' 'all leads'
compare 'for scale: one account, over all leads' 'one account' 'all leads'

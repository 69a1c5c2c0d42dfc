# How long each report view of a filled model takes, beside the first event of each lead in plain SQL just before. There are no
# targets: docs/performance.md names what a view reads. A view that is empty has been asked for nothing, and fails.
write_many_events
sql -c "CALL bench.make('ours', $many_leads)" \
    -c "ALTER TABLE ours.events ADD COLUMN campaign text GENERATED ALWAYS AS (properties->>'campaign') STORED" \
    -c "UPDATE ours_model.settings SET event_campaign = 'campaign'" \
    -c "SELECT lead_scoring.add_stage('ours_model', 'sql', on_event => 'meeting', within => '7 days', timeout_stage => 'mql'), lead_scoring.add_stage('ours_model', 'customer', on_event => 'trial')" \
    -c "SELECT lead_scoring.publish('ours_model')" \
    -c "COPY ours.events (lead_id, type, occurred_at, properties) FROM '$RUN/many_events'" \
    -c "CREATE TABLE ours.spend AS SELECT campaign, day::date, 100.00 AS amount, source
        FROM unnest(ARRAY['launch', 'nurture', 'summer', 'fair']) AS campaign, unnest(ARRAY['search', 'social', 'partner']) AS source,
             generate_series(now() - interval '90 days', now(), '1 day') AS day" \
    -c "CREATE TABLE ours.deals AS SELECT lead_id, occurred_at AS signed_at, 1000.00 AS amount FROM ours.events WHERE type = 'trial'" \
    -c "SELECT lead_scoring.set_spend('ours_model', 'ours.spend', 'campaign', 'day', 'amount', 'source'), lead_scoring.set_revenue('ours_model', 'ours.deals', 'lead_id', 'signed_at', 'amount')" \
    -c "UPDATE ours_model.report_settings SET event_channel = \$\$properties->>'source'\$\$, event_asset = \$\$CASE WHEN type = 'download' THEN properties->>'kind' END\$\$" \
    -c 'VACUUM ANALYZE' >"$RUN/views.log"

mapfile -t views < <(value "SELECT viewname FROM pg_views WHERE schemaname = 'ours_model' ORDER BY viewname")
for ((round = 1; round <= (rounds + 1) / 2; round++)); do
    for view in "${views[@]}"; do
        sql -c "CALL bench.time($measure, '$view first events', $round, 'SELECT count(f) FROM (SELECT lead_id, min(occurred_at) FROM ours.events GROUP BY lead_id) AS f')" \
            -c "CALL bench.time($measure, '$view', $round, 'INSERT INTO bench.checks SELECT $measure, ''the view $view is empty'', (count(v) = 0)::integer FROM ours_model.$view AS v')"
    done
done
# The same where leads remember what reports ask of their events.
sql -c "UPDATE ours_model.report_settings SET max_touches = 64" -c "SELECT lead_scoring.publish('ours_model')" -c 'VACUUM ANALYZE' >>"$RUN/views.log"
for ((round = 1; round <= (rounds + 1) / 2; round++)); do
    for view in "${views[@]}"; do
        sql -c "CALL bench.time($measure, '$view pass', $round, 'SELECT count(e), max(type) FROM ours.events AS e')" \
            -c "CALL bench.time($measure, '$view remembered', $round, 'INSERT INTO bench.checks SELECT $measure, ''the view $view is empty'', (count(v) = 0)::integer FROM ours_model.$view AS v')"
    done
done
# Of whom touches are read from the events, for there are more than are kept.
sql -c "INSERT INTO bench.samples SELECT $measure, 'beyond', 1, 100.0 * count(*) FILTER (WHERE NOT lead_scoring_internal.keeps_touches(s.memory)) / count(*), '%' FROM ours_model.scores AS s"
compare "for scale: leads with more touches than they keep" beyond ""
verify ours
for view in "${views[@]}"; do
    compare "the view $view where leads remember, time over that of one pass over the events" "$view remembered" "$view pass"
done
for view in "${views[@]}"; do
    compare "the view $view, time over that of the first event of each lead in SQL" "$view" "$view first events"
done

# refresh, scheduled with pg_cron as docs/operations.md does, moves leads that time has come for. Skipped where pg_cron is missing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
plan skip_all => 'pg_cron is not installed' if !-e $node->config_data('--sharedir') . '/extension/pg_cron.control';

$node->init;
$node->append_conf('postgresql.conf', qq{
    shared_preload_libraries = 'pg_cron'
    cron.host = '@{[$node->host]}'});
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION pg_cron;
    CREATE EXTENSION lead_scoring;
    CREATE TABLE leads (id bigint PRIMARY KEY);
    CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
    CREATE INDEX ON events (lead_id);
    SELECT lead_scoring.create_model('inbound', leads => 'leads', events => 'events');
    SELECT lead_scoring.add_rule('inbound', 'visit', 'visit', 10, decay => 'window', lifespan => '1 day');
    SELECT lead_scoring.add_stage('inbound', 'mql', min_score => 10, falls_below => 10);
    SELECT lead_scoring.publish('inbound')});

# The statement of docs/operations.md. Its next minute is not waited for: what it scheduled is run at the next start.
$node->safe_psql('postgres', q{SELECT cron.schedule('lead scoring', '*/5 * * * *', $$CALL lead_scoring.refresh('inbound')$$)});
$node->safe_psql('postgres', q{UPDATE cron.job SET schedule = '@reboot'});

# More leads than a batch has, so that refresh commits in between.
my $stages = q{SELECT lead_stage, count(*) FROM leads GROUP BY lead_stage};
my $runs = q{SELECT count(*) FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')};
my $run = 0;
for my $workers ('off', 'on') {
    my $how = $workers eq 'on' ? 'in a background worker' : 'through a connection';
    $node->safe_psql('postgres', q{
        TRUNCATE leads, events;
        INSERT INTO leads SELECT generate_series(1, 2500);
        INSERT INTO events SELECT id, 'visit', '2026-01-01' FROM leads});
    is($node->safe_psql('postgres', $stages), 'mql|2500', "$how: all are MQLs before");
    $node->append_conf('postgresql.conf', "cron.use_background_workers = $workers");
    $node->restart;
    ok($node->poll_query_until('postgres', $runs, ++$run), "$how: it runs");
    is($node->safe_psql('postgres', q{SELECT status, return_message FROM cron.job_run_details ORDER BY runid DESC LIMIT 1}),
        'succeeded|CALL', "$how: it succeeds");
    is($node->safe_psql('postgres', $stages), 'lead|2500', "$how: all have fallen back");
    is($node->safe_psql('postgres', q{SELECT cause, at - '2026-01-01', count(*) FROM inbound.transitions WHERE seq = 2 GROUP BY 1, 2}),
        'time|1 day 00:00:00.000001|2500', "$how: as of when the points ended");
    is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('inbound')}), '', "$how: verify finds nothing");
}

$node->stop;
done_testing();

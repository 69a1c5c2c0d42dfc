# A subscriber with a model scores what it receives, each event once, while the publisher knows of no model.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->append_conf('postgresql.conf', 'wal_retrieve_retry_interval = 100ms');
$subscriber->start;

# Column orders differ on purpose: rows are matched by name.
$publisher->safe_psql('postgres', q{
    CREATE TABLE leads (id bigint PRIMARY KEY, title text);
    CREATE TABLE events (id bigint PRIMARY KEY, lead_id bigint, type text, occurred_at timestamptz);
    INSERT INTO leads VALUES (1, 'CEO'), (2, 'clerk'), (3, 'clerk');
    INSERT INTO events SELECT i, i % 3 + 1, 'visit', '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 30) AS i;
    CREATE PUBLICATION everything FOR TABLE leads, events;
});
$subscriber->safe_psql('postgres', q{
    CREATE EXTENSION lead_scoring;
    CREATE TABLE leads (title text, id bigint PRIMARY KEY);
    CREATE TABLE events (occurred_at timestamptz, type text, lead_id bigint, id bigint PRIMARY KEY);
    CREATE INDEX ON events (lead_id);
    SELECT lead_scoring.create_model('web', leads => 'leads', events => 'events');
    SELECT lead_scoring.add_rule('web', 'visit', 'visit', 1),
           lead_scoring.add_rule('web', 'download', 'download', 5, limit_count => 1, limit_window => 'day'),
           lead_scoring.add_fit_rule('web', 'chief', $$title = 'CEO'$$, 20);
    SELECT lead_scoring.add_stage('web', 'mql', min_score => 25);
    SELECT lead_scoring.publish('web');
});

# Lead, score and stage as scored and as the leads table shows it, and how many moves there were.
my $state = q{
    SELECT lead_id, score, fit, s.stage, lead_stage, s.mql_at IS NOT DISTINCT FROM l.mql_at, stage_seq,
           (SELECT count(*) FROM web.transitions t WHERE t.lead_id = s.lead_id)
    FROM web.scores AS s LEFT JOIN leads AS l ON l.id = s.lead_id ORDER BY lead_id};
my $verify = q{SELECT * FROM lead_scoring.verify('web')};

# scored(what, statements, state): runs them on the publisher; when the subscriber has them, its state is that.
sub scored {
    my ($what, $statements, $expected) = @_;
    $publisher->safe_psql('postgres', $statements);
    $publisher->wait_for_catchup('everything');
    is($subscriber->safe_psql('postgres', $state), $expected, $what);
    is($subscriber->safe_psql('postgres', $verify), '', "$what: verify finds nothing");
}

# Both tables are copied at once, row by row, by two workers that would wait for each other's leads: so pause meanwhile.
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', q{SELECT lead_scoring.pause('web')});
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything");
$subscriber->wait_for_subscription_sync($publisher, 'everything');
is($subscriber->safe_psql('postgres', $state), '', 'nothing is scored while paused');
$subscriber->safe_psql('postgres', q{SELECT lead_scoring.resume('web')});
scored('initial copy, caught up with', '', "1|30|20|mql|mql|t|1|1\n2|10|0|lead|lead|t|0|0\n3|10|0|lead|lead|t|0|0");

scored('insert', q{
    INSERT INTO events SELECT 100 + i, i % 2 + 2, 'visit', '2026-02-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 20) AS i;
    INSERT INTO events VALUES (200, 2, 'download', '2026-02-02 10:00+00'), (201, 2, 'download', '2026-02-02 09:00+00')},
    "1|30|20|mql|mql|t|1|1\n2|25|0|mql|mql|t|1|1\n3|20|0|lead|lead|t|0|0");
scored('event of a lead to come', q{INSERT INTO events VALUES (300, 4, 'visit', '2026-02-03')},
    "1|30|20|mql|mql|t|1|1\n2|25|0|mql|mql|t|1|1\n3|20|0|lead|lead|t|0|0\n4|1|0|lead||t|0|0");
scored('the lead itself', q{INSERT INTO leads VALUES (4, 'CEO')},
    "1|30|20|mql|mql|t|1|1\n2|25|0|mql|mql|t|1|1\n3|20|0|lead|lead|t|0|0\n4|21|20|lead|lead|t|0|0");
scored('update of events: other lead, other type, other time', q{
    UPDATE events SET lead_id = 4 WHERE lead_id = 3 AND id <= 12;
    UPDATE events SET type = 'other' WHERE id = 200;
    UPDATE events SET occurred_at = occurred_at + interval '1 day' WHERE lead_id = 1},
    "1|30|20|mql|mql|t|1|1\n2|25|0|mql|mql|t|1|1\n3|16|0|lead|lead|t|0|0\n4|25|20|mql|mql|t|1|1");
scored('update of leads', q{UPDATE leads SET title = CASE WHEN id = 3 THEN 'CEO' ELSE 'clerk' END},
    "1|10|0|mql|mql|t|1|1\n2|25|0|mql|mql|t|1|1\n3|36|20|mql|mql|t|1|1\n4|5|0|mql|mql|t|1|1");
scored('delete of events', q{DELETE FROM events WHERE id BETWEEN 1 AND 20},
    "1|4|0|mql|mql|t|1|1\n2|18|0|mql|mql|t|1|1\n3|33|20|mql|mql|t|1|1\n4|1|0|mql|mql|t|1|1");
scored('change of a key', q{UPDATE leads SET id = 5 WHERE id = 4},
    "1|4|0|mql|mql|t|1|1\n2|18|0|mql|mql|t|1|1\n3|33|20|mql|mql|t|1|1\n4|1|0|lead||t|0|0\n5|0|0|lead|lead|t|0|0");
scored('delete of leads', q{DELETE FROM leads WHERE id = 5; DELETE FROM events WHERE lead_id = 4; DELETE FROM leads WHERE id = 2},
    "1|4|0|mql|mql|t|1|1\n2|18|0|lead||t|0|0\n3|33|20|mql|mql|t|1|1");
scored('truncate of events', q{TRUNCATE events}, "1|0|0|mql|mql|t|1|1\n3|20|20|mql|mql|t|1|1");
scored('truncate of leads', q{TRUNCATE leads}, '');

# A copy into a model that is not paused; leads are there already, so that there is one worker alone.
$publisher->safe_psql('postgres', q{
    CREATE PUBLICATION more FOR TABLE events;
    ALTER PUBLICATION everything DROP TABLE events;
    INSERT INTO leads VALUES (1, 'CEO');
    INSERT INTO events VALUES (1, 1, 'visit', '2026-03-01'), (2, 2, 'visit', '2026-03-01'), (3, 1, 'visit', '2026-03-01')});
$subscriber->safe_psql('postgres', q{ALTER SUBSCRIPTION everything REFRESH PUBLICATION});
$publisher->wait_for_catchup('everything');
$subscriber->safe_psql('postgres', q{ALTER SUBSCRIPTION everything SET PUBLICATION everything, more});
$subscriber->wait_for_subscription_sync($publisher, 'everything');
scored('copy of events while scoring', '', "1|22|20|lead|lead|t|0|0\n2|1|0|lead||t|0|0");

# A publisher with a model of its own sends its status columns along; the subscriber's model writes the same.
$publisher->safe_psql('postgres', q{
    ALTER TABLE leads ADD lead_stage text NOT NULL DEFAULT 'lead', ADD mql_at timestamptz;
    INSERT INTO events VALUES (4, 1, 'download', '2026-03-01')});
scored('status columns that are replicated too', q{UPDATE leads SET lead_stage = 'mql', mql_at = '2026-03-01'},
    "1|27|20|mql|mql|t|1|1\n2|1|0|lead||t|0|0");

is($subscriber->safe_psql('postgres', q{SELECT apply_error_count, sync_error_count FROM pg_stat_subscription_stats}),
    '0|0', 'nothing was tried twice');

$subscriber->stop;
$publisher->stop;
done_testing();

# A physical standby reads scores and proves them as its primary does, and refuses to write.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', 'test/t/model.sql' ], 'model');
$primary->safe_psql('postgres', q{
    SELECT lead_scoring.add_rule('web', 'long visit', 'visit', 2, $$(properties->>'seconds')::numeric > 60$$);
    SELECT lead_scoring.publish('web', 'with a condition that can fail');
    CREATE ROLE reader;
    GRANT USAGE ON SCHEMA web TO reader;
    GRANT SELECT ON web.scores, web.leads TO reader});

$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

my %questions = (
    'view leads' => q{SELECT lead_id, fit, grade, stage, mql_at, customer_at FROM web.leads ORDER BY lead_id},
    'decay in the view' => q{SELECT count(*), bool_and(abs(score - lead_scoring.score_at('web', lead_id, clock_timestamp())) < 0.01) FROM web.leads},
    'cards' => q{SELECT lead_id, card::text FROM web.scores ORDER BY lead_id},
    'explain' => q{SELECT l.lead_id, e.* FROM web.leads AS l, lead_scoring.explain('web', l.lead_id, '2026-02-01') AS e ORDER BY l.lead_id, e.rule},
    'explain as a reader' => q{SET ROLE reader; SELECT e.* FROM web.leads AS l, lead_scoring.explain('web', l.lead_id, '2026-02-01') AS e ORDER BY l.lead_id, e.rule},
    'score_at' => q{SELECT l.lead_id, lead_scoring.score_at('web', l.lead_id, '2026-01-15') FROM web.leads AS l ORDER BY l.lead_id},
    'verify' => q{SELECT * FROM lead_scoring.verify('web')},
    'models' => q{SELECT * FROM lead_scoring.models()},
    'versions' => q{SELECT * FROM lead_scoring.versions('web')},
    'reports' => q{SELECT lead_scoring.conversion_rate(mql_at, customer_at), lead_scoring.lead_velocity(mql_at, customer_at) FROM web.leads},
    'transitions' => q{SELECT * FROM web.transitions ORDER BY lead_id, seq});

# ask(when): asks both servers for everything.
sub ask {
    my ($when) = @_;
    $primary->wait_for_catchup($standby, 'replay');
    for my $what (sort keys %questions) {
        my ($status, $answer, $error) = $standby->psql('postgres', $questions{$what});
        is("$status $answer$error", '0 ' . $primary->safe_psql('postgres', $questions{$what}), "$what, $when");
    }
}

ask('as copied');
# One session stays, so that it has to learn of new events and of a new version by itself.
my $session = $standby->background_psql('postgres');
is($session->query_safe(q{SELECT stage FROM web.leads WHERE lead_id = 100}), '', 'a lead to come');
is($session->query_safe(q{SELECT lead_scoring.score_at('web', 1, '2030-01-01') IS NOT NULL}), 't', 'a lead that is there');
$primary->safe_psql('postgres', q{
    INSERT INTO leads VALUES (100, 'CEO');
    INSERT INTO events VALUES (100, 'download', '2026-05-01', '{}'), (100, 'visit', '2026-05-01', '{"path": "/pricing", "seconds": "n/a"}'),
                              (100, 'visit', '2026-05-02', '{"seconds": 61}');
    UPDATE web.rules SET points = 7 WHERE name = 'download';
    SELECT lead_scoring.publish('web', 'downloads count more')});
ask('after a new version');
is($session->query_safe(q{SELECT lead_scoring.score_at('web', 100, '2026-05-01'), fit FROM web.leads WHERE lead_id = 100}),
    '32|15', 'an open session follows');

# What a condition raises is caught in a subtransaction, which must do without a transaction id here.
is($session->query_safe(q{SELECT rule, times FROM lead_scoring.explain('web', 100, '2026-06-01') WHERE rule = 'long visit'}),
    'long visit|1', 'a condition that fails is no match');

for my $write (
    q{INSERT INTO events VALUES (1, 'visit', now())},
    q{SELECT lead_scoring.adjust('web', 1, 5, 'by hand')},
    q{SELECT lead_scoring.set_stage('web', 1, 'customer', 'by hand')},
    q{SELECT lead_scoring.publish('web')},
    q{SELECT lead_scoring.pause('web')},
    q{SELECT lead_scoring.repair('web')},
    q{CALL lead_scoring.refresh('web')},
    q{SELECT lead_scoring.add_rule('web', 'another', 'visit', 1)}) {
    my ($status, $answer, $error) = $standby->psql('postgres', "\\set VERBOSITY verbose\n$write");
    like($error, qr/ERROR:  25006: cannot .* (during recovery|in a read-only transaction)/, $write);
}

$session->quit;
$standby->promote;
$standby->safe_psql('postgres', 'CALL add_events(100)');
is($standby->safe_psql('postgres', $questions{verify}), '', 'scoring goes on after promotion');

$standby->stop;
$primary->stop;
done_testing();

# Two-phase commit: a prepared transaction's events count from COMMIT PREPARED on, or never.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 10');
$node->start;
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', 'test/t/model.sql' ], 'model');

my $state = q{SELECT lead_id, stage, stage_seq, card::text FROM web.scores ORDER BY lead_id};
my $verify = q{SELECT * FROM lead_scoring.verify('web')};
my $before = $node->safe_psql('postgres', $state);

# Every way to write: new leads, updates, deletes, a savepoint that is rolled back, a condition that raises, work by hand.
my $work = q{
    INSERT INTO leads VALUES (100, 'CEO'), (101, 'CFO');
    INSERT INTO events VALUES (100, 'visit', '2026-03-01', '{"path": "/pricing"}'), (100, 'download', '2026-03-02', '{}');
    SAVEPOINT here;
    INSERT INTO events VALUES (100, 'won', '2026-03-03', '{}'), (3, 'won', '2026-03-03', '{}');
    ROLLBACK TO here;
    INSERT INTO events VALUES (101, 'won', '2026-03-03', '{}'), (1, 'download', '2026-03-03', '{}');
    UPDATE events SET lead_id = 100 WHERE lead_id = 1 AND type = 'visit';
    UPDATE leads SET title = 'CTO' WHERE id = 5;
    DELETE FROM events WHERE lead_id = 2;
    DELETE FROM leads WHERE id = 4;
    SELECT lead_scoring.adjust('web', 6, 5, 'met'), lead_scoring.set_stage('web', 7, 'customer', 'called')};

# One session for all, so that its caches live through the outcome of what it prepared.
my $session = $node->background_psql('postgres');
$session->query_safe("BEGIN; $work; PREPARE TRANSACTION 'rolled back'");
is($session->query_safe($state), $before, 'prepared: not to be seen yet');
is($session->query_safe($verify), '', 'prepared: verify finds nothing');
$session->query_safe(q{INSERT INTO events VALUES (10, 'visit', '2026-03-01', '{"path": "/pricing"}')});
is($session->query_safe($verify), '', 'other leads are scored meanwhile');
$session->query_safe(q{ROLLBACK PREPARED 'rolled back'});
is($session->query_safe(qq{SELECT count(*) FROM web.scores WHERE lead_id >= 100}), '0', 'rolled back: never was');
is($session->query_safe($verify), '', 'rolled back: verify finds nothing');

# Prepared, a crash, then committed by somebody else.
$session->query_safe("BEGIN; $work; PREPARE TRANSACTION 'committed'");
$node->stop('immediate');
$session->{run}->finish;
$node->start;
is($node->safe_psql('postgres', $verify), '', 'after a crash: verify finds nothing');
my ($status, $answer, $error) = $node->psql('postgres', q{SET lock_timeout = '100ms'; INSERT INTO events VALUES (1, 'visit', '2026-03-04', '{"path": "/pricing"}')});
like($error, qr/lock timeout/, 'after a crash: a lead of the prepared transaction is still locked');
$node->safe_psql('postgres', q{COMMIT PREPARED 'committed'});
is($node->safe_psql('postgres', $verify), '', 'committed: verify finds nothing');
is($node->safe_psql('postgres', q{SELECT string_agg(lead_id || ' ' || stage, ', ' ORDER BY lead_id) FROM web.leads WHERE lead_id IN (4, 7, 100, 101)}),
    '7 customer, 100 lead, 101 customer', 'committed: all of it counts');
$node->safe_psql('postgres', q{INSERT INTO events VALUES (1, 'visit', '2026-03-04', '{"path": "/pricing"}'), (100, 'won', '2026-03-05', '{}')});
is($node->safe_psql('postgres', $verify), '', 'scoring goes on');

# A version published in a prepared transaction.
$node->safe_psql('postgres', q{
    BEGIN;
    UPDATE web.rules SET points = 9 WHERE name = 'download';
    SELECT lead_scoring.publish('web', 'prepared');
    PREPARE TRANSACTION 'version'});
$session = $node->background_psql('postgres');
is($session->query_safe(q{SELECT version FROM lead_scoring.models()}), '1', 'a prepared version does not score yet');
is($session->query_safe($verify), '', 'a prepared version: verify finds nothing');
$node->safe_psql('postgres', q{COMMIT PREPARED 'version'});
$session->query_safe(q{INSERT INTO events VALUES (9, 'download', '2026-03-06', '{}')});
is($session->query_safe(q{SELECT DISTINCT version FROM web.scores}), '2', 'an open session scores by it once it is committed');
is($session->query_safe($verify), '', 'a committed version: verify finds nothing');
$session->quit;

$node->stop;
done_testing();

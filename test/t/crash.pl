# What was committed before a crash is scored after it, and what was not committed is not.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = on');
$node->start;
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', 'test/t/model.sql' ], 'model');

my $state = q{SELECT count(*), sum(stage_seq), md5(string_agg(card::text, ' ' ORDER BY lead_id)) FROM web.scores};
my $before = $node->safe_psql('postgres', $state);

my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
$session->query_safe('CALL add_events(100)');
$node->safe_psql('postgres', 'CHECKPOINT');    # so that the unfinished work is on disk
$node->stop('immediate');
$session->{run}->finish;
$node->start;

is($node->safe_psql('postgres', $state), $before, 'state is that of the last commit');
is($node->safe_psql('postgres', q{SELECT count(*) FROM lead_scoring.verify('web')}), '0', 'verify finds nothing');

$node->safe_psql('postgres', 'CALL add_events(100)');
is($node->safe_psql('postgres', q{SELECT count(*) FROM lead_scoring.verify('web')}), '0', 'scoring goes on');

$node->stop;
done_testing();

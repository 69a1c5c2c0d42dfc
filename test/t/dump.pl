# A dumped database restores into an equal one, where scoring goes on.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1');
$node->safe_psql('postgres', "CREATE DATABASE $_") for 'original', 'copy';
$node->command_ok([ @psql, '-d', 'original', '-f', 'test/t/model.sql' ], 'model');

my ($dump, $again) = map { $node->basedir . "/$_.sql" } 'dump', 'again';
$node->command_ok([ 'pg_dump', '--file' => $dump, 'original' ], 'dump');
$node->command_ok([ @psql, '-d', 'copy', '-f', $dump ], 'restore');
$node->command_ok([ 'pg_dump', '--file' => $again, 'copy' ], 'dump the copy');

# recent servers open and close a dump with a random word
my @texts = map { slurp_file($_) =~ s/^\\(un)?restrict .*$//mgr } $dump, $again;
is($texts[1], $texts[0], 'the copy dumps as the original did');

$node->safe_psql('copy', 'CALL add_events(100)');
is($node->safe_psql('copy', q{SELECT count(*) FROM lead_scoring.verify('web')}), '0', 'scoring goes on in the copy');

$node->stop;
done_testing();

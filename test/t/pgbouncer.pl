# PgBouncer: many clients share a few server sessions, transaction by transaction or one after the other, with all that a
# session keeps: caches of models, prepared statements, settings that somebody left behind. Skipped where PgBouncer is missing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($program) = grep { -x } '/usr/sbin/pgbouncer', '/usr/bin/pgbouncer';
plan skip_all => 'pgbouncer is not installed' if !$program;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', 'test/t/model.sql' ], 'a model is made');

my $folder = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $server = sprintf 'host=%s port=%d dbname=postgres user=%s', $node->host, $node->port, scalar getpwuid($<);
append_to_file("$folder/pgbouncer.ini", qq{[databases]
by_transaction = $server pool_mode=transaction pool_size=3
by_session = $server pool_mode=session pool_size=3
[pgbouncer]
listen_addr =
listen_port = $port
unix_socket_dir = $folder
auth_type = any
logfile = $folder/log
max_client_conn = 50
});
my $output = '';
my $pooler = IPC::Run::start([ $program, "$folder/pgbouncer.ini" ], '<', \undef, '>&', \$output);
my $pooled = sub { "host=$folder port=$port dbname=$_[0]" };
for (1 .. 100) {
    last if -S "$folder/.s.PGSQL.$port";
    select undef, undef, undef, 0.1;
}

# Each transaction stores an event or three, some of them within a savepoint that is rolled back, or leaves settings and
# temporary tables behind for whoever has the session next.
my %scripts = (
    single => q{\set lead random(0, 19)
        INSERT INTO events VALUES (:lead, 'download', timestamptz '2026-03-01' + random() * interval '20 days')},
    several => q{\set lead random(0, 19)
        BEGIN;
        INSERT INTO events VALUES (:lead, 'visit', timestamptz '2026-03-01' + random() * interval '20 days', '{"path": "/pricing"}');
        SAVEPOINT s;
        INSERT INTO events VALUES (:lead, 'won', '2026-03-01');
        ROLLBACK TO s;
        INSERT INTO events VALUES (:lead, 'download', '2026-03-20');
        COMMIT},
    changes => q{\set lead random(0, 19)
        UPDATE events SET occurred_at = occurred_at + interval '1 hour' WHERE lead_id = :lead AND type = 'download'},
    leftovers => q{\set lead random(0, 19)
        BEGIN;
        SET search_path = pg_temp, public;
        CREATE TEMP TABLE IF NOT EXISTS events_changed (a integer);
        SET extra_float_digits = -3;
        INSERT INTO public.leads VALUES (:lead, 'CEO') ON CONFLICT (id) DO UPDATE SET title = 'CFO';
        COMMIT;
        RESET search_path},
    rules => q{UPDATE web.rules SET points = points % 9 + 1 WHERE name = 'download'; SELECT lead_scoring.publish('web')});
append_to_file("$folder/$_.sql", "$scripts{$_};\n") for keys %scripts;
my @mix = map { ('-f', "$folder/$_") } 'single.sql@6', 'several.sql@3', 'changes.sql@1', 'leftovers.sql@1';

my $right = sub {
    my ($what) = @_;
    is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('web')}), '', "$what: verify finds nothing");
    is($node->safe_psql('postgres', q{
        SELECT count(*) FROM web.scores s WHERE score <> (SELECT capped FROM (SELECT sum(capped) AS capped FROM lead_scoring.explain('web', s.lead_id, s.scored_at)) e)}),
        '0', "$what: scores are the sum of their lines");
};
my ($seed) = $ENV{PGBOUNCER_SEED} // int rand 1e6;
note "PGBOUNCER_SEED=$seed";
for my $run (['by_transaction', 'simple'], ['by_session', 'prepared'], ['by_session', 'extended']) {
    my ($database, $protocol) = @$run;
    my $bench = sub { command_ok([ 'pgbench', '-n', '-M', $protocol, "--random-seed=$seed", '--max-tries=20', @_, $pooled->($database) ], "$database, $protocol: @_[0 .. 3]") };
    my $publishing = $database eq 'by_transaction'
        ? IPC::Run::start([ 'pgbench', '-n', '-M', 'simple', '--max-tries=20', '-c', '1', '-t', '10', '-f', "$folder/rules.sql", $pooled->($database) ], '<', \undef, '>', \my $told, '2>', \my $said)
        : undef;
    $bench->('-c', $database eq 'by_session' ? 3 : 12, '-t', 30, @mix);
    ok(!$publishing || $publishing->finish, "$database, $protocol: versions are published meanwhile") or diag($said // '');
    $right->("$database, $protocol");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM web.versions}), '11', 'all of them');
is($node->safe_psql('postgres', q{SELECT count(*) FROM events WHERE type = 'won' AND occurred_at = '2026-03-01'}), '0', 'what was rolled back is not there');

# Statements prepared by SQL stay in the server session; another client finds them, and a change of rules, there.
my $script = join ';', map { "PREPARE add_$_ AS INSERT INTO events VALUES (\$1, 'download', '2026-05-01'); EXECUTE add_$_(1); DEALLOCATE add_$_" } 1 .. 5;
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', "BEGIN; $script; COMMIT", '-d', $pooled->('by_transaction') ], 'statements prepared by SQL');
$right->('at last');

$pooler->signal('INT');
$pooler->finish;
$node->stop;
done_testing();

# pg_repack beside a model: it copies scores while writers go on, and learns of their writes by a trigger of its own.
# Nothing is lost. So does an audit that hangs its triggers on scores. Skipped where pg_repack is missing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', 'test/t/model.sql' ], 'a model is made');
my $verify = q{SELECT * FROM lead_scoring.verify('web')};

# Transition tables of a trigger that is not ours, whatever its function is called, have each write with old and new row.
$node->safe_psql('postgres', q{
    CREATE TABLE audit (lead_id text, old_score float8, new_score float8);
    CREATE FUNCTION refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.audit SELECT n.lead_id::text, o.score, n.score FROM new_rows n JOIN old_rows o USING (lead_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER audit AFTER UPDATE ON web.scores REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_write();
    TRUNCATE audit});
$node->safe_psql('postgres', q{INSERT INTO events SELECT i, 'visit', now(), '{"path": "/pricing"}' FROM generate_series(1, 5) i});
is($node->safe_psql('postgres', q{SELECT count(*) = 5 AND bool_and(new_score IS NOT NULL) FROM audit}), 't', 'an audit of scores sees each write');
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');
$node->safe_psql('postgres', 'DROP TRIGGER audit ON web.scores');

SKIP: {
    my $repack = $node->config_data('--bindir') . '/pg_repack';
    skip 'pg_repack is not installed', 4 if !-x $repack || !-e $node->config_data('--sharedir') . '/extension/pg_repack.control';
    $node->safe_psql('postgres', 'CREATE EXTENSION pg_repack');
    # Writers that go on while it works, until it has finished three times.
    my $script = $node->basedir . '/writer.sql';
    append_to_file($script, q{
\set lead random(1, 50)
INSERT INTO events VALUES (:lead, 'visit', now(), '{"path": "/pricing"}');
INSERT INTO events SELECT i, 'download', now(), '{}' FROM generate_series(:lead, :lead + 3) i;
});
    my $writers = IPC::Run::start([ 'pgbench', '-n', '-c', '3', '-T', '600', '-f', $script, $node->connstr('postgres') ],
        '>', \my $out, '2>', \my $err);
    $node->poll_query_until('postgres', 'SELECT count(*) > 1000 FROM events') or die 'no writer';
    for my $round (1 .. 3) {
        $node->command_ok([ $repack, '-t', 'web.scores', '-p', $node->port, '-h', $node->host, '-d', 'postgres' ], "pg_repack $round");
    }
    $writers->kill_kill;
    $node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()});
    is($node->safe_psql('postgres', $verify), '', 'nothing is lost');
}

$node->stop;
done_testing();

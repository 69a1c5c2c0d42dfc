# Memory stays bounded whatever the data: rows that raise, rules that fail to compile, leads with very many events.
# Measured are the most that a backend ever held (the kernel counts it), and what stays in its memory contexts.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'the kernel does not tell what a process held at most' if !-e '/proc/self/status';

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'shared_buffers = 2MB');
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION lead_scoring;
    CREATE FUNCTION held_at_most() RETURNS integer LANGUAGE sql AS
        $$ SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+) kB'))[1]::integer $$;
    CREATE FUNCTION held() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts $$;
    CREATE FUNCTION share(value text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT value::numeric $$});

my @models;

# make_model(name, SELECT list of rules, type of keys)
sub make_model {
    my ($name, $rules, $key) = @_;
    $key //= 'bigint';
    $node->safe_psql('postgres', qq{
        CREATE SCHEMA ${name}_data;
        CREATE TABLE ${name}_data.leads (id $key PRIMARY KEY);
        CREATE TABLE ${name}_data.events (lead_id $key, type text, occurred_at timestamptz, value text);
        CREATE INDEX ON ${name}_data.events (lead_id);
        SELECT lead_scoring.create_model('$name', leads => '${name}_data.leads', events => '${name}_data.events');
        SELECT $rules;
        SELECT lead_scoring.publish('$name')});
    push @models, $name;
}

# grown(first, statements): by how many kilobytes the statements raise what a session held at most in the first one.
sub grown {
    my ($first, $statements) = @_;
    my @held = split /\n/, $node->safe_psql('postgres', "SET client_min_messages = warning;
        DO \$do\$ BEGIN $first END \$do\$; SELECT held_at_most(); DO \$do\$ BEGIN $statements END \$do\$; SELECT held_at_most()");
    note "$held[0] kB, then $held[1] kB";
    return $held[1] - $held[0];
}

# left(statement, times): by how many bytes the memory contexts of a session have grown after so many times, where the
# first ones do not count.
sub left {
    my ($statement, $times) = @_;
    my $times_of = sub { "SELECT \$repeated\$$statement\$repeated\$ FROM generate_series(1, $_[0]) \\gexec\n" };
    my @held = split /\n/, $node->safe_psql('postgres', "SET client_min_messages = warning;\n" .
        $times_of->(5) . "SELECT held();\n" . $times_of->($times) . 'SELECT held()');
    note "$held[-2] bytes, then $held[-1] bytes";
    return $held[-1] - $held[-2];
}

my $megabyte = 1024;

# Rows that raise.
make_model('bad', join ', ', map { "lead_scoring.add_rule('bad', 'r$_', 'a', 1, condition => 'value::numeric > $_')" } 1 .. 10);
my $bad_rows = q{INSERT INTO bad_data.events SELECT i %% 20, 'a', '2026-01-01', 'oops %s' || repeat('.', 1000) FROM generate_series(1, %s) i;};
cmp_ok(grown(sprintf($bad_rows, 1, 10), sprintf($bad_rows, 2, 20000)), '<', 32 * $megabyte, 'rows that raise take no memory');
is($node->safe_psql('postgres', 'SELECT count(*), sum(count), max(length(message)) <= 500 FROM bad.problems'), '200|200100|t',
    'each of them is counted, with the beginning of its message');
cmp_ok(left(sprintf($bad_rows, 3, 100), 100), '<', 100_000, 'nor do statements leave anything behind');

# More leads and rules that raise than are listed.
cmp_ok(grown(sprintf($bad_rows, 1, 10),
        q{INSERT INTO bad_data.events SELECT 1000 + i, 'a', '2026-01-01', 'oops' || repeat('.', 1000) FROM generate_series(1, 5000) i;}),
    '<', 30 * $megabyte, 'a list of problems has an end');
is($node->safe_psql('postgres', 'SELECT count(*) FROM bad.problems WHERE lead_id > 1000'), '10000', 'so many are listed');

# Rules that fail to compile.
make_model('broken', join ', ', map { "lead_scoring.add_rule('broken', 'r$_', 'a', 1, condition => 'public.share(value) > $_')" } 1 .. 10);
$node->safe_psql('postgres', 'ALTER FUNCTION share RENAME TO no_share');
my $fails = q{DO $$ BEGIN
    BEGIN INSERT INTO broken_data.events VALUES (1, 'a', '2026-01-01', '1'); EXCEPTION WHEN undefined_function THEN RETURN; END;
    RAISE 'nothing failed'; END $$};
cmp_ok(left($fails, 100), '<', 100_000, 'rules that fail to compile leave nothing behind');
$node->safe_psql('postgres', 'ALTER FUNCTION no_share RENAME TO share');

# One lead with very many events, at instants of their own and at one. The rules' card cannot fold a late event.
make_model('long', q{lead_scoring.add_rule('long', 'a', 'a', 1, limit_count => 1, limit_window => 'day'),
                     lead_scoring.add_rule('long', 'b', 'b', 1, per => 'value::numeric', decay => 'linear', lifespan => '36500 days')});
$node->safe_psql('postgres', q{
    SELECT lead_scoring.pause('long');
    INSERT INTO long_data.events SELECT 1, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, '2026-01-01'::timestamptz + i * interval '1 s', i FROM generate_series(1, 400000) i;
    INSERT INTO long_data.events SELECT 2, 'a', '2026-01-01', i FROM generate_series(1, 300000) i;
    SELECT lead_scoring.resume('long')});
my $other = q{INSERT INTO long_data.events VALUES (3, 'a', '2026-01-05', '1'); INSERT INTO long_data.events VALUES (3, 'a', '2026-01-02', '1');
    PERFORM * FROM lead_scoring.explain('long', 3); PERFORM lead_scoring.score_at('long', 3, now());};
my $late = q{INSERT INTO long_data.events VALUES (%s, 'a', '2025-12-01', '1');};
cmp_ok(grown($other, sprintf($late, 1)), '<', 56 * $megabyte, 'a late event of a lead with very many events');
cmp_ok(grown($other, sprintf($late, 2)), '<', 32 * $megabyte, 'a late event of a lead with very many events at once');
cmp_ok(grown($other, q{PERFORM * FROM lead_scoring.explain('long', 1); PERFORM lead_scoring.score_at('long', 1, now());}),
    '<', 66 * $megabyte, 'explaining such a lead');

# One statement with very many events of a lead.
cmp_ok(grown($other, q{INSERT INTO long_data.events SELECT 4, 'b', '2026-01-01'::timestamptz + i * interval '1 s', i FROM generate_series(1, 400000) i;}),
    '<', 100 * $megabyte, 'a statement with very many events of a lead');

# Keys are copied; many are sorted on disk.
make_model('wide', q{lead_scoring.add_rule('wide', 'a', 'a', 1)}, 'text');
my $many = q{INSERT INTO wide_data.events SELECT repeat('k', 2000) || i, 'a', '2026-01-01' FROM generate_series(1, %s) i;};
cmp_ok(grown(sprintf($many, 100), sprintf($many, 50000)), '<', 90 * $megabyte, 'very many long keys');

is($node->safe_psql('postgres', "SELECT * FROM lead_scoring.verify('$_')"), '', "verify finds nothing in $_") for @models;
unlike(slurp_file($node->logfile), qr/temporary file leak/, 'no file is left open');

$node->stop;
done_testing();

# Memory stays bounded whatever the data: rows that raise, rules that fail to compile, leads with very many events; and
# however much a session reads, publishes and fails.
# Measured are the most that a backend ever held (the kernel counts it), and what stays in its memory contexts.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
require './test/lib/aggregates.pl';
our %AGGREGATES;

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

# left(statement, times, errors): by how many bytes the memory contexts of a session have grown after so many times, where
# the first ones, after which plans are kept, do not count. A statement is one transaction. `errors`: what it fails with, if it is to.
# What is to be in the session's caches is there before, the plans for any arguments too, which come with the sixth time:
# $first is run once, the statement twelve times.
sub left {
    my ($statement, $times, $errors, $first) = @_;
    my $times_of = sub { "SELECT \$repeated\$$statement\$repeated\$ FROM generate_series(1, $_[0]) \\gexec\n" };
    my ($status, $output, $said) = $node->psql('postgres', "SET client_min_messages = warning;\n" . (defined $first ? "$first;\n" : '') .
        $times_of->(12) . "SELECT 'held ' || held();\n" . $times_of->($times) . "SELECT 'held ' || held()", on_error_stop => 0);
    my @wrong = grep { /ERROR|FATAL|server closed/ && (!defined $errors || !/$errors/) } split /\n/, $said;
    is("@wrong[0 .. ($#wrong > 2 ? 2 : $#wrong)]", '', 'no other errors');
    cmp_ok(scalar(grep { /ERROR/ } split /\n/, $said), '>=', $times, 'it fails each time') if defined $errors;
    my @held = $output =~ /^held (\d+)$/mg;
    note "$held[0] bytes, then $held[1] bytes: $statement";
    return $held[1] - $held[0];
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

# Functions that change in one transaction: 1,000 times one that a condition rests on, and one that none does. What the
# server itself keeps of such changes does not count.
make_model('functions', q{lead_scoring.add_rule('functions', 'a', 'a', 1, condition => 'public.share(value) > 1')});
$node->safe_psql('postgres', 'CREATE TABLE functions_data.plain (LIKE functions_data.events);
    CREATE FUNCTION apart(value text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT value::numeric $$');
# held_by(function, table): by how many bytes the memory contexts have grown within the transaction.
sub held_by {
    my ($function, $table) = @_;
    my $said = $node->safe_psql('postgres', qq{
        CREATE TEMPORARY TABLE result (grown bigint);
        DO \$do\$
        DECLARE
            before bigint;
        BEGIN
            FOR i IN 1 .. 1020 LOOP
                EXECUTE 'CREATE OR REPLACE FUNCTION public.$function(value text) RETURNS numeric LANGUAGE sql IMMUTABLE AS ''SELECT value::numeric''';
                INSERT INTO functions_data.$table VALUES (i % 10, 'a', '2026-01-01', i);
                IF i = 20 THEN before := held(); END IF;
            END LOOP;
            INSERT INTO result SELECT held() - before;
        END \$do\$;
        SELECT grown FROM result});
    note "$function changed, rows into $table: $said bytes";
    return $said;
}
my $base = held_by('share', 'plain');
cmp_ok(held_by('share', 'events') - $base, '<', 2_000_000, 'a function of a condition that changes very often in a transaction');
cmp_ok(held_by('apart', 'events') - $base, '<', 2_000_000, 'any other function that changes very often in a transaction');

# Reading, publishing and failing, again and again in one session.
make_model('read', q{lead_scoring.add_rule('read', 'a', 'a', 10, 'length(value) > 0', decay => 'exponential', half_life => '100 days'),
                     lead_scoring.add_rule('read', 'b', 'b', 1, limit_count => 3, limit_window => 'day', limit_key => 'value'),
                     lead_scoring.add_stage('read', 'mql', min_score => 20, falls_below => 10),
                     lead_scoring.add_stage('read', 'customer', on_event => 'won')});
$node->safe_psql('postgres', q{
    INSERT INTO read_data.leads SELECT generate_series(1, 300);
    INSERT INTO read_data.events SELECT i % 300, (ARRAY['a', 'b', 'a', 'won'])[1 + i % 7 % 4], timestamptz '2025-01-01' + i * interval '1 hour', 'v' || i % 20 FROM generate_series(1, 6000) i;
    CREATE TABLE read_data.spend AS SELECT 'v' || i % 20 AS campaign, date '2025-01-01' + i AS spent_on, 10.0 AS amount FROM generate_series(1, 200) i;
    CREATE TABLE read_data.deals AS SELECT lead_id, occurred_at AS earned_on, 100.0 AS amount FROM read_data.events WHERE type = 'won';
    UPDATE read.settings SET event_campaign = 'value';
    SELECT lead_scoring.set_spend('read', 'read_data.spend'), lead_scoring.set_revenue('read', 'read_data.deals');
    UPDATE read.report_settings SET event_asset = 'value'});
is(missing_aggregates($node), '', 'each aggregate is read');
my %repeated = (
    (map { ("view $_" => "SELECT count(*) FROM (SELECT * FROM read.$_ OFFSET 0) v") }
        split /\n/, $node->safe_psql('postgres', q{SELECT viewname FROM pg_views WHERE schemaname = 'read'})),
    (map { my $call = call_of($_); ("aggregate $_" => "SELECT count(a) FROM (SELECT $call FROM generate_series(1, 700) i GROUP BY i % 5) a(a)") } keys %AGGREGATES),
    (map { my $call = call_of($_); ("window $_" => "SELECT count(a) FROM (SELECT $call OVER (ORDER BY i ROWS 20 PRECEDING) FROM generate_series(1, 100) i) a(a)") } keys %AGGREGATES),
    'explain' => q{SELECT count(*) FROM read.scores s, lead_scoring.explain('read', s.lead_id)},
    'score_at' => q{SELECT sum(lead_scoring.score_at('read', s.lead_id, '2025-06-01')) FROM read.scores s},
    'verify' => q{SELECT count(*) FROM lead_scoring.verify('read')},
    'models' => q{SELECT count(*) FROM lead_scoring.models(), lead_scoring.versions('read')},
    'publish' => q{DO $$ BEGIN UPDATE read.rules SET points = 11 - points WHERE name = 'b'; PERFORM lead_scoring.publish('read'); END $$},
    'publish without rescoring' => q{DO $$ BEGIN PERFORM lead_scoring.publish('read', rescore => false); END $$},
    'rescore' => q{CALL lead_scoring.rescore('read', 50)},
    'refresh' => q{CALL lead_scoring.refresh('read')},
    'repair' => q{SELECT lead_scoring.repair('read')},
    'pause and resume' => q{DO $$ BEGIN PERFORM lead_scoring.pause('read'); PERFORM lead_scoring.resume('read'); END $$},
    'by hand' => q{SELECT lead_scoring.adjust('read', 5, 1, 'luck', '2025-01-01'), lead_scoring.set_stage('read', 6, CASE WHEN stage = 'mql' THEN 'lead' ELSE 'mql' END) FROM read.scores WHERE lead_id = 6},
    'merge_leads' => q{DO $$ BEGIN INSERT INTO read_data.leads VALUES (1001), (1002); INSERT INTO read_data.events VALUES (1001, 'a', now(), 'v'), (1002, 'a', now(), 'v');
        PERFORM lead_scoring.merge_leads('read', 1002, 1001); PERFORM lead_scoring.forget_lead('read', 1001), lead_scoring.forget_lead('read', 1002); END $$},
    'a model that comes and goes' => q{DO $$ BEGIN PERFORM lead_scoring.create_model('passing', 'read_data.leads', 'read_data.events', status_columns => '{}');
        PERFORM lead_scoring.add_rule('passing', 'a', 'a', 1); PERFORM lead_scoring.publish('passing'); PERFORM lead_scoring.drop_model('passing'); END $$},
    'events that are taken back' => q{DO $$ BEGIN INSERT INTO read_data.events SELECT i, 'a', now(), 'v' FROM generate_series(1, 300) i; RAISE SQLSTATE 'P0001'; EXCEPTION WHEN SQLSTATE 'P0001' THEN NULL; END $$});
for my $name (sort keys %repeated) {
    # The server remembers the foreign keys and row types of tables that are gone, 16 kB a model; and PL/pgSQL compiles the
    # functions of triggers for each trigger by itself, and keeps them until the session ends: 430 kB a model.
    my $most = $name =~ /comes and goes/ ? 20 * 500_000 : 60_000;
    cmp_ok(left($repeated{$name}, 20), '<', $most, "$name leaves nothing behind");
}
my %failing = (
    'an unknown model' => [ q{SELECT lead_scoring.explain('nobody', 1)}, 'nobody' ],
    'an unknown stage' => [ q{SELECT lead_scoring.set_stage('read', 1, 'nowhere')}, 'nowhere' ],
    'a rule without sense' => [ q{SELECT lead_scoring.add_rule('read', 'c', 'a', 1, 'no_column > 1')}, 'no_column' ],
    'a rule that is no SQL' => [ q{SELECT lead_scoring.add_rule('read', 'c', 'a', 1, 'value = = 1')}, 'syntax error' ],
    'an event of no number' => [ q{INSERT INTO read_data.events SELECT i, 'a', now(), (1 / (i - 300))::text FROM generate_series(1, 300) i}, 'division by zero' ],
    'a report without its table' => [ q{DO $$ BEGIN ALTER TABLE read_data.spend RENAME TO gone; PERFORM * FROM read.campaigns; END $$}, 'spend' ],
    'an aggregate of different models' => [ q{SELECT lead_scoring.attribution(m, 'a', now(), now()) FROM unnest('{linear,first}'::text[]) m}, 'same' ],
    'a card of no sense' => [ q{SELECT 'clock 1 fit'::lead_scoring.scorecard}, 'scorecard' ],
    'a statement that takes too long' => [ q{SET statement_timeout = 30; SELECT lead_scoring.publish('read') FROM generate_series(1, 10000)}, 'statement timeout', q{SELECT lead_scoring.publish('read') FROM generate_series(1, 12)} ],
    'a report that takes too long' => [ q{SET statement_timeout = 20; SELECT count(*) FROM generate_series(1, 10000) i, LATERAL (SELECT i, v.* FROM read.channels v OFFSET 0) w}, 'statement timeout', q{SELECT count(*) FROM generate_series(1, 12) i, LATERAL (SELECT i, v.* FROM read.channels v OFFSET 0) w} ]);
for my $name (sort keys %failing) {
    cmp_ok(left($failing{$name}[0], 20, @{$failing{$name}}[1, 2]), '<', 60_000, "$name leaves nothing behind");
}

is($node->safe_psql('postgres', "SELECT * FROM lead_scoring.verify('$_')"), '', "verify finds nothing in $_") for @models;
unlike(slurp_file($node->logfile), qr/temporary file leak/, 'no file is left open');

$node->stop;
done_testing();

# Every view of a model and every function that reads one, by every plan the server may choose and under every snapshot: the
# answer is that of a plain serial query. The views and functions are those of the catalogs, so that a new one is read too.
# Plain answers come from sessions whose caches are cold, one each; what is asked in one way, in one session.
use strict;
use warnings;
BEGIN { $ENV{PG_TEST_TIMEOUT_DEFAULT} //= 500 }  # of a session, which is asked all the questions
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "fsync = off\nmax_parallel_workers = 16\nmax_worker_processes = 24\nmax_connections = 60\ntimezone = UTC\ndatestyle = ISO");
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION lead_scoring');
$primary->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-v', 'one_source=1', '-f', 'test/lib/full_model.sql' ], 'model');
$primary->safe_psql('postgres', 'ANALYZE');

# What to ask: of each view everything, of each function that takes a model, does not write, and returns rows or a number, what
# it returns for arguments of these names, or of these types. An answer may be an error, the same each time.
my %arguments = (model => q{'full_model'}, at => q{'2024-06-01 00:00+00'}, as_of => q{'2024-06-01 00:00+00'}, report => q{'funnel'}, grain => q{'week'}, by => q{'channel'}, since => q{'2024-01-15'}, until => q{'2024-05-15'}, date => q{'2024-01-15'}, stage => q{'sql'}, version => 1, against => 1,
    text => q{'8'}, bigint => 8, integer => 8, oid => q{'full_model.scores'::regclass}, uuid => q{'00000000-0000-0000-0000-000000000008'}, 'text[]' => q{'{8,16}'},
    events => q{VARIADIC ARRAY['full_test.events']}, regclass => q{'full_test.leads'}, jsonb => q{'{}'}, numeric => 8, boolean => 'true', 'timestamp with time zone' => 'now()');
my @questions = map { "SELECT * FROM $_" } split /\n/, $primary->safe_psql('postgres', q{
    SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('v', 'm') AND n.nspname IN ('full_model', 'lead_scoring') ORDER BY 1});
# The days at risk, and what comes of them, grow from one question to the next.
s/\* (FROM full_model\.rule_lift)$/rule, rule_group, kind, outcome, leads_with, converted_with, leads_without, converted_without $1/ for @questions;
my ($functions, %unsafe) = (0);
for (split /\n/, $primary->safe_psql('postgres', q{
    SELECT p.oid::regproc, p.prorettype = 'record'::regtype AND p.proallargtypes IS NULL, p.proparallel,
           coalesce((SELECT string_agg(coalesce(p.proargnames[a.place], '') || '=' || format_type(a.type, NULL), ';' ORDER BY a.place)
                       FROM unnest(p.proargtypes) WITH ORDINALITY a (type, place)), '')
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname IN ('lead_scoring', 'lead_scoring_internal') AND p.prokind = 'f' AND p.provolatile <> 'v'
       AND (p.proretset OR p.prorettype IN ('float8'::regtype, 'json'::regtype))
       AND (p.proname = 'models' OR p.proargnames[1] = 'model' AND 0 < p.pronargs)
       -- Bodies of what is asked anyway, under the same name; that of models() has another.
       AND NOT (n.nspname = 'lead_scoring_internal' AND EXISTS (
           SELECT FROM pg_proc e WHERE e.pronamespace = 'lead_scoring'::regnamespace AND e.proargtypes = p.proargtypes AND e.proname = p.proname))
       AND p.proname <> 'model_state_as_owner' ORDER BY p.oid::regprocedure::text})) {
    my ($name, $columns_asked, $parallel, $parameters) = split /\|/, $_, -1;
    my @values = map { my ($argument, $type) = split /=/; ($arguments{$argument} // $arguments{$type} // fail("a value for argument $argument of $name")) . "::$type" } split /;/, $parameters;
    push @questions, "SELECT * FROM $name(" . join(', ', @values) . ')' . ($columns_asked eq 't' ? ' r (period date, leads bigint)' : '');
    $unsafe{ $questions[-1] } = 1 if $parallel eq 'u';
    ++$functions;
}
cmp_ok(scalar(grep { /FROM full_model\./ } @questions), '>=', 12, 'views of the model');
cmp_ok($functions, '>=', 10, 'functions');
for my $needed (qw(explain score_at verify preview preview_leads rule_matches versions models funnel channels)) {
    ok(scalar(grep { /FROM lead_scoring(_internal)?\.$needed\(/ } @questions), $needed);
}
is($primary->safe_psql('postgres', q{
    SELECT p.oid::regproc FROM pg_proc p WHERE p.pronamespace IN ('lead_scoring'::regnamespace, 'lead_scoring_internal'::regnamespace) AND p.proretset AND p.provolatile = 'v' AND p.proargnames[1] = 'model'
       -- compiles what is not published, as it is now, and writes nothing either
       AND p.proname <> ALL ('{check_status_columns,explain_draft,explain_draft_as_owner,explain_definition,definition_of_draft}')}), '', 'what returns rows of a model does not write');
# One that asks for the scores of all leads at once, and one that joins them.
push @questions, 'SELECT count(*), sum(score), max(grade) FROM full_model.leads',
    'SELECT l.country, count(*), sum(s.score), (SELECT count(*) FROM full_model.leads WHERE score > 5) FROM full_model.leads s JOIN full_test.leads l ON l.id = s.lead_id GROUP BY 1',
    q{SELECT lead_id, score, lead_scoring.score_at('full_model', lead_id, now()), (SELECT sum(capped) FROM lead_scoring.explain('full_model', lead_id, now())) FROM full_model.leads};

# ask(node, settings, prepare, way, question...): what a new session, with these settings and after these statements, answers to
# each question, run as way(question) says: lines sorted, and the SQLSTATE of an error.
sub ask {
    my ($node, $settings, $prepare, $way, @asked) = @_;
    local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @$settings;
    my $script = join '', "$prepare\n", map { $way->($_) . "\n\\echo SQLSTATE :SQLSTATE\nROLLBACK;\n\\echo -- answered\n" } @asked;
    my ($status, $answers) = $node->psql('postgres', $script, on_error_stop => 0);
    my @answers = split m{^-- answered(?:\n|\z)}m, $answers;
    is(scalar(@answers), scalar(@asked), 'a session answered') if @answers != @asked;
    return map { answer($_) } @answers;
}
sub answer {
    my ($answer) = @_;
    my $state = $answer =~ s/^SQLSTATE (\w+)\n?\z//m ? $1 : 'none';
    return join "\n", (sort split /\n/, $answer), $state eq '00000' ? () : "ERROR $state";
}
sub plainly { return "$_[0];" }
sub ask_plainly { return map { ask($primary, ['max_parallel_workers_per_gather=0'], '', \&plainly, $_) } @_ }
my %plain = map { $_ => ask_plainly($_) } @questions;
cmp_ok(scalar(grep { $plain{$_} !~ /ERROR/ } @questions), '>=', 20, 'answers');
unlike($plain{$_}, qr/ERROR/, $_) for grep { /^SELECT \* FROM (?:full_model\.|lead_scoring\.(?:explain|score_at|rule_matches|verify|preview|preview_leads|versions|models|progress)\b)/ && !/uuid/ } @questions;

# compare(what, got): an answer to each question, in their order, which must be the plain one.
sub compare {
    my ($what, @got) = @_;
    my @wrong = map { $got[$_] eq $plain{ $questions[$_] } ? () : "$questions[$_]\n$got[$_]\n-- instead of\n$plain{$questions[$_]}\n" } 0 .. $#questions;
    is(join('', @wrong), '', $what);
}
my $forced = $primary->safe_psql('postgres', q{SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')});
my @parallel = qw(parallel_setup_cost=0 parallel_tuple_cost=0 min_parallel_table_scan_size=0 min_parallel_index_scan_size=0 max_parallel_workers_per_gather=2);
my @alone = (@parallel, 'parallel_leader_participation=off');
# A way is the settings, the transaction, and how a statement is run: by itself, through a cursor of some kind, or prepared.
# With workers forced, functions that are parallel unsafe are not asked by themselves: they run where they are called, and no
# more than the queries in them would go to a worker, each to one of its own. Views that call them are asked.
my @ways = (
    [ [@parallel], 'READ COMMITTED' ],
    [ [@alone], 'REPEATABLE READ' ],
    [ [ @parallel, "$forced=on" ], 'SERIALIZABLE' ],
    [ [ @alone, 'enable_hashjoin=off', 'enable_seqscan=off' ], 'SERIALIZABLE READ ONLY, DEFERRABLE', cursor => '' ],
    [ [ @parallel, 'enable_hashjoin=off', 'enable_mergejoin=off', 'enable_material=off' ], 'REPEATABLE READ', cursor => 'WITH HOLD' ],
    [ [ 'max_parallel_workers_per_gather=0', 'enable_hashjoin=off', 'enable_seqscan=off', 'cursor_tuple_fraction=0.000001' ], 'READ COMMITTED', cursor => 'SCROLL' ],
    [ [ @parallel, 'enable_indexonlyscan=off', 'enable_bitmapscan=off', 'work_mem=64kB' ], 'REPEATABLE READ READ ONLY', prepared => 'force_generic_plan' ],
    [ [ @alone, 'enable_nestloop=off' ], 'READ COMMITTED', prepared => 'force_custom_plan' ],
    [ [ 'max_parallel_workers_per_gather=0', 'from_collapse_limit=1', 'join_collapse_limit=1', 'geqo_threshold=2' ], 'READ COMMITTED', prepared => 'auto' ]);
sub go {
    my ($node, $suffix) = @_;
    # On a standby there is no SERIALIZABLE; and of what is slow one is enough.
    for my $way (grep { $node == $primary || $_->[1] =~ /REPEATABLE/ } @ways) {
        my ($settings, $level, $how, $kind) = @$way;
        my @settings = @$settings;
        my ($begin, $prepare) = ("BEGIN ISOLATION LEVEL $level", '');
        # Several statements sent as one: after an error the rest is not run.
        my $run = !$how ? sub { "$begin\\; $_[0];" }
            : $how ne 'prepared' ? sub { $kind eq 'WITH HOLD' ? "$begin\\; DECLARE c CURSOR WITH HOLD FOR $_[0]\\; COMMIT\\; FETCH ALL c\\; CLOSE c;" : "$begin\\; DECLARE c $kind CURSOR FOR $_[0]\\; FETCH 1 c\\; FETCH 2 c\\; FETCH ALL c;" }
            : sub { "DEALLOCATE ALL; PREPARE p AS $_[0];\n\\if :ERROR\n\\else\n\\o /dev/null\n" . ('EXECUTE p;' x ($kind eq 'auto' ? 6 : 1)) . "\n\\o\nEXECUTE p;\n\\endif" };
        if ($how && $how eq 'prepared') {
            $prepare = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL $level;";
            push @settings, "plan_cache_mode=$kind";
        }
        my @asked = grep { !$unsafe{$_} || !grep { /^$forced=/ } @settings } @questions;
        my %got;
        @got{@asked} = ask($node, \@settings, $prepare, $run, @asked);
        compare(join(' ', $level, @settings, $how // (), $kind || ()) . $suffix, map { $got{$_} // $plain{$_} } @questions);
    }
}
go($primary, '');

# Compiled, and by workers.
for my $question (grep { /full_model\.leads/ && !/explain/ } @questions) {
    is((ask($primary, [ @parallel, qw(jit=on jit_above_cost=0 jit_inline_above_cost=0 jit_optimize_above_cost=0) ], '', \&plainly, $question))[0], $plain{$question}, "compiled: $question");
}
{
    local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @alone;
    my $plan = $primary->safe_psql('postgres', 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM full_model.leads');
    like($plan, qr/Gather.*Workers Launched: [12].*Function Scan on score_now/s, 'workers compute scores');
}

$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'max_standby_streaming_delay = -1');
$standby->start;
$primary->wait_for_catchup($standby, 'replay');
go($standby, ', on a standby');

# Snapshots that were taken before a publish see what they saw, whether the session knew the model before or not: those of
# transactions, and of cursors. What is prepared sees the new version. Sessions that were cold use workers, warm ones none.
sub session {
    my ($node, $settings, @commands) = @_;
    my $session = $node->background_psql('postgres', on_error_stop => 0);
    $session->query_safe("SET $_") for map { s/=/ = /r } @$settings;
    $session->query_safe($_) for @commands;
    return $session;
}
# answers(session, question...): the same of a session that is there. Without a savepoint an error would end its transaction.
sub answers {
    my ($session, @asked) = @_;
    my @answers = map { answer($session->query("$_;\n\\echo SQLSTATE :SQLSTATE")) } @asked;
    $session->{stderr} = '';
    return @answers;
}
sub answers_within { return map { my ($answer) = answers($_[0], "SAVEPOINT s;\n$_"); $_[0]->query('ROLLBACK TO s'); $answer } @_[1 .. $#_] }
my (%old, %cursor_of);
for my $node ($primary, $standby) {
    my $where = $node == $primary ? '' : ', on a standby';
    for my $level ('REPEATABLE READ', $node == $primary ? ('SERIALIZABLE', 'SERIALIZABLE READ ONLY') : ()) {
        my $begin = "BEGIN ISOLATION LEVEL $level; SELECT 1 FROM full_test.events LIMIT 1";
        $old{"$level, cold$where"} = session($node, \@parallel, $begin);
        $old{"$level, warm$where"} = session($node, [], q{SELECT count(*) FROM full_model.leads; SELECT lead_scoring.score_at('full_model', 8, now())}, $begin);
    }
}
my $cursors = session($primary, \@parallel, 'BEGIN');
for my $question (@questions) {
    my $name = 'c' . keys %cursor_of;
    next if $plain{$question} =~ /ERROR/;
    $cursors->query_safe("DECLARE $name CURSOR FOR $question");
    $cursor_of{$question} = $name;
}
my $prepared = session($primary, \@parallel);
my %statement_of;
for my $question (grep { exists $cursor_of{$_} } @questions) {
    my $name = 'p' . keys %statement_of;
    $prepared->query_safe("PREPARE $name AS $question; EXECUTE $name;");
    $statement_of{$question} = $name;
}
my $loose = session($primary, [], q{SELECT lead_scoring.score_at('full_model', 8, now())});

my %before = %plain;
$primary->safe_psql('postgres', q{UPDATE full_model.rules SET points = points + 2; SELECT lead_scoring.add_rule('full_model', 'another', 'visit', 7), lead_scoring.publish('full_model')});
$primary->wait_for_catchup($standby, 'replay');
%plain = map { $_ => ask_plainly($_) } @questions;
cmp_ok(scalar(grep { $before{$_} ne $plain{$_} } @questions), '>=', 8, 'the new version gives other answers');
for my $question ('SELECT * FROM full_model.leads', grep { /explain.*bigint|score_at.*bigint|rule_matches/ } @questions) {
    isnt($before{$question}, $plain{$question}, "another answer to $question");
}

compare('a session that knew the version before', answers($loose, @questions));
compare('on the standby', ask($standby, [@parallel], '', \&plainly, @questions));
compare('prepared before', map { exists $statement_of{$_} ? answers($prepared, "EXECUTE $statement_of{$_}") : $plain{$_} } @questions);
my %after = %plain;
%plain = %before;
compare('cursors of before', map { exists $cursor_of{$_} ? answers($cursors, "FETCH ALL $cursor_of{$_}") : $plain{$_} } @questions);
for my $what (sort keys %old) {
    compare("$what: as before", answers_within($old{$what}, @questions));
    $old{$what}->query_safe('COMMIT');
}
%plain = %after;
for my $what (sort keys %old) {
    compare("$what: then the new version", answers($old{$what}, @questions));
}
$_->quit for values %old, $cursors, $prepared, $loose;
$standby->stop;
$primary->stop;
done_testing();

# What pg_restore can do: a whole dump in each format, in parallel too, and schema and data one after the other.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'original', '-f', 'test/t/model.sql' ], 'model');

# pg_dump takes schemas by name: one model comes after the user's tables, one before them. This one has rules whose
# points would simply add up if events were scored once more.
$node->safe_psql('original', q{
    SELECT lead_scoring.create_model('inbound', leads => 'leads', events => 'events', status_columns => '{}', max_score => 1000);
    SELECT lead_scoring.add_rule('inbound', 'visit', 'visit', 1),
           lead_scoring.add_rule('inbound', 'download', 'download', 2, decay => 'linear', lifespan => '900 days'),
           lead_scoring.add_fit_rule('inbound', 'chief', $$title LIKE 'C_O'$$, 10);
    SELECT lead_scoring.add_band('inbound', 'fit', 'A', 10), lead_scoring.add_band('inbound', 'fit', 'B', -1000),
           lead_scoring.add_band('inbound', 'engagement', '1', -1000);
    SELECT lead_scoring.add_stage('inbound', 'mql', min_score => 1, requires => '{"visit": 1000}'),
           lead_scoring.add_stage('inbound', 'lost', kind => 'detour', on_event => 'won', exit => 'hand');
    SELECT lead_scoring.publish('inbound');
    SELECT lead_scoring.adjust('inbound', 3, 7, 'met'), lead_scoring.set_stage('inbound', 5, 'mql', 'called');
    -- more than one version, and moves of each cause
    UPDATE web.rules SET points = 6 WHERE name = 'download';
    SELECT lead_scoring.publish('web', 'second');
    INSERT INTO events VALUES (1, 'visit', 'infinity', '{}'), (NULL, 'visit', '2026-01-01', '{}'), (50, 'visit', '2026-01-01', '{}')});

# Everything a model stores; with "moment" also when a lead was last looked at, which resume() changes, and what it has
# decayed to by then.
sub state_of {
    my ($database, $moment) = @_;
    return join "\n", map { $node->safe_psql($database, qq{
        SELECT to_jsonb(s) - '{@{[$moment ? '' : 'scored_at,due_at,score,engagement']}}'::text[], card::text FROM $_.scores AS s ORDER BY lead_id;
        SELECT * FROM $_.transitions ORDER BY lead_id, seq;
        SELECT * FROM $_.adjustments ORDER BY id;
        SELECT * FROM leads ORDER BY id}) } 'web', 'inbound';
}

sub for_both { return join '; ', map { sprintf $_[0], $_ } 'web', 'inbound' }
my $verify = q{SELECT 'web', v.* FROM lead_scoring.verify('web') AS v UNION ALL SELECT 'inbound', v.* FROM lead_scoring.verify('inbound') AS v};
my $pause = for_both(q{SELECT lead_scoring.pause('%s')});
my $resume = for_both(q{SELECT lead_scoring.resume('%s')});

my $copies = 0;
sub new_copy { $node->safe_psql('postgres', 'CREATE DATABASE copy' . ++$copies); return "copy$copies" }
sub dump_to {
    my ($file, @options) = @_;
    my $path = $node->basedir . "/$file";
    $node->command_ok([ 'pg_dump', '--file' => $path, @options ], "pg_dump to $file");
    return $path;
}
sub restore {
    my ($database, $path, @options) = @_;
    $node->command_ok([ 'pg_restore', '--exit-on-error', '--dbname' => $database, @options, $path ], "pg_restore @options");
}
# Whether two long texts are the same; of those that are not, the lines that differ.
sub same {
    my ($got, $expected, $what) = @_;
    return if ok($got eq $expected, $what);
    my %known = map { $_ => 1 } split /\n/, $expected;
    diag $_ for grep { !$known{$_} } split /\n/, $got;
}
# As SQL, without the random words recent servers open and close a dump with.
sub text_of { return slurp_file(dump_to("$_[0].sql", $_[0])) =~ s/^\\(un)?restrict .*$//mgr }

my $as_dumped = state_of('original', 1);
my $without_moments = state_of('original');
my $text = text_of('original');
my %whole = (custom => dump_to('custom', '-Fc', 'original'), directory => dump_to('directory', '-Fd', '-j2', 'original'));
for my $format (sort keys %whole) {
    my $copy = new_copy();
    restore($copy, $whole{$format}, '-j2');
    same(state_of($copy, 1), $as_dumped, "$format: the copy has the same state, bit for bit");
    same(text_of($copy), $text, "$format: and dumps as the original did");
    is($node->safe_psql($copy, 'SELECT problem FROM lead_scoring.models()'), "\n", "$format: its models have no problem");
    $node->safe_psql($copy, 'CALL add_events(60)');
    isnt(state_of($copy), $without_moments, "$format: scoring goes on");
    is($node->safe_psql($copy, $verify), '', "$format: verify finds nothing");
}

# Data without the triggers: bit for bit as well.
my $copy = new_copy();
restore($copy, $whole{custom}, '--schema-only');
like($node->safe_psql($copy, 'SELECT model, problem FROM lead_scoring.models()'),
    qr/^inbound\|settings has no row: .*\nweb\|settings has no row: /, 'schema only: models() says what is missing');
$node->safe_psql($copy, q{INSERT INTO leads VALUES (1, 'CEO'); INSERT INTO events VALUES (1, 'visit', now())});
is($node->safe_psql($copy, 'SELECT count(*) FROM web.scores'), '0', 'schema only: nothing is scored');
$node->safe_psql($copy, 'TRUNCATE leads, events');
restore($copy, $whole{directory}, '--data-only', '--disable-triggers', '-j2');
same(state_of($copy, 1), $as_dumped, 'data only, triggers disabled: the same state, bit for bit');
is($node->safe_psql($copy, $verify), '', 'data only, triggers disabled: verify finds nothing');

# Data while triggers fire: the models were paused when it was dumped, and resume where it is restored. (No -j here: it
# would restore the tables of a foreign key in any order.)
$node->safe_psql('original', $pause);
my $paused = dump_to('paused', '--data-only', '-Fc', 'original');
$node->safe_psql('original', $resume);
$copy = new_copy();
restore($copy, $whole{custom}, '--schema-only');
restore($copy, $paused, '--data-only');
same(state_of($copy, 1), $as_dumped, 'paused: the same state before the copy resumes');
$node->safe_psql($copy, $resume);
same(state_of($copy), state_of('original'), 'paused: and after it');
is($node->safe_psql($copy, $verify), '', 'paused: verify finds nothing');
$node->safe_psql($_, 'CALL add_events(60)') for $copy, 'original';
same($node->safe_psql($copy, q{SELECT lead_id, card::text FROM web.scores ORDER BY 1}),
    $node->safe_psql('original', q{SELECT lead_id, card::text FROM web.scores ORDER BY 1}), 'paused: scoring goes on as in the original');
is($node->safe_psql($copy, $verify), '', 'paused: verify finds nothing then');

# Not paused: events count again for the model whose state came before them. verify tells, repair mends.
$copy = new_copy();
restore($copy, $whole{custom}, '--schema-only');
restore($copy, $whole{custom}, '--data-only');
isnt($node->safe_psql($copy, $verify), '', 'not paused: verify tells');
$node->safe_psql($copy, for_both(q{SELECT lead_scoring.repair('%s')}));
is($node->safe_psql($copy, $verify), '', 'not paused: repair mends');
same(state_of($copy), $without_moments, 'not paused: the same state after repair');

$node->stop;
done_testing();

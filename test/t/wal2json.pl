# What wal2json tells of a model is what its tables hold: scores, which are replaced below the executor, and transitions
# replayed from the stream equal those of the tables, whatever was done. Skipped where wal2json is missing.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
plan skip_all => 'wal2json is not installed' if !-e $node->config_data('--pkglibdir') . '/wal2json.so';

$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 10');
$node->start;
# Later servers ask which plugins are to be trusted.
$node->safe_psql('postgres', q{
    SELECT format('ALTER SYSTEM SET %I = wal2json', name) FROM pg_settings WHERE name = 'output_plugin_libraries' \gexec
    SELECT pg_reload_conf()});
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', 'test/t/model.sql' ], 'a model is made');
my %columns = (
    scores => [qw(lead_id score engagement fit stage stage_seq version card)],
    transitions => [qw(lead_id seq from_stage to_stage cause merged_from)]);
my %key = (scores => ['lead_id'], transitions => [qw(lead_id seq)]);

# stored(table): its rows as arrays, by key.
sub stored {
    my ($table) = @_;
    my $list = join ', ', map { "'$_', $_" . ($_ eq 'card' ? '::text' : '') } @{ $columns{$table} };
    my $rows = decode_json($node->safe_psql('postgres', "SELECT coalesce(json_agg(json_build_object($list)), '[]') FROM web.$table"));
    return { map { key_of($table, $_) => row_of($table, $_) } @$rows };
}
sub key_of { my ($table, $row) = @_; return join '#', map { $row->{$_} } @{ $key{$table} } }
sub row_of { my ($table, $row) = @_; return join '|', map { $row->{$_} // 'NULL' } @{ $columns{$table} } }

my %state = map { $_ => stored($_) } keys %columns;
$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('slot', 'wal2json')});
my @work = (
    q{INSERT INTO leads VALUES (100, 'CEO'); CALL add_events(300)},
    q{INSERT INTO events VALUES (100, 'visit', '2026-03-01', '{"path": "/pricing"}'), (3, 'won', '2026-03-02', '{}')},
    q{UPDATE events SET lead_id = 100 WHERE lead_id = 1 AND type = 'visit'; DELETE FROM events WHERE lead_id = 2},
    q{BEGIN; INSERT INTO events VALUES (5, 'won', '2026-03-02', '{}'); ROLLBACK},
    q{BEGIN; INSERT INTO events VALUES (5, 'won', '2026-03-02', '{}'); SAVEPOINT s; INSERT INTO events VALUES (6, 'won', '2026-03-02', '{}'); ROLLBACK TO s; COMMIT},
    q{BEGIN; DELETE FROM leads WHERE id = 7; PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'},
    q{SELECT lead_scoring.adjust('web', 8, 50, 'met'), lead_scoring.set_stage('web', 9, 'customer')},
    q{SELECT lead_scoring.merge_leads('web', 10, 11), lead_scoring.forget_lead('web', 12)},
    q{UPDATE web.rules SET points = points + 1 WHERE event_type IS NOT NULL; SELECT lead_scoring.publish('web')},
    q{SELECT lead_scoring.publish('web', rescore => false); CALL lead_scoring.rescore('web'); CALL lead_scoring.refresh('web')},
    q{SELECT lead_scoring.pause('web'); CALL add_events(50); SELECT lead_scoring.resume('web')},
    q{VACUUM FULL web.scores; CALL add_events(50)},
    q{DELETE FROM leads WHERE id > 90; DELETE FROM events WHERE lead_id > 90});
for my $work (@work) {
    $node->safe_psql('postgres', $work);
    my $stream = $node->safe_psql('postgres', q{
        SELECT data FROM pg_logical_slot_get_changes('slot', NULL, NULL, 'format-version', '2', 'add-tables', 'web.scores,web.transitions')});
    for my $change (map { decode_json($_) } split /\n/, $stream) {
        my $table = $change->{table} // next;
        my %new = map { $_->{name} => $_->{value} } @{ $change->{columns} // [] };
        my %old = map { $_->{name} => $_->{value} } @{ $change->{identity} // [] };
        delete $state{$table}{ key_of($table, \%old) } if $change->{action} =~ /^[UD]$/;
        $state{$table}{ key_of($table, \%new) } = row_of($table, \%new) if $change->{action} =~ /^[IU]$/;
    }
    is_deeply($state{$_}, stored($_), "$_ after: $work") for sort keys %columns;
    is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('web')}), '', 'verify finds nothing');
}

$node->stop;
done_testing();

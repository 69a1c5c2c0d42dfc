# A model in a database of one encoding is dumped and restored into one of another: limit keys are the same characters
# there, and so the same keys.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1');

my %encoding = (latin1 => 'LATIN1', utf8 => 'UTF8', win1252 => 'WIN1252', ascii => 'SQL_ASCII');
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0 ENCODING '$encoding{$_}' LOCALE 'C'") for sort keys %encoding;

# chr() of a single-byte encoding takes a byte: 233 is é in both.
my $model = q{
    CREATE EXTENSION lead_scoring;
    CREATE TABLE leads (id integer PRIMARY KEY);
    CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, paper text);
    CREATE INDEX ON events (lead_id);
    SELECT lead_scoring.create_model('web', 'leads', 'events', status_columns => '{}');
    SELECT lead_scoring.add_rule('web', 'download', 'download', 5, limit_count => 1, limit_window => 'ever', limit_key => 'paper');
    SELECT lead_scoring.publish('web');
    INSERT INTO leads VALUES (1);
    INSERT INTO events VALUES (1, 'download', '2026-01-01 00:00+00', 'caf' || chr(233)), (1, 'download', '2026-01-02 00:00+00', 'plain'),
                              (1, 'download', '2026-01-03 00:00+00', 'na' || chr(239) || 've'), (1, 'download', '2026-01-04 00:00+00', NULL);
};
$node->safe_psql($_, $model) for 'latin1', 'win1252';

my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '--file' => $dump, 'latin1' ], 'dump');
$node->command_ok([ @psql, '-d', 'utf8', '-f', $dump ], 'restore');
my $card = 'SELECT card FROM web.scores';
is($node->safe_psql('utf8', $card), $node->safe_psql('latin1', $card), 'the same card');
is($node->safe_psql('win1252', $card), $node->safe_psql('latin1', $card), 'and of another encoding with the same characters');
my $verify = q{SELECT lead_id, problem FROM lead_scoring.verify('web')};
is($node->safe_psql('utf8', $verify), '', 'the events of the copy say the same');

$node->safe_psql('utf8', q{INSERT INTO events VALUES (1, 'download', '2026-01-05 00:00+00', 'caf' || chr(233))});
is($node->safe_psql('utf8', 'SELECT score FROM web.scores'), '20', 'a key that has counted counts no more');
is($node->safe_psql('utf8', $verify), '', 'and that is what the events say');

# 129 stands for no character there.
$node->safe_psql('win1252', q{INSERT INTO events SELECT 1, 'download', '2026-01-05 00:00+00', 'x' || chr(129) FROM generate_series(1, 2)});
is($node->safe_psql('win1252', 'SELECT score FROM web.scores'), '25', 'bytes that are no character are a key');
is($node->safe_psql('win1252', $verify), '', 'and that is what the events say');

# Where the database knows no characters, bytes are keys.
my $bytes = $model =~ s/CREATE EXTENSION/SET client_encoding = 'SQL_ASCII'; CREATE EXTENSION/r;
$node->safe_psql('ascii', $bytes);
isnt($node->safe_psql('ascii', $card), $node->safe_psql('latin1', $card), 'without characters, keys are bytes');
is($node->safe_psql('ascii', $verify), '', 'and that is what the events say');

# Names and expressions of a definition are in the database's encoding, which may be none.
for my $database (sort keys %encoding) {
    $node->safe_psql($database, q{
        SET client_encoding = 'SQL_ASCII';
        SELECT lead_scoring.create_model('named', 'leads', 'events', status_columns => '{}');
        SELECT lead_scoring.add_rule('named', 'd' || chr(233), 'download', 1, 'paper = ''caf' || chr(233) || '''');
        SELECT lead_scoring.publish('named');
    });
    is($node->safe_psql($database, q{SELECT rule = 'd' || chr(233), times > 0 FROM lead_scoring.explain('named', 1)}), 't|t', "a rule in $encoding{$database}");
    is($node->safe_psql($database, q{SELECT lead_id, problem FROM lead_scoring.verify('named')}), '', 'and its scores');
}

$node->stop;
done_testing();

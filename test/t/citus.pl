# A model on tables of Citus is refused, whatever is tried, until it is supported. Citus itself is not installed: its
# catalogs are made as its own script makes them, and the extension is a row.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'allow_system_table_mods = on');
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION lead_scoring;
    CREATE ROLE owner LOGIN;
    GRANT CREATE ON DATABASE postgres TO owner;
    CREATE SCHEMA data AUTHORIZATION owner;
    SET ROLE owner;
    CREATE TABLE data.leads (id bigint PRIMARY KEY, name text);
    CREATE TABLE data.events (lead_id bigint, type text, occurred_at timestamptz DEFAULT now());
    CREATE INDEX ON data.events (lead_id);
    CREATE TABLE data.other (LIKE data.leads INCLUDING ALL);
    CREATE TABLE data.events_102008 (LIKE data.events INCLUDING ALL);
    CREATE TABLE data.events_2024 (LIKE data.events INCLUDING ALL);
    -- a table of that name of somebody's own means nothing
    CREATE TABLE data.pg_dist_partition (logicalrelid regclass);
    INSERT INTO data.pg_dist_partition VALUES ('data.events'), ('data.leads');
    SELECT lead_scoring.create_model('m', leads => 'data.leads', events => 'data.events');
    SELECT lead_scoring.add_rule('m', 'a', 'a', 10);
    SELECT lead_scoring.add_stage('m', 'mql', min_score => 20);
    SELECT lead_scoring.publish('m');
    INSERT INTO data.leads VALUES (1);
    INSERT INTO data.events VALUES (1, 'a')});

# The layout of citus--8.0-1.sql and later. Without the extension it means nothing.
$node->safe_psql('postgres', q{
    CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL, partkey text,
        colocationid integer DEFAULT 0 NOT NULL, repmodel "char" DEFAULT 'c' NOT NULL, autoconverted boolean DEFAULT false NOT NULL);
    CREATE UNIQUE INDEX pg_dist_partition_logical_relid_index ON pg_catalog.pg_dist_partition (logicalrelid);
    CREATE TABLE pg_catalog.pg_dist_shard (logicalrelid regclass NOT NULL, shardid bigint NOT NULL, shardstorage "char" NOT NULL,
        shardalias text, shardminvalue text, shardmaxvalue text);
    ALTER TABLE pg_catalog.pg_dist_shard DROP COLUMN shardalias;
    CREATE UNIQUE INDEX pg_dist_shard_shardid_index ON pg_catalog.pg_dist_shard (shardid);
    INSERT INTO pg_catalog.pg_dist_partition VALUES ('data.events', 'h')});
is($node->safe_psql('postgres', q{SELECT problem FROM lead_scoring.models(); INSERT INTO data.events VALUES (1, 'a') RETURNING 'stored'},
    extra_params => [ '-U', 'owner' ]), "\nstored", 'catalogs without the extension mean nothing');
$node->safe_psql('postgres', q{
    TRUNCATE pg_catalog.pg_dist_partition;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (77777, 'citus', 10, 'pg_catalog'::regnamespace, false, '13.2-1')});
is($node->safe_psql('postgres', q{SELECT problem FROM lead_scoring.models(); INSERT INTO data.events VALUES (1, 'a') RETURNING 'stored'},
    extra_params => [ '-U', 'owner' ]), "\nstored", 'tables that are not distributed go on');

# distribute(row, row ...): what Citus says of tables, of which sessions hear as they hear of Citus's own triggers.
sub distribute {
    my @statements = map { my ($table) = /^'([^']+)'/; ("INSERT INTO pg_catalog.pg_dist_partition VALUES ($_)", "ALTER TABLE $table SET (autovacuum_enabled = on)") } @_;
    $node->safe_psql('postgres', join(';', 'TRUNCATE pg_catalog.pg_dist_partition', @statements));
}

# refused(statement, message, what): 0A000, with a hint, and the session is fine.
sub refused {
    my ($statement, $message, $what) = @_;
    my ($status, $output, $said) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement;\n\\echo fine",
        on_error_stop => 0, extra_params => [ '-U', 'owner' ]);
    like($said, qr/ERROR:  0A000: $message/, "$what is refused");
    like($said, qr/^HINT:  SELECT undistribute_table\('[a-z0-9_.]+'\);(?:  -- on the coordinator)?$/m, '... with a hint that can be typed');
    like($output, qr/fine$/, '... and the session goes on');
}

my %kinds = (q{'data.other', 'h', 'id'} => 'is a distributed table of Citus', q{'data.other', 'n', NULL, 1, 't'} => 'is a reference table of Citus',
    q{'data.other', 'n', NULL, 0, 's'} => 'is managed by Citus');
for my $row (sort keys %kinds) {
    distribute($row);
    refused(q{SELECT lead_scoring.create_model('n', leads => 'data.other', events => 'data.events_2024')}, "table data.other $kinds{$row}", "a model on what $kinds{$row}");
}
distribute(q{'data.events_2024', 'h', 'lead_id'});
refused(q{SELECT lead_scoring.create_model('n', leads => 'data.other', events => 'data.events_2024')}, 'table data.events_2024 is a distributed table of Citus', 'a model with such events');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'n'}), '0', 'nothing is left of it');

# A model of which a table was distributed afterwards.
my %statements = (
    'storing an event' => q{INSERT INTO data.events VALUES (1, 'a')}, 'changing events' => q{UPDATE data.events SET type = 'a'},
    'deleting events' => q{DELETE FROM data.events}, 'TRUNCATE' => q{TRUNCATE data.events}, 'storing a lead' => q{INSERT INTO data.leads VALUES (2)},
    'changing leads' => q{UPDATE data.leads SET name = 'x'}, 'rescore' => q{CALL lead_scoring.rescore('m')}, 'refresh' => q{CALL lead_scoring.refresh('m')},
    'set_stage' => q{SELECT lead_scoring.set_stage('m', 1, 'mql')}, 'adjust' => q{SELECT lead_scoring.adjust('m', 1, 5, 'luck')},
    'publish' => q{SELECT lead_scoring.publish('m')}, 'repair' => q{SELECT lead_scoring.repair('m')}, 'verify' => q{SELECT * FROM lead_scoring.verify('m')},
    'pause' => q{SELECT lead_scoring.pause('m')}, 'explain' => q{SELECT * FROM lead_scoring.explain('m', 1)}, 'a report' => q{SELECT * FROM m.funnel},
    'merge_leads' => q{SELECT lead_scoring.merge_leads('m', 1, 2)}, 'forget_lead' => q{SELECT lead_scoring.forget_lead('m', 1)},
    'a rule' => q{SELECT lead_scoring.add_rule('m', 'b', 'b', 1)});
for my $table (qw(data.events data.leads m.scores m.transitions)) {
    distribute("'$table', 'h', 'lead_id'");
    refused($statements{$_}, "table $table is a distributed table of Citus", "$_ with $table distributed") for sort keys %statements;
    is($node->safe_psql('postgres', q{SELECT problem FROM lead_scoring.models()}, extra_params => [ '-U', 'owner' ]),
        "table $table is a distributed table of Citus", 'models() says so');
}

# In a session that has the model already.
distribute();
my $session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'owner' ]);
$session->query(q{INSERT INTO data.events VALUES (1, 'a')});
is($session->{stderr}, '', 'a session scores');
distribute(q{'data.events', 'h', 'lead_id'});
$session->query(q{INSERT INTO data.events VALUES (1, 'a')});
like($session->{stderr}, qr/is a distributed table of Citus/, 'a session that was connected hears of it');
$session->quit;

# Shards, on a worker: the model may not be there.
distribute(q{'data.events', 'h', 'lead_id'});
$node->safe_psql('postgres', q{INSERT INTO pg_catalog.pg_dist_shard VALUES ('data.events', 102008, 't', '0', '9'), ('data.leads', 2024, 't', '0', '9');
    CREATE TRIGGER scoring AFTER INSERT ON data.events_102008 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.events_changed('elsewhere');
    CREATE TRIGGER scoring AFTER INSERT ON data.events_2024 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.events_changed('elsewhere')});
refused(q{INSERT INTO data.events_102008 VALUES (1, 'a')}, 'table data.events_102008 is a shard of table data.events of Citus', 'storing an event in a shard');
refused(q{SELECT lead_scoring.create_model('n', leads => 'data.other', events => 'data.events_102008')}, 'table data.events_102008 is a shard', 'a model on a shard');
my ($status, $output, $said) = $node->psql('postgres', q{INSERT INTO data.events_2024 VALUES (1, 'a')});
like($said, qr/model "elsewhere" does not exist/, 'a table that only looks like a shard of another one is none');

# Not distributed any more: all goes on.
distribute();
is($node->safe_psql('postgres', q{INSERT INTO data.events VALUES (1, 'a'); SELECT * FROM lead_scoring.verify('m'); SELECT problem FROM lead_scoring.models()},
    extra_params => [ '-U', 'owner' ]), '', 'undistributed it goes on');

$node->stop;
done_testing();

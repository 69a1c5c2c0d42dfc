# pg_partman makes, fills, drops and undoes the partitions of an events table. What it makes is scored at once; what it
# moves counts once; what it drops is listed by verify and mended by repair. Skipped where pg_partman is missing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
plan skip_all => 'pg_partman is not installed' if !-e $node->config_data('--sharedir') . '/extension/pg_partman.control';

$node->init;
$node->append_conf('postgresql.conf', "client_min_messages = warning\ntimezone = 'UTC'");
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION lead_scoring;
    CREATE SCHEMA partman;
    CREATE EXTENSION pg_partman SCHEMA partman;
    CREATE ROLE marketing LOGIN;
    GRANT CREATE ON DATABASE postgres TO marketing;
    CREATE SCHEMA crm AUTHORIZATION marketing;
    GRANT ALL ON SCHEMA partman TO marketing;
    GRANT ALL ON ALL TABLES IN SCHEMA partman TO marketing;
    SET ROLE marketing;
    CREATE TABLE crm.leads (id bigint PRIMARY KEY);
    CREATE TABLE crm.events (lead_id bigint, type text, occurred_at timestamptz NOT NULL) PARTITION BY RANGE (occurred_at);
    CREATE INDEX ON crm.events (lead_id, occurred_at);
    SELECT lead_scoring.create_model('web', leads => 'crm.leads', events => 'crm.events');
    SELECT lead_scoring.add_rule('web', 'visit', 'visit', 10);
    SELECT lead_scoring.add_stage('web', 'mql', min_score => 60);
    SELECT lead_scoring.publish('web');
    INSERT INTO crm.leads VALUES (1), (2), (3)});

my $is_5 = $node->safe_psql('postgres', q{SELECT extversion >= '5' FROM pg_extension WHERE extname = 'pg_partman'}) eq 't';
my $type = $is_5 ? q{p_interval => '1 day'} : q{p_type => 'native', p_interval => 'daily'};
my $marketing = 'SET ROLE marketing;';
my $verify = q{SELECT string_agg(DISTINCT lead_id || ' ' || problem, ', ') FROM lead_scoring.verify('web') WHERE problem = 'card'};
my $partitions = q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'crm.events'::regclass};
my $problem = q{SELECT problem FROM lead_scoring.models()};

# scored(what, scores): the scores are these, and right; no trigger is missing.
sub scored {
    my ($what, $scores) = @_;
    is($node->safe_psql('postgres', q{SELECT string_agg(lead_id || ':' || score, ' ' ORDER BY lead_id) FROM web.scores}), $scores, $what);
    is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('web')}), '', "$what: verify finds nothing");
    is($node->safe_psql('postgres', $problem), '', "$what: no trigger is missing");
}

$node->safe_psql('postgres', qq{$marketing
    SELECT partman.create_parent('crm.events', 'occurred_at', $type, p_premake => 3,
                                 p_start_partition => (now() - interval '5 days')::text)});
cmp_ok($node->safe_psql('postgres', $partitions), '>', 7, 'it makes partitions');
$node->safe_psql('postgres', q{
    INSERT INTO crm.events SELECT 1, 'visit', now() - i * interval '1 day' FROM generate_series(0, 4) i});
scored('rows in partitions that it made', '1:50 2:0 3:0');

# Directly into one of them; and into the default, from which it moves them.
my ($partition, $time) = split /\|/, $node->safe_psql('postgres', q{SELECT tableoid::regclass, occurred_at FROM crm.events ORDER BY occurred_at DESC LIMIT 1});
$node->safe_psql('postgres', "INSERT INTO $partition VALUES (3, 'visit', '$time')");
scored('a row put into one of them directly', '1:50 2:0 3:10');
$node->safe_psql('postgres', qq{
    INSERT INTO crm.events SELECT l, 'visit', now() - interval '40 days' + i * interval '1 hour' FROM unnest('{1,2}'::int[]) l, generate_series(1, 3) i});
scored('rows in the default partition', '1:80 2:30 3:10');
$node->safe_psql('postgres', qq{$marketing
    SELECT partman.partition_data_time('crm.events', p_batch_count => 100)});
is($node->safe_psql('postgres', q{SELECT count(*) FROM ONLY crm.events_default}), '0', 'it empties the default partition');
scored('rows that it moved to new partitions', '1:80 2:30 3:10');
is($node->safe_psql('postgres', q{SELECT count(*) FROM web.transitions}), '1', 'and no lead moves by that');

# Maintenance: new partitions as time goes on; old ones go, with their events.
my $before = $node->safe_psql('postgres', $partitions);
$node->safe_psql('postgres', qq{$marketing
    UPDATE partman.part_config SET premake = 10, infinite_time_partitions = true;
    SELECT partman.run_maintenance('crm.events')});
cmp_ok($node->safe_psql('postgres', $partitions), '>', $before, 'maintenance makes partitions');
$node->safe_psql('postgres', q{INSERT INTO crm.events VALUES (3, 'visit', now() + interval '6 days')});
scored('an event ahead, in one of them', '1:80 2:30 3:10');
for my $keep ('true', 'false') {
    $node->safe_psql('postgres', qq{$marketing
        UPDATE partman.part_config SET retention = '@{[$keep eq 'true' ? 30 : 2]} days', retention_keep_table = $keep;
        SELECT partman.run_maintenance('crm.events')});
    like($node->safe_psql('postgres', $verify), qr/1 card/, "keep $keep: verify lists leads whose events went");
    is($node->safe_psql('postgres', $problem), '', "keep $keep: no trigger is missing");
    $node->safe_psql('postgres', qq{$marketing SELECT lead_scoring.repair('web')});
    scored("keep $keep: repaired", $keep eq 'true' ? '1:50 2:0 3:10' : '1:30 2:0 3:10');
}
is($node->safe_psql('postgres', q{
    SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE t.tgfoid = 'lead_scoring_internal.events_changed'::regproc AND NOT c.relispartition AND c.oid <> 'crm.events'::regclass}), '0',
    'what it detached and kept has no trigger of ours left');

$node->stop;
done_testing();

# A model where pgaudit writes down everything: each statement of the user's is there, each command works, scores are
# right. Skipped where pgaudit is missing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
plan skip_all => 'pgaudit is not installed' if !-e $node->config_data('--sharedir') . '/extension/pgaudit.control';

$node->init;
$node->append_conf('postgresql.conf', q{
    shared_preload_libraries = 'pgaudit'
    pgaudit.log = 'all'
    pgaudit.log_relation = on
    pgaudit.log_parameter = on
    pgaudit.role = 'auditor'});
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION pgaudit; CREATE ROLE auditor});
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', 'test/t/model.sql' ], 'a model is made');
$node->safe_psql('postgres', q{GRANT SELECT, INSERT, UPDATE, DELETE ON events, leads, web.scores TO auditor});

# audited(statements, what the log says of them, the scores afterwards)
sub audited {
    my ($statements, $audit) = @_;
    my $start = -s $node->logfile;
    $node->safe_psql('postgres', $statements);
    like(slurp_file($node->logfile, $start), $audit, "the log has: $statements");
    is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('web')}), '', 'verify finds nothing');
}

audited(q{INSERT INTO events VALUES (100, 'won', '2026-03-01', '{}')}, qr/AUDIT: OBJECT,.*WRITE,INSERT,TABLE,public\.events/);
audited(q{INSERT INTO leads VALUES (100, 'CEO')}, qr/AUDIT: OBJECT,.*WRITE,INSERT,TABLE,public\.leads/);
audited(q{UPDATE events SET lead_id = 3 WHERE lead_id = 100}, qr/AUDIT: OBJECT,.*WRITE,UPDATE,TABLE,public\.events/);
audited(q{COPY (SELECT 5, 'visit', now(), '{"path": "/pricing"}') TO '/dev/null'; DELETE FROM leads WHERE id = 100}, qr/AUDIT: OBJECT,.*WRITE,DELETE,TABLE,public\.leads/);
audited(q{SELECT lead_scoring.adjust('web', 6, 5, 'met')}, qr/AUDIT: SESSION,.*lead_scoring\.adjust\('web', 6, 5, 'met'\)/);
audited(q{SELECT lead_scoring.set_stage('web', 7, 'customer', 'called')}, qr/AUDIT: SESSION,.*lead_scoring\.set_stage/);
audited(q{UPDATE web.rules SET points = points + 1; SELECT lead_scoring.publish('web')}, qr/AUDIT: SESSION,.*lead_scoring\.publish\('web'\)/);
audited(q{SELECT lead_scoring.merge_leads('web', 8, 9)}, qr/AUDIT: SESSION,.*lead_scoring\.merge_leads\('web', 8, 9\)/);
audited(q{SELECT lead_scoring.forget_lead('web', 8)}, qr/AUDIT: SESSION,.*lead_scoring\.forget_lead\('web', 8\)/);
audited(q{SELECT lead_scoring.pause('web'); CALL add_events(100); SELECT lead_scoring.resume('web')}, qr/AUDIT: SESSION,.*lead_scoring\.resume/);
audited(q{ALTER TABLE leads DISABLE TRIGGER USER; SELECT lead_scoring.repair('web')}, qr/AUDIT: SESSION,.*DDL,ALTER TABLE.*DISABLE TRIGGER USER/);
audited(q{CALL lead_scoring.refresh('web')}, qr/AUDIT: SESSION,.*CALL lead_scoring\.refresh/);
audited(q{CALL lead_scoring.rescore('web')}, qr/AUDIT: SESSION,.*CALL lead_scoring\.rescore/);
audited(q{SELECT count(*) FROM web.leads; SELECT count(*) FROM web.funnel; SELECT count(*) FROM lead_scoring.explain('web', 3)}, qr/AUDIT: OBJECT,.*READ,SELECT,TABLE,web\.scores/);

# Partitions, whose triggers an event trigger makes.
$node->safe_psql('postgres', q{
    CREATE TABLE visits (lead_id bigint, type text, occurred_at timestamptz) PARTITION BY LIST (type);
    CREATE INDEX ON visits (lead_id);
    SELECT lead_scoring.create_model('parts', leads => 'leads', events => 'visits', status_columns => '{}');
    SELECT lead_scoring.add_rule('parts', 'visit', 'visit', 1), lead_scoring.publish('parts');
    CREATE TABLE visits_1 PARTITION OF visits DEFAULT;
    INSERT INTO visits_1 VALUES (1, 'visit', '2026-01-01')});
is($node->safe_psql('postgres', q{SELECT * FROM lead_scoring.verify('parts')}), '', 'verify finds nothing');
is($node->safe_psql('postgres', q{SELECT count(*) FROM lead_scoring.models() WHERE problem IS NOT NULL}), '0', 'nothing is missing');
$node->safe_psql('postgres', q{SELECT lead_scoring.drop_model('parts'), lead_scoring.drop_model('web')});

$node->stop;
done_testing();

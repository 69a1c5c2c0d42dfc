# Tables that change under sessions which have scored by them before and keep their caches and prepared statements: the
# right score afterwards, or an error whose hint, typed as it stands, makes it so.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nclient_min_messages = warning");
$node->start;
$node->safe_psql('postgres', q{
    CREATE EXTENSION lead_scoring;
    CREATE ROLE marketing; CREATE ROLE stranger; CREATE ROLE web_app;
    GRANT CREATE ON DATABASE postgres TO marketing, stranger;
    GRANT pg_read_all_data, pg_write_all_data TO web_app});

my $make = q{
    SET client_min_messages = error;
    DROP SCHEMA IF EXISTS web, web2, crm, crm2, app CASCADE;
    CREATE SCHEMA crm AUTHORIZATION marketing; CREATE SCHEMA app AUTHORIZATION marketing;
    SET ROLE marketing;
    CREATE TYPE crm.event_type AS ENUM ('visit', 'webinar', 'won');
    CREATE DOMAIN crm.lead_number AS integer; CREATE DOMAIN crm.long_number AS bigint;
    CREATE FUNCTION crm.is_chief(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 LIKE 'C_O' $$;
    CREATE TABLE crm.leads (spare integer, id integer PRIMARY KEY, title text, employees integer);
    CREATE TABLE crm.events (spare integer, lead_id integer, type text, occurred_at timestamptz, minutes integer,
                             properties jsonb, campaign text, note text) %s;
    CREATE INDEX events_lead_idx ON crm.events (lead_id, occurred_at);
    %s;
    SELECT lead_scoring.create_model('web', 'crm.leads', 'crm.events', event_campaign => 'campaign');
    SELECT lead_scoring.add_rule('web', 'pricing', 'visit', 10, $$properties->>'path' = '/pricing'$$),
           lead_scoring.add_rule('web', 'webinar', 'webinar', 1, per => 'minutes', limit_count => 1000, limit_window => 'day', limit_key => 'spare'),
           lead_scoring.add_fit_rule('web', 'chief', 'crm.is_chief(title) AND employees > 100', 15);
    SELECT lead_scoring.add_stage('web', 'mql', min_score => 30), lead_scoring.add_stage('web', 'customer', on_event => 'won');
    SELECT lead_scoring.publish('web');
    INSERT INTO crm.leads (id, title, employees) SELECT n, CASE WHEN n %% 2 = 0 THEN 'CEO' ELSE 'Clerk' END, 200 FROM generate_series(1, 6) AS n;
    INSERT INTO crm.events (lead_id, type, occurred_at, minutes, properties)
    SELECT n, 'visit', timestamptz '2026-01-01' + n * interval '1 hour', NULL, '{"path": "/pricing"}' FROM generate_series(1, 6) AS n};
my $partitions = q{
    CREATE TABLE crm.events_1 PARTITION OF crm.events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE crm.events_2 (properties jsonb, gone integer, minutes integer, occurred_at timestamptz, campaign text, type text, lead_id integer, spare integer);
    ALTER TABLE crm.events_2 ADD COLUMN note text, DROP COLUMN gone;
    ALTER TABLE crm.events ATTACH PARTITION crm.events_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')};
my $new_partition = q{CREATE TABLE crm.events_3 (type text, lead_id integer, occurred_at timestamptz, campaign text, properties jsonb, note text, spare integer, minutes integer)};
my $attach = q{ALTER TABLE crm.events ATTACH PARTITION crm.events_3 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')};

# One lead with two events, in one transaction: %s are the tables and columns as they are called at the time.
my $insert_lead = 'INSERT INTO {leads} ({id}, {title}, {employees}) VALUES (%s, \'CEO\', 200)';
my $insert_events = q{INSERT INTO {events} ({lead_id}, {type}, {occurred_at}, {minutes}, {properties})
    VALUES (%s, 'visit', '2026-01-05', NULL, '{"path": "/pricing"}'), (%1$s, 'webinar', '2026-02-05', '30', '{}')};
my $change_events = q{UPDATE {events} SET {minutes} = '20' WHERE {lead_id} = %s AND {type} = 'webinar'; DELETE FROM {events} WHERE {lead_id} = %1$s AND {type} = 'visit'};
my $engagement = q{SELECT sum(CASE {type}::text WHEN 'visit' THEN 10 WHEN 'webinar' THEN {minutes}::numeric ELSE 0 END) = (SELECT sum(engagement) FROM {scores}) FROM {events}};

# What one session does: by plain statements, by prepared ones, with changes of events. Each is a transaction.
my @sessions = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 3;
$_->query_safe('SET ROLE web_app') for @sessions;
$sessions[1]->query_safe('SET plan_cache_mode = force_generic_plan');
my $lead = 100;
sub named {
    my ($sql, $names) = @_;
    return $sql =~ s/\{(\w+)\}/$names->{$1} \/\/ ($1 eq 'scores' ? 'web.scores' : $1 =~ m{^(leads|events)$} ? "crm.$1" : $1)/ger;
}
sub write_events {
    my ($session, $names, $prepared) = @_;
    my $number = ++$lead;
    my $work = sprintf $insert_lead . ';' . $insert_events =~ s/%s/%1\$s/r, $number;
    $work = "EXECUTE add_lead($number); EXECUTE add_events($number)" if $prepared;
    $work .= ';' . sprintf $change_events, $number if $session == $sessions[2];
    $session->query(named("BEGIN; $work; COMMIT", $names));
    my $errors = $session->{stderr};
    $session->{stderr} = '';
    return $errors;
}
sub prepare {
    my ($session, $names) = @_;
    $session->query_safe(named('DEALLOCATE ALL; PREPARE add_lead AS ' . sprintf($insert_lead, '$1') . '; PREPARE add_events AS ' . sprintf($insert_events, '$1'), $names));
}

# A case: NAME, the change, and
#   names    what is called otherwise by now; "at first" before that, which "before" made so
#   error    the sessions' events are refused with this, and the hint typed as it stands (of several, one after the other), but for
#   fill     what it leaves to the user
#   attempt  what the sessions write to at first
#   problem  models() says this
#   listed   verify() lists leads, repair() mends
#   repair   it takes that though verify() sees nothing
#   partitioned
sub try_case {
    my ($name, $change, %case) = @_;
    my $names = $case{names} // {};
    my $model = $case{model} // 'web';
    my $verify = "SELECT * FROM lead_scoring.verify('$model')";
    my $problem = "SELECT problem FROM lead_scoring.models() WHERE model = '$model'";
    my $write = sub {
        my ($named, $prepared) = @_;
        return map { write_events($_, $named, $prepared && $_ == $sessions[1]) } @sessions;
    };

    $node->safe_psql('postgres', sprintf $make, $case{partitioned} ? ('PARTITION BY RANGE (occurred_at)', $partitions) : ('', ''));
    $node->safe_psql('postgres', $case{before}) if $case{before};
    prepare($sessions[1], $case{'at first'} // {});
    is(join('', map { $write->($case{'at first'} // {}, 1) } 1, 2), '', "$name: before");
    $node->safe_psql('postgres', "SET ROLE marketing; $change");

    my @errors = $write->($case{attempt} // $names, !$case{names} && !$case{attempt});
    for my $expected (ref $case{error} eq 'ARRAY' ? @{ $case{error} } : $case{error} // ()) {
        for my $error (@errors) {
            like($error, $expected, "$name: refused") or return;
        }
        my ($hint) = $errors[0] =~ /^HINT:  (.*)$/m or return fail("$name: no hint in $errors[0]");
        # What only the user knows makes a sentence of a hint, with the statement in it.
        $hint =~ s/'\.\.\.'/'new_name'/ if $case{fill} && $case{fill}{new_name};
        $hint =~ s/\.$// if $hint =~ s/^[A-Z][a-z][^:]*?(?:, by |: )(?=UPDATE )//;
        $hint =~ s/, then (?=SELECT )/; /;
        for my $place (sort keys %{ $case{fill} // {} }) {
            $hint =~ s/\Q$place\E/$case{fill}{$place}/ or return fail("$name: no $place in $hint");
        }
        my ($status, $out, $error) = $node->psql('postgres', $hint);
        is($error, '', "$name: the hint can be typed: $hint") or return;
        @errors = $write->($names, 0);
    }
    is(join('', @errors), '', "$name: events are stored") or return;
    like($node->safe_psql('postgres', $problem), $case{problem} // qr/^$/, "$name: models()");
    if ($case{listed} || $case{repair}) {
        isnt($node->safe_psql('postgres', $verify), '', "$name: verify lists leads") if $case{listed};
        $node->safe_psql('postgres', "SELECT lead_scoring.repair('$model')");
        is(join('', $write->($names, 0)), '', "$name: events are stored after repair") or return;
        like($node->safe_psql('postgres', $problem), $case{'after repair'} // qr/^$/, "$name: models() after repair");
    }
    is($node->safe_psql('postgres', $verify), '', "$name: verify finds nothing");
    is($node->safe_psql('postgres', named($engagement, { scores => "$model.scores", %$names })), 't', "$name: the points are right");
}

my $table_gone = qr/ERROR:  model "web" cannot find its (leads|events) table/;
my $wrong_type = qr/ERROR: .* is of type .*, but model "web" needs/;
my $other_keys = qr/ERROR:  model "web" keeps keys of type integer, but those of table "leads" are of type/;
my $owner_lost = qr/ERROR:  role "marketing", which owns model "web", does not own its/;
my $in_rule = qr/^CONTEXT:  \w+ of "[a-z]+" in table web\.(rules|stages)/m;
my @cases = (
    # ---- tables and schemas are renamed
    ['events renamed', 'ALTER TABLE crm.events RENAME TO activity', names => { events => 'crm.activity' }, error => $table_gone],
    ['leads renamed', 'ALTER TABLE crm.leads RENAME TO people', names => { leads => 'crm.people' }, error => $table_gone],
    ['both renamed', 'ALTER TABLE crm.events RENAME TO "Activity"; ALTER TABLE crm.leads RENAME TO people', names => { events => 'crm."Activity"', leads => 'crm.people' }, error => $table_gone],
    ['a view in the place of events', 'ALTER TABLE crm.events RENAME TO activity; CREATE VIEW crm.events AS SELECT * FROM crm.activity', names => { events => 'crm.activity' }, error => $table_gone],
    ['events in another schema', 'ALTER TABLE crm.events SET SCHEMA app', names => { events => 'app.events' }, error => $table_gone],
    ['leads in another schema', 'ALTER TABLE crm.leads SET SCHEMA app', names => { leads => 'app.leads' }, error => $table_gone],
    ['both in another schema', 'ALTER TABLE crm.leads SET SCHEMA app; ALTER TABLE crm.events SET SCHEMA app', names => { leads => 'app.leads', events => 'app.events' }, error => $table_gone],
    ['a schema that the owner may not use', 'RESET ROLE; CREATE SCHEMA crm2; ALTER TABLE crm.events SET SCHEMA crm2; UPDATE web.settings SET events = \'crm2.events\'', names => { events => 'crm2.events' }, error => qr/may not read its events table/],
    ['schema of both renamed', 'ALTER SCHEMA crm RENAME TO crm2; CREATE SCHEMA crm; ALTER FUNCTION crm2.is_chief SET SCHEMA crm', names => { events => 'crm2.events', leads => 'crm2.leads' }, error => $table_gone],
    ['schema of leads renamed', 'ALTER SCHEMA app RENAME TO crm2', before => q{BEGIN; ALTER TABLE crm.leads SET SCHEMA app; UPDATE web.settings SET leads = 'app.leads'; COMMIT}, 'at first' => { leads => 'app.leads' }, names => { leads => 'crm2.leads' }, error => $table_gone],
    ['schema of the model renamed', 'ALTER SCHEMA web RENAME TO web2', model => 'web2', error => qr/ERROR:  model "web" does not exist/,],
    ['events swapped', 'ALTER TABLE crm.events RENAME TO events_old; CREATE TABLE crm.events (LIKE crm.events_old INCLUDING ALL); INSERT INTO crm.events SELECT * FROM crm.events_old', problem => qr/insert trigger on crm.events is missing/, listed => 1],
    ['leads swapped', 'ALTER TABLE crm.leads RENAME TO leads_old; CREATE TABLE crm.leads (LIKE crm.leads_old INCLUDING ALL); INSERT INTO crm.leads SELECT * FROM crm.leads_old', problem => qr/insert trigger on crm.leads is missing/, repair => 1],
    ['events swapped, those that left are written', 'ALTER TABLE crm.events RENAME TO events_old; CREATE TABLE crm.events (LIKE crm.events_old INCLUDING ALL); INSERT INTO crm.events SELECT * FROM crm.events_old', attempt => { events => 'crm.events_old' }, error => qr/table "events_old" is not the events table of model "web"/],
    # ---- columns are renamed
    ['key renamed', 'ALTER TABLE crm.leads RENAME COLUMN id TO lead', names => { id => 'lead' }, error => qr/cannot find column "id"/, fill => { new_name => 'lead' }],
    ['lead renamed', 'ALTER TABLE crm.events RENAME COLUMN lead_id TO who', names => { lead_id => 'who' }, error => qr/cannot find column "lead_id"/, fill => { new_name => 'who' }],
    ['type renamed', 'ALTER TABLE crm.events RENAME COLUMN type TO kind', names => { type => 'kind' }, error => qr/cannot find column "type"/, fill => { new_name => 'kind' }],
    ['time renamed', 'ALTER TABLE crm.events RENAME COLUMN occurred_at TO at', names => { occurred_at => 'at' }, error => qr/cannot find column "occurred_at"/, fill => { new_name => 'at' }],
    ['column of a condition renamed', 'ALTER TABLE crm.events RENAME COLUMN properties TO props', names => { properties => 'props' }, error => $in_rule, fill => { '...' => q{props->>''path'' = ''/pricing''} }],
    ['column of a number renamed', 'ALTER TABLE crm.events RENAME COLUMN minutes TO mins', names => { minutes => 'mins' }, error => $in_rule, fill => { '...' => 'mins' }],
    ['column of a limit renamed', 'ALTER TABLE crm.events RENAME COLUMN spare TO spared', error => $in_rule, fill => { '...' => 'spared' }],
    ['column of a fit rule renamed', 'ALTER TABLE crm.leads RENAME COLUMN title TO job', names => { title => 'job' }, error => $in_rule, fill => { '...' => 'crm.is_chief(job) AND employees > 100' }],
    ['status column renamed', 'ALTER TABLE crm.leads RENAME COLUMN lead_stage TO stage', error => qr/cannot find status column "lead_stage"/],
    ['status column dropped', 'ALTER TABLE crm.leads DROP COLUMN mql_at', error => qr/cannot find status column "mql_at"/],
    ['other columns renamed', 'ALTER TABLE crm.leads RENAME COLUMN spare TO spared; ALTER TABLE crm.events RENAME COLUMN note TO notes'],
    ['two columns swapped', 'ALTER TABLE crm.events RENAME COLUMN type TO x; ALTER TABLE crm.events RENAME COLUMN note TO type; ALTER TABLE crm.events RENAME COLUMN x TO note', listed => 1],
    # ---- columns come and go
    ['columns added', q{ALTER TABLE crm.events ADD COLUMN source text DEFAULT 'web', ADD COLUMN seen timestamptz DEFAULT clock_timestamp(); ALTER TABLE crm.leads ADD COLUMN source text NOT NULL DEFAULT 'web'}],
    ['column named like a rule\'s variable added', 'ALTER TABLE crm.events ADD COLUMN events text, ADD COLUMN "new" text'],
    ['other columns dropped', 'ALTER TABLE crm.events DROP COLUMN note; ALTER TABLE crm.leads DROP COLUMN spare'],
    ['column of a limit dropped', 'ALTER TABLE crm.events DROP COLUMN spare', error => $in_rule, fill => { '...' => 'note' }],
    # Events go on, reports and the next publish do not.
    ['campaign dropped', 'ALTER TABLE crm.events DROP COLUMN campaign', problem => qr/column "campaign" of table crm.events does not exist/],
    ['column of a fit rule dropped', 'ALTER TABLE crm.leads DROP COLUMN employees; ALTER TABLE crm.leads ADD COLUMN staff integer', names => { employees => 'staff' }, error => $in_rule, fill => { '...' => 'crm.is_chief(title) AND staff > 100' }],
    ['column dropped and added again', 'ALTER TABLE crm.events DROP COLUMN minutes; ALTER TABLE crm.events ADD COLUMN minutes integer', listed => 1],
    ['lead dropped', 'ALTER TABLE crm.events ADD COLUMN who integer; UPDATE crm.events SET who = lead_id; ALTER TABLE crm.events DROP COLUMN lead_id; CREATE INDEX ON crm.events (who)', names => { lead_id => 'who' }, error => qr/cannot find column "lead_id"/, fill => { new_name => 'who' }],
    # ---- types
    ['key int to bigint', 'ALTER TABLE crm.leads ALTER COLUMN id TYPE bigint', error => [$wrong_type, $other_keys]],
    ['key and lead int to bigint', 'ALTER TABLE crm.leads ALTER COLUMN id TYPE bigint; ALTER TABLE crm.events ALTER COLUMN lead_id TYPE bigint', error => $other_keys],
    ['key and lead int to numeric', 'ALTER TABLE crm.leads ALTER COLUMN id TYPE numeric; ALTER TABLE crm.events ALTER COLUMN lead_id TYPE numeric', error => [$wrong_type, $wrong_type]],
    ['lead int to bigint', 'ALTER TABLE crm.events ALTER COLUMN lead_id TYPE bigint', error => $wrong_type],
    ['lead int to numeric', 'ALTER TABLE crm.events ALTER COLUMN lead_id TYPE numeric', error => $wrong_type],
    ['lead int to text', 'ALTER TABLE crm.events ALTER COLUMN lead_id TYPE text', error => $wrong_type],
    ['lead int to a domain', 'ALTER TABLE crm.events ALTER COLUMN lead_id TYPE crm.lead_number'],
    ['key int to a domain', 'ALTER TABLE crm.leads ALTER COLUMN id TYPE crm.lead_number', repair => 1],
    ['key and lead int to a domain of bigint', 'ALTER TABLE crm.leads ALTER COLUMN id TYPE crm.long_number; ALTER TABLE crm.events ALTER COLUMN lead_id TYPE crm.long_number', error => $other_keys],
    ['number int to numeric', 'ALTER TABLE crm.events ALTER COLUMN minutes TYPE numeric'],
    ['number int to bigint', 'ALTER TABLE crm.events ALTER COLUMN minutes TYPE bigint'],
    ['number int to double precision', 'ALTER TABLE crm.events ALTER COLUMN minutes TYPE double precision'],
    ['number int to text', 'ALTER TABLE crm.events ALTER COLUMN minutes TYPE text', error => $in_rule, fill => { '...' => 'minutes::numeric' }],
    ['fit int to numeric', 'ALTER TABLE crm.leads ALTER COLUMN employees TYPE numeric'],
    ['fit text to varchar', 'ALTER TABLE crm.leads ALTER COLUMN title TYPE varchar(40)'],
    ['type text to varchar', 'ALTER TABLE crm.events ALTER COLUMN type TYPE varchar(40)'],
    ['type text to an enum', 'ALTER TABLE crm.events ALTER COLUMN type TYPE crm.event_type USING type::crm.event_type'],
    ['type text to char(n)', 'ALTER TABLE crm.events ALTER COLUMN type TYPE char(9)', error => $wrong_type],
    ['an enum value renamed', q{ALTER TYPE crm.event_type RENAME VALUE 'webinar' TO 'web seminar'; ALTER TYPE crm.event_type ADD VALUE 'webinar'}, before => 'ALTER TABLE crm.events ALTER COLUMN type TYPE crm.event_type USING type::crm.event_type', listed => 1],
    ['time to timestamp', q{ALTER TABLE crm.events ALTER COLUMN occurred_at TYPE timestamp USING occurred_at AT TIME ZONE 'UTC'}],
    ['time to text', 'ALTER TABLE crm.events ALTER COLUMN occurred_at TYPE text', error => $wrong_type],
    ['properties jsonb to json', 'ALTER TABLE crm.events ALTER COLUMN properties TYPE json'],
    ['properties jsonb to text', 'ALTER TABLE crm.events ALTER COLUMN properties TYPE text', error => $in_rule, fill => { '...' => q{properties::jsonb->>''path'' = ''/pricing''} }],
    ['status column to varchar', 'ALTER TABLE crm.leads ALTER COLUMN lead_stage TYPE varchar(60)'],
    ['status column to a short varchar', 'ALTER TABLE crm.leads ALTER COLUMN lead_stage TYPE varchar(5)', error => $wrong_type],
    ['status column to date', 'ALTER TABLE crm.leads ALTER COLUMN mql_at TYPE date', error => $wrong_type, repair => 1],
    # ---- functions that conditions call
    ['a function changes', 'CREATE OR REPLACE FUNCTION crm.is_chief(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 = \'Clerk\' $$', listed => 1],
    ['a function is volatile', 'ALTER FUNCTION crm.is_chief VOLATILE', error => $in_rule, fill => { '...' => q{title LIKE ''C_O''} }],
    ['a function is gone', 'DROP FUNCTION crm.is_chief', error => $in_rule, fill => { '...' => q{title LIKE ''C_O''} }],
    # ---- owners and rights
    ['events given away', 'RESET ROLE; ALTER TABLE crm.events OWNER TO stranger', error => $owner_lost],
    ['leads given away', 'RESET ROLE; ALTER TABLE crm.leads OWNER TO stranger', error => $owner_lost],
    ['scores given away', 'RESET ROLE; ALTER TABLE web.scores OWNER TO stranger', error => $owner_lost],
    ['schema of the model given away', 'RESET ROLE; ALTER SCHEMA web OWNER TO stranger', error => qr/which owns schema "web", does not own the model in it/, ],
    ['all given away', 'RESET ROLE; REASSIGN OWNED BY marketing TO stranger'],
    ['usage of the schema revoked', 'RESET ROLE; ALTER SCHEMA crm OWNER TO postgres', error => qr/may not read its leads table/],
    ['select revoked from the owner', 'REVOKE SELECT ON crm.events FROM marketing', error => qr/may not read its events table/],
    ['row security', 'ALTER TABLE crm.events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; ALTER TABLE crm.leads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY writes ON crm.events TO web_app USING (true); CREATE POLICY writes ON crm.leads TO web_app USING (true)'],
    # ---- indexes and storage
    ['index dropped', 'DROP INDEX crm.events_lead_idx', problem => qr/has no index led by column "lead_id"/],
    ['index built anew', 'REINDEX TABLE crm.events; REINDEX TABLE web.scores; REINDEX TABLE crm.leads'],
    ['another index', 'CREATE INDEX ON crm.events (lead_id); DROP INDEX crm.events_lead_idx'],
    ['primary key of leads replaced', 'ALTER TABLE crm.leads DROP CONSTRAINT leads_pkey, ADD CONSTRAINT leads_key PRIMARY KEY (id)'],
    ['primary key of scores replaced', 'ALTER TABLE web.scores DROP CONSTRAINT scores_pkey, ADD PRIMARY KEY (lead_id)'],
    ['primary key of scores dropped', 'ALTER TABLE web.scores DROP CONSTRAINT scores_pkey', error => qr/ERROR:  table "scores" of model "web" has no primary key/],
    ['tables rewritten', 'CLUSTER crm.events USING events_lead_idx; ALTER TABLE crm.leads SET UNLOGGED; ALTER TABLE web.scores SET (fillfactor = 50); VACUUM FULL web.scores', problem => qr{table crm.leads is unlogged}],
    # ---- the model's own tables
    ['columns and indexes added to the model', 'ALTER TABLE web.scores ADD COLUMN note text DEFAULT \'x\', ADD COLUMN looked_at timestamptz, ADD COLUMN lost_at timestamptz; CREATE INDEX ON web.scores (score); ALTER TABLE web.transitions ADD COLUMN note text', repair => 1],
    ['column of the model dropped', 'ALTER TABLE web.scores DROP COLUMN engagement CASCADE', error => qr/table "scores" of model "web" has no column "engagement"/],
    # ---- partitions
    ['partition attached', "$new_partition; $attach", partitioned => 1],
    ['partition attached with rows', "$new_partition; INSERT INTO crm.events_3 (lead_id, type, occurred_at, properties) VALUES (1, 'visit', '2026-03-05', '{\"path\": \"/pricing\"}'); $attach", partitioned => 1, listed => 1],
    ['partition detached', 'ALTER TABLE crm.events DETACH PARTITION crm.events_1; CREATE TABLE crm.events_0 PARTITION OF crm.events DEFAULT', partitioned => 1, listed => 1],
    ['partition detached and attached', "ALTER TABLE crm.events DETACH PARTITION crm.events_2; ALTER TABLE crm.events ATTACH PARTITION crm.events_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')", partitioned => 1],
    ['partition dropped', 'DROP TABLE crm.events_1; CREATE TABLE crm.events_0 PARTITION OF crm.events DEFAULT', partitioned => 1, listed => 1],
    ['partition renamed and moved', 'ALTER TABLE crm.events_1 RENAME TO january; ALTER TABLE crm.events_2 SET SCHEMA app', partitioned => 1],
    ['partitioned table renamed', 'ALTER TABLE crm.events RENAME TO activity', partitioned => 1, names => { events => 'crm.activity' }, error => $table_gone],
    ['column dropped from all partitions', 'ALTER TABLE crm.events DROP COLUMN note; ALTER TABLE crm.events ADD COLUMN more text', partitioned => 1],
    ['type changed in all partitions', 'ALTER TABLE crm.events ALTER COLUMN minutes TYPE numeric', partitioned => 1],
    ['partition given away', 'RESET ROLE; ALTER TABLE crm.events_1 OWNER TO stranger', partitioned => 1, error => qr/ERROR:  role "marketing" does not own table crm.events_1, which is read with crm.events/],
    ['table partitioned', 'ALTER TABLE crm.events RENAME TO events_1; CREATE TABLE crm.events (LIKE crm.events_1) PARTITION BY RANGE (occurred_at); CREATE INDEX ON crm.events (lead_id); ALTER TABLE crm.events ATTACH PARTITION crm.events_1 DEFAULT', problem => qr/insert trigger on crm.events is missing/, listed => 1],
);
try_case(@$_) for @cases;

# A change in the session's own transaction, and its end: what was cached under it goes with it.
$node->safe_psql('postgres', sprintf $make, '', '');
my $own = $node->background_psql('postgres', on_error_stop => 0);
$own->query_safe('SET ROLE marketing');
my $insert = named(sprintf($insert_lead . ';' . $insert_events =~ s/%s/%1\$s/r, 700), {});
for my $change ('ALTER TABLE crm.events ALTER COLUMN minutes TYPE numeric', 'ALTER TABLE crm.events DROP COLUMN note, ADD COLUMN note text',
    q{UPDATE web.rules SET points = 3; SELECT lead_scoring.publish('web')}, 'CREATE OR REPLACE FUNCTION crm.is_chief(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT false $$') {
    for my $end ('ROLLBACK TO before; ' . $insert, 'ROLLBACK; BEGIN; ' . $insert) {
        $own->query("BEGIN; SAVEPOINT before; $change; $insert; $end; SELECT count(*) || ' differ' FROM lead_scoring.verify('web'); ROLLBACK") =~ /^0 differ$/m
            or fail("$change, $end: $own->{stderr}");
        is($own->{stderr}, '', "$change, in a transaction that ends with $end");
        $own->{stderr} = '';
    }
}
$own->query_safe($insert);
is($own->query_safe(q{SELECT score FROM web.scores WHERE lead_id = 700}), 55, 'scores as before');
is($own->query_safe(q{SELECT * FROM lead_scoring.verify('web')}), '', 'verify finds nothing');
$_->quit for @sessions, $own;
$node->stop;
done_testing();

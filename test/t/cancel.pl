# Everything that takes long hears pg_cancel_backend and pg_terminate_backend within a second, and leaves nothing half-done:
# each statement below, at random moments, CANCELS (40) times in all, from the seed CANCEL_SEED. CANCEL_SCALE (1) says how
# much there is to do, and CANCEL_ONLY, a pattern, which.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use List::Util qw(max shuffle);
require './test/lib/aggregates.pl';
our %AGGREGATES;

my $count = $ENV{CANCELS} // 40;
my $scale = $ENV{CANCEL_SCALE} // 1;
my $only = $ENV{CANCEL_ONLY} // '';
my $seed = $ENV{CANCEL_SEED} // int rand 1e9;
srand $seed;
my $most_seconds = 1;    # of processor time, from the signal to the end
my $hang_seconds = 60;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'shared_buffers = 256MB');
$node->start;
my ($leads, $many) = map { int $_ * $scale } 5_000, 100_000;
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', "leads=$leads", '-v', "many=$many", '-d', $node->connstr('postgres'),
    '-f', 'test/t/cancel.sql' ], 'data');
my $file = $node->basedir . '/events';
$node->safe_psql('postgres', "COPY (SELECT lead_id, type, occurred_at + interval '1 year', campaign, properties FROM events ORDER BY id LIMIT 200000 * $scale) TO '$file'");

# ---------------------------------------------------------------- what is cancelled

my $new = 'INSERT INTO events (lead_id, type, occurred_at, campaign, properties)';
# Each in a transaction that is rolled back, so that nothing at all may be left of it.
my %writers = (
    'COPY' => "COPY events (lead_id, type, occurred_at, campaign, properties) FROM '$file'",
    'INSERT of many leads' => "$new SELECT l, e.* FROM generate_series(1, $leads) l, new_events(l, 40, 60) e",
    'INSERT of one lead' => "$new SELECT 3, e.* FROM new_events(3, 100, $many) e",
    'INSERT of one late event' => "INSERT INTO events (lead_id, type, occurred_at, properties) VALUES (1, 'download', '2024-01-02', '{}')",
    'UPDATE of events' => "UPDATE events SET type = 'download' WHERE id % 3 = 0",
    'DELETE of events' => 'DELETE FROM events WHERE id % 2 = 0',
    'MERGE' => "MERGE INTO events e USING (SELECT i FROM generate_series(1, $many) i) s ON e.id = s.i * 2 WHEN MATCHED AND e.id % 3 = 0 THEN DELETE "
        . "WHEN MATCHED THEN UPDATE SET lead_id = lead_id % 100 + 1 WHEN NOT MATCHED THEN INSERT (lead_id, type, occurred_at) VALUES (s.i % 500, 'visit', now())",
    'TRUNCATE' => 'TRUNCATE events',
    'UPDATE of leads' => 'UPDATE leads SET employees = employees + 40',
    'UPDATE of keys' => "UPDATE leads SET id = -id WHERE id > 2 AND id < $leads / 4",
    'DELETE of leads' => 'DELETE FROM leads WHERE id % 2 = 0',
    'publish' => "UPDATE long.rules SET points = points + 1; SELECT lead_scoring.publish('long')",
    'first publish' => "SELECT lead_scoring.publish('fresh')",
    'resume' => "SELECT lead_scoring.pause('long'); $new SELECT l, e.* FROM generate_series(1, 500) l, new_events(l, 40, 60) e; SELECT lead_scoring.resume('long')",
    'repair' => 'ALTER TABLE events DISABLE TRIGGER USER; DELETE FROM events WHERE id % 50 = 0; ALTER TABLE events ENABLE TRIGGER USER; ' . "SELECT lead_scoring.repair('long')",
    'verify' => "SELECT count(*) FROM lead_scoring.verify('long')",
    'merge_leads' => "SELECT lead_scoring.merge_leads('long', 1, 2)",
    'forget_lead' => "SELECT lead_scoring.forget_lead('long', 1)",
    'undo_move' => q{SELECT lead_scoring.undo_move('long', 1, (SELECT min(seq) FROM long.moves WHERE lead_id = 1))},
    'reset_engagement' => q{SELECT lead_scoring.reset_engagement('long', 1)},
    'replay of one lead' => q{SELECT lead_scoring.replay('long', 1)},
    'replay' => q{SELECT lead_scoring.replay('long')},
    'refresh in a batch' => "INSERT INTO due_events SELECT id, 'hot', clock_timestamp() FROM due_leads; SELECT lead_scoring_internal.refresh_leads('due', now() + interval '1 hour', 1000000)",
    'a search for crossings' => "INSERT INTO close_events SELECT 1, type, now() - interval '60 days', 1e9 FROM unnest('{plus,minus}'::text[]) type; "
        . "INSERT INTO close_events VALUES (1, 'plus', now(), 0)",
    'steps without end' => "INSERT INTO close_events SELECT 2, CASE WHEN i % 2 = 0 THEN 'up' ELSE 'down' END, now() - interval '60 days' + i * interval '7 seconds', 0 FROM generate_series(1, $many) i",
);

# Procedures that commit after each batch of 100: what was before, and what is left must be whole batches.
my %batches = (
    'rescore' => [
        "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM long.scores WHERE version < (SELECT max(version) FROM long.versions)) THEN UPDATE long.rules SET points = points + 1 - 2 * (points > 9)::int; PERFORM lead_scoring.publish('long', rescore => false); END IF; END \$\$",
        "CALL lead_scoring.rescore('long', 100)",
        # in the order of keys each hundred is of one version
        'SELECT count(*) FROM (SELECT (row_number() OVER (ORDER BY lead_id) - 1) / 100 AS batch, version FROM long.scores) s GROUP BY batch HAVING min(version) <> max(version)'
    ],
    'refresh' => [
        q{DO $$ BEGIN IF NOT EXISTS (SELECT FROM due.scores WHERE stage = 'mql') THEN INSERT INTO due_events SELECT id, 'hot', clock_timestamp() FROM due_leads; END IF; END $$},
        q{CALL lead_scoring.refresh('due', 100)},
        "SELECT 1 FROM due.scores WHERE stage = 'recycled' HAVING count(*) % 100 > 0 AND count(*) < $leads"
    ],
);

my %readers = (
    'explain' => q{SELECT count(*) FROM lead_scoring.explain('long', 1)},
    'why_not' => q{SELECT count(*) FROM lead_scoring.why_not('long', 1, 'customer', '2024-03-01')},
    'why_not of scores that hardly differ' => q{SELECT count(*) FROM lead_scoring.why_not('close', 1, 'mql')},
    'history' => q{SELECT count(*) FROM lead_scoring.history('long', 1)},
    'score_at' => q{SELECT lead_scoring.score_at('long', i, '2024-06-01') FROM generate_series(1, 10) i},
    'models' => q{SELECT count(*) FROM lead_scoring.models(), generate_series(1, 100)},
    'preview' => q{SELECT count(*) FROM lead_scoring.preview('long', against => 1)},
    'preview_leads' => q{SELECT count(*) FROM lead_scoring.preview_leads('long')},
);
# A large group each.
for my $name (keys %AGGREGATES) {
    my $rows = int 2e6 * $scale * $AGGREGATES{$name}[1];
    $readers{"aggregate $name"} = "SELECT count(a) FROM (SELECT @{[call_of($name)]} FROM generate_series(1::bigint, $rows) i) a(a)";
}
is(missing_aggregates($node), '', 'each aggregate is among what is cancelled');
$readers{"view $_"} = "SELECT count(*) FROM (SELECT * FROM long.$_ OFFSET 0) v"
    for split /\n/, $node->safe_psql('postgres', q{SELECT viewname FROM pg_views WHERE schemaname = 'long'});

# ---------------------------------------------------------------- sessions

my $watcher = $node->background_psql('postgres', on_error_stop => 0, timeout => 100_000);
my ($session, $pid, $settings);

# ask(session, sql): what it prints, errors with it.
sub ask {
    my ($asked, $sql) = @_;
    my $output = $asked->query($sql);
    my $errors = $asked->{stderr} =~ s/^\n+|\n+$//gr;
    $asked->{stderr} = '';
    return join "\n", grep { length } $output, $errors;
}

my $settings_now = q{SELECT md5(string_agg(name || ' ' || setting, ',' ORDER BY name)) || ' ' || current_user || ' ' || session_user FROM pg_settings WHERE name !~ '^transaction_'};

sub connect_session {
    $session = $node->background_psql('postgres', on_error_stop => 0, timeout => 100_000);
    ask($session, 'SET client_min_messages = warning');
    # half of the sessions read by parallel plans
    ask($session, 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0') if rand() < 0.5;
    ask($session, "LOAD 'plpgsql'");    # which has settings
    $pid = ask($session, 'SELECT pg_backend_pid()');
    $settings = ask($session, $settings_now);
}

# Everything there is, but for events, of which there are too many.
my $state = 'SELECT md5(concat_ws(\',\', ' . join(', ', map { "(SELECT sum(hashtextextended(t::text, 0)) FROM $_ t)" }
    'leads', split /\n/, $node->safe_psql('postgres', q{SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('long', 'fresh', 'due', 'close')}))
    . ', (SELECT concat(count(*), sum(id), sum(lead_id)) FROM events), (SELECT count(*) FROM due_events), (SELECT count(*) FROM close_events)))';
my $known_score = q{SELECT lead_scoring.score_at('due', 5, '2024-06-01')};
my $verify = q{SELECT m, v.* FROM unnest('{long,due,close}'::text[]) m, lead_scoring.verify(m) v WHERE NOT (m = 'long' AND v.problem = 'stale') LIMIT 3};

# seconds of processor time that a process has taken; undef when there is none
sub processor_time {
    open my $stat, '<', "/proc/$_[0]/stat" or return undef;
    my @fields = split ' ', (<$stat> // return undef) =~ s/.*\) //r;
    return ($fields[11] + $fields[12]) / 100;
}

# ---------------------------------------------------------------- trials

my ($tried, $wrong, $terminated, $longest, $most) = (0, 0, 0, 0, 0);
my %lasts;    # how long each takes, as far as is known

# trial(name, statement, signal): runs it in the session and signals it after a random time. Whether that came in time.
sub trial {
    my ($name, $statement, $signal) = @_;
    my $wait = rand($lasts{$name} // 3);
    my $query = $session->{query_cnt}++;
    note sprintf '%s, to be signalled after %.3f s', $name, $wait;
    my $begun = time;
    $session->{stdin} .= "$statement;\n\\echo end $query\n\\warn end $query\n";
    my $ended = sub {
        return 1 if !$session->{run}->pumpable;
        eval { $session->{run}->pump_nb };
        return $session->{stdout} =~ /end $query\n/ && $session->{stderr} =~ /end $query\n/ || !$session->{run}->pumpable;
    };
    usleep 1000 while !$ended->() && time < $begun + $wait;
    if ($ended->()) {
        $lasts{$name} = time - $begun;
        my $said = $session->{stderr} =~ s/^.*end $query\n//rm;
        problem($name, "before any signal: $said") if $said =~ /ERROR|FATAL|WARNING/;
        $session->{stdout} = $session->{stderr} = '';
        return 0;
    }
    $lasts{$name} = max($lasts{$name} // 3, 1.3 * $wait);

    my $before = processor_time($pid);
    my $signalled = time;
    my $used = 0;
    ask($watcher, "SELECT $signal($pid)");
    until ($ended->()) {
        usleep 500;
        $used = max($used, (processor_time($pid) // $before) - $before);
        last if time > $signalled + $hang_seconds;
    }
    my $took = time - $signalled;
    $used = max($used, (processor_time($pid) // $before) - $before);
    $longest = max($longest, $took);
    $most = max($most, $used);
    note sprintf '%s: %s after %.3f s, ended %.3f s later (%.2f s of processor time)', $name, $signal, $wait, $took, $used;

    if ($took > $hang_seconds) {
        problem($name, sprintf '%s after %.3f s: not heard', $signal, $wait);
        report();
        kill 'KILL', $pid;
        die 'the server cannot be used any more';
    }
    problem($name, sprintf '%s after %.3f s: heard after %.2f s of processor time', $signal, $wait, $used) if $used > $most_seconds;

    my $errors = $session->{stderr};
    $session->{stdout} = $session->{stderr} = '';
    if ($signal eq 'pg_terminate_backend') {
        my $late = $errors =~ /\Aend $query\n\z/;    # the statement had ended
        problem($name, "terminated, it says: $errors") if !$late && $errors !~ /terminating connection due to administrator command/;
        eval { $session->{run}->finish };
        usleep 1000 while defined processor_time($pid) && time < $signalled + $hang_seconds;
        problem($name, 'its process is still there') if defined processor_time($pid);
        connect_session();
        return 0 if $late;
        ++$terminated;
    } else {
        my @others = grep { !/canceling statement due to user request|current transaction is aborted|^end|^(DETAIL|HINT|CONTEXT|LOCATION|STATEMENT|LINE)|^ |^$|^SQL|^PL/ } split /\n/, $errors;
        problem($name, "cancelled, it says: @others") if @others;
        return 0 if $errors !~ /canceling statement/;    # it came too late
    }
    return 1;
}

sub report {
    diag(sprintf 'promise: cancels: %d tried, %d wrong (seed %d, %d terminated; at most %.2f s, %.2f s of processor time from the signal to the end)',
        $tried, $wrong, $seed, $terminated, $longest, $most);
}

sub problem {
    my ($name, $what) = @_;
    ++$wrong;
    diag("$name: $what");
}

# check(name, sql, session, expected)
sub check {
    my ($name, $sql, $asked, $expected, $what) = @_;
    my $got = ask($asked, $sql);
    problem($name, "$what: $got instead of $expected") if $got ne $expected;
}

connect_session();
my $score = ask($session, $known_score);
my $locks = sub { "SELECT string_agg(concat_ws(' ', locktype, mode, relation::regclass), ', ') FROM pg_locks WHERE pid = $pid" };
is(ask($session, $verify), '', 'verify finds nothing');
my @names = grep { /(?:$only)/ } keys %writers, keys %batches, keys %readers;
die "nothing is called $only" if !@names;
my $attempts = 0;
ROUND: while (1) {
    for my $name (shuffle sort @names) {
        last ROUND if $tried >= $count || ++$attempts > 10 * $count;
        my $signal = rand() < 0.5 ? 'pg_cancel_backend' : 'pg_terminate_backend';
        my $statement = $readers{$name} // $writers{$name};
        my $before;
        if ($writers{$name}) {
            $statement = "BEGIN; $statement; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK";
            $before = ask($watcher, $state);
        } elsif ($batches{$name}) {
            check($name, $batches{$name}[0], $watcher, '', 'preparing');
            $statement = $batches{$name}[1];
        }
        trial($name, $statement, $signal) or (trial($name, $statement, $signal) or next);
        ++$tried;

        # the session, and what is left of it
        check($name, $locks->(), $watcher, '', 'locks that are left');
        check($name, $settings_now, $session, $settings, 'settings');
        check($name, $known_score, $session, $score, 'a score read by the session');
        check($name, $state, $watcher, $before, 'state') if defined $before;
        check($name, $batches{$name}[2], $watcher, '', 'half a batch') if $batches{$name};
        if (!$readers{$name}) {
            check($name, "BEGIN; INSERT INTO events (lead_id, type, occurred_at, properties) VALUES (7, 'visit', now(), '{}'), (8, 'download', now(), '{}'); $verify; ROLLBACK",
                $session, '', 'verify in the session');
        }
    }
}
is(ask($watcher, $verify), '', 'verify finds nothing in the end');
$session->quit;
$watcher->quit;

my @log = grep { /PANIC|WARNING|terminated by signal|TRAP/ } split /\n/, slurp_file($node->logfile);
is(join("\n", @log), '', 'nothing in the log');
is($wrong, 0, 'nothing went wrong');
cmp_ok($tried, '>=', $count, 'all were tried');
report();
$node->stop;
done_testing();

# What was committed before a crash is scored after it, and what was not committed is not: an unfinished transaction first; then
# KILLS (6) crashes under load, at moments and of processes drawn from the seed CRASH_SEED. Writers note on their side
# what they sent and what the server has acknowledged.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IO::Handle;
use IPC::Open2;
use List::Util qw(max shuffle);
use POSIX '_exit';
use Time::HiRes qw(time usleep);

my $kills = $ENV{KILLS} // 6;
my $seed = $ENV{CRASH_SEED} // int rand 1e9;
srand $seed;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => ['--data-checksums']);
# A checkpoint has little to wait for, so that recovery begins anywhere.
$node->append_conf('postgresql.conf', q{
    fsync = on
    restart_after_crash = on
    checkpoint_timeout = '30s'
    max_wal_size = '32MB'
    autovacuum_naptime = '1s'});
$node->start;
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', 'test/t/model.sql' ], 'model');

my $state = q{SELECT count(*), sum(stage_seq), md5(string_agg(card::text, ' ' ORDER BY lead_id)) FROM web.scores};
my $before = $node->safe_psql('postgres', $state);

my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
$session->query_safe('CALL add_events(100)');
$node->safe_psql('postgres', 'CHECKPOINT');    # so that the unfinished work is on disk
$node->stop('immediate');
$session->{run}->finish;
$node->start;

is($node->safe_psql('postgres', $state), $before, 'state is that of the last commit');
is($node->safe_psql('postgres', q{SELECT count(*) FROM lead_scoring.verify('web')}), '0', 'verify finds nothing');

$node->safe_psql('postgres', 'CALL add_events(100)');
is($node->safe_psql('postgres', q{SELECT count(*) FROM lead_scoring.verify('web')}), '0', 'scoring goes on');

# ---------------------------------------------------------------- under load

# The model of the random schedules, and its oracle. Writers number their transactions; each leaves a row here.
my ($writers, $leads) = (4, 40);
$node->safe_psql('postgres', 'CREATE DATABASE load');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('load'), '-f', 'test/schedules/model.sql', '-f', 'test/schedules/oracle.sql',
    '-c', q{SELECT make_model('bigint', false, false, 'stage', 'falling')},
    '-c', "INSERT INTO leads SELECT i, 'clerk', '' FROM generate_series(1, $leads) i",
    '-c', q{SELECT lead_scoring.publish('race')},
    '-c', 'CREATE TABLE done (writer int, number int, PRIMARY KEY (writer, number))',
    '-c', 'CREATE EXTENSION amcheck' ], 'model under load');

# work_of(writer, number, [its events that there are]): SQL, and what there must be afterwards if it is committed: event ids that
# came and that went, a title, a reason (of an adjustment or a move). The same whenever it is asked for.
sub work_of {
    my ($writer, $number, $mine) = @_;
    srand $seed + $writer * 1_000_003 + $number;
    my $next = $writer * 1e9 + $number * 100;
    my (@sql, @came, @gone, $title, $reason);
    my $row = sub {
        my $type = (qw(visit visit download call demo webinar trial complaint accepted))[rand 9];
        push @came, $next;
        return [ $next++, 1 + int rand $leads, $type, int rand 30000, $type eq 'call' ? 5 : (qw(a b))[rand 2] ];
    };
    my $line = sub {
        my ($id, $lead, $type, $minutes, $ref) = @{ $row->() };
        return sprintf "%d\t%d\t%s\t2026-01-01 %02d:00\t%s\n", $id, $lead, $type, $minutes % 24, $ref;
    };
    my $insert = sub {
        'INSERT INTO events VALUES ' . join ', ', map { sprintf q{(%d, %d, '%s', now() - interval '%d minutes', '%s')}, @{ $row->() } } 0 .. rand $_[0];
    };
    my $dice = rand;
    if ($dice < 0.45) { @sql = $insert->(10) }
    elsif ($dice < 0.55) { @sql = map { $insert->(4) } 0 .. rand 4 }
    elsif ($dice < 0.65) { @sql = ("COPY events FROM STDIN;\n" . join('', map { $line->() } 0 .. 20) . "\\.") }
    elsif ($dice < 0.80 && @$mine) {
        @gone = grep { rand() < 0.5 } @$mine[ max(0, $#$mine - 20) .. $#$mine ];
        @sql = ('DELETE FROM events WHERE id IN (' . join(', ', @gone, 0) . ')', $insert->(2));
    }
    elsif ($dice < 0.86) {
        $title = (qw(CEO clerk))[rand 2];
        @sql = ("UPDATE leads SET title = '$title' WHERE id % $writers = $writer % $writers", $insert->(1));
    }
    elsif ($dice < 0.90) { @sql = ('UPDATE events SET ref = ref || ref WHERE id IN (SELECT id FROM events WHERE type = \'download\' ORDER BY id DESC LIMIT 5)', $insert->(1)) }
    elsif ($dice < 0.93) { $reason = "$writer $number"; @sql = ("SELECT lead_scoring.adjust('race', @{[1 + int rand $leads]}, 5, '$reason')") }
    elsif ($dice < 0.96) { $reason = "$writer $number"; @sql = ("SELECT lead_scoring.set_stage('race', l, CASE WHEN s.stage = 'sql' THEN 'mql' ELSE 'sql' END, '$reason') FROM race.scores s WHERE lead_id = @{[1 + int rand $leads]}") }
    elsif ($dice < 0.98) { @sql = ("SELECT republish('visit', @{[5 + int rand 10]}, @{[rand() < 0.5 ? 'true' : 'false']})") }
    else { return { sql => rand() < 0.5 ? "CALL lead_scoring.rescore('race', 7);" : "CALL lead_scoring.refresh('race', 7);" } }
    @sql = shuffle(@sql, "INSERT INTO done VALUES ($writer, $number)");
    return { sql => join("\n", map { /^COPY/ ? $_ : "$_;" } 'BEGIN', @sql, 'COMMIT'), marked => 1, came => \@came, gone => \@gone, title => $title, reason => $reason };
}

# By writer: its next number, and the events that there must be of it; then titles and reasons.
my %next = map { $_ => 1 } 1 .. $writers;
my %events = map { $_ => [] } 1 .. $writers;
my (%titles, %reasons);
my $notes = $node->basedir;

sub apply {
    my ($work, $events) = @_;
    push @$events, @{ $work->{came} // [] };
    my %gone = map { $_ => 1 } @{ $work->{gone} // [] };
    @$events = grep { !$gone{$_} } @$events if %gone;
}

# A writer, in a process of its own: sends one transaction after the other, and notes what came of each, until the connection is lost or
# there is a file "stop".
sub write_on {
    my ($writer) = @_;
    open my $note, '>', "$notes/$writer" or die $!;
    $note->autoflush(1);
    my @mine = @{ $events{$writer} };
    my $number = $next{$writer};
    $SIG{PIPE} = 'IGNORE';
    while (!-e "$notes/stop") {
        my $child = open2(my $from, my $to, "exec psql -X -q -A -t -v ON_ERROR_STOP=1 -d '" . $node->connstr('load') . " application_name=writer' 2>>'$notes/errors'");
        while (!-e "$notes/stop") {
            my $work = work_of($writer, $number, \@mine);
            print $note "sent $number\n";
            print $to "$work->{sql}\n\\echo committed $number\n";
            $to->flush;
            my $line;
            while (defined($line = <$from>)) { last if $line eq "committed $number\n" }
            last if !defined $line;
            print $note "committed $number\n";
            apply($work, \@mine);
            ++$number;
        }
        close $to;
        close $from;
        waitpid $child, 0;
        my $status = $? >> 8;
        next if $status == 0;
        print $note $status == 3 ? "refused $number\n" : "lost $number\n";
        ++$number;
        last if $status != 3;
    }
    _exit(0);
}

# Takes over what came of the writers' work; the server is asked about what was under way when it went away.
sub settle {
    my @wrong;
    for my $writer (1 .. $writers) {
        my %sent;    # number -> what came of it last
        for (split /\n/, slurp_file("$notes/$writer")) { my ($what, $number) = split; $sent{$number} = $what }
        my %done = map { $_ => 1 } split /\n/, $node->safe_psql('load', "SELECT number FROM done WHERE writer = $writer AND number >= $next{$writer}");
        for my $number (sort { $a <=> $b } keys %sent) {
            my $work = work_of($writer, $number, $events{$writer});
            my $is_done = delete $done{$number};
            next if !$work->{marked};
            push @wrong, "lost: $writer $number was committed" if $sent{$number} eq 'committed' && !$is_done;
            push @wrong, "$writer $number was refused, and is there" if $sent{$number} eq 'refused' && $is_done;
            next if !$is_done;
            apply($work, $events{$writer});
            $titles{$writer} = $work->{title} if $work->{title};
            $reasons{"$work->{reason}"} = 1 if $work->{reason};
        }
        push @wrong, map { "$writer $_ was never sent, and is there" } keys %done;
        $next{$writer} = 1 + max($next{$writer} - 1, keys %sent);
    }
    return @wrong;
}

# What is there against what must be: events one by one, then all that is computed from them.
sub judge {
    my @wrong = settle();
    my %there = map { $_ => 1 } split /\n/, $node->safe_psql('load', 'SELECT id FROM events');
    for my $writer (1 .. $writers) {
        for (@{ $events{$writer} }) { push @wrong, "event $_ is lost" if !delete $there{$_} }
        next if !$titles{$writer};
        my $titles = $node->safe_psql('load', "SELECT DISTINCT title FROM leads WHERE id % $writers = $writer % $writers");
        push @wrong, "titles of writer $writer are $titles, expected $titles{$writer}" if $titles ne $titles{$writer};
    }
    push @wrong, map { "event $_ is there" } keys %there;
    my %count = map { split /:/ } split /\n/, $node->safe_psql('load', q{SELECT reason || ':' || count(*) FROM race.adjustments GROUP BY reason UNION ALL
        SELECT reason || ':' || count(DISTINCT to_stage) FROM race.transitions WHERE cause = 'manual' GROUP BY reason});
    push @wrong, map { "work by hand of $_ is there $count{$_} times" } grep { !$reasons{$_} || $count{$_} > 1 } keys %count;
    push @wrong, map { "work by hand of $_ is lost" } grep { !$count{$_} } keys %reasons;
    push @wrong, split /\n/, $node->safe_psql('load', 'SELECT mismatches(true)');
    $node->safe_psql('load', q{CALL lead_scoring.rescore('race')});
    push @wrong, split /\n/, $node->safe_psql('load', 'SELECT mismatches(false)');
    # and the pages below
    push @wrong, split /\n/, $node->safe_psql('load', q{SELECT concat_ws(' ', 'heap', t, blkno, offnum, msg) FROM unnest('{race.scores,race.transitions,leads,events}'::regclass[]) t, verify_heapam(t)});
    my ($status, $out, $error) = $node->psql('load', q{SELECT bt_index_check(indexrelid, true) FROM pg_index WHERE indrelid = ANY ('{race.scores,race.transitions,leads,events}'::regclass[])});
    push @wrong, $error if $error;
    return @wrong;
}

# Processes of the server: pid -> what its title says.
sub processes {
    my $file = $node->data_dir . '/postmaster.pid';
    select undef, undef, undef, 0.01 until -s $file;  # a server that was just started has yet to write it
    my ($postmaster) = split /\n/, slurp_file($file);
    my %found;
    for my $pid (map { m{/proc/(\d+)$} } glob '/proc/[0-9]*') {
        open my $stat, '<', "/proc/$pid/stat" or next;
        my $parent = (split ' ', (<$stat> // next) =~ s/.*\) //r)[1];
        next if $parent != $postmaster;
        open my $title, '<', "/proc/$pid/cmdline" or next;
        $found{$pid} = (<$title> // '') =~ tr/\0/ /r;
    }
    return ($postmaster, %found);
}

my ($wrong, %killed) = (0);
for my $kill (1 .. $kills) {
    unlink "$notes/stop";
    my @children = map { my $writer = $_; my $child = fork // die "fork: $!"; write_on($writer) if !$child; $child } 1 .. $writers;
    srand $seed + $kill;
    my ($wait, $dice, $which, $checkpoint) = (0.2 + rand(1.3), rand, rand, rand);
    usleep 1e6 * $wait * $checkpoint;
    $node->psql('postgres', 'CHECKPOINT') if $checkpoint < 0.5;
    usleep 1e6 * $wait * (1 - $checkpoint);

    my ($postmaster, %processes) = processes();
    my @backends = grep { $processes{$_} =~ / load / } sort keys %processes;
    my @others = grep { $processes{$_} =~ /checkpointer|writer|autovacuum/ && $processes{$_} !~ / load / } sort keys %processes;
    my $target = $dice < 0.4 || !@backends ? $postmaster : $dice < 0.9 ? $backends[ $which * @backends ] : $others[ $which * @others ];
    ++$killed{ $target == $postmaster ? 'postmasters' : $dice < 0.9 ? 'backends' : 'others' };
    note "kill $kill: $target ", $processes{$target} // 'postmaster';
    kill 'KILL', $target;
    if ($target == $postmaster) {
        usleep 1000 while grep { kill 0, $_ } keys %processes;
        if ($which < 0.3) {    # and while it recovers
            system_log('pg_ctl', '-W', '-D', $node->data_dir, '-l', $node->logfile, 'start');
            usleep rand 200_000;
            # until the new one has written who it is
            do { usleep 1000; ($target, %processes) = processes() } until kill 0, $target;
            kill 'KILL', $target;
            usleep 1000 while grep { kill 0, $_ } $target, keys %processes;
        }
        $node->{_pid} = undef;
        $node->start;
    }
    usleep 300_000;
    append_to_file("$notes/stop", '');
    waitpid $_, 0 for @children;
    my $begun = time;
    until (system("psql -X -q -d '" . $node->connstr('load') . "' -c 'SELECT 1' >/dev/null 2>&1") == 0) {
        die 'the server does not come back' if time > $begun + 120;
        usleep 20_000;
    }

    my @problems = judge();
    ++$wrong if @problems;
    diag("kill $kill: $_") for @problems[ 0 .. ($#problems > 9 ? 9 : $#problems) ];
}
my $committed = $node->safe_psql('load', 'SELECT count(*) FROM done');
is($wrong, 0, 'nothing is lost, nothing is there twice, verify finds nothing');
diag("promise: kills: $kills tried, $wrong wrong (seed $seed, ", join(', ', map { "$killed{$_} $_" } sort keys %killed), "; $committed transactions were committed)");

$node->stop;
done_testing();

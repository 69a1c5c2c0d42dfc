# Every hint that is SQL is typed. The files of test/sql whose
# output has some are run statement by statement; where one is refused with such a hint,
# the hint is typed as it stands and the statement again, in a transaction that is rolled back, so that the file goes on as it
# would have. Then the statement passes, or what stands in its way next is named. A hint that only looks something up must
# show rows. What a notice hints at must run. Of test/specs, whose output leaves the hints of errors out, permutations with
# an error or a hint are run in one session. HINT_FILES names files of test/sql and test/specs to run, all of them where
# it is not set.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Fewer than these, and the test does not see what it is for.
my %floor = (tried => 150, 'looked up' => 70, noticed => 50);

# A file, what a hint begins with, the statement that is refused, and why that hint cannot be followed here.
my @exceptions = (
    [ 'alter_within', qr/ALTER TABLE/, qr/:insert/, 'the statement itself alters the table, by a trigger' ],
    [ 'stages', qr/SELECT lead_scoring.add_stage/, qr/DELETE/, 'the stage that it takes away is there again, since it was refused' ],
    [ 'stranger', qr/DROP/, qr/velocity|sla/, 'repair, which it calls, names the next obstacle: another view of the stranger' ],
    [ 'tables', qr/ALTER VIEW/, qr/publish/, 'repair, which it calls, names the next obstacle: the row of the settings went with the table' ],
    [ 'write_paths', qr/SELECT lead_scoring.publish/, qr/./, 'a function that the statement calls publishes, which takes a statement of its own' ],
    [ 'bad_input', qr/ALTER TABLE \S+ ADD COLUMN lead_key/, qr/./, 'the statement is to be called with other arguments then, as the remark says' ],
    [ 'hints', qr/ALTER TABLE \S+ ADD COLUMN lead_key/, qr/./, 'the same' ],
    [ 'keys', qr/ALTER TABLE \S+ ADD COLUMN lead_key/, qr/./, 'the same, and events have to have what the key is made of' ],
    [ 'sources', qr/SELECT lead_scoring.drop_source/, qr/events|publish/, 'the draft waits for its events still, of which drop_source tells' ],
    [ 'sources', qr/SELECT lead_scoring.add_rule/, qr/add_source/, 'the table is a source already: what is to be typed is in the place of adding it' ],
    [ 'sources', qr/SELECT lead_scoring.add_source/, qr/create_model/, 'the model is there already: what is to be typed is in the place of making it' ],
    [ 'undo', qr/SELECT lead_scoring.replay/, qr/NULL/, 'it replays all leads, in the place of the one that was not found' ],
    [ 'upkeep', qr/SELECT lead_scoring.drop_model/, qr/repair/, 'a model that was dropped cannot be repaired; it rids tables of its triggers' ],
);

# A file that is left out, and why.
my %left_out = (shape => 'it alters every column in turn, for a minute, and types what is hinted at itself, but for one look-up');

# Where a role may see nothing, or there is nothing, these show no rows.
my $may_be_empty = qr/^SELECT (?:model|\*) FROM lead_scoring\.models\(\);|^SELECT \* FROM guarded\./;

my $keyword = qr/(?:ALTER|BEGIN|CALL|COMMENT|COMMIT|CREATE|DELETE|DROP|GRANT|INSERT|REFRESH|REVOKE|ROLLBACK|SELECT|SET|UPDATE)\b/;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 10');
$node->start;
# As pg_regress has it.
$node->safe_psql('postgres', 'CREATE DATABASE contrib_regression TEMPLATE template0');
$node->safe_psql('contrib_regression', 'CREATE EXTENSION lead_scoring');
$ENV{PGTZ} = 'PST8PDT';
$ENV{PGDATESTYLE} = 'Postgres, MDY';

# ---------------------------------------------------------------- one psql

my ($psql, $to, $out, $err, $sent);

sub start_psql {
    ($to, $out, $err, $sent) = ('', '', '', 0);
    my @command = ('psql', '-X', '-q', '-d', $node->connstr('contrib_regression'));
    $psql = IPC::Run::start(\@command, '<', \$to, '>', \$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
}

# type_in(TEXT): what psql printed, and what it said of errors.
sub type_in {
    my ($text) = @_;
    my $end = 'end of ' . ++$sent;
    $to .= "$text\n\\echo $end\n\\warn $end\n";
    $psql->pump until $out =~ /^\Q$end\E\n/m && $err =~ /^\Q$end\E\n/m;
    my @said = map { s/^\Q$end\E\n//mr } $out, $err;
    ($out, $err) = ('', '');
    return @said;
}

# messages(SAID): a hash each, its keys severity, message, hint.
sub messages {
    my @found;
    my $field;
    for (split /\n/, $_[0]) {
        if (/^(ERROR|FATAL|WARNING|NOTICE|INFO):  (.*)/) {
            push @found, { severity => $1, message => $2 };
            $field = 'message';
        } elsif (/^(DETAIL|HINT|CONTEXT|QUERY|LINE \d+):\s+(.*)/) {
            ($field, my $text) = (lc $1, $2);
            $found[-1]{$field} = $text if @found;
        } elsif (@found) {
            $found[-1]{$field} .= "\n$_";
        }
    }
    return @found;
}

sub refused { (grep { $_->{severity} =~ /ERROR|FATAL/ } messages($_[0]))[0] }

# ---------------------------------------------------------------- a file's statements, as psql splits them

my $piece = qr{
      --[^\n]*                                      # comments
    | /\*(?:[^*]|\*(?!/))*\*/
    | \b[eE]'(?:[^'\\]|\\.|'')*'                    # strings and names
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (\$(?:[A-Za-z_]\w*)?\$).*?\g{-1}
    | \\;
}xs;

sub statements {
    my ($text) = @_;
    my (@statements, $depth, $atomic);
    my $statement = '';
    my $take = sub { push @statements, $statement if $statement =~ /\S/; $statement = ''; $depth = 0; $atomic = '' };
    $take->();
    while (pos($text) // 0 < length $text) {
        if ($text =~ /\G($piece)/gc) {
            $statement .= $1;
        } elsif ($text =~ /\G(\\if\b.*?\\endif[^\n]*\n)/gcs) {
            $statement .= $1;
            $take->();
        } elsif ($text =~ /\G(\\(\w+|.)[^\n]*\n?)/gc) {
            my ($command, $name) = ($1, $2);
            my $ends = $name =~ /^g/;
            $take->() unless $ends || $statement =~ s/^(\s|--[^\n]*\n)*$//;
            $statement .= $command;
            $take->();
        } elsif ($statement =~ /^(?:\s|--[^\n]*)*$/ && $text =~ /\G(:\w+\n)/gc) {  # a variable that holds whole statements
            $statement .= $1;
            $take->();
        } elsif ($text =~ /\G;/gc) {
            $statement .= ';';
            next if $depth > 0 || $atomic;
            my $copies = $statement =~ /^(?:\s|--[^\n]*\n)*COPY\b.*\bFROM\s+stdin\b/si;
            $statement .= $1 if $copies && $text =~ /\G([^\n]*\n(?:.*?\n)??\\\.\n)/gcs;
            $take->();
        } elsif ($text =~ /\G(\w+|\s+|.)/gcs) {
            my $word = $1;
            $depth++ if $word eq '(';
            $depth-- if $word eq ')' && $depth;
            $atomic = 1 if lc $word eq 'atomic' && $statement =~ /\bBEGIN\s+$/i;
            $atomic = '' if lc $word eq 'end';
            $statement .= $word;
        } else {
            last;
        }
    }
    $take->();
    return @statements;
}

# ---------------------------------------------------------------- a specification's statements

# Where steps must be at once to fail.
my $by_chance = qr/could not serialize access|canceling statement/;

# permutations(SPEC, OUTPUT): the statements of each permutation whose output has a hint or an error. What failed is last, for
# that waited for the others, and nothing begins or ends a transaction, for where one is open a hint cannot be typed.
sub permutations {
    my ($spec, $output) = @_;
    my (%blocks, %session_of, @permutations);
    my $session = '';
    $spec =~ s/^\s*#.*//mg;
    while ($spec =~ /\b(?:session\s+"?(\w+)"?|(?:(setup|teardown)|step\s+"?(\w+)"?)\s*\{([^}]*)\})/g) {
        if (defined $1) {
            $session = $1;
            next;
        }
        my ($place, $step, @statements) = ($2, $3, statements("$4;"));
        $session_of{$step} = $session if defined $step;
        push @{ $blocks{ defined $step ? "step $step" : "$place $session" } },
            grep { /[^\s;]/ && !/^\s*(?:BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i } @statements;
    }
    my (undef, @parts) = split /^starting permutation: /m, $output;
    for my $part (@parts) {
        next unless $part =~ /^HINT:\s+$keyword|^ERROR:  (?!$by_chance)/m;
        my @steps = split ' ', ($part =~ /(.*)/)[0];
        my (undef, %said) = split /^step (\w+): /m, $part;
        my @failed = grep { ($said{$_} // '') =~ /^ERROR:  (?!$by_chance)/m } @steps;
        @steps = ((grep { my $step = $_; !grep { $_ eq $step } @failed } @steps), @failed);
        my %sessions = map { $session_of{$_} => 1 } @steps;
        my @sessions = sort keys %sessions;
        push @permutations, [ map { @{ $blocks{$_} // [] } } 'setup ', (map { "setup $_" } @sessions), (map { "step $_" } @steps),
            (map { "teardown $_" } @sessions), 'teardown ' ];
    }
    return @permutations;
}

# ---------------------------------------------------------------- hints

my (%count, %seen, @wrong);

sub wrong {
    my ($place, $hint, $why) = @_;
    $count{wrong}++;
    push @wrong, $place;
    diag("$place: $why\n    HINT:  $hint");
}

# type_hint(HINT): the error it ran into, if any, and what it printed. What he who was refused may not do either, such as giving
# himself a right, somebody else types, a superuser.
sub type_hint {
    my ($hint) = @_;
    my ($shown, $said) = type_in("SAVEPOINT hint;\n$hint");
    my $refused = refused($said);
    if ($hint =~ /^GRANT/ || $refused && $refused->{message} =~ /^(?:permission denied|must be owner)/) {
        type_in("ROLLBACK TO hint;\nSELECT quote_ident(current_user) AS hints_role \\gset\nSET LOCAL ROLE none;");
        ($shown, $said) = type_in($hint);
        $refused = refused($said);
        type_in('SET LOCAL ROLE :hints_role;') unless $refused;
    }
    # Where it could not do all, it hints at what is left.
    for my $next (grep { $_->{severity} eq 'WARNING' && ($_->{hint} // '') =~ /^$keyword/ } messages($said)) {
        $refused //= (type_hint($next->{hint}))[0];
    }
    return ($refused, $shown);
}

# try(PLACE, STATEMENT, MESSAGE): follows the hint of one message.
sub try {
    my ($place, $statement, $message) = @_;
    my $hint = $message->{hint};
    $count{found}++;
    return wrong($place, $hint, 'begins like a statement and does not end like one') unless $hint =~ /;(?:\s*--[^\n]*)?$/;
    for (@exceptions) {
        my ($file, $begins, $refused) = @$_;
        return $count{excepted}++ if $place eq $file && $hint =~ /^$begins/ && $statement =~ $refused;
    }
    my (undef, $probe) = type_in("SAVEPOINT hint;\nRELEASE hint;");
    return $count{'in a transaction'}++ unless $probe =~ /can only be used in transaction blocks/;
    type_in('BEGIN;');
    my ($refused, $shown) = type_hint($hint);
    if ($refused) {
        wrong($place, $hint, "is refused: $refused->{message}");
    } elsif ($message->{severity} ne 'ERROR') {
        $count{noticed}++;
    } elsif ($hint =~ /^SELECT (?!lead_scoring\.)/) {
        $count{'looked up'}++;
        wrong($place, $hint, 'shows no rows') unless $hint =~ $may_be_empty || $shown =~ /^\([1-9]\d* rows?\)|^[^(\s]/m;
    } else {
        my $again = refused((type_in($statement))[1]) // refused((type_in('SET CONSTRAINTS ALL IMMEDIATE;'))[1]);
        if ($again && $again->{message} =~ /transaction block|invalid transaction termination|commits after each batch/) {
            $count{'not in a transaction'}++;
        } else {
            $count{tried}++;
            wrong($place, $hint, "does not help: $again->{message}") if $again && "$again->{message} " . ($again->{detail} // '') eq "$message->{message} " . ($message->{detail} // '');
        }
    }
    type_in('ROLLBACK;');
}

# runs(FILE): lists of statements, each for a session of its own.
sub runs {
    my ($file) = @_;
    return [ statements(slurp_file("test/sql/$file.sql")) ] if -e "test/sql/$file.sql";
    return permutations(slurp_file("test/specs/$file.spec"), slurp_file("expected/$file.out"));
}

my @files = $ENV{HINT_FILES} ? split(' ', $ENV{HINT_FILES})
    : ((grep { !$left_out{$_} && slurp_file("expected/$_.out") =~ /^HINT:\s+$keyword/m } map { m{([^/]+)\.sql$} } sort glob 'test/sql/*.sql'),
       grep { runs($_) } map { m{([^/]+)\.spec$} } sort glob 'test/specs/*.spec');
for my $file (@files) {
    my $before = @wrong;
    my $ended = eval {
        for my $run (runs($file)) {
            start_psql();
            for my $statement (@$run) {
                my (undef, $said) = type_in($statement);
                for (grep { ($_->{hint} // '') =~ /^$keyword/ } messages($said)) {
                    try($file, $statement, $_);
                }
            }
            $to = '';
            $psql->finish;
        }
        1;
    };
    diag("$file: $@") unless $ended;
    ok($ended && $before == @wrong, $file);
}
diag('hints: ', join ', ', map { "$count{$_} $_" } sort keys %count);
unless ($ENV{HINT_FILES}) {
    cmp_ok($count{$_} // 0, '>=', $floor{$_}, "hints $_") for sort keys %floor;
}
diag(sprintf 'promise: hints: %d tried, %d wrong', $count{tried} // 0, $count{wrong} // 0);
done_testing();

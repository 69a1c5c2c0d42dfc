# Each aggregate with arguments that read one column, i: 1, 2, 3, ... in one group as in many. [arguments, share of the rows that
# others take in the same time].
use strict;
use warnings;

my $time = q{timestamptz '2024-01-01' + i * interval '1 minute'};
my $later = qq{CASE WHEN i % 3 > 0 THEN $time + (i * 7919) % 100000 * interval '1 minute' END};
my $steps = 'VARIADIC ARRAY[' . join(', ', map { "i % 37 = $_" } 0 .. 31) . ']';

# What stands behind a name tells variants apart.
our %AGGREGATES = (
    'attribution_markov' => [ "ARRAY['c' || i % 700, 'c' || (i * 7919) % 700, 'c' || (i * 104729) % 700], i % 3 = 0", 0.02 ],
    'attribution_markov of order 2' => [ "ARRAY['c' || i % 150, 'c' || (i * 7919) % 150, 'c' || (i * 104729) % 150, 'c' || (i * 31) % 150], i % 3 = 0, 2", 0.05 ],
    'window_funnel' => [ "interval '30 days', $time, $steps", 0.3 ],
    'window_funnel in another mode' => [ "interval '300 days', $time, 'strict_increase', $steps", 0.3 ],
    'funnel_times' => [ "interval '30 days', $time, $steps", 0.3 ],
    'median_time_to' => [ "$time, $later, '2030-01-01'", 1 ],
    'share_converted' => [ "$time, $later, '2030-01-01', 30", 1 ],
    'share_converted_interval' => [ "$time, $later, '2030-01-01', 30", 1 ],
    'lead_velocity' => [ "$time, $later", 1 ],
    'conversion_rate' => [ "$time, $later", 1 ],
    'conversion_interval' => [ "$time, $later, interval '10 days', 0.9", 1 ],
    'cost_per_mql' => [ 'i * 1.01, i', 1 ],
    'cost_per' => [ "i * 1.01, $time", 1 ],
    'auc' => [ '((i * 7919) % 1000003)::float8, i % 3 = 0', 1 ],
    'brier' => [ '(i % 1000) / 1000.0, i % 3 = 0', 1 ],
    'log_loss' => [ '(i % 999 + 0.5) / 1000.0, i % 3 = 0', 1 ],
    'calibration' => [ '(i % 1000) / 1000.0, i % 3 = 0, 1000', 1 ],
    'retention' => [ $steps, 1 ],
    'attribution' => [ "'linear', 'm' || i % 50, $time, timestamptz '2030-01-01', 100.0, interval '3000 days'", 0.3 ],
    'first_touch' => [ "'m' || i % 1000, $time", 1 ],
);

# call_of(name): the call.
sub call_of { my ($name) = @_; return 'lead_scoring.' . ($name =~ s/ .*//r) . "($AGGREGATES{$name}[0])" }

# missing_aggregates(node): the names of aggregates that are not among these.
sub missing_aggregates {
    my %known = map { s/ .*//r => 1 } keys %AGGREGATES;
    return join ' ', grep { !$known{$_} } split /\n/,
        $_[0]->safe_psql('postgres', q{SELECT DISTINCT proname FROM pg_proc WHERE prokind = 'a' AND pronamespace = 'lead_scoring'::regnamespace ORDER BY 1});
}

1;

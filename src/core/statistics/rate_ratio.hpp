// How much more often something happens after a thing than before it or without it, at the same age.
#pragma once

#include <optional>
#include <span>

namespace lead_scoring {

// Events and time at risk at one range of ages, with the thing and without it.
struct RiskBand {
    double events_with;
    double time_with;
    double events_without;
    double time_without;
};

struct RateRatio {
    std::optional<double> ratio;  // nothing where it is infinite or there are no events
    std::optional<double> low;
    std::optional<double> high;  // nothing where no ratio is too high
};

// The ratio of the two rates of events per time at risk, taken to be the same at every age, whatever the rates are: of
// the events at an age, each is with the thing with probability ratio * time_with / (ratio * time_with + time_without).
// The estimate is that of greatest likelihood, the interval that of the score test (N. E. Breslow and N. E. Day,
// Statistical Methods in Cancer Research II, 1987, sections 3.6 and 4.3); with one band these are the quotient of the
// rates and, through the share of the events with the thing, Wilson's interval. Bands without time on both sides say
// nothing. Times are positive or 0.
RateRatio rate_ratio(std::span<const RiskBand> bands, double confidence);

}  // namespace lead_scoring

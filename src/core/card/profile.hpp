// What types of leads are told by besides the score: captured at each move, and shown of the lead as it stands.
#pragma once

#include <optional>
#include <string>

#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace lead_scoring {

// JSON objects by the names of rules, in the encoding of these.
struct Profile {
    std::string points;      // of every rule within its bounds, and of every group, whose name goes before a rule's
    std::string times;       // how often every rule counted, as times_matched has it
    std::string days_since;  // the latest match of those that have matched
    std::optional<double> days_since_last;  // the latest event that counted; none: there was none
};

// As of `at`, or as of the card's clock where that is later. Requires a definition that keeps latest matches.
Profile profile(const Definition& definition, const Scorecard& card, Timestamp at);

}  // namespace lead_scoring

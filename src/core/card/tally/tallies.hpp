// The kinds of rules that there are.
#pragma once

#include "core/card/tally/decaying.hpp"
#include "core/card/tally/frequency.hpp"
#include "core/card/tally/kept.hpp"
#include "core/card/tally/limited.hpp"
#include "core/card/tally/quiet.hpp"
#include "core/card/tally/reached.hpp"
#include "core/card/tally/sum.hpp"

namespace lead_scoring {

// A rule is of the first kind that takes it.
inline constexpr const Tally* kTallies[] = {
    &kTally<Limited<Sum>>, &kTally<Limited<Decaying>>, &kTally<Limited<Kept>>,
    &kTally<Frequency>,    &kTally<Reached>,           &kTally<Quiet>,
    &kTally<Sum>,          &kTally<Decaying>,          &kTally<Kept>,
};

}  // namespace lead_scoring

// What is known of a lead at an instant. It is captured at each move, and shown of the lead as it stands.
#pragma once

#include "core/card/score.hpp"

namespace lead_scoring {

struct Features {
    Score score;
    Grade grade;
};

// The features as of `at`, or as of the card's clock where that is later.
Features features(const Definition& definition, const Scorecard& card, Timestamp at);

// The features of a lead of that score.
Features features(const Definition& definition, const Score& score);

}  // namespace lead_scoring

#include "core/card/features.hpp"

namespace lead_scoring {

Features features(const Definition& definition, const Scorecard& card, Timestamp at) {
    return features(definition, score_at(definition, card, at));
}

Features features(const Definition& definition, const Score& score) {
    return {score, definition.grade(score.fit, score.engagement)};
}

}  // namespace lead_scoring

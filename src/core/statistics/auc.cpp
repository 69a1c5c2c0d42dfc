#include "core/statistics/auc.hpp"

#include <algorithm>

#include "core/base/stop.hpp"

namespace lead_scoring {

std::size_t merge_scores(std::span<ScoreCount> counts) {
    if (counts.empty()) return 0;
    std::sort(counts.begin(), counts.end(),
              hearing([](const ScoreCount& a, const ScoreCount& b) { return a.score < b.score; }));
    std::size_t last = 0;
    for (std::size_t i = 1; i < counts.size(); ++i) {
        check_stop();
        if (counts[i].score == counts[last].score) {
            counts[last].converted += counts[i].converted;
            counts[last].others += counts[i].others;
        } else {
            counts[++last] = counts[i];
        }
    }
    return last + 1;
}

std::optional<double> area_under_curve(std::span<const ScoreCount> counts) {
    // Twice the number of pairs in the right order, with ties as halves: whole numbers, so exact.
    unsigned __int128 ordered = 0;
    std::int64_t converted = 0;
    std::int64_t others = 0;
    for (const ScoreCount& count : counts) {
        check_stop();
        ordered +=
            static_cast<unsigned __int128>(count.converted) * static_cast<unsigned __int128>(2 * others + count.others);
        converted += count.converted;
        others += count.others;
    }
    if (converted == 0 || others == 0) return std::nullopt;
    return static_cast<double>(ordered) / 2 / (static_cast<double>(converted) * static_cast<double>(others));
}

}  // namespace lead_scoring

#include "core/stages/bars.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/error.hpp"

namespace lead_scoring {

bool bars_event(const std::vector<Bar>& bars, int stage, Timestamp at) {
    return std::ranges::any_of(bars, [=](const Bar& bar) { return bar.stage == stage && at <= bar.since; });
}

bool bars_score(const std::vector<Bar>& bars, int stage) {
    return std::ranges::any_of(bars, [=](const Bar& bar) { return bar.stage == stage && bar.by_score; });
}

bool bars_time(const std::vector<Bar>& bars, int stage, Timestamp at) {
    return std::ranges::any_of(bars,
                               [=](const Bar& bar) { return bar.stage == stage && bar.by_time && at <= bar.since; });
}

std::vector<Bar> bars_after(const Definition& definition, int stage, std::span<const Timestamp> undone_at, bool held) {
    const Stage& standing = definition.stages[static_cast<std::size_t>(stage)];
    std::vector<Bar> bars;
    for (std::size_t i = 0; i < definition.stages.size(); ++i) {
        bool above = standing.detour || definition.stages[i].rank > standing.rank;
        Bar bar = {static_cast<int>(i), undone_at[i], held && above, held};
        if (bar.by_score || bar.since != kNever) bars.push_back(bar);
    }
    return bars;
}

std::string print(const std::vector<Bar>& bars, const Definition& definition) {
    std::string text;
    for (const Bar& bar : bars) {
        if (!text.empty()) text += ',';
        text += std::to_string(definition.stages[static_cast<std::size_t>(bar.stage)].id) + '@' +
                std::to_string(bar.since) + (bar.by_score ? "!" : "") + (bar.by_time ? "t" : "");
    }
    return text;
}

namespace {

[[noreturn]] void refuse() { throw Error(ErrorCode::CorruptData, "bars of a lead are no list of stages and times"); }

template <class Number>
Number take_number(std::string_view& text) {
    Number number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) refuse();
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::vector<Bar> parse_bars(std::string_view text, const Definition& definition) {
    std::vector<Bar> bars;
    while (!text.empty()) {
        auto id = take_number<std::size_t>(text);
        if (!take(text, '@')) refuse();
        auto since = take_number<Timestamp>(text);
        bool by_score = take(text, '!');
        bool by_time = take(text, 't');
        if (!text.empty() && !take(text, ',')) refuse();
        std::int32_t place = id < definition.stage_places.size() ? definition.stage_places[id] : kNoPlace;
        if (place != kNoPlace) bars.push_back({place, since, by_score, by_time});
    }
    return bars;
}

}  // namespace lead_scoring

// A definition that can be read is sound: what computes with it may rely on it. One that cannot is refused with a
// reason.
#include "core/base/error.hpp"
#include "core/card/definition_reader.hpp"
#include "core/card/fold.hpp"
#include "core/card/score.hpp"
#include "core/stages/lead.hpp"
#include "expect.hpp"

namespace lead_scoring::test {
namespace {

constexpr Timestamp kSomeTime = 757'382'400'000'000;

// A lead that matches every rule and stage, and then time passes.
void use(const Definition& definition) {
    std::vector<Match> matches;
    for (std::size_t i = 0; i < definition.rules.size(); ++i) {
        if (definition.rules[i].fit) continue;
        Match match;
        match.at = kSomeTime;
        match.target = static_cast<int>(i);
        match.points = units_of_points(definition.rules[i].points);
        matches.push_back(match);
    }
    for (std::size_t i = 0; i < definition.stages.size(); ++i) {
        Match match;
        match.at = kSomeTime;
        match.kind = MatchKind::Stage;
        match.target = static_cast<int>(i);
        matches.push_back(match);
    }
    std::sort(matches.begin(), matches.end());
    Lead lead;
    lead.stage.stage = definition.first_stage;
    std::vector<Transition> transitions;
    expect(fold_matches(definition, lead, matches, kSomeTime + 1, Moves::all(), transitions),
           "a new lead can be folded");
    std::string bytes;
    encode(lead.card, definition, bytes);
    Scorecard stored;
    decode(std::as_bytes(std::span(bytes)), stored);
    find_places(definition, stored);
    expect(stored == lead.card, "a card comes back by ids");
    for (Timestamp at : {kSomeTime + 1, kSomeTime * 2}) score_at(definition, lead.card, at);
}

void read(std::string_view json) {
    FullDefinition full;
    try {
        full = read_definition(json);
    } catch (const Error& error) {
        expect(error.code == ErrorCode::CorruptData || error.code == ErrorCode::NotSupported ||
                   error.code == ErrorCode::LimitExceeded,
               "what cannot be read is corrupt, of a newer format or too large");
        expect(!error.detail.empty() && !error.hint.empty(), "the error says where and what to do");
        return;
    }
    full.definition.check();
    expect(full.rules.size() == full.definition.rules.size(), "each rule has its texts");
    expect(full.stages.size() == full.definition.stages.size(), "each stage has its texts");
    for (std::size_t i = 0; i < full.rules.size(); ++i)
        expect(full.rules[i].event_type.has_value() != full.definition.rules[i].fit, "fit rules have no event type");
    if (full.rules.size() + full.stages.size() <= 100) use(full.definition);
}

}  // namespace
}  // namespace lead_scoring::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lead_scoring::test::read({reinterpret_cast<const char*>(data), size});
    return 0;
}

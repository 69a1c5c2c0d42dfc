#include "pg/server/postgres.hpp"

#include "pg/scoring/workspace.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/card/memory_bytes.hpp"
#include "pg/intake/plans.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "utils/palloc.h"
}

namespace lead_scoring {

namespace {

// One that nobody uses, kept because the lists of its card have room already. Set where a workspace's memory context
// ends, by an error too, and taken by the next make_workspace; whatever state it is in is overwritten when it is
// loaded.
Workspace* spare = nullptr;

// How much of that room there is, in bytes.
std::size_t held(const Workspace* workspace) {
    const Scorecard& card = workspace->lead.card;
    std::size_t bytes = workspace->card.capacity() + workspace->memory_bytes.capacity() +
                        workspace->next_memory_bytes.capacity() + workspace->memory.held_bytes() +
                        workspace->transitions.capacity() * sizeof(Transition) +
                        card.rules.capacity() * sizeof(RuleState) + card.pending.capacity() * sizeof(Match);
    for (const RuleState& state : card.rules) bytes += state.occurrences.held_bytes() + state.members.held_bytes();
    return bytes;
}

// All of a lead but its card, which is left to whoever reads the next one into it.
void forget(Lead& lead) {
    lead.stage = {};
    lead.seen_at = kNever;
    lead.due_at = kForever;
    lead.features = {};
}

void end_workspace(void* argument) {
    constexpr std::size_t kMostKept = 64 * 1024;
    auto* workspace = static_cast<Workspace*>(argument);
    if (spare != nullptr || held(workspace) > kMostKept) {
        delete workspace;
        return;
    }
    forget(workspace->lead);
    workspace->folding.reset();
    workspace->replay.reset();
    spare = workspace;
}

void reset(Workspace* workspace, const Version* version) {
    forget(workspace->lead);
    workspace->counted = false;
    workspace->account.clear();
    workspace->lead.stage.stage = version->definition->first_stage;
    workspace->transitions.clear();
    workspace->card.clear();
    workspace->remembered = false;
    workspace->memory_bytes.clear();
    workspace->grade.clear();
    workspace->has_bars = false;
    workspace->hands.clear();
    workspace->entered.assign(version->definition->stages.size(), kNever);
}

void read_card(const struct varlena* packed, Scorecard& card) {
    decode({reinterpret_cast<const std::byte*>(VARDATA_ANY(packed)), VARSIZE_ANY_EXHDR(packed)}, card);
}

// Moves are dated by the card's times: these must be instants that the server knows.
void require_times(const Scorecard& card) {
    bool known = card.clock == kNever || IS_VALID_TIMESTAMP(card.clock);
    for (const Match& match : card.pending) known &= IS_VALID_TIMESTAMP(match.at);
    if (!known) throw Error(ErrorCode::CorruptData, "scorecard has a time that is none");
}

}  // namespace

Workspace* make_workspace() {
    auto* callback = static_cast<MemoryContextCallback*>(palloc0(sizeof(MemoryContextCallback)));
    auto* workspace = run_cpp([] { return spare != nullptr ? std::exchange(spare, nullptr) : new Workspace; });
    callback->func = end_workspace;
    callback->arg = workspace;
    MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
    return workspace;
}

bool load_lead(Workspace* workspace, const Version* version, const ScoreRow& row) {
    int stage = find_stage(version, row.stage_name);
    return run_cpp_if_sound([&] {
        reset(workspace, version);
        Lead& lead = workspace->lead;
        if (row.card != nullptr) {
            read_card(row.card, lead.card);
            require_times(lead.card);
        } else {
            lead.card.clear();
            lead.card.clock = row.settled_to;
        }
        if (row.version == version->number) find_places(*version->definition, lead.card, ErrorCode::CorruptData);
        workspace->counted = row.counted;
        if (row.account != nullptr) workspace->account = row.account;
        // Who has no move that stands is where leads begin, which may be another stage in this version.
        if (stage != kNoStage && row.stage_since != kNever) lead.stage.stage = stage;
        lead.stage.since = row.stage_since;
        lead.stage.seq = row.stage_seq;
        lead.stage.armed = row.stage_armed;
        workspace->has_bars = row.barred != nullptr;
        if (workspace->has_bars) lead.stage.barred = parse_bars(row.barred, *version->definition);
        lead.seen_at = row.scored_at;
        lead.due_at = row.due_at;
    });
}

void load_entries(Workspace* workspace, const AsOwner& as, const Version* version, Datum key, bool latest) {
    if (workspace->lead.stage.seq == 0) return;
    MemoryContext caller = CurrentMemoryContext;
    if (SPI_execute_plan(plan(as, PlanName::LeadEntries), &key, nullptr, !latest, 0) < 0)
        elog(ERROR, "cannot read transitions");
    for (uint64 i = 0; i < SPI_processed; ++i) {
        ResultRow row{i};
        int stage = find_stage(version, row.text(1));
        int64 at = row.integer(2, kNever);
        if (stage == kNoStage || at == kNever) continue;
        run_cpp([&] {
            auto& entries = workspace->lead.stage.last_entry;
            entries.resize(version->definition->stages.size(), kNever);
            entries[static_cast<std::size_t>(stage)] = at;
        });
    }
    SPI_freetuptable(SPI_tuptable);
    MemoryContextSwitchTo(caller);
}

void load_hands(Workspace* workspace, const AsOwner& as, const Version* version, Datum key, Timestamp superseded_at) {
    Datum values[] = {key, Int64GetDatum(superseded_at)};
    MemoryContext caller = CurrentMemoryContext;
    if (SPI_execute_plan(plan(as, PlanName::HandMoves), values, nullptr, false, 0) < 0)
        elog(ERROR, "cannot read transitions");
    SPITupleTable* rows = SPI_tuptable;
    MemoryContext connected = MemoryContextSwitchTo(caller);
    workspace->hand_rows = static_cast<HandRow*>(palloc(sizeof(HandRow) * static_cast<Size>(SPI_processed + 1)));
    std::size_t count = 0;
    for (uint64 i = 0; i < SPI_processed; ++i) {
        ResultRow row{i};
        int stage = find_stage(version, row.text(1));
        if (stage == kNoStage) continue;
        workspace->hand_rows[count++] = {row.text(3), row.text(4)};
        int64 at = row.integer(2, kNever);
        run_cpp([&] { workspace->hands.push_back({at, stage}); });
    }
    MemoryContextSwitchTo(connected);
    SPI_freetuptable(rows);
    MemoryContextSwitchTo(caller);
}

void load_card(Workspace* workspace, const Version* version, const struct varlena* card) {
    run_cpp([&] {
        reset(workspace, version);
        read_card(card, workspace->lead.card);
        find_places(*version->definition, workspace->lead.card);
    });
}

void load_new_lead(Workspace* workspace, const Version* version) {
    run_cpp([&] {
        reset(workspace, version);
        workspace->lead.card.clear();
    });
}

namespace {

// Adds what events tell; `matches` and `touches` are a portion of what was found.
void remember(Workspace* workspace, const Version* version, std::span<const Match> matches,
              std::span<const FoundTouch> touches) {
    Memory& memory = workspace->memory;
    for (const Match& match : matches)
        if (match.kind == MatchKind::Rule)
            memory.match(version->definition->rules[static_cast<std::size_t>(match.target)].id, match.at);
    for (const FoundTouch& touch : touches) memory.touch(touch.at, touch.names, version->touches.most);
}

std::span<const std::byte> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// Adds to `first` those of the matches, which are sorted, that are the first of their rules. False where the card
// cannot tell: all that it has counted lies before its clock.
bool find_first_matches(const Version* version, const Scorecard& card, std::span<const Match> matches,
                        std::vector<FirstMatch>& first) {
    if (card.reset_at != kNever) return false;  // what came before it is remembered, and not counted
    for (const Match& match : matches) {
        if (match.kind != MatchKind::Rule) continue;
        auto place = static_cast<std::size_t>(match.target);
        bool counted = card.count(place) > 0;
        if (counted && match.at >= card.clock) continue;
        if (counted || !card.pending.empty()) return false;
        std::size_t rule = version->definition->rules[place].id;
        if (std::ranges::find(first, rule, &FirstMatch::rule) == first.end()) first.push_back({rule, match.at});
    }
    return true;
}

// Puts what was found before what the stored memory has, the earliest first, in the memory's bytes. False, and nothing
// is changed, where that is not all there is to do.
bool put_found_first(Workspace* workspace, const Version* version, const LeadFindings& found,
                     std::span<const std::byte> stored) {
    constexpr std::size_t kFew = 16;
    if (found.rest != nullptr || found.touches.size() > kFew || !is_newest(stored, found.first_at)) return false;
    std::vector<FirstMatch>& first = workspace->first_matches;
    first.clear();
    if (!find_first_matches(version, workspace->lead.card, found.matches, first)) return false;

    std::string& bytes = workspace->memory_bytes;
    std::string& next = workspace->next_memory_bytes;
    auto match = first.begin();
    auto touch = found.touches.begin();
    while (match != first.end() || touch != found.touches.end()) {
        NewEvent event;
        event.at =
            std::min(match == first.end() ? kForever : match->at, touch == found.touches.end() ? kForever : touch->at);
        if (touch != found.touches.end() && touch->at == event.at) event.names = (touch++)->names;
        workspace->new_rules.clear();
        for (; match != first.end() && match->at == event.at; ++match) workspace->new_rules.push_back(match->rule);
        std::ranges::sort(workspace->new_rules);
        event.rules = workspace->new_rules;
        next.clear();
        switch (put_first(bytes.empty() ? stored : bytes_of(bytes), event, version->touches.most, next)) {
            case EventEffect::Unknown:
                bytes.clear();
                return false;
            case EventEffect::None:
                break;
            case EventEffect::PutFirst:
                bytes.swap(next);
                break;
        }
    }
    return true;
}

}  // namespace

bool remember_found(Workspace* workspace, const Version* version, const LeadFindings& found,
                    const struct varlena* stored) {
    std::span<const std::byte> bytes;
    if (stored != nullptr) {
        const struct varlena* packed = PG_DETOAST_DATUM_PACKED(PointerGetDatum(stored));
        bytes = {reinterpret_cast<const std::byte*>(VARDATA_ANY(packed)), VARSIZE_ANY_EXHDR(packed)};
    }
    bool done = false;
    bool sound = run_cpp_if_sound([&] {
        done = stored != nullptr && put_found_first(workspace, version, found, bytes);
        if (done) return;
        workspace->memory.clear();
        if (stored != nullptr) decode(bytes, workspace->memory);
    });
    if (!sound || done) return sound;
    run_cpp([&] { workspace->memory.see(found.first_at); });
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);)
        run_cpp([&] { remember(workspace, version, matches, reader.touches()); });
    workspace->remembered = true;
    return true;
}

void take_row(Workspace* workspace, const LeadFindings& found) {
    workspace->counted = is_counted(found);
    if (found.account.empty() && workspace->account.empty()) return;
    run_cpp([&] { workspace->account = found.account; });
}

void replay(Workspace* workspace, const Version* version, const LeadFindings& found, Until until, Moves moves,
            Timestamp came_at) {
    take_row(workspace, found);
    workspace->remembered = version->touches.remembers;
    LeadFacts facts = facts_of(found, came_at);
    facts.hands = workspace->hands;
    run_cpp([&] {
        workspace->memory.clear();
        workspace->memory.see(found.first_at);
        workspace->memory_bytes.clear();
        workspace->replay.emplace(*version->definition, workspace->lead, facts, until, moves, workspace->transitions);
    });
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);)
        run_cpp([&] {
            workspace->replay->add(matches);
            if (workspace->remembered) remember(workspace, version, matches, reader.touches());
        });
    run_cpp([&] { workspace->replay->finish(); });
}

bool fold_found(Workspace* workspace, const Version* version, const LeadFindings& found, Timestamp now, Moves moves) {
    const Definition& definition = *version->definition;
    if (found.rest == nullptr)
        return run_cpp([&] {
            return fold_matches(definition, workspace->lead, found.matches, now, moves, workspace->transitions);
        });
    run_cpp([&] { workspace->folding.emplace(definition, workspace->lead, now, moves, workspace->transitions); });
    MatchReader reader(found);
    for (std::span<const Match> matches; reader.next(&matches);)
        if (!run_cpp([&] { return workspace->folding->add(matches); })) return false;
    return run_cpp([&] { return workspace->folding->finish(); });
}

void finish_lead(Workspace* workspace, const Version* version) {
    run_cpp([&] {
        const Lead& lead = workspace->lead;
        workspace->card.clear();
        encode(lead.card, *version->definition, workspace->card);
        if (workspace->remembered) {
            workspace->memory_bytes.clear();
            encode(workspace->memory, workspace->memory_bytes);
        }
        if (workspace->has_bars) workspace->barred = print(lead.stage.barred, *version->definition);
        Grade grade = lead.features.grade;
        if (version->definition->has_grade(grade)) workspace->grade = version->definition->label(grade);
        for (const Transition& transition : workspace->transitions) {
            Timestamp& entered = workspace->entered[static_cast<std::size_t>(transition.to)];
            if (entered == kNever) entered = transition.at;
        }
    });
}

ScoreUpdate score_update(const Workspace* workspace, const Version* version, const ScoreRow& row) {
    const Lead& lead = workspace->lead;
    ScoreUpdate row_update = {};
    row_update.card = workspace->card.data();
    row_update.card_size = workspace->card.size();
    if (!workspace->memory_bytes.empty()) {
        row_update.memory = workspace->memory_bytes.data();
        row_update.memory_size = workspace->memory_bytes.size();
    }
    row_update.forgets = !version->touches.remembers;
    row_update.score = points_of_units(lead.features.score.total);
    row_update.engagement = points_of_units(lead.features.score.engagement);
    row_update.fit = points_of_units(lead.features.score.fit);
    row_update.grade = workspace->grade.empty() ? nullptr : workspace->grade.c_str();
    row_update.version = version->number;
    row_update.stage_name = version->stages[lead.stage.stage].name;
    row_update.stage_since = lead.stage.since;
    row_update.stage_seq = lead.stage.seq;
    row_update.stage_armed = lead.stage.armed;
    row_update.barred = workspace->has_bars ? workspace->barred.c_str() : nullptr;
    row_update.counted = workspace->counted;
    row_update.account = workspace->account.empty() ? nullptr : workspace->account.c_str();
    row_update.scored_at = lead.seen_at;
    row_update.due_at = lead.due_at;
    row_update.entered = workspace->entered.data();
    row_update.entered_before = row.restored ? row.entered : nullptr;
    return row_update;
}

const char* grade_label(const Version* version, Grade grade) {
    if (!version->definition->has_grade(grade)) return nullptr;
    auto label_of = [](const std::vector<Band>& bands, int band) {
        return band == kNoBand ? "" : bands[static_cast<std::size_t>(band)].label.c_str();
    };
    return psprintf("%s%s", label_of(version->definition->fit_bands, grade.fit),
                    label_of(version->definition->engagement_bands, grade.engagement));
}

const char* cause_name(Cause cause) {
    switch (cause) {
        case Cause::Event:
            return "event";
        case Cause::Attribute:
            return "attribute";
        case Cause::Time:
            return "time";
        case Cause::Manual:
            return "manual";
        case Cause::Publish:
            return "publish";
        case Cause::Identity:
            return "identity";
    }
    return "";
}

}  // namespace lead_scoring

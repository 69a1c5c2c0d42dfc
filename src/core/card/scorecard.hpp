// A lead's whole scoring state: what is needed to fold further events exactly and to tell the score at any later time.
//
// A card is a function of the set of counted events, the lead's attributes and its adjustments, not of the order in
// which they arrived; two equal sets give equal bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/units.hpp"
#include "core/card/exponential_sum.hpp"
#include "core/card/members.hpp"
#include "core/card/occurrences.hpp"

namespace lead_scoring {

struct Definition;

// What a card remembers of one rule. `closed` are the counted occurrences but those of the latest bucket.
struct RuleState {
    std::size_t rule = 0;  // its place in the definition; its id where the card is as stored
    std::int64_t closed_count = 0;
    WideUnits closed_sum = 0;        // decay none
    ExponentialSum closed_decaying;  // decay exponential
    Occurrences occurrences;         // decay linear, step, window: the latest max_occurrences that still live
    std::int64_t bucket = 0;         // limited rules: the latest bucket, and
    Members members;                 // its counted occurrences
    Timestamp since = kNever;  // frequency: the first time it was reached, where that is kept; silence: its beginning,
                               // the latest match where closed_count is 1

    std::int64_t count() const { return closed_count + static_cast<std::int64_t>(members.size()); }
    bool operator==(const RuleState&) const = default;
};

// One match of an event: a rule that gives points, or a stage that is entered at once, by itself or by an entry.
enum class MatchKind : std::int32_t { Rule, Stage };

struct Match {
    Timestamp at = 0;
    MatchKind kind = MatchKind::Rule;
    std::int32_t target = 0;  // index of the rule or door
    Units points = 0;
    std::int64_t bucket = 0;
    std::uint64_t key = 0;

    // By time; at equal times rules before stages, larger points first, lower target (rule, rank) first.
    friend bool operator<(const Match& a, const Match& b);
    bool operator==(const Match&) const = default;
};

struct Adjustment {
    Units points = 0;
    Timestamp expires_at = kForever;  // exclusive
    friend auto operator<=>(const Adjustment&, const Adjustment&) = default;
};

// When a rule was matched last, by what counts within its limits or not.
struct LatestMatch {
    std::size_t rule = 0;  // named as in a card
    Timestamp at = kNever;
    bool operator==(const LatestMatch&) const = default;
};

struct Scorecard {
    // A card keeps at most this many future events; where there are more, `pending_more` says that the log has them.
    static constexpr std::size_t kMaxPending = 256;

    Timestamp clock = kNever;             // time of the latest counted event
    std::vector<std::size_t> fit;         // fit rules that match the lead's attributes, rising, named as those below
    bool left_out = false;                // by its attributes the lead is none that counts: it enters no stage
    Timestamp reset_at = kNever;          // rules count the matches after it alone
    std::vector<Adjustment> adjustments;  // sorted
    std::vector<RuleState> rules;         // by rule
    std::vector<LatestMatch> latest;      // by rule, where the definition keeps them
    std::vector<Match> pending;           // future events, sorted: the earliest
    bool pending_more = false;

    // What the card remembers of a rule, named as in `rules`. Null: nothing.
    RuleState* find(std::size_t rule);
    const RuleState* find(std::size_t rule) const { return const_cast<Scorecard*>(this)->find(rule); }
    RuleState& find_or_add(std::size_t rule);
    // Adds a match of the rule to the latest ones.
    void note_latest(std::size_t rule, Timestamp at);
    // How often the rule has counted.
    std::int64_t count(std::size_t rule) const;
    // As a new card is, but with the room of its lists.
    void clear();

    bool operator==(const Scorecard&) const = default;
};

// A stored card names rules and stages by their ids, which they keep from version to version; one that is computed with
// names them by their places in a definition.

// Storage form: a version byte and variable-length integers. Both append to `to`: the first the card as it is, the
// second one that names by places, which are replaced by the definition's ids.
void encode(const Scorecard& card, std::string& to);
void encode(const Scorecard& card, const Definition& definition, std::string& to);
// Overwrites the card; one that was used before has room in its lists. Throws an Error of `code` where the bytes are no
// card, and leaves it half-read.
void decode(std::span<const std::byte> from, Scorecard& card, ErrorCode code = ErrorCode::CorruptData);
// Reads clock, fit and left_out alone, and looks no further; what else the card has is not to be used.
void decode_fit(std::span<const std::byte> from, Scorecard& card, ErrorCode code = ErrorCode::CorruptData);

// Makes a card as it was decoded one to compute with: its ids become places of the definition, which is complete.
// Throws an Error of `code` where the definition has no such rule or stage, and leaves the card half-changed.
void find_places(const Definition& definition, Scorecard& card, ErrorCode code = ErrorCode::InvalidParameter);

// Text form, readable and exact, with the same two ways to name: decode(encode(x)) and parse(print(x)) give x.
std::string print(const Scorecard& card);
std::string print(const Scorecard& card, const Definition& definition);
// Throws InvalidText where the text is no card.
Scorecard parse(std::string_view text);

}  // namespace lead_scoring

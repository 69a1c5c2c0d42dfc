// The definition of a model, as the core needs it: rules, groups, bands and stages, without their conditions,
// which the server evaluates.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/units.hpp"
#include "core/card/decay.hpp"
#include "core/card/working_time.hpp"

namespace lead_scoring {

inline constexpr std::size_t kMostOccurrences = 100'000;
inline constexpr std::size_t kMostAtLeast = 1000;

// Inclusive bounds; either may be missing.
struct Bounds {
    std::optional<Units> min;
    std::optional<Units> max;

    Units clamp(Units value) const {
        if (min && value < *min) return *min;
        if (max && value > *max) return *max;
        return value;
    }
    bool empty() const { return !min && !max; }
};

struct Group {
    std::string name;
    bool fit = false;  // else engagement
    Bounds bounds;
};

struct Tally;

// Rules and stages have an id each, by which cards name them. It is never another's, in no version of the model.
inline constexpr std::size_t kNoId = static_cast<std::size_t>(-1);
inline constexpr std::int32_t kNoPlace = -1;

struct Rule {
    std::size_t id = kNoId;
    std::string name;
    std::size_t group = 0;
    double points = 0;
    bool fit = false;              // matched by the lead's attributes: no decay, no limit
    bool varying = false;          // `per` multiplies the points
    const Tally* tally = nullptr;  // its kind, which follows from the rest: complete() chooses it
    Microseconds lifetime = 0;     // how long after an occurrence it may still change by itself, as its kind says
    Decay decay;
    Bounds bounds;
    std::size_t limit_count = 0;  // counted occurrences a bucket (and key); 0: no limit
    std::size_t max_keys = 1000;
    std::size_t max_occurrences = 1000;  // at most kMostOccurrences
    std::size_t at_least = 0;            // matches, or values of a key, that must lie within...; 0: each counts
    Microseconds within = 0;             // so long
    bool distinct = false;               // values of a key rather than matches
    bool keep = false;                   // from the first time on at which they did
    Microseconds quiet_for = 0;          // the latest match must be older; 0: each counts
    bool rises = false;                  // time alone may lift what it gives, or how often it counts

    bool limited() const { return limit_count > 0; }
};

struct Band {
    std::string label;
    Units min = 0;
};

struct Requirement {
    std::size_t rule = 0;
    std::int64_t count = 1;
};

inline constexpr int kNoBand = -1;
inline constexpr int kNoStage = -1;
inline constexpr int kNoRule = -1;
inline constexpr int kNoEntry = -1;

// Bands of the two axes; kNoBand where the axis has none or the value lies under the lowest.
struct Grade {
    int fit = kNoBand;
    int engagement = kNoBand;
    bool operator==(const Grade&) const = default;
};

struct Stage {
    std::size_t id = kNoId;
    std::string name;
    int rank = 0;
    bool detour = false;
    bool exit_by_hand = false;  // detours: only a hand leads out
    std::optional<Units> min_score, min_engagement, min_fit, falls_below;
    std::vector<std::string> grades;
    std::vector<Requirement> required;
    std::optional<Microseconds> within;
    std::optional<WorkingSpan> working_within;  // in place of it: counted in working time
    int timeout_stage = kNoStage;
    Microseconds cooldown = 0;
    // Derived: its entries are those of the definition from the first place on and before the second.
    std::size_t entries_from = 0, entries_to = 0;

    bool has_service_level() const { return within || working_within; }

    // Whether an entry is handed over, so often at most and unless it is older; and the stages that a decision leads
    // to.
    bool hand_off = false;
    int max_attempts = 5;
    Microseconds hand_off_max_age = 7 * Microseconds{86400} * 1000000;
    int accepted_stage = kNoStage;
    int rejected_stage = kNoStage;

    // Without any of these a stage is entered by event, time or hand only, or by an entry.
    bool entered_by_score() const {
        return !detour && (min_score || min_engagement || min_fit || !grades.empty() || !required.empty());
    }
};

// A further way into a stage, by conditions that all hold or by an event: the stage has its own, and any will do.
struct StageEntry {
    std::size_t id = kNoId;
    std::string name;
    int stage = kNoStage;
    std::optional<Units> min_score, min_engagement, min_fit;
    std::vector<std::string> grades;
    std::vector<Requirement> required;

    bool entered_by_score() const {
        return min_score || min_engagement || min_fit || !grades.empty() || !required.empty();
    }
    // A stage that asks for the same.
    Stage as_stage() const {
        return {.min_score = min_score,
                .min_engagement = min_engagement,
                .min_fit = min_fit,
                .grades = grades,
                .required = required};
    }
};

// Throws CorruptData, for a definition that cannot be used: `detail` says why.
[[noreturn]] void refuse_definition(const std::string& detail);

struct Definition {
    static constexpr std::size_t kMaxRules = 65536;  // and stages; ids are below it

    Bounds bounds;
    Microseconds future_tolerance = 0;
    std::vector<Group> groups;
    std::vector<Rule> rules;                        // by rising id
    std::vector<Band> fit_bands, engagement_bands;  // by rising min
    std::vector<Stage> stages;                      // by rising rank
    WorkingTime working_time;                       // that service levels count in
    std::vector<StageEntry> entries;                // by the places of their stages

    bool keeps_latest = false;  // of each rule when it was matched last, which types of leads ask for

    // Throws CorruptData where the above is nothing that publish() lets through. All else here, and whatever computes
    // with a definition, requires that it was called.
    void check() const;

    // Derives what the fields below tell; to be called once, when all the above is filled, and before anything is
    // computed. Rules, stages and entries without an id are given the next ones. Throws LimitExceeded for more of them
    // than kMaxRules, CorruptData where ids are not as said above.
    void complete();
    // The same, with other kinds of rules than the usual ones.
    void complete(std::span<const Tally* const> kinds);

    int first_stage = kNoStage;    // the progress stage of least rank
    bool rises_by_itself = false;  // time alone may lift a score or open a stage: negative decaying points, cooldowns
    bool has_cooldown = false;
    bool has_opposites = false;              // exponentially decaying points of both signs are possible
    std::vector<std::int32_t> rule_places;   // by id: its place among the rules, or kNoPlace
    std::vector<std::int32_t> stage_places;  // the same of stages
    std::vector<std::int32_t> entry_places;  // and of entries
    std::vector<std::size_t> offset_rules;   // rules whose bounds give points to a lead that never matched them
    std::vector<std::size_t> quiet_rules;    // those that may give points to a lead that never matched them, in time
    bool has_rising = false;                 // one rises

    std::span<const StageEntry> entries_of(const Stage& stage) const {
        return std::span(entries).subspan(stage.entries_from, stage.entries_to - stage.entries_from);
    }
    // An event leads to a door: into a stage by itself, or by an entry. Doors are numbered as the stages are, and the
    // entries after them.
    int door_count() const { return static_cast<int>(stages.size() + entries.size()); }
    int entry_of_door(int door) const {
        int stage_count = static_cast<int>(stages.size());
        return door < stage_count ? kNoEntry : door - stage_count;
    }
    int stage_of_door(int door) const {
        int entry = entry_of_door(door);
        return entry == kNoEntry ? door : entries[static_cast<std::size_t>(entry)].stage;
    }

    // The bands that the points lie in.
    Grade grade(Units fit, Units engagement) const;
    // False where the grade is none (an axis has bands but none applies, or there are no bands at all).
    bool has_grade(Grade grade) const;
    // Requires has_grade: the labels of both axes, fit first.
    std::string label(Grade grade) const;
};

}  // namespace lead_scoring

// The C++ objects in which one lead is computed. They live on the C++ heap, owned by a memory context, and are touched
// inside run_cpp only; what they hold is handed to the server as plain pointers.
#pragma once

#include "pg/server/postgres.hpp"

#include <optional>

#include "core/reading/replay.hpp"
#include "pg/intake/findings.hpp"
#include "pg/model/as_owner.hpp"
#include "pg/scoring/score_row.hpp"

namespace lead_scoring {

// Who moved a lead by hand, and why; in the memory context of the lead.
struct HandRow {
    const char* actor;
    const char* reason;  // null: not given
};

struct Workspace {
    Lead lead;
    bool counted;                   // the leads table has it, and it is not left out
    std::string account;            // whose it is; empty: nobody's
    Memory memory;                  // of reports, where `remembered`
    bool remembered;                // made anew, or changed otherwise than in its bytes
    std::string memory_bytes;       // encoded; empty: as it is stored
    std::string next_memory_bytes;  // these and the next two are of use while they are made
    std::vector<FirstMatch> first_matches;
    std::vector<std::size_t> new_rules;
    std::optional<Folding> folding;  // of a lead whose matches do not come all at once
    std::optional<Replay> replay;
    std::vector<Transition> transitions;
    std::vector<const char*> move_types;  // of these, where the version has types of leads; null: none
    std::vector<int> named_stages;        // by events of visitors that became the lead
    std::string card;                     // encoded
    std::string grade;                    // label; empty: none
    std::string barred;                   // printed, where moves of the lead were taken back
    bool has_bars;
    std::vector<HandMove> hands;     // of a replay, to be made again
    HandRow* hand_rows;              // of these
    std::vector<Timestamp> entered;  // of each stage, by the transitions above
};

// A workspace until the current memory context is reset. Its lead has to be loaded, by one of the load_ functions that
// follow, before anything else.
Workspace* make_workspace();

// Loads the stored row. A stage that the version does not have counts as its first one; without a card, all that is
// settled is behind the lead. False where the card cannot be read, or is not one of the row's version: the lead is
// half-loaded then. A card of another version names its rules by ids still, and has to be made anew.
[[nodiscard]] bool load_lead(Workspace* workspace, const Version* version, const ScoreRow& row);

// Adds the lead's latest entries into stages from its history, under the active snapshot, or the latest one,
// which sees what this command has taken back. Cooldowns ask for them, and so does whoever moves a lead at an instant
// at which it has moved before.
void load_entries(Workspace* workspace, const AsOwner& as, const Version* version, Datum key, bool latest);

// Adds the moves by hand that a replay superseded at that time, but for those into stages that are no more.
void load_hands(Workspace* workspace, const AsOwner& as, const Version* version, Datum key, Timestamp superseded_at);

// Loads a lead of which nothing is known but its card. Raises XX001 where the card cannot be read, 22023 where it is
// not of the version.
void load_card(Workspace* workspace, const Version* version, const struct varlena* card);

// Loads a lead of which nothing is known yet.
void load_new_lead(Workspace* workspace, const Version* version);

// Adds what was found to the lead's memory. To be called before its card takes it up, which tells what is new. False,
// and nothing is changed, where the stored memory cannot be read: it must be made anew.
[[nodiscard]] bool remember_found(Workspace* workspace, const Version* version, const LeadFindings& found,
                                  const struct varlena* stored);

// Makes the lead's card and memory anew from all there is of the lead, which is what was found. `came_at`: as facts
// have it.
void replay(Workspace* workspace, const Version* version, const LeadFindings& found, Until until, Moves moves,
            Timestamp came_at = kNever);

// Takes over what the lead's row in the leads table, as it was found, says besides its attributes.
void take_row(Workspace* workspace, const LeadFindings& found);

// Folds all matches that were found into the lead. False as fold_matches has it: the card must be made anew.
[[nodiscard]] bool fold_found(Workspace* workspace, const Version* version, const LeadFindings& found, Timestamp now,
                              Moves moves);

// Encodes the lead's card and memory and derives what the row shows besides: grade, entries into stages.
void finish_lead(Workspace* workspace, const Version* version);

// What is to be written of the finished lead, whose row that was.
ScoreUpdate score_update(const Workspace* workspace, const Version* version, const ScoreRow& row);

// The label of a grade in the current memory context; null where there is none.
const char* grade_label(const Version* version, Grade grade);

const char* cause_name(Cause cause);

}  // namespace lead_scoring

// What a statement's rows say of the leads, collected and sorted by lead and time.
//
// Small statements stay in arrays; large ones go through the server's tuplesort, which spills to disk. Of a lead with
// many matches only a portion is in memory at a time.
#pragma once

#include "pg/server/postgres.hpp"

#include <limits>
#include <span>
#include <type_traits>

#include "core/card/memory.hpp"
#include "core/reading/replay.hpp"
#include "pg/model/lead_key.hpp"

namespace lead_scoring {

enum class FindingKind : int32 {
    Stored,      // the lead has a row of state
    Seen,        // an event of the lead was there, at match.at where that is a time
    Known,       // the lead itself was there
    Created,     // it came at match.bucket
    LeftOut,     // the condition of those that count does not hold for it
    Account,     // it is of an account: match.points is the number of its name
    Fit,         // a fit rule, match.target, matches the lead's attributes
    Adjustment,  // match.points by hand, until match.bucket
    Reset,       // its engagement was reset at match.bucket
    Match,       // an event matched
    Id,          // an event has an id that counts once: see FoundId
    Touch,       // an event named something: match.points, .bucket and .key are numbers of its channel, asset, campaign
    TakenBack,   // an event of the lead was changed or removed
    Identified,  // a visitor became the lead, or ceased to be
    Removed,     // the lead was deleted, or has another key now
};

// `match.at` is kNever of all but what events say, which is given out after everything else there is of the lead.
struct Finding {
    Datum key;
    FindingKind kind;
    Match match;
};

struct Findings;

// The id of an event, once for each stage that the event names.
struct FoundId {
    std::string_view id;  // its bytes, without a length; of a type that is passed by value the Datum's
    Timestamp at;
    int32 source;  // place among the version's
    int32 stage;   // kNoStage: none
    bool again;    // it is that of the same event as another, which names another stage
};

// What an event named, in UTF-8.
struct FoundTouch {
    Timestamp at;
    EventNames names;
};

// All findings of one lead.
struct LeadFindings {
    Datum key;
    bool known;  // Known was among them; then fit is complete
    bool left_out;
    std::string_view account;    // whose it is; empty: nobody's
    Timestamp created = kNever;  // when it came; kNever: nothing says
    bool seen;                   // Seen or a match was
    bool taken_back;
    bool identified;
    bool removed;
    std::span<const std::size_t> fit;
    std::span<const Adjustment> adjustments;
    std::span<const Timestamp> resets;    // of its engagement, sorted
    Timestamp first_at = kForever;        // of its earliest event; kForever: none has a time
    std::span<const Match> matches;       // sorted: all, or the first ones of many
    std::span<const FoundTouch> touches;  // by time, likewise
    std::span<const FoundId> ids;         // all
    Findings* rest;                       // where the others are; null: there are none
};

// Whether the leads table or the log names the lead.
inline bool is_known(const LeadFindings& lead) { return lead.known || lead.seen; }

// Whether it is one of the leads that reports count.
inline bool is_counted(const LeadFindings& lead) { return lead.known && !lead.left_out; }

// What its row says, where it was read. Of a lead without attributes no fit rule matches.
inline Attributes attributes_of(const LeadFindings& lead) {
    if (!lead.known) return {{}, lead.left_out};
    return {lead.fit, lead.left_out, lead.created};
}

// When it came, as its row says it; kNever where that does not, or speaks of a time after `now`.
inline Timestamp created_by(const LeadFindings& lead, Timestamp now) {
    return lead.created <= now ? lead.created : kNever;
}

// All there is of it but matches, where it was all read.
inline LeadFacts facts_of(const LeadFindings& lead, Timestamp came_at) {
    return {attributes_of(lead), lead.adjustments, came_at, lead.resets};
}

// Gives out all matches and touches of the lead that next_lead gave out last, in order, a portion at a time. One at a
// time.
class MatchReader {
  public:
    explicit MatchReader(const LeadFindings& lead) : lead_(lead) {}
    // False where there are no more. The portion, which may be of touches alone, is valid until the next call.
    bool next(std::span<const Match>* portion);
    // The touches of the portion.
    std::span<const FoundTouch> touches() const { return touches_; }

  private:
    std::span<const FoundTouch> touches_;
    const LeadFindings& lead_;
    int portions_ = 0;
};

// Lives in the current memory context, with what is added.
Findings* make_findings(const KeyType& key);
// Lets as much stay in memory as maintenance may take, where that is more than a statement may.
void allow_maintenance_memory(Findings* findings);
// The number by which a touch names something, 0 for nothing. Valid until `forget_names`, which is to be called
// whenever all touches that use such numbers are added: it gives their memory back as soon as no finding needs them.
uint32 number_of_name(Findings* findings, std::string_view name);
void forget_names(Findings* findings);
// What add_finding takes for an id, which number_of_name knows by that number.
Match match_of_id(uint32 number, const FoundId& id);
// In any order, before sort_findings. Copies the key.
void add_finding(Findings* findings, const Finding& finding);
// To be called once, before reading. After it nothing is added.
void sort_findings(Findings* findings);
// Back to the first lead; may be called any number of times.
void rewind_findings(Findings* findings);
// The next lead by key, valid until the next call. False where there are no more.
bool next_lead(Findings* findings, LeadFindings* lead);
// How many leads there are, to be asked after sorting; kManyLeads where it takes reading them all to tell.
inline constexpr std::size_t kManyLeads = std::numeric_limits<std::size_t>::max();
std::size_t estimate_leads(const Findings* findings);
// Whether nothing was added.
bool is_empty(const Findings* findings);
// Whether no more than one lead was found; to be asked after sorting.
bool has_single_lead(const Findings* findings);
// Gives back what the memory context would not: to be called wherever no error is raised.
void free_findings(Findings* findings);

// Sorts what was added, calls use(lead) with what there is of the only lead, and frees the findings. Where nothing was
// added, the lead is one of which nothing is known, without a key.
template <class Use>
auto use_single(Findings* findings, Use use) {
    sort_findings(findings);
    rewind_findings(findings);
    LeadFindings lead;
    next_lead(findings, &lead);
    if constexpr (std::is_void_v<std::invoke_result_t<Use, const LeadFindings&>>) {
        use(lead);
        free_findings(findings);
    } else {
        auto result = use(lead);
        free_findings(findings);
        return result;
    }
}

}  // namespace lead_scoring

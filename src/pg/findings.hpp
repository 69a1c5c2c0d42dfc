// What a statement's rows say of the leads, collected and sorted by lead and time.
//
// Small statements stay in an array; large ones go through the server's tuplesort, which spills to disk.
#pragma once

#include "pg/postgres.hpp"

#include <limits>

#include "core/scorecard.hpp"
#include "pg/lead_key.hpp"

namespace lead_scoring {

enum class FindingKind : int32 {
    Stored,      // the lead has a row of state
    Seen,        // an event of the lead was there
    Known,       // the lead itself was there
    Fit,         // a fit rule, match.target, matches the lead's attributes
    Adjustment,  // match.points by hand, until match.at
    Match,       // an event matched
    TakenBack,   // an event of the lead was changed or removed
    Removed,     // the lead was deleted, or has another key now
};

struct Finding {
    Datum key;
    FindingKind kind;
    Match match;
};

// All findings of one lead.
struct LeadFindings {
    Datum key;
    bool known;  // Known was among them; then fit is complete
    bool seen;   // Seen or a match was
    bool taken_back;
    bool removed;
    const std::size_t* fit;
    std::size_t fit_count;
    const Adjustment* adjustments;
    std::size_t adjustment_count;
    const Match* matches;  // sorted
    std::size_t match_count;
};

struct Findings;

// Lives in the current memory context.
Findings* make_findings(const KeyType& key);
// Lets more bytes stay in memory than a statement's may.
void allow_memory(Findings* findings, std::size_t bytes);
// Copies the key.
void add_finding(Findings* findings, const Finding& finding);
// To be called once, before reading. After it nothing can be added.
void sort_findings(Findings* findings);
// Back to the first lead; may be called any number of times.
void rewind_findings(Findings* findings);
// The next lead by key; valid until the next call.
bool next_lead(Findings* findings, LeadFindings* lead);
// How many leads there are, to be asked after sorting; kManyLeads where it takes reading them all to tell.
inline constexpr std::size_t kManyLeads = std::numeric_limits<std::size_t>::max();
std::size_t estimate_leads(const Findings* findings);
bool is_empty(const Findings* findings);
// No more than one lead was found; to be asked after sorting.
bool has_single_lead(const Findings* findings);
void free_findings(Findings* findings);

}  // namespace lead_scoring

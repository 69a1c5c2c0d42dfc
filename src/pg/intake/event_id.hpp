// Ids of events that count once for a lead.
//
// Of the rows of a source that are of one lead and have one id, the earliest alone is read of the log (event_log). A
// statement's own rows are folded as they are; so whoever folds asks first whether the log has any of their ids twice,
// and rebuilds the lead then. He asks when he has read the score row: who stores an event of the lead meanwhile writes
// that row too, and then it is read again, and asked again.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/findings.hpp"
#include "pg/model/as_owner.hpp"
#include "pg/model/version.hpp"

namespace lead_scoring {

// Whether the log has more than one row, of the lead and a source, with an id that was found; as of a snapshot taken
// now (the transaction's in REPEATABLE READ and above).
bool has_repeated_id(const AsOwner& as, const Version* version, const LeadFindings& found);

// A stage that an event names which does not count, at the time of that event.
struct RepeatedEntry {
    Timestamp at;
    int32 stage;
};

// Those of a lead, in the order of matches, as they are taken one by one.
class RepeatedEntries {
  public:
    explicit RepeatedEntries(std::span<const RepeatedEntry> entries) : rest_(entries) {}
    // Whether the match, one of a stage and none before the last one asked for, is one of them; it is taken then.
    bool take(const Match& match);

  private:
    std::span<const RepeatedEntry> rest_;
};

// The stages that events name which were found, up to `until`, and of which the log had another event of their id
// before them or has an earlier one. In the current memory context.
RepeatedEntries find_repeated_entries(const AsOwner& as, const Version* version, const LeadFindings& found,
                                      Timestamp until);

}  // namespace lead_scoring

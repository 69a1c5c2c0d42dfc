// Leads that are another now, since merge_leads.
//
// What still comes for the key of such a lead is the other's: who stores it finds that out when he comes to the lead's
// row in scores, which is one of a lead that does not count, or is not there, and moves it as merge_leads does
// (move_events in SQL). So who merges and who stores events meet at that row: either the merge sees the events, or who
// stores them sees the merge. The lead itself is left out: it counts in no report and enters no stage.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/intake/findings.hpp"
#include "pg/model/as_owner.hpp"

namespace lead_scoring {

enum class Merged { No, IntoAnother, IntoNobody };  // IntoNobody: what it was part of was erased

// As of the latest snapshot. To be asked after the lead's row in scores was read.
Merged find_merged(const AsOwner& as, Datum key);

// Adds that the lead is left out, where it was merged. With `frozen` under the active snapshot, else under a new one.
void read_merged(const AsOwner& as, Datum key, Findings* findings, bool frozen);
// The same of all leads that the leads table has.
void read_all_merged(const AsOwner& as, Findings* findings, bool frozen);

// Whoever has the key is nobody else any more, for a lead of that key was stored. Requires its row in scores.
void end_merge(const AsWriter& as, Datum key);

// Makes what came for the keys of leads that were merged that of the leads which they are, as merge_leads does, and so
// scores it. To be called within a statement of the user's, as whoever made it.
void move_merged(Model* model, const Datum* keys, int count);

}  // namespace lead_scoring

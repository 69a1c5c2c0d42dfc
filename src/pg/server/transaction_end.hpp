// Being told of the ends of transactions, for what a file keeps that must not outlive one.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "access/xact.h"
}

namespace lead_scoring {

// Has both called at the end of each transaction and subtransaction from now on. May be called any number of times.
template <XactCallback at_transaction_end, SubXactCallback at_subtransaction_end>
void watch_transactions() {
    static bool watching = false;
    if (watching) return;
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
    watching = true;
}

}  // namespace lead_scoring

// Being told of the ends of transactions, for what a file keeps that must not outlive one.
#pragma once

#include "pg/server/postgres.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/memutils.h"
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

// What is going on in this backend, the innermost first: an element is put up where it begins and taken down where it
// ends, and an error that ends the (sub)transaction takes down all that began in it. Of each type of element, which has
// `int level` and `Element* outer` for it, there is one list, in TopTransactionContext.
template <class Element>
struct Ongoing {
    inline static Element* innermost = nullptr;

    // Of zeros but for those two.
    static Element* put_up() {
        watch_transactions<at_transaction_end, at_subtransaction_end>();
        auto* element = static_cast<Element*>(MemoryContextAllocZero(TopTransactionContext, sizeof(Element)));
        element->level = GetCurrentTransactionNestLevel();
        element->outer = innermost;
        innermost = element;
        return element;
    }

    // The innermost one.
    static void take_down() {
        Element* ended = innermost;
        innermost = ended->outer;
        pfree(ended);
    }

  private:
    static void at_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
        if (event != SUBXACT_EVENT_ABORT_SUB) return;
        int level = GetCurrentTransactionNestLevel();
        while (innermost != nullptr && innermost->level >= level) take_down();
    }

    static void at_transaction_end(XactEvent event, void*) {
        if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE &&
            event != XACT_EVENT_PARALLEL_PRE_COMMIT)
            innermost = nullptr;
    }
};

}  // namespace lead_scoring

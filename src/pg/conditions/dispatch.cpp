#include "pg/server/postgres.hpp"

#include "pg/conditions/dispatch.hpp"

#include <string_view>
#include <utility>

extern "C" {
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

constexpr uint32 kFirstSlots = 16;

// A condition's first clause, where it compares a subject with constants.
struct Comparison {
    Expr* subject;
    TypeCacheEntry* type;
    Oid collation;
    Const* constant;
    bool list;  // the constant is an array: one of its elements
};

// Only the type's own equality, which its hash function agrees with; and only of bytes where there is a collation.
bool is_equality(Oid operation, Oid collation, TypeCacheEntry* type) {
    if (type->typtype != TYPTYPE_BASE && type->typtype != TYPTYPE_ENUM) return false;
    if (operation != type->eq_opr || !OidIsValid(type->hash_proc) || OidIsValid(type->typelem)) return false;
    return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

bool find_comparison(Expr* clause, Comparison* found) {
    List* arguments = nullptr;
    Oid operation = InvalidOid;
    if (IsA(clause, OpExpr)) {
        auto* compared = reinterpret_cast<OpExpr*>(clause);
        *found = {nullptr, nullptr, compared->inputcollid, nullptr, false};
        arguments = compared->args;
        operation = compared->opno;
    } else if (IsA(clause, ScalarArrayOpExpr) && reinterpret_cast<ScalarArrayOpExpr*>(clause)->useOr) {
        auto* compared = reinterpret_cast<ScalarArrayOpExpr*>(clause);
        *found = {nullptr, nullptr, compared->inputcollid, nullptr, true};
        arguments = compared->args;
        operation = compared->opno;
    }
    if (list_length(arguments) != 2) return false;
    auto* left = static_cast<Expr*>(linitial(arguments));
    auto* right = static_cast<Expr*>(lsecond(arguments));
    if (!found->list && IsA(left, Const)) std::swap(left, right);
    if (!IsA(right, Const) || IsA(left, Const)) return false;
    found->subject = left;
    found->constant = reinterpret_cast<Const*>(right);
    found->type = lookup_type_cache(exprType(reinterpret_cast<Node*>(left)),
                                    TYPECACHE_EQ_OPR | TYPECACHE_EQ_OPR_FINFO | TYPECACHE_HASH_PROC_FINFO);
    return !found->constant->constisnull && is_equality(operation, found->collation, found->type);
}

// Text of a deterministic collation is equal where its bytes are; its own functions take twice as long to find that.
std::string_view bytes_of(Datum value) {
    const text* packed = DatumGetTextPP(value);
    return {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};
}

bool equals(const Switch* choice, Datum a, Datum b) {
    if (choice->type->type_id == TEXTOID) return bytes_of(a) == bytes_of(b);
    return DatumGetBool(FunctionCall2Coll(&choice->type->eq_opr_finfo, choice->collation, a, b));
}

uint32 hash(const Switch* choice, Datum value) {
    if (choice->type->type_id == TEXTOID) {
        std::string_view bytes = bytes_of(value);
        return hash_bytes(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    }
    return DatumGetUInt32(FunctionCall1Coll(&choice->type->hash_proc_finfo, choice->collation, value));
}

// The slot of the value, or the free one where it belongs.
Case* find_slot(const Switch* choice, Datum value, uint32 hash) {
    for (uint32 i = hash & choice->mask;; i = (i + 1) & choice->mask) {
        Case* slot = &choice->cases[i];
        if (slot->candidates == nullptr || (slot->hash == hash && equals(choice, slot->constant, value))) return slot;
    }
}

void grow(Switch* choice) {
    Case* before = choice->cases;
    uint32 slots = choice->mask + 1;
    choice->mask = slots * 2 - 1;
    choice->cases = static_cast<Case*>(palloc0(sizeof(Case) * slots * 2));
    for (uint32 i = 0; i < slots; ++i)
        if (before[i].candidates != nullptr) *find_slot(choice, before[i].constant, before[i].hash) = before[i];
}

void push(Link** list, int candidate) {
    auto* link = static_cast<Link*>(palloc(sizeof(Link)));
    *link = {candidate, *list};
    *list = link;
}

void add_case(Switch* choice, Datum constant, int candidate) {
    if (choice->count * 2 > choice->mask) grow(choice);
    uint32 hashed = hash(choice, constant);
    Case* slot = find_slot(choice, constant, hashed);
    if (slot->candidates == nullptr) {
        slot->constant = constant;
        slot->hash = hashed;
        ++choice->count;
    } else if (slot->candidates->candidate == candidate) {
        return;  // a constant that is listed twice
    }
    push(&slot->candidates, candidate);
}

Switch* switch_of(Dispatch* dispatch, const Comparison& comparison) {
    for (Switch* choice = dispatch->switches; choice != nullptr; choice = choice->next)
        if (choice->collation == comparison.collation && equal(choice->subject.expression, comparison.subject))
            return choice;
    auto* choice = static_cast<Switch*>(palloc0(sizeof(Switch)));
    choice->subject.expression = comparison.subject;
    choice->type = comparison.type;
    choice->collation = comparison.collation;
    choice->mask = kFirstSlots - 1;
    choice->cases = static_cast<Case*>(palloc0(sizeof(Case) * kFirstSlots));
    choice->next = dispatch->switches;
    dispatch->switches = choice;
    return choice;
}

void add_cases(Switch* choice, const Comparison& comparison, int candidate) {
    if (!comparison.list) {
        add_case(choice, comparison.constant->constvalue, candidate);
        return;
    }
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(DatumGetArrayTypeP(comparison.constant->constvalue), comparison.type->type_id,
                      comparison.type->typlen, comparison.type->typbyval, comparison.type->typalign, &elements, &nulls,
                      &count);
    for (int i = 0; i < count; ++i)
        if (!nulls[i]) add_case(choice, elements[i], candidate);
}

}  // namespace

Expr* add_candidate(Dispatch* dispatch, int candidate, Expr* condition) {
    push(&dispatch->all, candidate);
    // Clauses of an AND are tried from left to right, and one may guard what follows: only the first can go ahead.
    List* clauses = condition == nullptr      ? nullptr
                    : is_andclause(condition) ? reinterpret_cast<BoolExpr*>(condition)->args
                                              : list_make1(condition);
    Comparison comparison;
    if (clauses == nullptr || !find_comparison(static_cast<Expr*>(linitial(clauses)), &comparison)) {
        push(&dispatch->plain, candidate);
        return condition;
    }
    add_cases(switch_of(dispatch, comparison), comparison, candidate);
    List* rest = list_copy_tail(clauses, 1);
    return rest == nullptr ? nullptr : make_ands_explicit(rest);
}

const Link* find_case(const Switch* choice, Datum value) {
    return find_slot(choice, value, hash(choice, value))->candidates;
}

}  // namespace lead_scoring

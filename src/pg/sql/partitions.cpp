// Event trigger: a partition carries its table's statement triggers, as it carries copies of its row triggers, which
// the server makes and drops. Statement triggers it leaves alone, and without them rows that are written to a partition
// directly would not count.
//
// This runs at the end of everybody's DDL, as whoever does that DDL. So it goes by what the command itself says it
// created, attached or detached, and by catalogs, by OID; it runs no function and looks into no table. Triggers that
// are not as create_model makes them are left alone, whatever their arguments are, and where the server put no copy of
// the row trigger nothing is put either.

#include "pg/server/postgres.hpp"

#include "pg/server/query.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "tcop/deparse_utility.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

using namespace lead_scoring;

namespace {

// The trigger functions, found without asking for a privilege.
struct Functions {
    Oid events_changed;
    Oid leads_changed;
    Oid identities_changed;
};

Functions find_functions(Oid schema) {
    auto find = [&](const char* name) {
        return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
                               PointerGetDatum(buildoidvector(nullptr, 0)), ObjectIdGetDatum(schema));
    };
    return {find("events_changed"), find("leads_changed"), find("identities_changed")};
}

bool is_of_model(const Functions& functions, const Trigger& trigger) {
    return (trigger.tgfoid == functions.events_changed || trigger.tgfoid == functions.leads_changed ||
            trigger.tgfoid == functions.identities_changed) &&
           trigger.tgnargs == 1 && trigger.tgqual == nullptr && trigger.tgnattr == 0;
}

bool is_for_rows(const Trigger& trigger) { return TRIGGER_FOR_ROW(trigger.tgtype); }

bool serves_same_model(const Trigger& a, const Trigger& b) {
    return a.tgfoid == b.tgfoid && a.tgnargs == b.tgnargs && strcmp(a.tgargs[0], b.tgargs[0]) == 0;
}

// The triggers of models on a table, copied, for the relation's own are rebuilt with each change.
struct TriggerList {
    Trigger* triggers;
    int count;
};

TriggerList triggers_of(const Functions& functions, Oid table) {
    TriggerList list = {};
    Relation relation = try_table_open(table, AccessShareLock);
    if (relation == nullptr) return list;
    if (const TriggerDesc* all = CopyTriggerDesc(relation->trigdesc); all != nullptr) {
        list.triggers = all->triggers;
        for (int i = 0; i < all->numtriggers; ++i)
            if (is_of_model(functions, all->triggers[i])) list.triggers[list.count++] = all->triggers[i];
    }
    table_close(relation, NoLock);
    return list;
}

bool has_row_trigger(const TriggerList& list, const Trigger& like) {
    for (int i = 0; i < list.count; ++i)
        if (is_for_rows(list.triggers[i]) && serves_same_model(list.triggers[i], like)) return true;
    return false;
}

void add_rows_name(CreateTrigStmt* statement, char* name, bool is_new) {
    if (name == nullptr) return;
    auto* rows = makeNode(TriggerTransition);
    rows->name = name;
    rows->isNew = is_new;
    rows->isTable = true;
    statement->transitionRels = lappend(statement->transitionRels, rows);
}

void copy_trigger(const Trigger& trigger, Oid table) {
    if (OidIsValid(get_trigger_oid(table, trigger.tgname, true))) return;
    auto* statement = makeNode(CreateTrigStmt);
    statement->trigname = trigger.tgname;
    statement->args = list_make1(makeString(trigger.tgargs[0]));
    statement->timing = static_cast<int16>(trigger.tgtype & TRIGGER_TYPE_TIMING_MASK);
    statement->events = static_cast<int16>(trigger.tgtype & TRIGGER_TYPE_EVENT_MASK);
    add_rows_name(statement, trigger.tgoldtable, false);
    add_rows_name(statement, trigger.tgnewtable, true);
    ObjectAddress made = CreateTriggerFiringOn(statement, nullptr, table, InvalidOid, InvalidOid, InvalidOid,
                                               trigger.tgfoid, InvalidOid, nullptr, false, false, trigger.tgenabled);
    if (char* comment = GetComment(trigger.tgoid, TriggerRelationId, 0); comment != nullptr)
        CreateComments(made.objectId, TriggerRelationId, 0, comment);
}

// The table and what is below it. All of it is locked by the command.
template <class Work>
void for_each_member(Oid table, Work work) {
    ListCell* cell = nullptr;
    foreach (cell, find_all_inheritors(table, NoLock, nullptr)) {
        Oid member = lfirst_oid(cell);
        char kind = get_rel_relkind(member);
        if (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) work(member);
    }
}

void came(const Functions& functions, Oid parent, Oid partition) {
    TriggerList wanted = triggers_of(functions, parent);
    if (wanted.count == 0) return;
    for_each_member(partition, [&](Oid member) {
        TriggerList found = triggers_of(functions, member);
        for (int i = 0; i < wanted.count; ++i)
            if (!is_for_rows(wanted.triggers[i]) && has_row_trigger(found, wanted.triggers[i]))
                copy_trigger(wanted.triggers[i], member);
    });
}

// What still has a row trigger has one of its own.
void left(const Functions& functions, Oid parent, Oid partition) {
    TriggerList former = triggers_of(functions, parent);
    if (former.count == 0) return;
    for_each_member(partition, [&](Oid member) {
        TriggerList found = triggers_of(functions, member);
        for (int i = 0; i < found.count; ++i) {
            const Trigger& trigger = found.triggers[i];
            if (is_for_rows(trigger) || has_row_trigger(found, trigger) || !has_row_trigger(former, trigger)) continue;
            ObjectAddress address = {TriggerRelationId, trigger.tgoid, 0};
            performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
        }
    });
}

void follow_created(const Functions& functions, const ObjectAddress& address) {
    if (address.classId == RelationRelationId && get_rel_relispartition(address.objectId))
        came(functions, get_partition_parent(address.objectId, true), address.objectId);
}

// The table that was attached or detached. PostgreSQL 15 tells no more than the name that was typed, which may mean
// another by now; so whatever this returns is to be checked.
Oid find_partition(const CollectedATSubcmd* part) {
    if (OidIsValid(part->address.objectId)) return part->address.objectId;
    auto* command = reinterpret_cast<AlterTableCmd*>(part->parsetree);
    return RangeVarGetRelid(reinterpret_cast<PartitionCmd*>(command->def)->name, NoLock, true);
}

void follow_altered(const Functions& functions, const CollectedCommand* command) {
    Oid parent = command->d.alterTable.objectId;
    if (command->d.alterTable.classId != RelationRelationId || get_rel_relkind(parent) != RELKIND_PARTITIONED_TABLE)
        return;
    ListCell* cell = nullptr;
    foreach (cell, command->d.alterTable.subcmds) {
        auto* part = static_cast<CollectedATSubcmd*>(lfirst(cell));
        if (!IsA(part->parsetree, AlterTableCmd)) continue;
        AlterTableType kind = reinterpret_cast<AlterTableCmd*>(part->parsetree)->subtype;
        bool attached = kind == AT_AttachPartition;
        if (!attached && kind != AT_DetachPartition && kind != AT_DetachPartitionFinalize) continue;
        Oid partition = find_partition(part);
        // The command has locked it, and nobody else can have: its rows were going to be checked, or are others' no
        // more.
        if (!OidIsValid(partition) || !CheckRelationOidLockedByMe(partition, AccessExclusiveLock, false)) continue;
        bool belongs = get_rel_relispartition(partition) && get_partition_parent(partition, true) == parent;
        if (attached && belongs) came(functions, parent, partition);
        if (!attached && !belongs) left(functions, parent, partition);
    }
}

}  // namespace

// partitions_changed() returns event_trigger
LEAD_SCORING_FUNCTION(lead_scoring_partitions_changed);
Datum lead_scoring_partitions_changed(PG_FUNCTION_ARGS) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("partitions_changed() was not called by an event trigger"),
                        errdetail("It is the function of the event trigger lead_scoring_partitions_changed."),
                        errhint("Attach or detach a partition; it is called then.")));
    auto* trigger = reinterpret_cast<EventTriggerData*>(fcinfo->context);
    if (strcmp(trigger->event, "ddl_command_end") != 0) return PointerGetDatum(nullptr);

    connect_spi();
    query("SELECT c.command FROM pg_catalog.pg_event_trigger_ddl_commands() c");
    Functions functions = find_functions(get_func_namespace(fcinfo->flinfo->fn_oid));
    for (uint64 i = 0; i < SPI_processed; ++i) {
        bool is_null = false;
        auto* command = reinterpret_cast<CollectedCommand*>(DatumGetPointer(ResultRow{i}.value(1, &is_null)));
        if (is_null) continue;
        if (command->type == SCT_Simple)
            follow_created(functions, command->d.simple.address);
        else if (command->type == SCT_AlterTable)
            follow_altered(functions, command);
    }
    finish_spi();
    return PointerGetDatum(nullptr);
}

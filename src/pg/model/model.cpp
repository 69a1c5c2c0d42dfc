// Invalidation. A callback may run at any lock or catalog access, also while a model is being read. So it only marks:
// the models that rest on what changed, and counters by which a model or a program under construction notices that it
// may be old already. A stale model is replaced at the next use_model. A caller further up the stack may still work
// with it, so each use is noted in the memory context of who asked, and the last one to end, by an error too, frees it.

#include "pg/server/postgres.hpp"

#include "pg/model/model.hpp"

#include <algorithm>

#include "pg/model/as_owner.hpp"
#include "pg/model/binding.hpp"
#include "pg/model/citus.hpp"
#include "pg/model/identity.hpp"
#include "pg/model/program.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/query.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace lead_scoring {

namespace {

struct CacheEntry {
    char name[NAMEDATALEN];
    Model* model;
};

// By name, made at first use and there as long as the backend is. A model is put in when it is whole, so that an error
// leaves the one before, which is stale. The counters only rise.
HTAB* models = nullptr;
uint64 invalidations = 0;
uint64 definitions_changed = 0;

template <class Concerns>
void mark_stale(Concerns concerns) {
    HASH_SEQ_STATUS scan;
    hash_seq_init(&scan, models);
    while (auto* entry = static_cast<CacheEntry*>(hash_seq_search(&scan)))
        if (entry->model != nullptr && concerns(entry->model)) entry->model->stale = true;
}

bool has_relation(const Model* model, Oid relation) {
    auto is_it = [=](const Source& source) { return source.relation == relation; };
    std::span<Source> sources = sources_of(model->binding);
    const Source* identities = model->binding.identities;
    if (identities != nullptr && identities->relation == relation) return true;
    return relation == model->binding.leads || std::any_of(sources.begin(), sources.end(), is_it) ||
           std::find(std::begin(model->own), std::end(model->own), relation) != std::end(model->own) ||
           list_member_oid(model->binding.members, relation) || has_program(model, relation);
}

extern "C" void relation_changed(Datum, Oid relation) {
    ++invalidations;
    mark_stale([&](const Model* model) { return !OidIsValid(relation) || has_relation(model, relation); });
}

extern "C" void catalog_changed(Datum, int, uint32) {
    ++invalidations;
    mark_stale([](const Model*) { return true; });
}

// Only compiled expressions rest on functions and types, and it is known on which.
extern "C" void definition_changed(Datum, int catalog, uint32 hash) {
    ++definitions_changed;
    mark_stale([&](const Model* model) { return has_program_on(model, catalog, hash); });
}

// Operators, casts, operator classes, labels, collations and the configurations of text search change seldom; any of
// them may have been looked at.
extern "C" void meaning_changed(Datum, int catalog, uint32) { definition_changed(static_cast<Datum>(0), catalog, 0); }

void make_cache() {
    if (models != nullptr) return;
    HASHCTL control = {};
    control.keysize = NAMEDATALEN;
    control.entrysize = sizeof(CacheEntry);
    models = hash_create("lead_scoring models", 16, &control, HASH_ELEM | HASH_STRINGS);
    CacheRegisterRelcacheCallback(relation_changed, static_cast<Datum>(0));
    for (int catalog : {NAMESPACEOID, AUTHOID}) CacheRegisterSyscacheCallback(catalog, catalog_changed, 0);
    for (int catalog : {PROCOID, TYPEOID}) CacheRegisterSyscacheCallback(catalog, definition_changed, 0);
    for (int catalog : {OPEROID, CASTSOURCETARGET, AMOPOPID, AMPROCNUM, CLAOID, ENUMOID, COLLOID, TSCONFIGOID,
                        TSCONFIGMAP, TSDICTOID})
        CacheRegisterSyscacheCallback(catalog, meaning_changed, 0);
}

}  // namespace

// Of a model by who works in a memory context. It is part of the context.
struct ModelUse {
    MemoryContextCallback end;
    Model* model;  // null: freed before
    MemoryContext context;
    ModelUse* next;
};

namespace {

extern "C" void end_model(void* argument) {
    auto* model = static_cast<Model*>(argument);
    for (ModelUse* use = model->uses; use != nullptr; use = use->next) use->model = nullptr;
    auto free_plan = [](SPIPlanPtr plan) {
        if (plan != nullptr) SPI_freeplan(plan);
    };
    free_plan(model->find_newest);
    for (SPIPlanPtr plan : model->plans) free_plan(plan);
    for (const Source& source : sources_of(model->binding)) {
        for (SPIPlanPtr plan : {source.lead_events, source.all_events, source.visitor_events}) free_plan(plan);
        for (const OncePlans* once = source.once; once != nullptr; once = once->next)
            for (SPIPlanPtr plan : {once->lead_events, once->all_events, once->repeated_id}) free_plan(plan);
    }
}

extern "C" void end_use(void* argument) {
    auto* use = static_cast<ModelUse*>(argument);
    Model* model = use->model;
    if (model == nullptr) return;
    ModelUse** place = &model->uses;
    while (*place != use) place = &(*place)->next;
    *place = use->next;
    if (model->replaced && model->uses == nullptr) MemoryContextDelete(model->context);
}

// Calls `read` as the owner, with the snapshot active.
template <class Read>
void read_as_owner(Model* model, Snapshot snapshot, Read read) {
    PushActiveSnapshot(snapshot);
    AsOwner as = begin_reading_work(model);
    read(as);
    end_work(as);
    PopActiveSnapshot();
}

// The one by which the server's catalogs are read: the newest there is, in every transaction and in parallel workers.
Snapshot newest_snapshot(const Model* model) { return GetCatalogSnapshot(model->settings); }

// An error leaves the model stale, and so does what was changed meanwhile.
void bind(Model* model) {
    bool was_stale = model->stale;
    uint64 before = invalidations;
    model->stale = true;
    read_as_owner(model, newest_snapshot(model), read_settings);
    model->stale = was_stale || before != invalidations;
    model->bound = true;
}

// The number of the newest version that the snapshot sees, 0 where it sees none.
int64 newest_number(Model* model, Snapshot snapshot) {
    int64 number = 0;
    read_as_owner(model, snapshot, [&](const AsOwner&) {
        if (model->find_newest == nullptr)
            model->find_newest =
                prepare_kept(psprintf("SELECT max(version)::bigint FROM %s", own_table(model, "versions")), 0, nullptr);
        if (SPI_execute_plan(model->find_newest, nullptr, nullptr, true, 0) < 0) elog(ERROR, "cannot read versions");
        number = ResultRow{0}.integer(1, 0);
    });
    return number;
}

const Version* known_version(const Model* model, int64 number) {
    const Version* known = model->known_versions;
    while (known != nullptr && known->number != number) known = known->next;
    return known;
}

// Null where it has to be built. The cache must be there.
Model* known_model(const char* name) {
    char key[NAMEDATALEN] = {};
    strlcpy(key, name, NAMEDATALEN);
    auto* entry = static_cast<CacheEntry*>(hash_search(models, key, HASH_FIND, nullptr));
    return entry == nullptr || entry->model->stale ? nullptr : entry->model;
}

Oid find_guard() {
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("refuse_write"),
                           PointerGetDatum(buildoidvector(nullptr, 0)),
                           ObjectIdGetDatum(get_namespace_oid("lead_scoring_internal", false)));
}

Model* build_model(const char* name) {
    uint64 before = invalidations;
    ModelSchema found = require_model(name, false);

    // The caller's until it is whole, so that an error frees it.
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring model", ALLOCSET_DEFAULT_SIZES);
    auto* model = static_cast<Model*>(MemoryContextAllocZero(context, sizeof(Model)));
    model->context = context;
    model->name = MemoryContextStrdup(context, name);
    model->schema = found.schema;
    model->owner = found.owner;
    require_shape(name, found.schema, false);
    for (int i = 0; i < kScoringTables; ++i) model->own[i] = get_relname_relid(kOwnTables[i], found.schema);
    model->settings = get_relname_relid("settings", found.schema);
    model->versions = get_relname_relid("versions", found.schema);
    model->scores = get_relname_relid("scores", found.schema);
    model->guard = find_guard();
    model->key = key_type(get_atttype(model->scores, get_attnum(model->scores, "lead_id")));

    auto* callback =
        static_cast<MemoryContextCallback*>(MemoryContextAllocZero(context, sizeof(MemoryContextCallback)));
    callback->func = end_model;
    callback->arg = model;
    MemoryContextRegisterResetCallback(context, callback);
    model->stale = before != invalidations;
    return model;
}

}  // namespace

Model* find_model(const char* name) {
    make_cache();
    if (strlen(name) >= NAMEDATALEN) no_such_model(name);
    Model* known = known_model(name);
    if (known != nullptr) {
        use_here(known);
        return known;
    }

    char key[NAMEDATALEN] = {};
    strlcpy(key, name, NAMEDATALEN);
    Model* model = build_model(key);
    use_here(model);
    bool found = false;
    auto* entry = static_cast<CacheEntry*>(hash_search(models, key, HASH_ENTER, &found));
    Model* old = found ? entry->model : nullptr;
    entry->model = model;
    MemoryContextSetParent(model->context, CacheMemoryContext);
    if (old != nullptr) {
        old->replaced = true;
        if (old->uses == nullptr) MemoryContextDelete(old->context);
    }
    return model;
}

void use_here(Model* model) {
    for (const ModelUse* use = model->uses; use != nullptr; use = use->next)
        if (use->context == CurrentMemoryContext) return;
    auto* use = static_cast<ModelUse*>(palloc(sizeof(ModelUse)));
    use->end.func = end_use;
    use->end.arg = use;
    use->model = model;
    use->context = CurrentMemoryContext;
    use->next = model->uses;
    model->uses = use;
    MemoryContextRegisterResetCallback(CurrentMemoryContext, &use->end);
}

uint64 invalidation_count() { return invalidations; }
uint64 definition_changes() { return definitions_changed; }

Model* use_model(const char* name) {
    Model* model = find_model(name);
    if (!model->bound) bind(model);
    return model;
}

Model* use_bound(const char* name) {
    Model* model = use_model(name);
    if (!OidIsValid(model->binding.leads)) no_settings_row(name);
    return model;
}

Model* use_model(const char* name, Oid relation) {
    make_cache();
    if (known_model(name) == nullptr) refuse_citus(relation);
    return use_model(name);
}

Model* find_model_of(Oid scores) {
    Oid schema = get_rel_namespace(scores);
    char* name = OidIsValid(schema) ? get_namespace_name(schema) : nullptr;
    if (name == nullptr || get_relname_relid("scores", schema) != scores)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("relation with OID %u is no model's scores", scores),
                        errdetail("A model is a schema that lead_scoring.create_model made."),
                        errhint("SELECT model FROM lead_scoring.models();")));
    return find_model(name);
}

const Version* find_version(Model* model, int64 number) {
    const Version* known = known_version(model, number);
    if (known != nullptr || number == 0) return known;
    // Not the model's until it is whole.
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring version", ALLOCSET_DEFAULT_SIZES);
    Version* version = nullptr;
    read_as_owner(model, GetActiveSnapshot(), [&](const AsOwner& as) {
        MemoryContext caller = MemoryContextSwitchTo(context);
        version = load_version(as, number);
        MemoryContextSwitchTo(caller);
    });
    if (version == nullptr) {
        MemoryContextDelete(context);
        return nullptr;
    }
    MemoryContextSetParent(context, model->context);
    version->next = model->known_versions;
    model->known_versions = version;
    return version;
}

const Version* newest_version(Model* model) {
    if (model->knows_newest) return model->newest;
    PushActiveSnapshot(newest_snapshot(model));
    model->newest = find_version(model, newest_number(model, GetActiveSnapshot()));
    PopActiveSnapshot();
    model->knows_newest = true;
    return model->newest;
}

const Version* current_version(Model* model) {
    const Version* version = newest_version(model);
    if (version == nullptr || !IsolationUsesXactSnapshot()) return version;
    LocalTransactionId transaction = LEAD_SCORING_LOCAL_TRANSACTION;
    if (model->checked_in == transaction) return version;
    if (newest_number(model, GetTransactionSnapshot()) != version->number)
        ereport(ERROR,
                (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                 errmsg("could not serialize access due to a new version of model \"%s\"", model->name),
                 errdetail("Version " INT64_FORMAT " was published after this transaction began.", version->number),
                 errhint("Run the transaction again.")));
    model->checked_in = transaction;
    return version;
}

const Version* visible_version(Model* model) {
    Snapshot snapshot = GetActiveSnapshot();
    SnapshotId id = {LEAD_SCORING_LOCAL_TRANSACTION, snapshot->xmin,  snapshot->xmax, snapshot->xcnt, snapshot->subxcnt,
                     snapshot->suboverflowed,        snapshot->curcid};
    if (id == model->visible_under) return model->visible;
    model->visible = find_version(model, newest_number(model, snapshot));
    model->visible_under = id;
    return model->visible;
}

void check_owner(const Model* model) {
    if (has_privs_of_role(GetUserId(), model->owner)) return;
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("must be owner of model \"%s\"", model->name),
                    errdetail("The model belongs to role \"%s\".", GetUserNameFromId(model->owner, false)),
                    errhint("SET ROLE %s;", quote_identifier(GetUserNameFromId(model->owner, false)))));
}

}  // namespace lead_scoring

using namespace lead_scoring;

// binding_changed() returns trigger: on settings and versions; makes every session read the model again.
LEAD_SCORING_FUNCTION(lead_scoring_binding_changed);
Datum lead_scoring_binding_changed(PG_FUNCTION_ARGS) {
    auto* trigger = CALLED_AS_TRIGGER(fcinfo) ? reinterpret_cast<TriggerData*>(fcinfo->context) : nullptr;
    if (trigger == nullptr || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
        !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("binding_changed() was not called as the trigger it is"),
                        errdetail("It runs after statements on a model's settings and versions."),
                        errhint("Let lead_scoring.create_model() make the triggers.")));
    CacheInvalidateRelcache(trigger->tg_relation);
    return PointerGetDatum(nullptr);
}

#include "pg/server/postgres.hpp"

#include "pg/model/program.hpp"

#include <algorithm>
#include <cstring>

#include "pg/conditions/expression.hpp"
#include "pg/conditions/hazards.hpp"
#include "pg/conditions/shared_values.hpp"
#include "pg/model/binding.hpp"
#include "pg/model/table_name.hpp"
#include "pg/server/owner.hpp"
#include "pg/server/session_locks.hpp"
#include "pg/server/transaction_end.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
}

namespace lead_scoring {

namespace {

constexpr Size kMostLeft = 1024 * 1024;

void start(Formula* formula) {
    if (formula->expression != nullptr) formula->state = ExecInitExpr(formula->expression, nullptr);
}

void start(Candidate* candidate) {
    for (Formula* formula : {&candidate->condition, &candidate->rest, &candidate->per, &candidate->key}) start(formula);
}

void start(const Dispatch& dispatch) {
    for (Switch* choice = dispatch.switches; choice != nullptr; choice = choice->next) start(&choice->subject);
    for (int i = 0; dispatch.shared != nullptr && i < dispatch.shared->count; ++i) start(&dispatch.shared->formulas[i]);
}

// A program by which rows are being read: what a condition calls may read rows of the same model, while states of the
// program that called it are in the midst of their work.
struct Reader {
    const Program* program;
    int level;
    Reader* outer;
};

bool is_taken(const Program* program) {
    for (const Reader* reader = Ongoing<Reader>::innermost; reader != nullptr; reader = reader->outer)
        if (reader->program == program) return true;
    return false;
}

}  // namespace

void start(Program* program, Candidate* candidate) {
    // What was started before stays in memory until all is started anew.
    if (MemoryContextMemAllocated(program->states, true) > 2 * program->started + kMostLeft) return start(program);
    MemoryContext caller = MemoryContextSwitchTo(program->states);
    start(candidate);
    MemoryContextSwitchTo(caller);
}

void start(Program* program) {
    MemoryContextReset(program->states);
    MemoryContext caller = MemoryContextSwitchTo(program->states);
    program->context = CreateStandaloneExprContext();
    start(program->leads);
    start(program->any);
    for (uint32 i = 0; i <= program->type_mask; ++i) start(program->types[i].dispatch);
    for (int i = 0; i < program->candidate_count; ++i) start(&program->candidates[i]);
    for (EventName& name : program->names) start(&name.formula);
    start(&program->account);
    MemoryContextSwitchTo(caller);
    program->started = MemoryContextMemAllocated(program->states, true);
}

TypeEntry* find_type(const Program* program, const char* type, std::size_t length) {
    uint32 hash = hash_bytes(reinterpret_cast<const unsigned char*>(type), static_cast<int>(length));
    for (uint32 i = hash & program->type_mask;; i = (i + 1) & program->type_mask) {
        TypeEntry* entry = &program->types[i];
        if (entry->type == nullptr) {
            entry->hash = hash;
            return entry;
        }
        if (entry->hash == hash && strncmp(entry->type, type, length) == 0 && entry->type[length] == '\0') return entry;
    }
}

namespace {

// Where an expression stands in the draft.
struct Subject {
    const char* model;
    const char* table;
    const char* column;
    const char* name;
};

// Whether an error of this code may have come about without the expression being wrong.
bool is_of_the_moment(int sqlstate) {
    switch (ERRCODE_TO_CATEGORY(sqlstate)) {
        case MAKE_SQLSTATE('0', '0', '0', '0', '0'):  // none
        case MAKE_SQLSTATE('0', '1', '0', '0', '0'):  // a warning
        case MAKE_SQLSTATE('0', '2', '0', '0', '0'):  // no data
        case MAKE_SQLSTATE('4', '0', '0', '0', '0'):  // transaction rollback
        case MAKE_SQLSTATE('5', '3', '0', '0', '0'):  // insufficient resources
        case MAKE_SQLSTATE('5', '5', '0', '0', '0'):  // a lock, for one
        case MAKE_SQLSTATE('5', '7', '0', '0', '0'):  // operator intervention
        case MAKE_SQLSTATE('5', '8', '0', '0', '0'):  // system error
        case MAKE_SQLSTATE('X', 'X', '0', '0', '0'):
            return true;
        default:
            return sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE;
    }
}

// What was right when it was published is wrong now: a column, function or label has gone or changed. Whatever the
// error is, a definition is invalid: it is no data exception of a row, and publishing another one ends it.
void name_subject(void* argument) {
    auto* subject = static_cast<Subject*>(argument);
    const char* table = own_table(subject->model, subject->table);
    if (subject->name == nullptr)
        errcontext("%s in table %s", subject->column, table);
    else
        errcontext("%s of \"%s\" in table %s", subject->column, subject->name, table);
    if (is_of_the_moment(geterrcode())) return;
    if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION)
        errcode(ERRCODE_INVALID_OBJECT_DEFINITION);
    const char* which = subject->name == nullptr ? "" : psprintf(" WHERE name = %s", quote_literal_cstr(subject->name));
    errhint("Write one that works: UPDATE %s SET %s = '...'%s, then SELECT lead_scoring.publish(%s).", table,
            subject->column, which, quote_literal_cstr(subject->model));
}

Formula compile(Program* program, Relation relation, Subject subject, const char* column, const char* text,
                ExpressionKind kind) {
    Formula formula;
    if (text == nullptr) return formula;
    subject.column = column;
    ErrorContextCallback context;
    context.callback = name_subject;
    context.arg = &subject;
    context.previous = error_context_stack;
    error_context_stack = &context;
    formula.expression = compile_expression(relation, text, kind, &program->dependencies);
    error_context_stack = context.previous;
    program->reads_settings |= reads_settings(formula.expression);
    program->runs_code |= runs_code(formula.expression);
    pull_varattnos(reinterpret_cast<Node*>(formula.expression), 1, &program->inputs);
    return formula;
}

void add_candidate(Program* program, const Candidate& candidate, Dispatch* dispatch) {
    for (const Formula& formula : {candidate.condition, candidate.per, candidate.key})
        dispatch->may_raise |= may_raise(formula.expression);
    Candidate* added = &program->candidates[program->candidate_count];
    *added = candidate;
    pull_varattnos(reinterpret_cast<Node*>(candidate.condition.expression), 1, &added->inputs);
    added->rest.expression = add_candidate(dispatch, program->candidate_count, candidate.condition.expression);
    ++program->candidate_count;
}

Dispatch* dispatch_of(Program* program, const char* type) {
    TypeEntry* entry = find_type(program, type, strlen(type));
    entry->type = type;
    return &entry->dispatch;
}

Formula copy_formula(Formula formula) {
    formula.expression = static_cast<Expr*>(copyObjectImpl(formula.expression));
    return formula;
}

// Adds a candidate for events of any type: of those that are named, which all are there, and of the others. What the
// candidates of a type share is computed for these alone, so that each has expressions of its own.
void add_everywhere(Program* program, const Candidate& candidate) {
    auto add = [&](Dispatch* dispatch) {
        Candidate own = candidate;
        for (Formula* formula : {&own.condition, &own.per, &own.key}) *formula = copy_formula(*formula);
        add_candidate(program, own, dispatch);
    };
    int types = 1;
    for (uint32 i = 0; i <= program->type_mask; ++i)
        if (program->types[i].type != nullptr) ++types;
    Size room = static_cast<Size>(program->candidate_count) + static_cast<Size>(types);
    program->candidates = static_cast<Candidate*>(repalloc_huge(program->candidates, sizeof(Candidate) * room));
    for (uint32 i = 0; i <= program->type_mask; ++i)
        if (program->types[i].type != nullptr) add(&program->types[i].dispatch);
    add(&program->any);
    program->others = &program->any;
}

// To be called when all candidates are there.
void share_among_candidates(const Program* program, Dispatch* dispatch) {
    List* tried = nullptr;
    List* others = nullptr;
    for (Switch* choice = dispatch->switches; choice != nullptr; choice = choice->next)
        tried = lappend(tried, &choice->subject.expression);
    for (const Link* link = dispatch->plain; link != nullptr; link = link->next)
        tried = lappend(tried, &program->candidates[link->candidate].condition.expression);
    for (const Link* link = dispatch->all; link != nullptr; link = link->next) {
        Candidate* candidate = &program->candidates[link->candidate];
        for (Formula* formula : {&candidate->condition, &candidate->rest, &candidate->per, &candidate->key})
            if (!list_member_ptr(tried, &formula->expression)) others = lappend(others, &formula->expression);
    }
    dispatch->shared = share_values(tried, others);
}

void add_lead_condition(Program* program, Relation relation, const Model* model, const Version* version) {
    if (version->lead_condition == nullptr) return;
    Candidate candidate = {MatchKind::Rule, kNoRule, "lead_condition", {}, {}, {}, {}, LimitWindow::None, 0, nullptr};
    candidate.condition = compile(program, relation, {model->name, "settings", nullptr, nullptr}, candidate.name,
                                  version->lead_condition, ExpressionKind::Condition);
    add_candidate(program, candidate, &program->leads);
    program->leaves_out = true;
}

void add_account(Program* program, Relation relation, const Model* model, const Version* version) {
    if (version->lead_account == nullptr) return;
    program->account = compile(program, relation, {model->name, "settings", nullptr, nullptr}, kLeadAccount,
                               version->lead_account, ExpressionKind::Key);
    program->leads.may_raise |= may_raise(program->account.expression);
}

void add_lead_types(Program* program, Relation relation, const Model* model, const Version* version) {
    for (int i = 0; i < version->lead_type_count; ++i) {
        const LeadTypeSource& type = version->lead_types[i];
        Candidate candidate = {MatchKind::Rule, i, type.name, {}, {}, {}, {}, LimitWindow::None, 0, nullptr};
        candidate.condition = compile(program, relation, {model->name, "lead_types", nullptr, type.name}, "condition",
                                      type.condition, ExpressionKind::Condition);
        add_candidate(program, candidate, &program->leads);
    }
}

void add_candidates(Program* program, Relation relation, const Model* model, const Version* version) {
    int most = version->rule_count + version->door_count + version->lead_type_count + 1;
    uint32 slots = 16;
    while (slots < 2u * static_cast<uint32>(most)) slots *= 2;
    program->candidates = static_cast<Candidate*>(palloc(sizeof(Candidate) * static_cast<Size>(most)));
    program->types = static_cast<TypeEntry*>(palloc0(sizeof(TypeEntry) * slots));
    program->type_mask = slots - 1;
    if (program->source == kFeatures) return add_lead_types(program, relation, model, version);

    auto add_rule = [&](int i) {
        const RuleSource& rule = version->rules[i];
        if (program->source == kLeads ? rule.event_type != nullptr : rule.event_type == nullptr) return;
        if (program->source != kLeads && !is_source(version, rule.source, program->source)) return;
        Subject subject = {model->name, "rules", nullptr, rule.name};
        Candidate candidate = {MatchKind::Rule, i, rule.name, {}, {}, {}, {}, rule.window, rule.points, nullptr};
        candidate.condition =
            compile(program, relation, subject, "condition", rule.condition, ExpressionKind::Condition);
        candidate.per = compile(program, relation, subject, "per", rule.per, ExpressionKind::Number);
        candidate.key =
            rule.distinct_key == nullptr
                ? compile(program, relation, subject, "limit_key", rule.limit_key, ExpressionKind::Key)
                : compile(program, relation, subject, "distinct_key", rule.distinct_key, ExpressionKind::Key);
        if (is_any_event(rule.event_type)) return add_everywhere(program, candidate);
        add_candidate(program, candidate,
                      rule.event_type == nullptr ? &program->leads : dispatch_of(program, rule.event_type));
    };
    for (int i = 0; i < version->rule_count; ++i)
        if (!is_any_event(version->rules[i].event_type)) add_rule(i);
    if (program->source == kLeads) {
        add_lead_condition(program, relation, model, version);
        add_account(program, relation, model, version);
        return;
    }
    for (int i = 0; i < version->door_count; ++i) {
        const StageSource& stage = version->stages[i];
        if (stage.on_event == nullptr || !is_source(version, stage.on_event_source, program->source)) continue;
        Subject subject = {model->name, i < version->stage_count ? "stages" : "entries", nullptr, stage.name};
        Candidate candidate = {MatchKind::Stage, i, stage.name, {}, {}, {}, {}, LimitWindow::None, 0, nullptr};
        candidate.condition = compile(program, relation, subject, "on_event_condition", stage.on_event_condition,
                                      ExpressionKind::Condition);
        add_candidate(program, candidate, dispatch_of(program, stage.on_event));
    }
    for (int i = 0; i < version->rule_count; ++i)
        if (is_any_event(version->rules[i].event_type)) add_rule(i);
}

// The column of that name, as SQL writes it; 0 where the text is something else.
AttrNumber column_named(Relation relation, const char* text) {
    TupleDesc columns = RelationGetDescr(relation);
    for (int i = 0; i < columns->natts; ++i) {
        const FormData_pg_attribute* column = TupleDescAttr(columns, i);
        if (!column->attisdropped && strcmp(quote_identifier(NameStr(column->attname)), text) == 0)
            return column->attnum;
    }
    return 0;
}

// Whether a value becomes text by its type's output function. The labels of an enum may be renamed, so that the server
// takes no cast of it for immutable; the casts of other types may write less than their output functions, or more.
bool is_written(Oid type) {
    Oid cast = InvalidOid;
    CoercionPathType path = find_coercion_pathway(TEXTOID, type, COERCION_EXPLICIT, &cast);
    if (path == COERCION_PATH_FUNC) return func_volatile(cast) != PROVOLATILE_IMMUTABLE;
    return path != COERCION_PATH_RELABELTYPE;
}

void add_names(Program* program, Relation relation, const Model* model, const TouchSource& source) {
    const char* texts[kEventNames] = {source.channel, source.asset, source.campaign};
    bool further = !is_of_settings(model->binding, program->source);
    const char* name = further ? program->source->name : nullptr;
    const char* report_settings = further ? "sources" : "report_settings";
    const Subject subjects[kEventNames] = {{model->name, report_settings, "event_channel", name},
                                           {model->name, report_settings, "event_asset", name},
                                           {model->name, further ? "sources" : "settings", "event_campaign", name}};
    for (int i = 0; i < kEventNames; ++i) {
        if (!source.remembers || texts[i] == nullptr) continue;
        EventName& name = program->names[i];
        name.setting = subjects[i].column;
        program->has_names = true;
        if (i != kCampaignName && texts[kCampaignName] != nullptr && strcmp(texts[i], texts[kCampaignName]) == 0) {
            name.as_campaign = true;
            continue;
        }
        AttrNumber column = column_named(relation, texts[i]);
        Oid type = column == 0 ? InvalidOid : getBaseType(get_atttype(RelationGetRelid(relation), column));
        if (column != 0 && is_written(type)) {
            bool variable = false;
            name.column = column;
            getTypeOutputInfo(type, &name.output, &variable);
            program->inputs = bms_add_member(program->inputs, column - FirstLowInvalidHeapAttributeNumber);
            program->reads_settings |= type != INT4OID && type != INT8OID && get_typtype(type) != TYPTYPE_ENUM;
            continue;
        }
        name.formula = compile(program, relation, subjects[i], subjects[i].column, texts[i], ExpressionKind::Key);
        program->names_may_raise |= may_raise(name.formula.expression);
    }
}

// In a memory context of its own, which is the version's once the program is whole: a failure leaves nothing behind.
Program* build_program(const AsOwner& as, const Version* version, const Source* source, Relation relation) {
    Model* model = as.model;
    bool of_events = source != kLeads && source != kFeatures;
    uint64 changes = definition_changes();
    uint64 invalidations = invalidation_count();
    shut_search_path();
    if (source != kFeatures) require_columns(model, RelationGetRelid(relation), source);
    MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "lead_scoring program", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(memory);
    auto* program = static_cast<Program*>(palloc0(sizeof(Program)));
    program->relation = RelationGetRelid(relation);
    program->source = source;
    program->time_zone = version->time_zone;
    program->rows = row_type_of(relation);
    program->states = AllocSetContextCreate(memory, "lead_scoring expressions", ALLOCSET_DEFAULT_SIZES);
    if (source != kFeatures) program->lead = lead_column_of(model->binding, source, relation);
    if (of_events) {
        program->time = get_attnum(program->relation, source->time);
        program->time_type = getBaseType(get_atttype(program->relation, program->time));
    }
    if (source == kLeads && version->lead_created != nullptr) {
        program->created = require_created(model, program->relation, version->lead_created);
        program->created_type = getBaseType(get_atttype(program->relation, program->created));
        if (!version->definition->quiet_rules.empty())
            program->inputs = bms_add_member(program->inputs, program->created - FirstLowInvalidHeapAttributeNumber);
    }
    if (of_events && source->type != nullptr) {
        program->type = get_attnum(program->relation, source->type);
        Oid type = getBaseType(get_atttype(program->relation, program->type));
        bool variable = false;
        if (type != TEXTOID && type != VARCHAROID) getTypeOutputInfo(type, &program->type_output, &variable);
    }
    const LoggedSource* logged = !of_events ? nullptr : find_logged(version, source);
    program->event_zone = logged == nullptr ? version->time_zone : logged->time_zone;
    if (logged != nullptr && logged->event_id != nullptr) {
        Oid type = require_event_id(model, program->relation, source, logged->event_id);
        program->id = get_attnum(program->relation, logged->event_id);
        get_typlenbyval(type, &program->id_length, &program->id_by_value);
        program->source_place = static_cast<int>(logged - version->sources);
    }
    call_and_undo([&] {
        add_candidates(program, relation, model, version);
        if (logged != nullptr) add_names(program, relation, model, logged->touches);
    });
    if (of_events && source->type == nullptr) {
        const TypeEntry* entry = find_type(program, source->every, strlen(source->every));
        program->every = entry->type == nullptr ? program->others : &entry->dispatch;
    }
    // Types are tried one by one, and most often the first one settles it.
    if (source != kFeatures) share_among_candidates(program, &program->leads);
    share_among_candidates(program, &program->any);
    for (uint32 i = 0; i <= program->type_mask; ++i) share_among_candidates(program, &program->types[i].dispatch);
    auto last_input =
        static_cast<AttrNumber>(bms_prev_member(program->inputs, -1) + FirstLowInvalidHeapAttributeNumber);
    program->last =
        std::max({program->lead.number, program->type, program->time, program->id, program->created, last_input});
    start(program);
    MemoryContextSwitchTo(caller);
    MemoryContextSetParent(memory, version->context);
    program->next = version->programs;
    version->programs = program;
    // What it rests on was not known before, so nobody could tell whether a change concerned it.
    if (changes != definition_changes() || invalidations != invalidation_count()) model->stale = true;
    return program;
}

}  // namespace

Program* program_for(const AsOwner& as, const Version* version, const Source* source, Relation relation) {
    for (Program* program = version->programs; program != nullptr; program = program->next)
        if (program->relation == RelationGetRelid(relation) && program->source == source &&
            has_row_type(relation, &program->rows) && !is_taken(program))
            return program;
    return build_program(as, version, source, relation);
}

Program* take_program(const AsOwner& as, const Version* version, const Source* source, Relation relation) {
    Program* program = program_for(as, version, source, relation);
    Ongoing<Reader>::put_up()->program = program;
    return program;
}

void give_back_program() { Ongoing<Reader>::take_down(); }

bool input_differs(const Program* program, TupleTableSlot* old_row, TupleTableSlot* new_row) {
    TupleDesc columns = program->rows.columns;
    bool whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, program->inputs);
    for (int i = 0; i < columns->natts; ++i) {
        Form_pg_attribute column = TupleDescAttr(columns, i);
        bool read = whole_row || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, program->inputs);
        if (!read || column->attisdropped) continue;
        bool old_null = false;
        bool new_null = false;
        Datum old_value = slot_getattr(old_row, i + 1, &old_null);
        Datum new_value = slot_getattr(new_row, i + 1, &new_null);
        if (old_null != new_null) return true;
        if (!old_null && !datum_image_eq(old_value, new_value, column->attbyval, column->attlen)) return true;
    }
    return false;
}

bool has_program(const Model* model, Oid relation) {
    for (const Version* version = model->known_versions; version != nullptr; version = version->next)
        for (const Program* program = version->programs; program != nullptr; program = program->next)
            if (program->relation == relation || rests_on(program->dependencies, relation)) return true;
    return false;
}

bool has_program_on(const Model* model, int cache, uint32 hash) {
    for (const Version* version = model->known_versions; version != nullptr; version = version->next)
        for (const Program* program = version->programs; program != nullptr; program = program->next)
            if (rests_on(program->dependencies, cache, hash)) return true;
    return false;
}

}  // namespace lead_scoring

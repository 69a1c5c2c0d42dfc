#include "pg/server/postgres.hpp"

#include "pg/model/as_owner.hpp"

#include "pg/model/identity.hpp"
#include "pg/model/model.hpp"
#include "pg/server/query.hpp"

namespace lead_scoring {

AsOwner begin_reading_work(Model* model) {
    AsOwner as = {model, Became::ForReading, become(model->owner)};
    connect_spi();
    return as;
}

AsWriter begin_work(Model* model) {
    enter_write(model->owner, false);
    connect_spi();
    return {{model, Became::ForWriting, {}}};
}

AsWriter begin_work_in_trigger(Model* model) {
    enter_write(model->owner, true);
    connect_spi();
    return {{model, Became::ForWriting, {}}};
}

AsWriter begin_work_in_command(Model* model) {
    require_entry(model->name);
    connect_spi();
    return go_on_as_owner(model);
}

AsWriter go_on_as_owner(Model* model) { return {{model, Became::Before, {}}}; }

void leave_owner(const AsOwner& as) {
    if (as.became == Became::ForWriting) leave_model();
    if (as.became == Became::ForReading) restore(as.caller);
}

void end_work(const AsOwner& as) {
    leave_owner(as);
    finish_spi();
}

}  // namespace lead_scoring

// Working on a model as its owner, from a begin_ to end_work, and the tokens that say so. What can only be done in
// between takes a token: it cannot be called without. It is plain data, and an error ends the work by itself.
//
// Two identities are no work on a model and have no token: that of code of the user's on leads, which with_lead_update
// (pg/model/table_write.hpp) takes on in place of this one, and that of whoever's expression is checked.
#pragma once

#include "pg/server/postgres.hpp"

#include "pg/server/owner.hpp"

namespace lead_scoring {

struct Model;  // model.hpp

// How the owner came to be the current user, which tells how he ceases to be.
enum class Became { ForReading, ForWriting, Before };

// SPI is connected, and the current user is the model's owner, in a security-restricted operation. The search_path is
// shut, but within a statement of the user's, where whoever needs that shuts it.
struct AsOwner {
    Model* model;
    Became became;
    SavedIdentity caller;  // ForReading
};

// And the model's own tables may be written, each statement with its permit (pg/model/permit.hpp).
struct AsWriter : AsOwner {};

// Each begin_ connects SPI. Whether the caller may have done what is to be done is checked before.

// To read; the search_path is shut.
AsOwner begin_reading_work(Model* model);
// To write, for whoever asks; the search_path is shut.
AsWriter begin_work(Model* model);
// To write within a statement of the user's on his tables. The search_path is still the caller's: see enter_write.
AsWriter begin_work_in_trigger(Model* model);
// Within a command in SQL, which has entered the model: raises 42501 where the innermost entry is not one of this
// model.
AsWriter begin_work_in_command(Model* model);
// The token for who has become the owner by other ways, with SPI connected.
AsWriter go_on_as_owner(Model* model);

// The caller is the current user again, and SPI is finished: what SPI allocated is gone.
void end_work(const AsOwner& as);

// The first half of end_work: SPI stays connected, and the caller is the current user again.
void leave_owner(const AsOwner& as);

}  // namespace lead_scoring

// C++ objects that belong to a memory context.
#pragma once

#include "pg/server/postgres.hpp"

#include <utility>

#include "pg/server/boundary.hpp"

extern "C" {
#include "utils/palloc.h"
}

namespace lead_scoring {

// A new object on the C++ heap, which is destroyed when the current memory context is reset. The arguments are plain
// data. Raises what run_cpp raises where the constructor throws.
template <class Object, class... Arguments>
Object* make_owned(Arguments&&... arguments) {
    auto* callback = static_cast<MemoryContextCallback*>(palloc0(sizeof(MemoryContextCallback)));
    callback->arg = run_cpp([&] { return new Object(std::forward<Arguments>(arguments)...); });
    callback->func = [](void* object) { delete static_cast<Object*>(object); };
    MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
    return static_cast<Object*>(callback->arg);
}

}  // namespace lead_scoring

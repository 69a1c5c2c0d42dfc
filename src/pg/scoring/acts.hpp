// What may happen to a lead by a version's rules and stages: for whoever asks what would move it.
#pragma once

#include "pg/server/postgres.hpp"

#include "core/reading/trial.hpp"
#include "pg/intake/doubts.hpp"
#include "pg/model/version.hpp"

namespace lead_scoring {

// The buckets of limits at `at`, one a rule, in the current memory context.
int64* buckets_at(const Version* version, Timestamp at);

// An act for each rule and for each stage and entry that events lead to. An event is known to match whatever asks for
// no more than it does: other rules of its type without a condition, or with the same one. Points are those of a factor
// of 1. To be called in C++.
std::vector<Act> acts_of(const Version* version, const int64* buckets, const Doubts* doubts);

// What is not known of events. To be called in C++.
std::vector<Doubt> event_doubts(const Version* version, const Doubts* doubts);

// The source of events of the type that a rule or stage waits for, by name.
inline const char* source_name(const Version* version, const char* source) {
    return source != nullptr ? source : version->source_count > 0 ? version->sources[0].name : "events";
}

}  // namespace lead_scoring

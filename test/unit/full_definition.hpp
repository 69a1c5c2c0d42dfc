// A definition as publish stores it, with something in every field.
#pragma once

namespace lead_scoring::test {

inline constexpr const char* kFullDefinition = R"json({
    "time_zone": "Europe/Berlin", "min_score": -5.5, "max_score": 250, "future_tolerance": 300.000001,
    "groups": [
        {"name": "content", "kind": "engagement", "min_points": -10.0001, "max_points": 25},
        {"name": "engagement", "kind": "engagement", "min_points": null, "max_points": null},
        {"name": "fit", "kind": "fit", "min_points": null, "max_points": 60}],
    "rules": [
        {"id": 3, "name": "chief", "rule_group": "fit", "event_type": null, "condition": "(title = 'CEO'::text)", "points": 30,
         "per": null, "decay": "none", "half_life": null, "lifespan": null, "drop": null, "step": null,
         "min_points": null, "max_points": null, "limit_count": null, "limit_window": null, "limit_key": null,
         "max_occurrences": 1000, "typed": {"condition": "title = 'CEO'", "per": null, "limit_key": null}},
        {"id": 5, "name": "read", "rule_group": "content", "event_type": "download", "condition": "(pages > 2)", "points": 0.3,
         "per": "(pages)::double precision", "decay": "exponential", "half_life": 604800.000001, "lifespan": null,
         "drop": null, "step": null, "min_points": -2, "max_points": 20.00005, "limit_count": 3, "limit_window": "week",
         "limit_key": "asset", "max_occurrences": 500, "typed": {"condition": "pages > 2", "per": "pages"}},
        {"id": 8, "name": "seen", "rule_group": "engagement", "event_type": "visit", "condition": null, "points": -1.25,
         "per": null, "decay": "step", "half_life": null, "lifespan": null, "drop": 0.25, "step": 86400,
         "min_points": null, "max_points": null, "limit_count": null, "limit_window": null, "limit_key": null,
         "max_occurrences": 1000, "typed": {}},
        {"id": 9, "name": "web", "rule_group": "engagement", "event_type": "webinar", "condition": null, "points": 10,
         "per": null, "decay": "window", "half_life": null, "lifespan": 2592000, "drop": null, "step": null,
         "min_points": null, "max_points": null, "limit_count": null, "limit_window": null, "limit_key": null,
         "max_occurrences": 1000, "typed": {}}],
    "bands": [
        {"axis": "engagement", "label": "1", "min_points": 50},
        {"axis": "engagement", "label": "2", "min_points": 0},
        {"axis": "fit", "label": "A", "min_points": 20.5}],
    "stages": [
        {"id": 0, "name": "lead", "rank": 0, "kind": "progress", "min_score": null, "min_engagement": null, "min_fit": null,
         "grades": null, "requires": null, "on_event": null, "on_event_condition": null, "falls_below": null,
         "within": null, "timeout_stage": null, "cooldown": null, "exit": null, "typed": {}},
        {"id": 2, "name": "mql", "counts_as": "mql", "rank": 10, "kind": "progress", "min_score": 60, "min_engagement": 20.5, "min_fit": 10,
         "grades": ["A1", "A2"], "requires": {"web": 2, "read": 1}, "on_event": "demo",
         "on_event_condition": "(pages > 0)", "falls_below": 30, "within": 172800, "timeout_stage": "recycled",
         "cooldown": null, "exit": null, "hand_off": true, "accepted_stage": "lead", "rejected_stage": "recycled",
         "max_attempts": 3, "hand_off_max_age": 172800, "typed": {"on_event_condition": "pages > 0"}},
        {"id": 1, "name": "recycled", "rank": 20, "kind": "detour", "min_score": null, "min_engagement": null, "min_fit": null,
         "grades": null, "requires": null, "on_event": null, "on_event_condition": null, "falls_below": null,
         "within": null, "timeout_stage": null, "cooldown": 604800, "exit": "hand", "typed": {}}]
})json";

}  // namespace lead_scoring::test

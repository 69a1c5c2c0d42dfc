-- The product sells itself, until an account is worth a call: product-qualified leads.

CREATE FUNCTION lead_scoring_internal.product_led_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0, "max_score": 200},
 "groups": [
  {"name": "usage", "kind": "engagement", "max_points": 60, "comment": "How much they use it: the habit."},
  {"name": "growth", "kind": "engagement", "comment": "What shows that they outgrow the free plan."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "active day", "rule_group": "usage", "event_type": "logged_in", "points": 2, "decay": "window", "lifespan": "14 days",
   "limit_count": 1, "limit_window": "day", "comment": "Days, not clicks: ten of the last fourteen are 20."},
  {"name": "key action", "rule_group": "usage", "event_type": "key_action", "points": 10, "decay": "exponential", "half_life": "14 days", "max_points": 40,
   "limit_count": 2, "limit_window": "day", "comment": "What the product is for: a report made, an invoice sent. Name your own."},
  {"name": "integration", "rule_group": "usage", "event_type": "integration_connected", "points": 15, "max_points": 30, "comment": "Is woven in; does not fade."},
  {"name": "teammate invited", "rule_group": "growth", "event_type": "teammate_invited", "points": 10, "decay": "exponential", "half_life": "30 days", "max_points": 30,
   "comment": "It spreads: the best sign of an account that will pay."},
  {"name": "limit reached", "rule_group": "growth", "event_type": "limit_reached", "points": 25, "decay": "exponential", "half_life": "14 days",
   "limit_count": 1, "limit_window": "week", "comment": "The free plan is too small."},
  {"name": "pricing page", "rule_group": "growth", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 10, "decay": "exponential", "half_life": "14 days",
   "limit_count": 2, "limit_window": "day", "comment": "Reckons what it would cost."},
  {"name": "export of all data", "rule_group": "growth", "event_type": "data_exported", "points": -15, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "week", "comment": "Packs."},
  {"name": "ticket without answer", "rule_group": "usage", "event_type": "ticket_escalated", "points": -10, "decay": "exponential", "half_life": "14 days", "min_points": -20,
   "comment": "Mend that before you sell."},
  {"name": "company address", "rule_group": "fit", "condition": "email !~* '@(gmail|yahoo|hotmail|outlook|icloud|gmx|qq)[.]'", "points": 10, "comment": "There is a company behind it."},
  {"name": "company of some size", "rule_group": "fit", "condition": "employees >= 50", "points": 15, "comment": "Has seats to fill."},
  {"name": "student", "rule_group": "fit", "condition": "email ~* '[.]edu$'", "points": -40, "comment": "Uses it gladly, and free of charge."}],
 "bands": [],
 "stages": [
  {"name": "signed up", "rank": 0, "comment": "Has an account."},
  {"name": "activated", "rank": 5, "min_engagement": 10, "min_score": 10, "falls_below": 5, "comment": "Has seen what it is for."},
  {"name": "pql", "rank": 10, "counts_as": "mql", "min_score": 60, "min_engagement": 35, "falls_below": 40, "within": "5 days", "timeout_stage": "nurtured", "cooldown": "30 days",
   "comment": "Product-qualified: uses it, and outgrows it. Somebody offers help within five days."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "30 days", "timeout_stage": "nurtured", "comment": "Has spoken to sales."},
  {"name": "customer", "rank": 30, "on_event": "subscription_started", "comment": "Pays, whether sales had a part in it or not."},
  {"name": "nurtured", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Goes on by itself; comes back by what they do next."},
  {"name": "disqualified", "rank": 91, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.product_led_template IS 'The definition of the template "product_led".';

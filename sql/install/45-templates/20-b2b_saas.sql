-- Software as a service, sold to companies: the seven actions that make an MQL.

CREATE FUNCTION lead_scoring_internal.b2b_saas_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0, "max_score": 200},
 "groups": [
  {"name": "content", "kind": "engagement", "max_points": 40, "comment": "Reading makes nobody an MQL by itself, however much of it."},
  {"name": "intent", "kind": "engagement", "comment": "What they ask for, and what they try."},
  {"name": "fit", "kind": "fit", "min_points": -60, "max_points": 40, "comment": "Who they are."}],
 "rules": [
  {"name": "demo request", "rule_group": "intent", "event_type": "demo_request", "points": 60, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Asks for a demo: an MQL at once, unless the fit says no."},
  {"name": "contact request", "rule_group": "intent", "event_type": "contact_request", "points": 60, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Asks to be called: as good as a demo."},
  {"name": "free trial", "rule_group": "intent", "event_type": "trial_started", "points": 45, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Tries it; with one sign more, or in the right company, an MQL."},
  {"name": "pricing page", "rule_group": "intent", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 10, "max_points": 40,
   "decay": "exponential", "half_life": "14 days", "limit_count": 2, "limit_window": "day", "comment": "Comes back to the prices: the third day of it counts more than ten views of the first."},
  {"name": "webinar", "rule_group": "content", "event_type": "webinar_attended", "points": 20, "decay": "exponential", "half_life": "30 days",
   "comment": "Gave an hour."},
  {"name": "download", "rule_group": "content", "event_type": "download", "points": 8, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "limit_key": "properties->>'asset'", "comment": "Each paper once a month."},
  {"name": "newsletter", "rule_group": "content", "event_type": "newsletter_subscribed", "points": 5, "limit_count": 1, "limit_window": "ever",
   "comment": "Wants to hear from us; does not fade while they stay."},
  {"name": "unsubscribed", "rule_group": "content", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "60 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more."},
  {"name": "careers page", "rule_group": "intent", "event_type": "page_view", "condition": "properties->>'path' LIKE '/careers%'", "points": -10, "min_points": -20,
   "decay": "linear", "lifespan": "30 days", "comment": "Looks for a job rather than for software."},
  {"name": "decision maker", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|c[etfmoi]o|founder|owner|president|vp|head|director)\\M'", "points": 20,
   "comment": "Decides, or sits beside who does."},
  {"name": "our size", "rule_group": "fit", "condition": "employees BETWEEN 20 AND 2000", "points": 15, "comment": "Big enough to need it, small enough to buy it online."},
  {"name": "free mail", "rule_group": "fit", "condition": "email ~* '@(gmail|yahoo|hotmail|outlook|icloud|gmx|qq)[.]'", "points": -10, "comment": "A private address: perhaps no company behind it."},
  {"name": "student", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern|teacher|professor)'", "points": -60, "comment": "Not an MQL even with a demo request."}],
 "bands": [],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 50, "min_engagement": 20, "falls_below": 30, "within": "1 day", "timeout_stage": "recycled", "cooldown": "3 days",
   "comment": "Sales answers within a day: the sooner the call, the likelier the sale."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "30 days", "timeout_stage": "recycled", "comment": "Sales has spoken to them: need, money, and a date."},
  {"name": "opportunity", "rank": 30, "on_event": "opportunity_created", "comment": "There is an offer."},
  {"name": "customer", "rank": 40, "on_event": "deal_won", "comment": "Pays."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: back to nurture, and again an MQL by what they do next."},
  {"name": "lost", "rank": 91, "kind": "detour", "on_event": "deal_lost", "exit": "score", "comment": "Bought elsewhere; a new demo request counts all the same."},
  {"name": "disqualified", "rank": 92, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.b2b_saas_template IS 'The definition of the template "b2b_saas".';

-- Kinds of MQLs: what brought a lead there says how to speak to it.

CREATE FUNCTION lead_scoring_internal.mql_types_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0},
 "groups": [
  {"name": "in social media", "kind": "engagement", "max_points": 30, "comment": "Talks with us where others see it."},
  {"name": "by mail", "kind": "engagement", "max_points": 30, "comment": "Reads what we send."},
  {"name": "about symptoms", "kind": "engagement", "max_points": 40, "comment": "Reads of what hurts."},
  {"name": "about problems", "kind": "engagement", "max_points": 40, "comment": "Reads of why it hurts."},
  {"name": "about solutions", "kind": "engagement", "comment": "Reads of what helps, ours among it."},
  {"name": "in the product", "kind": "engagement", "comment": "Works with it."},
  {"name": "fit", "kind": "fit", "min_points": -100, "max_points": 30, "comment": "Who they are."}],
 "rules": [
  {"name": "social", "rule_group": "in social media", "event_type": "social_engaged", "points": 10, "decay": "exponential", "half_life": "30 days",
   "limit_count": 2, "limit_window": "day", "comment": "Commented, shared, or wrote to us; twice a day at the most."},
  {"name": "mail click", "rule_group": "by mail", "event_type": "email_clicked", "points": 10, "decay": "exponential", "half_life": "30 days",
   "limit_count": 2, "limit_window": "day", "comment": "Followed a link of a mail."},
  {"name": "symptom paper", "rule_group": "about symptoms", "event_type": "content_read", "condition": "properties->>'topic' = 'symptom'", "points": 10,
   "decay": "exponential", "half_life": "30 days", "comment": "Why is it so slow?"},
  {"name": "problem paper", "rule_group": "about problems", "event_type": "content_read", "condition": "properties->>'topic' = 'problem'", "points": 15,
   "decay": "exponential", "half_life": "30 days", "comment": "What slow handovers cost."},
  {"name": "solution paper", "rule_group": "about solutions", "event_type": "content_read", "condition": "properties->>'topic' = 'solution'", "points": 20,
   "decay": "exponential", "half_life": "30 days", "comment": "How others do it, and with what."},
  {"name": "pricing page", "rule_group": "about solutions", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 15, "max_points": 45,
   "decay": "exponential", "half_life": "14 days", "limit_count": 1, "limit_window": "day", "comment": "What it costs, once a day."},
  {"name": "usage", "rule_group": "in the product", "event_type": "feature_used", "points": 10, "max_points": 60, "decay": "exponential", "half_life": "14 days",
   "limit_count": 1, "limit_window": "day", "limit_key": "properties->>'feature'", "comment": "Each feature once a day."},
  {"name": "unsubscribed", "rule_group": "by mail", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "60 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more by mail."},
  {"name": "decision maker", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|c[etfmoi]o|founder|owner|president|vp|head|director)\\M'", "points": 20,
   "comment": "Decides, or sits beside who does."},
  {"name": "student", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern)\\M'", "points": -100, "comment": "Reads a lot and buys nothing."}],
 "bands": [
  {"axis": "engagement", "label": "level 1", "min_points": 0}, {"axis": "engagement", "label": "level 2", "min_points": 20},
  {"axis": "engagement", "label": "level 3", "min_points": 50}, {"axis": "engagement", "label": "level 4", "min_points": 80}],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 30, "min_engagement": 20, "falls_below": 15, "within": "3 days", "timeout_stage": "recycled", "cooldown": "3 days", "comment": "Did enough to be spoken to; of what type it is says about what."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "comment": "Sales has spoken to them."},
  {"name": "customer", "rank": 30, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 89, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: back to nurture, and again an MQL by what they do next."},
  {"name": "disqualified", "rank": 90, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}],
 "entries": [
  {"name": "asked for a demo", "stage": "mql", "on_event": "demo_request", "comment": "Whatever the score."},
  {"name": "uses it", "stage": "mql", "min_engagement": 20, "requires": {"usage": 3}, "comment": "Three features are as good as thirty points."}],
 "lead_types": [
  {"name": "cold", "rank": 0, "condition": "days_since_last > 90", "comment": "Nothing for three months, whatever it was before: a mail of another kind, or none."},
  {"name": "product-qualified", "rank": 10, "condition": "(times -> 'usage')::integer >= 3 AND (points -> 'in the product')::numeric > 0", "comment": "Knows the product: speak of plans and limits."},
  {"name": "level 4", "rank": 20, "condition": "grade = 'level 4'", "comment": "Did so much of all kinds that it is called today."},
  {"name": "solution-aware", "rank": 30, "condition": "(points -> 'about solutions')::numeric >= 15", "comment": "Compares: speak of what sets us apart."},
  {"name": "problem-aware", "rank": 40, "condition": "(points -> 'about problems')::numeric >= 15", "comment": "Knows why it hurts: speak of what helps."},
  {"name": "symptom-aware", "rank": 50, "condition": "(points -> 'about symptoms')::numeric >= 10", "comment": "Knows that it hurts: speak of why."},
  {"name": "social", "rank": 60, "condition": "(points -> 'in social media')::numeric >= (points -> 'by mail')::numeric AND (points -> 'in social media')::numeric > 0", "comment": "Answer where it spoke."},
  {"name": "e-mail", "rank": 70, "condition": "(points -> 'by mail')::numeric > 0", "comment": "Write, rather than call."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.mql_types_template IS 'The definition of the template "mql_types".';

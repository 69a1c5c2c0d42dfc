-- The score sheet that most teams begin with.

CREATE FUNCTION lead_scoring_internal.practitioner_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0},
 "groups": [
  {"name": "engagement", "kind": "engagement", "comment": "What they do. All of it counts for 90 days, so that an MQL is somebody of this quarter."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "download", "rule_group": "engagement", "event_type": "download", "points": 5, "decay": "window", "lifespan": "90 days",
   "limit_count": 3, "limit_window": "month", "comment": "Three papers a month tell as much as thirty."},
  {"name": "e-mail opened", "rule_group": "engagement", "event_type": "email_opened", "points": 2, "decay": "window", "lifespan": "90 days",
   "limit_count": 2, "limit_window": "week", "comment": "Mail programs open mails by themselves, so that the limit is low."},
  {"name": "pricing page", "rule_group": "engagement", "event_type": "page_view", "condition": "properties->>'path' LIKE '/pricing%'", "points": 10,
   "decay": "window", "lifespan": "90 days", "limit_count": 3, "limit_window": "day", "comment": "Who looks at prices has begun to reckon."},
  {"name": "live session", "rule_group": "engagement", "event_type": "webinar_attended", "points": 20, "decay": "window", "lifespan": "90 days",
   "comment": "A webinar, a workshop, a sprint: an hour of their time."},
  {"name": "unsubscribed", "rule_group": "engagement", "event_type": "unsubscribed", "points": -15, "decay": "window", "lifespan": "90 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear less; it takes a live session to make up for it."},
  {"name": "executive", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|ceo|cto|cfo|cmo|coo|cio|vp|vice president|director)\\M'", "points": 15,
   "comment": "Can say yes."},
  {"name": "firm of 50 to 500", "rule_group": "fit", "condition": "employees BETWEEN 50 AND 500", "points": 10, "comment": "The firms that stay."},
  {"name": "not a buyer", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern|professor|freelance)'", "points": -25,
   "comment": "Reads a lot and does not buy."}],
 "bands": [],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 30, "min_engagement": 2, "falls_below": 20, "within": "3 days", "timeout_stage": "recycled", "cooldown": "14 days",
   "comment": "Sales calls within three days. Fit alone makes none: there must be something to call about."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "60 days", "timeout_stage": "recycled", "comment": "Sales has spoken to them and goes on."},
  {"name": "customer", "rank": 30, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: back to nurture, and again an MQL by what they do next."},
  {"name": "disqualified", "rank": 91, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.practitioner_template IS 'The definition of the template "practitioner".';

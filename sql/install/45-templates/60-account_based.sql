-- Companies buy, not people: minutes that the people of an account spend with us, and how many of them do.

CREATE FUNCTION lead_scoring_internal.account_based_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"lead_account": "company"},
 "groups": [
  {"name": "minutes", "kind": "engagement", "comment": "Minutes of their time within three months: a point a minute."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "page view", "rule_group": "minutes", "event_type": "page_view", "points": 1, "decay": "window", "lifespan": "90 days",
   "limit_count": 10, "limit_window": "day", "comment": "A minute each; who leaves the page open is no keener for it."},
  {"name": "mail clicked", "rule_group": "minutes", "event_type": "email_clicked", "points": 2, "decay": "window", "lifespan": "90 days",
   "limit_count": 1, "limit_window": "day", "comment": "Opened is nothing: mail programs do that."},
  {"name": "download", "rule_group": "minutes", "event_type": "download", "points": 10, "decay": "window", "lifespan": "90 days",
   "limit_count": 2, "limit_window": "week", "comment": "A paper takes ten minutes to read."},
  {"name": "webinar", "rule_group": "minutes", "event_type": "webinar_attended", "points": 45, "decay": "window", "lifespan": "90 days", "comment": "Three quarters of an hour."},
  {"name": "meeting", "rule_group": "minutes", "event_type": "meeting_held", "points": 30, "decay": "window", "lifespan": "90 days", "comment": "Half an hour with one of us."},
  {"name": "unsubscribed", "rule_group": "minutes", "event_type": "unsubscribed", "points": -20, "decay": "window", "lifespan": "90 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear less."},
  {"name": "decides", "rule_group": "fit", "condition": "job_title ~* '\\m(chief|ceo|cto|cfo|cmo|coo|cio|vp|vice president|director|head of)\\M'", "points": 10, "comment": "Has a say."},
  {"name": "not a buyer", "rule_group": "fit", "condition": "job_title ~* '\\m(student|intern|professor|freelance)'", "points": -40, "comment": "Reads a lot and does not buy."}],
 "bands": [],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "mql", "rank": 10, "min_score": 50, "min_engagement": 20, "falls_below": 30, "within": "3 days", "timeout_stage": "recycled", "cooldown": "30 days",
   "comment": "One person who is worth a call, whatever the account."},
  {"name": "sql", "rank": 20, "on_event": "sales_accepted", "within": "90 days", "timeout_stage": "recycled", "comment": "Sales works on the account with them."},
  {"name": "customer", "rank": 30, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not now: comes back by what they do next."},
  {"name": "disqualified", "rank": 91, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}],
 "account_rules": [
  {"name": "buying group", "people": 3, "active_within": "90 days", "min_score": 10,
   "comment": "Depth, breadth and time, as Engagio has it: three people, each with ten minutes or a say, within three months."},
  {"name": "engagement minutes", "min_points": 100, "comment": "A hundred minutes in three months, as Demandbase has it, whoever spent them."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.account_based_template IS 'The definition of the template "account_based".';

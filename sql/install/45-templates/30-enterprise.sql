-- Few, large companies and long sales: who they are counts as much as what they do, so that grades decide.

CREATE FUNCTION lead_scoring_internal.enterprise_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0},
 "groups": [
  {"name": "website", "kind": "engagement", "min_points": -20, "max_points": 30, "comment": "What a browser does is cheap; no more than 30 of it."},
  {"name": "meetings", "kind": "engagement", "comment": "What takes their time."},
  {"name": "role", "kind": "fit", "max_points": 40, "comment": "Who they are in their company."},
  {"name": "company", "kind": "fit", "max_points": 40, "comment": "What company it is."}],
 "rules": [
  {"name": "page view", "rule_group": "website", "event_type": "page_view", "points": 1, "decay": "exponential", "half_life": "14 days",
   "limit_count": 5, "limit_window": "day", "comment": "Five a day, so that a robot gains nothing."},
  {"name": "white paper", "rule_group": "website", "event_type": "download", "points": 8, "decay": "linear", "lifespan": "180 days",
   "limit_count": 1, "limit_window": "ever", "limit_key": "properties->>'asset'", "comment": "Each once; large companies read for half a year."},
  {"name": "unsubscribed", "rule_group": "website", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "90 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more from marketing; sales may go on."},
  {"name": "webinar", "rule_group": "meetings", "event_type": "webinar_attended", "points": 15, "decay": "exponential", "half_life": "90 days", "max_points": 45,
   "comment": "Gave an hour."},
  {"name": "event visit", "rule_group": "meetings", "event_type": "event_attended", "points": 20, "decay": "exponential", "half_life": "90 days",
   "comment": "Met us at a fair or a dinner."},
  {"name": "meeting", "rule_group": "meetings", "event_type": "meeting_held", "points": 30, "decay": "exponential", "half_life": "90 days", "comment": "Sat down with us."},
  {"name": "demo request", "rule_group": "meetings", "event_type": "demo_request", "points": 40, "decay": "exponential", "half_life": "60 days",
   "limit_count": 1, "limit_window": "month", "comment": "Asks to be shown."},
  {"name": "no show", "rule_group": "meetings", "event_type": "meeting_missed", "points": -15, "decay": "exponential", "half_life": "60 days", "comment": "Had other things to do."},
  {"name": "top of the house", "rule_group": "role", "condition": "job_title ~* '\\m(chief|c[etfmoi]o|president|evp|svp)\\M'", "points": 30, "comment": "Signs."},
  {"name": "head of something", "rule_group": "role", "condition": "job_title ~* '\\m(vp|head|director)\\M'", "points": 20, "comment": "Has the budget."},
  {"name": "student", "rule_group": "role", "condition": "job_title ~* '\\m(student|intern)\\M'", "points": -40, "comment": "Reads a lot and does not buy."},
  {"name": "enterprise", "rule_group": "company", "condition": "employees >= 1000", "points": 20, "comment": "Whom the offer is made for."},
  {"name": "large enterprise", "rule_group": "company", "condition": "employees >= 10000", "points": 10, "comment": "On top of the points for an enterprise."},
  {"name": "home market", "rule_group": "company", "condition": "country IN ('US', 'CA', 'GB', 'IE', 'AU', 'NZ')", "points": 10, "comment": "Where there is somebody to visit them: change the list to yours."}],
 "bands": [
  {"axis": "engagement", "label": "3", "min_points": -1000}, {"axis": "engagement", "label": "2", "min_points": 15}, {"axis": "engagement", "label": "1", "min_points": 40},
  {"axis": "fit", "label": "C", "min_points": -1000}, {"axis": "fit", "label": "B", "min_points": 20}, {"axis": "fit", "label": "A", "min_points": 40}],
 "stages": [
  {"name": "lead", "rank": 0, "comment": "Known by name."},
  {"name": "engaged", "rank": 5, "min_score": 35, "min_engagement": 15, "falls_below": 25, "comment": "Worth a mail by a person, not yet a call."},
  {"name": "mql", "rank": 10, "min_score": 60, "grades": ["A1", "A2", "B1"], "falls_below": 45, "within": "1 day", "timeout_stage": "recycled", "cooldown": "7 days",
   "comment": "The right person of the right company, and busy: both letters and numbers, since one sum would hide which is missing."},
  {"name": "sal", "rank": 15, "on_event": "sales_accepted", "within": "14 days", "timeout_stage": "recycled", "comment": "Sales has taken it over and makes a first meeting within two weeks."},
  {"name": "sql", "rank": 20, "on_event": "sales_qualified", "within": "180 days", "timeout_stage": "recycled", "comment": "Need, budget and who decides are known."},
  {"name": "opportunity", "rank": 30, "on_event": "opportunity_created", "comment": "There is an offer."},
  {"name": "customer", "rank": 40, "on_event": "deal_won", "comment": "Has signed."},
  {"name": "recycled", "rank": 90, "kind": "detour", "on_event": "sales_recycled", "exit": "score", "comment": "Not this year: back to nurture."},
  {"name": "lost", "rank": 91, "kind": "detour", "on_event": "deal_lost", "exit": "hand", "comment": "Bought elsewhere; sales says when to begin again."},
  {"name": "disqualified", "rank": 92, "kind": "detour", "on_event": "sales_disqualified", "exit": "hand", "comment": "Never: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.enterprise_template IS 'The definition of the template "enterprise".';

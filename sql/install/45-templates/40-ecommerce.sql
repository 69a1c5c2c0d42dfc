-- A shop: interest lasts for days, and nobody is called.

CREATE FUNCTION lead_scoring_internal.ecommerce_template()
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $template$
SELECT $json$
{"sources": [{"name": "events", "event_lead": "lead_id", "event_type": "type", "event_time": "occurred_at"}],
 "settings": {"min_score": 0, "max_score": 150},
 "groups": [
  {"name": "browsing", "kind": "engagement", "max_points": 30, "comment": "Looking around is no more than 30."},
  {"name": "buying", "kind": "engagement", "comment": "What is done on the way to the till."},
  {"name": "fit", "kind": "fit", "comment": "Who they are."}],
 "rules": [
  {"name": "product viewed", "rule_group": "browsing", "event_type": "product_viewed", "points": 2, "decay": "exponential", "half_life": "7 days",
   "limit_count": 1, "limit_window": "day", "limit_key": "properties->>'product'", "comment": "Each product once a day."},
  {"name": "mail clicked", "rule_group": "browsing", "event_type": "email_clicked", "points": 5, "decay": "exponential", "half_life": "7 days",
   "limit_count": 1, "limit_window": "day", "comment": "A click, for opening is often done by the mail program."},
  {"name": "newsletter", "rule_group": "browsing", "event_type": "newsletter_subscribed", "points": 5, "limit_count": 1, "limit_window": "ever", "comment": "Wants to hear of offers; does not fade."},
  {"name": "wish list", "rule_group": "buying", "event_type": "wishlist_added", "points": 10, "decay": "exponential", "half_life": "30 days", "max_points": 30,
   "comment": "Wants it, not now."},
  {"name": "cart", "rule_group": "buying", "event_type": "cart_added", "points": 15, "decay": "exponential", "half_life": "5 days", "max_points": 45,
   "limit_count": 3, "limit_window": "day", "comment": "Forgotten after a week."},
  {"name": "large cart", "rule_group": "buying", "event_type": "cart_added", "condition": "(properties->>'value')::numeric >= 100", "points": 10, "decay": "exponential", "half_life": "5 days",
   "limit_count": 1, "limit_window": "day", "comment": "On top of the points for a cart; set the amount to yours."},
  {"name": "checkout", "rule_group": "buying", "event_type": "checkout_started", "points": 30, "decay": "exponential", "half_life": "3 days",
   "limit_count": 1, "limit_window": "day", "comment": "Was at the till. Fades fast: what is left for three days is bought elsewhere."},
  {"name": "returned", "rule_group": "buying", "event_type": "order_returned", "points": -20, "decay": "linear", "lifespan": "90 days", "min_points": -40,
   "comment": "Sends back what is ordered."},
  {"name": "unsubscribed", "rule_group": "browsing", "event_type": "unsubscribed", "points": -20, "decay": "exponential", "half_life": "30 days",
   "limit_count": 1, "limit_window": "month", "comment": "Wants to hear no more."},
  {"name": "where we deliver", "rule_group": "fit", "condition": "country IN ('DE', 'AT', 'CH')", "points": 10, "comment": "Change the list to yours."},
  {"name": "where we do not", "rule_group": "fit", "condition": "country NOT IN ('DE', 'AT', 'CH')", "points": -100, "comment": "No offer to whom nothing can be sent."},
  {"name": "throw-away address", "rule_group": "fit", "condition": "email ~* '@(mailinator|guerrillamail|10minutemail)[.]'", "points": -50, "comment": "After a discount, not after the goods."}],
 "bands": [],
 "stages": [
  {"name": "visitor", "rank": 0, "comment": "Has an account or an address with us."},
  {"name": "mql", "rank": 10, "min_score": 40, "min_engagement": 20, "falls_below": 25, "within": "7 days", "timeout_stage": "cooled", "cooldown": "7 days",
   "comment": "Worth an offer: a reminder of the cart, a small discount."},
  {"name": "sql", "rank": 20, "on_event": "checkout_started", "within": "3 days", "timeout_stage": "cooled", "comment": "At the till: the mail for carts that were left goes out by this."},
  {"name": "customer", "rank": 30, "on_event": "order_placed", "comment": "Has bought."},
  {"name": "cooled", "rank": 90, "kind": "detour", "exit": "score", "comment": "Got the offer and did not buy; comes back by what is done next."},
  {"name": "blocked", "rank": 91, "kind": "detour", "on_event": "fraud_found", "exit": "hand", "comment": "Fraud: only a person takes that back."}]}
$json$::jsonb
$template$;
COMMENT ON FUNCTION lead_scoring_internal.ecommerce_template IS 'The definition of the template "ecommerce".';

-- A shop's clicks: the file as table "file" in its order, with its leads; a model of them, with every kind of rule and
-- stage; and what that model's conditions match, written out in plain SQL. Takes the variable "program", which prints
-- the file.

CREATE TABLE file (user_id text, session_id text, event text, "timestamp" timestamptz, platform text,
                   acquisition_channel text, user_cohort text, user_lifecycle text, position bigserial);
COPY file (user_id, session_id, event, "timestamp", platform, acquisition_channel, user_cohort, user_lifecycle)
    FROM PROGRAM :'program' (FORMAT csv, HEADER);
ANALYZE file;
CREATE VIEW file_leads AS
    SELECT DISTINCT ON (user_id) user_id, acquisition_channel, user_cohort, user_lifecycle FROM file ORDER BY user_id, position DESC;
CREATE TABLE leads_like (user_id text PRIMARY KEY, acquisition_channel text, user_cohort text, user_lifecycle text);
CREATE TABLE events_like (user_id text, session_id text, event text, "timestamp" timestamptz, platform text,
                          acquisition_channel text, user_cohort text, user_lifecycle text);
CREATE INDEX ON events_like (user_id);

-- Makes tables MODEL_leads and MODEL_events with the model on them.
CREATE FUNCTION make_model(model text, published boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $model$
BEGIN
    EXECUTE format('CREATE TABLE %1$I (LIKE leads_like INCLUDING ALL); CREATE TABLE %2$I (LIKE events_like INCLUDING ALL)',
                   model || '_leads', model || '_events');
    PERFORM lead_scoring.create_model(model, (model || '_leads')::regclass, (model || '_events')::regclass, event_lead => 'user_id', event_type => 'event',
        event_time => 'timestamp', time_zone => 'Europe/Berlin', min_score => -10, max_score => 140);
    PERFORM lead_scoring.add_group(model, 'browsing', max_points => 45);
    PERFORM lead_scoring.add_group(model, 'buying', min_points => -20, max_points => 110);
    PERFORM lead_scoring.add_group(model, 'trouble', min_points => -18);
    PERFORM lead_scoring.add_group(model, 'profile', 'fit', min_points => -5, max_points => 22);
    PERFORM lead_scoring.add_rule(model, 'home', 'home', 1, rule_group => 'browsing', limit_count => 1, limit_window => 'day');
    PERFORM lead_scoring.add_rule(model, 'product', 'product_view', 0.7, rule_group => 'browsing',
        decay => 'exponential', half_life => '14 days');
    PERFORM lead_scoring.add_rule(model, 'product on the phone', 'product_view', -0.25, $$platform = 'mobile'$$, rule_group => 'browsing');
    PERFORM lead_scoring.add_rule(model, 'catalog', 'catalog', 0.5, rule_group => 'browsing', decay => 'linear', lifespan => '30 days', max_occurrences => 12);
    PERFORM lead_scoring.add_rule(model, 'search', 'search', 1.1, rule_group => 'browsing', decay => 'step', "drop" => 0.3, step => '7 days');
    PERFORM lead_scoring.add_rule(model, 'filter', 'filter_results', 1.5, rule_group => 'browsing', decay => 'window', lifespan => '21 days',
        limit_count => 3, limit_window => 'week');
    PERFORM lead_scoring.add_rule(model, 'promotion', 'promo_page', 1.25, $$acquisition_channel IN ('email', 'social')$$, rule_group => 'browsing',
        decay => 'exponential', half_life => '60 days', limit_count => 2, limit_window => 'month', limit_key => 'platform');
    PERFORM lead_scoring.add_rule(model, 'compare', 'compare', 10, per => $$1.0 / right(session_id, 1)::integer$$, rule_group => 'browsing',
        decay => 'exponential', half_life => '36 hours');
    PERFORM lead_scoring.add_rule(model, 'wishlist', 'wishlist_add', 2.5, rule_group => 'buying', max_points => 10);
    PERFORM lead_scoring.add_rule(model, 'basket', 'add_to_cart', 4, rule_group => 'buying', limit_count => 2, limit_window => 'ever', limit_key => 'session_id');
    PERFORM lead_scoring.add_rule(model, 'cart', 'cart', 2, rule_group => 'buying', decay => 'exponential', half_life => '10 days',
        limit_count => 1, limit_window => 'hour');
    PERFORM lead_scoring.add_rule(model, 'shipping', 'shipping_details', 3, rule_group => 'buying', decay => 'linear', lifespan => '60 days',
        limit_count => 5, limit_window => 'month', max_points => 12);
    PERFORM lead_scoring.add_rule(model, 'payment', 'payment_details', 0.013, per => 'right(session_id, 2)::integer', rule_group => 'buying',
        decay => 'step', "drop" => 0.1, step => '36 hours', limit_count => 1, limit_window => 'day');
    PERFORM lead_scoring.add_rule(model, 'purchase', 'purchase', 20, rule_group => 'buying', decay => 'exponential', half_life => '45 days');
    PERFORM lead_scoring.add_rule(model, 'dormant', 'purchase', 1, $$user_lifecycle = 'loyal'$$, rule_group => 'buying', min_points => 0.5, max_points => 3);
    PERFORM lead_scoring.add_rule(model, 'review', 'review_page', 1, per => $$left(user_cohort, 4)::integer - 2020.5$$, rule_group => 'buying',
        decay => 'window', lifespan => '30 days', limit_count => 2, limit_window => 'ever');
    PERFORM lead_scoring.add_rule(model, 'support', 'support_chat', -3, rule_group => 'trouble', decay => 'exponential', half_life => '30 days');
    PERFORM lead_scoring.add_rule(model, 'error', 'error_page', -2.5, rule_group => 'trouble', decay => 'linear', lifespan => '14 days');
    PERFORM lead_scoring.add_rule(model, 'payment error', 'payment_error', -5, rule_group => 'trouble', decay => 'step', "drop" => 0.5, step => '3 days',
        limit_count => 2, limit_window => 'week', min_points => -8);
    PERFORM lead_scoring.add_rule(model, 'bug', 'checkout_bug', -8, rule_group => 'trouble', decay => 'window', lifespan => '10 days');
    PERFORM lead_scoring.add_fit_rule(model, 'paid', $$acquisition_channel = 'paid_search'$$, 12, 'profile');
    PERFORM lead_scoring.add_fit_rule(model, 'loyal', $$user_lifecycle = 'loyal'$$, 15, 'profile');
    PERFORM lead_scoring.add_fit_rule(model, 'new', $$user_lifecycle = 'new'$$, -8.5, 'profile');
    PERFORM lead_scoring.add_fit_rule(model, 'first cohort', $$user_cohort < '2024-02'$$, 3.3333, 'fit');
    PERFORM lead_scoring.add_band(model, 'fit', 'A', 15);
    PERFORM lead_scoring.add_band(model, 'fit', 'B', 3);
    PERFORM lead_scoring.add_band(model, 'fit', 'C', -1000);
    PERFORM lead_scoring.add_band(model, 'engagement', '1', 60);
    PERFORM lead_scoring.add_band(model, 'engagement', '2', 20);
    PERFORM lead_scoring.add_band(model, 'engagement', '3', -1000);
    PERFORM lead_scoring.add_stage(model, 'recycled', kind => 'detour', cooldown => '7 days', rank => -10);
    PERFORM lead_scoring.add_stage(model, 'mql', min_score => 40, min_engagement => 15, requires => '{"cart": 1}',
        falls_below => 22, cooldown => '3 days', within => '20 days', timeout_stage => 'recycled');
    PERFORM lead_scoring.add_stage(model, 'sql', on_event => 'shipping_details', on_event_condition => $$platform <> 'tablet'$$);
    PERFORM lead_scoring.add_stage(model, 'customer', on_event => 'purchase');
    IF published THEN
        PERFORM lead_scoring.publish(model);
    END IF;
END
$model$;

CREATE FUNCTION match_plainly() RETURNS void LANGUAGE sql AS $plain$
INSERT INTO plain_match
SELECT 'home', user_id, "timestamp", 1, NULL FROM file WHERE event = 'home' UNION ALL
SELECT 'product', user_id, "timestamp", 0.7, NULL FROM file WHERE event = 'product_view' UNION ALL
SELECT 'product on the phone', user_id, "timestamp", -0.25, NULL FROM file WHERE event = 'product_view' AND platform = 'mobile' UNION ALL
SELECT 'catalog', user_id, "timestamp", 0.5, NULL FROM file WHERE event = 'catalog' UNION ALL
SELECT 'search', user_id, "timestamp", 1.1, NULL FROM file WHERE event = 'search' UNION ALL
SELECT 'filter', user_id, "timestamp", 1.5, NULL FROM file WHERE event = 'filter_results' UNION ALL
SELECT 'promotion', user_id, "timestamp", 1.25, platform FROM file WHERE event = 'promo_page' AND acquisition_channel IN ('email', 'social') UNION ALL
SELECT 'compare', user_id, "timestamp", 10.0 / right(session_id, 1)::numeric, NULL FROM file WHERE event = 'compare' AND session_id NOT LIKE '%0' UNION ALL
SELECT 'wishlist', user_id, "timestamp", 2.5, NULL FROM file WHERE event = 'wishlist_add' UNION ALL
SELECT 'basket', user_id, "timestamp", 4, session_id FROM file WHERE event = 'add_to_cart' UNION ALL
SELECT 'cart', user_id, "timestamp", 2, NULL FROM file WHERE event = 'cart' UNION ALL
SELECT 'shipping', user_id, "timestamp", 3, NULL FROM file WHERE event = 'shipping_details' UNION ALL
SELECT 'payment', user_id, "timestamp", 0.013 * right(session_id, 2)::numeric, NULL FROM file WHERE event = 'payment_details' UNION ALL
SELECT 'purchase', user_id, "timestamp", 20, NULL FROM file WHERE event = 'purchase' UNION ALL
SELECT 'dormant', user_id, "timestamp", 1, NULL FROM file WHERE event = 'purchase' AND user_lifecycle = 'loyal' UNION ALL
SELECT 'review', user_id, "timestamp", 3.5, NULL FROM file WHERE event = 'review_page' UNION ALL
SELECT 'support', user_id, "timestamp", -3, NULL FROM file WHERE event = 'support_chat' UNION ALL
SELECT 'error', user_id, "timestamp", -2.5, NULL FROM file WHERE event = 'error_page' UNION ALL
SELECT 'payment error', user_id, "timestamp", -5, NULL FROM file WHERE event = 'payment_error' UNION ALL
SELECT 'bug', user_id, "timestamp", -8, NULL FROM file WHERE event = 'checkout_bug';
INSERT INTO plain_fit
SELECT 'paid', user_id FROM file_leads WHERE acquisition_channel = 'paid_search' UNION ALL
SELECT 'loyal', user_id FROM file_leads WHERE user_lifecycle = 'loyal' UNION ALL
SELECT 'new', user_id FROM file_leads WHERE user_lifecycle = 'new' UNION ALL
SELECT 'first cohort', user_id FROM file_leads WHERE user_cohort = '2024-01';
$plain$;

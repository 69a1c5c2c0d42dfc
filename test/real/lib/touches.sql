-- Ad impressions and conversions of July 2018: the file as table "file" in its order, with its leads, every tenth of whom
-- is no lead; a model of them; and what that model's conditions match, written out in plain SQL. Takes the variable
-- "program", which prints the file.

CREATE TABLE file (lead_id varchar(7), type text, occurred_at timestamptz, campaign text, properties jsonb, position bigserial);
COPY file (lead_id, type, occurred_at, campaign, properties) FROM PROGRAM :'program' (FORMAT csv, HEADER);
ANALYZE file;
CREATE VIEW file_leads AS
    SELECT DISTINCT ON (lead_id) lead_id, campaign AS first_channel, 'lead ' || lead_id AS name
      FROM file WHERE lead_id NOT LIKE '%0' ORDER BY lead_id, occurred_at, position;
CREATE TABLE leads_like (lead_id varchar(7) PRIMARY KEY, first_channel text, name text);
CREATE TABLE events_like (lead_id varchar(7), type text, occurred_at timestamptz, campaign text, properties jsonb);
CREATE INDEX ON events_like (lead_id, occurred_at);

-- Makes tables MODEL_leads and MODEL_events with the model on them. The time zone is half an hour off the full ones.
CREATE FUNCTION make_model(model text, published boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $model$
BEGIN
    EXECUTE format('CREATE TABLE %1$I (LIKE leads_like INCLUDING ALL); CREATE TABLE %2$I (LIKE events_like INCLUDING ALL)',
                   model || '_leads', model || '_events');
    PERFORM lead_scoring.create_model(model, (model || '_leads')::regclass, (model || '_events')::regclass,
        time_zone => 'Asia/Kolkata', event_campaign => 'campaign', min_score => 0, max_score => 60);
    PERFORM lead_scoring.add_group(model, 'ads', max_points => 35);
    PERFORM lead_scoring.add_group(model, 'orders', min_points => -5);
    PERFORM lead_scoring.add_rule(model, 'touch', 'impression', 1, rule_group => 'ads',
        limit_count => 2, limit_window => 'day', limit_key => 'campaign');
    PERFORM lead_scoring.add_rule(model, 'channels', 'impression', 2.2, rule_group => 'ads',
        limit_count => 1, limit_window => 'ever', limit_key => 'campaign');
    PERFORM lead_scoring.add_rule(model, 'facebook', 'impression', 2.5, $$campaign = 'Facebook'$$, rule_group => 'ads',
        decay => 'exponential', half_life => '3 days');
    PERFORM lead_scoring.add_rule(model, 'instagram', 'impression', -0.5, $$campaign = 'Instagram'$$, rule_group => 'ads',
        decay => 'linear', lifespan => '10 days');
    PERFORM lead_scoring.add_rule(model, 'video', 'impression', 3, $$campaign LIKE '%Video'$$, rule_group => 'ads',
        decay => 'step', "drop" => 0.2, step => '36 hours', limit_count => 1, limit_window => 'hour');
    PERFORM lead_scoring.add_rule(model, 'display', 'impression', 1.3, $$campaign LIKE 'Online D%'$$, rule_group => 'ads',
        decay => 'window', lifespan => '5 days', limit_count => 3, limit_window => 'week', max_points => 3);
    PERFORM lead_scoring.add_rule(model, 'search', 'impression', 4, $$campaign = 'Paid Search'$$, rule_group => 'ads',
        decay => 'exponential', half_life => '36 hours', limit_count => 1, limit_window => 'day');
    PERFORM lead_scoring.add_rule(model, 'lately', 'impression', 0.75, $$campaign <> 'Instagram'$$, rule_group => 'ads',
        decay => 'linear', lifespan => '31 days', max_occurrences => 3, limit_count => 9, limit_window => 'month');
    PERFORM lead_scoring.add_rule(model, 'order', 'conversion', 1.1, per => $$(properties->>'value')::numeric$$, rule_group => 'orders',
        max_points => 14);
    PERFORM lead_scoring.add_rule(model, 'small order', 'conversion', -7, $$(properties->>'value')::numeric < 5.5$$, rule_group => 'orders',
        decay => 'exponential', half_life => '10 days');
    PERFORM lead_scoring.add_fit_rule(model, 'searcher', $$first_channel = 'Paid Search'$$, 5);
    PERFORM lead_scoring.add_fit_rule(model, 'odd', $$right(name, 1)::integer % 2 = 1$$, -1.5);
    PERFORM lead_scoring.add_stage(model, 'mql', min_score => 14, min_engagement => 9, requires => '{"channels": 2}',
        falls_below => 9.5, cooldown => '36 hours');
    PERFORM lead_scoring.add_stage(model, 'customer', on_event => 'conversion', on_event_condition => $$(properties->>'value')::numeric >= 6$$);
    IF published THEN
        PERFORM lead_scoring.publish(model);
    END IF;
END
$model$;

CREATE FUNCTION match_plainly() RETURNS void LANGUAGE sql AS $plain$
INSERT INTO plain_match
SELECT 'touch', lead_id, occurred_at, 1, campaign FROM file WHERE type = 'impression' UNION ALL
SELECT 'channels', lead_id, occurred_at, 2.2, campaign FROM file WHERE type = 'impression' UNION ALL
SELECT 'facebook', lead_id, occurred_at, 2.5, NULL FROM file WHERE type = 'impression' AND campaign = 'Facebook' UNION ALL
SELECT 'instagram', lead_id, occurred_at, -0.5, NULL FROM file WHERE type = 'impression' AND campaign = 'Instagram' UNION ALL
SELECT 'video', lead_id, occurred_at, 3, NULL FROM file WHERE type = 'impression' AND campaign = 'Online Video' UNION ALL
SELECT 'display', lead_id, occurred_at, 1.3, NULL FROM file WHERE type = 'impression' AND campaign = 'Online Display' UNION ALL
SELECT 'search', lead_id, occurred_at, 4, NULL FROM file WHERE type = 'impression' AND campaign = 'Paid Search' UNION ALL
SELECT 'lately', lead_id, occurred_at, 0.75, NULL FROM file WHERE type = 'impression' AND campaign <> 'Instagram' UNION ALL
SELECT 'order', lead_id, occurred_at, 1.1 * (properties->>'value')::numeric, NULL FROM file WHERE type = 'conversion' UNION ALL
SELECT 'small order', lead_id, occurred_at, -7, NULL FROM file WHERE type = 'conversion' AND (properties->>'value')::numeric <= 5;
INSERT INTO plain_fit
SELECT 'searcher', lead_id FROM file_leads WHERE first_channel = 'Paid Search' UNION ALL
SELECT 'odd', lead_id FROM file_leads WHERE lead_id ~ '[13579]$';
$plain$;

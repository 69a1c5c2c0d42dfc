-- The same events from one table and from several, as companies have them: clicks of a shop in tables of their own, some
-- of them delivered twice; ads and orders; first contacts by day and a wide table of deals. Scores, moves, reports and
-- first touches must be the same.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET jit = off;
SET work_mem = '64MB';
\getenv data LEAD_SCORING_DATA
CREATE SCHEMA several_test;
SET search_path = several_test, public;
CREATE FUNCTION state(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT to_jsonb(s)::text FROM (SELECT lead_id, fit, stage, counted, card::text, memory FROM %I.scores s) s', model);
END
$$;
CREATE FUNCTION reported(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report text;
BEGIN
    RETURN QUERY EXECUTE format('SELECT (to_jsonb(t) - ''{recorded_at,at}''::text[])::text || CASE WHEN t.at < now() - interval ''1 hour'' THEN t.at::text END FROM %I.transitions t', model);
    FOREACH report IN ARRAY '{funnel,campaigns,channels,cohorts,velocity,qualified_rate}'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %1$L || to_jsonb(r)::text FROM %2$I.%1$I r', report, model);
    END LOOP;
    RETURN QUERY SELECT 'by ' || to_jsonb(r)::text FROM lead_scoring.funnel(model, by => 'channel') r;
    RETURN QUERY SELECT 'lift ' || to_jsonb(r)::text FROM lead_scoring.rule_lift(model, as_of => '2025-01-01') r;
END
$$;
CREATE FUNCTION compared(one text, several text, OUT leads bigint, OUT differ bigint, OUT reported bigint, OUT differ_too bigint, OUT faults bigint) LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM state(one)), (SELECT count(*) FROM (SELECT state(one) EXCEPT ALL SELECT state(several)) d) + (SELECT count(*) FROM (SELECT state(several) EXCEPT ALL SELECT state(one)) d),
           (SELECT count(*) FROM reported(one)), (SELECT count(*) FROM (SELECT reported(one) EXCEPT ALL SELECT reported(several)) d) + (SELECT count(*) FROM (SELECT reported(several) EXCEPT ALL SELECT reported(one)) d),
           (SELECT count(*) FROM lead_scoring.verify(several))
$$;

-- A shop's clicks.
CREATE SCHEMA shop_test;
SET search_path = shop_test, several_test, public;
\set program 'gzip -dc ' :data '/retentioneering_ecom/ecom.csv.gz'
\set ECHO none
\i lib/plain_score.sql
\i lib/ecom.sql
\set ECHO all
SELECT make_model(m, false) FROM unnest('{shop_one,shop_several}'::text[]) m \g /dev/null
INSERT INTO shop_one_leads SELECT * FROM file_leads; INSERT INTO shop_several_leads SELECT * FROM file_leads;
INSERT INTO shop_one_events SELECT user_id, session_id, event, "timestamp", platform, acquisition_channel, user_cohort, user_lifecycle FROM file;
CREATE TABLE baskets (visitor text, session_id text, action text, at timestamp, platform text, acquisition_channel text, number bigint);
CREATE TABLE purchases (buyer text, bought_at timestamptz, user_lifecycle text, acquisition_channel text);
CREATE INDEX ON baskets (visitor); CREATE INDEX ON baskets (number); CREATE INDEX ON purchases (buyer);
-- Those of baskets come twice, the second time a day later and before the first.
INSERT INTO baskets SELECT user_id, session_id, event, "timestamp" AT TIME ZONE 'America/New_York' + interval '1 day', platform, acquisition_channel, position FROM file WHERE event IN ('wishlist_add', 'add_to_cart', 'cart', 'shipping_details') AND position % 2 = 0;
INSERT INTO baskets SELECT user_id, session_id, event, "timestamp" AT TIME ZONE 'America/New_York', platform, acquisition_channel, position FROM file WHERE event IN ('wishlist_add', 'add_to_cart', 'cart', 'shipping_details');
INSERT INTO purchases SELECT user_id, "timestamp", user_lifecycle, acquisition_channel FROM file WHERE event = 'purchase';
INSERT INTO shop_several_events SELECT user_id, session_id, event, "timestamp", platform, acquisition_channel, user_cohort, user_lifecycle FROM file WHERE event NOT IN ('wishlist_add', 'add_to_cart', 'cart', 'shipping_details', 'purchase');
SELECT lead_scoring.add_source('shop_several', 'baskets', 'baskets', 'visitor', 'action', 'at', event_channel => 'acquisition_channel', time_zone => 'America/New_York', event_id => 'number'),
       lead_scoring.add_source('shop_several', 'purchases', 'purchases', 'buyer', event_time => 'bought_at', every_event => 'purchase', event_channel => 'acquisition_channel') \g /dev/null
UPDATE shop_several.rules SET source = 'baskets' WHERE name IN ('wishlist', 'basket', 'cart', 'shipping');
UPDATE shop_several.rules SET source = 'purchases' WHERE event_type = 'purchase';
UPDATE shop_several.stages SET on_event_source = CASE name WHEN 'sql' THEN 'baskets' ELSE 'purchases' END WHERE name IN ('sql', 'customer');
INSERT INTO shop_one.report_settings (event_channel, max_touches) VALUES ('acquisition_channel', 20); INSERT INTO shop_several.report_settings (event_channel, max_touches) VALUES ('acquisition_channel', 20);
SELECT lead_scoring.publish(m) FROM unnest('{shop_one,shop_several}'::text[]) m;
SELECT (SELECT count(*) FROM baskets) - count(*) AS came_twice FROM file WHERE event IN ('wishlist_add', 'add_to_cart', 'cart', 'shipping_details');
SELECT * FROM compared('shop_one', 'shop_several');
-- And from the events, where leads remember nothing.
UPDATE shop_one.report_settings SET max_touches = 0; UPDATE shop_several.report_settings SET max_touches = 0;
SELECT lead_scoring.publish(m) FROM unnest('{shop_one,shop_several}'::text[]) m;
SELECT * FROM compared('shop_one', 'shop_several');
-- Live, table by table: the same scores.
TRUNCATE shop_several_events, baskets, purchases;
INSERT INTO purchases SELECT user_id, "timestamp", user_lifecycle, acquisition_channel FROM file WHERE event = 'purchase' ORDER BY position;
INSERT INTO shop_several_events SELECT user_id, session_id, event, "timestamp", platform, acquisition_channel, user_cohort, user_lifecycle FROM file WHERE event NOT IN ('wishlist_add', 'add_to_cart', 'cart', 'shipping_details', 'purchase') ORDER BY position;
INSERT INTO baskets SELECT user_id, session_id, event, "timestamp" AT TIME ZONE 'America/New_York' + interval '1 day' * (n % 2), platform, acquisition_channel, position
  FROM file, generate_series(0, position % 2) n WHERE event IN ('wishlist_add', 'add_to_cart', 'cart', 'shipping_details') ORDER BY n DESC, position DESC;
SELECT count(*) AS leads, count(*) FILTER (WHERE o.card::text <> s.card::text OR abs(lead_scoring.score_at('shop_one', o.lead_id, '2024-07-01') - lead_scoring.score_at('shop_several', o.lead_id, '2024-07-01')) > 0.001) AS differ
  FROM shop_one.scores o FULL JOIN shop_several.scores s USING (lead_id);
SELECT count(*) AS faults FROM lead_scoring.verify('shop_several');
SELECT lead_scoring.drop_model(m) FROM unnest('{shop_one,shop_several}'::text[]) m \g /dev/null
SET search_path = several_test, public;
DROP SCHEMA shop_test CASCADE;

-- Ads and orders.
CREATE SCHEMA ads_test;
SET search_path = ads_test, several_test, public;
\set program 'gzip -dc ' :data '/attribution_events_si05/mapped/events.csv.gz'
\set ECHO none
\i lib/plain_score.sql
\i lib/touches.sql
\set ECHO all
SELECT make_model(m, false) FROM unnest('{ads_one,ads_several}'::text[]) m \g /dev/null
INSERT INTO ads_one_leads SELECT * FROM file_leads; INSERT INTO ads_several_leads SELECT * FROM file_leads;
INSERT INTO ads_one_events SELECT lead_id, type, occurred_at, campaign, properties FROM file;
CREATE TABLE orders (customer varchar(7), ordered_at timestamp, value numeric, campaign text);
CREATE INDEX ON orders (customer);
INSERT INTO ads_several_events SELECT lead_id, type, occurred_at, campaign, properties FROM file WHERE type = 'impression';
INSERT INTO orders SELECT lead_id, occurred_at AT TIME ZONE 'UTC', (properties ->> 'value')::numeric, campaign FROM file WHERE type = 'conversion';
-- What is of type conversion would be taken for orders otherwise, which have other columns.
UPDATE ads_several.rules SET source = 'events' WHERE event_type = 'conversion'; UPDATE ads_several.stages SET on_event_source = 'events' WHERE on_event = 'conversion';
SELECT lead_scoring.add_source('ads_several', 'orders', 'orders', 'customer', event_time => 'ordered_at', every_event => 'conversion', event_campaign => 'campaign', time_zone => 'UTC') \g /dev/null
UPDATE ads_several.rules SET source = 'orders', per = 'value' WHERE name = 'order';
UPDATE ads_several.rules SET source = 'orders', condition = 'value < 5.5' WHERE name = 'small order';
UPDATE ads_several.stages SET on_event_source = 'orders', on_event_condition = 'value >= 6' WHERE name = 'customer';
INSERT INTO ads_one.report_settings (max_touches) VALUES (64); INSERT INTO ads_several.report_settings (max_touches) VALUES (64);
SELECT lead_scoring.publish(m) FROM unnest('{ads_one,ads_several}'::text[]) m;
SELECT * FROM compared('ads_one', 'ads_several');
-- First touches of the customers' first orders, as they were published with the data.
CREATE TABLE buyers (customer varchar(7) PRIMARY KEY);
CREATE TABLE impressions (customer varchar(7), seen_at timestamptz, channel text);
CREATE TABLE sales (customer varchar(7), sold_at timestamptz, channel text);
CREATE INDEX ON impressions (customer); CREATE INDEX ON sales (customer);
SELECT lead_scoring.create_model('buying', 'buyers', 'impressions', event_lead => 'customer', event_type => 'channel', event_time => 'seen_at', event_campaign => 'channel', status_columns => '{}'),
       lead_scoring.add_source('buying', 'sales', 'sales', 'customer', event_time => 'sold_at', every_event => 'sale', event_campaign => 'channel'),
       lead_scoring.add_stage('buying', 'customer', on_event => 'sale'), lead_scoring.add_stage('buying', 'never', min_score => 1000), lead_scoring.add_rule('buying', 'sold', 'sale', 1) \g /dev/null
INSERT INTO buying.report_settings (customer_stage, max_touches) VALUES ('customer', 1000);
INSERT INTO buyers SELECT DISTINCT lead_id FROM file;
INSERT INTO impressions SELECT lead_id, occurred_at, campaign FROM file WHERE type = 'impression';
INSERT INTO sales SELECT lead_id, occurred_at, campaign FROM file WHERE type = 'conversion';
SELECT lead_scoring.publish('buying');
SELECT channel, customers::bigint FROM buying.channels WHERE attribution = 'first' AND customers > 0 ORDER BY channel COLLATE "C";
SELECT count(*) AS faults FROM lead_scoring.verify('buying');
SELECT lead_scoring.drop_model(m) FROM unnest('{ads_one,ads_several,buying}'::text[]) m \g /dev/null
SET search_path = several_test, public;
DROP SCHEMA ads_test CASCADE;

-- First contacts by day, and deals as a CRM has them: a row a deal, a column a step. What a step is and when, a table of steps
-- says, which a query makes of the rows; a trigger keeps it so.
\set leads 'gzip -dc ' :data '/olist/mapped/leads.csv.gz'
\set events 'gzip -dc ' :data '/olist/mapped/events.csv.gz'
CREATE SCHEMA deals_test;
SET search_path = deals_test, several_test, public;
CREATE TABLE leads (lead_id uuid PRIMARY KEY, created_at date, source text, attributes jsonb);
COPY leads FROM PROGRAM :'leads' (FORMAT csv, HEADER);
CREATE TABLE events (lead_id uuid, type text, occurred_at timestamptz, campaign text, properties jsonb);
CREATE TABLE contacts (lead uuid, on_day date, campaign text);
CREATE TABLE deals (deal_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), lead uuid, campaign text, qualified_at timestamptz, won_at timestamptz, lost_at timestamptz);
CREATE TABLE deal_steps (deal_id uuid REFERENCES deals ON DELETE CASCADE, lead uuid, step text, at timestamptz, campaign text, PRIMARY KEY (deal_id, step));
CREATE INDEX ON events (lead_id); CREATE INDEX ON contacts (lead); CREATE INDEX ON deal_steps (lead);
CREATE FUNCTION steps_of_deal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM deal_steps s WHERE s.deal_id = NEW.deal_id;
    INSERT INTO deal_steps
    SELECT NEW.deal_id, NEW.lead, s.step, s.at, NEW.campaign
      FROM (VALUES ('deal_qualified', NEW.qualified_at), ('deal_won', NEW.won_at), ('deal_lost', NEW.lost_at)) s (step, at) WHERE s.at IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER steps AFTER INSERT OR UPDATE ON deals FOR EACH ROW EXECUTE FUNCTION steps_of_deal();
COPY events FROM PROGRAM :'events' (FORMAT csv, HEADER);
SELECT type, count(*), count(*) FILTER (WHERE occurred_at = date_trunc('day', occurred_at)) AS at_midnight FROM events GROUP BY 1 ORDER BY 1;
-- A table of one kind of events comes as a further source; the first one has a column of types.
SELECT lead_scoring.create_model('deals_one', 'leads', 'events', event_campaign => 'campaign', status_columns => '{}'),
       lead_scoring.create_model('deals_several', 'leads', 'deal_steps', event_lead => 'lead', event_type => 'step', event_time => 'at', event_campaign => 'campaign', status_columns => '{}'),
       lead_scoring.add_source('deals_several', 'contacts', 'contacts', 'lead', event_time => 'on_day', every_event => 'landing_page_contact', event_campaign => 'campaign') \g /dev/null
SELECT lead_scoring.add_rule(m, 'contact', 'landing_page_contact', 10), lead_scoring.add_rule(m, 'won', 'deal_won', 20, decay => 'exponential', half_life => '90 days'),
       lead_scoring.add_fit_rule(m, 'came by search', $$source LIKE '%\_search'$$, 5), lead_scoring.add_stage(m, 'mql', on_event => 'landing_page_contact'), lead_scoring.add_stage(m, 'customer', on_event => 'deal_won')
  FROM unnest('{deals_one,deals_several}'::text[]) m \g /dev/null
INSERT INTO contacts SELECT lead_id, occurred_at, campaign FROM events WHERE type = 'landing_page_contact';
INSERT INTO deals (lead, campaign, won_at) SELECT lead_id, campaign, NULL FROM events WHERE type = 'deal_won';
UPDATE deals d SET won_at = e.occurred_at FROM events e WHERE e.type = 'deal_won' AND e.lead_id = d.lead;
INSERT INTO deals_one.report_settings (max_touches) VALUES (64); INSERT INTO deals_several.report_settings (max_touches) VALUES (64);
SELECT lead_scoring.publish(m) FROM unnest('{deals_one,deals_several}'::text[]) m;
SELECT * FROM compared('deals_one', 'deals_several');
SELECT sum(leads) AS leads, sum(customers) AS customers FROM deals_several.campaigns;
-- A deal that was a mistake.
UPDATE deals SET won_at = NULL, lost_at = won_at WHERE deal_id IN (SELECT deal_id FROM deals ORDER BY won_at LIMIT 5); DELETE FROM deals WHERE deal_id IN (SELECT deal_id FROM deals ORDER BY won_at DESC NULLS LAST LIMIT 5);
SELECT count(*) AS faults FROM lead_scoring.verify('deals_several');
SELECT lead_scoring.drop_model(m) FROM unnest('{deals_one,deals_several}'::text[]) m \g /dev/null
SET search_path = several_test, public;
DROP SCHEMA deals_test CASCADE;
DROP SCHEMA several_test CASCADE;

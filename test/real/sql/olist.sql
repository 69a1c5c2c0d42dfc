-- Olist's funnel: 8,000 first contacts on landing pages and 842 deals won, one of them before its first contact. Stages
-- that events alone enter: from the events of the leads (in the order of the file, which has all contacts first; in the
-- order of time; there before the first publish), and from a table of stages with columns of other names. All must give
-- the counts that were published with the data.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET TimeZone = 'UTC';
\getenv data LEAD_SCORING_DATA
\set leads 'gzip -dc ' :data '/olist/mapped/leads.csv.gz'
\set events 'gzip -dc ' :data '/olist/mapped/events.csv.gz'
\set stages 'gzip -dc ' :data '/olist/mapped/stages.csv.gz'
\set sorted :events ' | tail -n +2 | LC_ALL=C sort -s -t, -k3,3'
\set origins :data '/olist/reference/conversion_by_origin.csv'
CREATE SCHEMA olist_test;
SET search_path = olist_test, public;
CREATE TABLE leads (lead_id uuid PRIMARY KEY, created_at date, source text, attributes jsonb);
CREATE TABLE in_file (lead_id uuid, type text, occurred_at timestamptz, campaign text, properties jsonb);
CREATE TABLE in_time (LIKE in_file);
CREATE TABLE in_steps (lead_id uuid, stage text, entered_at timestamptz);
CREATE INDEX ON in_file (lead_id);
CREATE INDEX ON in_time (lead_id);
CREATE INDEX ON in_steps (lead_id);
COPY leads FROM PROGRAM :'leads' (FORMAT csv, HEADER);

CREATE FUNCTION make_model(model text, events regclass, contact text, won text, VARIADIC columns text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.create_model(model, 'leads', events, event_type => columns[1], event_time => columns[2], status_columns => '{}');
    PERFORM lead_scoring.add_rule(model, 'contact', contact, 10);
    PERFORM lead_scoring.add_fit_rule(model, 'came by search', $condition$source LIKE '%\_search'$condition$, 5);
    PERFORM lead_scoring.add_stage(model, 'mql', on_event => contact);
    PERFORM lead_scoring.add_stage(model, 'customer', on_event => won);
END
$$;
SELECT make_model('by_file', 'in_file', 'landing_page_contact', 'deal_won', 'type', 'occurred_at'),
       make_model('by_time', 'in_time', 'landing_page_contact', 'deal_won', 'type', 'occurred_at'),
       make_model('by_publish', 'in_time', 'landing_page_contact', 'deal_won', 'type', 'occurred_at'),
       make_model('by_step', 'in_steps', 'mql', 'customer', 'stage', 'entered_at') \g /dev/null
SELECT lead_scoring.publish(model) FROM unnest('{by_file,by_time,by_step}'::text[]) model \g /dev/null
COPY in_file FROM PROGRAM :'events' (FORMAT csv, HEADER);
COPY in_time FROM PROGRAM :'sorted' (FORMAT csv);
CREATE TEMP TABLE steps (LIKE in_steps);
COPY steps FROM PROGRAM :'stages' (FORMAT csv, HEADER);
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM steps LOOP
        INSERT INTO in_steps VALUES (r.lead_id, r.stage, r.entered_at);
    END LOOP;
END
$$;
SELECT lead_scoring.publish('by_publish');
SELECT model, (SELECT count(*) FROM lead_scoring.verify(model)) FROM unnest('{by_file,by_time,by_publish,by_step}'::text[]) model;

-- 8,000 leads, 842 customers. Where time has its order, the deal that came first leaves no way down to mql.
CREATE VIEW moves AS
    SELECT 'by_file' AS model, lead_id, from_stage, to_stage, at, cause, score FROM by_file.transitions UNION ALL
    SELECT 'by_time', lead_id, from_stage, to_stage, at, cause, score FROM by_time.transitions UNION ALL
    SELECT 'by_publish', lead_id, from_stage, to_stage, at, cause, score FROM by_publish.transitions UNION ALL
    SELECT 'by_step', lead_id, from_stage, to_stage, at, cause, score FROM by_step.transitions;
CREATE VIEW standing AS
    SELECT 'by_file' AS model, lead_id, stage, mql_at, customer_at, score FROM by_file.scores UNION ALL
    SELECT 'by_time', lead_id, stage, mql_at, customer_at, score FROM by_time.scores UNION ALL
    SELECT 'by_publish', lead_id, stage, mql_at, customer_at, score FROM by_publish.scores UNION ALL
    SELECT 'by_step', lead_id, stage, mql_at, customer_at, score FROM by_step.scores;
SELECT model, from_stage, to_stage, cause, count(*) FROM moves GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT model, count(*) AS leads, count(mql_at) AS mql_at, count(coalesce(mql_at, customer_at)) AS mqls, count(customer_at) AS customers,
       round(count(customer_at)::numeric / count(coalesce(mql_at, customer_at)), 5) AS rate, sum(score) AS points
  FROM standing GROUP BY 1 ORDER BY 1;

-- By origin, against the reference.
CREATE TABLE reference (origin text, mqls bigint, won bigint, conversion_rate numeric, mean_days numeric, median_days numeric);
COPY reference FROM :'origins' (FORMAT csv, HEADER);
SELECT s.model, count(*) AS origins, sum(r.mqls) AS mqls, sum(r.won) AS won,
       count(*) FILTER (WHERE (s.mqls, s.won, s.rate) IS DISTINCT FROM (r.mqls, r.won, r.conversion_rate)) AS mismatches
  FROM (SELECT s.model, coalesce(l.source, '(null)') AS origin, count(coalesce(s.mql_at, s.customer_at)) AS mqls, count(s.customer_at) AS won,
               round(count(s.customer_at)::numeric / count(*), 6) AS rate
          FROM standing s JOIN leads l USING (lead_id) GROUP BY 1, 2) s
  FULL JOIN reference r USING (origin) GROUP BY 1 ORDER BY 1;
SELECT l.source, count(*) AS mqls, count(s.customer_at) AS customers
  FROM by_time.leads s JOIN leads l USING (lead_id) GROUP BY 1 ORDER BY 2 DESC;

-- Each date is that of the file. A deal of before the first contact is stamped with the contact where it came after it.
SELECT s.model, count(*) FILTER (WHERE s.mql_at IS DISTINCT FROM e.contact_at) AS other_mql_at,
       count(*) FILTER (WHERE s.customer_at IS DISTINCT FROM e.won_at) AS other_customer_at,
       count(*) FILTER (WHERE s.customer_at IS DISTINCT FROM e.won_at AND s.customer_at = e.contact_at) AS of_these_at_the_contact
  FROM standing s
  JOIN (SELECT lead_id, min(occurred_at) FILTER (WHERE type = 'landing_page_contact') AS contact_at,
               min(occurred_at) FILTER (WHERE type = 'deal_won') AS won_at FROM in_file GROUP BY 1) e USING (lead_id)
 GROUP BY 1 ORDER BY 1;
-- The durations of the reference, for the order of time: mean 49.100769, median 14.650729 days, and of 841 of them.
SELECT count(*), round(avg(days), 6) AS mean, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY days)::numeric, 6) AS median
  FROM (SELECT extract(epoch FROM s.customer_at - e.occurred_at) / 86400 AS days
          FROM by_time.scores s JOIN in_time e ON e.lead_id = s.lead_id AND e.type = 'landing_page_contact'
         WHERE s.customer_at IS NOT NULL) d;
SELECT count(*) FROM by_time.scores WHERE customer_at >= mql_at;

DROP VIEW moves, standing;
SELECT lead_scoring.drop_model(model) FROM unnest('{by_file,by_time,by_publish,by_step}'::text[]) model \g /dev/null
DROP SCHEMA olist_test CASCADE;

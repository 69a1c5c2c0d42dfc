-- Reports as functions: by day, week, month and quarter, by dimensions, of some days only. By hand, by sums of a random history, and
-- in who may ask for what.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = -3;
SET client_min_messages = warning;
CREATE SCHEMA report_test;
SET search_path = report_test, public;
CREATE TYPE size AS ENUM ('small', 'large');
CREATE TABLE leads (id integer PRIMARY KEY, owner text, country text, size size, came date);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, campaign text, channel text);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('by_hand', 'leads', 'events', event_campaign => 'campaign', time_zone => 'America/New_York');
SELECT lead_scoring.add_stage('by_hand', 'mql', on_event => 'q'), lead_scoring.add_stage('by_hand', 'sql', on_event => 'accepted'),
       lead_scoring.add_stage('by_hand', 'customer', on_event => 'won');
-- Nothing is published: no rows, whatever is asked.
SELECT count(*) FROM lead_scoring.funnel('by_hand', grain => 'week', by => 'owner');
SELECT lead_scoring.publish('by_hand');

-- A view has the columns of its function but the dimension, with their types, and what they mean.
SELECT v AS report, pg_get_function_identity_arguments(p.oid) AS arguments
  FROM unnest(lead_scoring_internal.report_views()) v JOIN pg_proc p ON p.proname = v AND p.pronamespace = 'lead_scoring'::regnamespace;
SELECT v AS report FROM unnest(lead_scoring_internal.report_views()) v
 WHERE ARRAY(SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)) FROM pg_attribute a WHERE a.attrelid = ('by_hand.' || v)::regclass AND a.attnum > 0 ORDER BY a.attnum)
       <> ARRAY(SELECT concat_ws(' ', c.name, c.type, c.note) FROM lead_scoring_internal.report_columns(v) c WHERE c.place > 0 ORDER BY c.place);
SELECT p.proname FROM pg_proc p
 WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.proname = ANY (lead_scoring_internal.report_views())
   AND ARRAY(SELECT n || ' ' || format_type(t, NULL) FROM unnest(p.proallargtypes, p.proargnames, p.proargmodes) WITH ORDINALITY a (t, n, m, place) WHERE m = 't' ORDER BY place)
       <> ARRAY(SELECT c.name || ' ' || regexp_replace(c.type, '\(.*', '') FROM lead_scoring_internal.report_columns(p.proname) c ORDER BY c.place);

-- On the 2nd, a Sunday in New York, when in UTC it is Monday; on Leap Day and a year later; two in February.
INSERT INTO leads VALUES (1, 'ann', 'NZ', 'small'), (2, 'bob', 'NZ', 'large'), (3, 'ann', NULL, NULL), (4, '', 'AU', 'small'), (5, NULL, 'AU', 'large');
INSERT INTO events VALUES (1, 'q', '2025-02-03 03:00+00', 'spring', NULL), (2, 'q', '2024-02-29 12:00+00', NULL, 'mail'), (3, 'q', '2025-02-28 12:00+00', 'spring', 'mail'),
    (3, 'accepted', '2025-03-01 12:00+00', NULL, 'search'), (4, 'q', '2024-02-28 12:00+00', NULL, NULL), (5, 'q', '2025-02-20 12:00+00', NULL, NULL);
SELECT period, mqls, mqls_before, mqls_year_before, mqls_year_change, complete FROM lead_scoring.funnel('by_hand', '2025-02-28 17:00+00', 'day') WHERE mqls > 0;
SELECT period, mqls, mqls_before, mqls_year_before, lead_to_mql_rate, lead_velocity_rate, yearly_growth, complete FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', 'week', since => '2025-01-20');
SELECT period, mqls, mqls_before, mqls_year_before, yearly_growth, complete FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', since => '2025-01-01');
SELECT period, mqls, mqls_before, mqls_year_before, yearly_growth, complete FROM lead_scoring.funnel('by_hand', '2025-04-01 17:00+00', 'quarter');
-- A week that begins on another day.
INSERT INTO by_hand.report_settings (week_starts) VALUES ('sunday');
SELECT period, to_char(period, 'FMDay') AS day, mqls FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', 'week') WHERE mqls > 0;
UPDATE by_hand.report_settings SET week_starts = 'wednesday';
SELECT period, to_char(period, 'FMDay') AS day, mqls FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', 'week') WHERE mqls > 0;
-- From a day to a day, both included, by the first day of the period.
SELECT count(*) FILTER (WHERE since IS NOT NULL) AS rows, min(period), max(period)
  FROM (VALUES (date '2025-02-05'), ('2025-02-06'), (NULL)) s (since), LATERAL lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', 'week', since => s.since, until => '2025-02-26') GROUP BY s.since ORDER BY s.since;

-- By the dimensions that are there already: periods of all are there for each.
SELECT dimension, period, leads, mqls, sqls FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', by => 'campaign', since => '2025-01-01');
SELECT dimension, period, leads, mqls, sqls FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', by => 'channel') WHERE leads > 0;
UPDATE by_hand.report_settings SET event_channel = 'upper(channel)';
SELECT dimension, sum(leads) AS leads FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', by => 'channel') GROUP BY 1 ORDER BY 1;
-- What the owner names, and any expression of his: an enum too, and the row as a whole.
UPDATE by_hand.report_settings SET dimensions = '{"owner": "owner", "size": "size", "Land": "lower(country)"}';
SELECT dimensions FROM by_hand.report_settings;
SELECT d.by, f.dimension, sum(f.leads) AS leads FROM unnest('{owner,size,Land,country,"owner || country","leads IS NOT NULL","id > 2"}'::text[]) d (by),
       LATERAL lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', by => d.by) f GROUP BY 1, 2 ORDER BY d.by COLLATE "C", 2;
SELECT DISTINCT dimension IS NULL FROM lead_scoring.funnel('by_hand');
-- Erased leads have no dimension but their campaign.
BEGIN;
SELECT lead_scoring.forget_lead('by_hand', 1);
SELECT d.by, f.dimension, sum(f.leads) AS leads FROM unnest('{owner,campaign,channel}'::text[]) d (by), LATERAL lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', by => d.by) f GROUP BY 1, 2 ORDER BY 1, 2;
SELECT period, leads FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', 'day', since => '2025-01-01') WHERE leads > 0;
ROLLBACK;
-- A merged lead is of the dimension of the other one.
BEGIN;
SELECT lead_scoring.merge_leads('by_hand', 2, 3);
SELECT dimension, sum(leads) AS leads, sum(mqls) AS mqls FROM lead_scoring.funnel('by_hand', '2025-03-01 17:00+00', by => 'owner') GROUP BY 1 ORDER BY 1;
ROLLBACK;
SELECT * FROM lead_scoring.verify('by_hand');

-- A random history: of lead n, whatever is drawn for the k-th time, from 0 to below many.
CREATE FUNCTION dice(n integer, k integer, many integer) RETURNS integer LANGUAGE sql AS $$
    SELECT (('x' || left(md5(format('20251130 %s %s', n, k)), 8))::bit(32)::bigint % many)::integer
$$;
SELECT lead_scoring.drop_model('by_hand');
TRUNCATE leads, events;
INSERT INTO leads SELECT n, (ARRAY['ann', 'bob', 'cy'])[1 + dice(n, 1, 4)], (ARRAY['NZ', 'AU'])[1 + dice(n, 2, 3)], NULL, CASE WHEN n % 3 = 0 THEN date '2024-01-15' + dice(n, 3, 400) END FROM generate_series(1, 250) n;
CREATE TABLE history AS
SELECT l.id AS lead_id, CASE WHEN d < 50 THEN 'visit' WHEN d < 75 THEN 'q' WHEN d < 85 THEN 'accepted' WHEN d < 92 THEN 'rejected' ELSE 'won' END AS type,
       timestamptz '2024-01-20' + dice(l.id, 3, 400) * interval '1 day' + k * dice(l.id, 4, 9) * interval '1 day' + dice(l.id, 100 + k, 86400) * interval '1 second' AS occurred_at,
       (ARRAY['spring', 'autumn'])[1 + dice(l.id, 200 + k, 5)] AS campaign, (ARRAY['search', 'social', 'direct'])[1 + dice(l.id, 300 + k, 4)] AS channel
  FROM leads l, LATERAL generate_series(0, dice(l.id, 5, 12)) k, LATERAL (SELECT dice(l.id, 400 + k, 100)) d (d) WHERE l.id % 20 > 0;
INSERT INTO events SELECT * FROM history ORDER BY occurred_at;
CREATE TABLE spend AS SELECT (ARRAY['spring', 'autumn', 'fair'])[1 + n % 4] AS campaign, (ARRAY['search', 'social'])[1 + n % 3] AS channel, date '2024-01-15' + n * 5 AS spent_on, 10.5 + n AS amount FROM generate_series(0, 90) n;
CREATE TABLE deals AS SELECT lead_id, min(occurred_at)::date + 3 AS earned_on, 100 + lead_id AS amount FROM events WHERE type = 'won' OR lead_id % 10 = 0 GROUP BY lead_id;
SELECT lead_scoring.create_model('sums', 'leads', 'events', event_campaign => 'campaign', time_zone => 'Pacific/Auckland');
SELECT lead_scoring.add_rule('sums', 'visit', 'visit', 5), lead_scoring.add_rule('sums', 'mail', 'visit', 1, 'channel = ''social'''), lead_scoring.add_fit_rule('sums', 'near', $$country = 'NZ'$$, 1),
       lead_scoring.add_stage('sums', 'recycled', kind => 'detour', rank => 90, on_event => 'rejected'),
       lead_scoring.add_stage('sums', 'mql', rank => 10, min_score => 15, on_event => 'q', within => '6 days', timeout_stage => 'recycled'),
       lead_scoring.add_stage('sums', 'sql', rank => 20, on_event => 'accepted'), lead_scoring.add_stage('sums', 'customer', rank => 30, on_event => 'won');
SELECT lead_scoring.publish('sums'), lead_scoring.set_spend('sums', 'spend', channel => 'channel'), lead_scoring.set_revenue('sums', 'deals');
UPDATE sums.report_settings SET event_channel = 'channel', event_asset = 'type', lead_created = 'came', dimensions = '{"owner": "owner", "country": "country"}', look_back = '60 days';
CALL lead_scoring.refresh('sums');
SELECT lead_scoring.merge_leads('sums', n, n + 1) FROM generate_series(10, 200, 30) n \g /dev/null
SELECT lead_scoring.forget_lead('sums', n) FROM generate_series(14, 200, 30) n \g /dev/null

-- total(report, arguments, period): what all rows of a report add up to, for each of its other keys and of the periods that the
-- expression makes of its own. What adds up are counts, amounts and days, but not what is of another period, and no quotient.
-- Under markov, the channels of each dimension share by themselves.
CREATE FUNCTION total(report text, arguments text, period text DEFAULT 'NULL::date') RETURNS TABLE (key text, sums jsonb) LANGUAGE plpgsql AS $$
DECLARE
    keys text;
    amounts text;
BEGIN
    SELECT string_agg(CASE WHEN report IN ('channels', 'lead_magnets') AND c.name IN ('channel', 'asset')
                           THEN format('CASE WHEN attribution <> ''markov'' THEN %I END', c.name) ELSE format('%I', c.name) END, ', ' ORDER BY c.place)
             FILTER (WHERE c.type IN ('text', 'integer') AND c.name NOT IN ('periods_used', 'flag') AND c.place > 0),
           string_agg(format('%L, sum(%1$I)', c.name), ', ' ORDER BY c.place)
             FILTER (WHERE (c.type = 'bigint' OR c.type LIKE 'numeric%' OR c.name IN ('days_sum', 'days_with', 'days_without'))
                       AND c.name !~ '_before|_change|cost_per')
      INTO keys, amounts FROM lead_scoring_internal.report_columns(report) c;
    RETURN QUERY EXECUTE format('SELECT k::text, jsonb_build_object(%s) FROM lead_scoring.%I(''sums'', ''2025-03-10 12:00+00''%s), LATERAL (SELECT ROW(%s)) k (k) GROUP BY k',
        amounts, report, ', ' || nullif(arguments, ''), concat_ws(', ', period, keys));
END $$;
-- What of them differs, by more than by cents that were rounded, and of how many rows.
CREATE FUNCTION differs(report text, arguments text[], others text[], period text DEFAULT 'NULL::date', others_period text DEFAULT NULL) RETURNS TABLE (rows bigint, differ text) LANGUAGE sql AS $$
    WITH sums (side, key, name, amount) AS (
        SELECT 1, t.key, s.* FROM unnest(arguments) a, total(report, a, period) t, jsonb_each_text(t.sums) s
        UNION ALL SELECT -1, t.key, s.* FROM unnest(others) o, total(report, o, coalesce(others_period, period)) t, jsonb_each_text(t.sums) s)
    SELECT count(DISTINCT key), string_agg(DISTINCT name, ', ') FILTER (WHERE abs(difference) > 0.03)
      FROM (SELECT key, name, coalesce(sum(side * amount::numeric), 0) AS difference FROM sums GROUP BY 1, 2) d
$$;
CREATE VIEW takes AS SELECT v AS report, p.proargnames[:p.pronargs] AS arguments FROM unnest(lead_scoring_internal.report_views()) v JOIN pg_proc p ON p.proname = v AND p.pronamespace = 'lead_scoring'::regnamespace;
-- By a dimension, whatever it is: of each period what is said without.
SELECT t.report, d.rows, string_agg(b.by || ': ' || d.differ, '; ') AS differ
  FROM takes t, unnest('{owner,country,campaign,channel,"id % 7"}'::text[]) b (by),
       LATERAL differs(t.report, ARRAY[format('by => %L', b.by)], '{""}', CASE WHEN 'grain' = ANY (t.arguments) THEN 'period' ELSE 'NULL::date' END) d
 WHERE 'by' = ANY (t.arguments) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT t.report, d.* FROM takes t, LATERAL differs(t.report, '{"grain => ''week'', by => ''owner''"}', '{"grain => ''week''"}', 'period') d WHERE 'grain' = ANY (t.arguments) ORDER BY 1;
-- Days, weeks, months and quarters are the same in all; quarters are three months, months their days.
SELECT t.report, count(*) AS ways, string_agg(d.differ, ' ') AS differ
  FROM takes t, LATERAL (VALUES ('grain => ''day''', '', 'NULL::date', NULL), ('grain => ''week''', '', 'NULL::date', NULL), ('grain => ''quarter''', '', 'NULL::date', NULL),
         ('', 'grain => ''quarter''', 'date_trunc(''quarter'', period)', 'period::timestamptz'), ('grain => ''day''', '', 'date_trunc(''month'', period)', 'period::timestamptz')) c (arguments, others, period, others_period),
       LATERAL differs(t.report, ARRAY[c.arguments], ARRAY[c.others], c.period, c.others_period) d
 WHERE 'grain' = ANY (t.arguments) GROUP BY 1 ORDER BY 1;
-- What is said of some periods is what is said of them among all, growth included.
CREATE FUNCTION cut_differs(report text, arguments text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    differ bigint;
    of_all CONSTANT text := format('lead_scoring.%I(''sums'', ''2025-03-10 12:00+00'', %s', report, arguments);
BEGIN
    EXECUTE format('SELECT count(*) FROM ((SELECT s::text FROM %1$s, since => ''2024-04-01'', until => ''2024-11-01'') s EXCEPT ALL SELECT a::text FROM %1$s) a WHERE period BETWEEN ''2024-04-01'' AND ''2024-11-01'')
                    UNION ALL (SELECT a::text FROM %1$s) a WHERE period BETWEEN ''2024-04-01'' AND ''2024-11-01'' EXCEPT ALL SELECT s::text FROM %1$s, since => ''2024-04-01'', until => ''2024-11-01'') s)) d', of_all) INTO differ;
    RETURN differ;
END $$;
SELECT t.report, cut_differs(t.report, 'grain => ''day''') AS day, cut_differs(t.report, 'grain => ''month'', by => ''owner''') AS month, cut_differs(t.report, 'grain => ''week'', by => ''campaign''') AS week
  FROM takes t WHERE 'grain' = ANY (t.arguments) ORDER BY 1;
-- Where there are no periods, what is said of two spans of days is what is said of both, but that a lead may be touched in both.
SELECT t.report, d.* FROM takes t, LATERAL differs(t.report, '{"until => ''2024-08-15''","since => ''2024-08-16''"}', '{"since => ''2000-01-01'', until => ''2100-01-01''"}') d
 WHERE 'since' = ANY (t.arguments) AND NOT 'grain' = ANY (t.arguments) ORDER BY 1;
-- All days are what is said without, but for leads that nothing dates.
SELECT t.report, d.* FROM takes t, LATERAL differs(t.report, '{"since => ''2000-01-01'', until => ''2100-01-01''"}', '{""}') d WHERE 'since' = ANY (t.arguments) ORDER BY 1;
-- Rates are quotients of the counts beside them, and there are none before a period is over.
SELECT 'funnel' AS report, count(*) FILTER (WHERE NOT complete) > 0 AS has_running,
       count(*) FILTER (WHERE complete AND (lead_to_mql_rate, mql_to_sql_rate, sql_to_customer_rate, mql_to_customer_rate, lead_velocity_rate, yearly_growth) IS DISTINCT FROM
                              (leads_qualified::float8 / nullif(leads, 0), sqls::float8 / nullif(mqls, 0), customers::float8 / nullif(sqls, 0), customers::float8 / nullif(mqls, 0),
                               mqls_change::float8 / nullif(mqls_before, 0), mqls_year_change::float8 / nullif(mqls_year_before, 0))) AS differ,
       count(*) FILTER (WHERE NOT complete AND num_nonnulls(lead_to_mql_rate, lead_to_mql_low, mql_to_sql_high, sql_to_customer_low, mql_to_customer_rate, lead_velocity_rate, yearly_growth) > 0) AS early
  FROM lead_scoring.funnel('sums', '2025-03-10 12:00+00', 'quarter', 'owner')
UNION ALL SELECT 'campaigns', count(*) FILTER (WHERE NOT complete) > 0, count(*) FILTER (WHERE complete AND mql_to_customer_rate IS DISTINCT FROM mqls_converted::float8 / nullif(mqls, 0)),
       count(mql_to_customer_rate) FILTER (WHERE NOT complete) FROM lead_scoring.campaigns('sums', '2025-03-10 12:00+00', 'quarter', 'owner')
UNION ALL SELECT 'qualified_rate', count(*) FILTER (WHERE NOT complete) > 0, count(*) FILTER (WHERE complete AND rate IS DISTINCT FROM qualified::float8 / leads), count(*) FILTER (WHERE NOT complete AND num_nonnulls(rate, rate_low, rate_high, flag, certain) > 0)
  FROM lead_scoring.qualified_rate('sums', '2025-03-10 12:00+00', 'quarter', 'owner')
UNION ALL SELECT 'sla', count(*) FILTER (WHERE NOT complete) > 0, count(*) FILTER (WHERE complete AND met_rate IS DISTINCT FROM met::float8 / nullif(met + missed, 0)), count(met_rate) FILTER (WHERE NOT complete)
  FROM lead_scoring.sla('sums', '2025-03-10 12:00+00', 'quarter', 'owner')
UNION ALL SELECT 'feedback', count(*) FILTER (WHERE NOT complete) > 0, count(*) FILTER (WHERE complete AND acceptance_rate IS DISTINCT FROM accepted::float8 / nullif(accepted + rejected, 0)), count(acceptance_rate) FILTER (WHERE NOT complete)
  FROM lead_scoring.feedback('sums', '2025-03-10 12:00+00', 'quarter', 'owner')
UNION ALL SELECT 'cohorts', count(*) FILTER (WHERE NOT mature) > 0, count(*) FILTER (WHERE mature AND rate IS DISTINCT FROM converted::float8 / leads), count(rate) FILTER (WHERE NOT mature)
  FROM lead_scoring.cohorts('sums', '2025-03-10 12:00+00', 'week', 'owner');
-- A forecast for each value, the pipeline of which adds up; every rule for each.
SELECT dimension, count(*) AS periods, max(periods_used) AS periods_used, max(pipeline) AS pipeline, count(mqls) > 0 AS has_mqls FROM lead_scoring.forecast('sums', '2025-03-10 12:00+00', 'country') GROUP BY 1 ORDER BY 1;
SELECT max(pipeline) AS pipeline FROM lead_scoring.forecast('sums', '2025-03-10 12:00+00');
SELECT dimension, array_agg(rule ORDER BY rule) AS rules, max(leads_without) AS leads FROM lead_scoring.rule_lift('sums', '2025-03-10 12:00+00', 'country', '2024-06-01', '2024-12-31') GROUP BY 1 ORDER BY 1;
-- Where a lead's channel is its first touch, its first touch is of that channel.
SELECT dimension, channel, leads FROM lead_scoring.channels('sums', '2025-03-10 12:00+00', 'channel') WHERE attribution = 'first' AND leads > 0;
SELECT dimension, campaign, sum(spend) AS spend FROM lead_scoring.campaigns('sums', '2025-03-10 12:00+00', by => 'channel') GROUP BY 1, 2 HAVING sum(spend) > 0 ORDER BY 1, 2;
-- The view is the function, of now.
SELECT count(*) FILTER (WHERE v IS NOT NULL) > 0 AS has_rows, count(*) FILTER (WHERE v IS NULL OR f IS NULL) AS differ
  FROM (SELECT to_jsonb(v) AS v FROM sums.campaigns v) v FULL JOIN (SELECT to_jsonb(f) - 'dimension' AS f FROM lead_scoring.campaigns('sums') f) f ON v = f;

-- A function of an older version, which had fewer columns at the end, goes on giving those; no other has another's name or types.
CREATE FUNCTION qualified_rate(model text) RETURNS TABLE (dimension text, period date, leads bigint) LANGUAGE c STABLE AS '$libdir/lead_scoring', 'lead_scoring_report';
SELECT r.* FROM qualified_rate('sums') r ORDER BY period LIMIT 2;
DROP FUNCTION qualified_rate;
CREATE FUNCTION qualified_rate(model text) RETURNS TABLE (dimension text, period date, leads text) LANGUAGE c STABLE AS '$libdir/lead_scoring', 'lead_scoring_report';
SELECT * FROM qualified_rate('sums');
\echo :LAST_ERROR_SQLSTATE
CREATE FUNCTION leads(model text) RETURNS TABLE (lead_id integer, score float8) LANGUAGE c STABLE AS '$libdir/lead_scoring', 'lead_scoring_report';
SELECT * FROM leads('sums');
\echo :LAST_ERROR_SQLSTATE

-- What is refused, and what is said of it.
SELECT count(*) FROM lead_scoring.funnel('sums', grain => 'weekly');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.sla('sums', grain => NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.channels('sums', since => '2025-02-01', until => '2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.cohorts('sums', as_of => NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.velocity(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.feedback('nowhere', by => 'owner');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.funnel('sums', by => 'now()::text');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.funnel('sums', by => 'title');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.funnel('sums', by => 'regexp_split_to_table(owner, '''')');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.funnel('sums', by => 'max(owner)');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.funnel('sums', by => '');
\echo :LAST_ERROR_SQLSTATE
-- A value that it cannot be computed of, as with event_channel.
SELECT count(*) FROM lead_scoring.funnel('sums', by => '(country::integer)::text');
\echo :LAST_ERROR_SQLSTATE
UPDATE sums.report_settings SET dimensions = '{"owner": "now()::text"}';
\echo :LAST_ERROR_SQLSTATE
UPDATE sums.report_settings SET dimensions = '{"owner": "title"}';
\echo :LAST_ERROR_SQLSTATE
UPDATE sums.report_settings SET dimensions = '{"channel": "owner"}';
\echo :LAST_ERROR_SQLSTATE
UPDATE sums.report_settings SET dimensions = '{"owner": 1}';
\echo :LAST_ERROR_SQLSTATE
UPDATE sums.report_settings SET dimensions = '["owner"]';
\echo :LAST_ERROR_SQLSTATE
UPDATE sums.report_settings SET week_starts = 'Monday';
\echo :LAST_ERROR_SQLSTATE
UPDATE sums.report_settings SET week_starts = NULL;
\echo :LAST_ERROR_SQLSTATE
-- A column that has gone since: the view goes on.
ALTER TABLE leads RENAME owner TO seller;
SELECT count(*) FROM lead_scoring.funnel('sums', by => 'owner');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) > 0 FROM sums.funnel;
ALTER TABLE leads RENAME seller TO owner;

-- Who may read the view may name a dimension, and gets no other column of leads by that.
CREATE ROLE regress_lead_scoring_seller;
CREATE ROLE regress_lead_scoring_chief;
CREATE ROLE regress_lead_scoring_deputy IN ROLE regress_lead_scoring_chief;
ALTER SCHEMA report_test OWNER TO regress_lead_scoring_chief;
ALTER TABLE leads OWNER TO regress_lead_scoring_chief;
ALTER TABLE events OWNER TO regress_lead_scoring_chief;
SELECT lead_scoring.drop_model('sums');
SELECT format('GRANT CREATE ON DATABASE %I TO regress_lead_scoring_chief', current_database()) \gexec
SET ROLE regress_lead_scoring_chief;
SELECT lead_scoring.create_model('sold', 'leads', 'events', event_campaign => 'campaign');
SELECT lead_scoring.add_stage('sold', 'mql', on_event => 'q'), lead_scoring.publish('sold');
INSERT INTO sold.report_settings (dimensions) VALUES ('{"owner": "owner"}');
GRANT USAGE ON SCHEMA sold TO regress_lead_scoring_seller;
GRANT SELECT ON sold.funnel TO regress_lead_scoring_seller;
SET ROLE regress_lead_scoring_seller;
SELECT dimension, sum(leads) AS leads FROM lead_scoring.funnel('sold', by => 'owner') GROUP BY 1 ORDER BY 1;
SELECT count(DISTINCT dimension) FROM lead_scoring.funnel('sold', by => 'campaign');
SELECT count(*) FROM lead_scoring.funnel('sold', by => 'country');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.funnel('sold', by => 'ownr');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM lead_scoring.qualified_rate('sold', by => 'owner');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_lead_scoring_deputy;
SELECT dimension, sum(leads) AS leads FROM lead_scoring.funnel('sold', by => 'country') GROUP BY 1 ORDER BY 1;
-- Nor by a view of the owner's that was made with an expression, and not by writing the settings.
SET ROLE regress_lead_scoring_chief;
CREATE VIEW sold.by_country AS SELECT * FROM lead_scoring.funnel('sold', by => 'country');
GRANT SELECT ON sold.by_country, sold.report_settings TO regress_lead_scoring_seller;
GRANT UPDATE ON sold.report_settings TO regress_lead_scoring_seller;
SET ROLE regress_lead_scoring_seller;
SELECT count(*) FROM sold.by_country;
\echo :LAST_ERROR_SQLSTATE
UPDATE sold.report_settings SET dimensions = '{"owner": "country"}';
\echo :LAST_ERROR_SQLSTATE
UPDATE sold.report_settings SET week_starts = 'sunday';
RESET ROLE;
SELECT * FROM lead_scoring.verify('sold');
DROP VIEW sold.by_country;
SELECT lead_scoring.drop_model('sold');
DROP SCHEMA report_test CASCADE;
DROP OWNED BY regress_lead_scoring_seller, regress_lead_scoring_chief;
DROP ROLE regress_lead_scoring_seller, regress_lead_scoring_chief, regress_lead_scoring_deputy;

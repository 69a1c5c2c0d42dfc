-- The report views of a model, but for those of campaigns, channels, rules and the future, which have tests of their own.
-- Numbers are small enough to be counted by hand. "now" is 2025-07-01: views named then_... ask for the same reports as of it.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = -3;
SET client_min_messages = warning;
CREATE SCHEMA reports_test;
SET search_path = reports_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, signed_up date);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('reports_model', 'leads', 'events');
SELECT lead_scoring.add_rule('reports_model', 'webinar', 'webinar', 10),
       lead_scoring.add_stage('reports_model', 'recycled', rank => 100, kind => 'detour', on_event => 'rejected'),
       lead_scoring.add_stage('reports_model', 'mql', rank => 10, min_score => 10, on_event => 'qualified', within => '3 days', timeout_stage => 'recycled'),
       lead_scoring.add_stage('reports_model', 'sql', rank => 20, on_event => 'accepted'),
       lead_scoring.add_stage('reports_model', 'customer', rank => 30, on_event => 'won');
SELECT lead_scoring.publish('reports_model');
SELECT format('CREATE VIEW then_%1$s AS SELECT %3$s FROM lead_scoring.%1$I(%2$L, ''2025-07-01'')', v, 'reports_model', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
  FROM unnest(lead_scoring_internal.report_views()) v JOIN pg_attribute a ON a.attrelid = ('reports_model.' || v)::regclass AND a.attnum > 0
 GROUP BY v ORDER BY v \gexec

-- Nobody yet.
SELECT (SELECT count(*) FROM then_funnel) AS funnel, (SELECT count(*) FROM then_campaigns) AS campaigns, (SELECT count(*) FROM then_channels) AS channels,
       (SELECT count(*) FROM then_cohorts) AS cohorts, (SELECT count(*) FROM then_velocity) AS velocity, (SELECT count(*) FROM then_qualified_rate) AS qualified_rate,
       (SELECT count(*) FROM then_sla) AS sla, (SELECT count(*) FROM then_feedback) AS feedback;
SELECT rule, leads_with, leads_without, days_with, per_1000_days_with, lift FROM then_rule_lift;
SELECT period, mqls, pipeline, customers FROM then_forecast;

-- January: 100 leads, all MQLs on their first day, 50 of them SQLs after two days, 10 customers after ten: 50 and 10 percent.
-- May: 4 leads of which one skips to customer, one is rejected, one falls out of its service level, one does nothing; one
-- more has no event at all, and another is in no table of leads.
INSERT INTO leads SELECT n FROM generate_series(1, 105) n;
INSERT INTO events
SELECT n, e.type, e.at FROM generate_series(1, 100) n, (VALUES ('qualified', timestamptz '2025-01-10', 100), ('accepted', '2025-01-12', 50), ('won', '2025-01-20', 10)) e (type, at, leads)
 WHERE n <= e.leads ORDER BY e.at;
INSERT INTO events VALUES (101, 'visit', '2025-05-01'), (101, 'won', '2025-05-05'), (102, 'webinar', '2025-05-02'), (102, 'rejected', '2025-05-03'),
    (103, 'webinar', '2025-05-02'), (103, 'webinar', '2025-05-30'), (104, 'visit', '2025-05-31 23:59:59+00'), (999, 'qualified', '2025-05-02');
CALL lead_scoring.refresh('reports_model');
SELECT to_stage, count(*), min(at), max(at) FROM reports_model.transitions WHERE lead_id > 100 GROUP BY 1 ORDER BY 3;
SELECT period, leads, leads_qualified, mqls, mqls_skipped, sqls, sqls_skipped, customers, sqls_in_period, customers_in_period, complete FROM then_funnel;
SELECT period, lead_to_mql_rate, mql_to_sql_rate, mql_to_sql_low, mql_to_sql_high, sql_to_customer_rate, mql_to_customer_rate, mql_to_customer_low FROM then_funnel;
SELECT period, mqls_before, mqls_change, lead_velocity_rate, mqls_year_before, mqls_year_change, yearly_growth FROM then_funnel;
INSERT INTO leads VALUES (201), (202);
INSERT INTO events VALUES (201, 'qualified', '2024-05-10'), (202, 'qualified', '2024-05-10');
SELECT period, mqls, mqls_before, lead_velocity_rate, mqls_year_before, mqls_year_change, yearly_growth FROM then_funnel WHERE period IN ('2024-05-01', '2025-05-01');
DELETE FROM events WHERE lead_id > 200 AND lead_id < 300;
DELETE FROM leads WHERE id > 200;

-- Cohorts: the conversions after 2 and 10 days are there at age 1. May is not 60 days old in July.
SELECT from_stage, to_stage, period, age, leads, converted, mature, rate FROM then_cohorts WHERE age IN (1, 2, 5, 6) ORDER BY to_stage, period, age;
SELECT from_stage, to_stage, count(*), count(rate) FROM then_cohorts GROUP BY 1, 2 ORDER BY 1, 2;

-- Velocity: 2 days for the 50, 10 for the 10; of the 101 that skipped, 4. Half of January's MQLs are SQLs after 2 days.
SELECT from_stage, to_stage, period, leads, converted, skipped, waiting, out, stalled FROM then_velocity;
SELECT from_stage, to_stage, period, days_sum, mean_days, median_days, p50_days, p90_days FROM then_velocity WHERE from_rank = 2;

-- A band of 2 to 5 percent: everything is above it here, and May is within a wider one, but nobody can be sure.
SELECT * FROM then_qualified_rate;
INSERT INTO reports_model.report_settings (qualified_low, qualified_high) VALUES (0.5, 0.8);
SELECT period, flag, certain FROM then_qualified_rate;
UPDATE reports_model.report_settings SET qualified_low = 0.8, qualified_high = 1;
SELECT period, flag, certain FROM then_qualified_rate;

-- Sales has three days. 50 of January were taken in time, the others were not; one of May was rejected in time.
SELECT * FROM then_sla;
SELECT * FROM then_feedback;

-- A column of the leads table says when they came.
UPDATE leads SET signed_up = '2024-12-31' WHERE id BETWEEN 1 AND 40 OR id = 105;
UPDATE reports_model.report_settings SET lead_created = 'signed_up';
SELECT period, leads, leads_qualified, mqls FROM then_funnel;
UPDATE leads SET signed_up = NULL;
UPDATE leads SET signed_up = 'infinity' WHERE id = 1;
SELECT period, leads, leads_qualified, mqls FROM then_funnel WHERE leads > 0;
ALTER TABLE leads ALTER signed_up TYPE timestamptz;
SELECT period, leads FROM then_funnel WHERE leads > 0;
ALTER TABLE leads DROP signed_up;
SELECT period, leads FROM then_funnel WHERE leads > 0;
\echo :LAST_ERROR_SQLSTATE
UPDATE reports_model.report_settings SET lead_created = NULL;

-- An absurd date makes no million of rows.
INSERT INTO events VALUES (105, 'visit', '4000-01-01 BC');
SELECT count(*), min(period), max(period) FROM then_funnel;
DELETE FROM events WHERE lead_id = 105;

-- Stages of other names: by place, or by report_settings.
-- With one more lead in each stage, what the funnel's sums grow by says from which place on a lead counts.
CREATE FUNCTION roles(model text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    sums CONSTANT text := format('SELECT ARRAY[sum(mqls), sum(sqls), sum(customers)] FROM %I.funnel', model);
    names text[];
    leads integer[];
    before bigint[];
    after bigint[];
BEGIN
    EXECUTE format('SELECT array_agg(s.name ORDER BY s.rank) FROM %I.stages s', model) INTO names;
    EXECUTE format('SELECT array_agg(s.lead_id ORDER BY s.lead_id) FROM %I.scores s JOIN leads l ON l.id = s.lead_id WHERE s.stage = $1', model) INTO leads USING names[1];
    EXECUTE sums INTO before;
    PERFORM lead_scoring.set_stage(model, leads[i], names[i]) FROM generate_subscripts(names, 1) i WHERE i > 1;
    EXECUTE sums INTO after;
    RAISE SQLSTATE 'ROLES';
EXCEPTION WHEN SQLSTATE 'ROLES' THEN
    RETURN array_to_string(ARRAY(SELECT CASE WHEN after[i] = before[i] THEN 1 ELSE cardinality(names) + 1 - (after[i] - before[i]) END
                                   FROM generate_series(1, 3) i), ', ', '-');
END $$;
CREATE FUNCTION make_model(model text, VARIADIC names text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.create_model(model, 'leads', 'events', status_columns => '{}');
    EXECUTE format('DELETE FROM %I.stages', model);
    PERFORM lead_scoring.add_stage(model, names[i], on_event => names[i]) FROM generate_subscripts(names, 1) i;
    PERFORM lead_scoring.publish(model);
    RETURN roles(model);
END $$;
SELECT make_model('reports_one', 'new'), make_model('reports_two', 'new', 'hot'), make_model('reports_three', 'new', 'hot', 'won'), make_model('reports_four', 'new', 'hot', 'met', 'won'),
       make_model('reports_five', 'new', 'warm', 'hot', 'offer', 'won'), make_model('reports_named', 'a', 'b', 'mql', 'c', 'customer'), make_model('reports_first', 'mql', 'customer');
SELECT period, leads, mqls, sqls, customers, mql_to_customer_rate FROM reports_one.funnel WHERE leads > 0;
SELECT period, leads, mqls, mqls_skipped, sqls, customers FROM reports_two.funnel WHERE leads > 0;
SELECT period, leads, mqls, sqls, customers FROM reports_first.funnel WHERE leads > 0;
SELECT (SELECT count(*) FROM reports_one.campaigns) AS campaigns, (SELECT count(*) FROM reports_one.cohorts) AS cohorts, (SELECT count(*) FROM reports_one.velocity) AS velocity,
       (SELECT count(*) FROM reports_one.feedback) AS feedback, (SELECT sum(qualified) FROM reports_one.qualified_rate) AS qualified,
       (SELECT count(*) FROM reports_one.forecast) AS forecast, (SELECT sum(customers) FROM reports_one.forecast) AS customers, (SELECT count(*) FROM reports_one.rule_lift) AS rules;
INSERT INTO reports_five.report_settings (mql_stage, sql_stage, customer_stage) VALUES ('warm', 'offer', 'won');
SELECT roles('reports_five');
SELECT count(*) FROM unnest('{reports_one,reports_two,reports_three,reports_four,reports_five,reports_named,reports_first}'::text[]) m, lead_scoring.verify(m);
SELECT lead_scoring.drop_model(m) FROM unnest('{reports_one,reports_two,reports_three,reports_four,reports_five,reports_named,reports_first}'::text[]) m \g /dev/null

-- SELECT on a view is all it takes, and gives nothing else: not the tables behind it, not another view.
CREATE ROLE regress_lead_scoring_analyst;
CREATE ROLE regress_lead_scoring_guest;
GRANT USAGE ON SCHEMA reports_model, reports_test TO regress_lead_scoring_analyst, regress_lead_scoring_guest;
GRANT SELECT ON reports_model.funnel TO regress_lead_scoring_analyst;
ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT ON then_velocity TO regress_lead_scoring_analyst;
SET ROLE regress_lead_scoring_analyst;
SELECT period, leads, mqls FROM reports_model.funnel WHERE leads > 0;
SELECT period FROM reports_model.campaigns;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.campaigns('reports_model');
\echo :LAST_ERROR_SQLSTATE
SELECT from_stage FROM then_velocity;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM reports_model.scores;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM events;
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring_internal.report_query('reports_model', 'funnel', 'month', NULL, NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.set_spend('reports_model', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT current_user, current_setting('search_path');
SET ROLE regress_lead_scoring_guest;
SELECT * FROM lead_scoring.funnel('reports_model');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
ALTER TABLE leads DISABLE ROW LEVEL SECURITY;
ALTER TABLE events DISABLE ROW LEVEL SECURITY;

-- Dropped by somebody: models tells, repair makes it again.
DROP VIEW then_funnel;
DROP VIEW reports_model.funnel, reports_model.sla, reports_model.moves;
SELECT problem FROM lead_scoring.models() WHERE model = 'reports_model';
SELECT lead_scoring.repair('reports_model');
SELECT problem FROM lead_scoring.models() WHERE model = 'reports_model';
SELECT count(*) FROM reports_model.funnel WHERE leads > 0;
SELECT (SELECT count(*) FROM reports_model.moves) = (SELECT count(*) FROM reports_model.transitions);

-- A renamed model has its views anew with the triggers.
ALTER SCHEMA reports_model RENAME TO reports_renamed;
SELECT period FROM reports_renamed.funnel;
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.drop_model('reports_model');
SELECT lead_scoring.repair('reports_renamed');
SELECT count(*) FROM reports_renamed.funnel WHERE leads > 0;
SELECT * FROM lead_scoring.verify('reports_renamed');
SELECT lead_scoring.drop_model('reports_renamed');
DROP SCHEMA reports_test CASCADE;
DROP ROLE regress_lead_scoring_analyst, regress_lead_scoring_guest;

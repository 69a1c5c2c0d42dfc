-- Times at both ends of what the server can hold, and infinite ones, of events, moves, leads, spend and revenue, in zones on
-- both sides of UTC: every event is taken and every view, found in the catalog, can be read. try() prints what an error says
-- and nothing else; so no line but what is asked for is to be seen.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA extreme_times_test;
SET search_path = extreme_times_test, public;
CREATE FUNCTION try(what text, statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    RETURN NEXT format('%s: %s %s', what, SQLSTATE, SQLERRM);
END $$;
CREATE TABLE extremes (place integer, at timestamptz);
INSERT INTO extremes VALUES (1, '-infinity'), (2, '4714-11-24 00:00:00+00 BC'), (3, '4714-11-24 00:00:00.000001+00 BC'),
    (4, '4714-12-01 00:00:00+00 BC'), (5, '4000-01-01 00:00:00+00 BC'), (6, '0001-12-31 23:59:59.999999+00 BC'), (7, '0001-01-01 00:00:00+00'),
    (8, '1582-10-15 00:00+00'), (9, '1969-12-31 23:59:59.999999+00'), (10, '2000-01-01 00:00:00+00'), (11, '2024-01-01 00:00:00+00'),
    (12, '9999-12-31 23:59:59+00'), (13, '294276-11-30 23:59:59.999999+00'), (14, '294276-12-31 23:59:59.999999+00'), (15, 'infinity');
CREATE TABLE spend (campaign text, channel text, spent_on timestamp, amount numeric);
INSERT INTO spend SELECT 'c' || place % 3, 'web', at::timestamp, 10 FROM extremes;
CREATE TABLE revenue (lead_id bigint, earned_on date, amount numeric);
INSERT INTO revenue SELECT place, CASE place WHEN 2 THEN '4714-11-24 BC' WHEN 13 THEN '294277-01-01' WHEN 14 THEN '5874897-12-31' ELSE at::date END, 100 FROM extremes;

-- A model a zone, with rules, limits and service levels of every kind.
CREATE TABLE zones (place integer, zone text, model text);
INSERT INTO zones SELECT place, zone, 'extreme_' || place FROM unnest('{UTC,America/New_York,Pacific/Kiritimati,Etc/GMT+12}'::text[]) WITH ORDINALITY z (zone, place);
CREATE PROCEDURE make_model(place integer, zone text, model text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE leads_%1$s (id bigint PRIMARY KEY, country text, came timestamptz);
                    CREATE TABLE events_%1$s (lead_id bigint, type text, occurred_at timestamptz, campaign text, asset text); CREATE INDEX ON events_%1$s (lead_id)', place);
    PERFORM lead_scoring.create_model(model, ('leads_' || place)::regclass, ('events_' || place)::regclass, event_campaign => 'campaign', time_zone => zone);
    PERFORM lead_scoring.add_rule(model, 'plain', 'visit', 10), lead_scoring.add_rule(model, 'per', 'visit', 1, per => 'lead_id'),
            lead_scoring.add_rule(model, 'exponential', 'visit', 5, decay => 'exponential', half_life => '7 days'),
            lead_scoring.add_rule(model, 'linear', 'visit', 5, decay => 'linear', lifespan => '2000000 days'),
            lead_scoring.add_rule(model, 'window', 'visit', 5, decay => 'window', lifespan => '1000 days'),
            lead_scoring.add_rule(model, 'step', 'visit', 5, decay => 'step', step => '1 day', "drop" => 0.1),
            lead_scoring.add_fit_rule(model, 'fit', $q$country = 'DE'$q$, 3);
    PERFORM lead_scoring.add_rule(model, w, 'visit', 1, limit_count => 1, limit_window => w, limit_key => 'asset') FROM unnest('{hour,day,week,month,ever}'::text[]) w;
    PERFORM lead_scoring.add_stage(model, 'recycled', kind => 'detour', rank => 100);
    PERFORM lead_scoring.add_stage(model, 'mql', min_score => 20, falls_below => 15, cooldown => '1 day', within => '30 days', timeout_stage => 'recycled', rank => 10);
    PERFORM lead_scoring.add_stage(model, 'sql', on_event => 'accepted', within => '200000000 days', timeout_stage => 'recycled', rank => 20);
    PERFORM lead_scoring.add_stage(model, 'customer', on_event => 'won', rank => 30);
    PERFORM lead_scoring.set_spend(model, 'spend', channel => 'channel'), lead_scoring.set_revenue(model, 'revenue');
    EXECUTE format('UPDATE %I.report_settings SET event_asset = ''asset'', lead_created = ''came''', model);
    PERFORM lead_scoring.publish(model);
END $$;
SELECT format('CALL make_model(%s, %L, %L)', place, zone, model) FROM zones ORDER BY place \gexec

-- Leads and events at each time; one lead with events at all of them, at once, and one by one from the last to the first.
SELECT try(z.zone || ' lead ' || e.at, format('INSERT INTO leads_%s VALUES (%s, ''DE'', %L)', z.place, e.place, e.at)) FROM zones z, extremes e ORDER BY z.place, e.place;
SELECT try(z.zone || ' leads', format('INSERT INTO leads_%s VALUES (100), (101)', z.place)) FROM zones z ORDER BY z.place;
SELECT try(z.zone || ' events ' || e.at, format('INSERT INTO events_%s SELECT %s, t, %L, ''c'' || i, ''a'' || i FROM unnest(''{visit,visit,accepted,won}''::text[]) WITH ORDINALITY t (t, i)', z.place, e.place, e.at)) FROM zones z, extremes e ORDER BY z.place, e.place;
SELECT try(z.zone || ' all', format('INSERT INTO events_%s SELECT 100, ''visit'', at, ''c'', ''a'' FROM extremes ORDER BY place', z.place)) FROM zones z ORDER BY z.place;
SELECT try(z.zone || ' backwards ' || e.at, format('INSERT INTO events_%s SELECT 101, ''visit'', %L, ''c'', ''a''', z.place, e.at)) FROM zones z, extremes e ORDER BY z.place, e.place DESC;
SELECT try(z.zone || ' changed ' || e.at, format('UPDATE events_%s SET occurred_at = occurred_at WHERE lead_id = %s', z.place, e.place)) FROM zones z, extremes e ORDER BY z.place, e.place DESC;
SELECT try(z.zone || ' adjusted ' || e.at, format('SELECT lead_scoring.adjust(%L, %s, 1, NULL, %L)', z.model, e.place, e.at)) FROM zones z, extremes e WHERE z.place = 2 AND isfinite(e.at) ORDER BY z.place, e.place;
SELECT DISTINCT lead_id, stage, stage_since FROM (SELECT * FROM extreme_1.scores UNION ALL SELECT * FROM extreme_2.scores UNION ALL SELECT * FROM extreme_3.scores UNION ALL SELECT * FROM extreme_4.scores) s ORDER BY 1;

-- Every view, and every report as of every time.
SELECT try(format('view %s.%s', z.model, c.relname), format('SELECT count(v::text) FROM %s v', c.oid::regclass))
  FROM zones z JOIN pg_class c ON c.relnamespace = z.model::regnamespace AND c.relkind = 'v' ORDER BY z.place, c.relname;
SELECT try(format('report %s.%s as of %s', z.model, c.relname, x.at), format('SELECT count(v::text) FROM lead_scoring.%I(%L, %L) v', c.relname, z.model, x.at))
  FROM zones z JOIN pg_class c ON c.relnamespace = z.model::regnamespace AND c.relkind = 'v' AND c.relname <> ALL (lead_scoring_internal.lead_views()), extremes x
 WHERE z.place = 2 OR x.place IN (1, 2, 14) ORDER BY z.place, c.relname, x.place;
-- By day, week and quarter, and of the days from one end of what a date can be to the other.
UPDATE extreme_2.report_settings SET week_starts = 'sunday';
SELECT try(format('report %s.%s by %s', z.model, p.proname, g.grain), format('SELECT count(v::text) FROM lead_scoring.%I(%L, ''infinity'', %L, ''country'', ''-infinity'', ''infinity'') v', p.proname, z.model, g.grain))
  FROM zones z, pg_proc p, unnest('{day,week,quarter}'::text[]) g (grain) WHERE z.place IN (2, 3) AND p.pronamespace = 'lead_scoring'::regnamespace AND p.proname = ANY (lead_scoring_internal.report_views()) AND 'grain' = ANY (p.proargnames)
 ORDER BY z.place, p.proname, g.grain;
SELECT try(format('report %s.%s since %s', z.model, p.proname, d.since), format('SELECT count(v::text) FROM lead_scoring.%I(%L, ''infinity'', by => ''channel'', since => %L, until => %L) v', p.proname, z.model, d.since, d.until))
  FROM zones z, pg_proc p, (VALUES (date '4714-11-24 BC', date '5874897-12-31'), (NULL, '-infinity'), ('infinity', NULL)) d (since, until)
 WHERE z.place IN (2, 3) AND p.pronamespace = 'lead_scoring'::regnamespace AND p.proname = ANY (lead_scoring_internal.report_views()) AND 'since' = ANY (p.proargnames) ORDER BY z.place, p.proname, d.since;
SELECT try(format('explain %s %s as of %s', z.model, e.place, x.at), format('SELECT count(v::text), lead_scoring.score_at(%1$L, %2$s, %3$L) FROM lead_scoring.explain(%1$L, %2$s, %3$L) v', z.model, e.place, x.at)) FROM zones z, extremes e, extremes x WHERE z.place = 2 ORDER BY e.place, x.place;
-- Now, and when all times have come.
CREATE VIEW last_campaigns AS SELECT * FROM lead_scoring.campaigns('extreme_1', 'infinity');
CREATE VIEW last_funnel AS SELECT * FROM lead_scoring.funnel('extreme_1', 'infinity');
SELECT period, leads, leads_qualified, mqls, sqls, customers, complete FROM extreme_1.funnel WHERE leads > 0 OR mqls > 0;
SELECT period, leads, leads_qualified, mqls, sqls, customers, complete FROM last_funnel WHERE leads > 0 OR mqls > 0;
SELECT count(*), count(*) FILTER (WHERE leads = 0) FROM extreme_1.funnel;
SELECT count(*), count(*) FILTER (WHERE leads = 0) FROM last_funnel;
SELECT period, sum(spend), sum(leads), sum(revenue) FROM extreme_1.campaigns GROUP BY 1 ORDER BY 1;
SELECT period, sum(spend), sum(leads), sum(revenue) FROM last_campaigns GROUP BY 1 ORDER BY 1;
SELECT sum(entered), sum(met), sum(missed) FROM extreme_1.sla;
SELECT rule, leads_with, converted_with, leads_without, converted_without FROM extreme_1.rule_lift ORDER BY 1;

-- Aggregates over the times as they are.
SELECT lead_scoring.lead_velocity(a.at, b.at) IS NOT NULL, lead_scoring.median_time_to(a.at, b.at, c.at) IS NOT NULL, lead_scoring.conversion_rate(a.at, b.at, interval '106000000 days') IS NOT NULL,
       lead_scoring.cost_per_mql(1::numeric, a.at), lead_scoring.window_funnel('1 day', a.at, true, b.at > c.at), lead_scoring.first_touch('c', b.at)
  FROM extremes a, extremes b, extremes c;
SELECT count(a) FROM (SELECT lead_scoring.attribution('time_decay', 'c', a.at, b.at, 1::numeric, '100000000 days', '1 microsecond') AS a FROM extremes a, extremes b GROUP BY b.at) a;

-- Upkeep and recomputation.
SELECT try(format('refresh %s %s', z.model, x.at), format('SELECT lead_scoring_internal.refresh_leads(%L, %L, 100)', z.model, x.at)) FROM zones z, extremes x ORDER BY z.place, x.place;
SELECT try('publish ' || z.model, format('UPDATE %I.rules SET points = points + 1 WHERE name = ''plain''; SELECT lead_scoring.publish(%L)', z.model, z.model)) FROM zones z ORDER BY z.place;
SELECT try('repair ' || z.model, format('SELECT lead_scoring.repair(%L)', z.model)) FROM zones z ORDER BY z.place;
SELECT try('merge ' || z.model, format('SELECT lead_scoring.merge_leads(%L, 2, 4), lead_scoring.merge_leads(%1$L, 14, 15)', z.model)) FROM zones z ORDER BY z.place;
SELECT try('forget ' || z.model || e.at, format('SELECT lead_scoring.forget_lead(%L, %s)', z.model, e.place)) FROM zones z, extremes e WHERE e.place IN (3, 4, 13, 15) ORDER BY z.place;
SELECT try(format('view %s.%s', z.model, c.relname), format('SELECT count(v::text) FROM %s v', c.oid::regclass))
  FROM zones z JOIN pg_class c ON c.relnamespace = z.model::regnamespace AND c.relkind = 'v' ORDER BY z.place, c.relname;
SELECT format('SELECT * FROM lead_scoring.verify(%L)', model) FROM zones ORDER BY place \gexec

SELECT format('SELECT lead_scoring.drop_model(%L)', model) FROM zones ORDER BY place \gexec
DROP SCHEMA extreme_times_test CASCADE;

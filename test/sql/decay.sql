-- Points and how they fade: each kind of decay at several instants against numbers computed by hand, negative points,
-- "per", the bounds of rule, group and model, grades. Leads are named by what they are about; all begin at :t0.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA decay_test;
SET search_path = decay_test, public;
\set t0 'timestamptz ''2024-01-01 00:00 UTC'''
CREATE TABLE leads (id text PRIMARY KEY, employees integer);
CREATE TABLE events (lead_id text, type varchar(20), occurred_at timestamptz, minutes numeric);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('decay', 'leads', 'events');
SELECT lead_scoring.add_group('decay', 'bounded', min_points => -5, max_points => 10);
SELECT lead_scoring.add_rule('decay', 'none', 'none', 1.5);
SELECT lead_scoring.add_rule('decay', 'exponential', 'exponential', 8, decay => 'exponential', half_life => '10 days');
SELECT lead_scoring.add_rule('decay', 'linear', 'linear', 10, decay => 'linear', lifespan => '40 days');
SELECT lead_scoring.add_rule('decay', 'step', 'step', 20, decay => 'step', drop => 0.3, step => '30 days');
SELECT lead_scoring.add_rule('decay', 'window', 'window', 6, decay => 'window', lifespan => '36 hours');
SELECT lead_scoring.add_rule('decay', 'unsubscribed', 'unsubscribed', -4, decay => 'exponential', half_life => '20 days');
SELECT lead_scoring.add_rule('decay', 'bounced', 'bounced', -3, decay => 'window', lifespan => '2 days');
SELECT lead_scoring.add_rule('decay', 'watched', 'watched', 0.5, per => 'minutes', decay => 'linear', lifespan => '10 days');
SELECT lead_scoring.add_rule('decay', 'third', 'third', 1, per => '1 / minutes');
SELECT lead_scoring.add_rule('decay', 'capped', 'capped', 8, decay => 'exponential', half_life => '10 days', max_points => 12);
SELECT lead_scoring.add_rule('decay', 'floored', 'floored', -8, decay => 'exponential', half_life => '10 days', min_points => -12);
SELECT lead_scoring.add_rule('decay', 'latest', 'latest', 1, per => 'minutes', decay => 'window', lifespan => '30 days', max_occurrences => 2);
SELECT lead_scoring.add_rule('decay', 'plus', 'plus', 7, rule_group => 'bounded', decay => 'window', lifespan => '10 days');
SELECT lead_scoring.add_rule('decay', 'minus', 'minus', -7, rule_group => 'bounded');
SELECT lead_scoring.add_fit_rule('decay', 'large', 'employees >= 1000', 10);
SELECT lead_scoring.add_fit_rule('decay', 'tiny', 'employees < 10', -10);
SELECT lead_scoring.add_band('decay', 'fit', 'A', 10), lead_scoring.add_band('decay', 'fit', 'B', 0),
       lead_scoring.add_band('decay', 'engagement', '1', 8), lead_scoring.add_band('decay', 'engagement', '2', 4), lead_scoring.add_band('decay', 'engagement', '3', -1000);
SELECT lead_scoring.publish('decay');
INSERT INTO leads SELECT unnest('{none,exponential,linear,step,window,negative,rises,per,third,capped,floored,latest,bounded,grade,idle,high}'::text[]);

-- The score at so many hours after :t0, by score_at and as the sum of explain, which agree.
CREATE FUNCTION at_hours(lead text, VARIADIC hours numeric[]) RETURNS TABLE (hour numeric, score float8, explained float8) LANGUAGE sql STABLE AS $$
    SELECT h, lead_scoring.score_at('decay', lead, i.at), (SELECT round(coalesce(sum(e.capped), 0)::numeric, 4)::float8 FROM lead_scoring.explain('decay', lead, i.at) e)
      FROM unnest(hours) WITH ORDINALITY u (h, place), LATERAL (SELECT timestamptz '2024-01-01 00:00 UTC' + h * interval '1 hour' AS at) i ORDER BY place
$$;

-- none: 2 x 1.5, for ever. Before the first event there is nothing.
INSERT INTO events VALUES ('none', 'none', :t0), ('none', 'none', :t0 + interval '1 hour');
SELECT * FROM at_hours('none', -1, 0, 0.5, 1, 1000000);

-- exponential: 8 at :t0 and 8 ten days later. Days 0: 8; 5: 8 x 2^-0.5 = 5.6569; 10: 4 + 8 = 12; 20: 2 + 4 = 6; 30: 1 + 2 = 3;
-- 110: 8 x 2^-11 + 8 x 2^-10 = 0.01171875.
INSERT INTO events VALUES ('exponential', 'exponential', :t0 + interval '10 days'), ('exponential', 'exponential', :t0);
SELECT * FROM at_hours('exponential', 0, 120, 240, 480, 720, 2640);

-- linear: 10 fading over 40 days. Days 0: 10; 10: 7.5; 39: 0.25; 40: 0; 41: 0.
INSERT INTO events VALUES ('linear', 'linear', :t0);
SELECT * FROM at_hours('linear', 0, 240, 936, 960, 984);

-- step: 20, less 30 % every 30 days. Days 0: 20; 29.99: 20; 30: 14; 60: 8; 90: 2; 120: 0, not -4.
INSERT INTO events VALUES ('step', 'step', :t0);
SELECT * FROM at_hours('step', 0, 719.76, 720, 1440, 2160, 2880, 3600);

-- window: 6 for 36 hours, the last microsecond included.
INSERT INTO events VALUES ('window', 'window', :t0);
SELECT * FROM at_hours('window', 0, 35.9, 36);
SELECT lead_scoring.score_at('decay', 'window', :t0 + interval '36 hours'), lead_scoring.score_at('decay', 'window', :t0 + interval '36 hours 1 microsecond');

-- Negative points: 8 - 4 = 4; after 20 days 2 - 2 = 0; after 40 days 0.5 - 1 = -0.5.
INSERT INTO events VALUES ('negative', 'exponential', :t0), ('negative', 'unsubscribed', :t0);
SELECT * FROM at_hours('negative', 0, 480, 960, 9600);
-- They fade too: 1.5 - 3 = -1.5 for two days, then 1.5.
INSERT INTO events VALUES ('rises', 'none', :t0), ('rises', 'bounced', :t0);
SELECT * FROM at_hours('rises', 0, 48, 48.001);

-- per: 0.5 x 30 = 15, 0.5 x 0.5 = 0.25, 0.5 x -8 = -4, NULL none; linear over ten days. Day 0: 11.25; 5: 5.625; 10: 0.
INSERT INTO events VALUES ('per', 'watched', :t0, 30), ('per', 'watched', :t0, 0.5), ('per', 'watched', :t0, -8), ('per', 'watched', :t0, NULL);
SELECT * FROM at_hours('per', 0, 120, 240);
-- Points are rounded once an event, to 1/10000, half away from zero: 3 x 1/3 = 0.9999, 1/20000 = 0.0001 and -1/20000 = -0.0001,
-- 1/20001 = 0. What is not finite is no match: minutes 0 divides by zero, and the problem is listed.
INSERT INTO events VALUES ('third', 'third', :t0, 3), ('third', 'third', :t0, 3), ('third', 'third', :t0, 3);
SELECT * FROM at_hours('third', 0);
INSERT INTO events VALUES ('third', 'third', :t0, 20000);
SELECT * FROM at_hours('third', 0);
INSERT INTO events VALUES ('third', 'third', :t0, -20000), ('third', 'third', :t0, 20001);
SELECT * FROM at_hours('third', 0);
INSERT INTO events VALUES ('third', 'third', :t0, 0), ('third', 'third', :t0, 'NaN');
SELECT * FROM at_hours('third', 0);
SELECT lead_id, rule, message, count FROM decay.problems ORDER BY lead_id;
INSERT INTO events VALUES ('per', 'watched', :t0, 'Infinity'), ('per', 'watched', :t0, 'NaN');
SELECT * FROM at_hours('per', 0);

-- Bounds of a rule hold for what is left after decay. 8 + 8 = 16 is 12; after 5 days 11.3137, after 10 days 8.
INSERT INTO events VALUES ('capped', 'capped', :t0), ('capped', 'capped', :t0);
SELECT * FROM at_hours('capped', 0, 96, 120, 240);
INSERT INTO events VALUES ('floored', 'floored', :t0), ('floored', 'floored', :t0);
SELECT * FROM at_hours('floored', 0, 240);

-- max_occurrences: the latest two of 1, 2, 4, 8 count, in whatever order they came: 8 + 4.
INSERT INTO events VALUES ('latest', 'latest', :t0 + interval '3 hours', 8), ('latest', 'latest', :t0, 1);
INSERT INTO events VALUES ('latest', 'latest', :t0 + interval '2 hours', 4), ('latest', 'latest', :t0 + interval '1 hour', 2);
SELECT * FROM at_hours('latest', 0, 1, 2, 3, 722, 722.001, 723, 723.001);

-- Bounds of a group: 7 + 7 = 14 is 10; with 7 off 7; with 14 off 0; once the 7 + 7 have run out, -14 is -5.
INSERT INTO events VALUES ('bounded', 'plus', :t0), ('bounded', 'plus', :t0), ('bounded', 'minus', :t0 + interval '1 day'), ('bounded', 'minus', :t0 + interval '2 days');
SELECT * FROM at_hours('bounded', 0, 24, 48, 240, 241);
SELECT rule_group, rule, times, raw, decayed, capped, last_at FROM lead_scoring.explain('decay', 'bounded', :t0);
SELECT rule_group, rule, times, raw, decayed, capped, last_at FROM lead_scoring.explain('decay', 'bounded', :t0 + interval '241 hours');
SELECT rule_group, rule, times, raw, decayed, capped, last_at FROM lead_scoring.explain('decay', 'capped', :t0 + interval '120 hours');

-- Bounds of the model. 60 x 1.5 + 20 = 110 is 100; -12 is 0; nothing is 0.
UPDATE decay.settings SET min_score = 0, max_score = 100;
SELECT lead_scoring.publish('decay');
INSERT INTO events SELECT 'high', 'none', :t0 FROM generate_series(1, 60);
INSERT INTO events VALUES ('high', 'step', :t0);
SELECT * FROM at_hours('high', 0, 3600);
SELECT rule_group, rule, times, raw, decayed, capped FROM lead_scoring.explain('decay', 'high', :t0);
SELECT * FROM at_hours('floored', 0, 240);
SELECT rule_group, rule, times, raw, decayed, capped FROM lead_scoring.explain('decay', 'floored', :t0);
SELECT * FROM at_hours('idle', 0);
SELECT * FROM lead_scoring.explain('decay', 'idle', :t0);
SELECT * FROM lead_scoring.explain('decay', 'nobody', :t0);
SELECT lead_scoring.score_at('decay', 'nobody', :t0) IS NULL;

-- Grades: fit 0 is B, 10 is A, -10 none; engagement by what is left of 8: day 0: 1, day 10: 2, day 11: 3.
INSERT INTO events VALUES ('grade', 'exponential', :t0);
SELECT h, n.score, n.engagement, n.fit, n.grade FROM decay.scores s, generate_series(0, 264, 120) h,
       LATERAL lead_scoring_internal.score_now(s.tableoid, s.version, s.card, :t0 + h * interval '1 hour') n WHERE s.lead_id = 'grade';
UPDATE leads SET employees = 1000 WHERE id = 'grade';
SELECT h, n.score, n.engagement, n.fit, n.grade FROM decay.scores s, generate_series(0, 264, 132) h,
       LATERAL lead_scoring_internal.score_now(s.tableoid, s.version, s.card, :t0 + h * interval '1 hour') n WHERE s.lead_id = 'grade';
SELECT engagement < 0.01 AS faded, fit, grade FROM decay.scores WHERE lead_id = 'grade';
UPDATE leads SET employees = 9 WHERE id = 'grade';
SELECT h, n.score, n.engagement, n.fit, n.grade FROM decay.scores s, generate_series(0, 264, 132) h,
       LATERAL lead_scoring_internal.score_now(s.tableoid, s.version, s.card, :t0 + h * interval '1 hour') n WHERE s.lead_id = 'grade';
SELECT grade, fit FROM decay.leads WHERE lead_id = 'grade';

-- A rule with a floor above nothing gives it to everybody.
UPDATE decay.rules SET min_points = 2 WHERE name = 'none';
SELECT lead_scoring.publish('decay');
SELECT * FROM at_hours('idle', 0);
SELECT rule_group, rule, times, raw, decayed, capped FROM lead_scoring.explain('decay', 'idle', :t0);
SELECT * FROM at_hours('none', -1, 0, 1);

-- Points so large that they meet the end of their range, and stay there.
INSERT INTO leads VALUES ('end');
INSERT INTO events SELECT 'end', 'watched', :t0, 1e300 FROM generate_series(1, 3);
INSERT INTO events SELECT 'end', 'watched', :t0, -1e300 FROM generate_series(1, 3);
INSERT INTO events SELECT 'end', 'watched', :t0 + interval '1 day', 1e13 FROM generate_series(1, 3);
SELECT * FROM at_hours('end', 0, 24, 240, 9999);

-- A part is rounded by itself: what one rule had left, 0.00004627 of a point after 14.4 half-lives, is nothing, and so are twenty such.
SELECT lead_scoring.create_model('parts', 'leads', 'events', status_columns => '{}');
SELECT count(lead_scoring.add_rule('parts', 'part ' || i, 'part', 1, decay => 'exponential', half_life => '1 day')) FROM generate_series(1, 20) i;
SELECT lead_scoring.publish('parts');
INSERT INTO leads VALUES ('parts');
INSERT INTO events VALUES ('parts', 'part', :t0, NULL);
SELECT day, lead_scoring.score_at('parts', 'parts', :t0 + day * interval '1 day') AS score, (SELECT round(sum(capped)::numeric, 4) FROM lead_scoring.explain('parts', 'parts', :t0 + day * interval '1 day')) AS explained, round(20 * 2 ^ -day, 6) AS exact
  FROM unnest(ARRAY[0, 1, 13.2, 14, 14.4]) day;
SELECT lead_scoring.drop_model('parts');
DELETE FROM leads WHERE id = 'parts';

-- What the triggers keep is what the log says, at any time.
SELECT lead_id, abs(l.score - lead_scoring.score_at('decay', lead_id, now())) < 0.001 AS same FROM decay.leads l WHERE lead_id <> 'end' ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('decay');
SELECT lead_scoring.drop_model('decay');
DROP SCHEMA decay_test CASCADE;

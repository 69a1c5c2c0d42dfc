-- What leads remember for reports: every report is the same with it and without, over a history with everything in it,
-- and verify proves it.
\set VERBOSITY terse
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA memory_test;
SET search_path = memory_test, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text, created date);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, campaign text, channel text, asset text, n integer);
CREATE INDEX ON events (lead_id, occurred_at);
CREATE TABLE spend (campaign text, channel text, spent_on date, amount numeric);
CREATE TABLE revenue (lead_id integer, earned_on date, amount numeric);
SELECT lead_scoring.create_model('memory', 'memory_test.leads', 'memory_test.events', event_campaign => 'campaign');
SELECT lead_scoring.add_rule('memory', 'visit', 'visit', 3, decay => 'exponential', half_life => '20 days'),
       lead_scoring.add_rule('memory', 'download', 'download', 8, limit_count => 2, limit_window => 'day', limit_key => 'asset'),
       lead_scoring.add_rule('memory', 'much', 'visit', 1, 'n > 50', decay => 'window', lifespan => '30 days'),
       lead_scoring.add_fit_rule('memory', 'nz', 'country = ''NZ''', 5);
SELECT lead_scoring.add_stage('memory', 'mql', 30), lead_scoring.add_stage('memory', 'sql', on_event => 'accepted'),
       lead_scoring.add_stage('memory', 'customer', on_event => 'buy'), lead_scoring.add_stage('memory', 'lost', on_event => 'lost', kind => 'detour');
SELECT lead_scoring.set_spend('memory', 'spend', channel => 'channel'), lead_scoring.set_revenue('memory', 'revenue');
UPDATE memory.report_settings SET event_channel = 'channel', event_asset = 'asset', look_back = '40 days', dimensions = '{"country": "country"}', max_touches = 0;
SELECT lead_scoring.publish('memory');

-- random(SEED, N): from 0 to N - 1.
CREATE FUNCTION pick(seed bigint, n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT (abs(hashint8extended(seed, 17) % n))::integer $$;
CREATE PROCEDURE history(first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads SELECT i, (ARRAY['NZ', 'DE', NULL])[1 + pick(i, 3)], date '2024-01-01' + pick(i, 60) FROM generate_series(first, last) i WHERE pick(i * 7, 9) > 0;
    INSERT INTO events
    SELECT first + pick(i, last - first + 1), (ARRAY['visit', 'visit', 'visit', 'download', 'accepted', 'buy', 'lost', 'other'])[1 + pick(i * 3, 8)],
           CASE pick(i * 5, 40) WHEN 0 THEN timestamptz 'infinity' WHEN 1 THEN timestamptz '2024-03-01' ELSE timestamptz '2024-01-01' + pick(i * 11, 150) * interval '1 day' + pick(i, 3) * interval '1 hour' END,
           (ARRAY['spring', 'summer', NULL, ''])[1 + pick(i * 13, 4)], (ARRAY['ads', 'mail', 'direct', NULL, 'organic search, whatever that is'])[1 + pick(i * 17, 5)],
           CASE WHEN pick(i * 19, 3) = 0 THEN 'paper ' || pick(i * 23, 4) END, pick(i * 29, 100)
      FROM generate_series(first * 1000, first * 1000 + 12 * (last - first)) i;
END
$$;
CALL history(1, 60);
INSERT INTO events SELECT 5, 'visit', timestamptz '2024-02-01' + i * interval '1 hour', 'c', 'ads ' || i % 7, NULL, i FROM generate_series(1, 30) i;  -- more touches than are kept
INSERT INTO events VALUES (6, 'visit', '2023-12-01', repeat('long', 100), repeat('longer', 100), 'paper 1', 1);  -- names that are too long
INSERT INTO spend SELECT c, ch, '2024-02-01', 100 FROM unnest('{spring,summer}'::text[]) c, unnest('{ads,mail}'::text[]) ch;
INSERT INTO revenue SELECT i, '2024-05-01', 10 * i FROM generate_series(1, 60, 4) i;
SELECT lead_scoring.merge_leads('memory', 10, 11);
SELECT lead_scoring.forget_lead('memory', '12');

-- Every report, of now and of a day in the past, by each dimension.
CREATE FUNCTION reports() RETURNS TABLE (report text, line text) LANGUAGE plpgsql AS $$
DECLARE
    arguments text;
BEGIN
    FOREACH report IN ARRAY lead_scoring_internal.report_views() LOOP
        FOR arguments IN SELECT a || CASE WHEN has_by AND b <> 'none' THEN format(', by => %L', b) ELSE '' END || CASE WHEN has_by AND d THEN ', since => ''2024-02-01'', until => ''2024-03-31''' ELSE '' END
                           FROM unnest(ARRAY['as_of => ''2040-01-01''', 'as_of => ''2024-03-10''']) a, unnest('{none,country,channel,campaign}'::text[]) b, unnest('{false,true}'::boolean[]) d,
                                (SELECT bool_or(r.name = 'by' ) FROM lead_scoring_internal.report_arguments(report) r) r (has_by)
                          WHERE (has_by OR b = 'none' AND NOT d) AND (report <> 'forecast' OR NOT d) LOOP
            line := NULL;
            FOR line IN EXECUTE format('SELECT %L || r::text FROM lead_scoring.%I(''memory'', %s) r', arguments || ': ', report, arguments) LOOP
                RETURN NEXT;
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;
CREATE TABLE from_events AS SELECT * FROM reports();
SELECT report, count(*) > 0 AS has_rows FROM from_events GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM memory.scores WHERE memory IS NOT NULL;

-- With 20 touches a lead.
UPDATE memory.report_settings SET max_touches = 20;
SELECT lead_scoring.models();
SELECT lead_scoring.publish('memory');
SELECT count(*) FILTER (WHERE lead_scoring_internal.keeps_touches(memory)) AS all_touches, count(*) FILTER (WHERE NOT lead_scoring_internal.keeps_touches(memory) AND lead_scoring_internal.keeps_names(memory)) AS first_touches,
       count(*) FILTER (WHERE NOT lead_scoring_internal.keeps_names(memory)) AS no_touches, count(*) - count(memory) AS no_memory FROM memory.scores;
SELECT count(*) FROM lead_scoring.verify('memory');
CREATE TABLE from_memory AS SELECT * FROM reports();
CREATE VIEW different AS
SELECT 'memory' AS by, r.* FROM (TABLE from_memory EXCEPT ALL TABLE from_events) r
UNION ALL SELECT 'events', r.* FROM (TABLE from_events EXCEPT ALL TABLE from_memory) r;
SELECT * FROM different ORDER BY report, line, by LIMIT 20;

-- Kept by every write: late and corrected events, new and deleted leads, a merge, moves, attributes.
CALL history(61, 90);
INSERT INTO events SELECT pick(i, 90), 'visit', timestamptz '2024-01-05' + pick(i * 3, 100) * interval '1 day', 'late', (ARRAY['tv', 'ads'])[1 + pick(i, 2)], 'paper 9', i FROM generate_series(1, 60) i;
UPDATE events SET occurred_at = occurred_at - interval '9 days', channel = 'post' WHERE lead_id % 7 = 3 AND type = 'visit';
UPDATE events SET lead_id = lead_id + 1 WHERE lead_id IN (20, 30) AND type = 'download';
DELETE FROM events WHERE lead_id % 11 = 4 AND pick(n, 2) = 0;
DELETE FROM events WHERE lead_id = 25;
DELETE FROM leads WHERE id IN (33, 34);
DELETE FROM events WHERE lead_id = 34;
UPDATE leads SET country = 'NZ' WHERE id % 5 = 1;
SELECT lead_scoring.merge_leads('memory', 40, 41), lead_scoring.set_stage('memory', '42', 'sql', 'called'), lead_scoring.adjust('memory', '43', 20, 'well') IS NOT NULL AS adjusted;
SELECT lead_scoring.forget_lead('memory', '44');
-- Single events in the order of their time, which are put before what is there.
DO $$
BEGIN
    FOR i IN 1..200 LOOP
        INSERT INTO events VALUES (1 + pick(i, 90), (ARRAY['visit', 'download', 'other'])[1 + pick(i * 3, 3)], timestamptz '2024-06-01' + i * interval '1 hour', 'summer',
                                   (ARRAY['ads', 'mail', 'new ' || i % 5, NULL])[1 + pick(i * 5, 4)], CASE WHEN i % 3 = 0 THEN 'paper ' || i % 6 END, i % 100);
    END LOOP;
END
$$;
SELECT * FROM lead_scoring.verify('memory') LIMIT 5;
TRUNCATE from_memory, from_events;
INSERT INTO from_memory SELECT * FROM reports();

-- Leads of the version before remember what that one matched: they are read from the events.
SELECT lead_scoring.set_stage('memory', '42', 'mql', 'back') IS NULL;
UPDATE memory.rules SET condition = 'n > 70' WHERE name = 'much';
SELECT lead_scoring.publish('memory', rescore => false);
UPDATE events SET n = n WHERE lead_id % 9 = 2;
TRUNCATE from_memory;
INSERT INTO from_memory SELECT * FROM reports();
SELECT count(*) FILTER (WHERE version < 3) > 0 AS some_old, count(*) FILTER (WHERE version = 3) > 0 AS some_new FROM memory.scores;

-- Another channel is effective at once: reports read the events until the next publish.
UPDATE memory.report_settings SET max_touches = 0;
INSERT INTO from_events SELECT * FROM reports();
SELECT * FROM different ORDER BY report, line, by LIMIT 20;
UPDATE memory.report_settings SET event_channel = 'upper(channel)', max_touches = 20;
SELECT DISTINCT channel COLLATE "C" AS channel FROM memory.channels ORDER BY 1 LIMIT 3;
SELECT lead_scoring.publish('memory');
SELECT DISTINCT channel COLLATE "C" AS channel FROM memory.channels ORDER BY 1 LIMIT 3;
SELECT * FROM lead_scoring.verify('memory') LIMIT 5;

-- An expression that raises for a row: no touch, and a problem.
UPDATE memory.report_settings SET event_channel = '(100 / n)::text';
SELECT lead_scoring.publish('memory');
INSERT INTO events VALUES (2, 'visit', '2024-07-01', 'c', 'x', 'paper', 0), (2, 'visit', '2024-07-02', 'c', 'x', 'paper', 5);
SELECT rule, message, count > 0 AS counted FROM memory.problems WHERE lead_id = 2 ORDER BY 1;
SELECT channel, asset FROM memory.scores, lead_scoring_internal.remembered_touches(memory) WHERE lead_id = 2 ORDER BY at DESC LIMIT 2;
SELECT * FROM lead_scoring.verify('memory') LIMIT 5;
-- What can be no expression is refused when it is written, and what became none when it is published.
UPDATE memory.report_settings SET event_channel = 'random()::text';
UPDATE memory.report_settings SET max_touches = -1;
UPDATE memory.report_settings SET event_channel = 'asset';
ALTER TABLE events RENAME COLUMN asset TO paper;
SELECT lead_scoring.publish('memory');
INSERT INTO events VALUES (2, 'visit', '2024-07-03', 'c', 'x', 'paper', 1);
ALTER TABLE events RENAME COLUMN paper TO asset;

-- Damage is found, and repaired.
SELECT lead_scoring.publish('memory');
-- Reports go by what is remembered, whatever became of the events unseen.
CREATE TEMP TABLE before AS SELECT * FROM lead_scoring.channels('memory', '2040-01-01');
ALTER TABLE events DISABLE TRIGGER ALL;
DELETE FROM events WHERE lead_id = 3;
ALTER TABLE events ENABLE TRIGGER ALL;
SELECT count(*) AS different FROM (SELECT * FROM lead_scoring.channels('memory', '2040-01-01') EXCEPT TABLE before) d;
SELECT DISTINCT problem FROM lead_scoring.verify('memory') ORDER BY 1;
SELECT lead_scoring.repair('memory') > 0 AS repaired;
SELECT count(*) > 0 AS different FROM (SELECT * FROM lead_scoring.channels('memory', '2040-01-01') EXCEPT TABLE before) d;
SELECT * FROM lead_scoring.verify('memory') LIMIT 5;
-- Nothing is kept any more.
UPDATE memory.report_settings SET max_touches = 0;
SELECT lead_scoring.publish('memory');
SELECT count(memory) FROM memory.scores;
-- Where a channel or an asset is named, 64 touches are, unless something else is said.
UPDATE memory.report_settings SET max_touches = NULL;
SELECT lead_scoring.publish('memory');
SELECT count(memory) > 0 AS remembered, (SELECT definition #>> '{touches,max_touches}' FROM memory.versions ORDER BY version DESC LIMIT 1) AS most FROM memory.scores;
SELECT * FROM lead_scoring.verify('memory') LIMIT 5;
UPDATE memory.report_settings SET event_channel = NULL, event_asset = NULL;
SELECT lead_scoring.publish('memory');
SELECT count(memory) FROM memory.scores;
SELECT * FROM lead_scoring.verify('memory') LIMIT 5;
SELECT lead_scoring.drop_model('memory');
DROP SCHEMA memory_test CASCADE;

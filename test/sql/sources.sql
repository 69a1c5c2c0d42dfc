-- Several tables of events: scores, moves and reports are those of the same events in one table.
\set VERBOSITY default
CREATE SCHEMA sources;
SET search_path = sources, public;
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE TABLE leads (id bigint PRIMARY KEY, title text);
CREATE TABLE events (id integer, lead_id bigint, type text, occurred_at timestamptz, campaign text, channel text, minutes integer);
CREATE TABLE page_views (person bigint, seen_on timestamp(3), path text, utm text);
CREATE TABLE crm (number serial, contact bigint, what varchar(20), day date, owner text) PARTITION BY RANGE (number);
CREATE TABLE crm_1 PARTITION OF crm FOR VALUES FROM (0) TO (1000);
CREATE INDEX ON events (lead_id); CREATE INDEX ON page_views (person); CREATE INDEX ON crm (contact);
SELECT lead_scoring.create_model('sources_many', 'leads', 'events', event_campaign => 'campaign', time_zone => 'Europe/Berlin') \g /dev/null
SELECT lead_scoring.add_rule('sources_many', 'webinar', 'webinar', 10, per => 'minutes'), lead_scoring.add_rule('sources_many', 'form', 'form', 5, decay => 'exponential', half_life => '30 days'),
       lead_scoring.add_stage('sources_many', 'mql', min_score => 20, falls_below => 5), lead_scoring.publish('sources_many') \g /dev/null
INSERT INTO leads SELECT n, CASE WHEN n % 2 = 0 THEN 'VP' END FROM generate_series(1, 20) n;
SELECT definition ? 'sources' OR definition ? 'format' OR definition -> 'rules' -> 0 ? 'source' AS told_of_sources FROM sources_many.versions;
CREATE VIEW faults AS SELECT * FROM lead_scoring.verify('sources_many');

-- What a source is refused for: each time with what to do, and nothing is left of it.
\set refused 'SELECT :''SQLSTATE'' AS code, (SELECT count(*) FROM sources_many.sources) AS sources, (SELECT count(*) FROM pg_trigger WHERE tgrelid IN (''page_views''::regclass, ''crm''::regclass)) AS triggers;'
CREATE VIEW seen AS SELECT * FROM page_views;
CREATE TABLE strange (contact bigint, what text, day date);
CREATE TABLE slow (lead_id bigint, type text, occurred_at timestamptz);
CREATE TABLE odd (lead_id integer, type integer, occurred_at text);
CREATE INDEX ON odd (lead_id);
CREATE ROLE regress_lead_scoring_sources;
ALTER TABLE strange OWNER TO regress_lead_scoring_sources;
SELECT lead_scoring.add_source('sources_many', 'views', 'seen', event_lead => 'person', every_event => 'page_view', event_time => 'seen_on');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'strange', 'contact', 'what', 'day');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'slow');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'odd');
:refused
ALTER TABLE odd ALTER lead_id TYPE bigint;
SELECT lead_scoring.add_source('sources_many', 'views', 'odd');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'odd', every_event => 'view');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', NULL, 'seen_on');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', 'path', 'seen_on', every_event => 'page_view');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', event_time => 'seen', every_event => 'page_view');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view', time_zone => 'Mars/Olympus');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view', event_channel => 'utn');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'events');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'leads');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'crm_1', 'contact', 'what', 'day');
:refused
SELECT lead_scoring.add_source('sources_many', 'views', 'sources_many.transitions', event_type => 'to_stage', event_time => 'at');
:refused
SELECT lead_scoring.add_source('sources_many', 'events', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view');
:refused
SELECT lead_scoring.add_source('sources_many', NULL, 'page_views');
:refused
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view');
ROLLBACK;
SELECT lead_scoring.create_model('sources_many', 'leads', 'page_views', event_lead => 'person', event_type => 'path', event_time => 'seen_on');
SELECT lead_scoring.drop_source('sources_many', 'views');
SELECT lead_scoring.drop_source('sources_many', 'events');
SELECT lead_scoring.drop_source('sources_many', NULL);

-- One that is added is looked at by the next version, and by no rule of this one.
INSERT INTO page_views VALUES (1, '2024-03-31 02:30', '/pricing', 'mail'), (30, '2024-04-01 10:00', '/', 'ads');
SET client_min_messages = notice;
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view', event_channel => 'utm', event_asset => 'path', time_zone => 'America/New_York');
SELECT lead_scoring.add_source('sources_many', 'crm', 'crm', 'contact', 'what', 'day', event_campaign => 'owner');
SET client_min_messages = warning;
SELECT lead_scoring.add_source('sources_many', 'crm', 'slow', require_index => false);
SELECT lead_scoring.add_source('sources_many', 'views again', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view');
SELECT * FROM sources_many.sources ORDER BY name;
SELECT problem, draft_differs FROM lead_scoring.models() WHERE model = 'sources_many';
INSERT INTO page_views VALUES (2, '2024-04-01 11:00', '/pricing', 'mail'), (31, '2024-04-02 10:00', '/', 'ads');
INSERT INTO crm (contact, what, day) VALUES (2, 'call', '2024-04-02');
SELECT lead_id, score FROM sources_many.scores WHERE lead_id IN (1, 2, 30, 31) ORDER BY 1;
SELECT * FROM faults;
SELECT type, source, events, rules FROM sources_many.event_types ORDER BY 2, 1;

-- Which source a rule looks at.
SELECT lead_scoring.add_rule('sources_many', 'view', 'page_view', 3, condition => $$path = '/pricing'$$, limit_count => 2, limit_window => 'day', limit_key => 'utm');
SELECT lead_scoring.add_rule('sources_many', 'call', 'call', 7);
SELECT lead_scoring.add_rule('sources_many', 'call', 'call', 7, source => 'crn');
SELECT lead_scoring.add_rule('sources_many', 'call', 'call', 7, source => 'views');
SELECT lead_scoring.add_rule('sources_many', 'call', 'call', 7, condition => $$path = '/'$$, source => 'crm');
INSERT INTO sources_many.rules (name, rule_group, condition, points, source) VALUES ('vp', 'fit', 'true', 1, 'crm');
SELECT lead_scoring.add_stage('sources_many', 'sql', on_event => 'accepted');
SELECT lead_scoring.add_rule('sources_many', 'view too', 'view', 7, source => 'views');
UPDATE sources_many.rules SET source = NULL WHERE name IN ('webinar', 'form');
SELECT lead_scoring.add_rule('sources_many', 'call', 'call', 7, condition => $$owner IS DISTINCT FROM 'bot'$$, source => 'crm'), lead_scoring.add_stage('sources_many', 'sql', on_event => 'accepted', on_event_source => 'crm'),
       lead_scoring.add_stage('sources_many', 'lost', on_event => 'page_view', on_event_condition => $$path = '/goodbye'$$, kind => 'detour') \g /dev/null
INSERT INTO sources_many.report_settings (event_channel, event_asset, max_touches) VALUES ('channel', 'minutes::text', 4);
SELECT lead_scoring.publish('sources_many');
SELECT jsonb_pretty(jsonb_build_object('format', definition -> 'format', 'sources', definition -> 'sources', 'touches', definition -> 'touches')) FROM sources_many.versions WHERE version = 2;
SELECT r ->> 'name' AS name, r ->> 'source' AS source FROM sources_many.versions v, jsonb_array_elements(definition -> 'rules') r WHERE version = 2
UNION ALL SELECT s ->> 'name', s ->> 'on_event_source' FROM sources_many.versions v, jsonb_array_elements(definition -> 'stages') s WHERE version = 2;
SELECT problem, draft_differs FROM lead_scoring.models() WHERE model = 'sources_many';
SELECT lead_id, score FROM sources_many.scores WHERE lead_id IN (1, 2, 30, 31) ORDER BY 1;
SELECT * FROM faults;

-- The same events in one table, with an expression for each rule: the same of everything.
CREATE TABLE one_leads (LIKE leads INCLUDING ALL);
CREATE TABLE one (source text, lead_id bigint, type text, occurred_at timestamptz, campaign text, channel text, asset text, minutes integer, path text, utm text, owner text);
CREATE INDEX ON one (lead_id);
SELECT lead_scoring.create_model('sources_one', 'one_leads', 'one', event_campaign => 'campaign', time_zone => 'Europe/Berlin') \g /dev/null
SELECT lead_scoring.add_rule('sources_one', 'webinar', 'webinar', 10, per => 'minutes', condition => $$source = 'events'$$), lead_scoring.add_rule('sources_one', 'form', 'form', 5, decay => 'exponential', half_life => '30 days', condition => $$source = 'events'$$),
       lead_scoring.add_rule('sources_one', 'view', 'page_view', 3, condition => $$source = 'views' AND path = '/pricing'$$, limit_count => 2, limit_window => 'day', limit_key => 'utm'),
       lead_scoring.add_rule('sources_one', 'call', 'call', 7, condition => $$source = 'crm' AND owner IS DISTINCT FROM 'bot'$$),
       lead_scoring.add_stage('sources_one', 'mql', min_score => 20, falls_below => 5), lead_scoring.add_stage('sources_one', 'sql', on_event => 'accepted', on_event_condition => $$source = 'crm'$$),
       lead_scoring.add_stage('sources_one', 'lost', on_event => 'page_view', on_event_condition => $$source = 'views' AND path = '/goodbye'$$, kind => 'detour') \g /dev/null
INSERT INTO sources_one.report_settings (event_channel, event_asset, max_touches) VALUES ('channel', 'asset', 4);
CREATE VIEW together AS
SELECT 'events' AS source, lead_id, type, occurred_at, campaign, channel, minutes::text AS asset, minutes, NULL AS path, NULL AS utm, NULL AS owner FROM events
UNION ALL SELECT 'views', person, 'page_view', lead_scoring_internal.instant(seen_on, 'America/New_York'), NULL, utm, path, NULL, path, utm, NULL FROM page_views
UNION ALL SELECT 'crm', contact, what, lead_scoring_internal.instant(day, 'Europe/Berlin'), owner, owner, NULL, NULL, NULL, NULL, owner FROM crm;
DELETE FROM page_views; DELETE FROM crm;
SELECT * FROM faults;
-- A year of three sources, day by day: first loaded, then live, with ties across sources.
CREATE FUNCTION store(of_days daterange) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events SELECT l * 1000 + d, l, (ARRAY['webinar', 'form', 'call', 'page_view'])[1 + (l * 3 + d) % 4], date '2024-01-01' + d + time '05:00' * ((l + d) % 3), 'c' || l % 3, (ARRAY['mail', NULL, 'web'])[1 + d % 3], d % 4
      FROM generate_series(1, 22) l, generate_series(lower(of_days) - '2024-01-01', upper(of_days) - date '2024-01-02') d WHERE (l * 7 + d * 3) % 11 = 0;
    INSERT INTO page_views SELECT l, date '2024-01-01' + d + time '05:00' * ((l + d) % 5), (ARRAY['/pricing', '/', '/pricing', '/goodbye'])[1 + (l + d) % 4], 'u' || d % 2
      FROM generate_series(1, 23) l, generate_series(lower(of_days) - '2024-01-01', upper(of_days) - date '2024-01-02') d WHERE (l * 5 + d * 2) % 9 = 0;
    INSERT INTO crm (contact, what, day, owner) SELECT l, (ARRAY['call', 'accepted', 'webinar'])[1 + (l + d) % 3], date '2024-01-01' + d, CASE l % 3 WHEN 0 THEN 'bot' WHEN 1 THEN 'eve' END
      FROM generate_series(1, 24) l, generate_series(lower(of_days) - '2024-01-01', upper(of_days) - date '2024-01-02') d WHERE (l * 2 + d * 5) % 17 = 0;
END
$$;
CREATE FUNCTION store_one(of_days daterange) RETURNS void LANGUAGE sql AS $$
    INSERT INTO one SELECT t.* FROM together t WHERE NOT EXISTS (SELECT FROM one o WHERE (o.source, o.lead_id, o.occurred_at) = (t.source, t.lead_id, t.occurred_at)) ORDER BY t.occurred_at
$$;
CREATE FUNCTION state(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT to_jsonb(s)::text FROM (SELECT lead_id, lead_scoring.score_at(%1$L, s.lead_id, ''2025-02-01'') AS score, engagement, counted, card::text FROM %1$I.scores s) s', model);
END
$$;
CREATE FUNCTION moves(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT (to_jsonb(t) - ''{recorded_at,version}''::text[])::text FROM %I.transitions t WHERE t.at < now() - interval ''1 minute''', model);
END
$$;
CREATE FUNCTION reported(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report text;
BEGIN
    FOREACH report IN ARRAY '{funnel,campaigns,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,feedback}'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %1$L || to_jsonb(r)::text FROM %2$I.%1$I r UNION ALL SELECT %1$L || '' then'' || to_jsonb(r)::text FROM lead_scoring.%1$I(%2$L, as_of => ''2024-05-05 12:00'') r', report, model);
    END LOOP;
    RETURN QUERY SELECT 'since' || to_jsonb(r)::text FROM lead_scoring.channels(model, by => 'campaign', since => '2024-02-01', until => '2024-06-27') r;
    RETURN QUERY SELECT 'by' || to_jsonb(r)::text FROM lead_scoring.funnel(model, by => 'channel') r;
END
$$;
CREATE VIEW compared AS
SELECT (SELECT count(*) FROM state('sources_one')) AS leads, (SELECT count(*) FROM (SELECT state('sources_one') EXCEPT ALL SELECT state('sources_many')) d) AS differ,
       (SELECT count(*) FROM moves('sources_one')) > 0 AS moves, (SELECT count(*) FROM (SELECT moves('sources_one') EXCEPT ALL SELECT moves('sources_many')) d) AS differ_too,
       (SELECT count(*) FROM reported('sources_one')) > 100 AS reported, (SELECT count(*) FROM (SELECT reported('sources_one') EXCEPT ALL SELECT reported('sources_many')) d) AS differ_then;
INSERT INTO one_leads SELECT * FROM leads;
-- History first: it is replayed by a first publish.
SELECT lead_scoring.drop_model('sources_many') \g /dev/null
SELECT store('[2024-01-01,2024-06-01)'), store_one('[2024-01-01,2024-06-01)') \g /dev/null
SELECT lead_scoring.create_model('sources_many', 'leads', 'events', event_campaign => 'campaign', time_zone => 'Europe/Berlin') \g /dev/null
SELECT lead_scoring.add_source('sources_many', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view', event_channel => 'utm', event_asset => 'path', time_zone => 'America/New_York'),
       lead_scoring.add_source('sources_many', 'crm', 'crm', 'contact', 'what', 'day', event_campaign => 'owner'),
       lead_scoring.add_rule('sources_many', 'webinar', 'webinar', 10, per => 'minutes', source => 'events'), lead_scoring.add_rule('sources_many', 'form', 'form', 5, decay => 'exponential', half_life => '30 days', source => 'events'),
       lead_scoring.add_rule('sources_many', 'view', 'page_view', 3, condition => $$path = '/pricing'$$, limit_count => 2, limit_window => 'day', limit_key => 'utm', source => 'views'),
       lead_scoring.add_rule('sources_many', 'call', 'call', 7, condition => $$owner IS DISTINCT FROM 'bot'$$, source => 'crm'),
       lead_scoring.add_stage('sources_many', 'mql', min_score => 20, falls_below => 5), lead_scoring.add_stage('sources_many', 'sql', on_event => 'accepted', on_event_source => 'crm'),
       lead_scoring.add_stage('sources_many', 'lost', on_event => 'page_view', on_event_condition => $$path = '/goodbye'$$, kind => 'detour', on_event_source => 'views') \g /dev/null
INSERT INTO sources_many.report_settings (event_channel, event_asset, max_touches) VALUES ('channel', 'minutes::text', 4);
SELECT lead_scoring.publish(m) FROM unnest('{sources_one,sources_many}'::text[]) m;
CREATE VIEW faults_one AS SELECT * FROM lead_scoring.verify('sources_one');
SELECT * FROM faults UNION ALL SELECT * FROM faults_one;
SELECT * FROM compared;
-- Live.
SELECT store('[2024-06-01,2024-06-20)'), store_one('[2024-06-01,2024-06-20)') \g /dev/null
SELECT * FROM faults;
SELECT leads, differ, reported, differ_then FROM compared;
-- Without what leads remember.
UPDATE sources_many.report_settings SET max_touches = NULL; UPDATE sources_one.report_settings SET max_touches = NULL;
SELECT leads, differ, reported, differ_then FROM compared;
SELECT lead_scoring.publish(m) FROM unnest('{sources_one,sources_many}'::text[]) m;
SELECT leads, differ, reported, differ_then FROM compared;
SELECT * FROM faults;
SELECT type, source, events, rules, stages, note FROM sources_many.event_types ORDER BY 2, 1;

-- Every way to write, of each source.
UPDATE page_views SET path = '/pricing' WHERE path = '/'; SELECT * FROM faults;
UPDATE crm SET contact = contact % 20 + 1, day = day + 1 WHERE number % 3 = 0; SELECT * FROM faults;
DELETE FROM page_views WHERE person % 4 = 0; DELETE FROM crm_1 WHERE number % 5 = 0; SELECT * FROM faults;
COPY page_views FROM stdin;
5	2024-06-02 12:00:00	/pricing	x
40	2024-06-02 12:00:00	/pricing	x
\.
SELECT * FROM faults;
-- Several sources in one statement; a foreign statement that reads none.
WITH a AS (INSERT INTO events VALUES (1, 6, 'webinar', '2024-06-21', 'c', 'x', 3)), b AS (DELETE FROM page_views WHERE person = 6) INSERT INTO crm (contact, what, day) VALUES (6, 'call', '2024-06-21'), (41, 'call', '2024-06-21');
SELECT * FROM faults;
MERGE INTO page_views p USING (VALUES (7, '/pricing'), (42, '/pricing')) n (person, path) ON p.person = n.person AND p.seen_on > '2024-05-01'
 WHEN MATCHED THEN UPDATE SET path = n.path WHEN NOT MATCHED THEN INSERT VALUES (n.person, '2024-06-22', n.path);
SELECT * FROM faults;
SET session_replication_role = replica;
INSERT INTO page_views VALUES (8, '2024-06-23', '/pricing', 'r'); UPDATE crm SET owner = 'bot' WHERE contact = 8; DELETE FROM events WHERE lead_id = 8;
RESET session_replication_role;
SELECT * FROM faults;
CREATE TABLE crm_2 (LIKE crm);
INSERT INTO crm_2 VALUES (2000, 9, 'call', '2024-06-24');
ALTER TABLE crm ATTACH PARTITION crm_2 FOR VALUES FROM (1000) TO (3000);
SELECT lead_id FROM faults; SELECT lead_scoring.repair('sources_many') > 0 AS repaired; SELECT * FROM faults;
INSERT INTO crm_2 VALUES (2001, 9, 'call', '2024-06-25'); SELECT * FROM faults;
ALTER TABLE crm DETACH PARTITION crm_2; SELECT lead_scoring.repair('sources_many') > 0 AS repaired; SELECT * FROM faults;
INSERT INTO crm_2 VALUES (2002, 9, 'call', '2024-06-25'); SELECT * FROM faults;
BEGIN;
TRUNCATE page_views;
SELECT * FROM faults;
SELECT count(*) FROM sources_many.scores WHERE lead_id IN (40, 42);
ROLLBACK;
SELECT * FROM faults;
SELECT lead_scoring.pause('sources_many') \g /dev/null
INSERT INTO crm (contact, what, day) VALUES (10, 'call', '2024-06-26'); INSERT INTO page_views VALUES (10, '2024-06-26', '/pricing');
SELECT lead_scoring.resume('sources_many') > 0 AS resumed; SELECT * FROM faults;
CALL lead_scoring.refresh('sources_many'); CALL lead_scoring.rescore('sources_many', 7); SELECT * FROM faults;
ALTER TABLE page_views DISABLE TRIGGER USER;
INSERT INTO page_views VALUES (11, '2024-06-26', '/pricing');
SELECT problem FROM lead_scoring.models() WHERE model = 'sources_many';
SELECT lead_scoring.repair('sources_many') > 0 AS repaired; SELECT * FROM faults;

-- Two leads that are one, and none.
SELECT lead_scoring.merge_leads('sources_many', 12, 13); SELECT * FROM faults;
SELECT count(*) FROM together WHERE lead_id = 12;
SELECT lead_scoring.forget_lead('sources_many', 13); SELECT * FROM faults;
SELECT count(*) FROM together WHERE lead_id IN (12, 13);
SELECT lead_scoring.forget_lead('sources_many', 40); SELECT * FROM faults;
SELECT rule, times, capped FROM lead_scoring.explain('sources_many', 14, '2024-06-30');

-- Tables and columns that go by another name, or are gone.
ALTER TABLE page_views RENAME TO visits;
INSERT INTO visits VALUES (15, '2024-06-27', '/pricing');
SELECT problem FROM lead_scoring.models() WHERE model = 'sources_many';
SELECT lead_scoring.publish('sources_many');
UPDATE sources_many.sources SET events = 'sources.visits' WHERE name = 'views';
INSERT INTO visits VALUES (15, '2024-06-27', '/pricing'); SELECT * FROM faults;
ALTER TABLE visits RENAME COLUMN seen_on TO seen;
INSERT INTO visits VALUES (15, '2024-06-28', '/pricing');
UPDATE sources_many.sources SET event_time = 'seen' WHERE name = 'views';
INSERT INTO visits VALUES (15, '2024-06-28', '/pricing'); SELECT * FROM faults;
ALTER TABLE visits RENAME COLUMN path TO page;
INSERT INTO visits VALUES (15, '2024-06-29', '/pricing');
ALTER TABLE visits RENAME COLUMN page TO path;
-- The zone of a source counts with the next publish.
UPDATE sources_many.sources SET time_zone = NULL WHERE name = 'views';
SELECT draft_differs FROM lead_scoring.models() WHERE model = 'sources_many'; SELECT * FROM faults;
SELECT lead_scoring.publish('sources_many') > 0 AS published; SELECT * FROM faults;
UPDATE sources_many.sources SET time_zone = 'Mars/Olympus' WHERE name = 'views';
INSERT INTO sources_many.sources (name, events, event_lead, event_time) VALUES ('x', 'sources.slow', 'lead_id', 'occurred_at');
-- One table is one source, whoever says which it is, and none of those that the model has made.
UPDATE sources_many.sources SET events = 'sources.events', event_channel = NULL, event_asset = NULL WHERE name = 'views';
UPDATE sources_many.sources SET events = 'sources.crm', event_channel = NULL, event_asset = NULL WHERE name = 'views';
UPDATE sources_many.settings SET events = 'sources.crm';
UPDATE sources_many.sources SET events = 'sources.leads', event_channel = NULL, event_asset = NULL WHERE name = 'views';
UPDATE sources_many.sources SET events = 'sources_many.scores', event_channel = NULL, event_asset = NULL WHERE name = 'views';
SELECT name, events FROM sources_many.sources ORDER BY name; SELECT * FROM faults;

-- One goes.
SELECT lead_scoring.drop_source('sources_many', 'view');
SELECT lead_scoring.drop_source('sources_many', 'views');
DELETE FROM sources_many.rules WHERE name = ANY ('{view}'); UPDATE sources_many.stages SET on_event = NULL, on_event_condition = NULL, on_event_source = NULL WHERE name = ANY ('{lost}');
SELECT lead_scoring.drop_source('sources_many', 'views');
SELECT lead_scoring.publish('sources_many') > 0 AS published;
SELECT lead_scoring.drop_source('sources_many', 'views');
SELECT * FROM faults;
SELECT count(*) FROM sources_many.scores WHERE lead_id = 42;
SELECT problem, draft_differs FROM lead_scoring.models() WHERE model = 'sources_many';
INSERT INTO visits VALUES (16, '2024-06-29', '/pricing'); SELECT * FROM faults;
SELECT lead_scoring.publish('sources_many') > 0 AS published; SELECT * FROM faults;
DELETE FROM sources_many.rules WHERE source = 'crm'; UPDATE sources_many.stages SET on_event = NULL, on_event_source = NULL;
SELECT lead_scoring.publish('sources_many') > 0 AS published; 
-- One whose table is gone.
DROP TABLE crm CASCADE;
SELECT lead_scoring.drop_source('sources_many', 'crm'); SELECT * FROM faults;
SELECT lead_scoring.publish('sources_many') > 0 AS published; SELECT * FROM faults;
SELECT definition ? 'sources' OR definition ? 'format' OR definition -> 'rules' -> 0 ? 'source' AS told_of_sources FROM sources_many.versions ORDER BY version DESC LIMIT 1;
SELECT problem, draft_differs FROM lead_scoring.models() WHERE model = 'sources_many';
-- One whose table is gone while rules and stages wait for its events: until it goes too, nothing is stored.
CREATE TABLE calls (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON calls (lead_id);
SELECT lead_scoring.add_source('sources_many', 'calls', 'calls'), lead_scoring.add_rule('sources_many', 'answered', 'answered', 4, source => 'calls') \g /dev/null
UPDATE sources_many.stages SET on_event = 'won', on_event_source = 'calls' WHERE name = 'sql';
SELECT lead_scoring.publish('sources_many') > 0 AS published;
INSERT INTO calls VALUES (17, 'answered', '2024-06-29'), (50, 'answered', '2024-06-29'); SELECT * FROM faults;
ALTER TABLE calls RENAME TO phoned;
INSERT INTO events VALUES (2, 17, 'form', '2024-06-29');
ALTER TABLE phoned RENAME TO calls;
DROP TABLE calls;
INSERT INTO events VALUES (2, 17, 'form', '2024-06-29');
SELECT lead_scoring.publish('sources_many');
SELECT lead_scoring.drop_source('sources_many', 'calls');
BEGIN;
DELETE FROM sources_many.rules WHERE name = ANY ('{answered}');
UPDATE sources_many.stages SET on_event = NULL, on_event_condition = NULL, on_event_source = NULL WHERE name = ANY ('{sql}');
SELECT lead_scoring.drop_source('sources_many', 'calls');
COMMIT;
SELECT * FROM faults;
INSERT INTO events VALUES (2, 17, 'form', '2024-06-29'); SELECT * FROM faults;
SELECT count(*) FROM sources_many.scores WHERE lead_id = 50;
SELECT lead_scoring.publish('sources_many') > 0 AS published; SELECT * FROM faults;
SELECT lead_scoring.drop_model(m) FROM unnest('{sources_one,sources_many}'::text[]) m \g /dev/null
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'lead_scoring%';
DROP SCHEMA sources CASCADE;
DROP ROLE regress_lead_scoring_sources;

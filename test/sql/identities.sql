-- Anonymous visitors: their events count for the lead that identities say they are, from that statement on, and back.
\set VERBOSITY default
CREATE SCHEMA identities;
SET search_path = identities, public;
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE TABLE leads (id bigint PRIMARY KEY, title text);
CREATE TABLE events (id integer, lead_id bigint, anonymous_id text, type text, occurred_at timestamptz, campaign text, lead text);
CREATE TABLE page_views (person bigint, visitor varchar(40), seen_on timestamp, path text) PARTITION BY RANGE (seen_on);
CREATE TABLE page_views_1 PARTITION OF page_views FOR VALUES FROM (MINVALUE) TO ('2024-06-01');
CREATE TABLE page_views_2 (path text, visitor varchar(40), gone text, seen_on timestamp, person bigint);
ALTER TABLE page_views_2 DROP COLUMN gone;
ALTER TABLE page_views ATTACH PARTITION page_views_2 FOR VALUES FROM ('2024-06-01') TO (MAXVALUE);
CREATE INDEX ON events (lead_id); CREATE INDEX ON page_views (person);
CREATE TABLE who (anonymous_id text, lead_id bigint, seen integer DEFAULT 0);

-- What is refused, each time with what to do, and nothing is left of it.
\set refused 'SELECT :''SQLSTATE'' AS code, (SELECT count(*) FROM pg_trigger WHERE tgname LIKE ''lead_scoring%'' AND tgrelid::regclass::text IN (''who'', ''odd'', ''parts_1'')) AS triggers;'
SELECT lead_scoring.create_model('identities_known', 'leads', 'events', event_campaign => 'campaign', event_anonymous => 'anonymous');
SELECT lead_scoring.create_model('identities_known', 'leads', 'events', event_campaign => 'campaign', event_anonymous => 'occurred_at');
SELECT lead_scoring.create_model('identities_known', 'leads', 'events', event_campaign => 'campaign', event_anonymous => 'anonymous_id');
SELECT lead_scoring.create_model('identities_known', 'leads', 'events', event_campaign => 'campaign') \g /dev/null
SELECT lead_scoring.set_identities('identities_known', 'who');
:refused
UPDATE identities_known.settings SET event_anonymous = 'nobody';
UPDATE identities_known.settings SET event_anonymous = 'anonymous_id';
SELECT lead_scoring.set_identities('identities_known', 'who');
:refused
CREATE INDEX ON who (anonymous_id);
SELECT lead_scoring.set_identities('identities_known', 'who');
:refused
ALTER TABLE who ADD UNIQUE (anonymous_id);
SELECT lead_scoring.set_identities('identities_known', 'who');
:refused
CREATE INDEX some_leads ON who (lead_id) WHERE lead_id > 0;
SELECT lead_scoring.set_identities('identities_known', 'who');
:refused
DROP INDEX some_leads;
CREATE INDEX ON who (lead_id);
SELECT lead_scoring.set_identities('identities_known', 'who');
:refused
CREATE INDEX ON events (anonymous_id) WHERE lead_id IS NULL;
SELECT lead_scoring.set_identities('identities_known', 'who', 'anonymus_id');
SELECT lead_scoring.set_identities('identities_known', 'who', lead => 'lead');
SELECT lead_scoring.set_identities('identities_known', 'who', lead => 'seen');
SELECT lead_scoring.set_identities('identities_known', 'who', anonymous => NULL);
SELECT lead_scoring.set_identities('identities_known', 'events');
SELECT lead_scoring.set_identities('identities_known', 'leads');
:refused
CREATE VIEW seen AS SELECT anonymous_id FROM who;
CREATE TABLE odd (anonymous_id date UNIQUE, lead_id text, visitor bigint UNIQUE, person bigint); CREATE INDEX ON odd (person);
CREATE TABLE parts (LIKE who) PARTITION BY LIST (lead_id); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
CREATE ROLE regress_lead_scoring_identities;
CREATE TABLE strange (LIKE who INCLUDING ALL); ALTER TABLE strange OWNER TO regress_lead_scoring_identities;
SELECT lead_scoring.set_identities('identities_known', 'seen');
SELECT lead_scoring.set_identities('identities_known', 'odd');
SELECT lead_scoring.set_identities('identities_known', 'odd', anonymous => 'visitor');
SELECT lead_scoring.set_identities('identities_known', 'odd', anonymous => 'visitor', lead => 'person');
SELECT lead_scoring.set_identities('identities_known', 'parts_1');
SELECT lead_scoring.set_identities('identities_known', 'strange');
:refused
SELECT lead_scoring.set_identities(NULL, 'who');
SELECT lead_scoring.set_identities('identities_none', 'who');
SELECT lead_scoring.set_identities('identities_known', 'who', lead => 'lead_id'), lead_scoring.set_identities('identities_known', NULL) \g /dev/null
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'who'::regclass AND tgname LIKE 'lead_scoring%';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lead_scoring.set_identities('identities_known', 'who');
ROLLBACK;
UPDATE identities_known.settings SET identities = 'identities.who';

-- A model, and its twin, whose events name the lead that they are of by now.
SELECT lead_scoring.add_source('identities_known', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view', event_channel => 'path', event_anonymous => 'visitor');
CREATE INDEX ON page_views (visitor) WHERE person IS NULL;
SELECT lead_scoring.add_source('identities_known', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view', event_channel => 'path', event_anonymous => 'visitor');
CREATE TABLE known_leads (LIKE leads INCLUDING ALL);
CREATE TABLE known_events (id integer, lead_id bigint, type text, occurred_at timestamptz, campaign text, lead text); CREATE INDEX ON known_events (lead_id);
CREATE TABLE known_views (person bigint, seen_on timestamp, path text); CREATE INDEX ON known_views (person);
CREATE FUNCTION define_model(m text) RETURNS void LANGUAGE plpgsql AS $do$
BEGIN
    EXECUTE format('INSERT INTO %I.report_settings (event_channel, max_touches) VALUES (''lead'', 4)', m);
    PERFORM lead_scoring.add_rule(m, 'form', 'form', 5, condition => $$lead IS DISTINCT FROM 'bot'$$, decay => 'exponential', half_life => '30 days', source => 'events'), lead_scoring.add_rule(m, 'webinar', 'webinar', 12, max_points => 30, source => 'events'),
            lead_scoring.add_rule(m, 'view', 'page_view', 3, limit_count => 2, limit_window => 'day', limit_key => 'path', source => 'views'),
            lead_scoring.add_rule(m, 'first views', 'page_view', 1, limit_count => 5, limit_window => 'ever', source => 'views'),
            lead_scoring.add_fit_rule(m, 'vp', $$title = 'VP'$$, 5),
            lead_scoring.add_stage(m, 'mql', min_score => 20, falls_below => 8), lead_scoring.add_stage(m, 'sql', on_event => 'demo', on_event_source => 'events'),
            lead_scoring.add_stage(m, 'lost', on_event => 'page_view', on_event_condition => $$path = '/goodbye'$$, kind => 'detour', on_event_source => 'views');
END
$do$;
CREATE FUNCTION make_twin() RETURNS void LANGUAGE sql AS $do$
    SELECT lead_scoring.create_model('identities_twin', 'known_leads', 'known_events', event_campaign => 'campaign'),
           lead_scoring.add_source('identities_twin', 'views', 'known_views', 'person', event_time => 'seen_on', every_event => 'page_view', event_channel => 'path'), define_model('identities_twin');
$do$;
SELECT make_twin(), define_model('identities_known') \g /dev/null
SELECT lead_scoring.publish(m) FROM unnest('{identities_known,identities_twin}'::text[]) m;
CREATE VIEW faults AS SELECT * FROM lead_scoring.verify('identities_known');
CREATE VIEW faults_twin AS SELECT * FROM lead_scoring.verify('identities_twin');
CREATE FUNCTION state(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT to_jsonb(s)::text FROM (SELECT lead_id, lead_scoring.score_at(%1$L, s.lead_id, ''2025-02-01'') AS score, engagement, fit, counted, card::text, memory FROM %1$I.scores s WHERE s.lead_id NOT IN (SELECT m.merged_from FROM identities_known.merged m)) s', model);
END
$$;
-- What differs from the twin, once that has the same events.
CREATE FUNCTION follow() RETURNS void LANGUAGE sql AS $$
    DELETE FROM known_events; DELETE FROM known_views; DELETE FROM known_leads;
    INSERT INTO known_leads SELECT id, title FROM leads;
    INSERT INTO known_events SELECT e.id, coalesce(e.lead_id, w.lead_id), e.type, e.occurred_at, e.campaign, e.lead FROM events e LEFT JOIN who w ON w.anonymous_id = e.anonymous_id ORDER BY e.occurred_at;
    INSERT INTO known_views SELECT coalesce(v.person, w.lead_id), v.seen_on, v.path FROM page_views v LEFT JOIN who w ON w.anonymous_id = v.visitor ORDER BY v.seen_on;
$$;
CREATE FUNCTION differences() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow();
    RETURN QUERY SELECT 'fault ' || to_jsonb(f)::text FROM faults f UNION ALL SELECT 'fault of the twin ' || to_jsonb(f)::text FROM faults_twin f;
    RETURN QUERY (SELECT 'known ' || s FROM state('identities_known') s EXCEPT ALL SELECT 'known ' || s FROM state('identities_twin') s)
       UNION ALL (SELECT 'twin ' || s FROM state('identities_twin') s EXCEPT ALL SELECT 'twin ' || s FROM state('identities_known') s);
END
$$;
CREATE VIEW moves AS SELECT lead_id, seq, from_stage, to_stage, cause, CASE WHEN at > now() - interval '1 hour' THEN 'now' ELSE at::text END AS at FROM identities_known.transitions;

-- Until a visitor is known, his events score nobody.
INSERT INTO leads SELECT n, CASE WHEN n % 3 = 0 THEN 'VP' END FROM generate_series(1, 12) n;
INSERT INTO events SELECT n, CASE WHEN n % 4 = 0 THEN 1 + n % 5 END, 'v' || n % 7, (ARRAY['form', 'webinar', 'form'])[1 + n % 3], timestamptz '2024-01-01' + n * interval '7 hours', 'c' || n % 3, CASE WHEN n % 11 = 0 THEN 'bot' ELSE 'web' END FROM generate_series(1, 200) n;
INSERT INTO page_views SELECT CASE WHEN n % 5 = 0 THEN 1 + n % 6 END, 'v' || n % 8, timestamp '2024-03-01' + n * interval '5 hours', '/' || n % 3 FROM generate_series(1, 500) n;
SELECT differences();
SELECT count(*) FROM moves;
-- Set with identities that are there already, a visitor of nobody and one of a lead that is not known.
INSERT INTO who VALUES ('v1', 1), ('v2', 2), ('v3', NULL), ('v4', 44), ('v99', 5), (NULL, 3);
SELECT lead_scoring.set_identities('identities_known', 'who');
SELECT differences();
SELECT * FROM moves ORDER BY 1, 2;
SELECT lead_id, counted, stage FROM identities_known.scores WHERE lead_id > 12;
SELECT lead_scoring.set_identities('identities_known', 'who');
SELECT problem, draft_differs FROM lead_scoring.models() WHERE model = 'identities_known';
-- One by one, several, one changed to another lead, to another visitor, to nobody, gone.
INSERT INTO who VALUES ('v5', 5), ('v6', 5); SELECT differences();
UPDATE who SET lead_id = 6 WHERE anonymous_id = 'v5'; SELECT differences();
UPDATE who SET anonymous_id = 'v7' WHERE anonymous_id = 'v6'; SELECT differences();
UPDATE who SET lead_id = 9 WHERE anonymous_id IN ('v3', 'v4'); SELECT differences();
UPDATE who SET lead_id = NULL WHERE anonymous_id = 'v3'; SELECT differences();
UPDATE who SET lead_id = lead_id % 3 + 1; SELECT differences();
UPDATE who SET anonymous_id = CASE anonymous_id WHEN 'v1' THEN 'v2x' ELSE anonymous_id END, seen = seen + 1; SELECT differences();
DELETE FROM who WHERE anonymous_id = 'v2'; SELECT differences();
-- What says nothing else computes nobody.
CREATE FUNCTION stamp() RETURNS text LANGUAGE sql AS 'SELECT string_agg(xmin::text, '' '' ORDER BY lead_id) FROM identities_known.scores';
CREATE TEMPORARY TABLE stamped AS SELECT stamp();
UPDATE who SET seen = seen + 1; UPDATE who SET lead_id = lead_id;
INSERT INTO who VALUES ('v5', 7) ON CONFLICT DO NOTHING;
SELECT stamp() = stamp AS nobody FROM stamped;
INSERT INTO who VALUES ('v5', 7) ON CONFLICT (anonymous_id) DO UPDATE SET lead_id = excluded.lead_id; SELECT differences();
MERGE INTO who w USING (VALUES ('v1', 10), ('v5', 11), ('v6', 12)) n (v, l) ON w.anonymous_id = n.v WHEN MATCHED AND n.l > 11 THEN DELETE WHEN MATCHED THEN UPDATE SET lead_id = n.l WHEN NOT MATCHED THEN INSERT VALUES (n.v, n.l);
SELECT differences();

-- Events of known visitors, in every way: new, late, changed, removed, given to a lead, taken from one.
INSERT INTO events VALUES (300, NULL, 'v1', 'webinar', '2024-08-01', 'c9', 'mail'), (301, NULL, 'v5', 'form', '2023-12-01', 'c8', 'mail'), (302, NULL, 'unknown', 'form', '2024-08-01', 'c8', NULL), (303, NULL, NULL, 'form', '2024-08-01', 'c8', NULL), (304, 3, 'v1', 'form', '2024-08-02', NULL, NULL);
SELECT differences();
COPY page_views FROM stdin;
\N	v1	2024-06-02 12:00:00	/x
\N	v5	2024-05-02 12:00:00	/y
8	v5	2024-05-02 12:00:00	/y
\N	\N	2024-05-02 12:00:00	/y
\.
SELECT differences();
INSERT INTO page_views_2 (visitor, seen_on, path) VALUES ('v5', '2024-07-01', '/2'); SELECT differences();
UPDATE events SET type = 'webinar' WHERE id BETWEEN 20 AND 60; SELECT differences();
UPDATE events SET lead_id = 4 WHERE anonymous_id = 'v5' AND lead_id IS NULL AND id % 2 = 0; SELECT differences();
UPDATE events SET lead_id = NULL WHERE lead_id = 4 AND id % 4 = 0; SELECT differences();
UPDATE events SET anonymous_id = 'v1' WHERE anonymous_id = 'v6'; SELECT differences();
UPDATE page_views SET seen_on = seen_on + interval '100 days' WHERE visitor = 'v1'; SELECT differences();
DELETE FROM events WHERE anonymous_id = 'v1' AND id % 3 = 0; DELETE FROM page_views_1 WHERE visitor = 'v5'; SELECT differences();
INSERT INTO events VALUES (400, NULL, 'v1', 'form', '2024-08-03') , (401, NULL, 'v6', 'form', '2024-08-03');
MERGE INTO events e USING (VALUES (400, 'v5'), (402, 'v1')) n (id, v) ON e.id = n.id WHEN MATCHED THEN UPDATE SET anonymous_id = n.v WHEN NOT MATCHED THEN INSERT VALUES (n.id, NULL, n.v, 'webinar', '2024-08-04');
SELECT differences();
-- An event and its identity in one query, in one transaction, and both taken back.
WITH e AS (INSERT INTO events VALUES (500, NULL, 'n1', 'webinar', '2024-08-05')), i AS (INSERT INTO who VALUES ('n1', 8)) SELECT; SELECT differences();
BEGIN; INSERT INTO events VALUES (501, NULL, 'n2', 'demo', '2024-08-06'); SAVEPOINT a; INSERT INTO who VALUES ('n2', 8); SELECT differences(); SELECT stage FROM identities_known.scores WHERE lead_id = 8; ROLLBACK TO a; SELECT differences(); COMMIT;
SELECT differences();
WITH e AS (DELETE FROM events WHERE id = 500), i AS (DELETE FROM who WHERE anonymous_id = 'n1') INSERT INTO page_views VALUES (NULL, 'n1', '2024-08-05', '/'); SELECT differences();
SET session_replication_role = replica;
INSERT INTO events VALUES (600, NULL, 'v1', 'form', '2024-08-07'); INSERT INTO who VALUES ('n2', 8); UPDATE who SET lead_id = 6 WHERE anonymous_id = 'v5'; DELETE FROM who WHERE anonymous_id = 'v99';
RESET session_replication_role;
SELECT differences();

-- Moves: as of now, for what was learned now; an event that names a stage names it still; limits are applied again.
CREATE FUNCTION tell(lead bigint) RETURNS SETOF moves LANGUAGE sql AS 'SELECT * FROM moves WHERE lead_id = lead ORDER BY seq';
INSERT INTO leads VALUES (20), (21), (22), (23), (24);
INSERT INTO events SELECT 700 + n, NULL, 'w' || n % 2, 'webinar', timestamptz '2024-02-01' + n * interval '1 day' FROM generate_series(1, 6) n;
INSERT INTO events VALUES (710, NULL, 'w2', 'demo', '2024-02-01'), (711, NULL, 'w3', 'form', '2024-02-02'), (712, 22, NULL, 'webinar', '2024-02-02'), (713, 22, NULL, 'webinar', '2024-02-03');
INSERT INTO page_views VALUES (NULL, 'w4', '2024-02-04', '/goodbye');
INSERT INTO who VALUES ('w0', 20), ('w2', 21), ('w3', 22), ('w4', 23); SELECT differences();
SELECT (tell(l)).* FROM unnest('{20,21,22,23}'::bigint[]) l;
SELECT score, engagement FROM identities_known.scores WHERE lead_id IN (20, 22) ORDER BY lead_id;
INSERT INTO who VALUES ('w1', 20);
SELECT times, capped FROM lead_scoring.explain('identities_known', 20, '2024-02-06 00:00:00+00') WHERE rule = 'webinar';
-- Falling below, back to nobody; the stage by event stays.
DELETE FROM who WHERE anonymous_id IN ('w0', 'w1', 'w2', 'w4'); SELECT differences();
SELECT (tell(l)).* FROM unnest('{20,21,22,23}'::bigint[]) l;
-- From then on events move the lead as events do.
INSERT INTO events VALUES (720, NULL, 'w3', 'webinar', '2024-02-05'), (721, NULL, 'w3', 'demo', '2024-03-06'); SELECT differences();
SELECT * FROM tell(22);
-- Two leads that are one.
INSERT INTO who VALUES ('w0', 24);
SELECT lead_scoring.merge_leads('identities_known', 24, 21); SELECT differences();
SELECT lead_scoring.merge_leads('identities_known', 21, 24); SELECT differences();
SELECT * FROM who WHERE anonymous_id = 'w0';
SELECT merged_from, lead_id FROM identities_known.merged;
-- And a person who is to be forgotten.
INSERT INTO who VALUES ('gone', 25); INSERT INTO events VALUES (730, NULL, 'gone', 'webinar', '2024-02-05');
SELECT lead_scoring.forget_lead('identities_known', 25); SELECT lead_scoring.forget_lead('identities_known', 24); SELECT differences();
SELECT count(*) FROM who WHERE anonymous_id IN ('w0', 'gone'); SELECT count(*) FROM events WHERE anonymous_id IN ('w0', 'gone'); SELECT count(*) FROM identities_known.scores WHERE lead_id IN (24, 25);

-- Reports see what was before the lead was known, with and without what leads remember.
SELECT problem FROM lead_scoring.models() WHERE model = 'identities_known';
CREATE FUNCTION reported(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    report text;
BEGIN
    FOREACH report IN ARRAY '{funnel,campaigns,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,feedback}'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %1$L || to_jsonb(r)::text FROM lead_scoring.%1$I(%2$L, as_of => ''2024-12-05 12:00'') r UNION ALL SELECT %1$L || '' then'' || to_jsonb(r)::text FROM lead_scoring.%1$I(%2$L, as_of => ''2024-05-05 12:00'') r', report, model);
    END LOOP;
    RETURN QUERY EXECUTE format('SELECT format(''%%s %%s %%s'', source, type, events) FROM lead_scoring.event_types(%1$L)', model);
END
$$;
DROP FUNCTION tell; DROP VIEW moves;
SELECT lead_scoring.drop_model(m) FROM unnest('{identities_known,identities_twin}'::text[]) m \g /dev/null
SELECT lead_scoring.create_model('identities_known', 'leads', 'events', event_campaign => 'campaign', event_anonymous => 'anonymous_id'),
       lead_scoring.add_source('identities_known', 'views', 'page_views', 'person', event_time => 'seen_on', every_event => 'page_view', event_channel => 'path', event_anonymous => 'visitor'),
       lead_scoring.set_identities('identities_known', 'who'), define_model('identities_known'), make_twin(), follow() \g /dev/null
SELECT lead_scoring.publish(m) > 0 AS published FROM unnest('{identities_known,identities_twin}'::text[]) m; SELECT * FROM faults UNION ALL SELECT * FROM faults_twin;
CREATE VIEW moves AS SELECT lead_id, seq, from_stage, to_stage, cause, at, score FROM identities_known.transitions;
CREATE VIEW moves_twin AS SELECT lead_id, seq, from_stage, to_stage, cause, at, score FROM identities_twin.transitions;
CREATE VIEW reports_differ AS SELECT (SELECT count(*) FROM reported('identities_known')) > 100 AS reported, (SELECT count(*) FROM (SELECT reported('identities_known') EXCEPT ALL SELECT reported('identities_twin')) d) AS differ,
    (SELECT count(*) FROM (SELECT reported('identities_twin') EXCEPT ALL SELECT reported('identities_known')) d) AS differ_too, (SELECT count(*) FROM ((TABLE moves EXCEPT TABLE moves_twin) UNION ALL (TABLE moves_twin EXCEPT TABLE moves)) d) AS moves_differ;
SELECT count(*) > 10 AS moved, count(*) FILTER (WHERE cause = 'identity') AS learned FROM moves;
SELECT * FROM reports_differ;
UPDATE identities_known.report_settings SET max_touches = NULL; UPDATE identities_twin.report_settings SET max_touches = NULL; SELECT * FROM reports_differ;
UPDATE identities_known.report_settings SET max_touches = 0; UPDATE identities_twin.report_settings SET max_touches = 0;
SELECT lead_scoring.publish(m) > 0 AS published FROM unnest('{identities_known,identities_twin}'::text[]) m; SELECT * FROM reports_differ;
INSERT INTO who VALUES ('w1', 7); INSERT INTO events VALUES (740, NULL, 'w1', 'form', '2024-09-01'); SELECT differences();
UPDATE identities_known.report_settings SET max_touches = 4; UPDATE identities_twin.report_settings SET max_touches = 4;
SELECT lead_scoring.publish(m) > 0 AS published FROM unnest('{identities_known,identities_twin}'::text[]) m; SELECT differences();

-- Upkeep.
TRUNCATE events; SELECT differences();
INSERT INTO events SELECT n, NULL, 'v' || n % 7, 'webinar', timestamptz '2024-01-01' + n * interval '1 day' FROM generate_series(1, 40) n; SELECT differences();
BEGIN; TRUNCATE who; SELECT differences(); ROLLBACK;
SELECT differences();
SELECT lead_scoring.pause('identities_known'); INSERT INTO who VALUES ('v2', 2) ON CONFLICT (anonymous_id) DO UPDATE SET lead_id = 2; INSERT INTO events VALUES (50, NULL, 'v2', 'webinar', '2024-04-01');
SELECT lead_scoring.resume('identities_known') > 0 AS resumed; SELECT differences();
CALL lead_scoring.refresh('identities_known'); CALL lead_scoring.rescore('identities_known', 3); SELECT differences();
ALTER TABLE who DISABLE TRIGGER USER; DELETE FROM who WHERE anonymous_id = 'v2'; DROP INDEX who_lead_id_idx; DROP INDEX page_views_visitor_idx;
SELECT count(*) > 0 AS faults FROM faults; SELECT problem FROM lead_scoring.models() WHERE model = 'identities_known';
SELECT lead_scoring.repair('identities_known') > 0 AS repaired; SELECT differences();
SELECT problem FROM lead_scoring.models() WHERE model = 'identities_known';
CREATE INDEX ON who (lead_id); CREATE INDEX ON page_views (visitor);
-- Names that change.
ALTER TABLE who RENAME TO whom;
INSERT INTO events VALUES (51, NULL, 'v1', 'webinar', '2024-04-01');
INSERT INTO whom VALUES ('v2', 2);
SELECT problem FROM lead_scoring.models() WHERE model = 'identities_known';
SELECT lead_scoring.publish('identities_known');
UPDATE identities_known.settings SET identities = 'identities.whom';
INSERT INTO events VALUES (51, NULL, 'v1', 'webinar', '2024-04-01');
ALTER TABLE whom RENAME TO who; UPDATE identities_known.settings SET identities = 'identities.who';
ALTER TABLE who RENAME COLUMN anonymous_id TO visitor;
INSERT INTO events VALUES (52, NULL, 'v1', 'webinar', '2024-04-01');
UPDATE identities_known.settings SET identity_anonymous = 'visitor';
ALTER TABLE who RENAME COLUMN visitor TO anonymous_id; UPDATE identities_known.settings SET identity_anonymous = 'anonymous_id';
ALTER TABLE who ALTER lead_id TYPE integer; INSERT INTO who VALUES ('v2y', 2); ALTER TABLE who ALTER lead_id TYPE bigint; SELECT differences();
-- Whoever inserts needs no more than that.
GRANT USAGE ON SCHEMA identities TO regress_lead_scoring_identities; GRANT INSERT ON who TO regress_lead_scoring_identities;
SET ROLE regress_lead_scoring_identities; INSERT INTO who VALUES ('v3y', 2); SELECT lead_scoring.set_identities('identities_known', NULL); RESET ROLE; SELECT differences();
-- A table of another kind, which takes the place of the first one; one whose table is gone; none.
CREATE TABLE parts_2 (anonymous_id text, lead_id bigint) PARTITION BY HASH (anonymous_id);
CREATE TABLE parts_2a PARTITION OF parts_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE parts_2b PARTITION OF parts_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE parts_2 ADD UNIQUE (anonymous_id); CREATE INDEX ON parts_2 (lead_id);
INSERT INTO parts_2 SELECT 'v' || n, 12 - n FROM generate_series(1, 6) n;
SELECT lead_scoring.set_identities('identities_known', 'parts_2');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'who'::regclass AND tgname LIKE 'lead_scoring%'; SELECT count(*) FROM pg_trigger WHERE tgrelid = 'parts_2b'::regclass AND tgname LIKE 'lead_scoring%';
DELETE FROM who; INSERT INTO who SELECT * FROM parts_2; SELECT differences();
UPDATE parts_2a SET lead_id = 3; UPDATE parts_2 SET anonymous_id = anonymous_id || 'x' WHERE lead_id > 9; DELETE FROM who; INSERT INTO who SELECT * FROM parts_2; SELECT differences();
CREATE TABLE parts_2c (LIKE parts_2); ALTER TABLE parts_2 DETACH PARTITION parts_2b; INSERT INTO parts_2b VALUES ('other', 1);
DELETE FROM who; INSERT INTO who SELECT * FROM parts_2; SELECT lead_scoring.repair('identities_known') > 0 AS repaired; SELECT differences();
DROP TABLE parts_2;
INSERT INTO events VALUES (53, NULL, 'v1', 'webinar', '2024-04-01');
SELECT lead_scoring.set_identities('identities_known', NULL); DELETE FROM who; SELECT differences();
INSERT INTO events VALUES (53, NULL, 'v1', 'webinar', '2024-04-01'); SELECT differences();
SELECT lead_scoring.set_identities('identities_known', 'who'); INSERT INTO who VALUES ('v1', 1); SELECT differences();
SELECT lead_scoring.set_identities('identities_known', NULL); SELECT lead_id, problem FROM faults; DELETE FROM who; SELECT differences();
SELECT lead_scoring.set_identities('identities_known', 'who'); INSERT INTO who VALUES ('v1', 1), ('v2', 2);
DROP VIEW reports_differ, moves, moves_twin;
SELECT lead_scoring.drop_model(m) FROM unnest('{identities_known,identities_twin}'::text[]) m \g /dev/null
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'lead_scoring%';

-- An event that came twice, as the visitor's and as the lead's: once.
CREATE TABLE twice (lead_id bigint, visitor bigint, type text, occurred_at timestamptz, id text); CREATE INDEX ON twice (lead_id, id); CREATE INDEX ON twice (visitor);
CREATE TABLE whose (visitor bigint PRIMARY KEY, lead_id bigint); CREATE INDEX ON whose (lead_id);
SELECT lead_scoring.create_model('identities_known', 'leads', 'twice', event_id => 'id', event_anonymous => 'visitor', status_columns => '{}'), lead_scoring.add_rule('identities_known', 'act', 'act', 1),
       lead_scoring.publish('identities_known'), lead_scoring.set_identities('identities_known', 'whose', 'visitor') \g /dev/null
INSERT INTO twice VALUES (1, NULL, 'act', '2024-01-02', 'a'), (NULL, 7, 'act', '2024-01-01', 'a'), (NULL, 7, 'act', '2024-01-01', 'b'), (NULL, 8, 'act', '2024-01-03', 'b');
INSERT INTO whose VALUES (7, 1), (8, 1);
SELECT lead_id, score FROM identities_known.scores WHERE score > 0; SELECT times, last_at FROM lead_scoring.explain('identities_known', 1); SELECT * FROM lead_scoring.verify('identities_known');
INSERT INTO twice VALUES (NULL, 8, 'act', '2024-01-04', 'a'), (1, NULL, 'act', '2024-01-04', 'c'), (NULL, 7, 'act', '2024-01-04', 'c');
SELECT lead_id, score FROM identities_known.scores WHERE score > 0; SELECT type, events FROM identities_known.event_types; SELECT * FROM lead_scoring.verify('identities_known');
UPDATE whose SET lead_id = 2 WHERE visitor = 8; DELETE FROM twice WHERE occurred_at = '2024-01-01';
SELECT lead_id, score FROM identities_known.scores WHERE score > 0 ORDER BY 1; SELECT * FROM lead_scoring.verify('identities_known');
SELECT lead_scoring.drop_model('identities_known') \g /dev/null

-- Keys and visitors of other types.
CREATE DOMAIN visitor AS uuid;
CREATE TABLE people (name text PRIMARY KEY);
CREATE TABLE acts (name varchar(20), visitor visitor, type text, occurred_at timestamptz); CREATE INDEX ON acts (name); CREATE INDEX ON acts (visitor);
CREATE TABLE faces (visitor visitor PRIMARY KEY, name varchar(20)); CREATE INDEX ON faces (name);
SELECT lead_scoring.create_model('identities_known', 'people', 'acts', event_lead => 'name', event_anonymous => 'visitor'), lead_scoring.add_rule('identities_known', 'act', 'act', 1),
       lead_scoring.add_stage('identities_known', 'mql', min_score => 3), lead_scoring.publish('identities_known'), lead_scoring.set_identities('identities_known', 'faces', 'visitor', 'name') \g /dev/null
INSERT INTO people VALUES ('ann'), ('bob');
INSERT INTO acts SELECT NULL, md5((n % 3)::text)::uuid, 'act', '2024-01-01' FROM generate_series(1, 3000) n;
INSERT INTO faces SELECT md5(n::text)::uuid, (ARRAY['ann', 'bob'])[n + 1] FROM generate_series(0, 1) n;
INSERT INTO acts SELECT NULL, md5((n % 3)::text)::uuid, 'act', '2024-01-01' FROM generate_series(1, 3000) n;
SELECT lead_id, score FROM identities_known.scores ORDER BY 1; SELECT * FROM lead_scoring.verify('identities_known');
SELECT lead_scoring.drop_model('identities_known') \g /dev/null
DROP SCHEMA identities CASCADE;
DROP ROLE regress_lead_scoring_identities;

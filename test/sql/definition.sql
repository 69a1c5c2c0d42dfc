-- What a version says in sentences: all of it, in order, and a change of any field shows.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA signed_test;
SET search_path = signed_test;
CREATE TABLE leads (id bigint PRIMARY KEY, title text, came date, gone boolean);
CREATE TABLE events (id text, lead_id bigint, type text, occurred_at timestamptz, campaign text, channel text, minutes integer);
CREATE INDEX ON events (lead_id, id);
CREATE TABLE calls (id text, number bigint, on_day date, medium text, topic text, campaign text);
CREATE INDEX ON calls (number, id);

-- The least that can be said.
SELECT lead_scoring.create_model('signed', 'leads', 'events', status_columns => '{}');
SELECT * FROM lead_scoring.definition('signed');
SELECT lead_scoring.publish('signed');
SELECT place, what, name, sentence FROM lead_scoring.definition('signed');

-- All that can be said.
SELECT lead_scoring.add_source('signed', 'calls', 'calls', event_lead => 'number', event_time => 'on_day', every_event => 'call', event_channel => 'medium', event_asset => 'topic',
           event_campaign => 'campaign', time_zone => 'Asia/Kathmandu', event_id => 'id'),
       lead_scoring.add_group('signed', 'content', min_points => -10, max_points => 50);
UPDATE signed.settings SET min_score = 0, max_score = 100.5, time_zone = 'Europe/Berlin', future_tolerance = '90 minutes', event_campaign = 'campaign', event_id = 'id', lead_created = 'came', lead_condition = 'gone IS NOT TRUE';
INSERT INTO signed.report_settings (event_channel, event_asset, max_touches) VALUES ('channel', 'upper(type)', 20);
SELECT lead_scoring.add_rule('signed', 'visit', 'visit', 1, $$channel <> 'mail'$$, per => 'minutes', decay => 'exponential', half_life => '14 days', min_points => -1, max_points => 30,
           limit_count => 2, limit_window => 'week', limit_key => 'minutes / 10', source => 'events'),
       lead_scoring.add_rule('signed', 'paper', 'download', 8, rule_group => 'content', decay => 'linear', lifespan => '90 days', limit_count => 1, limit_window => 'ever'),
       lead_scoring.add_rule('signed', 'webinar', 'webinar', 20.25, decay => 'step', "drop" => 0.1, step => '30 days', max_points => 40),
       lead_scoring.add_rule('signed', 'call', 'call', 2, decay => 'window', lifespan => '36 hours', max_occurrences => 50),
       lead_scoring.add_rule('signed', 'unsubscribed', 'unsubscribe', -1),
       lead_scoring.add_fit_rule('signed', 'decides', $$title ~ '^VP'$$, 15),
       lead_scoring.add_band('signed', 'fit', 'A', 15), lead_scoring.add_band('signed', 'fit', 'B', -50), lead_scoring.add_band('signed', 'engagement', '1', 20), lead_scoring.add_band('signed', 'engagement', '2', -100);
SELECT lead_scoring.add_stage('signed', 'recycled', kind => 'detour', rank => 90, on_event => 'call', cooldown => '30 days'),
       lead_scoring.add_stage('signed', 'lost', kind => 'detour', rank => 91, exit => 'hand'),
       lead_scoring.add_stage('signed', 'handed over', rank => 10, min_score => 40, min_engagement => 20, min_fit => 1, grades => '{A1,A2}', requires => '{"webinar": 1, "visit": 2, "paper": 3}', falls_below => 25.5,
           on_event => 'demo', on_event_condition => 'minutes > 3', within => '3 days', timeout_stage => 'recycled', cooldown => '7 days', counts_as => 'mql', on_event_source => 'events'),
       lead_scoring.add_stage('signed', 'customer', rank => 30, on_event => 'won');
SELECT sentence FROM lead_scoring.definition_of_draft('signed');
SELECT lead_scoring.publish('signed', 'as agreed');
SELECT count(*), min(place), max(place), count(DISTINCT place) FROM lead_scoring.definition('signed');
SELECT what, string_agg(name, ', ' ORDER BY place) FROM lead_scoring.definition('signed') GROUP BY what ORDER BY min(place);
SELECT sentence FROM lead_scoring.definition('signed') EXCEPT SELECT sentence FROM lead_scoring.definition_of_draft('signed');
SELECT sentence FROM lead_scoring.definition('signed', 1) WHERE what IN ('stage', 'stages');

-- What becomes of the sentences when a field is changed.
CREATE TABLE changes (entity text, field text, name text, value text);
INSERT INTO changes VALUES
    ('settings', 'time_zone', NULL, 'Europe/Paris'), ('settings', 'min_score', NULL, '-1'), ('settings', 'max_score', NULL, '99'), ('settings', 'future_tolerance', NULL, '90 seconds'),
    ('settings', 'event_id', NULL, NULL), ('settings', 'lead_created', NULL, NULL), ('settings', 'lead_condition', NULL, 'gone IS FALSE'), ('settings', 'event_campaign', NULL, 'channel'),
    ('sources', 'time_zone', 'calls', 'Asia/Tokyo'), ('sources', 'event_id', 'calls', NULL), ('sources', 'event_channel', 'calls', 'topic'), ('sources', 'event_asset', 'calls', NULL), ('sources', 'event_campaign', 'calls', NULL),
    ('report_settings', 'event_channel', NULL, 'campaign'), ('report_settings', 'event_asset', NULL, 'type'), ('report_settings', 'max_touches', NULL, '21'),
    ('rule_groups', 'name', 'content', 'reading'), ('rule_groups', 'kind', 'spare', 'fit'), ('rule_groups', 'min_points', 'content', NULL), ('rule_groups', 'max_points', 'content', '51'),
    ('rules', 'name', 'visit', 'visits'), ('rules', 'rule_group', 'paper', 'engagement'), ('rules', 'event_type', 'webinar', 'seminar'), ('rules', 'condition', 'visit', NULL), ('rules', 'points', 'visit', '2'),
    ('rules', 'per', 'visit', 'minutes + 1'), ('rules', 'half_life', 'visit', '13 days 12:00'), ('rules', 'lifespan', 'paper', '91 days'), ('rules', 'drop', 'webinar', '0.2'), ('rules', 'step', 'webinar', '31 days'),
    ('rules', 'min_points', 'visit', '-2'), ('rules', 'max_points', 'visit', '31'), ('rules', 'limit_count', 'visit', '3'), ('rules', 'limit_window', 'visit', 'month'), ('rules', 'limit_key', 'visit', 'channel'),
    ('rules', 'max_occurrences', 'paper', '999'), ('rules', 'source', 'call', 'events'),
    ('bands', 'axis', 'B', 'engagement'), ('bands', 'label', 'B', 'C'), ('bands', 'min_points', 'A', '16'),
    ('stages', 'name', 'handed over', 'mql'), ('stages', 'rank', 'customer', '31'), ('stages', 'kind', 'customer', 'detour'), ('stages', 'min_score', 'handed over', '41'), ('stages', 'min_engagement', 'handed over', NULL),
    ('stages', 'min_fit', 'handed over', '2'), ('stages', 'grades', 'handed over', '{A1}'), ('stages', 'requires', 'handed over', '{"webinar": 2}'), ('stages', 'on_event', 'handed over', 'trial'),
    ('stages', 'on_event_condition', 'handed over', 'minutes > 4'), ('stages', 'falls_below', 'handed over', NULL), ('stages', 'within', 'handed over', '4 days'), ('stages', 'timeout_stage', 'handed over', 'lost'),
    ('stages', 'cooldown', 'handed over', '8 days'), ('stages', 'exit', 'lost', 'score'), ('stages', 'counts_as', 'handed over', 'sal'), ('stages', 'on_event_source', 'recycled', 'events'),
    ('stages', 'working_time', 'handed over', 'true'), ('calendar', 'weekday', 'monday', 'tuesday'), ('calendar', 'opens', 'monday', '09:30'), ('calendar', 'closes', 'monday', '16:00'), ('holidays', 'day', '2027-01-01', '2027-01-06'), ('entries', 'name', 'asks', 'wants'), ('entries', 'stage', 'asks', 'customer'), ('entries', 'min_score', 'asks', '61'), ('entries', 'min_engagement', 'asks', '5'), ('entries', 'min_fit', 'asks', '2'),
    ('entries', 'grades', 'asks', '{A1}'), ('entries', 'requires', 'asks', '{"webinar": 1}'), ('entries', 'on_event', 'asks', 'trial'), ('entries', 'on_event_condition', 'asks', 'true'), ('entries', 'on_event_source', 'asks', 'events'),
    ('lead_types', 'name', 'hot', 'very hot'), ('lead_types', 'rank', 'hot', '99'), ('lead_types', 'condition', 'hot', 'score > 51');
CREATE TABLE said_before (sentences text[]);
CREATE FUNCTION is_said(change changes, OUT is_said boolean) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE signed.%I SET %I = %L WHERE %s', change.entity, change.field, change.value,
                   CASE WHEN change.name IS NULL THEN 'true' ELSE format('%I = %L', CASE change.entity WHEN 'bands' THEN 'label' WHEN 'calendar' THEN 'weekday' WHEN 'holidays' THEN 'day' ELSE 'name' END, change.name) END);
    is_said := (SELECT b.sentences FROM said_before b) <> ARRAY(SELECT d.sentence FROM lead_scoring.definition_of_draft('signed') d);
    RAISE SQLSTATE 'PT000';
EXCEPTION WHEN SQLSTATE 'PT000' THEN
    RETURN;
END
$$;
SELECT lead_scoring.set_calendar('signed', weekdays => '{monday}'), lead_scoring.add_holidays('signed', '2027-01-01');
SELECT lead_scoring.add_entry('signed', 'asks', 'handed over', 60, 'call', 'campaign IS NOT NULL'), lead_scoring.add_lead_type('signed', 'hot', 'score > 50'), lead_scoring.add_lead_type('signed', 'warm', 'score > 20');
SELECT lead_scoring.add_group('signed', 'spare'), lead_scoring.publish('signed', 'a group without rules');
INSERT INTO said_before SELECT ARRAY(SELECT d.sentence FROM lead_scoring.definition_of_draft('signed') d);
SELECT c.entity, c.field FROM changes c WHERE is_said(c) IS NOT TRUE;
SELECT count(*) > 50 AS many FROM changes;
-- A decay comes with its other fields.
BEGIN;
UPDATE signed.rules SET decay = 'none', half_life = NULL WHERE name = 'visit';
SELECT sentence FROM lead_scoring.definition_of_draft('signed') WHERE name = 'visit';
ROLLBACK;
-- What is left: what is effective at once, and so no part of a version.
SELECT f.entity, string_agg(f.field, ', ' ORDER BY f.place) FROM lead_scoring_internal.draft_fields f
 WHERE NOT EXISTS (SELECT FROM changes c WHERE (c.entity, c.field) = (f.entity, f.field)) GROUP BY f.entity ORDER BY 1;

-- An older version says what it said. Names with quotes are what they are.
UPDATE signed.rules SET name = $$the "best" visit, 100 %s$$ WHERE name = 'visit';
SELECT lead_scoring.publish('signed');
SELECT version, (SELECT sentence FROM lead_scoring.definition('signed', v.version) d WHERE d.what = 'rule' AND d.name LIKE '%visit%') FROM lead_scoring.versions('signed') v ORDER BY version;

-- There must be such a model and version, and one must be allowed to read it.
SELECT * FROM lead_scoring.definition('unknown');
SELECT :'LAST_ERROR_SQLSTATE';
SELECT * FROM lead_scoring.definition('signed', 99);
SELECT :'LAST_ERROR_SQLSTATE';
SELECT * FROM lead_scoring.definition_of_draft(NULL);
SELECT :'LAST_ERROR_SQLSTATE';
CREATE ROLE regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT * FROM lead_scoring.definition('signed');
SELECT :'LAST_ERROR_SQLSTATE';
RESET ROLE;
GRANT USAGE ON SCHEMA signed TO regress_lead_scoring_reader;
GRANT SELECT ON signed.versions TO regress_lead_scoring_reader;
SET ROLE regress_lead_scoring_reader;
SELECT count(*) FROM lead_scoring.definition('signed');
SELECT * FROM lead_scoring.definition_of_draft('signed');
SELECT :'LAST_ERROR_SQLSTATE';
RESET ROLE;
-- A draft that cannot be published.
ALTER TABLE events RENAME minutes TO seconds;
SELECT * FROM lead_scoring.definition_of_draft('signed');
SELECT :'LAST_ERROR_SQLSTATE';
ALTER TABLE events RENAME seconds TO minutes;

SELECT * FROM lead_scoring.verify('signed');
SELECT lead_scoring.drop_model('signed');
DROP OWNED BY regress_lead_scoring_reader;
DROP ROLE regress_lead_scoring_reader;
DROP SCHEMA signed_test CASCADE;

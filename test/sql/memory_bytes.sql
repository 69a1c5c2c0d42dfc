-- What leads remember is the same whichever way it was written, and what the events say.
\set VERBOSITY terse
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA memory_bytes;
SET search_path = memory_bytes, public;
CREATE TABLE leads (id integer PRIMARY KEY, country text);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, code char(8), address inet, asset text, channel text);
CREATE INDEX ON events (lead_id, occurred_at);
CREATE TABLE spend (campaign text, channel text, spent_on date, amount numeric);
INSERT INTO spend VALUES ('c', 'ads', '2024-01-01', 100);
SELECT lead_scoring.create_model('bytes', 'memory_bytes.leads', 'memory_bytes.events', event_campaign => 'code');
SELECT lead_scoring.add_rule('bytes', 'visit', 'visit', 3), lead_scoring.add_stage('bytes', 'mql', 3), lead_scoring.add_stage('bytes', 'customer', on_event => 'buy');
SELECT lead_scoring.set_spend('bytes', 'spend', channel => 'channel');
UPDATE bytes.report_settings SET event_channel = 'channel', event_asset = 'asset', dimensions = '{"country": "country"}', max_touches = 100;
SELECT lead_scoring.publish('bytes');
-- Nobody counts yet: spend has all attributions.
SELECT attribution, channel, spend FROM lead_scoring.channels('bytes', '2030-01-01');

-- A touch at the time of a match that was none: both ways give the same bytes.
INSERT INTO leads SELECT i, 'c' || i % 3 FROM generate_series(1, 60) i;
INSERT INTO events VALUES (1, 'other', '2024-01-01', NULL, NULL, NULL, 'ads');
INSERT INTO events VALUES (1, 'visit', '2024-01-02', NULL, NULL, NULL, NULL);
INSERT INTO events VALUES (1, 'other', '2024-01-02', NULL, NULL, NULL, 'ads');
SELECT * FROM lead_scoring.verify('bytes');

-- What goes to disk: an asset without a channel, a campaign without either.
INSERT INTO events SELECT 2, 'other', '2024-01-01', 'camp', NULL, CASE WHEN i % 2 = 0 THEN 'paper' END, NULL FROM generate_series(1, 270000) i;
SELECT lead_scoring_internal.first_campaign(memory, 'infinity') AS campaign, t.channel, t.asset FROM bytes.scores, lead_scoring_internal.remembered_touches(memory) t WHERE lead_id = 2;
SELECT * FROM lead_scoring.verify('bytes');

-- A cast to text may write less than the output function, or more.
INSERT INTO events VALUES (3, 'visit', '2024-01-01', 'ab', '10.0.0.1', NULL, NULL);
UPDATE bytes.report_settings SET event_channel = 'address';
SELECT lead_scoring.publish('bytes');
SELECT lead_scoring_internal.first_campaign(memory, 'infinity') || '|' AS campaign, lead_scoring_internal.first_channel(memory, 'infinity') AS channel FROM bytes.scores WHERE lead_id = 3;

-- No markov where there are more than 1000 channels, of whichever leads.
UPDATE bytes.report_settings SET event_channel = 'channel';
INSERT INTO events SELECT i % 60 + 1, 'visit', timestamptz '2024-01-01' + i * interval '1 hour', NULL, NULL, NULL, 'channel ' || i FROM generate_series(1, 1200) i;
SELECT lead_scoring.publish('bytes');
SELECT attribution, count(*) > 1000 AS many FROM lead_scoring.channels('bytes', '2030-01-01', by => 'country') GROUP BY 1 ORDER BY 1;
SELECT * FROM lead_scoring.verify('bytes');
SELECT lead_scoring.drop_model('bytes');
DROP SCHEMA memory_bytes CASCADE;

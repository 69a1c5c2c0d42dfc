-- Buckets of limits never go back, in zones whose local date does, or which have other shifts than of an hour. The campaign
-- time_zones looks at all zones there are.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA time_zones_test;
SET search_path = time_zones_test, public;
\set ECHO none
\o /dev/null
\i test/lib/time_zones.sql
\o
\set ECHO all

-- The date goes back from the 7th to the 6th at 00:01, 02:31 UTC.
UPDATE zones.settings SET time_zone = 'America/St_Johns';
SELECT lead_scoring.publish('zones');
INSERT INTO zone_events VALUES (1, 'visit', '2010-11-07 02:29:30'), (1, 'visit', '2010-11-07 02:30:30'), (1, 'visit', '2010-11-07 03:00:00'), (1, 'visit', '2010-11-07 04:00:00');
INSERT INTO zone_events VALUES (2, 'visit', '2010-11-07 03:00:00');
INSERT INTO zone_events VALUES (2, 'visit', '2010-11-07 02:30:30');
SELECT rule, times FROM lead_scoring.explain('zones', 1) WHERE rule = 'day';
SELECT rule, times FROM lead_scoring.explain('zones', 2) WHERE rule = 'day';
SELECT * FROM lead_scoring.verify('zones');

CALL check_time_zones(ARRAY['America/St_Johns', 'America/Goose_Bay', 'America/Moncton', 'Antarctica/Casey', 'Pacific/Kwajalein',
                            'Pacific/Apia', 'Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Monrovia', 'Asia/Kathmandu', 'UTC'], changes => 0);
SELECT * FROM lead_scoring.verify('zones');

DROP VIEW zone_buckets;
SELECT lead_scoring.drop_model('zones');
DROP SCHEMA time_zones_test CASCADE;

-- Ad impressions and conversions (62,483 events of 7,896 customers, unsorted within a customer: 27,274 steps back in
-- time), loaded in the order of the file: once row by row, once by COPY; and by seven COPYs, each of every seventh row.
-- All must give the same cards, and those what plain SQL computes.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET jit = off;
SET work_mem = '64MB';
\getenv data LEAD_SCORING_DATA
\set program 'gzip -dc ' :data '/attribution_events_si05/mapped/events.csv.gz'
CREATE SCHEMA touches_test;
SET search_path = touches_test, public;
\set ECHO none
\i lib/plain_score.sql
\i lib/touches.sql
\set ECHO all

SELECT make_model(model) FROM unnest('{touches_row,touches_copy,touches_parts}'::text[]) model \g /dev/null

-- Row by row: the first 5,000 events are a transaction each, the others are one.
INSERT INTO touches_row_leads SELECT * FROM file_leads;
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM file ORDER BY position LOOP
        INSERT INTO touches_row_events VALUES (r.lead_id, r.type, r.occurred_at, r.campaign, r.properties);
        IF r.position <= 5000 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
SELECT count(*) FROM lead_scoring.verify('touches_row');

INSERT INTO touches_copy_leads SELECT * FROM file_leads;
COPY touches_copy_events FROM PROGRAM :'program' (FORMAT csv, HEADER);
SELECT count(*) FROM lead_scoring.verify('touches_copy');

-- The leads come after half of the events.
\set part :program ' | awk ''NR > 1 && NR % 7 == '
\set part_0 :part '0'''
\set part_1 :part '1'''
\set part_2 :part '2'''
\set part_3 :part '3'''
\set part_4 :part '4'''
\set part_5 :part '5'''
\set part_6 :part '6'''
COPY touches_parts_events FROM PROGRAM :'part_5' (FORMAT csv);
COPY touches_parts_events FROM PROGRAM :'part_2' (FORMAT csv);
COPY touches_parts_events FROM PROGRAM :'part_6' (FORMAT csv);
COPY touches_parts_events FROM PROGRAM :'part_0' (FORMAT csv);
INSERT INTO touches_parts_leads SELECT * FROM file_leads;
COPY touches_parts_events FROM PROGRAM :'part_1' (FORMAT csv);
COPY touches_parts_events FROM PROGRAM :'part_4' (FORMAT csv);
COPY touches_parts_events FROM PROGRAM :'part_3' (FORMAT csv);
SELECT count(*) FROM lead_scoring.verify('touches_parts');

SELECT count(*) AS events, count(DISTINCT lead_id) AS leads FROM touches_row_events;
SELECT count(*) AS events, count(DISTINCT lead_id) AS leads FROM touches_copy_events;
SELECT count(*) AS events, count(DISTINCT lead_id) AS leads FROM touches_parts_events;
SELECT count(*) AS known FROM touches_row.leads;
SELECT * FROM compare_models('touches_row', 'touches_copy');
SELECT * FROM compare_models('touches_row', 'touches_parts');

-- The same in plain SQL.
SELECT match_plainly() \g /dev/null
SELECT count(*) AS matches, count(DISTINCT rule) AS rules FROM plain_match;

-- In the middle of history, from the events up to then: rule by rule, and the sums.
INSERT INTO moment
SELECT m.at::text, l.lead_id, m.at FROM (SELECT DISTINCT lead_id FROM file) l,
       unnest('{2018-07-09 06:30+00, 2018-07-21 18:29:59.999999+00, 2018-08-03 12:00+00}'::timestamptz[]) m (at);
ANALYZE moment, plain_match, plain_fit;
SELECT plain_score('touches_copy') \g /dev/null
SELECT * FROM compare_explained('touches_copy');
SELECT * FROM compare_scores_at('touches_copy');
SELECT * FROM compare_scores_at('touches_row');

-- From the stored cards: as of each lead's last event, and later.
TRUNCATE moment;
INSERT INTO moment SELECT 'last event', lead, max(at) FROM plain_match GROUP BY lead;
INSERT INTO moment
SELECT m.at::text, l.lead_id, m.at FROM (SELECT DISTINCT lead_id FROM file) l,
       unnest('{2018-08-01 00:00+00, 2018-08-10 12:00+00}'::timestamptz[]) m (at);
SELECT plain_score('touches_row') \g /dev/null
SELECT * FROM compare_cards('touches_row');
SELECT * FROM compare_cards('touches_copy');
SELECT * FROM compare_cards('touches_parts');
-- And as the rows hold them.
SELECT * FROM compare_rows('touches_row');
SELECT * FROM compare_rows('touches_copy');

SELECT lead_scoring.drop_model(model) FROM unnest('{touches_row,touches_copy,touches_parts}'::text[]) model \g /dev/null
DROP SCHEMA touches_test CASCADE;

-- A shop's clicks (31,106 events of 600 users, sorted within a user only, 162 pairs at one instant, 30 of them
-- duplicates), loaded in the order of the file: once row by row, once by COPY. Both must give the same cards, and those
-- what plain SQL computes.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET jit = off;
SET work_mem = '64MB';
\getenv data LEAD_SCORING_DATA
\set program 'gzip -dc ' :data '/retentioneering_ecom/ecom.csv.gz'
CREATE SCHEMA ecom_test;
SET search_path = ecom_test, public;
\set ECHO none
\i lib/plain_score.sql
\i lib/ecom.sql
\set ECHO all

SELECT make_model('ecom_row'), make_model('ecom_copy') \g /dev/null

-- Row by row. A lead comes with its first event, and its lifecycle changes as the events tell. The first 3,000 events
-- are a transaction each, the others are one; every hundredth is inserted, rolled back and inserted again.
DO $$
DECLARE
    r record;
    known text;
BEGIN
    FOR r IN SELECT * FROM file ORDER BY position LOOP
        SELECT user_lifecycle INTO known FROM ecom_row_leads WHERE user_id = r.user_id;
        IF NOT FOUND THEN
            INSERT INTO ecom_row_leads VALUES (r.user_id, r.acquisition_channel, r.user_cohort, r.user_lifecycle);
        ELSIF known <> r.user_lifecycle THEN
            UPDATE ecom_row_leads SET user_lifecycle = r.user_lifecycle WHERE user_id = r.user_id;
        END IF;
        IF r.position % 100 = 0 THEN
            BEGIN
                INSERT INTO ecom_row_events VALUES (r.user_id, r.session_id, r.event, r."timestamp", r.platform,
                                               r.acquisition_channel, r.user_cohort, r.user_lifecycle);
                RAISE EXCEPTION 'undone';
            EXCEPTION WHEN raise_exception THEN
                NULL;
            END;
        END IF;
        INSERT INTO ecom_row_events VALUES (r.user_id, r.session_id, r.event, r."timestamp", r.platform,
                                       r.acquisition_channel, r.user_cohort, r.user_lifecycle);
        IF r.position <= 3000 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
SELECT count(*) FROM lead_scoring.verify('ecom_row');

-- By COPY. Half of the leads are there before, the others come after.
INSERT INTO ecom_copy_leads SELECT * FROM file_leads WHERE user_id < 'user_0300';
COPY ecom_copy_events FROM PROGRAM :'program' (FORMAT csv, HEADER);
INSERT INTO ecom_copy_leads SELECT * FROM file_leads WHERE user_id >= 'user_0300';
SELECT count(*) FROM lead_scoring.verify('ecom_copy');

SELECT count(*) AS events, count(DISTINCT user_id) AS leads FROM ecom_row_events;
SELECT count(*) AS events, count(DISTINCT user_id) AS leads FROM ecom_copy_events;
SELECT * FROM compare_models('ecom_row', 'ecom_copy');
SELECT count(*) AS problems, sum(count) AS times, min(rule), min(message) FROM ecom_copy.problems;

-- The same in plain SQL.
SELECT match_plainly() \g /dev/null
SELECT count(*) AS matches, count(DISTINCT rule) AS rules FROM plain_match;

-- In the middle of history, from the events up to then: rule by rule, and the sums.
INSERT INTO moment
SELECT m.at::text, l.user_id, m.at FROM file_leads l,
       unnest('{2024-01-20 08:00+00, 2024-02-15 12:34:56.789+00, 2024-03-31 02:30+00, 2024-05-20 23:59:59+00, 2024-07-01 00:00+00, 2024-09-01 00:00+00}'::timestamptz[]) m (at);
SELECT plain_score('ecom_copy') \g /dev/null
SELECT * FROM compare_explained('ecom_copy');
SELECT * FROM compare_explained('ecom_row');
SELECT * FROM compare_scores_at('ecom_copy');
SELECT * FROM compare_scores_at('ecom_row');

-- From the stored cards: as of each lead's last event, and later.
TRUNCATE moment;
INSERT INTO moment SELECT 'last event', lead, max(at) FROM plain_match GROUP BY lead;
INSERT INTO moment
SELECT m.at::text, l.user_id, m.at FROM file_leads l,
       unnest('{2024-07-01 00:00+00, 2024-07-03 12:00+00, 2024-07-15 00:00+00, 2024-09-01 00:00+00, 2025-06-01 00:00+00}'::timestamptz[]) m (at);
SELECT plain_score('ecom_row') \g /dev/null
SELECT * FROM compare_cards('ecom_row');
SELECT * FROM compare_cards('ecom_copy');
-- And as the rows hold them.
SELECT * FROM compare_rows('ecom_row');
SELECT * FROM compare_rows('ecom_copy');

SELECT lead_scoring.drop_model('ecom_row'), lead_scoring.drop_model('ecom_copy') \g /dev/null
DROP SCHEMA ecom_test CASCADE;

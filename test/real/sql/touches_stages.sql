-- The same touches in the order of time: row by row, by one COPY, by three, while the model is paused, and there before it
-- is published. All must tell the same history: who moved when from which stage to which, with which score and why.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET jit = off;
SET work_mem = '64MB';
\getenv data LEAD_SCORING_DATA
\set program 'gzip -dc ' :data '/attribution_events_si05/mapped/events.csv.gz'
CREATE SCHEMA touches_stages_test;
SET search_path = touches_stages_test, public;
\set ECHO none
\i lib/plain_score.sql
\i lib/touches.sql
\set ECHO all

\set sorted :program ' | tail -n +2 | LC_ALL=C sort -s -t, -k3,3'
\set sorted_a :sorted ' | sed -n 1,20000p'
\set sorted_b :sorted ' | sed -n 20001,40001p'
\set sorted_c :sorted ' | sed -n ''40002,$p'''
SELECT make_model(model, model <> 'by_publish') FROM unnest('{by_row,by_copy,by_parts,by_resume,by_publish}'::text[]) model \g /dev/null
INSERT INTO by_row_leads SELECT * FROM file_leads;
INSERT INTO by_copy_leads SELECT * FROM file_leads;
INSERT INTO by_parts_leads SELECT * FROM file_leads;

DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM file ORDER BY occurred_at, position LOOP
        INSERT INTO by_row_events VALUES (r.lead_id, r.type, r.occurred_at, r.campaign, r.properties);
        IF r.occurred_at < '2018-07-04' THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
COPY by_copy_events FROM PROGRAM :'sorted' (FORMAT csv);
COPY by_parts_events FROM PROGRAM :'sorted_a' (FORMAT csv);
COPY by_parts_events FROM PROGRAM :'sorted_b' (FORMAT csv);
COPY by_parts_events FROM PROGRAM :'sorted_c' (FORMAT csv);
INSERT INTO by_resume_leads SELECT * FROM file_leads;
SELECT lead_scoring.pause('by_resume') \g /dev/null
COPY by_resume_events FROM PROGRAM :'sorted' (FORMAT csv);
SELECT lead_scoring.resume('by_resume');
INSERT INTO by_publish_leads SELECT * FROM file_leads;
COPY by_publish_events FROM PROGRAM :'sorted' (FORMAT csv);
SELECT lead_scoring.publish('by_publish');

-- Time has gone on since the last events. Resume, and the publish that replays history, have seen to that themselves.
CALL lead_scoring.refresh('by_row');
CALL lead_scoring.refresh('by_copy');
CALL lead_scoring.refresh('by_parts');
SELECT model, (SELECT count(*) FROM lead_scoring.verify(model)) FROM unnest('{by_row,by_copy,by_parts,by_resume,by_publish}'::text[]) model;
SELECT model, cards, different FROM unnest('{by_copy,by_parts,by_resume,by_publish}'::text[]) model, compare_models('by_row', model);
SELECT match_plainly() \g /dev/null
SELECT model, transitions, different_moves, different_scores
  FROM unnest('{by_copy,by_parts,by_resume,by_publish}'::text[]) model, compare_histories('by_row', model);
SELECT from_stage, to_stage, cause, count(*) FROM by_copy.transitions GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- Scores at the transitions, in plain SQL; and what must hold for each kind of move.
SELECT * FROM compare_stamps('by_copy');
SELECT t.to_stage, t.cause, count(*), count(*) FILTER (WHERE NOT coalesce(
           CASE t.to_stage
               WHEN 'mql' THEN p.score >= 140000 - p.doubt AND p.engagement >= 90000 - p.doubt
                    AND c.times >= 2
                    AND (t.cause = 'event' OR before.score < 140000 + before.doubt OR before.engagement < 90000 + before.doubt
                         OR t.at = (SELECT max(b.at) FROM by_copy.transitions b
                                     WHERE b.lead_id = t.lead_id AND b.to_stage = 'mql' AND b.seq < t.seq) + interval '36 hours')
               WHEN 'lead' THEN p.score < 95000 + p.doubt AND before.score >= 95000 - before.doubt
               WHEN 'customer' THEN t.at = f.first_order_at
           END, false)) AS wrong
  FROM by_copy.transitions t
  JOIN plain_total p ON p.lead = t.lead_id AND p.label = t.seq::text
  JOIN plain_total before ON before.lead = t.lead_id AND before.label = 'before ' || t.seq
  LEFT JOIN plain_line c ON c.lead = t.lead_id AND c.label = t.seq::text AND c.rule = 'channels'
  LEFT JOIN (SELECT lead_id, min(occurred_at) AS first_order_at FROM file WHERE (properties->>'value')::numeric >= 6 GROUP BY 1) f USING (lead_id)
 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(DISTINCT lead_id) AS buyers, (SELECT count(customer_at) FROM by_copy.scores) AS customers
  FROM file WHERE (properties->>'value')::numeric >= 6;

-- And no move is missing: at each event and just before it, no conditions hold but those of the lead's stage.
SELECT follow_stages('by_copy', '[25]$') \g /dev/null
SELECT s.stage, count(*) AS instants,
       count(*) FILTER (WHERE CASE s.stage
           WHEN 'lead' THEN p.score >= 140000 + p.doubt AND p.engagement >= 90000 + p.doubt AND c.times >= 2
                AND NOT EXISTS (SELECT FROM by_copy.transitions t WHERE t.lead_id = s.lead AND t.to_stage = 'mql'
                                                                    AND t.at <= s.at AND t.at > s.at - interval '36 hours')
           WHEN 'mql' THEN p.score < 95000 - p.doubt
           ELSE false END) AS wrong
  FROM stay s
  JOIN plain_total p ON p.lead = s.lead AND p.label = s.label
  LEFT JOIN plain_line c ON c.lead = s.lead AND c.label = s.label AND c.rule = 'channels'
 GROUP BY 1 ORDER BY 1;

SELECT lead_scoring.drop_model(model) FROM unnest('{by_row,by_copy,by_parts,by_resume,by_publish}'::text[]) model \g /dev/null
DROP SCHEMA touches_stages_test CASCADE;

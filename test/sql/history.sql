-- history: the course of a lead's score.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA history_test;
SET search_path = history_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, employees integer, came date);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
CREATE TABLE calls (lead_id bigint, called_on date);
CREATE INDEX ON calls (lead_id);
INSERT INTO leads VALUES (1, 100, '2025-01-05'), (2, 100, NULL);
SELECT lead_scoring.create_model('hist', 'leads', 'events') \g /dev/null
SELECT lead_scoring.add_source('hist', 'calls', 'calls', event_time => 'called_on', every_event => 'call') \g /dev/null
UPDATE hist.settings SET lead_created = 'came';
SELECT lead_scoring.add_rule('hist', 'page', 'page_view', 5, decay => 'window', lifespan => '10 days'),
       lead_scoring.add_rule('hist', 'mail', 'mail', 8, decay => 'exponential', half_life => '10 days'),
       lead_scoring.add_rule('hist', 'demo', 'demo', 10, decay => 'step', step => '20 days', drop => 0.5, max_points => 12),
       lead_scoring.add_rule('hist', 'call', 'call', 3, limit_count => 1, limit_window => 'week'),
       lead_scoring.add_fit_rule('hist', 'big', 'employees > 50', 20),
       lead_scoring.add_stage('hist', 'mql', min_score => 30, falls_below => 25),
       lead_scoring.add_stage('hist', 'recycled', kind => 'detour'),
       lead_scoring.add_stage('hist', 'sql', on_event => 'accepted', within => '10 days', timeout_stage => 'recycled') \g /dev/null
SELECT lead_scoring.publish('hist') \g /dev/null
INSERT INTO events VALUES (1, 'page_view', '2025-01-02'), (1, 'mail', '2025-01-03'), (1, 'demo', '2025-01-08'), (1, 'demo', '2025-01-09'), (1, 'accepted', '2025-01-20'), (2, 'mail', '2025-01-03');
INSERT INTO calls VALUES (1, '2025-01-06'), (1, '2025-01-07');
CALL lead_scoring.refresh('hist');
SELECT at, source, event_type, rule, points, round(score::numeric, 4) AS score, stage FROM lead_scoring.history('hist', 1, until => '2025-03-01');
SELECT at, source, event_type, rule, points, round(score::numeric, 4) AS score, stage FROM lead_scoring.history('hist', 1, '2025-01-07', '2025-01-15');
SELECT at, source, event_type, rule, points, round(score::numeric, 4) AS score, stage FROM lead_scoring.history('hist', '2', until => '2025-01-13');
SELECT count(*) FROM lead_scoring.history('hist', 1, '2025-01-07', '2025-01-05');

-- Adjustments, while they counted.
SELECT lead_scoring.adjust('hist', 2, 5, expires_at => clock_timestamp() + interval '1 hour'), lead_scoring.adjust('hist', 2, 4, 'mistake') AS mistake \gset
SELECT lead_scoring.cancel_adjustment('hist', :'mistake') \g /dev/null
SELECT source, event_type, points, round(score::numeric, 2) AS score FROM lead_scoring.history('hist', 2, clock_timestamp() - interval '1 minute', clock_timestamp() + interval '1 day');

-- At every row, the score is score_at's.
CREATE TABLE all_rows AS SELECT l.id, h.* FROM leads l, LATERAL lead_scoring.history('hist', l.id, until => clock_timestamp() + interval '1 day') h;
SELECT count(*) > 15 AS many, count(*) FILTER (WHERE h.score IS DISTINCT FROM lead_scoring.score_at('hist', h.id, h.at)) AS differ
  FROM all_rows h WHERE h.at IS NOT NULL AND h.source <> 'stage' AND NOT EXISTS (SELECT FROM all_rows o WHERE o.id = h.id AND o.at = h.at AND o.ctid > h.ctid AND o.source <> 'stage');

-- The same of a random log, and of its last row.
INSERT INTO leads SELECT i, i % 100, CASE WHEN i % 3 = 0 THEN date '2025-02-01' + i END FROM generate_series(3, 60) i;
INSERT INTO events SELECT 3 + i * 37 % 58, (ARRAY['page_view', 'mail', 'demo', 'other', 'accepted'])[1 + i * i % 47 % 5], timestamptz '2025-01-01' + i * 7919 % 50000 * interval '17 minutes'
  FROM generate_series(1, 900) i;
INSERT INTO calls SELECT 3 + i * 31 % 58, date '2025-01-01' + i * 13 % 400 FROM generate_series(1, 200) i;
CREATE TABLE random_rows AS SELECT l.id, h.* FROM leads l, LATERAL lead_scoring.history('hist', l.id, CASE WHEN l.id % 2 = 0 THEN timestamptz '2025-06-01' END, timestamptz '2026-03-01' + l.id * interval '1 hour') WITH ORDINALITY h WHERE l.id > 2;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE abs(h.score - lead_scoring.score_at('hist', h.id, h.at)) > 0.00015) AS differ
  FROM random_rows h WHERE h.at IS NOT NULL AND h.source <> 'stage' AND NOT EXISTS (SELECT FROM random_rows o WHERE o.id = h.id AND o.at = h.at AND o.ordinality > h.ordinality AND o.source <> 'stage');
SELECT count(*), count(*) FILTER (WHERE r.event_type = 'until' AND r.score = lead_scoring.score_at('hist', r.id, r.at)) AS exact
  FROM random_rows r WHERE NOT EXISTS (SELECT FROM random_rows o WHERE o.id = r.id AND o.ordinality > r.ordinality);
-- Its moves are those that were recorded.
SELECT count(*) > 50 AS many, count(*) FILTER (WHERE t.at IS NULL) AS unknown, (SELECT count(*) FROM hist.moves m WHERE m.lead_id > 2 AND m.at < '2026-03-01' AND (m.lead_id % 2 = 1 OR m.at >= '2025-06-01')) - count(*) FILTER (WHERE r.at < '2026-03-01') AS missing
  FROM random_rows r LEFT JOIN hist.moves t ON t.lead_id = r.id AND t.at = r.at AND t.to_stage = r.stage WHERE r.source = 'stage';

-- Moves that were taken back, resets of engagement and what cancels them are steps too.
INSERT INTO leads VALUES (61, 100, NULL);
INSERT INTO events VALUES (61, 'call', '2026-01-01'), (61, 'page_view', clock_timestamp() - interval '1 hour'), (61, 'demo', clock_timestamp() - interval '50 minutes'), (61, 'accepted', clock_timestamp() - interval '40 minutes');
SELECT lead_scoring.undo_move('hist', 61, 1, 'another Smith');
SELECT lead_scoring.reset_engagement('hist', 61) AS reset \gset
INSERT INTO events VALUES (61, 'page_view', clock_timestamp());
SELECT lead_scoring.cancel_adjustment('hist', :'reset') \g /dev/null
SELECT source, event_type, rule, points, score, stage FROM lead_scoring.history('hist', 61);
-- As of before, nobody had taken back anything.
SELECT source, event_type, rule, points, score, stage FROM lead_scoring.history('hist', 61, until => clock_timestamp() - interval '30 minutes');
SELECT source, event_type, stage FROM lead_scoring.history('hist', 61, clock_timestamp() - interval '30 minutes') LIMIT 2;

-- At random: each row has the score of a replay up to then, and the stage of the moves that stood.
DO $$
DECLARE
    lead bigint; ids uuid[]; seq integer;
BEGIN
    FOR lead IN SELECT generate_series(3, 60) LOOP
        ids := '{}';
        FOR step IN 1 .. 1 + lead % 6 LOOP
            CASE hashtext(concat(lead, step)) & 3
                WHEN 0 THEN ids := ids || lead_scoring.reset_engagement('hist', lead);
                WHEN 1 THEN
                    SELECT max(m.seq) INTO seq FROM hist.moves m WHERE m.lead_id = lead;
                    IF seq > 0 THEN PERFORM lead_scoring.undo_move('hist', lead, greatest(seq - step % 3, (SELECT min(m.seq) FROM hist.moves m WHERE m.lead_id = lead))); END IF;
                WHEN 2 THEN
                    IF ids <> '{}' THEN PERFORM lead_scoring.cancel_adjustment('hist', ids[1]); ids := ids[2:]; END IF;
                    IF step = 2 THEN PERFORM lead_scoring.replay('hist', lead); END IF;
                ELSE PERFORM lead_scoring.set_stage('hist', lead, (ARRAY['mql', 'sql', 'lead'])[1 + step % 3]);
            END CASE;
            INSERT INTO events VALUES (lead, (ARRAY['page_view', 'mail', 'demo', 'accepted'])[1 + (lead + step) % 4], clock_timestamp() - step % 2 * interval '3 days');
        END LOOP;
    END LOOP;
END $$;
CREATE TABLE course AS SELECT l.id, h.* FROM leads l, LATERAL lead_scoring.history('hist', l.id, until => clock_timestamp()) WITH ORDINALITY h WHERE l.id > 2;
SELECT count(*) FILTER (WHERE event_type = 'undone') > 10 AS undone, count(*) FILTER (WHERE event_type = 'reset') > 20 AS reset, count(*) FILTER (WHERE event_type = 'reset cancelled') > 10 AS cancelled,
       (SELECT count(*) > 10 FROM hist.transitions WHERE superseded) AS replayed FROM course;
SELECT count(*) FILTER (WHERE c.source <> 'stage' AND abs(c.score - lead_scoring.score_at('hist', c.id, c.at)) > 0.00015) AS other_score,
       count(*) FILTER (WHERE (c.source <> 'stage' OR c.event_type = 'undone') AND c.stage <> coalesce((SELECT t.to_stage FROM hist.transitions t WHERE t.lead_id = c.id AND NOT t.superseded AND t.at <= c.at AND (t.undone_at > c.at) IS NOT FALSE ORDER BY t.seq DESC LIMIT 1), 'lead')) AS other_stage,
       count(*) FILTER (WHERE c.event_type = 'until' AND c.score = lead_scoring.score_at('hist', c.id, c.at)) AS ends, count(DISTINCT c.id) AS leads
  FROM course c WHERE c.at IS NOT NULL AND NOT EXISTS (SELECT FROM course o WHERE o.id = c.id AND o.at = c.at AND o.ordinality > c.ordinality);

-- Errors.
\pset format unaligned
\pset tuples_only on
SELECT * FROM lead_scoring.history('hist', 4711);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.history('hist', 1, until => 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.history('hist', NULL::text);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM lead_scoring.history(NULL, 1);
\echo :LAST_ERROR_SQLSTATE
-- Rights: as those of explain.
CREATE ROLE regress_lead_scoring_history;
SET ROLE regress_lead_scoring_history;
SELECT * FROM lead_scoring.history('hist', 1);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA hist TO regress_lead_scoring_history;
GRANT SELECT ON hist.scores TO regress_lead_scoring_history;
ALTER TABLE hist.scores ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON hist.scores USING (lead_id = 2);
SET ROLE regress_lead_scoring_history;
SELECT count(*) FROM lead_scoring.history('hist', 1);
SELECT count(*) FROM lead_scoring.history('hist', 4711);
SELECT count(*) > 1 FROM lead_scoring.history('hist', 2);
RESET ROLE;
SELECT * FROM lead_scoring.verify('hist');
SELECT lead_scoring.drop_model('hist');
DROP SCHEMA history_test CASCADE;
DROP ROLE regress_lead_scoring_history;

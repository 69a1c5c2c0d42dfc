-- Leads without a move that stands, and dates of stages that are no more, after moves were taken back or a draft loaded.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE TABLE leads (lead_id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT clock_timestamp());
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('past', 'leads', 'events');
SELECT lead_scoring.add_rule('past', 'visit', 'visit', 10), lead_scoring.add_stage('past', 'mql', min_score => 20), lead_scoring.add_stage('past', 'extra', min_score => 30),
       lead_scoring.publish('past');
INSERT INTO leads SELECT generate_series(1, 4);
INSERT INTO events SELECT n, 'visit' FROM generate_series(1, 3) n, generate_series(1, 4);

-- A stage that the version does not have any more was not entered either, where the move is taken back.
DELETE FROM past.stages WHERE name = 'extra';
SELECT lead_scoring.publish('past');
SELECT lead_scoring.undo_move('past', 1, 2);
SELECT lead_id, stage, mql_at IS NOT NULL AS is_mql, extra_at IS NOT NULL AS was_extra FROM past.scores ORDER BY lead_id;
SELECT lead_scoring.replay('past', 2);
SELECT lead_scoring.undo_move('past', 3, 3);
SELECT lead_id, stage, mql_at IS NOT NULL AS is_mql, extra_at IS NOT NULL AS was_extra FROM past.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('past');
SELECT lead_scoring.replay('past');
SELECT lead_id, stage, extra_at IS NOT NULL AS was_extra FROM past.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('past');

-- Who has no move that stands is where leads begin, also where that is another stage from now on.
SELECT lead_scoring.undo_move('past', 1, (SELECT max(seq) FROM past.moves WHERE lead_id = 1));
SELECT lead_scoring.add_stage('past', 'below', rank => -10);
SELECT lead_id, stage_now, stage_after FROM lead_scoring.preview_leads('past');
SELECT lead_scoring.publish('past');
SELECT s.lead_id, s.stage, l.lead_stage FROM past.scores s JOIN leads l ON l.lead_id = s.lead_id ORDER BY s.lead_id;
SELECT * FROM lead_scoring.verify('past');
-- A later event finds it there, too, where publish leaves the leads for later.
SELECT lead_scoring.load_draft('past', 1);
SELECT lead_scoring.publish('past', rescore => false);
INSERT INTO events VALUES (4, 'visit');
CALL lead_scoring.rescore('past');
SELECT s.lead_id, s.stage, l.lead_stage FROM past.scores s JOIN leads l ON l.lead_id = s.lead_id ORDER BY s.lead_id;
SELECT * FROM lead_scoring.verify('past');
SELECT lead_scoring.drop_model('past');
DROP TABLE events, leads;

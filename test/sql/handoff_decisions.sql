-- What sales decide of hand-offs, and what becomes of hand-offs when moves are taken back, leads merged, forgotten or replayed, and
-- scoring paused: judged by an oracle of its own, too.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET client_min_messages = warning;
CREATE SCHEMA decisions_test;
SET search_path = decisions_test, public;
CREATE TABLE leads (id text PRIMARY KEY, rep text);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz DEFAULT clock_timestamp());
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('hd', 'leads', 'events') \g /dev/null
SELECT lead_scoring.add_rule('hd', 'visit', 'visit', 10),
       lead_scoring.add_stage('hd', 'recycled', kind => 'detour', rank => 90, on_event => 'recycle'),
       lead_scoring.add_stage('hd', 'customer', rank => 40, on_event => 'won'), lead_scoring.add_stage('hd', 'sql', rank => 30, on_event => 'demo', hand_off => true),
       lead_scoring.add_stage('hd', 'sal', rank => 20), lead_scoring.add_stage('hd', 'mql', min_score => 20, rank => 10, falls_below => 15, hand_off => true, accepted_stage => 'sal', rejected_stage => 'recycled') \g /dev/null
SELECT lead_scoring.publish('hd') \g /dev/null
UPDATE hd.settings SET handoff_outbox = true, handoff_notify = true;
CREATE VIEW rows AS SELECT h.lead_id, h.seq, t.to_stage, h.is_first, h.attempts, h.ended, h.outcome, h.reason, s.stage, t.undone_at IS NOT NULL AS undone FROM hd.handoffs h
  LEFT JOIN hd.transitions t USING (lead_id, seq) LEFT JOIN hd.scores s USING (lead_id) ORDER BY 1, 2;
-- Of each lead the first that is not done, and no other, is to be delivered; every row has its move.
CREATE FUNCTION wrong() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT lead_id || '#' || seq FROM hd.handoffs h WHERE is_first <> (done_at IS NULL AND NOT EXISTS (SELECT FROM hd.handoffs o WHERE o.lead_id = h.lead_id AND o.seq < h.seq AND o.done_at IS NULL))
        OR NOT EXISTS (SELECT FROM hd.transitions t WHERE (t.lead_id, t.seq) = (h.lead_id, h.seq) AND t.to_stage IN ('mql', 'sql')) ORDER BY 1
$$;
CREATE PROCEDURE visits(VARIADIC who text[]) LANGUAGE sql AS $$ INSERT INTO events SELECT w, 'visit' FROM unnest(who) w, generate_series(1, 2) $$;
INSERT INTO leads SELECT chr(96 + n) FROM generate_series(1, 12) n;
CALL visits('a', 'b', 'c', 'd', 'e', 'f');
SELECT * FROM rows;
-- Accepted, again, for another reason, and after all rejected: from where it was handed over only.
SELECT lead_scoring.decide_handoff('hd', 'a', 'accepted'), lead_scoring.decide_handoff('hd', 'a', 'accepted'), lead_scoring.decide_handoff('hd', 'b', 'rejected', 'no budget'), lead_scoring.decide_handoff('hd', 'b', 'rejected');
SELECT * FROM rows WHERE lead_id < 'c';
SELECT lead_scoring.decide_handoff('hd', 'a', 'accepted', 'great fit'), lead_scoring.decide_handoff('hd', 'b', 'accepted', 'budget came'), lead_scoring.decide_handoff('hd', 'a', 'rejected', 'gone');
SELECT * FROM rows WHERE lead_id < 'c';
-- Acceptance leads upwards only; a stage without targets says nothing of where.
INSERT INTO events VALUES ('c', 'won'), ('d', 'demo');
SELECT lead_scoring.decide_handoff('hd', 'c', 'accepted'), lead_scoring.decide_handoff('hd', 'd', 'accepted', 'a demo');
SELECT * FROM rows WHERE lead_id IN ('c', 'd');
SELECT lead_id, from_stage, to_stage, cause, reason FROM hd.transitions WHERE lead_id < 'e' AND cause = 'manual' ORDER BY lead_id, seq;
SELECT type, aggregatetype, aggregateid, payload - '{id,at,why}'::text[] AS payload FROM hd.outbox WHERE aggregateid < 'd' ORDER BY aggregateid, payload ->> 'outcome' NULLS FIRST, payload ->> 'reason' NULLS FIRST;
SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'hd' AND table_name = 'outbox' ORDER BY ordinal_position;
CREATE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN format(E'%s %s\n  %s\n  %s', SQLSTATE, message, detail, hint);
END $$;
SELECT said(s) FROM unnest(ARRAY['SELECT lead_scoring.decide_handoff(''hd'', ''a'', ''won'')', 'SELECT lead_scoring.decide_handoff(''hd'', ''a'', NULL)', 'SELECT lead_scoring.decide_handoff(''hd'', ''z'', ''accepted'')',
    'SELECT lead_scoring.decide_handoff(''hd'', ''g'', ''accepted'')', 'SELECT lead_scoring.decide_handoff(''nowhere'', ''a'', ''accepted'')']) s;
-- A move that is taken back withdraws what is not done; the decision is about what stands.
INSERT INTO events VALUES ('e', 'demo');
SELECT lead_scoring.undo_move('hd', 'e', 2, 'a wrong click');
SELECT said('SELECT lead_scoring.decide_handoff(''hd'', ''d'', ''rejected'', ''x'')');
SELECT lead_scoring.undo_move('hd', 'd', 1);
SELECT said('SELECT lead_scoring.decide_handoff(''hd'', ''d'', ''accepted'')');
SELECT * FROM rows WHERE lead_id IN ('d', 'e');
-- Merged: one lead has them all, in the order of its moves.
CALL visits('g', 'h');
INSERT INTO events VALUES ('g', 'demo'), ('h', 'demo');
SELECT * FROM rows WHERE lead_id IN ('g', 'h');
SELECT count(*) FROM lead_scoring.claim_handoffs('hd', 'w', 100, stage => 'mql');
SELECT lead_scoring.merge_leads('hd', 'g', 'h');
SELECT lead_id, seq, to_stage, is_first, attempts, ended, stage FROM rows WHERE lead_id IN ('g', 'h');
SELECT * FROM wrong();
SELECT lead_scoring.ack_handoff('hd', id::text, lease_token::text) FROM hd.handoffs WHERE lead_id = 'h' AND lease_token IS NOT NULL ORDER BY seq DESC \g /dev/null
SELECT * FROM wrong();
SELECT lead_id, seq, to_stage, is_first, ended FROM rows WHERE lead_id = 'h';
-- Forgotten: nothing is left, in the outbox either.
SELECT lead_scoring.forget_lead('hd', 'f');
DELETE FROM leads WHERE id = 'e';
SELECT count(*) FROM rows WHERE lead_id IN ('e', 'f');
SELECT count(*) FROM hd.outbox WHERE aggregateid = 'f';
-- Replayed: no new rows for moves that are made again, and those that are not made again are withdrawn.
CALL visits('i', 'j');
CREATE TABLE before AS SELECT lead_id, seq, id FROM hd.handoffs;
DELETE FROM events WHERE lead_id = 'j';
SELECT lead_scoring.replay('hd');
SELECT count(*) AS new FROM hd.handoffs h WHERE NOT EXISTS (SELECT FROM before b WHERE (b.lead_id, b.seq, b.id) = (h.lead_id, h.seq, h.id));
SELECT * FROM rows WHERE lead_id IN ('i', 'j');
SELECT * FROM wrong();
-- A new version hands nobody over; a new event does. What came while the model was paused is handed over when it scores again.
UPDATE hd.stages SET min_score = 10, falls_below = 5 WHERE name = 'mql';
INSERT INTO events VALUES ('k', 'visit');
SELECT lead_scoring.publish('hd') \g /dev/null
SELECT stage FROM hd.scores WHERE lead_id = 'k';
SELECT * FROM rows WHERE lead_id = 'k';
SELECT lead_scoring.pause('hd');
CALL visits('l');
SELECT said('SELECT lead_scoring.decide_handoff(''hd'', ''i'', ''accepted'')');
SELECT count(*) FROM lead_scoring.claim_handoffs('hd', 'w', 100);
SELECT lead_scoring.resume('hd') \g /dev/null
SELECT * FROM rows WHERE lead_id = 'l';
SELECT lead_scoring.repair('hd') \g /dev/null
SELECT * FROM wrong();
-- Renamed and parted from: decisions follow the version that is in force.
UPDATE hd.stages SET name = 'accepted lead' WHERE name = 'sal';
UPDATE hd.stages SET name = 'handed over' WHERE name = 'mql';
SELECT name, hand_off, accepted_stage, rejected_stage FROM hd.stages WHERE hand_off ORDER BY rank;
SELECT lead_scoring.publish('hd') \g /dev/null
SELECT lead_scoring.decide_handoff('hd', 'l', 'accepted', 'renamed');
SELECT stage FROM hd.scores WHERE lead_id = 'l';
SELECT what, name, field, old, new FROM lead_scoring.diff('hd', 1, 3);
-- As a document, and by reports.

INSERT INTO hd.report_settings (dimensions) VALUES ('{"owner": "rep"}') ON CONFLICT DO NOTHING;
SELECT dimension, rule, mqls, accepted, rejected, open FROM lead_scoring.feedback('hd', by => 'reason');
SELECT dimension, stage, entered FROM lead_scoring.sla('hd', by => 'reason');
SELECT dimension, rule, mqls FROM lead_scoring.feedback('hd', by => 'owner');
SELECT said('SELECT * FROM lead_scoring.funnel(''hd'', by => ''reason'')');
SELECT s FROM jsonb_array_elements(lead_scoring.export_model('hd')::jsonb -> 'stages') s WHERE s ? 'hand_off';
SELECT lead_scoring.export_model('hd')::jsonb -> 'settings' ->> 'handoff_outbox';
SELECT lead_scoring.load_draft('hd', 1);
SELECT name, hand_off, accepted_stage, rejected_stage FROM hd.stages WHERE hand_off ORDER BY rank;
SELECT handoff_outbox FROM hd.settings;
SELECT * FROM lead_scoring.verify('hd');
DROP VIEW rows;
SELECT lead_scoring.drop_model('hd');
DROP SCHEMA decisions_test CASCADE;

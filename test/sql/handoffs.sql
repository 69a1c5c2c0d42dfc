-- Hand-offs: moves into stages with hand_off are claimed, acknowledged, released and decided upon.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET client_min_messages = warning;
CREATE SCHEMA handoffs_test;
SET search_path = handoffs_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, rep text, vp boolean);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz DEFAULT clock_timestamp());
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('ho', 'leads', 'events') \g /dev/null
SELECT lead_scoring.add_rule('ho', 'pricing_page', 'pricing', 10), lead_scoring.add_rule('ho', 'webinar', 'webinar', 15),
       lead_scoring.add_fit_rule('ho', 'VP', 'vp', 12),
       lead_scoring.add_stage('ho', 'recycled', kind => 'detour', rank => 90, on_event => 'recycle'),
       lead_scoring.add_stage('ho', 'sql', rank => 30, on_event => 'demo_request', hand_off => true),
       lead_scoring.add_stage('ho', 'sal', rank => 20),
       lead_scoring.add_stage('ho', 'mql', min_score => 50, rank => 10, hand_off => true, accepted_stage => 'sal', rejected_stage => 'recycled', max_attempts => 2) \g /dev/null
INSERT INTO ho.report_settings (dimensions) VALUES ('{"owner": "rep"}');
SELECT lead_scoring.publish('ho');
INSERT INTO leads VALUES (1, 'ann', true), (2, 'bob', false), (3, NULL, NULL);
INSERT INTO events VALUES (1, 'webinar', now() - interval '3 days');
INSERT INTO events VALUES (1, 'pricing'), (1, 'pricing'), (1, 'pricing'), (2, 'demo_request');
-- Too old to be handed over.
INSERT INTO events SELECT 3, 'pricing', now() - interval '8 days' FROM generate_series(1, 6);
-- Twice: the second waits for the first.
INSERT INTO events VALUES (1, 'demo_request');
CREATE VIEW rows AS SELECT h.lead_id, h.seq, h.is_first, h.attempts, h.owner, h.claimed_by, h.ended, h.outcome, h.reason,
       replace(replace(h.why, to_char(now() - interval '3 days', 'FMDay'), '<the day>'), to_char(now(), 'FMDay'), '<today>') AS why FROM ho.handoffs h ORDER BY 1, 2;
SELECT * FROM rows;
CREATE FUNCTION took(worker text, n bigint DEFAULT 1, stage text DEFAULT NULL, owner text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT * FROM lead_scoring.claim_handoffs('ho', worker, n, stage => took.stage, owner => took.owner) LOOP
        INSERT INTO taken VALUES (worker, c.lead_id, c.id, c.lease_token) ON CONFLICT ON CONSTRAINT taken_pkey DO UPDATE SET token = excluded.token;
        RETURN NEXT format('%s takes lead %s for %s with %s points, rule %s, attempt %s', worker, c.lead_id, c.stage, c.score, c.rule, c.attempt);
    END LOOP;
END $$;
CREATE TABLE taken (worker text, lead_id text, id text, token text, CONSTRAINT taken_pkey PRIMARY KEY (worker, id));
SELECT * FROM took('w1', owner => 'bob');
SELECT * FROM took('w1', 10, stage => 'sql');
SELECT * FROM took('w2', 10);
SELECT * FROM took('w3', 10);
-- What goes wrong, without what varies.
CREATE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(regexp_replace(format(E'%s %s\n  %s\n  %s', SQLSTATE, message, detail, hint), '[0-9a-f]{8}-[0-9a-f-]{27}', '<id>', 'g'), 'ran out at [^,]+', 'ran out at <time>', 'g');
END $$;
CREATE FUNCTION call(what text, worker text, argument text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT said(format('SELECT lead_scoring.%s_handoff(''ho'', %L, %L%s)', what, t.id, t.token, ', ' || quote_literal(argument))) FROM taken t WHERE t.worker = call.worker ORDER BY t.lead_id
$$;
-- Given back, for at once; then to somebody else, whose token is another; then parked.
SELECT * FROM call('release', 'w2', '0');
SELECT * FROM rows WHERE lead_id = 1;
SELECT * FROM call('ack', 'w2');
SELECT * FROM took('w3', 10);
SELECT * FROM call('ack', 'w2') UNION ALL SELECT * FROM call('extend', 'w2', '1 hour') UNION ALL SELECT * FROM call('extend', 'w3', '1 hour');
SELECT lease_token IS NOT NULL AND ready_at - clock_timestamp() > interval '59 minutes' AS is_longer FROM ho.handoffs WHERE claimed_by = 'w3';
SELECT * FROM call('release', 'w3');
SELECT * FROM rows WHERE lead_id = 1;
SELECT * FROM took('w3', 10);
SELECT * FROM call('ack', 'w1');
SELECT * FROM call('ack', 'w1') UNION ALL SELECT * FROM call('release', 'w1', '0');
SELECT * FROM call('ack', 'w3');
SELECT * FROM rows;
-- A lease that runs out: the token does nothing any more, and after the last attempt the hand-off is parked.
INSERT INTO leads VALUES (4, 'cy', true), (5, NULL, NULL);
INSERT INTO events SELECT l, 'pricing', now() - (6 - n) * interval '1 minute' FROM generate_series(4, 5) l, generate_series(1, 5) n;
INSERT INTO events VALUES (4, 'demo_request');
DELETE FROM taken;
SELECT * FROM lead_scoring.claim_handoffs('ho', 'slow', 10, lease => '1 second') \g /dev/null
INSERT INTO taken SELECT 'slow', h.lead_id, h.id, h.lease_token FROM ho.handoffs h WHERE claimed_by = 'slow';
SELECT count(*) FROM lead_scoring.claim_handoffs('ho', 'other');
SELECT pg_sleep(1.01) \g /dev/null
SELECT * FROM call('ack', 'slow');
SELECT * FROM call('extend', 'slow', '1 hour');
SELECT count(*) FROM lead_scoring.claim_handoffs('ho', 'other', 10, lease => '1 second');
SELECT * FROM call('release', 'slow', '0');
SELECT pg_sleep(1.01) \g /dev/null
SELECT * FROM took('w4', 10);
SELECT * FROM rows WHERE lead_id > 3;
SELECT * FROM call('ack', 'w4');
-- Calls that make no sense.
SELECT said(s) FROM unnest(ARRAY['SELECT lead_scoring.claim_handoffs(''ho'', NULL)', 'SELECT lead_scoring.claim_handoffs(''ho'', '''')', 'SELECT lead_scoring.claim_handoffs(''ho'', ''w'', 0)',
    'SELECT lead_scoring.claim_handoffs(''ho'', ''w'', 10001)', 'SELECT lead_scoring.claim_handoffs(''ho'', ''w'', NULL)', 'SELECT lead_scoring.claim_handoffs(''ho'', ''w'', lease => ''1 year'')',
    'SELECT lead_scoring.claim_handoffs(''ho'', ''w'', lease => ''2 days'')', 'SELECT lead_scoring.claim_handoffs(''ho'', ''w'', lease => ''-5 minutes'')', 'SELECT lead_scoring.claim_handoffs(''ho'', ''w'', stage => ''mqll'')',
    'SELECT lead_scoring.claim_handoffs(''nowhere'', ''w'')', 'SELECT lead_scoring.ack_handoff(''ho'', ''x'', ''y'')', 'SELECT lead_scoring.ack_handoff(''ho'', gen_random_uuid()::text, ''y'')', 'SELECT lead_scoring.ack_handoff(''ho'', NULL, ''y'')',
    'SELECT lead_scoring.release_handoff(''ho'', ''x'', ''y'', ''-1 second'')', 'SELECT lead_scoring.release_handoff(''ho'', ''x'', ''y'', ''1 month'')', 'SELECT lead_scoring.extend_handoff(''ho'', ''x'', ''y'', ''1 year'')',
    'INSERT INTO ho.handoffs DEFAULT VALUES', 'UPDATE ho.handoffs SET why = ''''', 'SELECT lead_scoring_internal.handoff_owner(''ho'', ''1'', ''leads'', ''id'')', 'SELECT lead_scoring_internal.handoff_why(''ho'', ''1'', now(), ''mql'', ''event'', NULL, NULL)',
    'SELECT lead_scoring.add_stage(''ho'', ''late'', max_attempts => 3)', 'SELECT lead_scoring.add_stage(''ho'', ''late'', hand_off => true, max_attempts => 0)', 'SELECT lead_scoring.add_stage(''ho'', ''late'', hand_off => true, accepted_stage => ''late'')',
    'SELECT lead_scoring.add_stage(''ho'', ''late'', hand_off => true, rejected_stage => ''recyled'')', 'SELECT lead_scoring.add_stage(''ho'', ''late'', hand_off => true, hand_off_max_age => ''1 month'')']) s;
-- Who may: INSERT on handoffs is the right to call, and nobody writes the table.
CREATE ROLE handoffs_worker;
GRANT USAGE ON SCHEMA ho TO handoffs_worker;
SET ROLE handoffs_worker;
SELECT lead_scoring.claim_handoffs('ho', 'w');
RESET ROLE;
GRANT INSERT ON ho.handoffs TO handoffs_worker;
SET ROLE handoffs_worker;
SELECT * FROM lead_scoring.claim_handoffs('ho', 'w');
INSERT INTO ho.handoffs (lead_id, seq, is_first, max_attempts) VALUES (1, 9, true, 5);
RESET ROLE;
-- What is old goes, what is parked stays as long, and time alone parks.
INSERT INTO events SELECT 5, 'demo_request';
SELECT count(*) FROM lead_scoring.claim_handoffs('ho', 'w');
CALL lead_scoring.refresh('ho');
SELECT * FROM rows WHERE lead_id = 5;
SELECT sentence FROM lead_scoring.definition('ho') WHERE name IN ('mql', 'sql') AND what = 'stage';
SELECT * FROM lead_scoring.verify('ho');
DROP VIEW rows;
SELECT lead_scoring.drop_model('ho');
DROP SCHEMA handoffs_test CASCADE;
DROP ROLE handoffs_worker;

-- Moves taken back, engagement reset, histories made anew.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE TABLE leads (lead_id bigint PRIMARY KEY, name text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, channel text);
CREATE INDEX ON events (lead_id, occurred_at);

-- A win that was a mistake leaves customers, rates, revenue, forecast and cohorts.
SELECT lead_scoring.create_model('wins', 'leads', 'events', event_campaign => 'channel');
SELECT lead_scoring.add_stage('wins', 'mql', on_event => 'signup'), lead_scoring.add_stage('wins', 'sql', on_event => 'demo'),
       lead_scoring.add_stage('wins', 'customer', on_event => 'won'), lead_scoring.publish('wins');
CREATE TABLE orders (lead_id bigint, earned_on timestamptz, amount numeric);
SELECT lead_scoring.set_revenue('wins', 'orders');
INSERT INTO leads SELECT generate_series(11, 14);
INSERT INTO orders VALUES (11, '2026-03-05', 50);
INSERT INTO events SELECT n, 'signup', '2026-03-01', 'ads' FROM generate_series(11, 14) n;
INSERT INTO events VALUES (11, 'won', '2026-03-05');
DELETE FROM events WHERE type = 'won';
SELECT customers, mql_to_customer_rate FROM wins.funnel WHERE period = '2026-03-01';
SELECT seq, from_stage, to_stage FROM wins.moves WHERE lead_id = 11 ORDER BY seq;
SELECT lead_scoring.undo_move('wins', 11, 2, 'the wrong deal');
SELECT customers, mql_to_customer_rate FROM wins.funnel WHERE period = '2026-03-01';
SELECT channel, customers, revenue FROM wins.channels WHERE attribution = 'last';
SELECT campaign, customers, revenue FROM wins.campaigns;
SELECT sum(customers) FROM wins.forecast;
SELECT stage, reached FROM wins.cohorts WHERE stage = 'customer' AND reached > 0;
SELECT seq, to_stage FROM wins.moves WHERE lead_id = 11;
SELECT seq, from_stage, to_stage, undone_at IS NOT NULL AS undone, undone_by = current_user AS by_me, undo_reason, superseded FROM wins.transitions WHERE lead_id = 11 ORDER BY seq;
SELECT lead_id, lead_stage, mql_at FROM leads WHERE lead_id = 11;
SELECT stage, stage_since, stage_seq, customer_at FROM wins.scores WHERE lead_id = 11;
SELECT * FROM lead_scoring.verify('wins');

-- Nor is there anything about customers in a model that has none.
SELECT lead_scoring.create_model('uncounted', 'leads', 'events', status_columns => '{}', event_campaign => 'channel');
SELECT lead_scoring.add_stage('uncounted', 'mql', on_event => 'signup'), lead_scoring.publish('uncounted'), lead_scoring.set_revenue('uncounted', 'orders'), lead_scoring.undo_move('uncounted', 12, 1);
SELECT campaign, mqls, revenue FROM uncounted.campaigns;
SELECT lead_scoring.drop_model('uncounted');

-- A report of the time between counts it.
SELECT pg_sleep(0.001);
SELECT set_config('test.before', (undone_at - interval '1 microsecond')::text, false) IS NOT NULL AS noted FROM wins.transitions WHERE seq = 2;
SELECT customers FROM lead_scoring.funnel('wins', as_of => current_setting('test.before')::timestamptz) WHERE period = '2026-03-01';
SELECT customers FROM lead_scoring.funnel('wins') WHERE period = '2026-03-01';

-- The win comes again by an event that is later than the undoing, not by one that is earlier, however late it arrives.
INSERT INTO events VALUES (11, 'won', '2026-03-05');
INSERT INTO events VALUES (11, 'won', now() - interval '1 minute');
SELECT stage FROM wins.scores WHERE lead_id = 11;
SELECT * FROM lead_scoring.verify('wins');
INSERT INTO events VALUES (11, 'won', clock_timestamp());
SELECT stage, stage_seq FROM wins.scores WHERE lead_id = 11;
-- By hand it comes too.
SELECT lead_scoring.undo_move('wins', 11, 3);
SELECT lead_scoring.set_stage('wins', 11, 'customer', 'the contract is here');
SELECT seq, from_stage, to_stage, cause, undone_at IS NOT NULL AS undone FROM wins.transitions WHERE lead_id = 11 ORDER BY seq;
SELECT * FROM lead_scoring.verify('wins');

-- Mistakes.
SELECT lead_scoring.undo_move('wins', 11, 2);
SELECT lead_scoring.undo_move('wins', 11, 9);
SELECT lead_scoring.undo_move('wins', 12, 2);
SELECT lead_scoring.undo_move('wins', 99, 1);
SELECT lead_scoring.undo_move('wins', 'x', 1);
SELECT lead_scoring.undo_move('nothing', 11, 1);
SELECT lead_scoring.undo_move('wins', 11, NULL);
SELECT lead_scoring.undo_move('wins', NULL::bigint, 1);
SELECT lead_scoring.pause('wins');
SELECT lead_scoring.undo_move('wins', 11, 4);
SELECT lead_scoring.replay('wins', 11);
SELECT lead_scoring.resume('wins');
UPDATE wins.transitions SET undone_at = now() WHERE lead_id = 12;
SELECT count(*) FROM wins.transitions WHERE undone_at IS NULL;
CREATE ROLE undo_reader; CREATE ROLE undo_mover;
GRANT USAGE ON SCHEMA wins TO undo_reader, undo_mover; GRANT SELECT ON ALL TABLES IN SCHEMA wins TO undo_reader, undo_mover;
GRANT INSERT ON wins.transitions TO undo_mover;
SET ROLE undo_reader;
SELECT lead_scoring.undo_move('wins', 11, 4);
SELECT lead_scoring.reset_engagement('wins', 11);
SELECT lead_scoring.replay('wins', 11);
SELECT lead_scoring.replay('wins');
SET ROLE undo_mover;
SELECT lead_scoring.undo_move('wins', 11, 4, 'not yet signed');
RESET ROLE;
SELECT seq, undone_by, undo_reason FROM wins.transitions WHERE lead_id = 11 AND undo_reason = 'not yet signed';
SELECT * FROM lead_scoring.verify('wins');
SELECT lead_scoring.drop_model('wins');

-- A stage that the score calls for is entered again once its conditions have ceased to hold.
TRUNCATE events, leads, orders;
SELECT lead_scoring.create_model('scored', 'leads', 'events', status_columns => '{"stage": "stage"}', min_score => 0);
SELECT lead_scoring.add_rule('scored', 'visit', 'visit', 30), lead_scoring.add_rule('scored', 'click', 'click', 60, decay => 'window', lifespan => '1 day'),
       lead_scoring.add_stage('scored', 'mql', 50), lead_scoring.add_stage('scored', 'sql', 100), lead_scoring.add_stage('scored', 'customer', 200), lead_scoring.publish('scored');
INSERT INTO leads VALUES (1), (2), (3);
INSERT INTO events VALUES (1, 'visit', now() - interval '3 days'), (1, 'visit', now() - interval '2 days');
SELECT seq, from_stage, to_stage FROM scored.moves WHERE lead_id = 1 ORDER BY seq;
SELECT lead_scoring.undo_move('scored', 1, 1, 'a bot');
INSERT INTO events VALUES (1, 'visit', now() - interval '1 day');
SELECT stage, stage_seq, stage_since IS NULL AS from_the_beginning FROM scored.scores WHERE lead_id = 1;
SELECT l.stage FROM leads l WHERE lead_id = 1;
-- Above it the lead goes on by itself.
INSERT INTO events VALUES (1, 'visit', now() - interval '1 hour');
SELECT stage, stage_seq FROM scored.scores WHERE lead_id = 1;
SELECT * FROM lead_scoring.verify('scored');
-- It ceases by deletion, and holds again.
INSERT INTO events VALUES (2, 'visit', now() - interval '3 days'), (2, 'visit', now() - interval '2 days');
SELECT lead_scoring.undo_move('scored', 2, 1);
DELETE FROM events WHERE lead_id = 2 AND occurred_at < now() - interval '60 hours';
INSERT INTO events VALUES (2, 'visit', now() - interval '1 hour');
SELECT stage, stage_seq FROM scored.scores WHERE lead_id = 2;
-- It ceases by time: a click is worth nothing after a day.
INSERT INTO events VALUES (3, 'click', now() - interval '23 hours 59 minutes 59.7 seconds');
SELECT lead_scoring.undo_move('scored', 3, 1);
SELECT stage, due_at IS NOT NULL AS is_due FROM scored.scores WHERE lead_id = 3;
SELECT pg_sleep(0.4);
INSERT INTO events VALUES (3, 'click', clock_timestamp());
SELECT stage FROM scored.scores WHERE lead_id = 3;
SELECT * FROM lead_scoring.verify('scored');
-- The row of scores may be lost: history knows what was taken back.
INSERT INTO leads VALUES (4);
INSERT INTO events VALUES (4, 'visit', now() - interval '3 days'), (4, 'visit', now() - interval '2 days');
SELECT lead_scoring.undo_move('scored', 4, 1);
SELECT lead_scoring.pause('scored');
DELETE FROM scored.scores WHERE lead_id = 4;
SELECT lead_scoring.resume('scored');
INSERT INTO events VALUES (4, 'visit', now() - interval '1 hour');
SELECT stage, stage_seq FROM scored.scores WHERE lead_id = 4;
SELECT * FROM lead_scoring.verify('scored');
-- A trigger of the user's that keeps a move as it was would leave half a history.
CREATE FUNCTION keep_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.seq <> 2 THEN NEW END; END $$;
CREATE TRIGGER keep_move BEFORE UPDATE ON scored.transitions FOR EACH ROW EXECUTE FUNCTION keep_move();
SELECT lead_scoring.undo_move('scored', 1, 2);
SELECT lead_scoring.replay('scored', 1);
SELECT lead_scoring.replay('scored');
DROP TRIGGER keep_move ON scored.transitions;
DROP FUNCTION keep_move;
SELECT * FROM lead_scoring.verify('scored');
-- Two leads of which one was undone.
SELECT lead_scoring.merge_leads('scored', 4, 2);
SELECT seq, from_stage, to_stage, undone_at IS NOT NULL AS undone FROM scored.transitions WHERE lead_id = 2 ORDER BY seq;
SELECT * FROM lead_scoring.verify('scored');
SELECT lead_scoring.drop_model('scored');

-- Engagement reset: what came before counts no more, whatever it would have decayed to.
TRUNCATE events, leads;
SELECT lead_scoring.create_model('resets', 'leads', 'events', status_columns => '{}', min_score => 0);
SELECT lead_scoring.add_rule('resets', 'visit', 'visit', 40, decay => 'exponential', half_life => '14 days'),
       lead_scoring.add_rule('resets', 'page', 'page', 1, limit_count => 2, limit_window => 'ever'),
       lead_scoring.add_fit_rule('resets', 'vp', $$name = 'VP'$$, 5),
       lead_scoring.add_stage('resets', 'mql', 40, requires => '{"visit": 1}'), lead_scoring.publish('resets');
INSERT INTO leads VALUES (21, 'VP');
INSERT INTO events (lead_id, type, occurred_at) VALUES (21, 'visit', now()), (21, 'page', now()), (21, 'page', now());
SELECT stage, score FROM resets.scores;
SELECT set_config('test.reset', lead_scoring.reset_engagement('resets', 21, 'said no')::text, false) IS NOT NULL AS reset;
SELECT stage, score, engagement, fit FROM resets.scores;
INSERT INTO events (lead_id, type, occurred_at) VALUES (21, 'visit', now() + interval '14 days');
SELECT round(lead_scoring.score_at('resets', 21, now() + interval '15 days')::numeric, 2);
SELECT rule_group, rule, times, capped FROM lead_scoring.explain('resets', 21);
-- An event that is late counts no more either; a limit begins anew.
INSERT INTO events (lead_id, type, occurred_at) VALUES (21, 'page', now() - interval '1 day'), (21, 'page', clock_timestamp()), (21, 'page', clock_timestamp() + interval '1 ms');
SELECT score FROM resets.scores;
SELECT lead_id, points, reason, author = current_user AS mine, resets FROM resets.adjustments;
SELECT * FROM lead_scoring.verify('resets');
SELECT lead_scoring.cancel_adjustment('resets', current_setting('test.reset')::uuid, 'said yes');
SELECT score BETWEEN 46.99 AND 47 AS counts_again FROM resets.scores;
SELECT * FROM lead_scoring.verify('resets');
SELECT lead_scoring.reset_engagement('resets', 99);
SELECT lead_scoring.reset_engagement('resets', NULL::text);
SELECT lead_scoring.reset_engagement('nothing', 21);
SELECT lead_scoring.drop_model('resets');

-- A history made anew: dates of today's events, moves by hand again, and what was taken back stays so.
TRUNCATE events, leads;
SELECT lead_scoring.create_model('again', 'leads', 'events');
SELECT lead_scoring.add_rule('again', 'visit', 'visit', 30), lead_scoring.add_stage('again', 'mql', 50),
       lead_scoring.add_stage('again', 'sql'), lead_scoring.add_stage('again', 'customer', on_event => 'won'), lead_scoring.publish('again');
INSERT INTO leads VALUES (1), (2), (3);
INSERT INTO events VALUES (1, 'visit', '2026-03-01'), (1, 'visit', '2026-03-03'), (2, 'visit', '2026-03-01'), (2, 'visit', '2026-03-02'), (3, 'won', '2026-03-01'), (3, 'visit', '2026-03-02');
SELECT lead_scoring.set_stage('again', 2, 'sql', 'called them');
SELECT lead_scoring.undo_move('again', 3, 1, 'not theirs');
INSERT INTO events VALUES (1, 'visit', '2026-02-01');
DELETE FROM events WHERE lead_id = 2 AND occurred_at = '2026-03-02';
SELECT lead_id, mql_at FROM leads ORDER BY 1;
SELECT lead_scoring.replay('again', 1);
SELECT lead_id, mql_at FROM leads ORDER BY 1;
SELECT lead_scoring.replay('again');
SELECT lead_id, seq, from_stage, to_stage, cause, actor = current_user AS mine, reason, CASE WHEN at < '2026-04-01' THEN at END AS at, undo_reason, superseded FROM again.transitions ORDER BY lead_id, seq;
SELECT lead_id, lead_stage, mql_at FROM leads ORDER BY 1;
SELECT period, mqls, customers FROM again.funnel;
SELECT * FROM lead_scoring.verify('again');
-- What a score calls for is made again, and a notice says so; its service level runs anew.
SELECT lead_scoring.add_stage('again', 'recycled', kind => 'detour', on_event => 'recycle');
UPDATE again.stages SET within = '1 day', timeout_stage = 'recycled' WHERE name = 'mql';
SELECT lead_scoring.publish('again');
SET client_min_messages = notice;
SELECT lead_scoring.undo_move('again', 1, 3, 'a bot');
SELECT lead_scoring.replay('again', 1);
SELECT seq, from_stage, to_stage, cause, undo_reason FROM again.transitions WHERE lead_id = 1 ORDER BY seq;
SET client_min_messages = warning;
SELECT * FROM lead_scoring.verify('again');
SELECT lead_scoring.replay('again', 99);
SELECT lead_scoring.replay('again', NULL::bigint);
SELECT lead_scoring.replay('nothing');
SELECT lead_scoring.replay(NULL);
SELECT lead_scoring.drop_model('again');
DROP TABLE leads, events, orders;
DROP ROLE undo_reader, undo_mover;

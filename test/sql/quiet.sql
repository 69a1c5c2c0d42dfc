-- Rules of silence: points while the latest match, or the coming of the lead, is older than an interval; and what rules of
-- frequency and silence are refused for.
SET timezone = 'UTC';
CREATE TABLE quiet_leads (id integer PRIMARY KEY, created_at timestamptz);
CREATE TABLE quiet_events (id bigserial PRIMARY KEY, lead_id integer, type text, occurred_at timestamptz, channel text);
CREATE INDEX ON quiet_events (lead_id);
SELECT lead_scoring.create_model('quiet', 'quiet_leads', 'quiet_events', status_columns => '{}');
SELECT lead_scoring.add_rule('quiet', 'silent', '*', -10, quiet_for => '30 days');
SELECT lead_scoring.add_rule('quiet', 'no call yet', 'call', 20, quiet_for => '5 days');
SELECT lead_scoring.add_rule('quiet', 'visit', 'visit', 8);
SELECT lead_scoring.add_stage('quiet', 'to call', 20, requires => '{"no call yet": 1}', falls_below => 15);
SELECT lead_scoring.publish('quiet');
SELECT e.sentence FROM lead_scoring.definition('quiet') e WHERE e.what = 'rule' ORDER BY e.place;
INSERT INTO quiet_leads VALUES (1, '2026-01-01'), (2, '2026-01-01'), (3, NULL), (4, '2026-03-01');
-- Without settings.lead_created a lead that never matched counts for nothing.
SELECT lead_scoring.score_at('quiet', 1, '2026-05-01');
UPDATE quiet.settings SET lead_created = 'created_at';
SELECT lead_scoring.publish('quiet', 'leads came');
SELECT l, at, lead_scoring.score_at('quiet', l, at) FROM generate_series(1, 3) l, unnest('{2026-01-06,2026-01-06 00:00:00.000001,2026-01-31,2026-01-31 00:00:00.000001}'::timestamptz[]) at ORDER BY l, at;
SELECT * FROM lead_scoring.verify('quiet');
-- In history each move is dated by its instant; events end silence, whenever they come in.
SELECT count(*) FROM lead_scoring.replay('quiet');
INSERT INTO quiet_events (lead_id, type, occurred_at) VALUES (2, 'visit', '2026-01-03');
INSERT INTO quiet_events (lead_id, type, occurred_at) VALUES (2, 'call', '2026-01-20');
INSERT INTO quiet_events (lead_id, type, occurred_at) VALUES (3, 'call', '2026-01-20');
SELECT count(*) FROM lead_scoring.replay('quiet');
SELECT lead_id, seq, from_stage, to_stage, at, cause, score FROM quiet.moves WHERE lead_id < 4 ORDER BY lead_id, seq;
SELECT * FROM lead_scoring.explain('quiet', 2, '2026-02-20');
SELECT at, source, event_type, rule, points, score, stage FROM lead_scoring.history('quiet', 2, NULL, '2026-02-28');
SELECT what, needed, has, missing, verdict, how FROM lead_scoring.why_not('quiet', 4, 'to call', '2026-03-02');
SELECT * FROM lead_scoring.verify('quiet');
-- It came at another time; its event is taken back; its engagement begins anew.
UPDATE quiet_leads SET created_at = '2026-01-15' WHERE id = 1;
SELECT at, lead_scoring.score_at('quiet', 1, at) FROM unnest('{2026-01-16,2026-01-21,2026-02-15}'::timestamptz[]) at;
DELETE FROM quiet_events WHERE lead_id = 2 AND type = 'call';
SELECT lead_scoring.score_at('quiet', 2, '2026-01-20');
SELECT lead_scoring.reset_engagement('quiet', 2) IS NOT NULL AS reset;
SELECT score FROM quiet.leads WHERE lead_id = 2;
SELECT lead_scoring.score_at('quiet', 2, now() + interval '6 days') AS after_reset;
DELETE FROM quiet_leads WHERE id = 2;
SELECT * FROM lead_scoring.verify('quiet');
-- What is due is due when silence may lift the lead, and no sooner.
SELECT count(*) AS due FROM quiet.scores WHERE due_at IS NOT NULL AND due_at <= now();
CALL lead_scoring.refresh('quiet');
SELECT * FROM lead_scoring.verify('quiet');

-- As a document, and back.
SELECT export ->> 'rules' AS rules FROM lead_scoring.export_model('quiet') export;
SELECT lead_scoring.apply_model('quiet', lead_scoring.export_model('quiet')::jsonb);
SELECT what, name, field, old, new FROM lead_scoring.diff('quiet');
UPDATE quiet.rules SET quiet_for = '40 days' WHERE name = 'silent';
SELECT what, name, field, old, new FROM lead_scoring.diff('quiet');
SELECT lead_scoring.load_draft('quiet', 2);
SELECT what, name, field, old, new FROM lead_scoring.diff('quiet');

-- Refused, and what helps.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 0, within => '7 days');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 1001, within => '7 days');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 3);
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, within => '7 days');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 3, within => '0');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 3, within => '1 month');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, distinct_key => 'channel');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, keep => true);
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, keep => NULL);
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, quiet_for => '-1 day');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, quiet_for => '7 days', decay => 'exponential', half_life => '7 days');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, quiet_for => '7 days', at_least => 3, within => '7 days');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, quiet_for => '7 days', max_points => 3);
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 3, within => '7 days', per => 'lead_id');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 3, within => '7 days', limit_count => 3, limit_window => 'day');
SELECT lead_scoring.add_rule('quiet', 'x', 'visit', 1, at_least => 3, within => '7 days', distinct_key => 'chanel');
INSERT INTO quiet.rules (name, condition, points, quiet_for) VALUES ('x', 'true', 1, '7 days');
UPDATE quiet.stages SET requires = '{"no call yet": 2}' WHERE name = 'to call';

-- Of several sources a rule that has an expression names one; one that has none is of all.
CREATE TABLE quiet_mails (lead_id integer, occurred_at timestamptz);
CREATE INDEX ON quiet_mails (lead_id);
SELECT lead_scoring.add_source('quiet', 'mails', 'quiet_mails', every_event => 'mail');
SELECT lead_scoring.add_rule('quiet', 'x', '*', 1, $$channel = 'web'$$, at_least => 1, within => '7 days');
SELECT lead_scoring.add_rule('quiet', 'x', '*', 1, $$channel = 'web'$$, at_least => 1, within => '7 days', source => 'events');
SELECT lead_scoring.add_rule('quiet', 'any mail', '*', 2, source => 'mails');
SELECT lead_scoring.add_rule('quiet', 'nothing at all', '*', 4, quiet_for => '10 days');
SELECT name, source FROM quiet.rules ORDER BY name;
SELECT lead_scoring.publish('quiet', 'mails');
SELECT e.sentence FROM lead_scoring.definition('quiet') e WHERE e.what = 'rule' ORDER BY e.place;
INSERT INTO quiet_mails VALUES (1, '2026-02-01');
SELECT rule, times, capped FROM lead_scoring.explain('quiet', 1, '2026-02-02');
SELECT lead_scoring.load_draft('quiet', 3);
SELECT what, name, field, old, new FROM lead_scoring.diff('quiet');
SELECT * FROM lead_scoring.verify('quiet');
SELECT lead_scoring.drop_model('quiet');
DROP TABLE quiet_mails, quiet_events, quiet_leads;

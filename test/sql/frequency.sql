-- Rules of frequency: points while so many matches, or values of a key, lie within an interval.
SET timezone = 'UTC';
CREATE TABLE frequency_leads (id integer PRIMARY KEY, created_at timestamptz);
CREATE TABLE frequency_events (id bigserial PRIMARY KEY, lead_id integer, type text, occurred_at timestamptz, channel text);
CREATE INDEX ON frequency_events (lead_id);
SELECT lead_scoring.create_model('frequency', 'frequency_leads', 'frequency_events', status_columns => '{}');
SELECT lead_scoring.add_rule('frequency', 'pricing three times', 'pricing', 20, at_least => 3, within => '7 days');
SELECT lead_scoring.add_rule('frequency', 'three channels', '*', 15, at_least => 3, within => '30 days', distinct_key => 'channel');
SELECT lead_scoring.add_rule('frequency', 'twice, kept', 'pricing', 5, at_least => 2, within => '1 day', keep => true);
SELECT lead_scoring.add_rule('frequency', 'two channels, kept', 'pricing', 1, at_least => 2, within => '2 days', distinct_key => 'channel', keep => true);
SELECT lead_scoring.add_rule('frequency', 'too many mails', 'mail', -10, at_least => 2, within => '3 days');
SELECT lead_scoring.add_stage('frequency', 'mql', 20, falls_below => 15);
SELECT lead_scoring.add_stage('frequency', 'sql', requires => '{"three channels": 1}');
SELECT lead_scoring.publish('frequency');
SELECT e.sentence FROM lead_scoring.definition('frequency') e WHERE e.what IN ('rule', 'stage') ORDER BY e.place;
INSERT INTO frequency_leads SELECT g FROM generate_series(1, 6) g;

-- The window ends with its last instant: a match at its beginning is no more in it.
INSERT INTO frequency_events (lead_id, type, occurred_at) VALUES
    (1, 'pricing', '2026-01-01 00:00'), (1, 'pricing', '2026-01-03 00:00'), (1, 'pricing', '2026-01-07 23:59:59.999999'),
    (2, 'pricing', '2026-01-01 00:00'), (2, 'pricing', '2026-01-03 00:00'), (2, 'pricing', '2026-01-08 00:00');
SELECT lead_id, seq, from_stage, to_stage, at, cause, rule, score FROM frequency.transitions ORDER BY lead_id, seq;
SELECT l, at, lead_scoring.score_at('frequency', l, at) FROM generate_series(1, 2) l,
    unnest('{2026-01-07 23:59:59.999999,2026-01-08,2026-01-10}'::timestamptz[]) at ORDER BY l, at;
SELECT l.lead_id, s.due_at, s.card FROM generate_series(1, 2) l (lead_id) JOIN frequency.scores s USING (lead_id) ORDER BY 1;
SELECT * FROM lead_scoring.verify('frequency');

-- In any order, and what is older than the latest ones.
INSERT INTO frequency_events (lead_id, type, occurred_at) VALUES (3, 'pricing', '2026-01-10 00:00');
INSERT INTO frequency_events (lead_id, type, occurred_at) VALUES (3, 'pricing', '2026-01-04 12:00');
INSERT INTO frequency_events (lead_id, type, occurred_at) VALUES (3, 'pricing', '2026-01-06 00:00');
INSERT INTO frequency_events (lead_id, type, occurred_at) VALUES (3, 'pricing', '2025-12-30 00:00'), (3, 'pricing', '2026-01-03 13:00');
SELECT at, lead_scoring.score_at('frequency', 3, at) FROM unnest('{2026-01-10,2026-01-11,2026-01-11 12:00}'::timestamptz[]) at;
SELECT * FROM lead_scoring.explain('frequency', 3, '2026-01-11');
SELECT * FROM lead_scoring.verify('frequency');
-- Kept from the first time on, whatever comes or goes later; taken back with what it rested on.
DELETE FROM frequency_events WHERE lead_id = 3 AND occurred_at = '2026-01-03 13:00';
SELECT lead_scoring.score_at('frequency', 3, '2026-02-01');
INSERT INTO frequency_events (lead_id, type, occurred_at, channel) VALUES (3, 'pricing', '2025-12-30 20:00', 'mail'), (3, 'pricing', '2025-12-29 20:00', 'web');
SELECT lead_scoring.score_at('frequency', 3, '2026-02-01');
SELECT * FROM lead_scoring.verify('frequency');

-- Values rather than matches; what has none counts nothing, of whatever type.
INSERT INTO frequency_events (lead_id, type, occurred_at, channel) VALUES
    (4, 'visit', '2026-01-01', 'web'), (4, 'mail', '2026-01-05', 'mail'), (4, 'visit', '2026-01-06', 'web'), (4, 'visit', '2026-01-07', NULL), (4, 'call', '2026-01-20', 'phone'),
    (5, 'visit', '2026-01-01', 'web'), (5, 'mail', '2026-01-05', 'mail'), (5, 'mail', '2026-01-06', 'mail'), (5, 'visit', '2026-01-07', 'mail');
SELECT lead_id, seq, from_stage, to_stage, at, cause, rule, score FROM frequency.transitions WHERE lead_id IN (4, 5) ORDER BY lead_id, seq;
SELECT * FROM lead_scoring.explain('frequency', 4, '2026-01-21');
SELECT * FROM lead_scoring.explain('frequency', 5, '2026-01-07');
SELECT at, source, event_type, rule, points, score, stage FROM lead_scoring.history('frequency', 5, NULL, '2026-01-30');
SELECT what, needed, has, missing, verdict, how FROM lead_scoring.why_not('frequency', 5, 'sql', '2026-01-07');
SELECT what, needed, has, missing, verdict, how FROM lead_scoring.why_not('frequency', 6, 'mql', '2026-01-07');
SELECT * FROM lead_scoring.verify('frequency');

-- Visits ten days apart are not three within seven, and three channels are counted over all types of events.
INSERT INTO frequency_events (lead_id, type, occurred_at, channel) VALUES (6, 'pricing', '2026-01-01', 'google'), (6, 'pricing', '2026-01-11', 'google'), (6, 'pricing', '2026-01-21', 'google'), (6, 'mail', '2026-01-21', 'mail');
SELECT lead_id, stage, lead_scoring.score_at('frequency', 6, '2026-01-21') FROM frequency.leads WHERE lead_id = 6;

-- Against plain SQL, of events that come in no order, some of them corrected and some taken back.
SELECT setseed(0.4);
DO $$
BEGIN
    FOR i IN 1..120 LOOP
        INSERT INTO frequency_events (lead_id, type, occurred_at, channel)
        SELECT 11 + n % 12, (ARRAY['pricing', 'mail', 'visit'])[1 + floor(random() * 3)], timestamptz '2026-03-01' + round(random() * 600) * interval '1 hour', (ARRAY['web', 'mail', 'phone', NULL])[1 + floor(random() * 4)]
          FROM generate_series(i, i + floor(random() * 5)::integer) n;
        UPDATE frequency_events SET occurred_at = occurred_at + interval '5 hours', channel = 'web' WHERE id % 40 = i % 40 AND lead_id > 10 AND random() < 0.3;
        DELETE FROM frequency_events WHERE id % 50 = i % 50 AND lead_id > 10 AND random() < 0.2;
    END LOOP;
END
$$;
SELECT count(*) AS instants, count(*) FILTER (WHERE lead_scoring.score_at('frequency', l, at) IS DISTINCT FROM expected.score) AS wrong, count(DISTINCT expected.score) > 10 AS differs
  FROM generate_series(11, 22) l, generate_series(timestamptz '2026-03-01', '2026-04-20', '25 hours') at,
       LATERAL (SELECT (20 * (count(*) FILTER (WHERE type = 'pricing' AND occurred_at > at - interval '7 days') >= 3)::integer
                      + 15 * (count(DISTINCT channel) FILTER (WHERE occurred_at > at - interval '30 days') >= 3)::integer
                      + 5 * coalesce(bool_or(type = 'pricing' AND (SELECT count(*) >= 2 FROM frequency_events o WHERE o.lead_id = l AND o.type = 'pricing' AND o.occurred_at <= e.occurred_at AND o.occurred_at > e.occurred_at - interval '1 day')), false)::integer
                      + 1 * coalesce(bool_or(type = 'pricing' AND (SELECT count(DISTINCT o.channel) >= 2 FROM frequency_events o WHERE o.lead_id = l AND o.type = 'pricing' AND o.occurred_at <= e.occurred_at AND o.occurred_at > e.occurred_at - interval '2 days')), false)::integer
                      - 10 * (count(*) FILTER (WHERE type = 'mail' AND occurred_at > at - interval '3 days') >= 2)::integer)::float8 AS score
                  FROM frequency_events e WHERE e.lead_id = l AND e.occurred_at <= at) expected;
SELECT * FROM lead_scoring.verify('frequency');

-- Merged, reset, replayed, published anew: as if it had all come in order.
SELECT lead_scoring.merge_leads('frequency', 2, 1);
SELECT lead_scoring.score_at('frequency', 1, '2026-01-08 12:00'), lead_scoring.score_at('frequency', 1, '2026-01-14 23:59');
SELECT lead_scoring.reset_engagement('frequency', 3, 'wrong') IS NOT NULL AS reset;
SELECT score FROM frequency.leads WHERE lead_id = 3;
SELECT * FROM lead_scoring.verify('frequency');
SELECT lead_scoring.add_rule('frequency', 'call', 'call', 3);
SELECT lead_scoring.publish('frequency', 'another');
SELECT count(*) FROM lead_scoring.replay('frequency');
SELECT * FROM lead_scoring.verify('frequency');
CALL lead_scoring.refresh('frequency');
SELECT * FROM lead_scoring.verify('frequency');
SELECT lead_scoring.drop_model('frequency');
DROP TABLE frequency_events, frequency_leads;

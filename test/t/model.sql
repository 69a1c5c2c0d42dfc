-- A small model for the tests in this folder: limits, decay, fit and stages, scored by triggers.
CREATE EXTENSION lead_scoring;
CREATE TABLE leads (id bigint PRIMARY KEY, title text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, properties jsonb DEFAULT '{}');
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('web', leads => 'leads', events => 'events');
SELECT lead_scoring.add_rule('web', 'download', 'download', 5, limit_count => 2, limit_window => 'day'),
       lead_scoring.add_rule('web', 'pricing', 'visit', 10, $$properties->>'path' = '/pricing'$$,
                             decay => 'exponential', half_life => '7 days'),
       lead_scoring.add_fit_rule('web', 'chief', $$title LIKE 'C_O'$$, 15);
SELECT lead_scoring.add_stage('web', 'mql', min_score => 30),
       lead_scoring.add_stage('web', 'customer', on_event => 'won');
SELECT lead_scoring.publish('web', 'first');

-- add_events(n): n events an hour apart of twenty leads
CREATE PROCEDURE add_events(n integer) LANGUAGE sql AS $$
    INSERT INTO events
    SELECT i * 7 % 20, CASE WHEN i % 50 = 0 THEN 'won' WHEN i % 3 = 0 THEN 'download' ELSE 'visit' END,
           '2026-01-01'::timestamptz + i * interval '1 hour', jsonb_build_object('path', CASE WHEN i % 2 = 0 THEN '/pricing' END)
    FROM generate_series(1, n) AS i
$$;
INSERT INTO leads SELECT i, CASE WHEN i % 4 = 0 THEN 'CEO' ELSE 'Analyst' END FROM generate_series(0, 19) AS i;
CALL add_events(500);

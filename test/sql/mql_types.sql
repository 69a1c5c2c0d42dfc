-- The template of kinds of MQLs: a lead of each type walks through it.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA mql_types_test;
SET search_path = mql_types_test, public;
CREATE TABLE leads (id text PRIMARY KEY, job_title text);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz, properties jsonb);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.apply_model('kinds', definition, tables => '{"leads": "mql_types_test.leads", "events": "mql_types_test.events"}') FROM lead_scoring.templates('mql_types');
INSERT INTO leads VALUES ('social', NULL), ('e-mail', 'VP Sales'), ('level 4', 'Director'), ('symptom-aware', 'Head of Support'), ('problem-aware', NULL), ('solution-aware', NULL),
    ('product-qualified', NULL), ('cold', NULL), ('was social, is cold', NULL), ('a student', 'student'), ('asked', NULL);
-- In the last days each did what makes it what it is; whom level 4 calls did it all at once.
INSERT INTO events
SELECT e.lead, e.type, date_trunc('hour', clock_timestamp()) - interval '6 days' + n * interval '1 day' * e.step, e.properties::jsonb
  FROM (VALUES ('social', 'social_engaged', 5, NULL, 1), ('e-mail', 'email_clicked', 3, NULL, 1), ('symptom-aware', 'content_read', 3, '{"topic": "symptom"}', 1),
               ('problem-aware', 'content_read', 3, '{"topic": "problem"}', 1), ('problem-aware', 'content_read', 2, '{"topic": "symptom"}', 1),
               ('solution-aware', 'content_read', 2, '{"topic": "solution"}', 1), ('solution-aware', 'content_read', 2, '{"topic": "problem"}', 1),
               ('level 4', 'content_read', 4, '{"topic": "solution"}', 0), ('level 4', 'email_clicked', 3, NULL, 0), ('level 4', 'content_read', 3, '{"topic": "problem"}', 0),
               ('product-qualified', 'feature_used', 3, '{"feature": "export"}', 1), ('a student', 'content_read', 5, '{"topic": "solution"}', 1)) e (lead, type, times, properties, step),
       generate_series(1, e.times) n;
INSERT INTO events VALUES ('asked', 'demo_request', clock_timestamp() - interval '1 day', NULL), ('cold', 'email_clicked', '2024-01-01', NULL);
INSERT INTO events SELECT 'was social, is cold', 'social_engaged', timestamptz '2024-01-01' + n * interval '1 day', NULL FROM generate_series(1, 5) n;
SELECT lead_id, to_stage, entry, lead_type FROM kinds.transitions WHERE to_stage = 'mql' ORDER BY lead_id;
SELECT lead_id, stage, lead_type FROM kinds.leads ORDER BY lead_id;
SELECT dimension, sum(mqls) FROM lead_scoring.funnel('kinds', by => 'lead_type') GROUP BY 1 ORDER BY 1;
SELECT * FROM lead_scoring.verify('kinds');
SELECT lead_scoring.drop_model('kinds');
RESET search_path;
SET client_min_messages = error;
DROP SCHEMA mql_types_test CASCADE;

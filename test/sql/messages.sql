-- What a user sees of the mistakes that are made most: the message first, then why and what to do, and nothing of which
-- functions of ours found it.
SET client_min_messages = warning;
\set VERBOSITY default
\set SHOW_CONTEXT errors
CREATE TABLE leads (id bigint PRIMARY KEY, email text, employees int, lead_stage text);
CREATE TABLE events (id bigint, lead_id bigint, type text, occurred_at timestamptz, properties jsonb);

-- create_model: a column that is not there, or of another type; an index that is missing; other settings.
SELECT lead_scoring.create_model('sales', 'leads', 'events', event_time => 'happened_at');
SELECT lead_scoring.create_model('sales', 'leads', 'events');
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('sales', 'leads', 'events', status_columns => '{"stage": "employees"}');
SELECT lead_scoring.create_model('sales', 'leads', 'events', status_columns => '{"stage": "lead_stage"}');
SELECT lead_scoring.create_model('sales', 'leads', 'events', status_columns => '{}');

-- A model, a group and a rule that are not there; a name that is; a value that cannot be.
SELECT lead_scoring.add_group('sale', 'content');
SELECT lead_scoring.add_rule('sales', 'visit', 'page_view', points => 1, rule_group => 'content');
SELECT lead_scoring.add_group('sales', 'content');
SELECT lead_scoring.add_group('sales', 'content');
SELECT lead_scoring.add_rule('sales', 'visit', 'page_view', points => 1, rule_group => 'content', half_life => '1 month');
SELECT lead_scoring.add_rule('sales', 'visit', 'page_view', points => NULL, rule_group => 'content');
SELECT lead_scoring.add_stage('sales', 'lead');
SELECT lead_scoring.add_stage('sales', 'mql', requires => '{"webinar": 1}');

-- Expressions: the place is shown, and the context names the rule.
SELECT lead_scoring.add_rule('sales', 'visit', 'page_view', points => 1, rule_group => 'content', condition => $$path like '/pricing%'$$);
SELECT lead_scoring.add_rule('sales', 'visit', 'page_view', points => 1, rule_group => 'content', condition => $$properties ->> 'minutes' > 5$$);
SELECT lead_scoring.add_rule('sales', 'visit', 'page_view', points => 1, rule_group => 'content', condition => 'occurred_at > now()');
SELECT lead_scoring.add_rule('sales', 'visit', 'page_view', points => 1, rule_group => 'content', condition => 'pages >');
SELECT lead_scoring.add_fit_rule('sales', 'big', points => 1, rule_group => 'fit', condition => $$lead_stage = 'mql'$$);

-- The same by hand, at once or when the transaction ends.
INSERT INTO sales.rules (name, rule_group, event_type, points, condition) VALUES ('visit', 'content', 'page_view', 1, 'pages > 3');
INSERT INTO sales.stages (name, rank, within, timeout_stage) VALUES ('mql', 1, '1 day', 'recycled');
UPDATE sales.settings SET events = 'no_events';
INSERT INTO sales.report_settings (mql_stage) VALUES ('no_stage');
UPDATE sales.report_settings SET look_back = '90 days';
SELECT lead_scoring.publish('sales');
UPDATE sales.versions SET note = 'better';
INSERT INTO sales.scores (lead_id) VALUES (1);

-- Leads, reports and batches.
SELECT lead_scoring.set_stage('sales', 1, 'no_stage');
SELECT lead_scoring.merge_leads('sales', 1, 2);
SELECT lead_scoring.adjust('sales', 1, 'NaN');
SELECT lead_scoring.set_spend('sales', 'events', campaign => 'campaign');
SELECT * FROM lead_scoring.funnel('sales', grain => 'weekly');
SELECT * FROM lead_scoring.funnel(NULL);
CALL lead_scoring.refresh('sales', 0);
CALL lead_scoring.refresh('sale');

-- The caller's own context stays: of a function of his, and of a trigger of his that fails in the middle of a command.
CREATE FUNCTION set_up() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM lead_scoring.add_group('sales', 'content'); END $$;
SELECT set_up();
CREATE FUNCTION keep_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'events are kept' USING ERRCODE = '55000'; END $$;
INSERT INTO leads VALUES (1), (2);
INSERT INTO events VALUES (1, 1, 'page_view', '2024-01-01');
CREATE TRIGGER keep BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION keep_events();
SELECT lead_scoring.merge_leads('sales', 1, 2);
DROP TRIGGER keep ON events;
CREATE FUNCTION look_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lead_scoring.add_group('sales', 'content'); RETURN NEW; END $$;
CREATE TRIGGER look BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION look_up();
SELECT lead_scoring.merge_leads('sales', 1, 2);
DROP TRIGGER look ON events;
SELECT * FROM lead_scoring.verify('sales');
SELECT lead_scoring.drop_model('sales');
DROP TABLE leads, events;
DROP FUNCTION set_up(), keep_events(), look_up();

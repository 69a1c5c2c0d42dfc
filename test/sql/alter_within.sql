-- A session alters its own tables while one of its statements is being scored: what was compiled for the rows as they
-- were is not run on those that come after.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA alter_test;
SET search_path = alter_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, title text, employees numeric);
CREATE TABLE events (id bigint PRIMARY KEY, lead_id bigint, type text, amount numeric, occurred_at timestamptz DEFAULT '2024-01-02 12:00+00');
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('within', 'leads', 'events');
SELECT lead_scoring.add_rule('within', 'visit', 'visit', 10, limit_count => 1, limit_window => 'day');
SELECT lead_scoring.add_rule('within', 'paid', 'paid', 1, condition => 'amount > 3', per => 'amount');
SELECT lead_scoring.add_fit_rule('within', 'size', 'employees >= 50', 7);
SELECT lead_scoring.publish('within');
INSERT INTO leads SELECT i, 'Clerk', 60 FROM generate_series(1, 9) i;
INSERT INTO events SELECT i, i, 'visit', 5 FROM generate_series(1, 3) i;
SET session_replication_role = replica;
DELETE FROM within.scores WHERE lead_id > 4;
RESET session_replication_role;

-- Of several leads the first ones are computed from the log. For the last one a row of scores is made, whose trigger
-- runs :command; then that lead is computed.
CREATE FUNCTION run_command() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE current_setting('alter_test.command');
    RETURN NULL;
END
$$;
CREATE TRIGGER run_command AFTER INSERT ON within.scores FOR EACH STATEMENT EXECUTE FUNCTION run_command();
\set insert 'INSERT INTO events SELECT (SELECT max(id) FROM events) + i, i, \'visit\', 5, \'2024-01-01\' FROM generate_series(1, :last) i'

-- Another type.
SET alter_test.command = 'ALTER TABLE alter_test.leads ALTER employees TYPE int';
\set last 5
:insert;
-- A column goes, and another is where it was.
SET alter_test.command = 'ALTER TABLE alter_test.leads DROP COLUMN employees, ADD COLUMN staff text DEFAULT ''many'', ADD COLUMN employees smallint DEFAULT 60';
\set last 6
:insert;
-- What a rule reads goes for good.
SET alter_test.command = 'ALTER TABLE alter_test.leads DROP COLUMN employees';
\set last 7
:insert;
-- The key is of a type that the model cannot compare any more.
SET alter_test.command = 'ALTER TABLE alter_test.leads ALTER id TYPE numeric';
:insert;
-- The table has another name; or another table has its name.
SET alter_test.command = 'ALTER TABLE alter_test.leads RENAME TO people';
:insert;
SET alter_test.command = 'ALTER TABLE alter_test.leads RENAME TO people; CREATE TABLE alter_test.leads (title text, id bigint PRIMARY KEY)';
:insert;
-- The model's own table, which is in use, cannot be altered.
SET alter_test.command = 'ALTER TABLE within.scores ALTER score TYPE text';
:insert;
-- The mirror of it: a statement on leads alters events.
SET alter_test.command = 'ALTER TABLE alter_test.events ALTER amount TYPE int';
UPDATE leads SET id = 100 + id WHERE id IN (1, 2, 3);

SELECT lead_id, score, fit FROM within.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('within');
SET alter_test.command = 'SELECT 1';
SELECT lead_scoring.repair('within');
SELECT lead_id, score, fit FROM within.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('within');
SELECT lead_scoring.drop_model('within');
DROP SCHEMA alter_test CASCADE;

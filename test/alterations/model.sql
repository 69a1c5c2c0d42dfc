-- What the writers of the alterations write to: tables, a model, and what alters them.
SET client_min_messages = warning;
CREATE EXTENSION lead_scoring;
CREATE ROLE other;
CREATE SCHEMA elsewhere;
CREATE TYPE event_type AS ENUM ('visit', 'paid', 'call', 'won');
CREATE DOMAIN staff AS integer CHECK (VALUE >= 0);
CREATE FUNCTION is_chief(title text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT title = 'CEO' $$;

-- Runs a command in the end: those who alter may lose against writers, and then try again.
CREATE FUNCTION alter_tables(command text) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    FOR i IN 1..100 LOOP
        BEGIN
            EXECUTE command;
            RETURN;
        EXCEPTION WHEN deadlock_detected OR lock_not_available OR object_in_use OR serialization_failure THEN
            NULL;
        END;
    END LOOP;
    RAISE EXCEPTION 'given up: %', command;
END
$$;

CREATE FUNCTION make_model(partitioned boolean, with_key boolean, status text) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TABLE leads (spare integer, id bigint PRIMARY KEY, title text, employees integer, note text);
    EXECUTE 'CREATE TABLE events (spare integer, id bigint, lead_id bigint, type text, occurred_at timestamptz, amount integer,
        twice integer GENERATED ALWAYS AS (amount * 2) STORED, note text)' || CASE WHEN partitioned THEN ' PARTITION BY RANGE (id)' ELSE '' END;
    IF partitioned THEN
        CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (MINVALUE) TO (2000);
        CREATE TABLE events_2 (note text, id bigint, occurred_at timestamptz, gone text, amount integer, type text, lead_id bigint,
                               spare integer, twice integer GENERATED ALWAYS AS (amount * 2) STORED);
        ALTER TABLE events_2 DROP COLUMN gone;
        ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (2000) TO (1000000);
    END IF;
    CREATE INDEX events_lead_idx ON events (lead_id);
    IF with_key THEN
        ALTER TABLE events ADD FOREIGN KEY (lead_id) REFERENCES leads ON DELETE CASCADE ON UPDATE CASCADE;
    END IF;
    PERFORM lead_scoring.create_model('race', 'leads', 'events', status_columns => status::jsonb);
    PERFORM lead_scoring.add_rule('race', 'visit', 'visit', 10, limit_count => 1, limit_window => 'day'),
            lead_scoring.add_rule('race', 'paid', 'paid', 1, condition => 'amount > 3', per => 'amount'),
            lead_scoring.add_rule('race', 'twice', 'call', 1, per => 'twice', limit_count => 2, limit_window => 'ever', limit_key => 'note'),
            lead_scoring.add_fit_rule('race', 'size', 'employees >= 50', 7),
            lead_scoring.add_fit_rule('race', 'chief', 'is_chief(title)', 5),
            lead_scoring.add_stage('race', 'mql', min_score => 40, cooldown => '1 hour'),
            lead_scoring.add_stage('race', 'sql', min_score => 90, on_event => 'won');
    PERFORM lead_scoring.publish('race');
    INSERT INTO leads SELECT 1, i, CASE WHEN i % 3 = 0 THEN 'CEO' ELSE 'Clerk' END, i * 7, 'n' FROM generate_series(1, 15) i;
    INSERT INTO events (id, lead_id, type, occurred_at, amount)
    SELECT i, 1 + i % 15, 'visit', timestamptz '2024-01-01' + i * interval '1 hour', i FROM generate_series(1, 100) i;
END
$$;

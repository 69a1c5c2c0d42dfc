-- What the random schedules work on: tables, a model, and the gates at which sessions are held.
SET client_min_messages = warning;
CREATE EXTENSION lead_scoring;

-- Waits until the conductor opens gate number `number`. True, so that it may stand in a WHERE.
CREATE FUNCTION gate(number int) RETURNS boolean LANGUAGE plpgsql VOLATILE SET lock_timeout = 0
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(number);
    RETURN true;
END
$$;

-- key: type of the leads' keys; with_key: a foreign key from events to leads; status: 'stage', 'none' or 'score', what
-- is shown on leads; stages: 'plain', 'falling' or 'detours'; second: a second source, the table calls, of times without zone;
-- once: of events with one ref the earliest counts; leaves_out: leads that are hidden do not count, and a column says when they
-- came; identities: events may be of visitors, and the table who says which lead a visitor is; hands: moves are handed over.
CREATE FUNCTION make_model(key text, with_key boolean, partitioned boolean, status text, stages text, second boolean DEFAULT false, once boolean DEFAULT false,
                           leaves_out boolean DEFAULT false, identities boolean DEFAULT false, hands boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('CREATE TABLE leads (id %s PRIMARY KEY, title text, note text, hidden boolean, came timestamp DEFAULT localtimestamp)', key);
    EXECUTE format('CREATE TABLE events (id bigint PRIMARY KEY, lead_id %s, type text, occurred_at timestamptz, ref text, visitor text) %s',
                   key, CASE WHEN partitioned THEN 'PARTITION BY HASH (id)' END);
    IF partitioned THEN
        CREATE TABLE events_even PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE events_odd PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    END IF;
    CREATE INDEX ON events (lead_id);
    CREATE INDEX ON events (visitor) WHERE lead_id IS NULL;
    EXECUTE format('CREATE TABLE calls (id bigint PRIMARY KEY, lead_id %s, type text, occurred_at timestamp, ref text, visitor text)', key);
    CREATE INDEX ON calls (lead_id);
    IF once THEN
        CREATE INDEX ON events (lead_id, ref);
        CREATE INDEX ON calls (ref);
    END IF;
    CREATE INDEX ON calls (visitor);
    EXECUTE format('CREATE TABLE who (visitor text PRIMARY KEY, lead_id %s, note text)', key);
    CREATE INDEX ON who (lead_id);
    IF with_key THEN
        ALTER TABLE events ADD FOREIGN KEY (lead_id) REFERENCES leads ON DELETE CASCADE ON UPDATE CASCADE;
        ALTER TABLE calls ADD FOREIGN KEY (lead_id) REFERENCES leads ON DELETE CASCADE ON UPDATE CASCADE;
    END IF;

    PERFORM lead_scoring.create_model('race', 'leads', 'events', event_id => CASE WHEN once THEN 'ref' END, event_anonymous => CASE WHEN identities THEN 'visitor' END, status_columns => CASE status
        WHEN 'none' THEN '{}'
        WHEN 'score' THEN '{"stage": "lead_stage", "mql_at": "mql_at", "score": "lead_score"}'
        ELSE '{"stage": "lead_stage", "mql_at": "mql_at"}' END::jsonb);
    PERFORM lead_scoring.add_rule('race', 'visit', 'visit', 10, max_points => 80);
    PERFORM lead_scoring.add_rule('race', 'download', 'download', 5, limit_count => 1, limit_window => 'day', limit_key => 'ref');
    PERFORM lead_scoring.add_rule('race', 'call', 'call', 1, per => 'ref::float8');
    PERFORM lead_scoring.add_rule('race', 'demo', 'demo', 15, decay => 'exponential', half_life => '7 days');
    PERFORM lead_scoring.add_rule('race', 'webinar', 'webinar', 12, decay => 'linear', lifespan => '10 days');
    PERFORM lead_scoring.add_rule('race', 'trial', 'trial', 25, decay => 'window', lifespan => '1 hour');
    PERFORM lead_scoring.add_rule('race', 'complaint', 'complaint', -15);
    PERFORM lead_scoring.add_rule('race', 'often', 'visit', 4, at_least => 2, within => '2 hours');
    PERFORM lead_scoring.add_rule('race', 'refs', '*', 6, at_least => 2, within => '3 days', distinct_key => 'ref');
    PERFORM lead_scoring.add_rule('race', 'reached', 'visit', 3, at_least => 3, within => '1 day', keep => true);
    PERFORM lead_scoring.add_rule('race', 'too often', 'download', -2, at_least => 2, within => '1 day');
    PERFORM lead_scoring.add_rule('race', 'silent', 'visit', -5, quiet_for => '3 hours');
    PERFORM lead_scoring.add_rule('race', 'not called', '*', 2, quiet_for => '1 day');
    PERFORM lead_scoring.add_fit_rule('race', 'chief', $c$title = 'CEO'$c$, 20);
    IF stages = 'plain' THEN
        PERFORM lead_scoring.add_stage('race', 'mql', min_score => 30);
        PERFORM lead_scoring.add_stage('race', 'sql', min_score => 70, on_event => 'accepted');
    ELSIF stages = 'falling' THEN
        PERFORM lead_scoring.add_stage('race', 'mql', min_score => 30, falls_below => 20);
        PERFORM lead_scoring.add_stage('race', 'sql', min_score => 70, on_event => 'accepted', falls_below => 45);
    ELSE
        PERFORM lead_scoring.add_stage('race', 'mql', min_score => 30, cooldown => '1 hour');
        PERFORM lead_scoring.add_stage('race', 'recycled', kind => 'detour', on_event => 'recycle', cooldown => '1 second');
        PERFORM lead_scoring.add_stage('race', 'sql', on_event => 'accepted', within => '1 hour', timeout_stage => 'recycled');
    END IF;
    IF stages <> 'detours' THEN
        PERFORM lead_scoring.add_entry('race', 'reader', 'mql', min_score => 20, requires => '{"download": 2}');
        PERFORM lead_scoring.add_entry('race', 'tries', 'mql', on_event => 'trial');
        PERFORM lead_scoring.add_lead_type('race', 'caller', $c$(times -> 'call')::integer > 0$c$);
        PERFORM lead_scoring.add_lead_type('race', 'lately', $c$(days_since -> 'visit')::numeric < 1$c$);
    END IF;
    IF hands THEN
        UPDATE race.stages SET hand_off = true, max_attempts = 2, accepted_stage = CASE name WHEN 'mql' THEN 'sql' END, rejected_stage = 'lead' WHERE name IN ('mql', 'sql');
    END IF;
    IF leaves_out THEN
        UPDATE race.settings SET lead_condition = 'hidden IS NOT TRUE', lead_created = 'came', lead_account = 'title';
    END IF;
    IF second THEN
        PERFORM lead_scoring.add_source('race', 'second', 'calls', event_channel => 'ref', event_anonymous => CASE WHEN identities THEN 'visitor' END, event_id => CASE WHEN once THEN 'ref' END);
        PERFORM lead_scoring.add_rule('race', 'second visit', 'visit', 8, source => 'second');
        PERFORM lead_scoring.add_rule('race', 'second download', 'download', 6, limit_count => 1, limit_window => 'day', limit_key => 'ref', source => 'second');
        PERFORM lead_scoring.add_rule('race', 'second call', 'call', 2, per => 'ref::float8', source => 'second');
        PERFORM lead_scoring.add_rule('race', 'second webinar', 'webinar', 9, decay => 'linear', lifespan => '10 days', source => 'second');
    END IF;
    IF identities THEN
        PERFORM lead_scoring.set_identities('race', 'who', anonymous => 'visitor');
    END IF;
END
$$;

-- A new version in one statement: other points for a rule.
CREATE FUNCTION republish(rule text, new_points numeric, rescore boolean) RETURNS bigint LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE race.rules SET points = new_points WHERE name = rule;
    RETURN lead_scoring.publish('race', rescore => rescore);
END
$$;

-- The same by a document: that of the model, with other points for a rule.
CREATE FUNCTION apply(rule text, new_points numeric) RETURNS bigint LANGUAGE sql
AS $$
    SELECT lead_scoring.apply_model('race', jsonb_set(d.document, ARRAY['rules', (r.place - 1)::text, 'points'], to_jsonb(new_points)))
      FROM (SELECT lead_scoring.export_model('race')::jsonb) d (document)
     CROSS JOIN LATERAL jsonb_array_elements(d.document -> 'rules') WITH ORDINALITY r (item, place)
     WHERE r.item ->> 'name' = rule
$$;

-- For a WHERE, too: takes back the lead's first event while rows of the statement are there already. True.
CREATE FUNCTION correct(lead text) RETURNS boolean LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    DELETE FROM events WHERE id = (SELECT min(e.id) FROM events e WHERE e.lead_id::text = lead);
    RETURN true;
END
$$;

CREATE FUNCTION drop_tables() RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM lead_scoring.drop_model('race');
    DROP TABLE events, calls, leads, who;
END
$$;

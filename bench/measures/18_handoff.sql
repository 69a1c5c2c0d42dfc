-- Hand-offs: claims and acknowledgements of a queue of 6,000 of 30 leads, each a transaction, and of one of as many leads as there are
-- hand-offs; the same with a snapshot held meanwhile, under which nothing that is dead can be removed.
CREATE SCHEMA handing;
CREATE TABLE handing.leads (id bigint PRIMARY KEY);
CREATE TABLE handing.events (lead_id bigint, type text, occurred_at timestamptz DEFAULT clock_timestamp());
CREATE INDEX ON handing.events (lead_id);
SELECT lead_scoring.create_model('handing_model', 'handing.leads', 'handing.events', status_columns => '{}') \g /dev/null
SELECT lead_scoring.add_stage('handing_model', 'out', kind => 'detour', on_event => 'out'),
       lead_scoring.add_stage('handing_model', 'mql', rank => 10, on_event => 'in', hand_off => true) \g /dev/null
SELECT lead_scoring.publish('handing_model') \g /dev/null
SELECT least(6000, :singles / 10) AS handoffs, (least(6000, :singles / 10) - 60) / (2 * :rounds) AS deliveries \gset
CREATE TABLE bench.claims (name text, seconds float8);
CREATE PROCEDURE bench.queue(leads integer, handoffs integer) LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE handing.leads;
    TRUNCATE handing.events;
    INSERT INTO handing.leads SELECT generate_series(1, leads);
    FOR i IN 1..handoffs / leads LOOP
        INSERT INTO handing.events SELECT generate_series(1, leads), 'in';
        COMMIT;
        INSERT INTO handing.events SELECT generate_series(1, leads), 'out';
        COMMIT;
    END LOOP;
    ANALYZE handing_model.handoffs, handing_model.transitions;
END
$$;
CREATE PROCEDURE bench.deliver(measure integer, name text, round integer, n integer) LANGUAGE plpgsql AS $$
DECLARE
    c record;
    began timestamptz;
    took float8[] := '{}';
BEGIN
    PERFORM bench.start();
    FOR i IN 1..n LOOP
        began := clock_timestamp();
        SELECT * INTO STRICT c FROM lead_scoring.claim_handoffs('handing_model', 'worker');
        took := took || extract(epoch FROM clock_timestamp() - began)::float8;
        COMMIT;
        PERFORM lead_scoring.ack_handoff('handing_model', c.id, c.lease_token);
        COMMIT;
    END LOOP;
    CALL bench.stop(measure, name, round, n);
    INSERT INTO bench.claims SELECT deliver.name, unnest(took);
END
$$;
-- hold(): waits for the session that holds a snapshot.
CREATE PROCEDURE bench.hold() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..3000 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'held' AND wait_event = 'PgSleep');
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;
CREATE PROCEDURE bench.let_go() LANGUAGE sql AS $$ SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'held' $$;

-- Of each queue, the first half without a snapshot held and the second with one.
CALL bench.queue(30, :handoffs);
SELECT format('CALL bench.deliver(%s, ''of 30 leads'', %s, %s)', :measure, round, :deliveries) FROM generate_series(1, :rounds) round \gexec
\! psql -qAtX -d bench -c "SET application_name = held" -c "BEGIN ISOLATION LEVEL REPEATABLE READ" -c "SELECT count(*) FROM pg_class" -c "SELECT pg_sleep(3600)" >/dev/null 2>&1 &
CALL bench.hold();
SELECT format('CALL bench.deliver(%s, ''of 30 leads, held'', %s, %s)', :measure, round, :deliveries) FROM generate_series(1, :rounds) round \gexec
CALL bench.let_go();
CALL bench.queue(:handoffs, :handoffs);
SELECT format('CALL bench.deliver(%s, ''of many leads'', %s, %s)', :measure, round, :deliveries) FROM generate_series(1, :rounds) round \gexec
\! psql -qAtX -d bench -c "SET application_name = held" -c "BEGIN ISOLATION LEVEL REPEATABLE READ" -c "SELECT count(*) FROM pg_class" -c "SELECT pg_sleep(3600)" >/dev/null 2>&1 &
CALL bench.hold();
SELECT format('CALL bench.deliver(%s, ''of many leads, held'', %s, %s)', :measure, round, :deliveries) FROM generate_series(1, :rounds) round \gexec
CALL bench.let_go();

INSERT INTO bench.checks SELECT :measure, 'median claims over 5 ms, ' || name, (percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) > 0.005)::integer FROM bench.claims GROUP BY name;
INSERT INTO bench.checks SELECT :measure, 'hand-offs delivered out of order', count(*) FROM handing_model.handoffs a JOIN handing_model.handoffs b ON b.lead_id = a.lead_id AND b.seq > a.seq AND b.done_at < coalesce(a.done_at, 'infinity');
CALL bench.check_verify(:measure, 'handing_model');
CALL bench.compare(:measure, 'deliveries with a snapshot held, over without', 'of 30 leads, held', 'of 30 leads', '>= 0.95');
CALL bench.compare(:measure, 'the same, of as many leads as hand-offs', 'of many leads, held', 'of many leads');
SELECT lead_scoring.drop_model('handing_model') \g /dev/null
DROP SCHEMA handing CASCADE;

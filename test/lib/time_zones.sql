-- Buckets of limits around every change of a zone's clock from 1900 to 2100. CALL check_time_zones(zones) gives one event at
-- each of several instants around each change to two leads, to one in time order and to the other not, and returns the
-- zones in which a bucket goes back, or in which other matches count than the calendar in SQL says.
CREATE TABLE zone_leads (id integer PRIMARY KEY);
CREATE TABLE zone_events (lead_id integer, type text, occurred_at timestamptz);
CREATE INDEX ON zone_events (lead_id);
SELECT lead_scoring.create_model('zones', 'zone_leads', 'zone_events', status_columns => '{}');
SELECT lead_scoring.add_rule('zones', w, 'visit', 1, limit_count => 1, limit_window => w) FROM unnest(ARRAY['hour', 'day', 'week', 'month']) AS w;

-- The first second of each offset, found by halving the days in which it changes.
CREATE FUNCTION clock_changes(zone text) RETURNS SETOF timestamptz LANGUAGE plpgsql AS $$
DECLARE
    before timestamptz;
    after timestamptz;
    half timestamptz;
    reached interval;
BEGIN
    FOR after IN
        SELECT day FROM (
            SELECT day, day AT TIME ZONE zone - day AT TIME ZONE 'UTC' AS shift,
                   lag(day AT TIME ZONE zone - day AT TIME ZONE 'UTC') OVER (ORDER BY day) AS shift_before
            FROM generate_series('1900-01-01 00:00+00'::timestamptz, '2100-01-01 00:00+00', '1 day') AS day) AS days
        WHERE shift <> shift_before
    LOOP
        before := after - interval '1 day';
        reached := after AT TIME ZONE zone - after AT TIME ZONE 'UTC';
        WHILE after - before > interval '1 second' LOOP
            half := date_trunc('second', before + (after - before) / 2, 'UTC');
            IF half AT TIME ZONE zone - half AT TIME ZONE 'UTC' = reached THEN after := half; ELSE before := half; END IF;
        END LOOP;
        RETURN NEXT after;
    END LOOP;
END $$;

-- How many buckets the events fall into: of the latest date, or the latest beginning of an hour, that the local clock
-- has shown so far.
CREATE VIEW zone_buckets AS
    SELECT (SELECT time_zone FROM zones.settings) AS zone, count(DISTINCT hour) AS hour, count(DISTINCT day) AS day,
           count(DISTINCT date_trunc('week', day)) AS week, count(DISTINCT date_trunc('month', day)) AS month
    FROM (SELECT max(occurred_at - (local - date_trunc('hour', local))) OVER (ORDER BY occurred_at) AS hour,
                 max(date_trunc('day', local)) OVER (ORDER BY occurred_at) AS day
          FROM zone_events, LATERAL (SELECT occurred_at AT TIME ZONE (SELECT time_zone FROM zones.settings) AS local) AS l
          WHERE lead_id = 1) AS shown;

CREATE PROCEDURE check_time_zones(zones text[], INOUT wrong text[] DEFAULT '{}', INOUT changes bigint DEFAULT 0) LANGUAGE plpgsql AS $$
DECLARE
    zone text;
    expected record;
    lead integer;
    problem text;
    instants timestamptz[];
BEGIN
    FOREACH zone IN ARRAY zones LOOP
        instants := ARRAY(SELECT clock_changes(zone));
        changes := changes + cardinality(instants);
        TRUNCATE zone_events;
        UPDATE zones.settings SET time_zone = zone;
        PERFORM lead_scoring.publish('zones');
        BEGIN
            INSERT INTO zone_events
                SELECT 1, 'visit', at + span
                FROM unnest(instants) AS at,
                     unnest(ARRAY['-1 hour', '-1 microsecond', '0', '1 second', '1 minute', '20 minutes', '59 minutes', '1 hour',
                                  '90 minutes', '2 hours', '12 hours', '23 hours 30 minutes', '25 hours']::interval[]) AS span;
            INSERT INTO zone_events SELECT 2, type, occurred_at FROM zone_events ORDER BY hashtext(occurred_at::text) LIMIT 40;
            INSERT INTO zone_events
                SELECT 2, type, occurred_at FROM zone_events WHERE lead_id = 1
                EXCEPT ALL SELECT 2, type, occurred_at FROM zone_events WHERE lead_id = 2;
            SELECT string_agg(v.problem, ', ') INTO problem FROM lead_scoring.verify('zones') AS v;
            SELECT * INTO expected FROM zone_buckets;
            FOR lead IN 1..2 LOOP
                IF (SELECT (max(times) FILTER (WHERE rule = 'hour'), max(times) FILTER (WHERE rule = 'day'),
                            max(times) FILTER (WHERE rule = 'week'), max(times) FILTER (WHERE rule = 'month'))
                    FROM lead_scoring.explain('zones', lead, '2101-01-01') AS e(rule_group, rule, times))
                   IS DISTINCT FROM (expected.hour, expected.day, expected.week, expected.month) AND cardinality(instants) > 0 THEN
                    problem := concat_ws(', ', problem, 'other matches count');
                END IF;
            END LOOP;
        EXCEPTION WHEN internal_error THEN
            problem := SQLERRM;
        END;
        IF problem IS NOT NULL THEN
            wrong := wrong || format('%s: %s', zone, problem);
        END IF;
        COMMIT;
    END LOOP;
END $$;

-- What every measure uses: samples go in, comparisons come out.
CREATE EXTENSION IF NOT EXISTS lead_scoring;
CREATE SCHEMA bench;

-- One measured value. Samples of one round were taken one after the other, and only those are compared.
CREATE TABLE bench.samples (
    measure integer,
    name    text,     -- who or what was measured
    round   integer,
    value   float8,
    unit    text,     -- rows/s, tps, ms, MiB, bytes ...
    cpu     float8,   -- the same by the processor time of the backend, where it works alone: what else runs hardly touches it
    PRIMARY KEY (measure, name, round)
);

-- One line of the table: the value of `ours` over the value of `peer`, in each round.
CREATE TABLE bench.comparisons (
    line    integer GENERATED ALWAYS AS IDENTITY,
    measure integer,
    what    text,
    ours    text,
    peer    text,     -- NULL: the value itself is the result
    target  text      -- '>= 0.80'; NULL: for scale only
);

-- Something that must hold, or the numbers mean nothing: verify is empty, a peer gives the same answer.
CREATE TABLE bench.checks (measure integer, what text, failures bigint);

-- cpu_seconds(): processor time of this backend. The kernel adds up what it has used when it gives the processor away, and else
-- some hundred times a second only; so it does.
CREATE FUNCTION bench.cpu_seconds() RETURNS float8
RETURN (SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::float8 / 1e9 FROM pg_sleep(0.0001));

-- start() and stop(): what is between them becomes a sample, of n rows a second or in milliseconds.

CREATE FUNCTION bench.start() RETURNS void
BEGIN ATOMIC
    SELECT set_config('bench.cpu', coalesce(bench.cpu_seconds()::text, ''), false),
           set_config('bench.start', date_part('epoch', clock_timestamp())::text, false);
END;

CREATE PROCEDURE bench.stop(measure integer, name text, round integer, n bigint DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
    seconds float8 := date_part('epoch', clock_timestamp()) - current_setting('bench.start')::float8;
    cpu     float8 := CASE current_setting('max_parallel_workers_per_gather')
                           WHEN '0' THEN nullif(bench.cpu_seconds() - nullif(current_setting('bench.cpu'), '')::float8, 0) END;
BEGIN
    INSERT INTO bench.samples
    VALUES (measure, name, round, coalesce(n / seconds, seconds * 1000), CASE WHEN n IS NULL THEN 'ms' ELSE 'rows/s' END,
            coalesce(n / cpu, cpu * 1000));
    COMMIT;
END
$$;

-- time(): runs the statement as a transaction of its own.
CREATE PROCEDURE bench.time(measure integer, name text, round integer, statement text, n bigint DEFAULT NULL)
LANGUAGE plpgsql AS $$
BEGIN
    COMMIT;
    PERFORM bench.start();
    EXECUTE statement;
    COMMIT;
    CALL bench.stop(measure, name, round, n);
END
$$;

CREATE PROCEDURE bench.add_sample(measure integer, name text, round integer, value float8, unit text)
BEGIN ATOMIC
    INSERT INTO bench.samples VALUES (measure, name, round, value, unit);
END;

CREATE PROCEDURE bench.compare(measure integer, what text, ours text, peer text, target text DEFAULT NULL)
BEGIN ATOMIC
    INSERT INTO bench.comparisons (measure, what, ours, peer, target) VALUES (measure, what, ours, peer, target);
END;

CREATE PROCEDURE bench.check(measure integer, what text, failures bigint)
BEGIN ATOMIC
    INSERT INTO bench.checks VALUES (measure, what, failures);
END;

CREATE PROCEDURE bench.check_verify(measure integer, model text)
BEGIN ATOMIC
    INSERT INTO bench.checks SELECT measure, 'verify ' || model, count(*) FROM lead_scoring.verify(model);
END;

-- rotated(): the names in another order each round, so that none always comes first.
CREATE FUNCTION bench.rotated(names text[], round integer) RETURNS SETOF text
BEGIN ATOMIC
    SELECT names[1 + (i + round) % cardinality(names)] FROM generate_series(1, cardinality(names)) AS i;
END;

CREATE VIEW bench.results AS
WITH pairs AS (
    SELECT c.*, o.unit, o.round, o.value AS ours_value, p.value AS peer_value,
           CASE WHEN c.peer IS NULL THEN o.value ELSE o.value / nullif(p.value, 0) END AS ratio, o.cpu / nullif(p.cpu, 0) AS cpu_ratio
    FROM bench.comparisons c
    JOIN bench.samples o ON o.measure = c.measure AND o.name = c.ours
    LEFT JOIN bench.samples p ON p.measure = c.measure AND p.name = c.peer AND p.round = o.round
    WHERE c.peer IS NULL OR p.name IS NOT NULL
), medians AS (
    SELECT line, measure, what, ours, peer, target, unit, count(*) AS rounds,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY ours_value) AS ours_median,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY peer_value) AS peer_median,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio) AS ratio, min(ratio) AS low, max(ratio) AS high,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu_ratio) AS cpu_ratio
    FROM pairs GROUP BY line, measure, what, ours, peer, target, unit
)
SELECT *, CASE split_part(target, ' ', 1)
              WHEN '>=' THEN ratio >= split_part(target, ' ', 2)::float8
              WHEN '<=' THEN ratio <= split_part(target, ' ', 2)::float8
          END AS met
FROM medians;

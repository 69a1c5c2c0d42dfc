-- refresh: leads that nothing but time moves, one in a hundred or in ten thousand of all, fall back from mql to lead. The
-- peer is a sweep in SQL over a table with the same sums, which has to look at every lead.
CALL bench.make('ours', :many_leads, NULL);
SET search_path = ours;
SELECT lead_scoring.create_model('ours_model', 'leads', 'events'),
       lead_scoring.add_rule('ours_model', 'webinar', 'webinar', 50, decay => 'exponential', half_life => '7 days'),
       lead_scoring.add_stage('ours_model', 'mql', min_score => 40, falls_below => 20),
       lead_scoring.publish('ours_model') \g /dev/null
RESET search_path;
CALL bench.make('sweep', :many_leads);
CREATE TABLE sweep.scores (lead_id bigint PRIMARY KEY, stage text, points float8) WITH (fillfactor = 70);
CREATE TABLE sweep.transitions (lead_id bigint, at timestamptz);

-- add_webinars(): one webinar for each lead of a range, as long ago as said; 50 points are less than 20 after 9.25 days.
CREATE PROCEDURE bench.add_webinars(first bigint, last bigint, ago interval)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ours.events (lead_id, type, occurred_at, properties)
    SELECT i, 'webinar', now() - ago, '{}' FROM generate_series(first, last) AS i;
    INSERT INTO sweep.scores
    SELECT i, 'mql', 50 * exp(bench.rate(7) * (date_part('epoch', now() - ago) - 1577836800)) FROM generate_series(first, last) AS i;
    UPDATE sweep.leads SET lead_stage = 'mql' WHERE lead_id BETWEEN first AND last;
    COMMIT;
END
$$;

-- The leads of each round's turn follow upon those that are not due.
CREATE TEMP TABLE turns AS
SELECT round, share, n, :many_leads - sum(n) OVER (ORDER BY round, n) + 1 AS first
FROM generate_series(1, :rounds) AS round,
     (VALUES ('1 %', greatest(:many_leads / 100, 1)), ('0.01 %', greatest(:many_leads / 10000, 1))) AS s (share, n);
SELECT format('CALL bench.add_webinars(1, %s, ''5 days'')', min(first) - 1) FROM turns \gexec
VACUUM ANALYZE;

\set sweep 'WITH fallen AS (UPDATE sweep.scores SET stage = ''lead'' WHERE stage = ''mql'' AND points * exp(-bench.rate(7) * (date_part(''epoch'', now()) - 1577836800)) < 20 RETURNING lead_id), moved AS (UPDATE sweep.leads l SET lead_stage = ''lead'' FROM fallen WHERE l.lead_id = fallen.lead_id RETURNING l.lead_id) INSERT INTO sweep.transitions SELECT lead_id, now() FROM moved'
SELECT unnest(ARRAY[
    format('CALL bench.add_webinars(%s, %s, ''10 days'')', first, first + n - 1),
    'CHECKPOINT',
    'SELECT FROM bench.start()', 'CALL lead_scoring.refresh(''ours_model'')', format('CALL bench.stop(%s, %L, %s, 1)', :measure, 'refresh ' || share, round),
    'SELECT FROM bench.start()', :'sweep', format('CALL bench.stop(%s, %L, %s, 1)', :measure, 'sweep ' || share, round)])
FROM turns ORDER BY round, n \gexec
INSERT INTO bench.samples
SELECT measure, name || ' leads', round, value * n, 'leads/s', cpu * n
FROM bench.samples JOIN turns USING (round) WHERE measure = :measure AND name = 'refresh ' || share;

INSERT INTO bench.checks
SELECT :measure, 'leads whose stage differs', count(*) FROM ours.leads a JOIN sweep.leads b USING (lead_id) WHERE a.lead_stage <> b.lead_stage;
INSERT INTO bench.checks
SELECT :measure, 'leads that did not fall', (SELECT sum(n) FROM turns) - count(*) FROM ours_model.transitions WHERE to_stage = 'lead';
CALL bench.check_verify(:measure, 'ours_model');
CALL bench.compare(:measure, 'refresh with 0.01 % due, over a sweep in SQL', 'refresh 0.01 %', 'sweep 0.01 %', '>= 100');
CALL bench.compare(:measure, 'refresh with 1 % due, over a sweep in SQL', 'refresh 1 %', 'sweep 1 %');
CALL bench.compare(:measure, 'leads moved a second, 0.01 % due over 1 % due', 'refresh 0.01 % leads', 'refresh 1 % leads', '>= 0.5');
CALL bench.drop('sweep');

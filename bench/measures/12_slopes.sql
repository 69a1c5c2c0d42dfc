-- How cost and space grow with events and with leads: what a COPY adds to the floor an event, in processor time, and bytes a
-- lead and an event. There are no targets: docs/performance.md reckons with these.
CREATE TEMP TABLE sizes AS
SELECT row_number() OVER (ORDER BY leads, events) AS round, leads, events
FROM (VALUES (:leads / 10), (:leads)) AS l (leads),
     (VALUES (:events / 10), (:events)) AS e (events);

SELECT unnest(ARRAY[
    format('COPY (SELECT * FROM bench.events(%s, %s)) TO %L', events, leads, :'events_file' || '.slopes'),
    format('CALL bench.copy(%s, %s, ''floor'', ''forty'', %s, %s, %L)', :measure, round, leads, events, :'events_file' || '.slopes'),
    format('CALL bench.copy(%s, %s, ''ours'', ''forty'', %s, %s, %L)', :measure, round, leads, events, :'events_file' || '.slopes'),
    format('INSERT INTO bench.samples SELECT %s, ''bytes a lead'', %s, pg_total_relation_size(''ours_model.scores'') / %s, ''bytes''', :measure, round, leads),
    format('INSERT INTO bench.samples SELECT %s, ''bytes an event'', %s, pg_total_relation_size(''ours.events'') / %s, ''bytes''', :measure, round, events)])
FROM sizes ORDER BY round \gexec

INSERT INTO bench.samples
SELECT :measure, format('%s leads', leads) || format(', %s events', s.events), 1,
       1e6 / coalesce(o.cpu, o.value) - 1e6 / coalesce(f.cpu, f.value), 'us/event'
FROM sizes s JOIN bench.samples o USING (round) JOIN bench.samples f USING (measure, round)
WHERE measure = :measure AND o.name = 'ours' AND f.name = 'floor';
SELECT format('CALL bench.compare(%s, %L, %L, NULL)', :measure, 'what scoring adds: ' || name, name)
FROM bench.samples JOIN sizes ON name = format('%s leads, %s events', leads, events) WHERE measure = :measure ORDER BY sizes.round \gexec
CALL bench.compare(:measure, 'scores and its indexes, bytes a lead', 'bytes a lead', NULL);
CALL bench.compare(:measure, 'events and its indexes, bytes an event', 'bytes an event', NULL);

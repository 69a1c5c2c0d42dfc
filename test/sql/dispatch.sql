-- Conditions that compare one expression with constants are found by its value: the outcome is what SQL says.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA dispatching;
SET search_path = dispatching, public;
CREATE TYPE size AS ENUM ('small', 'large');
CREATE TABLE leads (id integer PRIMARY KEY, title varchar(20), employees integer);
CREATE TABLE events (lead_id integer, type text, occurred_at timestamptz, path text, n integer, ratio numeric, size size,
                     day date, properties jsonb);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('dispatch', 'leads', 'events');

CREATE TABLE conditions (number integer GENERATED ALWAYS AS IDENTITY, condition text);
INSERT INTO conditions (condition) VALUES
    ($$path = '/a'$$), ($$path = '/b'$$), ($$'/a' = path$$), ($$path = '/a' AND n > 3$$), ($$path = '/a' AND n > 3 AND n < 6$$),
    ($$path IN ('/a', '/c')$$), ($$path IN ('/a', '/a', NULL)$$), ($$path = ANY ('{/b,/d}')$$), ($$path <> '/a'$$),
    ($$path NOT IN ('/a', '/b')$$), ($$path = NULL$$), ($$path IS NULL$$), ($$path = '/a' OR n = 2$$),
    ($$n > 3 AND path = '/a'$$), ($$lower(path) = '/a'$$), ($$lower(path) = '/b'$$),
    ($$n = 3$$), ($$n = 3::bigint$$), ($$n = 4 AND path = '/b'$$), ($$n IN (1, 2, 3)$$), ($$n % 3 = 0$$), ($$n % 3 = 1$$),
    ($$ratio = 1.50$$), ($$ratio = 1.5$$), ($$ratio IN (1.5, 2.25)$$), ($$size = 'large'$$), ($$size IN ('small', 'large')$$),
    ($$day = '2026-01-02'$$), ($$properties ->> 'ref' = 'mail'$$), ($$properties ->> 'ref' IN ('mail', 'ad')$$),
    ($$properties -> 'n' = '3'$$), ($$(properties ->> 'n')::integer = 3$$), ($$(properties ->> 'ref') = 'ad' AND path = '/b'$$),
    ($$path COLLATE "C" = '/a'$$), ($$10 / n = 5$$), ($$n <> 0 AND 10 / n = 5$$), ($$10 / n = 2$$), (NULL), ('true'),
    -- these share what they compute, with each other and with some of the above
    ($$properties ->> 'ref' LIKE 'm%'$$), ($$properties ->> 'ref' LIKE '%a%' AND (properties ->> 'n')::integer > 2$$),
    ($$(properties ->> 'n')::integer < 4$$), ($$length(properties ->> 'ref') > 2 AND properties ->> 'ref' NOT LIKE 'x%'$$),
    ($$lower(properties ->> 'ref') = 'ad'$$), ($$properties ->> 'n' IS NULL$$), ($$properties -> 'deep' ->> 'x' LIKE '1%'$$),
    ($$properties -> 'deep' ->> 'x' LIKE '%2' OR properties -> 'deep' IS NULL$$), ($$10 / (properties ->> 'n')::integer = 5$$);
INSERT INTO conditions (condition) SELECT format('path = %L', '/page' || i) FROM generate_series(1, 200) i;
SELECT count(lead_scoring.add_rule('dispatch', 'r' || number, 'visit', 1, condition)) FROM conditions;
SELECT lead_scoring.add_rule('dispatch', 'letters', 'visit', 1, per => $$length(properties ->> 'ref')$$);
SELECT lead_scoring.add_rule('dispatch', 'once a ref', 'visit', 1, limit_count => 1, limit_window => 'ever', limit_key => $$properties ->> 'ref'$$);
SELECT lead_scoring.add_fit_rule('dispatch', 'chief', $$title = 'chief'$$, 1);
SELECT lead_scoring.add_fit_rule('dispatch', 'head', $$title IN ('head', 'chief')$$, 10);
SELECT lead_scoring.add_fit_rule('dispatch', 'large', 'employees = 1000', 100);
SELECT lead_scoring.add_stage('dispatch', 'sql', on_event => 'visit', on_event_condition => $$path = '/page7'$$);
SELECT lead_scoring.add_stage('dispatch', 'won', on_event => 'visit', on_event_condition => $$path = '/page8' AND n = 0$$);
SELECT lead_scoring.publish('dispatch');

INSERT INTO leads SELECT i, (ARRAY['chief', 'head', NULL, 'clerk'])[1 + i % 4], (ARRAY[1000, 1001, NULL])[1 + i % 3]
  FROM generate_series(1, 12) i;
INSERT INTO events
SELECT 1 + i % 12, CASE WHEN i % 20 = 0 THEN 'other' ELSE 'visit' END, timestamptz '2026-01-01 UTC' + i * interval '1 hour',
       (ARRAY['/a', '/b', '/c', '/A', NULL, '/page' || i % 200])[1 + i % 6], i % 7 - 1,
       (ARRAY[1.5, 1.50, 2.25, 2, NULL])[1 + i % 5], (ARRAY['small', 'large', NULL]::size[])[1 + i % 3],
       date '2026-01-01' + i % 4,
       CASE WHEN i % 9 > 0 THEN jsonb_build_object('ref', (ARRAY['mail', 'ad', 'x'])[1 + i % 3], 'n', i % 5, 'deep', jsonb_build_object('x', i % 23)) END
  FROM generate_series(1, 2000) i;
SELECT count(*) FROM lead_scoring.verify('dispatch');

-- What plain SQL counts for each rule; a row for which a condition raises an error does not match.
CREATE FUNCTION matches(condition text, lead integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    counted bigint := 0;
    place tid;
    holds boolean;
BEGIN
    FOR place IN SELECT ctid FROM events WHERE lead_id = lead AND type = 'visit' LOOP
        BEGIN
            EXECUTE format('SELECT %s FROM events WHERE ctid = %L', coalesce(condition, 'true'), place) INTO holds;
        EXCEPTION WHEN data_exception THEN
            holds := false;
        END;
        counted := counted + coalesce(holds, false)::integer;
    END LOOP;
    RETURN counted;
END $$;
WITH counted AS (SELECT l.id, c.condition, matches(c.condition, l.id) AS by_sql, coalesce(e.times, 0) AS by_us
                   FROM leads l CROSS JOIN conditions c
                   LEFT JOIN LATERAL (SELECT * FROM lead_scoring.explain('dispatch', l.id)) e ON e.rule = 'r' || c.number)
SELECT count(*) AS pairs, sum(by_sql) AS matches, count(*) FILTER (WHERE by_sql <> by_us) AS wrong FROM counted;
SELECT rule, count(*) AS leads, count(*) FILTER (WHERE raw <> CASE rule WHEN 'letters' THEN letters ELSE refs END) AS wrong
  FROM leads l, lead_scoring.explain('dispatch', l.id),
       LATERAL (SELECT sum(length(properties ->> 'ref')) AS letters,
                       count(DISTINCT properties ->> 'ref') + count(DISTINCT 1) FILTER (WHERE properties ->> 'ref' IS NULL) AS refs
                  FROM events WHERE lead_id = l.id AND type = 'visit') AS e
 WHERE rule IN ('letters', 'once a ref') GROUP BY rule ORDER BY rule;
SELECT count(*) FILTER (WHERE fit <> CASE WHEN title = 'chief' THEN 11 WHEN title = 'head' THEN 10 ELSE 0 END
                                   + CASE WHEN employees = 1000 THEN 100 ELSE 0 END) AS wrong_fit,
       count(*) FILTER (WHERE s.stage = 'sql') AS sql, count(*) FILTER (WHERE s.stage = 'won') AS won
  FROM dispatch.scores s JOIN leads l ON l.id = s.lead_id;
SELECT count(DISTINCT lead_id) FROM events WHERE type = 'visit' AND path = '/page7';
SELECT count(DISTINCT lead_id) FROM events WHERE type = 'visit' AND path = '/page8' AND n = 0;
SELECT DISTINCT rule, message FROM dispatch.problems ORDER BY rule;

SELECT lead_scoring.drop_model('dispatch');
DROP SCHEMA dispatching CASCADE;

-- Expressions over a row: what is taken and how it is written down, every refusal with its place, and what happens to
-- a row for which an expression raises. Errors are shown in full, but for the context; \echo shows the SQLSTATE.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA expression_test;
SET search_path = expression_test, public;
CREATE TABLE leads (id bigint PRIMARY KEY, country text);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, properties jsonb, "Odd ""name" text, "select" integer, "lead_id " integer, "año" integer, tags text[], amount numeric(10,2), day date, local timestamp);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('expression', 'leads', 'events');
\set check 'SELECT lead_scoring.check_expression(''events'', '
\set condition ', ''condition'');'
\set number ', ''number'');'
\set key ', ''key'');'

-- Taken, and as deparsed: every name qualified.
:check $$properties->>'path' LIKE '/pricing%'$$ :condition
:check $$properties @> '{"plan": "pro"}' AND (properties->>'seats')::int BETWEEN 10 AND 50$$ :condition
:check '"Odd ""name" = ''x'' OR "select" > 1 OR "lead_id " IS NULL OR año IN (1, 2, 3)' :condition
:check 'events."select" = 1 AND expression_test.events.lead_id > 5' :condition
:check 'events IS NOT NULL' :condition
:check 'coalesce(tags[1], lower(type)) ~* ''^a'' AND cardinality(tags) > 0 AND ''x'' = ANY (tags)' :condition
:check 'CASE WHEN amount > 100 THEN true ELSE NULL END' :condition
:check 'day > ''2024-01-01'' AND occurred_at >= ''2024-01-01 00:00+00''::timestamptz' :condition
:check 'true' :condition
:check 'NULL' :condition
:check 'type LIKE ''a%'' COLLATE "C"' :condition
:check 'amount' :number
:check '"select" * 1.5 + length(type)' :number
:check '''12''' :number
:check 'lower(properties->>''asset'')' :key
:check 'day' :key
:check 'properties' :key
:check 'tags' :key
:check 'lead_id' :key
:check NULL :key
-- An immutable function of the user, in the schema of the table; in another schema it must be named in full.
CREATE FUNCTION weight(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE SCHEMA expression_other;
CREATE FUNCTION expression_other.weight(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * $2';
:check 'weight("select") > 2' :condition
:check 'expression_other.weight("select", 2) > 2' :condition
:check 'weight("select", 2) > 2' :condition
\echo :LAST_ERROR_SQLSTATE

-- Refused.
:check '' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'type = ' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'type == ''a''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'type = "visit"' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'type = ''visit' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true; DROP TABLE leads' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true, false' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true FROM leads' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true AS x' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true LIMIT 1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true UNION SELECT false' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'DISTINCT true' :condition
\echo :LAST_ERROR_SQLSTATE
:check '*' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'events.*' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true -- and so on' :condition
:check 'true /*' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'country = ''DE''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'leads.country = ''DE''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'NEW.type = ''a''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'propertys ->> ''a'' = ''b''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'nothing_like_it(type)' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'length(amount) > 1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'type = 5' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'amount > ''much''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'amount::nowhere > 1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'amount' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'type' :number
\echo :LAST_ERROR_SQLSTATE
:check 'properties' :number
\echo :LAST_ERROR_SQLSTATE
:check 'amount > 1' :number
\echo :LAST_ERROR_SQLSTATE
:check 'occurred_at > now() - interval ''1 day''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'occurred_at > ''2024-01-01''' :condition
:check 'occurred_at::date = day' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'local > occurred_at' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'to_char(day, ''D'') = ''1''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'random() < 0.5' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'current_user = ''x''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'occurred_at' :key
\echo :LAST_ERROR_SQLSTATE
:check 'EXISTS (SELECT FROM leads)' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'amount > (SELECT 1)' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'lead_id IN (SELECT id FROM leads)' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'count(*) > 1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'sum(amount) > 1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'row_number() OVER () = 1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'generate_series(1, 2) = 1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'unnest(tags) = ''a''' :condition
\echo :LAST_ERROR_SQLSTATE
:check '$1' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'xmin::text = ''1''' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'ctid IS NOT NULL' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'tableoid > 0' :condition
\echo :LAST_ERROR_SQLSTATE
:check 'true', 'whatever');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.check_expression(0, 'true', 'condition');
\echo :LAST_ERROR_SQLSTATE
-- A long one: the place is found in it.
:check $$properties->>'path' LIKE '/pricing%'
   AND properties->>'plan' = 'pro'
   AND propertys->>'seats' = '5'$$ :condition
\echo :LAST_ERROR_SQLSTATE
-- The same through the draft, where the context names the rule; nothing is left behind.
SELECT lead_scoring.add_rule('expression', 'x', 'visit', 1, 'country = ''DE''');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.add_fit_rule('expression', 'x', 'type = ''visit''', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.add_stage('expression', 'x', on_event => 'visit', on_event_condition => 'now() > occurred_at');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM expression.rules;

-- Nothing on the search_path gets between an expression and pg_catalog, and no temporary object does.
CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''shadow''';
CREATE FUNCTION pg_temp.upper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''shadow''';
CREATE FUNCTION shadow_eq(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR = (FUNCTION = shadow_eq, LEFTARG = text, RIGHTARG = text);
CREATE TEMP TABLE events (other text);
SET search_path = expression_test, pg_catalog, pg_temp;
SELECT lead_scoring.check_expression('expression_test.events', $$lower(type) = 'a' AND upper(type) = 'A'$$, 'condition');
SELECT lead_scoring.check_expression('expression_test.events', $$other = 'a'$$, 'condition');
\echo :LAST_ERROR_SQLSTATE
DROP TABLE pg_temp.events;
DROP OPERATOR = (text, text);
DROP FUNCTION shadow_eq, lower(text), pg_temp.upper(text);
SET search_path = expression_test, public;

-- An expression is written down so that it means the same in every session, whatever settings one of them has.
SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -10; SET timezone = 'Asia/Tokyo'; SET quote_all_identifiers = on; SET standard_conforming_strings = off;
SELECT lead_scoring.check_expression('events', e, 'condition') FROM unnest(ARRAY['day > ''2024-02-01''', 'occurred_at > ''2024-02-01 09:00''', 'local - local > ''-1 days +02:03:04''', 'amount::float8 > 0.1234567890123456', 'amount > 12']) e;
SET standard_conforming_strings = on;
SELECT lead_scoring.add_rule('expression', 'style', 'style', 1, $$day = '2024-02-01' AND occurred_at >= '2024-02-01 09:00' AND local - (local - interval '1 day') > interval '-1 days +02:03:04' AND type <> 'a\b' AND 0.1234567890123456::float8 = amount::float8 + 0.1234567890123456$$);
SELECT lead_scoring.publish('expression');
RESET datestyle; RESET intervalstyle; RESET extra_float_digits; RESET quote_all_identifiers; SET timezone = 'UTC'; SET datestyle = 'SQL, MDY';
\c -
SET search_path = expression_test, public;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'SQL, MDY';
SET intervalstyle = 'sql_standard';
INSERT INTO events (lead_id, type, occurred_at, day, local, amount) VALUES (50, 'style', '2024-02-01 00:00', '2024-02-01', '2024-02-01', 0), (51, 'style', '2024-02-01 00:00', '2024-01-02', '2024-02-01', 0), (52, 'style', '2024-01-31 23:59', '2024-02-01', '2024-02-01', 0);
SET datestyle = 'ISO';
SELECT lead_id, score FROM expression.scores ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('expression');
TRUNCATE events;
DELETE FROM expression.rules;

-- For some rows it raises. The insert goes through, the row is no match of that rule, the problem is listed.
SELECT lead_scoring.add_rule('expression', 'seats', 'signup', 10, $$(properties->>'seats')::int > 5$$);
SELECT lead_scoring.add_rule('expression', 'signup', 'signup', 1);
SELECT lead_scoring.add_rule('expression', 'spent', 'order', 1, per => $$(properties->>'spent')::numeric / "select"$$);
SELECT lead_scoring.add_rule('expression', 'doubled', 'order', 1, $$weight("select") > 2$$);
SELECT lead_scoring.add_rule('expression', 'keyed', 'order', 100, limit_count => 1, limit_window => 'ever', limit_key => $$(properties->>'key')::int$$);
SELECT lead_scoring.add_fit_rule('expression', 'dated', $$(country::numeric) > 5$$, 1000);
SELECT lead_scoring.add_stage('expression', 'mql', rank => 10, on_event => 'signup', on_event_condition => $$(properties->>'seats')::int > 100$$);
SELECT lead_scoring.publish('expression');
INSERT INTO leads VALUES (1, '7'), (2, 'DE'), (3, NULL);
\set show 'SELECT s.lead_id, s.score, s.stage FROM expression.scores s ORDER BY 1; SELECT lead_id, rule, message, count FROM expression.problems ORDER BY lead_id, rule; SELECT * FROM lead_scoring.verify(''expression'');'
:show
INSERT INTO events (lead_id, type, occurred_at, properties) VALUES (1, 'signup', '2024-01-01', '{"seats": "n/a"}');
:show
INSERT INTO events (lead_id, type, occurred_at, properties) VALUES (1, 'signup', '2024-01-02', '{"seats": 6}'), (1, 'signup', '2024-01-03', '{"seats": "many"}'), (2, 'signup', '2024-01-03', '{"seats": 600}'), (3, 'signup', '2024-01-03', '{"seats": 1e30}');
:show
INSERT INTO events (lead_id, type, occurred_at, properties, "select") VALUES (1, 'order', '2024-01-04', '{"spent": 50, "key": 1}', 2), (1, 'order', '2024-01-04', '{"spent": 50, "key": "one"}', 0), (2, 'order', '2024-01-04', '{"spent": "x", "key": 3000000000}', 2000000000);
:show
UPDATE events SET properties = '{"seats": "a few"}' WHERE properties = '{"seats": 6}';
UPDATE leads SET country = 'DE' WHERE id = 1;
UPDATE leads SET country = '70' WHERE id = 2;
:show
-- COPY of 2,500 rows, three of them bad.
COPY events (lead_id, type, occurred_at, properties) FROM PROGRAM
'awk ''BEGIN { for (i = 1; i <= 2500; ++i) print 100 + i % 50 "\tsignup\t2024-02-01 12:" int(i / 60) % 60 ":" i % 60 "\t{\"seats\": \"" (i == 7 || i == 1203 || i == 2500 ? "n/a" : i % 10) "\"}" }''';
SELECT count(*), sum(score) FROM expression.scores WHERE lead_id >= 100;
SELECT (SELECT count(*) FROM events WHERE lead_id >= 100) + 10 * (SELECT count(*) FROM events WHERE lead_id >= 100 AND properties->>'seats' ~ '^[6-9]$');
SELECT lead_id, rule, message, count FROM expression.problems WHERE lead_id >= 100 ORDER BY lead_id, rule;
SELECT * FROM lead_scoring.verify('expression');
-- Rebuilt, by a late event and by publish: the same scores. A problem is counted when its row comes or changes.
INSERT INTO events (lead_id, type, occurred_at, "select", properties) VALUES (107, 'order', '2024-01-01', 0, '{"key": 1}');
DELETE FROM events WHERE lead_id = 107 AND type = 'order';
SELECT lead_scoring.add_rule('expression', 'nothing', 'nothing', 1);
SELECT lead_scoring.publish('expression');
SELECT count(*), sum(score) FROM expression.scores WHERE lead_id >= 100;
SELECT lead_id, rule, message, count > 0 AS counted FROM expression.problems ORDER BY lead_id, rule;
SELECT * FROM lead_scoring.verify('expression');
SELECT lead_id, sum(capped) FROM expression.scores s, LATERAL lead_scoring.explain('expression', lead_id, '2025-01-01') WHERE lead_id IN (1, 107, 150) GROUP BY 1 ORDER BY 1;

-- What is no data exception is no problem of a row: the function of a user that says so, stops the insert.
CREATE FUNCTION moody(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF $1 = 13 THEN
        RAISE 'not today';
    ELSIF $1 = 14 THEN
        RAISE 'no number' USING ERRCODE = 'invalid_text_representation', HINT = 'None.';
    END IF;
    RETURN true;
END $$;
SELECT lead_scoring.add_rule('expression', 'moody', 'mood', 1, 'moody("select")');
SELECT lead_scoring.publish('expression');
INSERT INTO events (lead_id, type, occurred_at, "select") VALUES (3, 'mood', '2024-03-01', 1), (3, 'mood', '2024-03-01', 14), (3, 'mood', '2024-03-01', 2);
SELECT lead_id, score FROM expression.scores WHERE lead_id = 3;
INSERT INTO events (lead_id, type, occurred_at, "select") VALUES (3, 'mood', '2024-03-01', 1), (3, 'mood', '2024-03-01', 13);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_id, score FROM expression.scores WHERE lead_id = 3;
SELECT lead_id, rule, message, count FROM expression.problems WHERE rule = 'moody';
-- A function that is not immutable any more is refused when it is met, and the table that lost a column as well.
ALTER FUNCTION moody VOLATILE;
INSERT INTO events (lead_id, type, occurred_at, "select") VALUES (3, 'mood', '2024-03-02', 1);
\echo :LAST_ERROR_SQLSTATE
ALTER FUNCTION moody IMMUTABLE;
INSERT INTO events (lead_id, type, occurred_at, "select") VALUES (3, 'mood', '2024-03-02', 1);
ALTER TABLE events RENAME COLUMN "select" TO chosen;
INSERT INTO events (lead_id, type, occurred_at, chosen) VALUES (3, 'mood', '2024-03-03', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT lead_id, score FROM expression.scores WHERE lead_id = 3;
ALTER TABLE events RENAME COLUMN chosen TO "select";
SELECT * FROM lead_scoring.verify('expression');
ALTER TABLE events DROP COLUMN tags, DROP COLUMN day;
INSERT INTO events (lead_id, type, occurred_at, "select") VALUES (3, 'mood', '2024-03-04', 1);
SELECT lead_id, score FROM expression.scores WHERE lead_id = 3;
SELECT * FROM lead_scoring.verify('expression');

-- Some of what the server calls immutable looks at settings all the same, and so may a function of a user's: a score does not.
CREATE FUNCTION day_of(timestamptz) RETURNS date LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1::date; END';
ALTER TABLE events ADD COLUMN share double precision, ADD COLUMN place point, ADD COLUMN area circle, ADD COLUMN way lseg;
DELETE FROM expression.rules;
SELECT lead_scoring.add_rule('expression', 'float', 'odd', 1, $$share::text = '0.30000000000000004'$$),
       lead_scoring.add_rule('expression', 'keyed', 'odd', 10, limit_count => 1, limit_window => 'ever', limit_key => 'share'),
       lead_scoring.add_rule('expression', 'point', 'odd', 100, $$place::text = '(0.30000000000000004,0)'$$),
       lead_scoring.add_rule('expression', 'bytea', 'odd', 1000, $$decode(properties->>'hex', 'hex')::text = '\x4142'$$),
       lead_scoring.add_rule('expression', 'ident', 'odd', 10000, $$quote_ident(type) = 'odd'$$),
       lead_scoring.add_rule('expression', 'zone', 'odd', 100000, $$occurred_at AT TIME ZONE (properties->>'zone') < '2024-02-01'$$),
       lead_scoring.add_rule('expression', 'users', 'odd', 1000000, $$day_of(occurred_at) = '2024-02-01'$$);
SELECT lead_scoring.publish('expression');
INSERT INTO events (lead_id, type, occurred_at, share, place, properties) SELECT 60, 'odd', '2024-02-01 03:00+00', share, point(share, 0), '{"hex": "4142", "zone": "EST"}' FROM unnest(ARRAY[0.30000000000000004, 0.3]) share;
SET extra_float_digits = -10; SET bytea_output = 'escape'; SET quote_all_identifiers = on; SET timezone_abbreviations = 'Australia'; SET timezone = 'America/New_York';
INSERT INTO events (lead_id, type, occurred_at, share, place, properties) SELECT 61, 'odd', '2024-02-01 03:00+00', share, point(share, 0), '{"hex": "4142", "zone": "EST"}' FROM unnest(ARRAY[0.30000000000000004, 0.3]) share;
SHOW extra_float_digits;
SELECT lead_id, score::bigint FROM expression.scores WHERE lead_id IN (60, 61) ORDER BY lead_id;
SELECT * FROM lead_scoring.verify('expression');
RESET extra_float_digits; RESET bytea_output; RESET quote_all_identifiers; RESET timezone_abbreviations; SET timezone = 'UTC';
SELECT * FROM lead_scoring.verify('expression');

-- And some of what it calls leakproof raises nevertheless, when an area or a length overflows.
DELETE FROM expression.rules;
SELECT lead_scoring.add_rule('expression', 'small', 'plan', 1, $$area < circle '<(0,0),1>'$$),
       lead_scoring.add_rule('expression', 'short', 'plan', 10, $$way < lseg '[(0,0),(1,1)]'$$);
SELECT lead_scoring.publish('expression');
INSERT INTO events (lead_id, type, occurred_at, area, way) VALUES (62, 'plan', '2024-02-01', '<(0,0),1e200>', '[(0,0),(0,0.5)]'), (62, 'plan', '2024-02-01', '<(0,0),0.5>', '[(-1e308,-1e308),(1e308,1e308)]');
SELECT lead_id, score FROM expression.scores WHERE lead_id = 62;
SELECT lead_id, rule, message, count FROM expression.problems WHERE lead_id = 62 ORDER BY rule;
SELECT * FROM lead_scoring.verify('expression');

SELECT lead_scoring.drop_model('expression');
\set VERBOSITY terse
DROP SCHEMA expression_test, expression_other CASCADE;

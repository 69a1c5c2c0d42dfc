-- The type of a lead's scoring state: text and binary forms, there and back, and what is refused.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA scorecard_test;
SET search_path = scorecard_test, public;
CREATE TABLE leads (id varchar(10) PRIMARY KEY, country text);
CREATE TABLE events (lead_id varchar(10), type text, occurred_at timestamptz, n integer);
CREATE INDEX ON events (lead_id, occurred_at);
SELECT lead_scoring.create_model('scorecard', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('scorecard', 'none', 'a', 1.5, per => 'n');
SELECT lead_scoring.add_rule('scorecard', 'exponential', 'a', 3, decay => 'exponential', half_life => '10 days');
SELECT lead_scoring.add_rule('scorecard', 'linear', 'a', 3, decay => 'linear', lifespan => '10000 days');
SELECT lead_scoring.add_rule('scorecard', 'step', 'a', -3, decay => 'step', drop => 0.1, step => '1000 days');
SELECT lead_scoring.add_rule('scorecard', 'window', 'a', 3, decay => 'window', lifespan => '10000 days', limit_count => 2, limit_window => 'day');
SELECT lead_scoring.add_rule('scorecard', 'keyed', 'a', 3, limit_count => 2, limit_window => 'ever', limit_key => 'n % 3');
SELECT lead_scoring.add_fit_rule('scorecard', 'domestic', $$country = 'DE'$$, 5);
SELECT lead_scoring.add_stage('scorecard', 'mql', min_score => 10, on_event => 'b');
SELECT lead_scoring.publish('scorecard');
INSERT INTO leads VALUES ('one', 'DE'), ('few', 'DE'), ('many', NULL), ('none', NULL);
INSERT INTO events VALUES ('one', 'a', '2024-01-01 00:00:00.000001', 2);
INSERT INTO events SELECT 'few', 'a', timestamptz '2024-01-01' + i * interval '7 hours', i FROM generate_series(1, 9) i;
INSERT INTO events SELECT 'many', 'a', timestamptz '2024-01-01' + i * interval '7 hours 1 second', i FROM generate_series(1, 1500) i;
INSERT INTO events VALUES ('future', 'a', '9999-01-01', 2147483647), ('future', 'b', '9999-01-02', NULL), ('past', 'a', '4713-01-01 BC', -2147483648);
SELECT * FROM lead_scoring.verify('scorecard');

-- Text: words and integers, points in 1/10000, times in microseconds since 2000-01-01 UTC.
SELECT lead_id, card FROM scorecard.scores WHERE lead_id IN ('none', 'one', 'past', 'future') ORDER BY lead_id;
SELECT length(card::text) > 2000 FROM scorecard.scores WHERE lead_id = 'many';
-- There and back, in text and in bytes: bit for bit.
SELECT count(*), bool_and(card::text::lead_scoring.scorecard::text = card::text), bool_and(lead_scoring_internal.scorecard_send(card::text::lead_scoring.scorecard) = lead_scoring_internal.scorecard_send(card))
  FROM scorecard.scores;
SELECT '  clock  0   sections 0 '::lead_scoring.scorecard;
SELECT ARRAY[NULL, 'clock 1 sections 0']::lead_scoring.scorecard[];

-- As pg_dump writes it, and in binary, as drivers and COPY may.
CREATE TABLE loaded (lead_id text, card lead_scoring.scorecard);
\copy (SELECT lead_id, card FROM scorecard.scores) TO 'results/scorecard.text'
\copy loaded FROM 'results/scorecard.text'
\copy (SELECT lead_id, card FROM scorecard.scores) TO 'results/scorecard.binary' WITH (FORMAT binary)
\copy loaded FROM 'results/scorecard.binary' WITH (FORMAT binary)
INSERT INTO loaded VALUES ('null', NULL);
SELECT count(*), count(*) FILTER (WHERE lead_scoring_internal.scorecard_send(l.card) = lead_scoring_internal.scorecard_send(s.card)) FROM loaded l LEFT JOIN scorecard.scores s USING (lead_id);
-- A card that was written back is one that goes on.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE scorecard.scores s SET card = l.card FROM (SELECT DISTINCT ON (lead_id) * FROM loaded) l WHERE l.lead_id = s.lead_id;
SET LOCAL session_replication_role = origin;
INSERT INTO events SELECT lead_id, 'a', timestamptz '2026-01-01', 4 FROM unnest('{one,few,many,none,past}'::text[]) lead_id;
SELECT * FROM lead_scoring.verify('scorecard');
ROLLBACK;

-- Malformed texts. Each prefix of a card is refused, each word that is misspelt or left out, each number that is none.
DO $$
DECLARE
    good text := (SELECT card::text FROM scorecard.scores WHERE lead_id = 'few');
    words text[] := string_to_array(good, ' ');
    bad text;
    tried integer := 0;
BEGIN
    FOR bad IN SELECT left(good, i) FROM generate_series(0, length(good) - 1) i WHERE substr(good, i + 1, 1) !~ '[0-9]' OR i < 100
               UNION ALL SELECT array_to_string(words[:i - 1] || 'x'::text || words[i + 1:], ' ') FROM generate_series(1, cardinality(words)) i
               UNION ALL SELECT array_to_string(words[:i - 1] || words[i + 1:], ' ') FROM generate_series(1, cardinality(words)) i
               UNION ALL SELECT array_to_string(words[:i - 1] || '99999999999999999999999999999999999999999999'::text || words[i + 1:], ' ') FROM generate_series(1, cardinality(words)) i WHERE words[i] ~ '[0-9]' LOOP
        BEGIN
            PERFORM bad::lead_scoring.scorecard;
            RAISE NOTICE 'taken: %', bad;
        EXCEPTION WHEN invalid_text_representation THEN
            tried := tried + 1;
        END;
    END LOOP;
    IF tried < 500 THEN RAISE EXCEPTION 'only % tried', tried; END IF;
END $$;
SELECT 'x'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0 sections 0 more'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0.5 sections 0'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0 sections 1 fit 2 rule 3 rule 1'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0 sections 1 fit 2 rule 1 rule 1'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0 sections 1 fit 1 rule -1'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0 sections 1 fit 1000000000 rule 1'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0 sections 8 pending_more 2 pending 0'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT 'clock 0 sections 4 rules 1 rule 0 closed -1 parts 0'::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
SELECT ''::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE
-- What is shown of it is cut between characters.
SELECT ('x' || repeat('é', 30))::lead_scoring.scorecard;
\echo :LAST_ERROR_SQLSTATE

-- Malformed bytes: none, of another format, too few, too many, with a length out of all proportion, with a number that
-- is written longer than it need be.
CREATE TABLE bytes (what text, bytes bytea);
CREATE TABLE read (what text, card lead_scoring.scorecard);
INSERT INTO bytes SELECT w.what, w.bytes FROM scorecard.scores s, LATERAL lead_scoring_internal.scorecard_send(s.card) b, LATERAL (VALUES
    ('empty', ''::bytea), ('format', set_byte(b, 0, get_byte(b, 0) + 1)), ('cut', substr(b, 1, length(b) - 1)), ('more', b || '\x00'::bytea), ('half', substr(b, 1, length(b) / 2)),
    ('first', substr(b, 1, 1)), ('length', substr(b, 1, 1) || '\x00ffffffffffffffff7f'::bytea), ('long', substr(b, 1, 1) || '\x8000000000000000'::bytea), ('endless', substr(b, 1, 1) || '\xffffffffffffffffffffffffffffff'::bytea)) w (what, bytes)
 WHERE s.lead_id = 'few';
\copy (SELECT * FROM bytes WHERE what = 'empty') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'format') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'cut') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'more') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'half') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'first') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'length') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'long') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\copy (SELECT * FROM bytes WHERE what = 'endless') TO 'results/scorecard.bytes' WITH (FORMAT binary)
\copy read FROM 'results/scorecard.bytes' WITH (FORMAT binary)
\set VERBOSITY default
SELECT count(*) FROM read;

-- Cards are neither compared nor sorted.
SELECT card = card FROM scorecard.scores;
\echo :LAST_ERROR_SQLSTATE
SELECT card FROM scorecard.scores ORDER BY card;
\echo :LAST_ERROR_SQLSTATE

SELECT * FROM lead_scoring.verify('scorecard');
SELECT lead_scoring.drop_model('scorecard');
DROP SCHEMA scorecard_test CASCADE;

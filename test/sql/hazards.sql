-- The view rule_lift against what is known: a rule that has nothing to do with buying has a lift of 1, however long leads wait
-- for either, and one that doubles the rate of buying has a lift of 2.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
SET timezone = 'UTC';
SET extra_float_digits = -3;
SET client_min_messages = warning;
CREATE SCHEMA hazards;
SET search_path = hazards, public;
CREATE FUNCTION lift(model text, as_of timestamptz) RETURNS TABLE (rule text, leads_with bigint, converted_with bigint, days_with numeric, leads_without bigint, converted_without bigint,
    days_without numeric, lift float8, low float8, high float8, twice boolean) LANGUAGE sql AS $$
SELECT rule, leads_with, converted_with, days_with::numeric, leads_without, converted_without, days_without::numeric, lift, lift_low, lift_high, twice
  FROM lead_scoring.rule_lift(model, as_of)
$$;

-- The Stanford heart transplants (Crowley and Hu 1977; jasa of R's package survival): days until death, which is what counts
-- as conversion here, or until the patient was out of sight, which is a detour; and days until the transplant, if there was one.
CREATE TABLE patients (id bigint PRIMARY KEY);
CREATE TABLE stays (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON stays (lead_id);
SELECT lead_scoring.create_model('transplants', 'patients', 'stays', status_columns => '{}');
SELECT lead_scoring.add_rule('transplants', 'transplant', 'transplant', 1), lead_scoring.add_stage('transplants', 'customer', on_event => 'end'),
       lead_scoring.add_stage('transplants', 'lost', kind => 'detour', on_event => 'out of sight');
SELECT lead_scoring.publish('transplants');
CREATE TABLE jasa AS SELECT row_number() OVER () AS id, * FROM unnest(
    '{49,5,15,38,17,2,674,39,84,57,152,7,80,1386,0,307,35,42,36,27,1031,50,732,218,1799,1400,262,71,34,851,15,76,1586,1571,11,99,65,4,52,1407,1321,2,1,39,44,995,71,8,1141,979,284,101,187,2,60,941,148,342,915,67,1,68,841,583,77,31,284,67,669,29,619,595,89,16,1,544,20,514,95,481,444,427,79,333,4,396,109,369,206,185,339,339,264,164,15,179,130,108,20,38,30,10,5}'::int[],
    '{1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,0,0,1,1,1,1,1,1,0,0,1,1,1,1,1,0,0,1,1,1,1,1,1,1,0,1,1,1,1,1,1,0,1,1,0,1,1,1,0,1,1,1,1,1,0,1,0,0,1,1,1,0,1,0,1,0,0,0,1,1,1,0,1,0,1,1,1,0,0,1,1,0,0,0,1,0,0,0,1}'::int[],
    '{NULL,NULL,0,35,NULL,NULL,50,NULL,NULL,11,25,NULL,16,36,NULL,27,NULL,19,NULL,17,7,11,2,82,24,NULL,NULL,70,NULL,15,NULL,16,50,22,NULL,45,18,4,1,40,57,NULL,NULL,NULL,0,1,20,NULL,35,82,31,NULL,40,NULL,9,66,NULL,20,77,2,NULL,NULL,26,32,11,NULL,56,2,9,4,30,3,26,4,NULL,45,NULL,209,66,25,5,NULL,31,36,NULL,7,59,30,138,159,NULL,309,27,3,1,12,20,95,NULL,37,NULL,NULL,NULL}'::int[]
    ) AS j (futime, fustat, wait);
INSERT INTO patients SELECT id FROM jasa;
INSERT INTO stays
SELECT id, e.type, timestamptz '2020-01-01' + e.day * interval '1 day' FROM jasa, LATERAL (VALUES ('accepted', 0), ('transplant', wait), (CASE fustat WHEN 1 THEN 'end' ELSE 'out of sight' END, futime)) e (type, day)
 WHERE e.day IS NOT NULL ORDER BY e.day, e.type;
-- R: s <- survSplit(Surv(start, stop, event) ~ ., long, cut = 2^(0:22)/1440, episode = "band"), summed by band and transplant;
-- glm(event ~ factor(band) + transplant + offset(log(days)), poisson): 1.0413327879787. Its score interval, by uniroot: 0.586123121462
-- to 1.85121326082. pyears(Surv(stop - start, event) ~ transplant, long, scale = 1): 44 in 25998 days, 30 in 5853, which is 0.33 as
-- often, for who died early did not live to see it. coxph(..., ties = "breslow"): 1.038482154, 0.5783762333 to 1.864608403.
SELECT rule, leads_with, converted_with, days_with, leads_without, converted_without, days_without, round(lift::numeric, 12) AS lift, round(low::numeric, 10) AS low, round(high::numeric, 10) AS high
  FROM lift('transplants', '2026-01-01');
SELECT * FROM lead_scoring.verify('transplants');
SELECT lead_scoring.drop_model('transplants');

-- Evenly between 0 and 1, the same for the same numbers.
CREATE FUNCTION uniform(i bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT ((hashint8extended(i, seed) & 1073741823) + 0.5) / 1073741824 $$;

-- Constant rates of buying (half do within the year) and of reading the blog (after 60 days on average), one as if the other were not there.
CREATE TABLE leads (id bigint PRIMARY KEY);
CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz);
CREATE INDEX ON events (lead_id);
SELECT lead_scoring.create_model('waiting', 'leads', 'events', status_columns => '{}');
SELECT lead_scoring.add_rule('waiting', 'blog', 'blog', 1), lead_scoring.add_stage('waiting', 'customer', on_event => 'won');
SELECT lead_scoring.publish('waiting');
INSERT INTO leads SELECT generate_series(1, 5000);
INSERT INTO events SELECT id, e.type, timestamptz '2024-01-01' + e.days * interval '1 day'
  FROM leads, LATERAL (VALUES ('visit', 0), ('blog', -ln(uniform(id, 1)) * 60), ('won', -ln(uniform(id, 2)) * 365 / ln(2))) e (type, days) WHERE e.days <= 365 ORDER BY 3;
SELECT rule, converted_with + converted_without AS converted, low < 1 AND high > 1 AS holds_1, lift BETWEEN 0.9 AND 1.1 AS is_1 FROM lift('waiting', '2024-12-31');
SELECT lead_scoring.drop_model('waiting');
TRUNCATE events;

-- A hundred rules that say nothing, where leads buy early or hardly at all: the rate falls as 1 / sqrt(age). The 95 % interval holds 1 for at
-- least 93 of them (of a hundred right ones it would for 95 on average). One rule doubles the rate from its first match on.
SELECT lead_scoring.create_model('hundred', 'leads', 'events', status_columns => '{}');
SELECT count(lead_scoring.add_rule('hundred', 'r' || r, 'r' || r, 1)) FROM generate_series(1, 100) r;
SELECT lead_scoring.add_rule('hundred', 'doubles', 'doubles', 1), lead_scoring.add_stage('hundred', 'customer', on_event => 'won');
SELECT lead_scoring.publish('hundred');
DELETE FROM leads WHERE id > 800;
INSERT INTO events SELECT id, e.type, timestamptz '2024-01-01' + e.days * interval '1 day'
  FROM leads, LATERAL (SELECT -ln(uniform(id, 3)) * 60 AS days) m, LATERAL (SELECT -ln(uniform(id, 4)) * 20 AS sum, sqrt(m.days) AS sum_at_match) h,
       LATERAL (VALUES ('visit', 0), ('doubles', m.days),
           ('won', CASE WHEN h.sum < h.sum_at_match THEN h.sum ^ 2 ELSE (h.sum_at_match + (h.sum - h.sum_at_match) / 2) ^ 2 END)) e (type, days) WHERE e.days <= 365
UNION ALL
SELECT id, 'r' || r, timestamptz '2024-01-01' - ln(uniform(id, 1000 + r)) * interval '60 days' FROM leads, generate_series(1, 100) r;
SELECT rule <> 'doubles' AS says_nothing, count(*) AS rules, CASE WHEN rule <> 'doubles' THEN count(*) FILTER (WHERE low <= 1 AND high >= 1) >= 93 END AS hold_1,
       CASE WHEN rule = 'doubles' THEN bool_and(low > 1.2 AND low < 2 AND high > 2) END AS is_2
  FROM lift('hundred', '2024-12-31') GROUP BY 1, rule = 'doubles' ORDER BY 1;
SELECT lead_scoring.drop_model('hundred');
DROP SCHEMA hazards CASCADE;

-- Each template on plain tables: a lead becomes an MQL and goes on, another one must not. Then the first hour with tables that
-- nobody made for it.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA templates_test;
SET search_path = templates_test;

-- What there is.
SELECT name, meaning, event_types, columns FROM lead_scoring.templates();
SELECT name FROM lead_scoring.templates('b2b_sass');
SELECT :'LAST_ERROR_SQLSTATE';
SELECT name FROM lead_scoring.templates('ecommerce');
-- Each group, rule, stage and account rule has a comment. Some rule decays, has a limit, takes points off; an MQL falls back, has a service level and comes again after a while; there are detours.
SELECT t.name, s.key, i.value ->> 'name' FROM lead_scoring.templates() t, jsonb_each(t.definition) s, jsonb_array_elements(s.value) i
 WHERE s.key IN ('groups', 'rules', 'stages', 'account_rules') AND length(i.value ->> 'comment') > 5 IS NOT TRUE;
SELECT t.name FROM lead_scoring.templates() t
 WHERE NOT (t.definition @? '$.rules[*].decay' AND t.definition @? '$.rules[*].limit_count' AND t.definition @? '$.rules[*] ? (@.points < 0 && exists(@.event_type))'
            AND t.definition @? '$.rules[*] ? (@.points < 0 && !exists(@.event_type))' AND t.definition @? '$.stages[*] ? (@.kind == "detour")'
            AND t.definition @? '$.stages[*] ? ((@.name == "mql" || @.counts_as == "mql") && exists(@.falls_below) && exists(@.within) && exists(@.timeout_stage) && exists(@.cooldown))');

CREATE TABLE leads (lead_id text PRIMARY KEY, email text, job_title text, employees integer, country text, company text);
CREATE TABLE events (lead_id text, type text, occurred_at timestamptz, properties jsonb NOT NULL DEFAULT '{}');
CREATE INDEX ON events (lead_id, occurred_at);
CREATE FUNCTION apply_template(template text) RETURNS bigint LANGUAGE sql AS $$
    SELECT lead_scoring.apply_model('made', t.definition, t.name, tables => '{"leads": "templates_test.leads", "events": "templates_test.events"}')
      FROM lead_scoring.templates(template) t
$$;
-- Moves of each lead; what an MQL scored when it became one. It is all long ago, so that time has done what it does.
CREATE FUNCTION walked() RETURNS TABLE (lead text, walk text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT l.lead_id, coalesce(string_agg(format('%s (%s, %s)', m.to_stage, to_char(m.at, 'DD.MM.'), round(m.score::numeric, 1)), ', ' ORDER BY m.seq) FILTER (WHERE m.seq IS NOT NULL), 'never moved')
                   FROM leads l LEFT JOIN made.moves m USING (lead_id) GROUP BY 1 ORDER BY 1;
END
$$;
CREATE FUNCTION ended() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT v::text FROM lead_scoring.verify('made') v;
    PERFORM lead_scoring.drop_model('made');
    TRUNCATE leads, events;
END
$$;

-- practitioner: 15 and 10 for who Ann is, then 2 for a mail and 5 for a paper. Dan is nobody they know, but looked at the prices three times; nobody called him.
-- Bob reads and reads, but studies. Cyd fits, and did nothing.
SELECT apply_template('practitioner');
INSERT INTO leads VALUES ('ann', 'ann@corp.example', 'CTO', 200), ('bob', 'bob@uni.example', 'Student', 200), ('cyd', 'cyd@corp.example', 'VP Sales', 300), ('dan', NULL, NULL, NULL);
INSERT INTO events VALUES ('ann', 'email_opened', '2024-03-01 09:00'), ('ann', 'download', '2024-03-01 09:05'), ('ann', 'sales_accepted', '2024-03-03'), ('ann', 'deal_won', '2024-03-20');
INSERT INTO events SELECT 'bob', type, timestamptz '2024-03-01' + i * interval '1 hour' FROM generate_series(1, 9) i, unnest('{download,email_opened}'::text[]) type;
INSERT INTO events SELECT 'dan', 'page_view', timestamptz '2024-03-04 10:00' + i * interval '1 minute', '{"path": "/pricing"}' FROM generate_series(0, 2) i;
CALL lead_scoring.refresh('made');
SELECT * FROM walked();
SELECT rule, times, capped FROM lead_scoring.explain('made', 'ann', '2024-03-02') ORDER BY capped, rule;
SELECT * FROM ended();

-- b2b_saas: each of the seven actions for somebody of the right kind; a demo request makes an MQL at once, but not of a student. Ann is accepted, Bea is not called within a day.
SELECT apply_template('b2b_saas');
INSERT INTO leads VALUES ('ann', 'ann@corp.example', 'Head of IT', 200), ('bea', 'bea@gmail.com', NULL, NULL), ('cyd', 'cyd@corp.example', 'Analyst', 50), ('dee', 'dee@corp.example', 'Founder', 30), ('stu', 'stu@gmail.com', 'Student', NULL),
    ('zoe', 'zoe@corp.example', 'VP', 100);
INSERT INTO events VALUES ('ann', 'trial_started', '2024-03-01 09:00'), ('ann', 'sales_accepted', '2024-03-01 15:00'), ('ann', 'opportunity_created', '2024-03-05'), ('ann', 'deal_won', '2024-03-20'),
    ('bea', 'contact_request', '2024-03-01'), ('cyd', 'demo_request', '2024-03-02'), ('cyd', 'sales_recycled', '2024-03-02 12:00'), ('stu', 'demo_request', '2024-03-01');
-- Dee by prices and content: 35 for who she is.
INSERT INTO events VALUES ('dee', 'newsletter_subscribed', '2024-03-01', '{}'), ('dee', 'webinar_attended', '2024-03-02', '{}'), ('dee', 'page_view', '2024-03-03', '{"path": "/pricing"}'),
    ('dee', 'sales_disqualified', '2024-03-02 10:00', '{}'), ('dee', 'demo_request', '2024-04-01', '{}');
-- Zoe downloads the same paper again and again, and looks for a job.
INSERT INTO events SELECT 'zoe', 'download', timestamptz '2024-03-01' + i * interval '1 hour', '{"asset": "guide"}' FROM generate_series(1, 9) i;
INSERT INTO events VALUES ('zoe', 'page_view', '2024-03-01', '{"path": "/careers"}'), ('zoe', 'unsubscribed', '2024-03-02', '{}');
CALL lead_scoring.refresh('made');
SELECT * FROM walked();
SELECT * FROM ended();

-- enterprise: a grade takes both. Nobody calls Ann within a day, but her next request makes her an MQL again, with A1 now; Eve is busy in a small firm, Max is the chief of a large one and sleeps.
SELECT apply_template('enterprise');
INSERT INTO leads VALUES ('ann', 'ann@corp.example', 'Chief Information Officer', 12000, 'US'), ('bob', 'bob@corp.example', 'Director IT', 2000, 'FR'), ('eve', 'eve@small.example', 'Developer', 20, 'US'), ('max', 'max@big.example', 'CEO', 90000, 'US');
INSERT INTO events VALUES ('ann', 'webinar_attended', '2024-03-01'), ('ann', 'demo_request', '2024-03-10'), ('ann', 'sales_accepted', '2024-03-10 15:00'), ('ann', 'sales_qualified', '2024-03-20'), ('ann', 'opportunity_created', '2024-04-01'), ('ann', 'deal_won', '2024-06-01'),
    ('bob', 'event_attended', '2024-03-01'), ('bob', 'meeting_held', '2024-03-02'), ('bob', 'sales_accepted', '2024-03-02 10:00'), ('bob', 'meeting_missed', '2024-03-09'),
    ('eve', 'demo_request', '2024-03-01'), ('eve', 'webinar_attended', '2024-03-02'), ('eve', 'meeting_held', '2024-03-03'),
    ('max', 'page_view', '2024-03-01');
CALL lead_scoring.refresh('made');
SELECT * FROM walked();
SELECT DISTINCT lead_id, grade FROM made.transitions WHERE to_stage IN ('mql', 'engaged') ORDER BY 1, 2;
SELECT * FROM ended();

-- ecommerce: Ann fills a cart and orders, Bob cools down, nothing can be sent to Kim, and Lou returns what she orders.
SELECT apply_template('ecommerce');
INSERT INTO leads (lead_id, email, country) VALUES ('ann', 'ann@web.example', 'DE'), ('bob', 'bob@web.example', 'AT'), ('kim', 'kim@web.example', 'NZ'), ('lou', 'lou@web.example', 'CH');
INSERT INTO events SELECT 'bob', 'product_viewed', timestamptz '2024-03-01' + i * interval '10 minutes', jsonb_build_object('product', i) FROM generate_series(1, 20) i;
INSERT INTO events VALUES ('ann', 'cart_added', '2024-03-01 10:00', '{"value": 120}'), ('ann', 'wishlist_added', '2024-03-01 11:00', '{}'), ('ann', 'checkout_started', '2024-03-01 12:00', '{}'), ('ann', 'order_placed', '2024-03-01 12:05', '{}'),
    ('bob', 'cart_added', '2024-03-01 10:00', '{"value": 20}'), ('kim', 'cart_added', '2024-03-01', '{"value": 500}'), ('kim', 'wishlist_added', '2024-03-01', '{}'),
    ('lou', 'order_returned', '2024-03-01', '{}'), ('lou', 'cart_added', '2024-03-02', '{}'), ('lou', 'cart_added', '2024-03-03', '{}'), ('lou', 'fraud_found', '2024-03-04', '{}');
CALL lead_scoring.refresh('made');
SELECT * FROM walked();
SELECT * FROM ended();

-- product_led: Ann uses it, invites others and comes to the limit. Bob uses it every day, at a university. Cyd signed up.
SELECT apply_template('product_led');
INSERT INTO leads (lead_id, email, employees) VALUES ('ann', 'ann@corp.example', 80), ('bob', 'bob@state.edu', NULL), ('cyd', 'cyd@gmail.com', NULL);
INSERT INTO events SELECT l, type, timestamptz '2024-03-01' + i * interval '12 hours' FROM generate_series(1, 12) i, unnest('{ann,bob}'::text[]) l, unnest('{logged_in,key_action}'::text[]) type
 UNION ALL VALUES ('ann', 'teammate_invited', timestamptz '2024-03-03'), ('ann', 'limit_reached', '2024-03-04'), ('ann', 'sales_accepted', '2024-03-05'), ('ann', 'subscription_started', '2024-03-08'), ('cyd', 'logged_in', '2024-03-01');
CALL lead_scoring.refresh('made');
SELECT * FROM walked();
SELECT lead_id, pql_at::date FROM made.leads ORDER BY 1;
SELECT * FROM ended();

-- account_based: of Acme three people are busy; of Bolt one is, for 100 minutes; of Cube two are, and a student.
SELECT apply_template('account_based');
INSERT INTO leads (lead_id, company, job_title) VALUES ('ann', 'Acme', 'CTO'), ('art', 'Acme', NULL), ('amy', 'Acme', NULL), ('bob', 'Bolt', 'clerk'), ('cyd', 'Cube', 'VP'), ('cat', 'Cube', NULL), ('cem', 'Cube', 'Student'), ('dan', NULL, NULL);
INSERT INTO events SELECT lead, type, now() - i * interval '5 days' FROM (VALUES ('ann', 'page_view', 2), ('art', 'download', 1), ('amy', 'mail', 4), ('amy', 'download', 1), ('bob', 'webinar_attended', 2), ('bob', 'download', 1),
    ('cyd', 'page_view', 3), ('cat', 'download', 2), ('cem', 'download', 3), ('dan', 'meeting_held', 4)) e (lead, type, n), generate_series(1, e.n) i;
SELECT account, rule, meets, score, people, active_people FROM made.accounts;
CALL lead_scoring.refresh('made');
SELECT account, rule FROM made.account_states ORDER BY 1;
SELECT * FROM ended();

-- A template is a beginning: what it says can be read, and a change of it is a version of its own. Again it is none.
SELECT apply_template('practitioner');
SELECT apply_template('practitioner');
SELECT sentence FROM lead_scoring.definition('made') WHERE what IN ('rule', 'stage') ORDER BY place;
UPDATE made.rules SET points = 25 WHERE name = 'live session';
SELECT lead_scoring.publish('made');
SELECT apply_template('practitioner');
SELECT * FROM ended();
-- The columns that a template names are those it reads: without one of them a rule waits, with them none does.
SELECT t.name, c.column_name, count(*) FILTER (WHERE lead_scoring_internal.reads_column(r.item ->> 'condition', c.column_name) OR lead_scoring_internal.reads_column(r.item ->> 'limit_key', c.column_name)) > 0 AS is_read
  FROM lead_scoring.templates() t, jsonb_array_elements(t.definition -> 'rules') r (item), regexp_matches(t.columns, '\.(\w+)', 'g') m (parts), LATERAL (SELECT m.parts[1]) c (column_name)
 GROUP BY 1, 2 HAVING count(*) FILTER (WHERE lead_scoring_internal.reads_column(r.item ->> 'condition', c.column_name) OR lead_scoring_internal.reads_column(r.item ->> 'limit_key', c.column_name)) = 0 AND NOT EXISTS (SELECT FROM lead_scoring.templates(t.name) o WHERE o.definition #>> '{settings,lead_account}' = c.column_name);

-- A stranger's tables: other names, no column for the country and none for the e-mail (which the words say), half of the types.
CREATE TABLE contacts (contact_no integer PRIMARY KEY, position text, headcount integer);
CREATE TABLE activities (contact_no integer, kind text, "when" timestamp, data jsonb);
CREATE INDEX ON activities (contact_no, "when");
CREATE FUNCTION first_hour(template text) RETURNS TABLE (version bigint, rules bigint, waiting bigint) LANGUAGE plpgsql AS $$
BEGIN
    version := lead_scoring.apply_model('made', (SELECT t.definition FROM lead_scoring.templates(template) t), 'first hour',
        words => '{"lead_id": "contact_no", "type": "kind", "occurred_at": "when", "properties": "data", "job_title": "position", "employees": "headcount", "email": null,
                   "page_view": "pageview", "webinar_attended": "webinar", "demo_request": "demo", "download": null, "unsubscribed": "optout", "event_attended": null, "order_returned": null, "cart_added": "basket",
                   "teammate_invited": "invite", "logged_in": "login", "sales_recycled": null, "sales_accepted": "accepted", "deal_won": "won", "fraud_found": null}',
        tables => '{"leads": "templates_test.contacts", "events": "templates_test.activities"}');
    SELECT count(*), count(*) FILTER (WHERE NOT r.enabled) INTO rules, waiting FROM made.rules r;
    RETURN NEXT;
END
$$;
CREATE FUNCTION scored() RETURNS TABLE (contact_no integer, stage text, score numeric) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contacts VALUES (1, 'CTO', 200), (2, 'Intern', NULL);
    INSERT INTO activities VALUES (1, 'webinar', '2024-03-01', '{}'), (1, 'pageview', '2024-03-01', '{"path": "/pricing"}'), (1, 'demo', '2024-03-01 00:30', '{}'), (1, 'basket', '2024-03-01 00:30', '{"value": 150}'),
        (1, 'checkout_started', '2024-03-01 00:30', '{}'), (1, 'invite', '2024-03-01 00:30', '{}'), (1, 'limit_reached', '2024-03-01 00:30', '{}'), (1, 'key_action', '2024-03-01 00:30', '{}'), (2, 'login', '2024-03-01 00:30', '{}'), (2, 'optout', '2024-03-01 00:30', '{}');
    RETURN QUERY SELECT s.lead_id, s.stage, round(lead_scoring.score_at('made', s.lead_id, '2024-03-01 01:00')::numeric, 1) FROM made.scores s ORDER BY 1;
    RETURN QUERY SELECT NULL::integer, v::text, NULL::numeric FROM lead_scoring.verify('made') v;
    PERFORM lead_scoring.drop_model('made');
    TRUNCATE contacts, activities;
END
$$;
SET client_min_messages = notice;
SELECT * FROM first_hour('practitioner');
SELECT * FROM scored();
SELECT * FROM first_hour('b2b_saas');
SELECT * FROM scored();
SELECT * FROM first_hour('enterprise');
SELECT * FROM scored();
SELECT * FROM first_hour('ecommerce');
SELECT * FROM scored();
SELECT * FROM first_hour('product_led');
SELECT * FROM scored();
SET client_min_messages = warning;
DROP SCHEMA templates_test CASCADE;

-- The model that is measured, and the events it is fed with.

-- 40 rules in 4 groups: 20 with a condition on jsonb, 13 decaying, 13 capped. Every type has a rule without condition,
-- so that an event of a type the model knows always counts.
CREATE TABLE bench.rules (
    rule_set   text NOT NULL,
    ordinal    integer,
    rule_group text NOT NULL,
    event_type text NOT NULL,
    condition  text,
    points     float8 NOT NULL,
    half_life_days float8,
    max_points float8,
    PRIMARY KEY (rule_set, ordinal)
);
INSERT INTO bench.rules SELECT 'forty', row_number() OVER (), * FROM (VALUES
    ('web',     'page_view',    NULL,                                            0.1, NULL, 5),
    ('web',     'page_view',    $$properties->>'path' = '/pricing'$$,             10,   14, NULL),
    ('web',     'page_view',    $$properties->>'path' LIKE '/docs/%'$$,          0.5, NULL, 10),
    ('web',     'page_view',    $$properties->>'path' = '/demo'$$,                 8,    7, NULL),
    ('web',     'page_view',    $$properties->>'path' = '/careers'$$,            -10, NULL, NULL),
    ('web',     'page_view',    $$properties->>'path' = '/security'$$,             3,   30, NULL),
    ('web',     'page_view',    $$properties->>'path' = '/customers'$$,            2, NULL, 12),
    ('web',     'page_view',    $$(properties->>'seconds')::integer > 120$$,       1, NULL, 10),
    ('web',     'page_view',    $$properties->>'source' = 'partner'$$,             2, NULL, NULL),
    ('web',     'page_view',    $$properties @> '{"device": "desktop"}'$$,       0.1, NULL, 3),
    ('web',     'session',      NULL,                                            0.5,   30, NULL),
    ('web',     'search',       NULL,                                            0.5, NULL, 5),
    ('web',     'search',       $$properties->>'path' LIKE '/docs/%'$$,            1, NULL, NULL),
    ('email',   'email_open',   NULL,                                            0.5, NULL, 10),
    ('email',   'email_open',   $$properties->>'campaign' = 'launch'$$,            1,   30, NULL),
    ('email',   'email_click',  NULL,                                              2,   14, NULL),
    ('email',   'email_click',  $$properties->>'path' = '/pricing'$$,              5, NULL, NULL),
    ('email',   'email_click',  $$properties->>'campaign' = 'launch'$$,            3, NULL, 15),
    ('email',   'email_reply',  NULL,                                              8, NULL, NULL),
    ('email',   'bounce',       NULL,                                             -5, NULL, NULL),
    ('email',   'unsubscribe',  NULL,                                            -20, NULL, NULL),
    ('content', 'download',     NULL,                                              4, NULL, 20),
    ('content', 'download',     $$properties->>'kind' = 'buyers guide'$$,          6,   60, NULL),
    ('content', 'download',     $$properties->>'kind' = 'case study'$$,            3, NULL, 15),
    ('content', 'video',        NULL,                                              1, NULL, NULL),
    ('content', 'video',        $$(properties->>'seconds')::integer > 300$$,       2,   30, NULL),
    ('content', 'webinar',      NULL,                                             10, NULL, 40),
    ('content', 'webinar',      $$(properties->>'seconds')::integer > 300$$,       8,   30, NULL),
    ('content', 'ad_click',     NULL,                                              1,    7, NULL),
    ('content', 'ad_click',     $$properties->>'source' = 'search'$$,              1, NULL, 5),
    ('sales',   'form',         NULL,                                              5, NULL, NULL),
    ('sales',   'form',         $$properties->>'kind' = 'contact'$$,              15, NULL, NULL),
    ('sales',   'chat',         NULL,                                              4, NULL, NULL),
    ('sales',   'chat',         $$properties->>'path' = '/pricing'$$,              6,   14, NULL),
    ('sales',   'call',         NULL,                                              8, NULL, NULL),
    ('sales',   'meeting',      NULL,                                             25, NULL, NULL),
    ('sales',   'trial',        NULL,                                             20,   30, NULL),
    ('sales',   'trial_use',    NULL,                                              1, NULL, 30),
    ('sales',   'booth',        NULL,                                             12, NULL, NULL),
    ('sales',   'demo_request', NULL,                                             30,   45, NULL)
) AS rules;


-- The same points by 10 rules and by 1000, of which 990 are for one page each.
INSERT INTO bench.rules
SELECT rule_set, ordinal, 'web', type, NULL, 1
FROM unnest(ARRAY['session', 'search', 'email_open', 'email_click', 'download', 'video', 'webinar', 'ad_click', 'form'])
         WITH ORDINALITY AS types (type, ordinal),
     unnest(ARRAY['ten', 'thousand']) AS rule_set
UNION ALL SELECT 'ten', 10, 'web', 'page_view', $$properties->>'path' LIKE '/p/%'$$, 1
UNION ALL SELECT 'thousand', 10 + i, 'web', 'page_view', format($$properties->>'path' = '/p/%s'$$, to_char(i, 'FM000')), 1
FROM generate_series(0, 989) AS i
UNION ALL SELECT 'thousand', 1000, 'web', 'page_view', $$properties->>'path' = '/nowhere'$$, 1;
CREATE TABLE bench.groups (name text, max_points float8);
INSERT INTO bench.groups VALUES ('web', 60), ('email', 40), ('content', 50), ('sales', 120);
CREATE FUNCTION bench.mql_score() RETURNS float8 IMMUTABLE RETURN 40;

-- events(): n events in time order over the 90 days that end an hour ago, of `leads` leads, some of them much busier than
-- others. One in twenty is of a type that no rule names. The same in every run.
CREATE FUNCTION bench.events(n bigint, leads bigint)
RETURNS TABLE (lead_id bigint, type text, occurred_at timestamptz, properties jsonb)
LANGUAGE sql AS $$
    SELECT setseed(0.5);
    SELECT 1 + floor(leads * power(random(), 1.5))::bigint,
           (ARRAY['page_view', 'session', 'search', 'email_open', 'email_click', 'email_reply', 'bounce', 'unsubscribe', 'download', 'video',
                  'webinar', 'ad_click', 'form', 'chat', 'call', 'meeting', 'trial', 'trial_use', 'demo_request', 'booth', 'heartbeat'])
               [width_bucket(random(), ARRAY[0, .40, .46, .50, .66, .72, .722, .73, .732, .76, .79, .80, .86, .87, .88, .885, .888, .89, .94, .943, .95])],
           date_trunc('hour', now()) - interval '1 hour' - (n - i) * (interval '90 days' / n),
           jsonb_build_object(
               'path', (ARRAY['/pricing', '/docs/' || floor(random() * 50), '/demo', '/careers', '/security', '/customers',
                              '/p/' || lpad(floor(random() * 990)::text, 3, '0')])
                           [width_bucket(random(), ARRAY[0, .03, .15, .17, .18, .20, .23])],
               'seconds', floor(random() * 400)::integer,
               'source', (ARRAY['search', 'partner', 'social', 'direct', 'referral'])[1 + floor(random() * 5)::integer],
               'campaign', (ARRAY['launch', 'nurture', 'summer', 'fair'])[1 + floor(random() * 4)::integer],
               'device', (ARRAY['desktop', 'mobile'])[1 + floor(random() * 2)::integer],
               'kind', (ARRAY['buyers guide', 'case study', 'contact', 'export', 'newsletter'])[1 + floor(random() * 5)::integer])
    FROM generate_series(1, n) AS i;
$$;

-- A definition that somebody else wrote, on tables of other names: words and tables.
\pset format unaligned
\pset tuples_only on
-- What may be a column of an expression.
SELECT e.expression, string_agg(n.name || '@' || n.place || '+' || n.length, ' ' ORDER BY n.place)
  FROM (VALUES ('title = ''title'' and "Title" is not null'), ('lower(title) like ''%x%'' -- title'), ('(address).city = ''Rome'' and x.title = ''y'''), ('cast(title as text) || title::text collate "C"'),
               ('date ''2024-01-01'' < date and interval ''1 day'' > span'), ('extract(year from at) = year and at at time zone ''UTC'' < now'), ('"a""b" = 1 and type in (''type'') and properties ->> ''type'' = $$type$$'),
               ('dj' || chr(228) || '_' || chr(246) || ' = 1 and title = 2'), ('case when score >= 5 then not open else true end'), ('e''\'' title'' = title /* title */'), ('ts::timestamp with time zone < make_interval(days => 3) + at and x::character varying = y::double precision::text'), ('interval ''1'' day < span and extract(day from at) = 1 and position(''a'' in title) > 0'), ('events.title = s.events . "Role" and events.* is not null and u&"d\0061ta" = 1'), ('(select max(n) from unnest(tags) n) > 1')) e (expression)
  LEFT JOIN lead_scoring_internal.column_names(e.expression) n ON true GROUP BY e.expression ORDER BY e.expression COLLATE "C";
SELECT * FROM lead_scoring_internal.column_names('title = ''open');
SELECT * FROM lead_scoring_internal.column_names('');
SELECT * FROM lead_scoring_internal.column_names(NULL);

CREATE SCHEMA crm;
CREATE TABLE crm.contacts (contact_id bigint PRIMARY KEY, "Role" text, employees integer, land text);
CREATE TABLE crm.activity (contact_id bigint, kind text, ts timestamptz, props jsonb);
CREATE INDEX ON crm.activity (contact_id);
CREATE TABLE crm.dialled (contact_id bigint, ts timestamptz, seconds integer);
CREATE INDEX ON crm.dialled (contact_id);
INSERT INTO crm.contacts VALUES (1, 'Head of Sales', 200, 'NZ'), (2, 'intern', 3, 'DE');
INSERT INTO crm.activity SELECT 1, 'pv', now() - n * interval '1 hour', '{"path": "/pricing"}' FROM generate_series(1, 5) n;
INSERT INTO crm.activity VALUES (2, 'pv', now() - interval '1 hour', '{"path": "/jobs"}'), (2, 'call_me', now() - interval '1 hour', NULL);
\set document '{"sources": [{"name": "events", "event_lead": "lead_id", "event_campaign": "campaign"}, {"name": "calls", "events": "public.calls", "every_event": "call"}], "groups": [{"name": "engagement", "kind": "engagement", "max_points": 60, "comment": "what they do"}, {"name": "fit", "kind": "fit"}], "rules": [{"name": "pricing", "event_type": "page_view", "condition": "properties->>''path'' like ''/pricing%''", "points": 5, "comment": "asks for the price"}, {"name": "webinar", "event_type": "webinar_attended", "points": 20}, {"name": "talk", "event_type": "call", "points": 3, "per": "seconds / 60.0", "source": "calls"}, {"name": "decides", "condition": "job_title ~* ''head|chief'' and company_size > 50", "points": 15}, {"name": "student", "condition": "studies", "points": -10}, {"name": "here", "condition": "country = ''NZ''", "points": 5}], "stages": [{"name": "lead"}, {"name": "mql", "min_score": 30, "comment": "sales calls"}, {"name": "sql", "on_event": "accepted", "on_event_condition": "true"}, {"name": "lost", "kind": "detour", "on_event": "unsubscribe"}], "settings": {"status_columns": {}, "lead_created": "created_at"}, "reports": {"event_channel": "channel", "dimensions": {"country": "country", "industry": "industry"}}}'
SELECT lead_scoring.apply_model('stranger', :'document', 'first hour', tables => '{"leads": "crm.contacts", "events": "crm.activity", "calls": "crm.dialled"}', words =>
    '{"lead_id": "contact_id", "type": "kind", "occurred_at": "ts", "page_view": "pv", "webinar_attended": null, "job_title": "Role", "company_size": "employees", "country": "land", "properties": "props",
      "campaign": null, "created_at": null, "accepted": null, "unsubscribe": "call_me", "channel": null, "industry": null}');
SELECT lead_scoring.export_model('stranger');
SELECT lead_id, score, stage FROM stranger.leads ORDER BY 1;
-- The same again changes nothing. What came to be known is enabled.
SELECT lead_scoring.apply_model('stranger', :'document', tables => '{"leads": "crm.contacts", "events": "crm.activity", "calls": "crm.dialled"}', words =>
    '{"lead_id": "contact_id", "type": "kind", "occurred_at": "ts", "page_view": "pv", "webinar_attended": null, "job_title": "Role", "company_size": "employees", "country": "land", "properties": "props",
      "campaign": null, "created_at": null, "accepted": null, "unsubscribe": "call_me", "channel": null, "industry": null}');
ALTER TABLE crm.contacts ADD COLUMN studies boolean;
SELECT lead_scoring.apply_model('stranger', jsonb_build_object('rules', :'document'::jsonb -> 'rules'), words =>
    '{"page_view": "pv", "webinar_attended": "webinar", "job_title": "Role", "company_size": "employees", "country": "land", "properties": "props"}');
SELECT what, name, field, new FROM lead_scoring.diff('stranger', 1, 2);
-- What is left out goes with its condition, and stays away. An expression that cannot be parsed is refused where it stands.
SELECT lead_scoring.apply_model('stranger', '{"stages": [{"name": "lead"}, {"name": "sql", "on_event": "accepted", "on_event_condition": "properties->>''x'' = ''y''"}]}', words => '{"accepted": null, "properties": "props"}');
SELECT name, on_event, on_event_condition FROM stranger.stages ORDER BY 1;
SELECT lead_scoring.apply_model('stranger', '{"rules": [{"name": "x", "event_type": "visit", "points": 1, "condition": "type = ''b"}]}', words => '{"type": "kind"}');
SELECT lead_scoring.apply_model('stranger', '{"rules": [{"name": "x", "event_type": "visit", "points": 1, "condition": "type = ''b"}]}');
SELECT lead_scoring.apply_model('stranger', '{"rules": [{"name": "x", "event_type": "visit", "points": 1, "condition": "activity.type = ''b'' and ts::timestamp with time zone = ts"}]}', words => '{"type": "kind", "time": "ts", "zone": null}');
SELECT condition, enabled FROM stranger.rules WHERE name = 'x';
-- Words that are none.
SELECT lead_scoring.apply_model('stranger', '{}', words => '["page_view"]');
SELECT lead_scoring.apply_model('stranger', '{}', words => '{"page_view": 1}');
SELECT * FROM lead_scoring.verify('stranger');
SELECT lead_scoring.drop_model('stranger') \g /dev/null
DROP SCHEMA crm CASCADE;

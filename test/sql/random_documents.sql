-- Random drafts: what one model exports, another with keys of another type becomes, whatever it was before.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SELECT setseed(0.744) \g /dev/null
CREATE SCHEMA one;
CREATE SCHEMA two;
CREATE TABLE one.leads (id bigint PRIMARY KEY, country text, size integer, came date);
CREATE TABLE two.leads (id text PRIMARY KEY, country text, size integer, came date);
CREATE TABLE one.events (lead_id bigint, type text, occurred_at timestamptz, campaign text, properties jsonb, event_id text);
CREATE TABLE two.events (lead_id text, type text, occurred_at timestamptz, campaign text, properties jsonb, event_id text);
CREATE TABLE one.calls (lead_id bigint, occurred_at timestamptz, minutes integer);
CREATE TABLE two.calls (lead_id text, occurred_at timestamptz, minutes integer);
CREATE INDEX ON one.events (lead_id);
CREATE INDEX ON two.events (lead_id);
CREATE INDEX ON one.events (event_id);
CREATE INDEX ON two.events (event_id);
CREATE INDEX ON one.calls (lead_id);
CREATE INDEX ON two.calls (lead_id);
INSERT INTO one.leads SELECT n, CASE n % 3 WHEN 0 THEN 'NZ' WHEN 1 THEN 'DE' END, n * 7, date '2024-01-01' + n FROM generate_series(1, 9) n;
INSERT INTO two.leads SELECT id::text, country, size, came FROM one.leads;
INSERT INTO one.events SELECT 1 + n % 9, 't' || n % 4, timestamptz '2024-02-01' + n * interval '7 hours', 'c' || n % 2, jsonb_build_object('n', n % 5), n FROM generate_series(1, 90) n;
INSERT INTO two.events SELECT lead_id::text, type, occurred_at, campaign, properties, event_id FROM one.events;
SELECT lead_scoring.create_model('model one', 'one.leads', 'one.events', status_columns => '{}') \g /dev/null

CREATE FUNCTION pg_temp.any_of(VARIADIC text[]) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT $1[1 + floor(random() * cardinality($1))::integer]';
CREATE FUNCTION pg_temp.chance(share double precision) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT random() < share';
-- A span of time, and points, that are written in many ways.
CREATE FUNCTION pg_temp.span() RETURNS interval LANGUAGE sql VOLATILE AS $$ SELECT pg_temp.any_of('1 day', '36 hours', '90 minutes', '14 days 03:00:00.25', '0.000001 seconds', '400 days')::interval $$;
CREATE FUNCTION pg_temp.points() RETURNS numeric LANGUAGE sql VOLATILE AS $$ SELECT pg_temp.any_of('5', '5.0', '-3.25', '0', '1e3', '0.0001', '12.50')::numeric $$;
CREATE FUNCTION pg_temp.name(n integer) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT pg_temp.any_of('visit', 'Web "inar"', E'back\\slash', 'it''s {braces}', U&'d\00E9j\00E0 vu', ' spaces ', 'tab' || chr(9), '100 %') || n $$;
CREATE FUNCTION pg_temp.maybe(value anyelement) RETURNS anyelement LANGUAGE sql VOLATILE AS 'SELECT CASE WHEN random() < 0.4 THEN value END';

CREATE PROCEDURE pg_temp.draft_at_random() LANGUAGE plpgsql AS $$
DECLARE
    decay text;
    names text[];
BEGIN
    UPDATE "model one".stages SET requires = NULL, grades = NULL;
    DELETE FROM "model one".entries;
    DELETE FROM "model one".lead_types;
    DELETE FROM "model one".rules WHERE pg_temp.chance(0.5);
    DELETE FROM "model one".bands;
    UPDATE "model one".rules SET points = pg_temp.points(), comment = pg_temp.maybe('said "why"'::text), enabled = pg_temp.chance(0.7) WHERE pg_temp.chance(0.5);
    UPDATE "model one".rule_groups SET max_points = pg_temp.maybe(100 + pg_temp.points()), comment = pg_temp.maybe('a group'::text);
    INSERT INTO "model one".rule_groups (name, kind, min_points) VALUES (pg_temp.name(0) || 'group', pg_temp.any_of('engagement', 'fit'), pg_temp.maybe(-9)) ON CONFLICT DO NOTHING;
    DELETE FROM "model one".rule_groups g WHERE g.name NOT IN ('engagement', 'fit') AND pg_temp.chance(0.4) AND NOT EXISTS (SELECT FROM "model one".rules r WHERE r.rule_group = g.name);
    FOR n IN 1 .. 4 LOOP
        decay := pg_temp.any_of('none', 'exponential', 'linear', 'step', 'window');
        INSERT INTO "model one".rules (name, rule_group, event_type, condition, points, per, decay, half_life, lifespan, "drop", step, min_points, max_points, limit_count, limit_window, limit_key, max_occurrences, enabled, comment)
        SELECT pg_temp.name(n), (SELECT g.name FROM "model one".rule_groups g WHERE g.kind = 'engagement' ORDER BY random() LIMIT 1), pg_temp.any_of('t0', 't1', 'T "3"'), pg_temp.maybe(pg_temp.any_of('properties->>''n'' > ''1''', E'campaign  like\n''c%''', 'not (campaign is null)')),
               pg_temp.points(), pg_temp.maybe('(properties->>''n'')::numeric'::text), decay, CASE decay WHEN 'exponential' THEN pg_temp.span() END, CASE WHEN decay IN ('linear', 'window') THEN pg_temp.span() END,
               CASE decay WHEN 'step' THEN pg_temp.any_of('0.1', '0.3333333333333333', '1')::float8 END, CASE decay WHEN 'step' THEN pg_temp.span() END, pg_temp.maybe(-7), pg_temp.maybe(40.5), l.count, CASE WHEN l.count IS NOT NULL THEN pg_temp.any_of('hour', 'day', 'ever') END,
               CASE WHEN l.count IS NOT NULL THEN pg_temp.maybe('campaign'::text) END, pg_temp.any_of('1000', '5')::integer, pg_temp.chance(0.8), pg_temp.maybe(E'two\nlines'::text)
          FROM (SELECT pg_temp.maybe(3)) l (count)
        ON CONFLICT DO NOTHING;
        INSERT INTO "model one".rules (name, event_type, points, source, at_least, within, distinct_key, keep) VALUES (pg_temp.name(n) || 'often', pg_temp.any_of('t0', '*'), pg_temp.points(), 'events', 1 + n, n * interval '90 minutes' + interval '1 day',
            pg_temp.maybe('campaign'::text), pg_temp.chance(0.3)) ON CONFLICT DO NOTHING;
        INSERT INTO "model one".rules (name, event_type, points, quiet_for) VALUES (pg_temp.name(n) || 'silent', pg_temp.any_of('t0', '*'), pg_temp.points(), (n + 1) * interval '36 hours') ON CONFLICT DO NOTHING;
        INSERT INTO "model one".rules (name, condition, points) VALUES (pg_temp.name(n) || 'fit', pg_temp.any_of('country = ''NZ''', 'size>20 -- many', '"came" > ''2024-01-03'''), pg_temp.points()) ON CONFLICT DO NOTHING;
    END LOOP;
    INSERT INTO "model one".bands SELECT a, l, m FROM (VALUES ('fit', 'A', 20.5), ('fit', 'B', 0), ('fit', 'C', -1e3), ('engagement', '1', 50), ('engagement', '2', -5)) b (a, l, m) WHERE pg_temp.chance(0.6);
    -- A name that was another's is refused by history, and so is a stage of the same rank.
    INSERT INTO "model one".stages (name, rank, kind, min_score, falls_below, within, timeout_stage, cooldown, on_event, comment, hand_off, max_attempts, hand_off_max_age, rejected_stage)
    SELECT 'stage ' || w.k, w.k * 10, 'progress', w.k * 5, pg_temp.maybe(w.k), w.within, CASE WHEN w.within IS NOT NULL THEN 'lead' END, pg_temp.maybe(pg_temp.span()), pg_temp.maybe('t2'::text), pg_temp.maybe('a stage'::text), w.hands, CASE WHEN w.hands THEN pg_temp.maybe(3) END, CASE WHEN w.hands THEN pg_temp.maybe(pg_temp.span()) END, CASE WHEN w.hands THEN pg_temp.maybe('lead'::text) END
      FROM (SELECT k, pg_temp.maybe(pg_temp.span()) AS within, pg_temp.chance(0.4) AS hands FROM generate_series(1, 3) k) w ON CONFLICT DO NOTHING;
    DELETE FROM "model one".stages WHERE name <> 'lead' AND pg_temp.chance(0.3);
    UPDATE "model one".stages SET working_time = false;
    DELETE FROM "model one".calendar;
    DELETE FROM "model one".holidays;
    INSERT INTO "model one".calendar SELECT d, o::time, c::time FROM (VALUES ('monday', '09:00', '17:00:00.5'), ('friday', '9:00', '12:00'), ('friday', '12:00', '24:00'), ('sunday', '00:00', '01:30')) h (d, o, c) WHERE pg_temp.chance(0.4);
    INSERT INTO "model one".holidays SELECT date '2024-12-25' + n FROM generate_series(0, 2) n WHERE pg_temp.chance(0.3);
    UPDATE "model one".stages SET working_time = pg_temp.chance(0.6) WHERE within IS NOT NULL AND EXISTS (SELECT FROM "model one".calendar);
    SELECT array_agg(r.name) INTO names FROM "model one".rules r WHERE r.enabled AND num_nonnulls(r.at_least, r.quiet_for) = 0;
    UPDATE "model one".stages SET requires = jsonb_build_object(pg_temp.any_of(VARIADIC names), 1 + floor(random() * 3)) WHERE name <> 'lead' AND pg_temp.chance(0.4) AND names <> '{}';
    INSERT INTO "model one".entries (name, stage, min_score, requires, on_event, on_event_condition, comment)
    SELECT 'entry ' || s.name, s.name, pg_temp.maybe(coalesce(s.falls_below, 0) + 2.50), s.requires, e.type, CASE WHEN e.type IS NOT NULL THEN pg_temp.maybe('campaign  is not null'::text) END, pg_temp.maybe('another way'::text)
      FROM "model one".stages s CROSS JOIN LATERAL (SELECT pg_temp.any_of('t1', 't2') WHERE s.requires IS NULL OR length(s.name) > 0 AND pg_temp.chance(0.5)) e (type) WHERE pg_temp.chance(0.5);
    INSERT INTO "model one".lead_types (name, rank, condition, comment)
    SELECT 'type ' || k, pg_temp.any_of('1', '5', '-9')::integer, pg_temp.any_of('score >5', E'days_since_last\n> 90', '(points->''engagement'')::numeric > 2 -- some'), pg_temp.maybe('a type'::text) FROM generate_series(1, 3) k WHERE pg_temp.chance(0.5);
    UPDATE "model one".settings SET time_zone = pg_temp.any_of('UTC', 'Asia/Kathmandu', 'Pacific/Auckland'), min_score = pg_temp.maybe(0), max_score = pg_temp.maybe(100.50), future_tolerance = pg_temp.any_of('5 minutes', '0', '1 day')::interval,
        lead_created = pg_temp.maybe('came'::text), lead_condition = pg_temp.maybe('country is distinct from ''XX'''::text), event_campaign = pg_temp.maybe('campaign'::text), event_id = pg_temp.maybe('event_id'::text),
        lead_account = pg_temp.maybe('lower( country )'::text), handoff_outbox = pg_temp.chance(0.5);
    DELETE FROM "model one".account_rules WHERE pg_temp.chance(0.5);
    INSERT INTO "model one".account_rules (name, people, active_within, min_points, top_n, min_score, comment)
    SELECT pg_temp.name(n), p.people, CASE WHEN p.people IS NOT NULL THEN pg_temp.maybe(pg_temp.span()) END, CASE WHEN p.people IS NULL THEN pg_temp.points() ELSE pg_temp.maybe(pg_temp.points()) END, pg_temp.maybe(4),
           CASE WHEN p.people IS NOT NULL THEN pg_temp.maybe(pg_temp.points()) END, pg_temp.maybe('of "accounts"'::text) FROM generate_series(1, 2) n, LATERAL (SELECT pg_temp.maybe(n + 1)) p (people) ON CONFLICT DO NOTHING;
    DELETE FROM "model one".report_settings;
    INSERT INTO "model one".report_settings (look_back, week_starts, dimensions, max_touches, qualified_low) SELECT pg_temp.maybe(pg_temp.span()), pg_temp.any_of('monday', 'sunday'), pg_temp.any_of('{}', '{"land": "country"}')::jsonb, pg_temp.maybe(7), pg_temp.any_of('0.02', '0.01')::float8
     WHERE pg_temp.chance(0.7);
    IF pg_temp.chance(0.5) AND NOT EXISTS (SELECT FROM "model one".sources) THEN
        PERFORM lead_scoring.add_source('model one', 'calls', 'one.calls', every_event => 'call', time_zone => pg_temp.maybe('Asia/Tokyo'::text));
        INSERT INTO "model one".rules (name, event_type, points, per, source) VALUES ('call', 'call', 2, 'minutes', pg_temp.maybe('calls'::text));
    END IF;
END
$$;
CREATE FUNCTION pg_temp.round_trip() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    document CONSTANT text := lead_scoring.export_model('model one');
    tables CONSTANT jsonb := '{"leads": "two.leads", "events": "two.events"}' || CASE WHEN EXISTS (SELECT FROM "model one".sources) THEN '{"calls": "two.calls"}' ELSE '{}' END::jsonb;
    other text;
    differing text;
BEGIN
    PERFORM lead_scoring.publish('model one');
    PERFORM lead_scoring.apply_model('twin', document::jsonb, tables => tables);
    other := replace(lead_scoring.export_model('twin')::text, '"two.', '"one.');
    IF other <> document THEN
        RETURN format(E'exported\n%s\nbut applied\n%s', document, other);
    END IF;
    SELECT string_agg(d::text, E'\n') INTO differing
      FROM (SELECT r.what, r.name, r.fields FROM lead_scoring_internal.definition_rows((SELECT v.definition FROM "model one".versions v ORDER BY v.version DESC LIMIT 1), false) r
            EXCEPT SELECT r.what, r.name, r.fields FROM lead_scoring_internal.definition_rows((SELECT v.definition FROM twin.versions v ORDER BY v.version DESC LIMIT 1), false) r) d;
    IF differing IS NOT NULL OR EXISTS (SELECT FROM lead_scoring.diff('twin')) THEN
        RETURN format(E'different definitions\n%s', differing);
    END IF;
    -- Applied again, to whichever, nothing is published.
    IF lead_scoring.apply_model('twin', document::jsonb, tables => tables) <> (SELECT max(version) FROM twin.versions) OR lead_scoring.apply_model('model one', document::jsonb) <> (SELECT max(version) FROM "model one".versions) THEN
        RETURN 'published again';
    END IF;
    RETURN (SELECT string_agg(format('%s is %s and %s', o.lead_id, o::text, t::text), E'\n') FROM "model one".scores o JOIN twin.scores t ON t.lead_id = o.lead_id::text WHERE abs(o.score - t.score) > 1 OR o.account IS DISTINCT FROM t.account);
END
$$;
SELECT 'CALL pg_temp.draft_at_random()', 'SELECT pg_temp.round_trip()' FROM generate_series(1, 6) \gexec
SELECT count(*) > 3 FROM lead_scoring.versions('twin');
SELECT * FROM lead_scoring.verify('model one');
SELECT * FROM lead_scoring.verify('twin');
-- And back again, to each version of it: the draft says what the version does, but for sources that have come since, and what is bound.
SELECT format('SELECT lead_scoring.load_draft(''twin'', %s)', v.version), format('SELECT * FROM lead_scoring.diff(''twin'', %s) d WHERE d.what NOT IN (''source'', ''touches'')', v.version) FROM lead_scoring.versions('twin') v \gexec
SELECT lead_scoring.drop_model('model one'), lead_scoring.drop_model('twin') \g /dev/null
DROP SCHEMA one, two CASCADE;

-- Statements that call every function, procedure and aggregate of ours with arguments of the right types and no sense,
-- between others that live with the model.

-- By the name of the parameter, mostly something that exists.
CREATE FUNCTION argument(name text, type regtype) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    value text;
BEGIN
    IF one_in(12) THEN
        RETURN format('NULL::%s', type);
    END IF;
    value := CASE type::text
        WHEN 'text' THEN CASE
            WHEN one_in(8) THEN odd_text()
            WHEN name = 'model' OR name = 'name' AND one_in(2) THEN CASE WHEN one_in(10) THEN pick('other', 'pg_catalog', 'full_test', 'public', 'lead_scoring', 'Odd "name"') ELSE 'full_model' END
            WHEN name LIKE '%lead%' OR name IN ('keep', 'merged', 'gone', 'kept', 'last', 'duplicate', 'other') THEN (1 + below(70))::text
            WHEN name IN ('stage', 'rule', 'timeout_stage', 'subject') THEN pick('lead', 'mql', 'sql', 'customer', 'recycled', 'visit', 'near', 'download')
            WHEN name LIKE '%event_type%' OR name = 'on_event' THEN pick('visit', 'download', 'won', 'accepted', 'nothing')
            WHEN name IN ('expression', 'condition', 'per', 'limit_key', 'on_event_condition') THEN odd_expression()
            WHEN name LIKE '%view%' THEN pick('funnel', 'campaigns', 'channels', 'cohorts', 'velocity', 'leads', 'moves', 'scores', 'sla', 'forecast', 'rule_lift', 'feedback', 'qualified_rate', 'lead_magnets')
            WHEN name = 'kind' THEN pick('condition', 'number', 'key', 'engagement', 'fit', 'progress', 'detour')
            WHEN name = 'decay' THEN pick('none', 'exponential', 'linear', 'step', 'window')
            WHEN name = 'limit_window' THEN pick('hour', 'day', 'week', 'month', 'ever')
            WHEN name IN ('stages', 'way') THEN pick('replay', 'catch up', 'evaluate')
            WHEN name IN ('time_zone', 'zone') THEN pick('UTC', 'Europe/Berlin', 'Pacific/Auckland', 'Nowhere', '../../etc/passwd')
            WHEN name = 'rule_group' THEN pick('engagement', 'fit', 'content')
            WHEN name IN ('relation', 'table_name', 'privilege', 'setting') THEN pick('scores', 'rules', 'stages', 'transitions', 'SELECT', 'leads')
            WHEN name LIKE '%column%' OR name IN ('campaign', 'channel', 'spent_on', 'earned_on', 'amount') THEN pick('id', 'lead_id', 'type', 'occurred_at', 'amount', 'medium', 'earned_on', 'country')
            ELSE pick('linear', 'strict_order', 'a', 'visit', 'full_test.leads', odd_text()) END
        WHEN 'regclass' THEN CASE WHEN one_in(10) THEN pick('0', '1', '4294967295', '999999') ELSE pick('full_test.leads', 'full_test.events', 'full_test.spend', 'full_test.deals', 'full_model.scores', 'full_model.leads',
            'full_model.versions', 'pg_class', 'pg_type_oid_index', 'pg_stat_activity', 'full_test.events_lead_id_idx') END
        WHEN 'oid' THEN CASE WHEN one_in(4) THEN pick('0', '1', '4294967295', '999999') ELSE pick('full_model.scores', 'full_test.leads', 'pg_class', 'full_model.leads')::regclass::oid::text END
        WHEN 'jsonb' THEN CASE WHEN name = 'definition' AND one_in(2) THEN (SELECT t.definition::text FROM lead_scoring.templates() t ORDER BY t.name COLLATE "C" LIMIT 1 OFFSET below(5))
            WHEN name = 'words' AND one_in(2) THEN '{"event_types": {"demo_request": "visit"}, "columns": {}}' WHEN name = 'tables' AND one_in(2) THEN '{"leads": "full_test.leads", "events": "full_test.events"}'
            ELSE pick('{}', '[]', 'null', '1', '"x"', '{"stage": "lead_stage"}', '{"stage": "lead_stage", "mql_at": "mql_at", "score": "id"}', '{"no": 1}', '{"visit": 1}', '{"": null}', '{"name": "x", "kind": "fit"}',
            '{"webinar": -1}', '[[[]]]', '{"a": {"b": {"c": []}}}') END
        WHEN 'text[]' THEN pick('{}', '{1,2,3}', '{NULL}', '{mql,sql}', '{A1,B2}', '{{a,b},{c,d}}', '{a,NULL,""}', '{search,mail,search}', '[5:6]={a,b}')
        WHEN 'timestamp with time zone' THEN pick('2024-01-05', '2024-03-01 12:00', 'now', 'infinity', '-infinity', '4713-01-01 BC', '294276-12-31', '1969-12-31')
        WHEN 'interval' THEN pick('1 day', '7 days', '0', '-1 day', '1 month', '100000000 days', '0.000001 s', '-178000000 years', '1 year -365 days')
        WHEN 'numeric' THEN pick('0', '1', '10.5', '-3', 'NaN', 'Infinity', '-Infinity', '1e131000', '1e-16000', '1e12', '99999999999999999999.999', odd_number())
        WHEN 'double precision' THEN pick('0', '1', '0.5', '-1', 'NaN', 'Infinity', '-Infinity', '1e308', '5e-324', '0.95')
        WHEN 'bigint' THEN CASE WHEN one_in(4) THEN pick('0', '-1', '9223372036854775807', '-9223372036854775808') ELSE below(70)::text END
        WHEN 'integer' THEN CASE WHEN one_in(4) THEN pick('0', '-1', '2147483647', '-2147483648') ELSE below(20)::text END
        WHEN 'boolean' THEN pick('true', 'false')
        WHEN 'uuid' THEN pick('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        WHEN 'bytea' THEN pick('\x', '\x00', '\xdeadbeef', '\x' || repeat('00', 64), '\x' || repeat('ff', 100), '\x01535441010000000e00000000e0fd5a')
        WHEN 'bigint[]' THEN pick('{}', '{0,0,0}', '{0,0,0,0}', '{0,-1,0,0,0,0}', '{5,3,0}', '{NULL,1}', '{{1,2},{3,4}}', '{9223372036854775807,9223372036854775807,1}', '{0,0,0,0,0,-9223372036854775808}')
        WHEN 'boolean[]' THEN pick('{}', '{t}', '{t,f,NULL}', '{{t,f},{f,t}}', array_fill(true, '{33}')::text, array_fill(true, '{32}')::text)
        WHEN 'lead_scoring.scorecard' THEN 'clock ' || pick('0', '757382400000000', '-9223372036854775808') || ' fit ' || pick('0', '1 rule 0', '1 rule 1073741823') || ' adjustments 0 rules 0 pending_more ' || below(2) || ' pending 0'
        WHEN 'cstring' THEN odd_text()
        ELSE odd_text() END;
    IF type::text = 'text' AND one_in(3000) THEN
        RETURN 'repeat(''huge'', 2000000)';
    END IF;
    RETURN format(CASE WHEN type::text IN ('regclass', 'oid') THEN '%L::%s' WHEN type::text IN ('cstring', 'trigger', 'internal') THEN '%L' ELSE '%L::%s' END, value, type);
END $$;

CREATE TABLE routines AS
SELECT row_number() OVER (ORDER BY p.oid::regprocedure::text COLLATE "C") AS number, p.prokind AS kind, p.proretset AS returns_set, p.provariadic <> 0 AS is_variadic, p.pronargdefaults AS defaults, p.oid::regproc::text AS name,
       p.proargtypes::oid[]::regtype[] AS types, coalesce(p.proargnames[1:p.pronargs], array_fill(''::text, ARRAY[p.pronargs::int])) AS names
  FROM pg_proc p WHERE p.pronamespace::regnamespace::text LIKE 'lead\_scoring%' AND 'internal'::regtype <> ALL (p.proargtypes::oid[]);

CREATE FUNCTION call_of(r routines) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    arguments text := '';
    given constant int := cardinality(r.types) - CASE WHEN r.defaults > 0 AND one_in(2) THEN below(r.defaults + 1)::int ELSE 0 END;
BEGIN
    FOR i IN 1 .. given LOOP
        arguments := arguments || CASE WHEN i > 1 THEN ', ' ELSE '' END || CASE WHEN r.is_variadic AND i = given THEN 'VARIADIC ' ELSE '' END || argument(r.names[i - 1 + array_lower(r.names, 1)], r.types[i - 1 + array_lower(r.types, 1)]);
    END LOOP;
    RETURN format(CASE WHEN r.kind = 'p' THEN 'CALL %s(%s);' WHEN r.kind = 'a' AND one_in(2) THEN 'SELECT %s(%s) OVER (ORDER BY n) FROM generate_series(1, 3) n;' WHEN r.kind = 'a' THEN 'SELECT %s(%s) FROM generate_series(1, 3);'
                       WHEN r.returns_set AND r.name <> 'lead_scoring.report' THEN 'SELECT * FROM %s(%s);' WHEN one_in(20) THEN 'SELECT (SELECT %s(%s)) FROM generate_series(1, 2);' ELSE 'SELECT %s(%s);' END, r.name, arguments);
END $$;

CREATE FUNCTION other_statement() RETURNS text LANGUAGE sql AS $$
    SELECT format(pick(
        'INSERT INTO full_test.events VALUES (%1$s, ''visit'', now(), ''c'', ''{"n": 2}''), (%1$s, ''download'', ''2024-01-02'', ''c'', ''{"asset": "a1"}'');', 'DELETE FROM full_test.events WHERE lead_id = %1$s;',
        'UPDATE full_test.leads SET country = CASE WHEN country IS NULL THEN ''NZ'' END WHERE id = %1$s;', 'INSERT INTO full_test.leads VALUES (%1$s, ''NZ'', NULL) ON CONFLICT DO NOTHING;', 'UPDATE full_test.events SET type = ''won'' WHERE lead_id = %1$s;',
        'SELECT * FROM full_model.leads;', 'SELECT * FROM full_model.funnel;', 'SELECT * FROM full_model.forecast;', 'SELECT * FROM lead_scoring.models();', 'DELETE FROM full_test.leads WHERE id = %1$s;',
        'UPDATE full_model.rules SET points = %1$s;', 'SELECT lead_scoring.publish(''full_model'');', 'SELECT lead_scoring.resume(''full_model'');',
        'SELECT lead_scoring.undo_move(''full_model'', %1$s, 1);', 'SELECT lead_scoring.reset_engagement(''full_model'', %1$s);', 'SELECT lead_scoring.replay(''full_model'', %1$s);', 'SELECT * FROM lead_scoring.history(''full_model'', %1$s);',
        'SELECT * FROM lead_scoring.why_not(''full_model'', %1$s);', 'SELECT count(*) FROM lead_scoring.preview_leads(''full_model'');', 'SELECT lead_scoring.apply_model(''full_model'', lead_scoring.export_model(''full_model'')::jsonb);'), 1 + below(70))
$$;

-- A trigger of ours where we did not put it; repair() takes it away.
CREATE FUNCTION odd_trigger() RETURNS text LANGUAGE sql AS $$
    SELECT format('CREATE %s odd %s %s %s EXECUTE FUNCTION lead_scoring.%s(%s);', CASE WHEN kind LIKE '%DEFERRABLE%' THEN 'CONSTRAINT TRIGGER' ELSE 'TRIGGER' END, event,
                  'ON ' || pick('full_test.events', 'full_test.leads', 'full_test.events', 'full_test.leads', 'full_test.deals', 'full_model.adjustments', 'full_model.scores', 'full_model.versions'), kind,
                  pick('events_changed', 'leads_changed', 'adjustments_changed', 'binding_changed'), pick('''full_model''', '''full_model''', '''full_model''', '''other''', '', '''a'', ''b'''))
      FROM (VALUES (pick('AFTER INSERT', 'AFTER UPDATE', 'AFTER DELETE', 'AFTER INSERT OR UPDATE OR DELETE', 'BEFORE INSERT', 'BEFORE UPDATE', 'AFTER TRUNCATE'),
                    pick('FOR EACH ROW', 'FOR EACH STATEMENT', 'REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'REFERENCING OLD TABLE AS o FOR EACH STATEMENT', 'REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT',
                         'REFERENCING NEW TABLE AS n FOR EACH ROW', 'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'))) t (event, kind)
$$;

CREATE FUNCTION statements(seed bigint, calls bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    known constant bigint := (SELECT count(*) FROM routines);
    routine routines;
BEGIN
    CALL begin_choices(seed);
    FOR i IN 1 .. calls LOOP
        SELECT r.* INTO routine FROM routines r WHERE r.number = (SELECT 1 + below(known));
        -- Seldom what ends the model for good.
        CONTINUE WHEN routine.name ~ 'drop_|erase_|forget_' AND NOT one_in(20);
        RETURN NEXT CASE WHEN one_in(8) THEN other_statement() WHEN one_in(40) THEN odd_trigger() WHEN one_in(30) THEN other_statement() || call_of(routine) || ' ' || other_statement() ELSE call_of(routine) END;
    END LOOP;
END $$;

-- What is left of the models is sound, or can be repaired: their names and what verify says then.
CREATE FUNCTION unsound() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    found record;
    repaired outcome;
BEGIN
    FOR found IN SELECT m.model FROM lead_scoring.models() m LOOP
        repaired := try(format('SELECT lead_scoring.resume(%1$L), lead_scoring.repair(%1$L)', found.model));
        IF is_wrong(repaired.code) THEN
            RETURN NEXT format('%s cannot be repaired: %s', found.model, repaired.message);
        ELSIF repaired.code = '00000' THEN
            RETURN QUERY SELECT found.model || ' after repair: ' || v::text FROM lead_scoring.verify(found.model) v LIMIT 5;
        END IF;
    END LOOP;
END $$;

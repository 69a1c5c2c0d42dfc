-- create_model, drop_model.

CREATE FUNCTION lead_scoring_internal.refuse_write() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_refuse_write';
COMMENT ON FUNCTION lead_scoring_internal.refuse_write IS 'Trigger function before statements on the tables of a model''s state: raises 55000 with the call that does what was tried, unless the extension itself writes, or the owner while the model is paused or not yet restored. Its argument is the name that the model was made with.';

CREATE FUNCTION lead_scoring_internal.settings_statement(model text, existing jsonb, wanted jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('UPDATE %I.settings SET %s;', model, string_agg(format('%I = %s', w.key, quote_nullable(w.value #>> '{}')), ', ' ORDER BY w.key COLLATE "C"))
       || CASE WHEN bool_or(f.is_owners AND f.kind <> 'draft column') THEN format(' SELECT lead_scoring.repair(%L);', model) ELSE '' END
       || CASE WHEN NOT bool_and(f.is_owners AND f.kind <> 'draft column') THEN format(' SELECT lead_scoring.publish(%L);', model) ELSE '' END
       || '  -- or drop_model() first'
  FROM jsonb_each(wanted) w JOIN lead_scoring_internal.draft_fields f ON f.entity = 'settings' AND f.field = w.key
 WHERE coalesce(existing -> w.key, 'null') <> w.value
$$;
COMMENT ON FUNCTION lead_scoring_internal.settings_statement IS 'The statements that make the settings of a model what is wanted.';

CREATE FUNCTION lead_scoring_internal.second_model(model text, wanted jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.create_model(%L, leads => %L, events => %L%s, status_columns => ''{}'');', left(model, 30) || '_' || left((parse_ident(wanted ->> 'events'))[2], 30), wanted ->> 'leads', wanted ->> 'events',
              (SELECT string_agg(format(', %s => %L', w.key, w.value #>> '{}'), '' ORDER BY w.key COLLATE "C") FROM jsonb_each(wanted) w
                WHERE jsonb_typeof(w.value) <> 'null' AND (w.key, w.value #>> '{}') NOT IN (('event_lead', 'lead_id'), ('event_type', 'type'), ('event_time', 'occurred_at'), ('time_zone', 'UTC'))
                  AND w.key NOT IN ('leads', 'events', 'status_columns')))
$$;
COMMENT ON FUNCTION lead_scoring_internal.second_model IS 'The statement that makes another model, of other tables.';

CREATE FUNCTION lead_scoring_internal.source_statement(model text, wanted jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT lead_scoring.add_source(%L, %L, %L%s);', model, left((parse_ident(wanted ->> 'events'))[2], 60), wanted ->> 'events',
              (SELECT string_agg(format(', %s => %L', w.key, w.value #>> '{}'), '' ORDER BY w.key COLLATE "C") FROM jsonb_each(wanted) w
                WHERE w.key LIKE 'event\_%' AND jsonb_typeof(w.value) <> 'null' AND (w.key, w.value #>> '{}') NOT IN (('event_lead', 'lead_id'), ('event_type', 'type'), ('event_time', 'occurred_at'))))
$$;
COMMENT ON FUNCTION lead_scoring_internal.source_statement IS 'The statement that makes a table of events a further source of the model.';

CREATE FUNCTION lead_scoring_internal.add_status_columns(model text, leads regclass, lead_key text, status_columns jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    added record;
BEGIN
    FOR added IN SELECT * FROM lead_scoring_internal.check_status_columns(model, leads, lead_key, status_columns) LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', leads, added.missing_column, added.missing_type);
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', leads, added.missing_column,
                       format('Written by lead scoring model "%s".', model));
        RAISE NOTICE 'added column "%" to table %', added.missing_column, leads;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_status_columns IS 'Adds the status columns that the leads table lacks, each with a notice. Raises what check_status_columns raises.';

-- ---------------------------------------------------------------- interface

CREATE FUNCTION lead_scoring.create_model(
    name text,
    leads regclass,
    events regclass,
    lead_key text DEFAULT NULL,
    event_lead text DEFAULT 'lead_id',
    event_type text DEFAULT 'type',
    event_time text DEFAULT 'occurred_at',
    event_campaign text DEFAULT NULL,
    time_zone text DEFAULT 'UTC',
    status_columns jsonb DEFAULT '{"stage": "lead_stage", "mql_at": "mql_at"}',
    min_score numeric DEFAULT NULL,
    max_score numeric DEFAULT NULL,
    require_index boolean DEFAULT true,
    event_id text DEFAULT NULL,
    event_anonymous text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_create_model';
CREATE FUNCTION lead_scoring_internal.create_model(
    name text,
    leads regclass,
    events regclass,
    lead_key text,
    event_lead text,
    event_type text,
    event_time text,
    event_campaign text,
    time_zone text,
    status_columns jsonb,
    min_score numeric,
    max_score numeric,
    require_index boolean,
    event_id text,
    event_anonymous text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted jsonb;
    is_there boolean;
    existing jsonb;
    differing text;
    is_of_other_tables boolean;
    is_source boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(name);
    IF num_nulls(name, leads, events, event_lead, event_type, event_time, time_zone, status_columns, require_index) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of create_model is NULL',
            'Only lead_key, event_campaign, event_id, event_anonymous, min_score and max_score may be NULL.',
            'Leave an argument out for its default; status_columns => ''{}'' stands for none.');
    END IF;
    PERFORM lead_scoring_internal.check_table(leads, 'leads');
    PERFORM lead_scoring_internal.check_table(events, 'events');
    lead_key := coalesce(lead_key, lead_scoring_internal.primary_key_column(leads, events, event_lead));
    wanted := jsonb_build_object('leads', leads::text, 'events', events::text, 'lead_key', lead_key,
        'event_lead', event_lead, 'event_type', event_type, 'event_time', event_time, 'event_campaign', event_campaign,
        'time_zone', time_zone, 'status_columns', status_columns, 'min_score', min_score, 'max_score', max_score, 'event_id', event_id, 'event_anonymous', event_anonymous);

    is_there := EXISTS (SELECT FROM lead_scoring_internal.model_schemas() m WHERE m.name = create_model.name);
    IF is_there THEN
        existing := lead_scoring_internal.settings_row(name);
    ELSE
        PERFORM lead_scoring_internal.check_model_name(name);
    END IF;
    IF existing IS NOT NULL THEN
        SELECT string_agg(w.key, ', ' ORDER BY w.key COLLATE "C") INTO differing
          FROM jsonb_each(wanted) w WHERE coalesce(existing -> w.key, 'null') <> w.value;
        is_of_other_tables := EXISTS (SELECT FROM unnest('{leads,events}'::text[]) t WHERE existing ->> t <> wanted ->> t AND lead_scoring_internal.resolve_table(existing ->> t) IS NOT NULL);
        is_source := is_of_other_tables AND existing ->> 'leads' = wanted ->> 'leads' AND existing ->> 'lead_key' = wanted ->> 'lead_key';
        IF differing IS NOT NULL THEN
            PERFORM lead_scoring_internal.fail('42710', format('model "%s" already exists with other settings', name),
                format('These differ: %s.', differing)
                || CASE WHEN is_source THEN ' Another table of events of the same leads is a further source of the model.'
                        WHEN is_of_other_tables THEN ' A model scores one table of leads: another has a model of its own.' ELSE '' END,
                CASE WHEN is_source THEN lead_scoring_internal.source_statement(name, wanted) WHEN is_of_other_tables THEN lead_scoring_internal.second_model(name, wanted)
                     ELSE lead_scoring_internal.settings_statement(name, existing, wanted) END);
        END IF;
        RETURN;
    END IF;

    IF leads = events THEN
        PERFORM lead_scoring_internal.fail('22023', format('leads and events are the same table %s', leads),
            'A lead has many events, each a row of its own.', 'Give two tables: leads => ''public.leads'', events => ''public.events''.');
    END IF;
    -- Leads before events, as everywhere. From here on nobody else can claim a column or write a row.
    PERFORM lead_scoring_internal.require_own(leads, true);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', leads);
    PERFORM lead_scoring_internal.require_own(events, true);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', events);
    PERFORM lead_scoring_internal.check_columns(leads, events, lead_key, event_lead, event_type, event_time, event_campaign),
            lead_scoring_internal.check_event_id(events, event_lead, event_id);
    PERFORM lead_scoring_internal.check_time_zone(time_zone);
    IF NOT (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(max_score)) OR min_score > max_score THEN
        PERFORM lead_scoring_internal.fail('22023',
            format('no score lies between min_score %s and max_score %s',
                   coalesce(min_score::text, 'NULL'), coalesce(max_score::text, 'NULL')),
            'Both are numbers between -1e12 and 1e12, the smaller one first.', 'For example min_score => 0, max_score => 100.');
    END IF;
    IF event_anonymous IS NOT NULL THEN
        PERFORM lead_scoring_internal.check_visitor(events, event_anonymous, 'event_anonymous');
    END IF;
    IF require_index THEN
        PERFORM lead_scoring_internal.check_event_index(events, event_lead, event_time),
                CASE WHEN event_anonymous IS NOT NULL THEN lead_scoring_internal.check_visitor_index(events, event_anonymous, event_lead) END;
    END IF;
    PERFORM lead_scoring_internal.add_status_columns(name, leads, lead_key, status_columns);

    IF NOT is_there THEN
        PERFORM lead_scoring_internal.create_schema(name);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, format('Lead scoring model of %s.', leads));
    END IF;
    PERFORM lead_scoring_internal.mend_shape(name);
    wanted := wanted || jsonb_build_object('format', lead_scoring_internal.newest_format());
    EXECUTE format('INSERT INTO %1$I.settings (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.settings, $1)', name,
                   (SELECT string_agg(quote_ident(w.key), ', ') FROM jsonb_each(wanted) w)) USING wanted;
    IF is_there THEN
        PERFORM lead_scoring_internal.repair(name);
        RETURN;
    END IF;
    PERFORM lead_scoring_internal.mend_keys(name);
    EXECUTE format('INSERT INTO %1$I.rule_groups (name, kind) VALUES (''engagement'', ''engagement''), (''fit'', ''fit'');
                    INSERT INTO %1$I.stages (name, rank) VALUES (''lead'', 0)', name);
    PERFORM lead_scoring_internal.make_leads_view(name), lead_scoring_internal.make_moves(name), lead_scoring_internal.make_accounts(name);
    PERFORM lead_scoring_internal.make_reports(name);
    PERFORM lead_scoring_internal.add_triggers(name, leads, NULL, events);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.create_model IS 'Implements lead_scoring.create_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.create_model IS
'Makes a model: a schema of that name, owned by the role that owns both tables, which the caller is, or is a member of, with the draft of its rules and stages, its state and its triggers on both tables.
lead_key, a unique column of type integer, bigint, uuid, text or varchar or a domain over one, generated or not, defaults to the primary key of leads; event_lead, event_type and event_time are columns of events; a time is a timestamptz, or a timestamp or date of time_zone (a date is its midnight, a time that comes twice its first passing). event_anonymous is the column of events that names the visitor of an event whose event_lead is NULL, for set_identities(). status_columns maps stage, score, grade and <stage>_at to columns of leads, which are added, with a notice, where missing; ''{}'' for none. min_score and max_score, in points, bound every score. An index led by event_lead, and one led by event_anonymous where there is such a column, are required unless require_index is false. event_id is a column of events by which a row that was delivered twice is known: of a lead''s rows of one id the earliest counts alone. It needs an index too, which every event looks into.
Nothing is scored before the first publish. Calling it again with the same arguments changes nothing; with other ones it raises 42710. Where the model''s settings have lost their row, or the table itself is gone, it puts them back and repairs the model.
Raises 42622 for a name that is empty or over 63 bytes, 42939 for one that begins with pg_, 42P06 where a schema of that name is no model, 42710 as said; 42501 where the tables are not the caller''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions, a table of Citus and a virtual generated column; 42703 for an unknown column, 42804 for one whose type does not do, 55000 where the key is not unique, leads has no primary key of one column, events has no such index, or none on event_id, or a status column is generated or NOT NULL, 55006 where a status column is another model''s; 22023 for the same table twice, an unknown time zone, and bounds or status_columns that make no sense.';

CREATE FUNCTION lead_scoring_internal.settings_row(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = model AND c.relname = 'settings' AND c.relkind IN ('r', 'p')) THEN
        EXECUTE format('SELECT to_jsonb(s) FROM ONLY %I.settings s LIMIT 1', model) INTO found;
    END IF;
    RETURN found;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.settings_row IS 'The row of a model''s settings, whatever columns they have; NULL where there is none, or no such table.';

CREATE FUNCTION lead_scoring_internal.drop_triggers(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    dropped bigint := 0;
BEGIN
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation
                   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid = ANY (lead_scoring_internal.trigger_functions())
                    AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                  ORDER BY t.tgfoid = 'lead_scoring_internal.leads_changed()'::regprocedure DESC, t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.drop_triggers IS 'Drops a model''s triggers from all tables that are the caller''s, and returns how many there were. Whoever else aimed one at the model cannot keep it from being dropped; such a trigger refuses every row.';

CREATE FUNCTION lead_scoring.drop_model(name text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_drop_model';
CREATE FUNCTION lead_scoring_internal.drop_model(name text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
    bound jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(name);
    bound := lead_scoring_internal.settings_row(name);
    PERFORM lead_scoring_internal.drop_triggers(name);

    -- Views and tables go without CASCADE: what others have built upon them outside of the schema is refused, not dropped.
    FOR found IN SELECT k.kind, string_agg(c.oid::regclass::text, ', ') AS relations
                   FROM pg_class c
                   JOIN pg_namespace n ON n.oid = c.relnamespace
                   JOIN (VALUES (1, 'm', 'MATERIALIZED VIEW'), (2, 'v', 'VIEW'), (3, 'r', 'TABLE'), (3, 'p', 'TABLE')) k (place, relkind, kind)
                     ON k.relkind = c.relkind
                  WHERE n.nspname = name AND NOT c.relispartition
                  GROUP BY k.place, k.kind ORDER BY k.place LOOP
        EXECUTE format('DROP %s %s', found.kind, found.relations);
    END LOOP;
    EXECUTE format('DROP SCHEMA %I CASCADE', name);

    IF jsonb_typeof(bound -> 'status_columns') = 'object' AND bound -> 'status_columns' <> '{}' THEN
        RAISE NOTICE 'status columns of table % stay: %', bound ->> 'leads',
            (SELECT string_agg(quote_ident(e.value), ', ' ORDER BY e.value COLLATE "C") FROM jsonb_each_text(bound -> 'status_columns') e);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.drop_model IS 'Implements lead_scoring.drop_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.drop_model IS 'Drops a model: its triggers and its schema with scores, history and all else in it. The leads and events tables stay, and so do the status columns on leads, which a notice names. Works whatever has become of the model''s own tables. Raises 42501 for anybody but the owner, 2BP01 when an object outside of the schema depends on it.';

-- add_source, drop_source.

CREATE FUNCTION lead_scoring.add_source(
    model text,
    name text,
    events regclass,
    event_lead text DEFAULT 'lead_id',
    event_type text DEFAULT 'type',
    event_time text DEFAULT 'occurred_at',
    every_event text DEFAULT NULL,
    event_campaign text DEFAULT NULL,
    event_channel text DEFAULT NULL,
    event_asset text DEFAULT NULL,
    event_anonymous text DEFAULT NULL,
    event_id text DEFAULT NULL,
    time_zone text DEFAULT NULL,
    require_index boolean DEFAULT true)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_source(
    model text,
    name text,
    events regclass,
    event_lead text,
    event_type text,
    event_time text,
    every_event text,
    event_campaign text,
    event_channel text,
    event_asset text,
    event_anonymous text,
    event_id text,
    time_zone text,
    require_index boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    other record;
    before jsonb;
    kept text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(name, events, event_lead, event_time, require_index) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of add_source is NULL',
            'name, events, event_lead, event_time and require_index have no meaning without a value.',
            format('For example SELECT lead_scoring.add_source(%L, ''page views'', ''public.page_views'', every_event => ''page_view'');', model));
    END IF;
    event_type := CASE WHEN every_event IS NULL OR event_type <> 'type' THEN event_type END;
    PERFORM lead_scoring_internal.check_table(events, 'events');
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    SELECT s.name, s.events INTO other FROM lead_scoring_internal.sources(model) s WHERE s.events = add_source.events;
    IF other.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42710', format('table %s is source "%s" of model "%s" already', events, other.name, model),
            'Its events would count twice. Rules tell its types apart.', format('SELECT lead_scoring.add_rule(%L, ''visit'', ''page_view'', 5%s);', model,
            CASE WHEN other.name <> 'events' THEN format(', source => %L', other.name) ELSE '' END));
    END IF;
    PERFORM lead_scoring_internal.check_source(model, name, events, bound.leads);
    PERFORM lead_scoring_internal.require_own(events, true);
    PERFORM lead_scoring_internal.lock_tables(model, events);
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, events, bound.lead_key, event_lead, event_type, event_time, event_campaign),
            lead_scoring_internal.check_event_id(events, event_lead, event_id), lead_scoring_internal.check_time_zone(coalesce(time_zone, 'UTC'));
    IF event_anonymous IS NOT NULL THEN
        PERFORM lead_scoring_internal.check_visitor(events, event_anonymous, 'event_anonymous',
            (SELECT lead_scoring_internal.check_visitor(i.identities, i.anonymous, 'anonymous') FROM lead_scoring_internal.identities(model) i WHERE i.identities IS NOT NULL));
    END IF;
    IF require_index THEN
        PERFORM lead_scoring_internal.check_event_index(events, event_lead, event_time),
                CASE WHEN event_anonymous IS NOT NULL THEN lead_scoring_internal.check_visitor_index(events, event_anonymous, event_lead) END;
    END IF;
    before := lead_scoring_internal.source_list(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'sources', jsonb_build_object('name', name, 'events', events, 'event_lead', event_lead, 'event_type', event_type,
        'every_event', every_event, 'event_time', event_time, 'event_campaign', event_campaign, 'event_channel', event_channel, 'event_asset', event_asset, 'time_zone', time_zone, 'event_id', event_id, 'event_anonymous', event_anonymous));
    PERFORM lead_scoring_internal.add_triggers(model, NULL, NULL, events);
    -- What was told by there being one table with a column of types is told by name from now on.
    EXECUTE lead_scoring_internal.fill($query$
        WITH rule AS (UPDATE {model}.rules r SET source = lead_scoring_internal.source_of($1, NULL, r.event_type) ->> 'name'
                       WHERE r.source IS NULL AND lead_scoring_internal.source_of($1, NULL, r.event_type) IS NOT NULL AND lead_scoring_internal.source_of($2, NULL, r.event_type) IS NULL RETURNING r.name),
            stage AS (UPDATE {model}.stages s SET on_event_source = lead_scoring_internal.source_of($1, NULL, s.on_event) ->> 'name'
                       WHERE s.on_event_source IS NULL AND lead_scoring_internal.source_of($1, NULL, s.on_event) IS NOT NULL AND lead_scoring_internal.source_of($2, NULL, s.on_event) IS NULL RETURNING s.name),
            entry AS (UPDATE {model}.entries e SET on_event_source = lead_scoring_internal.source_of($1, NULL, e.on_event) ->> 'name'
                       WHERE e.on_event_source IS NULL AND lead_scoring_internal.source_of($1, NULL, e.on_event) IS NOT NULL AND lead_scoring_internal.source_of($2, NULL, e.on_event) IS NULL RETURNING e.name)
        SELECT array_agg(k.name ORDER BY k.place, k.name COLLATE "C") FROM (SELECT 1, format('rule "%s"', r.name) FROM rule r UNION ALL SELECT 2, format('stage "%s"', s.name) FROM stage s
                                                                              UNION ALL SELECT 3, format('entry "%s"', e.name) FROM entry e) k (place, name)
        $query$, jsonb_build_object('model', model)) INTO kept USING before, lead_scoring_internal.source_list(model);
    IF kept <> '{}' THEN
        RAISE NOTICE USING MESSAGE = format('the source of %s stays what it was', array_to_string(kept, ', ')),
            DETAIL = 'Several sources have a column of types now, so that it takes the name of one to tell which is meant: it was written into the draft.',
            HINT = format('SELECT name, event_type, source FROM %I.rules;', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_source IS 'Implements lead_scoring.add_source, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_source IS
'Adds a table of events to a model, with columns of its own and, in its rules and stages, conditions over its own rows. The table that create_model was given is the source "events".
Of what type an event is says the column event_type, or, of a table whose rows are all of one type, every_event. event_lead, event_time, event_campaign, event_id, event_anonymous, require_index and how times are taken are as with create_model; times without a zone are of time_zone, by default the model''s. event_channel and event_asset name touches, as report_settings do for the first source. The log of a lead is that of all sources by time.
Rules, stages and entries that name no source, and could not be told to be of one any more, are given the name of theirs, with a notice. Its events count from the next publish on, the stored ones too; what is published now does not look at them. For the model''s owner, who owns the table too. Writers of leads and events wait until the transaction ends. A model of an older format is upgraded.
Raises 42710 for a name or a table that is there already, 42501 where the table is not the owner''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions and a table of Citus; 42703 for an unknown column, 42804 for one whose type does not do, 55000 where it has no index led by event_lead, or none on event_id; 22023 for the leads table and the model''s own, for neither or both of event_type and every_event, and for an unknown time zone; 22004 for a NULL, and for an expression what check_expression() raises; 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.refuse_drop(model text, name text, definition jsonb, published boolean, is_gone boolean)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rules CONSTANT text[] := ARRAY(SELECT r ->> 'name' FROM jsonb_path_query(definition, '$.rules[*]') r WHERE r ->> 'source' = refuse_drop.name ORDER BY r ->> 'name' COLLATE "C");
    entries CONSTANT text[] := ARRAY(SELECT e ->> 'name' FROM jsonb_path_query(definition, '$.entries[*]') e WHERE e ->> 'on_event_source' = refuse_drop.name ORDER BY e ->> 'name' COLLATE "C");
    stages CONSTANT text[] := ARRAY(SELECT s ->> 'name' FROM jsonb_path_query(definition, '$.stages[*]') s WHERE s ->> 'on_event_source' = refuse_drop.name ORDER BY s ->> 'name' COLLATE "C");
BEGIN
    IF rules || stages || entries = '{}' THEN
        RETURN;
    END IF;
    PERFORM lead_scoring_internal.fail('55000', format('source "%s" of model "%s" is in use', name, model),
        format('In %s, %s wait for its events.', CASE WHEN published THEN 'the current version' ELSE 'the draft' END,
               concat_ws(' and ', 'rules ' || nullif(array_to_string(rules, ', '), ''), 'stages ' || nullif(array_to_string(stages, ', '), ''), 'entries ' || nullif(array_to_string(entries, ', '), ''))),
        CASE WHEN published THEN format('SELECT lead_scoring.publish(%L);', model)
             ELSE concat_ws(' ', CASE WHEN rules <> '{}' THEN format('DELETE FROM %I.rules WHERE name = ANY (%L);', model, rules) END,
                                 CASE WHEN stages <> '{}' THEN format('UPDATE %I.stages SET on_event = NULL, on_event_condition = NULL, on_event_source = NULL WHERE name = ANY (%L);', model, stages) END,
                                 CASE WHEN entries <> '{}' THEN format('DELETE FROM %I.entries WHERE name = ANY (%L);', model, entries) END,
                                 CASE WHEN is_gone THEN ' -- and drop the source in the same transaction' ELSE format('SELECT lead_scoring.publish(%L);', model) END) END);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_drop IS 'Raises 55000 where rules, stages or entries of a definition look at the source. Without its table nothing of the draft can be changed while it is there, and nothing published.';

CREATE FUNCTION lead_scoring_internal.refuse_draft_drop(model text, name text, is_gone boolean)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    draft jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill('SELECT jsonb_build_object(''rules'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, to_jsonb(r))) FROM {model}.rules r),
            ''stages'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, to_jsonb(s))) FROM {model}.stages s),
            ''entries'', (SELECT jsonb_agg(lead_scoring_internal.with_source(l.sources, e.item)) FROM lead_scoring_internal.rows_of({''model''}, ''entries'') e (item)))
          FROM (SELECT ''[{"name": "events"}]'' || jsonb_agg(to_jsonb(s)) FROM {model}.sources s) l (sources)',
        jsonb_build_object('model', model)) INTO draft;
    PERFORM lead_scoring_internal.refuse_drop(model, name, draft, false, is_gone);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_draft_drop IS 'Raises what refuse_drop raises of the draft.';

CREATE FUNCTION lead_scoring_internal.remove_source(model text, name text, events regclass)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('DELETE FROM %I.sources WHERE name = $1', model) USING name;
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t
                  WHERE t.tgrelid IN (SELECT p.relid FROM pg_partition_tree(events) p UNION SELECT events)
                    AND t.tgfoid = 'lead_scoring_internal.events_changed()'::regprocedure AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0
                  ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.remove_source IS 'Takes a source out of a model, with its triggers; "events" is its table, NULL where that is gone.';

CREATE FUNCTION lead_scoring.drop_source(model text, name text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.drop_source(model text, name text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[];
    source record;
    is_there boolean;
    current_definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF name IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'the name of a source is NULL', 'drop_source takes a model and the name of a source.', format('SELECT name FROM %I.sources;', model));
    ELSIF name = 'events' THEN
        PERFORM lead_scoring_internal.fail('55000', format('source "events" of model "%s" cannot be dropped', model), 'It is the table of events that the model was made with, which its settings name.',
            format('SELECT lead_scoring.drop_model(%L);  -- or name another table, by UPDATE %I.settings', model, model));
    END IF;
    names := ARRAY(SELECT t.name FROM lead_scoring_internal.source_tables(model) t);
    IF name <> ALL (names) THEN
        PERFORM lead_scoring_internal.fail('42704', format('source "%s" of model "%s" does not exist', name, model), 'The sources of a model are "events" and the rows of its table sources.',
            CASE WHEN names = '{}' THEN format('SELECT model, events FROM lead_scoring.models() WHERE model = %L;', model)
                 ELSE format('SELECT name FROM %I.sources;', model) || lead_scoring_internal.perhaps(name, names) END);
    END IF;
    SELECT t.events INTO source FROM lead_scoring_internal.source_tables(model) t WHERE t.name = drop_source.name;
    -- A table that is gone does not keep its source: what is published waits for events that cannot come, and writers are refused.
    is_there := lead_scoring_internal.resolve_table(source.events) IS NOT NULL;
    IF is_there THEN
        PERFORM lead_scoring_internal.lock_tables(model);
    END IF;
    PERFORM lead_scoring_internal.refuse_draft_drop(model, name, NOT is_there);
    current_definition := lead_scoring_internal.newest_definition(model);
    IF is_there THEN
        PERFORM lead_scoring_internal.refuse_drop(model, name, current_definition, true, false);
    END IF;
    PERFORM lead_scoring_internal.remove_source(model, name, lead_scoring_internal.resolve_table(source.events));
    -- Leads may be known by its events alone.
    IF EXISTS (SELECT FROM jsonb_path_query(current_definition, '$.sources[*]') s WHERE s ->> 'name' = drop_source.name) THEN
        PERFORM lead_scoring_internal.lock_tables(model);
        PERFORM lead_scoring_internal.catch_up(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.drop_source IS 'Implements lead_scoring.drop_source, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.drop_source IS 'Takes a table of events out of a model: its triggers go, and leads are computed without it. The table stays. For the model''s owner only. Writers of leads and events wait until the transaction ends. Raises 42704 for an unknown source, 55000 for the first one, "events", and where rules or stages of the draft or of the current version wait for its events, of the draft alone where its table is gone; 22004 for a NULL; 25000 at any isolation level but READ COMMITTED.';

-- Pausing a model and putting it right again.

CREATE FUNCTION lead_scoring_internal.lock_tables(model text, VARIADIC further regclass[] DEFAULT '{}')
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    tables text[];
    relation text;
    held integer;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM lead_scoring_internal.fail('25000',
            format('model "%s" cannot be changed at isolation level %s', model, upper(current_setting('transaction_isolation'))),
            'Events committed between the transaction''s snapshot and the locks would be missed.', 'BEGIN ISOLATION LEVEL READ COMMITTED;');
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF bound.leads IS NULL THEN
        PERFORM lead_scoring_internal.fail('55000', format('settings of model "%s" have no row', model),
            'The model was not restored completely, or its settings were truncated.', lead_scoring_internal.make_statement(model));
    END IF;
    -- An event comes to the leads table for its status, a cascading delete of leads to the events table, an adjustment
    -- to leads: no order suits all. So one table is waited for and the others are not; where one of those is taken, all
    -- are given back, and the next time it is the one that is waited for.
    tables := bound.leads::text || ARRAY(SELECT t::text FROM unnest(lead_scoring_internal.bound_tables(model) || further) WITH ORDINALITY u (t, place) ORDER BY place) || format('%I.adjustments', model);
    LOOP
        held := 0;
        BEGIN
            FOREACH relation IN ARRAY tables LOOP
                EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE %s', relation, CASE WHEN held > 0 THEN 'NOWAIT' END);
                held := held + 1;
            END LOOP;
            -- What was locked by name is what is used, and all there is by now.
            PERFORM lead_scoring_internal.require_own(t::regclass, false) FROM unnest(tables) t;
            IF lead_scoring_internal.bound_tables(model)::text[] <@ tables THEN
                RETURN;
            END IF;
            tables := tables || lead_scoring_internal.bound_tables(model)::text[];
        EXCEPTION WHEN lock_not_available THEN
            IF held = 0 THEN
                RAISE;  -- lock_timeout
            END IF;
            tables := tables[held + 1] || array_remove(tables, tables[held + 1]);
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.lock_tables IS 'For owner commands that change how a model scores: keeps everybody from writing leads, events (partitions and all sources included), identities, further tables and adjustments, and from moving leads, until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring.pause(model text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.pause(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    EXECUTE format('UPDATE %I.settings SET paused = true WHERE NOT paused', model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.pause IS 'Implements lead_scoring.pause, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.pause IS 'Stops scoring: leads and events are stored, but no score, stage or status column changes until resume(). For the model''s owner only. Writers of both tables, adjustments and moves by hand wait until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.status_update(model text, of_one_lead boolean) RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_status_update';
COMMENT ON FUNCTION lead_scoring_internal.status_update IS 'The statement, for write_table(), that writes the status columns which differ from the model''s scores, of lead $1 or of all leads; NULL where there are none.';

CREATE FUNCTION lead_scoring_internal.catch_up(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    looked_at bigint;
BEGIN
    PERFORM lead_scoring_internal.move_merged(model);
    looked_at := lead_scoring_internal.rescore_now(model, CASE WHEN lead_scoring_internal.has_scores(model) THEN 'catch up' ELSE 'replay' END);
    PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, false));
    RETURN looked_at;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.catch_up IS 'Computes every lead from the event log; stages move on from where they were, with the events that came since, each at its own time. Then writes the status columns that differ, whoever wrote them meanwhile. The tables must be locked.';

CREATE FUNCTION lead_scoring_internal.has_scores(model text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_one boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.scores)', model) INTO found_one;
    RETURN found_one;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.has_scores IS 'Whether the model has scored any lead.';

CREATE FUNCTION lead_scoring_internal.end_pause(model text)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was_paused boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    EXECUTE format('UPDATE %I.settings SET paused = false WHERE paused RETURNING true', model) INTO was_paused;
    RETURN was_paused IS TRUE;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.end_pause IS 'Locks the tables and lets the model score again; whether it was paused.';

CREATE FUNCTION lead_scoring.resume(model text)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.resume(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF lead_scoring_internal.end_pause(model) THEN
        RETURN lead_scoring_internal.catch_up(model);
    END IF;
    RETURN 0;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.resume IS 'Implements lead_scoring.resume, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.resume IS 'Scores again after pause(): first everything that was stored meanwhile, exactly as if it had come now. Returns the number of leads looked at; 0 where the model was not paused. For the model''s owner only. Writers of both tables, adjustments and moves by hand wait until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

CREATE FUNCTION lead_scoring_internal.mend_keys(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    wanted text;
    plain_type text;
    grants text[];
    stored record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    wanted := lead_scoring_internal.stored_key_type(bound.leads, bound.lead_key);
    plain_type := split_part(wanted, ' COLLATE ', 1);
    IF plain_type NOT IN ('integer', 'bigint', 'uuid', 'text') THEN
        RETURN;  -- no key of any model, which scoring refuses
    END IF;
    FOR stored IN SELECT a.attrelid::regclass AS relation, a.attname AS name
                    FROM pg_attribute w
                    JOIN pg_class t ON t.oid = w.attrelid AND t.relnamespace = 'lead_scoring_internal'::regnamespace AND t.relkind = 'r'
                    JOIN pg_class c ON c.relname = t.relname
                    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = model
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.attname
                   WHERE w.atttypid = 'lead_scoring_internal.lead_key'::regtype
                     AND (a.atttypid = w.atttypid OR lead_scoring_internal.stored_key_type(c.oid, a.attname) <> wanted) LOOP
        -- The views stand in the way of the columns they read.
        grants := coalesce(grants, lead_scoring_internal.take_lead_views(model));
        EXECUTE lead_scoring_internal.fill('ALTER TABLE {!table} ALTER COLUMN {column} TYPE {!type} USING {column}::text::{!plain_type}',
            jsonb_build_object('table', stored.relation, 'column', stored.name, 'type', wanted, 'plain_type', plain_type));
    END LOOP;
    IF grants IS NOT NULL THEN
        PERFORM lead_scoring_internal.put_back_lead_views(model, grants);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mend_keys IS 'Gives the model''s own columns of keys the type, with its collation, that the key of the leads table has by now.';

CREATE FUNCTION lead_scoring_internal.newest_format()
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS 'SELECT 2';
COMMENT ON FUNCTION lead_scoring_internal.newest_format IS 'The format that this version of the extension gives the tables of models.';

CREATE FUNCTION lead_scoring_internal.is_older(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT (lead_scoring_internal.settings_row(model) ->> 'format')::integer < lead_scoring_internal.newest_format() $$;
COMMENT ON FUNCTION lead_scoring_internal.is_older IS 'Whether the tables of a model are of an older format than this version gives them; NULL where they do not say of which.';

CREATE FUNCTION lead_scoring_internal.mend_binding(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    tables regclass[];
    identities regclass;
    wrong record;
    is_paused boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.mend_shape(model);
    EXECUTE format('UPDATE %I.settings SET format = $1 WHERE format < $1', model) USING lead_scoring_internal.newest_format();
    PERFORM lead_scoring_internal.lock_tables(model);
    PERFORM lead_scoring_internal.mend_keys(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    tables := lead_scoring_internal.event_tables(model);
    identities := (SELECT i.identities FROM lead_scoring_internal.identities(model) i);
    FOR wrong IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid = ANY (lead_scoring_internal.trigger_functions())
                    AND t.tgargs = lead_scoring_internal.trigger_argument(model) AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                    AND NOT EXISTS (SELECT FROM lead_scoring_internal.expected_triggers(model, bound.leads, identities, VARIADIC tables) e
                                     WHERE e.relation = t.tgrelid AND e.found_name = t.tgname
                                       AND NOT (e.is_partition AND e.operation IN ('row', 'status'))) LOOP  -- that comes from its table
        EXECUTE format('DROP TRIGGER %I ON %s', wrong.tgname, wrong.relation);
    END LOOP;
    PERFORM lead_scoring_internal.add_triggers(model, bound.leads, identities, VARIADIC tables);
    FOR wrong IN SELECT e.* FROM lead_scoring_internal.expected_triggers(model, bound.leads, identities, VARIADIC tables) e
                  WHERE e.found_state <> e.state LOOP
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', wrong.relation,
                       CASE wrong.state WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, wrong.found_name);
    END LOOP;
    PERFORM lead_scoring_internal.make_leads_view(model, anew => true), lead_scoring_internal.make_moves(model), lead_scoring_internal.make_accounts(model);
    PERFORM lead_scoring_internal.make_reports(model);
    EXECUTE format('SELECT s.paused FROM %I.settings s', model) INTO is_paused;
    IF is_paused THEN
        RAISE NOTICE 'model "%" is paused: resume() computes its leads', model;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mend_binding IS 'The part of repair() that mends triggers and views, with the tables locked.';

CREATE FUNCTION lead_scoring_internal.mend_state(model text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_mend_state';
COMMENT ON FUNCTION lead_scoring_internal.mend_state IS 'The part of repair() that makes chains of the transitions of leads that are none: numbered without gaps, each move from where the last one led, never back in time; then puts each lead''s row of scores where its transitions end, and makes the rows that are missing: history is right, whatever a row says.';

CREATE FUNCTION lead_scoring.upgrade_model(model text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.upgrade_model(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF (lead_scoring_internal.settings_row(model) ->> 'format')::integer > lead_scoring_internal.newest_format() THEN
        PERFORM lead_scoring_internal.fail('0A000', format('model "%s" is of a later format than this version of the extension', model),
            'A later version made its tables.', 'ALTER EXTENSION lead_scoring UPDATE;');
    ELSIF lead_scoring_internal.is_older(model) THEN
        PERFORM lead_scoring_internal.mend_binding(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.upgrade_model IS 'Implements lead_scoring.upgrade_model, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.upgrade_model IS 'Brings the tables and views of a model to the format of the extension''s version (settings.format), after ALTER EXTENSION lead_scoring UPDATE. Events are scored before it as well, but what a later version brings takes its format. publish() and repair() do it too. It locks the tables of leads and events while it works. Nothing happens where the model is of that format already. For the model''s owner only. Raises 42704 for an unknown model, 0A000 where the model is of a later format than the extension.';

CREATE FUNCTION lead_scoring.repair(model text)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.repair(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.mend_binding(model);
    PERFORM lead_scoring_internal.mend_state(model);
    RETURN lead_scoring_internal.catch_up(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.repair IS 'Implements lead_scoring.repair, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.repair IS 'Puts a model right: adds the triggers that are missing on its tables and partitions, enables those that are disabled, drops those left on tables that are the model''s no more, makes the views of the model again, makes chains of transitions that are none and puts each lead where its transitions end, then computes every lead from the event log and writes the status columns that differ. For when a schema loader lost the triggers, a table was swapped, a partition was attached or detached with rows, or verify() lists leads. Returns the number of leads looked at. For the model''s owner only. Writers of both tables, adjustments and moves by hand wait until the transaction ends. Raises 25000 at any isolation level but READ COMMITTED.';

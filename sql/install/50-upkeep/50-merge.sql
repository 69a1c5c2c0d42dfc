-- Two leads that are one person, and a person who wants to be forgotten. What write_table() runs does so under the path of
-- the user's triggers, so every name and operator there is qualified.

CREATE FUNCTION lead_scoring_internal.key_type(model text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('pg_catalog.%I', t.typname)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = format('%I.scores', model)::regclass AND a.attname = 'lead_id'
$$;
COMMENT ON FUNCTION lead_scoring_internal.key_type IS 'The type of a model''s lead_id, qualified.';

CREATE FUNCTION lead_scoring_internal.is_known(model text, lead text)
RETURNS boolean LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    known boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    EXECUTE (SELECT 'SELECT ' || string_agg(format('EXISTS (SELECT FROM %s t WHERE t.%I = $1::%s)', t.relation, t.lead, lead_scoring_internal.key_type(model)), ' OR ')
               FROM (SELECT bound.leads, bound.lead_key UNION ALL SELECT s.events, s.event_lead FROM lead_scoring_internal.sources(model) s) t (relation, lead)) INTO known USING lead;
    IF NOT known AND EXISTS (SELECT FROM lead_scoring_internal.anonymous_events(model)) THEN
        EXECUTE (SELECT 'SELECT ' || string_agg(format('EXISTS (SELECT FROM %s e WHERE %s)', a.events, a.condition), ' OR ') FROM lead_scoring_internal.anonymous_events(model) a) INTO known USING lead;
    END IF;
    RETURN known;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_known IS 'Whether the leads table, or one of events, has a row of that key.';

CREATE FUNCTION lead_scoring_internal.lock_visitors(model text, leads text[]) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_lock_visitors';
COMMENT ON FUNCTION lead_scoring_internal.lock_visitors IS 'Keeps others from storing events of the visitors that these leads are, and from saying whose they are, until the transaction ends.';

CREATE FUNCTION lead_scoring_internal.lock_leads(model text, leads text[], strength text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_type CONSTANT text := lead_scoring_internal.key_type(model);
    key_order CONSTANT text := CASE WHEN key_type = 'pg_catalog.text' THEN ' COLLATE "C"' ELSE '' END;
    bound record;
    lead text;
    keys text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT $1::%s[]::text[]', key_type) INTO keys USING leads;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    EXECUTE (SELECT format('LOCK TABLE ONLY %s, %s IN ROW EXCLUSIVE MODE', bound.leads, string_agg('ONLY ' || t, ', ' ORDER BY place))
               FROM unnest(lead_scoring_internal.bound_tables(model)::text[]) WITH ORDINALITY u (t, place));
    PERFORM lead_scoring_internal.lock_visitors(model, keys);
    EXECUTE lead_scoring_internal.fill('SELECT FROM {!leads} l WHERE l.{key} = ANY ($1::{!key_type}[]) ORDER BY l.{key}{!order} FOR {!strength}',
        jsonb_build_object('leads', bound.leads, 'key', bound.lead_key, 'key_type', key_type, 'order', key_order, 'strength', strength)) USING keys;
    EXECUTE format('SELECT FROM %1$I.scores s WHERE s.lead_id = ANY ($1::%2$s[]) ORDER BY s.lead_id%3$s FOR UPDATE',
                   model, key_type, key_order) USING keys;
    FOREACH lead IN ARRAY keys LOOP
        IF NOT lead_scoring_internal.is_known(model, lead) THEN
            PERFORM lead_scoring_internal.fail('P0002', format('model "%s" knows no lead "%s"', model, lead), 'Neither table has a row of that key.',
                format('SELECT lead_id FROM %I.leads;', model));
        END IF;
    END LOOP;
    RETURN keys;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.lock_leads IS 'Locks the rows of some leads, in the order that all others keep too: visitors before leads before scores, each in their order. Returns the keys as the server writes them. Raises P0002 for a key that neither table has. "strength" is that of the lock on the leads table.';

CREATE FUNCTION lead_scoring_internal.require_scoring(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.versions) AS is_published,
                           (SELECT s.paused FROM %1$I.settings s) IS NOT false AS is_paused', model) INTO state;
    IF state.is_paused OR NOT state.is_published THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" does not score at present', model),
            CASE WHEN state.is_paused THEN 'It is paused.' ELSE 'Nothing is published yet, so that no lead has a score.' END,
            format('SELECT lead_scoring.%s(%L);', CASE WHEN state.is_paused THEN 'resume' ELSE 'publish' END, model));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_scoring IS 'Raises 55000 where the model is paused or not published.';

-- ---------------------------------------------------------------- merging

CREATE FUNCTION lead_scoring_internal.begin_merge(model text, from_lead text, into_lead text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(model, from_lead, into_lead) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of merge_leads is NULL',
            'It takes a model, the lead to be merged, and the one that stays.', 'For example lead_scoring.merge_leads(''sales'', 42, 7).');
    END IF;
    PERFORM lead_scoring_internal.require_scoring(model);
    keys := lead_scoring_internal.lock_leads(model, ARRAY[from_lead, into_lead], 'NO KEY UPDATE');
    IF keys[1] = keys[2] THEN
        PERFORM lead_scoring_internal.fail('22023', format('cannot merge lead "%s" into itself', keys[1]), 'Both arguments are the same key.',
            'Name the lead to be merged first, then the one that stays.');
    END IF;
    RETURN keys;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.begin_merge IS 'Checks the arguments of merge_leads and locks both leads; returns their keys.';

CREATE FUNCTION lead_scoring_internal.key_parts(relation regclass, column_name text) RETURNS text[]
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_key_parts';
COMMENT ON FUNCTION lead_scoring_internal.key_parts IS 'The columns that have to be written for a column to have another value: itself; of a generated one those it is made of, in their order there, where it is made of their values as a whole, cast, joined, in lower case or with characters replaced, and NULL otherwise.';

CREATE FUNCTION lead_scoring_internal.key_values(model text, events regclass, event_lead text, from_lead text, into_lead text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    parts text[];
    in_leads text[];
    expression text;
    is_there boolean;
    found text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    parts := lead_scoring_internal.key_parts(events, event_lead);
    IF parts = ARRAY[event_lead] THEN
        RETURN ARRAY[into_lead];
    END IF;
    in_leads := lead_scoring_internal.key_parts(bound.leads, bound.lead_key);
    SELECT pg_get_expr(d.adbin, d.adrelid) INTO expression
      FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attrelid = events AND a.attname = event_lead;
    IF cardinality(parts) = cardinality(in_leads) THEN
        BEGIN
            EXECUTE lead_scoring_internal.fill('SELECT ARRAY[{!texts}] FROM (SELECT {!values} FROM {!leads} l WHERE l.{lead_key} = $1::{!key_type}) e WHERE ({!key})::{!key_type} = $1::{!key_type}',
                (SELECT jsonb_build_object('texts', string_agg(format('e.%I::text', p.in_events), ', ' ORDER BY p.place),
                            'values', string_agg(format('l.%I::text::%s AS %I', p.in_leads, a.atttypid::regtype, p.in_events), ', ' ORDER BY p.place),
                            'leads', bound.leads, 'lead_key', bound.lead_key, 'key', expression, 'key_type', lead_scoring_internal.key_type(model))
                   FROM unnest(parts, in_leads) WITH ORDINALITY p (in_events, in_leads, place)
                   JOIN pg_attribute a ON a.attrelid = events AND a.attname = p.in_events)) INTO found USING into_lead;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            found := NULL;  -- no value of that column
        END;
    END IF;
    IF found IS NOT NULL THEN
        RETURN found;
    END IF;
    EXECUTE lead_scoring_internal.fill('SELECT EXISTS (SELECT FROM {!events} e WHERE e.{lead} = $1::{!key_type})',
        jsonb_build_object('events', events, 'lead', event_lead, 'key_type', lead_scoring_internal.key_type(model))) INTO is_there USING from_lead;
    IF is_there THEN
        EXECUTE lead_scoring_internal.fill('SELECT EXISTS (SELECT FROM {!leads} l WHERE l.{lead_key} = $1::{!key_type})',
            jsonb_build_object('leads', bound.leads, 'lead_key', bound.lead_key, 'key_type', lead_scoring_internal.key_type(model))) INTO is_there USING into_lead;
        PERFORM lead_scoring_internal.fail('55000', format('events of lead "%s" cannot be made those of lead "%s"', from_lead, into_lead),
            format('Column "%s" of table %s is generated from %s, and %s.', event_lead, events, coalesce(array_to_string(parts, ', '), expression),
                CASE WHEN is_there OR parts IS NULL THEN 'what that has to be for the other key is not known' ELSE format('table %s has no row that says what that is', bound.leads) END),
            CASE WHEN is_there OR parts IS NULL THEN format('ALTER TABLE %s ALTER COLUMN %I DROP EXPRESSION;  -- whoever stores events fills it then', events, event_lead)
                 ELSE format('Store lead "%s" in table %s first.', into_lead, bound.leads) END);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.key_values IS 'What the columns of key_parts of a table of events have to be for events to be those of into_lead; NULL where that is not known and from_lead has none. Raises 55000 where it has.';

CREATE FUNCTION lead_scoring_internal.withhold_leads(model text, leads text[]) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_withhold_leads';
COMMENT ON FUNCTION lead_scoring_internal.withhold_leads IS 'Until release_leads, or until an error, nothing that becomes of these leads is scored.';
CREATE FUNCTION lead_scoring_internal.release_leads(model text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_release_leads';
COMMENT ON FUNCTION lead_scoring_internal.release_leads IS 'Ends the latest withhold_leads; what became of the leads is for settle_leads.';

CREATE FUNCTION lead_scoring_internal.settle_leads(model text, leads text[]) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_settle_leads';
COMMENT ON FUNCTION lead_scoring_internal.settle_leads IS 'Brings leads up to now: makes rows of scores that are missing, computes stale ones from the event log, applies what time and adjustments have done. Removes what is left of leads that neither table names. For the model''s owner only.';

CREATE FUNCTION lead_scoring_internal.progress_stages(model text)
RETURNS TABLE (stage text, rank integer)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT d.stage ->> 'name', (d.stage ->> 'rank')::integer FROM jsonb_array_elements(lead_scoring_internal.newest_stages(model)) d (stage)
 WHERE d.stage ->> 'kind' = 'progress'
$$;
COMMENT ON FUNCTION lead_scoring_internal.progress_stages IS 'The progress stages of the newest version.';

CREATE FUNCTION lead_scoring_internal.higher_stage(model text, leads text[])
RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    highest text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT CASE WHEN count(*) = cardinality($1) THEN (array_agg(p.stage ORDER BY p.rank DESC))[1] END
                      FROM %I.scores s JOIN lead_scoring_internal.progress_stages($2) p ON p.stage = s.stage
                     WHERE s.lead_id = ANY ($1::%s[])', model, lead_scoring_internal.key_type(model)) INTO highest USING leads, model;
    RETURN highest;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.higher_stage IS 'The highest stage that one of the leads is in; NULL where one of them is in a detour.';

CREATE FUNCTION lead_scoring_internal.is_below(model text, lead text, stage text)
RETURNS boolean LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM lead_scoring_internal.progress_stages(model) now, lead_scoring_internal.progress_stages(model) other
                WHERE now.stage = lead_scoring_internal.higher_stage(model, ARRAY[lead]) AND other.stage = is_below.stage
                  AND now.rank < other.rank)
$$;
COMMENT ON FUNCTION lead_scoring_internal.is_below IS 'Whether a lead is in a progress stage under that one.';

CREATE FUNCTION lead_scoring_internal.join_leads(model text, from_lead text, into_lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_join_leads';
COMMENT ON FUNCTION lead_scoring_internal.join_leads IS 'Makes the transitions of one lead those of another, numbered anew in order of time and linked anew, with their adjustments and problems; puts the other''s row of scores to the end of the joined history, removes the one''s row, and notes that it is the other now.';

CREATE FUNCTION lead_scoring_internal.moving_statements(model text, from_lead text, into_lead text)
RETURNS TABLE (statement text, arguments text[]) LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 2 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY
    SELECT format('UPDATE %s e SET %s WHERE e.%I OPERATOR(pg_catalog.=) $1::%s', s.relation, a.assignments, s.lead, lead_scoring_internal.key_type(model)), from_lead || k.key_values
      FROM lead_scoring_internal.lead_tables(model) s
     CROSS JOIN LATERAL lead_scoring_internal.key_values(model, s.relation, s.lead, from_lead, into_lead) k (key_values)
     CROSS JOIN LATERAL (
        SELECT string_agg(format('%I = $%s::%I.%I', p.name, p.place + 1, n.nspname, t.typname), ', ' ORDER BY p.place)
          FROM unnest(lead_scoring_internal.key_parts(s.relation, s.lead)) WITH ORDINALITY p (name, place)
          JOIN pg_attribute a ON a.attrelid = s.relation AND a.attname = p.name
          JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace) a (assignments)
     WHERE k.key_values IS NOT NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.moving_statements IS 'The statements by which events and identities of one lead become those of another, with their arguments, for write_table(). Raises 55000 as key_values() does.';

CREATE FUNCTION lead_scoring_internal.moves_of_merged(model text, leads text[] DEFAULT NULL)
RETURNS TABLE (statement text, arguments text[]) LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    merged record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('%I.merged', model)::regclass AND a.attname = 'at' AND NOT a.attisdropped) THEN
        RETURN;
    END IF;
    -- Who was merged when the statement found it, and is not any more, has its rows written as they are, and so scored.
    FOR merged IN EXECUTE CASE WHEN leads IS NULL
            THEN lead_scoring_internal.fill('SELECT m.merged_from::text AS lead, m.lead_id::text AS now FROM {model}.merged m WHERE m.at IS NOT NULL AND m.lead_id <> m.merged_from AND ({!has_rows}) ORDER BY m.merged_from',
                jsonb_build_object('model', model, 'has_rows', (SELECT string_agg(format('EXISTS (SELECT FROM %s e WHERE e.%I = m.merged_from)', t.relation, t.lead), ' OR ') FROM lead_scoring_internal.lead_tables(model) t)))
            ELSE lead_scoring_internal.fill('SELECT k.lead::text, coalesce(m.lead_id, k.lead)::text AS now FROM (SELECT unnest($1)::{!key_type}) k (lead) LEFT JOIN {model}.merged m ON m.merged_from = k.lead AND m.at IS NOT NULL ORDER BY k.lead',
                jsonb_build_object('model', model, 'key_type', lead_scoring_internal.key_type(model))) END USING leads LOOP
        RETURN QUERY SELECT s.statement, s.arguments FROM lead_scoring_internal.moving_statements(model, merged.lead, merged.now) s;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.moves_of_merged IS 'The statements by which what has come for these leads, which were merged, becomes that of the leads they are now; NULL: for all leads that were.';

CREATE FUNCTION lead_scoring_internal.move_merged(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.write_table(model, m.statement, VARIADIC m.arguments) FROM lead_scoring_internal.moves_of_merged(model) m;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_merged IS 'Makes what was stored for leads that were merged, while nothing was scored, that of the leads they are now.';

CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys CONSTANT text[] := lead_scoring_internal.begin_merge(model, from_lead, into_lead);
    reached text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.settle_leads(model, keys);
    reached := lead_scoring_internal.higher_stage(model, keys);

    -- The triggers do not live through the other lead's events a second time.
    PERFORM lead_scoring_internal.withhold_leads(model, keys);
    PERFORM lead_scoring_internal.write_table(model, s.statement, VARIADIC s.arguments) FROM lead_scoring_internal.moving_statements(model, keys[1], keys[2]) s;
    PERFORM lead_scoring_internal.join_leads(model, keys[1], keys[2]);
    PERFORM lead_scoring_internal.release_leads(model);

    PERFORM lead_scoring_internal.settle_leads(model, keys);
    IF lead_scoring_internal.is_below(model, keys[2], reached) THEN
        PERFORM lead_scoring.set_stage(model, keys[2], reached, 'merge_leads');
    END IF;
    PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, true), keys[2]);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.merge_leads IS 'Implements lead_scoring.merge_leads, as the model''s owner.';
CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead bigint, into_lead bigint)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.merge_leads(model, from_lead::pg_catalog.text, into_lead::pg_catalog.text) $$;
CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead uuid, into_lead uuid)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.merge_leads(model, from_lead::pg_catalog.text, into_lead::pg_catalog.text) $$;

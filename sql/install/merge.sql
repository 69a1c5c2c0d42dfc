-- Two leads that are one person, and a person who wants to be forgotten. What write_table() runs does so under the path of
-- the user's triggers, so every name and operator there is qualified.

CREATE FUNCTION lead_scoring.key_type(model text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('pg_catalog.%I', t.typname)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = format('%I.scores', model)::regclass AND a.attname = 'lead_id'
$$;
COMMENT ON FUNCTION lead_scoring.key_type IS 'The type of a model''s lead_id, qualified.';

CREATE FUNCTION lead_scoring.is_known(model text, lead text)
RETURNS boolean LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    known boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring.binding(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %1$s l WHERE l.%2$I = $1::%5$s) OR EXISTS (SELECT FROM %3$s e WHERE e.%4$I = $1::%5$s)',
                   bound.leads, bound.lead_key, bound.events, bound.event_lead, lead_scoring.key_type(model))
       INTO known USING lead;
    RETURN known;
END
$$;
COMMENT ON FUNCTION lead_scoring.is_known IS 'Whether one of the two tables has a row of that key.';

CREATE FUNCTION lead_scoring.lock_leads(model text, leads text[], strength text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_type CONSTANT text := lead_scoring.key_type(model);
    key_order CONSTANT text := CASE WHEN key_type = 'pg_catalog.text' THEN ' COLLATE "C"' ELSE '' END;
    bound record;
    lead text;
    keys text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT $1::%s[]::text[]', key_type) INTO keys USING leads;
    SELECT * INTO bound FROM lead_scoring.binding(model);
    EXECUTE format('LOCK TABLE ONLY %s, ONLY %s IN ROW EXCLUSIVE MODE', bound.leads, bound.events);
    EXECUTE format('SELECT FROM %1$s l WHERE l.%2$I = ANY ($1::%3$s[]) ORDER BY l.%2$I%4$s FOR %5$s',
                   bound.leads, bound.lead_key, key_type, key_order, strength) USING keys;
    EXECUTE format('SELECT FROM %1$I.scores s WHERE s.lead_id = ANY ($1::%2$s[]) ORDER BY s.lead_id%3$s FOR UPDATE',
                   model, key_type, key_order) USING keys;
    FOREACH lead IN ARRAY keys LOOP
        IF NOT lead_scoring.is_known(model, lead) THEN
            RAISE EXCEPTION USING ERRCODE = 'no_data_found',
                MESSAGE = format('model "%s" knows no lead "%s"', model, lead),
                DETAIL = 'Neither table has a row of that key.',
                HINT = format('SELECT lead_id FROM %I.leads;', model);
        END IF;
    END LOOP;
    RETURN keys;
END
$$;
COMMENT ON FUNCTION lead_scoring.lock_leads IS 'Locks the rows of some leads, in the order that all others keep too: leads before scores, each in key order. Returns the keys as the server writes them. Raises P0002 for a key that neither table has. "strength" is that of the lock on the leads table.';

-- ---------------------------------------------------------------- merging

CREATE FUNCTION lead_scoring.begin_merge(model text, from_lead text, into_lead text)
RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state record;
    keys text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(model, from_lead, into_lead) > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'an argument of merge_leads is NULL',
            DETAIL = 'It takes a model, the lead to be merged, and the one that stays.',
            HINT = 'SELECT lead_scoring.merge_leads(''sales'', 42, 7);';
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.versions) AS is_published,
                           (SELECT s.paused FROM %1$I.settings s) IS NOT false AS is_paused', model) INTO state;
    IF state.is_paused OR NOT state.is_published THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('model "%s" does not score at present', model),
            DETAIL = 'It is paused, or nothing is published.',
            HINT = format('SELECT lead_scoring.%s(%L);', CASE WHEN state.is_paused THEN 'resume' ELSE 'publish' END, model);
    END IF;
    keys := lead_scoring.lock_leads(model, ARRAY[from_lead, into_lead], 'NO KEY UPDATE');
    IF keys[1] = keys[2] THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('cannot merge lead "%s" into itself', keys[1]),
            DETAIL = 'Both arguments are the same key.',
            HINT = 'Name the lead to be merged first, then the one that stays.';
    END IF;
    RETURN keys;
END
$$;
COMMENT ON FUNCTION lead_scoring.begin_merge IS 'Checks the arguments of merge_leads and locks both leads; returns their keys.';

CREATE FUNCTION lead_scoring.settle_leads(model text, leads text[]) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_settle_leads';
COMMENT ON FUNCTION lead_scoring.settle_leads IS 'Brings leads up to now: makes rows of scores that are missing, computes stale ones from the event log, applies what time and adjustments have done. Removes what is left of leads that neither table names. For the model''s owner only.';

CREATE FUNCTION lead_scoring.progress_stages(model text)
RETURNS TABLE (stage text, rank integer)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY EXECUTE format('SELECT d.stage ->> ''name'', (d.stage ->> ''rank'')::integer
                                   FROM %1$I.versions v, jsonb_array_elements(v.definition -> ''stages'') d (stage)
                                  WHERE v.version = (SELECT max(w.version) FROM %1$I.versions w)
                                    AND d.stage ->> ''kind'' = ''progress''', model);
END
$$;
COMMENT ON FUNCTION lead_scoring.progress_stages IS 'The progress stages of the newest version.';

CREATE FUNCTION lead_scoring.higher_stage(model text, leads text[])
RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    highest text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT CASE WHEN count(*) = cardinality($1) THEN (array_agg(p.stage ORDER BY p.rank DESC))[1] END
                      FROM %I.scores s JOIN lead_scoring.progress_stages($2) p ON p.stage = s.stage
                     WHERE s.lead_id = ANY ($1::%s[])', model, lead_scoring.key_type(model)) INTO highest USING leads, model;
    RETURN highest;
END
$$;
COMMENT ON FUNCTION lead_scoring.higher_stage IS 'The highest stage that one of the leads is in; NULL where one of them is in a detour.';

CREATE FUNCTION lead_scoring.is_below(model text, lead text, stage text)
RETURNS boolean LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM lead_scoring.progress_stages(model) now, lead_scoring.progress_stages(model) other
                WHERE now.stage = lead_scoring.higher_stage(model, ARRAY[lead]) AND other.stage = is_below.stage
                  AND now.rank < other.rank)
$$;
COMMENT ON FUNCTION lead_scoring.is_below IS 'Whether a lead is in a progress stage under that one.';

CREATE FUNCTION lead_scoring_internal.join_leads(model text, from_lead text, into_lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_join_leads';
COMMENT ON FUNCTION lead_scoring_internal.join_leads IS 'Makes the transitions of one lead those of another, numbered anew in order of time and linked anew, with their adjustments and problems; puts the other''s row of scores to the end of the joined history, removes the one''s row, and notes that it is the other now.';

CREATE FUNCTION lead_scoring.status_statement(model text)
RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    assignments text;
    differences text;
BEGIN
    SELECT * INTO bound FROM lead_scoring.binding(model);
    SELECT string_agg(format('%I = s.%I', e.value, e.key), ', '),
           string_agg(lead_scoring.status_differs(e.value, e.key), ' OR ')
      INTO assignments, differences
      FROM jsonb_each_text(bound.status_columns) e
     WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('%I.scores', model)::regclass
                      AND a.attname = e.key AND NOT a.attisdropped);
    IF assignments IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN format('UPDATE %s l SET %s FROM %I.scores s
                    WHERE s.lead_id OPERATOR(pg_catalog.=) $1::%s AND l.%I OPERATOR(pg_catalog.=) s.lead_id AND (%s)',
                  bound.leads, assignments, model, lead_scoring.key_type(model), bound.lead_key, differences);
END
$$;
COMMENT ON FUNCTION lead_scoring.status_statement IS 'The statement that writes the status columns of lead $1 where they differ from scores; NULL where there are none.';

CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.merge_leads(model text, from_lead text, into_lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys CONSTANT text[] := lead_scoring.begin_merge(model, from_lead, into_lead);
    bound record;
    reached text;
    statement text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring.settle_leads(model, keys);
    reached := lead_scoring.higher_stage(model, keys);
    SELECT b.* INTO bound FROM lead_scoring.binding(model) b;

    -- Nobody else sees the pause. While it lasts the triggers do not live through the other lead's events a second time.
    EXECUTE format('UPDATE %I.settings SET paused = true', model);
    PERFORM lead_scoring_internal.write_table(model, format('UPDATE %1$s e SET %2$I = $2::%3$s WHERE e.%2$I OPERATOR(pg_catalog.=) $1::%3$s',
        bound.events, bound.event_lead, lead_scoring.key_type(model)), keys[1], keys[2]);
    PERFORM lead_scoring_internal.join_leads(model, keys[1], keys[2]);
    EXECUTE format('UPDATE %I.settings SET paused = false', model);

    PERFORM lead_scoring.settle_leads(model, keys);
    IF lead_scoring.is_below(model, keys[2], reached) THEN
        PERFORM lead_scoring.set_stage(model, keys[2], reached, 'merge_leads');
    END IF;
    statement := lead_scoring.status_statement(model);
    IF statement IS NOT NULL THEN
        PERFORM lead_scoring_internal.write_table(model, statement, keys[2]);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.merge_leads IS 'Implements lead_scoring.merge_leads, as the model''s owner.';
CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead bigint, into_lead bigint)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.merge_leads(model, from_lead::pg_catalog.text, into_lead::pg_catalog.text) $$;
CREATE FUNCTION lead_scoring.merge_leads(model text, from_lead uuid, into_lead uuid)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.merge_leads(model, from_lead::pg_catalog.text, into_lead::pg_catalog.text) $$;

-- ---------------------------------------------------------------- forgetting

CREATE FUNCTION lead_scoring_internal.count_forgotten(model text, campaign text, came date, entered jsonb) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_count_forgotten';
COMMENT ON FUNCTION lead_scoring_internal.count_forgotten IS 'Counts one more forgotten lead of that campaign and those months.';

CREATE FUNCTION lead_scoring.begin_forgetting(model text, lead text)
RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key text;
    zone text;
    forgotten record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(model, lead) > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'an argument of forget_lead is NULL',
            DETAIL = 'It takes a model and the lead to be forgotten.',
            HINT = 'SELECT lead_scoring.forget_lead(''sales'', 42);';
    END IF;
    -- The row is going to be deleted: a weaker lock would have to grow, which might deadlock.
    key := (lead_scoring.lock_leads(model, ARRAY[lead], 'UPDATE'))[1];
    -- Before the first publish there are no reports.
    zone := lead_scoring.report_setting(model) ->> 'time_zone';
    IF zone IS NOT NULL THEN
        EXECUTE format($query$
            SELECT l.campaign, %3$s AS came,
                   (SELECT coalesce(jsonb_object_agg(e.stage, e.month), '{}')
                      FROM (SELECT t.to_stage, %4$s FROM %1$I.transitions t WHERE t.lead_id = $2::%2$s GROUP BY 1) e (stage, month)) AS entered
              FROM (%5$s) l
            $query$, model, lead_scoring.key_type(model), lead_scoring.month_expression('l.came_at', zone),
            lead_scoring.month_expression('lead_scoring.report_time(min(t.at))', zone),
            lead_scoring.lead_rows(model, true, only_lead => format('$2::%s', lead_scoring.key_type(model)))) INTO forgotten USING clock_timestamp(), key;
        IF forgotten.entered IS NOT NULL THEN
            PERFORM lead_scoring_internal.count_forgotten(model, forgotten.campaign, forgotten.came, forgotten.entered);
        END IF;
    END IF;
    RETURN key;
END
$$;
COMMENT ON FUNCTION lead_scoring.begin_forgetting IS 'Checks the arguments of forget_lead, locks the lead and adds it to the counts of forgotten leads; returns its key.';

CREATE FUNCTION lead_scoring_internal.erase_lead(model text, lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_erase_lead';
COMMENT ON FUNCTION lead_scoring_internal.erase_lead IS 'Removes whatever a model''s own tables hold of a lead: the triggers have done so already, unless the model is paused or has lost them. Takes its key out of what was merged into other leads too.';

CREATE FUNCTION lead_scoring.forget_lead(model text, lead text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.forget_lead(model text, lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key CONSTANT text := lead_scoring.begin_forgetting(model, lead);
    bound record;
BEGIN
    SELECT b.* INTO bound FROM lead_scoring.binding(model) b;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s e WHERE e.%I OPERATOR(pg_catalog.=) $1::%s',
        bound.events, bound.event_lead, lead_scoring.key_type(model)), key);
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s l WHERE l.%I OPERATOR(pg_catalog.=) $1::%s',
        bound.leads, bound.lead_key, lead_scoring.key_type(model)), key);
    IF lead_scoring.is_known(model, key) THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('lead "%s" of model "%s" cannot be forgotten', key, model),
            DETAIL = 'Its rows were deleted and are there still: a trigger of the tables keeps them, or stores them again.',
            HINT = format('SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN (%L::regclass, %L::regclass) AND NOT tgisinternal;',
                          bound.leads, bound.events);
    END IF;
    PERFORM lead_scoring_internal.erase_lead(model, key);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.forget_lead IS 'Implements lead_scoring.forget_lead, as the model''s owner.';
CREATE FUNCTION lead_scoring.forget_lead(model text, lead bigint)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.forget_lead(model, lead::pg_catalog.text) $$;
CREATE FUNCTION lead_scoring.forget_lead(model text, lead uuid)
RETURNS void LANGUAGE sql
AS $$ SELECT lead_scoring.forget_lead(model, lead::pg_catalog.text) $$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.merge_leads(text, %1$s, %1$s) IS %2$L', key,
'Makes one lead of two that are the same person: events, adjustments, problems and transitions of from_lead become those of into_lead, and both are computed anew, so that limits and bounds hold for the events together and nothing counts twice. Fit follows the attributes of into_lead alone.
Transitions are numbered anew by time; merged_from keeps the lead and number they had. The lead is then where the later of the last moves led, or higher if the events together call for it. Where both were in progress stages it is not below the higher of the two: if the later move led lower, one more transition, of cause manual and reason merge_leads, puts it back.
The row of from_lead in the leads table stays, a lead without events or history, which reports do not count; what is to become of it is for the caller to say. Revenue that names it is, to reports, that of into_lead, whether the row stays or not: the model''s table "merged" has who is who. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 22023 for the same lead twice, 55000 where the model is paused or not published.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.forget_lead(text, %s) IS %L', key,
'Erases a lead: its events, its row in the leads table, its score, transitions, adjustments and problems, and its key where it was merged into another (merged_from). The model''s table "forgotten" keeps how many such leads of which campaign came, and first entered which stage, in which month, so that the views funnel, campaigns and qualified_rate do not change, but for revenue, which is that of leads in the leads table. Works while the model is paused, too. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where triggers of the user''s keep its rows, and what foreign keys of the user''s say, 23503: then nothing is erased.');
    END LOOP;
END
$comments$;

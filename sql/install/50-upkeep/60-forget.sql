-- A person who wants to be forgotten.

CREATE FUNCTION lead_scoring_internal.count_forgotten(model text, campaign text, came date, entered jsonb) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_count_forgotten';
COMMENT ON FUNCTION lead_scoring_internal.count_forgotten IS 'Counts one more forgotten lead of that campaign and those months.';

CREATE FUNCTION lead_scoring_internal.begin_forgetting(model text, lead text)
RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key text;
    settings jsonb;
    forgotten record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF num_nulls(model, lead) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of forget_lead is NULL', 'It takes a model and the lead to be forgotten.',
            'For example lead_scoring.forget_lead(''sales'', 42).');
    END IF;
    -- The row is going to be deleted: a weaker lock would have to grow, which might deadlock.
    key := (lead_scoring_internal.lock_leads(model, ARRAY[lead], 'UPDATE'))[1];
    -- Before the first publish there are no reports.
    settings := lead_scoring_internal.report_setting(model);
    IF settings ->> 'time_zone' IS NOT NULL THEN
        EXECUTE lead_scoring_internal.fill($query$
            SELECT l.campaign, {!came} AS came,
                   (SELECT coalesce(jsonb_object_agg(e.stage, e.month), '{}')
                      FROM (SELECT t.to_stage, {!entered} FROM ({!moves}) t WHERE t.lead_id = $2::{!key_type} GROUP BY 1) e (stage, month)) AS entered
              FROM ({!lead}) l
            $query$, jsonb_build_object(
            'moves', lead_scoring_internal.move_rows(model), 'key_type', lead_scoring_internal.key_type(model), 'came', lead_scoring_internal.period_expression('l.came_at', settings),
            'entered', lead_scoring_internal.period_expression('lead_scoring_internal.report_time(min(t.at))', settings),
            'lead', lead_scoring_internal.lead_rows(model, settings, true, only_lead => format('$2::%s', lead_scoring_internal.key_type(model))))) INTO forgotten USING clock_timestamp(), key;
        IF forgotten.entered IS NOT NULL THEN
            PERFORM lead_scoring_internal.count_forgotten(model, forgotten.campaign, forgotten.came, forgotten.entered);
        END IF;
    END IF;
    RETURN key;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.begin_forgetting IS 'Checks the arguments of forget_lead, locks the lead and adds it to the counts of forgotten leads; returns its key.';

CREATE FUNCTION lead_scoring_internal.detach_merged(model text, lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_detach_merged';
COMMENT ON FUNCTION lead_scoring_internal.detach_merged IS 'Takes the key of a lead that is going to be forgotten out of what was merged into it. Those that are there still are merged into themselves then, which keeps them from being counted: the person they are has been.';

CREATE FUNCTION lead_scoring_internal.erase_lead(model text, lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_erase_lead';
COMMENT ON FUNCTION lead_scoring_internal.erase_lead IS 'Removes whatever a model''s own tables hold of a lead: the triggers have done so already, unless the model is paused or has lost them. Takes its key out of what was merged into other leads too.';

CREATE FUNCTION lead_scoring.forget_lead(model text, lead text)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.forget_lead(model text, lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key CONSTANT text := lead_scoring_internal.begin_forgetting(model, lead);
    bound record;
BEGIN
    PERFORM lead_scoring_internal.detach_merged(model, key);
    SELECT b.* INTO bound FROM lead_scoring_internal.binding(model) b;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s e WHERE %s', a.events, a.condition), key) FROM lead_scoring_internal.anonymous_events(model) a;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s e WHERE e.%I OPERATOR(pg_catalog.=) $1::%s',
        s.relation, s.lead, lead_scoring_internal.key_type(model)), key) FROM lead_scoring_internal.lead_tables(model) s;
    PERFORM lead_scoring_internal.write_table(model, format('DELETE FROM %s l WHERE l.%I OPERATOR(pg_catalog.=) $1::%s',
        bound.leads, bound.lead_key, lead_scoring_internal.key_type(model)), key);
    IF lead_scoring_internal.is_known(model, key) THEN
        PERFORM lead_scoring_internal.fail('55000', format('lead "%s" of model "%s" cannot be forgotten', key, model),
            'Its rows were deleted and are there still: a trigger of the tables keeps them, or stores them again.',
            (SELECT format('SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN (%s) AND NOT tgisinternal;', string_agg(format('%L::regclass', t), ', ' ORDER BY place))
               FROM unnest(bound.leads || lead_scoring_internal.bound_tables(model)) WITH ORDINALITY u (t, place)));
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
'Makes one lead of two that are the same person: events, identities, adjustments, problems and transitions of from_lead become those of into_lead, and both are computed anew, so that limits and bounds hold for the events together and nothing counts twice. Fit follows the attributes of into_lead alone.
Transitions are numbered anew by time; merged_from keeps the lead and number they had. The lead is then where the later of the last moves led, or higher if the events together call for it. Where both were in progress stages it is not below the higher of the two: if the later move led lower, one more transition, of cause manual and reason merge_leads, puts it back.
The row of from_lead in the leads table stays, without events or history, and is left out: it is not in the view leads, counts in no report and enters no stage; what is to become of it is for the caller to say. What comes for it later, events or what identities say, is written to into_lead in the statement that stores it, or, if nothing was scored then, by resume() and repair(); a lead that is stored anew under its key, or merged into, is one again. Revenue that names it is, to reports, that of into_lead, whether the row stays or not: the model''s table "merged" has who is who. Where the column of events that names the lead is generated, the columns it is generated from are written, as the row of into_lead has them. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 22023 for the same lead twice, 55000 where the model is paused or not published, or where nothing tells what to write for a generated column.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.forget_lead(text, %s) IS %L', key,
'Erases a lead: its events, those of the visitors that it was included, what identities say of it, its row in the leads table, its score, transitions, adjustments and problems, and its key where it was merged into another (merged_from). The model''s table "forgotten" keeps how many such leads of which campaign came, and first entered which stage, in which month, so that the views funnel, campaigns and qualified_rate and the MQLs of forecast do not change, but for revenue, which is that of leads in the leads table. Works while the model is paused, too. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where triggers of the user''s keep its rows, and what foreign keys of the user''s say, 23503: then nothing is erased.');
    END LOOP;
END
$comments$;

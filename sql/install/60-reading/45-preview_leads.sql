-- What publishing a version would do, lead by lead, and why.

CREATE FUNCTION lead_scoring_internal.changed_conditions(before jsonb, after jsonb)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(jsonb_object_agg(c.name, c.text), '{}')
  FROM (SELECT d.name, string_agg(CASE WHEN d.field IS NOT NULL THEN format('%s of %s %s -> %s', d.field, d.name, coalesce(d.old, 'none'), coalesce(d.new, 'none'))
                                       ELSE d.name || CASE WHEN d.old IS NULL THEN ' is new' ELSE ' is removed' END END, ', ' ORDER BY d.field COLLATE "C") AS text
          FROM lead_scoring_internal.differences(before, after) d
         WHERE d.what = 'stage' AND (d.field IN ('name', 'counts_as')) IS NOT TRUE GROUP BY d.name) c
$$;
COMMENT ON FUNCTION lead_scoring_internal.changed_conditions IS 'What differs in the stages of two definitions, in words, by the name of the stage.';

CREATE FUNCTION lead_scoring.preview_leads(model text, version bigint DEFAULT NULL)
RETURNS TABLE (lead_id text, stage_now text, stage_after text, mql_at_now timestamptz, mql_at_backtest timestamptz, score_now float8, score_after float8, because text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.preview_leads(model text, version bigint)
RETURNS TABLE (lead_id text, stage_now text, stage_after text, mql_at_now timestamptz, mql_at_backtest timestamptz, score_now float8, score_after float8, because text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    as_of CONSTANT timestamptz := lead_scoring_internal.report_time(clock_timestamp());
    definition CONSTANT jsonb := lead_scoring_internal.definition_of(model, version);
    current CONSTANT jsonb := lead_scoring_internal.newest_definition(model);
    mql_stage CONSTANT text := lead_scoring_internal.mql_stage_of(model, definition);
    settings CONSTANT jsonb := lead_scoring_internal.report_request(model, 'funnel', 'month', NULL, NULL, NULL);
    names CONSTANT jsonb := (SELECT jsonb_object_agg(b.stage ->> 'name', a.stage ->> 'name') FROM jsonb_array_elements(current -> 'stages') b (stage)
                               JOIN jsonb_array_elements(definition -> 'stages') a (stage) ON a.stage -> 'id' = b.stage -> 'id');
    statement CONSTANT text := lead_scoring_internal.fill($query$
        SELECT p.lead_id, p.stage_now, p.stage_after, r.mql_at, p.at, p.score_now, p.score_after,
               coalesce(CASE WHEN p.damaged THEN 'its row in scores is damaged, lead_scoring.repair mends it' END,
                   nullif(concat_ws('; ',
                       CASE WHEN NOT c.loses THEN NULL WHEN NOT p.counts THEN 'it does not count by lead_condition' WHEN EXISTS (SELECT FROM ({!moves}) t WHERE t.lead_id::text = p.lead_id AND t.at = r.mql_at AND t.cause = 'manual')
                            THEN 'it became an MQL by hand' ELSE 'no event of today makes it an MQL' END,
                       CASE WHEN p.stage_now <> p.stage_after AND NOT c.moves THEN format('%s is called %s', p.stage_now, p.stage_after) END, p.rules,
                       CASE WHEN c.moves OR c.turns THEN
                           (SELECT string_agg(k.value, ', ' ORDER BY k.key COLLATE "C") FROM jsonb_each_text($4) k
                             WHERE k.key IN (p.stage_after, c.stage_now, CASE WHEN c.turns THEN {'mql'} END)) END), ''),
                   CASE WHEN c.moves THEN 'it is evaluated anew, as of now' WHEN c.turns THEN 'its events of today, in order of time, say so' END)
          FROM (SELECT p.*, lead_scoring_internal.report_time(p.reached_at, $1) AS at FROM lead_scoring_internal.look_ahead({'model'}, $2, {'mql'}, $1, {'publishes'}, $3)
                       WITH ORDINALITY p (lead_id, seen, counts, stage_now, stage_after, reached_at, score_now, score_after, rules, damaged, place)) p
          LEFT JOIN ({!recorded}) r ON r.lead_id = p.lead_id
          LEFT JOIN {model}.merged m ON m.merged_from::text = p.lead_id
         CROSS JOIN LATERAL (SELECT coalesce($5 ->> p.stage_now, p.stage_now) AS stage_now, coalesce($5 ->> p.stage_now, p.stage_now) <> p.stage_after AS moves,
                                    r.mql_at IS NOT NULL AND p.at IS NULL AS loses, r.mql_at IS DISTINCT FROM p.at AS turns) c
         WHERE m.merged_from IS NULL OR p.seen
         ORDER BY p.place
        $query$, jsonb_build_object('model', model, 'mql', mql_stage, 'publishes', definition IS DISTINCT FROM current,
        'moves', lead_scoring_internal.move_rows(model), 'recorded', lead_scoring_internal.recorded_rows(model, settings)));
BEGIN
    -- As publish does: where what is due cannot be computed any more by the version in force, it stays as it is.
    BEGIN
        RETURN QUERY EXECUTE statement USING as_of, definition, true, lead_scoring_internal.changed_conditions(current, definition), names;
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_corrupted THEN
        RETURN QUERY EXECUTE statement USING as_of, definition, false, lead_scoring_internal.changed_conditions(current, definition), names;
    END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.preview_leads IS 'Implements lead_scoring.preview_leads, as the model''s owner.';

COMMENT ON FUNCTION lead_scoring.preview_leads IS
'Each lead that counts, now or by a version (the draft where it is NULL), by key: its stage now and the one that publish would put it in (stage_after), when it became an MQL by recorded moves that stand and by a first publish of the version (mql_at_backtest), its score now and after, and in "because" the reason where something differs: the rules that make the largest differences, with points before and after, what bounds make besides, the conditions of its stages that differ, or that no event of today makes it an MQL. stage_after is that of an unchanged definition where the version is the one in force: what is due is done, and no lead is evaluated anew; so its rows show recorded moves that the events do not give any more. stage_after and score_after are NULL where the row in scores is damaged, or missing and not made.
One snapshot, nothing written, no lock that keeps writers out. Takes what preview takes, but for report_settings, and raises what it raises.';

-- Reading: why a score is what it is, what it was, and whether it is right.

CREATE FUNCTION lead_scoring.explain(model text, lead text, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain';
CREATE FUNCTION lead_scoring.explain(model text, lead bigint, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain';
CREATE FUNCTION lead_scoring.explain(model text, lead uuid, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain';

CREATE FUNCTION lead_scoring.score_at(model text, lead text, at timestamptz) RETURNS float8
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_at';
CREATE FUNCTION lead_scoring.score_at(model text, lead bigint, at timestamptz) RETURNS float8
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_at';
CREATE FUNCTION lead_scoring.score_at(model text, lead uuid, at timestamptz) RETURNS float8
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_at';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.explain(text, %s, timestamptz) IS %L', key,
'A lead''s score as of a time, line by line, computed from the event log. A line is a rule: how often it counted, its points undecayed (raw), as of then (decayed) and within the rule''s bounds (capped), and when it counted last. Where the bounds of a group or of the model change the sum, a line without rule says by how much. Adjustments are those that counted then: from when they were made until they expire or are cancelled. The column capped sums to the score: each part is rounded to 1/10000 of a point by itself. No rows for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.score_at(text, %s, timestamptz) IS %L', key,
'The score a lead had, or will have if nothing happens, at a time: from the events up to then, the adjustments that counted then, the lead''s present attributes and the newest version that the caller''s snapshot sees, in points. The parts of rules that decay are rounded to 1/10000 each, so that many small ones may be lost; undecayed sums are exact. NULL for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

-- What a change of the draft will do is asked before it is published: for preview.
CREATE FUNCTION lead_scoring_internal.explain_definition(model text, lead text, at timestamptz, definition jsonb)
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_explain_definition';
COMMENT ON FUNCTION lead_scoring_internal.explain_definition IS 'What explain() says under a definition that is not published, as compile_draft() returns it.';

CREATE FUNCTION lead_scoring_internal.explain_draft_as_owner(model text, lead text, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
COMMENT ON FUNCTION lead_scoring_internal.explain_draft_as_owner IS 'What explain() will say of a lead once the draft is published; for the model''s owner only. Raises what publish() raises of a draft that cannot be published.';
CREATE FUNCTION lead_scoring_internal.explain_draft(model text, lead text, at timestamptz)
RETURNS TABLE (rule_group text, rule text, times bigint, raw float8, decayed float8, capped float8, last_at timestamptz)
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY SELECT * FROM lead_scoring_internal.explain_definition(model, lead, at, lead_scoring_internal.compile_draft(model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.explain_draft IS 'Implements lead_scoring_internal.explain_draft_as_owner, as the model''s owner.';

CREATE FUNCTION lead_scoring_internal.verify_cards(model text)
RETURNS TABLE (lead_id text, problem text, stored text, recomputed text)
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_verify_cards';
COMMENT ON FUNCTION lead_scoring_internal.verify_cards IS 'The part of verify() that computes every scorecard again from the event log.';

CREATE FUNCTION lead_scoring.verify(model text)
RETURNS TABLE (lead_id text, problem text, stored text, recomputed text)
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.verify(model text)
RETURNS TABLE (lead_id text, problem text, stored text, recomputed text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    status record;
    score_column text;
    newest record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY SELECT v.lead_id, v.problem, v.stored, v.recomputed FROM lead_scoring_internal.verify_cards(model) v;

    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    SELECT * INTO newest FROM lead_scoring_internal.newest_version(model);

    -- The chain of transitions: numbered without gaps, each from where the last one led, never back in time, up to
    -- the stage the lead is in.
    RETURN QUERY EXECUTE format($query$
        SELECT coalesce(c.lead_id, s.lead_id)::text, 'transitions', c.chain, s.stage_seq || ' to ' || s.stage
          FROM %1$I.scores s
          FULL JOIN (SELECT t.lead_id, max(t.seq) AS last_seq,
                            (array_agg(t.to_stage ORDER BY t.seq DESC) FILTER (WHERE t.stands))[1] AS last_stage,
                            max(t.at) FILTER (WHERE t.stands) AS last_at,
                            string_agg(t.seq || ' ' || coalesce(t.from_stage, '-') || ' to ' || t.to_stage, ', ' ORDER BY t.seq) AS chain,
                            bool_and(t.sound) AS sound
                       FROM (SELECT t.*, %2$s AS stands,
                                    t.seq = row_number() OVER (PARTITION BY t.lead_id ORDER BY t.seq)
                                    AND (NOT %2$s OR t.from_stage IS NOT DISTINCT FROM lag(t.to_stage, 1, t.from_stage) OVER lead
                                                     AND t.at >= lag(t.at, 1, t.at) OVER lead) AS sound
                               FROM %1$I.transitions t
                             WINDOW lead AS (PARTITION BY t.lead_id, %2$s ORDER BY t.seq)) t
                      GROUP BY t.lead_id) c ON c.lead_id = s.lead_id
         WHERE s.lead_id IS NULL OR NOT coalesce(c.sound, true)
            OR s.stage_seq IS DISTINCT FROM coalesce(c.last_seq, 0) OR s.stage_since IS DISTINCT FROM c.last_at
            OR c.last_stage IS NULL AND s.version > 0 AND s.stage IS DISTINCT FROM $1
            OR c.last_stage IS NOT NULL AND c.last_stage IS DISTINCT FROM s.stage
        $query$, model, lead_scoring_internal.move_stands(model)) USING newest.first_stage;

    FOR status IN EXECUTE format('SELECT left(a.attname, -3) AS stage, a.attname AS name FROM pg_attribute a
                                   WHERE a.attrelid = %L::regclass AND NOT a.attisdropped
                                     AND a.attname = ANY (lead_scoring_internal.stage_columns(%L))
                                   ORDER BY a.attnum', format('%I.scores', model), model) LOOP
        RETURN QUERY EXECUTE format('SELECT s.lead_id::text, %2$L::text, s.%2$I::text, t.at::text
              FROM %1$I.scores s
              LEFT JOIN LATERAL (SELECT min(t.at) AS at FROM %1$I.transitions t
                                  WHERE t.lead_id = s.lead_id AND t.to_stage = $1 AND %3$s) t ON true
             WHERE s.%2$I IS DISTINCT FROM t.at', model, status.name, lead_scoring_internal.move_stands(model)) USING status.stage;
    END LOOP;

    -- The status columns of the leads table.
    FOR status IN EXECUTE format('SELECT e.key, e.value AS name FROM %I.settings s, jsonb_each_text(s.status_columns) e
                                   WHERE e.key IN (''stage'', ''score'', ''grade'') OR e.key LIKE ''%%\_at''', model) LOOP
        -- That of a stage which the version does not have shows nothing.
        score_column := CASE WHEN status.key LIKE '%\_at' THEN lead_scoring_internal.status_stage(model, status.key) || '_at' ELSE status.key END;
        RETURN QUERY EXECUTE lead_scoring_internal.fill('SELECT s.lead_id::text, {''problem''}::text, l.{status_column}::text, ({!shown})::text
              FROM {!leads} l JOIN {model}.scores s ON s.lead_id = l.{key} WHERE s.version > 0 AND l.{status_column} IS DISTINCT FROM {!shown}',
            jsonb_build_object('problem', 'status column ' || status.name, 'status_column', status.name, 'shown', CASE WHEN score_column IS NULL THEN 'NULL::timestamptz' ELSE format('s.%I', score_column) END, 'leads', bound.leads,
                'model', model, 'key', bound.lead_key));
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.verify IS 'Implements lead_scoring.verify, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.verify IS
'The leads for which the stored state is not what the event log says; no rows: all is exact. "problem" tells what differs: card, score, engagement, fit, grade, due_at (all computed again from the log, as of the row''s scored_at), damaged (a column of its row, which "stored" names, says what cannot be), stale (computed under an older version), missing (no row), superfluous (a row, but neither table has the lead), counted (whether the leads table has the lead, and settings.lead_condition holds for it), transitions (a break in the chain of moves, or in that of those which stand), a <stage>_at column, or a status column of the leads table. Reads everything, under one snapshot: cost grows with the log. Takes USAGE on the schema and SELECT on scores, settings, versions and transitions; 42501 where row security on one of these limits the caller. 42809 for anybody but the owner where a table of the model was made a view, got row security or columns of other types.';

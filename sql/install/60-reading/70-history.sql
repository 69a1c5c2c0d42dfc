-- The course of a lead's score.

CREATE FUNCTION lead_scoring.history(model text, lead text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (at timestamptz, source text, event_type text, rule text, points float8, score float8, stage text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_history';
CREATE FUNCTION lead_scoring.history(model text, lead bigint, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (at timestamptz, source text, event_type text, rule text, points float8, score float8, stage text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_history';
CREATE FUNCTION lead_scoring.history(model text, lead uuid, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (at timestamptz, source text, event_type text, rule text, points float8, score float8, stage text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_history';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.history(text, %s, timestamptz, timestamptz) IS %L', key,
'The course of a lead''s score by the newest version that the caller''s snapshot sees, in the order of time from since (NULL: the beginning) to until (NULL: now): what each event gave, what time, attributes and hands did, and the moves. Column source: the source of an event, with its type and the rule that matched (none where it names a stage); lead for a rule on the lead, from when it came (at is NULL where nothing says when); adjustment, its event_type made, expired or cancelled, or of engagement reset or reset cancelled; time, its event_type decay for what falls at once (the end of a window, a drop of step decay), since and until for the first and last instant asked for; stage for a recorded move, its event_type the cause, or undone for when moves were taken back: the moves are shown too, but for those that a replay superseded. Points: by how much the rule within its bounds, the adjustment, or of a reset the engagement changed at that instant; 0 for a match that a limit or ceiling lets count for nothing, NULL where nothing was given. Score: after it; of a move, as it was recorded, which may have been by an older version or other events. Stage: the one after it; of a move, where it led. Points that fade steadily show in the scores of the rows that follow; the last row has the score of score_at(until). No rows for a lead that row security on scores hides from the caller. Raises P0002 for an unknown lead, 22004 for a model or lead that is NULL, 22023 for an infinite until. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

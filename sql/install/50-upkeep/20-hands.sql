-- What hands do: set_stage, adjust, cancel_adjustment, clear_problems.

CREATE FUNCTION lead_scoring.set_stage(model text, lead text, stage text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_set_stage';
CREATE FUNCTION lead_scoring.set_stage(model text, lead bigint, stage text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_set_stage';
CREATE FUNCTION lead_scoring.set_stage(model text, lead uuid, stage text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_set_stage';

CREATE FUNCTION lead_scoring.adjust(model text, lead text, points numeric, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS uuid LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_adjust';
CREATE FUNCTION lead_scoring.adjust(model text, lead bigint, points numeric, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS uuid LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_adjust';
CREATE FUNCTION lead_scoring.adjust(model text, lead uuid, points numeric, reason text DEFAULT NULL, expires_at timestamptz DEFAULT NULL)
RETURNS uuid LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_adjust';

CREATE FUNCTION lead_scoring.cancel_adjustment(model text, id uuid, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_cancel_adjustment';
COMMENT ON FUNCTION lead_scoring.cancel_adjustment IS
'Takes an adjustment back: its points count no more, as if they had never been given, but for the stages the lead has reached meanwhile. The row of the model''s adjustments stays, marked with when, by whom and why. Nothing happens where that was done already. Raises P0002 for an unknown id. Takes INSERT on the model''s adjustments and USAGE on the schema.';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.set_stage(text, %s, text, text) IS %L', key,
'Moves a lead to a stage by hand, whatever its score: a transition with cause manual, the role that did it and the reason. Nothing happens where the lead is in that stage already. Out of a detour, too. Raises 42704 for an unknown model or stage, P0002 for an unknown lead, 55000 where the model is paused or not published. Takes INSERT on the model''s transitions and USAGE on the schema.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.adjust(text, %s, numeric, text, timestamptz) IS %L', key,
'Adds points to a lead''s score by hand, or takes them away, until expires_at (NULL: for good), and returns the id of the new row of the model''s adjustments, by which cancel_adjustment() takes them back. Kept beside the computed score: engagement and fit never include it, and it survives every new version. Raises P0002 for an unknown lead, 55000 for one that has no score because the model is paused or not published, 22023 for points that are NULL or beyond 1e9 and for an infinite expires_at. Takes INSERT on the model''s adjustments and USAGE on the schema.');
    END LOOP;
END
$comments$;

CREATE FUNCTION lead_scoring.clear_problems(model text) RETURNS bigint
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_clear_problems';
COMMENT ON FUNCTION lead_scoring.clear_problems IS 'Empties the model''s list of problems, when they have been seen to, and returns how many there were. For the model''s owner only.';

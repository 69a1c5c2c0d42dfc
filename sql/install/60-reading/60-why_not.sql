-- Why a lead is not in a stage, and what would bring it there.

CREATE FUNCTION lead_scoring.why_not(model text, lead text, stage text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (what text, needed text, has text, missing text, verdict text, how text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_why_not';
CREATE FUNCTION lead_scoring.why_not(model text, lead bigint, stage text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (what text, needed text, has text, missing text, verdict text, how text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_why_not';
CREATE FUNCTION lead_scoring.why_not(model text, lead uuid, stage text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS TABLE (what text, needed text, has text, missing text, verdict text, how text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_why_not';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.why_not(text, %s, text, timestamptz) IS %L', key,
'Why a lead is not in a stage (NULL: the next progress stage above), as of a time: a row for the stage itself, one for each of its conditions (min_score, min_engagement, min_fit, grades, each rule of requires, on_event), and one for each thing that stands in the way: a detour, a cooldown, moves that were taken back (undone), a paused or unpublished model, lead_condition, a lead that has not come, events in the future, types of events that nothing names (where the caller may read the view event_types of the model). Verdict: yes, no or unknown; unknown where a condition of a rule is NULL for the lead or its events, and what it waits for would hold if it were true: "missing" names the columns to ask for. Points are as of then. "how" of the stage: the cheapest few things of which each by itself brings the lead there or higher, "how" of a condition what makes that hold alone; tried on a copy of the lead, by the same rules, limits, caps and stages as real events, up to 100 events, and right for as long as it says ("before"), else for two years at least. It knows of an event what its rule says: that it matches other rules too, it reckons with where these have the same condition or none. NULL where nothing is known to do, a refresh() where time alone has moved the lead already and nobody has looked. No rows for a lead that row security on scores hides from the caller. Raises P0002 for an unknown lead, 42704 for an unknown stage, 22004 for a model, lead or time that is NULL, 22023 for an infinite time. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

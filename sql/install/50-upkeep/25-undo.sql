-- What a hand takes back: moves, engagement, and with replay the whole history of a lead.

CREATE FUNCTION lead_scoring.undo_move(model text, lead text, seq integer, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_undo_move';
CREATE FUNCTION lead_scoring.undo_move(model text, lead bigint, seq integer, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_undo_move';
CREATE FUNCTION lead_scoring.undo_move(model text, lead uuid, seq integer, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_undo_move';

CREATE FUNCTION lead_scoring.reset_engagement(model text, lead text, reason text DEFAULT NULL) RETURNS uuid
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_reset_engagement';
CREATE FUNCTION lead_scoring.reset_engagement(model text, lead bigint, reason text DEFAULT NULL) RETURNS uuid
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_reset_engagement';
CREATE FUNCTION lead_scoring.reset_engagement(model text, lead uuid, reason text DEFAULT NULL) RETURNS uuid
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_reset_engagement';

CREATE FUNCTION lead_scoring_internal.replay_leads(model text, lead text) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_replay_leads';
COMMENT ON FUNCTION lead_scoring_internal.replay_leads IS 'Supersedes the moves of a lead, or with NULL of all, and makes them anew. The part of replay() that has the tables or the lead locked. Returns how many leads there were.';

CREATE FUNCTION lead_scoring_internal.notice_made_again(model text, lead text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    again bigint;
    first_lead text;
    first_move integer;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format($query$
        SELECT count(*) OVER (), s.lead_id::text AS lead, s.seq
          FROM %1$I.transitions t JOIN %1$I.transitions s ON s.lead_id = t.lead_id AND s.to_stage = t.to_stage
         WHERE t.undone_at IS NOT NULL AND NOT t.superseded AND s.undone_at IS NULL AND s.cause <> 'manual'
           AND s.at <= t.undone_at AND s.recorded_at > t.undone_at AND ($1 IS NULL OR s.lead_id = $1::%2$s)
         ORDER BY s.lead_id, s.seq LIMIT 1
        $query$, model, lead_scoring_internal.key_type(model)) INTO again, first_lead, first_move USING lead;
    IF again > 0 THEN
        RAISE NOTICE USING MESSAGE = format('moves of model "%s" that were taken back are made again: %s', model, again),
            DETAIL = 'The scores of then call for them. Only what an event named stays taken back.',
            HINT = format('SELECT lead_scoring.undo_move(%L, %L, %s, ''taken back again'');  -- the first of them', model, first_lead, first_move);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.notice_made_again IS 'Says in a notice how many moves a replay, of that lead or of all, has made that a hand had taken back.';

CREATE FUNCTION lead_scoring.replay(model text) RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.replay(model text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leads bigint;
BEGIN
    PERFORM lead_scoring_internal.require_scoring(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    leads := lead_scoring_internal.replay_leads(model, NULL);
    PERFORM lead_scoring_internal.notice_made_again(model);
    RETURN leads;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.replay(text) IS 'Implements lead_scoring.replay of all leads, as the model''s owner.';

CREATE FUNCTION lead_scoring.replay(model text, lead text) RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.replay(model text, lead text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys text[];
    leads bigint;
BEGIN
    -- All leads are another call, so that a lead that was not found replays none.
    IF lead IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'lead is NULL', 'It is the key of the lead whose history is made anew.',
            format('SELECT lead_scoring.replay(%L);  -- that of all leads', model));
    END IF;
    PERFORM lead_scoring_internal.require_scoring(model);
    keys := lead_scoring_internal.lock_leads(model, ARRAY[lead], 'NO KEY UPDATE');
    leads := lead_scoring_internal.replay_leads(model, keys[1]);
    PERFORM lead_scoring_internal.notice_made_again(model, keys[1]);
    RETURN leads;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.replay(text, text) IS 'Implements lead_scoring.replay of one lead, as the model''s owner.';
CREATE FUNCTION lead_scoring.replay(model text, lead bigint)
RETURNS bigint LANGUAGE sql
AS $$ SELECT lead_scoring.replay(model, lead::pg_catalog.text) $$;
CREATE FUNCTION lead_scoring.replay(model text, lead uuid)
RETURNS bigint LANGUAGE sql
AS $$ SELECT lead_scoring.replay(model, lead::pg_catalog.text) $$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.undo_move(text, %s, integer, text) IS %L', key,
'Takes back a move of a lead, by its number in the model''s transitions, and every later one that stands: a wrong click, a bot, a win that was none. The rows stay, marked with when, by whom and why; the lead stands where the move began. It enters the stages that it left, and those its score calls for at that moment, again only by hand, by an event of the stage''s on_event that is later than the undoing, or once the stage''s conditions have ceased to hold. <stage>_at, status columns and reports follow the moves that stand; a report as of before the undoing counts the move. Raises P0002 for an unknown lead or move, 55000 where the move was taken back already, where the model is paused or not published, or of an older format, 42704 for an unknown model, 22004 for a NULL. Takes INSERT on the model''s transitions and USAGE on the schema.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.reset_engagement(text, %s, text) IS %L', key,
'Begins a lead''s engagement anew: rules count its events after this instant alone, decayed or not, for points, limits and what stages require. Fit, adjustments and the moves so far stay. It is a row of the model''s adjustments, whose id is returned: cancel_adjustment() takes the reset back, and all events count again. Raises P0002 for an unknown lead, 55000 for one that has no score because the model is paused or not published, or where it is of an older format, 42704 for an unknown model, 22004 for a NULL. Takes INSERT on the model''s adjustments and USAGE on the schema.');
    END LOOP;
    FOREACH key IN ARRAY ARRAY['text', 'text, text', 'text, bigint', 'text, uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.replay(%s) IS %L', key,
'Makes the history of a lead anew, or where none is named of all leads, as the events, attributes and version of today have it: moves bear the dates at which they would have happened, as at a first publish. The old moves stay, marked as superseded; moves by hand that stood are made again at their time, with their actor and reason; what undo_move took back stays so where an event named the stage; where scores call for it, it is made again, with a notice that says how many. Status columns and reports, those of the past too, follow the new history. Returns the number of leads. For all leads the tables of leads and events are locked against writing until the transaction ends. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where the model is paused or not published, or of an older format.');
    END LOOP;
END
$comments$;

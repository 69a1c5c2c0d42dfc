-- Hand-offs: what a row says of its move, and the calls of workers and of sales.

CREATE FUNCTION lead_scoring_internal.require_writing(model text) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_writing';
COMMENT ON FUNCTION lead_scoring_internal.require_writing IS 'Raises 42501 unless it is called within a statement of the extension that writes a model''s tables, as their owner.';

CREATE FUNCTION lead_scoring_internal.handoff_owner(model text, lead text, leads text, lead_key text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expression text;
    owner text;
BEGIN
    PERFORM lead_scoring_internal.require_writing(model);
    EXECUTE format('SELECT r.dimensions ->> ''owner'' FROM %I.report_settings r', model) INTO expression;
    IF expression IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE lead_scoring_internal.fill('SELECT nullif(({!expression})::text, '''') FROM {!leads} WHERE {key} = $1::{!key_type}',
        jsonb_build_object('expression', expression, 'leads', leads, 'key', lead_key, 'key_type', lead_scoring_internal.key_type(model))) INTO owner USING lead;
    RETURN owner;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;  -- as of an expression of a rule
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.handoff_owner IS 'Whose lead it is, by its row in that table, as the dimension "owner" of report_settings has it; NULL where there is no such dimension, no such lead, or the expression raises a data exception.';

CREATE FUNCTION lead_scoring_internal.day_text(day timestamptz, at timestamptz, zone text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT to_char(day AT TIME ZONE zone, CASE WHEN (at AT TIME ZONE zone)::date - (day AT TIME ZONE zone)::date < 7 THEN 'FMDay'
                                           WHEN extract(year FROM at AT TIME ZONE zone) = extract(year FROM day AT TIME ZONE zone) THEN 'FMDD FMMonth' ELSE 'FMDD FMMonth YYYY' END)
$$;
COMMENT ON FUNCTION lead_scoring_internal.day_text IS 'A day as one says it at a time: the weekday within a week, else the date, with its year where that is another.';

CREATE FUNCTION lead_scoring_internal.handoff_why(model text, lead text, at timestamptz, stage text, cause text, rule text, reason text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_writing(model);
    EXECUTE format('SELECT v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO definition;
    RETURN (SELECT coalesce(string_agg(p.part, ', ' ORDER BY p.place), reason) FROM (
    SELECT 0 AS place, replace(s.stage ->> 'on_event', '_', ' ') || ' on ' || lead_scoring_internal.day_text(at, at, definition ->> 'time_zone') AS part
      FROM jsonb_array_elements(definition -> 'stages') s (stage)
     WHERE handoff_why.cause = 'event' AND handoff_why.rule IS NULL AND s.stage ->> 'name' = handoff_why.stage AND s.stage ->> 'on_event' IS NOT NULL
    UNION ALL
    (SELECT row_number() OVER (ORDER BY e.capped DESC, e.rule COLLATE "C"),
            replace(e.rule, '_', ' ') || CASE WHEN e.times > 1 THEN format(' %s times', e.times)
                                              WHEN e.last_at IS NOT NULL THEN ' on ' || lead_scoring_internal.day_text(e.last_at, at, definition ->> 'time_zone') ELSE '' END
       FROM lead_scoring.explain(model, lead, at) e WHERE e.rule_group IS NOT NULL AND e.rule IS NOT NULL AND e.capped > 0
      ORDER BY e.capped DESC, e.rule COLLATE "C" LIMIT 5)) p);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.handoff_why IS 'What moved a lead, in a sentence for whoever calls: the event that names the stage, then the rules that gave the most points at that time, at most five; where there are none, the reason that a hand gave.';

-- ---------------------------------------------------------------- workers

CREATE FUNCTION lead_scoring.claim_handoffs(model text, worker text, n bigint DEFAULT 1, lease interval DEFAULT '5 minutes', stage text DEFAULT NULL, owner text DEFAULT NULL)
RETURNS TABLE (id text, lead_id text, stage text, at timestamptz, score float8, grade text, lead_type text, rule text, entry text, why text, attempt integer, lease_token text)
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_claim_handoffs';
COMMENT ON FUNCTION lead_scoring.claim_handoffs IS
'Gives a worker at most n of the hand-offs that wait, oldest first, and nobody else for as long as the lease lasts: of each lead the first that is to be delivered, so that what happened first is told first. "stage" and "owner" choose those of one stage or one salesperson. A row is a move into a stage with hand_off: where and when, with what score, grade and rule, and why, in a sentence. "id" stays the same however often it is delivered, "attempt" counts. Whoever has told the CRM calls ack_handoff() with id and lease_token; who could not, release_handoff(); who needs longer, extend_handoff(). When the lease runs out, the hand-off is for whoever claims it next, and the token does nothing any more. After max_attempts of the stage it is parked. Delivery is at least once. Any number of workers may claim; none waits for another.
Takes USAGE on the schema and INSERT on the model''s handoffs; 42501 where row security on scores limits the caller. Raises 42704 for an unknown model or stage, 22023 for n under 1 or above 10000, an empty worker and a lease under a second or over a day, 22004 for a NULL, 55000 where the model is of an older format.';

CREATE FUNCTION lead_scoring.ack_handoff(model text, id text, lease_token text) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_ack_handoff';
COMMENT ON FUNCTION lead_scoring.ack_handoff IS
'Says that a hand-off was delivered: it is given to nobody any more, and the next one of the lead may be claimed. Takes id and lease_token of claim_handoffs(). Raises 55000, and nothing happens, where the token is not that of the lease: it ran out, another worker has it, or the hand-off is done already. Raises P0002 for an unknown id, 22004 for a NULL. Takes USAGE on the schema and INSERT on the model''s handoffs.';

CREATE FUNCTION lead_scoring.release_handoff(model text, id text, lease_token text, retry_in interval DEFAULT '1 minute') RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_release_handoff';
COMMENT ON FUNCTION lead_scoring.release_handoff IS
'Gives back a hand-off that could not be delivered: it can be claimed again after retry_in, and later ones of the lead wait behind it; after the last attempt it is parked. Raises as ack_handoff() does, 22023 for a retry_in under 0 or over 30 days.';

CREATE FUNCTION lead_scoring.extend_handoff(model text, id text, lease_token text, lease interval DEFAULT '5 minutes') RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_extend_handoff';
COMMENT ON FUNCTION lead_scoring.extend_handoff IS
'Has the lease of a hand-off end so long from now, sooner or later than it would have: the heartbeat of a worker that needs longer. Raises as ack_handoff() does, 22023 for a lease under a second or over a day.';

-- ---------------------------------------------------------------- sales

CREATE FUNCTION lead_scoring.decide_handoff(model text, lead text, outcome text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_decide_handoff';
CREATE FUNCTION lead_scoring.decide_handoff(model text, lead bigint, outcome text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_decide_handoff';
CREATE FUNCTION lead_scoring.decide_handoff(model text, lead uuid, outcome text, reason text DEFAULT NULL) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_decide_handoff';

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.decide_handoff(text, %s, text, text) IS %L', key,
'Says what sales decided of the lead''s latest hand-off, "accepted" or "rejected", delivered or not, and why. The lead moves to accepted_stage of the stage that handed it over, if it stands lower or in a detour, or to rejected_stage, if it stands where it was handed over: a transition with cause manual, the role that decided, and the reason. The same decision again does nothing; another one takes the place of the first, by the same rules. Raises 22023 for another outcome, P0002 for an unknown lead or one that was not handed over (hand-offs whose move was taken back do not count, nor those done for more than 90 days), 55000 where the model is paused, not published or of an older format, 42704 for an unknown model, 22004 for a NULL. Takes USAGE on the schema and INSERT on the model''s handoffs.');
    END LOOP;
END
$comments$;

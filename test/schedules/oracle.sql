-- What there is to say against the model's state: lines that begin with "mismatch:". The scores are computed from the
-- tables by SQL alone, then verify() has its say. may_be_stale: a version was published without computing leads anew.
SET check_function_bodies = off;  -- there is no model yet

-- All events, with whose they are by now.
CREATE FUNCTION all_events() RETURNS TABLE (lead text, type text, occurred_at timestamptz, ref text, source text) LANGUAGE sql STABLE
AS $$
    SELECT x.lead, x.type, x.occurred_at, x.ref, x.source
      FROM (SELECT coalesce(e.lead_id, w.lead_id)::text AS lead, e.type, e.occurred_at, e.ref, 'events' AS source, (SELECT s.event_id IS NULL FROM race.settings s) AS all_count,
                   row_number() OVER (PARTITION BY coalesce(e.lead_id, w.lead_id), e.ref ORDER BY e.occurred_at, e USING OPERATOR(pg_catalog.*<)) AS place
              FROM events e LEFT JOIN who w ON e.lead_id IS NULL AND w.visitor = e.visitor
            UNION ALL
            SELECT coalesce(c.lead_id, w.lead_id)::text, c.type, c.occurred_at AT TIME ZONE 'UTC', c.ref, 'second', (SELECT bool_and(s.event_id IS NULL) FROM race.sources s),
                   row_number() OVER (PARTITION BY coalesce(c.lead_id, w.lead_id), c.ref ORDER BY c.occurred_at, c USING OPERATOR(pg_catalog.*<))
              FROM calls c LEFT JOIN who w ON c.lead_id IS NULL AND w.visitor = c.visitor WHERE EXISTS (SELECT FROM race.sources)) x
     WHERE x.place = 1 OR x.all_count
$$;

CREATE FUNCTION since_reset(lead text) RETURNS timestamptz LANGUAGE sql STABLE
AS $$
    SELECT coalesce(max(x.made_at), '-infinity') FROM race.adjustments x WHERE x.lead_id::text = $1 AND x.resets AND x.cancelled_at IS NULL
$$;

CREATE FUNCTION engagement(lead text, at timestamptz) RETURNS float8 LANGUAGE sql STABLE
AS $$
    SELECT coalesce(sum(least(r.points * w.amount, r.max_points::float8)), 0)
      FROM race.rules r
     CROSS JOIN LATERAL (
            SELECT CASE WHEN r.quiet_for IS NOT NULL THEN
                       ($2 - coalesce(max(e.occurred_at), (SELECT greatest(l.came AT TIME ZONE 'UTC', since_reset($1)) FROM leads l JOIN race.settings s ON s.lead_created IS NOT NULL WHERE l.id::text = $1)) > r.quiet_for)::integer
                   WHEN r.keep THEN (SELECT bool_or((SELECT count(*) FROM unnest(array_agg(e.occurred_at)) o (at) WHERE o.at <= u.at AND o.at > u.at - r.within) >= r.at_least)::integer
                                       FROM unnest(array_agg(e.occurred_at)) u (at))
                   WHEN r.distinct_key IS NOT NULL THEN (count(DISTINCT e.ref) FILTER (WHERE e.occurred_at > $2 - r.within) >= r.at_least)::integer
                   WHEN r.at_least IS NOT NULL THEN (count(*) FILTER (WHERE e.occurred_at > $2 - r.within) >= r.at_least)::integer
                   ELSE CASE replace(r.name, 'second ', '')
                       WHEN 'download' THEN count(DISTINCT (date_trunc('day', e.occurred_at, 'UTC'), e.ref))
                       WHEN 'call' THEN sum(CASE WHEN e.ref ~ '^\d+$' THEN e.ref::float8 END)
                       WHEN 'demo' THEN sum(2 ^ (-a.seconds / (7 * 86400)))
                       WHEN 'webinar' THEN sum(greatest(0, 1 - a.seconds / (10 * 86400)))
                       WHEN 'trial' THEN count(*) FILTER (WHERE a.seconds <= 3600)
                       ELSE count(*) END END AS amount
              FROM all_events() e
             CROSS JOIN LATERAL (SELECT extract(epoch FROM $2 - e.occurred_at)::float8 AS seconds) a
             WHERE e.lead = $1 AND (e.type = r.event_type OR r.event_type = '*') AND e.type IS NOT NULL AND e.source = coalesce(r.source, 'events') AND a.seconds >= 0
               AND e.occurred_at > since_reset($1)) w
     WHERE w.amount IS NOT NULL
$$;

CREATE FUNCTION mismatches(may_be_stale boolean) RETURNS SETOF text LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY
    SELECT format('mismatch: lead %s has %s', coalesce(k.lead, s.lead),
                  CASE WHEN s.lead IS NULL THEN 'no score' ELSE 'a score but no row' END)
      FROM (SELECT id::text AS lead FROM leads UNION SELECT e.lead FROM all_events() e WHERE e.lead IS NOT NULL) k
      FULL JOIN (SELECT lead_id::text AS lead FROM race.scores) s ON s.lead = k.lead
     WHERE k.lead IS NULL OR s.lead IS NULL;

    RETURN QUERY
    SELECT format('mismatch: lead %s has %s, expected %s', s.lead_id, c.stored, c.expected)
      FROM race.scores s
      LEFT JOIN leads l ON l.id = s.lead_id
     CROSS JOIN LATERAL (SELECT engagement(s.lead_id::text, s.scored_at) AS engagement,
                                CASE WHEN l.title = 'CEO' THEN r.points ELSE 0 END::float8 AS fit,
                                (SELECT coalesce(sum(a.points), 0)::float8 FROM race.adjustments a
                                  WHERE a.lead_id = s.lead_id AND a.cancelled_at IS NULL AND coalesce(a.expires_at > s.scored_at, true)) AS adjusted
                           FROM race.rules r WHERE r.name = 'chief') x
     CROSS JOIN LATERAL (VALUES (s.engagement, x.engagement), (s.fit, x.fit),
                                (s.score, x.engagement + x.fit + x.adjusted)) c (stored, expected)
     WHERE s.version = (SELECT max(v.version) FROM race.versions v)
       AND abs(c.stored - c.expected) > 0.01;

    RETURN QUERY
    SELECT format('mismatch: lead %s is counted: %s', s.lead_id, s.counted)
      FROM race.scores s LEFT JOIN leads l ON l.id = s.lead_id
     WHERE s.version = (SELECT max(v.version) FROM race.versions v)
       AND s.counted IS DISTINCT FROM (l.id IS NOT NULL AND NOT (l.hidden IS TRUE AND EXISTS (SELECT FROM race.settings x WHERE x.lead_condition IS NOT NULL))
                                     AND NOT EXISTS (SELECT FROM race.merged m WHERE m.merged_from = s.lead_id));

    RETURN QUERY
    SELECT format('mismatch: an event is of lead %s, which is lead %s now', e.lead, m.lead_id)
      FROM all_events() e JOIN race.merged m ON m.merged_from::text = e.lead AND m.lead_id <> m.merged_from WHERE NOT (SELECT s.paused FROM race.settings s);

    RETURN QUERY
    SELECT format('mismatch: lead %s is of account %s', s.lead_id, s.account)
      FROM race.scores s LEFT JOIN leads l ON l.id = s.lead_id
     WHERE s.version = (SELECT max(v.version) FROM race.versions v)
       AND s.account IS DISTINCT FROM CASE WHEN EXISTS (SELECT FROM race.settings x WHERE x.lead_account IS NOT NULL) THEN nullif(l.title, '') END;

    -- Who was always left out; a lead that was merged brings its moves, and under a new key there may have been a visitor.
    RETURN QUERY
    SELECT format('mismatch: lead %s became %s, though it is left out', t.lead_id, t.to_stage)
      FROM race.transitions t JOIN leads l ON l.id = t.lead_id
     WHERE l.hidden AND l.note = 'always hidden' AND t.merged_from IS NULL AND ltrim(l.id::text, 'k')::bigint <= 5 AND EXISTS (SELECT FROM race.settings x WHERE x.lead_condition IS NOT NULL);

    RETURN QUERY
    SELECT format('mismatch: lead %s became %s with %s points', t.lead_id, t.to_stage, t.score)
      FROM race.transitions t WHERE t.from_stage = 'lead' AND t.to_stage = 'mql' AND t.cause IN ('event', 'attribute', 'identity') AND (t.score < CASE t.entry WHEN 'reader' THEN 19.99 WHEN 'tries' THEN '-Infinity' ELSE 29.99 END OR t.entry = 'tries' AND t.cause = 'attribute');

    RETURN QUERY
    SELECT format('mismatch: lead %s became %s by version %s, which there is not', t.lead_id, t.to_stage, t.version)
      FROM race.transitions t WHERE NOT EXISTS (SELECT FROM race.versions v WHERE v.version = t.version);

    -- Who was left behind by an old snapshot is found by whoever claims next, or by refresh().
    PERFORM lead_scoring_internal.sweep_handoffs('race', 1000);
    RETURN QUERY
    SELECT format('mismatch: hand-off %s of lead %s is first: %s', h.seq, h.lead_id, h.is_first)
      FROM race.handoffs h WHERE h.is_first <> (h.done_at IS NULL AND NOT EXISTS (SELECT FROM race.handoffs o WHERE o.lead_id = h.lead_id AND o.seq < h.seq AND o.done_at IS NULL));
    RETURN QUERY
    SELECT format('mismatch: hand-off %s of lead %s is of the move to %s, taken back: %s', h.seq, h.lead_id, t.to_stage, t.undone_at IS NOT NULL)
      FROM race.handoffs h LEFT JOIN race.transitions t USING (lead_id, seq) WHERE t.to_stage IS NULL OR t.to_stage NOT IN ('mql', 'sql') OR h.done_at IS NULL AND t.undone_at IS NOT NULL AND NOT t.superseded;

    RETURN QUERY
    SELECT format('mismatch: verify: lead %s %s: %s instead of %s', v.lead_id, v.problem, v.stored, v.recomputed)
      FROM lead_scoring.verify('race') v
     WHERE NOT (may_be_stale AND v.problem = 'stale');
END
$$;

-- For a session among the others: what it sees must be right at any time.
CREATE FUNCTION check_now(may_be_stale boolean) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    wrong text;
BEGIN
    SELECT format('lead %s %s: %s instead of %s', v.lead_id, v.problem, v.stored, v.recomputed) INTO wrong
      FROM lead_scoring.verify('race') v
     WHERE NOT (may_be_stale AND v.problem = 'stale');
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'assert_failure', MESSAGE = 'verify beside writers: ' || wrong;
    END IF;
END
$$;

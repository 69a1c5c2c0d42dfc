-- A model's scores computed a second time, in plain SQL, from the formulas of the manual and nothing else; and the two
-- results laid side by side. To be run in a test's schema, which it fills:
--
--   plain_match   the events that match, written out by hand in the test: points times per, and the limit's key
--   plain_fit     the leads that match a rule on the lead
--   moment        which lead's score is wanted as of when
--   plain_line    the result of plain_score(model): what explain() should say, by rule; and plain_total, the scores
--
-- The parameters are read from the model's draft, as they were typed. Points are counted in units of 1/10000. "doubt"
-- is how many units rounding may differ by: 1 where a decayed sum lies within 1e-9 of its absolute addends from the
-- middle between two units, else 0; added up for totals.

CREATE TABLE plain_match (rule text, lead text, at timestamptz, points numeric, key text);
CREATE TABLE plain_fit (rule text, lead text);
CREATE TABLE moment (label text, lead text, at timestamptz);
CREATE TABLE plain_line (label text, lead text, rule_group text, rule text, times bigint, raw numeric, decayed numeric,
                         capped numeric, last_at timestamptz, doubt integer);
CREATE TABLE plain_total (label text, lead text, engagement numeric, fit numeric, score numeric, doubt integer);

CREATE FUNCTION clamp(value numeric, low numeric, high numeric) RETURNS numeric LANGUAGE sql IMMUTABLE
AS 'SELECT least(greatest(value, low), high)';

CREATE FUNCTION seconds(span interval) RETURNS float8 LANGUAGE sql IMMUTABLE
AS 'SELECT extract(epoch FROM span)::float8';

CREATE FUNCTION plain_score(model text) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    TRUNCATE plain_line, plain_total;
    ANALYZE moment;
    EXECUTE format($query$
        WITH ranked AS (
            SELECT m.rule, m.lead, m.at, round(m.points * 10000) AS units,
                   row_number() OVER (PARTITION BY m.rule, m.lead, m.key,
                                          CASE WHEN r.limit_window <> 'ever' THEN date_trunc(r.limit_window, m.at AT TIME ZONE s.time_zone) END
                                      ORDER BY m.at, m.points DESC) AS place_in_bucket
              FROM plain_match m JOIN %1$I.rules r ON r.name = m.rule, %1$I.settings s
        ), counted AS (
            SELECT i.label, c.rule, c.lead, c.at, c.units,
                   seconds(i.at - c.at) AS age,
                   row_number() OVER (PARTITION BY i.label, c.rule, c.lead ORDER BY c.at DESC, c.units) AS place_from_last
              FROM ranked c JOIN %1$I.rules r ON r.name = c.rule JOIN moment i ON i.lead = c.lead AND i.at >= c.at
             WHERE r.limit_count IS NULL OR c.place_in_bucket <= r.limit_count
        ), summed AS (
            SELECT c.label, c.lead, c.rule, count(*) AS times, sum(c.units) AS raw, max(c.at) AS last_at,
                   sum(c.units * w.weight) AS decayed, sum(abs(c.units * w.weight)) AS absolute
              FROM counted c JOIN %1$I.rules r ON r.name = c.rule,
                   LATERAL (SELECT CASE r.decay
                                WHEN 'none' THEN 1
                                WHEN 'exponential' THEN CASE WHEN c.age < 1000 * seconds(r.half_life) THEN power(2, -c.age / seconds(r.half_life)) ELSE 0 END
                                WHEN 'linear' THEN greatest(0, 1 - c.age / seconds(r.lifespan))
                                WHEN 'step' THEN greatest(0, 1 - r."drop" * floor(c.age / seconds(r.step)))
                                WHEN 'window' THEN CASE WHEN c.age <= seconds(r.lifespan) THEN 1 ELSE 0 END
                            END::float8 AS weight) w
             WHERE r.decay IN ('none', 'exponential') OR c.place_from_last <= r.max_occurrences
             GROUP BY 1, 2, 3
        )
        INSERT INTO plain_line
        SELECT i.label, i.lead, r.rule_group, r.name, coalesce(u.times, 0), coalesce(u.raw, 0), d.units,
               clamp(d.units, r.min_points * 10000, r.max_points * 10000), u.last_at,
               (r.decay <> 'none' AND abs(u.decayed - floor(u.decayed) - 0.5) <= 1e-9 * u.absolute)::integer
          FROM moment i CROSS JOIN %1$I.rules r
          LEFT JOIN summed u ON u.label = i.label AND u.lead = i.lead AND u.rule = r.name,
               LATERAL (SELECT CASE WHEN u.rule IS NULL THEN 0 WHEN r.decay = 'none' THEN u.raw
                                    ELSE round(u.decayed::numeric) END AS units) d
         WHERE r.event_type IS NOT NULL AND (u.rule IS NOT NULL OR clamp(0, r.min_points, r.max_points) <> 0)
        UNION ALL
        SELECT i.label, i.lead, r.rule_group, r.name, 1, u.units, u.units, u.units, NULL, 0
          FROM moment i JOIN plain_fit f ON f.lead = i.lead JOIN %1$I.rules r ON r.name = f.rule,
               LATERAL (SELECT round(r.points * 10000) AS units) u
         WHERE r.event_type IS NULL
        $query$, model);
    EXECUTE format($query$
        WITH grouped AS (
            SELECT i.label, i.lead, g.kind,
                   clamp(coalesce(sum(l.capped), 0), g.min_points * 10000, g.max_points * 10000) AS capped,
                   coalesce(sum(l.doubt), 0) AS doubt
              FROM moment i CROSS JOIN %1$I.rule_groups g
              LEFT JOIN plain_line l ON l.label = i.label AND l.lead = i.lead AND l.rule_group = g.name
             GROUP BY i.label, i.lead, g.name, g.kind
        )
        INSERT INTO plain_total
        SELECT g.label, g.lead, sum(g.capped) FILTER (WHERE g.kind = 'engagement'), sum(g.capped) FILTER (WHERE g.kind = 'fit'),
               clamp(sum(g.capped), s.min_score * 10000, s.max_score * 10000), sum(g.doubt)
          FROM grouped g, %1$I.settings s
         GROUP BY g.label, g.lead, s.min_score, s.max_score
        $query$, model);
END
$function$;

-- explain() against plain_line: every line of every moment, and the sum of all lines against plain_total.
CREATE FUNCTION compare_explained(model text, OUT lines bigint, OUT line_mismatches bigint, OUT scores bigint, OUT score_mismatches bigint)
LANGUAGE plpgsql AS $function$
BEGIN
    CREATE TEMP TABLE explained AS
        SELECT i.label, i.lead, e.* FROM moment i, LATERAL lead_scoring.explain(model, i.lead, i.at) e;
    SELECT count(*),
           count(*) FILTER (WHERE NOT coalesce(
               e.rule_group = p.rule_group
               AND e.times = p.times AND round(e.raw::numeric * 10000) = p.raw AND e.last_at IS NOT DISTINCT FROM p.last_at
               AND abs(round(e.decayed::numeric * 10000) - p.decayed) <= p.doubt
               AND abs(round(e.capped::numeric * 10000) - p.capped) <= p.doubt, false))
      INTO lines, line_mismatches
      FROM (SELECT * FROM explained x WHERE x.rule IS NOT NULL) e
      FULL JOIN plain_line p ON p.label = e.label AND p.lead = e.lead AND p.rule = e.rule;
    EXECUTE format($query$
        SELECT count(*),
               count(*) FILTER (WHERE NOT coalesce(abs(round(coalesce(e.engagement, 0)::numeric * 10000) - p.engagement) <= p.doubt
                   AND abs(round(coalesce(e.score, 0)::numeric * 10000) - p.score) <= p.doubt, false))
          FROM plain_total p
          LEFT JOIN (SELECT x.label, x.lead, sum(x.capped) AS score,
                            sum(x.capped) FILTER (WHERE g.kind = 'engagement') AS engagement
                       FROM explained x LEFT JOIN %I.rule_groups g ON g.name = x.rule_group
                      GROUP BY 1, 2) e ON e.label = p.label AND e.lead = p.lead
        $query$, model) INTO scores, score_mismatches;
    DROP TABLE explained;
END
$function$;

-- score_at() against plain_total.
CREATE FUNCTION compare_scores_at(model text, OUT scores bigint, OUT mismatches bigint)
LANGUAGE sql AS $function$
SELECT count(*),
       count(*) FILTER (WHERE NOT coalesce(
           abs(round(lead_scoring.score_at(model, i.lead, i.at)::numeric * 10000) - p.score) <= p.doubt, false))
  FROM moment i LEFT JOIN plain_total p ON p.label = i.label AND p.lead = i.lead
$function$;

-- The stored cards as of each moment, which must not lie before a lead's last event, against plain_total.
CREATE FUNCTION compare_cards(model text, OUT cards bigint, OUT mismatches bigint)
LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE format($query$
        SELECT count(*),
               count(*) FILTER (WHERE NOT coalesce(
                   abs(round(n.score::numeric * 10000) - p.score) <= p.doubt
                   AND abs(round(n.engagement::numeric * 10000) - p.engagement) <= p.doubt
                   AND round(n.fit::numeric * 10000) = p.fit
                   AND (p.doubt > 0 OR coalesce(n.grade, '') = b.grade), false))
          FROM moment i
          JOIN plain_total p ON p.label = i.label AND p.lead = i.lead
          LEFT JOIN %1$I.scores s ON s.lead_id::text = i.lead,
               LATERAL lead_scoring_internal.score_now('%1$I.scores'::regclass, s.version, s.card, i.at) n,
               LATERAL (SELECT coalesce(string_agg(c.label, '' ORDER BY c.axis DESC), '') AS grade
                          FROM (SELECT DISTINCT ON (d.axis) d.axis, d.label FROM %1$I.bands d
                                 WHERE d.min_points * 10000 <= CASE d.axis WHEN 'fit' THEN p.fit ELSE p.engagement END
                                 ORDER BY d.axis, d.min_points DESC) c) b
        $query$, model) INTO cards, mismatches;
END
$function$;

-- The scores as the rows hold them, each as of its scored_at, against plain_total.
CREATE FUNCTION compare_rows(model text, OUT leads bigint, OUT mismatches bigint)
LANGUAGE plpgsql AS $function$
BEGIN
    TRUNCATE moment;
    EXECUTE format($query$INSERT INTO moment SELECT 'stored', s.lead_id::text, s.scored_at FROM %I.scores s$query$, model);
    PERFORM plain_score(model);
    EXECUTE format($query$
        SELECT count(*),
               count(*) FILTER (WHERE NOT coalesce(
                   abs(round(s.score::numeric * 10000) - p.score) <= p.doubt
                   AND abs(round(s.engagement::numeric * 10000) - p.engagement) <= p.doubt
                   AND round(s.fit::numeric * 10000) = p.fit, false))
          FROM %I.scores s LEFT JOIN plain_total p ON p.lead = s.lead_id::text
        $query$, model) INTO leads, mismatches;
END
$function$;

-- Two models that should hold the same: cards byte by byte.
CREATE FUNCTION compare_models(a text, b text, OUT cards bigint, OUT different bigint)
LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE format($query$
        SELECT count(*), count(*) FILTER (WHERE x.card::text IS DISTINCT FROM y.card::text)
          FROM %I.scores x FULL JOIN %I.scores y USING (lead_id)
        $query$, a, b) INTO cards, different;
END
$function$;

-- And their histories: who moved when from where to where and why ("moves"); and with which score and by which rule
-- ("scores"), but where two matches of the lead stand at that instant: of those a row's own statement sees only one.
CREATE FUNCTION compare_histories(a text, b text, OUT transitions bigint, OUT different_moves bigint, OUT different_scores bigint)
LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE format($query$
        SELECT count(*),
               count(*) FILTER (WHERE (x.from_stage, x.to_stage, x.at, x.cause) IS DISTINCT FROM (y.from_stage, y.to_stage, y.at, y.cause)),
               count(*) FILTER (WHERE t.lead IS NULL AND (x.score, x.engagement, x.fit, x.grade, x.rule)
                                                         IS DISTINCT FROM (y.score, y.engagement, y.fit, y.grade, y.rule))
          FROM %I.transitions x FULL JOIN %I.transitions y USING (lead_id, seq)
          LEFT JOIN (SELECT m.lead, m.at FROM plain_match m GROUP BY 1, 2 HAVING count(*) > 1) t ON t.lead = lead_id::text AND t.at = x.at
        $query$, a, b) INTO transitions, different_moves, different_scores;
END
$function$;

-- The scores that transitions were stamped with. Leaves in plain_line and plain_total the lead of each as of its instant,
-- labelled by seq, and a microsecond before, labelled "before" and seq.
CREATE FUNCTION compare_stamps(model text, OUT transitions bigint, OUT mismatches bigint)
LANGUAGE plpgsql AS $function$
BEGIN
    TRUNCATE moment;
    EXECUTE format($query$
        INSERT INTO moment
        SELECT t.seq::text, t.lead_id::text, t.at FROM %1$I.transitions t UNION ALL
        SELECT 'before ' || t.seq, t.lead_id::text, t.at - interval '1 microsecond' FROM %1$I.transitions t
        $query$, model);
    PERFORM plain_score(model);
    ANALYZE plain_line, plain_total;
    EXECUTE format($query$
        SELECT count(*),
               count(*) FILTER (WHERE NOT coalesce(
                   abs(round(t.score::numeric * 10000) - p.score) <= p.doubt
                   AND abs(round(t.engagement::numeric * 10000) - p.engagement) <= p.doubt
                   AND round(t.fit::numeric * 10000) = p.fit, false))
          FROM %I.transitions t LEFT JOIN plain_total p ON p.lead = t.lead_id::text AND p.label = t.seq::text
        $query$, model) INTO transitions, mismatches;
END
$function$;

-- Every instant of a match and the microsecond before, but for a lead's first, of the leads whose key matches a pattern;
-- with the stage the lead was in by then.
CREATE TABLE stay (label text, lead text, at timestamptz, stage text, since timestamptz);
CREATE FUNCTION follow_stages(model text, leads text) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    TRUNCATE moment, stay;
    INSERT INTO moment
    SELECT m.at::text, m.lead, m.at FROM plain_match m WHERE m.lead ~ leads
    UNION
    SELECT i.at::text, i.lead, i.at
      FROM (SELECT m.lead, m.at - interval '1 microsecond' AS at, rank() OVER (PARTITION BY m.lead ORDER BY m.at) AS place
              FROM plain_match m WHERE m.lead ~ leads) i
     WHERE i.place > 1;
    PERFORM plain_score(model);
    EXECUTE format($query$
        INSERT INTO stay
        SELECT i.label, i.lead, i.at, coalesce(t.to_stage, 'lead'), t.at
          FROM moment i
          LEFT JOIN LATERAL (SELECT w.to_stage, w.at FROM %I.transitions w WHERE w.lead_id::text = i.lead AND w.at <= i.at
                              ORDER BY w.seq DESC LIMIT 1) t ON true
        $query$, model);
    ANALYZE moment, stay, plain_line, plain_total;
END
$function$;

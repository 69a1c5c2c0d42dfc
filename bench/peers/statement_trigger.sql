-- Peer (d): a trigger FOR EACH STATEMENT in PL/pgSQL. It groups the new events by lead, with a FILTER aggregate for each
-- rule, and adds the sums to one column a rule, in key order so that statements do not deadlock.
--
-- It judges each event at its own time, as lead_scoring does. After the sums have been added, a lead's score as of one of
-- the events is that of its new sums less what its later events gave: a running sum, from the last event backwards. That
-- is computed for leads only that are no MQL yet and could have come to the threshold, with the score they had and the
-- points that were added, none of them decayed. For a single event its end is the event, and there is nothing to run over.
--
-- No faster: a loop in PL/pgSQL over the events of those leads instead of the window; one sum for all rules of the same group
-- and half-life, whose CASE costs more than the aggregates it saves; a lower fillfactor.

-- scored(): adds the sums of new_events to the scores. `bounded`: and keeps `most`, which no score was above meanwhile, and the
-- time that the score was of before.
CREATE FUNCTION bench.scored(model text, bounded boolean) RETURNS text
BEGIN ATOMIC
    SELECT format($$
        WITH added AS (
            SELECT lead_id, max(occurred_at) AS scored_at, %s AS seconds, %s%s
            FROM %s GROUP BY lead_id OFFSET 0
        ), scored AS (
            INSERT INTO %I.scores AS s (lead_id, scored_at, seconds, score, %s%s)
            SELECT lead_id, scored_at, seconds, %s, %6$s%9$s FROM added ORDER BY lead_id
            ON CONFLICT (lead_id) DO UPDATE
            SET scored_at = greatest(s.scored_at, excluded.scored_at), seconds = greatest(s.seconds, excluded.seconds), score = %s, %s%s
            RETURNING s.lead_id, s.scored_at, s.score, s.most
        )$$,
        bench.seconds('max(occurred_at)'), bench.sums(model), CASE WHEN bounded THEN ', ' || decaying.points END,
        bench.typed(model, 'new_events'),
        current_schema, rules.columns, CASE WHEN bounded THEN ', most' END,
        bench.score(model, 'r%1$s', 'seconds'), CASE WHEN bounded THEN ', ' || rules.most || ' + decaying' END,
        bench.score(model, '(s.r%1$s + excluded.r%1$s)', 'greatest(s.seconds, excluded.seconds)'), rules.assigned,
        CASE WHEN bounded THEN ', most = s.score + excluded.most, scored_before = s.scored_at' END)
    FROM (SELECT string_agg('r' || ordinal, ', ' ORDER BY ordinal) AS columns,
                 string_agg(format('r%1$s = s.r%1$s + excluded.r%1$s', ordinal), ', ' ORDER BY ordinal) AS assigned,
                 string_agg(CASE WHEN max_points IS NULL THEN format('r%s', ordinal) ELSE format('least(%s, r%s)', max_points, ordinal) END, ' + ')
                     FILTER (WHERE points > 0 AND half_life_days IS NULL) AS most
          FROM bench.rules WHERE rule_set = model) AS rules,
         (SELECT format('sum(CASE type_number %s ELSE 0 END) AS decaying', string_agg(format('WHEN %s THEN %s', bench.type_number(model, event_type), terms), ' ')) AS points
          FROM (SELECT event_type, string_agg(format('CASE WHEN %s THEN %s ELSE 0 END', coalesce(condition, 'true'), points), ' + ') AS terms
                FROM bench.rules WHERE rule_set = model AND half_life_days IS NOT NULL GROUP BY event_type) AS types) AS decaying;
END;

-- add_statement_trigger(): `at_end` makes it look at the scores at the end of a statement only, so that a lead that a COPY
-- of its history makes an MQL becomes one at the time of its last event, or not at all where its points have decayed.
CREATE PROCEDURE bench.add_statement_trigger(model text, at_end boolean)
LANGUAGE plpgsql AS $$
DECLARE
    declared text := (SELECT string_agg('r' || ordinal || ' float8 NOT NULL DEFAULT 0', ', ' ORDER BY ordinal) FROM bench.rules WHERE rule_set = model);
BEGIN
    EXECUTE format('CREATE TABLE scores (lead_id bigint PRIMARY KEY, scored_at timestamptz, scored_before timestamptz, seconds float8, score float8, most float8, %s) WITH (fillfactor = 70)', declared);
    CREATE TABLE transitions (lead_id bigint, at timestamptz, score float8, PRIMARY KEY (lead_id, at));
    INSERT INTO scores (lead_id, score) SELECT lead_id, 0 FROM leads;
    EXECUTE format($function$
        CREATE FUNCTION score_events() RETURNS trigger LANGUAGE plpgsql AS $body$
        DECLARE
            candidates bigint[];
        BEGIN
            IF %2$s THEN
                %3$s, moved AS (
                    UPDATE %1$I.leads l SET lead_stage = 'mql', mql_at = s.scored_at
                    FROM scored s WHERE s.score >= %4$s AND l.lead_id = s.lead_id AND l.lead_stage = 'lead'
                    RETURNING l.lead_id, s.scored_at, s.score
                )
                INSERT INTO %1$I.transitions SELECT * FROM moved;
                RETURN NULL;
            END IF;
            %5$s SELECT array_agg(lead_id) INTO candidates FROM scored WHERE most >= %4$s;
            IF candidates IS NULL THEN
                RETURN NULL;
            END IF;
            WITH candidates AS MATERIALIZED (
                SELECT scores.* FROM unnest(candidates) AS lead_id JOIN %1$I.leads USING (lead_id) JOIN %1$I.scores USING (lead_id) WHERE lead_stage = 'lead'
            ), dated AS (
                SELECT lead_id, occurred_at, greatest(scored_before, occurred_at) AS at, type_number, properties
                FROM %6$s JOIN candidates USING (lead_id)
            ), later AS (
                SELECT lead_id, at, %7$s AS seconds, %8$s
                FROM dated WINDOW later AS (PARTITION BY lead_id ORDER BY occurred_at DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            ), reached AS (
                SELECT DISTINCT ON (lead_id) lead_id, at, score
                FROM (SELECT lead_id, l.at, %9$s AS score FROM later l JOIN candidates c USING (lead_id)) AS judged
                WHERE score >= %4$s ORDER BY lead_id, at
            ), moved AS (
                UPDATE %1$I.leads l SET lead_stage = 'mql', mql_at = at FROM reached r WHERE l.lead_id = r.lead_id
            )
            INSERT INTO %1$I.transitions SELECT * FROM reached;
            RETURN NULL;
        END
        $body$ $function$,
        current_schema, CASE WHEN at_end THEN 'true' ELSE '(SELECT count(*) FROM (SELECT FROM new_events LIMIT 2) AS events) = 1' END,
        bench.scored(model, false), bench.mql_score(), bench.scored(model, true), bench.typed(model, 'new_events'),
        bench.seconds('at'), bench.sums(model, 'OVER later'), bench.score(model, '(c.r%1$s - l.r%1$s)', 'l.seconds'));
    CREATE TRIGGER score_events AFTER INSERT ON events REFERENCING NEW TABLE AS new_events FOR EACH STATEMENT EXECUTE FUNCTION score_events();
END
$$;

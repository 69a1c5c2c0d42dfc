-- Peer (d): a trigger FOR EACH STATEMENT in PL/pgSQL. One query groups the new events by lead, with a FILTER aggregate for
-- each rule, adds the sums to one column a rule, in key order so that statements do not deadlock, and moves the leads
-- whose score has reached the threshold at the end of the statement.
CREATE PROCEDURE bench.add_statement_trigger(model text)
LANGUAGE plpgsql AS $$
DECLARE
    -- per rule: its column, what the events add to it, and how the row takes it
    columns  text := (SELECT string_agg('r' || ordinal, ', ' ORDER BY ordinal) FROM bench.rules WHERE rule_set = model);
    declared text := (SELECT string_agg('r' || ordinal || ' float8 NOT NULL DEFAULT 0', ', ' ORDER BY ordinal) FROM bench.rules WHERE rule_set = model);
    assigned text := (SELECT string_agg(format('r%1$s = s.r%1$s + excluded.r%1$s', ordinal), ', ' ORDER BY ordinal) FROM bench.rules WHERE rule_set = model);
BEGIN
    EXECUTE format('CREATE TABLE scores (lead_id bigint PRIMARY KEY, scored_at timestamptz, score float8, %s) WITH (fillfactor = 70)', declared);
    CREATE TABLE transitions (lead_id bigint, at timestamptz, score float8, PRIMARY KEY (lead_id, at));
    INSERT INTO scores (lead_id, score) SELECT lead_id, 0 FROM leads;
    EXECUTE format($function$
        CREATE FUNCTION score_events() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            WITH added AS (
                SELECT lead_id, max(occurred_at) AS scored_at, %2$s
                FROM new_events WHERE type IN (%7$s) GROUP BY lead_id
            ), scored AS (
                INSERT INTO %1$I.scores AS s (lead_id, scored_at, score, %3$s)
                SELECT lead_id, scored_at, %5$s, %3$s FROM added ORDER BY lead_id
                ON CONFLICT (lead_id) DO UPDATE
                SET scored_at = greatest(s.scored_at, excluded.scored_at), %4$s, score = %6$s
                RETURNING s.lead_id, s.scored_at, s.score
            ), moved AS (
                UPDATE %1$I.leads l SET lead_stage = 'mql', mql_at = s.scored_at
                FROM scored s WHERE s.score >= %8$s AND l.lead_id = s.lead_id AND l.lead_stage = 'lead'
                RETURNING l.lead_id, s.scored_at, s.score
            )
            INSERT INTO %1$I.transitions SELECT * FROM moved;
            RETURN NULL;
        END
        $body$ $function$,
        current_schema, bench.sums(model), columns, assigned, bench.score(model, 'r%1$s', 'scored_at'),
        bench.score(model, '(s.r%1$s + excluded.r%1$s)', 'greatest(s.scored_at, excluded.scored_at)'), bench.type_list(model), bench.mql_score());
    CREATE TRIGGER score_events AFTER INSERT ON events REFERENCING NEW TABLE AS new_events FOR EACH STATEMENT EXECUTE FUNCTION score_events();
END
$$;

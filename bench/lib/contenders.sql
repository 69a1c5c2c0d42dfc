-- The same two tables once for each contender, in a schema of the contender's name: floor has nothing else, foreign_key has
-- one, by_hand has a score row that the application updates, row_trigger, statement_trigger and
-- statement_trigger_end are what bench/peers has, ours is lead_scoring.

-- make(): the contender's tables from nothing, with leads and without events, scored by the rules named. Ours without
-- rules has no model yet.
CREATE PROCEDURE bench.make(contender text, leads bigint, rule_set text DEFAULT 'forty')
LANGUAGE plpgsql AS $$
BEGIN
    CALL bench.drop(contender);
    EXECUTE format('CREATE SCHEMA %I', contender);
    PERFORM set_config('search_path', quote_ident(contender), false);
    CREATE TABLE leads (lead_id bigint PRIMARY KEY, email text, lead_stage text, mql_at timestamptz);
    CREATE TABLE events (
        event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        lead_id     bigint NOT NULL,
        type        text NOT NULL,
        occurred_at timestamptz NOT NULL,
        properties  jsonb NOT NULL
    );
    INSERT INTO leads SELECT i, 'lead' || i || '@example.com', 'lead' FROM generate_series(1, leads) AS i;
    IF contender <> 'floor_without_index' THEN
        CREATE INDEX ON events (lead_id, occurred_at);
    END IF;
    IF contender = 'foreign_key' THEN
        ALTER TABLE events ADD FOREIGN KEY (lead_id) REFERENCES leads ON DELETE CASCADE;
    ELSIF contender = 'by_hand' THEN
        CREATE TABLE scores (lead_id bigint PRIMARY KEY, score float8, scored_at timestamptz) WITH (fillfactor = 70);
        INSERT INTO scores SELECT i, 0 FROM generate_series(1, leads) AS i;
    ELSIF contender = 'row_trigger' THEN
        CALL bench.add_row_trigger(rule_set);
    ELSIF contender IN ('statement_trigger', 'statement_trigger_end') THEN
        CALL bench.add_statement_trigger(rule_set, contender = 'statement_trigger_end');
    ELSIF contender LIKE 'ours%' AND rule_set IS NOT NULL THEN
        CALL bench.add_model(contender, rule_set);
    END IF;
    RESET search_path;
    COMMIT;
    CHECKPOINT;
END
$$;

CREATE PROCEDURE bench.drop(contender text)
LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass(format('%I.settings', contender || '_model')) IS NOT NULL THEN
        PERFORM lead_scoring.drop_model(contender || '_model');
    END IF;
    SET LOCAL client_min_messages = warning;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', contender);
    COMMIT;
END
$$;

-- add_model(): lead_scoring with the model CONTENDER_model for the tables in search_path.
CREATE PROCEDURE bench.add_model(contender text, rule_set text)
LANGUAGE plpgsql AS $$
DECLARE
    model text := contender || '_model';
BEGIN
    PERFORM lead_scoring.create_model(model, 'leads', 'events');
    PERFORM lead_scoring.add_group(model, name, max_points => g.max_points::numeric) FROM bench.groups g;
    PERFORM lead_scoring.add_rule(model, 'r' || ordinal, event_type, points::numeric, condition, rule_group => r.rule_group,
                                  decay => CASE WHEN half_life_days IS NULL THEN 'none' ELSE 'exponential' END,
                                  half_life => half_life_days * interval '1 day', max_points => r.max_points::numeric)
    FROM bench.rules r WHERE r.rule_set = add_model.rule_set ORDER BY ordinal;
    PERFORM lead_scoring.add_stage(model, 'mql', min_score => bench.mql_score()::numeric);
    PERFORM lead_scoring.publish(model);
END
$$;

-- fill(): the contender's tables with leads and the file's events.
CREATE PROCEDURE bench.fill(contender text, leads bigint, file text)
LANGUAGE plpgsql AS $$
BEGIN
    CALL bench.make(contender, leads);
    EXECUTE format('COPY %I.events (lead_id, type, occurred_at, properties) FROM %L', contender, file);
    COMMIT;
    CHECKPOINT;
END
$$;

-- copy(): one COPY of the file's events into the contender's empty tables, measured; then verify. work_mem is 4MB, as the server
-- has it by default, for a transition table that large is better off in a file: memory would have to be faulted in first. A
-- peer's queries over it have what they need.
CREATE PROCEDURE bench.copy(measure integer, round integer, contender text, rule_set text, leads bigint, events bigint, file text)
LANGUAGE plpgsql AS $$
BEGIN
    CALL bench.make(contender, leads, rule_set);
    IF contender LIKE 'statement_trigger%' THEN
        EXECUTE format('ALTER FUNCTION %I.score_events() SET work_mem = %L', contender, current_setting('work_mem'));
    END IF;
    SET work_mem = '4MB';
    CALL bench.time(measure, contender, round, format('COPY %I.events (lead_id, type, occurred_at, properties) FROM %L', contender, file), events);
    RESET work_mem;
    IF contender LIKE 'ours%' THEN
        CALL bench.check_verify(measure, contender || '_model');
    END IF;
END
$$;

-- check_scores(): the leads whose scores differ between lead_scoring and a peer by more than the rounding of 40 rules to
-- 1/10000 point each, as of the instant lead_scoring stored them for; and those who became an MQL at another time, but
-- for who did so within that rounding of the threshold, and for a peer that looks at the end of a statement only.
CREATE PROCEDURE bench.check_scores(measure integer, peer text, mql boolean, model text DEFAULT 'forty')
LANGUAGE plpgsql AS $$
DECLARE
    sum       text := CASE peer WHEN 'row_trigger' THEN 'p.sums[%1$s]' ELSE 'p.r%1$s' END;
    moved     text := CASE WHEN mql THEN format('ol.mql_at IS DISTINCT FROM pl.mql_at AND NOT EXISTS (SELECT FROM (SELECT lead_id, score FROM ours_model.transitions '
                                                'UNION ALL SELECT lead_id, score FROM %I.transitions) t WHERE t.lead_id = o.lead_id AND abs(t.score - bench.mql_score()) <= 0.005)', peer)
                           ELSE 'false' END;
    different bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ours_model.scores o FULL JOIN %1$I.scores p USING (lead_id) JOIN ours.leads ol USING (lead_id) '
                   'JOIN %1$I.leads pl USING (lead_id) WHERE (abs(o.score - (%2$s)) > 0.005) IS NOT FALSE OR %3$s',
                   peer, bench.score(model, sum, bench.seconds('o.scored_at')), moved) INTO different;
    CALL bench.check(measure, 'leads that differ between ours and ' || peer, different);
END
$$;

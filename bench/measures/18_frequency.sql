-- Single events of a lead that ten rules of frequency and silence match, beside those of one that ten decaying rules do; each
-- is a transaction. Each event matches all ten. And how many of these updates are HOT.
CREATE PROCEDURE bench.make_ten(kind text, rules text)
LANGUAGE plpgsql AS $$
BEGIN
    CALL bench.make(kind, 10, NULL);
    PERFORM lead_scoring.create_model(kind || '_model', 'leads', 'events');
    EXECUTE format('SELECT %s FROM generate_series(1, 10) AS i', replace(rules, '{model}', quote_literal(kind || '_model')));
    PERFORM lead_scoring.add_stage(kind || '_model', 'mql', min_score => 1000, falls_below => 10),
            lead_scoring.add_stage(kind || '_model', 'sql', min_score => 100000);
    PERFORM lead_scoring.publish(kind || '_model');
    RESET search_path;
    COMMIT;
END
$$;
CREATE PROCEDURE bench.events_of_ten(measure integer, kind text, round integer, n integer)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM bench.start();
    FOR i IN 1..n LOOP
        EXECUTE format($q$INSERT INTO %I.events (lead_id, type, occurred_at, properties)
            VALUES (1 + $1 %% 10, 'page_view', clock_timestamp(), '{"path": "/pricing", "device": "desktop"}')$q$, kind) USING i;
        COMMIT;
    END LOOP;
    CALL bench.stop(measure, kind, round, n);
END
$$;
CREATE PROCEDURE bench.measure_ten(measure integer, rounds integer)
LANGUAGE plpgsql AS $$
BEGIN
    FOR round IN 1..10 * rounds LOOP
        CALL bench.events_of_ten(measure, 'ours', round, 300);
        CALL bench.events_of_ten(measure, 'ours_decaying', round, 300);
    END LOOP;
END
$$;

CALL bench.make_ten('ours', $$lead_scoring.add_rule({model}, 'r' || i, CASE WHEN i > 5 THEN '*' ELSE 'page_view' END, i * CASE WHEN i % 3 = 0 THEN -1 ELSE 1 END,
    at_least => CASE WHEN i % 2 = 0 THEN 1 + i / 2 END, within => CASE WHEN i % 2 = 0 THEN interval '1 day' * i END, quiet_for => CASE WHEN i % 2 = 1 THEN interval '3 days' * i END)$$);
CALL bench.make_ten('ours_decaying', $$lead_scoring.add_rule({model}, 'r' || i, 'page_view', i, decay => 'exponential', half_life => interval '3 days' * i)$$);
CALL bench.measure_ten(:measure, :rounds);
SELECT pg_stat_force_next_flush() \g /dev/null
SELECT pg_stat_clear_snapshot() \g /dev/null
INSERT INTO bench.samples
SELECT :measure, 'hot', 1, n_tup_hot_upd::float8 / n_tup_upd, 'share' FROM pg_stat_all_tables WHERE relid = 'ours_model.scores'::regclass;
CALL bench.check_verify(:measure, 'ours_model');
CALL bench.check_verify(:measure, 'ours_decaying_model');

CALL bench.compare(:measure, 'an event that ten rules of frequency and silence match, over ten decaying ones', 'ours', 'ours_decaying', '>= 0.67');
CALL bench.compare(:measure, 'share of HOT updates with ten such rules', 'hot', NULL, '>= 0.95');

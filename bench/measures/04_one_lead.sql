-- Single events of a lead that has had all the others, beside those of leads that have had few of them and yet know all rules
-- but one, and beside the first events of a new lead, which knows the three rules that they match. Each is a transaction.
SELECT greatest(:singles / 100, 1000) AS few \gset
CREATE PROCEDURE bench.single_events(measure integer, name text, round integer, lead bigint, n integer)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM bench.start();
    FOR i IN 1..n LOOP
        INSERT INTO ours.events (lead_id, type, occurred_at, properties)
        VALUES (lead, 'page_view', clock_timestamp(), '{"path": "/pricing", "seconds": 140, "device": "desktop"}');
        COMMIT;
    END LOOP;
    CALL bench.stop(measure, name, round, n);
END
$$;

-- measure_one_lead(): lead 1 has many events, leads 2 to 11 have few; leads from 100 on are new.
CREATE PROCEDURE bench.measure_one_lead(measure integer, label text, rounds integer)
LANGUAGE plpgsql AS $$
BEGIN
    FOR round IN 1..10 * rounds LOOP
        CALL bench.single_events(measure, label || 'first', round, 100 + round, 300);
        CALL bench.single_events(measure, label || 'last', round, 1, 300);
        CALL bench.single_events(measure, label || 'early', round, 2 + round % 10, 300);
    END LOOP;
END
$$;

CREATE PROCEDURE bench.load_one_lead(many bigint, few bigint)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ours.events (lead_id, type, occurred_at, properties)
    SELECT lead, type, occurred_at, properties FROM bench.events(few, 1), generate_series(2, 11) AS lead;
    INSERT INTO ours.events (lead_id, type, occurred_at, properties)
    SELECT 1, type, occurred_at, properties FROM bench.events(many, 1);
    COMMIT;
END
$$;

CALL bench.make('ours', 100 + 10 * :rounds);
CALL bench.load_one_lead(:singles, :few);
INSERT INTO bench.samples
SELECT :measure, CASE lead_id WHEN 1 THEN 'last card' ELSE 'early card' END, 1, pg_column_size(card), 'bytes' FROM ours_model.scores WHERE lead_id <= 2;
CALL bench.measure_one_lead(:measure, '', :rounds);
CALL bench.check_verify(:measure, 'ours_model');

-- A rule that keeps the times of its occurrences, the latest thousand of them.
CALL bench.make('ours', 100 + 10 * :rounds, NULL);
SET search_path = ours;
CALL bench.add_model('ours', 'forty');
SELECT lead_scoring.add_rule('ours_model', 'recent', 'page_view', 1, decay => 'window', lifespan => '90 days'), lead_scoring.publish('ours_model') \g /dev/null
RESET search_path;
CALL bench.load_one_lead(:singles, :few);
CALL bench.measure_one_lead(:measure, 'window ', :rounds);
INSERT INTO bench.samples SELECT :measure, 'window card', 1, pg_column_size(card), 'bytes' FROM ours_model.scores WHERE lead_id = 1;
CALL bench.check_verify(:measure, 'ours_model');

CALL bench.compare(:measure, 'the last of ' || :singles || ' events of one lead, over its first', 'last', 'first', '>= 0.95');
CALL bench.compare(:measure, 'the same, over a lead with ' || :few || ' events', 'last', 'early', '>= 0.95');
CALL bench.compare(:measure, 'its card, over that of ' || :few || ' events', 'last card', 'early card', '<= 1.25');
CALL bench.compare(:measure, 'for scale: the same with a rule that keeps 1000 times', 'window last', 'window first');
CALL bench.compare(:measure, 'for scale: the card with that rule', 'window card', 'last card');

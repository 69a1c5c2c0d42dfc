-- Rows of scores that nobody made: cards with bytes or words changed, memories with bytes changed, and numbers out of
-- place beside them. Then one goes on with the model, and repairs it. Each round is undone at its end.
CREATE CAST (bytea AS lead_scoring.scorecard) WITHOUT FUNCTION;
CREATE CAST (lead_scoring.scorecard AS bytea) WITHOUT FUNCTION;

CREATE FUNCTION some_card() RETURNS lead_scoring.scorecard LANGUAGE sql AS $$ SELECT card FROM full_model.scores WHERE card IS NOT NULL ORDER BY random() LIMIT 1 $$;
CREATE FUNCTION some_memory() RETURNS bytea LANGUAGE sql AS $$ SELECT memory FROM full_model.scores WHERE memory IS NOT NULL ORDER BY random() LIMIT 1 $$;

CREATE FUNCTION changed_bytes(bytes bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    place int;
BEGIN
    FOR change IN 1 .. 1 + below(3) LOOP
        place := below(greatest(length(bytes), 1));
        bytes := CASE WHEN length(bytes) = 0 OR one_in(8) THEN bytes || decode(lpad(to_hex(below(65536)), 4, '0'), 'hex')
                      WHEN one_in(8) THEN substring(bytes FROM 1 FOR place)
                      WHEN one_in(6) THEN substring(bytes FROM 1 FOR place) || decode(repeat('ff', 1 + below(9)::int), 'hex') || substring(bytes FROM place + 1)
                      WHEN one_in(4) THEN substring(bytes FROM 1 FOR place) || substring(bytes FROM place + 1 + below(4)::int)
                      ELSE set_byte(bytes, place, below(256)::int) END;
    END LOOP;
    RETURN bytes;
END $$;

CREATE FUNCTION changed_words(card text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    words text[] := string_to_array(card, ' ');
    place int;
BEGIN
    FOR change IN 1 .. 1 + below(3) LOOP
        place := 1 + below(cardinality(words));
        words := CASE WHEN one_in(8) THEN words[:place - 1] || words[place + 1:]
                      WHEN one_in(8) THEN words[:place] || words[greatest(place - 1, 1):]
                      ELSE words[:place - 1] || pick(odd_number(), odd_number(), below(8)::text, words[1 + below(cardinality(words))::int], odd_text()) || words[place + 1:] END;
        EXIT WHEN words = '{}';
    END LOOP;
    RETURN array_to_string(words, ' ');
END $$;

-- How a row is forged: an assignment of an UPDATE.
CREATE FUNCTION forgery() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    number constant text := pick('0', '-1', '1', '9223372036854775807', '-9223372036854775808', '5', '-5');
    instant constant text := pick('''-infinity''', '''infinity''', '''4713-01-01 BC''', '''294276-12-31''', '''2024-01-01''', 'NULL', 'now()', 'now() + interval ''1 day''');
BEGIN
    CASE below(13)
        WHEN 0, 1, 2 THEN RETURN format('card = %L::bytea::lead_scoring.scorecard', changed_bytes(some_card()::bytea));
        WHEN 3, 4 THEN RETURN format('card = %L', changed_words(some_card()::text));
        WHEN 5 THEN RETURN format('card = %s', pick('NULL', '''''::bytea::lead_scoring.scorecard', quote_literal(some_card()::text)));
        WHEN 6 THEN RETURN format('%s = %s', pick('stage_since', 'scored_at', 'due_at', 'mql_at'), instant);
        WHEN 7 THEN RETURN format('%s = %s', pick('stage_seq', 'version'), number);
        WHEN 8, 9, 10 THEN RETURN format('memory = %L', changed_bytes(some_memory()));
        WHEN 11 THEN RETURN format('%s = %s', pick('score', 'engagement', 'fit'), pick('''NaN''', '''Infinity''', '1e300', '-1e300', '0'));
        ELSE RETURN pick('stage = ''nowhere''', 'stage = ''recycled''', 'stage = ''lead''', 'grade = ''Z9''', 'stage_armed = true', 'stage = ''customer'', stage_seq = 7');
    END CASE;
END $$;

-- What is done with such a row; what takes long is seldom done.
CREATE FUNCTION use_of(lead bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format(CASE WHEN one_in(30) THEN pick(
        'SELECT * FROM lead_scoring.verify(''full_model'')', 'SELECT lead_scoring.merge_leads(''full_model'', %1$s, 10)', 'SELECT lead_scoring.merge_leads(''full_model'', 10, %1$s)',
        'SELECT lead_scoring.forget_lead(''full_model'', %1$s)', 'SELECT lead_scoring.adjust(''full_model'', %1$s, 3)', 'SELECT lead_scoring.add_rule(''full_model'', ''late'', ''visit'', 1), lead_scoring.publish(''full_model'')',
        'SELECT * FROM full_model.funnel', 'SELECT * FROM full_model.velocity', 'SELECT * FROM full_model.leads', 'SELECT * FROM full_model.channels', 'SELECT * FROM full_model.lead_magnets',
        'SELECT * FROM full_model.campaigns', 'SELECT * FROM full_model.rule_lift')
    ELSE pick(
        'SELECT card::text FROM full_model.scores WHERE lead_id = %1$s', 'SELECT * FROM full_model.leads WHERE lead_id = %1$s',
        'SELECT * FROM lead_scoring.explain(''full_model'', %1$s)', 'SELECT lead_scoring.score_at(''full_model'', %1$s, ''2024-03-01'')',
        'INSERT INTO full_test.events VALUES (%1$s, ''visit'', now(), ''c'', ''{"n": 2}'')', 'INSERT INTO full_test.events VALUES (%1$s, ''visit'', ''2024-01-02'', ''c'', ''{"n": 2}'')',
        'INSERT INTO full_test.events VALUES (%1$s, ''visit'', now(), ''c'', ''{"n": 2, "channel": "m9", "asset": "a9"}''), (%1$s, ''download'', now() + interval ''1 hour'', ''c9'', ''{"asset": "m9"}'')',
        'SELECT m.*, lead_scoring_internal.first_event(memory), lead_scoring_internal.first_campaign(memory, now()), lead_scoring_internal.first_matches(memory, card, ''{0,1,2,3}'') FROM full_model.scores, lead_scoring_internal.remembered_touches(memory) m WHERE lead_id = %1$s',
        'INSERT INTO full_test.events VALUES (%1$s, ''visit'', now() + interval ''3 days'', ''c'', ''{"n": 2}''), (%1$s, ''won'', now(), NULL, NULL)',
        'INSERT INTO full_test.events VALUES (%1$s, ''download'', ''2024-01-02'', ''c'', ''{"asset": "a1"}''), (%1$s, ''download'', now(), ''c'', ''{"asset": "a2"}'')',
        'DELETE FROM full_test.events WHERE lead_id = %1$s', 'UPDATE full_test.leads SET country = ''NZ'' WHERE id = %1$s', 'UPDATE full_test.leads SET id = id + 1000 WHERE id = %1$s',
        'DELETE FROM full_test.leads WHERE id = %1$s', 'SELECT lead_scoring.set_stage(''full_model'', %1$s, ''sql'')',
        'SELECT * FROM full_model.scores s, lead_scoring_internal.score_now(''full_model.scores''::regclass, s.version, s.card) WHERE s.lead_id = %1$s') END, lead)
$$;

CREATE FUNCTION cards(seed bigint, calls bigint) RETURNS TABLE (code text, calls_made bigint, example text) LANGUAGE plpgsql AS $$
DECLARE
    outcomes outcome[] := '{}';
    lead bigint;
    forged text;
    round outcome[];
    problem text;
BEGIN
    CALL begin_choices(seed);
    WHILE cardinality(outcomes) < calls LOOP
        lead := 1 + below(60);
        forged := format('UPDATE full_model.scores SET %s WHERE lead_id = %s', forgery(), lead);
        BEGIN
            PERFORM set_config('session_replication_role', 'replica', true);
            round := ARRAY[try(forged)];
            PERFORM set_config('session_replication_role', 'origin', true);
            FOR use IN 1 .. 3 LOOP
                round := round || try(use_of(lead));
            END LOOP;
            IF one_in(60) THEN
                round := round || try('SELECT lead_scoring.repair(''full_model'')');
                IF (round[cardinality(round)]).code = '00000' THEN
                    SELECT min(v::text) INTO problem FROM lead_scoring.verify('full_model') v;
                    IF problem IS NOT NULL THEN
                        round := round || ('wrong', 'verify after repair', problem)::outcome;
                    END IF;
                ELSE
                    round := round || ('wrong', 'repair', (round[cardinality(round)]).code)::outcome;
                END IF;
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'GB000';
        EXCEPTION WHEN SQLSTATE 'GB000' THEN
            NULL;
        END;
        outcomes := outcomes || blame(round, forged);
    END LOOP;
    RETURN QUERY SELECT * FROM count_outcomes(outcomes);
END $$;

-- Random models, histories and drafts: what preview_leads says of each lead is what publish then does, and what the first
-- publish of another model of the same draft has recorded; preview says the sums.
\set VERBOSITY terse
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA preview_random;
SET search_path = preview_random;

-- The choice of that name out of n, from 0 on.
CREATE FUNCTION pick(seed integer, what text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ((hashtextextended(what, seed) & 2147483647) % n)::integer;

CREATE FUNCTION first_draft(model text, seed integer, status jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    of_type text;
BEGIN
    PERFORM lead_scoring.create_model(model, 'leads', 'events', status_columns => status, event_anonymous => CASE WHEN pick(seed, 'visitors', 2) = 0 THEN 'visitor' END);
    IF pick(seed, 'visitors', 2) = 0 THEN
        PERFORM lead_scoring.set_identities(model, 'identities', anonymous => 'visitor');
    END IF;
    FOREACH of_type IN ARRAY '{visit,mail,demo,call}'::text[] LOOP
        CASE pick(seed, of_type, 7)
            WHEN 0, 1 THEN PERFORM lead_scoring.add_rule(model, of_type, of_type, 5 + pick(seed, of_type || ' points', 20));
            WHEN 2 THEN PERFORM lead_scoring.add_rule(model, of_type, of_type, 10 + pick(seed, of_type || ' points', 30), decay => 'exponential', half_life => '20 days');
            WHEN 3 THEN PERFORM lead_scoring.add_rule(model, of_type, of_type, 10 + pick(seed, of_type || ' points', 30), decay => 'window', lifespan => '25 days');
            WHEN 4 THEN PERFORM lead_scoring.add_rule(model, of_type, of_type, 4, per => 'minutes', max_points => 40);
            WHEN 5 THEN PERFORM lead_scoring.add_rule(model, of_type, of_type, 10, limit_count => 1, limit_window => 'week');
            ELSE PERFORM lead_scoring.add_rule(model, of_type, of_type, -8, decay => 'exponential', half_life => '9 days');
        END CASE;
    END LOOP;
    PERFORM lead_scoring.add_fit_rule(model, 'domestic', $x$country = 'DE'$x$, 8),
            lead_scoring.add_stage(model, 'mql', min_score => 20 + pick(seed, 'mql', 20),
                falls_below => CASE WHEN pick(seed, 'falls', 2) = 0 THEN 15 END, cooldown => CASE WHEN pick(seed, 'cools', 3) = 0 THEN interval '30 days' END),
            lead_scoring.add_stage(model, 'nurture', kind => 'detour', exit => CASE WHEN pick(seed, 'exit', 2) = 0 THEN 'hand' ELSE 'score' END,
                on_event => CASE WHEN pick(seed, 'lost', 2) = 0 THEN 'lost' END),
            lead_scoring.add_stage(model, 'sql', rank => 30, on_event => 'accepted', within => CASE WHEN pick(seed, 'within', 2) = 0 THEN interval '12 days' END,
                timeout_stage => CASE WHEN pick(seed, 'within', 2) = 0 THEN 'nurture' END),
            lead_scoring.add_stage(model, 'customer', rank => 40, on_event => 'won');
    IF pick(seed, 'created', 2) = 0 THEN
        EXECUTE format('UPDATE %I.settings SET lead_created = ''created_at''', model);
    END IF;
    IF pick(seed, 'sources', 2) = 0 THEN
        PERFORM lead_scoring.add_source(model, 'crm', 'crm', event_type => 'kind', event_time => 'on_day'), lead_scoring.add_rule(model, 'met', 'met', 9, source => 'crm');
    END IF;
END $$;

CREATE FUNCTION second_draft(model text, seed integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    change integer;
BEGIN
    FOR change IN SELECT c FROM generate_series(0, 8) c WHERE pick(seed, 'change ' || c, 3) = 0 LOOP
        EXECUTE format(('{"UPDATE %1$I.rules SET points = points * 1.5 WHERE name = ''visit''",
            "UPDATE %1$I.stages SET min_score = min_score + 9 WHERE name IN (''mql'', ''good'')",
            "UPDATE %1$I.stages SET name = ''good'', counts_as = ''mql'' WHERE name = ''mql''",
            "UPDATE %1$I.stages SET timeout_stage = NULL, within = NULL WHERE name = ''sql''; DELETE FROM %1$I.stages WHERE name = ''nurture''",
            "DELETE FROM %1$I.rules WHERE name = ''mail''",
            "SELECT lead_scoring.add_rule(%1$L, ''late'', ''call'', 12, ''minutes > 3'', source => ''events'')",
            "UPDATE %1$I.settings SET lead_condition = ''id %% 9 <> 0''",
            "SELECT lead_scoring.add_stage(%1$L, ''sal'', rank => 25, min_score => 60, falls_below => 30)",
            "UPDATE %1$I.stages SET falls_below = 18, cooldown = ''5 days'' WHERE name IN (''mql'', ''good'')"}'::text[])[change + 1], model);
    END LOOP;
    PERFORM lead_scoring.add_rule(model, 'always', 'visit', 1, source => 'events');
END $$;

CREATE FUNCTION some_events(seed integer, what text, count integer) RETURNS TABLE (lead_id bigint, type text, occurred_at timestamptz, minutes integer, visitor text) LANGUAGE sql AS $$
    SELECT CASE WHEN pick(seed, what || ' visitor ' || i, 6) > 0 THEN 1 + pick(seed, what || ' lead ' || i, 44) END, (ARRAY['visit', 'mail', 'demo', 'call', 'visit', 'mail', 'call', 'accepted', 'won', 'lost', 'nothing'])[1 + pick(seed, what || ' type ' || i, 11)],
           now() - pick(seed, what || ' at ' || i, 100 * 1440) * interval '1 minute' + CASE WHEN pick(seed, what || ' ahead ' || i, 40) = 0 THEN interval '102 days' ELSE interval '0' END, pick(seed, what || i, 7), 'v' || pick(seed, what || ' lead ' || i, 9)
      FROM generate_series(1, count) i $$;

CREATE FUNCTION has_events(seed integer, lead bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN
    EXISTS (SELECT FROM events e WHERE e.lead_id = lead) OR pick(seed, 'sources', 2) = 0 AND EXISTS (SELECT FROM crm c WHERE c.lead_id = lead)
    OR pick(seed, 'visitors', 2) = 0 AND EXISTS (SELECT FROM events e JOIN identities i USING (visitor) WHERE e.lead_id IS NULL AND i.lead_id = lead);
END $$;

CREATE FUNCTION difference(one text, other text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    differing bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) d', '(' || one || ')', '(' || other || ')') INTO differing;
    RETURN differing;
END $$;

-- What does not agree, with a few numbers that tell what was tried.
CREATE FUNCTION try(seed integer, OUT leads bigint, OUT moved bigint, OUT due bigint, OUT mqls bigint, OUT undone bigint, OUT barred bigint, OUT wrong_stages bigint, OUT wrong_scores bigint, OUT wrong_dates bigint, OUT wrong_sums bigint, OUT verified bigint)
LANGUAGE plpgsql AS $$
DECLARE
    mql text;
BEGIN
    CREATE TABLE leads (id bigint PRIMARY KEY, country text, created_at timestamptz);
    CREATE TABLE events (lead_id bigint, type text, occurred_at timestamptz, minutes integer, visitor text);
    CREATE INDEX ON events (lead_id);
    CREATE INDEX ON events (visitor) WHERE lead_id IS NULL;
    CREATE TABLE identities (visitor text PRIMARY KEY, lead_id bigint);
    CREATE INDEX ON identities (lead_id);
    CREATE TABLE crm (lead_id bigint, kind text, on_day date);
    CREATE INDEX ON crm (lead_id);
    INSERT INTO leads SELECT i, CASE pick(seed, 'country ' || i, 2) WHEN 0 THEN 'DE' END, now() - pick(seed, 'created ' || i, 100) * interval '1 day' FROM generate_series(1, 36) i;
    PERFORM first_draft('m', seed, '{"stage": "lead_stage", "mql_at": "mql_at"}');
    INSERT INTO identities SELECT 'v' || i, 3 * i + 1 FROM generate_series(0, 4) i;
    INSERT INTO events SELECT * FROM some_events(seed, 'before', 150);
    -- Some history is of a version that was there before, and some leads have moved by what is due only.
    PERFORM lead_scoring.publish('m');
    INSERT INTO events SELECT * FROM some_events(seed, 'after', 100) ORDER BY occurred_at;
    INSERT INTO leads SELECT i, 'DE', now() - i * interval '1 day' FROM generate_series(37, 40) i;
    UPDATE leads SET country = 'DE' WHERE id % 7 = 0;
    INSERT INTO crm SELECT 1 + pick(seed, 'met ' || i, 40), 'met', current_date - pick(seed, 'met on ' || i, 90) FROM generate_series(1, 30) i;
    INSERT INTO identities SELECT 'v' || i, 3 * i + 2 FROM generate_series(5, 7) i;
    DELETE FROM events WHERE pick(seed, lead_id::text, 10) = 0 AND minutes > 2;
    PERFORM lead_scoring.set_stage('m', i, (ARRAY['mql', 'nurture', 'sql', 'lead'])[1 + pick(seed, 'hand ' || i, 4)], 'by hand') FROM generate_series(1, 36, 5) i;
    PERFORM lead_scoring.adjust('m', i, 5 + pick(seed, 'adjust ' || i, 30), 'met', CASE WHEN i % 3 = 0 THEN now() + i * interval '1 day' END) FROM generate_series(2, 36, 11) i;
    IF pick(seed, 'merge', 2) = 0 THEN
        PERFORM lead_scoring.merge_leads('m', '3', '4'), lead_scoring.merge_leads('m', '10', '11');
    END IF;
    IF pick(seed, 'stale', 3) = 0 THEN
        UPDATE m.rules SET points = points + 3 WHERE name = 'demo';
        PERFORM lead_scoring.publish('m', rescore => false);
        INSERT INTO events SELECT * FROM some_events(seed, 'stale', 20);
    END IF;
    -- Hands take moves and engagement back, before events that come after; some of it is taken back again, and some histories are made anew.
    IF pick(seed, 'taken back', 4) > 0 THEN
        PERFORM lead_scoring.undo_move('m', t.lead_id, t.seq, 'a bot')
           FROM (SELECT DISTINCT ON (v.lead_id) v.lead_id, v.seq FROM m.moves v WHERE pick(seed, 'undo ' || v.lead_id, 3) = 0 ORDER BY v.lead_id, pick(seed, 'undo ' || v.lead_id || ' ' || v.seq, 9), v.seq) t;
        PERFORM lead_scoring.reset_engagement('m', i, 'said no') FROM generate_series(1, 36) i WHERE pick(seed, 'reset ' || i, 5) = 0 AND EXISTS (SELECT FROM m.scores s WHERE s.lead_id = i);
        PERFORM lead_scoring.cancel_adjustment('m', a.id, 'said yes') FROM m.adjustments a WHERE a.resets AND pick(seed, 'yes ' || a.lead_id, 3) = 0;
        PERFORM lead_scoring.replay('m', i) FROM generate_series(1, 36) i WHERE pick(seed, 'replay ' || i, 8) = 0 AND EXISTS (SELECT FROM m.scores s WHERE s.lead_id = i);
        INSERT INTO events SELECT e.lead_id, e.type, e.occurred_at + (clock_timestamp() - e.occurred_at) * pick(seed, 'late ' || e.minutes, 2), e.minutes, e.visitor FROM some_events(seed, 'then', 40) e;
        PERFORM lead_scoring.undo_move('m', t.lead_id, t.seq) FROM (SELECT v.lead_id, max(v.seq) AS seq FROM m.moves v WHERE pick(seed, 'again ' || v.lead_id, 9) = 0 GROUP BY 1) t;
    END IF;
    -- Some leads have no row, as if they had come while nothing was scored.
    IF pick(seed, 'missing', 2) = 0 THEN
        ALTER TABLE m.scores DISABLE TRIGGER USER;
        ALTER TABLE m.transitions DISABLE TRIGGER USER;
        DELETE FROM m.transitions WHERE lead_id % 8 = 5;
        DELETE FROM m.scores WHERE lead_id % 8 = 5;
        ALTER TABLE m.scores ENABLE TRIGGER USER;
        ALTER TABLE m.transitions ENABLE TRIGGER USER;
    END IF;
    IF pick(seed, 'unchanged', 6) > 0 THEN
        PERFORM second_draft('m', seed);
    END IF;
    CREATE TABLE said AS SELECT * FROM lead_scoring.preview_leads('m');
    CREATE TABLE told AS SELECT * FROM lead_scoring.preview('m');

    SELECT count(*) INTO undone FROM m.transitions t WHERE t.undone_at IS NOT NULL AND NOT t.superseded;
    SELECT count(*) INTO barred FROM m.scores s WHERE s.stage_barred <> '';

    PERFORM first_draft('twin', seed, '{}');
    IF pick(seed, 'stale', 3) = 0 THEN
        UPDATE twin.rules SET points = points + 3 WHERE name = 'demo';
    END IF;
    IF pick(seed, 'unchanged', 6) > 0 THEN
        PERFORM second_draft('twin', seed);
    END IF;
    PERFORM lead_scoring.pause('twin');
    INSERT INTO twin.adjustments SELECT * FROM m.adjustments;
    PERFORM lead_scoring.resume('twin');
    PERFORM lead_scoring.publish('twin');
    SELECT -count(*) INTO due FROM m.transitions t WHERE t.cause = 'time';
    PERFORM lead_scoring.publish('m');
    SELECT due + count(*) INTO due FROM m.transitions t WHERE t.cause = 'time';

    SELECT count(*), count(*) FILTER (WHERE s.stage_now <> s.stage_after), count(s.mql_at_backtest) INTO leads, moved, mqls FROM said s;
    SELECT count(*) INTO wrong_stages FROM said s FULL JOIN (SELECT o.* FROM m.scores o WHERE o.counted) o ON o.lead_id::text = s.lead_id
     WHERE o.stage IS DISTINCT FROM s.stage_after AND NOT EXISTS (SELECT FROM m.merged d WHERE d.merged_from = o.lead_id AND NOT has_events(seed, o.lead_id))
       AND (o.lead_id IS NOT NULL OR s.stage_after <> (SELECT x.stage FROM m.scores x WHERE x.lead_id::text = s.lead_id));
    SELECT count(*) INTO wrong_scores FROM said s JOIN m.scores o ON o.lead_id::text = s.lead_id JOIN m.leads l ON l.lead_id = o.lead_id WHERE abs(l.score - s.score_after) > 0.01;
    mql := CASE WHEN EXISTS (SELECT FROM twin.stages WHERE name = 'good') THEN 'good' ELSE 'mql' END;
    -- What is dated now is so at another moment.
    SELECT count(*) INTO wrong_dates
      FROM said s FULL JOIN (
        SELECT t.lead_id, min(t.at) AS at FROM twin.transitions t JOIN twin.stages g ON g.name = t.to_stage AND g.kind = 'progress'
          JOIN twin.scores o ON o.lead_id = t.lead_id AND o.counted
         WHERE g.rank >= (SELECT rank FROM twin.stages WHERE name = mql) AND NOT EXISTS (SELECT FROM m.merged d WHERE d.merged_from = t.lead_id AND NOT has_events(seed, t.lead_id))
         GROUP BY 1) t ON t.lead_id::text = s.lead_id
     WHERE s.mql_at_backtest IS DISTINCT FROM t.at AND least(s.mql_at_backtest, t.at) < now() OR (s.mql_at_backtest IS NULL) <> (t.at IS NULL);
    -- What was taken back is no date of now.
    SELECT wrong_dates + count(*) INTO wrong_dates FROM said s WHERE s.mql_at_now IS NOT NULL AND NOT EXISTS (SELECT FROM m.moves v WHERE v.lead_id::text = s.lead_id AND v.at = s.mql_at_now);
    wrong_sums := difference('SELECT period, mqls, mqls_before, joins, leaves FROM told WHERE period IS NULL OR num_nonnulls(nullif(mqls, 0), nullif(mqls_before, 0)) > 0',
        'SELECT p, count(a), count(b), count(a) FILTER (WHERE a IS NOT NULL AND before IS NULL), count(b) FILTER (WHERE after IS NULL)
           FROM (SELECT date_trunc(''month'', mql_at_backtest)::date AS p, mql_at_backtest AS a, NULL::timestamptz AS b, mql_at_now AS before, mql_at_backtest AS after FROM said WHERE mql_at_backtest IS NOT NULL
                 UNION ALL SELECT date_trunc(''month'', mql_at_now)::date, NULL, mql_at_now, mql_at_now, mql_at_backtest FROM said WHERE mql_at_now IS NOT NULL) x GROUP BY GROUPING SETS ((p), ())');
    SELECT count(*) INTO verified FROM (SELECT FROM lead_scoring.verify('m') s WHERE s.problem NOT IN ('stale', 'missing') UNION ALL SELECT FROM lead_scoring.verify('twin')) v;
    PERFORM lead_scoring.drop_model('twin'), lead_scoring.drop_model('m');
    DROP TABLE told, said, crm, identities, events, leads;
END $$;

-- Each is a transaction: together they would take too many locks.
\pset format unaligned
\pset tuples_only on
SELECT format('SELECT %s AS seed, t.* FROM try(%1$s) t', s) FROM unnest(ARRAY[107, 117, 211, 319]) s \gexec
DROP SCHEMA preview_random CASCADE;

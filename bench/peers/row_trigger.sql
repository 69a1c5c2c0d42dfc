-- Peer (c): a trigger FOR EACH ROW in PL/pgSQL. It locks the lead's row, adds what the event is worth to an array with a
-- sum for each rule, computes the score and writes the row. It judges each event at its own time, as lead_scoring does.
CREATE PROCEDURE bench.add_row_trigger(model text)
LANGUAGE plpgsql AS $$
DECLARE
    schema text := current_schema;
    n      bigint := (SELECT count(*) FROM bench.rules WHERE rule_set = model);
    cases  text := (
        SELECT string_agg(format(E'WHEN %L THEN\n%s', event_type, body), E'\n' ORDER BY rules DESC, event_type)
        FROM (SELECT event_type, count(*) AS rules, string_agg(
                  CASE WHEN condition IS NULL THEN statement ELSE format('IF %s THEN %s END IF;', replace(condition, 'properties', 'NEW.properties'), statement) END,
                  E'\n' ORDER BY ordinal) AS body
              FROM (SELECT r.*, format('new_sums[%1$s] := new_sums[%1$s] + %2$s;', ordinal, bench.added(r, 'NEW.occurred_at')) AS statement
                    FROM bench.rules r WHERE rule_set = model) AS statements
              GROUP BY event_type) AS types);
BEGIN
    CREATE TABLE scores (lead_id bigint PRIMARY KEY, scored_at timestamptz, score float8, stage text DEFAULT 'lead', sums float8[]) WITH (fillfactor = 70);
    CREATE TABLE transitions (lead_id bigint, at timestamptz, score float8, PRIMARY KEY (lead_id, at));
    INSERT INTO scores (lead_id, score, sums) SELECT lead_id, 0, array_fill(0::float8, ARRAY[n::integer]) FROM leads;
    EXECUTE format($function$
        CREATE FUNCTION score_event() RETURNS trigger LANGUAGE plpgsql AS $body$
        DECLARE
            new_sums  float8[];
            old_stage text;
            at        timestamptz;
            seconds   float8;
            total     float8;
        BEGIN
            LOOP
                SELECT s.sums, s.stage, greatest(s.scored_at, NEW.occurred_at) INTO new_sums, old_stage, at
                FROM %1$I.scores s WHERE s.lead_id = NEW.lead_id FOR UPDATE;
                EXIT WHEN FOUND;
                INSERT INTO %1$I.scores (lead_id, score, sums) VALUES (NEW.lead_id, 0, array_fill(0::float8, ARRAY[%2$s]))
                ON CONFLICT DO NOTHING;
            END LOOP;
            CASE NEW.type
            %3$s
            END CASE;
            seconds := %6$s;
            total := %4$s;
            IF old_stage = 'lead' AND total >= %5$s THEN
                UPDATE %1$I.scores s SET scored_at = at, score = total, sums = new_sums, stage = 'mql' WHERE s.lead_id = NEW.lead_id;
                INSERT INTO %1$I.transitions VALUES (NEW.lead_id, at, total);
                UPDATE %1$I.leads l SET lead_stage = 'mql', mql_at = at WHERE l.lead_id = NEW.lead_id;
            ELSE
                UPDATE %1$I.scores s SET scored_at = at, score = total, sums = new_sums WHERE s.lead_id = NEW.lead_id;
            END IF;
            RETURN NULL;
        END
        $body$ $function$,
        schema, n, cases, bench.score(model, 'new_sums[%1$s]', 'seconds'), bench.mql_score(), bench.seconds('at'));
    EXECUTE format('CREATE TRIGGER score_event AFTER INSERT ON events FOR EACH ROW WHEN (NEW.type IN (%s)) EXECUTE FUNCTION score_event()',
                   bench.type_list(model));
END
$$;

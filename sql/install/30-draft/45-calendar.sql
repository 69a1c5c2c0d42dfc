-- Working time: the calendar and the holidays of a draft, and the functions that fill them.

CREATE FUNCTION lead_scoring_internal.is_working_span(span interval)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT extract(day FROM span) >= 0 AND extract(epoch FROM span) >= 86400 * extract(day FROM span) $$;
COMMENT ON FUNCTION lead_scoring_internal.is_working_span IS 'Whether an interval, which is a span, is so many days and so much time, neither of them negative. NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.working_span(span interval)
RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('days', extract(day FROM span), 'seconds', trim_scale(extract(epoch FROM span) - 86400 * extract(day FROM span)))
$$;
COMMENT ON FUNCTION lead_scoring_internal.working_span IS 'How a definition has a length of working time, whose days are working days.';

CREATE FUNCTION lead_scoring_internal.draft_calendar(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    calendar jsonb;
    holidays jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF to_regclass(format('%I.calendar', model)) IS NULL OR to_regclass(format('%I.holidays', model)) IS NULL THEN
        RETURN '{}';
    END IF;
    EXECUTE lead_scoring_internal.fill($query$
        SELECT (SELECT jsonb_agg(jsonb_build_object('weekday', c.weekday, 'opens', c.opens, 'closes', c.closes) ORDER BY array_position(lead_scoring_internal.weekdays(), c.weekday), c.opens) FROM ONLY {model}.calendar c),
               (SELECT jsonb_agg(jsonb_build_object('day', h.day) ORDER BY h.day) FROM ONLY {model}.holidays h)
        $query$, jsonb_build_object('model', model)) INTO calendar, holidays;
    RETURN CASE WHEN calendar IS NULL AND holidays IS NULL THEN '{}' ELSE jsonb_strip_nulls(jsonb_build_object('format', 2, 'calendar', calendar, 'holidays', holidays)) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_calendar IS 'What the draft says of working time, as a part of a definition: the hours by weekday and time, the holidays. Empty where it says nothing, as does every model of an older format.';

CREATE FUNCTION lead_scoring_internal.check_calendar(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    calendar CONSTANT jsonb := lead_scoring_internal.draft_calendar(model) -> 'calendar';
    stage text;
    twice record;
    worked interval;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT h.weekday, h.opens, h.closes, h.next_opens, h.next_closes INTO twice
      FROM (SELECT c.weekday, c.place, c.opens, c.closes, lead(c.opens) OVER days AS next_opens, lead(c.closes) OVER days AS next_closes
              FROM (SELECT i.item ->> 'weekday' AS weekday, i.place, (i.item ->> 'opens')::time AS opens, (i.item ->> 'closes')::time AS closes
                      FROM jsonb_array_elements(calendar) WITH ORDINALITY i (item, place)) c WINDOW days AS (PARTITION BY c.weekday ORDER BY c.opens)) h
     WHERE h.next_opens < h.closes ORDER BY h.place LIMIT 1;
    IF twice.weekday IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('hours of the calendar of model "%s" overlap on %s', model, twice.weekday),
            format('From %s to %s, and from %s to %s.', twice.opens, twice.closes, twice.next_opens, twice.next_closes),
            format('SELECT lead_scoring.set_calendar(%L, ''%s-%s'', %L);', model, to_char(twice.opens, 'HH24:MI'), to_char(GREATEST(twice.closes, twice.next_closes), 'HH24:MI'), ARRAY[twice.weekday]));
    END IF;
    SELECT sum((i.item ->> 'closes')::time - (i.item ->> 'opens')::time) INTO worked FROM jsonb_array_elements(calendar) i (item);
    IF worked < '1 minute' THEN
        PERFORM lead_scoring_internal.fail('22023', format('calendar of model "%s" has no working minute', model), format('The hours of a week are %s seconds.', trim_scale(extract(epoch FROM worked))),
            format('SELECT lead_scoring.set_calendar(%L, ''09:00-17:00'');', model));
    END IF;
    IF worked IS NULL THEN
        EXECUTE format('SELECT (array_agg(s.name ORDER BY s.rank, s.name COLLATE "C"))[1] FROM %I.stages s WHERE (to_jsonb(s) ->> ''working_time'')::boolean', model) INTO stage;
        IF stage IS NOT NULL THEN
            PERFORM lead_scoring_internal.fail('55000', format('within of stage "%s" counts in working time, of which there is none', stage), format('The calendar of model "%s" has no hours.', model),
                format('SELECT lead_scoring.set_calendar(%L, ''09:00-17:00'');', model));
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_calendar IS 'Raises 22023 where hours of the draft''s calendar overlap, or are less than a minute in a week, 55000 where there are none and a stage counts in working time.';

CREATE FUNCTION lead_scoring.set_calendar(
    model text,
    hours text DEFAULT '09:00-17:00',
    weekdays text[] DEFAULT '{monday,tuesday,wednesday,thursday,friday}')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_calendar(
    model text,
    hours text,
    weekdays text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stretches CONSTANT text[] := CASE WHEN hours ~ '\S' THEN regexp_split_to_array(btrim(hours), '\s*,\s*') ELSE '{}' END;
    wrong text := (SELECT s FROM unnest(stretches) s WHERE s !~ '^([01]?\d|2[0-4])(:[0-5]\d)?\s*-\s*([01]?\d|2[0-4])(:[0-5]\d)?$' LIMIT 1);
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF weekdays IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'the weekdays of set_calendar are NULL', 'They are the days whose hours are set.', 'Pass weekdays => ''{monday,friday}'', or leave it out for monday to friday.');
    ELSIF wrong IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('hours "%s" cannot be read', wrong), 'Hours are from one time of the day to another, of a clock of 24 hours.', 'For example hours => ''09:00-12:30, 13:30-18:00''.');
    END IF;
    wrong := (SELECT w FROM unnest(weekdays) w WHERE (w = ANY (lead_scoring_internal.weekdays())) IS NOT TRUE LIMIT 1);
    IF wrong IS NOT NULL OR array_position(weekdays, NULL) IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('weekday "%s" is unknown', coalesce(wrong, 'NULL')), 'The days of the week are monday to sunday, in lower case.', 'For example weekdays => ''{monday,friday}''.');
    END IF;
    PERFORM lead_scoring_internal.upgrade_model(model);
    EXECUTE format('DELETE FROM %I.calendar c WHERE c.weekday = ANY ($1)', model) USING weekdays;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'calendar', jsonb_build_object('weekday', w.weekday, 'opens', lead_scoring_internal.clock_time(split_part(s.stretch, '-', 1)),
            'closes', lead_scoring_internal.clock_time(split_part(s.stretch, '-', 2))))
       FROM (SELECT DISTINCT unnest(weekdays)) w (weekday), unnest(stretches) s (stretch);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_calendar IS 'Implements lead_scoring.set_calendar, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_calendar IS
'Makes these the working hours of some weekdays in the draft, in place of those they had: one stretch or several, as in ''09:00-12:30, 13:30-18:00'', by the clocks of the model''s time zone, up to 24:00; '''' or NULL: none. Other weekdays keep theirs. Stages with working_time count their service level in these hours, but for days of add_holidays. Effective with the next publish. For the model''s owner only.
Raises 22023 for hours that cannot be read, end before they begin or overlap, and for an unknown weekday; 42710 for two stretches that begin at once, 22004 for a NULL in the place of weekdays, and at the end of the transaction what publish() raises. A model of an older format is upgraded.';

CREATE FUNCTION lead_scoring_internal.clock_time(hour text)
RETURNS time LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT (btrim(hour) || CASE WHEN strpos(hour, ':') = 0 THEN ':00' ELSE '' END)::time $$;
COMMENT ON FUNCTION lead_scoring_internal.clock_time IS 'A time of the day, of hours and perhaps minutes.';

CREATE FUNCTION lead_scoring.add_holidays(model text, VARIADIC days date[])
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_holidays(model text, days date[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known date[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF days IS NULL OR array_position(days, NULL) IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22004', 'a day of add_holidays is NULL', 'They are days without working time.', format('For example SELECT lead_scoring.add_holidays(%L, ''2027-01-01'');', model));
    END IF;
    PERFORM lead_scoring_internal.upgrade_model(model);
    EXECUTE format('SELECT array_agg(h.day) FROM %I.holidays h', model) INTO known;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'holidays', jsonb_build_object('day', d.day)) FROM (SELECT DISTINCT unnest(days) AS day ORDER BY 1) d
      WHERE (d.day = ANY (known)) IS NOT TRUE;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_holidays IS 'Implements lead_scoring.add_holidays, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_holidays IS
'Adds days without working time to the draft, from midnight to midnight in the model''s time zone; those that are there already stay. To take one back, delete its row of the model''s table "holidays". Effective with the next publish. For the model''s owner only.
Raises 22023 for a day that is not from 1900 to 2299, 22004 for a NULL. A model of an older format is upgraded.';

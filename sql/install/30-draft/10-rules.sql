-- Rules, their groups and the bands of grades: the draft tables, what they refuse, and the functions that fill them.
--
-- What a row tells by itself is a CHECK constraint, refused at once. What takes other rows or the catalog is checked at
-- the end of the transaction (src/pg/sql/draft.cpp), so that rows may be put in in any order, and by the add functions as
-- soon as they are called.

-- ---------------------------------------------------------------- refusing

CREATE FUNCTION lead_scoring.refuse_change()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('%s on %I.%I is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME),
        DETAIL = TG_ARGV[0], HINT = TG_ARGV[1];
END
$$;
COMMENT ON FUNCTION lead_scoring.refuse_change IS 'Trigger that raises 55000; its two arguments are detail and hint.';

CREATE FUNCTION lead_scoring.refuse_draft_row(model text, subject text, relation text, constraint_name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    IF constraint_name IN (relation || '_pkey', 'bands_axis_min_points_key') THEN
        RAISE EXCEPTION USING ERRCODE = 'duplicate_object',
            MESSAGE = format('%s already exists in model "%s"', subject, model),
            DETAIL = CASE WHEN relation = 'bands' THEN 'An axis has one band of a label, and one of a number of points.'
                          ELSE 'Names are unique within a model.' END,
            HINT = format('UPDATE or DELETE its row in %I.%I.', model, relation),
            CONSTRAINT = constraint_name;
    END IF;
    SELECT m.message, m.detail, m.hint INTO found FROM (VALUES
        ('rule_groups_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''content''.'),
        ('rules_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''visit''.'),
        ('stages_name', 'name of %s cannot be a stage''s name', 'It has 1 to 60 bytes, since it makes the column <name>_at, and is not "scored", "due" or "stage".', 'Choose another name, such as ''mql''.'),
        ('rule_groups_kind', 'kind of %s is not known', 'A group is for rules on events or for rules on the lead.', 'Pass kind => ''engagement'' or ''fit''.'),
        ('stages_kind', 'kind of %s is not known', 'A stage is entered by rank, or it is a detour.', 'Pass kind => ''progress'' or ''detour''.'),
        ('_bounds', 'a bound of %s is out of range', 'Bounds and thresholds are numbers between -1e12 and 1e12.', 'Leave the bound out for none.'),
        ('_range', 'min_points of %s is above max_points', 'No number of points lies between them.', 'For example min_points => 0, max_points => 40.'),
        ('rules_fit', '%s has no event_type and is more than a condition with points', 'A rule on the lead has a condition and points, and neither decay nor limits nor bounds.', 'Use add_fit_rule, or pass event_type => ''page_view''.'),
        ('rules_points', 'points of %s are out of range', 'Points are a number between -1e9 and 1e9.', 'For example points => 5.'),
        ('rules_decay', 'decay of %s is not known', 'Points decay in one of five ways.', 'Pass decay => ''none'', ''exponential'', ''linear'', ''step'' or ''window''.'),
        ('rules_half_life', 'half_life of %s does not go with its decay', 'Exponential decay takes a half_life, and no other decay does.', 'Pass decay => ''exponential'', half_life => ''14 days''.'),
        ('rules_lifespan', 'lifespan of %s does not go with its decay', 'Linear and window decay take a lifespan, and no other decay does.', 'Pass decay => ''linear'', lifespan => ''90 days''.'),
        ('rules_step', 'drop and step of %s do not go with its decay', 'Step decay takes both, and no other decay takes either.', 'Pass decay => ''step'', drop => 0.25, step => ''30 days''.'),
        ('_span', '%2$s of %1$s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''30 days''.'),
        ('rules_drop_share', 'drop of %s is not a share', 'It is the share of the points lost with each step, above 0 and up to 1.', 'For example drop => 0.25.'),
        ('rules_limit', 'limit of %s is incomplete', 'limit_count and limit_window come together, and limit_key only with them.', 'For example limit_count => 3, limit_window => ''day''.'),
        ('rules_limit_count', 'limit_count of %s is not positive', 'It says how many matches count within limit_window.', 'For example limit_count => 3, limit_window => ''day''.'),
        ('rules_limit_window', 'limit_window of %s is not known', 'A limit holds for a span of the calendar, or for ever.', 'Pass limit_window => ''hour'', ''day'', ''week'', ''month'' or ''ever''.'),
        ('rules_max_occurrences', 'max_occurrences of %s is out of range', 'The scorecard keeps the times of 1 to 100000 matches.', 'Leave it out for 1000.'),
        ('bands_axis', 'axis of %s is not known', 'Grades have two axes.', 'Pass axis => ''fit'' or ''engagement''.'),
        ('bands_label', 'label of %s is empty or too long', 'A label has 1 to 63 bytes.', 'For example label => ''A''.'),
        ('stages_thresholds', '%s is a detour with thresholds', 'A detour is entered by event, time or hand only.', 'Leave out min_score, min_engagement, min_fit, grades, requires and falls_below, or pass kind => ''progress''.'),
        ('stages_grades', 'grades of %s are empty or have a NULL among them', 'They list the grades that qualify.', 'For example grades => ''{A1,A2,B1}'', or NULL for any.'),
        ('stages_requires', 'requires of %s is not an object of rules and counts', 'It maps names of rules to how often each must have matched, 1 or more.', 'For example requires => ''{"webinar": 1}''.'),
        ('stages_on_event', 'on_event_condition of %s goes with no on_event', 'The condition is over the events of type on_event.', 'For example on_event => ''demo_request''.'),
        ('stages_falls_below', 'falls_below of %s is above min_score', 'A lead would fall back in the moment it qualifies.', 'For example min_score => 50, falls_below => 40.'),
        ('stages_timeout', 'within and timeout_stage of %s do not come together', 'A lead that has not moved on within the interval goes to timeout_stage, another stage.', 'For example within => ''24 hours'', timeout_stage => ''recycled''.'),
        ('stages_exit', 'exit of %s does not fit', 'A detour is left by score or by hand; other stages have no exit.', 'Pass exit => ''score'' or ''hand'' with kind => ''detour''.')
        ) m (constraint_name, message, detail, hint)
     WHERE m.constraint_name = refuse_draft_row.constraint_name
        OR m.constraint_name LIKE '\_%' AND right(refuse_draft_row.constraint_name, length(m.constraint_name)) = m.constraint_name;
    IF found.message IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format(found.message, subject, regexp_replace(constraint_name, '^' || relation || '_|_span$', '', 'g')),
            DETAIL = found.detail, HINT = found.hint, CONSTRAINT = constraint_name;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.refuse_draft_row IS 'Raises what an add function says when a constraint of a draft table refused its row: 42710 for a name that is taken, 22023 for all else. Returns when the constraint is none of ours.';

CREATE FUNCTION lead_scoring.refuse_group(model text, rule_group text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object',
        MESSAGE = format('rule_group "%s" of %s does not exist', rule_group, subject),
        DETAIL = format('The groups of model "%s" are the rows of %I.rule_groups.', model, model),
        HINT = format('SELECT lead_scoring.add_group(%L, %L) makes it.', model, rule_group);
END
$$;
COMMENT ON FUNCTION lead_scoring.refuse_group IS 'Raises 42704 for a rule whose group is not there; "subject" is what the error calls the rule.';

CREATE FUNCTION lead_scoring.insert_draft_row(model text, subject text, relation text, new_row jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    broken text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('INSERT INTO %1$I.%2$I (%3$s) SELECT %3$s FROM jsonb_populate_record(NULL::%1$I.%2$I, $1)', model, relation,
                   (SELECT string_agg(quote_ident(c.key), ', ') FROM jsonb_object_keys(new_row) c (key))) USING new_row;
EXCEPTION
    WHEN check_violation OR unique_violation THEN
        GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
        PERFORM lead_scoring.refuse_draft_row(model, subject, relation, broken);
        RAISE;
    WHEN foreign_key_violation THEN
        PERFORM lead_scoring.refuse_group(model, new_row ->> 'rule_group', subject);
    WHEN not_null_violation THEN
        GET STACKED DIAGNOSTICS broken = COLUMN_NAME;
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('%s of %s is NULL', broken, subject),
            DETAIL = 'It has no meaning without a value.',
            HINT = format('Pass %s => ..., or leave it out if it has a default.', broken);
END
$$;
COMMENT ON FUNCTION lead_scoring.insert_draft_row IS 'Adds a row to a draft table, for the owner of the model only; "subject" is what errors call it. Raises what refuse_draft_row raises, 42704 for a group that is not there, 22004 for a NULL.';

-- ---------------------------------------------------------------- compiling

CREATE FUNCTION lead_scoring.compile_expression(relation regclass, expression text, kind text, subject text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    deparsed text;
    label text;
BEGIN
    IF expression IS NOT NULL THEN
        -- The subject travels along so that an error's context names the rule; a handler here would lose its position.
        EXECUTE format('SELECT lead_scoring.check_expression($1, $2, $3), %L', subject)
           INTO deparsed, label USING relation, expression, kind;
    END IF;
    RETURN deparsed;
END
$$;
COMMENT ON FUNCTION lead_scoring.compile_expression IS 'The expression as the server deparses it, NULL for NULL; raises what check_expression raises, with the subject in the context.';

CREATE FUNCTION lead_scoring.reads_column(expression text, column_name text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT bare ~ '\.\*' OR EXISTS (
           SELECT FROM regexp_matches(bare, '(?<![.:"\w$])("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)(?![\w$"(.])', 'g') m (token)
            WHERE m.token[1] = quote_ident(column_name))
  FROM (SELECT regexp_replace(expression, '''(?:[^'']|'''')*''|OPERATOR\([^)]*\)', '', 'g')) e (bare)
$$;
COMMENT ON FUNCTION lead_scoring.reads_column IS 'Whether an expression, as deparsed over a single table, reads the column, by itself or with the whole row. There, a column is a name with no dot or cast before it and no parenthesis behind it.';

CREATE FUNCTION lead_scoring.seconds(span interval)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT trim_scale(extract(epoch FROM span))
$$;
COMMENT ON FUNCTION lead_scoring.seconds IS 'Length of an interval in seconds, a day being 86400; NULL for NULL.';

CREATE FUNCTION lead_scoring.check_event_type(events regclass, event_column text, event_type text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    labels text;
BEGIN
    SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) INTO labels
      FROM pg_attribute a JOIN pg_enum e ON e.enumtypid = a.atttypid
     WHERE a.attrelid = events AND a.attname = event_column
    HAVING NOT bool_or(e.enumlabel = event_type);
    IF labels IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%s waits for events of type "%s", which cannot occur', subject, event_type),
            DETAIL = format('Column "%s" of table %s is an enum of %s.', event_column, events, labels),
            HINT = 'Name one of these, or add the value to the enum with ALTER TYPE.';
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.check_event_type IS 'Raises 22023 when the type column of events is an enum without such a label.';

CREATE FUNCTION lead_scoring.compile_rule(model text, rule text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    r record;
    subject CONSTANT text := format('rule "%s"', rule);
    is_fit boolean;
    condition text;
    status_column text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT r.*, g.kind AS group_kind FROM %1$I.rules r LEFT JOIN %1$I.rule_groups g ON g.name = r.rule_group WHERE r.name = $1', model)
       INTO r USING rule;
    IF r.name IS NULL THEN
        RETURN NULL;
    END IF;
    -- The foreign key holds in sessions that are no replica's, and as long as nobody drops it.
    IF r.group_kind IS NULL THEN
        PERFORM lead_scoring.refuse_group(model, r.rule_group, subject);
    END IF;
    SELECT * INTO bound FROM lead_scoring.binding(model);

    is_fit := r.event_type IS NULL;
    IF is_fit <> (r.group_kind = 'fit') THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%s is about %s, but its group "%s" is of kind %s', subject,
                             CASE WHEN is_fit THEN 'the lead' ELSE 'events' END, r.rule_group, r.group_kind),
            DETAIL = 'Rules with an event_type belong to groups of kind engagement, rules without to groups of kind fit.',
            HINT = format('SELECT name FROM %I.rule_groups WHERE kind = ''%s'' lists the groups that fit.', model,
                          CASE WHEN is_fit THEN 'fit' ELSE 'engagement' END);
    END IF;
    condition := lead_scoring.compile_expression(CASE WHEN is_fit THEN bound.leads ELSE bound.events END, r.condition,
                                                 'condition', 'condition of ' || subject);
    IF is_fit THEN
        FOR status_column IN SELECT e.value FROM jsonb_each_text(bound.status_columns) e ORDER BY e.value COLLATE "C" LOOP
            IF lead_scoring.reads_column(condition, status_column) THEN
                RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                    MESSAGE = format('condition of %s reads the status column "%s"', subject, status_column),
                    DETAIL = 'The model writes that column from the score, so the score cannot depend on it.',
                    HINT = 'Use other columns of the lead; requires and falls_below of a stage say what depends on stages.';
            END IF;
        END LOOP;
    ELSE
        PERFORM lead_scoring.check_event_type(bound.events, bound.event_type, r.event_type, subject);
    END IF;

    RETURN to_jsonb(r) - 'group_kind' || jsonb_build_object(
        'condition', condition,
        'per', lead_scoring.compile_expression(bound.events, r.per, 'number', 'per of ' || subject),
        'limit_key', lead_scoring.compile_expression(bound.events, r.limit_key, 'key', 'limit_key of ' || subject),
        'half_life', lead_scoring.seconds(r.half_life),
        'lifespan', lead_scoring.seconds(r.lifespan),
        'step', lead_scoring.seconds(r.step),
        'typed', jsonb_build_object('condition', r.condition, 'per', r.per, 'limit_key', r.limit_key));
END
$$;
COMMENT ON FUNCTION lead_scoring.compile_rule IS 'Checks a rule of the draft against its group and the tables of the model, and returns it as a version holds it: expressions deparsed, with the text as typed beside them, intervals in seconds. NULL when there is no such rule.';

CREATE FUNCTION lead_scoring.draft_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_draft_changed';
COMMENT ON FUNCTION lead_scoring.draft_changed IS 'Trigger function of the tables of a draft: has the draft checked at the end of the transaction, as the model''s owner; raises 42501 where a role without his rights writes an expression, a table or a column.';

CREATE FUNCTION lead_scoring_internal.validate_draft(model text, rules text[], stages text[], named boolean, everything boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule text;
    stage text;
    scoring boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- A dump of data alone is restored table by table; the model is paused for it, or its settings are not there yet.
    EXECUTE format('SELECT NOT s.paused FROM %I.settings s', model) INTO scoring;
    IF scoring IS NOT TRUE OR (SELECT b.leads IS NULL FROM lead_scoring.binding(model) b) THEN
        RETURN;
    END IF;
    IF everything THEN
        PERFORM lead_scoring.compile_draft(model);
        RETURN;
    END IF;
    FOR rule IN SELECT DISTINCT r COLLATE "C" FROM unnest(rules) r ORDER BY 1 LOOP
        PERFORM lead_scoring.compile_rule(model, rule);
    END LOOP;
    FOR stage IN SELECT DISTINCT s COLLATE "C" FROM unnest(stages) s ORDER BY 1 LOOP
        PERFORM lead_scoring.compile_stages(model, stage);
    END LOOP;
    IF named THEN
        PERFORM lead_scoring.check_stages(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.validate_draft IS 'Refuses at the end of a transaction what could not be published, by the same checks as publish: of these rules and stages, of how stages fit what they name, or of everything. Does nothing while the model is paused or settings has no row, as in a half-restored dump.';

-- ---------------------------------------------------------------- interface

CREATE FUNCTION lead_scoring.add_group(
    model text,
    name text,
    kind text DEFAULT 'engagement',
    min_points numeric DEFAULT NULL,
    max_points numeric DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_group(
    model text,
    name text,
    kind text,
    min_points numeric,
    max_points numeric)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring.insert_draft_row(model, format('group "%s"', name), 'rule_groups',
        jsonb_build_object('name', name, 'kind', kind, 'min_points', min_points, 'max_points', max_points));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_group IS 'Implements lead_scoring.add_group, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_group IS 'Adds a group of rules to the draft: kind engagement (rules on events) or fit (rules on the lead); min_points and max_points bound what the group gives.';

CREATE FUNCTION lead_scoring.add_rule(
    model text,
    name text,
    event_type text,
    points numeric,
    condition text DEFAULT NULL,
    per text DEFAULT NULL,
    rule_group text DEFAULT 'engagement',
    decay text DEFAULT 'none',
    half_life interval DEFAULT NULL,
    lifespan interval DEFAULT NULL,
    "drop" double precision DEFAULT NULL,
    step interval DEFAULT NULL,
    min_points numeric DEFAULT NULL,
    max_points numeric DEFAULT NULL,
    limit_count integer DEFAULT NULL,
    limit_window text DEFAULT NULL,
    limit_key text DEFAULT NULL,
    max_occurrences integer DEFAULT 1000)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_rule(
    model text,
    name text,
    event_type text,
    points numeric,
    condition text,
    per text,
    rule_group text,
    decay text,
    half_life interval,
    lifespan interval,
    "drop" double precision,
    step interval,
    min_points numeric,
    max_points numeric,
    limit_count integer,
    limit_window text,
    limit_key text,
    max_occurrences integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF event_type IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('event_type of rule "%s" is NULL', name),
            DETAIL = 'A rule on events names the type that matches.',
            HINT = 'Pass event_type => ''page_view'', or use add_fit_rule for a rule on the lead.';
    END IF;
    PERFORM lead_scoring.insert_draft_row(model, format('rule "%s"', name), 'rules', jsonb_build_object(
        'name', name, 'rule_group', rule_group, 'event_type', event_type, 'condition', condition, 'points', points,
        'per', per, 'decay', decay, 'half_life', half_life, 'lifespan', lifespan, 'drop', "drop", 'step', step,
        'min_points', min_points, 'max_points', max_points, 'limit_count', limit_count, 'limit_window', limit_window,
        'limit_key', limit_key, 'max_occurrences', max_occurrences));
    PERFORM lead_scoring.compile_rule(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_rule IS 'Implements lead_scoring.add_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_rule IS
'Adds a rule on events to the draft: points, negative ones too, for each event of the type that meets the condition (an immutable SQL expression over the row of the event).
per is a numeric expression by which the points are multiplied. decay: none, exponential (half_life), linear (lifespan), step (drop, a share, with each step) or window (lifespan); intervals in days or smaller units. min_points and max_points bound what the rule gives. limit_count matches at the most count within limit_window (hour, day, week, month, ever), for each limit_key. Effective with the next publish.';

CREATE FUNCTION lead_scoring.add_fit_rule(
    model text,
    name text,
    condition text,
    points numeric,
    rule_group text DEFAULT 'fit')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_fit_rule(
    model text,
    name text,
    condition text,
    points numeric,
    rule_group text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF condition IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('condition of rule "%s" is NULL', name),
            DETAIL = 'A rule on the lead gives its points to the leads that meet the condition.',
            HINT = 'Pass condition => ''true'' for all leads.';
    END IF;
    PERFORM lead_scoring.insert_draft_row(model, format('rule "%s"', name), 'rules', jsonb_build_object(
        'name', name, 'rule_group', rule_group, 'condition', condition, 'points', points));
    PERFORM lead_scoring.compile_rule(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_fit_rule IS 'Implements lead_scoring.add_fit_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_fit_rule IS 'Adds a rule on the lead to the draft: points, negative ones too, while the row of the lead meets the condition, an immutable SQL expression over it that reads no status column. Fit does not decay. Effective with the next publish.';

CREATE FUNCTION lead_scoring.add_band(
    model text,
    axis text,
    label text,
    min_points numeric)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_band(
    model text,
    axis text,
    label text,
    min_points numeric)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring.insert_draft_row(model, format('band "%s" of axis "%s"', label, axis), 'bands',
        jsonb_build_object('axis', axis, 'label', label, 'min_points', min_points));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_band IS 'Implements lead_scoring.add_band, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_band IS 'Adds a band to the draft: from min_points of fit or engagement on (axis), the grade bears this label. A grade is the label of fit followed by the label of engagement. Effective with the next publish.';

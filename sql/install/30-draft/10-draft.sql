-- Rules, their groups and the bands of grades: the draft tables, what they refuse, and the functions that fill them.
--
-- What a row tells by itself is a CHECK constraint, refused at once. What takes other rows or the catalog is checked at
-- the end of the transaction (src/pg/sql/draft.cpp), so that rows may be put in in any order, and by the add functions as
-- soon as they are called.

-- ---------------------------------------------------------------- refusing

CREATE FUNCTION lead_scoring_internal.refuse_change()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.fail('55000', format('%s on %I.%I is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME), TG_ARGV[0], TG_ARGV[1]);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_change IS 'Trigger that raises 55000; its two arguments are detail and hint.';

CREATE FUNCTION lead_scoring_internal.refuse_draft_row(model text, subject text, relation text, constraint_name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    IF constraint_name IN (relation || '_pkey', 'bands_axis_min_points_key') THEN
        PERFORM lead_scoring_internal.fail('42710', format('%s already exists in model "%s"', subject, model),
            CASE WHEN relation = 'bands' THEN 'An axis has one band of a label, and one of a number of points.'
                 ELSE 'Names are unique within a model.' END,
            format('UPDATE or DELETE its row in %I.%I.', model, relation), constraint_name);
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
        PERFORM lead_scoring_internal.fail('22023',
            format(found.message, subject, regexp_replace(constraint_name, '^' || relation || '_|_span$', '', 'g')), found.detail, found.hint,
            constraint_name);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_draft_row IS 'Raises what an add function says when a constraint of a draft table refused its row: 42710 for a name that is taken, 22023 for all else. Returns when the constraint is none of ours.';

CREATE FUNCTION lead_scoring_internal.refuse_group(model text, rule_group text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.fail('42704', format('rule_group "%s" of %s does not exist', rule_group, subject),
        format('The groups of model "%s" are the rows of %I.rule_groups.', model, model),
        format('SELECT lead_scoring.add_group(%L, %L) makes it.', model, rule_group));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_group IS 'Raises 42704 for a rule whose group is not there; "subject" is what the error calls the rule.';

CREATE FUNCTION lead_scoring_internal.insert_draft_row(model text, subject text, relation text, new_row jsonb)
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
        PERFORM lead_scoring_internal.refuse_draft_row(model, subject, relation, broken);
        RAISE;
    WHEN foreign_key_violation THEN
        PERFORM lead_scoring_internal.refuse_group(model, new_row ->> 'rule_group', subject);
    WHEN not_null_violation THEN
        GET STACKED DIAGNOSTICS broken = COLUMN_NAME;
        PERFORM lead_scoring_internal.fail('22004', format('%s of %s is NULL', broken, subject), 'It has no meaning without a value.',
            format('Pass %s => ..., or leave it out if it has a default.', broken));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.insert_draft_row IS 'Adds a row to a draft table, for the owner of the model only; "subject" is what errors call it. Raises what refuse_draft_row raises, 42704 for a group that is not there, 22004 for a NULL.';

-- Rules, their groups and the bands of grades: the draft tables, what they refuse, and the functions that fill them.
--
-- What a row tells by itself is a CHECK constraint, refused at once: by a trigger that looks before the server does, and says
-- what is wrong and what to do, whoever writes the row. What takes other rows or the catalog is checked at the end of the
-- transaction (src/pg/sql/draft.cpp), so that rows may be put in in any order, and by the add functions as soon as they are
-- called.

-- ---------------------------------------------------------------- refusing

CREATE FUNCTION lead_scoring_internal.refuse_change()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.fail('55000', format('%s on %I.%I is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME), TG_ARGV[0], TG_ARGV[1]);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_change IS 'Trigger that raises 55000; its two arguments are detail and hint.';

CREATE FUNCTION lead_scoring_internal.draft_subject(model text, relation text, draft_row jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE relation WHEN 'rules' THEN format('rule "%s"', draft_row ->> 'name')
                     WHEN 'rule_groups' THEN format('group "%s"', draft_row ->> 'name')
                     WHEN 'stages' THEN format('stage "%s"', draft_row ->> 'name')
                     WHEN 'entries' THEN format('entry "%s"', draft_row ->> 'name')
                     WHEN 'lead_types' THEN format('lead type "%s"', draft_row ->> 'name')
                     WHEN 'sources' THEN format('source "%s"', draft_row ->> 'name')
                     WHEN 'account_rules' THEN format('account rule "%s"', draft_row ->> 'name')
                     WHEN 'bands' THEN format('band "%s" of axis "%s"', draft_row ->> 'label', draft_row ->> 'axis')
                     WHEN 'calendar' THEN format('hours of %s from %s', draft_row ->> 'weekday', draft_row ->> 'opens')
                     WHEN 'holidays' THEN format('holiday %s', draft_row ->> 'day')
                     ELSE format('model "%s"', model) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_subject IS 'What errors call a row of that table of the draft.';

CREATE FUNCTION lead_scoring_internal.refuse_draft_row(model text, relation text, draft_row jsonb, constraint_name text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    subject CONSTANT text := lead_scoring_internal.draft_subject(model, relation, draft_row);
    found record;
BEGIN
    SELECT m.message, m.detail, m.hint INTO found FROM (VALUES
        ('rule_groups_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''content''.'),
        ('rules_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''visit''.'),
        ('entries_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''demo''.'),
        ('lead_types_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''social''.'),
        ('stages_name', 'name of %s cannot be a stage''s name', 'It has 1 to 60 bytes, since it makes the column <name>_at, and is not "scored", "due" or "stage".', 'Choose another name, such as ''mql''.'),
        ('rule_groups_kind', 'kind of %s is not known', 'A group is for rules on events or for rules on the lead.', 'Pass kind => ''engagement'' or ''fit''.'),
        ('stages_kind', 'kind of %s is not known', 'A stage is entered by rank, or it is a detour.', 'Pass kind => ''progress'' or ''detour''.'),
        ('_bounds', 'a bound of %s is out of range', 'Bounds and thresholds are numbers between -1e12 and 1e12.', 'Leave the bound out for none.'),
        ('_range', 'min_points of %s is above max_points', 'No number of points lies between them.', 'For example min_points => 0, max_points => 40.'),
        ('rules_fit', '%s has no event_type and is more than a condition with points', 'A rule on the lead has a condition and points, and neither decay nor limits nor bounds.', 'Leave these out, or pass event_type => ''page_view''.'),
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
        ('rules_at_least', 'at_least of %s is out of range', 'It says how many matches, or values of distinct_key, must lie within the interval: 1 to 1000.', 'For example at_least => 3, within => ''7 days''.'),
        ('rules_frequency', 'frequency of %s is incomplete', 'at_least and within come together, and distinct_key and keep only with them.', 'For example at_least => 3, within => ''7 days''.'),
        ('rules_switched', '%s counts by frequency or silence and is more than points', 'While at_least or quiet_for holds, the points of an event_type are given, once. There is no more to decay, multiply, limit or bound, and one rule waits for one of them.', 'Leave these out, or add another rule for them.'),
        ('bands_axis', 'axis of %s is not known', 'Grades have two axes.', 'Pass axis => ''fit'' or ''engagement''.'),
        ('bands_label', 'label of %s is empty or too long', 'A label has 1 to 63 bytes.', 'For example label => ''A''.'),
        ('stages_thresholds', '%s is a detour with thresholds', 'A detour is entered by event, time or hand only.', 'Leave out min_score, min_engagement, min_fit, grades, requires and falls_below, or pass kind => ''progress''.'),
        ('entries_ways', '%s lets nobody in', 'An entry has thresholds, grades or requires, which must all hold, or an on_event.', 'For example min_score => 30, requires => ''{"webinar": 1}'', or on_event => ''demo_request''.'),
        ('_grades', 'grades of %s are empty or have a NULL among them', 'They list the grades that qualify.', 'For example grades => ''{A1,A2,B1}'', or NULL for any.'),
        ('_requires', 'requires of %s is not an object of rules and counts', 'It maps names of rules to how often each must have matched, 1 or more.', 'For example requires => ''{"webinar": 1}''.'),
        ('_on_event', 'on_event_condition of %s goes with no on_event', 'The condition is over the events of type on_event.', 'For example on_event => ''demo_request''.'),
        ('stages_falls_below', 'falls_below of %s is above min_score', 'A lead would fall back in the moment it qualifies.', 'For example min_score => 50, falls_below => 40.'),
        ('stages_timeout', 'within and timeout_stage of %s do not come together', 'A lead that has not moved on within the interval goes to timeout_stage, another stage.', 'For example within => ''24 hours'', timeout_stage => ''recycled''.'),
        ('settings_score_bounds', 'a bound of the score of %s is out of range', 'Both are numbers between -1e12 and 1e12.', 'For example min_score = 0, max_score = 100, or NULL for none.'),
        ('settings_score_range', 'min_score of %s is above max_score', 'No score lies between them.', 'For example min_score = 0, max_score = 100.'),
        ('settings_future_tolerance', 'future_tolerance of %s is no fixed length of time', 'Months and years differ in length, and what lies behind the clock is not ahead of it.', 'Write it in days or smaller units, such as ''5 minutes'', or ''0''.'),
        ('settings_identities', 'the settings of identities of %s are incomplete', 'A table of identities comes with its columns of visitor and lead.', 'Set identities, identity_anonymous and identity_lead together, as set_identities() does, or none of them.'),
        ('report_settings_spend', 'the settings of spend of %s are incomplete', 'A table of spend comes with its columns of campaign, day and amount; that of channel comes with it only.', 'Set spend_table, spend_campaign, spend_date and spend_amount together, as set_spend() does, or none of them.'),
        ('report_settings_revenue', 'the settings of revenue of %s are incomplete', 'A table of revenue comes with its columns of lead, day and amount.', 'Set revenue_table, revenue_lead, revenue_date and revenue_amount together, as set_revenue() does, or none of them.'),
        ('report_settings_look_back', 'look_back of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''90 days'', or NULL for any.'),
        ('report_settings_half_life', 'half_life of %s is not a fixed, positive length of time', 'Months and years differ in length, and time does not run backwards.', 'Write it in days or smaller units, such as ''7 days'', or NULL for that.'),
        ('report_settings_dimensions', 'dimensions of %s are no object of names and expressions', 'A name has 1 to 63 bytes and is not "campaign", "channel" or "lead_type", which reports know already; an expression is SQL over the row of a lead.', 'For example dimensions = ''{"country": "country"}''.'),
        ('report_settings_week_starts', 'week_starts of %s is no day of the week', 'A week of reports begins on a day from monday to sunday, in lower case.', 'For example week_starts = ''sunday''.'),
        ('report_settings_band', 'qualified_low and qualified_high of %s are no band', 'Both are shares from 0 to 1, the lower one first.', 'For example qualified_low = 0.02, qualified_high = 0.05.'),
        ('rules_source', '%s is about the lead and names a source', 'A source has events; what a rule without event_type looks at is the lead.', 'Leave source out.'),
        ('_on_event_source', 'on_event_source of %s goes with no on_event', 'It is the source of the events of type on_event.', 'For example on_event => ''demo_request''.'),
        ('sources_name', 'name of %s cannot be a source''s name', 'It has 1 to 63 bytes, and "events" is the first source, that of settings.', 'Choose another name, such as ''crm''.'),
        ('sources_type', '%s has no type of its events, or two', 'A column says of what type each event is (event_type), or all are of one (every_event).', 'Pass event_type => ''type'', or every_event => ''page_view''.'),
        ('account_rules_name', 'name of %s is empty or too long', 'A name has 1 to 63 bytes.', 'Choose a shorter name, such as ''buying group''.'),
        ('account_rules_asks', '%s asks nothing of an account', 'It asks for people, for points, or for both.', 'For example people => 3, or min_points => 100.'),
        ('account_rules_counts', '%s says which people count and not how many of them it takes', 'active_within and min_score are about the people that are counted.', 'For example people => 3, active_within => ''30 days''.'),
        ('account_rules_people', 'people of %s is not positive', 'It says how many leads of the account have to count, at least.', 'For example people => 3.'),
        ('account_rules_top_n', 'top_n of %s is not positive', 'It says of how many leads the points of the account are, the best ones.', 'For example top_n => 5, or NULL for all.'),
        ('stages_hand_off', '%s hands nothing off and says how', 'accepted_stage, rejected_stage, max_attempts and hand_off_max_age are about hand-offs.', 'Pass hand_off => true.'),
        ('stages_decided', 'a decision on %s leads to that stage itself', 'Leads that were handed over are accepted into another stage, or rejected into one.', 'For example accepted_stage => ''sql'', rejected_stage => ''recycled''.'),
        ('stages_max_attempts', 'max_attempts of %s is out of range', 'A hand-off is given to workers from 1 to 1000 times.', 'Leave it out for 5.'),
        ('stages_exit', 'exit of %s does not fit', 'A detour is left by score or by hand; other stages have no exit.', 'Pass exit => ''score'' or ''hand'' with kind => ''detour''.'),
        ('stages_counts_as', 'counts_as of %s is unknown', 'A stage counts as mql, sal, sql, opportunity or customer, or as nothing (NULL).', 'For example counts_as => ''mql''.'),
        ('stages_working_time', 'working_time of %s does not go with its within', 'What counts in working time is a length of time, so many working days and so much of another.', 'For example within => ''1 day 4 hours'', timeout_stage => ''recycled'', working_time => true.'),
        ('calendar_weekday', 'weekday of %s is unknown', 'The days of the week are monday to sunday, in lower case.', 'For example weekday = ''monday''.'),
        ('calendar_closes', '%s end before they begin', 'Hours that last through midnight are two: until 24:00, and from 00:00 of the next day.', 'For example opens = ''09:00'', closes = ''17:00''.'),
        ('holidays_day', '%s is out of range', 'The years are 1900 to 2299.', 'For example day = ''2027-01-01''.')
        ) m (constraint_name, message, detail, hint)
     WHERE m.constraint_name = refuse_draft_row.constraint_name
        OR m.constraint_name LIKE '\_%' AND right(refuse_draft_row.constraint_name, length(m.constraint_name)) = m.constraint_name
     ORDER BY m.constraint_name LIKE '\_%' LIMIT 1;
    IF found.message IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023',
            format(found.message, subject, regexp_replace(constraint_name, '^' || relation || '_|_span$', '', 'g')), found.detail, found.hint,
            constraint_name);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_draft_row IS 'Raises 22023 with what is wrong with a row of a table of the draft that breaks a constraint. Returns when the constraint is none of ours.';

CREATE FUNCTION lead_scoring_internal.check_draft_values(model text, relation text, draft_row jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted CONSTANT regclass := format('lead_scoring_internal.%I', relation);
    own CONSTANT regclass := to_regclass(format('%I.%I', model, relation));
    broken text;
BEGIN
    SELECT a.attname INTO broken
      FROM pg_attribute w JOIN pg_attribute a ON a.attrelid = own AND a.attname = w.attname AND a.atttypid = w.atttypid AND a.attnotnull
     WHERE w.attrelid = wanted AND w.attnum > 0 AND w.attnotnull AND draft_row ->> a.attname IS NULL ORDER BY a.attnum LIMIT 1;
    IF broken IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('%s of %s is NULL', broken, lead_scoring_internal.draft_subject(model, relation, draft_row)),
            'It has no meaning without a value.', format('Pass %s => ..., or leave it out if it has a default.', broken));
    END IF;
    -- In the order in which the server would look at them.
    EXECUTE format('SELECT CASE %s END FROM jsonb_populate_record(NULL::%s, $1)',
                   (SELECT string_agg(format('WHEN NOT %s THEN %L', pg_get_expr(w.conbin, w.conrelid), w.conname), ' ' ORDER BY w.conname)
                      FROM pg_constraint w JOIN pg_constraint c ON c.conrelid = own AND c.conname = w.conname AND c.contype = 'c'
                     WHERE w.conrelid = wanted AND w.contype = 'c'), wanted) INTO broken USING draft_row;
    PERFORM lead_scoring_internal.refuse_draft_row(model, relation, draft_row, broken);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_draft_values IS 'Raises what is wrong with a row of a table of the draft by itself, as its constraints have it: 22004 for a NULL, 22023 for all else. What a table has lost, which models() tells, is not looked at.';

CREATE FUNCTION lead_scoring_internal.known_fields(own regclass)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT jsonb_build_object(%s)', string_agg(format('%L, ($1).%1$I', a.attname), ', ' ORDER BY a.attnum))
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid
  JOIN pg_attribute w ON w.attrelid = format('lead_scoring_internal.%I', c.relname)::regclass AND w.attname = a.attname AND w.atttypid = a.atttypid
 WHERE c.oid = own AND a.attnum > 0
$$;
COMMENT ON FUNCTION lead_scoring_internal.known_fields IS 'The query that makes JSON of a row, $1, of a table of the draft: of the columns that it is to have, as they are to be. Nothing is called that belongs to the type of any other.';

CREATE FUNCTION lead_scoring_internal.check_draft_row_as_owner()
RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.check_draft_row()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    draft_row jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(TG_TABLE_SCHEMA);
    IF TG_TABLE_NAME = 'rules' AND TG_OP = 'INSERT' THEN
        NEW.rule_group := coalesce(NEW.rule_group, CASE WHEN NEW.event_type IS NULL THEN 'fit' ELSE 'engagement' END);
    ELSIF TG_TABLE_NAME IN ('stages', 'lead_types') AND TG_OP = 'INSERT' THEN
        IF NEW.rank IS NULL THEN
            EXECUTE format('SELECT coalesce(max(s.rank) + 10, 0) FROM %I.%I s', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO NEW.rank;
        END IF;
    ELSIF TG_TABLE_NAME = 'sources' THEN
        -- A restore brings the table later.
        IF lead_scoring_internal.resolve_table(NEW.events) IS NOT NULL THEN
            NEW.event_channel := lead_scoring_internal.report_key(lead_scoring_internal.resolve_table(NEW.events), NEW.event_channel, 'event_channel');
            NEW.event_asset := lead_scoring_internal.report_key(lead_scoring_internal.resolve_table(NEW.events), NEW.event_asset, 'event_asset');
        END IF;
    END IF;
    EXECUTE lead_scoring_internal.known_fields(TG_RELID) INTO draft_row USING NEW;
    PERFORM lead_scoring_internal.check_draft_values(TG_TABLE_SCHEMA, TG_TABLE_NAME, draft_row);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_draft_row IS 'Implements lead_scoring_internal.check_draft_row_as_owner, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring_internal.check_draft_row_as_owner IS 'Trigger before each row of the tables of a draft: gives a rule without a group that of its kind, a stage or type of leads without a rank the next one, writes expressions of a source as the server deparses them, and raises what check_draft_values raises, and 42501 where a role without the rights of the model''s owner writes an expression, a table or a column.';

CREATE FUNCTION lead_scoring_internal.refuse_group(model text, rule_group text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    groups text[];
BEGIN
    EXECUTE format('SELECT array_agg(g.name) FROM %I.rule_groups g', model) INTO groups;
    PERFORM lead_scoring_internal.fail('42704', format('rule_group "%s" of %s does not exist', rule_group, subject),
        format('The groups of model "%s" are the rows of %I.rule_groups.', model, model),
        format('SELECT lead_scoring.add_group(%L, %L);', model, rule_group) || lead_scoring_internal.perhaps(rule_group, groups));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_group IS 'Raises 42704 for a rule whose group is not there; "subject" is what the error calls the rule.';

CREATE FUNCTION lead_scoring_internal.check_rule_group_as_owner()
RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.check_rule_group()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_there boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(TG_TABLE_SCHEMA);
    EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %I.rule_groups g WHERE g.name = $1)', TG_TABLE_SCHEMA) INTO is_there USING NEW.rule_group;
    IF NOT is_there THEN
        PERFORM lead_scoring_internal.refuse_group(TG_TABLE_SCHEMA, NEW.rule_group,
                                                   format('rule "%s"', NEW.name));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_rule_group IS 'Implements lead_scoring_internal.check_rule_group_as_owner, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring_internal.check_rule_group_as_owner IS 'Trigger after each rule, before the foreign key is looked at: raises what refuse_group raises where the group is not there when the statement ends.';

CREATE FUNCTION lead_scoring_internal.insert_draft_row(model text, relation text, draft_row jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('INSERT INTO %1$I.%2$I (%3$s) SELECT %3$s FROM jsonb_populate_record(NULL::%1$I.%2$I, $1)', model, relation,
                   (SELECT string_agg(quote_ident(c.key), ', ') FROM jsonb_object_keys(draft_row) c (key))) USING draft_row;
EXCEPTION WHEN unique_violation THEN
    PERFORM lead_scoring_internal.fail('42710', format('%s already exists in model "%s"', lead_scoring_internal.draft_subject(model, relation, draft_row), model),
        CASE WHEN relation = 'bands' THEN 'An axis has one band of a label, and one of a number of points.'
             WHEN relation IN ('calendar', 'holidays') THEN 'On a day hours begin once, and a day is a holiday once.'
             ELSE 'Names are unique within a model.' END,
        format('SELECT * FROM %I.%I;  -- UPDATE or DELETE its row', model, relation));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.insert_draft_row IS 'Adds a row to a draft table, for the owner of the model only. Raises what its triggers raise, 42710 for a name that is taken.';

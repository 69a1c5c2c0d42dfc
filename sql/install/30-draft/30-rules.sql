-- add_group, add_rule, add_fit_rule, add_band.

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
    PERFORM lead_scoring_internal.insert_draft_row(model, 'rule_groups',
        jsonb_build_object('name', name, 'kind', kind, 'min_points', min_points, 'max_points', max_points));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_group IS 'Implements lead_scoring.add_group, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_group IS 'Adds a group of rules to the draft: kind engagement (rules on events) or fit (rules on the lead); min_points and max_points bound what the group gives. Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none. Every model has the groups engagement and fit. Effective with the next publish.';

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
    max_occurrences integer DEFAULT 1000,
    source text DEFAULT NULL,
    at_least integer DEFAULT NULL,
    within interval DEFAULT NULL,
    distinct_key text DEFAULT NULL,
    keep boolean DEFAULT false,
    quiet_for interval DEFAULT NULL)
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
    max_occurrences integer,
    source text,
    at_least integer,
    within interval,
    distinct_key text,
    keep boolean,
    quiet_for interval)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF event_type IS NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('event_type of rule "%s" is NULL', name), 'A rule on events names the type that matches.',
            'Pass event_type => ''page_view'', ''*'' for any event, or use add_fit_rule for a rule on the lead.');
    END IF;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'rules',
        jsonb_build_object('name', name, 'rule_group', rule_group, 'event_type', event_type, 'condition', condition, 'points', points,
            'per', per, 'decay', decay, 'half_life', half_life, 'lifespan', lifespan, 'drop', "drop", 'step', step,
            'min_points', min_points, 'max_points', max_points, 'limit_count', limit_count, 'limit_window', limit_window,
            'limit_key', limit_key, 'max_occurrences', max_occurrences)
        || jsonb_strip_nulls(jsonb_build_object('source', source, 'at_least', at_least, 'within', within, 'distinct_key', distinct_key, 'quiet_for', quiet_for))
        || CASE WHEN keep IS DISTINCT FROM false THEN jsonb_build_object('keep', keep) ELSE '{}' END);
    PERFORM lead_scoring_internal.compile_rules(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_rule IS 'Implements lead_scoring.add_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_rule IS
'Adds a rule on events to the draft: points, negative ones too, for each event of the type that meets the condition (an immutable SQL expression over the row of the event).
per is a numeric expression by which the points are multiplied. decay: none, exponential (half_life), linear (lifespan), step (drop, a share, with each step) or window (lifespan); intervals in days or smaller units. min_points and max_points bound what the rule gives. limit_count matches at the most count within limit_window (hour, day, week, month, ever), for each limit_key. Effective with the next publish. Linear, step and window rules count the latest max_occurrences matches of a lead. source is where the events come from: by default the source whose events are all of that type, else the only one with a column of types.
event_type * matches all events of its source; of several sources one is to be named where there is an expression, else the events of all match.
With at_least and within, the points are given, once, while so many matches lie within the interval that ends now (each after its beginning, and up to its end); with distinct_key, an SQL expression over the event, so many of its values; with keep, from the first instant on at which they did. With quiet_for they are given while the latest match is older than that; a lead that never matched counts from when it came, as settings.lead_created says, and without that gets none. Both count as matched once, for a stage that requires them, while they give their points. They go with no decay, per, bounds or limits.
Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none, 42704 for an unknown group or source, 22023 where several sources may have such events and none is named, and for an expression what check_expression() raises.';

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
        PERFORM lead_scoring_internal.fail('22004', format('condition of rule "%s" is NULL', name),
            'A rule on the lead gives its points to the leads that meet the condition.', 'Pass condition => ''true'' for all leads.');
    END IF;
    PERFORM lead_scoring_internal.insert_draft_row(model, 'rules',
        jsonb_build_object('name', name, 'rule_group', rule_group, 'condition', condition, 'points', points));
    PERFORM lead_scoring_internal.compile_rules(model, name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_fit_rule IS 'Implements lead_scoring.add_fit_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_fit_rule IS 'Adds a rule on the lead to the draft: points, negative ones too, while the row of the lead meets the condition, an immutable SQL expression over it that reads no status column. Fit does not decay. Effective with the next publish. Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none; 22023 too for a condition that reads a status column, 42704 for an unknown group, and for the condition what check_expression() raises.';

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
    PERFORM lead_scoring_internal.insert_draft_row(model, 'bands',
        jsonb_build_object('axis', axis, 'label', label, 'min_points', min_points));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_band IS 'Implements lead_scoring.add_band, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_band IS 'Adds a band to the draft: from min_points of fit or engagement on (axis), the grade bears this label. A grade is the label of fit followed by the label of engagement. Effective with the next publish. Raises 42710 where the name is taken, 22023 for a value that makes no sense, 22004 for a NULL where there must be none.';

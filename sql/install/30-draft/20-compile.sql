-- What of the draft is checked with the catalog at hand, and becomes part of a version.

CREATE FUNCTION lead_scoring_internal.compile_expression(relation regclass, expression text, kind text, subject text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_compile_expression';
COMMENT ON FUNCTION lead_scoring_internal.compile_expression IS 'The expression as the server deparses it, NULL for NULL; raises what check_expression raises, with the subject in the context.';

CREATE FUNCTION lead_scoring_internal.reads_column(expression text, column_name text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT bare ~ '\.\*' OR EXISTS (
           SELECT FROM regexp_matches(bare, '(?<![.:"\w$])("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)(?![\w$"(.])', 'g') m (token)
            WHERE m.token[1] = quote_ident(column_name))
  FROM (SELECT regexp_replace(expression, '''(?:[^'']|'''')*''|OPERATOR\([^)]*\)', '', 'g')) e (bare)
$$;
COMMENT ON FUNCTION lead_scoring_internal.reads_column IS 'Whether an expression, as deparsed over a single table, reads the column, by itself or with the whole row. There, a column is a name with no dot or cast before it and no parenthesis behind it.';

CREATE FUNCTION lead_scoring_internal.seconds(span interval)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT trim_scale(extract(epoch FROM span))
$$;
COMMENT ON FUNCTION lead_scoring_internal.seconds IS 'Length of an interval in seconds, a day being 86400; NULL for NULL.';

CREATE FUNCTION lead_scoring_internal.check_event_type(events regclass, event_column text, event_type text, subject text)
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
        PERFORM lead_scoring_internal.fail('22023', format('%s waits for events of type "%s", which cannot occur', subject, event_type),
            format('Column "%s" of table %s is an enum of %s.', event_column, events, labels),
            'Name one of these, or add the value to the enum with ALTER TYPE.');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_event_type IS 'Raises 22023 when the type column of events is an enum without such a label.';

CREATE FUNCTION lead_scoring_internal.compile_rule(model text, rule text)
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
        PERFORM lead_scoring_internal.refuse_group(model, r.rule_group, subject);
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);

    is_fit := r.event_type IS NULL;
    IF is_fit <> (r.group_kind = 'fit') THEN
        PERFORM lead_scoring_internal.fail('22023',
            format('%s is about %s, but its group "%s" is of kind %s', subject,
                   CASE WHEN is_fit THEN 'the lead' ELSE 'events' END, r.rule_group, r.group_kind),
            'Rules with an event_type belong to groups of kind engagement, rules without to groups of kind fit.',
            format('SELECT name FROM %I.rule_groups WHERE kind = ''%s'' lists the groups that fit.', model,
                   CASE WHEN is_fit THEN 'fit' ELSE 'engagement' END));
    END IF;
    condition := lead_scoring_internal.compile_expression(CASE WHEN is_fit THEN bound.leads ELSE bound.events END, r.condition,
                                                 'condition', 'condition of ' || subject);
    IF is_fit THEN
        FOR status_column IN SELECT e.value FROM jsonb_each_text(bound.status_columns) e ORDER BY e.value COLLATE "C" LOOP
            IF lead_scoring_internal.reads_column(condition, status_column) THEN
                PERFORM lead_scoring_internal.fail('22023', format('condition of %s reads the status column "%s"', subject, status_column),
                    'The model writes that column from the score, so the score cannot depend on it.',
                    'Use other columns of the lead; requires and falls_below of a stage say what depends on stages.');
            END IF;
        END LOOP;
    ELSE
        PERFORM lead_scoring_internal.check_event_type(bound.events, bound.event_type, r.event_type, subject);
    END IF;

    RETURN to_jsonb(r) - 'group_kind' || jsonb_build_object(
        'condition', condition,
        'per', lead_scoring_internal.compile_expression(bound.events, r.per, 'number', 'per of ' || subject),
        'limit_key', lead_scoring_internal.compile_expression(bound.events, r.limit_key, 'key', 'limit_key of ' || subject),
        'half_life', lead_scoring_internal.seconds(r.half_life),
        'lifespan', lead_scoring_internal.seconds(r.lifespan),
        'step', lead_scoring_internal.seconds(r.step),
        'typed', jsonb_build_object('condition', r.condition, 'per', r.per, 'limit_key', r.limit_key));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_rule IS 'Checks a rule of the draft against its group and the tables of the model, and returns it as a version holds it: expressions deparsed, with the text as typed beside them, intervals in seconds. NULL when there is no such rule.';

CREATE FUNCTION lead_scoring_internal.draft_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_draft_changed';
COMMENT ON FUNCTION lead_scoring_internal.draft_changed IS 'Trigger function of the tables of a draft: has the draft checked at the end of the transaction, as the model''s owner; raises 42501 where a role without his rights writes an expression, a table or a column.';

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
    IF scoring IS NOT TRUE OR (SELECT b.leads IS NULL FROM lead_scoring_internal.binding(model) b) THEN
        RETURN;
    END IF;
    IF everything THEN
        PERFORM lead_scoring_internal.compile_draft(model);
        RETURN;
    END IF;
    FOR rule IN SELECT DISTINCT r COLLATE "C" FROM unnest(rules) r ORDER BY 1 LOOP
        PERFORM lead_scoring_internal.compile_rule(model, rule);
    END LOOP;
    FOR stage IN SELECT DISTINCT s COLLATE "C" FROM unnest(stages) s ORDER BY 1 LOOP
        PERFORM lead_scoring_internal.compile_stages(model, stage);
    END LOOP;
    IF named THEN
        PERFORM lead_scoring_internal.check_stages(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.validate_draft IS 'Refuses at the end of a transaction what could not be published, by the same checks as publish: of these rules and stages, of how stages fit what they name, or of everything. Does nothing while the model is paused or settings has no row, as in a half-restored dump.';

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
    IF labels IS NOT NULL AND event_type <> '*' THEN
        PERFORM lead_scoring_internal.fail('22023', format('%s waits for events of type "%s", which cannot occur', subject, event_type),
            format('Column "%s" of table %s is an enum of %s.', event_column, events, labels),
            'Name one of these, or add the value to the enum with ALTER TYPE.');
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_event_type IS 'Raises 22023 when the type column of events is an enum without such a label.';

CREATE FUNCTION lead_scoring_internal.compile_row(entity text, subject text, draft_row jsonb, leads regclass DEFAULT NULL, events regclass DEFAULT NULL,
                                                  type_column text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waits_for CONSTANT text := (SELECT draft_row ->> f.field FROM lead_scoring_internal.draft_fields f
                                 WHERE f.entity = compile_row.entity AND f.kind = 'event type');
    -- What a model of an older format does not have is left out where it says nothing, so that a version is what it would be without.
    said CONSTANT jsonb := draft_row - ARRAY(SELECT f.field FROM lead_scoring_internal.draft_fields f JOIN lead_scoring_internal.later_parts l ON (l.relation, l.name) = (f.entity, f.field)
                                              WHERE f.entity = compile_row.entity AND coalesce(draft_row ->> f.field, 'false') = 'false');
    unversioned CONSTANT text[] := ARRAY(SELECT f.field FROM lead_scoring_internal.draft_fields f
                                          WHERE f.entity = compile_row.entity AND (f.kind IN ('switch', 'comment') OR f.kind = 'flag' AND draft_row -> f.field IS DISTINCT FROM 'true'));
BEGIN
    IF waits_for IS NOT NULL THEN
        PERFORM lead_scoring_internal.check_event_type(events, type_column, waits_for, subject);
    END IF;
    RETURN (
        SELECT said - unversioned
               || coalesce(jsonb_object_agg(f.field, CASE f.kind
                      WHEN 'interval' THEN CASE WHEN f.field = 'within' AND draft_row -> 'working_time' = 'true' THEN lead_scoring_internal.working_span((draft_row ->> f.field)::interval)
                                           ELSE to_jsonb(lead_scoring_internal.seconds((draft_row ->> f.field)::interval)) END
                      ELSE to_jsonb(lead_scoring_internal.compile_expression(CASE WHEN f.kind = 'condition of features' THEN 'lead_scoring_internal.lead_features' WHEN waits_for IS NULL THEN leads ELSE events END, draft_row ->> f.field,
                                                                    split_part(f.kind, ' ', 1), f.field || ' of ' || subject)) END), '{}')
               || CASE WHEN bool_or(f.is_owners) THEN jsonb_build_object('typed', jsonb_object_agg(f.field, said -> f.field) FILTER (WHERE f.is_owners)) ELSE '{}' END
          FROM lead_scoring_internal.draft_fields f
         WHERE f.entity = compile_row.entity AND f.kind IN ('interval', 'condition', 'number expression', 'key expression', 'condition of features') AND said ? f.field);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_row IS 'A row of a table of the draft, or some fields of it, as a version holds it: expressions deparsed, with the text as typed beside them, intervals in seconds, without what is no part of a version. Raises 22023 for an event type that cannot occur, and what check_expression raises; "subject" is what errors call the row.';

CREATE FUNCTION lead_scoring_internal.refuse_status(status_columns jsonb, expression text, subject text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    status_column text;
BEGIN
    FOR status_column IN SELECT e.value FROM jsonb_each_text(status_columns) e ORDER BY e.value COLLATE "C" LOOP
        IF lead_scoring_internal.reads_column(expression, status_column) THEN
            PERFORM lead_scoring_internal.fail('22023', format('%s reads the status column "%s"', subject, status_column),
                'The model writes that column from the score, so the score cannot depend on it.',
                'Use other columns of the lead; requires and falls_below of a stage say what depends on stages.');
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.refuse_status IS 'Raises 22023 where an expression over leads, as deparsed, reads a status column; "subject" is what the error calls it.';

CREATE FUNCTION lead_scoring_internal.is_enabled(draft_row jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT draft_row ->> 'enabled' IS DISTINCT FROM 'false' $$;
COMMENT ON FUNCTION lead_scoring_internal.is_enabled IS 'Whether a rule of the draft is published; those of a model of an older format all are.';

CREATE FUNCTION lead_scoring_internal.is_of_all_sources(draft_row jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(draft_row ->> 'event_type' = '*', false) AND num_nonnulls(draft_row ->> 'source', draft_row ->> 'condition', draft_row ->> 'per', draft_row ->> 'limit_key', draft_row ->> 'distinct_key') = 0 $$;
COMMENT ON FUNCTION lead_scoring_internal.is_of_all_sources IS 'Whether a rule matches whatever happens: it names neither type nor source, and has no expression, which would be over the rows of one table.';

CREATE FUNCTION lead_scoring_internal.compile_rules(model text, only_rule text DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    r record;
    subject text;
    compiled jsonb;
    sources CONSTANT jsonb := lead_scoring_internal.source_list(model);
    source jsonb;
    rules jsonb[] := '{}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    FOR r IN EXECUTE format('SELECT r.name, r.rule_group, r.event_type IS NULL AS is_fit, g.kind AS group_kind, to_jsonb(r) AS draft_row
                               FROM %1$I.rules r LEFT JOIN %1$I.rule_groups g ON g.name = r.rule_group
                              WHERE ($1 IS NULL OR r.name = $1) AND lead_scoring_internal.is_enabled(to_jsonb(r)) ORDER BY r.name COLLATE "C"', model) USING only_rule LOOP
        subject := format('rule "%s"', r.name);
        -- The foreign key holds in sessions that are no replica's, and as long as nobody drops it.
        IF r.group_kind IS NULL THEN
            PERFORM lead_scoring_internal.refuse_group(model, r.rule_group, subject);
        END IF;
        IF r.is_fit <> (r.group_kind = 'fit') THEN
            PERFORM lead_scoring_internal.fail('22023',
                format('%s is about %s, but its group "%s" is of kind %s', subject,
                       CASE WHEN r.is_fit THEN 'the lead' ELSE 'events' END, r.rule_group, r.group_kind),
                'Rules with an event_type belong to groups of kind engagement, rules without to groups of kind fit.',
                format('SELECT name FROM %I.rule_groups WHERE kind = ''%s'';  -- the groups that fit', model,
                       CASE WHEN r.is_fit THEN 'fit' ELSE 'engagement' END));
        END IF;
        source := CASE WHEN NOT r.is_fit AND NOT lead_scoring_internal.is_of_all_sources(r.draft_row) THEN lead_scoring_internal.resolve_source(model, sources, r.draft_row ->> 'source', r.draft_row ->> 'event_type', 'source', subject) END;
        compiled := lead_scoring_internal.compile_row('rules', subject, r.draft_row, bound.leads, (source ->> 'events')::oid::regclass, source ->> 'event_type');
        IF r.is_fit THEN
            PERFORM lead_scoring_internal.refuse_status(bound.status_columns, compiled ->> 'condition', format('condition of %s', subject));
        END IF;
        rules := rules || lead_scoring_internal.with_source(sources, compiled);
    END LOOP;
    RETURN to_jsonb(rules);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_rules IS 'Checks each rule of the draft that is enabled (or only_rule) against its group and the tables of the model, and returns these as a version holds them, by name.';

CREATE FUNCTION lead_scoring_internal.draft_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_draft_changed';
COMMENT ON FUNCTION lead_scoring_internal.draft_changed IS 'Trigger function of the tables of a draft: has the draft checked at the end of the transaction, as the model''s owner; raises 42501 where a role without his rights writes an expression, a table or a column.';

CREATE FUNCTION lead_scoring_internal.draft_begins() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_draft_begins';
COMMENT ON FUNCTION lead_scoring_internal.draft_begins IS 'Trigger function of the tables of a draft and of report_settings: where the draft is what is published before a transaction''s first statement on it, and not any more at the transaction''s end, a notice says so then.';

CREATE FUNCTION lead_scoring_internal.draft_is_published(model text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_there boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.versions)', model) INTO is_there;
    RETURN is_there AND NOT lead_scoring_internal.draft_differs(model);
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;  -- what is wrong with the model, others say, and it may be just being put right
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_is_published IS 'Whether the draft is what is published; NULL where it cannot be told.';

CREATE FUNCTION lead_scoring_internal.draft_renamed()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'stages' THEN
        EXECUTE format('UPDATE %I.stages SET timeout_stage = $2 WHERE timeout_stage = $1', TG_TABLE_SCHEMA) USING OLD.name, NEW.name;
        IF to_jsonb(NEW) ? 'accepted_stage' THEN  -- not in a model of an older format
            EXECUTE format('UPDATE %I.stages SET accepted_stage = CASE accepted_stage WHEN $1 THEN $2 ELSE accepted_stage END,
                                                  rejected_stage = CASE rejected_stage WHEN $1 THEN $2 ELSE rejected_stage END WHERE $1 IN (accepted_stage, rejected_stage)', TG_TABLE_SCHEMA) USING OLD.name, NEW.name;
        END IF;
        IF to_regclass(format('%I.entries', TG_TABLE_SCHEMA)) IS NOT NULL THEN
            EXECUTE format('UPDATE %I.entries SET stage = $2 WHERE stage = $1', TG_TABLE_SCHEMA) USING OLD.name, NEW.name;
        END IF;
    ELSE
        EXECUTE format('UPDATE %I.stages SET requires = requires - $1 || jsonb_build_object($2, requires -> $1) WHERE requires ? $1', TG_TABLE_SCHEMA)
          USING OLD.name, NEW.name;
        IF to_regclass(format('%I.entries', TG_TABLE_SCHEMA)) IS NOT NULL THEN
            EXECUTE format('UPDATE %I.entries SET requires = requires - $1 || jsonb_build_object($2, requires -> $1) WHERE requires ? $1', TG_TABLE_SCHEMA)
              USING OLD.name, NEW.name;
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_renamed IS 'Trigger function of rules and stages of a draft: what names a row goes by its new name, as a foreign key would have it.';

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
        PERFORM lead_scoring_internal.check_sources(model);
        PERFORM lead_scoring_internal.compile_draft(model);
        RETURN;
    END IF;
    FOR rule IN SELECT DISTINCT r COLLATE "C" FROM unnest(rules) r ORDER BY 1 LOOP
        PERFORM lead_scoring_internal.compile_rules(model, rule);
    END LOOP;
    FOR stage IN SELECT DISTINCT s COLLATE "C" FROM unnest(stages) s ORDER BY 1 LOOP
        PERFORM lead_scoring_internal.compile_stages(model, stage);
    END LOOP;
    IF named THEN
        PERFORM lead_scoring_internal.check_stages(model), lead_scoring_internal.compile_entries(model), lead_scoring_internal.compile_lead_types(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.validate_draft IS 'Refuses at the end of a transaction what could not be published, by the same checks as publish: of these rules and stages, of how stages fit what they name, or of everything. Does nothing while the model is paused or settings has no row, as in a half-restored dump.';

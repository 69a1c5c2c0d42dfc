-- What the report views read besides the model's own tables: report_settings, set_spend, set_revenue.

CREATE FUNCTION lead_scoring.plain_type(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT t.oid, t.typtype, t.typbasetype INTO found FROM pg_type t
     WHERE t.oid = lead_scoring.column_type(relation, column_name, argument);
    WHILE found.typtype = 'd' LOOP
        SELECT t.oid, t.typtype, t.typbasetype INTO found FROM pg_type t WHERE t.oid = found.typbasetype;
    END LOOP;
    RETURN format_type(found.oid, NULL);
END
$$;
COMMENT ON FUNCTION lead_scoring.plain_type IS 'The type of a column, of a domain the type below it; raises 42703 when there is no such column.';

CREATE FUNCTION lead_scoring.time_expression(relation regclass, column_name text, zone text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT text := lead_scoring.plain_type(relation, column_name, argument);
BEGIN
    IF found NOT IN ('date', 'timestamp without time zone', 'timestamp with time zone') THEN
        RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
            MESSAGE = format('column "%s" of table %s has type %s', column_name, relation, found),
            DETAIL = 'A time is a date, a timestamp or a timestamptz.',
            HINT = format('Name another column: %s => ''...''.', argument);
    END IF;
    RETURN CASE found WHEN 'timestamp with time zone'
        THEN format('(CASE WHEN isfinite(r.%1$I) THEN lead_scoring.report_time(r.%1$I::timestamptz) END)', column_name)
        ELSE format('(CASE WHEN isfinite(r.%1$I) THEN LEAST(GREATEST(r.%1$I, %3$L::%5$s), %4$L::%5$s)::timestamp AT TIME ZONE %2$L END)', column_name, zone,
                    '4000-01-01 BC', '200000-01-01', found) END;
END
$$;
COMMENT ON FUNCTION lead_scoring.time_expression IS 'SQL for a time in a column of table r as a timestamptz, NULL where it is infinite, within what report_time says; a date or timestamp is taken as one of the time zone. Raises 42804 for any other type.';

CREATE FUNCTION lead_scoring.amount_expression(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT text := lead_scoring.plain_type(relation, column_name, argument);
BEGIN
    IF found NOT IN ('numeric', 'integer', 'bigint', 'smallint', 'double precision', 'real') THEN
        RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
            MESSAGE = format('column "%s" of table %s has type %s', column_name, relation, found),
            DETAIL = 'An amount is a number; sums are exact where it is a numeric or an integer.',
            HINT = format('Name another column, as in %s => ''amount'', or give a view that casts it to numeric.', argument);
    END IF;
    RETURN format('(CASE WHEN r.%1$I::numeric NOT IN (''NaN'', ''Infinity'', ''-Infinity'') THEN r.%1$I::numeric END)', column_name);
END
$$;
COMMENT ON FUNCTION lead_scoring.amount_expression IS 'SQL for an amount in a column of table r as a numeric, NULL where it is not finite. Raises 42804 for a type that is no number.';

CREATE FUNCTION lead_scoring.read_from_strangers(relation regclass)
RETURNS regclass LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
-- Who may act as the current role has nothing to gain.
WITH RECURSIVE reads (relation, kind, is_own, is_harmless) AS (
    SELECT c.oid, c.relkind, r.oid = c.relowner, true FROM pg_class c JOIN pg_roles r ON r.rolname = current_user WHERE c.oid = relation
    UNION
    SELECT c.oid, c.relkind, m.oid = c.relowner, pg_has_role(c.relowner, m.oid, 'MEMBER')
      FROM reads r
     CROSS JOIN LATERAL (SELECT d.refobjid FROM pg_rewrite w
                           JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
                          WHERE w.ev_class = r.relation AND r.kind = 'v'
                          UNION ALL SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = r.relation) o (relation)
      JOIN pg_class c ON c.oid = o.relation
      JOIN pg_roles m ON m.rolname = current_user
     WHERE r.is_own AND c.relkind NOT IN ('S', 'c'))
SELECT r.relation::regclass FROM reads r WHERE NOT r.is_harmless ORDER BY r.relation LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring.read_from_strangers IS 'A table or view of another role that reading a table or view of the current role would read with it: through views of its own, or as a child or partition. NULL where there is none.';

CREATE FUNCTION lead_scoring.mapped_table(model text, table_name text, argument text)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation CONSTANT regclass := to_regclass(table_name);
    stranger regclass;
BEGIN
    IF relation IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table',
            MESSAGE = format('table %s of model "%s" does not exist', table_name, model),
            DETAIL = format('The model''s report_settings name it as %s.', argument),
            HINT = format('UPDATE %I.report_settings SET %s = ''schema.name'' if it was renamed.', model, argument);
    END IF;
    IF (SELECT c.relpersistence = 't' FROM pg_class c WHERE c.oid = relation) THEN
        RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
            MESSAGE = format('table %s of model "%s" is temporary', relation, model),
            DETAIL = 'Other sessions cannot read it, and it is gone with this one.',
            HINT = format('CREATE TABLE public.%1$s AS TABLE pg_temp.%1$s, and name that one.', relation);
    END IF;
    PERFORM lead_scoring_internal.require_readable(relation);
    stranger := lead_scoring.read_from_strangers(relation);
    IF stranger IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s of model "%s" reads table %s, which belongs to another role than the model''s owner', relation, model, stranger),
            DETAIL = 'A query on it runs what that role has put into its indexes and statistics, with the rights of the model''s owner.',
            HINT = format('Name table %s itself as %s, or a materialized view in the place of %s.', stranger, argument, relation);
    END IF;
    IF relation IS DISTINCT FROM to_regclass(table_name) THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
            MESSAGE = format('table %s of model "%s" was swapped while it was looked at', table_name, model),
            DETAIL = 'What was looked at is to be what is used.',
            HINT = 'Run the statement again.';
    END IF;
    RETURN relation;
END
$$;
COMMENT ON FUNCTION lead_scoring.mapped_table IS 'The table that a column of report_settings names; raises 42P01 when it is gone, 42809 when it is temporary, 42501 when another role''s code would run with it.';

CREATE FUNCTION lead_scoring.mapped_rows(model text, relation regclass, VARIADIC columns text[])
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN c.relowner = (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user) THEN format('%s r', relation)
            ELSE (SELECT format('lead_scoring_internal.stranger_rows(%L, %L::oid, %s) r (%s)', model, relation::oid,
                                string_agg(format('%L', a.attname), ', ' ORDER BY a.attnum),
                                string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum))
                    FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (columns)) END
  FROM pg_class c WHERE c.oid = relation
$$;
COMMENT ON FUNCTION lead_scoring.mapped_rows IS 'What stands behind FROM to read these columns of a table that report_settings name, as r: the table itself where it is the model''s owner''s, else stranger_rows.';

CREATE FUNCTION lead_scoring.touch_key(events regclass, expression text, subject text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
-- The labels of an enum may be renamed, so that the server does not take its text for immutable; no setting changes it.
SELECT CASE WHEN EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                          WHERE a.attrelid = events AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'e' AND quote_ident(a.attname) = expression)
            THEN expression ELSE lead_scoring.compile_expression(events, expression, 'key', subject) END
$$;
COMMENT ON FUNCTION lead_scoring.touch_key IS 'The expression that names the channel or asset of an event, as the server deparses it: a column that is an enum, or else raises what check_expression raises.';

CREATE FUNCTION lead_scoring.check_report_settings()
RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.check_report_settings()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    relation regclass;
    key_type text;
    stage text;
BEGIN
    SELECT * INTO bound FROM lead_scoring.binding(TG_TABLE_SCHEMA);
    IF num_nulls(NEW.spend_table, NEW.spend_campaign, NEW.spend_date, NEW.spend_amount) = 0 THEN
        relation := lead_scoring.mapped_table(TG_TABLE_SCHEMA, NEW.spend_table, 'spend_table');
        PERFORM lead_scoring.column_type(relation, NEW.spend_campaign, 'campaign'),
                lead_scoring.time_expression(relation, NEW.spend_date, 'UTC', 'spent_on'),
                lead_scoring.amount_expression(relation, NEW.spend_amount, 'amount'),
                CASE WHEN NEW.spend_channel IS NOT NULL THEN lead_scoring.column_type(relation, NEW.spend_channel, 'channel') END;
    END IF;
    IF num_nulls(NEW.revenue_table, NEW.revenue_lead, NEW.revenue_date, NEW.revenue_amount) = 0 THEN
        relation := lead_scoring.mapped_table(TG_TABLE_SCHEMA, NEW.revenue_table, 'revenue_table');
        key_type := lead_scoring.plain_type(format('%I.scores', TG_TABLE_SCHEMA)::regclass, 'lead_id', 'lead');
        IF replace(lead_scoring.plain_type(relation, NEW.revenue_lead, 'lead'), 'character varying', 'text') <> key_type THEN
            RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
                MESSAGE = format('column "%s" of table %s has type %s, but the leads'' key has type %s', NEW.revenue_lead, relation,
                                 lead_scoring.plain_type(relation, NEW.revenue_lead, 'lead'), key_type),
                DETAIL = 'Revenue names its lead by the very key of the leads table.',
                HINT = 'Name another column: lead => ''lead_id''.';
        END IF;
        PERFORM lead_scoring.time_expression(relation, NEW.revenue_date, 'UTC', 'earned_on'),
                lead_scoring.amount_expression(relation, NEW.revenue_amount, 'amount');
    END IF;
    IF NEW.lead_created IS NOT NULL THEN
        PERFORM lead_scoring.time_expression(bound.leads, NEW.lead_created, 'UTC', 'lead_created');
    END IF;
    NEW.event_channel := lead_scoring.touch_key(bound.events, NEW.event_channel, 'event_channel');
    NEW.event_asset := lead_scoring.touch_key(bound.events, NEW.event_asset, 'event_asset');
    FOREACH stage IN ARRAY array_remove(ARRAY[NEW.mql_stage, NEW.sql_stage, NEW.customer_stage], NULL) LOOP
        EXECUTE format('SELECT s.name FROM %I.stages s WHERE s.name = $1 AND s.kind = ''progress''', TG_TABLE_SCHEMA) INTO stage USING stage;
        IF stage IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'undefined_object',
                MESSAGE = format('report_settings of model "%s" name a stage that is none', TG_TABLE_SCHEMA),
                DETAIL = 'mql_stage, sql_stage and customer_stage are progress stages.',
                HINT = format('SELECT name FROM %I.stages WHERE kind = ''progress'';', TG_TABLE_SCHEMA);
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_report_settings IS 'Implements lead_scoring.check_report_settings, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.check_report_settings IS 'Trigger of report_settings: raises when it names a table, column or stage that is not there (42P01, 42703, 42704), a temporary table (42809) or a type that does not do (42804), what check_expression raises, and 42501 where a role without the rights of the model''s owner writes one of these; writes expressions as the server deparses them.';

CREATE FUNCTION lead_scoring.change_report_settings(model text, changes jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF current_setting('session_replication_role') = 'replica' THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('report_settings of model "%s" cannot be changed by a replica''s session', model),
            DETAIL = 'The trigger that checks them does not fire there.',
            HINT = 'SET session_replication_role = origin;';
    END IF;
    EXECUTE format('INSERT INTO %1$I.report_settings (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.report_settings, $1)
                    ON CONFLICT (only_row) DO UPDATE SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.report_settings, $1))',
                   model, (SELECT string_agg(quote_ident(c.key), ', ') FROM jsonb_object_keys(changes) c (key))) USING changes;
END
$$;
COMMENT ON FUNCTION lead_scoring.change_report_settings IS 'Sets these columns of a model''s report_settings; for its owner only.';

CREATE FUNCTION lead_scoring.require_columns(function_name text, example text, VARIADIC columns text[])
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF array_position(columns, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('an argument of %s is NULL', function_name),
            DETAIL = 'Each names a column of the table.',
            HINT = example;
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.require_columns IS 'Raises 22004 when one of the columns is NULL; "example" is the hint.';

CREATE FUNCTION lead_scoring.set_spend(model text, spend_table regclass, campaign text DEFAULT 'campaign', spent_on text DEFAULT 'spent_on',
                                       amount text DEFAULT 'amount', channel text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_spend(model text, spend_table regclass, campaign text, spent_on text,
                                       amount text, channel text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF spend_table IS NOT NULL THEN
        PERFORM lead_scoring.require_columns('set_spend',
            format('SELECT lead_scoring.set_spend(%L, %L, campaign => ''campaign'', spent_on => ''spent_on'', amount => ''amount'');', model, spend_table),
            campaign, spent_on, amount);
    END IF;
    PERFORM lead_scoring.change_report_settings(model, jsonb_build_object('spend_table', spend_table::text,
        'spend_campaign', CASE WHEN spend_table IS NOT NULL THEN campaign END,
        'spend_date', CASE WHEN spend_table IS NOT NULL THEN spent_on END,
        'spend_amount', CASE WHEN spend_table IS NOT NULL THEN amount END,
        'spend_channel', CASE WHEN spend_table IS NOT NULL THEN channel END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_spend IS 'Implements lead_scoring.set_spend, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_spend IS 'Names the table or view from which reports read what was spent: its columns of campaign (any type), day (date, timestamp or timestamptz), amount (a number; NULL and NaN count as nothing) and, optionally, channel. NULL as the table unmaps it. A table of another role is read without a plan, so that nothing of that role''s runs as the model''s owner. For the model''s owner only. Raises 42501 where that cannot be, 42703 for an unknown column, 42804 for a type that does not do.';

CREATE FUNCTION lead_scoring.set_revenue(model text, revenue_table regclass, lead text DEFAULT 'lead_id', earned_on text DEFAULT 'earned_on',
                                         amount text DEFAULT 'amount')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_revenue(model text, revenue_table regclass, lead text, earned_on text,
                                         amount text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF revenue_table IS NOT NULL THEN
        PERFORM lead_scoring.require_columns('set_revenue',
            format('SELECT lead_scoring.set_revenue(%L, %L, lead => ''lead_id'', earned_on => ''earned_on'', amount => ''amount'');', model, revenue_table),
            lead, earned_on, amount);
    END IF;
    PERFORM lead_scoring.change_report_settings(model, jsonb_build_object('revenue_table', revenue_table::text,
        'revenue_lead', CASE WHEN revenue_table IS NOT NULL THEN lead END,
        'revenue_date', CASE WHEN revenue_table IS NOT NULL THEN earned_on END,
        'revenue_amount', CASE WHEN revenue_table IS NOT NULL THEN amount END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_revenue IS 'Implements lead_scoring.set_revenue, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_revenue IS 'Names the table or view from which reports read what leads brought in: its columns of the lead''s key, day (date, timestamp or timestamptz) and amount (a number; NULL and NaN count as nothing). Revenue of nobody in the leads table is left out. NULL as the table unmaps it. A table of another role is read without a plan, so that nothing of that role''s runs as the model''s owner. For the model''s owner only. Raises 42501 where that cannot be, 42703 for an unknown column, 42804 for a type that does not do.';

-- What the report views read besides the model's own tables: report_settings, set_spend, set_revenue.

CREATE FUNCTION lead_scoring_internal.plain_type(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT lead_scoring_internal.base_type(lead_scoring_internal.column_type(relation, column_name, argument))::text $$;
COMMENT ON FUNCTION lead_scoring_internal.plain_type IS 'The type of a column, of a domain the type below it; raises 42703 when there is no such column.';

CREATE FUNCTION lead_scoring_internal.time_expression(relation regclass, column_name text, zone text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT text := lead_scoring_internal.plain_type(relation, column_name, argument);
BEGIN
    IF found NOT IN ('date', 'timestamp without time zone', 'timestamp with time zone') THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', column_name, relation, found),
            'A time is a date, a timestamp or a timestamptz.', format('Name another column: %s => ''...''.', argument));
    END IF;
    RETURN CASE found WHEN 'timestamp with time zone'
        THEN format('(CASE WHEN isfinite(r.%1$I) THEN lead_scoring_internal.report_time(r.%1$I::timestamptz) END)', column_name)
        ELSE lead_scoring_internal.fill(
            '(CASE WHEN isfinite(r.{column}) THEN LEAST(GREATEST(r.{column}, ''4000-01-01 BC''::{!type}), ''200000-01-01''::{!type})::timestamp AT TIME ZONE {''zone''} END)',
            jsonb_build_object('column', column_name, 'type', found, 'zone', zone)) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.time_expression IS 'SQL for a time in a column of table r as a timestamptz, NULL where it is infinite, within what report_time says; a date or timestamp is taken as one of the time zone. Raises 42804 for any other type.';

CREATE FUNCTION lead_scoring_internal.amount_expression(relation regclass, column_name text, argument text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT text := lead_scoring_internal.plain_type(relation, column_name, argument);
BEGIN
    IF found NOT IN ('numeric', 'integer', 'bigint', 'smallint', 'double precision', 'real') THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', column_name, relation, found),
            'An amount is a number; sums are exact where it is a numeric or an integer.',
            format('Name another column, as in %s => ''amount'', or give a view that casts it to numeric.', argument));
    END IF;
    RETURN format('(CASE WHEN r.%1$I::numeric NOT IN (''NaN'', ''Infinity'', ''-Infinity'') THEN r.%1$I::numeric END)', column_name);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.amount_expression IS 'SQL for an amount in a column of table r as a numeric, NULL where it is not finite. Raises 42804 for a type that is no number.';

CREATE FUNCTION lead_scoring_internal.read_from_strangers(relation regclass)
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
COMMENT ON FUNCTION lead_scoring_internal.read_from_strangers IS 'A table or view of another role that reading a table or view of the current role would read with it: through views of its own, or as a child or partition. NULL where there is none.';

CREATE FUNCTION lead_scoring_internal.mapped_table(model text, table_name text, argument text)
RETURNS regclass LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation CONSTANT regclass := to_regclass(table_name);
    stranger regclass;
BEGIN
    IF relation IS NULL THEN
        PERFORM lead_scoring_internal.fail('42P01', format('table %s of model "%s" does not exist', table_name, model),
            format('The model''s report_settings name it as %s.', argument),
            format('SELECT lead_scoring.set_%s(%L, NULL);  -- or name the table that it is now', split_part(argument, '_', 1), model));
    END IF;
    IF (SELECT c.relpersistence = 't' FROM pg_class c WHERE c.oid = relation) THEN
        PERFORM lead_scoring_internal.fail('42809', format('table %s of model "%s" is temporary', relation, model),
            'Other sessions cannot read it, and it is gone with this one.',
            format('Name one that stays, as CREATE TABLE public.%1$s AS TABLE pg_temp.%1$s makes it.', relation));
    END IF;
    PERFORM lead_scoring_internal.require_readable(relation);
    stranger := lead_scoring_internal.read_from_strangers(relation);
    IF stranger IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42501',
            format('%s of model "%s" reads table %s, which belongs to another role than the model''s owner', relation, model, stranger),
            'A query on it runs what that role has put into its indexes and statistics, with the rights of the model''s owner.',
            format('Name table %s itself as %s, or a materialized view in the place of %s.', stranger, argument, relation));
    END IF;
    IF relation IS DISTINCT FROM to_regclass(table_name) THEN
        PERFORM lead_scoring_internal.fail('40001', format('table %s of model "%s" was swapped while it was looked at', table_name, model),
            'What was looked at is to be what is used.', 'Run the statement again.');
    END IF;
    RETURN relation;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.mapped_table IS 'The table that a column of report_settings names; raises 42P01 when it is gone, 42809 when it is temporary, 42501 when another role''s code would run with it.';

CREATE FUNCTION lead_scoring_internal.mapped_rows(model text, relation regclass, VARIADIC columns text[])
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN c.relowner = (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user) THEN format('%s r', relation)
            ELSE (SELECT lead_scoring_internal.fill('lead_scoring_internal.stranger_rows({''model''}, {''relation''}::oid, {!columns}) r ({!definitions})',
                        jsonb_build_object('model', model, 'relation', relation::oid,
                            'columns', string_agg(quote_literal(a.attname), ', ' ORDER BY a.attnum),
                            'definitions', string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)))
                    FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (columns)) END
  FROM pg_class c WHERE c.oid = relation
$$;
COMMENT ON FUNCTION lead_scoring_internal.mapped_rows IS 'What stands behind FROM to read these columns of a table that report_settings name, as r: the table itself where it is the model''s owner''s, else stranger_rows.';

CREATE FUNCTION lead_scoring_internal.report_key(relation regclass, expression text, subject text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
-- The labels of an enum may be renamed, so that the server does not take its text for immutable; no setting changes it.
SELECT CASE WHEN EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                          WHERE a.attrelid = report_key.relation AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'e' AND quote_ident(a.attname) = expression)
            THEN expression ELSE lead_scoring_internal.compile_expression(relation, expression, 'key', subject) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.report_key IS 'The expression that names the channel or asset of an event, or a dimension of a lead, as the server deparses it: a column that is an enum, or else raises what check_expression raises.';

-- What a draft says of leads: when they came, which of them count, and whose people they are.

CREATE FUNCTION lead_scoring_internal.draft_leads(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN num_nonnulls(s.settings ->> 'lead_created', s.settings ->> 'lead_condition', s.settings ->> 'lead_account') = 0 THEN '{}'
            ELSE jsonb_strip_nulls(jsonb_build_object('format', 2, 'lead_created', s.settings -> 'lead_created', 'lead_condition', s.settings -> 'lead_condition', 'lead_account', s.settings -> 'lead_account'))
                 || coalesce((SELECT jsonb_build_object('typed', jsonb_object_agg(f.field, s.settings -> f.field)) FROM unnest('{lead_condition,lead_account}'::text[]) f (field)
                               WHERE s.settings ->> f.field IS NOT NULL HAVING count(*) > 0), '{}') END
  FROM lead_scoring_internal.settings_row(model) s (settings)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_leads IS 'What the next version says of leads, as a part of its definition: the column that says when they came, the condition of those that count, and the account that they belong to, as these were typed. Empty where it says none of it, as does every model of an older format.';

CREATE FUNCTION lead_scoring_internal.time_columns(leads regclass)
RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') FROM pg_attribute a
 WHERE a.attrelid = leads AND a.attnum > 0 AND NOT a.attisdropped
   AND lead_scoring_internal.base_type(a.atttypid::regtype) IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
$$;
COMMENT ON FUNCTION lead_scoring_internal.time_columns IS 'The columns of the leads table that hold a time.';

CREATE FUNCTION lead_scoring_internal.check_lead_created(model text, leads regclass, column_name text, status_columns jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statuses CONSTANT text[] := ARRAY(SELECT e.value FROM jsonb_each_text(status_columns) e);
    times CONSTANT text[] := ARRAY(SELECT t FROM unnest(lead_scoring_internal.time_columns(leads)) WITH ORDINALITY u (t, place) WHERE t <> ALL (statuses) ORDER BY place);
    found regtype;
    nearest CONSTANT text := coalesce(lead_scoring_internal.nearest_name(column_name, times), times[1]);
    hint CONSTANT text := format('UPDATE %I.settings SET lead_created = %L;', model, nearest);
    detail CONSTANT text := format('settings.lead_created of model "%s" names it as the column that says when a lead came.', model);
BEGIN
    SELECT lead_scoring_internal.base_type(a.atttypid::regtype) INTO found FROM pg_attribute a
     WHERE a.attrelid = leads AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
    IF found IS NULL THEN
        PERFORM lead_scoring_internal.fail('42703', format('column "%s" of table %s does not exist', column_name, leads), detail, hint);
    ELSIF found NOT IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN
        PERFORM lead_scoring_internal.fail('42804', format('column "%s" of table %s has type %s', column_name, leads, found),
            detail || ' That is a date, a timestamp or a timestamptz.', hint);
    ELSIF column_name = ANY (statuses) THEN
        PERFORM lead_scoring_internal.fail('22023', format('lead_created of model "%s" is the status column "%s"', model, column_name),
            'The model writes that column itself.', hint);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_lead_created IS 'Raises unless leads can be dated by that column: 42703 where it is not there, 42804 where it holds no time, 22023 where it is a status column.';

CREATE FUNCTION lead_scoring_internal.compile_leads(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    draft CONSTANT jsonb := lead_scoring_internal.draft_leads(model);
    subject CONSTANT text := format('lead_condition of model "%s"', model);
    condition text;
    account text;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF draft ? 'lead_created' THEN
        PERFORM lead_scoring_internal.check_lead_created(model, bound.leads, draft ->> 'lead_created', bound.status_columns);
    END IF;
    IF draft ? 'lead_condition' THEN
        condition := lead_scoring_internal.compile_expression(bound.leads, draft ->> 'lead_condition', 'condition', subject);
        PERFORM lead_scoring_internal.refuse_status(bound.status_columns, condition, subject);
    END IF;
    IF draft ? 'lead_account' THEN
        account := lead_scoring_internal.compile_expression(bound.leads, draft ->> 'lead_account', 'key', format('lead_account of model "%s"', model));
        PERFORM lead_scoring_internal.refuse_status(bound.status_columns, account, format('lead_account of model "%s"', model));
    END IF;
    RETURN draft || jsonb_strip_nulls(jsonb_build_object('lead_condition', condition, 'lead_account', account));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_leads IS 'What draft_leads says, checked against the leads table, condition and account as the server deparses them; raises what check_lead_created, check_expression and refuse_status raise.';

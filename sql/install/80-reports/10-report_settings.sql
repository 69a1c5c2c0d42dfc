-- report_settings, set_spend, set_revenue.

CREATE FUNCTION lead_scoring_internal.own_dimensions()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{campaign,channel,lead_type}'::text[] $$;
COMMENT ON FUNCTION lead_scoring_internal.own_dimensions IS 'The dimensions that reports know by themselves.';

CREATE FUNCTION lead_scoring_internal.are_dimensions(dimensions jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN jsonb_typeof(dimensions) = 'object'
            THEN NOT EXISTS (SELECT FROM jsonb_each(dimensions) d
                              WHERE jsonb_typeof(d.value) <> 'string' OR octet_length(d.key) NOT BETWEEN 1 AND 63 OR d.key = ANY (lead_scoring_internal.own_dimensions()))
            ELSE false END
$$;
COMMENT ON FUNCTION lead_scoring_internal.are_dimensions IS 'Whether it is an object of names, none of which is one of own_dimensions, and texts.';

CREATE FUNCTION lead_scoring_internal.weekdays()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'::text[] $$;
COMMENT ON FUNCTION lead_scoring_internal.weekdays IS 'The days that a week may begin on.';

CREATE FUNCTION lead_scoring_internal.check_report_settings_as_owner()
RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.check_report_settings()
RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known jsonb;
    bound record;
    relation regclass;
    key_type text;
    stage text;
    stages text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(TG_TABLE_SCHEMA);
    EXECUTE lead_scoring_internal.known_fields(TG_RELID) INTO known USING NEW;
    PERFORM lead_scoring_internal.check_draft_values(TG_TABLE_SCHEMA, TG_TABLE_NAME, known);
    SELECT * INTO bound FROM lead_scoring_internal.binding(TG_TABLE_SCHEMA);
    IF num_nulls(NEW.spend_table, NEW.spend_campaign, NEW.spend_date, NEW.spend_amount) = 0 THEN
        relation := lead_scoring_internal.mapped_table(TG_TABLE_SCHEMA, NEW.spend_table, 'spend_table');
        PERFORM lead_scoring_internal.column_type(relation, NEW.spend_campaign, 'campaign'),
                lead_scoring_internal.time_expression(relation, NEW.spend_date, 'UTC', 'spent_on'),
                lead_scoring_internal.amount_expression(relation, NEW.spend_amount, 'amount'),
                CASE WHEN NEW.spend_channel IS NOT NULL THEN lead_scoring_internal.column_type(relation, NEW.spend_channel, 'channel') END;
    END IF;
    IF num_nulls(NEW.revenue_table, NEW.revenue_lead, NEW.revenue_date, NEW.revenue_amount) = 0 THEN
        relation := lead_scoring_internal.mapped_table(TG_TABLE_SCHEMA, NEW.revenue_table, 'revenue_table');
        key_type := lead_scoring_internal.plain_type(format('%I.scores', TG_TABLE_SCHEMA)::regclass, 'lead_id', 'lead');
        IF replace(lead_scoring_internal.plain_type(relation, NEW.revenue_lead, 'lead'), 'character varying', 'text') <> key_type THEN
            PERFORM lead_scoring_internal.fail('42804',
                format('column "%s" of table %s has type %s, but the leads'' key has type %s', NEW.revenue_lead, relation,
                       lead_scoring_internal.plain_type(relation, NEW.revenue_lead, 'lead'), key_type),
                'Revenue names its lead by the very key of the leads table.', 'Name another column: lead => ''lead_id''.');
        END IF;
        PERFORM lead_scoring_internal.time_expression(relation, NEW.revenue_date, 'UTC', 'earned_on'),
                lead_scoring_internal.amount_expression(relation, NEW.revenue_amount, 'amount');
    END IF;
    IF NEW.lead_created IS NOT NULL THEN
        PERFORM lead_scoring_internal.time_expression(bound.leads, NEW.lead_created, 'UTC', 'lead_created');
    END IF;
    NEW.event_channel := lead_scoring_internal.report_key(bound.events, NEW.event_channel, 'event_channel');
    NEW.event_asset := lead_scoring_internal.report_key(bound.events, NEW.event_asset, 'event_asset');
    NEW.dimensions := (SELECT coalesce(jsonb_object_agg(d.key, lead_scoring_internal.report_key(bound.leads, d.value, format('dimensions "%s"', d.key))), '{}')
                         FROM jsonb_each_text(NEW.dimensions) d);
    FOREACH stage IN ARRAY array_remove(ARRAY[NEW.mql_stage, NEW.sql_stage, NEW.customer_stage], NULL) LOOP
        EXECUTE format('SELECT array_agg(s.name) FROM %I.stages s WHERE s.kind = ''progress''', TG_TABLE_SCHEMA) INTO stages;
        IF stage = ANY (stages) IS NOT TRUE THEN
            PERFORM lead_scoring_internal.fail('42704', format('report_settings of model "%s" name a stage that is none', TG_TABLE_SCHEMA),
                'mql_stage, sql_stage and customer_stage are progress stages.',
                format('SELECT name FROM %I.stages WHERE kind = ''progress'';', TG_TABLE_SCHEMA) || lead_scoring_internal.perhaps(stage, stages));
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.check_report_settings IS 'Implements lead_scoring_internal.check_report_settings_as_owner, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring_internal.check_report_settings_as_owner IS 'Trigger of report_settings: raises when it names a table, column or stage that is not there (42P01, 42703, 42704), a temporary table (42809) or a type that does not do (42804), what check_expression raises, and 42501 where a role without the rights of the model''s owner writes one of these; writes expressions as the server deparses them.';

CREATE FUNCTION lead_scoring_internal.report_settings_updated() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_report_settings_updated';
COMMENT ON FUNCTION lead_scoring_internal.report_settings_updated IS 'Trigger of report_settings: raises 55000 when an UPDATE is over and there is no row, which it could only leave out.';

CREATE FUNCTION lead_scoring_internal.change_report_settings(model text, changes jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF current_setting('session_replication_role') = 'replica' THEN
        PERFORM lead_scoring_internal.fail('55000', format('report_settings of model "%s" cannot be changed by a replica''s session', model),
            'The trigger that checks them does not fire there.', 'SET session_replication_role = origin;');
    END IF;
    EXECUTE format('INSERT INTO %1$I.report_settings (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.report_settings, $1)
                    ON CONFLICT (only_row) DO UPDATE SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.report_settings, $1))',
                   model, (SELECT string_agg(quote_ident(c.key), ', ') FROM jsonb_object_keys(changes) c (key))) USING changes;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.change_report_settings IS 'Sets these columns of a model''s report_settings; for its owner only.';

CREATE FUNCTION lead_scoring_internal.require_columns(function_name text, example text, VARIADIC columns text[])
RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF array_position(columns, NULL) IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22004', format('an argument of %s is NULL', function_name), 'Each names a column of the table.', example);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.require_columns IS 'Raises 22004 when one of the columns is NULL; "example" is the hint.';

CREATE FUNCTION lead_scoring.set_spend(model text, spend_table regclass, campaign text DEFAULT 'campaign', spent_on text DEFAULT 'spent_on',
                                       amount text DEFAULT 'amount', channel text DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_spend(model text, spend_table regclass, campaign text, spent_on text,
                                       amount text, channel text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF spend_table IS NOT NULL THEN
        PERFORM lead_scoring_internal.require_columns('set_spend',
            'For example campaign => ''campaign'', spent_on => ''spent_on'', amount => ''amount''.',
            campaign, spent_on, amount);
    END IF;
    PERFORM lead_scoring_internal.change_report_settings(model, jsonb_build_object('spend_table', spend_table::text,
        'spend_campaign', CASE WHEN spend_table IS NOT NULL THEN campaign END,
        'spend_date', CASE WHEN spend_table IS NOT NULL THEN spent_on END,
        'spend_amount', CASE WHEN spend_table IS NOT NULL THEN amount END,
        'spend_channel', CASE WHEN spend_table IS NOT NULL THEN channel END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_spend IS 'Implements lead_scoring.set_spend, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_spend IS 'Names the table or view from which reports read what was spent: its columns of campaign (any type), day (date, timestamp or timestamptz), amount (a number; NULL and NaN count as nothing) and, optionally, channel. NULL as the table unmaps it. A table of another role, which grants SELECT to the model''s owner, is read row by row and without a plan, so that nothing which that role puts into its indexes or statistics runs as the model''s owner. For the model''s owner only. Raises 42501 where that cannot be: it is no ordinary table or materialized view, has row security, children, columns of types that are not the server''s own or columns computed when read, or is a view of the owner''s over tables of other roles. Raises 42703 for an unknown column, 42804 for a type that does not do, 42809 for a temporary table, 22004 for a NULL.';

CREATE FUNCTION lead_scoring.set_revenue(model text, revenue_table regclass, lead text DEFAULT 'lead_id', earned_on text DEFAULT 'earned_on',
                                         amount text DEFAULT 'amount')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_revenue(model text, revenue_table regclass, lead text, earned_on text,
                                         amount text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF revenue_table IS NOT NULL THEN
        PERFORM lead_scoring_internal.require_columns('set_revenue',
            'For example lead => ''lead_id'', earned_on => ''earned_on'', amount => ''amount''.',
            lead, earned_on, amount);
    END IF;
    PERFORM lead_scoring_internal.change_report_settings(model, jsonb_build_object('revenue_table', revenue_table::text,
        'revenue_lead', CASE WHEN revenue_table IS NOT NULL THEN lead END,
        'revenue_date', CASE WHEN revenue_table IS NOT NULL THEN earned_on END,
        'revenue_amount', CASE WHEN revenue_table IS NOT NULL THEN amount END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_revenue IS 'Implements lead_scoring.set_revenue, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_revenue IS 'Names the table or view from which reports read what leads brought in: its columns of the lead''s key, day (date, timestamp or timestamptz) and amount (a number; NULL and NaN count as nothing). Revenue of nobody in the leads table is left out. NULL as the table unmaps it. A table of another role, which grants SELECT to the model''s owner, is read row by row and without a plan, so that nothing which that role puts into its indexes or statistics runs as the model''s owner. For the model''s owner only. Raises 42501 where that cannot be: it is no ordinary table or materialized view, has row security, children, columns of types that are not the server''s own or columns computed when read, or is a view of the owner''s over tables of other roles. Raises 42703 for an unknown column, 42804 for a type that does not do, 42809 for a temporary table, 22004 for a NULL.';

-- The report "campaigns": what campaigns cost and brought, by period.

CREATE FUNCTION lead_scoring_internal.spend_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass;
BEGIN
    IF settings ->> 'spend_table' IS NULL THEN
        RETURN 'SELECT NULL::text AS campaign, NULL::text AS channel, NULL::timestamptz AS at, NULL::numeric AS amount WHERE false';
    END IF;
    relation := lead_scoring_internal.mapped_table(model, settings ->> 'spend_table', 'spend_table');
    PERFORM lead_scoring_internal.column_type(relation, settings ->> 'spend_campaign', 'campaign'),
            CASE WHEN settings ->> 'spend_channel' IS NOT NULL THEN lead_scoring_internal.column_type(relation, settings ->> 'spend_channel', 'channel') END;
    RETURN lead_scoring_internal.fill('SELECT nullif(r.{campaign}::text, '''') AS campaign, {!channel} AS channel, {!time} AS at, {!amount} AS amount FROM {!rows} WHERE ({!time} <= $1) IS NOT FALSE',
        jsonb_build_object('campaign', settings ->> 'spend_campaign',
            'channel', CASE WHEN settings ->> 'spend_channel' IS NULL THEN 'NULL::text' ELSE format('nullif(r.%I::text, '''')', settings ->> 'spend_channel') END,
            'time', lead_scoring_internal.time_expression(relation, settings ->> 'spend_date', settings ->> 'time_zone', 'spent_on'),
            'amount', lead_scoring_internal.amount_expression(relation, settings ->> 'spend_amount', 'amount'),
            'rows', lead_scoring_internal.mapped_rows(model, relation, settings ->> 'spend_campaign', settings ->> 'spend_date', settings ->> 'spend_amount', settings ->> 'spend_channel')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.spend_rows IS 'SQL that gives what was spent up to parameter 1, or at no known time: campaign, channel, at, amount. Raises 42P01, 42703 or 42804 where the table has changed.';

CREATE FUNCTION lead_scoring_internal.spend_dimension(settings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE settings #>> '{by,kind}' WHEN 'campaign' THEN 't.campaign COLLATE "C"' WHEN 'channel' THEN 't.channel COLLATE "C"' ELSE 'NULL::text' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.spend_dimension IS 'SQL for the dimension of a row t of spend_rows: of spend the campaign and the channel are known, and no lead.';

CREATE FUNCTION lead_scoring_internal.revenue_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    customer CONSTANT text := settings -> 'stages' ->> ((settings ->> 'customer')::integer - 1);
    relation regclass;
BEGIN
    IF settings ->> 'revenue_table' IS NULL THEN
        RETURN format('SELECT NULL::%s AS lead_id, NULL::timestamptz AS at, NULL::numeric AS amount WHERE false', lead_scoring_internal.key_type(model));
    END IF;
    relation := lead_scoring_internal.mapped_table(model, settings ->> 'revenue_table', 'revenue_table');
    PERFORM lead_scoring_internal.column_type(relation, settings ->> 'revenue_lead', 'lead');
    RETURN lead_scoring_internal.fill('SELECT coalesce(m.lead_id, r.{lead}) AS lead_id, {!time} AS at, {!amount} AS amount FROM {!rows} LEFT JOIN {model}.merged m ON m.merged_from = r.{lead} WHERE ({!time} <= $1) IS NOT FALSE{!won}',
        jsonb_build_object('lead', settings ->> 'revenue_lead',
            'won', CASE WHEN customer IS NOT NULL AND lead_scoring_internal.undone_rows(model, ARRAY[customer]) IS NOT NULL THEN
                lead_scoring_internal.fill(' AND (EXISTS (SELECT FROM ({!moves}) t WHERE t.lead_id = coalesce(m.lead_id, r.{lead}) AND t.to_stage = {''customer''} AND t.at <= $1)
                    OR NOT EXISTS (SELECT FROM {model}.transitions t WHERE t.lead_id = coalesce(m.lead_id, r.{lead}) AND t.to_stage = {''customer''} AND t.undone_at <= $1 AND NOT t.superseded))',
                    jsonb_build_object('moves', lead_scoring_internal.move_rows(model, '$1'), 'lead', settings ->> 'revenue_lead', 'customer', customer, 'model', model)) END,
            'time', lead_scoring_internal.time_expression(relation, settings ->> 'revenue_date', settings ->> 'time_zone', 'earned_on'),
            'amount', lead_scoring_internal.amount_expression(relation, settings ->> 'revenue_amount', 'amount'),
            'rows', lead_scoring_internal.mapped_rows(model, relation, settings ->> 'revenue_lead', settings ->> 'revenue_date', settings ->> 'revenue_amount'),
            'model', model));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.revenue_rows IS 'SQL that gives what leads brought in up to parameter 1, or at no known time: lead_id, at, amount; of a merged lead, by the one it is now, and nothing of a lead that is no customer since its win was taken back. Raises 42P01, 42703 or 42804 where the table has changed.';

CREATE FUNCTION lead_scoring_internal.campaigns_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Leads, spend and revenue are summed by themselves before they meet, so that none is counted twice for another.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS (
            SELECT l.lead_id, [[l.dimension, ]]l.campaign, {!came} AS came, {!mql} AS mql, {!sql} AS sql, {!customer} AS customer FROM ({!leads}) l),
        parts ([[dimension, ]]campaign, period, spend, leads, mqls, sqls, customers, mqls_converted, revenue) AS (
            SELECT [[dimension, ]]campaign, came, NULL::numeric, count(*), 0, 0, 0, 0, 0::numeric FROM leads GROUP BY [[dimension, ]]campaign, came
            UNION ALL
            SELECT [[dimension, ]]campaign, mql, NULL, 0, count(*), 0, 0, count(customer), 0 FROM leads WHERE mql IS NOT NULL GROUP BY [[dimension, ]]campaign, mql
            UNION ALL
            SELECT [[dimension, ]]campaign, sql, NULL, 0, 0, count(*), 0, 0, 0 FROM leads WHERE sql IS NOT NULL GROUP BY [[dimension, ]]campaign, sql
            UNION ALL
            SELECT [[dimension, ]]campaign, customer, NULL, 0, 0, 0, count(*), 0, 0 FROM leads WHERE customer IS NOT NULL GROUP BY [[dimension, ]]campaign, customer
            UNION ALL
            SELECT [[{!spend_dimension}, ]]t.campaign, {!period}, sum(t.amount), 0, 0, 0, 0, 0, 0 FROM ({!spend}) t GROUP BY [[1, ]]t.campaign, {!period}
            UNION ALL
            SELECT [[l.dimension, ]]l.campaign, {!period}, NULL, 0, 0, 0, 0, 0, sum(t.amount) FROM ({!revenue}) t JOIN leads l USING (lead_id) GROUP BY [[l.dimension, ]]l.campaign, {!period}),
        sums AS (
            SELECT [[dimension, ]]campaign, period, {!over} AS complete, CASE WHEN {'has_spend'} THEN sum(spend) END AS spend, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN sum(mqls)::bigint END AS mqls, CASE WHEN {'has_sql'} THEN sum(sqls)::bigint END AS sqls,
                   CASE WHEN {'has_customer'} THEN sum(customers)::bigint END AS customers,
                   CASE WHEN {'has_mql'} AND {'has_customer'} THEN sum(mqls_converted)::bigint END AS mqls_converted,
                   CASE WHEN {'has_revenue'} THEN coalesce(sum(revenue), 0) END AS revenue
              FROM parts GROUP BY [[dimension, ]]campaign, period)
        SELECT [[dimension|NULL::text]], campaign, period, spend::numeric(20,2), leads, mqls, sqls, customers, mqls_converted, revenue::numeric(20,2),
               (spend / nullif(leads, 0))::numeric(20,2), (spend / nullif(mqls, 0))::numeric(20,2),
               (spend / nullif(sqls, 0))::numeric(20,2), (spend / nullif(customers, 0))::numeric(20,2),
               w.rate, w.low, w.high, ((revenue - spend) / nullif(spend, 0))::float8, complete
          FROM sums LEFT JOIN LATERAL lead_scoring.wilson_interval(mqls_converted, mqls) w ON complete IS NOT FALSE
         WHERE {!asked_for} ORDER BY [[dimension, ]]campaign COLLATE "C", period
        $query$, jsonb_build_object(
        'came', lead_scoring_internal.period_expression('l.came_at', settings), 'mql', lead_scoring_internal.period_expression('l.mql_at', settings),
        'sql', lead_scoring_internal.period_expression('l.sql_at', settings), 'customer', lead_scoring_internal.period_expression('l.customer_at', settings),
        'leads', lead_scoring_internal.lead_rows(model, settings, true, true), 'period', lead_scoring_internal.period_expression('t.at', settings),
        'spend', lead_scoring_internal.spend_rows(model, settings), 'revenue', lead_scoring_internal.revenue_rows(model, settings),
        'spend_dimension', lead_scoring_internal.spend_dimension(settings), 'over', lead_scoring_internal.is_over('period', settings),
        'asked_for', lead_scoring_internal.is_asked_for('period', settings),
        'has_spend', settings ->> 'spend_table' IS NOT NULL, 'has_mql', settings ->> 'mql' IS NOT NULL, 'has_sql', settings ->> 'sql' IS NOT NULL,
        'has_customer', settings ->> 'customer' IS NOT NULL, 'has_revenue', settings ->> 'revenue_table' IS NOT NULL));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.campaigns_report IS 'The statement of the report "campaigns".';

CREATE FUNCTION lead_scoring_internal.campaigns_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What campaigns cost and brought, by campaign and period. A lead belongs to the campaign of its earliest event that names one. Campaigns with spend and no lead, and leads without campaign, are rows too.',
    ARRAY['grain', 'by | + Spend is of no lead: it has a campaign and a channel, and is otherwise of none. Erased leads have none but their campaign.', 'since', 'until'],
    ARRAY['campaign | text | Campaign; NULL for none.',
    'period | date | First day of the period in which what is counted happened, in the model''s time zone; NULL where nothing dates it. Erased leads count on the first day of their month.',
    'spend | numeric(20,2) | Spent in the period; NULL where none is recorded, or set_spend names no table.',
    'leads | bigint | Leads that came in the period.',
    'mqls | bigint | Leads that became MQLs in the period.',
    'sqls | bigint | Leads that became SQLs in the period.',
    'customers | bigint | Leads that became customers in the period.',
    'mqls_converted | bigint | Of the MQLs of the period, customers by now.',
    'revenue | numeric(20,2) | What leads of the campaign brought in in the period; NULL where set_revenue names no table.',
    'cost_per_lead | numeric(20,2) | spend / leads; NULL without spend that is recorded, as are the other costs.',
    'cost_per_mql | numeric(20,2) | spend / mqls.',
    'cost_per_sql | numeric(20,2) | spend / sqls.',
    'cost_per_customer | numeric(20,2) | spend / customers.',
    'mql_to_customer_rate | double precision | mqls_converted / mqls; NULL until the period is over (complete), and so are its bounds.',
    'mql_to_customer_low | double precision | Lower bound of its 95 % interval.',
    'mql_to_customer_high | double precision | Upper bound of its 95 % interval.',
    'roi | double precision | (revenue - spend) / spend.',
    'complete | boolean | Whether the period is over.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.campaigns_form IS 'What the report "campaigns" is.';

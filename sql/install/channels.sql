-- The views "channels" and "lead_magnets" of a model: what touches are credited with, by attribution.
--
-- All but markov share each conversion out by itself. Markov asks of all leads together, stage by stage, what would be lost
-- without the channel; it takes no more channels than the aggregate does.

CREATE FUNCTION lead_scoring.touch_report(model text, touched text, with_spend boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings CONSTANT jsonb := lead_scoring.report_setting(model);
    touches text;
    -- elapsed time, as attribution() has it
    look_back CONSTANT text := make_interval(secs => extract(epoch FROM (settings ->> 'look_back')::interval)::float8)::text;
BEGIN
    SELECT * INTO bound FROM lead_scoring.binding(model);
    touches := format('SELECT e.%I AS lead_id, nullif((%s)::text, '''') AS channel, e.%I AS at FROM %s e WHERE e.%3$I > ''-infinity'' AND e.%3$I < ''infinity'' AND e.%3$I <= $1',
                      bound.event_lead, coalesce(touched, 'NULL'), bound.event_time, bound.events);
    -- A conversion is shared out per lead; the value of a customer goes with that conversion, that of anybody else by the
    -- touches so far.
    RETURN format($query$
        WITH leads AS MATERIALIZED (
            SELECT l.lead_id, l.mql_at, l.sql_at, l.customer_at, v.revenue
              FROM (%1$s) l LEFT JOIN (SELECT t.lead_id, sum(t.amount) AS revenue FROM (%2$s) t GROUP BY 1) v ON v.lead_id = l.lead_id),
        touches AS NOT MATERIALIZED (SELECT t.* FROM (%3$s) t WHERE t.channel IS NOT NULL),
        touched AS (
            SELECT t.lead_id, t.channel, count(*) AS touches, min(t.at) AS first_at FROM touches t JOIN leads USING (lead_id) GROUP BY 1, 2),
        attributions AS (
            SELECT a.name FROM unnest('{first,last,last_non_direct,linear,position,time_decay,markov}'::text[]) a (name)
             WHERE a.name <> 'markov' OR (SELECT count(DISTINCT t.channel) FROM touched t) <= 1000),
        shared AS (
            SELECT c.stage,
                   lead_scoring.attribution('first', t.channel, t.at, c.at, c.value, %4$L) AS first,
                   lead_scoring.attribution('last', t.channel, t.at, c.at, c.value, %4$L) AS last,
                   lead_scoring.attribution('last_non_direct', t.channel, t.at, c.at, c.value, %4$L) AS last_non_direct,
                   lead_scoring.attribution('linear', t.channel, t.at, c.at, c.value, %4$L) AS linear,
                   lead_scoring.attribution('position', t.channel, t.at, c.at, c.value, %4$L) AS position,
                   lead_scoring.attribution('time_decay', t.channel, t.at, c.at, c.value, %4$L, %5$L) AS time_decay
              FROM (SELECT l.lead_id, v.* FROM leads l, LATERAL (VALUES
                        ('mql', l.mql_at, NULL::numeric), ('sql', l.sql_at, NULL), ('customer', l.customer_at, l.revenue),
                        ('none', CASE WHEN l.customer_at IS NULL AND l.revenue IS NOT NULL THEN $1 END, l.revenue)) v (stage, at, value)
                     WHERE v.at <= $1) c
              LEFT JOIN touches t ON t.lead_id = c.lead_id AND t.at <= c.at
             GROUP BY c.lead_id, c.stage),
        paths AS (
            SELECT l.mql_at, l.sql_at, l.customer_at, l.revenue, array_agg(t.channel ORDER BY t.at, t.channel COLLATE "C") FILTER (WHERE t.at IS NOT NULL) AS path,
                   count(*) FILTER (WHERE t.at <= l.mql_at) AS mql, count(*) FILTER (WHERE t.at < l.mql_at - %15$L::interval) AS before_mql,
                   count(*) FILTER (WHERE t.at <= l.sql_at) AS sql, count(*) FILTER (WHERE t.at < l.sql_at - %15$L::interval) AS before_sql,
                   count(*) FILTER (WHERE t.at <= l.customer_at) AS customer, count(*) FILTER (WHERE t.at < l.customer_at - %15$L::interval) AS before_customer,
                   count(t.at) AS now, count(*) FILTER (WHERE t.at < $1 - %15$L::interval) AS before_now
              FROM leads l LEFT JOIN touches t USING (lead_id) GROUP BY l.lead_id, l.mql_at, l.sql_at, l.customer_at, l.revenue),
        -- Who has not converted has lost the chain at the last touch so far, however long ago.
        chains AS (
            SELECT v.stage, lead_scoring.attribution_markov(CASE WHEN v.converted THEN p.path[v.before + 1:v.place] ELSE p.path END, v.converted) AS credits,
                   count(*) FILTER (WHERE v.converted AND v.place > v.before) AS conversions,
                   sum(v.value) FILTER (WHERE v.converted AND v.place > v.before) AS value,
                   sum(v.value) FILTER (WHERE v.converted AND v.place = v.before) AS value_untouched
              FROM paths p, LATERAL (VALUES
                   ('mql', p.mql_at <= $1, p.mql, p.before_mql, NULL::numeric), ('sql', p.sql_at <= $1, p.sql, p.before_sql, NULL),
                   ('customer', p.customer_at <= $1, p.customer, p.before_customer, p.revenue),
                   ('none', CASE WHEN p.customer_at IS NULL THEN p.revenue IS NOT NULL END, p.now, p.before_now, p.revenue)) v (stage, converted, place, before, value)
             WHERE EXISTS (SELECT FROM attributions a WHERE a.name = 'markov') AND (v.stage <> 'none' OR v.converted IS NOT NULL)
             GROUP BY v.stage),
        parts (attribution, channel, touches, leads_touched, leads, mqls, sqls, customers, spend, revenue) AS (
            SELECT a.name, p.* FROM attributions a,
                   (SELECT channel, sum(touches), count(*), 0::bigint, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric FROM touched GROUP BY 1
                    UNION ALL
                    SELECT f.channel, 0, 0, count(*), 0, 0, 0, 0, 0
                      FROM leads l LEFT JOIN (SELECT DISTINCT ON (lead_id) lead_id, channel FROM touched
                                               ORDER BY lead_id, first_at, channel COLLATE "C") f USING (lead_id) GROUP BY 1
                    UNION ALL
                    SELECT channel, 0, 0, 0, 0, 0, 0, sum(amount), 0 FROM (%6$s) t GROUP BY 1) p
            UNION ALL
            SELECT a.name, c.channel, 0, 0, 0, sum(c.credit) FILTER (WHERE s.stage = 'mql'), sum(c.credit) FILTER (WHERE s.stage = 'sql'),
                   sum(c.credit) FILTER (WHERE s.stage = 'customer'), 0, sum(c.value)
              FROM shared s, LATERAL (VALUES ('first', s.first), ('last', s.last), ('last_non_direct', s.last_non_direct), ('linear', s.linear),
                                             ('position', s.position), ('time_decay', s.time_decay)) a (name, credits), unnest(a.credits) c
             GROUP BY 1, 2
            UNION ALL
            SELECT 'markov', c.channel, 0, 0, 0, sum(c.credit::numeric) FILTER (WHERE s.stage = 'mql'), sum(c.credit::numeric) FILTER (WHERE s.stage = 'sql'),
                   sum(c.credit::numeric) FILTER (WHERE s.stage = 'customer'), 0,
                   sum(CASE WHEN c.channel IS NULL THEN s.value_untouched ELSE s.value * (c.credit / nullif(s.conversions, 0))::numeric END)
              FROM chains s, unnest(s.credits) c GROUP BY 1, 2),
        sums AS (
            SELECT attribution, channel, sum(touches)::bigint AS touches, sum(leads_touched)::bigint AS leads_touched, sum(leads)::bigint AS leads,
                   CASE WHEN %7$L THEN coalesce(sum(mqls), 0) END AS mqls, CASE WHEN %8$L THEN coalesce(sum(sqls), 0) END AS sqls,
                   CASE WHEN %9$L THEN coalesce(sum(customers), 0) END AS customers,
                   CASE WHEN %10$L THEN coalesce(sum(spend), 0) END AS spend, CASE WHEN %11$L THEN coalesce(sum(revenue), 0) END AS revenue
              FROM parts GROUP BY 1, 2)
        SELECT attribution, channel, touches, leads_touched, leads, mqls::numeric(20,6), sqls::numeric(20,6), customers::numeric(20,6), %12$s
               (customers / nullif(mqls, 0))::float8, revenue::numeric(20,2) %13$s
          FROM sums WHERE %14$L ORDER BY array_position('{first,last,last_non_direct,linear,position,time_decay,markov}', attribution), channel COLLATE "C"
        $query$, lead_scoring.lead_rows(model), lead_scoring.revenue_rows(model), touches, settings ->> 'look_back',
        coalesce(settings ->> 'half_life', '7 days'),
        CASE WHEN with_spend THEN lead_scoring.spend_rows(model) ELSE 'SELECT NULL::text AS channel, NULL::numeric AS amount WHERE false' END,
        settings ->> 'mql' IS NOT NULL, settings ->> 'sql' IS NOT NULL, settings ->> 'customer' IS NOT NULL,
        settings ->> 'spend_channel' IS NOT NULL, settings ->> 'revenue_table' IS NOT NULL,
        CASE WHEN with_spend THEN 'spend::numeric(20,2), (spend / nullif(leads, 0))::numeric(20,2), (spend / nullif(mqls, 0))::numeric(20,2),
               (spend / nullif(sqls, 0))::numeric(20,2), (spend / nullif(customers, 0))::numeric(20,2),' END,
        CASE WHEN with_spend THEN ', ((revenue - spend) / nullif(spend, 0))::float8' END, touched IS NOT NULL, look_back);
END
$$;
COMMENT ON FUNCTION lead_scoring.touch_report IS 'The statement of "channels" and "lead_magnets"; "touched" is SQL over the row of an event that names what was touched.';

CREATE FUNCTION lead_scoring.touch_expression(model text, setting text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring.binding(model);
    PERFORM lead_scoring.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time,
                                       bound.event_campaign);
    RETURN lead_scoring.compile_expression(bound.events,
        coalesce(lead_scoring.report_setting(model) ->> setting, CASE WHEN setting = 'event_channel' THEN quote_ident(bound.event_campaign) || '::text' END),
        'key', setting);
END
$$;
COMMENT ON FUNCTION lead_scoring.touch_expression IS 'SQL over the row of an event that names its channel or asset, checked against the table as it is; NULL where nothing does. The channel is the campaign where nothing else is said.';

CREATE FUNCTION lead_scoring.channels_report(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring.touch_report(model, lead_scoring.touch_expression(model, 'event_channel'), true)
$$;
COMMENT ON FUNCTION lead_scoring.channels_report IS 'The statement of the view "channels".';

CREATE FUNCTION lead_scoring.lead_magnets_report(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring.touch_report(model, lead_scoring.touch_expression(model, 'event_asset'), false)
$$;
COMMENT ON FUNCTION lead_scoring.lead_magnets_report IS 'The statement of the view "lead_magnets".';

CREATE FUNCTION lead_scoring.make_channels(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring.make_report_view(model, 'channels',
    'What channels cost and brought, by attribution. A touch is an event that names a channel; conversions are shared out among the touches before them, and a row without channel has those without any.',
    'attribution | text | How conversions are shared out: first, last, last_non_direct, linear, position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 channels).',
    'channel | text | Channel; NULL for none.',
    'touches | bigint | Touches by the channel.',
    'leads_touched | bigint | Leads with a touch by it; a lead touched by several channels counts in each.',
    'leads | bigint | Leads whose first touch it was, under any attribution.',
    'mqls | numeric(20,6) | Share in the leads that became MQLs; sums to their number.',
    'sqls | numeric(20,6) | Share in the leads that became SQLs.',
    'customers | numeric(20,6) | Share in the leads that became customers.',
    'spend | numeric(20,2) | Spent on the channel; NULL where set_spend names no column for it.',
    'cost_per_lead | numeric(20,2) | spend / leads.',
    'cost_per_mql | numeric(20,2) | spend / mqls.',
    'cost_per_sql | numeric(20,2) | spend / sqls.',
    'cost_per_customer | numeric(20,2) | spend / customers.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'revenue | numeric(20,2) | Share in the revenue; NULL where set_revenue names no table.',
    'roi | double precision | (revenue - spend) / spend.')
$$;
COMMENT ON FUNCTION lead_scoring.make_channels IS 'Creates the view "channels" of a model.';

CREATE FUNCTION lead_scoring.make_lead_magnets(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring.make_report_view(model, 'lead_magnets',
    'What assets brought, by attribution: as the view channels, for the whitepapers, webinars and the like that report_settings.event_asset names.',
    'attribution | text | How conversions are shared out: first, last, last_non_direct, linear, position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 assets).',
    'asset | text | Asset; NULL for none.',
    'touches | bigint | Events of the asset.',
    'leads_touched | bigint | Leads with such an event; a lead of several assets counts in each.',
    'leads | bigint | Leads whose first asset it was, under any attribution.',
    'mqls | numeric(20,6) | Share in the leads that became MQLs; sums to their number.',
    'sqls | numeric(20,6) | Share in the leads that became SQLs.',
    'customers | numeric(20,6) | Share in the leads that became customers.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'revenue | numeric(20,2) | Share in the revenue; NULL where set_revenue names no table.')
$$;
COMMENT ON FUNCTION lead_scoring.make_lead_magnets IS 'Creates the view "lead_magnets" of a model.';

-- The reports "channels" and "lead_magnets": what touches are credited with, by attribution.
--
-- All but markov share each conversion out by itself. Markov asks of all leads together, stage by stage, what would be lost
-- without the channel; it takes no more channels than the aggregate does.

CREATE FUNCTION lead_scoring_internal.touch_spend(model text, settings jsonb, with_spend boolean)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN with_spend THEN lead_scoring_internal.spend_rows(model, settings)
            ELSE 'SELECT NULL::text AS campaign, NULL::text AS channel, NULL::timestamptz AS at, NULL::numeric AS amount WHERE false' END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_spend IS 'What spend_rows gives, or no rows.';

CREATE FUNCTION lead_scoring_internal.touch_sums(settings jsonb, with_spend boolean, has_touches boolean)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill_report(settings, $query$
        sums AS (
            SELECT attribution, [[dimension, ]]channel, sum(touches)::bigint AS touches, sum(leads_touched)::bigint AS leads_touched, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN coalesce(sum(mqls), 0) END AS mqls, CASE WHEN {'has_sql'} THEN coalesce(sum(sqls), 0) END AS sqls,
                   CASE WHEN {'has_customer'} THEN coalesce(sum(customers), 0) END AS customers,
                   CASE WHEN {'has_spend'} THEN sum(spend) END AS spend, CASE WHEN {'has_revenue'} THEN coalesce(sum(revenue), 0) END AS revenue
              FROM parts GROUP BY attribution, [[dimension, ]]channel)
        SELECT [[dimension|NULL::text]], attribution, channel, touches, leads_touched, leads, mqls::numeric(20,6), sqls::numeric(20,6), customers::numeric(20,6), {!costs}
               (customers / nullif(mqls, 0))::float8, revenue::numeric(20,2) {!roi}
          FROM sums WHERE {'has_touches'} ORDER BY [[dimension, ]]array_position('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}', attribution), channel COLLATE "C"
        $query$, jsonb_build_object(
        'has_mql', settings ->> 'mql' IS NOT NULL, 'has_sql', settings ->> 'sql' IS NOT NULL, 'has_customer', settings ->> 'customer' IS NOT NULL,
        'has_spend', settings ->> 'spend_channel' IS NOT NULL, 'has_revenue', settings ->> 'revenue_table' IS NOT NULL,
        'costs', CASE WHEN with_spend THEN 'spend::numeric(20,2), (spend / nullif(leads, 0))::numeric(20,2), (spend / nullif(mqls, 0))::numeric(20,2),
               (spend / nullif(sqls, 0))::numeric(20,2), (spend / nullif(customers, 0))::numeric(20,2),' END,
        'roi', CASE WHEN with_spend THEN ', ((revenue - spend) / nullif(spend, 0))::float8' END, 'has_touches', has_touches))
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_sums IS 'The end of the statement of "channels" and "lead_magnets": rows of their parts, summed by attribution and channel.';

CREATE FUNCTION lead_scoring_internal.touches_of_lead(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings, 'channel', 'asset');
BEGIN
    RETURN lead_scoring_internal.fill_from_log('CASE WHEN s.remembers AND lead_scoring_internal.keeps_touches(s.memory) THEN s.memory
            ELSE (SELECT lead_scoring_internal.touches(e.{time}, nullif(({!channel})::text, ''''), nullif(({!asset})::text, '''') ORDER BY e.{time}) FROM {!of_lead}) END',
        lead_scoring_internal.own_log(model, log, NULL), jsonb_build_object('channel', coalesce(log ->> 'channel', 'NULL'), 'asset', coalesce(log ->> 'asset', 'NULL')));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touches_of_lead IS 'SQL for all touches, as a memory, of a row s that has lead_id, memory and remembers: what the lead remembers, or what its events say.';

CREATE FUNCTION lead_scoring_internal.credit_report(model text, settings jsonb, asset boolean, with_spend boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- What the statement of touch_report makes of the events, an aggregate makes of what leads remember.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH credits AS (
            SELECT [[c.dimension, ]]u.* FROM (
                   SELECT [[s.dimension, ]]lead_scoring_internal.touch_credits({!touches}, {'asset'}, s.mql_at, s.sql_at, s.customer_at, v.revenue, $1, {'look_back'}, {'half_life'}, NULL, NULL) AS credits
                     FROM ({!leads}) s
                     LEFT JOIN (SELECT t.lead_id, sum(t.amount) AS revenue FROM ({!revenue}) t GROUP BY 1) v ON v.lead_id = s.lead_id
                    [[GROUP BY s.dimension]]) c, unnest(c.credits) u
             WHERE u.channel IS NOT NULL OR u.leads > 0 OR u.mqls > 0 OR u.sqls > 0 OR u.customers > 0 OR u.revenue <> 0),
        attributions AS (
            SELECT a.name FROM unnest('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}'::text[]) a (name)
             WHERE a.name <> 'markov' OR (SELECT count(DISTINCT c.channel) FROM credits c) <= 1000),
        parts (attribution, [[dimension, ]]channel, touches, leads_touched, leads, mqls, sqls, customers, spend, revenue) AS (
            SELECT c.attribution, [[c.dimension, ]]c.channel, c.touches, c.leads_touched, c.leads, c.mqls, c.sqls, c.customers, NULL::numeric, c.revenue FROM credits c
             WHERE c.attribution IN (SELECT a.name FROM attributions a)
            UNION ALL
            SELECT a.name, p.* FROM attributions a,
                   (SELECT [[{!spend_dimension}, ]]t.channel, 0::bigint, 0::bigint, 0::bigint, 0::numeric, 0::numeric, 0::numeric, sum(t.amount), 0::numeric FROM ({!spend}) t GROUP BY [[1, ]]t.channel) p),
        {!sums}
        $query$, jsonb_build_object(
        'touches', lead_scoring_internal.touches_of_lead(model, settings), 'asset', asset, 'leads', lead_scoring_internal.lead_rows(model, settings),
        'revenue', lead_scoring_internal.revenue_rows(model, settings), 'look_back', settings ->> 'look_back', 'half_life', coalesce(settings ->> 'half_life', '7 days'),
        'spend', lead_scoring_internal.touch_spend(model, settings, with_spend), 'spend_dimension', lead_scoring_internal.spend_dimension(settings),
        'sums', lead_scoring_internal.touch_sums(settings, with_spend, true)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.credit_report IS 'The statement of "channels" and "lead_magnets" where leads remember their touches.';

CREATE FUNCTION lead_scoring_internal.touch_report(model text, settings jsonb, of_assets boolean, with_spend boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touches text;
    remembering CONSTANT bigint := lead_scoring_internal.remembering_version(model);
    log CONSTANT jsonb := lead_scoring_internal.event_log(model, settings, CASE WHEN of_assets THEN 'asset' ELSE 'channel' END);
    touched CONSTANT text := log ->> CASE WHEN of_assets THEN 'asset' ELSE 'channel' END;
    is_of_days CONSTANT boolean := num_nonnulls(settings ->> 'since', settings ->> 'until') > 0;
    -- elapsed time, as attribution() has it; no more than an interval can hold
    look_back CONSTANT text := make_interval(secs => LEAST(extract(epoch FROM (settings ->> 'look_back')::interval), 9e12)::float8)::text;
BEGIN
    IF remembering IS NOT NULL AND touched IS NOT NULL AND NOT is_of_days THEN
        RETURN lead_scoring_internal.credit_report(model, settings, of_assets, with_spend);
    END IF;
    touches := CASE WHEN remembering IS NOT NULL AND touched IS NOT NULL
        THEN lead_scoring_internal.fill_from_log('SELECT s.lead_id, r.{channel} AS channel, r.at FROM (SELECT s.lead_id, s.memory, {!remembers} AS remembers FROM {model}.scores s OFFSET 0) s,
                    lead_scoring_internal.remembered_touches({!touches}) r WHERE r.at <= $1',
            jsonb_build_object('remembers', lead_scoring_internal.remembers(remembering)), jsonb_build_object('channel', CASE WHEN of_assets THEN 'asset' ELSE 'channel' END, 'model', model,
                'touches', lead_scoring_internal.touches_of_lead(model, settings)))
        ELSE lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, nullif(({!touched})::text, '''') AS channel, e.{time} AS at FROM {!rows} WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1',
        jsonb_build_object('lead', log ->> 'lead', 'touched', coalesce(touched, 'NULL'), 'time', log ->> 'time', 'rows', log ->> 'rows')) END;
    -- Events are read and sorted once, into one row a lead with its touches in order; all else is taken from those. A
    -- conversion is shared out per lead; the value of a customer goes with that conversion, that of anybody else by the
    -- touches so far.
    -- Of certain days are the touches that are counted, the conversions and the revenue, each by its own day; what is
    -- credited with a conversion are all touches before. A lead that converted on another day has no chain.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH touches AS (
            SELECT t.lead_id, array_agg(t.channel) AS path, array_agg(t.at) AS times
              FROM (SELECT t.* FROM ({!touches} OFFSET bigint '0') t WHERE t.channel IS NOT NULL ORDER BY t.lead_id, t.at, t.channel COLLATE "C") t GROUP BY 1),
        leads AS MATERIALIZED (
            SELECT [[l.dimension, ]]{!came_at}l.mql_at, l.sql_at, l.customer_at, v.revenue, t.path, t.times
              FROM ({!leads}) l
              LEFT JOIN (SELECT t.lead_id, sum(t.amount) AS revenue FROM ({!revenue}) t WHERE {!is_of_days} GROUP BY 1) v ON v.lead_id = l.lead_id
              LEFT JOIN touches t ON t.lead_id = l.lead_id),
        touched AS (
            SELECT [[l.dimension, ]]t.channel, sum(t.touches) AS touches, count(*) AS leads
              FROM leads l, LATERAL (SELECT t.channel, count(*) AS touches FROM {!counted_touches} WHERE {!is_of_days} GROUP BY 1) t GROUP BY [[l.dimension, ]]t.channel),
        attributions AS (
            SELECT a.name FROM unnest('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}'::text[]) a (name)
             WHERE a.name <> 'markov' OR (SELECT {!count_channels}) <= 1000),
        -- Of its times, sorted as they are, width_bucket counts those up to and including another.
        conversions AS (
            SELECT [[l.dimension, ]]c.stage, c.value, CASE WHEN c.place > 0 THEN l.path[:c.place] END AS path, CASE WHEN c.place > 0 THEN l.times[:c.place] END AS times, c.at
              FROM leads l, LATERAL (
                   SELECT v.*, width_bucket(v.at, l.times) FROM (VALUES
                        {!conversions}) v (stage, at, value)
                    WHERE v.at IS NOT NULL) c (stage, at, value, place)),
        shared AS (
            SELECT [[c.dimension, ]]c.stage, s.*
              FROM conversions c, LATERAL (
                   SELECT lead_scoring.attribution('first', t.channel, t.at, c.at, c.value, {'look_back'}) AS first,
                          lead_scoring.attribution('last', t.channel, t.at, c.at, c.value, {'look_back'}) AS last,
                          lead_scoring.attribution('last_non_direct', t.channel, t.at, c.at, c.value, {'look_back'}) AS last_non_direct,
                          lead_scoring.attribution('linear', t.channel, t.at, c.at, c.value, {'look_back'}) AS linear,
                          lead_scoring.attribution('linear_channel', t.channel, t.at, c.at, c.value, {'look_back'}) AS linear_channel,
                          lead_scoring.attribution('position', t.channel, t.at, c.at, c.value, {'look_back'}) AS position,
                          lead_scoring.attribution('time_decay', t.channel, t.at, c.at, c.value, {'look_back'}, {'half_life'}) AS time_decay
                     FROM unnest(coalesce(c.path, '{NULL}'), c.times) t (channel, at)) s),
        credits AS (
            SELECT [[s.dimension, ]]s.stage, a.name, unnest(a.credits) AS credit
              FROM shared s, LATERAL (VALUES ('first', s.first), ('last', s.last), ('last_non_direct', s.last_non_direct), ('linear', s.linear),
                                             ('linear_channel', s.linear_channel), ('position', s.position), ('time_decay', s.time_decay)) a (name, credits)),
        -- Who has not converted has lost the chain at the last touch so far, however long ago.
        chains AS (
            SELECT [[l.dimension, ]]v.stage, lead_scoring.attribution_markov(CASE WHEN v.converted THEN l.path[v.before + 1:v.place] ELSE l.path END, v.converted) AS credits,
                   count(*) FILTER (WHERE v.converted AND v.place > v.before) AS conversions,
                   sum(v.value) FILTER (WHERE v.converted AND v.place > v.before) AS value,
                   sum(v.value) FILTER (WHERE v.converted AND v.place = v.before) AS value_untouched
              FROM leads l, LATERAL (
                   SELECT c.stage, c.at IS NOT NULL AS converted, coalesce(width_bucket(c.at, l.times), 0),
                          coalesce(CASE WHEN c.at - '4714-11-24 00:00:00+00 BC' > {'elapsed'}::interval
                               THEN width_bucket(c.at - {'elapsed'}::interval - interval '1 microsecond', l.times) END, 0), c.value
                     FROM (VALUES {!chained}) c (stage, at, value)
                    WHERE {!has_chain} OFFSET 0) v (stage, converted, place, before, value)
             WHERE EXISTS (SELECT FROM attributions a WHERE a.name = 'markov')
             GROUP BY [[l.dimension, ]]v.stage),
        parts (attribution, [[dimension, ]]channel, touches, leads_touched, leads, mqls, sqls, customers, spend, revenue) AS (
            SELECT a.name, p.* FROM attributions a,
                   (SELECT [[dimension, ]]channel, touches, leads, 0::bigint, 0::numeric, 0::numeric, 0::numeric, NULL::numeric, 0::numeric FROM touched
                    UNION ALL
                    SELECT [[l.dimension, ]]l.path[1], 0, 0, count(*), 0, 0, 0, NULL, 0 FROM leads l WHERE {!first_is_of_days} GROUP BY [[l.dimension, ]]l.path[1]
                    UNION ALL
                    SELECT [[{!spend_dimension}, ]]t.channel, 0, 0, 0, 0, 0, 0, sum(t.amount), 0 FROM ({!spend}) t WHERE {!is_of_days} GROUP BY [[1, ]]t.channel) p
            UNION ALL
            SELECT c.name, [[c.dimension, ]](c.credit).channel, 0, 0, 0, sum((c.credit).credit) FILTER (WHERE c.stage = 'mql'), sum((c.credit).credit) FILTER (WHERE c.stage = 'sql'),
                   sum((c.credit).credit) FILTER (WHERE c.stage = 'customer'), NULL, sum((c.credit).value)
              FROM credits c GROUP BY c.name, [[c.dimension, ]](c.credit).channel
            UNION ALL
            SELECT 'markov', [[s.dimension, ]]c.channel, 0, 0, 0, sum(c.credit::numeric) FILTER (WHERE s.stage = 'mql'), sum(c.credit::numeric) FILTER (WHERE s.stage = 'sql'),
                   sum(c.credit::numeric) FILTER (WHERE s.stage = 'customer'), NULL,
                   sum(CASE WHEN c.channel IS NULL THEN s.value_untouched ELSE s.value * (c.credit / nullif(s.conversions, 0))::numeric END)
              FROM chains s, unnest(s.credits) c GROUP BY [[s.dimension, ]]c.channel),
        {!sums}
        $query$, jsonb_build_object(
        'leads', lead_scoring_internal.lead_rows(model, settings), 'revenue', lead_scoring_internal.revenue_rows(model, settings), 'touches', touches,
        'look_back', settings ->> 'look_back', 'half_life', coalesce(settings ->> 'half_life', '7 days'),
        'spend', lead_scoring_internal.touch_spend(model, settings, with_spend), 'spend_dimension', lead_scoring_internal.spend_dimension(settings),
        'sums', lead_scoring_internal.touch_sums(settings, with_spend, touched IS NOT NULL),
        'elapsed', look_back,
        -- When a lead came is read from the events.
        'came_at', CASE WHEN is_of_days THEN 'l.came_at, ' END, 'is_of_days', lead_scoring_internal.is_asked_for_at('t.at', settings),
        'first_is_of_days', CASE WHEN is_of_days THEN lead_scoring_internal.is_asked_for_at('coalesce(l.times[1], l.came_at)', settings) ELSE 'true' END,
        'counted_touches', CASE WHEN is_of_days THEN 'unnest(l.path, l.times) t (channel, at)' ELSE 'unnest(l.path) t (channel)' END,
        'count_channels', CASE WHEN is_of_days THEN 'count(DISTINCT t.channel) FROM leads l, unnest(l.path) t (channel)' WHEN settings #>> '{by,kind}' IS NOT NULL THEN 'count(DISTINCT t.channel) FROM touched t'
                               ELSE 'count(*) FROM touched t' END,
        'conversions', CASE WHEN is_of_days
            THEN format('(''mql'', CASE WHEN %s THEN l.mql_at END, NULL::numeric), (''sql'', CASE WHEN %s THEN l.sql_at END, NULL), (''customer'', CASE WHEN %s THEN l.customer_at END, NULL)',
                        lead_scoring_internal.is_asked_for_at('l.mql_at', settings), lead_scoring_internal.is_asked_for_at('l.sql_at', settings),
                        lead_scoring_internal.is_asked_for_at('l.customer_at', settings))
                 || ', (''none'', CASE WHEN l.revenue IS NOT NULL THEN coalesce(l.customer_at, $1) END, l.revenue)'
            ELSE '(''mql'', l.mql_at, NULL::numeric), (''sql'', l.sql_at, NULL), (''customer'', l.customer_at, l.revenue),
                        (''none'', CASE WHEN l.customer_at IS NULL AND l.revenue IS NOT NULL THEN $1 END, l.revenue)' END,
        'chained', CASE WHEN is_of_days
            THEN '(''mql'', l.mql_at, NULL::numeric), (''sql'', l.sql_at, NULL), (''customer'', l.customer_at, NULL),
                                  (''none'', CASE WHEN l.revenue IS NOT NULL THEN coalesce(l.customer_at, $1) END, l.revenue)'
            ELSE '(''mql'', l.mql_at, NULL::numeric), (''sql'', l.sql_at, NULL), (''customer'', l.customer_at, l.revenue),
                                  (''none'', CASE WHEN l.revenue IS NOT NULL THEN $1 END, l.revenue)' END,
        'has_chain', CASE WHEN is_of_days THEN format('c.stage = ''none'' OR c.at IS NULL OR %s', lead_scoring_internal.is_asked_for_at('c.at', settings))
                          ELSE 'c.stage <> ''none'' OR l.customer_at IS NULL' END));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_report IS 'The statement of "channels" and "lead_magnets"; "of_assets": what is touched is the asset of an event, not its channel.';

CREATE FUNCTION lead_scoring_internal.channels_report(model text, settings jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.touch_report(model, settings, false, true)
$$;
COMMENT ON FUNCTION lead_scoring_internal.channels_report IS 'The statement of the report "channels".';

CREATE FUNCTION lead_scoring_internal.lead_magnets_report(model text, settings jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.touch_report(model, settings, true, false)
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_magnets_report IS 'The statement of the report "lead_magnets".';

CREATE FUNCTION lead_scoring_internal.channels_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What channels cost and brought, by attribution. A touch is an event that names a channel; conversions are shared out among the touches before them, and a row without channel has those without any.',
    ARRAY['by | + Spend is of no lead: it has a campaign and a channel, and is otherwise of none. Attribution markov looks at the leads of each value by themselves: its conversions add up over the rows of all channels.', 'since | since, until: touches, conversions, spend and revenue dated from the one to the other, both included, and leads whose first touch was then, or who came then without one. Touches before still get credit. A lead that converted on another day is none of those from which markov learns.', 'until'],
    ARRAY['attribution | text | How conversions are shared out: first, last, last_non_direct, linear (each touch), linear_channel (each distinct channel), position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 channels).',
    'channel | text | Channel; NULL for none.',
    'touches | bigint | Touches by the channel.',
    'leads_touched | bigint | Leads with a touch by it; a lead touched by several channels counts in each.',
    'leads | bigint | Leads whose first touch it was, under any attribution.',
    'mqls | numeric(20,6) | Share in the leads that became MQLs; sums to their number.',
    'sqls | numeric(20,6) | Share in the leads that became SQLs.',
    'customers | numeric(20,6) | Share in the leads that became customers.',
    'spend | numeric(20,2) | Spent on the channel; NULL where none is recorded, or set_spend names no column for it.',
    'cost_per_lead | numeric(20,2) | spend / leads; NULL without spend that is recorded, as are the other costs.',
    'cost_per_mql | numeric(20,2) | spend / mqls.',
    'cost_per_sql | numeric(20,2) | spend / sqls.',
    'cost_per_customer | numeric(20,2) | spend / customers.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'revenue | numeric(20,2) | Share in the revenue; NULL where set_revenue names no table.',
    'roi | double precision | (revenue - spend) / spend.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.channels_form IS 'What the report "channels" is.';

CREATE FUNCTION lead_scoring_internal.lead_magnets_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'What assets brought, by attribution: as the view channels, for the whitepapers, webinars and the like that report_settings.event_asset names.',
    ARRAY['by | + Attribution markov looks at the leads of each value by themselves: its conversions add up over the rows of all assets.', 'since | since, until: events of assets, conversions and revenue dated from the one to the other, both included, and leads whose first asset was then, or who came then without one. Assets before still get credit. A lead that converted on another day is none of those from which markov learns.', 'until'],
    ARRAY['attribution | text | How conversions are shared out: first, last, last_non_direct, linear (each touch), linear_channel (each distinct channel), position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 assets).',
    'asset | text | Asset; NULL for none.',
    'touches | bigint | Events of the asset.',
    'leads_touched | bigint | Leads with such an event; a lead of several assets counts in each.',
    'leads | bigint | Leads whose first asset it was, under any attribution.',
    'mqls | numeric(20,6) | Share in the leads that became MQLs; sums to their number.',
    'sqls | numeric(20,6) | Share in the leads that became SQLs.',
    'customers | numeric(20,6) | Share in the leads that became customers.',
    'mql_to_customer_rate | double precision | customers / mqls.',
    'revenue | numeric(20,2) | Share in the revenue; NULL where set_revenue names no table.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_magnets_form IS 'What the report "lead_magnets" is.';

-- The views "channels" and "lead_magnets" of a model: what touches are credited with, by attribution.
--
-- All but markov share each conversion out by itself. Markov asks of all leads together, stage by stage, what would be lost
-- without the channel; it takes no more channels than the aggregate does.

CREATE FUNCTION lead_scoring_internal.touch_report(model text, touched text, with_spend boolean)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
    touches text;
    -- elapsed time, as attribution() has it; no more than an interval can hold
    look_back CONSTANT text := make_interval(secs => LEAST(extract(epoch FROM (settings ->> 'look_back')::interval), 9e12)::float8)::text;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    touches := lead_scoring_internal.fill('SELECT e.{lead} AS lead_id, nullif(({!touched})::text, '''') AS channel, e.{time} AS at FROM {!events} e WHERE e.{time} > ''-infinity'' AND e.{time} < ''infinity'' AND e.{time} <= $1',
        jsonb_build_object('lead', bound.event_lead, 'touched', coalesce(touched, 'NULL'), 'time', bound.event_time, 'events', bound.events));
    -- Events are read and sorted once, into one row a lead with its touches in order; all else is taken from those. A
    -- conversion is shared out per lead; the value of a customer goes with that conversion, that of anybody else by the
    -- touches so far.
    RETURN lead_scoring_internal.fill($query$
        WITH touches AS (
            SELECT t.lead_id, array_agg(t.channel) AS path, array_agg(t.at) AS times
              FROM (SELECT t.* FROM ({!touches} OFFSET bigint '0') t WHERE t.channel IS NOT NULL ORDER BY t.lead_id, t.at, t.channel COLLATE "C") t GROUP BY 1),
        leads AS MATERIALIZED (
            SELECT l.mql_at, l.sql_at, l.customer_at, v.revenue, t.path, t.times
              FROM ({!leads}) l
              LEFT JOIN (SELECT t.lead_id, sum(t.amount) AS revenue FROM ({!revenue}) t GROUP BY 1) v ON v.lead_id = l.lead_id
              LEFT JOIN touches t ON t.lead_id = l.lead_id),
        touched AS (
            SELECT t.channel, sum(t.touches) AS touches, count(*) AS leads
              FROM leads l, LATERAL (SELECT t.channel, count(*) AS touches FROM unnest(l.path) t (channel) GROUP BY 1) t GROUP BY 1),
        attributions AS (
            SELECT a.name FROM unnest('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}'::text[]) a (name)
             WHERE a.name <> 'markov' OR (SELECT count(*) FROM touched t) <= 1000),
        -- Of its times, sorted as they are, width_bucket counts those up to and including another.
        conversions AS (
            SELECT c.stage, c.value, CASE WHEN c.place > 0 THEN l.path[:c.place] END AS path, CASE WHEN c.place > 0 THEN l.times[:c.place] END AS times, c.at
              FROM leads l, LATERAL (
                   SELECT v.*, width_bucket(v.at, l.times) FROM (VALUES
                        ('mql', l.mql_at, NULL::numeric), ('sql', l.sql_at, NULL), ('customer', l.customer_at, l.revenue),
                        ('none', CASE WHEN l.customer_at IS NULL AND l.revenue IS NOT NULL THEN $1 END, l.revenue)) v (stage, at, value)
                    WHERE v.at IS NOT NULL) c (stage, at, value, place)),
        shared AS (
            SELECT c.stage, s.*
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
            SELECT s.stage, a.name, unnest(a.credits) AS credit
              FROM shared s, LATERAL (VALUES ('first', s.first), ('last', s.last), ('last_non_direct', s.last_non_direct), ('linear', s.linear),
                                             ('linear_channel', s.linear_channel), ('position', s.position), ('time_decay', s.time_decay)) a (name, credits)),
        -- Who has not converted has lost the chain at the last touch so far, however long ago.
        chains AS (
            SELECT v.stage, lead_scoring.attribution_markov(CASE WHEN v.converted THEN l.path[v.before + 1:v.place] ELSE l.path END, v.converted) AS credits,
                   count(*) FILTER (WHERE v.converted AND v.place > v.before) AS conversions,
                   sum(v.value) FILTER (WHERE v.converted AND v.place > v.before) AS value,
                   sum(v.value) FILTER (WHERE v.converted AND v.place = v.before) AS value_untouched
              FROM leads l, LATERAL (
                   SELECT c.stage, c.at IS NOT NULL AS converted, coalesce(width_bucket(c.at, l.times), 0),
                          coalesce(CASE WHEN c.at - '4714-11-24 00:00:00+00 BC' > {'elapsed'}::interval
                               THEN width_bucket(c.at - {'elapsed'}::interval - interval '1 microsecond', l.times) END, 0), c.value
                     FROM (VALUES ('mql', l.mql_at, NULL::numeric), ('sql', l.sql_at, NULL), ('customer', l.customer_at, l.revenue),
                                  ('none', CASE WHEN l.revenue IS NOT NULL THEN $1 END, l.revenue)) c (stage, at, value)
                    WHERE c.stage <> 'none' OR l.customer_at IS NULL OFFSET 0) v (stage, converted, place, before, value)
             WHERE EXISTS (SELECT FROM attributions a WHERE a.name = 'markov')
             GROUP BY v.stage),
        parts (attribution, channel, touches, leads_touched, leads, mqls, sqls, customers, spend, revenue) AS (
            SELECT a.name, p.* FROM attributions a,
                   (SELECT channel, touches, leads, 0::bigint, 0::numeric, 0::numeric, 0::numeric, NULL::numeric, 0::numeric FROM touched
                    UNION ALL
                    SELECT l.path[1], 0, 0, count(*), 0, 0, 0, NULL, 0 FROM leads l GROUP BY 1
                    UNION ALL
                    SELECT channel, 0, 0, 0, 0, 0, 0, sum(amount), 0 FROM ({!spend}) t GROUP BY 1) p
            UNION ALL
            SELECT c.name, (c.credit).channel, 0, 0, 0, sum((c.credit).credit) FILTER (WHERE c.stage = 'mql'), sum((c.credit).credit) FILTER (WHERE c.stage = 'sql'),
                   sum((c.credit).credit) FILTER (WHERE c.stage = 'customer'), NULL, sum((c.credit).value)
              FROM credits c GROUP BY 1, 2
            UNION ALL
            SELECT 'markov', c.channel, 0, 0, 0, sum(c.credit::numeric) FILTER (WHERE s.stage = 'mql'), sum(c.credit::numeric) FILTER (WHERE s.stage = 'sql'),
                   sum(c.credit::numeric) FILTER (WHERE s.stage = 'customer'), NULL,
                   sum(CASE WHEN c.channel IS NULL THEN s.value_untouched ELSE s.value * (c.credit / nullif(s.conversions, 0))::numeric END)
              FROM chains s, unnest(s.credits) c GROUP BY 1, 2),
        sums AS (
            SELECT attribution, channel, sum(touches)::bigint AS touches, sum(leads_touched)::bigint AS leads_touched, sum(leads)::bigint AS leads,
                   CASE WHEN {'has_mql'} THEN coalesce(sum(mqls), 0) END AS mqls, CASE WHEN {'has_sql'} THEN coalesce(sum(sqls), 0) END AS sqls,
                   CASE WHEN {'has_customer'} THEN coalesce(sum(customers), 0) END AS customers,
                   CASE WHEN {'has_spend'} THEN sum(spend) END AS spend, CASE WHEN {'has_revenue'} THEN coalesce(sum(revenue), 0) END AS revenue
              FROM parts GROUP BY 1, 2)
        SELECT attribution, channel, touches, leads_touched, leads, mqls::numeric(20,6), sqls::numeric(20,6), customers::numeric(20,6), {!costs}
               (customers / nullif(mqls, 0))::float8, revenue::numeric(20,2) {!roi}
          FROM sums WHERE {'has_touches'} ORDER BY array_position('{first,last,last_non_direct,linear,linear_channel,position,time_decay,markov}', attribution), channel COLLATE "C"
        $query$, jsonb_build_object(
        'leads', lead_scoring_internal.lead_rows(model), 'revenue', lead_scoring_internal.revenue_rows(model), 'touches', touches,
        'look_back', settings ->> 'look_back', 'half_life', coalesce(settings ->> 'half_life', '7 days'),
        'spend', CASE WHEN with_spend THEN lead_scoring_internal.spend_rows(model) ELSE 'SELECT NULL::text AS channel, NULL::numeric AS amount WHERE false' END,
        'has_mql', settings ->> 'mql' IS NOT NULL, 'has_sql', settings ->> 'sql' IS NOT NULL, 'has_customer', settings ->> 'customer' IS NOT NULL,
        'has_spend', settings ->> 'spend_channel' IS NOT NULL, 'has_revenue', settings ->> 'revenue_table' IS NOT NULL,
        'costs', CASE WHEN with_spend THEN 'spend::numeric(20,2), (spend / nullif(leads, 0))::numeric(20,2), (spend / nullif(mqls, 0))::numeric(20,2),
               (spend / nullif(sqls, 0))::numeric(20,2), (spend / nullif(customers, 0))::numeric(20,2),' END,
        'roi', CASE WHEN with_spend THEN ', ((revenue - spend) / nullif(spend, 0))::float8' END, 'has_touches', touched IS NOT NULL,
        'elapsed', look_back));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_report IS 'The statement of "channels" and "lead_magnets"; "touched" is SQL over the row of an event that names what was touched.';

CREATE FUNCTION lead_scoring_internal.touch_expression(model text, setting text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    PERFORM lead_scoring_internal.check_columns(bound.leads, bound.events, bound.lead_key, bound.event_lead, bound.event_type, bound.event_time,
                                       bound.event_campaign);
    RETURN lead_scoring_internal.touch_key(bound.events,
        coalesce(lead_scoring_internal.report_setting(model) ->> setting, CASE WHEN setting = 'event_channel' THEN quote_ident(bound.event_campaign) END), setting);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.touch_expression IS 'SQL over the row of an event that names its channel or asset, checked against the table as it is; NULL where nothing does. The channel is the campaign where nothing else is said.';

CREATE FUNCTION lead_scoring_internal.channels_report(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.touch_report(model, lead_scoring_internal.touch_expression(model, 'event_channel'), true)
$$;
COMMENT ON FUNCTION lead_scoring_internal.channels_report IS 'The statement of the view "channels".';

CREATE FUNCTION lead_scoring_internal.lead_magnets_report(model text)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.touch_report(model, lead_scoring_internal.touch_expression(model, 'event_asset'), false)
$$;
COMMENT ON FUNCTION lead_scoring_internal.lead_magnets_report IS 'The statement of the view "lead_magnets".';

CREATE FUNCTION lead_scoring_internal.make_channels(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'channels',
    'What channels cost and brought, by attribution. A touch is an event that names a channel; conversions are shared out among the touches before them, and a row without channel has those without any.',
    'attribution | text | How conversions are shared out: first, last, last_non_direct, linear (each touch), linear_channel (each distinct channel), position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 channels).',
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
    'roi | double precision | (revenue - spend) / spend.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_channels IS 'Creates the view "channels" of a model.';

CREATE FUNCTION lead_scoring_internal.make_lead_magnets(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'lead_magnets',
    'What assets brought, by attribution: as the view channels, for the whitepapers, webinars and the like that report_settings.event_asset names.',
    'attribution | text | How conversions are shared out: first, last, last_non_direct, linear (each touch), linear_channel (each distinct channel), position, time_decay or markov (by removal effect, from the touches of all leads, those who never converted included; not where there are more than 1000 assets).',
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
COMMENT ON FUNCTION lead_scoring_internal.make_lead_magnets IS 'Creates the view "lead_magnets" of a model.';

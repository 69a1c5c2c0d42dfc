-- What another definition than the one in force would make of the leads: as if it had been in force since ever, and if it
-- were published now.

CREATE FUNCTION lead_scoring_internal.backtest(model text, definition jsonb, stage text, at timestamptz)
RETURNS TABLE (lead_id text, seen boolean, reached_at timestamptz)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_backtest';
COMMENT ON FUNCTION lead_scoring_internal.backtest IS 'The leads that count by a definition and would have reached a progress stage of it, or a higher one, had it been in force since ever; "at" is now. "seen" tells whether there is an event of the lead.';

CREATE FUNCTION lead_scoring_internal.look_ahead(model text, definition jsonb, stage text, at timestamptz, publishes boolean, refreshes boolean)
RETURNS TABLE (lead_id text, seen boolean, counts boolean, stage_now text, stage_after text, reached_at timestamptz, score_now float8, score_after float8, rules text, damaged boolean)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_look_ahead';
COMMENT ON FUNCTION lead_scoring_internal.look_ahead IS 'The leads that count now or by a definition, by key: where each stands, where it would stand if the definition were published ("counts": whether it does by the definition; "publishes": it is another than the one in force; "refreshes": what is due is done before), when it would have reached that stage, and the rules that make the difference in points. A row that is damaged has no outlook.';

CREATE FUNCTION lead_scoring_internal.definition_of(model text, version bigint)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_paused boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT s.paused FROM %I.settings s', model) INTO is_paused;
    IF is_paused THEN
        PERFORM lead_scoring_internal.fail('55000', format('model "%s" does not score at present', model), 'It is paused, so that what is stored is not what the events say.',
            format('SELECT lead_scoring.resume(%L);', model));
    ELSIF version IS NULL THEN
        RETURN lead_scoring_internal.compile_draft(model);
    END IF;
    RETURN lead_scoring_internal.version_definition(model, version);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.definition_of IS 'The definition of a version, or that of the draft (NULL). Raises 42704 for an unknown version, 55000 where the model is paused, and what publish() raises of a draft that cannot be published.';

CREATE FUNCTION lead_scoring_internal.mql_stage_of(model text, definition jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
-- Settings call stages as the newest version does.
SELECT r.roles -> 'stages' ->> (r.roles ->> 'mql')::integer - 1
  FROM (SELECT lead_scoring_internal.stage_roles(definition, jsonb_build_object('mql_stage', coalesce(d.stage ->> 'name', s.name)))
          FROM (SELECT lead_scoring_internal.report_setting(model) ->> 'mql_stage') s (name)
          LEFT JOIN jsonb_array_elements(lead_scoring_internal.newest_stages(model)) n (stage) ON n.stage ->> 'name' = s.name
          LEFT JOIN jsonb_array_elements(definition -> 'stages') d (stage) ON d.stage -> 'id' = n.stage -> 'id') r (roles)
$$;
COMMENT ON FUNCTION lead_scoring_internal.mql_stage_of IS 'The stage of a definition that reports would take for the MQL stage; NULL where there is none.';

CREATE FUNCTION lead_scoring_internal.tested_rows(model text, definition jsonb)
RETURNS text LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill('SELECT * FROM (SELECT b.lead_id, lead_scoring_internal.report_time(b.reached_at, $1) AS at
          FROM lead_scoring_internal.backtest({''model''}, {''definition''}, {''stage''}, $1) b LEFT JOIN {model}.merged m ON m.merged_from::text = b.lead_id
         WHERE m.merged_from IS NULL OR b.seen) b WHERE b.at IS NOT NULL',
    jsonb_build_object('model', model, 'definition', definition, 'stage', lead_scoring_internal.mql_stage_of(model, definition)))
$$;
COMMENT ON FUNCTION lead_scoring_internal.tested_rows IS 'SQL that gives the leads that would be MQLs up to parameter 1, the time of the report, by a definition that had been in force since ever: lead_id and at. Those that were merged into another are none.';

CREATE FUNCTION lead_scoring_internal.recorded_rows(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF jsonb_array_length(settings -> 'stages') = 0 THEN
        RETURN 'SELECT NULL::text AS lead_id, NULL::timestamptz AS mql_at, NULL::timestamptz AS customer_at, false AS handed_over, false AS accepted, false AS rejected WHERE false';
    END IF;
    RETURN lead_scoring_internal.fill('SELECT l.lead_id::text AS lead_id, l.mql_at, l.customer_at, h.lead_id IS NOT NULL AS handed_over,
               h.lead_id IS NOT NULL AND {!accepted_at} IS NOT NULL AS accepted, (h.rejected AND {!accepted_at} IS NULL) IS TRUE AS rejected
          FROM ({!leads}) l LEFT JOIN ({!handed_over}) h ON h.lead_id = l.lead_id',
        jsonb_build_object('leads', lead_scoring_internal.lead_rows(model, settings), 'handed_over', lead_scoring_internal.hand_over_rows(model, settings),
            'accepted_at', lead_scoring_internal.acceptance_expression(settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.recorded_rows IS 'SQL that gives the leads that count with what was recorded of them up to parameter 1, the time of the report: lead_id as text, mql_at, customer_at, whether it was handed over, accepted and rejected, as the report "feedback" has it. None where nothing was published.';

CREATE FUNCTION lead_scoring.preview(model text, since timestamptz DEFAULT NULL, version bigint DEFAULT NULL, against bigint DEFAULT NULL)
RETURNS TABLE (period date, mqls bigint, mqls_before bigint, joins bigint, leaves bigint, customers bigint, customers_before bigint,
               customer_rate float8, customer_rate_before float8, customers_missed bigint, customers_missed_before bigint,
               handed_over bigint, handed_over_before bigint, accepted bigint, accepted_before bigint, rejected bigint, rejected_before bigint,
               acceptance_rate float8, acceptance_rate_before float8, spend numeric, cost_per_mql numeric, cost_per_mql_before numeric, complete boolean)
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100 AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.preview(model text, since timestamptz, version bigint, against bigint)
RETURNS TABLE (period date, mqls bigint, mqls_before bigint, joins bigint, leaves bigint, customers bigint, customers_before bigint,
               customer_rate float8, customer_rate_before float8, customers_missed bigint, customers_missed_before bigint,
               handed_over bigint, handed_over_before bigint, accepted bigint, accepted_before bigint, rejected bigint, rejected_before bigint,
               acceptance_rate float8, acceptance_rate_before float8, spend numeric, cost_per_mql numeric, cost_per_mql_before numeric, complete boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    as_of CONSTANT timestamptz := lead_scoring_internal.report_time(clock_timestamp());
    definition CONSTANT jsonb := lead_scoring_internal.definition_of(model, version);
    other CONSTANT jsonb := CASE WHEN against IS NOT NULL THEN lead_scoring_internal.definition_of(model, against) END;
    settings jsonb := lead_scoring_internal.report_request(model, 'funnel', 'month', NULL, NULL, NULL);
    published CONSTANT boolean := jsonb_array_length(settings -> 'stages') > 0;
BEGIN
    settings := settings || jsonb_build_object('time_zone', coalesce(settings ->> 'time_zone', definition ->> 'time_zone'));
    RETURN QUERY EXECUTE lead_scoring_internal.fill($query$
        WITH recorded AS MATERIALIZED ({!recorded}), after AS ({!after}), before AS ({!before}),
        leads AS (
            SELECT a.at, b.at AS before_at, r.customer_at, r.handed_over, r.accepted, r.rejected
              FROM after a FULL JOIN before b USING (lead_id) FULL JOIN recorded r USING (lead_id)),
        parts (at, mqls, mqls_before, joins, leaves, customers, customers_before, missed, missed_before,
               handed_over, handed_over_before, accepted, accepted_before, rejected, rejected_before, spend) AS (
            SELECT at, 1, 0, (before_at IS NULL)::integer, 0, (customer_at >= at)::integer, 0, 0, 0,
                   handed_over::integer, 0, accepted::integer, 0, rejected::integer, 0, NULL::numeric FROM leads WHERE at IS NOT NULL
            UNION ALL
            SELECT before_at, 0, 1, 0, (at IS NULL)::integer, 0, (customer_at >= before_at)::integer, 0, 0,
                   0, handed_over::integer, 0, accepted::integer, 0, rejected::integer, NULL FROM leads WHERE before_at IS NOT NULL
            UNION ALL
            SELECT customer_at, 0, 0, 0, 0, 0, 0, ((at < customer_at) IS NOT TRUE)::integer, ((before_at < customer_at) IS NOT TRUE)::integer,
                   0, 0, 0, 0, 0, 0, NULL FROM leads WHERE customer_at IS NOT NULL
            UNION ALL
            SELECT t.at, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, t.amount FROM ({!spend}) t WHERE t.at IS NOT NULL),
        dated AS (SELECT {!period} AS period, p.* FROM parts p WHERE $2 IS NULL OR p.at >= $2),
        filled AS (
            TABLE dated
            UNION ALL
            SELECT m::date, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL
              FROM (SELECT min(d.period) AS first, max(d.period) AS last FROM dated d) span,
                   generate_series(span.last::timestamp, greatest(span.first, span.last - interval '100 years'), -interval '1 month') m),
        sums AS (
            SELECT f.period, {!over} AS complete, coalesce(sum(mqls), 0) AS mqls, coalesce(sum(mqls_before), 0) AS mqls_before,
                   coalesce(sum(joins), 0) AS joins, coalesce(sum(leaves), 0) AS leaves,
                   coalesce(sum(customers), 0) AS customers, coalesce(sum(customers_before), 0) AS customers_before,
                   coalesce(sum(missed), 0) AS missed, coalesce(sum(missed_before), 0) AS missed_before,
                   coalesce(sum(handed_over), 0) AS handed_over, coalesce(sum(handed_over_before), 0) AS handed_over_before,
                   coalesce(sum(accepted), 0) AS accepted, coalesce(sum(accepted_before), 0) AS accepted_before,
                   coalesce(sum(rejected), 0) AS rejected, coalesce(sum(rejected_before), 0) AS rejected_before, sum(spend) AS spend
              FROM filled f GROUP BY GROUPING SETS ((f.period), ()))
        SELECT s.period, has.mql_s, has.mql_b, CASE WHEN has.mql AND has.other THEN s.joins END, CASE WHEN has.mql AND has.other THEN s.leaves END,
               CASE WHEN has.won THEN s.customers END, CASE WHEN has.won_before THEN s.customers_before END,
               CASE WHEN has.won AND s.complete IS NOT FALSE THEN s.customers::float8 / nullif(s.mqls, 0) END,
               CASE WHEN has.won_before AND s.complete IS NOT FALSE THEN s.customers_before::float8 / nullif(s.mqls_before, 0) END,
               CASE WHEN has.won THEN s.missed END, CASE WHEN has.won_before THEN s.missed_before END,
               CASE WHEN has.judged THEN s.handed_over END, CASE WHEN has.judged_before THEN s.handed_over_before END,
               CASE WHEN has.judged THEN s.accepted END, CASE WHEN has.judged_before THEN s.accepted_before END,
               CASE WHEN has.judged THEN s.rejected END, CASE WHEN has.judged_before THEN s.rejected_before END,
               CASE WHEN has.judged AND s.complete IS NOT FALSE THEN s.accepted::float8 / nullif(s.accepted + s.rejected, 0) END,
               CASE WHEN has.judged_before AND s.complete IS NOT FALSE THEN s.accepted_before::float8 / nullif(s.accepted_before + s.rejected_before, 0) END,
               s.spend::numeric(20,2), (s.spend / nullif(has.mql_s, 0))::numeric(20,2), (s.spend / nullif(has.mql_b, 0))::numeric(20,2), s.complete
          FROM sums s
         CROSS JOIN LATERAL (SELECT CASE WHEN {'has_mql'} THEN s.mqls END AS mql_s, CASE WHEN {'has_other'} THEN s.mqls_before END AS mql_b,
                                    {'has_mql'}::boolean AS mql, {'has_other'}::boolean AS other,
                                    {'has_mql'} AND {'has_customer'} AS won, {'has_other'} AND {'has_customer'} AS won_before,
                                    {'has_mql'} AND {'has_handed'} AS judged, {'has_other'} AND {'has_handed'} AS judged_before) has
         ORDER BY s.period
        $query$, jsonb_build_object(
        'recorded', lead_scoring_internal.recorded_rows(model, settings), 'after', lead_scoring_internal.tested_rows(model, definition),
        'before', CASE WHEN against IS NULL THEN 'SELECT r.lead_id, r.mql_at AS at FROM recorded r WHERE r.mql_at IS NOT NULL'
                       ELSE lead_scoring_internal.tested_rows(model, other) END,
        'spend', lead_scoring_internal.spend_rows(model, settings), 'period', lead_scoring_internal.period_expression('lead_scoring_internal.report_time(p.at)', settings),
        'over', lead_scoring_internal.is_over('f.period', settings),
        'has_mql', lead_scoring_internal.mql_stage_of(model, definition) IS NOT NULL,
        'has_other', CASE WHEN against IS NULL THEN settings ->> 'mql' IS NOT NULL ELSE lead_scoring_internal.mql_stage_of(model, other) IS NOT NULL END,
        'has_customer', published AND settings ->> 'customer' IS NOT NULL, 'has_handed', published AND settings ->> 'mql' IS NOT NULL))
        USING as_of, since;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.preview IS 'Implements lead_scoring.preview, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.preview IS
'A backtest: what a version would have made of the leads, had it been in force since ever, beside what is recorded, by month (in the model''s time zone) and in total (the last row, without period). "version" is the draft where it is NULL; with "against" the columns ..._before are those of a backtest of that version, else of moves that are recorded and stand. "since" leaves out what happened before.
mqls are leads by when they reached the stage that counts as mql, or a higher one; joins are those that are no MQLs before at all, leaves MQLs before that are none. customers of these became customers then or later; customers_missed were no MQLs before they became customers, and are in the month of that. handed_over of the MQLs were handed to sales (recorded in the MQL stage), accepted and rejected are as in the report feedback, acceptance_rate is accepted / (accepted + rejected); customer_rate is customers / mqls, cost_per_mql spend / mqls. Customers, acceptance and spend are those that are recorded. Rates are NULL in a month that is not over (complete); those of the last row are of all there is. What a definition has no stage for, and what is not recorded, is NULL. Erased leads, which cannot be tested, and spend without a date are left out.
Reads all events once for each version that is tested, under the snapshot of the statement, writes nothing and locks out no writer. Takes USAGE on the schema and SELECT on its scores, settings, versions, transitions, rules, stages and report_settings; 42501 without these, and where row security limits the caller. 42704 for an unknown version, 55000 where the model is paused, and what publish raises of a draft that cannot be published.';

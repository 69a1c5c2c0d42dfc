-- The view "rule_lift" of a model: do the leads that match a rule convert more often?

CREATE FUNCTION lead_scoring_internal.rule_matches(model text)
RETURNS TABLE (lead_id text, first_at timestamptz[])
LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 100000 AS 'MODULE_PATHNAME', 'lead_scoring_rule_matches';
COMMENT ON FUNCTION lead_scoring_internal.rule_matches IS 'For each lead, known or not, when it first matched each rule of the newest version, in its order: infinity for never, -infinity for fit rules. A match is what it is to scores, before limits. Takes USAGE on the schema and SELECT on its scores; 42501 where row security limits the caller.';

CREATE FUNCTION lead_scoring_internal.rule_lift_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    settings CONSTANT jsonb := lead_scoring_internal.report_setting(model);
    outcome CONSTANT integer := coalesce((settings ->> 'customer')::integer, jsonb_array_length(settings -> 'stages'));
    rules jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition -> ''rules'' FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO rules;
    -- "until" is just beyond what counts: what never came, infinity, is not before it even where it is infinite.
    RETURN lead_scoring_internal.fill($query$
        WITH leads AS (
            SELECT l.outcome_at, least(l.outcome_at, $1) + interval '1 microsecond' AS until, m.first_at
              FROM (SELECT l.lead_id, CASE WHEN l.reached_{!outcome} <= $1 THEN l.reached_{!outcome} END AS outcome_at FROM ({!leads}) l) l
              LEFT JOIN lead_scoring_internal.rule_matches({'model'}) m ON m.lead_id::{!key_type} = l.lead_id OFFSET 0),
        counts AS (
            SELECT count(*) AS leads, count(outcome_at) AS converted, ARRAY[{!leads_with}]::bigint[] AS leads_with, ARRAY[{!converted_with}]::bigint[] AS converted_with FROM leads),
        sums AS (
            SELECT r.*, c.leads_with[r.place] AS leads_with, c.converted_with[r.place] AS converted_with,
                   c.leads - c.leads_with[r.place] AS leads_without, c.converted - c.converted_with[r.place] AS converted_without
              FROM counts c, (SELECT place, r ->> 'name', r ->> 'rule_group', CASE WHEN r ->> 'event_type' IS NULL THEN 'fit' ELSE 'engagement' END
                                FROM jsonb_array_elements({'rules'}) WITH ORDINALITY u (r, place)) r (place, rule, rule_group, kind))
        SELECT rule, rule_group, kind, {'outcome_name'}::text, leads_with, converted_with, leads_without, converted_without, w.rate, w.low, w.high, o.rate, o.low, o.high,
               l.lift, x.low, x.high, x.low >= 2
          FROM sums, LATERAL lead_scoring.wilson_interval(converted_with, leads_with) w,
               LATERAL lead_scoring.wilson_interval(converted_without, leads_without) o,
               LATERAL (SELECT w.rate / nullif(o.rate, 0)) l (lift)
               LEFT JOIN LATERAL (SELECT (w.rate * o.rate - sqrt(greatest((w.rate * o.rate) ^ 2 - w.low * (2 * w.rate - w.low) * o.high * (2 * o.rate - o.high), 0)))
                               / nullif(o.high * (2 * o.rate - o.high), 0),
                               (w.rate * o.rate + sqrt(greatest((w.rate * o.rate) ^ 2 - w.high * (2 * w.rate - w.high) * o.low * (2 * o.rate - o.low), 0)))
                               / nullif(o.low * (2 * o.rate - o.low), 0)
                         WHERE l.lift IS NOT NULL) x (low, high) ON true
         ORDER BY l.lift DESC NULLS LAST, rule COLLATE "C"
        $query$, jsonb_build_object(
        'outcome', outcome, 'leads', lead_scoring_internal.lead_rows(model), 'model', model,
        'leads_with', (SELECT string_agg(format('count(*) FILTER (WHERE first_at[%s] < until)', i), ', ' ORDER BY i)
                         FROM generate_series(1, jsonb_array_length(rules)) i),
        'converted_with', (SELECT string_agg(format('count(*) FILTER (WHERE outcome_at IS NOT NULL AND first_at[%s] <= outcome_at)', i), ', ' ORDER BY i)
                             FROM generate_series(1, jsonb_array_length(rules)) i),
        'rules', rules, 'outcome_name', settings -> 'stages' ->> outcome - 1, 'key_type', lead_scoring_internal.key_type(model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.rule_lift_report IS 'The statement of the view "rule_lift".';

CREATE FUNCTION lead_scoring_internal.make_rule_lift(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.make_report_view(model, 'rule_lift',
    'Conversion of the leads that match a rule, and of the others, for each rule of the current version. A match counts where it is not later than the conversion; attributes are those of today.',
    'rule | text | Rule.',
    'rule_group | text | Its group.',
    'kind | text | engagement or fit.',
    'outcome | text | Stage that counts as conversion: that of customers, else the highest.',
    'leads_with | bigint | Leads that matched the rule before they converted, or ever where they did not.',
    'converted_with | bigint | Of these, converted.',
    'leads_without | bigint | All other leads.',
    'converted_without | bigint | Of these, converted.',
    'rate_with | double precision | converted_with / leads_with.',
    'rate_with_low | double precision | Lower bound of its 95 % interval.',
    'rate_with_high | double precision | Upper bound of its 95 % interval.',
    'rate_without | double precision | converted_without / leads_without.',
    'rate_without_low | double precision | Lower bound of its 95 % interval.',
    'rate_without_high | double precision | Upper bound of its 95 % interval.',
    'lift | double precision | rate_with / rate_without.',
    'lift_low | double precision | Lower bound of its 95 % interval, from those of both rates (MOVER-R, Donner and Zou).',
    'lift_high | double precision | Upper bound of its 95 % interval.',
    'twice | boolean | Whether lift_low is 2 or more.')
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_rule_lift IS 'Creates the view "rule_lift" of a model.';

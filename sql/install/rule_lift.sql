-- The view "rule_lift" of a model: do the leads that match a rule convert more often?

CREATE FUNCTION lead_scoring.rule_matches(model text, rules jsonb, pattern text, value text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    troubled text[];
BEGIN
    SELECT * INTO bound FROM lead_scoring.binding(model);
    EXECUTE format('SELECT array_agg(DISTINCT p.rule) FROM %I.problems p', model) INTO troubled;
    -- CASE keeps the order: type, leads on which the rule raised an error, condition.
    RETURN (SELECT string_agg(format(pattern, format('CASE WHEN %s THEN CASE WHEN %s THEN CASE WHEN %s THEN %s END END END',
                       CASE WHEN rule ->> 'event_type' IS NULL THEN 'true' ELSE format('e.%I::text = %L', bound.event_type, rule ->> 'event_type') END,
                       CASE WHEN rule ->> 'name' = ANY (troubled)
                            THEN format('e.%I NOT IN (SELECT p.lead_id FROM %I.problems p WHERE p.rule = %L)',
                                        CASE WHEN rule ->> 'event_type' IS NULL THEN bound.lead_key ELSE bound.event_lead END, model, rule ->> 'name')
                            ELSE 'true' END,
                       coalesce(rule ->> 'condition', 'true'), value)), ', ' ORDER BY place)
              FROM jsonb_array_elements(rules) WITH ORDINALITY r (rule, place));
END
$$;
COMMENT ON FUNCTION lead_scoring.rule_matches IS 'SQL over a row of table e, events or leads: for each of the rules the value where it matches, else NULL; put into the place of %s in the pattern.';

CREATE FUNCTION lead_scoring.rule_lift_report(model text)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings CONSTANT jsonb := lead_scoring.report_setting(model);
    outcome CONSTANT integer := coalesce((settings ->> 'customer')::integer, jsonb_array_length(settings -> 'stages'));
    rules jsonb;
    event_rules jsonb;
    fit_rules jsonb;
BEGIN
    SELECT * INTO bound FROM lead_scoring.binding(model);
    EXECUTE format('SELECT v.definition -> ''rules'' FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO rules;
    event_rules := coalesce((SELECT jsonb_agg(r ORDER BY place) FROM jsonb_array_elements(rules) WITH ORDINALITY u (r, place) WHERE r ->> 'event_type' IS NOT NULL), '[]');
    fit_rules := coalesce((SELECT jsonb_agg(r ORDER BY place) FROM jsonb_array_elements(rules) WITH ORDINALITY u (r, place) WHERE r ->> 'event_type' IS NULL), '[]');
    RETURN format($query$
        WITH leads AS (
            SELECT l.reached[%1$s] AS outcome_at, b.matches || a.matches AS matches
              FROM (%2$s) l
              LEFT JOIN (SELECT e.%3$I AS lead_id, ARRAY[%4$s]::timestamptz[] AS matches FROM %5$s e
                          WHERE e.%6$I <= $1 AND e.%7$I::text = ANY (%8$L::text[]) GROUP BY 1) a ON a.lead_id = l.lead_id
              JOIN (SELECT e.%9$I AS lead_id, ARRAY[%10$s]::timestamptz[] AS matches FROM %15$s e) b ON b.lead_id = l.lead_id),
        counts AS (
            SELECT count(*) AS leads, count(outcome_at) AS converted, ARRAY[%11$s]::bigint[] AS leads_with, ARRAY[%12$s]::bigint[] AS converted_with FROM leads),
        sums AS (
            SELECT r.*, c.leads_with[r.place] AS leads_with, c.converted_with[r.place] AS converted_with,
                   c.leads - c.leads_with[r.place] AS leads_without, c.converted - c.converted_with[r.place] AS converted_without
              FROM counts c, (VALUES %13$s) r (place, rule, rule_group, kind)
             WHERE r.place IS NOT NULL)
        SELECT rule, rule_group, kind, %14$L::text, leads_with, converted_with, leads_without, converted_without, w.rate, w.low, w.high, o.rate, o.low, o.high,
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
        $query$, outcome, lead_scoring.lead_rows(model),
        bound.event_lead, lead_scoring.rule_matches(model, event_rules, 'min(%s)', format('e.%I', bound.event_time)), bound.events, bound.event_time,
        bound.event_type, ARRAY(SELECT DISTINCT r ->> 'event_type' FROM jsonb_array_elements(event_rules) r),
        bound.lead_key, lead_scoring.rule_matches(model, fit_rules, '%s', '''-infinity'''),
        (SELECT string_agg(format('count(*) FILTER (WHERE matches[%s] <= coalesce(outcome_at, ''infinity''))', i), ', ' ORDER BY i)
           FROM generate_series(1, jsonb_array_length(rules)) i),
        (SELECT string_agg(format('count(*) FILTER (WHERE matches[%s] <= outcome_at)', i), ', ' ORDER BY i)
           FROM generate_series(1, jsonb_array_length(rules)) i),
        coalesce((SELECT string_agg(format('(%s, %L, %L, %L)', place, r ->> 'name', r ->> 'rule_group',
                                           CASE WHEN r ->> 'event_type' IS NULL THEN 'fit' ELSE 'engagement' END), ', ' ORDER BY place)
                    FROM jsonb_array_elements(fit_rules || event_rules) WITH ORDINALITY u (r, place)),
                 '(NULL::integer, NULL::text, NULL::text, NULL::text)'),
        settings -> 'stages' ->> outcome - 1, bound.leads);
END
$$;
COMMENT ON FUNCTION lead_scoring.rule_lift_report IS 'The statement of the view "rule_lift".';

CREATE FUNCTION lead_scoring.make_rule_lift(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring.make_report_view(model, 'rule_lift',
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
COMMENT ON FUNCTION lead_scoring.make_rule_lift IS 'Creates the view "rule_lift" of a model.';

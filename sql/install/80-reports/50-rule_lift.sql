-- The report "rule_lift": do leads convert more often once they match a rule?

CREATE FUNCTION lead_scoring_internal.rule_matches(model text)
RETURNS TABLE (lead_id text, first_at timestamptz[])
LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 100000 AS 'MODULE_PATHNAME', 'lead_scoring_rule_matches';
COMMENT ON FUNCTION lead_scoring_internal.rule_matches IS 'For each lead, known or not, when it first matched each rule of the newest version, in the order of their ids: infinity for never, -infinity for fit rules. A match is what it is to scores, before limits; a rule of frequency or silence is first matched when it first gives its points. Takes USAGE on the schema and SELECT on its scores; 42501 where row security limits the caller.';

CREATE TYPE lead_scoring_internal.rule_exposure AS (leads_with bigint, converted_with bigint, days_with float8, leads_without bigint, converted_without bigint, days_without float8,
    lift float8, lift_low float8, lift_high float8);
COMMENT ON TYPE lead_scoring_internal.rule_exposure IS 'What exposure knows of a rule.';

CREATE FUNCTION lead_scoring_internal.exposure_accum(state bigint[], came_at timestamptz, until timestamptz, converted boolean, first_at timestamptz[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_exposure_accum';
COMMENT ON FUNCTION lead_scoring_internal.exposure_accum IS 'Transition function of exposure.';

CREATE FUNCTION lead_scoring_internal.exposure_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_exposure_combine';
COMMENT ON FUNCTION lead_scoring_internal.exposure_combine IS 'Combine function of exposure.';

CREATE FUNCTION lead_scoring_internal.exposure_final(state bigint[]) RETURNS lead_scoring_internal.rule_exposure[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_exposure_final';
COMMENT ON FUNCTION lead_scoring_internal.exposure_final IS 'Final function of exposure.';

CREATE AGGREGATE lead_scoring_internal.exposure(came_at timestamptz, until timestamptz, converted boolean, first_at timestamptz[]) (
    SFUNC = lead_scoring_internal.exposure_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.exposure_final,
    COMBINEFUNC = lead_scoring_internal.exposure_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.exposure(timestamptz, timestamptz, boolean, timestamptz[]) IS 'For each rule, how leads convert since they matched it and before or without, and the ratio of both (core/statistics/rate_ratio.hpp). A row is a lead: when it came, until when it was at risk, whether it converted then, and when it first matched each rule, as rule_matches has it. Who was never at risk, no time between coming and until, is passed over.';

CREATE FUNCTION lead_scoring_internal.rule_lift_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    outcome CONSTANT integer := coalesce((settings ->> 'customer')::integer, jsonb_array_length(settings -> 'stages'));
    remembers CONSTANT text := lead_scoring_internal.remembers(lead_scoring_internal.remembering_version(model));
    rules jsonb;
    first_matches text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    rules := lead_scoring_internal.newest_definition(model) -> 'rules';
    first_matches := format('coalesce(m.first_at, array_fill(timestamptz ''infinity'', ARRAY[%s]))', jsonb_array_length(rules));
    IF remembers IS NOT NULL THEN
        first_matches := format('CASE WHEN l.remembers THEN lead_scoring_internal.first_matches(l.memory, l.card, %L) ELSE %s END',
            ARRAY(SELECT (r ->> 'id')::integer FROM jsonb_array_elements(rules) r ORDER BY 1), first_matches);
    END IF;
    -- A lead is at risk from when it came until it converts, or goes to the detour that it is in, or until now.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS (
            SELECT [[l.dimension, ]]l.came_at, CASE WHEN l.outcome_at <= $1 THEN l.outcome_at WHEN l.is_out AND l.stage_since <= $1 THEN l.stage_since
                                   ELSE lead_scoring_internal.report_time($1) END AS until,
                   coalesce(l.outcome_at <= $1, false) AS converted, {!first_matches} AS first_at
              FROM (SELECT l.lead_id, [[l.dimension, ]]l.memory, l.card, l.remembers, l.came_at, l.is_out, l.stage_since, l.reached_{!outcome} AS outcome_at FROM ({!leads}) l WHERE {!asked_for}) l
              LEFT JOIN (SELECT m.* FROM lead_scoring_internal.rule_matches({'model'}) m{!if_any}) m ON m.lead_id::{!key_type} = l.lead_id OFFSET 0),
        dimensions AS (
            SELECT [[dimension, ]]lead_scoring_internal.exposure(came_at, until, converted, first_at) AS rules FROM leads[[ GROUP BY dimension]]),
        sums AS (
            SELECT [[s.dimension, ]]e.* FROM dimensions s,
                   unnest(s.rules) WITH ORDINALITY e (leads_with, converted_with, days_with, leads_without, converted_without, days_without, lift, low, high, place))
        SELECT [[d.dimension|NULL::text]], r.rule ->> 'name', r.rule ->> 'rule_group', CASE WHEN r.rule ->> 'event_type' IS NULL THEN 'fit' ELSE 'engagement' END, {'outcome_name'}::text,
               coalesce(s.leads_with, 0), coalesce(s.converted_with, 0), coalesce(s.days_with, 0), 1000 * s.converted_with / nullif(s.days_with, 0),
               coalesce(s.leads_without, 0), coalesce(s.converted_without, 0), coalesce(s.days_without, 0), 1000 * s.converted_without / nullif(s.days_without, 0),
               s.lift, s.low, s.high, s.low >= 2
          FROM (SELECT r, row_number() OVER (ORDER BY (r ->> 'id')::integer, place) FROM jsonb_array_elements({'rules'}) WITH ORDINALITY u (r, place)) r (rule, place)
[[         CROSS JOIN dimensions d
]]          LEFT JOIN sums s ON s.place = r.place[[ AND s.dimension IS NOT DISTINCT FROM d.dimension]]
         ORDER BY [[d.dimension, ]]s.lift DESC NULLS LAST, r.rule ->> 'name' COLLATE "C"
        $query$, jsonb_build_object(
        'outcome', outcome, 'asked_for', lead_scoring_internal.is_asked_for_at('l.came_at', settings),
        'leads', lead_scoring_internal.lead_rows(model, settings), 'model', model, 'first_matches', first_matches,
        -- Events are read where a lead does not remember, and then all of them are.
        'if_any', CASE WHEN remembers IS NOT NULL THEN format(' WHERE (SELECT EXISTS (SELECT FROM %I.scores s WHERE NOT %s))', model, remembers) END,
        'rules', rules, 'outcome_name', settings -> 'stages' ->> outcome - 1, 'key_type', lead_scoring_internal.key_type(model)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.rule_lift_report IS 'The statement of the report "rule_lift".';

CREATE FUNCTION lead_scoring_internal.rule_lift_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How often leads convert once they have matched a rule, against leads of the same age that have not, for each rule of the current version. A lead is at risk from when it came until it converts, goes to the detour that it is in, or until now; before its first match it counts as one without. Who converts the very instant he comes was never at risk, and is left out. Attributes are those of today, and hold from the start.',
    ARRAY['by | + Rules are compared among the leads of each, and each has all rules.',
    'since | since, until: only leads that came on a day from the one to the other, both included.', 'until'],
    ARRAY['rule | text | Rule.',
    'rule_group | text | Its group.',
    'kind | text | engagement or fit.',
    'outcome | text | Stage that counts as conversion: that of customers, else the highest.',
    'leads_with | bigint | Leads that were at risk after their first match of the rule.',
    'converted_with | bigint | Of these, converted after it. A match at the very instant of the conversion is none.',
    'days_with | double precision | Days at risk after the first match, of all leads together.',
    'per_1000_days_with | double precision | Conversions per 1000 lead-days with a match: 1000 * converted_with / days_with.',
    'leads_without | bigint | Leads that were at risk before their first match, or without any; who matched later is in leads_with too.',
    'converted_without | bigint | Of these, converted before a match, at its very instant, or without any.',
    'days_without | double precision | Days at risk before the first match, or without any, of all leads together.',
    'per_1000_days_without | double precision | Conversions per 1000 lead-days without a match.',
    'lift | double precision | How many times as often leads with a match convert as leads of the same age without: the ratio of the two rates, estimated over bands of age (stratified Poisson rates, maximum likelihood). Where conversions do not depend on age, that is per_1000_days_with / per_1000_days_without. NULL where no lead converts at an age that leads of both kinds had, or none without a match does; lift_low then says what it is at least.',
    'lift_low | double precision | Lower bound of its 95 % interval (score interval of Breslow and Day, 1987).',
    'lift_high | double precision | Upper bound of its 95 % interval; NULL where there is none.',
    'twice | boolean | Whether lift_low is 2 or more.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.rule_lift_form IS 'What the report "rule_lift" is.';

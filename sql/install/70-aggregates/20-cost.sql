-- What one qualified lead costs: cost_per_mql, and cost_per for any other stage.
-- State: bigint[] of six numbers and a counter for each four decimal digits that amounts have; 136 bytes a group for amounts from 10^-8 to 10^24.

CREATE FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached bigint) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_accum_count';
COMMENT ON FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached bigint) IS 'Transition function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached_at timestamptz) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_accum_time';
COMMENT ON FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached_at timestamptz) IS 'Transition function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_accum_flag';
COMMENT ON FUNCTION lead_scoring_internal.cost_accum(state bigint[], spend numeric, reached boolean) IS 'Transition function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_combine';
COMMENT ON FUNCTION lead_scoring_internal.cost_combine(state bigint[], other bigint[]) IS 'Combine function of cost_per_mql and cost_per.';

CREATE FUNCTION lead_scoring_internal.cost_final(state bigint[]) RETURNS numeric
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_cost_final';
COMMENT ON FUNCTION lead_scoring_internal.cost_final(state bigint[]) IS 'Final function of cost_per_mql and cost_per.';

CREATE AGGREGATE lead_scoring.cost_per_mql(spend numeric, mqls bigint) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per_mql(spend numeric, mqls bigint) IS 'Sum of spend over sum of mqls. Both sums are exact, rows with spend and no MQL included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no MQL, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per_mql(spend numeric, mql_at timestamptz) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per_mql(spend numeric, mql_at timestamptz) IS 'Sum of spend over the number of rows with a time in mql_at (not NULL, not infinite). Both sums are exact, rows with spend and no MQL included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no MQL, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per(spend numeric, reached bigint) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per(spend numeric, reached bigint) IS 'Sum of spend over sum of reached: cost per lead, SQL, customer or click. Both sums are exact, rows with spend and no count included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no count, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per(spend numeric, reached_at timestamptz) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per(spend numeric, reached_at timestamptz) IS 'Sum of spend over the number of rows with a time in reached_at (not NULL, not infinite). Both sums are exact, rows with spend and no such row included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no such row, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

CREATE AGGREGATE lead_scoring.cost_per(spend numeric, reached boolean) (
    SFUNC = lead_scoring_internal.cost_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.cost_final,
    COMBINEFUNC = lead_scoring_internal.cost_combine,
    INITCOND = '{0,-1,0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.cost_per(spend numeric, reached boolean) IS 'Sum of spend over the number of rows in which reached is true. Both sums are exact, rows with spend and no such row included, and the quotient is rounded once, far behind the cent: round(..., 2) shows money. NULL where there is no such row, or no spend that is known (not NULL). Negative spend, a refund, is subtracted; NaN and infinite spend give what sum() gives. Where the second argument is a bare NULL, write NULL::bigint or NULL::timestamptz.';

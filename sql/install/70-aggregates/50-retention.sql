-- retention: which of several conditions a lead met, given that it met the first.
-- State: one bigint, held by value.

CREATE FUNCTION lead_scoring_internal.retention_accum(state bigint, VARIADIC conditions boolean[]) RETURNS bigint
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_retention_accum';
COMMENT ON FUNCTION lead_scoring_internal.retention_accum(state bigint, VARIADIC conditions boolean[]) IS 'Transition function of retention.';

CREATE FUNCTION lead_scoring_internal.retention_combine(state bigint, other bigint) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_retention_combine';
COMMENT ON FUNCTION lead_scoring_internal.retention_combine(state bigint, other bigint) IS 'Combine function of retention.';

CREATE FUNCTION lead_scoring_internal.retention_final(state bigint) RETURNS boolean[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_retention_final';
COMMENT ON FUNCTION lead_scoring_internal.retention_final(state bigint) IS 'Final function of retention.';

CREATE AGGREGATE lead_scoring.retention(VARIADIC conditions boolean[]) (
    SFUNC = lead_scoring_internal.retention_accum,
    STYPE = bigint,
    FINALFUNC = lead_scoring_internal.retention_final,
    COMBINEFUNC = lead_scoring_internal.retention_combine,
    INITCOND = '0',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.retention(VARIADIC conditions boolean[]) IS 'For the rows of one lead: element 1 says whether condition 1 held in any row, element i whether condition 1 and condition i did, in any rows and any order. 1 to 32 conditions, NULL counts as false. NULL without rows.';

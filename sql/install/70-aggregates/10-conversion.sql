-- How many of those who reached one stage reached another: conversion_rate, conversion_interval, wilson_interval.
-- State: bigint[3] of leads, conversions and confidence (in 10^-15, 0 for none); 64 bytes a group.

CREATE TYPE lead_scoring.rate_interval AS (rate float8, low float8, high float8, n bigint);
COMMENT ON TYPE lead_scoring.rate_interval IS 'A rate with the bounds of its confidence interval, and the number of leads it was taken from.';
COMMENT ON COLUMN lead_scoring.rate_interval.rate IS 'Converted leads over all leads; NULL where there are none.';
COMMENT ON COLUMN lead_scoring.rate_interval.low IS 'Lower bound of the interval.';
COMMENT ON COLUMN lead_scoring.rate_interval.high IS 'Upper bound of the interval.';
COMMENT ON COLUMN lead_scoring.rate_interval.n IS 'Leads the rate was taken from.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_accum';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz, confidence float8) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_accum_confidence';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_at timestamptz, to_at timestamptz, confidence float8) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_within_accum';
COMMENT ON FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval, confidence float8) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_within_accum_confidence';
COMMENT ON FUNCTION lead_scoring_internal.conversion_within_accum(state bigint[], from_at timestamptz, to_at timestamptz, within interval, confidence float8) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_flags_accum';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean, confidence float8) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_flags_accum_confidence';
COMMENT ON FUNCTION lead_scoring_internal.conversion_accum(state bigint[], from_reached boolean, to_reached boolean, confidence float8) IS 'Transition function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_combine';
COMMENT ON FUNCTION lead_scoring_internal.conversion_combine(state bigint[], other bigint[]) IS 'Combine function of conversion_rate and conversion_interval.';

CREATE FUNCTION lead_scoring_internal.conversion_rate_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_rate_final';
COMMENT ON FUNCTION lead_scoring_internal.conversion_rate_final(state bigint[]) IS 'Final function of conversion_rate.';

CREATE FUNCTION lead_scoring_internal.conversion_interval_final(state bigint[]) RETURNS lead_scoring.rate_interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_conversion_interval_final';
COMMENT ON FUNCTION lead_scoring_internal.conversion_interval_final(state bigint[]) IS 'Final function of conversion_interval.';

CREATE AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_rate_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz) IS 'Share of the leads with from_at that have to_at too. NULL where no lead has from_at. A time that is NULL or infinite was not reached. A to_at before from_at was not reached, as in lead_velocity and median_time_to. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz, within interval) (
    SFUNC = lead_scoring_internal.conversion_within_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_rate_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_rate(from_at timestamptz, to_at timestamptz, within interval) IS 'Share of the leads with from_at that have to_at too. NULL where no lead has from_at. A time that is NULL or infinite was not reached. A to_at before from_at was not reached, as in lead_velocity and median_time_to. Conversions count where they came within this time (inclusive; days of 24 hours, no months); NULL sets no limit.';

CREATE AGGREGATE lead_scoring.conversion_rate(from_reached boolean, to_reached boolean) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_rate_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_rate(from_reached boolean, to_reached boolean) IS 'Share of the rows with from_reached in which to_reached is true as well; NULL counts as false. NULL where from_reached is never true. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz) IS 'conversion_rate(from_at, to_at) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. Confidence 0.95. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, confidence float8) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, confidence float8) IS 'conversion_rate(from_at, to_at) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. The confidence must be the same in all rows; NULL is 0.95.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, within interval, confidence float8) (
    SFUNC = lead_scoring_internal.conversion_within_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_at timestamptz, to_at timestamptz, within interval, confidence float8) IS 'conversion_rate(from_at, to_at, within) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. The confidence must be the same in all rows; NULL is 0.95.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean) IS 'conversion_rate(from_reached, to_reached) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. Confidence 0.95. Where both arguments are bare NULLs, write NULL::timestamptz or NULL::boolean.';

CREATE AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean, confidence float8) (
    SFUNC = lead_scoring_internal.conversion_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.conversion_interval_final,
    COMBINEFUNC = lead_scoring_internal.conversion_combine,
    INITCOND = '{0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.conversion_interval(from_reached boolean, to_reached boolean, confidence float8) IS 'conversion_rate(from_reached, to_reached) with its Wilson interval (prop.test(converted, n, correct = FALSE) of R), as (rate, low, high, n); without leads n is 0 and the rest NULL. The confidence must be the same in all rows; NULL is 0.95.';

CREATE FUNCTION lead_scoring.wilson_interval(converted bigint, n bigint, confidence float8 DEFAULT 0.95) RETURNS lead_scoring.rate_interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_wilson_interval';
COMMENT ON FUNCTION lead_scoring.wilson_interval(bigint, bigint, float8) IS 'The interval of conversion_interval (Wilson''s score interval, 1927) from counts that are there already, such as the columns of a report. It is a plain function.';

-- How long leads take when those still on their way are not forgotten: Kaplan and Meier's estimate.
-- State: bytea of 32 bytes and 8 a lead, its length a power of two.

CREATE FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_accum';
COMMENT ON FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz) IS 'Transition function of median_time_to.';

CREATE FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_accum_days';
COMMENT ON FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) IS 'Transition function of share_converted and share_converted_interval.';

CREATE FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_accum_days_confidence';
COMMENT ON FUNCTION lead_scoring_internal.survival_accum(state bytea, from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) IS 'Transition function of share_converted_interval.';

CREATE FUNCTION lead_scoring_internal.survival_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_survival_combine';
COMMENT ON FUNCTION lead_scoring_internal.survival_combine(state bytea, other bytea) IS 'Combine function of median_time_to, share_converted and share_converted_interval.';

CREATE FUNCTION lead_scoring_internal.median_time_final(state bytea) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_median_time_final';
COMMENT ON FUNCTION lead_scoring_internal.median_time_final(state bytea) IS 'Final function of median_time_to.';

CREATE FUNCTION lead_scoring_internal.share_converted_final(state bytea) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_share_converted_final';
COMMENT ON FUNCTION lead_scoring_internal.share_converted_final(state bytea) IS 'Final function of share_converted.';

CREATE FUNCTION lead_scoring_internal.share_converted_interval_final(state bytea) RETURNS lead_scoring.rate_interval
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_share_converted_interval_final';
COMMENT ON FUNCTION lead_scoring_internal.share_converted_interval_final(state bytea) IS 'Final function of share_converted_interval.';

CREATE AGGREGATE lead_scoring.median_time_to(from_at timestamptz, to_at timestamptz, as_of timestamptz) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.median_time_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.median_time_to(from_at timestamptz, to_at timestamptz, as_of timestamptz) IS 'Days after which half of the leads with from_at have reached to_at; NULL where it was not seen that half of them do. Where exactly half have converted for a while, the middle of that while, as survfit of R has it (summary(survfit(Surv(days, converted) ~ 1))$table["median"]); where that stays so to the end, its beginning. Kaplan-Meier: a lead without to_at, or with one after as_of, was watched until as_of and counts for that long. Leads with from_at after as_of are not in it. as_of is usually now(); NULL is an error, infinity watches for ever. NULL or infinite from_at and to_at were not reached. A to_at before from_at was not reached, as in conversion_rate and lead_velocity.';

CREATE AGGREGATE lead_scoring.share_converted(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.share_converted_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.share_converted(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) IS 'Share of the leads with from_at that reach to_at within so many days; NULL where no lead was watched that long. Kaplan-Meier: a lead without to_at, or with one after as_of, was watched until as_of and counts for that long. Leads with from_at after as_of are not in it. as_of is usually now(); NULL is an error, infinity watches for ever. NULL or infinite from_at and to_at were not reached. A to_at before from_at was not reached, as in conversion_rate and lead_velocity. days must be the same in all rows.';

CREATE AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.share_converted_interval_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8) IS 'share_converted with its interval, as (rate, low, high, n): the log-log interval (Greenwood''s variance; conf.type = "log-log" of R''s survfit), confidence 0.95. Where the share is 0 or 1, which has no variance, it is the Wilson interval, of as many leads as were still watched.';

CREATE AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) (
    SFUNC = lead_scoring_internal.survival_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.share_converted_interval_final,
    COMBINEFUNC = lead_scoring_internal.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.share_converted_interval(from_at timestamptz, to_at timestamptz, as_of timestamptz, days float8, confidence float8) IS 'share_converted with its interval, as (rate, low, high, n): the log-log interval (Greenwood''s variance; conf.type = "log-log" of R''s survfit). Where the share is 0 or 1, which has no variance, it is the Wilson interval, of as many leads as were still watched. The confidence must be the same in all rows; NULL is 0.95.';

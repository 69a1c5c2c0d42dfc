-- lead_velocity: the mean time between two stages.
-- State: bigint[4] of the number of leads, the sum of microseconds as high and low word, and infinite terms (none here); 64 bytes a group.
-- brier and log_loss keep the same state.

CREATE FUNCTION lead_scoring_internal.lead_velocity_accum(state bigint[], from_at timestamptz, to_at timestamptz) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_velocity_accum';
COMMENT ON FUNCTION lead_scoring_internal.lead_velocity_accum(state bigint[], from_at timestamptz, to_at timestamptz) IS 'Transition function of lead_velocity.';

CREATE FUNCTION lead_scoring_internal.mean_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_mean_combine';
COMMENT ON FUNCTION lead_scoring_internal.mean_combine(state bigint[], other bigint[]) IS 'Combine function of lead_velocity, brier and log_loss.';

CREATE FUNCTION lead_scoring_internal.lead_velocity_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_velocity_final';
COMMENT ON FUNCTION lead_scoring_internal.lead_velocity_final(state bigint[]) IS 'Final function of lead_velocity.';

CREATE AGGREGATE lead_scoring.lead_velocity(from_at timestamptz, to_at timestamptz) (
    SFUNC = lead_scoring_internal.lead_velocity_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.lead_velocity_final,
    COMBINEFUNC = lead_scoring_internal.mean_combine,
    INITCOND = '{0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.lead_velocity(from_at timestamptz, to_at timestamptz) IS 'Mean time from from_at to to_at in days (of 24 hours), over the rows that have both; NULL where none has. Infinite times count as NULL. A to_at before from_at was not reached, as in conversion_rate and median_time_to. Leads still on their way are not in it: see median_time_to. Growth, by how much more leads qualify in a month than in the one before, is another thing: lead_velocity_rate of the view funnel.';

-- window_funnel and funnel_times: how far a lead got through the steps of a funnel, and when.
-- State: bytea of 32 bytes and 12 an event that matches a step (any event under strict_order), its length a power of two from 128.

CREATE FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, VARIADIC steps boolean[]) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_accum';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, VARIADIC steps boolean[]) IS 'Transition function of window_funnel and funnel_times.';

CREATE FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, mode text, VARIADIC steps boolean[]) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_accum_mode';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_accum(state bytea, within interval, at timestamptz, mode text, VARIADIC steps boolean[]) IS 'Transition function of window_funnel and funnel_times.';

CREATE FUNCTION lead_scoring_internal.window_funnel_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_combine';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_combine(state bytea, other bytea) IS 'Combine function of window_funnel and funnel_times.';

CREATE FUNCTION lead_scoring_internal.window_funnel_final(state bytea) RETURNS integer
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_window_funnel_final';
COMMENT ON FUNCTION lead_scoring_internal.window_funnel_final(state bytea) IS 'Final function of window_funnel.';

CREATE FUNCTION lead_scoring_internal.funnel_times_final(state bytea) RETURNS timestamptz[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_funnel_times_final';
COMMENT ON FUNCTION lead_scoring_internal.funnel_times_final(state bytea) IS 'Final function of funnel_times.';

CREATE AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.window_funnel_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, VARIADIC steps boolean[]) IS 'For the events of one lead: the number of steps, from the first, that were reached in order within this time (inclusive; days of 24 hours, no months) of the first of them; 0 where the first was not. The best of all chains counts. 1 to 32 steps, NULL counts as false; events without a time are passed over. At equal times lower steps come first, so that the order of rows never matters.';

CREATE AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.window_funnel_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.window_funnel(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) IS 'For the events of one lead: the number of steps, from the first, that were reached in order within this time (inclusive; days of 24 hours, no months) of the first of them; 0 where the first was not. The best of all chains counts. 1 to 32 steps, NULL counts as false; events without a time are passed over. At equal times lower steps come first, so that the order of rows never matters. Mode: comma separated of strict_increase (each step later than the one before), strict_once (an event takes at most one step), strict_order (an event that matches no step, or a step whose predecessor was not reached, ends the search), allow_reentry (with strict_order: only events that match no step end it), strict_deduplication (a step but the first matched again ends it); NULL or '''' for none of them.';

CREATE AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.funnel_times_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, VARIADIC steps boolean[]) IS 'The times of the steps that window_funnel counts, in order; empty where the first was not reached. Of several chains it is the one that got that far first, and of those the one that began last.';

CREATE AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) (
    SFUNC = lead_scoring_internal.window_funnel_accum,
    STYPE = bytea,
    SSPACE = 128,
    FINALFUNC = lead_scoring_internal.funnel_times_final,
    COMBINEFUNC = lead_scoring_internal.window_funnel_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.funnel_times(within interval, at timestamptz, mode text, VARIADIC steps boolean[]) IS 'The times of the steps that window_funnel counts, in order; empty where the first was not reached. Of several chains it is the one that got that far first, and of those the one that began last. Modes as for window_funnel.';

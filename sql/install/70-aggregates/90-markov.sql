-- attribution_markov: attribution by removal effect, from the paths of all leads, those that never converted included.
--
--     SELECT m.* FROM (SELECT lead_scoring.attribution_markov(path, converted) AS credits FROM
--         (SELECT array_agg(channel ORDER BY at, channel) AS path, bool_or(converted) AS converted FROM touches GROUP BY lead_id) AS paths) AS a,
--         unnest(credits) AS m;
--
-- State: bytea of 40 bytes, 16 a distinct step and each channel's name once, its length a power of two: no more for more leads.

CREATE TYPE lead_scoring.markov_credit AS (channel text, removal_effect float8, credit float8);
COMMENT ON TYPE lead_scoring.markov_credit IS 'What one channel contributes to conversions.';
COMMENT ON COLUMN lead_scoring.markov_credit.channel IS 'The channel; NULL for conversions without a touch.';
COMMENT ON COLUMN lead_scoring.markov_credit.removal_effect IS 'Share of conversions that would be lost without the channel.';
COMMENT ON COLUMN lead_scoring.markov_credit.credit IS 'Conversions credited to it, in proportion to the removal effects; sums to the conversions.';

CREATE FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_accum';
COMMENT ON FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean) IS 'Transition function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean, model_order integer) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_accum_order';
COMMENT ON FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], converted boolean, model_order integer) IS 'Transition function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], conversions bigint, lost bigint, model_order integer) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_accum_counts';
COMMENT ON FUNCTION lead_scoring_internal.markov_accum(state bytea, path text[], conversions bigint, lost bigint, model_order integer) IS 'Transition function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_combine';
COMMENT ON FUNCTION lead_scoring_internal.markov_combine(state bytea, other bytea) IS 'Combine function of attribution_markov.';

CREATE FUNCTION lead_scoring_internal.markov_final(state bytea) RETURNS lead_scoring.markov_credit[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_markov_final';
COMMENT ON FUNCTION lead_scoring_internal.markov_final(state bytea) IS 'Final function of attribution_markov.';

CREATE AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean) (
    SFUNC = lead_scoring_internal.markov_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.markov_final,
    COMBINEFUNC = lead_scoring_internal.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean) IS 'Credits conversions to channels by the removal effect in a Markov chain of paths: how much of the chance to convert is lost without the channel (Anderl and others, 2016). The chain is solved exactly, not simulated. One row a path: the channels of one lead in order (NULL ones are passed over), and whether it converted; NULL is not. Conversions with an empty or NULL path are credited to channel NULL. 54000 for more than 1000 channels or 50000 states. Order 1: only the last channel matters for what comes next.';

CREATE AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean, model_order integer) (
    SFUNC = lead_scoring_internal.markov_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.markov_final,
    COMBINEFUNC = lead_scoring_internal.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution_markov(path text[], converted boolean, model_order integer) IS 'Credits conversions to channels by the removal effect in a Markov chain of paths: how much of the chance to convert is lost without the channel (Anderl and others, 2016). The chain is solved exactly, not simulated. One row a path: the channels of one lead in order (NULL ones are passed over), and whether it converted; NULL is not. Conversions with an empty or NULL path are credited to channel NULL. 54000 for more than 1000 channels or 50000 states. model_order, 1 to 3 and the same in all rows, says how many of the last channels matter for what comes next; NULL is 1.';

CREATE AGGREGATE lead_scoring.attribution_markov(path text[], conversions bigint, lost bigint, model_order integer) (
    SFUNC = lead_scoring_internal.markov_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.markov_final,
    COMBINEFUNC = lead_scoring_internal.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution_markov(path text[], conversions bigint, lost bigint, model_order integer) IS 'Credits conversions to channels by the removal effect in a Markov chain of paths: how much of the chance to convert is lost without the channel (Anderl and others, 2016). The chain is solved exactly, not simulated. One row a path: the channels of one lead in order (NULL ones are passed over), and whether it converted; NULL is not. Conversions with an empty or NULL path are credited to channel NULL. 54000 for more than 1000 channels or 50000 states. Here a row stands for conversions + lost leads of the same path. model_order is 1 to 3; NULL is 1.';

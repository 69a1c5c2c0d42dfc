-- attribution: which channels a conversion is credited to. Two levels: the aggregate shares one conversion out, sum() adds up by channel.
--
--     SELECT c.channel, sum(c.credit) AS conversions, sum(c.value) AS revenue
--     FROM (SELECT lead_scoring.attribution('linear', t.channel, t.at, v.at, v.amount) AS credits
--           FROM conversions v LEFT JOIN touches t USING (lead_id) GROUP BY v.id) AS shared, unnest(credits) AS c
--     GROUP BY c.channel;
--
-- State: bytea of 48 bytes and, for each channel, 28 with its name; time_decay: each channel's name and 12 a touch. Its length is a power of two from 256.

CREATE TYPE lead_scoring.channel_credit AS (channel text, touches bigint, credit numeric, value numeric);
COMMENT ON TYPE lead_scoring.channel_credit IS 'The share that one channel has in one conversion.';
COMMENT ON COLUMN lead_scoring.channel_credit.channel IS 'The channel; NULL where there was no touch to credit.';
COMMENT ON COLUMN lead_scoring.channel_credit.touches IS 'Touches by this channel before the conversion.';
COMMENT ON COLUMN lead_scoring.channel_credit.credit IS 'Share in the conversion, with 15 decimals; the shares of one conversion sum to 1 exactly.';
COMMENT ON COLUMN lead_scoring.channel_credit.value IS 'Share in its value, credit * value, unrounded; sums to the value exactly.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_accum';
COMMENT ON FUNCTION lead_scoring_internal.attribution_accum(state bytea, method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) IS 'Transition function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_combine';
COMMENT ON FUNCTION lead_scoring_internal.attribution_combine(state bytea, other bytea) IS 'Combine function of attribution.';

CREATE FUNCTION lead_scoring_internal.attribution_final(state bytea) RETURNS lead_scoring.channel_credit[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_attribution_final';
COMMENT ON FUNCTION lead_scoring_internal.attribution_final(state bytea) IS 'Final function of attribution.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite. value is shared out like the conversion.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite. value (may be NULL) is shared out like the conversion. Touches more than look_back before the conversion are passed over; NULL sets no limit.';

CREATE AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) (
    SFUNC = lead_scoring_internal.attribution_accum,
    STYPE = bytea,
    SSPACE = 256,
    FINALFUNC = lead_scoring_internal.attribution_final,
    COMBINEFUNC = lead_scoring_internal.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.attribution(method text, channel text, at timestamptz, conversion_at timestamptz, value numeric, look_back interval, half_life interval) IS 'The channels that one conversion is credited to, from the touches before it. Group by the conversion: conversion_at and what follows it must be the same in all rows of a group. Method: first, last, last_non_direct (the last touch whose channel is not direct), linear (each touch), linear_channel (each distinct channel), position (40 % first, 20 % between, 40 % last), time_decay (halved every half_life). Touches up to and including conversion_at count; those without channel or time are passed over; equal times are ordered by channel. Direct are channels called direct, (direct), (none), (direct) / (none), direct entry, direct traffic or the empty text, in any case. A conversion without touches is credited to channel NULL, so that credits always sum to the conversions. NULL where conversion_at is NULL or infinite. value (may be NULL) is shared out like the conversion. Touches more than look_back before the conversion are passed over; NULL sets no limit. half_life is that of time_decay, 7 days where NULL.';

-- first_touch: the channel of the earliest touch. State: bytea of 12 bytes and the channel's name.

CREATE FUNCTION lead_scoring_internal.first_touch_accum(state bytea, channel text, at timestamptz) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_touch_accum';
COMMENT ON FUNCTION lead_scoring_internal.first_touch_accum(state bytea, channel text, at timestamptz) IS 'Transition function of first_touch.';

CREATE FUNCTION lead_scoring_internal.first_touch_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_touch_combine';
COMMENT ON FUNCTION lead_scoring_internal.first_touch_combine(state bytea, other bytea) IS 'Combine function of first_touch.';

CREATE FUNCTION lead_scoring_internal.first_touch_final(state bytea) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_touch_final';
COMMENT ON FUNCTION lead_scoring_internal.first_touch_final(state bytea) IS 'Final function of first_touch.';

CREATE AGGREGATE lead_scoring.first_touch(channel text, at timestamptz) (
    SFUNC = lead_scoring_internal.first_touch_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.first_touch_final,
    COMBINEFUNC = lead_scoring_internal.first_touch_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.first_touch(channel text, at timestamptz) IS 'The channel, or campaign, of the earliest touch that names one; of several at that time the first by its bytes. NULL without any. Touches with NULL or an infinite time are passed over.';

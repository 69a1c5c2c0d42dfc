-- What reports read of the column "memory" of scores.

CREATE FUNCTION lead_scoring_internal.first_event(memory bytea) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_event';
COMMENT ON FUNCTION lead_scoring_internal.first_event IS 'When the lead''s first event was; NULL where it had none. This and the next ones raise 22023 for what is no memory.';

CREATE FUNCTION lead_scoring_internal.keeps_names(memory bytea) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_keeps_names';
COMMENT ON FUNCTION lead_scoring_internal.keeps_names IS 'Whether it knows the campaign and the first touches: not where a name is longer than 255 bytes. Else they are to be read from the events.';

CREATE FUNCTION lead_scoring_internal.keeps_touches(memory bytea) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_keeps_touches';
COMMENT ON FUNCTION lead_scoring_internal.keeps_touches IS 'Whether it knows all touches: not where there are more than report_settings.max_touches.';

CREATE FUNCTION lead_scoring_internal.first_campaign(memory bytea, as_of timestamptz) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_campaign';
COMMENT ON FUNCTION lead_scoring_internal.first_campaign IS 'The campaign of the earliest event up to as_of that names one.';

CREATE FUNCTION lead_scoring_internal.first_channel(memory bytea, as_of timestamptz) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_channel';
COMMENT ON FUNCTION lead_scoring_internal.first_channel IS 'The channel of the earliest touch up to as_of that names one.';

CREATE FUNCTION lead_scoring_internal.first_matches(memory bytea, card lead_scoring.scorecard, rules integer[]) RETURNS timestamptz[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_first_matches';
COMMENT ON FUNCTION lead_scoring_internal.first_matches IS 'When the lead first matched each of these rules, which are ids: infinity for never, -infinity for fit rules that match, as its card says.';

CREATE FUNCTION lead_scoring_internal.remembered_touches(memory bytea)
RETURNS TABLE (at timestamptz, channel text, asset text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'lead_scoring_remembered_touches';
COMMENT ON FUNCTION lead_scoring_internal.remembered_touches IS 'The touches it keeps, by time.';

CREATE FUNCTION lead_scoring_internal.touches_accum(state internal, at timestamptz, channel text, asset text) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touches_accum';
COMMENT ON FUNCTION lead_scoring_internal.touches_accum IS 'Transition function of touches.';
CREATE FUNCTION lead_scoring_internal.touches_final(state internal) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touches_final';
COMMENT ON FUNCTION lead_scoring_internal.touches_final IS 'Final function of touches.';
CREATE AGGREGATE lead_scoring_internal.touches(at timestamptz, channel text, asset text) (
    SFUNC = lead_scoring_internal.touches_accum,
    STYPE = internal,
    FINALFUNC = lead_scoring_internal.touches_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.touches(timestamptz, text, text) IS 'A memory of all these touches, however many; quick where they come by time.';

CREATE TYPE lead_scoring_internal.touch_credit AS (attribution text, channel text, touches bigint, leads_touched bigint, leads bigint,
    mqls numeric, sqls numeric, customers numeric, revenue numeric);
COMMENT ON TYPE lead_scoring_internal.touch_credit IS 'What touch_credits knows of a channel, or with NULL of leads without one.';

CREATE FUNCTION lead_scoring_internal.touch_credits_accum(state internal, touches bytea, of_assets boolean, mql_at timestamptz, sql_at timestamptz, customer_at timestamptz,
    revenue numeric, as_of timestamptz, look_back interval, half_life interval, since timestamptz, before timestamptz) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touch_credits_accum';
COMMENT ON FUNCTION lead_scoring_internal.touch_credits_accum IS 'Transition function of touch_credits.';
CREATE FUNCTION lead_scoring_internal.touch_credits_final(state internal) RETURNS lead_scoring_internal.touch_credit[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_touch_credits_final';
COMMENT ON FUNCTION lead_scoring_internal.touch_credits_final IS 'Final function of touch_credits.';
CREATE AGGREGATE lead_scoring_internal.touch_credits(touches bytea, of_assets boolean, mql_at timestamptz, sql_at timestamptz, customer_at timestamptz, revenue numeric,
    as_of timestamptz, look_back interval, half_life interval, since timestamptz, before timestamptz) (
    SFUNC = lead_scoring_internal.touch_credits_accum,
    STYPE = internal,
    FINALFUNC = lead_scoring_internal.touch_credits_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring_internal.touch_credits(bytea, boolean, timestamptz, timestamptz, timestamptz, numeric, timestamptz, interval, interval, timestamptz, timestamptz) IS 'What channels, or assets, are credited with by every method of attribution at once. A row is a lead: its memory, NULL for no touches, when it became MQL, SQL and customer, and what it brought in, which goes with the customer and with who is none as of as_of. Touches later than as_of are passed over, those older than look_back at the conversion are not credited, those from since to before are counted. From as_of on, arguments are the same in all rows; NULL sets no limit, but for half_life, which is 7 days then. The methods are those of lead_scoring.attribution and, where there are no more than 1000 channels, markov.';

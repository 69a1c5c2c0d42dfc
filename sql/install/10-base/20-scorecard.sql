-- The type that holds a lead's whole scoring state.

CREATE TYPE lead_scoring.scorecard;

CREATE FUNCTION lead_scoring_internal.scorecard_in(cstring) RETURNS lead_scoring.scorecard
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_in';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_in IS 'Reads the text form of a scorecard; 22P02 where it is none.';

CREATE FUNCTION lead_scoring_internal.scorecard_out(lead_scoring.scorecard) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_out';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_out IS 'Writes a scorecard as words and integers: points in 1/10000, times in microseconds since 2000-01-01 UTC.';

CREATE FUNCTION lead_scoring_internal.scorecard_recv(internal) RETURNS lead_scoring.scorecard
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_recv';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_recv IS 'Reads the binary form of a scorecard, which is its stored form.';

CREATE FUNCTION lead_scoring_internal.scorecard_send(lead_scoring.scorecard) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_scorecard_send';
COMMENT ON FUNCTION lead_scoring_internal.scorecard_send IS 'Writes the binary form of a scorecard.';

CREATE TYPE lead_scoring.scorecard (
    INPUT = lead_scoring_internal.scorecard_in,
    OUTPUT = lead_scoring_internal.scorecard_out,
    RECEIVE = lead_scoring_internal.scorecard_recv,
    SEND = lead_scoring_internal.scorecard_send,
    INTERNALLENGTH = VARIABLE,
    STORAGE = extended
);
COMMENT ON TYPE lead_scoring.scorecard IS
'A lead''s scoring state: what is needed to add further events exactly and to tell the score at any later time. A function of the set of counted events, the lead''s attributes and its adjustments: equal sets give equal cards, in whatever order they came.';

CREATE FUNCTION lead_scoring_internal.card_matches(card lead_scoring.scorecard) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_card_matches';
COMMENT ON FUNCTION lead_scoring_internal.card_matches IS 'Whether an event has matched a rule or stage, one that waits for its time too.';

CREATE FUNCTION lead_scoring_internal.card_clock(card lead_scoring.scorecard) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_card_clock';
COMMENT ON FUNCTION lead_scoring_internal.card_clock IS 'The time of the latest event that a card counts; -infinity where there is none.';

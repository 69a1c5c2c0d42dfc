-- Times without a zone.

CREATE FUNCTION lead_scoring_internal.instant(local timestamp, time_zone text) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_instant_of_time';
COMMENT ON FUNCTION lead_scoring_internal.instant(timestamp, text) IS 'When clocks of the zone showed that time: of two such instants the first; a time that a change of the clocks left out is what the server makes of it. Infinite times stay infinite, and one that no timestamptz can be is the nearest that can. Raises 22023 for an unknown zone.';

CREATE FUNCTION lead_scoring_internal.instant(day date, time_zone text) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_instant_of_day';
COMMENT ON FUNCTION lead_scoring_internal.instant(date, text) IS 'When that day began in the zone: at midnight, or at the first instant of the day where that was left out.';

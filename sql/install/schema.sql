-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION lead_scoring" to load this file. \quit

-- Made here and not by the control file, so that a schema that is already there is refused, not adopted.
CREATE SCHEMA lead_scoring;
GRANT USAGE ON SCHEMA lead_scoring TO PUBLIC;
COMMENT ON SCHEMA lead_scoring IS 'Lead scoring: functions, aggregates and types. Models live in schemas of their own.';

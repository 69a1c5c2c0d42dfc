-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION lead_scoring" to load this file. \quit

-- Made here and not by the control file, so that a schema that is already there is refused, not adopted.
CREATE SCHEMA lead_scoring;
GRANT USAGE ON SCHEMA lead_scoring TO PUBLIC;
COMMENT ON SCHEMA lead_scoring IS 'Lead scoring: functions, aggregates and types. Models live in schemas of their own.';

CREATE SCHEMA lead_scoring_internal;
GRANT USAGE ON SCHEMA lead_scoring_internal TO PUBLIC;
COMMENT ON SCHEMA lead_scoring_internal IS 'Lead scoring: what its commands are made of. They run as the owner of a model, so that every role may have to call them; whoever calls them by himself is refused.';

CREATE FUNCTION lead_scoring_internal.fail(code text, message text, detail text, hint text, constraint_name text DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_fail';
COMMENT ON FUNCTION lead_scoring_internal.fail IS 'Raises an error with that SQLSTATE. Its CONTEXT is that of the command''s caller: which functions of ours found the mistake is not shown.';

CREATE FUNCTION lead_scoring_internal.require_identity(model text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_identity';
COMMENT ON FUNCTION lead_scoring_internal.require_identity IS 'The first line of whatever reads or writes a model: raises 42501 unless it works as the owner of that model, in a command that has found all of its tables to be the owner''s.';

CREATE FUNCTION lead_scoring_internal.asking_role() RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_asking_role';
COMMENT ON FUNCTION lead_scoring_internal.asking_role IS 'The role that called the command, while the current role is the model''s owner.';

CREATE FUNCTION lead_scoring_internal.is_sound(model text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_is_sound';
COMMENT ON FUNCTION lead_scoring_internal.is_sound IS 'Whether the current role owns that model and all of its own tables, which are plain ones.';

CREATE FUNCTION lead_scoring_internal.require_own(relation regclass, exclusive boolean) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_own';
COMMENT ON FUNCTION lead_scoring_internal.require_own IS 'Raises 42501 unless the current role, a model''s owner, owns the table, 0A000 where Citus has it, which is looked at under lock. "exclusive" keeps everybody else from writing or changing it until the transaction ends.';

CREATE FUNCTION lead_scoring_internal.found_in_citus(relation regclass) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_found_in_citus';
COMMENT ON FUNCTION lead_scoring_internal.found_in_citus IS 'What a table is to Citus, in words that go behind "table x": distributed, a reference table, a shard. NULL where it is nothing to it, or Citus is not installed.';

CREATE FUNCTION lead_scoring_internal.refuse_citus(relation regclass) RETURNS void
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_refuse_citus';
COMMENT ON FUNCTION lead_scoring_internal.refuse_citus IS 'Raises 0A000 where a table is something to Citus.';

CREATE FUNCTION lead_scoring_internal.require_readable(relation regclass) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_readable';
COMMENT ON FUNCTION lead_scoring_internal.require_readable IS 'Raises 42501 unless the current role, a model''s owner, can read the table or view without running anybody else''s code: his own, or another''s ordinary table of the server''s types without row security, by stranger_rows. It is looked at under lock.';

CREATE FUNCTION lead_scoring_internal.stranger_rows(model text, relation oid, VARIADIC columns text[]) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 100000 AS 'MODULE_PATHNAME', 'lead_scoring_stranger_rows';
COMMENT ON FUNCTION lead_scoring_internal.stranger_rows IS 'These columns of all rows of a table that belongs to another role than the model''s owner, which is looked at again under lock: as they are stored, without a plan, since planning would run what its owner put into its indexes and statistics. Takes SELECT on the table or the columns.';

CREATE FUNCTION lead_scoring_internal.create_schema(name text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_create_schema';
COMMENT ON FUNCTION lead_scoring_internal.create_schema IS 'Makes the schema of a new model for the current role, by its own right or that of the role that asked. Raises 42501 where neither may.';

CREATE FUNCTION lead_scoring_internal.write_table(model text, statement text, VARIADIC arguments text[] DEFAULT '{}') RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_write_table';
COMMENT ON FUNCTION lead_scoring_internal.write_table IS 'Runs a statement that writes the tables of leads or events, with text parameters: triggers and checks there find names by the path that settings.trigger_path says. Returns the number of rows.';

-- Partitions that come and go.

CREATE FUNCTION lead_scoring_internal.partitions_changed() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_partitions_changed';
COMMENT ON FUNCTION lead_scoring_internal.partitions_changed IS 'Event trigger function: gives partitions that a command created or attached the statement triggers of their table, and takes them from those that it detached. Looks at nothing but what the command did, and at the catalogs.';

CREATE EVENT TRIGGER lead_scoring_partitions_changed ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE SCHEMA') EXECUTE FUNCTION lead_scoring_internal.partitions_changed();
-- A partition that a replica's session makes is one for all.
ALTER EVENT TRIGGER lead_scoring_partitions_changed ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER lead_scoring_partitions_changed IS 'Keeps the triggers of partitioned leads and events tables complete.';

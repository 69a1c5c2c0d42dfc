-- What a version after today's might do: give tables of models another column, add a function, and change one.
DO $next$
DECLARE
    next CONSTANT integer := lead_scoring_internal.newest_format() + 1;
BEGIN
    EXECUTE format($$CREATE OR REPLACE FUNCTION lead_scoring_internal.newest_format()
        RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'SELECT %s'$$, next);
    EXECUTE format($$CREATE OR REPLACE VIEW lead_scoring_internal.later_parts AS %s
        UNION ALL SELECT v.relation, v.name, %s FROM (VALUES ('scores'::text, 'remembered'::text), ('problems', 'note'), ('settings', 'owner_note')) v (relation, name)$$,
        rtrim(pg_get_viewdef('lead_scoring_internal.later_parts'::regclass), ';'), next);
END
$next$;

ALTER TABLE lead_scoring_internal.scores ADD COLUMN remembered bytea;
COMMENT ON COLUMN lead_scoring_internal.scores.remembered IS 'Made up.';
ALTER TABLE lead_scoring_internal.problems ADD COLUMN note text NOT NULL DEFAULT 'none';
COMMENT ON COLUMN lead_scoring_internal.problems.note IS 'Made up.';
ALTER TABLE lead_scoring_internal.settings ADD COLUMN owner_note text;
COMMENT ON COLUMN lead_scoring_internal.settings.owner_note IS 'Made up.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.own_dimensions()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{channel,campaign}'::text[] $$;
CREATE FUNCTION lead_scoring.made_up(model pg_catalog.text) RETURNS pg_catalog.int4
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'SELECT 1';
COMMENT ON FUNCTION lead_scoring.made_up IS 'Made up.';

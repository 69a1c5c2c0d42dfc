-- The view "moves" of a model: what reports know of the moves of leads. The table "transitions" is for who writes and proves them.

CREATE FUNCTION lead_scoring_internal.move_rows(model text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT t.lead_id, t.seq, t.from_stage, t.to_stage, t.at, t.recorded_at, t.score, t.engagement, t.fit, t.grade, t.version, t.cause, t.rule, t.actor, t.reason
                 FROM %I.transitions t', model)
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_rows IS 'SQL that gives the moves of leads: what the view "moves" shows, for reports, which do not read it by its name: whoever may create in the schema could put something of his own in its place, where it is missing.';

CREATE FUNCTION lead_scoring_internal.make_moves(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('CREATE OR REPLACE VIEW %I.moves WITH (security_invoker = true) AS %s', model, lead_scoring_internal.move_rows(model));
    PERFORM lead_scoring_internal.describe(v.view, 'Every move of every lead between stages: what reports go by.',
                (SELECT jsonb_object_agg(a.attname, col_description('lead_scoring_internal.transitions'::regclass, t.attnum))
                   FROM pg_attribute a JOIN pg_attribute t ON t.attrelid = 'lead_scoring_internal.transitions'::regclass AND t.attname = a.attname
                  WHERE a.attrelid = v.view AND a.attnum > 0))
       FROM CAST(format('%I.moves', model) AS regclass) v (view);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_moves IS 'Creates or replaces the view "moves" of a model. It is read with the rights of who reads it, so that row security on transitions holds.';

-- The view "moves" of a model: what reports know of the moves of leads. The table "transitions" is for who writes and proves them.

CREATE FUNCTION lead_scoring_internal.keeps_undone(model text)
RETURNS boolean LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.transitions', model)) AND a.attname = 'undone_at' AND NOT a.attisdropped)
$$;
COMMENT ON FUNCTION lead_scoring_internal.keeps_undone IS 'Whether the model can keep moves that were taken back; those of older formats cannot.';

CREATE FUNCTION lead_scoring_internal.move_stands(model text, as_of text DEFAULT NULL)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN NOT lead_scoring_internal.keeps_undone(model) THEN 'true'
            WHEN as_of IS NULL THEN 't.undone_at IS NULL'
            ELSE format('(t.undone_at IS NULL OR t.undone_at > %s AND NOT t.superseded)', as_of) END
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_stands IS 'SQL for whether a transition, t, stands: nobody took it back, or nobody had as of that instant, which is SQL too. What a replay superseded never stood: its history is the one of the past as well.';

CREATE FUNCTION lead_scoring_internal.move_rows(model text, as_of text DEFAULT NULL)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT t.lead_id, t.seq, t.from_stage, t.to_stage, t.at, t.recorded_at, t.score, t.engagement, t.fit, t.grade, t.version, t.cause, t.rule, t.actor, t.reason%s
                 FROM %I.transitions t WHERE %s', CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.transitions', model)) AND a.attname = 'lead_type' AND NOT a.attisdropped) THEN ', t.entry, t.lead_type' END, model, lead_scoring_internal.move_stands(model, as_of))
$$;
COMMENT ON FUNCTION lead_scoring_internal.move_rows IS 'SQL that gives the moves of leads that stand, or stood as of an instant: what the view "moves" shows, for reports, which do not read it by its name: whoever may create in the schema could put something of his own in its place, where it is missing.';

CREATE FUNCTION lead_scoring_internal.make_moves(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('CREATE OR REPLACE VIEW %I.moves WITH (security_invoker = true) AS %s', model, lead_scoring_internal.move_rows(model));
    PERFORM lead_scoring_internal.describe(v.view, 'Every move of every lead between stages that stands, which is all but those that undo_move or replay took back: what reports go by.',
                (SELECT jsonb_object_agg(a.attname, col_description('lead_scoring_internal.transitions'::regclass, t.attnum))
                   FROM pg_attribute a JOIN pg_attribute t ON t.attrelid = 'lead_scoring_internal.transitions'::regclass AND t.attname = a.attname
                  WHERE a.attrelid = v.view AND a.attnum > 0))
       FROM CAST(format('%I.moves', model) AS regclass) v (view);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_moves IS 'Creates or replaces the view "moves" of a model. It is read with the rights of who reads it, so that row security on transitions holds.';

-- States of aggregates (see states.c).
CREATE FUNCTION garbage_states(functions oid[], families int[], seed bigint, calls bigint, OUT function regprocedure, OUT code text, OUT calls_made bigint, OUT message text)
RETURNS SETOF record LANGUAGE c AS :'library';

CREATE FUNCTION states(seed bigint, calls bigint) RETURNS TABLE (code text, calls_made bigint, example text) LANGUAGE sql AS $$
    SELECT g.code, sum(g.calls_made)::bigint, min(g.function || ': ' || g.message) FILTER (WHERE is_wrong(g.code))
      FROM (SELECT array_agg(s.oid ORDER BY s.oid), array_agg(s.family ORDER BY s.oid)
              FROM (SELECT DISTINCT s.oid, dense_rank() OVER (ORDER BY a.aggcombinefn)::int - 1
                      FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_proc s ON s.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn)
                     WHERE p.pronamespace IN ('lead_scoring'::regnamespace, 'lead_scoring_internal'::regnamespace)
                       AND a.aggtranstype <> 'internal'::regtype  -- such a state nobody can make
                   ) s (oid, family)) f (functions, families),
           garbage_states(f.functions, f.families, seed, calls) g
     GROUP BY g.code
$$;

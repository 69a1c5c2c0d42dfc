-- Support functions of aggregates are called by these, which asks for no privilege of the user, a type's by the server, the
-- event trigger's too. Nobody else has to call them, or to make an aggregate of his own of them.
DO $support$
DECLARE
    support pg_catalog.regprocedure;
BEGIN
    FOR support IN
        SELECT DISTINCT s.oid::pg_catalog.regprocedure
          FROM pg_catalog.pg_aggregate a
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) a.aggfnoid::pg_catalog.oid
          JOIN pg_catalog.pg_proc s ON s.oid OPERATOR(pg_catalog.=) ANY (ARRAY[a.aggtransfn, a.aggcombinefn, a.aggfinalfn]::pg_catalog.oid[])
         WHERE p.pronamespace OPERATOR(pg_catalog.=) 'lead_scoring'::pg_catalog.regnamespace::pg_catalog.oid
        UNION ALL
        SELECT f.oid::pg_catalog.regprocedure FROM pg_catalog.pg_type t
         CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend]::pg_catalog.oid[]) f (oid)
         WHERE t.oid OPERATOR(pg_catalog.=) 'lead_scoring.scorecard'::pg_catalog.regtype::pg_catalog.oid
        UNION ALL
        SELECT 'lead_scoring_internal.partitions_changed()' LOOP
        EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', support);
    END LOOP;
END
$support$;

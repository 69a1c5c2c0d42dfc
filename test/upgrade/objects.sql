-- All objects of the extension, each with a line for all that it is made of, that is said of it and that it allows.
WITH members AS (
    SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
      FROM pg_depend d
     WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'lead_scoring')
), relations AS (
    SELECT m.object, c.oid, c.relkind, c.relacl FROM members m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
    UNION ALL
    SELECT m.object, c.oid, c.relkind, c.relacl FROM members m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
), lines (object, line) AS (
    SELECT object, '' FROM members
    UNION ALL SELECT m.object, 'comment ' || obj_description(m.objid, c.relname) FROM members m JOIN pg_class c ON c.oid = m.classid
    UNION ALL SELECT m.object, CASE p.prokind WHEN 'a' THEN (SELECT to_jsonb(a)::text FROM (SELECT a.*, p.proparallel, p.provolatile, p.proargnames, pg_get_function_arguments(p.oid)) a) ELSE pg_get_functiondef(p.oid) END
                FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
                LEFT JOIN (SELECT aggfnoid, aggkind, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggfinalextra, aggfinalmodify, aggtranstype::regtype, aggtransspace, agginitval FROM pg_aggregate) a ON a.aggfnoid = p.oid
    UNION ALL SELECT m.object, 'allows ' || a::text FROM members m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid CROSS JOIN unnest(p.proacl) a
    UNION ALL SELECT m.object, 'allows ' || a::text FROM members m JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid CROSS JOIN unnest(n.nspacl) a
    UNION ALL SELECT m.object, format('type %s %s %s %s %s %s', t.typtype, t.typlen, t.typstorage, t.typnotnull, t.typdefault, t.typbasetype::regtype) FROM members m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
    UNION ALL SELECT m.object, format('event trigger %s %s %s %s', e.evtevent, e.evtfoid::regproc, e.evtenabled, e.evttags) FROM members m JOIN pg_event_trigger e ON m.classid = 'pg_event_trigger'::regclass AND e.oid = m.objid
    UNION ALL SELECT r.object, format('column %s %s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(f.adbin, f.adrelid), col_description(r.oid, a.attnum))
                FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef f ON f.adrelid = r.oid AND f.adnum = a.attnum
    UNION ALL SELECT r.object, pg_get_viewdef(r.oid) FROM relations r WHERE r.relkind = 'v'
    UNION ALL SELECT r.object, 'allows ' || a::text FROM relations r CROSS JOIN unnest(r.relacl) a
    UNION ALL SELECT r.object, format('constraint %s %s %s', c.conname, c.convalidated, pg_get_constraintdef(c.oid)) FROM relations r JOIN pg_constraint c ON c.conrelid = r.oid
    UNION ALL SELECT r.object, format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled) FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL SELECT r.object, pg_get_indexdef(i.indexrelid) FROM relations r JOIN pg_index i ON i.indrelid = r.oid
)
SELECT object || ': ' || line FROM lines WHERE line IS NOT NULL ORDER BY object COLLATE "C", line COLLATE "C";

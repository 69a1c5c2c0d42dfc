-- All objects of the extension, with what they are made of.
SELECT pg_describe_object(d.classid, d.objid, 0)
       || coalesce(E'\n' || CASE d.classid WHEN 'pg_proc'::regclass THEN (SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.oid = d.objid AND p.prokind <> 'a')
                                           WHEN 'pg_class'::regclass THEN (SELECT string_agg(format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(f.adbin, f.adrelid)), E'\n' ORDER BY a.attname)
                                                                             FROM pg_attribute a LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
                                                                            WHERE a.attrelid = d.objid AND a.attnum > 0 AND NOT a.attisdropped) END, '')
       || coalesce(E'\n' || CASE d.classid WHEN 'pg_class'::regclass THEN (SELECT pg_get_viewdef(c.oid) FROM pg_class c WHERE c.oid = d.objid AND c.relkind = 'v') END, '')
       || coalesce(E'\n' || obj_description(d.objid, (SELECT c.relname FROM pg_class c WHERE c.oid = d.classid)), '')
       || coalesce(E'\n' || (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM pg_proc p, unnest(p.proacl) a WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid), '')
  FROM pg_depend d
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'lead_scoring')
 ORDER BY 1;

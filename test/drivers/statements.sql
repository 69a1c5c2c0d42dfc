-- What drivers are to read: a line for each view of full_model and of the extension, its history, and each function that
-- returns rows to users; after a tab the types of the columns. A new function needs its arguments here.
WITH arguments (name, list) AS (VALUES
    ('models', ''), ('versions', '''full_model'''), ('diff', '''full_model'''), ('definition', '''full_model'''), ('definition_of_draft', '''full_model'''), ('verify', '''full_model'''),
    ('funnel', '''full_model'', ''2026-01-01 UTC'', ''week'', ''campaign'''), ('campaigns', '''full_model'', by => ''channel'''),
    ('channels', '''full_model'', by => ''campaign'', since => ''2024-02-01'''), ('lead_magnets', '''full_model'', ''2026-01-01 UTC'', ''channel'''),
    ('cohorts', '''full_model'', grain => ''quarter'', by => ''campaign'''), ('velocity', '''full_model'', ''2026-01-01 UTC'', ''day'', ''id % 2'''),
    ('qualified_rate', '''full_model'', by => ''country'''), ('rule_lift', '''full_model'', ''2026-01-01 UTC'', ''campaign'''),
    ('forecast', '''full_model'', ''2025-01-01 UTC'', ''country'''), ('sla', '''full_model'', grain => ''week'''), ('feedback', '''full_model'', by => ''country'''), ('stage_times', '''full_model'', ''2026-01-01 UTC'', ''country'''),
    ('event_types', '''full_model'''), ('claim_handoffs', '''full_model'', ''a worker'''), ('preview', '''full_model'', ''2024-01-01 UTC'''), ('preview_leads', '''full_model'''),
    ('explain', '''full_model'', 9007199254740993, ''2024-01-07 01:02:03.456+00'''),
    ('why_not', '''full_model'', 9007199254740993, at => ''2024-01-07 01:02:03.456+00'''),
    ('history', '''full_model'', 9007199254740993, until => ''2024-01-07 01:02:03.456+00''')),
columns AS (
    SELECT format('%I.%I', c.relnamespace::regnamespace, c.relname) AS source, a.attnum AS place, a.atttypid AS type
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind = 'v' AND c.relnamespace IN ('full_model'::regnamespace, 'lead_scoring'::regnamespace)
       AND c.relname NOT IN ('rule_lift', 'stage_times')  -- they count the days until now, which go on from one driver to the next
        OR c.oid = 'full_model.transitions'::regclass
    UNION ALL
    SELECT DISTINCT format('lead_scoring.%I(%s)', p.proname, n.list), u.place, u.type
      FROM pg_proc p LEFT JOIN arguments n ON n.name = p.proname,
           unnest(p.proallargtypes, p.proargmodes) WITH ORDINALITY u (type, mode, place)
     WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.proretset AND u.mode = 't'
       -- of the documents of templates each driver makes objects of its own; and a backtest moves by attributes now
       AND p.proname NOT IN ('templates', 'preview_leads')
)
SELECT format(E'SELECT * FROM %s AS r ORDER BY r::text COLLATE "C"\t%s', source, string_agg(format_type(type, NULL), ',' ORDER BY place))
  FROM columns GROUP BY source ORDER BY source;

-- The functions of reports, made of what each of them is: see report_form.

SET LOCAL search_path = pg_catalog, pg_temp;

DO $functions$
DECLARE
    report text;
BEGIN
    FOREACH report IN ARRAY lead_scoring_internal.report_views() LOOP
        EXECUTE lead_scoring_internal.fill('CREATE OR REPLACE FUNCTION lead_scoring.{report}({!arguments}) RETURNS TABLE ({!columns}) LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100 AS {!body}',
            jsonb_build_object('report', report,
                'arguments', (SELECT string_agg(format('%I %s', a.name, a.declaration), ', ' ORDER BY a.place)
                                FROM lead_scoring_internal.report_arguments(report) WITH ORDINALITY a (name, declaration, note, place)),
                'columns', (SELECT string_agg(format('%I %s', c.name, c.type), ', ' ORDER BY c.place) FROM lead_scoring_internal.report_columns(report) c),
                'body', $$'MODULE_PATHNAME', 'lead_scoring_report'$$));
        EXECUTE format('COMMENT ON FUNCTION lead_scoring.%I IS %L', report,
            (SELECT concat_ws(' ', lead_scoring_internal.report_note(report) || E'\n' || string_agg(a.note, E'\n' ORDER BY a.place) || E'\n'
                              || 'Takes USAGE on the schema and SELECT on the view of that name, and runs as the model''s owner.',
                              CASE WHEN count(*) FILTER (WHERE a.name = 'since') > 0 THEN 'Raises 22023 where since is after until'
                                   || CASE WHEN count(*) FILTER (WHERE a.name = 'grain') > 0 THEN ' and for another grain' ELSE '' END || '.' END,
                              CASE WHEN count(*) FILTER (WHERE a.name = 'by') > 0 THEN 'Raises 42704 for another dimension; of an expression what check_expression raises, and what it raises for a lead.' END)
               FROM lead_scoring_internal.report_arguments(report) WITH ORDINALITY a (name, declaration, note, place)));
    END LOOP;
END
$functions$;

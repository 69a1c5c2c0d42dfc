-- Prints docs/reference.md, from the COMMENTs in a database where test/lib/full_model.sql was run. See docs/make-reference.
\pset format unaligned
\pset tuples_only on
\set QUIET on

-- As Markdown: names with an underscore and calls are code, a line is a paragraph.
CREATE FUNCTION pg_temp.markdown(note text) RETURNS text LANGUAGE sql AS $$
    SELECT replace(replace(regexp_replace(note, '(<stage>_at|\m[a-z]\w*_\w+\M(\(\))?|\m[a-z]+\(\))', '`\1`', 'g'), '*', '\*'), E'\n', E'\n\n')
$$;
CREATE FUNCTION pg_temp.type_name(type oid) RETURNS text LANGUAGE sql AS $$
    SELECT replace(format_type(type, NULL), 'timestamp with time zone', 'timestamptz')
$$;
-- A function's signature, of more than one line where it is long. The types that a lead's key may have are one.
CREATE FUNCTION pg_temp.signature(function oid) RETURNS text LANGUAGE sql AS $$
    SELECT format(CASE WHEN length(concat_ws(', ', VARIADIC arguments)) > 100 THEN E'lead_scoring.%s(\n    %s)' ELSE 'lead_scoring.%s(%s)' END, p.proname,
               array_to_string(arguments, CASE WHEN length(concat_ws(', ', VARIADIC arguments)) > 100 THEN E',\n    ' ELSE ', ' END))
           || coalesce(CASE WHEN p.proname = ANY (lead_scoring_internal.report_views()) THEN ' RETURNS TABLE (...)' END, CASE WHEN pg_get_function_result(p.oid) LIKE 'TABLE%' THEN E'\n    RETURNS ' ELSE ' RETURNS ' END || nullif(replace(pg_get_function_result(p.oid), 'timestamp with time zone', 'timestamptz'), 'void'), '')
      FROM pg_proc p
     CROSS JOIN LATERAL (
        SELECT ARRAY(SELECT concat_ws(' ', CASE a.mode WHEN 'v' THEN 'VARIADIC' END, a.name,
                                      CASE WHEN a.name IN ('lead', 'from_lead', 'into_lead') AND p.proname NOT LIKE 'set_revenue' THEN 'key' ELSE pg_temp.type_name(a.type) END,
                                      'DEFAULT ' || regexp_replace(pg_get_function_arg_default(p.oid, a.number::integer), '::("\w+"|\w+)( precision| with time zone)?(\[\])?', '', 'g'))
                       FROM unnest(coalesce(p.proallargtypes, p.proargtypes), p.proargnames, p.proargmodes) WITH ORDINALITY AS a (type, name, mode, number)
                      WHERE a.mode IS NULL OR a.mode IN ('i', 'v') ORDER BY a.number) AS arguments) AS a
     WHERE p.oid = function
$$;

-- The columns of a report, NULL for any other function.
CREATE FUNCTION pg_temp.report_lines(report text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF report = ANY (lead_scoring_internal.report_views()) THEN
        RETURN (SELECT E'| column | type | meaning |\n|---|---|---|\n'
                       || string_agg(format('| `%s` | %s | %s |', c.name, pg_temp.type_name(c.type::regtype), replace(pg_temp.markdown(c.note), '|', '\|')), E'\n' ORDER BY c.place)
                  FROM lead_scoring_internal.report_columns(report) c);
    END IF;
    RETURN NULL;
END
$$;

CREATE TEMPORARY TABLE sections (place integer, title text, note text, names text[]);
INSERT INTO sections VALUES
    (1, 'Models', '', '{create_model,drop_model,models,export_model,apply_model,templates}'),
    (2, 'The draft', 'Each function that adds something adds one row to the table of the same name, which can be changed or deleted with SQL as well. See [Modelling](modelling.md).',
        '{add_group,add_rule,add_fit_rule,add_band,add_stage,add_account_rule,check_expression}'),
    (3, 'Versions', '', '{publish,versions,preview,preview_leads,definition,definition_of_draft,diff,load_draft,rescore}'),
    (4, 'Reading and proving', 'They tell what the caller''s snapshot sees, by the version that it sees, whatever is published meanwhile. 55000 before the first `publish`, 22P02 for a text that is no key.', '{explain,score_at,why_not,history,verify}'),
    (5, 'By hand', '', '{set_stage,undo_move,adjust,reset_engagement,cancel_adjustment,replay,merge_leads,forget_lead}'),
    (6, 'Upkeep', '', '{refresh,pause,resume,repair,clear_problems}'),
    (7, 'Reports', 'See [Reports](reports.md). Each report is a function and, in the schema of the model, a view of the same name, which is one call of it: as of now, by month, of all. What they have in common:

- **Rights**: USAGE on the schema of the model and SELECT on the view; 42501 where row security on `scores` limits the caller. They run as the model''s owner.
- **As of**: `as_of` is a time by which things had happened, by their own time: events, spend and revenue dated up to then, moves whose `at` is, leads that had come (first event, first move or `report_settings.lead_created`), each in the stage where it stood then. Rules, stages, settings and attributes are those of today; an `as_of` of this transaction''s now is the moment of reading. [What it cannot know](reports.md#as-of-another-day).
- **Rows**: none before the first publish, but of `event_types`. Counts add up over periods and over dimensions; rates do not, and are NULL until their period is over.
- **Errors**: 22004 for an argument that is NULL and may not be, 42P01 for a view that was dropped, which `repair` makes again, and 42P01, 42703 or 42804 where a table or column behind the report changed.',
        '{set_spend,set_revenue}'::text[] || lead_scoring_internal.report_views()),
    (8, 'Aggregates for reports of your own', 'They work on any table or query, a row a lead or a row an event, as each says. What must be the same in all rows (confidence, window, model and the like) raises 22023 where it is not, as does a value out of range; 54000 where the [state of a group](performance.md#memory-of-aggregates) would be larger than 1 GB.',
        '{conversion_rate,conversion_interval,wilson_interval,cost_per_mql,cost_per,lead_velocity,median_time_to,share_converted,share_converted_interval,window_funnel,funnel_times,retention,first_touch,attribution,attribution_markov,auc,brier,log_loss,calibration}'),
    (9, 'Other functions', '', '{}');

-- Of the overloads of a function a sentence is told once, behind the first signature that it holds for.
CREATE TEMPORARY VIEW functions AS
WITH signatures AS (
    SELECT min(p.oid::bigint) AS id, p.proname::text AS name, pg_temp.signature(p.oid) AS signature, obj_description(p.oid, 'pg_proc') AS note
      FROM pg_proc p WHERE p.pronamespace = 'lead_scoring'::regnamespace GROUP BY 2, 3, 4),
sentences AS (
    SELECT s.id, s.name, t.number, t.sentence, row_number() OVER (PARTITION BY s.name, btrim(t.sentence) ORDER BY s.id, t.number) AS nth
      FROM signatures s CROSS JOIN regexp_split_to_table(s.note, '(?<=[.]) (?=[A-Z0-9a-z])') WITH ORDINALITY AS t (sentence, number))
SELECT s.name, s.id, s.signature, (SELECT string_agg(t.sentence, ' ' ORDER BY t.number) FROM sentences t WHERE t.id = s.id AND t.nth = 1) AS note
  FROM signatures s;

\qecho '# Reference'
\qecho
\qecho 'Made by `docs/make-reference` from the comments of the functions, tables and views themselves, which `\\df+` and `\\d+` of psql show too.'
\qecho 'What an SQLSTATE means to an application is told under [Errors](operations.md#errors).'
\qecho
\qecho 'Everything the extension brings is in schema `lead_scoring`. The type `key` stands for text, bigint or uuid, whatever the key of a lead is.'
\qecho 'Points are numbers with four decimals, times are `timestamptz`, intervals are in days of 24 hours or smaller units. Commands raise 42704'
\qecho 'for a model that does not exist and, where they are for the model''s owner only, 42501 for whoever does not have the rights of that role.'
\qecho
\qecho 'Functions in schema `lead_scoring_internal` work behind these. They may change with any release.'
SELECT concat_ws(E'\n\n', E'\n## ' || s.title, nullif(s.note, ''),
           string_agg(format(E'### %s\n\n%s', f.name, f.text), E'\n\n' ORDER BY array_position(s.names, f.name), f.name))
  FROM sections s
  JOIN (SELECT f.name, concat_ws(E'\n\n', string_agg(format(E'```\n%s\n```', f.signature) || coalesce(E'\n\n' || pg_temp.markdown(f.note), ''), E'\n\n' ORDER BY f.id),
                                 pg_temp.report_lines(f.name)) AS text
          FROM functions f GROUP BY f.name) AS f
    ON f.name = ANY (s.names) OR s.names = '{}' AND NOT EXISTS (SELECT FROM sections t WHERE f.name = ANY (t.names))
 GROUP BY s.place, s.title, s.note, s.names ORDER BY s.place;

-- Types, the extension's own views, and the tables and views of a model, with their columns: <stage>_at is one of them.
CREATE TEMPORARY VIEW relations AS
SELECT c.oid, c.relnamespace::regnamespace::text AS schema, c.relname::text AS name, c.relkind AS kind,
       coalesce(obj_description(c.oid, 'pg_class'), obj_description(c.reltype, 'pg_type')) AS note, columns.lines
  FROM pg_class c
 CROSS JOIN LATERAL (
    SELECT E'| column | type | meaning |\n|---|---|---|\n' || string_agg(line, E'\n' ORDER BY place) AS lines
      FROM (SELECT min(a.attnum) AS place,
                   format('| `%s` | %s | %s |', n.name,
                          CASE WHEN n.name = 'lead_id' OR c.relname = 'merged' THEN 'as the key' ELSE pg_temp.type_name(a.atttypid) END,
                          replace(pg_temp.markdown(n.note), '|', '\|')) AS line
              FROM pg_attribute a
             CROSS JOIN LATERAL (SELECT CASE WHEN d LIKE 'When the lead first entered stage "%' THEN '<stage>_at' ELSE a.attname END AS name,
                                        regexp_replace(d, '^(When the lead first entered )stage "[^"]*"', '\1the stage') AS note
                                   FROM col_description(c.oid, a.attnum) AS d) AS n
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             GROUP BY 2) AS lines) AS columns;

\qecho
\qecho '## Types'
SELECT format(E'\n### %s\n\n%s', t.typname, concat_ws(E'\n\n', pg_temp.markdown(obj_description(t.oid, 'pg_type')), r.lines))
  FROM pg_type t LEFT JOIN relations r ON r.oid = t.typrelid
 WHERE t.typnamespace = 'lead_scoring'::regnamespace AND t.typelem = 0 AND (t.typrelid = 0 OR r.kind = 'c') ORDER BY t.typrelid <> 0, t.typname;
\qecho
\qecho '## Views of the extension'
SELECT format(E'\n### %s\n\n%s', name, concat_ws(E'\n\n', pg_temp.markdown(note), lines))
  FROM relations WHERE schema = 'lead_scoring' AND kind = 'v' ORDER BY name;
\qecho
\qecho '## Tables of a model'
\qecho
\qecho 'They are in the schema that bears the model''s name. `settings`, `report_settings`, `rule_groups`, `rules`, `bands`, `stages`, `account_rules`, `calendar` and `holidays` are for you to'
\qecho 'edit; the others are written by the extension, and for you to read.'
SELECT format(E'\n### Table %s\n\n%s', name, concat_ws(E'\n\n', pg_temp.markdown(note), lines))
  FROM relations WHERE schema = 'full_model' AND kind IN ('r', 'p')
 ORDER BY array_position('{settings,report_settings,calendar,holidays,rule_groups,rules,bands,stages,account_rules,versions,scores,transitions,adjustments,problems,merged,forgotten,account_states}', name), name;
\qecho
\qecho '## Views of a model'
SELECT format(E'\n### View %s\n\n%s', name, concat_ws(E'\n\n', pg_temp.markdown(note),
              CASE WHEN name = ANY (lead_scoring_internal.report_views()) THEN format('The rows of [`lead_scoring.%1$s`](#%1$s) of now, by its other defaults; its columns%2$s.', name,
                        CASE WHEN EXISTS (SELECT FROM lead_scoring_internal.report_columns(name) c WHERE c.place = 0) THEN ', but `dimension`' ELSE '' END) ELSE lines END))
  FROM relations WHERE schema = 'full_model' AND kind = 'v'
 ORDER BY array_position('{leads,moves,accounts,funnel,campaigns,channels,lead_magnets,cohorts,velocity,qualified_rate,rule_lift,forecast,sla,feedback}', name), name;

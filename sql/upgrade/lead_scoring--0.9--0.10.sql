\echo Use "ALTER EXTENSION lead_scoring UPDATE" to load this file. \quit
-- Made by sql/step 0.9

-- What a version says of what leads remember: which events are touches, and how many are kept of a lead.
CREATE OR REPLACE FUNCTION lead_scoring_internal.draft_touches(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    settings jsonb;
    most integer;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT to_jsonb(r) FROM %I.report_settings r', model) INTO settings;
    most := coalesce((settings ->> 'max_touches')::integer, CASE WHEN num_nonnulls(settings ->> 'event_channel', settings ->> 'event_asset') > 0 THEN 64 ELSE 0 END);
    IF most = 0 THEN
        RETURN '{}';
    END IF;
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    RETURN jsonb_build_object('touches', jsonb_build_object(
        'channel', coalesce(settings ->> 'event_channel', quote_ident(bound.event_campaign)), 'asset', settings -> 'event_asset',
        'campaign', quote_ident(bound.event_campaign), 'max_touches', most));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_touches IS 'What the next version says of touches, as a part of its definition: channel, asset and campaign as SQL over the row of an event, null for none, and max_touches. The channel is the campaign where report_settings say nothing else. Empty where leads are to remember nothing, which is the default where neither channel nor asset is set; else it is 64 touches.';

CREATE OR REPLACE FUNCTION lead_scoring_internal.follow_names(model text, before jsonb, now jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed record;
    status jsonb;
    is_named boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR renamed IN SELECT s.section, b.item ->> 'name' AS former, n.item ->> 'name' AS name
                     FROM unnest('{rules,stages}'::text[]) s (section)
                    CROSS JOIN LATERAL jsonb_array_elements(before -> s.section) b (item)
                     JOIN LATERAL jsonb_array_elements(now -> s.section) n (item) ON n.item -> 'id' = b.item -> 'id' AND n.item -> 'name' <> b.item -> 'name'
                    ORDER BY s.section, b.item ->> 'name' COLLATE "C" LOOP
        PERFORM lead_scoring_internal.rename_in_history(model, renamed.section, renamed.former, renamed.name);
        CONTINUE WHEN renamed.section = 'rules';
        IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid IN (format('%I.scores', model)::regclass, to_regclass(format('%I.leads', model)))
                      AND a.attname = renamed.name || '_at' AND NOT a.attisdropped) THEN
            PERFORM lead_scoring_internal.fail('42701', format('stage "%s" of model "%s" cannot be called "%s"', renamed.former, model, renamed.name),
                format('Table %I.scores or view %1$I.leads has a column "%s_at" already, of a stage that is gone or of your own.', model, renamed.name),
                format('UPDATE %I.stages SET name = %L WHERE name = %L;  -- or another name', model, renamed.name || ' 2', renamed.name));
        END IF;
        EXECUTE lead_scoring_internal.fill('ALTER TABLE {model}.scores RENAME COLUMN {former} TO {name}',
            jsonb_build_object('model', model, 'former', renamed.former || '_at', 'name', renamed.name || '_at'));
        EXECUTE format('COMMENT ON COLUMN %I.scores.%I IS %L', model, renamed.name || '_at',
                       lead_scoring_internal.entry_note(renamed.name));
        IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.leads', model)) AND a.attname = renamed.former || '_at') THEN
            EXECUTE lead_scoring_internal.fill('ALTER VIEW {model}.leads RENAME COLUMN {former} TO {name}',
                jsonb_build_object('model', model, 'former', renamed.former || '_at', 'name', renamed.name || '_at'));
            EXECUTE format('COMMENT ON COLUMN %I.leads.%I IS %L', model, renamed.name || '_at',
                           lead_scoring_internal.entry_note(renamed.name));
        END IF;
        EXECUTE format('SELECT EXISTS (SELECT FROM %I.report_settings r WHERE $1 IN (r.mql_stage, r.sql_stage, r.customer_stage))', model) INTO is_named USING renamed.former;
        IF is_named THEN
            EXECUTE format('UPDATE %I.report_settings r SET mql_stage = CASE r.mql_stage WHEN $1 THEN $2 ELSE r.mql_stage END,
                                   sql_stage = CASE r.sql_stage WHEN $1 THEN $2 ELSE r.sql_stage END,
                                   customer_stage = CASE r.customer_stage WHEN $1 THEN $2 ELSE r.customer_stage END', model) USING renamed.former, renamed.name;
        END IF;
        EXECUTE format('SELECT s.status_columns FROM %I.settings s', model) INTO status;
        IF status ? (renamed.former || '_at') AND NOT status ? (renamed.name || '_at') AND lead_scoring_internal.status_stage(model, renamed.former || '_at') IS NULL THEN
            EXECUTE format('UPDATE %I.settings SET status_columns = status_columns - $1 || jsonb_build_object($2, status_columns -> $1)', model)
              USING renamed.former || '_at', renamed.name || '_at';
        END IF;
    END LOOP;
END
$$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.set_stage(text, %s, text, text) IS %L', key,
'Moves a lead to a stage by hand, whatever its score: a transition with cause manual, the role that did it and the reason. Nothing happens where the lead is in that stage already. Out of a detour, too. Raises 42704 for an unknown model or stage, P0002 for an unknown lead, 55000 where the model is paused or not published. Takes INSERT on the model''s transitions and USAGE on the schema.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.adjust(text, %s, numeric, text, timestamptz) IS %L', key,
'Adds points to a lead''s score by hand, or takes them away, until expires_at (NULL: for good), and returns the id of the new row of the model''s adjustments, by which cancel_adjustment() takes them back. Kept beside the computed score: engagement and fit never include it, and it survives every new version. Raises P0002 for an unknown lead, 55000 for one that has no score because the model is paused or not published, 22023 for points that are NULL or beyond 1e9 and for an infinite expires_at. Takes INSERT on the model''s adjustments and USAGE on the schema.');
    END LOOP;
END
$comments$;

CREATE OR REPLACE FUNCTION lead_scoring_internal.newest_format()
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS 'SELECT 2';

CREATE OR REPLACE FUNCTION lead_scoring_internal.is_older(model text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT (lead_scoring_internal.settings_row(model) ->> 'format')::integer < lead_scoring_internal.newest_format() $$;
COMMENT ON FUNCTION lead_scoring_internal.is_older IS 'Whether the tables of a model are of an older format than this version gives them; NULL where they do not say of which.';

-- A partition that a replica's session makes is one for all.
ALTER EVENT TRIGGER lead_scoring_partitions_changed ENABLE ALWAYS;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.merge_leads(text, %1$s, %1$s) IS %2$L', key,
'Makes one lead of two that are the same person: events, adjustments, problems and transitions of from_lead become those of into_lead, and both are computed anew, so that limits and bounds hold for the events together and nothing counts twice. Fit follows the attributes of into_lead alone.
Transitions are numbered anew by time; merged_from keeps the lead and number they had. The lead is then where the later of the last moves led, or higher if the events together call for it. Where both were in progress stages it is not below the higher of the two: if the later move led lower, one more transition, of cause manual and reason merge_leads, puts it back.
The row of from_lead in the leads table stays, a lead without events or history, which reports do not count; what is to become of it is for the caller to say. Revenue that names it is, to reports, that of into_lead, whether the row stays or not: the model''s table "merged" has who is who. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 22023 for the same lead twice, 55000 where the model is paused or not published.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.forget_lead(text, %s) IS %L', key,
'Erases a lead: its events, its row in the leads table, its score, transitions, adjustments and problems, and its key where it was merged into another (merged_from). The model''s table "forgotten" keeps how many such leads of which campaign came, and first entered which stage, in which month, so that the views funnel, campaigns and qualified_rate and the MQLs of forecast do not change, but for revenue, which is that of leads in the leads table. Works while the model is paused, too. For the model''s owner only. Raises 42704 for an unknown model, P0002 for an unknown lead, 55000 where triggers of the user''s keep its rows, and what foreign keys of the user''s say, 23503: then nothing is erased.');
    END LOOP;
END
$comments$;

DO $comments$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['text', 'bigint', 'uuid'] LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.explain(text, %s, timestamptz) IS %L', key,
'A lead''s score as of a time, line by line, computed from the event log. A line is a rule: how often it counted, its points undecayed (raw), as of then (decayed) and within the rule''s bounds (capped), and when it counted last. Where the bounds of a group or of the model change the sum, a line without rule says by how much. The column capped sums to the score: each part is rounded to 1/10000 of a point by itself. No rows for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION lead_scoring.score_at(text, %s, timestamptz) IS %L', key,
'The score a lead had, or will have if nothing happens, at a time: from the events up to then, the lead''s present attributes and the newest version that the caller''s snapshot sees, in points. The parts of rules that decay are rounded to 1/10000 each, so that many small ones may be lost; undecayed sums are exact. NULL for an unknown lead, and for one that row security on scores hides from the caller. Takes USAGE on the schema and SELECT on its scores.');
    END LOOP;
END
$comments$;

CREATE FUNCTION lead_scoring_internal.report_settings_updated() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_report_settings_updated';
COMMENT ON FUNCTION lead_scoring_internal.report_settings_updated IS 'Trigger of report_settings: raises 55000 when an UPDATE is over and there is no row, which it could only leave out.';

-- The report "velocity".
CREATE OR REPLACE FUNCTION lead_scoring_internal.velocity_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'));
    stages CONSTANT integer := cardinality(names);
    starts CONSTANT integer := greatest(stages - 1, 1);
    spans text;
    sums text;
BEGIN
    SELECT string_agg(format('ARRAY[%s]', line), ', ' ORDER BY i) INTO spans
      FROM (SELECT i, string_agg(CASE WHEN i < j THEN format('CASE WHEN count(l.at_%s) >= 10 THEN percentile_cont(0.9) WITHIN GROUP (ORDER BY l.at_%1$s - l.at_%s) END', j, i)
                                      ELSE 'NULL::interval' END, ', ' ORDER BY j) AS line
              FROM generate_series(1, starts) i, generate_series(1, stages) j GROUP BY 1) lines;
    -- An array of each number, by the place of the stage that the time is taken to, which comes for # from the second on.
    SELECT string_agg(format('ARRAY[NULL%s]::%s[] AS %s', (SELECT string_agg(', ' || replace(n.expression, '#', j::text), '' ORDER BY j) FROM generate_series(2, stages) j),
                             n.type, n.name), ', ' ORDER BY n.place) INTO sums
      FROM (VALUES
          (1, 'converted', 'bigint', 'count(l.at_#)'),
          (2, 'skipped', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NOT NULL AND l.skipped_#)'),
          (3, 'waiting', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND NOT l.is_out)'),
          (4, 'left_out', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND l.is_out)'),
          (5, 'stalled', 'bigint', 'count(*) FILTER (WHERE l.at_# IS NULL AND NOT l.is_out AND $1 - f.from_at > ((SELECT s.spans FROM slow s))[f.i][#])'),
          (6, 'span', 'interval', 'sum(l.at_# - f.from_at) FILTER (WHERE f.i < #)'),
          (7, 'mean_days', 'float8', 'lead_scoring.lead_velocity(f.from_at, l.at_#) FILTER (WHERE f.i < #)'),
          (8, 'median_days', 'float8', 'lead_scoring.median_time_to(f.from_at, l.at_#, $1) FILTER (WHERE f.i < #)'),
          (9, 'p90_days', 'float8', 'percentile_cont(0.9) WITHIN GROUP (ORDER BY date_part(''epoch'', l.at_# - f.from_at) / 86400) FILTER (WHERE f.i < #)'),
          (10, 'p50_days', 'float8', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part(''epoch'', l.at_# - f.from_at) / 86400) FILTER (WHERE f.i < #)')) n (place, name, type, expression);
    -- A lead is sorted into a period once for each stage it reached, not for each pair of stages.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS MATERIALIZED (
            SELECT [[l.dimension, ]]l.is_out, {!times} FROM ({!leads}) l WHERE l.reached_1 IS NOT NULL),
        slow AS (
            SELECT ARRAY[{!spans}] AS spans FROM leads l),
        sums AS (
            SELECT [[l.dimension, ]]f.i, {!period} AS period, count(*) AS leads, {!sums}
              FROM leads l, LATERAL (VALUES {!starts}) f (i, from_at)
             WHERE f.from_at IS NOT NULL
             GROUP BY [[l.dimension, ]]f.i, {!period})
        SELECT [[m.dimension|NULL::text]], ({'stages'}::text[])[m.i], ({'stages'}::text[])[j], m.i, j, m.period, m.leads, m.converted[j], m.skipped[j], m.waiting[j], m.left_out[j],
               CASE WHEN s.spans[m.i][j] IS NOT NULL THEN m.stalled[j] END,
               coalesce(extract(epoch FROM m.span[j]), 0)::float8 / 86400, m.mean_days[j], m.median_days[j], m.p90_days[j], m.p50_days[j]
          FROM slow s, sums m, generate_series(m.i + 1, {!count}) j
         WHERE {!asked_for} ORDER BY [[m.dimension, ]]m.i, j, m.period
        $query$, jsonb_build_object(
        'times', (SELECT string_agg(format('l.reached_%s AS at_%1$s, l.entered_%1$s IS NULL AS skipped_%1$s', i), ', ' ORDER BY i)
                    FROM generate_series(1, stages) i),
        'leads', lead_scoring_internal.lead_rows(model, settings), 'spans', spans,
        'period', lead_scoring_internal.period_expression('f.from_at', settings), 'sums', sums,
        'asked_for', lead_scoring_internal.is_asked_for('m.period', settings),
        'starts', (SELECT string_agg(format('(%s, l.at_%1$s)', i), ', ' ORDER BY i) FROM generate_series(1, starts) i), 'stages', names::text,
        'count', stages));
END
$$;

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

-- What a draft is made of: one list of its tables and their fields, which all go by that take a draft as a whole.
SET LOCAL search_path = pg_catalog, pg_temp;

-- What else there is, its constraints check.
DO $valid$
BEGIN
    EXECUTE (SELECT format('CREATE OR REPLACE TRIGGER settings_valid AFTER INSERT OR UPDATE OF %s ON lead_scoring_internal.settings
                            FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed()', string_agg(quote_ident(f.field), ', ' ORDER BY f.place))
               FROM lead_scoring_internal.draft_fields f WHERE f.entity = 'settings' AND (f.is_owners OR f.kind = 'time zone'));
END
$valid$;
-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.settings ENABLE ALWAYS TRIGGER settings_changed;

DO $checked$
DECLARE
    checked text;
BEGIN
    FOREACH checked IN ARRAY '{settings,rule_groups,rules,bands}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON lead_scoring_internal.%I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner()',
                       checked || '_checked', checked);
    END LOOP;
END
$checked$;

-- Other sessions are to hear of a change by a replica's session too.
ALTER TABLE lead_scoring_internal.versions ENABLE ALWAYS TRIGGER versions_changed;

-- It is empty. Models keep the order of columns that theirs were made with.
DROP TABLE lead_scoring_internal.scores;
CREATE TABLE lead_scoring_internal.scores (
    lead_id     lead_scoring_internal.lead_key,
    version     bigint,
    stage_since timestamptz,
    due_at      timestamptz,
    fit         double precision,
    stage_seq   integer,
    stage_armed boolean,
    counted     boolean,
    scored_at   timestamptz,
    score       double precision,
    engagement  double precision,
    stage       text,
    grade       text,
    card        lead_scoring.scorecard,
    memory      bytea,
    CONSTRAINT scores_pkey PRIMARY KEY (lead_id)
) USING heap WITH (fillfactor = 64);
CREATE INDEX scores_stage_idx ON lead_scoring_internal.scores (stage);

CREATE INDEX scores_due_at_idx ON lead_scoring_internal.scores (due_at) WHERE due_at IS NOT NULL;

SELECT lead_scoring_internal.describe('lead_scoring_internal.scores',
    'One row a lead that either table ever named: where it stands since the last event that mattered. Written by the triggers only; the view "leads" has the scores as of now.',
    '{"lead_id": "Key of the lead.",
      "scored_at": "The lead''s clock: the instant the stored numbers are true for.",
      "due_at": "Time alone changes nothing before this; NULL for never.",
      "stage_since": "When the lead entered its stage.",
      "score": "Score as of scored_at, in points, with adjustments.",
      "engagement": "Points for behaviour as of scored_at.",
      "fit": "Points for attributes.",
      "version": "Published version the row was computed under.",
      "stage_seq": "Number of the lead''s latest transition.",
      "stage_armed": "Whether the score has been at or above falls_below during this stay.",
      "counted": "Whether the leads table has a row of that key: the view \"leads\" shows these.",
      "stage": "Stage of the lead.",
      "grade": "Letter of fit and number of engagement by the model''s bands; NULL without bands.",
      "card": "The whole scoring state, from which all numbers follow.",
      "memory": "What reports ask of the lead''s events: the time of the first one, its campaign, the first match of each rule, its touches."}');

DO $guards$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['scores', 'transitions', 'merged', 'forgotten', 'adjustments', 'problems', 'versions'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON lead_scoring_internal.%I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.refuse_write(''lead_scoring_internal'')',
                       guarded || '_guard', CASE guarded WHEN 'versions' THEN 'INSERT' ELSE 'INSERT OR UPDATE OR DELETE OR TRUNCATE' END, guarded);
    END LOOP;
END
$guards$;
ALTER TABLE lead_scoring_internal.report_settings DROP CONSTRAINT report_settings_max_touches,
    ADD CONSTRAINT report_settings_max_touches CHECK (max_touches BETWEEN 0 AND 1000);

-- After the statement: INSERT ... ON CONFLICT DO UPDATE is an UPDATE to the triggers of statements, and has made the row by then.
CREATE TRIGGER report_settings_updated AFTER UPDATE ON lead_scoring_internal.report_settings FOR EACH STATEMENT
    EXECUTE FUNCTION lead_scoring_internal.report_settings_updated();
SELECT lead_scoring_internal.describe('lead_scoring_internal.report_settings',
    'What the report views read besides the model''s own tables, in one row at most; effective at once. Without a row all is default.',
    '{"spend_table": "Table or view of what was spent, with its schema and quoted where needed; see set_spend.",
      "spend_campaign": "Its column that names the campaign.",
      "spend_date": "Its column with the day: a date, timestamp or timestamptz.",
      "spend_amount": "Its column with the amount, a number.",
      "spend_channel": "Its column that names the channel; NULL: the view channels shows no spend.",
      "revenue_table": "Table or view of what leads brought in, with its schema and quoted where needed; see set_revenue.",
      "revenue_lead": "Its column with the lead''s key.",
      "revenue_date": "Its column with the day: a date, timestamp or timestamptz.",
      "revenue_amount": "Its column with the amount, a number.",
      "lead_created": "Column of the leads table that says when a lead came: a date, timestamp or timestamptz; NULL: its first event does.",
      "event_channel": "Channel of a touch: a column or an SQL expression over the row of the event; NULL: the campaign.",
      "event_asset": "Asset of a touch, such as a whitepaper: a column or an SQL expression over the row of the event; NULL: the view lead_magnets is empty.",
      "look_back": "Touches that are older than this at the conversion are not credited; NULL: all are.",
      "half_life": "Attribution time_decay: after this a touch counts half; NULL: 7 days.",
      "mql_stage": "Stage that reports take for MQL; NULL: the one that counts as mql; by place where none counts as anything.",
      "sql_stage": "Stage that reports take for SQL; NULL: the one that counts as sql; by place where none counts as anything.",
      "customer_stage": "Stage that reports take for customer; NULL: the one that counts as customer; by place where none counts as anything.",
      "qualified_low": "Lower end of the band of the view qualified_rate.",
      "qualified_high": "Upper end of the band of the view qualified_rate.",
      "dimensions": "What reports can be split by: an object of names and SQL expressions over the row of a lead. Readers of a report may name these; campaign and channel are there without.",
      "week_starts": "Day that weeks of reports begin on: monday to sunday.",
      "max_touches": "How many touches the row of a lead in scores keeps, with the time of its first event, its campaign and its first match of each rule, so that reports need not read the events, which writes then pay for; of leads with more touches they do. 0: nothing is kept. NULL: 64 where event_channel or event_asset is set, else nothing. From the next publish on.",
      "only_row": "Always true: the key that keeps the table at one row."}');

GRANT SELECT ON ALL TABLES IN SCHEMA lead_scoring_internal TO PUBLIC;  -- for CREATE TABLE ... LIKE
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

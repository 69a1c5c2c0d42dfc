-- Who is who from version to version: ids, what a stage counts as, and what follows from a new name.

CREATE FUNCTION lead_scoring_internal.with_ids(model text, section text, items jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong record;
    names CONSTANT text := lead_scoring_internal.fill(
        'SELECT (d.item ->> ''id'')::bigint AS id, d.item ->> ''name'' AS name, v.version FROM {model}.versions v, jsonb_array_elements(v.definition -> $1) d (item)',
        jsonb_build_object('model', model));
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE lead_scoring_internal.fill($query$
        WITH known AS (  -- what each was called last
            SELECT DISTINCT ON (n.id) n.* FROM ({!names}) n ORDER BY n.id, n.version DESC
        ), numbered AS (
            SELECT i.place, i.item, (i.item ->> 'id')::bigint AS id FROM jsonb_array_elements($2) WITH ORDINALITY i (item, place)
        ), found AS (
            SELECT n.place, n.item, coalesce(n.id, (
                       SELECT k.id FROM known k WHERE k.name = n.item ->> 'name' AND NOT EXISTS (SELECT FROM {model}.{section} o WHERE o.id = k.id)
                        ORDER BY k.version DESC LIMIT 1)) AS id
              FROM numbered n
        ), given AS (
            SELECT f.place, f.item, coalesce(f.id, row_number() OVER (PARTITION BY f.id IS NULL ORDER BY f.place)
                       + (SELECT coalesce(max(i.id), -1) FROM (SELECT k.id FROM known k UNION ALL SELECT o.id FROM found o UNION ALL SELECT d.id FROM {model}.{section} d) i)) AS id
              FROM found f
        )
        SELECT coalesce(jsonb_agg(g.item || jsonb_build_object('id', g.id) ORDER BY CASE $1 WHEN 'rules' THEN g.id END, g.place), '[]') FROM given g
        $query$, jsonb_build_object('names', names, 'model', model, 'section', section)) INTO items USING section, items;
    SELECT d.id, d.name, d.other INTO wrong
      FROM (SELECT (i.item ->> 'id')::bigint AS id, i.item ->> 'name' AS name,
                   lead(i.item ->> 'name') OVER (PARTITION BY i.item ->> 'id' ORDER BY i.item ->> 'name' COLLATE "C") AS other
              FROM jsonb_array_elements(items) i (item)) d
     WHERE d.other IS NOT NULL OR d.id NOT BETWEEN 0 AND 65535 ORDER BY d.id, d.name COLLATE "C" LIMIT 1;
    IF wrong.other IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('%s "%s" and "%s" both have id %s', section, wrong.name, wrong.other, wrong.id),
            'By its id cards know whose points they hold.', format('UPDATE %I.%I SET id = NULL WHERE name = %L;', model, section, wrong.other));
    ELSIF wrong.id IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('54000', format('id %s of "%s" in %s.%s is out of range', wrong.id, wrong.name, quote_ident(model), section),
            'Ids go from 0 to 65535, and that of what is deleted is not given again.',
            format('UPDATE %I.%I SET id = NULL WHERE name = %L;  -- and where none is left, make another model', model, section, wrong.name));
    END IF;
    -- History and dates bear names. One that was another's would be taken for it.
    EXECUTE format('SELECT i.item ->> ''name'' AS name, n.now FROM jsonb_array_elements($2) i (item)
                      JOIN (SELECT DISTINCT ON (k.id) k.id, k.name AS now, array_agg(k.name) OVER (PARTITION BY k.id) AS names
                              FROM (%s) k ORDER BY k.id, k.version DESC) n ON i.item ->> ''name'' = ANY (n.names) AND n.id <> (i.item ->> ''id'')::bigint
                     ORDER BY i.item ->> ''name'' COLLATE "C" LIMIT 1', names) INTO wrong USING section, items;
    IF wrong.name IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('42710', format('"%s" was the name of another of the %s of model "%s"', wrong.name, section, model),
            format('What is now called "%s" bore it in a version that was published, and history goes by names.', wrong.now),
            format('UPDATE %I.%I SET name = %L WHERE name = %L;', model, section, wrong.name || ' 2', wrong.name));
    END IF;
    RETURN items;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_ids IS 'Rules, stages, entries or types of leads of the draft, each with its id, and rules in their order: its own, else that of what was called so in a version last, so that a rule which is deleted and added again is the same, else the next one. Raises 22023 where two have the same, 54000 for one out of range, 42710 for a name that was another''s.';

CREATE FUNCTION lead_scoring_internal.keep_ids(model text, section text, items jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('UPDATE %1$I.%2$I d SET id = (i.item ->> ''id'')::integer FROM jsonb_array_elements($1) i (item)
                     WHERE d.name = i.item ->> ''name'' AND d.id IS NULL', model, section) USING items;
    -- It waits for whoever is changing a row, and finds no row where he renames or deletes it.
    EXECUTE format('SELECT i.item ->> ''name'' FROM jsonb_array_elements($1) i (item)
                     WHERE NOT EXISTS (SELECT FROM %I.%I d WHERE d.id = (i.item ->> ''id'')::integer) ORDER BY 1 LIMIT 1', model, section)
       INTO changed USING items;
    IF changed IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('40001', format('the draft of model "%s" was changed while it was published', model),
            format('"%s" in %I.%s has another name now, or is gone.', changed, model, section), format('SELECT lead_scoring.publish(%L);', model));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.keep_ids IS 'Writes the ids that rules or stages were given into the draft, so that they go along with a new name. Raises 40001 where a row was changed meanwhile.';

CREATE FUNCTION lead_scoring_internal.newest_definition(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model) INTO definition;
    RETURN definition;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.newest_definition IS 'The definition that was published last; NULL where none was.';

CREATE FUNCTION lead_scoring_internal.newest_stages(model text)
RETURNS jsonb LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.newest_definition(model) -> 'stages'
$$;
COMMENT ON FUNCTION lead_scoring_internal.newest_stages IS 'The stages of the newest version, by rank; NULL where nothing is published.';

CREATE FUNCTION lead_scoring_internal.entry_note(stage text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('When the lead first entered stage "%s"; NULL if it never did.', stage)
$$;
COMMENT ON FUNCTION lead_scoring_internal.entry_note IS 'The comment on a column that says when leads entered a stage.';

CREATE FUNCTION lead_scoring_internal.meanings()
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{mql,sal,sql,opportunity,customer}'::text[]
$$;
COMMENT ON FUNCTION lead_scoring_internal.meanings IS 'What a stage can count as.';

CREATE FUNCTION lead_scoring_internal.with_meaning(model text, stages jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    twice record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- A stage counts as what it says, else as what it is called, else as what it counted as under another name.
    EXECUTE $query$
        WITH stage AS (
            SELECT s.place, s.stage, s.stage ->> 'counts_as' AS said, b.stage ->> 'counts_as' AS before,
                   CASE WHEN lower(s.stage ->> 'name') = ANY (lead_scoring_internal.meanings()) THEN lower(s.stage ->> 'name') END AS called
              FROM jsonb_array_elements($1) WITH ORDINALITY s (stage, place)
              LEFT JOIN jsonb_array_elements(lead_scoring_internal.newest_stages($2)) b (stage) ON b.stage -> 'id' = s.stage -> 'id'
        ), chosen AS (
            SELECT s.*, coalesce(s.said, CASE WHEN NOT EXISTS (SELECT FROM stage o WHERE o.said = s.called) THEN s.called END) AS meaning FROM stage s
        )
        SELECT jsonb_agg(c.stage || jsonb_build_object('counts_as', coalesce(c.meaning,
                   CASE WHEN c.called IS NULL AND NOT EXISTS (SELECT FROM chosen o WHERE o.meaning = c.before) THEN c.before END),
                   'typed', c.stage -> 'typed' || jsonb_build_object('counts_as', c.said)) ORDER BY c.place)
          FROM chosen c
        $query$ INTO stages USING stages, model;
    SELECT s.stage ->> 'counts_as' AS meaning, min(s.stage ->> 'name' COLLATE "C") AS one, max(s.stage ->> 'name' COLLATE "C") AS other INTO twice
      FROM jsonb_array_elements(stages) s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1;
    IF twice.meaning IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('22023', format('stages "%s" and "%s" both count as %s', twice.one, twice.other, twice.meaning),
            'Reports and status columns go by one stage; which one it is says its column counts_as, and without that its name.',
            format('UPDATE %I.stages SET counts_as = CASE name WHEN %L THEN %L END WHERE name IN (%L, %L);', model, twice.one, twice.meaning, twice.one, twice.other));
    END IF;
    RETURN stages;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.with_meaning IS 'Stages of the draft, each with what it counts as, in which a new name changes nothing. Raises 22023 where two count as the same.';

CREATE FUNCTION lead_scoring_internal.status_stage(model text, key text)
RETURNS text LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT d.stage ->> 'name' FROM jsonb_array_elements(lead_scoring_internal.newest_stages(model)) d (stage)
 WHERE key IN (d.stage ->> 'name' || '_at', d.stage ->> 'counts_as' || '_at')
 ORDER BY d.stage ->> 'name' || '_at' = key DESC LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.status_stage IS 'The stage whose first entry a status column of that key shows, such as mql_at: the one of that name in the newest version, else the one that counts as it; NULL where there is neither.';

CREATE FUNCTION lead_scoring_internal.shown_stages(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shown jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT jsonb_object_agg(e.value, coalesce(lead_scoring_internal.status_stage($1, e.key), '''')) FROM %I.settings s, jsonb_each_text(s.status_columns) e', model)
       INTO shown USING model;
    RETURN shown;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.shown_stages IS 'The stage that each status column shows the first entry of; empty for those of other kinds and of no stage.';

CREATE FUNCTION lead_scoring_internal.rename_in_history(model text, section text, former text, name text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_rename_in_history';
COMMENT ON FUNCTION lead_scoring_internal.rename_in_history IS 'Has the rows of a model''s state call one of its rules or stages by its new name.';

CREATE FUNCTION lead_scoring_internal.follow_names(model text, version bigint)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed record;
    status jsonb;
    is_named boolean;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- What is back was called last as in the version that had it last.
    FOR renamed IN EXECUTE format('SELECT n.section, b.name AS former, n.item ->> ''name'' AS name
                                     FROM (SELECT s.section, i.item FROM %1$I.versions v, unnest(''{rules,stages,entries,lead_types}''::text[]) s (section), jsonb_array_elements(v.definition -> s.section) i (item)
                                            WHERE v.version = $1) n
                                    CROSS JOIN LATERAL (SELECT i.item ->> ''name'' AS name FROM %1$I.versions v, jsonb_array_elements(v.definition -> n.section) i (item)
                                                         WHERE v.version < $1 AND i.item -> ''id'' = n.item -> ''id'' ORDER BY v.version DESC LIMIT 1) b
                                    WHERE b.name <> n.item ->> ''name'' ORDER BY n.section, b.name COLLATE "C"', model) USING version LOOP
        PERFORM lead_scoring_internal.rename_in_history(model, renamed.section, renamed.former, renamed.name);
        CONTINUE WHEN renamed.section <> 'stages';
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
COMMENT ON FUNCTION lead_scoring_internal.follow_names IS 'What goes by the name of a rule or stage goes by its new one, that of the version which is published: history, dates, keys of status columns, what reports are told. No move is recorded. Raises 42701 where a column of the new name is there already.';

CREATE FUNCTION lead_scoring_internal.tell_what_stays_empty(model text, definition jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    status record;
    told boolean := false;
    -- Which stage is meant only the user knows; it is none that counts as something, and not where leads begin.
    candidate CONSTANT text := (SELECT s.stage ->> 'name' FROM jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place)
                                 WHERE s.stage ->> 'counts_as' IS NULL AND s.place > 1 AND s.stage ->> 'kind' = 'progress' ORDER BY s.place LIMIT 1);
    hint CONSTANT text := CASE WHEN candidate IS NULL THEN 'SELECT lead_scoring.add_stage(%1$L, %2$L, 50), lead_scoring.publish(%1$L);'
        ELSE 'UPDATE %1$I.stages SET counts_as = %2$L WHERE name = %3$L; SELECT lead_scoring.publish(%1$L);  -- if that is the stage' END;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    FOR status IN EXECUTE format('SELECT e.key, e.value AS name, left(e.key, -3) AS stage FROM %I.settings s, jsonb_each_text(s.status_columns) e
                                   WHERE e.key LIKE ''_%%\_at'' ORDER BY e.key COLLATE "C"', model) LOOP
        CONTINUE WHEN lead_scoring_internal.status_stage(model, status.key) IS NOT NULL;
        told := told OR status.stage = 'mql';
        RAISE NOTICE USING MESSAGE = format('status column "%s" stays empty: no stage of model "%s" is called or counts as %s', status.name, model, status.stage),
            HINT = CASE WHEN status.stage = ANY (lead_scoring_internal.meanings()) THEN format(hint, model, status.stage, candidate)
                        ELSE format('UPDATE %I.settings SET status_columns = status_columns - %L;', model, status.key) END;
    END LOOP;
    -- Where no stage counts as anything, reports go by their order.
    IF NOT told AND lead_scoring_internal.report_setting(model) ->> 'mql' IS NULL
       AND EXISTS (SELECT FROM jsonb_array_elements(definition -> 'stages') s (stage) WHERE s.stage ->> 'counts_as' IS NOT NULL) THEN
        RAISE NOTICE USING MESSAGE = format('reports of model "%s" show no MQLs: no stage counts as mql', model), HINT = format(hint, model, 'mql', candidate);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_stays_empty IS 'A notice for each status column and for the reports that a version leaves without a stage.';

CREATE FUNCTION lead_scoring_internal.tell_what_is_skipped(model text, definition jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    skipped record;
BEGIN
    FOR skipped IN
        WITH stage AS (
            SELECT s.place, d.*, num_nonnulls(d.min_score, d.min_engagement, d.min_fit, d.grades, d.requires) > 0 AS by_score
              FROM jsonb_array_elements(definition -> 'stages') WITH ORDINALITY s (stage, place)
             CROSS JOIN LATERAL jsonb_to_record(s.stage) d (name text, kind text, min_score numeric, min_engagement numeric, min_fit numeric, grades text[], requires jsonb)
             WHERE d.kind = 'progress')
        SELECT DISTINCT ON (l.place) l.name, l.min_score, h.name AS higher
          FROM stage l JOIN stage h ON h.place > l.place AND l.by_score AND h.by_score
           AND coalesce(h.min_score, '-Infinity') <= coalesce(l.min_score, '-Infinity')
           AND coalesce(h.min_engagement, '-Infinity') <= coalesce(l.min_engagement, '-Infinity')
           AND coalesce(h.min_fit, '-Infinity') <= coalesce(l.min_fit, '-Infinity')
           AND (h.grades IS NULL OR h.grades @> l.grades)
           AND NOT EXISTS (SELECT FROM jsonb_each(h.requires) r
                            WHERE coalesce((l.requires ->> r.key)::numeric, 0) < (r.value #>> '{}')::numeric)
         ORDER BY l.place, h.place LOOP
        RAISE NOTICE USING MESSAGE = format('no lead of model "%s" will enter stage "%s" by its score: whoever qualifies for it enters "%s"', model, skipped.name, skipped.higher),
            HINT = format('UPDATE %1$I.stages SET min_score = %2$s WHERE name = %3$L; SELECT lead_scoring.publish(%1$L);  -- or another number above that of the stage below',
                          model, coalesce(skipped.min_score, 0) + 20, skipped.higher);
    END LOOP;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_is_skipped IS 'A notice for each stage that leads jump over because the conditions of a higher one hold wherever its own do.';

CREATE FUNCTION lead_scoring_internal.tell_what_waits(model text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waiting text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT array_agg(r.name ORDER BY r.name COLLATE "C") FROM %I.rules r WHERE NOT lead_scoring_internal.is_enabled(to_jsonb(r))', model) INTO waiting;
    IF waiting IS NOT NULL THEN
        RAISE NOTICE USING MESSAGE = format('disabled rules of model "%s" are not published: %s', model, array_to_string(waiting, ', ')),
            HINT = format('SELECT name, comment FROM %I.rules WHERE NOT enabled;', model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_waits IS 'A notice of the rules that a version leaves out because they are disabled.';

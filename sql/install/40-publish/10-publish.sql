-- Publishing: the draft, checked and written down, becomes the version that the triggers use.

CREATE FUNCTION lead_scoring_internal.stage_columns(model text)
RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT array_agg(n.name || ''_at'')
                      FROM (SELECT DISTINCT ON (s.stage -> ''id'') s.stage ->> ''name'' AS name
                              FROM %I.versions v, jsonb_array_elements(v.definition -> ''stages'') s (stage)
                             ORDER BY s.stage -> ''id'', v.version DESC) n', model) INTO columns;
    RETURN columns;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_columns IS 'The columns of a model''s scores that tell when a stage was entered: one for each stage that was ever published, by its latest name. Others there are the user''s own.';

CREATE FUNCTION lead_scoring_internal.newest_version(model text, OUT version bigint, OUT first_stage text)
RETURNS record LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.version, s.stage ->> ''name'' FROM %I.versions v, jsonb_array_elements(v.definition -> ''stages'')
                           WITH ORDINALITY s (stage, place)
                     WHERE s.stage ->> ''kind'' = ''progress'' ORDER BY v.version DESC, s.place LIMIT 1', model)
       INTO version, first_stage;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.newest_version IS 'Number and first stage of the version published last; NULL where nothing was.';

CREATE FUNCTION lead_scoring_internal.make_leads_view(model text, anew boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scores CONSTANT regclass := format('%I.scores', model);
    -- A column that is there stays, also where the versions are lost that had the stage.
    shown CONSTANT name[] := ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.leads', model))
                                      AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
    further record;
    further_columns text := '';
    columns name[] := '{lead_id,score,engagement,fit,grade,stage}';
    column_notes jsonb := '{"lead_id": "Key of the lead.",
        "score": "Score as of now, in points.",
        "engagement": "Points for behaviour as of now.",
        "fit": "Points for attributes.",
        "grade": "Letter of fit and number of engagement as of now; NULL without bands.",
        "stage": "Stage of the lead."}';
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- In the order in which they were added, so that a new one comes last and OR REPLACE takes it.
    FOR further IN SELECT c.* FROM (
                       SELECT a.attname AS name, format('s.%I', a.attname) AS expression, lead_scoring_internal.entry_note(left(a.attname, -3)) AS note, a.attnum::integer AS place
                         FROM pg_attribute a WHERE a.attrelid = scores AND NOT a.attisdropped
                          AND a.attname = ANY (lead_scoring_internal.stage_columns(model) || shown[cardinality(columns) + 1:])
                       UNION ALL
                       SELECT 'lead_type', 'lead_scoring_internal.lead_type_now(s.tableoid, s.version, s.card, s.memory, (SELECT pg_catalog.statement_timestamp())) AS lead_type',
                              'Type of the lead as of now; NULL for none.', NULL
                        WHERE 'lead_type' = ANY (shown) OR lead_scoring_internal.newest_definition(model) ? 'lead_types') c
                    ORDER BY array_position(shown, c.name), c.place LOOP
        further_columns := concat(further_columns, ', ', further.expression);
        columns := columns || further.name;
        column_notes := column_notes || jsonb_build_object(further.name, further.note);
    END LOOP;
    -- To replace it is to wait for everybody who reads it, and to keep the next ones waiting.
    IF NOT anew AND columns = shown THEN
        RETURN;
    END IF;
    -- The clock is read once by whoever reads the view, through a cursor too.
    EXECUTE format('CREATE OR REPLACE VIEW %1$I.leads WITH (security_invoker = true) AS
        SELECT s.lead_id, n.score, n.engagement, n.fit, n.grade, s.stage%2$s
          FROM %1$I.scores s
         CROSS JOIN LATERAL lead_scoring_internal.score_now(s.tableoid, s.version, s.card, (SELECT pg_catalog.statement_timestamp())) n
         WHERE s.counted', model, further_columns);
    PERFORM lead_scoring_internal.describe(format('%I.leads', model)::regclass,
        'The leads with their scores as of now, decayed when read; join the table of leads by lead_id.', column_notes);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_leads_view IS 'Creates the view "leads" of a model, or replaces it where stages or types of leads have come, or anew. It is read with the rights of who reads it, so that row security on scores holds, and names no column of the user''s, so that it stands in the way of no migration.';

CREATE FUNCTION lead_scoring_internal.versioned_settings(settings jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT jsonb_object_agg(f.field, settings -> f.field) FROM lead_scoring_internal.draft_fields f
             WHERE f.entity = 'settings' AND NOT f.is_owners AND f.kind <> 'state');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.versioned_settings IS 'What of a model''s settings is part of a version.';

CREATE FUNCTION lead_scoring_internal.compile_draft(model text)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition jsonb;
    lost text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    -- What a row of the draft tells by itself is for its constraints to refuse.
    SELECT p.fault INTO lost FROM lead_scoring_internal.lost_parts(model) p WHERE p.by_hand IS NOT NULL LIMIT 1;
    IF lost IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('55000', lost, 'Without it the draft may say what cannot be scored.',
            format('SELECT lead_scoring.repair(%L);', model));
    END IF;
    PERFORM lead_scoring_internal.check_settings(model);
    EXECUTE format($query$
        SELECT lead_scoring_internal.compile_row('settings', NULL, lead_scoring_internal.versioned_settings(to_jsonb(s)))
               || lead_scoring_internal.compile_touches($1) || lead_scoring_internal.compile_sources($1) || lead_scoring_internal.compile_leads($1)
               || lead_scoring_internal.draft_account_rules($1) || lead_scoring_internal.draft_calendar($1) || lead_scoring_internal.compile_entries($1) || lead_scoring_internal.compile_lead_types($1)
               || jsonb_build_object(
                   'groups', (SELECT coalesce(jsonb_agg(lead_scoring_internal.compile_row('rule_groups', NULL, to_jsonb(g)) ORDER BY g.name COLLATE "C"), '[]') FROM %1$I.rule_groups g),
                   'rules', lead_scoring_internal.with_ids($1, 'rules', lead_scoring_internal.compile_rules($1)),
                   'bands', (SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.axis COLLATE "C", b.min_points), '[]') FROM %1$I.bands b),
                   'stages', lead_scoring_internal.with_meaning($1, lead_scoring_internal.with_ids($1, 'stages', lead_scoring_internal.compile_stages($1))))
          FROM %1$I.settings s
        $query$, model) INTO definition USING model;
    -- A library that does not know these would pass over them.
    IF jsonb_path_exists(definition, '$.rules[*] ? (exists(@.at_least) || exists(@.quiet_for) || @.event_type == "*")') THEN
        definition := definition || '{"format": 3}';
    END IF;
    RETURN definition;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_draft IS 'Checks the whole draft and returns the definition that publishing it would store.';

CREATE FUNCTION lead_scoring_internal.add_version(model text, version bigint, note text, definition jsonb) RETURNS void
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_add_version';
COMMENT ON FUNCTION lead_scoring_internal.add_version IS 'Writes down a version, published now by the role that asked.';

CREATE FUNCTION lead_scoring_internal.publish_draft(model text, note text, OUT version bigint, OUT published boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    draft jsonb;
    current_version bigint;
    current_definition jsonb;
    stage_column text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    PERFORM lead_scoring_internal.lock_tables(model);
    draft := lead_scoring_internal.compile_draft(model);
    PERFORM lead_scoring_internal.keep_ids(model, s.section, draft -> s.section) FROM unnest('{rules,stages,entries,lead_types}'::text[]) s (section) WHERE draft ? s.section;
    EXECUTE format('SELECT v.version, v.definition FROM %I.versions v ORDER BY v.version DESC LIMIT 1', model)
       INTO current_version, current_definition;
    published := draft IS DISTINCT FROM current_definition;
    IF NOT published THEN
        RAISE NOTICE 'the draft of model "%" is unchanged, version % stays', model, current_version;
        PERFORM lead_scoring_internal.make_leads_view(model);
        version := current_version;
        RETURN;
    END IF;
    version := coalesce(current_version, 0) + 1;
    PERFORM lead_scoring_internal.add_version(model, version, note, draft);
    PERFORM lead_scoring_internal.follow_names(model, version);
    PERFORM lead_scoring_internal.tell_what_stays_empty(model, draft);
    PERFORM lead_scoring_internal.tell_what_is_skipped(model, draft), lead_scoring_internal.tell_what_waits(model), lead_scoring_internal.tell_what_no_account_meets(model, draft);

    FOR stage_column IN SELECT d.stage ->> 'name' || '_at' FROM jsonb_array_elements(draft -> 'stages') WITH ORDINALITY d (stage, place)
                         WHERE NOT EXISTS (SELECT FROM pg_attribute a
                                            WHERE a.attrelid = format('%I.scores', model)::regclass
                                              AND a.attname = d.stage ->> 'name' || '_at' AND NOT a.attisdropped)
                         ORDER BY d.place LOOP
        EXECUTE format('ALTER TABLE %I.scores ADD COLUMN %I timestamptz', model, stage_column);
        EXECUTE format('COMMENT ON COLUMN %I.scores.%I IS %L', model, stage_column,
                       lead_scoring_internal.entry_note(left(stage_column, -3)));
    END LOOP;
    PERFORM lead_scoring_internal.make_leads_view(model);
    IF draft ? 'lead_account' THEN
        PERFORM lead_scoring_internal.make_account_index(model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.publish_draft IS 'The part of publish() that checks the draft and writes it down as a version, with the tables locked. "published" is false where the draft is the current version.';

CREATE FUNCTION lead_scoring_internal.carry_over(model text, former bigint, version bigint) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_carry_over';
COMMENT ON FUNCTION lead_scoring_internal.carry_over IS 'Has the rows of scores of one version be of another, by which their cards are the same.';

CREATE FUNCTION lead_scoring_internal.publish_hours(model text, version bigint)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before jsonb;
    now CONSTANT jsonb := lead_scoring_internal.version_definition(model, version);
    leads text[];
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('SELECT v.definition FROM %I.versions v WHERE v.version = $1', model) INTO before USING version - 1;
    IF before IS NULL OR EXISTS (SELECT FROM lead_scoring_internal.differences(before, now) d WHERE (d.what IN ('hours', 'holiday') OR d.field = 'working_time') IS NOT TRUE) THEN
        RETURN false;
    END IF;
    PERFORM lead_scoring_internal.carry_over(model, version - 1, version);
    EXECUTE format('SELECT array_agg(s.lead_id::text) FROM %I.scores s WHERE s.version <> $1 OR s.stage IN (SELECT d.stage ->> ''name'' FROM jsonb_array_elements($2 -> ''stages'') d (stage) WHERE d.stage ->> ''within'' IS NOT NULL)', model)
       INTO leads USING version, now;
    PERFORM lead_scoring_internal.settle_leads(model, coalesce(leads, '{}'));
    RETURN true;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.publish_hours IS 'Where a version differs from the one before in what is working time alone: has the leads go on by it, of which no card is computed anew, and those with a service level find out when it is over. False, and nothing is done, where it differs otherwise.';

CREATE FUNCTION lead_scoring.publish(
    model text,
    note text DEFAULT NULL,
    rescore boolean DEFAULT true)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.publish(
    model text,
    note text,
    rescore boolean)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_version bigint;
    published boolean;
    shown CONSTANT jsonb := lead_scoring_internal.shown_stages(model);
    named CONSTANT text[] := lead_scoring_internal.stage_columns(model);
BEGIN
    -- What was due is done under the version that was in force then, so that it does not matter when refresh last ran;
    -- unless that version cannot be computed any more, which is what this one may be for.
    PERFORM lead_scoring_internal.lock_tables(model);
    PERFORM lead_scoring_internal.upgrade_model(model);
    BEGIN
        PERFORM lead_scoring_internal.refresh_leads(model, clock_timestamp(), 1000000000000);
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_corrupted THEN
        NULL;
    END;
    SELECT d.version, d.published INTO new_version, published FROM lead_scoring_internal.publish_draft(model, note) d;
    IF published AND rescore THEN
        IF new_version = 1 THEN
            PERFORM lead_scoring_internal.rescore_now(model, 'replay');
        ELSIF NOT lead_scoring_internal.publish_hours(model, new_version) THEN
            PERFORM lead_scoring_internal.rescore_now(model, 'evaluate');
        END IF;
        PERFORM lead_scoring_internal.notice_types(model);
    END IF;
    -- What status columns show may be another stage now, or the same by another name.
    IF published AND (shown IS DISTINCT FROM lead_scoring_internal.shown_stages(model) OR NOT named <@ lead_scoring_internal.stage_columns(model)) THEN
        PERFORM lead_scoring_internal.write_table(model, lead_scoring_internal.status_update(model, false));
    END IF;
    RETURN new_version;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.publish IS 'Implements lead_scoring.publish, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.publish IS
'Makes the draft of a model the version that scores, and returns its number; an unchanged draft keeps the current one, with a notice. For the model''s owner only.
Leads, then events with their partitions, are locked against writing until the transaction ends. With rescore every lead is computed anew: the first version replays history, so that stages bear historic dates; later ones evaluate each lead once, as of now. Where nothing but working time is another than before, no card is computed, and leads whose service level counts in it find out when that is over. Moves that were due are made before, under the version that ends. Without it a lead is computed anew with its next event; with it, notices name the types of events that rules or stages wait for and that never came, where there are events.
Raises what the checks of rules and stages raise, 25000 at any isolation level but READ COMMITTED. Also 42P01, 42703 or 42804 where a table or column it reads has changed.';

CREATE FUNCTION lead_scoring.versions(model text)
RETURNS TABLE (version bigint, published_at timestamptz, published_by text, note text)
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.versions(model text)
RETURNS TABLE (version bigint, published_at timestamptz, published_by text, note text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    RETURN QUERY EXECUTE format('SELECT v.version, v.published_at, v.published_by, v.note FROM %I.versions v ORDER BY v.version', model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.versions IS 'Implements lead_scoring.versions, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.versions IS 'What was published of a model: number, time, role and note of each version. Takes USAGE on the schema and SELECT on its table "versions"; 42501 where row security limits the caller. 42704 for an unknown model.';

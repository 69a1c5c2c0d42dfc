-- What time does to leads: refresh and rescore, and how far they are.

CREATE FUNCTION lead_scoring_internal.refresh_leads(model text, due timestamptz, most bigint) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_refresh_leads';
COMMENT ON FUNCTION lead_scoring_internal.refresh_leads IS
'Brings up to date at most that many of the leads that were due at a time and have not been looked at since, leaving out those that another session is working on, and returns how many it took. A batch of refresh(). Takes INSERT on the model''s transitions.';

CREATE FUNCTION lead_scoring_internal.refresh_accounts(model text) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_refresh_accounts';
COMMENT ON FUNCTION lead_scoring_internal.refresh_accounts IS
'Notes the accounts that meet an account rule now and never did when it looked before, forgets those that no lead belongs to any more, and returns how many it noted. Nothing where the newest version has no accounts. The last step of refresh(). Takes INSERT on the model''s transitions.';

CREATE FUNCTION lead_scoring_internal.require_commit(command text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_require_commit';
COMMENT ON FUNCTION lead_scoring_internal.require_commit IS 'Raises 25001 in a transaction block, where a procedure that commits in batches cannot run.';

CREATE FUNCTION lead_scoring_internal.sweep_handoffs(model text, most bigint) RETURNS bigint
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_sweep_handoffs';
COMMENT ON FUNCTION lead_scoring_internal.sweep_handoffs IS
'Parks hand-offs that were delivered as often as may be, and removes at most that many of those that have been done for 90 days. Returns how many there were. A batch of refresh(). Takes INSERT on the model''s transitions.';

-- No SET search_path, for a procedure that has one cannot commit: every name and operator is qualified instead.
CREATE PROCEDURE lead_scoring.refresh(model text, batch_size bigint DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
    started CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
BEGIN
    PERFORM lead_scoring_internal.require_commit('refresh');
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1::pg_catalog.int8 THEN
        PERFORM lead_scoring_internal.fail('22023', 'batch_size must be at least 1', 'It is the number of leads after which refresh commits.',
            'For example CALL lead_scoring.refresh(''sales'', 1000).');
    END IF;
    WHILE lead_scoring_internal.refresh_leads(model, started, batch_size) OPERATOR(pg_catalog.>) 0::pg_catalog.int8 LOOP
        COMMIT;
    END LOOP;
    PERFORM lead_scoring_internal.refresh_accounts(model);
    WHILE lead_scoring_internal.sweep_handoffs(model, batch_size) OPERATOR(pg_catalog.>) 0::pg_catalog.int8 LOOP
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE lead_scoring.refresh IS
'A procedure: CALL it outside of a transaction block. Applies what time alone does to leads: scores that decay under falls_below or out of negative points, service levels (within) that have passed, cooldowns that end, events that were future. Looks only at leads that are due (scores.due_at), commits after each batch_size of them, may run in several sessions at once and may be stopped at any time. Each move bears the instant it belongs to, whenever refresh runs. Of a model with account rules it looks at all accounts in the end, and notes when it first found one that meets a rule (accounts.mqa_at). Then hand-offs that were delivered too often are parked, and those removed that have been done for 90 days. Raises 25001 in a transaction block. Takes INSERT on the model''s transitions. 22023 for a batch_size under 1, 42501 without these rights.';

CREATE FUNCTION lead_scoring_internal.rescore_leads(model text, last text, most bigint) RETURNS text
LANGUAGE c PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_rescore_leads';
COMMENT ON FUNCTION lead_scoring_internal.rescore_leads IS
'Looks at so many leads after the last one (NULL: from the first one on), in order of their keys, computes those anew that are of an older version or have no row, and returns the key it came to; NULL when there are no more. A batch of rescore(). For the model''s owner only.';

CREATE PROCEDURE lead_scoring.rescore(model text, batch_size bigint DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
    last pg_catalog.text;
BEGIN
    PERFORM lead_scoring_internal.require_commit('rescore');
    IF batch_size IS NULL OR batch_size OPERATOR(pg_catalog.<) 1::pg_catalog.int8 THEN
        PERFORM lead_scoring_internal.fail('22023', 'batch_size must be at least 1', 'It is the number of leads after which rescore commits.',
            'For example CALL lead_scoring.rescore(''sales'', 1000).');
    END IF;
    LOOP
        last := lead_scoring_internal.rescore_leads(model, last, batch_size);
        EXIT WHEN last IS NULL;
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE lead_scoring.rescore IS
'A procedure: CALL it outside of a transaction block. Computes the leads anew that are of an older version, after a publish with rescore => false: each is evaluated once, as of now. Writers of leads and events go on meanwhile. Commits after each batch_size leads it looked at; stopped at any time, it leaves out what is done when called again. Raises 25001 in a transaction block. For the model''s owner only. 22023 for a batch_size under 1, 55000 where the model is paused or not published.';

-- ---------------------------------------------------------------- progress

CREATE FUNCTION lead_scoring_internal.progress_reports(OUT pid integer, OUT scores bigint, OUT phase text, OUT leads_done bigint,
                                              OUT leads_total bigint, OUT started_at timestamptz)
RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'lead_scoring_progress_reports';
COMMENT ON FUNCTION lead_scoring_internal.progress_reports IS 'What the backends of this database report of long operations on models, each known by its table "scores". Numbers only, so that everybody may ask.';

CREATE VIEW lead_scoring.progress AS
SELECT r.pid, n.nspname::text AS model, r.phase, r.leads_done, r.leads_total, r.started_at
  FROM lead_scoring_internal.progress_reports() r
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.scores::pg_catalog.oid
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE');
GRANT SELECT ON lead_scoring.progress TO PUBLIC;
COMMENT ON VIEW lead_scoring.progress IS 'What publish, rescore, resume, repair and previews are doing right now, a row each, for models whose schema the reader may use. Nothing where track_activities is off.';
COMMENT ON COLUMN lead_scoring.progress.pid IS 'Process of the session, as in pg_stat_activity.';
COMMENT ON COLUMN lead_scoring.progress.model IS 'Name of the model.';
COMMENT ON COLUMN lead_scoring.progress.phase IS 'reading events, scoring leads or writing status columns.';
COMMENT ON COLUMN lead_scoring.progress.leads_done IS 'Leads that are done.';
COMMENT ON COLUMN lead_scoring.progress.leads_total IS 'Leads there are; NULL until that is known.';
COMMENT ON COLUMN lead_scoring.progress.started_at IS 'When the operation began.';

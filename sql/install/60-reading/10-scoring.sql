-- Scoring: the triggers that keep the state, and what computes it anew.

CREATE FUNCTION lead_scoring_internal.events_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_events_changed';
COMMENT ON FUNCTION lead_scoring_internal.events_changed IS
'Trigger function of a model''s events table; its argument is the model. Folds new events into the scorecards of their leads and rebuilds those whose events were changed or removed, with the rights of the model''s owner. Raises 42501 on a table that the model''s settings do not name.';

CREATE FUNCTION lead_scoring_internal.leads_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_leads_changed';
COMMENT ON FUNCTION lead_scoring_internal.leads_changed IS
'Trigger function of a model''s leads table; its argument is the model. Takes over which fit rules match when a lead comes or its attributes change, and removes the state of deleted leads. Raises 42501 on a table that the model''s settings do not name.';

CREATE FUNCTION lead_scoring_internal.identities_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_identities_changed';
COMMENT ON FUNCTION lead_scoring_internal.identities_changed IS
'Trigger function of a model''s table of identities; its argument is the model. Computes the leads that visitors became or ceased to be from the event log, and moves them as of now. Raises 42501 on a table that the model''s settings do not name, and 40001 where the transaction''s snapshot does not see the events of the visitors as they are.';

CREATE FUNCTION lead_scoring_internal.binding_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_binding_changed';
COMMENT ON FUNCTION lead_scoring_internal.binding_changed IS
'Trigger function of a model''s settings and versions: makes every session read the model again.';

CREATE FUNCTION lead_scoring_internal.rescore_now(model text, stages text) RETURNS bigint
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_rescore_now';
COMMENT ON FUNCTION lead_scoring_internal.rescore_now IS
'Computes every lead anew under the newest version and returns how many there are. Stages: replay (through history), evaluate (each lead once, now) or catch up (from where the lead stood, with what came since). publish(), resume() and repair() call it with the tables locked. For the model''s owner only.';

CREATE FUNCTION lead_scoring_internal.lead_type_now(scores oid, version bigint, card lead_scoring.scorecard, memory bytea, at timestamptz) RETURNS text
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_lead_type_now';
COMMENT ON FUNCTION lead_scoring_internal.lead_type_now IS
'The type of leads that a row of table "scores" is of, as of a time: by what its version says, whose conditions are evaluated as the model''s owner; NULL for none. For the view "leads" of a model, which runs it as the one who reads: takes what score_now() does.';

CREATE FUNCTION lead_scoring_internal.score_now(scores oid, version bigint, card lead_scoring.scorecard,
                                       at timestamptz DEFAULT pg_catalog.statement_timestamp(),
                                       OUT score float8, OUT engagement float8, OUT fit float8, OUT grade text)
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_score_now';
COMMENT ON FUNCTION lead_scoring_internal.score_now IS
'The score that a card of table "scores" has as of a time, in points; a time before the card''s last event counts as that event''s. For the view "leads" of a model, which runs it as the one who reads: takes USAGE on the schema and SELECT on the column "card".';

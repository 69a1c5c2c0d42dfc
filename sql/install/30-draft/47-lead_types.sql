-- Types of leads: conditions over what is known of a lead.

CREATE FUNCTION lead_scoring_internal.draft_lead_types(model text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN count(*) = 0 THEN '{}' ELSE jsonb_build_object('format', 2, 'lead_types', jsonb_agg(lead_scoring_internal.compile_row('lead_types', NULL, t.item))) END
  FROM lead_scoring_internal.rows_of(model, 'lead_types') t (item)
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_lead_types IS 'What the next version says of types of leads, as a part of its definition, with conditions as they are typed; empty where there are none.';

CREATE FUNCTION lead_scoring_internal.compile_lead_types(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
    types jsonb[] := '{}';
BEGIN
    FOR t IN SELECT r.item, format('lead type "%s"', r.item ->> 'name') AS subject FROM lead_scoring_internal.rows_of(model, 'lead_types') r (item)
              ORDER BY (r.item ->> 'rank')::integer, r.item ->> 'name' COLLATE "C" LOOP
        IF t.item ->> 'condition' IS NULL THEN  -- its constraint is lost
            PERFORM lead_scoring_internal.fail('22004', format('condition of %s is NULL', t.subject), 'No lead could ever be of that type.',
                format('DELETE FROM %I.lead_types WHERE name = %L;', model, t.item ->> 'name'));
        END IF;
        types := types || lead_scoring_internal.compile_row('lead_types', t.subject, t.item, 'lead_scoring_internal.lead_features');
    END LOOP;
    RETURN CASE WHEN types = '{}' THEN '{}' ELSE jsonb_build_object('format', 2, 'lead_types', lead_scoring_internal.with_ids(model, 'lead_types', to_jsonb(types))) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.compile_lead_types IS 'Checks the types of leads of the draft, and returns what a version says of them: an object with the list in the order in which they are tried, or an empty one.';

CREATE FUNCTION lead_scoring.add_lead_type(
    model text,
    name text,
    condition text,
    rank integer DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_lead_type(
    model text,
    name text,
    condition text,
    rank integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'lead_types', jsonb_build_object('name', name, 'rank', rank, 'condition', condition));
    PERFORM lead_scoring_internal.compile_lead_types(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_lead_type IS 'Implements lead_scoring.add_lead_type, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_lead_type IS
'Adds a type of leads to the draft. A lead is of the first type whose condition holds, by rank (default: after all others), then name: so a type hides those behind it. The condition is an SQL boolean expression over what is known of the lead: score, engagement, fit (points), grade, points (jsonb: points by rule and by group), times (jsonb: matches by rule), days_since (jsonb: days since the latest match by rule), channels (text[]: of the touches that are remembered), days_since_last (days since the latest event that counted); what has not happened is not there, and so NULL. Only immutable expressions are taken.
The view "leads" shows the type as of now, and transitions keep that of each move as it was then. A condition that raises an error for a lead is listed in "problems", and holds not. Effective with the next publish. A model of an older format is upgraded.
Raises 42710 where the name is taken, 22023 or 22004 for a value that makes no sense, 42703 for a column there is none of, and what else check_expression() raises.';

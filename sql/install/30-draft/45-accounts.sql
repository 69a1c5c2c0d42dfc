-- What is asked of accounts, which are the companies that several leads belong to.

CREATE FUNCTION lead_scoring_internal.draft_account_rules(model text)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rules jsonb;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF to_regclass(format('%I.account_rules', model)) IS NOT NULL THEN
        EXECUTE format('SELECT jsonb_agg(lead_scoring_internal.compile_row(''account_rules'', NULL, to_jsonb(a)) ORDER BY a.name COLLATE "C") FROM %I.account_rules a', model) INTO rules;
    END IF;
    RETURN CASE WHEN rules IS NULL THEN '{}' ELSE jsonb_build_object('format', 2, 'account_rules', rules) END;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.draft_account_rules IS 'What the next version asks of accounts, as a part of its definition; empty where it asks nothing, as does every model of an older format.';

CREATE FUNCTION lead_scoring_internal.tell_what_no_account_meets(model text, definition jsonb)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF definition ? 'account_rules' AND NOT definition ? 'lead_account' THEN
        RAISE NOTICE USING MESSAGE = format('account rules of model "%s" look at no account: no lead belongs to any', model),
            HINT = format('UPDATE %I.settings SET lead_account = ''company''; SELECT lead_scoring.publish(%L);  -- or another column, or an SQL expression', model, model);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.tell_what_no_account_meets IS 'A notice where a version has account rules and does not say which account a lead belongs to.';

CREATE FUNCTION lead_scoring_internal.make_account_index(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scores CONSTANT regclass := format('%I.scores', model);
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = scores AND a.attname = 'account') THEN
        EXECUTE format('CREATE INDEX ON %s (account) WHERE account IS NOT NULL', scores);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_account_index IS 'Makes the index by which the people of one account are found, which models without accounts do not have.';

CREATE FUNCTION lead_scoring.add_account_rule(
    model text,
    name text,
    people integer DEFAULT NULL,
    active_within interval DEFAULT NULL,
    min_points numeric DEFAULT NULL,
    top_n integer DEFAULT NULL,
    min_score numeric DEFAULT NULL)
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.add_account_rule(
    model text,
    name text,
    people integer,
    active_within interval,
    min_points numeric,
    top_n integer,
    min_score numeric)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.insert_draft_row(model, 'account_rules',
        jsonb_build_object('name', name, 'people', people, 'active_within', active_within, 'min_points', min_points, 'top_n', top_n, 'min_score', min_score));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.add_account_rule IS 'Implements lead_scoring.add_account_rule, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.add_account_rule IS
'Adds a rule on accounts to the draft: an account that meets it is one that marketing hands over. Leads belong to the account that settings.lead_account says.
people: at least so many of its leads count; a lead counts if its score is min_score points or more, where that is given, and its latest event that a rule or stage waits for is no older than active_within, where that is given. min_points: the points of the account are at least so many; these are the scores of its leads added up, of the top_n best ones, or of all. Where both people and min_points are given, both must hold. Of several rules one is enough. Effective with the next publish; what accounts are like says the view "accounts" of the model.
Raises 42710 where the name is taken, 22004 for a NULL name, 22023 for a rule without people and min_points, for active_within or min_score without people, and for counts under 1, negative or calendar lengths of time and bounds out of range.';

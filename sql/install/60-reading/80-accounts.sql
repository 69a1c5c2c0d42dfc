-- The view "accounts" of a model: its accounts as of now, from the rows of their leads alone. No row is shared by the writers of
-- an account, and the people of one account are found by an index.

CREATE FUNCTION lead_scoring_internal.person_now(scores oid, version bigint, card lead_scoring.scorecard, at timestamptz,
                                        OUT points bigint, OUT active_at timestamptz)
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lead_scoring_person_now';
COMMENT ON FUNCTION lead_scoring_internal.person_now IS
'The score that a card of table "scores" has as of a time, in 1/10000 point, and the time of its latest event that counts; NULL where there was none. As score_now() in all else.';

CREATE FUNCTION lead_scoring_internal.account_rules(scores oid, at timestamptz)
RETURNS TABLE (place integer, rule text, needed bigint, active_since timestamptz, least_score bigint, least_points bigint, most_people bigint)
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 1 AS 'MODULE_PATHNAME', 'lead_scoring_account_rules';
COMMENT ON FUNCTION lead_scoring_internal.account_rules IS
'The account rules of the newest version of the model whose table "scores" that is, as of a time, by name: from when on people are active, scores and points in 1/10000 point, and how many people make the points of an account. A row of NULLs where there are none, for accounts are there all the same. Takes what score_now() takes.';

CREATE FUNCTION lead_scoring_internal.account_rows(model text, at text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT lead_scoring_internal.fill($query$
    SELECT DISTINCT ON (j.account) j.account, j.score, j.people, j.active_people, j.best_lead, j.best_score, j.last_active_at, j.rule, j.meets, a.mqa_at
      FROM (
        SELECT p.account, p.place, p.rule, (sum(p.points) FILTER (WHERE p.nth <= p.most_people) / 10000)::float8 AS score, count(*) AS people,
               count(*) FILTER (WHERE p.counts) AS active_people, (array_agg(p.lead_id) FILTER (WHERE p.nth = 1))[1] AS best_lead,
               max(p.points) / 10000::float8 AS best_score, max(p.active_at) AS last_active_at,
               p.rule IS NOT NULL AND (p.needed IS NULL OR count(*) FILTER (WHERE p.counts) >= p.needed)
               AND (p.least_points IS NULL OR sum(p.points) FILTER (WHERE p.nth <= p.most_people) >= p.least_points) AS meets
          FROM (
            SELECT s.account, s.lead_id, n.points, n.active_at, r.place, r.rule, r.needed, r.least_points, r.most_people,
                   ((r.least_score IS NULL OR n.points >= r.least_score) AND (r.active_since IS NULL OR n.active_at >= r.active_since)) IS TRUE AS counts,
                   row_number() OVER (PARTITION BY s.account, r.place ORDER BY n.points DESC, s.lead_id) AS nth
              FROM {model}.scores s
             CROSS JOIN LATERAL lead_scoring_internal.person_now(s.tableoid, s.version, s.card, {!at}) n
             CROSS JOIN lead_scoring_internal.account_rules({'scores'}::regclass, {!at}) r
             WHERE s.counted AND s.account IS NOT NULL AND n.points IS NOT NULL
               AND (n.active_at IS NOT NULL OR NOT EXISTS (SELECT FROM {model}.merged m WHERE m.merged_from = s.lead_id))) p
         GROUP BY p.account, p.place, p.rule, p.needed, p.least_points) j
      LEFT JOIN {model}.account_states a ON a.account = j.account
     ORDER BY j.account, j.meets DESC, j.place
    $query$, jsonb_build_object('model', model, 'scores', format('%I.scores', model), 'at', at))
$$;
COMMENT ON FUNCTION lead_scoring_internal.account_rows IS 'SQL that gives the accounts of a model as of an instant, which is SQL too. Whoever was merged into another is counted there, unless there are events of its own again.';

CREATE FUNCTION lead_scoring_internal.make_accounts(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('CREATE OR REPLACE VIEW %I.accounts WITH (security_invoker = true) AS %s', model,
                   lead_scoring_internal.account_rows(model, '(SELECT pg_catalog.statement_timestamp())'));
    PERFORM lead_scoring_internal.describe(format('%I.accounts', model)::regclass,
        'The accounts that leads belong to by settings.lead_account, as of now: a row for each that has a lead which counts. What depends on a rule is by the one in column "rule".',
        '{"account": "Name of the account.",
          "score": "Points of the account: the scores of its people as of now added up, of the best top_n ones by the rule, or of all.",
          "people": "Leads of the account that count.",
          "active_people": "Those of them that the rule counts: whose score is at least min_score, and whose latest event is no older than active_within.",
          "best_lead": "Key of the lead with the highest score, of several the first one.",
          "best_score": "Score of that lead, in points.",
          "last_active_at": "Time of the latest event of any of its people that a rule or stage waits for; NULL for none.",
          "rule": "Account rule by which the account is judged: the first one by name that it meets, else the first one; NULL where there are none.",
          "meets": "Whether the account meets it.",
          "mqa_at": "When refresh first found that the account meets a rule; NULL where it never did."}');
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.make_accounts IS 'Creates or replaces the view "accounts" of a model. It is read with the rights of who reads it, so that row security on scores holds: accounts have the people then that the reader may see.';

-- The report "stage_times": how long each lead was in each stage, and how many leads are slower.

CREATE FUNCTION lead_scoring_internal.stage_times_report(model text, settings jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Of each stay that has ended the share of those that last longer (Kaplan and Meier): the product of what is left at each
    -- length at which some end. Nothing is left where all end that are still there.
    RETURN lead_scoring_internal.fill_report(settings, $query$
        WITH leads AS MATERIALIZED (SELECT l.lead_id, [[l.dimension, ]]l.came_at FROM ({!leads}) l),
        moves AS MATERIALIZED (
            SELECT t.lead_id, t.seq, t.from_stage, t.to_stage, t.cause, t.rule, lead_scoring_internal.report_time(t.at) AS at FROM ({!moves}) t WHERE t.at <= $1),
        entries AS (  -- whoever has come is in the first stage, without a move
            SELECT l.lead_id, [[l.dimension, ]]0 AS seq, NULL::text AS from_stage, coalesce(f.from_stage, {'first'}) AS stage, NULL::text AS cause, NULL::text AS rule, LEAST(l.came_at, f.at) AS at
              FROM leads l LEFT JOIN (SELECT DISTINCT ON (t.lead_id) t.lead_id, t.from_stage, t.at FROM moves t ORDER BY t.lead_id, t.seq) f ON f.lead_id = l.lead_id
            UNION ALL
            SELECT l.lead_id, [[l.dimension, ]]t.seq, t.from_stage, t.to_stage, t.cause, t.rule, t.at FROM moves t JOIN leads l ON l.lead_id = t.lead_id),
        stays AS (
            SELECT e.*, lead(e.at) OVER moves AS left_at, lead(e.stage) OVER moves AS to_stage, GREATEST(extract(epoch FROM coalesce(lead(e.at) OVER moves, $1) - e.at)::float8, 0) / 86400 AS days,
                   row_number() OVER visits AS visit, count(*) OVER (PARTITION BY e.lead_id, e.stage) AS visits
              FROM entries e WHERE e.at IS NOT NULL WINDOW moves AS (PARTITION BY e.lead_id ORDER BY e.seq), visits AS (PARTITION BY e.lead_id, e.stage ORDER BY e.seq)),
        ends AS (
            SELECT [[s.dimension, ]]s.stage, s.days, sum(count(*)) OVER longest AS lasting, count(s.left_at) AS ending
              FROM stays s GROUP BY [[s.dimension, ]]s.stage, s.days WINDOW longest AS (PARTITION BY [[s.dimension, ]]s.stage ORDER BY s.days DESC)),
        shares AS (
            SELECT [[e.dimension, ]]e.stage, e.days,  CASE WHEN bool_or(e.ending = e.lasting) OVER shortest THEN 0 ELSE exp(GREATEST(sum(CASE WHEN e.ending < e.lasting THEN ln(1 - e.ending::float8 / e.lasting::float8) END) OVER shortest, -700)) END AS slower
              FROM ends e WINDOW shortest AS (PARTITION BY [[e.dimension, ]]e.stage ORDER BY e.days))
        SELECT [[s.dimension|NULL::text]], s.lead_id::text, s.stage, s.visit, s.visits, s.from_stage, s.cause, s.rule, s.at, s.left_at, s.to_stage, s.days, h.slower
          FROM stays s JOIN shares h ON h.stage = s.stage AND h.days = s.days[[ AND h.dimension IS NOT DISTINCT FROM s.dimension]]
         WHERE {!asked_for} ORDER BY [[s.dimension, ]]array_position({'stages'}::text[], s.stage), s.stage COLLATE "C", s.lead_id, s.seq
        $query$, jsonb_build_object(
        'leads', lead_scoring_internal.lead_rows(model, settings), 'moves', lead_scoring_internal.move_rows(model, '$1'), 'first', settings -> 'stages' ->> 0,
        'stages', ARRAY(SELECT jsonb_array_elements_text(settings -> 'stages'))::text, 'asked_for', lead_scoring_internal.is_asked_for_at('s.at', settings)));
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_times_report IS 'The statement of the report "stage_times".';

CREATE FUNCTION lead_scoring_internal.stage_times_form()
RETURNS lead_scoring_internal.report_form LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'How long each lead was in each stage, a row a stay, and how many are slower: who moves unusually fast, and who is stuck. By the moves that stand; leads that count, by stage and lead.',
    ARRAY['by', 'since | since, until: only stays that began on a day from the one to the other, both included; all are looked at for slower_share.', 'until'],
    ARRAY['lead_id | text | Key of the lead.',
    'stage | text | Stage.',
    'visit | bigint | Which of the lead''s stays in the stage it is, from 1.',
    'visits | bigint | How many there are.',
    'from_stage | text | Stage from which the lead came; NULL for the first one.',
    'cause | text | What moved it here: event, attribute, time, manual, publish or identity; NULL in the first stage.',
    'rule | text | Rule of that move, where points of an event did it.',
    'entered_at | timestamp with time zone | When the stay began; that in the first stage when the lead came. A stay that nothing dates is left out.',
    'left_at | timestamp with time zone | When it ended; NULL while it lasts.',
    'to_stage | text | Stage to which the lead went; NULL while it lasts.',
    'days | double precision | Days that the stay lasted, or has lasted so far.',
    'slower_share | double precision | Estimated share of the stays in the stage that last longer than that (Kaplan and Meier, so that those that still last count for what is known of them): near 1 for a lead that moved on fast, near 0 for one that is stuck. By a dimension it is that of the stays of its value.']
$$;
COMMENT ON FUNCTION lead_scoring_internal.stage_times_form IS 'What the report "stage_times" is.';

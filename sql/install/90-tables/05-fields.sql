-- What a draft is made of: one list of its tables and their fields, which all go by that take a draft as a whole.

SET LOCAL search_path = pg_catalog, pg_temp;

-- A line a field, in the order of the table: its name and its kind.
CREATE VIEW lead_scoring_internal.draft_fields AS
SELECT e.entity, f.place::integer AS place, split_part(f.line, ': ', 1) AS field, k.kind,
       k.kind IN ('table', 'column', 'draft column', 'columns', 'path', 'condition', 'condition of features', 'number expression', 'key expression', 'key expressions', 'id') AS is_owners
  FROM (VALUES
    ('settings', '{leads: table, events: table, lead_key: column, event_lead: column, event_type: column, event_time: column, event_campaign: column,
                   status_columns: columns, trigger_path: path, paused: state, time_zone: time zone, min_score: points, max_score: points,
                   future_tolerance: interval, only_row: state, format: state, event_id: draft column, lead_created: draft column, lead_condition: condition, event_anonymous: column, identities: table,
                   identity_anonymous: column, identity_lead: column, lead_account: key expression, handoff_notify: switch, handoff_outbox: switch}'::text[]),
    ('sources', '{name: name, events: table, event_lead: column, event_type: column, every_event: event type, event_time: column, event_campaign: column,
                  event_channel: key expression, event_asset: key expression, time_zone: time zone, event_id: draft column, event_anonymous: column}'),
    ('report_settings', '{spend_table: table, spend_campaign: column, spend_date: column, spend_amount: column, spend_channel: column,
                          revenue_table: table, revenue_lead: column, revenue_date: column, revenue_amount: column, lead_created: column,
                          event_channel: key expression, event_asset: key expression, look_back: interval, half_life: interval,
                          mql_stage: stage, sql_stage: stage, customer_stage: stage, qualified_low: share, qualified_high: share, dimensions: key expressions,
                          week_starts: choice, max_touches: number, only_row: state}'),
    ('rule_groups', '{name: name, kind: choice, min_points: points, max_points: points, comment: comment}'),
    ('rules', '{name: name, rule_group: group, event_type: event type, condition: condition, points: points, per: number expression,
                decay: choice, half_life: interval, lifespan: interval, drop: share, step: interval, min_points: points, max_points: points,
                limit_count: number, limit_window: choice, limit_key: key expression, max_occurrences: number, id: id, source: source, enabled: switch,
                comment: comment, at_least: number, within: interval, distinct_key: key expression, keep: flag, quiet_for: interval}'),
    ('bands', '{axis: name, label: name, min_points: points}'),
    ('stages', '{name: name, rank: number, kind: choice, min_score: points, min_engagement: points, min_fit: points, grades: grades, requires: rules,
                 on_event: event type, on_event_condition: condition, falls_below: points, within: interval, timeout_stage: stage,
                 cooldown: interval, exit: choice, counts_as: choice, id: id, on_event_source: source, comment: comment, working_time: flag,
                 hand_off: flag, accepted_stage: stage, rejected_stage: stage, max_attempts: number, hand_off_max_age: interval}'),
    ('calendar', '{weekday: name, opens: name, closes: time}'),
    ('holidays', '{day: name}'),
    ('account_rules', '{name: name, people: number, active_within: interval, min_points: points, top_n: number, min_score: points, comment: comment}'),
    ('entries', '{name: name, stage: stage, min_score: points, min_engagement: points, min_fit: points, grades: grades, requires: rules,
                  on_event: event type, on_event_condition: condition, on_event_source: source, id: id, comment: comment}'),
    ('lead_types', '{name: name, rank: number, condition: condition of features, id: id, comment: comment}')) e (entity, fields)
 CROSS JOIN unnest(e.fields) WITH ORDINALITY f (line, place)
 CROSS JOIN LATERAL split_part(f.line, ': ', 2) k (kind);
COMMENT ON VIEW lead_scoring_internal.draft_fields IS 'The tables of a draft and of what reports are told, with their fields. The kind says what becomes of a value: those of kind "name" identify a row; a condition or expression is one over the events of the row''s event type and source, over leads where it has none, one of features over a row of lead_features; a group, stage, rules or grades name rows of other tables; a draft column is one that counts from the next publish on, where other columns of settings are effective at once; what is state is no part of what a user says, and an id is given by publish(). A switch and a comment are no part of a version. A flag is one where it is set. What is the owner''s (is_owners) is run or read with his rights, or decides whose a lead''s points are, so that nobody else may write it.';

CREATE VIEW lead_scoring_internal.document_fields AS
SELECT s.section, CASE WHEN s.section = 'identities' THEN regexp_replace(f.field, '^identity_', '') ELSE f.field END AS key, f.entity, f.field, f.kind, f.place,
       CASE WHEN f.kind IN ('points', 'number', 'share') THEN 'number' WHEN f.kind IN ('switch', 'flag') THEN 'boolean' WHEN f.kind = 'grades' THEN 'array'
            WHEN f.kind IN ('rules', 'columns', 'key expressions') THEN 'object' ELSE 'string' END AS type
  FROM lead_scoring_internal.draft_fields f
 CROSS JOIN LATERAL (SELECT CASE f.entity WHEN 'rule_groups' THEN 'groups' WHEN 'report_settings' THEN 'reports' WHEN 'settings' THEN
                                CASE WHEN f.field IN ('leads', 'lead_key') THEN 'model' WHEN f.field LIKE 'event%' THEN 'sources' WHEN f.field LIKE 'identit%' THEN 'identities' ELSE 'settings' END
                            ELSE f.entity END) s (section)
 WHERE f.kind NOT IN ('state', 'id');
COMMENT ON VIEW lead_scoring_internal.document_fields IS 'Where the fields of a draft stand in the document of export_model() and apply_model(): the section ("model": the document itself), the key there, the field of the table of the draft, and the type of JSON. What settings say of events is the first of the sources.';

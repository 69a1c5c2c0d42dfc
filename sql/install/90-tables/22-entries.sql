-- The draft, continued: further ways into stages, and what kinds of leads there are.

CREATE TABLE lead_scoring_internal.entries (
    name               text,
    stage              text NOT NULL,
    min_score          numeric,
    min_engagement     numeric,
    min_fit            numeric,
    grades             text[],
    requires           jsonb,
    on_event           text,
    on_event_condition text,
    on_event_source    text,
    id                 integer,
    comment            text,
    CONSTRAINT entries_pkey PRIMARY KEY (name),
    CONSTRAINT entries_name CHECK (octet_length(name) BETWEEN 1 AND 63),
    CONSTRAINT entries_ways CHECK (num_nonnulls(min_score, min_engagement, min_fit, grades, requires, on_event) > 0),
    CONSTRAINT entries_bounds CHECK (lead_scoring_internal.is_bound(min_score) AND lead_scoring_internal.is_bound(min_engagement)
        AND lead_scoring_internal.is_bound(min_fit)),
    CONSTRAINT entries_grades CHECK (cardinality(grades) > 0 AND array_position(grades, NULL) IS NULL),
    CONSTRAINT entries_requires CHECK (jsonb_typeof(requires) = 'object' AND requires <> '{}' AND NOT jsonb_path_exists(requires,
        'strict $.* ? (@.type() != "number" || @ < 1 || @ > 1000000000 || @.floor() != @)')),
    CONSTRAINT entries_on_event CHECK (on_event_condition IS NULL OR on_event IS NOT NULL),
    CONSTRAINT entries_on_event_source CHECK (on_event_source IS NULL OR on_event IS NOT NULL)
);
SELECT lead_scoring_internal.describe('lead_scoring_internal.entries',
    'Draft: further ways into stages. A stage is entered by its own conditions or event, or by those of any of its entries.',
    '{"name": "Name of the entry; transitions tell by which a lead came.",
      "stage": "Stage that it leads into.",
      "min_score": "Least score, in points; NULL for any.",
      "min_engagement": "Least engagement, in points; NULL for any.",
      "min_fit": "Least fit, in points; NULL for any.",
      "grades": "Grades that qualify; NULL for any.",
      "requires": "Rules that must have matched, with how often at least: {\"webinar\": 1}.",
      "on_event": "Type of the events that move a lead to the stage at once, whatever its score.",
      "on_event_condition": "SQL boolean expression over the row of such an event; NULL for all of them.",
      "on_event_source": "Source of such events; NULL: the one whose events are all of the type, else the only one with a column of types.",
      "id": "By this cards know the entry, whatever it is called: given by publish(), and never another''s. Leave it NULL.",
      "comment": "What it is for, in words; no part of a version."}');

CREATE TABLE lead_scoring_internal.lead_types (
    name      text,
    rank      integer NOT NULL,
    condition text NOT NULL,
    id        integer,
    comment   text,
    CONSTRAINT lead_types_pkey PRIMARY KEY (name),
    CONSTRAINT lead_types_name CHECK (octet_length(name) BETWEEN 1 AND 63)
);
SELECT lead_scoring_internal.describe('lead_scoring_internal.lead_types',
    'Draft: the types of leads. A lead is of the first whose condition holds, by rank, then name.',
    '{"name": "Name of the type.",
      "rank": "The lower it is, the sooner the type is tried.",
      "condition": "SQL boolean expression over what is known of a lead: score, engagement, fit, grade, points, times, days_since, channels, days_since_last.",
      "id": "By this it is the same type under another name: given by publish(). Leave it NULL.",
      "comment": "What it is for, in words; no part of a version."}');

DO $further$
DECLARE
    further text;
BEGIN
    FOREACH further IN ARRAY '{entries,lead_types}'::text[] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %1$s_checked BEFORE INSERT OR UPDATE ON lead_scoring_internal.%1$I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.check_draft_row_as_owner();
                        CREATE OR REPLACE TRIGGER %1$s_valid AFTER INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%1$I FOR EACH ROW EXECUTE FUNCTION lead_scoring_internal.draft_changed();
                        CREATE OR REPLACE TRIGGER %1$s_begins BEFORE INSERT OR UPDATE OR DELETE ON lead_scoring_internal.%1$I FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring_internal.draft_begins()',
                       further);
    END LOOP;
END
$further$;

-- What conditions of types read: its columns are what counts.
CREATE VIEW lead_scoring_internal.lead_features AS
SELECT NULL::double precision AS score, NULL::double precision AS engagement, NULL::double precision AS fit, NULL::text AS grade, NULL::jsonb AS points, NULL::jsonb AS times,
       NULL::jsonb AS days_since, NULL::text[] AS channels, NULL::double precision AS days_since_last
 WHERE false;
SELECT lead_scoring_internal.describe('lead_scoring_internal.lead_features',
    'What is known of a lead at an instant, for the conditions of types of leads; it has no rows.',
    '{"score": "Score, in points.",
      "engagement": "Points for behaviour.",
      "fit": "Points for attributes.",
      "grade": "Letter of fit and number of engagement; NULL without bands.",
      "points": "Points by the names of rules, then of groups, of those that give any: points -> ''webinar''.",
      "times": "How often each rule matched, of those that count matches and have any.",
      "days_since": "Days since the latest match of each rule that has any.",
      "channels": "Channels of the touches that are remembered, by name; NULL where leads remember none.",
      "days_since_last": "Days since the latest event that matched a rule or moved the lead; NULL where there was none."}');
GRANT SELECT ON lead_scoring_internal.lead_features TO PUBLIC;

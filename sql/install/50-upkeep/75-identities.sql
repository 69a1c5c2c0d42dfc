-- set_identities.

CREATE FUNCTION lead_scoring_internal.identify_leads(model text, identities oid, lead text) RETURNS void
LANGUAGE c STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_identify_leads';
COMMENT ON FUNCTION lead_scoring_internal.identify_leads IS 'Computes the leads that a table of identities names from the event log, and moves them as of now. The tables must be locked.';

CREATE FUNCTION lead_scoring_internal.put_identities(model text, identities regclass, anonymous text, lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before CONSTANT jsonb := lead_scoring_internal.settings_row(model);
    former CONSTANT regclass := lead_scoring_internal.resolve_table(before ->> 'identities');
    found record;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    EXECUTE format('UPDATE %I.settings SET identities = $1, identity_anonymous = $2, identity_lead = $3', model) USING identities::text, anonymous, lead;
    FOR found IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid = 'lead_scoring_internal.identities_changed()'::regprocedure AND t.tgargs = lead_scoring_internal.trigger_argument(model)
                    AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
                    AND t.tgrelid NOT IN (SELECT p.relid FROM pg_partition_tree(identities) p WHERE identities IS NOT NULL UNION SELECT identities WHERE identities IS NOT NULL)
                  ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
    END LOOP;
    IF identities IS NOT NULL THEN
        PERFORM lead_scoring_internal.add_triggers(model, NULL, identities, VARIADIC '{}'::regclass[]);
    END IF;
    IF before ->> 'identities' IS NOT NULL AND former IS NULL THEN
        PERFORM lead_scoring_internal.lock_tables(model);
        PERFORM lead_scoring_internal.catch_up(model);  -- nobody knows which leads they were
        RETURN;
    END IF;
    IF former IS NOT NULL AND (former, before ->> 'identity_lead') IS DISTINCT FROM (identities, lead) THEN
        PERFORM lead_scoring_internal.identify_leads(model, former, before ->> 'identity_lead');
    END IF;
    IF identities IS NOT NULL THEN
        PERFORM lead_scoring_internal.identify_leads(model, identities, lead);
    END IF;
    PERFORM lead_scoring_internal.move_merged(model);
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.put_identities IS 'Writes the table of identities of a model down (NULL: none), puts its triggers there, and computes the leads that were or are named by it.';

CREATE FUNCTION lead_scoring.set_identities(
    model text,
    identities regclass,
    anonymous text DEFAULT 'anonymous_id',
    lead text DEFAULT 'lead_id')
RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'lead_scoring_command';
CREATE FUNCTION lead_scoring_internal.set_identities(
    model text,
    identities regclass,
    anonymous text,
    lead text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
    before CONSTANT jsonb := lead_scoring_internal.settings_row(model);
    former CONSTANT regclass := lead_scoring_internal.resolve_table(before ->> 'identities');
    likely text;
BEGIN
    PERFORM lead_scoring_internal.require_identity(model);
    IF identities IS NULL THEN
        IF former IS NOT NULL THEN
            PERFORM lead_scoring_internal.lock_tables(model);
        END IF;
        IF before ->> 'identities' IS NOT NULL THEN
            PERFORM lead_scoring_internal.put_identities(model, NULL, NULL, NULL);
        END IF;
        RETURN;
    END IF;
    IF num_nulls(anonymous, lead) > 0 THEN
        PERFORM lead_scoring_internal.fail('22004', 'an argument of set_identities is NULL', 'Both columns of identities have names.',
            format('For example SELECT lead_scoring.set_identities(%L, %L, anonymous => ''anonymous_id'', lead => ''lead_id'');', model, identities));
    END IF;
    PERFORM lead_scoring_internal.check_table(identities, 'identities');
    SELECT * INTO bound FROM lead_scoring_internal.binding(model);
    IF NOT EXISTS (SELECT FROM lead_scoring_internal.sources(model) s WHERE s.event_anonymous IS NOT NULL) THEN
        likely := (SELECT coalesce(max(a.attname) FILTER (WHERE a.attname = anonymous), lead_scoring_internal.nearest_name(anonymous, array_agg(a.attname::text)), '...')
                     FROM pg_attribute a WHERE a.attrelid = bound.events AND a.attnum > 0 AND NOT a.attisdropped);
        PERFORM lead_scoring_internal.fail('55000', format('no source of model "%s" says which visitor its events are of', model),
            'Identities are about events that name a visitor in the place of a lead.',
            format('UPDATE %I.settings SET event_anonymous = %L;  -- or, of another source, UPDATE %1$I.sources', model, likely));
    END IF;
    PERFORM lead_scoring_internal.require_own(identities, true);
    PERFORM lead_scoring_internal.lock_tables(model, identities);
    PERFORM lead_scoring_internal.upgrade_model(model);
    PERFORM lead_scoring_internal.check_identities(model, bound.leads, bound.lead_key, identities, anonymous, lead);
    IF NOT lead_scoring_internal.has_index(identities, lead) THEN
        PERFORM lead_scoring_internal.fail('55000', format('table %s has no index led by column "%s"', identities, lead),
            'Finding the visitors that one lead was would read the whole table.', format('CREATE INDEX ON %s (%I);', identities, lead));
    END IF;
    PERFORM lead_scoring_internal.check_visitor_index(s.events, s.event_anonymous, s.event_lead) FROM lead_scoring_internal.sources(model) s WHERE s.event_anonymous IS NOT NULL;
    IF (former, before ->> 'identity_anonymous', before ->> 'identity_lead') IS DISTINCT FROM (identities, anonymous, lead) THEN
        PERFORM lead_scoring_internal.put_identities(model, identities, anonymous, lead);
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.set_identities IS 'Implements lead_scoring.set_identities, as the model''s owner.';
COMMENT ON FUNCTION lead_scoring.set_identities IS
'Names the table that says which anonymous visitor is which lead, a row for each visitor: "anonymous" is its column of visitors, which is unique, "lead" that of leads, NULL as long as nobody knows. An event without a lead whose visitor (event_anonymous of create_model and add_source) has a lead there counts for that lead. To insert, change or delete a row of it moves all events of the visitor, however old, in that statement; the events stay as they are. What a lead reaches or loses by that bears the time at which it was learned, and the cause identity. NULL in the place of the table ends it.
The table belongs to the model''s owner, and has indexes led by each of the two columns, and so have tables of events by theirs. Leads that it names are computed at once. Writers of leads, events and the table wait until the transaction ends. A model of an older format is upgraded. For the model''s owner only.
Raises 42501 where the table is not the owner''s, 42809 for what is no ordinary or partitioned table, 0A000 for a partition, a table with inheritance or foreign partitions, a table of Citus and a virtual generated column; 42703 for an unknown column, 42804 for one whose type is not that of the leads'' key or of the events'' visitors, 55000 where the visitor is not unique, an index is missing, or no source has event_anonymous; 22023 for the table of leads or one of events; 22004 for a NULL; 25000 at any isolation level but READ COMMITTED.';

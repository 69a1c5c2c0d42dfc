-- Definitions to begin with.

CREATE FUNCTION lead_scoring.templates(template text DEFAULT NULL)
RETURNS TABLE (name text, meaning text, event_types text, columns text, definition jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT t.name, t.meaning,
               (SELECT string_agg(DISTINCT n.type COLLATE "C", ', ' ORDER BY n.type COLLATE "C")
                  FROM (SELECT r.item ->> 'event_type' FROM jsonb_array_elements(t.definition -> 'rules') r (item)
                         UNION ALL SELECT s.item ->> 'on_event' FROM jsonb_array_elements(t.definition -> 'stages') s (item)
                         UNION ALL SELECT e.item ->> 'on_event' FROM jsonb_array_elements(t.definition -> 'entries') e (item)) n (type)),
               t.columns, t.definition
          FROM (VALUES
            (1, 'practitioner', 'The score sheet that most teams begin with: papers, mails, prices, live sessions, title and size; an MQL has 30 points.',
                'leads.job_title, leads.employees, events.properties', lead_scoring_internal.practitioner_template()),
            (2, 'b2b_saas', 'Software for companies: the seven actions that make an MQL, from the newsletter to the demo, unless the fit says no.',
                'leads.job_title, leads.employees, leads.email, events.properties', lead_scoring_internal.b2b_saas_template()),
            (3, 'enterprise', 'Large companies and long sales: an MQL takes a grade, a letter for who they are and a number for what they do.',
                'leads.job_title, leads.employees, leads.country, events.properties', lead_scoring_internal.enterprise_template()),
            (4, 'ecommerce', 'A shop: interest fades within days, an MQL gets an offer in place of a call, and the till counts as an SQL.',
                'leads.country, leads.email, events.properties', lead_scoring_internal.ecommerce_template()),
            (5, 'product_led', 'A product that is tried before it is bought: usage makes product-qualified leads, which count as MQLs.',
                'leads.email, leads.employees, events.properties', lead_scoring_internal.product_led_template()),
            (6, 'account_based', 'Companies buy, not people: minutes that the people of an account spend with you, and what makes an account an MQA.',
                'leads.company, leads.job_title', lead_scoring_internal.account_based_template()),
            (7, 'mql_types', 'Kinds of MQLs: social, e-mail, level 4, symptom-, problem- and solution-aware, product-qualified, and who went cold.',
                'leads.job_title, events.properties', lead_scoring_internal.mql_types_template())) t (place, name, meaning, columns, definition)
         WHERE templates.template IS NULL OR t.name = templates.template ORDER BY t.place;
    IF NOT FOUND THEN
        PERFORM lead_scoring_internal.fail('42704', format('template "%s" does not exist', template), 'A template is a definition that comes with the extension.',
            'SELECT name, meaning FROM lead_scoring.templates();' || lead_scoring_internal.perhaps(template, ARRAY(SELECT t.name FROM lead_scoring.templates() t)));
    END IF;
END
$$;
COMMENT ON FUNCTION lead_scoring.templates IS 'Definitions to begin with, for apply_model(), all or the one of that name: what each is for, the types of events it waits for and the columns it reads, both separated by commas, and the definition, with a comment on each group, rule, stage, account rule, entry and type of leads. Types and columns that are called otherwise are mapped by the argument "words" of apply_model(), and what is not there is left out. Raises 42704 for an unknown template.';

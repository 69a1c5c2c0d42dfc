-- Statements with named places, for what takes more than a few values: names and order cannot be mixed up.

CREATE FUNCTION lead_scoring_internal.fill(template text, places jsonb)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place CONSTANT text := '\{(!?)([a-z][a-z0-9_]*)\}|\{''([a-z][a-z0-9_]*)''\}';
    filled text;
    named text[];
    wrong text;
BEGIN
    -- What is filled in is not looked at again, whatever braces are in it.
    SELECT string_agg(t.before || CASE WHEN m.found[3] IS NOT NULL THEN quote_nullable(places ->> m.found[3])
                                       WHEN m.found[1] = '!' THEN coalesce(places ->> m.found[2], '')
                                       WHEN m.found IS NOT NULL THEN quote_ident(places ->> m.found[2])
                                       ELSE '' END, '' ORDER BY n),
           array_agg(coalesce(m.found[2], m.found[3])) FILTER (WHERE m.found IS NOT NULL),
           min(m.found[2]) FILTER (WHERE m.found[1] = '' AND places ->> m.found[2] IS NULL)
      INTO filled, named, wrong
      FROM regexp_split_to_table(template, place) WITH ORDINALITY t (before, n)
      LEFT JOIN regexp_matches(template, place, 'g') WITH ORDINALITY m (found, n) USING (n);
    wrong := coalesce(wrong, (SELECT min(k) FROM (SELECT unnest(named) EXCEPT SELECT jsonb_object_keys(places)) k (k)));
    IF wrong IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('XX000', format('place {%s} of a template has no value', wrong), left(template, 200), NULL);
    END IF;
    SELECT min(k) INTO wrong FROM (SELECT jsonb_object_keys(places) EXCEPT SELECT unnest(named)) k (k);
    IF wrong IS NOT NULL THEN
        PERFORM lead_scoring_internal.fail('XX000', format('value "%s" has no place in a template', wrong), left(template, 200), NULL);
    END IF;
    RETURN filled;
END
$$;
COMMENT ON FUNCTION lead_scoring_internal.fill IS 'The template with its places filled in: {name} by the value as an identifier, {''name''} as a literal (NULL for NULL), {!name} as a piece of SQL (nothing for NULL). Arrays are given as text. Raises XX000 for a place without a value, an identifier that is NULL, and a value without a place.';

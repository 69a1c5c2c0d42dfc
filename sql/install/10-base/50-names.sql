-- Names that are misspelt.

CREATE FUNCTION lead_scoring_internal.edit_distance(a text, b text) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_edit_distance';
COMMENT ON FUNCTION lead_scoring_internal.edit_distance IS 'How many characters are to be put in, taken out or replaced to make one text of the other; of long ones, the first 63 bytes are compared.';

CREATE FUNCTION lead_scoring_internal.near(a text, b text)
RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN d.distance * 3 <= GREATEST(length(a), length(b)) THEN d.distance END
  FROM lead_scoring_internal.edit_distance(translate(lower(a), ' -.', '___'), translate(lower(b), ' -.', '___')) d (distance)
$$;
COMMENT ON FUNCTION lead_scoring_internal.near IS 'The distance of two names of which one may be the other misspelt; NULL where a third or more of it differs. Case and what stands between words do not count.';

CREATE FUNCTION lead_scoring_internal.nearest_name(name text, names text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT n.name FROM unnest(names) n (name) WHERE lead_scoring_internal.near(nearest_name.name, n.name) IS NOT NULL
 ORDER BY lead_scoring_internal.near(nearest_name.name, n.name), n.name COLLATE "C" LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring_internal.nearest_name IS 'Of the names the one that is most likely meant by a misspelt one; NULL where none is near.';

CREATE FUNCTION lead_scoring_internal.perhaps(name text, names text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce('  -- perhaps "' || lead_scoring_internal.nearest_name(name, names) || '" is meant', '')
$$;
COMMENT ON FUNCTION lead_scoring_internal.perhaps IS 'What a hint says behind its statement of the nearest name, as a remark; empty where none is near.';

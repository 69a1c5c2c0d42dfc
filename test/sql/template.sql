-- Statements with named places.
\set VERBOSITY terse
SELECT lead_scoring_internal.fill('SELECT {a} FROM {!b} WHERE {a} = {''c''} AND {!d}', '{"a": "the \"key\"", "b": "public.t", "c": "it''s \\", "d": "true"}');
-- NULL is a literal like any other, and no piece of SQL; numbers and truth are what their text is.
SELECT lead_scoring_internal.fill('{''none''} {!none}. {''number''} {!number} {''truth''}', '{"none": null, "number": 1.50, "truth": true}');
-- What is filled in is not looked at again; braces that are no places stay.
SELECT lead_scoring_internal.fill('{!a} {''b''} ''{x,y}'' ''{NULL}'' ''{}'' { a}', '{"a": "{b} {''b''} {!a} %s $1 \\1", "b": "{!a}"}');
SELECT lead_scoring_internal.fill('no place', '{}'), lead_scoring_internal.fill('', '{}') = '' AS empty, lead_scoring_internal.fill('{!a}', '{"a": ""}') = '' AS nothing;
-- A place without a value, an identifier that is none, a value without a place.
SELECT lead_scoring_internal.fill('SELECT {a}, {''b''}', '{"a": "x"}');
SELECT lead_scoring_internal.fill('SELECT {!a}', '{}');
SELECT lead_scoring_internal.fill('SELECT {a}', '{"a": null}');
SELECT lead_scoring_internal.fill('SELECT {a}', '{"a": "x", "b": "y"}');
SELECT lead_scoring_internal.fill(NULL, '{}'), lead_scoring_internal.fill('{a}', NULL);

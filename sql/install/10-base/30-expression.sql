-- Users' expressions over one row of a table.

CREATE FUNCTION lead_scoring.check_expression(relation regclass, expression text, kind text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'lead_scoring_check_expression';
COMMENT ON FUNCTION lead_scoring.check_expression IS
'Parses and type-checks an SQL expression over one row of a table, as that of a CHECK constraint, and returns it with every name qualified. "kind" is condition (boolean), number (casts to double precision) or key (casts to text; a date does). Names are looked up in pg_catalog and in the table''s own schema. Refused, with the place in the expression: subqueries, aggregates, window and set-returning functions, and mutable functions, also where they come in as a default argument, by inlining, in a domain''s constraint, that of a constant too, in comparing what arrays and rows are made of, or a generated column. Takes SELECT on the table; for its owner the expression is planned as well, which evaluates what is constant in it. That, and what reading its constants runs, leaves nothing behind.
Raises 42601 for what cannot be parsed, 42703 for an unknown column, 42804 or 42883 for wrong types, 42P17 for a function that is not immutable, 0A000 for a subquery or a system column.';

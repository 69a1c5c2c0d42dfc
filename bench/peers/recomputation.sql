-- Peer (e): every score from all events, in one statement. at: as of when, in SQL.
CREATE FUNCTION bench.recomputation(model text, events regclass, at text) RETURNS text
RETURN format('SELECT lead_id, scored_at, score, CASE WHEN score >= %s THEN ''mql'' ELSE ''lead'' END AS stage FROM ('
              'SELECT lead_id, %3$s AS scored_at, %4$s AS score FROM ('
              'SELECT lead_id, %5$s FROM %2$s GROUP BY lead_id) AS sums) AS scored',
              bench.mql_score(), bench.typed(model, events::text), at, bench.score(model, 'r%1$s', bench.seconds(at)), bench.sums(model));

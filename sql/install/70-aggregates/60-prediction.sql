-- How well a score or a probability predicts who converts: auc, brier, log_loss, calibration.
-- States. auc: bytea of 16 bytes and 24 a distinct score, its length a power of two. brier, log_loss: bigint[4]; 64 bytes a group.
-- calibration: bigint[] of 40 bytes a bin. Terms are rounded to fixed point and summed as whole numbers.

CREATE FUNCTION lead_scoring_internal.auc_accum(state bytea, score float8, converted boolean) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_auc_accum';
COMMENT ON FUNCTION lead_scoring_internal.auc_accum(state bytea, score float8, converted boolean) IS 'Transition function of auc.';

CREATE FUNCTION lead_scoring_internal.auc_combine(state bytea, other bytea) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_auc_combine';
COMMENT ON FUNCTION lead_scoring_internal.auc_combine(state bytea, other bytea) IS 'Combine function of auc.';

CREATE FUNCTION lead_scoring_internal.auc_final(state bytea) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_auc_final';
COMMENT ON FUNCTION lead_scoring_internal.auc_final(state bytea) IS 'Final function of auc.';

CREATE AGGREGATE lead_scoring.auc(score float8, converted boolean) (
    SFUNC = lead_scoring_internal.auc_accum,
    STYPE = bytea,
    FINALFUNC = lead_scoring_internal.auc_final,
    COMBINEFUNC = lead_scoring_internal.auc_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.auc(score float8, converted boolean) IS 'Area under the ROC curve: the chance that a lead that converted has a higher score than one that did not, equal scores counting one half (Mann and Whitney). Exact. Rows with NULL, or with NaN for a score, are passed over; NULL where all or none converted.';

CREATE FUNCTION lead_scoring_internal.brier_accum(state bigint[], probability float8, converted boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_brier_accum';
COMMENT ON FUNCTION lead_scoring_internal.brier_accum(state bigint[], probability float8, converted boolean) IS 'Transition function of brier.';

CREATE FUNCTION lead_scoring_internal.brier_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_brier_final';
COMMENT ON FUNCTION lead_scoring_internal.brier_final(state bigint[]) IS 'Final function of brier.';

CREATE FUNCTION lead_scoring_internal.log_loss_accum(state bigint[], probability float8, converted boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_log_loss_accum';
COMMENT ON FUNCTION lead_scoring_internal.log_loss_accum(state bigint[], probability float8, converted boolean) IS 'Transition function of log_loss.';

CREATE FUNCTION lead_scoring_internal.log_loss_final(state bigint[]) RETURNS float8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_log_loss_final';
COMMENT ON FUNCTION lead_scoring_internal.log_loss_final(state bigint[]) IS 'Final function of log_loss.';

CREATE AGGREGATE lead_scoring.brier(probability float8, converted boolean) (
    SFUNC = lead_scoring_internal.brier_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.brier_final,
    COMBINEFUNC = lead_scoring_internal.mean_combine,
    INITCOND = '{0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.brier(probability float8, converted boolean) IS 'Brier score (1950): the mean of (probability - outcome)^2; 0 is perfect. Rows with NULL are passed over, NULL where there are no others. A probability outside 0..1 is an error.';

CREATE AGGREGATE lead_scoring.log_loss(probability float8, converted boolean) (
    SFUNC = lead_scoring_internal.log_loss_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.log_loss_final,
    COMBINEFUNC = lead_scoring_internal.mean_combine,
    INITCOND = '{0,0,0,0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.log_loss(probability float8, converted boolean) IS 'Mean of -ln of the probability given to what happened; Infinity where something happened that was given 0 (clamp with least and greatest if that is not wanted). Rows with NULL are passed over, NULL where there are no others. A probability outside 0..1 is an error.';

CREATE TYPE lead_scoring.calibration_bin AS (bin integer, low float8, high float8, n bigint, converted bigint, predicted float8, observed float8);
COMMENT ON TYPE lead_scoring.calibration_bin IS 'Leads whose predicted probability lies within one range.';
COMMENT ON COLUMN lead_scoring.calibration_bin.bin IS 'Number of the bin, from 1.';
COMMENT ON COLUMN lead_scoring.calibration_bin.low IS 'Lowest probability of the bin.';
COMMENT ON COLUMN lead_scoring.calibration_bin.high IS 'Where the next bin begins; the last bin holds 1 too.';
COMMENT ON COLUMN lead_scoring.calibration_bin.n IS 'Leads in the bin.';
COMMENT ON COLUMN lead_scoring.calibration_bin.converted IS 'How many of them converted.';
COMMENT ON COLUMN lead_scoring.calibration_bin.predicted IS 'Mean of their probabilities; NULL where the bin is empty.';
COMMENT ON COLUMN lead_scoring.calibration_bin.observed IS 'converted / n; NULL where the bin is empty.';

CREATE FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_accum';
COMMENT ON FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean) IS 'Transition function of calibration.';

CREATE FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean, bins integer) RETURNS bigint[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_accum';
COMMENT ON FUNCTION lead_scoring_internal.calibration_accum(state bigint[], probability float8, converted boolean, bins integer) IS 'Transition function of calibration.';

CREATE FUNCTION lead_scoring_internal.calibration_combine(state bigint[], other bigint[]) RETURNS bigint[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_combine';
COMMENT ON FUNCTION lead_scoring_internal.calibration_combine(state bigint[], other bigint[]) IS 'Combine function of calibration.';

CREATE FUNCTION lead_scoring_internal.calibration_final(state bigint[]) RETURNS lead_scoring.calibration_bin[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lead_scoring_calibration_final';
COMMENT ON FUNCTION lead_scoring_internal.calibration_final(state bigint[]) IS 'Final function of calibration.';

CREATE AGGREGATE lead_scoring.calibration(probability float8, converted boolean) (
    SFUNC = lead_scoring_internal.calibration_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.calibration_final,
    COMBINEFUNC = lead_scoring_internal.calibration_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.calibration(probability float8, converted boolean) IS 'Leads in ten bins of equal width by predicted probability, with what was predicted and what came; unnest(calibration(...)) makes a table of it. Empty bins are in it. An edge belongs to the bin above it, 1 to the last bin (cut(probability, edges, right = FALSE, include.lowest = TRUE) of R). Rows with NULL are passed over; NULL where there are no others. A probability outside 0..1 is an error.';

CREATE AGGREGATE lead_scoring.calibration(probability float8, converted boolean, bins integer) (
    SFUNC = lead_scoring_internal.calibration_accum,
    STYPE = bigint[],
    FINALFUNC = lead_scoring_internal.calibration_final,
    COMBINEFUNC = lead_scoring_internal.calibration_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.calibration(probability float8, converted boolean, bins integer) IS 'Leads in so many (1 to 1000, the same in all rows, NULL for ten) bins of equal width by predicted probability, with what was predicted and what came; unnest(calibration(...)) makes a table of it. Empty bins are in it. An edge belongs to the bin above it, 1 to the last bin (cut(probability, edges, right = FALSE, include.lowest = TRUE) of R). Rows with NULL are passed over; NULL where there are no others. A probability outside 0..1 is an error.';

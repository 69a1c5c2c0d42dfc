# The method of src/core/statistics/forecast.hpp, written a second time from its description: matrices in place of
# recursions, generalized least squares in place of whitened ones.

# Covariance of errors whose level drifts: e_t + constant * (e_1 + ... + e_(t-1)).
drifting <- function(n, constant) {
  psi <- diag(n)
  psi[lower.tri(psi)] <- constant
  psi %*% t(psi)
}

fit_constant <- function(y, rows, constant) {
  n <- length(y)
  ahead <- nrow(rows) - n
  p <- ncol(rows)
  whole <- drifting(n + ahead, constant)
  past <- 1:n
  x <- rows[past, , drop = FALSE]
  v <- solve(whole[past, past])
  information <- t(x) %*% v %*% x
  unscaled <- solve(information)
  b <- unscaled %*% t(x) %*% v %*% y
  rest <- y - x %*% b
  squares <- max(drop(t(rest) %*% v %*% rest), 1e-24 * sum(y^2), .Machine$double.xmin)
  s2 <- if (n > p) squares / (n - p) else 0
  if (p > 1) {
    kept <- if (b[1]^2 > 2 * s2 * unscaled[1, 1]) 1 - 2 * s2 * unscaled[1, 1] / b[1]^2 else 0
    b <- b + unscaled[, 1] / unscaled[1, 1] * b[1] * (kept - 1)
  }
  future <- n + seq_len(ahead)
  gain <- whole[future, past, drop = FALSE] %*% v
  row <- rows[future, , drop = FALSE] - gain %*% x
  list(mean = drop(rows[future, , drop = FALSE] %*% b + gain %*% (y - x %*% b)),
       variance = s2 * (diag(whole[future, future, drop = FALSE] - gain %*% whole[past, future]) + rowSums((row %*% unscaled) * row)),
       squares = squares, log_det = as.numeric(determinant(information)$modulus) / 2)
}

own_forecast <- function(counts, ahead) {
  counts <- tail(counts, 60)
  n <- length(counts)
  if (n < 24) {
    y <- sqrt(counts + 3 / 8)
    rows <- matrix(1, n + ahead, 1)
    constant <- 1
    if (n > 1) {
      loglik <- sapply(0:10 / 10, function(a) {
        f <- fit_constant(y, rows, a)
        s2 <- if (a < 1) 0.25 / (1 - a) else max(5, f$squares / (n - 1))
        -(n - 1) / 2 * log(s2) - f$squares / 2 / s2 - f$log_det
      })
      constant <- (0:10 / 10)[max(which(loglik == max(loglik)))]
    }
    f <- fit_constant(y, rows, constant)
    for (h in seq_len(ahead)) {
      if (h > 1) f$variance[h] <- max(f$variance[h], f$variance[h - 1])
      if (n - h < 3) next
      level <- Reduce(function(l, v) l + constant * (v - l), y[seq_len(n - h)], y[1], accumulate = TRUE)[-1]
      f$variance[h] <- max(f$variance[h], mean((y[(h + 1):n] - level)^2))
    }
    back <- function(v) pmax(pmax(v, 0)^2 - 3 / 8, 0)
    df <- n - 1
  } else {
    month <- factor((seq_len(n + ahead) - 1) %% 12)
    rows <- cbind((seq_len(n + ahead) - 1) / n, model.matrix(~ month - 1))
    df <- n - 13
    scales <- list(list(to = function(v) sqrt(v + 3 / 8), back = function(v) pmax(pmax(v, 0)^2 - 3 / 8, 0), slope = function(v) -log(2 * sqrt(v + 3 / 8))),
                   list(to = log1p, back = function(v) pmax(expm1(v), 0), slope = function(v) -log1p(v)))
    tried <- lapply(scales, function(s) {
      fits <- lapply(0:9 / 10, function(a) fit_constant(s$to(counts), rows, a))
      weights <- mapply(function(f, a) -df / 2 * log(f$squares) - f$log_det + 4 * log(1 - a), fits, 0:9 / 10)
      share <- exp(weights - max(weights)) / sum(exp(weights - max(weights)))
      means <- sapply(fits, function(f) f$mean)
      mean <- drop(means %*% share)
      list(mean = mean, variance = drop((sapply(fits, function(f) f$variance) + (means - mean)^2) %*% share), back = s$back,
           weight = max(weights) + sum(s$slope(counts)) * df / n)
    })
    f <- if (tried[[1]]$weight >= tried[[2]]$weight) tried[[1]] else tried[[2]]
    back <- f$back
  }
  reach <- if (n < 4) NA else qt(0.9, df) * sqrt(f$variance)
  data.frame(month_ahead = seq_len(ahead), expected = back(f$mean), low = back(f$mean - reach), high = back(f$mean + reach))
}

# Rscript backtest.R months|forecasts OLIST: R's monthly series and the MQLs of Olist (a csv with first_contact_date), or what
# R forecasts from each of their months, one to six months ahead, as csv. ets takes seconds a fit: from every seventieth
# month only, or as ETS_EVERY says.
suppressMessages(library(forecast))
source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))), "forecast.R"))
wanted <- commandArgs(trailingOnly = TRUE)
ets_every <- as.integer(Sys.getenv("ETS_EVERY", 70))

# The file begins in the midst of a month.
mqls <- table(substr(read.csv(wanted[2])$first_contact_date, 1, 7))[-1]
all_series <- c(lapply(list(AirPassengers = AirPassengers, UKDriverDeaths = UKDriverDeaths, USAccDeaths = USAccDeaths,
                            ldeaths = ldeaths, wineind = wineind), as.numeric), list(olist = as.numeric(mqls)))

# Six values: NA where the method cannot do with so few months.
tried <- function(expression) tryCatch(as.numeric(suppressWarnings(expression))[1:6], error = function(e) rep(NA_real_, 6))
from_origin <- function(name, origin) {
  counts <- all_series[[name]][seq_len(origin)]
  past <- ts(counts, frequency = 12)
  own <- own_forecast(counts, 6)
  winters <- if (origin >= 24) HoltWinters else function(x) HoltWinters(x, gamma = FALSE)
  data.frame(series = name, origin = origin, month_ahead = 1:6, actual = all_series[[name]][origin + 1:6],
             naive = tried(naive(past, 6)$mean), seasonal_naive = if (origin >= 12) tried(snaive(past, 6)$mean) else NA_real_,
             ets = if (origin %% ets_every == 0) tried(forecast(ets(past), 6)$mean) else NA_real_, holt_winters = tried(predict(winters(past), 6)),
             expected = own$expected, low = own$low, high = own$high)
}

if (wanted[1] == "months") {
  result <- do.call(rbind, lapply(names(all_series), function(name)
    data.frame(series = name, month = seq_along(all_series[[name]]), count = all_series[[name]])))
} else {
  origins <- do.call(rbind, lapply(names(all_series), function(name)
    data.frame(name, origin = seq_len(length(all_series[[name]]) - 1))))
  # From the latest to the first, in turns: they take longer the more months they have.
  parts <- parallel::mclapply(rev(seq_len(nrow(origins))), function(i) from_origin(origins$name[i], origins$origin[i]),
                              mc.cores = 2, mc.preschedule = FALSE)
  result <- do.call(rbind, parts)
  result <- result[!is.na(result$actual), ]
}
write.csv(result, row.names = FALSE, na = "")

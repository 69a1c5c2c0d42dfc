# pg_regress on public data sets: test/real/sql, test/real/expected. They are not part of this project; where the folder
# LEAD_SCORING_DATA (default: ../shared/data) is not there, the layer is skipped. Tests read it by \getenv.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/regress.sh"
data=${LEAD_SCORING_DATA:-$ROOT/../shared/data}
if [[ ! -d $data ]]; then
    echo "skipped real: no data sets at $data"
    exit
fi
(($#)) || set -- $(cd "$ROOT/test/real" && compgen -G 'sql/*.sql' | sed 's|^sql/||; s|\.sql$||' | sort)
if (($# == 0)); then
    echo "skipped real: there is none yet"
    exit
fi
if [[ " $* " == *' backtest '* ]] && ! Rscript -e 'library(forecast)' >/dev/null 2>&1; then
    echo "skipped real/backtest: no Rscript with the package forecast (Debian: r-base-core, r-cran-forecast)"
    for name; do
        shift
        [[ $name == backtest ]] || set -- "$@" "$name"
    done
    (($#)) || exit 0
fi
cp -rL "$data" "$RUN/real_data"
hand_over "$RUN/real_data"
export LEAD_SCORING_DATA=$RUN/real_data
regress real test/real "$(dirname "$("$PG_CONFIG" --pgxs)")/../test/regress/pg_regress" --bindir="$PRIVATE_BIN" \
    --dbname=regress_real --encoding=UTF8 --no-locale --load-extension=lead_scoring "$@"

# report/test/*.mjs on the demo's model, the page in a headless Chromium; and the demo's charts in text. A name is a file
# without .mjs, or text.
set -uo pipefail
source "$ROOT/test/lib/packages.sh"
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/report.sh"

wanted() { (($# == 1)) || [[ " ${*:2} " == *" $1 "* ]]; }

has_node || install_packages nodejs npm || true
[[ -x /usr/bin/chromium ]] || install_packages chromium || true
for program in node npm chromium; do
    command -v $program >/dev/null || { echo "skipped report: no $program, and it cannot be installed"; exit; }
done
has_node || { echo "skipped report: needs Node 18 or later"; exit; }

as_server_user createdb report || exit 1
cp "$ROOT"/demo/{demo,charts}.sql "$RUN"
hand_over "$RUN"/{demo,charts}.sql
as_server_user psql -X -q -d report -v ON_ERROR_STOP=1 -f demo.sql >"$RUN/demo.out" 2>&1 || { cat "$RUN/demo.out"; exit 1; }

if wanted text "$@"; then
    if as_server_user psql -X -q -d report -v ON_ERROR_STOP=1 -f charts.sql >"$RUN/charts.out" 2>&1 &&
        (($(grep -c '█' "$RUN/charts.out") > 20)); then
        echo "ok report/text"
    else
        cat "$RUN/charts.out"
        echo "not ok report/text"
    fi
fi

if ! install_report; then
    echo "not ok report/npm"
    exit 1
fi
for test in "$ROOT"/report/test/*.mjs; do
    name=$(basename "$test" .mjs)
    wanted "$name" "$@" || continue
    if PGDATABASE=report run_node "test/$name.mjs" >"$RUN/$name.out" 2>&1; then
        echo "ok report/$name"
    else
        cat "$RUN/$name.out"
        echo "not ok report/$name"
    fi
done

# pg_isolation_regress: test/specs. A name is a spec.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/regress.sh"
if ! compgen -G "$ROOT/test/specs/*.spec" >/dev/null; then
    echo "skipped isolation: there is none yet"
    exit
fi
export PGISOLATIONTIMEOUT=60 # seconds for a step; five minutes of it by default hide what is wrong
regress isolation . make -s PG_CONFIG="$PRIVATE_BIN/pg_config" installcheck REGRESS= TAP_TESTS= ${1:+ISOLATION="$*"}

# pg_regress: test/sql. A name is a test: regress/extension.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/regress.sh"
if ! compgen -G "$ROOT/test/sql/*.sql" >/dev/null; then
    echo "skipped regress: there is none yet"
    exit
fi
regress regress . make -s PG_CONFIG="$PRIVATE_BIN/pg_config" installcheck ISOLATION= TAP_TESTS= ${1:+REGRESS="$*"}

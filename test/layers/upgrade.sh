# Upgrades: a model with everything on that a released version made goes on, under the library of the next version, before
# and after the extension's objects are updated, and before and after its own tables are; and an updated database is
# like one that began with the version. From each script in sql/released, and from today's version to a made-up one
# (test/upgrade/next.sql) whose tables have a new format. A name is a version: upgrade/0.9.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
today=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$ROOT/lead_scoring.control")
next=$today.1

# The sources of the next version, with what is built already; only its formats and its script differ.
tree=$RUN/next
mkdir -p "$tree/build"
rsync -a --exclude build --exclude .git "$ROOT"/ "$tree"/
cp -a "$ROOT"/build/server-* "$tree/build"
[[ -e $tree/sql/released/lead_scoring--$today.sql ]] || "$ROOT"/sql/assemble >"$tree/sql/released/lead_scoring--$today.sql"
mkdir -p "$tree/sql/install/99-next"
cp "$ROOT/test/upgrade/next.sql" "$tree/sql/install/99-next/10-next.sql"
{
    echo "\\echo Use \"ALTER EXTENSION lead_scoring UPDATE\" to load this file. \\quit"
    cat "$ROOT/test/upgrade/next.sql"
} >"$tree/sql/upgrade/lead_scoring--$today--$next.sql"
sed -i "s/^default_version = .*/default_version = '$next'/" "$tree/lead_scoring.control"
perl -pi -e 's/(kNewestFormat = )(\d+)/$1 . ($2 + 1)/e' "$tree/src/pg/model/format.hpp"
PGDATA_ONLY=$RUN/upgrade
mkdir -p "$PGDATA_ONLY"
hand_over "$PGDATA_ONLY"
(
    RUN=$PGDATA_ONLY PRIVATE_BIN=$PGDATA_ONLY/server$("$PG_CONFIG" --bindir) ROOT=$tree
    trap stop_server EXIT
    install_extension || exit 1
    start_server || exit 1
    cp "$ROOT"/test/lib/full_model.sql "$ROOT"/test/upgrade/*.sql "$RUN"
    hand_over "$RUN"/*.sql
    # run DATABASE FILE [PSQL ARGUMENT]...
    run() { as_server_user psql -X -q -A -t -d "$1" -v ON_ERROR_STOP=1 "${@:3}" -f "$2" 2>&1; }
    objects() { run "$1" objects.sql >"$RUN/$1.objects"; }

    as_server_user createdb fresh
    as_server_user psql -X -q -d fresh -c 'CREATE EXTENSION lead_scoring'
    objects fresh
    released=$(cd "$tree/sql/released" && ls | sed 's/^lead_scoring--//; s/\.sql$//')
    for version in "${@:-$released}"; do
        database=from_${version//./_}
        as_server_user createdb "$database"
        if as_server_user psql -X -q -d "$database" -c "CREATE EXTENSION lead_scoring VERSION '$version'" &&
            run "$database" upgrade.sql >"$RUN/out" &&
            objects "$database" && diff "$RUN/fresh.objects" "$RUN/$database.objects" >>"$RUN/out"; then
            echo "ok upgrade/$version"
        else
            tail -n 40 "$RUN/out"
            echo "not ok upgrade/$version"
        fi
    done
)

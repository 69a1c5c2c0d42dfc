# Upgrades: a model with everything on that a released version made goes on, under the library of the next version, before
# and after the extension's objects are updated, and before and after its own tables are; and an updated database is
# like one that began with the version. From each script in sql/released, and from today's version, to a made-up one
# (test/upgrade/next.sql) whose tables have a new format. Its step is what sql/step makes, like every other. A name is a
# version: upgrade/0.9.
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
sed -i "s/^default_version = .*/default_version = '$next'/" "$tree/lead_scoring.control"
"$tree"/sql/step "$today" >"$tree/sql/upgrade/lead_scoring--$today--$next.sql" || exit 1
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

    # made DATABASE VERSION: a database in which that version was begun with
    made() { as_server_user createdb "$1" && as_server_user psql -X -q -d "$1" -c "CREATE EXTENSION lead_scoring VERSION '$2'"; }
    # is_as DATABASE ANOTHER: whether both have the same objects
    is_as() { objects "$1" && diff "$RUN/$2.objects" "$RUN/$1.objects" >>"$RUN/out"; }

    made today "$today" && objects today && made next "$next" && objects next || exit 1
    (($#)) || mapfile -t released < <(cd "$tree/sql/released" && ls | sed 's/^lead_scoring--//; s/\.sql$//')
    for version in "${@:-${released[@]}}"; do
        database=from_${version//./_}
        if made "$database" "$version" && as_server_user createdb -T "$database" "${database}_objects" &&
            run "$database" upgrade.sql >"$RUN/out" && is_as "$database" next &&
            as_server_user psql -X -q -d "${database}_objects" -c "ALTER EXTENSION lead_scoring UPDATE TO '$today'" >>"$RUN/out" 2>&1 &&
            is_as "${database}_objects" today; then
            echo "ok upgrade/$version"
        else
            tail -n 40 "$RUN/out"
            echo "not ok upgrade/$version"
        fi
    done
)

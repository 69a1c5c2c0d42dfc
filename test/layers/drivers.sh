# What a model's views, its history and the functions that return rows say through the drivers of applications and BI tools:
# every value as psql has it, every type the one to expect (test/drivers). A name is a driver; those with _binary ask for
# binary values, which the server makes by other functions.
set -uo pipefail
source "$ROOT/test/lib/packages.sh"
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/report.sh"

DRIVERS=(psycopg psycopg_binary psycopg2 node jdbc jdbc_binary odbc)
JDBC=/usr/share/java/postgresql.jar
work=$RUN/drivers

# prepare DRIVER: installs what it takes. Debian's modules are of Debian's Python.
prepare() {
    case $1 in
        psycopg | psycopg_binary) install_packages python3-psycopg && /usr/bin/python3 -c 'import psycopg' ;;
        psycopg2) install_packages python3-psycopg2 && /usr/bin/python3 -c 'import psycopg2' ;;
        odbc) install_packages python3-pyodbc odbc-postgresql && /usr/bin/python3 -c 'import pyodbc' ;;
        node)
            has_node || install_packages nodejs npm
            has_node && { [[ -e $RUN/report/node_modules ]] || install_report --omit=dev; } && cp "$work/read.mjs" "$RUN/report"
            ;;
        jdbc*)
            command -v javac || install_packages default-jdk-headless
            install_packages libpostgresql-jdbc-java && command -v javac && [[ -e $JDBC ]]
            ;;
    esac
}

# read_by DRIVER: all of it, a zero byte after each name and value.
read_by() {
    local url="jdbc:postgresql://localhost/drivers?user=postgres&socketFactory=UnixSockets&socketFactoryArg=$RUN/.s.PGSQL.5432"
    case $1 in
        psql) "$PRIVATE_BIN/psql" -X -A -z -0 -P footer=off -P null='\N' -f "$work/statements.psql" ;;
        node) node "$RUN/report/read.mjs" ;;
        jdbc) java -cp "$work/classes:$JDBC" Read "$url" ;;
        jdbc_binary) java -cp "$work/classes:$JDBC" Read "$url&prepareThreshold=-1" ;;
        *) /usr/bin/python3 "$work/read.py" "$1" ;;
    esac <"$work/statements"
}

# agrees DRIVER: with psql. Read again where a month, say, has ended in between.
agrees() {
    local attempt
    [[ $1 != jdbc* ]] || javac -d "$work/classes" "$work"/*.java || return 1
    for attempt in 1 2; do
        read_by psql >"$work/expected" && read_by "$1" >"$work/$1" && read_by psql >"$work/again" || return 1
        ! cmp -s "$work/expected" "$work/again" || break
    done
    diff <(tr '\0' '\n' <"$work/expected") <(tr '\0' '\n' <"$work/$1") | head -n 20
    cmp "$work/expected" "$work/$1" && [[ -s $work/expected ]]
}

cp -r "$ROOT/test/drivers" "$work"
as_server_user createdb drivers || exit 1
export PGHOST=$RUN PGPORT=5432 PGUSER=postgres PGDATABASE=drivers TZ=Asia/Kolkata # far from UTC, and always as far
"$PRIVATE_BIN/psql" -X -q -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION lead_scoring' \
    -f "$ROOT/test/lib/full_model.sql" -c "ALTER DATABASE drivers SET timezone = 'Asia/Kolkata'" \
    -c "DO 'BEGIN ASSERT NOT EXISTS (SELECT FROM lead_scoring.verify(''full_model'')); END'" || exit 1
"$PRIVATE_BIN/psql" -X -A -t -f "$work/statements.sql" >"$work/statements" || exit 1
cut -f 1 "$work/statements" | sed 's/$/;/' >"$work/statements.psql"

for driver in "${DRIVERS[@]}"; do
    (($# == 0)) || [[ " $* " == *" $driver "* ]] || continue
    if ! prepare "$driver" >"$work/log" 2>&1; then
        cat "$work/log"
        echo "skipped drivers/$driver: what it takes cannot be installed"
    elif agrees "$driver"; then
        echo "ok drivers/$driver"
    else
        echo "not ok drivers/$driver"
    fi
done

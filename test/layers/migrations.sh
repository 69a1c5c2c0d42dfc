# A definition that comes into the database by a migration of each tool, as docs/cookbook.md has it under "Migrations": the
# files of that recipe are run, again too, then changed and run as a further migration. A name is a tool.
#
# Prisma's engine of migrations is a program that it downloads, so that its migration is run here as it would run it: the
# file as one statement, in order of the folders, in a shadow database first.
set -uo pipefail
source "$ROOT/test/lib/packages.sh"
source "$ROOT/test/lib/server.sh"

TOOLS=(sql prisma django rails)
export PGHOST=$RUN PGPORT=5432 PGUSER=postgres PATH=$PRIVATE_BIN:$PATH PGOPTIONS='-c client_min_messages=warning' PGTZ=UTC

# recipe_files: writes the files of the recipe, each named in bold before its block, below the current folder.
recipe_files() {
    awk '
        /^## / {on = $0 == "## Migrations"}
        !on {next}
        /^\*\*`.*`\*\*$/ {file = substr($0, 4, length($0) - 6); next}
        /^```./ && file {folder = file; sub("/[^/]*$", "", folder); system("mkdir -p " folder); inside = 1; next}
        /^```/ {if (inside) close(file); inside = 0; file = ""; next}
        inside {print > file}' "$ROOT/docs/cookbook.md"
}

prepare() {
    case $1 in
        django) install_packages python3-django python3-psycopg2 && /usr/bin/python3 -c 'import django, psycopg2' ;;
        rails) install_packages ruby-activerecord ruby-pg && ruby -e 'require "active_record"; require "pg"' ;;
    esac
}

# migrate TOOL DATABASE: what has not run yet, by the tool.
migrate() {
    case $1 in
        sql) psql -X -q -1 -v ON_ERROR_STOP=1 -d "$2" -f lead_scoring/trials.sql ;;
        prisma)
            local folder
            for folder in prisma/migrations/*/; do
                grep -qxF "$2 $folder" applied || { psql -X -q -d "$2" -c "$(cat "$folder/migration.sql")" && echo "$2 $folder" >>applied; } || return
            done
            ;;
        django) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 migrate.py "$2" ;;
        rails) ruby migrate.rb "$2" ;;
    esac
}

# further_migration TOOL: one that runs the changed file.
further_migration() {
    case $1 in
        prisma) mkdir prisma/migrations/20260401120000_trials && cp lead_scoring/trials.sql prisma/migrations/20260401120000_trials/migration.sql ;;
        django) sed 's/0001_initial/0002_trials/' leads/migrations/0002_trials.py >leads/migrations/0003_trials.py ;;
        rails) sed 's/class Trials/class TrialsOfApril/' db/migrate/20260301120000_trials.rb >db/migrate/20260401120000_trials_of_april.rb ;;
    esac
}

# says DATABASE QUERY EXPECTED
says() {
    local got
    got=$(psql -X -q -A -t -d "$1" -c "$2")
    [[ $got == "$3" ]] || { echo "$1: $2: $got instead of $3"; return 1; }
}

# judge DATABASE VERSIONS POINTS: a lead that came since has so many points, and all is as it should be.
judge() {
    says "$1" "INSERT INTO leads (email) VALUES ('a'), ('b');
        INSERT INTO events (lead_id, type, occurred_at, properties) SELECT lead_id, e.type, now(), e.properties::jsonb FROM leads l
            JOIN (VALUES ('a', 'trial_started', '{}'), ('a', 'page_view', '{\"path\": \"/pricing\"}'), ('b', 'page_view', '{\"path\": \"/jobs\"}')) e (email, type, properties) USING (email) ORDER BY 1, 2;
        SELECT string_agg(format('%s %s %s', l.email, l.trial_stage, round(s.score)), ', ' ORDER BY l.email) || ', versions ' || (SELECT count(*) FROM lead_scoring.versions('trials'))
               || ', wrong ' || (SELECT count(*) FROM lead_scoring.verify('trials')) FROM leads l JOIN trials.leads s USING (lead_id);
        DELETE FROM events; DELETE FROM leads" "a mql $3, b lead 0, versions $2, wrong 0"
}

# walk TOOL
walk() {
    local database="by_$1" folder="$RUN/migrations/$1"
    mkdir -p "$folder" && cd "$folder" && recipe_files && touch applied || return
    cp "$ROOT/test/migrations"/* . || return
    as_server_user createdb -T with_extension "$database" || return
    if [[ $1 == prisma ]]; then
        mkdir -p prisma/migrations/20260101120000_init prisma/migrations/20260301120000_trials && cp tables.sql prisma/migrations/20260101120000_init/migration.sql &&
            cp lead_scoring/trials.sql prisma/migrations/20260301120000_trials/migration.sql || return
    elif [[ $1 == sql ]]; then
        psql -X -q -v ON_ERROR_STOP=1 -d "$database" -f tables.sql || return
    elif [[ $1 == django ]]; then
        touch leads/__init__.py leads/migrations/__init__.py && cp 0001_initial.py leads/migrations || return
    else
        cp 20260101120000_tables.rb db/migrate || return
    fi
    migrate "$1" "$database" && migrate "$1" "$database" && judge "$database" 1 40 || return
    sed -i 's/"points": 30/"points": 35/' lead_scoring/trials.sql
    further_migration "$1" && migrate "$1" "$database" && judge "$database" 2 45 || return
    # The same file by hand changes nothing; a database that is made anew has the newest sheet.
    migrate sql "$database" && judge "$database" 2 45 || return
    if [[ $1 == prisma ]]; then
        as_server_user createdb -T with_extension shadow && migrate prisma shadow && judge shadow 2 45 || return
    elif [[ $1 == rails ]]; then
        as_server_user createdb loaded && ruby migrate.rb loaded setup && judge loaded 1 45 || return
    fi
}

as_server_user createdb with_extension && psql -X -q -v ON_ERROR_STOP=1 -d with_extension -c 'CREATE EXTENSION lead_scoring' || exit 1
for tool in "${TOOLS[@]}"; do
    (($# == 0)) || [[ " $* " == *" $tool "* ]] || continue
    if ! prepare "$tool" >"$RUN/tool.log" 2>&1; then
        cat "$RUN/tool.log"
        echo "skipped migrations/$tool: what it takes cannot be installed"
    elif (walk "$tool") >"$RUN/tool.log" 2>&1; then
        echo "ok migrations/$tool"
    else
        head -c 4000 "$RUN/tool.log" && echo
        echo "not ok migrations/$tool"
    fi
done

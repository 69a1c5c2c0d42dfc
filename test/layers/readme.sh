# The statements in README.md and docs/*.md: every block fenced as ```sql runs, in order, each page in a database of its
# own where the extension is installed but not yet created. A block fenced as ```text right behind it is what psql prints.
# The last cell of a row of a table runs too where it is a statement, `SELECT ...;`, with \| for each |.
# A page with a line "<!-- goes on from PAGE -->" has the statements of that page run before its own. docs/reference.md is what
# docs/make-reference makes, and has what \df shows of schema lead_scoring. And demo/demo.sql. A name is a page: readme/faq.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/reference.sh"

# run_statements FILE NAME DATABASE: $RUN/NAME.out is what they printed.
run_statements() {
    local before
    before=$(sed -nE 's/^<!-- goes on from (.*) -->$/\1/p' "$1")
    [[ -z $before ]] || run_statements "$ROOT/$before" "$(basename "$before" .md)" "$3" || return
    # line by line, so that psql's line numbers are the page's
    awk -v name="$2" '
        /^```sql$/ {print "\\echo @@ " name ":" FNR; on = 1; next}
        /^```/ {on = 0}
        !on && /^\|/ && match($0, /`[A-Z][^`]*;` *\|$/) {
            statement = substr($0, RSTART + 1)
            sub(/` *\|$/, "", statement)
            gsub(/\\\|/, "|", statement)
            print "\\echo @@ " name ":" FNR " \\\\ " statement
            next
        }
        {print on ? $0 : ""}' "$1" >"$RUN/$2.md"
    as_server_user env PGTZ=UTC PGOPTIONS='-c client_min_messages=warning' \
        psql -X -q -d "$3" -f "$RUN/$2.md" >"$RUN/$2.out" 2>&1
}

# expected_output FILE NAME: a line "@@ NAME:LINE" for each block that shows its output, and the output.
expected_output() {
    awk -v name="$2" '
        /^```sql$/ {block = name ":" FNR; in_sql = 1; next}
        /^```$/ && in_sql {in_sql = 0; next}
        in_sql {next}
        /^```text$/ && block {print "@@ " block; on = 1; next}
        /^```/ {on = 0; block = ""; next}
        on {print; next}
        /./ {block = ""}' "$1"
}

# judge EXPECTED OUTPUT: a line for each block; blanks at the ends of lines and blocks do not matter.
judge() {
    awk '
        function report() {
            if (!block) return
            sub(/\n+$/, "", got)
            if (block in want) sub(/\n+$/, "", want[block])
            if (errors) print errors "not ok readme/" block
            else if ((block in want) && want[block] != got) print "it printed\n" got "\nnot ok readme/" block
            else print "ok readme/" block
        }
        {sub(/[ \t]+$/, "")}
        FILENAME == ARGV[1] && /^@@ / {block = $2; next}
        FILENAME == ARGV[1] {want[block] = want[block] $0 "\n"; next}
        FNR == 1 {block = ""}
        /^@@ / {report(); block = $2; got = errors = ""; next}
        /(ERROR|FATAL):  |^psql:.*error: / {errors = errors $0 "\n"}
        {got = got $0 "\n"}
        END {report()}' "$1" "$2"
}

# check_reference DATABASE: whether docs/reference.md is up to date, and tells of what users see and of nothing else.
check_reference() {
    print_reference "$1" >"$RUN/reference.md" || return
    diff "$ROOT/docs/reference.md" "$RUN/reference.md" || { echo 'docs/make-reference makes it anew'; return 1; }
    diff <(sed -nE 's/^lead_scoring\.(\w+)\(.*/\1/p' "$ROOT/docs/reference.md" | sort -u) \
        <(as_server_user psql -X -A -t -d "$1" -c '\df lead_scoring.*' | cut -d '|' -f 2 | sort -u)
}

for page in README.md $(cd "$ROOT" && compgen -G 'docs/*.md'); do
    name=$(basename "$page" .md)
    [[ $# == 0 || " $* " == *" $name "* ]] || continue
    if [[ $name == reference ]]; then
        check_reference page_reference || echo -n 'not '
        echo "ok readme/reference"
        as_server_user dropdb --force --if-exists page_reference
        continue
    fi
    grep -qs '^```sql$' "$ROOT/$page" || continue
    as_server_user createdb "page_$name" && run_statements "$ROOT/$page" "$name" "page_$name" || exit 1
    expected_output "$ROOT/$page" "$name" >"$RUN/$name.expected"
    judge "$RUN/$name.expected" "$RUN/$name.out"
    as_server_user dropdb --force "page_$name"
done
if [[ $# == 0 || " $* " == *" demo "* ]]; then
    cp "$ROOT/demo/demo.sql" "$RUN"
    hand_over "$RUN/demo.sql"
    # run_demo DATABASE [PSQL ARGUMENT]...: prints a digest of what happened there
    run_demo() {
        as_server_user createdb "$1" &&
            as_server_user psql -X -q -d "$1" -v ON_ERROR_STOP=1 "${@:2}" -f demo.sql >"$RUN/demo.out" 2>&1 &&
            tail -n 3 "$RUN/demo.out" | grep -q '^ *0$' && # it ends with what verify found
            as_server_user psql -X -A -t -d "$1" -c "
                SELECT md5(string_agg(e::text, ',' ORDER BY lead_id, occurred_at, type, properties))
                FROM (SELECT lead_id, occurred_at, type, properties FROM events WHERE occurred_at < now() - interval '1 hour') AS e"
    }
    # the second time by other plans: figures must not depend on these
    if first=$(run_demo page_demo) && second=$(run_demo page_demo_again -c 'SET enable_hashjoin = off' -c 'SET enable_seqscan = off') &&
        [[ $first == "$second" ]]; then
        echo "ok readme/demo"
    else
        cat "$RUN/demo.out"
        echo "not ok readme/demo: ${first-} ${second-}"
    fi
fi

# Calls with garbage, see test/garbage. Kinds are states, calls, definitions and cards.

declare -A BATCH=([states]=20000 [calls]=500 [definitions]=1000 [cards]=1000) # calls of one seed

# prepare_garbage: makes the database that each batch begins with.
prepare_garbage() {
    local compiler=${CC:-cc}
    cp -a "$ROOT/test/garbage" "$RUN"
    cp "$ROOT/test/lib/full_model.sql" "$RUN/garbage"
    $compiler -O1 -g -fPIC -shared -I"$("$PG_CONFIG" --includedir-server)" "$RUN/garbage/states.c" -o "$RUN/garbage/states.so"
    hand_over "$RUN/garbage"
    as_server_user createdb garbage
    as_server_user env -C "$RUN/garbage" psql -XqAt -v ON_ERROR_STOP=1 -v library="$RUN/garbage/states.so" -d garbage \
        -c 'SET client_min_messages = warning' -f setup.sql -f states.sql -f cards.sql -f definitions.sql -f calls.sql
}

# run_batch KIND SEED CALLS: into $RUN/batch a line for each SQLSTATE, "CODE|CALLS|EXAMPLE"; what is wrong has the code
# "wrong", or is one that is_wrong() tells.
run_batch() {
    local kind=$1 seed=$2 calls=$3
    if [[ $kind == calls ]]; then
        run_calls "$seed" "$calls"
    else
        as_server_user env PGOPTIONS="-c statement_timeout=600s -c search_path=garbage,public -c client_min_messages=error" \
            psql -XqAt -d garbage -c "SELECT s.code, s.calls_made, is_wrong(s.code), s.example FROM $kind($seed, $calls) s"
    fi >"$RUN/batch" 2>&1 && return
    # A connection that is lost is a crash; what else stops a batch is no better.
    echo "wrong|1|t|$(tail -n 3 "$RUN/batch")" >>"$RUN/batch"
    until as_server_user pg_isready -q; do sleep 0.2; done
}

# run_calls SEED CALLS: as the superuser, the owner, a reader or a stranger, in a database of its own.
run_calls() {
    local roles=(postgres garbage_owner garbage_reader garbage_stranger) status=0
    local role=${roles[$1 % 4]} database=garbage_$1
    as_server_user createdb -T garbage "$database"
    as_server_user env PGOPTIONS="-c statement_timeout=60s -c client_min_messages=error" \
        psql -XqAt -d "$database" >"$RUN/calls" 2>&1 <<SQL || status=$?
\set ON_ERROR_STOP on
SET search_path = garbage, public;
CREATE TEMP TABLE statements AS SELECT row_number() OVER () AS number, s AS statement FROM garbage.statements($1, $2) s;
GRANT SELECT ON statements TO PUBLIC;
RESET search_path;
SET SESSION AUTHORIZATION $role;
\set ON_ERROR_STOP off
\set ECHO queries
\set VERBOSITY verbose
\o /dev/null
SELECT statement FROM statements ORDER BY number \gexec
SQL
    # Each statement is echoed before it runs.
    awk '/ERROR: +[0-9A-Z]{5}: / {match($0, /ERROR: +/); code = substr($0, RSTART + RLENGTH, 5); ++count[code]; if (!(code in example)) example[code] = last " " $0; next}
         /^(SELECT|CALL|INSERT|UPDATE|DELETE|BEGIN|COMMIT|ROLLBACK)/ {last = $0}
         END {for (code in count) print code "|" count[code] "|" (code ~ /^XX/ && code != "XX001" || code == "57014" ? "t" : "f") "|" (code ~ /^XX|57014/ ? example[code] : "")}' "$RUN/calls"
    ((status == 0)) || { tail -n 5 "$RUN/calls"; return 1; }
    as_server_user env PGOPTIONS="-c search_path=garbage,public -c client_min_messages=error" \
        psql -XqAt -d "$database" -c "SELECT 'wrong', 1, true, u FROM unsound() u" || return
    as_server_user dropdb --force "$database"
}

# run_garbage KIND CALLS SEED [DONE]: in batches; DONE is a file with the seeds of those that are done, and how many
# calls each was, and wrong. Prints what is wrong, and counts.
run_garbage() {
    local kind=$1 calls=$2 seed=$3 done=${4:-$RUN/done.$1} left wrong
    touch "$done"
    for ((left = calls; left > 0; left -= BATCH[$kind], ++seed)); do
        ! grep -q "^$seed " "$done" || continue
        run_batch "$kind" "$seed" $((left < BATCH[$kind] ? left : BATCH[$kind]))
        wrong=$(awk -F '|' '$3 == "t" {n += $2} END {print n + 0}' "$RUN/batch")
        if ((wrong > 0)); then
            echo "seed $seed:"
            cut -c 1-3000 "$RUN/batch"
        fi
        echo "$seed $((left < BATCH[$kind] ? left : BATCH[$kind])) $wrong" >>"$done"
    done
    awk -v kind="$kind" '{tried += $2; wrong += $3} END {
        printf "promise: fuzz calls: %d tried, %d wrong (%s)\n%d passed, %d failed\n", tried, wrong, kind, tried - wrong, wrong
        exit wrong > 0}' "$done"
}

# campaign_garbage KIND [CALLS [SEED]]
campaign_garbage() {
    local kind=$1 calls=${2:-1000000} seed=${3:-} what
    source "$ROOT/test/lib/server.sh"
    what="$calls $seed $(cd "$ROOT" && cat $(find src sql/install test/garbage -type f | sort) | sha256sum)"
    if [[ $(cat "$STATE/what" 2>/dev/null) != "$what" ]]; then
        rm -f "$STATE"/*
        echo "${seed:-$((RANDOM * 32768 + RANDOM + 1))}" >"$STATE/seed"
        echo "$what" >"$STATE/what"
    fi
    touch "$STATE/done"
    seed=$(<"$STATE/seed")
    echo "$calls calls of kind $kind from seed $seed, $(wc -l <"$STATE/done") batches of ${BATCH[$kind]} are done"
    install_extension
    start_server
    prepare_garbage
    run_garbage "$kind" "$calls" "$seed" "$STATE/done"
}

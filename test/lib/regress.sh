# regress LAYER FOLDER COMMAND...: runs pg_regress or what calls it against the private server, in a copy of the tests
# that belongs to the server's user, in FOLDER of it. Its lines become "ok" and "not ok" lines; differences follow a
# failure. Results are left in build/results, to be copied over the expected ones when they are right.
regress() {
    local layer=$1 tree=$RUN/$1 folder=$RUN/$1/$2 status=0
    shift 2
    mkdir -p "$tree" "$ROOT/build/results"
    cp -a "$ROOT"/{Makefile,lead_scoring.control,sql,test,expected} "$tree"
    local input
    mkdir -p "$folder/expected"
    for input in "$folder"/{sql,test/sql,test/specs}/*.*; do
        # without expected output pg_regress would give up; so a new test differs from nothing
        input=${input##*/}
        [[ -e $folder/expected/${input%.*}.out ]] || touch "$folder/expected/${input%.*}.out"
    done
    export PROMISE=$tree/promise # tests write there what test/promise is to sum up
    touch "$PROMISE"
    hand_over "$tree"
    as_server_user timeout "${REGRESS_SECONDS:-1200}" env -C "$folder" "$@" >"$RUN/regress.out" 2>&1 || status=$?
    # before 16: "test NAME ... ok  12 ms", since then: "ok 1  - NAME  12 ms"
    sed -nE -e "s|^test ([^ ]+) +\.\.\. ok.*|ok $layer/\1|p" -e "s|^test ([^ ]+) +\.\.\. FAILED.*|not ok $layer/\1|p" \
        -e "s|^(not )?ok +[0-9]+ +[-+] ([^ ]+).*|\1ok $layer/\2|p" "$RUN/regress.out"
    cat "$PROMISE"
    cp "$folder"/results/*.out "$ROOT/build/results/" 2>/dev/null || true
    if ((status != 0)); then
        if [[ -s $folder/regression.diffs ]]; then cat "$folder/regression.diffs"; else cat "$RUN/regress.out"; fi
    fi
    return $status
}

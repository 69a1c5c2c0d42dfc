# Random schedules of several sessions: SCHEDULES (200) of them from the seed SCHEDULE_SEED (a new one each run). A name is
# a seed, to see one again: schedules/123; "multixacts"; or one of the builds that test/schedules/break makes, to see that
# schedules notice what is wrong with it. What fails is left in build/schedule-failures.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
tree=$RUN/schedules
mkdir "$tree"
cp -a "$ROOT/test/schedules" "$tree"
((EUID != 0)) || chown -R postgres "$tree"
broken=$("$tree/schedules/break")
if ((!$#)); then
    set -- "${SCHEDULE_SEED:-$((RANDOM * 32768 + RANDOM + 1))}" multixacts $(awk '{print $1}' <<<"$broken")
    count=${SCHEDULES:-200}
fi

# run_schedules COUNT SEED FOLDER [first]
run_schedules() {
    PGISOLATIONTIMEOUT=60 as_server_user "$tree/schedules/run" "$1" "$2" "$tree/$3" "${@:4}" 2>&1 | tee "$RUN/schedules.out"
}

# with_broken NAME COMMAND...: runs it while the server has a library built from sources that were broken so.
with_broken() {
    local name=$1 copy=$RUN/broken status=0 library
    library=$RUN/server$("$PG_CONFIG" --pkglibdir)/lead_scoring.so
    shift
    rm -rf "$copy"
    cp -a "$ROOT/build/server-$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" "$copy"
    "$tree/schedules/break" "$copy" "$name" || return
    make -s -j"$(nproc)" -C "$copy" PG_CONFIG="$PG_CONFIG" all >"$RUN/broken.log" 2>&1 || {
        cat "$RUN/broken.log"
        return 1
    }
    mv "$library" "$library.whole"
    cp "$copy/lead_scoring.so" "$library"
    "$@" || status=$?
    mv "$library.whole" "$library"
    return $status
}

for name in "$@"; do
    read -r seed finds <<<"$(awk -v name="$name" '$1 == name {$1 = ""; print}' <<<"$broken")"
    if [[ $name == multixacts ]]; then
        as_server_user "$tree/schedules/multixacts" || echo -n "not "
    elif [[ -n $finds ]]; then
        with_broken "$name" run_schedules 400 "$seed" broken first | sed "s/^/broken by $name: /"
        grep -qE " [1-9][0-9]* $finds" "$RUN/schedules.out" || echo -n "not "
    else
        run_schedules "${count:-1}" "$name" failures || echo -n "not "
    fi
    echo "ok schedules/$name"
    : >"$RUN/schedules.out"
done
mkdir -p "$ROOT/build/schedule-failures"
cp "$tree"/failures/* "$ROOT/build/schedule-failures/" 2>/dev/null || true

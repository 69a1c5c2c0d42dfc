# Random schedules of several sessions: SCHEDULES (30) of them from the seed SCHEDULE_SEED (a new one each run). A name is
# a seed, to see one again: schedules/123; "multixacts"; or one of the builds that test/schedules/break makes, to see that
# schedules notice what is wrong with it.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/schedules.sh"
copy_schedules
broken=$("$RUN/schedules/break") && [[ -n $broken ]] || exit 1
if ((!$#)); then
    set -- "${SCHEDULE_SEED:-$((RANDOM * 32768 + RANDOM + 1))}" multixacts $(awk '{print $1}' <<<"$broken")
    count=${SCHEDULES:-30}
fi

# with_broken NAME COMMAND...: runs it while the server has a library built from sources that were broken so.
with_broken() {
    local name=$1 copy=$RUN/broken status=0 library
    library=$RUN/server$("$PG_CONFIG" --pkglibdir)/lead_scoring.so
    shift
    rm -rf "$copy"
    cp -a "$ROOT/build/server-$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" "$copy"
    "$RUN/schedules/break" "$copy" "$name" || return
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
        as_server_user "$RUN/schedules/multixacts" || echo -n "not "
    elif [[ -n $finds ]]; then
        PGISOLATIONTIMEOUT=60 with_broken "$name" as_server_user "$RUN/schedules/run" 400 "$seed" "$RUN/schedules/broken" first \
            >"$RUN/schedules.out" 2>&1
        sed -e '/^promise: /d' -e "s/^/broken by $name: /" "$RUN/schedules.out"
        grep -qE " [1-9][0-9]* $finds" "$RUN/schedules.out" || echo -n "not "
    else
        run_schedules "${count:-1}" "$name" || echo -n "not "
    fi
    echo "ok schedules/$name"
done

# Random schedules of several sessions, see test/schedules. What fails is left in build/schedule-failures.

# copy_schedules: test/schedules into RUN, as the server's user's.
copy_schedules() {
    cp -a "$ROOT/test/schedules" "$RUN"
    hand_over "$RUN/schedules"
}

# run_schedules COUNT SEED: see test/schedules/run.
run_schedules() {
    local status=0
    PGISOLATIONTIMEOUT=60 as_server_user "$RUN/schedules/run" "$1" "$2" "$RUN/schedules/failures" || status=$?
    mkdir -p "$ROOT/build/schedule-failures"
    cp "$RUN"/schedules/failures/* "$ROOT/build/schedule-failures/" 2>/dev/null || true
    return $status
}

# TAP: test/t, each with servers of its own. A name is a file: tap/001_crash. Its log follows a failure.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
(($#)) || set -- $(cd "$ROOT/test/t" && ls | sed -n 's/\.pl$//p')
if (($# == 0)); then
    echo "skipped tap: there is none yet"
    exit
fi
tree=$RUN/tap
mkdir -p "$tree"
cp -a "$ROOT"/{Makefile,lead_scoring.control,sql,test,expected} "$tree"
# As in build.sh: compiling plans takes longer than what they do.
echo "jit = off" >"$tree/settings"
hand_over "$tree"
for name in "$@"; do
    if as_server_user env TEMP_CONFIG="$tree/settings" timeout "${TAP_SECONDS:-600}" make -s -C "$tree" PG_CONFIG="$PRIVATE_BIN/pg_config" REGRESS= ISOLATION= TAP_TESTS=1 \
        PROVE_TESTS="test/t/$name.pl" installcheck >"$RUN/tap.out" 2>&1; then
        # a server that was built without TAP tests says so, and that all is well
        sed -nE "s|^test/t/$name.pl \.\. skipped: *(.*)|skipped tap/$name: \1|p" "$RUN/tap.out" | grep . ||
            { grep -qx 'Result: PASS' "$RUN/tap.out" || { cat "$RUN/tap.out" && echo -n 'not '; }; echo "ok tap/$name"; }
        sed -n 's/^# promise: /promise: /p' "$RUN/tap.out"
    else
        sed -n 's/^# promise: /promise: /p' "$RUN/tap.out"
        cat "$RUN/tap.out"
        tail -n 60 "$tree/tmp_check/log/regress_log_$name" 2>/dev/null
        echo "not ok tap/$name"
    fi
done

# GoogleTest, with the address and undefined behaviour sanitizers on. A name is a file: unit/scorecard.
set -uo pipefail
source "$ROOT/test/lib/core.sh"
(($#)) || set -- $(cd "$ROOT/test/unit" && ls */ | sed -n 's/_test\.cpp$//p')
if (($# == 0)); then
    echo "skipped unit: there is none yet"
    exit
fi
build_core core "${*/%/_test}" -DLEAD_SCORING_SANITIZE=ON || true # what did not compile cannot run
mkdir -p "$RUN/unit"
run_test() {
    local status=0
    timeout 300 "$ROOT/build/core/bin/${1}_test" --gtest_color=no >"$RUN/unit/$1.out" 2>&1 || status=$?
    echo "$status" >"$RUN/unit/$1.status"
}
in_parallel run_test "$@"
for name in "$@"; do
    out=$RUN/unit/$name.out
    status=$(<"$RUN/unit/$name.status")
    # [       OK ] Suite.Case (0 ms)
    case_of() { sed -nE "s|^\[ +$1 \] ([^ ,(]+).* \([0-9]+ ms\)$|$2 unit/$name \1${3:-}|p" "$out"; }
    case_of OK ok
    case_of ' ?SKIPPED' skipped ': it says so itself'
    if ((status != 0)); then
        cat "$out"
        case_of ' FAILED ' 'not ok' | grep . || echo "not ok unit/$name (exit status $status)"
    elif ! grep -qE '^\[ +(OK|SKIPPED) \] ' "$out"; then
        echo "not ok unit/$name (nothing in it was run)"
    fi
done

# libFuzzer, a short run of each target: FUZZ_SECONDS (6) from the seed FUZZ_SEED (a new one each run). It starts from
# test/fuzz/corpus/NAME where there is one; what it finds new is kept in build/fuzz-corpus/NAME, and an input that fails
# in build/fuzz-failures.
set -uo pipefail
source "$ROOT/test/lib/core.sh"
(($#)) || set -- $(cd "$ROOT/test/fuzz" && ls | sed -n 's/_fuzz\.cpp$//p')
if (($# == 0)); then
    echo "skipped fuzz: there is none yet"
    exit
fi
build_core fuzz "${*/%/_fuzz}" -DCMAKE_CXX_COMPILER=clang++ -DLEAD_SCORING_FUZZ=ON -DLEAD_SCORING_TESTS=OFF || true # what did not compile cannot run
seed=${FUZZ_SEED:-$((RANDOM * 32768 + RANDOM + 1))}
# fuzz_one NAME: what it finds new is kept; its output and status stay in the folder of the run.
fuzz_one() {
    local found=$ROOT/build/fuzz-corpus/$1 kept=$ROOT/test/fuzz/corpus/$1 status=0
    mkdir -p "$found"
    [[ -d $kept ]] || kept=
    "$ROOT/build/fuzz/bin/${1}_fuzz" -seed="$seed" -max_total_time="${FUZZ_SECONDS:-6}" -timeout=10 \
        -artifact_prefix="$failures/$1-" -print_final_stats=1 "$found" ${kept:+"$kept"} >"$RUN/fuzz/$1.out" 2>&1 || status=$?
    echo "$status" >"$RUN/fuzz/$1.status"
}
export seed failures=$ROOT/build/fuzz-failures
mkdir -p "$RUN/fuzz" "$failures"
in_parallel fuzz_one "$@"
for name in "$@"; do
    out=$RUN/fuzz/$name.out
    if (($(<"$RUN/fuzz/$name.status") == 0)); then
        inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out")
        echo "ok fuzz/$name (seed $seed, $inputs inputs)"
        echo "promise: fuzz calls: ${inputs:-0} tried, 0 wrong"
    else
        tail -n 60 "$out"
        echo "not ok fuzz/$name (seed $seed)"
        echo "promise: fuzz calls: 1 tried, 1 wrong"
    fi
done

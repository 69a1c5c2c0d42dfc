# The benchmark at its tiny size: every measure runs to its end, verify is empty, and the peers give the same answers. How
# fast anything is does not matter here. A name is a measure: bench/copy.
set -uo pipefail
status=0
"$ROOT/bench/run" --size tiny "$@" >"$RUN/bench.out" 2>&1 || { status=$?; cat "$RUN/bench.out"; }
sed -n 's/^measured [0-9]*_\([a-z_]*\) .*/\1/p' "$RUN/bench.out" | while read -r name; do
    number=$(cd "$ROOT/bench/measures" && ls | sed -nE "s/^0*([0-9]+)_$name\..*/\1/p")
    if grep -q "^failed in measure $number:" "$RUN/bench.out"; then echo -n 'not '; fi
    echo "ok bench/$name"
done
((status == 0)) || grep -q '^failed in measure' "$RUN/bench.out" || echo "not ok bench (exit status $status)"

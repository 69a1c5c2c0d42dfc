# A little of the campaigns with garbage (see test/garbage), from the seed GARBAGE_SEED (a new one each run). A name is a
# kind: garbage/cards.
set -uo pipefail
source "$ROOT/test/lib/server.sh"
source "$ROOT/test/lib/garbage.sh"
(($#)) || set -- states calls definitions cards
seed=${GARBAGE_SEED:-$((RANDOM * 32768 + RANDOM + 1))}
prepare_garbage || exit
for kind in "$@"; do
    run_garbage "$kind" "${GARBAGE_CALLS:-$((2 * BATCH[$kind]))}" "$seed" | grep -v ' passed, ' || echo -n "not "
    echo "ok garbage/$kind (seed $seed)"
done

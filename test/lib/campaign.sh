# in_batches WHAT SIZE COUNT SEED COMMAND...: a random campaign in batches, each COMMAND SIZE SEED with a seed of its own from SEED on
# (empty: a random one), that prints "promise: WHAT: N tried, N wrong". What is done is noted in STATE; interrupted, it goes on
# after it when it is called again for the same count and seed on the same sources. Ends with the sums.
in_batches() {
    local what=$1 size=$2 count=$3 seed=$4 number tried wrong id
    shift 4
    id="$count $seed $(cd "$ROOT" && cat $(find src sql/install test -type f | sort) | sha256sum)"
    if [[ $(cat "$STATE/id" 2>/dev/null) != "$id" ]]; then
        rm -f "$STATE"/*
        echo "${seed:-$((RANDOM * 32768 + RANDOM + 1))}" >"$STATE/seed"
        touch "$STATE/done" # a line a batch: its number, how many were tried, how many were wrong
        echo "$id" >"$STATE/id"
    fi
    seed=$(<"$STATE/seed")
    echo "$count from seed $seed, $(awk '{n += $2} END {print n + 0}' "$STATE/done") are done"
    for ((number = 0; number * size < count; ++number)); do
        ! grep -q "^$number " "$STATE/done" || continue
        "$@" $((count - number * size < size ? count - number * size : size)) $((seed + number * size)) >"$RUN/batch" 2>&1 || true
        grep -v '^promise: ' "$RUN/batch" || true
        read -r tried wrong <<<"$(sed -nE "s/^promise: $what: ([0-9]+) tried, ([0-9]+) wrong.*/\1 \2/p" "$RUN/batch")"
        [[ -n $wrong ]] || { echo "the batch of seed $((seed + number * size)) broke off" && return 1; }
        echo "$number $tried $wrong" >>"$STATE/done"
    done
    read -r tried wrong <<<"$(awk '{n += $2; m += $3} END {print n, m}' "$STATE/done")"
    echo "promise: $what: $tried tried, $wrong wrong"
    echo "$((tried - wrong)) passed, $wrong failed"
}

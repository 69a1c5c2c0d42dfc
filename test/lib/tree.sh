# Runs tests in a copy of the source tree, so that what is built for them is not mixed with what others build.

# copy_tree FOLDER
copy_tree() {
    mkdir -p "$1"
    rsync -a --delete --exclude /build --exclude .git "$ROOT"/ "$1"/
}

# run_tests FOLDER TEST...: test/run there; adds up what passed and failed.
run_tests() {
    local folder=$1 line
    shift
    "$folder/test/run" "$@" 2>&1 | tee "$STATE/out" || true
    line=$(tail -n 1 "$STATE/out" | grep -E '^[0-9]+ passed, [0-9]+ failed$') || line='0 passed, 1 failed'
    tests_passed=$((${tests_passed:-0} + ${line%% *}))
    line=${line#*, }
    tests_failed=$((${tests_failed:-0} + ${line%% *}))
}

end_tests() {
    echo "$tests_passed passed, $tests_failed failed"
    ((tests_failed == 0 && tests_passed > 0))
}

# build_core NAME "TARGET..." [CMAKE OPTION]...: the core by itself, in build/NAME, warnings as errors; goes on after an
# error, so that one broken test does not hide the others. What cannot be built is not there afterwards, though an earlier
# run built it. Prints errors only.
build_core() {
    local name=$1 folder=$ROOT/build/$1 target targets asked
    read -ra targets <<<"$2"
    shift 2
    mkdir -p "$ROOT/build"
    (
        flock 9
        # a tree that was copied or moved with its build folder is built anew
        [[ $(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$folder/CMakeCache.txt") -ef $ROOT ]] || rm -rf "$folder"
        if ! cmake -S "$ROOT" -B "$folder" -DLEAD_SCORING_WERROR=ON "$@"; then
            rm -rf "$folder/bin"
            exit 1
        fi
        # make would build several targets that are named one after the other: more than one is all there are.
        ((${#targets[@]} > 1)) && asked=() || asked=(--target "${targets[@]}")
        cmake --build "$folder" --parallel "$(nproc)" "${asked[@]}" -- --keep-going && exit
        for target in "${targets[@]}"; do
            cmake --build "$folder" --target "$target" || rm -f "$folder/bin/$target"
        done
        exit 1
    ) 9>"$ROOT/build/$name.lock" >"$RUN/$name.build.log" 2>&1 || {
        cat "$RUN/$name.build.log"
        return 1
    }
}

# in_parallel FUNCTION NAME...: calls it with each name, as many at a time as there are processors. What it needs is exported.
in_parallel() {
    export -f "$1"
    printf '%s\n' "${@:2}" | xargs -P "$(nproc)" -I NAME bash -c "$1 NAME"
}

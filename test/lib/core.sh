# build_core NAME "TARGET..." [CMAKE OPTION]...: the core by itself, in build/NAME, warnings as errors; goes on after an
# error, so that one broken test does not hide the others. Prints errors only.
build_core() {
    local name=$1 targets
    read -ra targets <<<"$2"
    shift 2
    mkdir -p "$ROOT/build"
    (
        flock 9
        cmake -S "$ROOT" -B "$ROOT/build/$name" -DLEAD_SCORING_WERROR=ON "$@" &&
            cmake --build "$ROOT/build/$name" --parallel "$(nproc)" --target "${targets[@]}" -- --keep-going
    ) 9>"$ROOT/build/$name.lock" >"$RUN/$name.build.log" 2>&1 || {
        cat "$RUN/$name.build.log"
        return 1
    }
}

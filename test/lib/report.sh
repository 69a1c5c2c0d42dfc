# The report program: report/, with the packages of its lock file, in a copy of its own.

# has_node: whether there is a Node that can run it, wherever it comes from.
has_node() {
    command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null
}

# install_report [NPM ARGUMENT]...: makes $RUN/report. Prints nothing but errors.
install_report() {
    mkdir -p "$RUN/report"
    (cd "$ROOT/report" && tar --exclude=node_modules -cf - .) | tar -C "$RUN/report" -xf - &&
        (cd "$RUN/report" && npm ci --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000 --no-audit --no-fund --loglevel=error "$@" >"$RUN/npm.log" 2>&1) ||
        { cat "$RUN/npm.log" && return 1; }
}

# run_node ARGUMENT...: in $RUN/report, connected to the private server.
run_node() {
    env -C "$RUN/report" PGHOST="$RUN" PGPORT=5432 PGUSER=postgres PATH="$PRIVATE_BIN:$PATH" node "$@"
}

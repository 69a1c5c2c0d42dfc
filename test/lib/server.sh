# A throw-away server: the extension built, a private copy of PostgreSQL to install it into, and a cluster of its own
# that can be reached through a socket in a private folder only. Nothing is installed into the system, and no other
# cluster is touched. PostgreSQL refuses to run as root: then it all belongs to the user postgres.
#
# Callers set ROOT (the source tree), RUN (a new temporary folder, see new_run) and PG_CONFIG.

# new_run: makes RUN, and removes it with all that was started when the script ends.
new_run() {
    local variable other
    other=$(find "$ROOT/build" -maxdepth 2 ! -uid "$EUID" ! -writable -print -quit 2>/dev/null) || true
    if [[ -n $other ]]; then
        echo "$other is of another user, who built here before: remove the folder $ROOT/build" >&2
        exit 2
    fi
    umask 022 # the server's user reads what is made below; RUN itself is private
    RUN=$(mktemp -d "${TMPDIR:-/tmp}/lead_scoring.XXXXXX")
    trap 'stop_server; rm -rf "$RUN"' EXIT
    trap 'exit 130' INT TERM HUP
    PRIVATE_BIN=$RUN/server$("$PG_CONFIG" --bindir)
    hand_over "$RUN"
    printf '#!/bin/sh\n' >"$RUN/probe"
    chmod +x "$RUN/probe"
    if ! as_server_user "$RUN/probe" 2>/dev/null; then
        echo "the server's user cannot run programs in ${RUN%/*}: set TMPDIR to a folder where he can" >&2
        exit 2
    fi
    for variable in "${!PG@}"; do  # PGHOST, PGOPTIONS ...: what the caller set is for other servers
        [[ $variable == PG_* ]] || unset "$variable"
    done
}

# hand_over FILE...: files and folders in RUN to the owner of the cluster, whatever permissions they came with.
hand_over() {
    ((EUID != 0)) || chown -R postgres "$@"
}

# as_server_user COMMAND...: as the owner of the cluster, in RUN, with the private server's programs first in PATH.
as_server_user() (
    cd "$RUN" || exit
    export PATH="$PRIVATE_BIN:$PATH" PGHOST=$RUN PGPORT=5432 PGUSER=postgres HOME=$RUN
    if ((EUID == 0)); then
        exec runuser -u postgres -- "$@"
    else
        exec "$@"
    fi
)

# install_extension [MAKE ARGUMENT]...: in build/server-MAJOR, from a copy of the sources, so that builds for several
# servers and a plain `make` do not mix. Prints nothing but errors. Installs into the private server.
install_extension() {
    local build dir
    build=$ROOT/build/server-$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    for dir in bindir pkglibdir sharedir; do
        dir=$("$PG_CONFIG" --$dir)
        mkdir -p "$RUN/server$dir"
        cp -a "$dir/." "$RUN/server$dir"
    done

    mkdir -p "$build"
    (
        flock 9
        # what has changed is newer than what was made of it, whatever its time in the source tree
        rsync -a --no-times --checksum --delete --exclude '*.[od]' --exclude '*.so' --exclude exports.list \
            "$ROOT"/{Makefile,lead_scoring.control,sql,src} "$build"
        find "$build/sql" -maxdepth 1 -name 'lead_scoring--*.sql' -delete
        make -s -j"$(nproc)" -C "$build" PG_CONFIG="$PG_CONFIG" "$@" all
        make -s -C "$build" PG_CONFIG="$PG_CONFIG" DESTDIR="$RUN/server" install
    ) 9>"$build.lock"
}

# start_server [SETTING]...: makes the cluster and waits until it answers. SERVER_SETTINGS are further ones; where
# SERVER_PROGRAM is set, it is started in place of postgres.
start_server() {
    as_server_user initdb --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
        >"$RUN/initdb.log"
    local setting
    for setting in listen_addresses= unix_socket_directories="$RUN" fsync=off "$@" ${SERVER_SETTINGS:-}; do
        echo "${setting%%=*} = '${setting#*=}'"
    done >>"$RUN/data/postgresql.conf"
    as_server_user env PGCTLTIMEOUT=600 pg_ctl --pgdata=data --log=server.log --wait --silent ${SERVER_PROGRAM:+-p "$SERVER_PROGRAM"} \
        start >"$RUN/start.log"
}

stop_server() {
    [[ -e $RUN/data/postmaster.pid ]] || return 0
    as_server_user pg_ctl --pgdata=data --mode=immediate --wait --silent stop || true
}

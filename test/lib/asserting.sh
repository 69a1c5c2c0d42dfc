# A server built with assertions, from the sources of the Debian package that the installed one comes from.

# asserting_server: builds it in build/asserting-MAJOR unless it is there, and sets PG_CONFIG to its pg_config. Freed
# memory is overwritten, and valgrind is told of each piece of memory; SUPPRESSIONS is the file of what valgrind is to
# pass over in the server itself.
asserting_server() {
    local major folder
    major=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    folder=$ROOT/build/asserting-$major
    PG_CONFIG=$folder/server/bin/pg_config
    SUPPRESSIONS=$folder/valgrind.supp
    [[ ! -x $PG_CONFIG ]] || return 0
    install_packages dpkg-dev pkg-config valgrind zlib1g-dev libicu-dev libxml2-dev
    rm -rf "$folder"
    mkdir -p "$folder"
    (
        cd "$folder"
        fetch_source "postgresql-$major"
        mkdir source
        tar -C source --strip-components=1 -xf postgresql-*.orig.tar.*
        cd source
        # Subtransactions may be rolled back at COMMIT, as by exception blocks of deferred triggers, but for this assertion.
        perl -0777 -pi -e '$n = s/(s = CurrentTransactionState;\s+\/\* changed by pop \*\/\s+)Assert(?:State)?\((?=s->blockState == TBLOCK_SUBINPROGRESS \|\|)/$1Assert(s->blockState == TBLOCK_END || s->blockState == TBLOCK_PREPARE || /; END { exit($n == 1 ? 0 : 1) }' \
            src/backend/access/transam/xact.c
        ./configure --prefix="$folder/server" --enable-cassert --enable-debug --without-readline --with-icu --with-libxml \
            CFLAGS='-O1 -g -fno-omit-frame-pointer' CPPFLAGS=-DUSE_VALGRIND
        make -s -j"$(nproc)" world-bin
        make -s install-world-bin
    ) >"$folder/build.log" 2>&1 || {
        tail -n 30 "$folder/build.log"
        rm -rf "$folder"
        return 1
    }
    cp "$folder/source/src/tools/valgrind.supp" "$folder"
    rm -rf "$folder/source"
}

# fetch_source PACKAGE: its source, unchanged, in the current folder; the newest version that the system's package
# sources have the files of. Package lists are kept apart from the system's, which need not name sources.
fetch_source() {
    local apt version
    mkdir -p apt/{lists/partial,cache,sources}
    cp /etc/apt/sources.list.d/*.sources apt/sources/ 2>/dev/null || true
    cp /etc/apt/sources.list apt/sources/system.list 2>/dev/null || true
    sed -i -e 's/^Types:.*/Types: deb-src/' -e 's/^deb /deb-src /' apt/sources/*
    apt=(-q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$PWD/apt/sources"
        -o Dir::State::Lists="$PWD/apt/lists" -o Dir::Cache="$PWD/apt/cache" -o APT::Sandbox::User="$(id -un)")
    apt-get "${apt[@]}" update
    for version in $(apt-cache "${apt[@]}" showsrc "$1" | sed -n 's/^Version: //p' | sort -rVu); do
        ! apt-get "${apt[@]}" source --download-only "$1=$version" || return 0
    done
    return 1
}

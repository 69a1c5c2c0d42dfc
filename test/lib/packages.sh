# What the machine must have: Debian packages, and a server to build for.

# What the tests take, beside the server's packages.
TEST_PACKAGES=(g++ make libfmt-dev libeigen3-dev nlohmann-json3-dev rsync clang libclang-rt-dev clang-format cmake libgtest-dev
    libipc-run-perl libio-pty-perl)

# as_root COMMAND...
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "need root or sudo for: $*" >&2
        return 1
    fi
}

# missing_packages NAME...: those that are not installed, a line each.
missing_packages() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed* ]] || echo "$package"
    done
}

# known_packages NAME...: those that this system could install, as far as it knows, a line each.
known_packages() {
    local package
    for package in "$@"; do
        ! apt-cache show "$package" >/dev/null 2>&1 || echo "$package"
    done
}

# install_packages NAME... [-- NAME...]: through apt-get; says and does nothing when all are there. Those after -- are
# installed where this system has them and we may, and done without otherwise. On a system without dpkg it does nothing:
# what is missing there has to be installed by hand.
#
# A newly installed server package would make and start a cluster, and a pooler would be started. That is turned off for
# as long as apt-get runs, by files of our own in the places Debian provides for it.
install_packages() {
    command -v dpkg-query >/dev/null || return 0
    local needed=() wanted=()
    while (($#)) && [[ $1 != -- ]]; do needed+=("$1") && shift; done
    mapfile -t wanted < <(missing_packages "${@:2}")
    mapfile -t needed < <(missing_packages "${needed[@]}")
    ((${#needed[@]} + ${#wanted[@]})) || return 0
    ((${#needed[@]})) || [[ -n $(known_packages "${wanted[@]}") ]] || return 0
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        ((${#needed[@]})) || return 0
        echo "these packages are missing, and only root or sudo can install them:" "${needed[@]}" >&2
        return 1
    fi
    echo "installing" "${needed[@]}" "${wanted[@]}"
    # The lock makes a second run at the same time wait: apt-get update itself would fail.
    as_root flock /etc/apt bash -euc '
        no_cluster=/etc/postgresql-common/createcluster.d/lead_scoring.conf
        no_start=/usr/sbin/policy-rc.d
        log=$(mktemp)
        trap "rm -f $no_cluster $log" EXIT
        mkdir -p "${no_cluster%/*}"
        echo "create_main_cluster = false" > "$no_cluster"
        if [[ ! -e $no_start ]]; then
            trap "rm -f $no_cluster $no_start $log" EXIT
            printf "#!/bin/sh\nexit 101\n" > "$no_start"
            chmod +x "$no_start"
        fi
        export DEBIAN_FRONTEND=noninteractive
        install() { apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@"; }
        needed=("${@:2:$1}") wanted=("${@:$1 + 2}")
        # A source that cannot be read need not be the one that has them.
        {
            apt-get -q update || true
            ((${#needed[@]} == 0)) || install "${needed[@]}"
        } </dev/null >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
        for package in "${wanted[@]}"; do
            ! apt-cache show "$package" >/dev/null 2>&1 || install "$package" </dev/null >"$log" 2>&1 ||
                echo "cannot install $package"
        done
    ' install "${#needed[@]}" "${needed[@]}" "${wanted[@]}"
}

# find_server: sets PG_CONFIG and PG_PACKAGES, the packages it comes from. That is PG_CONFIG as it is set; else the
# PostgreSQL of version PG_MAJOR; else the newest supported one that is installed; else the one this Debian brings.
find_server() {
    PG_PACKAGES=()
    if [[ -n ${PG_CONFIG:-} ]]; then
        [[ ! -e $("$PG_CONFIG" --pgxs 2>/dev/null) ]] || return 0
        echo "no server development files found by \"$PG_CONFIG --pgxs\": set PG_CONFIG to another pg_config, or unset it" >&2
        return 2
    fi
    local major=${PG_MAJOR:-}
    if [[ -z $major ]]; then
        for major in 18 17 16 15 none; do
            [[ -e /usr/lib/postgresql/$major/bin/postgres && -e /usr/lib/postgresql/$major/lib/pgxs ]] && break
        done
    fi
    if [[ $major == none ]]; then
        case "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" in
            trixie) major=17 ;;
            forky) major=18 ;;
            *) major=15 ;;
        esac
    fi
    PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config
    PG_PACKAGES=("postgresql-$major" "postgresql-server-dev-$major")
}

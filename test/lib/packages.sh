# What the machine must have: Debian packages, and a server to build for.

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

# install_packages NAME...: through apt-get; says and does nothing when all are there. On a system without dpkg it
# does nothing: what is missing there has to be installed by hand.
#
# A newly installed server package would make and start a cluster. That is turned off for as long as apt-get runs, by
# a file of our own in the folder Debian provides for it.
install_packages() {
    command -v dpkg-query >/dev/null || return 0
    local package missing=()
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed* ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    echo "installing ${missing[*]}"
    # The lock makes a second run at the same time wait: apt-get update itself would fail.
    as_root flock /etc/apt bash -euc '
        no_cluster=/etc/postgresql-common/createcluster.d/lead_scoring.conf
        log=$(mktemp)
        trap "rm -f $no_cluster $log" EXIT
        mkdir -p "${no_cluster%/*}"
        echo "create_main_cluster = false" > "$no_cluster"
        export DEBIAN_FRONTEND=noninteractive
        {
            apt-get -q update &&
            apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@"
        } </dev/null >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
    ' install "${missing[@]}"
}

# find_server: sets PG_CONFIG and PG_PACKAGES, the packages it comes from. That is PG_CONFIG as it is set; else the
# PostgreSQL of version PG_MAJOR; else the newest supported one that is installed; else the one this Debian brings.
find_server() {
    PG_PACKAGES=()
    [[ -z ${PG_CONFIG:-} ]] || return 0
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

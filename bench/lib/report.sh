# What the run was, and what came out. Sourced by bench/run.

# describe_run: the machine, the settings and the sizes.
describe_run() {
    local name
    {
        echo "date	$(date -u +%F)"
        echo "commit	$(git -C "$ROOT" describe --always --dirty 2>/dev/null || echo unknown)"
        echo "cpu	$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
        echo "cores	$(nproc)"
        echo "memory	$(awk '/MemTotal/ {printf "%.0f GB", $2 / 1e6}' /proc/meminfo)"
        echo "server	$("$PG_CONFIG" --version)"
        for name in "${OPTIONS[@]}"; do
            echo "$name	${!name}"
        done
    } | sql -c "COPY bench.run FROM STDIN"
    for name in "${SETTINGS[@]}"; do
        echo "${name%%=*}	${name#*=}"
    done | sql -c "COPY bench.run FROM STDIN"
}

# report FILE: prints the table, and writes FILE.txt, FILE.json and FILE.md. Fails if a check failed.
report() {
    {
        value "SELECT string_agg(key || ' ' || value, ', ') FROM bench.run"
        echo
        # psql's frame is a markdown table but for the corners
        sql -P border=2 -P footer=off -c 'SELECT "#", measure, ours, peer, ratio, range, cpu, target, "met?" FROM bench.report ORDER BY line' | grep . | sed -e '1d;$d' -e 's/^+-/|-/;s/-+-/-|-/g;s/-+$/-|/'
        value "SELECT format('failed in measure %s: %s (%s)', measure, what, failures) FROM bench.checks WHERE failures > 0"
    } | tee "$1.txt"
    value 'SELECT * FROM bench.report_json' >"$1.json"
    value 'SELECT * FROM bench.markdown' >"$1.md"
    [[ $(value 'SELECT sum(failures) = 0 FROM bench.checks') == t ]]
}

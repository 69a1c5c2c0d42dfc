# Each file in test/checks is a check: it exits with 0 when what its first comment says holds, with 77 when it cannot
# tell.
set -euo pipefail
(($#)) || set -- $(cd "$ROOT/test/checks" && ls)
for name in "$@"; do
    status=0
    bash "$ROOT/test/checks/$name" || status=$?
    case $status in
        0) echo "ok checks/$name" ;;
        77) echo "skipped checks/$name: see above" ;;
        *) echo "not ok checks/$name" ;;
    esac
done

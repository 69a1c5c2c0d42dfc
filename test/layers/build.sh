# The extension, with warnings as errors, installed into a private server that is started: what later layers need.
set -euo pipefail
source "$ROOT/test/lib/server.sh"
install_extension COPT=-Werror
start_server $TEST_SETTINGS
echo "ok build ($("$PG_CONFIG" --version))"

# The library exports what SQL calls, and nothing else.
nm -D --defined-only "$RUN/server$("$PG_CONFIG" --pkglibdir)/lead_scoring.so" | awk '
    $3 !~ /^(lead_scoring_.*|pg_finfo_.*|Pg_magic_func|_PG_init)$/ {print "exported: " $3; wrong = "not "}
    END {print wrong "ok build/exports"}'

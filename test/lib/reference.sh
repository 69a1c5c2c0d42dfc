# print_reference DATABASE: docs/reference.md, from the comments of the extension and of a model with everything on, which are
# made in that new database.
print_reference() {
    as_server_user createdb "$1" || return
    {
        echo 'CREATE EXTENSION lead_scoring;'
        cat "$ROOT"/test/lib/{full_model,reference}.sql
    } | as_server_user env PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f -
}

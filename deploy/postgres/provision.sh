#!/bin/sh
# One role and one schema per service in the database lotse; run again, it sets the passwords anew.
# Connects as psql is told to by PGHOST, PGUSER, PGPASSWORD, PGDATABASE; takes passwords from LOTSE_ROLE_<SERVICE>.
set -eu
export PGUSER="${PGUSER:-postgres}" PGDATABASE="${PGDATABASE:-lotse}"

for service in ingest sentiment router sla notifier desk; do
    name="LOTSE_ROLE_$(echo "$service" | tr '[:lower:]' '[:upper:]')"
    eval "password=\${$name:?set $name to the password of the role lotse_$service}"
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
        --set role="lotse_$service" --set schema="$service" --set password="$password" <<'SQL'
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password';
CREATE SCHEMA IF NOT EXISTS :"schema" AUTHORIZATION :"role";
SQL
done

#!/usr/bin/env bash
# Installs the programs of checks.py into the folder $1: nothing outside of it but Debian packages.
set -euo pipefail
into="$1"
mkdir -p "$into"
cd "$into"
[ -f done-4 ] && exit 0

missing=()
needs() { command -v "$1" > /dev/null || missing+=("$2"); }
needs psql postgresql-client
needs isql unixodbc
needs java default-jdk-headless
needs node nodejs
needs npm npm
needs openssl openssl
dpkg -s odbc-postgresql > /dev/null 2>&1 || missing+=(odbc-postgresql)
if [ "${#missing[@]}" -gt 0 ]; then
    apt-get install --yes --no-install-recommends "${missing[@]}"
fi
python3 -m venv now
now/bin/pip install --quiet 'psycopg[binary]' psycopg2-binary asyncpg pg8000 sqlalchemy adbc-driver-postgresql \
    adbc-driver-flightsql adbc-driver-manager pyarrow polars connectorx pgcli duckdb==1.5.5 \
    duckdb-extension-postgres-scanner==1.5.5 'ibis-framework[postgres]' packaging requests jsonschema pyyaml
# What Superset 6.1 has.
python3 -m venv old
old/bin/pip install --quiet 'sqlalchemy==1.4.54' psycopg2-binary
npm init --yes > /dev/null 2>&1
npm install --silent pg pg-cursor postgres
apt-get download libpostgresql-jdbc-java
dpkg -x libpostgresql-jdbc-java_*.deb jdbc
touch done-4

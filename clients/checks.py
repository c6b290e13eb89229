"""Asks a served instance with the programs that people use, and tells which of them work.

usage: checks.py PROGRAMS QUORATE FOLDER OUT

PROGRAMS is what install.sh made, QUORATE the program, FOLDER a data folder with releases (and a month of rows), OUT
the file that the results are written to, as JSON. Each check says what it did, and asserts what the budget did.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PROGRAMS, QUORATE, FOLDER, OUT = (Path(it).resolve() for it in sys.argv[1:5])
HERE = Path(__file__).parent
USER, PASSWORD, PARTNER, PURPOSE = "ada", "correct horse battery", "leeds", "transport"
T = "released.presence"
CHECKS = []


def check(number, what, budget=0):
    """A check: its number in the list of clients, what it is, and how many questions it may be charged for."""

    def keep(of):
        CHECKS.append((number, what, budget, of))
        return of

    return keep


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **more)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}"
    return done.stdout


class Server:
    """`quorate serve`, for the length of the checks."""

    def __init__(self):
        key, certificate = FOLDER / "tls.key", FOLDER / "tls.crt"
        if not key.exists():
            run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                 "-keyout", key, "-out", certificate])
        names = [USER, "eve", "carl"]
        listed = run([QUORATE, "user", "list"], cwd=FOLDER)
        for name, role in zip(names, ["analyst", "analyst", "buyer"]):
            if name not in listed:
                partner = "york" if name == "eve" else PARTNER
                subprocess.run([QUORATE, "user", "add", name, "--role", role, "--partner", partner, "--password-stdin"],
                               input=PASSWORD, text=True, cwd=FOLDER, check=True, capture_output=True)
        (FOLDER / "agreements").mkdir(exist_ok=True)
        (FOLDER / "agreements" / f"{PARTNER}.toml").write_text(
            f'purposes = ["{PURPOSE}"]\nproducts = ["residents", "presence", "web_audience"]\nquestions = true\n'
            'areas = []\nshare = "0.25"\nexpires = 2099-12-31\n[periods]\nfrom = "2020-01"\n')
        self.process = subprocess.Popen(
            [QUORATE, "serve", "--postgres", "127.0.0.1:0", "--flight", "127.0.0.1:0", "--http", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key],
            cwd=FOLDER, stderr=subprocess.PIPE, text=True)
        self.told = []
        for line in self.process.stderr:
            self.told.append(line)
            if found := re.search(r"host=([\d.]+) port=(\d+)", line):
                self.host, self.port = found[1], int(found[2])
            if found := re.search(r"(grpc\S*)://(\S+)", line):
                self.flight = f"{found[1]}://{found[2]}"
            if found := re.search(r"(https?://[^/\s]+)", line):
                self.http = found[1]
            if line.startswith("answering"):
                break
        else:
            raise SystemExit("the server did not start: " + "".join(self.told))
        threading.Thread(target=lambda: self.told.extend(self.process.stderr), daemon=True).start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def url(database="quorate", user=USER, scheme="postgresql"):
    return f"{scheme}://{user}:{PASSWORD.replace(' ', '%20')}@{server.host}:{server.port}/{database}"


def libpq(database="quorate", user=USER, **more):
    words = {"host": server.host, "port": server.port, "dbname": database, "user": user, "password": f"'{PASSWORD}'", **more}
    return " ".join(f"{name}={value}" for name, value in words.items())


def asked():
    return libpq("protected", options=f"'-c quorate.purpose={PURPOSE}'")


def charges():
    """How many charges the ledger has."""
    return len(run([QUORATE, "ledger", "list"], cwd=FOLDER).splitlines()) - 1


def psql(*words, database="quorate", **more):
    command = ["psql", libpq(database), "-X", "-v", "ON_ERROR_STOP=1", *words]
    return run(command, **more)


@check(1, "psql: \\l \\dn \\dt \\d+ \\df \\du")
def _():
    told = psql("-c", "\\l", "-c", "\\dn", "-c", "\\dt released.*", "-c", f"\\d+ {T}", "-c", "\\df", "-c", "\\du",
                "-c", "\\d", "-c", "\\dv", "-c", "\\di", "-c", "\\ds", "-c", "\\dp released.*", "-c", "\\dT", "-c", "\\conninfo")
    assert "distinct people, with noise" in told and "protected" in told, told
    return run(["psql", "--version"]).strip()


@check(2, "psql: several statements in one text")
def _():
    assert psql("-Atc", "select 1; select 2").split() == ["1", "2"]


@check(3, "psql: \\copy to CSV")
def _():
    out = FOLDER / "o.csv"
    psql("-c", f"\\copy (select * from {T}) to '{out}' csv header")
    lines = out.read_text().splitlines()
    assert lines[0].startswith("period,") and len(lines) > 2
    return f"{len(lines) - 1} rows"


@check(4, "SCRAM-SHA-256-PLUS, wrong and empty passwords")
def _():
    import psycopg

    strict = dict(sslmode="require", channel_binding="require", require_auth="scram-sha-256")
    with psycopg.connect(libpq(**strict)) as c:
        assert c.pgconn.ssl_in_use
        assert c.execute("select 1").fetchone() == (1,)
    for user, password in [(USER, "wrong"), ("nobody", PASSWORD), (USER, "x" * 2000)]:
        try:
            psycopg.connect(libpq(user=user, **strict).replace(PASSWORD, password))
        except psycopg.OperationalError as cause:
            assert "password authentication failed" in str(cause).lower() or "28P01" in str(cause), cause
        else:
            raise AssertionError("came in")
    return f"libpq {psycopg.pq.version()}"


@check(5, "protocol 3.2")
def _():
    import psycopg

    with psycopg.connect(libpq(max_protocol_version="latest")) as c:
        return f"server {c.info.server_version}, protocol {c.pgconn.full_protocol_version if hasattr(c.pgconn, 'full_protocol_version') else c.pgconn.protocol_version}"


@check(6, "psycopg 3: parameters and binary results")
def _():
    import datetime
    import decimal

    import psycopg

    with psycopg.connect(libpq()) as c:
        cursor = c.cursor(binary=True)
        rows = cursor.execute(f"select * from {T} where people >= %s", (50,)).fetchall()
        assert rows and isinstance(rows[0][5], int)
        kinds = cursor.execute(
            f"select people, people / 2.0::float8 as half, people::numeric(12, 2) as exact, people > 60 as many, date '2026-10-31', "
            f"timestamptz '2026-10-31 12:00:00+00' from {T} where people is not null limit 1").fetchone()
        expected = [int, float, decimal.Decimal, bool, datetime.date, datetime.datetime]
        assert [type(it) for it in kinds] == expected, kinds
    return psycopg.__version__


@check(7, "psycopg 3: server cursor")
def _():
    import psycopg

    with psycopg.connect(libpq()) as c:
        cursor = c.cursor("srv")
        cursor.execute(f"select * from {T}")
        assert cursor.description[0].name == "period"
        assert len(cursor.fetchmany(1)) == 1 and len(cursor.fetchmany(2)) == 2
        cursor.close()


@check(8, "psycopg 3: pipeline")
def _():
    import psycopg

    with psycopg.connect(libpq()) as c, c.pipeline():
        first, second = c.execute("select 1"), c.execute("select 2")
        assert first.fetchone() == (1,) and second.fetchone() == (2,)


@check(9, "psycopg 3: binary COPY")
def _():
    import psycopg

    with psycopg.connect(libpq()) as c:
        with c.cursor().copy(f"COPY (select * from {T}) TO STDOUT (FORMAT binary)") as copy:
            data = b"".join(bytes(it) for it in copy)
    assert data.startswith(b"PGCOPY\n\xff\r\n\0") and data.endswith(b"\xff\xff")
    return f"{len(data)} bytes"


@check(10, "psycopg 3: statement_timeout and cancel")
def _():
    import psycopg

    with psycopg.connect(libpq(), autocommit=True) as c:
        c.execute("set statement_timeout = '200ms'")
        try:
            c.execute("select pg_sleep(2)")
        except psycopg.errors.QueryCanceled as cause:
            assert cause.sqlstate == "57014"
        else:
            raise AssertionError("slept")
        c.execute("set statement_timeout = 0")
        threading.Timer(0.3, c.cancel_safe).start()
        begun = time.monotonic()
        try:
            c.execute("select pg_sleep(20)")
        except psycopg.errors.QueryCanceled as cause:
            assert cause.sqlstate == "57014"
        else:
            raise AssertionError("slept")
        assert time.monotonic() - begun < 10
        assert c.execute("select 1").fetchone() == (1,)
    with psycopg.connect(libpq(max_protocol_version="latest"), autocommit=True) as c:
        threading.Timer(0.3, c.cancel_safe).start()
        try:
            c.execute("select pg_sleep(20)")
        except psycopg.errors.QueryCanceled:
            pass
        else:
            raise AssertionError("slept under 3.2")


@check(11, "asyncpg: parameters, cursor")
def _():
    import asyncpg

    async def ask():
        c = await asyncpg.connect(host=server.host, port=server.port, user=USER, password=PASSWORD, database="quorate")
        rows = await c.fetch(f"select * from {T} where people >= $1", 50)
        assert rows and rows[0]["people"] >= 50
        async with c.transaction():
            count = 0
            async for _ in c.cursor(f"select * from {T} limit 3", prefetch=1):
                count += 1
            assert count == 3
        await c.close()

    asyncio.run(ask())
    return asyncpg.__version__


@check(12, "pg8000")
def _():
    import pg8000
    import pg8000.native

    c = pg8000.native.Connection(USER, host=server.host, port=server.port, password=PASSWORD, database="quorate")
    assert c.run(f"select * from {T} where people >= :x", x=50)
    c.close()
    return pg8000.__version__


@check(13, "SQLAlchemy 2: reflection")
def _():
    return run([PROGRAMS / "now/bin/python", HERE / "reflect.py", url(scheme="postgresql+psycopg2")]).split()[0]


@check(14, "SQLAlchemy 1.4 (Superset 6.1): reflection")
def _():
    return run([PROGRAMS / "old/bin/python", HERE / "reflect.py", url(scheme="postgresql+psycopg2")]).split()[0]


@check(15, "ADBC PostgreSQL")
def _():
    import adbc_driver_postgresql
    import adbc_driver_postgresql.dbapi as adbc

    with adbc.connect(url()) as c, c.cursor() as cursor:
        cursor.execute(f"select * from {T}")
        table = cursor.fetch_arrow_table()
        assert table.num_rows > 0 and str(table.schema.field("people").type) == "int64", table.schema
        schema = c.adbc_get_table_schema("presence", db_schema_filter="released")
        assert "people" in schema.names
        objects = c.adbc_get_objects(depth="columns", db_schema_filter="released").read_all().to_pylist()
        assert "presence" in json.dumps(objects, default=str)
        assert c.adbc_get_info()["vendor_name"] == "PostgreSQL"
        cursor.execute(f"select people from {T} where people >= $1", (50,))
        assert cursor.fetch_arrow_table().num_rows > 0
    return adbc_driver_postgresql.__version__


@check(16, "DuckDB: ATTACH, binary and text")
def _():
    import duckdb

    extension = next((PROGRAMS / "now").rglob("postgres_scanner.duckdb_extension"))
    sums = []
    for text in [False, True]:
        c = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        c.execute(f"LOAD '{extension}'")
        c.execute(f"ATTACH '{libpq().replace(chr(39), chr(39) * 2)}' AS p (TYPE postgres, READ_ONLY)")
        if text:
            c.execute("SET pg_use_text_protocol = true")
        tables = c.execute("SHOW ALL TABLES").fetchall()
        assert any("presence" in it for it in tables), tables
        sums.append(c.execute("SELECT sum(people) FROM p.released.presence WHERE people >= 50").fetchone()[0])
        assert c.execute("SELECT * FROM postgres_query('p', 'select 1 as x')").fetchone() == (1,)
        c.close()
    assert sums[0] == sums[1] > 0, sums
    return duckdb.__version__


@check(17, "polars with connectorx")
def _():
    import polars

    frame = polars.read_database_uri(f"select * from {T}", url())
    assert frame.height > 0 and frame.schema["people"] == polars.Int64
    return polars.__version__


@check(18, "ibis")
def _():
    import ibis

    c = ibis.postgres.connect(host=server.host, port=server.port, user=USER, password=PASSWORD, database="quorate")
    table = c.table("presence", database="released")
    found = table.group_by("present_in").aggregate(n=table.people.sum()).to_pyarrow()
    assert found.num_rows > 0
    return ibis.__version__


@check(19, "pgcli")
def _():
    done = subprocess.run([PROGRAMS / "now/bin/pgcli", url(), "-c", "select 1"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "TERM": "dumb", "PGPASSWORD": PASSWORD}, input="")
    told = done.stdout + done.stderr
    assert done.returncode == 0 and "Traceback" not in told and "1" in told, told[-2000:]
    return run([PROGRAMS / "now/bin/pgcli", "--version"]).split()[-1]


@check(20, "JDBC (DBeaver, Metabase, DataGrip): metadata, row limits, binary")
def _():
    jar = next((PROGRAMS / "jdbc").rglob("postgresql-4*.jar"), None) or next((PROGRAMS / "jdbc").rglob("postgresql.jar"))
    address = f"jdbc:postgresql://{server.host}:{server.port}/quorate"
    told = run(["java", "-cp", jar, HERE / "Metadata.java", address, USER, PASSWORD])
    for part in ["product PostgreSQL 16", "presence", "people", "keys []", "fetched 5", "types true", "prepared true"]:
        assert part in told, told
    return jar.resolve().name


@check(21, "node: pg, pg-cursor, postgres")
def _():
    told = run(["node", HERE / "node.js", PROGRAMS, server.host, str(server.port), USER, PASSWORD, "quorate"])
    assert "rows true 9" in told and "cursor 1" in told and "tagged true" in told, told
    return run(["node", "--version"]).strip()


@check(22, "ODBC (Tableau, Excel, Power Query)")
def _():
    driver = run(["odbcinst", "-q", "-d"])
    name = "PostgreSQL Unicode" if "PostgreSQL Unicode" in driver else driver.strip("[]\n")
    words = f"Driver={name};Server={server.host};Port={server.port};Database=quorate;UID={USER};PWD={PASSWORD};UseDeclareFetch=1"
    told = run(["isql", "-v", "-k", words, "-b"], input=f"select * from {T}\n")
    assert "SQLRowCount" in told or "|" in told, told
    told = run(["isql", "-v", "-k", words, "-b"], input="help presence\n")
    assert "people" in told, told
    return name


NPGSQL = """SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
    SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
      elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
      CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
    FROM (
        SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
          CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
          CASE WHEN proc.proname='array_recv' THEN typ.typelem WHEN typ.typtype='r' THEN rngsubtype
            WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid
        FROM pg_type AS typ
        LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
        LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
    ) AS typ
    LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
    LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
    LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind='c')
  OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown'))
  OR (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void'))
  OR (elemtyptype = 'c' AND elemrelkind='c')))
ORDER BY CASE WHEN typtype IN ('b', 'e', 'p') THEN 0 WHEN typtype = 'c' THEN 1 WHEN typtype = 'a' THEN 6 ELSE 2 END"""

REPLAYED = [
    "SELECT current_setting('server_version_num')::int/100 as version",
    "SELECT version()",
    "DISCARD ALL",
    NPGSQL,
    "SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid ORDER BY oid, enumsortorder",
    # Metabase
    "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
    """with table_privileges as (
      select NULL as role, t.schemaname as schema, t.objectname as table,
        pg_catalog.has_any_column_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'update') as update,
        pg_catalog.has_table_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'SELECT') as select
      from (select schemaname, tablename as objectname from pg_catalog.pg_tables
        union select schemaname, viewname as objectname from pg_catalog.pg_views
        union select schemaname, matviewname as objectname from pg_catalog.pg_matviews) t
      where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema'
        and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage'))
    select t.* from table_privileges t""",
    "SELECT relname, n_live_tup FROM pg_stat_user_tables",
    "SHOW TRANSACTION ISOLATION LEVEL",
    # Grafana
    """SELECT CASE WHEN quote_ident(table_schema) IN (
      SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
      FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1),
        array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
        string_to_array(current_setting('search_path'),',') s)
      THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
    FROM information_schema.tables
    WHERE quote_ident(table_schema) NOT IN ('information_schema','pg_catalog','_timescaledb_cache')
    ORDER BY 1""",
    """SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
    WHERE quote_ident(table_name) = 'presence' AND quote_ident(table_schema) = 'released'""",
    # DBeaver, pgAdmin
    "SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE datname='quorate'",
    "SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d "
    "ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname",
    "SELECT c.oid, c.*, d.description FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d "
    "ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relkind NOT IN ('i','I','c')",
    "SELECT oid, typbasetype FROM pg_type WHERE typname = 'lo'",
    "select 1",
]


@check(23, "Npgsql (Power BI), Metabase, Grafana, DBeaver: their statements, simple and extended")
def _():
    import psycopg

    with psycopg.connect(libpq(), autocommit=True) as c:
        for sql in REPLAYED:
            for way in ["simple", "extended"]:
                done = c.pgconn.exec_(sql.encode()) if way == "simple" else c.pgconn.exec_params(sql.encode(), [])
                message = done.error_message.decode()
                assert not message, f"{way}: {message} {sql}"
    return f"{len(REPLAYED)} statements"


def flight(**more):
    import adbc_driver_flightsql.dbapi as fl

    return fl.connect(server.flight, autocommit=True, db_kwargs={
        "adbc.flight.sql.client_option.tls_skip_verify": "true", **more})


def token(*words):
    told = run([QUORATE, "token", "add", USER, "--label", "checks", *words], cwd=FOLDER)
    return max(re.findall(r"\S{20,}", told), key=len)


@check(24, "Flight SQL: ADBC with password and token, prepared and direct, metadata")
def _():
    import adbc_driver_flightsql

    bearer = {"adbc.flight.sql.authorization_header": f"Bearer {token()}"}
    for login in [dict(username=USER, password=PASSWORD), bearer]:
        with flight(**login) as c, c.cursor() as cursor:
            cursor.execute(f"select * from {T} where people >= 50")
            assert cursor.fetch_arrow_table().num_rows > 0
            cursor.execute(f"select present_in, people from {T} where people >= ? limit 3", (50,))
            assert cursor.fetch_arrow_table().num_rows == 3
            cursor.execute(f"select people from {T} where people >= $1 limit 1", (50,))
            assert cursor.fetchone()[0] >= 50
            objects = c.adbc_get_objects(depth="columns").read_all().to_pylist()
            assert "presence" in json.dumps(objects, default=str)
            assert "people" in c.adbc_get_table_schema("presence", db_schema_filter="released").names
            assert c.adbc_get_info()["vendor_name"] == "Quorate"
            assert set(c.adbc_get_table_types()) == {"TABLE", "VIEW"}
            try:
                cursor.execute("select * from visit")
            except Exception as cause:  # noqa: BLE001 the driver's own class
                assert "refused[" in str(cause), cause
            else:
                raise AssertionError("a table of people in the free database")
    for login in [dict(username=USER, password="wrong"), {"adbc.flight.sql.authorization_header": "Bearer nonsense"}]:
        try:
            with flight(**login) as c, c.cursor() as cursor:
                cursor.execute("select 1")
        except Exception as cause:  # noqa: BLE001
            assert "unauthenticated" in str(cause).lower(), cause
        else:
            raise AssertionError(login)
    return adbc_driver_flightsql.__version__


@check("24b", "Flight SQL: the question that stands, by header of database and purpose", budget=1)
def _():
    call = "adbc.flight.sql.rpc.call_header."
    bearer = {"adbc.flight.sql.authorization_header": f"Bearer {token('--questions')}"}
    sql = "SELECT gender, COUNT(DISTINCT subscriber_id) AS people FROM subscriber GROUP BY gender"
    with flight(**bearer, **{call + "database": "protected", call + "purpose": PURPOSE}) as c, c.cursor() as cursor:
        cursor.execute(sql)
        return f"{cursor.fetch_arrow_table().num_rows} rows"


@check("h", "HTTP: JSON, CSV, Arrow, Parquet, a release's file, OpenAPI, without the network")
def _():
    import io

    import polars
    import pyarrow.ipc
    import requests
    import urllib3

    urllib3.disable_warnings()
    s = requests.Session()
    s.verify, s.trust_env, s.auth = False, False, (USER, PASSWORD)
    asked = {"sql": f"select present_in, people from {T} where people >= $1 limit 5", "parameters": [50]}

    def query(accept):
        answer = s.post(server.http + "/v1/query", json=asked, headers={"Accept": accept})
        assert answer.status_code == 200, answer.text
        return answer

    assert len(query("application/json").json()["rows"]) == 5
    assert query("text/csv").text.startswith("present_in,people")
    assert pyarrow.ipc.open_stream(query("application/vnd.apache.arrow.stream").content).read_all().num_rows == 5
    assert polars.read_parquet(io.BytesIO(query("application/vnd.apache.parquet").content)).height == 5
    releases = s.get(server.http + "/v1/releases").json()["releases"]
    file = s.get(f"{server.http}/v1/releases/{releases[0]['id']}/data.csv")
    assert file.status_code == 200 and "people" in file.text.splitlines()[0]
    assert s.get(server.http + "/openapi.json", auth=None).json()["openapi"].startswith("3.")
    assert s.get(server.http + "/docs/", auth=None).status_code == 200
    assert s.post(server.http + "/v1/query", json=asked, auth=(USER, "wrong")).status_code == 401
    return requests.__version__


@check("a", "refused: rows of people (42501, with a hint)")
def _():
    import psycopg

    with psycopg.connect(asked(), autocommit=True) as c:
        for sql in ["SELECT * FROM visit", "SELECT DISTINCT site FROM visit LIMIT 1000", "COPY subscriber TO STDOUT"]:
            try:
                c.execute(sql)
            except psycopg.Error as cause:
                assert cause.sqlstate == "42501" and cause.diag.message_hint, (sql, cause.sqlstate)
            else:
                raise AssertionError(sql)


@check("b", "not supported: Tableau's temporary table (0A000), and the connection lives")
def _():
    import psycopg

    with psycopg.connect(libpq(), autocommit=True) as c:
        try:
            c.execute('CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ("COL" INTEGER) ON COMMIT PRESERVE ROWS')
        except psycopg.Error as cause:
            assert cause.sqlstate == "0A000"
        else:
            raise AssertionError("made")
        assert c.execute("select 1").fetchone() == (1,)


@check("c", "a question: charged once, told in a notice, again for nothing", budget=1)
def _():
    import psycopg

    notices = []
    with psycopg.connect(asked(), autocommit=True) as c:
        c.add_notice_handler(lambda it: notices.append(it.message_primary))
        sql = "SELECT gender, COUNT(DISTINCT subscriber_id) AS people FROM subscriber GROUP BY gender"
        first = c.execute(sql).fetchall()
        assert first and any("charged" in it for it in notices), notices
        assert c.execute(sql).fetchall() == first
        assert "nothing was charged" in notices[-1], notices
    return notices[0]


@check("d", "another partner without an agreement, a buyer, no purpose: 42501")
def _():
    import psycopg

    sql = "SELECT gender, COUNT(DISTINCT subscriber_id) AS people FROM subscriber GROUP BY gender"
    option = f"'-c quorate.purpose={PURPOSE}'"
    for who in [dict(user="eve", options=option), dict(user="carl", options=option), dict(user=USER)]:
        with psycopg.connect(libpq("protected", **who), autocommit=True) as c:
            try:
                c.execute(sql)
            except psycopg.Error as cause:
                assert cause.sqlstate == "42501", cause
            else:
                raise AssertionError(who)


@check("s", "a minute of mixed sessions over all wires: nothing fails, memory does not grow", budget=1)
def _():
    import psycopg
    import requests
    import urllib3

    urllib3.disable_warnings()

    def resident():
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024

    bearer = token("--questions")
    sql = "SELECT gender, COUNT(DISTINCT subscriber_id) AS people FROM subscriber GROUP BY gender"
    failed, done = [], []

    def sessions(until):
        with requests.Session() as s:
            s.verify, s.trust_env = False, False
            s.headers["Authorization"] = f"Bearer {bearer}"
            while time.monotonic() < until:
                try:
                    with psycopg.connect(asked(), autocommit=True) as c:
                        c.execute(sql).fetchall()
                        c.execute(f"select * from {T} where people >= %s", (50,)).fetchall()
                        c.execute("select relname from pg_catalog.pg_class").fetchall()
                    with flight(**{"adbc.flight.sql.authorization_header": f"Bearer {bearer}"}) as c, c.cursor() as cursor:
                        cursor.execute(f"select people from {T}")
                        cursor.fetch_arrow_table()
                    for _ in range(5):
                        answer = s.post(server.http + "/v1/query", json={"sql": f"select * from {T} limit 9"})
                        assert answer.status_code == 200
                    done.append(1)
                except Exception as cause:  # noqa: BLE001
                    failed.append(cause)

    def turn(seconds):
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=sessions, args=(until,)) for _ in range(4)]
        [it.start() for it in threads]
        [it.join() for it in threads]

    turn(20)
    warm, turns = resident(), len(done)
    turn(40)
    grown = resident() - warm
    assert not failed, failed[:2]
    assert grown < max(40, warm // 5), f"{warm} MB, then {grown} more"
    return f"{len(done)} turns, {warm} MB after {turns} of them, {grown} MB more at the end"


def main():
    results = []
    only = sys.argv[5:]
    for number, what, budget, of in CHECKS:
        if only and str(number) not in only:
            continue
        before = charges()
        try:
            note, ok = of() or "", True
            spent = charges() - before
            assert spent <= budget, f"{spent} charges where {budget} were allowed"
        except Exception as cause:  # noqa: BLE001 a failure is a result
            note, ok = f"{type(cause).__name__}: {cause}", False
        results.append({"check": str(number), "what": what, "works": ok, "note": note})
        print(f"{'ok  ' if ok else 'FAIL'} {number:>3} {what}{': ' + note[:1500] if note else ''}", flush=True)
    return results


server = Server()
try:
    results = main()
finally:
    ended = server.stop()
results.append({"check": "e", "what": "quorate serve ends when it is told to", "works": ended == 0, "note": f"exit {ended}"})
OUT.write_text(json.dumps(results, indent=1) + "\n")
failed = [it for it in results if not it["works"]]
print(f"{len(results) - len(failed)} of {len(results)} work")
sys.exit(1 if failed else 0)

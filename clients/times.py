"""How long statements take over the wires, one client, one connection each.

usage: times.py QUORATE FOLDER

Prints JSON: for each wire and kind of statement the seconds of each time it was asked; and how long after a tick of
250 ms fresh answers came (privacy model, section 12).
"""

import http.client
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import adbc_driver_flightsql.dbapi as fl
import psycopg

QUORATE, FOLDER = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
USER, PASSWORD, PURPOSE, AGAIN, TICK = "ada", "correct horse battery", "transport", 200, 0.25
RELEASED = "SELECT present_in, people FROM released.presence WHERE people > 1000 ORDER BY people DESC LIMIT 20"
STORED = "SELECT hour, COUNT(DISTINCT subscriber_id) FROM visit GROUP BY hour ORDER BY hour"
REFUSED = "SELECT * FROM visit"
FRESH = [
    "SELECT COUNT(DISTINCT subscriber_id) FROM visit",
    "SELECT gender, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY gender",
    "SELECT COUNT(DISTINCT subscriber_id) FROM presence",
    "SELECT age_band, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY age_band",
]

subprocess.run([QUORATE, "user", "add", USER, "--role", "analyst", "--partner", "leeds", "--password-stdin"],
               input=PASSWORD, text=True, cwd=FOLDER, check=True, capture_output=True)
(FOLDER / "agreements").mkdir(exist_ok=True)
(FOLDER / "agreements" / "leeds.toml").write_text(
    f'purposes = ["{PURPOSE}"]\nproducts = ["residents", "presence", "web_audience"]\nquestions = true\n'
    'areas = []\nshare = "1"\nexpires = 2099-12-31\n[periods]\nfrom = "2020-01"\n')
told = subprocess.run([QUORATE, "token", "add", USER, "--questions"], cwd=FOLDER, check=True, capture_output=True, text=True)
token = max(re.findall(r"\S{20,}", told.stdout), key=len)
server = subprocess.Popen([QUORATE, "serve", "--postgres", "127.0.0.1:0", "--flight", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                          cwd=FOLDER, stderr=subprocess.PIPE, text=True)
ports = {}
for line in server.stderr:
    if found := re.search(r"port=(\d+)", line):
        ports["postgres"] = int(found[1])
    if found := re.search(r"grpc://127.0.0.1:(\d+)", line):
        ports["flight"] = int(found[1])
    if found := re.search(r"http://127.0.0.1:(\d+)", line):
        ports["http"] = int(found[1])
    if line.startswith("answering"):
        break

postgres = psycopg.connect(host="127.0.0.1", port=ports["postgres"], user=USER, password=PASSWORD, dbname="protected",
                           options=f"-c quorate.purpose={PURPOSE}", autocommit=True)
call = "adbc.flight.sql.rpc.call_header."
flight = fl.connect(f"grpc://127.0.0.1:{ports['flight']}", autocommit=True, db_kwargs={
    "adbc.flight.sql.authorization_header": f"Bearer {token}", call + "database": "protected", call + "purpose": PURPOSE})
web = http.client.HTTPConnection("127.0.0.1", ports["http"])


def over_postgres(sql):
    return postgres.execute(sql).fetchall()


def over_flight(sql):
    with flight.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def over_http(sql):
    body = json.dumps({"sql": sql, "database": "protected", "purpose": PURPOSE})
    web.request("POST", "/v1/query", body, {"Authorization": f"Bearer {token}"})
    answer = web.getresponse()
    data = answer.read()
    if answer.status != 200:
        raise RuntimeError(data)
    return data


def seconds(ask, sql):
    begun = time.perf_counter()
    try:
        ask(sql)
    except Exception:  # noqa: BLE001 a refusal is an answer too
        if sql != REFUSED:
            raise
    return time.perf_counter() - begun


try:
    fresh = [seconds(over_postgres, it) for it in [STORED, *FRESH]]
    latencies = [
        {"of": "a fresh question, PostgreSQL", "seconds": fresh, "target": 3.0},
        {"of": "the same, after its tick of 250 ms", "seconds": [it % TICK for it in fresh], "target": None},
    ]
    for wire, ask in [("PostgreSQL", over_postgres), ("Flight SQL", over_flight), ("HTTP", over_http)]:
        for kind, sql, target in [("a released table", RELEASED, 0.02), ("an answer that stands", STORED, 0.01),
                                  ("a refusal", REFUSED, None)]:
            for _ in range(20):
                seconds(ask, sql)
            latencies.append({"of": f"{kind}, {wire}", "seconds": [seconds(ask, sql) for _ in range(AGAIN)], "target": target})
    status = Path(f"/proc/{server.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024
finally:
    server.terminate()
    server.wait(30)
print(json.dumps({"latencies": latencies, "megabytes": peak}))

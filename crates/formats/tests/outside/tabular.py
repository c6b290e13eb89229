"""Data package, CSV on the Web, JSON-stat."""

import hashlib
import json
from importlib.metadata import version

import csvw
import frictionless
import jsonstat_validator
from frictionless import Package
from pyjstat.pyjstat import Dataset

from fault import faults, replace, same_value


def frictionless_accepts_the_data_package(release, expected):
    package = Package(str(release / "datapackage.json"))
    report = package.validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])
    rows = package.resources[0].read_rows()
    same_rows([row.to_dict() for row in rows], expected)
    return f"frictionless {frictionless.__version__}: valid, {len(rows)} rows, hash and bytes"


def csvw_accepts_the_metadata(release, expected):
    group = csvw.CSVW(str(release / "data.csv-metadata.json"), validate=True)
    assert group.is_valid, "not valid"
    rows = list(group.tables[0])
    same_rows(rows, expected)
    return f"csvw {csvw.__version__}: valid, {len(rows)} rows"


def same_rows(rows, expected):
    """All tables under each other: keys that a table has not are `all`, measures are missing."""
    keys = {it for table in expected for it in table["keys"]}
    measures = {it for table in expected for it in table["measures"]}
    cells = [(table, cell) for table in expected for cell in table["cells"]]
    assert len(rows) == len(cells), f"{len(rows)} rows"
    for at, (row, (table, cell)) in enumerate(zip(rows, cells)):
        codes = dict(zip(table["keys"], cell["codes"], strict=True))
        values = dict(zip(table["measures"], cell["values"], strict=True))
        assert set(row) == keys | measures | {"level", "status"}, f"columns are {set(row)}"
        wanted = {it: codes.get(it, "all") for it in keys}
        wanted |= {"level": table["name"], "status": cell["status"]}
        for name, text in wanted.items():
            assert row[name] == text, f"row {at}, {name}: {text!r}, but read as {row[name]!r}"
        for name in measures:
            same_value(f"row {at}, {name}", row[name], values.get(name))


def pyjstat_reads_json_stat(release, expected):
    seen = 0
    for table in expected:
        text = (release / "json-stat" / f"{table['name']}.json").read_text()
        jsonstat_validator.validate_jsonstat(json.loads(text))
        dataset = Dataset.read(text)
        assert dataset["role"]["metric"] == ["measure"] and dataset["role"]["time"] == ["period"]
        if not table["cells"]:
            continue
        frame = dataset.write("dataframe", naming="id")
        values = [
            (cell, measure, value)
            for cell in table["cells"]
            for measure, value in zip(table["measures"], cell["values"], strict=True)
        ]
        assert len(frame) == len(values), f"{table['name']} has {len(frame)} values"
        for (at, row), (cell, measure, value) in zip(frame.iterrows(), values):
            where = f"{table['name']}, value {at}"
            codes, read = cell["codes"] + [measure], [row[it] for it in table["keys"] + ["measure"]]
            assert read == codes, f"{where}: {codes}, but read as {read}"
            same_value(where, row["value"], value)
            status = dataset["status"].get(str(at))
            assert status == status_of(table, cell, measure, value), f"{where}: status is {status!r}"
            seen += 1
    return (
        f"pyjstat {version('pyjstat')}, jsonstat-validator {jsonstat_validator.__version__}: "
        f"valid, {seen} values"
    )


def status_of(table, cell, measure, value):
    """What JSON-stat says of a value that is not simply published."""
    if value is None:
        return "[c]"
    near = measure == table["measures"][0] and cell["status"] == "near_threshold"
    return "near_threshold" if near else None


def described_anew(change):
    """Plants `change` in `data.csv`, and size and digest of the result in its description."""

    def plant(release):
        change(release)
        data = (release / "data.csv").read_bytes()
        path = release / "datapackage.json"
        package = json.loads(path.read_text())
        package["resources"][0]["bytes"] = len(data)
        package["resources"][0]["hash"] = "sha256:" + hashlib.sha256(data).hexdigest()
        path.write_text(json.dumps(package))

    return plant


def in_data(old, new):
    return described_anew(replace("data.csv", old, new))


def in_chart(old, new):
    return replace("json-stat/sector.json", old, new)


CHECKS = [
    frictionless_accepts_the_data_package,
    csvw_accepts_the_metadata,
    pyjstat_reads_json_stat,
]
# Faults of the data that both of its descriptions show.
SHARED = [
    ("[c] is 0", in_data(b",[c],", b",0,"), ": hidden, but read as"),
    ("a number is one more", in_data(b"1204", b"1205"), "people: 1204, but read as"),
    ("a hidden row counts as published", in_data(b"[c],[c]\n", b"[c],A\n"), "status: '[c]', but"),
    ("a place is another", in_data(b",M1,", b",M2,"), "district: 'M1', but read as 'M2'"),
]
FAULTS = [
    *faults(
        frictionless_accepts_the_data_package,
        *SHARED,
        ("a byte is changed", replace("data.csv", b"1204", b"1205"), "hash-count"),
        ("a number is a word", in_data(b"1204", b"many"), "type-error"),
        ("a number is missing", in_data(b"1204", b""), "type-error"),
        (
            "a row is there twice",
            in_data(b"district_gender,M1,M", b"district_gender,M1,F"),
            "primary-key",
        ),
    ),
    *faults(
        csvw_accepts_the_metadata,
        *SHARED,
        ("a number is a word", replace("data.csv", b"1204", b"many"), "not valid"),
        (
            "[c] is not described as missing",
            replace("data.csv-metadata.json", b'"null": "[c]"', b'"null": "[x]"'),
            "not valid",
        ),
    ),
    *faults(
        pyjstat_reads_json_stat,
        ("[c] is 0", in_chart(b"[null,", b"[0,"), "value 0: hidden, but read as 0"),
        ("[c] is not said", in_chart(b'"0":"[c]",', b""), "value 0: status is None"),
        ("a number is one more", in_chart(b"77", b"78"), "value 3: 77, but read as 78"),
        (
            "places are changed round",
            in_chart(b'["AB10 1","M1 1"]', b'["M1 1","AB10 1"]'),
            "but read as ['M1 1', 'people']",
        ),
        ("a size is another", in_chart(b"[2,3,1]", b"[2,3,2]"), "must equal number"),
        ("a class that there is not", in_chart(b'"dataset"', b'"table"'), "JSONStat"),
    ),
]

"""Data package, CSV on the Web, JSON-stat."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import csvw
import frictionless
import pyjstat
from frictionless import Package


def frictionless_accepts_the_data_package(release, expected):
    report = Package(str(release / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])
    resource = Package(str(release / "datapackage.json")).resources[0]
    rows = resource.read_rows()
    at = 0
    for table in expected:
        for cell in table["cells"]:
            row = rows[at]
            at += 1
            for measure, value in zip(table["measures"], cell["values"]):
                read = row[measure]
                assert read is None if value is None else float(read) == value, (read, value)
            assert row["status"] == cell["status"], row["status"]
    assert at == len(rows)
    stats = report.tasks[0].stats
    with TemporaryDirectory() as folder:
        shutil.copy(release / "datapackage.json", folder)
        changed = (release / "data.csv").read_bytes().replace(b"1204", b"1205")
        (Path(folder) / "data.csv").write_bytes(changed)
        broken = Package(str(Path(folder) / "datapackage.json")).validate()
    assert broken.flatten(["type"]) == [["hash-count"]], broken.flatten(["type"])
    return f"frictionless {frictionless.__version__}: valid, {stats['rows']} rows, hash and bytes"


def csvw_accepts_the_metadata(release, expected):
    group = csvw.CSVW(str(release / "data.csv-metadata.json"), validate=True)
    assert group.is_valid, "not valid"
    rows = list(group.tables[0])
    cells = [cell for table in expected for cell in table["cells"]]
    for row, cell in zip(rows, cells, strict=True):
        first = cell["values"][0]
        assert row["people"] is None if first is None else int(row["people"]) == first
    return f"csvw {csvw.__version__}: valid, {len(rows)} rows"


def pyjstat_reads_json_stat(release, expected):
    from pyjstat.pyjstat import Dataset

    seen = 0
    for table in expected:
        text = (release / "json-stat" / f"{table['name']}.json").read_text()
        dataset = Dataset.read(text)
        if not table["cells"]:
            continue
        frame = dataset.write("dataframe", naming="id")
        values = [it for cell in table["cells"] for it in cell["values"]]
        assert len(frame) == len(values), (len(frame), len(values))
        for read, value in zip(frame["value"], values):
            assert read != read or read is None if value is None else read == value, (read, value)
            seen += 1
    return f"pyjstat: {seen} values"

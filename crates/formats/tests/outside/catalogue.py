"""The catalogue entry, with rdflib, against shapes after DCAT-AP 3."""

import hashlib
from pathlib import Path

import pyshacl
import rdflib
from rdflib.namespace import DCAT, RDF

SHAPES = Path(__file__).parent.parent / "fixtures" / "dcat-shapes.ttl"
BASE = "https://example.org/releases/sample/"
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")


def rdflib_and_shacl_accept_the_entry(release, expected):
    graph = rdflib.Graph()
    graph.parse(release / "dcat.jsonld", format="json-ld", publicID=BASE + "dcat.jsonld")
    conforms, _, text = pyshacl.validate(
        graph, shacl_graph=rdflib.Graph().parse(SHAPES), inference="none", meta_shacl=True
    )
    assert conforms, text
    assert set(graph.subjects(RDF.type, DCAT.Dataset)) == {rdflib.URIRef(BASE)}
    files = 0
    for distribution in graph.objects(rdflib.URIRef(BASE), DCAT.distribution):
        address = str(graph.value(distribution, DCAT.accessURL))
        assert address.startswith(BASE), address
        content = (release / address.removeprefix(BASE)).read_bytes()
        checksum = graph.value(distribution, SPDX.checksum)
        digest = str(graph.value(checksum, SPDX.checksumValue))
        assert digest.lower() == hashlib.sha256(content).hexdigest()
        assert int(graph.value(distribution, DCAT.byteSize)) == len(content)
        files += 1
    present = sum(1 for it in release.rglob("*") if it.is_file())
    assert files == present - 1, (files, present)
    broken = rdflib.Graph() + graph
    broken.remove((None, DCAT.accessURL, None))
    assert not pyshacl.validate(broken, shacl_graph=rdflib.Graph().parse(SHAPES))[0], "no teeth"
    return (
        f"rdflib {rdflib.__version__}, pyshacl {pyshacl.__version__}: conforms, "
        f"{len(graph)} triples, {files} files"
    )

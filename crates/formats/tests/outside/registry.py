"""The registry entry, with PyYAML and jsonschema, against the registry's schema."""

import json
from importlib.metadata import version
from pathlib import Path

import jsonschema
import yaml

from fault import faults, replace

SCHEMA = Path(__file__).parent.parent / "fixtures" / "registry-schema.yaml"
ENTRY = "dp_registry.yaml"


def the_schema_accepts_the_entry(release, expected):
    schema = yaml.safe_load(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(
        schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )
    entry = yaml.safe_load((release / ENTRY).read_text())
    problems = [f"{list(it.path)}: {it.message}" for it in validator.iter_errors(entry)]
    assert not problems, problems
    # A tier-3 entry says everything that the schema asks for or allows.
    named, given = set(names_of(schema)), set(names_in(entry))
    assert named == given, f"not in the entry: {named - given}"
    package = json.loads((release / "datapackage.json").read_text())
    basic = entry["deployment"]["basic"]
    assert basic["name"] == package["title"]
    assert package["description"].startswith(basic["intended_use"] + "\n\n"), basic
    parameters = entry["deployment"]["privacy_loss"]["privacy_parameters"]
    # The δ at which ε holds, not that of the zero-concentrated guarantee.
    assert parameters == {"epsilon": 1.2345, "delta": 1e-9, "rho": 0.018}, parameters
    return (
        f"PyYAML {yaml.__version__}, jsonschema {version('jsonschema')}: valid, tier {entry['tier']}, "
        f"{len(given)} names, every object closed"
    )


def names_of(schema, path=""):
    """The paths of all that a schema names; every object in it must be closed."""
    if schema.get("type") == "object":
        assert schema.get("additionalProperties") is False, f"{path or 'the entry'} is open"
        for name, own in schema["properties"].items():
            yield f"{path}/{name}"
            yield from names_of(own, f"{path}/{name}")
    elif schema.get("type") == "array":
        yield from names_of(schema["items"], path)


def names_in(entry, path=""):
    """The paths of all that an entry gives."""
    if isinstance(entry, dict):
        for name, own in entry.items():
            yield f"{path}/{name}"
            yield from names_in(own, f"{path}/{name}")
    elif isinstance(entry, list):
        for own in entry:
            yield from names_in(own, path)


def edit(path, change):
    """Plants what `change` does to the object at `path`."""

    def plant(release):
        entry = yaml.safe_load((release / ENTRY).read_text())
        at = entry
        for name in path.split("/"):
            at = at[int(name) if isinstance(at, list) else name] if name else at
        change(at)
        (release / ENTRY).write_text(yaml.safe_dump(entry))

    return plant


def put(path, name, value):
    return edit(path, lambda it: it.__setitem__(name, value))


# Every object of an entry.
OBJECTS = [
    "",
    "deployment",
    "deployment/basic",
    "deployment/basic/data_curators/0",
    "deployment/dp_variant",
    "deployment/privacy_loss",
    "deployment/privacy_loss/privacy_parameters",
    "deployment/deployment_model",
    "deployment/accounting",
    "deployment/implementation",
    "deployment/administrative",
]
BASIC, MODEL = "deployment/basic", "deployment/deployment_model"
LOSS = "deployment/privacy_loss"
PARAMETERS = f"{LOSS}/privacy_parameters"
SURPRISE = "Additional properties are not allowed ('surprise' was unexpected)"

CHECKS = [the_schema_accepts_the_entry]
FAULTS = faults(
    the_schema_accepts_the_entry,
    *[(f"an unknown key in {it or 'the entry'}", put(it, "surprise", 1), SURPRISE) for it in OBJECTS],
    ("no unit", edit(LOSS, lambda it: it.pop("privacy_unit")), "'privacy_unit' is a required"),
    ("no note", edit("deployment/administrative", lambda it: it.pop("notes")), "not in the entry"),
    ("an unknown status", put("", "status", "Done"), "'Done' is not one of"),
    ("an unknown tier", put("", "tier", 4), "4 is not one of"),
    ("an unknown sector", put(BASIC, "data_product_sector", "Telecoms"), "'Telecoms' is not one"),
    ("an unknown kind", put(BASIC, "data_product_type", "Counts"), "'Counts' is not one of"),
    ("an unknown model", put(MODEL, "model_name", "Trusted"), "'Trusted' is not one of"),
    ("nobody hands it in", put("deployment/administrative", "registry_authors", []), "[] should"),
    ("epsilon is text", put(PARAMETERS, "epsilon", "1.2345"), "is not of type 'number'"),
    # Without a dot, YAML 1.1 reads a text.
    ("delta is no number", replace(ENTRY, b"delta: 1.0e-9", b"delta: 1e-9"), "'1e-9' is not of"),
    (
        "the date is no text",
        replace(ENTRY, b'"2026-11-03"', b"2026-11-03"),
        "is not of type 'string'",
    ),
    ("the date is none", put(BASIC, "publication_date", "2026-11-31"), "is not a 'date'"),
    ("epsilon is smaller", put(PARAMETERS, "epsilon", 1.0), "'epsilon': 1.0"),
)

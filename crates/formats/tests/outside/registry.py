"""The registry entry, with PyYAML and jsonschema, against the registry's schema."""

import copy
import json
from importlib.metadata import version
from pathlib import Path

import jsonschema
import yaml

SCHEMA = Path(__file__).parent.parent / "fixtures" / "registry-schema.yaml"


def the_schema_accepts_the_entry(release, expected):
    schema = yaml.safe_load(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(
        schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )
    entry = yaml.safe_load((release / "dp_registry.yaml").read_text())
    problems = [f"{list(it.path)}: {it.message}" for it in validator.iter_errors(entry)]
    assert not problems, problems
    package = json.loads((release / "datapackage.json").read_text())
    basic = entry["deployment"]["basic"]
    assert basic["name"] == package["title"]
    assert package["description"].startswith(basic["intended_use"] + "\n\n"), basic
    parameters = entry["deployment"]["privacy_loss"]["privacy_parameters"]
    assert parameters == {"epsilon": 1.2345, "delta": 1e-9, "rho": 0.018}, parameters
    broken = copy.deepcopy(entry)
    broken["deployment"]["basic"]["surprise"] = 1
    assert not validator.is_valid(broken), "no teeth"
    return f"PyYAML {yaml.__version__}, jsonschema {version('jsonschema')}: valid, tier {entry['tier']}"

"""Opens a release with other people's programs: run.py RELEASE EXPECTED.json

Each check prints the program, its version and what it saw; any exception fails the run.
"""

import json
import sys
import traceback
from pathlib import Path

import catalogue
import maps
import registry
import sdmx_files
import tabular
import workbook

CHECKS = [
    workbook.openpyxl_reads_it,
    maps.gdal_reads_the_geopackage,
    maps.geopandas_reads_geoparquet,
    maps.the_validator_accepts_geoparquet,
    tabular.frictionless_accepts_the_data_package,
    tabular.csvw_accepts_the_metadata,
    tabular.pyjstat_reads_json_stat,
    sdmx_files.pysdmx_accepts_the_structure,
    sdmx_files.pysdmx_reads_the_data,
    sdmx_files.sdmx1_reads_both,
    catalogue.rdflib_and_shacl_accept_the_entry,
    registry.the_schema_accepts_the_entry,
]


def main() -> int:
    release, expected = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    failed = 0
    for check in CHECKS:
        try:
            print(f"ok    {check.__name__}: {check(release, expected)}")
        except Exception:
            failed += 1
            print(f"WRONG {check.__name__}\n{traceback.format_exc()}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Opens a release with other people's programs: run.py RELEASE EXPECTED.json

1. Each check prints the program, its version and what it saw.
2. Each fault is planted in a copy of the release: the check that it names must find it.

Any exception of a check fails the run, and so does any fault that is not found.
"""

import json
import sys
import traceback
from pathlib import Path

import catalogue
import fault
import maps
import registry
import sdmx_files
import tabular
import workbook

FORMATS = [workbook, maps, tabular, sdmx_files, catalogue, registry]


def main() -> int:
    release, expected = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    checks = [it for own in FORMATS for it in own.CHECKS]
    faults = [it for own in FORMATS for it in own.FAULTS]
    unfaulted = {it.__name__ for it in checks} - {it.check.__name__ for it in faults}
    assert not unfaulted, f"no fault shows that these find anything: {unfaulted}"
    failed, wrong = 0, set()
    for check in checks:
        try:
            print(f"ok    {check.__name__}: {check(release, expected)}")
        except Exception:
            failed += 1
            wrong.add(check)
            print(f"WRONG {check.__name__}\n{traceback.format_exc()}")
    # A check that fails already shows nothing by failing again.
    for it in (it for it in faults if it.check not in wrong):
        try:
            said = " ".join(fault.find(it, release, expected).split())
            print(f"found {it.name} ({it.check.__name__}): {said:.120}")
        except Exception:
            failed += 1
            print(f"WRONG {it.name} ({it.check.__name__})\n{traceback.format_exc()}")
    print(f"{len(checks)} checks, {len(faults)} faults, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

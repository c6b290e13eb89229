"""A fault that a check must find, planted in a copy of the release."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable


@dataclass(frozen=True)
class Fault:
    """What is wrong, the check that must find it, how it comes about, part of what the check says."""

    name: str
    check: Callable[[Path, list], str]
    plant: Callable[[Path], None]
    says: str


def faults(check, *rows):
    """Faults that one check must find: name, what plants it, what the check says."""
    return [Fault(name, check, plant, says) for name, plant, says in rows]


def find(fault: Fault, release: Path, expected: list) -> str:
    """What the check said; raises when it finds nothing, or something else."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "release"
        shutil.copytree(release, copy)
        fault.plant(copy)
        try:
            fault.check(copy, expected)
        except Exception as found:
            said = f"{type(found).__name__}: {found}"
            if fault.says not in said:
                raise AssertionError(f"found for another reason than {fault.says!r}") from found
            return said
    raise AssertionError(f"{fault.check.__name__} did not find it")


def replace(path: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """Plants `new` in place of the first `old` in a file."""

    def plant(release):
        before = (release / path).read_bytes()
        assert old in before, (path, old)
        (release / path).write_bytes(before.replace(old, new, 1))

    return plant


def same_value(where, read, value):
    """A published value as it is; a hidden one missing, and neither zero nor a text."""
    missing = read is None or read != read
    if value is None:
        assert missing, f"{where}: hidden, but read as {read!r}"
    else:
        assert not missing and float(read) == value, f"{where}: {value!r}, but read as {read!r}"

"""Make the package as files that pip installs: a source archive, and from that wheels, in `dist`.

    make wheel                                  for the Pythons on the PATH
    make wheel PYTHONS="python3.11 python3.13"  for these

- `digitlab-VERSION.tar.gz`, the source; installing it needs a C++ compiler, or gives the NumPy engine alone.
- `...-cp312-abi3-....whl`, with the native engine, for Python 3.12 and all later ones on the same kind of system, by
  Python's stable ABI.
- `...-cp311-cp311-....whl`, the same for Python 3.11 alone, where one is there.
- `...-py3-none-any.whl`, without the native engine, for any system. pip takes the others where they fit.

Every wheel is made from the source archive, so that nothing is in one that is missing in the other, and its engine is
loaded by every Python here that it is meant for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

DIST = Path("dist")
STABLE = 12  # the minor version of Python from which on nanobind can build for all later ones
ASK = """
import sys, sysconfig
print(sys.implementation.name, sys.version_info[1], bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
"""
LOAD = "import sys; sys.path.insert(0, sys.argv[1]); import _native; assert _native.compiled_paths()"


class Python(NamedTuple):
    """An interpreter that wheels are made for: CPython, with its lock."""

    path: str
    minor: int

    @property
    def tag(self) -> str:
        """What stands in the name of its wheel."""
        return f"cp3{STABLE}-abi3" if self.minor >= STABLE else f"cp3{self.minor}-cp3{self.minor}"


def find_python(name: str) -> Python | None:
    """The interpreter called ``name``; None where there is none, or one that cannot be run or built for."""
    if (found := shutil.which(name)) is None:
        return None
    asked = subprocess.run([found, "-c", ASK], capture_output=True, text=True, check=False)
    implementation, minor, free = asked.stdout.split() if asked.returncode == 0 else ("none", "0", "False")
    return Python(found, int(minor)) if (implementation, free) == ("cpython", "False") and int(minor) >= 11 else None


def find_pythons(names: Sequence[str]) -> list[Python]:
    """Those of the ``names``, which must be there; without any, this one and all on the PATH."""
    asked = names or (sys.executable, *(f"python3.{minor}" for minor in range(11, 31)))
    found = {name: python for name in asked if (python := find_python(name))}
    if missing := [name for name in names if name not in found]:
        raise SystemExit(f"{missing[0]} is no CPython from 3.11 on that can be run here, or a free-threaded one")
    return list(found.values())


def make_source(dist: Path) -> Path:
    """The source archive, in the folder ``dist``."""
    run(sys.executable, "-m", "build", "--sdist", "--outdir", str(dist), ".")
    return next(dist.glob("*.tar.gz"))


def make_wheel(python: Python, source: Path, tag: str, **settings: str) -> Path:
    """A wheel from the archive ``source``, beside it; ``tag`` is in its name, ``settings`` are for the environment."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", python.path)
    with tempfile.TemporaryDirectory() as folder:
        run(*pip, "wheel", "--no-deps", "--no-cache-dir", "--wheel-dir", folder, str(source), **settings)
        (made,) = Path(folder).glob("*.whl")
        if tag not in made.name:
            why = f"its C++ did not compile (`pip install -v {source}` says why)"
            raise SystemExit(f"{made.name} should have {tag} in its name: {why}")
        return Path(shutil.copy(made, source.parent))


def check_engine(wheel: Path, python: Python) -> None:
    """Load the native engine in ``wheel`` in a process of ``python``."""
    with tempfile.TemporaryDirectory() as folder, ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith((".so", ".pyd")))
        run(python.path, "-c", LOAD, str(Path(archive.extract(name, folder)).parent))


def run(*command: str, **settings: str) -> None:
    """Run a command to its end; ``settings`` are laid over the environment."""
    ended = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}\n{ended.stdout}{ended.stderr}")


def make_all(dist: Path, names: Sequence[str]) -> Iterator[str]:
    """Make everything, and tell of each file in a line."""
    pythons = find_pythons(names)
    source = make_source(dist)
    yield str(source)
    for tag, builder in {python.tag: python for python in reversed(pythons)}.items():
        wheel = make_wheel(builder, source, tag)
        served = [python for python in pythons if python.tag == tag]
        for python in served:
            check_engine(wheel, python)
        yield f"{wheel}, loaded by Python {', '.join(f'3.{minor}' for minor in sorted({one.minor for one in served}))}"
    yield str(make_wheel(pythons[0], source, "py3-none-any", DIGITLAB_PURE="1"))


def main() -> None:
    """Make everything anew in `dist`."""
    shutil.rmtree(DIST, ignore_errors=True)
    for line in make_all(DIST, sys.argv[1:]):
        print(line, flush=True)


if __name__ == "__main__":
    main()

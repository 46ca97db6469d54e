"""Libraries that may be missing."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from digitlab.errors import InputError
from digitlab.extras import require_extra

ROOT = Path(__file__).parents[1]
# As pip calls them, and as Python does.
OPTIONAL = {
    "pyarrow": "pyarrow",
    "pillow-heif": "pillow_heif",
    "scikit-learn": "sklearn",
    "h5py": "h5py",
    "tensorboardX": "tensorboardX",
    "dask": "dask",
    "distributed": "distributed",
    "optuna": "optuna",
}


def test_what_is_installed_is_imported():
    assert require_extra("json.decoder", "keras", "a test").__name__ == "json.decoder"


def test_what_is_missing_is_named_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError) as caught:
        require_extra("h5py.any", "keras", "a .keras file")
    assert str(caught.value) == (
        "a .keras file needs h5py, which is not installed\n  help: pip install 'digitlab[keras]'"
    )


def test_what_is_there_and_broken_says_why(tmp_path, monkeypatch):
    (tmp_path / "broken_library.py").write_text("import not_there_either")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_either"):
        require_extra("broken_library", "keras", "a test")


def names_in(requirements: Iterable[str]) -> set[str]:
    """What the lines of pyproject.toml ask for, without versions."""
    return {re.split(r"[\[<>=; ]", line, maxsplit=1)[0] for line in requirements}


def test_what_an_extra_brings_is_known_here_and_is_not_in_the_core():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = set().union(*map(names_in, project["optional-dependencies"].values()))
    assert optional == set(OPTIONAL)
    assert not optional & names_in(project["dependencies"])


def test_nothing_optional_is_needed_or_looked_for_before_it_is_used(tmp_path):
    """Training, measuring and help do without the rooms that use it; these, too, look for it only when it is used."""
    program = f"""
import sys
asked = []
class Watch:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in {set(OPTIONAL.values())}:
            asked.append(name)
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Watch)
from digitlab.cli import main
def run(*calls):
    assert [main(call.split()) for call in calls] == [0] * len(calls)
run("--help", "train minibatch --epochs 1 --layers 784,10 --out run", "evaluate --model run")
rooms = ("digitlab.interop.", "digitlab.sweeping.")
print([name for name in sys.modules if f"{{name}}.".startswith(rooms)], file=sys.stderr)
run("export --help", "sweep --help")
from digitlab import *
print(asked, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n[]\n"), done.stderr

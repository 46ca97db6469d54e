"""What `make wheel` makes: all of the package is in it, and it installs where nothing can be compiled.

The Pythons are those on the PATH. `pip` fetches what digitlab needs; without a network these tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.golden import native_bits
from tools import make_wheels
from tools.make_wheels import Python, find_pythons, make_all, make_wheel

ROOT = Path(__file__).parents[1]
# Gives the bits of a training that are recorded.
TRAIN = """
import hashlib, json
import digitlab as dl
recipe = dl.recipe("minibatch", epochs=2)
network = recipe.new_network()
dl.fit(network, dl.load_mnist()[0][:1000], recipe, engine="auto")
print(hashlib.sha256(network.parameters.astype("<f4").tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """Everything that `make wheel` makes, for the Pythons on the PATH."""
    pytest.importorskip("build", reason="it makes the source archive: pip install build")
    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert len(list(make_all(folder, []))) == len(list(folder.iterdir())) >= 3
    return folder


def files_of_the_package() -> set[str]:
    """Of the sources, as they are in a wheel."""
    files = (path for path in (ROOT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT / "src")) for path in files if path.suffix not in {".so", ".pyd"}}


@pytest.mark.soak
def test_all_files_of_the_package_are_in_the_wheels_and_in_the_source(dist):
    files = files_of_the_package()
    assert {"digitlab/lab/static/index.html", "digitlab/models/standard.safetensors", "digitlab/py.typed"} <= files
    assert any(name.startswith("digitlab/training/recipes/") for name in files)
    for wheel in dist.glob("*.whl"):
        with ZipFile(wheel) as archive:
            names = {name for name in archive.namelist() if ".dist-info/" not in name}
        native = {
            name for name in names if name.startswith("digitlab/engines/_native.") and name.endswith((".so", ".pyd"))
        }
        assert names - native == files, wheel.name
        assert len(native) == (not wheel.name.endswith("-none-any.whl"))
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in files} <= names
    assert {"CMakeLists.txt", "Makefile", "LICENSE", "cpp/session.h", "tests/conftest.py", "docs/index.md"} <= names


def install(python: str, wheel: Path, folder: Path) -> dict[str, str]:
    """A new environment with ``wheel`` in it and all that it needs; gives the environment variables it is used with."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    variables = kept | {"PATH": str(folder / "bin"), "HOME": str(folder), "CC": "/bin/false", "CXX": "/bin/false"}
    assert not any(shutil.which(compiler, path=variables["PATH"]) for compiler in ("cc", "c++", "gcc", "g++", "clang"))
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:", wheel]
    done = subprocess.run(pip, env=variables, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr or "Connection" in done.stderr:
        pytest.skip(f"pip cannot fetch what digitlab needs: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return variables


def pythons() -> list[str]:
    """One of each version on the PATH, each able to make environments."""
    return list({one.minor: one.path for one in find_pythons([])}.values())


@pytest.mark.soak
@pytest.mark.parametrize(("python", "engine"), [*((each, "native") for each in pythons()), (sys.executable, "numpy")])
def test_a_wheel_installs_without_a_compiler(dist, tmp_path, python, engine):
    (asked,) = find_pythons([python])
    tag = asked.tag if engine == "native" else "py3-none-any"
    (wheel,) = dist.glob(f"*{tag}*.whl")
    variables = install(python, wheel, tmp_path / "new")
    digitlab = [tmp_path / "new/bin/digitlab", "doctor", "--json"]
    done = subprocess.run(digitlab, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["engine"] == engine
    assert (found["problems"] == []) == (engine == "native")  # without it, doctor says what is missing
    if engine == "native":
        command = [tmp_path / "new/bin/python", "-c", TRAIN]
        trained = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert trained.stdout.strip() == native_bits.recorded()["minibatch 1000"]


def test_pythons_are_found_and_others_refused(tmp_path):
    (found,) = find_pythons([sys.executable])
    assert found.minor == sys.version_info.minor
    assert found in find_pythons([])
    broken = tmp_path / "python3.12"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    for name in (str(broken), "python2.6"):
        with pytest.raises(SystemExit, match=r"is no CPython from 3\.11 on"):
            find_pythons([name])


def test_a_wheel_without_its_engine_is_not_passed_off_as_one_with(tmp_path, monkeypatch):
    """Where the C++ does not compile, pip makes the pure wheel without a word."""

    def pip(*command: str) -> None:
        (Path(command[command.index("--wheel-dir") + 1]) / "digitlab-0.1.0-py3-none-any.whl").touch()

    monkeypatch.setattr(make_wheels, "run", pip)
    python, source = Python("python3.12", 12), tmp_path / "digitlab-0.1.0.tar.gz"
    with pytest.raises(SystemExit, match=r"cp312-abi3 in its name: its C\+\+ did not compile"):
        make_wheel(python, source, python.tag)
    assert make_wheel(python, source, "py3-none-any") == tmp_path / "digitlab-0.1.0-py3-none-any.whl"
    assert [one.name for one in tmp_path.iterdir()] == ["digitlab-0.1.0-py3-none-any.whl"]

"""What the tests of commands need: a place to run them in, a model, and the commands themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import digitlab as dl
from digitlab.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty folder, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def model(tmp_path_factory, mnist) -> str:
    """The folder of a run that has learnt a little."""
    path = tmp_path_factory.mktemp("model") / "run"
    recipe = dl.recipe("minibatch", epochs=1)
    dl.fit(recipe.new_network(), mnist[0][:5000], recipe, out=path)
    return str(path)


@pytest.fixture
def run(capsys, loaded_once) -> Callable[..., tuple[int, str, str]]:
    """A command, run in this process: its exit code, what it answered, what it complained of."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """A command, begun in a process of its own."""

    def command(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
        program = [sys.executable, "-c", "import sys; from digitlab.cli import main; sys.exit(main())", *arguments]
        return subprocess.Popen(program, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return command


@pytest.fixture(scope="session")
def clothes(tmp_path_factory, mnist) -> tuple[str, str]:
    """A folder of pictures whose classes have names, and a run that has learnt a little of them."""
    place = tmp_path_factory.mktemp("clothes")
    for part, digits in zip(("train", "test"), mnist, strict=True):
        for number, name in enumerate(("Trouser", "[bold] Dress", "ズボン")):
            folder = place / "data" / part / name
            folder.mkdir(parents=True)
            for index, pixels in enumerate(digits.images[digits.labels == number][:20]):
                Image.fromarray(pixels).save(folder / f"{index}.png")
    train, _ = dl.open_data(str(place / "data"))
    recipe = dl.recipe("minibatch", layers=(784, 8, 3), epochs=10)
    dl.fit(recipe.new_network(), train, recipe, out=place / "run")
    return str(place / "data"), str(place / "run")

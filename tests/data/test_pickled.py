"""Pickles are never opened; and the three lines that are shown for whoever trusts one convert it."""

from __future__ import annotations

import gzip
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import main
from digitlab.data.pickled import ENDINGS
from digitlab.errors import InputError


class Order:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mknod, (str(self.path),)


@pytest.mark.parametrize("ending", [*ENDINGS, ".PKL"])
def test_a_pickle_is_refused_and_not_obeyed(ending, tmp_path, capsys):
    path = tmp_path / f"mnist{ending}"
    content = pickle.dumps(Order(tmp_path / "obeyed"))
    path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    assert main(["data", "verify", str(path)]) == 2
    said = capsys.readouterr().err
    assert "this is a pickle" in said
    assert len(re.findall(r"^    \S", said, re.MULTILINE)) == 3
    assert not (tmp_path / "obeyed").exists()


def test_nobody_is_told_to_bring_a_pickle(tmp_path):
    with pytest.raises(InputError, match="no such data set") as caught:
        dl.open_data(tmp_path / "nothing")
    assert "pickle" not in str(caught.value)
    assert "; ;" not in caught.value.must_be


def follow(path: Path) -> tuple[dl.Digits, dl.Digits]:
    """Do what the error says, and open what comes of it."""
    with pytest.raises(InputError, match="this is a pickle") as caught:
        dl.open_data(str(path))
    _, *lines = caught.value.help.split("\n")
    exec("\n".join(line.strip() for line in lines), {})
    return dl.open_data(str(next(path.parent.glob("*.npz"))))


def held(form: str, mnist: tuple[dl.Digits, dl.Digits]) -> object:
    (x, y), (u, v) = ((part.images[:30].reshape(30, -1), part.labels[:30].astype(np.int64)) for part in mnist)
    parts = {
        "two parts": ((x, y), (u, v)),
        "three parts of floats": ((x / 255, y), (x[:3] / 255, y[:3]), ((u / 255).astype(np.float32), v)),
    }
    return parts[form]


@pytest.mark.parametrize("form", ["two parts", "three parts of floats"])
@pytest.mark.parametrize("ending", [".pkl", ".pickle", ".pkl.gz", ".joblib"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_lines_that_are_shown_convert_it(ending, form, mnist, tmp_path):
    path = tmp_path / f"mnist{ending}"
    if ending == ".joblib":
        pytest.importorskip("joblib").dump(held(form, mnist), path)
    else:
        content = pickle.dumps(held(form, mnist))
        path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    for digits, true in zip(follow(path), mnist, strict=True):
        assert digits.sha256() == true[:30].sha256()


def test_the_lines_convert_the_two_files_of_pytorch(mnist, tmp_path):
    torch = pytest.importorskip("torch")
    for name, part in zip(("training.pt", "test.pt"), mnist, strict=True):
        torch.save((torch.tensor(part.images[:30]), torch.tensor(part.labels[:30].astype(int))), tmp_path / name)
    for digits, true in zip(follow(tmp_path / "test.pt"), mnist, strict=True):
        assert digits.sha256() == true[:30].sha256()

"""Files that would do something if they were unpickled or evaluated: under every name that digitlab reads, none is."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from digitlab.errors import DigitlabError
from tests.hostile import forge
from tests.hostile.readers import READERS, write_truth


class Order:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mknod, (str(self.path),)


def pickles(path: Path) -> dict[str, bytes]:
    """The same order in every protocol, and in the wrappings that other programs use."""
    found = {f"protocol {number}": pickle.dumps(Order(path), number) for number in range(pickle.HIGHEST_PROTOCOL + 1)}
    newest = found[f"protocol {pickle.HIGHEST_PROTOCOL}"]
    found["a dictionary of it"] = pickle.dumps({"x_train": Order(path), "W1": Order(path)})
    found["gzipped"] = gzip.compress(newest)
    npy = io.BytesIO()
    np.save(npy, np.array([Order(path)], dtype=object), allow_pickle=True)
    found["an array of objects"] = npy.getvalue()
    every_member = [(name, npy.getvalue()) for name, _ in forge.npz_members()]
    found["an archive of arrays of objects"] = forge.archive(every_member)
    found["one array of objects in an archive"] = forge.archive(forge.npz_members(y_test=npy.getvalue()))
    torch = io.BytesIO()
    with zipfile.ZipFile(torch, "w") as archive:
        archive.writestr("archive/data.pkl", newest)
    found["as PyTorch has it"] = torch.getvalue()
    code = f"__import__('os').mknod({str(path)!r})"
    found["code"] = code.encode()
    typed = f"{{'descr': {code}, 'fortran_order': False, 'shape': (2, 28, 28), }}".encode()
    for where, array in {
        "shape": forge.npy(code, forge.ink(1568)),
        "type": forge.npy_with(typed, forge.ink(1568)),
    }.items():
        found[f"code in a {where} of NumPy"] = forge.archive(forge.npz_members(x_train=array))
    found["code in a model file"] = forge.with_header(*forge.model(architecture=code))
    found["code in a recipe"] = f'epochs = "{code}"\n[tool]\nrun = "{code}"'.encode()
    return found


NAMES = list(pickles(Path("order")))


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_an_order_in_a_file_is_refused_and_not_obeyed(name, form, tmp_path):
    write_truth(tmp_path)
    order = tmp_path / "obeyed"
    place, read = READERS[form]
    (tmp_path / place).write_bytes(pickles(order)[name])
    with pytest.raises(DigitlabError):
        read(tmp_path / place)
    assert not order.exists()


def test_the_orders_are_obeyed_by_those_who_obey(tmp_path):
    """The test itself is right: whoever unpickles makes the file."""
    for number in range(pickle.HIGHEST_PROTOCOL + 1):
        order = tmp_path / str(number)
        pickle.loads(pickles(order)[f"protocol {number}"])
        assert order.exists()


def test_there_are_many():
    assert len(NAMES) * len(READERS) > 130

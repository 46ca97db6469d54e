"""MAT-files: what SciPy writes is read, and which arrays are pictures and labels is beyond doubt, or refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import scipy.io

import digitlab as dl
from digitlab.data.mat_file import parse_mat
from digitlab.errors import DataFileError
from tests.hostile import forge

KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")


def saved(arrays: dict[str, Any], **how: Any) -> bytes:
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, arrays, **how)
    return buffer.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (2, 3, 4), (1, 0), (5, 1), (784, 9)])
def test_numbers_of_every_type_are_read_as_scipy_reads_them(shape, compressed):
    rng = np.random.default_rng(0)
    arrays = {f"A{kind}": rng.integers(0, 99, shape).astype(kind) for kind in KINDS}
    content = saved(arrays, do_compression=compressed)
    read, seen = parse_mat(content, "some.mat"), scipy.io.loadmat(io.BytesIO(content))
    assert read.keys() == {name.lower() for name in arrays}
    for name in arrays:
        assert np.array_equal(read[name.lower()], seen[name])
        assert read[name.lower()].shape == shape


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_no_array_of_plain_numbers_is_passed_over(compressed):
    odd = {"text": "hello", "cells": np.array([["a", "bb"]] * 99, dtype=object), "complex": np.ones((3, 3)) * 1j}
    odd |= {"record": {"x": 1, "y": np.ones(5)}, "sparse": scipy.sparse.eye_array(3)}
    assert parse_mat(saved(odd | {"x": np.ones((2, 3))}, do_compression=compressed), "some.mat").keys() == {"x"}


SHAPES = {
    "columns": lambda few: few.images.reshape(len(few), -1).T,
    "rows": lambda few: few.images.reshape(len(few), -1),
    "pictures beside each other": lambda few: np.moveaxis(few.images, 0, 2),
    "doubles": lambda few: few.images.reshape(len(few), -1).astype(float),
}
LABELS = {
    "a row": lambda few: few.labels[np.newaxis],
    "a column": lambda few: few.labels[:, np.newaxis],
    "doubles": lambda few: few.labels[np.newaxis].astype(float),
    "one-hot": lambda few: np.eye(10)[few.labels],
}


@pytest.mark.parametrize("x", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS.keys())
@pytest.mark.parametrize(("name", "label"), [("data", "label"), ("X", "y"), ("images", "Labels")])
def test_pictures_and_labels_are_found(x, y, name, label, mnist, tmp_path):
    few = mnist[0][:20]
    (tmp_path / "some.mat").write_bytes(saved({label: y(few), name: x(few), "more": np.ones(3)}))
    known = {image.tobytes(): digit for image, digit in zip(few.images, few.labels, strict=True)}
    for part in dl.open_data(str(tmp_path / "some.mat")):
        assert [known[image.tobytes()] for image in part.images] == part.labels.tolist()


def test_the_array_of_labels_can_be_named(mnist, tmp_path):
    few = mnist[0][:20]
    path = tmp_path / "some.mat"
    path.write_bytes(saved({"truth": few.labels, "data": few.images.reshape(20, -1)}))
    with pytest.raises(DataFileError, match=r"these are not pictures and labels(?s:.)*truth(?s:.)*--label-column"):
        dl.open_data(str(path))
    assert len(dl.open_data(str(path), label_column="Truth")[0]) == 18


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "this cannot be read(?s:.)*savemat"),
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM", "this cannot be read(?s:.)*-v7"),
        (saved({"data": np.ones((784, 784)), "label": np.ones(784)}), "the rows or the columns"),
        (saved({"data": np.ones((783, 3)), "label": np.ones(3)}), "wrong size"),
        (saved({"data": np.full((784, 3), 7), "label": np.ones(2)}), "do not belong together"),
        (saved({"data": np.full((784, 3), 0.5), "label": np.ones(3)}), "from 0 to 1"),
        (forge.mat()[:-8], "an element is longer than what holds it"),
        (saved({"data": np.ones((784, 3))}, do_compression=True)[:-3], "longer than what holds it"),
    ],
)
def test_what_is_no_data_set_is_refused(content, complaint, tmp_path):
    (tmp_path / "some.mat").write_bytes(content)
    with pytest.raises(DataFileError, match=complaint):
        dl.open_data(str(tmp_path / "some.mat"))


def test_no_flipped_bit_of_a_compressed_file_gives_other_numbers():
    whole = saved({"data": np.arange(784 * 3, dtype=np.uint8).reshape(784, 3)}, do_compression=True)
    right = parse_mat(whole, "some.mat")["data"]
    for at in range(136, len(whole), 7):
        try:
            read = parse_mat(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :], "some.mat")
        except DataFileError:
            continue
        assert np.array_equal(read.get("data", right), right)

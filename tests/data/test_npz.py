"""Keras's mnist.npz: read as NumPy wrote it, and whatever is wrong is refused, at once and in little memory."""

from __future__ import annotations

import io
import itertools
import struct
import warnings
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitlab as dl
from digitlab.data.npz import parse_npz
from digitlab.errors import DataFileError

RNG = np.random.default_rng(0)
ARRAYS = {
    "x_train": RNG.integers(0, 256, (3, 28, 28), dtype=np.uint8),
    "y_train": np.array([5, 0, 9], dtype=np.uint8),
    "x_test": RNG.integers(0, 256, (2, 28, 28), dtype=np.uint8),
    "y_test": np.array([1, 2], dtype=np.uint8),
}


def npz(save: Callable[..., None] = np.savez, **changed: np.ndarray) -> bytes:
    """The four arrays as NumPy saves them, with some changed."""
    buffer = io.BytesIO()
    save(buffer, **(ARRAYS | changed))
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def packed(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive with any members; the same name may come twice."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def members(**changed: bytes) -> list[tuple[str, bytes]]:
    return [(f"{name}.npy", changed.get(name, npy(array))) for name, array in ARRAYS.items()]


def npy_with(header: str, body: bytes = b"") -> bytes:
    text = header.encode() + b" " * 20 + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def shaped(shape: str, kind: str = "|u1") -> bytes:
    return npy_with(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}", bytes(784))


def read(content: bytes) -> tuple[dl.Digits, dl.Digits] | None:
    """What is read, or None where it is refused in our own words."""
    try:
        return parse_npz(content, "some.npz", "some")
    except DataFileError:
        return None


def is_true(parts: tuple[dl.Digits, dl.Digits]) -> bool:
    return all(
        np.array_equal(digits.images, ARRAYS[f"x_{part}"]) and np.array_equal(digits.labels, ARRAYS[f"y_{part}"])
        for part, digits in zip(("train", "test"), parts, strict=True)
    )


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", ["u1", "i1", "<i8", ">i4", "<u2"])
def test_what_numpy_saved_is_read_back(save, kind):
    train, test = parse_npz(npz(save, y_train=ARRAYS["y_train"].astype(kind)), "some.npz", "Keras")
    assert is_true((train, test))
    assert (train.source, test.source) == ("Keras train", "Keras test")


def test_arrays_in_fortran_order_are_read_back():
    assert is_true(parse_npz(npz(x_train=np.asfortranarray(ARRAYS["x_train"])), "some.npz", "some"))


@pytest.mark.parametrize("version", [(2, 0), (3, 0)])
def test_later_versions_of_the_header_are_read(version):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, ARRAYS["x_train"], version=version)
    assert is_true(parse_npz(packed(members(x_train=buffer.getvalue())), "some.npz", "some"))


def test_mnist_in_this_form_is_mnist(mnist):
    train, test = mnist
    content = npz(x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    assert [part.sha256() for part in parse_npz(content, "mnist.npz", "k")] == [train.sha256(), test.sha256()]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_no_flipped_bit_is_read_as_other_pictures(save):
    # Headers, directory and labels bit by bit; of the pixels, whose CRC-32 is one matter, some.
    content = npz(save)
    where = [at for at in range(len(content)) if at < 400 or at > len(content) - 1200 or at % 7 == 0]
    outcomes = []
    for at, bit in itertools.product(where, range(8)):
        parts = read(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        outcomes.append("refused" if parts is None else "true" if is_true(parts) else "wrong")
    assert outcomes.count("wrong") == 0
    assert outcomes.count("refused") > 0.8 * len(outcomes)  # the rest are dates, versions and the like


@pytest.mark.soak
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_no_flipped_bit_among_twenty_real_pictures_is_read_as_others(save, mnist):
    digits = mnist[0][:10], mnist[1][:10]
    arrays = {
        f"{letter}_{part}": array
        for part, some in zip(("train", "test"), digits, strict=True)
        for letter, array in (("x", some.images), ("y", some.labels))
    }
    content = npz(save, **arrays)
    truth = [part.sha256() for part in digits]
    refused = 0
    for at, bit in itertools.product(range(len(content)), range(8)):
        parts = read(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        refused += parts is None
        assert parts is None or [part.sha256() for part in parts] == truth
    assert refused > 0.9 * 8 * len(content)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_cut_anywhere_is_noticed(save):
    content = npz(save)
    assert [length for length in range(len(content)) if read(content[:length])] == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<!DOCTYPE html><title>404</title>" * 3, "not a ZIP archive"),
        (packed(members()[:3]), "has other members"),
        (packed([*members()[:3], ("y_test", members()[3][1])]), "has other members"),
        (npz(x_train=ARRAYS["x_train"][:2]), "do not hold digits"),
        (npz(x_train=ARRAYS["x_train"].reshape(3, 784)), "do not hold digits"),
        (npz(y_train=ARRAYS["y_train"][:, np.newaxis]), "do not hold digits"),
        (npz(y_train=np.array([0, 1, 10])), "not a digit"),
        (npz(y_train=np.array([0, -1, 1])), "not a digit"),
        (npz(y_train=ARRAYS["y_train"].astype(float)), r"wrong type(?s:.)*y\.astype\(np.uint8\)"),
        (npz(x_train=ARRAYS["x_train"] / 255), r"wrong type(?s:.)*np\.rint\(255 \* x\)\.astype"),
        (npz(x_train=ARRAYS["x_train"].astype(np.int8)), "wrong type"),
        (npz(y_train=np.array([0, 1, 2], dtype=object)), "wrong type"),
        (npz(y_train=np.zeros(3, dtype=[("a", "u1")])), "header of the array is damaged"),
        (packed(members(y_train=npy(ARRAYS["y_train"]) + b"junk")), "shape cannot be true"),
        (packed(members(y_train=npy(ARRAYS["y_train"])[:-1])), "shape cannot be true"),
        (packed(members(y_train=b"")), "not a NumPy array"),
        (packed(members(y_train=b"\x93NUMPY\x07\x00" + bytes(99))), "not a NumPy array"),
        (packed(members(y_train=npy_with("__import__('os').system('true')"))), "header of the array is damaged"),
        (packed(members(y_train=npy_with("{'descr': '|u1'}"))), "header of the array is damaged"),
        (packed(members(x_train=shaped("(1,,28)"))), "header of the array is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damage_is_named(content, complaint):
    with pytest.raises(DataFileError, match=complaint) as caught:
        parse_npz(content, "some.npz", "some")
    assert caught.value.what.startswith("some.npz")


@given(content=st.binary(max_size=300))
@settings(deadline=None, max_examples=200)
def test_arbitrary_bytes_are_refused(content):
    assert read(content) is None


@given(
    save=st.sampled_from([np.savez, np.savez_compressed]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5), st.binary(max_size=5)), min_size=1, max_size=3),
)
@settings(deadline=None, max_examples=300)
def test_mutated_files_are_refused_or_read_as_they_are(save, edits):
    content = npz(save)
    for place, removed, inserted in edits:
        start = int(place * len(content))
        content = content[:start] + inserted + content[start + removed :]
    parts = read(content)
    assert parts is None or is_true(parts)


HEADER_TEXT = st.text("{}()[]', :x0123456789descrfotanhpTueFls|<>u", max_size=80)


@given(
    header=HEADER_TEXT | st.builds("{{'descr': '{}', 'fortran_order': {}, 'shape': ({})}}".format, *[HEADER_TEXT] * 3)
)
@settings(deadline=None, max_examples=300)
def test_invented_headers_are_refused_or_fit(header):
    parts = read(packed(members(y_train=npy_with(header, bytes(3)))))
    assert parts is None or parts[0].labels.tolist() == [0, 0, 0]

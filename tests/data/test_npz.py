"""Keras's mnist.npz: read as NumPy wrote it, and whatever is wrong is refused, at once and in little memory."""

from __future__ import annotations

import io
import itertools
import struct
import time
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitlab as dl
from digitlab.data.npz import parse_npz
from digitlab.data.zip_file import find_members
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


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_cut_anywhere_is_noticed(save):
    content = npz(save)
    assert [length for length in range(len(content)) if read(content[:length])] == []


def swapped() -> bytes:
    """A directory in which x_test lies where x_train lies."""
    content = bytearray(npz(x_test=ARRAYS["x_train"], y_test=ARRAYS["y_train"]))
    first = content.index(b"PK\x01\x02")
    test = content.index(b"x_test.npy", first) - 46
    content[test + 42 : test + 46] = content[first + 42 : first + 46]
    return bytes(content)


def quoted_overlap() -> bytes:
    """Two members that share bytes: the first quotes the header of the second, and then goes on with its stream.

    So are the cheapest bombs made (D. Fifield, "A better zip bomb", 2019; CVE-2024-0450).
    """
    inner = b"the bytes of both" * 9
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = deflate.compress(inner) + deflate.flush()

    def headers(name: bytes, packed: bytes, whole: bytes, start: int) -> tuple[bytes, bytes]:
        sizes = (zlib.crc32(whole), len(packed), len(whole))
        local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, *sizes, len(name), 0) + name
        rest = (len(name), 0, 0, 0, 0, 0, start)
        return local, struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, *sizes, *rest) + name

    local_b, _ = headers(b"b", stream, inner, 0)
    quote = b"\0" + struct.pack("<HH", len(local_b), len(local_b) ^ 0xFFFF) + local_b + stream
    local_a, central_a = headers(b"a", quote, local_b + inner, 0)
    _, central_b = headers(b"b", stream, inner, len(local_a) + 5)
    parts, directory = local_a + quote, central_a + central_b
    return parts + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(parts), 0)


def test_members_that_share_bytes_are_refused():
    content = quoted_overlap()
    with pytest.raises(DataFileError, match="overlap"):
        find_members(content, ("a", "b"), "bomb.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:  # the test itself is right: each by itself is sound
        assert [entry.filename for entry in archive.infolist()] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not an archive"),
        (b"<!DOCTYPE html><title>404</title>" * 3, "not an archive"),
        (npz() + b"\0", "not an archive"),
        (npz() + npz(), "end of the archive is damaged"),
        (b"MZ" + npz(), "end of the archive is damaged"),
        (packed(members()[:3]), "something else"),
        (packed([*members(), ("z.npy", npy(np.zeros(1)))]), "something else"),
        (packed([*members()[:3], members()[0]]), "comes twice"),
        (packed([*members()[:3], ("../y_test.npy", members()[3][1])]), "does not belong"),
        (packed([*members()[:3], ("y_test", members()[3][1])]), "does not belong"),
        (packed(members(), zipfile.ZIP_BZIP2), "compression"),
        (swapped(), "not where it should be"),
        (npz(x_train=ARRAYS["x_train"][:2]), "do not hold digits"),
        (npz(x_train=ARRAYS["x_train"].reshape(3, 784)), "do not hold digits"),
        (npz(y_train=ARRAYS["y_train"][:, np.newaxis]), "do not hold digits"),
        (npz(y_train=np.array([0, 1, 10])), "not a digit"),
        (npz(y_train=np.array([0, -1, 1])), "not a digit"),
        (npz(y_train=ARRAYS["y_train"].astype(float)), "wrong type"),
        (npz(x_train=ARRAYS["x_train"] / 255), "wrong type"),
        (npz(x_train=ARRAYS["x_train"].astype(np.int8)), "wrong type"),
        (npz(y_train=np.array([0, 1, 2], dtype=object)), "wrong type"),
        (npz(y_train=np.zeros(3, dtype=[("a", "u1")])), "header of the array is damaged"),
        (packed(members(y_train=npy(ARRAYS["y_train"]) + b"junk")), "shape cannot be true"),
        (packed(members(y_train=npy(ARRAYS["y_train"])[:-1])), "shape cannot be true"),
        (packed(members(y_train=b"")), "not a NumPy array"),
        (packed(members(y_train=b"\x93NUMPY\x07\x00" + bytes(99))), "not a NumPy array"),
        (packed(members(y_train=npy_with("__import__('os').system('true')"))), "header of the array is damaged"),
        (packed(members(y_train=npy_with("{'descr': '|u1'}"))), "header of the array is damaged"),
        (packed(members(x_train=shaped("(1,,28)"))), "impossible|cannot be true"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damage_is_named(content, complaint):
    with pytest.raises(DataFileError, match=complaint) as caught:
        parse_npz(content, "some.npz", "some")
    assert caught.value.what.startswith("some.npz")


def test_a_password_is_refused():
    content = bytearray(npz())
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    with pytest.raises(DataFileError, match="compression"):
        parse_npz(bytes(content), "some.npz", "some")


def with_sizes(content: bytes, size: int) -> bytes:
    """The same archive, whose directory says that the first member is ``size`` bytes unpacked."""
    at = content.index(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<L", size) + content[at + 4 :]


def bomb(size: int) -> bytes:
    return packed(members(x_train=shaped("(1, 28, 28)") + bytes(size)), zipfile.ZIP_DEFLATED)


LIES = {
    "2^50 pictures": packed(members(x_train=shaped(f"({2**50}, 28, 28)"))),
    "2^50 pictures, deflated": packed(members(x_train=shaped(f"({2**50}, 28, 28)")), zipfile.ZIP_DEFLATED),
    "a product that overflows": packed(members(x_train=shaped(f"({2**32}, {2**32}, {2**32})"))),
    "a side of 99 digits": packed(members(x_train=shaped(f"({'9' * 80},)"))),
    "a member of 4 GB": with_sizes(npz(), 2**32 - 1),
    "a member of 4 GB, deflated": with_sizes(npz(np.savez_compressed), 2**32 - 2),
    "a header of 4 GB": packed(members(x_train=b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(9000))),
    "a bomb": bomb(2**27),
    "a bomb with a small size": with_sizes(bomb(2**27), 1000),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_header_that_lies_is_refused_at_once(lie):
    def seconds() -> float:
        start = time.perf_counter()
        assert read(lie) is None
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.05


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_header_that_lies_costs_no_memory(lie):
    tracemalloc.start()
    try:
        assert read(lie) is None
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_a_stream_that_is_longer_than_its_member_is_refused():
    """The directory is made to agree with the array, the stream has more: nothing of the surplus is unpacked."""
    content = with_sizes(bomb(10**7), 0)
    honest = len(shaped("(1, 28, 28)"))
    assert read(with_sizes(content, honest)) is None


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


def test_the_crc_is_that_of_the_format():
    """The CRC-32 in our refusals is zlib's, which ZIP uses: a wrong pixel with the right CRC passes."""
    content = bytearray(npz())
    at = content.index(ARRAYS["x_train"].tobytes())
    old = zlib.crc32(npy(ARRAYS["x_train"]))
    content[at] ^= 1
    assert read(bytes(content)) is None
    changed = ARRAYS["x_train"].copy()
    changed[0, 0, 0] ^= 1
    new = struct.pack("<L", zlib.crc32(npy(changed)))
    assert read(bytes(content).replace(struct.pack("<L", old), new)) is not None

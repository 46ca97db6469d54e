"""IDX files: what is read is what was written, and whatever is wrong is refused, at once and in little memory."""

from __future__ import annotations

import gzip
import itertools
import os
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from digitlab.data.idx import parse_idx, read_idx
from digitlab.errors import DataFileError
from tests.costs import cheaply
from tests.hostile.forge import encode_idx

BYTE_ARRAYS = arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=9))
LARGEST = 2**32 - 1


def header(*shape: int) -> bytes:
    """The header as the publisher describes it, made without the code under test."""
    return struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)


ONE_PICTURE = header(1, 28, 28) + bytes(range(196)) * 4
BOMB = gzip.compress(header(100, 28, 28) + bytes(1000 * 100 * 784), compresslevel=1)  # 78 MB from 0.4 MB
LIES = {
    "2^31 pictures": header(2**31, 28, 28) + bytes(1000),
    "2^31 pictures, gzipped": gzip.compress(header(2**31, 28, 28) + bytes(1000)),
    "the largest shape": header(LARGEST, LARGEST, LARGEST) + bytes(1000),
    "the largest shape, gzipped": gzip.compress(header(LARGEST, LARGEST, LARGEST) + bytes(1000)),
    "a bomb": BOMB,
}


def is_refused(content: bytes, dimensions: int) -> bool:
    try:
        parse_idx(content, dimensions, "damaged")
    except DataFileError:
        return True
    return False


def is_misread(content: bytes, truth: NDArray[np.uint8]) -> bool:
    """Neither refused nor read as the truth: the one thing that must never happen."""
    try:
        array, _ = parse_idx(content, truth.ndim, "damaged")
    except DataFileError:
        return False
    return not np.array_equal(array, truth)


def bit_flips(content: bytes) -> Iterator[bytes]:
    """``content`` with each of its bits flipped in turn."""
    for position, bit in itertools.product(range(len(content)), range(8)):
        yield content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@given(array=BYTE_ARRAYS)
@settings(deadline=None)
def test_what_was_encoded_is_read_back(pack, array):
    read, content = parse_idx(pack(encode_idx(array)), array.ndim, "round trip")
    assert np.array_equal(read, array)
    assert content == encode_idx(array)


def test_the_encoding_is_the_published_format():
    assert encode_idx(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint8)) == header(2, 3) + bytes([1, 2, 3, 4, 5, 6])


@pytest.mark.parametrize("view", [lambda a: a.T, np.asfortranarray, lambda a: a[::-1, ::2]], ids=["T", "F", "strided"])
def test_arrays_in_any_memory_order_are_encoded_alike(view):
    array = view(np.arange(24, dtype=np.uint8).reshape(4, 6))
    assert np.array_equal(parse_idx(encode_idx(array), 2, "view")[0], array)


def test_a_cut_anywhere_is_noticed(mnist):
    whole = gzip.compress(encode_idx(mnist[0].images[:20]), mtime=0)
    assert not is_refused(whole, 3)
    assert [length for length in range(len(whole)) if not is_refused(whole[:length], 3)] == []


def test_no_flipped_bit_is_read_as_other_pictures(mnist):
    truth = mnist[0].images[:20]
    flipped = list(bit_flips(gzip.compress(encode_idx(truth), mtime=0)))
    assert sum(is_misread(content, truth) for content in flipped) == 0
    assert sum(is_refused(content, 3) for content in flipped) > 0.99 * len(
        flipped
    )  # the rest is, e.g., the file's date


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (ONE_PICTURE[:3], "not the IDX file"),
        (ONE_PICTURE[:15], "header is cut short"),
        (gzip.compress(ONE_PICTURE[:15]), "header is cut short"),
        (b"\x01" + ONE_PICTURE[1:], "not the IDX file"),
        (ONE_PICTURE[:2] + b"\x0d" + ONE_PICTURE[3:], "not the IDX file"),  # float32
        (header(784) + bytes(784), "not the IDX file"),
        (header(1, 1, 28, 28) + bytes(784), "not the IDX file"),
        (ONE_PICTURE[:-1], "can hold|cut short"),
        (gzip.compress(ONE_PICTURE[:-1]), "cut short"),
        (ONE_PICTURE + b"\0", "after the end of the array"),
        (gzip.compress(ONE_PICTURE + b"\0"), "after the end of the array"),
        (gzip.compress(ONE_PICTURE) * 2, "follows the gzip member"),
        (gzip.compress(ONE_PICTURE) + gzip.compress(b""), "follows the gzip member"),
        (gzip.compress(ONE_PICTURE) + b"junk", "follows the gzip member"),
        (gzip.compress(ONE_PICTURE)[:-8] + bytes(8), "damaged"),  # another CRC-32
        (b"<!DOCTYPE html><title>404 Not Found</title>", "not the IDX file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damage_is_named(content, complaint, tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=complaint) as caught:
        read_idx(path, 3)
    assert str(path) in caught.value.what


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_header_that_lies_is_refused_at_once_and_in_little_memory(lie):
    with cheaply():
        assert is_refused(lie, 3)


def test_a_bomb_is_not_unpacked_beyond_what_its_header_says():
    """The rest of it may be missing: nobody looks."""
    said = []
    for content in (BOMB, BOMB[: len(BOMB) // 2]):
        with pytest.raises(DataFileError) as caught:
            parse_idx(content, 3, "bomb")
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_what_is_unzipped_is_in_memory_once(tmp_path):
    path = tmp_path / "large.gz"
    path.write_bytes(gzip.compress(header(10_000, 28, 28) + bytes(7_840_000), compresslevel=1))
    tracemalloc.start()
    try:
        array = read_idx(path, 3)
        assert tracemalloc.get_traced_memory()[1] < 1.3 * array.nbytes
    finally:
        tracemalloc.stop()


# The most memory a process ever had; the kernel's getrusage would count in the parent that forked it.
GROWTH = """
import sys
from pathlib import Path
from digitlab.data.idx import read_idx
from digitlab.errors import DataFileError

def most():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

before = most()
for name in sys.argv[1:]:
    try:
        read_idx(Path(name), 3)
    except DataFileError:
        continue
    sys.exit(f"{name} was accepted")
sys.stdout.write(str(most() - before))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
def test_a_header_that_lies_costs_no_memory_of_the_process(tmp_path):
    for number, lie in enumerate(LIES.values()):
        (tmp_path / str(number)).write_bytes(lie)
    command = [sys.executable, "-c", GROWTH, *map(str, sorted(tmp_path.iterdir()))]
    kib = int(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    assert kib < 10_000


@pytest.mark.parametrize("shape", [(LARGEST, LARGEST, 0), (0, LARGEST, LARGEST), (LARGEST, 0, LARGEST)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_an_empty_array_of_monstrous_sides_is_refused(shape, pack):
    assert is_refused(pack(header(*shape)), 3)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.symlink_to(path), "symbolic links"),  # to itself
    ],
    ids=["missing", "folder", "loop"],
)
def test_what_is_no_file_is_refused(make: Callable[[Path], None], complaint, tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    make(path)
    with pytest.raises(DataFileError, match=complaint):
        read_idx(path, 3)


def test_a_file_without_permission_is_refused(tmp_path, as_nobody):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(ONE_PICTURE)
    path.chmod(0)
    with as_nobody(), pytest.raises(DataFileError, match="Permission denied"):
        read_idx(path, 3)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path):
    pipe, complaints = tmp_path / "pipe", []
    os.mkfifo(pipe)

    def read() -> None:
        try:
            read_idx(pipe, 3)
        except DataFileError as error:
            complaints.append(error.got)

    reader = Thread(target=read, daemon=True)  # a daemon: should it wait for ever, the tests do not
    reader.start()
    reader.join(timeout=10)
    assert complaints == ["a pipe, socket or device"]


def check_that_nothing_is_invented(content: bytes, dimensions: int) -> None:
    """Whatever is accepted, encoded again, is the bytes that were read."""
    try:
        array, raw = parse_idx(content, dimensions, "fuzz")
    except DataFileError:
        return
    unzipped = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    assert encode_idx(array) == raw == unzipped


SMALL_SHAPES = st.tuples(*[st.sampled_from([0, 1, 2, 28, 256, 2**31, LARGEST])] * 3)
BODIES = st.binary(max_size=64)
ALMOST_IDX = st.builds(lambda shape, body: header(*shape) + body, SMALL_SHAPES, BODIES)


@given(content=st.binary(max_size=200) | ALMOST_IDX | ALMOST_IDX.map(gzip.compress), dimensions=st.sampled_from([1, 3]))
@settings(deadline=None, max_examples=400)
def test_arbitrary_bytes_are_refused_or_read_as_they_are(content, dimensions):
    check_that_nothing_is_invented(content, dimensions)


@given(
    array=BYTE_ARRAYS,
    pack=st.sampled_from([bytes, gzip.compress]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=3),
)
@settings(deadline=None, max_examples=400)
def test_mutated_files_are_refused_or_read_as_they_are(array, pack, edits):
    content = pack(encode_idx(array))
    for place, removed, inserted in edits:
        start = int(place * len(content))
        content = content[:start] + inserted + content[start + removed :]
    check_that_nothing_is_invented(content, array.ndim)

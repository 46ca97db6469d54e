"""ZIP archives: exactly the members that were asked for, whole, apart from each other; and their CRC-32 compared."""

from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitlab.data.zip_file import open_archive, unpack
from digitlab.errors import DataFileError

A, B = b"the first member" * 20, bytes(range(256))
BOTH = [("a", A), ("b", B)]


def packed(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    """An archive as Python makes it, with any members; the same name may come twice."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")
        archive.comment = comment
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def unpack_both(content: bytes) -> list[bytes]:
    archive = open_archive(content, ("a", "b"), "some.zip")
    return [unpack(archive, name, "some.zip") for name in ("a", "b")]


def read(content: bytes) -> list[bytes] | None:
    """Both members, or None where the archive is refused."""
    try:
        return unpack_both(content)
    except DataFileError:
        return None


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("members", [BOTH, BOTH[::-1]], ids=["in order", "in another order"])
def test_what_python_packed_is_unpacked(method, members):
    assert read(packed(members, method)) == [A, B]


@given(st.binary(max_size=500), st.binary(max_size=500), st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_any_members_are_unpacked(a, b, method):
    assert read(packed([("a", a), ("b", b)], method)) == [a, b]


def test_a_part_of_a_member_is_unpacked_alone():
    archive = open_archive(packed(BOTH, zipfile.ZIP_DEFLATED), ("a", "b"), "some.zip")
    assert unpack(archive, "a", "some.zip", most=5) == A[:5]


def swapped() -> bytes:
    """A directory in which b lies where a lies."""
    content = bytearray(packed(BOTH))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 1)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


def changed(content: bytes, signature: bytes, offset: int, new: bytes) -> bytes:
    """Some bytes of the first header of a kind are others."""
    at = content.index(signature) + offset
    return content[:at] + new + content[at + len(new) :]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a ZIP archive"),
        (b"<!DOCTYPE html><title>404</title>" * 3, "not a ZIP archive"),
        (packed(BOTH) + b"\0", "not a ZIP archive"),
        (packed(BOTH)[:-1], "not a ZIP archive"),
        (packed(BOTH) + packed(BOTH), "end of the archive is damaged"),
        (b"MZ" + packed(BOTH), "end of the archive is damaged"),
        (packed(BOTH, comment=b"hello"), "not a ZIP archive"),
        (packed(BOTH[:1]), "has other members(?s:.)*got: 1 of them"),
        (packed([*BOTH, ("c", b"")]), "has other members(?s:.)*got: 3 of them"),
        (packed([BOTH[0], BOTH[0]]), "has other members(?s:.)*'a', 'a'"),
        (packed([BOTH[0], ("../b", B)]), "has other members"),
        (packed([BOTH[0], ("/b", B)]), "has other members"),
        (packed([BOTH[0], ("b/", b"")]), "has other members"),
        (packed([BOTH[0], ("B", B)]), "has other members"),
        (packed([BOTH[0], ("ä", B)]), "has other members"),
        (packed(BOTH, zipfile.ZIP_BZIP2), "compression"),
        (packed(BOTH, zipfile.ZIP_LZMA), "compression"),
        (changed(packed(BOTH), b"PK\x01\x02", 8, b"\1"), "compression"),  # a password
        (changed(packed(BOTH), b"PK\x01\x02", 0, b"PK\x07\x08"), "Bad magic number for central directory"),
        (changed(packed(BOTH), b"PK\x01\x02", 16, bytes(4)), "Bad CRC-32"),
        (changed(packed(BOTH), b"PK\x01\x02", 20, b"\xff"), "overlap"),
        (changed(packed(BOTH), b"PK\x01\x02", 24, b"\xff"), "cut short, or too long"),
        (changed(packed(BOTH), b"PK\x01\x02", 42, b"\xff\xff\xff\x7f"), "Truncated file header"),
        (changed(packed(BOTH), b"PK\x03\x04", 30, b"x"), "header b'x' differ"),
        (changed(packed(BOTH, 8), b"PK\x03\x04", 31, b"\xff"), "while decompressing"),
        (changed(packed(BOTH, 8), b"PK\x01\x02", 24, b"\xff\xff\xff\xff"), "cut short, or too long"),
        (swapped(), "overlap"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damage_is_named(content, complaint):
    with pytest.raises(DataFileError, match=complaint) as caught:
        unpack_both(content)
    assert caught.value.what.startswith("some.zip")
    assert caught.value.got


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
        open_archive(content, ("a", "b"), "bomb.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:  # the test itself is right: each by itself is sound
        assert [entry.filename for entry in archive.infolist()] == ["a", "b"]


def test_a_second_end_is_not_believed():
    """`zipfile` looks for a ZIP64 end right before the end: here it is in the comment of the last directory entry."""
    content = packed(BOTH)
    at, last = content.rindex(b"PK\x05\x06"), content.rindex(b"PK\x01\x02")
    size, start = struct.unpack("<2L", content[at + 12 : at + 20])
    directory = content[last:at].replace(b"b", b"c")  # the other one, which the second end tells of
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(directory), at)
    comment = directory + end64 + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, size + len(comment), start, 0)
    lie = content[: last + 32] + struct.pack("<H", len(comment)) + content[last + 34 : at] + comment + end
    with zipfile.ZipFile(io.BytesIO(lie)) as archive:  # the test itself is right
        assert archive.namelist() == ["c"]
    with pytest.raises(DataFileError, match="end of the archive is damaged"):
        unpack_both(lie)


def test_a_directory_must_be_as_long_as_it_says():
    """`zipfile` takes what is there of a last comment that would be longer."""
    content = packed(BOTH)
    at = content.rindex(b"PK\x01\x02") + 32
    for lie in (b"\1\0", b"\xff\xff"):
        with pytest.raises(DataFileError, match="other members, or is damaged"):
            unpack_both(content[:at] + lie + content[at + 2 :])


def test_a_stream_that_is_longer_than_its_member_is_not_unpacked_further():
    content = packed([("a", A + bytes(2**26)), BOTH[1]], zipfile.ZIP_DEFLATED)
    content = changed(content, b"PK\x01\x02", 24, struct.pack("<L", len(A)))
    tracemalloc.start()
    try:
        assert read(content) is None
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_no_flipped_bit_and_no_cut_is_read_as_something_else(method):
    content = packed(BOTH, method)
    flipped = (
        content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
        for at in range(len(content))
        for bit in range(8)
    )
    assert {str(read(file)) for file in flipped} == {str([A, B]), "None"}
    assert {read(content[:length]) for length in range(len(content))} == {None}


@given(content=st.binary(max_size=300))
@settings(deadline=None)
def test_arbitrary_bytes_are_refused(content):
    assert read(content) is None


@given(edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=9)), min_size=1, max_size=3))
@settings(deadline=None, max_examples=300)
def test_mutated_archives_are_refused_or_read_as_they_are(edits):
    content = packed(BOTH, zipfile.ZIP_DEFLATED)
    for place, removed, inserted in edits:
        start = int(place * len(content))
        content = content[:start] + inserted + content[start + removed :]
    assert read(content) in (None, [A, B])


def test_the_crc_is_that_of_the_format():
    """Zlib's CRC-32: another content with its right CRC passes."""
    content = packed(BOTH)
    other = A[:-1] + b"!"
    damaged = content.replace(A, other)
    assert read(damaged) is None
    sums = [struct.pack("<L", zlib.crc32(member)) for member in (A, other)]
    assert read(damaged.replace(*sums)) == [other, B]

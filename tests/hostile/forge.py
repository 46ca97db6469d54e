"""Small files of every form that digitlab reads, made byte by byte from their descriptions, not by the code under test.

Whatever a file says about itself can be changed, while its checksums stay right: so a lie, or what a fuzzer
invents, gets past them and meets the code behind.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

PIXELS = 784
LOCAL = ("needed", "flags", "method", "time", "date", "crc", "packed", "size", "name_length", "extra_length")
CENTRAL = ("made", *LOCAL, "comment_length", "disk", "internal", "external", "start")
END = ("disk", "first_disk", "on_disk", "count", "directory_size", "start", "comment_length")
GZIP_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"


@cache
def ink(count: int) -> bytes:
    """So many bytes that are not all the same."""
    return bytes(at * at % 251 for at in range(count))


def idx(*shape: int, body: bytes | None = None, begin: bytes = b"\0\0\x08", dimensions: int | None = None) -> bytes:
    """An IDX file; ``body`` is what follows a shape that lies, ``dimensions`` how many it says it has."""
    content = ink(math.prod(shape)) if body is None else body
    sides = struct.pack(f">{len(shape)}I", *shape)
    return begin + bytes([len(shape) if dimensions is None else dimensions]) + sides + content


def rows(*shape: int, body: bytes = struct.pack(">4i", 1, 7, 2, 7), begin: bytes = b"\0\0\x0c", **said: int) -> bytes:
    """The extended labels of QMNIST: rows of whole numbers, here two of two."""
    return idx(*(shape or (2, 2)), body=body, begin=begin, **said)


def encode_idx(array: np.ndarray) -> bytes:
    """The IDX file that holds an array of bytes."""
    return idx(*array.shape, body=array.tobytes())


def deflated(content: bytes, level: int = 1) -> bytes:
    """A deflate stream without any wrapper."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
    return deflate.compress(content) + deflate.flush()


def gzipped(content: bytes, *, crc: int | None = None, size: int | None = None) -> bytes:
    """One gzip member; ``crc`` and ``size`` are what its end says."""
    true = zlib.crc32(content), len(content) & 0xFFFFFFFF
    ending = struct.pack("<2L", true[0] if crc is None else crc, true[1] if size is None else size)
    return GZIP_HEADER + deflated(content) + ending


def npy(shape: object, body: bytes, kind: str = "|u1", order: object = False) -> bytes:
    """A NumPy array that says it has this shape."""
    return npy_with(f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}".encode(), body)


def npy_with(header: bytes, body: bytes, *, begin: bytes = b"\x93NUMPY\x01\x00", length: int | None = None) -> bytes:
    """A NumPy array with any header."""
    text = header + b" " * (-(len(header) + 11) % 64) + b"\n"
    width = "<H" if begin[6:7] == b"\x01" else "<L"
    return begin + struct.pack(width, len(text) if length is None else length) + text + body


def npz_members(train: int = 2, test: int = 1, **changed: bytes) -> list[tuple[str, bytes]]:
    """The four members of a `mnist.npz`, some of them changed."""
    members = []
    for part, count in (("train", train), ("test", test)):
        x, y = npy((count, 28, 28), ink(count * PIXELS)), npy((count,), bytes(at % 10 for at in range(count)))
        members += [(f"x_{part}", changed.get(f"x_{part}", x)), (f"y_{part}", changed.get(f"y_{part}", y))]
    return [(f"{name}.npy", content) for name, content in members]


def archive(
    members: Sequence[tuple[str, bytes]],
    *,
    deflate: bool = False,
    liar: int = 0,
    local: Mapping[str, int] | None = None,
    central: Mapping[str, int] | None = None,
    end: Mapping[str, int] | None = None,
) -> bytes:
    """A ZIP archive; header and directory entry of the member number ``liar``, and the end, say what they shall."""
    parts, directory = b"", b""
    for number, (name, content) in enumerate(members):
        packed = deflated(content) if deflate else content
        lies = number == liar
        fields = {"needed": 20, "flags": 0, "method": 8 * deflate, "time": 0, "date": 33, "crc": zlib.crc32(content)}
        fields |= {"packed": len(packed), "size": len(content), "name_length": len(name), "extra_length": 0}
        more = {"made": 20, "comment_length": 0, "disk": 0, "internal": 0, "external": 0, "start": len(parts)}
        said = fields | more | (dict(central or {}) if lies else {})
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *(said[key] for key in CENTRAL)) + name.encode()
        said = fields | (dict(local or {}) if lies else {})
        parts += struct.pack("<4s5H3L2H", b"PK\x03\x04", *(said[key] for key in LOCAL)) + name.encode() + packed
    last = {"disk": 0, "first_disk": 0, "on_disk": len(members), "count": len(members), "comment_length": 0}
    last |= {"directory_size": len(directory), "start": len(parts)} | dict(end or {})
    return parts + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", *(last[key] for key in END))


def table(rows: int = 2, columns: int = PIXELS + 1, *, header: bool = True) -> bytes:
    """A CSV file with labels."""
    names = ",".join(["label", *(f"p{number}" for number in range(columns - 1))]) + "\n"
    lines = "".join(f"{row % 10}" + f",{row}" * (columns - 1) + "\n" for row in range(rows))
    return ((names if header else "") + lines).encode()


def usps(count: int = 2, *, label: bytes = b"5.0000", pixel: bytes = b"-1.0000", pixels: int = 256) -> bytes:
    """Lines of ``zip.train``, all alike."""
    return (label + (b" " + pixel) * pixels + b"\n") * count


def arff(
    rows: bytes | None = None, *, names: str = "class", begin: bytes = b"@relation x\n", end: bytes = b"@data\n"
) -> bytes:
    """An ARFF file whose first column is called ``names``; ``rows`` are what follows the header."""
    columns = [names, *(f"p{number}" for number in range(PIXELS))]
    header = "".join(f"@attribute {name} numeric\n" for name in columns).encode()
    return begin + header + end + (table(header=False) if rows is None else rows)


def element(kind: int, content: bytes, *, length: int | None = None) -> bytes:
    """A part of a MAT-file; ``length`` is what it says about itself."""
    said = len(content) if length is None else length
    return struct.pack("<2L", kind, said) + content + bytes(-len(content) % 8)


def matrix(
    name: str, body: bytes, *sides: int, flags: int = 9, kind: int = 2, length: int | None = None, packed: bool = False
) -> bytes:
    """An array of bytes in a MAT-file, which may say something else."""
    parts = element(6, struct.pack("<2L", flags, 0)) + element(5, struct.pack(f"<{len(sides)}L", *sides))
    whole = element(14, parts + element(1, name.encode()) + element(kind, body), length=length)
    return pressed(whole) if packed else whole


def pressed(content: bytes, *, check: int | None = None) -> bytes:
    """An element in a zlib stream; ``check`` is what its end says."""
    stream = zlib.compress(content, 1)
    stream = stream if check is None else stream[:-4] + struct.pack(">L", check)
    return struct.pack("<2L", 15, len(stream)) + stream


def mat(*arrays: bytes, begin: bytes = b"\0\1IM") -> bytes:
    """A MAT-file of two pictures; or of other arrays."""
    pictures, labels = matrix("data", ink(2 * PIXELS), PIXELS, 2), matrix("label", b"\0\1", 1, 2)
    return b"MATLAB 5.0 MAT-file".ljust(124) + begin + b"".join(arrays or (pictures, labels))


def chunk(kind: bytes, content: bytes, *, length: int | None = None) -> bytes:
    """One piece of a PNG file; ``length`` is what it says about itself."""
    said = struct.pack(">L", len(content) if length is None else length)
    return said + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def png(
    width: int = 28, height: int = 28, *, form: bytes = b"\x08\0\0\0\0", before: bytes = b"", after: bytes = b""
) -> bytes:
    """A grey PNG picture; its header may say any size, and other pieces may come before and after the pixels."""
    header = chunk(b"IHDR", struct.pack(">2L", width, height) + form)
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + ink(28) for _ in range(28)), 1))
    return b"\x89PNG\r\n\x1a\n" + header + before + pixels + after + chunk(b"IEND", b"")


def tiff(order: str = "<", **changed: tuple[int, ...] | None) -> bytes:
    """A TIFF file of 28x28 grey pixels in one strip behind its tags, each of 4-byte numbers; None leaves one out.

    ``tag_256=(5,)`` changes what the tag of that number says.
    """
    tags: dict[int, tuple[int, ...] | None] = {256: (28,), 257: (28,), 258: (8,), 259: (1,), 262: (1,)}
    tags |= {273: (8,), 277: (1,), 278: (28,), 279: (PIXELS,)}
    tags |= {int(name.removeprefix("tag_")): values for name, values in changed.items()}
    found = [(tag, values) for tag, values in sorted(tags.items()) if values is not None]
    at = 8 + PIXELS
    values_at = at + 2 + 12 * len(found) + 4
    entries, rest = b"", b""
    for tag, values in found:
        packed = struct.pack(f"{order}{len(values)}L", *values)
        where = packed if len(values) == 1 else struct.pack(order + "L", values_at + len(rest))
        entries += struct.pack(order + "HHL", tag, 4, len(values)) + where
        rest += packed if len(values) > 1 else b""
    begin = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "L", at)
    return begin + ink(PIXELS) + struct.pack(order + "H", len(found)) + entries + bytes(4) + rest


def tensors(shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str | None]) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file, to be changed, and its numbers; with their checksum in the metadata."""
    body, entries = b"", {}
    for name in sorted(shapes):
        numbers = struct.pack(f"<{math.prod(shapes[name])}f", *(at / 8 for at in range(math.prod(shapes[name]))))
        place = [len(body), len(body) + len(numbers)]
        entries[name] = {"dtype": "F32", "shape": list(shapes[name]), "data_offsets": place}
        body += numbers
    texts = {"sha256": hashlib.sha256(body).hexdigest(), **metadata}
    return {"__metadata__": {key: text for key, text in texts.items() if text is not None}, **entries}, body


def with_header(header: object, body: bytes, *, length: int | None = None) -> bytes:
    """A safetensors file with any header: bytes as they are, anything else as JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


MODEL_SHAPES = {"W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2,)}
SUMMARY = {"state": "finished", "epochs": 3, "steps": 9, "samples": 20, "held_out": 0, "source": "x", "engine": "numpy"}
MODEL_TEXTS = {
    "format": "digitlab-model",
    "version": "1",
    "architecture": '{"sizes": [4, 3, 2], "activation": "sigmoid"}',
    "labels": '["circle", "cross"]',
    "preprocessing": '{"version": 1, "kind": "divide", "by": 255, "side": 2}',
    "temperature": "1.5",
    "recipe": '{"layers": [4, 3, 2], "learning_rate": 0.1, "about": "a test"}',
    "training": json.dumps(SUMMARY),
}
COUNT = 7  # parameters of the network whose checkpoint this is
CHECKPOINT_SHAPES = {"parameters": (COUNT,), "optimizer.velocity": (COUNT,), "best": (COUNT,)}
CHECKPOINT_TEXTS = {"format": "digitlab-checkpoint", "version": "1", "counters": '{"step": 5, "epoch": 2, "loss": 1.5}'}


def model(**metadata: str | None) -> tuple[dict[str, Any], bytes]:
    """Header and numbers of a model file, with some of its metadata changed."""
    return tensors(MODEL_SHAPES, {**MODEL_TEXTS, **metadata})


def checkpoint(**metadata: str | None) -> tuple[dict[str, Any], bytes]:
    """Header and numbers of a checkpoint, with some of its metadata changed."""
    return tensors(CHECKPOINT_SHAPES, {**CHECKPOINT_TEXTS, **metadata})


RECIPE = (
    b'about = "a test"\nlayers = [784, 2, 10]\nactivation = "relu"\nlearning_rate = 0.1\nepochs = 3\nbatch_size = 20\n'
)

"""Data files that lie about sizes, counts, lengths, types or checksums. Each is made when it is asked for.

The bodies are those of two pictures 28x28, or of two labels.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.hostile import forge

Lie = tuple[str, Callable[[], bytes]]
SIDES = (3, 60_000, 2**16, 2**24, 2**30, 2**31 - 1, 2**31, 2**32 - 1)
HUGE = (2**16, 2**31, 2**32 - 1)
BODY = forge.ink(2 * 784)
LONG = 2**25  # bytes that a bomb unpacks to: more than three times what may be taken


def idx_images() -> Iterator[Lie]:
    """Shapes, types, and numbers of dimensions; plain and gzipped."""
    shapes = [(*(2, 28, 28)[:at], side, *(2, 28, 28)[at + 1 :]) for at in range(3) for side in SIDES]
    shapes += [shape for shape in itertools.product((2, *HUGE), (28, *HUGE), HUGE) if shape not in shapes]
    shapes += [shape for shape in itertools.product((0, 2**32 - 1), repeat=3) if any(shape) and 0 in shape]
    lies: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [(f"shape {shape}", shape, {}) for shape in shapes]
    lies += [(f"type {kind}", (2, 28, 28), {"begin": bytes([0, 0, kind])}) for kind in (0, 9, 11, 12, 13, 14, 255)]
    lies += [(f"begins {word!r}", (2, 28, 28), {"begin": word}) for word in (b"\0\1\x08", b"\1\0\x08", b"\xff\xff\xff")]
    lies += [(f"{count} dimensions", (2, 28, 28), {"dimensions": count}) for count in (0, 1, 2, 4, 127, 255)]
    for name, shape, said in lies:
        yield name, partial(forge.idx, *shape, body=BODY, **said)
        yield f"{name}, gzipped", partial(gzipped_idx, *shape, body=BODY, **said)
    yield from gzip_lies(forge.idx(2, 28, 28))
    for surplus in (LONG, 8 * LONG):
        yield f"{surplus} bytes too much", partial(inflating, forge.idx(2, 28, 28), bytes(1), surplus)


def idx_labels() -> Iterator[Lie]:
    """How many there are, and what they are."""
    for side in (0, 1, *SIDES):
        yield f"{side} labels", partial(forge.idx, side, body=b"\1\2")
        yield f"{side} labels, gzipped", partial(gzipped_idx, side, body=b"\1\2")
    for label in (10, 128, 255):
        yield f"the label {label}", partial(forge.idx, 2, body=bytes([1, label]))
    yield f"{LONG} labels", partial(inflating, forge.idx(2, body=b""), b"\1", LONG)


def idx_rows() -> Iterator[Lie]:
    """Labels in rows of whole numbers: shapes, types, and what the first numbers are."""
    for shape in [(side, 2) for side in (0, 1, *SIDES)] + [(2, side) for side in (0, 1, *SIDES)]:
        yield f"shape {shape}", partial(forge.rows, *shape)
    for kind in (0, 8, 9, 11, 13, 14, 255):
        yield f"type {kind}", partial(forge.rows, begin=bytes([0, 0, kind]))
    for dimensions in (0, 1, 3, 255):
        yield f"{dimensions} dimensions", partial(forge.rows, dimensions=dimensions)
    for label in (-(2**31), -1, 10, 255, 256, 2**31 - 1):
        yield f"the label {label}", partial(forge.rows, body=struct.pack(">4i", label, 7, 2, 7))
    yield from gzip_lies(forge.rows())
    yield f"{LONG} rows", partial(inflating, forge.rows(body=b""), b"\1", LONG)


def gzipped_idx(*shape: int, **said: Any) -> bytes:
    return forge.gzipped(forge.idx(*shape, **said))


def inflating(begin: bytes, filling: bytes, count: int) -> bytes:
    """A small file that unpacks to much."""
    return forge.gzipped(begin + filling * count)


def gzip_lies(content: bytes) -> Iterator[Lie]:
    """About the wrapper: its flags promise fields that are not there, its end another checksum or length."""
    whole = forge.gzipped(content)
    for crc in (0, 1, 2**32 - 1):
        yield f"gzip CRC {crc}", partial(forge.gzipped, content, crc=crc)
    for size in (0, 1, len(content) - 1, len(content) + 1, 2**31, 2**32 - 1):
        yield f"gzip length {size}", partial(forge.gzipped, content, size=size)
    changed = {f"gzip flags {flags:#x}": whole[:3] + bytes([flags]) + whole[4:] for flags in (2, 4, 8, 16, 28, 32, 255)}
    changed |= {
        "a gzip field of 65535 bytes": whole[:3] + b"\4" + whole[4:10] + b"\xff\xff" + whole[10:],
        "gzip method 7": whole[:2] + b"\7" + whole[3:],
        "two gzip members": whole + whole,
        "an empty gzip member behind": whole + forge.gzipped(b""),
        "junk behind": whole + b"junk",
        "no end": whole[:-8],
        "a stored block of 65535 bytes": whole[:10] + b"\1\xff\xff\0\0" + content,
        "a stored block whose lengths differ": whole[:10] + b"\1\x10\0\x10\0" + content,
    }
    for name, file in changed.items():
        yield name, partial(bytes, file)


def npz() -> Iterator[Lie]:
    """About the archive, its members, and the arrays in them."""
    yield from zip_lies()
    for (name, content), deflate in itertools.product(npy_lies(), (False, True)):
        members = forge.npz_members(x_train=content)
        yield f"npy {name}{', deflated' * deflate}", partial(forge.archive, members, deflate=deflate)
    (_, x), *others = forge.npz_members()
    for name in ("../x_train.npy", "/x_train.npy", "x_train", "X_TRAIN.NPY", "x_train.npy\0", "y_train.npy", ""):
        yield f"a member named {name!r}", partial(forge.archive, [(name, x), *others])
    for deflate in (False, True):
        yield f"as many pictures as labels, but not here{deflate}", partial(forge.archive, others, deflate=deflate)
    yield "a member too much", partial(forge.archive, [*forge.npz_members(), ("z.npy", b"")])
    yield "3,000 members", partial(forge.archive, [(f"{number}", b"") for number in range(3000)])
    yield "an archive of nothing", partial(forge.archive, [])
    yield "an end alone, for four members", partial(forge.archive, [], end={"count": 4, "on_disk": 4})
    yield "a member that unpacks to much", partial(inflating_npz, {"size": len(x)})
    yield "a member that unpacks to much, and says so", partial(inflating_npz, {})


def inflating_npz(central: dict[str, int]) -> bytes:
    content = forge.npy((2, 28, 28), BODY) + bytes(LONG)
    return forge.archive(forge.npz_members(x_train=content), deflate=True, central=central)


def zip_lies() -> Iterator[Lie]:
    """About one field of one header."""
    short, long = (1, 0x7FFF, 0xFFFF), (1, 2**31, 2**32 - 1)
    lengths = dict.fromkeys(("name_length", "extra_length"), short)
    central = {**lengths, **dict.fromkeys(("crc", "packed", "size", "start"), long), "comment_length": short}
    central |= {"method": (1, 6, 9, 12, 14, 93, 99, 0xFFFF), "flags": (1, 0x41, 0xFFFF)}
    end = dict.fromkeys(("disk", "first_disk", "on_disk", "count", "comment_length"), short)
    end |= dict.fromkeys(("directory_size", "start"), long)
    for deflate, liar in itertools.product((False, True), (0, 3)):
        headers: dict[str, dict[str, tuple[int, ...]]] = {"local": lengths, "central": central, "end": end}
        for where, fields in headers.items():
            for field, value in ((field, value) for field, values in fields.items() for value in values):
                said: dict[str, Any] = {where: {field: value}, "liar": liar, "deflate": deflate}
                name = f"{where} {field} {value}, member {liar}{', deflated' * deflate}"
                yield name, partial(forge.archive, forge.npz_members(), **said)


SHAPES = (
    *(f"({2**power}, 28, 28)" for power in (2, 16, 31, 32, 50, 62, 63, 64, 200)),
    *(f"(2, 28, {2**power})" for power in (5, 31, 50, 63)),
    *("(-2, 28, 28)", "(2, -28, -28)", "(2,)", "(1568,)", "()", "2", "(2, 784)", "(2, 28, 28, 1)", "(1, 2, 28, 28)"),
    *("(0, 28, 28)", "(0, 4611686018427387904, 4611686018427387904)", f"({2**32}, {2**32}, {2**32})"),
    *("(2.0, 28, 28)", "(2e0, 28, 28)", "(0x2, 28, 28)", "(True, 28, 28)", "(2, 28, 28", "2, 28, 28)", "[2, 28, 28]"),
    *("(2,, 28, 28)", "(2 2, 28, 28)", "(,)", f"({'9' * 90},)", f"({', '.join('1' * 30)})", "(2L, 28, 28)"),
)
KINDS = ("|O", "<f4", "<f8", ">f2", "|S1", "<U1", "|V1", "|b1", "<c8", "<M8", "|i1", "<u2", "|u8", "u1u1", "|u999", "")


def npy_lies() -> Iterator[tuple[str, bytes]]:
    """About the shape, the type, the order and the header itself of an array."""
    for shape in SHAPES:
        yield f"shape {shape:.40}", forge.npy(shape, BODY)
    for kind in KINDS:
        yield f"type {kind!r}", forge.npy((2, 28, 28), BODY, kind)
    for order in (0, None, "C"):
        yield f"order {order}", forge.npy((2, 28, 28), BODY, order=order)
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 28, 28), }"
    for length in (0, 1, 40, 10_001, 0x7FFF, 0xFFFF):
        yield f"header of {length}", forge.npy_with(header, BODY, length=length)
    for length, version in itertools.product((2**20, 2**31, 2**32 - 1), (2, 3)):
        begin = b"\x93NUMPY" + bytes([version, 0])
        yield f"header of {length}, version {version}", forge.npy_with(header, BODY, begin=begin, length=length)
    for begin in (b"\x93NUMPY\0\0", b"\x93NUMPY\1\1", b"\x93NUMPY\4\0", b"\x93NUMPY\xff\xff", b"\x94NUMPY\1\0"):
        yield f"begins {begin!r}", forge.npy_with(header, BODY, begin=begin)
    for number, other in enumerate((b"", b"{}", b"{'shape': (2, 28, 28)}", header * 2, header[:-1], b"[" * 9000)):
        yield f"another header, {number}", forge.npy_with(other, BODY)


CELLS = (b"x", b"", b"256", b"1000", b"-1", b"1.5", b"1e2", b"0x1", b"NaN", b"9" * 5000, b"\0", b"\xff", b"\xc2\xb2")


def csv() -> Iterator[Lie]:
    """About columns; numbers that are none; and lines without end."""
    whole = forge.table(2)
    top, first, second = whole.splitlines(keepends=True)
    for columns in (1, 2, 783, 787, 10_000):
        yield f"{columns} columns", partial(forge.table, 2, columns)
    changed = {
        "a header of a million columns": b"a," * 10**6,
        "a line of a million columns": top + b"0," * 10**6,
        "a header of a million letters": b"a" * 10**6,
        "a line of a million digits": top + b"7" * 10**6,
        "a header cut short": top[:99] + b"\n" + first,
        "a line cut short": top + first + second[:99],
        "a line with a column too much": top + first[:-1] + b",0\n",
        "two columns of labels": whole.replace(b"p1,", b"label,"),
        "half a quote": whole.replace(b"p1,", b'"label,'),
        "no column of labels": whole.replace(b"label", b"word"),
        "an empty line": top + b"\n" + first,
    }
    one, two = first.split(b",", 1)[1][:-1], second.split(b",", 1)[1][:-1]  # 784 pixels each
    changed |= {
        "the label behind its pixels": one + b",3\n" + two + b",4\n",
        "ones before the pixels": b"1," + one + b"\n1," + two + b"\n",
        "labels before and behind, one of them a pixel": b"3," + one[:-1] + b"4\n5," + two[:-1] + b"6\n",
        "an empty row among others": top + first + b"," * 784 + b"\n" + second,
        "an empty row with a column too few": whole + b"," * 783 + b"\n",
        "semicolons after commas": top + first.replace(b",", b";"),
        "both separators in one line": whole.replace(b",", b";", 300),
        "a decimal comma that is one too many": whole.replace(b",", b";").replace(b";0", b";0,0,0"),
        "row numbers before the pixels": b"".join(b"%d,%s\n" % (row, one) for row in range(20)),
    }
    for cell in CELLS:
        changed[f"a pixel {cell[:8]!r}"] = top + first.replace(b",0", b"," + cell, 1)
        changed[f"a label {cell[:8]!r}"] = top + cell + first[1:]
    for name, file in changed.items():
        yield name, partial(bytes, file)
    yield from gzip_lies(whole)
    yield "empty rows without end", partial(inflating, whole, b"," * 784 + b"\n", LONG // 785)
    bombs = {"zeros": (b"", b"\0"), "commas": (b"", b","), "newlines": (whole, b"\n"), "ones": (top, b"1")}
    for name, (begin, filling) in bombs.items():
        yield f"{LONG} {name}", partial(inflating, begin, filling, LONG)


def arff() -> Iterator[Lie]:
    """About the header; the rows are those of CSV files."""
    row = forge.table(1, header=False)
    changed = {
        "nothing": b"",
        "no @data": forge.arff(end=b""),
        "no column of labels": forge.arff(names="word"),
        "two columns of labels": forge.arff(begin=b"@attribute label numeric\n"),
        "a column too many": forge.arff(begin=b"@attribute x numeric\n"),
        "an attribute without a type": forge.arff(begin=b"@attribute\n"),
        "an attribute in half a quote": forge.arff(names="'class"),
        "something else in the header": forge.arff(begin=b"0,0,0\n"),
        "sparse rows": forge.arff(b"{0 1, 5 255}\n"),
        "a row too short": forge.arff(row[:99] + b"\n"),
        "an empty row among others": forge.arff(row + b"," * 784 + b"\n" + row),
        "a label of 10": forge.arff(b"10" + row[1:]),
        "a million attributes": b"@attribute p numeric\n" * 10**6,
        "an attribute of a million letters": forge.arff(names="c" * 10**6),
        "a header of a million spaces": b" " * 10**6,
        "two headers": forge.arff(forge.arff()),
    }
    for name, file in changed.items():
        yield name, partial(bytes, file)
    for cell in CELLS:
        yield f"a pixel {cell[:8]!r}", partial(forge.arff, row.replace(b",0", b"," + cell, 1))
    yield from gzip_lies(forge.arff())
    for name, filling in {"comments": b"%\n", "empty lines": b"\n", "attributes": b"@attribute p real\n"}.items():
        yield f"{name} without end", partial(inflating, b"", filling, LONG // len(filling))


def usps() -> Iterator[Lie]:
    """About numbers that are none, or too many, or too few."""
    neither = {*CELLS, b"-1.0001", b"1.", b"- 1", b"0.1234567", b"inf"} - {b"-1"}
    for cell in sorted(neither | {b"2"}):
        yield f"a pixel {cell[:8]!r}", partial(forge.usps, pixel=cell)
    for cell in sorted(neither | {b"-1"}):
        yield f"a label {cell[:8]!r}", partial(forge.usps, label=cell)
    yield "nothing", partial(forge.usps, 0)
    for count in (0, 1, 255, 257, 784, 2**16):
        yield f"{count} pixels", partial(forge.usps, pixels=count)
    yield "an empty line", partial(bytes, forge.usps() + b"\n" + forge.usps())
    yield from gzip_lies(forge.usps())
    for name, filling in {"spaces": b" ", "newlines": b"\n", "numbers": b"1 ", "minuses": b"-"}.items():
        yield f"{LONG} {name}", partial(inflating, b"", filling, LONG // len(filling))


LIES = {
    "usps": usps,
    "idx images": idx_images,
    "idx labels": idx_labels,
    "idx rows": idx_rows,
    "npz": npz,
    "csv": csv,
    "arff": arff,
}

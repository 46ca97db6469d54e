"""Files of other tools that lie: ONNX, NumPy's archives of arrays, PyTorch's state dicts. Each is made when asked for.

All hold the network 4-3-2; ONNX is put together here field by field.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.hostile import forge
from tests.hostile.lies_of_data import Lie
from tests.hostile.lies_of_models import LENGTHS, OFFSETS, SHAPES, TYPES

LONG = 2**25  # bytes that a bomb unpacks to
SIDES = (0, 5, 2**20, 2**31, 2**32, 2**62, 2**63 - 1)
TEXTS: tuple[bytes, ...] = (  # what digitlab would have said beside the numbers
    *(b"", b"{", b"[]", b"{}", b"null", b"1", b"\xff", b"[" * 99_999, b'{"a":' * 50_000, b'{"activation": "swish"}'),
    *(
        b'{"activation": null}',
        b'{"activation": ["relu"]}',
        b'{"activation": "relu", "more": 1}',
        b'{"labels": ["a", "b"]}',
    ),
    *(b'{"activation": "relu", "labels": ["a"]}', b'{"activation": "relu", "temperature": 0}'),
    *(b'{"activation": "relu", "preprocessing": {"side": 28, "kind": "deskew"}}', b'{"activation": "' + b"x" * 10**6),
)


# --- ONNX ---


def varint(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def field(number: int, value: int | bytes | str, length: int | None = None) -> bytes:
    """One field of a message; ``length`` is what it says of its bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value % 2**64)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content) if length is None else length) + content


def tensor(name: str, dims: tuple[int, ...], numbers: int = 0, **said: Any) -> bytes:
    """An array of so many numbers: raw, or as the field ``floats``; of a type, or beside other fields."""
    content = struct.pack(f"<{numbers}f", *(at / 8 - 0.5 for at in range(numbers)))
    shape = said.get("packed") or b"".join(field(1, side) for side in dims)
    more = said.get("more", b"")
    return field(5, shape + field(2, said.get("kind", 1)) + field(8, name) + field(said.get("at", 9), content) + more)


def node(op: str, inputs: str, output: str, more: bytes = b"") -> bytes:
    names = b"".join(field(1, name) for name in inputs.split())
    return field(1, names + field(2, output) + field(4, op) + more)


def value(number: int, name: str) -> bytes:
    return field(number, field(1, name))


PARTS = {
    "z": node("Gemm", "x W1 b1", "z"),
    "a": node("Relu", "z", "a"),
    "y": node("Gemm", "a W2 b2", "y"),
    "W1": tensor("W1", (4, 3), 12),
    "b1": tensor("b1", (3,), 3),
    "W2": tensor("W2", (3, 2), 6),
    "b2": tensor("b2", (2,), 2),
    "input": value(11, "x"),
    "output": value(12, "y"),
}
OPSET = field(8, field(2, 17))


def onnx(more: bytes = b"", opset: bytes = OPSET, graph_length: int | None = None, **changed: bytes) -> bytes:
    """A file; ``changed`` are parts of its graph that are otherwise, ``more`` follows it."""
    graph = b"".join((PARTS | changed).values())
    return field(1, 8) + opset + field(7, graph, graph_length) + more


def onnx_lies() -> Iterator[Lie]:
    for name, changed in {**arrays(), **graphs(), **floods()}.items():
        yield name, partial(onnx, **changed)
    for length in (*LENGTHS, 2**62):
        yield f"a graph of {length} bytes", partial(onnx, graph_length=length)
    for number, opset in enumerate(
        (b"", field(8, field(2, 3)), field(8, field(1, "mine") + field(2, 17)), field(8, 1))
    ):
        yield f"no opset of ours, {number}", partial(onnx, opset=opset)
    ends = [b"\x0b", b"\x0f", b"\xff" * 9 + b"\1", b"\x0a\xff", b"\x09\0", b"\x0d\0", b"\x80"]
    ends += [field(14, field(1, "digitlab") + field(2, text)) for text in TEXTS]
    for number, more in enumerate(ends):
        yield f"something more, {number}", partial(onnx, more=more)
    content = onnx()
    for at in range(0, len(content) - 30, 17):
        yield f"cut at {at}", partial(bytes, content[:at])


def arrays() -> dict[str, dict[str, bytes]]:
    """Lies about W1."""
    shapes = [dims for side in SIDES for dims in ((side, 3), (side, side), (4, 3, side))]
    shapes += [(-4, -3), (4, 3, *7 * (1,)), ()]
    found = {f"the shape {dims}": tensor("W1", dims, 12) for dims in shapes}
    found |= {f"{count} numbers, {at}": tensor("W1", (4, 3), count, at=at) for count in (0, 11, 13) for at in (4, 9)}
    found |= {f"the type {kind}": tensor("W1", (4, 3), 12, kind=kind) for kind in (0, 2, 7, 10, 11, 16, 99, 2**63)}
    found["a shape of a million sides"] = tensor("W1", (), 12, packed=field(1, b"\1" * 10**6))
    place = field(13, field(1, "location") + field(2, "/etc/passwd"))
    found["numbers in another file"] = tensor("W1", (4, 3), 0, more=place + field(14, 1))
    found["a place without a word"] = tensor("W1", (4, 3), 12, more=field(14, 1))
    return {name: {"W1": changed} for name, changed in found.items()}


def graphs() -> dict[str, dict[str, bytes]]:
    """Other nodes, and parts that are missing."""
    operators = ("Elu", "Conv", "Loop", "Softmax", "", "x" * 10**6, "\x1b[2J", "Constant", "Pow", "Cast", "Transpose")
    found = {f"the operator {op[:9]!r}": {"a": node(op, "z", "a")} for op in operators}
    for inputs in ("", "a", "x", "W1", "y", "nothing"):
        found[f"Relu of {inputs!r}"] = {"a": node("Relu", inputs, "a")}
        found[f"Gemm of {inputs!r}"] = {"z": node("Gemm", inputs, "z")}
        found[f"Sub of {inputs!r}"] = {"z": node("Sub", inputs, "z")}
    for part in PARTS:
        found[f"no {part}"] = {part: b""}
        found[f"{part} is a number"] = {part: field(1, 7)}
    deep = b""
    for _ in range(1000):
        deep = field(5, field(6, field(1, deep)))
    return {**found, "graphs in graphs": {"a": node("If", "z", "a", deep)}}


def floods() -> dict[str, dict[str, bytes]]:
    """Far more than a network needs."""
    many = 50_000
    found = {f"parts of the kind {number}": {"z": field(number, b"") * many} for number in (1, 5)}
    found |= {
        f"nodes of {op}": {"z": node(op, inputs, "z") * 1000} for op, inputs in (("Gemm", "x W1 b1"), ("Erf", "z"))
    }
    found |= {"texts": {"more": field(14, b"") * many}}
    return {**found, "names": {"z": field(1, field(1, b"") * many)}}


# --- NumPy ---


def npz(deflate: bool = False, **changed: bytes | None) -> bytes:
    """An archive of arrays, some of which are changed, added, or None."""
    arrays = {name: forge.npy(shape, struct.pack(f"<{n}f", *range(n)), "<f4") for name, shape, n in SHAPES_OF_ARRAYS}
    arrays["digitlab"] = forge.npy((25,), b'{"activation": "sigmoid"}', "|u1")
    members = [(f"{name}.npy", content) for name, content in (arrays | changed).items() if content is not None]
    return forge.archive(members, deflate=deflate)


SHAPES_OF_ARRAYS = (("W1", (4, 3), 12), ("b1", (3,), 3), ("W2", (3, 2), 6), ("b2", (2,), 2))


def npz_lies() -> Iterator[Lie]:
    body = struct.pack("<12f", *range(12))
    for side in (*SIDES, 10**18):
        for shape in ((side, 3), (4, side), (side, side)):
            yield f"W1 has the shape {shape}", lambda shape=shape: npz(W1=forge.npy(shape, body, "<f4"))
    for shape in ("()", "(12,)", "(4, 3, 1)", "(-4, -3)", "[4, 3]", "(4, 3", "(4.0, 3)", "4", "(3, 4)"):
        yield f"the shape {shape}", lambda shape=shape: npz(W1=forge.npy(shape, body, "<f4"))
    for kind in ("|O", "<i4", ">f4", "<c8", "<U12", "|V4", "<f16", "f4", "<M8", "|u1", "__import__('os')"):
        yield f"the type {kind}", lambda kind=kind: npz(W1=forge.npy((4, 3), body, kind))
    for number, text in enumerate(TEXTS):
        yield f"said beside, {number}", lambda text=text: npz(digitlab=forge.npy((len(text),), text, "|u1"))
    yield "said beside in floats", lambda: npz(digitlab=forge.npy((1,), bytes(4), "<f4"))
    yield "said beside in 33 MB", lambda: npz(True, digitlab=forge.npy((LONG,), bytes(LONG), "|u1"))
    zeros = partial(forge.npy, (2**12, 2**11), bytes(LONG), "<f4")
    yield "33 MB of zeros that fit nowhere", lambda: npz(True, W1=zeros())
    for count in (1, 250, 300):
        more = {f"c{number}": forge.npy((1,), bytes(4), "<f4") for number in range(count)}
        yield f"{count} arrays more", lambda more=more: npz(**more)
    for name in ("W1", "b1", "W2", "b2"):
        yield f"no {name}", lambda name=name: npz(**{name: None})
        yield f"{name} is no array", lambda name=name: npz(**{name: b"x" * 100})
        yield f"{name} is not finite", lambda name=name: npz(**{name: not_finite(name)})
    yield "no arrays", lambda: forge.archive([])
    yield "an archive in the archive", lambda: npz(W1=npz())
    content = npz()
    for at in range(0, len(content), 101):
        yield f"cut at {at}", partial(bytes, content[:at])


def not_finite(name: str) -> bytes:
    (found,) = (row for row in SHAPES_OF_ARRAYS if row[0] == name)
    return forge.npy(found[1], struct.pack("<f", float("nan")) * found[2], "<f4")


# --- PyTorch ---

STATE = {"0.weight": (3, 4), "0.bias": (3,), "2.weight": (2, 3), "2.bias": (2,)}


def state_dict(**metadata: str | None) -> tuple[dict[str, Any], bytes]:
    """Header and numbers of a state dict, as somebody else saves it."""
    return forge.tensors(STATE, {"format": "pt", "sha256": None, **metadata})


def state_dict_lies() -> Iterator[Lie]:
    """What no checksum guards, as nobody else writes one; lies about headers as such are among those of model files."""
    header, body = state_dict()
    entry = header["0.weight"]
    for key, values in {"shape": SHAPES, "data_offsets": OFFSETS, "dtype": TYPES}.items():
        for number, lie in enumerate(values):
            if lie not in ([3, 4], [12, 60]):  # which are true
                told = {**header, "0.weight": {**entry, key: lie}}
                yield f"{key} {str(lie)[:30]} ({number})", partial(forge.with_header, told, body)
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    for name in ("conv.running_mean", "3.weight", "", "0", "../0.weight", "\x1b[2J.weight", "x" * 10**5):
        yield f"more: {name[:20]!r}", partial(forge.with_header, {name: empty, **header}, body)
    for count in (257, 10_000):
        more = {f"{number}.weight": empty for number in range(count)}
        yield f"{count} empty tensors more", partial(forge.with_header, {**more, **header}, body)
    yield "no bias", partial(forge.with_header, {key: said for key, said in header.items() if key != "0.bias"}, body)
    for number, text in enumerate(TEXTS):
        told = {**header, "__metadata__": {"digitlab": text.decode(errors="replace")}}
        yield f"said beside, {number}", partial(forge.with_header, json.dumps(told).encode(), body)
    for digest in ("", "0" * 64):
        yield f"another checksum, {digest}", partial(forge.with_header, *state_dict(sha256=digest))
    yield "not finite", partial(forge.with_header, header, b"\xff" * len(body))
    for what, numbers in {"nothing": b"", "a number less": body[:-4], "a byte more": body + b"\0"}.items():
        yield f"a body of {what}", partial(forge.with_header, header, numbers)


LIES = {"onnx": onnx_lies, "model as npz": npz_lies, "state dict": state_dict_lies}

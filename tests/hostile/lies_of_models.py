"""Model files, checkpoints, recipes and run folders that lie. Each is made when it is asked for.

Of a run folder one file is changed, and where it is not the manifest itself, the manifest's checksum of it is right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.hostile import forge
from tests.hostile.lies_of_data import Lie

LENGTHS = (0, 1, 2, 7, 2**20 + 1, 2**24, 2**31, 2**32, 2**53, 2**63, 2**64 - 1)
SHAPES: tuple[object, ...] = (
    *([2**50, 3], [4, 2**31], [2**32, 2**32], [2**63, 1], [2**64, 3], [10**400, 3], [-4, -3], [-4, 3], [0, 3], [12]),
    *(
        [],
        [3, 4],
        [4, 3, 1],
        [2, 6],
        [4.0, 3],
        ["4", 3],
        [True, 12],
        [None],
        [[4, 3]],
        "4,3",
        12,
        None,
        {},
        [1] * 10**5,
    ),
)
OFFSETS: tuple[object, ...] = (
    *([0, 2**50], [2**63, 2**63 + 48], [2**64, 48], [-48, 0], [48, 0], [0, 47], [0, 49], [1, 49], [12, 60], [0, 0]),
    *([0], [], [0, 48, 96], [0.0, 48.0], "0,48", None, [None, None], [0, 10**400], [0] * 100_000),
)
TYPES: tuple[object, ...] = ("F16", "F64", "BF16", "I32", "U8", "BOOL", "f32", "", None, 32, ["F32"], "F" * 10**6)


def tensor_lies(made: Callable[..., tuple[dict[str, Any], bytes]], name: str) -> Iterator[Lie]:
    """About what both kinds of file have: a length, entries of tensors, of which ``name`` is one, and metadata."""
    header, body = made()
    for length in LENGTHS:
        yield f"a header of {length} bytes", partial(forge.with_header, header, body, length=length)
    for key, values in {"shape": SHAPES, "data_offsets": OFFSETS, "dtype": TYPES}.items():
        for number, value in enumerate(values):
            lie = {**header, name: {**header[name], key: value}}
            yield f"{name}: {key} {str(value)[:30]} ({number})", partial(forge.with_header, lie, body)
    yield "a long name", partial(forge.with_header, {**header, "x" * 10**5: {"dtype": "F16"}}, body)
    for number, value in enumerate((None, 1, "F32", [], {}, [header[name]], {**header[name], "more": 1})):
        yield f"{name} is something else, {number}", partial(forge.with_header, {**header, name: value}, body)
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    for count in (1, 257, 10_000):
        more = {f"t{number}": empty for number in range(count)}
        yield f"{count} empty tensors more", partial(forge.with_header, {**more, **header}, body)
    texts = header["__metadata__"]
    wrong: tuple[object, ...] = (None, [], "text", {}, {**texts, "sha256": 1}, {**texts, "format": "x"})
    wrong += tuple({**texts, "sha256": digest} for digest in ("", "0" * 64, texts["sha256"].upper(), "x" * 10**6))
    wrong += tuple({**texts, "version": version} for version in ("0", "2", "1.0", "", "9" * 10**5))
    wrong += ({f"{number}": "" for number in range(80_000)}, {key: [[]] * 10**5 for key in texts})
    for number, value in enumerate(wrong):
        yield f"metadata, {number}", partial(forge.with_header, {**header, "__metadata__": value}, body)
    text = json.dumps(header).encode()
    again = b", " + json.dumps({name: header[name]})[1:-1].replace("4, 3", "3, 4").replace("[7]", "[1, 7]").encode()
    raw = {
        "a space before": b" " + text,
        "a name that comes twice": text[:-1] + again + b"}",
        "the metadata twice": text[:-1] + b', "__metadata__": {}}',
        "text behind": text + b"{}",
        "bytes that are no text": text.replace(b'"F32"', b'"\xff\xfe"'),
        "nothing but braces": b"{" * 100_000,
        "lists in lists": b'{"a": ' + b"[" * 500_000,
        "objects in objects": b'{"a":' * 200_000,
        "a million numbers": b'{"a": [' + b"999," * 250_000 + b"9]}",
        "a million objects": b'{"a": [' + b"{}," * 340_000 + b"9]}",
        "a number of a million digits": b'{"a": ' + b"9" * 10**6 + b"}",
        "a text of a million letters": b'{"a": "' + b"x" * 10**6 + b'"}',
        "a list": b"[" + text + b"]",
    }
    for what, said in raw.items():
        yield what, partial(forge.with_header, said, body)
    bodies = {"nothing": b"", "a number less": body[:-4], "a byte more": body + b"\0", "twice the numbers": body * 2}
    for what, numbers in bodies.items():
        yield f"a body of {what}", partial(forge.with_header, header, numbers)


def large(made: Callable[..., tuple[dict[str, Any], bytes]]) -> Iterator[Lie]:
    """Headers that are as long as they say, and far too long."""
    header, body = made()
    yield "a million empty tensors", partial(many_tensors, header, body, 10**6)
    for begin in (b"", b"{"):
        yield f"99 MB of spaces after {begin!r}", partial(spaces, begin, body)


def spaces(begin: bytes, body: bytes) -> bytes:
    return forge.with_header(begin + b" " * 99_000_000, body)


def many_tensors(header: dict[str, Any], body: bytes, count: int) -> bytes:
    entries = ",".join(f'"t{number}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for number in range(count))
    return forge.with_header(b"{" + entries.encode() + b"," + json.dumps(header).encode()[1:], body)


def models() -> Iterator[Lie]:
    """About the architecture too, and what is told beside it."""
    yield from tensor_lies(forge.model, "W1")
    sizes: tuple[object, ...] = (
        *([], [4], [4, 2], [4, 3, 3, 2], [4, 3, 0], [4, -3, 2], [16_384, 16_384], [6000, 16_384, 10], [2**31, 3, 2]),
        *([2**63, 3, 2], [10**400, 3, 2], [4.5, 3, 2], ["4", 3, 2], [True, 3, 2], None, "4-3-2", [1] * 34),
        [1] * 30_000,
    )
    said = [(f"sizes {str(value)[:30]} ({n})", {"sizes": value, "activation": "relu"}) for n, value in enumerate(sizes)]
    names = ("", "x" * 10**5, 1, None)
    said += [(f"activation {str(name)[:20]}", {"sizes": [4, 3, 2], "activation": name}) for name in names]
    said += [("an architecture with more", {"sizes": [4, 3, 2], "activation": "relu", "more": 1})]
    for name, value in said:
        yield name, partial(from_parts, forge.model, architecture=json.dumps(value))
    texts = {
        "labels": ("[]", '["a"]', '["a", "a"]', '["a", 1]', '["a", ""]', "{}", '["\\u001b[2J", "b"]', "[" * 99_999),
        "preprocessing": (
            "{}",
            '{"side": 1e400}',
            '{"side": 128}',
            '{"side": 2, "kind": "eval"}',
            '{"side": 2, "by": 0}',
            '{"side": 2, "kind": "deskew"}',
            '{"side": 28, "kind": "deskew"}',
            '{"side": 2, "kind": ["deskew"]}',
            '{"side": 2, "deskew": true}',
        ),
        "temperature": ("0", "-1", "1e400", "NaN", '"1"', "[1]", "9" * 10**5, "1e-400"),
        "recipe": ("[]", '{"layers": {}}', '{"epochs": null}', '{"a":' * 50_000, '{"": [[1]]}', '{"a": ["x"]}'),
        "training": ("{}", "[]", '{"epochs": -1}', '{"state": 1}', "1"),
        "architecture": ("", "[]", "{", "null", "[" * 10**5),
        "about": ("[]", "{", "", '{"a":' * 50_000),
    }
    for key, values in texts.items():
        for number, text in enumerate(values):
            yield f"{key}, {number}", partial(from_parts, forge.model, **{key: text})


def checkpoints() -> Iterator[Lie]:
    """About the counters too."""
    yield from tensor_lies(forge.checkpoint, "parameters")
    counters = (
        *(
            '{"step": 1.5}',
            '{"step": "1"}',
            '{"step": 1e400}',
            '{"steps": 1}',
            '{"step": null}',
        ),
        *(
            '{"loss": "nan"}',
            '{"loss": NaN}',
            '{"loss": 1e400}',
            '{"changes": 1}',
            '{"changes": [{}]}',
            '{"best_loss": []}',
        ),
        *(
            '{"changes": [{"step": 1, "name": "x", "value": "y"}]}',
            '{"changes": ' + "[" * 99_999,
            "[]",
            "null",
            "",
            "{",
            "1",
        ),
    )
    for number, text in enumerate(counters):
        yield f"counters, {number}", partial(from_parts, forge.checkpoint, counters=text)
    for name in ("W1", "optimizer", "best ", "", "../parameters"):
        yield f"a tensor named {name!r}", partial(from_shapes, {**forge.CHECKPOINT_SHAPES, name: (7,)})
    yield "no parameters", partial(from_shapes, {"best": (7,)})
    memories = {f"optimizer.{number}": (7,) for number in range(1000)}
    yield "a thousand memories", partial(from_shapes, {"parameters": (7,), **memories})


def from_parts(made: Callable[..., tuple[dict[str, Any], bytes]], **metadata: str) -> bytes:
    return forge.with_header(*made(**metadata))


def from_shapes(shapes: dict[str, tuple[int, ...]]) -> bytes:
    return forge.with_header(*forge.tensors(shapes, forge.CHECKPOINT_TEXTS))


def recipes() -> Iterator[Lie]:
    """Wrong values, and TOML that would take long."""
    values = {
        "layers": (
            "[784, 2, 10.0]",
            f"[784, {2**40}, 10]",
            "[784, -2, 10]",
            "[16384, 16384, 10]",
            f"[{'1, ' * 8_000}1]",
        ),
        "epochs": (
            "0",
            "-1",
            "1.5",
            "1e400",
            "9" * 4000,
            "0x" + "f" * 50_000,
            "9" * 50_000,
            "nan",
            "true",
            "[1]",
            '"3"',
        ),
        "learning_rate": ("0", "-1", "1e400", "nan", "inf", "-inf", '"0.1"', "1001", "0x" + "f" * 50_000, "1979-05-27"),
        "activation": ('"swish"', "1", "[]", '"' + "x" * 60_000 + '"', "{}", "1979-05-27", '"\\u0000"'),
        "seed": ("-1", str(2**32), str(2**64), "0.5", '""', "0b" + "1" * 60_000, "{a = {a = {}}}"),
        "about": ("1", "[]", "{}", "0x" + "f" * 60_000, '"' + "x" * 60_000 + '"', "{a = " * 300 + "}" * 300),
        "published": ("1", "[]", "{}", '{error = 1e999, source = "a"}', '{error = 1, source = "' + "x" * 50_000 + '"}'),
    }
    for name, texts in values.items():
        for number, text in enumerate(texts):
            kept = [line for line in forge.RECIPE.splitlines() if not line.startswith(name.encode())]
            yield f"{name} = {text[:20]} ({number})", partial(bytes, b"\n".join([*kept, f"{name} = {text}".encode()]))
    raw = {
        "a setting that is none": b"epoch = 3",
        "a setting twice": forge.RECIPE + b"epochs = 4",
        "lists in lists": b"a = " + b"[" * 60_000,
        "tables in tables": b"a = " + b"{a = " * 10_000,
        "many tables of many parts": b"\n".join(b"[a" + b".a" * 200 + b".b%d]" % n for n in range(140)),
        "many tables": b"\n".join(b"[a%d]" % number for number in range(4000)),
        "a text without end": b'about = """' + b"x" * 60_000,
        "bytes that are no text": b"\xff\xfe" + forge.RECIPE,
        "a NUL": b"\0",
        "more than is read": b"# " + b"x" * 2**17,
        "many escapes": b'about = "' + b"\\u0041" * 10_000,
        "half a pair": b'about = "\\ud800"',
        "a million newlines": b"\n" * 10**6,
    }
    for name, content in raw.items():
        yield name, partial(bytes, content)


LIES = {
    "model": models,
    "model in memory": partial(large, forge.model),
    "checkpoint": checkpoints,
    "checkpoint in memory": partial(large, forge.checkpoint),
    "recipe": recipes,
}

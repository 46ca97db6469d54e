"""Parquet files: a true one, its lies, and what the fuzzer makes of it. PyArrow must be there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.data import parquet_file
from tests.hostile import forge
from tests.hostile.fuzzed import BETWEEN, Format, words
from tests.hostile.lies_of_data import Lie

pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

__all__ = ["PARQUET", "lies", "parquet", "read"]


def parquet(images: list[Any] | None = None, labels: list[Any] | None = None, **how: Any) -> bytes:
    """Two pictures, or others, with their labels."""
    buffer = io.BytesIO()
    pictures = [{"bytes": forge.png(), "path": None}] * 2 if images is None else images
    pq.write_table(pa.table({"image": pictures, "label": [0, 1] if labels is None else labels}), buffer, **how)
    return buffer.getvalue()


def lies() -> Iterator[Lie]:
    """About the footer, the columns, and what is in them."""
    whole = parquet()
    footer = int.from_bytes(whole[-8:-4], "little")
    for part in range(1, 20):
        yield f"{part} twentieths of it", partial(bytes, whole[: len(whole) * part // 20])
    for length in (0, 1, footer - 1, footer + 1, len(whole), 2**24, 2**24 + 1, 2**31, 2**32 - 1):
        yield f"a footer of {length}", partial(bytes, whole[:-8] + length.to_bytes(4, "little") + b"PAR1")
    for filling in (b"\0", b"\xff", b"\x19\xfc", b"\x15\x02"):
        begin, end = whole[: -8 - footer], whole[-8:]
        yield f"a footer of {filling!r}", partial(bytes, begin + (filling * footer)[:footer] + end)
    for side in (0, 27, 56, 2**16, 2**31 - 1):
        yield f"a picture of {side}x28", partial(parquet, [forge.png(side)] * 2)
    for name, value in {"text": "x", "nothing": None, "bytes": b"x", "a short list": [1, 2], "a number": 77}.items():
        yield f"pictures that are {name}", partial(parquet, [value] * 2)
        yield f"labels that are {name}", partial(parquet, None, [value] * 2)
    for label in (-(2**63), -1, 10, 2**31, 0.5):
        yield f"the label {label}", partial(parquet, None, [0, label])
    yield "lists of other lengths", partial(parquet, [[0] * 783, [0] * 785])
    yield "encrypted", partial(bytes, b"PARE" + whole[4:-4] + b"PARE")


def read(path: Path) -> tuple[dl.Digits, dl.Digits]:
    return dl.open_data(str(path), invert="no")


def is_true_parquet(content: bytes, found: tuple[dl.Digits, dl.Digits]) -> bool:
    """Pillow by itself, without any guard, sees the same pictures; or what it refuses is what was taken out."""
    column = pq.read_table(io.BytesIO(content)).column(0).to_pylist()
    known = {image.tobytes() for part in found for image in part.images}
    for value in column:
        try:
            with Image.open(io.BytesIO(value["bytes"] if isinstance(value, dict) else value)) as image:
                seen = np.array(image.convert("L")).tobytes()
        except Exception:
            continue
        if seen not in known:
            return False
    return len(column) == len(found[0]) + len(found[1])


def with_rows(data: bytes) -> bytes:
    """Pieces become picture files."""
    return parquet([*data.split(BETWEEN), forge.png()], list(range(data.count(BETWEEN) + 2)))


PARQUET = Format(
    "digits.parquet",
    (bytes, with_rows),
    read,
    is_true_parquet,
    (
        (0, parquet()),
        (0, parquet([forge.png()] * 2, compression="none", use_dictionary=False)),
        (1, forge.png()),
        (1, forge.png() + BETWEEN + forge.png()),
    ),
    words(r"PAR1 bytes image label \x15\x02 \x19\x0c IHDR"),
    ("data/parquet_file.py",),
    8192,
    tuple(vars(parquet_file).values()),
)

"""Parquet, the form in which Hugging Face publishes MNIST: a column of pictures, and a column of labels.

A picture is the bytes of a picture file, alone or in a structure beside its path; or a list of 784 numbers, or of 28
lists of 28. A data set is a folder with ``train.parquet`` and ``test.parquet``, each perhaps in several files, such as
``train-00000-of-00001.parquet``; or one file.

Only PyArrow reads (``pip install digitlab[parquet]``), a thousand rows at a time, and no column but these two. What a
file says about its own size is looked at before that; how much memory its pages take is up to PyArrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.data.columns import LABEL_NAMES, LabelColumn, find_labels
from digitlab.data.digits import Digits
from digitlab.data.files import MAX_ARRAY_BYTES, in_our_words, named, read_file, readable
from digitlab.data.image_folder import decode_picture
from digitlab.data.parting import with_test_part
from digitlab.data.resizing import Resize
from digitlab.errors import DataFileError, refuse
from digitlab.extras import require_extra

if TYPE_CHECKING:
    import pyarrow as pa

ENDING = ".parquet"
PARTS = ("train", "test")
NAME = re.compile(r"(train|test)(?:-\d{5}-of-\d{5})?\.parquet", re.ASCII)
ROWS_AT_ONCE = 1000
LARGEST_FOOTER = 2**24  # bytes
MAGIC = b"PAR1"


def is_parquet_folder(folder: Path) -> bool:
    """Whether files for training are in ``folder``, or in a folder in it."""
    return folder.is_dir() and bool(_find_parts(folder)["train"])


def read_parquet_folder(
    folder: Path, source: str, label_column: LabelColumn | None = None, resize: Resize | None = None
) -> tuple[Digits, Digits]:
    """The data set in a folder; see `opening.Format`.

    Raises:
        InputError: PyArrow is not installed, or no column is the label.
        DataFileError: damaged, or rows that are no pictures.
    """
    parts = _find_parts(folder)
    digits = [_read(parts[part], f"{source} {part}", label_column, resize) for part in PARTS if parts[part]]
    return with_test_part(digits[0], source) if len(digits) == 1 else (digits[0], digits[1])


def split_parquet(
    path: Path, source: str, label_column: LabelColumn | None = None, resize: Resize | None = None
) -> tuple[Digits, Digits]:
    """The data set in one file, some of it kept for testing; see `opening.Format`.

    Raises:
        InputError, DataFileError: as `read_parquet_folder`.
    """
    return with_test_part(_read([path], source, label_column, resize), source)


def _find_parts(folder: Path) -> dict[str, list[Path]]:
    """The files of each part by their names, in the first place that has some."""
    parts: dict[str, list[Path]] = {part: [] for part in PARTS}
    with readable(folder):
        for place in [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]:
            for path in sorted(place.glob(f"*{ENDING}")):
                if found := NAME.fullmatch(path.name):
                    parts[found[1]].append(path)
            if any(parts.values()):
                break
    return parts


def _read(paths: Sequence[Path], source: str, label_column: LabelColumn | None, resize: Resize | None) -> Digits:
    """All rows of some files, one after the other."""
    images, labels = [], []
    for path in paths:
        first = 1
        for batch in _batches(path, label_column):
            images += _pictures(batch.column(0), path, first, resize)
            labels += batch.column(1).to_pylist()
            first += len(batch)
    with named(paths[0]):
        return Digits(np.stack(images) if images else np.empty((0, 28, 28), np.uint8), labels, source)


def _batches(path: Path, label_column: LabelColumn | None) -> Iterator[pa.RecordBatch]:
    """The rows of a file, a thousand at a time: first their pictures, then their labels."""
    pa = require_extra("pyarrow", "parquet", "a Parquet file")
    pq = require_extra("pyarrow.parquet", "parquet", "a Parquet file")
    content = read_file(path)
    footer = int.from_bytes(content[-8:-4], "little")
    if not (content.startswith(MAGIC) and content.endswith(MAGIC) and footer <= min(LARGEST_FOOTER, len(content) - 12)):
        got = f"{len(content)} bytes that begin with {content[:8]!r}"
        refuse(DataFileError, path, "this is not a Parquet file, or it was cut short", got=got)
    with in_our_words(path):
        file = pq.ParquetFile(pa.BufferReader(content))
        names, groups = file.schema_arrow.names, [file.metadata.row_group(at) for at in range(file.num_row_groups)]
    if (size := sum(max(group.total_byte_size, 0) for group in groups)) > MAX_ARRAY_BYTES:
        refuse(DataFileError, path, f"this unpacks to more than {MAX_ARRAY_BYTES:,} bytes", got=f"{size:,}")
    image, label = _columns(names, label_column, path)
    batches, missing = (
        file.iter_batches(ROWS_AT_ONCE, columns=[image, label], use_threads=False),
        file.metadata.num_rows,
    )
    while True:
        with in_our_words(path):
            batch = next(batches, None)
        if batch is None:
            break
        missing -= len(batch)
        yield batch.select([image, label])
    if missing:
        refuse(DataFileError, path, "there are not as many rows as the file says", got=f"{missing:,} too few")


def _columns(names: list[str], label_column: LabelColumn | None, path: Path) -> tuple[str, str]:
    """The names of the column of pictures, and of that of labels."""
    labels = [names[place] for place in find_labels(names, True, [], label_column, str(path))]
    others = [name for name in names if name not in labels]
    if len(labels) != 1 or len(others) != 1:
        must_be = f"a column of pictures, and one of labels, named {', '.join(LABEL_NAMES)}"
        refuse(DataFileError, path, "these are not the columns of a data set", must_be=must_be, got=", ".join(names))
    return others[0], labels[0]


def _pictures(column: pa.Array, path: Path, first: int, resize: Resize | None) -> list[NDArray[np.uint8]]:
    """The pictures of some rows, of which ``first`` is the number of the first."""
    import pyarrow.types as kinds

    if kinds.is_struct(column.type) and column.type.get_field_index("bytes") >= 0:
        column = column.field("bytes")
    with in_our_words(path):
        values = column.to_pylist()
    if all(isinstance(value, bytes) for value in values):
        return [decode_picture(value, f"{path}: row {row}", resize) for row, value in enumerate(values, first)]
    with named(f"{path}: rows {first} to {first + len(values) - 1}"):
        return list(Digits(values, np.zeros(len(values), np.uint8), "rows").images)

"""Named float32 arrays and some text in a file that cannot lie: safetensors with a checksum and limits of our own.

The header is read and judged here before any array is touched: the safetensors library alone has no checksum, and
accepts headers of 100 MB and a million empty tensors. Nothing in such a file is ever executed.

Metadata is text by name; ``sha256`` among it is that of the arrays' bytes, one array after the other in the order of
their names.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from digitlab.errors import ModelFileError, refuse
from digitlab.network.activations import Floats

MAX_HEADER_BYTES = 2**20
MAX_TENSORS = 256
MAX_TEXTS = 100  # in the metadata
FOREIGN_TYPES = ("F32", "F64", "F16")
MAX_ENTRY_BYTES = 1000  # of one tensor in the header; it needs some 70
COPY_AGAIN = "copy it again from where it was whole"
IMPORT = "`digitlab import` makes a model of what other tools wrote"


class TensorHeader(NamedTuple):
    """What a file says that it holds: the shape of each float32 array, and the metadata. Not to be believed yet."""

    shapes: dict[str, tuple[int, ...]]
    metadata: dict[str, str]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One tensor as the safetensors header lists it."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def encode_tensors(tensors: Mapping[str, Floats], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a file; the same content always gives the same bytes.

    Raises:
        ModelFileError: an array is not finite in float32, or the metadata is too long.
    """
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        # safetensors 0.8 silently corrupts arrays that are not C-contiguous (its issue 825).
        arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in tensors.items()}
    for name, array in arrays.items():
        if wrong := np.count_nonzero(~np.isfinite(array)):
            help = "train again with a smaller learning rate"
            raise ModelFileError(f"{name} cannot be saved: {wrong} of its numbers are NaN or infinite", help=help)
    content = safetensors.numpy.save(arrays, {**metadata, "sha256": _digest(arrays)})
    content = _with_sorted_header(content)
    if (length := int.from_bytes(content[:8], "little")) > MAX_HEADER_BYTES:
        help = "shorten what is told about the training"
        raise ModelFileError(f"a header of {length} bytes cannot be saved: {MAX_HEADER_BYTES} are the most", help=help)
    return content


def read_header(content: bytes, path: Path, *, foreign: bool = False) -> TensorHeader:
    """The header: 8 bytes of length, then a JSON object that must begin with ``{``.

    Args:
        content: the whole file.
        path: for error messages.
        foreign: another program wrote it: then other types of floats may be in it, and no checksum needs to be.

    Raises:
        ModelFileError: this is not such a file, or its header breaks a limit.
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 10 or length > len(content) - 8 or content[8:9] != b"{":
        got = "a Python pickle, which is never opened" if content[:1] == b"\x80" else f"{content[:16]!r}..."
        help = "" if path.suffix.lower() == ".safetensors" else IMPORT
        refuse(ModelFileError, path, "this is not a model file, or not all of it", got=got, help=help)
    if length > MAX_HEADER_BYTES:
        refuse(ModelFileError, path, f"the header is too long: {length} bytes, and {MAX_HEADER_BYTES} are the most")
    # Raw, and counted before it is decoded: a header of 1 MiB could be a million small things of 50 bytes each.
    entries = decode_json(content[8 : 8 + length], dict[str, msgspec.Raw], path, "the header")
    metadata = bytes(entries.pop("__metadata__", b"{}"))
    quotes = metadata.count(b'"') - metadata.count(b'\\"')  # two around each name, and two around each text
    if quotes > 4 * MAX_TEXTS or len(entries) > MAX_TENSORS:
        must_be = f"at most {MAX_TEXTS} texts and {MAX_TENSORS} tensors"
        refuse(ModelFileError, path, "there is too much in the header", must_be=must_be)
    texts = decode_json(metadata, dict[str, str], path, "the metadata")
    if "sha256" not in texts and not foreign:
        what = "digitlab did not write this file: it has no SHA-256 of its numbers"
        refuse(ModelFileError, path, what, help=IMPORT)
    types = FOREIGN_TYPES if foreign else ("F32",)
    return TensorHeader({name: _shape(name, entry, types, path) for name, entry in entries.items()}, texts)


def decode_tensors(content: bytes, header: TensorHeader, path: Path) -> dict[str, NDArray[Any]]:
    """The arrays, after their checksum, where there is one, was compared and every number found finite.

    Raises:
        ModelFileError: changed, damaged, or not finite.
    """
    try:
        tensors = safetensors.numpy.load(content)
    except safetensors.SafetensorError as error:
        refuse(ModelFileError, path, "the tensors cannot be read", got=error, help=COPY_AGAIN)
    if header.metadata.get("sha256") not in (None, _digest(tensors)):
        what = "the numbers were changed or damaged: their SHA-256 is not the one in the file"
        refuse(ModelFileError, path, what, help=COPY_AGAIN)
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            refuse(ModelFileError, path, f"some numbers in {name} are not finite")
    return tensors


def decode_json(text: bytes | str | msgspec.Raw, kind: Any, path: Path, what: str) -> Any:
    """JSON of a known form, or an error in our words."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        refuse(ModelFileError, path, f"{what} cannot be understood", got=error)


def _shape(name: str, entry: msgspec.Raw, types: Sequence[str], path: Path) -> tuple[int, ...]:
    what = f"the entry of {name[:40]}"  # errors do not repeat a whole file
    if (size := len(memoryview(entry))) > MAX_ENTRY_BYTES:
        refuse(ModelFileError, path, f"{what} is too long: {size} bytes, and {MAX_ENTRY_BYTES} are the most")
    checked: _Entry = decode_json(entry, _Entry, path, what)
    if checked.dtype not in types:
        help = "weights and biases of dense layers are taken, and nothing else" if types == FOREIGN_TYPES else ""
        must_be = ", ".join(types)
        refuse(ModelFileError, path, f"{what} has another type", must_be=must_be, got=checked.dtype, help=help)
    return checked.shape


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(arrays[name].data)
    return digest.hexdigest()


def _with_sorted_header(content: bytes) -> bytes:
    """The same file with its header's keys in order: safetensors writes them in a random one."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = msgspec.json.encode(msgspec.json.decode(content[8:start]), order="sorted")
    header += b" " * (-len(header) % 8)  # the numbers stay aligned
    return len(header).to_bytes(8, "little") + header + content[start:]

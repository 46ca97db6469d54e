"""Named float32 arrays and some text in a file that cannot lie: safetensors with a checksum and limits of our own.

The header is read and judged here before any array is touched: the safetensors library alone has no checksum, and
accepts headers of 100 MB and a million empty tensors. Nothing in such a file is ever executed.

Metadata is text by name; ``sha256`` among it is that of the arrays' bytes, one array after the other in the order of
their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import msgspec
import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from digitlab.errors import ModelFileError
from digitlab.network.activations import Floats

__all__ = [
    "MAX_HEADER_BYTES",
    "TensorHeader",
    "check_begin",
    "decode_json",
    "decode_tensors",
    "encode_tensors",
    "read_header",
    "refuse",
]

MAX_HEADER_BYTES = 2**20
MAX_TENSORS = 256
MAX_TEXTS = 100  # in the metadata
MAX_ENTRY_BYTES = 1000  # of one tensor in the header; it needs some 70
_HELP = "use a file that network.save or `digitlab train` wrote, or copy it again from where it was whole"


class TensorHeader(NamedTuple):
    """What a file says that it holds: the shape of each float32 array, and the metadata. Not to be believed yet."""

    shapes: dict[str, tuple[int, ...]]
    metadata: dict[str, str]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One tensor as the safetensors header lists it."""

    dtype: str
    shape: list[int]
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
        if not np.isfinite(array).all():
            raise ModelFileError(
                f"{name} cannot be saved",
                must_be="finite numbers",
                got=f"{np.count_nonzero(~np.isfinite(array))} that are NaN or infinite",
                help="train again with a smaller learning rate",
            )
    content = safetensors.numpy.save(arrays, {**metadata, "sha256": _digest(arrays)})
    content = _with_sorted_header(content)
    if (length := int.from_bytes(content[:8], "little")) > MAX_HEADER_BYTES:
        raise ModelFileError(
            "this cannot be saved",
            must_be=f"at most {MAX_HEADER_BYTES} bytes of header",
            got=f"{length} bytes",
            help="shorten what is told about the training",
        )
    return content


def check_begin(begin: bytes, size: int, path: Path) -> int:
    """The length of the header, by the first 16 bytes of a file of ``size`` bytes: before more of it is read.

    Raises:
        ModelFileError: this is not such a file, or its header is too long.
    """
    length = int.from_bytes(begin[:8], "little")
    if size < 10 or length > size - 8 or begin[8:9] != b"{":
        what = "a Python pickle, which is never opened" if begin[:1] == b"\x80" else f"{begin!r}..."
        refuse(path, "this is not a model file", "a safetensors file, whole", f"{size} bytes, {what}")
    if length > MAX_HEADER_BYTES:
        refuse(path, "the header is too long", f"at most {MAX_HEADER_BYTES} bytes", f"{length} bytes")
    return length


def read_header(content: bytes, path: Path) -> TensorHeader:
    """The header: 8 bytes of length, then a JSON object that must begin with ``{``. ``path`` is for error messages.

    Raises:
        ModelFileError: this is not such a file, or its header breaks a limit.
    """
    length = check_begin(content[:16], len(content), path)
    # Raw, and counted before it is decoded: a header of 1 MiB could be a million small things of 50 bytes each.
    entries = decode_json(content[8 : 8 + length], dict[str, msgspec.Raw], path, "the header")
    metadata = bytes(entries.pop("__metadata__", b"{}"))
    quotes = metadata.count(b'"') - metadata.count(b'\\"')  # two around each name, and two around each text
    if quotes > 4 * MAX_TEXTS:
        refuse(path, "there is too much metadata", f"at most {MAX_TEXTS} texts", f"{quotes} quotation marks")
    texts = decode_json(metadata, dict[str, str], path, "the metadata")
    if "sha256" not in texts:
        refuse(path, "digitlab did not write this file", "metadata with a sha256", str(sorted(texts)))
    if len(entries) > MAX_TENSORS:
        refuse(path, "there are too many tensors", f"at most {MAX_TENSORS}", str(len(entries)))
    return TensorHeader({name: _shape(name, entry, path) for name, entry in entries.items()}, texts)


def decode_tensors(content: bytes, header: TensorHeader, path: Path) -> dict[str, NDArray[np.float32]]:
    """The arrays, after their checksum was compared and every number found finite.

    Raises:
        ModelFileError: changed, damaged, or not finite.
    """
    try:
        tensors = safetensors.numpy.load(content)
    except safetensors.SafetensorError as error:
        refuse(path, "the tensors cannot be read", "a safetensors file", str(error))
    if (actual := _digest(tensors)) != header.metadata["sha256"]:
        refuse(path, "the numbers were changed or damaged", f"SHA-256 {header.metadata['sha256'][:64]}", actual)
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            got = f"{np.count_nonzero(~np.isfinite(array))} others in {name}"
            refuse(path, "a number is not finite", "finite numbers", got)
    return tensors


def decode_json(text: bytes | str, kind: Any, path: Path, what: str) -> Any:
    """JSON of a known form, or an error in our words."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        refuse(path, f"{what} cannot be understood", "valid JSON of the documented form", str(error))


def refuse(path: Path, problem: str, must_be: str, got: str) -> NoReturn:
    """Raise the `ModelFileError` for a file that cannot be trusted."""
    raise ModelFileError(f"{path}: {problem}", must_be=must_be, got=got, help=_HELP)


def _shape(name: str, entry: msgspec.Raw, path: Path) -> tuple[int, ...]:
    name = name[:40]  # in errors, which do not repeat a whole file
    if (size := len(memoryview(entry))) > MAX_ENTRY_BYTES:
        refuse(path, f"the entry of {name} is too long", f"at most {MAX_ENTRY_BYTES} bytes", f"{size} bytes")
    try:
        checked = msgspec.json.decode(entry, type=_Entry)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        refuse(path, f"the entry of {name} is malformed", "dtype, shape and data_offsets", str(error))
    if checked.dtype != "F32":
        refuse(path, f"{name} has another type", "F32", repr(checked.dtype))
    return tuple(checked.shape)


def _digest(arrays: Mapping[str, NDArray[np.float32]]) -> str:
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

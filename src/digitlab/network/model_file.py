"""The model file: a safetensors file that says by itself what it is, and cannot lie.

Tensors ``W1, b1, W2, b2, ...`` in float32; metadata, all strings:

    format        "digitlab-model"
    version       "1"
    architecture  {"sizes": [784, 64, 10], "activation": "sigmoid"}
    sha256        of the tensors' bytes, in the order W1, b1, W2, ...: safetensors has no checksum of its own
    about         free JSON: the recipe and how training went

Nothing in a model file is ever executed. The header is read and judged here, against limits of our own, before
any tensor is touched: the safetensors library alone accepts headers of 100 MB and a million empty tensors.

Reference: docs/reference/model-file.md.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import msgspec
import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from digitlab.durable import write_durably
from digitlab.errors import ArchitectureError, ModelFileError
from digitlab.network.activations import Floats
from digitlab.network.architecture import MAX_PARAMETERS, Architecture

__all__ = ["MODEL_SUFFIX", "ModelFile", "decode_model", "encode_model", "read_model", "write_model"]

FORMAT = "digitlab-model"
VERSION = "1"
MODEL_SUFFIX = ".safetensors"
MAX_HEADER_BYTES = 2**20
MAX_FILE_BYTES = 8 + MAX_HEADER_BYTES + 4 * MAX_PARAMETERS


class ModelFile(NamedTuple):
    """What a model file holds."""

    architecture: Architecture
    parameters: NDArray[np.float32]  # flat
    about: dict[str, Any]


class _TensorEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One tensor as the safetensors header lists it."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


class _ArchitectureEntry(msgspec.Struct, forbid_unknown_fields=True):
    sizes: tuple[int, ...]
    activation: str


def write_model(
    path: Path, architecture: Architecture, parameters: Floats, about: dict[str, Any] | None = None
) -> None:
    """Write a model file, durably: ``path`` is wholly new or as it was.

    Raises:
        ModelFileError: the file cannot be written, or a parameter is NaN or infinite.
    """
    content = encode_model(architecture, parameters, about)
    try:
        write_durably(path, content)
    except OSError as error:
        raise ModelFileError(
            f"{path}: the model cannot be written",
            must_be="a file name in a folder that exists, with free space",
            got=error.strerror or str(error),
            help="check the folder and the space left, or choose another path",
        ) from error


def encode_model(architecture: Architecture, parameters: Floats, about: dict[str, Any] | None = None) -> bytes:
    """The bytes of a model file: the same network always gives the same. See `write_model`."""
    if parameters.shape != (architecture.parameter_count,):
        raise ModelFileError(
            "this network cannot be saved",
            must_be=f"{architecture.parameter_count} parameters, for {architecture}",
            got=f"shape {parameters.shape}",
            help="take both from the same network",
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        parameters = np.asarray(parameters, dtype=np.float32)
    if not np.isfinite(parameters).all():
        raise ModelFileError(
            "this network cannot be saved",
            must_be="finite parameters",
            got=f"{np.count_nonzero(~np.isfinite(parameters))} that are NaN or infinite",
            help="train it again with a smaller learning rate",
        )
    # safetensors 0.8 silently corrupts arrays that are not C-contiguous (its issue 825).
    tensors = {name: np.ascontiguousarray(view, np.float32) for name, view in architecture.named(parameters).items()}
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": _json({"sizes": architecture.sizes, "activation": architecture.activation}),
        "sha256": _digest(tensors),
        "about": _json(about or {}),
    }
    content = _with_sorted_header(safetensors.numpy.save(tensors, metadata))
    if (length := int.from_bytes(content[:8], "little")) > MAX_HEADER_BYTES:
        raise ModelFileError(
            "this network cannot be saved",
            must_be=f"at most {MAX_HEADER_BYTES} bytes of header",
            got=f"{length} bytes",
            help="shorten what `about` tells of the training",
        )
    return content


def read_model(path: Path) -> ModelFile:
    """Read a model file and check everything in it.

    Raises:
        ModelFileError: missing, not a model file, damaged, or shaped wrongly.
    """
    try:
        if not path.is_file():
            got = "a folder" if path.is_dir() else "something that is not a file" if path.exists() else "nothing there"
            _refuse(path, "there is no model file", "a file that digitlab wrote", got)
        if path.stat().st_size > MAX_FILE_BYTES:
            _refuse(path, "the file is too large", f"at most {MAX_FILE_BYTES} bytes", f"{path.stat().st_size} bytes")
        content = path.read_bytes()
    except OSError as error:
        _refuse(path, "the model cannot be read", "a readable file", error.strerror or str(error))
    return decode_model(content, path)


def decode_model(content: bytes, path: Path) -> ModelFile:
    """`read_model` for bytes at hand; ``path`` is what error messages name."""
    entries = _read_header(content, path)
    architecture, metadata = _read_metadata(entries.pop("__metadata__", None), path)
    if (size := 4 * architecture.parameter_count) > len(content):  # before memory is spent on it
        must_be = f"at least {size} bytes, for {architecture}"
        _refuse(path, "the architecture promises more than the file can hold", must_be, f"{len(content)} bytes")
    flat = np.empty(architecture.parameter_count, dtype=np.float32)
    views = architecture.named(flat)
    _check_tensors(entries, views, path)
    try:
        tensors = safetensors.numpy.load(content)
    except safetensors.SafetensorError as error:
        _refuse(path, "the tensors cannot be read", "a safetensors file", str(error))
    if (actual := _digest({name: tensors[name] for name in views})) != metadata["sha256"]:
        _refuse(path, "the numbers were changed or damaged", f"SHA-256 {metadata['sha256'][:64]}", actual)
    for name, view in views.items():
        view[...] = tensors[name]
    if not np.isfinite(flat).all():
        _refuse(path, "a parameter is not finite", "finite numbers", f"{np.count_nonzero(~np.isfinite(flat))} others")
    return ModelFile(architecture, flat, _decode(metadata["about"], dict[str, Any], path, "about"))


def _read_header(content: bytes, path: Path) -> dict[str, Any]:
    """The JSON object at the start: 8 bytes of length, then text that must begin with ``{``."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 10 or length > len(content) - 8 or content[8:9] != b"{":
        what = "a Python pickle, which is never opened" if content[:1] == b"\x80" else f"{content[:16]!r}..."
        _refuse(path, "this is not a model file", "a safetensors file, whole", f"{len(content)} bytes, {what}")
    if length > MAX_HEADER_BYTES:
        _refuse(path, "the header is too long", f"at most {MAX_HEADER_BYTES} bytes", f"{length} bytes")
    header: dict[str, Any] = _decode(content[8 : 8 + length], dict[str, Any], path, "the header")
    return header


def _read_metadata(metadata: object, path: Path) -> tuple[Architecture, dict[str, str]]:
    expected = {"format", "version", "architecture", "sha256", "about"}
    texts = metadata if isinstance(metadata, dict) else {}
    if set(texts) != expected or not all(isinstance(value, str) for value in texts.values()):
        _refuse(path, "digitlab did not write this file", f"the metadata {sorted(expected)}", str(sorted(texts)))
    if texts["format"] != FORMAT or texts["version"] != VERSION:
        got = f"{texts['format']} version {texts['version']}"
        _refuse(path, "this format is not known", f"{FORMAT} version {VERSION}", got)
    entry = _decode(texts["architecture"], _ArchitectureEntry, path, "the architecture")
    try:
        return Architecture(entry.sizes, entry.activation), texts
    except ArchitectureError as error:
        _refuse(path, error.what, error.must_be, error.got)


def _check_tensors(entries: dict[str, Any], views: dict[str, Floats], path: Path) -> None:
    """The header must list exactly the architecture's tensors, with its shapes, as float32."""
    if sorted(entries) != sorted(views):
        _refuse(path, "the tensors are not the network's", ", ".join(views), ", ".join(entries) or "none")
    for name, view in views.items():
        try:
            entry = msgspec.convert(entries[name], _TensorEntry)
        except msgspec.ValidationError as error:
            _refuse(path, f"the entry of {name} is malformed", "dtype, shape and data_offsets", str(error))
        if entry.dtype != "F32" or tuple(entry.shape) != view.shape:
            got = f"{entry.dtype} {tuple(entry.shape)}"
            _refuse(path, f"{name} does not fit the architecture", f"F32 {view.shape}", got)


def _with_sorted_header(content: bytes) -> bytes:
    """The same file with its header's keys in order: safetensors writes them in a random one."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = msgspec.json.encode(msgspec.json.decode(content[8:start]), order="sorted")
    header += b" " * (-len(header) % 8)  # the numbers stay aligned
    return len(header).to_bytes(8, "little") + header + content[start:]


def _digest(tensors: dict[str, NDArray[np.float32]]) -> str:
    digest = hashlib.sha256()
    for array in tensors.values():
        digest.update(array.data)
    return digest.hexdigest()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _decode(text: bytes | str, kind: Any, path: Path, what: str) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(path, f"{what} cannot be understood", "valid JSON of the documented form", str(error))


def _refuse(path: Path, problem: str, must_be: str, got: str) -> NoReturn:
    raise ModelFileError(
        f"{path}: {problem}",
        must_be=must_be,
        got=got,
        help="use a file that network.save or `digitlab train` wrote, or copy it again from where it was whole",
    )

"""The model file: a network's parameters with what is needed to use them. It says by itself what it is.

Tensors ``W1, b1, W2, b2, ...`` in float32 (see `digitlab.network.tensor_file`); metadata, all strings:

    format        "digitlab-model"
    version       "1"
    architecture  {"sizes": [784, 64, 10], "activation": "sigmoid"}
    about         free JSON: the recipe and how training went
    sha256        of the tensors

Reference: docs/reference/model-file.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from digitlab.durable import write_durably
from digitlab.errors import ArchitectureError, ModelFileError
from digitlab.network.activations import Floats
from digitlab.network.architecture import MAX_PARAMETERS, Architecture
from digitlab.network.tensor_file import (
    MAX_HEADER_BYTES,
    TensorHeader,
    decode_json,
    decode_tensors,
    encode_tensors,
    read_header,
    refuse,
)

__all__ = ["MODEL_SUFFIX", "ModelFile", "decode_model", "encode_model", "read_model", "write_model"]

FORMAT = "digitlab-model"
VERSION = "1"
MODEL_SUFFIX = ".safetensors"
MAX_FILE_BYTES = 8 + MAX_HEADER_BYTES + 4 * MAX_PARAMETERS
KEYS = {"format", "version", "architecture", "about", "sha256"}


class ModelFile(NamedTuple):
    """What a model file holds."""

    architecture: Architecture
    parameters: NDArray[np.float32]  # flat
    about: dict[str, Any]


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
    shape = {"sizes": architecture.sizes, "activation": architecture.activation}
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": msgspec.json.encode(shape).decode(),
        "about": msgspec.json.encode(about or {}).decode(),
    }
    return encode_tensors(architecture.named(parameters), metadata)


def read_model(path: Path) -> ModelFile:
    """Read a model file and check everything in it.

    Raises:
        ModelFileError: missing, not a model file, damaged, or shaped wrongly.
    """
    try:
        if not path.is_file():
            got = "a folder" if path.is_dir() else "something that is not a file" if path.exists() else "nothing there"
            refuse(path, "there is no model file", "a file that digitlab wrote", got)
        if path.stat().st_size > MAX_FILE_BYTES:
            refuse(path, "the file is too large", f"at most {MAX_FILE_BYTES} bytes", f"{path.stat().st_size} bytes")
        content = path.read_bytes()
    except OSError as error:
        refuse(path, "the model cannot be read", "a readable file", error.strerror or str(error))
    return decode_model(content, path)


def decode_model(content: bytes, path: Path) -> ModelFile:
    """`read_model` for bytes at hand; ``path`` is what error messages name."""
    header = read_header(content, path)
    architecture = _read_architecture(header, path)
    if (size := 4 * architecture.parameter_count) > len(content):  # before memory is spent on it
        must_be = f"at least {size} bytes, for {architecture}"
        refuse(path, "the architecture promises more than the file can hold", must_be, f"{len(content)} bytes")
    flat = np.empty(architecture.parameter_count, dtype=np.float32)
    views = architecture.named(flat)
    expected = {name: view.shape for name, view in views.items()}
    if sorted(header.shapes) != sorted(expected):
        refuse(path, "the tensors are not the network's", ", ".join(expected), ", ".join(header.shapes) or "none")
    for name, shape in expected.items():
        if header.shapes[name] != shape:
            refuse(path, f"{name} does not fit the architecture", f"shape {shape}", f"shape {header.shapes[name]}")
    about = decode_json(header.metadata["about"], dict[str, Any], path, "about")
    tensors = decode_tensors(content, header, path)
    for name, view in views.items():
        view[...] = tensors[name]
    return ModelFile(architecture, flat, about)


def _read_architecture(header: TensorHeader, path: Path) -> Architecture:
    texts = header.metadata
    if set(texts) != KEYS:
        refuse(path, "this is not a model file", f"the metadata {sorted(KEYS)}", str(sorted(texts)))
    if (texts["format"], texts["version"]) != (FORMAT, VERSION):
        got = f"{texts['format']} version {texts['version']}"
        refuse(path, "this format is not known", f"{FORMAT} version {VERSION}", got)
    entry = decode_json(texts["architecture"], _ArchitectureEntry, path, "the architecture")
    try:
        return Architecture(entry.sizes, entry.activation)
    except ArchitectureError as error:
        refuse(path, error.what, error.must_be, error.got)

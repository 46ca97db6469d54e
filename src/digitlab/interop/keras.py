"""``.keras``, the file of Keras 3, of models that are dense layers in a row; written and read without Keras.

    metadata.json        the version of Keras
    config.json          the layers: see `digitlab.interop.keras_layers`
    model.weights.h5     HDF5: layers/dense/vars/0 is the first Dense layer's kernel (inputs, units), .../1 its bias;
                         layers/dense_1 is the second, whatever the layers call themselves

All three are stored in a ZIP archive, not compressed: so nothing unpacks to more than the file has. HDF5 can lead to
other files, too; only arrays that lie in this one as they are, are read.

Sources: https://keras.io/guides/serialization_and_saving and the files that Keras 3.15 writes; The HDF Group, "HDF5
File Format Specification", version 3.0.
"""

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from digitlab.data.files import in_our_words
from digitlab.data.zip_file import open_archive, unpack
from digitlab.errors import ModelFileError, printable, refuse
from digitlab.extras import require_extra
from digitlab.interop.dense import ABOUT, Dense, Written, about, as_model_errors
from digitlab.interop.keras_layers import decode_config, encode_config
from digitlab.network.activations import Floats
from digitlab.network.architecture import Layer
from digitlab.network.model_file import MAX_FILE_BYTES
from digitlab.network.network import Network
from digitlab.network.tensor_file import MAX_HEADER_BYTES, decode_json

METADATA, CONFIG, WEIGHTS = MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
LONGEST = {METADATA: MAX_HEADER_BYTES, CONFIG: 2**18, WEIGHTS: MAX_FILE_BYTES}  # bytes
VERSION = "3.0.0"  # of Keras, the first that reads what is written here
EXTRA = "h5py", "keras", "a .keras file"


class _Metadata(msgspec.Struct):
    keras_version: str
    about: str | None = msgspec.field(name=ABOUT, default=None)


def write_keras(network: Network) -> Written:
    """A network as a Functional model that takes bytes 0..255, and gives probabilities.

    Raises:
        InputError: h5py is not installed.
    """
    files = {
        METADATA: msgspec.json.encode({"keras_version": VERSION, ABOUT: about(network)}),
        CONFIG: encode_config(network),
        WEIGHTS: _encode_weights(network.layers),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # of 1980: the same network gives the same bytes
    return Written(content.getvalue(), ["it takes bytes 0..255: keras.models.load_model(file).predict(images)"])


def read_keras(content: bytes, path: Path) -> Dense:
    """A ``.keras`` file as dense layers; ``path`` is for messages.

    Raises:
        ModelFileError: damaged, or other layers than these.
        InputError: h5py is not installed.
    """
    require_extra(*EXTRA)
    metadata, config, weights = _members(content, path)
    said: _Metadata = decode_json(metadata, _Metadata, path, METADATA)
    theirs = f"a model of Keras {printable(said.keras_version[:20])}"
    origin = theirs if said.about is None else "a Keras model that digitlab wrote"
    sizes, biases, dense = decode_config(config, origin, path)
    return replace(dense, layers=_decode_weights(weights, sizes, biases, path), about=said.about)


def _members(content: bytes, path: Path) -> list[bytes]:
    """Metadata, config and weights. They are stored, so they are no larger than the file."""
    with as_model_errors():
        archive = open_archive(content, MEMBERS, str(path))
        for info in archive.infolist():
            where = f"{path}: {info.filename}"
            if info.compress_type != zipfile.ZIP_STORED:
                help = "load it in Keras, and save it again"
                refuse(ModelFileError, where, "this is packed, and Keras stores it as it is", help=help)
            if info.file_size > (most := LONGEST[info.filename]):
                refuse(ModelFileError, where, "this is too long", must_be=f"at most {most:,} bytes")
        return [unpack(archive, name, str(path)) for name in MEMBERS]


def _encode_weights(layers: Sequence[Layer]) -> bytes:
    content = io.BytesIO()
    with require_extra(*EXTRA).File(content, "w") as file:
        for number, arrays in enumerate(layers):
            for name, array in zip(("0", "1"), arrays, strict=True):
                file[f"{_place(number)}/{name}"] = array
    return content.getvalue()


def _place(number: int) -> str:
    """Where Keras keeps the arrays of a Dense layer, of which ``number`` came before it."""
    return "layers/dense/vars" if number == 0 else f"layers/dense_{number}/vars"


def _decode_weights(content: bytes, sizes: Sequence[int], biases: Sequence[bool], path: Path) -> list[Layer]:
    """The arrays of the Dense layers, in a row of these ``sizes``; a layer without a bias has zeros."""
    shapes = list(pairwise(sizes))
    where = f"{path}: {WEIGHTS}"
    if (size := 4 * sum(map(math.prod, shapes))) > len(content):  # before memory is spent on it
        got = f"{len(content):,} bytes"
        refuse(ModelFileError, where, "there are too few numbers", must_be=f"at least {size:,} bytes", got=got)
    h5py = require_extra(*EXTRA)
    layers = []
    with as_model_errors():
        with in_our_words(where):
            file = h5py.File(io.BytesIO(content), "r")
        with file:
            for number, (shape, has_bias) in enumerate(zip(shapes, biases, strict=True)):
                W = _array(h5py, file, f"{_place(number)}/0", shape, where)
                b = _array(h5py, file, f"{_place(number)}/1", shape[1:], where) if has_bias else np.zeros(shape[1])
                layers.append(Layer(W, b))
    return layers


def _array(h5py: Any, file: Any, place: str, shape: tuple[int, ...], where: str) -> Floats:
    """One array, once it is known to lie in the file as it is: not packed, not in another, not made of others."""
    with in_our_words(where):
        item = file
        for name in place.split("/"):  # a soft or external link would lead elsewhere
            item = item[name] if isinstance(item.get(name, getlink=True), h5py.HardLink) else {}
        got = "no such array"
        if isinstance(item, h5py.Dataset):
            form, size = item.id.get_create_plist(), item.id.get_storage_size()
            plain = form.get_layout() == h5py.h5d.CONTIGUOUS and not form.get_external_count()
            got = f"{item.dtype.str} {item.shape}{'' if plain else ', packed or elsewhere'}"
            if plain and item.dtype.str == "<f4" and item.shape == shape and size == item.nbytes:
                array: Floats = item[()]
                return array
    must_be = f"float32 numbers of shape {shape}, as they are"
    refuse(ModelFileError, f"{where}: {place}", "this array cannot be used", must_be=must_be, got=got)

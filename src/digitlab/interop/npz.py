"""``.npz``: a network as NumPy arrays ``W1 (inputs, outputs), b1 (outputs,), W2, ...``, which ``numpy.load`` reads.

The array ``digitlab`` holds the bytes of a JSON text: ``json.loads(arrays["digitlab"].tobytes())``. Files of others may
have any names: see `digitlab.interop.dense.in_a_row`.
"""

import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.data.npy import Kinds, peek, read_array
from digitlab.data.zip_file import open_archive
from digitlab.errors import ModelFileError, printable, refuse
from digitlab.interop.dense import ABOUT, Dense, Written, about, as_layers, as_model_errors, in_a_row
from digitlab.network.network import Network
from digitlab.network.tensor_file import MAX_HEADER_BYTES

OF_NUMBERS = Kinds(("<f4", "<f8", "<f2"), "floats: float32, float64 or float16", "W.astype(np.float32)")
OF_TEXT = Kinds(("|u1",), "bytes", "")
MEMBER = f"{ABOUT}.npy"


def write_npz(network: Network) -> Written:
    """The network as such a file; the same network always gives the same bytes."""
    arrays: dict[str, Any] = network.architecture.named(network.parameters)
    arrays[ABOUT] = np.frombuffer(about(network).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return Written(
        buffer.getvalue(), ["a = f(x @ W1 + b1) and so on, of pixels x from 0 to 1; after the last, softmax"]
    )


def read_npz(content: bytes, path: Path) -> Dense:
    """Such a file as dense layers.

    Raises:
        ModelFileError: damaged, or the arrays are not those of dense layers.
    """
    name = str(path)
    with as_model_errors():
        archive = open_archive(content, None, name)
        members = archive.namelist()
        text = None
        if MEMBER in members:
            members.remove(MEMBER)
            if math.prod(peek(archive, MEMBER, name, OF_TEXT)) > MAX_HEADER_BYTES:
                refuse(ModelFileError, f"{name}: {MEMBER}", "this text is too long")
            text = read_array(archive, MEMBER, name, OF_TEXT).tobytes()
        shapes = {member: peek(archive, member, name, OF_NUMBERS) for member in members}
        places = in_a_row(shapes, path, flipped=(False, True))
        arrays = {member: read_array(archive, member, name, OF_NUMBERS) for member in members}
    shape = "(outputs, inputs)" if places[0].flipped else "(inputs, outputs)"
    names = ", ".join(printable(place.W.removesuffix(".npy")) for place in places)
    origin = f"NumPy arrays, weights {shape}: {names}" if text is None else "NumPy arrays that digitlab wrote"
    return Dense(as_layers(arrays, places), origin, about=text)

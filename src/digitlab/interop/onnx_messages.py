"""The messages of an ONNX file, as far as a network of dense layers needs them. Their names are those of onnx.proto."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError, printable
from digitlab.interop.protobuf import Budget, Fields, Message, only, text, whole_numbers

MODEL = Message(ir_version=1, producer_name=2, producer_version=3, graph=7, opset_import=8, metadata_props=14)
OPSET = Message(domain=1, version=2)
ENTRY = Message(key=1, value=2)
GRAPH = Message(node=1, name=2, initializer=5, input=11, output=12)
NODE = Message(input=1, output=2, name=3, op_type=4, attribute=5, domain=7)
ATTRIBUTE = Message(name=1, f=2, i=3, s=4, t=5, floats=7, ints=8, type=20)
VALUE_INFO = Message(name=1, type=2)
TYPE = Message(tensor_type=1)
TENSOR_TYPE = Message(elem_type=1, shape=2)
SHAPE = Message(dim=1)
DIMENSION = Message(dim_value=1, dim_param=2)
TENSOR = Message(
    dims=1, data_type=2, float_data=4, name=8, raw_data=9, double_data=10, external_data=13, data_location=14
)
FLOAT, FLOAT16, DOUBLE = 1, 10, 11  # types of numbers
FLOATS = {  # what NumPy calls them, and the field that holds them where they are not raw
    FLOAT: ("<f4", "float_data"),
    FLOAT16: ("<f2", "raw_data"),
    DOUBLE: ("<f8", "double_data"),
}
MOST_DIMENSIONS = 8


def read_tensor(fields: Fields, budget: Budget) -> NDArray[Any] | None:
    """The floats in a tensor; nothing is copied where their bytes lie together. None: it holds something else.

    Raises:
        InputError: they are in another file, or not as many as the shape says.
    """
    if (kind := only(fields["data_type"])) not in FLOATS:
        return None
    name = printable(text(fields["name"])[:40])
    if fields["external_data"] or fields["data_location"]:
        what = f"the numbers of {name} are in another file, which is not opened"
        help = "save all in one: torch.onnx.export(..., external_data=False), or onnx.save(onnx.load(path), path)"
        raise InputError(what, help=help)
    dtype, field = FLOATS[kind]
    pieces = [piece for piece in fields["raw_data"] or fields[field] if not isinstance(piece, int)]
    content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    shape = whole_numbers(fields["dims"], budget)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if len(shape) > MOST_DIMENSIONS or min(shape, default=0) < 0 or size != len(content):
        got = f"{len(content):,} bytes for the shape {shape}"
        raise InputError(f"the shape of {name} cannot be true", got=got)
    return np.frombuffer(content, dtype).reshape(shape)

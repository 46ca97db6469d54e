"""What operators of ONNX make of rows of dense layers. A value in a graph is a constant, a `Row`, or `Unknown`.

What was done to the sums of a layer since is not read from the names of operators: it is computed for a few numbers,
the curve, and compared with the activations. So it does not matter whether a GELU is one operator or nine.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.interop.onnx_messages import FLOATS, TENSOR, read_tensor
from digitlab.interop.protobuf import Budget, Fields, decimal, decimals, messages, only, text, whole_numbers
from digitlab.network.activations import ACTIVATIONS, LEAK, Floats
from digitlab.network.architecture import MAX_LAYERS, MAX_UNITS, Layer
from digitlab.network.network import BEYOND

SIDE = np.logspace(-3, 3, 100)
GRID = np.concatenate([-SIDE[::-1], [0.0], SIDE])  # where curves are compared
NUMBERS_AT_ONCE = 100  # that cost as much as reading a field
NO_BIAS = np.zeros(1, np.float32)
MIDDLE = len(SIDE)  # where it is 0
EXACT, NEAR = 1e-5, 1e-3  # how far a curve may be from an activation: without a word, and with one


@dataclass(frozen=True, eq=False)
class Row:
    """A value that is a row of dense layers of the input, and something after the last of them.

    Attributes:
        layers: those so far.
        activations: after each layer but the last: the name, and how far from that it is.
        scale, shift: what was done to the input before the first layer; numbers, or one for each input.
        curve: what the sums of the last layer came to since, for the numbers of `GRID`.
        ended: softmax came after it.
    """

    layers: tuple[Layer, ...] = ()
    activations: tuple[tuple[str, float], ...] = ()
    scale: Floats | float = 1.0
    shift: Floats | float = 0.0
    curve: Floats = field(default_factory=lambda: GRID)
    ended: bool = False


class Unknown(NamedTuple):
    """A value that is no row of dense layers, and why."""

    why: str


Value: TypeAlias = Row | NDArray[Any] | Unknown


class OtherError(Exception):
    """What an operator makes is no row of dense layers."""


class Node(NamedTuple):
    """An operator, what it takes, and its attributes."""

    op: str
    values: list[Value | None]
    attributes: dict[str, Fields]
    budget: Budget

    def value(self, place: int) -> Value:
        """An input, which must be known."""
        value = self.values[place] if place < len(self.values) else None
        if value is None or isinstance(value, Unknown):
            raise OtherError(value.why if value else f"{self.op} of a value that nothing makes")
        return value

    def row(self, place: int = 0) -> Row:
        """An input that depends on the graph's, and that softmax has not ended."""
        value = self.value(place)
        if not isinstance(value, Row) or value.ended:
            raise OtherError(f"{self.op} of {'probabilities' if isinstance(value, Row) else 'constants'}")
        return value

    def constant(self, place: int) -> NDArray[Any]:
        """An input that must be a constant."""
        value = self.value(place)
        if not isinstance(value, np.ndarray):
            raise OtherError(f"{self.op} of values that all depend on the input")
        return value

    def whole(self, name: str, default: int) -> int:
        """An attribute that is a whole number."""
        found = self.attributes.get(name)
        return whole_numbers([only(found["i"])], self.budget)[0] if found else default

    def decimal(self, name: str, default: float) -> float:
        """An attribute that is a float."""
        found = self.attributes.get(name)
        return decimal(found["f"]) if found else default


@np.errstate(**BEYOND)
def nearest_activation(curve: Floats) -> tuple[str, float]:
    """The activation that a curve is, or is most like, and how far it is from that."""
    distances = {}
    for name, activation in ACTIVATIONS.items():
        right = activation.function(GRID)
        distances[name] = float(np.max(np.abs(curve - right) / np.maximum(1, np.abs(right))))
    name = min(distances, key=lambda one: distances[one] if distances[one] >= 0 else math.inf)  # NaN is not
    return name, distances[name]


def _linear(row: Row, W: NDArray[Any], b: NDArray[Any]) -> Row:
    """One more layer after a row."""
    sizes = {1, len(W)} if W.ndim else {1}
    if not row.layers and not {np.size(row.scale), np.size(row.shift)} <= sizes:
        raise OtherError("other numbers for each input than there are inputs")
    if (
        W.ndim != 2
        or max(W.shape) > MAX_UNITS
        or len(row.layers) == MAX_LAYERS
        or (row.layers and len(row.layers[-1].b) != len(W))
    ):
        raise OtherError(f"a layer of the shape {W.shape}, which does not fit or is too large")
    if b.size not in (1, W.shape[1]) or b.shape[-1:] not in ((), (b.size,)):
        raise OtherError(f"{b.size} biases for {W.shape[1]} sums")
    layers = (*row.layers, Layer(W, np.broadcast_to(b.ravel(), W.shape[1])))
    if not row.layers:
        return replace(row, layers=layers)
    name, apart = nearest_activation(row.curve)
    if not apart <= NEAR:
        what = "no activation" if row.curve is GRID else "another activation than those of digitlab"
        raise OtherError(f"{what} after layer {len(row.layers)}")
    return replace(row, layers=layers, activations=(*row.activations, (name, apart)), curve=GRID)


def _gemm(node: Node) -> Row:
    W = node.constant(1)
    if node.whole("transA", 0) or node.decimal("alpha", 1.0) != 1 or node.decimal("beta", 1.0) != 1:
        raise OtherError("Gemm with transA, alpha or beta")
    W = W.T if node.whole("transB", 0) else W
    b = node.constant(2) if len(node.values) > 2 else NO_BIAS
    return _linear(node.row(), W, b)


def _matmul(node: Node) -> Row:
    return _linear(node.row(), node.constant(1), NO_BIAS)


def _arithmetic(node: Node) -> Row:
    """Add, Sub, Mul, Div or Pow of two values, one of which may be constant."""
    left, right = node.value(0), node.value(1)
    if isinstance(left, Row) and isinstance(right, Row):
        if not left.layers or left.layers is not right.layers or left.ended or right.ended:
            raise OtherError(f"{node.op} of two different values")
        return replace(left, curve=ARITHMETIC[node.op](left.curve, right.curve))
    if isinstance(left, Row):
        row, constant, op = node.row(0), node.constant(1), node.op
    else:
        row, constant, op = node.row(1), node.constant(0), TURNED.get(node.op, node.op)
    if not row.layers:
        return _of_input(row, op, constant.ravel(), node.budget)
    node.budget.spend(len(row.layers[-1].b) // NUMBERS_AT_ONCE)
    W, b = row.layers[-1]
    if row.curve is GRID and op in ("Add", "Sub") and constant.shape[-1:] == (constant.size,) == b.shape:
        return replace(row, layers=(*row.layers[:-1], Layer(W, ARITHMETIC[op](b, constant.ravel()))))
    if constant.size != 1:
        raise OtherError(f"{node.op} of a layer and other numbers than its biases")
    return replace(row, curve=ARITHMETIC[op](row.curve, constant.ravel()))


def _of_input(row: Row, op: str, constant: NDArray[Any], budget: Budget) -> Row:
    """Something linear that is done to the input, before the first layer."""
    if op not in ("Add", "Sub", "Mul", "Div", TURNED["Sub"]):
        raise OtherError("a Pow of the input, or a Div by it")
    if constant.size > MAX_UNITS or len({constant.size, np.size(row.scale), np.size(row.shift)} - {1}) > 1:
        raise OtherError(f"{op} of the input and other numbers than it has")
    budget.spend(constant.size // NUMBERS_AT_ONCE)
    nothing, scale, shift = np.zeros(1), row.scale + np.zeros(1), row.shift + np.zeros(1)
    function = ARITHMETIC[op]
    return replace(row, scale=function(scale, constant) - function(nothing, constant), shift=function(shift, constant))


def _scaler(node: Node) -> Row:
    """``(input - offset) * scale``, by an operator of its own."""
    row = node.row()
    if row.layers:
        raise OtherError("Scaler after a layer")
    for name, op in (("offset", "Sub"), ("scale", "Mul")):
        if name in node.attributes:
            row = _of_input(row, op, decimals(node.attributes[name]["floats"]), node.budget)
    return row


def _elementwise(node: Node) -> Row:
    row = node.row()
    if not row.layers:
        raise OtherError(f"{node.op} of the input")
    return replace(row, curve=ELEMENTWISE[node.op](row.curve, node))


def _softmax(node: Node) -> Row:
    row = node.row()
    if not row.layers or node.whole("axis", -1) not in (-1, 1):
        raise OtherError(f"{node.op} of the input, or along another axis")
    return replace(row, ended=True)


def _as_it_is(node: Node) -> Value:
    """The same numbers, perhaps in another shape: pictures (N, 1, 28, 28) become rows so."""
    value = node.value(0)
    if isinstance(value, np.ndarray) and node.op != "Identity":
        raise OtherError(f"{node.op} of constants")
    return value


def _cast(node: Node) -> Value:
    if node.whole("to", 0) not in FLOATS:
        raise OtherError("Cast to whole numbers")
    return node.value(0)


def _transpose(node: Node) -> Value:
    matrix = node.constant(0)
    order = whole_numbers(node.attributes["perm"]["ints"], node.budget) if "perm" in node.attributes else [1, 0]
    if matrix.ndim != 2 or order != [1, 0]:
        raise OtherError("Transpose of something else than a matrix")
    return matrix.T


def _constant(node: Node) -> Value:
    if "value_float" in node.attributes:
        return np.array(node.decimal("value_float", 0))
    found = node.attributes["value"]["t"] if "value" in node.attributes else []
    for fields in messages(TENSOR, found[-1:], node.budget):
        if (array := read_tensor(fields, node.budget)) is not None:
            return array
    raise OtherError("a Constant that is no array of floats")


def _gelu(z: Floats, node: Node) -> Floats:
    found = node.attributes.get("approximate")
    if found and text(found["s"]) == "tanh":
        return ACTIVATIONS["gelu"].function(z)
    return z / 2 * (1 + _erf(z / math.sqrt(2)))


def _erf(z: Floats) -> Floats:
    return np.array([math.erf(one) for one in z])


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": operator.truediv,
    "Pow": operator.pow,
    "Sub from": lambda x, constant: constant - x,
    "Div of": lambda x, constant: constant / x,
    "Pow of": lambda x, constant: constant**x,
}
TURNED = {"Sub": "Sub from", "Div": "Div of", "Pow": "Pow of"}  # where the constant comes first
ELEMENTWISE: dict[str, Callable[[Floats, Node], Floats]] = {
    "Sigmoid": lambda z, _: ACTIVATIONS["sigmoid"].function(z),
    "Tanh": lambda z, _: np.tanh(z),
    "Relu": lambda z, _: np.maximum(z, 0),
    "LeakyRelu": lambda z, node: np.where(z < 0, node.decimal("alpha", LEAK) * z, z),
    "Gelu": _gelu,
    "Erf": lambda z, _: _erf(z),
}
OPERATORS: dict[str, Callable[[Node], Value]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    **dict.fromkeys(ARITHMETIC, _arithmetic),
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    **dict.fromkeys(("Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Dropout", "ZipMap"), _as_it_is),
    "Scaler": _scaler,
    "Cast": _cast,
    "Transpose": _transpose,
    "Constant": _constant,
}

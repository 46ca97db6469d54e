"""A graph of ONNX, followed from its input to its output, as a row of dense layers."""

import numpy as np

from digitlab.errors import InputError, printable
from digitlab.interop.dense import Dense
from digitlab.interop.onnx_messages import ATTRIBUTE, GRAPH, NODE, TENSOR, VALUE_INFO, read_tensor
from digitlab.interop.onnx_operators import (
    EXACT,
    GRID,
    MIDDLE,
    NEAR,
    OPERATORS,
    Node,
    OtherError,
    Row,
    Unknown,
    Value,
    nearest_activation,
)
from digitlab.interop.protobuf import Budget, Fields, messages, text, texts
from digitlab.network.activations import ACTIVATIONS

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")  # of operators; whoever has an own one means something else by its names
NODE_COST = 10  # as much as reading so many fields: its function is computed for some numbers
SUPPORTED = (
    f"Gemm, or MatMul and Add, with the same activation after all but the last ({', '.join(ACTIVATIONS)}),"
    " and Softmax, LogSoftmax or nothing at the end"
)


def read_graph(content: memoryview, budget: Budget, origin: str, about: str | None) -> Dense:
    """The graph in these bytes.

    Args:
        content: a message `GRAPH`.
        budget: of the file.
        origin: what the file is, in words.
        about: what digitlab said of it.

    Raises:
        InputError: it is no row of dense layers, or an array in it is not in order.
    """
    graph = GRAPH.decode(content, budget)
    arrays = {text(fields["name"]): fields for fields in messages(TENSOR, graph["initializer"], budget)}
    inputs = [text(fields["name"]) for fields in messages(VALUE_INFO, graph["input"], budget)]
    free = [name for name in inputs if name not in arrays]
    if len(free) != 1:
        raise InputError("the graph must have one input", got=f"{len(free)} of them")
    values: dict[str, Value] = {free[0]: Row()}
    ends = []  # where something else was made of a row
    for node in messages(NODE, graph["node"], budget):
        names = texts(node["input"])
        for name in names:
            if name in arrays and name not in values:
                array = read_tensor(arrays[name], budget)
                values[name] = Unknown("constants that are no floats") if array is None else array
        given = [values.get(name) for name in names]
        value = _apply(node, given, budget)
        values |= dict.fromkeys(texts(node["output"])[:1], value)  # Dropout has a second one, its mask
        if isinstance(value, Unknown) and any(isinstance(one, Row) for one in given):
            ends.append(value.why)
    found = [values.get(text(fields["name"])) for fields in messages(VALUE_INFO, graph["output"], budget)]
    rows = [value for value in found if isinstance(value, Row) and value.layers]
    if not rows:
        got = ends[0] if ends else "no layers"
        raise InputError("the graph is no row of dense layers", must_be=SUPPORTED, got=got)
    return _as_dense(rows[0], origin, about)


def _apply(fields: Fields, values: list[Value | None], budget: Budget) -> Value:
    """What a node makes of these values."""
    budget.spend(NODE_COST)
    op, domain = (printable(text(fields[name])[:40]) for name in ("op_type", "domain"))
    unknown = values[0] if values else None
    if isinstance(unknown, Unknown):
        return unknown
    if op not in OPERATORS or domain not in DOMAINS:
        return Unknown(f"the operator {domain}{'.' if domain else ''}{op}")
    attributes = {text(one["name"]): one for one in messages(ATTRIBUTE, fields["attribute"], budget)}
    try:
        with np.errstate(all="ignore"):
            return OPERATORS[op](Node(op, values, attributes, budget))
    except OtherError as error:
        return Unknown(str(error))


@np.errstate(all="ignore")  # what a file multiplies its logits by may be infinite
def _as_dense(row: Row, origin: str, about: str | None) -> Dense:
    """The row that a graph puts out. A factor after its last layer is a temperature."""
    slope = (row.curve[-1] - row.curve[0]) / (GRID[-1] - GRID[0])
    straight = slope * GRID + row.curve[MIDDLE]  # what is added to all logits changes no probability
    if not (0 < slope < np.inf and np.allclose(row.curve, straight, rtol=EXACT, atol=EXACT * slope)):
        name, apart = nearest_activation(row.curve)
        got = name if apart <= NEAR else "another function"
        what = "the graph ends with something else than softmax after its last layer"
        raise InputError(what, must_be="Softmax, LogSoftmax, or nothing", got=got)
    names = [name for name, _ in row.activations]
    if len(set(names)) > 1:
        raise InputError("the activations differ", must_be="the same after all hidden layers", got=", ".join(names))
    apart = max((apart for _, apart in row.activations), default=0.0)
    notes = [f"its activation is not quite {names[0]}, but up to {apart:.1g} from it"] if apart > EXACT else []
    activation = names[0] if names else None
    return Dense(row.layers, origin, activation, float(1 / slope), row.scale, row.shift, about, notes)

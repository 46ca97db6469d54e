"""ONNX: a network as a graph of operators, which many programs run; and such graphs as networks.

What is written has opset 17 and IR version 8: newer ones are beyond many runtimes. Its input ``pixels`` is float32
``(N, P)`` from 0 to 1, its output ``probabilities`` float32 ``(N, K)``; softmax and temperature are in the graph. The
metadata has a JSON text ``digitlab``, see `digitlab.interop.dense.about`.

Of files, `digitlab.interop.onnx_graph` follows the graph. Both are done without the library ``onnx``: it takes a file
for what it says, and a few megabytes of empty nodes for gigabytes.

Source: ONNX, "Open Neural Network Exchange Intermediate Representation Specification", and its onnx.proto.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from digitlab.data.files import named
from digitlab.errors import InputError, ModelFileError, printable, require_name
from digitlab.interop.dense import ABOUT, Dense, Written, about
from digitlab.interop.onnx_graph import read_graph
from digitlab.interop.onnx_messages import (
    ATTRIBUTE,
    DIMENSION,
    ENTRY,
    FLOAT,
    GRAPH,
    MODEL,
    NODE,
    OPSET,
    SHAPE,
    TENSOR,
    TENSOR_TYPE,
    TYPE,
    VALUE_INFO,
)
from digitlab.interop.protobuf import Budget, messages, text, whole_numbers
from digitlab.network.activations import CUBIC, LEAK, ROOT_2_OVER_PI, Floats
from digitlab.network.network import Network
from digitlab.version import __version__

IR_VERSION, OPSET_VERSION = 8, 17
OLDEST_OPSET = 7  # before it, operators broadcast by an attribute
FLOAT_ATTRIBUTE = 1  # the type of an attribute
INPUT, OUTPUT = "pixels", "probabilities"
Z = "z"  # in a chain of operators: the weighted sums that it began with
CHAINS: dict[str, Sequence[tuple[str, object]]] = {  # operators, and what each takes beside what the one before gave
    "sigmoid": [("Sigmoid", None)],
    "tanh": [("Tanh", None)],
    "relu": [("Relu", None)],
    "leaky_relu": [("LeakyRelu", {"alpha": LEAK})],
    "gelu": [  # has an operator only since opset 20
        *[("Mul", Z), ("Mul", Z), ("Mul", CUBIC), ("Add", Z), ("Mul", ROOT_2_OVER_PI)],
        *[("Tanh", None), ("Add", 1.0), ("Mul", 0.5), ("Mul", Z)],
    ],
}


class _Graph:
    """The nodes and constants of a graph, one after the other."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.constants: dict[str, bytes] = {}

    def add(self, op: str, output: str, *inputs: str, attributes: Mapping[str, float] | None = None) -> str:
        """A node; what it gives is called ``output``, which comes back."""
        told = [ATTRIBUTE.encode(name=name, f=f, type=FLOAT_ATTRIBUTE) for name, f in (attributes or {}).items()]
        self.nodes.append(NODE.encode(input=inputs, output=[output], name=f"{op} {output}", op_type=op, attribute=told))
        return output

    def number(self, value: float) -> str:
        """A constant number, which is called by its value."""
        self.constants[str(value)] = TENSOR.encode(data_type=FLOAT, float_data=[value], name=str(value))
        return str(value)

    def array(self, name: str, array: Floats) -> str:
        """A constant array."""
        content = array.astype("<f4").tobytes()
        self.constants[name] = TENSOR.encode(dims=list(array.shape), data_type=FLOAT, name=name, raw_data=content)
        return name


def write_onnx(network: Network) -> Written:
    """The network as such a file; the same network always gives the same bytes.

    Raises:
        InputError: the activation is one that was added, and has no formula here.
    """
    architecture, temperature = network.architecture, network.card.temperature
    require_name(architecture.activation, CHAINS, "activation in ONNX")
    graph = _Graph()
    value = INPUT
    for number, layer in enumerate(network.layers, 1):
        W, b = graph.array(f"W{number}", layer.W), graph.array(f"b{number}", layer.b)
        z = value = graph.add("Gemm", f"z{number}", value, W, b)
        if number == len(architecture.pairs):
            break
        for step, (op, other) in enumerate(CHAINS[architecture.activation], 1):
            beside = [z] if other == Z else [graph.number(other)] if isinstance(other, float) else []
            attributes = other if isinstance(other, dict) else None
            value = graph.add(op, f"a{number}.{step}", value, *beside, attributes=attributes)
    if temperature is not None:
        value = graph.add("Div", "z/T", value, graph.number(temperature))
    graph.add("Softmax", OUTPUT, value)
    content = MODEL.encode(
        ir_version=IR_VERSION,
        producer_name="digitlab",
        producer_version=__version__,
        graph=GRAPH.encode(
            node=graph.nodes,
            name="digitlab",
            initializer=list(graph.constants.values()),
            input=_value_info(INPUT, architecture.sizes[0]),
            output=_value_info(OUTPUT, architecture.sizes[-1]),
        ),
        opset_import=OPSET.encode(version=OPSET_VERSION),
        metadata_props=ENTRY.encode(key=ABOUT, value=about(network)),
    )
    inside = "softmax" if temperature is None else f"softmax with its temperature {temperature:.6g}"
    words = f"opset {OPSET_VERSION}: float32 {INPUT} (N, {architecture.sizes[0]}) from 0 to 1 to"
    return Written(content, [f"{words} {OUTPUT} (N, {architecture.sizes[-1]}); {inside} is in it"])


def read_onnx(content: bytes, path: Path) -> Dense:
    """Such a file as dense layers.

    Raises:
        ModelFileError: damaged, its numbers are in other files, or the graph is no row of dense layers.
    """
    with named(path, ModelFileError):
        budget = Budget()
        model = MODEL.decode(memoryview(content), budget)
        opsets = messages(OPSET, model["opset_import"], budget)
        versions = [whole_numbers(opset["version"], budget) for opset in opsets if not text(opset["domain"])]
        graphs = [graph for graph in model["graph"] if not isinstance(graph, int)]
        if not versions or not versions[-1] or not graphs:
            raise InputError("this is no ONNX file, or it is damaged", got=repr(content[:16]))
        if (version := versions[-1][-1]) < OLDEST_OPSET:
            raise InputError("this ONNX is too old", must_be=f"opset {OLDEST_OPSET} or newer", got=version)
        metadata = {text(entry["key"]): entry for entry in messages(ENTRY, model["metadata_props"], budget)}
        made_by = " ".join(text(model[name]) for name in ("producer_name", "producer_version")).strip()
        origin = f"ONNX, opset {version}" + (f", by {printable(made_by[:60])}" if made_by else "")
        own = metadata.get(ABOUT)
        return read_graph(graphs[-1], budget, origin, text(own["value"]) if own else None)


def _value_info(name: str, size: int) -> bytes:
    """An input or output ``(N, size)``, where N may be any number."""
    dimensions = [DIMENSION.encode(dim_param="N"), DIMENSION.encode(dim_value=size)]
    tensor = TENSOR_TYPE.encode(elem_type=FLOAT, shape=SHAPE.encode(dim=dimensions))
    return VALUE_INFO.encode(name=name, type=TYPE.encode(tensor_type=tensor))

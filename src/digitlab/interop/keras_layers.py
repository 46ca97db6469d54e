"""``config.json`` in a ``.keras`` file: layers of Keras, as far as a network of digitlab can be made of them.

    {"class_name": "Functional", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 64, ...}, "name": "first", "inbound_nodes": [whose output]}, ...]}}

A Sequential model has no ``inbound_nodes``: each layer takes what the one before it gives.

Keras can have code in such a file (a Lambda, classes of one's own), and asks whoever loads it to trust it. Here nothing
is made by a name that a file gives: a layer is one of `LAYERS`, or refused.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from digitlab.errors import ModelFileError, describe, refuse
from digitlab.interop.dense import Dense
from digitlab.network.activations import LEAK
from digitlab.network.architecture import MAX_UNITS
from digitlab.network.network import Network
from digitlab.network.tensor_file import decode_json

MAX_LAYERS = 256  # of all kinds
DIGITS = 12  # of a temperature: Keras multiplies by one over it
CONFIG = "config.json"
SUPPORTED = (
    "layers of Keras' own in a row: InputLayer, Rescaling, Flatten, Dense (sigmoid, tanh, relu, gelu), Dropout,"
    f" Activation, ReLU, LeakyReLU (of {LEAK}), Softmax; the same activation after all Dense but the last"
)
EXACT_GELU, KERAS_LEAK = "exact_gelu", 0.2  # what "gelu" and "leaky_relu" mean in Keras
ROW = re.compile(  # of what layers do, each word with a space behind it
    r"(?:row |picture (?:scale )*flatten )(?:scale |flatten )*"
    r"(?:dense (?P<activation>sigmoid|tanh|relu|leaky_relu|gelu|exact_gelu) (?:dense (?P=activation) )*)?"
    r"dense (?:scale )?(?:softmax )?"
)


# --- written ---


def encode_config(network: Network) -> bytes:
    """A Functional model that takes bytes 0..255, and gives probabilities."""
    return msgspec.json.encode(_functional(list(_layers(network))))


def _layers(network: Network) -> Iterator[tuple[str, dict[str, Any], tuple[int, ...]]]:
    """Class, settings and the shape of what comes out of each layer."""
    inputs, *units = network.architecture.sizes
    picture = network.card.preprocessing
    shape = (inputs,) if picture is None else (picture.side, picture.side)
    yield "InputLayer", {"name": "pixels", "batch_shape": [None, *shape]}, shape
    yield "Rescaling", {"name": "divide_by_255", "scale": 1 / 255, "offset": 0.0}, shape
    yield "Flatten", {"name": "flatten"}, (inputs,)
    for number, outputs in enumerate(units, start=1):
        yield "Dense", {"name": f"dense_{number}", "units": outputs, "activation": "linear"}, (outputs,)
        if number < len(units):
            kind, settings = WRITTEN_AS[network.architecture.activation]
            yield kind, {"name": f"hidden_{number}", **settings}, (outputs,)
    if network.card.temperature is not None:
        yield "Rescaling", {"name": "temperature", "scale": 1 / network.card.temperature, "offset": 0.0}, (units[-1],)
    yield "Softmax", {"name": "probabilities"}, (units[-1],)


WRITTEN_AS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: ("Activation", {"activation": name}) for name in ("sigmoid", "tanh", "relu")},
    "leaky_relu": ("LeakyReLU", {"negative_slope": LEAK}),  # "leaky_relu" by its name has a slope of 0.2
    "gelu": ("Gelu", {"approximate": True}),  # "gelu" by its name is the exact one; this is an operation, no layer
}


def _functional(layers: Sequence[tuple[str, dict[str, Any], tuple[int, ...]]]) -> dict[str, Any]:
    """The model as config.json has it: each layer takes what the one before it gives."""
    told: list[dict[str, Any]] = []
    for number, (kind, settings, _) in enumerate(layers):
        if kind == "Gelu":
            entry: dict[str, Any] = {"module": "keras.src.ops.nn", "registered_name": kind, "config": settings}
        else:
            entry = {"module": "keras.layers", "registered_name": None, "config": {**settings, "dtype": "float32"}}
        nodes = []
        if number:
            _, before, shape = layers[number - 1]
            tensor = {"shape": [None, *shape], "dtype": "float32", "keras_history": [before["name"], 0, 0]}
            nodes = [{"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}]
        told.append({**entry, "class_name": kind, "name": settings["name"], "inbound_nodes": nodes})
    ends = {"input_layers": [told[0]["name"], 0, 0], "output_layers": [told[-1]["name"], 0, 0]}
    config = {"name": "digitlab", "trainable": True, "layers": told, **ends}
    model = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}
    return {**model, "config": config, "build_config": {"input_shape": None}}


# --- read ---


_Output = tuple[str, int, int]  # the name of a layer, which call of it, which of its outputs


class _Tensor(msgspec.Struct):
    keras_history: _Output


class _Argument(msgspec.Struct):
    config: _Tensor


class _Node(msgspec.Struct):
    """What a layer is called with; ``kwargs`` that are more than flags could be other tensors."""

    args: tuple[_Argument]
    kwargs: dict[str, bool | None] = {}


class _Layer(msgspec.Struct):
    """A layer of config.json, or the model itself. What does not matter here is not even looked at."""

    class_name: str
    config: msgspec.Raw
    module: str | None = None
    registered_name: str | None = None
    name: str | None = None
    inbound_nodes: msgspec.Raw = msgspec.Raw(b"[]")


class _Model(msgspec.Struct):
    layers: Annotated[tuple[_Layer, ...], msgspec.Meta(min_length=1)]
    input_layers: msgspec.Raw = msgspec.Raw(b"[]")
    output_layers: msgspec.Raw = msgspec.Raw(b"[]")


class _Name(msgspec.Struct):
    name: str


class _Policy(msgspec.Struct):
    config: _Name


class _Settings(msgspec.Struct):
    """Those that say what a layer does, of all kinds of layers."""

    dtype: str | _Policy = "float32"
    quantization_config: None = None
    batch_shape: Annotated[tuple[int | None, ...], msgspec.Meta(max_length=4)] = ()
    scale: float = 1.0
    offset: float = 0.0
    units: int = 0
    use_bias: bool = True
    activation: str | None = None
    negative_slope: float | None = None
    threshold: float = 0.0
    max_value: None = None
    axis: int = -1
    approximate: bool = True


class Chain(NamedTuple):
    """What layers in a row come to.

    Attributes:
        sizes: numbers in an input, then the units of each Dense layer.
        biases: whether each has one.
        dense: all of it but the numbers.
    """

    sizes: list[int]
    biases: list[bool]
    dense: Dense


def decode_config(text: bytes, origin: str, path: Path) -> Chain:
    """The layers in a config.json; ``origin`` says what made it, ``path`` is for messages.

    Raises:
        ModelFileError: other layers, or not in a row.
    """
    steps = [step for layer in _in_a_row(text, path) for step in _steps(layer, path)]
    words = [word for word, _ in steps]
    row = ROW.fullmatch("".join(f"{word} " for word in words))
    if row is None:
        refuse(ModelFileError, path, "these layers are no network of digitlab", must_be=SUPPORTED, got=" ".join(words))
    dense = [settings for word, settings in steps if word == "dense"]
    scale, shift, temperature = 1.0, 0.0, None
    for place, (word, settings) in enumerate(steps):
        if word == "scale" and place < words.index("dense"):
            scale, shift = scale * settings.scale, shift * settings.scale + settings.offset
        elif word == "scale":  # an offset of all logits changes no probability
            temperature = float(f"{1 / (settings.scale or math.nan):.{DIGITS}g}")
    activation = row["activation"]
    notes = []
    if activation == EXACT_GELU:
        activation = "gelu"
        notes.append("its gelu is the exact one, here it is the tanh form: what a unit gives differs by at most 0.0005")
    if words[-1] != "softmax":
        notes.append("it ends without softmax, so what it gives are taken for logits")
    sizes = [_width(steps[0][1]), *(settings.units for settings in dense)]
    found = Dense((), origin, activation, temperature, scale, shift, notes=notes)
    return Chain(sizes, [settings.use_bias for settings in dense], found)


def _in_a_row(config: bytes, path: Path) -> tuple[_Layer, ...]:
    """The layers of a model, once it is known that each takes what the one before it gives, and nothing else."""
    model: _Layer = decode_json(config, _Layer, path, CONFIG)
    kind = model.class_name
    if kind not in ("Sequential", "Functional") or not _is_of_keras(model):
        got = describe(model.registered_name or kind)
        refuse(ModelFileError, path, "this is another kind of model", must_be="Sequential or Functional", got=got)
    found: _Model = decode_json(model.config, _Model, path, CONFIG)
    layers = found.layers
    if len(layers) > MAX_LAYERS:
        refuse(ModelFileError, path, f"{len(layers)} layers are too many", must_be=f"at most {MAX_LAYERS}")
    for layer in layers:
        if layer.class_name not in LAYERS or not _is_of_keras(layer):
            got = f"{describe(layer.registered_name or layer.class_name)} of {describe(layer.module)}"
            refuse(ModelFileError, path, "this kind of layer is not known", must_be=SUPPORTED, got=got)
    if kind == "Functional":
        gives = [(layer.name or "", 0, 0) for layer in layers]
        takes = [_taken(layer, path) for layer in layers]
        ends = [_only(end, path) for end in (found.input_layers, found.output_layers)]
        row = [[], *([one] for one in gives[:-1])]
        if len(set(gives)) < len(gives) or takes != row or ends != [gives[0], gives[-1]]:
            refuse(ModelFileError, path, "its layers are not in a row, from one input to one output", must_be=SUPPORTED)
    return layers


def _taken(layer: _Layer, path: Path) -> list[_Output]:
    """What a layer takes."""
    nodes = decode_json(layer.inbound_nodes, tuple[_Node, ...], path, f"{CONFIG}: what a {layer.class_name} takes")
    return [node.args[0].config.keras_history for node in nodes]


def _only(end: msgspec.Raw, path: Path) -> _Output:
    """The one input or output of a model, which some versions of Keras put into a list."""
    text = bytes(end)
    nested = text.startswith(b"[[")
    found: _Output = decode_json(text[nested : len(text) - nested], _Output, path, f"{CONFIG}: its ends")
    return found


def _steps(layer: _Layer, path: Path) -> Iterator[tuple[str, _Settings]]:
    """What a layer does, in words of `ROW`; nothing, where it does something in training alone."""
    kind = layer.class_name
    settings: _Settings = decode_json(layer.config, _Settings, path, f"{CONFIG}: {kind}")
    floats = settings.dtype if isinstance(settings.dtype, str) else settings.dtype.config.name
    if floats != "float32":
        refuse(ModelFileError, path, f"a layer {kind} is not of float32", got=describe(floats))
    for word in LAYERS[kind](settings):
        yield word, settings


def _is_of_keras(layer: _Layer) -> bool:
    """Whether Keras brings this class, and nobody registered one of this name."""
    return layer.registered_name in (None, layer.class_name) and (layer.module or "").split(".")[0] == "keras"


def _input(settings: _Settings) -> list[str]:
    if not 0 < _width(settings) <= MAX_UNITS:
        return [f"input of shape {settings.batch_shape}"]
    return ["row" if len(settings.batch_shape) == 2 else "picture"]


def _width(settings: _Settings) -> int:
    """Numbers in an input; 0 where that is not said."""
    sides = settings.batch_shape[1:]
    return math.prod(side or 0 for side in sides) if sides else 0


def _activation(settings: _Settings) -> list[str]:
    """By its name; those that are others in Keras than here have other words."""
    name = settings.activation or "linear"
    known = {"linear": [], "leaky_relu": [f"leaky_relu({KERAS_LEAK})"], "gelu": [EXACT_GELU]}
    known |= {same: [same] for same in ("sigmoid", "tanh", "relu", "softmax")}
    return known.get(name, [describe(name)])


def _rectified(settings: _Settings) -> list[str]:
    slope = settings.negative_slope or 0.0
    kind = "relu" if slope == 0 else "leaky_relu" if slope == LEAK else f"leaky_relu({slope})"
    return [f"{kind}(above {settings.threshold:g})" if settings.threshold else kind]


LAYERS: dict[str, Callable[[_Settings], list[str]]] = {  # what each does, in words of `ROW`
    "InputLayer": _input,
    "Rescaling": lambda _: ["scale"],
    "Flatten": lambda _: ["flatten"],
    "Dropout": lambda _: [],
    "Dense": lambda settings: ["dense", *_activation(settings)],
    "Activation": _activation,
    "ReLU": _rectified,
    "LeakyReLU": _rectified,
    "Gelu": lambda settings: ["gelu" if settings.approximate else EXACT_GELU],
    "Softmax": lambda settings: ["softmax" if settings.axis in (-1, 1) else f"softmax({settings.axis})"],
}

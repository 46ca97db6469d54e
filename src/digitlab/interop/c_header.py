"""A C header that reads digits by itself, for a microcontroller: weights of one byte, sums of whole numbers.

`digitlab.interop.quantized` says what it computes; the C around the numbers lies in the folder ``c_header``. It is
written only: what rounding took from the weights, no reader could give back.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.interop.dense import Written, digits_to_measure
from digitlab.interop.quantized import Quantized, QuantizedLayer, quantize
from digitlab.network.activations import ACTIVATIONS, CUBIC, FLAT, LEAK, ROOT_2_OVER_PI
from digitlab.network.network import Network
from digitlab.version import __version__

PARTS = Path(__file__).with_suffix("")
NAME = "digit.h"  # what the header calls itself in its example
ON_A_LINE = {"int8_t": 19, "float": 7}  # within 120 columns
FORMULAS = {  # of `ACTIVATIONS`; without tanh, as tanh(u) = 2 sigmoid(2u) - 1
    "sigmoid": "return 1.0f / (1.0f + digitlab_exp(-z));",
    "tanh": "return 2.0f / (1.0f + digitlab_exp(-2.0f * z)) - 1.0f;",
    "relu": "return z > 0.0f ? z : 0.0f;",
    "leaky_relu": f"return z > 0.0f ? z : {LEAK}f * z;",
    "gelu": f"""if (z < -{FLAT}f) return 0.0f;
    if (z > {FLAT}f) return z;
    return z / (1.0f + digitlab_exp({-2 * ROOT_2_OVER_PI:.9g}f * (z + {CUBIC}f * z * z * z)));""",
}


def write_c_header(network: Network) -> Written:
    """The network as a header; what bytes instead of floats cost it is measured, and said in it.

    Raises:
        InputError: its numbers are so large that sums of them could leave float32.
    """
    quantized = quantize(network)
    words = [*_memory(quantized), *_accuracy(network, quantized)]
    sizes, activation = network.architecture.sizes, network.architecture.activation
    picture = network.card.preprocessing
    pixels = (
        f"{picture.side} x {picture.side} bytes, row by row: 0 is paper, 255 ink" if picture else f"{sizes[0]} bytes"
    )
    hidden = _part("hidden.h", in_words=ACTIVATIONS[activation].in_words, formula=FORMULAS[activation])
    text = _part(
        "classifier.h",
        title=f"A neural network {network.architecture} ({activation}) that tells {sizes[-1]} classes apart.",
        file=NAME,
        pixels=pixels,
        told="\n".join(f" * {line[0].upper()}{line[1:]}." for line in words),
        version=__version__,
        inputs=sizes[0],
        outputs=sizes[-1],
        arrays="\n".join(_arrays(quantized.layers)),
        names="\n".join(f"        {_c_text(name)}," for name in network.card.labels),
        hidden=hidden if len(sizes) > 2 else "",
        deskew=_part("deskew.h") if quantized.card.deskews else "",
        forward="\n".join(f"    {line}" for line in _forward(quantized)),
        temperature=_c_float(network.card.temperature or 1.0),
    )
    return Written(text.encode(), words)


def _part(name: str, **values: object) -> str:
    return Template((PARTS / name).read_text("utf-8")).substitute(values)


def _memory(quantized: Quantized) -> Iterator[str]:
    """What it takes of a microcontroller."""
    constants = sum(layer.W.nbytes + layer.scale.nbytes + layer.b.nbytes for layer in quantized.layers)
    widths = [layer.W.shape for layer in quantized.layers]
    buffers = 2 * max(inputs for _, inputs in widths) + 4 * max((units for units, _ in widths[:-1]), default=0)
    yield f"{constants:,} bytes of constants (flash), {buffers:,} bytes of buffers (RAM), and some 2,000 bytes of code"


def _accuracy(network: Network, quantized: Quantized) -> Iterator[str]:
    """What bytes cost, on MNIST's test digits, where the network can read them."""
    if (test := digits_to_measure(network)) is None:
        yield "what weights of one byte cost was not measured: these are no classes of MNIST"
        return
    floats, bytes_ = network.predict(test.images), quantized.logits(test.images).argmax(axis=1)
    right, left = (100 * np.mean(found == test.labels) for found in (floats, bytes_))
    changed = np.count_nonzero(floats != bytes_)
    yield f"{left:.2f} % of MNIST's {len(test):,} test digits right; in float32 {right:.2f} %; {changed} other answers"


def _arrays(layers: tuple[QuantizedLayer, ...]) -> Iterator[str]:
    """The numbers of each layer as constants of C."""
    for number, layer in enumerate(layers, start=1):
        yield from _array("int8_t", f"digitlab_W{number}", layer.W.ravel(), str)
        yield from _array("float", f"digitlab_scale{number}", layer.scale, _c_float)
        yield from _array("float", f"digitlab_b{number}", layer.b, _c_float)


def _forward(quantized: Quantized) -> Iterator[str]:
    """The statements from pixels to logits."""
    *hidden, last = quantized.layers
    yield f"static int16_t a[{max(layer.W.shape[1] for layer in quantized.layers)}];"
    if hidden:
        yield f"static float z[{max(len(layer.W) for layer in hidden)}];"
    yield "float step = 1.0f / 255.0f;"
    if quantized.card.deskews:
        yield "digitlab_deskew(pixels, a);"
    else:
        yield "for (int input = 0; input < DIGITLAB_INPUTS; input++) a[input] = pixels[input];"
    for number, layer in enumerate(quantized.layers, start=1):
        units, inputs = layer.W.shape
        if number > 1:
            yield f"step = digitlab_hidden(z, {inputs}, {layer.level}, a);"
        z = "logits" if layer is last else "z"
        arrays = ", ".join(f"digitlab_{name}{number}" for name in ("W", "scale", "b"))
        yield f"digitlab_layer(a, step, {inputs}, {arrays}, {units}, {z});"


def _array(kind: str, name: str, values: NDArray[Any], written: Callable[[Any], str]) -> Iterator[str]:
    yield f"static const {kind} {name}[{len(values)}] = {{"
    numbers = list(map(written, values.tolist()))
    for start in range(0, len(numbers), ON_A_LINE[kind]):
        yield "    " + ", ".join(numbers[start : start + ON_A_LINE[kind]]) + ","
    yield "};"


def _c_float(value: float) -> str:
    """A float32 to its last bit."""
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _c_text(text: str) -> str:
    """A string of C that no letter can leave: what is no plain letter or digit is written as its bytes, in octal."""
    return (
        '"'
        + "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03o}" for byte in text.encode())
        + '"'
    )

"""Keras files that lie about layers, about whose output they take, about where numbers are. h5py must be there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import h5py
import numpy as np

from tests.hostile.keras_files import NUMBERS, Layers, functional, keras, layer, layers, node, sequential, weights
from tests.hostile.lies_of_data import Lie

KERNEL = "layers/dense/vars/0"


def lies() -> Iterator[Lie]:
    """All of them."""
    for name, changed in settings_lies():
        yield name, partial(keras, sequential(changed))
    for name, told, ends in row_lies():
        yield f"in a row: {name}", lambda told=told, ends=ends: keras(functional(told, **ends))
    for name, config in config_lies():
        yield f"config: {name}", partial(keras, config)
    for name, change in weight_lies():
        yield f"weights: {name}", lambda change=change: keras(numbers=weights(change))
    for name, numbers in {"none": b"", "no HDF5": b"x" * 2000, "cut short": weights()[:-500]}.items():
        yield f"weights: {name}", partial(keras, numbers=numbers)
    for name, metadata in metadata_lies():
        yield f"metadata: {name}", partial(keras, metadata=metadata)
    for name, said in archive_lies():
        yield f"archive: {name}", partial(keras, **said)
    right = keras()
    for name, content in {"empty": b"", "cut short": right[:-1], "more behind": right + b"\0", "text": b"{}"}.items():
        yield name, partial(bytes, content)


def settings_lies() -> Iterator[tuple[str, Layers]]:
    """Layers that are not known, or settings that cannot be."""
    wrong: dict[int, dict[str, tuple[object, ...]]] = {
        0: {"batch_shape": ([None], [], None, [None, None], [None, 0], [None, 5], [None, 2**63], [None, 10**400],
                            [None, -4], [None, 2, 2], [4], [None, 16_384, 16_384], [1] * 10**5, "4", [None, 4.5])},
        1: {"scale": (None, 1e400, [1.0] * 4, "1"), "offset": ("0", [0.0])},
        2: {"units": (0, -1, 2, 4, 2**31, 2**63, 10**400, 3.5, "3", None), "use_bias": ("yes", 1, None),
            "activation": ("gelu\nrelu", "relu dense relu", "selu", "leaky_relu", 1, {"class_name": "function"},
                           "softmax", "linear", None, "", "x" * 10**5),
            "dtype": ("float16", "mixed_bfloat16", 1, {"config": {"name": "float64"}}, {"config": {}}, None),
            "quantization_config": ({}, "int8")},
        3: {"activation": ("sigmoid", "relu", "softmax"), "units": (3, 1)},
        4: {"axis": (0, 2, None, [-1], "last")},
    }  # fmt: skip
    for at, lies_of in wrong.items():
        for key, values in lies_of.items():
            for number, value in enumerate(values):
                changed = layers()
                changed[at]["config"][key] = value
                yield f"layer {at}: {key}, {number}", changed
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
    others = {
        "a Lambda": layer("Lambda", "x", function=code),
        "a convolution": layer("Conv2D", "x", filters=3),
        "a model in it": {**json.loads(sequential(layers())), "name": "x"},
        "a class of somebody": {**layer("Dense", "x", units=3, activation="relu"), "registered_name": "Mine>Dense"},
        "a module of somebody": {**layer("Dropout", "x"), "module": "os"},
        "a module like Keras": {**layer("Dropout", "x"), "module": "keras_tricks.layers"},
        "a layer without a module": {**layer("Dropout", "x"), "module": None},
        "a second activation": layer("Activation", "x", activation="relu"),
        "another activation": layer("Activation", "x", activation="tanh"),
        "a slope of its own": layer("LeakyReLU", "x", negative_slope=0.3),
        "a ReLU with a ceiling": layer("ReLU", "x", max_value=6.0),
        "a second input": layer("InputLayer", "x", batch_shape=[None, 3]),
        "softmax before the end": layer("Softmax", "x", axis=-1),
        "numbers scaled in the middle": layer("Rescaling", "x", scale=2.0),
        "a layer that is none": "Dense",
        "a layer of nothing": {},
    }
    for name, other in others.items():
        yield name, [*layers()[:3], other, *layers()[3:]]
    for name, changed in {"no layers": [], "no Dense": layers()[:2], "no input": layers()[1:]}.items():
        yield name, changed
    yield "a temperature of nothing", [*layers()[:4], layer("Rescaling", "t", scale=0.0), layers()[4]]
    yield "a temperature below 0", [*layers()[:4], layer("Rescaling", "t", scale=-1.0), layers()[4]]
    yield "ten thousand layers", [layers()[0], *[layer("Dropout", "x")] * 1000, *layers()[1:]]
    yield "a Dense layer too many", [*layers()[:3], layer("Dense", "x", units=3, activation="relu"), *layers()[3:]]


def row_lies() -> Iterator[tuple[str, Layers, Mapping[str, object]]]:
    """Layers that take what others than the one before them give."""

    def fed(at: int, *nodes: object) -> Layers:
        changed = layers()
        changed[at]["inbound_nodes"] = list(nodes)
        return changed

    yield "a way past a layer", fed(3, node("scale")), {}
    yield "from behind", fed(2, node("b")), {}
    yield "two at once", fed(3, node("a", "scale")), {}
    yield "twice", fed(3, node("a"), node("a")), {}
    yield "from nowhere", fed(3), {}
    yield "no argument", fed(3, {"args": [], "kwargs": {}}), {}
    yield "a tensor by name", fed(4, node("b", mask=node("a")["args"][0])), {}
    yield "an input that takes something", fed(0, node("p")), {}
    yield "another call of it", fed(3, {"args": [{"config": {"keras_history": ["a", 1, 0]}}]}), {}
    yield "a history that is none", fed(3, {"args": [{"config": {"keras_history": "a"}}]}), {}
    same = layers()
    same[2]["name"] = same[3]["name"] = "a"
    yield "two of one name", same, {}
    for key in ("input_layers", "output_layers"):
        for number, end in enumerate(
            (["a", 0, 0], [["p", 0, 0], ["a", 0, 0]], [], None, "p", [["p", 0, 0, 0]], [[]] * 999)
        ):
            yield f"{key}, {number}", layers(), {key: end}
    yield "nothing", [], {"input_layers": [], "output_layers": []}


def config_lies() -> Iterator[tuple[str, bytes]]:
    right = sequential(layers())
    for kind in ("Model", "Lambda", "", "x" * 10**5):
        yield f"a model of kind {kind[:9]}", right.replace(b"Sequential", kind.encode())
    yield "a model of somebody", right.replace(b'"module": "keras",', b'"module": "mine",')
    yield (
        "registered",
        right.replace(b'"module": "keras",', b'"module": "keras", "registered_name": "Mine>Sequential",'),
    )
    yield "nothing", b""
    yield "a list", b"[]"
    yield "bytes that are no text", right.replace(b"Dense", b"\xff\xfe")
    yield "lists in lists", b'{"class_name": ' + b"[" * 200_000
    yield "many layers of nothing", sequential([{}] * 60_000)
    yield (
        "many small things",
        sequential(layers()).replace(b'"units": 3', b'"units": 3, "seed": [' + b"{}," * 60_000 + b"{}]}"),
    )
    yield "too long", right + b" " * 2**19
    yield "twice", right * 2


def weight_lies() -> Iterator[tuple[str, Callable[[h5py.File], None]]]:
    """Arrays that are elsewhere, packed, or other ones."""

    def instead(make: Callable[[h5py.File], object]) -> Callable[[h5py.File], None]:
        def change(file: h5py.File) -> None:
            del file[KERNEL]
            made = make(file)
            if isinstance(made, np.ndarray | h5py.SoftLink | h5py.ExternalLink):
                file[KERNEL] = made

        return change

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((4, 3), "<f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4, 3))
        file.create_virtual_dataset(KERNEL, layout)

    def made(**said: Any) -> Callable[[h5py.File], object]:
        return lambda file: file.create_dataset(KERNEL, **said)

    right = NUMBERS[KERNEL]
    yield "a soft link", instead(lambda file: h5py.SoftLink("/layers/other"))
    yield "a soft link to what fits", instead(lambda file: [file.__setitem__("x", right), h5py.SoftLink("/x")][1])
    yield "a link to another file", instead(lambda file: h5py.ExternalLink("/etc/passwd", "x"))
    yield (
        "a group by a soft link",
        lambda file: [file.move("layers", "x"), file.__setitem__("layers", h5py.SoftLink("/x"))][0],
    )
    yield "numbers of another file", instead(made(shape=(4, 3), dtype="<f4", external=[("/etc/passwd", 0, 48)]))
    yield "numbers of others", instead(virtual)
    yield "packed", instead(made(data=right, compression="gzip"))
    yield "in pieces", instead(made(data=right, chunks=(2, 3)))
    yield "no numbers yet", instead(made(shape=(4, 3), dtype="<f4"))
    yield "2 GB of nothing", instead(made(shape=(2**29,), dtype="<f4"))
    yield (
        "2 GB of zeros, packed",
        instead(made(shape=(2**15, 2**14), dtype="<f4", chunks=(1024, 1024), compression="gzip")),
    )
    yield "a group", instead(lambda file: file.create_group(KERNEL))
    yield "nothing", instead(lambda file: None)
    yield "no bias", lambda file: file.__delitem__("layers/dense/vars/1")
    yield "no second layer", lambda file: file.__delitem__("layers/dense_1")
    yield "no layers", lambda file: file.__delitem__("layers")
    yield "an array above", lambda file: [file.__delitem__("layers/dense"), file.__setitem__("layers/dense", right)][0]
    for kind in ("<f8", ">f4", "<f2", "<i4", "S4", "V4"):
        yield f"type {kind}", instead(lambda file, kind=kind: np.zeros((4, 3), kind))
    for shape in ((3, 4), (12,), (4, 3, 1), (4, 4), (0, 3), ()):
        yield f"shape {shape}", instead(lambda file, shape=shape: np.zeros(shape, "<f4"))
    for number in (np.nan, np.inf, -np.inf):
        yield f"{number}", instead(lambda file, number=number: np.full((4, 3), number, "<f4"))
    yield "a type of many parts", instead(made(shape=(4, 3), dtype=[("a", "<f4")]))
    yield "texts", instead(made(shape=(4, 3), dtype=h5py.string_dtype()))


def metadata_lies() -> Iterator[tuple[str, bytes]]:
    card = {"activation": "relu"}
    wrong: dict[str, object] = {
        "no activation": {},
        "more": card | {"more": 1},
        "too many labels": card | {"labels": ["a", "b", "c"]},
        "labels of escapes": card | {"labels": ["\x1b[2J", "b"]},
        "a side that does not fit": card | {"preprocessing": {"side": 28, "kind": "divide", "by": 255, "version": 1}},
        "a recipe of lists": card | {"recipe": {"a": [[[]]]}},
        "a list": [],
    }
    for name, said in wrong.items():
        yield name, json.dumps({"keras_version": "3", "digitlab": json.dumps(said)}).encode()
    yield "no text", json.dumps({"keras_version": "3", "digitlab": card}).encode()
    yield "no version", b"{}"
    yield "nothing", b""
    yield "a version of a million", b'{"keras_version": ' + b"9" * 10**6 + b"}"
    yield "too long", b'{"keras_version": "' + b"9" * 2**20 + b'"}'


def archive_lies() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "packed", {"deflate": True}
    yield "a bomb", {"numbers": bytes(2**25), "deflate": True}
    for liar in range(3):
        for key in ("size", "packed", "crc", "start"):
            for value in (1, 2**31, 2**32 - 1):
                yield f"member {liar}: {key} {value}", {"liar": liar, "central": {key: value}}
        for method in (1, 8, 12, 2**16 - 1):
            yield f"member {liar}: method {method}", {"liar": liar, "central": {"method": method}}
    yield "a password", {"central": {"flags": 1}, "local": {"flags": 1}}
    yield "more members", {"end": {"count": 4, "on_disk": 4}}
    yield "fewer members", {"end": {"count": 2, "on_disk": 2}}

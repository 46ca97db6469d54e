"""ONNX: onnxruntime computes what digitlab writes, and digitlab reads what others write, where it is dense layers."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import DigitlabError, InputError, ModelFileError
from digitlab.interop import understand
from digitlab.network import ACTIVATIONS
from tests.hostile import lies_of_exchange
from tests.interop.onnx_graphs import FIRST, PIXELS, TAIL, W1, H, P, X, graph, helper, onnx
from tests.interop.peers import pytorch

ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def run(content: bytes, x: np.ndarray) -> np.ndarray:
    """What onnxruntime answers."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(content, options)
    (answer,) = session.run(None, {session.get_inputs()[0].name: x})
    found: np.ndarray = answer
    return found


def read(content: bytes, tmp_path: Path, **options: Any) -> Any:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    return understand(path, **options)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_the_same_in_onnxruntime(activation, mnist, tmp_path):
    network = dl.Network([784, 30, 20, 10], activation=activation, seed=4)
    network.parameters[:] *= 1.5
    network.card = dl.load("standard").card  # its temperature
    dl.export_model(network, tmp_path / "a.onnx")
    content = (tmp_path / "a.onnx").read_bytes()
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, [(one.domain, one.version) for one in model.opset_import]) == (8, [("", 17)])
    (put_in,), (put_out,) = model.graph.input, model.graph.output
    assert (put_in.name, put_out.name) == ("pixels", "probabilities")
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(told["digitlab"])["temperature"] == network.card.temperature
    for count in (1, 200):
        x = network.inputs(mnist[1].images[:count].reshape(count, -1))
        assert np.abs(run(content, x) - network.probabilities(mnist[1].images[:count])).max() < 1e-6


GELU = [
    ("Mul", "z z", "zz"),
    ("Mul", "zz z", "zzz"),
    ("Mul", "cubic zzz", "c"),
    ("Add", "z c", "s"),
    ("Mul", "s root2", "u"),
]
GELU += [("Tanh", "u", "t"), ("Add", "one t", "t1"), ("Mul", "t1 half", "h"), ("Mul", "z h", "a")]
ERF = [
    ("Div", "z root", "u"),
    ("Erf", "u", "e"),
    ("Add", "e one", "e1"),
    ("Mul", "z e1", "ze"),
    ("Mul", "ze half", "a"),
]
OTHERS = {
    "softmax": [FIRST, ("Relu", "z", "a"), *TAIL],
    "MatMul and Add": [("MatMul", "x W1", "m"), ("Add", "m row", "z"), ("Tanh", "z", "a"), *TAIL],
    "Add turned": [("MatMul", "x W1", "m"), ("Add", "b1 m", "z"), ("Tanh", "z", "a"), *TAIL],
    "no bias": [("Gemm", "x W1", "z"), ("Sigmoid", "z", "a"), *TAIL],
    "Sub": [("MatMul", "x W1", "m"), ("Sub", "m b1", "z"), ("Tanh", "z", "a"), *TAIL],
    "transB": [("Gemm", "x W1T b1", "z", {"transB": 1}), ("Relu", "z", "a"), *TAIL],
    "Transpose": [("Transpose", "W1T", "W"), ("Gemm", "x W b1", "z"), ("Relu", "z", "a"), *TAIL],
    "shapes": [
        *[("Reshape", "x|[20, 9]", "r"), ("Identity", "r", "i"), ("Cast", "i", "c", {"to": 1}), ("Dropout", "c", "d")],
        *[("Gemm", "d W1 b1", "z"), ("LeakyRelu", "z", "a", {"alpha": 0.01}), *TAIL],
    ],
    "a GELU of many nodes": [FIRST, *GELU, *TAIL],
    "powers": [FIRST, ("Pow", "z three", "zzz"), *GELU[2:], *TAIL],
    "temperature": [FIRST, ("Relu", "z", "a"), TAIL[0], ("Mul", "half z2", "z3"), ("Softmax", "z3", "y", {"axis": 1})],
    "a number is added": [FIRST, ("Relu", "z", "a"), TAIL[0], ("Sub", "z2 three", "z3"), ("Softmax", "z3", "y")],
    "standardized": [
        ("Sub", "x mean", "c"),
        ("Div", "c std", "s"),
        ("Gemm", "s W1 b1", "z"),
        ("Relu", "z", "a"),
        *TAIL,
    ],
    "turned": [("Sub", "one x", "c"), ("Add", "c half", "s"), ("Gemm", "s W1 b1", "z"), ("Relu", "z", "a"), *TAIL],
    "one layer": [("Gemm", "x W1 b1", "z"), ("Softmax", "z", "y")],
}


@pytest.mark.parametrize("name", OTHERS)
def test_dense_layers_of_others_give_what_onnxruntime_gives(name, tmp_path):
    content = graph(OTHERS[name])
    taken = read(content, tmp_path)
    assert np.abs(taken.network.probabilities(X) - run(content, X)).max() < 1e-6
    assert taken.taken_for["file"] == "ONNX, opset 17, by somebody"
    assert "notes" not in taken.taken_for
    if name == "temperature":
        assert taken.network.card.temperature == pytest.approx(2)


def test_logits_and_logarithms_are_taken_for_what_they_are(tmp_path):
    expected = run(graph(OTHERS["softmax"]), X)
    for steps in ([("Gemm", "a W2 b2", "y")], [TAIL[0], ("LogSoftmax", "z2", "y")]):
        network = read(graph([*OTHERS["softmax"][:2], *steps]), tmp_path).network
        assert np.abs(network.probabilities(X) - expected).max() < 1e-6


def test_pictures_are_flattened(tmp_path):
    steps = [("Add", "x half", "c"), ("Flatten", "c", "f"), ("Gemm", "f W1 b1", "z"), *OTHERS["softmax"][1:]]
    content = graph(steps, shape=("N", 1, 3, 3))
    expected = run(content, X.reshape(-1, 1, 3, 3))
    assert np.abs(read(content, tmp_path).network.probabilities(X) - expected).max() < 1e-6


def test_bytes_that_the_graph_divides_are_bytes(tmp_path):
    steps = [("Cast", "x", "f", {"to": 1}), ("Div", "f 255", "d"), ("Gemm", "d W1 b1", "z"), *OTHERS["softmax"][1:]]
    content = graph(steps, kind=2)
    taken = read(content, tmp_path)
    assert taken.taken_for["inputs"] == "pixels 0..255, as it seems"
    assert np.abs(taken.network.probabilities(PIXELS) - run(content, PIXELS)).max() < 1e-6


def test_scikit_learns_scaler_becomes_part_of_the_first_layer(tmp_path):
    scaler = {"offset": [0.5] * P, "scale": [2.0, 3.0, 1.0] * 3, "domain": "ai.onnx.ml"}
    content = graph([("Scaler", "x", "s", scaler), ("Gemm", "s W1 b1", "z"), *OTHERS["softmax"][1:]])
    assert np.abs(read(content, tmp_path).network.probabilities(X) - run(content, X)).max() < 1e-6


def test_a_gelu_that_is_not_ours_is_taken_with_a_word(tmp_path):
    expected = run(graph([FIRST, *ERF, *TAIL]), X)
    exact = graph([FIRST, ("Gelu", "z", "a"), *TAIL], opset=20)
    for content in (graph([FIRST, *ERF, *TAIL]), exact):
        taken = read(content, tmp_path)
        assert taken.network.architecture.activation == "gelu"
        assert "0.0005" in taken.taken_for["notes"]
        assert 1e-6 < np.abs(taken.network.probabilities(X) - expected).max() < 1e-3
    same = graph([FIRST, ("Gelu", "z", "a", {"approximate": "tanh"}), *TAIL], opset=20)
    taken = read(same, tmp_path)
    assert "notes" not in taken.taken_for
    assert np.abs(taken.network.probabilities(X) - run(same, X)).max() < 1e-6


@pytest.mark.parametrize("kind", [onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16])
def test_numbers_may_lie_in_other_fields_and_constants_in_nodes(kind, tmp_path):
    raw = kind == onnx.TensorProto.FLOAT16
    values = W1.astype(np.float16) if raw else W1
    given = values.tobytes() if raw else values.ravel().tolist()
    tensor = helper.make_tensor("W", kind, W1.shape, given, raw=raw)
    steps = [("Constant", "", "W", {"value": tensor}), ("Cast", "W", "V", {"to": 1}), ("Gemm", "x V b1", "z")]
    content = graph([*steps, *OTHERS["softmax"][1:]])
    np.testing.assert_array_equal(read(content, tmp_path).network.W1, values.astype(np.float32))


@pytest.mark.soak  # its exporter takes seconds to come
def test_what_pytorch_exports_comes_back(mnist, tmp_path):
    torch = pytorch()
    nn = torch.nn
    torch.manual_seed(0)
    layers = [nn.Flatten(), nn.Linear(784, 20), nn.GELU("tanh"), nn.Dropout(0.5), nn.Linear(20, 10), nn.LogSoftmax(1)]
    module = nn.Sequential(*layers).eval()
    images = mnist[1].images[:50]
    x = torch.from_numpy(images[:, None] / np.float32(255))
    try:
        torch.onnx.export(module, (x,), str(tmp_path / "a.onnx"), dynamo=False)
    except Exception as error:  # whatever this version of PyTorch wants beside
        pytest.skip(f"PyTorch exports nothing here: {error}")
    with torch.no_grad():
        expected = module(x).exp().numpy()
    assert np.abs(dl.import_model(tmp_path / "a.onnx").probabilities(images) - expected).max() < 1e-6


ROW = [step for n in range(40) for step in (("Gemm", f"a{n} square", f"s{n}"), ("Relu", f"s{n}", f"a{n + 1}"))]
RELU = ("Relu", "z", "a")
REFUSED = {
    "another operator": ([FIRST, ("Elu", "z", "a"), *TAIL], "Elu"),
    "a convolution": ([("Conv", "x W1", "z"), RELU, *TAIL], "Conv"),
    "another domain": ([FIRST, ("Relu", "z", "a", {"domain": "mine"}), *TAIL], "mine.Relu"),
    "no activation": ([("Gemm", "x W1 b1", "a"), *TAIL], "no activation after layer 1"),
    "another activation": ([FIRST, ("Mul", "z z", "a"), *TAIL], "another activation"),
    "a steeper leak": ([FIRST, ("LeakyRelu", "z", "a", {"alpha": 0.02}), *TAIL], "another activation"),
    "two activations": (
        [FIRST, RELU, ("Gemm", "a square", "s"), ("Tanh", "s", "t"), ("Gemm", "t W2 b2", "y")],
        "relu, tanh",
    ),
    "sigmoid at the end": ([FIRST, RELU, TAIL[0], ("Sigmoid", "z2", "y")], "sigmoid"),
    "something odd at the end": ([FIRST, RELU, TAIL[0], ("Mul", "z2 z2", "y")], "another function"),
    "a layer after softmax": ([FIRST, ("Softmax", "z", "a"), ("Gemm", "a W2 b2", "y")], "probabilities"),
    "softmax of the input": ([("Softmax", "x", "y")], "Softmax of the input"),
    "a residual": (
        [FIRST, RELU, ("Gemm", "a square", "s"), ("Add", "s z", "r"), ("Relu", "r", "q"), ("Gemm", "q W2", "y")],
        "two different",
    ),
    "transA": ([("Gemm", "x W1 b1", "z", {"transA": 1}), RELU, *TAIL], "transA"),
    "alpha": ([("Gemm", "x W1 b1", "z", {"alpha": 2.0}), RELU, *TAIL], "alpha"),
    "the input is squared": ([("Pow", "x three", "p"), ("Gemm", "p W1 b1", "z"), RELU, *TAIL], "Pow"),
    "the input is rounded": ([("Cast", "x", "c", {"to": 7}), ("Gemm", "c W1 b1", "z"), RELU, *TAIL], "whole numbers"),
    "six numbers of nine": ([("Add", "x b1", "c"), ("Gemm", "c W1 b1", "z"), RELU, *TAIL], "inputs"),
    "six numbers and nine": ([("Add", "x b1", "c"), ("Mul", "c mean", "d"), ("Gemm", "d W1 b1", "y")], "other numbers"),
    "a layer that does not fit": ([FIRST, RELU, ("Gemm", "a W1 b1", "y")], "does not fit"),
    "biases that do not fit": ([("Gemm", "x W1 mean", "z"), RELU, *TAIL], "9 biases for 6"),
    "a column of biases": ([("MatMul", "x W1", "s"), ("Add", "s column", "z"), RELU, *TAIL], "than its biases"),
    "a column in Gemm": ([("Gemm", "x W1 column", "z"), RELU, *TAIL], "biases"),
    "infinitely cold": ([FIRST, RELU, TAIL[0], ("Mul", "z2 infinite", "y")], "another function"),
    "weights of no matrix": ([("MatMul", "x mean", "y")], "does not fit"),
    "too many layers": ([("Gemm", "x W1 b1", "s"), ("Relu", "s", "a0"), *ROW, ("Gemm", "a40 W2", "y")], "too large"),
    "a layer of a layer": ([FIRST, RELU, ("MatMul", "a z", "y")], "depend on the input"),
    "the input alone": ([("Identity", "x", "y")], "no layers"),
    "an unknown value": ([FIRST, ("Add", "z nothing", "a"), *TAIL], "nothing makes"),
    "nothing": ([], "no layers"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_other_graphs_are_refused_and_say_where_they_end(name, tmp_path):
    steps, words = REFUSED[name]
    with pytest.raises(ModelFileError) as caught:
        read(graph(steps), tmp_path)
    assert words in str(caught.value)
    assert str(tmp_path) in caught.value.what


def changed(change: Any) -> bytes:
    """A good file after ``change(model)``."""
    model = onnx.load_from_string(graph(OTHERS["softmax"]))
    change(model)
    content: bytes = model.SerializeToString()
    return content


def elsewhere(model: Any) -> None:
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "/etc/passwd")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL


def second_input(model: Any) -> None:
    model.graph.input.append(helper.make_tensor_value_info("another", 1, None))


def of_numbers(value: float) -> Any:
    def change(model: Any) -> None:
        model.graph.initializer[0].raw_data = np.full((P, H), value, "<f4").tobytes()

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (elsewhere, "another file"),
        (second_input, "2 of them"),
        (lambda model: model.graph.ClearField("input"), "0 of them"),
        (of_numbers(np.nan), "NaN"),
        (of_numbers(np.inf), "infinite"),
        (lambda model: model.ClearField("opset_import"), "no ONNX file"),
        (lambda model: model.ClearField("graph"), "no ONNX file"),
        (lambda model: setattr(model.opset_import[0], "version", 6), "too old"),
        (lambda model: model.graph.initializer[0].ClearField("data_type"), "no floats"),
        (lambda model: model.metadata_props.add(key="digitlab", value="[]"), "digitlab"),
    ],
)
def test_files_that_are_not_in_order_are_refused(change, words, tmp_path):
    with pytest.raises(ModelFileError, match=words):
        read(changed(change), tmp_path)


@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_whatever_becomes_of_a_byte_is_read_or_refused_in_our_words(change, tmp_path):
    right = lies_of_exchange.onnx()
    for place in range(len(right)):
        content = bytearray(right)
        content[place] ^= change
        with suppress(DigitlabError):
            read(bytes(content), tmp_path)


def test_an_activation_of_ones_own_has_no_formula_in_onnx(monkeypatch, tmp_path):
    monkeypatch.setitem(ACTIVATIONS, "mine", ACTIVATIONS["tanh"])
    with pytest.raises(InputError, match="mine"):
        dl.export_model(dl.Network([4, 3, 2], activation="mine"), tmp_path / "a.onnx")

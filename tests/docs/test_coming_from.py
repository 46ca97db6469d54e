"""The same experiment in other tools: every block of the page runs, on a few digits, and each learns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitlab as dl

PAGE = (Path(__file__).parents[2] / "docs/how-to/coming-from.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
OURS, KERAS, SKLEARN, ESTIMATOR, PYTORCH, SAME = range(len(BLOCKS))
DECAY, RATE = 0.1, 0.5
RECIPE = dl.recipe("seed", layers=(784, 10), learning_rate=RATE, weight_decay=DECAY, epochs=1)


@pytest.fixture
def run(mnist, few, monkeypatch):
    """A block of the page: what its names are in the end."""
    test = mnist[1][:500]
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr(dl, "load_mnist", lambda: (few, test))
    monkeypatch.setattr(dl, "load_data", lambda: ((few.images, few.labels), (test.images, test.labels)))

    def block(number: int) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(compile(BLOCKS[number], f"coming-from.md:{number}", "exec"), names)
        return names

    return block


def test_ours_and_the_estimator_are_the_same(run):
    pytest.importorskip("sklearn", reason="the page is about it")
    ours, estimator = run(OURS), run(ESTIMATOR)
    assert ours["accuracy"] == estimator["accuracy"] > 0.7
    assert (ours["network"].parameters == estimator["classifier"].network_.parameters).all()


@pytest.mark.parametrize(
    ("number", "module"),
    [pytest.param(KERAS, "keras", marks=pytest.mark.soak), (SKLEARN, "sklearn"), (PYTORCH, "torch")],
    ids=["Keras", "sklearn", "PyTorch"],
)
@pytest.mark.filterwarnings("ignore")  # theirs, such as that of five epochs
def test_theirs_learns_as_much(run, number, module):
    pytest.importorskip(module, reason="the page is about it", exc_type=ImportError)
    assert run(number)["accuracy"] == pytest.approx(run(OURS)["accuracy"], abs=0.12)


def test_the_losses_are_those_of_pytorch(run, capsys):
    pytest.importorskip("torch", reason="the page is about it")
    names = run(SAME)
    assert names["history"].losses == pytest.approx(names["losses"], abs=1e-6)
    assert len(capsys.readouterr().out.splitlines()) == len(names["losses"]) == 10


def keras_step(x: np.ndarray, y: np.ndarray, W: np.ndarray) -> np.ndarray:
    import keras

    layer = keras.layers.Dense(10, "softmax", kernel_regularizer=keras.regularizers.L2(DECAY / 2))
    model = keras.Sequential([keras.Input((784,)), layer])
    layer.set_weights([W, np.zeros(10)])
    model.compile(keras.optimizers.SGD(RATE), loss="sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=len(x), epochs=1, verbose=0)
    return layer.get_weights()[0]


def sklearn_step(x: np.ndarray, y: np.ndarray, W: np.ndarray) -> np.ndarray:
    from sklearn.neural_network import MLPClassifier

    how = {"solver": "sgd", "momentum": 0, "learning_rate_init": RATE, "batch_size": len(x), "max_iter": 1}
    classifier = MLPClassifier((), alpha=DECAY * len(x), warm_start=True, **how).fit(x, y)
    classifier.coefs_[0][:], classifier.intercepts_[0][:] = W, 0
    return classifier.fit(x, y).coefs_[0]


def torch_step(x: np.ndarray, y: np.ndarray, W: np.ndarray) -> np.ndarray:
    import torch

    layer = torch.nn.Linear(784, 10)
    layer.load_state_dict({"weight": torch.tensor(W.T), "bias": torch.zeros(10)})
    torch.nn.functional.cross_entropy(layer(torch.tensor(x)), torch.tensor(y).long()).backward()
    torch.optim.SGD(layer.parameters(), lr=RATE, weight_decay=DECAY).step()
    return layer.weight.detach().numpy().T


@pytest.mark.parametrize("step", [pytest.param(keras_step, marks=pytest.mark.soak), sklearn_step, torch_step])
@pytest.mark.filterwarnings("ignore")
def test_weight_decay_is_what_the_table_says(few, step, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip(step.__name__.partition("_")[0], reason="the page is about it", exc_type=ImportError)
    network = RECIPE.new_network()
    theirs = step(few.images.reshape(-1, 784).astype(np.float32) / 255, few.labels, network.W1.copy())
    dl.fit(network, few, RECIPE)
    np.testing.assert_allclose(theirs, network.W1, atol=1e-6)

"""PyTorch's state dicts: PyTorch reads what digitlab writes, and digitlab what people save with PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy

import digitlab as dl
from digitlab.errors import InputError, ModelFileError
from digitlab.interop import torch as torch_files
from digitlab.network import ACTIVATIONS
from tests.interop.peers import in_pytorch, pytorch, pytorch_probabilities

RNG = np.random.default_rng(3)


def saved(path, **shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """A file of random tensors with these shapes; ``_`` in a name stands for a dot."""
    tensors = {name.replace("_", "."): RNG.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    safetensors.numpy.save_file(tensors, path)
    return tensors


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_the_same_in_pytorch(activation, mnist, tmp_path):
    network = dl.Network([784, 30, 20, 10], activation=activation, seed=4)
    network.parameters[:] *= 3
    done = dl.export_model(network, tmp_path / "a.safetensors")
    module = in_pytorch(network, tmp_path / "a.safetensors")
    found = pytorch_probabilities(module, network, mnist[1].images[:200])
    assert np.abs(found - network.probabilities(mnist[1].images[:200])).max() < 1e-6
    (words,) = (line for line in done.words if "nn.Sequential" in line)
    nn = pytorch().nn
    assert str(eval(words[4 : words.index(": its")], {"nn": nn})) == str(module)  # what is told is what was tested


def test_a_module_of_pytorch_comes_back(mnist, tmp_path):
    torch = pytorch()
    from safetensors.torch import save_file

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = torch.nn.Linear(784, 20)
            self.again = torch.nn.Linear(20, 15)
            self.out = torch.nn.Linear(15, 10)

        def forward(self, x):
            return self.out(torch.tanh(self.again(torch.tanh(self.hidden(x)))))

    torch.manual_seed(0)
    module = Net()
    save_file(module.state_dict(), tmp_path / "a.safetensors")
    network = dl.import_model(tmp_path / "a.safetensors", activation="tanh")
    found = pytorch_probabilities(module, network, mnist[1].images[:200])
    assert np.abs(found - network.probabilities(mnist[1].images[:200])).max() < 1e-6


def test_names_of_others_are_taken_in_their_order(tmp_path):
    shapes = {f"net_{2 * n}_weight": (5, 5) for n in range(1, 8)} | {f"net_{2 * n}_bias": (5,) for n in range(1, 8)}
    tensors = saved(tmp_path / "a.safetensors", net_0_weight=(5, 7), net_0_bias=(5,), **shapes)
    network = dl.import_model(tmp_path / "a.safetensors", activation="relu")
    for number, layer in enumerate(network.layers):
        np.testing.assert_array_equal(layer.W, tensors[f"net.{2 * number}.weight"].T)
        np.testing.assert_array_equal(layer.b, tensors[f"net.{2 * number}.bias"])
    taken = dl.interop.understand(tmp_path / "a.safetensors", "relu").taken_for
    assert "net.8.weight, net.10.weight" in taken["file"]
    with pytest.raises(InputError, match=r"activation(.|\n)*leaky_relu"):
        dl.import_model(tmp_path / "a.safetensors")


@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_other_floats_are_rounded_to_float32(kind, tmp_path):
    weight = RNG.normal(size=(3, 4)).astype(kind)
    safetensors.numpy.save_file({"fc.weight": weight, "fc.bias": np.ones(3, kind)}, tmp_path / "a.safetensors")
    np.testing.assert_array_equal(dl.import_model(tmp_path / "a.safetensors").W1, weight.T.astype(np.float32))


@pytest.mark.parametrize(
    "shapes",
    [
        {"conv_weight": (8, 1, 3, 3), "conv_bias": (8,)},
        {"fc_weight": (3, 4), "fc_bias": (3,), "bn_weight": (3,), "bn_bias": (3,)},
        {"fc_weight": (3, 4), "fc_bias": (3,), "bn_running.mean": (3,)},
        {"fc1_weight": (3, 4), "fc1_bias": (3,), "fc2_weight": (4, 5), "fc2_bias": (4,)} | {"fc3_weight": (4, 5)},
        {"fc_weight": (4, 3), "fc_bias": (3,)},
        {"fc_weight": (3, 4), "prelu_weight": (3,)},
        {"fc1_weight": (3, 4), "norm_weight": (3,), "norm_bias": (3,), "fc2_weight": (3, 3)},
        {"fc_bias": (3,)},
    ],
)
def test_other_layers_are_refused(shapes, tmp_path):
    saved(tmp_path / "a.safetensors", **shapes)
    with pytest.raises(ModelFileError, match=r"dense layers|linear layer") as caught:
        dl.import_model(tmp_path / "a.safetensors", activation="relu")
    assert caught.value.got


def test_a_model_of_digitlab_needs_no_import_and_a_state_dict_does(tmp_path):
    network = dl.Network([4, 3, 2])
    network.save(tmp_path / "own.safetensors")
    with pytest.raises(InputError, match="already"):
        dl.import_model(tmp_path / "own.safetensors")
    dl.export_model(network, tmp_path / "a.safetensors")
    saved(tmp_path / "b.safetensors", fc_weight=(3, 4), fc_bias=(3,))
    for name in "ab":
        with pytest.raises(ModelFileError, match="digitlab import"):
            dl.load(tmp_path / f"{name}.safetensors")


def test_a_changed_number_is_noticed_where_digitlab_wrote_the_file(tmp_path):
    dl.export_model(dl.Network([4, 3, 2]), tmp_path / "a.safetensors")
    content = bytearray((tmp_path / "a.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(ModelFileError, match="SHA-256"):
        dl.import_model(tmp_path / "a.safetensors")


def test_every_activation_has_a_module():
    assert torch_files.MODULES.keys() == ACTIVATIONS.keys()

"""PyTorch's state dict as safetensors: ``0.weight (outputs, inputs), 0.bias (outputs,), 2.weight, ...``.

So ``torch.nn.Sequential(Linear, activation, Linear, ...)`` numbers them: ``safetensors.torch.load_file`` reads such a
file, and `load_state_dict` takes it. Files of others may have any names that end in ``weight`` and ``bias``: see
`digitlab.interop.dense.in_a_row`.
"""

from pathlib import Path

from digitlab.errors import InputError, ModelFileError, printable, refuse
from digitlab.interop.dense import ABOUT, Dense, Written, about, as_layers, in_a_row
from digitlab.network.activations import LEAK, Floats
from digitlab.network.model_file import FORMAT
from digitlab.network.network import Network
from digitlab.network.tensor_file import decode_tensors, encode_tensors, read_header

MODULES = {  # of torch.nn, by our activations
    "sigmoid": "Sigmoid()",
    "tanh": "Tanh()",
    "relu": "ReLU()",
    "leaky_relu": f"LeakyReLU({LEAK})",
    "gelu": "GELU('tanh')",
}
MUST_BE = "tensors of linear layers alone: names that end in weight (outputs, inputs), or in bias (outputs,)"


def write_state_dict(network: Network) -> Written:
    """The network as such a file; the same network always gives the same bytes.

    Raises:
        InputError: PyTorch has no module for the activation.
    """
    tensors: dict[str, Floats] = {}
    for number, layer in enumerate(network.layers):
        tensors |= {f"{2 * number}.weight": layer.W.T, f"{2 * number}.bias": layer.b}
    activation = network.architecture.activation
    linear = [f"nn.Linear({inputs}, {outputs})" for inputs, outputs in network.architecture.pairs]
    module = f"nn.Sequential({f', nn.{MODULES.get(activation, activation)}, '.join(linear)})"
    words = [f"for {module}: its load_state_dict takes what safetensors.torch.load_file reads"]
    temperature = network.card.temperature
    divided = "" if temperature is None else f" / {temperature:.6g}"
    words.append(f"it takes pixels from 0 to 1, and gives logits: softmax(logits{divided}) are the probabilities")
    return Written(encode_tensors(tensors, {"format": "pt", ABOUT: about(network)}), words)


def read_state_dict(content: bytes, path: Path) -> Dense:
    """Such a file as dense layers.

    Raises:
        InputError: it is a model file of digitlab already.
        ModelFileError: damaged, or the tensors are not those of dense layers.
    """
    header = read_header(content, path, foreign=True)
    if header.metadata.get("format") == FORMAT:
        refuse(InputError, path, "this is a model of digitlab already: every command takes it as it is")
    if strange := [name for name in header.shapes if not name.endswith(("weight", "bias"))]:
        refuse(ModelFileError, path, "there are other things than dense layers", must_be=MUST_BE, got=strange)
    for name, shape in header.shapes.items():
        if len(shape) != (2 if name.endswith("weight") else 1):  # LayerNorm's, or PReLU's: they could pass for biases
            got = f"{printable(name)} {shape}"
            refuse(ModelFileError, path, "this is no tensor of a linear layer", must_be=MUST_BE, got=got)
    places = in_a_row(header.shapes, path, flipped=(True,))
    names = ", ".join(printable(place.W) for place in places)
    return Dense(
        as_layers(decode_tensors(content, header, path), places),
        f"a PyTorch state dict, of {names}",
        about=header.metadata.get(ABOUT),
    )

"""``digitlab import``: the file of another tool as a model."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import Json, ModelFile, check_model_place
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.network import ACTIVATIONS

File = Annotated[
    Path, Parameter(help="Of dense layers: .onnx, .npz (NumPy), .safetensors (PyTorch), .keras (Keras 3).")
]
Activation = Annotated[
    str | None,
    Parameter(
        help=f"Of the hidden layers, where the file does not tell: {', '.join(ACTIVATIONS)}.",
        show_default="what the file says",
    ),
]
Inputs = Annotated[
    str | None,
    Parameter(
        help="The pixels that it was trained on: 0..1, 0..255, or MEAN,STD of pixels 0 to 1, such as 0.1307,0.3081.",
        show_default="what the file seems to want",
    ),
]

LITTLE = 0.5  # an accuracy on test digits that no network was made for


def import_(
    file: File, /, *, out: ModelFile, activation: Activation = None, inputs: Inputs = None, json: Json = False
) -> int:
    """Make a model of a file that another tool wrote, and say what the file was taken for."""
    from digitlab.interop import understand
    from digitlab.interop.dense import digits_to_measure

    check_model_place(out)
    network, taken_for = understand(file, activation, inputs)
    test = digits_to_measure(network)  # a wrong guess is seen by them
    accuracy = float((network.predict(test.images) == test.labels).mean()) if test else None
    network.save(out)
    if json:
        print_json({"file": str(file), "out": str(out), "accuracy": accuracy, "taken_for": taken_for})
        return 0
    for name, words in taken_for.items():
        write_line(f"{name:<14} {words}")
    if accuracy is not None:
        doubt = ", which is little: was it trained on other --inputs?" if accuracy < LITTLE else ""
        write_line(f"{'accuracy':<14} {100 * accuracy:.2f} % of MNIST's test digits{doubt}")
    say_saved(out)
    return 0

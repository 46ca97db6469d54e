"""``digitlab import``: the file of another tool as a model."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import Json, ModelFile, check_model_place
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.data import Digits
from digitlab.network import ACTIVATIONS, Network

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

USUAL_INPUTS = ("0..1", "0..255", "0.1307,0.3081", "0.5,0.5", "1,-1")  # MNIST's own mean and deviation; -1 to 1; 1 to 0
CLEARLY = 0.005  # of the test digits: so many more are right, where pixels are what the network was trained on


def import_(
    file: File, /, *, out: ModelFile, activation: Activation = None, inputs: Inputs = None, json: Json = False
) -> int:
    """Make a model of a file that another tool wrote, and say what the file was taken for."""
    from digitlab.interop import import_model, understand
    from digitlab.interop.dense import digits_to_measure

    check_model_place(out)
    network, taken_for, guessed = understand(file, activation, inputs)
    test = digits_to_measure(network)  # a wrong guess is seen by them
    accuracy = _accuracy(network, test) if test else None
    better = ""
    if test and accuracy is not None and guessed:
        best, inputs = max((_accuracy(import_model(file, activation, usual), test), usual) for usual in USUAL_INPUTS)
        better = f"; with --inputs {inputs} it would be {100 * best:.2f} %" if best > accuracy + CLEARLY else ""
    network.save(out)
    if json:
        print_json({"file": str(file), "out": str(out), "accuracy": accuracy, "taken_for": taken_for})
        return 0
    for name, words in taken_for.items():
        write_line(f"{name:<14} {words}")
    if accuracy is not None:
        write_line(f"{'accuracy':<14} {100 * accuracy:.2f} % of MNIST's test digits{better}")
    say_saved(out)
    return 0


def _accuracy(network: Network, test: Digits) -> float:
    return float((network.predict(test.images) == test.labels).mean())

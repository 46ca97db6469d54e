"""``digitlab predict``: what a model says of many pictures, a line for each, as competitions want it."""

import sys
from collections.abc import Iterator, Sequence
from json import dumps
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, Model, open_model
from digitlab.cli.output import complain, write_line
from digitlab.data.digits import SIDE
from digitlab.data.files import check_place
from digitlab.durable import write_durably
from digitlab.errors import FileError, InputError, printable, refuse, system_errors
from digitlab.network.card import are_numbers, names_of_outputs
from digitlab.network.network import BLOCK, Network

Out = Annotated[
    Path | None,
    Parameter(help="Write into this file, in the place of one that is there.", show_default="standard output"),
]
Probabilities = Annotated[bool, Parameter(help="Tell the probability of each class, too.", show_default=False)]
JsonLines = Annotated[bool, Parameter(help="Write JSON, an object a line, in the place of CSV.", show_default=False)]


def predict(
    data: Data,
    /,
    *,
    model: Model = None,
    out: Out = None,
    probabilities: Probabilities = False,
    understood: DataOptions = AS_IT_IS,
    json: JsonLines = False,
) -> int:
    """Say what each picture shows, as CSV: ImageId, from 1, and Label. Pictures need no labels.

    Of a data set that has a test part, it is that part: of train.csv and test.csv, the second.
    """
    if out is not None:
        check_place(out, "predictions")
        if out.exists() and Path(data).exists() and out.samefile(data):
            refuse(InputError, out, "predictions would take the place of the pictures", help="choose another --out")
    found, network = open_model(model)
    if (inputs := network.architecture.sizes[0]) != SIDE * SIDE:
        refuse(InputError, found, "this model takes other pictures", must_be=f"{SIDE * SIDE} inputs", got=f"{inputs}")
    pictures = understood.open_pictures(data)
    if not len(pictures.images):
        refuse(InputError, data, "there is nothing to predict", must_be="one picture at least")
    names = names_of_outputs(network.card, pictures.classes or network.card.labels)
    if json:
        lines = _json_lines(found.name, network, pictures.images, names, probabilities)
    else:
        lines = _csv_lines(network, pictures.images, names, probabilities)
    if out is None:
        if not json:  # the table has no place for it
            complain(f"model {found}", 0)
        sys.stdout.writelines(lines)
        return 0
    content = "".join(lines).encode()
    with system_errors(FileError, f"{printable(str(out))}: the predictions cannot be written"):
        write_durably(out, content)
    if not json:
        write_line(f"model {found}")
        write_line(f"{len(pictures.images):,} predictions in {out}")
    return 0


def _answers(network: Network, images: NDArray[np.uint8]) -> Iterator[tuple[int, int, list[float]]]:
    """Of each picture its number from 1, the most probable class, and all probabilities; block by block."""
    for start in range(0, len(images), BLOCK):
        probabilities = network.probabilities(images[start : start + BLOCK])  # (N, K)
        for number, digit in enumerate(probabilities.argmax(axis=1).tolist(), start + 1):
            yield number, digit, probabilities[number - start - 1].tolist()


def _csv_lines(network: Network, images: NDArray[np.uint8], names: Sequence[str], every: bool) -> Iterator[str]:
    """A header, and a line for each picture; with ``every`` probability behind it."""
    cells = [f'"{name.replace(chr(34), chr(34) * 2)}"' if set(name) & set(',"') else name for name in names]
    yield ",".join(["ImageId", "Label", *(cells if every else [])]) + "\n"
    for number, digit, probabilities in _answers(network, images):
        more = "".join(f",{probability:.9g}" for probability in probabilities) if every else ""
        yield f"{number},{cells[digit]}{more}\n"


def _json_lines(
    model: str, network: Network, images: NDArray[np.uint8], names: Sequence[str], every: bool
) -> Iterator[str]:
    """The same for programs: digits as numbers, with the names of classes beside them where they have some."""
    for number, digit, probabilities in _answers(network, images):
        answer: dict[str, object] = {"id": number, "digit": digit, "probability": probabilities[digit]}
        if every:
            answer["probabilities"] = probabilities
        if not are_numbers(names):
            answer["name"] = names[digit]
        yield dumps(answer | {"model": model}) + "\n"

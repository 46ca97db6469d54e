"""``digitlab step``: one step of backpropagation on one digit, number by number."""

import re
from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, Index, Json, Model, one_digit, open_model
from digitlab.cli.output import print_json, write_line
from digitlab.display.backprop import check_text, step_text
from digitlab.errors import InputError, describe
from digitlab.inside import backprop_step
from digitlab.network.card import names_of_outputs

LONGEST_PLACE = 40  # characters
_PLACE = re.compile(r"([Wb]\d+)\[(\d+(?:,\d+)?)\]", re.ASCII)

LearningRate = Annotated[float, Parameter(help="How far the step goes.")]
Checked = Annotated[
    str | None,
    Parameter(help="Try a derivative out, such as that for W1[300,12], the weight from input 300 to unit 12."),
]


def step(
    index: Index = None,
    /,
    *,
    model: Model = None,
    learning_rate: LearningRate = 0.1,
    check: Checked = None,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    json: Json = False,
) -> int:
    """Take one step of gradient descent on a digit of the test set, and show every number of it by name.

    The forward pass, the backward pass, the weights and the loss after the step. Nothing is saved.
    """
    found, network = open_model(model)
    _, test = understood.open(data)
    index = one_digit(test, index)
    names_of_outputs(network.card, test.classes)
    taken = backprop_step(network, test.images[index], test.labels[index], learning_rate)
    checked = None if check is None else taken.check(*parameter_place(check))
    if json:
        answer = {"index": index} | taken.to_dict() | {"model": found.name}
        print_json(answer if checked is None else answer | {"check": checked.to_dict()})
    else:
        write_line(f"model {found}")
        write_line(f"{test.source} {index}, {network.architecture}, {network.architecture.activation}")
        write_line(step_text(taken) if checked is None else check_text(checked))
    return 0


def parameter_place(words: str) -> tuple[str, tuple[int, ...]]:
    """``W1[300,12]`` as ``("W1", (300, 12))``.

    Raises:
        InputError: it is no place in a parameter.
    """
    found = _PLACE.fullmatch(words.replace(" ", "")) if len(words) < LONGEST_PLACE else None
    if found is None:
        raise InputError("there is no such parameter", must_be="such as W1[300,12] or b2[7]", got=describe(words))
    return found[1], tuple(map(int, found[2].split(",")))

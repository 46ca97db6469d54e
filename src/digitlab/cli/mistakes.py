"""``digitlab mistakes``: what a model gets wrong on the test set, and why."""

from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, FigureFile, Json, Model, open_model
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.display.mistakes import cell_text, mistakes_text
from digitlab.errors import InputError, require_name
from digitlab.evaluation.cells import cell_of
from digitlab.evaluation.mistakes import mistakes as mistakes_of
from digitlab.evaluation.predictions import Predictions, predict_all
from digitlab.figures import draw_cell, draw_mistakes
from digitlab.figures.style import save_figure
from digitlab.network.card import are_numbers

True_ = Annotated[str | None, Parameter(name="--true", help="Of one cell: the true digit, or the name of the class.")]
TakenFor = Annotated[str | None, Parameter(help="Of one cell: the digit or class that it was taken for.")]


def mistakes(
    *,
    model: Model = None,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    true: True_ = None,
    taken_for: TakenFor = None,
    save: FigureFile = None,
    json: Json = False,
) -> int:
    """List what a model gets wrong on the test set, the surest mistakes first; known label errors are marked.

    With --true and --taken-for it opens that cell of the confusion matrix: its pictures, the hidden units that pushed
    towards the answer, and the nearest training digits of both. The two may be the same: then the right ones are shown
    of which it was least sure.
    """
    if (true is None) != (taken_for is None):
        raise InputError("a cell needs both of its digits", help="digitlab mistakes --true 4 --taken-for 9")
    found, network = open_model(model)
    train, test = understood.open(data)
    predictions = predict_all(network, test)
    if true is not None and taken_for is not None:
        numbers = (_number(name, predictions) for name in (true, taken_for))
        cell = cell_of(network, predictions, train, *numbers)
        answer, text = cell.to_dict(), cell_text(cell)
        if save is not None:
            save_figure(draw_cell(cell), save)
    else:
        all_of_them = mistakes_of(predictions)
        text = mistakes_text(all_of_them, predictions.names, test.source)
        answer = {"source": test.source, "count": len(test), "mistakes": [one.to_dict() for one in all_of_them]}
        if not are_numbers(predictions.names):
            answer["names"] = list(predictions.names)
        if save is not None:
            save_figure(draw_mistakes(predictions), save)
    if json:
        print_json(answer | {"model": found.name})
    else:
        write_line(f"model {found}")
        write_line(text)
        say_saved(save)
    return 0


def _number(name: str, predictions: Predictions) -> int:
    """The number of the class that is called so."""
    require_name(name, predictions.names, "class")
    return predictions.names.index(name)

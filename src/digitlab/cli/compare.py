"""``digitlab compare``: which of some models is better on the test set, or whether nobody can tell."""

from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, FigureFile, Json, find
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.display.comparison import comparison_text
from digitlab.errors import InputError
from digitlab.evaluation.contest import Contestant, compare_all
from digitlab.evaluation.curves import curves_of
from digitlab.figures import draw_comparison, draw_curves
from digitlab.figures.style import save_figure
from digitlab.network.shipped import STANDARD
from digitlab.runs.models import LATEST

Runs = Annotated[
    str,
    Parameter(
        name="RUN",
        help=f"Two or more: a run folder, RUN@EPOCH, a model file, {LATEST}, or {STANDARD}.",
    ),
]
Curves = Annotated[
    FigureFile, Parameter(help="Draw the learning curves of the runs into this file, laid over each other.")
]


def compare(
    *runs: Runs,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    save: FigureFile = None,
    curves: Curves = None,
    json: Json = False,
) -> int:
    """Compare models honestly, on the same test pictures: is one better, or is the difference noise?

    Each is compared with the first one. Runs that differ in their seed alone are taken together, and the means of such
    groups are compared. A run that has met the test pictures is refused.
    """
    if len(runs) < 2:
        raise InputError("a comparison needs two models at least", got=", ".join(runs), help="digitlab compare RUN RUN")
    found = [find(name) for name in runs]
    train, test = understood.open(data)
    contestants = [Contestant.of(one, test) for one in found]
    contest = compare_all(contestants, train=train)
    if save is not None:
        save_figure(draw_comparison(contest.pairs, test), save)
    if curves is not None:
        save_figure(draw_curves(curves_of([(one.name, one.run, one.epoch) for one in contestants if one.run])), curves)
    if json:
        print_json(contest.to_dict())
    else:
        write_line(comparison_text(contest))
        say_saved(save, curves)
    return 0

"""``digitlab inside``: what goes on in a model while it reads one digit."""

import dataclasses
from typing import Annotated, Literal

from cyclopts import Parameter

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, FigureFile, Index, Json, Model, one_digit, open_model
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.display.inside import inside_text
from digitlab.display.prediction import examine
from digitlab.display.terminal import print_prediction
from digitlab.errors import InputError
from digitlab.figures import draw_activations, draw_attributions, draw_contributions, draw_counterfactual, draw_weights
from digitlab.figures.style import save_figure
from digitlab.inside import attribute, contributions_of, find_counterfactual
from digitlab.inside.attribution import METHODS
from digitlab.network.card import names_of_outputs

WhichFigure = Annotated[
    Literal["attributions", "contributions", "activations", "counterfactual", "weights"] | None,
    Parameter(
        help="Which figure --save draws: of the pixels, of the units, of the smallest change that flips the answer, "
        "or of the first layer's weights.",
        show_default="attributions",
    ),
]


def inside(
    index: Index = None,
    /,
    *,
    model: Model = None,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    save: FigureFile = None,
    figure: WhichFigure = None,
    json: Json = False,
) -> int:
    """Look inside a model while it reads a digit of the test set.

    The strongest units of each layer, what pushes to the answer and against it, and which pixels speak for it; whether
    all that adds up to what the model says; and how small a change would make it say something else.
    """
    if figure is not None and save is None:
        raise InputError("there is a --figure, and no file to --save it in", help="--figure weights --save weights.png")
    found, network = open_model(model)
    _, test = understood.open(data)
    index = one_digit(test, index)
    image, names = test.images[index], names_of_outputs(network.card, test.classes)
    prediction = examine(network, image, test.labels[index], names)
    contributions = dataclasses.replace(contributions_of(network, image), names=names)
    attributions = [attribute(network, image, method=method) for method in METHODS]
    counterfactual = find_counterfactual(network, image)
    if counterfactual is not None:
        counterfactual = dataclasses.replace(counterfactual, names=names)
    if save is not None:
        if figure == "counterfactual" and counterfactual is None:
            raise InputError("there is nothing to draw: no change of this picture was found that flips the answer")
        draw = {
            "attributions": lambda: draw_attributions(attributions, names),
            "contributions": lambda: draw_contributions(contributions),
            "activations": lambda: draw_activations(contributions),
            "counterfactual": lambda: draw_counterfactual(counterfactual),  # type: ignore[arg-type]  # looked at above
            "weights": lambda: draw_weights(network),
        }
        save_figure(draw[figure or "attributions"](), save)
    if json:
        answer = {"index": index} | prediction.to_dict()
        answer["contributions"] = contributions.to_dict()
        answer["attributions"] = [one.to_dict() for one in attributions]
        answer["counterfactual"] = None if counterfactual is None else counterfactual.to_dict()
        print_json(answer | {"model": found.name})
    else:
        write_line(f"model {found}")
        print_prediction(prediction, title=f"{test.source} {index}")
        write_line()
        write_line(inside_text(contributions, attributions, counterfactual))
        say_saved(save)
    return 0

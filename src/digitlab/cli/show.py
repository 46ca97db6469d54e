"""``digitlab show``: one digit of the test set, and what a model says of it."""

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, FigureFile, Index, Json, Model, one_digit, open_model
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.display.prediction import examine
from digitlab.display.show import draw_prediction
from digitlab.display.terminal import print_prediction
from digitlab.figures.style import save_figure
from digitlab.network.card import names_of_outputs


def show(
    index: Index = None,
    /,
    *,
    model: Model = None,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    save: FigureFile = None,
    json: Json = False,
) -> int:
    """Show a digit of the test set with its picture, the prediction, the probabilities and the true label."""
    found, network = open_model(model)
    _, test = understood.open(data)
    index = one_digit(test, index)
    names = names_of_outputs(network.card, test.classes)
    prediction = examine(network, test.images[index], test.labels[index], names)
    if save is not None:
        save_figure(draw_prediction(prediction), save)
    if json:
        print_json({"index": index} | prediction.to_dict() | {"model": found.name})
    else:
        write_line(f"model {found}")
        print_prediction(prediction, title=f"{test.source} {index}")
        say_saved(save)
    return 0

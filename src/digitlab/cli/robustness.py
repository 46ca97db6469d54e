"""``digitlab robustness``: what is left of accuracy where pictures are spoiled, turned or attacked."""

from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, FigureFile, Json, Model, open_model
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.display.progress import moving_bar
from digitlab.display.robustness import robustness_markdown, robustness_text
from digitlab.evaluation.robustness import PARTS, measure_robustness
from digitlab.figures import draw_robustness
from digitlab.figures.style import save_figure

Models = Annotated[Model, Parameter(name="MODEL")]
Markdown = Annotated[bool, Parameter(help="Print the tables as Markdown.", show_default=False)]


def robustness(
    *models: Models,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    save: FigureFile = None,
    markdown: Markdown = False,
    json: Json = False,
) -> int:
    """Measure models under the fifteen corruptions of MNIST-C, noise, rotation, and attacks along the gradient.

    Several models stand side by side. The standard model takes about 20 seconds.
    """
    opened = {found.name: (found, network) for found, network in map(open_model, models or (None,))}
    _, test = understood.open(data)
    with moving_bar(len(opened) * PARTS) as advance:
        measured = {name: measure_robustness(network, test, progress=advance) for name, (_, network) in opened.items()}
    if save is not None:
        save_figure(draw_robustness(measured), save)
    if json:
        print_json({"models": [{"model": name} | one.to_dict() for name, one in measured.items()]})
    elif markdown:
        write_line(robustness_markdown(measured))
    else:
        for found, _ in opened.values():
            write_line(f"model {found}")
        write_line(robustness_text(measured))
        say_saved(save)
    return 0

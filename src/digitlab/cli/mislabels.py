"""``digitlab mislabels``: labels of a data set that networks disagree with which never saw the pictures."""

from typing import Annotated, Literal

from cyclopts import Parameter

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, EngineName, FigureFile, Json, Threads, whole
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.display.mistakes import mislabels_text
from digitlab.display.progress import moving_bar
from digitlab.engines import AUTO
from digitlab.evaluation.mislabels import FOLDS, find_mislabels
from digitlab.figures import draw_mislabels
from digitlab.figures.style import save_figure
from digitlab.training.recipe_files import read_recipe

RecipeName = Annotated[str, Parameter(help="How each network is trained: a named recipe, or a TOML file.")]
Folds = Annotated[int, Parameter(help="2 to 100; as many networks are trained.", converter=whole)]
Part = Annotated[Literal["train", "test", "both"], Parameter(help="Whose labels are judged.")]
Seed = Annotated[int, Parameter(help="Of the folds and of the trainings.", converter=whole)]


def mislabels(
    *,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    recipe: RecipeName = "quick",
    folds: Folds = FOLDS,
    part: Part = "both",
    seed: Seed = 0,
    engine: EngineName = AUTO,
    threads: Threads = None,
    save: FigureFile = None,
    json: Json = False,
) -> int:
    """Find labels that may be wrong: those that networks disagree with which were not trained on the picture.

    All pictures of both parts are drawn into folds; those of each are judged by a network that was trained on the
    others. MNIST takes about 10 seconds on 2 cores. The same seed gives the same list.
    """
    chosen = read_recipe(recipe).recipe
    train, test = understood.open(data)
    with moving_bar(folds * chosen.epochs) as advance:
        found = find_mislabels(
            train,
            test,
            chosen,
            part=part,
            folds=folds,
            seed=seed,
            engine=engine,
            threads=threads,
            progress=advance,
        )
    if save is not None:
        save_figure(draw_mislabels(found), save)
    if json:
        print_json(found.to_dict())
    else:
        write_line(mislabels_text(found))
        say_saved(save)
    return 0

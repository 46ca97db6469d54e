"""``digitlab data``: which data sets there are; fetch, verify and show one."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from digitlab.cli.options import (
    AS_IT_IS,
    Data,
    DataOptions,
    FigureFile,
    Json,
    can_be_drawn,
    changes_from_flags,
    whole,
    with_recipe_flags,
)
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.data import open_data
from digitlab.data.catalogue import CATALOGUE, data_folder, missing_files
from digitlab.data.fetch import fetch as fetch_entry
from digitlab.data.opening import find_format
from digitlab.display.distortions import draw_distortions, kinds_of
from digitlab.display.samples import (
    average_pictures,
    class_counts,
    classes_in_words,
    draw_samples,
    print_samples,
)
from digitlab.errors import InputError, require_name
from digitlab.figures.style import save_figure
from digitlab.training import SETTINGS
from digitlab.training.augment import distortion_of
from digitlab.training.recipe_files import read_recipe
from digitlab.training.regularizers import DISTORTED
from digitlab.training.settings import by_group

data = App(name="data", help="List the data sets that have a name; fetch, verify or show one; distort a digit.")

Place = Annotated[str, Parameter(help="A name, or a folder or file.")]


@data.default
def list_catalogue(*, json: Json = False) -> int:
    """List the data sets that have a name, and whether they are on this machine."""
    if json:
        entries = [
            {
                "name": entry.name,
                "about": entry.about,
                "licence": entry.licence,
                "classes": entry.classes,
                "folder": str(entry.folder),
                "missing": missing_files(entry),
            }
            for entry in CATALOGUE.values()
        ]
        print_json({"folder": str(data_folder()), "data": entries})
        return 0
    for entry in CATALOGUE.values():
        missing = len(missing_files(entry))
        state = "ready" if not missing else "not here" if missing == len(entry.sha256) else f"{missing} files missing"
        write_line(f"{entry.name:<14} {state:<16} {entry.about} ({entry.licence})")
    write_line()
    write_line(f"fetched into {data_folder()}; DIGITLAB_DATA is another folder for them")
    return 0


@data.command
def fetch(name: Annotated[str, Parameter(help="A name of the catalogue.")], /, *, json: Json = False) -> int:
    """Fetch a data set from its mirrors. This is the only command that uses the network."""
    require_name(name, CATALOGUE, "data set")
    entry = CATALOGUE[name]
    paths = fetch_entry(entry, say=None if json else write_line)
    train, test = open_data(name)  # all that was fetched is right, and belongs together
    if json:
        print_json({"name": name, "files": [str(path) for path in paths], "training": len(train), "test": len(test)})
    else:
        where = f"in {entry.folder}" if paths else "comes with digitlab"
        write_line(f"{name} {where}: {len(train):,} + {len(test):,} pictures, checksums right")
    return 0


@data.command
def verify(name: Place, /, *, understood: DataOptions = AS_IT_IS, json: Json = False) -> int:
    """Read all of a data set and check it. Exit code 0: it is right; 1: it is damaged; 2: there is no such thing."""
    parts = train, test = understood.open(name)
    known = name in CATALOGUE
    form = "a data set that has a name" if known else find_format(name).about
    how = "checksums right" if known else f"complete; read as {form}; it has no published checksums"
    if json:
        sha256 = {part: digits.sha256() for part, digits in zip(("training", "test"), parts, strict=True)}
        counts = {part: class_counts(digits).tolist() for part, digits in zip(sha256, parts, strict=True)}
        answer = {"name": name, "form": form, "published": known, "sha256": sha256, "counts": counts}
        print_json(answer | {"notes": train.notes})
    else:
        classes = classes_in_words(train)
        write_line(f"{name}: {len(train):,} + {len(test):,} pictures {classes}, {how}")
    return 0


@data.command
def show(
    name: Place = "mnist",
    /,
    *,
    understood: DataOptions = AS_IT_IS,
    save: FigureFile = None,
    json: Json = False,
) -> int:
    """Show how many pictures each class has, some of them, and the average picture of each class."""
    train, test = understood.open(name)
    if save is not None:
        save_figure(draw_samples(train, test), save)
    if json:
        columns = (train.classes, class_counts(train), class_counts(test), average_pictures(train))
        classes = [
            {"class": name, "training": int(trained), "test": int(tested), "ink": round(float(average.mean()), 6)}
            for name, trained, tested, average in zip(*columns, strict=True)
        ]
        print_json({"name": name, "training": len(train), "test": len(test), "classes": classes})
    else:
        print_samples(train, test)
        say_saved(save)
    return 0


@data.command
@with_recipe_flags([*by_group(SETTINGS.values())[DISTORTED], SETTINGS["seed"]])
def distort(
    recipe: Annotated[str, Parameter(help="A named recipe, or a TOML file.")] = "seed",
    index: Annotated[int, Parameter(help="Which digit of the training set.", converter=whole)] = 0,
    /,
    *,
    save: Annotated[Path, Parameter(help="Draw the figure into this file (.png, .svg, .pdf).", validator=can_be_drawn)],
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    **changes: Any,
) -> int:
    """Draw a digit under each distortion of a recipe, as a training with it meets the digit in its first epochs."""
    chosen = read_recipe(recipe, **changes_from_flags(changes)).recipe
    distortion = distortion_of(chosen)
    if not distortion.distorts:
        help = "give a distortion, such as --elastic-alpha 34, or a recipe with one, such as ladder-8-elastic"
        raise InputError(f"the recipe {recipe} distorts nothing", help=help)
    train, _ = understood.open(data)
    if not 0 <= index < len(train):
        raise InputError("there is no such training digit", must_be=f"an index from 0 to {len(train) - 1}", got=index)
    save_figure(draw_distortions(train.images[index], distortion, seed=chosen.seed, number=index), save)
    write_line(f"{save}: {train.source} {index} under {', '.join(kinds_of(distortion))}")
    return 0

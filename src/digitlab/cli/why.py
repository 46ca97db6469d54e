"""``digitlab why``: what decides how a digit is read."""

from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import FigureFile, Json, open_model
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.cli.read import Reader
from digitlab.display.reasons import draw_why, print_why
from digitlab.errors import InputError, describe
from digitlab.figures.style import save_figure
from digitlab.network.shipped import STANDARD
from digitlab.reading.folders import STANDARD_INPUT, open_meant
from digitlab.reading.why import why as why_is

OnePicture = Annotated[
    str,
    Parameter(name="PICTURE", help="A file with one digit in it, or - for standard input.", allow_leading_hyphen=True),
]


def why(picture: OnePicture, /, *, model: Reader = STANDARD, save: FigureFile = None, json: Json = False) -> int:
    """Say what decides how a digit is read: one thing at a time is changed of how its picture is prepared.

    From the whole picture squashed to 28x28 to what digitlab reads there are a few steps, and an answer after each;
    then one change more, of slant, strokes or smoothness. What changes the answer is named.
    """
    if picture.startswith("-") and picture != STANDARD_INPUT:
        raise InputError(f"unknown option {describe(picture)}", help="of a picture write ./ before its name")
    found, network = open_model(model)
    answer = why_is(open_meant(picture), network)
    if save is not None:
        save_figure(draw_why(answer), save)
    if json:
        print_json(answer.to_dict() | {"file": picture, "model": found.name})
    else:
        print_why(answer)
        write_line()
        write_line(f"model {found}")
        say_saved(save)
    return 0

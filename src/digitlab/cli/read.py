"""``digitlab read``: the digits of photographs and scans, with what is doubtful marked."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from digitlab.cli import INTERRUPTED
from digitlab.cli.options import Json, open_model, whole
from digitlab.cli.output import complain, print_json, write_line
from digitlab.data.files import named
from digitlab.display.annotate import FORMATS, check_annotated_path, save_annotated
from digitlab.display.annotate import annotate as draw
from digitlab.display.answers import NOTHING, Answer, print_answer, print_answers, summary, write_csv
from digitlab.display.progress import moving_bar
from digitlab.display.score import score_text
from digitlab.display.terminal import new_console
from digitlab.errors import DigitlabError, InputError, describe, refuse
from digitlab.network.network import Network
from digitlab.network.shipped import STANDARD
from digitlab.reading.folders import STANDARD_INPUT, open_meant, pictures_meant, whole_path
from digitlab.reading.reader import check_reader
from digitlab.reading.reader import read as read_picture
from digitlab.reading.score import Score, score
from digitlab.reading.truth import Truth, read_truth

Pictures = Annotated[
    str,
    Parameter(
        name="PICTURE",
        help="Files, folders (with those within), patterns in quotes, or - for standard input.",
        show_default="those that the truth names",
        allow_leading_hyphen=True,  # else - were an option; what is one is refused below
    ),
]
Reader = Annotated[
    str,
    Parameter(help="A run folder, RUN@EPOCH, a model file, or latest (newest run under runs/), that knows the digits."),
]
Turn = Annotated[
    Literal["auto", "0", "90", "180", "270"],
    Parameter(help="By how many degrees clockwise pictures must be turned; auto: by as many as are read best."),
]
Expect = Annotated[
    int | None, Parameter(help="How many digits a line has.", show_default="as many as there are", converter=whole)
]
AnnotatedPlace = Annotated[
    Path | None,
    Parameter(
        help=f"Draw boxes, digits and doubts on the picture, into this file ({', '.join(FORMATS)}); "
        "of several pictures, into this folder."
    ),
]
TruthFile = Annotated[
    Path | None,
    Parameter(help="A table with the columns file and text (lines separated by /), to count what was read right."),
]
By = Annotated[str | None, Parameter(help="A column of the truth; count for each value in it, too.")]
Csv = Annotated[bool, Parameter(help="Print a table as CSV, a row for each line of digits.", show_default=False)]


def read(
    *names: Pictures,
    model: Reader = STANDARD,
    turn: Turn = "auto",
    expect: Expect = None,
    annotate: AnnotatedPlace = None,
    truth: TruthFile = None,
    by: By = None,
    csv: Csv = False,
    json: Json = False,
) -> int:
    """Read the digits of photographs and scans: whole numbers, in lines. A doubtful digit has a ? behind it.

    What cannot be read is reported, and the rest is read all the same; the exit code is then 1. Ctrl-C ends it: what
    was read until then is printed, and the exit code is 130.
    """
    if csv and json:
        raise InputError("this cannot be both, JSON and CSV", help="leave out --csv or --json")
    if expect is not None and expect < 1:
        raise InputError("--expect must be a whole number from 1", got=expect)
    if by is not None and truth is None:
        raise InputError("--by is a column of the truth", help="give --truth, too")
    known = None if truth is None else read_truth(truth)
    pictures = _pictures(names, truth, known, annotate)
    _score_of([Answer(name, NOTHING) for name in pictures], known, by)  # what is wrong with them is said at once
    places = _annotated_places(annotate, pictures)
    found, network = open_model(model)
    with named(found.name, InputError):
        check_reader(network)
    settings = {"turn": turn if turn == "auto" else int(turn), "expect": expect}
    answers: list[Answer] = []
    try:
        with moving_bar(len(pictures)) as move:
            for name, place in zip(pictures, places, strict=True):
                answers.append(_answer(name, place, network, settings))
                move()
    except KeyboardInterrupt:
        if not answers:
            raise
    counted = _score_of(answers, known, by)
    if json:
        pages = [answer.to_dict() for answer in answers]
        print_json({"pictures": pages, "score": counted and counted.to_dict(), "model": found.name})
    elif csv:
        write_csv(answers, sys.stdout)
        complain("\n".join([*([score_text(counted)] if counted else []), f"model {found}"]), 0)
    else:
        _tell(answers, known, counted)
        write_line(f"model {found}")
    return _exit_code(answers, len(pictures))


def _pictures(
    names: Sequence[str], truth: Path | None, known: Mapping[str, Truth] | None, annotated: Path | None
) -> list[str]:
    """The pictures that are meant; without a name, those that the truth names, which lie beside it."""
    for name in names:
        if name.startswith("-") and name != STANDARD_INPUT:
            raise InputError(f"unknown option {describe(name)}", help="of a picture write ./ before its name")
    if names:
        meant = pictures_meant(names, leave_out=annotated)
        if meant.passed_over:
            complain(f"files passed over, as they are no pictures: {meant.passed_over:,}", 0)
        return meant.pictures
    if truth is None or known is None:
        raise InputError("no picture is named", help="digitlab read PICTURE, or a folder of pictures")
    return [str(truth.parent / name) for name in known]


def _annotated_places(annotated: Path | None, pictures: Sequence[str]) -> list[Path | None]:
    """Where each picture is drawn: the file itself; or in the folder, as it lies below the folder of all pictures.

    Raises:
        InputError: one file for several pictures, a place that cannot be written to, or one that has a picture.
    """
    if annotated is None:
        return [None] * len(pictures)
    whole = [whole_path(name) for name in pictures]
    if annotated.suffix and not annotated.is_dir():
        check_annotated_path(annotated)
        if len(pictures) > 1:
            refuse(InputError, annotated, "this is one file", got=f"{len(pictures):,} pictures", help="name a folder")
        places = [annotated]
    else:
        if annotated.exists() and not annotated.is_dir():
            refuse(InputError, annotated, "this is no folder")
        above = os.path.commonpath([path.parent for path in whole])
        below = [path.relative_to(above) for path in whole]
        places = []
        for path in below:
            place = annotated / path
            while place.suffix.lower() not in FORMATS or place in places:
                place = place.with_name(f"{place.name}.png")
            places.append(place)
    if taken := {path.resolve() for path in whole} & {path.resolve() for path in places}:
        help = "choose another --annotate"
        refuse(InputError, taken.pop(), "what is drawn would take the place of the picture", help=help)
    return list(places)


def _answer(name: str, place: Path | None, network: Network, settings: Mapping[str, Any]) -> Answer:
    reading = None
    try:
        picture = open_meant(name)
        reading = read_picture(picture, network, **settings)
        if place is not None:
            save_annotated(draw(picture, reading), place)
    except DigitlabError as error:
        return Answer(name, reading, error)
    return Answer(name, reading)


def _score_of(answers: Sequence[Answer], known: Mapping[str, Truth] | None, by: str | None) -> Score | None:
    """The score of all answers; where a picture could not be read, nothing was found in it."""
    if known is None:
        return None
    return score({answer.file: answer.reading or NOTHING for answer in answers}, known, by or "")


def _tell(answers: Sequence[Answer], known: Mapping[str, Truth] | None, counted: Score | None) -> None:
    console = new_console()
    if len(answers) == 1 and counted is None:
        print_answer(answers[0], console)
        return
    print_answers(answers, console, known)
    write_line()
    write_line(summary(answers) if counted is None else score_text(counted))


def _exit_code(answers: Sequence[Answer], pictures: int) -> int:
    """Complain of what went wrong; 0 where nothing did."""
    code = 0
    for answer in answers:
        if answer.error is not None:
            code = complain(str(answer.error), 1)
    if len(answers) < pictures:
        code = complain(f"interrupted: {len(answers):,} of {pictures:,} pictures were read", INTERRUPTED)
    return code

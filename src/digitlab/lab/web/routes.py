"""The table of routes: what each address of the interface does, the busiest first, as they are tried in this order.

From it the server and the OpenAPI document are made.
"""

from urllib.parse import quote

import numpy as np
from msgspec import Struct

from digitlab.errors import InputError
from digitlab.lab import records
from digitlab.lab.judgements import TestScore
from digitlab.lab.lab import recipes
from digitlab.lab.pictures import PictureReading, WhyReading, read_picture, read_why
from digitlab.lab.readers import read_pixels, weight_pictures
from digitlab.lab.web import routes_inside, routes_judge
from digitlab.lab.web.answers import JSON, Answer
from digitlab.lab.web.api import Call, Parameter, Table
from digitlab.lab.web.limits import OCTETS, PHOTOS, PICTURES
from digitlab.lab.web.requests import INDEX, READER, Control, Distort, Expected, Strokes, Train, Turn
from digitlab.reading.preprocessing import prepare
from digitlab.reading.strokes import prepare_strokes

PIXELS = 784
FEW_POINTS = 2000  # of a drawing: so many are drawn at once
SMALL_WEIGHTS = 1_000_000

ROUTES = Table()
_route = ROUTES.enter


class RunName(Struct):
    """The run that it became."""

    run: str


class Controlled(Struct):
    """The training after it was told."""

    training: records.Training | None


class RunList(Struct):
    """All runs, the newest first."""

    runs: list[records.Run]


def _is_quick(call: Call) -> bool:
    """Drawings and MNIST's own pictures take less time than a thread would; pictures to be decoded may take long."""
    small = sum(map(len, call.record.strokes)) <= FEW_POINTS if call.kind == JSON else call.kind == OCTETS
    reader = call.lab.readers.at_hand(call.query.get("reader")) if small else None
    return reader is not None and reader.network.parameters.size <= SMALL_WEIGHTS


@_route(
    "POST", "/api/read", body=Strokes, others=(OCTETS, *PICTURES), query=READER, refuses=(404, 409), quick=_is_quick
)
def _read(call: Call) -> records.Reading:
    """Read a digit: strokes, a picture in MNIST's form (784 bytes), or any picture of one digit."""
    reader = call.lab.readers.find(call.query.get("reader"))
    if call.kind == OCTETS:
        if len(call.body) != PIXELS:
            help = "send other pictures as image/png and the like"
            raise InputError(f"a picture in MNIST's form has {PIXELS} bytes", got=len(call.body), help=help)
        pixels = np.frombuffer(call.body, dtype=np.uint8)
        return read_pixels(reader, pixels, blank=not pixels.any())
    drawn: Strokes | None = call.record
    prepared = prepare(call.body) if drawn is None else prepare_strokes(drawn.strokes, width=drawn.width)
    return read_pixels(reader, prepared.pixels, blank=prepared.blank)


HOW_TO_READ = {
    "turn": Parameter("by how many degrees clockwise to turn it before; by default that is found out", Turn),
    "expect": Parameter("how many digits each line has, where that is known", Expected),
}


@_route("POST", "/api/read-picture", others=PHOTOS, at_once=1, query=READER | HOW_TO_READ, refuses=(404, 409))
def _read_picture(call: Call) -> PictureReading:
    """Read a photograph or a scan of any number of digits: lines, boxes, doubts, and what is no digit."""
    asked = call.query
    turn = asked.get("turn", "auto")
    return read_picture(
        call.lab.readers.find(asked.get("reader")),
        call.body,
        turn=turn if turn == "auto" else int(turn),
        expect=asked.get("expect"),
    )


@_route("POST", "/api/why", others=PHOTOS, at_once=1, query=READER, refuses=(404, 409))
def _why(call: Call) -> WhyReading:
    """Why the one digit of a picture is read as it is: a sentence, and what is read after each step of preparing it."""
    return read_why(call.lab.readers.find(call.query.get("reader")), call.body)


@_route("GET", "/api", refuses=(409,))
def _about(call: Call) -> records.About:
    """What answers here."""
    return call.lab.about()


@_route("GET", "/api/state")
def _state(call: Call) -> records.State:
    """The training under way, or the last one."""
    return call.lab.state()


@_route("GET", "/api/recipes")
def _recipes(_: Call) -> records.Recipes:
    """Every setting, and the named recipes."""
    return recipes()


@_route("POST", "/api/train", body=Train, status=201, refuses=(404, 409))
def _train(call: Call) -> RunName:
    """Begin a training; there is one at a time."""
    asked: Train = call.record
    branch = None if asked.start is None else (asked.start.run, asked.start.epoch)
    return RunName(call.lab.start(asked.recipe, asked.settings, branch=branch, paused=asked.paused))


@_route("POST", "/api/control", body=Control, refuses=(409,))
def _control(call: Call) -> Controlled:
    """Tell the training under way what to do. To stop twice is fine."""
    asked: Control = call.record
    trainer = call.lab.trainer
    if asked.do == "speed":
        trainer.speed(asked.steps_per_second)
    elif asked.do == "change":
        trainer.change(asked.settings)
    else:
        getattr(trainer, asked.do)()  # one of the names that the record allows
    return Controlled(trainer.state())


@_route("GET", "/api/runs", refuses=(409,))
def _runs(call: Call) -> RunList:
    """All runs, the newest first."""
    return RunList(call.lab.list_runs())


@_route("GET", "/api/runs/{name}", refuses=(404, 409))
def _run(call: Call) -> records.RunDetails:
    """One run with its settings and history."""
    return call.lab.describe_run(call.names["name"])


@_route("POST", "/api/runs/{name}/resume", body=records.Empty, refuses=(404, 409))
def _resume(call: Call) -> RunName:
    """Go on with a run that was stopped."""
    call.lab.trainer.resume(call.names["name"])
    return RunName(call.names["name"])


@_route("POST", "/api/runs/{name}/delete", body=records.Empty, refuses=(404, 409))
def _delete(call: Call) -> records.Empty:
    """Delete a run that is neither under way nor in use as a reader."""
    call.lab.delete_run(call.names["name"])
    return records.Empty()


@_route("GET", "/api/readers", refuses=(409,))
def _readers(call: Call) -> records.Readers:
    """Who can read."""
    return call.lab.readers.describe()


@_route("GET", "/api/test-digit", query=INDEX | READER, refuses=(404, 409))
def _test_digit(call: Call) -> records.TestDigit:
    """A digit of the test set, and what a reader says of it."""
    return call.lab.test_digit(call.query.get("index"), call.query.get("reader"))


@_route("GET", "/api/test-score", query=READER, refuses=(404, 409))
def _test_score(call: Call) -> TestScore:
    """How many digits of the test set a reader gets right; of a training that runs, as it was some seconds ago."""
    return call.lab.scores.of(call.lab.readers.find(call.query.get("reader")))


@_route("POST", "/api/distorted", body=Distort, refuses=(409,))
def _distorted(call: Call) -> records.Distorted:
    """What distortions look like: the first training digit as it is, then in each of the first epochs."""
    asked: Distort = call.record
    return call.lab.distorted(asked.settings)


@_route(
    "GET",
    "/api/weights",
    query=READER,
    answer_kind=OCTETS,
    headers={
        "X-Units": Parameter("how many units", int),
        "X-Reader": Parameter("whose they are, percent-encoded"),
        "X-Version": Parameter("changes when the network does", int),
    },
    refuses=(404, 409),
)
def _weights(call: Call) -> Answer:
    """The weights of each unit of the first layer: 784 bytes, 128 for 0."""
    reader = call.lab.readers.find(call.query.get("reader"))
    units = reader.network.architecture.sizes[1]
    told = {"x-units": str(units), "x-reader": quote(reader.id, safe=":@"), "x-version": str(reader.version)}
    headers = tuple((name.encode(), value.encode()) for name, value in told.items())
    return Answer(200, weight_pictures(reader.network), OCTETS, headers)


@_route("GET", "/api/page", heavy=True, at_once=1, query=READER, answer_kind=OCTETS, refuses=(404, 409))
def _page(call: Call) -> Answer:
    """A reader as one HTML file that draws, reads and explains by itself."""
    from digitlab.interop.page import write_page

    page = write_page(call.lab.readers.find(call.query.get("reader")).network)
    return Answer(200, page.content, OCTETS)  # not as HTML: it is to be saved, and not shown at the lab's address


ROUTES += [*routes_inside.ROUTES, *routes_judge.ROUTES]

"""The routes of the room Inside: what goes on in a network. See `digitlab.lab.web.routes`."""

from digitlab.lab import looks
from digitlab.lab.look import Seen, look, look_at_unit, next_mistake, see_test_digit
from digitlab.lab.readers import Reader
from digitlab.lab.web.api import Call, Parameter, Table
from digitlab.lab.web.requests import READER, Chosen, Count, LookAt, Ordinal
from digitlab.reading.strokes import prepare_strokes

ROUTES = Table()
_route = ROUTES.enter

UNIT = {
    "layer": Parameter("which layer, from 1; the last is the output", Ordinal),
    "unit": Parameter("which of its units", Count),
}
AFTER = {"after": Parameter("a place in the test set; by default it is looked for from the first", Count)}


def _reader(call: Call) -> Reader:
    return call.lab.readers.find(call.query.get("reader"))


def _seen(call: Call) -> Seen:
    """The reader and the picture that a call is about."""
    asked: Chosen = call.record
    reader, drawn = _reader(call), asked.drawing
    if drawn is None:
        return see_test_digit(call.lab, reader, asked.index)
    return Seen(reader, prepare_strokes(drawn.strokes, width=drawn.width).pixels, reader.network.card.labels)


@_route("POST", "/api/inside", body=LookAt, query=READER, refuses=(404, 409))
def _look(call: Call) -> looks.Inside:
    """What goes on in a network that sees a picture: activations, and which units speak for a digit."""
    return look(_seen(call), call.record.digit)


@_route("GET", "/api/inside/unit", query=READER | UNIT, refuses=(404, 409))
def _unit(call: Call) -> looks.Unit:
    """One unit, by default the first one, and what it is connected to."""
    return look_at_unit(_reader(call), call.query.get("layer", 1), call.query.get("unit", 0))


@_route("GET", "/api/inside/next-mistake", query=READER | AFTER, heavy=True, at_once=1, refuses=(404, 409))
def _next_mistake(call: Call) -> looks.NextMistake:
    """The next test digit that a reader gets wrong."""
    return next_mistake(call.lab, _reader(call), call.query.get("after", -1))

"""The routes of the room Inside: what goes on in a network. See `digitlab.lab.web.routes`."""

from digitlab.inside import Damage
from digitlab.lab.look import records
from digitlab.lab.look.damage import look_at_damage
from digitlab.lab.look.map import map_of, place_of
from digitlab.lab.look.pixels import look_at_pixels, look_for_flip
from digitlab.lab.look.seen import Seen, next_mistake, see_test_digit
from digitlab.lab.look.step import check_step, look_at_step
from digitlab.lab.look.units import look, look_at_unit
from digitlab.lab.readers import Reader
from digitlab.lab.web.api import Call, Parameter, Table
from digitlab.lab.web.requests import READER, CheckStep, Chosen, Count, Flip, Hurt, LookAt, Ordinal, PlaceOf, TakeStep
from digitlab.reading.strokes import prepare_strokes

UNIT = {
    "layer": Parameter("which layer, from 1; the last is the output", Ordinal),
    "unit": Parameter("which of its units", Count),
}
AFTER = {"after": Parameter("a place in the test set; by default it is looked for from the first", Count)}
LAYER = {"layer": Parameter("which layer: 0, the default, is the picture, the last the logits", Count)}
REFUSES = (404, 409)

ROUTES = Table()
_route = ROUTES.enter


def _reader(call: Call) -> Reader:
    return call.lab.readers.find(call.query.get("reader"))


def _seen(call: Call) -> Seen:
    """The reader and the picture that a call is about."""
    asked: Chosen = call.record
    reader, drawn = _reader(call), asked.drawing
    if drawn is None:
        return see_test_digit(call.lab, reader, asked.index)
    return Seen(reader, prepare_strokes(drawn.strokes, width=drawn.width).pixels, reader.network.card.labels)


@_route("POST", "/api/inside", body=LookAt, query=READER, refuses=REFUSES)
def _look(call: Call) -> records.Inside:
    """What goes on in a network that sees a picture: activations, and which units speak for a digit."""
    return look(_seen(call), call.record.digit)


@_route("GET", "/api/inside/unit", query=READER | UNIT, refuses=REFUSES)
def _unit(call: Call) -> records.Unit:
    """One unit, by default the first one, and what it is connected to."""
    return look_at_unit(_reader(call), call.query.get("layer", 1), call.query.get("unit", 0))


@_route("GET", "/api/inside/next-mistake", query=READER | AFTER, heavy=True, at_once=1, refuses=REFUSES)
def _next_mistake(call: Call) -> records.NextMistake:
    """The next test digit that a reader gets wrong."""
    return next_mistake(call.lab, _reader(call), call.query.get("after", -1))


@_route("POST", "/api/inside/pixels", body=LookAt, query=READER, heavy=True, at_once=1, refuses=REFUSES)
def _pixels(call: Call) -> records.Attributions:
    """Which pixels speak for a digit, by three methods."""
    return look_at_pixels(_seen(call), call.record.digit)


@_route("POST", "/api/inside/flip", body=Flip, query=READER, heavy=True, at_once=1, refuses=REFUSES)
def _flip(call: Call) -> records.Counterfactual:
    """The smallest change of a picture that makes its answer flip."""
    return look_for_flip(_seen(call), call.record.becomes)


@_route("POST", "/api/inside/damage", body=Hurt, query=READER, heavy=True, at_once=1, refuses=REFUSES)
def _damage(call: Call) -> records.Damaged:
    """How good a network still is on the whole test set when it is damaged, and what it says of a picture."""
    asked: Hurt = call.record
    hurt = Damage(tuple(asked.off), asked.prune, asked.noise, asked.temperature)
    return look_at_damage(call.lab, _seen(call), hurt)


@_route("POST", "/api/inside/step", body=TakeStep, query=READER, heavy=True, refuses=REFUSES)
def _step(call: Call) -> records.StepTaken:
    """One step of backpropagation on a picture, number by number; the network stays as it is."""
    return look_at_step(_seen(call), call.record.label, call.record.learning_rate)


@_route("POST", "/api/inside/check", body=CheckStep, query=READER, heavy=True, at_once=1, refuses=REFUSES)
def _check(call: Call) -> records.Checks:
    """Derivatives of that step, by backpropagation and by trying."""
    return check_step(_seen(call), call.record.label, call.record.parameters)


@_route("GET", "/api/inside/map", query=READER | LAYER, heavy=True, at_once=1, refuses=REFUSES)
def _map(call: Call) -> records.LayerMap:
    """Where the first digits of the test set lie in a layer (PCA)."""
    return map_of(call.lab, _reader(call), call.query.get("layer", 0))


@_route("POST", "/api/inside/place", body=PlaceOf, query=READER, heavy=True, at_once=1, refuses=REFUSES)
def _place(call: Call) -> records.Place:
    """Where a picture lies on that map."""
    return place_of(call.lab, _seen(call), call.record.layer)

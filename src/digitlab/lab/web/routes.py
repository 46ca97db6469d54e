"""What each address of the interface does."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from digitlab.engines import find_engine
from digitlab.engines.checks import check_threads
from digitlab.errors import BusyError, InputError, RecipeError
from digitlab.lab import records
from digitlab.lab.job import UNDER_WAY
from digitlab.lab.readers import Reading, read_pixels, weight_pictures
from digitlab.lab.runs import checked_name, delete_run, describe_run, find_run, list_runs
from digitlab.lab.web.answers import JSON, Answer, details_of
from digitlab.lab.web.api import Call, Parameter, Route
from digitlab.lab.web.limits import OCTETS, PICTURES
from digitlab.network.card import names_of_outputs
from digitlab.reading.preprocessing import prepare
from digitlab.reading.strokes import prepare_strokes
from digitlab.training import SETTINGS, named_recipes
from digitlab.training.recipe_files import NamedRecipe
from digitlab.version import __version__

__all__ = ["ROUTES"]

PIXELS = 784
FEW_POINTS = 2000  # of a drawing: so many are drawn at once
SMALL_WEIGHTS = 1_000_000


def _about(call: Call) -> records.About:
    train, test = call.lab.data()
    data = records.DataSet(call.lab.data_name, train.source, len(train), len(test), list(train.classes))
    return records.About(
        "digitlab", __version__, find_engine(call.lab.engine).name, check_threads(call.lab.threads), data
    )


def _recipes(_: Call) -> dict[str, Any]:
    settings = [
        setting.to_dict() | {"must_be": setting.must_be, "applies_in_words": setting.applies_in_words}
        for setting in SETTINGS.values()
    ]
    found = named_recipes().values()
    recipes = [{"name": one.name, "about": one.about, "values": one.recipe.to_dict()} for one in found]
    return {"settings": settings, "recipes": recipes}


def _state(call: Call) -> dict[str, Any]:
    event = call.lab.feed.last  # before the state: an event between them is told twice rather than not at all
    trainer = call.lab.trainer
    trouble = None if trainer.trouble is None else details_of(trainer.trouble)
    return {"event": event, "training": trainer.state(), "trouble": trouble}


def _train(call: Call) -> dict[str, Any]:
    asked: records.Train = call.record
    branch = None if asked.start is None else (checked_name(asked.start.run), asked.start.epoch)
    if asked.recipe is None and branch is not None:
        recipe = find_run(call.lab.folder, branch[0]).named_recipe
    else:
        recipe = _find_recipe(asked.recipe or "seed")
    changed = recipe.changed(**_checked(asked.settings))
    return {"run": call.lab.trainer.start(changed, branch=branch, paused=asked.paused)}


def _find_recipe(name: str) -> NamedRecipe:
    """By its name alone: what `read_recipe` would take for a file is no name."""
    recipes = named_recipes()
    if name not in recipes:
        raise RecipeError(
            "there is no such recipe", must_be=", ".join(recipes), got=repr(name), help="GET /api/recipes lists them"
        )
    return recipes[name]


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Only settings that there are; layer sizes as a tuple."""
    for name in settings:
        if name not in SETTINGS:
            raise RecipeError(
                "there is no such setting",
                must_be=", ".join(SETTINGS),
                got=repr(name),
                help="GET /api/recipes has them",
            )
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def _control(call: Call) -> dict[str, Any]:
    asked: records.Control = call.record
    trainer = call.lab.trainer
    if asked.do == "speed":
        trainer.speed(asked.steps_per_second)
    elif asked.do == "change":
        trainer.change(_checked(asked.settings))
    else:
        getattr(trainer, asked.do)()  # one of the names that the record allows
    return {"training": trainer.state()}


def _under_way(call: Call) -> str | None:
    """The run that is being trained."""
    state = call.lab.trainer.state()
    return state["run"] if state is not None and state["phase"] in UNDER_WAY else None


def _runs(call: Call) -> dict[str, Any]:
    return {"runs": list_runs(call.lab.folder, _under_way(call))}


def _run(call: Call) -> dict[str, Any]:
    return describe_run(call.lab.folder, call.names["name"], _under_way(call))


def _resume(call: Call) -> dict[str, Any]:
    name = checked_name(call.names["name"])
    call.lab.trainer.resume(name)
    return {"run": name}


def _delete(call: Call) -> dict[str, Any]:
    name = checked_name(call.names["name"])
    if name in call.lab.readers.in_use():
        raise BusyError(
            "this run is in use as a reader",
            must_be="a run that nobody reads with",
            got=repr(name),
            help="choose another reader, wait ten seconds, and delete it then",
        )
    delete_run(call.lab.folder, name, {run for run in [_under_way(call)] if run})
    call.lab.readers.forget()
    call.lab.feed.publish("runs", {})
    return {}


def _readers(call: Call) -> dict[str, Any]:
    return call.lab.readers.describe()


def _read(call: Call) -> Reading:
    reader = call.lab.readers.find(call.query.get("reader"))
    if call.kind == JSON:
        prepared = prepare_strokes(call.record.strokes, width=call.record.width)
    elif call.kind == OCTETS:
        if len(call.body) != PIXELS:
            raise InputError(
                "this is no picture in MNIST's form",
                must_be=f"{PIXELS} bytes",
                got=f"{len(call.body)} bytes",
                help="send other pictures as image/png and the like",
            )
        pixels = np.frombuffer(call.body, dtype=np.uint8)
        return read_pixels(reader, pixels, blank=not pixels.any())
    else:
        prepared = prepare(call.body)
    return read_pixels(reader, prepared.pixels, blank=prepared.blank)


def _reads_quickly(call: Call) -> bool:
    """Drawings and MNIST's own pictures take less time than a thread would; pictures to be decoded may take long."""
    small = sum(map(len, call.record.strokes)) <= FEW_POINTS if call.kind == JSON else call.kind == OCTETS
    reader = call.lab.readers.at_hand(call.query.get("reader")) if small else None
    return reader is not None and reader.network.parameters.size <= SMALL_WEIGHTS


def _test_digit(call: Call) -> dict[str, Any]:
    _, test = call.lab.data()
    index = _index(call.query.get("index"), len(test))
    reader = call.lab.readers.find(call.query.get("reader"))
    names = names_of_outputs(reader.network.card, test.classes)
    reading = read_pixels(reader, test.images[index], blank=not test.images[index].any())
    label = int(test.labels[index])
    if reading.digit is not None:
        reading.name = names[reading.digit]
    return {"index": index, "label": label, "name": names[label], "reading": reading}


def _index(text: str | None, count: int) -> int:
    if text is None and count:
        return random.randrange(count)
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) < count):
        raise InputError(
            "there is no such digit in the test set",
            must_be=f"an index from 0 to {count - 1}" if count else "a test set with at least one digit",
            got="none" if text is None else repr(text),
            help="leave it out for a random one",
        )
    return int(text)


def _weights(call: Call) -> Answer:
    reader = call.lab.readers.find(call.query.get("reader"))
    units = reader.network.architecture.sizes[1]
    headers = ((b"x-units", str(units).encode()), (b"x-version", str(reader.version).encode()))
    return Answer(200, weight_pictures(reader.network), OCTETS, headers)


WHO = (
    "who reads: live, run:NAME, or its snapshot run:NAME@EPOCH; by default the training under way, else the newest run"
)
READER = {"reader": Parameter(WHO)}
INDEX = {"index": Parameter("which digit of the test set; a random one by default", int)}
NAMED = "/api/runs/{name}"

ROUTES = (  # the busiest first: they are tried in this order
    Route(
        "POST",
        "/api/read",
        "Read a digit: strokes, a picture in MNIST's form (784 bytes), or any picture of one digit.",
        _read,
        Reading,
        body=records.Strokes,
        others=(OCTETS, *PICTURES),
        query=READER,
        refuses=(404, 409),
        quick=_reads_quickly,
    ),
    Route("GET", "/api", "What answers here.", _about, records.About, refuses=(409,)),
    Route("GET", "/api/state", "The training under way, or the last one.", _state, records.StateAnswer),
    Route("GET", "/api/recipes", "Every setting, and the named recipes.", _recipes, records.RecipeList),
    Route(
        "POST",
        "/api/train",
        "Begin a training; there is one at a time.",
        _train,
        records.RunName,
        body=records.Train,
        status=201,
        refuses=(404, 409),
    ),
    Route(
        "POST",
        "/api/control",
        "Tell the training under way what to do. To stop twice is fine.",
        _control,
        records.Controlled,
        body=records.Control,
        refuses=(409,),
    ),
    Route("GET", "/api/runs", "All runs, the newest first.", _runs, records.RunList, refuses=(409,)),
    Route("GET", NAMED, "One run with its settings and history.", _run, records.RunDetails, refuses=(404, 409)),
    Route(
        "POST",
        NAMED + "/resume",
        "Go on with a run that was stopped.",
        _resume,
        records.RunName,
        body=records.Empty,
        refuses=(404, 409),
    ),
    Route(
        "POST",
        NAMED + "/delete",
        "Delete a run that is neither under way nor in use as a reader.",
        _delete,
        records.Empty,
        body=records.Empty,
        refuses=(404, 409),
    ),
    Route("GET", "/api/readers", "Who can read.", _readers, records.ReadableList, refuses=(409,)),
    Route(
        "GET",
        "/api/test-digit",
        "A digit of the test set, and what a reader says of it.",
        _test_digit,
        records.TestDigit,
        query=INDEX | READER,
        refuses=(404, 409),
    ),
    Route(
        "GET",
        "/api/weights",
        "The weights of each unit of the first layer: 784 bytes, 128 for 0.",
        _weights,
        None,
        answer_kind=OCTETS,
        headers={"X-Units": "how many units", "X-Version": "changes when the network does"},
        query=READER,
        refuses=(404, 409),
    ),
)

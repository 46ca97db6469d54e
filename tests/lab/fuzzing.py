"""A lab under fuzz: sends what schemathesis makes of its document, and gathers what is wrong with the answers.

Something wrong is written down rather than raised, once for each kind: the fuzz goes on, and one run finds all of it.
"""

from __future__ import annotations

import io
import itertools
import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import requests
from hypothesis import strategies as st
from PIL import Image

from digitlab.lab.training_status import UNDER_WAY
from digitlab.lab.web.guard import HEADERS
from digitlab.lab.web.limits import PHOTOS
from digitlab.training import SETTINGS, named_recipes
from tests.lab.lab_tools import Served

SECONDS = 30.0  # in which an answer must come, and a training must stop
TENDED = 20  # requests between two looks after the training
LAYERS = {"layers": [784, 16, 10]}
TRAININGS = (  # in turn: soon done, under way until it is told to stop, waiting
    {"recipe": "seed", "settings": LAYERS | {"epochs": 2}},
    {"recipe": "minibatch", "settings": LAYERS | {"epochs": 100_000}},
    {"recipe": "quick", "settings": LAYERS, "paused": True},
)


def config(seed: int) -> dict[str, Any]:
    """What schemathesis is told.

    Valid data may be refused: a schema does not say which runs there are, or what a picture is.
    """
    refusals = ["400", "401", "403", "404", "405", "409", "413", "415"]  # one of these where data is not valid
    return {
        "seed": seed,
        "checks": {
            "positive_data_acceptance": {"enabled": False},
            "negative_data_rejection": {"expected-statuses": refusals},
        },
    }


@dataclass
class Fuzzed:
    """A lab that is being fuzzed.

    Attributes:
        sent: how many requests it has got.
        answered: how often with what status, by operation.
        complaints: what was wrong, by operation, kind and status; with a curl line.
        runs: the names of the runs, the newest first, as they were a little while ago.
        stderr: what the lab has written there. It is read all the time: a full pipe would stop the lab.
    """

    served: Served
    sent: int = 0
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    complaints: dict[tuple[str, ...], str] = field(default_factory=dict)
    stderr: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    _untended: int = 0
    _heard: int = 0
    _done: deque[Any] = field(default_factory=lambda: deque(maxlen=10))
    _trainings: Iterator[Any] = field(default_factory=lambda: itertools.cycle(TRAININGS))
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=lambda: self.stderr.extend(self.served.process.stderr), daemon=True)
        self._reader.start()
        self._tend()

    def send(self, case: Any) -> list[str]:
        """Send one request of schemathesis; what was wrong with its answer and is new."""
        self.sent += 1
        self._untended += 1
        assert self.served.process.poll() is None, "".join(self.stderr)
        before = len(self.complaints)
        try:
            response = case.call(session=self._session, timeout=SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            self._complain((case.operation.label, type(error).__name__), f"{error}\n{case.as_curl_command()}")
        else:
            self.answered[case.operation.label, response.status_code] += 1
            if case.method == "POST" and response.status_code < 300 and not case.path.startswith("/api/read"):
                self._done.append(case)
            self._check(case, response)
        self._listen()
        if self._untended >= TENDED:
            self._tend()
        return list(self.complaints.values())[before:]

    def _check(self, case: Any, response: Any) -> None:
        from schemathesis.core.failures import FailureGroup

        try:
            case.validate_response(response, additional_checks=[refuses_in_one_form, carries_the_headers])
        except FailureGroup as group:
            status = str(response.status_code)
            came = f"{case.as_curl_command()}\n{status} {response.content[:500]!r}"
            for one in group.exceptions:
                title = str(one).partition("\n")[0]
                self._complain((case.operation.label, type(one).__name__, title, status), f"{one}\n{came}")

    def _listen(self) -> None:
        """A fault in another thread is told only in the log: one of the last things done has caused it."""
        new, self._heard = self.stderr[self._heard :], len(self.stderr)
        if any("Traceback" in line for line in new):
            time.sleep(0.2)  # until the rest of it has come
            new += self.stderr[self._heard :]
            self._heard = len(self.stderr)
            words = [*new, *(f"{one.as_curl_command()}\n" for one in self._done)]
            self._complain(("the log", new[-1]), "".join(words))

    def _complain(self, kind: tuple[str, ...], words: str) -> None:
        self.complaints.setdefault(kind, f"{' / '.join(kind)}\n{words}")

    def _tend(self) -> None:
        """End the training under way, so that none takes for ever, and begin another."""
        self._untended = 0
        self._ask("POST", "/api/control", {"do": "stop"})
        limit = time.monotonic() + SECONDS
        while (state := self.training()) is not None and state["phase"] in UNDER_WAY:
            assert time.monotonic() < limit, f"the training does not stop: {state}"
            time.sleep(0.01)
        self._ask("POST", "/api/train", next(self._trainings))
        self.runs = [run["name"] for run in self._ask("GET", "/api/runs")["runs"]]

    def training(self) -> dict[str, Any] | None:
        """Where the training stands."""
        state: dict[str, Any] | None = self._ask("GET", "/api/state")["training"]
        return state

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        self.sent += 1
        body = b"" if content is None else json.dumps(content).encode()
        answer = self.served.ask(method, path, [("Content-Type", "application/json")], body)
        assert answer.status < 500, answer.body
        return answer.json

    def stop(self, seconds: float = 15) -> int:
        """Ask it to end; its exit code."""
        self._session.close()
        self.served.process.terminate()
        code = self.served.process.wait(seconds)
        self._reader.join(seconds)
        for pipe in (self.served.process.stdout, self.served.process.stderr):
            pipe.close()
        return code


def teach_pictures() -> None:
    """Tell schemathesis what pictures are: of each kind that the lab takes, whole and with some bytes changed."""
    import schemathesis

    for kind in PHOTOS:
        form = kind.rpartition("/")[2]  # not every Pillow writes all of them; the content decides, not its type
        schemathesis.openapi.media_type(kind, _pictures("png" if form in {"heic", "heif", "avif"} else form))


@st.composite
def _pictures(draw: st.DrawFn, form: str) -> bytes:
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([3, 4] if form == "png" else [3])))
    pixels = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 256, shape, np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    content = bytearray(file.getvalue())
    for place, byte in draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=3)):
        content[place] = byte
    return bytes(content[: draw(st.sampled_from([len(content), len(content) // 2]))])


def refuses_in_one_form(_context: Any, response: Any, _case: Any) -> None:
    """Every refusal is the same short JSON."""
    if response.status_code >= 400:
        assert response.headers["content-type"] == ["application/json"], "a refusal is not JSON"
        found = json.loads(response.content)
        assert found.keys() == {"error"}, "a refusal has another form"
        assert found["error"].keys() == {"what", "must_be", "got", "help"}, "a refusal has other parts"
        assert all(isinstance(words, str) for words in found["error"].values()), "a refusal is not in words"


def carries_the_headers(_context: Any, response: Any, _case: Any) -> None:
    """Every answer tells the browser what it may do."""
    for name, value in HEADERS:
        assert response.headers.get(name.decode()) == [value.decode()], f"the answer lacks {name.decode()}"


def about_what_there_is(case: Any, luck: int, runs: list[str]) -> Any:
    """The same request, but where it names a run, a reader, a recipe or a setting, one that there is.

    Made-up names alone would hardly ever come past "there is no such run".
    """
    choose = random.Random(luck)
    run = choose.choice([*runs, "small"])
    if "name" in case.path_parameters:
        case.path_parameters["name"] = run
    for name in case.query.keys() & {"reader", "other"}:
        case.query[name] = choose.choice(["live", "model:standard", f"run:{run}", f"run:{run}@{choose.randrange(3)}"])
    for name in case.query.keys() & {"true", "predicted"}:
        case.query[name] = choose.randrange(10)
    body = case.body
    if isinstance(body, dict):
        if isinstance(body.get("recipe"), str):
            body["recipe"] = choose.choice([*named_recipes()])
        if isinstance(start := body.get("from"), dict) and start.keys() >= {"run", "epoch"}:
            body["from"] = start | {"run": run, "epoch": choose.choice([0, 1, 2, start["epoch"]])}
        if isinstance(body.get("settings"), dict):
            body["settings"] = _of_what_there_is(body["settings"], choose)
    assert case.meta is not None  # to ask for it makes schemathesis judge anew whether the request is allowed
    return case


def _of_what_there_is(settings: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """Real settings with the values that were made up, or, mostly, with values that they may have."""
    found = dict(zip(choose.sample([*SETTINGS], k=len(SETTINGS)), settings.values(), strict=False))
    for name in found:
        one = SETTINGS[name]
        if choose.random() < 0.8:
            found[name] = choose.choice([*one.choices]) if one.choices else one.default
    return found

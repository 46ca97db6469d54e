"""Whatever is sent to a real lab, its answers are as its OpenAPI document says.

schemathesis makes the requests of the document that the lab serves: what it allows, and what it does not. One lab gets
them all, so that trainings begin, runs come and go, and readers change meanwhile. ``DIGITLAB_SOAK=0.1`` sends a tenth
of the drawn requests; ``DIGITLAB_SEED`` is the number that they are drawn by.

schemathesis's `parametrize` would make a test of each operation. Here all of them are mixed, and the first fault does
not hide the next one; besides, its `from_fixture` uses what pytest 9.2 no longer has (``_nodeid``).
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from digitlab.lab.web.guard import HEADERS
from digitlab.lab.web.openapi import EVENTS, OPENAPI
from tests.lab.fuzzing import Fuzzed, about_what_there_is, config, teach_pictures
from tests.lab.lab_tools import start_lab

SHARE = float(os.environ.get("DIGITLAB_SOAK", "1"))
SEED = int(os.environ.get("DIGITLAB_SEED", "20260101"))
ROUNDS = max(1, round(30 * SHARE))
DRAWN = 500  # requests of a round
STREAMS = max(10, round(1000 * SHARE))

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def fuzzed(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """A lab for these tests alone, which must still be well at their end."""
    folder = tmp_path_factory.mktemp("fuzzed") / "runs"
    shutil.copytree(runs, folder)
    made = Fuzzed(start_lab(folder, "--threads", "1"))
    yield made
    print(f"{made.sent:,} requests")  # noqa: T201  pytest -s shows it
    died = made.served.process.poll()
    code = made.stop()
    assert "Traceback" not in "".join(made.stderr)
    assert (died, code) == (None, 0)


@pytest.fixture(scope="module")
def document(fuzzed: Fuzzed) -> Any:
    """The document as the lab serves it, without the stream, which does not end by itself."""
    schemathesis = pytest.importorskip("schemathesis", reason="`make soak` installs it")
    teach_pictures()
    url = f"http://127.0.0.1:{fuzzed.served.port}{OPENAPI}"
    return schemathesis.openapi.from_url(url, config=schemathesis.Config.from_dict(config(SEED))).exclude(path=EVENTS)


def test_at_each_bound_of_the_document_the_answers_are_as_it_says(document, fuzzed):
    """Bounds, types, missing and additional parts, one after the other; other methods and content types, too."""
    how = document.config.generation
    cases = [
        case
        for operation in _operations(document)
        for case in document.iter_coverage_cases(operation, generation_modes=how.modes, generation_config=how)
    ]
    assert len(cases) > 300
    complaints = [words for case in cases for words in fuzzed.send(case)]
    assert not complaints, "\n\n".join(complaints)


def _operations(document: Any) -> list[Any]:
    return [found.ok() for found in document.get_all_operations()]


def _requests(document: Any) -> st.SearchStrategy[Any]:
    """A request to any operation, as the document allows it or, where anything can be wrong, as it does not."""
    from schemathesis import GenerationMode

    good = [one.as_strategy(generation_mode=GenerationMode.POSITIVE) for one in _operations(document)]
    bad = [
        one.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        for one in _operations(document)
        if len(one.body) or len(one.query)  # any text may be a name in the path
    ]
    return st.one_of(good + bad)


def test_in_any_order_and_while_trainings_come_and_go_the_answers_are_as_the_document_says(document, fuzzed):
    drawn = _requests(document)
    known = len(fuzzed.complaints)
    for round in range(ROUNDS):

        @hypothesis.seed(SEED + round)
        @hypothesis.settings(
            max_examples=DRAWN,
            derandomize=False,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(drawn, st.integers(0, 2**16))
        def send(case, luck):
            fuzzed.send(about_what_there_is(case, luck, fuzzed.runs) if luck % 3 else case)

        send()
    found = list(fuzzed.complaints.values())[known:]
    assert not found, "\n\n".join(found)
    done = {label for label, status in fuzzed.answered if status < 300}
    assert SHARE < 0.5 or done == {one.label for one in _operations(document)}  # each has done what it is for


ODD = st.one_of(st.integers().map(str), st.integers(0, 2**70).map(str), st.text(max_size=30), st.just("9" * 5000))


@hypothesis.seed(SEED)
@hypothesis.settings(max_examples=STREAMS, derandomize=False, deadline=None, database=None, phases=[Phase.generate])
@hypothesis.given(st.none() | ODD, st.none() | ODD)
def test_the_stream_begins_or_says_why_not(fuzzed, after, last):
    fuzzed.sent += 1
    connection = http.client.HTTPConnection("127.0.0.1", fuzzed.served.port, timeout=10)
    try:
        # A line cannot end within a header: it would be another one.
        words = None if last is None else last.encode().replace(b"\r", b"").replace(b"\n", b"")
        query = "" if after is None else f"?after={quote(after)}"
        connection.request("GET", EVENTS + query, headers={} if words is None else {"Last-Event-ID": words})
        answer = connection.getresponse()
        assert answer.status in {200, 400}
        for name, value in HEADERS:
            assert answer.headers.get_all(name.decode()) == [value.decode()]
        if answer.status == 400:
            assert json.loads(answer.read())["error"].keys() == {"what", "must_be", "got", "help"}
        else:
            assert answer.headers["content-type"].startswith("text/event-stream")
    finally:
        connection.close()

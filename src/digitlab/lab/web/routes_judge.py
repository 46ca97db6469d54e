"""The routes of judging: how good a reader is on the test set. All but the shortest take a while."""

from typing import Annotated

from msgspec import Meta

from digitlab.lab import records
from digitlab.lab.judge import Judge
from digitlab.lab.judgements import Cell, Compared, Judgement, Measurement, Mistakes
from digitlab.lab.readers import Reader
from digitlab.lab.web.api import Call, Parameter, Table
from digitlab.lab.web.requests import READER, Count

MOST_AT_ONCE = 200  # pictures of an answer
VERSION = {"version": Parameter("which version of the reader, if it is still known; by default the newest", Count)}
SOME = {
    "start": Parameter("how many to leave out, from the first on; by default none", Count),
    "most": Parameter("how many at most; by default 24", Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]),
}
CELL = {
    "true": Parameter("the true class, by its number", Count, required=True),
    "predicted": Parameter("the class that it was taken for, by its number", Count, required=True),
}
OTHER = {"other": Parameter("who the reader is compared with", required=True)}

ROUTES = Table()
_route = ROUTES.enter


@_route("GET", "/api/judge", heavy=True, query=READER | VERSION, refuses=(404, 409))
def _judge(call: Call) -> Judgement:
    """How good a reader is on the test set: accuracy, confusion matrix, and what follows from its probabilities."""
    return call.lab.judge.judge(_reader(call))


@_route("GET", "/api/judge/mistakes", heavy=True, query=READER | VERSION | SOME, refuses=(404, 409))
def _mistakes(call: Call) -> Mistakes:
    """Pictures of the test set that a reader gets wrong, the surest mistakes first."""
    start, most = call.query.get("start", 0), call.query.get("most", 24)
    return call.lab.judge.mistakes(_reader(call), start=start, most=most)


@_route("GET", "/api/judge/cell", heavy=True, query=CELL | READER | VERSION, refuses=(404, 409))
def _cell(call: Call) -> Cell:
    """One cell of the confusion matrix: its pictures, and what they have in common."""
    return call.lab.judge.cell(_reader(call), call.query["true"], call.query["predicted"])


@_route("GET", "/api/judge/compare", heavy=True, query=READER | VERSION | OTHER, refuses=(404, 409))
def _compare(call: Call) -> Compared:
    """Whether another reader is better on the same pictures: its interval, a paired test, what changed."""
    judge: Judge = call.lab.judge
    return judge.compare(_reader(call), judge.reader(call.query["other"]))


@_route("GET", "/api/judge/robustness", query=READER | VERSION, refuses=(404, 409))
def _robustness(call: Call) -> Measurement:
    """How robust a reader is, if that was measured; else how far the measurement is."""
    return call.lab.measuring.state(_reader(call))


@_route("POST", "/api/judge/measure", body=records.Empty, query=READER | VERSION, refuses=(404, 409))
def _measure(call: Call) -> Measurement:
    """Begin to measure how robust a reader is, where that is not known; it takes up to half a minute."""
    return call.lab.measuring.begin(_reader(call))


def _reader(call: Call) -> Reader:
    reader: Reader = call.lab.judge.reader(call.query.get("reader"), call.query.get("version"))
    return reader

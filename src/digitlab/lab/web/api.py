"""The lab's interface for programs: one table of routes, from which the server and the OpenAPI document are made.

A route that only looks is a GET; one that changes something is a POST with a body of an exact content type. The
address of a request is never a path or an address of something else: names of runs are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from digitlab.errors import BusyError, DigitlabError
from digitlab.lab.lab import Lab
from digitlab.lab.web.answers import JSON, Answer, encode, error_answer, refused
from digitlab.lab.web.limits import MOST_BYTES, PICTURES, content_kind, decode, parse_query, read_body

__all__ = ["Call", "Endpoint", "Parameter", "Route"]

MOST_WAITING = 32  # pictures; each is kept in memory meanwhile


@dataclass(frozen=True)
class Parameter:
    """A parameter in the address."""

    about: str
    kind: type = str


@dataclass(frozen=True)
class Call:
    """One request, checked: its parameters by name, and its body with its content type."""

    lab: Lab
    query: Mapping[str, str]
    names: Mapping[str, str]
    kind: str = ""
    body: bytes = b""
    record: Any = None  # what a JSON body holds


@dataclass(frozen=True)
class Route:
    """One row of the table.

    Attributes:
        method, path: as in OpenAPI, such as ``/api/runs/{name}``.
        about: what it does, in one line.
        handler: makes the answer: something for JSON, or an `Answer`.
        answer: what the JSON is; None where the answer is of another type, ``answer_kind``.
        body: what a JSON body must be.
        others: content types that are accepted beside JSON.
        query: the parameters in the address.
        headers: whole numbers in the headers of a good answer, with what they say.
        status: of a good answer.
        refuses: statuses of errors that it may have, besides those that every route may have.
        quick: whether a call may be answered at once, without a thread of its own.
    """

    method: str
    path: str
    about: str
    handler: Callable[[Call], Any]
    answer: Any
    answer_kind: str = JSON
    body: Any = None
    others: tuple[str, ...] = ()
    query: Mapping[str, Parameter] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    refuses: tuple[int, ...] = ()
    quick: Callable[[Call], bool] = lambda _: False


class Endpoint:
    """A route as an ASGI app: reads the request, lets the handler work, sends the answer or the error."""

    def __init__(self, lab: Lab, route: Route) -> None:
        self.lab, self.route = lab, route
        self.accepted = (JSON, *route.others)
        self.decoder = None if route.body is None else msgspec.json.Decoder(route.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            call = await self._read(scope, receive)
            if self.route.quick(call):
                result = self.route.handler(call)
            else:
                result = await anyio.to_thread.run_sync(self.route.handler, call, limiter=_limiter_of(call))
            answer = result if isinstance(result, Answer) else Answer(self.route.status, encode(result))
        except DigitlabError as error:
            answer = error_answer(error)
        except MemoryError:
            answer = error_answer(
                refused(
                    409,
                    "there is not enough memory",
                    must_be="something that fits",
                    got="more",
                    help="use narrower layers or fewer digits",
                )
            )
        except ClientDisconnect:
            return  # nobody is there to be answered
        await answer.send(send)

    async def _read(self, scope: Scope, receive: Receive) -> Call:
        names = scope.get("path_params", {})
        query = parse_query(scope, self.route.query)
        if self.decoder is None:
            return Call(self.lab, query, names)
        kind = content_kind(scope, self.accepted)
        body = await read_body(scope, receive, MOST_BYTES[kind])
        record = decode(body, self.decoder) if kind == JSON else None
        return Call(self.lab, query, names, kind, body, record)


def _limiter_of(call: Call) -> anyio.CapacityLimiter | None:
    """Pictures are decoded a few at a time: they may be large, and threads that wait would be missed elsewhere."""
    if call.kind not in PICTURES:
        return None
    limiter = call.lab.decoding
    if limiter.statistics().tasks_waiting >= MOST_WAITING:
        raise BusyError(
            "too many pictures are being read",
            must_be=f"at most {MOST_WAITING} that wait",
            got="another one",
            help="send it again a little later",
        )
    return limiter

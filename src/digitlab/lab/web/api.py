"""The lab's interface for programs: what a row of its table is, and how a request to it is answered.

A route that only looks is a GET; one that changes something, or is told much, is a POST with a body of an exact
content type. The
address of a request is never a path or an address of something else: names of runs are checked.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

import anyio.to_thread
import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from digitlab.errors import BusyError, DigitlabError, InputError
from digitlab.lab.lab import Lab
from digitlab.lab.web.answers import JSON, Answer, RequestError, encode, error_answer
from digitlab.lab.web.limits import (
    MOST_BYTES,
    PHOTOS,
    content_kind,
    convert,
    decode,
    drain,
    parse_query,
    read_body,
    refuse_data_url,
)

DECODED_AT_ONCE = 2  # pictures of one digit: each may take some hundred megabytes
MOST_WAITING = 32  # calls; each keeps its picture in memory meanwhile


@dataclass(frozen=True)
class Parameter:
    """A parameter in the address, or a header of an answer."""

    about: str
    kind: Any = str  # as a record's field has it
    required: bool = False


@dataclass(frozen=True)
class Call:
    """One request, checked: its parameters by name, and its body with its content type."""

    lab: Lab
    query: Mapping[str, Any]
    names: Mapping[str, str]
    kind: str = ""
    body: bytes = b""
    record: Any = None  # what a JSON body holds


@dataclass(frozen=True)
class Route:
    """One row of the table.

    Attributes:
        method, path: as in OpenAPI, such as ``/api/runs/{name}``.
        handler: makes the answer: a record for JSON, or an `Answer`. Its docstring says what it does, in one line.
        body: what a JSON body must be.
        others: content types that are accepted beside JSON, or instead of it.
        heavy: whether every call takes long, as pictures do.
        at_once: how many pictures are decoded, or heavy calls answered, at once; others wait.
        query: the parameters in the address.
        answer_kind: content type of a good answer.
        headers: those of a good answer, with what they say.
        status: of a good answer.
        refuses: statuses of errors that it may have, besides those that every route may have.
        quick: whether a call may be answered at once, without a thread of its own.
    """

    method: str
    path: str
    handler: Callable[[Call], object]
    body: type | None = None
    others: tuple[str, ...] = ()
    heavy: bool = False
    at_once: int = DECODED_AT_ONCE
    query: Mapping[str, Parameter] = field(default_factory=dict)
    answer_kind: str = JSON
    headers: Mapping[str, Parameter] = field(default_factory=dict)
    status: int = 200
    refuses: tuple[int, ...] = ()
    quick: Callable[[Call], bool] = lambda _: False

    @property
    def accepted(self) -> tuple[str, ...]:
        """Content types of a body; none where there is no body."""
        return self.others if self.body is None else (JSON, *self.others)

    @property
    def about(self) -> str:
        """What it does, in one line."""
        return (self.handler.__doc__ or "").partition("\n")[0]

    @property
    def answer(self) -> Any:
        """The record that its handler answers."""
        return get_type_hints(self.handler)["return"]


Handler = TypeVar("Handler", bound=Callable[[Call], object])


class Table(list[Route]):
    """Routes, the busiest first, as they are tried in this order."""

    def enter(self, method: str, path: str, **more: Any) -> Callable[[Handler], Handler]:
        """Enter what follows; ``more`` are the other attributes of its `Route`."""

        def enter(handler: Handler) -> Handler:
            self.append(Route(method, path, handler, **more))
            return handler

        return enter


class Endpoint:
    """A route as an ASGI app: reads the request, lets the handler work, sends the answer or the error."""

    def __init__(self, lab: Lab, route: Route) -> None:
        self.lab, self.route = lab, route
        self.decoder: msgspec.json.Decoder[Any] | None = (
            None if route.body is None else msgspec.json.Decoder(route.body)
        )
        self.limiter = anyio.CapacityLimiter(route.at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            call = await self._read(scope, receive)
            if self.route.quick(call):
                result = self.route.handler(call)
            else:
                limiter = self.limiter_of(call)
                # A picture takes seconds where it is large or the machine is busy; the end of the lab waits for none.
                result = await anyio.to_thread.run_sync(
                    self.route.handler, call, limiter=limiter, abandon_on_cancel=limiter is not None
                )
            answer = result if isinstance(result, Answer) else Answer(self.route.status, encode(result))
        except DigitlabError as error:
            answer = error_answer(error)
        except MemoryError:
            help = "use narrower layers or fewer digits"
            answer = error_answer(RequestError(409, "there is not enough memory", help=help))
        except ClientDisconnect:
            return  # nobody is there to be answered
        except asyncio.CancelledError:
            answer = error_answer(BusyError("the lab is being closed"))
        await answer.send(send)

    async def _read(self, scope: Scope, receive: Receive) -> Call:
        names = scope.get("path_params", {})
        try:
            query = self._parameters(scope)
            if not self.route.accepted:
                return Call(self.lab, query, names)
            kind = content_kind(scope, self.route.accepted)
        except DigitlabError:
            await drain(scope, receive)
            raise
        body = await read_body(scope, receive, MOST_BYTES[kind])
        refuse_data_url(body)
        record = decode(body, self.decoder) if self.decoder is not None and kind == JSON else None
        return Call(self.lab, query, names, kind, body, record)

    def _parameters(self, scope: Scope) -> Mapping[str, Any]:
        known = self.route.query
        given = parse_query(scope, known)
        missing = [name for name, one in known.items() if one.required and name not in given]
        if missing:
            raise InputError("a parameter in the address is missing", must_be=", ".join(missing))
        return {name: convert(name, text, known[name].kind) for name, text in given.items()}

    def limiter_of(self, call: Call) -> anyio.CapacityLimiter | None:
        """What takes long is done a few at a time: it may be large, and threads that wait would be missed elsewhere."""
        if not self.route.heavy and call.kind not in PHOTOS:
            return None
        if self.limiter.statistics().tasks_waiting >= MOST_WAITING:
            raise BusyError("too much is being asked at once", help="ask again a little later")
        return self.limiter

"""GET /api/events: what happens in the lab, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from digitlab.errors import DigitlabError, InputError
from digitlab.lab.feed import Entry
from digitlab.lab.lab import Lab
from digitlab.lab.web.answers import error_answer
from digitlab.lab.web.limits import parse_query

__all__ = ["EventStream"]

PING_SECONDS = 10
SEND_SECONDS = 8.0  # a watcher that takes nothing for so long is dropped
MOST_DIGITS = 19  # of an event's id


class EventStream:
    """The stream as an ASGI app. It ends when the watcher goes, stops reading, or the lab closes."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One watcher."""
        try:
            after = _last_seen(scope)
        except DigitlabError as error:
            await error_answer(error).send(send)
            return
        response = EventSourceResponse(self._events(after), ping=PING_SECONDS, send_timeout=SEND_SECONDS, sep="\n")
        with suppress(TimeoutError):  # sse-starlette's word for a watcher that was dropped
            await response(scope, receive, send)

    async def _events(self, after: int | None) -> AsyncIterator[ServerSentEvent]:
        """What is followed, until the lab closes."""
        entries = self.lab.feed.follow(after)
        closing = asyncio.ensure_future(self.lab.closing.wait())
        coming: asyncio.Future[Entry] | None = None
        try:
            while not self.lab.closing.is_set():
                coming = asyncio.ensure_future(anext(entries))
                await asyncio.wait({coming, closing}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    return
                entry = coming.result()
                yield ServerSentEvent(entry.data.decode(), event=entry.kind, id=str(entry.id))
        except StopAsyncIteration:
            return
        finally:
            closing.cancel()
            if coming is not None and not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await coming
            close = getattr(entries, "aclose", None)
            if close is not None:
                await close()


def _last_seen(scope: Scope) -> int | None:
    """The id of the last event that the watcher has seen: of the header, which is the newer one, else of ``after``."""
    query = parse_query(scope, {"after": None})
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"last-event-id"]
    text = headers[-1] if headers else query.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InputError(
            "this is no id of an event",
            must_be="a whole number",
            got=repr(text),
            help="take the id of the last event seen, or leave it out",
        )
    return int(text)

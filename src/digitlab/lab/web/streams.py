"""GET /api/events: what happens in the lab, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from digitlab.errors import DigitlabError, InputError
from digitlab.lab.feed import Entry, Feed
from digitlab.lab.web.answers import error_answer
from digitlab.lab.web.limits import parse_query

RESET = "reset"
PING_SECONDS = 10
SEND_SECONDS = 8.0  # a watcher that takes nothing for so long is dropped
MOST_DIGITS = 19  # of an event's id


class EventStream:
    """The stream as an ASGI app. It ends when the watcher goes, stops reading, or the lab closes."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One watcher."""
        try:
            after = _last_seen(scope)
        except DigitlabError as error:
            await error_answer(error).send(send)
            return
        events = (
            ServerSentEvent(entry.data.decode(), event=entry.kind, id=str(entry.id))
            async for entry in follow(self.feed, after)
        )
        response = EventSourceResponse(events, ping=PING_SECONDS, send_timeout=SEND_SECONDS, sep="\n")
        with suppress(TimeoutError):  # sse-starlette's word for a watcher that was dropped
            await response(scope, receive, send)


async def follow(feed: Feed, after: int | None) -> AsyncIterator[Entry]:
    """What came after the entry numbered ``after`` (None: only what is new), then what comes, each entry once.

    Where ``after`` is no longer known, a ``reset`` comes first: whoever follows must ask for the whole state again.
    It ends when the feed is closed.
    """
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has been closed
            loop.call_soon_threadsafe(news.set)

    with feed.watched(wake):
        seen = feed.last if after is None else after
        while True:
            news.clear()
            if feed.closed:
                return
            entries = feed.after(seen)
            if entries is None:
                seen = feed.last
                yield Entry(seen, RESET, b"{}")
                continue
            for entry in entries:
                seen = entry.id
                yield entry
            if not entries:
                await news.wait()


def _last_seen(scope: Scope) -> int | None:
    """The id of the last event that the watcher has seen: of the header, which is the newer one, else of ``after``."""
    query = parse_query(scope, {"after": None})
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"last-event-id"]
    text = headers[-1] if headers else query.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        help = "take the id of the last event seen, or leave it out"
        raise InputError("the id of an event must be a whole number", got=text, help=help)
    return int(text)

"""One connection, and how long it may take: whoever sends or reads too slowly is let go.

uvicorn itself waits for ever: for the head of a request, for its body, and for a reader that has stopped reading.
"""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from digitlab.lab.web.answers import JSON, RequestError, error_answer
from digitlab.lab.web.guard import HEADERS, NO_STORE
from digitlab.lab.web.limits import BODY_SECONDS

HEAD_SECONDS = 5.0  # from the connection, or from the first byte of a later request, to the end of its headers
WRITE_SECONDS = 4.0  # in which a reader must take at least something of what waits for it
MOST_UNSENT = 16 * 1024  # bytes that wait for a reader before it is watched
MOST_HEAD_BYTES = 64 * 1024
MOST_CONNECTIONS = 2000  # beyond it the one that has waited longest without a request is closed
UPGRADE = re.compile(rb"(?i)\r\nupgrade:[^\r\n]*(?=\r\n[^ \t])")  # a wish that may be passed over (RFC 9110, 7.8)
SPARE_SECONDS = 1.0  # the app itself refuses a slow body first, with a reason


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with time limits.

    A request that arrives in one piece sets no timer.
    """

    _waits_for: str | None = "head"  # "head", "body", or None: nothing, the request is whole
    _timer: asyncio.TimerHandle | None = None
    _timed: str | None = None  # what the timer is for
    _head_bytes = 0
    _writing: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected: the head of the first request must follow."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=MOST_UNSENT)
        self._since = self.loop.time()
        self._set_timer()
        if len(self.connections) > MOST_CONNECTIONS:
            waiting = [one for one in self.connections if getattr(one, "_waits_for", None) == "head"]
            if waiting:
                min(waiting, key=lambda one: getattr(one, "_since", 0.0)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, from either side."""
        super().connection_lost(exc)
        for timer in (self._timer, self._writing):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        if self._waits_for == "head":
            head, found, _ = data.partition(b"\r\n\r\n")
            self._head_bytes += len(head)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self._refuse(431, f"the headers are larger than {MOST_HEAD_BYTES:,} bytes")
                return
            if found and UPGRADE.search(head):
                data = UPGRADE.sub(b"", head + b"\r\n") + data[len(head) + 2 :]
        super().data_received(data)
        if self._waits_for != "head":
            self._head_bytes = 0
        if self._waits_for != self._timed:
            self._set_timer()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._waits_for = "head"
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The end of the headers."""
        super().on_headers_complete()
        self._waits_for = "body"

    def on_message_complete(self) -> None:
        """The end of the body."""
        super().on_message_complete()
        self._waits_for = None

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timed = self._waits_for
        if self._timed is not None and not self.transport.is_closing():
            seconds = HEAD_SECONDS if self._timed == "head" else BODY_SECONDS + SPARE_SECONDS
            self._timer = self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if self.transport.is_closing():
            return
        if self._timed == "head" and self._head_bytes:
            got = f"{self._head_bytes} bytes of them"
            self._refuse(408, f"the headers did not arrive within {HEAD_SECONDS:g} seconds", got)
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        """More waits for the reader than it should."""
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size() + 1)

    def resume_writing(self) -> None:
        """The reader has taken most of it."""
        super().resume_writing()
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _watch_reader(self, before: int) -> None:
        """Let go of a reader that has taken nothing since there were ``before`` bytes."""
        waiting = self.transport.get_write_buffer_size()
        if waiting >= before:
            self.transport.abort()
        else:
            self._writing = self.loop.call_later(WRITE_SECONDS, self._watch_reader, waiting)

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP."""
        self._refuse(400, "this is not an HTTP/1.1 request", msg)

    def _refuse(self, status: int, what: str, got: str = "") -> None:
        """An answer of our own form where there is no request that the app could answer; then the end."""
        answer = error_answer(RequestError(status, what, got=got))
        own: list[tuple[bytes, bytes]] = [
            (b"content-type", JSON.encode()),
            (b"content-length", str(len(answer.content)).encode()),
            (b"connection", b"close"),
            NO_STORE,
            *HEADERS,
        ]
        lines = [STATUS_LINE[status], *(b"%s: %s\r\n" % header for header in own), b"\r\n", answer.content]
        self.transport.write(b"".join(lines))
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """A web socket is asked for: the request is answered as if it were not, and the connection ends."""
        cycle: Any = self.cycle
        if cycle is not None:
            cycle.keep_alive = False

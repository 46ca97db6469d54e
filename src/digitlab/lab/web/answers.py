"""What leaves the lab: an answer with its status and its kind, and every error as the same short JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.types import Send

from digitlab.errors import BusyError, DigitlabError, InputError, LabError, UnknownError

__all__ = [
    "JSON",
    "Answer",
    "Problem",
    "ProblemDetails",
    "details_of",
    "encode",
    "error_answer",
    "refused",
    "unexpected_answer",
]

JSON = "application/json"
LONGEST_GOT = 80  # characters of what was sent that an error repeats
LONGEST_WORDS = 500  # characters of the other parts: names of settings or of files may be in them

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Answer:
    """One whole answer."""

    status: int
    content: bytes
    kind: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    async def send(self, send: Send) -> None:
        """Give it to the server."""
        headers = [
            (b"content-type", self.kind.encode()),
            (b"content-length", str(len(self.content)).encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.content})


class ProblemDetails(msgspec.Struct):
    """What is wrong, what it must be, what was got, and what helps."""

    what: str
    must_be: str
    got: str
    help: str


class Problem(msgspec.Struct):
    """The answer to what was refused."""

    error: ProblemDetails


def encode(answer: Any) -> bytes:
    """JSON. A float becomes the shortest number that reads back as the same float."""
    return _encoder.encode(answer)


def refused(status: int, what: str, *, must_be: str, got: object, help: str) -> LabError:
    """An error that HTTP has a status of its own for."""
    error = LabError(what, must_be=must_be, got=got, help=help)
    vars(error)["status"] = status
    return error


def details_of(error: DigitlabError) -> ProblemDetails:
    """An error in its four parts, none of them long."""
    return ProblemDetails(
        what=_plain(error.what, LONGEST_WORDS),
        must_be=_plain(error.must_be, LONGEST_WORDS),
        got=_plain(error.got, LONGEST_GOT),
        help=_plain(error.help, LONGEST_WORDS),
    )


def error_answer(error: DigitlabError, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """An error as JSON, with the status that fits it."""
    return Answer(_status(error), encode(Problem(details_of(error))), headers=headers)


def unexpected_answer() -> Answer:
    """The answer where the lab itself is at fault: no details, which are in the log."""
    words = "the lab made a mistake", "an answer", "an error", "the log tells more: see where the lab was started"
    return Answer(500, encode(Problem(ProblemDetails(*words))))


def _status(error: DigitlabError) -> int:
    own = getattr(error, "status", None)
    if own is not None:
        return int(own)
    if isinstance(error, UnknownError):
        return 404
    if isinstance(error, BusyError):
        return 409
    # What remains is about what the machine holds (damaged runs, a full disk), not about what was sent.
    return 400 if isinstance(error, InputError) else 409


def _plain(words: object, longest: int) -> str:
    """Text that JSON can hold (half a surrogate pair it cannot), and that is short."""
    text = str(words).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= longest else text[: longest - 3] + "..."

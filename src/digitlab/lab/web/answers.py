"""What leaves the lab: an answer with its status and its kind, and every error as the same short JSON."""

from dataclasses import dataclass

import msgspec
from starlette.types import Send

from digitlab.errors import DigitlabError, InputError, LabError, UnknownError
from digitlab.lab.records import Trouble

JSON = "application/json"

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Answer:
    """One whole answer."""

    status: int
    content: bytes
    kind: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Give it to the server."""
        headers = [
            (b"content-type", self.kind.encode()),
            (b"content-length", str(len(self.content)).encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.content})


class Problem(msgspec.Struct):
    """The answer to what was refused."""

    error: Trouble


class RequestError(LabError):
    """What HTTP has a status of its own for."""

    def __init__(self, status: int, what: str, *, must_be: str = "", got: object = "", help: str = "") -> None:
        super().__init__(what, must_be=must_be, got=got, help=help)
        self.status = status


def encode(answer: object) -> bytes:
    """JSON. A float becomes the shortest number that reads back as the same float."""
    return _encoder.encode(answer)


def error_answer(error: DigitlabError) -> Answer:
    """An error as JSON, with the status that fits it."""
    return Answer(_status(error), encode(Problem(Trouble.of(error))))


def unexpected_answer() -> Answer:
    """The answer where the lab itself is at fault: no details, which are in the log."""
    return error_answer(RequestError(500, "the lab made a mistake", help="see the terminal where the lab was started"))


def _status(error: DigitlabError) -> int:
    if isinstance(error, RequestError):
        return error.status
    if isinstance(error, UnknownError):
        return 404
    # What is neither unknown nor wrong is about what the machine holds: something in use, damaged runs, a full disk.
    return 400 if isinstance(error, InputError) else 409

"""What a request may bring, how much of it, and how long it may take to arrive."""

import asyncio
import contextlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from digitlab.errors import InputError
from digitlab.lab.web.answers import JSON, RequestError

KB, MB = 1024, 1024 * 1024
OCTETS = "application/octet-stream"
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif")
PHOTOS = (*PICTURES, "image/tiff", "image/heic", "image/heif", "image/avif")  # as scanners and phones make them, too
ALIASES = {"image/jpg": "image/jpeg"}  # which is no registered type, and yet is what many send
HOW = "send the bytes of the picture alone, as curl -H 'Content-Type: image/png' --data-binary @seven.png does"
MOST_BYTES = {JSON: 64 * KB, OCTETS: 64 * KB} | dict.fromkeys(PHOTOS, 20 * MB)
BODY_SECONDS = 10.0  # for all of a body
MOST_DRAINED = 64 * MB  # of a body that is refused
MOST_PARAMETERS = 20

Record = TypeVar("Record")


def content_kind(scope: Scope, accepted: tuple[str, ...]) -> str:
    """The content type, in lower case and without its charset.

    Raises:
        RequestError: 415, none, several, one that is not accepted, or a compressed body.
    """
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    codings = [value for name, value in scope["headers"] if name == b"content-encoding" and value != b"identity"]
    kind = _plain_kind(kinds[0]) if len(kinds) == 1 else None
    if kind not in accepted or kind is None or codings:
        what = "compressed bodies are not accepted" if codings else "the content type is not accepted here"
        got = (codings or kinds or [b"none"])[0].decode("latin-1")
        help = HOW if PICTURES[0] in accepted else ""  # a form, say, which is what curl takes any data for
        raise RequestError(415, what, must_be=f"Content-Type: {' or '.join(accepted)}", got=got, help=help)
    return kind


@lru_cache(maxsize=64)
def _plain_kind(value: bytes) -> str:
    """``application/json; charset=UTF-8`` is the same as without the charset; any other parameter is not."""
    text = value.decode("latin-1").lower()
    kind, _, parameters = (part.strip() for part in text.partition(";"))
    return ALIASES.get(kind, kind) if parameters.replace('"', "") in {"", "charset=utf-8"} else text


async def read_body(scope: Scope, receive: Receive, most: int) -> bytes:
    """The whole body, of at most so many bytes.

    Raises:
        RequestError: 413, it is larger; 408, it took too long to arrive.
        ClientDisconnect: whoever sent it has gone.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > most:  # the server has checked that it is a number
            await drain(scope, receive)
            _refuse_size(most, f"{int(value):,} bytes")
    chunks: list[bytes] = []
    total = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunk = message.get("body", b"")
                total += len(chunk)
                if total > most:
                    _refuse_size(most, f"more than {most:,} bytes")
                if not message.get("more_body", False):
                    return b"".join([*chunks, chunk]) if chunks else chunk
                chunks.append(chunk)
    except TimeoutError:
        what, got = f"the body did not arrive within {BODY_SECONDS:g} seconds", f"{total:,} bytes of it"
        raise RequestError(408, what, got=got, help="send it again") from None


async def drain(scope: Scope, receive: Receive) -> None:
    """Take the body of what is refused: an answer in the middle of it would be lost with the connection.

    Not one that is very large, nor one that waits for leave to be sent (``Expect``).
    """
    headers = dict(scope["headers"])
    if int(headers.get(b"content-length", 0)) > MOST_DRAINED or b"expect" in headers:
        return
    left = MOST_DRAINED  # it may come in chunks, without a length
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BODY_SECONDS):
            message: Message = {"more_body": True}
            while message.get("more_body", False) and left > 0:
                message = await receive()
                left -= len(message.get("body", b""))


def _refuse_size(most: int, got: str) -> NoReturn:
    raise RequestError(413, "the body is too large", must_be=f"at most {most:,} bytes", got=got)


def refuse_data_url(body: bytes) -> None:
    """Say what a picture must be to whoever sends it as a page or a notebook holds it.

    Raises:
        InputError: it is a data URL.
    """
    if body[:20].lstrip(b' \t\r\n"').lower().startswith(b"data:"):
        must_be = "the bytes that it stands for, which are behind the comma, in base64"
        raise InputError("a data URL is no picture", must_be=must_be, got=body[:20].decode("latin-1"), help=HOW)


def decode(body: bytes, decoder: msgspec.json.Decoder[Record]) -> Record:
    """A record from JSON.

    Raises:
        InputError: no JSON, or not this record.
    """
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        # ValidationError is a DecodeError; ValueError: a whole number of more than 4,300 digits
        got, help = body[:200].decode("utf-8", "replace"), "/api/openapi.json describes names, types and bounds"
        raise InputError(f"the body cannot be used: {error}", got=got, help=help) from None


@lru_cache(maxsize=256)
def _pairs(query: bytes) -> Mapping[str, str] | str:
    """What follows the question mark, by name; or what is wrong with it."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError as error:  # too many, or bytes that are not UTF-8
        return str(error)
    found = dict(pairs)
    return found if len(found) == len(pairs) else "a parameter more than once"


def convert(name: str, text: str, kind: Any) -> Any:
    """The value of a parameter in the address.

    Raises:
        InputError: it is not of this kind.
    """
    try:
        return msgspec.convert(text, kind, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise InputError(f"the parameter {name} cannot be used: {error}", got=text) from None


def parse_query(scope: Scope, known: Mapping[str, object]) -> Mapping[str, str]:
    """The parameters in the address, by name.

    Raises:
        InputError: unknown ones, one given twice, or what cannot be read.
    """
    found = _pairs(scope["query_string"]) if scope["query_string"] else {}
    if isinstance(found, str) or not found.keys() <= known.keys():
        must_be = f"{', '.join(known)}, each once" if known else "none"
        got = found if isinstance(found, str) else ", ".join(found)
        raise InputError("the parameters in the address cannot be used", must_be=must_be, got=got)
    return found

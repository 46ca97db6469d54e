"""Fetching a data set of the catalogue from its mirrors. This is the only part of digitlab that uses the network.

Mirrors are asked in turn. One that is silent, slow, cut short, wrong, or answers with something else is
left for the next. A file gets its name only after its SHA-256 was found right, and by one durable rename:
under a final name there is never a bad file.
"""

import hashlib
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digitlab.data.catalogue import Entry
from digitlab.durable import write_durably
from digitlab.errors import DataFileError, printable, system_errors

FAILURES = {  # the names of errors of `requests`, which pooch uses, in our words
    "ChunkedEncodingError": "broke off in the middle",
    "ConnectionError": "cannot be reached, or hung up",
    "ContentDecodingError": "sent what cannot be unpacked",
    "SSLError": "could not prove who it is",
    "TooManyRedirects": "sent us round in circles",
}


@dataclass(frozen=True)
class Limits:
    """How long, and how much, a mirror may take.

    Attributes:
        silence: seconds without a byte, and to connect.
        total: seconds for one file, however steadily it drips: 26 MB then need 45 KB/s.
        size: bytes of one file.
    """

    silence: float = 20.0
    total: float = 600.0
    size: int = 2**26


def fetch(entry: Entry, say: Callable[[str], None] | None = None, limits: Limits | None = None) -> list[Path]:
    """Bring the files of a data set into its folder; those that are there already, and right, are left alone.

    Args:
        entry: from the catalogue.
        say: is told, in words, what is being done.
        limits: of time and size.

    Returns:
        The paths of its files; none for a data set that comes with the package.

    Raises:
        DataFileError: no mirror has a file as it was published, or the folder cannot be written to.
    """
    say = say or (lambda _: None)
    paths = []
    for name, sha256 in entry.sha256.items() if entry.mirrors else ():
        path = entry.folder / name
        paths.append(path)
        if _is_right(path, sha256):
            say(f"{name} is there already")
            continue
        content = _ask_mirrors(entry, name, sha256, say, limits or Limits())
        help = "set DIGITLAB_DATA to a folder that can be written to"
        with system_errors(DataFileError, f"{printable(str(path))}: the file cannot be written", help=help):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, content)
    return paths


def _is_right(path: Path, sha256: str) -> bool:
    try:
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:  # then it is written anew, which tells what is wrong
        return False


def _ask_mirrors(entry: Entry, name: str, sha256: str, say: Callable[[str], None], limits: Limits) -> bytes:
    """The bytes of one file, from the first mirror that has them right."""
    reasons = []
    for mirror in entry.mirrors:
        host = urlsplit(mirror).netloc
        say(f"{name} from {host}")
        content, reason = _download(mirror + name, limits)
        if not reason and hashlib.sha256(content).hexdigest() != sha256:
            page = content.lstrip()[:1] == b"<"
            reason = f"sent a web page, {len(content)} bytes" if page else f"sent other bytes, {len(content)} of them"
        if not reason:
            return content
        say(f"  {host} {reason}")
        reasons.append(f"{mirror}{name} {reason}")
    raise DataFileError(
        "\n    ".join([f"{entry.name}: no mirror has {name} as it was published", *reasons]),
        must_be=f"SHA-256 {sha256}",
        help=f"try again later; or get {', '.join(entry.sha256)} elsewhere, and put them into {entry.folder}",
    )


class _RefusedError(Exception):
    """A mirror is left because of what it does; the words say what."""


class _Bounded(io.BytesIO):
    """Bytes in memory, up to a limit: a mirror that never ends fills no disk."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.abandoned = False

    def write(self, piece: Any) -> int:
        if self.abandoned:
            raise _RefusedError("was abandoned")
        if self.tell() + len(piece) > self.most:
            raise _RefusedError(f"sent more than {self.most} bytes")
        return super().write(piece)


def _download(address: str, limits: Limits) -> tuple[bytes, str]:
    """The bytes at an address and "", or else no bytes and the reason."""
    body = _Bounded(limits.size)
    reason: list[str] = []

    def work() -> None:
        from pooch import HTTPDownloader  # type: ignore[import-untyped]

        try:
            HTTPDownloader(timeout=limits.silence)(address, body, None)
        except Exception as error:  # whatever a mirror makes the libraries raise, the next one is asked
            reason.append(_in_words(error, limits))

    # Timeouts of sockets are for one wait each: a drip of bytes, or of header lines, would hold us for days, and
    # looking up a name has none. So the waiting is done here; a thread that is still busy then ends by itself.
    thread = threading.Thread(target=work, name="digitlab fetch", daemon=True)
    thread.start()
    thread.join(limits.total)
    if thread.is_alive():
        body.abandoned = True
        return b"", f"took longer than {limits.total:g} s"
    return (b"", reason[0]) if reason else (body.getvalue(), "")


def _in_words(error: Exception, limits: Limits) -> str:
    """A short reason. The libraries' own words hold object addresses and repeat the address that was asked for."""
    if isinstance(error, _RefusedError):
        return str(error)
    response = getattr(error, "response", None)
    if type(error).__name__ == "HTTPError" and response is not None:
        return f"answered {response.status_code} {response.reason}".rstrip()
    if "timed out" in str(error):
        return f"was silent for {limits.silence:g} s"
    return FAILURES.get(type(error).__name__, f"failed: {type(error).__name__}")

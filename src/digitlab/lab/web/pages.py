"""The page's own files. Which ones there are is found out at the start: no path is ever made from a request."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.types import Receive, Scope, Send

from digitlab.lab.web.answers import Answer, error_answer, refused

__all__ = ["STATIC", "Page", "find_pages"]

STATIC = Path(__file__).parents[1] / "static"
KINDS = {  # said here: what the system's own table says differs from machine to machine
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
UNKNOWN_KIND = "application/octet-stream"


def find_pages(folder: Path = STATIC) -> dict[str, Path]:
    """The address of each file: ``/`` for index.html, ``/static/...`` for all."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    pages = {f"/static/{path.relative_to(folder).as_posix()}": path for path in files}
    if (index := folder / "index.html") in files:
        pages["/"] = index
    for path in files:
        if path.name == "favicon.ico":
            pages["/favicon.ico"] = path
    return pages


class Page:
    """One file as an ASGI app. The browser asks each time whether it is still the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kind = KINDS.get(path.suffix.lower(), UNKNOWN_KIND)

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """One request."""
        try:
            status = self.path.stat()
            content, tag = _read(self.path, status.st_mtime_ns, status.st_size)
        except OSError:
            words = {"must_be": "the files that came with digitlab", "got": "none", "help": "install digitlab again"}
            await error_answer(refused(404, "a file of the page has gone", **words)).send(send)
            return
        headers = ((b"etag", tag), (b"cache-control", b"no-cache"))
        asked = [value for name, value in scope["headers"] if name == b"if-none-match"]
        if any(tag in {one.strip().removeprefix(b"W/") for one in value.split(b",")} for value in asked):
            await send({"type": "http.response.start", "status": 304, "headers": list(headers)})
            await send({"type": "http.response.body"})
            return
        await Answer(200, content, self.kind, headers).send(send)


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int, _size: int) -> tuple[bytes, bytes]:
    """The content, and the tag that is the same only for the same content."""
    content = path.read_bytes()
    return content, b'"%s"' % hashlib.sha256(content).hexdigest()[:32].encode()

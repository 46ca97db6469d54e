"""The page's own files, by Starlette's static files. Which ones there are is found out at the start.

What a request names is only looked up among those: no path is ever made from it.
"""

import os
from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parents[1] / "static"
KINDS = {  # said here: what the system's own table says differs from machine to machine
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
UNKNOWN_KIND = "application/octet-stream"


def pages(folder: Path = STATIC) -> list[BaseRoute]:
    """``/`` is index.html; ``/static/...`` are all of them."""
    files = _Files(folder)
    return [Route("/", files, methods=["GET"]), Mount("/static", files)]


class _Files(StaticFiles):
    """The browser asks each time whether a file is still the same."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, follow_symlink=True)  # as some installers make them
        files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
        self.places = {"/": "index.html"} | {f"/static/{file.as_posix()}": str(file) for file in files}

    def get_path(self, scope: Scope) -> str:
        """The place of a file below the folder; without one there is nothing to give out."""
        return self.places.get(scope["path"], "")

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, or that it has not changed."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "no-cache"
        response.headers["content-type"] = KINDS.get(Path(full_path).suffix, UNKNOWN_KIND)
        return response

"""The lab as one ASGI app: the page, the interface for programs, the stream of events, and the guard before them."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from digitlab.errors import DigitlabError
from digitlab.lab.lab import Lab
from digitlab.lab.web.answers import JSON, Answer, encode, error_answer, refused
from digitlab.lab.web.api import Endpoint
from digitlab.lab.web.guard import Guard
from digitlab.lab.web.limits import parse_query
from digitlab.lab.web.openapi import EVENTS, OPENAPI, openapi_document
from digitlab.lab.web.pages import Page, find_pages
from digitlab.lab.web.routes import ROUTES
from digitlab.lab.web.streams import EventStream

__all__ = ["make_app"]


def make_app(lab: Lab) -> ASGIApp:
    """The app of a lab."""
    routes = [StarletteRoute(one.path, Endpoint(lab, one), methods=[one.method]) for one in ROUTES]
    routes.append(StarletteRoute(EVENTS, EventStream(lab), methods=["GET"]))
    routes.append(StarletteRoute(OPENAPI, _Document(encode(openapi_document())), methods=["GET"]))
    routes += [StarletteRoute(address, Page(path), methods=["GET"]) for address, path in find_pages().items()]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    app.router.redirect_slashes = False
    return Guard(app, lab.rules)


class _Document:
    """The OpenAPI document, which is the same for all."""

    def __init__(self, content: bytes) -> None:
        self.answer = Answer(200, content, JSON)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            parse_query(scope, {})
        except DigitlabError as error:
            await error_answer(error).send(send)
            return
        await self.answer.send(send)


def _refuse(request: Request, error: Any) -> Response:
    """What no route takes, in our words."""
    allowed = (error.headers or {}).get("Allow", "GET")
    if error.status_code == 405:
        words = {"what": "this address takes other methods", "must_be": allowed, "got": request.method}
    else:
        words = {"what": "there is nothing at this address", "must_be": "one of those in the document"}
        words["got"] = request.url.path
    answer = error_answer(refused(error.status_code, **words, help="see /api/openapi.json"))
    headers = {"Allow": allowed} if error.status_code == 405 else {}
    return Response(answer.content, answer.status, headers, answer.kind)

"""The lab as one ASGI app: the page, the interface for programs, the stream of events, and the guard before them."""

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from digitlab.errors import DigitlabError
from digitlab.lab.lab import Lab
from digitlab.lab.web.answers import Answer, RequestError, encode, error_answer
from digitlab.lab.web.api import Endpoint
from digitlab.lab.web.guard import Guard, Rules
from digitlab.lab.web.limits import parse_query
from digitlab.lab.web.openapi import EVENTS, OPENAPI, openapi_document
from digitlab.lab.web.pages import pages
from digitlab.lab.web.routes import ROUTES
from digitlab.lab.web.streams import EventStream


def make_app(lab: Lab, rules: Rules) -> ASGIApp:
    """The app of a lab with whom those may speak who keep to the rules."""
    routes = [StarletteRoute(one.path, Endpoint(lab, one), methods=[one.method]) for one in ROUTES]
    routes.append(StarletteRoute(EVENTS, EventStream(lab.feed), methods=["GET"]))
    routes.append(StarletteRoute(OPENAPI, _Document(), methods=["GET"]))
    app = Starlette(routes=[*routes, *pages()], exception_handlers={HTTPException: _refuse})
    app.router.redirect_slashes = False
    return Guard(app, rules)


class _Document:
    """The OpenAPI document, which is the same for all."""

    def __init__(self) -> None:
        self.answer = Answer(200, encode(openapi_document()))

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        answer = self.answer
        try:
            parse_query(scope, {})
        except DigitlabError as error:
            answer = error_answer(error)
        await answer.send(send)


def _refuse(request: Request, error: Any) -> Response:
    """What no route takes, in our words."""
    headers, must_be, what = {}, "", "there is nothing at this address"
    if error.status_code == 405:
        must_be = ", ".join(sorted((error.headers or {}).get("Allow", "GET").split(", ")))
        headers, what = {"Allow": must_be}, "this address takes other methods"
    got = f"{request.method} {request.url.path}"
    answer = error_answer(RequestError(error.status_code, what, must_be=must_be, got=got, help=f"see {OPENAPI}"))
    return Response(answer.content, answer.status, headers, answer.kind)

"""The OpenAPI 3.1 document of the interface, made from the table of routes and the types of its records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from digitlab.lab.web.answers import JSON, Problem
from digitlab.lab.web.api import Route
from digitlab.lab.web.limits import OCTETS
from digitlab.lab.web.routes import ROUTES
from digitlab.version import __version__

__all__ = ["EVENTS", "OPENAPI", "openapi_document"]

EVENTS, OPENAPI = "/api/events", "/api/openapi.json"
STREAM = "text/event-stream"
REASONS = {
    400: "What was sent cannot be used.",
    401: "A token is asked for.",
    403: "The host or the origin is not the lab's.",
    404: "There is no such thing.",
    405: "Another method is meant.",
    408: "It took too long to arrive.",
    409: "Not now, or not with what the machine holds: something is under way, in use, or damaged.",
    413: "The body is too large.",
    415: "The content type is not accepted.",
    431: "The headers are too large.",
}
EVERYWHERE = (400, 401, 403, 408, 431)
WITH_BODY = (413, 415)
ABOUT_EVENTS = (
    "What happens, as server-sent events, each with an id. Kinds: training (as in /api/state, without its history), "
    "epochs (a history of the epochs since the last such event, twice a second; none is left out), step (one of them; "
    "in slow motion each), insight, runs (the list has changed), and reset (what was missed is no longer known: ask "
    "/api/state again)."
)
_NAME = re.compile(r"\{(\w+)\}")


def openapi_document() -> dict[str, Any]:
    """The document, as plain values ready for JSON."""
    types = [kind for route in ROUTES for kind in (route.answer, route.body) if kind is not None]
    _, components = msgspec.json.schema_components([*types, Problem], ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    paths[EVENTS] = {"get": _events()}
    paths[OPENAPI] = {"get": _plain("This document.", {"type": "object"}, JSON)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "digitlab lab",
            "version": __version__,
            "description": "Train the network, watch it, and let it read. JSON unless said otherwise.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {f"Problem{status}": _problem(reason) for status, reason in REASONS.items()},
        },
    }


def _schema(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    return schema


def _operation(route: Route) -> dict[str, Any]:
    schema = {} if route.answer is None else _schema(route.answer)
    refuses = [*EVERYWHERE, *route.refuses, *(WITH_BODY if route.body is not None else ())]
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{re.sub(r'[^a-z]+', '_', route.path)}".rstrip("_"),
        "summary": route.about,
        "responses": {str(route.status): _good(schema, route.answer_kind, route.headers)} | _refusals(refuses),
    }
    parameters = [
        _parameter("path", name, "the name of a run", {"type": "string"}) for name in _NAME.findall(route.path)
    ]
    for name, one in route.query.items():
        schema = {"type": "integer", "minimum": 0} if one.kind is int else {"type": "string"}
        parameters.append(_parameter("query", name, one.about, schema))
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content: dict[str, Any] = {JSON: {"schema": _schema(route.body)}}
        content |= {kind: {"schema": _bytes(kind)} for kind in route.others}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _bytes(kind: str) -> dict[str, Any]:
    size = {"minLength": 784, "maxLength": 784} if kind == OCTETS else {}
    return {"type": "string", "format": "binary"} | size


def _parameter(place: str, name: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": about, "schema": schema}


def _good(schema: dict[str, Any], kind: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    described = {
        name: {"description": about, "required": True, "schema": {"type": "integer"}}
        for name, about in (headers or {}).items()
    }
    return {"description": "Done.", "content": {kind: {"schema": schema}}} | (
        {"headers": described} if described else {}
    )


def _problem(reason: str) -> dict[str, Any]:
    return {"description": reason, "content": {JSON: {"schema": _schema(Problem)}}}


def _refusals(statuses: list[int]) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(set(statuses))}


def _plain(about: str, schema: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"summary": about, "responses": {"200": _good(schema, kind)} | _refusals([*EVERYWHERE])}


def _events() -> dict[str, Any]:
    after = {"type": "integer", "minimum": 0}
    words = "the id of the last event seen: those after it come first"
    return _plain(ABOUT_EVENTS, {"type": "string"}, STREAM) | {
        "operationId": "get_api_events",
        "parameters": [_parameter("query", "after", words, after), _parameter("header", "Last-Event-ID", words, after)],
    }

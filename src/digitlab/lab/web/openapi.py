"""The OpenAPI 3.1 document of the interface, made from the table of routes and the types of its records."""

import re
from typing import Any

import msgspec

from digitlab.lab import records
from digitlab.lab.web.answers import JSON, Answer, Problem
from digitlab.lab.web.api import Route
from digitlab.lab.web.limits import OCTETS
from digitlab.lab.web.routes import ROUTES
from digitlab.version import __version__

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
    "What happens, as server-sent events, each with an id. Kinds: training (a Training without its history), "
    "epochs (Epochs: those since the last such event, twice a second; none is left out), step (one Step; "
    "in slow motion each), insight (an Insight), runs (the list has changed), and reset (what was missed is no longer "
    "known: ask /api/state again)."
)
_NAME = re.compile(r"\{(\w+)\}")
_REFERENCE = "#/components/schemas/{name}"

Object = dict[str, Any]  # of JSON


def openapi_document() -> Object:
    """The document, as plain values ready for JSON."""
    types = [kind for route in ROUTES for kind in (route.answer, route.body) if kind not in (None, Answer)]
    types += [Problem, records.Epochs, records.Step]
    _, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    paths: dict[str, Object] = {}
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
            "responses": {
                f"Problem{status}": {"description": reason, "content": {JSON: {"schema": _schema(Problem)}}}
                for status, reason in REASONS.items()
            },
        },
    }


def _schema(kind: Any) -> Object:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    return schema


def _operation(route: Route) -> Object:
    good = _good({} if route.answer is Answer else _schema(route.answer), route.answer_kind)
    if route.headers:
        good["headers"] = {
            name: {"description": one.about, "required": True, "schema": _schema(one.kind)}
            for name, one in route.headers.items()
        }
    refuses = [*EVERYWHERE, *route.refuses, *(WITH_BODY if route.accepted else ())]
    operation: Object = {
        "operationId": f"{route.method.lower()}{re.sub(r'[^a-z]+', '_', route.path)}".rstrip("_"),
        "summary": route.about,
        "responses": {str(route.status): good} | _refusals(refuses),
    }
    text = {"type": "string"}
    parameters = [_parameter("path", name, "the name of a run", text, True) for name in _NAME.findall(route.path)]
    for name, one in route.query.items():
        parameters.append(_parameter("query", name, one.about, _schema(one.kind), one.required))
    if parameters:
        operation["parameters"] = parameters
    if route.accepted:
        content: Object = {} if route.body is None else {JSON: {"schema": _schema(route.body)}}
        content |= {kind: {"schema": _bytes(kind)} for kind in route.others}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _bytes(kind: str) -> Object:
    size = {"minLength": 784, "maxLength": 784} if kind == OCTETS else {}
    return {"type": "string", "format": "binary"} | size


def _parameter(place: str, name: str, about: str, schema: Object, required: bool = False) -> Object:
    return {"name": name, "in": place, "required": required, "description": about, "schema": schema}


def _good(schema: Object, kind: str) -> Object:
    return {"description": "Done.", "content": {kind: {"schema": schema}}}


def _refusals(statuses: list[int]) -> Object:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(set(statuses))}


def _plain(about: str, schema: Object, kind: str) -> Object:
    return {"summary": about, "responses": {"200": _good(schema, kind)} | _refusals([*EVERYWHERE])}


def _events() -> Object:
    after = {"type": "integer", "minimum": 0}
    words = "the id of the last event seen: those after it come first"
    return _plain(ABOUT_EVENTS, {"type": "string"}, STREAM) | {
        "operationId": "get_api_events",
        "parameters": [_parameter("query", "after", words, after), _parameter("header", "Last-Event-ID", words, after)],
    }

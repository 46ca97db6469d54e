"""Who may talk to the lab. Every request passes here first, and every answer leaves through here.

A page of another site runs in the same browser as ours. What keeps it out:

- the Host must be a name of this machine, so that a foreign name that points here (rebinding) leads nowhere;
- the Origin, where there is one, must be the lab itself, and so must Sec-Fetch-Site;
- on another address than loopback, a token, as a cookie or as ``Authorization: Bearer``.

The headers on the way out tell the browser to run nothing but the lab's own files, and to show the lab in no frame.
"""

import hmac
import ipaddress
import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitlab.errors import InputError
from digitlab.lab.web.answers import Answer, RequestError, error_answer, unexpected_answer

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
)
NO_STORE = (b"cache-control", b"no-store")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
DEFAULT_PORTS = {"http": 80, "https": 443}
COUNTED = frozenset({b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest"})
READ_ONLY = frozenset({"GET", "HEAD"})

_HOST = r"(?P<name>\[[0-9a-f:.]{2,45}\]|[0-9a-z][0-9a-z._-]{0,252})(?::(?P<port>[1-9][0-9]{0,4}))?"
_HOST_RULE = re.compile(_HOST, re.IGNORECASE | re.ASCII)
_ORIGIN_RULE = re.compile(rf"(?P<scheme>https?)://{_HOST}", re.IGNORECASE | re.ASCII)
_TOKEN_RULE = re.compile(r"[A-Za-z0-9._~-]{8,200}")
_log = logging.getLogger("digitlab.lab")


def parse_host(text: str) -> tuple[str, int | None] | None:
    """A host and its port, such as ``("[::1]", 8128)``, in lower case and with IPv6 in its short form; else None."""
    found = _HOST_RULE.fullmatch(text)
    return _parts(found) if found else None


def _parts(found: re.Match[str]) -> tuple[str, int | None] | None:
    name, port = found["name"].lower(), int(found["port"]) if found["port"] else None
    if port is not None and port > 65535:
        return None
    if name.startswith("["):
        try:
            name = f"[{ipaddress.IPv6Address(name[1:-1]).compressed}]"
        except ValueError:
            return None
    return name, port


class Rules:
    """Which hosts, origins and tokens are right.

    Args:
        port: where the lab listens.
        own: names of the address that it is bound to, besides those of loopback.
        anywhere: it is bound to every address of this machine: any number may be its name, as long as a page's origin
            is the same. A number cannot be made to point elsewhere, as a name can.
        allow: further names, such as those of a notebook's proxy or of a tunnel: ``NAME`` or ``NAME:PORT``. Without a
            port, those of http and https and the lab's own are meant.
        token: what must be shown; None where nothing is asked for.

    Raises:
        InputError: a name that is none, or a token that is too short or does not fit into an address.
    """

    def __init__(
        self,
        port: int,
        *,
        own: Iterable[str] = (),
        anywhere: bool = False,
        allow: Iterable[str] = (),
        token: str | None = None,
    ) -> None:
        self.port, self.anywhere = port, anywhere
        self.token = _checked_token(token)
        self.cookie = f"digitlab-{port}"
        self.own = LOOPBACK | set(own)
        self.allowed: dict[str, set[int | None]] = {}
        for text in allow:
            host = parse_host(text)
            if host is None:
                raise InputError(
                    "--allow-host must be NAME or NAME:PORT, without http:// and without a path",
                    got=repr(text),
                    help="give the name that the browser's address bar shows, such as hub.example.org",
                )
            self.allowed.setdefault(host[0], set()).add(host[1])
        self.knows_host = lru_cache(maxsize=256)(self._knows_host)
        self.knows_origin = lru_cache(maxsize=256)(self._knows_origin)

    def _knows_host(self, value: bytes) -> bool:
        host = parse_host(value.decode("latin-1"))
        if host is None:
            return False
        name, port = host
        here = (port or DEFAULT_PORTS["http"]) == self.port
        if here and (name in self.own or (self.anywhere and _is_number(name))):
            return True
        schemes = DEFAULT_PORTS.values() if port is None else (port,)  # a proxy does not say which one it speaks
        return any(self._allows(name, one) for one in schemes)

    def _knows_origin(self, value: bytes) -> bool:
        found = _ORIGIN_RULE.fullmatch(value.decode("latin-1"))
        host = found and _parts(found)
        if not found or not host:
            return False
        name, scheme = host[0], found["scheme"].lower()
        port = host[1] or DEFAULT_PORTS[scheme]
        return (name in self.own and scheme == "http" and port == self.port) or self._allows(name, port)

    def _is_itself(self, origin: bytes, host: bytes) -> bool:
        """Whether a page comes from the very number that it speaks to."""
        return self.anywhere and origin.lower() == b"http://" + host.lower()

    def _allows(self, name: str, port: int) -> bool:
        ports = self.allowed.get(name, set())
        return port in ports or (None in ports and port in {*DEFAULT_PORTS.values(), self.port})

    def refusal(self, scope: Scope) -> Answer | None:
        """Why this request goes no further; None where it may."""
        seen: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in COUNTED:
                if name in seen:
                    return _refuse(400, f"there is more than one {name.decode()} header")
                seen[name] = value
        if (host := seen.get(b"host")) is None:
            return _refuse(400, "the Host header is missing")
        if not self.knows_host(host):
            return _refuse(403, "the lab does not go by this name", self._names(), host)
        origin = seen.get(b"origin")
        if origin is not None and not (self.knows_origin(origin) or self._is_itself(origin, host)):
            return _refuse(403, "a page of another origin may not use the lab", self._names(), origin)
        site = seen.get(b"sec-fetch-site")
        if site is not None and not _fits_site(scope, site, seen):
            return _refuse(403, "a page of another site may not use the lab", got=site)
        return self._ask_for_token(scope) if self.token else None

    def _names(self) -> str:
        names = sorted(f"{name}:{self.port}" for name in self.own) + sorted(self.allowed)
        return "one of " + ", ".join(names)

    def _ask_for_token(self, scope: Scope) -> Answer | None:
        shown: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                shown.append(value[7:].strip())
            elif name == b"cookie":
                pairs = (pair.strip().partition(b"=") for pair in value.split(b";"))
                shown += [content for key, _, content in pairs if key == self.cookie.encode()]
        opened = scope["path"] == "/" and scope["method"] == "GET"
        if opened and self._is_token(_token_in(scope["query_string"])):
            cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"
            return Answer(303, b"", "text/plain", ((b"location", b"./"), (b"set-cookie", cookie.encode())))
        if any(map(self._is_token, shown)):
            return None
        if opened:  # by a person, who reads no JSON
            words = (
                b"This lab asks for its token: open the whole address that `digitlab lab` printed, with ?token=...\n"
            )
            return Answer(401, words, "text/plain; charset=utf-8")
        return _refuse(401, "this lab asks for its token", "Authorization: Bearer TOKEN, or its cookie")

    def _is_token(self, given: bytes) -> bool:
        """Compared in the same time wherever the first difference is."""
        return hmac.compare_digest(given, (self.token or "").encode())


def _token_in(query: bytes) -> bytes:
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=10).get("token", [""])[0].encode()
    except ValueError:  # more fields than anybody needs
        return b""


def _fits_site(scope: Scope, site: bytes, seen: dict[bytes, bytes]) -> bool:
    """Whether Sec-Fetch-Site tells of our own page, or of a person who opens it.

    A link to the lab from elsewhere (a course page) may open its first page, which does nothing by itself.
    """
    if site in {b"same-origin", b"none"}:
        return True
    if scope["method"] not in READ_ONLY:
        return False
    opened = seen.get(b"sec-fetch-mode") == b"navigate" and seen.get(b"sec-fetch-dest") == b"document"
    return site == b"same-site" or (site == b"cross-site" and opened and scope["path"] == "/")


def _is_number(name: str) -> bool:
    """Whether a host is an address such as 192.0.2.7 or [2001:db8::7], and no name."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _refuse(status: int, what: str, must_be: str = "", got: bytes = b"") -> Answer:
    help = {
        401: "open the address that `digitlab lab` printed",
        403: "open the address that `digitlab lab` printed; other names need --allow-host NAME",
    }.get(status, "")
    return error_answer(RequestError(status, what, must_be=must_be, got=got.decode("latin-1"), help=help))


def _checked_token(token: str | None) -> str | None:
    if token is not None and not _TOKEN_RULE.fullmatch(token):
        raise InputError(
            "a token must have 8 to 200 letters, digits, and . _ ~ -",
            got=f"{len(token)} characters",
            help='python -c "import secrets; print(secrets.token_urlsafe())" makes one',
        )
    return token


class Guard:
    """The outermost part of the lab's app: refuses, adds the headers, and turns what nobody expected into an answer."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app, self.rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":  # the server is started without web sockets
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = [*message.get("headers", ()), *HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(NO_STORE)
                message["headers"] = headers
            await send(message)

        try:
            answer = self.rules.refusal(scope)
            if answer is None:
                await self.app(scope, receive, send_guarded)
            else:
                await answer.send(send_guarded)
        except Exception:
            _log.exception("%s %r failed", scope["method"], scope["path"][:200])
            if not started:
                await unexpected_answer().send(send_guarded)

"""Who is let in, over real sockets: every bad Host and Origin at every route, and the headers of every answer."""

from __future__ import annotations

import pytest

from digitlab.errors import InputError
from digitlab.lab.web.guard import HEADERS, Rules, parse_host
from digitlab.lab.web.routes import ROUTES

PATHS = [(one.method, one.path.replace("{name}", "small")) for one in ROUTES]
PATHS += [("GET", "/api/events"), ("GET", "/api/openapi.json"), ("GET", "/"), ("GET", "/static/app.js"), ("GET", "/no")]
BAD_HOSTS = [
    "evil.example:{port}",
    "localhost.evil.example:{port}",
    "evillocalhost:{port}",
    "localhost.:{port}",
    "127.0.0.1.evil.example:{port}",
    "127.0.0.1:{other}",
    "127.0.0.1",
    "localhost:",
    "localhost:0{port}",
    "localhost:{port}@evil.example",
    "evil.example@localhost:{port}",
    "localhost:{port}:80",
    "127.1:{port}",
    "2130706433:{port}",
    "0x7f.0.0.1:{port}",
    "127.0.0.2:{port}",
    "[::1]:{other}",
    "::1:{port}",
    "[::2]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "[::1%lo]:{port}",
    "[::1].evil.example:{port}",
    "xhub.example.org",
    "hub.example.org.evil.example",
    "hub.example.org:4444",
    "tunnel.example.org:9001",
    "",
]
BAD_ORIGINS = [
    "null",
    "http://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:{other}",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil127.0.0.1:{port}",
    "http://127.0.0.1:{port}@evil.example",
    "http://evil.example@127.0.0.1:{port}",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port} http://evil.example",
    "file://",
    "ftp://127.0.0.1:{port}",
    "http://[::2]:{port}",
    "http://localhost.:{port}",
    "https://hub.example.org:4444",
    "https://hub.example.org.evil.example",
    "http://tunnel.example.org",
    "",
]


def _fill(text, port):
    return text.format(port=port, other=port + 1)


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_another_host_is_refused(lab, host):
    answer = lab.ask("GET", "/api", [("Host", _fill(host, lab.port))])
    assert answer.status in {400, 403}
    assert set(answer.json["error"]) == {"what", "must_be", "got", "help"}


@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_another_origin_is_refused(lab, origin):
    assert lab.ask("GET", "/api", [("Origin", _fill(origin, lab.port))]).status == 403


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_every_route_is_guarded_and_every_answer_has_the_headers(lab, method, path):
    bad = [
        [("Host", f"evil.example:{lab.port}")],
        [("Origin", "null")],
        [("Sec-Fetch-Site", "cross-site")],
    ]
    for headers in bad:
        answer = lab.ask(method, path, headers)
        assert answer.status == 403, headers
        _has_headers(answer)
    if path != "/api/events":
        _has_headers(lab.ask("HEAD" if method == "GET" else method, path))


def _has_headers(answer):
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == value.decode()
    assert "cache-control" in answer.headers
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "[0:0:0:0:0:0:0:1]:{port}", "hub.example.org",
             "hub.example.org:443", "tunnel.example.org:9000"]
)  # fmt: skip
def test_our_own_names_are_known(lab, host):
    assert lab.ask("GET", "/api/state", [("Host", _fill(host, lab.port))]).status == 200


@pytest.mark.parametrize("origin", ["http://localhost:{port}", "HTTP://LocalHost:{port}", "https://hub.example.org"])
def test_our_own_origins_are_known(lab, origin):
    assert lab.ask("GET", "/api/state", [("Origin", _fill(origin, lab.port))]).status == 200


def test_several_or_no_hosts_are_refused(lab):
    own = ("Host", f"127.0.0.1:{lab.port}")
    assert lab.ask("GET", "/api", [own, own]).status == 400
    assert lab.raw(b"GET /api HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 400")
    origin = ("Origin", f"http://127.0.0.1:{lab.port}")
    assert lab.ask("GET", "/api", [origin, origin]).status == 400


def test_a_link_from_elsewhere_opens_the_first_page_alone(lab):
    clicked = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
    assert lab.ask("GET", "/", clicked).status != 403
    assert lab.ask("GET", "/api", clicked).status == 403
    assert lab.ask("POST", "/api/control", [("Sec-Fetch-Site", "same-site")]).status == 403


def test_a_refused_request_has_no_effect(lab):
    headers = [("Origin", "http://evil.example"), ("Content-Type", "application/json")]
    assert lab.ask("POST", "/api/runs/small/delete", headers, b"{}").status == 403
    assert lab.ask("GET", "/api/runs/small").status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None])
def test_what_a_form_can_send_changes_nothing(lab, kind):
    headers = [] if kind is None else [("Content-Type", kind)]
    assert lab.ask("POST", "/api/control", headers, b'{"do": "stop"}').status == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(lab, method):
    for path in ("/api/train", "/api", "/api/events", "/api/runs/small"):
        answer = lab.ask(method, path)
        assert answer.status == 405, path
        assert answer.headers["allow"]


def test_a_token_is_asked_for(runs, labs):
    served = labs(runs, "--token", "not-so-secret")
    for path in (
        "/",
        "/api",
        "/api/events",
        "/static/app.js",
        "/?token=wrong-secret",
        "/api?token=not-so-secret",
        "/?token=x" + "&a=1" * 200,
        "/?token=%ff&token",
    ):
        assert served.ask("GET", path).status == 401, path
    assert served.ask("GET", "/api/state", [("Authorization", "Bearer not-so-secret")]).status == 200
    assert served.ask("GET", "/api/state", [("Authorization", "Bearer not-so-secre")]).status == 401
    opened = served.ask("GET", "/?token=not-so-secret")
    assert (opened.status, opened.headers["location"]) == (303, "./")
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert served.ask("GET", "/api/state", [("Cookie", cookie.partition(";")[0])]).status == 200
    assert served.ask("GET", "/api/state", [("Cookie", f"digitlab-{served.port}=x")]).status == 401


def test_an_address_that_others_reach_gets_a_token_and_goes_by_any_number(runs, labs):
    served = labs(runs, host="0.0.0.0")  # reached by loopback alone here
    assert served.ask("GET", "/api").status == 401
    bearer = ("Authorization", f"Bearer {served.token}")
    number, other = f"192.0.2.7:{served.port}", f"192.0.2.8:{served.port}"
    for host in (number, f"[2001:db8::7]:{served.port}", f"127.0.0.1:{served.port}"):
        assert served.ask("GET", "/api", [("Host", host), bearer]).status == 200
    for host in ("192.0.2.7:1", f"evil.example:{served.port}", f"192.0.2.7.evil.example:{served.port}"):
        assert served.ask("GET", "/api", [("Host", host), bearer]).status == 403
    assert served.ask("GET", "/api", [("Host", number), ("Origin", f"http://{number}"), bearer]).status == 200
    for origin in (f"http://{other}", f"https://{number}", "http://192.0.2.7", "null"):
        assert served.ask("GET", "/api", [("Host", number), ("Origin", origin), bearer]).status == 403


@pytest.mark.parametrize("text", ["", "a b", "http://x", "x:0", "x:65536", "[::g]", "x/y", "x:1:2", "é"])
def test_what_is_no_host(text):
    assert parse_host(text) is None
    with pytest.raises(InputError):
        Rules(8128, allow=[text])


@pytest.mark.parametrize("token", ["", "short", "with space", "x" * 201, "semi;colon"])
def test_a_token_that_cannot_be_one(token):
    with pytest.raises(InputError):
        Rules(8128, token=token)

"""The page's files: what is given out, and what no address leads to."""

from __future__ import annotations

import pytest

from digitlab.lab.web.pages import KINDS, STATIC

OTHERS = {".ts"}  # types of vendored modules: for those who work on the page


@pytest.mark.parametrize("path", ["/", "/static/index.html", "/static/js/main.js", "/static/icon.svg"])
def test_a_file_comes_with_its_kind_and_not_again_while_it_is_the_same(lab, path):
    answer = lab.ask("GET", path)
    name = "index.html" if path == "/" else path.removeprefix("/static/")
    assert (answer.status, answer.body) == (200, (STATIC / name).read_bytes())
    assert answer.headers["content-type"] == KINDS["." + name.rpartition(".")[2]]
    assert answer.headers["cache-control"] == "no-cache"
    again = lab.ask("GET", path, [("If-None-Match", answer.headers["etag"])])
    assert (again.status, again.body) == (304, b"")
    assert lab.ask("GET", path, [("If-None-Match", '"another"')]).status == 200
    assert lab.ask("HEAD", path).body == b""
    assert lab.ask("POST", path).status == 405


def test_every_file_of_the_page_is_of_a_known_kind():
    assert {path.suffix for path in STATIC.rglob("*") if path.is_file()} <= KINDS.keys() | OTHERS


@pytest.mark.parametrize(
    "path",
    [
        "/static",
        "/static/",
        "/static/js",
        "/static/../web/guard.py",
        "/static/%2e%2e/web/guard.py",
        "/static/..%2fweb%2fguard.py",
        "/static/js/..%5c..%5cweb%5cguard.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/index.html%00.js",
        "/static/%ff",
        "/static/" + "a" * 5000,
        "/static/index.html/",
        "/static/INDEX.HTML",
        "/index.html",
        "//",
    ],
)
def test_no_address_leads_elsewhere(lab, path):
    answer = lab.ask("GET", path)
    assert answer.status == 404, answer.body[:80]
    assert answer.json["error"]["what"]

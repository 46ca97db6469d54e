"""What the connection takes from the inside of uvicorn: a version that lacks it is told here, not by a hang."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path

import uvicorn
from uvicorn.protocols.http import httptools_impl

from digitlab.lab.web.connection import Connection

PYPROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
OVERRIDDEN = [name for name, value in vars(Connection).items() if inspect.isfunction(value)]
OURS = {"_set_timer", "_too_slow", "_watch_reader", "_refuse"}


def test_what_is_overridden_is_there_to_be_overridden():
    for name in set(OVERRIDDEN) - OURS:
        assert hasattr(httptools_impl.HttpToolsProtocol, name), f"uvicorn {uvicorn.__version__} has no {name} any more"
    for name in OURS:
        assert not hasattr(httptools_impl.HttpToolsProtocol, name), f"uvicorn {uvicorn.__version__} has its own {name}"
    assert set(OVERRIDDEN) >= OURS


def test_what_is_read_of_it_is_there():
    assert httptools_impl.STATUS_LINE[408].startswith(b"HTTP/1.1 408 ")
    source = inspect.getsource(httptools_impl.HttpToolsProtocol.__init__)
    for name in ("loop", "connections", "transport", "cycle"):
        assert f"self.{name}" in source, f"uvicorn {uvicorn.__version__} does not set {name} any more"


def test_only_the_versions_that_were_tried_are_allowed():
    (wanted,) = [text for text in PYPROJECT["project"]["dependencies"] if text.startswith("uvicorn")]
    low, high = re.fullmatch(r"uvicorn>=0\.(\d+),<0\.(\d+)", wanted).groups()
    assert int(low) <= int(uvicorn.__version__.split(".")[1]) < int(high)

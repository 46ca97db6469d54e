"""Nothing that digitlab offers is left out of its documentation, or of its tests."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import digitlab
from digitlab.cli.commands import app

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(?:python|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _run() -> str:
    """All that the tests run: their own text, and the blocks of the documentation."""
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    pages = [path.read_text("utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("[a-z]*/*.md"))]
    return "\n".join([*tests, *(block for page in pages for block in FENCE.findall(page))])


RUN = _run()
ROOMS = {
    found.name: importlib.import_module(found.name).__all__
    for found in pkgutil.walk_packages(digitlab.__path__, "digitlab.")
    if found.ispkg and hasattr(importlib.import_module(found.name), "__all__") and found.name != "digitlab.cli"
}
COMMANDS = [
    (name, *within)
    for name in app
    if name[0] != "-"
    for within in [(), *((one,) for one in app[name] if one[0] != "-")]
]


def test_every_name_of_digitlab_is_in_the_table_of_names():
    page = (ROOT / "docs/reference/python.md").read_text("utf-8")
    assert [name for name in digitlab.__all__ if not re.search(rf"\bdl\.{name}\b", page)] == []


def test_every_room_is_in_the_reference():
    """Sphinx writes what is in them, from their docstrings."""
    page = (ROOT / "docs/reference/api.md").read_text("utf-8")
    assert re.findall(r"^## (\S+)$\s+```\{eval-rst\}\s+\.\. automodule:: \1\n", page, re.MULTILINE) == list(ROOMS)


@pytest.mark.parametrize(("room", "names"), ROOMS.items(), ids=list(ROOMS))
def test_every_public_function_is_used_by_a_test(room, names):
    functions = {name for name in names if inspect.isfunction(getattr(importlib.import_module(room), name))}
    assert functions - set(re.findall(r"\w+", RUN)) == set()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_is_named_by_a_test(command):
    assert f"digitlab {' '.join(command)} " in RUN or f'"{command[-1]}"' in RUN

"""The documentation is true: its code runs, its commands exist, its links lead somewhere, its tables are the code's."""

from __future__ import annotations

import json
import re
import runpy
import shlex
from pathlib import Path

import msgspec
import pytest

from digitlab import load, load_mnist
from digitlab.cli.commands import app
from digitlab.display.robustness import robustness_markdown
from digitlab.evaluation import CORRUPTIONS, Robustness, corrupt
from digitlab.reproduction import read_table
from digitlab.reproduction.markdown import as_markdown

ROOT = Path(__file__).parents[2]
PLACES = ("*.md", "docs/[a-z]*/*.md", "docs/*.md")  # not what is built from them
PAGES = sorted(page for place in PLACES for page in ROOT.glob(place))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHORTER = ('dl.recipe("seed")', 'dl.recipe("seed", epochs=2)')  # the whole experiment takes minutes


def _blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, (kind, text) in enumerate(FENCE.findall(page.read_text("utf-8"))):
            if kind == language:
                found.append((f"{page.relative_to(ROOT)}:{number}", text))
    return found


def _ids(blocks: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in blocks]


PYTHON, SHELL = _blocks("python"), _blocks("sh")
PYTHON = [block for block in PYTHON if "coming-from" not in block[0]]  # which test_coming_from.py runs


@pytest.mark.parametrize("block", PYTHON, ids=_ids(PYTHON))
def test_python_blocks_run(block, loaded_once, tmp_path, monkeypatch, capsys):
    if "import onnxruntime" in block[1]:
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    monkeypatch.chdir(tmp_path)
    exec(compile(block[1].replace(*SHORTER), block[0], "exec"), {})


def test_there_are_blocks_to_run():
    assert len(PYTHON) >= 4
    assert "README.md" in {name.split(":")[0] for name, _ in PYTHON}


@pytest.mark.parametrize("block", SHELL, ids=_ids(SHELL))
def test_commands_in_the_documentation_exist(block):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in block[1].splitlines():
        words = shlex.split(line.partition(" > ")[0], comments=True)
        if words[:1] == ["make"]:
            assert words[1] in targets, line
        elif words[:1] == ["digitlab"]:
            command, bound, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
            assert words[1] in {command.__name__.rstrip("_"), command.__module__.rpartition(".")[2]}, line
            assert bound is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_a_table_of_contents():
    """Else nobody finds it, and `make docs` complains."""
    listed = {ROOT / "docs" / "index"}
    for page in PAGES:
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.split():
                listed |= {found.with_suffix("") for found in page.parent.glob(f"{line}.*")}
    pages = {page.with_suffix("") for kind in ("md", "ipynb") for page in (ROOT / "docs").glob(f"[a-z]*/*.{kind}")}
    assert pages - listed == set()


def test_the_table_of_results_is_that_of_a_reproduction():
    table = as_markdown(read_table(ROOT / "docs/reference/results.json"))
    page = (ROOT / "docs/reference/results.md").read_text("utf-8")
    assert f"<!-- table.md begins -->\n\n{table}\n<!-- table.md ends -->" in page


def test_the_tables_of_robustness_are_the_codes():
    """`make robustness` writes them; what takes little time is measured again."""
    numbers = json.loads((ROOT / "docs/reference/robustness.json").read_text("utf-8"))
    measured = {name: msgspec.convert(one, Robustness) for name, one in numbers.items()}
    page = (ROOT / "docs/reference/robustness.md").read_text("utf-8")
    assert f"<!-- tables begin -->\n\n{robustness_markdown(measured)}\n<!-- tables end -->" in page
    network, test = load("standard"), load_mnist()[1]
    standard = {one.name: one.accuracy for one in measured["standard"].corruptions}
    assert list(standard) == list(CORRUPTIONS)
    for name in ("scale", "stripe", "dotted_line"):
        accuracy = (network.predict(corrupt(test.images, name)) == test.labels).mean()
        assert accuracy == pytest.approx(standard[name], abs=0.0003)  # a matrix product may round in other ways


def test_what_follows_from_the_code_is_up_to_date():
    """`make reference` writes it."""
    pages = runpy.run_path(str(ROOT / "docs/make_reference.py"))["PAGES"]
    for path, page in pages.items():
        assert path.read_text("utf-8") == page(), path.name


def test_every_command_is_documented():
    """Those within a command too, such as ``digitlab data fetch``."""
    page = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    headings = [line.split(maxsplit=1)[1] for line in page.splitlines() if line.startswith("#")]
    for name in (name for name in app if not name.startswith("-")):
        assert f"digitlab {name}" in headings
        for within in (name for name in app[name] if not name.startswith("-")):
            assert f"digitlab {name} {within}" in headings
    assert "digitlab data fetch" in headings

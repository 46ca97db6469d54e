"""The documentation as web pages: complete, and searched, without a server and without a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
# What is looked for, and the title of a page that is found; the last is known from its docstring alone.
WORDS = {
    "elastic": "Distortions: digits as somebody else could have written them",
    "digitlab mislabels": "The command line",
    "find_counterfactual": "digitlab.inside.find_counterfactual",
}


@pytest.mark.soak
def test_the_documentation_is_searched(chromium, tmp_path):
    for library in ("sphinx", "furo", "myst_nb"):
        pytest.importorskip(library)
    site = tmp_path / "docs" / "site"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-D", "nb_execution_mode=off", "-b", "html", DOCS, site]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    outside = []
    page = chromium.new_page()
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or outside.append(request.url))
    for words, title in WORDS.items():
        page.goto((site / "index.html").as_uri())
        page.locator("input[name=q] >> visible=true").fill(words)
        page.keyboard.press("Enter")
        page.locator("#search-results li a", has_text=title).first.wait_for()
    assert outside == []

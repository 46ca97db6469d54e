"""How Sphinx builds the documentation: `make docs`."""

import inspect
from functools import cached_property
from typing import Any

from digitlab.version import __version__

project = "digitlab"
author = "digitlab contributors"
release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "jupyter_execute", "lesson/*.py"]
html_theme = "furo"
html_title = "digitlab"
html_static_path: list[str] = []
nb_execution_mode = "force"  # the lessons with their figures; DIGITLAB_LESSON_EPOCHS=2 makes them short
nb_execution_timeout = 1200
nb_execution_raise_on_error = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# docs/reference/api.md: what a package lists, from docstrings that are written to be read as they are
autodoc_default_options = {"members": True, "undoc-members": True, "no-value": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_use_ivar = True
suppress_warnings = ["docutils"]


def _skip(_app: object, what: str, _name: str, member: object, skip: bool, _options: object) -> bool:
    """Fields stand in the list of their class, and need no line each."""
    return skip or (
        what == "class" and not (inspect.isroutine(member) or isinstance(member, property | cached_property))
    )


def setup(app: Any) -> None:
    """Sphinx calls this."""
    app.connect("autodoc-skip-member", _skip)

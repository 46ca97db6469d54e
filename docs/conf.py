"""How Sphinx builds the documentation: `make docs`."""

from digitlab.version import __version__

project = "digitlab"
author = "digitlab contributors"
release = __version__
extensions = ["myst_nb"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "lesson/classic.py"]
html_theme = "furo"
html_title = "digitlab"
html_static_path: list[str] = []
nb_execution_mode = "off"  # the lesson is executed by the tests; here it is read
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

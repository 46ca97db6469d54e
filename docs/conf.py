"""How Sphinx builds the documentation: `make docs`."""

from digitlab.version import __version__

project = "digitlab"
author = "digitlab contributors"
release = __version__
extensions = ["myst_nb"]
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

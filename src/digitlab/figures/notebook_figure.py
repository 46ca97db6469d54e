"""A figure that a notebook shows. In a module of its own, which brings matplotlib: imported with the first figure.

A class that can be found by its name can also be pickled, so figures travel between processes.
"""

import base64
import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from digitlab.figures.notebook import notebook_shell


def _import_matplotlib() -> None:
    """As it imports itself, but for a wrong ``MPLBACKEND``: that is a matter of pyplot, which is not used here.

    Matplotlib cannot be imported where the variable names a backend that is not installed. A notebook hands its own on
    to the commands of its shell.
    """
    if "matplotlib" in sys.modules:
        return
    wanted = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib as mpl
    finally:
        if wanted is not None:
            os.environ["MPLBACKEND"] = wanted
    if wanted:
        with contextlib.suppress(ValueError):
            mpl.rcParams["backend"] = wanted


_import_matplotlib()
from matplotlib.backend_bases import RendererBase  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.text import Text  # noqa: E402

DPI = 150
OWN_FORMULA = r"$\mathdefault"  # how Matplotlib itself writes a power of ten beside a logarithmic axis


class NotebookFigure(Figure):
    """A figure that a notebook shows once a cell, whether it is displayed there or is the cell's value."""

    _shown_in: int | None = None  # the number of the cell

    def draw(self, renderer: RendererBase) -> None:
        """All words as they stand: a class or a file called ``$x$`` is no formula, and ``$_$`` no error."""
        for text in self.findobj(Text):
            if isinstance(text, Text) and (words := text.get_text()) and not words.startswith(OWN_FORMULA):
                text.set_parse_math(False)
        super().draw(renderer)

    def __getstate__(self) -> Any:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_shown_in"}  # elsewhere it was not shown yet

    def _ipython_display_(self) -> None:
        shell = notebook_shell()
        if shell is not None and shell.execution_count == self._shown_in:
            return
        from IPython.display import display

        png = base64.b64encode(render(self, "png")).decode()
        display({"image/png": png, "text/plain": repr(self)}, raw=True)  # type: ignore[no-untyped-call]
        self._shown_in = shell.execution_count if shell is not None else None


def render(figure: Figure, kind: str, **options: Any) -> bytes:
    """The figure as a file of this kind, such as ``png``; ``options`` are those of Matplotlib."""
    buffer = io.BytesIO()
    with missing_letters_are_boxes():
        figure.savefig(buffer, format=kind, dpi=DPI, **options)
    return buffer.getvalue()


@contextlib.contextmanager
def missing_letters_are_boxes() -> Iterator[None]:
    """Matplotlib draws a box in the place of a letter that its font lacks; that says so already, without a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield

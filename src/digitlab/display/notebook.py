"""Whether this is a notebook."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["notebook_shell"]


def notebook_shell() -> Any:
    """The IPython shell when this is a notebook (local or hosted), else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None

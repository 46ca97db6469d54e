"""Whether this is a notebook."""

import sys
from typing import Any


def notebook_shell() -> Any:
    """The IPython shell when this is a notebook (local or hosted), else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None

"""Libraries that digitlab does not bring along: each is imported when it is used, and named where it is missing."""

import importlib
from typing import Any

from digitlab.errors import InputError


def require_extra(module: str, extra: str, purpose: str) -> Any:
    """The library ``module``, which ``pip install 'digitlab[extra]'`` brings.

    Args:
        module: its name, as it is imported.
        extra: the entry of ``[project.optional-dependencies]`` in pyproject.toml that has it.
        purpose: what needs it, as the beginning of a sentence: ``"a .keras file"``.

    Raises:
        InputError: it is not installed.
    """
    library, _, _ = module.partition(".")
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in {library, module}:
            raise  # it is there, and broken
        what = f"{purpose} needs {library}, which is not installed"
        raise InputError(what, help=f"pip install 'digitlab[{extra}]'") from None

"""Engines: ways to compute losses and gradients. `numpy` is the definition, `native` the fast one."""

from __future__ import annotations

from digitlab.engines.base import Advance, Batch, Engine, Session, Sums
from digitlab.engines.native import NativeEngine, why_missing
from digitlab.engines.numpy_engine import NumpyEngine
from digitlab.errors import InputError, describe

__all__ = [
    "AUTO",
    "ENGINES",
    "Advance",
    "Batch",
    "Engine",
    "NativeEngine",
    "NumpyEngine",
    "Session",
    "Sums",
    "find_engine",
]

ENGINES: dict[str, type[Engine]] = {"numpy": NumpyEngine, "native": NativeEngine}
AUTO = "auto"


def find_engine(name: str | Engine = AUTO) -> Engine:
    """The engine called ``name``; ``"auto"`` is the fastest one present. An `Engine` is passed through.

    Raises:
        InputError: no engine has this name, or it is not here.
    """
    if isinstance(name, Engine):
        return name
    if name == AUTO:
        name = "numpy" if why_missing() else "native"
    if name not in ENGINES:
        raise InputError(
            "there is no such engine", must_be=f"{AUTO}, {', '.join(ENGINES)}", got=describe(name), help=f"use {AUTO}"
        )
    return ENGINES[name]()

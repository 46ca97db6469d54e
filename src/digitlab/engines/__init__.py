"""Engines: ways to compute losses and gradients. `numpy` is the definition, `native` the fast one, `cluster` many.

Each says by itself whether it can be used, and how it ranks. One more is used as soon as it is in `ENGINES`, under its
name; help texts and errors follow.
"""

from digitlab.engines.base import Batch, Engine, Session, StepResults, Sums
from digitlab.engines.cluster import ClusterEngine
from digitlab.engines.native import NativeEngine
from digitlab.engines.numpy_engine import NumpyEngine
from digitlab.errors import InputError, describe
from digitlab.network.architecture import Architecture

__all__ = [
    "AUTO",
    "ENGINES",
    "Batch",
    "ClusterEngine",
    "Engine",
    "NativeEngine",
    "NumpyEngine",
    "Session",
    "StepResults",
    "Sums",
    "engines_in_words",
    "find_engine",
]

ENGINES: dict[str, type[Engine]] = {"numpy": NumpyEngine, "native": NativeEngine, "cluster": ClusterEngine}
AUTO = "auto"


def find_engine(name: str | Engine = AUTO, architecture: Architecture | None = None) -> Engine:
    """The engine called ``name``; ``"auto"`` is the best that can be used. An `Engine` is passed through.

    Args:
        name: one of `ENGINES`, ``"auto"``, or an engine. After a colon, what it takes: ``"cluster:4"``.
        architecture: of the networks that it must be able to compute, where they are known.

    Raises:
        InputError: no engine has this name, or it cannot be used.
    """
    if name == AUTO:
        return _best(architecture)
    if not isinstance(name, Engine):
        known, colon, argument = name.partition(":") if isinstance(name, str) else ("", "", "")
        if known not in ENGINES:
            raise InputError(f"there is no engine {describe(name)}", must_be=", ".join([AUTO, *_ranked()]))
        name = ENGINES[known].of(argument) if colon else ENGINES[known]()
    name.require(architecture)
    return name


def engines_in_words() -> str:
    """What ``--engine`` may be, for help texts."""
    others = (f"{name} ({kind.in_words})" if kind.in_words else name for name, kind in _ranked().items())
    return f"{AUTO} (the best that can be used), {', '.join(others)}"


def _ranked() -> dict[str, type[Engine]]:
    return dict(sorted(ENGINES.items(), key=lambda item: -item[1].rank))


def _best(architecture: Architecture | None) -> Engine:
    reasons = {}
    for name, kind in _ranked().items():
        if not (reason := kind.why_not(architecture)):
            return kind()
        reasons[name] = reason
    raise InputError("no engine can be used", got="; ".join(f"{name}: {reason}" for name, reason in reasons.items()))

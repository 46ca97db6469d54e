"""``digitlab doctor``: what is installed, what is used, and whether it is in order."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from typing import Any

from digitlab.cli.options import Json, print_json, write_line
from digitlab.data import load_mnist
from digitlab.engines import ENGINES, find_engine
from digitlab.engines.checks import check_threads, usable_cores
from digitlab.errors import DigitlabError
from digitlab.version import __version__

__all__ = ["doctor"]

LIBRARIES = (
    "numpy",
    "matplotlib",
    "safetensors",
    "msgspec",
    "cyclopts",
    "rich",
    "threadpoolctl",
    "tomli-w",
    "pooch",
    "pillow",
)


def doctor(*, json: Json = False) -> int:
    """Say which versions, engine and threads are in use, and whether the data is in order."""
    findings = _examine()
    if json:
        print_json(findings)
    else:
        write_line(f"digitlab {findings['digitlab']} on Python {findings['python']}, {findings['system']}")
        write_line("libraries  " + ", ".join(f"{name} {version}" for name, version in findings["libraries"].items()))
        write_line(f"engine     {findings['engine']} (of {', '.join(findings['engines'])})")
        write_line(f"threads    {findings['threads']} of {findings['cores']} cores")
        write_line(f"data       {findings['data']['state']}")
        for problem in findings["problems"]:
            write_line(f"problem    {problem}")
        write_line(
            "everything is in order" if not findings["problems"] else "something needs your attention, see above"
        )
    return 1 if findings["problems"] else 0


def _examine() -> dict[str, Any]:
    """Everything that there is to tell, as plain values."""
    problems: list[str] = []
    threads: int | None = None
    try:
        threads = check_threads(None)
        if threads > usable_cores():
            problems.append(f"{threads} threads on {usable_cores()} cores: more threads than cores make it slower")
    except DigitlabError as error:
        problems.append(str(error))
    data: dict[str, Any] = {"name": "mnist"}
    began = time.perf_counter()
    try:
        train, test = load_mnist()
        seconds = time.perf_counter() - began
        data["state"] = f"MNIST, {len(train):,} + {len(test):,} digits, checksums right, loaded in {seconds:.2f} s"
    except DigitlabError as error:
        data["state"] = "MNIST cannot be trusted"
        problems.append(str(error))
    return {
        "digitlab": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "engine": find_engine().name,
        "engines": list(ENGINES),
        "threads": threads,
        "cores": usable_cores(),
        "data": data,
        "problems": problems,
    }

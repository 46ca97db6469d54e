"""``digitlab doctor``: what is installed, what is used, and whether it is in order."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from digitlab.cli.options import Json
from digitlab.cli.output import print_json, write_line
from digitlab.data import load_mnist
from digitlab.engines import ENGINES, NativeEngine, find_engine
from digitlab.engines.checks import check_threads, usable_cores
from digitlab.engines.native import available_paths
from digitlab.errors import DigitlabError
from digitlab.runs import find_run
from digitlab.runs.run import Run
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


def doctor(
    *,
    run: Annotated[str | None, Parameter(help="Check this run instead: every file that its manifest lists.")] = None,
    json: Json = False,
) -> int:
    """Say which versions, engine and threads are in use, and whether the data is in order; or check a run."""
    findings = _examine() if run is None else _examine_run(find_run(run))
    problems = findings["problems"]
    if json:
        print_json(findings)
    else:
        _print_run(findings) if run is not None else _print_system(findings)
        for problem in problems:
            write_line(f"problem    {problem}")
        write_line("something needs your attention, see above" if problems else "everything is in order")
    return 1 if problems else 0


def _print_system(findings: dict[str, Any]) -> None:
    write_line(f"digitlab {findings['digitlab']} on Python {findings['python']}, {findings['system']}")
    write_line("libraries  " + ", ".join(f"{name} {version}" for name, version in findings["libraries"].items()))
    write_line(f"engine     {findings['engine']} (of {', '.join(findings['engines'])})")
    write_line(f"path       {findings['path'] or 'none'} (of {', '.join(findings['paths']) or 'none'})")
    write_line(f"threads    {findings['threads']} of {findings['cores']} cores")
    write_line(f"data       {findings['data']['state']}")


def _print_run(findings: dict[str, Any]) -> None:
    write_line(f"run        {findings['run']}: {findings['state']}, {findings['epochs']} epochs")
    write_line(f"files      {findings['files']}")


def _examine_run(folder: Path) -> dict[str, Any]:
    """Read everything in a run folder, and check it against the manifest and by itself."""
    run = Run(folder)
    problems: list[str] = []
    checks: list[Callable[[], object]] = [partial(run.read, name) for name in run.manifest.files]
    checks += [partial(run.state_of, record) for record in run.manifest.checkpoints]
    checks += [run.history, run.network]
    for check in checks:
        try:
            check()
        except DigitlabError as error:
            if str(error) not in problems:
                problems.append(str(error))
    outcome = run.manifest.outcome
    return {
        "run": str(folder),
        "state": outcome.state,
        "epochs": outcome.epochs,
        "files": len(run.manifest.files),
        "problems": problems,
    }


def _engine(problems: list[str]) -> dict[str, Any]:
    """Which engine is used and which instruction path, and why not a better one."""
    found: dict[str, Any] = {"engine": None, "path": None, "paths": available_paths(), "engines": list(ENGINES)}
    try:
        engine = find_engine()
    except DigitlabError as error:
        problems.append(str(error))
        return found
    problems += [
        f"the engine {kind.name} cannot be used, so training is slower: {kind.why_not()}"
        for kind in ENGINES.values()
        if kind.rank > engine.rank
    ]
    found["engine"] = engine.name
    if isinstance(engine, NativeEngine):
        found["path"], best = engine.simd, found["paths"][0]
        if engine.simd != best:
            problems.append(f"DIGITLAB_SIMD asks for {engine.simd}; {best} is faster here and gives the same bits")
    return found


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
        **_engine(problems),
        "threads": threads,
        "cores": usable_cores(),
        "data": data,
        "problems": problems,
    }

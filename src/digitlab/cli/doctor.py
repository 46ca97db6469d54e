"""``digitlab doctor``: what is installed, what is used, and whether it is in order."""

import contextlib
import importlib.metadata
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import Json
from digitlab.cli.output import print_json, write_line
from digitlab.data import load_mnist
from digitlab.engines import ENGINES, ClusterEngine, NativeEngine, find_engine
from digitlab.engines.checks import check_threads, usable_cores
from digitlab.engines.native import available_paths
from digitlab.errors import DigitlabError
from digitlab.network.shipped import SHIPPED, STANDARD, in_words, load_shipped
from digitlab.runs import find_run
from digitlab.runs.run import Run
from digitlab.version import __version__

LIBRARIES = "numpy, matplotlib, safetensors, msgspec, cyclopts, rich, threadpoolctl, tomli-w, pooch, pillow"
Findings = tuple[dict[str, object], list[str]]  # for a program, and in lines for a person


def doctor(
    *,
    run: Annotated[str | None, Parameter(help="Check this run instead: every file that its manifest lists.")] = None,
    json: Json = False,
) -> int:
    """Say which versions, engine and threads are in use, and whether data and model are in order; or check a run."""
    problems: list[str] = []
    answer, lines = _examine(problems) if run is None else _examine_run(find_run(run), problems)
    if json:
        print_json(answer | {"problems": problems})
    else:
        for line in (*lines, *(f"problem    {problem}" for problem in problems)):
            write_line(line)
        write_line("something needs your attention, see above" if problems else "everything is in order")
    return 1 if problems else 0


@contextlib.contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """While inside, whatever is refused is one of the problems."""
    try:
        yield
    except DigitlabError as error:
        if str(error) not in problems:
            problems.append(str(error))


def _examine_run(folder: Path, problems: list[str]) -> Findings:
    """Read everything in a run folder, and check it against the manifest and by itself."""
    run = Run(folder)
    for name in run.manifest.files:
        with _noted(problems):
            run.read(name)
    for record in run.manifest.checkpoints:
        with _noted(problems):
            run.state_of(record)
    with _noted(problems):
        run.history()
    with _noted(problems):
        run.network()
    outcome, files = run.manifest.outcome, len(run.manifest.files)
    return {"run": str(folder), "state": outcome.state, "epochs": outcome.epochs, "files": files}, [
        f"run        {folder}: {outcome.state}, {outcome.epochs} epochs",
        f"files      {files}",
    ]


def _engine(problems: list[str]) -> tuple[str | None, str | None]:
    """Which engine is used and which instruction path, and why not a better one."""
    engine = find_engine()
    problems += [
        f"the engine {kind.name} cannot be used, so training is slower: {kind.why_not()}"
        for kind in ENGINES.values()
        if kind.rank > engine.rank
    ]
    if not isinstance(engine, NativeEngine):
        return engine.name, None
    if engine.simd != (best := available_paths()[0]):
        problems.append(f"DIGITLAB_SIMD asks for {engine.simd}; {best} is faster here and gives the same bits")
    return engine.name, engine.simd


def _cluster() -> tuple[str | None, str]:
    """Which Dask there is for the engine of many processes, if any, and what to say of it."""
    if missing := ClusterEngine.why_not():
        return None, f"none: {missing}"
    version = importlib.metadata.version("distributed")
    return version, f"Dask {version}; --engine cluster:4 trains on four processes, cluster:tcp://host:8786 on others"


def _examine(problems: list[str]) -> Findings:
    """What digitlab is made of and works with on this machine."""
    python, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    libraries = {name: importlib.metadata.version(name) for name in LIBRARIES.split(", ")}
    engine, path, threads, cores, paths = None, None, None, usable_cores(), available_paths()
    with _noted(problems):
        threads = check_threads(None)
        if threads > cores:
            problems.append(f"{threads} threads on {cores} cores: more threads than cores make it slower")
    dask, cluster = _cluster()
    data, began = "MNIST cannot be trusted", time.perf_counter()
    with _noted(problems):
        train, test = load_mnist()
        seconds = time.perf_counter() - began
        data = f"MNIST, {len(train):,} + {len(test):,} digits, checksums right, loaded in {seconds:.2f} s"
    models = {name: f"{name} cannot be trusted" for name in SHIPPED}
    for name in models:
        with _noted(problems):
            models[name] = f"{in_words(name)}, {load_shipped(name).architecture}, checksum right"
    with _noted(problems):
        engine, path = _engine(problems)
    return {
        "digitlab": __version__,
        "python": python,
        "system": system,
        "libraries": libraries,
        "engine": engine,
        "path": path,
        "paths": paths,
        "engines": list(ENGINES),
        "cluster": dask,
        "threads": threads,
        "cores": cores,
        "data": {"name": "mnist", "state": data},
        "model": {"name": STANDARD, "state": models[STANDARD]},
    }, [
        f"digitlab {__version__} on Python {python}, {system}",
        "libraries  " + ", ".join(f"{name} {version}" for name, version in libraries.items()),
        f"engine     {engine} (of {', '.join(ENGINES)})",
        f"path       {path or 'none'} (of {', '.join(paths) or 'none'})",
        f"cluster    {cluster}",
        f"threads    {threads} of {cores} cores",
        f"data       {data}",
        *(f"model      {state}" for state in models.values()),
    ]

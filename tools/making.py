"""What making a model that ships takes: its trainings, which go on where they were stopped, and the command.

Only the native engine has bits that are the same with any number of threads and on any processor, so there is no other.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import digitlab as dl
from digitlab.durable import write_durably
from digitlab.engines import Engine
from digitlab.errors import DigitlabError, RunError, refuse
from digitlab.network.shipped import MAX_SHIPPED_BYTES, SHIPPED, shipped_file
from digitlab.runs.run import MANIFEST, Run
from digitlab.training.recipe_files import NamedRecipe


def trained(
    named: NamedRecipe, digits: dl.Digits, run: Path, engine: Engine, threads: int | None, progress: bool
) -> dl.Network:
    """The network of a training; of one that was begun, the rest of it is done.

    Raises:
        RunError: the training was stopped, or cannot go on to the same bits.
    """
    begun = (run / MANIFEST).is_file()
    if begun:
        manifest, ours = Run(run).manifest, (engine.name, engine.arithmetic)
        if (theirs := (manifest.engine, manifest.arithmetic)) != ours:
            what = "this was begun with another engine, and would end with other last bits"
            refuse(RunError, run, what, must_be="{} {}".format(*ours), got="{} {}".format(*theirs), help="remove it")
    network = named.recipe.new_network()
    options = {"out": run, "resume": begun, "about": named.about, "engine": engine, "threads": threads}
    history = dl.fit(network, digits, named.recipe, progress=progress, **options)
    if history.stopped is None or history.stopped.reason != "finished":
        refuse(RunError, run, "the training was stopped", help="give the same command again, and it goes on")
    return network


def what_differs(named: NamedRecipe) -> dict[str, Any]:
    """The words and the settings that are not the defaults: a setting that digitlab learns later changes no byte."""
    defaults = dl.Recipe().to_dict()
    return {name: value for name, value in named.to_dict().items() if defaults.get(name) != value}


def forget(work: Path, runs: Iterable[Path]) -> None:
    """Remove the trainings, so that the next time all is computed anew."""
    for run in runs:
        shutil.rmtree(run)
    with contextlib.suppress(OSError):  # there is something else in it
        work.rmdir()


def command(
    name: str,
    make: Callable[[Path, int | None], tuple[bytes, list[str]]],
    work: Path,
    arguments: list[str] | None,
) -> int:
    """The command: 0 where the file was written, or is what was made again.

    Args:
        name: of the model.
        make: its bytes, and what there is to tell of it, from a folder for the trainings and a number of threads.
        work: this folder, where no other one is named.
        arguments: of the command line.
    """
    parser = argparse.ArgumentParser(description=f"Make {name}, which ships with digitlab.")
    parser.add_argument("--check", action="store_true", help="compare with the file that ships, and write nothing")
    parser.add_argument("--work", type=Path, default=work, help=f"keep the trainings in this folder ({work})")
    parser.add_argument("--threads", type=int, help="1 to 256 (all cores)")
    asked = parser.parse_args(arguments)
    try:
        content, told = make(asked.work, asked.threads)
    except DigitlabError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return error.exit_code
    sha256 = hashlib.sha256(content).hexdigest()
    print(*told, f"the model: {len(content):,} bytes, SHA-256 {sha256}", sep="\n")
    return _compare(name, sha256) if asked.check else _write(name, content, sha256)


def _compare(name: str, sha256: str) -> int:
    same = sha256 == SHIPPED[name]
    print("the model that ships is the same" if same else f"the model that ships is another: {SHIPPED[name]}")
    return 0 if same else 1


def _write(name: str, content: bytes, sha256: str) -> int:
    if len(content) > MAX_SHIPPED_BYTES:
        print(f"{name}: a model that ships has at most {MAX_SHIPPED_BYTES:,} bytes", file=sys.stderr)
        return 1
    write_durably(shipped_file(name), content)
    if sha256 != SHIPPED[name]:
        print("it is another than before: its SHA-256 belongs into src/digitlab/network/shipped.py")
    return 0

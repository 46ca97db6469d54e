"""Make the model that ships with digitlab, from the recipe `standard`; it comes out the same to the last byte.

    make standard            train it, and write src/digitlab/models/standard.safetensors
    make standard CHECK=1    train it anew, and compare it with that file

It is trained twice. First without 10,000 of the training digits: on them its accuracy and calibration are measured, and
its temperature is fitted. Then with the same settings on all 60,000: that is the model, and it takes the temperature
over. The test digits have no part in it.

A training that was stopped or killed goes on when the same command is given again. Only the native engine has bits that
are the same with any number of threads and on any processor, so it takes no other.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import digitlab as dl
from digitlab.durable import write_durably
from digitlab.engines import Engine
from digitlab.engines.native import NativeEngine
from digitlab.errors import DigitlabError, RunError, refuse
from digitlab.evaluation import calibration_error, fit_temperature
from digitlab.network.model_file import encode_model
from digitlab.network.shipped import MAX_SHIPPED_BYTES, SHIPPED, STANDARD, shipped_file
from digitlab.runs.run import MANIFEST, Run
from digitlab.training import named_recipes
from digitlab.training.batches import split
from digitlab.training.recipe_files import NamedRecipe

WORK = Path("runs-standard")
HELD_OUT = 10_000


class Made(NamedTuple):
    """The bytes of the model file, its temperature, and what was measured on the digits held out."""

    content: bytes
    temperature: float
    accuracy: float
    calibration_error: float


def make(
    named: NamedRecipe,
    digits: dl.Digits,
    work: Path,
    *,
    held_out: int = HELD_OUT,
    engine: Engine | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> Made:
    """Both trainings, kept as runs below ``work`` until the second one is done.

    Raises:
        InputError: the native engine was not compiled.
        RunError: a training was stopped on the way, or cannot go on to the same bits.
    """
    engine = engine or NativeEngine()
    trial_run, whole_run = work / "held-out", work / "all"
    trial = _trained(named.changed(validation=held_out), digits, trial_run, engine, threads, progress)
    _, indices = split(len(digits), held_out, named.recipe.seed)
    unseen = digits[indices]
    temperature = fit_temperature(trial.logits(unseen.images), unseen.labels)
    trial.card = dataclasses.replace(trial.card, temperature=temperature)
    probabilities = trial.probabilities(unseen.images)
    whole = _trained(named.changed(validation=0), digits, whole_run, engine, threads, progress)
    card = dataclasses.replace(whole.card, temperature=temperature, recipe=_what_differs(named))
    content = encode_model(whole.architecture, whole.parameters, card)
    for run in (trial_run, whole_run):  # the next time all is computed anew
        shutil.rmtree(run)
    with contextlib.suppress(OSError):  # there is something else in it
        work.rmdir()
    accuracy = float((probabilities.argmax(axis=1) == unseen.labels).mean())
    return Made(content, temperature, accuracy, calibration_error(probabilities, unseen.labels))


def _what_differs(named: NamedRecipe) -> dict[str, Any]:
    """The words and the settings that are not the defaults: a setting that digitlab learns later changes no byte."""
    defaults = dl.Recipe().to_dict()
    return {name: value for name, value in named.to_dict().items() if defaults.get(name) != value}


def _trained(
    named: NamedRecipe, digits: dl.Digits, run: Path, engine: Engine, threads: int | None, progress: bool
) -> dl.Network:
    """The network of a training; of one that was begun, the rest of it is done."""
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


def main(arguments: list[str] | None = None) -> int:
    """The command: 0 where the file was written, or is what was made again."""
    parser = argparse.ArgumentParser(description="Make the model that ships with digitlab, from the recipe standard.")
    parser.add_argument("--check", action="store_true", help="compare with the file that ships, and write nothing")
    parser.add_argument("--work", type=Path, default=WORK, help="keep the trainings in this folder (runs-standard)")
    parser.add_argument("--threads", type=int, help="1 to 256 (all cores)")
    asked = parser.parse_args(arguments)
    try:
        train, _ = dl.load_mnist()
        made = make(named_recipes()[STANDARD], train, asked.work, threads=asked.threads, progress=True)
    except DigitlabError as error:
        print(f"make_standard: {error}", file=sys.stderr)
        return error.exit_code
    sha256 = hashlib.sha256(made.content).hexdigest()
    print(f"of {HELD_OUT:,} digits held out: accuracy {made.accuracy:.4f}, temperature {made.temperature},", end=" ")
    print(f"calibration error {made.calibration_error:.4f}")
    print(f"the model, from all {len(train):,}: {len(made.content):,} bytes, SHA-256 {sha256}")
    return _compare(sha256) if asked.check else _write(made.content, sha256)


def _compare(sha256: str) -> int:
    same = sha256 == SHIPPED[STANDARD]
    print("the model that ships is the same" if same else f"the model that ships is another: {SHIPPED[STANDARD]}")
    return 0 if same else 1


def _write(content: bytes, sha256: str) -> int:
    if len(content) > MAX_SHIPPED_BYTES:
        print(f"make_standard: a model that ships has at most {MAX_SHIPPED_BYTES:,} bytes", file=sys.stderr)
        return 1
    write_durably(shipped_file(STANDARD), content)
    if sha256 != SHIPPED[STANDARD]:
        print("it is another than before: its SHA-256 belongs into src/digitlab/network/shipped.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())

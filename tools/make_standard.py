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

import dataclasses
import sys
from pathlib import Path
from typing import NamedTuple

import digitlab as dl
from digitlab.engines import Engine
from digitlab.engines.native import NativeEngine
from digitlab.evaluation import calibration_error, fit_temperature
from digitlab.network.model_file import encode_model
from digitlab.network.shipped import STANDARD
from digitlab.training import named_recipes
from digitlab.training.batches import split
from digitlab.training.recipe_files import NamedRecipe
from tools.making import command, forget, trained, what_differs

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
    trial = trained(named.changed(validation=held_out), digits, trial_run, engine, threads, progress)
    _, indices = split(len(digits), held_out, named.recipe.seed)
    unseen = digits[indices]
    temperature = fit_temperature(trial.logits(unseen.images), unseen.labels)
    trial.card = dataclasses.replace(trial.card, temperature=temperature)
    probabilities = trial.probabilities(unseen.images)
    whole = trained(named.changed(validation=0), digits, whole_run, engine, threads, progress)
    card = dataclasses.replace(whole.card, temperature=temperature, recipe=what_differs(named))
    content = encode_model(whole.architecture, whole.parameters, card)
    forget(work, (trial_run, whole_run))
    accuracy = float((probabilities.argmax(axis=1) == unseen.labels).mean())
    return Made(content, temperature, accuracy, calibration_error(probabilities, unseen.labels))


def main(arguments: list[str] | None = None) -> int:
    """The command: 0 where the file was written, or is what was made again."""
    return command(STANDARD, _make, WORK, arguments)


def _make(work: Path, threads: int | None) -> tuple[bytes, list[str]]:
    train, _ = dl.load_mnist()
    made = make(named_recipes()[STANDARD], train, work, threads=threads, progress=True)
    told = f"of {HELD_OUT:,} digits held out: accuracy {made.accuracy:.4f}, temperature {made.temperature}, "
    return made.content, [f"{told}calibration error {made.calibration_error:.4f}", f"trained on all {len(train):,}"]


if __name__ == "__main__":
    sys.exit(main())

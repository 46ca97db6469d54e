"""A run's network, made right as often as it says: its temperature, fitted on digits that it never learnt from.

The digits that the run held out are the same ones for good (`training/batches.py`), so they are found again here. What
a branch holds out its parent may have learnt: of a branch only those count that its whole line held out.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import Digits
from digitlab.errors import InputError, RunError, refuse
from digitlab.evaluation.calibration import fit_temperature
from digitlab.evaluation.report import Report, evaluate
from digitlab.network.card import MAX_TEMPERATURE, MIN_TEMPERATURE
from digitlab.network.network import Network
from digitlab.runs.run import Run
from digitlab.training.batches import split


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What `calibrate` made, and what it changed on the test set.

    Attributes:
        network: that of the run, with the temperature in its card.
        temperature: what its logits are divided by.
        held_out: on how many digits it was fitted.
        before, after: the reports without and with it. No answer changes, so all accuracies are the same.
    """

    network: Network
    temperature: float
    held_out: int
    before: Report
    after: Report

    def to_dict(self) -> dict[str, object]:
        """The numbers that the temperature changes, ready for JSON."""
        names = ("cross_entropy", "brier", "calibration_error", "calibration_error_interval")
        told = {"temperature": self.temperature, "held_out": self.held_out, "source": self.after.source}
        when = (("before", self.before), ("after", self.after))
        return told | {moment: {name: getattr(report, name) for name in names} for moment, report in when}


def calibrate(run: Run | str | Path, train: Digits, test: Digits, epoch: int | None = None) -> Calibrated:
    """Fit the temperature of a run's network on the digits that the run held out, and measure it on the test set.

    Args:
        run: a run, or its folder.
        train: the training set of the run, whole.
        test: what to measure on, before and after.
        epoch: of the kept ones; by default the network that the run ended with.

    Raises:
        InputError: the run held nothing out; other digits than the run had; or all answers to them right, or hardly
            any: no temperature is best then.
        RunError: there is no run, or it is damaged.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    held_out = train[never_learnt(run, train)]
    network = run.network() if epoch is None else run.network_at(epoch)
    temperature = fit_temperature(network.logits(held_out.images), held_out.labels)
    if not MIN_TEMPERATURE < temperature < MAX_TEMPERATURE:
        what = f"no temperature is best on the {len(held_out)} digits that it held out"
        if temperature <= MIN_TEMPERATURE:
            refuse(InputError, run.folder, what, got="all answers are right", help="train with more of --validation")
        refuse(InputError, run.folder, what, got="its answers are no better than guesses", help="train it longer")
    calibrated = network.copy()
    calibrated.card = dataclasses.replace(network.card, temperature=temperature)
    return Calibrated(calibrated, temperature, len(held_out), evaluate(network, test), evaluate(calibrated, test))


def never_learnt(run: Run, train: Digits) -> NDArray[np.intp]:
    """Which digits of the training set a run held out, and all runs that it was branched from, in their order.

    Raises:
        InputError: there are none, or the digits are other ones.
        RunError: a run is damaged, or one that it was branched from is gone.
    """
    found, sha256 = np.arange(len(train)), train.sha256()
    help = "train with --validation 10000, and calibrate that run"
    for one in run.lineage():
        if sha256 != one.manifest.data.sha256:
            must_be, got = one.manifest.data.source, f"{train.source}: their SHA-256 is another"
            refuse(InputError, one.folder, "the run was trained on other digits", must_be=must_be, got=got)
        if not one.recipe.validation:
            what = "the run held no digits out; of those that it learnt it is rightly sure"
            refuse(InputError, one.folder, what, help=help)
        found = np.intersect1d(found, split(len(train), one.recipe.validation, one.recipe.seed)[1])
        if not one.branched_at:
            break
    else:
        what = f"the run that it was branched from is gone, and nothing else tells what it learnt: {one.folder}"
        refuse(RunError, run.folder, what, help=help)
    if not len(found):
        refuse(InputError, run.folder, "all that it held out was learnt by what it was branched from", help=help)
    return found

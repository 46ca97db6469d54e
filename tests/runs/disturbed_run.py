"""What the tests of power loss, failing calls and full disks train: a moment's work, with all that a run can hold."""

from __future__ import annotations

from pathlib import Path

import digitlab as dl
from digitlab.durable import TEMPORARY_PREFIX
from digitlab.runs.run import HISTORY, MODEL, Run

RECIPE = dl.recipe(
    "minibatch",
    layers=(784, 2, 10),
    batch_size=20,
    epochs=3,
    optimizer="momentum",
    learning_rate=0.3,  # the second epoch is the best one: what is kept is not the last
    validation=20,
    keep="best",
)
SAMPLES, STEPS = 60, 6  # two in each epoch


def undisturbed(digits: dl.Digits, folder: Path) -> dict[str, bytes]:
    """The result of never being disturbed."""
    dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, threads=1)
    assert Run(folder).newest_state().counters.best_epoch == 2
    return result(folder)


def result(folder: Path) -> dict[str, bytes]:
    """All that must be the same, byte for byte."""
    run = Run(folder)
    assert run.manifest.outcome.state == "finished"
    return {name: run.read(name) for name in (run.manifest.checkpoints[-1].file, HISTORY, MODEL)}


def verify(folder: Path) -> Run:
    """The run, after everything in its manifest was found whole, and the newest state the one that it tells of."""
    run = Run(folder)
    for name in run.manifest.files:
        assert not name.startswith(TEMPORARY_PREFIX)
        run.read(name)
    assert run.newest_state().counters.step == run.manifest.checkpoints[-1].step
    assert len(run.history()) >= run.newest_state().counters.epoch
    return run

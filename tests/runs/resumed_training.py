"""Three trainings that are stopped and killed, and what of them must be the same in the end.

Each has more than a hundred steps. What must be the same is compared byte for byte: the newest checkpoint (parameters,
what the optimizer remembers, the counters that stand for the random state: the sample order is a function of the seed
and the epoch), the history, and the model file.
"""

from __future__ import annotations

import hashlib
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import digitlab as dl
from digitlab.engines import Batch, NumpyEngine
from digitlab.runs.run import HISTORY, MANIFEST, MODEL, Run
from digitlab.training import StepDone
from tests.training.small_training import REGULARIZED

RECIPES = {
    "full batch": dl.recipe("seed", layers=(784, 16, 10), epochs=104),
    "mini-batch with momentum": dl.recipe("minibatch", layers=(784, 16, 10), epochs=7),
    "AdamW with one cycle": dl.recipe(
        "minibatch",
        layers=(784, 16, 10),
        optimizer="adamw",
        weight_decay=0.01,
        learning_rate=0.01,
        schedule="one_cycle",
        validation=100,
        keep="best",
        preprocessing="deskew",
        epochs=8,
    ),
    "distorted, with dropout": dl.recipe(
        "minibatch",
        layers=(784, 16, 12, 10),
        validation=100,
        epochs=8,
        **REGULARIZED,
    ),
}
SAMPLES = dict.fromkeys(RECIPES, 500) | {"full batch": 100}
CHILD = """
import sys, numpy as np, digitlab as dl
recipe, fit = dl.recipe(sys.argv[1]), dl.fit
with np.load(sys.argv[2]) as file:
    digits = dl.Digits(file["images"], file["labels"], str(file["source"]))
network = recipe.new_network()
print("ready", flush=True)
fit(network, digits, recipe, engine="numpy", out=sys.argv[3], resume=sys.argv[4] == "resume", checkpoint_every=0)
"""


class Listening(NumpyEngine):
    """The NumPy engine, which notes the samples of every step that is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def open(self, architecture, digits, **options):
        session = super().open(architecture, digits, **options)
        advance = session.advance

        def listening(parameters, optimizer, batches, epoch):
            done = advance(parameters, optimizer, batches, epoch)
            self.heard += [_digest(batch, len(digits)) for batch in batches[: len(done.losses)]]
            return done

        session.advance = listening
        return session


def _digest(batch: Batch, count: int) -> str:
    return hashlib.sha256(np.arange(count)[batch].tobytes()).hexdigest()


@dataclass
class Whole:
    """A training that was never stopped.

    Attributes:
        recipe, digits: what was trained.
        expected: its `result`, as bytes.
        network: what it came to.
        heard: the samples of each step, as SHA-256.
    """

    recipe: dl.Recipe
    digits: dl.Digits
    expected: dict[str, bytes]
    network: dl.Network
    heard: list[str]

    @property
    def steps(self) -> int:
        """How many it takes."""
        return len(self.heard)

    @staticmethod
    def result(folder: Path) -> dict[str, bytes]:
        """Everything that must be the same: parameters, optimizer, counters, best, history, model."""
        run = Run(folder)
        newest = run.manifest.checkpoints[-1].file
        assert run.manifest.outcome.state in {"finished", "early"}
        return {name: run.read(name) for name in (newest, HISTORY, MODEL)}

    def stop_at(self, step: int, folder: Path, *, resume: bool = False, engine: str | Listening = "numpy") -> bool:
        """Train until a step, then let go; whether the training ended before."""
        options = {"out": folder, "resume": resume, "engine": engine}
        events = dl.train(self.recipe.new_network(), self.digits, self.recipe, each_step=True, **options)
        for event in events:
            if isinstance(event, StepDone) and event.step >= step:
                events.close()
                return False
        return True


def train_whole(name: str, train: dl.Digits, folder: Path) -> Whole:
    """One of the recipes, trained without a stop."""
    recipe, digits, engine = RECIPES[name], train[: SAMPLES[name]], Listening()
    network = recipe.new_network()
    dl.fit(network, digits, recipe, out=folder, engine=engine)
    return Whole(recipe, digits, Whole.result(folder), network, engine.heard)


class Processes:
    """Starts a training in processes of its own, one after the other, in any folder.

    Attributes:
        seconds: what a process takes that nobody disturbs, once it has imported everything; about, as machines change.
    """

    def __init__(self, whole: Whole, folder: Path) -> None:
        self._recipe, self._digits = folder / "recipe.toml", folder / "digits.npz"
        self._recipe.write_text(whole.recipe.to_toml())
        np.savez(self._digits, images=whole.digits.images, labels=whole.digits.labels, source=whole.digits.source)
        self.seconds = math.inf
        assert self.start(folder / "timed") == 0

    def start(self, folder: Path, *, kill_after: float | None = None) -> int:
        """Go on where the folder is, or begin, in a new process; kill it some seconds later. Gives its exit status."""
        how = "resume" if (folder / MANIFEST).exists() else "new"
        if how == "new" and folder.exists():
            for path in folder.iterdir():
                path.unlink()
        command = [sys.executable, "-c", CHILD, str(self._recipe), str(self._digits), str(folder), how]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "DIGITLAB_THREADS": "1"})
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()  # everything is imported
            began = time.monotonic()
            try:
                status = child.wait(kill_after)
            except subprocess.TimeoutExpired:
                child.kill()
                status = child.wait()
        if status == 0 and how == "new":  # the first of them may have met a busy machine: kills would come too late
            self.seconds = min(self.seconds, time.monotonic() - began)
        return status

    def kill_at_random_moments(self, folder: Path, rng: np.random.Generator, kills: int) -> int:
        """Start it, kill it, and so on, until it comes to its end; how often it was killed while at work."""
        for killed in range(kills):
            status = self.start(folder, kill_after=rng.uniform(0, self.seconds))
            self.seconds *= 0.75 if status == 0 else 1.05  # else each kill would come too late, or each too early
            if status == 0:
                return killed
            assert status == -signal.SIGKILL
        assert self.start(folder) == 0
        return kills

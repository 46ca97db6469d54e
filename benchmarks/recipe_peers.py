"""Those that train a recipe, each in a process of its own: see `peers.py`. `recipes.py` asks them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import peers

import digitlab as dl
from digitlab.training import batches, regularizers
from digitlab.training.augment import distortion_of
from digitlab.training.schedules import ScheduleSettings, rate_factor


class RecipeJob(peers.Job):
    """The network, the digits and the batches of a recipe; ``steps`` of an epoch are a unit of work of the peers."""

    def __init__(self, asked: peers.JSON) -> None:
        self.recipe = dl.recipe(asked["recipe"])
        self.sizes, self.activation = list(self.recipe.layers), self.recipe.activation
        self.batch, self.steps, self.rate = self.recipe.batch_size, asked["steps"], self.recipe.learning_rate
        self.digits, _ = dl.load_mnist()
        self.network = self.recipe.new_network()

    def pixels(self) -> np.ndarray:
        """As they look in the first epoch, distorted."""
        distortion, images = distortion_of(self.recipe), self.digits.images
        if distortion.distorts:
            images = dl.distort(images, np.arange(len(images)), distortion, seed=self.recipe.seed, epoch=1)
        return dl.normalize(images).reshape(len(images), -1)

    def first_batches(self, steps: int) -> list[Any]:
        """Those of the first epoch."""
        return batches.batches_of_epoch(len(self.digits), self.batch, self.recipe.seed, 1)[:steps]


class Digitlab:
    """Trains as anybody does, distortions included; how long these take is measured on the way."""

    def __init__(self, job: RecipeJob, threads: int, path: str) -> None:
        self.job, self.threads = job, threads
        self.about = f"digitlab, {path}, {threads} threads"
        self.spent, self.steps, self.due = 0.0, 0, 0
        regularizers.distort, self.distort = self._timed, regularizers.distort
        self.training = self._looks()

    def _timed(self, *pictures: Any, **how: Any) -> Any:
        began = time.perf_counter()
        found = self.distort(*pictures, **how)
        self.spent += time.perf_counter() - began
        return found

    def _looks(self) -> Iterator[int]:
        """The steps taken whenever training looks about; for ever: where the recipe ends, it begins anew."""
        while True:
            network, control, before = self.job.recipe.new_network(), dl.Control(), 0
            control.detail = "looks"
            for event in dl.train(network, self.job.digits, self.job.recipe, control=control, threads=self.threads):
                if isinstance(event, dl.StepDone):
                    yield event.step - before
                    before = event.step

    def losses(self, steps: int) -> list[float]:
        """See `peers.Digitlab.losses`."""
        control, found = dl.Control(), []
        control.detail = "steps"
        network = self.job.recipe.new_network()
        for event in dl.train(network, self.job.digits, self.job.recipe, control=control):
            if isinstance(event, dl.StepDone):
                found.append(event.loss)
                if len(found) == steps:
                    control.stop()
        return found

    def run(self, units: int) -> None:
        """See `peers.Digitlab.run`. Steps beyond, until training looks about again, are those of the next time."""
        self.due += units * self.job.steps
        while self.due > 0:
            taken = next(self.training)
            self.steps += taken
            self.due -= taken

    def distorting(self) -> float:
        """Seconds of it in a unit of work, on average."""
        return self.spent / self.steps * self.job.steps


class Torch(peers.Torch):
    """The same network, optimizer and rates; the distorted pictures lie ready in memory, as floats."""

    def __init__(self, job: RecipeJob, threads: int, kind: str) -> None:
        super().__init__(job, threads, kind)
        optim, recipe = self.torch.optim, job.recipe
        decay = {"weight_decay": recipe.weight_decay, "lr": recipe.learning_rate, "fused": True}
        ball = {"momentum": recipe.momentum, "nesterov": recipe.optimizer == "nesterov"}
        betas = {"betas": (recipe.beta1, recipe.beta2)}
        make = {"sgd": (optim.SGD, {}), "momentum": (optim.SGD, ball), "nesterov": (optim.SGD, ball)}
        kind_of, more = (make | {"adam": (optim.Adam, betas), "adamw": (optim.AdamW, betas)})[recipe.optimizer]
        self.optimizer = kind_of(self.model.parameters(), **decay, **more)
        steps = len(job.first_batches(len(job.digits)))
        settings = ScheduleSettings(recipe.epochs * steps, steps, recipe.decay, recipe.decay_every, recipe.warmup)
        self.rates = optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: rate_factor(recipe.schedule, step, settings)
        )

    def _step(self, x: Any, y: Any) -> Any:
        loss = super()._step(x, y)
        self.rates.step()
        return loss


if __name__ == "__main__":
    peers.serve({"digitlab": Digitlab, "torch": Torch}, RecipeJob)

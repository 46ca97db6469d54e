"""Those that are compared, each in a process of its own, which does what it is asked for line by line.

Each does what its own documentation recommends for speed: all data in memory, samples of a mini-batch taken by index
from one permutation, the fused optimizer where there is one. `asking.py` is the other end of the pipe.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import math
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ENOUGH = 0.25  # seconds that a round lasts at least
JSON = dict[str, Any]


class Job:
    """What is to be done, for all alike.

    Attributes:
        sizes, activation, rate: the network and the rate of plain gradient descent.
        batch: samples in a step; 0 for all.
        steps: of one unit of work; 0 for an epoch.
    """

    def __init__(self, asked: JSON) -> None:
        import digitlab as dl

        self.sizes: list[int] = asked["sizes"]
        self.activation: str = asked["activation"]
        self.batch: int = asked["batch"]
        self.steps: int = asked["steps"]
        self.rate: float = asked["rate"]
        samples: int = asked["samples"]
        train, _ = dl.load_mnist()
        images = np.resize(train.images, (samples, 28, 28))  # from the beginning again where there are not enough
        self.digits = dl.Digits(images, np.resize(train.labels, samples), "MNIST, repeated")
        initializer = "he" if self.activation == "relu" else "lecun"
        self.network = dl.Network(self.sizes, activation=self.activation, initializer=initializer, seed=0)

    def pixels(self) -> np.ndarray:
        """The inputs as float32, (N, 784)."""
        import digitlab as dl

        return dl.normalize(self.digits.images).reshape(-1, 784)

    def first_batches(self, steps: int) -> list[np.ndarray]:
        """Batches in the natural order, for checks."""
        size = self.batch or len(self.digits)
        return [np.arange(step * size, (step + 1) * size) % len(self.digits) for step in range(steps)]


class Digitlab:
    """This library: a path of its native engine, or its NumPy engine."""

    def __init__(self, job: Job, threads: int, path: str = "") -> None:
        from digitlab.engines import NativeEngine, NumpyEngine
        from digitlab.engines.optimizer import Hyperparameters
        from digitlab.training.optimizers import SGD

        self.job = job
        self.parameters = job.network.parameters
        self.optimizer = SGD(Hyperparameters(job.rate, 0.0, 0.9, 0.999, 0.0))
        engine = NumpyEngine() if path == "numpy" else NativeEngine(path or None)
        self.session = engine.open(job.network.architecture, job.digits, threads=threads)
        self.about = f"digitlab, {getattr(engine, 'simd', 'NumPy ' + np.__version__)}"
        self.epoch = 0

    def gradient_error(self) -> float:
        """Relative error of the whole gradient against float64."""
        from digitlab.engines import NumpyEngine

        samples = self.away_from_corners() if self.job.activation == "relu" else slice(None)
        answer = self.session.sums(self.parameters, samples).gradient
        with NumpyEngine(np.float64).open(self.job.network.architecture, self.job.digits) as session:
            exact = session.sums(self.parameters.astype(np.float64), samples).gradient
        return float(np.linalg.norm(answer - exact) / np.linalg.norm(exact))

    def away_from_corners(self) -> np.ndarray:
        """The first 10,000 samples without those where rounding decides on which side of ReLU's corner a sum falls."""
        import digitlab as dl

        a = dl.normalize(self.job.digits.images[:10_000], np.float64).reshape(-1, 784)
        away = np.ones(len(a), bool)
        for W, b in self.job.network.architecture.layers(self.parameters.astype(np.float64))[:-1]:
            z = a @ W + b
            away &= np.abs(z).min(axis=1) > 1e-5
            a = np.maximum(z, 0)
        return np.flatnonzero(away)

    def losses(self, steps: int) -> list[float]:
        """The mean loss met at each of the first steps."""
        done = self.session.advance(self.parameters, self.optimizer, self.job.first_batches(steps))
        return [loss / count for loss, count in zip(done.losses, done.counts, strict=True)]

    def run(self, units: int) -> None:
        """Units of work, one after the other."""
        from digitlab.training.batches import batches_of_epoch

        for _ in range(units):
            self.epoch += 1
            batches = batches_of_epoch(len(self.job.digits), self.job.batch, 0, self.epoch)
            self.session.advance(self.parameters, self.optimizer, batches[: self.job.steps or None])

    def picture(self) -> None:
        """One picture to probabilities."""
        self.job.network.probabilities(self.job.digits.images[0])


class Classic:
    """`examples/classic.py` as it stands, in float64."""

    def __init__(self, job: Job, threads: int) -> None:
        import digitlab as dl

        place = Path(__file__).parent.parent / "examples" / "classic.py"
        spec = importlib.util.spec_from_file_location("classic", place)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(module)  # type: ignore[union-attr]
        self.classic, self.rate = module.classic, job.rate
        self.x = job.digits.images.reshape(-1, 784) / 255
        self.y = dl.one_hot(job.digits.labels)
        self.about = f"NumPy {np.__version__}, float64, {threads} threads"

    def losses(self, steps: int) -> list[float]:
        """See `Digitlab.losses`."""
        with contextlib.redirect_stdout(io.StringIO()):
            _, losses = self.classic(self.x, self.y, epochs=steps, learning_rate=self.rate)
        return [float(loss) for loss in losses]

    def run(self, units: int) -> None:
        """See `Digitlab.run`."""
        self.losses(units)


class ScikitLearn:
    """`MLPClassifier` in float32."""

    def __init__(self, job: Job, threads: int) -> None:
        import sklearn
        from sklearn.neural_network import MLPClassifier

        self.job, self.x, self.y = job, job.pixels(), job.digits.labels.astype(np.int64)
        self.model = MLPClassifier(
            hidden_layer_sizes=job.sizes[1:-1],
            activation={"sigmoid": "logistic"}.get(job.activation, job.activation),
            solver="sgd",
            alpha=0.0,
            batch_size=job.batch or len(self.x),
            learning_rate_init=job.rate,
            momentum=0.0,
            nesterovs_momentum=False,
            shuffle=job.batch > 0,
            tol=0.0,
            n_iter_no_change=1_000_000,
            warm_start=True,
        )
        self.about = f"scikit-learn {sklearn.__version__}, {threads} threads"

    def losses(self, steps: int) -> list[float]:
        """See `Digitlab.losses`."""
        batches = self.job.first_batches(steps)
        self.model.set_params(batch_size=len(batches[0]), shuffle=False, warm_start=False)
        self.model.partial_fit(self.x[batches[0]], self.y[batches[0]], classes=np.arange(10))  # makes its arrays
        for layer, W, b in zip(self.job.network.layers, self.model.coefs_, self.model.intercepts_, strict=True):
            W[:], b[:] = layer.W, layer.b
        found = []
        for batch in batches:
            self.model.partial_fit(self.x[batch], self.y[batch])
            found.append(float(self.model.loss_))
        self.model.set_params(batch_size=self.job.batch or len(self.x), shuffle=self.job.batch > 0, warm_start=True)
        return found

    def run(self, units: int) -> None:
        """See `Digitlab.run`."""
        self.model.set_params(max_iter=units)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells that it has not converged
            self.model.fit(self.x, self.y)


class Torch:
    """PyTorch on the processor: ``kind`` is "eager", "compiled" or "bf16" (eager, products may be bfloat16)."""

    def __init__(self, job: Job, threads: int, kind: str = "eager") -> None:
        import torch

        torch.set_num_threads(threads)
        if kind == "bf16":
            torch.set_float32_matmul_precision("medium")
        self.torch, self.job = torch, job
        self.X, self.Y = torch.from_numpy(job.pixels()), torch.from_numpy(job.digits.labels.astype(np.int64))
        unit = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[job.activation]
        stack: list[Any] = []
        for layer in job.network.layers:
            linear = torch.nn.Linear(*layer.W.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(layer.W.T.copy()))
                linear.bias.copy_(torch.from_numpy(layer.b.copy()))
            stack += [linear, unit()]
        self.model = torch.nn.Sequential(*stack[:-1])
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=job.rate, fused=True)
        self.loss = torch.compile(self._loss, dynamic=False) if kind == "compiled" else self._loss
        held = torch.backends.cpu.get_cpu_capability()
        self.about = f"PyTorch {torch.__version__}, {kind}, {held}, {threads} threads"

    def _loss(self, x: Any, y: Any) -> Any:
        return self.torch.nn.functional.cross_entropy(self.model(x), y)

    def _step(self, x: Any, y: Any) -> Any:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(x, y)
        loss.backward()
        self.optimizer.step()
        return loss

    def losses(self, steps: int) -> list[float]:
        """See `Digitlab.losses`."""
        batches = map(self.torch.from_numpy, self.job.first_batches(steps))
        return [self._step(self.X[batch], self.Y[batch]).item() for batch in batches]

    def run(self, units: int) -> None:
        """See `Digitlab.run`."""
        size = self.job.batch
        for _ in range(units):
            if not size or size >= len(self.X):
                self._step(self.X, self.Y)
                continue
            order = self.torch.randperm(len(self.X))
            for batch in order.split(size)[: self.job.steps or None]:
                self._step(self.X.index_select(0, batch), self.Y.index_select(0, batch))

    def picture(self) -> None:
        """See `Digitlab.picture`."""
        with self.torch.inference_mode():
            pixels = self.torch.from_numpy(self.job.digits.images[0]).reshape(1, 784).float() / 255
            self.torch.softmax(self.model(pixels), 1).numpy()


KINDS = {"digitlab": Digitlab, "classic": Classic, "sklearn": ScikitLearn, "torch": Torch}


def microseconds(peer: Any, calls: int = 2000) -> float:
    """The median of many calls, after some to warm up."""
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        peer.picture()
        taken.append(time.perf_counter() - began)
    return 1e6 * statistics.median(taken[calls // 10 :])


def answer(peer: Any, question: JSON, state: JSON) -> JSON:
    """What was asked for."""
    if question["do"] == "losses":
        return {"losses": peer.losses(question["steps"])}
    if question["do"] == "gradient":
        return {"error": peer.gradient_error()}
    if question["do"] == "picture":
        return {"microseconds": microseconds(peer)}
    if question["do"] == "distorting":
        return {"seconds": peer.distorting()}
    if "units" not in state:  # the first one is slow; the second tells how many fit into a round
        peer.run(1)
        began = time.perf_counter()
        peer.run(1)
        state["units"] = max(1, math.ceil(ENOUGH / (time.perf_counter() - began)))
    began = time.perf_counter()
    peer.run(state["units"])
    return {"seconds": (time.perf_counter() - began) / state["units"]}


def serve(
    kinds: dict[str, Any], job: Callable[[JSON], Any], answer: Callable[[Any, JSON, JSON], JSON] = answer
) -> None:
    """A program ``KIND VARIANT THREADS``; then come questions on standard input."""
    kind, variant, threads = sys.argv[1:]
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not look like an answer
    peer: Any = None
    state: JSON = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if question["do"] == "prepare":
                state = {}
                options = {"digitlab": {"path": variant}, "torch": {"kind": variant}}.get(kind, {})
                peer = kinds[kind](job(question["job"]), int(threads), **options)
                reply = {"about": peer.about, "process": os.getpid()}
            else:
                reply = answer(peer, question, state)
        except ImportError as error:
            reply = {"missing": f"it is not installed ({error})"}
        except Exception as error:
            reply = {"missing": f"{type(error).__name__}: {str(error).splitlines()[0]}"}
        print(json.dumps(reply), file=out, flush=True)


if __name__ == "__main__":
    serve(KINDS, Job)

"""`DigitClassifier` beside scikit-learn's `MLPClassifier`: all 60,000 digits, the same network, batch size and epochs.

Both get what suits them: ours bytes, theirs float32 from 0 to 1. Accuracies are of the 10,000 test digits.

    python benchmarks/classifier.py [--epochs 20]
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import digitlab as dl
from digitlab.interop.sklearn import DigitClassifier


def measure(name: str, classifier: Any, train: tuple[Any, Any], test: tuple[Any, Any]) -> float:
    """Seconds to fit; prints them, and the accuracy."""
    began = time.perf_counter()
    classifier.fit(*train)
    seconds = time.perf_counter() - began
    print(f"{name:<28} {seconds:7.1f} s   {100 * classifier.score(*test):.2f} %", flush=True)
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    epochs = parser.parse_args().epochs
    warnings.simplefilter("ignore", ConvergenceWarning)  # theirs: it has not converged by then
    as_bytes = [(part.images.reshape(-1, 784), part.labels) for part in dl.load_mnist()]
    as_floats = [((X / 255).astype(np.float32), y) for X, y in as_bytes]
    ours = measure(f"DigitClassifier, {epochs} epochs", DigitClassifier(epochs=epochs), *as_bytes)
    peer = MLPClassifier((64,), batch_size=64, max_iter=epochs, random_state=0)
    theirs = measure(f"MLPClassifier, {epochs} epochs", peer, *as_floats)
    print(f"{theirs / ours:.1f} times as fast")

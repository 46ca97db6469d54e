"""Compute the golden values again: what the tests hold trainings to.

- the losses of the classic experiment in float64, by examples/classic.py
- the SHA-256 of weights that the native engine trained (`native_bits`)
- what pictures and drawings become (`prepare_vectors`)

Run by `make golden`, never by a test. It takes some minutes. Look at what changed before you commit it.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import digitlab as dl
from tests.golden import native_bits, prepare_vectors

HERE = Path(__file__).parent
TRACE = HERE / "seed_float64.json"
EPOCHS = [*range(1, 21), *range(100, 1001, 100)]


def losses_in_float64() -> None:
    """Train for 1000 epochs and keep the losses of some."""
    example = runpy.run_path(str(HERE.parents[1] / "examples" / "classic.py"))
    (x, y), _ = dl.load_data()
    _, losses = example["classic"](x.reshape(-1, 784) / 255, dl.one_hot(y), epochs=EPOCHS[-1])
    trace = {str(epoch): round(float(losses[epoch - 1]), 12) for epoch in EPOCHS}
    TRACE.write_text(json.dumps({"recipe": "seed", "loss": trace}, indent=2) + "\n")


def bits_of_the_native_engine() -> None:
    """Train on the best path of this processor; the tests see to it that the others give the same."""
    digits, _ = dl.load_mnist()
    values = {name: native_bits.bits(name, digits) for name in native_bits.TRAININGS}
    native_bits.FILE.write_text(json.dumps({"sha256": values}, indent=2) + "\n")


def main() -> None:
    """All of them."""
    prepare_vectors.write()
    bits_of_the_native_engine()
    losses_in_float64()


if __name__ == "__main__":
    main()

"""Compute the golden trace again: the losses of the classic experiment in float64, by examples/classic.py.

Run by `make golden`, never by a test. It takes some minutes. Look at what changed before you commit it.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import digitlab as dl

HERE = Path(__file__).parent
TRACE = HERE / "seed_float64.json"
EPOCHS = [*range(1, 21), *range(100, 1001, 100)]


def main() -> None:
    """Train for 1000 epochs and keep the losses of some."""
    example = runpy.run_path(str(HERE.parents[1] / "examples" / "classic.py"))
    (x, y), _ = dl.load_data()
    _, losses = example["classic"](x.reshape(-1, 784) / 255, dl.one_hot(y), epochs=EPOCHS[-1])
    trace = {str(epoch): round(float(losses[epoch - 1]), 12) for epoch in EPOCHS}
    TRACE.write_text(json.dumps({"recipe": "seed", "loss": trace}, indent=2) + "\n")


if __name__ == "__main__":
    main()

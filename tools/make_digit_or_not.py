"""Make the network that tells digits from all else, anew: `make rejection` is the command.

    make rejection            train it, and write src/digitlab/models/digit-or-not.safetensors
    make rejection CHECK=1    train it anew, and compare it with that file

It learns the first 50,000 training digits, as they are and drawn anew (`tools/many_digits.py`), against as many
pictures of other things (`tools/non_digits.py`). On the 10,000 digits that are held out, its operating point is found,
and with other things beside them its temperature. The test digits have no part in it. All is drawn from seeded numbers.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

import digitlab as dl
from digitlab.engines import Engine
from digitlab.engines.native import NativeEngine
from digitlab.evaluation import fit_temperature
from digitlab.network.model_file import encode_model
from digitlab.network.shipped import DIGIT_OR_NOT
from digitlab.reading.reject import CLASSES, FALSE_REJECTS
from digitlab.training.recipe_files import NamedRecipe
from tools.making import command, forget, trained, what_differs
from tools.many_digits import varied
from tools.non_digits import KINDS, non_digits, things
from tools.pens import TRAIN_FONTS

WORK = Path("runs-digit-or-not")
HELD_OUT = 10_000
DIGITS_TO_DRAW_FROM = 20_000
BLANKS = 0.002  # of all others

ABOUT = "Tells digits from all else: 784-600-200-2, on digits as varied as people write them, against drawn non-digits."
RECIPE = NamedRecipe(
    DIGIT_OR_NOT,
    ABOUT,
    dl.Recipe(
        layers=(784, 600, 200, 2),
        activation="relu",
        initializer="he",
        optimizer="nesterov",
        learning_rate=0.08,
        momentum=0.9,
        weight_decay=2e-5,
        schedule="one_cycle",
        batch_size=128,
        epochs=24,
        rotation=5.0,
        shear=0.1,
        scale=0.08,
        stretch=0.08,
        shift=1.0,
        elastic_alpha=25.0,
        elastic_sigma=5.5,
        thickness=0.5,
    ),
)

SHARES = {  # of what is learnt; kinds that are harder, or matter more, have more
    "paper": 5,
    "noise": 4,
    "stain": 3,
    "dash": 12,
    "dot": 6,
    "dots in a row": 4,
    "scribble": 9,
    "made-up sign": 18,
    "letter, pen": 14,
    "symbol, pen": 14,
    "letter, font": 12,
    "symbol, font": 13,
    "word": 4,
    "two digits": 10,
    "three or four digits": 5,
    "digit and piece of another": 10,
    "digits above one another": 9,
    "grid": 3,
    "form cell": 3,
    "ruled lines": 3,
}


class Made(NamedTuple):
    """The bytes of the model file, and what was found on the digits held out."""

    content: bytes
    temperature: float
    operating_point: float


def make(
    named: NamedRecipe,
    digits: dl.Digits,
    work: Path,
    *,
    held_out: int = HELD_OUT,
    per_share: int = 1000,
    engine: Engine | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> Made:
    """The training, kept as a run below ``work`` until it is done.

    Args:
        named: the recipe.
        digits: all of MNIST's training digits.
        work: a folder.
        held_out: how many digits at the end are not learnt.
        per_share: how many pictures a share of `SHARES` is.
        engine: the native one, where it is None.
        threads: as many as the process may use where it is None.
        progress: show it.

    Raises:
        InputError: the native engine was not compiled.
        RunError: the training was stopped on the way, or cannot go on to the same bits.
    """
    engine = engine or NativeEngine()
    learnt, unseen = digits[:-held_out], digits[-held_out:]
    run = work / "all"
    network = trained(named, material(learnt, per_share, seed=0), run, engine, threads, progress)
    held = material(unseen, max(1, per_share // 20), seed=1)
    temperature = fit_temperature(network.logits(held.images), held.labels)
    card = dataclasses.replace(network.card, temperature=temperature, recipe=what_differs(named))
    content = encode_model(network.architecture, network.parameters, card)
    forget(work, [run])
    network.card = card
    operating_point = float(np.quantile(network.probabilities(unseen.images)[:, 1], FALSE_REJECTS))
    return Made(content, temperature, operating_point)


def material(digits: dl.Digits, per_share: int, seed: int) -> dl.Digits:
    """Digits as they are and drawn anew, then pictures of all the kinds of other things."""
    positive = np.concatenate((digits.images, varied(digits, np.random.default_rng(seed), TRAIN_FONTS)))
    box = things(digits[:DIGITS_TO_DRAW_FROM], seed, train=True)
    drawn = [non_digits(box, kind, SHARES[kind] * per_share) for kind in KINDS]
    count = sum(map(len, drawn))
    negative = np.concatenate([*drawn, np.zeros((max(1, int(count * BLANKS)), 28, 28), np.uint8)])
    labels = np.repeat(np.array([1, 0], np.uint8), (len(positive), len(negative)))
    source = f"{digits.source}, drawn anew, too, and non-digits of {len(KINDS)} kinds"
    return dl.Digits(np.concatenate((positive, negative)), labels, source, classes=CLASSES)


def main(arguments: list[str] | None = None) -> int:
    """The command: 0 where the file was written, or is what was made again."""
    return command(DIGIT_OR_NOT, _make, WORK, arguments)


def _make(work: Path, threads: int | None) -> tuple[bytes, list[str]]:
    train, _ = dl.load_mnist()
    made = make(RECIPE, train, work, threads=threads, progress=True)
    told = f"of {HELD_OUT:,} digits held out {FALSE_REJECTS:.0%} are below {made.operating_point:.4f}"
    return made.content, [f"{told}, the OPERATING_POINT of reading/reject.py", f"temperature {made.temperature}"]


if __name__ == "__main__":
    sys.exit(main())

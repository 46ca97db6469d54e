"""How well digits are told from all else, and which answers are in doubt, measured on what training has not seen.

python -m benchmarks.rejection [--per-kind 1000] [--figure docs/images/rejection.png]

The digits are MNIST's test digits, as they are and drawn anew; what is no digit is drawn with other random numbers,
fonts and digits than in training. Letters and symbols that training had in no form are counted by themselves.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import digitlab as dl
from digitlab.reading.reject import DOUBTED, OPERATING_POINT, SURE, digit_probabilities, is_doubtful
from tools.many_digits import varied
from tools.non_digits import KINDS, OF_SHAPES, non_digits, things
from tools.pens import TEST_FONTS

SEED = 15


class Measured(NamedTuple):
    """How probable it is that each picture is a digit.

    Attributes:
        digits: of the test digits.
        anew: of the test digits drawn anew: thin, thick, cut, patchy, crossed, soft.
        kinds: of pictures of each kind.
        new: of the letters and symbols that were kept from training.
    """

    digits: NDArray[np.float64]
    anew: NDArray[np.float64]
    kinds: dict[str, NDArray[np.float64]]
    new: dict[str, NDArray[np.float64]]

    @property
    def others(self) -> NDArray[np.float64]:
        """All that are no digits, each kind alike."""
        return np.concatenate(list(self.kinds.values()))


def measure(test: dl.Digits, per_kind: int, seed: int = SEED) -> Measured:
    """So many pictures of each kind, beside the digits."""
    box, box_of_new = (things(test, seed, train=False, new=new) for new in (False, True))
    kinds = {kind: digit_probabilities(non_digits(box, kind, per_kind)) for kind in KINDS}
    new = {kind: digit_probabilities(non_digits(box_of_new, kind, per_kind)) for kind in OF_SHAPES}
    anew = digit_probabilities(varied(test, np.random.default_rng(seed), TEST_FONTS))
    return Measured(digit_probabilities(test.images), anew, kinds, new)


def accepted(probabilities: NDArray[np.float64], point: float = OPERATING_POINT) -> float:
    """Which share is taken for digits."""
    return float((probabilities >= point).mean())


def tell(measured: Measured) -> None:
    """The table, as docs/reference/rejection.md has it."""
    one_percent = float(np.quantile(measured.digits, 0.01))
    print(f"operating point {OPERATING_POINT}\n\n| digits | of | rejected |\n|---|---|---|")
    for name, found in (("MNIST test", measured.digits), ("the same, drawn anew", measured.anew)):
        print(f"| {name} | {len(found):,} | {1 - accepted(found):.2%} |")
    print("\n| no digits | of | accepted |\n|---|---|---|")
    rows = [(kind, found) for kind, found in measured.kinds.items()]
    rows += [("**all of these**", measured.others)]
    rows += [(f"{kind}, new shapes", found) for kind, found in measured.new.items()]
    for name, found in rows:
        print(f"| {name} | {len(found):,} | {accepted(found):.1%} |")
    at_one = accepted(measured.others, one_percent)
    print(f"\nwhere 1 % of the test digits are rejected ({one_percent:.4f}), {at_one:.2%} of the others are accepted")


def tell_doubt(name: str, network: dl.Network, digits: dl.Digits) -> None:
    """Of the digits that are not rejected: how many of the misread ones, and of the others, the rule of doubt marks."""
    probabilities, of_digit = network.probabilities(digits.images), digit_probabilities(digits.images)
    right = probabilities.argmax(axis=1) == digits.labels
    pairs = zip(of_digit, probabilities, strict=True)
    marked = np.array([is_doubtful(p, answer) for p, answer in pairs])
    kept = of_digit >= OPERATING_POINT
    wrong, right = kept & ~right, kept & right
    shares = f"{marked[wrong].mean():.1%} of {wrong.sum()} misread and {marked[right].mean():.2%} of the right ones"
    print(f"{name}, not rejected: in doubt (below {DOUBTED} a digit, or below {SURE} sure) are {shares}")


def draw(measured: Measured, target: Path) -> None:
    """The curve: what is accepted of the others, by what is rejected of the digits."""
    from matplotlib.figure import Figure

    points = np.unique(np.concatenate((np.quantile(measured.digits, np.linspace(0, 0.05, 400)), [OPERATING_POINT])))
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    new = np.concatenate(list(measured.new.values()))
    for name, found, colour in (
        ("all kinds", measured.others, "#1f6f8b"),
        ("letters and symbols new to the network", new, "#b9b9b9"),
    ):
        shares = [(100 * (1 - accepted(measured.digits, p)), 100 * accepted(found, p)) for p in points]
        axes.plot(*zip(*shares, strict=True), color=colour, label=name)
        here = 100 * (1 - accepted(measured.digits)), 100 * accepted(found)
        axes.plot(*here, "o", color=colour)
    axes.axvline(1, color="#444444", linewidth=0.8, linestyle=":")
    axes.set(xlabel="test digits rejected, %", ylabel="others accepted, %", xlim=(0, 3), ylim=(0, None))
    axes.legend(title="the dots: the operating point")
    figure.savefig(target, dpi=130)
    print(f"drawn: {target}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--per-kind", type=int, default=1000, help="pictures of each kind (1000)")
    parser.add_argument("--figure", type=Path, help="draw the curve into this file")
    asked = parser.parse_args()
    _, test = dl.load_mnist()
    measured = measure(test, asked.per_kind)
    tell(measured)
    tell_doubt("\nstandard, MNIST test", dl.load("standard"), test)
    again = dl.Digits(varied(test, np.random.default_rng(SEED), TEST_FONTS)[: len(test)], test.labels, "drawn anew")
    tell_doubt("standard, drawn anew", dl.load("standard"), again)
    if asked.figure:
        draw(measured, asked.figure)


if __name__ == "__main__":
    main()

"""One step of backpropagation in words, within 80 columns: small things whole, and of large ones what stands out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from digitlab.figures.style import LONGEST_CLASS, cut
from digitlab.inside.backprop import Backprop, Check
from digitlab.inside.quantities import Quantity
from digitlab.network.activations import Floats
from digitlab.network.card import are_numbers

MOST_COLUMNS = 10  # of a vector that is told whole
WIDTH = 80
LARGEST = 3  # numbers of a large quantity that are told
STAGES = {
    "forward": "FORWARD: from the picture to the loss",
    "backward": "BACKWARD: derivatives, how the loss changes with each number, last layer first",
    "step": "THE STEP: each weight and bias moves against its derivative",
}


def step_text(step: Backprop) -> str:
    """Every quantity with its formula, in the order in which they are computed; then what came of it, and a check."""
    card, label = step.network.card, step.label
    name = "" if are_numbers(card.labels) else f" ({cut(card.labels[label], LONGEST_CLASS)})"
    lines = [f"one step on one picture of class {label}{name}; learning rate {step.learning_rate:g}"]
    if card.temperature not in {None, 1.0}:
        lines.append(f"(training knows no temperature: the model's, {card.temperature:g}, is left out)")
    for stage, title in STAGES.items():
        lines += ["", title]
        for quantity in step.quantities.values():
            if quantity.stage == stage:
                lines += _quantity_lines(step, quantity)
    change = "smaller" if step.loss_after < step.loss else "larger, as the step is too long"
    return "\n".join(
        [
            *lines,
            "",
            f"p[{label}] was {_short(step['p'][label])} and is now {_short(step['new p'][label])}",
            f"the loss was {step.loss:.4g} and is now {step.loss_after:.4g}: {change}",
            f"try a derivative out: --check {_steepest(step)}",
        ]
    )


def check_text(check: Check) -> str:
    """A derivative, computed and tried out, with the arithmetic between."""
    what = _place(check.name, check.index)
    corner = "they differ: the nudge has led over a corner of an activation, or there is a bug"
    return "\n".join(
        [
            f"the derivative: how the loss changes with {what}",
            f"  by backpropagation, d{what}",
            f"    {check.derivative + 0:.10g}",
            "  by trying it out",
            f"    the loss with {what} larger by {check.nudge:g}:   {check.ahead:.15g}",
            f"    the loss with {what} smaller by {check.nudge:g}:  {check.behind:.15g}",
            f"    the difference, divided by {2 * check.nudge:g}:",
            f"    {check.numerical:.10g}",
            f"  {'they agree' if check.agrees else corner}",
        ]
    )


def _quantity_lines(step: Backprop, quantity: Quantity) -> Iterator[str]:
    """Its formula and what it is; then all its numbers, or how many there are and which are largest."""
    name, values = quantity.name, quantity.values
    equals = f"{name} = {quantity.formula}" if quantity.formula else name
    if not values.ndim:
        equals += f" = {values:.4g}"
    yield f"  {equals:<32}  {quantity.about}"
    if values.ndim == 1 and len(values) <= MOST_COLUMNS:
        if name[:-1] in {"z", "delta", "new b"}:  # what stands between them has the same columns
            yield "   " + "".join(f"{f'[{number}]':>7}" for number in range(len(values)))
        yield "   " + "".join(f"{_short(value):>7}" for value in values)
    elif name.startswith(("new W", "new b")):
        yield f"     {_moved(step, name.removeprefix('new '))}"
    elif values.ndim and not name.startswith("db"):  # which is delta once more
        some = np.count_nonzero(values)
        told = f", {some:,} of them not 0" if some < values.size else ""
        shape = " x ".join(f"{size:,}" for size in values.shape)
        yield f"     {shape} numbers from {values.min():.3g} to {values.max():.3g}{told}"
        if name != "x" and some:
            largest = [f"{_place(name, place)} = {values[place]:.3g}" for place in _largest(values)]
            line = f"     largest: {', '.join(largest)}"
            yield line if len(line) <= WIDTH else line.rpartition(", ")[0]


def _moved(step: Backprop, name: str) -> str:
    """The number of a parameter that moves most, and how."""
    place = _largest(step[f"d{name}"])[0]
    before, derivative, after = (step[one][place] for one in (name, f"d{name}", f"new {name}"))
    return f"{_place(name, place)}: {before:.5g} - {step.learning_rate:g} * {derivative:.3g} = {after:.5g}"


def _steepest(step: Backprop) -> str:
    """The first parameter with a derivative, where it is largest."""
    for name in step.network.architecture.named(step.network.parameters):
        if step[f"d{name}"].any():
            break
    return _place(name, _largest(step[f"d{name}"])[0])


def _largest(values: Floats) -> list[tuple[int, ...]]:
    """Where the numbers of largest size are."""
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:LARGEST]
    return [tuple(int(one) for one in np.unravel_index(place, values.shape)) for place in order]


def _place(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, index))}]"


def _short(value: float) -> str:
    """A number in six characters at most, such as 12.34, -0.250, -9e-05."""
    size = abs(value)
    if value == round(value) and size < 100:
        return str(round(value))
    if size < 0.0005:
        return f"{value:.0e}"
    return f"{value:.3f}" if size < 10 else f"{value:.2f}" if size < 100 else f"{value:.3g}"

"""A comparison in words: the models with their accuracies, what it comes to, and which pictures changed sides."""

from __future__ import annotations

from collections.abc import Iterator

from digitlab.evaluation.comparison import LEVEL, Comparison
from digitlab.evaluation.contest import Contest
from digitlab.network.card import are_numbers

MOST_LISTED = 20  # pictures that changed sides


def comparison_text(contest: Contest) -> str:
    """All that was found, in lines for a terminal; of two models also the pictures that changed sides."""
    width = max(len(entry.name) for entry in contest.entries)
    lines = [f"{contest.source}: {contest.count:,} pictures", ""]
    for entry in contest.entries:
        low, high = entry.accuracy_interval
        interval = f"95 % interval {100 * low:.2f} to {100 * high:.2f}"
        lines.append(f"{entry.name:<{width}}  {100 * entry.accuracy:6.2f} % right   ({interval})")
    lines += ["", *contest.sentences]
    if contest.groups:
        lines += [
            "",
            "one run beside another, with the luck of their seeds:",
            *(pair.sentence for pair in contest.pairs),
        ]
    else:
        lines.append("(networks are compared here; which recipe is better, several seeds of each can tell)")
    if (several := len(contest.pairs)) > 1:
        level = f"{LEVEL / several:.2g} ({LEVEL} / {several})"
        lines += ["", f"with {several} comparisons at once, one counts where p is below {level}"]
    for pair in contest.pairs:
        lines += ["", *_counts(pair)]
    return "\n".join([*lines, *_changed_lines(contest.pairs[0])] if several == 1 else lines)


def _counts(pair: Comparison) -> Iterator[str]:
    a, b = pair.names
    p = "< 1e-300" if pair.p < 1e-300 else f"= {pair.p:.2g}" if pair.p < 0.1 else f"= {pair.p:.2f}"
    yield f"{a} and {b}: p {p} (McNemar's exact test)"
    yield f"  both are right on {pair.both:,}, neither on {pair.neither:,},"
    yield f"  only {a} on {pair.only_a:,}, only {b} on {pair.only_b:,}"


def _changed_lines(pair: Comparison) -> Iterator[str]:
    """One line for each of the first pictures that only one of the two reads rightly."""
    if not pair.changed:
        return
    more = f", the first {MOST_LISTED}" if len(pair.changed) > MOST_LISTED else ""
    yield ""
    yield f"{len(pair.changed):,} picture{'s' * (len(pair.changed) != 1)} changed sides{more}"
    yield f"  (what each is: what {pair.names[0]} reads, then {pair.names[1]})"
    for one in pair.changed[:MOST_LISTED]:
        label, first, second = (
            str(number) if are_numbers(pair.classes) else pair.classes[number] for number in (one.label, *one.answers)
        )
        doubt = f"   label in doubt: {one.label_error.note}" if one.label_error else ""
        yield f"  {one.index:6d}  is {label}: {first}, then {second}{doubt}"

"""Our engine beside its peers: first everything is verified, then all are timed in one run, taking turns.

A peer is a process that waits for its turn (`peers.py`, `asking.py`). In each round every one of them works once, for
at least a quarter of a second; ratios are those of one round, because machines drift. What is not installed, what the
processor cannot do, and what ends on the way is said to be missing, and the rest goes on. PyTorch and scikit-learn come
with `pip install --group bench`.

    python benchmarks/engines.py [--rows full,mini,wide,deep] [--rounds 9] [--seed] [--scaling samples,width,...]
                                 [--json FILE] [--figure FILE.png]
    python benchmarks/engines.py --quick      two rows and three rounds, in less than three minutes
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import alone
from asking import EAGER, NUMPY, Group, Name, ratios, rounds_of, spread
from rows import QUICK, ROWS, SCALING, Row, all_paths

from digitlab.runs.manifest import processor

JSON = dict[str, Any]
STEPS = 3  # of which the losses are compared
GRADIENT = 3e-7  # relative error that the native engine may have


def verify(group: Group) -> JSON:
    """Losses of the first steps from the same weights, against our NumPy engine's; and gradients against float64.

    Ends the program where something is wrong: nothing is timed then.
    """
    gradients = {
        peer.name.called: answer["error"]
        for peer in list(group.peers)
        if peer.name.kind == "digitlab" and (answer := group.ask(peer, "gradient"))
    }
    losses = {name: answer["losses"] for name, answer in group.ask_all("losses", steps=STEPS).items()}
    right = losses.get(NUMPY.called)
    if right is None:
        sys.exit(f"{NUMPY.called} is missing, so nothing can be verified: {group.missing[NUMPY.called]}")
    wrong = []
    for peer in group.peers:
        name, error = peer.name.called, gradients.get(peer.name.called, 0.0)
        away = max(abs(one - other) / other for one, other in zip(losses[name], right, strict=True))
        limit = GRADIENT if name.startswith("native") else 1e-6
        print(f"  {name:<26} losses {away:7.1e}" + (f"   gradient {error:7.1e}" if error else ""))
        if not away <= peer.name.closeness or not error <= limit:
            wrong.append(name)
    if wrong:
        sys.exit(f"these are wrong, so nothing was timed: {', '.join(wrong)}")
    return {name: {"losses": losses[name], "gradient": gradients.get(name)} for name in losses}


def measure(row: Row, names: list[Name], rounds: int, threads: int) -> JSON:
    """One row: prepare, verify, time."""
    print(f"\n{row.title}", flush=True)
    with Group(names, row.job, threads) as group:
        print("verified, relative to our NumPy engine and to float64:", flush=True)
        checks = verify(group)
        times = rounds_of(group, rounds)
    about = {peer.name.called: peer.about for peer in group.peers}
    best = next(iter(times), "")
    if times:
        print(f"{row.unit}, {rounds} rounds: milliseconds, and how many times slower than {best} (min, median, max)")
    for name, seconds in times.items():
        milliseconds = "".join(f"{1000 * value:9.2f}" for value in spread(seconds))
        times_slower = "".join(f"{value:8.2f}" for value in spread(ratios(seconds, times[best])))
        print(f"  {name:<26}{milliseconds}   {times_slower}   {about[name]}")
    for name, reason in group.missing.items():
        print(f"  {name:<26} is missing: {reason}")
    return {
        "title": row.title,
        "unit": row.unit,
        "seconds": times,
        "best": best,
        "bars": judge(row, times, best),
        "checks": checks,
        "missing": group.missing,
        "about": about,
    }


def judge(row: Row, times: dict[str, list[float]], best: str) -> list[JSON]:
    """Each bar of the row: met or missed."""
    judged = []
    for bar in row.bars:
        ours = bar.ours or best
        here = [name for name in bar.peers if name in times]
        if ours not in times or not here:
            print(f"  {ours} against {' or '.join(bar.peers)}: not measured (bar {bar.bar:g})")
            continue
        peer = min(here, key=lambda name: spread(times[name])[1])  # the faster one, where there are two
        low, middle, high = spread(ratios(times[peer], times[ours]))
        verdict = "met" if middle >= bar.bar else "MISSED"
        print(
            f"  {ours} is {middle:.2f} times as fast as {peer} ({low:.2f} to {high:.2f})"
            f"   bar {bar.bar:g}: {verdict}   stretch {bar.stretch:g}"
        )
        judged.append(
            {"ours": ours, "peer": peer, "ratio": [low, middle, high], "bar": bar.bar, "stretch": bar.stretch}
        )
    return judged


def scaling(what: str, paths: list[str], rounds: int, threads: int) -> JSON:
    """Milliseconds of the best path, our ratio to PyTorch eager, for each size."""
    print(f"\nScaling with {what}: milliseconds of ours, of PyTorch eager, ratio (min, median, max)")
    found: JSON = {}
    for size, job in SCALING[what].items():
        count = size if what == "threads" else threads
        names = [*[name for name in all_paths(paths) if name.variant in paths][:1], EAGER]
        with Group(names, job, count) as group:
            times = rounds_of(group, rounds)
        reasons = "".join(f"   {name} is missing: {reason}" for name, reason in group.missing.items())
        if not times:
            print(f"  {size:>8} not measured: {reasons}")
            continue
        ours, *theirs = times.values()
        line = f"  {size:>8} {1000 * spread(ours)[1]:10.3f}"
        if theirs:
            line += f" {1000 * spread(theirs[0])[1]:10.3f}  "
            line += "".join(f"{value:8.2f}" for value in spread(ratios(theirs[0], ours)))
        print(line + reasons, flush=True)
        found[str(size)] = times
    return found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help="some of: %(default)s; or none")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help=f"the rows {','.join(QUICK)}, 3 rounds, few peers")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for all alike")
    parser.add_argument("--seed", action="store_true", help="also train the seed recipe for its 1000 epochs")
    parser.add_argument("--scaling", default="", help=f"some of: {','.join(SCALING)}; or all")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument("--figure", type=Path, help="draw it to this file (PNG)")
    asked = parser.parse_args()
    rows = [] if asked.rows == "none" else asked.rows.split(",")
    if asked.quick:
        rows, asked.rounds = list(QUICK), 3
    sizes = list(SCALING) if asked.scaling == "all" else [name for name in asked.scaling.split(",") if name]
    if unknown := [name for name in rows if name not in ROWS] + [name for name in sizes if name not in SCALING]:
        parser.error(f"unknown: {', '.join(unknown)}")

    figures = alone.memory()  # first, while this process is small
    from digitlab.engines.native import available_paths

    paths = available_paths()
    os.environ["DIGITLAB_THREADS"] = str(asked.threads)
    here = f"{processor()}, {asked.threads} threads, paths: {', '.join(paths) or 'none'}"
    print(f"{here}; {time.strftime('%Y-%m-%d %H:%M')}")
    peers = {name: QUICK[name] if asked.quick else ROWS[name].peers for name in rows}
    measured = {
        name: measure(ROWS[name], [*all_paths(paths), *peers[name]], asked.rounds, asked.threads) for name in rows
    }
    grown = {name: scaling(name, paths, 5, asked.threads) for name in sizes}
    print("\nOne process by itself (minimum, median, maximum)")
    figures |= alone.all_of_them(asked.rounds, asked.threads, whole_seed=asked.seed)
    alone.show(figures)

    everything = {
        "processor": processor(),
        "threads": asked.threads,
        "paths": paths,
        "python": platform.python_version(),
        "rows": measured,
        "scaling": grown,
        "alone": figures,
    }
    if asked.json:
        asked.json.write_text(json.dumps(everything, indent=2) + "\n")
    if asked.figure:
        from figure import draw

        draw(everything, asked.figure)


if __name__ == "__main__":
    main()

"""Our engine beside its peers: first everything is verified, then all are timed in one run, taking turns.

A peer is a process that waits for its turn (`peers.py`, `asking.py`). In each round every one of them works once, for
at least a quarter of a second; ratios are those of one round, because machines drift. What is not installed is said to
be missing. PyTorch and scikit-learn come with `pip install --group bench`.

    python benchmarks/engines.py [--rows full,mini,wide,deep] [--rounds 9] [--seed] [--scaling samples,width,...]
                                 [--json FILE] [--figure FILE.png]
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
from asking import EAGER, Missing, Peer, prepared, ratios, rounds_of, spread
from rows import ROWS, SCALING, Row, all_paths

JSON = dict[str, Any]
STEPS = 3  # of which the losses are compared
GRADIENT = 3e-7  # relative error that the native engine may have


def processor() -> str:
    """Its name."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    return names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()


def verify(peers: list[Peer]) -> JSON:
    """Losses of the first steps from the same weights, against our NumPy engine's; and gradients against float64.

    Ends the program where something is wrong: nothing is timed then.
    """
    found: JSON = {}
    for peer in peers:
        if peer.name.kind == "digitlab":
            found[peer.name.called] = {"gradient": peer.ask("gradient")["error"]}
    for peer in peers:
        found.setdefault(peer.name.called, {})["losses"] = peer.ask("losses", steps=STEPS)["losses"]
    right = next(found[peer.name.called]["losses"] for peer in peers if peer.name.variant == "numpy")
    wrong = []
    for peer in peers:
        name, checks = peer.name.called, found[peer.name.called]
        away = max(abs(one - other) / other for one, other in zip(checks["losses"], right, strict=True))
        error = checks.get("gradient", 0.0)
        limit = GRADIENT if name.startswith("native") else 1e-6
        print(f"  {name:<26} losses {away:7.1e}" + (f"   gradient {error:7.1e}" if error else ""))
        if not away <= peer.name.closeness or not error <= limit:
            wrong.append(name)
    if wrong:
        sys.exit(f"these are wrong, so nothing was timed: {', '.join(wrong)}")
    return found


def measure(row: Row, paths: list[str], rounds: int, threads: int) -> JSON:
    """One row: prepare, verify, time."""
    print(f"\n{row.title}", flush=True)
    missing: dict[str, str] = {}
    peers = prepared([*all_paths(paths), *row.peers], row.job, threads, missing)
    try:
        print("verified, relative to our NumPy engine and to float64:", flush=True)
        checks = verify(peers)
        times = rounds_of(peers, rounds)
    finally:
        for peer in peers:
            peer.__exit__()
    best = peers[0].name.called
    print(f"{row.unit}, {rounds} rounds: milliseconds, and how many times slower than {best} (min, median, max)")
    for peer in peers:
        name = peer.name.called
        milliseconds = "".join(f"{1000 * value:9.2f}" for value in spread(times[name]))
        times_slower = "".join(f"{value:8.2f}" for value in spread(ratios(times[name], times[best])))
        print(f"  {name:<26}{milliseconds}   {times_slower}   {peer.about}")
    for name, reason in missing.items():
        print(f"  {name:<26} is missing: {reason}")
    return {
        "title": row.title,
        "unit": row.unit,
        "seconds": times,
        "best": best,
        "bars": judge(row, times, best),
        "checks": checks,
        "missing": missing,
        "about": {peer.name.called: peer.about for peer in peers},
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
        missing: dict[str, str] = {}
        peers = prepared([*all_paths(paths)[:1], EAGER], job, count, missing)
        try:
            times = rounds_of(peers, rounds)
        except Missing as reason:
            print(f"  {size:>8} not measured: {reason}")
            continue
        finally:
            for peer in peers:
                peer.__exit__()
        ours, *theirs = times.values()
        line = f"  {size:>8} {1000 * spread(ours)[1]:10.3f}"
        if theirs:
            line += f" {1000 * spread(theirs[0])[1]:10.3f}  "
            line += "".join(f"{value:8.2f}" for value in spread(ratios(theirs[0], ours)))
        print(line + "".join(f"   {name} is missing: {reason}" for name, reason in missing.items()), flush=True)
        found[str(size)] = times
    return found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help="some of: %(default)s; or none")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for all alike")
    parser.add_argument("--seed", action="store_true", help="also train the seed recipe for its 1000 epochs")
    parser.add_argument("--scaling", default="", help=f"some of: {','.join(SCALING)}; or all")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument("--figure", type=Path, help="draw it to this file (PNG)")
    asked = parser.parse_args()
    rows = [] if asked.rows == "none" else asked.rows.split(",")
    sizes = list(SCALING) if asked.scaling == "all" else [name for name in asked.scaling.split(",") if name]
    if unknown := [name for name in rows if name not in ROWS] + [name for name in sizes if name not in SCALING]:
        parser.error(f"unknown: {', '.join(unknown)}")

    figures: dict[str, list[float]] = alone.memory()  # first, while this process is small
    from digitlab.engines.native import NativeEngine, available_paths

    if reason := NativeEngine.why_not():
        sys.exit(f"the native engine is not here: {reason}")
    paths = available_paths()
    os.environ["DIGITLAB_THREADS"] = str(asked.threads)
    print(f"{processor()}, {asked.threads} threads, paths: {', '.join(paths)}; {time.strftime('%Y-%m-%d %H:%M')}")
    measured = {name: measure(ROWS[name], paths, asked.rounds, asked.threads) for name in rows}
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

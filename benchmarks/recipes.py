"""An epoch of a recipe: our training, which distorts each digit anew, beside PyTorch, for which that is done already.

Ours is the training that everybody gets, split into distorting and the rest. PyTorch gets the distorted digits as
floats in memory, and takes its mini-batches by index: no time of it goes into distorting. Both have the same network,
first weights, optimizer, rates and batch size; first the losses of the first steps are compared. Then all take turns
with a hundred steps at a time, which are scaled to an epoch.

    python benchmarks/recipes.py [RECIPE] [--paths avx512,avx2] [--rounds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from asking import COMPILED, EAGER, EAGER_AVX2, NATIVE, Group, Name, rounds_of, spread

from digitlab.runs.manifest import processor
from digitlab.training import Recipe
from digitlab.training.batches import batches_of_epoch
from digitlab.training.recipe_files import read_recipe

JSON = dict[str, Any]
STEPS = 3  # of which the losses are compared
SOME = 100  # steps at once
SAMPLES = 60_000
LACKING = ("dropout", "max_norm", "label_smoothing", "averaging")  # what the peers do not do
# Compiled, PyTorch 2.13 cannot be held to AVX2: its losses are wrong then.
PEERS = {"avx512": (EAGER, COMPILED), "avx2": (EAGER_AVX2,)}


def names(paths: list[str]) -> list[Name]:
    """Ours on each of these paths, and after it PyTorch with the same instructions."""
    found = []
    for ours in NATIVE:
        if ours.variant in paths:
            held = replace(ours, environment={"DIGITLAB_SIMD": ours.variant})
            found += [replace(name, program="recipe_peers.py") for name in (held, *PEERS[ours.variant])]
    return found


def verify(group: Group) -> None:
    """Losses of the first steps, against those of our first path. Nothing is timed that is not right."""
    losses = {name: answer["losses"] for name, answer in group.ask_all("losses", steps=STEPS).items()}
    right = next(iter(losses.values()), [])
    for peer in group.peers:
        found = losses[peer.name.called]
        away = max(abs(one - other) / other for one, other in zip(found, right, strict=True))
        print(
            f"  {peer.name.called:<24} losses {', '.join(f'{loss:.6f}' for loss in found)}   {away:.1e}   {peer.about}"
        )
        if not away <= peer.name.closeness:
            sys.exit(f"{peer.name.called} is wrong, so nothing was timed")


def report(group: Group, seconds: dict[str, list[float]], recipe: Recipe, scale: float) -> JSON:
    """Seconds of an epoch, so many times (``scale``) a round; what all epochs take; how many times faster ours is."""
    figures: JSON = {}
    seconds = {name: [scale * value for value in values] for name, values in seconds.items()}
    for name, values in seconds.items():
        low, middle, high = spread(values)
        line = f"  {name:<24}{low:8.3f}{middle:8.3f}{high:8.3f}   {recipe.epochs * middle:7.1f} s"
        figures[name] = {"seconds": values, "epochs": recipe.epochs, "projected": recipe.epochs * middle}
        peer = next(peer for peer in group.peers if peer.name.called == name)
        if peer.name.kind == "digitlab" and (answer := group.ask(peer, "distorting")):
            distorting = scale * answer["seconds"]
            line += f"   distorting {distorting:.3f}, the rest {middle - distorting:.3f}"
            figures[name]["distorting"] = distorting
        print(line)
    for path, peers in PEERS.items():
        for peer in peers:
            ours, theirs = seconds.get(f"native {path}"), seconds.get(peer.called)
            if ours and theirs:
                ratio = statistics.median(one / other for one, other in zip(theirs, ours, strict=True))
                print(f"  native {path}, distortions included, is {ratio:.2f} times as fast as {peer.called} without")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="?", default="simard-800-elastic", help="a named recipe, or a TOML file")
    parser.add_argument("--paths", default="avx512,avx2", help=f"some of: {','.join(PEERS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for all alike")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    recipe, paths = read_recipe(asked.recipe).recipe, asked.paths.split(",")
    if unknown := [path for path in paths if path not in PEERS]:
        parser.error(f"unknown: {', '.join(unknown)}")
    lacking = [name for name in LACKING if getattr(recipe, name)] + ["preprocessing"] * (recipe.preprocessing != "none")
    if lacking:
        parser.error(f"{asked.recipe} has {', '.join(lacking)}, which the peers do not do")

    whole = len(batches_of_epoch(SAMPLES, recipe.batch_size, recipe.seed, 1))
    steps = min(SOME, whole)
    shape = (
        f"{'-'.join(map(str, recipe.layers))} ({recipe.activation}), {recipe.optimizer}, batches of {recipe.batch_size}"
    )
    print(f"{asked.recipe}: {shape}; {processor()}, {asked.threads} threads")
    with Group(names(paths), {"recipe": asked.recipe, "steps": steps}, asked.threads) as group:
        print(f"verified: losses of the first {STEPS} steps, relative to the first")
        verify(group)
        seconds = rounds_of(group, asked.rounds)
        print(f"seconds of an epoch, {asked.rounds} rounds: minimum, median, maximum; and of {recipe.epochs} epochs")
        figures = report(group, seconds, recipe, whole / steps)
    for called, reason in group.missing.items():
        print(f"  {called:<24} is missing: {reason}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""60,000 digits through affine and elastic distortions: on each instruction path, and as SciPy and others do it.

First the bytes of all paths are compared with those of the plain NumPy twin. Peers do the same kind of work (for each
picture a matrix, two smoothed random fields and one bilinear interpolation) on fewer pictures; the times are scaled.

    python benchmarks/distortions.py [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import digitlab as dl
from digitlab.engines.checks import usable_cores
from digitlab.engines.native import available_paths
from digitlab.training.augment import distort_plainly

ALL, SOME, RUNS = 60_000, 1_000, 5
BAR = 600  # ms on two cores, by the path avx2
BOTH = dl.Distortion(rotation=15, shear=0.2, scale=0.15, stretch=0.15, shift=2, elastic_alpha=34, elastic_sigma=4)


def milliseconds(work: Callable[[], object], pictures: int, runs: int = RUNS) -> list[float]:
    """For 60,000 pictures, in each of some runs."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - began) * ALL / pictures)
    return found


def verify(images: np.ndarray) -> None:
    """Nothing is timed that is not right."""
    numbers = np.arange(len(images))
    expected = distort_plainly(images, numbers, BOTH, seed=1, epoch=1)
    for path in available_paths():
        os.environ["DIGITLAB_SIMD"] = path
        if not np.array_equal(dl.distort(images, numbers, BOTH, seed=1, epoch=1), expected):
            sys.exit(f"the path {path} gives other bytes than NumPy: nothing was timed")
    print(f"verified: {len(images):,} pictures, the same bytes by {', '.join(['NumPy', *available_paths()])}")


def by_scipy(images: np.ndarray) -> None:
    from scipy import ndimage

    random = np.random.default_rng(0)
    place = np.mgrid[:28, :28].reshape(2, -1)
    for image in images:
        angle = np.radians(random.uniform(-15, 15))
        matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        moves = 34 * ndimage.gaussian_filter(random.uniform(-1, 1, (2, 28, 28)), (0, 4, 4))
        source = matrix @ (place - 13.5) + 13.5 + moves.reshape(2, -1)
        ndimage.map_coordinates(image, source, order=1)


def by_pillow(images: np.ndarray) -> None:
    """Affine alone: Pillow has no map for each pixel."""
    from PIL import Image

    random = np.random.default_rng(0)
    for image in images:
        cos, sin = np.cos(angle := np.radians(random.uniform(-15, 15))), np.sin(angle)
        ahead = 14 - 14 * (cos - sin), 14 - 14 * (cos + sin)
        matrix = (cos, -sin, ahead[0], sin, cos, ahead[1])
        np.asarray(
            Image.fromarray(image).transform((28, 28), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        )


def by_torchvision(images: np.ndarray) -> None:
    import torch
    from torchvision.transforms import v2

    torch.manual_seed(0)
    work = v2.Compose([v2.RandomAffine(15, (0.07, 0.07), (0.85, 1.15), 11), v2.ElasticTransform(34.0, 4.0)])
    for image in torch.from_numpy(images)[:, None]:
        work(image)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    target = parser.parse_args().json

    images, numbers = dl.load_mnist()[0].images, np.arange(ALL)
    verify(images[:SOME])
    figures: dict[str, list[float]] = {}
    cores = usable_cores()
    for path in available_paths():
        os.environ["DIGITLAB_SIMD"] = path
        for threads in sorted({1, cores}):
            work = lambda threads=threads: dl.distort(images, numbers, BOTH, seed=1, epoch=1, threads=threads)  # noqa: E731
            figures[f"native {path}, {threads} thread{'s' * (threads > 1)}"] = milliseconds(work, ALL)
    some = images[:SOME]
    figures["NumPy (the definition)"] = milliseconds(
        lambda: distort_plainly(some, numbers[:SOME], BOTH, seed=1, epoch=1), SOME
    )
    for name, peer in {"SciPy": by_scipy, "Pillow, affine alone": by_pillow, "torchvision": by_torchvision}.items():
        try:
            figures[name] = milliseconds(lambda peer=peer: peer(some), SOME)
        except ImportError as error:
            print(f"  {name} is missing: it is not installed ({error})")
    best = min(statistics.median(values) for values in figures.values())
    print(f"{ALL:,} digits, affine and elastic, ms: minimum, median, maximum of {RUNS}; ratio to the best")
    for name, values in figures.items():
        middle = statistics.median(values)
        bar = f"   bar {BAR}: {'met' if middle <= BAR else 'MISSED'}" if name == "native avx2, 2 threads" else ""
        print(f"  {name:<26} {min(values):9.0f} {middle:9.0f} {max(values):9.0f} {middle / best:8.1f}{bar}")
    if target:
        target.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

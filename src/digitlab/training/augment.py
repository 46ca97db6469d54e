"""Distortions: digits as somebody else could have written them, for a network to learn from.

A picture is distorted as its own random numbers say, and these follow from the seed, the epoch and the picture's number
alone. What is drawn becomes whole numbers before a pixel is looked at, so that all ways to compute give the same bytes:
`distort_plainly` defines them, and C++ (``cpp/distort.h``) does the same faster. `docs/explanation/distortions.md`
tells why these distortions.
"""

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitlab.data.digits import SIDE
from digitlab.engines import NativeEngine
from digitlab.engines.checks import check_threads
from digitlab.engines.randomness import DISTORTION, keys_of_samples, word
from digitlab.errors import InputError, PictureError, describe
from digitlab.training.distorting import BETWEEN, DRAWN, SMOOTHING, Common, Pictures, Whole, distorted

try:
    from digitlab.engines._native import distort as _compiled
except ImportError:  # a pure install
    _compiled = None  # type: ignore[assignment]

# Each kind draws from a key of its own, so that none changes the numbers of another.
_ROTATION, _SHEAR, _SCALE, _STRETCH, _SHIFT, _ELASTIC, _THICKNESS, _NOISE, _ERASING = range(9)

_BELOW = {"rotation": 180, "scale": 1, "stretch": 1}  # what more would be of these is no distortion
_PIXEL = 2**16  # in units of a map
_MOST_ALPHA, _MOST_GROWTH, _FARTHEST = 2**14, 2**6, 2**13  # more, in pixels, has no other effect, and 32 bits no room
_CHUNK = 256  # pictures that the plain twin works on at once


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """How strongly pictures are distorted. Each amount is drawn evenly from -x to +x; 0 leaves pictures as they are.

    Attributes:
        rotation: in degrees; below 180.
        shear: how far a row moves sideways for each row between it and the middle.
        scale: by which share both axes grow or shrink together; below 1.
        stretch: by which share one axis grows while the other one shrinks; below 1.
        shift: in pixels, along each axis by itself.
        elastic_alpha: by what smoothed random fields are multiplied: Simard, Steinkraus, Platt (2003).
        elastic_sigma: how far these are smoothed, in pixels.
        thickness: by how many pixels strokes become thicker or thinner.
        noise: what is added to each pixel, as a share of full ink.
        erasing: the largest side of a square of paper, in pixels.

    Raises:
        InputError: what is no finite number, or beyond its bound; ``elastic_alpha`` without ``elastic_sigma``.
    """

    rotation: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    elastic_alpha: float = 0.0
    elastic_sigma: float = 0.0
    thickness: float = 0.0
    noise: float = 0.0
    erasing: float = 0.0

    def __post_init__(self) -> None:
        for name, amount in vars(self).items():
            limit = _BELOW.get(name, math.inf)
            number = isinstance(amount, int | float | np.integer | np.floating) and not isinstance(amount, bool)
            if not number or not abs(amount) < limit:  # NaN is not
                must_be = "a finite number" if limit == math.inf else f"a number below {limit}"
                raise InputError(f"a distortion cannot have this {name}", must_be=must_be, got=describe(amount))
        if self.elastic_alpha and not self.elastic_sigma > 0:
            raise InputError(
                "elastic distortions need both numbers: how far to smooth, and how strongly to move",
                must_be="elastic_sigma above 0 where elastic_alpha is",
                got=f"elastic_alpha {self.elastic_alpha:g}, elastic_sigma {self.elastic_sigma:g}",
                help="Simard, Steinkraus and Platt (2003) took elastic_alpha 34 with elastic_sigma 4",
            )

    @property
    def distorts(self) -> bool:
        """Whether any picture changes at all."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "elastic_sigma")


def distortion_of(settings: Any) -> Distortion:
    """What settings, such as a recipe's, say of distortions, under the names that they have in `Distortion`."""
    return Distortion(**{field.name: getattr(settings, field.name, 0.0) for field in fields(Distortion)})


def distort(
    images: Pictures,
    numbers: ArrayLike,
    distortion: Distortion,
    *,
    seed: int,
    epoch: int,
    threads: int | None = None,
) -> Pictures:
    """Pictures ``(N, 28, 28)`` as they look in an epoch; the same bytes on any machine, with any number of threads.

    Args:
        images: as bytes.
        numbers: of each picture in its data set, ``(N,)``, from 0.
        distortion: how strongly.
        seed: of the training.
        epoch: from 1.
        threads: as many as the process may use where it is None; without the native engine they are not needed.

    Raises:
        PictureError: other shapes or types.
        InputError: numbers, a seed or an epoch that are not whole; threads out of bounds; or a ``DIGITLAB_SIMD`` that
            this processor does not have.
    """
    threads = check_threads(threads)
    if _compiled is None:
        return distort_plainly(images, numbers, distortion, seed=seed, epoch=epoch)
    drawn = _drawn(images, numbers, distortion, seed, epoch)
    rows = drawn.view(np.uint8).reshape(len(drawn), DRAWN.itemsize)
    common, out = _common(distortion), np.empty(images.shape, np.uint8)
    smoothing = np.pad(common.smoothing, ((0, 0), (0, 4)))  # rows of whole vectors
    flat, simd = np.ascontiguousarray(images).reshape(-1), NativeEngine().simd
    _compiled(out.reshape(-1), flat, rows, smoothing, float(common.strength), common.noise, threads, simd)
    return out


def distort_plainly(images: Pictures, numbers: ArrayLike, distortion: Distortion, *, seed: int, epoch: int) -> Pictures:
    """What `distort` gives, by definition."""
    drawn = _drawn(images, numbers, distortion, seed, epoch)
    common, out = _common(distortion), np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        out[part] = distorted(images[part], drawn[part], common)
    return out


def _drawn(images: Pictures, numbers: ArrayLike, distortion: Distortion, seed: int, epoch: int) -> NDArray[np.void]:
    """For each picture, all that its distortion needs, as whole numbers."""
    images, numbers = np.asarray(images), np.asarray(numbers)
    if numbers.ndim != 1 or images.shape != (*numbers.shape, SIDE, SIDE) or images.dtype != np.uint8:
        what = f"pictures to be distorted are bytes, (N, {SIDE}, {SIDE}), and each has a number"
        raise PictureError(what, got=f"{images.dtype} {describe(images.shape)} and numbers {numbers.shape}")
    if numbers.size and (numbers.dtype.kind not in "iu" or numbers.min() < 0):
        raise InputError("the numbers of pictures are whole, from 0", got=describe(numbers))
    for name, whole in (("seed", seed), ("epoch", epoch)):
        if not isinstance(whole, int | np.integer) or not 0 <= whole < 2**63:
            raise InputError(f"{name} must be a whole number from 0", got=describe(whole))
    keys = keys_of_samples(seed, DISTORTION, epoch, numbers)
    drawn = np.zeros(len(numbers), DRAWN)
    drawn["field_key"], drawn["noise_key"] = word(keys, _ELASTIC), word(keys, _NOISE)
    drawn["thickness"] = _whole(_evenly(keys, _THICKNESS) * distortion.thickness, 2**8, SIDE)
    drawn["map"] = _maps(keys, distortion)
    side = _below(keys, 0, min(int(distortion.erasing), SIDE) + 1)
    top, left = (_below(keys, place, SIDE + 1 - side) for place in (1, 2))
    drawn["square"] = np.stack([top, left, side], axis=1)
    return drawn


def _maps(keys: NDArray[np.uint64], distortion: Distortion) -> Whole:
    """Where pixels come from, ``(N, 2, 3)``: what turns, leans, grows and shifts a digit, the other way round.

    A digit grows first, leans next (to the right where shear is above 0), turns then (to the left where rotation is),
    all about the middle of the picture, and is shifted last. There is no sine per picture, as these differ between
    machines: t = tan(angle / 2) is drawn, and cos = (1 - t^2) / (1 + t^2), sin = 2 t / (1 + t^2).
    """
    t = _evenly(keys, _ROTATION) * math.tan(math.radians(distortion.rotation) / 2)
    cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    shear = _evenly(keys, _SHEAR) * distortion.shear
    size, narrow = 1 + _evenly(keys, _SCALE) * distortion.scale, 1 + _evenly(keys, _STRETCH) * distortion.stretch
    rows = [cos * narrow / size, sin * narrow / size]  # (row, column) from (row, column), about the middle
    columns = [(shear * cos - sin) / (size * narrow), (cos + shear * sin) / (size * narrow)]
    linear = np.stack([np.stack(rows, axis=1), np.stack(columns, axis=1)], axis=1)  # (N, 2, 2)
    middle = (SIDE - 1) / 2
    shifted = middle + np.stack([_evenly(keys, _SHIFT, axis) for axis in (0, 1)], axis=1) * distortion.shift
    constant = middle - (linear[:, :, 0] * shifted[:, :1] + linear[:, :, 1] * shifted[:, 1:])
    limits = _whole(linear, _PIXEL, _MOST_GROWTH), _whole(constant[:, :, None], _PIXEL, _FARTHEST)
    return np.concatenate(limits, axis=2)


def _evenly(keys: NDArray[np.uint64], kind: int, place: int = 0) -> NDArray[np.float64]:
    """Between -1 and 1, one for each key ``(N,)``: odd multiples of 2^-52, so that both signs are alike."""
    odd = (word(word(keys, kind), place) >> np.uint64(12)) * np.uint64(2) + np.uint64(1)
    return odd.astype(np.float64) * 2.0**-52 - 1


def _below(keys: NDArray[np.uint64], place: int, limits: int | Whole) -> Whole:
    """Whole numbers from 0 to just below the limits."""
    high = (word(word(keys, _ERASING), place) >> np.uint64(32)).astype(np.int64)
    return ((high * limits) >> 32).astype(np.int32)


def _whole(values: NDArray[np.float64], units: int, limit: int) -> Whole:
    return np.rint(np.clip(values, -limit, limit) * units).astype(np.int32)


def _common(distortion: Distortion) -> Common:
    strength, smoothing = 0.0, np.zeros((SIDE, SIDE), np.float32)
    if distortion.elastic_alpha:  # random numbers of -256 to 256 mean -1 to 1, and a pixel has 256 units
        strength = min(distortion.elastic_alpha, _MOST_ALPHA) * BETWEEN / SMOOTHING**2
        smoothing = _smoothing(distortion.elastic_sigma)
    return Common(smoothing, np.float32(strength), round(min(distortion.noise, 1) * _PIXEL))


@lru_cache(maxsize=8)
def _smoothing(sigma: float) -> NDArray[np.float32]:
    """A Gaussian filter up to 4 sigma as a matrix ``(28, 28)``, in whole multiples of 2^-13; borders reflect."""
    reach = int(4 * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-((offsets / sigma) ** 2) / 2)
    row, column = np.broadcast_arrays(np.arange(SIDE)[:, None], (np.arange(SIDE)[:, None] + offsets) % (2 * SIDE))
    matrix = np.zeros((SIDE, SIDE))
    np.add.at(matrix, (row, np.minimum(column, 2 * SIDE - 1 - column)), weights / weights.sum())
    even = (matrix + matrix.T) / 2  # to the last bit
    whole: NDArray[np.float32] = np.rint(even * SMOOTHING).astype(np.float32)
    whole.setflags(write=False)
    return whole

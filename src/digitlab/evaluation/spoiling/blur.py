"""Pictures that are no longer sharp: behind frosted glass, or moved while they were taken.

Letters for shapes: N pictures.
"""

import numpy as np

from digitlab.data.digits import SIDE
from digitlab.evaluation.spoiling.chance import Bytes, Keys, Numbers, evenly


def blurred(pictures: Numbers, sigma: float) -> Numbers:
    """Smoothed by a Gaussian filter, standard deviation in pixels, up to 4 of them; at the edge the last pixel goes on.

    As a matrix, rows and columns at once: B picture B^T.
    """
    from scipy.ndimage import gaussian_filter1d

    filter = gaussian_filter1d(np.eye(SIDE), sigma, axis=0, mode="nearest")  # (28, 28)
    smooth: Numbers = filter @ (pictures @ filter.T)
    return smooth


def glass_blur(images: Bytes, keys: Keys) -> Numbers:
    """MNIST-C, severity 1: smoothed by 0.7 pixels, down to bytes; neighbours change places, twice over; smoothed again.

    From the last pixel back to the third, each changes places, half of the time, with the pixel 0 or 1 before it in its
    column and in its row: so one in eight changes places with each of three neighbours.
    """
    smooth = blurred(images.astype(np.float64), 0.7) + 1e-6  # full ink stays so, however sums are rounded
    pixels = np.floor(smooth).reshape(len(images), -1).T.copy()  # (784, N)
    picture, after = np.arange(len(images)), range(SIDE - 1, 1, -1)
    way = (8 * evenly(keys, 0, np.arange(2 * SIDE * SIDE))).astype(np.intp)  # (N, 1568), 0 to 7
    back = np.array([0, 0, 0, 0, 0, 1, SIDE, SIDE + 1])[way].T.copy()  # how many places each goes back
    for turn in range(2):
        for place in (SIDE * row + column for row in after for column in after):
            other = place - back[turn * SIDE * SIDE + place]
            here = pixels[place].copy()
            pixels[place] = pixels[other, picture]
            pixels[other, picture] = here
    return blurred(pixels.T.reshape(images.shape), 0.7)


def motion_blur(images: Bytes, keys: Keys) -> Numbers:
    """MNIST-C, severity 1: a trail behind each pixel, along a line at -45 to 45 degrees to the row, by chance.

    As ImageMagick's motion blur of radius 10 and sigma 3: 21 pixels along the line, to the nearest pixel each, weigh
    exp(-i^2 / 2 sigma^2), i = 0 to 20; beyond the edge the last pixel goes on.
    """
    taps = np.arange(21)
    weights = np.exp(-(taps**2) / (2 * 3**2))
    weights /= weights.sum()
    angle = np.radians(90 * evenly(keys, 0, np.arange(1)) - 45)  # (N, 1)
    right, down = (np.ceil(taps * part - 0.5).astype(np.intp) for part in (np.cos(angle), np.sin(angle)))  # (N, 21)
    far = len(taps) - 1
    around = np.pad(images, ((0, 0), (far, far), (far, far)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, (SIDE, SIDE), axis=(1, 2))
    picture, trail = np.arange(len(images)), np.zeros(images.shape)
    for tap, weight in enumerate(weights):
        trail += weight * windows[picture, far + down[:, tap], far + right[:, tap]]
    return trail

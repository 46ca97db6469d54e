"""The settings that keep a network from learning its digits by heart: distorted digits, and aids beside them.

They are a part of the recipe (`digitlab.training.recipe`), in a file of their own as they are many. By default each is
off.
"""

from dataclasses import dataclass
from functools import partial

from digitlab.engines.regularization import Regularization
from digitlab.training.augment import distort, distortion_of
from digitlab.training.settings import Applies, number

OFF = "the classic experiment has none"
BY_HEART, DISTORTED = "Against learning by heart", "Distorted digits"  # headings


@dataclass(frozen=True, kw_only=True)
class Regularizers:
    """See the module. Each digit is distorted anew in each epoch; `digitlab.training.augment` says how."""

    dropout: float = number(
        0.0,
        low=0,
        high=1,
        below=True,
        group=BY_HEART,
        help="the share of hidden units that each sample goes without, others at each epoch",
        why=f"{OFF}; 0.5 is usual for a large network",
    )
    max_norm: float = number(
        0.0,
        low=0,
        high=1_000_000,
        group=BY_HEART,
        help="how long the weights of a unit may be together (their 2-norm); longer ones are shrunk; 0 means any",
        why=f"{OFF}; 2 to 4 are usual, together with dropout",
    )
    label_smoothing: float = number(
        0.0,
        low=0,
        high=1,
        below=True,
        group=BY_HEART,
        help="how much of the true label is spread evenly over all classes",
        why=f"{OFF}; 0.1 is usual: the network is asked to be sure, but not certain",
    )
    averaging: float = number(
        0.0,
        low=0,
        high=1,
        below=True,
        group=BY_HEART,
        help="the network is an average over epochs, of which each keeps so much of the one before; 0 means none",
        why=f"{OFF}; 0.9 averages about the last ten epochs",
    )
    rotation: float = number(
        0.0,
        low=0,
        high=90,
        group=DISTORTED,
        help="degrees by which each digit is turned at most, to the left or to the right",
        why=f"{OFF}; 15 is about how differently people hold their paper",
    )
    shear: float = number(
        0.0,
        low=0,
        high=1,
        group=DISTORTED,
        help="how far a row moves sideways at most for each row above it: slant",
        why=f"{OFF}; 0.2 is the slant of most hands",
    )
    scale: float = number(
        0.0,
        low=0,
        high=1,
        below=True,
        group=DISTORTED,
        help="the share by which a digit grows or shrinks at most",
        why=f"{OFF}; 0.15 is a usual value",
    )
    stretch: float = number(
        0.0,
        low=0,
        high=1,
        below=True,
        group=DISTORTED,
        help="likewise, in height against width",
        why=f"{OFF}; 0.15 is a usual value",
    )
    shift: float = number(
        0.0,
        low=0,
        high=28,
        group=DISTORTED,
        help="pixels by which a digit is moved at most, along each axis",
        why=f"{OFF}; MNIST is centred, so 1 or 2 are enough",
    )
    elastic_alpha: float = number(
        0.0,
        low=0,
        high=1000,
        group=DISTORTED,
        help="how strongly digits are distorted like rubber (Simard et al. 2003); 0 means not at all",
        why=f"{OFF}; 34 is what Simard and his colleagues found best",
    )
    elastic_sigma: float = number(
        4.0,
        low=0.5,
        high=28,
        applies=Applies("elastic_alpha"),
        group=DISTORTED,
        help="over how many pixels such distortions are smoothed: small is wrinkled, large is nearly affine",
        why="what Simard and his colleagues found best, with an alpha of 34: 1.4 pixels then, on average",
    )
    thickness: float = number(
        0.0,
        low=0,
        high=4,
        group=DISTORTED,
        help="pixels by which strokes become thicker or thinner at most",
        why=f"{OFF}; 1 is the way from a ball pen to a felt pen",
    )
    noise: float = number(
        0.0,
        low=0,
        high=1,
        group=DISTORTED,
        help="what is added to each pixel or taken from it at most, as a share of full ink",
        why=f"{OFF}; paper is not lit once a digit is prepared, so little is needed",
    )
    erasing: float = number(
        0.0,
        low=0,
        high=28,
        group=DISTORTED,
        help="the longest side in pixels of a square of paper that is laid over each digit somewhere",
        why=f"{OFF}; 8 takes a stroke away",
    )


def regularization_of(settings: Regularizers, seed: int) -> Regularization:
    """What an engine has to do for these settings; averaging is the loop's affair."""
    distortion = distortion_of(settings)
    return Regularization(
        seed=seed,
        distort=partial(distort, distortion=distortion, seed=seed) if distortion.distorts else None,
        dropout=settings.dropout,
        label_smoothing=settings.label_smoothing,
        max_norm=settings.max_norm,
    )

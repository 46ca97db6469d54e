"""Data: digits as bytes, where they come from, and how they become numbers."""

from digitlab.data.catalogue import load_data, load_mnist
from digitlab.data.digits import Digits
from digitlab.data.opening import open_data
from digitlab.data.pixels import as_label, as_rows, normalize, one_hot
from digitlab.data.unlabelled import open_images

__all__ = [
    "Digits",
    "as_label",
    "as_rows",
    "load_data",
    "load_mnist",
    "normalize",
    "one_hot",
    "open_data",
    "open_images",
]

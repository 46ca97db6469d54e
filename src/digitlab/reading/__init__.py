"""Reading: from any picture, or from strokes of a pen, to the 28x28 bytes that a network knows."""

from digitlab.reading.pictures import Picture
from digitlab.reading.preprocessing import Prepared, prepare, prepare_ink
from digitlab.reading.reader import read
from digitlab.reading.results import ReadDigit, Reading, ReadLine, Rejected
from digitlab.reading.strokes import draw, prepare_strokes

__all__ = [
    "Picture",
    "Prepared",
    "ReadDigit",
    "ReadLine",
    "Reading",
    "Rejected",
    "draw",
    "prepare",
    "prepare_ink",
    "prepare_strokes",
    "read",
]

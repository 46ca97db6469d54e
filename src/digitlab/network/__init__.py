"""The network: what it computes, how it starts, and the file that it is kept in."""

from digitlab.network.activations import ACTIVATIONS, softmax
from digitlab.network.architecture import Architecture, Layer
from digitlab.network.card import Card, Preprocessing, TrainingSummary
from digitlab.network.cross_entropy import softmax_cross_entropy
from digitlab.network.initializers import INITIALIZERS
from digitlab.network.network import Network

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "Architecture",
    "Card",
    "Layer",
    "Network",
    "Preprocessing",
    "TrainingSummary",
    "softmax",
    "softmax_cross_entropy",
]

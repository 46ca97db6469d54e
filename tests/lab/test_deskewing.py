"""A network that wants upright digits gets them in the lab, too."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.deskew import deskew
from digitlab.lab.insight import Probe
from digitlab.lab.readers import Reader, read_pixels


@pytest.fixture
def networks() -> tuple[dl.Network, dl.Network]:
    """One that wants upright digits, and one that takes them as they are, with the same parameters."""
    recipe = dl.recipe("seed", layers=(784, 8, 10))
    return dataclasses.replace(recipe, preprocessing="deskew").new_network(), recipe.new_network()


def test_what_is_told_of_a_picture_is_what_the_network_saw(networks, few):
    network, plain = networks
    for image in few.images[:5]:
        told = read_pixels(Reader("mine", 1, network), image, blank=False)
        expected = read_pixels(Reader("mine", 1, plain), deskew(image), blank=False)
        assert told == expected
        assert told.pixels == deskew(image).tobytes() != image.tobytes()


def test_the_look_inside_is_at_upright_digits(networks, few):
    network, plain = networks
    upright = dataclasses.replace(few, images=deskew(few.images))
    looks = []
    for seen_by, digits in ((network, few), (plain, upright), (plain, few)):
        probe = Probe(seen_by, digits)
        looks.append(probe.look(seen_by))
        probe.close()
    assert looks[0] == looks[1]
    assert looks[0] != looks[2]
    assert np.array_equal(network.parameters, plain.parameters)

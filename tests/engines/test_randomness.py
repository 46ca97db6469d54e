"""The random numbers of samples: SplitMix64, as others print it; and that they are a function of the sample."""

import numpy as np

from digitlab.engines.randomness import DISTORTION, DROPOUT, keys_of_samples, word


def test_words_are_those_that_others_print() -> None:
    """The first words of SplitMix64 from the state 1234567, as Rosetta Code has them."""
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert word(1234567, np.arange(5)).tolist() == known


def test_a_sample_has_its_numbers_wherever_it_stands() -> None:
    whole = keys_of_samples(5, DROPOUT, 3, np.arange(1000))
    some = np.array([999, 3, 500])
    assert np.array_equal(keys_of_samples(5, DROPOUT, 3, some), whole[some])


def test_seeds_purposes_epochs_and_samples_have_numbers_of_their_own() -> None:
    numbers = np.arange(1000)
    keys = [
        keys_of_samples(seed, purpose, epoch, numbers)
        for seed in (0, 1)
        for purpose in (DROPOUT, DISTORTION)
        for epoch in (1, 2)
    ]
    assert len(np.unique(keys)) == 8 * 1000


def test_bits_are_even() -> None:
    bits = np.unpackbits(word(keys_of_samples(0, DROPOUT, 1, np.arange(2000))[:, None], np.arange(50)).view(np.uint8))
    assert abs(bits.mean() - 0.5) < 4 * 0.5 / np.sqrt(bits.size)

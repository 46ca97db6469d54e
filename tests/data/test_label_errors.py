"""The label errors of MNIST's test part: known by its bytes, and in the file as they are told."""

from __future__ import annotations

import digitlab as dl
from digitlab.data.label_errors import label_errors_of


def test_they_are_in_the_file_as_they_are_told(mnist):
    test = mnist[1]
    errors = label_errors_of(test)
    assert len(errors) == 15
    assert sum(error.voted is not None for error in errors) == 10
    assert [error.index for error in errors] == sorted({error.index for error in errors})
    for error in errors:
        assert test.labels[error.index] == error.given != error.voted
        assert error.voted is None or error.note.endswith(f" people see a {error.voted}")


def test_they_are_known_by_the_bytes_wherever_these_came_from(mnist):
    train, test = mnist
    copy = dl.Digits(test.images.copy(), test.labels.copy(), "from elsewhere")
    assert label_errors_of(copy) == label_errors_of(test)
    for other in (test[:9999], train[:10_000], dl.Digits(test.images, test.labels[::-1].copy(), "turned round")):
        assert label_errors_of(other) == ()

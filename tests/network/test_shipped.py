"""The models that ship: found, and not believed before they are checked."""

from __future__ import annotations

import pytest

import digitlab as dl
from digitlab.errors import ModelFileError
from digitlab.network import shipped


def test_the_standard_model_reads_the_test_digits(mnist):
    report = dl.evaluate(shipped.load_shipped(shipped.STANDARD), mnist[1])
    assert report.accuracy > 0.994
    assert report.calibration_error < 0.003


def test_a_changed_or_missing_file_is_refused(tmp_path, monkeypatch):
    content = bytearray(shipped.shipped_file(shipped.STANDARD).read_bytes())
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(ModelFileError, match=r"(?s)cannot be read.*install digitlab again"):
        shipped.load_shipped(shipped.STANDARD)
    network = dl.Network([784, 10])
    network.save(shipped.shipped_file(shipped.STANDARD))  # whole, but another one
    with pytest.raises(ModelFileError, match="install digitlab again"):
        shipped.load_shipped(shipped.STANDARD)
    content[-1] ^= 1
    shipped.shipped_file(shipped.STANDARD).write_bytes(content)
    with pytest.raises(ModelFileError, match="was changed or damaged"):
        shipped.load_shipped(shipped.STANDARD)

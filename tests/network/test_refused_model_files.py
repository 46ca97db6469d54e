"""What is not wholly a model file is refused; nothing is ever read as another network."""

from __future__ import annotations

import hashlib
import itertools
import os
import pickle
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from digitlab.errors import ModelFileError
from digitlab.network import Architecture, Network
from digitlab.network.model_file import ModelFile, decode_model, encode_model

TINY = Architecture((4, 3, 2))  # W1 (4, 3), b1 (3,), W2 (3, 2), b2 (2,)
NUMBERS = np.linspace(-1, 1, 23, dtype=np.float32)
HERE = Path("model.safetensors")


def forged(tensors: dict[str, np.ndarray] | None = None, **metadata: str | None) -> bytes:
    """A model file made from its description, not by the code under test; ``metadata`` replaces or adds entries."""
    tensors = {**TINY.named(NUMBERS), **(tensors or {})}
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items() if array.size}
    bytes_in_order = b"".join(tensors[name].tobytes() for name in ("W1", "W2", "b1", "b2") if name in tensors)
    entries = {
        "format": "digitlab-model",
        "version": "1",
        "architecture": '{"sizes": [4, 3, 2], "activation": "sigmoid"}',
        "sha256": hashlib.sha256(bytes_in_order).hexdigest(),
        "about": "{}",
        **metadata,
    }
    return bytes(safetensors.numpy.save(tensors, {key: text for key, text in entries.items() if text is not None}))


def with_header(header: str) -> bytes:
    """A true file's numbers under another header."""
    text = header.encode("latin-1")  # so that "\xff" is that byte, which no UTF-8 text has
    return len(text).to_bytes(8, "little") + text + forged()[-NUMBERS.nbytes :]


def is_true(model: ModelFile) -> bool:
    return model.architecture == TINY and model.parameters.tobytes() == NUMBERS.tobytes()


def read_or_refused(content: bytes) -> bool:
    """Whether ``content`` is refused; if it is read, then as the true model."""
    try:
        model = decode_model(content, HERE)
    except ModelFileError:
        return True
    assert is_true(model)
    return False


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere, so refused permissions are met only as somebody else."""
    before = os.geteuid()
    os.seteuid(before or 65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_the_file_is_as_its_description_says():
    assert is_true(decode_model(forged(), HERE))
    tensors = safetensors.numpy.load(encode_model(TINY, NUMBERS))
    np.testing.assert_equal(tensors, TINY.named(NUMBERS))


def test_a_cut_anywhere_is_noticed():
    whole = encode_model(TINY, NUMBERS)
    assert [length for length in range(len(whole)) if not read_or_refused(whole[:length])] == []


def test_no_flipped_bit_is_read_as_another_network():
    whole = encode_model(TINY, NUMBERS)
    for position, bit in itertools.product(range(len(whole)), range(8)):
        refused = read_or_refused(whole[:position] + bytes([whole[position] ^ 1 << bit]) + whole[position + 1 :])
        assert refused or position < len(whole) - NUMBERS.nbytes


HEADER = forged()[8 : -NUMBERS.nbytes].decode()
OTHER_W1 = '"W1":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}'
FIRST_W1 = "{" + OTHER_W1 + "," + HEADER[1:]
LAST_W1 = HEADER.rstrip()[:-1] + "," + OTHER_W1 + "}"
TWO_METADATA = HEADER.rstrip()[:-1] + ',"__metadata__":{"format":"digitlab-model"}}'


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a model file"),
        (b"three layers of neurons, the first one with", "not a model file"),
        (pickle.dumps({"W1": [1.0]}), "pickle, which is never opened"),
        ((2**63).to_bytes(8, "little") + forged()[8:], "not a model file"),
        ((2**64 - 1).to_bytes(8, "little") + forged()[8:], "not a model file"),
        (bytes(8) + forged()[8:], "cannot be understood"),
        (with_header(" " + HEADER), "not a model file"),
        (with_header("[" + HEADER + "]"), "not a model file"),
        (with_header("{\xff" + HEADER[1:]), "cannot be understood"),
        (with_header(HEADER + "{}"), "cannot be understood"),
        (with_header(HEADER.ljust(2**20 + 1)), "header is too long"),
        (with_header('{"a":' + "[" * 100_000 + "]" * 100_000 + "}"), "cannot be understood"),
        (with_header('{"a":' * 100_000 + "1" + "}" * 100_000), "cannot be understood"),
        (with_header(HEADER.replace("[4,3]", f"[{'9' * 5000},3]")), "cannot be understood|is too long"),
        (forged() + b"\0", "tensors cannot be read"),
        (with_header(HEADER.replace("[0,48]", "[48,0]")), "tensors cannot be read"),
        (with_header(HEADER.replace("[0,48]", "[0,24]")), "tensors cannot be read"),
        (with_header(HEADER.replace("[0,48]", f"[0,{2**63}]")), "cannot be read"),
        (with_header(HEADER.replace("[4,3]", '"4,3"')), "entry of W1 cannot be understood"),
        (with_header("{}"), "digitlab did not write this file"),
        (forged(architecture=None), "not a model file"),
        (forged(author="me"), "not a model file"),
        (forged(format="other-model"), "format is not known"),
        (forged(version="2"), "format is not known"),
        (forged(sha256="0" * 64), "changed or damaged"),
        (forged(about="{"), "about cannot be understood"),
        (forged(about="[]"), "about cannot be understood"),
        (forged(about='{"a":' * 50_000 + "1" + "}" * 50_000), "about cannot be understood"),
        (forged(architecture="[4, 3, 2]"), "architecture cannot be understood"),
        (forged(architecture='{"sizes": [4.0, 3, 2], "activation": "relu"}'), "architecture cannot be understood"),
        (forged(architecture='{"sizes": [4, 3, 2], "activation": "swish"}'), "no activation 'swish'"),
        (forged(architecture='{"sizes": [4, 0, 2], "activation": "relu"}'), "cannot make a network"),
        (forged(architecture='{"sizes": [16384, 16384], "activation": "relu"}'), "too large"),
        (forged(architecture='{"sizes": [4, 3, 3, 2], "activation": "relu"}'), "W2 does not fit"),
        (forged({"W3": np.ones((2, 2), np.float32)}), "W3 does not fit the layers 4-3-2"),
        (forged({"b2": np.ones(0, np.float32)}), "b2 does not fit"),
        (forged({"W1": np.ones((3, 4), np.float32)}), "W1 does not fit"),
        (forged({"b1": np.ones(1, np.float32)}), "b1 does not fit"),
        (forged({"W2": np.ones((3, 2), np.float64)}), "W2 has another type"),
        (forged({"W2": np.ones((3, 2), np.int32)}), "W2 has another type"),
        (forged({"b2": np.array([0, np.nan], np.float32)}), "not finite"),
        (forged({"W1": np.full((4, 3), -np.inf, np.float32)}), "not finite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_model_file_is_refused(content, complaint, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=complaint) as caught:
        Network.load(path)
    assert str(path) in caught.value.what


@pytest.mark.parametrize("header", [FIRST_W1, LAST_W1, TWO_METADATA], ids=["first", "last", "metadata"])
def test_a_name_that_is_there_twice_deceives_nobody(header):
    read_or_refused(with_header(header))


def test_the_longest_header_that_is_allowed_is_read():
    assert is_true(decode_model(with_header(HEADER.ljust(2**20)), HERE))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "a folder"),
        (os.mkfifo, "not a file"),
    ],
    ids=["missing", "folder", "pipe"],
)
def test_what_is_no_file_is_refused(make, complaint, tmp_path):
    make(tmp_path / "model")
    with pytest.raises(ModelFileError, match=complaint):
        Network.load(tmp_path / "model")


def test_a_file_without_permission_is_refused(tmp_path):
    Network.from_parameters(TINY, NUMBERS).save(tmp_path / "model")
    (tmp_path / "model").chmod(0)
    with as_nobody(), pytest.raises(ModelFileError, match="Permission denied"):
        Network.load(tmp_path / "model")


def test_a_small_file_cannot_claim_much_memory():
    content = forged(architecture='{"sizes": [6000, 16384, 10], "activation": "relu"}')  # 98 million parameters
    tracemalloc.start()
    try:
        assert read_or_refused(content)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_an_error_does_not_repeat_a_whole_file():
    with pytest.raises(ModelFileError) as caught:
        decode_model(forged(sha256="x" * 500_000), HERE)
    assert len(str(caught.value)) < 2000

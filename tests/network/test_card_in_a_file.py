"""What a model file may say beside the numbers: it is read back as it was, or refused."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from digitlab.errors import ModelFileError
from digitlab.network import Architecture, Card, Preprocessing, TrainingSummary
from digitlab.network.card import MAX_TEXT_LENGTH, new_card
from digitlab.network.model_file import decode_model, encode_model

TINY = Architecture((4, 3, 2))
NUMBERS = np.linspace(-1, 1, 23, dtype=np.float32)
HERE = Path("model.safetensors")
TRAINING = {
    "state": "finished",
    "epochs": 3,
    "steps": 30,
    "loss": 0.5,
    "accuracy": 0.75,
    "validation_loss": None,
    "validation_accuracy": None,
    "samples": 100,
    "held_out": 0,
    "source": "drawn",
    "engine": "numpy",
}
RECIPE = {"about": "Small.", "layers": [4, 3, 2], "learning_rate": 0.1, "epochs": 3}
TOLD = {
    "labels": ["no", "Größe 名"],
    "preprocessing": {"version": 1, "kind": "divide", "by": 255, "side": 2},
    "temperature": 1.5,
    "recipe": RECIPE,
    "training": TRAINING,
}


def forged(**told: str) -> bytes:
    """A model file made from its description, not by the code under test; ``told`` is metadata as JSON."""
    tensors = TINY.named(NUMBERS)
    digest = hashlib.sha256(b"".join(tensors[name].tobytes() for name in ("W1", "W2", "b1", "b2"))).hexdigest()
    texts = {
        "format": "digitlab-model",
        "version": "1",
        "architecture": '{"sizes":[4,3,2],"activation":"relu"}',
        **told,
    }
    lines = "".join(f"{name}={text}\n" for name, text in sorted(texts.items()))
    texts |= {"sha256": digest, "text_sha256": hashlib.sha256(lines.encode()).hexdigest()}
    return bytes(safetensors.numpy.save({name: array.copy() for name, array in tensors.items()}, texts))


def forged_with(**told: Any) -> bytes:
    return forged(**{name: json.dumps(value, ensure_ascii=False) for name, value in told.items()})


def test_a_file_is_read_as_its_description_says():
    card = decode_model(forged_with(**TOLD), HERE).card
    assert card.labels == ("no", "Größe 名")
    assert card.preprocessing == Preprocessing(side=2)
    assert card.temperature == 1.5
    assert card.recipe == RECIPE
    assert card.training == TrainingSummary(**TRAINING)


def test_a_file_is_written_as_its_description_says():
    card = decode_model(forged_with(**TOLD), HERE).card
    content = encode_model(Architecture((4, 3, 2), "relu"), NUMBERS, card)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    assert {name: json.loads(header[name]) for name in TOLD} == TOLD
    assert set(header) == {"format", "version", "architecture", "sha256", "text_sha256", *TOLD}
    others = "".join(f"{name}={header[name]}\n" for name in sorted(header) if "sha256" not in name)
    assert header["text_sha256"] == hashlib.sha256(others.encode()).hexdigest()


def test_a_file_that_says_nothing_has_the_card_of_a_new_network():
    content = forged()
    assert decode_model(content, HERE).card == new_card(TINY) == Card(("0", "1"), Preprocessing(2))
    for name in TOLD:
        card = decode_model(forged_with(**{key: value for key, value in TOLD.items() if key != name}), HERE).card
        assert getattr(card, name) == getattr(new_card(TINY), name)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("divide", '{"by":255,"kind":"divide","side":28,"version":1}'),
        ("deskew", '{"by":255,"kind":"deskew","side":28,"version":1}'),
    ],
)
def test_preprocessing_is_written_letter_by_letter_as_ever_and_read_back(kind, text):
    architecture = Architecture((784, 2))
    card = new_card(architecture, kind=kind)
    content = encode_model(architecture, np.zeros(architecture.parameter_count, np.float32), card)
    assert json.dumps(text).encode() in content
    assert decode_model(content, HERE).card == card


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels", '{"0": "no", "1": "yes"}'),
        ("labels", '"no, yes"'),
        ("labels", "null"),
        ("labels", "[0, 1]"),
        ("labels", "[]"),
        ("labels", '["no"]'),
        ("labels", '["no", "yes", "perhaps"]'),
        ("labels", '["no", "no"]'),
        ("labels", '["no", ""]'),
        ("labels", '["no", "\\u001b[2J"]'),
        ("labels", '["no", "two\\nlines"]'),
        ("labels", '["no", "\\u202e"]'),
        ("labels", '["no", "\\ud800"]'),
        ("labels", json.dumps(["no", "y" * 256])),
        ("labels", json.dumps(["x"] * 200_000)),
        ("labels", json.dumps([str(number) for number in range(16_385)])),
        ("preprocessing", "null"),
        ("preprocessing", "[]"),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"kind": "standardize"})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"kind": "deskew"})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"kind": "deskew", "side": 28})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"kind": ["deskew"]})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"deskew": True})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"by": 127.5})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"by": 0})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"version": 2})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"side": 3})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"side": -2})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"side": 2.0001})),
        ("preprocessing", json.dumps(TOLD["preprocessing"] | {"invert": True})),
        ("preprocessing", json.dumps(without(TOLD["preprocessing"], "side"))),
        ("temperature", "0"),
        ("temperature", "-1.5"),
        ("temperature", "0.0009"),
        ("temperature", "1000.1"),
        ("temperature", "NaN"),
        ("temperature", "1e999"),
        ("temperature", "Infinity"),
        ("temperature", "null"),
        ("temperature", "true"),
        ("temperature", '"1.5"'),
        ("temperature", "[1.5]"),
        ("temperature", "1" * 5000),
        ("recipe", "[]"),
        ("recipe", '"epochs = 3"'),
        ("recipe", '{"": 1}'),
        ("recipe", '{"epochs": null}'),
        ("recipe", '{"epochs": true}'),
        ("recipe", '{"epochs": 1e999}'),
        ("recipe", '{"epochs": 99999999999999999999}'),
        ("recipe", '{"layers": [4, "3"]}'),
        ("recipe", '{"layers": [[4]]}'),
        ("recipe", '{"\\u0007": 1}'),
        ("recipe", json.dumps({str(number): number for number in range(101)})),
        ("recipe", json.dumps({"about": "x" * 10_001})),
        ("recipe", json.dumps({"layers": [1] * 10_001})),
        ("recipe", '{"a":' * 50_000 + "1" + "}" * 50_000),
        ("training", "[]"),
        ("training", json.dumps(TRAINING | {"seconds": 12.5})),
        ("training", json.dumps(without(TRAINING, "epochs"))),
        ("training", json.dumps(TRAINING | {"epochs": -1})),
        ("training", json.dumps(TRAINING | {"steps": 2**53 + 1})),
        ("training", json.dumps(TRAINING | {"steps": 1.5})),
        ("training", json.dumps(TRAINING | {"loss": -0.1})),
        ("training", json.dumps(TRAINING | {"accuracy": 1.1})),
        ("training", json.dumps(TRAINING | {"source": "x" * (MAX_TEXT_LENGTH + 1)})),
        ("training", json.dumps(TRAINING | {"engine": 5})),
        ("training", json.dumps(TRAINING).replace("0.5", "1e999")),
    ],
    ids=lambda value: value[:40],
)
def test_a_card_that_cannot_be_is_refused(name, text):
    with pytest.raises(ModelFileError) as caught:
        decode_model(forged(**{name: text}), HERE)
    assert caught.value.what.startswith(f"{HERE}: ")
    assert caught.value.got or re.search(r"\d", caught.value.what)  # says what was found
    assert len(str(caught.value)) < 2000


def test_long_lists_cost_little():
    content = forged(labels=json.dumps(["x"] * 200_000))
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            decode_model(content, HERE)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_no_flipped_bit_anywhere_is_read_as_another_model():
    """The names of the classes and the temperature have a checksum of their own."""
    whole = encode_model(TINY, NUMBERS, decode_model(forged_with(**TOLD), HERE).card)
    expected = decode_model(whole, HERE)
    harmless = 0
    for place, bit in itertools.product(range(len(whole)), range(8)):
        try:
            model = decode_model(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :], HERE)
        except ModelFileError:
            continue
        harmless += 1
        assert model.architecture == expected.architecture
        assert model.parameters.tobytes() == expected.parameters.tobytes()
        assert model.card == expected.card
    assert harmless < 8


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.sampled_from(list(TRAINING)), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(TOLD)), JSON | st.sampled_from(list(TOLD.values())), min_size=1))
def test_whatever_json_is_there_it_is_a_card_or_refused(told):
    content = forged(**{name: json.dumps(value) for name, value in told.items()})
    try:
        card = decode_model(content, HERE).card
    except ModelFileError:
        return
    assert decode_model(encode_model(TINY, NUMBERS, card), HERE).card == card

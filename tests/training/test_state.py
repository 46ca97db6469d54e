"""Checkpoints: the same state gives the same bytes, and what is not wholly a checkpoint is refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import digitlab as dl
from digitlab.errors import ModelFileError, RunError
from digitlab.network.model_file import decode_model, encode_model
from digitlab.network.tensor_file import encode_tensors
from digitlab.runs.run import Run
from digitlab.training.state import Change, Counters, State, decode_checkpoint, encode_checkpoint

COUNT = 7
PATH = Path("checkpoint-5.safetensors")
WHOLE = st.integers(0, 2**53)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VECTOR = arrays.arrays(np.float32, COUNT, elements=st.floats(width=32, allow_nan=False, allow_infinity=False))
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)
COUNTERS = st.builds(
    Counters,
    step=WHOLE,
    epoch=WHOLE,
    position=WHOLE,
    loss=FINITE,
    hits=WHOLE,
    count=WHOLE,
    waited=WHOLE,
    best_epoch=WHOLE,
    best_loss=st.none() | FINITE,
    changes=st.lists(st.builds(Change, step=WHOLE, name=NAME, value=FINITE), max_size=3),
    memory_since=WHOLE,
)
STATES = st.builds(
    State, COUNTERS, VECTOR, st.dictionaries(st.sampled_from(["velocity", "m", "v"]), VECTOR), st.none() | VECTOR
)


@pytest.fixture
def state(rng) -> State:
    vectors = rng.normal(size=(4, COUNT)).astype(np.float32)
    counters = Counters(step=5, epoch=2, position=1, loss=1.5, changes=[Change(3, "learning_rate", 0.25)])
    return State(counters, vectors[0], {"m": vectors[1], "v": vectors[2]}, vectors[3])


def _equal(one: State, other: State) -> bool:
    """To the bit: -0.0 is not 0.0."""
    same_best = (one.best is None) == (other.best is None)
    if one.counters != other.counters or set(one.memory) != set(other.memory) or not same_best:
        return False
    pairs = [(one.parameters, other.parameters)] + [(one.memory[name], other.memory[name]) for name in one.memory]
    if one.best is not None and other.best is not None:
        pairs.append((one.best, other.best))
    return all(mine.tobytes() == theirs.tobytes() for mine, theirs in pairs)


@given(STATES)
def test_what_is_decoded_is_what_was_encoded(state):
    content = encode_checkpoint(state)
    again = decode_checkpoint(content, COUNT, PATH)
    assert _equal(again, state)
    assert encode_checkpoint(again) == content


@given(STATES)
def test_the_same_state_gives_the_same_bytes(state):
    turned = dict(reversed(state.memory.items()))  # the order of the names in memory is not part of the state
    assert len({encode_checkpoint(state) for _ in range(3)} | {encode_checkpoint(State(**vars(state)))}) == 1
    assert encode_checkpoint(State(state.counters, state.parameters, turned, state.best)) == encode_checkpoint(state)


def test_the_decoded_vectors_can_be_trained_on(state):
    again = decode_checkpoint(encode_checkpoint(state), COUNT, PATH)
    for vector in (again.parameters, *again.memory.values(), again.best):
        assert vector is not None
        assert (vector.flags.writeable, vector.dtype, vector.shape) == (True, np.float32, (COUNT,))
        np.add(vector, 1, out=vector)
    assert again.parameters.tobytes() == (state.parameters + 1).tobytes()
    assert again.best is not None
    assert again.best.tobytes() == (state.best + 1).tobytes()  # no two of them share memory


def test_every_truncation_is_refused(state):
    content = encode_checkpoint(state)
    for length in range(len(content)):
        with pytest.raises(ModelFileError):
            decode_checkpoint(content[:length], COUNT, PATH)
    for more in (b"\0", b"{}", content):
        with pytest.raises(ModelFileError):
            decode_checkpoint(content + more, COUNT, PATH)


def test_every_flipped_bit_of_the_numbers_is_refused(state):
    content = encode_checkpoint(state)
    for place in range(8 + int.from_bytes(content[:8], "little"), len(content)):
        for bit in range(8):
            with pytest.raises(ModelFileError):
                decode_checkpoint(_flipped(content, place, bit), COUNT, PATH)


def test_no_flipped_bit_of_the_header_is_more_than_refused_or_gives_other_numbers(state):
    """The counters have no checksum of their own: that of the manifest covers the whole file (see the next test)."""
    content = encode_checkpoint(state)
    refused = 0
    for place in range(8 + int.from_bytes(content[:8], "little")):
        for bit in range(8):
            try:
                again = decode_checkpoint(_flipped(content, place, bit), COUNT, PATH)
            except ModelFileError:
                refused += 1
            else:
                vectors = [again.parameters, *again.memory.values(), again.best]
                assert all(vector is None or np.isfinite(vector).all() for vector in vectors)
                assert again.parameters.tobytes() == state.parameters.tobytes()
    assert refused > 1000


def test_in_a_run_every_flipped_bit_is_refused(tmp_path, few, rng):
    recipe = dl.recipe("seed", layers=(784, 2, 10), epochs=1)
    dl.fit(recipe.new_network(), few[:20], recipe, out=tmp_path / "run", threads=1)
    run = Run(tmp_path / "run")
    record = run.manifest.checkpoints[-1]
    content = (run.folder / record.file).read_bytes()
    assert run.state_of(record).counters.step == 1
    for place in [*range(0, 600, 7), *rng.integers(0, len(content), 100)]:
        (run.folder / record.file).write_bytes(_flipped(content, place, int(rng.integers(8))))
        with pytest.raises(RunError, match="is not what the run wrote"):
            run.state_of(record)


def _flipped(content: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    return bytes(changed)


@pytest.mark.parametrize("count", [0, COUNT - 1, COUNT + 1])
def test_a_checkpoint_of_another_network_is_refused(count, state):
    with pytest.raises(ModelFileError, match=f"vectors of {count}"):
        decode_checkpoint(encode_checkpoint(state), count, PATH)


@pytest.mark.parametrize("name", ["W1", "Parameters", "optimizer", "", "best.1"])
def test_a_tensor_that_no_checkpoint_has_is_refused(name, state):
    tensors = {"parameters": state.parameters, name: state.parameters}
    with pytest.raises(ModelFileError, match="these are not the vectors of this training"):
        decode_checkpoint(encode_tensors(tensors, _texts(state)), COUNT, PATH)


def test_a_checkpoint_without_parameters_is_refused(state):
    with pytest.raises(ModelFileError, match="the parameters are missing"):
        decode_checkpoint(encode_tensors({"best": state.parameters}, _texts(state)), COUNT, PATH)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "2"},
        {"format": "digitlab-model"},
        {"counters": "{"},
        {"counters": "[]"},
        {"counters": '{"steps": 1}'},
        {"counters": '{"step": 1.5}'},
        {"counters": '{"loss": "1"}'},
        {"counters": "[" * 10_000},
    ],
)
def test_other_metadata_is_refused(changes, state):
    with pytest.raises(ModelFileError):
        decode_checkpoint(encode_tensors({"parameters": state.parameters}, _texts(state) | changes), COUNT, PATH)


def _texts(state: State) -> dict[str, str]:
    counters = msgspec.json.encode(state.counters).decode()
    return {"format": "digitlab-checkpoint", "version": "1", "counters": counters}


@pytest.mark.parametrize("where", ["parameters", "m", "best"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_not_written(where, value, state):
    vectors = {"parameters": state.parameters, "best": state.best} | state.memory
    vectors[where][2] = value
    with pytest.raises(ModelFileError, match="cannot be saved"):
        encode_checkpoint(state)


def test_a_model_is_no_checkpoint_and_a_checkpoint_no_model():
    network = dl.Network([784, 2, 10])
    model = encode_model(network.architecture, network.parameters)
    with pytest.raises(ModelFileError, match="this is not a checkpoint"):
        decode_checkpoint(model, len(network.parameters), PATH)
    with pytest.raises(ModelFileError, match="this is not a model file"):
        decode_model(encode_checkpoint(State(Counters(), network.parameters)), PATH)


def test_a_checkpoint_is_not_loaded_as_a_network(tmp_path, few):
    recipe = dl.recipe("seed", layers=(784, 2, 10), epochs=1)
    dl.fit(recipe.new_network(), few[:20], recipe, out=tmp_path / "run", threads=1)
    with pytest.raises(ModelFileError, match="this is not a model file"):
        dl.load(tmp_path / "run" / Run(tmp_path / "run").manifest.checkpoints[-1].file)

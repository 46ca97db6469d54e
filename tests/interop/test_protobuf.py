"""Protocol Buffers as we write and read them, held to the library that ``onnx`` uses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitlab.errors import InputError
from digitlab.interop.onnx_messages import ATTRIBUTE, TENSOR
from digitlab.interop.protobuf import (
    MAX_FIELDS,
    MAX_TEXT_BYTES,
    Budget,
    Message,
    decimal,
    decimals,
    text,
    texts,
    whole_numbers,
)

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOAT32 = st.floats(width=32, allow_nan=False)


@given(
    ints=st.lists(INT64),
    floats=st.lists(FLOAT32),
    name=st.text(),
    f=FLOAT32,
    i=INT64,
)
def test_attributes_are_what_the_library_says(ints, floats, name, f, i):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    theirs = onnx.AttributeProto(ints=ints, floats=floats, name=name, f=f, i=i)
    again = onnx.AttributeProto()
    again.ParseFromString(ATTRIBUTE.encode(ints=ints, floats=floats, name=name, f=f, i=i))
    assert again == theirs
    budget = Budget()
    found = ATTRIBUTE.decode(memoryview(theirs.SerializeToString()), budget)
    assert whole_numbers(found["ints"], budget) == ints
    np.testing.assert_array_equal(decimals(found["floats"]), np.array(floats, np.float32))
    assert (text(found["name"]), decimal(found["f"])) == (name, f)
    assert whole_numbers(found["i"], budget) == [i]


@given(numbers=st.lists(INT64, min_size=1))
def test_packed_numbers_are_read_as_those_that_come_one_by_one(numbers):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    content = onnx.TensorProto(int64_data=numbers).SerializeToString()
    found = Message(int64_data=7).decode(memoryview(content), Budget())
    assert isinstance(found["int64_data"][0], memoryview)
    assert whole_numbers(found["int64_data"], Budget()) == numbers


def test_texts_have_an_end_and_bytes_that_are_none_do_no_harm():
    assert text([memoryview(b"\xff")]) == "\N{REPLACEMENT CHARACTER}"
    with pytest.raises(InputError, match="too long"):
        texts([memoryview(bytes(MAX_TEXT_BYTES + 1))])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    try:
        found = TENSOR.decode(memoryview(content), Budget())
        whole_numbers(found["dims"], Budget())
        texts(found["name"])
    except InputError:
        pass


@pytest.mark.parametrize(
    "content",
    [
        b"\x08",  # a key, and nothing behind it
        b"\x08" + b"\xff" * 10 + b"\1",  # 70 bits
        b"\x0a\x05abcd",
        b"\x0a" + b"\xff" * 9 + b"\1",  # 2^64 bytes
        b"\x0d\0\0\0",
        b"\x09\0\0\0\0\0\0\0",
        b"\x0b",  # a group, which nobody writes any more
        b"\x0f",
    ],
)
def test_damage_is_refused(content):
    with pytest.raises(InputError, match="damaged"):
        Message(a=1).decode(memoryview(content), Budget())


def test_there_is_an_end_to_what_is_read():
    content = b"\x08\x01" * (MAX_FIELDS + 1)
    assert len(Message(a=1).decode(memoryview(content[2:]), Budget())["a"]) == MAX_FIELDS
    with pytest.raises(InputError, match="too many"):
        Message(a=1).decode(memoryview(content), Budget())
    with pytest.raises(InputError, match="too many"):
        whole_numbers([memoryview(b"\1" * (MAX_FIELDS + 1))], Budget())

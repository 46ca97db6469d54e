"""Protocol Buffers, as far as ONNX files need them: messages whose fields have names here, and numbers in the file.

A field is a key, ``number << 3 | kind``, and a value of that kind: 0, a whole number; 1, 8 bytes; 2, a length and as
many bytes, which are text, an inner message, or many numbers; 5, 4 bytes. Whole numbers and keys are varints: 7 bits in
each byte, the lowest first, and the eighth bit set where more follow.

Nothing that a file says of itself is believed: a value ends where its message ends, inner messages are read when they
are asked for, and all that is read of a file is at most `MAX_FIELDS`. Nothing is copied.

Source: Google, "Protocol Buffers Documentation: Encoding".
"""

import struct
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import InputError

MAX_FIELDS = 10_000  # in one file; one of three layers that PyTorch wrote has some 200
MAX_TEXT_BYTES = 2**20  # as much as the header of a model file may have
MAX_VARINT_BYTES = 10  # 64 bits
VARINT, LONG, BYTES, SHORT = 0, 1, 2, 5
FIXED = {LONG: 8, SHORT: 4}  # bytes

Value: TypeAlias = int | float | str | bytes
Fields: TypeAlias = dict[str, list[int | memoryview]]


class Message:
    """A kind of message: the number of each field, by its name. Fields that have none here are passed over.

    >>> PAIR = Message(name=1, value=2)
    >>> PAIR.encode(name="a", value=300).hex(" ")
    '0a 01 61 10 ac 02'
    """

    def __init__(self, **numbers: int) -> None:
        self.numbers = numbers
        self._names = {number: name for name, number in numbers.items()}

    def encode(self, **fields: Value | Sequence[Value]) -> bytes:
        """The bytes of such a message. A list is a field that comes again and again; a float has 32 bits."""
        parts = []
        for name, given in fields.items():
            values = [given] if isinstance(given, Value) else given
            parts += [_encode(self.numbers[name], value) for value in values]
        return b"".join(parts)

    def decode(self, content: memoryview, budget: "Budget") -> Fields:
        """The values of each field, in their order: whole numbers, or bytes that are still to be understood.

        Raises:
            InputError: a value that ends after the message, a kind that is not known, or too many fields.
        """
        found: Fields = {name: [] for name in self.numbers}
        for number, value in _fields(content, budget):
            if name := self._names.get(number):
                found[name].append(value)
        return found


class Budget:
    """How much of a file may still be read: fields and numbers, and what follows from them in proportion."""

    def __init__(self, left: int = MAX_FIELDS) -> None:
        self.left = left

    def spend(self, amount: int = 1) -> None:
        """Less is left.

        Raises:
            InputError: nothing is.
        """
        self.left -= amount
        if self.left < 0:
            raise InputError("there are too many parts in the file", must_be=f"at most {MAX_FIELDS:,}")


def whole_numbers(values: Sequence[int | memoryview], budget: Budget) -> list[int]:
    """The numbers of a field that comes again and again: each by itself, or many at once; they are signed."""
    found = []
    for value in values:
        if isinstance(value, int):
            found.append(value)
            continue
        place = 0
        while place < len(value):
            budget.spend()
            number, place = _varint(value, place)
            found.append(number)
    return [number - 2**64 if number >= 2**63 else number for number in found]


def only(values: Sequence[int | memoryview]) -> int:
    """The whole number of a field, of which the last one counts; 0 where it is not there."""
    return next((value for value in reversed(values) if isinstance(value, int)), 0)


def decimals(values: Sequence[int | memoryview]) -> NDArray[np.float32]:
    """The floats of 32 bits of a field that comes again and again: each by itself, or many at once."""
    content = b"".join(value for value in values if not isinstance(value, int))
    return np.frombuffer(content[: len(content) // 4 * 4], "<f4")


def decimal(values: Sequence[int | memoryview]) -> float:
    """The float of a field, of which the last one counts; 0 where it is not there."""
    return float([0.0, *decimals(values[-1:])][-1])


def texts(values: Sequence[int | memoryview]) -> list[str]:
    """The texts of a field that comes again and again. Bytes that are no text are question marks.

    Raises:
        InputError: one is longer than any that is needed.
    """
    found = [value for value in values if not isinstance(value, int)]
    if (longest := max(map(len, found), default=0)) > MAX_TEXT_BYTES:
        raise InputError("a text in the file is too long", must_be=f"at most {MAX_TEXT_BYTES:,} bytes", got=longest)
    return [bytes(value).decode(errors="replace") for value in found]


def text(values: Sequence[int | memoryview]) -> str:
    """The text of a field, of which the last one counts; none where it is not there."""
    return "".join(texts(values[-1:]))


def messages(kind: Message, values: Sequence[int | memoryview], budget: Budget) -> Iterator[Fields]:
    """The inner messages of a field that comes again and again."""
    return (kind.decode(value, budget) for value in values if not isinstance(value, int))


def _encode(number: int, value: Value) -> bytes:
    if isinstance(value, int):
        return _varint_bytes(number << 3 | VARINT) + _varint_bytes(value % 2**64)
    if isinstance(value, float):
        return _varint_bytes(number << 3 | SHORT) + struct.pack("<f", value)
    content = value.encode() if isinstance(value, str) else value
    return _varint_bytes(number << 3 | BYTES) + _varint_bytes(len(content)) + content


def _varint_bytes(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _fields(content: memoryview, budget: Budget) -> Iterator[tuple[int, int | memoryview]]:
    """The number and the value of each field."""
    place = 0
    while place < len(content):
        budget.spend()
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, place = _varint(content, place)
            yield number, value
            continue
        if kind == BYTES:
            length, place = _varint(content, place)
        elif kind in FIXED:
            length = FIXED[kind]
        else:
            raise InputError("this is no ONNX file, or it is damaged", got=f"a field of kind {kind}")
        if length > len(content) - place:
            got = f"{length} bytes where {len(content) - place} are left"
            raise InputError("the file is damaged or was cut short", got=got)
        yield number, content[place : place + length]
        place += length


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    value = 0
    for count, byte in enumerate(content[place : place + MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value % 2**64, place + count + 1
    raise InputError("the file is damaged or was cut short", got="a number without an end")

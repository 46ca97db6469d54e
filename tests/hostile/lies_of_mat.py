"""MAT-files that lie about their sides, lengths, types and compressed streams. Each is made when it is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.hostile import forge
from tests.hostile.lies_of_data import BODY, LONG, SIDES, Lie


def mat() -> Iterator[Lie]:
    """About the header, the elements, the sides of arrays, and compressed streams."""
    x, y = forge.matrix("data", BODY, 784, 2), forge.matrix("label", b"\0\1", 1, 2)
    for begin in (b"\0\1MI", b"\0\2IM", b"\1\0IM", b"    ", b"\0\0\0\0"):
        yield f"begins {begin!r}", partial(forge.mat, begin=begin)
    for packed, (name, sides, said) in itertools.product((False, True), arrays()):

        def make(sides: Any = sides, said: Any = said, packed: bool = packed) -> bytes:
            return forge.mat(forge.matrix("data", BODY, *sides, **said, packed=packed), y)

        yield f"{name}{', compressed' * packed}", make
    changed = {
        "no labels": forge.mat(x),
        "no pictures": forge.mat(y),
        "two of one name": forge.mat(x, x, y),
        "two arrays of pictures": forge.mat(x, forge.matrix("images", BODY, 784, 2), y),
        "three labels": forge.mat(x, forge.matrix("label", b"\0\1\2", 1, 3)),
        "a label of 10": forge.mat(x, forge.matrix("label", b"\0\x0a", 1, 2)),
        "2,000 arrays": forge.mat(*[forge.element(9, b"")] * 2000, x, y),
        "a stream in a stream": forge.mat(forge.pressed(forge.pressed(x)), y),
        "an array behind an array in a stream": forge.mat(forge.pressed(x + y)),
        "a stream cut short": forge.mat(x, y)[:128] + forge.pressed(x)[:-9],
        "no stream": forge.mat(forge.element(15, b"hello, world"), y),
        "an empty stream": forge.mat(forge.pressed(b""), y),
        "cut in the header": forge.mat()[:100],
        "a small element of 9 bytes": forge.mat(b"\x01\0\x09\0" + bytes(12), y),
        "seven bytes behind": forge.mat(x, y) + bytes(7),
    }
    for name, file in changed.items():
        yield name, partial(bytes, file)
    for check in (0, 1, 2**32 - 1):
        yield f"a stream whose checksum is {check}", partial(bytes, forge.mat(forge.pressed(x, check=check), y))
    long = {"pictures": forge.matrix("data", bytes(LONG), 784, 2), "zeros": bytes(LONG), "other": b"\x0e" + bytes(LONG)}
    for name, content in long.items():
        yield f"a stream of {name} without end", partial(lambda content: forge.mat(forge.pressed(content), y), content)


def arrays() -> Iterator[tuple[str, tuple[int, ...], dict[str, int]]]:
    """What the array of pictures may say of itself."""
    sides = [pair for side in (0, 1, *SIDES) for pair in ((784, side), (side, 784))]
    sides += [(), (1568,), (28, 56), (28, 28, 3), (2,) * 9, (0, 2**31 - 1), (784, 2, 2**31 - 1)]
    yield from ((f"sides {one}", one, {}) for one in sides)
    values = {"length": (0, 8, 40, 2**20, 2**31, 2**32 - 1), "flags": (0, 1, 4, 5, 16, 17, 0x809, 255)}
    values["kind"] = (0, 1, 3, 7, 8, 9, 14, 15, 18, 255)
    yield from ((f"{name} {value}", (784, 2), {name: value}) for name in values for value in values[name])


LIES = {"mat": mat}

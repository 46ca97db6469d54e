"""One form of file as the fuzzer sees it: how its inputs become files, who reads them, and what was right to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["BETWEEN", "MOST", "Format", "Make", "words"]

Make = Callable[[bytes], bytes]
BETWEEN = b"\n|\n"  # the pieces of an input
MOST = 4096  # bytes that a shape may ask for when it is made true


@dataclass(frozen=True)
class Format:
    """One form of file.

    Attributes:
        file: the name under which an input is written.
        makes: ways to make a file of an input; the first byte chooses one.
        read: the loader; it returns what was read, or raises a `DigitlabError`.
        is_true: whether that is what the file says.
        seeds: valid inputs, each with the number of its way.
        words: what this form is made of; the fuzzer tries them everywhere.
        modules: the code whose lines are counted.
        longest: bytes of an input.
        plain: functions that are not instrumented: Atheris 3.0 never frees what comparing two arrays gives.
    """

    file: str
    makes: tuple[Make, ...]
    read: Callable[[Path], Any]
    is_true: Callable[[bytes, Any], bool]
    seeds: tuple[tuple[int, bytes], ...]
    words: tuple[str, ...]
    modules: tuple[str, ...]
    longest: int = 4096
    plain: tuple[Any, ...] = ()

    def make(self, data: bytes) -> bytes:
        """The file that an input stands for."""
        return self.makes[data[0] % len(self.makes)](data[1:]) if data else b""


def words(text: str) -> tuple[str, ...]:
    """Words for `Format.words`, with spaces between them; odd bytes are written as in ``\\xff``."""
    return tuple(text.split())

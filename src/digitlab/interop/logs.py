"""Logs of a training, each named by its kind and its place in a word: ``jsonl:FILE``, ``tensorboard:FOLDER``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digitlab.errors import InputError, require_name
from digitlab.interop.json_lines import JsonLinesLog
from digitlab.interop.log_file import LogFile
from digitlab.interop.tensorboard import TensorBoardLog
from digitlab.network.network import Network
from digitlab.training.recipe import Recipe

Opened = Callable[[Path, Network, Recipe, bool], LogFile]  # place, network, recipe, whether to go on with what is there

LOGS: dict[str, Opened] = {
    "jsonl": lambda place, _network, _recipe, resume: JsonLinesLog(place, resume=resume),
    "tensorboard": lambda place, network, recipe, resume: TensorBoardLog(place, network, recipe, resume=resume),
}


@dataclass(frozen=True)
class NamedLog:
    """A log that is wanted.

    Attributes:
        kind: one of `LOGS`.
        place: of its file, or of its folder.
    """

    kind: str
    place: Path

    @classmethod
    def parse(cls, text: str) -> NamedLog:
        """From ``KIND:PLACE``.

        Raises:
            InputError: there is no such kind, or no place.
        """
        kind, _, place = text.partition(":")
        if not place:
            must_be = "jsonl:FILE or tensorboard:FOLDER"
            raise InputError("a log is named by its kind and its place", must_be=must_be, got=repr(text))
        require_name(kind, LOGS, "kind of log")
        return cls(kind, Path(os.path.expanduser(place)))  # noqa: PTH111  # as it is where nobody has that name

    def open(self, network: Network, recipe: Recipe, *, resume: bool) -> LogFile:
        """The listener, ready to be told of a training of this network by this recipe.

        Raises:
            InputError, FileError: as for `JsonLinesLog` and `TensorBoardLog`.
        """
        return LOGS[self.kind](self.place, network, recipe, resume)

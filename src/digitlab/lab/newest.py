"""A dictionary that remembers the newest entries alone."""

from collections import OrderedDict
from typing import TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")


class Newest(OrderedDict[Key, Result]):
    """So many entries: those that were kept last."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: Key, value: Result) -> Result:
        """Put an entry in, or make it the newest; the oldest go."""
        self[key] = value
        self.move_to_end(key)
        while len(self) > self._most:
            self.popitem(last=False)
        return value

"""Who works how long: of the workers that are asked for a part of each step, all wait for the slowest."""

from statistics import median

TIMES = 3.0  # as long as the others take for a sample, and
SECONDS = 2.0  # of work at least, as anybody may be held up for a moment, is worth a word


class Stopwatch:
    """The work of some workers.

    Attributes:
        seconds: of all their work, by their names.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since: dict[str, tuple[float, int]] = {}  # seconds and samples since they were last compared
        self._told: set[str] = set()

    def add(self, name: str, seconds: float, samples: int) -> None:
        """Work that a worker has done."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        before = self._since.get(name, (0.0, 0))
        self._since[name] = before[0] + seconds, before[1] + samples

    def slow_ones(self) -> list[str]:
        """Who took much longer than the others lately, in words; each is told of once."""
        if max((seconds for seconds, _ in self._since.values()), default=0.0) < SECONDS:
            return []
        since, self._since = self._since, {}
        rates = {name: seconds / samples for name, (seconds, samples) in since.items() if samples}
        words = []
        for name, rate in rates.items():
            others = [other for worker, other in rates.items() if worker != name]
            if others and rate > TIMES * median(others) and name not in self._told:
                self._told.add(name)
                words.append(
                    f"the worker {name} takes {rate / median(others):.1f} times as long as the others,"
                    f" who wait for it: {since[name][0]:.1f} s lately"
                )
        return words

"""Reading pictures: digitlab beside RapidOCR, in one run, over pictures whose text is known.

    python benchmarks/reading.py FOLDER/truth.csv [--by COLUMN]   your own pictures
    python benchmarks/reading.py --synthetic 2000 [--seed 1]      photographs made of MNIST's test digits
    python benchmarks/reading.py --speed                          how long, and how much memory

RapidOCR is optional (`pip install rapidocr onnxruntime`); `--rapidocr PYTHON` names the interpreter of another
environment where it is installed. Each reader has one thread, and the time is that of the processor. A row is a reader
with one of its settings:

    single     pictures of one digit, read without any mistake
    lines      lines of pictures of several digits, read without any mistake
    digits     digits of all pictures that are right; `digitlab/reading/score.py` says how that is counted
    invented   digits that are not there
    blanks     pictures without a digit that get one all the same, not marked doubtful
    doubtful   digits marked doubtful
    caught     of the single digits and lines that are wrong, those with a digit marked doubtful
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from asking import HERE, Group, Name

from digitlab.reading.results import ReadDigit, Reading, ReadLine
from digitlab.reading.score import Counts, count
from digitlab.reading.truth import Truth, read_truth

JSON = dict[str, Any]
ALL = "all"
COLUMNS = ("single", "lines", "digits", "invented", "blanks", "doubtful", "caught", "ms", "MB")


@dataclass
class Tally:
    """What one reader made of some pictures, by how many digits are on them: one, several or none; and the seconds."""

    one: Counts = field(default_factory=Counts)
    several: Counts = field(default_factory=Counts)
    none: Counts = field(default_factory=Counts)
    seconds: list[float] = field(default_factory=list)

    def add(self, lines: tuple[str, ...], reading: Reading, seconds: float) -> None:
        """One picture more, with these lines on it."""
        kind = {0: "none", 1: "one"}.get(sum(map(len, lines)), "several")
        setattr(self, kind, getattr(self, kind) + count(lines, reading))
        self.seconds.append(seconds)

    def cells(self, megabytes: float) -> list[str]:
        """One for each of `COLUMNS`."""
        total = self.one + self.several + self.none
        return [
            f"{self.one.pictures_right}/{self.one.pictures}",
            f"{self.several.lines_right}/{self.several.lines}",
            f"{total.right}/{total.digits}",
            f"{total.invented}",
            f"{total.blanks_read}/{total.blanks}",
            f"{total.doubtful}",
            f"{total.lines_doubted}/{total.lines - total.lines_right}",
            f"{1000 * statistics.median(self.seconds):.0f}",
            f"{megabytes:.1f}",
        ]


@contextmanager
def synthetic(many: int, seed: int) -> Iterator[tuple[Path, dict[str, Truth]]]:
    """A folder with so many photographs, and what is written on them; groups: how many digits."""
    sys.path.insert(0, str(HERE.parent))
    from tests.reading.photographs import photograph

    with tempfile.TemporaryDirectory() as folder:
        truth = {}
        for number in range(many):
            jpeg, text = photograph(seed, number)
            (Path(folder) / f"{number}.jpg").write_bytes(jpeg)
            truth[f"{number}.jpg"] = Truth((text,), {"digits": str(len(text))})
        yield Path(folder), truth


def reading_of(answer: JSON) -> Reading:
    """An answer as what `digitlab.read` gives, without places."""
    nowhere = (0, 0, 0, 0)
    lines = [
        ReadLine(tuple(ReadDigit(digit, 0.0, nowhere, doubtful) for digit, doubtful in line))
        for line in answer["lines"]
    ]
    return Reading(tuple(lines), (), 0, (0, 0))


def measure(folder: Path, truth: dict[str, Truth], by: str, names: list[Name]) -> dict[str, JSON]:
    """All readers with all of their settings, taking turns at each picture; printed, and as figures by their names."""
    with Group(names, {}, threads=1) as group:
        for peer in group.peers:
            print(f"  {peer.about}")
        settings = group.ask_all("settings")
        tallies: dict[tuple[str, str], dict[str, Tally]] = {
            (name, setting): defaultdict(Tally) for name, told in settings.items() for setting in told["settings"]
        }
        for file, row in truth.items():
            for (name, setting), tally in tallies.items():
                peer = next((one for one in group.peers if one.name.called == name), None)
                answer = peer and group.ask(peer, "read", picture=str(folder / file), setting=setting)
                if answer:
                    for part in {ALL, row.columns[by] or "(nothing)"} if by else {ALL}:
                        tally[part].add(row.lines, reading_of(answer), answer["seconds"])
    print(f"{'':34}" + "".join(f"{head:>10}" for head in COLUMNS))
    figures = {}
    for (name, setting), tally in tallies.items():
        if name in group.missing:
            continue
        called = f"{name}: {setting}" if setting else name
        megabytes = settings[name]["megabytes"]
        figures[called] = {part: asdict(one) for part, one in tally.items()} | {"megabytes": megabytes}
        for part in sorted(tally, key=lambda part: (part != ALL, part)):
            cells = tally[part].cells(megabytes)
            print(f"{called if part == ALL else '    ' + part:34}" + "".join(f"{cell:>10}" for cell in cells))
    for name, reason in group.missing.items():
        print(f"{name} is missing: {reason}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("truth", nargs="?", type=Path, help="a table of your pictures, with columns file and text")
    parser.add_argument("--by", default="", help="a column of it to group by")
    parser.add_argument("--synthetic", type=int, default=0, metavar="N", help="so many photographs that are made here")
    parser.add_argument("--seed", type=int, default=1, help="of these photographs")
    parser.add_argument("--speed", action="store_true", help="measure time and memory")
    parser.add_argument("--rapidocr", default=sys.executable, metavar="PYTHON", help="where RapidOCR is installed")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    if not (asked.truth or asked.synthetic or asked.speed):
        parser.error("a truth file, --synthetic N or --speed")

    names = [
        Name("digitlab", "reader", program="reading_peers.py"),
        Name("RapidOCR", "rapidocr", program="reading_peers.py", python=asked.rapidocr),
    ]
    figures: JSON = {}
    if asked.truth:
        truth = read_truth(asked.truth)
        if asked.by and asked.by not in next(iter(truth.values())).columns:
            parser.error(f"no column {asked.by} in {asked.truth}")
        print(f"{asked.truth}: {len(truth)} pictures")
        figures["pictures"] = measure(asked.truth.parent, truth, asked.by, names)
    if asked.synthetic:
        print(f"{asked.synthetic} photographs of test digits, seed {asked.seed}")
        with synthetic(asked.synthetic, asked.seed) as (folder, truth):
            figures["synthetic"] = measure(folder, truth, "digits", names)
    if asked.speed:
        from reading_speed import speed

        figures["speed"] = speed()
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

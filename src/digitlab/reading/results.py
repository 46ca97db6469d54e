"""What was read from a picture: lines of digits with their places and doubts, and what is no digit."""

from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, width and height, in pixels of the picture as viewers show it: upright by its EXIF, before any turn."""


@dataclass(frozen=True)
class ReadDigit:
    """One digit.

    Attributes:
        digit: 0 to 9, the best guess.
        probability: what the network gives it.
        box: where it is.
        doubtful: a person should look at it.
    """

    digit: int
    probability: float
    box: Box
    doubtful: bool


@dataclass(frozen=True)
class ReadLine:
    """The digits of one line, in reading order."""

    digits: tuple[ReadDigit, ...]

    @property
    def text(self) -> str:
        """The best guesses, without spaces; doubtful ones included."""
        return "".join(str(digit.digit) for digit in self.digits)


@dataclass(frozen=True)
class Rejected:
    """Ink that is no digit, and why it is thought to be none."""

    box: Box
    reason: str


@dataclass(frozen=True)
class Reading:
    """All that was read from one picture.

    Attributes:
        lines: from top to bottom; empty where there is no digit.
        rejected: what is no digit.
        turn: by how many degrees clockwise the picture was turned before it was read: 0, 90, 180 or 270.
        size: width and height of the picture, in pixels.
        light_on_dark: it was taken for light ink on dark paper.
    """

    lines: tuple[ReadLine, ...]
    rejected: tuple[Rejected, ...]
    turn: int
    size: tuple[int, int]
    light_on_dark: bool = False

    @property
    def text(self) -> str:
        """The texts of the lines, with `/` between them."""
        return "/".join(line.text for line in self.lines)

    @property
    def doubtful(self) -> bool:
        """Whether any digit is."""
        return any(digit.doubtful for line in self.lines for digit in line.digits)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        lines = [{"text": line.text, "digits": [asdict(digit) for digit in line.digits]} for line in self.lines]
        return {
            "lines": lines,
            "rejected": [asdict(one) for one in self.rejected],
            "turn": self.turn,
            "size": self.size,
            "light_on_dark": self.light_on_dark,
        }

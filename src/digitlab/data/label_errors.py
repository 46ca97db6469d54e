"""Known label errors: test pictures whose label people dispute. They are marked wherever they are listed.

Nobody can read them "rightly": an accuracy beyond about 99.9 % is partly luck with them.

Source: C. G. Northcutt, A. Athalye and J. Mueller, "Pervasive label errors in test sets destabilize machine learning
benchmarks" (2021). For MNIST, cleanlab proposed 100 test digits, and five people on Amazon Mechanical Turk said of each
what they see. Of these 15, fewer than three of the five saw the label: ten have a majority for another digit.
"""

from dataclasses import dataclass

from digitlab.data.catalogue import MNIST
from digitlab.data.digits import Digits

SOURCE = "the study of Northcutt, Athalye and Mueller (2021), in which five people looked at each"


@dataclass(frozen=True)
class LabelError:
    """A picture of a test set whose label is wrong or in doubt.

    Attributes:
        index: which picture of the test set.
        given: its label in the file.
        voted: what most of those who were asked see; None where they do not agree.
        note: the same in words.
    """

    index: int
    given: int
    voted: int | None
    note: str


def _voted(index: int, given: int, voted: int, votes: int) -> LabelError:
    return LabelError(index, given, voted, f"{votes} of 5 people see a {voted}")


MNIST_ERRORS = (
    _voted(947, 8, 9, 5),
    _voted(1621, 0, 6, 3),
    _voted(1901, 9, 4, 3),
    LabelError(2130, 4, None, "people see a 4 or a 9"),
    _voted(2462, 2, 0, 4),
    _voted(2597, 5, 3, 4),
    LabelError(2654, 6, None, "people see a 6 or a 1"),
    LabelError(3520, 6, None, "no three of 5 people agree"),
    _voted(3558, 5, 0, 4),
    _voted(5937, 5, 3, 3),
    _voted(6651, 0, 6, 5),
    _voted(6783, 1, 6, 3),
    LabelError(8527, 4, None, "people see a 4 or a 9"),
    LabelError(9679, 6, None, "no three of 5 people agree"),
    _voted(9729, 5, 6, 3),
)


def label_errors_of(test: Digits) -> tuple[LabelError, ...]:
    """Those of a test part in the order of the file, where it is wholly that of MNIST; of others none are known."""
    return MNIST_ERRORS if test.sha256() == MNIST.test_sha256 else ()

"""ARFF, the form of Weka in which OpenML publishes MNIST: a header that names the columns, then a CSV file without one.

    % a comment
    @RELATION mnist_784
    @ATTRIBUTE pixel1 real            one line for each column
    @ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}
    @DATA
    0,0,...,5

The lines behind ``@DATA`` are read as those of a CSV file; sparse ones, in braces, are not.

Source: the description of the format at https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/.
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from digitlab.data.columns import LabelColumn
from digitlab.data.csv_file import find_columns, parse_body, whole_lines
from digitlab.data.digits import CLASSES, Digits
from digitlab.data.files import PIECE, opened, unzipped
from digitlab.data.parting import with_test_part
from digitlab.data.resizing import Resize
from digitlab.data.table import Table, as_digits
from digitlab.errors import DataFileError, refuse

ENDINGS = (".arff", ".arff.gz")
ATTRIBUTE = re.compile(rb"""\s*@attribute\s+(['"]?)([^\s{'"]+|(?<=['"])[^'"]*)\1[\s{].*""", re.IGNORECASE)
BESIDE = re.compile(rb"\s*(?:%.*|@relation\s.*)?", re.IGNORECASE)
DATA = re.compile(rb"\s*@data\s*", re.IGNORECASE)
MOST_LINES = 10_000  # of a header


def split_arff(
    path: Path, source: str, label_column: LabelColumn | None = None, resize: Resize | None = None
) -> tuple[Digits, Digits]:
    """The data set in one ARFF file, some of it kept for testing; see `opening.Format`.

    Raises:
        InputError: no attribute is the label.
        DataFileError: as `read_csv`; or a header that is none.
    """
    return with_test_part(as_digits(read_arff(path, label_column), path, source, resize), source)


def read_arff(path: Path, label_column: LabelColumn | None = None) -> Table:
    """Read an ARFF file, gzipped or not; for arguments and errors see `split_arff`."""
    name = str(path)
    with opened(path) as file:
        blocks = whole_lines(unzipped(iter(lambda: file.read(PIECE), b""), name), name)
        names, rest, line = _read_header(blocks, name)
        columns = find_columns(names, label_column, CLASSES - 1, f"{name}: the header")
        return parse_body(chain(filter(None, [rest]), blocks), columns, line, name)


def _read_header(blocks: Iterator[bytes], name: str) -> tuple[list[str], bytes, int]:
    """The names of the columns, what of the last block follows the header, and the number of its first line."""
    names: list[str] = []
    line = 0
    for block in blocks:
        while block:
            text, _, block = block.partition(b"\n")  # noqa: PLW2901
            line += 1
            if DATA.fullmatch(text):
                return names, block, line + 1
            if attribute := ATTRIBUTE.fullmatch(text):
                names.append(attribute[2].decode("latin1"))
            elif not BESIDE.fullmatch(text):
                must_be, got = "@ATTRIBUTE name type, @DATA, a comment, or nothing", repr(text[:40])
                refuse(DataFileError, f"{name}: line {line}", "this is no header of ARFF", must_be=must_be, got=got)
            if line > MOST_LINES:
                refuse(DataFileError, name, f"the header has more than {MOST_LINES:,} lines")
    refuse(DataFileError, name, "there is no @DATA, so the file is cut short or is no ARFF file")

"""ARFF files: the header names the columns; what is behind it is read as CSV."""

from __future__ import annotations

import numpy as np
import pytest

from digitlab.data.arff_file import read_arff
from digitlab.errors import DataFileError, DigitlabError, InputError
from tests.data.forms import lines_of
from tests.hostile import forge


def header(*names: str, end: str = "@data\n") -> bytes:
    return "".join(f"@attribute {name} numeric\n" for name in names).encode() + end.encode()


PIXELS = [f"p{number}" for number in range(784)]


@pytest.fixture
def few(mnist):
    return mnist[0][:20]


@pytest.mark.parametrize("name", ["class", "'class'", '"Class"', "LABEL", "y"])
@pytest.mark.parametrize("place", [0, 300, 784])
def test_the_column_with_such_a_name_holds_the_labels(name, place, few, tmp_path):
    path = tmp_path / "some.arff"
    x = few.images.reshape(20, -1)
    rows = lines_of(np.column_stack([x[:, :place], few.labels, x[:, place:]])).encode()
    path.write_bytes(header(*PIXELS[:place], name, *PIXELS[place:]) + rows)
    table = read_arff(path)
    assert np.array_equal(table.images, few.images)
    assert np.array_equal(table.labels, few.labels)


def test_a_column_can_be_asked_for(few, tmp_path):
    path = tmp_path / "some.arff"
    rows = lines_of(np.column_stack([few.labels, few.images.reshape(20, -1)])).encode()
    path.write_bytes(header("what", *PIXELS) + rows)
    with pytest.raises(DataFileError, match=r"the header: these are not the columns(?s:.)*--label-column"):
        read_arff(path)
    assert np.array_equal(read_arff(path, "what").labels, few.labels)
    with pytest.raises(InputError, match="no such column"):
        read_arff(path, "which")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no @DATA"),
        (header("class", *PIXELS, end=""), "no @DATA"),
        (header("class", *PIXELS) + b"{0 5, 3 9}\n", "line 787: a column is missing"),
        (header("class", *PIXELS) + b"5" + b",0" * 783 + b"\n", "line 787: a column is missing"),
        (header("class", *PIXELS) + b"5" + b",0" * 783 + b",256\n", "line 787: column 785: this is not a pixel"),
        (header("class", *PIXELS) + b"12" + b",0" * 784 + b"\n", "line 787: column 1: this is not a label"),
        (header(*PIXELS[:9]), "these are not the columns"),
        (b"% what\n@relation x\nhello\n", "line 3: this is no header of ARFF(?s:.)*hello"),
        (b"@attribute\n", "line 1: this is no header"),
        (b"%\n" * 10_001, "more than 10,000 lines"),
        (forge.table(), "line 1: this is no header"),
    ],
)
def test_damage_is_named(content, complaint, tmp_path):
    path = tmp_path / "some.arff"
    path.write_bytes(content)
    with pytest.raises(DigitlabError, match=complaint):
        read_arff(path)

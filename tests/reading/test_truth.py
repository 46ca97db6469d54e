"""Truth files: what is written on pictures, as people and spreadsheets write it; and what is refused, with its line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitlab.errors import DataFileError, DigitlabError, InputError
from digitlab.reading.truth import MOST_DIGITS, Truth, name_of, read_truth


def truth_of(tmp_path, content: str | bytes) -> dict[str, Truth]:
    path = tmp_path / "truth.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_truth(path)


PLAIN = {"a.jpg": Truth(("007", "12"), {"paper": "grey"}), "b.jpg": Truth((), {"paper": "white, old"})}


@pytest.mark.parametrize(
    "content",
    [
        'file,text,paper\na.jpg,007/12,grey\nb.jpg,,"white, old"\n',
        '\ufefffile,text,paper\r\na.jpg,007/12,grey\r\n\r\nb.jpg,,"white, old"\r\n,,\r\n',
        "paper;file;text\r\ngrey;a.jpg;007/12\r\nwhite, old;b.jpg;\r\n",
        'File\tText\tPaper\na.jpg\t 0 07 / 12 \tgrey\n"b.jpg"\t""\t"white, old"',
        'text,paper,file\r"007/12",grey,.\\a.jpg\r,"white, old",./b.jpg\r',
    ],
    ids=["plain", "mark-and-empty-rows", "semicolons", "tabs-and-spaces", "other-order"],
)
def test_a_truth_file_says_what_is_written_on_each_picture(tmp_path, content):
    assert truth_of(tmp_path, content) == PLAIN


def test_empty_cells_at_the_end_of_a_row_may_be_left_out(tmp_path):
    assert truth_of(tmp_path, "file,text,note,ink\na.jpg,1\nb.jpg,,torn\n") == {
        "a.jpg": Truth(("1",), {"note": "", "ink": ""}),
        "b.jpg": Truth((), {"note": "torn", "ink": ""}),
    }


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "this is no header"),
        ("picture,text\na.jpg,1\n", 1, "file and text among them"),
        ("file,text,text\na.jpg,1,1\n", 1, "each column once"),
        ("file,text,ink,ink\na.jpg,1,x,y\n", 1, "each column once"),
        ("file,text\na.jpg\n", 2, "another number of cells"),
        ("file,text,note\na.jpg,1,one, torn\n", 2, "a cell with a separator in it is quoted"),
        ("file,text\na.jpg,1\n,2\n", 3, "the picture has no name"),
        ("file,text\na.jpg,1\n\n./a.jpg,2\n", 4, "also in line 2"),
        ("file,text\na.jpg,12O\n", 2, "the text has other characters"),
        ("file,text\na.jpg,1//2\n", 2, "the text has other characters"),
        ("file,text\na.jpg,/\n", 2, "the text has other characters"),
        ("file,text\na.jpg,1.23E+12\n", 2, "formatted as text"),
        ("file,text\na.jpg,\u0663\n", 2, "the text has other characters"),
        (f"file,text\na.jpg,{'1' * (MOST_DIGITS + 1)}\n", 2, "the text is too long"),
        ('file,text,note\na.jpg,1,"\n"\nb.jpg,x,\n', 4, "the text has other characters"),
        ('file,text\na.jpg,"1\n', 2, "this is no row of a table"),
        ("file,text\nx\na.jpg,\0".encode("utf-16"), 1, "this is not text in UTF-8"),
        ("file,text\na.jpg,1\nä.jpg,2".encode("latin-1"), 3, 'save it as "CSV UTF-8"'),
    ],
)
def test_what_is_no_truth_is_refused_with_its_line(tmp_path, content, line, words):
    with pytest.raises(DataFileError) as caught:
        truth_of(tmp_path, content)
    assert caught.value.what.startswith(f"{tmp_path / 'truth.csv'}: line {line}: ")
    assert words in str(caught.value)


def test_a_header_alone_and_no_file_are_refused(tmp_path):
    with pytest.raises(DataFileError, match="no picture is in this table"):
        truth_of(tmp_path, "file,text\n")
    with pytest.raises(InputError, match=r"missing\.csv"):
        read_truth(tmp_path / "missing.csv")
    with pytest.raises(InputError, match="this is not a file"):
        read_truth(tmp_path)


texts = st.lists(st.from_regex(r"[0-9]{1,4}", fullmatch=True), max_size=3)
notes = st.text(st.characters(exclude_characters="\0\r", exclude_categories=("Cs",))).map(str.strip)


@given(
    st.lists(st.tuples(texts, notes), min_size=1, max_size=5), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"])
)
def test_what_is_written_by_the_standard_library_is_read_again(tmp_path_factory, rows, separator, end):
    table = io.StringIO()
    writer = csv.writer(table, delimiter=separator, lineterminator=end)
    writer.writerow(["file", "text", "note"])
    writer.writerows([f"{k}.jpg", "/".join(lines), note] for k, (lines, note) in enumerate(rows))
    path = tmp_path_factory.mktemp("truth") / "truth.csv"
    path.write_bytes(table.getvalue().encode())
    assert read_truth(path) == {f"{k}.jpg": Truth(tuple(lines), {"note": note}) for k, (lines, note) in enumerate(rows)}


@given(st.binary(max_size=60).map(lambda tail: b"file,text\n" + tail) | st.binary(max_size=40))
def test_any_bytes_are_a_truth_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(content)
    try:
        found = read_truth(path)
    except DigitlabError:
        return
    assert all(line.isdigit() for row in found.values() for line in row.lines)


def test_a_picture_goes_by_the_longest_end_of_its_path_that_the_truth_has(tmp_path, monkeypatch):
    truth = {"a.jpg": Truth((), {}), "notes/a.jpg": Truth((), {}), "/scans/c.jpg": Truth((), {})}
    assert name_of("b.jpg", truth) is None
    assert name_of("other/a.jpg", truth) == "a.jpg"
    assert name_of("x/notes/a.jpg", truth) == "notes/a.jpg"
    assert name_of("/scans/c.jpg", truth) == "/scans/c.jpg"
    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path / "notes")
    assert name_of("a.jpg", truth) == "notes/a.jpg"

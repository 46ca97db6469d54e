"""``digitlab read``: which pictures, what is answered in each form, and what goes wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.cli import read as command
from digitlab.network.shipped import STANDARD, shipped_file
from digitlab.reading.results import ReadDigit, Reading, ReadLine, Rejected

NOTE = "digitlab: model standard (ships with digitlab)\n"


@pytest.fixture(scope="session")
def number(mnist) -> Callable[[str], Image.Image]:
    """A picture of a number: test digits beside each other, dark on bright, twice as large; ``/`` begins a line."""
    _, test = mnist
    places = {str(digit): int(np.flatnonzero(test.labels == digit)[10]) for digit in range(10)}

    def draw(text: str) -> Image.Image:
        lines = text.split("/")
        image = Image.new("L", (60 * max(map(len, lines)) + 20, 80 * len(lines) + 20), 255)
        for row, line in enumerate(lines):
            for column, digit in enumerate(line):
                pixels = Image.fromarray(255 - test.images[places[digit]])
                image.paste(pixels.resize((56, 56), Image.Resampling.BICUBIC), (60 * column + 12, 80 * row + 22))
        return image

    return draw


@pytest.fixture
def photos(folder, number) -> Path:
    """Twenty files: 14 numbers, some in a folder within; 3 broken ones, 1 without a digit, 2 that are no pictures."""
    place = folder / "photos"
    (place / "more").mkdir(parents=True)
    for k in range(14):
        number(f"{k:02}").save(place / ("more" if k > 9 else "") / f"{k}.png")
    whole = (place / "1.png").read_bytes()
    (place / "cut.png").write_bytes(whole[: len(whole) // 2])
    (place / "empty.jpg").touch()
    (place / "half").write_bytes(whole[:20])
    Image.new("L", (90, 90), 255).save(place / "white.gif")
    (place / "notes.txt").write_text("7")
    (place / "BMI.csv").write_text("BMI,7\n")
    return place


@pytest.fixture
def canned(monkeypatch) -> Callable[..., None]:
    """The reader is told what to read: texts as the command prints them, or what is raised."""

    def told(
        *answers: str | BaseException, turn: int = 0, dark: bool = False, rejected: tuple[Rejected, ...] = ()
    ) -> None:
        left = list(answers)

        def read(*_: object, **settings: object) -> Reading:
            told.settings.append(settings)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, BaseException):
                raise answer
            lines = [
                ReadLine(
                    tuple(ReadDigit(int(a), 0.5 if b == "?" else 0.99, (9, 9, 20, 30), b == "?") for a, b in pairs)
                )
                for pairs in map(_pairs, filter(None, answer.split("/")))
            ]
            return Reading(tuple(lines), rejected, turn, (100, 80), dark)

        monkeypatch.setattr(command, "read_picture", read)

    told.settings = []
    return told


def _pairs(line: str) -> list[tuple[str, str]]:
    return [(a, b) for a, b in zip(line, [*line[1:], ""], strict=True) if a != "?"]


def save(name: str, image: Image.Image | None = None) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    (image or Image.new("L", (100, 80), 255)).save(name, "PNG")
    return name


def answered(run, *arguments: str) -> list[dict]:
    code, out, _ = run("read", "--json", *arguments)
    assert code in {0, 1}
    return json.loads(out)["pictures"]


def texts(pictures: list[dict]) -> dict[str, str]:
    return {one["file"]: "/".join(line["text"] for line in one["lines"]) for one in pictures}


# --- what is answered ---


def test_a_number_is_read(run, folder, number):
    save("a.png", number("007/1234"))
    code, out, err = run("read", "a.png")
    lines = out.replace("?", "").splitlines()
    assert (code, err) == (0, "")
    assert lines[:3] == ["007", "1234", ""]
    assert lines[3].startswith("2 lines, 7 digits; ")
    assert lines[-1] == "model standard (ships with digitlab)"


def test_doubts_turns_and_what_is_no_digit_are_told(run, folder, canned):
    rejected = tuple(Rejected((0, 0, 5, 5), reason) for reason in ("too small", "not a digit", "too small"))
    canned("12?/3", turn=90, dark=True, rejected=rejected)
    assert run("read", save("a.png"))[1].splitlines() == [
        "12?",
        "3",
        "",
        "2 lines, 3 digits; 1 doubtful, marked ?",
        "taken for light ink on dark paper",
        "turned by 90 degrees clockwise before it was read",
        "left out: too small (2), not a digit (1)",
        "model standard (ships with digitlab)",
    ]


def test_a_turned_page_is_turned(run, folder, number):
    save("a.png", number("1234567/987/40").rotate(90, expand=True))
    for turn in ("auto", "90"):
        answer = answered(run, "a.png", "--turn", turn)[0]
        assert (texts([answer]), answer["turn"]) == ({"a.png": "1234567/987/40"}, 90)
    assert answered(run, "a.png", "--turn", "0")[0]["turn"] == 0


def test_without_a_digit_it_says_so(run, folder, canned):
    canned("")
    assert run("read", save("a.png"))[1].startswith("there is no digit in it\n")
    canned("", "5")
    lines = run("read", "a.png", save("b.png"))[1].splitlines()
    assert lines[:2] == ["a.png  there is no digit in it", "b.png  5"]


def test_in_a_terminal_doubts_have_a_colour_too(run, folder, canned, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    canned("12?3")
    first = run("read", save("a.png"))[1].splitlines()[0]
    assert first.startswith("1\x1b[1;")
    assert "2?\x1b[0m3" in first


def test_json_has_the_shape_of_the_design(run, folder, canned):
    canned("12?", rejected=(Rejected((1, 2, 3, 4), "too small"),))
    code, out, err = run("read", save("a.png"), "--json")
    assert (code, err) == (0, "")
    digits = [
        {"digit": 1, "probability": 0.99, "box": [9, 9, 20, 30], "doubtful": False},
        {"digit": 2, "probability": 0.5, "box": [9, 9, 20, 30], "doubtful": True},
    ]
    page = {"file": "a.png", "lines": [{"text": "12", "digits": digits}], "turn": 0, "size": [100, 80]}
    page["light_on_dark"] = False
    page["rejected"] = [{"box": [1, 2, 3, 4], "reason": "too small"}]
    assert json.loads(out) == {"pictures": [page], "score": None, "model": "standard"}


def test_csv_has_a_row_for_each_line_and_keeps_zeros(run, folder, canned):
    canned("007?/12", "", dl.errors.PictureError("it is damaged", got="bytes"))
    code, out, err = run("read", save("a.png"), save("b.png"), save("c.png"), "--csv")
    assert code == 1
    assert err == NOTE + "digitlab: it is damaged\n  got: bytes\n"
    assert '"007"' in out
    assert list(csv.reader(io.StringIO(out))) == [
        ["file", "line", "text", "doubtful", "probability", "error"],
        ["a.png", "1", "007", "1", "0.5", ""],
        ["a.png", "2", "12", "0", "0.99", ""],
        ["b.png", "", "", "", "", ""],
        ["c.png", "", "", "", "", "it is damaged"],
    ]


def test_the_settings_reach_the_reader(run, folder, canned):
    canned("1")
    run("read", save("a.png"))
    run("read", save("a.png"), "--expect", "3", "--turn", "90")
    assert canned.settings == [{"turn": "auto", "expect": None}, {"turn": 90, "expect": 3}]


# --- which pictures ---


def test_a_folder_is_read_though_some_of_it_is_broken(run, photos):
    code, out, err = run("read", "photos", "--json")
    pictures = json.loads(out)["pictures"]
    assert code == 1
    assert [one["file"] for one in pictures] == [
        *(f"photos/{k}.png" for k in range(10)),
        *("photos/cut.png", "photos/empty.jpg", "photos/half", "photos/white.gif"),
        *(f"photos/more/{k}.png" for k in range(10, 14)),
    ]
    for one in pictures:
        broken = Path(one["file"]).stem in {"cut", "empty", "half"}
        assert ("error" in one) == broken
        assert not broken or one["error"] in err
        text = Path(one["file"]).stem.zfill(2)
        assert texts([one])[one["file"]] == ("" if broken or text == "white" else text)
    assert err.startswith("digitlab: files passed over, as they are no pictures: 2\n")
    assert "Traceback" not in err


def test_a_folder_in_words(run, photos):
    code, out, _ = run("read", "photos/more", "photos/cut.png", "photos/white.gif")
    lines = out.splitlines()
    assert code == 1
    assert [line.replace("?", "") for line in lines[:6]] == [
        *(f"photos/more/{k}.png  {k}" for k in range(10, 14)),
        "photos/cut.png      could not be read",
        "photos/white.gif    there is no digit in it",
    ]
    assert lines[7].startswith("6 pictures: ")
    assert lines[7].endswith("1 without a digit, 1 that could not be read")


def test_patterns_that_no_shell_has_read(run, photos, canned):
    canned("1")
    assert list(texts(answered(run, "photos/[89].png"))) == ["photos/8.png", "photos/9.png"]
    assert len(answered(run, "photos/**/*.png")) == 15
    assert list(texts(answered(run, "photos/*.tif"))) == ["photos/*.tif"]
    Path("photos/9.png").rename("[8].png")
    assert list(texts(answered(run, "[8].png"))) == ["[8].png"]  # the name of a file is no pattern


def test_a_picture_that_is_named_twice_is_read_once(run, photos, canned):
    canned("1")
    names = ["photos/7.png", "./photos/7.png", "photos/more/../7.png", "photos", str(photos / "7.png")]
    files = list(texts(answered(run, *names)))
    assert files[0] == "photos/7.png"
    assert len(files) == 18


def test_what_is_hidden_or_a_pipe_or_a_loop_is_passed_over(run, photos, canned):
    canned("1")
    os.mkfifo(photos / "more" / "pipe")
    (photos / "more" / "loop").symlink_to(photos)
    save("photos/more/.hidden.png")
    save("photos/more/.cache/a.png")
    assert len(answered(run, "photos/more")) == 4


def test_what_leads_to_no_picture_is_reported_and_the_rest_is_read(run, folder, number):
    Path("empty").mkdir()
    code, out, err = run("read", "nowhere.png", "empty", save("a.png", number("1")), "--json")
    first, second, third = json.loads(out)["pictures"]
    assert code == 1
    assert "nowhere.png: this cannot be read" in first["error"]
    assert second["error"] == "empty: there is no picture in this folder"
    assert texts([third]) == {"a.png": "1"}
    assert err.count("digitlab: ") == 2


def test_a_folder_that_cannot_be_opened_is_reported(run, photos, canned, as_nobody):
    canned("1")
    (photos / "more").chmod(0)
    photos.parent.chmod(0o755)
    with as_nobody():
        readable = os.access(shipped_file(STANDARD), os.R_OK, effective_ids=True)
        pictures = answered(run, "photos") if readable else []
    (photos / "more").chmod(0o755)
    if not readable:
        pytest.skip("nobody may read what this checkout has, so nobody can read pictures here")
    assert "this cannot be read" in pictures[-1]["error"]
    assert len(pictures) == 15


def test_standard_input_is_a_picture(run, folder, number, monkeypatch):
    content = Path(save("a.png", number("42"))).read_bytes()
    for given, text in ((content, "42"), (b"nothing", "")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        assert texts(answered(run, "-", "-")) == {"-": text}


def test_a_terminal_is_no_picture(run, folder, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert "standard input is no picture" in answered(run, "-")[0]["error"]


@pytest.mark.parametrize(
    "name", ["a\nb.png", "\x1b[2Jb.png", "[bold]b.png", "=1+1.png", "ü.png", os.fsdecode(b"\xff.png")]
)
def test_hostile_names_do_nothing(run, folder, canned, name):
    canned("1", dl.errors.PictureError("it is damaged"))
    save(f"in/{name}")
    for names in ((f"in/{name}",), ("in", "in/nowhere"), ("in", "--csv"), ("in", "--annotate", "out")):
        code, out, err = run("read", *names)
        assert code in {0, 1}
        assert "\x1b" not in out + err
        assert "Traceback" not in err
    canned("1")
    assert texts(answered(run, f"in/{name}")) == {f"in/{name}": "1"}
    Path(f"in/{name}").rename(name)
    rows = list(csv.reader(io.StringIO(run("read", name, "--csv")[1])))
    assert rows[1][2] == "1"
    assert not rows[1][0].startswith("=")


# --- drawn on the pictures ---


def test_one_picture_is_drawn_into_a_file(run, folder, canned):
    canned("12?")
    assert run("read", save("a.png"), "--annotate", "drawn.jpg")[0] == 0
    with Image.open("drawn.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (500, 400))


def test_several_are_drawn_into_a_folder_and_not_read_from_it(run, photos, canned):
    canned("1")
    for _ in range(2):
        assert len(answered(run, "photos", "--annotate", "photos/drawn")) == 18
    drawn = {str(path.relative_to("photos/drawn")) for path in Path("photos/drawn").rglob("*") if path.is_file()}
    numbers = {*(f"{k}.png" for k in range(10)), *(f"more/{k}.png" for k in range(10, 14))}
    assert drawn == {*numbers, "white.gif.png"}  # GIF is not written


def test_what_cannot_be_drawn_is_reported_and_the_rest_is_read(run, folder, canned):
    canned("1")
    save("in/a.png")
    save("in/b.png")
    Path("out/a.png").mkdir(parents=True)
    code, out, err = run("read", "in", "--annotate", "out", "--json")
    assert code == 1
    assert texts(json.loads(out)["pictures"]) == {"in/a.png": "1", "in/b.png": "1"}
    assert "out/a.png: the picture cannot be written" in err
    assert Path("out/b.png").is_file()


@pytest.mark.parametrize(
    ("names", "place", "words"),
    [
        (["a.png", "in"], "out.png", "this is one file\n  got: 2 pictures\n  help: name a folder"),
        (["a.png"], "out.gif", "must end in one of .jpg"),
        (["a.png"], "nowhere/out.png", "a picture cannot be saved there"),
        (["a.png"], "a.png", "would take the place of the picture"),
        (["a.png"], "./in/../a.png", "would take the place of the picture"),
        (["a.png"], "link.png", "would take the place of the picture"),
        (["a.png", "in"], ".", "would take the place of the picture"),
        (["in"], "file", "this is no folder"),
    ],
)
def test_places_to_draw_that_cannot_be_are_refused_at_once(run, folder, canned, names, place, words):
    canned("1")
    save("a.png")
    save("in/b.png")
    Path("file").touch()
    Path("link.png").symlink_to("a.png")
    before = Path("a.png").read_bytes()
    code, out, err = run("read", *names, "--annotate", place)
    assert (code, out) == (2, "")
    assert words in err
    assert Path("a.png").read_bytes() == before


# --- measured ---

TRUTH = "file,text,pen\na.png,007,blue\nmore/b.png,12/3,black\nc.png,,blue\n"


@pytest.fixture
def measured(folder) -> Path:
    for name in ("a.png", "more/b.png", "c.png"):
        save(f"set/{name}")
    Path("set/truth.csv").write_text(TRUTH)
    return folder


def test_the_truth_names_the_pictures_that_lie_beside_it(run, measured, canned):
    canned("007", "12/3?", "")
    answer = json.loads(run("read", "--truth", "set/truth.csv", "--by", "pen", "--json")[1])
    assert texts(answer["pictures"]) == {"set/a.png": "007", "set/more/b.png": "12/3", "set/c.png": ""}
    score = answer["score"]
    assert (score["digits"], score["right"], score["lines_right"], score["doubtful"]) == (6, 6, 3, 1)
    assert {name: counts["right"] for name, counts in score["groups"].items()} == {"black": 3, "blue": 3}


def test_the_score_in_words_shows_what_is_wrong(run, measured, canned):
    canned("001?", "12/3", "4?")
    code, out, err = run("read", "--truth", "set/truth.csv")
    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == [
        "set/a.png       001?   should be 007",
        "set/more/b.png  12 / 3",
        "set/c.png       4?   there is none",
    ]
    assert "pictures without a digit: 1; with an undoubted digit all the same: 0" in out
    canned("001?", "12/3", "4?")
    out, err = run("read", "--truth", "set/truth.csv", "--csv")[1:]
    assert len(out.splitlines()) == 5
    assert "pictures without a digit: 1" in err


def test_a_picture_that_cannot_be_read_is_missed(run, measured, canned):
    canned(dl.errors.PictureError("it is damaged"), "", "12/3")
    code, out, _ = run("read", "set", "--truth", "set/truth.csv", "--json")
    score = json.loads(out)["score"]
    assert code == 1
    assert (score["digits"], score["right"], score["missed"]) == (6, 3, 3)


def test_a_wrong_truth_is_refused_before_anything_is_read(run, measured, canned):
    canned(AssertionError())
    save("set/other/a.png")
    for arguments, words in (
        (["--truth", "nowhere.csv"], "nowhere.csv"),
        (["--truth", "set/truth.csv", "--by", "pencil"], "there is no column to group by 'pencil'"),
        (["set", "--truth", "set/truth.csv"], "two pictures are 'a.png' in the truth"),
        (["set/a.png", "--by", "pen"], "--by is a column of the truth"),
    ):
        code, out, err = run("read", *arguments)
        assert (code, out) == (2, "")
        assert words in err


# --- what is refused, and what breaks off ---


def test_ctrl_c_prints_what_was_read(run, photos, canned):
    for form in ((), ("--json",), ("--csv",)):
        canned("12", "34", KeyboardInterrupt())
        code, out, err = run("read", "photos", *form)
        assert code == 130
        assert "12" in out
        assert "34" in out
        assert err.endswith("digitlab: interrupted: 2 of 18 pictures were read\n")
        assert form != ("--json",) or len(json.loads(out)["pictures"]) == 2
    canned(KeyboardInterrupt())
    assert run("read", "photos/1.png") == (130, "", "digitlab: interrupted\n")


def test_networks_that_read_no_digits_are_refused(run, folder, clothes):
    save("a.png")
    dl.Network([64, 10]).save("small.safetensors")
    dl.Network([784, 47]).save("letters.safetensors")
    for model, words in (
        ("small.safetensors", "this model takes other pictures\n  must be: 784 inputs\n  got: 64"),
        ("letters.safetensors", "this model knows other classes\n  must be: the digits 0 to 9"),
        (clothes[1], "this model knows other classes"),
    ):
        code, out, err = run("read", "a.png", "--model", model)
        assert (code, out) == (2, "")
        assert words in err


def test_another_model_reads(run, folder, model, number):
    answer = json.loads(run("read", save("a.png", number("0")), "--model", model, "--json")[1])
    assert answer["model"] == Path(model).name or answer["model"] == model


def test_a_bar_moves_in_a_terminal_alone(run, photos, canned, monkeypatch):
    canned("1")
    assert "/18" not in run("read", "photos")[2]
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert "18/18" in run("read", "photos")[2]
    assert run("read", "photos/1.png")[2] == ""


def test_the_picture_of_the_documentation_is_read(run):
    picture = Path(__file__).parents[2] / "docs/images/number.jpg"
    assert run("read", str(picture))[1].splitlines()[0].replace("?", "") == "0564920"

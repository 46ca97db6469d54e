"""Pictures with what was read drawn on them: measured by the colours that are where boxes and labels must be."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageColor

from digitlab.display.annotate import DOUBTFUL, ENLARGED, REJECTED, SURE, annotate, check_annotated_path, save_annotated
from digitlab.errors import FileError, InputError, PictureError
from digitlab.reading.results import ReadDigit, Reading, ReadLine, Rejected

WIDTH, HEIGHT = 800, 600


def reading(*digits: ReadDigit, rejected: tuple[Rejected, ...] = ()) -> Reading:
    return Reading((ReadLine(digits),), rejected, 0, (WIDTH, HEIGHT))


ONE = ReadDigit(4, 0.99, (100, 200, 80, 120), False)
OTHER = ReadDigit(6, 0.6, (400, 200, 80, 120), True)
NONE = Rejected((600, 400, 50, 40), "not a digit")


def paper(level: int = 200) -> Image.Image:
    return Image.new("RGB", (WIDTH, HEIGHT), (level, level, level))


def places(image: Image.Image, colour: str) -> np.ndarray:
    """Where this very colour is, (H, W) bool."""
    return (np.asarray(image) == ImageColor.getrgb(colour)).all(axis=2)


def box_of(lit: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(lit.any(1)), np.flatnonzero(lit.any(0))
    return columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]


@pytest.mark.parametrize("level", [0, 255])
def test_a_digit_stands_above_its_box(level):
    found = places(annotate(paper(level), reading(ONE)), SURE)
    assert found[190:330, 90:190].any()
    left, top, width, height = box_of(found[195:])
    assert abs(left - 100) <= 4
    assert abs(top + 195 - 200) <= 4
    assert abs(width - 80) <= 8
    assert abs(height - 120) <= 8
    label = found[:190]
    assert label.sum() > 50
    assert 90 < box_of(label)[0] < 170
    assert 20 < box_of(label)[3] < 80  # legible, and no larger than what is written
    assert not found[210:310, 110:170].any()  # what is written stays visible


def test_a_doubtful_digit_differs_in_colour_and_in_form():
    image = annotate(paper(), reading(ONE, OTHER))
    sure, doubtful = places(image, SURE), places(image, DOUBTFUL)
    assert not sure[:, 300:].any()
    assert not doubtful[:, :300].any()

    def filled(lit: np.ndarray, left: int) -> float:
        """How much of a row through the upper edge of a box is drawn."""
        return max(row[left : left + 80].mean() for row in lit[194:202])

    assert filled(sure, 100) == 1
    assert 0.3 < filled(doubtful, 400) < 0.8
    assert box_of(doubtful[:185])[2] > 1.5 * box_of(sure[:185])[2]  # with a question mark


def test_what_is_no_digit_has_a_thin_grey_box_and_nothing_above():
    found = places(annotate(paper(), reading(rejected=(NONE,))), REJECTED)
    assert box_of(found) == NONE.box
    assert found.sum() == 2 * (50 + 40) - 4


def test_a_picture_without_digits_stays_as_it_is():
    assert annotate(paper(), Reading((), (), 0, (WIDTH, HEIGHT))).tobytes() == paper().tobytes()


def test_a_line_without_room_above_is_labelled_below():
    upper, lower = (ReadDigit(1, 1.0, (left, top, 80, 120), False) for left, top in ((300, 2), (400, 50)))
    found = places(annotate(paper(), reading(upper, lower)), SURE)
    assert found.shape == (HEIGHT, WIDTH)
    assert found[130:170, 300:380].any()
    assert found[180:220, 400:480].any()
    assert not found[:40, 400:].any()


def test_a_label_without_any_room_gets_a_margin_below_the_picture():
    whole = ReadDigit(1, 1.0, (0, 0, WIDTH, HEIGHT), True)
    image = annotate(paper(), reading(whole))
    assert image.width == WIDTH
    assert 20 < image.height - HEIGHT < 120
    assert places(image, DOUBTFUL)[HEIGHT + 5 :].sum() > 50
    narrow = ReadDigit(4, 1.0, (0, 300, 4, 40), True)  # at the left edge
    assert places(annotate(paper(), reading(narrow)), DOUBTFUL)[:300, :40].sum() > 20


def test_a_small_picture_is_enlarged():
    small = Image.new("L", (28, 20), 255)
    small.putpixel((5, 5), 0)
    image = annotate(small, Reading((ReadLine((ReadDigit(7, 0.9, (4, 6, 10, 12), False),)),), (), 0, (28, 20)))
    factor = ENLARGED // 28
    assert image.size == (28 * factor, 20 * factor)
    assert image.getpixel((5 * factor + 1, 5 * factor + 1)) == (0, 0, 0)
    assert box_of(places(image, SURE)[8 * factor :])[0] in range(4 * factor - 6, 4 * factor + 1)


def test_boxes_at_and_beyond_the_edge_do_no_harm():
    edge = ReadDigit(0, 0.1, (0, 0, 1, 1), True)
    beyond = ReadDigit(0, 0.1, (WIDTH - 1, HEIGHT - 1, 50, 50), True)
    assert annotate(paper(), reading(edge, beyond, rejected=(Rejected((0, 0, 1, 1), "a speck"),))).width == 800
    assert annotate(Image.new("L", (1, 1)), reading(edge)).width == ENLARGED


def as_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_the_picture_is_upright_as_viewers_show_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was on its side
    content = as_bytes(Image.new("RGB", (600, 400)), "JPEG", exif=exif)
    (tmp_path / "a.jpg").write_bytes(content)
    for picture in (content, tmp_path / "a.jpg", str(tmp_path / "a.jpg")):
        assert annotate(picture, reading()).size == (400, 600)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I;16"])
def test_pictures_of_every_kind_become_colours(mode):
    grey = Image.new("L", (600, 400), 255)
    image = Image.new(mode, grey.size, 65535) if mode == "I;16" else grey.convert(mode)
    drawn = annotate(image, reading(ONE))
    assert (drawn.mode, drawn.size) == ("RGB", (600, 400))
    assert min(drawn.getpixel((5, 5))) >= 254


@pytest.mark.parametrize(("ink", "behind"), [(0, 255), (255, 0)])
def test_strokes_on_nothing_are_seen(ink, behind):
    image = Image.new("LA", (600, 400), (ink, 0))
    image.paste((ink, 255), (10, 10, 60, 60))
    drawn = annotate(image, reading())
    assert drawn.getpixel((20, 20)) == (ink,) * 3
    assert drawn.getpixel((300, 300)) == (behind,) * 3


def test_arrays_are_pictures_too():
    for shape in ((400, 600), (400, 600, 1), (400, 600, 3)):
        drawn = annotate(np.full(shape, 0.5), reading(ONE))
        assert (drawn.size, drawn.getpixel((5, 5))[0]) == ((600, 400), 128)


def test_no_picture_is_refused(tmp_path):
    for picture in (b"nothing", tmp_path / "nowhere.png", tmp_path):
        with pytest.raises(PictureError):
            annotate(picture, reading())


def test_it_is_saved_in_the_format_of_its_name(tmp_path):
    for name, kind in (("a.png", "PNG"), ("b.JPG", "JPEG"), ("new/folder/c.webp", "WEBP")):
        save_annotated(annotate(paper(), reading(ONE)), tmp_path / name)
        with Image.open(tmp_path / name) as image:
            assert (image.format, image.size) == (kind, (800, 600))


def test_places_that_cannot_be_are_refused(tmp_path):
    for name in ("a.gif", "a", "nowhere/a.png"):
        with pytest.raises(InputError):
            check_annotated_path(tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="cannot be written"):
        save_annotated(paper(), tmp_path / "file" / "a.png")

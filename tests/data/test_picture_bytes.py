"""Files that were cut short, pretend, move, or are no pictures at all: refused in our words, before much is done."""

from __future__ import annotations

import io
import struct
import sys
import types
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitlab.data import picture_file
from digitlab.errors import PictureError
from digitlab.reading.pictures import grey_and_alpha
from tests.costs import cheaply
from tests.hostile import forge

RNG = np.random.default_rng(3)
LEVELS = np.clip(np.add.outer(np.arange(40), np.arange(60)) * 2 + RNG.normal(20, 5, (40, 60)), 0, 255).astype(np.uint8)
GREY = Image.fromarray(LEVELS)
COLOURS = GREY.convert("RGB")
MORE: dict[str, Any] = {"save_all": True, "append_images": [GREY.rotate(90), GREY.rotate(180)]}


def encoded(form: str, image: Image.Image = COLOURS, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: encoded("PNG"),
    "moving PNG": lambda: encoded("PNG", GREY, **MORE),
    "JPEG": lambda: encoded("JPEG", quality=95),
    "progressive JPEG": lambda: encoded("JPEG", quality=95, progressive=True),
    "lossy WebP": lambda: encoded("WEBP", quality=95),
    "lossless WebP": lambda: encoded("WEBP", lossless=True),
    "moving WebP": lambda: encoded("WEBP", lossless=True, **MORE),
    "GIF": lambda: encoded("GIF", GREY),
    "moving GIF": lambda: encoded("GIF", GREY, **MORE),
    "BMP": lambda: encoded("BMP"),
    "TIFF": lambda: encoded("TIFF"),
    "TIFF by LZW": lambda: encoded("TIFF", compression="tiff_lzw"),
    "TIFF by deflate": lambda: encoded("TIFF", compression="tiff_adobe_deflate"),
    "TIFF by JPEG": lambda: encoded("TIFF", compression="jpeg", quality=95),
    "TIFF of many pages": lambda: encoded("TIFF", GREY, **MORE),
}


def refused(content: bytes) -> PictureError:
    with pytest.raises(PictureError) as caught:
        grey_and_alpha(content)
    return caught.value


@pytest.mark.parametrize("form", FILES)
def test_a_file_is_refused_wherever_it_was_cut(form):
    content = FILES[form]()
    whole = grey_and_alpha(content).levels
    assert np.abs(whole.astype(int) - LEVELS).max() <= (30 if "JPEG" in form or "lossy" in form else 1)
    for cut in (*range(0, len(content) - 40, 11), *range(len(content) - 40, len(content))):
        try:
            seen = grey_and_alpha(content[:cut])
        except PictureError as error:
            assert "short" in error.what or cut < 20  # noqa: PT017
            continue
        assert "pages" in form  # a later page is cut
        assert np.array_equal(seen.levels, whole)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_large_file_that_was_cut_is_refused_before_it_is_decoded(form):
    content = encoded(form, Image.new("L", (4000, 3000), 200), **({"method": 0} if form == "WEBP" else {}))
    assert len(content) > 1000
    for part in (0.3, 0.6, 0.999):
        piece = content[: int(part * len(content))]
        with cheaply(most_bytes=10_000_000 + 2 * len(piece)):
            assert "short" in refused(piece).what


def stamp(width: int, height: int) -> bytes:
    """A WebP picture of one colour, without its file."""
    return encoded("WEBP", Image.new("RGB", (width, height)), lossless=True)[12:]


def moving_png(count: int) -> bytes:
    control = forge.chunk(b"fcTL", struct.pack(">5L2H2B", 0, 28, 28, 0, 0, 1, 9, 0, 0))
    frames = forge.chunk(b"acTL", struct.pack(">2L", count, 0)) + control
    return forge.png(before=frames, after=control * (count - 1))


def moving_gif(count: int) -> bytes:
    screen = b"GIF89a" + struct.pack("<2H3B", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return screen + (b"!\xf9\x04\0\1\0\0\0," + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0") * count + b";"


def moving_webp(count: int) -> bytes:
    pixels = stamp(1, 1)
    place = bytes(12) + b"\1\0\0\0"
    frame = b"ANMF" + struct.pack("<L", len(place) + len(pixels)) + place + pixels
    canvas = b"VP8X" + struct.pack("<L", 10) + b"\2\0\0\0" + bytes(6)
    body = b"WEBP" + canvas + b"ANIM" + struct.pack("<L", 6) + bytes(6) + frame * count
    return b"RIFF" + struct.pack("<L", len(body)) + body


def tiff_of(count: int, circle: bool = False) -> bytes:
    after = [*range(14, 8 + 6 * count, 6), 8 if circle else 0]
    return b"II*\0" + struct.pack("<L", 8) + b"".join(struct.pack("<HL", 0, at) for at in after)


@pytest.mark.parametrize("made", [moving_png, moving_gif, moving_webp])
def test_of_a_moving_picture_the_first_frame_is_read_and_a_film_is_refused(made):
    assert grey_and_alpha(made(1000)).levels.shape in {(28, 28), (1, 1)}
    content = made(100_000)
    with cheaply():
        assert "too many frames" in refused(content).what


def test_pages_without_end_are_refused():
    endless, many = tiff_of(2, circle=True), tiff_of(50_000)
    with cheaply():
        assert "circle" in refused(endless).got
        assert "too many pages" in refused(many).what


def test_the_first_frame_of_a_webp_may_be_smaller_than_its_canvas():
    content = bytearray(moving_webp(2))
    assert content[24:30] == bytes(6)
    content[24:30] = b"\x63\0\0\x63\0\0"
    assert grey_and_alpha(bytes(content)).levels.shape == (1, 1)


def test_an_image_of_somebody_else_is_read_where_it_stands():
    image = Image.open(io.BytesIO(encoded("GIF", GREY, **MORE)))
    image.seek(2)
    assert np.array_equal(grey_and_alpha(image).levels, np.rot90(LEVELS, 2))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS"),
        (b"\xc5\xd0\xd3\xc6" + bytes(40), "EPS"),
        (b"%PDF-1.7\n", "PDF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a drawing -->\n<svg width="9"/>', "SVG"),
        (b"\n<!DOCTYPE html><p>404", "web page"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "film"),
        (b"II+\0\x08\0\0\0", "BigTIFF"),
    ],
)
def test_what_people_take_for_pictures_is_called_by_its_name(content, words):
    with cheaply():
        error = refused(content)
    assert words in error.what
    assert "TIFF" in error.must_be
    assert "PNG or JPEG" in error.help


def test_what_lies_before_and_behind_a_jpeg_is_not_taken_for_it():
    """A thumbnail with an end of its own, and a film, as phones put them there."""
    plain = encoded("JPEG", quality=95)
    thumbnail = b"Exif\0\0" + encoded("JPEG", GREY.resize((8, 8)))
    content = plain[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail + plain[2:]
    assert np.array_equal(grey_and_alpha(content + b"\xff\xda\0" * 5000).levels, grey_and_alpha(plain).levels)
    assert "short" in refused(content[:-2]).what


def test_few_bytes_cannot_hold_many_pixels():
    header = struct.pack(">2L5B", 7000, 7000, 8, 2, 0, 0, 0)
    image = forge.chunk(b"IHDR", header) + forge.chunk(b"IDAT", zlib.compress(bytes(9))) + forge.chunk(b"IEND", b"")
    size = encoded("JPEG", GREY).index(b"\xff\xc0") + 5
    jpeg = bytearray(encoded("JPEG", GREY))
    jpeg[size : size + 4] = struct.pack(">2H", 7000, 7000)
    bmp = bytearray(encoded("BMP", GREY))
    bmp[18:26] = struct.pack("<2l", 7000, 7000)
    for content in (b"\x89PNG\r\n\x1a\n" + image, bytes(jpeg), bytes(bmp)):
        with cheaply():
            assert "too short for the size" in refused(content).what


def test_a_phones_picture_is_read_with_the_extra_or_the_answer_names_it(monkeypatch):
    begin = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    monkeypatch.setattr(picture_file, "find_spec", lambda name: None)
    error = refused(begin)
    assert "HEIF" in error.what
    assert "pip install 'digitlab[heif]'" in error.help


def test_heic_and_avif_are_read_upright():
    heif = pytest.importorskip("pillow_heif", reason="the extra heif is not installed")
    heif.register_heif_opener(thumbnails=False)
    exif = Image.Exif()
    exif[274] = 6
    turned = COLOURS.copy()
    turned.info["exif"] = exif.tobytes()
    content = encoded("HEIF", turned, quality=95)
    assert np.abs(grey_and_alpha(content).levels.astype(int) - np.rot90(LEVELS, -1)).max() < 40
    assert "short" in refused(content[:-1]).what
    small = grey_and_alpha(content, 20)
    assert (small.factor, small.size, small.levels.shape) == (3, (40, 60), (20, 14))


def test_extras_that_are_not_there_do_not_count(monkeypatch):
    """AVIF is decoded by Pillow itself, where it was built with it."""
    monkeypatch.setattr(picture_file, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "pillow_heif", types.SimpleNamespace(register_heif_opener=lambda thumbnails: None))
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    assert "AVIF" in refused(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif").what

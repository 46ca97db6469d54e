"""What may reach Pillow of a picture file, and that whoever opens one gets it upright, or an error in our words."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitlab.data import picture_bytes
from digitlab.data.picture_file import open_picture
from digitlab.errors import PictureError, RunError

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)


def small(width: int, height: int) -> None:
    if max(width, height) > 100:
        raise PictureError("too large", got=f"{width}x{height}")


def encoded(form: str = "PNG", image: Image.Image | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(PIXELS)).save(buffer, form, **options)
    return buffer.getvalue()


def grey(content: bytes) -> np.ndarray:
    with open_picture(content, small) as opened:
        return np.asarray(opened.image.convert("L"))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[274] = 6
    return exif


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "WEBP"])
def test_whole_pictures_are_read_to_the_pixel(form):
    options = {"lossless": True} if form == "WEBP" else {}
    content = encoded(form, **options)
    for same in (content, bytearray(content), memoryview(content)):
        assert np.array_equal(grey(same), PIXELS)


def test_pictures_are_turned_upright():
    assert np.array_equal(grey(encoded(exif=turned())), np.rot90(PIXELS, -1))


def test_an_image_of_somebody_else_is_turned_as_a_copy():
    theirs = Image.open(io.BytesIO(encoded(exif=turned())))
    with open_picture(theirs, small) as opened:
        assert np.array_equal(np.asarray(opened.image), np.rot90(PIXELS, -1))
    assert np.array_equal(np.asarray(theirs), PIXELS)


def test_an_image_of_somebody_else_is_looked_at_before_it_is_decoded():
    lie = encoded("BMP").replace(struct.pack("<2l", 30, 20), struct.pack("<2l", 9_000, 900))
    theirs = Image.open(io.BytesIO(lie))
    with pytest.raises(PictureError, match="too large"), open_picture(theirs, small):
        pass


@pytest.mark.parametrize("content", [b"", b"RIFF", b"P5 9 9 255\n" + bytes(81), encoded().replace(b"IHDR", b"IHDX")])
def test_what_is_no_picture_is_refused_in_our_words(content):
    with pytest.raises(PictureError, match="not a picture that can be read") as caught:
        grey(content)
    assert caught.value.got
    assert "object at 0x" not in str(caught.value)


def test_what_pillow_raises_later_is_refused_too():
    with pytest.raises(PictureError, match="not a picture"), open_picture(encoded(), small) as opened:
        opened.image.convert("no such mode")
    with pytest.raises(PictureError) as caught, open_picture(encoded(), small):
        raise MemoryError
    assert caught.value.got == "MemoryError"
    with pytest.raises(RunError), open_picture(encoded(), small):
        raise RunError("what", must_be="", got="", help="")  # already in our words


def test_a_png_loses_its_texts_and_keeps_its_picture():
    image = Image.fromarray(PIXELS // 64).convert("P")
    image.putpalette([value for colour in range(4) for value in (60 * colour, 9, colour)])
    plain = encoded(image=image, transparency=bytes([0, 255, 99, 1]), exif=turned())
    at = plain.index(b"IDAT") - 4
    texts = (
        chunk(b"tEXt", b"Title\0x") + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**20))) + chunk(b"pHYs", bytes(9))
    )
    for content in (plain[:at] + texts + plain[at:], plain[:-12] + texts + plain[-12:]):
        assert picture_bytes.png(content, small, False) == plain
    assert picture_bytes.png(plain, small, False) == plain
    with open_picture(plain[:at] + texts + plain[at:], small) as opened:
        image = opened.image
        assert (image.mode, image.info["transparency"], image.size) == ("P", bytes([0, 255, 99, 1]), (20, 30))
        assert "Title" not in image.info


blocks = st.lists(st.binary(min_size=1, max_size=9), max_size=3).map(
    lambda blocks: b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
)
extensions = st.tuples(st.sampled_from([0xFE, 0xFF, 0x01, 0x00]), blocks).map(
    lambda pair: b"!" + bytes([pair[0]]) + pair[1]
)


@given(before=st.lists(extensions, max_size=4), disposal=st.integers(0, 7), junk=st.binary(max_size=4))
def test_a_gif_loses_its_extensions_and_keeps_what_is_see_through(before, disposal, junk):
    plain = encoded("GIF", transparency=7)
    at = plain.index(b"!\xf9")
    control = plain[at : at + 8]
    wiped = control[:3] + bytes([control[3] | disposal << 2]) + control[4:]
    junk = bytes(byte for byte in junk if byte not in b"!,;")
    content = plain[:at] + b"".join(before) + wiped + b"".join(before) + junk + plain[at + 8 :]
    assert picture_bytes.gif(content, small, False) == plain
    with open_picture(content, small) as opened:
        assert opened.image.info["transparency"] == 7
        assert np.array_equal(np.asarray(opened.image.convert("L")), PIXELS)


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_a_frame_beyond_its_screen_is_refused_before_memory_is_taken(disposal):
    control = b"!\xf9\x04" + bytes([disposal << 2, 0, 0, 0, 0])
    screen = b"GIF89a" + struct.pack("<2H3B", 9, 9, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    content = screen + control + b"," + struct.pack("<4HB", 0, 0, 13_000, 13_000, 0) + b"\2\2\x44\1\0;"
    tracemalloc.start()
    try:
        with pytest.raises(PictureError, match="too large") as caught:
            grey(content)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    assert caught.value.got == "13000x13000"


def test_a_webp_canvas_is_refused_before_pillow_sees_it(monkeypatch):
    content = bytearray(encoded("WEBP", lossless=True, exif=turned()))
    assert content[12:16] == b"VP8X"
    content[24:30] = (16_382).to_bytes(3, "little") * 2
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("Pillow has seen it"))
    with pytest.raises(PictureError, match="too large") as caught:
        grey(bytes(content))
    assert caught.value.got == "16383x16383"


def test_a_jpeg_of_many_scans_is_refused():
    whole = encoded("JPEG", progressive=True)
    assert np.abs(grey(whole).astype(int) - PIXELS).max() < 200
    at = whole.rindex(b"\xff\xda")
    with pytest.raises(PictureError, match="too often") as caught:
        grey(whole[:at] + whole[at:-2] * 1000 + whole[-2:])
    assert caught.value.must_be == "at most 100 scans"


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_a_moving_picture_is_refused(form):
    more = partial(encoded, form, save_all=True, append_images=[Image.fromarray(255 - PIXELS)], duration=9)
    with pytest.raises(PictureError, match="more than one picture"):
        grey(more())


def test_a_palette_must_have_all_colours():
    image = Image.fromarray(PIXELS // 64).convert("P")
    image.putpalette([9, 9, 9] * 4)
    whole = encoded(image=image, bits=8)
    assert (grey(whole) == 9).all()
    at, length = whole.index(b"PLTE"), 12
    short = whole[: at - 4] + chunk(b"PLTE", bytes(9)) + whole[at + 4 + length + 4 :]
    with pytest.raises(PictureError, match="a colour is missing") as caught:
        grey(short)
    assert caught.value.got == "3 colours, and a pixel of colour 3"

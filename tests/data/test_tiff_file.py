"""TIFF files of every kind that scanners make, and such that lie about what is in them."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitlab.data.picture_file import open_picture
from digitlab.errors import PictureError
from digitlab.reading.pictures import check_size, grey_and_alpha
from tests.costs import cheaply
from tests.hostile import forge

LEVELS = np.add.outer(np.arange(0, 120, 3), np.arange(0, 120, 2)).astype(np.uint8)  # 40 by 60
GREY = Image.fromarray(LEVELS)
FORGED = np.frombuffer(forge.ink(784), np.uint8).reshape(28, 28)


def encoded(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", **options)
    return buffer.getvalue()


def refused(content: bytes) -> PictureError:
    with cheaply(), pytest.raises(PictureError) as caught:
        grey_and_alpha(content)
    return caught.value


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_a_tiff_is_read_to_the_pixel(mode, compression):
    image = (GREY if mode in {"P", "LA"} else GREY.convert("RGB")).convert(mode)
    seen = grey_and_alpha(encoded(image, compression=compression))
    assert np.abs(seen.levels.astype(int) - LEVELS).max() <= (mode == "YCbCr")
    assert (seen.alpha is None) is ("A" not in mode)


@pytest.mark.parametrize("compression", ["raw", "group3", "group4", "tiff_ccitt"])
def test_a_fax_is_read_to_the_pixel(compression):
    image = GREY.convert("1")
    assert np.array_equal(grey_and_alpha(encoded(image, compression=compression)).levels, np.asarray(image) * 255)


@pytest.mark.parametrize("order", ["<u2", ">u2"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_sixteen_bits_become_eight(order, compression):
    deep = (LEVELS.astype(int) * 257).astype(order)
    image = Image.frombytes("I;16B" if order == ">u2" else "I;16", deep.shape[::-1], deep.tobytes())
    assert np.array_equal(grey_and_alpha(encoded(image, compression=compression)).levels, LEVELS)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_scan_is_turned_as_it_says(turn):
    exif = Image.Exif()
    exif[274] = turn
    seen = grey_and_alpha(encoded(GREY, exif=exif))
    undone = {1: LEVELS, 2: LEVELS[:, ::-1], 3: LEVELS[::-1, ::-1], 4: LEVELS[::-1], 5: LEVELS.T}
    undone |= {6: np.rot90(LEVELS, -1), 7: LEVELS[::-1, ::-1].T, 8: np.rot90(LEVELS)}
    assert np.array_equal(seen.levels, undone[turn])
    assert seen.size == undone[turn].shape[::-1]


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_file_that_lies_are_made_of_is_read(order):
    assert np.array_equal(grey_and_alpha(forge.tiff(order)).levels, FORGED)
    parts: dict[str, Any] = {"tag_278": (14,), "tag_273": (8, 8 + 392), "tag_279": (392, 392)}
    assert np.array_equal(grey_and_alpha(forge.tiff(order, **parts)).levels, FORGED)
    tiles: dict[str, Any] = {"tag_273": None, "tag_279": None, "tag_278": None, "tag_322": (28,), "tag_323": (28,)}
    assert np.array_equal(grey_and_alpha(forge.tiff(order, **tiles, tag_324=(8,), tag_325=(784,))).levels, FORGED)


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"tag_256": (70_000,)}, "too large"),
        ({"tag_256": (7_000,), "tag_257": (7_001,), "tag_278": (7_001,)}, "too short for the size"),
        ({"tag_256": (0,)}, "nothing in the picture"),
        ({"tag_257": None}, "damaged"),
        ({"tag_258": (32,)}, "cannot be made grey"),
        ({"tag_277": (60_000,)}, "cannot be made grey"),
        ({"tag_259": (6,)}, "unusual way"),
        ({"tag_259": (34925,)}, "unusual way"),
        ({"tag_273": (2**32 - 9,)}, "cut short"),
        ({"tag_279": (2**32 - 9,)}, "cut short"),
        ({"tag_279": (0,)}, "too short for the size"),
        ({"tag_279": None}, "damaged"),
        ({"tag_278": (1,)}, "damaged"),
        ({"tag_278": (0,)}, "damaged"),
        ({"tag_273": (8,) * 28, "tag_279": (784,) * 28, "tag_278": (1,)}, "damaged"),
        ({"tag_320": (5,) * 262_145}, "damaged"),
        ({"tag_322": (2**31,), "tag_323": (2**31,), "tag_324": (8,), "tag_325": (784,)}, "damaged"),
        ({"tag_322": (1,), "tag_323": (1,), "tag_324": (8,), "tag_325": (784,)}, "damaged"),
    ],
)
def test_a_tiff_that_lies_is_refused(lie, words):
    for order in "<>":
        assert words in refused(forge.tiff(order, **lie)).what


def test_tags_that_are_no_part_of_the_picture_are_not_read():
    """65,000 of them, each of which says that it is as long as the file."""
    plain = forge.tiff()
    at = 8 + 784
    (count,) = struct.unpack_from("<H", plain, at)
    entries = plain[at + 2 : at + 2 + 12 * count]
    more = b"".join(struct.pack("<HHLL", 40_000, 7, 700_000, 0) for _ in range(65_000))
    content = plain[:at] + struct.pack("<H", count + 65_000) + entries + more + bytes(4)
    with cheaply():
        assert np.array_equal(grey_and_alpha(content).levels, FORGED)


@given(at=st.integers(8 + 784, len(forge.tiff()) - 1), value=st.integers(0, 255), order=st.sampled_from("<>"))
def test_any_tag_may_be_anything(at, value, order):
    content = bytearray(forge.tiff(order))
    content[at] = value
    try:
        with open_picture(bytes(content), check_size, any_form=True) as opened:
            assert opened.image.width * opened.image.height <= 65_535 * 784
    except PictureError:
        pass

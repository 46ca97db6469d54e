"""Picture files of any size: what is read of them, and what is refused, on disk or in memory."""

from __future__ import annotations

import io
import os
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from digitlab.errors import PictureError
from digitlab.reading import draw, prepare, prepare_ink
from digitlab.reading.pictures import MAX_PICTURE_BYTES, MAX_PICTURE_SIDE, MAX_PIXELS, grey_and_alpha
from tests.costs import cheaply

RNG = np.random.default_rng(1)
SEVEN = [[[10, 10], [50, 12], [30, 80]], [[22, 45], [45, 44]]]
CANVAS = np.pad(draw(SEVEN, width=6), 20)


def encoded(image: np.ndarray | Image.Image = CANVAS, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def refused(picture: Any) -> PictureError:
    """The refusal."""
    with pytest.raises(PictureError) as caught:
        prepare(picture)
    return caught.value


def same(picture: Any, expected: np.ndarray = CANVAS) -> bool:
    return np.array_equal(prepare(picture).pixels, prepare(expected).pixels)


# --- on disk ---


def test_what_is_no_file_is_refused_without_waiting(tmp_path, as_nobody):
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for a writer
    (tmp_path / "folder.png").mkdir()
    secret = tmp_path / "secret.png"
    secret.write_bytes(encoded())
    secret.chmod(0)
    for name, got in (("pipe.png", "a pipe"), ("folder.png", "a folder"), ("missing.png", "No such file")):
        for path in (tmp_path / name, str(tmp_path / name)):
            error = refused(path)
            assert error.what.startswith(str(path))
            assert error.got.startswith(got)
    assert refused("/dev/zero").got.startswith("a pipe, socket or device")
    tmp_path.chmod(0o755)
    with as_nobody():
        error = refused(secret)
    assert "cannot be read" in error.what


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(MAX_PICTURE_BYTES + 1)
    assert "the file is too large" in refused(tmp_path / "huge.png").what


def test_a_file_is_called_by_its_name(tmp_path):
    (tmp_path / "a.png").write_bytes(b"<html>404</html>")
    assert refused(tmp_path / "a.png").what == f"{tmp_path}/a.png: this is a web page"


# --- what is read ---


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_a_picture_is_the_same_in_every_form_and_mode(form, mode):
    image = Image.fromarray(CANVAS).convert(mode)
    content = encoded(image, form, **({"lossless": True} if form == "WEBP" else {}))
    for picture in (content, bytearray(content), memoryview(content), image):
        assert same(picture)


def test_colours_become_grey_as_documented():
    colours = RNG.integers(0, 256, (90, 70, 4), dtype=np.uint8)
    red, green, blue = (colours[:, :, n].astype(int) for n in range(3))
    expected = (19595 * red + 38470 * green + 7471 * blue + 32768) // 65536
    for mode in ("RGB", "RGBA"):
        seen = grey_and_alpha(Image.fromarray(colours).convert(mode))
        assert np.array_equal(seen.levels, expected)
        assert seen.alpha is None if mode == "RGB" else np.array_equal(seen.alpha, colours[:, :, 3])
        assert same(encoded(Image.fromarray(colours).convert(mode)), colours[:, :, : len(mode)])


def test_alpha_may_be_the_picture():
    clear = np.dstack([np.zeros((*CANVAS.shape, 3), dtype=np.uint8), CANVAS])
    assert same(encoded(clear))
    assert same(encoded(clear, "WEBP", lossless=True, exact=True))
    image = Image.fromarray(np.where(CANVAS > 99, 7, 0).astype(np.uint8))
    assert same(encoded(image, transparency=0), np.where(CANVAS > 99, 255, 0).astype(np.uint8))


def test_sixteen_bits_become_eight():
    levels = (np.arange(65536, dtype=np.uint32).reshape(256, 256) * 7919 % 65536).astype(np.uint16)
    content = encoded(Image.fromarray(levels))
    assert content[24] == 16  # bits
    seen = grey_and_alpha(content)
    assert seen.alpha is None
    assert np.array_equal(seen.levels, levels // 257)
    assert same(encoded(Image.fromarray(CANVAS.astype(np.uint16) * 257)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_as_its_camera_was(form):
    exif = Image.Exif()
    exif[274] = 6
    options: dict[str, Any] = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(form, {})
    plain = grey_and_alpha(encoded(form=form, **options))
    turned = grey_and_alpha(encoded(form=form, exif=exif, **options))
    assert np.array_equal(turned.levels, np.rot90(plain.levels, -1))
    assert turned.size == plain.size[::-1]


# --- made small ---


def means(levels: np.ndarray, factor: int) -> np.ndarray:
    """Of the squares; those at the end hold what there is."""
    rows, columns = (np.arange(0, side, factor) for side in levels.shape)
    sums, counts = (
        np.add.reduceat(np.add.reduceat(array, rows, 0), columns, 1)
        for array in (levels.astype(float), levels * 0 + 1.0)
    )
    return sums / counts


def smooth(height: int, width: int) -> np.ndarray:
    waves = np.sin(np.arange(height) / 9)[:, None] + np.cos(np.arange(width) / 11)
    return (127 + 60 * waves).astype(np.uint8)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "MPO", "an array"])
@pytest.mark.parametrize(("longest", "factor"), [(200, 1), (160, 2), (67, 3), (50, 4), (40, 5), (17, 12), (13, 16)])
def test_a_picture_is_made_small_by_a_whole_factor(form, longest, factor):
    levels = smooth(128, 199)
    if form == "an array":
        seen = grey_and_alpha(levels, longest)
    else:
        exif = Image.Exif()
        exif[274] = 6
        options = {"lossless": True} if form == "WEBP" else {"quality": 98}
        seen = grey_and_alpha(encoded(Image.fromarray(levels).convert("RGB"), form, exif=exif, **options), longest)
        levels = np.rot90(levels, -1)
    assert (seen.factor, seen.size) == (factor, levels.shape[::-1])
    assert max(seen.levels.shape) <= longest
    expected = means(levels, factor)
    assert seen.levels.shape == expected.shape
    assert np.abs(seen.levels - expected)[1:-1, 1:-1].max() <= (10 if form in {"JPEG", "MPO"} else 1)


def test_what_is_see_through_weighs_nothing_in_a_small_picture():
    picture = np.zeros((8, 8, 4), np.uint8)
    picture[:, ::2] = (200, 200, 200, 255)
    seen = grey_and_alpha(picture, 4)
    assert np.abs(seen.levels.astype(int) - 200).max() <= 1  # not 100
    assert np.abs(seen.alpha.astype(int) - 127).max() <= 1
    assert np.array_equal(grey_and_alpha(encoded(picture), 4).levels, seen.levels)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"keep_rgb": True}])
def test_a_small_jpeg_is_decoded_small(options):
    """Counted, not timed: Pillow takes memory for the pixels that it decodes."""
    photo = Image.fromarray(smooth(1600, 2000)).convert("RGB")
    content = encoded(photo, "JPEG", quality=90, **options)
    decoded = []
    load = ImageFile.ImageFile.load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ImageFile.ImageFile, "load", lambda image: (load(image), decoded.append((image.size, image.mode)))[0]
        )
        seen = grey_and_alpha(content, 500)
    assert decoded[0] == ((500, 400), "L")
    assert np.abs(seen.levels - means(np.asarray(photo.convert("L")), 4)).max() <= 4
    for cmyk in (photo.convert("CMYK"), photo.convert("L")):
        seen = grey_and_alpha(encoded(cmyk, "JPEG", quality=95), 500)
        assert (seen.levels.shape, seen.factor) == ((400, 500), 4)


@pytest.mark.parametrize("size", [(2000, 1), (1, 2000), (2000, 3), (7, 1999)])
def test_a_sliver_is_made_small_too(size):
    for form in ("JPEG", "PNG"):
        seen = grey_and_alpha(encoded(Image.new("L", size, 90), form), 250)
        assert seen.factor == 8
        assert seen.levels.shape == (-(-size[1] // 8), -(-size[0] // 8))


def test_texts_that_unpack_to_much_are_not_read(monkeypatch):
    """300 MB of texts and profiles, before and after the pixels."""
    whole = encoded()
    kinds = ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"))
    texts = b"".join(chunk(kind, start + zlib.compress(bytes(2**20), 9)) * 100 for kind, start in kinds)
    at = whole.index(b"IDAT") - 4
    content = whole[:at] + texts + whole[at:-12] + texts + whole[-12:]
    monkeypatch.setattr("PIL.PngImagePlugin._safe_zlib_decompress", lambda _: pytest.fail("it was unpacked"))
    with cheaply():
        assert same(content)


# --- what is refused ---


def test_a_colour_that_its_palette_does_not_have_is_refused():
    header = chunk(b"IHDR", struct.pack(">2L5B", 9, 9, 8, 3, 0, 0, 0)) + chunk(b"PLTE", bytes(6))
    rows = zlib.compress(bytes([0, *range(9)]) * 9)
    content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    error = refused(content)
    assert (error.what, error.got) == ("a colour is missing", "2 colours, and a pixel of colour 8")


def test_a_webp_canvas_is_refused_before_it_is_there():
    content = bytearray(encoded(Image.fromarray(CANVAS).convert("RGBA"), "WEBP", lossless=True, exif=Image.Exif()))
    whole = b"VP8X" + struct.pack("<L", 10) + b"\x10\0\0\0" + (16_382).to_bytes(3, "little") * 2
    at = content.index(b"VP8L")
    lie = b"RIFF" + struct.pack("<L", 4 + len(whole) + len(content) - at) + b"WEBP" + whole + bytes(content[at:])
    error = refused(lie)
    assert (error.what, error.got) == ("the picture is too large", "16383x16383")


LARGEST = [(MAX_PICTURE_SIDE, 1), (1, MAX_PICTURE_SIDE), (10_000, MAX_PIXELS // 10_000)]


@pytest.mark.parametrize(("width", "height"), LARGEST)
def test_the_limits_are_the_same_however_a_picture_comes(width, height):
    for shape, good in (((height, width), True), ((height + (height > 1), width + (height == 1)), False)):
        paper = np.broadcast_to(np.uint8(9), shape)
        if good:
            assert prepare_ink(np.zeros(shape, dtype=np.uint8)).blank
            assert prepare(paper).blank
        else:
            assert "the picture is too large" in refused(paper).what
            assert "the picture is too large" in refused(Image.fromarray(np.array(paper))).what
            assert "the picture is too large" in refused(encoded(np.array(paper))).what
            with pytest.raises(PictureError, match="the canvas is too large"):
                prepare_ink(paper)


def test_a_picture_of_nothing_is_refused():
    for size in ((0, 0), (0, 9)):
        assert "nothing in the picture" in refused(Image.new("L", size)).what


def test_a_photo_with_previews_behind_it_is_read_without_them():
    """Many phones write such files (MPO); they end in .jpg."""
    preview = Image.new("L", (40, 30), 200)
    photo = encoded(Image.fromarray(CANVAS), "MPO", save_all=True, append_images=[preview], quality=95)
    plain = encoded(Image.fromarray(CANVAS), "JPEG", quality=95)
    assert len(photo) > len(plain)
    assert np.array_equal(prepare(photo).pixels, prepare(plain).pixels)

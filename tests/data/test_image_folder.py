"""Folders of pictures for each class: what is read, in which order, and everything that is refused by its name."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import digitlab as dl
from digitlab.data.image_folder import decode_picture
from digitlab.errors import DataFileError, InputError
from tests.costs import cheaply

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (28, 28), dtype=np.uint8)


def encoded(pixels: np.ndarray | Image.Image = PIXELS, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, form, **options)
    return buffer.getvalue()


def grey(mode: str) -> Image.Image:
    return Image.fromarray(PIXELS).convert(mode)


def write(root: Path, names: dict[str, bytes]) -> str:
    for name, content in names.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return str(root)


def shade(value: int) -> bytes:
    return encoded(np.full((28, 28), value, dtype=np.uint8))


SMALL = {"train/0/a.png": shade(1), "train/1/a.png": shade(2), "test/1/a.png": shade(3)}


def test_digits_stay_digits(tmp_path, mnist):
    few = mnist[0][:300]
    names = {
        f"train/{label}/{n:03}.png": encoded(image)
        for n, (image, label) in enumerate(zip(few.images, few.labels, strict=True))
    }
    train, test = dl.open_data(write(tmp_path, names | {"test/7/a.png": shade(9)}))
    order = np.argsort(few.labels, kind="stable")
    assert np.array_equal(train.images, few.images[order])
    assert np.array_equal(train.labels, few.labels[order])
    assert (test.labels.tolist(), test.classes, train.classes) == ([7], tuple("0123456789"), tuple("0123456789"))
    assert train.source == f"{tmp_path} train"


@pytest.mark.parametrize(
    ("folders", "classes"),
    [
        (["b", "a", "C"], ("C", "a", "b")),
        (["10", "9", "2"], ("2", "9", "10")),
        (["x", "10", "9"], ("9", "10", "x")),
        (["3", "5"], tuple("0123456789")),
        (["ä", "い"], ("ä", "い")),
    ],
)
def test_classes_are_the_names_of_the_folders(folders, classes, tmp_path):
    names = {f"{part}/{name}/p.png": shade(n) for part in ("train", "test") for n, name in enumerate(folders)}
    train, test = dl.open_data(write(tmp_path, names))
    assert train.classes == test.classes == classes
    shown = {classes[label]: int(image[0, 0]) for image, label in zip(train.images, train.labels, strict=True)}
    assert shown == {name: n for n, name in enumerate(folders)}


def test_pictures_come_in_the_order_of_their_names(tmp_path):
    names = {f"train/{label}/{name}.png": shade(n) for n, (label, name) in enumerate([(1, "b"), (1, "a"), (0, "z")])}
    train, _ = dl.open_data(write(tmp_path, names | {"test/0/a.png": shade(0), "train/0/.DS_Store": b"junk"}))
    assert train.images[:, 0, 0].tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    "content",
    [
        encoded(),
        encoded(form="BMP"),
        encoded(form="GIF"),
        encoded(form="WEBP", lossless=True),
        encoded(grey("RGB")),
        encoded(grey("LA")),
        encoded(grey("RGBA")),
        encoded(grey("RGB"), "BMP"),
        encoded(grey("RGBA"), "WEBP", lossless=True),
        encoded(Image.fromarray(PIXELS).quantize(256)),
    ],
)
def test_lossless_pictures_are_read_to_the_pixel(content):
    assert np.array_equal(decode_picture(content, "picture"), PIXELS)


def test_lossy_and_two_coloured_pictures_are_read():
    smooth = np.tile(np.linspace(0, 255, 28).astype(np.uint8), (28, 1))
    assert np.abs(decode_picture(encoded(smooth, "JPEG", quality=95), "p").astype(int) - smooth).max() < 8
    assert np.array_equal(decode_picture(encoded(Image.fromarray(PIXELS > 99)), "p"), 255 * (PIXELS > 99))


def test_colours_become_grey_as_documented():
    colours = RNG.integers(0, 256, (28, 28, 3), dtype=np.uint8)
    expected = colours @ np.array([0.299, 0.587, 0.114])
    assert np.abs(decode_picture(encoded(colours), "p") - expected).max() <= 1


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "turned"),  # EXIF 2.32, tag 274: where the first row and the first column are in the file
    [
        (1, lambda pixels: pixels),
        (2, np.fliplr),
        (3, lambda pixels: pixels[::-1, ::-1]),
        (4, np.flipud),
        (5, np.transpose),
        (6, lambda pixels: np.rot90(pixels, -1)),
        (7, lambda pixels: np.rot90(pixels, 2).T),
        (8, np.rot90),
        (9, lambda pixels: pixels),  # no such orientation
    ],
)
def test_a_picture_is_turned_as_its_camera_was(orientation, turned, form):
    exif = Image.Exif()
    exif[274] = orientation
    options: dict[str, Any] = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(form, {})
    smooth = (np.arange(28)[:, np.newaxis] * 7 + np.arange(28) * 2).astype(np.uint8)
    plain = decode_picture(encoded(smooth, form, **options), "p")
    assert np.array_equal(decode_picture(encoded(smooth, form, exif=exif, **options), "p"), turned(plain))


def test_a_palette_is_turned_too():
    exif = Image.Exif()
    exif[274] = 6
    content = encoded(Image.fromarray(PIXELS).quantize(256), exif=exif)
    assert np.array_equal(decode_picture(content, "p"), np.rot90(PIXELS, -1))


def test_what_is_beside_the_pixels_costs_nothing(monkeypatch):
    """Texts and colour profiles that would unpack to 300 MB, before and after the pixels."""
    whole = encoded()
    texts = b"".join(
        struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))
        for kind, start in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"))
        for content in [start + zlib.compress(bytes(2**20), 9)] * 100
    )
    at = whole.index(b"IDAT") - 4
    content = whole[:at] + texts + whole[at:-12] + texts + whole[-12:]
    monkeypatch.setattr("PIL.PngImagePlugin._safe_zlib_decompress", lambda _: pytest.fail("it was unpacked"))
    with cheaply():
        assert np.array_equal(decode_picture(content, "p"), PIXELS)


def moving(form: str) -> bytes:
    return encoded(form=form, save_all=True, append_images=[Image.fromarray(255 - PIXELS)], duration=9)


def png(width: int, height: int, body: bytes = b"", colour: int = 0) -> bytes:
    """A PNG file with any size in its header, and pixels that may not be there."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">2L5B", width, height, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def see_through(mode: str) -> bytes:
    image = grey(mode)
    image.putalpha(Image.fromarray(255 - (PIXELS > 250).astype(np.uint8)))
    return encoded(image)


BAD = {
    "nothing": (b"", "not a picture"),
    "text": (b"<html>404</html>", "a web page"),
    "TIFF": (encoded(form="TIFF"), "this is TIFF"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n%%EndComments\n", "no pixels"),
    "PPM": (encoded(form="PPM"), "not a picture"),
    "ICO": (encoded(form="ICO"), "not a picture"),
    "27 rows": (encoded(PIXELS[:27]), "wrong size"),
    "56x56": (encoded(np.zeros((56, 56), dtype=np.uint8)), "wrong size"),
    "5000x28": (encoded(np.zeros((28, 5000), dtype=np.uint8)), "wrong size"),
    "13000x13000": (png(13000, 13000), "wrong size"),
    "10000x10000": (png(10000, 10000), "wrong size"),
    "2^31 - 1": (png(2**31 - 1, 2**31 - 1), "wrong size"),
    "no pixels": (png(28, 28), "not a picture"),
    "moving GIF": (moving("GIF"), "more than one"),
    "moving PNG": (moving("PNG"), "more than one"),
    "moving WebP": (moving("WEBP"), "more than one"),
    "CMYK": (encoded(grey("CMYK"), "JPEG"), "cannot be made grey"),
    "16 bits": (encoded(PIXELS.astype(np.uint16) * 256), "cannot be made grey"),
    "see-through grey": (see_through("L"), "transparent"),
    "see-through colours": (see_through("RGB"), "transparent"),
    "a colour that is see-through": (encoded(grey("P"), transparency=int(PIXELS[0, 0])), "transparent|more"),
    "a grey that is see-through": (encoded(transparency=int(PIXELS[3, 3])), "transparent"),
    "a flipped bit": (encoded()[:90] + bytes([encoded()[90] ^ 1]) + encoded()[91:], "not a picture"),
    "cut short": (encoded()[:-40], "cut short"),
    "colours without a palette": (png(28, 28, bytes(29 * 28), colour=3), "a colour is missing"),
}


@pytest.mark.parametrize(("content", "complaint"), BAD.values(), ids=BAD.keys())
def test_what_is_no_such_picture_is_refused_by_its_name(content, complaint, tmp_path):
    path = write(tmp_path, SMALL | {"train/1/bad.png": content})
    with pytest.raises(DataFileError, match=complaint) as caught:
        dl.open_data(path)
    assert caught.value.what.startswith(f"{tmp_path}/train/1/bad.png")


@pytest.mark.parametrize("name", ["13000x13000", "10000x10000", "2^31 - 1", "5000x28"])
def test_a_bomb_is_refused_at_once_and_in_little_memory(name):
    with cheaply(), pytest.raises(DataFileError, match=r"too large|wrong size"):
        decode_picture(BAD[name][0], name)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = write(tmp_path, SMALL)
    with (tmp_path / "train/0/huge.png").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(DataFileError, match=r"huge\.png: the file is too large"):
        dl.open_data(path)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (SMALL | {"train/0/notes.txt": b"hello"}, "notes.txt: this is not a picture"),
        (SMALL | {"train/0/deeper/a.png": shade(1)}, "deeper: this is not a picture"),
        (SMALL | {"train/a.png": shade(1)}, "a.png: a file lies among the classes"),
        (SMALL | {"test/x/a.png": shade(1)}, "test/x: this class is not in train"),
        (SMALL | {"train/\x1b[2J/a.png": shade(1)}, "cannot be the name of a class"),
        (SMALL | {"train/\udcff/a.png": shade(1)}, "cannot be the name of a class"),
        ({"train/0/a.png": shade(1)}, "test: this cannot be read"),
        ({"test/0/a.png": shade(1)}, "train: this cannot be read"),
        ({"train/0/.hidden": b"", "test/0/a.png": shade(1)}, "train: there are no pictures"),
        ({"train/.hidden": b"", "test/0/a.png": shade(1)}, "0 folders"),
        ({f"train/{n}/a.png": shade(1) for n in range(257)}, "257 folders"),
    ],
)
def test_another_layout_is_refused(names, complaint, tmp_path):
    with pytest.raises(DataFileError, match=complaint):
        dl.open_data(write(tmp_path, names))


ALONE = {"0/a.png": shade(1), "1/a.png": shade(2)}


@pytest.mark.parametrize(
    ("more", "opened"),
    [
        ({}, True),
        ({".cache/x": b"", "0/Thumbs.db": b""}, True),
        ({"README.md": b""}, False),
        ({"notes/a.txt": b""}, False),
        ({"2/deeper/a.png": shade(3)}, False),
    ],
)
def test_folders_of_classes_alone_are_nothing_but_that(more, opened, tmp_path):
    path = write(tmp_path, ALONE | more)
    if opened:
        assert len(dl.open_data(path)[0]) == 2
    else:
        with pytest.raises(InputError, match="no such data set"):
            dl.open_data(path)


def test_a_picture_among_classes_alone_is_refused_by_its_name(tmp_path):
    with pytest.raises(DataFileError, match=r"1/b\.png: this is not a picture"):
        dl.open_data(write(tmp_path, ALONE | {"1/b.png": b"no picture"}))


@given(
    form=st.sampled_from(["PNG", "JPEG", "BMP", "WEBP", "GIF"]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=3),
)
@settings(deadline=None, max_examples=300)
@pytest.mark.filterwarnings("ignore")
def test_damaged_pictures_are_refused_or_are_pictures(form, edits):
    content = encoded(form=form)
    for place, removed, inserted in edits:
        start = int(place * len(content))
        content = content[:start] + inserted + content[start + removed :]
    try:
        pixels = decode_picture(content, "damaged")
    except DataFileError:
        return
    assert (pixels.shape, pixels.dtype) == ((28, 28), np.uint8)
    assert form != "PNG" or np.array_equal(pixels, PIXELS) or b"IDAT" not in content

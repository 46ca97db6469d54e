"""A picture file, opened with care: its bytes become an image of Pillow, decoded and upright.

Only Pillow decodes, and only PNG, JPEG, BMP, WebP and GIF; a picture's size is looked at before it is decoded. What
could cost much, and is no part of the picture, never reaches Pillow:

- PNG: texts and profiles, which can unpack to a thousand times their length.
- JPEG: more than 500 scans. Each goes over all pixels, and need not be longer than ten bytes.
- GIF: comments, and what is to become of a frame when the next one comes. Pillow takes memory for that at once.
- WebP: a canvas of a size that is refused. The decoder takes memory for it before Pillow looks.

Who reads says which sizes it takes.

Source: W3C, "Portable Network Graphics (PNG) Specification", third edition, sections 5.3 and 5.6; Google,
"WebP Container Specification"; CompuServe, "Graphics Interchange Format, Version 89a", sections 17 to 26;
ITU-T T.81, sections B.1 and B.2.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, TypeAlias, cast

from digitlab.errors import DigitlabError, PictureError

if TYPE_CHECKING:
    from PIL import Image

CheckSize: TypeAlias = Callable[[int, int], None]

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")
WHOLE = "one whole picture as PNG, JPEG, BMP, WebP or GIF"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
OF_THE_PICTURE = (b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT")  # chunks that matter, though a PNG could do without
ANCILLARY = 0x20  # this bit in the first letter of a chunk's name: a picture could do without it
JPEG_MAGIC = b"\xff\xd8\xff"
WITH_PREVIEWS = ("MPO",)  # a JPEG from a camera that put previews of it behind the picture
LYING = (5, 6, 7, 8)  # EXIF orientations: the camera was on its side
SCAN = b"\xff\xda"  # never among a JPEG's coded pixels
MOST_SCANS = 500  # encoders make about ten
GIF_MAGICS = (b"GIF87a", b"GIF89a")
GIF_HEADER = 13  # bytes, before the palette
GIF_NEXT = re.compile(rb"[!,;]")  # an extension, a frame, the end; what else lies between is passed over
GIF_CONTROL = b"\xf9"  # an extension: which colour is see-through, how long the frame stays
GIF_DISPOSAL = 0x1C  # these bits of a frame's control: what becomes of it when the next one comes


@dataclass(frozen=True)
class Opened:
    """A picture that is open.

    Attributes:
        image: decoded and upright; of a JPEG it may be a `shrunk`-th, rounded up, of its size, and grey.
        size: its width and height upright, before it was made small.
        shrunk: 1, 2, 4 or 8.
    """

    image: Image.Image
    size: tuple[int, int]
    shrunk: int


def factor_to(size: tuple[int, int], longest: int | None) -> int:
    """The least whole number that makes a picture of this size small enough: no side is longer than ``longest``."""
    return 1 if longest is None else max(1, -(-max(size) // longest))


@contextmanager
def open_picture(
    picture: bytes | bytearray | memoryview | Image.Image, check_size: CheckSize, *, longest: int | None = None
) -> Iterator[Opened]:
    """A picture decoded and upright, to be used while inside: Pillow's errors there are refused, too.

    Args:
        picture: the bytes of a file; or an image that somebody else has opened, of which this is a copy.
        check_size: is given width and height in pixels, and raises a `PictureError` where they are not taken.
        longest: it will be made small by `factor_to` this; of a JPEG file the decoder does as much of it as it can,
            which takes a fraction of the time and memory. None: it will not.

    Raises:
        PictureError: another format or size, more than one picture, a palette without all colours that are used, or
            damage.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow warns of what is refused here anyway
            if isinstance(picture, Image.Image):
                yield _decoded(picture, check_size, None, in_place=False)
            else:
                with Image.open(io.BytesIO(_harmless(bytes(picture), check_size)), formats=FORMATS) as image:
                    yield _decoded(image, check_size, longest, in_place=True)
    except DigitlabError:
        raise
    except Image.DecompressionBombError as error:
        got = f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels"
        raise PictureError("the picture is too large", got=got) from error
    except Exception as error:  # Pillow's decoders raise what comes to hand on damaged bytes: a dozen types
        unknown = isinstance(error, UnidentifiedImageError)  # its words tell an address in memory
        got = "another kind of file, or a damaged one" if unknown else str(error) or type(error).__name__
        raise PictureError("this is not a picture that can be read", must_be=WHOLE, got=got) from error


def _decoded(image: Image.Image, check_size: CheckSize, longest: int | None, *, in_place: bool) -> Opened:
    from PIL import ExifTags, ImageOps

    _check_header(image, check_size)
    width, height = image.size
    factor, shrunk = factor_to(image.size, longest), 1
    if factor > 1:
        least = gcd(factor, 8)
        if drafted := image.draft("L", (max(1, width // least), max(1, height // least))):  # this is a JPEG
            shrunk = round(width / drafted[1][2])
    image.load()
    if shrunk == 1:
        _check_header(image, check_size)  # a frame can be larger than the header said
        width, height = image.size
    if image.getexif().get(ExifTags.Base.Orientation) in LYING:
        width, height = height, width
    if in_place:
        ImageOps.exif_transpose(image, in_place=True)
    else:
        image = ImageOps.exif_transpose(image)
    if image.mode in {"P", "PA"}:
        colours = len(image.getpalette() or []) // 3
        _, largest = cast(tuple[int, int], image.getchannel(0).getextrema())
        if largest >= colours:
            raise PictureError("a colour is missing", got=f"{colours} colours, and a pixel of colour {largest}")
    return Opened(image, (width, height), shrunk)


def _check_header(image: Image.Image, check_size: CheckSize) -> None:
    """Refuse a picture by what its header says."""
    check_size(*image.size)
    if getattr(image, "is_animated", False) and image.format not in WITH_PREVIEWS:
        raise PictureError("there is more than one picture in it", help="save one of them by itself")


def _harmless(content: bytes, check_size: CheckSize) -> bytes:
    """What of a file may reach Pillow."""
    if content.startswith(PNG_MAGIC):
        return _without_texts(content)
    if content.startswith(GIF_MAGICS):
        return _without_extensions(content)
    if content.startswith(JPEG_MAGIC) and (scans := content.count(SCAN)) > MOST_SCANS:
        what = "the picture is drawn over too often"
        raise PictureError(what, must_be=f"at most {MOST_SCANS} scans", got=f"{scans}", help="save it as PNG")
    _check_webp_canvas(content, check_size)
    return content


def _without_texts(content: bytes) -> bytes:
    """A PNG file without what is no part of the picture."""
    kept, begin, position = [], 0, len(PNG_MAGIC)
    while position < len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")  # length, name, checksum
        name = content[position + 4 : position + 8]
        if name and name[0] & ANCILLARY and name not in OF_THE_PICTURE:
            kept.append(content[begin:position])
            begin = end
        position = end
    return b"".join([*kept, content[begin:]])


def _without_extensions(content: bytes) -> bytes:
    """A GIF file without the extensions before its first frame, but for which colour is see-through."""
    if len(content) < GIF_HEADER:
        return content
    flags = content[GIF_HEADER - 3]
    position = start = GIF_HEADER + (3 << (flags & 7) + 1 if flags & 0x80 else 0)  # behind the palette
    control = b""
    while (found := GIF_NEXT.search(content, position)) and found[0] == b"!":
        at = found.start()
        block = content[at + 3 : at + 3 + int.from_bytes(content[at + 2 : at + 3], "big")]
        if content[at + 1 : at + 2] == GIF_CONTROL and block:
            control = content[at : at + 3] + bytes([block[0] & ~GIF_DISPOSAL]) + block[1:] + b"\0"
        position = at + 2
        while position < len(content) and content[position]:  # blocks, each with its length before it
            position += 1 + content[position]
        position += 1
    return content[:start] + control + (content[found.start() :] if found else b"")


def _check_webp_canvas(content: bytes, check_size: CheckSize) -> None:
    """Refuse a WebP picture by the size of its canvas."""

    def whole(at: int, length: int) -> int:
        return int.from_bytes(content[at : at + length], "little")

    match content[:4] + content[8:16]:
        case b"RIFFWEBPVP8X":
            check_size(1 + whole(24, 3), 1 + whole(27, 3))
        case b"RIFFWEBPVP8L":
            check_size(1 + (whole(21, 4) & 0x3FFF), 1 + (whole(21, 4) >> 14 & 0x3FFF))
        case b"RIFFWEBPVP8 ":
            check_size(whole(26, 2) & 0x3FFF, whole(28, 2) & 0x3FFF)

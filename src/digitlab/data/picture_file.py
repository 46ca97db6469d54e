"""A picture file, opened with care: its bytes become an image of Pillow, decoded and upright.

Only Pillow decodes, and only PNG, JPEG, BMP, WebP and GIF; a picture's size is looked at before it is decoded. What
could cost much, and is no part of the picture, never reaches Pillow:

- PNG: texts and profiles, which can unpack to a thousand times their length.
- JPEG: more than 500 scans. Each goes over all pixels, and need not be longer than ten bytes.
- GIF: comments, and what is to become of a frame when the next one comes. Pillow takes memory for that at once.
- WebP: a canvas of a size that is refused. The decoder takes memory for it before Pillow looks.

Who reads says in its `Terms` which sizes it takes, and how it refuses the rest.

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
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from digitlab.errors import DigitlabError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Refuse", "Terms", "open_picture", "upright"]

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")
WHOLE = f"one whole picture as {', '.join(FORMATS)}"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
OF_THE_PICTURE = (b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT")  # chunks that matter, though a PNG could do without
ANCILLARY = 0x20  # this bit in the first letter of a chunk's name: a picture could do without it
JPEG_MAGIC = b"\xff\xd8\xff"
WITH_PREVIEWS = ("MPO",)  # a JPEG from a camera that put previews of it behind the picture
SCAN = b"\xff\xda"  # never among a JPEG's coded pixels
MOST_SCANS = 500  # encoders make about ten
GIF_MAGICS = (b"GIF87a", b"GIF89a")
GIF_HEADER = 13  # bytes, before the palette
GIF_NEXT = re.compile(rb"[!,;]")  # an extension, a frame, the end; what else lies between is passed over
GIF_CONTROL = b"\xf9"  # an extension: which colour is see-through, how long the frame stays
GIF_DISPOSAL = 0x1C  # these bits of a frame's control: what becomes of it when the next one comes


class Refuse(Protocol):
    """Raises the reader's own kind of error."""

    def __call__(self, problem: str, *, must_be: str, got: str, help: str = ...) -> NoReturn:
        """What is wrong, what it must be, what was got, and what helps."""


@dataclass(frozen=True)
class Terms:
    """What a reader of pictures takes, and how it refuses the rest.

    Attributes:
        sizes: the sizes that it takes, in words.
        check_size: refuses others; is given width and height in pixels.
        refuse: refuses whatever else is wrong.
    """

    sizes: str
    check_size: Callable[[int, int], None]
    refuse: Refuse


@contextmanager
def open_picture(content: bytes | bytearray | memoryview, terms: Terms) -> Iterator[Image.Image]:
    """The image in a file, decoded and upright, to be used while inside: Pillow's errors there are refused, too.

    Raises:
        DigitlabError: of the reader's kind: another format or size, more than one picture, a palette without all
            colours that are used, or damage.
    """
    from PIL import Image

    with _in_our_words(terms):
        file = io.BytesIO(_harmless(bytes(content), terms))
        with Image.open(file, formats=FORMATS) as image:
            yield _looked_at(image, terms, in_place=True)


@contextmanager
def upright(image: Image.Image, terms: Terms) -> Iterator[Image.Image]:
    """The same of an image that somebody else has opened: a copy of it.

    Raises:
        DigitlabError: as `open_picture`.
    """
    with _in_our_words(terms):
        yield _looked_at(image, terms, in_place=False)


@contextmanager
def _in_our_words(terms: Terms) -> Iterator[None]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what is refused here anyway
            yield
    except DigitlabError:
        raise
    except Image.DecompressionBombError as error:
        terms.refuse("the picture is too large", must_be=terms.sizes, got=str(error))
    except Exception as error:  # Pillow's decoders raise what comes to hand on damaged bytes: a dozen types
        terms.refuse("this is not a picture that can be read", must_be=WHOLE, got=str(error) or type(error).__name__)


def _looked_at(image: Image.Image, terms: Terms, *, in_place: bool) -> Image.Image:
    from PIL import ImageOps

    _look_at(image, terms)
    image.load()
    _look_at(image, terms)  # a frame can be larger than the header said
    if in_place:
        ImageOps.exif_transpose(image, in_place=True)
    else:
        image = ImageOps.exif_transpose(image)
    if image.mode in {"P", "PA"}:
        colours = len(image.getpalette() or []) // 3
        _, largest = cast(tuple[int, int], image.getchannel(0).getextrema())
        if largest >= colours:
            got = f"{colours} colours, and a pixel of colour {largest}"
            terms.refuse("a colour is missing", must_be="a palette with all colours of the picture", got=got)
    return image


def _look_at(image: Image.Image, terms: Terms) -> None:
    """Refuse a picture by what its header says."""
    terms.check_size(*image.size)
    if getattr(image, "is_animated", False) and image.format not in WITH_PREVIEWS:
        help = "save one of them by itself"
        problem = "there is more than one picture in it"
        terms.refuse(problem, must_be="one picture", got="a moving picture", help=help)


def _harmless(content: bytes, terms: Terms) -> bytes:
    """What of a file may reach Pillow."""
    if content.startswith(PNG_MAGIC):
        return _without_texts(content)
    if content.startswith(GIF_MAGICS):
        return _without_extensions(content)
    if content.startswith(JPEG_MAGIC) and content.count(SCAN) > MOST_SCANS:
        must_be, got, help = f"at most {MOST_SCANS} scans", f"{content.count(SCAN)}", "save it as PNG"
        terms.refuse("the picture is drawn over too often", must_be=must_be, got=got, help=help)
    _look_at_webp(content, terms)
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


def _look_at_webp(content: bytes, terms: Terms) -> None:
    """Refuse a WebP picture by the size of its canvas."""

    def whole(at: int, length: int) -> int:
        return int.from_bytes(content[at : at + length], "little")

    match content[:4] + content[8:16]:
        case b"RIFFWEBPVP8X":
            terms.check_size(1 + whole(24, 3), 1 + whole(27, 3))
        case b"RIFFWEBPVP8L":
            terms.check_size(1 + (whole(21, 4) & 0x3FFF), 1 + (whole(21, 4) >> 14 & 0x3FFF))
        case b"RIFFWEBPVP8 ":
            terms.check_size(whole(26, 2) & 0x3FFF, whole(28, 2) & 0x3FFF)

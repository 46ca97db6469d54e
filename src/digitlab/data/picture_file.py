"""A picture file, opened with care: its bytes become an image of Pillow, decoded and upright.

What a file is, its content says, not its name. Only Pillow decodes, and only the formats below; what else a file may be
is told by its name. A picture's size is looked at before it is decoded, and what could cost much never reaches Pillow:
`picture_bytes.py`, `tiff_file.py`.

Who reads says which sizes are taken. A data set takes one whole picture as PNG, JPEG, BMP, WebP or GIF, as nobody would
know which frame or page is the digit. Reading takes more (``any_form``): the first frame of a moving picture, the first
page of a TIFF file, and HEIC and AVIF, as phones make them, where the extra `heif` is installed.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from math import gcd
from typing import TYPE_CHECKING, TypeAlias, cast

from digitlab.data.picture_bytes import AS_OTHER, CheckSize, bmp, gif, heif, jpeg, png, webp
from digitlab.data.tiff_file import tiff
from digitlab.errors import DigitlabError, PictureError

if TYPE_CHECKING:
    from PIL import Image

Careful: TypeAlias = Callable[[bytes, CheckSize, bool], bytes]

FORMATS: dict[str, tuple[bytes, Careful]] = {  # how a file begins, and what of it may reach Pillow
    "PNG": (rb"\x89PNG\r\n\x1a\n", png),
    "JPEG": (rb"\xff\xd8\xff", jpeg),
    "BMP": (rb"BM", bmp),
    "WEBP": (rb"RIFF.{4}WEBP", webp),
    "GIF": (rb"GIF8[79]a", gif),
    "TIFF": (rb"II\*\0|MM\0\*", tiff),
    "HEIF": (rb".{4}ftyp(hei[cxms]|hev[cx]|mif1|msf1)", heif),
    "AVIF": (rb".{4}ftypavi[fs]", heif),
}
UNREADABLE = "this is not a picture that can be read"
OF_DATA_SETS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")
ANY_FORMS = (*OF_DATA_SETS, "TIFF")
OF_PHONES = ("HEIF", "AVIF")
WHOLE = "one whole picture as PNG, JPEG, BMP, WebP or GIF"
ANY_FORM = "a PNG, JPEG, BMP, WebP, GIF or TIFF file"
OTHERS = (  # what else people take for pictures
    (rb"%!PS|\xc5\xd0\xd3\xc6", "an EPS or PostScript file, which says how to draw and has no pixels"),
    (rb"%PDF", "a PDF document"),
    (
        rb"(\xef\xbb\xbf)?\s*<(\?xml|!--|svg|!DOCTYPE svg).{0,4000}?<?svg",
        "an SVG file, which says how to draw and has no pixels",
    ),
    (rb"(\xef\xbb\xbf)?\s*<(?i:!doctype html|html)", "a web page"),
    (rb"8BPS", "a Photoshop file"),
    (rb".{4}(jP  |JXL )|\xff\x4f\xff\x51|\xff\x0a", "JPEG 2000 or JPEG XL, which are not JPEG"),
    (rb".{4}ftyp", "a film"),
    (rb"II\+\0|MM\0\+", "a BigTIFF file"),
)
WITH_PREVIEWS = ("MPO",)  # a JPEG from a camera that put previews of it behind the picture
LYING = (5, 6, 7, 8)  # EXIF orientations: the camera was on its side


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
    picture: bytes | bytearray | memoryview | Image.Image,
    check_size: CheckSize,
    *,
    any_form: bool = False,
    longest: int | None = None,
) -> Iterator[Opened]:
    """A picture decoded and upright, to be used while inside: Pillow's errors there are refused, too.

    Args:
        picture: the bytes of a file; or an image that somebody else has opened, of which this is a copy.
        check_size: is given width and height in pixels, and raises a `PictureError` where they are not taken.
        any_form: of several frames or pages take the first (of an image, the one where it stands); TIFF and HEIC, too.
        longest: it will be made small by `factor_to` this; of a JPEG file the decoder does as much of it as it can,
            which takes a fraction of the time and memory. None: it will not.

    Raises:
        PictureError: another format or size, more than one picture, a palette without all colours that are used, or
            damage.
    """
    from PIL import Image, UnidentifiedImageError

    must_be = ANY_FORM if any_form else WHOLE
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow warns of what is refused here anyway
            if isinstance(picture, Image.Image):
                yield _decoded(picture, check_size, None, any_form, in_place=False)
            else:
                content = bytes(picture)
                form = _recognised(content, any_form)
                content = FORMATS[form][1](content, check_size, any_form)
                with Image.open(io.BytesIO(content), formats=[form]) as image:
                    yield _decoded(image, check_size, longest, any_form, in_place=True)
    except DigitlabError:
        raise
    except Image.DecompressionBombError as error:
        got = f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels"
        raise PictureError("the picture is too large", got=got) from error
    except Exception as error:  # Pillow's decoders raise what comes to hand on damaged bytes: a dozen types
        unknown = isinstance(error, UnidentifiedImageError)  # its words tell an address in memory
        got = f"a damaged {form} file" if unknown else str(error) or type(error).__name__
        raise PictureError(UNREADABLE, must_be=must_be, got=got) from error


def _recognised(content: bytes, any_form: bool) -> str:
    """The format of a file, if it is one of those that are taken."""
    must_be = ANY_FORM if any_form else WHOLE
    form = next((form for form, (begin, _) in FORMATS.items() if re.match(begin, content, re.DOTALL)), "")
    if form in (ANY_FORMS if any_form else OF_DATA_SETS) or (form and any_form and _phones_are_read(form)):
        return form
    if form in OF_PHONES:
        help = f"pip install 'digitlab[heif]' reads it; or {AS_OTHER}" if any_form else AS_OTHER
        raise PictureError(f"this is a picture as phones make it ({form})", must_be=must_be, help=help)
    other = next((words for begin, words in OTHERS if re.match(begin, content, re.DOTALL)), "")
    if form or other:
        raise PictureError(f"this is {other or form}", must_be=must_be, help=AS_OTHER)
    got = "another kind of file, or a damaged one" if content else "an empty file"
    raise PictureError(UNREADABLE, must_be=must_be, got=got)


def _phones_are_read(form: str) -> bool:
    """Whether the extra `heif` is installed; Pillow knows HEIF from now on. AVIF is Pillow's own, where it has it."""
    if find_spec("pillow_heif") is None:
        return False
    import pillow_heif
    from PIL import features

    pillow_heif.register_heif_opener(thumbnails=False)
    return form == "HEIF" or bool(features.check("avif"))


def _decoded(
    image: Image.Image, check_size: CheckSize, longest: int | None, any_form: bool, *, in_place: bool
) -> Opened:
    from PIL import ExifTags, ImageOps

    check_size(*image.size)
    if not any_form and getattr(image, "is_animated", False) and image.format not in WITH_PREVIEWS:
        raise PictureError("there is more than one picture in it", help="save one of them by itself")
    width, height = image.size
    factor, shrunk = factor_to(image.size, longest), 1
    if factor > 1 and image.format in {"JPEG", *WITH_PREVIEWS}:
        least = gcd(factor, 8)
        if drafted := image.draft("L", (max(1, width // least), max(1, height // least))):
            shrunk = round(width / drafted[1][2])
    image.load()
    if shrunk == 1:
        check_size(*image.size)  # a frame can be larger than the header said
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

"""Pictures that lie about their size, or hold small pieces that unpack to much."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterable, Iterator
from functools import partial

from tests.hostile import forge
from tests.hostile.lies_of_data import Lie

SIDES = (0, 1, 27, 29, 4096, 4097, 16_383, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
SIZES = sorted({size for side in SIDES for size in ((side, 28), (28, side), (side, side))})
BEYOND = [(7072, 7072), (16_383, 3053), (16_383, 16_383), (65_535, 763), (763, 65_535), (13_000, 13_000)]
BEYOND += [size for side in (2**16, 2**24, 2**31 - 1, 2**32 - 1) for size in ((side, 1), (1, side), (side, side))]
WITHIN = [(7071, 7071), (16_383, 3051), (65_535, 762)]  # 50 million pixels: a true picture may say so
EMPTY = [(0, 28), (28, 0), (0, 0)]
FORMS = (b"\x10\0\0\0\0", b"\x08\3\0\0\0", b"\x08\6\0\0\0", b"\1\0\0\0\0", b"\x08\1\0\0\0")
SEE_THROUGH = forge.chunk(b"tRNS", b"\0\0")  # found out after everything was read


def saying(sizes: Iterable[tuple[int, int]]) -> Iterator[Lie]:
    """PNG, BMP, GIF, JPEG and WebP, as large as each of them can say."""
    limits = {"PNG": (forge.png, 2**32), "BMP": (bmp, 2**31), "GIF": (gif, 2**16), "JPEG": (jpeg, 2**16)}
    limits |= {
        "GIF that is wiped": (partial(gif, disposal=2), 2**16),
        "WebP": (webp, 2**24 + 1),
        "lossless WebP": (webp_lossless, 2**14 + 1),
        "lossy WebP": (webp_lossy, 2**14),
    }
    for (name, (make, limit)), size in itertools.product(limits.items(), sizes):
        if max(size) < limit and (min(size) or "WebP" not in name) and (max(size) > 28 or "GIF" not in name):
            yield f"{name} {size[0]}x{size[1]}", partial(make, *size)


def pictures() -> Iterator[Lie]:
    """Lies to who takes 28x28 pixels alone."""
    yield from saying(SIZES)
    for form in FORMS:
        yield f"PNG of the form {form.hex()}", partial(forge.png, form=form)
    for kind, length in itertools.product((b"IDAT", b"acTL", b"PLTE"), (2**20, 2**31 - 1, 2**32 - 1)):
        pieces = forge.chunk(kind, b"", length=length)
        yield f"PNG with {length} bytes of {kind.decode()}", partial(forge.png, before=pieces)
    for count in (2, 2**16, 2**31 - 1):
        frames = forge.chunk(b"acTL", struct.pack(">2L", count, 0))
        yield f"PNG with {count} frames", partial(forge.png, before=frames)
    for kind, bombs in unpacking():
        name = f"PNG with 300 MB of {kind}"
        yield f"{name} before its pixels", partial(forge.png, before=SEE_THROUGH + bombs)
        yield f"{name} after them", partial(forge.png, before=SEE_THROUGH, after=bombs)
    yield "JPEG of 90000 scans", partial(jpeg, 28, 28, scans=90_000)


def any_pictures() -> Iterator[Lie]:
    """Lies to who takes pictures of any size up to 50 million pixels, and sides up to 65,535."""
    yield from saying(BEYOND)
    yield from ((name, make) for name, make in saying(EMPTY) if "GIF" not in name)
    for kind, bombs in unpacking():
        yield f"PNG 7072x7072 with 300 MB of {kind}", partial(forge.png, 7072, 7072, before=bombs, after=bombs)
    yield "JPEG 7000x7000 of 90000 scans", partial(jpeg, 7000, 7000, scans=90_000)
    for (width, height), compression in itertools.product(((7000, 7000), (16_384, 16_384), (2**31, 1)), (1, 5, 7, 8)):
        said = {"tag_256": (width,), "tag_257": (height,), "tag_278": (height,), "tag_259": (compression,)}
        yield f"TIFF {width}x{height} compressed by {compression}", partial(forge.tiff, **said)
    tiles = {"tag_322": (2**31,), "tag_323": (2**31,), "tag_324": (8,), "tag_325": (forge.PIXELS,)}
    yield "TIFF of one huge tile", partial(forge.tiff, **tiles)
    yield "TIFF of 2^32 channels", partial(forge.tiff, tag_277=(2**32 - 1,))


def unpacking() -> Iterator[tuple[str, bytes]]:
    """Chunks of a PNG file that are no part of the picture: 300 MB once they are unpacked."""
    for kind, begin in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        yield kind.decode(), forge.chunk(kind, begin + zlib.compress(bytes(2**20), 9)) * 300


def bmp(width: int, height: int) -> bytes:
    """A bitmap of 28x28 pixels that says otherwise."""
    header = struct.pack("<L2l2H6L", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<L2HL", 54 + 2352, 0, 0, 54) + header + forge.ink(2352)


def gif(width: int, height: int, disposal: int = 0) -> bytes:
    """A GIF whose screen is 28x28, and whose frame is what it says; and what is to become of the frame."""
    begin = b"GIF89a" + struct.pack("<2H3B", 28, 28, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    control = b"!\xf9\x04" + bytes([disposal << 2, 0, 0, 0, 0]) if disposal else b""
    return begin + control + b"," + struct.pack("<4HB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"


def jpeg(width: int, height: int, scans: int = 0) -> bytes:
    """A JPEG file with its tables, and pixels that are none; or a progressive one, with so many scans."""
    tables = b"\xff\xdb\0\x43\0" + b"\1" * 64 + b"\xff\xc4\0\x14\0\1" + bytes(16) + b"\xff\xc4\0\x14\x10\1" + bytes(16)
    frame = (b"\xff\xc2" if scans else b"\xff\xc0") + b"\0\x0b\x08" + struct.pack(">2H", height, width) + b"\1\1\x11\0"
    one = b"\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(99)
    more = b"\xff\xda\0\x08\1\1\0\0\0\0\0" + b"\xff\xda\0\x08\1\1\0\1\x3f\0\0" * (scans - 1)
    return b"\xff\xd8" + tables + frame + (more if scans else one) + b"\xff\xd9"


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    padded = ((kind, content, b"\0" * (len(content) % 2)) for kind, content in chunks)
    body = b"".join(kind + struct.pack("<L", len(content)) + content + end for kind, content, end in padded)
    return b"RIFF" + struct.pack("<L", 4 + len(body)) + b"WEBP" + body


def vp8l(width: int, height: int) -> bytes:
    """The lossless stream of one colour."""
    return b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + b"\x07\x10\x11\x11\x88\x88\xfe\x07\x00"


def webp(width: int, height: int) -> bytes:
    """The extended form: a canvas of any size, and on it a picture of 28x28."""
    canvas = b"\x10\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff((b"VP8X", canvas), (b"VP8L", vp8l(28, 28)))


def webp_lossless(width: int, height: int) -> bytes:
    return riff((b"VP8L", vp8l(width, height)))


def webp_lossy(width: int, height: int) -> bytes:
    return riff((b"VP8 ", b"\x10\x02\0\x9d\x01\x2a" + struct.pack("<2H", width, height) + bytes(60)))


LIES = {"picture": pictures, "any picture": any_pictures}

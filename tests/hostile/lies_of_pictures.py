"""Pictures that lie about their size, or hold small pieces that unpack to much."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from functools import partial

import forge
from lies_of_data import Lie

SIDES = (0, 1, 27, 29, 4096, 4097, 16_383, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
SIZES = sorted({size for side in SIDES for size in ((side, 28), (28, side), (side, side))})
FORMS = (b"\x10\0\0\0\0", b"\x08\3\0\0\0", b"\x08\6\0\0\0", b"\1\0\0\0\0", b"\x08\1\0\0\0")
SEE_THROUGH = forge.chunk(b"tRNS", b"\0\0")  # found out after everything was read


def pictures() -> Iterator[Lie]:
    """PNG, BMP, GIF, JPEG and WebP, as large as each of them can say."""
    limits = {"PNG": (forge.png, 2**32), "BMP": (bmp, 2**31), "GIF": (gif, 2**16), "JPEG": (jpeg, 2**16)}
    limits |= {
        "WebP": (webp, 2**24 + 1),
        "lossless WebP": (webp_lossless, 2**14 + 1),
        "lossy WebP": (webp_lossy, 2**14),
    }
    for (name, (make, limit)), size in itertools.product(limits.items(), SIZES):
        if max(size) < limit and (min(size) or "WebP" not in name) and (max(size) > 28 or name != "GIF"):
            yield f"{name} {size[0]}x{size[1]}", partial(make, *size)
    for form in FORMS:
        yield f"PNG of the form {form.hex()}", partial(forge.png, form=form)
    for kind, length in itertools.product((b"IDAT", b"acTL", b"PLTE"), (2**20, 2**31 - 1, 2**32 - 1)):
        pieces = forge.chunk(kind, b"", length=length)
        yield f"PNG with {length} bytes of {kind.decode()}", partial(forge.png, before=pieces)
    for count in (2, 2**16, 2**31 - 1):
        frames = forge.chunk(b"acTL", struct.pack(">2L", count, 0))
        yield f"PNG with {count} frames", partial(forge.png, before=frames)
    for kind, begin in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        bombs = forge.chunk(kind, begin + zlib.compress(bytes(2**20), 9)) * 300
        name = f"PNG with 300 MB of {kind.decode()}"
        yield f"{name} before its pixels", partial(forge.png, before=SEE_THROUGH + bombs)
        yield f"{name} after them", partial(forge.png, before=SEE_THROUGH, after=bombs)


def bmp(width: int, height: int) -> bytes:
    """A bitmap of 28x28 pixels that says otherwise."""
    header = struct.pack("<L2l2H6L", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<L2HL", 54 + 2352, 0, 0, 54) + header + forge.ink(2352)


def gif(width: int, height: int) -> bytes:
    """A GIF whose screen is 28x28, and whose frame is what it says."""
    begin = b"GIF89a" + struct.pack("<2H3B", 28, 28, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return begin + b"," + struct.pack("<4HB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"


def jpeg(width: int, height: int) -> bytes:
    """A JPEG file with its tables, and pixels that are none."""
    tables = b"\xff\xdb\0\x43\0" + b"\1" * 64 + b"\xff\xc4\0\x14\0\1" + bytes(16)
    frame = b"\xff\xc0\0\x0b\x08" + struct.pack(">2H", height, width) + b"\1\1\x11\0"
    return b"\xff\xd8" + tables + frame + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(99) + b"\xff\xd9"


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


LIES = {"picture": pictures}

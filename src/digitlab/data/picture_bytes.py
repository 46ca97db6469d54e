"""What of a picture file may reach Pillow: nothing that was cut short, that lies about its size, or is no picture.

Each function takes the bytes of one format and gives those that are decoded. It refuses a file without its end, a size
that is not taken, and one that so few bytes cannot hold. What could cost much, and is no part of the picture, is left
out:

- PNG: texts and profiles, which can unpack to a thousand times their length.
- JPEG: what lies behind the picture (previews, a film). More than 100 scans are refused: each goes over all pixels, and
  need not be longer than ten bytes.
- GIF: comments, and what is to become of a frame when the next one comes. Pillow takes memory for that at once.
- WebP: a canvas of a size that is refused. The decoder takes memory for it before Pillow looks.

Of a moving picture the first frame is left, if ``first``. One of more than 1,000 frames is refused.

Source: W3C, "Portable Network Graphics (PNG) Specification", third edition, sections 5.3, 5.6 and 11.2; Google,
"WebP Container Specification"; CompuServe, "Graphics Interchange Format, Version 89a", sections 17 to 26;
ITU-T T.81, sections B.1, B.2 and F.1.2; ISO/IEC 14496-12, section 4.2 (the boxes that HEIF is made of).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from digitlab.data.files import COPY_AGAIN, MAX_DEFLATE_RATIO
from digitlab.errors import PictureError

CheckSize: TypeAlias = Callable[[int, int], None]

AS_OTHER = "save it as PNG or JPEG"
MOST_PIECES = 2**15  # of which a file is made; a PNG of 100 MB has some 12,000
MOST_BLOCKS = 2**19  # of a GIF's frame or comment, each of at most 255 bytes
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
MOST_FRAMES = 1000
ANCILLARY = 0x20  # this bit in the first letter of a chunk's name: a picture could do without it
OF_THE_PICTURE = (b"tRNS", b"eXIf")  # chunks that matter all the same
MOVING = (b"acTL", b"fcTL", b"fdAT")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the colour type of a PNG
MARKER = re.compile(rb"\xff+[^\x00\xff]")  # of a piece of a JPEG
FRAMES = b"\xc0\xc1\xc2\xc3\xc5\xc6\xc7"  # markers of a JPEG: the size, of what Huffman's codes hold
SCAN, JPEG_END = b"\xff\xda", b"\xff\xd9"
MOST_SCANS = 100  # encoders make about ten
PIXELS_IN_A_BYTE = 512  # of a JPEG at most: a block of 64 takes a bit or more
GIF_HEADER = 13  # bytes, before the palette
GIF_NEXT = re.compile(rb"[!,;]")  # an extension, a frame, the end; what else lies between is passed over
GIF_CONTROL = b"\xf9"  # an extension: which colour is see-through, how long the frame stays
GIF_DISPOSAL = 0x1C  # these bits of a frame's control: what becomes of it when the next one comes
BMP_HEADER = 34  # bytes, up to how it is compressed
WEBP_MOVES, WEBP_ALPHA = 2, 16  # bits of a canvas


def cut_short() -> PictureError:
    """The end of the file is missing."""
    return PictureError("the file is cut short", help=COPY_AGAIN)


def check_held(needed: int, most: int) -> None:
    """Refuse what ``needed`` more bytes than the file can unpack to.

    Raises:
        PictureError: it lies, or was cut short.
    """
    if needed > most:
        what = "the file is too short for the size that it tells"
        raise PictureError(what, must_be=f"{needed:,} bytes of pixels", got=f"at most {most:,}", help=COPY_AGAIN)


def _too_many(of_what: str, most: int) -> PictureError:
    return PictureError("the file is made of too many pieces", must_be=f"at most {most:,} {of_what}", help=AS_OTHER)


def check_frames(count: int, what: str = "frames") -> None:
    """Refuse more than are in any picture: films, and floods that should keep a reader busy.

    Raises:
        PictureError: there are.
    """
    if count > MOST_FRAMES:
        must_be = f"one picture, or at most {MOST_FRAMES:,} {what}, of which the first is read"
        raise PictureError(f"there are too many {what} in it", must_be=must_be, help="save one of them by itself")


def png(content: bytes, check_size: CheckSize, first: bool) -> bytes:
    """A PNG file without texts and profiles."""
    left_out = MOVING if first else ()
    kept, packed, frames, begin, at = [], 0, 0, 0, len(PNG_MAGIC)
    for _ in range(MOST_PIECES):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")  # length, name, checksum
        name = content[at + 4 : at + 8]
        if end > len(content):
            raise cut_short()
        if name in left_out or (name and name[0] & ANCILLARY and name not in (*OF_THE_PICTURE, *MOVING)):
            kept.append(content[begin:at])
            begin = end
        packed += end - at if name == b"IDAT" else 0
        frames += name == b"fcTL"
        check_frames(frames)
        at = end
        if name == b"IEND":
            break
    else:
        raise _too_many("chunks", MOST_PIECES)
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    bits, colour = content[24:26]
    check_size(width, height)
    check_held(width * height * bits * CHANNELS.get(colour, 1) // 8, packed * MAX_DEFLATE_RATIO)
    return b"".join([*kept, content[begin:at]])


def jpeg(content: bytes, check_size: CheckSize, _first: bool) -> bytes:
    """A JPEG file to its end, without what lies behind. In coded pixels no 255 stands before a marker's number."""
    at, pixels, marker = 2, 0, b""
    for _ in range(MOST_PIECES):
        found = MARKER.search(content, at)
        if not found or found.end() + 7 > len(content):
            raise cut_short()
        at, marker = found.end(), content[found.end() - 1 : found.end()]
        if marker in FRAMES:
            height, width = (int.from_bytes(content[at + n : at + n + 2], "big") for n in (3, 5))
            check_size(width, height)
            pixels = max(pixels, width * height)
        at += int.from_bytes(content[at : at + 2], "big")
        if marker == SCAN[1:]:
            break
    else:
        raise _too_many("segments", MOST_PIECES)
    end = content.find(JPEG_END, at) + len(JPEG_END)
    if end < at:
        raise cut_short()
    if content.count(SCAN, at, end) >= MOST_SCANS:
        what = "the picture is drawn over too often"
        raise PictureError(what, must_be=f"at most {MOST_SCANS} scans", help="save it as PNG")
    check_held(pixels // PIXELS_IN_A_BYTE, end)
    return content[:end]


def gif(content: bytes, _check_size: CheckSize, first: bool) -> bytes:
    """A GIF file without the extensions before its first frame, but for which colour is see-through."""
    if len(content) < GIF_HEADER:
        raise cut_short()
    at = start = GIF_HEADER + _palette(content[GIF_HEADER - 3])
    control, frame, frames = b"", slice(0), 0
    for _ in range(MOST_PIECES):
        found = GIF_NEXT.search(content, at)
        if not found:
            raise cut_short()
        at = found.start()
        if found[0] == b";":
            break
        if found[0] == b",":
            if at + 9 >= len(content):
                raise cut_short()
            end = _behind_blocks(content, at + 11 + _palette(content[at + 9]))
            frame = frame if frames else slice(at, end)
            frames += 1
            check_frames(frames)
        else:
            block = content[at + 3 : at + 3 + int.from_bytes(content[at + 2 : at + 3], "big")]
            if content[at + 1 : at + 2] == GIF_CONTROL and block and not frames:
                control = content[at : at + 3] + bytes([block[0] & ~GIF_DISPOSAL]) + block[1:] + b"\0"
            end = _behind_blocks(content, at + 2)
        at = end
    else:
        raise _too_many("frames and extensions", MOST_PIECES)
    rest = content[frame] + b";" if first else content[frame.start or at :]
    return content[:start] + control + rest


def _palette(flags: int) -> int:
    """The bytes of a GIF's palette."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind_blocks(content: bytes, at: int) -> int:
    """Where a GIF's blocks end, each with its length before it."""
    end = len(content)
    for _ in range(MOST_BLOCKS):
        if at >= end:
            raise cut_short()
        length = content[at]
        at += 1 + length
        if not length:
            return at
    raise _too_many("blocks", MOST_BLOCKS)


def bmp(content: bytes, check_size: CheckSize, _first: bool) -> bytes:
    """A BMP file that is as long as its pixels are, where they are not compressed."""

    def whole(at: int, length: int, signed: bool = False) -> int:
        return int.from_bytes(content[at : at + length], "little", signed=signed)

    if len(content) < BMP_HEADER:
        raise cut_short()
    if whole(14, 4) >= 40:  # not OS/2's header
        width, height = abs(whole(18, 4, True)), abs(whole(22, 4, True))
        check_size(width, height)
        bits = width * whole(28, 2)
        if whole(30, 4) in {0, 3} and height:  # no compression; masks of colours
            check_held(whole(10, 4) + (height - 1) * ((bits + 31) // 32 * 4) + (bits + 7) // 8, len(content))
    return content


def webp(content: bytes, check_size: CheckSize, first: bool) -> bytes:
    """A WebP file whose canvas is no larger than is taken."""

    def whole(at: int, length: int) -> int:
        return int.from_bytes(content[at : at + length], "little")

    if 8 + whole(4, 4) > len(content):
        raise cut_short()
    kind = content[12:16]
    if kind == b"VP8X":
        check_size(1 + whole(24, 3), 1 + whole(27, 3))
        if first and content[20] & WEBP_MOVES:
            return _first_of_webp(content, check_size)
    elif kind == b"VP8L":
        check_size(1 + (whole(21, 4) & 0x3FFF), 1 + (whole(21, 4) >> 14 & 0x3FFF))
    elif kind == b"VP8 ":
        check_size(whole(26, 2) & 0x3FFF, whole(28, 2) & 0x3FFF)
    return content


def _first_of_webp(content: bytes, check_size: CheckSize) -> bytes:
    """The first frame of a moving WebP as a file of its own; of its own size, should it not fill the canvas."""
    at, frame, frames = 12, b"", 0
    for _ in range(MOST_PIECES):
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if not name:
            break
        if name == b"ANMF":
            frame = frame or content[at + 8 : at + 8 + length]
            frames += 1
            check_frames(frames)
        at += 8 + length + length % 2
    else:
        raise _too_many("chunks", MOST_PIECES)
    if len(frame) < 16:
        raise cut_short()
    size = frame[6:12]  # width and height, each less 1
    check_size(*(1 + int.from_bytes(side, "little") for side in (size[:3], size[3:])))
    canvas = b"VP8X" + (10).to_bytes(4, "little") + bytes([WEBP_ALPHA, 0, 0, 0]) + size
    body = b"WEBP" + canvas + frame[16:]
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def heif(content: bytes, _check_size: CheckSize, _first: bool) -> bytes:
    """A HEIF or AVIF file that has all its boxes."""
    at = 0
    for _ in range(MOST_PIECES):
        if at == len(content):
            return content
        length = int.from_bytes(content[at : at + 4], "big")
        if length == 1:
            length = int.from_bytes(content[at + 8 : at + 16], "big")
        at += length or len(content)  # 0: to the end of the file
        if at > len(content) or 0 < length < 8:
            raise cut_short()
    raise _too_many("boxes", MOST_PIECES)

"""A TIFF file, and what of it may reach Pillow: the first page, in those tags alone that make its pixels.

A page is a directory of tags, each with its values or where they lie. All are looked at before anything is
decoded: values and pixels lie within the file, are not told twice over, and are as many as the size needs. What is
decoded is the same bytes with a new directory behind them, which has no next page.

Source: Adobe, "TIFF", revision 6.0, sections 2 to 15; "TIFF Technical Note 2" (JPEG).
"""

from __future__ import annotations

import struct

from digitlab.data.picture_bytes import AS_OTHER, PIXELS_IN_A_BYTE, CheckSize, check_frames, check_held, cut_short
from digitlab.errors import PictureError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, ROWS, PLANES = 256, 257, 258, 259, 262, 277, 278, 284
STRIPS, STRIP_BYTES, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES = 273, 279, 322, 323, 324, 325
FILL_ORDER, ORIENTATION, PREDICTOR, COLOURS, EXTRA, FORMAT = 266, 274, 317, 320, 338, 339
FAX = (292, 293)
JPEG_TABLES, YCC_COEFFICIENTS, YCC_COARSER, BLACK_WHITE = 347, 529, 530, 532
KEPT = (
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, ROWS, PLANES),
    *(STRIPS, STRIP_BYTES, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES),
    *(FILL_ORDER, ORIENTATION, PREDICTOR, COLOURS, EXTRA, FORMAT, *FAX),
    *(JPEG_TABLES, YCC_COEFFICIENTS, YCC_COARSER, BLACK_WHITE),
)
WHOLE = {1: "B", 3: "H", 4: "I"}  # the types of whole numbers
BYTES = {1: 1, 3: 2, 4: 4, 5: 8, 7: 1}  # of one value of each type
MOST_BYTES = 2**20  # of one tag
MOST_BITS, MOST_SAMPLES, YCC = 16, 6, 6
JPEG = 7
UNPACKED = {1: 1, 2: 2**16, 3: 2**16, 4: 2**16, 5: 1400, JPEG: 8 * PIXELS_IN_A_BYTE, 8: 1032, 32773: 64, 32946: 1032}
"""How many bytes at most each compression makes of one: none, fax, LZW, JPEG, deflate, PackBits."""


def tiff(content: bytes, check_size: CheckSize, _first: bool) -> bytes:
    """A TIFF file of its first page alone."""
    page = _Page(content)
    width, height = page.one(WIDTH), page.one(HEIGHT)
    check_size(width, height)
    bits, samples = max(page.values(BITS) or (1,)), page.one(SAMPLES, 1)
    if bits > MOST_BITS or samples > MOST_SAMPLES:
        must_be, got = (
            f"at most {MOST_BITS} bits in each of {MOST_SAMPLES} channels",
            f"{bits} bits, {samples} channels",
        )
        raise PictureError("these colours cannot be made grey", must_be=must_be, got=got, help=AS_OTHER)
    compression = page.one(COMPRESSION, 1)
    if compression not in UNPACKED:
        what, must_be = "this TIFF is compressed in an unusual way", "deflate, LZW, PackBits, JPEG, fax or none"
        raise PictureError(what, must_be=must_be, got=f"compression {compression}", help=AS_OTHER)
    packed = _check_parts(page, width, height, samples if page.one(PLANES, 1) == 2 else 1)
    if page.one(PHOTOMETRIC, 0) == YCC:
        samples = 1  # colours may be coarser
    check_held(height * ((width * bits * samples + 7) // 8), packed * UNPACKED[compression])
    return page.alone()


def _check_parts(page: _Page, width: int, height: int, planes: int) -> int:
    """The bytes of pixels in a page. Strips or tiles are refused that are too few, or not wholly in the file."""
    if page.values(TILES):
        across, down = page.one(TILE_WIDTH), page.one(TILE_HEIGHT)
        starts, lengths = page.values(TILES), page.values(TILE_BYTES)
    else:
        across, down = width, min(height, page.one(ROWS, height))
        starts, lengths = page.values(STRIPS), page.values(STRIP_BYTES)
    if not 0 < across * down <= max(width * height, MOST_BYTES):
        raise page.damaged(f"pieces of {across}x{down} pixels")
    count = -(-width // across) * -(-height // down) * planes
    if len(starts) != len(lengths) or len(starts) < count:
        raise page.damaged(f"{len(starts):,} pieces with {len(lengths):,} lengths, where there should be {count:,}")
    if max(start + length for start, length in zip(starts, lengths, strict=True)) > len(page.content):
        raise cut_short()
    if sum(lengths) > len(page.content):
        raise page.damaged("pieces that lie over each other")
    return sum(lengths)


class _Page:
    """The first directory of a file: the tags that are `KEPT`, each as its 12 bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.order = "<" if content.startswith(b"II") else ">"
        pages = dict[int, int]()  # where each begins, and how many tags it has
        (at,) = self.unpacked("I", 4)
        while at:
            if at in pages:
                raise self.damaged("pages that go round in a circle")
            (pages[at],) = self.unpacked("H", at)
            check_frames(len(pages), "pages")
            (at,) = self.unpacked("I", at + 2 + 12 * pages[at])
        if not pages:
            raise self.damaged("no page")
        at, count = next(iter(pages.items()))
        entries = (content[place : place + 12] for place in range(at + 2, at + 2 + 12 * count, 12))
        self.entries = {
            tag: entry for entry in entries if (tag := struct.unpack(self.order + "H", entry[:2])[0]) in KEPT
        }
        for tag in self.entries:
            self.place(tag)

    def unpacked(self, form: str, at: int) -> tuple[int, ...]:
        if at + struct.calcsize(self.order + form) > len(self.content):
            raise cut_short()
        return struct.unpack_from(self.order + form, self.content, at)

    def damaged(self, got: str) -> PictureError:
        return PictureError("this TIFF file is damaged", got=got, help=AS_OTHER)

    def place(self, tag: int) -> tuple[int, int, bytes | int]:
        """The type, how many values there are, and the bytes that hold them or where they lie: within the file."""
        kind, count, at = struct.unpack(self.order + "HII", self.entries[tag][2:])
        length = BYTES.get(kind, MOST_BYTES) * count
        if not 0 < length <= MOST_BYTES:
            raise self.damaged(f"tag {tag} with {count:,} values of type {kind}")
        if length > 4 and at + length > len(self.content):
            raise cut_short()
        return kind, count, self.entries[tag][8:] if length <= 4 else at

    def values(self, tag: int) -> tuple[int, ...]:
        """The whole numbers of a tag; none where it is not there."""
        if tag not in self.entries:
            return ()
        kind, count, where = self.place(tag)
        if kind not in WHOLE:
            raise self.damaged(f"tag {tag} of type {kind}")
        content, at = (where, 0) if isinstance(where, bytes) else (self.content, where)
        return struct.unpack_from(f"{self.order}{count}{WHOLE[kind]}", content, at)

    def one(self, tag: int, otherwise: int | None = None) -> int:
        """The first number of a tag."""
        values = self.values(tag) or ((otherwise,) if otherwise is not None else ())
        if not values:
            raise self.damaged(f"no tag {tag}")
        return values[0]

    def alone(self) -> bytes:
        """The file with this page for its only one, and these tags."""
        padded = self.content + b"\0" * (len(self.content) % 2)
        tags = b"".join(self.entries[tag] for tag in sorted(self.entries))
        directory = struct.pack(self.order + "H", len(self.entries)) + tags
        return padded[:4] + struct.pack(self.order + "I", len(padded)) + padded[8:] + directory + bytes(4)

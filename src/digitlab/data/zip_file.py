"""ZIP archives, as far as data sets need them: a few known members, each read whole by Python's ``zipfile``.

    one after the other   local header (30 bytes, name, extra field), then the member's bytes
    then                  the central directory: 46 bytes, name, extra field and comment for each member
    at the very end       22 bytes: how many members, where the directory is; no comment

``zipfile`` believes what an archive says. So it is looked at before that:

- The end of the archive is the end of the file, and no second end before it (ZIP64) counts more.
- The directory has the members that were asked for, once each, and is as long as it says. Of two members with one name
  ``zipfile`` takes the last, and it reads a directory of any length.
- Members are stored or deflated, and lie apart from each other. Those that share bytes make bombs cheap, and Python
  let them before 3.11.8 (D. Fifield, "A better zip bomb", 2019; CVE-2024-0450).
- One byte more is asked for than a member should have: then it is read to its end, and its CRC-32 compared.

Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3.7, 4.3.12, 4.3.15, 4.3.16 and 4.4.
"""

import copy
import io
import struct
from collections.abc import Collection
from itertools import pairwise
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from digitlab.data.files import in_our_words
from digitlab.errors import DataFileError, refuse

LOCAL_BYTES, CENTRAL_BYTES = 30, 46  # of a header, without its name and what follows
END = struct.Struct("<4s4H2LH")
END_MAGIC, ZIP64_MAGIC = b"PK\x05\x06", b"PK\x06\x07"
ENCRYPTED = 1  # bit 0 of the flags
MAX_MEMBERS = 256  # where any may be there
ZIP64_BYTES = 20  # right before the end: where the second one is


def open_archive(content: bytes, wanted: Collection[str] | None, name: str) -> ZipFile:
    """The archive in ``content``.

    Args:
        content: the whole file.
        wanted: its members, exactly these. None: any that have different names, at most `MAX_MEMBERS`.
        name: what messages call it.

    Raises:
        DataFileError: no such archive, other members, overlaps, or an unknown compression.
    """
    directory = _check_directory(content, wanted, name)
    with in_our_words(name):
        archive = ZipFile(io.BytesIO(content))
    members = archive.infolist()
    found = [info.orig_filename for info in members]
    if sorted(found) != sorted(set(found) if wanted is None else wanted):
        must_be, got = f"{', '.join(wanted or ['any'])}, once each", ", ".join(map(repr, found))
        refuse(DataFileError, name, "the archive has other members", must_be=must_be, got=got)
    spans = sorted([*(_span(info, content) for info in members), (directory, len(content))])
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        refuse(DataFileError, name, "its members overlap, or leave the file", got=f"members at {spans[:-1]}")
    for info in members:
        if info.flag_bits & ENCRYPTED or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            where, must_be = f"{name}: {info.filename}", "stored (0) or deflated (8), without a password"
            got = f"method {info.compress_type}"
            refuse(DataFileError, where, "this compression cannot be read", must_be=must_be, got=got)
    return archive


def unpack(archive: ZipFile, member: str, name: str, most: int | None = None) -> bytes:
    """The bytes of a member.

    Args:
        archive: from `open_archive`.
        member: one of those that it was opened for.
        name: what messages call the archive.
        most: read only the first bytes, at most so many; nothing can then be checked. None: all, checked.

    Raises:
        DataFileError: the size or the CRC-32 is not what the archive says, or the compressed stream is damaged.
    """
    info = copy.copy(archive.getinfo(member))
    size = info.file_size
    info.file_size += 1
    with in_our_words(f"{name}: {member}"), archive.open(info) as file:
        content = file.read(info.file_size if most is None else most)
    if most is None and len(content) != size:
        got = f"{len(content)} of {size} bytes"
        refuse(DataFileError, f"{name}: {member}", "the member is cut short, or too long", got=got)
    return content


def _check_directory(content: bytes, wanted: Collection[str] | None, name: str) -> int:
    """Where the central directory begins, with as many entries as are ``wanted``; the end of the archive follows it."""
    position = len(content) - END.size
    if position < 0 or not content.startswith(END_MAGIC, position):
        got = f"{len(content)} bytes that begin with {content[:16]!r}"
        refuse(DataFileError, name, "this is not a ZIP archive, or it was cut short", got=got)
    _, disk, first_disk, on_disk, entries, size, start, comment = END.unpack_from(content, position)
    zip64 = content.startswith(ZIP64_MAGIC, position - ZIP64_BYTES)
    if disk or first_disk or on_disk != entries or comment or start + size != position or zip64:
        refuse(DataFileError, name, "the end of the archive is damaged", got=content[position:].hex(" "))
    end = start
    expected = min(entries, MAX_MEMBERS) if wanted is None else len(wanted)
    for _ in range(expected):
        fits = end + CENTRAL_BYTES <= position
        end += CENTRAL_BYTES + sum(struct.unpack_from("<3H", content, end + 28)) if fits else len(content)
    if entries != expected or end != position:
        must_be = f"at most {MAX_MEMBERS}" if wanted is None else ", ".join(wanted)
        got = f"{entries} of them"
        refuse(DataFileError, name, "the archive has other members, or is damaged", must_be=must_be, got=got)
    return int(start)


def _span(info: ZipInfo, content: bytes) -> tuple[int, int]:
    """Where a member begins, with its header, and ends."""
    start = info.header_offset
    name, extra = (int.from_bytes(content[start + at : start + at + 2], "little") for at in (26, 28))  # their lengths
    return start, start + LOCAL_BYTES + name + extra + info.compress_size

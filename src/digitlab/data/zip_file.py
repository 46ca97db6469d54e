"""ZIP archives, as far as data sets need them: a few known members, read whole, with their CRC-32 compared.

    one after the other   local header (30 bytes, name, extra field), then the member's bytes
    then                  the central directory: 46 bytes, name, extra field and comment for each member
    at the very end       22 bytes: how many members, where the directory is; no comment

Python's ``zipfile`` is not used: it reads what is asked for and no further, so that a CRC is often never
compared; of two members with one name it takes the last; and before 3.11.8 it lets members overlap, which
makes bombs cheap. Here the members are those that were asked for, once each, apart from each other, and
nothing follows the archive. A size in a header never decides how much memory is taken.

Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3.7, 4.3.12, 4.3.16 and 4.4.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import NoReturn

from digitlab.data.files import MAX_DEFLATE_RATIO, refuse

__all__ = ["Member", "find_members", "unpack"]

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LOCAL_MAGIC, CENTRAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
STORED, DEFLATED = 0, 8
ENCRYPTED = 1  # bit 0 of the flags
_RAW_DEFLATE = -15  # zlib: 32 KiB window, no wrapper


@dataclass(frozen=True)
class Member:
    """One file in an archive.

    Attributes:
        name: its name, one of those that were asked for.
        packed: its bytes as they lie in the archive.
        deflated: whether they are compressed.
        size: bytes unpacked, as the archive says; to be held against what comes out.
        crc: the CRC-32 of the unpacked bytes.
    """

    name: str
    packed: memoryview
    deflated: bool
    size: int
    crc: int


def find_members(content: bytes, wanted: Collection[str], archive: str) -> dict[str, Member]:
    """The members of an archive, by name: exactly those that are ``wanted``.

    Raises:
        DataFileError: no such archive, other members, overlaps, encryption, or an unknown compression.
    """
    position = directory = _find_directory(content, wanted, archive)
    members: dict[str, Member] = {}
    spans = []
    for _ in wanted:
        fields = content[position : position + CENTRAL.size]
        if len(fields) < CENTRAL.size or fields[:4] != CENTRAL_MAGIC:
            _refuse_archive(archive, "the directory of the archive is damaged", got=_first(fields))
        _, _, _, flags, method, _, _, crc, packed, size, *lengths, _, _, _, start = CENTRAL.unpack(fields)
        raw_name = content[position + CENTRAL.size : position + CENTRAL.size + lengths[0]]
        name = raw_name.decode("ascii", errors="backslashreplace")
        position += CENTRAL.size + sum(lengths)
        if name not in wanted or name in members:
            problem = "a member comes twice" if name in members else "there is a member that does not belong there"
            must_be = f"{', '.join(wanted)}, once each"
            refuse(archive, problem, must_be=must_be, got=repr(name), help="save it with numpy.savez_compressed")
        if flags & ENCRYPTED or method not in (STORED, DEFLATED):
            got = f"flags {flags:#06x}, method {method}"
            must_be = "stored (0) or deflated (8), without a password"
            refuse(f"{archive}: {name}", "this compression cannot be read", must_be=must_be, got=got)
        begin = _skip_local_header(content, start, raw_name, f"{archive}: {name}")
        spans.append((start, begin + packed))
        members[name] = Member(name, memoryview(content)[begin : begin + packed], method == DEFLATED, size, crc)
    ends = [0, *(end for _, end in sorted(spans))]
    starts = [*(start for start, _ in sorted(spans)), directory]
    if position != len(content) - END.size or any(end > start for end, start in zip(ends, starts, strict=True)):
        _refuse_archive(archive, "the parts of the archive overlap, or leave the file", got=f"members at {spans}")
    return members


def unpack(member: Member, archive: str, most: int | None = None) -> bytes:
    """The bytes of a member.

    Args:
        member: from `find_members`.
        archive: what messages call the file.
        most: read only the first bytes, at most so many; nothing can then be checked. None: all, checked.

    Raises:
        DataFileError: the size or the CRC-32 is not what the archive says, or the compressed stream is damaged.
    """
    name = f"{archive}: {member.name}"
    limit = member.size + 1 if most is None else most  # one byte more than promised shows a surplus
    if not member.deflated:
        content = bytes(member.packed[:limit])
        complete = True
    else:
        if member.size > MAX_DEFLATE_RATIO * len(member.packed):
            got = f"{member.size} bytes from {len(member.packed)}"
            refuse(name, "the size cannot be true", must_be=f"at most {MAX_DEFLATE_RATIO} times as large", got=got)
        inflater = zlib.decompressobj(_RAW_DEFLATE)
        try:
            content = inflater.decompress(member.packed, limit)
        except zlib.error as error:
            refuse(name, "the compressed bytes are damaged", must_be="a deflate stream", got=str(error))
        complete = inflater.eof and not inflater.unused_data
    if most is not None:
        return content
    if not complete or len(content) != member.size:
        got = f"{len(content)} bytes" + (", and more" if len(content) > member.size else "")
        refuse(name, "the member is cut short, or too long", must_be=f"{member.size} bytes", got=got)
    if (crc := zlib.crc32(content)) != member.crc:
        refuse(name, "the bytes are not those that were packed", must_be=f"CRC-32 {member.crc:08x}", got=f"{crc:08x}")
    return content


def _find_directory(content: bytes, wanted: Collection[str], archive: str) -> int:
    """Where the central directory begins."""
    end = content[-END.size :]
    if len(end) < END.size or end[:4] != END_MAGIC:
        must_be = "a ZIP archive with nothing after it"
        got = f"{len(content)} bytes that begin with {content[:16]!r}"
        refuse(archive, "this is not an archive, or it was cut short", must_be=must_be, got=got)
    _, disk, first_disk, on_disk, count, size, start, comment = END.unpack(end)
    if disk or first_disk or on_disk != count or comment or start + size != len(content) - END.size:
        _refuse_archive(archive, "the end of the archive is damaged", got=end.hex(" "))
    if count != len(wanted):
        must_be = f"{len(wanted)} members: {', '.join(wanted)}"
        got = f"{count} members"
        refuse(archive, "the archive holds something else", must_be=must_be, got=got, help="see docs/reference/data.md")
    return int(start)


def _skip_local_header(content: bytes, start: int, raw_name: bytes, name: str) -> int:
    """Where a member's bytes begin. The directory is what counts; the name must be the same in both places."""
    fields = content[start : start + LOCAL.size]
    name_length, extra_length = LOCAL.unpack(fields)[-2:] if len(fields) == LOCAL.size else (0, 0)
    begin = start + LOCAL.size + name_length
    if fields[:4] != LOCAL_MAGIC or content[start + LOCAL.size : begin] != raw_name:
        refuse(name, "the member is not where it should be", must_be="a header with its name", got=_first(fields))
    return int(begin + extra_length)


def _first(fields: bytes) -> str:
    return f"the bytes {fields[:4].hex(' ')}" if fields else "the end of the file"


def _refuse_archive(archive: str, problem: str, *, got: str) -> NoReturn:
    refuse(archive, problem, must_be="a ZIP archive as numpy.savez writes it", got=got)

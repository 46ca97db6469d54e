"""TensorBoard's event files, read by another hand: records with checksums, and which of them are void."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def crc32c(content: bytes) -> int:
    """RFC 3720, appendix B.4, bit by bit; masked as TensorFlow's record files have it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path: Path) -> Iterator[bytes]:
    """What each record of a file holds."""
    content = path.read_bytes()
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        begin, body, end, content = (
            content[8:12],
            content[12 : 12 + length],
            content[12 + length :][:4],
            content[16 + length :],
        )
        assert struct.unpack("<I", begin) == (crc32c(struct.pack("<Q", length)),)
        if length < 1000:  # pictures take long
            assert struct.unpack("<I", end) == (crc32c(body),)
        yield body


def read_events(folder: Path) -> list[Any]:
    """The events of all files, but for those that a later start makes void."""
    from tensorboardX.proto.event_pb2 import Event, SessionLog

    events: list[Any] = []
    for path in sorted(folder.iterdir()):
        for content in records(path):
            event = Event.FromString(content)
            if event.session_log.status == SessionLog.START:
                events = [one for one in events if one.step < event.step]
            events.append(event)
    return events


def values(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """What there is for each tag: steps and summaries."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for event in read_events(folder):
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value))
    return found


def curve(folder: Path, tag: str) -> list[tuple[int, float]]:
    """The points of a curve."""
    return [(step, value.simple_value) for step, value in values(folder)[tag]]

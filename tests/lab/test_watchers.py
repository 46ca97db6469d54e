"""Those who follow the stream of events over real connections: cut off, many at once, and frozen."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

EACH_STEP = {"recipe": "minibatch", "settings": {"epochs": 1000, "batch_size": 20}}


def _watch(lab: Any, after: int | None = None, receive: int | None = None) -> socket.socket:
    """A connection that has asked for the stream and has read nothing yet."""
    client = socket.socket()
    if receive:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    client.settimeout(30)
    client.connect(("127.0.0.1", lab.port))
    seen = "" if after is None else f"Last-Event-ID: {after}\r\n"
    client.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n{seen}\r\n".encode())
    return client


class Seen:
    """What a watcher has understood of the bytes that came: events that are whole, and nothing else."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.steps: list[int] = []
        self.epochs: list[int] = []

    def take(self, received: bytes) -> None:
        """The bytes of one connection, from its first to wherever it was cut."""
        _, _, body = received.partition(b"\r\n\r\n")
        text = b"".join(_chunks(body)).replace(b"\r\n", b"\n")
        for block in text.split(b"\n\n")[:-1]:
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if line[:1] not in {b":", b""})
            if b"id" not in fields:
                continue
            told = json.loads(fields[b"data"])
            self.ids.append(int(fields[b"id"]))
            if fields[b"event"] == b"step":
                self.steps.append(told["step"])
            elif fields[b"event"] == b"epochs":
                self.epochs += told["epoch"]

    def is_whole(self) -> bool:
        """Whether nothing was left out, and nothing came twice."""
        numbers = (self.ids, self.steps, self.epochs)
        return all(some == list(range(some[0], some[0] + len(some))) for some in numbers if some)


def _chunks(body: bytes):
    """What was sent in chunks, up to the last whole one."""
    while True:
        size, found, rest = body.partition(b"\r\n")
        if not found or len(rest) < (length := int(size, 16)) + 2 or not length:
            return
        yield rest[:length]
        body = rest[length + 2 :]


@pytest.fixture
def busy(labs, tmp_path):
    """A lab that tells of a thousand steps a second."""
    lab = labs(tmp_path / "runs")
    lab.first = lab.ask("GET", "/api/state").json["event"]
    lab.post("/api/train", EACH_STEP)
    lab.post("/api/control", {"do": "speed", "steps_per_second": 1000})
    return lab


@pytest.mark.parametrize("drops", [200, pytest.param(1000, marks=pytest.mark.soak)])
def test_connections_cut_at_any_byte_show_no_gap_and_no_duplicate(busy, rng, drops):
    seen = Seen()
    time.sleep(drops / 500)  # most of what is read has happened by then; the rest happens meanwhile
    for _ in range(drops):
        with _watch(busy, seen.ids[-1] if seen.ids else busy.first) as client:
            received, wanted = b"", int(rng.integers(0, 2400))
            while len(received) < wanted:
                received += client.recv(wanted - len(received))
        seen.take(received)
    assert seen.is_whole()
    assert seen.ids[0] == busy.first + 1
    assert len(seen.ids) > drops / 2
    assert len(seen.steps) > drops / 2


def _sockets(lab: Any) -> int:
    """How many connections the lab has, its own listener included."""
    found = 0
    for link in Path(f"/proc/{lab.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            found += link.readlink().name.startswith("socket:")
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc for the lab's connections")
@pytest.mark.parametrize("number", [8, pytest.param(20, marks=pytest.mark.soak)])
def test_many_watch_at_once_and_a_frozen_one_is_let_go(busy, number):
    watchers = {_watch(busy, busy.first): b"" for _ in range(number)}
    others = [client.recv(12) for client in watchers] and _sockets(busy)
    frozen = _watch(busy, receive=4096)
    assert frozen.recv(12) == b"HTTP/1.1 200"
    assert _sockets(busy) > others
    limit, heard_after = time.monotonic() + 60, set()
    with selectors.DefaultSelector() as selector:
        for client in watchers:
            selector.register(client, selectors.EVENT_READ)
        while len(heard_after) < len(watchers):  # when it has gone, all the others hear more
            gone = _sockets(busy) == others
            for key, _ in selector.select(0.05):
                received = key.fileobj.recv(2**20)  # type: ignore[union-attr]
                assert received, "a watcher that reads was let go"
                watchers[key.fileobj] += received  # type: ignore[index]
                if gone:
                    heard_after.add(key.fileobj)
            assert time.monotonic() < limit
    for client, received in watchers.items():
        seen = Seen()
        seen.take(received)
        assert seen.is_whole()
        assert len(seen.ids) > 100
        client.close()
    frozen.close()

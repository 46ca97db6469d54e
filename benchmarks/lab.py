"""The lab's web server: drawings read by HTTP, and a good client among a thousand slow senders.

    python benchmarks/lab.py [read] [slow]

Verified first: answers are the library's, bit for bit. Then timed; clients are processes of their own on the same
machine, and their work is part of what is measured.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import digitlab as dl
from digitlab.reading.strokes import prepare_strokes

CONNECTIONS, SECONDS, WARM_UP = 10, 8.0, 1.0
SLOW, SLOW_SECONDS = 1000, 20.0
WIDTH = 18


def drawings(points: int = 60) -> list[list[list[list[float]]]]:
    """Ten drawings on a canvas of 280 pixels, of about so many points: rings, eights, hooks and lines."""
    random, found = np.random.default_rng(0), []
    for number in range(10):
        t = np.linspace(0, 2 * math.pi * (0.5 + number / 10), points)
        x = 140 + 60 * np.sin(t * (1 + number % 2)) + random.normal(0, 0.7, points)
        y = 140 - 90 * np.cos(t) + random.normal(0, 0.7, points)
        found.append([np.stack([x, y], axis=1).round(1).tolist()])
    return found


def request(drawing: object, port: int) -> bytes:
    body = json.dumps({"strokes": drawing, "width": WIDTH}).encode()
    head = f"POST /api/read HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """A lab of its own process; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "import sys; from digitlab.cli import main; sys.exit(main())"]
    command += ["lab", "--no-browser", "--port", str(port), "--runs", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "open at" in process.stdout.readline()
        time.sleep(1)  # it reads its data
        yield port
        began = time.perf_counter()
        process.terminate()
        code = process.wait(10)
        print(f"stopped in {time.perf_counter() - began:.2f} s with exit code {code}")


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered, or after a rest."""

    def __init__(self, requests: list[bytes], times: list[float], rest: float = 0.0) -> None:
        self.requests, self.times, self.rest, self.at = requests, times, rest, 0
        self.left, self.head = -1, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.transport: Any = transport
        self.ask()

    def ask(self) -> None:  # noqa: D102
        self.began = time.perf_counter()
        self.transport.write(self.requests[self.at % len(self.requests)])
        self.at += 1

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if self.left < 0:
            data = self.head + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.head = data
                return
            assert data.startswith(b"HTTP/1.1 200"), data
            start = data.index(b"content-length: ") + 16
            self.left, self.head = int(data[start : data.index(b"\r", start)]), b""
            data = data[end + 4 :]
        self.left -= len(data)
        if self.left == 0:
            self.left = -1
            self.times.append(time.perf_counter() - self.began)
            if self.rest:
                asyncio.get_running_loop().call_later(self.rest, self.ask)
            else:
                self.ask()


def load(port: int, connections: int, seconds: float, rest: float) -> list[float]:
    """Ask for so long; gives the seconds that each answer took."""

    async def work() -> list[float]:
        times: list[float] = []
        asked = [request(one, port) for one in drawings()]
        loop = asyncio.get_running_loop()
        for number in range(connections):
            requests = asked[number % 10 :] + asked[: number % 10]
            await loop.create_connection(lambda asked=requests: Client(asked, times, rest), "127.0.0.1", port)
        await asyncio.sleep(seconds)
        return times

    try:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work())
    except ImportError:
        return asyncio.run(work())


def crawl(port: int, connections: int, seconds: float) -> dict[str, int]:
    """So many connections that send one byte a second each; one that is closed is opened again."""

    async def one(number: int, counts: dict[str, int]) -> None:
        text = f"POST /api/read HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX: ".encode() + b"x" * 1000
        if number % 2:
            text = request([[[1.0, 2.0]] * 2000], port)  # slow from its body on
        await asyncio.sleep(number / connections)
        while time.perf_counter() < end:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            counts["opened"] += 1
            try:
                at = text.find(b"\r\n\r\n") + 4 if number % 2 else 0
                writer.write(text[:at])
                while time.perf_counter() < end and not reader.at_eof():
                    writer.write(text[at : at + 1])
                    await writer.drain()
                    at += 1
                    await asyncio.sleep(1)
                counts["let go"] += reader.at_eof()
            except ConnectionError:
                counts["let go"] += 1
            finally:
                writer.close()

    async def work() -> dict[str, int]:
        counts = {"opened": 0, "let go": 0}
        await asyncio.gather(*(one(number, counts) for number in range(connections)))
        return counts

    end = time.perf_counter() + seconds
    return asyncio.run(work())


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, __file__, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> object:
    out, _ = process.communicate()
    assert process.returncode == 0
    return json.loads(out)


def tell(what: str, times: list[float], seconds: float) -> None:
    p50, p99, most = (1000 * float(np.quantile(times, share)) for share in (0.5, 0.99, 1))
    rate = len(times) / seconds
    print(f"{what}: {rate:,.0f} answers a second; p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {most:.1f} ms")


def verify(port: int, network: dl.Network) -> None:
    for drawing in drawings():
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(request(drawing, port).replace(b"Content-Type", b"Connection: close\r\nContent-Type"))
            content = b"".join(iter(lambda client=client: client.recv(65536), b""))
        got = json.loads(content.partition(b"\r\n\r\n")[2])
        wanted = network.probabilities(prepare_strokes(drawing, width=WIDTH).pixels)
        assert np.array_equal(np.array(got["probabilities"], dtype=np.float32), wanted)
    print("answers are the library's, bit for bit")


def main() -> None:
    jobs = sys.argv[1:] or ["read", "slow"]
    with tempfile.TemporaryDirectory() as place:
        recipe = dl.recipe("seed", epochs=5)
        network = recipe.new_network()
        dl.fit(network, dl.load_mnist()[0], recipe, out=Path(place) / "first")
        with server(Path(place)) as port:
            verify(port, network)
            if "read" in jobs:
                answer(start("--load", port, CONNECTIONS, WARM_UP, 0))
                times = answer(start("--load", port, CONNECTIONS, SECONDS, 0))
                tell(f"{CONNECTIONS} connections on {os.cpu_count()} cores, load generator included", times, SECONDS)
            if "slow" in jobs:
                tell("a good client alone", answer(start("--load", port, 1, 5, 0.01)), 5)
                crawling = start("--crawl", port, SLOW, SLOW_SECONDS)
                time.sleep(2)
                times = answer(start("--load", port, 1, SLOW_SECONDS - 4, 0.01))
                tell(f"a good client among {SLOW:,} slow senders", times, SLOW_SECONDS - 4)
                print(f"slow senders: {answer(crawling)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        json.dump(load(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])), sys.stdout)
    elif sys.argv[1:2] == ["--crawl"]:
        json.dump(crawl(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])), sys.stdout)
    else:
        main()

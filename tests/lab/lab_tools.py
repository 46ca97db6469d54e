"""A real lab on a free port of this machine, and a way to send it any bytes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Answered:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A lab in a process of its own."""

    port: int
    folder: Path
    process: subprocess.Popen[str]
    token: str = ""

    def raw(self, data: bytes, seconds: float = 30) -> bytes:
        """Everything that comes back until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as client:
            client.sendall(data)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def ask(self, method: str, path: str, headers: list[tuple[str, str]] | None = None, body: bytes = b"") -> Answered:
        """One request with exactly these headers; Host and Content-Length are added where they are not given."""
        given = [*(headers or [])]
        names = {name.lower() for name, _ in given}
        if "host" not in names:
            given.append(("Host", f"127.0.0.1:{self.port}"))
        if body and not names & {"content-length", "transfer-encoding"}:
            given.append(("Content-Length", str(len(body))))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given if value is not None)]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        return parsed(self.raw(head + body))

    def post(self, path: str, content: Any, kind: str = "application/json", **headers: str) -> Answered:
        """A body, by default as JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.ask("POST", path, [("Content-Type", kind), *headers.items()], body)


def parsed(data: bytes) -> Answered:
    """The first answer in what came back."""
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answered(int(status.split()[1]), headers, body)


def start_lab(folder: Path, *flags: str, host: str = "127.0.0.1", first: str = "import sys") -> Served:
    """A lab on a free port; ``first`` is what its process runs before anything else."""
    command = [sys.executable, "-c", f"{first}\nimport sys; from digitlab.cli import main; sys.exit(main())", "lab"]
    command += ["--no-browser", "--port", "0", "--runs", str(folder), "--host", host, *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if "open at" not in line:
        raise AssertionError(process.communicate()[1])
    address = urlsplit(line.split()[5])
    assert address.port
    return Served(address.port, folder, process, address.query.removeprefix("token="))


def stop_lab(served: Served, number: int = signal.SIGTERM) -> tuple[int, str]:
    """Its exit code and what it complained of."""
    os.kill(served.process.pid, number)
    try:
        _, complaints = served.process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        served.process.kill()
        raise
    return served.process.returncode, complaints


def kill_lab(served: Served) -> None:
    """With no time to do anything."""
    served.process.kill()
    served.process.communicate()

"""The server as a whole: its end with watchers, its life after a kill, many watchers, frozen ones, and slow senders."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import time
import urllib.request
from typing import Any

import pytest
from lab_tools import start_lab, stop_lab


def _watch(lab: Any, after: int | None = None) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", lab.port), timeout=1)
    seen = "" if after is None else f"Last-Event-ID: {after}\r\n"
    client.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n{seen}\r\n".encode())
    assert client.recv(12) == b"HTTP/1.1 200"
    return client


def _state(lab: Any) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{lab.port}/api/state", timeout=5) as answer:
        return json.load(answer)["training"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_two_seconds_with_watchers_and_keeps_the_training(labs, tmp_path, number):
    lab = labs(tmp_path / "runs")
    run = lab.post("/api/train", {"recipe": "seed"}).json["run"]
    watchers = [_watch(lab) for _ in range(5)]
    while _state(lab)["epoch"] < 2:
        time.sleep(0.05)
    began = time.monotonic()
    code, complaints = stop_lab(lab, number)
    assert time.monotonic() - began < 2
    assert code == 0
    assert "Traceback" not in complaints
    manifest = json.loads((tmp_path / "runs" / run / "manifest.json").read_bytes())
    assert manifest["outcome"]["state"] == "interrupted"
    assert manifest["outcome"]["epochs"] >= 2
    for watcher in watchers:
        watcher.close()


def test_a_kill_costs_at_most_a_second_and_the_training_goes_on(labs, tmp_path):
    folder = tmp_path / "runs"
    lab = labs(folder)
    run = lab.post("/api/train", {"recipe": "seed", "settings": {"batch_size": 60, "epochs": 500}}).json["run"]
    while _state(lab)["epoch"] < 3:
        time.sleep(0.02)
    time.sleep(1.2)
    before = _state(lab)
    lab.process.kill()
    lab.process.wait()
    again = labs(folder)
    limit = time.monotonic() + 10
    while (state := _state(again)) is None or state["phase"] != "running":
        assert time.monotonic() < limit
        time.sleep(0.02)
    assert state["run"] == run
    kept = state["history"]["seconds"][-1] if state["history"]["seconds"] else 0
    assert before["seconds"] - kept < 1.5
    while _state(again)["epoch"] <= before["epoch"]:
        assert time.monotonic() < limit + 20
        time.sleep(0.05)


def test_a_stream_that_comes_back_misses_nothing(labs, tmp_path):
    """Over a training, connections are cut again and again; ids and epochs are contiguous all the same."""
    lab = labs(tmp_path / "runs")
    seen = lab.ask("GET", "/api/state").json["event"]
    lab.post("/api/train", {"recipe": "quick"})
    epochs, ids, cuts, ended = [], [], 0, False
    while not ended:
        client = _watch(lab, seen)
        cuts += 1
        received, wanted = b"", 300 + 977 * (cuts % 5)
        with contextlib.suppress(TimeoutError):
            while len(received) < wanted:
                received += client.recv(wanted)
        client.close()
        for block in received.replace(b"\r\n", b"\n").split(b"\n\n")[1:-1]:  # behind the headers, and whole
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and line[:1] != b":")
            if b"id" not in fields:
                continue
            seen = int(fields[b"id"])
            ids.append(seen)
            told = json.loads(fields[b"data"])
            if fields[b"event"] == b"epochs":
                epochs += told["epoch"]
            ended |= fields[b"event"] == b"training" and told["phase"] == "finished"
        assert cuts < 3000
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert epochs == list(range(1, 21))
    assert cuts > 5


def _first_answer(lab: Any, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", lab.port), timeout=5) as client:
        client.sendall(data)
        return client.recv(40)


def test_a_sender_of_a_body_that_never_ends_is_refused(lab):
    head = f"POST /api/read HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\nContent-Type: application/json\r\n".encode()
    assert b" 413 " in _first_answer(lab, head + b"Content-Length: 999999999\r\n\r\n{")
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    assert b" 413 " in _first_answer(lab, head + b"Transfer-Encoding: chunked\r\n\r\n" + 4 * chunk)


def test_a_port_that_is_taken_is_said(lab, tmp_path):
    with pytest.raises(AssertionError, match="port"):
        start_lab(tmp_path / "runs", "--port", str(lab.port))


@pytest.mark.parametrize("flags", [["--port", "99999"], ["--allow-host", "http://x"], ["--token", "short"]])
def test_a_wrong_call_is_said_without_a_traceback(tmp_path, flags):
    with pytest.raises(AssertionError) as told:
        start_lab(tmp_path / "runs", *flags)
    assert "Traceback" not in str(told.value)
    assert "must be" in str(told.value) or "help" in str(told.value)

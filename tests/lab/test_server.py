"""The server as a whole: its end with watchers, its life after a kill, and what it refuses at once."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.request
from typing import Any

import pytest

from digitlab.runs.run import Run
from tests.lab.lab_tools import kill_lab, start_lab, stop_lab


def _watch(lab: Any, after: int | None = None) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", lab.port), timeout=30)
    seen = "" if after is None else f"Last-Event-ID: {after}\r\n"
    client.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n{seen}\r\n".encode())
    assert client.recv(12) == b"HTTP/1.1 200"
    return client


def _state(lab: Any) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{lab.port}/api/state", timeout=30) as answer:
        return json.load(answer)["training"]


def _wait(lab: Any, wanted: Any, seconds: float = 30) -> dict[str, Any]:
    limit = time.monotonic() + seconds
    while not ((state := _state(lab)) and wanted(state)):
        assert time.monotonic() < limit, state
        time.sleep(0.02)
    return state


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_watchers_and_keeps_the_training(labs, tmp_path, number):
    lab = labs(tmp_path / "runs")
    run = lab.post("/api/train", {"recipe": "seed"}).json["run"]
    watchers = [_watch(lab) for _ in range(5)]
    while _state(lab)["epoch"] < 2:
        time.sleep(0.05)
    code, complaints = stop_lab(lab, number)
    assert code == 0
    assert "Traceback" not in complaints
    manifest = json.loads((tmp_path / "runs" / run / "manifest.json").read_bytes())
    assert manifest["outcome"]["state"] == "interrupted"
    assert manifest["outcome"]["epochs"] >= 2
    for watcher in watchers:
        watcher.close()


LONG = {"recipe": "seed", "settings": {"batch_size": 60, "epochs": 100_000}}


def test_after_a_kill_the_training_goes_on_from_its_last_checkpoint(labs, tmp_path):
    folder = tmp_path / "runs"
    lab = labs(folder)
    run = lab.post("/api/train", LONG).json["run"]
    kept = 0
    for _ in range(2):
        while (step := Run(folder / run).newest_state().counters.step if _state(lab)["step"] else 0) <= kept:
            time.sleep(0.05)
        kill_lab(lab)
        kept = step
        lab = labs(folder)
        again = _wait(lab, lambda state, kept=kept: state["step"] > kept)
        assert again["run"] == run
        assert again["history"]["epoch"] == list(range(1, again["epoch"] + 1))


@pytest.mark.soak  # nothing else may be at work
def test_a_kill_costs_at_most_a_second(labs, tmp_path, rng):
    folder = tmp_path / "runs"
    lab = labs(folder)
    run = lab.post("/api/train", LONG).json["run"]
    reached = 0
    for _ in range(3):
        state = _wait(lab, lambda state, reached=reached: state["step"] > reached and state["phase"] == "running")
        time.sleep(rng.uniform(1, 2))
        before = _state(lab)
        kill_lab(lab)
        kept = Run(folder / run).newest_state().counters.step
        a_second = (before["step"] - state["step"]) / (before["seconds"] - state["seconds"])
        assert before["step"] - kept <= a_second
        reached = before["step"]
        lab = labs(folder)


def test_a_training_that_cannot_go_on_after_a_kill_is_told(labs, tmp_path):
    folder = tmp_path / "runs"
    lab = labs(folder)
    run = lab.post("/api/train", {"recipe": "seed"}).json["run"]
    _wait(lab, lambda state: state["epoch"] > 1)
    kill_lab(lab)
    (folder / run / "recipe.toml").write_text("epochs = 3")
    lab = labs(folder)
    limit = time.monotonic() + 30
    while (told := lab.ask("GET", "/api/state").json["trouble"]) is None:
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert "recipe.toml" in told["what"]
    lab.post("/api/train", {"recipe": "seed"})
    assert lab.ask("GET", "/api/state").json["trouble"] is None


def _first_answer(lab: Any, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", lab.port), timeout=30) as client:
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


def test_headers_beyond_their_limit_are_refused_in_one_piece_too(lab):
    head = f"GET /api HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\nX: ".encode()
    for size, status in ((60_000, b" 200 "), (70_000, b" 431 "), (200_000, b" 431 ")):
        assert status in _first_answer(lab, head + b"x" * size + b"\r\n\r\n")


@pytest.mark.parametrize("kind", ["h2c", "websocket"])
def test_a_wish_for_another_protocol_is_passed_over(lab, kind):
    """A client that would speak HTTP/2, as Java's does by default, sends its body in HTTP/1.1 all the same."""
    body = b'{"do": "stop"}'
    lines = [
        "POST /api/control HTTP/1.1",
        f"Host: 127.0.0.1:{lab.port}",
        "Connection: Upgrade, HTTP2-Settings",
        f"Upgrade: {kind}",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    assert b" 200 " in _first_answer(lab, "\r\n".join([*lines, "", ""]).encode() + body)


def test_it_ends_in_order_in_the_middle_of_a_long_step_and_goes_on_later(labs, tmp_path):
    lab = labs(tmp_path / "runs")
    run = lab.post("/api/train", {"settings": {"layers": [784, 8192, 10], "epochs": 3}}).json["run"]
    _wait(lab, lambda state: state["engine"])
    time.sleep(0.5)
    code, complaints = stop_lab(lab)
    assert (code, complaints) == (0, "")
    assert Run(tmp_path / "runs" / run).newest_state().counters.step >= 0

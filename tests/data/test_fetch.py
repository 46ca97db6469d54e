"""Fetching: faulty mirrors, over real sockets on this machine alone. Under a final name there is never a bad file."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import digitlab as dl
from digitlab.data import catalogue
from digitlab.data import fetch as fetch_module
from digitlab.data.catalogue import CATALOGUE, Entry, open_entry
from digitlab.data.fetch import Limits, fetch
from digitlab.errors import DataFileError, InputError
from tests.hostile.forge import encode_idx

ARRAYS = [np.full((4, 28, 28), 7, np.uint8), np.arange(4, dtype=np.uint8), np.full((2, 28, 28), 9, np.uint8)]
ARRAYS.append(np.arange(2, dtype=np.uint8))
FILES = {f"{stem}.gz": gzip.compress(encode_idx(a), mtime=0) for stem, a in zip(catalogue.STEMS, ARRAYS, strict=True)}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
QUICK = Limits(silence=1.0, total=2.0, size=2**20)


class Mirror(BaseHTTPRequestHandler):
    """Answers ``/KIND/FILE`` as a mirror of that kind does."""

    asked: list[str] = []  # noqa: RUF012
    over = threading.Event()

    def log_message(self, *_: object) -> None:
        """No lines on standard error."""

    def do_GET(self) -> None:
        _, kind, name = self.path.split("/")
        self.asked.append(kind)
        try:
            getattr(self, kind)(FILES[name])
        except OSError:  # the client has hung up
            self.close_connection = True

    def send(self, content: bytes, status: int = 200, length: int | None = None) -> None:
        self.send_response(status)
        if length != -1:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def good(self, content: bytes) -> None:
        self.send(content)

    def missing(self, _: bytes) -> None:
        self.send(b"", 404)

    def forbidden(self, _: bytes) -> None:
        self.send(b"<html>403</html>", 403)

    def broken(self, _: bytes) -> None:
        self.send(b"", 503)

    def page(self, _: bytes) -> None:
        self.send(b"<!DOCTYPE html><title>Welcome to the hotel</title>")

    def wrong(self, content: bytes) -> None:
        self.send(content[:-1] + bytes([content[-1] ^ 1]))

    def empty(self, _: bytes) -> None:
        self.send(b"")

    def cut(self, content: bytes) -> None:
        self.send(content[:-9], length=len(content))

    def short(self, content: bytes) -> None:
        self.send(content[:-9])

    def unsaid(self, content: bytes) -> None:
        self.send(content[:-9], length=-1)

    def long(self, content: bytes) -> None:
        self.send(content + b"\0")

    def endless(self, _: bytes) -> None:
        self.send(bytes(2**21), length=2**40)

    def reset(self, _: bytes) -> None:
        self.close_connection = True

    def nonsense(self, _: bytes) -> None:
        self.wfile.write(b"220 this is a mail server\r\n")

    def silent(self, _: bytes) -> None:
        self.over.wait(20)

    def stalled(self, content: bytes) -> None:
        self.send(content[:20], length=len(content))
        self.over.wait(20)

    def drip(self, content: bytes) -> None:
        self.send(b"", length=len(content))
        for byte in content:
            if self.over.wait(0.1):
                return
            self.wfile.write(bytes([byte]))

    def circle(self, _: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()


FAULTS = {
    "missing": "answered 404",
    "forbidden": "answered 403",
    "broken": "answered 503",
    "page": "sent a web page, 50 bytes",
    "wrong": "sent other bytes",
    "empty": "sent other bytes, 0 of them",
    "cut": "broke off",
    "short": "sent other bytes",
    "unsaid": "sent other bytes",
    "long": "sent other bytes",
    "endless": "sent more than 1048576 bytes",
    "reset": "hung up",
    "nonsense": "hung up",
    "silent": "was silent for 1 s",
    "stalled": "was silent for 1 s",
    "drip": "took longer than 2 s",
    "circle": "in circles",
}


@pytest.fixture
def server(monkeypatch) -> Iterator[str]:
    """The address of a server on this machine. Proxies are for other machines."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Mirror.asked.clear()
    Mirror.over.clear()
    found = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    found.daemon_threads = True
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}/"
    Mirror.over.set()
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture
def entry(server, tmp_path, monkeypatch) -> Callable[..., Entry]:
    """A data set with mirrors of these kinds, kept in a folder of the test."""
    monkeypatch.setenv("DIGITLAB_DATA", str(tmp_path / "data"))

    def make(*kinds: str) -> Entry:
        made = Entry("tiny", "Tiny", "a test", "none", SHA256, tuple(f"{server}{kind}/" for kind in kinds))
        monkeypatch.setitem(CATALOGUE, "tiny", made)
        return made

    return make


def test_what_was_fetched_is_a_data_set(entry, tmp_path):
    paths = fetch(entry("good"), limits=QUICK)
    assert {path: path.read_bytes() for path in paths} == {
        tmp_path / "data" / "tiny" / name: content for name, content in FILES.items()
    }
    train, test = dl.open_data("tiny")
    assert np.array_equal(train.images, ARRAYS[0])
    assert np.array_equal(test.labels, ARRAYS[3])
    assert train.source == "Tiny train"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_mirror_is_left_for_the_next(fault, entry):
    lines: list[str] = []
    path = fetch(replace(entry(fault, "good"), sha256=dict(list(SHA256.items())[:1])), lines.append, QUICK)[0]
    assert path.read_bytes() == FILES[path.name]
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert FAULTS[fault] in "\n".join(lines)
    assert set(Mirror.asked) == {fault, "good"}


def test_when_all_mirrors_fail_each_is_named_with_its_reason(entry, server, tmp_path):
    with pytest.raises(DataFileError) as caught:
        fetch(entry("missing", "page", "wrong"), limits=QUICK)
    message = str(caught.value)
    for kind in ("missing", "page", "wrong"):
        assert f"{server}{kind}/train-images-idx3-ubyte.gz {FAULTS[kind]}" in message
    assert SHA256["train-images-idx3-ubyte.gz"] in message
    assert f"put them into {tmp_path / 'data' / 'tiny'}" in message
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_port_where_nobody_listens_is_left_for_the_next(entry):
    made = entry("good")
    lines: list[str] = []
    fetch(replace(made, mirrors=("http://127.0.0.1:9/", *made.mirrors)), lines.append, QUICK)
    assert any("cannot be reached" in line for line in lines)


def test_right_files_are_not_fetched_again_and_wrong_ones_are(entry):
    made = entry("good")
    paths = fetch(made, limits=QUICK)
    paths[2].write_bytes(b"damaged")
    Mirror.asked.clear()
    fetch(made, limits=QUICK)
    assert Mirror.asked == ["good"]
    assert paths[2].read_bytes() == FILES[paths[2].name]


def test_files_put_there_by_hand_are_read_without_any_mirror(entry):
    made = entry("missing")
    made.folder.mkdir(parents=True)
    for name, content in FILES.items():
        (made.folder / name).write_bytes(content)
    assert len(open_entry(made)[0]) == 4
    assert len(fetch(made, limits=QUICK)) == 4
    assert Mirror.asked == []


@pytest.mark.parametrize("name", FILES)
def test_a_kept_file_is_checked_at_every_load(name, entry):
    made = entry("good")
    fetch(made, limits=QUICK)
    content = gzip.compress(gzip.decompress(FILES[name]), compresslevel=1, mtime=1)  # the same array, other bytes
    (made.folder / name).write_bytes(content)
    with pytest.raises(DataFileError, match=f"{name}: this is not the published file"):
        dl.open_data("tiny")


def test_a_data_set_that_was_never_fetched_says_how(entry):
    entry("good")
    with pytest.raises(InputError, match="digitlab data fetch tiny"):
        dl.open_data("tiny")
    assert Mirror.asked == []  # opening never uses the network


def test_a_folder_that_cannot_be_written_to_is_named(entry, tmp_path):
    (tmp_path / "data").write_bytes(b"a file in the way")
    with pytest.raises(DataFileError, match=r"cannot be written(?s:.)*DIGITLAB_DATA"):
        fetch(entry("good"), limits=QUICK)


def test_a_full_disk_leaves_no_file(entry, monkeypatch):
    def full(path: object, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch_module, "write_durably", full)
    made = entry("good")
    with pytest.raises(DataFileError, match="No space left"):
        fetch(made, limits=QUICK)
    assert list(made.folder.iterdir()) == []


def test_mnist_needs_no_fetching():
    assert fetch(CATALOGUE["mnist"]) == []


def test_opening_mnist_loads_nothing_that_could_use_the_network():
    command = "import sys, digitlab as dl; dl.open_data('mnist'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pooch", "requests", "urllib3", "http.client", "PIL"} & set(loaded)


@pytest.mark.parametrize("name", ["fashion-mnist", "kmnist"])
def test_the_catalogue_is_complete(name):
    entry = CATALOGUE[name]
    assert list(entry.sha256) == [f"{stem}.gz" for stem in catalogue.STEMS]
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in entry.sha256.values())
    assert len(set(entry.sha256.values())) == 4
    assert len(entry.mirrors) >= 2
    assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in entry.mirrors)
    assert len(set(entry.classes)) == 10


def test_the_folder_is_this_users_cache_unless_another_is_named(monkeypatch, tmp_path):
    import pooch

    monkeypatch.setenv("DIGITLAB_DATA", str(tmp_path))
    assert CATALOGUE["kmnist"].folder == tmp_path / "kmnist"
    monkeypatch.setenv("DIGITLAB_DATA", "")
    assert str(catalogue.data_folder()) == str(pooch.os_cache("digitlab"))

"""Durable writing: at every moment, whatever goes wrong, a file is wholly the old one or wholly the new one."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digitlab.durable import TEMPORARY_PREFIX, sync, write_durably

OLD, NEW = b"old content", bytes(range(256)) * 400  # the new one is longer than a page and than a buffer


@pytest.fixture
def path(tmp_path) -> Path:
    path: Path = tmp_path / "model"
    path.write_bytes(OLD)
    return path


@contextmanager
def small_files_only() -> Iterator[None]:
    """No file may grow beyond 10,000 bytes: the kernel writes that much, then refuses, as on a full disk.

    Not a fixture: the test runner's own output may go to a file that is longer already.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def fail_with(error: BaseException) -> object:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("content", [NEW, b""])
def test_a_file_gets_its_new_content(content, path):
    write_durably(path, content)
    assert path.read_bytes() == content
    assert names(path.parent) == ["model"]


def test_a_file_need_not_be_there_before(tmp_path):
    write_durably(tmp_path / "new", NEW)
    assert (tmp_path / "new").read_bytes() == NEW


@pytest.mark.parametrize("content", [NEW, b"short enough to wait in a buffer"], ids=["long", "short"])
def test_everything_is_on_disk_before_the_next_step_is_taken(content, path, monkeypatch):
    calls: list[object] = []
    fsync, replace = os.fsync, Path.replace

    def recording_fsync(handle: int) -> None:
        status = os.fstat(handle)
        is_folder = stat.S_ISDIR(status.st_mode)
        calls.append(("fsync folder", status.st_ino) if is_folder else ("fsync file", status.st_size))
        fsync(handle)

    def recording_replace(temporary: Path, target: Path) -> None:
        calls.append(
            ("rename", temporary.parent == target.parent, temporary.read_bytes() == content, path.read_bytes())
        )
        replace(temporary, target)

    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(Path, "replace", recording_replace)
    write_durably(path, content)
    assert calls == [
        ("fsync file", len(content)),
        ("rename", True, True, OLD),
        ("fsync folder", path.parent.stat().st_ino),
    ]


@pytest.mark.parametrize(("where", "name"), [(os, "fsync"), (Path, "replace")], ids=["fsync", "rename"])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()],
    ids=["full", "broken", "Ctrl-C"],
)
def test_a_failure_leaves_the_old_content_and_nothing_else(where, name, error, path, monkeypatch):
    monkeypatch.setattr(where, name, fail_with(error))
    with pytest.raises(type(error)):
        write_durably(path, NEW)
    assert path.read_bytes() == OLD
    assert names(path.parent) == ["model"]


def test_a_disk_that_fills_up_while_writing_leaves_the_old_content(path):
    with small_files_only(), pytest.raises(OSError, match="File too large"):
        write_durably(path, NEW)
    assert path.read_bytes() == OLD
    assert names(path.parent) == ["model"]


def test_a_folder_that_cannot_be_synced_is_told_of_and_the_file_is_whole(path, monkeypatch):
    fsync = os.fsync

    def fail_for_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(OSError, match="Input/output error"):
        write_durably(path, NEW)
    assert path.read_bytes() in (OLD, NEW)
    assert names(path.parent) == ["model"]


def test_what_is_open_stays_readable_while_the_file_is_replaced(path):
    with path.open("rb") as reader:
        write_durably(path, NEW)
        assert reader.read() == OLD


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_permissions_follow_the_umask(umask, mode, tmp_path):
    before = os.umask(umask)
    try:
        write_durably(tmp_path / "model", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == mode


def test_a_folder_in_the_way_is_left_alone(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(IsADirectoryError):
        write_durably(tmp_path / "model", NEW)
    assert names(tmp_path) == ["model"]


def test_a_folder_that_is_missing_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_durably(tmp_path / "no" / "model", NEW)
    assert names(tmp_path) == []


def test_what_a_killed_process_leaves_behind_can_be_recognised(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", fail_with(OSError(errno.EIO, "Input/output error")))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # killed: nobody cleans up
    with pytest.raises(OSError, match="Input/output error"):
        write_durably(path, NEW)
    left = [name for name in names(path.parent) if name != "model"]
    assert [name.startswith(TEMPORARY_PREFIX) for name in left] == [True]


def test_sync_keeps_no_file_open(path):
    before = len(names(Path("/dev/fd")))
    sync(path)
    sync(path.parent)
    assert len(names(Path("/dev/fd"))) == before


def test_a_link_keeps_leading_to_its_file(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_durably(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_pipe_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="in the way"):
        write_durably(tmp_path / "pipe", b"new")


@pytest.fixture
def macos(monkeypatch) -> list[str]:
    """As on macOS: there is a request that empties the drive's own memory, too. Gives what was asked for, in a list."""
    asked = []
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda _, request: asked.append("full" if request == 51 else "other"))
    monkeypatch.setattr(os, "fsync", lambda _: asked.append("fsync"))
    return asked


def test_where_a_drive_can_be_told_to_empty_its_own_memory_it_is(path, macos):
    write_durably(path, NEW)
    assert macos == ["full", "full"]  # the file, and the folder


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.EINVAL, errno.ENOTTY])
def test_where_a_file_system_does_not_know_that_request_fsync_has_to_do(number, path, macos, monkeypatch):
    monkeypatch.setattr(fcntl, "fcntl", fail_with(OSError(number, "not here")))
    write_durably(path, NEW)
    assert macos == ["fsync", "fsync"]


def test_a_request_that_fails_is_not_made_good_by_an_fsync(path, macos, monkeypatch):
    """After a failure the system may forget what it could not write, and the next fsync then tells that all is well."""
    monkeypatch.setattr(fcntl, "fcntl", fail_with(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(OSError, match="Input/output error"):
        write_durably(path, NEW)
    assert macos == []
    assert path.read_bytes() == OLD

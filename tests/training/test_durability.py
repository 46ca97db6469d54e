"""Power losses, failing disks, full disks: a run folder always holds its last commit, and goes on to the same bits.

A power loss is played on a model of a disk: of what is done below a folder it keeps the names that an fsync of their
folder forced to it, and the data that an fsync of their file did. What else survives is the disk's choice.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import digitlab as dl
from digitlab.durable import TEMPORARY_PREFIX
from digitlab.errors import RunError
from digitlab.training import Branch, EpochDone, StepDone
from digitlab.training.run import HISTORY, MANIFEST, MODEL, Run

RECIPE = dl.recipe(
    "minibatch",
    layers=(784, 2, 10),
    batch_size=20,
    epochs=3,
    optimizer="momentum",
    learning_rate=0.3,  # the second epoch is the best one: what is kept is not the last
    validation=20,
    keep="best",
)
STEPS = 6  # two in each epoch
RUN = Path("runs/run")  # both folders are new
Tree = dict[str, bytes | None]  # the content of each file by its path; None for a folder


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:60]


@pytest.fixture(scope="module")
def expected(digits, tmp_path_factory) -> dict[str, bytes]:
    """The result of never being disturbed."""
    folder = tmp_path_factory.mktemp("expected") / "run"
    dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, threads=1)
    assert Run(folder).newest_state().counters.best_epoch == 2
    return _result(folder)


def _result(folder: Path) -> dict[str, bytes]:
    run = Run(folder)
    assert run.manifest.outcome.state == "finished"
    return {name: run.read(name) for name in (run.manifest.checkpoints[-1].file, HISTORY, MODEL)}


def _verify(folder: Path) -> Run:
    """The run, after everything in its manifest was found whole, and the newest state the one that it tells of."""
    run = Run(folder)
    for name in run.manifest.files:
        assert not name.startswith(TEMPORARY_PREFIX)
        run.read(name)
    assert run.newest_state().counters.step == run.manifest.checkpoints[-1].step
    assert len(run.history()) >= run.newest_state().counters.epoch
    return run


# --- power loss ---


class Disk:
    """Follows what is done below a folder, and knows what a power loss would leave of it.

    Attributes:
        lost_now: what would be found after a power loss at any moment so far, with the steps that were committed then.
    """

    def __init__(self, root: Path, *, forgets: Callable[[Path], bool] = lambda _: False) -> None:
        self.root, self._forgets = root, forgets
        self._ours = itertools.count(1)
        self._living: dict[int, int] = {}  # inode to a number of our own: inodes are used again
        self._names: dict[int, dict[str, int]] = {}
        self._data: dict[int, bytes] = {}
        self._look()
        self._safe_names = {number: dict(names) for number, names in self._names.items()}
        self._safe_data = dict(self._data)
        self.lost_now: dict[frozenset[Any], tuple[str, Tree, int | None]] = {}

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While inside: every call that changes something is followed, and nothing is really forced to disk."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "pwrite", "replace", "unlink", "mkdir", "truncate"):
                patch.setattr(os, name, self._followed(name, getattr(os, name)))
            patch.setattr(os, "fsync", self._followed("fsync", self._force))
            yield

    def _followed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def followed(*arguments: Any, **named: Any) -> Any:
            self._remember(f"before {name}{arguments}")  # with what was written meanwhile
            answer = call(*arguments, **named)
            self._remember(f"after {name}{arguments}")
            return answer

        return followed

    def _force(self, handle: int) -> None:
        number = self._living.get(os.fstat(handle).st_ino)
        if number is None or self._forgets(Path(f"/proc/self/fd/{handle}").readlink()):
            return
        if number in self._names:
            self._safe_names[number] = dict(self._names[number])
        else:
            self._safe_data[number] = self._data[number]

    def _look(self) -> None:
        living, names, data = {}, {}, {}

        def visit(path: Path) -> int:
            inode = path.stat().st_ino
            number = living[inode] = self._living.get(inode) or next(self._ours)
            if path.is_dir():
                names[number] = {child.name: visit(child) for child in path.iterdir()}
            else:
                data[number] = path.read_bytes()
            return number

        visit(self.root)
        self._living, self._names = living, names
        self._data |= data

    def _remember(self, what: str) -> None:
        self._look()
        safe = self._tree(self._safe_names, self._safe_data)
        committed = _steps_of(safe.get(str(RUN / MANIFEST)))
        torn = {number: self._half_written(number) for number in self._data}
        for disk, tree in {
            "nothing else survived": safe,
            "the names survived": self._tree(self._names, self._safe_data),
            "the names and half of the data survived": self._tree(self._names, torn),
            "everything survived": self._tree(self._names, self._data),
        }.items():
            self.lost_now[frozenset(tree.items())] = (f"{what}: {disk}", tree, committed)

    def _half_written(self, number: int) -> bytes:
        safe, now = self._safe_data.get(number, b""), self._data[number]
        return safe + now[len(safe) : (len(safe) + len(now)) // 2] if now.startswith(safe) else safe

    def _tree(self, names: dict[int, dict[str, int]], data: dict[int, bytes]) -> Tree:
        tree: Tree = {}

        def visit(folder: int, path: Path) -> None:
            for name, number in names.get(folder, {}).items():
                is_folder = number in self._names or number in names
                tree[str(path / name)] = None if is_folder else data.get(number, b"")
                visit(number, path / name)

        visit(1, Path())
        return tree


def _steps_of(manifest: bytes | None) -> int | None:
    return None if not manifest else msgspec.json.decode(manifest)["outcome"]["steps"]


def _lay_out(tree: Tree, root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, content in sorted(tree.items()):
        if content is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(content)
    return root / RUN


def _new(root: Path, digits: dl.Digits, parent: Path) -> Disk:
    """A training with a checkpoint after every step, and snapshots."""
    disk = Disk(root)
    with disk.at_work():
        options = {"checkpoint_every": 0, "snapshot_every": 2, "threads": 1}
        for event in dl.train(RECIPE.new_network(), digits, RECIPE, out=root / RUN, each_step=True, **options):
            assert event
    return disk


def _resumed(root: Path, digits: dl.Digits, parent: Path) -> Disk:
    """Gone on with after a kill that left more history than is committed, and a file that nobody finished."""
    options = {"out": root / RUN, "checkpoint_every": 1e9, "snapshot_every": 1, "threads": 1}
    events = dl.train(RECIPE.new_network(), digits, RECIPE, **options)
    snapshot = next(event for event in events if isinstance(event, EpochDone))
    committed = _tree_of(root)
    assert next(events).epoch == snapshot.epoch + 1
    longer = (root / RUN / HISTORY).read_bytes()
    events.close()
    folder = _lay_out(committed, root)
    (folder / HISTORY).write_bytes(longer)
    (folder / f"{TEMPORARY_PREFIX}0").write_bytes(b"half")
    disk = Disk(root)
    with disk.at_work():
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=root / RUN, resume=True, checkpoint_every=0, threads=1)
    return disk


def _branched(root: Path, digits: dl.Digits, parent: Path) -> Disk:
    """Begun where another run was: its history is there at once."""
    dl.fit(RECIPE.new_network(), digits, RECIPE, out=parent, snapshot_every=1, threads=1)
    disk = Disk(root)
    with disk.at_work():
        options = {"branch": Branch(parent, 1), "checkpoint_every": 0, "threads": 1}
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=root / RUN, **options)
    return disk


def _tree_of(root: Path) -> Tree:
    return {
        str(path.relative_to(root)): None if path.is_dir() else path.read_bytes() for path in sorted(root.rglob("*"))
    }


def _first_loss(disk: Disk, digits: dl.Digits, expected: dict[str, bytes], scratch: Path) -> str | None:
    """The first power loss after which something that was committed is gone; None where there is none."""
    assert len(disk.lost_now) > 30
    steps = [committed for _, _, committed in disk.lost_now.values() if committed is not None]
    if not steps:
        return "nothing was ever committed"
    for what, tree, committed in disk.lost_now.values():
        try:
            _check_after_loss(_lay_out(tree, scratch), committed, digits, expected)
        except (AssertionError, RunError, OSError, LookupError, ValueError) as error:
            return f"{what}: {error!r}"
    if max(steps) != STEPS:
        return "the end was not committed"
    return None


def _check_after_loss(folder: Path, committed: int | None, digits: dl.Digits, expected: dict[str, bytes]) -> None:
    try:
        Run(folder)
    except RunError as error:
        assert committed is None, "what was committed is no run any more"
        if "this is not a run" in str(error):
            return
        raise
    run = _verify(folder)
    assert run.newest_state().counters.step == run.manifest.outcome.steps >= (committed or 0), "a commit is lost"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # the power does not fail again
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
    assert _result(folder) == expected, "another result"
    assert not list(folder.glob(f"{TEMPORARY_PREFIX}*")) or run.manifest.outcome.state == "finished", "a stray file"


@pytest.mark.parametrize("train", [_new, _resumed, _branched])
def test_whenever_the_power_fails_the_last_commit_is_there_and_goes_on_to_the_same_bits(
    train, digits, expected, tmp_path
):
    root = tmp_path / "disk"
    root.mkdir()
    disk = train(root, digits, tmp_path / "parent")
    assert _result(root / RUN)[MODEL] == expected[MODEL]
    assert _first_loss(disk, digits, _result(root / RUN), tmp_path / "scratch") is None


@pytest.mark.parametrize(
    "missing", ["of files", "of folders", "of the manifest's folder", "of the new folder's parent", "of the history"]
)
def test_without_one_of_the_fsyncs_something_is_lost(missing, digits, tmp_path, monkeypatch):
    """The model of the disk can tell: each kind of fsync is needed."""
    forgets: dict[str, Callable[[Path], bool]] = {
        "of files": Path.is_file,
        "of folders": Path.is_dir,
        "of the manifest's folder": lambda path: path.name == RUN.name,
        "of the new folder's parent": lambda path: path.name == RUN.parent.name,
        "of the history": lambda path: path.name == HISTORY,
    }
    monkeypatch.setattr(Disk.__init__, "__kwdefaults__", {"forgets": forgets[missing]})
    root = tmp_path / "disk"
    root.mkdir()
    disk = _new(root, digits, tmp_path / "parent")
    assert _first_loss(disk, digits, _result(root / RUN), tmp_path / "scratch") is not None


def test_an_fsync_taken_out_of_the_code_is_noticed(digits, tmp_path, monkeypatch):
    monkeypatch.setattr("digitlab.durable.sync", lambda _: None)
    root = tmp_path / "disk"
    root.mkdir()
    disk = _new(root, digits, tmp_path / "parent")
    assert _first_loss(disk, digits, _result(root / RUN), tmp_path / "scratch") is not None


# --- calls that fail ---


class Faults:
    """Makes the ``first`` file-system call that changes something fail; and all after it, where it is ``for_good``."""

    def __init__(self, first: int, number: int, *, for_good: bool) -> None:
        self.first, self.number, self.for_good = first, number, for_good
        self.armed, self.calls = False, 0
        self.failed: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "fsync", "replace", "unlink"):
                patch.setattr(os, name, self._failing(name, getattr(os, name)))
            patch.setattr(os, "fdopen", lambda handle, mode: io.BufferedWriter(_Raw(handle, mode, self)))
            really_open = Path.open
            patch.setattr(Path, "open", lambda path, *how, **named: self._open(really_open, path, *how, **named))
            yield

    def _open(self, really_open: Callable[..., Any], path: Path, mode: str = "r", *how: Any, **named: Any) -> Any:
        if mode != "ab":
            return really_open(path, mode, *how, **named)
        raw = _Raw(path, mode, self)
        return raw if 0 in how or named.get("buffering") == 0 else io.BufferedWriter(raw)

    def meet(self, name: str) -> None:
        if not self.armed:
            return
        self.calls += 1
        if self.calls == self.first or (self.for_good and self.calls > self.first):
            self.failed.append(name)
            raise OSError(self.number, os.strerror(self.number))

    def _failing(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*arguments: Any, **named: Any) -> Any:
            self.meet(name)
            return call(*arguments, **named)

        return failing


class _Raw(io.FileIO):
    """A file whose writes may fail."""

    def __init__(self, file: int | Path, mode: str, faults: Faults) -> None:
        super().__init__(file, mode)
        self._faults = faults

    def write(self, content: Any) -> int:
        self._faults.meet("write")
        return super().write(content)


def _train_with(faults: Faults, folder: Path, digits: dl.Digits, network: dl.Network) -> list[object]:
    """From the third step on, calls may fail: a checkpoint in an epoch, one at its end, a snapshot, and the end."""
    told = []
    with faults.at_work():
        options = {"checkpoint_every": 0, "snapshot_every": 2, "threads": 1}
        for event in dl.train(network, digits, RECIPE, out=folder, each_step=True, **options):
            told.append(event)
            faults.armed = faults.armed or (isinstance(event, StepDone) and event.step == 3)
    return told


def _parts(error: RunError) -> set[str]:
    """What was got, and the first half of the help."""
    return {error.got, error.help[: error.help.find(";") + 1]}


@pytest.mark.parametrize(
    ("number", "for_good"),
    [(errno.EIO, False), (errno.EIO, True), (errno.ENOSPC, False), (errno.ENOSPC, True), (errno.EINTR, False)],
)
def test_whichever_call_fails_the_last_commit_is_whole_and_goes_on_to_the_same_bits(
    number, for_good, digits, expected, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow, and not the matter here
    kinds, troubles = set(), []
    for first in itertools.count(1):
        folder, faults = tmp_path / str(first), Faults(first, number, for_good=for_good)
        with suppress(RunError):  # harmless, or said in our words; anything else ends the test
            try:
                _train_with(faults, folder, digits, RECIPE.new_network())
            except RunError as error:
                if not {os.strerror(number), "check the folder and the space left on its disk;"} <= _parts(error):
                    troubles.append((first, faults.failed[:1], str(error)))
                raise
            except Exception as error:
                troubles.append((first, faults.failed[:1], f"raised {error!r}"))
        if not faults.failed:
            break
        kinds.add(faults.failed[0])
        try:
            run = _verify(folder)
            assert run.newest_state().counters.step >= 2  # the last commit before
            assert for_good or not list(folder.glob(f"{TEMPORARY_PREFIX}*")), "an unfinished file"
            dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
            assert _result(folder) == expected, "another result"
            assert not list(folder.glob(f"{TEMPORARY_PREFIX}*")), "a stray file"
        except Exception as error:
            troubles.append((first, faults.failed[:1], repr(error)[:200]))
    assert troubles == []
    assert first > 40
    assert kinds == {"open", "write", "fsync", "replace", "unlink"}


# --- disks that are really full, folders that are really gone ---


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of its own, with 256 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("only root may mount a small file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_disk_that_is_full_training_says_so_and_goes_on_when_there_is_space(small_disk, digits, expected):
    """The disk is filled so that the space ends in every page of what training writes after its second step."""
    told = []
    for pages in range(1, 16):
        folder, ballast = small_disk / "run", small_disk / "ballast"
        events = dl.train(
            RECIPE.new_network(), digits, RECIPE, out=folder, each_step=True, checkpoint_every=0, threads=1
        )
        next(event for event in events if isinstance(event, StepDone) and event.step == 2)
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
        ballast.write_bytes(bytes(max(0, free - 4096 * (pages - 1))))
        try:
            list(events)
        except RunError as error:
            told.append(error.got)
        _verify(folder)
        ballast.unlink()
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
        assert _result(folder) == expected, pages
        shutil.rmtree(folder)
    assert len(told) > 3
    assert set(told) == {"No space left on device"}


def test_where_no_file_may_grow_training_says_so_and_goes_on_when_it_may(digits, expected, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in range(100, 20_000, 2000):
        folder = tmp_path / str(size)
        network = RECIPE.new_network()
        events = dl.train(network, digits, RECIPE, out=folder, each_step=True, checkpoint_every=0, threads=1)
        next(event for event in events if isinstance(event, StepDone) and event.step == 3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(RunError, match="File too large"):
                list(events)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert _verify(folder).manifest.outcome.steps >= 2
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
        assert _result(folder) == expected, size


def _parameters_after(step: int, digits: dl.Digits) -> np.ndarray:
    network = RECIPE.new_network()
    events = dl.train(network, digits, RECIPE, each_step=True, threads=1)
    next(event for event in events if isinstance(event, StepDone) and event.step == step)
    return network.parameters.copy()


def _until_step_three(folder: Path, digits: dl.Digits, every: float) -> tuple[dl.Network, Iterator[object]]:
    network = RECIPE.new_network()
    events = dl.train(network, digits, RECIPE, out=folder, each_step=True, checkpoint_every=every, threads=1)
    next(event for event in events if isinstance(event, StepDone) and event.step == 3)
    return network, events


def test_a_folder_that_vanishes_is_a_run_error_and_the_network_keeps_its_parameters(digits, tmp_path):
    network, events = _until_step_three(tmp_path / "run", digits, 0)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RunError, match="No such file or directory"):
        next(events)
    best = _parameters_after(2, digits)  # that is what the recipe keeps: the best epoch so far
    assert any(np.array_equal(network.parameters, kept) for kept in (best, _parameters_after(3, digits)))
    assert not (tmp_path / "run").exists()


def test_a_folder_whose_loss_shows_at_the_end_alone_costs_nothing_that_was_learnt(digits, tmp_path):
    network, events = _until_step_three(tmp_path / "run", digits, 1e9)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RunError, match="No such file or directory"):
        list(events)
    plain = RECIPE.new_network()
    dl.fit(plain, digits, RECIPE, threads=1)
    assert np.array_equal(network.parameters, plain.parameters)


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Nobody may change the names in the folder; root becomes somebody else meanwhile, for whom that holds."""
    folder.chmod(0o555)
    if os.geteuid():
        yield
    else:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
    folder.chmod(0o755)


def test_a_folder_that_becomes_read_only_is_a_run_error_and_goes_on_when_it_is_not(digits, expected):
    with tempfile.TemporaryDirectory() as place:  # others may look into it, unlike into tmp_path
        Path(place).chmod(0o755)
        folder = Path(place) / "run"
        _, events = _until_step_three(folder, digits, 0)
        with _read_only(folder), pytest.raises(RunError, match="Permission denied"):
            next(events)
        assert _verify(folder).manifest.outcome.steps == 2
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
        assert _result(folder) == expected

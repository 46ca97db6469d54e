"""Power losses: a run folder always holds its last commit, and goes on to the same bits.

A power loss is played on a model of a disk: of what is done below a folder it keeps the names that an fsync of their
folder forced to it, and the data that an fsync of their file did. What else survives is the disk's choice.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

import digitlab as dl
from digitlab.durable import TEMPORARY_PREFIX
from digitlab.errors import RunError
from digitlab.runs import Branch
from digitlab.runs.run import HISTORY, MANIFEST, MODEL, Run
from digitlab.training import EpochDone
from tests.runs.disturbed_run import RECIPE, SAMPLES, STEPS, result, undisturbed, verify

RUN = Path("runs/run")  # both folders are new
Tree = dict[str, bytes | None]  # the content of each file by its path; None for a folder


@pytest.fixture(scope="module")
def digits(mnist) -> dl.Digits:
    return mnist[0][:SAMPLES]


@pytest.fixture(scope="module")
def expected(digits, tmp_path_factory) -> dict[str, bytes]:
    """The result of never being disturbed."""
    return undisturbed(digits, tmp_path_factory.mktemp("expected") / "run")


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
    run = verify(folder)
    assert run.newest_state().counters.step == run.manifest.outcome.steps >= (committed or 0), "a commit is lost"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # the power does not fail again
        dl.fit(RECIPE.new_network(), digits, RECIPE, out=folder, resume=True, threads=1)
    assert result(folder) == expected, "another result"
    assert not list(folder.glob(f"{TEMPORARY_PREFIX}*")) or run.manifest.outcome.state == "finished", "a stray file"


@pytest.mark.parametrize("train", [_new, _resumed, _branched])
def test_whenever_the_power_fails_the_last_commit_is_there_and_goes_on_to_the_same_bits(
    train, digits, expected, tmp_path
):
    root = tmp_path / "disk"
    root.mkdir()
    disk = train(root, digits, tmp_path / "parent")
    assert result(root / RUN)[MODEL] == expected[MODEL]
    assert _first_loss(disk, digits, result(root / RUN), tmp_path / "scratch") is None


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
    assert _first_loss(disk, digits, result(root / RUN), tmp_path / "scratch") is not None


def test_an_fsync_taken_out_of_the_code_is_noticed(digits, tmp_path, monkeypatch):
    monkeypatch.setattr("digitlab.durable.sync", lambda _: None)
    root = tmp_path / "disk"
    root.mkdir()
    disk = _new(root, digits, tmp_path / "parent")
    assert _first_loss(disk, digits, result(root / RUN), tmp_path / "scratch") is not None

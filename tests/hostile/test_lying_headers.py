"""Files that lie: each is refused in our words, after little work and in 10 MB of memory.

What lies there are is in `lies_of_data`, `lies_of_mat`, `lies_of_pictures`, `lies_of_models`, `lies_of_exchange` and
`lies_of_runs`; none of the files is made by the code under test. They are read by what users call.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

import digitlab as dl
from digitlab.errors import DigitlabError, PictureError
from digitlab.reading import prepare
from digitlab.runs.lock import LOCK
from digitlab.runs.run import MANIFEST, Run
from tests.costs import MOST_BYTES, cheaply
from tests.hostile import lies_of_data, lies_of_exchange, lies_of_mat, lies_of_models, lies_of_pictures, lies_of_runs
from tests.hostile.lies_of_pictures import WITHIN, saying
from tests.hostile.readers import DECODERS, READERS, WITH_KERAS_FILES, WITH_PARQUET, write_truth

ROOT = Path(__file__).parents[2]
TABLES = {**lies_of_data.LIES, **lies_of_mat.LIES, **lies_of_pictures.LIES, **lies_of_models.LIES}
TABLES |= lies_of_exchange.LIES
if WITH_PARQUET:
    from tests.hostile import parquets

    TABLES["parquet"] = parquets.lies
if WITH_KERAS_FILES:
    from tests.hostile import lies_of_keras

    TABLES["keras"] = lies_of_keras.lies
LIES = [(form, name, make) for form, table in TABLES.items() for name, make in table()]


def of_form(form: str) -> list[tuple[int, str, Callable[[], bytes]]]:
    """The lies of a form, each with its number among all."""
    return [(number, name, make) for number, (one, name, make) in enumerate(LIES) if one == form]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A folder of all lies that are read from files, named FORM.NUMBER."""
    folder = tmp_path_factory.mktemp("lies")
    for number, (form, _, make) in enumerate(LIES):
        if form in READERS:
            (folder / f"{form}.{number}").write_bytes(make())
    return folder


@pytest.fixture(scope="module")
def truth(tmp_path_factory) -> Path:
    """A folder with a true file of each form."""
    root = tmp_path_factory.mktemp("truth")
    write_truth(root)
    return root


@pytest.mark.parametrize("form", READERS)
def test_the_files_that_lies_are_made_of_are_read(form, truth):
    name, read = READERS[form]
    read(truth / name)


def refused_cheaply(read: Callable[[], object]) -> DigitlabError:
    """The refusal, which took little work and memory."""
    with cheaply(), pytest.raises(DigitlabError) as caught:
        read()
    return caught.value


@contextmanager
def about(lie: str) -> Iterator[None]:
    """Whatever fails within it names the lie: a test for each would take longer than what is tested."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"the lie: {lie}")
        raise


@pytest.mark.parametrize("form", READERS)
def test_lies_are_refused_at_once_and_in_little_memory(form, truth, written):
    place, read = READERS[form]
    path = truth / place
    right = path.read_bytes()
    for number, name, _ in of_form(form):
        shutil.copyfile(written / f"{form}.{number}", path)
        with about(name):
            error = refused_cheaply(lambda: read(path))
            assert form == "any picture" or str(path.parent) in error.what  # that is read from memory
            assert len(error.what) > 20
            assert len(str(error)) < 2000
    path.write_bytes(right)


@pytest.mark.parametrize("form", DECODERS)
def test_lies_in_memory_are_refused_at_once_and_in_little_more(form):
    for _, name, make in of_form(form):
        content = make()
        with about(name):
            error = refused_cheaply(lambda content=content: DECODERS[form](content))
            assert len(error.what) > 20
            assert len(str(error)) < 2000


@pytest.mark.soak  # nothing else may be at work
def test_each_lie_is_refused_within_50_ms(truth):
    def seconds(read: Callable[[], object]) -> float:
        began = time.process_time()
        with pytest.raises(DigitlabError):
            read()
        return time.process_time() - began

    for form, name, make in LIES:
        if form in DECODERS:
            took = min(map(seconds, 3 * [partial(DECODERS[form], make())]))
        else:
            place, read = READERS[form]
            right = (truth / place).read_bytes()
            (truth / place).write_bytes(make())
            took = min(map(seconds, 3 * [partial(read, truth / place)]))
            (truth / place).write_bytes(right)
        assert took < 0.05, f"{form}: {name}"


def test_there_are_many_lies_of_every_form():
    assert len({(form, name) for form, name, _ in LIES}) == len(LIES) >= 500
    assert {form for form, _, _ in LIES} == READERS.keys() | DECODERS.keys()


@pytest.fixture(scope="module")
def run(tmp_path_factory, mnist) -> Path:
    """A true run, which has ended."""
    recipe = dl.recipe("seed", layers=(784, 2, 10), epochs=1)
    folder = tmp_path_factory.mktemp("runs") / "run"
    dl.fit(recipe.new_network(), mnist[1][:20], recipe, out=folder, threads=1)
    return folder


def read_all(folder: Path) -> None:
    found = Run(folder)
    assert found.recipe.epochs
    assert found.history()
    assert found.network()
    for record in [*found.manifest.checkpoints, None]:
        assert found.newest_state() if record is None else found.state_of(record)


@pytest.mark.parametrize(("name", "lie"), lies_of_runs.LIES, ids=[name for name, _ in lies_of_runs.LIES])
def test_a_run_folder_that_lies_is_refused_at_once_and_in_little_memory(name, lie, run, tmp_path):
    right = {path.name: path.read_bytes() for path in run.iterdir()}
    files = {name: content for name, content in right.items() if name not in {MANIFEST, LOCK}}
    manifest = lie(json.loads(right[MANIFEST]), files)
    folder = tmp_path / "run"
    folder.mkdir()
    for file, content in files.items():
        (folder / file).write_bytes(content)
        if content != right.get(file):
            manifest["files"][file] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / MANIFEST).write_bytes(manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode())
    assert str(folder) in refused_cheaply(lambda: read_all(folder)).what


def test_the_run_that_lies_are_made_of_is_read(run):
    read_all(run)


def megabytes(lies: Path) -> float:
    """Of addresses, of which the dearest of the lies, named FORM.NUMBER, takes so many from another process.

    Decoders in other languages are in it too: addresses count whether they were used or not.
    """
    command = [sys.executable, "-m", "tests.hostile.readers", str(lies)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, cwd=ROOT)
    return float(done.stdout)


linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="sizes are read from Linux's /proc")


@linux
def test_no_lie_costs_a_process_many_addresses(written):
    most = megabytes(written)
    assert 0 < most < 1.6 * MOST_BYTES / 1e6  # a system hands out addresses in larger steps than they are asked for


@linux
def test_a_large_picture_that_may_be_true_costs_less_than_a_gigabyte(tmp_path):
    """Reading takes 50 million pixels. Whether they are there is found out by decoding them."""
    for number, (_, make) in enumerate(saying(WITHIN)):
        (tmp_path / f"any picture.{number}").write_bytes(make())
    assert 100 < megabytes(tmp_path) < 1000


@pytest.mark.parametrize("form", lies_of_pictures.LIES)
def test_reading_refuses_pictures_that_lie_in_its_own_words_or_reads_them(form):
    for name, make in lies_of_pictures.LIES[form]():
        try:
            prepared = prepare(make())
        except PictureError:
            continue
        assert (form, prepared.pixels.shape) == ("picture", (28, 28)), name

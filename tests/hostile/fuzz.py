"""Fuzzing guided by coverage: inputs that reach something new in a loader are kept, and changed further.

    python -m tests.hostile.fuzz idx --runs 1000000
    python -m tests.hostile.fuzz idx --again INPUT    what was found, once more, with its traceback

Each input becomes a file (see `fuzzed`), which the real loader reads. It must be read as it is, or refused with an
error of our own, within a second of this process's time and in little memory. Anything else ends the fuzzing: the
input is kept, and the exit code is 1. `make soak` does this for every form of file.

Atheris is libFuzzer for Python: it follows the bytecode of digitlab, of `tomllib` and of Pillow.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.hostile.fuzzed import Format

ROOT = Path(__file__).parents[2]
FORMS = (
    "idx",
    "npz",
    "csv",
    "arff",
    "usps",
    "mat",
    "parquet",
    "picture",
    "photo",
    "model",
    "checkpoint",
    "recipe",
    "keras",
)
SECONDS = 1.0  # of this process's own time, for one input; others on the machine do not count
FROZEN = 1200  # seconds by the clock, after which an input is believed to have no end: others may stop this process
MEMORY = 2**28  # bytes of addresses that may come on top of what the process has when it begins
IN_MEMORY = Path("/dev/shm")
INSTRUMENTED = ["digitlab", "tomllib", "PIL"]
ABSENT = "the fuzzer cannot run: there is no atheris here (`pip install --group soak`; Linux on x86-64 alone)"


def find_form(name: str) -> Format:
    """The form of that name."""
    from tests.hostile import fuzzed_data, fuzzed_models, fuzzed_tables

    found = vars(fuzzed_data) | vars(fuzzed_models) | vars(fuzzed_tables)
    if name == "parquet":  # needs PyArrow
        from tests.hostile import parquets

        found |= vars(parquets)
    if name == "keras":  # needs h5py
        from tests.hostile import keras_files

        found |= vars(keras_files)
    form: Format = found[name.upper()]
    return form


def new_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory, where the system has such."""
    return tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None, prefix="fuzz-")


def trial_of(form: Format, folder: Path) -> Callable[[bytes], None]:
    """What is done with each input. Whatever is wrong with it is raised."""
    from digitlab.errors import DigitlabError
    from tests.hostile.readers import write_truth

    write_truth(folder)
    path = folder / form.file

    def trial(data: bytes) -> None:
        content = form.make(data)
        path.write_bytes(content)
        began = time.thread_time()
        try:
            read = form.read(path)
        except DigitlabError:
            read = None
        if (took := time.thread_time() - began) > SECONDS:
            raise TimeoutError(f"it took {took:.1f} s")
        if read is not None and not form.is_true(content, read):
            raise ValueError("what was read is not what the file says")

    return trial


def fuzz(name: str, options: list[str]) -> None:
    """The child: libFuzzer, which ends the process itself. Its ``options`` are libFuzzer's."""
    import atheris

    form, folder = find_form(name), new_folder()
    trial = trial_of(form, Path(folder.name))
    for data in seeds(form):
        trial(data)  # and what is imported on the way
    plain = {found for found in form.plain if isinstance(found, FunctionType)}
    for function in [found for found in gc.get_objects() if isinstance(found, FunctionType)]:
        # Not by `atheris.instrument_imports`: where another finder brings a package in, it does nothing, silently.
        if str(function.__module__).split(".")[0] in INSTRUMENTED and function not in plain:
            atheris.instrument_func(function)
    atheris.Setup([name, *options], trial)
    used = int(re.findall(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())[0]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    atheris.Fuzz()


def run(name: str, runs: int, seed: int) -> bool:
    """The parent: make a corpus, let the child work on it, and say what came of it. Whether nothing was found."""
    form = find_form(name)
    began = time.monotonic()
    with new_folder() as place:
        corpus, words = Path(place, "corpus"), Path(place, "words")
        corpus.mkdir()
        for number, data in enumerate(seeds(form)):
            (corpus / f"seed{number}").write_bytes(data)
        words.write_text("".join(f'"{word}"\n' for word in form.words))
        found = Path(tempfile.mkdtemp(prefix=f"found-{name}-"))
        options = [f"-runs={runs}", f"-seed={seed}", f"-max_len={form.longest}", f"-timeout={FROZEN}"]
        options += [f"-dict={words}", f"-artifact_prefix={found}/", "-rss_limit_mb=0"]
        command = [sys.executable, "-m", "tests.hostile.fuzz", name, "--child", *options, str(corpus)]
        child = subprocess.run(command, stderr=subprocess.PIPE, check=False, cwd=ROOT)
        told = child.stderr.decode(errors="replace")
        done, guided = re.search(r"Done (\d+) runs", told), re.search(r"DONE +cov: \d+", told)
        if child.returncode or not (done and guided):
            told = "\n".join(line for line in told.splitlines() if not line.startswith(("INFO", "#")))
            what = "FOUND SOMETHING" if child.returncode else "NOT GUIDED by any coverage, so this is no check"
            say(f"{told[-4000:]}\n{name}: {what}. Inputs are in {found}; read one again with --again")
            return False
        found.rmdir()
        kept = [path.read_bytes() for path in sorted(corpus.iterdir())]
    say(f"{name}: {int(done[1]):,} inputs in {(time.monotonic() - began) / 60:.1f} minutes, nothing found")
    say(f"  the {len(kept)} inputs that were kept reach {coverage(form, kept)}")
    return True


def say(words: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def seeds(form: Format) -> Iterator[bytes]:
    """Valid inputs, to begin with."""
    return (bytes([way]) + data for way, data in form.seeds)


def coverage(form: Format, inputs: list[bytes]) -> str:
    """How many lines of the functions that are entered the inputs reach, and which they do not; without libFuzzer."""
    import digitlab

    modules = [str(Path(digitlab.__file__).parent / module) for module in form.modules]
    met: dict[str, set[int]] = {module: set() for module in modules}

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in met:
            return None
        met[frame.f_code.co_filename].add(frame.f_lineno)
        return follow

    with new_folder() as folder:
        trial = trial_of(form, Path(folder))
        sys.settrace(follow)
        for data in inputs:
            trial(data)
        sys.settrace(None)
    reached, missed = 0, []
    for module in modules:
        for lines in functions_of(Path(module)):
            if lines & met[module]:
                reached += len(lines & met[module])
                missed += [f"{Path(module).name}:{line}" for line in sorted(lines - met[module])]
    return f"{reached} of {reached + len(missed)} lines" + (f", without {', '.join(missed)}" if missed else "")


def functions_of(module: Path) -> Iterator[set[int]]:
    """The lines of each function, without its first."""
    waiting: list[CodeType] = [compile(module.read_bytes(), str(module), "exec")]
    while waiting:
        code = waiting.pop()
        waiting += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
        if code.co_flags & inspect.CO_OPTIMIZED:  # not a module or a class
            yield {line for _, _, line in code.co_lines() if line and line != code.co_firstlineno}


def main() -> int:
    """Fuzz the forms that are named, one after the other; all of them where none is."""
    if sys.argv[2:3] == ["--child"]:
        fuzz(sys.argv[1], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("forms", nargs="*", metavar="FORM", help=", ".join(FORMS))
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs for each form")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    parser.add_argument("--again", type=Path, help="read this input of the one form once more")
    asked = parser.parse_args()
    if not set(asked.forms) <= set(FORMS):
        parser.error(f"the forms are {', '.join(FORMS)}")
    if asked.again:
        with new_folder() as folder:
            trial_of(find_form(asked.forms[0]), Path(folder))(asked.again.read_bytes())
        return 0
    try:
        import atheris  # noqa: F401
    except ImportError:
        sys.exit(ABSENT)
    outcomes = [run(name, asked.runs, asked.seed) for name in asked.forms or FORMS]  # all, whatever is found
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

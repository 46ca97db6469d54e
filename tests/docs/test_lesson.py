"""The lessons: both files are one text, it runs from beginning to end, and its first cell says what is missing."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import matplotlib as mpl
import nbformat
import pytest
from nbclient import NotebookClient

LESSON = Path(__file__).parents[2] / "docs" / "lesson"
FIGURES = {"classic": 7, "ladder": 3, "learned": 9, "better": 5, "wrong": 7}  # how many each lesson shows
every_lesson = pytest.mark.parametrize("name", FIGURES)
AGAIN = "run: .venv/bin/jupytext --to ipynb --update docs/lesson/*.py"

DRAWS = ("figure", "draw_", "dl.draw_", "dl.display_prediction(")  # how the last line of such cells begins


def read(path: Path):
    return nbformat.reads(path.read_text("utf-8"), as_version=4)


def stored(name: str):
    return read(LESSON / f"{name}.ipynb")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell) -> str:
    """What a cell wrote, as plain text."""
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def images(cell) -> list[str]:
    return [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]


@pytest.fixture(scope="module")
def execute(tmp_path_factory: pytest.TempPathFactory):
    """Gives a notebook by its name after two epochs. Each is run once, in whatever order the tests come."""
    return functools.cache(lambda name: _executed(name, tmp_path_factory))


@pytest.fixture(params=FIGURES)
def executed(request, execute):
    return execute(request.param)


def _executed(name: str, tmp_path_factory: pytest.TempPathFactory):
    """A notebook after two epochs, run by this very interpreter, in a folder of its own, on one core."""
    folder = tmp_path_factory.mktemp("lesson")
    for table in LESSON.glob("*.json"):
        shutil.copy(table, folder)
    (folder / "kernels" / "this").mkdir(parents=True)
    kernel = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "the interpreter of the tests",
        "language": "python",
    }
    (folder / "kernels" / "this" / "kernel.json").write_text(json.dumps(kernel))
    own = {  # neither the settings of whoever runs the tests, nor a home that may not be written to
        "JUPYTER_PATH": str(folder),  # where kernels are looked for
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    environment = (
        os.environ
        | own
        | {
            "DIGITLAB_LESSON_EPOCHS": "2",
            "DIGITLAB_THREADS": "1",  # with more, NumPy's products wait for cores that other tests may be using
            "OPENBLAS_NUM_THREADS": "1",
            "MPLCONFIGDIR": mpl.get_cachedir(),  # with the fonts that it has found already
        }
    )
    notebook = stored(name)
    notebook.metadata.name = name
    notebook.cells.append(nbformat.v4.new_code_cell("print(sys.executable)"))
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in own.items():
            patch.setenv(variable, value)
        NotebookClient(notebook, kernel_name="this", timeout=120).execute(env=environment, cwd=str(folder))
    assert printed(notebook.cells.pop()).strip() == sys.executable
    return notebook


@every_lesson
def test_script_and_notebook_are_the_same_text(name):
    script, notebook = jupytext.read(LESSON / f"{name}.py"), stored(name)
    cells = [[(cell.cell_type, cell.source) for cell in half.cells] for half in (script, notebook)]
    assert cells[0] == cells[1], AGAIN
    assert script.metadata.jupytext.formats == notebook.metadata.jupytext.formats == "ipynb,py:percent"


@every_lesson
def test_the_notebook_is_stored_without_results(name):
    for cell in code_cells(stored(name)):
        assert cell.outputs == []
        assert cell.execution_count is None


def test_it_runs_from_beginning_to_end(executed):
    outputs = [output for cell in code_cells(executed) for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert [cell.execution_count for cell in code_cells(executed)] == list(range(1, len(code_cells(executed)) + 1))


def test_each_figure_is_shown_once(executed):
    for cell in code_cells(executed):
        expected = cell.source.splitlines()[-1].startswith(DRAWS)
        assert len(images(cell)) == expected, cell.source
    assert sum(len(images(cell)) for cell in code_cells(executed)) == FIGURES[executed.metadata.name]


@pytest.mark.parametrize(
    ("executed", "line"),
    [
        ("classic", "images: (60000, 28, 28) uint8"),
        ("classic", "8: 5,851 of 60,000, 9.75%"),
        ("classic", "Network(784-64-10, sigmoid, 50,890 parameters)"),
        ("classic", "agrees with the library: True"),
        ("classic", "[    0     0     0     0     0     0     0     0 60000     0]"),
        ("classic", "accuracy 0.0975, loss 2.455, ln 10 = 2.303"),
        ("classic", "[2.079 1.386 0.47 ]"),
        ("classic", "epoch 2/2   loss 2.4005"),
        ("classic", "their weights are what they were: True"),
        ("ladder", "ladder-4-momentum    {'optimizer': 'momentum', 'learning_rate': 0.03}"),
        ("ladder", "ladder-9-average     {'averaging': 0.9}"),
        ("ladder", "ladder-2-he: spread 0.0506, the rule says 0.0505"),
        ("ladder", "ladder-6-wider: 636,010 parameters"),
        ("ladder", " of its own; "),
        ("ladder", " s for each seed"),
        ("learned", "they agree: True"),
        ("learned", "this one is still read as 7 - before it was a 7"),
        ("learned", "loss 1.9785, after the step 0.1005"),
        ("learned", "by backpropagation -0.364943011\nby trying it out   -0.364943011"),
        ("better", "8 against 2: p = 0.11\n80 against 20: p = 1.1e-09"),
        ("better", "agrees with the library: True"),
        ("better", "on other digits it is "),
        ("wrong", "48 of 10,000 are read wrongly, 99.52% rightly"),
        ("wrong", "test digit 2597: label 5, read as 3; 4 of 5 people see a 3"),
        ("wrong", "the 7 leads by +1.14 here; over all nines, the 9 leads: -14.04"),
        ("wrong", "this mistake: a change of length 0.61 makes it right, 18% of a pixel at most"),
    ],
    indirect=["executed"],
)
def test_the_cells_print_what_the_text_says(executed, line):
    assert line in "\n".join(map(printed, code_cells(executed)))


@every_lesson
class TestInstallCell:
    """The first code cell, where digitlab cannot be imported: ``-S`` leaves nothing but the standard library."""

    def run(self, name: str, folder: Path, prelude: str = "") -> subprocess.CompletedProcess[str]:
        source = code_cells(stored(name))[0].source
        command = [sys.executable, "-I", "-S", "-c", f"{prelude}\n{source}"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)

    def test_without_a_wheel_it_says_what_to_do(self, name, tmp_path):
        done = self.run(name, tmp_path)
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert last.startswith("RuntimeError: digitlab is not installed here.")
        for help in ("`make wheel`", "dist/digitlab-", str(tmp_path.resolve()), "run this cell again"):
            assert help in last

    def test_with_wheels_it_installs_the_newest(self, name, tmp_path):
        for age, built in enumerate(["digitlab-0.10.0-py3-none-any.whl", "digitlab-0.9.0-py3-none-any.whl"]):
            (tmp_path / built).touch()
            os.utime(tmp_path / built, (1e9 - age, 1e9 - age))
        instead = "import json, subprocess\nsubprocess.run = lambda command, check: print(json.dumps(command))"
        done = self.run(name, tmp_path, instead)
        assert done.stderr == ""
        python, *pip, wheel = json.loads(done.stdout)
        assert Path(python).samefile(sys.executable)
        assert pip == ["-m", "pip", "install", "--quiet"]
        assert wheel == str(tmp_path.resolve() / "digitlab-0.10.0-py3-none-any.whl")

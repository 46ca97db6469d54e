"""Calls: what is wrong with one, its exit code, and the streams that it answers on."""

from __future__ import annotations

import importlib
import keyword
import os
import subprocess
import sys
from pathlib import Path

import pytest

import digitlab as dl
import digitlab.cli
from digitlab.cli.commands import COMMANDS, add, app

SHARED = {"__init__", "commands", "options", "output"}  # what is in cli/ and no command


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["train", "nothing"],
        ["train", "missing.toml"],
        ["train", "--epochs", "0"],
        ["train", "--epochs", "many"],
        ["train", "--epochs", "1.5"],
        ["train", "--seed", "9" * 5000],
        ["show", "1.5"],
        ["train", "--learning-rate", "nan"],
        ["train", "--activation", "swish"],
        ["train", "--layers", "784,x,10"],
        ["train", "--layers", "783,10"],
        ["train", "--threads", "0"],
        ["train", "--threads", "257"],
        ["train", "--engine", "abacus"],
        ["train", "--report-every", "0"],
        ["train", "--data", "nowhere"],
        ["train", "--plot", "curves.xyz"],
        ["train", "--plot", "nowhere/curves.png"],
        ["train", "--from", "nowhere@3"],
        ["train", "--from", "runs"],
        ["train", "--resume"],
        ["train", "--checkpoint-every", "-1"],
        ["train", "--snapshot-every", "-1"],
        ["train", "--out", "."],
        ["train", "seed", "more"],
        ["train", "--bogus"],
        ["evaluate", "--model", "latest"],
        ["evaluate", "--model", "nowhere"],
        ["evaluate", "extra"],
        ["show", "--model", "nowhere"],
        ["show", "--model", "latest"],
        ["show", "one"],
        ["predict"],
        ["predict", "something"],
        ["predict", "mnist", "--model", "nowhere"],
        ["predict", "mnist", "--model", "latest"],
        ["lab", "--model", "latest"],
        ["predict", "mnist", "--out", "nowhere/answers.csv"],
        ["read"],
        ["read", "--bogus"],
        ["read", "something", "-x"],
        ["read", "something", "--expect", "0"],
        ["read", "something", "--turn", "45"],
        ["read", "something", "--json", "--csv"],
        ["read", "something", "--model", "nowhere"],
        ["read", "--truth", "nowhere.csv"],
        ["recipes", "nothing"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_a_wrong_call_is_exit_code_2_and_leaves_nothing(folder, run, arguments):
    Path("something").touch()
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("digitlab: ")
    assert "Traceback" not in err
    assert [path.name for path in folder.iterdir()] == ["something"]


def test_every_command_has_help_with_an_explanation(run):
    for command in COMMANDS:
        code, out, _ = run(command, "--help")
        assert code == 0
        assert f"digitlab {command}" in out
    assert {name for name in app if not name.startswith("-")} == set(COMMANDS)


def test_every_command_is_a_file_with_a_function_of_its_name_and_an_entry():
    """As ARCHITECTURE.md tells those who add one."""
    files = {path.stem for path in Path(digitlab.cli.__file__).parent.glob("*.py")}
    spelled = [f"{name}_" if keyword.iskeyword(name) else name for name in COMMANDS]
    assert files - SHARED == set(spelled)
    for name in spelled:
        assert callable(getattr(importlib.import_module(f"digitlab.cli.{name}"), name))


def test_a_new_command_is_a_file_and_an_entry(tmp_path, monkeypatch, run):
    (tmp_path / "hello.py").write_text('''"""Say hello."""


def hello(name: str, /) -> int:
    """Say hello to somebody."""
    print("hello,", name)
    return 3
''')
    monkeypatch.setattr(digitlab.cli, "__path__", [*digitlab.cli.__path__, str(tmp_path)])
    add("hello")
    try:
        assert run("hello", "you") == (3, "hello, you\n", "")
        assert "Say hello to somebody." in run("--help")[1]
        assert run("hello")[0] == 2
    finally:
        del app["hello"]
        del sys.modules["digitlab.cli.hello"]


def test_version(run):
    assert run("--version")[1].strip() == dl.__version__


def test_a_reader_that_goes_away_is_no_traceback(tmp_path, model, start):
    process = start("recipes", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stream:
        assert "Traceback" not in stream.read()
    process.wait(timeout=30)


def test_a_complaint_shows_control_characters_instead_of_sending_them(run):
    code, _, err = run("evaluate", "--model", "\x1b[2Jgone")
    assert code == 2
    assert "\\x1b[2Jgone" in err
    assert "\x1b" not in err


def test_a_full_disk_behind_the_answer_is_a_complaint(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    command = [sys.executable, "-c", "import sys; from digitlab.cli import main; sys.exit(main(['recipes']))"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_closed_streams_are_no_traceback(tmp_path):
    shell = f"{sys.executable} -c 'import sys; from digitlab.cli import main; sys.exit(main([\"recipes\"]))' >&- 2>&-"
    assert subprocess.run(shell, shell=True, check=False).returncode in {0, 1}


@pytest.mark.parametrize("count", [10, 5000])
def test_a_huge_number_is_a_wrong_call_wherever_it_comes_from(folder, run, model, monkeypatch, count):
    """Python refuses to read and to write whole numbers of more than 4,300 digits."""
    assert run("train", "--from", f"{model}@{'9' * count}")[0] == 2
    monkeypatch.setenv("DIGITLAB_THREADS", "9" * count)
    code, _, err = run("train")
    assert code == 2
    assert "DIGITLAB_THREADS must be a whole number" in err


def test_a_complaint_that_cannot_be_written_keeps_its_exit_code(tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", "import sys; from digitlab.cli import main; sys.exit(main())", "train", "none"]
        assert subprocess.run(command, cwd=tmp_path, stderr=full, check=False).returncode == 2


@pytest.mark.parametrize("columns", ["1", *(pytest.param(one, marks=pytest.mark.soak) for one in "027")])
def test_in_the_narrowest_terminal_help_and_tables_come_to_an_end(columns):
    calls = [["--help"], ["train", "--help"], ["data", "--help"], ["recipes"], ["data", "show"], ["train", "--bogus"]]
    program = f"from digitlab.cli import main; print([main(call) for call in {calls}])"
    environment = {**os.environ, "COLUMNS": columns}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.endswith("[0, 0, 0, 0, 0, 2]\n")


@pytest.mark.parametrize("when", ["cyclopts", "digitlab.cli.options", "numpy"])
def test_ctrl_c_while_everything_is_still_imported_is_no_traceback(when):
    program = f"""
import builtins, os, signal, sys
from digitlab.cli import main
really_import = builtins.__import__
def pressed(name, *others, **named):
    if name == {when!r}:
        os.kill(os.getpid(), signal.SIGINT)
    return really_import(name, *others, **named)
builtins.__import__ = pressed
sys.exit(main(["recipes"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "digitlab: interrupted\n")

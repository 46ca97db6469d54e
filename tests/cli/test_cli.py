"""The command line: what each command prints, its JSON, and its exit codes."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.cli import app, main
from digitlab.training import SETTINGS
from digitlab.training.run import Run

COMMANDS = ["train", "evaluate", "show", "recipes", "data", "doctor"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory, mnist):
    """The folder of a run that has learnt a little."""
    path = tmp_path_factory.mktemp("model") / "run"
    recipe = dl.recipe("minibatch", epochs=1)
    dl.fit(recipe.new_network(), mnist[0][:5000], recipe, out=path)
    return str(path)


def _run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_experiment_from_the_command_line(folder, capsys):
    code, out, err = _run(capsys, "train", "--epochs", "4", "--report-every", "2")
    assert (code, err) == (0, "")
    assert re.findall(r"epoch (\d)/4 +loss \d\.\d{4} +accuracy \d\.\d{4}", out) == ["1", "2", "4"]
    (run,) = Path("runs").iterdir()
    assert f"kept in {run}" in out
    assert run.name.endswith("-seed")
    code, out, _ = _run(capsys, "evaluate")  # the latest run
    assert code == 0
    assert "MNIST test: 10,000 digits" in out
    code, out, _ = _run(capsys, "show")
    assert code == 0
    assert "true label" in out


def test_train_answers_in_json(folder, capsys):
    plot = folder / "curves.svg"
    code, out, _ = _run(capsys, "train", "--epochs", "2", "--json", "--out", "here/run", "--plot", str(plot))
    answer = json.loads(out)
    assert code == 0
    assert (answer["run"], answer["state"], answer["epochs"], answer["steps"]) == ("here/run", "finished", 2, 2)
    assert answer["loss"] == pytest.approx(2.4005, abs=1e-3)
    assert answer["recipe"]["learning_rate"] == 0.1
    assert "</svg>" in plot.read_text()
    assert Run(Path("here/run")).manifest.outcome.loss == answer["loss"]


def test_quiet_is_quiet(folder, capsys):
    assert _run(capsys, "train", "--epochs", "1", "--quiet") == (0, "", "")


def test_only_given_flags_override_the_named_recipe(folder, capsys):
    """Defaults of flags must not sneak in: minibatch differs from every default in three settings."""
    code, _, _ = _run(
        capsys, "train", "minibatch", "--epochs", "1", "--learning-rate", "0.05", "--out", "run", "--quiet"
    )
    assert code == 0
    kept = dl.recipe("run/recipe.toml")
    assert kept == dl.recipe("minibatch", epochs=1, learning_rate=0.05)
    assert (kept.optimizer, kept.batch_size) == ("momentum", 32)


def test_every_setting_has_a_flag_with_its_help_and_bounds(capsys):
    code, out, _ = _run(capsys, "train", "--help")
    assert code == 0
    words = " ".join(re.sub(r"[│╭╮╰╯─]", " ", out).split())
    for setting in SETTINGS.values():
        assert setting.flag in words
        assert setting.help[1:] in words
        if setting.kind == "choice":
            assert f"[choices: {', '.join(setting.choices)}]" in words
        else:
            assert setting.must_be in words
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("sizes", ["784,16,10", "784-16-10"])
def test_layers_are_numbers_with_commas(folder, capsys, sizes):
    assert _run(capsys, "train", "--layers", sizes, "--epochs", "1", "--out", "run", "--quiet")[0] == 0
    assert dl.recipe("run/recipe.toml").layers == (784, 16, 10)


def test_a_recipe_file_is_a_recipe(folder, capsys):
    Path("mine.toml").write_text('layers = [784, 10]\nepochs = 1\nactivation = "relu"\n')
    assert _run(capsys, "train", "mine.toml", "--quiet", "--out", "run")[0] == 0
    assert dl.recipe("run/recipe.toml") == dl.recipe("mine.toml")


def test_evaluate_answers_in_json(capsys, model, mnist):
    code, out, _ = _run(capsys, "evaluate", "--model", model, "--json")
    answer = json.loads(out)
    report = dl.evaluate(dl.load(model), mnist[1])
    assert code == 0
    assert answer == json.loads(json.dumps(report.to_dict())) | {"model": model}
    assert answer["count"] == 10_000


def test_show_answers_in_json(capsys, model, mnist):
    code, out, _ = _run(capsys, "show", "42", "--model", model, "--json")
    answer = json.loads(out)
    probabilities = dl.load(model).probabilities(mnist[1].images[42])
    assert code == 0
    assert set(answer) == {"index", "digit", "probability", "probabilities", "label", "model"}
    assert (answer["index"], answer["label"]) == (42, int(mnist[1].labels[42]))
    np.testing.assert_allclose(answer["probabilities"], probabilities, atol=1e-6)
    assert answer["probability"] == max(answer["probabilities"]) == answer["probabilities"][answer["digit"]]


def test_show_chooses_a_random_digit(capsys, model):
    chosen = {json.loads(_run(capsys, "show", "--model", model, "--json")[1])["index"] for _ in range(4)}
    assert len(chosen) > 1
    assert all(0 <= index <= 9999 for index in chosen)


def test_show_saves_the_figure(capsys, model, folder):
    assert _run(capsys, "show", "0", "--model", model, "--save", "digit.png")[0] == 0
    assert Path("digit.png").read_bytes().startswith(b"\x89PNG")


def test_recipes_are_listed_and_explained(capsys):
    code, out, _ = _run(capsys, "recipes")
    assert code == 0
    for word in [*dl.named_recipes(), *SETTINGS]:
        assert word in out
    answer = json.loads(_run(capsys, "recipes", "--json")[1])
    assert answer["recipes"]["seed"]["epochs"] == 1000
    assert [setting["name"] for setting in answer["settings"]] == list(SETTINGS)
    assert tomllib.loads(_run(capsys, "recipes", "minibatch")[1])["batch_size"] == 32
    assert json.loads(_run(capsys, "recipes", "minibatch", "--json")[1])["batch_size"] == 32


def test_doctor_finds_everything_in_order(capsys, monkeypatch):
    monkeypatch.delenv("DIGITLAB_THREADS", raising=False)
    code, out, _ = _run(capsys, "doctor")
    assert code == 0
    assert "everything is in order" in out
    answer = json.loads(_run(capsys, "doctor", "--json")[1])
    assert answer["problems"] == []
    assert answer["libraries"]["numpy"] == np.__version__


@pytest.mark.parametrize(
    ("threads", "complaint"), [("0", "DIGITLAB_THREADS is out of bounds"), ("256", "more threads")]
)
def test_doctor_finds_what_is_wrong(capsys, monkeypatch, threads, complaint):
    monkeypatch.setenv("DIGITLAB_THREADS", threads)
    code, out, _ = _run(capsys, "doctor")
    assert code == 1
    assert complaint in out
    assert "in order" not in out


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
        ["evaluate"],
        ["evaluate", "--model", "nowhere"],
        ["evaluate", "extra"],
        ["show", "--model", "nowhere"],
        ["show", "one"],
        ["recipes", "nothing"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_a_wrong_call_is_exit_code_2_and_leaves_nothing(folder, capsys, arguments):
    Path("something").touch()
    code, out, err = _run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("digitlab: ")
    assert "help: " in err
    assert [path.name for path in folder.iterdir()] == ["something"]


@pytest.mark.parametrize("index", ["-1", "10000", "99999999999999999999"])
def test_an_index_beyond_the_test_set_is_refused(capsys, model, index):
    code, _, err = _run(capsys, "show", index, "--model", model)
    assert code == 2
    assert "an index from 0 to 9999" in err


def test_a_damaged_model_is_exit_code_1(folder, capsys):
    Path("model.safetensors").write_bytes(b"\x80\x04pickle")
    code, _, err = _run(capsys, "evaluate", "--model", "model.safetensors")
    assert code == 1
    assert "pickle" in err


def test_every_command_has_help_with_an_explanation(capsys):
    for command in COMMANDS:
        code, out, _ = _run(capsys, command, "--help")
        assert code == 0
        assert f"digitlab {command}" in out
    assert {name for name in app if not name.startswith("-")} == set(COMMANDS)


def test_version(capsys):
    assert _run(capsys, "--version")[1].strip() == dl.__version__


def _start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "import sys; from digitlab.cli import main; sys.exit(main())", *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("recipe", ["seed", "minibatch"])
def test_ctrl_c_ends_cleanly_with_what_was_learnt(tmp_path, recipe):
    process = _start("train", recipe, "--epochs", "100000", "--report-every", "1", "--out", "run", cwd=tmp_path)
    assert process.stdout is not None
    while not process.stdout.readline().startswith("epoch"):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "what was learnt is kept" in out
    manifest = Run(tmp_path / "run").manifest
    assert manifest.outcome.state == "interrupted"
    assert np.isfinite(dl.load(tmp_path / "run").parameters).all()


def test_a_reader_that_goes_away_is_no_traceback(tmp_path, model):
    process = _start("recipes", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stream:
        assert "Traceback" not in stream.read()
    process.wait(timeout=30)


def test_a_complaint_shows_control_characters_instead_of_sending_them(capsys):
    code, _, err = _run(capsys, "evaluate", "--model", "\x1b[2Jgone")
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


def test_doctor_checks_a_run(capsys, model, tmp_path):
    code, out, _ = _run(capsys, "doctor", "--run", model)
    assert code == 0
    assert "finished, 1 epochs" in out
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    code, out, _ = _run(capsys, "doctor", "--run", str(copy), "--json")
    assert code == 1
    assert "model.safetensors is not what the run wrote" in json.loads(out)["problems"][0]
    assert _run(capsys, "doctor", "--run", "nowhere")[0] == 2


@pytest.mark.parametrize("count", [10, 5000])
def test_a_huge_number_is_a_wrong_call_wherever_it_comes_from(folder, capsys, model, monkeypatch, count):
    """Python refuses to read and to write whole numbers of more than 4,300 digits."""
    assert _run(capsys, "train", "--from", f"{model}@{'9' * count}")[0] == 2
    monkeypatch.setenv("DIGITLAB_THREADS", "9" * count)
    code, _, err = _run(capsys, "train")
    assert code == 2
    assert "DIGITLAB_THREADS is out of bounds" in err


def test_a_complaint_that_cannot_be_written_keeps_its_exit_code(tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", "import sys; from digitlab.cli import main; sys.exit(main())", "train", "none"]
        assert subprocess.run(command, cwd=tmp_path, stderr=full, check=False).returncode == 2


def test_names_of_files_do_not_command_the_terminal(folder, capsys):
    code, out, _ = _run(capsys, "train", "--epochs", "1", "--out", "\x1b[31mred")
    assert code == 0
    assert "\x1b" not in out
    assert "kept in \\x1b[31mred" in out

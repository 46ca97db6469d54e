"""``digitlab data``: what is listed, fetched, verified and shown, and the exit codes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import digitlab as dl
from digitlab.cli import main
from digitlab.data import catalogue
from digitlab.data.catalogue import CATALOGUE
from digitlab.display.samples import average_pictures, class_counts, draw_samples, print_samples
from tests.hostile.forge import encode_idx


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """No test sees what this user has fetched; nobody can be asked for more."""
    monkeypatch.setenv("DIGITLAB_DATA", str(tmp_path / "kept"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("fashion-mnist", "kmnist"):
        monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], mirrors=("http://127.0.0.1:9/",)))
    return tmp_path / "kept"


@pytest.fixture
def fashion(kept, monkeypatch, mnist):
    """A small Fashion-MNIST, put there by hand."""
    folder = kept / "fashion-mnist"
    folder.mkdir(parents=True)
    train, test = mnist[0][:100], mnist[1][:50]
    sha256 = {}
    for stem, array in zip(catalogue.STEMS, (train.images, train.labels, test.images, test.labels), strict=True):
        content = gzip.compress(encode_idx(array), mtime=0)
        (folder / f"{stem}.gz").write_bytes(content)
        sha256[f"{stem}.gz"] = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(CATALOGUE, "fashion-mnist", replace(CATALOGUE["fashion-mnist"], sha256=sha256))
    return folder


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["data", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_list_says_what_is_here(capsys, kept, fashion):
    (kept / "kmnist").mkdir()
    (kept / "kmnist" / "train-images-idx3-ubyte.gz").write_bytes(b"")
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    states = {line.split()[0]: line.split("  ")[1:] for line in out.splitlines()[:3]}
    assert "ready" in " ".join(states["mnist"])
    assert "ready" in " ".join(states["fashion-mnist"])
    assert "3 files missing" in " ".join(states["kmnist"])
    assert str(kept) in out
    assert max(map(len, out.splitlines()[:3])) <= 80


def test_the_list_for_programs(capsys, kept):
    code, out, _ = run(capsys, "--json")
    answer = json.loads(out)
    assert (code, answer["folder"]) == (0, str(kept))
    assert [(entry["name"], len(entry["missing"])) for entry in answer["data"]] == [
        ("mnist", 0),
        ("fashion-mnist", 4),
        ("kmnist", 4),
    ]
    assert answer["data"][1]["classes"][9] == "Ankle boot"


def test_a_right_data_set_is_verified(capsys, fashion):
    assert run(capsys, "verify", "mnist")[0] == 0
    code, out, _ = run(capsys, "verify", "fashion-mnist", "--json")
    assert (code, json.loads(out)["published"]) == (0, True)
    code, out, _ = run(capsys, "verify", str(fashion))
    assert code == 0
    assert "100 + 50 pictures in 10 classes, complete; read as a folder with train-images-idx3-ubyte" in out
    assert json.loads(run(capsys, "verify", str(fashion), "--json")[1])["form"].startswith("a folder with train-images")


@pytest.mark.parametrize("stem", catalogue.STEMS)
def test_a_damaged_data_set_is_exit_code_1(capsys, fashion, stem):
    path = fashion / f"{stem}.gz"
    content = bytearray(path.read_bytes())
    content[4] ^= 1  # the date in gzip's header: nothing that unzipping would notice
    path.write_bytes(content)
    code, out, err = run(capsys, "verify", "fashion-mnist")
    assert (code, out) == (1, "")
    assert f"{stem}.gz: this is not the published file" in err
    path.unlink()
    assert run(capsys, "verify", "fashion-mnist")[0] == 1


@pytest.mark.parametrize("name", ["kmnist", "no-such-set", "no/such/folder", "nothing.npz"])
def test_no_such_thing_is_exit_code_2(capsys, name):
    code, out, err = run(capsys, "verify", name)
    assert (code, out) == (2, "")
    assert name in err


def test_fetching_what_is_here_asks_nobody(capsys, fashion):
    code, out, _ = run(capsys, "fetch", "fashion-mnist")
    assert code == 0
    assert out.count("is there already") == 4
    assert "100 + 50 pictures, checksums right" in out
    assert "comes with digitlab" in run(capsys, "fetch", "mnist")[1]
    assert json.loads(run(capsys, "fetch", "fashion-mnist", "--json")[1])["training"] == 100


def test_fetching_fails_with_reasons(capsys):
    code, out, err = run(capsys, "fetch", "kmnist")
    assert code == 1
    assert "train-images-idx3-ubyte.gz from 127.0.0.1:9" in out
    assert "cannot be reached" in err
    assert "put them into" in err
    assert run(capsys, "fetch", "nonsense")[0] == 2


def test_show_fits_into_80_columns_without_colours_in_a_pipe(capsys):
    code, out, err = run(capsys, "show")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert ["0", "5,923", "980", "9.9", "%"] in map(str.split, out.splitlines())
    assert out.count("█") > 100


def test_show_for_programs(capsys, mnist):
    code, out, _ = run(capsys, "show", "mnist", "--json")
    answer = json.loads(out)
    assert (code, answer["training"], answer["test"]) == (0, 60000, 10000)
    assert [row["training"] for row in answer["classes"]] == np.bincount(mnist[0].labels).tolist()
    assert sum(row["ink"] for row in answer["classes"]) / 10 == pytest.approx(0.13, abs=0.01)  # MNIST's mean is 0.1307


def test_show_draws_a_figure(capsys, tmp_path):
    code, _, _ = run(capsys, "show", "mnist", "--save", str(tmp_path / "mnist.png"))
    assert code == 0
    assert (tmp_path / "mnist.png").read_bytes().startswith(b"\x89PNG")
    assert run(capsys, "show", "mnist", "--save", str(tmp_path / "mnist.xyz"))[0] == 2


def printed(*, color_system: str | None = None, encoding: str = "utf-8", width: int = 80, **data: dl.Digits) -> str:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=buffer, width=width, color_system=color_system, force_terminal=color_system is not None)
    print_samples(data["train"], data["test"], console)
    buffer.flush()
    return buffer.buffer.getvalue().decode(encoding)


def test_colours_ascii_and_narrow_terminals(few):
    assert "\x1b[38;2" in printed(train=few, test=few, color_system="truecolor")
    assert "█" in printed(train=few, test=few)
    assert printed(train=few, test=few, encoding="ascii").isascii()
    assert max(map(len, printed(train=few, test=few, width=40).splitlines())) <= 40


def test_any_classes_are_shown():
    names = ("a [bold] name that is much longer than its picture", "empty", "$x_{$", *map(str, range(19)))
    digits = dl.Digits(np.full((2, 28, 28), 255, np.uint8), np.array([0, 21], np.uint8), "drawn", names)
    out = printed(train=digits, test=digits[:0])
    assert "a [bold] name" in out
    assert max(map(len, out.splitlines())) <= 80
    assert class_counts(digits).tolist() == [1, *[0] * 20, 1]
    figure = draw_samples(digits, digits[:0])
    figure.savefig(io.BytesIO())
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(names)


def test_averages_are_means_of_pixels(few):
    averages = average_pictures(few)
    assert averages.shape == (10, 28, 28)
    assert averages[3] == pytest.approx(few.images[few.labels == 3].astype(float).mean(axis=0) / 255)


def test_a_digit_is_drawn_under_the_distortions_of_a_recipe_and_of_flags(capsys, tmp_path):
    file = tmp_path / "distorted.png"
    code, _, err = run(capsys, "distort", "seed", "--save", str(file))
    assert code == 2
    assert "the recipe seed distorts nothing" in err
    flags = ("--rotation", "15", "--shear", "0.2", "--save", str(file))
    told = f"{file}: MNIST train 7 under rotation 15°, shear 0.2, all together\n"
    assert run(capsys, "distort", "seed", "7", *flags) == (0, told, "")
    assert file.stat().st_size > 5000
    drawn = []
    for seed in "011":
        assert run(capsys, "distort", "--seed", seed, *flags)[0] == 0
        drawn.append(file.read_bytes())
    assert drawn[0] != drawn[1] == drawn[2]
    code, out, _ = run(capsys, "distort", "ladder-8-elastic", "--elastic-alpha", "0", *flags)
    assert code == 0
    assert "elastic" not in out
    assert run(capsys, "distort", "--rotation", "200", "--save", str(file))[0] == 2
    assert run(capsys, "distort", "--epochs", "2", "--save", str(file))[0] == 2  # it has nothing to do with digits
    code, _, err = run(capsys, "distort", "seed", "60000", *flags)
    assert code == 2
    assert "an index from 0 to 59999" in err
    assert run(capsys, "distort", "seed", "--save", str(tmp_path / "no.format"))[0] == 2

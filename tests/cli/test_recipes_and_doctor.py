"""``digitlab recipes`` and ``digitlab doctor``: what there is, and whether it is in order."""

from __future__ import annotations

import json
import shutil
import tomllib

import numpy as np
import pytest

import digitlab as dl
from digitlab.engines import NativeEngine
from digitlab.network import shipped
from digitlab.training import SETTINGS
from digitlab.training.settings import by_group


def test_recipes_are_listed_and_explained(run):
    code, out, _ = run("recipes")
    assert code == 0
    for word in [*dl.named_recipes(), *SETTINGS]:
        assert word in out
    lines = out.splitlines()
    assert lines[-1].startswith("`digitlab recipes NAME > mine.toml` makes a copy to change")
    assert lines[:2] == ["Everyday", next(line for line in lines if line.startswith("seed "))]
    for group in by_group(SETTINGS.values()):
        assert group in lines  # a heading
        assert f"─ {group} ─" in run("train", "--help")[1]
    answer = json.loads(run("recipes", "--json")[1])
    assert answer["recipes"]["seed"]["epochs"] == 1000
    assert [setting["name"] for setting in answer["settings"]] == list(SETTINGS)
    assert tomllib.loads(run("recipes", "minibatch")[1])["batch_size"] == 32
    assert json.loads(run("recipes", "minibatch", "--json")[1])["batch_size"] == 32


@pytest.mark.skipif(bool(NativeEngine.why_not()), reason=f"not everything is in order: {NativeEngine.why_not()}")
def test_doctor_finds_everything_in_order(run, monkeypatch):
    monkeypatch.delenv("DIGITLAB_THREADS", raising=False)
    monkeypatch.delenv("DIGITLAB_SIMD", raising=False)
    code, out, _ = run("doctor")
    assert code == 0
    assert "everything is in order" in out
    answer = json.loads(run("doctor", "--json")[1])
    assert answer["problems"] == []
    assert answer["libraries"]["numpy"] == np.__version__


@pytest.mark.parametrize("name", shipped.SHIPPED)
def test_doctor_finds_a_damaged_model_in_the_box(run, monkeypatch, tmp_path, name):
    assert f"model      {name} (ships with digitlab), 784-" in run("doctor")[1]
    content = bytearray(shipped.shipped_file(name).read_bytes())
    content[-1] ^= 1
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    (tmp_path / f"{name}.safetensors").write_bytes(content)
    code, out, _ = run("doctor")
    assert code == 1
    assert f"{name}.safetensors: this model ships with digitlab, and was changed or damaged" in out


@pytest.mark.parametrize(
    ("threads", "complaint"), [("0", "DIGITLAB_THREADS must be a whole number"), ("256", "more threads")]
)
def test_doctor_finds_what_is_wrong(run, monkeypatch, threads, complaint):
    monkeypatch.setenv("DIGITLAB_THREADS", threads)
    code, out, _ = run("doctor")
    assert code == 1
    assert complaint in out
    assert "in order" not in out


def test_doctor_checks_a_run(run, model, tmp_path):
    code, out, _ = run("doctor", "--run", model)
    assert code == 0
    assert "finished, 1 epochs" in out
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    code, out, _ = run("doctor", "--run", str(copy), "--json")
    assert code == 1
    assert "model.safetensors is not what the run wrote" in json.loads(out)["problems"][0]
    assert run("doctor", "--run", "nowhere")[0] == 2

"""The benchmarks run everywhere: what is not here, or ends on the way, is a line that says so, and the rest goes on.

The peers here are small programs that answer at once, or end by a signal at a question of their choice.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[1] / "benchmarks"
PEER = """
import json, os, signal, sys
kind, variant, threads = sys.argv[1:]
end, _, moment = variant.partition(" at ")
rounds = 0
for line in sys.stdin:
    do = json.loads(line)["do"]
    rounds += do == "round"
    if moment in (do, f"{do} {rounds}"):
        os.kill(os.getpid(), signal.Signals[end])
    if moment == "missing":
        print(json.dumps({"missing": "it is not installed (No module named 'torch')"}), flush=True)
    else:
        print(json.dumps({"about": "quick", "error": 1e-9, "losses": [2.0] * 3, "seconds": 0.1,
                          "microseconds": {"torch": 45}.get(kind, 15)}), flush=True)
"""


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """The benchmark of engines, among peers of no substance."""
    monkeypatch.syspath_prepend(str(FOLDER))
    engines = importlib.import_module("engines")
    for program in ("peers.py", "recipe_peers.py"):
        (tmp_path / program).write_text(PEER)
    monkeypatch.setattr(sys.modules["asking"], "HERE", tmp_path)
    yield engines
    for name in ("asking", "rows", "alone", "engines", "recipes", "peers", "recipe_peers", "reading", "reading_peers"):
        sys.modules.pop(name, None)


def _measure(bench, names):
    bar = sys.modules["rows"].Bar(("dies in a round",), 1, 2)
    row = bench.Row("tiny", "epoch", bench.ROWS["full"].job, (), (bar,))
    return bench.measure(row, names, 3, 1)


def test_a_peer_whose_process_ends_is_a_line_and_the_rest_goes_on(bench, capsys):
    asking = sys.modules["asking"]
    others = {
        "dies at once": "SIGILL at prepare",
        "dies when verified": "SIGKILL at losses",
        "dies in a round": "SIGSEGV at round 3",
        "is not installed": "- at missing",
    }
    names = [asking.NUMPY, *(asking.Name(name, "digitlab", how) for name, how in others.items()), asking.CLASSIC]
    found = _measure(bench, names)
    out = capsys.readouterr().out
    assert "dies at once               is missing: its process was ended by SIGILL, an instruction that this" in out
    assert "dies when verified         is missing: its process was ended by SIGKILL; was there enough memory?" in out
    assert "dies in a round            is missing: its process was ended by SIGSEGV" in out
    assert "is not installed           is missing: it is not installed (No module named 'torch')" in out
    assert "our NumPy engine against dies in a round: not measured" in out
    assert found["missing"].keys() == others.keys()
    assert found["seconds"] == {asking.NUMPY.called: [0.1] * 3, asking.CLASSIC.called: [0.1] * 3}


def test_what_the_processor_lacks_is_a_line_and_is_not_tried(bench, monkeypatch, capsys):
    asking = sys.modules["asking"]
    monkeypatch.setattr(asking, "processor_flags", lambda: {"sse2", "avx2", "fma"})
    monkeypatch.setattr("digitlab.engines.native.available_paths", lambda: ["avx2", "portable"])
    monkeypatch.setattr("digitlab.engines.native._missing", "")
    names = [*sys.modules["rows"].all_paths(["avx2", "portable"]), asking.NUMPY, asking.EAGER_AVX512, asking.EAGER_AVX2]
    found = _measure(bench, names)
    out = capsys.readouterr().out
    assert "native avx512              is missing: this processor has no such path" in out
    assert "PyTorch held to AVX-512    is missing: this processor has no avx512bw" in out
    assert list(found["seconds"]) == ["native avx2", asking.NUMPY.called, asking.EAGER_AVX2.called]
    assert found["best"] == "native avx2"


def test_without_the_native_engine_the_others_are_compared(bench, monkeypatch, capsys):
    asking = sys.modules["asking"]
    monkeypatch.setattr("digitlab.engines.native._missing", "no compiler")
    found = _measure(bench, [*sys.modules["rows"].all_paths([]), asking.NUMPY, asking.CLASSIC])
    assert "is missing: it was not compiled when digitlab was installed (no compiler)" in capsys.readouterr().out
    assert found["best"] == asking.NUMPY.called


def test_a_program_of_its_own_that_fails_is_a_line(bench, monkeypatch, capsys):
    alone = sys.modules["alone"]
    monkeypatch.setattr(alone, "COLD", "import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert alone.measured("a cold process", lambda: alone.cold_start(1)) == {}
    assert "a cold process is missing: its process was ended by SIGILL" in capsys.readouterr().out


def test_one_picture_is_measured_against_pytorch_in_the_same_run(bench, monkeypatch, capsys):
    alone = sys.modules["alone"]
    monkeypatch.setattr("digitlab.engines.native._missing", "")
    monkeypatch.setattr(alone, "EAGER", sys.modules["asking"].Name("eager", "torch"))
    alone.show(alone.one_picture(2, 1))
    assert "eager / native              3         3         3   bar 3: met   stretch 4" in capsys.readouterr().out
    monkeypatch.setattr(alone, "EAGER", sys.modules["asking"].Name("eager", "torch", "- at missing"))
    assert list(alone.one_picture(2, 1)) == ["one picture, native (us)"]
    assert "one picture, eager: missing: it is not installed" in capsys.readouterr().out


@pytest.mark.parametrize(("flags", "bar"), [("avx2 fma", "2.5: met"), (None, "2: MISSED")])
def test_the_bar_of_a_cold_start_is_that_of_the_processor(bench, monkeypatch, capsys, flags, bar):
    alone = sys.modules["alone"]
    monkeypatch.setattr(alone, "processor_flags", lambda: set(flags.split()) if flags else set(alone.HAS_AVX512))
    alone.show({"cold process to 98 % (s)": [2.2]})
    assert f"bar {bar}" in capsys.readouterr().out


@pytest.mark.usefixtures("bench")
def test_an_epoch_of_a_recipe_is_split_and_projected_beside_pytorch(monkeypatch, capsys):
    recipes = importlib.import_module("recipes")
    monkeypatch.setattr("digitlab.engines.native.available_paths", lambda: ["avx512"])
    monkeypatch.setattr("digitlab.engines.native._missing", "")
    monkeypatch.setattr(sys, "argv", ["recipes.py", "--rounds", "2"])
    recipes.main()
    out = " ".join(capsys.readouterr().out.split())
    assert "native avx512 0.938 0.938 0.938 56.3 s distorting 0.938, the rest 0.000" in out
    assert "PyTorch eager 0.938 0.938 0.938 56.3 s" in out  # 938 steps instead of 100
    assert "native avx512, distortions included, is 1.00 times as fast as PyTorch eager without" in out
    assert "native avx2 is missing: this processor has no such path" in out


@pytest.mark.usefixtures("bench")
def test_a_recipe_that_the_peers_cannot_do_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["recipes.py", "ladder-9-average"])
    with pytest.raises(SystemExit):
        importlib.import_module("recipes").main()
    assert "ladder-9-average has averaging, which the peers do not do" in capsys.readouterr().err


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("recipe", [pytest.param("simard-800-elastic", marks=pytest.mark.soak), "ladder-5-adam"])
def test_pytorch_meets_the_losses_of_our_training_on_the_distorted_digits(recipe, monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install --group bench")
    peers = importlib.import_module("recipe_peers")
    monkeypatch.setattr(peers.regularizers, "distort", peers.regularizers.distort)  # it is put back, not the timed one
    job = peers.RecipeJob({"recipe": recipe, "steps": 2})
    ours, theirs = peers.Digitlab(job, 1, "").losses(3), peers.Torch(job, 1, "eager").losses(3)
    assert theirs == pytest.approx(ours, rel=1e-5)


READER = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if sys.argv[1] == "rapidocr":
        reply = {"missing": "it is not installed (No module named 'rapidocr')"}
    elif asked["do"] == "settings":
        reply = {"settings": [""], "megabytes": 1.5}
    else:
        reply = {"about": "quick", "lines": [[[1, False], [2, True]]], "seconds": 0.25}
    print(json.dumps(reply), flush=True)
"""


@pytest.mark.usefixtures("bench")
def test_readers_are_scored_over_a_truth_file_and_one_that_is_not_here_is_a_line(monkeypatch, tmp_path, capsys):
    (tmp_path / "reading_peers.py").write_text(READER)
    (tmp_path / "truth.csv").write_text("file,text,ink\na.jpg,12,pen\nb.jpg,1,pen\nc.jpg,,\nd.jpg,17/12,pencil\n")
    monkeypatch.setattr(sys, "argv", ["reading.py", str(tmp_path / "truth.csv"), "--by", "ink"])
    importlib.import_module("reading").main()
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    head = lines.index("single lines digits invented blanks doubtful caught ms MB")
    assert lines[head + 1 :] == [
        "digitlab 0/1 2/3 5/7 3 1/1 4 1/2 250 1.5",
        "(nothing) 0/0 0/0 0/0 2 1/1 1 0/0 250 1.5",
        "pen 0/1 1/1 3/3 1 0/0 2 1/1 250 1.5",
        "pencil 0/0 1/2 2/4 0 0/0 1 0/1 250 1.5",
        "RapidOCR is missing: it is not installed (No module named 'rapidocr')",
    ]


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize(("name", "module"), [("Digitlab", "digitlab"), ("RapidOCR", "rapidocr")])
def test_a_reader_reads_a_digit(name, module, tmp_path):
    pytest.importorskip(module, reason="RapidOCR is not installed: pip install rapidocr onnxruntime")
    picture = np.full((200, 200), 230, np.uint8)
    picture[60:140, 92:104] = 20
    Image.fromarray(picture).save(tmp_path / "one.png")
    reader = getattr(importlib.import_module("reading_peers"), name)({}, 1)
    found = [reader.read(str(tmp_path / "one.png"), setting) for setting in reader.settings]
    assert [[digit for digit, _ in line] for line in found[-1]["lines"]] == [[1]]
    assert reader.weights > 1e6


def test_there_is_a_quick_one():
    done = subprocess.run([sys.executable, FOLDER / "engines.py", "--help"], capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout
    assert "engines.py --quick" in (FOLDER.parent / "Makefile").read_text("utf-8")

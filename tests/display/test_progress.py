"""Progress: the lines that stay."""

from __future__ import annotations

import io

from rich.console import Console

from digitlab.display.progress import TrainingProgress
from digitlab.training import Advice, EpochDone, Started, Stopped


def _watch(epochs: int, report_every: int | None, until: int, **console) -> str:
    screen = Console(file=io.StringIO(), highlight=False, width=80, **console)
    with TrainingProgress(epochs, report_every, screen) as progress:
        progress(Started("784-64-10 (sigmoid)", "MNIST train", 60_000, epochs, "numpy", 2))
        for number in range(1, until + 1):
            progress(EpochDone(number, number, 1 / number, 0.5, number / 10))
        progress(Stopped("finished" if until == epochs else "interrupted", until, until, until / 10))
    return screen.file.getvalue()


def test_seed_prints_a_line_every_hundred_epochs():
    lines = _watch(1000, None, 1000).splitlines()
    assert lines[0] == "network 784-64-10 (sigmoid), 60,000 digits from MNIST train, 1,000 epochs"
    assert [line.split()[1].split("/")[0] for line in lines[2:]] == ["1", *map(str, range(100, 1001, 100))]
    assert lines[3] == "epoch  100/1000   loss 0.0100   accuracy 0.5000   10.0 s"


def test_the_interval_is_a_choice():
    assert len(_watch(10, 5, 10).splitlines()) == 2 + 3


def test_an_interrupted_training_says_where_it_stopped():
    lines = _watch(1000, 100, 250).splitlines()
    assert lines[-2].startswith("epoch  250/1000")
    assert lines[-1] == "stopped after 250 of 1000 epochs; what was learnt is kept"


def test_a_terminal_gets_a_live_bar():
    text = _watch(20, 10, 20, force_terminal=True)
    assert "epochs/s" in text
    assert "epoch 20/20" in text


def test_one_of_many_trainings_has_a_title_and_tells_how_long_all_of_them_will_take():
    screen = Console(file=io.StringIO(), highlight=False, width=100)
    with TrainingProgress(4, 2, screen, title="[wide], seed 1: training 3 of 8", later=1000) as progress:
        progress(Started("784-64-10 (sigmoid)", "MNIST train", 60_000, 4, "numpy", 2))
        for number in range(1, 5):
            progress(EpochDone(number, number, 0.5, 0.5, 10.0 * number))
    lines = screen.file.getvalue().splitlines()
    assert lines[0] == "[wide], seed 1: training 3 of 8"
    assert lines[3].endswith("   10.0 s   about 2.8 h left in all")  # 1003 epochs of 10 s
    with TrainingProgress(4, 2, screen, title="the last one", later=0) as progress:
        progress(EpochDone(4, 4, 0.5, 0.5, 40.0))
    assert screen.file.getvalue().splitlines()[-1].endswith("   40.0 s")


def test_advice_is_a_line_as_it_is():
    screen = Console(file=io.StringIO(), highlight=False, width=40, soft_wrap=True)
    words = (
        "nothing is learnt so far: every picture is a [b]:smile:[/b], and there is nothing to tell apart; add others"
    )
    with TrainingProgress(10, None, screen) as progress:
        progress(Advice(1, words))
    assert screen.file.getvalue() == f"{words}\n"

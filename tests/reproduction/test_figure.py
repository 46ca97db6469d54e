"""The figure shows what the table says, and a table that was kept is read back."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from digitlab.cli import main
from digitlab.errors import FileError, InputError
from digitlab.reproduction import draw_table, read_table
from digitlab.reproduction.figure import NO_BREAK
from tests.reproduction.small import PLAIN, WIDE


def _changed(table, **changes):
    return msgspec.structs.replace(table, **changes)


def _drawn(axes, label: str) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines if line.get_label() == label]


def test_a_row_has_its_seeds_their_mean_the_interval_and_what_was_published(whole):
    table = whole[1]
    (axes,) = draw_table(table).axes
    assert axes.get_xscale() == "log"
    rows = list(enumerate(table.recipes))
    assert _drawn(axes, "one seed") == [([seed.error for seed in row.seeds], [place] * 2) for place, row in rows]
    assert _drawn(axes, "mean of the seeds") == [([row.mean], [place]) for place, row in rows]
    assert _drawn(axes, "published") == [([WIDE.published.error], [1])]
    ends = [lines.get_segments()[0] for lines in axes.collections]
    assert np.array_equal(ends, [[[row.interval[0], place], [row.interval[1], place]] for place, row in rows])
    shown = [text.get_text() for text in axes.texts]
    assert shown == [f"{row.mean:.2f} ± {row.spread:.2f} %" for row in table.recipes]
    assert len(axes.figure.legends[0].get_texts()) == 4


def test_beside_a_row_stands_what_it_changes_of_the_one_above(whole):
    plain, wide = whole[1].recipes
    (axes,) = draw_table(_changed(whole[1], recipes=[plain, _changed(wide, published=None)])).axes
    first, second = (label.get_text().replace(NO_BREAK, " ") for label in axes.get_yticklabels())
    assert first == f"plain\n{plain.network}"
    assert second.replace("\n", " ") == "wide layers 784,5,10, learning_rate 0.1, epochs 3"
    (axes,) = draw_table(whole[1]).axes  # one that was published is a network of its own
    assert axes.get_yticklabels()[1].get_text() == f"wide\n{wide.network}"


def test_a_recipe_that_is_no_step_from_the_one_above_has_its_network_beside_it(whole):
    plain, wide = whole[1].recipes
    settings = wide.settings | {"averaging": 0.9, "rotation": 10.0, "shear": 0.1, "shift": 1.0}
    far = _changed(whole[1], recipes=[plain, _changed(wide, settings=settings, published=None)])
    (axes,) = draw_table(far).axes
    assert axes.get_yticklabels()[1].get_text() == f"wide\n{wide.network}"


def test_no_error_at_all_has_a_place_on_an_axis_without_0(whole):
    row = whole[1].recipes[0]
    seeds = [_changed(seed, errors=0, error=0.0) for seed in row.seeds]
    none = _changed(whole[1], recipes=[_changed(row, seeds=seeds, mean=0.0, interval=(0.0, 1.9))])
    (axes,) = draw_table(none).axes
    assert _drawn(axes, "one seed") == [([0.25, 0.25], [0, 0])]  # half of one among 200 pictures


def test_a_table_that_is_not_complete_is_refused(whole):
    with pytest.raises(InputError, match="no test errors yet"):
        draw_table(_changed(whole[1], complete=False))


def test_a_table_that_was_kept_is_read_back(whole):
    out, table = whole
    assert read_table(out / "table.json") == table


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "this cannot be read"),
        (b"{", "no table of a reproduction"),
        (b"\xff", "no table of a reproduction"),
        (b"[" * 100_000, "no table of a reproduction"),
        ({"recipes": 5}, "no table of a reproduction"),
        ({"version": 2}, "this format is not known"),
        ({"format": "another"}, "this format is not known"),
    ],
)
def test_a_file_that_is_no_table_is_refused(whole, tmp_path, content, complaint):
    path = tmp_path / "table.json"
    if isinstance(content, dict):
        content = json.dumps(json.loads((whole[0] / "table.json").read_bytes()) | content).encode()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError, match=complaint):
        read_table(path)


def test_the_command_draws_it(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train, test = digits
    np.savez("few.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    (tmp_path / "mine.toml").write_text(PLAIN.to_toml())
    call = ("reproduce", "mine.toml", "--data", "few.npz", "--seeds", "1", "--out", "out", "--json")
    assert main((*call, "--save", "ladder.gif")) == 2  # before anything is trained
    assert not (tmp_path / "out").exists()
    assert main((*call, "--save", "ladder.svg")) == 0
    assert "mine" in (tmp_path / "ladder.svg").read_text("utf-8")
    assert json.loads(capsys.readouterr().out)["complete"]

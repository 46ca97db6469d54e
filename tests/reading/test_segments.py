"""The best way to part a line, against all ways."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitlab.reading.segments import FARTHEST, MOST_PIECES, WIDEST, Segment, best_way, candidates

scores = st.floats(-20, 0).map(lambda score: round(score, 3))


@st.composite
def parted(draw: st.DrawFn) -> tuple[list[Segment], list[float]]:
    """Segments of a line of up to 6 pieces, and what it costs to leave out each piece."""
    count = draw(st.integers(0, 6))
    runs = [(first, last) for first in range(count) for last in range(first + 1, count + 1)]
    chosen = draw(st.lists(st.sampled_from(runs), unique=True)) if runs else []
    return [Segment(*run, draw(scores)) for run in chosen], draw(st.lists(scores, min_size=count, max_size=count))


def all_ways(segments: list[Segment], at: int, count: int) -> Iterator[list[Segment]]:
    """Every way from a piece on; a piece in none of its segments is left out."""
    if at == count:
        yield []
        return
    yield from all_ways(segments, at + 1, count)
    for segment in segments:
        if segment.first == at:
            yield from ([segment, *rest] for rest in all_ways(segments, segment.last, count))


def worth(way: list[Segment], left_out: list[float]) -> float:
    used = {piece for segment in way for piece in range(segment.first, segment.last)}
    return sum(segment.score for segment in way) + sum(s for n, s in enumerate(left_out) if n not in used)


@given(parted(), st.none() | st.integers(1, 7))
def test_no_way_is_better(line, expect):
    segments, left_out = line
    ways = list(all_ways(segments, 0, len(left_out)))
    if expect is not None:
        ways = [way for way in ways if len(way) == expect] or ways
    best = max(worth(way, left_out) for way in ways)
    found = best_way(segments, np.array(left_out), expect)
    assert found in ways
    assert worth(found, left_out) == pytest.approx(best)


def test_more_than_there_can_be_is_not_expected():
    segments = [Segment(0, 1, -1.0), Segment(1, 2, -1.0)]
    assert best_way(segments, np.array([-5.0, -5.0]), expect=1000) == segments
    assert best_way(segments, np.array([-5.0, -5.0]), expect=1) == segments[1:]


def test_many_may_be_expected():
    segments = [Segment(first, last, -1.0) for first in range(1500) for last in range(first + 1, min(first + 6, 1501))]
    started = time.process_time()
    way = best_way(segments, np.full(1500, -5.0), expect=1000)
    assert (len(way), way[-1].last) == (1000, 1500)
    assert time.process_time() - started < 2


boxes_of_a_line = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 60), st.integers(0, 40), st.integers(1, 80)), max_size=9
)


@given(boxes_of_a_line, st.floats(20, 80))
def test_a_segment_has_no_wide_gap_and_is_no_wider_than_a_digit(drawn, height):
    left, boxes = 0, []
    for top, tall, step, wide in drawn:
        left += step
        boxes.append((top, top + tall, left, left + wide))
    boxes.sort(key=lambda box: box[2] + box[3])
    expected = []
    for first in range(len(boxes)):
        for last in range(first + 1, min(len(boxes), first + MOST_PIECES) + 1):
            run = boxes[first:last]
            gaps = [
                right[2] - max(box[3] for box in run[:n]) for n, right in enumerate(run) if n
            ]  # to all that stands before
            width = max(box[3] for box in run) - min(box[2] for box in run)
            if last > first + 1 and (max(gaps) > FARTHEST * height or width > WIDEST * height):
                break
            expected.append((first, last))
    assert candidates(np.array(boxes, dtype=np.int64).reshape(-1, 4), height) == expected

"""The feed: every entry exactly once and in order, over any reconnection; and nobody waits for a watcher."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import time

import pytest

from digitlab.lab.feed import Feed
from digitlab.lab.web.streams import RESET, follow


async def take(feed: Feed, after: int | None, count: int) -> list:
    """The first entries that a watcher gets."""
    stream = follow(feed, after)
    try:
        return [await asyncio.wait_for(anext(stream), 10) for _ in range(count)]
    finally:
        await stream.aclose()


def test_a_thousand_reconnections_while_a_thread_publishes_show_no_gap_and_no_duplicate():
    feed, done = Feed(), threading.Event()
    rng = random.Random(5)

    def publish() -> None:
        while not done.is_set():
            feed.publish("epochs", {"n": feed.last})
            if rng.random() < 0.5:
                time.sleep(0.0002)

    async def watch() -> list:
        seen, after = [], first
        for _ in range(1000):
            entries = await take(feed, after, rng.randrange(0, 5))
            seen += entries
            after = seen[-1].id if seen else after
        return seen

    first, thread = feed.last, threading.Thread(target=publish)
    thread.start()
    try:
        seen = asyncio.run(watch())
    finally:
        done.set()
        thread.join()
    assert [entry.id for entry in seen] == list(range(first + 1, first + 1 + len(seen)))
    assert len(seen) > 1000
    assert feed.watchers == 0


def test_without_a_number_only_what_is_new_is_told():
    async def watch() -> list:
        feed = Feed()
        feed.publish("old", {})
        stream = follow(feed, None)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        assert feed.watchers == 1
        threading.Thread(target=feed.publish, args=("new", {"a": 1})).start()
        entry = await asyncio.wait_for(waiting, 10)
        await stream.aclose()
        return entry

    entry = asyncio.run(watch())
    assert (entry.kind, entry.data) == ("new", b'{"a":1}')


@pytest.mark.parametrize("limit", [{"most_entries": 10}, {"most_bytes": 10 * len(b'{"n":10}')}])
def test_who_was_away_for_too_long_begins_again(limit):
    feed = Feed(**limit)
    ids = [feed.publish("some", {"n": 10}) for _ in range(30)]
    told = asyncio.run(take(feed, ids[19], 10))
    assert [entry.id for entry in told] == ids[20:]
    (reset,) = asyncio.run(take(feed, ids[18], 1))
    assert (reset.kind, reset.id, reset.data) == (RESET, ids[-1], b"{}")


def test_a_number_of_another_life_begins_again_and_numbers_never_repeat():
    before = Feed()
    old = [before.publish("some", {}) for _ in range(5)]
    time.sleep(0.002)
    feed = Feed()
    assert feed.last > old[-1]
    feed.publish("some", {})
    for foreign in (*old, feed.last + 1, 0, -1):
        (reset,) = asyncio.run(take(feed, foreign, 1))
        assert (reset.kind, reset.id) == (RESET, feed.last)
    assert feed.last < 2**53  # JavaScript counts exactly to here


def test_a_watcher_that_does_not_read_costs_the_others_nothing_and_begins_again():
    async def watch() -> tuple[list, list, list]:
        feed = Feed(most_entries=100)
        frozen = [follow(feed, None) for _ in range(20)]
        waiting = [asyncio.ensure_future(anext(stream)) for stream in frozen]
        reader = follow(feed, None)
        next_one = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0.01)
        seen = []
        for _ in range(1000):
            feed.publish("some", {})
            seen.append((await next_one).id)
            next_one = asyncio.ensure_future(anext(reader))
            await asyncio.sleep(0)
        woken = [await one for one in waiting]
        late = [await anext(stream) for stream in frozen]
        next_one.cancel()
        return seen, woken, late

    seen, woken, late = asyncio.run(watch())
    assert all(b - a == 1 for a, b in itertools.pairwise(seen))
    assert len(seen) == 1000
    assert {entry.kind for entry in woken} <= {"some", RESET}
    assert {entry.kind for entry in late} <= {"some", RESET}


def test_publishing_after_a_watchers_loop_is_gone_does_no_harm():
    feed = Feed()

    async def leave() -> None:
        stream = follow(feed, None)
        task = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    assert feed.publish("some", {}) == feed.last

"""Several tabs of one browser: they share one stream of events, and each knows all that happens."""

from __future__ import annotations

import time

from tests.browser.serving import STORE, becomes, button, end, serve, train


class Streams:
    """The streams of events that the tabs of a browser hold."""

    def __init__(self, context):
        self.held = []
        context.on("request", lambda request: self.held.append(request) if "/api/events" in request.url else None)
        for ended in ("requestfailed", "requestfinished"):
            context.on(ended, lambda request: self.held.remove(request) if request in self.held else None)

    def pages(self):
        """The tabs that hold one."""
        self.held = [request for request in self.held if not request.frame.page.is_closed()]
        return [request.frame.page for request in self.held]

    def wait_for(self, pages, seconds=10):
        """Until these tabs, and no others, hold one each."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.pages() == pages:
                return
            pages[0].wait_for_timeout(50)
        raise AssertionError(f"{len(self.pages())} streams, not those of {len(pages)} tabs")


def _tabs(open_page, lab, n, init="// nothing"):
    """So many tabs of one browser, and the streams that they hold."""
    first = open_page(None)  # until the context is ready
    streams = Streams(first.context)
    first.context.add_init_script(init)
    tabs = [first, *(first.context.new_page() for _ in range(n - 1))]
    for tab in tabs:  # one after the other: the first one leads, also where the machine is busy
        tab.goto(lab.url + "/#/train")
        tab.locator(".link.open").wait_for()
    return tabs, streams


def _look(page, hidden):
    """As if the tab went out of sight, or came back."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
          const state = hidden ? 'hidden' : 'visible';
          Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});
          document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def _knows(page, training):
    """Until the tab knows what the lab knows, without a gap and nothing twice."""
    becomes(page, "current().training?.run", training["run"])
    becomes(page, "current().training.phase", training["phase"])
    becomes(page, "current().history.epoch", training["history"]["epoch"])


def test_eight_tabs_share_one_stream(open_page, lab):
    end(lab)
    lab.ask("/api/train", {"recipe": "seed", "settings": {"epochs": 100_000}, "paused": True})
    tabs, streams = _tabs(open_page, lab, 8)
    assert len(streams.pages()) == 1
    button(tabs[0], "^Go on$").click()
    button(tabs[-1], "^Pause").click()
    paused = lab.wait_for(lambda training: training["phase"] == "paused")
    for tab in tabs:
        _knows(tab, paused)
    leader = streams.pages()[0]
    leader.close()
    tabs.remove(leader)
    button(tabs[0], "^Go on$").click()
    for tab in tabs:
        button(tab, "^Pause").wait_for()
    assert len(streams.pages()) == 1
    button(tabs[-1], "^Stop").click()
    stopped = lab.wait_for(lambda training: training["phase"] == "interrupted")
    for tab in tabs:
        _knows(tab, stopped)
        assert tab.locator(".link.open").count() == 1


def test_a_leading_tab_out_of_sight_hands_over_to_one_that_is_seen(open_page, lab):
    end(lab)
    (first, second), streams = _tabs(open_page, lab, 2)
    streams.wait_for([first])
    _look(first, True)
    streams.wait_for([second])
    lab.ask("/api/train", {"recipe": "seed", "paused": True})
    for tab in (first, second):
        button(tab, "^Go on$").wait_for()
    _look(second, True)  # nobody is seen: it keeps the stream
    second.wait_for_timeout(2500)
    assert streams.pages() == [second]
    _look(first, False)
    streams.wait_for([first])
    end(lab)
    for tab in (first, second):
        _knows(tab, lab.training())


def test_a_tab_that_has_missed_something_asks_for_everything(open_page, lab):
    run = train(lab, "minibatch", epochs=1)
    lab.ask("/api/train", {"recipe": "seed", "paused": True})
    deaf = (
        "window.BroadcastChannel = class extends BroadcastChannel {"
        " set onmessage(hear) { super.onmessage = told => window.deaf || hear(told); } }"
    )
    (_, tab), _ = _tabs(open_page, lab, 2, deaf)
    _knows(tab, lab.training())
    tab.evaluate("() => { window.deaf = true; }")
    end(lab)
    tab.wait_for_timeout(500)
    assert tab.evaluate(f"() => {STORE}.then(({{current}}) => current().training.phase)") == "paused"
    tab.evaluate("() => { window.deaf = false; }")
    lab.ask(f"/api/runs/{run}/delete", {})  # something else happens
    _knows(tab, lab.training())


def test_without_locks_a_tab_out_of_sight_lets_its_stream_go(open_page, lab):
    end(lab)
    init = "Object.defineProperty(Navigator.prototype, 'locks', {get: () => undefined})"
    (first, second), streams = _tabs(open_page, lab, 2, init)
    streams.wait_for([first, second])
    _look(first, True)
    streams.wait_for([second])
    lab.ask("/api/train", {"recipe": "seed", "paused": True})
    button(second, "^Go on$").wait_for()
    _look(first, False)
    streams.wait_for([second, first])
    _knows(first, lab.training())
    end(lab)


def test_all_tabs_know_when_the_lab_goes_and_comes_back(open_page, lab):
    end(lab)
    tabs, streams = _tabs(open_page, lab, 3)
    lab.end()
    for tab in tabs:
        tab.locator(".link.lost").wait_for()
    lab.process = serve(lab.runs, *lab.arguments, port=int(lab.url.rsplit(":", 1)[1])).process
    lab.ask("/api/train", {"recipe": "seed", "paused": True})
    for tab in tabs:
        button(tab, "^Go on$").wait_for()
        tab.locator(".link.open").wait_for()
    assert len(streams.pages()) == 1
    open_page.watched.errors.clear()  # the browser logs every connection that is refused
    end(lab)

"""How robust readers are. It takes long to measure, so one is measured at a time, and can be followed meanwhile."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from digitlab.data.digits import Digits
from digitlab.errors import BusyError, DigitlabError
from digitlab.evaluation.corruptions import CORRUPTIONS, corrupt
from digitlab.evaluation.robustness import PARTS, Robustness, measure_robustness
from digitlab.lab.judgements import Measurement, Robust, Spoiled
from digitlab.lab.newest import Newest
from digitlab.lab.readers import Reader
from digitlab.lab.records import Trouble

MOST_KEPT = 16  # measurements
WAIT = 0.2  # seconds between two looks whether the training still takes steps
_log = logging.getLogger("digitlab.lab")


@dataclass
class _Work:
    """One measurement."""

    state: Literal["waiting", "measuring", "done", "failed"] = "measuring"
    parts: int = 0
    trouble: Trouble | None = None
    result: Robust | None = None


class _ClosedError(Exception):
    """The lab is being closed."""


class Measuring:
    """Measures the robustness of readers; may be used from several threads.

    Args:
        test: gives the test part.
        is_running: whether a training takes steps, on the cores that would measure. While it does, nothing is begun,
            and what was begun waits.
    """

    def __init__(self, test: Callable[[], Digits], is_running: Callable[[], bool]) -> None:
        self._test, self._is_running = test, is_running
        self._lock = threading.Lock()
        self._known: Newest[tuple[str, int], _Work] = Newest(MOST_KEPT)
        self._closed = False

    def state(self, reader: Reader) -> Measurement:
        """How far the measurement of a reader, as it is, has come."""
        work = self._known.get((reader.id, reader.version))
        if work is None:
            return Measurement(reader=reader.id, version=reader.version, state="none", progress=0.0)
        return Measurement(
            reader=reader.id,
            version=reader.version,
            state=work.state,
            progress=min(work.parts / PARTS, 1.0),
            trouble=work.trouble,
            result=work.result,
        )

    def begin(self, reader: Reader) -> Measurement:
        """Begin to measure a reader, where that is not under way or done.

        Raises:
            BusyError: another one is being measured, or a training is under way.
        """
        with self._lock:
            key = reader.id, reader.version
            known = self._known.get(key)
            if known is None or known.state == "failed":
                self._refuse_if_busy()
                work = self._known.keep(key, _Work())
                name = "digitlab-robustness"
                threading.Thread(target=self._measure, args=(reader, work), name=name, daemon=True).start()
        return self.state(reader)

    def close(self) -> None:
        """Give up what is under way."""
        self._closed = True

    def _refuse_if_busy(self) -> None:
        busy = [id for (id, _), work in self._known.items() if work.state in ("waiting", "measuring")]
        if self._closed:
            raise BusyError("the lab is closing")
        if busy:
            what = "the robustness of another reader is being measured"
            raise BusyError(what, got=busy[0], help="ask again when that is done, in half a minute or so")
        if self._is_running():
            help = "pause it or wait until it is done: both need the same cores"
            raise BusyError("a training is under way", help=help)

    def _measure(self, reader: Reader, work: _Work) -> None:
        def progress() -> None:
            work.parts += 1
            while self._is_running() and not self._closed:
                work.state = "waiting"
                time.sleep(WAIT)
            work.state = "measuring"
            if self._closed:
                raise _ClosedError

        try:
            test = self._test()
            work.result = _told(measure_robustness(reader.network, test, progress=progress), test)
            work.state = "done"
        except _ClosedError:
            work.state = "failed"
        except DigitlabError as error:
            work.trouble, work.state = Trouble.of(error), "failed"
        except MemoryError:
            work.trouble, work.state = Trouble("there is not enough memory", "", "", "use narrower layers"), "failed"
        except Exception:
            _log.exception("the robustness of %s cannot be measured", reader.id)
            work.trouble, work.state = Trouble("the lab made a mistake", "", "", "see its terminal"), "failed"


def _told(found: Robustness, test: Digits) -> Robust:
    """The result, with the first test digit under each corruption."""
    return Robust(
        count=found.count,
        clean=found.clean,
        mean_accuracy=found.mean_accuracy,
        picture=test.images[0].tobytes(),
        corruptions=[
            Spoiled(
                name=one.name,
                about=CORRUPTIONS[one.name].about,
                approximated=one.approximated,
                accuracy=one.accuracy,
                interval=one.interval,
                pixels=corrupt(test.images[:1], one.name, seed=found.seed).tobytes(),
            )
            for one in found.corruptions
        ],
        noise=found.noise,
        rotation=found.rotation,
        fgsm=found.fgsm,
        pgd=found.pgd,
    )

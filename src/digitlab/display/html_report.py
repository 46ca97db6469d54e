"""An HTML report: everything that is known of a model on one page, which needs nothing but a browser.

The page holds its figures in itself and loads nothing; it has no script. What it looks like is in `report.html.jinja`,
which figures it has in `html_parts.py`.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitlab.data.files import check_place
from digitlab.data.label_errors import SOURCE
from digitlab.display.html_parts import SECTIONS, Part, Section
from digitlab.display.html_step import step_table
from digitlab.display.html_subject import Subject
from digitlab.display.report import sure_in_words
from digitlab.durable import write_durably
from digitlab.errors import DigitlabError, FileError, InputError, printable, refuse, system_errors
from digitlab.evaluation.report import Report
from digitlab.evaluation.robustness import PARTS
from digitlab.figures.embedded import Embedded, embed
from digitlab.version import __version__

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = "report.html.jinja"
ENDINGS = (".html", ".htm")


@dataclass(frozen=True)
class Drawn:
    """A part of the page: its figure; or, where it does not apply, why it was left out."""

    part: Part
    figure: Embedded | None = None
    why_not: str = ""

    @property
    def address(self) -> str:
        """The figure, as a page can hold it."""
        return _address(self.figure.kind, self.figure.content) if self.figure else ""


def save_html_report(subject: Subject, path: str | Path) -> None:
    """Measure everything, and write the page.

    Args:
        subject: the model and the digits; its ``tell`` is called `piece_count` times.
        path: where to; it takes the place of what is there.

    Raises:
        InputError: as `check_html_path`; or the network cannot be measured on these digits.
        FileError: the file cannot be written.
    """
    check_html_path(path)
    page = html_report(subject)
    with system_errors(FileError, f"{printable(str(path))}: the report cannot be written"):
        write_durably(Path(path), page.encode())


def html_report(subject: Subject) -> str:
    """The page. Arguments and errors as `save_html_report`."""
    report = subject.report
    drawn = [(section, list(_draw(section, subject))) for section in SECTIONS]
    page: str = _template().render(
        subject=subject,
        report=report,
        names=report.names,
        summary=summary(subject),
        sure=sure_in_words(report.sure),
        sections=drawn,
        disputed=[(one, picture_address(subject.test.images[one.error.index])) for one in report.label_errors],
        label_errors_source=SOURCE,
        table=step_table(subject),
        example=picture_address(subject.test.images[subject.example]),
        version=__version__,
    )
    return page


def check_html_path(path: str | Path) -> None:
    """Refuse a place that no page can be written to, before the work is done.

    Raises:
        InputError: another ending than ``.html``, or a folder that does not exist.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        refuse(InputError, path, "the name of a report must end in .html")
    check_place(path, "a report")


def piece_count() -> int:
    """Of how many pieces the work consists: each figure is one, and measuring robustness many."""
    return sum(len(section.parts) for section in SECTIONS) + PARTS


def summary(subject: Subject) -> list[str]:
    """The report in a few sentences."""
    report = subject.report
    low, high = (f"{100 * end:.2f}" for end in report.accuracy_interval)
    pictures = "pictures" if report.named else "digits"
    of_what = f"the {report.count:,} {pictures} of {report.source}"
    mistakes = _count(report.count - int(report.confusion.trace()), "mistake")
    reads = f"It reads {100 * report.accuracy:.2f} % of {of_what} rightly"
    sentences = [f"{reads} (95 % interval {low} to {high}): {mistakes}."]
    if confused := _most_confused(report):
        sentences.append(confused)
    if disputed := {one.error.index for one in report.label_errors}:
        among = sum(not subject.predictions.right[index] for index in disputed)
        are = f"{among or 'None'} of its mistakes {'is' if among == 1 else 'are'}"
        sentences.append(f"{are} among the {len(disputed)} {pictures} whose label people dispute.")
    if report.sure.accuracy is not None:
        sentences.append(
            f"It answers {100 * report.sure.share:.1f} % with a probability of {100 * report.sure.threshold:g} % or "
            f"more, and {100 * report.sure.accuracy:.2f} % of these answers are right."
        )
    return sentences


def _most_confused(report: Report) -> str:
    if not report.confused:
        return ""
    true, taken, most = report.confused[0]
    pair = f"{report.names[true]} taken for {report.names[taken]}"
    return f"The most frequent one is {pair} ({_count(most, 'time')})."


def _draw(section: Section, subject: Subject) -> Iterator[Drawn]:
    for part in section.parts:
        try:
            yield Drawn(part, embed(part.draw(subject)))
        except DigitlabError as error:  # one layer, other classes, no training part, no run
            yield Drawn(part, why_not=error.what)
        subject.tell()


def picture_address(pixels: NDArray[np.uint8]) -> str:
    """A picture ``(28, 28)`` of bytes, as a page can hold it; ink is dark there, on paper."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(255 - pixels).save(buffer, "png", optimize=True)
    return _address("png", buffer.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = _percent
    return environment.from_string(files("digitlab.display").joinpath(TEMPLATE).read_text("utf-8"))


def _shown(value: object) -> object:
    """Words from outside are words, and nothing that a browser could take for more; markup of our own stays so."""
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return printable(value)


def _percent(share: float, decimals: int = 2) -> str:
    return f"{100 * share:.{decimals}f} %"

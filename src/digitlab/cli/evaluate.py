"""``digitlab evaluate``: how good a model is on the test set."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, Json, Model, open_model
from digitlab.cli.output import print_json, write_line
from digitlab.display.html_report import check_html_path, piece_count, save_html_report
from digitlab.display.html_subject import Subject
from digitlab.display.progress import moving_bar
from digitlab.display.report import report_text
from digitlab.runs.run import Run

HtmlFile = Annotated[
    Path | None,
    Parameter(
        help="Also write a report with figures into this file, which opens in any browser; takes up to a minute."
    ),
]


def evaluate(
    *,
    model: Model = None,
    data: Data = "mnist",
    understood: DataOptions = AS_IT_IS,
    html: HtmlFile = None,
    json: Json = False,
) -> int:
    """Measure a model on the test set: accuracy with its interval, cross-entropy, and each digit."""
    if html is not None:
        check_html_path(html)
    found, network = open_model(model)
    train, test = understood.open(data)
    run = Run(found.path) if found.path.is_dir() else None
    with moving_bar(piece_count() if html else 0) as advance:
        subject = Subject(str(found), network, train, test, run, found.epoch, advance)
        report = subject.report
        if html is not None:
            save_html_report(subject, html)
    if json:
        print_json(report.to_dict() | {"model": found.name})
        return 0
    write_line(f"model {found}")
    write_line(report_text(report))
    if html is not None:
        write_line(f"\nall of it with figures: {html}")
    return 0

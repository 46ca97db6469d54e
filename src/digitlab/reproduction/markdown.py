"""The table of a reproduction in Markdown, for people: a row for each recipe, and beneath it how it came to be."""

from collections.abc import Iterable

from digitlab.reproduction.table import Row, Table

HEADS = (
    "recipe",
    "network",
    "published",
    "ours: mean ± spread",
    "95 % interval",
    "validation",
    "epochs",
    "time per seed",
    "note",
)
UNKNOWN = "-"


def as_markdown(table: Table) -> str:
    """The table, and what its figures mean."""
    lines = [_line(HEADS), _line("---" for _ in HEADS), *(_line(_cells(row)) for row in table.recipes)]
    return "\n".join([*lines, "", *_caption(table)]) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cells(row: Row) -> list[str]:
    published, validation = row.published, row.validation
    mean = UNKNOWN if row.mean is None else f"{row.mean:.2f}"
    spread = "" if row.spread is None else f" ± {row.spread:.2f}"
    return [
        row.recipe,
        row.network,
        f"{published['error']:g} % ({published['source']})" if published else UNKNOWN,
        mean if row.mean is None else f"{mean}{spread} %",
        f"{row.interval[0]:.2f} to {row.interval[1]:.2f} %" if row.interval else UNKNOWN,
        f"{validation.error:.2f} %" if validation else UNKNOWN,
        str(row.epochs),
        UNKNOWN if row.seconds is None else f"{row.seconds:.3g} s" if row.seconds < 100 else f"{row.seconds:,.0f} s",
        published.get("note", "") if published else "",
    ]


def _caption(table: Table) -> list[str]:
    """What was done, a sentence each."""
    held_out = sorted({row.validation.held_out for row in table.recipes if row.validation})
    measured = "Not complete: while there is something to train, the test set is not read."
    if table.complete:
        measured = f"Errors on {table.test_source}: {table.test_samples:,} pictures, read once, when all was trained."
    seeds = "the seed 0; one alone has no spread."
    if table.seeds > 1:
        seeds = f"the seeds 0 to {table.seeds - 1}; the spread is the standard deviation over them."
    return [
        measured,
        f"Trained on all {table.samples:,} of {table.source} with {seeds}",
        f"Validation is another training by the same settings, with seed 0 and {_listed(held_out)} of these held out",
        "and measured: by it settings are chosen, never by the test set.",
        table.interval_covers,
        "Time is that of training, breaks not counted.",
        *(f"{machine}." for machine in table.machines),
        f"{table.date[:10]}.",
    ]


def _listed(counts: Iterable[int]) -> str:
    return " or ".join(f"{count:,}" for count in counts) or "some"

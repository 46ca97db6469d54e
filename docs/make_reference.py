"""Write the reference pages that follow from the code: the recipe's settings and the command line's help.

Run by `make reference`; a test compares the pages with what this gives.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from digitlab.cli.commands import app
from digitlab.training import SETTINGS, named_recipes

HERE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `make reference` from the code: change it there. -->\n"


def recipe_page() -> str:
    """Recipes, and the table of settings."""
    lines = [NOTE, "# Recipes", ""]
    lines += [
        "A recipe is every setting that changes the result of a training. In Python it is a frozen `Recipe`; on disk a",
        'TOML file with one `name = value` for each setting, and optionally `about = "..."`; on the command line each',
        "setting is a flag (`--learning-rate 0.5`), laid over the named recipe. A setting that is not given has the",
        "recipe's value, or else the default. Unknown settings and values out of bounds are refused.",
        "",
        "| recipe | what it is for |",
        "|---|---|",
        *(f"| `{name}` | {one.about} |" for name, one in named_recipes().items()),
        "",
        "## Settings",
        "",
        "| setting | default | what it does | must be | why this default | applies |",
        "|---|---|---|---|---|---|",
    ]
    for setting in SETTINGS.values():
        applies = f"with {setting.applies_in_words}" if setting.applies else "always"
        default = setting.show(setting.default)
        lines.append(
            f"| `{setting.name}` | `{default}` | {setting.help} | {setting.must_be} | {setting.why} | {applies} |"
        )
    for setting in SETTINGS.values():
        if setting.kind == "choice":
            lines += ["", f"### {setting.name}", ""]
            lines += [f"- `{name}`: {words}" for name, words in setting.choices.items()]
    return "\n".join(lines) + "\n"


def command_line_page() -> str:
    """The help of every command, as it is printed at 80 columns."""
    lines = [
        NOTE,
        "# The command line",
        "",
        "Exit codes: 0 done; 1 the work failed (a damaged file, a divergence, a full disk); 2 the call was wrong;",
        "130 interrupted by Ctrl-C before there was a result. A training is different: Ctrl-C ends it in order, what",
        "was learnt is kept, and the exit code is 0. SIGTERM (a shutdown, the time limit of a batch system) does the",
        "same, but the exit code is 143, so that what would come next does not begin.",
        "",
        "Answers go to standard output, complaints to standard error. `--json` prints the answer for programs, and",
        "nothing else; where classes have names, it has them beside the numbers: `name` beside `digit`. Pictures and",
        "bars respect `NO_COLOR`, pipes and the width of the terminal.",
        "`DIGITLAB_THREADS` is the number of threads where `--threads` is not given.",
    ]
    for command in commands():
        heading = "##" if len(command) < 2 else "###"
        lines += ["", f"{heading} digitlab {' '.join(command)}".rstrip(), "", "```text", _help(command), "```"]
    return "\n".join(lines) + "\n"


def commands(above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command with the words that call it, each before those within it: ``()``, ``("data",)``, ..."""
    group = app
    for word in above:
        group = group[word]
    within = [name for name in group if not name.startswith("-")]
    return [above] + [found for name in within for found in commands((*above, name))]


def _help(command: tuple[str, ...]) -> str:
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=80, color_system=None)
    with contextlib.redirect_stdout(text):
        app([*command, "--help"], console=console, exit_on_error=False, result_action="return_value")
    return "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())


PAGES = {"recipe.md": recipe_page, "command-line.md": command_line_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")

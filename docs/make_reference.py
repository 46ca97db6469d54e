"""Write what follows from the code: the pages of recipes and of the command line, and the types of the lab's page.

Run by `make reference`; a test compares the files with what this gives.
"""

from __future__ import annotations

import contextlib
import io
import json
import textwrap
from dataclasses import is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct, UnsetType

from digitlab.cli.commands import app
from digitlab.evaluation import calibration, coverage, metrics, report, robustness
from digitlab.lab import judgements, pictures, records
from digitlab.lab.look import records as look_records
from digitlab.reading import results
from digitlab.training import SETTINGS, named_recipes
from digitlab.training.settings import Setting, by_group

HERE = Path(__file__).parent / "reference"
TYPES = Path(records.__file__).parent / "static/js/kit/types.js"
TOLD = (records, pictures, judgements, look_records)  # the modules whose records the lab tells
NOTE = "<!-- Written by `make reference` from the code: change it there. -->\n"


def recipe_page() -> str:
    """Recipes, and the table of settings."""
    lines = [NOTE, "# Recipes", ""]
    lines += [
        "A recipe is every setting that changes the result of a training. In Python it is a frozen `Recipe`; on disk a",
        'TOML file with one `name = value` for each setting, and optionally `about = "..."` and, at the end, a table',
        "`[published]` with what somebody published for it: `error` (percent of the test digits), `source` and, where",
        "something differs, a `note`. That is no setting: `digitlab reproduce` compares with it. On the command line",
        "each setting is a flag (`--learning-rate 0.5`), laid over the named recipe. A setting that is not given has",
        "the recipe's value, or else the default. Unknown settings and values out of bounds are refused.",
        "",
    ]
    for group, recipes in by_group(named_recipes().values()).items():
        lines += [f"## {group}", "", "| recipe | what it is for |", "|---|---|"]
        lines += [*(f"| `{one.name}` | {one.in_words} |" for one in recipes), ""]
    lines += ["## Settings"]
    for group, settings in by_group(SETTINGS.values()).items():
        lines += ["", f"### {group}", ""]
        lines += ["| setting | default | what it does | must be | why this default | applies |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += map(_row, settings)
        for setting in settings:
            if setting.kind == "choice":
                lines += ["", f"#### {setting.name}", ""]
                lines += [f"- `{name}`: {words}" for name, words in setting.choices.items()]
    return "\n".join(lines) + "\n"


def _row(setting: Setting) -> str:
    applies = f"with {setting.applies_in_words}" if setting.applies else "always"
    default = setting.show(setting.default)
    return f"| `{setting.name}` | `{default}` | {setting.help} | {setting.must_be} | {setting.why} | {applies} |"


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


def types_module() -> str:
    """The records of the lab as types of the page's JavaScript, which TypeScript checks (`make page`)."""
    lines = [
        "/**",
        " * @file What the server says, as types. Written by `make reference` from lab/records.py and its like.",
        " *",
    ]
    lines += [f" * @typedef {{{_in_js(getattr(records, name))}}} {name}" for name in ("EventKind", "Phase", "Value")]
    homes = {module.__name__ for module in (*TOLD, results, calibration, coverage, metrics, report, robustness)}
    found = [kind for module in TOLD for kind in vars(module).values() if isinstance(kind, type)]
    for kind in dict.fromkeys(found):
        if kind.__module__ in homes and (issubclass(kind, Struct) or is_dataclass(kind)):
            fields = [_field(name, hint) for name, hint in get_type_hints(kind).items()]
            text = f"@typedef {{{{ {', '.join(fields)} }}}} {kind.__name__}"
            lines += textwrap.wrap(text, 120, initial_indent=" * ", subsequent_indent=" *   ", break_on_hyphens=False)
    return "\n".join([*lines, " */", "export {};"]) + "\n"


def _field(name: str, hint: Any) -> str:
    kinds = [kind for kind in get_args(hint) if kind is not UnsetType]
    optional = len(kinds) < len(get_args(hint)) if isinstance(hint, UnionType) else False
    return f"{name}?: {' | '.join(dict.fromkeys(map(_in_js, kinds)))}" if optional else f"{name}: {_in_js(hint)}"


def _in_js(hint: Any) -> str:
    """A type of Python as JSON has it."""
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return " | ".join(map(json.dumps, arguments))
    if get_origin(hint) is tuple:
        return f"[{', '.join(map(_in_js, arguments))}]"
    if get_origin(hint) is list:
        return f"({_in_js(arguments[0])})[]" if isinstance(arguments[0], UnionType) else f"{_in_js(arguments[0])}[]"
    if get_origin(hint) is dict:
        return f"Record<string, {_in_js(arguments[1])}>"
    if arguments:
        return " | ".join(dict.fromkeys(map(_in_js, arguments)))
    names = {int: "number", float: "number", bool: "boolean", type(None): "null", str: "string", bytes: "string"}
    return names.get(hint) or str(hint.__name__)


PAGES = {HERE / "recipe.md": recipe_page, HERE / "command-line.md": command_line_page, TYPES: types_module}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), "utf-8")

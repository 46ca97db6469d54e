"""``digitlab recipes``: the named recipes, and what each setting does."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from digitlab.cli.options import Json
from digitlab.cli.output import print_json, write_line
from digitlab.display.terminal import new_console
from digitlab.training import SETTINGS, named_recipes
from digitlab.training.recipe_files import NamedRecipe, read_recipe
from digitlab.training.settings import Setting, by_group


def recipes(
    name: Annotated[str | None, Parameter(help="Print this one as TOML: the beginning of your own.")] = None,
    /,
    *,
    json: Json = False,
) -> int:
    """List the recipes, and explain every setting."""
    if name is not None:
        chosen = read_recipe(name)
        if json:
            print_json(chosen.recipe.to_dict())
        else:
            write_line(chosen.to_toml().rstrip())
    elif json:
        recipes_by_name = {key: one.to_dict() | {"published": _published(one)} for key, one in named_recipes().items()}
        print_json({"recipes": recipes_by_name, "settings": [setting.to_dict() for setting in SETTINGS.values()]})
    else:
        _print_tables()
    return 0


def _published(named: NamedRecipe) -> dict[str, Any] | None:
    return named.published.to_dict() if named.published else None


def _print_tables() -> None:
    """Recipes and settings, for a person."""
    recipes = by_group(named_recipes().values())
    settings = by_group(SETTINGS.values())
    _print_groups({group: [(one.name, escape(_brief(one))) for one in them] for group, them in recipes.items()})
    _print_groups({group: [_explained(one) for one in them] for group, them in settings.items()})
    write_line("`digitlab recipes NAME > mine.toml` makes a copy to change; `digitlab train mine.toml` trains by it")


def _brief(named: NamedRecipe) -> str:
    """What it is for, and the published error; `digitlab recipes NAME` has the source."""
    return f"{named.about} Published: {named.published.error:g} %." if named.published else named.about


def _explained(setting: Setting) -> tuple[str, str, str]:
    """Its name, its default, and all that is known of it."""
    applies = f" Only with {setting.applies_in_words}." if setting.applies else ""
    meanings = "".join(f"\n[bold]{name}[/bold]: {meaning}" for name, meaning in setting.choices.items())
    rule = "one of those below" if setting.choices else setting.must_be
    words = f"{setting.help}; {rule}.{applies} [dim]Default: {setting.why}.[/dim]{meanings}"
    return setting.name, setting.show(setting.default), words


def _print_groups(groups: Mapping[str, Sequence[tuple[str, ...]]]) -> None:
    """Rows below the heading of their group, in columns that are as wide in each."""
    console = new_console()
    columns = zip(*(row for rows in groups.values() for row in rows), strict=True)
    widths = [max(map(len, column)) for column in columns][:-1]
    if 2 * sum(widths) > console.width:  # then as narrow as need be
        widths = [0] * len(widths)
    for heading, rows in groups.items():
        console.print(f"[bold underline]{heading}[/]")
        table = Table(box=None, pad_edge=False, show_header=False)
        for place, width in enumerate(widths):
            table.add_column(min_width=width, style="" if place else "bold")
        for row in rows:
            table.add_row(*row)
        console.print(table, soft_wrap=False)
        console.print()

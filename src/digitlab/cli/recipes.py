"""``digitlab recipes``: the named recipes, and what each setting does."""

from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from digitlab.cli.options import Json
from digitlab.cli.output import print_json, write_line
from digitlab.display.terminal import new_console
from digitlab.training import SETTINGS, named_recipes
from digitlab.training.recipe_files import NamedRecipe, read_recipe


def recipes(
    name: Annotated[str | None, Parameter(help="Print the settings of this one, as TOML.")] = None,
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
    console = new_console()
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, one in named_recipes().items():
        table.add_row(f"[bold]{name}[/bold]", escape(one.in_words))
    console.print(table, soft_wrap=False)
    console.print()
    table = Table("setting", "default", "what it does", box=None, pad_edge=False)
    for setting in SETTINGS.values():
        applies = f" Only with {setting.applies_in_words}." if setting.applies else ""
        bounds = "".join(f"\n[bold]{name}[/bold]: {meaning}" for name, meaning in setting.choices.items())
        rule = "one of those below" if setting.choices else setting.must_be
        words = f"{setting.help}; {rule}.{applies} [dim]Default: {setting.why}.[/dim]{bounds}"
        table.add_row(f"[bold]{setting.name}[/bold]", setting.show(setting.default), words)
    console.print(table, soft_wrap=False)

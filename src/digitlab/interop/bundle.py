"""Modules of JavaScript in one script: what a page needs that comes as a single file.

A browser loads no module from a disk, by ``file://``. So each module becomes a function that is called once, and what
it exports the object that the function returns:

    import { html, useRef as useIt } from "../kit/lib.js";     const { html, useRef: useIt } = $kit_lib;
    export const side = 28;                                    const side = 28;  ...  return { side };

Only the forms that the sources of the lab's page have are known: an import or export is one line, at its beginning, but
for the exports of what is vendored.
"""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(r'^import ?(\w+|\{[^}]+\}) ?from ?"([^"]+)";', re.MULTILINE)
PASSED_ON = re.compile(r'^export ?\{([^}]+)\} ?from ?"([^"]+)";', re.MULTILINE)
LIST = re.compile(r"export ?\{([^}]+)\};?")
DEFAULT = re.compile(r"export default ")
DECLARED = re.compile(r"^export ((?:async )?(?:const|function|class)\*? (\w+))", re.MULTILINE)


def bundle(root: Path, *entries: Path) -> str:
    """These modules and all that they import, as one script; ``interop/page/main.js`` is ``$interop_page_main`` there.

    Args:
        root: where the names of modules begin.
        entries: the modules.
    """
    done: dict[Path, str] = {}
    for entry in entries:
        _add(entry.resolve(), root.resolve(), done, ())
    return "".join(done.values())


def _add(path: Path, root: Path, done: dict[Path, str], way: tuple[Path, ...]) -> str:
    """Adds a module behind those that it imports. Returns the name of its object."""
    name = "$" + re.sub(r"\W", "_", path.relative_to(root).with_suffix("").as_posix())
    if path in done:
        return name
    if path in way:
        raise AssertionError(f"{name} imports itself")
    exported: list[str] = []

    def other(address: str) -> str:
        return _add((path.parent / address).resolve(), root, done, (*way, path))

    def imported(found: re.Match[str]) -> str:
        names = found[1] if found[1].startswith("{") else f"{{ default: {found[1]} }}"
        return f"const {names.replace(' as ', ': ')} = {other(found[2])};"

    def passed_on(found: re.Match[str]) -> str:
        exported.extend(f"{new}: {other(found[2])}.{old}" for old, new in _names(found[1]))
        return ""

    def listed(found: re.Match[str]) -> str:
        exported.extend(f"{new}: {old}" for old, new in _names(found[1]))
        return ""

    def declared(found: re.Match[str]) -> str:
        exported.append(found[2])
        return found[1]

    def by_default(_: re.Match[str]) -> str:
        exported.append("default: byDefault")
        return "const byDefault="

    text = path.read_text("utf-8")
    steps = ((IMPORT, imported), (PASSED_ON, passed_on), (LIST, listed), (DECLARED, declared), (DEFAULT, by_default))
    for form, becomes in steps:
        text = form.sub(becomes, text)
    done[path] = f"const {name} = (() => {{\n{text.strip()}\nreturn {{ {', '.join(exported)} }};\n}})();\n"
    return name


def _names(listed: str) -> list[tuple[str, str]]:
    """What each name of a list is inside, and outside."""
    pairs = [one.strip().split(" as ") for one in listed.split(",")]
    return [(pair[0], pair[-1]) for pair in pairs if pair[0]]

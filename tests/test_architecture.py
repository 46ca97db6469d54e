"""What ARCHITECTURE.md promises about the house, read from the syntax trees."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import digitlab

PACKAGE = Path(digitlab.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
HOUSE = [
    "version",
    "errors",
    "durable",
    "extras",
    "data",
    "network",
    "cluster",
    "engines",
    "training",
    "runs",
    "inside",
    "evaluation",
    "reading",
    "figures",
    "display",
    "fitting",
    "reproduction",
    "interop",
    "sweeping",
    "lab",
    "cli",
]


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {_name(path) for path in MODULES}


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@functools.cache
def _imports(path: Path) -> set[str]:
    """The modules of digitlab that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "digitlab":
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner if inner <= NAMES else {node.module or ""}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "digitlab"}
    return found


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_imports_go_one_way():
    for path in MODULES:
        name = _name(path)
        if name == "digitlab":
            continue  # the public face may import everything
        for other in _imports(path):
            assert HOUSE.index(_room(other)) <= HOUSE.index(_room(name)), f"{name} imports {other}"


def test_what_a_lab_does_knows_nothing_of_the_web():
    """`lab` and `lab.web`: the first can be spoken with in any other way, too."""
    for path in sorted((PACKAGE / "lab").glob("*.py")):
        text = path.read_text("utf-8")
        imported = {
            alias.name if isinstance(node, ast.Import) else node.module or ""
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        web = {"asyncio", "anyio", "starlette", "uvicorn", "sse_starlette", "httptools"}
        assert not {name.split(".")[0] for name in imported} & web, path.name
        assert not any(name.startswith("digitlab.lab.web") for name in imported), path.name
        assert not re.search(r"/api|HTTP|\bGET\b|\bPOST\b|application/|image/", text), path.name


def test_there_is_no_import_cycle():
    graph = {_name(path): _imports(path) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if module not in done:
            for other in graph.get(module, ()):  # compiled ones are leaves
                visit(other, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_every_room_is_in_the_architecture():
    page = (PACKAGE.parents[1] / "ARCHITECTURE.md").read_text("utf-8")
    rooms = {_room(_name(path)) for path in MODULES} - {""}
    assert rooms == set(HOUSE)
    for path in MODULES:
        if path.name != "__init__.py" and "cli" not in path.parts:
            assert path.name in page, path.name


def test_files_and_functions_stay_small():
    for path in MODULES:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 300, path
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno <= 60, (path, node.name)


def test_constructors_and_private_functions_take_few_parameters():
    for path in MODULES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("_"):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                assert len([one for one in arguments if one.arg not in {"self", "cls"}]) <= 6, (path, node.name)


def test_the_loop_knows_no_disk():
    """Whoever keeps a training is a `Keeper` to it. Recipes are read from files, and nothing else in its room."""
    for path in (PACKAGE / "training").glob("*.py"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Import | ast.ImportFrom) and path.name != "recipe_files.py":
                names = {getattr(node, "module", None), *(alias.name for alias in node.names)}
                assert not names & {"os", "io", "shutil", "tempfile", "digitlab.durable", "open"}, path.name
            if isinstance(node, ast.Attribute) and path.name != "recipe_files.py":
                assert node.attr not in {"read_bytes", "write_bytes", "read_text", "write_text", "open_file"}, path.name


def test_packages_alone_list_what_is_public():
    """In a module, what has no underscore before its name is public: nothing is said twice."""
    for path in MODULES:
        module = importlib.import_module(_name(path))
        assert module.__doc__, path
        assert path.name == "__init__.py" or not hasattr(module, "__all__"), path
        for name in getattr(module, "__all__", []):
            assert hasattr(module, name), (path, name)


def test_a_module_is_imported_by_its_name():
    """No package has a function under the name of one of its modules, which nobody could import then."""
    for path in MODULES:
        found: dict[str, object] = {}
        exec(f"import {_name(path)} as module", found)
        assert found["module"] is sys.modules[_name(path)], path


def test_no_loader_can_execute_anything():
    """No pickle, joblib, marshal, shelve, eval or exec anywhere in the package."""
    forbidden = {"pickle", "cPickle", "joblib", "marshal", "shelve", "dill", "cloudpickle"}
    for path in MODULES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, path
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, path
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "__import__"}, path


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        ("import digitlab.cli", {"numpy", "cyclopts", "rich", "digitlab.training"}),  # until `main` is at work
        ("from digitlab import *", {"matplotlib", "rich", "cyclopts", "scipy", "PIL", "IPython"}),
    ],
)
def test_importing_digitlab_brings_nothing_heavy(command, heavy):
    command = f"import sys; {command}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()
    assert "digitlab" in loaded
    assert not heavy & set(loaded)


def test_every_public_name_is_found_by_people_and_by_type_checkers():
    """Without the imports of the tests, which would bring the rooms that the names come from."""
    command = "import digitlab; print(*(name for name in digitlab.__all__ if getattr(digitlab, name, None) is None))"
    missing = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    assert missing.split() == []
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in imported for alias in node.names if (node.module or "").startswith("digitlab")}
    assert sorted(names) == sorted(digitlab.__all__)
    for room in (*digitlab._ROOMS, "nothing"):
        assert hasattr(digitlab, room) == (room != "nothing")


def test_the_version_is_said_once():
    assert re.fullmatch(r"\d+\.\d+\.\d+", digitlab.__version__)
    assert f"## {digitlab.__version__}" in (PACKAGE.parents[1] / "CHANGELOG.md").read_text("utf-8")

"""Run folders that lie. A lie changes what a true run has: its manifest, as Python's `json` reads it, and its files.

Where another file than the manifest is changed, the manifest afterwards has its true checksum and length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.hostile import forge

Files = dict[str, bytes]
Manifest = dict[str, Any]
Lie = tuple[str, Callable[[Manifest, Files], Manifest | bytes]]  # gives the manifest, which may be bytes of any kind
HISTORY, CLOCK, RECIPE, MODEL = "history.jsonl", "clock.jsonl", "recipe.toml", "model.safetensors"


def manifests() -> Iterator[Lie]:
    """The manifest itself."""
    raw = {
        "nothing": b"",
        "an object": b"{}",
        "a list": b"[1]",
        "no text": b"\xff\xfe",
        "lists in lists": b"[" * 10**6,
        "objects in objects": b'{"files":' * 100_000,
        "too much": b" " * (2**20 + 1),
        "spaces": b" " * 2**20,
        "a million numbers": b'{"checkpoints": [' + b"1," * 500_000 + b"1]}",
        "a number of a million digits": b'{"threads": ' + b"9" * 10**6 + b"}",
    }
    for name, content in raw.items():
        yield f"manifest: {name}", partial(_raw, content)
    for key in ("outcome", "data", "engine", "threads", "environment", "created", "files", "checkpoints"):
        for number, value in enumerate((None, 1.5, [[]], {"more": [1]}, "x" * 10**5)):
            if (key, number) not in {("engine", 4), ("created", 4)}:  # a text is what they are
                yield f"manifest: {key}, {number}", partial(_with, (key,), value)
    yield "manifest: another format", partial(_with, ("format",), "digitlab-model")
    for version in (0, 2, 2**63, -1, "1"):
        yield f"manifest: version {version}", partial(_with, ("version",), version)
    for name in (MODEL, RECIPE, HISTORY):
        for size in (-1, 0, 1, 2**31, 2**40, 2**63, 10**30, 1.5, "1", None):
            yield f"manifest: {name} of {size} bytes", partial(_with, ("files", name, "bytes"), size)
        for digest in ("", "0" * 64, "x" * 10**5, None, 1):
            what = f"manifest: {name} with the checksum {str(digest)[:10]}"
            yield what, partial(_with, ("files", name, "sha256"), digest)
    yield f"manifest: no {RECIPE}", partial(_without, RECIPE)
    yield f"manifest: no {HISTORY}", partial(_without, HISTORY)
    for file in ("../run/recipe.toml", "/etc/passwd", ".", "", "checkpoint-9.safetensors", RECIPE, MODEL, MODEL + "/x"):
        yield f"manifest: the checkpoint {file!r}", partial(_with, ("checkpoints",), [_checkpoint(file)])
    yield "manifest: no checkpoint", partial(_with, ("checkpoints",), [])
    yield "manifest: ten thousand checkpoints", partial(_with, ("checkpoints",), [_checkpoint("x")] * 10_000)


def _checkpoint(file: str) -> dict[str, Any]:
    return {"file": file, "step": 1, "epoch": 1, "snapshot": False}


def others() -> Iterator[Lie]:
    """The files that the manifest lists."""
    yield from (lie for name in (MODEL, "checkpoint") for lie in _tensors(name))
    recipes = {
        "another network": b"layers = [784, 3, 10]",
        "no recipe": b"epochs = 0",
        "no TOML": b"=",
    }
    for name, content in recipes.items():
        yield f"recipe: {name}", partial(_file, RECIPE, content)
    lines = {
        "no JSON": b"epoch 1\n",
        "a list": b"[1]\n",
        "a number": b"1\n",
        "an object with too little": b"{}\n",
        "a text for a number": b'{"epoch": "1"}\n',
        "a number of many digits": b'{"epoch": ' + b"9" * 10**5 + b"}\n",
    }
    for file in (HISTORY, CLOCK):
        for name, content in lines.items():
            if (file, name) != (CLOCK, "an object with too little"):  # the seconds are all that is in it
                yield f"{file}: {name}", partial(_file, file, content)


def _tensors(name: str) -> Iterator[Lie]:
    header, body = forge.model() if name == MODEL else forge.checkpoint()
    changed = {
        "of another network": forge.with_header(header, body),
        "a header of 2^63 bytes": forge.with_header(header, body, length=2**63),
        "nothing": b"",
        "a pickle": b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.",
    }
    for what, content in changed.items():
        if (name, what) != (MODEL, "of another network"):  # the model file says itself what it is
            yield f"{name}: {what}", partial(_file, name, content)


def _raw(content: bytes, manifest: Manifest, files: Files) -> bytes:
    return content


def _with(keys: tuple[str, ...], value: object, manifest: Manifest, files: Files) -> Manifest:
    place = manifest
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return manifest


def _without(name: str, manifest: Manifest, files: Files) -> Manifest:
    del manifest["files"][name], files[name]
    return manifest


def _file(name: str, content: bytes, manifest: Manifest, files: Files) -> Manifest:
    for found in [file for file in files if file.startswith(name)]:  # all checkpoints
        files[found] = content
    return manifest


LIES: list[Lie] = [*manifests(), *others()]

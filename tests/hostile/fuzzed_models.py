"""Model files, checkpoints, recipes and run folders as the fuzzer sees them. See `fuzzed_data` for how it is done."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

import digitlab as dl
from digitlab.training.state import State, decode_checkpoint
from tests.hostile import forge
from tests.hostile.fuzzed import BETWEEN, MOST, Format, words

SHA = b"@sha256@"  # stands for the checksum of the numbers, whatever they are
PATH = Path("some.safetensors")


# --- model files and checkpoints ---


def header_then_numbers(data: bytes) -> bytes:
    """The header is as long as it says, and its checksum is right."""
    header, _, body = data.partition(BETWEEN)
    return forge.with_header(header.replace(SHA, hashlib.sha256(body).hexdigest().encode()), body)


def header_alone(data: bytes) -> bytes:
    """Each tensor that has a shape gets a place and numbers of its own; metadata that is no text becomes JSON."""
    header, _, numbers = data.partition(BETWEEN)
    try:
        said = json.loads(header)
        texts = said.get("__metadata__", {})
        texts |= {name: json.dumps(value) for name, value in texts.items() if not isinstance(value, str)}
        body = b""
        for name in sorted(said.keys() - {"__metadata__"}):
            size = 4 * math.prod(said[name]["shape"])
            if not 0 <= size + len(body) < MOST:
                raise ValueError(size)
            said[name]["data_offsets"] = [len(body), len(body) + size]
            body += (numbers or bytes(4)).ljust(4, b"\1") * (size // 4)
        header = json.dumps(said).encode()
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        body = numbers
    return header_then_numbers(header + BETWEEN + body)


def numbers_in(content: bytes) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The metadata and the arrays of a safetensors file, by Python's own reader of JSON."""
    begin = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:begin])
    texts = header.pop("__metadata__")
    places = {name: (entry["data_offsets"], entry["shape"]) for name, entry in header.items()}
    body = content[begin:]
    arrays = {n: np.frombuffer(body[at[0] : at[1]], "<f4").reshape(shape) for n, (at, shape) in places.items()}
    digest = hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest()
    assert texts["sha256"] == digest, "accepted with a wrong checksum"
    assert sum(array.nbytes for array in arrays.values()) == len(body), "bytes that belong to no array"
    return texts, arrays


def are_same(read: dict[str, np.ndarray], arrays: dict[str, np.ndarray]) -> bool:
    return read.keys() == arrays.keys() and all(
        read[name].tobytes() == arrays[name].tobytes() and np.isfinite(arrays[name]).all() for name in arrays
    )


def is_true_model(content: bytes, read: dl.Network) -> bool:
    texts, arrays = numbers_in(content)
    said = json.loads(texts["architecture"])
    named = {}
    for number, layer in enumerate(read.layers, 1):
        named[f"W{number}"], named[f"b{number}"] = layer
    called = json.loads(texts.get("labels", "null")) or [str(number) for number in range(said["sizes"][-1])]
    return are_same(named, arrays) and read.architecture.sizes == (*said["sizes"],) and read.card.labels == (*called,)


def is_true_checkpoint(content: bytes, read: State) -> bool:
    texts, arrays = numbers_in(content)
    vectors = {"parameters": read.parameters} | {f"optimizer.{name}": vector for name, vector in read.memory.items()}
    vectors |= {} if read.best is None else {"best": read.best}
    said = json.loads(texts["counters"])
    counted = {name: getattr(read.counters, name) for name in said if name != "changes" and said[name] is not None}
    return are_same(vectors, arrays) and all(type(value)(said[name]) == value for name, value in counted.items())


def seeds_of(header: dict[str, Any], body: bytes) -> tuple[tuple[int, bytes], ...]:
    """One file in all three ways, with numbers that are none, and damaged twice."""
    text, texts = json.dumps(header).encode(), header["__metadata__"]
    loose = text.replace(texts["sha256"].encode(), SHA)
    deep = {name: json.loads(value) if value[0] in "[{" else value for name, value in texts.items()}
    short = json.dumps(header | {"__metadata__": deep | {"sha256": SHA.decode()}}).encode()
    whole = (0, forge.with_header(text, body)), (1, loose + BETWEEN + body), (2, short + BETWEEN + b"\0\0\x80\x3f")
    whole += ((2, short + BETWEEN + b"\0\0\xc0\x7f"),)
    return *whole, (0, forge.with_header(text, body[:-1])), (0, forge.with_header(text[:-1] + b"\xff", body))


WORDS = words(
    r"__metadata__ @sha256@ dtype shape data_offsets F32 F16 I64 W1 b1 W2 [4,3] [0,48] 18446744073709551616 4294967296 "
    r"-1 1e400 NaN null [[[[ {\"W1\": \x0a|\x0a \xff\xff\xff\x7f \x00\x00\xc0\x7f"
)
CARD = ("labels", "preprocessing", "temperature", "recipe", "training")  # which a model file may do without
MODEL = Format(
    "model.safetensors",
    (bytes, header_then_numbers, header_alone),
    dl.load,
    is_true_model,
    (*seeds_of(*forge.model()), *seeds_of(*forge.model(**dict.fromkeys(CARD), about='{"epochs": 3}'))),
    (*WORDS, *words("sizes activation relu labels preprocessing side temperature recipe training epochs [16384,2]")),
    ("network/model_file.py", "network/tensor_file.py", "network/architecture.py"),
    3000,
)
CHECKPOINT = Format(
    "checkpoint-5.safetensors",
    (bytes, header_then_numbers, header_alone),
    lambda path: decode_checkpoint(path.read_bytes(), forge.COUNT, path),
    is_true_checkpoint,
    (*seeds_of(*forge.checkpoint()), *seeds_of(*forge.tensors({"parameters": (forge.COUNT,)}, forge.CHECKPOINT_TEXTS))),
    (*WORDS, *words("digitlab-checkpoint counters parameters best optimizer. changes best_loss step")),
    ("training/state.py", "network/tensor_file.py"),
    2048,
)


# --- recipes ---


def is_true_recipe(content: bytes, read: dl.Recipe) -> bool:
    said = tomllib.loads(content.decode())
    said.pop("about", None)
    return all(getattr(read, name) == (tuple(value) if name == "layers" else value) for name, value in said.items())


NAMED = tuple(path.read_bytes() for path in sorted(Path(dl.__file__).parent.glob("training/recipes/*.toml")))
RECIPE = Format(
    "mine.toml",
    (bytes, lambda data: forge.RECIPE + data),
    dl.recipe,
    is_true_recipe,
    (
        (0, forge.RECIPE),
        *((0, content) for content in NAMED),
        (0, dl.Recipe().to_toml().encode()),
        (1, b'schedule = "step"\ndecay = 1e-3\nseed = 0xff\n'),
    ),
    words(r"about layers=[ [[ 0x 0b1 1e400 nan -inf \"\"\" \x5cu0041 1979-05-27 a.a.a") + tuple(dl.Recipe().to_dict()),
    ("training/recipe_files.py", "training/recipe.py", "training/settings.py"),
)

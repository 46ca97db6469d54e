"""The manifest of a run: what its folder holds, as records that are checked when they are read.

Reference: docs/reference/run-folder.md.
"""

import hashlib
import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from digitlab.engines import Engine, NativeEngine
from digitlab.training.state import Change, Outcome
from digitlab.version import __version__

FORMAT = "digitlab-run"
VERSION = 1


class FileRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A file of the run: what it must be (for a file that grows, its first ``bytes`` bytes)."""

    sha256: str
    bytes: int


class CheckpointRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A checkpoint: its file, where training was, and whether it is kept for good."""

    file: str
    step: int
    epoch: int
    snapshot: bool


class DataRecord(msgspec.Struct, forbid_unknown_fields=True):
    """The training set, before any samples were held out: where it came from, what it was, and its classes' names."""

    source: str
    count: int
    sha256: str
    classes: list[str] = []


class Parent(msgspec.Struct, forbid_unknown_fields=True):
    """The run and epoch that this one was branched from."""

    run: str
    epoch: int
    sha256: str  # of the checkpoint


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a run folder holds, and how it came to be."""

    outcome: Outcome
    data: DataRecord
    engine: str
    threads: int
    environment: dict[str, str]
    created: str  # UTC, ISO 8601
    files: dict[str, FileRecord]
    checkpoints: list[CheckpointRecord]
    changes: list[Change] = []
    parent: Parent | None = None
    snapshot_every: int = 0  # epochs
    first_parameters: str = ""  # their SHA-256, as float32 one after the other
    arithmetic: int = 1  # of the engine, which had no other before this was recorded
    format: str = FORMAT
    version: int = VERSION


def record_of(content: bytes) -> FileRecord:
    """The record of a file with this content."""
    return FileRecord(hashlib.sha256(content).hexdigest(), len(content))


def parameters_sha256(parameters: NDArray[np.float32]) -> str:
    """The SHA-256 of a network's parameters, as a manifest has that of the first ones."""
    return hashlib.sha256(parameters.astype("<f4").tobytes()).hexdigest()


def now() -> str:
    """The time as a manifest has it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment(engine: Engine) -> dict[str, str]:
    """What the last bits of the numbers, or the time that they take, may depend on."""
    path = {"path": engine.simd} if isinstance(engine, NativeEngine) else {}
    return {
        "digitlab": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
    } | path


def processor() -> str:
    """Its name."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    return names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()

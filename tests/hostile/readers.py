"""Who reads each form of file, and true files to put lies in the place of.

``python -m tests.hostile.readers FOLDER`` reads lies named FORM.NUMBER, and says how many MB the dearest one takes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import digitlab as dl
from digitlab.data import open_images
from digitlab.errors import DigitlabError
from digitlab.network.model_file import decode_model
from digitlab.reading import prepare
from digitlab.training.state import decode_checkpoint
from tests.hostile import forge, lies_of_exchange


def blank(picture: np.ndarray) -> np.ndarray:
    """A picture of the size that is asked for."""
    return np.zeros((28, 28), dtype=np.uint8)


WITH_PARQUET = find_spec("pyarrow") is not None
WITH_KERAS_FILES = find_spec("h5py") is not None
READERS: dict[str, tuple[str, Callable[[Path], object]]] = {  # the file that may be a lie, and who reads it
    "idx images": ("idx/train-images-idx3-ubyte", lambda path: dl.open_data(str(path.parent))),
    "idx labels": ("idx/train-labels-idx1-ubyte", lambda path: dl.open_data(str(path.parent))),
    "idx rows": ("kin/qmnist-train-labels-idx2-int", lambda path: dl.open_data(str(path.parent))),
    "npz": ("digits.npz", lambda path: dl.open_data(str(path))),
    "csv": ("digits.csv", open_images),
    "arff": ("digits.arff", lambda path: dl.open_data(str(path))),
    "mat": ("digits.mat", lambda path: dl.open_data(str(path))),
    "usps": (
        "usps/zip.train",
        lambda path: dl.open_data(path.parent, resize=lambda image: np.zeros((28, 28), np.uint8)),
    ),
    "picture": ("folder/train/0/a.png", lambda path: dl.open_data(str(path.parents[2]))),
    "any picture": ("any.png", lambda path: prepare(path.read_bytes())),
    "model": ("model.safetensors", dl.load),
    "checkpoint": ("checkpoint.safetensors", lambda path: decode_checkpoint(path.read_bytes(), forge.COUNT, path)),
    "recipe": ("mine.toml", dl.recipe),
    "onnx": ("model.onnx", dl.import_model),
    "model as npz": ("model.npz", dl.import_model),
    "state dict": ("theirs.safetensors", lambda path: dl.import_model(path, "relu")),
}
if WITH_PARQUET:
    READERS["parquet"] = ("digits.parquet", lambda path: dl.open_data(str(path)))
if WITH_KERAS_FILES:
    READERS["keras"] = ("model.keras", dl.import_model)
DECODERS: dict[str, Callable[[bytes], object]] = {  # for files whose own length is the matter
    "model in memory": lambda content: decode_model(content, Path("model")),
    "checkpoint in memory": lambda content: decode_checkpoint(content, forge.COUNT, Path("checkpoint")),
}


def write_truth(root: Path) -> None:
    """A true file of each form."""
    files = {f"folder/{part}/0/a.png": forge.png() for part in ("train", "test")}
    files |= {f"idx/{part}-images-idx3-ubyte": forge.idx(2, 28, 28) for part in ("train", "t10k")}
    files |= {f"idx/{part}-labels-idx1-ubyte": forge.idx(2) for part in ("train", "t10k")}
    files |= {f"kin/qmnist-{part}-images-idx3-ubyte": forge.idx(2, 28, 28) for part in ("train", "test")}
    files |= {f"kin/qmnist-{part}-labels-idx2-int": forge.rows() for part in ("train", "test")}
    files |= {"digits.npz": forge.archive(forge.npz_members()), "digits.csv": forge.table(), "mine.toml": forge.RECIPE}
    files |= {f"usps/zip.{part}": forge.usps() for part in ("train", "test")}
    files |= {"digits.arff": forge.arff(), "digits.mat": forge.mat()}
    if WITH_PARQUET:
        from tests.hostile.parquets import parquet

        files |= {"digits.parquet": parquet()}
    if WITH_KERAS_FILES:
        from tests.hostile.keras_files import keras

        files |= {"model.keras": keras()}
    files |= {"any.png": forge.png()}
    files |= {"model.safetensors": forge.with_header(*forge.model())}
    files |= {"checkpoint.safetensors": forge.with_header(*forge.checkpoint())}
    files |= {"model.onnx": lies_of_exchange.onnx(), "model.npz": lies_of_exchange.npz()}
    files |= {"theirs.safetensors": forge.with_header(*lies_of_exchange.state_dict())}
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def addresses(what: str) -> float:
    """Megabytes that this process has (``VmSize``), or ever had at once (``VmPeak``); used or not."""
    return int(Path("/proc/self/status").read_text().split(what)[1].split()[1]) / 1000


def dearest(lies: Path) -> float:
    """The most megabytes of addresses that one of the lies takes; one that takes less than was there before is free."""
    most = 0.0
    with tempfile.TemporaryDirectory() as place:
        truth = Path(place)
        write_truth(truth)
        for name, read in READERS.values():
            read(truth / name)  # and what is imported on the way
        for lie in sorted(lies.iterdir()):
            name, read = READERS[lie.name.partition(".")[0]]
            right = (truth / name).read_bytes()
            shutil.copyfile(lie, truth / name)  # by the system, not through our memory
            before, peak = addresses("VmSize"), addresses("VmPeak")
            with suppress(DigitlabError):
                read(truth / name)
            if addresses("VmPeak") > peak:
                most = max(most, addresses("VmPeak") - before)
            (truth / name).write_bytes(right)
    return most


if __name__ == "__main__":
    sys.stdout.write(str(dearest(Path(sys.argv[1]))))

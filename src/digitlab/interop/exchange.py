"""`export_model` and `import_model`: a network in the file of another tool, and back. `FORMATS` has the forms."""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from digitlab.data.files import check_place, named, read_file
from digitlab.durable import write_durably
from digitlab.errors import InputError, ModelFileError, describe, printable, refuse, require_name, system_errors
from digitlab.interop.c_header import write_c_header
from digitlab.interop.dense import ABOUT, Dense, Written
from digitlab.interop.keras import read_keras, write_keras
from digitlab.interop.npz import read_npz, write_npz
from digitlab.interop.onnx import read_onnx, write_onnx
from digitlab.interop.page import write_page
from digitlab.interop.torch import read_state_dict, write_state_dict
from digitlab.network.activations import ACTIVATIONS
from digitlab.network.architecture import Architecture
from digitlab.network.card import FIELDS, are_numbers
from digitlab.network.model_file import MAX_FILE_BYTES, decode_card
from digitlab.network.network import Network
from digitlab.network.tensor_file import decode_json


@dataclass(frozen=True)
class Format:
    """A form of file that other tools know.

    Attributes:
        in_words: what it is.
        write: a network as such a file.
        read: such a file as dense layers; is given its bytes and its path, for messages. None: it is only written.
        deskews: whether the file makes pictures upright by itself, where the network wants them so.
    """

    in_words: str
    write: Callable[[Network], Written]
    read: Callable[[bytes, Path], Dense] | None = None
    deskews: bool = False


FORMATS = {  # by the ending of the file's name
    ".onnx": Format("ONNX", write_onnx, read_onnx),
    ".npz": Format("NumPy arrays", write_npz, read_npz),
    ".safetensors": Format("a PyTorch state dict", write_state_dict, read_state_dict),
    ".keras": Format("a Keras 3 model", write_keras, read_keras),
    ".h": Format("a C header", write_c_header, deskews=True),
    ".html": Format("a page that draws, reads and explains", write_page, deskews=True),
}
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".joblib", ".ckpt", ".bin")
INSTEAD_OF_A_PICKLE = (
    "where you trust it, open it by its own library and save the numbers alone:"
    " safetensors.torch.save_file(model.state_dict(), 'model.safetensors') in PyTorch,"
    " numpy.savez('model.npz', W1=..., b1=..., W2=..., b2=...) elsewhere"
)
OLD_KERAS = (".h5", ".hdf5")
BYTES, UNIT = "0..255", "0..1"
BYTES_SCALE = 0.1  # a file that multiplies its inputs by less takes bytes: 1/255, or 1/(255 * 0.3081)


class Exported(NamedTuple):
    """A file that was written."""

    path: Path
    words: list[str]  # what it is, and what it lacks, each a line


class Imported(NamedTuple):
    """A file that was understood."""

    network: Network
    taken_for: dict[str, str]  # what it was taken for, and why: words by what they are about
    guessed: bool  # neither the file nor whoever asked says what its inputs are


def export_model(network: Network, path: str | Path) -> Exported:
    """Write a network into a file that other tools read; the ending of its name says in which form (`FORMATS`).

    Raises:
        InputError: no such form, no such folder, or a library is missing that this form needs.
        ModelFileError: parameters that are not finite, or the file cannot be written.
    """
    path = Path(path)
    form = _find_format(path, list(FORMATS))
    check_place(path, "a model")
    if wrong := np.count_nonzero(~np.isfinite(network.parameters)):
        refuse(ModelFileError, path, f"a network cannot be saved: {wrong} of its numbers are NaN or infinite")
    written = form.write(network)
    with system_errors(ModelFileError, f"{printable(str(path))}: the model cannot be written"):
        write_durably(path, written.content)
    words = [
        f"{form.in_words}, {len(written.content):,} bytes: {network.architecture} {network.architecture.activation}"
    ]
    words += written.words
    if network.card.deskews and not form.deskews:
        words.append("this network wants its digits upright (deskewed): the file cannot do that, and says so")
    return Exported(path, words)


def import_model(path: str | Path, activation: str | None = None, inputs: str | None = None) -> Network:
    """The network in a file that another tool wrote, where it is one of dense layers.

    Args:
        path: the file; the ending of its name says what form it has (`FORMATS`).
        activation: of the hidden layers, where the file does not tell.
        inputs: the pixels that it was trained on: ``"0..1"``, ``"0..255"``, or ``"MEAN,STD"`` of pixels 0..1 from
            which the mean was subtracted before they were divided by the standard deviation; so ``"1,-1"`` for dark
            ink on white paper. None: what the file seems to want; `understand` tells.

    Raises:
        InputError: no such form, an activation that is missing or is not the file's, or a missing library.
        ModelFileError: the file is missing, damaged, or holds something else than dense layers.
    """
    return understand(path, activation, inputs).network


def understand(path: str | Path, activation: str | None = None, inputs: str | None = None) -> Imported:
    """`import_model`, with what the file was taken for in words."""
    path = Path(path)
    if path.suffix.lower() in PICKLES:
        what = "this is a Python pickle by its name, and is not opened: it could do anything"
        refuse(InputError, path, what, help=INSTEAD_OF_A_PICKLE)
    form = _find_format(path, [ending for ending, form in FORMATS.items() if form.read])
    if activation is not None:
        require_name(activation, ACTIVATIONS, "activation")
    _standardization(UNIT if inputs is None else inputs)  # refused before the file is read
    assert form.read is not None
    dense = form.read(read_file(path, MAX_FILE_BYTES, ModelFileError), path)
    texts = _read_about(dense.about, path)
    chosen, activation_said = _choose_activation(dense, texts, activation, path)
    meant = inputs or (BYTES if np.max(np.abs(dense.scale)) < BYTES_SCALE else UNIT)
    network = _build(dense, chosen, meant, path)
    card = decode_card(texts, network.architecture, path)
    if dense.temperature is not None and not math.isclose(dense.temperature, card.temperature or 1, rel_tol=1e-6):
        with named(path, ModelFileError):
            card = replace(card, temperature=dense.temperature)
    network.card = card
    knows = "as the file says" if texts else "as nothing else is said"
    inputs_said = "as you say" if inputs else "as the file says" if texts else "as it seems"
    return Imported(
        network,
        {
            "file": dense.origin,
            "layers": str(network.architecture),
            "activation": f"{chosen}, {activation_said}" if network.layers[1:] else "none, as there is no hidden layer",
            "inputs": f"pixels {meant}, {inputs_said}",
            "preprocessing": f"{'deskewing' if card.deskews else 'none'}, {knows}",
            "classes": f"{_in_short(card.labels)}, {knows}",
            "temperature": f"{card.temperature or 1:g}",
            **({"notes": "; ".join(dense.notes)} if dense.notes else {}),
        },
        guessed=not (inputs or texts),
    )


def _find_format(path: Path, endings: list[str]) -> Format:
    """The form that the ending of a file's name says."""
    if (ending := path.suffix.lower()) not in endings:
        known = ", ".join(f"{one} ({FORMATS[one].in_words})" for one in endings)
        what = (
            f"{FORMATS[ending].in_words} is only written"
            if ending in FORMATS
            else "the ending of this name is not known"
        )
        help = "load it in Keras, and save it as .keras" if ending in OLD_KERAS else ""
        refuse(InputError, path, what, must_be=known, got=ending or "no ending", help=help)
    return FORMATS[ending]


def _standardization(inputs: str) -> tuple[float, float]:
    """Mean and standard deviation such that a network was trained on ``(x - mean) / std``, of pixels x from 0 to 1."""
    if inputs in (UNIT, BYTES):
        return 0.0, 1 / (255 if inputs == BYTES else 1)
    try:
        mean, std = map(float, inputs.split(","))
    except ValueError:
        mean, std = 0.0, 0.0
    if not (math.isfinite(mean) and 0 < abs(std) < math.inf):  # below 0 where paper was 1, and ink 0
        must_be = f"{UNIT}, {BYTES}, or a mean and a standard deviation of pixels 0 to 1, such as 0.1307,0.3081"
        raise InputError("the inputs of a network cannot be this", must_be=must_be, got=describe(inputs))
    return mean, std


def _read_about(text: str | bytes | None, path: Path) -> dict[str, msgspec.Raw]:
    """What digitlab said beside the numbers, as JSON by name; nothing, where somebody else wrote the file."""
    texts: dict[str, msgspec.Raw] = (
        {} if text is None else decode_json(text, dict[str, msgspec.Raw], path, f"its text {ABOUT}")
    )
    if text is not None and not {"activation"} <= texts.keys() <= {"activation", *FIELDS}:
        must_be = ", ".join(["activation", *FIELDS])
        refuse(ModelFileError, path, f"its text {ABOUT} is of another version", must_be=must_be, got=", ".join(texts))
    return texts


def _choose_activation(
    dense: Dense, texts: Mapping[str, msgspec.Raw], given: str | None, path: Path
) -> tuple[str, str]:
    """The activation of the hidden layers, and who says so."""
    said = dense.activation
    if texts:
        told = decode_json(texts["activation"], str, path, "the activation")
        if said not in (None, told) or told not in ACTIVATIONS:
            must_be = said or ", ".join(ACTIVATIONS)
            refuse(ModelFileError, path, "its activation cannot be true", must_be=must_be, got=told)
        said = told
    if said is None and given is None and len(dense.layers) > 1:
        what = "the file does not tell the activation of its hidden layers"
        help = "say it: --activation relu (in Python: activation='relu')"
        refuse(InputError, path, what, must_be=", ".join(ACTIVATIONS), help=help)
    if said is not None and given not in (None, said):
        refuse(InputError, path, f"the file says that its activation is {said}", got=given)
    return said or given or next(iter(ACTIVATIONS)), "as you say" if said is None else "as the file says"


def _build(dense: Dense, activation: str, inputs: str, path: Path) -> Network:
    """The layers as a network that takes pixels 0 to 1: what happens to inputs before becomes part of the first."""
    first, *_ = dense.layers
    sizes = [len(first.W), *(len(layer.b) for layer in dense.layers)]
    for number, (layer, shape) in enumerate(zip(dense.layers, itertools.pairwise(sizes), strict=True), 1):
        if layer.W.shape != shape:
            got = f"weights {layer.W.shape} and {len(layer.b)} biases"
            refuse(ModelFileError, path, f"layer {number} does not fit the one before", must_be=str(shape), got=got)
    with named(path, ModelFileError):
        architecture = Architecture(tuple(sizes), activation)
    flat = np.empty(architecture.parameter_count, np.float32)
    mean, std = _standardization(inputs)
    scale, shift = dense.scale / std, dense.shift - dense.scale * mean / std
    with np.errstate(all="ignore"):  # what is not finite in float32 is refused
        for number, (view, layer) in enumerate(zip(architecture.layers(flat), dense.layers, strict=True)):
            if number or np.all((scale == 1) & (shift == 0)):
                view.W[...], view.b[...] = layer
            else:
                view.W[...] = layer.W * np.broadcast_to(scale, sizes[0])[:, None]
                view.b[...] = layer.b + np.broadcast_to(shift, sizes[0]) @ layer.W
            for name, array in zip("Wb", view, strict=True):
                if wrong := np.count_nonzero(~np.isfinite(array)):
                    what = f"{wrong} numbers in {name}{number + 1} are NaN, infinite, or too large"
                    refuse(ModelFileError, path, what)
    return Network.from_parameters(architecture, flat)


def _in_short(labels: tuple[str, ...]) -> str:
    """The names of classes, or a few of them."""
    if are_numbers(labels):
        return f"0 to {len(labels) - 1}"
    return ", ".join(labels[:12]) + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")

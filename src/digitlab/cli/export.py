"""``digitlab export``: a model in a file that another tool reads."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digitlab.cli.options import Json, Model, open_model
from digitlab.cli.output import print_json, say_saved, write_line

ENDINGS = ".onnx, .npz (NumPy), .safetensors (PyTorch), .keras (Keras 3), .h (C), .html (a page)"
File = Annotated[Path, Parameter(help=f"The ending says in which form: {ENDINGS}.")]


def export(file: File, /, *, model: Model = None, json: Json = False) -> int:
    """Write a model into a file that another tool reads: which, says the ending of the file's name."""
    from digitlab.interop import export_model

    found, network = open_model(model)
    done = export_model(network, file)
    if json:
        print_json({"model": found.name, "file": str(file), "words": done.words})
        return 0
    write_line(f"model {found}")
    for line in done.words:
        write_line(line)
    say_saved(file)
    return 0

"""The models that ship with digitlab, by name: they read where nobody has trained anything.

`tools/make_standard.py` and `tools/make_digit_or_not.py` make them, to the same bytes each time;
docs/reference/shipped-model.md and docs/reference/rejection.md tell how.
"""

import hashlib
from pathlib import Path

from digitlab.data.files import read_file
from digitlab.errors import ModelFileError, refuse
from digitlab.network.model_file import MODEL_SUFFIX
from digitlab.network.network import Network

STANDARD = "standard"  # who reads when nobody is named, and there is no run
DIGIT_OR_NOT = "digit-or-not"  # tells digits from all else
MAX_SHIPPED_BYTES = 6_000_000  # everybody who installs digitlab downloads it
AGAIN = "install digitlab again"  # what mends a file of ours
FOLDER = Path(__file__).parents[1] / "models"
SHIPPED = {  # SHA-256 of each file
    STANDARD: "eb1f2a2430792a8e6b3d621c1e4ca2ab6735507d5601a3e4241b3e4008d485d1",
    DIGIT_OR_NOT: "c7abe0bf90b1edda6d48ebc83f5f5bef44f5f5f8faec464143821cf4b7f138ec",
}


def shipped_file(name: str) -> Path:
    """Where a model that ships lies."""
    return FOLDER / f"{name}{MODEL_SUFFIX}"


def in_words(name: str) -> str:
    """What answers call a model that ships."""
    return f"{name} (ships with digitlab)"


def load_shipped(name: str) -> Network:
    """The network of a model that ships.

    Raises:
        ModelFileError: its file is missing, or its SHA-256 is another than when it was made.
    """
    path = shipped_file(name)
    try:
        content = read_file(path, MAX_SHIPPED_BYTES, ModelFileError)
    except ModelFileError as error:
        raise ModelFileError(error.what, must_be=error.must_be, got=error.got, help=AGAIN) from error
    if hashlib.sha256(content).hexdigest() != SHIPPED[name]:
        what = "this model ships with digitlab, and was changed or damaged: its SHA-256 is another"
        refuse(ModelFileError, path, what, help=AGAIN)
    return Network.decode(content, path)

"""Pickles of data sets (``.pkl``, ``.pt``, ``.joblib``), which digitlab never opens: to load one is to execute it.

Whoever trusts a file can load it by its own library, and keep what is in it as ``.npz``: how, is shown.
"""

from pathlib import Path

from digitlab import errors
from digitlab.data.digits import Digits
from digitlab.errors import InputError

LOADERS = {  # by the ending: what is to be imported, and how a file is loaded
    ".pkl": ("pickle", "pickle.load(open({path!r}, 'rb'), encoding='latin1')"),
    ".pickle": ("pickle", "pickle.load(open({path!r}, 'rb'), encoding='latin1')"),
    ".pkl.gz": ("gzip, pickle", "pickle.load(gzip.open({path!r}), encoding='latin1')"),
    ".pt": ("torch", "torch.load({path!r})"),
    ".pth": ("torch", "torch.load({path!r})"),
    ".joblib": ("joblib", "joblib.load({path!r})"),
}
ENDINGS = tuple(LOADERS)
PAIR = ("training.pt", "test.pt")  # as PyTorch kept MNIST


def refuse(path: Path, source: str) -> tuple[Digits, Digits]:
    """Refuse the file, and show three lines of Python that convert it; see `opening.Format`.

    Raises:
        InputError: always.
    """
    ending = next(ending for ending in LOADERS if path.name.lower().endswith(ending))
    modules, load = LOADERS[ending]
    files = [path.with_name(name) for name in PAIR] if path.name in PAIR else [path]
    loaded = ", ".join(load.format(path=str(file)) for file in files)
    target = path.with_name(path.name[: -len(ending)] + ".npz")
    bytes_of = "np.rint(np.asarray(a) * (255 / float(a.max()))).astype('u1').reshape(-1, 28, 28)"
    arrays = f"y_train=y, y_test=v, **{{k: {bytes_of} for k, a in dict(x_train=x, x_test=u).items()}}"
    lines = (
        f"import {modules}, numpy as np",
        f"(x, y), *_, (u, v) = {loaded}  # training, perhaps more, test",
        f"np.savez({str(target)!r}, {arrays})",
    )
    help = "where you trust it, these lines of Python make a .npz of it:\n    " + "\n    ".join(lines)
    errors.refuse(InputError, source, "this is a pickle: to open it would be to execute what is in it", help=help)

"""Which data sets have a name, where their files lie, and the checksums that they must have.

MNIST comes with the package, so the main job needs no network. The others are fetched on request (`fetch`)
into a folder of this user, or put there by hand; nothing here ever uses the network. All are four gzipped
IDX files, whose SHA-256 is checked at every load.

Sources: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits" (1998),
licence CC BY-SA 3.0 (see ``mnist/LICENCE.md``). H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST"
(2017), licence MIT. "KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by NIJL
and others), doi:10.20676/00000341, licence CC BY-SA 4.0. The SHA-256 of the .gz files are those that
TensorFlow Datasets publishes; those of MNIST are of the files in the package, which unzip to the published ones
(`tests/data/test_catalogue.py`). A packed file is hashed in a fifth of the time.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import DIGIT_NAMES, Digits
from digitlab.data.files import first_there
from digitlab.data.idx import STEMS, read_published
from digitlab.errors import InputError

DATA_VARIABLE = "DIGITLAB_DATA"  # the environment variable that names the folder of fetched data sets
MNIST_FOLDER = Path(__file__).with_name("mnist")


@dataclass(frozen=True)
class Group:
    """Some pictures of a test part, ``test[place]``; ``by`` says in a word what tells the groups apart."""

    by: str
    name: str
    place: slice


@dataclass(frozen=True)
class Entry:
    """One data set that has a name.

    Attributes:
        name: as in ``--data``.
        title: as people write it.
        about: what it shows, in a few words.
        licence: under which its authors publish it.
        sha256: by file name.
        mirrors: addresses of folders that hold the files, in the order in which they are tried; the checksums make it
            safe to ask any of them, even without encryption.
        classes: the ten names of what the pictures show.
        groups: of its test part, each of which `digitlab.evaluate` measures.
        test_sha256: of the test part (`Digits.sha256`), by which its groups are known wherever it was read from.
    """

    name: str
    title: str
    about: str
    licence: str
    sha256: dict[str, str]
    mirrors: tuple[str, ...] = ()
    classes: tuple[str, ...] = DIGIT_NAMES
    groups: tuple[Group, ...] = ()
    test_sha256: str = ""

    @property
    def folder(self) -> Path:
        """Where its files lie, or shall lie."""
        return data_folder() / self.name if self.mirrors else MNIST_FOLDER


def _gzipped(*checksums: str) -> dict[str, str]:
    return {f"{stem}.gz": checksum for stem, checksum in zip(STEMS, checksums, strict=True)}


MNIST = Entry(
    "mnist",
    "MNIST",
    "handwritten digits",
    "CC BY-SA 3.0",
    _gzipped(
        "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971",
        "1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203",
        "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be",
        "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
    ),
    groups=(  # from the metadata of QMNIST (C. Yadav and L. Bottou, 2019); the pupils' digits are harder to read
        Group("writer", "high-school pupils", slice(0, 5000)),
        Group("writer", "census employees", slice(5000, 10_000)),
    ),
    test_sha256="c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b",
)
FASHION = Entry(
    "fashion-mnist",
    "Fashion-MNIST",
    "ten kinds of clothing",
    "MIT",
    _gzipped(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
KMNIST = Entry(
    "kmnist",
    "KMNIST",
    "ten cursive Japanese letters",
    "CC BY-SA 4.0",
    _gzipped(
        "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    ),
    ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
    ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
)
CATALOGUE = {entry.name: entry for entry in (MNIST, FASHION, KMNIST)}


def data_folder() -> Path:
    """The folder of fetched data sets: ``DIGITLAB_DATA``, or else one in this user's cache. It need not exist."""
    if chosen := os.environ.get(DATA_VARIABLE):
        return Path(chosen)
    import pooch  # type: ignore[import-untyped]

    return Path(pooch.os_cache("digitlab"))


def load_mnist() -> tuple[Digits, Digits]:
    """The 60,000 training and 10,000 test digits of MNIST, from the files in the package.

    Raises:
        DataFileError: a file is missing, or its SHA-256 is not the published one.
    """
    return open_entry(MNIST)


KerasTuple = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_data() -> tuple[KerasTuple, KerasTuple]:
    """MNIST in the shape that Keras users know: ``(x_train, y_train), (x_test, y_test)``.

    Images are ``(N, 28, 28) uint8``, labels ``(N,) uint8``.
    """
    train, test = load_mnist()
    return (train.images, train.labels), (test.images, test.labels)


def open_entry(entry: Entry) -> tuple[Digits, Digits]:
    """The training part and the test part of a data set that has a name.

    Raises:
        InputError: it was never fetched: none of its files is there.
        DataFileError: a file is missing, or its SHA-256 is not the published one.
    """
    if entry.mirrors and len(missing_files(entry)) == len(entry.sha256):
        help = f"`digitlab data fetch {entry.name}`, or put {', '.join(entry.sha256)} into {entry.folder} by hand"
        raise InputError(f"{entry.name} is not on this machine", help=help)
    return read_published(entry.folder, entry.title, entry.sha256, entry.classes)


def groups_of(test: Digits) -> tuple[Group, ...]:
    """The groups of a test part, where it is wholly that of an entry that has some."""
    grouped = [entry for entry in CATALOGUE.values() if entry.groups]
    sha256 = test.sha256()
    return next((entry.groups for entry in grouped if entry.test_sha256 == sha256), ())


def missing_files(entry: Entry) -> list[str]:
    """The names of its files that are not in its folder. Nothing is read or checked."""
    return [name for name in entry.sha256 if not first_there(entry.folder, name, f"{name}.gz")]

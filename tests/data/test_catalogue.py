"""Data sets by name or folder: MNIST as it was published, and folders that hold something else."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.data import catalogue
from digitlab.errors import DataFileError, InputError
from tests.hostile.forge import encode_idx

FILES = [f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
PUBLISHED = {  # the SHA-256 of the unzipped files, by which MNIST is known
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]  # of the labels 0 to 9
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def write_set(folder: Path, **changed: np.ndarray) -> None:
    """Four plain files with 4 training and 2 test digits; ``changed`` names others, by ``train_images`` and so on."""
    for part, prefix, count in (("train", "train", 4), ("test", "t10k", 2)):
        images = changed.get(f"{part}_images", np.full((count, 28, 28), count, dtype=np.uint8))
        labels = changed.get(f"{part}_labels", np.arange(count, dtype=np.uint8))
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(encode_idx(images))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(encode_idx(labels))


def same(first: tuple[dl.Digits, dl.Digits], second: tuple[dl.Digits, dl.Digits]) -> bool:
    return [digits.sha256() for digits in first] == [digits.sha256() for digits in second]


def test_mnist_is_what_was_published(mnist):
    train, test = mnist
    assert (train.images.shape, test.images.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert {train.images.dtype, train.labels.dtype, test.images.dtype, test.labels.dtype} == {np.dtype(np.uint8)}
    assert (train.source, test.source) == ("MNIST train", "MNIST test")
    assert np.bincount(train.labels).tolist() == TRAIN_COUNTS
    assert np.bincount(test.labels).tolist() == TEST_COUNTS
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]


def test_keras_users_get_the_tuples_that_they_know(mnist):
    (x_train, y_train), (x_test, y_test) = dl.load_data()
    for array, digits in zip((x_train, x_test), mnist, strict=True):
        assert np.array_equal(array, digits.images)
    for array, digits in zip((y_train, y_test), mnist, strict=True):
        assert np.array_equal(array, digits.labels)


@pytest.mark.parametrize(("name", "sha256"), PUBLISHED.items())
def test_the_files_in_the_package_unzip_to_the_published_ones(name, sha256):
    content = gzip.decompress((catalogue.MNIST_FOLDER / f"{name}.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == sha256


def test_the_package_takes_no_file_that_is_not_gzipped(tmp_path, monkeypatch):
    for name in FILES[1:]:
        (tmp_path / f"{name}.gz").symlink_to(catalogue.MNIST_FOLDER / f"{name}.gz")
    (tmp_path / FILES[0]).write_bytes(encode_idx(bytes_of(60_000, 28, 28)))
    monkeypatch.setattr(catalogue, "MNIST_FOLDER", tmp_path)
    with pytest.raises(DataFileError, match=f"{FILES[0]}: this is not the published file"):
        dl.load_mnist()


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("name", ["images", "labels"])
def test_nobody_can_write_into_mnist(part, name, mnist):
    with pytest.raises(ValueError, match="read-only"):
        getattr(mnist[part], name)[0] = 0


def test_mnist_has_a_name(mnist):
    assert same(dl.open_data("mnist"), mnist)


def test_a_folder_of_gzipped_files_is_a_data_set(mnist, tmp_path):
    for name in FILES:
        (tmp_path / f"{name}.gz").symlink_to(catalogue.MNIST_FOLDER / f"{name}.gz")
    train, test = dl.open_data(str(tmp_path))
    assert same((train, test), mnist)
    assert (train.source, test.source) == (f"{tmp_path} train", f"{tmp_path} test")


def test_a_folder_of_plain_files_is_a_data_set(mnist, tmp_path):
    for name in FILES:
        packed = (catalogue.MNIST_FOLDER / f"{name}.gz").read_bytes()
        (tmp_path / name).write_bytes(gzip.decompress(packed))
    assert same(dl.open_data(str(tmp_path)), mnist)


@pytest.mark.parametrize("damaged", FILES)
def test_one_other_bit_in_the_package_is_noticed(damaged, tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / f"{name}.gz").symlink_to(catalogue.MNIST_FOLDER / f"{name}.gz")
    path = tmp_path / f"{damaged}.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[len(content) // 2] ^= 1  # still a perfect IDX file of digits, but not the published one
    path.unlink()
    path.write_bytes(gzip.compress(content, compresslevel=1))
    assert len(dl.open_data(str(tmp_path))[0]) == 60000
    monkeypatch.setattr(catalogue, "MNIST_FOLDER", tmp_path)
    with pytest.raises(DataFileError, match=f"{damaged}.gz: this is not the published file"):
        dl.load_mnist()


def test_a_package_without_its_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "MNIST_FOLDER", tmp_path)
    with pytest.raises(DataFileError, match="train-images-idx3-ubyte"):
        dl.load_mnist()


def test_a_small_set_of_ones_own_is_a_data_set(tmp_path):
    write_set(tmp_path)
    train, test = dl.open_data(str(tmp_path))
    assert (len(train), len(test)) == (4, 2)
    assert (train.labels.tolist(), train.images.max()) == ([0, 1, 2, 3], 4)


def bytes_of(*shape: int, fill: int = 1) -> np.ndarray:
    return np.full(shape, fill, dtype=np.uint8)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (
            {"train_labels": np.array([0, 1, 10, 2], dtype=np.uint8)},
            "the train files: a label is not a digit(?s:.)*label 10 at index 2",
        ),
        ({"test_labels": bytes_of(2, fill=255)}, "the test files: a label is not a digit(?s:.)*label 255 at index 0"),
        ({"train_labels": bytes_of(3)}, "do not belong together(?s:.)*4 images, 3 labels"),
        ({"test_images": bytes_of(0, 28, 28)}, "do not belong together(?s:.)*0 images, 2 labels"),
        ({"train_images": bytes_of(4, 27, 28)}, r"the wrong size(?s:.)*\(4, 27, 28\)"),
        ({"train_images": bytes_of(4, 784, 1)}, r"the wrong size(?s:.)*\(4, 784, 1\)"),
        ({"train_images": bytes_of(4, 784)}, "not the IDX file"),
        ({"train_labels": bytes_of(4, 10)}, "not the IDX file"),
    ],
)
def test_a_folder_that_holds_no_digits_is_refused(changed, complaint, tmp_path):
    write_set(tmp_path, **changed)
    with pytest.raises(DataFileError, match=complaint):
        dl.open_data(str(tmp_path))


@pytest.mark.parametrize("missing", FILES)
def test_a_missing_file_is_named(missing, tmp_path):
    write_set(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(DataFileError, match=f"must be: {missing} or {missing}.gz"):
        dl.open_data(str(tmp_path))


def test_swapped_files_are_refused(tmp_path):
    write_set(tmp_path)
    shutil.move(tmp_path / FILES[1], tmp_path / FILES[0])
    with pytest.raises(DataFileError, match=FILES[0]):
        dl.open_data(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["MNIST", "fashion", "no/such/folder", "nul\0byte", "x" * 5000], ids=lambda name: name[:9]
)
def test_an_unknown_name_is_refused(name):
    with pytest.raises(InputError, match="no such data set"):
        dl.open_data(name)


def test_a_file_is_not_a_folder(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="got: a file with another ending"):
        dl.open_data(str(path))


def test_a_folder_without_permission_is_refused(tmp_path, as_nobody):
    write_set(tmp_path)
    tmp_path.chmod(0)
    try:
        with as_nobody(), pytest.raises((InputError, DataFileError)):
            dl.open_data(str(tmp_path))
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_name_that_is_not_text_is_told_as_text(tmp_path):
    folder = tmp_path / os.fsdecode(b"d\xff")
    folder.mkdir()
    write_set(folder)
    train, _ = dl.open_data(str(folder))
    assert train.source == f"{tmp_path}/d\\xff train"

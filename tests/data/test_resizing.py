"""Pictures of other sizes: refused with the way to resize them, and resized when that is asked for."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
from PIL import Image

import digitlab as dl
from digitlab.cli import main
from digitlab.data import open_images
from digitlab.errors import DataFileError, InputError, PictureError
from digitlab.reading import prepare
from tests.data.forms import lines_of, pictures, write
from tests.hostile.forge import encode_idx

UCI = str(Path(sklearn.datasets.__file__).parent / "data/digits.csv.gz")  # the file that scikit-learn brings


def as_mnist(picture: np.ndarray) -> np.ndarray:
    return prepare(picture).pixels


def test_the_digits_of_scikit_learn_are_asked_about_then_resized():
    with pytest.raises(InputError, match=r"first column cannot be the labels(?s:.)*--label-column"):
        dl.open_data(UCI)
    with pytest.raises(DataFileError, match=r"another size(?s:.)*28x28 pixels(?s:.)*got: 8x8(?s:.)*--resize"):
        dl.open_data(UCI, label_column="last")
    train, test = dl.open_data(UCI, label_column="last", resize=as_mnist)
    true = sklearn.datasets.load_digits()
    assert len(train) + len(test) == 1797
    assert np.array_equal(np.bincount(train.labels) + np.bincount(test.labels), np.bincount(true.target))
    assert train.notes[0] == "8x8 pixels: brought to 28x28"
    assert train.images.max() == 255
    known = {as_mnist(np.rint(image * 255 / 16).astype(np.uint8)).tobytes() for image in true.images}
    assert {image.tobytes() for image in train.images} <= known


def test_a_model_of_mnist_reads_them(mnist):
    recipe = dl.recipe("quick", epochs=2)
    network = recipe.new_network()
    dl.fit(network, mnist[0][:10_000], recipe, threads=1)
    train, _ = dl.open_data(UCI, label_column="last", resize=as_mnist)
    assert np.mean(network.predict(train.images) == train.labels) > 0.6


def test_tables_of_usps_have_sixteen_rows(mnist, tmp_path):
    few = mnist[0][:30]
    small = np.stack([np.array(Image.fromarray(image).resize((16, 16))) for image in few.images])
    path = tmp_path / "usps.csv"
    path.write_bytes(("label," + ",".join(f"p{n}" for n in range(256)) + "\n").encode())
    path.write_bytes(path.read_bytes() + lines_of(np.column_stack([few.labels, small.reshape(30, -1)])).encode())
    train, _ = dl.open_data(str(path), resize=as_mnist)
    known = {as_mnist(image).tobytes() for image in small}
    assert {image.tobytes() for image in train.images} <= known
    with pytest.raises(DataFileError, match=r"got: 16x16"):
        open_images(path)


def zipped(digits: dl.Digits) -> tuple[bytes, np.ndarray]:
    """The lines of USPS's file, and the pixels that are in them."""
    small = np.stack([np.array(Image.fromarray(image).resize((16, 16))) for image in digits.images])
    rows = zip(digits.labels, small.reshape(len(small), -1) / 127.5 - 1, strict=True)
    return "".join(f"{label:.4f} {' '.join(f'{x:.4f}' for x in row)} \n" for label, row in rows).encode(), small


def test_usps_as_published_is_resized(mnist, tmp_path):
    content, small = zipped(mnist[0][:30])
    (tmp_path / "zip.train.gz").write_bytes(gzip.compress(content))
    (tmp_path / "zip.test").write_bytes(zipped(mnist[1][:9])[0])
    with pytest.raises(DataFileError, match=r"zip\.train\.gz: the pictures have another(?s:.)*16x16(?s:.)*--resize"):
        dl.open_data(tmp_path)
    train, test = dl.open_data(tmp_path, resize=as_mnist)
    assert np.array_equal(train.images, np.stack([as_mnist(image) for image in small]))
    assert np.array_equal(train.labels, mnist[0].labels[:30])
    assert (len(test), test.notes) == (9, ("16x16 pixels: brought to 28x28",))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((b" -1.0000", pixel) for pixel in (b"", b" -1.0001", b" nan", b" -1e0", b" 2")),
        *((b"5.0000", label) for label in (b"", b"10.0", b"-5.0000", b"5.5")),
        (b"\n", b"\n\n"),
    ],
)
def test_a_line_that_is_not_of_usps_is_named(old, new, mnist, tmp_path):
    content, _ = zipped(mnist[0][:3])
    (tmp_path / "zip.train").write_bytes(content.replace(old, new, 1))
    (tmp_path / "zip.test").write_bytes(content)
    with pytest.raises(DataFileError, match=r"zip\.train: line [12]: this is not a picture of USPS"):
        dl.open_data(tmp_path, resize=as_mnist)


def test_idx_files_of_another_size_are_resized(mnist, tmp_path):
    few = mnist[0][:20]
    small = np.stack([np.array(Image.fromarray(image).resize((20, 16))) for image in few.images])
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(encode_idx(small))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(encode_idx(few.labels))
    with pytest.raises(DataFileError, match="the images have the wrong size"):
        dl.open_data(tmp_path)
    train, _ = dl.open_data(tmp_path, resize=as_mnist)
    assert np.array_equal(train.images, np.stack([as_mnist(image) for image in small]))
    assert train.notes == ("16x20 pixels: brought to 28x28",)


def test_pictures_of_any_size_are_resized(mnist, tmp_path, capsys):
    few = mnist[0][:20]
    enlarged = {}
    for name, content in pictures("train/", few).items():
        write(tmp_path, {name: content})
        with Image.open(tmp_path / name) as image:
            image.resize((56, 56)).save(tmp_path / name)
        enlarged[name] = np.array(Image.open(tmp_path / name))
    write(tmp_path, pictures("test/", few))
    with pytest.raises(DataFileError, match=r"wrong size(?s:.)*got: 56x56(?s:.)*--resize"):
        dl.open_data(str(tmp_path))
    train, test = dl.open_data(str(tmp_path), resize=as_mnist)
    assert {image.tobytes() for image in train.images} == {as_mnist(image).tobytes() for image in enlarged.values()}
    assert {image.tobytes() for image in test.images} == {image.tobytes() for image in few.images}
    assert main(["data", "verify", str(tmp_path), "--resize"]) == 0
    assert "20 + 20 pictures" in capsys.readouterr().out


def test_a_picture_too_large_to_be_resized_is_refused(mnist, tmp_path):
    write(tmp_path, pictures("train/", mnist[0][:2]) | pictures("test/", mnist[0][:2]))
    Image.new("L", (2000, 2000)).save(tmp_path / "train/5/large.png")
    with pytest.raises(DataFileError, match=r"large\.png: .*wrong size(?s:.)*at most 1,048,576 pixels"):
        dl.open_data(str(tmp_path), resize=as_mnist)


def test_what_has_one_size_alone_is_not_resized(tmp_path):
    with pytest.raises(InputError, match="resize says nothing about such data"):
        dl.open_data("mnist", resize=as_mnist)


def test_arrays_of_another_size_are_refused_with_the_way_to_resize_them():
    true = sklearn.datasets.load_digits()
    with pytest.raises(PictureError, match=r"got: shape \(1797, 8, 8\)(?s:.)*digitlab\.reading\.prepare"):
        dl.Digits(true.images, true.target, "UCI")

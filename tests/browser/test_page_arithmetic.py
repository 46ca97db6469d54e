"""The JavaScript of `digitlab export model.html` beside the Python that defines it: same bytes, same numbers."""

from __future__ import annotations

import base64
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.data.deskew import deskew
from digitlab.inside import attribute
from digitlab.interop.bundle import bundle
from digitlab.interop.packing import pack
from digitlab.interop.page import PACKAGE, SOURCES
from digitlab.network import ACTIVATIONS
from digitlab.reading import prepare, prepare_strokes
from tests.golden import prepare_vectors

PARTS = ("prepare", "strokes", "deskew", "model", "network", "attribution", "reader")


@pytest.fixture(scope="module")
def parts(chromium):
    """``parts(body, given)``: what a function of JavaScript, in which the page's modules are, makes of ``given``."""
    page = chromium.new_page()
    modules = bundle(PACKAGE, *(SOURCES / f"{name}.js" for name in PARTS))
    names = ", ".join(f"...$interop_page_{name}" for name in PARTS) + ", ...$lab_static_js_kit_pixels"
    helpers = """
      const picture = ({ width, height, rgba }) => ({ width, height, data: new Uint8ClampedArray(bytesOf(rgba)) });"""
    page.add_script_tag(content=f"{modules}{helpers} Object.assign(globalThis, {{ {names} }});")
    yield lambda body, given: page.evaluate(f"async (given) => {{ {body} }}", given)
    page.close()


def b64(array) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def as_rgba(pixels: np.ndarray) -> dict[str, object]:
    """A picture of any channels as a browser has it."""
    stacked = pixels if pixels.ndim == 3 else pixels[:, :, None]
    colours = stacked[:, :, :3] if stacked.shape[2] > 2 else np.repeat(stacked[:, :, :1], 3, 2)
    alpha = stacked[:, :, -1:] if stacked.shape[2] in {2, 4} else np.full_like(stacked[:, :, :1], 255)
    return {"width": pixels.shape[1], "height": pixels.shape[0], "rgba": b64(np.concatenate([colours, alpha], axis=2))}


def prepared_there(parts, pictures) -> list[bytes]:
    found = parts("return given.map((one) => asBase64(prepare(picture(one))))", [as_rgba(one) for one in pictures])
    return [base64.b64decode(one) for one in found]


def test_it_prepares_to_the_golden_bytes(parts):
    golden = json.loads(prepare_vectors.FILE.read_text())
    for name, one in golden["strokes"].items():
        drawn = parts("return asBase64(prepareInk(draw(given.strokes, given.width)))", one)
        assert drawn == one["pixels"], name
    pictures = {
        name: np.frombuffer(base64.b64decode(one["picture"]), np.uint8).reshape(one["shape"])
        for name, one in golden["pictures"].items()
    }
    for (name, one), there in zip(golden["pictures"].items(), prepared_there(parts, pictures.values()), strict=True):
        assert there == base64.b64decode(one["pixels"]), name


def any_pictures(mnist, rng):
    """Of many kinds and sizes: noise, digits enlarged, on paper, cut out, moved, with alpha."""
    for digit in mnist[1].images[:5]:
        size = int(rng.integers(20, 330))
        large = np.asarray(Image.fromarray(digit).resize((size, size), Image.Resampling.BICUBIC))
        yield 255 - large
        noisy = np.clip(200 - large.astype(int) // 2 + rng.normal(0, 6, large.shape), 0, 255).astype(np.uint8)
        yield noisy[: int(rng.integers(size // 2, size + 1))]
        paper = np.full((*large.shape, 4), rng.integers(0, 256, 4), np.uint8)
        paper[:, :, 3] = large if rng.random() < 0.5 else np.where(large > 99, 255, rng.integers(0, 256))
        paper[:, :, 0] = rng.integers(0, 256, large.shape)
        yield paper
        yield rng.integers(0, 256, rng.integers(1, 40, 2)).astype(np.uint8)
        yield (rng.random(rng.integers(1, 90, 2)) < 0.05) * np.uint8(rng.integers(1, 256))
        yield 255 - np.pad(np.kron(digit, np.ones((10, 10), np.uint8)), rng.integers(0, 60, (2, 2)))


def test_any_picture_becomes_the_same_bytes_as_in_python(parts, mnist, rng):
    pictures = list(any_pictures(mnist, rng))
    for picture, there in zip(pictures, prepared_there(parts, pictures), strict=True):
        assert there == prepare(picture).pixels.tobytes(), picture.shape


def test_any_strokes_become_the_same_bytes_as_in_python(parts, rng):
    drawings = [
        (
            [rng.normal(0, 100, (rng.integers(1, 9), 2)).tolist() for _ in range(rng.integers(1, 5))],
            rng.uniform(0.1, 60),
        )
        for _ in range(40)
    ]
    there = parts("return given.map(([strokes, width]) => asBase64(prepareInk(draw(strokes, width))))", drawings)
    for (strokes, width), found in zip(drawings, there, strict=True):
        assert found == b64(prepare_strokes(strokes, width=width).pixels)


def test_deskewing_gives_the_same_bytes(parts, mnist):
    images = np.concatenate(
        [mnist[1].images[:100], np.full((1, 28, 28), 255, np.uint8), np.eye(28, dtype=np.uint8)[None]]
    )
    images = np.concatenate([images, images[:, :, ::-1], np.zeros((1, 28, 28), np.uint8)])
    there = parts("return given.map((one) => asBase64(deskew(bytesOf(one))))", [b64(one) for one in images])
    assert there == [b64(one) for one in deskew(images)]


def packed_for(network, precision):
    packed = pack(network, precision, 10**9)
    shape = {"sizes": network.architecture.sizes, "activation": network.architecture.activation}
    about = {**shape, "temperature": network.card.temperature or 1, "precision": precision}
    return packed.network, {"shape": about, "content": b64(np.frombuffer(packed.content, np.uint8))}


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_probabilities_are_those_of_python(parts, mnist, activation, precision):
    network = dl.Network([784, 40, 20, 7], activation=activation, seed=3)
    network.parameters *= 3
    network.card = dataclasses.replace(network.card, temperature=1.7)
    rounded, given = packed_for(network, precision)
    images = mnist[1].images[:20]
    body = """const network = await unpack(given.shape, given.content);
      const inputs = given.images.map((one) => Float64Array.from(bytesOf(one), (byte) => byte / 255));
      return inputs.map((x) => softmax(forward(network, x).sums.at(-1), network.temperature))"""
    there = parts(body, {**given, "images": [b64(one) for one in images]})
    assert np.abs(np.array(there) - rounded.probabilities(images)).max() < 2e-6


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "gelu"])
def test_attributions_are_those_of_python(parts, mnist, activation):
    network, given = packed_for(dl.Network([784, 30, 12, 10], activation=activation, seed=1), "float32")
    image = mnist[1].images[0]
    expected = attribute(network, image, 4)
    body = """const network = await unpack(given.shape, given.content);
      const x = Float64Array.from(bytesOf(given.image), (byte) => byte / 255);
      const { pixels, sum, expected } = await attribute(network, x, 4);
      return { pixels: [...pixels], sum, expected }"""
    there = parts(body, {**given, "image": b64(image)})
    assert np.abs(np.reshape(there["pixels"], (28, 28)) - expected.pixels).max() < 1e-7
    assert there["expected"] == pytest.approx(expected.expected)
    assert abs(there["sum"] - there["expected"]) < 1e-5
